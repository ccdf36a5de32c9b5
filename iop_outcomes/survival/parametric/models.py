"""Distributions of the time to the event: their hazards, medians, parameters and log-likelihood."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.messages import as_written, names_asked
from iop_outcomes.survival.intervals.masses import Intervals
from iop_outcomes.survival.lifelines_bridge import lifelines_class

Floats = NDArray[np.float64]

STEP = 1e-6  # of central differences, relative to a parameter that is above 0


@dataclass(frozen=True, eq=False)
class Model:
    """A distribution of days, by its cumulative hazard.

    Attributes
    ----------
    name, label : str
        As asked for, and in a sentence.
    parameters : tuple of str
        Their names; all are above 0 except ``mu``.
    in_days : numpy.ndarray of bool
        Which of them are multiplied if days are.
    hazard : callable
        From parameters and days to the cumulative hazard.
    log_rate : callable
        From parameters and days to the logarithm of the hazard.
    median : callable
        From parameters to the median in days.
    fitter : callable
        From the number of days that are one unit to an unfitted lifelines fitter.
    breakpoints : numpy.ndarray, optional
        The days on which the rate of a piecewise exponential model changes.
    """

    name: str
    label: str
    parameters: tuple[str, ...]
    in_days: NDArray[np.bool_]
    hazard: Callable[[Floats, Floats], Floats]
    log_rate: Callable[[Floats, Floats], Floats]
    median: Callable[[Floats], float]
    fitter: Callable[[float], Any]
    breakpoints: Floats | None = None

    def __reduce__(self) -> tuple[Callable[..., Model], tuple[str, Floats | None]]:
        """Pickle the name, since functions without one cannot be pickled."""
        return _named, (self.name, self.breakpoints)

    @property
    def positive(self) -> NDArray[np.bool_]:
        """Which parameters are above 0."""
        return np.array([name != "mu" for name in self.parameters])

    def slope(self, of: Callable[[Floats], Any], values: Floats) -> Floats:
        """Return the derivatives of a function of the parameters, one row a parameter."""
        rows = []
        for number, value in enumerate(values):
            step = STEP * (value if self.positive[number] else max(abs(value), 1.0))
            up, down = values.copy(), values.copy()
            up[number] += step
            down[number] -= step
            rows.append((np.asarray(of(up)) - np.asarray(of(down))) / (2 * step))
        return np.array(rows)


def log_likelihood(model: Model, values: Floats, intervals: Intervals) -> float:
    """Return the log-likelihood of intervals; that of a day known exactly is of its density."""
    return float(intervals.weight @ log_terms(model, values, intervals))


def log_terms(model: Model, values: Floats, intervals: Intervals) -> Floats:
    """Return the log-likelihood of one person with each of the intervals."""
    before = model.hazard(values, intervals.left)
    start = 0.0 if intervals.entry is None else model.hazard(values, intervals.entry)
    exact = intervals.left == intervals.right
    wide = np.isfinite(intervals.right) & ~exact
    terms = np.array(start - before, dtype=np.float64)
    across = model.hazard(values, intervals.right[wide]) - before[wide]
    terms[wide] += np.log(-np.expm1(-across))
    terms[exact] += model.log_rate(values, intervals.left[exact])
    return terms


def models_asked(names: Any, breakpoints: Any) -> list[Model]:
    """Return the models of some names; refuse other names."""
    asked = _listed(names)
    known = [*_CLOSED, "piecewise_exponential"]
    wrong = [name for name in asked if name not in known]
    if wrong or not asked or len(set(asked)) < len(asked):
        raise RuleError(
            f"Models are some of {', '.join(known)}, each once.",
            found=names_asked(wrong) or as_written(names),
            instead='models=("weibull", "log_normal", "log_logistic")',
        )
    piecewise = "piecewise_exponential" in asked
    if piecewise != (breakpoints is not None):
        raise RuleError(
            "A piecewise exponential model needs the days on which its rate changes, and no other "
            "model does.",
            instead='models="piecewise_exponential", breakpoints=[30, 90]',
        )
    if not piecewise:
        return [_CLOSED[name] for name in asked]
    pieces = _piecewise(_days(breakpoints))
    return [_CLOSED.get(name, pieces) for name in asked]


def _named(name: str, breakpoints: Floats | None) -> Model:
    """Return a model that was pickled."""
    return _CLOSED[name] if breakpoints is None else _piecewise(breakpoints)


def _listed(names: Any) -> list[Any]:
    """Return one name or several as a list."""
    return [names] if isinstance(names, str) or not isinstance(names, Iterable) else list(names)


def _days(breakpoints: Any) -> Floats:
    try:
        days = np.atleast_1d(np.asarray(breakpoints))
    except ValueError:  # lists of different lengths
        days = np.empty(0)
    good = days.ndim == 1 and days.dtype.kind in "iuf" and len(days) > 0
    if not good or not np.isfinite(days).all() or days[0] <= 0 or (np.diff(days) <= 0).any():
        raise RuleError(
            "Breakpoints are days after 0, each later than the one before.",
            found=as_written(breakpoints),
            instead="breakpoints=[30, 90]",
        )
    return days.astype(np.float64)


def _weibull(values: Floats, days: Floats) -> Floats:
    hazard: Floats = (days / values[0]) ** values[1]
    return hazard


def _weibull_rate(values: Floats, days: Floats) -> Floats:
    log_rate: Floats = np.log(values[1] / values[0]) + (values[1] - 1) * np.log(days / values[0])
    return log_rate


def _log_normal(values: Floats, days: Floats) -> Floats:
    from scipy.special import log_ndtr

    with np.errstate(divide="ignore"):
        hazard: Floats = -log_ndtr((values[0] - np.log(days)) / values[1])
    return hazard


def _log_normal_rate(values: Floats, days: Floats) -> Floats:
    from scipy.special import log_ndtr

    score = (np.log(days) - values[0]) / values[1]
    density = -(score**2) / 2 - np.log(np.sqrt(2 * np.pi) * values[1] * days)
    log_rate: Floats = density - log_ndtr(-score)
    return log_rate


def _log_logistic(values: Floats, days: Floats) -> Floats:
    hazard: Floats = np.log1p((days / values[0]) ** values[1])
    return hazard


def _log_logistic_rate(values: Floats, days: Floats) -> Floats:
    return _weibull_rate(values, days) - _log_logistic(values, days)


def _exponential(values: Floats, days: Floats) -> Floats:
    hazard: Floats = days / values[0]
    return hazard


def _exponential_rate(values: Floats, days: Floats) -> Floats:
    return np.full(len(days), -np.log(values[0]))


def _piecewise(breakpoints: Floats) -> Model:
    # Just later, so that the rate on a breakpoint is that of the days before it.
    breaks = np.asarray(breakpoints) * (1 + 1e-9)
    begin = np.append(0.0, breaks)
    end = np.append(breaks, np.inf)

    def hazard(values: Floats, days: Floats) -> Floats:
        spent = np.clip(np.asarray(days)[:, None], begin, end) - begin
        cumulative: Floats = spent @ (1 / values)
        return cumulative

    def log_rate(values: Floats, days: Floats) -> Floats:
        log_rates: Floats = -np.log(values[np.searchsorted(breaks, days)])
        return log_rates

    def median(values: Floats) -> float:
        through = np.append(0.0, np.cumsum((end - begin)[:-1] / values[:-1]))
        piece = int(np.searchsorted(through, np.log(2), side="right")) - 1
        return float(begin[piece] + (np.log(2) - through[piece]) * values[piece])

    names = tuple(f"mean_from_{day:g}" for day in np.append(0.0, breakpoints))
    return Model(
        "piecewise_exponential",
        "piecewise exponential",
        names,
        np.ones(len(names), dtype=bool),
        hazard,
        log_rate,
        median,
        lambda unit: lifelines_class("PiecewiseExponentialFitter")(breaks / unit),
        np.asarray(breakpoints),
    )


_CLOSED = {
    "weibull": Model(
        "weibull",
        "Weibull",
        ("scale", "shape"),
        np.array([True, False]),
        _weibull,
        _weibull_rate,
        lambda values: float(values[0] * np.log(2) ** (1 / values[1])),
        lambda unit: lifelines_class("WeibullFitter")(),
    ),
    "log_normal": Model(
        "log_normal",
        "log-normal",
        ("mu", "sigma"),
        np.array([False, False]),
        _log_normal,
        _log_normal_rate,
        lambda values: float(np.exp(values[0])),
        lambda unit: lifelines_class("LogNormalFitter")(),
    ),
    "log_logistic": Model(
        "log_logistic",
        "log-logistic",
        ("scale", "shape"),
        np.array([True, False]),
        _log_logistic,
        _log_logistic_rate,
        lambda values: float(values[0]),
        lambda unit: lifelines_class("LogLogisticFitter")(),
    ),
    "exponential": Model(
        "exponential",
        "exponential",
        ("scale",),
        np.array([True]),
        _exponential,
        _exponential_rate,
        lambda values: float(values[0] * np.log(2)),
        lambda unit: lifelines_class("ExponentialFitter")(),
    ),
}
