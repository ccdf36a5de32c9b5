"""The study of control charts counts what it says: delays, false alarms, run lengths, its page."""

from __future__ import annotations

import tomllib

import numpy as np
import pandas as pd
import pytest

from validation.trends import BASELINE, alarms, delays
from validation.trends_alarms import measured
from validation.trends_lengths import PUBLISHED, exact_run_length, run_lengths
from validation.trends_page import page_of, toml_of

MONTHS = pd.period_range("2024-01", periods=30, freq="M").astype(str)


def counts(level: float, after: float, program: str) -> pd.DataFrame:
    """Sessions attended of 200 a month: a level, and another from the 19th month on."""
    wave = np.tile([-4, 4], 15)
    attended = np.where(np.arange(30) < 18, level, after) * 200 + wave
    frame = pd.DataFrame({"period": MONTHS, "numerator": attended.round(), "denominator": 200})
    return frame.assign(program=program)


def changes(log_odds: float, program: str) -> pd.DataFrame:
    start = pd.Timestamp("2025-07-10")
    row = {"program": program, "kind": "shift", "start": start, "log_odds": log_odds}
    return pd.DataFrame([row])


def test_a_large_step_is_seen_at_once_and_a_small_one_after_seven_months() -> None:
    (large,) = delays(counts(0.5, 0.8, "A"), changes(1.0, "A"))
    assert (large["delay"], large["before"], large["found"]) == (0.0, False, "2025-07")
    small = counts(0.5, 0.53, "A")
    small.loc[18:, "numerator"] = 106.0  # above the centre, within the limits
    (late,) = delays(small, changes(1.0, "A"))
    # known only once seven are there: points of a run are marked back to its first
    assert late["delay"] == 5.0
    assert late["found"] == "2025-12"  # the month before the change was above the centre too
    (wrong,) = delays(counts(0.5, 0.8, "A"), changes(-1.0, "A"))
    assert np.isnan(wrong["delay"])
    assert wrong["found"] == ""


def test_false_alarms_are_those_of_both_charts() -> None:
    rows = alarms(counts(0.5, 0.5, "North").drop(columns="program"), "month")
    assert [(row["chart"], row["baseline"]) for row in rows] == [
        ("p", 0),
        ("p", BASELINE),
        ("p_prime", 0),
        ("p_prime", BASELINE),
    ]
    assert not any(row["any_beyond"] for row in rows)
    assert all(row["points"] == 30 and row["neighbours"] < -0.9 for row in rows)


def test_run_lengths_of_large_shifts_are_short() -> None:
    result = run_lengths(3.0, ("beyond",), 3000)
    assert abs(result - 2.0) < 0.1
    assert run_lengths(3.0, ("seven",), 100) < 7.5


def test_exact_run_lengths_are_those_published() -> None:
    for (rule, shift), published in PUBLISHED.items():
        assert round(exact_run_length(shift, (rule,)), 2) == published
    both = ("beyond", "seven")
    assert run_lengths(1.0, both, 3000) == pytest.approx(exact_run_length(1.0, both), rel=0.06)


def test_the_page_holds_each_table() -> None:
    frame = counts(0.5, 0.8, "North")
    rows = delays(frame, changes(1.0, "North"))
    false = alarms(frame.drop(columns="program"), "month")
    length = {"rule": "beyond", "shift": 3.0, "found": 1.9, "exact": 2.0, "published": np.nan}
    tables = {
        "sample": pd.DataFrame(rows),
        "delays": pd.DataFrame(rows * 2),
        "alarms": pd.DataFrame(false * 2),
        "lengths": pd.DataFrame([length]),
        "rates": measured(50),
    }
    options = {"seeds": 2, "first": 1, "skipped": 6, "runs": 10, "series": 50}
    page = page_of(tables, options, "2026-11-27")
    for words in ("2 synthetic samples (seeds 1 to 2)", "| North | shift from 2025-07-10", "0.950"):
        assert words in page
    assert "{" not in page
    numbers = tomllib.loads(toml_of(tables, options))
    assert len(numbers["independent"]) == len(measured(50))
    assert [row["every"] for row in numbers["sessions"]] == ["month", "month"]
    assert set(numbers["points"]) > {"beyond a limit", "runs"}
