"""The options of a difference between curves, checked, and its result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from iop_outcomes.compare.differences.cells import Cells, Floats
from iop_outcomes.compare.differences.result import (
    Correction,
    Difference,
    Pairs,
    corrected,
    group_table,
    pairs_of,
)
from iop_outcomes.compare.differences.sizes import refuse_column_names, with_sizes
from iop_outcomes.shared.groups import MissingGroup, settle_groups
from iop_outcomes.shared.text import format_level
from iop_outcomes.survival.clusters import Cluster
from iop_outcomes.survival.curves.weighted import Weighting, read_weighting
from iop_outcomes.survival.labels import day_asked
from iop_outcomes.survival.limits import normal_quantile
from iop_outcomes.survival.times import CheckedTimes, check_times


@dataclass(frozen=True, eq=False)
class Question:
    """Times, cells, weights and pairs that passed the checks.

    Attributes
    ----------
    times : CheckedTimes
        The times and their groups.
    day : float
        The day or horizon.
    weighting : Weighting
        The weight and the cluster of each row.
    cells : Cells
        The groups within strata.
    pairs : list of tuple of int
        The places of each group and of what it is compared with.
    confidence : float
        The level of the limits.
    correction : str
        How p-values are corrected.
    """

    times: CheckedTimes
    day: float
    weighting: Weighting
    cells: Cells
    pairs: Pairs
    confidence: float
    correction: Correction

    @classmethod
    def of(
        cls,
        times: pd.DataFrame,
        by: str | Sequence[str],
        day: tuple[str, float],
        *,
        columns: tuple[str | Sequence[str] | None, str | None, str | Cluster | None],
        reference: Any,
        correction: Correction,
        missing_group: MissingGroup,
        confidence: float,
    ) -> Question:
        """Check a question; `day` with its name, `columns` are strata, weights and cluster."""
        strata, weights, cluster = columns
        times = settle_groups(times, (by, strata), missing_group)
        checked = check_times(times, by)
        refuse_column_names(list(checked.labels.columns))
        normal_quantile(confidence)
        corrected([], correction)
        weighting = read_weighting(times, weights, cluster)
        cells = Cells.of(checked, times, strata, weighting.weight, "iop.survival_curves(times)")
        weighting.clusters.refuse_fewer(len(cells.labels), "group")
        return cls(
            times=checked,
            day=day_asked(day[1], day[0], checked.days),
            weighting=weighting,
            cells=cells,
            pairs=pairs_of(cells.labels, reference),
            confidence=confidence,
            correction=correction,
        )

    def result(
        self,
        table: pd.DataFrame,
        estimates: tuple[Floats, Floats],
        words: tuple[str, str, str],
    ) -> Difference:
        """Return the answer; `words` are the measure, its unit and the kind of estimate."""
        groups = group_table(self.cells.labels, *estimates, self.confidence)
        adjusted = corrected(table["p_value"].to_numpy(), self.correction)
        measure, unit, kind = words
        limits = f"{kind}{self.weighting.text}, normal {format_level(self.confidence)} limits"
        return self.answer(table.assign(p_adjusted=adjusted), groups, (measure, unit, limits))

    def answer(
        self, table: pd.DataFrame, groups: pd.DataFrame, words: tuple[str, str, str]
    ) -> Difference:
        """Return the result; `words` are the measure, its unit, and estimate and limits."""
        measure, unit, how = words
        return Difference(
            table=table,
            groups=with_sizes(groups, self.times),
            measure=measure,
            unit=unit,
            by=tuple(self.cells.labels.columns),
            strata=self.cells.strata,
            confidence=self.confidence,
            correction=self.correction,
            rule=f"{self.times.rule} {how}.{self.cells.text}",
            synthetic=self.times.synthetic,
            clustering=self.weighting.clusters.clustering,
        )
