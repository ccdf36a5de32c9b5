"""What the section on attendance opens with where its tables are of more than the report's time."""

from __future__ import annotations

from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections.openings.cells import counted, how_many, was
from iop_outcomes.report.trends import Trends
from iop_outcomes.shared.text import format_share
from iop_outcomes.trends.periods import in_words

MEASURE = "attendance_rate"


def attended_in_the_period(scope: Scope, trends: Trends) -> str:
    """Return how many sessions due in the time of the report were attended, as the trends print it.

    Empty where its number is not known or not shown: then the section opens with its own tables.
    """
    trend = trends.compared.get(MEASURE)
    if scope.period is None or trend is None:
        return ""
    known = trend.table[trend.table["complete"]]
    if known.empty:
        return ""
    last = known.iloc[-1]
    is_shown = last[["value", "numerator", "denominator"]].notna().all() and not last["hidden"]
    if not is_shown or str(last["period"]) != str(scope.period) or not last["denominator"]:
        return ""
    due, attended = (int(last[name]) for name in ("denominator", "numerator"))
    came = f"{how_many(attended)} {was(attended)} attended ({format_share(last['value'])})"
    return f"Of {counted(due, 'session')} due in {in_words(last['period'])}, {came}."
