"""The partial likelihood at given coefficients, its derivatives, and score residuals by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.compare.regression.newton import LikelihoodPoint
from iop_outcomes.compare.regression.risk_sets import Floats, RiskSets
from iop_outcomes.errors import EstimateError


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
