r"""The infinitesimal jackknife of a Kaplan-Meier curve and of the area under it.

With :math:`n` the weight at risk and :math:`d` that of the events on a day, the log of the curve
is :math:`\sum \log(1 - d / n)`. Its derivative by the weight of a row that is under observation
from e and ends on x is, through day t,

.. math:: A(\min(t, x)) - A(e), \qquad A(t) = \sum_{u \le t} \frac{d}{n (n - d)},

less :math:`1 / (n(x) - d(x))` once t has come to x if the row ends there with the event. A
person's influence is the sum over their rows of weight times derivative, and the variance is the
sum over people of its square: R's ``survfit(..., cluster=)``.

A row changes its person's influence only where it comes and where it ends: between these the
influence is a + A(t) b, and the area's a H(t) + b J(t) + c, with H the area under the curve and J
that under the curve times A. So the sums of squares are running sums over the comings and goings,
sorted once: no table of people by days.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ROUNDING = 64 * float(np.finfo(float).eps)
PAIRS = ((0, 0), (0, 1), (1, 1), (0, 2), (1, 2), (2, 2))


@dataclass(frozen=True, eq=False)
class Moves:
    """The rows of one group, as places among the days of its curve.

    Attributes
    ----------
    first, last : numpy.ndarray of int
        The first day on which the row is at risk, and the day on which it ends.
    event : numpy.ndarray of bool
        Whether it ends with the event.
    weight : numpy.ndarray
        What it counts.
    cluster : numpy.ndarray of int
        Whose it is, from 0 up.
    """

    first: NDArray[np.intp]
    last: NDArray[np.intp]
    event: NDArray[np.bool_]
    weight: Floats
    cluster: NDArray[Any]

    def at_risk(self, days: int) -> Floats:
        """Return the weight at risk on each day, summed from the end: exact where few are left."""
        ended = np.bincount(self.last, self.weight, days)
        came = np.bincount(self.first, self.weight, days)
        later = np.append(np.cumsum(came[::-1])[::-1][1:], 0.0)
        sums: Floats = np.cumsum(ended[::-1])[::-1] - later
        return sums


def jackknife(
    day: NDArray[Any], survival: Floats, counts: tuple[Floats, Floats, Floats], moves: Moves
) -> tuple[Floats, Floats, Floats]:
    """Return the variance of the log survival, that of the area, and their covariance, by day.

    Parameters
    ----------
    day, survival : numpy.ndarray
        The days of the curve, day 0 first, and its height through each.
    counts : tuple of numpy.ndarray
        The weight at risk, with the event, and at risk less with the event; the last is 0 where
        the curve comes down to 0.
    moves : Moves
        The rows.
    """
    at_risk, events, left = counts
    each = np.divide(1.0, left, out=np.zeros(len(day)), where=left > 0)
    rise = np.divide(events * each, at_risk, out=np.zeros(len(day)), where=at_risk > 0)
    slope = np.cumsum(rise)  # A of the notes
    width = np.diff(day.astype(float), append=day[-1])
    start = int(np.argmax(survival < 1))  # until then nothing is uncertain
    width[:start] = 0.0
    area = _until(survival * width)
    weighed = _until(survival * slope * width)
    sums = _squares(_changes((slope, each, area, weighed), moves), moves, len(day))
    basis = np.stack([slope, np.ones(len(day)), np.zeros(len(day))])
    reach = np.stack([weighed, area, np.ones(len(day))])
    return (
        np.maximum(_form(sums, basis, basis), 0.0),
        np.maximum(_form(sums, reach, reach), 0.0),
        _form(sums, reach, basis),
    )


def _until(strips: Floats) -> Floats:
    return np.append(0.0, np.cumsum(strips)[:-1])


def _changes(curves: tuple[Floats, Floats, Floats, Floats], moves: Moves) -> Floats:
    """Return by how much each coming, and each going, moves b, a and c of its person."""
    slope, each, area, weighed = curves
    before = np.maximum(moves.first - 1, 0)
    started = np.where(moves.first > 0, slope[before], 0.0)
    come = [
        np.ones(len(started)),
        -started,
        np.where(moves.first > 0, started * area[before] - weighed[before], 0.0),
    ]
    ended = slope[moves.last] - moves.event * each[moves.last]
    gone = [-come[0], ended, weighed[moves.last] - ended * area[moves.last]]
    return np.hstack([np.stack(come), np.stack(gone)]) * np.tile(moves.weight, 2)


def _squares(changes: Floats, moves: Moves, days: int) -> list[Floats]:
    """Return the sums over people of the products of b, a and c, through each day."""
    rows = len(moves.first)
    alone = (np.bincount(moves.cluster) == 1)[moves.cluster]
    come, gone = changes[:, :rows], changes[:, rows:]
    ended = come[:, alone] + gone[:, alone]
    once = [come[:, alone], ended]
    several = _several(come[:, ~alone], gone[:, ~alone], _of(moves, ~alone), days)
    sums = []
    for (one, other), among in zip(PAIRS, several, strict=True):
        first, last = (state[one] * state[other] for state in once)
        on_day = np.bincount(moves.first[alone], first, days).astype(float)
        on_day += np.bincount(moves.last[alone], last - first, days)
        sums.append(np.cumsum(on_day + among))
    return sums


def _of(moves: Moves, some: NDArray[np.bool_]) -> Moves:
    cluster = np.asarray(pd.factorize(moves.cluster[some])[0])
    places = moves.first[some], moves.last[some], moves.event[some], moves.weight[some]
    return Moves(*places, cluster)


def _several(come: Floats, gone: Floats, moves: Moves, days: int) -> list[Floats]:
    """Return, by day, by how much the people with several rows change the sums."""
    if not len(moves.first):
        return [np.zeros(days) for _ in PAIRS]
    changes = np.hstack([come, gone])
    people = int(moves.cluster.max()) + 1
    cluster = np.tile(moves.cluster, 2)
    # Each person is closed after the last day: the running sums of the next begin with nothing.
    closing = np.stack([-np.bincount(cluster, change, people) for change in changes])
    place = np.concatenate([moves.first, moves.last, np.full(people, days)])
    of = np.concatenate([cluster, np.arange(people)])
    order = np.argsort(of * (days + 1) + place, kind="stable")
    after = np.cumsum(np.hstack([changes, closing])[:, order], axis=1)
    place = place[order]
    changed = [np.diff(after[one] * after[other], prepend=0.0) for one, other in PAIRS]
    return [np.bincount(place, change, days + 1)[:days].astype(float) for change in changed]


def _form(sums: list[Floats], one: Floats, other: Floats) -> Floats:
    """Return the form of the sums; 0 where it is the rounding of terms that cancel."""
    total, size = np.zeros(one.shape[1]), np.zeros(one.shape[1])
    for (i, j), value in zip(PAIRS, sums, strict=True):
        largest = np.maximum.accumulate(np.abs(value))
        for left, right in {(i, j), (j, i)}:
            product = one[left] * other[right]
            total += value * product
            size += largest * np.abs(product)
    return np.where(np.abs(total) > ROUNDING * size, total, 0.0)
