"""The estimate from intervals of people who came under observation late, in terms of hazards."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.survival.intervals.late_entry_hazards import Hazards
from iop_outcomes.survival.intervals.masses import Intervals, Masses

Floats = NDArray[np.float64]


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
    one = Masses(left, right, mass, hazards.gap, hazards.steps)
    if not others.any() and not low.any() and not high.any():
        return one
    return replace(one, after_lowest=lowest, after_highest=highest)


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
