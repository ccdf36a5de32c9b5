"""Cumulative incidence of rows that hang together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_outcomes.survival import cumulative_incidence
from iop_outcomes.survival.running_products import Spans

HERE = Path(__file__).parents[1] / "reference"
REFERENCE = pd.read_csv(HERE / "clusters.csv", keep_default_na=False, na_values=["NA"])
CAUSES = ["relapse", "died"]
ENDS = [*CAUSES, "left"]


def of_r() -> pd.DataFrame:
    return pd.read_csv(HERE / "clusters_data.csv").rename(columns={"end": "ended_by"})


@pytest.mark.parametrize("case", ["incidence", "incidence late"])
@pytest.mark.parametrize("group", ["a", "b", "c"])
def test_errors_are_the_influences_of_r_summed_within_persons(case, group):
    times = of_r() if "late" in case else of_r().drop(columns="entry")
    incidence = cumulative_incidence(times, "group", causes=CAUSES)
    for cause in CAUSES:
        rows = REFERENCE.query("case == @case and group == @group and cause == @cause")
        for quantity, name in (("incidence", "incidence"), ("se", "se")):
            expected = rows[rows["quantity"] == quantity]
            at = incidence.at(expected["at"].tolist())
            ours = at[(at["group"] == group) & (at["cause"] == cause)][name]
            np.testing.assert_allclose(ours, expected["value"], rtol=1e-9, atol=1e-12)


def incidence_by_weight(times: pd.DataFrame, weight: np.ndarray, cause: str, day: int) -> float:
    """The estimate with each row counting its weight, by a loop over days."""
    alive, share = 1.0, 0.0
    for u in sorted(times["days"].unique()):
        if u > day:
            break
        there = (times["days"] >= u) & ((times["entry"] == 0) | (times["entry"] < u))
        ended = there & (times["days"] == u) & times["ended_by"].isin(CAUSES)
        n = weight[there].sum()
        if n > 0:
            share += alive * weight[ended & (times["ended_by"] == cause)].sum() / n
            alive *= 1 - weight[ended].sum() / n
    return share


@settings(deadline=None, max_examples=10)
@given(
    days=st.lists(st.integers(1, 9), min_size=3, max_size=14),
    seed=st.integers(0, 1000),
    day=st.integers(1, 9),
)
def test_errors_are_those_of_nudging_each_person(days, seed, day):
    rng = np.random.default_rng(seed)
    times = pd.DataFrame({"days": days, "person_id": rng.integers(0, 4, len(days))})
    times["entry"] = np.where(rng.random(len(days)) < 0.3, times["days"] // 2, 0)
    times["ended_by"] = pd.Categorical(rng.choice(ENDS, len(days)), ENDS)
    result = cumulative_incidence(times, causes=CAUSES, cluster="person_id").at(day)
    step, variance = 1e-6, dict.fromkeys(CAUSES, 0.0)
    for person in times["person_id"].unique():
        own = (times["person_id"] == person).to_numpy()
        for cause in CAUSES:
            up, down = (
                incidence_by_weight(times, np.where(own, 1 + side, 1.0), cause, day)
                for side in (step, -step)
            )
            variance[cause] += ((up - down) / (2 * step)) ** 2
    if day <= max(days):
        # A row that is alone at risk leaves a rest of rounding when it is nudged.
        np.testing.assert_allclose(
            result["se"], np.sqrt([variance[cause] for cause in result["cause"]]), atol=1e-6
        )


@settings(deadline=None, max_examples=10)
@given(days=st.lists(st.integers(1, 9), min_size=2, max_size=14), seed=st.integers(0, 1000))
def test_one_row_a_person_and_copies_of_it_are_the_multinomial_error(days, seed):
    rng = np.random.default_rng(seed)
    times = pd.DataFrame({"days": days, "person_id": range(len(days))})
    times["ended_by"] = pd.Categorical(rng.choice(ENDS, len(days)), ENDS)
    plain = cumulative_incidence(times, causes=CAUSES).table
    named = cumulative_incidence(times, causes=CAUSES, cluster="person_id").table
    twice = pd.concat([times, times], ignore_index=True)
    again = cumulative_incidence(twice, causes=CAUSES).table
    for found in (named, again):
        columns = ["incidence", "se", "lower", "upper"]
        np.testing.assert_allclose(found[columns], plain[columns], rtol=1e-7, atol=1e-9)


def test_while_nobody_has_come_to_a_cause_persons_are_counted_and_not_rows():
    times = pd.DataFrame({"days": [10, 10, 20, 20, 30, 40], "person_id": [1, 1, 2, 2, 3, 3]})
    ends = ["left", "relapse", "left", "left", "left", "relapse"]
    times["ended_by"] = pd.Categorical(ends, ENDS)
    result = cumulative_incidence(times, causes=["relapse", "died"]).at([10, 15, 25, 35])
    died = result[result["cause"] == "died"]
    # Known on the day: the three persons; from then on of the first, who relapsed, and so on.
    known = np.array([3, 3, 2, 2])
    np.testing.assert_allclose(died["upper"], 1 - 0.025 ** (1 / known))
    rows = cumulative_incidence(times, causes=["relapse", "died"], cluster=None).at(15)
    assert rows.loc[rows["cause"] == "died", "upper"].item() == pytest.approx(1 - 0.025 ** (1 / 5))


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 6)), min_size=1, max_size=12
    )
)
def test_spans_count_the_clusters_of_whom_something_is_known(rows):
    cluster, start, length = (np.array(part) for part in zip(*rows, strict=True))
    end = np.where(length == 6, np.inf, start + length)
    spans = Spans.of(cluster, start, end)
    for day in range(17):
        known = ((start < day) | (start == 0)) & (day <= end)
        assert spans.at(np.array([day]))[0] == len(set(cluster[known]))
