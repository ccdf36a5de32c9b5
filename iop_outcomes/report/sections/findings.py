"""What changed: one finding a measure, chosen and worded by rule, not by eye."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import pandas as pd

from iop_outcomes.report.period import period_between
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections.changes import (
    NO_CHANGE,
    WITHOUT,
    changes_of,
    why_not_compared,
    word_of,
)
from iop_outcomes.report.sections.points import interval_of
from iop_outcomes.shared.characters import printable
from iop_outcomes.shared.text import format_share
from iop_outcomes.trends import Trend
from iop_outcomes.trends.periods import in_words
from iop_outcomes.trends.quantities import REPORTED

NOTHING_COMPARED = "No findings: without a period there is nothing to compare."
NOT_TOLD = "not known"
HIDDEN_TEXT = "hidden, as it is a small count or would give one away"


@dataclass(frozen=True)
class Finding:
    """One measure in the newest period in which it is known, beside earlier ones.

    Attributes
    ----------
    measure : str
        The name of the measure.
    title : str
        What it is called.
    text : str
        The finding in plain words, with its counts and interval.
    change : str
        ``higher``, ``lower``, ``no clear change``, ``not compared``, or ``not known``.
    comparisons : int
        With how many earlier periods it is compared.
    is_shown : bool
        Whether its newest number is shown.
    """

    measure: str
    title: str
    text: str
    change: str
    comparisons: int = 0
    is_shown: bool = False


class Findings(pd.DataFrame):
    """The findings as a frame that shows itself as their sentences.

    It is a pandas frame with the columns ``measure, title, change, text`` (text). Rows chosen from
    it show themselves as sentences too; without the column ``text`` it is shown as any frame.
    """

    @property
    def _constructor(self) -> type[Findings]:
        return Findings

    def __repr__(self) -> str:
        """Return each finding on a line of its own."""
        if not {"text", "change"} <= {*self.columns}:
            return super().__repr__()
        if self.empty:
            return NOTHING_COMPARED
        return "\n".join(f"- {text}" for text in self["text"])

    def _repr_html_(self) -> str | None:
        if not {"text", "change"} <= {*self.columns}:
            return pd.DataFrame(self).to_html(max_rows=20)
        if self.empty:
            return f"<p>{NOTHING_COMPARED}</p>"
        items = zip(self["change"], self["text"], strict=True)
        rows = (
            f"<li><strong>{escape(printable(str(change)))}</strong>: {escape(printable(str(text)))}"
            "</li>"
            for change, text in items
        )
        return f"<ul>{''.join(rows)}</ul>"


def make_findings(scope: Scope, trends: dict[str, Trend]) -> list[Finding]:
    """Return one finding a measure, those that changed first.

    Parameters
    ----------
    scope : Scope
        With a period.
    trends : dict
        Measure -> its protected trend by that period, up to it.
    """
    findings = [_finding(scope, one) for one in trends.values()]
    findings += [
        Finding(one.measure, one.title, f"{one.title}: {one.text}.", NOT_TOLD)
        for one in scope.not_known
        if one.measure in REPORTED
    ]
    order = {"higher": 0, "lower": 0, NO_CHANGE: 1}
    return sorted(findings, key=lambda finding: order.get(finding.change, 2))


def findings_frame(findings: list[Finding]) -> Findings:
    """Return the findings as a table: ``measure, title, change, text``."""
    names = ["measure", "title", "change", "text"]
    return Findings([[getattr(one, name) for name in names] for one in findings], columns=names)


def _finding(scope: Scope, measured: Trend) -> Finding:
    known = measured.table[measured.table["complete"]]
    if known.empty:
        text = f"{measured.title}: not known yet for any {period_word(scope, measured)}."
        return Finding(measured.measure, measured.title, text, WITHOUT)
    last = known.iloc[-1]
    if last["hidden"] or pd.isna(last["value"]):
        reason = HIDDEN_TEXT if last["hidden"] else last["not_known"] or "nothing was counted"
        why = why_by_year(scope, measured) if last["hidden"] else ""
        text = f"{measured.title} in {in_words(last['period'])}{why}: {reason}."
        text += latest_shown(scope, measured)
        return Finding(measured.measure, measured.title, text, WITHOUT)
    named = in_words(last["period"])
    text = f"{measured.title} in {named}: {_describe_value(last, measured.unit)}."
    text += not_known_yet(scope, measured)
    changes = changes_of(scope, measured)
    said = [change.sentence(words) for change, words in changes]
    text = " ".join([text, *(said or [why_not_compared(scope, measured)])])
    change = word_of(changes)
    return Finding(measured.measure, measured.title, text, change, len(changes), True)


def not_known_yet(scope: Scope, trend: Trend) -> str:
    """Return a sentence where the newest time is not complete yet; else nothing.

    Of calendar years in place of quarters it is the year in which the period of the report ends.
    """
    assert scope.period is not None
    known = trend.table.loc[trend.table["complete"], "period"]
    newest = str(trend.table["period"].iloc[-1])
    if trend.every == "year":
        newest = str(scope.period.last.year)
    return "" if newest == known.iloc[-1] else f" {in_words(newest)} is not complete yet."


def latest_shown(scope: Scope, trend: Trend) -> str:
    """Return a sentence on the newest time that is shown, where newer ones are not; else nothing.

    It says no more than the table of the trend does.
    """
    shown = trend.table[trend.table["complete"] & trend.table["value"].notna()]
    if shown.empty:
        return ""
    row, word = shown.iloc[-1], period_word(scope, trend)
    value = _describe_value(row, trend.unit)
    be = "are" if word.endswith("s") else "is"
    return f" The latest {word} that {be} shown {be} {in_words(row['period'])}: {value}."


def why_by_year(scope: Scope, trend: Trend) -> str:
    """Return why a measure is counted by year in the report of a shorter time; else nothing."""
    assert scope.period is not None
    if not scope.period.shorter_than_year or period_word(scope, trend) != "year":
        return ""
    return " (counted by year, so that fewer numbers are hidden)"


def period_word(scope: Scope, trend: Trend) -> str:
    """Return what the times of a trend are called, after "by" or "any"."""
    if trend.every != "period" or scope.period is None:
        return trend.every
    rows = trend.table[["start", "end"]]
    return period_between(*rows.iloc[-1]).each if len(rows) else scope.period.each


def _describe_value(row: pd.Series[float], unit: str) -> str:
    if unit != "proportion":
        return f"{row['value']:,.0f}"
    return (
        f"{format_share(row['value'])} ({row['numerator']:,.0f} of {row['denominator']:,.0f}; "
        f"{interval_of(row)})"
    )
