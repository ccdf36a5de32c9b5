"""The simulation of strategies of attendance: its truth, its frames and its rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from validation import strategies


def test_weeks_drawn_again_are_no_second_time_at_risk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where attendance has no effect, a demanding strategy leaves as many without use as none."""
    monkeypatch.setattr(strategies, "TRIES", 20)
    monkeypatch.setattr(strategies, "DAY", 28)
    design = replace(strategies.BASE, people=1_000, attendance_effect=0.0)
    free, _ = strategies.forced(design, lambda rate: rate >= 0.0, np.random.default_rng(1))
    kept, _ = strategies.forced(
        design, lambda rate: (rate >= 0.75) | np.isnan(rate), np.random.default_rng(1)
    )
    assert abs(free - kept) < 2 * np.sqrt(2 * free * (1 - free) / 1_000)


def test_everyone_keeps_to_a_strategy_that_is_forced() -> None:
    """The weeks of those without use before the end of a week are all of the strategy."""
    seen: list[np.ndarray] = []

    def keeps(rate: np.ndarray) -> np.ndarray:
        kept = rate >= strategies.RATE
        seen.append(kept)
        return kept | np.isnan(rate)

    design = replace(strategies.BASE, people=300, attendance_effect=0.0)
    strategies.forced(design, keeps, np.random.default_rng(3))
    assert min(len(kept) for kept in seen) < 300  # some weeks were drawn again
    assert any(not kept.all() for kept in seen)


def test_a_row_counts_the_intervals_that_hold_the_truth() -> None:
    results = [
        strategies.Estimate(0.1, 0.0, 0.2),
        strategies.Estimate(0.3, 0.2, 0.4),
    ]
    row = strategies.row_of("none", "emulation", results, (0.1, 0.0, 0))
    assert "| 0.100 (0.000) |" in row
    assert "| 0.200 | +0.100 (0.100) | 0.141 | 50% |" in row


def test_a_hand_made_week_has_the_share_attended_of_what_was_due() -> None:
    """Two of three sessions attended in a week: 0.667; nothing due: missing."""
    design = replace(strategies.BASE, people=40)
    who, course = strategies.simulate(design, np.random.default_rng(5))
    times, weeks = strategies.frames(who, course)
    rows = course.sessions
    for episode in range(5):
        for week in range(strategies.WEEKS):
            own = rows[(rows["episode"] == episode) & (rows["day"] // 7 == week)]
            own = own[own["service"] != strategies.ASSESSMENT]
            came = int((own["outcome"] == strategies.ATTENDED).sum())
            due = came + int((own["outcome"] == strategies.ABSENT).sum())
            rate = weeks.loc[
                (weeks["episode_id"] == episode) & (weeks["day"] == 7 * week + 6),
                "attendance_rate",
            ].iloc[0]
            assert rate == pytest.approx(came / due if due else np.nan, nan_ok=True)
    assert len(times) == 40
