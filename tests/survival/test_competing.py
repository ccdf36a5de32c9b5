from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, binomtest

from iop_outcomes import read_records, time_to_relapse
from iop_outcomes.compare.group_tests.incidence import compare_incidence
from iop_outcomes.compare.group_tests.scores.gray_score import Ends, gray_score
from iop_outcomes.compare.group_tests.scores.log_rank import log_rank
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.plots.incidence import plot_incidence
from iop_outcomes.plots.layout.style import alternative_text
from iop_outcomes.relapse import RelapseRule
from iop_outcomes.shared.provenance import provenance_of
from iop_outcomes.survival import hazard, mean_cumulative_function, survival_curves
from iop_outcomes.survival.competing.aalen_johansen import incidence_limits
from iop_outcomes.survival.competing.causes import read_causes
from iop_outcomes.survival.competing.estimate import cumulative_incidence
from iop_outcomes.survival.times import check_times
from tests.helpers.engines import by_our_product

HERE = Path(__file__).parents[1] / "reference"
REFERENCE = pd.read_csv(HERE / "competing.csv")
CAUSES = ("relapse", "died", "transferred")


def tied() -> pd.DataFrame:
    return pd.read_csv(HERE / "competing_data.csv")


def late() -> pd.DataFrame:
    return pd.read_csv(HERE / "competing_entry.csv")


def reference(data: str, quantity: str, cause: str, group: str = "all") -> pd.DataFrame:
    rows = REFERENCE[
        (REFERENCE["data"] == data)
        & (REFERENCE["quantity"] == quantity)
        & (REFERENCE["cause"] == cause)
        & (REFERENCE["group"] == group)
    ]
    assert len(rows)
    return rows


def of(table: pd.DataFrame, cause: str, **group: str) -> pd.DataFrame:
    kept = table["cause"] == cause
    for name, value in group.items():
        kept &= table[name] == value
    return table[kept].reset_index(drop=True)


# Against R


@pytest.mark.parametrize("group", ["a", "b", "c"])
@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("quantity", ["incidence", "se", "lower", "upper", "events"])
def test_estimates_with_ties_are_those_of_survfit(quantity: str, cause: str, group: str) -> None:
    incidence = cumulative_incidence(tied(), by="group", end="end", causes=CAUSES)
    expected = reference("ties", quantity, cause, group)
    table = incidence.at(expected["day"].tolist())
    value = of(table, cause, group=group)[quantity].to_numpy()
    # R has no limits while the incidence is 0.
    some = (of(table, cause, group=group)["incidence"] > 0).to_numpy()
    assert some.any()
    assert not expected["value"][some].isna().any()
    np.testing.assert_allclose(value[some], expected["value"][some], rtol=0, atol=1e-9)


@pytest.mark.parametrize("cause", CAUSES)
def test_incidence_with_late_entry_is_that_of_survfit(cause: str) -> None:
    expected = reference("entry", "incidence", cause)
    result = of(
        cumulative_incidence(late(), end="end", causes=CAUSES).at(expected["day"].tolist()), cause
    )
    np.testing.assert_allclose(result["incidence"], expected["value"], rtol=0, atol=1e-9)
    # R's jackknife keeps what the same late comers add on several days; the sum of each day's
    # multinomial variance does not.
    jackknife = reference("entry", "jackknife", cause)["value"].to_numpy()
    np.testing.assert_allclose(result["se"], jackknife, rtol=0.01, atol=0)


@pytest.mark.parametrize(
    ("data", "groups"), [("ties", ["a", "b", "c"]), ("two_groups", ["a", "b"])]
)
def test_grays_test_is_that_of_cmprsk(data: str, groups: list[str]) -> None:
    times = tied().query("group in @groups")
    table = compare_incidence(times, by="group", end="end", causes=CAUSES).table
    assert table["cause"].tolist() == list(CAUSES)
    assert (table["degrees_of_freedom"] == len(groups) - 1).all()
    for place, cause in enumerate(CAUSES):
        statistic = reference(data, "gray", cause)["value"].item()
        assert table["statistic"][place] == pytest.approx(statistic, rel=1e-9)
        p_value = reference(data, "p", cause)["value"].item()
        assert table["p_value"][place] == pytest.approx(p_value, rel=1e-9)


def in_strata() -> pd.DataFrame:
    result = pd.read_csv(HERE / "cox_data.csv").query("entry == 0").drop(columns="entry")
    return result.assign(half=np.where(result["dose"] > 0.5, "more", "less"))


@pytest.mark.parametrize(
    ("model", "by", "strata"), [("gray strata", "site", "half"), ("gray two", "sooner", "site")]
)
def test_grays_test_within_strata_is_that_of_cmprsk(model: str, by: str, strata: str) -> None:
    numbers = pd.read_csv(HERE / "cox.csv").query("model == @model and quantity == 'statistic'")
    comparison = compare_incidence(
        in_strata(), by, "end", causes=["relapse", "died"], strata=strata
    )
    expected = numbers.set_index("term")["value"]
    for row in comparison.table.to_dict("records"):
        assert row["statistic"] == pytest.approx(expected[row["cause"]], rel=1e-9)
    assert comparison.strata == (strata,)
    assert f"stratified by {strata}, by {by}" in comparison.text
    assert f"stratified by {strata}" in repr(comparison)


# By hand


def small() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "days": [10, 20, 20, 20, 30, 40],
            "event": [True, False, True, False, False, True],
            "ended_by": ["relapse", "died", "relapse", "completed", "transferred", "relapse"],
        }
    )


def test_a_small_example_worked_by_hand() -> None:
    incidence = cumulative_incidence(small())
    assert incidence.causes == ("relapse", "died", "transferred")
    # 6, 5 and 2 at risk: relapse 1/6, then 5/6 x 1/5; of the 1/2 left, half is transferred.
    expected = {
        "relapse": [0, Fraction(1, 6), Fraction(1, 3), Fraction(1, 3), Fraction(7, 12)],
        "died": [0, 0, Fraction(1, 6), Fraction(1, 6), Fraction(1, 6)],
        "transferred": [0, 0, 0, Fraction(1, 4), Fraction(1, 4)],
    }
    for cause, shares in expected.items():
        rows = of(incidence.table, cause)
        assert rows["day"].tolist() == [0, 10, 20, 30, 40]
        assert rows["at_risk"].tolist() == [6, 6, 5, 2, 1]
        np.testing.assert_allclose(rows["incidence"], [float(share) for share in shares])
    # One event among six: the variance of a share.
    assert of(incidence.table, "relapse")["se"][1] == pytest.approx((1 / 6 * 5 / 6 / 6) ** 0.5)
    # 1 - 5/6 x 4/5 x 0: whoever dies or moves is taken to relapse later.
    assert of(incidence.naive(), "relapse")["naive"].iloc[-1] == 1
    assert of(incidence.naive(), "relapse")["excess"].iloc[-1] == pytest.approx(5 / 12)


def test_what_competes_and_what_censors() -> None:
    incidence = cumulative_incidence(small())
    counted = dict(zip(incidence.ends["end"], incidence.ends["counted_as"], strict=True))
    assert counted == {
        "relapse": "relapse",
        "died": "died",
        "transferred": "transferred",
        "completed": "censored",
    }
    assert incidence.ends["n"].sum() == 6
    assert "censored: completed" in incidence.rule
    listed = cumulative_incidence(small(), causes=["relapse", "completed"])
    assert listed.causes == ("relapse", "completed")
    assert "censored: died, transferred" in listed.rule
    assert of(listed.table, "completed")["events"].sum() == 1


def test_an_end_that_events_bear_counts_on_events_only() -> None:
    # Under a definition of dropout, a discharge as a dropout need not meet it.
    times = small().assign(
        ended_by=["dropped_out", "died", "dropped_out", "dropped_out", "x", "dropped_out"]
    )
    for causes in (None, ["dropped_out", "died"]):
        incidence = cumulative_incidence(times, causes=causes)
        assert of(incidence.table, "dropped_out")["events"].sum() == 3
        assert incidence.ends.query("counted_as == 'censored'")["n"].sum() == 2


def test_numbers_as_causes_and_a_missing_end() -> None:
    times = pd.DataFrame({"days": [1, 2, 3], "status": [1.0, 2.0, np.nan]})
    incidence = cumulative_incidence(times, end="status", causes=[1, 2])
    assert incidence.causes == ("1", "2")
    assert incidence.ends["end"].tolist() == ["1", "2", "not recorded"]
    assert of(incidence.table, "2")["incidence"].iloc[-1] == pytest.approx(1 / 3)


def test_at_does_not_extrapolate() -> None:
    incidence = cumulative_incidence(tied(), by="group", end="end", causes=CAUSES)
    table = incidence.at([3, 21, 182, 183])
    assert len(table) == 3 * 3 * 4
    late_rows = table[table["day"] == 183]
    assert late_rows[["incidence", "se", "lower", "upper"]].isna().all(axis=None)
    assert (late_rows["at_risk"] == 0).all()
    assert (table.query("day == 3")["events"] == 0).all()
    pd.testing.assert_frame_equal(
        table.query("day == 21")[[*incidence.table.columns]].reset_index(drop=True),
        incidence.table.query("day == 21").reset_index(drop=True),
    )


def test_the_times_of_a_program_go_through() -> None:
    records = read_records(HERE.parents[1] / "data" / "samples")
    times = time_to_relapse(records)
    incidence = cumulative_incidence(times, by="program")
    assert incidence.causes[0] == "relapse"
    assert incidence.rule.startswith(provenance_of(times).rule)
    assert "an end by any of the causes" in incidence.overall.rule
    assert incidence.synthetic
    assert incidence.overall.synthetic
    assert set(times.columns) == set(time_to_relapse(records).columns)
    moved = times["competing_end"].notna()
    assert 0 < (times["event"] & moved).sum() < moved.sum()
    assert of(incidence.table, "relapse")["events"].sum() == (times["event"] & ~moved).sum()
    assert incidence.table["events"].sum() == (times["event"] | moved).sum()


@pytest.mark.parametrize(
    "missing", ["censor", "use", "no_use", "last_value", "last_value_to_last_contact", "drop"]
)
@pytest.mark.parametrize("definition", ["first_use", "lee_2016"])
def test_an_arrest_counts_though_a_later_check_in_is_written_missed(
    missing: str, definition: str
) -> None:
    episodes = pd.DataFrame(
        {
            "episode_id": ["a", "b"],
            "admit_date": ["2026-01-05", "2026-01-05"],
            "discharge_date": ["2026-01-15", None],
            "discharge_reason": ["incarcerated", None],
        }
    )
    rows = [("a", 12, "no"), ("a", 19, None), ("b", 12, "no"), ("b", 19, "yes"), ("b", 26, "yes")]
    checkins = pd.DataFrame(rows, columns=["episode_id", "date", "used"])
    checkins["status"] = ["completed" if used else "missed" for used in checkins["used"]]
    checkins["date"] = [f"2026-01-{day}" for day in checkins["date"]]
    records = read_records(episodes=episodes, checkins=checkins, as_of="2026-02-28")
    times = time_to_relapse(records, RelapseRule(definition, missing=missing))
    assert times["competing_end"].astype(object).tolist()[0] == "incarcerated"
    assert times["competing_on"].iloc[0] == 10
    result = cumulative_incidence(times).at(14 if definition == "first_use" else 21)
    assert dict(zip(result["cause"], result["incidence"], strict=True)) == {
        "relapse": 0.5,
        "incarcerated": 0.5,
    }


# Against plain computation


def plain(
    times: pd.DataFrame, causes: tuple[str, ...]
) -> Iterator[tuple[float, np.ndarray, np.ndarray]]:
    """Each day's probabilities of the states and their covariance, by the delta method."""
    size = len(causes) + 1
    state = np.eye(size)[0]
    covariance = np.zeros((size, size))
    entry = times["entry"] if "entry" in times else pd.Series(0, index=times.index)
    for day in sorted(times["days"].unique()):
        n = int(((times["days"] >= day) & ((entry < day) | (entry == 0))).sum())
        hazard = np.array(
            [((times["days"] == day) & (times["end"] == cause)).sum() / n for cause in causes]
        )
        move = np.eye(size)
        move[0, 1:] = hazard
        move[0, 0] = 1 - hazard.sum()
        spread = np.zeros((size, size))
        spread[1:, 1:] = (np.diag(hazard) - np.outer(hazard, hazard)) / n
        spread[0, 1:] = spread[1:, 0] = -spread[1:, 1:].sum(axis=0)
        spread[0, 0] = spread[1:, 1:].sum()
        covariance = move.T @ covariance @ move + state[0] ** 2 * spread
        state = state @ move
        yield day, state, covariance


@st.composite
def some_times(draw: st.DrawFn, entries: bool = True) -> pd.DataFrame:
    size = draw(st.integers(3, 40))
    days = draw(st.lists(st.integers(1, 12), min_size=size, max_size=size))
    ends = draw(st.lists(st.sampled_from([*CAUSES, "lost"]), min_size=size, max_size=size))
    frame = pd.DataFrame({"days": days, "end": pd.Categorical(ends, [*CAUSES, "lost"])})
    if entries and draw(st.booleans()):
        part = draw(st.lists(st.floats(0, 0.99), min_size=size, max_size=size))
        frame["entry"] = (frame["days"] * part).astype(int)
    return frame


@settings(max_examples=10, deadline=None)
@given(some_times())
def test_the_closed_form_is_the_delta_method_day_by_day(times: pd.DataFrame) -> None:
    table = cumulative_incidence(times, end="end", causes=CAUSES).table
    for day, state, covariance in plain(times, CAUSES):
        rows = table[table["day"] == day]
        np.testing.assert_allclose(rows["incidence"], state[1:], atol=1e-12)
        np.testing.assert_allclose(rows["se"] ** 2, np.diag(covariance)[1:], atol=1e-12)


@settings(max_examples=10, deadline=None)
@given(some_times())
def test_incidences_and_survival_sum_to_one(times: pd.DataFrame) -> None:
    incidence = cumulative_incidence(times, end="end", causes=CAUSES)
    curve = survival_curves(times.assign(event=times["end"] != "lost")).table
    total = (
        incidence.table.groupby("day")["incidence"].sum().to_numpy() + curve["survival"].to_numpy()
    )
    np.testing.assert_allclose(total, 1, atol=1e-12)
    assert incidence.table["day"].tolist() == curve["day"].tolist() * 3
    for _, part in incidence.table.groupby("cause", observed=True):
        assert (np.diff(part["incidence"]) >= 0).all()
        inside = part.dropna()
        assert (inside["lower"] <= inside["incidence"] + 1e-12).all()
        assert (inside["incidence"] <= inside["upper"] + 1e-12).all()
        assert inside["lower"].min() >= 0
        assert inside["upper"].max() <= 1
    naive = incidence.naive()
    assert (naive["naive"] >= naive["incidence"] - 1e-12).all()


@settings(max_examples=10, deadline=None)
@given(some_times())
@by_our_product
def test_with_one_cause_it_is_one_less_kaplan_meier(times: pd.DataFrame) -> None:
    incidence = cumulative_incidence(times, end="end", causes=["relapse"])
    curve = survival_curves(times.assign(event=times["end"] == "relapse")).table
    np.testing.assert_allclose(incidence.table["incidence"], 1 - curve["survival"], atol=1e-12)
    np.testing.assert_allclose(incidence.naive()["excess"], 0, atol=1e-12)
    n, died = curve["at_risk"].astype(float), curve["events"]
    below = (n * (n - died)).where(n > died)
    greenwood = curve["survival"] * np.sqrt((died / below).fillna(0).cumsum())
    np.testing.assert_allclose(incidence.table["se"], greenwood, atol=1e-12)


@settings(max_examples=10, deadline=None)
@given(some_times(), st.randoms(use_true_random=False))
def test_order_and_scale_do_not_matter_and_copies_keep_the_shares(
    times: pd.DataFrame, random: Any
) -> None:
    table = cumulative_incidence(times, end="end", causes=CAUSES).table
    order = list(range(len(times)))
    random.shuffle(order)
    shuffled = times.iloc[order]
    pd.testing.assert_frame_equal(
        cumulative_incidence(shuffled, end="end", causes=CAUSES).table, table
    )
    scaled = times.copy()
    for name in {"days", "entry"} & set(times.columns):
        scaled[name] = scaled[name] * 7
    weekly = cumulative_incidence(scaled, end="end", causes=CAUSES).table
    pd.testing.assert_frame_equal(weekly.drop(columns="day"), table.drop(columns="day"))
    twice = cumulative_incidence(pd.concat([times, times]), end="end", causes=CAUSES).table
    np.testing.assert_allclose(twice["incidence"], table["incidence"], atol=1e-12)
    np.testing.assert_allclose(twice["se"] ** 2 * 2, table["se"] ** 2, atol=1e-12)


def test_a_group_is_what_it_is_alone() -> None:
    times = tied()
    times["half"] = np.arange(len(times)) % 2
    together = cumulative_incidence(times, by=["group", "half"], end="end", causes=CAUSES).table
    for (group, half), part in times.groupby(["group", "half"]):
        alone = cumulative_incidence(part, end="end", causes=CAUSES).table
        rows = together[(together["group"] == group) & (together["half"] == half)]
        rows = rows.drop(columns=["group", "half"]).reset_index(drop=True)
        pd.testing.assert_frame_equal(rows, alone)


# Gray's test


def test_grays_test_does_not_hang_on_order_or_names_of_groups() -> None:
    times = tied()
    first = compare_incidence(times, by="group", end="end", causes=CAUSES).table["statistic"]
    turned = times.assign(group=times["group"].map({"a": "z", "b": "y", "c": "x"}))
    turned = turned.sample(frac=1, random_state=1)
    second = compare_incidence(turned, by="group", end="end", causes=CAUSES).table["statistic"]
    np.testing.assert_allclose(first, second, rtol=1e-10)


def test_equal_groups_do_not_differ() -> None:
    times = pd.concat([tied().assign(half="one"), tied().assign(half="two")])
    table = compare_incidence(times, by="half", end="end", causes=CAUSES).table
    np.testing.assert_allclose(table["statistic"], 0, atol=1e-20)
    np.testing.assert_allclose(table["p_value"], 1)


@settings(max_examples=10, deadline=None)
@given(some_times(entries=False), st.randoms(use_true_random=False))
def test_with_one_cause_the_score_is_the_log_ranks(times: pd.DataFrame, random: Any) -> None:
    times = times.assign(
        event=times["end"] != "lost",
        end=times["end"].where(times["end"] == "lost", "relapse"),
        group=[random.choice("ab") for _ in range(len(times))],
    )
    if times["group"].nunique() < 2 or not times["event"].any():
        return
    result = read_causes(times, "group", "end", ["relapse"])
    ends = Ends.of(result, np.ones(len(times), dtype=bool), None)
    score, _ = gray_score(ends, 0)
    classic = log_rank(check_times(times, "group"), np.zeros(len(times), dtype=np.intp))
    np.testing.assert_allclose(score, classic.observed - classic.expected, atol=1e-10)


def test_limits_stay_in_bounds_next_to_one() -> None:
    lower, upper = incidence_limits(
        np.array([0.0, 0.0, 1 - 1e-9, 1 - 1e-15, 1.0]),
        np.array([0.0, 0.0, 1e-3, 1e-8, 0.0]),
        0.95,
        np.array([1, 0, 4, 4, 4]),
    )
    np.testing.assert_array_equal(lower, [0, 0, 0, np.nan, np.nan])
    np.testing.assert_allclose(upper, [0.975, 1, 1, np.nan, np.nan])


def test_while_nobody_has_come_to_a_cause_the_limit_is_that_of_none_among_those_known() -> None:
    times = pd.DataFrame(
        {
            "days": [5, 5, 8, 8, 8, 20, 30],
            "end": ["died", "died", "open", "open", "open", "relapse", "open"],
            "event": [0, 0, 0, 0, 0, 1, 0],
        }
    )
    incidence = cumulative_incidence(times, end="end", causes=["relapse", "died"])
    # On day 0 nobody can have; of 7 it is known to day 8, then of 2 at risk and 2 who died.
    expected = [0.0, *(1 - 0.025 ** (1 / n) for n in (7, 7))]
    np.testing.assert_allclose(of(incidence.table, "relapse")["upper"][:3], expected)
    read = of(incidence.at([0, 5, 8, 9, 19, 20]), "relapse")["upper"]
    upper = of(incidence.table, "relapse")["upper"][3]
    of_four = 1 - 0.025 ** (1 / 4)
    np.testing.assert_allclose(read, [*expected, of_four, of_four, upper])
    # As scipy's exact interval has it.
    limit = binomtest(0, 7).proportion_ci(0.95).high
    assert of(incidence.table, "relapse")["upper"][1] == pytest.approx(limit)


def test_a_group_that_goes_on_alone_adds_nothing() -> None:
    times = pd.DataFrame(
        {"days": [1, 2, 3, 4, 5, 2, 3], "end": "relapse", "group": list("bbbbbaa"), "event": 1}
    )
    alone = times.assign(days=times["days"].replace({5: 50}))
    results = [
        compare_incidence(frame, by="group", end="end").table["statistic"].item()
        for frame in (times, alone)
    ]
    assert np.isfinite(results[0])
    assert results[0] == results[1]
    # Half end on day 1, which takes all of one group; the other half of the pool is gone on day 2.
    times = pd.DataFrame(
        {"days": [1, 1, 2, 3], "end": "relapse", "group": list("aabb"), "event": 1}
    )
    assert np.isfinite(compare_incidence(times, by="group", end="end").table["statistic"].item())


def test_one_stratum_is_none_and_equal_strata_add_up() -> None:
    times = tied().assign(one="all")
    options: dict[str, Any] = {"by": "group", "end": "end", "causes": CAUSES}
    plain_test = compare_incidence(times, **options)
    within = compare_incidence(times, strata="one", **options)
    pd.testing.assert_frame_equal(plain_test.table, within.table)
    # Scores and their variances double, and so does what is made of them.
    twice = pd.concat([times, times.assign(one="again")])
    doubled = compare_incidence(twice, strata="one", **options).table["statistic"]
    np.testing.assert_allclose(doubled, 2 * within.table["statistic"], rtol=1e-10)


@pytest.mark.parametrize("kind", [str, "category"])
def test_a_cause_that_nobody_comes_to_has_an_incidence_of_0(kind) -> None:
    # So that a loop over programs, in one of which nobody died, gives a table for each.
    ended = pd.Series(["relapse", "completed", "relapse", "completed"], dtype=object)
    if kind == "category":
        ended = pd.Series(pd.Categorical(ended, ["relapse", "died", "completed"]))
    times = pd.DataFrame({"days": [10, 20, 30, 40], "ended_by": ended})
    incidence = cumulative_incidence(times, causes=["relapse", "died"])
    died = incidence.at([10, 40]).query("cause == 'died'")
    assert died["incidence"].tolist() == [0, 0]
    assert died["lower"].tolist() == [0, 0]
    # Known of all four on day 10; of the last at risk and the two who relapsed on day 40.
    exact = [beta.ppf(0.975, 1, 4), beta.ppf(0.975, 1, 3)]
    assert died["upper"].to_numpy() == pytest.approx(exact)
    assert "No event of died." in incidence.rule
    both = cumulative_incidence(times, causes=["relapse"]).at([10, 20, 30, 40])
    relapse = incidence.at([10, 20, 30, 40]).query("cause == 'relapse'")
    assert relapse["incidence"].tolist() == both["incidence"].tolist()
    nobody = cumulative_incidence(times, causes=["died"])
    assert (nobody.table["incidence"] == 0).all()
    assert "Competing: died; censored: " in nobody.rule
    assert "No event of died." in nobody.rule


def test_times_with_the_event_and_none_who_died_take_died_as_a_cause() -> None:
    times = pd.DataFrame(
        {"days": [10, 20], "event": [True, False], "ended_by": ["relapse", "completed"]}
    )
    incidence = cumulative_incidence(times, causes=["relapse", "died"])
    assert incidence.at(20)["incidence"].tolist() == [0.5, 0]
    assert set(incidence.ends["counted_as"]) == {"relapse", "censored"}


@pytest.mark.parametrize("word", ["relaps", "Relapse", " relapse", "re-lapse"])
def test_a_misspelt_cause_is_refused(word) -> None:
    times = pd.DataFrame({"days": [10, 20], "ended_by": ["relapse", "completed"]})
    with pytest.raises(RuleError, match="No event of"):
        cumulative_incidence(times, causes=[word, "died"])
    # Beside the word itself it is another cause.
    assert cumulative_incidence(times, causes=["relapse", word]).at(20)["incidence"].sum() == 0.5


def test_words_that_are_alike_without_being_misspelt_are_causes() -> None:
    times = pd.DataFrame({"days": [10, 20], "ended_by": ["transferred_in", "grade1"]})
    incidence = cumulative_incidence(times, causes=["transferred_out", "grade2"])
    assert (incidence.table["incidence"] == 0).all()


def test_a_missing_event_column_is_not_to_be_renamed_to_days() -> None:
    times = pd.DataFrame({"days": [10, 20], "ended_by": ["relapse", "completed"]})
    with pytest.raises(EstimateError) as told:
        cumulative_incidence(times)
    assert "neither a column named event nor a list of causes" in str(told.value)
    assert 'causes=["relapse", "died"]' in str(told.value)
    for estimate in (survival_curves, hazard):
        with pytest.raises(EstimateError) as told:
            estimate(times)
        assert "no column named event" in str(told.value)
        assert "days" not in str(told.value).split("Instead")[1]
    with pytest.raises(EstimateError, match="rename"):
        survival_curves(times.rename(columns={"days": "time"}).assign(event=True))


def test_a_terminal_event_that_nobody_comes_to_is_none() -> None:
    times = pd.DataFrame(
        {"id": [1, 2], "days": [10, 20], "event": [True, False], "ended_by": ["relapse", "lost"]}
    )
    means = mean_cumulative_function(times, id="id", terminal=["died"])
    assert means.sizes["terminal"].item() == 0
    with pytest.raises(RuleError, match="No event of relaps"):
        mean_cumulative_function(times, id="id", terminal=["relaps"])


# What is refused


@pytest.mark.parametrize(
    ("change", "options", "error", "words"),
    [
        ({}, {"end": "why"}, RuleError, "no column named why"),
        ({}, {"causes": "relapse"}, RuleError, "a list"),
        ({}, {"causes": []}, RuleError, "a list"),
        ({}, {"causes": ["relaps"]}, RuleError, "No event of relaps"),
        ({}, {"causes": ["died", "died"]}, RuleError, "twice"),
        ({}, {"by": "ended_by"}, RuleError, "cannot hold both"),
        ({}, {"confidence": 95}, RuleError, "between 0 and 1"),
        ({"cause": 1}, {"by": "cause"}, RuleError, "cannot be named cause"),
        ({"event": False}, {}, EstimateError, "No row has the event"),
        ({"ended_by": None}, {}, EstimateError, "Every event has a cause"),
        ({"days": -1}, {}, EstimateError, "0 or more"),
        ({"entry": 50}, {}, EstimateError, "Entry must be before days"),
        ({"event": 2}, {}, EstimateError, "neither"),
    ],
)
def test_what_cannot_be_estimated_is_refused(
    change: dict[str, object], options: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        cumulative_incidence(small().assign(**change), **options)  # type: ignore[arg-type]


def test_a_competing_end_that_came_first_is_what_counts() -> None:
    # The first relapse and the last came after a move; died on 26, not 20; moved on 37, not 30.
    times = small().assign(
        competing_end=["transferred", "died", None, None, "transferred", "transferred"],
        competing_on=[4, 26, np.nan, np.nan, 37, 40],
    )
    incidence = cumulative_incidence(times)
    assert incidence.causes == ("relapse", "died", "transferred")
    assert of(incidence.table, "died").query("events > 0")["day"].tolist() == [26]
    assert of(incidence.table, "transferred").query("events > 0")["day"].tolist() == [4, 37]
    # A relapse on the day of the move came before it.
    assert of(incidence.table, "relapse").query("events > 0")["day"].tolist() == [20, 40]
    assert of(incidence.table, "relapse")["at_risk"].tolist() == [6, 6, 5, 3, 2, 1]
    plain = small().assign(
        days=[4, 26, 20, 20, 37, 40],
        ended_by=["transferred", "died", "relapse", "completed", "transferred", "relapse"],
        event=[False, False, True, False, False, True],
    )
    pd.testing.assert_frame_equal(incidence.table, cumulative_incidence(plain).table)
    pd.testing.assert_frame_equal(incidence.ends, cumulative_incidence(plain).ends)
    # What is not asked for leaves the row to its own end.
    asked = cumulative_incidence(times, causes=["relapse", "died"])
    assert of(asked.table, "relapse").query("events > 0")["day"].tolist() == [10, 20, 40]
    # Of a column with other words nothing is taken for granted.
    other = cumulative_incidence(times.rename(columns={"ended_by": "end"}), end="end")
    pd.testing.assert_frame_equal(other.table, cumulative_incidence(small()).table)


def test_a_move_that_nobody_ends_by_in_the_frame_still_competes() -> None:
    times = small()[["days", "event", "ended_by"]].iloc[[0, 2, 3]]
    times = times.assign(competing_end=["incarcerated", None, None], competing_on=[3.0, None, None])
    assert cumulative_incidence(times).causes == ("relapse", "incarcerated")


def test_what_competes_comes_with_the_times() -> None:
    times = small()
    competing = times["ended_by"].where(times["ended_by"] == "completed")
    labelled = times.assign(competing_end=competing)
    assert cumulative_incidence(labelled).causes == ("relapse", "completed")
    # A word that the attributes name, as those of an earlier version did, decides nothing.
    labelled = labelled.assign(competing_end=None)
    labelled.attrs["competing"] = ["completed"]
    assert cumulative_incidence(labelled).causes == ("relapse",)


@pytest.mark.parametrize("day", [np.nan, "20"])
def test_a_competing_end_without_its_day_is_refused(day: object) -> None:
    times = small().assign(competing_end="died", competing_on=day)
    with pytest.raises(EstimateError, match="6 of 6 without one"):
        cumulative_incidence(times)


def test_a_frame_without_events_needs_causes() -> None:
    with pytest.raises(EstimateError, match="neither a column named event nor a list of causes"):
        cumulative_incidence(small().drop(columns="event"))
    with pytest.raises(EstimateError, match="DataFrame"):
        cumulative_incidence([1, 2], causes=["died"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "options", "error", "words"),
    [
        ({}, {"by": []}, RuleError, "needs the column"),
        ({"group": "a"}, {}, EstimateError, "two groups"),
        ({}, {"strata": "group"}, RuleError, "either a group or a stratum"),
        ({}, {"strata": "nobody"}, RuleError, "no column named nobody"),
        ({"half": lambda t: t["group"]}, {"strata": "half"}, EstimateError, "never at risk on"),
        ({"entry": 1}, {}, EstimateError, "late entry"),
        (
            {"end": lambda t: t["end"].astype("category").cat.add_categories("jail")},
            {"causes": ["relapse", "jail"]},
            EstimateError,
            "No events of this cause",
        ),
        (
            {
                "end": lambda t: t["end"].where(t["group"] == "a", "censored"),
                "days": lambda t: t["days"].where(t["group"] == "a", 1),
            },
            {},
            EstimateError,
            "never at risk on the same day",
        ),
    ],
)
def test_comparisons_that_cannot_be_made_are_refused(
    change: dict[str, object], options: dict[str, object], error: type[Exception], words: str
) -> None:
    arguments: dict[str, object] = {"by": "group", "causes": CAUSES} | options
    with pytest.raises(error, match=words):
        compare_incidence(tied().assign(**change), end="end", **arguments)  # type: ignore[arg-type]


# How it shows itself


def test_words_and_html() -> None:
    incidence = cumulative_incidence(tied(), by="group", end="end", causes=CAUSES)
    assert "through day 182: a: relapse 0." in incidence.text
    assert "censored: censored" in incidence.text
    assert repr(incidence).startswith("<CumulativeIncidence: 3 groups, n 400, relapse ")
    assert "<caption>" in incidence._repr_html_()
    test = compare_incidence(tied(), by="group", end="end", causes=CAUSES)
    assert test.text.startswith(
        "Gray's test, by group: relapse: chi-squared 3.64 on 2 df, p = 0.16"
    )
    assert "died: chi-squared" in repr(test)
    assert "<caption>" in test._repr_html_()


@pytest.mark.parametrize("by", [None, "group"])
def test_the_picture_shows_the_table(by: str | None) -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    incidence = cumulative_incidence(tied(), by=by, end="end", causes=CAUSES)
    ax = plot_incidence(incidence, naive=True)
    panels = ax.child_axes if by else [ax]
    drawn = [line for panel in panels for line in panel.lines if line.get_label() != "_naive"]
    parts = list(incidence.table.groupby(["cause", *incidence.by], observed=True, sort=False))
    assert len(drawn) == len(parts) == (9 if by else 3)
    for line in drawn:
        assert line.get_drawstyle() == "steps-post"
        assert any(np.array_equal(line.get_ydata(), part["incidence"]) for _, part in parts)
    cells = [text for text in panels[-1].texts if str(text.get_gid()).startswith("risk_0_")]
    days = [float(str(text.get_gid()).split("_")[2]) for text in cells]
    risk = incidence.overall.risk_table(days)["at_risk"].head(len(days))
    assert [text.get_text() for text in cells] == [f"{count:,}" for count in risk]
    assert incidence.rule in alternative_text(ax)
    pyplot.close(ax.figure)


def test_both_results_plot_themselves() -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    test = compare_incidence(tied(), by="group", end="end", causes=CAUSES)
    for result in (test, test.incidence):
        pyplot.close(result.plot().figure)


def test_the_curve_of_no_end_names_its_end_on_the_axis():
    times = pd.DataFrame({"days": [3, 5, 9], "ended_by": ["relapse", "died", "relapse"]})
    ax = cumulative_incidence(times, causes=["relapse", "died"]).overall.plot()
    assert ax.get_ylabel() == "without an end by any of the causes"


@pytest.mark.parametrize(
    "ends", [[["a"], ["b"], ["c"]], pd.Series([1.0, "1", "relapse"], dtype=object)]
)
def test_ends_that_are_no_words_are_refused(ends):
    times = pd.DataFrame({"days": [3, 5, 9], "event": True}).assign(ended_by=ends)
    with pytest.raises(EstimateError, match="does not say how the times ended"):
        cumulative_incidence(times)


def test_an_error_tells_no_words_that_may_be_those_of_persons():
    ends = [f"person {number}" for number in range(30)]
    times = pd.DataFrame({"days": range(1, 31), "ended_by": ends})
    with pytest.raises(RuleError, match="30 different values among 30") as caught:
        cumulative_incidence(times, causes=["persn 7"])
    assert "person" not in str(caught.value).replace("persn 7", "")


def test_a_stratum_without_an_end_says_nothing_to_grays_test():
    times = pd.DataFrame(
        {
            "days": [3, 5, 7, 9, 4, 8, 10, 12],
            "ended_by": [*["relapse"] * 2, "died", "relapse", "died", "relapse", "died", "relapse"],
            "track": ["day"] * 4 + ["evening"] * 4,
        }
    ).assign(site="x")
    quiet = pd.DataFrame({"days": [4, 6], "ended_by": "left", "track": ["day", "evening"]})
    both = pd.concat([times, quiet.assign(site="y")], ignore_index=True)
    causes = ["relapse", "died"]
    comparison = compare_incidence(both, "track", causes=causes, strata="site")
    alone = compare_incidence(times, "track", causes=causes)
    assert comparison.table["statistic"].tolist() == alone.table["statistic"].tolist()


def test_grays_test_of_a_thousand_groups_is_refused_before_memory_is():
    times = pd.DataFrame({"days": range(1, 2001), "ended_by": "relapse", "event": True})
    with pytest.raises(EstimateError, match="too much memory"):
        compare_incidence(times.assign(track=times["days"] % 1000), "track")
