"""The nonparametric maximum likelihood estimate of half-open intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.survival.intervals.late_entry import estimate_truncated
from iop_outcomes.survival.intervals.masses import Intervals, Masses
from iop_outcomes.survival.intervals.solver import Runs, maximise

__all__ = ["Intervals", "Masses", "estimate_masses"]

Floats = NDArray[np.float64]


def estimate_masses(intervals: Intervals) -> Masses:
    r"""Return the nonparametric maximum likelihood estimate.

    Parameters
    ----------
    intervals : Intervals
        At least one, weights above 0. With entries the estimate is that of
        `iop_outcomes.survival.intervals.late_entry.estimate_truncated`.

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

    There is one maximum only: each :math:`P_i` is the same in all of them, and each cell ends where
    some interval ends, so that the running sums of the masses follow from the first on.
    """
    if intervals.entry is not None:
        return estimate_truncated(intervals)
    cells = _Cells.of(intervals)
    mass, gap, steps = maximise(cells)
    held = mass > 0
    return Masses(cells.left[held], cells.right[held], mass[held], gap, steps)


@dataclass(frozen=True, eq=False)
class _Cells:
    """The likelihood of masses that add up to 1, and the cells on which they are."""

    left: Floats
    right: Floats
    runs: Runs

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
        width = len(cell) + 1
        pairs, place = np.unique(first * width + last, return_inverse=True)
        share = np.bincount(place, weights=intervals.weight) / intervals.weight.sum()
        runs = Runs(pairs // width, pairs % width, share)
        return cls(values[cell_begin // 2], values[cell_end // 2], runs)

    @property
    def size(self) -> int:
        return len(self.left)

    def start(self) -> Floats:
        return np.full(self.size, 1 / self.size)

    def value(self, mass: Floats) -> float:
        return float(self.runs.share @ np.log(self.runs.inside(mass)))

    def gradient(self, mass: Floats) -> Floats:
        return self.runs.covering(self.runs.share / self.runs.inside(mass), self.size)

    def solve(self, mass: Floats, ridge: Floats, wanted: Floats) -> Floats:
        return self.runs.solve(self.runs.share / self.runs.inside(mass) ** 2, ridge, wanted)

    def holds(self, mass: Floats) -> bool:
        return bool((self.runs.inside(mass) > 0).all())

    def settled(self, mass: Floats) -> Floats:
        share: Floats = mass / mass.sum()
        return share

    def gap(self, mass: Floats) -> float:
        if not self.holds(mass):
            return float("inf")
        return max(float(self.gradient(mass).max()) - 1, 0.0)

    def only(self, kept: NDArray[np.bool_]) -> _Cells:
        return _Cells(self.left[kept], self.right[kept], self.runs.only(kept))
