"""The rate of the event by day: Nelson-Aalen increments smoothed by a boundary kernel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.survival.curves.cluster_sums import cluster_sums, log_slope
from iop_outcomes.survival.curves.jackknife import Moves
from iop_outcomes.survival.curves.steps import Steps
from iop_outcomes.survival.limits import greenwood
from iop_outcomes.survival.near_ties import near

Floats = NDArray[np.float64]

BLOCK = 2_000_000  # this many pairs of a day asked and a day of an event at once


@dataclass(frozen=True, eq=False)
class Stretch:
    """One group's increments, and the stretch of days on which enough are at risk.

    Attributes
    ----------
    steps : Steps
        The group's curve, whose days of events and numbers at risk make the increments.
    first, last : float
        The first and the last day of the stretch.
    moves : Moves or None
        The rows, with the cluster of each; None if rows are independent.
    total : numpy.ndarray, optional
        The Nelson-Aalen estimate through each day of the curve, where lifelines computed it.
    """

    steps: Steps
    first: float
    last: float
    moves: Moves | None
    total: Floats | None = field(default=None, kw_only=True)

    on_days: ClassVar[bool] = True  # whether the days of the events are known

    @classmethod
    def of(cls, steps: Steps, fewest: int) -> Stretch | None:
        """Return the stretch from the first to the last day with `fewest` at risk, if any."""
        enough = np.flatnonzero(steps.at_risk >= fewest)
        if not len(enough):
            return None
        last = float(steps.day[enough[-1]])
        entered, censored, events = steps.counted_through(steps.entry_day)
        after = entered - censored - events  # at risk once those of an entry day are in
        begins = steps.entry_day[after >= fewest]
        first = 0.0 if steps.at_risk[0] >= fewest else float(begins[0])
        return cls(steps, first, last, None)

    @property
    def inside(self) -> NDArray[np.bool_]:
        """The days of the curve that have an event and lie within the stretch."""
        day = self.steps.day
        # Who enters on a later day than 0 is at risk from the day after.
        begun = day > self.first if self.first > 0 else day >= 0
        inside: NDArray[np.bool_] = (self.steps.events > 0) & begun & (day <= self.last)
        return inside

    @property
    def has_hole(self) -> bool:
        """Whether there are days inside the stretch on which nobody is at risk."""
        day = self.steps.day[(self.steps.day >= self.first) & (self.steps.day < self.last)]
        entered, censored, events = self.steps.counted_through(day)
        return bool((entered == censored + events).any())

    def fitted(self, bandwidth: float) -> Stretch:
        """Return the stretch, with what has to be worked out once for a bandwidth."""
        return self

    def event_days(self) -> NDArray[Any]:
        """Return the day of each event within the stretch; the middle of what is known of it."""
        return np.repeat(self.steps.day[self.inside], self.steps.events[self.inside])

    def reference_bandwidth(self) -> float:
        """Return the normal reference bandwidth of the days of the events; 0 if they are one."""
        day = self.event_days()
        if len(day) < 2:
            return 0.0
        quarters = np.subtract(*np.quantile(day, [0.75, 0.25])) / 1.349
        deviation = float(np.std(day, ddof=1))
        least = near(day)  # the spread of equal days can be a rounding instead of 0
        spread = min(deviation, float(quarters)) if quarters > least else deviation
        return float(2.345 * spread * len(day) ** -0.2) if spread > least else 0.0

    def rate(self, asked: NDArray[Any], bandwidth: float) -> tuple[Floats, Floats]:
        """Return the smoothed rate and its standard error; missing outside the stretch."""
        inside = self.inside
        day = self.steps.day[inside]
        size = self.steps.events[inside] / self.steps.at_risk[inside]
        rate, error = np.full(len(asked), np.nan), np.full(len(asked), np.nan)
        within = np.flatnonzero((asked >= self.first) & (asked <= self.last))
        for rows in self._blocks(within):
            weight = self._weights(asked[rows], day, bandwidth) / bandwidth
            rate[rows] = np.maximum(weight @ size, 0.0)
            whole = np.zeros((len(rows), len(inside)))
            whole[:, inside] = weight
            error[rows] = self._error(whole)
        return rate, error

    def near_edge(self, asked: NDArray[Any], bandwidth: float) -> NDArray[np.bool_]:
        """Say of which days in the stretch the window reaches over an end of it."""
        within = (asked >= self.first) & (asked <= self.last)
        reach, _ = self._reach(asked, bandwidth)
        close = near(np.array([self.first, self.last])) / bandwidth
        near_edge: NDArray[np.bool_] = within & (reach[:, 0] < 1 - close)
        return near_edge

    def cumulative(self, asked: NDArray[Any]) -> tuple[Floats, Floats]:
        """Return the cumulative hazard and its standard error; missing after the last day."""
        total, error = cumulative(self.steps, asked, self.total)
        if self.moves is not None:
            for rows in self._blocks(np.flatnonzero(~np.isnan(error))):
                before = self.steps.day <= asked[rows, None]
                error[rows] = self._error(before.astype(np.float64))
        return total, error

    def survival_at(self, days: NDArray[Any]) -> tuple[Floats, Floats]:
        """Return the share without the event through some days, and its covariance."""
        steps = self.steps
        place = np.searchsorted(steps.day, days, side="right") - 1
        survival = steps.survival[place]
        if self.moves is None:
            variance = greenwood(steps.at_risk, steps.events)[place]
            covariance = np.minimum.outer(variance, variance)
        else:
            through = steps.day <= days[:, None]
            each = cluster_sums(steps, self.moves, through * log_slope(steps))
            covariance = each @ each.T
        return survival, np.outer(survival, survival) * covariance

    def _error(self, weight: Floats) -> Floats:
        """Return the standard errors of weighted sums of the increments, (sums, days)."""
        if self.moves is not None:
            error: Floats = np.sqrt((cluster_sums(self.steps, self.moves, weight) ** 2).sum(axis=1))
            return error
        n = self.steps.at_risk.astype(np.float64)
        variance = np.divide(self.steps.events, n**2, out=np.zeros(len(n)), where=n > 0)
        return np.asarray(np.sqrt(weight**2 @ variance))

    def _blocks(self, places: NDArray[np.intp]) -> list[NDArray[np.intp]]:
        width = len(self.steps.day) + (0 if self.moves is None else len(self.moves.first))
        return np.array_split(places, 1 + len(places) * width // BLOCK)

    def cell_weights(self, asked: NDArray[Any], edges: Floats, bandwidth: float) -> Floats:
        """Return what the kernel gives to each cell of days, for each day asked: they sum to 1."""
        reach, turn = self._reach(asked, bandwidth)
        ends = np.clip(edges, self.first, self.last)
        distance = (asked[:, None] - ends) / bandwidth * turn
        # Along the days the distance falls; where the kernel is reflected, it rises.
        weights: Floats = -turn * np.diff(kernel_through(distance, reach), axis=1)
        return weights

    def _weights(self, asked: NDArray[Any], day: NDArray[Any], bandwidth: float) -> Floats:
        reach, turn = self._reach(asked, bandwidth)
        return boundary_kernel((asked[:, None] - day) / bandwidth * turn, reach)

    def _reach(self, asked: NDArray[Any], bandwidth: float) -> tuple[Floats, Floats]:
        """Return how far the nearer edge is from each day, in bandwidths, and the side it is on."""
        # Near the end of the stretch the kernel of its start is reflected.
        start = (asked - self.first) / bandwidth
        end = (self.last - asked) / bandwidth
        turned = end < start
        reach = np.minimum(np.where(turned, end, start), 1.0)[:, None]
        return reach, np.where(turned, -1.0, 1.0)[:, None]


def boundary_kernel(distance: Floats, reach: Floats | float) -> Floats:
    r"""Return the Epanechnikov kernel, or where it meets an edge the boundary kernel for it.

    Parameters
    ----------
    distance : numpy.ndarray
        From the day of the event to the day asked, in bandwidths.
    reach : numpy.ndarray or float
        From the edge to the day asked, in bandwidths; 1 where the edge is out of reach.

    Notes
    -----
    :math:`K_q(x) = 12 (1+q)^{-4} (x+1) \{x (1-2q) + (3q^2-2q+1)/2\}` on -1 to q (Mueller and Wang
    1994, Biometrics 50:61-76, table 1). It integrates to 1 and has mean 0 for every q, and is
    :math:`3 (1-x^2)/4` for q = 1. Near an edge it is negative on a part.
    """
    q = reach
    value = (distance * (1 - 2 * q) + (3 * q**2 - 2 * q + 1) / 2) * (distance + 1)
    inside = (distance >= -1) & (distance <= q)
    return np.where(inside, value * 12 / (1 + q) ** 4, 0.0)


def kernel_through(distance: Floats, reach: Floats | float) -> Floats:
    """Return the integral of `boundary_kernel` from -1 to a distance; 0 before, and 1 after q."""
    q = reach
    x = np.clip(distance, -1.0, q)
    bend, level = 1 - 2 * q, (3 * q**2 - 2 * q + 1) / 2
    at = x * (x * (bend * x / 3 + (bend + level) / 2) + level)
    start = -(-(-bend / 3 + (bend + level) / 2) + level)
    value: Floats = (at - start) * 12 / (1 + q) ** 4
    return value


def cumulative(
    steps: Steps, asked: NDArray[Any], total: Floats | None = None
) -> tuple[Floats, Floats]:
    """Return the Nelson-Aalen estimate and its standard error; missing after the last day.

    `total` is the estimate through each day of the curve, where it is there already.
    """
    some = steps.at_risk > 0
    size = np.divide(steps.events, steps.at_risk, out=np.zeros(len(some)), where=some)
    variance = np.divide(size, steps.at_risk, out=np.zeros(len(some)), where=some)
    place = np.searchsorted(steps.day, asked, side="right") - 1
    followed = asked <= steps.day[-1]
    total = np.cumsum(size) if total is None else total
    total = np.where(followed, total[place], np.nan)
    return total, np.where(followed, np.sqrt(np.cumsum(variance))[place], np.nan)
