"""Confidence intervals of differences and ratios of two groups, or of two periods."""

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
    r"""Return the confidence interval of the difference of two independent proportions.

    Parameters
    ----------
    first, second : tuple of float
        Numerator and denominator (number of people); the difference is first minus second. Both
        denominators must be above 0.
    confidence : float
        Confidence level, between 0 and 1.

    Returns
    -------
    lower, upper : float
        From -1 to 1.

    Raises
    ------
    EstimateError
        If a numerator is negative or larger than its denominator.
    RuleError
        If `confidence` is not between 0 and 1.

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
    r"""Return confidence intervals of differences of independent estimates.

    They are calculated from the estimates and their own confidence limits (the MOVER method).

    Parameters
    ----------
    first, second : sequence of three array_like
        Estimate, lower and upper limit, each a number or an array of one shape; the difference is
        first minus second.

    Returns
    -------
    lower, upper : numpy.ndarray of float64
        Missing (NaN) where one of the six numbers is missing.

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
    r"""Return the confidence interval of the ratio of two Poisson counts of equal lengths of time.

    Parameters
    ----------
    last, before : float
        The two counts; the ratio is `last` divided by `before`.
    confidence : float
        Confidence level, between 0 and 1.

    Returns
    -------
    lower, upper : float
        From 0 to infinity; infinite above if `before` is 0, and missing (NaN) if both counts are 0.

    Raises
    ------
    EstimateError
        If a count is negative.
    RuleError
        If `confidence` is not between 0 and 1.

    Notes
    -----
    Given their sum, the first of two counts is binomial with probability :math:`\rho / (1 + \rho)`
    where :math:`\rho` is the ratio of the rates (Przyborowski and Wilenski, Biometrika 1940; 31:
    313-323). The limits are those of Wilson's interval for this probability, transformed to
    :math:`\rho`.

    Examples
    --------
    >>> low, high = rate_ratio_interval(50, 40)
    >>> round(low, 3), round(high, 3)
    (0.827, 1.889)
    """
    lower, upper = proportion_interval(last, last + before, confidence)
    low, high = float(lower), float(upper)
    return low / (1 - low), np.inf if high == 1 else high / (1 - high)


def clustered_difference(
    first: tuple[npt.ArrayLike, npt.ArrayLike],
    second: tuple[npt.ArrayLike, npt.ArrayLike],
    confidence: float = CONFIDENCE,
) -> tuple[float, float]:
    r"""Return the confidence interval of the difference of two ratios of sums, by person.

    The values of one person are correlated, within each ratio and between the two.

    Parameters
    ----------
    first, second : tuple of array_like
        Numerator and denominator of each person, with the persons in the same order in both; 0
        and 0 for a person who is in one of the ratios only. The difference is first minus second.
    confidence : float
        Confidence level, between 0 and 1; it is not checked.

    Returns
    -------
    lower, upper : float
        Missing (NaN) with fewer than two persons.

    Notes
    -----
    With ratios :math:`R_j = \sum_i x_{ij} / \sum_i m_{ij}`, the influence of person i on the
    difference is :math:`u_i = (x_{i1} - R_1 m_{i1}) / M_1 - (x_{i2} - R_2 m_{i2}) / M_2` with
    :math:`M_j = \sum_i m_{ij}`, and its variance is
    :math:`\frac{k}{k - 1} \sum u_i^2` over the k persons who are in either
    (linearisation; Cochran, Sampling Techniques, 3rd edition, Wiley 1977). A person in both counts
    once, so that the same people in two quarters are not treated as independent. The limits use the
    normal distribution.

    Examples
    --------
    >>> low, high = clustered_difference(([3, 4, 2], [4, 4, 4]), ([2, 2, 3], [4, 4, 4]))
    >>> round(low, 3), round(high, 3)
    (-0.265, 0.599)
    """
    x = np.array([first[0], second[0]], dtype=np.float64)
    m = np.array([first[1], second[1]], dtype=np.float64)
    total = m.sum(axis=1, keepdims=True)
    ratio = x.sum(axis=1, keepdims=True) / total
    influence = (x - ratio * m) / total
    of_difference = influence[0] - influence[1]
    persons = int((m.sum(axis=0) > 0).sum())
    variance = persons / (persons - 1) * float((of_difference**2).sum()) if persons > 1 else np.nan
    half = NormalDist().inv_cdf(0.5 + confidence / 2) * float(np.sqrt(variance))
    difference = float(ratio[0, 0] - ratio[1, 0])
    return difference - half, difference + half
