"""The rate of a group whose events are known between check-ins, and how these are read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.checks import is_number
from iop_outcomes.shared.messages import as_written
from iop_outcomes.survival.clusters import Clusters
from iop_outcomes.survival.hazard.interval_rates import CellRates, Members, cell_edges, cell_rates
from iop_outcomes.survival.hazard.smoothing import Floats, Stretch
from iop_outcomes.survival.intervals.masses import Intervals
from iop_outcomes.survival.intervals.times import check_intervals
from iop_outcomes.survival.times import CheckedTimes, check_times

FEWEST_HEAPS = 8  # distinct days of events, and
FEWEST_IN_A_HEAP = 2  # this many events on each, on average, before they are taken for check-ins


@dataclass(frozen=True, eq=False)
class Between:
    """The interval (left, right] of each row, and how it is known.

    Attributes
    ----------
    times : CheckedTimes
        Their days are those through which it is known whether the event has happened.
    left, right : numpy.ndarray
        As of `interval_survival`; `right` is infinite without an event.
    kept : numpy.ndarray of bool
        The rows of which anything is known.
    width : float
        The days between check-ins: the median of the intervals of events that have a length.
    text : str
        How the rule says it.
    """

    times: CheckedTimes
    left: Floats
    right: Floats
    kept: NDArray[np.bool_]
    width: float
    text: str

    @property
    def known(self) -> CheckedTimes:
        """The rows of which anything is known, for who is at risk."""
        if self.kept.all():
            return self.times
        entry = None if self.times.entry is None else self.times.entry[self.kept]
        return replace(
            self.times,
            entry=entry,
            days=self.times.days[self.kept],
            event=self.times.event[self.kept],
            group=self.times.group[self.kept],
        )

    def of(self, group: int, clusters: Clusters) -> tuple[Intervals, Members | None]:
        """Return the distinct intervals of a group, and how many of each a cluster has."""
        rows = np.flatnonzero(self.kept & (self.times.group == group))
        entry = None if self.times.entry is None else self.times.entry[rows]
        intervals, place = Intervals.placed(self.left[rows], self.right[rows], entry)
        if clusters.code is None:
            return intervals, None
        return intervals, Members.of(place, clusters.code[rows], len(intervals.left))


def read_between(
    times: pd.DataFrame, by: Any, spacing: float | None
) -> tuple[CheckedTimes, Between | None]:
    """Return the times, and the intervals in which their events lie, if they do not have days.

    Parameters
    ----------
    times, by, spacing
        As of `iop_outcomes.hazard`.

    Raises
    ------
    EstimateError
        As `iop_outcomes.interval_survival`.
    RuleError
        If `spacing` is no number of days.
    """
    if spacing is not None:
        if not is_number(spacing) or not 0 <= spacing < np.inf:
            raise RuleError(
                "spacing is the number of days between check-ins, or 0.",
                found=f"spacing={as_written(spacing)}",
                instead="spacing=7, or spacing=0 where the day of each event is known.",
            )
        checked = check_times(times, by)
        return checked, (_on_grid(checked, float(spacing), "") if spacing else None)
    if isinstance(times, pd.DataFrame) and "clear_until" in times.columns:
        checked, left, right = check_intervals(times, by)
        wide = np.isfinite(right) & (left < right)
        if not wide.any():
            return checked, None
        width = float(np.median((right - left)[wide]))
        text = " each event between the last check-in without it and the one that showed it,"
        return checked, Between(checked, left, right, np.ones(len(left), dtype=bool), width, text)
    checked = check_times(times, by)
    step = heaped(checked.days[checked.event])
    reason = f" events are dated on every {step:g} days only:"
    return checked, (_on_grid(checked, step, reason) if step else None)


def heaped(days: NDArray[Any]) -> float:
    """Return the days between check-ins if all events are dated on such days, else 0.

    They are taken for check-ins if all lie on multiples of two days or more, on eight different
    days or more, with two events or more on each of them on average.
    """
    some = np.unique(days[days > 0])
    if len(some) < FEWEST_HEAPS or len(days) < FEWEST_IN_A_HEAP * len(some):
        return 0.0
    if (some != np.floor(some)).any():
        return 0.0
    step = int(np.gcd.reduce(some.astype(np.int64)))
    return float(step) if step > 1 else 0.0


def _on_grid(checked: CheckedTimes, step: float, reason: str) -> Between:
    """Return times on a grid of check-ins: clear through the last one before."""
    days = checked.days.astype(np.float64)
    entry = np.zeros(len(days)) if checked.entry is None else checked.entry.astype(np.float64)
    before = np.maximum(days - step, entry)
    # Whoever is not seen again is known to be clear through the last check-in only.
    last = np.maximum(np.floor(days / step + 1e-9) * step, 0.0)
    last = np.minimum(last, days)
    kept = checked.event | (last > entry) | (entry == 0)
    left = np.where(checked.event, np.minimum(before, days), np.maximum(last, entry))
    right = np.where(checked.event, days, np.inf)
    known = replace(checked, days=np.where(checked.event, days, left))
    text = f"{reason} each event in the {step:g} days up to its date,"
    return Between(known, left, right, kept, step, text)


@dataclass(frozen=True, eq=False)
class IntervalStretch(Stretch):
    """A stretch of days of one group whose events lie in intervals.

    Attributes
    ----------
    intervals : Intervals
        Of the group.
    members : Members or None
        Which of them each cluster has; None if rows are independent.
    """

    intervals: Intervals
    members: Members | None

    on_days: ClassVar[bool] = False

    def fitted(self, bandwidth: float) -> FittedStretch:
        """Return the same with the rates of its cells."""
        intervals = self.intervals
        ends = intervals.right[np.isfinite(intervals.right)]
        last = float(max(intervals.left.max(), ends.max(initial=0.0), self.last))
        edges = cell_edges(last, self.first, self.last)
        middle = np.clip((edges[1:] + edges[:-1]) / 2, self.first, self.last)
        smooth = self.cell_weights(middle, edges, bandwidth)
        rates = cell_rates(intervals, edges, smooth, self.members)
        own = self.steps, self.first, self.last, self.moves
        return FittedStretch(*own, intervals, self.members, rates)

    def event_days(self) -> NDArray[Any]:
        """Return the middle of each interval that lies within the stretch and has an event."""
        happened = np.isfinite(self.intervals.right) & (self.intervals.right <= self.last)
        middle = (self.intervals.left + self.intervals.right)[happened] / 2
        return np.repeat(middle, self.intervals.weight[happened].astype(np.int64))


@dataclass(frozen=True, eq=False)
class FittedStretch(IntervalStretch):
    """A stretch of days with the rates of its cells.

    Attributes
    ----------
    rates : CellRates
        Of cells of days.
    """

    rates: CellRates

    def rate(self, asked: NDArray[Any], bandwidth: float) -> tuple[Floats, Floats]:
        """Return the smoothed rate and its standard error; missing outside the stretch."""
        rate, error = np.full(len(asked), np.nan), np.full(len(asked), np.nan)
        within = (asked >= self.first) & (asked <= self.last)
        weight = self.cell_weights(asked[within], self.rates.edges, bandwidth)
        estimate, error[within] = self.rates.sum(weight)
        rate[within] = np.maximum(estimate, 0.0)
        return rate, error

    def cumulative(self, asked: NDArray[Any]) -> tuple[Floats, Floats]:
        """Return the integral of the rates and its standard error; missing after the last day."""
        total, error = self.rates.sum(self.rates.through(asked.astype(np.float64)))
        followed = asked <= self.steps.day[-1]
        return np.where(followed, total, np.nan), np.where(followed, error, np.nan)

    def survival_at(self, days: NDArray[Any]) -> tuple[Floats, Floats]:
        """Return the share without the event through some days, and its covariance."""
        weight = self.rates.through(days.astype(np.float64))
        survival = np.exp(-(weight @ self.rates.rate))
        covariance = weight @ self.rates.covariance @ weight.T
        return survival, np.outer(survival, survival) * covariance
