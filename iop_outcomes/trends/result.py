"""The result of a trend: its table, and what it says in sentences."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.records.fitness import reasons_in
from iop_outcomes.shared.arrays import Integers
from iop_outcomes.shared.groups import NOTHING_LEFT_OUT, LeftOut
from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import describe_groups, format_share
from iop_outcomes.statistics.differences import recovered_difference
from iop_outcomes.trends.charting import (
    CHART_COLUMNS,
    ChartRule,
    charted,
    few_people,
    group_rows,
    marks_of,
    trial_text,
)
from iop_outcomes.trends.signals.judging import COMMON

MEANS = ("hours", "days", "points")  # units of means
COUNTS, SHOWN = ("numerator", "denominator"), ("value", "lower", "upper")
PERIODS_A_YEAR = {"W": 52, "M": 12, "Q": 4, "Y": 1}  # by the unit of pandas
MOST_NAMED = 5  # signals that are named in a sentence


@dataclass(frozen=True, eq=False, repr=False)
class Trend(DrawnResult):
    """One measure by period, with the limits and the verdict of a chart.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group and period, with the columns of :func:`trend`.
    measure : str
        The name of the measure.
    title : str
        The name in a picture.
    unit : {"proportion", "episodes", "hours", "days", "points", "rate", "value"}
        The unit of the values: a proportion from 0 to 1, a number of episodes, that of a mean,
        events per unit of the denominator, or that of the given values.
    every : {"week", "month", "quarter", "year", "period"}
        The length of a period; "period" for the rows of a frame as they were given.
    by : tuple of str
        The columns that define the groups.
    confidence : float
        Confidence level of the intervals.
    rule : str
        How the numbers were computed.
    people : numpy.ndarray of int64 or None
        Shape (rows, 3): for each row of the table the number of persons in its denominator, in its
        numerator, and with entries in the denominator only. A hundred sessions may be those of two
        people, and disclosure control depends on the number of people.
    synthetic : bool
        Whether the records are synthetic; if so, the picture is labelled as synthetic.
    left_out : LeftOut
        How many episodes without a group were left out.
    chart : ChartRule or None
        How limits and verdict were made; None without them.
    marks : pandas.DataFrame or None
        Rebasings and events: ``kind`` ("rebase", "event"), ``date``, ``period``, ``words``.
    when : pandas.Index or None
        The period, date, number or label of each row of the table.
    lettered : tuple of str
        The columns of `by` whose values are letters in place of the names of staff.
    """

    table: pd.DataFrame
    measure: str
    title: str
    unit: str
    every: str
    by: tuple[str, ...]
    confidence: float
    rule: str
    people: Integers | None = None
    synthetic: bool = False
    left_out: LeftOut = NOTHING_LEFT_OUT
    chart: ChartRule | None = None
    marks: pd.DataFrame | None = None
    when: pd.Index[Any] | None = None
    lettered: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The latest complete value, its interval and verdict, and the range; a sentence a group.

        Without a chart, changes are not described, because differences between periods may be due
        to chance.
        """
        text = describe_groups(self.table, self.by, self._sentence)
        if self.marks is not None:
            text += "".join(f" {sentence}" for sentence in describe_marks(self.marks))
        return self.left_out.after(text)

    @property
    def verdict(self) -> pd.DataFrame:
        """The verdict of each group: that of its last known period.

        Returns
        -------
        pandas.DataFrame
            One row a group: ``[by ...], period, value, centre, lower_limit, upper_limit, variation,
            assurance, rule, trial`` of the last period with a value, and ``signals`` and
            ``periods`` (int64), the number of periods that a rule marked and that have a value.
            Of an adjusted trend also ``adjusted``. Without a chart it is empty, and groups without
            any value are not in it.
        """
        names = ["period", "value", "centre", "lower_limit", "upper_limit"]
        names += ["adjusted"] * ("adjusted" in self.table)
        names = [*self.by, *names, "variation", "assurance", "rule", "trial"]
        rows = []
        for places in group_rows(self.table, self.by) if self.chart is not None else ():
            known = self.table.iloc[places]
            known = known[known["value"].notna()]
            if len(known):
                counts = {"signals": int((known["rule"] != "").sum()), "periods": len(known)}
                rows.append({**known.iloc[-1][names].to_dict(), **counts})
        return pd.DataFrame(rows, columns=[*names, "signals", "periods"])

    def beside_last_year(self) -> pd.DataFrame:
        """Return each period beside the same one of the year before.

        Returns
        -------
        pandas.DataFrame
            One row a group and period: ``[by ...], period, numerator, denominator, value, lower,
            upper`` as in `table`; ``period_last_year`` (str; empty where the trend begins later)
            and the same numbers with ``_last_year`` (float64); ``difference`` (float64): the value
            less that of the year before, missing if either is; ``difference_lower,
            difference_upper`` (float64): its interval at the trend's confidence level, missing
            where a value has none. Of weeks it is that of 52 weeks before. What is not complete or
            hidden in `table` is missing here too.

        Raises
        ------
        RuleError
            If the rows are no weeks, months, quarters or years.

        Notes
        -----
        The interval of a difference is made from those of the two values
        (:func:`iop_outcomes.statistics.differences.recovered_difference`): of rates of people it is
        Newcombe's; of sessions and means, whose intervals are clustered by person, it is too. The
        two periods are taken as independent: it is too wide where many people are in both.

        It is about these two periods alone; whether a series has changed is what a chart shows.

        Examples
        --------
        >>> import pandas as pd
        >>> import iop_outcomes as iop
        >>> quarters = pd.DataFrame({"period": [f"2025Q{n}" for n in (1, 2, 3, 4)] + ["2026Q1"]})
        >>> shares = quarters.assign(numerator=[30, 34, 33, 31, 36], denominator=50)
        >>> beside = iop.trend(shares, "kept").beside_last_year()
        >>> beside[["period", "difference", "difference_lower"]].tail(1).round(2)
           period  difference  difference_lower
        4  2026Q1        0.12             -0.06
        """
        when = self.when
        unit = when.freqstr.partition("-")[0] if isinstance(when, pd.PeriodIndex) else ""
        if unit not in PERIODS_A_YEAR or not isinstance(when, pd.PeriodIndex):
            raise RuleError(
                "The same period of the year before is known of weeks, months, quarters and years.",
                found=f"rows by {self.every}",
                instead='every="quarter", or periods as 2026Q1 in the frame',
            )
        numbers = [*COUNTS, *SHOWN]
        now = self.table[[*self.by, "period", *numbers]]
        keyed = now.assign(when=when)
        before = keyed.assign(when=when.shift(PERIODS_A_YEAR[unit]))
        beside = keyed.merge(before, on=[*self.by, "when"], how="left", suffixes=("", "_last_year"))
        beside["period_last_year"] = beside["period_last_year"].fillna("")
        beside["difference"] = beside["value"] - beside["value_last_year"]
        low, high = recovered_difference(
            (beside["value"], beside["lower"], beside["upper"]),
            [beside[f"{name}_last_year"] for name in SHOWN],
        )
        beside = beside.assign(difference_lower=low, difference_upper=high)
        return beside.drop(columns="when")

    def only(self, rows: Integers) -> Trend:
        """Return the trend of the given rows of the table, by position, with their people."""
        table = self.table.iloc[rows].reset_index(drop=True)
        people = None if self.people is None else self.people[rows]
        when = None if self.when is None else self.when[rows]
        return replace(self, table=table, people=people, when=when)

    def complete_only(self) -> Trend:
        """Return the trend without the periods that are not complete.

        Raises
        ------
        EstimateError
            If no period is.
        """
        rows = np.flatnonzero(self.table["complete"].to_numpy(dtype=np.bool_))
        if not len(rows):
            raise EstimateError(
                "No period is complete, so that nothing is left.",
                found=f"{len(self.table):,} periods that are not complete",
                instead='incomplete="show", which gives what is known so far',
            )
        rule = f"{self.rule} Periods that are not complete are left out."
        return replace(self.only(rows), rule=rule)

    def with_chart(self, rule: ChartRule | None) -> Trend:
        """Return the trend with the limits and the verdict of a chart; None leaves it as it is."""
        if rule is None or self.when is None:
            return self
        table = charted(self.table, self.by, self.when, rule)
        marks = marks_of(self.when, self.table["period"].tolist(), rule)
        return replace(self, table=table, chart=rule, marks=marks, rule=f"{self.rule} {rule.text}")

    def without_chart(self) -> Trend:
        """Return the trend without the limits and the verdict of its chart."""
        if self.chart is None:
            return self
        gone = [name for name in CHART_COLUMNS if name in self.table]
        rule = self.rule.removesuffix(f" {self.chart.text}")
        return replace(self, table=self.table.drop(columns=gone), chart=None, marks=None, rule=rule)

    def charted_again(self) -> Trend:
        """Return the trend with limits and verdict made from the values in its table alone.

        After values were hidden, limits made from all of them would disclose them.
        """
        if self.chart is None or self.when is None:
            return self
        table = charted(self.table, self.by, self.when, self.chart, strict=False)
        return replace(self, table=table)

    @property
    def _summary(self) -> str:
        """The measure and the periods."""
        by = f", by={', '.join(self.by)}" if self.by else ""
        periods = self.table["period"]
        return f"{self.measure}, {periods.iloc[0]} to {periods.iloc[-1]}{by}"

    @property
    def _caption(self) -> str:
        return f"{self.title} by {self.every}. {self.rule}"

    def _sentence(self, rows: pd.DataFrame, group: str) -> str:
        unknown = reasons_in(rows)
        if len(unknown) == len(rows):
            return f"{group}{self.title}: {unknown.iloc[0]}."
        known = rows[rows["value"].notna()]
        if known.empty:
            return f"{group}{self.title}: no {self.every} has a value that is known and shown yet."
        last = known.iloc[-1]
        text = f"{group}{self.title} in {last['period']}: {self._amount(last['value'])}"
        text += self._brackets(last)
        if len(known) > 1:
            low, high = self._amount(known["value"].min()), self._amount(known["value"].max())
            span = f"between {low} and {high}" if low != high else f"always {low}"
            whole = rows.loc[known.index[0] : known.index[-1]]
            ends = f"{known.iloc[0]['period']} to {last['period']}"
            if len(known) == len(whole):
                text += f"; {span} over {len(known)} {self.every}s ({ends})"
            else:  # others between them are hidden, or not known
                text += (
                    f"; {span} over {len(known)} {self.every}s from {ends}, between which others "
                )
                text += "have no value"
        incomplete = rows.loc[~rows["complete"], "period"]
        if not incomplete.empty:
            first, newest = incomplete.iloc[0], incomplete.iloc[-1]
            which = first if first == newest else f"{first} to {newest}"
            text += f". Not complete yet: {which}"
        if len(unknown):
            text += f". {unknown.iloc[0].capitalize()}"
        return f"{text}.{self._chart_sentences(known)}"

    def _chart_sentences(self, known: pd.DataFrame) -> str:
        """Return what the chart says of the last period and of those before it."""
        if self.chart is None:
            return ""
        last = known.iloc[-1]
        text = ""
        if last["variation"]:
            said = "no signal" if last["variation"] == COMMON else last["variation"]
            text = f" The last point: {said}"
            text += f", {last['rule']}" if last["rule"] else ""
            text += "."
        if self.chart.adjustment:
            done = f"Adjusted, the last value is {self._amount(last['adjusted'])}."
            text += f" {done if pd.notna(last['adjusted']) else 'Not adjusted: too few values.'}"
        text += f" Centre {self._amount(last['centre'])}"
        if pd.notna(last["lower_limit"]):
            low, high = self._amount(last["lower_limit"]), self._amount(last["upper_limit"])
            text += f", limits {low} to {high}"
        text += f".{trial_text(known)}"
        if self.chart.target is not None:
            met = f": {last['assurance']}" if last["assurance"] else ""
            text += f" Target {self._amount(self.chart.target)}{met}."
        marked = known[~known["variation"].isin(["", COMMON])]
        if len(marked):
            shown = marked.tail(MOST_NAMED)
            named = ", ".join(
                f"{row.period} ({row.variation})" for row in shown.itertuples(index=False)
            )
            before = "the last of them " if len(marked) > MOST_NAMED else ""
            text += f" Signals in {len(marked)} of {len(known)} {self.every}s: {before}{named}."
        elif self.chart.rules != "none":
            text += f" No signal in {len(known)} {self.every}s."
        return text + few_people(known, self.chart)

    def _brackets(self, row: pd.Series[Any]) -> str:
        """Return counts and interval of one row in brackets, or nothing if neither is shown."""
        parts = []
        if pd.notna(row["numerator"]) and pd.notna(row["denominator"]):
            parts.append(self._counts(row))
        if pd.notna(row["lower"]):
            low, high = self._amount(row["lower"]), self._amount(row["upper"])
            parts.append(f"{self.confidence * 100:g}% interval {low} to {high}")
        return f" ({'; '.join(parts)})" if parts else ""

    def _counts(self, row: pd.Series[Any]) -> str:
        """Return what the value was made from: a fraction where it is one."""
        if "censored" in row:
            return (
                f"{row['denominator']:,.0f} episodes, {row['events']:,.0f} of them with relapse "
                f"by then and {row['followed']:,.0f} followed so long"
            )
        if self.unit in MEANS:
            return f"n {row['denominator']:,.0f}"
        return f"{row['numerator']:,.0f} of {row['denominator']:,.0f}"

    def _amount(self, value: float) -> str:
        if self.unit == "proportion":
            return format_share(value)
        if self.unit == "episodes":
            return f"{value:,.1f}".removesuffix(".0")
        if self.unit in MEANS:
            return f"{value:,.1f} {self.unit}"
        return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"


def describe_marks(marks: pd.DataFrame) -> list[str]:
    """Return a sentence for each rebasing and event."""
    kinds = {"rebase": "new limits: ", "event": ""}
    return [f"{row.date}: {kinds[str(row.kind)]}{row.words}." for row in marks.itertuples()]
