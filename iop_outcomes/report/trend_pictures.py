"""The picture of each trend, before any sentence; and which measures have none, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.attendance.stays import RETENTION_DAYS
from iop_outcomes.disclosure.policy import HIDDEN, HIDDEN_SIGN
from iop_outcomes.plots import plot_trend
from iop_outcomes.report.model import Drawing, Kind, Table, drawing_of
from iop_outcomes.report.period import period_between
from iop_outcomes.report.programs import RESTS_ON
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections.cohort.flow import still_there
from iop_outcomes.report.sections.findings import period_word
from iop_outcomes.report.sections.matrix import drawn_chart, not_comparable
from iop_outcomes.report.sections.signals import said
from iop_outcomes.report.trends import NOT_WHOLE, Trends, begins_within
from iop_outcomes.shared.text import SHARE_DECIMALS
from iop_outcomes.trends import Trend
from iop_outcomes.trends.periods import in_words

LIMITS = ("centre", "lower_limit", "upper_limit")
CHART = [*LIMITS, "signal"]
"""What the table behind a control chart has besides."""
EARLY_TIMES = "Not comparable with later times, as all people were newly admitted then"
NOT_JUDGED = "not judged"  # such as of the first half-year of the records
SIGN = f"{HIDDEN_SIGN}: hidden."
NOT_YET = "A dash: not known yet."
TREND_KINDS: dict[str, Kind] = {
    "numerator": "count",
    "denominator": "count",
    "value": "share",
    "lower": "share",
    "upper": "share",
    "centre": "share",
    "lower_limit": "share",
    "upper_limit": "share",
}
COUNT_KINDS: dict[str, Kind] = {
    "numerator": "count",
    "value": "count",
    "lower": "number",
    "upper": "number",
    "centre": "number",
    "lower_limit": "number",
    "upper_limit": "number",
}
COLUMNS = {measure: column for column, measure in RESTS_ON.items()}
"""The column of a measure in the table of programs, where it has another name."""


def divided(trends: Mapping[str, Trend]) -> tuple[dict[str, Trend], list[Trend]]:
    """Return the trends of which a period is shown, by measure, and the others."""
    drawn = {name: one for name, one in trends.items() if one.table["value"].notna().any()}
    return drawn, [one for name, one in trends.items() if name not in drawn]


def sentences(
    scope: Scope, left: Sequence[Trend], programs: Table | None = None
) -> tuple[str, ...]:
    """Return which measures are not drawn, and of which the table of programs has shares.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    left : sequence of Trend
        Of which no period is shown: see `divided`.
    programs : Table or None
        The table of programs as it is shown, where the report has it.
    """
    if not left:
        return ()
    titles = "; ".join(trend.title for trend in left)
    said = f"Not drawn, since no period of it is shown (hidden, or not known): {titles}."
    return (said + in_programs(scope, left, programs),)


def in_programs(scope: Scope, left: Sequence[Trend], programs: Table | None) -> str:
    """Return a sentence on those of the measures of which the table of programs has shares.

    Parameters
    ----------
    scope, left, programs
        As of `sentences`.

    Returns
    -------
    str
        With a space before it; empty where there is none.
    """
    there = [trend.title for trend in left if programs and _has_share(programs, trend.measure)]
    if not there:
        return ""
    which = "" if len(there) == len(left) else f": {'; '.join(there)}"
    return f' Shares of {scope.words(4)} are in the table "By program"{which}.'


def in_flow(scope: Scope, left: Sequence[Trend], flow: Table | None) -> str:
    """Return a sentence on those of the measures that the table of how far people came has.

    Parameters
    ----------
    scope, left
        As of `sentences`.
    flow : Table or None
        That table as it is shown, where the report has it.

    Returns
    -------
    str
        With a space before it; empty where there is none.
    """
    if flow is None:
        return ""
    shown = dict(zip(flow.frame["stage"], flow.frame["reached"], strict=True))
    stages = {f"retained_{day}": still_there(day) for day in RETENTION_DAYS}
    there = [
        trend.title
        for trend in left
        if not _is_empty(shown.get(stages.get(trend.measure, ""), HIDDEN))
    ]
    if not there:
        return ""
    which = "" if len(there) == len(left) else f": {'; '.join(there)}"
    said = "The share of {}, is" if len(there) == 1 else "Shares of {}, are"
    said = said.format(scope.followed_90_days_text)
    return f' {said} in the table "How far people came"{which}.'


def _is_empty(cell: Any) -> bool:
    return cell == HIDDEN or bool(pd.isna(cell))


def _has_share(programs: Table, measure: str) -> bool:
    column = COLUMNS.get(measure, measure)
    if column not in programs.frame:
        return False
    return not all(map(_is_empty, programs.frame[column]))


def trend_drawings(
    scope: Scope,
    trends: Trends,
    targets: Mapping[str, float],
    own: Mapping[str, Trend] | None = None,
) -> dict[str, Drawing]:
    """Return the picture of each measure of which some time is shown."""
    drawn, _ = divided(trends.drawn)
    return {
        name: trend_drawing(scope, one, targets.get(name), trends.begin, own)
        for name, one in drawn.items()
    }


def trend_drawing(
    scope: Scope,
    trend: Trend,
    target: float | None = None,
    begin: pd.Timestamp = pd.Timestamp.min,
    own: Mapping[str, Trend] | None = None,
) -> Drawing:
    """Return the picture of a measure over the last months or other times.

    It is a control chart where there are enough values, see `drawn_chart`; else each value has its
    interval.
    """
    kinds = TREND_KINDS if trend.unit == "proportion" else COUNT_KINDS
    title = f"{trend.title} by {period_word(scope, trend)}"
    trend, limits = drawn_chart(trend, target, begin, own)
    periods = _with_status(trend.table)
    columns = ["period", "numerator", "denominator", "value", "lower", "upper", "status"]
    columns += CHART if trend.chart is not None else []
    shown = rounded(periods[columns].dropna(axis=1, how="all"), trend.unit)
    gone = shown.isna().mul(shown["status"] == HIDDEN, axis=0)
    rule, early = f"{trend.rule}{_not_whole(scope, trend)}", _early(trend, begin)
    note = f"{rule} {early}".rstrip()
    table = Table(f"trend_{trend.measure}", title, shown, kinds, note, gone)
    has_line = target is None or trend.chart is not None  # a chart has its target
    plot = plot_trend if has_line else partial(plot_trend, target=target)
    signs = _signs(shown["status"]) if trend.unit == "proportion" else ""
    drawn = replace(trend, rule=f"{rule}\n{' '.join(filter(None, [limits, early, signs]))}".strip())
    picture = drawing_of(plot, drawn, title, table, synthetic=scope.records.synthetic)
    return replace(picture, definition=rule)


def _signs(status: pd.Series[str]) -> str:
    """Return what the signs below a picture mean: of a count that is hidden, or not known yet."""
    words = {HIDDEN: SIGN, "not yet known": NOT_YET}
    return " ".join(sentence for word, sentence in words.items() if (status == word).any())


def _early(trend: Trend, begin: pd.Timestamp) -> str:
    """Return the sentence that names the times that are not comparable with later ones."""
    shown = trend.table.loc[not_comparable(trend, begin) & trend.table["value"].notna(), "period"]
    if shown.empty:
        return ""
    named = "; ".join(map(in_words, shown))
    if len(shown) > 1 and not shown.str.contains(" ").any():  # such as months in a row
        named = in_words(f"{shown.iloc[0]} to {shown.iloc[-1]}")
    return f"{EARLY_TIMES}: {named}."


def _not_whole(scope: Scope, trend: Trend) -> str:
    """Return the sentence on the time in which the records begin; empty if all are whole."""
    table = trend.table[trend.table["end"] >= scope.begin]
    for period, start, end in zip(table["period"], table["start"], table["end"], strict=True):
        if begins_within(period_between(start, end.normalize()), scope.begin):
            return f" {NOT_WHOLE.format(period=in_words(period))}"
    return ""


def _with_status(table: pd.DataFrame) -> pd.DataFrame:
    shown_or_not = np.where(table["hidden"], HIDDEN, "known")
    status = np.where(table["complete"], shown_or_not, "not yet known")
    shown = table.assign(status=status)
    if "variation" in table:
        known = table["value"].notna()
        on_chart = known & (table["variation"] != "")
        signal = table["variation"].map(said).where(on_chart, NOT_JUDGED)
        shown["signal"] = signal.astype(object).where(known, np.nan)
        for name in LIMITS:
            shown[name] = shown[name].where(on_chart)
    shown.loc[~shown["complete"], ["numerator", "denominator"]] = np.nan
    return shown


def rounded(table: pd.DataFrame, unit: str = "proportion") -> pd.DataFrame:
    """Return a table of rates, or of counts, with the digits that the page prints."""
    digits = SHARE_DECIMALS if unit == "proportion" else 1
    names = ["value", "rate", "lower", "upper", *LIMITS]
    return table.assign(**{name: table[name].round(digits) for name in names if name in table})
