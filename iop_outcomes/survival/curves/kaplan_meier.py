"""The Kaplan-Meier product over counts by day, for all groups at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.survival.at_risk import Daily, count_days
from iop_outcomes.survival.curves.steps import Steps, entered_before, product_limit
from iop_outcomes.survival.limits import Interval, greenwood, survival_limits
from iop_outcomes.survival.times import CheckedTimes


def kaplan_meier(times: CheckedTimes, confidence: float, interval: Interval) -> list[Steps]:
    """Return the Kaplan-Meier curve of each group with its limits, in the order of the labels."""
    return steps_of(times, count_ends(times), confidence, interval)


def count_ends(times: CheckedTimes) -> Daily:
    """Count who leaves without and who with the event, in this order, by group and day."""
    return count_days(times.days, times.group, len(times.labels), times.event, 2)


def count_entries(times: CheckedTimes, weight: NDArray[Any] | None = None) -> Daily | None:
    """Count who comes under observation by group and day; None if all are there on day 0."""
    if times.entry is None:
        return None
    none = np.zeros(len(times.days), dtype=np.int64)
    return count_days(times.entry, times.group, len(times.labels), none, 1, weight=weight)


def steps_of(
    times: CheckedTimes, ends: Daily, confidence: float, interval: Interval
) -> list[Steps]:
    """Return the curve of each group from the counts of its ends; the last kinds are events."""
    entries = count_entries(times)
    curves = []
    for group in range(len(times.labels)):
        own = ends.own(group)
        day, censored, events = ends.day[own], ends.counts[own, 0], ends.counts[own, 1:].sum(axis=1)
        if entries is None:
            entry_day, entered = day[:1], np.array([ends.counts[own].sum()])
        else:
            entry_day, entered = entered_on(entries, group)
        gone = np.cumsum(events + censored) - events - censored
        at_risk = entered_before(entry_day, entered, day) - gone
        survival = product_limit(at_risk, events)
        lower, upper = survival_limits(survival, greenwood(at_risk, events), confidence, interval)
        tally = (day, events, censored, entry_day, entered)
        curves.append(Steps(*tally, at_risk, survival, lower, upper))
    return curves


def entered_on(entries: Daily, group: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the days on which anyone of the group entered, and how many."""
    day, entered = entries.day[entries.own(group)], entries.counts[entries.own(group), 0]
    some = entered > 0
    return day[some], entered[some]
