"""Times that differ by rounding only are one time, in every estimate, as R has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes import state_occupation
from iop_outcomes.compare import cause_specific_cox, compare_incidence, fine_gray, recurrent_cox
from iop_outcomes.errors import EstimateError
from iop_outcomes.survival import hazard
from iop_outcomes.survival.near_ties import merge_near_ties
from iop_outcomes.survival.times import check_times
from tests.helpers.engines import by_our_product

HERE = Path(__file__).parents[1]
REFERENCE = pd.read_csv(HERE / "reference" / "near_ties.csv")
MERGED = pd.read_csv(HERE / "reference" / "near_ties_data.csv")
THIRD = 0.1 + 0.2  # 0.30000000000000004


def reference(example: str, quantity: str) -> np.ndarray:
    rows = REFERENCE.query("example == @example and quantity == @quantity")
    assert len(rows)
    return rows["value"].to_numpy()


def test_the_log_rank_test_is_that_of_r():
    times = pd.DataFrame(
        {"days": [THIRD, 0.3, 0.5, 0.7, 0.7], "event": [1, 1, 1, 0, 1], "group": list("abaab")}
    )
    comparison = iop.compare_survival(times, by="group")
    assert comparison.statistic == pytest.approx(
        reference("groups", "chi-squared").item(), rel=1e-12
    )


def test_the_curve_is_that_of_r():
    times = pd.DataFrame({"days": [3.0, THIRD * 10, 5, 7, 7], "event": [0, 1, 1, 0, 1]})
    curves = iop.survival_curves(times)
    assert curves.table["day"].tolist() == [0, 3, 5, 7]
    at = curves.at([3, 5, 7])
    for column, theirs in (
        ("survival", "surv"),
        ("lower", "lower"),
        ("upper", "upper"),
        ("at_risk", "n.risk"),
    ):
        assert at[column].to_numpy() == pytest.approx(reference("curve", theirs), rel=1e-12)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_the_cox_model_is_that_of_r(ties):
    times = pd.DataFrame(
        {
            "days": [THIRD, 0.3, 0.5, 0.7, 0.9, 1.1],
            "event": [1, 1, 1, 0, 1, 1],
            "x": [1, 0, 3, 2, 5, 4],
        }
    )
    fit = iop.cox(times, "x", ties=ties).table.iloc[0]
    theirs = reference("cox", f"coefficient {ties}").item()
    assert fit["coefficient"] == pytest.approx(theirs, rel=1e-8)
    assert fit["se"] == pytest.approx(reference("cox", f"se {ties}").item(), rel=1e-8)


def test_an_entry_that_meets_an_end_but_for_rounding_is_on_its_day():
    times = pd.DataFrame(
        {
            "entry": [0, 0, 0.3, THIRD, 0, 0],
            "days": [THIRD, 0.7, 0.9, 1.1, 0.9, 1.1],
            "event": [1, 1, 0, 1, 1, 0],
            "x": [1, 0, 3, 2, 5, 4],
        }
    )
    at = iop.survival_curves(times).at([0.3, 0.7, 0.9])
    assert at["survival"].to_numpy() == pytest.approx(reference("entry", "surv"), rel=1e-12)
    assert at["at_risk"].to_numpy() == pytest.approx(reference("entry", "n.risk"))
    result = iop.cox(times, "x").table["coefficient"].item()
    assert result == pytest.approx(reference("entry", "coefficient").item(), rel=1e-8)


def test_intervals_that_touch_but_for_rounding_touch():
    times = pd.DataFrame(
        {
            "clear_until": [0, 0, THIRD, 0.3, 0.6, 0.3],
            "days": [0.3, THIRD, 0.6, 0.3 + 0.3, 0.6, 0.3],
            "event": [1, 1, 1, 1, 0, 0],
        }
    )
    curves = iop.interval_survival(times)
    assert curves.at([0.3, 0.6])["survival"].to_numpy() == pytest.approx(
        reference("intervals", "survival"), abs=1e-6
    )
    assert curves.intervals["people"].tolist() == [2, 2, 1, 1]


def test_competing_ends_of_one_day_but_for_rounding_are_those_of_r():
    times = pd.DataFrame(
        {
            "days": [THIRD, 0.3, 0.5, 0.7, 0.7, 0.9],
            "ended_by": ["relapse", "died", "none", "relapse", "died", "none"],
        }
    )
    result = iop.cumulative_incidence(times, causes=["relapse", "died"]).at([0.3, 0.5, 0.7])
    for cause, rows in result.groupby("cause", observed=True):
        for column, theirs in (("incidence", "incidence"), ("se", "se")):
            mine = rows[column].to_numpy()
            assert mine == pytest.approx(reference("causes", f"{theirs} {cause}"), rel=1e-12)


@pytest.mark.parametrize("size", MERGED["size"].unique())
def test_the_same_days_become_one_as_in_r(size):
    rows = MERGED[MERGED["size"] == size]
    (merged,) = merge_near_ties([rows["given"].to_numpy()])
    assert np.array_equal(merged, rows["merged"].to_numpy())
    assert len(np.unique(merged)) < len(rows)


def test_runs_are_merged_and_the_first_day_stays():
    step = 1.4e-8
    days = np.array([0.3 + 2 * step, 0.3, 0.3 + step, 0.4, np.inf, np.nan])
    (merged,) = merge_near_ties([days])
    assert np.array_equal(merged, [0.3, 0.3, 0.3, 0.4, np.inf, np.nan], equal_nan=True)


def test_a_day_next_to_a_whole_one_is_the_whole_one():
    # R keeps the smaller of a pair, and a lone 6.999999999999 as it is.
    result = merge_near_ties([np.array([7 - 1e-12, 1e-13]), np.array([7.0, 9 + 1e-12])])
    assert [column.tolist() for column in result] == [[7, 0], [7, 9]]


@given(
    st.lists(st.integers(0, 10**9), min_size=1, max_size=20),
    st.lists(st.floats(0, 1e9), max_size=10),
)
def test_whole_days_are_untouched(days, others):
    whole = np.array([*days, *(day + 1 for day in days)])
    result = merge_near_ties([whole, np.array([*days, *others], dtype=np.float64)])
    assert np.array_equal(result[0], whole)
    assert np.array_equal(result[1][: len(days)], days)
    (alone,) = merge_near_ties([whole.astype(np.float64)])
    assert np.array_equal(alone, whole)


@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=30))
def test_merging_twice_is_merging_once(days):
    (once,) = merge_near_ties([np.array(days)])
    (twice,) = merge_near_ties([once])
    # The mean of the days that are left can differ by a rounding from that of all.
    assert np.abs(twice - once).max() <= 2e-8 * max(1.0, np.mean(np.unique(days)))


def stretches() -> st.SearchStrategy[pd.DataFrame]:
    row = st.tuples(
        st.integers(0, 12),
        st.integers(1, 12),
        st.integers(0, 12),
        st.sampled_from(["relapse", "died", "completed"]),
        st.integers(-3, 3),
    )

    def as_frame(rows: list[tuple[int, int, int, str, int]]) -> pd.DataFrame:
        frame = pd.DataFrame(rows, columns=["entry", "length", "clear", "ended_by", "x"])
        frame["days"] = frame["entry"] + frame["length"]
        frame["clear_until"] = frame["entry"] + frame["clear"].clip(upper=frame["length"])
        frame["event"] = frame["ended_by"] == "relapse"
        frame["ended_by"] = pd.Categorical(frame["ended_by"], ["relapse", "died", "completed"])
        frame["group"] = np.arange(len(frame)) % 2
        frame["episode_id"] = np.arange(len(frame))
        return frame.drop(columns=["length", "clear"])

    return st.lists(row, min_size=6, max_size=25).map(as_frame)


def jittered(times: pd.DataFrame, unit: float, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    result = times.copy()
    for name in ("entry", "days", "clear_until"):
        result[name] = result[name] / unit + random.uniform(-1e-12, 1e-12, len(result))
        result[name] = result[name].clip(lower=0)
    return result


CAUSES = ["relapse", "died"]


def rates(times: pd.DataFrame, days: list[float]) -> pd.DataFrame:
    return hazard(times, fewest=1, days=days).table


def states(times: pd.DataFrame, days: list[float]) -> pd.DataFrame:
    moved = times["ended_by"].where(times["ended_by"].isin(CAUSES))
    histories = times.assign(state="engaged", next_state=moved.astype(object))
    return state_occupation(histories, id="episode_id").at(days)


ESTIMATES = {
    "curves": lambda times, days: iop.survival_curves(times, by="group").table,
    "at": lambda times, days: iop.survival_curves(times, by="group").at(days),
    "risk": lambda times, days: iop.survival_curves(times, by="group").risk_table(days),
    "incidence": lambda times, days: iop.cumulative_incidence(times, causes=CAUSES).at(days),
    "mean number": lambda times, days: iop.mean_cumulative_function(times).at(days),
    "intervals": lambda times, days: iop.interval_survival(times).table,
    "rates": rates,
    "states": states,
    "cox": lambda times, days: iop.cox(times, "x").table,
    "gap": lambda times, days: recurrent_cox(times, "x", model="pwp_gap").table,
    "cause": lambda times, days: cause_specific_cox(times, "x", causes=CAUSES).table,
    "share": lambda times, days: fine_gray(times, "x", causes=CAUSES).table,
    "log-rank": lambda times, days: iop.compare_survival(times, by="group").table,
    "gray": lambda times, days: (
        compare_incidence(times.drop(columns="entry"), by="group", causes=CAUSES).table
    ),
}


def alike(rows: int, later: str) -> pd.DataFrame:
    """Return events that are all of one day but one, whose days have no spread but a rounding."""
    return pd.DataFrame(
        {
            "entry": 0,
            "ended_by": ["relapse"] * (rows - 1) + [later],
            "x": np.arange(rows) % 3,
            "days": [1] * (rows - 1) + [3],
            "clear_until": [0] * (rows - 2) + [1, 0],
            "event": [True] * (rows - 1) + [later == "relapse"],
            "group": np.arange(rows) % 2,
            "episode_id": np.arange(rows),
        }
    )


@pytest.mark.parametrize("name", ESTIMATES)
@settings(deadline=None, max_examples=6)
@example(times=alike(10, "relapse"), unit=24.0, seed=0)
@example(times=alike(10, "died"), unit=10.0, seed=0)
@example(times=alike(6, "relapse"), unit=10.0, seed=0)
@given(times=stretches(), unit=st.sampled_from([1.0, 10.0, 24.0]), seed=st.integers(0, 10**6))
@by_our_product
def test_jitter_of_a_rounding_changes_nothing(name, times, unit, seed):
    exact = times.assign(**{day: times[day] / unit for day in ("entry", "days", "clear_until")})
    days = [day / unit for day in range(25)]
    wanted, found = (
        told(ESTIMATES[name], frame, days) for frame in (exact, jittered(times, unit, seed))
    )
    if isinstance(wanted, str):
        assert found == wanted
        return
    pd.testing.assert_frame_equal(found, wanted, rtol=1e-6, atol=1e-9)
    if unit == 1:
        counts = list(wanted.select_dtypes("integer").columns)
        assert found[counts].equals(wanted[counts])


def told(estimate: Any, times: pd.DataFrame, days: list[float]) -> pd.DataFrame | str:
    """Return the table of an estimate, or what it says it cannot be made from."""
    try:
        return estimate(times, days)
    except EstimateError as error:
        return error.wrong


def test_a_row_that_rounding_alone_gives_a_length_is_refused():
    times = pd.DataFrame({"entry": [0.3, 0, 5], "days": [THIRD, 2.0, 5], "event": [1, 1, 0]})
    with pytest.raises(EstimateError) as told:
        check_times(times, None)
    assert "2 of 3 with entry on or after days, 1 of them before it by a rounding only" in str(
        told.value
    )


def test_days_that_are_asked_for_meet_those_of_the_table():
    curves = iop.survival_curves(pd.DataFrame({"days": [THIRD, 0.7, 0.9], "event": [1, 1, 0]}))
    assert curves.at(0.3)["events"].item() == 1
    assert curves.at(0.3)["survival"].item() == curves.at(THIRD)["survival"].item()
    assert curves.risk_table(0.3)["events"].item() == 1
    whole = iop.survival_curves(pd.DataFrame({"days": [3, 7, 9], "event": [1, 1, 0]}))
    assert whole.at(THIRD * 10 - 1e-12)["events"].item() == 1
    assert whole.at([3, 7])["day"].dtype == np.int64


def test_the_end_of_a_stretch_between_whole_days_is_not_cut_to_one():
    times = pd.DataFrame(
        {
            "id": [1, 2],
            "days": [10, 20],
            "event": [False, True],
            "ended_by": ["died", "relapse"],
            "ended_on": [12.5, 20],
        }
    )
    means = iop.mean_cumulative_function(times, id="id", terminal=["died"])
    assert 12.5 in means.table["day"].tolist()


def test_the_day_of_a_competing_end_meets_those_of_others():
    times = pd.DataFrame(
        {
            "days": [0.2, THIRD, 0.9],
            "event": [False, True, False],
            "ended_by": ["missed", "relapse", "completed"],
            "competing_end": ["died", None, None],
            "competing_on": [0.3, np.nan, np.nan],
        }
    )
    incidence = iop.cumulative_incidence(times)
    assert incidence.at(0.3)["at_risk"].tolist() == [3, 3]
    assert incidence.at(0.3)["events"].tolist() == [1, 1]
