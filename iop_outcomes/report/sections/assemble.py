"""The sections of the report, in their order; each says why it is not there when it is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from iop_outcomes.attendance.weekly import NOT_LEFT, unknown_columns, why_not_left
from iop_outcomes.disclosure.results import hidden_in_weeks
from iop_outcomes.plots import (
    plot_attendance,
    plot_funnel,
)
from iop_outcomes.records.fitness import Judgement
from iop_outcomes.report import trend_pictures
from iop_outcomes.report.counting import Counted
from iop_outcomes.report.model import (
    DraftTable,
    Drawing,
    Hidden,
    Kind,
    Section,
    Table,
    drawing_of,
)
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections import cohort, quality, relapse, sites
from iop_outcomes.report.sections.attendance import exclusions, weekdays
from iop_outcomes.report.sections.attendance.weeks import note_on_weeks
from iop_outcomes.report.sections.changes import WITHOUT, by_chance
from iop_outcomes.report.sections.compared import ON_FIRST_PAGE, comparisons
from iop_outcomes.report.sections.definitions.never_told import never_told
from iop_outcomes.report.sections.ends import stays
from iop_outcomes.report.sections.findings import NOT_TOLD, Finding, period_word
from iop_outcomes.report.trends import Trends
from iop_outcomes.survival import CumulativeIncidence
from iop_outcomes.trends import Funnel
from iop_outcomes.trends.quantities import REPORTED

TOO_FEW = "Too few to publish."
NO_TIMES = "Not estimated: of nobody admitted in this time is anything known of relapse."
NO_CALENDAR = (
    "The records hold study days, without a calendar: what goes by month or quarter is left out."
)
TWO_TESTS = (
    "Two times compared and a chart by month are two tests: one may find a change that the other "
    "does not."
)
ONLY_THERE = (
    "No measure can be compared with an earlier {word}. The first page has the newest numbers."
)
CANNOT_TELL = "What these records cannot tell"
CANNOT_TELL_ID = "cannot-tell"
ALL_READ = "This is of all that is in the files, also of programs that are not in this report."


def why(title: str) -> str:
    """Return the sentence that points to what is not known from the records."""
    return f"Why, and what is needed: {title}."


WHY = why(CANNOT_TELL)
NO_SESSIONS = "The sessions do not tell it."
RESPONSE = "check_in_response"
OF_SESSIONS = ("attendance_rate", "first_session", "retained_90")

IN_PROGRAMS = "; those of single programs are in the table of programs"
WhyNot = Callable[[Scope], str]
"""Why a table is not there."""


def no_period(scope: Scope) -> str:
    """Return why a report without a period compares nothing."""
    if scope.records.time != "calendar":
        return NO_CALENDAR
    return "This report covers the whole time, so there is no earlier time to compare with."


def changes(
    findings: list[Finding], word: str, others: Mapping[str, list[str]] | None = None
) -> tuple[str, tuple[tuple[str, str, str], ...]]:
    """Return how the findings are to be read, and each with its counts and interval.

    Parameters
    ----------
    findings : list of Finding
        A finding a measure.
    word : str
        What the time of the report is called.
    others : mapping of str to list of str, optional
        The measures that stand by another time, by what that is called.
    """
    by = {one: titles for one, titles in (others or {}).items() if titles}
    number = sum(one.comparisons for one in findings)
    intro = f"Each measure stands here in the newest {word} that is known"
    for other, titles in by.items():
        intro += f"; by {other}, in the newest {other} known: {', '.join(titles)}"
    if number:
        before = "stand the one before and the same one a year earlier, where these are shown"
        if word == "year":
            before = "stands the year before, where it is shown"
        intro += (
            f". Beside it {before}. It is called a change only if the 95% interval of the "
            f"difference leaves out zero, or that of a ratio 1. {by_chance(number)} {TWO_TESTS}"
        )
    else:
        intro += ". None can be compared with an earlier one."
    items = [
        (one.change, one.title, one.text[len(one.title) :])
        for one in findings
        if one.change != NOT_TOLD
    ]
    titles = [one.title for one in findings if one.change == NOT_TOLD]
    if titles:
        items.append((NOT_TOLD, "; ".join(titles), f". {WHY}"))
    return intro, tuple(items)


def flow_section(scope: Scope, counted: Counted) -> Section:
    """Return how far people came who were admitted long enough ago."""
    sentences = unknown(scope, "first_session", "retained_90")
    name, title = "flow", "From admission to day 90"
    if "cohort_flow" not in counted.drafts:
        return Section(name, title, sentences or (NO_SESSIONS,))
    draft = counted.drafts["cohort_flow"]
    table = cohort.flow_shown(draft, scope, counted.linked, counted.hidden)
    return Section(name, title, sentences, (table, counted.table(exclusions.NAME)))


def who_came(scope: Scope, counted: Counted) -> Section:
    """Return the admissions, and who was in the program before the period and at its end."""
    tables = [name for name in ("admissions", cohort.CENSUS) if name in counted.drafts]
    is_missing = scope.period is not None and cohort.CENSUS not in counted.drafts
    sentences = (cohort.NO_CENSUS,) if is_missing else ()
    return Section("who-came", "Who was served", sentences, tuple(map(counted.table, tables)))


def attendance_section(scope: Scope, counted: Counted) -> Section:
    """Return the sessions, the weeks since admission, and the programs side by side."""
    name, title = "attendance", "Attendance and dose"
    sentences = unknown(scope, *OF_SESSIONS)
    if scope.engagement is None:
        return Section(name, title, sentences)
    sentences = (*sentences, *unknown(scope, "hours"))
    if scope.records.time != "calendar" and scope.tells("attendance_rate"):
        sentences = (*sentences, weekdays.NO_WEEKDAYS)
    shown = ("sessions", weekdays.NAME, "programs")
    tables = [counted.table(one) for one in shown if one in counted.drafts]
    weeks = counted.weeks
    if weeks is None:
        return Section(name, title, sentences, tuple(tables))
    kinds: dict[str, Kind] = dict.fromkeys(weeks.table.columns, "count")
    kinds |= dict.fromkeys(("rate", "lower", "upper"), "share")
    rule = f"{weeks.rule} {note_on_weeks(weeks)}"
    texts = [name for name in ("hidden", "not_known", NOT_LEFT) if name in weeks.table]
    behind = Table(
        "attendance_by_week",
        f"Attendance by week since admission: {scope.followed_90_days_text}",
        trend_pictures.rounded(weeks.table.drop(columns=[*texts, *unknown_columns(weeks.table)])),
        kinds,
        f"{rule}{why_not_left(weeks.table)}",
        hidden_in_weeks(weeks.table),
    )
    title_of_weeks = f"Who came, week by week: {scope.followed_90_days_text}"
    drawn = replace(weeks, rule=rule)
    drawing = _drawing(scope, plot_attendance, drawn, title_of_weeks, behind)
    return Section(name, title, sentences, tuple(tables), (drawing,))


def of_tables(
    scope: Scope, counted: Counted, name: str, title: str, why_not: Mapping[str, WhyNot]
) -> Section:
    """Return a section of those of the tables that there are, and why the others are not there."""
    shown = tuple(counted.table(one) for one in why_not if one in counted.drafts)
    reasons = [reason(scope) for one, reason in why_not.items() if one not in counted.drafts]
    return Section(name, title, tuple(dict.fromkeys(reasons)), shown)


def who_stayed(scope: Scope, counted: Counted) -> Section:
    """Return the discharges, the stays, and the programs side by side."""
    tables = []
    sentences = []
    if "discharges" in counted.drafts:
        tables.append(counted.table("discharges"))
    elif scope.tells("length_of_stay"):
        sentences.append(
            f"Nobody was discharged in {scope.named(counted.plan.step('discharges').quarters)}."
        )
    sentences += unknown(scope, "length_of_stay", "completion_rate")
    drawings: tuple[Drawing, ...] = ()
    ended = counted.stays
    if ended is not None:
        drawings = counted.pictures["who-stayed"]
    elif scope.tells("length_of_stay"):
        sentences.append(counted.no_stays or stays.not_estimated(scope))
    if isinstance(ended, CumulativeIncidence):
        tables.append(stays.stays_limits(scope, ended))
    return Section("who-stayed", "How episodes ended", tuple(sentences), tuple(tables), drawings)


def relapse_section(scope: Scope, counted: Counted) -> Section:
    """Return the curves, with their definition and what rests on missing check-ins."""
    if not scope.tells("relapse"):
        return Section("relapse", "Relapse", unknown(scope, "relapse"))
    results = counted.relapse
    if results is None:
        none = NO_TIMES if scope.policy.threshold == 1 else TOO_FEW
        return Section("relapse", "Relapse", (none,))
    whom = scope.words(8)
    answered_only = not scope.tells("relapse_missing_rules")
    unlike = "Those who stop answering may have fared worse than those who answer."
    by_missing = not answered_only and not results.by_missing.table.empty
    there = f"{unlike} {relapse.SEE_MISSING}" if by_missing else unlike
    sentences: tuple[str, ...] = (there, *relapse.what_is_counted(scope.rule))
    left = relapse.without_a_curve(scope, results)
    tables: tuple[Table, ...] = (relapse.milestone_table(results, whom, left),)
    if results.first.open is not None:
        tables = (*tables, relapse.first_limits(results.first.open))
    elif results.first.shown is not None:
        tables = (*tables, relapse.first_table(results.first))
    sentences = (*sentences, *filter(None, [results.first.sentence]))
    sentences = (*sentences, relapse.LESS) if results.less else sentences
    if answered_only:
        sentences = (*sentences, *unknown(scope, "relapse_missing_rules"))
    elif by_missing:
        tables = (*tables, relapse.missing_rule_table(results))
    else:
        sentences = (*sentences, relapse.NO_MISSING_RULES)
    return Section("relapse", "Relapse", sentences, tables, counted.pictures["relapse"])


def _drawing(
    scope: Scope, plot: Callable[..., Any], result: object, title: str, table: Table
) -> Drawing:
    return drawing_of(plot, result, title, table, synthetic=scope.records.synthetic)


def sites_section(
    scope: Scope, funnels: dict[str, Funnel], attendance: sites.Attendance | None = None
) -> Section:
    """Return the attendance of each program beside that of all, and a funnel a measure."""
    known = sites.measures_known(scope)
    pooled = {"taken_together": bool(scope.pooled)}
    without = sites.without_funnel(funnels, known, len(scope.programs), scope.too_few, **pooled)
    how = (sites.HOW,) if funnels else ()
    of_funnels = (*how, *without)
    said: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    if attendance is not None:
        counted = sites.COUNTED.format(whom=scope.words(4))
        said, tables = (counted, *attendance.sentences), (attendance.table,)
    elif len(scope.programs) > 1 and scope.engagement is not None and scope.tells(OF_SESSIONS[0]):
        said = (sites.NO_ATTENDANCE,)
    if tables:
        said = (*said, sites.NO_RANKING)
    else:
        ranking = (sites.NO_RANKING,) if funnels else ()
        said, of_funnels = (*said, *how, *ranking, *without), ()
    drawings = []
    for measure, site_funnel in funnels.items():
        title = f"{sites.MEASURES[measure]}, by program: {scope.words(4)}"
        table = sites.funnel_table_of(measure, title, site_funnel)
        drawings.append(_drawing(scope, plot_funnel, site_funnel, title, table))
    named = (sites.NAME, sites.TITLE)
    return Section(*named, said, tables, tuple(drawings), of_drawings=of_funnels)


def trends_section(
    scope: Scope,
    trends: Trends,
    findings: list[Finding],
    signals: Table | None,
    drawings: Mapping[str, Drawing],
    programs: Table | None = None,
    *,
    without_first_page: bool = False,
) -> Section:
    """Return each measure beside the period before, the signals, and a chart a measure.

    The comparisons are in a table. What is compared with nothing is in a sentence, if it is not on
    the first page.

    A measure of which no period is shown has none: a sentence names it, and points to `programs`.
    """
    if scope.period is None:
        return Section("trends", "Trends", (no_period(scope),))
    intro, items = changes(findings, scope.word, _by_other_times(scope, trends))
    if not without_first_page and not any(one.comparisons for one in findings):
        intro = ONLY_THERE.format(word=scope.word)
    some = {name: trend for name, trend in trends.drawn.items() if name != RESPONSE}
    drawn, left = trend_pictures.divided(some)
    said = trend_pictures.sentences(scope, left, programs)
    sentences = (intro, *unknown(scope, *REPORTED), *said)
    also = "" if without_first_page else ON_FIRST_PAGE
    compared = comparisons(scope, findings, trends.compared, also)
    tables = tuple(one for one in (compared, signals) if one is not None)
    said_there = set() if without_first_page else {one.title for one in findings if one.is_shown}
    items = tuple(
        one
        for one in items
        if one[0] == NOT_TOLD or (one[0] == WITHOUT and one[1] not in said_there)
    )
    pictures = tuple(drawings[name] for name in drawn)
    return Section("trends", "Trends", sentences, tables, pictures, items)


def _by_other_times(scope: Scope, trends: Trends) -> dict[str, list[str]]:
    """Return the measures that are not counted by times as long as the period of the report."""
    others: dict[str, list[str]] = {}
    for name, trend in trends.compared.items():
        if trend is not trends.by_period.get(name):
            others.setdefault(period_word(scope, trend), []).append(trend.title)
    return others


def response_section(scope: Scope, trends: Trends, drawings: Mapping[str, Drawing]) -> Section:
    """Return how many of the check-ins that were due were answered."""
    name, title = "response", "Response rates"
    sentences = (
        "People who stop answering may fare worse than those who answer. The fewer answer, the "
        "less the other pages can be relied on.",
        *unknown(scope, RESPONSE),
    )
    own = {RESPONSE: trends.drawn[RESPONSE]} if RESPONSE in trends.drawn else {}
    drawn, left = trend_pictures.divided(own)
    if not drawn:
        return Section(name, title, (*sentences, *trend_pictures.sentences(scope, left)))
    return Section(name, title, sentences, (), (drawings[RESPONSE],))


def unknown(scope: Scope, *measures: str) -> tuple[str, ...]:
    """Return a sentence that names those of the measures that are not known from the records.

    The reasons are given once, in the section on what is not known from the records.
    """
    judged = (scope.judged[name] for name in measures if name in scope.judged)
    titles = [one.title for one in judged if one.absent]
    return (f"Not known from these records: {'; '.join(titles)}. {WHY}",) if titles else ()


def cannot_tell(scope: Scope) -> Section:
    """Return what is not known from the records, or only in part, and what would be needed."""
    rows = [
        (judgement.title, _known(judgement), judgement.why_published, judgement.needed)
        for judgement in sorted(scope.judged.values(), key=lambda judgement: not judgement.absent)
        if judgement.known != "yes"
    ]
    never = never_told(scope)
    if not rows:
        said = ("No measure is left out for want of records.", cohort.NO_REFERRALS, *never)
        return Section(CANNOT_TELL_ID, CANNOT_TELL, said)
    reasons = list(dict.fromkeys(row[1:] for row in rows))
    rows.sort(key=lambda row: reasons.index(row[1:]))  # each reason is given once
    frame = pd.DataFrame(rows, columns=["measure", "known", "why", "needed"])
    again = frame.duplicated(["known", "why", "needed"])
    frame.loc[again, ["why", "needed"]] = "as above"
    note = "What is not known is left out of this report; what is known in part stands in it."
    if "by program" in set(frame["known"]):
        note += (
            " By program: known of some programs and not of others. There is no number of all "
            f"programs together{IN_PROGRAMS}."
        )
    table = Table("cannot_tell", CANNOT_TELL, frame, {}, note)
    return Section(CANNOT_TELL_ID, CANNOT_TELL, (cohort.NO_REFERRALS, *never), (table,))


def _known(one: Judgement) -> str:
    return "by program" if one.mixed else "no" if one.absent else "in part"


def data_quality(whole: Scope, drafts: dict[str, DraftTable], hidden: Hidden) -> Section:
    """Return what was read, what was set aside, and which checks failed."""
    tables = tuple(drafts[name].shown(hidden) for name in ("files", "checks"))
    sentences = [quality.summary(whole, hidden)]
    sentences += quality.notes_without_counts(whole.records.notes, whole.policy)
    sentences.append(ALL_READ)
    if others := len(whole.records.ignored):  # their names may be those of people
        sentences.append(f"{others} other {'file was' if others == 1 else 'files were'} not read.")
    return Section("data-quality", "Data quality", tuple(sentences), tables)
