"""The section of definitions: each measure in words, the methods and the software."""

from __future__ import annotations

import pandas as pd

from iop_outcomes.attendance.engagement import stay_text
from iop_outcomes.attendance.rule import AttendanceRule
from iop_outcomes.report.counting import Counted
from iop_outcomes.report.merging import plan_text
from iop_outcomes.report.model import Section, Table
from iop_outcomes.report.scope import IN_ROWS_ONLY, Scope
from iop_outcomes.report.sections.definitions.methods import methods_table, software_table
from iop_outcomes.trends import Trend
from iop_outcomes.trends.quantities import find_quantity

SESSIONS_ABOVE = "Sessions are counted as the row Sessions says."


def definitions(scope: Scope, counted: Counted | None, left_out: tuple[str, ...] = ()) -> Section:
    """Return each measure of the report in words, and what its numbers rest on.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    counted : Counted or None
        All that it counts; None if these are too few people.
    left_out : tuple of str
        The sections that it does not have.
    """
    rows = [("Disclosure", scope.policy.report_text)]
    if counted is not None and counted.plan.text:
        rows.append(("Taken together", plan_text(counted.plan, scope.period)))
    if counted is not None and counted.changed:
        rows.append(("Earlier reports", counted.changed))
    if scope.too_few:
        rows.append(("Programs left out", _left_out(scope)))
    if scope.pooled:
        rows.append(("Other programs", _together(scope)))
    if "checkins" in scope.records.tables:
        rows.append(("Relapse", scope.rule.text))
    if scope.engagement is not None:
        rows.append(("Sessions", AttendanceRule().text))
        rows.append(("Engagement", f"{SESSIONS_ABOVE} {stay_text()}"))
    if counted is not None:
        rows += [(trend.title, _measure(trend)) for trend in counted.trends.compared.values()]
    frame = pd.DataFrame(rows, columns=["measure", "definition"])
    table = Table("definitions", "What the words and numbers mean", frame)
    methods = () if counted is None else (methods_table(scope, counted, left_out),)
    return Section("definitions", "Definitions", (), (table, *methods, software_table()))


def _measure(trend: Trend) -> str:
    """Return the definition of a measure; how sessions are counted has a row of its own."""
    quantity = find_quantity(trend.measure)
    parts = [quantity.own_text, SESSIONS_ABOVE if quantity.counting else ""]
    parts.append(f"Complete from {quantity.complete_from} on.")
    return " ".join(filter(None, parts))


def _together(scope: Scope) -> str:
    return (
        f"{', '.join(scope.pooled)}: each has too few people to be shown by itself. Together they "
        "stand as other programs."
    )


def _left_out(scope: Scope) -> str:
    return (
        f"{', '.join(scope.too_few)}: too few to publish. {IN_ROWS_ONLY} So no outcome of "
        "theirs can be worked out from a total."
    )
