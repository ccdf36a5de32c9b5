"""Scores of groups with clustered rows: residuals by row, covariances by cluster."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.compare.group_tests.scores.score import GroupScore
from iop_outcomes.compare.regression.risk_sets import RiskSets
from iop_outcomes.errors import EstimateError

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

MOST_CELLS = 50_000_000  # rows x groups, of which a few tables are held


def robust_to_clusters(score: GroupScore, residual: Floats, cluster: Codes) -> GroupScore:
    r"""Return the score with a cluster-robust covariance.

    Parameters
    ----------
    score : GroupScore
        With its covariance for rows that are independent.
    residual : numpy.ndarray
        (groups, rows), what each row adds to the score of each group.
    cluster : numpy.ndarray of int
        The cluster of each row, from 0.

    Raises
    ------
    EstimateError
        If the variance of the score cannot be estimated from the clusters.

    Notes
    -----
    With :math:`B` the sum of the squares of the clusters' residuals, :math:`W` that of the rows'
    and :math:`V` the covariance for independent rows, the covariance is :math:`B\, (U' W^{-1} U) /
    (U' V^{-1} U)`. B alone is the sandwich (Lin and Wei 1989, JASA 84:1074-1078; Lee, Wei and Amato
    1992, in Survival Analysis: State of the Art, 237-247). It is too small with few clusters, as
    residuals are smaller than the errors they estimate; the factor is the bias of the same sum of
    squares for V, which is known, with independent rows. It tends to 1 with many clusters. For two
    groups the statistic is that of independent rows divided by the design effect B / W (Rao and
    Scott 1992, Biometrics 48:577-585); without repeated rows it is unchanged.
    """
    robust = sandwich(score, residual, cluster)
    if robust.degrees_of_freedom < len(residual) - 1:
        return robust
    return replace(robust, covariance=robust.covariance * known_bias(score, residual))


def sandwich(score: GroupScore, residual: Floats, cluster: Codes) -> GroupScore:
    """Return the score with the sum of squares of the clusters' residuals as its covariance."""
    of_cluster = np.stack([np.bincount(cluster, values) for values in residual]).astype(np.float64)
    robust = replace(score, covariance=of_cluster @ of_cluster.T)
    if robust.degrees_of_freedom < score.degrees_of_freedom:
        raise EstimateError(
            "The variance of the score cannot be estimated from these clusters: it is singular.",
            found=f"{of_cluster.shape[1]:,} clusters",
            instead="cluster=None, if rows are independent, or fewer groups.",
        )
    return robust


def known_bias(score: GroupScore, residual: Floats) -> float:
    """Return what the sum of squares of rows is too small by, where it is known; 1 where not."""
    known = score.statistic
    by_row = replace(score, covariance=residual @ residual.T)
    return by_row.statistic / known if known > 0 else 1.0


def group_residuals(
    sets: RiskSets,
    group: Codes,
    groups: int,
    weight: Floats | None = None,
    row_weight: Floats | None = None,
) -> Floats:
    r"""Return the score residuals of groups in Cox's model at no effect, (groups, rows).

    Notes
    -----
    :math:`\int (\delta_{gk} - Y_g / Y)(dN_i - Y_i\, dN / Y)` of row i, which is of group k, with
    Breslow's ties, each day times its `weight` if given; Y and dN are sums of the rows' weights.
    Times these, they sum to the observed less the expected events of each group. Those of a group
    are also the derivative of its score by what each row counts.
    """
    refuse_too_many(len(group), groups)
    counts = np.ones(len(group)) if row_weight is None else row_weight
    total = sets.at_risk(counts)
    by_day = np.ones(sets.cells) if weight is None else weight
    rate = by_day * sets.weight / total
    spent = sets.passed(rate)
    residuals = np.empty((groups, len(group)))
    for number, residual in enumerate(residuals):
        own = (group == number).astype(np.float64)
        share = sets.at_risk(own * counts) / total
        residual[:] = sets.passed(rate * share) - own * spent
        residual[sets.died] += by_day[sets.cell] * (own[sets.died] - share[sets.cell])
    return residuals


def rows_alike(enter: Codes, leave: Codes, cells: int, cluster: Codes) -> Floats:
    """Return, for those at risk in each cell, the mean number of rows in the cluster of a row.

    A row is at risk in the cells from `enter` up to, not with, `leave`, none of a cluster's in two
    strata at once. 1 where nobody is at risk.
    """
    place = np.concatenate([enter, leave])
    change = np.repeat([1.0, -1.0], len(cluster))
    order = np.lexsort((place, np.tile(cluster, 2)))
    # Each cluster has left when the next begins, so that one running sum does for all.
    running = np.cumsum(change[order])
    squares = np.diff(running**2, prepend=0.0)
    square, number = (
        np.cumsum(np.bincount(place[order], values, cells + 1))[:-1]
        for values in (squares, change[order])
    )
    mean_size: Floats = np.divide(square, number, out=np.ones(cells), where=number > 0.5)
    return mean_size


def refuse_too_many(rows: int, groups: int) -> None:
    """Refuse a table of rows and groups that would not fit."""
    if rows * groups > MOST_CELLS:
        raise EstimateError(
            "A clustered test of this many groups needs too much memory.",
            found=f"{groups:,} groups, {rows:,} rows",
            instead="fewer groups, or cluster=None, if rows are independent.",
        )
