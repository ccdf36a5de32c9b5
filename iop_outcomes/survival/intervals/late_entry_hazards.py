"""The increments of the cumulative hazard that intervals with late entry make most likely."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.survival.intervals.masses import Intervals
from iop_outcomes.survival.intervals.solver import Runs, maximise

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Chosen = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Hazards:
    r"""Cells, the increments of the cumulative hazard in them, and the intervals as runs of cells.

    Attributes
    ----------
    left, right : numpy.ndarray of float
        The cells (left, right] that some event can lie in; equal for a single day.
    hazard : numpy.ndarray of float
        The increments h; infinite where the curve falls to 0.
    free : numpy.ndarray of bool
        The cells through which nobody is known to have come without the event.
    runs, waits : Runs
        For each interval the cells in which its event lies (none if there is no event), and those
        through which the person is known to have come without it. `share` is of all people.
    gap : float
        The most log-likelihood a person that any other increments could gain.
    steps : int
        The steps that it took.

    Notes
    -----
    A person with entry e and interval (l, r] has the log-likelihood, given no event up to e,

    .. math:: \log\Bigl(1 - \exp\bigl(-\sum_{l < j \le r} h_j\bigr)\Bigr) - \sum_{e < j \le l} h_j,

    without the first term if no event is known. It is concave in :math:`h \ge 0`, though not in
    the masses (Turnbull 1976, JRSS-B 38:290-295). Mass can lie only where the start of some
    (l, r] or the end of someone's follow-up is followed by some r or by an entry (Alioum and
    Commenges 1996, Biometrics 52:512-524): anywhere else a neighbouring stretch is covered by
    more events and fewer waits. With :math:`c_j` the share that waits through cell j the terms of
    the waits add up to :math:`-\sum_j c_j h_j`, and the maximum is where
    :math:`d_j = \sum_{i \ni j} w_i / (\exp(H_i) - 1)` is at most :math:`c_j`, with equality
    wherever :math:`h_j > 0`. Since :math:`\sum_j c_j h_j` is at most the share of the events W
    there, :math:`W \max_j (d_j / c_j - 1)^+ + \sum_j (c_j - d_j) h_j` bounds what is missing.
    Where :math:`c_j = 0` the increment is infinite (Hudgens 2005, JRSS-B 67:573-587).
    """

    left: Floats
    right: Floats
    hazard: Floats
    free: Chosen
    runs: Runs
    waits: Runs
    gap: float
    steps: int

    @classmethod
    def of(cls, intervals: Intervals) -> Hazards:
        """Return the increments that maximise the likelihood."""
        left, right, runs, waits = _cells(intervals)
        size = len(left)
        through = waits.covering(intervals.weight, size)
        free = through == 0
        # Events that can lie in a free cell are certain; they say nothing of other cells.
        certain = runs.inside(free.astype(np.float64)) > 0
        happened = runs.last > runs.first
        telling = runs.share * (happened & ~certain)
        kept = ~free & (runs.covering((telling > 0).astype(np.float64), size) > 0)
        hazard, gap, steps = np.zeros(size), 0.0, 0
        if kept.any():
            cost = through[kept] / intervals.weight.sum()
            hazard[kept], gap, steps = _solved(runs.only(kept), telling, cost)
        hazard[_endless(runs.only(free), certain, np.flatnonzero(free))] = np.inf
        return cls(left, right, hazard, free, runs, waits, gap, steps)

    def totals(self) -> tuple[Floats, Floats]:
        """Return the hazard of each interval over its event's cells, and over its waits."""
        endless = np.isinf(self.hazard)
        finite = np.where(endless, 0.0, self.hazard)
        certain = self.runs.inside(endless.astype(np.float64)) > 0
        return np.where(certain, np.inf, self.runs.inside(finite)), self.waits.inside(finite)

    def pieces(self) -> tuple[Chosen, Indices]:
        """Return the cells with a finite increment above 0, and what of their sums moves as one.

        The sum over each run is the same in all maxima, so that the running sums at its two ends
        move together, and all that are linked so. The second array has a piece for the running
        sum before the first of the cells, which is 0 and does not move, and after each of them;
        one piece in all means that there is one maximum.
        """
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import connected_components

        held = (self.hazard > 0) & np.isfinite(self.hazard)
        certain = self.runs.inside(self.free.astype(np.float64)) > 0
        runs = self.runs.only(held)
        first, last = runs.first[~certain], runs.last[~certain]
        size = int(held.sum()) + 1
        links = csr_matrix((np.ones(len(first)), (first, last)), shape=(size, size))
        _, piece = connected_components(links, directed=False)
        return held, np.asarray(piece, dtype=np.intp)


def _cells(intervals: Intervals) -> tuple[Floats, Floats, Runs, Runs]:
    """Return the cells, and for each interval the runs of its event and of its waits."""
    entry = intervals.left if intervals.entry is None else intervals.entry
    happened = np.isfinite(intervals.right)
    ends_of = np.where(happened, intervals.right, intervals.left)
    values = np.unique(np.concatenate([intervals.left, ends_of, entry]))
    place = np.searchsorted(values, intervals.left)
    # Twice the rank, and one more for "after the day": a single day t is (2 r, 2 r + 1].
    begin = 2 * place + (intervals.left != intervals.right)
    end = 2 * np.searchsorted(values, ends_of) + 1
    enter = np.where(entry > 0, 2 * np.searchsorted(values, entry) + 1, 0)
    starts = np.unique(begin)
    ends = np.unique(np.concatenate([end[happened], enter[(enter > 0) & (enter < begin)]]))
    following = np.append(ends, 2 * len(values))
    next_end = following[np.searchsorted(ends, starts, side="right")]
    next_start = np.append(starts[1:], 2 * len(values) - 1)
    cell = next_end <= next_start
    cell_begin, cell_end = starts[cell], next_end[cell]
    share = intervals.weight / intervals.weight.sum()
    first = np.searchsorted(cell_begin, begin, side="left")
    last = np.where(happened, np.searchsorted(cell_end, end, side="right"), first)
    covered = Runs(first, last, share).covering(happened.astype(np.float64), len(cell_begin)) > 0
    waits = Runs(
        np.searchsorted(cell_begin, enter, side="left"),
        np.searchsorted(cell_end, begin, side="right"),
        share,
    )
    lefts, rights = values[cell_begin // 2], values[cell_end // 2]
    runs = Runs(first, last, share).only(covered)
    return lefts[covered], rights[covered], runs, waits.only(covered)


def _endless(runs: Runs, certain: Chosen, cells: Indices) -> list[int]:
    """Return the fewest free cells that hold all certain events, each as late as can be."""
    first, last = runs.first[certain], runs.last[certain]
    chosen: list[int] = []
    while len(last):
        latest = int(last.min()) - 1
        chosen.append(int(cells[latest]))
        later = first > latest
        first, last = first[later], last[later]
    return chosen


def _solved(runs: Runs, telling: Floats, cost: Floats) -> tuple[Floats, float, int]:
    """Return the increments of the cells with a finite one."""
    some = telling > 0
    width = len(cost) + 1
    pairs, place = np.unique(runs.first[some] * width + runs.last[some], return_inverse=True)
    share: Floats = np.bincount(place, weights=telling[some]).astype(np.float64)
    scaled, gap, steps = maximise(_Waiting(Runs(pairs // width, pairs % width, share), cost))
    return scaled / cost, gap, steps


@dataclass(frozen=True, eq=False)
class _Waiting:
    """The likelihood in terms of c h: the hazard of each cell times the share waiting in it."""

    runs: Runs
    cost: Floats

    @property
    def size(self) -> int:
        return len(self.cost)

    def start(self) -> Floats:
        start: Floats = self.cost * np.log1p(1 / self.cost) / self.size
        return start

    def hazards(self, mass: Floats) -> Floats:
        return self.runs.inside(mass / self.cost)

    def value(self, mass: Floats) -> float:
        return float(self.runs.share @ np.log(-np.expm1(-self.hazards(mass))))

    def gradient(self, mass: Floats) -> Floats:
        inside = self.hazards(mass)
        pull = self.runs.share * np.exp(-inside) / -np.expm1(-inside)
        gradient: Floats = self.runs.covering(pull, self.size) / self.cost
        return gradient

    def solve(self, mass: Floats, ridge: Floats, wanted: Floats) -> Floats:
        inside = self.hazards(mass)
        curve = self.runs.share * np.exp(-inside) / np.expm1(-inside) ** 2
        solution: Floats = self.cost * self.runs.solve(
            curve, ridge * self.cost**2, wanted * self.cost
        )
        return solution

    def holds(self, mass: Floats) -> bool:
        return bool((self.hazards(mass) > 0).all())

    def settled(self, mass: Floats) -> Floats:
        return mass

    def gap(self, mass: Floats) -> float:
        if not self.holds(mass):
            return float("inf")
        excess = self.gradient(mass) - 1
        total = self.runs.share.sum() * max(float(excess.max()), 0.0)
        return float(total + max(-float(excess @ mass), 0.0))

    def only(self, kept: Chosen) -> _Waiting:
        return _Waiting(self.runs.only(kept), self.cost[kept])
