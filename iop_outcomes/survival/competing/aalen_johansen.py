"""The Aalen-Johansen estimate of the share ended by each cause, on counts by day."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.survival.limits import normal_quantile

Floats = NDArray[np.float64]

ROUNDING = 1e-12  # an incidence so close to 1 is 1


def aalen_johansen(at_risk: NDArray[Any], events: NDArray[Any]) -> tuple[Floats, Floats]:
    r"""Return the cumulative incidence of each cause and its standard error.

    Parameters
    ----------
    at_risk : numpy.ndarray, shape (days,)
        How many are under observation just before each day.
    events : numpy.ndarray, shape (causes, days)
        How many end by each cause on each day.

    Returns
    -------
    tuple of numpy.ndarray, shape (causes, days)
        The incidence and its standard error, through each day.

    Notes
    -----
    With :math:`n` at risk, :math:`d_k` events of cause k and :math:`d` of all on day u,
    :math:`S` the Kaplan-Meier estimate of no end by any cause and
    :math:`F_k(t) = \sum_{u \le t} S(u-) d_k / n`, the variance of :math:`F_k(t)` is the sum over
    :math:`u \le t` of

    .. math:: S(u-)^2 \frac{d_k (n - d_k)}{n^3} - 2 S(u-) \Delta \frac{d_k}{n^2}
        + \Delta^2 \frac{d}{n (n - d)}, \qquad \Delta = F_k(t) - F_k(u).

    The events of a day are multinomial, as in Greenwood's formula: any number of ties is exact.
    With :math:`g = d / (n (n - d))` and :math:`e = F_k(u) + S(u-) (d_k / d) (1 - d / n)` the term
    is :math:`g (F_k(t) - e)^2 + S(u-)^2 d_k (d - d_k) / (d n^2)`, and the sum of the first over u
    follows from the mean and the spread of the e so far: nothing is subtracted that could cancel.
    """
    n = at_risk.astype(float)
    each = _ratio(1.0, n)
    died = events.sum(axis=0).astype(float)
    survival = np.cumprod(1 - died * each)
    before = _before(survival, 1.0)
    share = events * each
    incidence = np.cumsum(before * share, axis=1)
    of_ends = events * _ratio(1.0, died)
    between = np.cumsum(before**2 * share * (1 - of_ends) * each, axis=1)

    greenwood = _ratio(died, n * (n - died))
    weight = np.cumsum(greenwood)
    goal = incidence + before * of_ends * (1 - died * each)
    mean = np.cumsum(greenwood * goal, axis=1) * _ratio(1.0, weight)
    added = greenwood * _before(weight) * _ratio(1.0, weight)
    spread = np.cumsum(added * (goal - _before(mean)) ** 2, axis=1)
    return incidence, np.sqrt(between + weight * (incidence - mean) ** 2 + spread)


def _ratio(above: Floats | float, below: Floats) -> Floats:
    """Return the ratio, 0 where it has no denominator."""
    return np.divide(above, below, out=np.zeros(len(below)), where=below > 0)


def _before(running: Floats, start: float = 0.0) -> Floats:
    """Return a running sum or product just before each day."""
    shifted = np.empty_like(running)
    shifted[..., 0] = start
    shifted[..., 1:] = running[..., :-1]
    return shifted


def incidence_limits(
    incidence: Floats, error: Floats, confidence: float, known: NDArray[Any]
) -> tuple[Floats, Floats]:
    r"""Return the lower and upper limits of an incidence, symmetric in :math:`\log(-\log F)`.

    Parameters
    ----------
    incidence, error : numpy.ndarray
        The incidence and its standard error.
    confidence : float
        The level of the limits.
    known : numpy.ndarray
        How many people have a known status; infinite where by definition nobody can have the event.

    Notes
    -----
    The scale has no variance where the incidence is 0 or 1. Where it is 0 the lower limit is 0,
    and the upper one that of a share of none among those known, :math:`1 - (\alpha / 2)^{1 / n}`
    (Clopper and Pearson 1934, Biometrika 26:404-413). Where it is 1 both are missing.
    """
    reach = normal_quantile(confidence) * error
    below = incidence < 1 - ROUNDING
    lower = np.where(below, 0.0, np.nan)
    upper = np.where(below, none_among(known, confidence), np.nan)
    inside = below & (incidence > 0)
    share = incidence[inside]
    with np.errstate(over="ignore"):  # close to 1 the limits can reach 0 and 1
        change = np.exp(reach[inside] / (-share * np.log(share)))
    lower[inside], upper[inside] = share**change, share ** (1 / change)
    return lower, upper


def none_among(known: NDArray[Any], confidence: float) -> Floats:
    """Return the upper limit of a share of which there is none among n people."""
    number = np.asarray(known, dtype=np.float64)
    each = np.divide(1.0, number, out=np.full(number.shape, np.inf), where=number > 0)
    limit: Floats = 1 - ((1 - confidence) / 2) ** each
    return limit


def kaplan_meier_complement(at_risk: NDArray[Any], events: NDArray[Any]) -> Floats:
    """Return 1 - Kaplan-Meier of one cause, every other end taken as censoring."""
    share = np.divide(events, at_risk, out=np.zeros(len(at_risk)), where=at_risk > 0)
    return 1 - np.cumprod(1 - share)
