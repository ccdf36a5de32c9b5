"""The nonparametric maximum likelihood estimate of half-open intervals, by an interior point.

Everything here is in terms of *cells*, the smallest stretches on which the estimate can have mass,
and of distinct intervals as runs of cells; nothing depends on the number of people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError
from iop_outcomes.survival.limits import crossing_day

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

LARGEST_GAP = 1e-8
WANTED_GAP = 1e-12
MOST_STEPS = 200
POLISHING = 8
MOST_HALVINGS = 40
FAR = 1e8
ROUNDING = 1e-13
RIDGE = 1e-10  # keeps a solution where intervals do not tell cells apart; does not move it
NOTHING = 1e-7  # a mass below this is put to 0 if the rest can then be solved for


@dataclass(frozen=True, eq=False)
class Intervals:
    """Distinct intervals (left, right] with the number of people in each.

    Attributes
    ----------
    left, right : numpy.ndarray of float
        In days; `right` is infinite where no event is known, and equal to `left` where the day
        itself is.
    weight : numpy.ndarray of float
        How many people.
    """

    left: Floats
    right: Floats
    weight: Floats

    @classmethod
    def of(cls, left: NDArray[Any], right: NDArray[Any]) -> Intervals:
        """Return the distinct intervals of one entry a person."""
        starts, start = np.unique(left.astype(np.float64), return_inverse=True)
        ends, end = np.unique(right.astype(np.float64), return_inverse=True)
        pairs, count = np.unique(start * len(ends) + end, return_counts=True)
        return cls(starts[pairs // len(ends)], ends[pairs % len(ends)], count.astype(np.float64))


@dataclass(frozen=True, eq=False)
class Masses:
    """The estimate: cells in order, and how sure it is that no other has a higher likelihood.

    Attributes
    ----------
    left, right : numpy.ndarray of float
        The cells (left, right] that hold mass; equal for a single day.
    mass : numpy.ndarray of float
        Above 0, adding up to 1.
    gap : float
        What breaks the Karush-Kuhn-Tucker conditions: at most so much log-likelihood a person
        could be gained by any other distribution.
    steps : int
        The steps that it took.
    """

    left: Floats
    right: Floats
    mass: Floats
    gap: float
    steps: int

    @property
    def after(self) -> Floats:
        """The survival after each cell."""
        below: Floats = np.append(np.cumsum(self.mass[::-1])[::-1][1:], 0.0)
        return below

    @property
    def before(self) -> Floats:
        """The survival before each cell."""
        return np.append(1.0, self.after[:-1])

    def median(self) -> tuple[float, float]:
        """Return the earliest and latest median, wherever in its cell the mass is.

        Each by R's rule for a curve that lies on one half; missing if half is not reached.
        """
        endless = np.isinf(self.right)
        height = np.append(1.0, np.where(endless, self.before, self.after))
        return (
            crossing_day(np.append(0.0, self.left), height),
            crossing_day(np.append(0.0, np.where(endless, self.left, self.right)), height),
        )

    def bounds(self, days: NDArray[Any]) -> tuple[Floats, Floats]:
        """Return the lowest and highest survival on each day, wherever in its cell the mass is."""
        steps = np.append(1.0, self.after)
        single = self.left == self.right
        begun = np.where(single, self.left, np.nextafter(self.left, np.inf))
        lowest = steps[np.searchsorted(begun, days, side="right")]
        highest = steps[np.searchsorted(self.right, days, side="right")]
        return lowest, highest


def estimate_masses(intervals: Intervals) -> Masses:
    r"""Return the nonparametric maximum likelihood estimate.

    Parameters
    ----------
    intervals : Intervals
        At least one, weights above 0.

    Raises
    ------
    EstimateError
        If the conditions of the maximum are not met to 1e-8.

    Notes
    -----
    Mass can only lie where a left end is followed by a right one (Peto 1973, Appl Stat 22:86-91;
    Turnbull 1976, JRSS-B 38:290-295). With :math:`w_i` the share of the people in interval i and
    :math:`P_i` the mass in its cells, :math:`\sum_i w_i \log P_i - \sum_j p_j` is maximised over
    :math:`p \ge 0`. With :math:`d_j = \sum_{i \ni j} w_i / P_i` the maximum is where
    :math:`d_j \le 1`, with equality wherever :math:`p_j > 0` (Gentleman and Geyer 1994, Biometrika
    81:618-623); since the problem is concave, :math:`\max_j d_j - 1` bounds what is missing to it.
    """
    cells = _Cells.of(intervals)
    mass, steps = _interior_point(cells)
    mass = _polished(cells, mass)
    gap = cells.gap(mass)
    if gap > LARGEST_GAP:
        raise EstimateError(
            "The interval-censored estimate did not converge.",
            found=f"a gap of {gap:.1e} a person after {steps} steps, where {LARGEST_GAP:.0e} is "
            "asked for",
            instead="whole days, or fewer distinct intervals.",
        )
    held = mass > 0
    return Masses(cells.left[held], cells.right[held], mass[held], gap, steps)


@dataclass(frozen=True, eq=False)
class _Cells:
    """The cells, and each distinct run of cells (first to before `last`) with its share."""

    left: Floats
    right: Floats
    first: Indices
    last: Indices
    share: Floats

    @classmethod
    def of(cls, intervals: Intervals) -> _Cells:
        # Twice the rank, and one more for "after the day": a single day t is (2 r, 2 r + 1].
        values = np.unique(np.concatenate([intervals.left, intervals.right]))
        from_left = np.searchsorted(values, intervals.left)
        begin = 2 * from_left + (intervals.left != intervals.right)
        end = 2 * np.searchsorted(values, intervals.right) + 1
        starts, ends = np.unique(begin), np.unique(end)
        next_end = np.searchsorted(ends, starts, side="right")
        next_start = np.append(starts[1:], end.max() + 1)
        cell = np.flatnonzero(ends[next_end] <= next_start)
        cell_begin, cell_end = starts[cell], ends[next_end[cell]]
        first = np.searchsorted(cell_begin, begin, side="left")
        last = np.searchsorted(cell_end, end, side="right")
        pairs, place = np.unique(first * (len(cell) + 1) + last, return_inverse=True)
        share = np.bincount(place, weights=intervals.weight) / intervals.weight.sum()
        width = len(cell) + 1
        return cls(
            values[cell_begin // 2], values[cell_end // 2], pairs // width, pairs % width, share
        )

    def inside(self, mass: Floats) -> Floats:
        """Return the mass in each interval."""
        total = np.append(0.0, np.cumsum(mass))
        found: Floats = total[self.last] - total[self.first]
        return found

    def gradient(self, mass: Floats) -> Floats:
        """Return, for each cell, the sum of share over mass of the intervals that hold it."""
        pull = self.share / self.inside(mass)
        size = len(mass) + 1
        change = np.bincount(self.first, pull, size) - np.bincount(self.last, pull, size)
        total: Floats = np.cumsum(change)[:-1]
        return total

    def gap(self, mass: Floats) -> float:
        """Return the most log-likelihood a person that any other masses could gain."""
        if (self.inside(mass) <= 0).any():
            return float("inf")
        return max(float(self.gradient(mass).max()) - 1, 0.0)

    def only(self, kept: NDArray[np.bool_]) -> _Cells:
        """Return the same intervals over some of the cells."""
        count = np.append(0, np.cumsum(kept))
        return _Cells(
            self.left[kept], self.right[kept], count[self.first], count[self.last], self.share
        )

    def solve(self, mass: Floats, ridge: Floats, wanted: Floats) -> Floats:
        """Return x with (A' D A + diag(ridge)) x = wanted, A the cells of each interval.

        Solved for the running sums of x: of those, each interval holds two only.
        """
        from scipy.sparse import csc_matrix
        from scipy.sparse.linalg import splu

        size = len(mass)
        curve = self.share / self.inside(mass) ** 2
        # The running sums up to the last cell and to the one before the first; -1: none.
        rows = np.concatenate([self.last - 1, np.arange(size)])
        columns = np.concatenate([self.first - 1, np.arange(-1, size - 1)])
        values = np.concatenate([curve, ridge])
        pair = columns >= 0
        row = np.concatenate([rows, columns[pair], rows[pair], columns[pair]])
        column = np.concatenate([rows, columns[pair], columns[pair], rows[pair]])
        value = np.concatenate([values, values[pair], -values[pair], -values[pair]])
        matrix = csc_matrix((value, (row, column)), shape=(size, size))
        target = wanted - np.append(wanted[1:], 0.0)
        try:
            running = splu(matrix, permc_spec="MMD_AT_PLUS_A").solve(target)
        except RuntimeError:  # exactly singular
            running = np.full(size, np.nan)
        return np.diff(running, prepend=0.0)


def _interior_point(cells: _Cells) -> tuple[Floats, int]:
    """Return masses above 0 that meet the conditions, by primal-dual Newton steps."""
    size = len(cells.left)
    mass = np.full(size, 1 / size)
    slack = np.ones(size)
    for step in range(1, MOST_STEPS + 1):
        slope = cells.gradient(mass) - 1
        product = float(mass @ slack)
        if product < WANTED_GAP and np.abs(slope + slack).max() < WANTED_GAP:
            return mass, step
        aim = 0.1 * product / size
        move = cells.solve(mass, slack / mass, slope + aim / mass)
        if not np.isfinite(move).all():
            return mass, step
        turn = aim / mass - slack - slack / mass * move
        mass = _climbed(cells, mass, move, aim)
        slack = slack + _room(slack, turn) * turn
        # Kept near aim / mass, so that a mass that moved far does not leave it behind.
        slack = np.clip(slack, aim / mass / FAR, FAR * aim / mass)
    return mass, MOST_STEPS


def _climbed(cells: _Cells, mass: Floats, move: Floats, aim: float) -> Floats:
    """Return the masses moved so far along `move` that the objective with its barrier rises."""

    def height(trial: Floats) -> float:
        total = cells.share @ np.log(cells.inside(trial)) - trial.sum() + aim * np.log(trial).sum()
        return float(total)

    reach, start = _room(mass, move), height(mass)
    for _ in range(MOST_HALVINGS):
        trial = mass + reach * move
        if height(trial) >= start - ROUNDING:
            return trial
        reach /= 2
    return mass


def _room(value: Floats, move: Floats) -> float:
    """Return how far one can go, at most 1, before a value is used up."""
    down = move < 0
    return min(1.0, 0.99 * float((-value[down] / move[down]).min())) if down.any() else 1.0


def _polished(cells: _Cells, mass: Floats) -> Floats:
    """Return the masses with those near 0 at 0, if the rest meets the conditions as well."""
    kept = mass > NOTHING
    part = mass[kept]
    for _ in range(POLISHING):
        inner = cells.only(kept)
        if (inner.inside(part) <= 0).any():
            return mass
        part = part + inner.solve(part, np.full(len(part), RIDGE), inner.gradient(part) - 1)
        if not np.isfinite(part).all():
            return mass
        held = part > ROUNDING
        kept[kept] = held
        part = part[held]
    found = np.zeros(len(mass))
    found[kept] = part / part.sum()
    return found if cells.gap(found) <= max(cells.gap(mass), 100 * WANTED_GAP) else mass
