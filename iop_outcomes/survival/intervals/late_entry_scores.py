"""Scores of groups under one curve for all, where people came under observation late."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.survival.intervals.late_entry_hazards import Hazards
from iop_outcomes.survival.intervals.solver import RIDGE, Runs

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


def score_parts(hazards: Hazards, group: Indices, groups: int) -> tuple[Floats, Floats, Floats]:
    r"""Return the sum of the scores of each group, their covariance, and each person's part.

    Parameters
    ----------
    found : Hazards
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

    The part of a person, (groups, people), is the efficient score: less what the increments' own
    scores tell of it. The parts sum to the scores.
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
    """Return the rows without their part along what the data do not tell.

    With N the directions in which the hazards can move without a loss, those x are left for which
    N' diag(1 / h) x = 0: between cells that are not told apart the hazard stays in proportion.
    """
    pieces = int(piece.max()) + 1
    apart = np.arange(pieces)[np.arange(pieces) != piece[0]]
    level = (piece[:, None] == apart).astype(np.float64)
    free = np.diff(level, axis=0)
    weighted = free / hazard[:, None]
    along = np.linalg.solve(free.T @ weighted, free.T @ crossed.T)
    kept: Floats = crossed - (weighted @ along).T
    return kept
