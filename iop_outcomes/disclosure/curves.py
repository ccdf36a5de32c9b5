"""Survival curves without steps that are due to few people.

The counts of a curve can be calculated from it: the height of each step, divided by the survival
before it and times the number at risk, is the number of events on that day. A curve is therefore
published only on a few fixed days between which there are enough events.
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
    """Survival curves for release: estimates on fixed days that disclose no small count.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group and published day: ``[by ...]``, ``day``; ``at_risk`` (Int64): still
        followed after the day, rounded to the ``base`` of the group, on day 0 all its people;
        missing where it would disclose a small number of ends of follow-up; ``survival``: the
        estimate of the whole data on that day, rounded to two decimals (three from 1,000 people);
        ``lower``, ``upper``: its limits, worked out from the printed figures alone (see
        `iop_outcomes.disclosure.fixed_days.limits`), as if each row were another person;
        missing where no numbers at risk are printed. Under a policy that hides
        nothing each day is there, with exact numbers, and ``events`` and ``censored`` of the day.
    sizes : pandas.DataFrame
        One row a group: ``n``; ``through``, the last published day; ``median``: the day on which
        the lines between the published points cross one half, missing if they do not; ``base``: to
        which the numbers at risk are rounded, 0 if none is printed.
    left_out : int
        The number of groups left out: too few people, or too few events to show any day.
    by : tuple of str
        The columns that define the groups.
    rule, text : str
        How the curves were estimated, with the disclosure rule; the results in one or two
        sentences.
    policy : SafePolicy
        The disclosure rule.
    confidence : float
        The level of the limits.
    synthetic : bool
        Whether the records are synthetic.
    measure : str
        The column of the estimates: ``survival``, or ``incidence`` of each ``cause``.
    provenance : Provenance
        What the labels of a picture need: the name of the event and of day 0.
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
    measure: str = "survival"

    @property
    def _summary(self) -> str:
        """The numbers of published groups and days."""
        return f"{len(self.sizes)} groups, {len(self.table)} published days"

    def at(self, days: float | Sequence[float]) -> pd.DataFrame:
        """Return the rows of `table` at the requested days; missing where a day is not published.

        The counts are Int64, whole numbers that can be missing. Under a policy that hides nothing a
        day between two rows has the numbers of the row before it, and nobody ends on it; after the
        last row nothing is known.
        """
        if self.policy.threshold > 1:
            return self._reindexed(self.table, days)
        rows = self._steps(self.table, days)
        between = rows.pop("_row") != rows["day"]
        for name in ("events", "censored"):
            rows[name] = rows[name].mask(between, 0)
        return rows

    def median(self) -> pd.DataFrame:
        """Return the median of each group, read along the lines, without limits."""
        medians = self.sizes[[*self.by, "median"]].copy()
        medians["lower"] = np.nan
        medians["upper"] = np.nan
        return medians

    def restricted_mean(self, horizon: float) -> pd.DataFrame:
        """Refuse: the area under a curve needs the steps that are not published."""
        raise EstimateError(
            "A restricted mean (RMST) cannot be calculated from a protected curve.",
            found=f"a horizon of {horizon:g} days",
            instead="calculate it from the curves before they are protected",
        )

    def risk_table(self, days: float | Sequence[float]) -> pd.DataFrame:
        """Return the numbers still followed after each day, as they are printed.

        Missing where a day is not published. Under a policy that hides nothing each day is known,
        and so are those censored and with an event so far, as in ``SurvivalCurves.risk_table``. All
        are Int64, whole numbers that can be missing.
        """
        running = self.table[[*self.by, "day", "at_risk"]].copy()
        parts = self._grouped(self.table)
        for name in ("censored", "events"):
            if name in self.table:
                running[name] = parts[name].cumsum()
        if self.policy.threshold > 1:
            return self._reindexed(running, days)
        return self._steps(running, days).drop(columns="_row")

    def _steps(self, frame: pd.DataFrame, days: float | Sequence[float]) -> pd.DataFrame:
        """Return for each day the row of the group on or before it, and the day of that row."""
        asked = np.atleast_1d(np.asarray(days))
        parts = []
        for _, rows in self._grouped(frame):
            day = rows["day"].to_numpy(dtype=np.float64)
            place = np.searchsorted(day, asked, side="right") - 1
            part = rows.iloc[np.maximum(place, 0)].reset_index(drop=True)
            estimates = [name for name in (self.measure, "lower", "upper") if name in part]
            part.loc[asked > day[-1], estimates] = np.nan
            parts.append(part.rename(columns={"day": "_row"}))
        steps: pd.DataFrame = pd.concat(parts, ignore_index=True)
        steps.insert(len(self.by), "day", np.tile(asked, len(parts)))
        whole = {name: "Int64" for name in COUNTS if name in steps}
        return pd.DataFrame(steps.astype(whole))

    def _grouped(self, frame: pd.DataFrame) -> Any:
        if self.by:
            return frame.groupby(list(self.by), observed=True, sort=False)
        return frame.groupby(np.zeros(len(frame), dtype=np.int8))

    def _reindexed(self, frame: pd.DataFrame, days: float | Sequence[float]) -> pd.DataFrame:
        asked = pd.DataFrame({"day": np.atleast_1d(np.asarray(days))})
        if self.by:
            asked = self.sizes[list(self.by)].merge(asked, how="cross")
        rows = asked.merge(frame, how="left", on=[*self.by, "day"])
        # Whole numbers remain whole where some are missing.
        return rows.astype({name: "Int64" for name in COUNTS if name in rows})
