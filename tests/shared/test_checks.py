"""Options that many functions take are checked in one way, and in sentences."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import RuleError
from iop_outcomes.shared.arrays import day_lengths
from iop_outcomes.shared.checks import check_choice, check_confidence, check_whole, is_whole

TIMES = pd.DataFrame({"days": np.arange(1, 61), "event": True})
SAMPLES = Path(__file__).parents[2] / "data" / "samples"
RECORDS = iop.read_records(SAMPLES)
TAKERS: list[Callable[[Any], Any]] = [
    lambda level: iop.survival_curves(TIMES, confidence=level),
    lambda level: iop.hazard(TIMES, confidence=level),
    lambda level: iop.interval_survival(TIMES, confidence=level),
    lambda level: iop.trend(RECORDS, "admissions", confidence=level),
    lambda level: iop.pool([0.1, 0.2], [0.1, 0.1], confidence=level),
]


@pytest.mark.parametrize("level", [0, 1, 95, True, "0.95", None, np.nan])
@pytest.mark.parametrize("taker", TAKERS)
def test_a_level_that_is_none_is_refused_alike(taker: Callable[[Any], Any], level: Any) -> None:
    with pytest.raises(
        RuleError, match=r"A confidence level must be between 0 and 1\.\nFound: conf"
    ):
        taker(level)


def test_a_level_of_numpy_is_a_level() -> None:
    assert check_confidence(np.float32(0.5)) == 0.5


@pytest.mark.parametrize("value", [0, 1.0, True, "3", None])
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    with pytest.raises(RuleError, match=r"most must be a whole number of at least 1\."):
        check_whole("most", value, 1)
    assert is_whole(np.int64(3), 3)


@pytest.mark.parametrize("weeks", [0, 2.0, True, "2", None])
def test_weeks_that_are_none_are_refused(weeks: Any) -> None:
    with pytest.raises(RuleError, match="number of weeks must be a whole number"):
        iop.attendance_by_week(RECORDS, weeks=weeks)


def test_weeks_of_numpy_are_weeks() -> None:
    weeks = iop.attendance_by_week(RECORDS, weeks=np.int64(2))  # type: ignore[arg-type]
    assert weeks.table["week"].tolist() == [1, 2]


def test_a_hazard_takes_whole_numbers_of_numpy() -> None:
    fewest = np.int64(3)
    expected = iop.hazard(TIMES, fewest=3).table
    pd.testing.assert_frame_equal(iop.hazard(TIMES, fewest=fewest).table, expected)


@pytest.mark.parametrize("value", ["days", ["day"], None])
def test_a_choice_that_is_none_is_refused_with_those_there_are(value: object) -> None:
    with pytest.raises(RuleError, match=r"The unit of patterns must be one of day, week\."):
        check_choice("unit", value, {"day": 1, "week": 7}, " of patterns")


def test_numbers_of_days_become_lengths_without_a_warning() -> None:
    rng = np.random.default_rng(0)
    for size in range(1, 400):
        days = rng.integers(0, 200, size).astype(np.float64)
        days[rng.random(size) < 0.5] = np.nan
        lengths = day_lengths(days)
        assert (np.isnat(lengths) == np.isnan(days)).all()
        known = ~np.isnan(days)
        assert (lengths[known] / np.timedelta64(1, "D") == days[known]).all()
