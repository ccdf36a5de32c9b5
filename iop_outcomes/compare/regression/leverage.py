r"""Errors of Cox's model for few clusters: cluster scores corrected for leverage.

With :math:`U_g` the score residuals of a cluster and :math:`I_g` its part of the information I, the
sum over its rows of

.. math:: \sum_k w_i e^{x_i\beta} (x_i - \bar x_k)(x_i - \bar x_k)^\top d\hat\Lambda_k

over the events k at which it is at risk (the parts of all clusters add up to I), the variance is
the sum over clusters of the squares of :math:`(I - I_g)^{-1} U_g`. The sandwich has
:math:`I^{-1} U_g`. It is the correction of Mancl and DeRouen (2001, Biometrics 57:126-134) with the
parts of the partial likelihood in place of those of a marginal mean: close to the change of the
coefficients when the cluster is left out, but smaller, since the risk-set means keep it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.compare.regression.risk_sets import Floats, RiskSets
from iop_outcomes.errors import EstimateError
from iop_outcomes.shared.text import format_count

WHOLE = 1e-8  # a cluster that has all but this part of the information has all of it


def leverage_covariance(scores: Floats, parts: Floats) -> Floats:
    """Return the covariance of the coefficients.

    Parameters
    ----------
    scores : numpy.ndarray, shape (clusters, terms)
        The weighted score residuals, summed within clusters.
    parts : numpy.ndarray, shape (clusters, terms, terms)
        Their parts of the information.

    Raises
    ------
    EstimateError
        If there is no information on a term without some cluster.
    """
    information = parts.sum(axis=0)
    root = np.linalg.cholesky(information)
    own = np.linalg.solve(root, np.linalg.solve(root, parts).transpose(0, 2, 1))
    alone = int((np.linalg.eigvalsh(own)[:, -1] > 1 - WHOLE).sum())
    if alone:
        raise EstimateError(
            "The correction for few clusters needs terms that are estimable without any one "
            "cluster.",
            found=f"{alone:,} of {format_count(len(parts), 'cluster')} without which a term, or a "
            "combination of terms, is constant within every risk set",
            instead="small_sample=False, or fewer terms.",
        )
    moved = np.linalg.solve(information - parts, scores[:, :, None])[:, :, 0]
    covariance: Floats = moved.T @ moved
    return covariance


def information_parts(
    columns: Floats, beta: Floats, sets: RiskSets, weight: Floats, cluster: NDArray[np.intp]
) -> Floats:
    """Return the part of each cluster in the information at some coefficients.

    Parameters
    ----------
    columns : numpy.ndarray, shape (terms, rows)
    beta : numpy.ndarray, shape (terms,)
    sets : RiskSets
    weight, cluster : numpy.ndarray, shape (rows,)

    Returns
    -------
    numpy.ndarray, shape (clusters, terms, terms)
    """
    weighted = weight * np.exp(beta @ columns)
    of, out = sets.of_piece, sets.fraction
    left = sets.at_risk(weighted)[of] - out * sets.tied(weighted)[of]
    each = sets.weight / left
    sums = [weighted * column for column in columns]
    mean = (
        np.stack([sets.at_risk(values)[of] - out * sets.tied(values)[of] for values in sums]) / left
    )

    def over(values: Floats) -> Floats:
        return sets.exposure(sets.over_pieces(values), sets.over_pieces(values * out))

    hazard, drift = over(each), [over(each * mean_of_term) for mean_of_term in mean]
    terms = len(columns)
    parts = np.empty((int(cluster.max()) + 1, terms, terms))
    for i in range(terms):
        for j in range(i, terms):
            information = columns[i] * columns[j] * hazard + over(each * mean[i] * mean[j])
            information -= columns[i] * drift[j] + columns[j] * drift[i]
            parts[:, i, j] = parts[:, j, i] = np.bincount(cluster, weighted * information)
    return parts
