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
def test_an_invalid_confidence_level_is_refused_by_every_function(
    taker: Callable[[Any], Any], level: Any
) -> None:
    with pytest.raises(
        RuleError, match=r"A confidence level must be between 0 and 1\.\nFound: conf"
    ):
        taker(level)


def test_a_numpy_float_is_accepted_as_a_confidence_level() -> None:
    assert check_confidence(np.float32(0.5)) == 0.5


@pytest.mark.parametrize("value", [0, 1.0, True, "3", None])
def test_check_whole_refuses_all_but_whole_numbers_of_at_least_1(value: object) -> None:
    with pytest.raises(RuleError, match=r"most must be a whole number of at least 1\."):
        check_whole("most", value, 1)
    assert is_whole(np.int64(3), 3)


@pytest.mark.parametrize("weeks", [0, 2.0, True, "2", None])
def test_attendance_by_week_refuses_an_invalid_number_of_weeks(weeks: Any) -> None:
    with pytest.raises(RuleError, match="number of weeks must be a whole number"):
        iop.attendance_by_week(RECORDS, weeks=weeks)


def test_attendance_by_week_accepts_a_numpy_integer() -> None:
    weeks = iop.attendance_by_week(RECORDS, weeks=np.int64(2))  # type: ignore[arg-type]
    assert weeks.table["week"].tolist() == [1, 2]


def test_hazard_accepts_a_numpy_integer() -> None:
    fewest = np.int64(3)
    expected = iop.hazard(TIMES, fewest=3).table
    pd.testing.assert_frame_equal(iop.hazard(TIMES, fewest=fewest).table, expected)


@pytest.mark.parametrize("value", ["days", ["day"], None])
def test_an_unknown_choice_is_refused_and_the_choices_are_named(value: object) -> None:
    with pytest.raises(RuleError, match=r"The unit of patterns must be one of day, week\."):
        check_choice("unit", value, {"day": 1, "week": 7}, " of patterns")


def test_day_lengths_gives_no_warning_for_missing_days() -> None:
    rng = np.random.default_rng(0)
    for size in range(1, 400):
        days = rng.integers(0, 200, size).astype(np.float64)
        days[rng.random(size) < 0.5] = np.nan
        lengths = day_lengths(days)
        assert (np.isnat(lengths) == np.isnan(days)).all()
        known = ~np.isnan(days)
        assert (lengths[known] / np.timedelta64(1, "D") == days[known]).all()
