"""The exact differences of each measure from earlier times, which the first page has in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.report.model import Kind, Table
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections.changes import BEFORE_ROUNDING, Change, changes_of
from iop_outcomes.report.sections.findings import Finding
from iop_outcomes.report.sections.points import interval_of
from iop_outcomes.shared.text import RATIO_DECIMALS, SHARE_DECIMALS, format_share
from iop_outcomes.trends import Trend
from iop_outcomes.trends.periods import in_words

NAME, CAPTION = "comparisons", "Each measure now and before"
COUNTS = ("numerator", "denominator")
COLUMNS = ("measure", "period", "value", *COUNTS, "lower", "upper")
DIFFERENCES = ("difference", "difference_lower", "difference_upper")
OF_CHANGE = ("compared_with", "earlier_value", *DIFFERENCES, "change")
VALUES = ("value", "lower", "upper", "earlier_value")
READ = (
    *("measure", "period", "value", "n", "interval"),
    *("compared_with", "difference", "interval_of_difference", "change"),
)
NOTE = (
    "Interval: the 95% interval of the value. A difference of shares is in percentage points, with "
    "its 95% interval; of two numbers of admissions it is their ratio. "
    f"{BEFORE_ROUNDING} Higher or lower: the whole interval lies on one side of no difference."
)
ON_FIRST_PAGE = " The first page has in words those for which it has room."
NOTHING = ""


def comparisons(
    scope: Scope, findings: Sequence[Finding], trends: Mapping[str, Trend], also: str = ""
) -> Table | None:
    """Return a row a comparison, in numbers and as a page has it; None where nothing is compared.

    Parameters
    ----------
    scope : Scope
        With a period.
    findings : sequence of Finding
        One a measure, in their order.
    trends : mapping of str to Trend
        Measure -> its protected trend, as the findings are of it.
    also : str
        What is said behind the note.
    """
    rows, read = [], []
    kinds: list[Kind] = []
    for finding in findings:
        trend = trends.get(finding.measure)
        changes = [] if trend is None or not finding.comparisons else changes_of(scope, trend)
        for change, words in changes:
            assert trend is not None
            rows.append([*_numbers(trend), *_numbers_of(change)])
            read.append([*_newest(trend), *_of(change, words)])
            kinds.append("count" if change.of_counts else "share")
    if not rows:
        return None
    by_row: dict[str, Kind] = dict.fromkeys((*VALUES, *DIFFERENCES), "by_row")
    by_row |= dict.fromkeys(COUNTS, "count")
    apart: tuple[Kind, ...] = tuple("ratio" if one == "count" else "points" for one in kinds)
    note = f"{NOTE}{also}"
    frame = pd.DataFrame(rows, columns=[*COLUMNS, *OF_CHANGE])
    of_differences = dict.fromkeys(DIFFERENCES, apart)
    joined = Table(NAME, CAPTION, pd.DataFrame(read, columns=list(READ)), {}, note)
    return Table(
        *(NAME, CAPTION, frame, by_row, note),
        row_kinds=tuple(kinds),
        cell_kinds=of_differences,
        read=joined,
    )


def _newest_row(trend: Trend) -> pd.Series[Any]:
    return trend.table[trend.table["complete"]].iloc[-1]


def _numbers(trend: Trend) -> list[object]:
    """Return the measure in the newest time that is known; a count is of nothing: empty cells."""
    row, is_share = _newest_row(trend), trend.unit == "proportion"
    decimals = SHARE_DECIMALS if is_share else 0
    value, lower, upper = (_number(row[name], decimals) for name in ("value", "lower", "upper"))
    counts = [_number(row[name], 0) if is_share else NOTHING for name in COUNTS]
    return [trend.title, in_words(row["period"]), value, *counts, lower, upper]


def _numbers_of(change: Change) -> list[object]:
    """Return a change with as many digits as are printed; the cell of a limit without end is empty.

    The limits of a ratio are stored less 1.
    """
    less, decimals, of_share = 0, SHARE_DECIMALS, SHARE_DECIMALS
    if change.of_counts:
        less, decimals, of_share = 1, RATIO_DECIMALS, 0
    numbers = change.difference, change.lower + less, change.upper + less
    written = [_number(one, decimals) for one in numbers]
    return [change.period, _number(change.before, of_share), *written, change.word]


def _number(value: float, decimals: int) -> float | str:
    """Return a number as it is printed; an empty cell where there is none to know."""
    return float(np.round(value, decimals)) if np.isfinite(value) else NOTHING


def _newest(trend: Trend) -> list[str]:
    """Return the measure in the newest time that is known, as it is written."""
    row = _newest_row(trend)
    named = [trend.title, in_words(row["period"])]
    if trend.unit != "proportion":
        limits = f"{row['lower']:,.0f} to {row['upper']:,.0f}"
        return [*named, f"{row['value']:,.0f}", NOTHING, limits]
    counts = f"{row['numerator']:,.0f} of {row['denominator']:,.0f}"
    interval = interval_of(row).removeprefix("95% interval ")
    return [*named, format_share(row["value"]), counts, interval]


def _of(change: Change, words: str) -> list[str]:
    """Return a change as it is written: the earlier value, the difference and its interval."""
    difference, _, interval = change.detail.partition(", 95% interval ")
    cells = [f"{change.was}{words}", difference.removeprefix("difference "), interval or NOTHING]
    return [*cells, change.word]
