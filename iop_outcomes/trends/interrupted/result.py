"""What a planned change did: the table, the estimated changes, and sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import format_level, format_share
from iop_outcomes.trends.interrupted.design import TERMS, Adjust
from iop_outcomes.trends.result import MEANS, Trend


@dataclass(frozen=True)
class Plan:
    """What was asked for: `interrupted_series` describes each.

    Attributes
    ----------
    at : object
        When the change came.
    adjust : {"season"}, list of dates or None
        What is adjusted for.
    lag : int or None
        The lag of the errors; None for the usual one.
    words : str
        What was changed.
    group, control : str
        Whose series it is and with whose it is compared, in words; empty without groups.
    """

    at: object
    adjust: Adjust
    lag: int | None
    words: str
    group: str = ""
    control: str = ""


@dataclass(frozen=True, eq=False, repr=False)
class InterruptedSeries(DrawnResult):
    """The level and the slope of a measure before and after a planned change.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a period, with the columns of `interrupted_series`.
    changes : pandas.DataFrame
        One row a coefficient: ``term`` ("level_at_start", "slope_before", "level_change",
        "slope_change", "slope_after"), ``estimate, se, lower, upper, p_value`` (float64), in units
        of the measure, slopes a period. With a control they are those of the difference between the
        two series.
    measure, title : str
        The name of the measure, and its name in pictures.
    unit : str
        The unit of the values, as of `Trend`.
    every : str
        The length of a period.
    plan : Plan
        What was asked for.
    lag : int
        The number of periods apart up to which residuals may be correlated.
    autocorrelation : float
        The correlation of the residuals of neighbouring periods.
    confidence : float
        Confidence level of the intervals.
    rule : str
        How the numbers were computed.
    series : tuple of Trend
        The series itself, and that of the control if there is one.
    synthetic : bool
        Whether the records are synthetic.
    """

    table: pd.DataFrame
    changes: pd.DataFrame
    measure: str
    title: str
    unit: str
    every: str
    plan: Plan
    lag: int
    autocorrelation: float
    confidence: float
    rule: str
    series: tuple[Trend, ...]
    synthetic: bool = False

    @property
    def text(self) -> str:
        """Both changes with their intervals, and the newest value beside the one without them."""
        used = self.table[self.table["used"]]
        before = int((~used["after"]).sum())
        of = f", {self.plan.group}" if self.plan.group else ""
        beside = f" less that of {self.plan.control}" if self.plan.control else ""
        last = used.iloc[-1]
        level, slope = (
            self.changes.iloc[TERMS.index(f"{term}_change")] for term in ("level", "slope")
        )
        return (
            f"{self.title}{of}, {before} {self.every}s before and {len(used) - before} after "
            f"{self.plan.words} ({self.plan.at}). "
            f"Change of level{beside}: {self._change(level)}. "
            f"Change of slope{beside}: {self._change(slope)} a {self.every}. "
            f"In {last['period']} the fitted value is {self._amount(last['fitted'])}, and "
            f"{self._amount(last['counterfactual'])} without the change "
            f"({self._level} interval {self._amount(last['counterfactual_lower'])} to "
            f"{self._amount(last['counterfactual_upper'])}). Neighbouring residuals are correlated "
            f"by {self.autocorrelation:.2f}."
        )

    @property
    def _level(self) -> str:
        return format_level(self.confidence)

    def _change(self, row: pd.Series[Any]) -> str:
        low, high = self._points(row["lower"]), self._points(row["upper"])
        return f"{self._points(row['estimate'])} ({self._level} interval {low} to {high})"

    def _points(self, value: float) -> str:
        """Return a difference of values with its sign."""
        if self.unit == "proportion":
            return f"{value * 100:+.1f} points"
        return f"{value:+,.3g}"

    def _amount(self, value: float) -> str:
        if self.unit == "proportion":
            return format_share(value)
        return f"{value:,.3g}{f' {self.unit}' if self.unit in MEANS else ''}"

    @property
    def _summary(self) -> str:
        return f"{self.measure}, change {self.plan.at}"

    @property
    def _caption(self) -> str:
        return f"{self.text} {self.rule}"
