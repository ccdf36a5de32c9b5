"""Parametric models fitted to intervals by lifelines, kept behind this one module and checked."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError
from iop_outcomes.survival.intervals.masses import Intervals
from iop_outcomes.survival.parametric.models import Model, log_likelihood, log_terms

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

FLATTEST = 1e-8  # least curvature beside the largest, below which parameters are not identifiable
WIDEST = 30.0  # standard error of a logarithm beyond which a parameter is not identifiable
FARTHEST = 1e-6  # in standard errors squared: how far the maximum may be from what lifelines found
NEAR = 1e-14  # the same, where its curvature is that of the maximum


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted model.

    Attributes
    ----------
    model : Model
        The distribution.
    values : numpy.ndarray of float
        Its parameters.
    covariance : numpy.ndarray of float
        Of the parameters: the inverse of the observed information, or what `by_cluster` makes.
    log_likelihood : float
        At these parameters, in days.
    """

    model: Model
    values: Floats
    covariance: Floats
    log_likelihood: float

    def survival(self, days: Floats, reach: float) -> tuple[Floats, Floats, Floats]:
        """Return the survival on each day and its limits, on the scale of log(-log)."""
        hazard = self.model.hazard(self.values, days)
        some = hazard > 0
        slope = self.model.slope(lambda values: self.model.hazard(values, days[some]), self.values)
        error = np.zeros(len(days))
        # A rounding below 0 where nothing varies is 0.
        spread = np.einsum("pd,pq,qd->d", slope, self.covariance, slope)
        error[some] = np.sqrt(np.maximum(spread, 0.0)) / hazard[some]
        lower, upper = hazard * np.exp(reach * error), hazard * np.exp(-reach * error)
        return np.exp(-hazard), np.exp(-lower), np.exp(-upper)

    def median(self, reach: float) -> tuple[float, float, float]:
        """Return the median and its limits, on the scale of the logarithm."""
        middle = self.model.median(self.values)
        slope = self.model.slope(self.model.median, self.values) / middle
        error = reach * float(np.sqrt(max(float(slope @ self.covariance @ slope), 0.0)))
        return middle, float(middle * np.exp(-error)), float(middle * np.exp(error))

    def limits(self, reach: float) -> tuple[Floats, Floats, Floats]:
        """Return the standard errors of the parameters and their limits."""
        error = np.sqrt(np.diag(self.covariance))
        positive = self.model.positive
        ratio = np.exp(reach * error / np.where(positive, self.values, 1.0))
        lower = np.where(positive, self.values / ratio, self.values - reach * error)
        upper = np.where(positive, self.values * ratio, self.values + reach * error)
        return error, lower, upper


def fit_model(model: Model, intervals: Intervals, group: str) -> Fit:
    """Return the model fitted by maximum likelihood.

    Parameters
    ----------
    model : Model
        The distribution.
    intervals : Intervals
        Distinct ones, with an event among them and none known to be on day 0.
    group : str
        The name of the group, for the error.

    Raises
    ------
    EstimateError
        If the data do not determine its parameters, or lifelines does not reach the maximum.

    Notes
    -----
    lifelines is given days in units of the mean time seen for an event, so that it begins near the
    maximum. What it returns is checked against the log-likelihood worked out here: the next Newton
    step must be below a thousandth of a standard error, and is then taken; the curvature must
    identify all parameters apart. Where lifelines stopped too early for its curvature to be that of
    the maximum, it begins once more from there.
    """
    middle = np.where(
        np.isfinite(intervals.right), (intervals.left + intervals.right) / 2, intervals.left
    )
    seen = middle if intervals.entry is None else middle - intervals.entry
    events = intervals.weight @ np.isfinite(intervals.right)
    unit = float(intervals.weight @ seen / events)
    entry = None if intervals.entry is None else intervals.entry / unit
    scaled = replace(
        intervals, left=intervals.left / unit, right=intervals.right / unit, entry=entry
    )
    is_mu = np.array([name == "mu" for name in model.parameters])
    change, shift = np.where(model.in_days, unit, 1.0), np.where(is_mu, np.log(unit), 0.0)
    start = np.where(is_mu, 0.0, 1.0)
    for _ in range(2):
        fitter = _fitted(model, scaled, (unit, start), group)
        fitted = np.asarray(fitter._fitted_parameters_) * change + shift
        curve = np.asarray(fitter._hessian_) / np.outer(change, change)
        values, covariance, far = _checked(model, intervals, (fitted, curve), group)
        if far < NEAR:
            break
        start = (values - shift) / change
    return Fit(model, values, covariance, log_likelihood(model, values, intervals))


def by_cluster(fit: Fit, intervals: Intervals, place: Indices, cluster: Indices) -> Fit:
    r"""Return the fit with the covariance of parameters that holds for rows of one cluster.

    Parameters
    ----------
    fit : Fit
        Fitted to the intervals.
    intervals : Intervals
        Distinct ones.
    place, cluster : numpy.ndarray of int
        Of each row, its interval and its cluster.

    Notes
    -----
    :math:`C \sum_c s_c s_c' C`, with C the inverse of the information and :math:`s_c` the slope of
    the log-likelihood of the rows of a cluster (Huber 1967; White 1982, Econometrica 50:1-25).
    """
    slope = fit.model.slope(lambda values: log_terms(fit.model, values, intervals), fit.values)
    score = np.stack([np.bincount(cluster, row[place]) for row in slope]).astype(np.float64)
    return replace(fit, covariance=fit.covariance @ score @ score.T @ fit.covariance)


def _fitted(model: Model, scaled: Intervals, begin: tuple[float, Floats], group: str) -> Any:
    unit, start = begin
    fitter = model.fitter(unit)
    try:
        # Its warnings are of what is checked below, with messages in words.
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return fitter.fit_interval_censoring(
                scaled.left,
                scaled.right,
                entry=scaled.entry,
                weights=scaled.weight,
                timeline=np.array([1.0]),
                initial_point=start,
                fit_options={"ftol": 1e-15, "gtol": 1e-10, "maxiter": 1000},
            )
    except Exception:  # lifelines raises several kinds, some of them bare
        raise _not_found(model, group, "lifelines does not converge") from None


def _checked(
    model: Model, intervals: Intervals, fitted: tuple[Floats, Floats], group: str
) -> tuple[Floats, Floats, float]:
    """Return the parameters after one more step, their covariance, and how far the step was.

    Refuse those that are no maximum, or not the only one.
    """
    values, curve = fitted
    # In terms of logarithms, so that units do not count.
    factor = np.where(model.positive, values, 1.0)
    scaled = curve * np.outer(factor, factor)
    size = np.diag(scaled)
    if not np.isfinite(scaled).all() or not np.isfinite(values).all() or (size <= 0).any():
        raise _not_found(model, group, "the likelihood has no maximum")
    alike = np.linalg.eigvalsh(scaled / np.sqrt(np.outer(size, size)))
    if alike[0] < FLATTEST * alike[-1]:
        raise _not_found(model, group, "its parameters are not identifiable from the data")
    inverse = np.linalg.inv(scaled)
    if np.sqrt(np.diag(inverse)).max() > WIDEST:
        raise _not_found(model, group, "an estimate is infinite")
    with np.errstate(all="ignore"):
        slope = factor * model.slope(lambda v: log_likelihood(model, v, intervals), values)
        far = float(slope @ inverse @ slope)
    if not far < FARTHEST:
        raise _not_found(model, group, "lifelines stops before the maximum")
    return values + factor * (inverse @ slope), inverse * np.outer(factor, factor), far


def _not_found(model: Model, group: str, why: str) -> EstimateError:
    return EstimateError(
        f"The {model.label} model could not be fitted{f' to {group}' if group else ''}.",
        found=why,
        instead="another of the models, fewer groups, or interval_survival(times), which assumes "
        "no shape.",
    )
