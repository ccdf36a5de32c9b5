"""The max-combo test: against R, against simulated normals, by hand, and its refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.compare.group_tests.max_combo import probability_of_largest
from iop_outcomes.errors import EstimateError, RuleError

REFERENCE = Path(__file__).parents[1] / "reference"


@pytest.fixture(scope="module")
def times() -> pd.DataFrame:
    frame = pd.read_csv(REFERENCE / "cox_data.csv").query("entry == 0").drop(columns="entry")
    return frame.assign(event=frame["end"] == "relapse", two=frame["dose"] > frame["dose"].median())


@pytest.mark.parametrize(("case", "strata"), [("plain", None), ("stratified", "site")])
def test_it_is_that_of_r(times: pd.DataFrame, case: str, strata: str | None) -> None:
    reference = pd.read_csv(REFERENCE / "max_combo.csv").query("case == @case")
    expected = reference.set_index("quantity")["value"]
    comparison = iop.max_combo(times, "two", strata=strata, cluster=None)
    for place, z in enumerate(comparison.table["z"], start=1):
        assert z == pytest.approx(expected[f"z {place}"], rel=1e-9)
    for one in range(3):
        for other in range(one + 1, 4):
            value = expected[f"correlation {one + 1} {other + 1}"]
            assert comparison.correlation.iloc[one, other] == pytest.approx(value, rel=1e-9)
    assert comparison.p_value == pytest.approx(expected["p"], rel=2e-3)
    assert comparison.statistic == comparison.table["z"].abs().max()


def test_the_log_rank_test_is_the_first_of_them(times: pd.DataFrame) -> None:
    comparison = iop.max_combo(times, "two", cluster=None)
    plain = iop.compare_survival(times, "two", cluster=None)
    assert comparison.table["z"].iloc[0] ** 2 == pytest.approx(plain.statistic, rel=1e-9)
    assert comparison.table["p_value"].iloc[0] == pytest.approx(plain.p_value, rel=1e-9)
    assert comparison.groups["events"].sum() == times["event"].sum()


def test_the_probability_of_two_independent_and_of_equal_statistics_is_known() -> None:
    """1 - (1 - a)^2 and a, a the two-sided tail; also far out, where a is 1e-12."""
    from scipy.special import ndtr

    for z in (0.5, 1.96, 7.0):
        tail = 2 * ndtr(-z)
        assert probability_of_largest(z, np.eye(2)) == pytest.approx(
            tail * (2 - tail), rel=2e-3, abs=0
        )
        assert probability_of_largest(z, np.ones((3, 3))) == pytest.approx(tail, rel=1e-9, abs=0)


def test_the_probability_is_that_of_simulated_normals() -> None:
    rng = np.random.default_rng(4)
    factor = rng.normal(size=(5, 3))
    covariance = factor @ factor.T  # singular
    spread = np.sqrt(np.diag(covariance))
    drawn = rng.normal(size=(400_000, 3)) @ (factor / spread[:, None]).T
    for z in (1.0, 2.0, 3.0):
        simulated = float((np.abs(drawn).max(axis=1) >= z).mean())
        error = np.sqrt(simulated * (1 - simulated) / len(drawn))
        result = probability_of_largest(z, covariance / np.outer(spread, spread))
        assert abs(result - simulated) < 3 * error + 1e-3 * simulated


def test_copies_of_all_rows_as_rows_of_the_same_person_change_no_statistic(
    times: pd.DataFrame,
) -> None:
    one = times.assign(person_id=np.arange(len(times)))
    twice = pd.concat([one, one], ignore_index=True)
    alone, copied = (iop.max_combo(frame, "two") for frame in (one, twice))
    # the correlation of the statistics is estimated from residuals here, and by formula there
    assert copied.p_value == pytest.approx(alone.p_value, rel=0.02)
    assert copied.table["z"].to_numpy() == pytest.approx(alone.table["z"].to_numpy(), rel=1e-6)
    assert "robust to clusters" in copied.text
    rows = iop.max_combo(twice, "two", cluster=None)
    assert rows.p_value < alone.p_value  # as if there were twice as many people


def test_two_people_by_hand() -> None:
    """Days 1 (a of a, b), 2 (b alone): O - E of b = -1/2 on day 1, v = 1/4; S(1-) = 1, so gamma = 1
    has weight 0 on the only day that compares."""
    frame = pd.DataFrame({"days": [1, 2], "event": [1, 1], "track": ["a", "b"]})
    comparison = iop.max_combo(frame, "track", powers=[(0, 0), (1, 0)])
    assert comparison.table["z"].tolist() == [-1.0, -1.0]
    with pytest.raises(EstimateError, match="compares nothing"):
        iop.max_combo(frame, "track")


def test_what_it_refuses(times: pd.DataFrame) -> None:
    with pytest.raises(EstimateError, match="two groups"):
        iop.max_combo(times, "site")
    for powers in ([], [(0, 0)], [(0, 0), (0, 0)], [(0, 0), (1,)], "late", [(0, 0), (0, -1)]):
        with pytest.raises(RuleError):
            iop.max_combo(times, "two", powers=powers)  # type: ignore[arg-type]


def test_it_finds_a_late_difference_that_the_log_rank_test_does_not() -> None:
    """Equal up to day 60, three times as slow after it: at the quantiles of two distributions."""
    share = (np.arange(200) + 0.5) / 200
    plain = -60 * np.log(1 - share)
    slow = np.where(plain > 60, 60 + 3 * (plain - 60), plain)
    days = np.ceil(np.concatenate([plain, slow]))
    frame = pd.DataFrame(
        {
            "days": np.minimum(days, 120),
            "event": days <= 120,
            "track": np.repeat(["a", "b"], 200),
        }
    )
    comparison = iop.max_combo(frame, "track")
    assert comparison.p_value < comparison.table["p_value"].iloc[0] < 0.2
    assert "gamma 1" in comparison.text
