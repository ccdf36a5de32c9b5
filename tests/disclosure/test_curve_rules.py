"""The trial of two rules for the days of a curve: what each may show, and which is nearer."""

from __future__ import annotations

import numpy as np
import pandas as pd

import iop_outcomes as iop
from iop_outcomes.disclosure.fixed_days.at_risk import bases, leaves_open, safe_base
from iop_outcomes.disclosure.fixed_days.choice import WORTH, FixedCounts
from validation.curve_rules import days_before, read_off, trial

CMS = iop.SafePolicy()


def chosen(times: pd.DataFrame) -> list[int]:
    return [int(day) for day in iop.protect(iop.survival_curves(times)).table["day"][1:]]


def test_the_set_that_is_worth_most_is_chosen() -> None:
    days = np.repeat([20, 50, 80, 200], [11, 11, 11, 40])
    times = pd.DataFrame({"days": days, "event": days < 200})
    assert chosen(times) == [30, 60, 180]  # 180 is worth more than 90, with the same events
    assert chosen(times.iloc[:10]) == []


def test_the_rule_before_needs_no_or_enough_ends_of_follow_up() -> None:
    days = np.repeat([20, 25, 50, 200], [12, 3, 12, 40])
    times = pd.DataFrame({"days": days, "event": np.isin(days, [20, 50])})
    assert days_before(times) == [20]  # after it three ends of follow-up, until the end
    assert days_before(times[times["days"] != 25]) == [30, 60]


def test_a_curve_is_read_along_lines_and_level_after_the_last_day() -> None:
    assert read_off([60.0], [0.8]).round(2).tolist() == [0.9, 0.8, 0.8, 0.8]
    assert read_off([], []).tolist() == [1.0] * 4


def test_fixed_days_are_nearer_at_the_end_in_a_small_program() -> None:
    trials = [trial(80, seed) for seed in range(6)]
    errors = {rule: np.mean([one[rule][3] for one in trials]) for rule in ("before", "now")}
    assert errors["now"] < 1 < errors["before"]


def test_numbers_at_risk_are_as_coarse_as_the_audit_asks() -> None:
    # 40 events and 5 ends of follow-up of 80 by day 180: exact numbers would give the five.
    days = np.repeat([60, 100, 200], [40, 5, 35])
    times = pd.DataFrame({"days": days, "event": days == 60})
    curve = FixedCounts.of(iop.survival_curves(times).table, tuple(WORTH))
    assert not leaves_open(curve, (180,), 1, CMS)
    assert safe_base(curve, (180,), CMS) in bases(11)
    without = times.assign(event=True)  # nobody ends without an event
    whole = FixedCounts.of(iop.survival_curves(without).table, tuple(WORTH))
    assert safe_base(whole, (60,), CMS) == 5
