"""Rubin's rules: one estimate and its limits from several completed data sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.checks import check_confidence
from iop_outcomes.shared.messages import as_written

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

Scale = Literal["plain", "log", "logit", "log_log"]

NEARLY_NORMAL = 1e10  # degrees of freedom above which t is treated as normal


class _Scale(NamedTuple):
    """A scale of pooling: its valid numbers, the transformation, its derivative and its inverse."""

    is_valid: Callable[[Numbers], Flags]
    transform: Callable[[Numbers], Numbers]
    derivative: Callable[[Numbers], Numbers]
    inverse: Callable[[Numbers], Numbers]


SCALES: dict[str, _Scale] = {
    "plain": _Scale(np.isfinite, lambda x: x, np.ones_like, lambda z: z),
    "log": _Scale(lambda x: (x > 0) & np.isfinite(x), np.log, lambda x: 1 / x, np.exp),
    "logit": _Scale(
        lambda x: (x > 0) & (x < 1),
        lambda x: np.log(x / (1 - x)),
        lambda x: 1 / (x * (1 - x)),
        lambda z: 1 / (1 + np.exp(-z)),
    ),
    "log_log": _Scale(
        lambda x: (x > 0) & (x < 1),
        lambda x: np.log(-np.log1p(-x)),
        lambda x: -1 / ((1 - x) * np.log1p(-x)),
        lambda z: -np.expm1(-np.exp(z)),
    ),
}


def pool(
    estimates: pd.DataFrame | pd.Series[Any] | Sequence[float] | Numbers,
    variances: pd.DataFrame | pd.Series[Any] | Sequence[float] | Numbers,
    *,
    scale: Scale = "plain",
    degrees_of_freedom: float | Sequence[float] = np.inf,
    confidence: float = 0.95,
) -> pd.DataFrame:
    r"""Pool the estimates of several completed data sets by Rubin's rules.

    Parameters
    ----------
    estimates, variances : array-like
        One row a completed data set, two or more, and one column a quantity; or one dimension
        for one quantity. Variances are squared standard errors of the estimates as given.
    scale : {"plain", "log", "logit", "log_log"}
        The scale of pooling: without transformation; a positive number as its logarithm; a share as
        its log-odds; or a share p as :math:`\log(-\log(1 - p))`, for 1 minus a survival curve
        (Marshall et al. 2009, doi:10.1186/1471-2288-9-57). Variances are transformed by the delta
        method, and the estimate and its limits are transformed back.
    degrees_of_freedom : float or sequence of float
        Degrees of freedom of the estimate with complete data, such as the number of people minus
        one; one number, or one a quantity. Infinite by default.
    confidence : float
        Confidence level of the limits, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        One row a quantity, labelled as the columns of `estimates`:

        - ``estimate``, ``lower``, ``upper``: on the original scale;
        - ``se``: the standard error, on the scale of pooling;
        - ``degrees_of_freedom``: after Barnard and Rubin;
        - ``p_value``: of the null hypothesis that the estimate is 0 (a difference; a ratio of 1 on
          the log scale; a share of one half on the logit scale);
        - ``within``, ``between``: the mean variance, and the variance of the estimates;
        - ``missing_information`` (0 to 1): the fraction of the information that is missing; 0 if
          all estimates are the same.

        All values are missing if an estimate or variance is missing. All values but the estimate,
        which is then the plain mean, are missing if one of the estimates is not defined on the
        scale (a share of 0 or 1). The limits and ``p_value`` are missing if the variance is 0, or
        no degrees of freedom are left.

    Raises
    ------
    RuleError
        If the two do not have the same shape or the same column names, have fewer than two rows,
        or hold anything but numbers; if a variance is negative; if `scale` is not one of these, or
        `degrees_of_freedom` or `confidence` is out of range.

    Notes
    -----
    With m data sets, mean variance :math:`\bar u` and variance b of the estimates, the total is
    :math:`t = \bar u + (1 + 1/m) b`; with :math:`\lambda = (1 + 1/m) b / t` and
    :math:`\nu_m = (m - 1) / \lambda^2` the degrees of freedom are :math:`1 / (1 / \nu_m +
    1 / \nu_o)` where :math:`\nu_o = (1 - \lambda) \nu (\nu + 1) / (\nu + 3)` (Rubin 1987,
    Multiple Imputation for Nonresponse in Surveys, chapter 3; Barnard and Rubin 1999, Biometrika
    86:948-955). The missing information is :math:`(r + 2 / (\nu_m + 3)) / (r + 1)` with
    :math:`r = \lambda / (1 - \lambda)`.

    Examples
    --------
    >>> from iop_outcomes.statistics.pooling import pool
    >>> pool([1, 2, 3], [2, 2, 2])[["estimate", "se", "within", "between"]].round(3)
       estimate     se  within  between
    0       2.0  1.826     2.0      1.0
    """
    labels, value, variance = _checked(estimates, variances)
    chosen = _scale(scale)
    complete = _degrees(degrees_of_freedom, len(labels))
    check_confidence(confidence)
    known = (np.isfinite(value) & np.isfinite(variance)).all(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):  # missing where not defined
        defined = known & chosen.is_valid(value).all(axis=0)
        center = np.where(defined, chosen.transform(value), np.nan).mean(axis=0)
        within = np.where(defined, variance * chosen.derivative(value) ** 2, np.nan).mean(axis=0)
        spread = np.where(defined, chosen.transform(value), np.nan).var(axis=0, ddof=1)
        same = (value == value[0]).all(axis=0)  # exactly equal, not up to rounding
        between = np.where(defined & same, 0.0, spread)
        total, freedom, missing = combined(within, between, complete, len(value))
        half_width, p_value = _limits(center, total, freedom, confidence)
        estimate = np.where(defined, chosen.inverse(center), value.mean(axis=0))
        lower, upper = chosen.inverse(center - half_width), chosen.inverse(center + half_width)
    columns = {
        "estimate": np.where(known, estimate, np.nan),
        "lower": lower,
        "upper": upper,
        "se": np.sqrt(total),
        "degrees_of_freedom": freedom,
        "p_value": p_value,
        "within": within,
        "between": between,
        "missing_information": missing,
    }
    return pd.DataFrame(columns, index=labels)


def combined(
    within: Numbers, between: Numbers, complete: Numbers, sets: int
) -> tuple[Numbers, Numbers, Numbers]:
    """Return the total variance, the degrees of freedom, and the fraction of missing information.

    Parameters
    ----------
    within, between : numpy.ndarray of float64
        The mean variance, and the variance of the estimates between completed data sets.
    complete : numpy.ndarray of float64
        The degrees of freedom with complete data.
    sets : int
        How many completed data sets there are.

    Returns
    -------
    total, degrees_of_freedom, missing_information : numpy.ndarray of float64
        As in the notes of `pool`; missing (NaN) where not defined.
    """
    with np.errstate(invalid="ignore", divide="ignore"):  # missing where not defined
        added = (1 + 1 / sets) * between
        total = within + added
        share = np.where(total > 0, added / total, np.nan)
        of_sets = (sets - 1) / share**2
        of_people = np.where(
            np.isinf(complete), np.inf, (complete + 1) / (complete + 3) * complete * (1 - share)
        )
        freedom = 1 / (1 / of_sets + 1 / of_people)
        increase = added / within
        missing = np.where(within > 0, (increase + 2 / (of_sets + 3)) / (increase + 1), share)
    return total, freedom, missing


def _limits(
    center: Numbers, total: Numbers, freedom: Numbers, confidence: float
) -> tuple[Numbers, Numbers]:
    from scipy.special import stdtr, stdtrit

    known = (total > 0) & (freedom > 0)
    finite = np.where(known, np.minimum(freedom, NEARLY_NORMAL), 1.0)
    se = np.sqrt(total)
    half_width = np.where(known, stdtrit(finite, (1 + confidence) / 2) * se, np.nan)
    p_value = np.where(known, 2 * stdtr(finite, -np.abs(center) / se), np.nan)
    return half_width, p_value


def _checked(estimates: Any, variances: Any) -> tuple[pd.Index, Numbers, Numbers]:
    value, variance = _as_numbers(estimates), _as_numbers(variances)
    if value.shape != variance.shape or value.ndim != 2:
        raise RuleError(
            "Each estimate needs a variance: one row a completed data set, one column a quantity.",
            found=f"estimates of shape {value.shape}, variances of shape {variance.shape}",
        )
    if len(value) < 2:
        raise RuleError(
            "At least two completed data sets are needed.",
            found=f"{len(value)} completed data sets",
            instead="impute_weeks(patterns, imputations=20).",
        )
    negative = int((variance < 0).sum())
    if negative:
        raise RuleError("A variance cannot be negative.", found=f"{negative:,} that are negative")
    if not isinstance(estimates, pd.DataFrame):
        return pd.RangeIndex(value.shape[1]), value, variance
    if isinstance(variances, pd.DataFrame) and not estimates.columns.equals(variances.columns):
        raise RuleError("Estimates and variances must have the same columns, in the same order.")
    return estimates.columns, value, variance


def _as_numbers(values: Any) -> Numbers:
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise RuleError("Only numbers can be pooled.", found=type(values).__name__) from None
    return numbers[:, None] if numbers.ndim == 1 else numbers


def _scale(scale: str) -> _Scale:
    if not isinstance(scale, str) or scale not in SCALES:
        raise RuleError(
            "This is not a scale of pooling.",
            found=f"scale={as_written(scale)}",
            instead=f"one of {', '.join(SCALES)}.",
        )
    return SCALES[scale]


def _degrees(degrees: float | Sequence[float], quantities: int) -> Numbers:
    numbers = _as_numbers(np.atleast_1d(degrees)).ravel()
    if len(numbers) not in (1, quantities) or not (numbers > 0).all():
        raise RuleError(
            "The degrees of freedom must be a number above 0, or one for each quantity.",
            found=f"{len(numbers)} for {quantities}, {int((~(numbers > 0)).sum())} not above 0",
            instead="the number of people minus one.",
        )
    return np.broadcast_to(numbers, (quantities,))
