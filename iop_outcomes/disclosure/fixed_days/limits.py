"""Confidence limits calculated from printed figures alone, so that they disclose no more."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from iop_outcomes.survival.limits import normal_quantile

Floats = npt.NDArray[np.float64]


def printed_variance(at_risk: npt.ArrayLike, survival: npt.ArrayLike) -> Floats:
    """Return Greenwood's sum of a curve of which a few points are printed.

    Parameters
    ----------
    at_risk, survival : array_like
        (days,), as printed; the first day is 0.

    Returns
    -------
    numpy.ndarray
        (days,), the variance of the logarithm of the survival.

    Notes
    -----
    Between two days n fall to n', and the survival by the fraction r. With the ends of follow-up
    spread evenly over the events, as in a life table, those exposed are (n + n') / (2 - r); each
    interval adds r / (exposed (1 - r)).

    Examples
    --------
    >>> printed_variance([80, 40], [1.0, 0.5]).round(4).tolist()
    [0.0, 0.0125]
    """
    risk, shares = (np.asarray(column, dtype=np.float64) for column in (at_risk, survival))
    fall = 1 - shares[1:] / shares[:-1]
    exposed = np.minimum((risk[:-1] + risk[1:]) / (2 - fall), risk[:-1])
    with np.errstate(divide="ignore", invalid="ignore"):
        added = np.where(fall > 0, fall / (exposed * (1 - fall)), 0.0)
    return np.concatenate([[0.0], added.cumsum()])


def printed_limits(
    at_risk: npt.ArrayLike, survival: npt.ArrayLike, shares: npt.ArrayLike, confidence: float
) -> tuple[Floats, Floats]:
    """Return the limits of shares of which the precision is that of the survival.

    Parameters
    ----------
    at_risk, survival : array_like
        (days,), as printed; the first day is 0.
    shares : array_like
        (days,), the survival itself, or the incidence of one of several ends.
    confidence : float
        Their level.

    Returns
    -------
    tuple of numpy.ndarray
        (days,), the lower and upper limits, on the log-log scale; both the share where it is 0 or
        1 or the survival says nothing of its precision.

    Notes
    -----
    The survival S with Greenwood's variance is as precise as a share of
    S (1 - S) / (S squared times the variance of log S) people; a share of one of several ends is
    taken to be as precise as one of so many. This is approximate for an incidence.

    Examples
    --------
    >>> lower, upper = printed_limits([80, 40], [1.0, 0.5], [1.0, 0.5], 0.95)
    >>> lower.round(2).tolist(), upper.round(2).tolist()
    ([1.0, 0.39], [1.0, 0.6])
    """
    curve, own = (np.asarray(column, dtype=np.float64) for column in (survival, shares))
    variance = printed_variance(at_risk, survival)
    with np.errstate(divide="ignore", invalid="ignore"):
        people = (1 - curve) / (curve * variance)
        error = np.sqrt(own * (1 - own) / people)
        width = normal_quantile(confidence) * error / (own * np.abs(np.log(own)))
        low, high = (own ** np.exp(sign * width) for sign in (1, -1))
    known = (own > 0) & (own < 1) & np.isfinite(people)
    return np.where(known, low, own), np.where(known, high, own)
