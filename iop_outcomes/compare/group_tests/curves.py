"""Tests between survival curves, as a table and a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.group_tests.groups import (
    Grouped,
    refuse_incomparable,
)
from iop_outcomes.compare.group_tests.result import GroupTest, full_name
from iop_outcomes.compare.group_tests.scores.log_rank import (
    LOG_RANK,
    log_rank,
    weighted_log_rank,
)
from iop_outcomes.compare.group_tests.scores.score import GroupScore
from iop_outcomes.compare.group_tests.scores.weights import NAMES, Test, Weight
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.checks import is_number
from iop_outcomes.shared.groups import MissingGroup
from iop_outcomes.shared.messages import as_written, groups_called
from iop_outcomes.shared.text import format_count
from iop_outcomes.survival import SurvivalCurves
from iop_outcomes.survival.clusters import Cluster, Clustering, Clusters
from iop_outcomes.survival.curves.estimate import curves_of, fitted_steps, refuse_names
from iop_outcomes.survival.curves.weighted import read_weighting
from iop_outcomes.survival.lifelines_bridge import MOST_GROUPS, log_rank_test
from iop_outcomes.survival.limits import normal_quantile
from iop_outcomes.survival.times import CheckedTimes, label_of


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(GroupTest):
    """A test of whether the curves of several groups differ.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group: ``[by ...]``; ``n``, ``events`` (int64); ``expected`` (float64): the
        events that the group would have had if all groups had the same curve (within a
        stratum), by the log-rank test; ``weighted_events`` (float64) where rows have weights, of
        which ``expected`` is then a sum too; ``score`` (float64) of a test for trend; ``median,
        lower, upper``: its median in days with limits, not stratified.
    statistic : float
        Chi-squared.
    degrees_of_freedom : int
        The number of groups less one; 1 of a test for trend.
    p_value : float
        Of a statistic at least as large if the curves are the same.
    curves : SurvivalCurves
        The curves that are compared.
    strata : tuple of str
        The columns within whose values the groups are compared.
    rule : str
        How the times were defined, and the test.
    clustering : Clustering, optional
        The clusters of the test: their column, and how many clusters and rows.
    test : str
        The name of the test.
    weights : str or None
        The column of what each row counts.
    """

    table: pd.DataFrame
    statistic: float
    degrees_of_freedom: int
    p_value: float
    curves: SurvivalCurves
    strata: tuple[str, ...]
    rule: str
    clustering: Clustering | None = None
    test: str = NAMES["log_rank"]
    weights: str | None = None

    @property
    def _test(self) -> str:
        weighted = f" weighted by {self.weights}" if self.weights else ""
        return full_name(f"{self.test}{weighted}", self.clustering, self.strata)

    def _describe_row(self, row: pd.Series[Any]) -> str:
        name = label_of(row[list(self.curves.by)])
        place: Any = row.name  # rows of the table and groups of the curves are in one order
        return (
            f"{name}: {format_count(row['events'], 'event')} among {row['n']:,.0f} "
            f"({self._weighted(row)}expected {row['expected']:,.1f}), "
            f"{self.curves.median_text(place)}"
        )

    def _weighted(self, row: pd.Series[Any]) -> str:
        return f"weighted {row['weighted_events']:,.1f}, " if self.weights else ""


def compare_survival(
    times: pd.DataFrame,
    by: str | Sequence[str],
    *,
    test: Test = "log_rank",
    rho: float = 0.0,
    gamma: float = 0.0,
    trend: Literal["order"] | Mapping[Any, float] | None = None,
    strata: str | Sequence[str] | None = None,
    weights: str | None = None,
    cluster: str | Cluster | None = Cluster.PERSON,
    missing_group: MissingGroup = "refuse",
    confidence: float = 0.95,
) -> Comparison:
    r"""Test whether the survival curves of groups differ, by a test of the log-rank family.

    Parameters
    ----------
    times : pandas.DataFrame
        As for `iop_outcomes.survival_curves`: ``days``, ``event`` and, with late entry,
        ``entry``.
    by : str or sequence of str
        Columns whose values define the groups, two or more.
    test : {"log_rank", "gehan_breslow", "tarone_ware", "peto_peto", "modified_peto_peto", \
"fleming_harrington"}
        How the days are weighted, see the notes; choose it before the data are seen.
    rho, gamma : float
        The powers of the Fleming-Harrington test: rho above 0 weights early days, gamma late ones.
    trend : "order" or mapping, optional
        A test for trend over ordered groups, with 1 degree of freedom: the scores 0, 1, 2 ... in
        the order of the groups (of a categorical column that of its categories), or a mapping of
        the value of `by` (a tuple where it has several columns) to its score.
    strata : str or sequence of str, optional
        Columns within whose values the groups are compared, such as the program.
    weights : str, optional
        The column of what each row counts: finite numbers above 0, such as the inverse of the
        probability of being in the group. The test is then robust.
    cluster : str, Cluster.PERSON or None
        The column that identifies clusters, for the test and the limits
        of the medians. By default ``person_id`` if the frame has that column and a value of it
        is in several rows; None treats rows as independent. ``text`` says which, with the
        numbers of clusters and rows.
    missing_group : {"refuse", "own", "leave_out"}
        How rows without a value of `by` or `strata` are handled: refused; a group "not recorded" of
        their own; or left out, and counted in ``rule`` and ``text``.
    confidence : float
        The level of the limits of the medians.

    Returns
    -------
    Comparison
        With ``statistic``, ``degrees_of_freedom``, ``p_value``, ``table`` and ``text``.

    Raises
    ------
    EstimateError
        If there is one group only, nobody has the event, a group has nobody at risk on any day
        of an event (within its strata), groups share no stratum or day with each other, there are
        fewer clusters than groups, or the times are refused by `iop_outcomes.survival_curves`.
    RuleError
        If a column is not there, or is both a group and a stratum.

    Notes
    -----
    On each day of an event the events of a group are compared with those expected from its share
    of those at risk; differences and their hypergeometric covariance are summed over days and
    strata, and :math:`(O - E)' V^{-1} (O - E)` is referred to chi-squared (Mantel 1966, Cancer
    Chemother Rep 50:163-170; Klein and Moeschberger 2003, section 7.3). As R's ``survdiff``, and
    with late entry as the score test of R's ``coxph`` without ties. The test says whether curves
    differ, not by how much, and has little power where they cross.

    Without strata, late entry and clusters, for up to 20 groups, the statistic and its p-value are
    those of lifelines' ``multivariate_logrank_test`` on the counts of equal rows; expected events,
    and all else, are ours.

    The family weights day t by w (Klein and Moeschberger 2003, section 7.3; n at risk, d events, S
    the Kaplan-Meier estimate of all groups of the stratum together): log-rank 1; Gehan-Breslow n;
    Tarone-Ware :math:`\sqrt n`; Peto-Peto :math:`\tilde S(t) = \prod (1 - d / (n + 1))`; its
    modified form :math:`\tilde S(t)\, n / (n + 1)`; Fleming-Harrington :math:`S(t-)^\rho
    (1 - S(t-))^\gamma`, which with gamma 0 is R's ``survdiff(..., rho=)``. A test for trend refers
    :math:`(\sum_g s_g (O_g - E_g))^2 / s' V s` to chi-squared with 1 degree of freedom.

    With clusters the covariance is from the sums of each cluster's score residuals, as that of the
    robust score test of R's ``coxph(..., cluster=, ties="breslow")``, times a factor that tends to
    1 with many clusters: the robust test rejects too often with fewer than some 100 clusters, and
    this one does not (`iop_outcomes.compare.group_tests.scores.cluster_score.robust_to_clusters`;
    docs/deviations.md). Copies of all rows as rows of the same person change neither the statistic
    nor the p-value.

    With weights observed and expected events are sums of weights, and the covariance is that of the
    robust score test of R's ``coxph(..., weights=, robust=TRUE, ties="breslow")`` times the factor
    of the same rows without weights: equal weights change nothing. Weights that were estimated are
    taken as known.

    Examples
    --------
    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> times = pd.DataFrame(
    ...     {
    ...         "days": [3, 5, 7, 9, 4, 8, 10, 12],
    ...         "event": [1, 1, 1, 1, 1, 0, 1, 0],
    ...         "track": ["day"] * 4 + ["evening"] * 4,
    ...     }
    ... )
    >>> iop.compare_survival(times, by="track")
    <Comparison: Log-rank test, 2 groups, chi-squared 2.80, p = 0.094>
    """
    grouped = Grouped.of(times, by, strata, missing_group)
    checked, names, stratum = grouped.checked, grouped.names, grouped.stratum
    refuse_names(names)
    normal_quantile(confidence)
    weight = Weight.of(test, rho, gamma)
    scores = None if trend is None else trend_scores(checked.labels, trend)
    weighting = read_weighting(grouped.times, weights, cluster)
    result = compare_groups(checked, stratum, weighting.clusters, weight, weighting.weight)
    name, freedom = weight.name, result.degrees_of_freedom
    if scores is None:
        statistic, p_value = result.statistic, result.p_value
    else:
        statistic, p_value = result.along(scores)
        name, freedom = f"{name} for trend", 1
    plain = (
        scores is None
        and weight.test == "log_rank"
        and checked.entry is None
        and not weighting.robust
        and not stratum.any()
    )
    if plain and len(checked.labels) <= MOST_GROUPS:
        statistic, p_value = log_rank_test(checked)
    steps = fitted_steps(checked, weighting, confidence, "log-log")
    curves = curves_of(checked, steps, confidence, weighting=weighting)
    counted = ["n", "events"] + ["weighted_events"] * (weights is not None)
    sizes = curves.sizes[[*names, *counted]]
    medians = curves.median()[["median", "lower", "upper"]]
    expected = result.expected
    if weight.test != "log_rank":
        clusters = weighting.clusters
        expected = compare_groups(checked, stratum, clusters, row_weight=weighting.weight).expected
    columns = {"expected": expected} | ({} if scores is None else {"score": scores})
    return Comparison(
        table=pd.concat([sizes, pd.DataFrame(columns), medians], axis=1),
        statistic=statistic,
        degrees_of_freedom=freedom,
        p_value=p_value,
        curves=curves,
        strata=tuple(grouped.strata),
        rule=checked.rule,
        clustering=weighting.clusters.clustering,
        test=name,
        weights=weights,
    )


def trend_scores(
    labels: pd.DataFrame, trend: Literal["order"] | Mapping[Any, float]
) -> NDArray[np.float64]:
    """Return the score of each group; RuleError if a group has none, or all have the same."""
    if isinstance(trend, str) and trend == "order":
        return np.arange(len(labels), dtype=np.float64)
    if not isinstance(trend, Mapping):
        raise RuleError(
            "A test for trend needs the scores of the groups.",
            found=f"trend={as_written(trend)}",
            instead='trend="order", or trend={"low": 0, "middle": 1, "high": 2}',
        )
    names = [tuple(row) if len(row) > 1 else row[0] for row in labels.itertuples(index=False)]
    by_name = {str(name): score for name, score in trend.items()}
    scores = [by_name.get(str(name)) for name in names]
    known = [score for score in scores if is_number(score) and np.isfinite(score)]
    if len(known) < len(scores) or len(set(known)) < 2:
        raise RuleError(
            "Every group needs a score, a number, and not all the same.",
            found=f"{len(known)} of {len(scores)} groups with a score",
            instead="trend={...} with each value of by=.",
        )
    return np.array(known, dtype=np.float64)


def compare_groups(
    times: CheckedTimes,
    stratum: NDArray[np.intp],
    clusters: Clusters,
    weight: Weight = LOG_RANK,
    row_weight: NDArray[np.float64] | None = None,
) -> GroupScore:
    """Return the score of checked times by a test; refuse what cannot be compared."""
    refuse_incomparable(times, "iop.survival_curves")
    clusters.refuse_fewer(len(times.labels) - 1, "comparison")
    if row_weight is None:
        result = log_rank(times, stratum, clusters.code, weight)
    else:
        result = weighted_log_rank(times, stratum, clusters.code, weight, row_weight)
    _check_result(result, times)
    return result


def _check_result(result: GroupScore, times: CheckedTimes) -> None:
    empty = np.flatnonzero(result.expected <= 0)
    if len(empty):
        raise EstimateError(
            "A group has nobody at risk on any day of an event, so it cannot be compared with "
            "the others.",
            found=f"{groups_called(empty.tolist(), len(times.labels))} of survival_curves",
            instead="leave the group out, or merge it with another.",
        )
    if result.degrees_of_freedom < len(times.labels) - 1:
        raise EstimateError(
            "Some groups are never at risk on the same day of an event, so they cannot be "
            "compared.",
            found=f"{len(times.labels)} groups, of which the data compare "
            f"{result.degrees_of_freedom + 1}",
            instead="compare groups that are at risk in the same strata on the same days, or use "
            "fewer strata.",
        )
