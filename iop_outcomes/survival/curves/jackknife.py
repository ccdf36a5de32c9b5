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
that under the curve times A (`iop_outcomes.survival.running_products`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.survival.at_risk import RowRanges
from iop_outcomes.survival.running_products import summed, sums_over_rows

Floats = NDArray[np.float64]


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
        Its cluster, from 0.
    """

    first: NDArray[np.intp]
    last: NDArray[np.intp]
    event: NDArray[np.bool_]
    weight: Floats
    cluster: NDArray[Any]

    def ranges(self, days: int) -> RowRanges:
        """Return the rows as ranges of n days."""
        return RowRanges.of(self.first, self.last + 1, days)


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
    changes = _changes((slope, each, area, weighed), moves)
    products = sums_over_rows(moves.cluster, moves.first, moves.last, changes, len(day))
    basis = np.stack([slope, np.ones(len(day)), np.zeros(len(day))])
    reach = np.stack([weighed, area, np.ones(len(day))])
    return (
        summed(products, basis),
        summed(products, reach),
        summed(products, reach, basis),
    )


def _until(strips: Floats) -> Floats:
    return np.append(0.0, np.cumsum(strips)[:-1])


def _changes(curves: tuple[Floats, Floats, Floats, Floats], moves: Moves) -> tuple[Floats, Floats]:
    """Return by how much each entry, and each end, changes b, a and c of its person."""
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
    return np.stack(come) * moves.weight, np.stack(gone) * moves.weight
