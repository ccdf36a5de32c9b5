"""What is released has no more digits than are printed, and no mean that divides those hidden."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import iop_outcomes as iop
from iop_outcomes.disclosure.policy import SafePolicy
from iop_outcomes.disclosure.tables import hide_small_counts, totals_that_tell
from tests.helpers.of_the_sample import records_of_the_sample

INTERNAL = iop.SafePolicy.internal()


@pytest.fixture(scope="module")
def sample() -> iop.Records:
    return records_of_the_sample()


def people_of(attended: float, due: float, lower: float, upper: float) -> float:
    """Return the people behind limits on the scale of logits, if sessions were as if independent.

    The half-width is then Student's t with the people less 1, times the square root of
    1 / attended + 1 / missed.
    """
    width = (np.log(upper / (1 - upper)) - np.log(lower / (1 - lower))) / 2
    found = width / np.sqrt(1 / attended + 1 / (due - attended))
    people = np.arange(2, 500)
    quantiles = stats.t.ppf(0.975, people - 1)
    place = int(np.argmin(np.abs(quantiles - found)))
    return float(people[place]) if abs(quantiles[place] - found) < 1e-6 else np.nan


def test_people_who_came_to_no_session_cannot_be_counted_from_the_limits() -> None:
    """33 people with a session due, of whom 23 came: all digits of the limits say that it is 33."""
    came = [*range(23), 0, 1]
    missed = [*range(7), *range(23, 33)]
    words = ["attended"] * len(came) + ["no_show"] * len(missed)
    ids = [f"E{number}" for number in [*came, *missed]]
    days = pd.Timestamp("2025-01-13") + pd.to_timedelta(np.arange(len(ids)) % 5, "D")
    episodes = pd.DataFrame({"episode_id": [f"E{n}" for n in range(60)]})
    episodes = episodes.assign(admit_date="2025-01-06")
    sessions = pd.DataFrame({"episode_id": ids, "date": days, "status": words, "service": "group"})
    sessions["start_time"] = [f"{8 + n // 5:02d}:00" for n in range(len(ids))]
    records = iop.read_records(episodes=episodes, attendance=sessions, as_of="2025-12-31")
    exact = iop.protect(iop.attendance_by_week(records), INTERNAL).table
    shown = iop.protect(iop.attendance_by_week(records)).table

    def people(table: pd.DataFrame) -> float:
        row = table[table["week"] == 2].iloc[0]
        came = row["due"] - row["no_show"]
        return people_of(came, row["due"], row["lower"], row["upper"])

    assert people(exact) == 33
    assert np.isnan(people(shown))
    limits = shown.loc[shown["week"] == 2, ["lower", "upper"]].to_numpy()
    assert limits.tolist() == [[0.437, 0.736]]


@pytest.mark.parametrize("measure", ["attendance_rate", "relapse_free_90", "hours_per_week"])
def test_limits_of_a_trend_have_the_digits_that_are_printed(
    measure: str, sample: iop.Records
) -> None:
    trend = iop.trend(sample, measure, every="quarter")
    shown = iop.protect(trend).table
    for name in ("lower", "upper"):
        values = shown[name].dropna()
        assert len(values)
        assert (values == values.round(3)).all()
    exact = iop.protect(trend, INTERNAL).table
    assert not (exact["lower"].dropna() == exact["lower"].dropna().round(3)).all()


def test_all_digits_stay_inside_the_program(sample: iop.Records) -> None:
    change = iop.symptom_change(sample, "phq9")
    for policy, printed in ((None, True), (INTERNAL, False)):
        table: Any = iop.protect(change, policy).table
        limits = [name for name in table if {"lower", "upper"} & {*str(name).split("_")}]
        assert limits
        values = table[limits].to_numpy(dtype=np.float64)
        assert np.array_equal(values, values.round(3), equal_nan=True) == printed


def test_means_of_bands_do_not_tell_how_those_hidden_divide(sample: iop.Records) -> None:
    """In North 22 people are in two hidden bands; the scores of all less the others are theirs."""
    north = iop.symptom_change(sample.where(program=["North"]), "phq9")
    shown = iop.protect(north).by_intake
    assert shown["hidden"].sum() >= 2
    assert shown["paired"].notna().any()
    kept = [name for name in shown if "mean" in str(name) or "change" in str(name)]
    assert kept
    assert shown[kept].isna().all(axis=None)
    everywhere = iop.protect(iop.symptom_change(sample, "phq9")).by_intake
    if not everywhere["hidden"].any():
        assert everywhere[kept].notna().any(axis=None)


def brute_force(parts: list[float], total: float, base: int) -> bool:
    """Return whether a part is from 1 to 10 in all whole numbers that are rounded so."""
    ranges = [[n for n in range(200) if np.floor(n / base + 0.5) * base == part] for part in parts]
    sums = {(): 0}
    for numbers in ranges:
        sums = {(*key, n): value + n for key, value in sums.items() for n in numbers}
    fits = [key for key, value in sums.items() if np.floor(value / base + 0.5) * base == total]
    return any(all(1 <= key[place] <= 10 for key in fits) for place in range(len(parts)))


@pytest.mark.parametrize(
    ("parts", "total"),
    [
        *(([10, 10], 10), ([10, 10], 20), ([10, 10, 10], 20), ([10, 10, 10], 30)),
        *(([10, 0, 0], 10), ([10, 20, 10], 30), ([0, 0, 10], 20), ([20, 20, 0], 50)),
        *(([0, 0, 0], 10), ([10, 0], 10), ([0, 0], 10), ([20, 0], 30)),
        *(([10, 10, 0, 10], 20), ([10, 10, 10, 10], 20), ([10, 10, 10, 0, 0], 10)),
    ],
)
def test_a_rounded_total_is_left_out_where_it_tells_that_a_part_is_small(
    parts: list[float], total: float
) -> None:
    policy = SafePolicy.rounded()
    rows, totals = np.array([parts], dtype=np.float64), np.array([float(total)])
    (tells,) = totals_that_tell(policy, rows, totals)
    assert tells == brute_force(parts, total, 10)


def test_rounded_totals_of_rows_and_columns_are_left_out_where_they_tell() -> None:
    columns = {"a": [5, 6, 6, 7, 24], "b": [40, 50, 60, 70, 220]}
    frame = pd.DataFrame(columns, index=["w", "x", "y", "z", "all"]).assign(
        both=lambda one: one["a"] + one["b"]
    )
    shown = hide_small_counts(
        frame, SafePolicy.rounded(), counts=["a", "b"], row_total="both", total_row="all"
    )
    assert np.isnan(shown.loc["all", "a"])  # 10, 10, 10, 10 and 20: each is 5 to 9
    assert shown.loc["all", "b"] == 220
    few = pd.DataFrame({"a": [5], "b": [6], "c": [6], "d": [7], "all": [24]})
    row = hide_small_counts(few, SafePolicy.rounded(), counts=["a", "b", "c", "d"], row_total="all")
    assert np.isnan(row["all"].iloc[0])
    assert row["a"].iloc[0] == 10
