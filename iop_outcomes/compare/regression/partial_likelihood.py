"""Cox's partial likelihood: late entry, strata, weights, ties and cluster-robust errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.compare.regression.leverage import information_parts, leverage_covariance
from iop_outcomes.compare.regression.newton import (
    LikelihoodPoint,
    check_rank,
    maximise,
    standardised,
)
from iop_outcomes.compare.regression.risk_sets import Floats, RiskSets, risk_sets
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.messages import as_written

TIES = ("efron", "breslow")


@dataclass(frozen=True, eq=False)
class CoxFit:
    """A Cox model that was fitted by its partial likelihood.

    Attributes
    ----------
    coefficient : numpy.ndarray
        (terms,), the logarithms of the hazard ratios.
    covariance : numpy.ndarray
        (terms, terms), the inverse of the information: valid if the model is correct and rows are
        independent.
    robust : numpy.ndarray
        (terms, terms), the sandwich of Lin and Wei, summed within clusters.
    few : numpy.ndarray or None
        (terms, terms), the same for few clusters; None unless it was asked for.
    log_likelihood, null_log_likelihood : float
        At the estimate, and with all coefficients 0.
    score_test, wald_test : float
        Chi-squared on as many degrees of freedom as there are terms, by the information.
    iterations : int
        Newton's steps until the estimate.
    rows, events : int
        How many there are.
    residuals : numpy.ndarray
        (rows, terms), the score residuals, not weighted; weighted they sum to 0.
    """

    coefficient: Floats
    covariance: Floats
    robust: Floats
    few: Floats | None
    log_likelihood: float
    null_log_likelihood: float
    score_test: float
    wald_test: float
    iterations: int
    rows: int
    events: int
    residuals: Floats

    @property
    def reported(self) -> Floats:
        """The robust covariance that is reported: for few clusters if that was asked for."""
        return self.robust if self.few is None else self.few


def fit_cox(
    design: Floats,
    days: NDArray[Any],
    event: NDArray[np.bool_],
    *,
    entry: NDArray[Any] | None = None,
    stratum: NDArray[Any] | None = None,
    weight: Floats | None = None,
    cluster: NDArray[Any] | None = None,
    ties: str = "efron",
    names: Sequence[str] | None = None,
    small_sample: bool = False,
) -> CoxFit:
    r"""Fit a Cox model.

    Parameters
    ----------
    design : numpy.ndarray of float
        (rows, terms), finite; no intercept.
    days : numpy.ndarray
        (rows,), the day of the event or of censoring.
    event : numpy.ndarray of bool
        (rows,), whether it is an event.
    entry : numpy.ndarray, optional
        (rows,), the day after which the row is at risk; 0 is from the start, day 0 included.
    stratum : numpy.ndarray of int, optional
        (rows,), codes from 0: each stratum has its own baseline hazard.
    weight : numpy.ndarray of float, optional
        (rows,), above 0.
    cluster : numpy.ndarray of int, optional
        (rows,), codes from 0 of the clusters, such as persons; by default rows are independent.
    ties : {"efron", "breslow"}
        How events of one day share their risk set.
    names : sequence of str, optional
        What errors call the columns; by default their positions, from 0.
    small_sample : bool
        Whether the covariance for few clusters is worked out too; see
        `iop_outcomes.compare.regression.leverage`.

    Returns
    -------
    CoxFit

    Raises
    ------
    EstimateError
        If there is no event, a column is constant within every risk set, columns are linearly
        dependent, an estimate is infinite (monotone likelihood), a weight is not above 0, a number
        is missing, there is one cluster only, Newton's method does not converge, or without some
        cluster the covariance for few clusters has no information on a term.
    RuleError
        If `ties` is neither of the two.

    Notes
    -----
    Maximises :math:`\sum_i \delta_i w_i x_i\beta - \sum_k \bar w_k \sum_{l<d_k} \log(S_k - l
    D_k/d_k)` with, on each day k of an event of a stratum, :math:`S_k` the sum of
    :math:`w_i e^{x_i\beta}` over those at risk, :math:`D_k` over the :math:`d_k` with an event, and
    :math:`\bar w_k` their mean weight (Efron 1977, JASA 72:557-565; Breslow's approximation has
    :math:`l = 0` throughout), as R's ``coxph``. A weight of 2 equals a second copy of the row by
    Breslow's rule; by Efron's the copies are one more tie. `robust` is :math:`D'D` with a row of D
    per cluster, the sum of its weighted score residuals times `covariance` (Lin and Wei 1989, JASA
    84:1074-1078; Therneau and Grambsch 2000, section 7.2).

    A row is at risk in a range of cells, so that each sum over risk sets is a cumulative sum over
    cells, and the second moments are one product of matrices: rows x terms^2 operations a step.

    Examples
    --------
    >>> import numpy as np
    >>> sooner = np.array([[1.0], [1.0], [0.0], [1.0], [0.0], [0.0]])
    >>> event = np.array([True, True, True, True, True, False])
    >>> fit = fit_cox(sooner, np.array([3, 4, 5, 8, 9, 9]), event)
    >>> fit.coefficient.round(4), fit.covariance.round(4)
    (array([1.6878]), array([[1.3731]]))
    """
    called = [f"column {place}" for place in range(design.shape[1])] if names is None else names
    weights = np.ones(len(days)) if weight is None else np.asarray(weight, dtype=np.float64)
    check_rows(design, event, weights, ties)
    sets = risk_sets(days, event, entry, stratum, weight=weights, efron=ties == "efron")
    used = sets.leave > sets.enter  # rows never at risk on a day of an event contribute nothing
    if not used.all():
        sets, design, weights = sets.kept(used), design[used], weights[used]
        stratum, cluster = (None if codes is None else codes[used] for codes in (stratum, cluster))
    columns, scale = standardised(design, stratum, called)
    start = likelihood_at(columns, np.zeros(len(called)), sets, weights)
    check_rank(start.information, sets.weight.sum(), called)
    estimate, iterations = maximise(
        start, lambda beta: likelihood_at(columns, beta, sets, weights), columns, called
    )
    point = likelihood_at(columns, estimate, sets, weights)
    inverse = np.linalg.inv(point.information)
    score = score_residuals(columns, point, sets)
    spread = score_spread(score, weights, cluster)
    few = None
    if small_sample:
        own = np.arange(len(weights)) if cluster is None else cluster
        parts = information_parts(columns, estimate, sets, weights, own)
        few = leverage_covariance(summed(score * weights, own).T, parts)
        few /= np.outer(scale, scale)
    residuals = np.zeros((len(days), len(called)))
    residuals[used] = (score * scale[:, None]).T
    return CoxFit(
        coefficient=estimate / scale,
        covariance=inverse / np.outer(scale, scale),
        robust=inverse @ spread @ inverse / np.outer(scale, scale),
        few=few,
        log_likelihood=point.log_likelihood,
        null_log_likelihood=start.log_likelihood,
        score_test=start.score_test,
        wald_test=float(estimate @ point.information @ estimate),
        iterations=iterations,
        rows=len(days),
        events=int(event.sum()),
        residuals=residuals,
    )


def check_rows(design: Floats, event: NDArray[np.bool_], weight: Floats, ties: str) -> None:
    """Refuse rows that no model can be fitted to; see `fit_cox`."""
    if ties not in TIES:
        raise RuleError(
            "Ties are handled by one of two methods.",
            found=f"ties={as_written(ties)}",
            instead=", ".join(TIES),
        )
    if not design.shape[1]:
        raise EstimateError("A model needs a term: the design has no column.")
    endless = int((~np.isfinite(design)).any(axis=1).sum())
    if endless:
        raise EstimateError(
            "A regression cannot use rows with missing values.",
            found=f"{endless:,} of {len(design):,} rows with one that is not a finite number",
        )
    if not event.any():
        raise EstimateError(
            "There are no events to model: every time is censored.",
            found=f"0 events among {len(event):,}",
        )
    wrong = int((~(np.isfinite(weight) & (weight > 0))).sum())
    if wrong:
        raise EstimateError(
            "A weight is a number above 0.",
            found=f"{wrong:,} of {len(weight):,} are not",
            instead="leave a row of weight 0 out of the frame.",
        )


@dataclass(frozen=True, eq=False)
class LikelihoodAt(LikelihoodPoint):
    """The likelihood and its derivatives at given coefficients.

    Attributes
    ----------
    risk : numpy.ndarray
        (rows,), the exponential of each row's score.
    hazard, tied_hazard : numpy.ndarray
        (cells,), the step of the baseline, and what its own ties take out for each of them.
    drift, tied_drift : numpy.ndarray
        (terms, cells), the same with the mean of those at risk.
    expected : numpy.ndarray
        (terms, cells), the sum of the means that the events are held against.
    """

    risk: Floats
    hazard: Floats
    tied_hazard: Floats
    drift: Floats
    tied_drift: Floats
    expected: Floats


def likelihood_at(columns: Floats, beta: Floats, sets: RiskSets, weight: Floats) -> LikelihoodAt:
    """Return the likelihood of columns, one a row, at coefficients."""
    score = beta @ columns
    risk = np.exp(score)
    weighted = weight * risk
    total, tied = sets.at_risk(weighted), sets.tied(weighted)
    first = np.empty((len(columns), sets.cells))
    first_tied = np.empty_like(first)
    for place, column in enumerate(columns):
        values = weighted * column
        first[place], first_tied[place] = sets.at_risk(values), sets.tied(values)

    left = total[sets.of_piece] - sets.fraction * tied[sets.of_piece]
    each = sets.weight / left
    hazard, tied_hazard = sets.over_pieces(each), sets.over_pieces(each * sets.fraction)
    each /= left
    plain = sets.over_pieces(each)
    each *= sets.fraction
    once, twice = sets.over_pieces(each), sets.over_pieces(each * sets.fraction)
    drift, tied_drift = first * plain - first_tied * once, first * once - first_tied * twice
    expected = first * hazard - first_tied * tied_hazard

    counted = np.zeros(len(weight))
    counted[sets.died] = weight[sets.died]
    spent = weighted * sets.exposure(hazard, tied_hazard)
    second = (columns * spent) @ columns.T
    information = second - drift @ first.T + tied_drift @ first_tied.T
    return LikelihoodAt(
        log_likelihood=float(counted @ score - sets.weight @ np.log(left)),
        gradient=columns @ counted - expected.sum(axis=1),
        information=(information + information.T) / 2,
        risk=risk,
        hazard=hazard,
        tied_hazard=tied_hazard,
        drift=drift,
        tied_drift=tied_drift,
        expected=expected,
    )


def score_residuals(columns: Floats, point: LikelihoodAt, sets: RiskSets) -> Floats:
    """Return the score residuals, one term a row."""
    exposure = sets.exposure(point.hazard, point.tied_hazard)
    in_cell = np.bincount(sets.of_piece, sets.weight, sets.cells)
    residuals = np.empty_like(columns)
    for place, column in enumerate(columns):
        drift = sets.exposure(point.drift[place], point.tied_drift[place])
        residuals[place] = -point.risk * (column * exposure - drift)
        mean = (point.expected[place] / in_cell)[sets.cell]
        residuals[place, sets.died] += column[sets.died] - mean
    return residuals


def score_spread(residuals: Floats, weight: Floats | None, cluster: NDArray[Any] | None) -> Floats:
    """Return the sum over clusters of the products of their weighted residuals, terms by terms.

    Raises
    ------
    EstimateError
        If there is one cluster only, whose residuals sum to 0.
    """
    weighted = residuals if weight is None else residuals * weight
    if cluster is not None:
        if not (cluster != cluster[0]).any():
            raise EstimateError(
                "Cluster-robust standard errors need two clusters or more.",
                found="one cluster",
                instead="cluster=None, if rows are independent.",
            )
        weighted = summed(weighted, cluster)
    return np.asarray(weighted @ weighted.T)


def summed(values: Floats, cluster: NDArray[Any]) -> Floats:
    """Return the sums of the rows' values within clusters, (terms, clusters)."""
    return np.stack([np.bincount(cluster, row) for row in values])
