r"""Rates by day of events known to lie between two check-ins: expected events over exposure.

With a rate that is constant within short cells of days, a person whose event lies in (l, r] has in
each cell an expected number of events and an expected time at risk, which follow from the rate; and
the rate of a cell is the expected events over the expected time at risk of all. The two steps are
taken in turn (Dempster, Laird and Rubin 1977, JRSS-B 39:1-38), with the rate smoothed between them
(Silverman, Jones, Wilson and Nychka 1990, JRSS-B 52:271-324), until convergence.

Errors are those of the estimating equation at its solution: with :math:`\rho` the rates of the
cells, :math:`W` the smoothing and :math:`J` the derivative of :math:`\rho` by the smoothed rate,
the influence of a person is :math:`(I - J W)^{-1} u`, where u is their expected events less
:math:`\rho` times their expected time at risk, over the time at risk of all. So the uncertainty
about the days of the events is included. Influences of one cluster are added up before they are
squared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError
from iop_outcomes.survival.intervals.masses import Intervals
from iop_outcomes.survival.near_ties import near

Floats = NDArray[np.float64]

BLOCK = 500_000  # this many pairs of an interval and a cell at once
FEWEST_CELLS, MOST_CELLS = 100, 730
MOST_STEPS = 2_000
ROUNDING = 1e-9  # relative: so much more does not make another cell
CLOSE = 1e-9  # relative to the mean rate: the change at convergence
LEAST = 1e-6  # relative to the mean rate: a lower one would exclude events that occurred


@dataclass(frozen=True, eq=False)
class CellRates:
    """Rates within cells of days.

    Attributes
    ----------
    edges : numpy.ndarray, shape (cells + 1,)
        Where the cells begin and end, from day 0.
    rate : numpy.ndarray, shape (cells,)
        Events a day for one person at risk, not smoothed.
    covariance : numpy.ndarray, shape (cells, cells)
        Of the rates.
    """

    edges: Floats
    rate: Floats
    covariance: Floats

    def sum(self, weight: Floats) -> tuple[Floats, Floats]:
        """Return weighted sums of the rates, weights of shape (sums, cells), and their errors."""
        variance = np.einsum("ij,jk,ik->i", weight, self.covariance, weight, optimize=True)
        return weight @ self.rate, np.sqrt(np.maximum(variance, 0.0))

    def through(self, days: NDArray[np.float64]) -> Floats:
        """Return how many days of each cell lie before each of the days, shape (days, cells)."""
        inside = np.minimum(days[:, None], self.edges[1:]) - self.edges[:-1]
        return np.maximum(inside, 0.0)


@dataclass(frozen=True, eq=False)
class Members:
    """How many rows of each cluster have each of the distinct intervals.

    Attributes
    ----------
    count : scipy.sparse.csc_array, shape (clusters, intervals)
        The numbers.
    """

    count: Any

    @classmethod
    def of(cls, place: NDArray[np.intp], cluster: NDArray[np.intp], intervals: int) -> Members:
        """Count from the interval and the cluster of each row."""
        from scipy.sparse import csc_array

        own, clusters = np.unique(cluster, return_inverse=True)
        one, shape = np.ones(len(place)), (len(own), intervals)
        return cls(csc_array((one, (clusters, place)), shape=shape))


def cell_edges(last: float, *inner: float) -> Floats:
    """Return cells of a day up to `last`, shorter or longer if these are too few or too many."""
    if last > MOST_CELLS:
        even = np.linspace(0.0, last, MOST_CELLS + 1)
    else:
        each = max(int(np.ceil(FEWEST_CELLS / last * (1 - ROUNDING))), 1)
        even = np.arange(np.ceil(last * each) + 1) / each
    edges = np.array([last, *inner])
    # A cell as long as a rounding would part events from their time at risk.
    clear = (np.abs(even[:, None] - edges) > near(edges)).all(axis=1) & (even < last)
    return np.unique(np.concatenate([[0.0], even[clear], edges]))


def cell_rates(
    intervals: Intervals, edges: Floats, smooth: Floats, members: Members | None = None
) -> CellRates:
    """Return the rates of cells.

    Parameters
    ----------
    intervals : Intervals
        With an event among them.
    edges : numpy.ndarray
        Of the cells; from 0 to the last day of follow-up.
    smooth : numpy.ndarray, shape (cells, cells)
        Makes the rate by which an event is placed within its interval from those of the cells.
    members : Members, optional
        Which intervals are taken together in the covariance; by default people are independent.

    Raises
    ------
    EstimateError
        If the rates do not converge.
    """
    happened = np.isfinite(intervals.right)
    exact = happened & (intervals.left == intervals.right)
    wide = _chosen(intervals, happened & ~exact)
    seen = _cell_of(edges, intervals.right[exact])
    events = np.bincount(seen, intervals.weight[exact], len(edges) - 1).astype(np.float64)
    entry = np.zeros(len(intervals.left)) if intervals.entry is None else intervals.entry
    certain = _time_before(intervals.left, intervals.weight, edges)
    certain = certain - _time_before(entry, intervals.weight, edges)
    exposed = float(np.sum(intervals.weight * (intervals.left - entry)))
    exposed += float(np.sum(wide.weight * (wide.right - wide.left))) / 2
    mean = float(intervals.weight[happened].sum()) / max(exposed, np.finfo(float).tiny)
    guess = np.full(len(edges) - 1, mean)
    for _ in range(MOST_STEPS):
        placed, time = _expected_sums(wide, edges, guess)
        rate = _over(events + placed, certain + time)
        following = np.maximum(smooth @ rate, LEAST * mean)
        moved = float(np.abs(following - guess).max())
        guess = following
        if moved <= CLOSE * mean:
            break
    else:
        raise EstimateError(
            "The smoothed hazard did not converge: the days between check-ins are too many.",
            found=f"still changing by {moved / mean:.1g} of its mean after {MOST_STEPS:,} steps",
            instead="a larger bandwidth=, or fewer groups.",
        )
    whole = certain + time
    covariance = _covariance(intervals, edges, (guess, rate, whole), smooth, members)
    return CellRates(edges, rate, covariance)


def _expected_sums(wide: Intervals, edges: Floats, guess: Floats) -> tuple[Floats, Floats]:
    """Return the expected events and time at risk of all within their intervals, by cell."""
    placed, time = np.zeros(len(guess)), np.zeros(len(guess))
    for rows in _blocks(len(wide.left), len(guess)):
        part = _Expected.of(wide.left[rows], wide.right[rows], edges, guess)
        placed += wide.weight[rows] @ part.share
        time += wide.weight[rows] @ part.time
    return placed, time


@dataclass(frozen=True, eq=False)
class _Expected:
    """What is expected of events within intervals; arrays of shape (intervals, cells).

    Attributes
    ----------
    over : numpy.ndarray
        Days of the cell that lie in the interval.
    share, time : numpy.ndarray
        The probability that the event is in the cell, and the expected time at risk in it.
    end : numpy.ndarray
        The share still without the event at the end of the cell, of those without it at the start
        of the interval.
    area, moment : numpy.ndarray
        The integral over the cell of the share without the event, and of it times the days since
        the cell began.
    inside, left : numpy.ndarray, shape (intervals, 1)
        The probability of the event in the interval, and of none.
    """

    over: Floats
    share: Floats
    time: Floats
    end: Floats
    area: Floats
    moment: Floats
    inside: Floats
    left: Floats

    @classmethod
    def of(cls, left: Floats, right: Floats, edges: Floats, rate: Floats) -> _Expected:
        over = np.minimum(right[:, None], edges[1:]) - np.maximum(left[:, None], edges[:-1])
        over = np.maximum(over, 0.0)
        hazard = over * rate
        running = np.cumsum(hazard, axis=1)
        start, total = np.exp(hazard - running), running[:, -1:]
        inside, rest = -np.expm1(-total), np.exp(-total)
        fall = -np.expm1(-hazard)
        some = np.where(hazard > 1e-4, hazard, 1.0)
        # Series where the closed forms cancel: their next terms are below 1e-13.
        mean = np.where(hazard > 1e-4, fall / some, 1 - hazard / 2 + hazard**2 / 6)
        first = np.where(
            hazard > 1e-4, (fall / some - np.exp(-hazard)) / some, 0.5 - hazard / 3 + hazard**2 / 8
        )
        area = start * over * mean
        return cls(
            over=over,
            share=start * fall / inside,
            time=(area - over * rest) / inside,
            end=start * np.exp(-hazard),
            area=area,
            moment=start * over**2 * first,
            inside=inside,
            left=rest,
        )

    def slopes(self, weight: Floats) -> tuple[Floats, Floats]:
        """Return the weighted derivatives of events and of time, by cell, by the rate of each."""
        each = weight[:, None] / self.inside
        gone = each * self.left * self.over
        earlier = np.tril(np.ones((self.over.shape[1],) * 2), -1)
        events = -(earlier * ((self.share * weight[:, None]).T @ self.over))
        events += np.diag((each * self.over * self.end).sum(axis=0)) - self.share.T @ gone
        time = -(earlier * ((each * self.area).T @ self.over))
        time -= np.diag((each * self.moment).sum(axis=0))
        time += self.over.T @ gone - self.time.T @ gone
        return events, time


def _covariance(
    intervals: Intervals,
    edges: Floats,
    rates: tuple[Floats, Floats, Floats],
    smooth: Floats,
    members: Members | None,
) -> Floats:
    """Return the covariance of the rates, from the influence of each person, or cluster."""
    guess, rate, whole = rates
    cells = len(rate)
    wide = np.isfinite(intervals.right) & (intervals.left < intervals.right)
    exact = np.isfinite(intervals.right) & ~wide
    entry = np.zeros(len(wide)) if intervals.entry is None else intervals.entry
    squares, slope = np.zeros((cells, cells)), np.zeros((cells, cells))
    sums = np.zeros((0 if members is None else members.count.shape[0], cells))
    each = _over(np.ones(cells), whole)
    for rows in _blocks(len(wide), cells):
        left, right = intervals.left[rows], intervals.right[rows]
        seen = np.minimum(left[:, None], edges[1:]) - np.maximum(entry[rows][:, None], edges[:-1])
        moves = -rate * np.maximum(seen, 0.0)
        own = np.flatnonzero(exact[rows])
        moves[own, _cell_of(edges, right[own])] += 1.0
        some = np.flatnonzero(wide[rows])
        if len(some):
            part = _Expected.of(left[some], right[some], edges, guess)
            moves[some] += part.share - rate * part.time
            events, time = part.slopes(intervals.weight[rows][some])
            slope += events - rate[:, None] * time
        moves *= each
        if members is None:
            squares += (moves * intervals.weight[rows][:, None]).T @ moves
        else:
            sums += members.count[:, rows] @ moves
    if members is not None:
        squares = sums.T @ sums
    back = np.eye(cells) - (slope * each[:, None]) @ smooth
    spread = np.linalg.solve(back, squares)
    covariance: Floats = np.linalg.solve(back, spread.T)
    return (covariance + covariance.T) / 2


def _cell_of(edges: Floats, days: Floats) -> NDArray[np.int64]:
    """Return the cell of each day; a day on an edge except for rounding is in the cell before."""
    cell: NDArray[np.int64] = np.searchsorted(edges[1:] + near(edges[1:]), days)
    return cell


def _time_before(days: Floats, weight: Floats, edges: Floats) -> Floats:
    """Return the sum of the time from day 0 to each of the days, by cell."""
    order = np.argsort(days, kind="stable")
    ended = np.append(0.0, np.cumsum((weight * days)[order]))
    going = np.append(0.0, np.cumsum(weight[order]))
    place = np.searchsorted(days[order], edges, side="right")
    total = ended[place] + edges * (going[-1] - going[place])
    return np.diff(total)


def _chosen(intervals: Intervals, rows: NDArray[np.bool_]) -> Intervals:
    return Intervals(intervals.left[rows], intervals.right[rows], intervals.weight[rows])


def _blocks(rows: int, cells: int) -> list[slice]:
    size = max(BLOCK // cells, 1)
    return [slice(begin, begin + size) for begin in range(0, rows, size)]


def _over(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros(len(above)), where=below > 1e-9)
