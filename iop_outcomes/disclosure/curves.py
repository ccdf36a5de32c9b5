"""Survival curves with no step that a few people made.

A curve is a table of counts in disguise: the height of each step, times the number at risk, is the
number of events on that day. So it is published only at days between which enough has happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.disclosure.policy import SafePolicy
from iop_outcomes.errors import EstimateError
from iop_outcomes.shared.provenance import UNKNOWN, Provenance
from iop_outcomes.shared.result import DrawnResult

COUNTS = ("at_risk", "events", "censored")


@dataclass(frozen=True, eq=False, repr=False)
class ProtectedCurves(DrawnResult):
    """Survival curves that may leave: the true estimates, at the days that give nobody away.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group and published day, with the columns of ``SurvivalCurves.table`` but for
        ``se``, which beside the survival gives the number at risk back. ``events`` and ``censored``
        count since the row before, ``at_risk`` those still followed after the row before and those
        who entered since; ``survival``, ``lower`` and ``upper`` are the estimates of the whole data
        at that day, rounded to two decimals (three from 1,000 people).
    sizes : pandas.DataFrame
        One row a group: ``n``, ``events`` and ``censored`` up to the last published day
        (``through``), and ``median`` where that day is one of the published ones.
    left_out : int
        The number of groups that are gone: too few people, or too few events to show any day.
    by : tuple of str
        The columns that tell the groups apart.
    rule, text : str
        What made the curves, with the disclosure rule; the same in a sentence or two.
    policy : SafePolicy
        The rule of disclosure.
    confidence : float
        The level of the limits.
    synthetic : bool
        Whether the records are made up.
    provenance : Provenance
        What the labels of a picture need: the event, day 0.
    """

    table: pd.DataFrame
    sizes: pd.DataFrame
    left_out: int
    by: tuple[str, ...]
    rule: str
    text: str
    policy: SafePolicy
    confidence: float = 0.95
    synthetic: bool = False
    provenance: Provenance = UNKNOWN

    @property
    def _summary(self) -> str:
        """How many groups and days are published."""
        return f"{len(self.sizes)} groups, {len(self.table)} published days"

    def at(self, days: float | Sequence[float]) -> pd.DataFrame:
        """Return the rows of `table` at the asked days; missing where a day is not published.

        The counts are Int64, whole numbers that can be missing.
        """
        return self._reindexed(self.table, days)

    def median(self) -> pd.DataFrame:
        """Return the median of each group, where its day is published, without limits."""
        medians = self.sizes[[*self.by, "median"]].copy()
        medians["lower"] = np.nan
        medians["upper"] = np.nan
        return medians

    def restricted_mean(self, horizon: float) -> pd.DataFrame:
        """Refuse: the area under a curve needs the steps that are not published."""
        raise EstimateError(
            "A restricted mean (RMST) cannot be calculated from a protected curve.",
            found=f"a horizon of {horizon:g} days",
            instead="take it from the curves before they are protected",
        )

    def risk_table(self, days: float | Sequence[float]) -> pd.DataFrame:
        """Return how many are at risk, censored so far and with an event so far, at each day.

        The columns are those of ``SurvivalCurves.risk_table``; missing where a day is not
        published. Everything is counted through the day, so the three add up to all who entered.
        All three are Int64, whole numbers that can be missing.
        """
        running = self.table[[*self.by, "day"]].copy()
        parts = self._grouped(self.table)
        running["at_risk"] = self.table["at_risk"] - self.table["censored"] - self.table["events"]
        running["censored"] = parts["censored"].cumsum()
        running["events"] = parts["events"].cumsum()
        return self._reindexed(running, days)

    def _grouped(self, frame: pd.DataFrame) -> Any:
        if self.by:
            return frame.groupby(list(self.by), observed=True, sort=False)
        return frame.groupby(np.zeros(len(frame), dtype=np.int8))

    def _reindexed(self, frame: pd.DataFrame, days: float | Sequence[float]) -> pd.DataFrame:
        asked = pd.DataFrame({"day": np.atleast_1d(np.asarray(days))})
        if self.by:
            asked = self.sizes[list(self.by)].merge(asked, how="cross")
        rows = asked.merge(frame, how="left", on=[*self.by, "day"])
        # Whole numbers that are missing where a day is not published stay whole.
        return rows.astype({name: "Int64" for name in COUNTS if name in rows})
