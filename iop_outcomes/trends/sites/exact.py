"""Exact limits and tails of a funnel, of a proportion and of a ratio of observed to expected."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from iop_outcomes.shared.arrays import Floats


def exact_proportion_limit(denominator: npt.ArrayLike, target: float, below: float) -> Floats:
    r"""Return the proportion below which a share `below` of binomial samples lies.

    Parameters
    ----------
    denominator : array_like
        Whole numbers; missing or 0 gives a missing limit.
    target : float
        The expected proportion, from 0 to 1.
    below : float
        For example 0.001 for the lower and 0.999 for the upper of 99.8% limits.

    Returns
    -------
    numpy.ndarray of float64
        Limits from 0 to 1.

    Notes
    -----
    The binomial quantile :math:`r` is interpolated: :math:`(r - a) / n` with
    :math:`a = (F(r) - p) / (F(r) - F(r - 1))` (Spiegelhalter 2005, appendix).

    References
    ----------
    Spiegelhalter DJ. Funnel plots for comparing institutional performance. Statistics in Medicine
    2005; 24: 1185-1202.

    Examples
    --------
    >>> from iop_outcomes.trends.sites import exact_proportion_limit
    >>> exact_proportion_limit([20, 50], 0.4, 0.975).round(3).tolist()
    [0.594, 0.528]
    """
    n = np.asarray(denominator, dtype=np.float64)
    known = (n > 0) & (n == np.floor(n)) & (0 <= target <= 1)
    used = np.where(known, n, 1.0)
    r = _quantile(below, used, target)
    up, down = _at_most(r, used, target), _at_most(r - 1, used, target)
    part = np.divide(up - below, up - down, out=np.zeros_like(used), where=up > down)
    return np.where(known, np.clip((r - part) / used, 0.0, 1.0), np.nan)


def _at_most(number: Floats, n: Floats, target: float) -> Floats:
    """Return the probability of at most a number of events among n."""
    from scipy.special import betaincc  # scipy.stats takes as long to load as a picture to draw

    within = np.clip(number, 0, n - 1)
    inside = betaincc(within + 1, n - within, target)
    return np.where(number < 0, 0.0, np.where(number >= n, 1.0, inside))


def _quantile(below: float, n: Floats, target: float) -> Floats:
    """Return the smallest number of n that is reached with a probability of at least `below`."""
    low, high = np.full_like(n, -1.0), n.copy()  # the number is above low, and at most high
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        enough = _at_most(middle, n, target) >= below
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high


def exact_ratio_limit(expected: npt.ArrayLike, below: float) -> Floats:
    r"""Return the ratio of observed to expected below which a share `below` of Poisson counts lies.

    Parameters
    ----------
    expected : array_like
        Expected numbers; missing or 0 gives a missing limit.
    below : float
        As in :func:`exact_proportion_limit`; less than one half gives a lower limit.

    Returns
    -------
    numpy.ndarray of float64
        Limits, 0 or more.

    Notes
    -----
    :math:`\chi^2_{p, 2E} / 2E` for a lower and :math:`\chi^2_{p, 2(E + 1)} / 2E` for an upper
    limit.

    Examples
    --------
    >>> from iop_outcomes.trends.sites import exact_ratio_limit
    >>> exact_ratio_limit([15, 30], 0.975).round(3).tolist()
    [1.649, 1.428]
    """
    from scipy.special import gammaincinv

    number = np.asarray(expected, dtype=np.float64)
    used = np.where(number > 0, number, 1.0)
    # half a chi-squared quantile on 2k degrees of freedom is a gamma quantile of shape k
    limit = gammaincinv(used + (1 if below > 0.5 else 0), below) / used
    return np.where(number > 0, limit, np.nan)


def exact_tails(
    number: npt.ArrayLike, size: npt.ArrayLike, target: float, *, proportion: bool
) -> tuple[Floats, Floats]:
    r"""Return how often chance alone gives so small a number, or so large a one.

    Parameters
    ----------
    number : array_like
        What was counted.
    size : array_like
        Of how many; of a ratio, what was expected. Missing or 0 gives missing tails.
    target : float
        The expected proportion, from 0 to 1; not used of a ratio.
    proportion : bool
        Whether the numbers are binomial; else they are Poisson.

    Returns
    -------
    at_most, at_least : numpy.ndarray of float64
        The probability of the number or fewer, and of the number or more.

    Notes
    -----
    :math:`P(X \le x) = 1 - I_p(x + 1, n - x)` and :math:`P(X \ge x) = I_p(x, n - x + 1)`, the
    regularised incomplete beta function (of Poisson counts: gamma function), which also takes a
    number and a size that are not whole, such as of sessions of few people.

    Examples
    --------
    All of two at a target of 60.9% are 37 in 100 by chance.

    >>> from iop_outcomes.trends.sites.exact import exact_tails
    >>> exact_tails([2], [2], 0.609, proportion=True)[1].round(2).tolist()
    [0.37]
    """
    from scipy.special import betainc, betaincc, gammainc, gammaincc

    x, n = (np.asarray(one, dtype=np.float64) for one in (number, size))
    known = (n > 0) & (x >= 0)
    used, count = np.where(known, n, 1.0), np.where(known, x, 0.0)
    more = np.where(count > 0, count, 1.0)
    if proportion:
        rest = np.maximum(used - count, 0.0)
        at_most = np.where(rest > 0, betaincc(count + 1, np.where(rest > 0, rest, 1), target), 1.0)
        at_least = betainc(more, np.maximum(used - more, 0.0) + 1, target)
    else:
        at_most, at_least = gammaincc(count + 1, used), gammainc(more, used)
    at_least = np.where(count > 0, at_least, 1.0)
    return np.where(known, at_most, np.nan), np.where(known, at_least, np.nan)
