"""The section that sets a report beside earlier ones: each measure, and each corrected figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from iop_outcomes.disclosure.policy import HIDDEN
from iop_outcomes.report.earlier.reading import EarlierReport, Figures
from iop_outcomes.report.model import Section, Table
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections.changes import compare
from iop_outcomes.report.sections.matrix import matrix_table
from iop_outcomes.report.trends import Trends
from iop_outcomes.shared.text import format_share
from iop_outcomes.trends import Trend
from iop_outcomes.trends.quantities import find_quantity

NAME, TITLE = "beside-earlier", "Beside the earlier report"
UNKNOWN = "–"
NOT_COMPARED, THE_SAME = "not compared", "the same period"
HOW = (
    "A measure is called higher or lower only if chance alone would hardly explain the difference. "
    "It is not compared where one of the two numbers is hidden, or the records of the earlier "
    "period have changed since."
)
SMALL = (
    "A figure that a correction changed by few people stands as it was first printed, and so does "
    "each one of sessions or check-ins: beside the first the corrected one would tell of these few."
)
NONE_CHANGED = "No figure that both reports print has changed by more."


def beside_section(
    scope: Scope,
    trends: Trends,
    reports: Sequence[EarlierReport],
    targets: Mapping[str, float],
    note: str,
) -> Section:
    """Return the section.

    Parameters
    ----------
    scope : Scope
        With a period.
    trends : Trends
        Protected, beside the earlier reports too.
    reports : sequence of EarlierReport
        The oldest first.
    targets : mapping of str to float
        As on the page of all measures.
    note : str
        What could not be taken together with them.
    """
    issued = "; ".join(f"{report.period} (data cut {report.data_cut})" for report in reports)
    which = "report" if len(reports) == 1 else "reports"
    sentences = [f"Set beside the earlier {which} of {issued}.", HOW]
    matrix = matrix_table(trends, targets)
    tables = []
    if matrix is not None:
        periods = dict(zip(matrix.frame["measure"], matrix.frame["period"], strict=True))
        rows = [
            _of_periods(scope, trends, name, report)
            or _beside(scope, trend, report, str(periods[trend.title]))
            for report in reports
            for name, trend in trends.drawn.items()
        ]
        columns = ["measure", "earlier period", "earlier", "period", "now", "change"]
        frame = pd.DataFrame(rows, columns=columns)
        caption = "Each measure as the earlier report printed it, and now"
        tables.append(Table("beside_earlier", caption, frame, {}))
    changed = corrected(trends, reports)
    sentences.append(SMALL)
    if len(changed):
        caption = "Figures that were printed before, and are corrected now"
        tables.append(Table("corrected", caption, changed, {}))
    else:
        sentences.append(NONE_CHANGED)
    return Section(NAME, TITLE, (*sentences, *([note] if note else [])), tuple(tables))


def _of_periods(
    scope: Scope, trends: Trends, name: str, report: EarlierReport
) -> tuple[str, ...] | None:
    """Return the row of a measure that is drawn by month, of the two reports' own periods.

    The findings of both are of these. None where one of the two was not printed.
    """
    trend = trends.by_period.get(name)
    if trend is None or name not in trends.by_month or name in trends.by_year:
        return None
    printed = report.of_period(name)
    shown = replace(trend, table=trend.table[trends.printed(trend)])
    first, last = _row(shown, report.period), _row(shown, scope.label)
    now = None if last is None else _figures_of(last)
    if printed is None or now is None or first is None or last is None:
        return None
    same = _counts(_figures_of(first)) == printed[:2]
    earlier = _figures_of(first) if same else printed
    change = compare(scope, find_quantity(name), first, last).word if same else NOT_COMPARED
    cells = (trend.title, report.period, _shown(earlier, trend.unit))
    return (*cells, scope.label, _shown(now, trend.unit), change)


def _beside(scope: Scope, trend: Trend, report: EarlierReport, period: str) -> tuple[str, ...]:
    """Return the row of a measure: what each report prints of its newest period, and the change."""
    before = report.newest.get(trend.title, "")
    key = (trend.measure, before)
    earlier = _earlier_words(report, trend)
    row = _row(trend, period)
    now = _shown(None if row is None else _figures_of(row), trend.unit)
    cells = (trend.title, before if key in report.rows else UNKNOWN, earlier, period, now)
    return (*cells, _change(scope, trend, report, before, period))


def _earlier_words(report: EarlierReport, trend: Trend) -> str:
    key = (trend.measure, report.newest.get(trend.title, ""))
    return _shown(report.rows[key], trend.unit) if key in report.rows else UNKNOWN


def _change(scope: Scope, trend: Trend, report: EarlierReport, before: str, period: str) -> str:
    """Return the change in words, where the rule for findings can be used."""
    if before == period:
        return THE_SAME
    first, last = _row(trend, before), _row(trend, period)
    printed = report.rows.get((trend.measure, before))
    if first is None or last is None or printed is None:
        return NOT_COMPARED
    if _figures_of(first) is None or _figures_of(last) is None:
        return NOT_COMPARED
    if _counts(_figures_of(first)) != _counts(printed):
        return NOT_COMPARED
    return compare(scope, find_quantity(trend.measure), first, last).word


def corrected(trends: Trends, reports: Sequence[EarlierReport]) -> pd.DataFrame:
    """Return the figures that an earlier report printed, and this one prints otherwise."""
    rows = []
    shown = [*trends.drawn.values(), *trends.compared.values()]
    seen: set[tuple[str, str, str]] = set()
    for report in reports:
        for trend in shown:
            for row in range(len(trend.table)):
                now = _figures_of(trend.table.iloc[row])
                period = str(trend.table["period"].iloc[row])
                before = report.rows.get((trend.measure, period))
                key = (report.period, trend.measure, period)
                if now is None or before is None or key in seen or _counts(now) == _counts(before):
                    continue
                seen.add(key)
                figures = (_shown(before, trend.unit), _shown(now, trend.unit))
                rows.append((report.period, trend.title, period, *figures))
    columns = ["report", "measure", "period", "first printed", "now"]
    return pd.DataFrame(rows, columns=columns)


def _row(trend: Trend, period: str) -> pd.Series[float] | None:
    rows = trend.table[trend.table["period"].astype(str) == period]
    return None if rows.empty else rows.iloc[0]


def _figures_of(row: pd.Series[float]) -> Figures | None:
    """Return the numbers that are printed of a row; None where it is hidden or not known."""
    if not row["complete"] or row["hidden"] or pd.isna(row["value"]):
        return None
    names = ("numerator", "denominator", "value", "lower", "upper")
    return tuple(None if pd.isna(row[name]) else float(row[name]) for name in names)


def _counts(figures: Figures | None) -> Figures | None:
    return None if figures is None else figures[:2]


def _shown(figures: Figures | None, unit: str) -> str:
    """Return figures as a report prints them, with the counts and the interval."""
    if figures is None:
        return HIDDEN
    top, bottom, value, lower, upper = figures
    if value is None:
        return UNKNOWN
    if unit != "proportion":
        limits = f" ({lower:,.0f} to {upper:,.0f})" if lower is not None is not upper else ""
        return f"{value:,.0f}{limits}"
    if top is None or bottom is None:  # a file that was changed: a share without its counts
        return UNKNOWN
    limits = (
        f"; {format_share(lower)} to {format_share(upper)}"
        if lower is not None is not upper
        else ""
    )
    return f"{format_share(value)} ({top:,.0f} of {bottom:,.0f}{limits})"
