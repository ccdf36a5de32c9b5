"""Which rows of estimates are released: the number of people on either side of the threshold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.compare.differences.result import Difference
from iop_outcomes.disclosure.estimates import (
    protect_difference,
    protect_dose,
    protect_transitions,
)
from iop_outcomes.disclosure.policy import SafePolicy, round_share
from iop_outcomes.pathways.dose import DoseAndOutcome
from iop_outcomes.pathways.transitions import Transitions

POLICY = SafePolicy(11)


def difference(
    n: int, events: int, estimate: float, unit: str = "proportion", others: int = 500
) -> Difference:
    """Return the difference of North, of which the numbers are given, and South."""
    groups = pd.DataFrame(
        {
            "program": ["North", "South"],
            "n": [n, others],
            "events": [events, others // 2],
            "estimate": [estimate, 0.51234],
            "lower": [0.11116, 0.41234],
            "upper": [0.91234, 0.61234],
            "se": 0.1,
        }
    )
    table = pd.DataFrame(
        {
            "group": ["North"],
            "reference": ["South"],
            "difference": [estimate - 0.51234],
            "se": [0.1],
            "p_value": [0.01234],
            "p_adjusted": [0.04567],
        }
    )
    words = ("retained", unit, ("program",), (), 0.95, "none", "Retained.")
    return Difference(table, groups, *words)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("n", "events", "estimate", "shown"),
    [
        (100, 50, 0.5, True),
        (10, 0, 0.5, False),
        (100, 10, 0.5, False),
        (100, 11, 0.5, True),
        (100, 0, 0.5, True),
        (100, 89, 0.5, True),
        (100, 90, 0.5, False),
        (100, 100, 0.5, True),
        (100, 50, 0.109, False),  # 10.9 on one side of the share
        (100, 50, 0.115, True),
        (100, 50, 0.885, True),
        (100, 50, 0.895, False),
    ],
)
def test_a_group_of_a_difference_is_shown_from_the_threshold_on(
    n: int, events: int, estimate: float, shown: bool
) -> None:
    made = protect_difference(difference(n, events, estimate), POLICY)
    assert made.groups["n"].notna().tolist() == [shown, True]
    assert len(made.table) == shown
    assert made.groups["se"].isna().all()
    assert made.table["se"].isna().all()
    days = protect_difference(difference(n, events, estimate, "days"), POLICY)
    counts = not (0 < n < 11 or 0 < events < 11 or 0 < n - events < 11)
    assert days.groups["n"].notna().tolist() == [counts, True]  # days have no other side


@pytest.mark.parametrize(
    ("n", "unit", "decimals"),
    [
        (999, "proportion", 2),
        (1000, "proportion", 3),
        (99, "days", 0),
        (100, "days", 1),
    ],
)
def test_an_estimate_is_rounded_by_the_fewest_people(n: int, unit: str, decimals: int) -> None:
    made = protect_difference(difference(n, n // 2, 0.56789, unit, others=5000), POLICY)
    assert made.decimals == decimals
    assert made.groups["estimate"].tolist() == [round(0.56789, decimals), round(0.51234, decimals)]
    assert made.groups["lower"].tolist() == [round(0.11116, decimals), round(0.41234, decimals)]
    row = made.table.iloc[0]
    assert (row["p_value"], row["p_adjusted"]) == (0.01, 0.05)
    assert row["difference"] == round(0.56789 - 0.51234, decimals)
    hidden = protect_difference(difference(10, 5, 0.5, unit, others=5000), POLICY)
    assert hidden.decimals == (3 if unit == "proportion" else 1)  # of those shown
    assert protect_difference(hidden, SafePolicy(1)) is hidden


def dose(came: int, due: int, attended: int, followed: tuple[int, int, int]) -> DoseAndOutcome:
    of_dose = pd.DataFrame(
        {
            "service": ["group", "family"],
            "episodes": 100,
            "with_any": [came, 50],
            "due": [due, 500],
            "attended": [attended, 300],
            "share": 0.12345,
        }
    )
    episodes, events, censored = followed
    table = pd.DataFrame(
        {
            "service": ["group", "group", "family"],
            "dose": ["none", "low", "none"],
            "episodes": [episodes, 100, 100],
            "events": [events, 40, 40],
            "censored": [censored, 20, 20],
            "relapsed": 0.45678,
        }
    )
    return DoseAndOutcome(table, of_dose, "service", 30, 90, 0.95, "Dose.")


@pytest.mark.parametrize(
    ("came", "due", "attended", "shown"),
    [
        (50, 500, 300, True),
        (10, 500, 300, False),
        (11, 500, 300, True),
        (89, 500, 300, True),
        (90, 500, 300, False),
        (100, 500, 300, True),
        (0, 500, 300, True),
        (50, 500, 10, False),
        (50, 500, 11, True),
        (50, 500, 489, True),
        (50, 500, 490, False),
        (50, 500, 500, True),
    ],
)
def test_a_dose_is_shown_from_the_threshold_on(
    came: int, due: int, attended: int, shown: bool
) -> None:
    made = protect_dose(dose(came, due, attended, (100, 40, 20)), POLICY)
    assert made.dose["hidden"].tolist() == [not shown, False]
    share = made.dose["share"]
    assert share[1] == 0.12
    assert share[0] == 0.12 if shown else np.isnan(share[0])
    assert made.table["hidden"].tolist() == [False] * 3


@pytest.mark.parametrize(
    ("followed", "shown"),
    [
        ((100, 40, 20), True),
        ((10, 0, 0), False),
        ((100, 10, 20), False),
        ((100, 11, 20), True),
        ((100, 40, 10), False),
        ((100, 40, 11), True),
        ((100, 40, 49), True),  # 11 are left
        ((100, 40, 50), False),
        ((100, 40, 60), True),
    ],
)
def test_an_outcome_is_shown_where_each_dose_of_its_service_is(
    followed: tuple[int, int, int], shown: bool
) -> None:
    made = protect_dose(dose(50, 500, 300, followed), POLICY)
    assert made.table["hidden"].tolist() == [not shown, not shown, False]
    assert made.table["relapsed"].dropna().tolist() == [0.46] * (3 if shown else 1)
    assert made.dose["hidden"].tolist() == [False, False]
    given = dose(50, 500, 300, followed)
    assert protect_dose(given, SafePolicy(1)) is given


@pytest.mark.parametrize(
    ("episodes", "n", "events", "shown"),
    [
        (100, 80, 40, True),
        (10, 0, 0, False),
        (100, 10, 0, False),
        (100, 80, 10, False),
        (100, 80, 11, True),
        (100, 80, 69, True),
        (100, 80, 70, False),
        (100, 80, 80, True),
        (100, 89, 40, True),
        (100, 90, 40, False),
        (100, 100, 40, True),
    ],
)
def test_a_path_is_shown_from_the_threshold_on(
    episodes: int, n: int, events: int, shown: bool
) -> None:
    table = pd.DataFrame(
        {
            "entry_path": ["step_down"],
            "measure": ["relapse"],
            "day": [30],
            "not_known": [0],
            "episodes": [episodes],
            "n": [n],
            "events": [events],
            "estimate": [0.45678],
        }
    )
    curves: Any = None
    result = Transitions(table, curves, curves, curves, "Paths.")
    made = protect_transitions(result, POLICY).iloc[0]
    assert made["hidden"] == (not shown)
    assert made["day"] == 30
    assert made["estimate"] == 0.46 if shown else np.isnan(made["estimate"])
    assert "hidden" not in protect_transitions(result, SafePolicy(1))


@pytest.mark.parametrize(
    ("top", "bottom", "decimals", "share"),
    [(1, 1000, 2, 0.01), (999, 1000, 2, 0.99), (0, 9, 2, 0.0), (9, 9, 2, 1.0), (48, 67, 3, 0.716)],
)
def test_a_share_is_rounded_to_0_and_1_only_if_it_is(
    top: int, bottom: int, decimals: int, share: float
) -> None:
    assert round_share(top, bottom, decimals) == share
    assert np.isnan(round_share(0, 0, decimals))


def test_a_policy_at_its_limits() -> None:
    assert POLICY.hides([-1, 0, 0.5, 1, 10, 10.5, 11, np.nan]).tolist() == [
        *(False, False, True, True, True, True, False, False),
    ]
    assert POLICY.hides_fraction([0, 10, 11, 89, 90, 100], 100).tolist() == [
        *(False, True, False, False, True, False),
    ]
    assert POLICY.hides_fraction(0, 10)
    assert [POLICY.share_decimals(one) for one in (999, 1000)] == [2, 3]
    assert SafePolicy(1).share_decimals(10) == 3
    assert [POLICY.shows_quantile(one) for one in (21, 22)] == [False, True]
    assert [POLICY.shows_quantile(one, 0.25) for one in (43, 44)] == [False, True]
    assert [POLICY.shows_quantile(one, 0.75) for one in (43, 44)] == [False, True]
    assert SafePolicy(1).shows_quantile(1)
    assert SafePolicy.rounded(10).least_rounded == 100
    assert "less than 5." in SafePolicy.rounded(10).text
