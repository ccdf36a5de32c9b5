"""The sections of the report, in their order; each says why it is not there when it is not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from iop_outcomes.attendance.rule import AttendanceRule
from iop_outcomes.attendance.weekly import unknown_columns
from iop_outcomes.disclosure import ProtectedCurves
from iop_outcomes.disclosure.merging import MergePlan
from iop_outcomes.plots import plot_attendance, plot_survival, plot_trend
from iop_outcomes.plots.layout.export import draw_svg
from iop_outcomes.records.fitness import Judgement
from iop_outcomes.report.counting import Counted, Trends
from iop_outcomes.report.model import (
    SHARE_DECIMALS,
    DraftTable,
    Drawing,
    Hidden,
    Kind,
    Section,
    Table,
)
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections import cohort, quality, relapse
from iop_outcomes.report.sections.findings import NOT_TOLD, Finding
from iop_outcomes.shared.provenance import provenance_of
from iop_outcomes.trends.quantities import REPORTED

TOO_FEW = "Too few to publish."
NO_CALENDAR = (
    "The records hold study days, without a calendar: what goes by month or quarter is left out."
)
CANNOT_TELL = "What these records cannot tell"
CANNOT_TELL_ID = "cannot-tell"
MISSING_TITLE = "The same, by what a missing check-in counts as"
TREND_KINDS: dict[str, Kind] = {
    "numerator": "count",
    "denominator": "count",
    "value": "share",
    "lower": "share",
    "upper": "share",
}


def why(title: str) -> str:
    """Return the sentence that points to what the records cannot tell."""
    return f"Why, and what is needed: {title}."


WHY = why(CANNOT_TELL)
OF_SESSIONS = ("attendance_rate", "first_session", "retained_90")

COUNT_KINDS: dict[str, Kind] = {
    "numerator": "count",
    "value": "count",
    "lower": "number",
    "upper": "number",
}


def what_changed(scope: Scope, findings: list[Finding], signals: Table | None) -> Section:
    """Return the findings, each with its counts and interval, and the signals by program."""
    title = "What changed"
    if scope.quarter is None:
        reason = (
            NO_CALENDAR
            if scope.records.time != "calendar"
            else (
                "This report covers the whole time, so there is no earlier quarter to compare with."
            )
        )
        return Section("what-changed", title, (reason,))
    intro = (
        "Each measure in the newest quarter in which it is known, beside the quarter before. A "
        "change is named only if the 95% interval of the difference leaves out zero; among "
        f"{len(findings)} measures, one such change every few quarters is expected by chance."
    )
    items = [
        (one.change, one.title, one.text[len(one.title) :])
        for one in findings
        if one.change != NOT_TOLD
    ]
    titles = [one.title for one in findings if one.change == NOT_TOLD]
    if titles:
        items.append((NOT_TOLD, "; ".join(titles), f". {WHY}"))
    tables = () if signals is None else (signals,)
    return Section("what-changed", title, (intro,), tables, items=tuple(items))


def who_came(scope: Scope, counted: Counted) -> Section:
    """Return the admissions, how far people came, and the sessions."""
    tables = [counted.table("admissions")]
    if scope.engagement is None:
        return Section("who-came", "Who came", unknown(scope, *OF_SESSIONS), tuple(tables))
    said = unknown(scope, *OF_SESSIONS)
    if "cohort_flow" in counted.drafts:
        flow = counted.drafts["cohort_flow"]
        tables.append(cohort.flow_shown(flow, scope, counted.linked, counted.hidden))
    if "sessions" in counted.drafts:
        tables.append(counted.table("sessions"))
    weeks = counted.weeks
    if weeks is None:
        return Section("who-came", "Who came", said, tuple(tables))
    kinds: dict[str, Kind] = dict.fromkeys(weeks.table.columns, "count")
    kinds |= dict.fromkeys(("rate", "lower", "upper"), "share")
    behind = Table(
        "attendance_by_week",
        f"Attendance by week since admission: {scope.followed_90_days_text}",
        rounded(weeks.table.drop(columns=["hidden", "not_known", *unknown_columns(weeks.table)])),
        kinds,
        weeks.rule,
    )
    picture = partial(draw_svg, plot_attendance, weeks, synthetic=scope.records.synthetic)
    title = f"Who came, week by week: {scope.followed_90_days_text}"
    drawing = Drawing(title, picture, behind)
    return Section("who-came", "Who came", said, tuple(tables), (drawing,))


def who_stayed(scope: Scope, counted: Counted) -> Section:
    """Return the discharges, the stays, and the programs side by side."""
    tables = []
    sentences = []
    if "discharges" in counted.drafts:
        tables.append(counted.table("discharges"))
    elif scope.tells("length_of_stay"):
        sentences.append(
            f"Nobody was discharged in {scope.label_of(counted.plan.step('discharges').quarters)}."
        )
    sentences += unknown(scope, "length_of_stay", "completion_rate", "hours")
    if scope.engagement is not None:
        tables.append(counted.table("programs"))
    return Section("who-stayed", "Who stayed", tuple(sentences), tuple(tables))


def relapse_section(scope: Scope, counted: Counted) -> Section:
    """Return the curves, with their definition and what rests on missing check-ins."""
    if not scope.tells("relapse"):
        return Section("relapse", "Relapse", unknown(scope, "relapse"))
    results = counted.relapse
    if results is None:
        return Section("relapse", "Relapse", (TOO_FEW,))
    known = "A curve shows those known to be without relapse among those still followed."
    unlike = "People who stop answering are not like people who answer"
    whom = scope.words(8) if scope.quarter is None else f"all {scope.words(8)}"
    rule = f"Of {whom}. {results.overall.rule}"
    answered_only = not scope.tells("relapse_missing_rules")
    sentences: tuple[str, ...]
    if answered_only:
        sentences = (rule, f"{known} {unlike}.")
    else:
        read_with = "so read it with the table of what a missing check-in counts as"
        sentences = (rule, results.missing, f"{known} {unlike}, {read_with}.")
    drawings = [_curve(scope, results.overall, "Time to relapse", "relapse")]
    if not answered_only:
        drawings.append(_curve(scope, results.by_missing, MISSING_TITLE, "relapse_by_missing"))
    if results.by_program is not None:
        title = "Time to relapse, by program"
        drawings.append(_curve(scope, results.by_program, title, "relapse_by_program"))
    tables: tuple[Table, ...] = (relapse.milestone_table(results),)
    if answered_only:
        sentences = (*sentences, *unknown(scope, "relapse_missing_rules"))
    else:
        tables = (*tables, relapse.missing_rule_table(results))
    kept = tuple(drawing for drawing in drawings if drawing is not None)
    return Section("relapse", "Relapse", sentences, tables, kept)


def _curve(scope: Scope, curves: ProtectedCurves, title: str, name: str) -> Drawing | None:
    if curves.table.empty:
        return None
    picture = partial(draw_svg, plot_survival, curves, synthetic=scope.records.synthetic)
    return Drawing(title, picture, relapse.curve_table(name, title, curves))


def trends_section(scope: Scope, trends: Trends) -> Section:
    """Return a picture a measure, over the last months or quarters."""
    if scope.quarter is None:
        reason = (
            NO_CALENDAR
            if scope.records.time != "calendar"
            else (
                "This report covers the whole time; a report of a quarter draws the trends up to "
                "it."
            )
        )
        return Section("trends", "Trends", (reason,))
    drawings = []
    for name, trend in trends.drawn.items():
        kinds = TREND_KINDS if trend.unit == "proportion" else COUNT_KINDS
        columns = ["period", "numerator", "denominator", "value", "lower", "upper", "status"]
        table = Table(
            f"trend_{name}",
            f"{trend.title} by {trend.every}",
            rounded(_with_status(trend.table)[columns].dropna(axis=1, how="all"), trend.unit),
            kinds,
            trend.rule,
        )
        picture = partial(draw_svg, plot_trend, trend, synthetic=scope.records.synthetic)
        drawings.append(Drawing(f"{trend.title} by {trend.every}", picture, table))
    said = unknown(scope, *REPORTED)
    return Section("trends", "Trends", said, (), tuple(drawings))


def unknown(scope: Scope, *measures: str) -> tuple[str, ...]:
    """Return a sentence that names those of the measures that the records cannot tell.

    The reasons stand once, in the section that says what the records cannot tell.
    """
    judged = (scope.judged[name] for name in measures if name in scope.judged)
    titles = [one.title for one in judged if one.absent]
    return (f"Not known from these records: {'; '.join(titles)}. {WHY}",) if titles else ()


def cannot_tell(scope: Scope) -> Section:
    """Return what the records cannot tell, or only in part, and what would be needed."""
    rows = [
        (one.title, _known(one), one.told, one.needed)
        for one in sorted(scope.judged.values(), key=lambda one: not one.absent)
        if one.known != "yes"
    ]
    if not rows:
        return Section(
            CANNOT_TELL_ID, CANNOT_TELL, ("They can tell every measure of this report.",)
        )
    reasons = list(dict.fromkeys(row[1:] for row in rows))
    rows.sort(key=lambda row: reasons.index(row[1:]))  # each reason stands once
    frame = pd.DataFrame(rows, columns=["measure", "known", "why", "needed"])
    again = frame.duplicated(["known", "why", "needed"])
    frame.loc[again, ["why", "needed"]] = "as above"
    note = (
        "What is not known is left out of this report; what is known in part stands in it. What is "
        "known by program stands in the table of programs only, since no total of them is known."
    )
    table = Table("cannot_tell", CANNOT_TELL, frame, {}, note)
    return Section(CANNOT_TELL_ID, CANNOT_TELL, (), (table,))


def _known(one: Judgement) -> str:
    return "by program" if one.mixed else "no" if one.absent else "in part"


def rounded(table: pd.DataFrame, unit: str = "proportion") -> pd.DataFrame:
    """Return a table of rates, or of counts, with the digits that the page prints."""
    digits = SHARE_DECIMALS if unit == "proportion" else 1
    names = [name for name in ("value", "rate", "lower", "upper") if name in table]
    return table.assign(**{name: table[name].round(digits) for name in names})


def _with_status(table: pd.DataFrame) -> pd.DataFrame:
    shown_or_not = np.where(table["hidden"], "hidden", "known")
    status = np.where(table["complete"], shown_or_not, "not yet known")
    shown = table.assign(status=status)
    shown.loc[~shown["complete"], ["numerator", "denominator"]] = np.nan
    return shown


def data_quality(whole: Scope, drafts: dict[str, DraftTable], hidden: Hidden) -> Section:
    """Return what was read, what was set aside, and which checks failed."""
    tables = tuple(drafts[name].shown(hidden) for name in ("files", "checks"))
    sentences = [*notes_without_counts(whole.records.notes), quality.summary(whole, hidden)]
    if others := len(whole.records.ignored):  # their names may be those of people
        sentences.append(f"{others} other {'file was' if others == 1 else 'files were'} not read.")
    return Section("data-quality", "Data quality", tuple(sentences), tables)


def notes_without_counts(notes: Sequence[str]) -> list[str]:
    """Return the notes of reading that hold no number but dates and spans of days.

    The others count rows: small ones are not published, and a large one beside the number of rows
    that were read would tell a small one.
    """
    return [note for note in notes if not re.search(r"\d", _DATES_AND_SPANS.sub("", note))]


_DATES_AND_SPANS = re.compile(r"\b\d{4}-\d{2}-\d{2}\b|\b\d+ days?\b|\bday \d+\b")


def definitions(
    scope: Scope, trends: Trends, plan: MergePlan | None = None, changed: str = ""
) -> Section:
    """Return each measure of the report in words."""
    rows = [("Disclosure", scope.policy.report_text)]
    if plan is not None and plan.text:
        rows.append(("Taken together", plan.text))
    if changed:
        rows.append(("Earlier reports", changed))
    if scope.too_few:
        rows.append(("Programs left out", _left_out(scope)))
    if "checkins" in scope.records.tables:
        rows.append(("Relapse", scope.rule.text))
    if scope.engagement is not None:
        rows.append(("Sessions", AttendanceRule().text))
        rows.append(("Engagement", provenance_of(scope.engagement).rule))
    rows += [(trend.title, trend.rule) for trend in trends.compared.values()]
    frame = pd.DataFrame(rows, columns=["measure", "definition"])
    table = Table("definitions", "What the words and numbers mean", frame)
    return Section("definitions", "Definitions", (), (table,))


def _left_out(scope: Scope) -> str:
    return (
        f"{', '.join(scope.too_few)}: too few to publish. Their people are in no number of this "
        "report, so that nothing of them can be worked out from a total."
    )
