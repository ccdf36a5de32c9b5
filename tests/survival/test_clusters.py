"""Rows of one person are taken together wherever errors are made, unless the caller says not to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.compare import (
    cause_specific_cox,
    compare_incidence,
    compare_interval_survival,
    compare_recurrence,
    compare_survival,
    cox,
    fine_gray,
    recurrent_cox,
)
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.sensitivity import sensitivity
from iop_outcomes.survival import (
    cumulative_incidence,
    hazard,
    interval_survival,
    mean_cumulative_function,
    parametric_survival,
    state_occupation,
    survival_curves,
)
from iop_outcomes.survival.clusters import FEW, Cluster, read_clusters

pytestmark = pytest.mark.usefixtures("slopes_when_used")

Estimate = Callable[..., tuple[pd.DataFrame, str]]


def made_up(people: int = 70, seed: int = 5) -> pd.DataFrame:
    """One to three episodes a person, whose days hang together, with ties and two causes."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), rng.integers(1, 4, people))
    rate = rng.gamma(2.0, 0.5, people)[person]
    days = np.ceil(rng.exponential(40 / rate)).astype(np.int64)
    cut = rng.integers(10, 90, len(person))
    cause = np.where(rng.random(len(person)) < 0.7, "relapse", "died")
    frame = pd.DataFrame(
        {
            "person_id": person,
            "episode_id": np.arange(len(person)),
            "days": np.minimum(days, cut),
            "event": days <= cut,
            "ended_by": np.where(days <= cut, cause, "end_of_follow_up"),
            "track": np.where(rng.random(people) < 0.5, "day", "evening")[person],
            "age": rng.integers(20, 60, people)[person],
        }
    )
    frame["clear_until"] = np.maximum(frame["days"] - 7, 0)
    return frame.assign(state="well", next_state=np.where(frame["event"], "ill", None))


def _cause(times: pd.DataFrame, function: Any, **options: Any) -> tuple[pd.DataFrame, str]:
    result = function(times, "age + track", causes=["relapse", "died"], **options)
    return result.table, result.text


def _table(found: Any) -> tuple[pd.DataFrame, str]:
    return found.table, found.text


def _test(found: Any) -> tuple[pd.DataFrame, str]:
    return pd.DataFrame({"p_value": [found.p_value]}), found.text


def _gray(times: pd.DataFrame, _: str, **options: Any) -> Any:
    return compare_incidence(times, "track", **options)


def _limits(times: pd.DataFrame, **options: Any) -> tuple[pd.DataFrame, str]:
    curves = interval_survival(times, "track", resamples=20, **options)
    return curves.at([7, 14, 28]), curves.text


def _parameters(times: pd.DataFrame, **options: Any) -> tuple[pd.DataFrame, str]:
    fits = parametric_survival(times, "track", models=["weibull", "exponential"], **options)
    return fits.parameters, fits.text


def _rate(times: pd.DataFrame, **options: Any) -> tuple[pd.DataFrame, str]:
    return _table(hazard(times, "track", bandwidth=14, fewest=1, days=[5, 20, 35], **options))


ESTIMATES: dict[str, Estimate] = {
    "hazard": lambda t, **o: _rate(t.drop(columns="clear_until"), spacing=0, **o),
    "hazard of intervals": lambda t, **o: _rate(t, **o),
    "survival_curves": lambda t, **o: _table(survival_curves(t, by="track", **o)),
    "cumulative_incidence": lambda t, **o: _table(cumulative_incidence(t, "track", **o)),
    "interval_survival": lambda t, **o: _limits(t, **o),
    "parametric_survival": lambda t, **o: _parameters(t, **o),
    "compare_interval_survival": lambda t, **o: _test(compare_interval_survival(t, "track", **o)),
    "compare_survival": lambda t, **o: _test(compare_survival(t, "track", **o)),
    "compare_incidence": lambda t, **o: _cause(t, _gray, **o),
    "cox": lambda t, **o: _table(cox(t, "age + track", **o)),
    "cause_specific_cox": lambda t, **o: _cause(t, cause_specific_cox, **o),
    "fine_gray": lambda t, **o: _cause(t, fine_gray, **o),
}
STRETCHES: dict[str, Estimate] = {
    "recurrent_cox": lambda t, **o: _table(recurrent_cox(t, "age + track", **o)),
    "mean_cumulative_function": lambda t, **o: _table(mean_cumulative_function(t, "track", **o)),
    "compare_recurrence": lambda t, **o: _test(compare_recurrence(t, "track", **o)),
    "state_occupation": lambda t, **o: _table(state_occupation(t, by="track", **o)),
}
EVERY = ESTIMATES | STRETCHES
UNCERTAIN = ("se", "lower", "upper", "p_value")  # columns that hang on what is independent


def numbers(table: pd.DataFrame) -> pd.DataFrame:
    return table[[name for name in table if name in UNCERTAIN]]


@pytest.mark.parametrize("name", EVERY)
def test_rows_of_one_person_are_taken_together_by_default(name):
    times = made_up()
    clusters, rows = times["person_id"].nunique(), len(times)
    clustered, text = EVERY[name](times)
    named, _ = EVERY[name](times, cluster="person_id")
    apart, apart_text = EVERY[name](times, cluster=None)
    pd.testing.assert_frame_equal(clustered, named)
    same = [column for column in numbers(clustered) if column in apart]
    assert not np.allclose(clustered[same], apart[same], equal_nan=True)
    assert f"{rows:,} " in text
    assert f"in {clusters:,} clusters" in text
    assert "assumed independent" in apart_text
    assert f"of {clusters:,} values of person_id" in apart_text


@pytest.mark.parametrize("name", EVERY)
def test_persons_that_do_not_repeat_change_nothing(name):
    times = made_up()
    alone = times.assign(person_id=np.arange(len(times)))
    clustered, text = EVERY[name](alone)
    without, text_without = EVERY[name](times.drop(columns="person_id"))
    pd.testing.assert_frame_equal(clustered, without)
    if name in ESTIMATES:
        assert text == text_without


@pytest.mark.parametrize("name", ESTIMATES)
def test_copies_of_a_persons_rows_leave_the_errors_as_they_were(name):
    times = made_up().drop_duplicates("person_id")
    options = {"ties": "breslow"} if "cox" in name else {}
    single, _ = ESTIMATES[name](times, cluster="person_id", **options)
    double, _ = ESTIMATES[name](pd.concat([times, times], ignore_index=True), **options)
    same = [column for column in numbers(single) if column in double]
    np.testing.assert_allclose(double[same], single[same], rtol=1e-8)


@pytest.mark.parametrize("name", ESTIMATES)
def test_missing_persons_are_refused_where_others_repeat(name):
    times = made_up().astype({"person_id": float})
    times.loc[3, "person_id"] = np.nan
    with pytest.raises(EstimateError, match=r"1 of .* missing") as refusal:
        ESTIMATES[name](times)
    assert "cluster=None" in str(refusal.value)
    without, _ = ESTIMATES[name](times, cluster=None)
    # Where nobody known has several rows there is nothing to take together.
    alone = times.assign(person_id=np.where(times.index == 3, np.nan, times.index))
    pd.testing.assert_frame_equal(ESTIMATES[name](alone)[0], without)


def test_few_clusters_are_told_with_their_number():
    few = made_up(people=30)
    assert "in 30 clusters. With fewer than 50 clusters" in cox(few, "age").text
    many = made_up(people=FEW)
    assert "fewer than" not in cox(many, "age").text


@pytest.mark.parametrize("terms", [1, 2, 3])
def test_fewer_clusters_than_terms_are_refused(terms):
    """Two clusters and three terms gave p = 1.7e-17: the residuals of clusters add up to 0."""
    rng = np.random.default_rng(2)
    times = made_up()
    times = times.assign(
        person_id=np.arange(len(times)) % terms,
        **{f"x{place}": rng.standard_normal(len(times)) for place in range(terms)},
    )
    formula = [f"x{place}" for place in range(terms)]
    causes: dict[str, Any] = {"causes": ["relapse", "died"]}
    for fit in (
        lambda t: cox(t, formula),
        lambda t: cause_specific_cox(t, formula, **causes),
        lambda t: fine_gray(t, formula, **causes),
        lambda t: recurrent_cox(t, formula),
    ):
        with pytest.raises(EstimateError, match="more clusters than terms") as refusal:
            fit(times)
        words = f"{terms} clusters and {terms} terms" if terms > 1 else "1 cluster and 1 term"
        assert words in str(refusal.value)
        fit(times.assign(person_id=np.arange(len(times)) % (terms + 1)))


def test_what_is_no_cluster_is_refused():
    times = made_up()
    with pytest.raises(RuleError, match="named by their column"):
        survival_curves(times, cluster=times["person_id"])
    twins = pd.concat([times, times[["person_id"]]], axis=1)
    with pytest.raises(RuleError, match="2 columns of that name"):
        survival_curves(twins)
    assert len(survival_curves(twins, cluster=None).table)
    lists = times.assign(person_id=[[1]] * len(times))
    with pytest.raises(EstimateError, match="cannot be compared"):
        survival_curves(lists)
    assert len(survival_curves(lists, cluster=None).table)


def stretches(people: int, seed: int) -> pd.DataFrame:
    """Two episodes a person, some beginning late, and no event before day 30."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), 2)
    entry = rng.integers(0, 10, len(person)) * (rng.random(len(person)) < 0.5)
    days = entry + rng.integers(5, 60, len(person))
    event = (rng.random(len(person)) < 0.5) & (days > 30)
    frame = pd.DataFrame({"person_id": person, "entry": entry, "days": days, "event": event})
    frame = frame.assign(episode_id=np.arange(len(person)), state="well")
    return frame.assign(next_state=np.where(event, "ill", None))


def observed(times: pd.DataFrame, column: str, day: int) -> int:
    """Count of how many different values of a column something is under observation."""
    there = (times["days"] >= day) & (times["entry"] < day)
    return times.loc[there, column].nunique()


@pytest.mark.parametrize("cluster", ["person_id", "episode_id", None])
def test_while_none_was_seen_the_upper_limit_counts_clusters(cluster):
    times = stretches(40, 3)
    asked, of = [1, 5, 12, 29], cluster or "episode_id"
    counted = [observed(times, of, day) for day in asked]
    assert (counted < [observed(times, "episode_id", day) for day in asked]) == (of == "person_id")
    mean = mean_cumulative_function(times, cluster=cluster)
    states = state_occupation(times, cluster=cluster)
    for found, limit in (
        (mean, lambda n: -np.log(0.025) / n),
        (states, lambda n: 1 - 0.025 ** (1 / n)),
    ):
        at, table = found.at(asked), found.table
        if "state" in at:
            at, table = at[at["state"] == "ill"], table[table["state"] == "ill"]
        assert at["upper"].to_numpy() == pytest.approx([limit(n) for n in counted])
        early = table[(table["day"] > 0) & (table["day"] < 30)]
        every = [limit(observed(times, of, day)) for day in early["day"]]
        assert early["upper"].to_numpy() == pytest.approx(every)


def test_copies_of_a_persons_episodes_leave_the_limits_of_none_as_they_were():
    times = stretches(40, 4)
    copies = pd.concat([times, times.assign(episode_id=times["episode_id"] + 100)])
    for estimate in (mean_cumulative_function, state_occupation):
        once, twice = (estimate(frame, cluster="person_id") for frame in (times, copies))
        for name in ("lower", "upper"):
            np.testing.assert_allclose(twice.table[name], once.table[name], rtol=1e-9)
            asked = [0, 3, 15, 40]
            np.testing.assert_allclose(twice.at(asked)[name], once.at(asked)[name], rtol=1e-9)


def test_sensitivity_takes_episodes_and_words_of_one_person_together():
    rng = np.random.default_rng(3)
    weeks = rng.choice(list("+--o"), size=(90, 8))
    words = pd.Series(["".join(word) for word in weeks], index=rng.permutation(90))
    words = words[words.index.repeat(2)].set_axis(range(180))  # each word of a person twice
    track = pd.Series(np.where(words.index % 4 < 2, "day", "evening"), words.index, name="track")
    person = pd.Series(words.index // 2, words.index)
    options: dict[str, Any] = {"definitions": "lee_2016", "missing": "use", "horizon": 28}
    once = sensitivity(words[::2], track[::2], **options)
    estimates = sensitivity(words, track, cluster=person[::-1], **options)
    limits = ["relapsed_lower", "relapsed_upper", "median_lower", "p_value"]
    limits += ["restricted_mean_lower", "restricted_mean_upper"]
    np.testing.assert_allclose(estimates.table[limits], once.table[limits], rtol=1e-7)
    assert "180 rows in 90 clusters" in estimates.text
    apart = sensitivity(words, track, **options)
    assert (apart.table["p_value"] < estimates.table["p_value"]).all()
    with pytest.raises(RuleError, match="a Series with the labels of the patterns"):
        sensitivity(words, track, cluster="person_id", **options)
    with pytest.raises(RuleError, match="2 of 180 patterns"):
        sensitivity(words, track, cluster=person[2:], **options)


def test_the_default_says_what_it_is():
    assert iop.Cluster.PERSON is Cluster.PERSON
    assert repr(Cluster.PERSON) == "<Cluster.PERSON: 'person_id, where it repeats'>"
    times = pd.DataFrame({"person_id": ["a", "b", "a"]})
    assert read_clusters(times, Cluster.PERSON).code.tolist() == [0, 1, 0]
    assert read_clusters(times, None).code is None
    assert read_clusters(times, None).clustering.clusters == 2
