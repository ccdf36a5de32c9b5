"""Robust tests of differences between groups in the mean number of events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from iop_outcomes.compare.group_tests.groups import refuse_no_columns, refuse_single_group
from iop_outcomes.compare.group_tests.result import GroupTest
from iop_outcomes.compare.group_tests.scores.recurrence_score import pseudo_score, weighted_score
from iop_outcomes.compare.group_tests.scores.score import GroupScore
from iop_outcomes.errors import EstimateError
from iop_outcomes.shared.groups import MissingGroup, settle_groups
from iop_outcomes.shared.text import format_value
from iop_outcomes.survival.clusters import Cluster, Clustering
from iop_outcomes.survival.recurrence.estimate import mean_cumulative_function
from iop_outcomes.survival.recurrence.result import MeanCumulativeFunction
from iop_outcomes.survival.recurrence.times import Stretches, read_stretches
from iop_outcomes.survival.times import label_of


@dataclass(frozen=True, eq=False, repr=False)
class RecurrenceComparison(GroupTest):
    """A test of whether the mean numbers of events of several groups differ.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group: ``[by ...]``; ``n``, ``events`` (int64); ``observed``, ``expected``
        (float64): what the test compares: events, and those that the group would have had if all
        had the same mean; with terminal events each event counts by the estimated share of its
        group without one; ``day``: the last day to which all groups are followed; ``mean, se,
        lower, upper``: the mean number through that day.
    statistic : float
        Chi-squared.
    degrees_of_freedom : int
        The number of groups less one.
    p_value : float
        Of a statistic at least as large if the mean functions are the same.
    curves : MeanCumulativeFunction
        The means that are compared.
    test : str
        Which test it is.
    rule : str
        How the times were defined, and the estimate.
    clustering : Clustering, optional
        The clusters of the test: their column, and how many clusters and ids.
    """

    table: pd.DataFrame
    statistic: float
    degrees_of_freedom: int
    p_value: float
    curves: MeanCumulativeFunction
    test: str
    rule: str
    clustering: Clustering | None = None

    @property
    def _test(self) -> str:
        return self.test

    def _describe_row(self, row: pd.Series[Any]) -> str:
        name = label_of(row[list(self.curves.by)])
        mean = format_value(float(row["mean"]), 2)
        return (
            f"{name}: {row['events']:,.0f} {self.curves.noun} among {row['n']:,.0f}, mean {mean} "
            f"through day {row['day']:g}"
        )


def compare_recurrence(
    times: pd.DataFrame,
    by: str | Sequence[str],
    *,
    id: str = "episode_id",
    cluster: str | Cluster | None = Cluster.PERSON,
    terminal: str | Sequence[str] | None = None,
    missing_group: MissingGroup = "refuse",
    confidence: float = 0.95,
) -> RecurrenceComparison:
    r"""Test whether groups differ in the mean number of events a person.

    Parameters
    ----------
    times, id, cluster, terminal
        As for `iop_outcomes.mean_cumulative_function`.
    by : str or sequence of str
        Columns whose values define the groups, two or more; the same in all stretches of an id.
    missing_group : {"refuse", "own", "leave_out"}
        How ids without a value of `by` are handled: refused; a group "not recorded" of their own;
        or left out, and counted in ``rule`` and ``text``.
    confidence : float
        The level of the limits of the means.

    Returns
    -------
    RecurrenceComparison
        With ``statistic``, ``degrees_of_freedom``, ``p_value``, ``table``, ``curves`` and ``text``.

    Raises
    ------
    EstimateError
        If there is one group only, nobody has an event, groups are never under observation on the
        same day or have too few clusters to estimate a variance, or the times are refused by
        `iop_outcomes.mean_cumulative_function`.
    RuleError
        As `iop_outcomes.mean_cumulative_function`.

    Notes
    -----
    The log-rank score :math:`O_g - E_g = \sum_u dN_g - Y_g\, dN / Y`, for recurrent events the
    pseudo-score of equal mean functions, which weighs each day by those under observation: of two
    groups :math:`\sum_u (Y_1 Y_2 / Y) (dN_1 / Y_1 - dN_2 / Y_2)` (Lawless and Nadeau 1995,
    Technometrics 37:158-168; Cook, Lawless and Nadeau 1996, Biometrics 52:557-571). The covariance
    sums the squares of the residuals of each cluster under the hypothesis, so that it is valid
    whatever the dependence between the events of one person: the robust score test of R's
    ``coxph(..., ties = "breslow", cluster =)``.

    With terminal events the weights are the same and the means those of Ghosh and Lin (2000,
    Biometrics 56:554-562): :math:`\sum_u (Y_1 Y_2 / Y) (d\hat\mu_1 - d\hat\mu_2)`, the covariance
    from the influence of each cluster on the mean of its own group, since groups with the same
    mean can differ in who dies. A group can have fewer relapses because more of it dies: look at
    the deaths too.

    With few clusters (below some 20 a group) the test rejects too often.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.compare.group_tests.recurrence import compare_recurrence
    >>> times = pd.DataFrame(
    ...     {
    ...         "id": [1, 1, 2, 2, 3, 4, 5, 5, 6, 7],
    ...         "entry": [0, 10, 0, 20, 0, 0, 0, 35, 0, 0],
    ...         "days": [10, 40, 20, 30, 55, 60, 35, 60, 60, 25],
    ...         "event": [1, 0, 1, 1, 0, 0, 1, 0, 0, 0],
    ...         "track": ["day"] * 5 + ["evening"] * 5,
    ...     }
    ... )
    >>> result = compare_recurrence(times, by="track", id="id")
    >>> result.table[["track", "n", "events", "expected"]].round(2)
         track  n  events  expected
    0      day  3       3      1.76
    1  evening  4       1      2.24
    >>> round(result.p_value, 3)
    0.225
    """
    times = settle_groups(times, (by,), missing_group, id=id)
    stretches = read_stretches(times, by, id=id, cluster=cluster, terminal=terminal)
    labels = stretches.times.labels
    refuse_no_columns(labels)
    refuse_single_group(labels, "mean_cumulative_function(times) for the mean of one group.")
    curves = mean_cumulative_function(
        times, by, id=id, cluster=cluster, terminal=terminal, confidence=confidence
    )
    freedom = len(labels) - 1
    score, test = _test(stretches)

    from scipy.special import chdtrc

    day = curves.last_common_day
    sizes = curves.sizes[[*curves.by, "n", "events"]]
    means = curves.at(day)[["day", "mean", "se", "lower", "upper"]]
    statistic = score.statistic
    return RecurrenceComparison(
        table=pd.concat(
            [sizes.assign(observed=score.observed, expected=score.expected), means], axis=1
        ),
        statistic=statistic,
        degrees_of_freedom=freedom,
        p_value=float(chdtrc(freedom, statistic)),
        curves=curves,
        test=test,
        rule=curves.rule,
        clustering=curves.clustering,
    )


def _test(stretches: Stretches) -> tuple[GroupScore, str]:
    """Return the score and its name: without terminal events there are no weights."""
    if stretches.terminal.any():
        score, test = weighted_score(stretches), "Ghosh-Lin test of the mean number"
    else:
        score, test = pseudo_score(stretches), "Robust log-rank test of the mean number"
    groups = len(stretches.times.labels)
    if score.degrees_of_freedom < groups - 1:
        raise EstimateError(
            "Some groups are never under observation on the same day of an event, or have too "
            "few clusters, so they cannot be compared.",
            found=f"{groups} groups, of which {score.degrees_of_freedom + 1} can be",
            instead="leave such a group out, or merge it with another.",
        )
    return score, test
