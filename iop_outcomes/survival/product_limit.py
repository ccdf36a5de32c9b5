"""Kaplan-Meier by lifelines, kept behind this one module.

lifelines is given ranks of days, not days: the curve hangs on their order only, so that neither
rounding nor an entry on the day of an event can change who is at risk.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.survival.checking import CheckedTimes
from iop_outcomes.survival.limits import Interval, greenwood, survival_limits
from iop_outcomes.survival.steps import Steps, entered_before


def kaplan_meier(times: CheckedTimes, confidence: float, interval: Interval) -> list[Steps]:
    """Return the Kaplan-Meier curve of each group with its limits, in the order of the labels."""
    groups = len(times.labels)
    if groups == 1:
        return [_one_group(times, slice(None), confidence, interval)]
    order = np.argsort(times.group.astype(np.int32), kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(times.group, minlength=groups))[:-1])
    return [_one_group(times, rows, confidence, interval) for rows in parts]


def _one_group(
    times: CheckedTimes, rows: NDArray[np.intp] | slice, confidence: float, interval: Interval
) -> Steps:
    days, event = times.days[rows], times.event[rows]
    entry = None if times.entry is None else times.entry[rows]
    day, rank = _distinct(days)
    if day[0] > 0:
        day, rank = np.append(day[:1] * 0, day), rank + 1
    events = np.bincount(rank[event], minlength=len(day))
    ended = np.bincount(rank, minlength=len(day))
    if entry is None:
        entry_day, entered = day[:1], np.array([len(days)])
        survival = _survival_from_start(events, ended - events)
    else:
        entry_day, entry_rank = _distinct(entry)
        entered = np.bincount(entry_rank)
        # The first day of the curve on which who enters is at risk.
        first = np.where(entry > 0, np.searchsorted(day, entry, side="right"), 0)
        survival = _survival_from_entry(first, rank, event, len(day))
    gone = np.cumsum(ended) - ended
    at_risk = entered_before(entry_day, entered, day) - gone
    lower, upper = survival_limits(survival, greenwood(at_risk, events), confidence, interval)
    counts = (day, at_risk, events, ended - events)
    return Steps(*counts, survival, lower, upper, entry_day, entered)


def _distinct(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    # By hash: several times faster than np.unique where days repeat.
    rank, distinct = pd.factorize(values, sort=True)
    return np.asarray(distinct), rank


def _survival_from_start(
    events: NDArray[np.int64], censored: NDArray[np.int64]
) -> NDArray[np.float64]:
    # One row a day and kind of end, weighted by how many: lifelines need not see each person.
    place = np.arange(len(events))
    durations = np.concatenate([place, place])
    ended = np.repeat([True, False], len(events))
    weights = np.concatenate([events, censored])
    some = weights > 0
    return _fit(durations[some], ended[some], None, weights[some], len(events))


def _survival_from_entry(
    first: NDArray[np.intp], rank: NDArray[np.intp], event: NDArray[np.bool_], size: int
) -> NDArray[np.float64]:
    """Fit each stretch in which someone is at risk apart, and multiply.

    lifelines refuses a curve on whose way nobody is at risk. Nothing happens there, so that the
    curve after it is the curve up to it times that of the people who came later.
    """
    spanning = np.cumsum(np.bincount(first, minlength=size) - np.bincount(rank, minlength=size))
    begins = np.flatnonzero(np.append(True, spanning[:-1] == 0))
    ends = np.append(begins[1:], size)
    if len(begins) == 1:
        return _fit(rank, event, first, None, size)
    stretch = np.searchsorted(begins, rank, side="right") - 1
    order = np.argsort(stretch, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(stretch, minlength=len(begins)))[:-1])
    survival = np.ones(size)
    before = 1.0
    for begin, end, rows in zip(begins, ends, parts, strict=True):
        if len(rows):
            fitted = _fit(rank[rows] - begin, event[rows], first[rows] - begin, None, end - begin)
            survival[begin:end] = before * fitted
            before = survival[end - 1]
    return survival


def _fit(
    rank: NDArray[Any],
    event: NDArray[np.bool_],
    first: NDArray[Any] | None,
    weights: NDArray[np.int64] | None,
    size: int,
) -> NDArray[np.float64]:
    """Return the Kaplan-Meier estimate on each of the ranks 0 to `size` - 1.

    Rank r stands at 2 r + 2 and who is first at risk on it enters at 2 r + 1: after everyone
    whose end is earlier, before everyone whose end is on it.
    """
    from lifelines import KaplanMeierFitter

    fitter = KaplanMeierFitter()
    entry = None if first is None else 2 * first + 1
    with np.errstate(divide="ignore", invalid="ignore"):  # lifelines sets these for everyone
        fitter.fit(2 * rank + 2, event, entry=entry, weights=weights)
    curve = fitter.survival_function_
    place = np.searchsorted(curve.index.to_numpy(), 2 * np.arange(size) + 2, side="right") - 1
    estimate: NDArray[np.float64] = curve.to_numpy()[place, 0]
    return estimate
