"""The simulation of leaving: its truth against many people, and what a program records of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from validation import leaving


def test_the_truth_is_the_share_of_very_many_people_of_whom_nobody_leaves() -> None:
    nobody = {"day": (0.0, 0.0), "evening": (0.0, 0.0)}
    frame = leaving.simulate(40_000, nobody, 0.5, np.random.default_rng(1))
    last = frame.groupby("episode_id").agg(days=("days", "max"), event=("event", "max"))
    group = frame.groupby("episode_id")["group"].first()
    free = ~(last["event"] & (last["days"] <= leaving.DAY))
    share = free.groupby(group).mean()
    result = share["evening"] - share["day"]
    assert result == pytest.approx(leaving.true_difference(0.5), abs=0.012)


def test_a_record_ends_with_use_with_leaving_or_after_eight_weeks() -> None:
    rates = leaving.LEAVING["low attenders leave, in one group"]
    frame = leaving.simulate(500, rates, 1.0, np.random.default_rng(2))
    last = frame.groupby("episode_id").tail(1)
    assert not (last["event"] & last["left"]).any()
    ends = last[~last["event"] & ~last["left"]]
    assert (ends["days"] == 7.0 * leaving.WEEKS).all()
    assert frame.loc[~frame.index.isin(last.index), "event"].sum() == 0
    assert (frame["days"] - frame["entry"] == 7).all()


def test_a_row_counts_the_limits_that_hold_the_truth() -> None:
    results = [leaving.Estimate(0.1, 0.0, 0.2), leaving.Estimate(0.3, 0.2, 0.4)]
    row = leaving.row_of(("a", "b", "c"), results, 0.1)
    assert row == "| a | b | c | 0.100 | +0.100 (0.100) | 0.141 | 50.0% (35.4%) |"


def test_the_estimates_are_of_the_frame_that_was_given() -> None:
    rates = leaving.LEAVING["low attenders leave, in one group"]
    frame = leaving.simulate(300, rates, 1.0, np.random.default_rng(3))
    kept = frame.copy()
    result = leaving.estimates(frame)
    pd.testing.assert_frame_equal(frame, kept)
    assert result["as if leaving were independent"] != result["remaining weights"]
