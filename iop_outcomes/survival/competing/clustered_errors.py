"""Standard errors of cumulative incidence that hold for rows of one cluster."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.survival.curves.jackknife import Moves
from iop_outcomes.survival.running_products import Places, summed, sums_over_rows

Floats = NDArray[np.float64]


def clustered_errors(
    at_risk: NDArray[np.int64], events: NDArray[np.int64], moves: Moves, code: Places
) -> Floats:
    r"""Return the standard error of each incidence through each day, (causes, days).

    Parameters
    ----------
    at_risk : numpy.ndarray, shape (days,)
        How many are under observation just before each day.
    events : numpy.ndarray, shape (causes, days)
        How many end by each cause on each day.
    moves : Moves
        The rows; the event is an end by any cause.
    code : numpy.ndarray of int
        The cause that ended each row; -1 if it is censored.

    Notes
    -----
    The infinitesimal jackknife by cluster: the sum over clusters of the square of the sum over
    their rows of the derivative of the incidence by what the row counts,

    .. math:: \sum_{u \le t} S(u-) \frac{d_k(u)}{n(u)} s_i(u-) + \frac{S(u-)}{n(u)}
        \Bigl(dN_{ki}(u) - Y_i(u) \frac{d_k(u)}{n(u)}\Bigr), \qquad
        s_i(u-) = -\sum_{v < u} \frac{dN_i(v) - Y_i(v)\, d(v) / n(v)}{n(v) - d(v)}.

    With :math:`A(u) = \sum_{v \le u} d / (n (n - d))`, and f the day before the first of the row,
    that is :math:`K(t) - K(f) - A(f) (F(t) - F(f))` while the row is at risk, with
    :math:`K(t) = \sum_{u \le t} S(u-) (A(u-) - 1 / n) d_k / n`, and after its end on x it grows as
    :math:`s_i(x) F(t)`. So three numbers a cluster, which change where one of its rows comes or
    ends, give it on all days. Without late entry and clusters it is the multinomial variance.
    """
    n, died = at_risk.astype(np.float64), events.sum(axis=0)
    each, left = _ratio(n), _ratio(n - died)
    before = np.append(1.0, np.cumprod(1 - died * each)[:-1])
    slope = np.append(0.0, np.cumsum(died * each * left))  # A before each day, and after all
    one, after = np.ones(len(moves.first)), moves.last + 1
    errors = []
    for cause, own in enumerate(events):
        step = before * own * each
        incidence = np.append(0.0, np.cumsum(step))
        drift = np.append(0.0, np.cumsum(step * (slope[:-1] - each)))
        started = slope[moves.first]
        ended = slope[after] - moves.event * left[moves.last]
        jump = (code == cause) * (before * each)[moves.last]
        kept = started * incidence[moves.first] - drift[moves.first]
        settled = drift[after] - ended * incidence[after] + jump
        changes = np.stack([one, -started, kept]), np.stack([-one, ended, settled])
        products = sums_over_rows(moves.cluster, moves.first, moves.last, changes, len(at_risk))
        weights = np.stack([drift[1:], incidence[1:], np.ones(len(at_risk))])
        errors.append(np.sqrt(summed(products, weights)))
    return np.stack(errors)


def _ratio(number: Floats) -> Floats:
    return np.divide(1.0, number, out=np.zeros(len(number)), where=number > 0)
