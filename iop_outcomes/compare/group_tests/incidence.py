"""Gray's test of differences between groups in the incidence of each cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.compare.group_tests.groups import (
    refuse_no_columns,
    refuse_single_group,
    strata_of,
)
from iop_outcomes.compare.group_tests.result import format_p_value, full_name
from iop_outcomes.compare.group_tests.scores.cluster_score import robust_to_clusters
from iop_outcomes.compare.group_tests.scores.gray_score import Ends, gray_residuals, gray_score
from iop_outcomes.compare.group_tests.scores.score import GroupScore
from iop_outcomes.errors import EstimateError
from iop_outcomes.shared.groups import MissingGroup, settle_groups
from iop_outcomes.shared.messages import cause_called
from iop_outcomes.shared.result import Result
from iop_outcomes.survival.clusters import Cluster, Clustering, closing, read_clusters
from iop_outcomes.survival.competing.causes import Causes, read_causes
from iop_outcomes.survival.competing.estimate import cumulative_incidence
from iop_outcomes.survival.competing.result import CumulativeIncidence

MOST_CELLS = 20_000_000  # days x groups x groups, of which a few tables are held


@dataclass(frozen=True, eq=False, repr=False)
class IncidenceComparison(Result):
    """Gray's test of each cause.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a cause: ``cause``; ``events`` (int64); ``statistic``: chi-squared;
        ``degrees_of_freedom`` (int64): the number of groups less one; ``p_value``: of a
        statistic at least as large if the incidences of the cause are the same; not corrected
        for the number of causes.
    incidence : CumulativeIncidence
        The incidences that are compared.
    rule : str
        How the times were defined, what competes, and the estimate.
    strata : tuple of str
        The columns within whose values the groups are compared.
    clustering : Clustering, optional
        The clusters of the test: their column, and how many clusters and rows.
    """

    table: pd.DataFrame
    incidence: CumulativeIncidence
    rule: str
    strata: tuple[str, ...] = ()
    clustering: Clustering | None = None

    @property
    def text(self) -> str:
        """The test of each cause in words, and the rule."""
        by = ", ".join(self.incidence.by)
        ending = closing(self.rule, self.clustering)
        return f"{self._test}, by {by}: {self._result_text}. {ending}"

    @property
    def synthetic(self) -> bool:
        """Whether the data are synthetic."""
        return self.incidence.synthetic

    def at(self, days: float | Sequence[float]) -> pd.DataFrame:
        """Return the incidences that are compared on the given days."""
        return self.incidence.at(days)

    def plot(self, ax: Any = None) -> Any:
        """Draw the incidences that are compared."""
        return self.incidence.plot(ax)

    @property
    def _summary(self) -> str:
        """The test of each cause."""
        return f"{self._test}, {self._result_text}"

    @property
    def _test(self) -> str:
        return full_name("Gray's test", self.clustering, self.strata)

    @property
    def _result_text(self) -> str:
        return "; ".join(
            f"{row['cause']}: chi-squared {row['statistic']:.2f} on "
            f"{row['degrees_of_freedom']} df, {format_p_value(row['p_value'])}"
            for row in self.table.to_dict("records")
        )


def compare_incidence(
    times: pd.DataFrame,
    by: str | Sequence[str],
    end: str = "ended_by",
    *,
    causes: Sequence[Any] | None = None,
    strata: str | Sequence[str] | None = None,
    cluster: str | Cluster | None = Cluster.PERSON,
    missing_group: MissingGroup = "refuse",
    confidence: float = 0.95,
) -> IncidenceComparison:
    r"""Test whether groups differ in the incidence of each competing cause, by Gray's test.

    Parameters
    ----------
    times, end, causes
        As for `iop_outcomes.cumulative_incidence`; without late entry.
    by : str or sequence of str
        Columns whose values define the groups, two or more.
    strata : str or sequence of str, optional
        Columns within whose values the groups are compared, such as the program. The incidences are
        not stratified.
    cluster : str, Cluster.PERSON or None
        The column that identifies clusters, for the test and the limits
        of the incidences. By default ``person_id`` if the frame has that column and a value of it
        is in several rows; None treats rows as independent. ``text`` says which, with the
        numbers of clusters and rows.
    missing_group : {"refuse", "own", "leave_out"}
        How rows without a value of `by` or `strata` are handled: refused; a group "not recorded" of
        their own; or left out, and counted in ``rule`` and ``text``.
    confidence : float
        The level of the limits of the incidences.

    Returns
    -------
    IncidenceComparison
        With ``table``, ``incidence`` and ``text``.

    Raises
    ------
    EstimateError
        If there is one group only, one of the causes has no events, there is late entry, the groups
        are never at risk on the same day (within a stratum), or there are fewer clusters than
        groups.
    RuleError
        If a column is both a group and a stratum, or as for `iop_outcomes.cumulative_incidence`.

    Notes
    -----
    A log-rank test of the subdistribution hazard: people with an event of another cause stay in the
    denominator, weighted by :math:`R_g = n_g (1 - F_g(t-)) / S_g(t-)`. The score of group g is
    :math:`\sum_t d_g - d R_g / \sum_h R_h`, and its covariance sums, over the groups' own events of
    either kind, the influence of each (Gray 1988, Ann Stat 16:1141-1154, with rho 0 and the
    correction for ties of R's ``cmprsk::cuminc``). Within strata both are made in each and added
    up. The test compares the *cumulative incidences*; a group can have fewer relapses because more
    of its people die or move away, so look at all causes.

    With clusters the covariance sums the squares of what the rows of each cluster add to the score,
    its derivative by what a row counts, as in the robust score test of
    `iop_outcomes.compare_survival` and with the same factor. Clustered incidences are compared by
    such influences in Chen, Kramer, Greene and Rosenberg (2008, Biometrics 64:172-179), and Fine
    and Gray's model for clusters has them as its sandwich (Zhou et al. 2012, Biostatistics
    13:371-383). Copies of all rows as rows of the same person change nothing.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.compare.group_tests.incidence import compare_incidence
    >>> times = pd.DataFrame(
    ...     {
    ...         "days": [3, 5, 7, 9, 4, 8, 10, 12],
    ...         "ended_by": ["relapse", "relapse", "died", "relapse", "died"]
    ...         + ["relapse", "died", "relapse"],
    ...         "track": ["day"] * 4 + ["evening"] * 4,
    ...     }
    ... )
    >>> compare_incidence(times, by="track", causes=["relapse", "died"]).table["events"].tolist()
    [5, 3]
    """
    times = settle_groups(times, (by, strata), missing_group)
    by_cause = read_causes(times, by, end, causes)
    labels, ends = by_cause.times.labels, times.assign(event=by_cause.code >= 0)
    stratum, strata_names = strata_of(ends, strata, list(labels.columns))
    clusters = read_clusters(times, cluster)
    incidence = cumulative_incidence(
        times, by, end, causes=causes, cluster=cluster, confidence=confidence
    )
    _check_comparable(by_cause)
    freedom = len(by_cause.times.labels) - 1
    clusters.refuse_fewer(freedom, "comparison")
    parts = [
        Ends.of(by_cause, stratum == part, clusters.code) for part in range(int(stratum.max()) + 1)
    ]
    parts = [part for part in parts if len(part.at_risk)]  # without an end it adds nothing
    _check_size(max(len(part.at_risk) for part in parts), len(by_cause.times.labels))
    rows = []
    for cause, name in enumerate(by_cause.names):
        score = cause_score(parts, cause)
        events = int((by_cause.code == cause).sum())
        rows.append((name, events, score.statistic, freedom, score.p_value))
    columns = ["cause", "events", "statistic", "degrees_of_freedom", "p_value"]
    table = pd.DataFrame(rows, columns=columns)
    return IncidenceComparison(
        table, incidence, incidence.rule, tuple(strata_names), clusters.clustering
    )


def cause_score(parts: list[Ends], cause: int) -> GroupScore:
    """Return the score of a cause, added up over the strata."""
    scores = [gray_score(part, cause) for part in parts]
    score, covariance = (np.sum(part, axis=0) for part in zip(*scores, strict=True))
    result = GroupScore(score, np.zeros_like(score), covariance)
    if result.degrees_of_freedom < len(score) - 1:
        raise EstimateError(
            "Some groups are never at risk on the same day of an event, so they cannot be "
            "compared.",
            instead="leave such a group out, or merge it with another.",
        )
    clusters = [part.cluster for part in parts if part.cluster is not None]
    if not clusters:
        return result
    residual = np.hstack([gray_residuals(part, cause) for part in parts])
    return robust_to_clusters(result, residual, np.concatenate(clusters))


def _check_comparable(by_cause: Causes) -> None:
    labels = by_cause.times.labels
    refuse_no_columns(labels)
    refuse_single_group(labels, "cumulative_incidence(times) for the incidences of one group.")
    if by_cause.times.entry is not None:
        raise EstimateError(
            "Gray's test is not defined for late entry.",
            found="entries after day 0",
            instead="compare_survival, which counts every other cause as censoring.",
        )
    number = np.bincount(by_cause.code[by_cause.code >= 0], minlength=len(by_cause.names))
    empty = [name for name, count in zip(by_cause.names, number, strict=True) if not count]
    if empty:
        raise EstimateError(
            "No events of this cause: there is nothing to compare.",
            found=f"0 ends by {', '.join(cause_called(name, by_cause.names) for name in empty)}",
            instead="causes that occur.",
        )


def _check_size(days: int, groups: int) -> None:
    if days * groups**2 > MOST_CELLS:
        raise EstimateError(
            "Gray's test of this many groups needs too much memory.",
            found=f"{groups:,} groups over {days:,} days with an end",
            instead="fewer groups, or compare_survival.",
        )
