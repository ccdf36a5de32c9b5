"""The share relapsed by a week, pooled over completed use patterns: the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.compare.group_tests.result import format_p_value
from iop_outcomes.shared.result import Result
from iop_outcomes.shared.text import format_level, format_share
from iop_outcomes.survival.clusters import Clustering, closing
from iop_outcomes.survival.times import label_of


@dataclass(frozen=True, eq=False, repr=False)
class ImputedRelapse(Result):
    """The share relapsed by a week, pooled over completed use patterns.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group:

        - ``[by ...]``; ``n`` (int64): number of patterns, each of a different person unless
          `clustering` is given; ``events`` (float64): events by the horizon, the mean number over
          the completed sets; ``rests_on_imputed`` (0 to 1): the share of these events that count an
          imputed week, missing without events;
        - ``relapsed`` (0 to 1): by the horizon, with limits ``relapsed_lower`` and
          ``relapsed_upper``; ``least``, ``most``: the smallest and largest share of the completed
          sets;
        - ``degrees_of_freedom``, ``missing_information`` (0 to 1): of ``relapsed``;
        - ``restricted_mean``, ``restricted_mean_lower``, ``restricted_mean_upper``: weeks without
          the event up to the horizon;
        - ``not_estimated`` (str): why an estimate is missing; empty if none is.
    difference : pandas.DataFrame
        With two groups one row each for ``relapsed`` and ``restricted_mean``: ``quantity``,
        ``difference`` (second group minus first), ``se``, ``lower``, ``upper``, ``p_value``,
        ``degrees_of_freedom``, ``missing_information``. No row otherwise.
    by : tuple of str
        The columns that define the groups.
    horizon_weeks : int
        The horizon in weeks.
    confidence : float
        Confidence level of the limits.
    rule : str
        The definition, and how missed weeks were imputed.
    synthetic : bool
        Whether the data are synthetic.
    clustering : Clustering, optional
        The clusters of the standard errors: numbers of people and patterns.
    """

    table: pd.DataFrame
    difference: pd.DataFrame
    by: tuple[str, ...]
    horizon_weeks: int
    confidence: float
    rule: str
    synthetic: bool = False
    clustering: Clustering | None = None

    @property
    def text(self) -> str:
        """The shares, the difference and the rule as sentences."""
        text = f"Relapsed by week {self.horizon_weeks}: {self._shares}."
        if len(self.difference):
            row = self.difference.iloc[0]
            if np.isfinite(row["lower"]):
                text += (
                    f" The second minus the first: {100 * row['difference']:+.1f} percentage "
                    f"points ({format_level(self.confidence)} interval "
                    f"{100 * row['lower']:+.1f} to {100 * row['upper']:+.1f}, "
                    f"{format_p_value(row['p_value'])})."
                )
        return f"{text} {closing(self.rule, self.clustering)}"

    @property
    def _summary(self) -> str:
        """The groups and their shares."""
        return f"by week {self.horizon_weeks}, {self._shares}"

    @property
    def _shares(self) -> str:
        return "; ".join(self._describe_row(row) for _, row in self.table.iterrows())

    def _describe_row(self, row: pd.Series[Any]) -> str:
        name = f"{label_of(row[list(self.by)])}: " if self.by else ""
        if not np.isfinite(row["relapsed"]):
            return f"{name}not estimable"
        text = f"{name}{format_share(row['relapsed'])} of {row['n']:,}"
        if np.isfinite(row["relapsed_lower"]):
            text += (
                f" ({format_level(self.confidence)} interval "
                f"{format_share(row['relapsed_lower'])} to "
                f"{format_share(row['relapsed_upper'])})"
            )
        if np.isfinite(row["rests_on_imputed"]):
            text += f", {row['rests_on_imputed']:.0%} of the events on imputed weeks"
        return text
