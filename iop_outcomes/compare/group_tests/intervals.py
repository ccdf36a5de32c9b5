"""Score tests between groups with interval-censored events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.group_tests.groups import (
    refuse_incomparable,
    refuse_no_columns,
    strata_of,
)
from iop_outcomes.compare.group_tests.result import GroupTest, full_name
from iop_outcomes.compare.group_tests.scores.cluster_score import (
    refuse_too_many,
    robust_to_clusters,
)
from iop_outcomes.compare.group_tests.scores.score import GroupScore
from iop_outcomes.errors import EstimateError
from iop_outcomes.shared.groups import MissingGroup, settle_groups
from iop_outcomes.survival.clusters import Cluster, Clustering, read_clusters
from iop_outcomes.survival.intervals.estimate import interval_survival
from iop_outcomes.survival.intervals.late_entry import Hazards, score_parts
from iop_outcomes.survival.intervals.masses import Intervals
from iop_outcomes.survival.intervals.result import IntervalSurvival
from iop_outcomes.survival.intervals.times import check_intervals
from iop_outcomes.survival.intervals.turnbull import estimate_masses
from iop_outcomes.survival.times import CheckedTimes, label_of

Floats = NDArray[np.float64]

LEAST_INFORMATION = 1e-9  # relative to the most of any group, or to that of an event


@dataclass(frozen=True, eq=False, repr=False)
class IntervalComparison(GroupTest):
    """A test of whether curves of events known between check-ins differ.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group: ``[by ...]``; ``n``, ``events`` (int64); ``score`` (float64): above 0 if
        the events come earlier than they would if all groups had one curve (within a stratum),
        adding up to 0; ``median, earliest, latest`` in days, not stratified.
    statistic : float
        Chi-squared.
    degrees_of_freedom : int
        The number of groups less one.
    p_value : float
        Of a statistic at least as large if the curves are the same.
    curves : IntervalSurvival
        The curves that are compared.
    strata : tuple of str
        The columns within whose values the groups are compared.
    rule : str
        How the times were defined, and the test.
    clustering : Clustering, optional
        The clusters of the test: their column, and how many clusters and rows.
    """

    table: pd.DataFrame
    statistic: float
    degrees_of_freedom: int
    p_value: float
    curves: IntervalSurvival
    strata: tuple[str, ...]
    rule: str
    clustering: Clustering | None = None

    @property
    def _test(self) -> str:
        return full_name("Score test for intervals", self.clustering, self.strata)

    def _describe_row(self, row: pd.Series[Any]) -> str:
        name = label_of(row[list(self.curves.by)])
        more = "more" if row["score"] >= 0 else "fewer"
        return (
            f"{name}: {row['events']:,.0f} events among {row['n']:,.0f}, "
            f"{abs(row['score']):.1f} {more} than with one curve"
        )


def compare_interval_survival(
    times: pd.DataFrame,
    by: str | Sequence[str],
    *,
    strata: str | Sequence[str] | None = None,
    cluster: str | Cluster | None = Cluster.PERSON,
    missing_group: MissingGroup = "refuse",
) -> IntervalComparison:
    r"""Test whether groups differ in events known only between two check-ins.

    Parameters
    ----------
    times : pandas.DataFrame
        As for `interval_survival`: ``days``, ``event``, ``clear_until`` and, with late entry,
        ``entry``.
    by : str or sequence of str
        Columns whose values define the groups, two or more.
    strata : str or sequence of str, optional
        Columns within whose values the groups are compared, such as the program; each stratum has
        a curve of its own.
    cluster : str, Cluster.PERSON or None
        The column that identifies clusters. By default ``person_id`` if
        the frame has that column and a value of it is in several rows; None treats rows as
        independent. ``text`` says which, with the numbers of clusters and rows.
    missing_group : {"refuse", "own", "leave_out"}
        How rows without a value of `by` or `strata` are handled: refused; a group "not recorded" of
        their own; or left out, and counted in ``rule`` and ``text``.

    Returns
    -------
    IntervalComparison
        With ``statistic``, ``degrees_of_freedom``, ``p_value``, ``table`` and ``text``.

    Raises
    ------
    EstimateError
        If there is one group only, nobody has the event, groups share no stratum in which scores
        differ or are never under observation on the same day, all intervals are the same, there are
        fewer clusters than groups, or the times are refused by `interval_survival`.
    RuleError
        If a column is not there, or is both a group and a stratum.

    Notes
    -----
    With S the estimate of all groups together, a person known to have the event in
    :math:`(l, r]` has the score

    .. math:: c = \frac{S(l) \log S(l) - S(r) \log S(r)}{S(l) - S(r)},

    the derivative of the log-likelihood in a model of proportional hazards at no effect
    (Finkelstein 1986, Biometrics 42:845-854). The sums of the groups' scores are
    compared with zero by their covariance over all assignments of people to groups,
    :math:`\frac{1}{n-1} \sum_i (c_i - \bar c)^2 \sum_i (x_i - \bar x)(x_i - \bar x)'` (Fay 1996,
    Biometrics 52:811-822; Fay and Shaw 2010, J Stat Softw 36(2)); both are summed over strata and
    the quadratic form is referred to chi-squared.

    With late entry the score is :math:`H / (e^H - 1) - C`, H the increments of the cumulative
    hazard over the interval and C those from the entry up to it, which is the same thing where
    everyone enters on day 0. Those who enter late differ in their scores, so that assignments
    cannot be permuted; the covariance is then the observed information of the groups' effects less
    what is lost by estimating the increments, as in Finkelstein. It needs a grid of check-in
    days that is small relative to the number of people.

    With clusters the covariance sums the squares of the clusters' scores, those of row i being
    :math:`(x_i - \bar x) c_i`, with late entry less their projection on the scores of the
    increments, times a factor that tends to 1 with many clusters
    (`iop_outcomes.compare.group_tests.scores.cluster_score.robust_to_clusters`). Copies of all rows
    as rows of the same person change nothing.

    The permutation test assumes that check-ins are on the same days and equally often missed in all
    groups: a group with fewer check-ins can differ in its intervals alone. With exactly known days
    this is a log-rank test with scores of tied days slightly apart from those of
    `iop_outcomes.compare_survival`.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.compare.group_tests.intervals import compare_interval_survival
    >>> times = pd.DataFrame(
    ...     {
    ...         "clear_until": [0, 0, 7, 7, 7, 14, 14, 21],
    ...         "days": [7, 7, 14, 14, 21, 21, 21, 21],
    ...         "event": [True] * 6 + [False] * 2,
    ...         "track": ["day", "day", "day", "evening", "day", "evening", "evening", "evening"],
    ...     }
    ... )
    >>> compare_interval_survival(times, by="track")
    <IntervalComparison: Score test for intervals, 2 groups, chi-squared 3.57, p = 0.059>
    """
    times = settle_groups(times, (by, strata), missing_group)
    checked, left, right = check_intervals(times, by)
    names = list(checked.labels.columns)
    refuse_no_columns(checked.labels)
    stratum, strata_names = strata_of(times, strata, names)
    refuse_incomparable(checked, "iop.interval_survival")
    clusters = read_clusters(times, cluster)
    clusters.refuse_fewer(len(checked.labels) - 1, "comparison")
    score, residual = _scores(checked, stratum, (left, right), clusters.code)
    if _too_flat(score.covariance):
        raise _flat(checked, int(stratum.max()) + 1)
    if clusters.code is not None:
        score = robust_to_clusters(score, residual, clusters.code)
    curves = interval_survival(times, names, cluster=cluster)
    medians = curves.median()[["median", "earliest", "latest"]]
    sizes = curves.fits[[*names, "n", "events"]]
    return IntervalComparison(
        table=pd.concat([sizes, pd.Series(score.observed, name="score"), medians], axis=1),
        statistic=score.statistic,
        degrees_of_freedom=score.degrees_of_freedom,
        p_value=score.p_value,
        curves=curves,
        strata=tuple(strata_names),
        rule=f"{checked.rule} Scores of proportional hazards, variance {_variance_text(checked)}.",
        clustering=clusters.clustering,
    )


def _variance_text(checked: CheckedTimes) -> str:
    return "over permutations" if checked.entry is None else "by the observed information"


def _scores(
    checked: CheckedTimes,
    stratum: NDArray[np.intp],
    ends: tuple[Floats, Floats],
    cluster: NDArray[np.intp] | None,
) -> tuple[GroupScore, Floats]:
    """Return the groups' scores, added up over the strata, and what each row adds to them."""
    groups = len(checked.labels)
    refuse_too_many(0 if cluster is None else len(stratum), groups)
    total, covariance = np.zeros(groups), np.zeros((groups, groups))
    residual = np.zeros((groups, len(stratum) if cluster is not None else 0))
    order = np.argsort(stratum, kind="stable")
    for rows in np.split(order, np.cumsum(np.bincount(stratum))[:-1]):
        own = None if cluster is None else cluster[rows]
        left, right = (end[rows] for end in ends)
        if checked.entry is None:
            parts = _permuted((left, right), checked.group[rows], groups, own)
        else:
            entry = checked.entry[rows].astype(np.float64)
            hazards = Hazards.of(Intervals(left, right, np.ones(len(rows)), entry))
            parts = score_parts(hazards, checked.group[rows], groups)
        total, covariance = total + parts[0], covariance + parts[1]
        if cluster is not None:
            residual[:, rows] = parts[2]
    return GroupScore(total, np.zeros(groups), covariance), residual


def _permuted(
    ends: tuple[Floats, Floats],
    group: NDArray[np.intp],
    groups: int,
    cluster: NDArray[np.intp] | None,
) -> tuple[Floats, Floats, Floats]:
    """Return the groups' scores, their permutation covariance, and what each row adds."""
    score = person_scores(*ends)
    score -= score.mean()  # 0 at the maximum except for rounding
    rows = len(score)
    people = np.bincount(group, minlength=groups).astype(np.float64)
    total: Floats = np.bincount(group, score, groups).astype(np.float64)
    spread = np.diag(people) - np.outer(people, people) / rows
    if cluster is None:
        return total, spread * _variance(score, 1.0), np.zeros((groups, 0))
    alike = float((np.bincount(cluster) ** 2).sum()) / rows
    member = np.arange(groups)[:, None] == group
    return total, spread * _variance(score, alike), (member - people[:, None] / rows) * score


def _variance(score: Floats, alike: float) -> float:
    """Return the variance of scores of mean 0, of n a person."""
    others = len(score) - alike
    return float(score @ score) / others if others > 0 else 0.0


def _too_flat(covariance: Floats) -> bool:
    """Return whether the data cannot distinguish all groups."""
    spread = np.linalg.eigvalsh(covariance)  # about as large as the number of events
    return bool(spread[1] <= LEAST_INFORMATION * max(spread[-1], 1.0))


def _flat(checked: CheckedTimes, strata: int) -> EstimateError:
    groups = f"{len(checked.labels)} groups"
    if strata > 1:
        return EstimateError(
            "Some groups share no stratum in which people differ, so that they cannot be compared.",
            found=f"{groups} in {strata:,} strata",
            instead="compare groups that share strata, or use fewer strata.",
        )
    if checked.entry is None:
        return EstimateError(
            "All people have the same interval, so that groups cannot be compared.",
            found=f"{groups}, one interval",
            instead="check that clear_until and days are those of each person.",
        )
    return EstimateError(
        "Some groups are never under observation together while an event can happen, so that "
        "they cannot be compared.",
        found=groups,
        instead="compare groups that were under observation on the same days.",
    )


def person_scores(left: Floats, right: Floats) -> Floats:
    """Return the score of each interval (left, right] under one curve for all of them."""
    fit = estimate_masses(Intervals.of(left, right))
    # Survival where an interval begins and ends; neither is inside a cell.
    steps = np.append(1.0, fit.after)
    exact = left == right
    begin = np.where(
        exact,
        steps[np.searchsorted(fit.right, left, side="left")],
        steps[np.searchsorted(fit.right, left, side="right")],
    )
    end = np.where(np.isinf(right), 0.0, steps[np.searchsorted(fit.right, right, side="right")])
    score: Floats = (_times_log(begin) - _times_log(end)) / (begin - end)
    return score


def _times_log(survival: Floats) -> Floats:
    from scipy.special import xlogy

    product: Floats = xlogy(survival, survival)
    return product
