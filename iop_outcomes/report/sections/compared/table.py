"""The exact differences of each measure from earlier times, which the first page has in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from iop_outcomes.report.model import Table
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections.changes import Change, changes_of
from iop_outcomes.report.sections.findings import Finding
from iop_outcomes.report.sections.points import interval_of
from iop_outcomes.shared.text import format_share
from iop_outcomes.trends import Trend
from iop_outcomes.trends.periods import in_words

NAME, CAPTION = "comparisons", "Each measure now and before"
COLUMNS = ("measure", "period", "value", "n", "interval")
OF_CHANGE = ("compared_with", "difference", "interval_of_difference", "change")
NOTE = (
    "Interval: the 95% interval of the value. A difference of shares is in percentage points, with "
    "its 95% interval; of two numbers of admissions it is their ratio. Higher or lower: the whole "
    "interval lies on one side of no difference."
)
ON_FIRST_PAGE = " In words they stand on the first page."
NONE = "–"


def comparisons(
    scope: Scope, findings: Sequence[Finding], trends: Mapping[str, Trend], also: str = ""
) -> Table | None:
    """Return a row a comparison; None where nothing is compared.

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
    rows = []
    for finding in findings:
        trend = trends.get(finding.measure)
        changes = [] if trend is None or not finding.comparisons else changes_of(scope, trend)
        for change, words in changes:
            assert trend is not None
            rows.append([*_newest(trend), *_of(change, words)])
    if not rows:
        return None
    frame = pd.DataFrame(rows, columns=[*COLUMNS, *OF_CHANGE])
    return Table(NAME, CAPTION, frame, {}, f"{NOTE}{also}")


def _newest(trend: Trend) -> list[str]:
    """Return the measure in the newest time that is known, as it is written."""
    row = trend.table[trend.table["complete"]].iloc[-1]
    named = [trend.title, in_words(row["period"])]
    if trend.unit != "proportion":
        return [*named, f"{row['value']:,.0f}", NONE, NONE]
    counts = f"{row['numerator']:,.0f} of {row['denominator']:,.0f}"
    interval = interval_of(row).removeprefix("95% interval ")
    return [*named, format_share(row["value"]), counts, interval]


def _of(change: Change, words: str) -> list[str]:
    """Return a change as it is written: the earlier value, the difference and its interval."""
    difference, _, interval = change.detail.partition(", 95% interval ")
    cells = [f"{change.was}{words}", difference.removeprefix("difference "), interval or NONE]
    return [*cells, change.word]
