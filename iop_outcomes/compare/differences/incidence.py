"""Differences in the cumulative incidence of competing causes at a day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.differences.cells import Cells, covariance_of
from iop_outcomes.compare.differences.result import (
    Correction,
    Difference,
    corrected,
    difference_table,
    group_table,
    pairs_of,
)
from iop_outcomes.compare.differences.sizes import refuse_column_names
from iop_outcomes.errors import EstimateError
from iop_outcomes.shared.groups import MissingGroup, settle_groups
from iop_outcomes.shared.messages import groups_called
from iop_outcomes.shared.text import format_level
from iop_outcomes.survival.at_risk import Daily, count_days
from iop_outcomes.survival.clusters import Cluster
from iop_outcomes.survival.competing.aalen_johansen import aalen_johansen
from iop_outcomes.survival.competing.causes import Causes, read_causes
from iop_outcomes.survival.curves.jackknife import Moves
from iop_outcomes.survival.curves.weighted import Weighting, moves_of, read_weighting
from iop_outcomes.survival.labels import day_asked
from iop_outcomes.survival.limits import normal_quantile

Floats = NDArray[np.float64]


def incidence_difference(
    times: pd.DataFrame,
    by: str | Sequence[str],
    day: float,
    end: str = "ended_by",
    *,
    causes: Sequence[Any] | None = None,
    reference: Any = None,
    strata: str | Sequence[str] | None = None,
    cluster: str | Cluster | None = Cluster.PERSON,
    correction: Correction = "holm",
    missing_group: MissingGroup = "refuse",
    confidence: float = 0.95,
) -> Difference:
    r"""Estimate how groups differ in the cumulative incidence of each competing cause at a day.

    Parameters
    ----------
    times, end, causes
        As for `iop_outcomes.cumulative_incidence`.
    by, day, reference, strata, cluster, correction, missing_group, confidence
        As for `iop_outcomes.survival_difference`. The p-values are corrected for the pairs of each
        cause, not for the number of causes.

    Returns
    -------
    Difference
        With ``table`` (a row a cause and pair), ``groups`` (a row a cause and group; ``events`` are
        those of the cause) and ``text``. The unit is the proportion.

    Raises
    ------
    EstimateError
        If there is one group only, a group is not followed up to the day, a group does not occur
        in a stratum, there are fewer clusters than groups, or the times are refused by
        `iop_outcomes.cumulative_incidence`.
    RuleError
        If a column is not there, or an option is not known.

    Notes
    -----
    The difference of Aalen-Johansen estimates with their multinomial variances, as
    `iop_outcomes.cumulative_incidence` has them, and normal limits. With clusters the influence of
    a row on :math:`F_k(t)` is

    .. math:: \sum_{u \le t} \frac{S(u-)}{n(u)} \Bigl(dN_{k}(u) - Y(u) \frac{d_k(u)}{n(u)}\Bigr)
        - \frac{F_k(t) - F_k(u)}{n(u) - d(u)} \Bigl(dN(u) - Y(u) \frac{d(u)}{n(u)}\Bigr),

    and variances and covariances are sums over clusters of its products.

    Examples
    --------
    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> times = pd.DataFrame(
    ...     {
    ...         "days": [3, 5, 7, 9, 4, 8, 10, 12],
    ...         "ended_by": ["relapse", "relapse", "died", "relapse", "died"]
    ...         + ["relapse", "died", "relapse"],
    ...         "track": ["day"] * 4 + ["evening"] * 4,
    ...     }
    ... )
    >>> result = iop.incidence_difference(times, "track", day=8, causes=["relapse", "died"])
    >>> result.table[["cause", "estimate", "estimate_reference", "difference"]]
         cause  estimate  estimate_reference  difference
    0  relapse      0.25                0.50       -0.25
    1     died      0.25                0.25        0.00
    """
    normal_quantile(confidence)
    corrected([], correction)
    times = settle_groups(times, (by, strata), missing_group)
    by_cause = read_causes(times, by, end, causes)
    whole = by_cause.times
    refuse_column_names(list(whole.labels.columns))
    day = day_asked(day, "day", whole.days)
    weighting = read_weighting(times, None, cluster)
    ends = times.assign(event=by_cause.code >= 0)
    cells = Cells.of(whole, ends, strata, None, "iop.cumulative_incidence(times)")
    weighting.clusters.refuse_fewer(len(cells.labels), "group")
    pairs = pairs_of(cells.labels, reference)
    values, covariances = _estimate_cells(by_cause, cells, weighting, day)
    tables, groups = [], []
    for cause, name in enumerate(by_cause.names):
        estimates = cells.standardised(values[cause], covariances[cause])
        table = difference_table(cells.labels, *estimates, pairs, confidence)
        adjusted = corrected(table["p_value"].to_numpy(), correction)
        tables.append(table.assign(p_adjusted=adjusted))
        events = np.bincount(whole.group[by_cause.code == cause], minlength=len(cells.labels))
        counts = {"n": np.bincount(whole.group, minlength=len(cells.labels)), "events": events}
        sizes = cells.labels.reset_index(drop=True).assign(**counts)
        estimated = group_table(cells.labels, *estimates, confidence)
        groups.append(sizes.join(estimated.drop(columns=list(cells.labels.columns))))
        tables[-1].insert(0, "cause", name)
        groups[-1].insert(len(cells.labels.columns), "cause", name)
    return Difference(
        table=pd.concat(tables, ignore_index=True),
        groups=pd.concat(groups, ignore_index=True),
        measure=f"the cumulative incidence at day {day:g}",
        unit="proportion",
        by=tuple(cells.labels.columns),
        strata=cells.strata,
        confidence=confidence,
        correction=correction,
        rule=f"{whole.rule} Competing: {', '.join(by_cause.names).replace('_', ' ')}. "
        f"Aalen-Johansen estimates{weighting.text}, normal {format_level(confidence)} limits."
        f"{cells.text}",
        synthetic=whole.synthetic,
        clustering=weighting.clusters.clustering,
    )


def _estimate_cells(
    by_cause: Causes, cells: Cells, weighting: Weighting, day: float
) -> tuple[Floats, Floats]:
    """Return the incidence of each cause and cell at the day, and their covariance by cause."""
    times, number = cells.times, len(cells.times.labels)
    causes = len(by_cause.names)
    ends = count_days(times.days, times.group, number, by_cause.code + 1, causes + 1)
    values = np.zeros((causes, number))
    variances = np.zeros((causes, number))
    influence: list[list[tuple[NDArray[np.intp], Floats]]] = [[] for _ in range(causes)]
    code = weighting.clusters.code
    short = []
    for cell, rows in enumerate(times.rows_by_group):
        incidence_cell = IncidenceCell.of(
            ends, cell, moves_of(times, weighting, rows, ends.day[ends.own(cell)])
        )
        incidence, error = aalen_johansen(incidence_cell.at_risk, incidence_cell.events)
        place = int(np.searchsorted(incidence_cell.day, day, side="right")) - 1
        values[:, cell], variances[:, cell] = incidence[:, place], error[:, place] ** 2
        if incidence_cell.day[-1] < day and incidence[:, place].sum() < 1 - 1e-9:
            short.append(cell)
        if code is not None:
            who = np.unique(incidence_cell.moves.cluster, return_index=True)[1]
            own = by_cause.code[rows]
            for cause, sums in enumerate(incidence_cell.influence(incidence, own, place)):
                influence[cause].append((code[rows][who], sums))
    if short:
        raise EstimateError(
            "A difference needs every group to be followed up to the day.",
            found=f"day {day:g}; too short in {groups_called(short, number)}",
            instead="an earlier day.",
        )
    if code is None:
        return values, np.stack([np.diag(row) for row in variances])
    clusters = int(code.max()) + 1
    return values, np.stack([covariance_of(own, clusters) for own in influence])


class IncidenceCell:
    """The days, counts and rows of one cell."""

    def __init__(self, day: NDArray[Any], events: NDArray[np.int64], moves: Moves) -> None:
        self.day = day
        self.events = events
        self.moves = moves
        self.at_risk = np.rint(moves.ranges(len(day)).at_risk(moves.weight)).astype(np.int64)

    @classmethod
    def of(cls, ends: Daily, cell: int, moves: Moves) -> IncidenceCell:
        """Return the cell at a place among ends counted by cell."""
        own = ends.own(cell)
        return cls(ends.day[own], np.ascontiguousarray(ends.counts[own, 1:].T), moves)

    def influence(self, incidence: Floats, code: NDArray[np.intp], place: int) -> Floats:
        """Return the influence of each cluster on the incidence of each cause at a place."""
        n, ended = self.at_risk.astype(np.float64), self.events.sum(axis=0)
        each = np.divide(1.0, n, out=np.zeros(len(n)), where=n > 0)
        through = np.arange(len(n)) <= place
        left = np.divide(1.0, n - ended, out=np.zeros(len(n)), where=n > ended)
        ahead = (incidence[:, [place]] - incidence) * left * through
        before = np.concatenate([[1.0], 1.0 - incidence.sum(axis=0)[:-1]]) * each * through
        loss = before * self.events * each - ahead * ended * each  # by being at risk
        last = self.moves.last
        change = -self.moves.ranges(len(n)).passed(loss)
        change -= ahead[:, last] * (code >= 0)
        rows = np.flatnonzero(code >= 0)
        change[code[rows], rows] += before[last[rows]]
        order = np.argsort(self.moves.cluster, kind="stable")
        begin = np.flatnonzero(np.diff(self.moves.cluster[order], prepend=-1))
        sums: Floats = np.add.reduceat(change[:, order], begin, axis=1)
        return sums
