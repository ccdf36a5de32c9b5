"""Confidence intervals of proportions of people, of clustered sessions, and of counts."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from iop_outcomes.errors import EstimateError
from iop_outcomes.shared.arrays import Floats, Integers, sums
from iop_outcomes.shared.checks import check_confidence


def proportion_interval(
    numerator: npt.ArrayLike, denominator: npt.ArrayLike, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    r"""Return Wilson's score interval for proportions of independent people.

    With :math:`p = x / n` and the normal quantile :math:`z` the limits are

    .. math:: \frac{p + z^2 / 2n \pm z \sqrt{p (1 - p) / n + z^2 / 4n^2}}{1 + z^2 / n}

    They stay within 0 and 1 and, unlike the Wald interval, have a width above 0 if the proportion
    is 0 or 1. Use :func:`clustered_interval` if one person contributes several units.

    Parameters
    ----------
    numerator, denominator : array_like
        Counts, of one shape or broadcast to one.
    confidence : float
        Confidence level, between 0 and 1.

    Returns
    -------
    lower, upper : numpy.ndarray of float64
        Proportions, 0 to 1; missing (NaN) where the denominator is 0 or either count missing.

    Raises
    ------
    EstimateError
        If a numerator is negative or larger than its denominator.
    RuleError
        If `confidence` is not between 0 and 1.

    References
    ----------
    Wilson EB. Probable inference, the law of succession, and statistical inference.
    Journal of the American Statistical Association 1927; 22: 209-212.

    Examples
    --------
    >>> lower, upper = proportion_interval([8, 0], [10, 0])
    >>> lower.round(3).tolist(), upper.round(3).tolist()
    ([0.49, nan], [0.943, nan])
    """
    z = NormalDist().inv_cdf(0.5 + check_confidence(confidence) / 2)
    x, n = np.broadcast_arrays(
        np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    )
    if bool(((x < 0) | (x > n)).any()):
        raise EstimateError(
            "A numerator is not between 0 and its denominator.",
            instead="a numerator that counts some of the people in the denominator",
        )
    n = np.where(n > 0, n, np.nan)
    p = x / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    # at both ends the formula gives 0 and 1 exactly; rounding may change the last digit
    lower = np.where(p == 0, 0.0, np.maximum(centre - half, 0.0))
    upper = np.where(p == 1, 1.0, np.minimum(centre + half, 1.0))
    return np.where(np.isnan(p), np.nan, lower), np.where(np.isnan(p), np.nan, upper)


def count_interval(count: npt.ArrayLike, confidence: float = 0.95) -> tuple[Floats, Floats]:
    r"""Return the exact confidence interval of the mean of a Poisson count (Garwood's).

    For a count :math:`k` it is from :math:`\tfrac12 \chi^2_{\alpha/2, 2k}` to
    :math:`\tfrac12 \chi^2_{1-\alpha/2, 2k+2}`. The lower limit for a count of 0 is 0.

    Parameters
    ----------
    count : array_like
        Counts, 0 or more.
    confidence : float
        Confidence level, between 0 and 1.

    Returns
    -------
    lower, upper : numpy.ndarray of float64
        Limits of the expected count; missing (NaN) where the count is missing or negative.

    Raises
    ------
    RuleError
        If `confidence` is not between 0 and 1.

    References
    ----------
    Garwood F. Fiducial limits for the Poisson distribution. Biometrika 1936; 28: 437-442.

    Examples
    --------
    >>> lower, upper = count_interval([0, 10])
    >>> lower.round(2).tolist(), upper.round(2).tolist()
    ([0.0, 4.8], [3.69, 18.39])
    """
    from scipy.special import gammaincinv

    tail = (1 - check_confidence(confidence)) / 2
    k = np.asarray(count, dtype=np.float64)
    # half a chi-squared quantile on 2k degrees of freedom is a gamma quantile of shape k
    positive = np.where(k > 0, k, 1.0)
    lower = np.where(k > 0, gammaincinv(positive, tail), np.where(k == 0, 0.0, np.nan))
    return lower, np.where(k >= 0, gammaincinv(np.where(k >= 0, k, 0.0) + 1, 1 - tail), np.nan)


def clustered_interval(
    numerator: npt.ArrayLike,
    denominator: npt.ArrayLike,
    person: npt.ArrayLike,
    *,
    group: npt.ArrayLike | None = None,
    groups: int | None = None,
    confidence: float = 0.95,
) -> tuple[Floats, Floats]:
    r"""Return confidence intervals of ratios of sums that are clustered within persons.

    The sessions of one person are correlated, so that a thousand sessions of forty people contain
    less information than a thousand people. With :math:`x_i` attended and :math:`m_i` due sessions
    of person :math:`i` of :math:`k`, the rate is :math:`R = \sum x_i / \sum m_i`, the residuals are
    :math:`r_i = x_i - R m_i`, and the linearised variance is

    .. math:: v = \frac{k}{k - 1} \frac{\sum r_i^2}{(\sum m_i)^2}

    The limits are taken on the logit scale, with Student's t on :math:`k - 1` degrees of freedom,
    :math:`\operatorname{logit} R \pm t \sqrt v / (R (1 - R))`, and transformed back.

    Two rules for few people. `v` is at least the binomial :math:`R (1 - R) / \sum m_i`, because a
    smaller value is due to chance. If R is 0 or 1 the logit is not defined: Wilson's interval is
    given, with each *person* counted once.

    Parameters
    ----------
    numerator, denominator : array_like
        One value a row, such as sessions attended and due; several rows of one person in one group
        are summed first. Rows with a denominator of 0 have no effect.
    person : array_like of int
        A code of the person, not negative.
    group : array_like of int, optional
        The group of each row, 0 to `groups` - 1; by default all rows are one group.
    groups : int, optional
        The number of groups; by default the largest code plus 1.
    confidence : float
        Confidence level, between 0 and 1.

    Returns
    -------
    lower, upper : numpy.ndarray of float64
        One value a group, 0 to 1; missing (NaN) for a group with fewer than two persons.

    Raises
    ------
    EstimateError
        If a person's numerator is negative or larger than the denominator.
    RuleError
        If `confidence` is not between 0 and 1.

    References
    ----------
    Cochran WG. Sampling Techniques, 3rd edition. Wiley 1977 (chapter 3, proportions from
    samples of clusters).
    Rao JNK, Scott AJ. A simple method for the analysis of clustered binary data. Biometrics
    1992; 48: 577-585.

    Examples
    --------
    Three persons attended 2 of 4, 3 of 4 and 4 of 4 sessions.

    >>> lower, upper = clustered_interval([2, 3, 4], [4, 4, 4], [0, 1, 2])
    >>> round(float(lower[0]), 3), round(float(upper[0]), 3)
    (0.099, 0.988)
    """
    check_confidence(confidence)
    x, m, where = _sum_by_person(numerator, denominator, person, group)
    size = groups if groups is not None else int(where.max(initial=-1)) + 1
    if bool(((x < 0) | (x > m)).any()):
        raise EstimateError(
            "A person's numerator is not between 0 and the denominator.",
            instead="a numerator that counts some of the sessions in the denominator",
        )
    persons = np.bincount(where, minlength=size).astype(np.float64)
    total_x = sums(where, x, size)
    total_m = sums(where, m, size)
    enough = persons >= 2
    rate = np.divide(total_x, total_m, out=np.full(size, np.nan), where=enough)
    squares = sums(where, (x - rate[where] * m) ** 2, size)
    lower, upper = _logit_interval(rate, squares, total_m, persons, confidence)
    edge = (rate == 0) | (rate == 1)
    wilson = proportion_interval(rate[edge] * persons[edge], persons[edge], confidence)
    lower[edge], upper[edge] = wilson
    return lower, upper


def _sum_by_person(
    numerator: npt.ArrayLike,
    denominator: npt.ArrayLike,
    person: npt.ArrayLike,
    group: npt.ArrayLike | None,
) -> tuple[Floats, Floats, Integers]:
    """Return one row a person and group with a denominator: numerator, denominator, group."""
    m = np.asarray(denominator, dtype=np.float64)
    x = np.broadcast_to(np.asarray(numerator, dtype=np.float64), m.shape)
    who = np.asarray(person, dtype=np.int64)
    which = np.zeros(m.shape, np.int64) if group is None else np.asarray(group, dtype=np.int64)
    has_sessions = m > 0
    people = int(who.max(initial=0)) + 1
    cells, place = np.unique(which[has_sessions] * people + who[has_sessions], return_inverse=True)
    size = len(cells)
    return sums(place, x[has_sessions], size), sums(place, m[has_sessions], size), cells // people


def _logit_interval(
    rate: Floats, squares: Floats, total: Floats, persons: Floats, confidence: float
) -> tuple[Floats, Floats]:
    """Return the limits of the logit, transformed back; NaN where the rate is 0, 1 or missing."""
    from scipy.special import expit, logit, stdtrit

    inside = (rate > 0) & (rate < 1)
    p, m, k = rate[inside], total[inside], persons[inside]
    variance = np.maximum(k / (k - 1) * squares[inside] / m**2, p * (1 - p) / m)
    half = stdtrit(k - 1, 0.5 + confidence / 2) * np.sqrt(variance) / (p * (1 - p))
    lower, upper = np.full(rate.shape, np.nan), np.full(rate.shape, np.nan)
    lower[inside], upper[inside] = expit(logit(p) - half), expit(logit(p) + half)
    return lower, upper
