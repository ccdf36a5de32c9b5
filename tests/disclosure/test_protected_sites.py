"""Funnels and pages of measures for release: no small count, and none left by subtraction."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import RuleError

COUNTS = pd.DataFrame(
    {
        "site": ["a", "b", "c", "d"],
        "numerator": [40, 30, 4, 60],
        "denominator": [80, 70, 30, 90],
    }
)


@cache
def records() -> iop.Records:
    made = iop.synthetic_records(seed=5, people=200)
    return iop.read_records(
        episodes=made.episodes, attendance=made.attendance, checkins=made.checkins
    )


def test_a_small_unit_is_hidden_and_the_rest_is_made_anew() -> None:
    made = iop.protect(iop.funnel(COUNTS, by="site"))
    table = made.table
    assert table["hidden"].tolist() == [False, False, True, False]
    assert table.loc[2, ["numerator", "denominator", "value", "upper_95"]].isna().all()
    shown = iop.funnel(COUNTS.drop(index=2), by="site")
    assert made.target == shown.target  # the target of all would give the hidden counts
    for name in ("lower_998", "partly_pooled", "z"):
        np.testing.assert_array_equal(table.loc[~table["hidden"], name], shown.table[name])
    assert "Counts from 1 to 10 are hidden." in made.rule
    assert "Without a value that is known and shown: 1 unit" in made.text
    pd.testing.assert_frame_equal(
        iop.protect(iop.funnel(COUNTS, by="site"), iop.SafePolicy.unprotected()).table.drop(
            columns="hidden"
        ),
        iop.funnel(COUNTS, by="site").table,
    )


def test_persons_behind_sessions_count() -> None:
    """A hundred sessions of two people are not shown."""
    rows = pd.DataFrame({"site": ["a", "b"] * 60, "numerator": [1, 0, 0, 1] * 30})
    rows = rows.assign(denominator=1, person_id=[0, 1, 0, 2] * 30)
    rows["person_id"] = np.where(rows["site"] == "a", rows["person_id"], np.arange(len(rows)) + 9)
    made = iop.protect(iop.funnel(rows, by="site"))
    assert made.table["hidden"].tolist() == [True, False]


def test_a_model_is_not_released_and_no_unit_is_hidden_alone() -> None:
    """Observed and expected of all units add up to the same, so that one alone would follow."""
    frame = COUNTS.loc[COUNTS.index.repeat(COUNTS["denominator"]), ["site"]]
    first = frame.groupby("site").cumcount()
    numerator = COUNTS.set_index("site")["numerator"]
    frame["numerator"] = (first < frame["site"].map(numerator)).astype(int)
    frame["denominator"] = 1
    frame["age"] = np.arange(len(frame)) % 17
    result = iop.funnel(frame, by="site", adjust="age")
    made = iop.protect(result)
    assert made.case_mix is None
    assert made.calibration.empty
    assert made.table["hidden"].sum() == 2
    assert "standardised_rate" not in made.table
    iop.plot_funnel(made)
    assert result.case_mix is not None  # what is given stays


@pytest.mark.parametrize("by", [None, "program"])
def test_a_page_and_its_charts_hold_no_small_count(by: str | None) -> None:
    measures = ["attendance_rate", "no_show_rate", "retained_30", "retained_60"]
    page = iop.summary_matrix(records(), measures, by, every="quarter")
    made = iop.protect(page)
    policy = iop.SafePolicy()
    for one in made.trends:
        counts = one.table[["numerator", "denominator"]]
        assert not policy.hides(counts).any()
        assert not policy.hides(counts["denominator"] - counts["numerator"]).any()
        assert one.people is None
    keys = [*(by,) * bool(by), "period"]
    first, second, third, fourth = (one.table.set_index(keys) for one in made.trends)
    for name in ("numerator", "denominator"):
        assert not policy.hides((third[name] - fourth[name]).abs()).any()
    others = first["denominator"] - first["numerator"] - second["numerator"]
    assert not policy.hides(others).any()
    assert not policy.hides(made.table[["numerator", "denominator"]]).any()
    iop.plot_matrix(made)
    watched = iop.protect(iop.watch(records(), measures, by, every="quarter"))
    assert {*watched.table["measure"]} <= {*measures}
    assert "Counts from 1 to 10 are hidden." in watched.rule


def test_what_cannot_be_released_is_refused() -> None:
    given = COUNTS.rename(columns={"numerator": "observed", "denominator": "expected"})
    with pytest.raises(RuleError, match="given expected"):
        iop.protect(iop.funnel(given, by="site"))
    with pytest.raises(RuleError, match="too few people"):
        iop.protect(iop.funnel(COUNTS.assign(numerator=3), by="site"))
    people = pd.DataFrame({"observed": [0, 1] * 6, "expected": 0.5})
    for line in (iop.vlad(people), iop.risk_adjusted_cusum(people, run_length=50, series=50)):
        with pytest.raises(RuleError, match="of the same people"):
            iop.protect(line)  # type: ignore[call-overload]


def test_letters_for_staff_are_said_and_stay_when_protected() -> None:
    """Counselors are letters in what is made, protected and made anew from it."""
    made = records()
    staff = np.array(["C-31", "C-07"], dtype=object)[np.arange(len(made.episodes)) % 2]
    known = iop.read_records(
        episodes=made.episodes.assign(counselor=staff), attendance=made.attendance
    )
    for function in (iop.watch, iop.summary_matrix):
        safe = iop.protect(function(known, ["attendance_rate"], "counselor"))
        assert "counselor is shown as letters" in safe.rule.lower()
        assert {*safe.trends[0].table["counselor"]} == {"A", "B"}
