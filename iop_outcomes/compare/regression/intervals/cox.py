"""Proportional hazards of interval-censored times, with a smooth baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.regression.cox import MEANING
from iop_outcomes.compare.regression.design import Design
from iop_outcomes.compare.regression.fitted.prediction import (
    PredictedSurvival,
    predicted_of,
)
from iop_outcomes.compare.regression.formula import design_of
from iop_outcomes.compare.regression.intervals.baseline import LogSpline
from iop_outcomes.compare.regression.intervals.likelihood import IntervalLikelihood
from iop_outcomes.compare.regression.newton import check_rank, maximise, standardised
from iop_outcomes.compare.regression.ratios import covariance_table, ratio_table
from iop_outcomes.compare.regression.result import Regression
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.checks import check_choice, check_whole
from iop_outcomes.shared.post_baseline import refuse_post_baseline
from iop_outcomes.shared.provenance import UNKNOWN, Provenance
from iop_outcomes.survival.clusters import Cluster, closing, read_clusters
from iop_outcomes.survival.intervals.times import check_intervals
from iop_outcomes.survival.labels import days_asked
from iop_outcomes.survival.limits import Interval, normal_quantile, survival_limits

Floats = NDArray[np.float64]
Baseline = Literal["spline", "weibull"]
MOST_KNOTS = 6


@dataclass(frozen=True, eq=False)
class FittedIntervals:
    """The fit and what curves need of it.

    Attributes
    ----------
    spline : LogSpline
        The columns of the baseline.
    values, covariance : numpy.ndarray
        All parameters, of the baseline and then of the covariates less their means, and their
        covariance, robust where errors are.
    center : numpy.ndarray
        The means of the covariates.
    design : Design
        How covariates are made.
    last : float
        The last day of anyone's follow-up.
    """

    spline: LogSpline
    values: Floats
    covariance: Floats
    center: Floats
    design: Design
    last: float


@dataclass(frozen=True, eq=False, repr=False)
class IntervalRegression(Regression):
    """Hazard ratios of events known only between two days.

    Attributes
    ----------
    table, n, events, clusters, strata, log_likelihood, null_log_likelihood, confidence, robust
        As of `iop_outcomes.Regression`; likelihoods are of the intervals, with the same baseline.
    baseline : pandas.DataFrame
        One row a parameter of the logarithm of the cumulative hazard of a person with mean
        covariates: ``parameter`` (text), ``value``, ``se`` (float64).
    aic : float
        Twice the number of parameters less twice the log-likelihood: to choose the number of knots.
    """

    baseline: pd.DataFrame = field(default_factory=pd.DataFrame)
    aic: float = np.nan
    intervals: FittedIntervals | None = None
    provenance: Provenance = UNKNOWN

    def predict(
        self,
        frame: pd.DataFrame,
        days: Sequence[float] | None = None,
        *,
        cause: str | None = None,
        interval: Interval = "log-log",
    ) -> PredictedSurvival:
        """Return survival curves, with limits, of people with stated values of the columns.

        Parameters
        ----------
        frame : pandas.DataFrame
            One row a curve, with the columns of the formula.
        days : sequence of float, optional
            The days, 0 or more; default: 100 days from 0 to the last of anyone's follow-up.
        cause : None
            There is one.
        interval : {"log-log", "log", "plain", "logit", "arcsine"}
            The scale on which limits are symmetric.

        Returns
        -------
        PredictedSurvival
            Missing after the last day of follow-up.
        """
        self._of_cause(cause)
        fit = self.intervals
        if fit is None:
            raise EstimateError("This result holds no fit.", found="a result made by hand")
        rows = fit.design.rows(frame) - fit.center
        asked = (
            np.linspace(0, fit.last, 101)
            if days is None
            else np.unique(days_asked(days)).astype(float)
        )
        some = (asked > 0) & (asked <= fit.last)
        spline = fit.spline.columns(np.log(asked[some]))
        hazard = np.where(asked == 0, 0.0, np.nan)[None, :].repeat(len(rows), axis=0)
        error = hazard.copy()
        for place, row in enumerate(rows):
            columns = np.column_stack([spline, np.tile(row, (len(spline), 1))])
            hazard[place, some] = np.exp(columns @ fit.values)
            spread = np.einsum("dp,pq,dq->d", columns, fit.covariance, columns)
            error[place, some] = hazard[place, some] * np.sqrt(np.maximum(spread, 0.0))
        survival = np.exp(-hazard)
        known = np.isfinite(survival)
        lower, upper = np.full_like(survival, np.nan), np.full_like(survival, np.nan)
        lower[known], upper[known] = survival_limits(
            survival[known], error[known] ** 2, self.confidence, interval
        )
        return predicted_of(
            frame,
            asked,
            {
                "survival": survival,
                "lower": lower,
                "upper": upper,
                "cumulative_hazard": hazard,
                "se": error,
            },
            used=list(fit.design.used),
            confidence=self.confidence,
            interval=interval,
            labels=(self.model, closing(self.rule, self.clustering)),
            provenance=self.provenance,
        )


def interval_cox(
    times: pd.DataFrame,
    formula: str | Sequence[str],
    *,
    baseline: Baseline = "spline",
    knots: int = 2,
    cluster: str | Cluster | None = Cluster.PERSON,
    allow_post_baseline: bool = False,
    confidence: float = 0.95,
) -> IntervalRegression:
    r"""Fit proportional hazards to events known only between two check-ins.

    Parameters
    ----------
    times : pandas.DataFrame
        As for `iop_outcomes.interval_survival`: ``days``, ``event``, ``clear_until`` and, with late
        entry, ``entry``; and the columns of the formula.
    formula : str or sequence of str
        The terms, as for `iop_outcomes.cox`.
    baseline : {"spline", "weibull"}
        The logarithm of the cumulative hazard in the logarithm of the day: a natural cubic spline,
        or a line (Weibull's distribution).
    knots : int
        With a spline, the number of knots between its ends, 1 to 6: they are at quantiles of the
        middles of the intervals with an event. ``aic`` of two fits says which is better.
    cluster : str, Cluster.PERSON or None
        The column that identifies clusters: errors are then cluster-robust. By default
        ``person_id`` if the frame has that column and a value of it is in several rows.
    allow_post_baseline : bool
        As for `iop_outcomes.cox`.
    confidence : float
        The level of the limits.

    Returns
    -------
    IntervalRegression
        With ``table``, ``baseline``, ``aic``, ``text``, ``test()``, ``predict()`` and ``plot()``.

    Raises
    ------
    EstimateError
        If there is no event, or one on day 0; a value is missing; terms are linearly dependent; an
        estimate is infinite (monotone likelihood); or the baseline falls somewhere.
    RuleError
        If the formula cannot be read, a column is not there or is known only at the end of the
        stay.

    Notes
    -----
    :math:`\log H(t \mid x) = s(\log t) + x\beta` (Royston and Parmar 2002, Stat Med 21:2175-2197),
    maximised with all parameters together by Newton's method
    (`iop_outcomes.compare.regression.intervals.likelihood`). With ``baseline="weibull"`` the
    estimates are those of R's ``survreg`` of the same intervals, of which hazard ratios are
    :math:`\exp(-\text{coefficient} / \text{scale})`. Errors are by the observed information, or its
    sandwich by cluster. The spline is not constrained to be monotone; a fit that decreases is
    refused.

    A model of the days themselves (`iop_outcomes.cox`) takes the day of the check-in that showed
    the event for the day of the event: hazard ratios differ little, and curves are too late.

    Examples
    --------
    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> times = pd.DataFrame(
    ...     {
    ...         "clear_until": [0, 0, 7, 7, 7, 14, 14, 21] * 4,
    ...         "days": [7, 7, 14, 14, 21, 21, 21, 21] * 4,
    ...         "event": ([True] * 6 + [False] * 2) * 4,
    ...         "track": ["day", "day", "day", "evening", "day", "evening", "day", "evening"] * 4,
    ...     }
    ... )
    >>> model = iop.interval_cox(times, "track", baseline="weibull")
    >>> model.table[["term", "hazard_ratio"]].round(3)
                       term  hazard_ratio
    0  track evening vs day         0.481
    """
    check_choice("baseline", baseline, ("spline", "weibull"))
    check_whole("knots", knots, 1)
    if knots > MOST_KNOTS:
        raise RuleError(
            f"A baseline has at most {MOST_KNOTS} inner knots.",
            found=f"knots={knots}",
            instead="knots=2 or 3",
        )
    normal_quantile(confidence)
    checked, left, right = check_intervals(times, None)
    if not checked.event.any():
        raise EstimateError(
            "A regression needs events.", found=f"0 events among {len(times):,} rows"
        )
    if (right == 0).any():
        raise EstimateError(
            "An event on day 0 has no logarithm of its day.",
            found=f"{int((right == 0).sum()):,} of {len(times):,} rows",
            instead="leave out those who had the event before they were at risk.",
        )
    clusters = read_clusters(times, cluster)
    design = design_of(times, formula)
    refuse_post_baseline(design.used, allow_post_baseline, checked.provenance.origin)
    clusters.refuse_fewer(len(design.names), "term")
    entry = np.zeros(len(left)) if checked.entry is None else checked.entry.astype(np.float64)
    middle = ((left + right) / 2)[checked.event]
    spline = LogSpline.through(middle, 0 if baseline == "weibull" else knots)
    if len(spline.knots) < 2:
        spline = LogSpline(spline.knots[0] + np.array([-0.5, 0.5]))
    center = design.matrix.mean(axis=0)
    standard, scale = standardised(design.matrix, None, design.names)
    days = (left, right, entry)
    nothing = np.empty((len(left), 0))
    null, without = _fit(spline, days, nothing, _start(spline, days), [])
    begin = np.append(null, np.zeros(len(scale)))
    first = IntervalLikelihood.of(spline, days, standard.T, np.ones(len(left))).at(begin)
    of_terms = first.information[len(null) :, len(null) :]
    check_rank(of_terms, float(checked.event.sum()), design.names)
    values, likelihood = _fit(spline, days, standard.T, begin, design.names)
    change = np.append(np.ones(len(null)), scale)
    point = likelihood.at(values)
    model = np.linalg.inv(point.information) / np.outer(change, change)
    covariance = model
    if clusters.code is not None:
        score = likelihood.scores(values) * change
        summed = np.stack([np.bincount(clusters.code, column) for column in score.T])
        covariance = model @ (summed @ summed.T) @ model
    values = values / change
    _refuse_falling(spline, values[: len(null)], days)
    size = len(null)
    own = slice(size, None)
    table = ratio_table(
        design.names,
        values[own],
        covariance[own, own],
        model=model[own, own],
        confidence=confidence,
        clustering=clusters.clustering,
    )
    shape = (
        "a Weibull baseline"
        if len(spline.knots) == 2
        else f"a spline of {len(spline.knots) - 2} inner knots as baseline"
    )
    return IntervalRegression(
        table=table,
        n=len(left),
        events=int(checked.event.sum()),
        clusters=clusters.clustering.number,
        strata=(),
        ties="none",
        log_likelihood=point.log_likelihood,
        null_log_likelihood=without.at(null).log_likelihood,
        confidence=confidence,
        robust=clusters.code is not None,
        model=f"Proportional hazards of intervals, {shape}",
        meaning=MEANING,
        rule=checked.rule,
        synthetic=checked.synthetic,
        covariance=covariance_table({None: covariance[own, own]}, design.names, 1.0),
        parts=design.parts,
        clustering=clusters.clustering,
        baseline=pd.DataFrame(
            {
                "parameter": ["intercept", "log day"]
                + [f"knot at day {np.exp(knot):.4g}" for knot in spline.knots[1:-1]],
                "value": values[:size],
                "se": np.sqrt(np.diag(covariance)[:size]),
            }
        ),
        aic=2 * len(values) - 2 * point.log_likelihood,
        intervals=FittedIntervals(
            spline, values, covariance, center, design, float(checked.days.max())
        ),
        provenance=checked.provenance,
    )


def _start(spline: LogSpline, days: tuple[Floats, Floats, Floats]) -> Floats:
    """Return a constant hazard: events over the days that were seen."""
    left, right, entry = days
    ends = np.isfinite(right)
    seen = np.where(ends, (left + np.where(ends, right, 0.0)) / 2, left) - entry
    start = np.zeros(len(spline.knots))
    start[0] = np.log(ends.sum() / seen.sum())
    start[1] = 1.0
    return start


def _fit(
    spline: LogSpline,
    days: tuple[Floats, Floats, Floats],
    covariates: Floats,
    start: Floats,
    names: Sequence[str],
) -> tuple[Floats, IntervalLikelihood]:
    """Return the parameters of greatest likelihood, and the likelihood."""
    likelihood = IntervalLikelihood.of(spline, days, covariates, np.ones(len(covariates)))
    shown = (
        likelihood.right * likelihood.ends[:, None] + likelihood.left * ~likelihood.ends[:, None]
    )
    labels = [f"the baseline, part {place + 1}" for place in range(len(spline.knots))]
    moved, _ = maximise(
        likelihood.at(start),
        lambda step: likelihood.at(start + step),
        shown.T,
        [*labels, *names],
    )
    return start + moved, likelihood


def _refuse_falling(spline: LogSpline, values: Floats, days: tuple[Floats, Floats, Floats]) -> None:
    """Refuse a cumulative hazard that falls between the days of the data."""
    known = np.concatenate([days[0], days[1]])
    known = known[(known > 0) & np.isfinite(known)]
    grid = np.linspace(np.log(known.min()), np.log(known.max()), 201)
    falling = spline.slopes(grid) @ values < 0
    if falling.any():
        where = np.exp(grid[falling])
        raise EstimateError(
            "The spline of the baseline falls: a cumulative hazard cannot.",
            found=f"from day {where[0]:.3g} to {where[-1]:.3g}",
            instead='fewer knots, or baseline="weibull".',
        )
