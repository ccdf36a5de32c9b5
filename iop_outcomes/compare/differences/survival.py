"""The difference in the share without the event at a day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from iop_outcomes.compare.differences.curve_cells import estimate_cells
from iop_outcomes.compare.differences.question import Question
from iop_outcomes.compare.differences.result import Correction, Difference, difference_table
from iop_outcomes.shared.groups import MissingGroup
from iop_outcomes.survival.clusters import Cluster


def survival_difference(
    times: pd.DataFrame,
    by: str | Sequence[str],
    day: float,
    *,
    reference: Any = None,
    strata: str | Sequence[str] | None = None,
    weights: str | None = None,
    cluster: str | Cluster | None = Cluster.PERSON,
    correction: Correction = "holm",
    missing_group: MissingGroup = "refuse",
    confidence: float = 0.95,
) -> Difference:
    r"""Estimate how groups differ in the share without the event at a day.

    Parameters
    ----------
    times : pandas.DataFrame
        As for `iop_outcomes.survival_curves`: ``days``, ``event`` and, with late entry,
        ``entry``.
    by : str or sequence of str
        Columns whose values define the groups, two or more.
    day : float
        The day, chosen before the data are seen.
    reference : object, optional
        The group that all others are compared with (a tuple where `by` has several columns). By
        default all pairs, the later group less the earlier one.
    strata : str or sequence of str, optional
        Columns to whose values the groups are standardised, such as the program: each group must
        occur in each stratum.
    weights : str, optional
        The column of weights, as for `iop_outcomes.survival_curves`; the errors are then robust.
    cluster : str, Cluster.PERSON or None
        The column that identifies clusters. By default ``person_id`` if the frame has that column
        and a value of it is in several rows; None treats rows as independent. A person in two
        groups is taken into account.
    correction : {"holm", "bonferroni", "none"}
        How the p-values of several pairs are corrected, in ``p_adjusted``. The limits are not.
    missing_group : {"refuse", "own", "leave_out"}
        How rows without a value of `by` or `strata` are handled: refused; a group "not recorded" of
        their own; or left out, and counted in ``rule`` and ``text``.
    confidence : float
        The level of the limits.

    Returns
    -------
    Difference
        With ``table`` (a row a pair), ``groups`` and ``text``. The unit is the proportion.

    Raises
    ------
    EstimateError
        If there is one group only, a group is not followed up to the day, a group does not occur
        in a stratum, there are fewer clusters than groups, or the times are refused by
        `iop_outcomes.survival_curves`.
    RuleError
        If a column is not there, or an option is not known.

    Notes
    -----
    The difference of Kaplan-Meier estimates, with the variance of each from Greenwood's formula
    and, with weights or clusters, from the infinitesimal jackknife; the covariance of two groups is
    the sum over clusters of the products of their influences. The limits are normal on the scale of
    the difference (Klein, Logan, Harhoff and Andersen 2007, Stat Med 26:4505-4519, compare scales
    for the test at a fixed day). Where a group has no event by the day, or the event of all, its
    error is not estimated: limits and p-value are missing. With strata :math:`S_g = \sum_s w_s
    S_{gs}`, :math:`w_s` being the share of all rows in stratum s, taken as known.

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
    >>> result = iop.survival_difference(times, "track", day=7)
    >>> result.table[["group", "reference", "difference", "lower", "upper"]].round(3)
         group reference  difference  lower  upper
    0  evening       day         0.5   -0.1    1.1
    """
    question = Question.of(
        times,
        by,
        ("day", day),
        columns=(strata, weights, cluster),
        reference=reference,
        correction=correction,
        missing_group=missing_group,
        confidence=confidence,
    )
    cells, day = question.cells, question.day
    estimates = cells.standardised(*estimate_cells(cells, question.weighting, day, "survival"))
    table = difference_table(cells.labels, *estimates, question.pairs, confidence)
    measure = f"the proportion without {question.times.provenance.event} at day {day:g}"
    return question.result(table, estimates, (measure, "proportion", "Kaplan-Meier estimates"))
