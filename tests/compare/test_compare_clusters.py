"""Tests between groups whose rows hang together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from iop_outcomes.compare import compare_incidence, compare_interval_survival, compare_survival
from iop_outcomes.compare.group_tests.incidence import cause_score
from iop_outcomes.compare.group_tests.intervals import _scores
from iop_outcomes.compare.group_tests.scores.cluster_score import group_residuals
from iop_outcomes.compare.group_tests.scores.gray_score import Ends, gray_residuals, gray_score
from iop_outcomes.compare.group_tests.scores.log_rank import log_rank
from iop_outcomes.compare.regression.risk_sets import risk_sets
from iop_outcomes.errors import EstimateError
from iop_outcomes.survival import interval_survival, parametric_survival
from iop_outcomes.survival.competing.causes import read_causes
from iop_outcomes.survival.intervals.times import check_intervals
from iop_outcomes.survival.times import check_times

HERE = Path(__file__).parents[1] / "reference"
REFERENCE = pd.read_csv(HERE / "clusters.csv", keep_default_na=False, na_values=["NA"])


def of_r() -> pd.DataFrame:
    return pd.read_csv(HERE / "clusters_data.csv")


def reference(case: str, quantity: str) -> float:
    rows = REFERENCE[(REFERENCE["case"] == case) & (REFERENCE["quantity"] == quantity)]
    return float(rows["value"].item())


def eight() -> pd.DataFrame:
    """The rows of the docstring of `compare_survival`."""
    return pd.DataFrame(
        {
            "days": [3, 5, 7, 9, 4, 8, 10, 12],
            "event": [1, 1, 1, 1, 1, 0, 1, 0],
            "track": ["day"] * 4 + ["evening"] * 4,
            "person_id": range(8),
        }
    )


def copies(times: pd.DataFrame, number: int = 2) -> pd.DataFrame:
    return pd.concat([times] * number, ignore_index=True)


# Log-rank ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["plain", "two groups", "late", "strata", "late strata"])
@pytest.mark.parametrize("by", ["person_id", "row"])
def test_the_sums_by_cluster_are_the_robust_score_test_of_r(case, by):
    times = of_r()
    if case == "two groups":
        times = times[times["group"] != "c"]
    group, names = pd.factorize(times["group"], sort=True)
    sets = risk_sets(
        times["days"].to_numpy(),
        times["event"].to_numpy() == 1,
        times["entry"].to_numpy() if "late" in case else None,
        times["site"].to_numpy() - 1 if "strata" in case else None,
        weight=np.ones(len(times)),
        efron=False,
    )
    residual = group_residuals(sets, group, len(names))
    of_cluster = pd.DataFrame(residual.T).groupby(times[by].to_numpy()).sum().to_numpy()[:, 1:]
    score = of_cluster.sum(axis=0)
    statistic = score @ np.linalg.solve(of_cluster.T @ of_cluster, score)
    assert statistic == pytest.approx(reference(case, f"robust score by {by}"), rel=1e-9)


@pytest.mark.parametrize("number", [2, 3])
def test_eight_rows_doubled_keep_their_p_value(number):
    """It fell from .094 to .012 when each person was taken for two."""
    single, several = compare_survival(eight(), "track"), None
    assert round(single.p_value, 3) == 0.094
    several = compare_survival(copies(eight(), number), "track")
    assert several.statistic == pytest.approx(single.statistic, rel=1e-12)
    assert several.p_value == pytest.approx(single.p_value, rel=1e-12)
    assert "16 rows in 8 clusters" in compare_survival(copies(eight()), "track").text
    apart = compare_survival(copies(eight()), "track", cluster=None)
    assert round(apart.p_value, 3) == 0.012
    assert "assumed independent" in apart.text


def hand_worked(times: pd.DataFrame, by: str, cluster: str, strata: str | None) -> float:
    """The statistic by loops over strata, days and rows."""
    groups = sorted(times[by].unique())
    score, model = np.zeros(len(groups)), np.zeros((len(groups), len(groups)))
    residual = {name: np.zeros(len(groups)) for name in times.index}
    for _, stratum in times.groupby(strata) if strata else [(0, times)]:
        for day in sorted(stratum.loc[stratum["event"] == 1, "days"].unique()):
            late = stratum["entry"] > 0
            there = stratum[(stratum["days"] >= day) & (~late | (stratum["entry"] < day))]
            died = there[(there["days"] == day) & (there["event"] == 1)]
            n, d = len(there), len(died)
            share = np.array([(there[by] == g).mean() for g in groups])
            alike = (there[cluster].value_counts() ** 2).sum() / n
            if n > alike:
                spread = d * (n - d) / (n - alike)
                model += spread * (np.diag(share) - np.outer(share, share))
            for name, row in there.iterrows():
                own = np.array([row[by] == g for g in groups], dtype=float)
                residual[name] += (own - share) * ((name in died.index) - d / n)
            score += np.array([(died[by] == g).sum() for g in groups]) - d * share
    rows = pd.DataFrame(residual).T
    score, model = score[1:], model[1:, 1:]
    by_cluster = rows.groupby(times[cluster]).sum().to_numpy()[:, 1:]
    by_row = rows.to_numpy()[:, 1:]

    def form(matrix: np.ndarray) -> float:
        return float(score @ np.linalg.solve(matrix, score))

    factor = form(model) / form(by_row.T @ by_row)
    return form(by_cluster.T @ by_cluster) * factor


@pytest.mark.parametrize("strata", [None, "site"])
@pytest.mark.parametrize("late", [False, True])
def test_the_statistic_is_that_of_a_plain_version(strata, late):
    times = of_r() if late else of_r().assign(entry=0)
    comparison = compare_survival(times, "group", strata=strata)
    expected = hand_worked(times, "group", "person_id", strata)
    assert comparison.statistic == pytest.approx(expected, rel=1e-10)
    assert comparison.clustering.clusters == 80


@settings(deadline=None, max_examples=10)
@given(
    days=st.lists(st.integers(1, 12), min_size=8, max_size=30),
    seed=st.integers(0, 1000),
    number=st.integers(2, 3),
)
def test_clusters_of_one_row_and_copies_of_them_change_nothing(days, seed, number):
    rng = np.random.default_rng(seed)
    times = pd.DataFrame({"days": days, "person_id": range(len(days))})
    times = times.assign(
        entry=np.where(rng.random(len(days)) < 0.3, times["days"] // 2, 0),
        event=rng.random(len(days)) < 0.7,
        track=rng.integers(0, 3, len(days)),
        site=rng.integers(0, 2, len(days)),
    )
    try:
        plain = compare_survival(times, "track", strata="site", cluster=None)
    except EstimateError:
        return
    for several in (times, copies(times, number)):
        # The statistic alone: the curves and medians of a comparison take most of its time.
        checked, site = check_times(several, "track"), several["site"].to_numpy()
        try:
            result = log_rank(checked, site, several["person_id"].to_numpy()).statistic
        except EstimateError as error:
            if "cannot be estimated" not in str(error):  # so few residuals can all be 0
                raise
            continue
        assert result == pytest.approx(plain.statistic, rel=1e-9, abs=1e-9)


def test_medians_have_limits_by_person_too():
    times = of_r().drop(columns="entry")
    comparison = compare_survival(times, "group")
    apart = compare_survival(times, "group", cluster=None)
    assert comparison.curves.robust is not None
    assert comparison.table["median"].equals(apart.table["median"])
    assert not comparison.table[["lower", "upper"]].equals(apart.table[["lower", "upper"]])


def test_fewer_clusters_than_groups_and_clusters_that_cancel_out_are_refused():
    times = of_r().assign(person_id=lambda t: t["row"] % 2)
    with pytest.raises(EstimateError, match="more clusters than comparisons"):
        compare_survival(times, "group")
    # Everybody is in both groups with the same times: the difference is 0, whoever they are.
    once = eight().assign(track="day")
    both = pd.concat([once, once.assign(track="evening")], ignore_index=True)
    with pytest.raises(EstimateError, match="is singular"):
        compare_survival(both, "track")
    assert compare_survival(both, "track", cluster=None).statistic == 0


def test_the_statistic_has_its_mean_with_two_episodes_a_person():
    """Rows alone are too large; how often each rejects is counted by validation.coverage."""
    rng = np.random.default_rng(11)
    found = {"person": 0.0, "row": 0.0}
    for _ in range(100):
        person = np.repeat(np.arange(40), 2)
        shared = rng.standard_normal(40)[person] + rng.standard_normal(80)
        days = np.ceil(60 * np.exp(shared))
        cut = rng.integers(28, 200, 80)
        times = pd.DataFrame({"days": np.minimum(days, cut), "event": days <= cut})
        checked = check_times(times.assign(track=person % 2), "track")
        stratum = np.zeros(80, dtype=np.intp)
        found["person"] += log_rank(checked, stratum, person).statistic / 100
        found["row"] += log_rank(checked, stratum).statistic / 100
    assert 0.6 < found["person"] < 1.4  # 1 where nothing differs, with an error of 0.14
    assert found["row"] > 1.25 * found["person"], found


# Gray --------------------------------------------------------------------------------------------

CAUSES = ["relapse", "died"]


def ends(times: pd.DataFrame) -> Ends:
    result = read_causes(times, "group", "end", CAUSES)
    return Ends.of(result, np.ones(len(times), dtype=bool), None)


def gray_by_weight(times: pd.DataFrame, weight: np.ndarray, cause: str) -> np.ndarray:
    """Gray's score with each row counting its weight, by a loop over days and groups."""
    groups = sorted(times["group"].unique())
    days, group, end = (times[name].to_numpy() for name in ("days", "group", "end"))
    of_cause, of_any = end == cause, np.isin(end, CAUSES)
    alive, share = dict.fromkeys(groups, 1.0), dict.fromkeys(groups, 0.0)
    score = np.zeros(len(groups))
    for day in sorted(set(days)):
        died, ended, risk = {}, {}, {}
        for g in groups:
            own = (group == g) & (days >= day)
            today = own & (days == day)
            risk[g] = weight[own].sum()
            died[g] = weight[today & of_cause].sum()
            ended[g] = weight[today & of_any].sum()
        staying = {g: risk[g] * (1 - share[g]) / alive[g] if risk[g] > 0 else 0.0 for g in groups}
        if sum(died.values()) > 0:
            for place, g in enumerate(groups):
                score[place] += died[g] - sum(died.values()) * staying[g] / sum(staying.values())
        for g in groups:
            if risk[g] > 0:
                share[g] += alive[g] * died[g] / risk[g]
                alive[g] *= 1 - ended[g] / risk[g]
    return score


def some_ends(days: list[int], seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "days": days,
            "end": pd.Categorical(rng.choice([*CAUSES, "left"], len(days)), [*CAUSES, "left"]),
            "group": rng.choice(list("abc"), len(days)),
            "person_id": range(len(days)),
        }
    )


@settings(deadline=None, max_examples=10)
@given(days=st.lists(st.integers(1, 8), min_size=6, max_size=18), seed=st.integers(0, 1000))
def test_what_a_row_adds_to_grays_score_is_its_derivative(days, seed):
    times = some_ends(days, seed)
    counts = ends(times)
    assume(len(counts.at_risk))  # compare_incidence asks for no score without an end
    for place, cause in enumerate(CAUSES):
        try:
            score, _ = gray_score(counts, place)
        except EstimateError:
            continue
        residual = gray_residuals(counts, place)
        np.testing.assert_allclose(residual.sum(axis=1), score, atol=1e-9)
        np.testing.assert_allclose(score, gray_by_weight(times, np.ones(len(times)), cause))
        # Along two directions of nudging all rows by different amounts.
        for direction in np.random.default_rng(seed).standard_normal((2, len(times))):
            up, down = (gray_by_weight(times, 1 + s * direction, cause) for s in (1e-5, -1e-5))
            np.testing.assert_allclose(residual @ direction, (up - down) / 2e-5, atol=1e-6)


def test_with_one_cause_what_a_row_adds_is_coxs_score_residual():
    times = of_r().assign(end=lambda t: np.where(t["event"] == 1, "relapse", "left"))
    counts = Ends.of(
        read_causes(times.drop(columns="entry"), "group", "end", ["relapse"]),
        np.ones(len(times), dtype=bool),
        None,
    )
    days, event = times["days"].to_numpy(), times["event"].to_numpy() == 1
    sets = risk_sets(days, event, None, None, weight=np.ones(len(times)), efron=False)
    expected = group_residuals(sets, pd.factorize(times["group"], sort=True)[0], 3)
    np.testing.assert_allclose(gray_residuals(counts, 0), expected, atol=1e-12)


@settings(deadline=None, max_examples=10)
@given(
    days=st.lists(st.integers(1, 8), min_size=6, max_size=24),
    seed=st.integers(0, 1000),
    number=st.integers(2, 3),
)
def test_grays_test_of_one_row_a_person_and_of_copies_is_that_of_independent_rows(
    days, seed, number
):
    times = some_ends(days, seed).assign(site=lambda t: t.index % 2)
    options = {"causes": CAUSES, "strata": "site", "end": "end"}
    try:
        plain = compare_incidence(times, "group", cluster=None, **options).table
    except EstimateError:
        return
    for several in (times, copies(times, number)):
        try:
            table = compare_incidence(several, "group", cluster="person_id", **options).table
        except EstimateError as error:
            if "cannot be estimated" not in str(error):
                raise
            continue
        np.testing.assert_allclose(table["statistic"], plain["statistic"], rtol=1e-7, atol=1e-9)


def test_the_spread_of_grays_score_is_that_of_a_bootstrap_of_persons():
    times = of_r().drop(columns="entry")
    comparison = compare_incidence(times, "group", "end", causes=CAUSES, strata="site")
    assert "Gray's test robust to clusters stratified by site, by group: relapse" in comparison.text
    assert "198 rows in 80 clusters" in comparison.text
    apart = compare_incidence(times, "group", "end", causes=CAUSES, strata="site", cluster=None)
    assert "assumed independent" in apart.text
    assert not np.allclose(comparison.table["statistic"], apart.table["statistic"], rtol=0.02)
    by_person = pd.DataFrame(gray_residuals(ends(times), 0).T).groupby(times["person_id"]).sum()
    own = times.groupby("person_id").indices
    rng, drawn = np.random.default_rng(4), []
    for _ in range(150):
        rows = np.concatenate([own[person] for person in rng.choice(list(own), len(own))])
        drawn.append(gray_score(ends(times.iloc[rows].reset_index(drop=True)), 0)[0])
    spread = np.std(drawn, axis=0, ddof=1)
    jackknife = np.sqrt((by_person**2).sum())
    np.testing.assert_allclose(spread, jackknife, rtol=0.15)


def test_grays_statistic_has_its_mean_with_two_episodes_a_person():
    """Rows alone are too large; how often each rejects is counted by validation.coverage."""
    rng, found = np.random.default_rng(1), {"person": 0.0, "row": 0.0}
    for _ in range(100):
        person = np.repeat(np.arange(50), 2)
        shared = 1.4 * rng.standard_normal(50)[person]
        relapse = np.ceil(60 * np.exp(shared + rng.standard_normal(100)))
        other = np.ceil(120 * rng.exponential(1, 100))
        cut = rng.integers(28, 200, 100)
        days = np.minimum(np.minimum(relapse, other), cut)
        end = np.select([days == cut, relapse <= other], ["left", "relapse"], "died")
        times = pd.DataFrame({"days": days, "end": end, "group": person % 2, "person_id": person})
        result = read_causes(times, "group", "end", CAUSES)
        for name, by in (("person", person), ("row", None)):
            part = Ends.of(result, np.ones(100, dtype=bool), by)
            found[name] += cause_score([part], 0).statistic / 100
    assert 0.6 < found["person"] < 1.4  # 1 where nothing differs, with an error of 0.14
    assert found["row"] > 1.25 * found["person"], found


# Intervals ---------------------------------------------------------------------------------------


def weekly(seed: int, people: int, late: bool) -> pd.DataFrame:
    """One episode a person, looked at every week."""
    rng = np.random.default_rng(seed)
    days = 7 * rng.integers(1, 9, people)
    entry = np.where(rng.random(people) < 0.4, 7 * rng.integers(0, 3, people), 0) * late
    days = np.maximum(days, entry + 7)
    frame = pd.DataFrame({"entry": entry, "days": days, "clear_until": days - 7})
    return frame.assign(
        event=rng.random(people) < 0.6,
        track=rng.choice(list("abc"), people),
        site=rng.integers(0, 2, people),
        person_id=range(people),
    )


@pytest.mark.parametrize("late", [False, True])
def test_the_interval_test_of_copies_is_that_of_independent_rows(late):
    times = weekly(3, 80, late)
    plain = compare_interval_survival(times, "track", strata="site")
    for several in (copies(times), copies(times, 3)):
        result = compare_interval_survival(several, "track", strata="site")
        assert "Score test for intervals robust to clusters" in result.text
        # With late entry rows alone are not the information, but their factor is the same.
        assert result.statistic == pytest.approx(plain.statistic, rel=1e-5)
        apart = compare_interval_survival(several, "track", strata="site", cluster=None)
        assert apart.statistic > 1.9 * plain.statistic


def test_the_spread_of_the_interval_score_is_that_of_a_bootstrap_of_persons():
    times = of_r().assign(clear_until=lambda t: np.maximum(t["entry"], t["days"] - 7))
    for late in (False, True):
        part = times if late else times.drop(columns="entry")
        checked, left, right = check_intervals(part, "group")
        stratum = np.zeros(len(part), dtype=np.intp)
        person = pd.factorize(part["person_id"])[0]
        _, residual = _scores(checked, stratum, (left, right), person)
        by_person = pd.DataFrame(residual.T).groupby(person).sum()
        own = part.groupby("person_id").indices
        rng, drawn = np.random.default_rng(4), []
        for _ in range(60):
            rows = np.concatenate([own[one] for one in rng.choice(list(own), len(own))])
            again, low, high = check_intervals(part.iloc[rows].reset_index(drop=True), "group")
            drawn.append(_scores(again, stratum[:1].repeat(len(rows)), (low, high), None)[0])
        spread = np.std([one.observed for one in drawn], axis=0, ddof=1)
        np.testing.assert_allclose(spread, np.sqrt((by_person**2).sum()), rtol=0.25)


def test_limits_from_resampled_persons_do_not_know_copies():
    times = weekly(5, 60, late=False)
    once = interval_survival(times, "track", cluster="person_id", resamples=20, seed=3)
    twice = interval_survival(copies(times), "track", resamples=20, seed=3)
    pd.testing.assert_frame_equal(once.limits, twice.limits)
    assert "rows of one person_id taken together" in twice.rule
    assert "120 rows in 60 clusters" in twice.text
    assert "clusters" not in interval_survival(copies(times)).text  # there are no limits


def test_parametric_errors_by_person_are_the_sandwich_of_their_slopes():
    times = of_r().drop(columns="entry")
    times = times.assign(clear_until=lambda t: np.maximum(t["days"] - 5, 0))
    result = parametric_survival(times, models="weibull").parameters.set_index("parameter")
    relative = result["se"] / result["value"]
    assert relative["scale"] == pytest.approx(reference("weibull", "se location"), rel=1e-4)
    assert relative["shape"] == pytest.approx(reference("weibull", "se log scale"), rel=1e-4)
