"""The changes that the sample's model makes are those that the measures report."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import iop_outcomes as iop

DAY, MONTHS = 84, 3
SURE = 4.5  # standard errors: passed by chance alone once in 150,000 comparisons


@pytest.fixture(scope="module")
def records() -> iop.Records:
    sample = iop.synthetic_records(21, people=1_500)
    return iop.read_records(
        episodes=sample.episodes, attendance=sample.attendance, checkins=sample.checkins
    )


def mean_score(mean: float, spread: float, high: int) -> float:
    """The mean of a normal score that is rounded and cut to 0 and `high`."""
    cuts = norm.cdf(np.arange(high) + 0.5, mean, spread)
    return float(high - cuts.sum())


@pytest.mark.parametrize(
    ("instrument", "first", "falls", "by_use", "by_mood", "own", "high"),
    [("phq9", 12, 5, 3, 4.0, 2.0, 27), ("gad7", 10, 4, 2, 3.5, 2.0, 21)],
)
def test_symptoms_fall_as_the_model_says(
    records: iop.Records,
    instrument: str,
    first: float,
    falls: float,
    by_use: float,
    by_mood: float,
    own: float,
    high: int,
) -> None:
    """Between the changes of people of whom nobody, and everybody, uses in the later week.

    A score is `first` less `falls` times 1 - exp(-weeks / 6), plus `by_use` in a week with use,
    plus a mood of the person with standard deviation `by_mood` times the root of 1.25, and an
    error.
    """
    spread = float(np.sqrt(1.25 * by_mood**2 + own**2))
    later = first - falls * (1 - np.exp(-DAY / 7 / 6))
    change = iop.symptom_change(records, instrument, at=DAY)
    row = change.table.iloc[0]
    error = (row["upper"] - row["lower"]) / (2 * norm.ppf(0.975))
    start = [mean_score(first + by_use * used, spread, high) for used in (1, 0)]
    end = [mean_score(later + by_use * used, spread, high) for used in (0, 1)]
    assert end[0] - start[0] - SURE * error < row["change"] < end[1] - start[1] + SURE * error
    assert row["change"] < -1.5  # the fall is there
    assert row["paired"] > 200


@pytest.mark.parametrize(
    ("domain", "gains", "loses", "by_use"),
    [("work_or_school", 0.06, 0.03, 0.05), ("stable_housing", 0.08, 0.015, 0.04)],
)
def test_work_and_housing_are_gained_and_kept_as_the_model_says(
    records: iop.Records, domain: str, gains: float, loses: float, by_use: float
) -> None:
    """Three monthly steps of a chain; who uses in a month loses more often in it."""
    table = iop.functioning(records, domains=domain, follow_up=DAY, window=7).table
    row = table[table["moment"] == f"day {DAY}"].iloc[0]
    gained, kept = [], []
    for used in (0, 1):
        step = np.array([[1 - gains, gains], [loses + by_use * used, 1 - loses - by_use * used]])
        after = np.linalg.matrix_power(step, MONTHS)
        gained.append(after[0, 1])
        kept.append(after[1, 1])
    counts: pd.Series = row[["gained", "never", "kept", "lost"]].astype(float)
    without, with_it = counts["gained"] + counts["never"], counts["kept"] + counts["lost"]
    for number, of, expected in (
        (counts["gained"], without, gained),
        (counts["kept"], with_it, kept),
    ):
        share, low, high = number / of, min(expected), max(expected)
        assert of > 100
        assert low - SURE * np.sqrt(low * (1 - low) / of) < share
        assert share < high + SURE * np.sqrt(high * (1 - high) / of)
