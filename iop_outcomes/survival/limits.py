"""Confidence limits of a survival curve, and the day on which a curve crosses a height."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.checks import check_confidence
from iop_outcomes.shared.messages import as_written

Interval = Literal["log-log", "log", "plain", "logit", "arcsine"]
Floats = NDArray[np.float64]

NOT_REACHED = "not reached"
NOT_COMPUTED = "cannot be computed"
TOLERANCE = float(np.sqrt(np.finfo(float).eps))  # R's, for heights and days that are the same


def normal_quantile(confidence: float) -> float:
    """Return the normal quantile of a two-sided interval; refuse a level that is none."""
    from scipy.special import ndtri

    return float(ndtri((1 + check_confidence(confidence)) / 2))


def greenwood(at_risk: NDArray[Any], events: NDArray[Any]) -> Floats:
    r"""Return Greenwood's sum :math:`\sum d / (n (n - d))`, the variance of the log survival."""
    risk, died = at_risk.astype(float), events.astype(float)
    below = risk * (risk - died)
    return np.cumsum(np.divide(died, below, out=np.zeros(len(risk)), where=below > 0))


def survival_limits(
    survival: Floats, variance: Floats, confidence: float, interval: Interval
) -> tuple[Floats, Floats]:
    """Return the lower and upper limits of a survival curve, as R's ``survfit`` gives them.

    Parameters
    ----------
    survival, variance : numpy.ndarray
        The curve and Greenwood's sum.
    confidence : float
        The level, 0.95 for a 95 percent interval.
    interval : {"log-log", "log", "plain", "logit", "arcsine"}
        The scale on which the interval is symmetric; R's ``conf.type``, whose "arcsin" is the
        last of them. Limits that would leave 0 to 1 are cut there.

    Returns
    -------
    tuple of numpy.ndarray
        Both are 1 where the survival is 1, and missing where it is 0: Greenwood's sum has no
        end there.
    """
    if interval not in _SCALES:
        raise RuleError(
            f"The interval is one of {', '.join(_SCALES)}.",
            found=f"interval={as_written(interval)}",
            instead='interval="log-log"',
        )
    reach = normal_quantile(confidence) * np.sqrt(variance)
    inside = (survival > 0) & (survival < 1)
    lower = np.where(survival > 0, 1.0, np.nan)
    upper = lower.copy()
    lower[inside], upper[inside] = _SCALES[interval](survival[inside], reach[inside])
    return lower, upper


def _log_log(survival: Floats, reach: Floats) -> tuple[Floats, Floats]:
    change = np.exp(reach / -np.log(survival))
    return survival**change, survival ** (1 / change)


def _log(survival: Floats, reach: Floats) -> tuple[Floats, Floats]:
    return survival * np.exp(-reach), np.minimum(survival * np.exp(reach), 1.0)


def _plain(survival: Floats, reach: Floats) -> tuple[Floats, Floats]:
    change = survival * reach
    return np.maximum(survival - change, 0.0), np.minimum(survival + change, 1.0)


def _logit(survival: Floats, reach: Floats) -> tuple[Floats, Floats]:
    change = np.exp(reach / (1 - survival))
    odds = survival / (1 - survival)
    return odds / (odds + change), odds / (odds + 1 / change)


def _arcsine(survival: Floats, reach: Floats) -> tuple[Floats, Floats]:
    angle = np.arcsin(np.sqrt(survival))
    change = reach / 2 * np.sqrt(survival / (1 - survival))
    lower = np.sin(np.maximum(angle - change, 0.0)) ** 2
    return lower, np.sin(np.minimum(angle + change, np.pi / 2)) ** 2


_SCALES: dict[str, Callable[[Floats, Floats], tuple[Floats, Floats]]] = {
    "log-log": _log_log,
    "log": _log,
    "plain": _plain,
    "logit": _logit,
    "arcsine": _arcsine,
}


def simultaneous_limits(
    survival: Floats, variance: Floats, people: int, confidence: float, interval: Interval
) -> tuple[Floats, Floats]:
    """Return the band of Hall and Wellner over days on which the survival is inside 0 to 1."""
    spread = people * variance
    critical = bridge_quantile(confidence, float(spread[-1] / (1 + spread[-1])))
    return _SCALES[interval](survival, critical * (1 + spread) / np.sqrt(people))


def bridge_quantile(confidence: float, end: float) -> float:
    r"""Return c with :math:`P(\sup_{0 \le u \le a} |W^0(u)| \le c)` the confidence, a the `end`.

    The series follows from reflection at -c and c, given the bridge's value at a; for a = 1 it is
    Kolmogorov's.
    """
    from scipy.optimize import brentq
    from scipy.special import ndtr

    normal_quantile(confidence)
    turn = np.arange(-40, 41)
    scale = np.sqrt(end * (1 - end))

    def inside(limit: float) -> float:
        start = 2 * turn * limit
        middle = start * (1 - end)
        share = ndtr((limit - middle) / scale) - ndtr((-limit - middle) / scale)
        return float(np.sum((-1.0) ** turn * np.exp(-(start**2) / 2) * share)) - confidence

    return float(brentq(inside, 0.1 * scale, 10.0, xtol=1e-12))


def crossing_day(day: NDArray[Any], height: Floats, level: float = 0.5) -> float:
    """Return the day on which a falling step curve reaches `level`; missing if it does not.

    Where the curve lies on the level, within R's tolerance, the middle of that plateau: from the
    day that reaches it to the day that leaves it, or to the last day if none does. This is the
    rule of R's ``quantile.survfit``.
    """
    reached = np.flatnonzero(height <= level + TOLERANCE)
    if not len(reached):
        return float("nan")
    first = int(reached[0])
    if height[first] < level - TOLERANCE:
        return float(day[first])
    left = np.flatnonzero(~(height[first:] >= level - TOLERANCE))
    last = first + int(left[0]) if len(left) else len(day) - 1
    return (float(day[first]) + float(day[last])) / 2


def why_not_crossed(height: Floats, level: float = 0.5) -> str:
    """Say why a curve has no `crossing_day`; nothing if it has one.

    A limit is missing once the survival is 0: where it has not come down to the level before, its
    day is not known. Elsewhere the limit is known to the end, and stays above the level.
    """
    if (height <= level + TOLERANCE).any():
        return ""
    return NOT_COMPUTED if np.isnan(height).any() else NOT_REACHED
