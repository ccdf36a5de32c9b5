"""Intervals of people who came under observation late: hazards, estimate and scores of groups."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.survival.intervals.masses import Intervals, Masses
from iop_outcomes.survival.intervals.solver import RIDGE, Runs, maximise

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
        """Return the cells with a finite increment above 0, and the pieces of their sums.

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


def estimate_truncated(intervals: Intervals) -> Masses:
    """Return the nonparametric maximum likelihood estimate of people seen from their entry on.

    Parameters
    ----------
    intervals : Intervals
        At least one, weights above 0, with entries at most `left`.

    Returns
    -------
    Masses
        Those of the curve that begins at 1. A cell of mass 0 is one where other estimates that
        reach the maximum have some.

    Raises
    ------
    EstimateError
        If the conditions of the maximum are not met to 1e-8.

    Notes
    -----
    See `Hazards`. The curve is 0 from a cell on in which everybody who is known to be at risk has
    the event, as Kaplan and Meier's; where such cells can be chosen, the latest is.
    """
    hazards = Hazards.of(intervals)
    running = np.cumsum(hazards.hazard)
    after = np.exp(-running)
    before = np.append(1.0, after[:-1])
    mass = np.where(before > 0, before - after, 0.0)
    low, high = _extremes(hazards)
    lowest, highest = after * np.exp(-low), after * np.exp(high)
    others = np.zeros(len(mass), dtype=bool)
    earliest = int(hazards.free.argmax()) if hazards.free.any() else len(mass)
    if not np.isinf(hazards.hazard[earliest : earliest + 1]).all():
        others[earliest] = True
        lowest[earliest:] = 0.0
    held = (mass > 0) | (others & (before > 0))
    table = [hazards.left[held], hazards.right[held], mass[held], lowest[held], highest[held]]
    rest = after[-1] if len(after) else 1.0
    if rest > 0:
        last = [float(intervals.left.max()), np.inf, rest, 0.0, 0.0]
        table = [np.append(part, value) for part, value in zip(table, last, strict=True)]
    left, right, mass, lowest, highest = table
    masses = Masses(left, right, mass, hazards.gap, hazards.steps)
    if not others.any() and not low.any() and not high.any():
        return masses
    return replace(masses, after_lowest=lowest, after_highest=highest)


def _extremes(hazards: Hazards) -> tuple[Floats, Floats]:
    """Return how far the running sum of the hazards can rise, and fall, after each cell.

    What `Hazards.pieces` links moves as one. What is left is that no increment falls below 0:
    distances in the graph of what moves together.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    held, piece = hazards.pieces()
    pieces = int(piece.max()) + 1
    if pieces == 1:
        return np.zeros(len(held)), np.zeros(len(held))
    count = np.append(0, np.cumsum(held))
    moving = piece[1:] != piece[:-1]
    begin, end, room = piece[:-1][moving], piece[1:][moving], hazards.hazard[held][moving]
    order = np.lexsort((room, begin, end))
    least = np.ones(len(order), dtype=bool)
    ranked = (end * pieces + begin)[order]
    least[1:] = ranked[1:] != ranked[:-1]  # the least room between two pieces
    chosen = order[least]
    graph = csr_matrix((room[chosen], (end[chosen], begin[chosen])), shape=(pieces, pieces))
    rise = dijkstra(graph, indices=piece[0])[piece][count[1:]]
    fall = dijkstra(graph.T, indices=piece[0])[piece][count[1:]]
    return rise, fall


def score_parts(hazards: Hazards, group: Indices, groups: int) -> tuple[Floats, Floats, Floats]:
    r"""Return the sum of the scores of each group, their covariance, and each person's part.

    Parameters
    ----------
    hazards : Hazards
        Of intervals of one person each, in the order of `group`.
    group : numpy.ndarray of int
        The group of each person.
    groups : int
        How many there are.

    Notes
    -----
    With the hazards of group g multiplied by :math:`\exp(\beta_g)`, at no effect: the score
    :math:`H / (e^H - 1) - C` with H the hazard over the cells of the event and C over those of the
    wait, and the observed information of :math:`\beta` less what is lost by estimating the
    increments (Finkelstein 1986, Biometrics 42:845-854). Those that are 0 are held there, and where
    several estimates reach the maximum the division between them is held as it was found.

    The part of a person, (groups, people), is the efficient score: the score less its projection on
    the scores of the increments. The parts sum to the scores.
    """
    inside, waited = hazards.totals()
    telling = np.isfinite(inside) & (hazards.runs.last > hazards.runs.first)
    hazard = np.where(telling, inside, 1.0)
    slope = np.where(telling, 1 / np.expm1(hazard), 0.0)
    curve = np.where(telling, np.exp(-hazard) / np.expm1(-hazard) ** 2, 0.0)
    hazard = np.where(telling, hazard, 0.0)
    score = hazard * slope - waited
    total: Floats = np.bincount(group, score, groups).astype(np.float64)
    size = len(hazards.hazard)
    held, piece = hazards.pieces()
    crossed = np.zeros((groups, size))
    for number in range(groups):
        among = (group == number).astype(np.float64)
        pull = (slope - hazard * curve) * among
        crossed[number] = hazards.waits.covering(among, size) - hazards.runs.covering(pull, size)
    crossed = _without_division(crossed[:, held], piece, hazards.hazard[held])
    reduced = hazards.runs.only(held)
    runs = Runs(reduced.first[telling], reduced.last[telling], reduced.share[telling])
    ridge = np.full(int(held.sum()), RIDGE)
    along = [runs.solve(curve[telling], ridge, row) for row in crossed]
    lost = [crossed @ each for each in along]
    own: Floats = np.bincount(group, hazard**2 * curve - score, groups).astype(np.float64)
    waits = hazards.waits.only(held)
    each = np.where(np.arange(groups)[:, None] == group, score, 0.0)
    for part, move in zip(each, along, strict=True):
        part -= slope * reduced.inside(move) - waits.inside(move)
    return total, np.diag(own) - np.array(lost), each


def _without_division(crossed: Floats, piece: Indices, hazard: Floats) -> Floats:
    """Return the rows without their component along directions that are not identified.

    With N the directions in which the hazards can change at the same likelihood, those x are kept
    for which N' diag(1 / h) x = 0: between cells that are not identified the hazards stay in
    proportion.
    """
    pieces = int(piece.max()) + 1
    apart = np.arange(pieces)[np.arange(pieces) != piece[0]]
    level = (piece[:, None] == apart).astype(np.float64)
    free = np.diff(level, axis=0)
    weighted = free / hazard[:, None]
    along = np.linalg.solve(free.T @ weighted, free.T @ crossed.T)
    kept: Floats = crossed - (weighted @ along).T
    return kept
