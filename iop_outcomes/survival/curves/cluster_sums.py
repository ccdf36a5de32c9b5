"""What each cluster of rows adds to the error of sums over days of events by those at risk."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.survival.curves.jackknife import Moves
from iop_outcomes.survival.curves.steps import Steps

Floats = NDArray[np.float64]


def cluster_sums(steps: Steps, moves: Moves, weight: Floats) -> Floats:
    r"""Return the influence of each cluster on weighted sums of the Nelson-Aalen increments.

    Parameters
    ----------
    steps : Steps
        The days of one group, with who is at risk and who has the event.
    moves : Moves
        Its rows.
    weight : numpy.ndarray, shape (sums, days)
        What the increment of each day counts in each sum.

    Returns
    -------
    numpy.ndarray, shape (sums, clusters)
        The sum of the squares of a row is the variance of that sum.

    Notes
    -----
    With d events among n at risk, the derivative of :math:`\sum_u w(u)\, d(u) / n(u)` by what row
    i counts is :math:`d_i\, w(x_i) / n(x_i)` less :math:`\sum w(u)\, d(u) / n(u)^2` over the days
    u on which it is at risk; the rows of a cluster are added up, each times its weight. Where each
    row is a cluster, weighs one and does not enter late, the squares add up to
    :math:`\sum_u w(u)^2\, d(u) (n(u) - d(u)) / n(u)^3`.
    """
    n = steps.at_risk.astype(np.float64)
    each = np.divide(1.0, n, out=np.zeros(len(n)), where=n > 0)
    change = weight[:, moves.last] * (moves.event * each[moves.last])
    change -= moves.ranges(len(n)).passed(weight * (steps.events * each**2))
    change *= moves.weight
    order = np.argsort(moves.cluster, kind="stable")
    begin = np.flatnonzero(np.diff(moves.cluster[order], prepend=-1))
    sums: Floats = np.add.reduceat(change[:, order], begin, axis=1)
    return sums


def log_slope(steps: Steps) -> Floats:
    """Return by how much the log of the curve falls with the increment of each day.

    It is 0 on the day on which the curve comes down to 0.
    """
    left = steps.at_risk - steps.events
    if steps.rows is not None:  # sums of weights leave a rest where all have the event
        left = np.where(steps.rows.at_risk_before(steps.day) > steps.rows.events, left, 0.0)
    slope: Floats = np.divide(steps.at_risk, left, out=np.zeros(len(left)), where=left > 0)
    return slope


def curve_sums(steps: Steps, moves: Moves, horizon: float) -> Floats:
    """Return the influence of each cluster on a Kaplan-Meier curve and on the area under it.

    Parameters
    ----------
    steps, moves
        As of `cluster_sums`.
    horizon : float
        The day, and to which the area goes.

    Returns
    -------
    numpy.ndarray, shape (2, clusters)
        On the share without the event through the horizon, and on the area up to it.
    """
    inside, through = steps.day < horizon, steps.day <= horizon
    width = np.diff(np.append(steps.day[inside], horizon))
    ahead = np.zeros(len(steps.day))
    ahead[inside] = np.cumsum((steps.survival[inside] * width)[::-1])[::-1]
    height = steps.survival[through][-1] * through
    return cluster_sums(steps, moves, -log_slope(steps) * np.stack([height, ahead]))
