"""The section of definitions: each measure in words, the methods and the software."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from iop_outcomes.attendance.engagement import ASAM_HOURS, stay_text
from iop_outcomes.attendance.rule import AttendanceRule
from iop_outcomes.attendance.stays import NO_CONTACT_DAYS
from iop_outcomes.report.counting import Counted
from iop_outcomes.report.merging import plan_text
from iop_outcomes.report.model import Section, Table
from iop_outcomes.report.programs import AS_A_WHOLE
from iop_outcomes.report.scope import IN_ROWS_ONLY, Scope
from iop_outcomes.report.sections.definitions.methods import methods_table, software_table
from iop_outcomes.report.sections.definitions.outcomes import outcome_rows
from iop_outcomes.shared.text import list_names
from iop_outcomes.trends import Trend
from iop_outcomes.trends.charts import TRIAL_POINTS
from iop_outcomes.trends.quantities import find_quantity

SESSIONS_ABOVE = "Sessions are counted as the row Sessions says."
HOURS = (
    "The mean attended hours a whole week are the mean over episodes of their own means, so that a "
    f"short stay weighs as much as a long one. Whether a week has {ASAM_HOURS:g} hours is not "
    "known where sessions without a recorded outcome, or attended without minutes, could bring it "
    "there, and for every week of an episode of which no hours are known."
)
RETAINED = (
    "Trends give a share of those retained only when nothing can change it any more, "
    f"{NO_CONTACT_DAYS} days after that day has passed for the whole period. The table of "
    "programs, the funnels and how far people came count {whom}; their newest shares may still "
    "change, and a quarter may be in them that trends call not yet known."
)
LONG_AGO = "all who were admitted so many days before the data cut"
RULES = (
    "The time of a rule is over when the longest that it may take has passed by the data cut, "
    "also for those discharged before; while no discharge is recorded, by the end of follow-up."
)
CLUSTERED = (
    "Those of shares of sessions and check-ins allow for those of one person being alike: they are "
    "taken on the scale of the logit, by Student's t with one degree of freedom fewer than people, "
    "from a variance no smaller than that of independent sessions. Of a share of 0 or 1 it is "
    "Wilson's interval of the people."
)

CHART_LIMITS = (
    f"They are made from the first {TRIAL_POINTS} months on a chart by month. On a chart by longer "
    f"times they are made from all values, and are rough if these are fewer than {TRIAL_POINTS}. "
    "They are never narrower than chance alone gives. The first half-year of the records is not on "
    "a chart on which all people are newly admitted. Of a report of one program a row by month of "
    "the page of all measures has the chart of the signals by program and month. Charts of one "
    "measure by month and by longer times can differ in their signals."
)


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
        title = "Other programs" if len(scope.programs) > 1 else "Programs taken together"
        rows.append((title, _together(scope)))
    if "checkins" in scope.records.tables:
        rows.append(("Relapse", scope.rule.text))
    if scope.engagement is not None:
        rows.append(("Sessions", AttendanceRule().text))
        rows.append(("Engagement", f"{SESSIONS_ABOVE} {stay_text()}"))
    if counted is not None and scope.engagement is not None:
        whom = LONG_AGO if scope.period is None else f"those admitted {AS_A_WHOLE}"
        rows += [("Hours and weeks", HOURS), ("Retained", RETAINED.format(whom=whom))]
    if counted is not None:
        rows.append(("Intervals", CLUSTERED))
    if counted is not None and "continuity" in counted.drafts:
        rows.append(("Rules of engagement", RULES))
    if counted is not None:
        rows += outcome_rows(scope, counted)
        rows += _measures(counted.trends.compared.values())
    if counted is not None and scope.period is not None and counted.trends.drawn:
        rows.append(("Limits of control charts", CHART_LIMITS))
    frame = pd.DataFrame(rows, columns=["measure", "definition"])
    table = Table("definitions", "What the words and numbers mean", frame)
    methods = () if counted is None else (methods_table(scope, counted, left_out),)
    return Section("definitions", "Definitions", (), (table, *methods, software_table()))


def _measures(trends: Iterable[Trend]) -> list[tuple[str, str]]:
    """Return the definition of each measure; how sessions are counted has a row of its own.

    What an earlier one of them says, too, is there once.
    """
    rows: list[tuple[str, str]] = []
    said: dict[str, str] = {}
    for trend in trends:
        quantity = find_quantity(trend.measure)
        own = quantity.own_text
        if quantity.note in said:
            own = own.replace(quantity.note, f"The rest is as for {said[quantity.note]}.")
        elif quantity.note:
            said[quantity.note] = f"{trend.title[0].lower()}{trend.title[1:]}"
        parts = [own, SESSIONS_ABOVE if quantity.counting else ""]
        parts.append(f"Complete from {quantity.complete_from} on.")
        rows.append((trend.title, " ".join(filter(None, parts))))
    return rows


def _together(scope: Scope) -> str:
    text = f"{list_names(scope.pooled)}: each has too few people to be shown by itself."
    if len(scope.programs) == 1:
        return f"{text} All are counted together."
    return f"{text} Where a table is by program, they stand together as other programs."


def _left_out(scope: Scope) -> str:
    return (
        f"{list_names(scope.too_few)}: too few to publish. {IN_ROWS_ONLY} So no outcome of "
        "theirs can be worked out from a total."
    )
