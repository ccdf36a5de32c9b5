"""Intervals of differences and ratios between two periods."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from iop_outcomes.shared.arrays import Floats
from iop_outcomes.statistics import proportion_interval

CONFIDENCE = 0.95


def difference_interval(
    first: tuple[float, float], second: tuple[float, float], confidence: float = CONFIDENCE
) -> tuple[float, float]:
    r"""Return the interval of the difference of two proportions of independent people.

    Parameters
    ----------
    first, second : tuple of float
        Numerator and denominator; the difference is first minus second.
    confidence : float
        Confidence level, between 0 and 1.

    Notes
    -----
    Newcombe's hybrid of the two Wilson intervals (Statistics in Medicine 1998; 17: 873-890, method
    10): with limits :math:`l_i, u_i` of :math:`p_i` it is from :math:`d - \sqrt{(p_1 - l_1)^2 +
    (u_2 - p_2)^2}` to :math:`d + \sqrt{(u_1 - p_1)^2 + (p_2 - l_2)^2}`.

    Examples
    --------
    >>> low, high = difference_interval((56, 70), (48, 80))
    >>> round(low, 4), round(high, 4)
    (0.0524, 0.3339)
    """
    numerators, denominators = np.array([first, second], dtype=np.float64).T
    lower, upper = proportion_interval(numerators, denominators, confidence)
    p = numerators / denominators
    low, high = recovered_difference(
        (p[0], lower[0], upper[0]),
        (p[1], lower[1], upper[1]),
    )
    return float(low), float(high)


def recovered_difference(
    first: Sequence[npt.ArrayLike], second: Sequence[npt.ArrayLike]
) -> tuple[Floats, Floats]:
    r"""Return intervals of differences of independent estimates, from the interval of each.

    Parameters
    ----------
    first, second : sequence of three array_like
        Estimate, lower and upper limit; the difference is first minus second.

    Returns
    -------
    lower, upper : numpy.ndarray of float64
        Missing where one of the numbers is.

    Notes
    -----
    From :math:`d - \sqrt{(p_1 - l_1)^2 + (u_2 - p_2)^2}` to :math:`d + \sqrt{(u_1 - p_1)^2 + (p_2 -
    l_2)^2}`: the variances near the limits are recovered from them (Zou and Donner, Statistics in
    Medicine 2008; 27: 1693-1702). With Wilson's limits it is :func:`difference_interval`.
    """
    (p, lower_p, upper_p), (q, lower_q, upper_q) = (
        tuple(np.asarray(one, dtype=np.float64) for one in numbers) for numbers in (first, second)
    )
    difference = p - q
    return (
        np.asarray(difference - np.hypot(p - lower_p, upper_q - q)),
        np.asarray(difference + np.hypot(upper_p - p, q - lower_q)),
    )


def rate_ratio_interval(
    last: float, before: float, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    r"""Return the interval of the ratio of two Poisson counts of equal time.

    Given their sum, the first of two counts is binomial with probability :math:`\rho / (1 + \rho)`
    (Przyborowski and Wilenski, Biometrika 1940; 31: 313-323); the limits are those of Wilson's
    interval for it, transformed to :math:`\rho`.
    """
    lower, upper = proportion_interval(last, last + before, confidence)
    low, high = float(lower), float(upper)
    return low / (1 - low), np.inf if high == 1 else high / (1 - high)


def clustered_difference(
    first: tuple[npt.ArrayLike, npt.ArrayLike],
    second: tuple[npt.ArrayLike, npt.ArrayLike],
    confidence: float = CONFIDENCE,
) -> tuple[float, float]:
    r"""Return the interval of the difference of two ratios of sums clustered within persons.

    Parameters
    ----------
    first, second : tuple of array_like
        Numerator and denominator of each person, in the same order in both; 0 and 0 for a person
        who is not in one of them. The difference is first minus second.
    confidence : float
        Confidence level, between 0 and 1.

    Notes
    -----
    With ratios :math:`R_j = \sum_i x_{ij} / \sum_i m_{ij}`, the influence of person i on the
    difference is :math:`u_i = (x_{i1} - R_1 m_{i1}) / M_1 - (x_{i2} - R_2 m_{i2}) / M_2`, and its
    variance is :math:`\frac{k}{k - 1} \sum u_i^2` over the k persons who are in either
    (linearisation; Cochran, Sampling Techniques, 3rd edition, Wiley 1977). A person in both counts
    once, so that the same people in two quarters are not treated as independent.
    """
    x = np.array([first[0], second[0]], dtype=np.float64)
    m = np.array([first[1], second[1]], dtype=np.float64)
    total = m.sum(axis=1, keepdims=True)
    ratio = x.sum(axis=1, keepdims=True) / total
    influence = (x - ratio * m) / total
    moved = influence[0] - influence[1]
    persons = int((m.sum(axis=0) > 0).sum())
    variance = persons / (persons - 1) * float((moved**2).sum()) if persons > 1 else np.nan
    half = NormalDist().inv_cdf(0.5 + confidence / 2) * np.sqrt(variance)
    difference = float(ratio[0, 0] - ratio[1, 0])
    return difference - half, difference + half
