"""Errors of the rate by day where people have several rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.survival import hazard, survival_curves
from iop_outcomes.survival.hazard.smoothing import boundary_kernel

HERE = Path(__file__).parents[1] / "reference"
REFERENCE = pd.read_csv(HERE / "clusters.csv", keep_default_na=False, na_values=["NA"])
DATA = pd.read_csv(HERE / "clusters_data.csv")


def several(people: int, seed: int, *, late: bool = True) -> pd.DataFrame:
    """Return one to four episodes a person, whose days hang together, known to the day."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), rng.integers(1, 5, people))
    rate = rng.gamma(3.0, 1 / 3, people)[person] / 40
    entry = rng.integers(1, 15, len(person)) * (rng.random(len(person)) < 0.4) * late
    days = entry + 1 + np.floor(rng.exponential(1 / rate))
    cut = entry + rng.integers(20, 100, len(person))
    frame = {"person_id": person, "entry": entry, "days": np.minimum(days, cut)}
    return pd.DataFrame(frame).assign(event=days <= cut)


def weekly(people: int, seed: int) -> pd.DataFrame:
    """Return the same known at check-ins only, on days of each episode's own."""
    times = several(people, seed, late=False)
    length = np.random.default_rng(seed + 1).integers(4, 10, len(times))
    clear = np.floor((times["days"] - 1) / length) * length
    last = np.where(times["event"], clear + length, clear)
    times = times.assign(clear_until=np.minimum(clear, last), days=last)
    return times[times["days"] > 0].reset_index(drop=True)


@pytest.mark.parametrize("case", ["hazard", "hazard late"])
def test_the_errors_by_person_are_those_of_r(case):
    times = DATA.assign(entry=DATA["entry"] * (case == "hazard late"))
    rates = hazard(times, "group", bandwidth=8, fewest=1, spacing=0)
    for group in ("a", "b", "c"):
        theirs = REFERENCE[(REFERENCE["case"] == case) & (REFERENCE["group"] == group)]
        part = rates.at([12]).set_index("group").loc[group]
        for quantity, column in (("rate", "hazard"), ("rate se", "se")):
            value = theirs.loc[theirs["quantity"] == quantity, "value"].item()
            assert part[column] == pytest.approx(value, rel=1e-10)
        for quantity, column in (
            ("cumulative hazard", "cumulative_hazard"),
            ("cumulative se", "cumulative_se"),
        ):
            rows = theirs[theirs["quantity"] == quantity]
            at = rates.at(rows["at"].to_numpy())
            at = at[at["group"] == group]
            assert at[column].to_numpy() == pytest.approx(rows["value"].to_numpy(), rel=1e-9)


def influence(times: pd.DataFrame, weight: dict[float, float]) -> pd.Series:
    """Return what each person moves the weighted sum of the increments by, row by row."""
    moved = dict.fromkeys(times["person_id"], 0.0)
    for day, each in weight.items():
        there = times[(times["entry"] < day) & (times["days"] >= day)]
        events = int((there["event"] & (there["days"] == day)).sum())
        for row in there.itertuples():
            own = row.event and row.days == day
            moved[row.person_id] += each * (own - events / len(there)) / len(there)
    return pd.Series(moved)


def test_the_errors_near_an_edge_are_their_definition():
    times = several(25, 3)
    rates = hazard(times, bandwidth=12, fewest=4)
    first, last = rates.stretches[["first", "last"]].iloc[0]
    assert first == 0
    days = np.unique(times.loc[times["event"] & (times["days"] <= last), "days"])
    for asked in (0.0, 5.0, 20.0, last - 3.0):
        reach = min((asked - first) / 12, (last - asked) / 12, 1.0)
        turn = -1.0 if last - asked < asked - first else 1.0
        kernel = boundary_kernel((asked - days) / 12 * turn, reach) / 12
        own = influence(times, dict(zip(days, kernel, strict=True)))
        assert rates.at(asked)["se"].item() == pytest.approx(np.sqrt((own**2).sum()), rel=1e-9)


@pytest.mark.parametrize("kind", ["days", "check-ins"])
def test_the_errors_are_those_of_leaving_out_each_person(kind):
    times = (several if kind == "days" else weekly)(60, 2)
    options = {"bandwidth": 25, "days": [8, 30, 50], "fewest": 5}
    whole = hazard(times, **options)
    found, months = whole.table, whole.by_month(2)
    tables, shares = [], []
    for person in times["person_id"].unique():
        without = hazard(times[times["person_id"] != person], **options)
        tables.append(without.table)
        shares.append(without.by_month(2)["share"])
    for value, error in (("hazard", "se"), ("cumulative_hazard", "cumulative_se")):
        left_out = np.array([table[value] for table in tables])
        expected = np.sqrt(((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0))
        assert found[error].to_numpy() == pytest.approx(expected, rel=0.1)
    expected = np.sqrt(((shares - np.mean(shares, axis=0)) ** 2).sum(axis=0))
    assert months["se"].to_numpy() == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("kind", ["days", "check-ins"])
def test_people_with_all_rows_twice_have_the_errors_of_once(kind):
    times = (several if kind == "days" else weekly)(60, 4)
    options = {"bandwidth": 20, "days": [0, 10, 40], "fewest": 1}
    once = hazard(times, cluster="person_id", **options)
    twice = hazard(pd.concat([times, times], ignore_index=True), **options)
    pd.testing.assert_frame_equal(
        twice.table.drop(columns="at_risk"), once.table.drop(columns="at_risk"), rtol=1e-7
    )
    columns = ["share", "se", "lower", "upper"]
    pd.testing.assert_frame_equal(twice.by_month(2)[columns], once.by_month(2)[columns], rtol=1e-7)


def test_each_row_by_itself_has_nearly_the_errors_without_clusters():
    for times in (several(300, 5, late=False), weekly(300, 5)):
        options = {"bandwidth": 20, "days": [0, 10, 40]}
        apart = hazard(times, cluster=None, **options)
        own = hazard(times.assign(row=np.arange(len(times))), cluster="row", **options)
        for column in ("se", "cumulative_se"):
            assert own.table[column].to_numpy() == pytest.approx(
                apart.table[column].to_numpy(), rel=0.03
            )
        # Of the shares the two are one: without late entry Greenwood's sum is that of influences.
        assert own.by_month(2)["se"].to_numpy() == pytest.approx(
            apart.by_month(2)["se"].to_numpy(), rel=1e-9
        )


def test_the_cumulative_hazard_and_the_curve_have_errors_that_agree():
    times = several(60, 6)
    result = hazard(times, bandwidth=10, fewest=1).at([10, 30])
    curve = survival_curves(times).at([10, 30])
    # The error of the log survival, nearly that of the cumulative hazard.
    relative = (curve["se"] / curve["survival"]).to_numpy()
    assert result["cumulative_se"].to_numpy() == pytest.approx(relative, rel=0.03)


def test_the_result_says_what_is_taken_together():
    times = several(60, 7)
    rates = hazard(times)
    assert "robust standard errors (rows of one person_id taken together)," in rates.rule
    assert f"{len(times)} rows in 60 clusters" in rates.text
    assert rates.clustering.number == 60
    assert "rows assumed independent, though person_id repeats" in hazard(times, cluster=None).rule
