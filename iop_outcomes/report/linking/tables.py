"""What the tables of a report have to do with one another: the same people counted twice."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import permutations

import numpy as np
import pandas as pd

from iop_outcomes.attendance.rule import UNRECORDED, AttendanceRule
from iop_outcomes.attendance.stays import RETENTION_DAYS
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.declared import TOTAL, Key
from iop_outcomes.disclosure.merging import MergePlan
from iop_outcomes.disclosure.results import Key as Row
from iop_outcomes.disclosure.results import trend_keys
from iop_outcomes.records.schema import ATTENDED
from iop_outcomes.report.linking.rates import link_rates
from iop_outcomes.report.linking.same_end import link_same_end
from iop_outcomes.report.linking.sessions import link_seen
from iop_outcomes.report.linking.sums import add_up, part_of, sum_of
from iop_outcomes.report.period import ReportPeriod, period_between, within
from iop_outcomes.report.programs import FAMILY, followed_until
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.report.sections.attendance import exclusions, weekdays
from iop_outcomes.report.sections.attendance.weeks import WEEKS
from iop_outcomes.report.sections.cohort import (
    ALL,
    CENSUS,
    NOT_RECORDED,
    census_keys,
    flow_stages,
)
from iop_outcomes.report.sections.ends.stays import STAYS
from iop_outcomes.report.sections.relapse import RelapseResults
from iop_outcomes.report.trends import Trends, all_of, inside
from iop_outcomes.trends import Trend

RELAPSE = ("relapse", "n")
WEEK = 7


def link_report(
    scope: Scope,
    linked: LinkedCounts,
    trends: Trends,
    relapse: RelapseResults | None,
    plan: MergePlan,
) -> None:
    """Declare the sums between the tables of a report, once all of them are declared.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    linked : LinkedCounts
        With the counts of its tables and trends.
    trends : Trends
        The trends whose counts are declared.
    relapse : RelapseResults or None
        The curves.
    plan : MergePlan
        Of which times the tables are.
    """
    link_flow(scope, linked)
    link_weekdays(scope, linked, trends, plan)
    if scope.period is not None:
        link_tables(scope, linked, trends, plan)
        link_census(scope, linked, trends, plan)
        link_seen(scope, linked, plan)
        link_year(scope, linked, trends)
        link_nested(linked, trends)
        link_rates(linked, trends)
    link_considered(scope, linked, trends)
    link_same_end(scope, linked, plan)
    link_relapse(scope, linked, relapse, trends)
    link_files(scope, linked, trends)


def link_flow(scope: Scope, linked: LinkedCounts) -> None:
    """Declare what the flow and the weeks since admission share: they are of the same people."""
    if scope.engagement is None or ("weeks", "1", "episodes_followed") not in linked:
        return
    names = [("flow", words) for words, _ in flow_stages(scope)]
    admitted, first = names[:2]
    retained = list(zip(names[-len(RETENTION_DAYS) :], RETENTION_DAYS, strict=True))
    # All were followed for 90 days, through the end of each of these weeks; all began the first.
    keys = {week: ("weeks", str(week), "episodes_followed") for week in range(1, WEEKS + 1)}
    weeks = [week for week, key in keys.items() if key in linked]
    for key in [*keys.values(), ("weeks", "1", "episodes")]:
        if key in linked and linked.value(key) == linked.value(admitted):
            add_up(linked, admitted, [key])
    for (stage, day), before in zip(retained, (0, *RETENTION_DAYS), strict=False):
        for week in weeks:
            if before < (week - 1) * WEEK <= day:  # there on a day: there when the week began
                part_of(linked, ("weeks", str(week), "episodes"), stage)
            elif (week - 1) * WEEK > day:
                part_of(linked, stage, ("weeks", str(week), "episodes_attending"))
    for week in weeks:
        if week * WEEK - 1 <= RETENTION_DAYS[0]:
            part_of(linked, first, ("weeks", str(week), "episodes_attending"))


def link_tables(scope: Scope, linked: LinkedCounts, trends: Trends, plan: MergePlan) -> None:
    """Declare which counts of the tables are also in the trends, or are sums of counts there."""

    def of(table: str, measure: str, count: str) -> list[Row]:
        return inside(scope, trends, measure, plan.step(table).quarters, count)

    _equal(linked, of("admissions", "admissions", "numerator"), [("admissions", ALL)])
    everybody, unknown = ("discharges", ALL), ("discharges", NOT_RECORDED)
    if everybody in linked:
        known = of("discharges", "completion_rate", "denominator")
        _equal(linked, [*known, *([unknown] if unknown in linked else [])], [everybody])
        completed = ("discharges", "completed")
        if completed in linked:
            _equal(linked, of("discharges", "completion_rate", "numerator"), [completed])
    rule = AttendanceRule()
    here = [word for word in rule.due if ("sessions", word) in linked]
    due = of("sessions", "attendance_rate", "denominator")
    _equal(linked, due, [("sessions", word) for word in here])
    attended = of("sessions", "attendance_rate", "numerator")
    _equal(linked, attended, [("sessions", word) for word in here if word in ATTENDED])
    _equal(linked, of("sessions", "no_show_rate", "numerator"), [("sessions", "no_show")])


def link_census(scope: Scope, linked: LinkedCounts, trends: Trends, plan: MergePlan) -> None:
    """Declare what those in the program share with the admissions, discharges and trends."""
    ever = (CENSUS, "ever")
    if ever not in linked:
        return
    _, admitted, left, _ = census_keys(scope)
    sum_of(linked, admitted, inside(scope, trends, "admissions", 1, "numerator"))
    sum_of(linked, left, inside(scope, trends, "completion_rate", 1, "denominator"))
    for table, moved in (("admissions", admitted), ("discharges", left)):
        if scope.window(plan.step(table).quarters) == scope.period:
            sum_of(linked, moved, [(table, ALL)])
        elif moved == admitted:
            part_of(linked, (table, ALL), moved)
    sum_of(linked, ever, all_of(trends, "admissions", "numerator"))
    sum_of(linked, ("rows", "episodes", "rows_kept"), [ever])


def link_weekdays(scope: Scope, linked: LinkedCounts, trends: Trends, plan: MergePlan) -> None:
    """Declare that the sessions of all weekdays are those of the trends, and of the statuses."""
    everybody = {name: (weekdays.FAMILY, ALL, name) for name in weekdays.COUNTS}
    if everybody["due"] not in linked:
        return
    own, other = (max(plan.step(name).quarters, 1) for name in (weekdays.FAMILY, "sessions"))
    words = {
        "due": AttendanceRule().due,
        "attended": ATTENDED,
        "unrecorded": (UNRECORDED,),
    }
    for name, count in (("due", "denominator"), ("attended", "numerator")):
        _equal(linked, inside(scope, trends, "attendance_rate", own, count), [everybody[name]])
    if scope.period is not None:  # a step that is shorter than the period is of the period
        own, other = (scope.window(quarters).months for quarters in (own, other))
    for name, some in words.items():
        parts = [("sessions", word) for word in some if ("sessions", word) in linked]
        if own == other:
            _equal(linked, parts, [everybody[name]])
        elif parts:
            longer, shorter = _together(linked, parts), everybody[name]
            if own > other:
                longer, shorter = shorter, longer
            part_of(linked, longer, shorter)


def _equal(linked: LinkedCounts, one: Sequence[Key], other: Sequence[Key]) -> None:
    """Declare that two sums are the same; a period that no trend has holds nobody.

    Nothing is declared where one side is not there. Where the two are not the same, since some were
    printed before and the records have changed, the difference is a count like any other.
    """
    one, other = ([key for key in keys if key in linked] for keys in (one, other))
    if not one or not other:
        return
    if sum(linked.value(key) for key in one) != sum(linked.value(key) for key in other):
        first, second = _together(linked, one), _together(linked, other)
        part_of(linked, first, second)
        part_of(linked, second, first)
    elif len(other) == 1:
        linked.total(other[0], one)
    elif len(one) == 1:
        linked.total(one[0], other)
    else:
        both = ("sum", *one, *other)
        linked.count(both, sum(linked.value(key) for key in one))
        linked.total(both, one)
        linked.total(both, other)


def _together(linked: LinkedCounts, keys: Sequence[Key]) -> Key:
    """Return the name of the sum of some counts."""
    name = keys[0] if len(keys) == 1 else ("sum", *keys)
    if name not in linked:
        linked.count(name, sum(linked.value(key) for key in keys))
        linked.total(name, keys)
    return name


def link_year(scope: Scope, linked: LinkedCounts, trends: Trends) -> None:
    """Declare what the tables of a year share with the periods in it."""

    def of(measure: str, count: str, until: pd.Timestamp | None = None) -> list[Row]:
        return inside(scope, trends, measure, 4, count, until)

    sum_of(linked, (FAMILY, "admitted", ALL), of("admissions", "numerator"))
    for day in RETENTION_DAYS:
        for count, name in (("x", "numerator"), ("n", "denominator")):
            whole = (FAMILY, f"retained_{day}", ALL, count)
            sum_of(linked, whole, of(f"retained_{day}", name, followed_until(scope, day)))


def link_considered(scope: Scope, linked: LinkedCounts, trends: Trends) -> None:
    """Declare what the flow, and who is not in it, share with the trends by day of admission.

    A period of a trend that lies in the time of a count in part only is split into those who are in
    the count and the others.
    """
    if exclusions.ALL not in linked:
        return
    if scope.flow_dates is None or scope.period is None:
        add_up(linked, ("admissions", ALL), [exclusions.ALL])
        return
    (first, last), end = scope.flow_dates, scope.period.last
    late = scope.too_late_for_90_days
    window = ("admitted in the time of", exclusions.IN_FLOW, str(last.date()))
    admitted = scope.considered_90_days & ~late
    linked.count(window, int(admitted.sum()), people=scope.people(admitted))
    linked.total(exclusions.ALL, [window, exclusions.LATE])
    stages = flow_stages(scope)
    by_day = zip(stages[-len(RETENTION_DAYS) :], RETENTION_DAYS, strict=True)
    retained = [
        ("flow", *stages[0], f"retained_{RETENTION_DAYS[-1]}", "denominator"),
        *(("flow", *stage, f"retained_{day}", "numerator") for stage, day in by_day),
    ]
    _by_day_of_admission(
        *(scope, linked, trends, ("admissions", "numerator"), exclusions.LATE, late),
        period_between(last + pd.Timedelta(days=1), end),
    )
    of_flow = period_between(first, last)
    _by_day_of_admission(
        scope, linked, trends, ("admissions", "numerator"), window, admitted, of_flow
    )
    _add_up_pieces(linked, (window, exclusions.LATE))
    for family, words, mask, measure, count in retained:
        key = (family, words)
        _by_day_of_admission(scope, linked, trends, (measure, count), key, mask, of_flow)


def _by_day_of_admission(
    scope: Scope,
    linked: LinkedCounts,
    trends: Trends,
    counted: tuple[str, str],
    whole: Row,
    mask: Mask,
    time: ReportPeriod,
) -> None:
    """Declare that the people of a count are those of the periods of a trend, or of parts of them.

    `counted` is the measure of the trend and which of its counts; `mask` the episodes of the count.
    """
    measure, count = counted
    levels = (trends.atoms, trends.by_part, trends.by_period)
    trend = next((some[measure] for some in levels if measure in some), None)
    if trend is None:
        return
    parts: list[Row] = []
    dates = scope.records.episodes["admit_date"]
    starts, ends = trend.table["start"], trend.table["end"].dt.normalize()
    for row, start, end in zip(trend_keys(trend), starts, ends, strict=True):
        key = trends.named(row, count)
        if end < time.first or start > time.last or key not in linked:
            continue
        here = mask & within(dates, period_between(start, end))
        inside = time.first <= start and end <= time.last
        if inside and int(here.sum()) == linked.value(key):
            parts.append(key)
        elif int(here.sum()) <= linked.value(key):
            piece = ("in", time.dates, whole, key)
            linked.count(piece, int(here.sum()), people=scope.people(here))
            linked.part(key, piece)
            parts.append(piece)
    sum_of(linked, whole, parts)


def _add_up_pieces(linked: LinkedCounts, wholes: tuple[Row, Row]) -> None:
    """Declare that a time of a trend is its pieces in two counts that have nobody else of it."""
    pieces: dict[Row, list[Row]] = {}
    for name in linked.names:
        if isinstance(name, tuple) and name[0] == "in" and name[2] in wholes:
            pieces.setdefault(name[3], []).append(name)
    for key, both in pieces.items():
        if len(both) == 2:
            add_up(linked, key, both)


def link_nested(linked: LinkedCounts, trends: Trends) -> None:
    """Declare that a time of a trend is made of the shorter ones in it, or holds those that are."""
    for one, other in permutations(trends.all, 2):
        if one.measure == other.measure:
            for key, parts in within_rows(one, other):
                for count in ("numerator", "denominator"):
                    here = [(*part, count) for part in parts if (*part, count) in linked]
                    if len(here) == len(parts):
                        add_up(linked, (*key, count), here)
                    else:
                        sum_of(linked, (*key, count), here)


def within_rows(long: Trend, short: Trend) -> list[tuple[Row, list[Row]]]:
    """Return each row of one trend with the rows of another that lie in it."""
    parts_of_rows = []
    start, end = (short.table[name].to_numpy() for name in ("start", "end"))
    names = trend_keys(short)
    ends = zip(long.table["start"].to_numpy(), long.table["end"].to_numpy(), strict=True)
    for key, (first, last) in zip(trend_keys(long), ends, strict=True):
        parts = [names[place] for place in np.flatnonzero((start >= first) & (end <= last))]
        if parts:
            parts_of_rows.append((key, parts))
    return parts_of_rows


def link_relapse(
    scope: Scope, linked: LinkedCounts, relapse: RelapseResults | None, trends: Trends
) -> None:
    """Declare that the people of the curves are among those admitted in two years."""
    if relapse is not None and relapse.size is not None:
        linked.count(RELAPSE, relapse.size, people=relapse.people, item=RELAPSE, rank=TOTAL)
    for key in (RELAPSE, STAYS):
        if key not in linked:
            continue
        if scope.period is None:
            part_of(linked, ("admissions", ALL), key)
        else:
            sum_of(linked, key, inside(scope, trends, "admissions", 8, "numerator"))


def link_files(scope: Scope, linked: LinkedCounts, trends: Trends) -> None:
    """Declare that what the report counts is among the rows that were kept."""
    of = partial(all_of, trends)
    for table, measure in (("attendance", "attendance_rate"), ("checkins", "check_in_response")):
        may_be_made = table == "checkins" and "due_row" in scope.records.checkins
        counted = "numerator" if may_be_made else "denominator"  # missed ones made are no rows
        sum_of(linked, ("rows", table, "rows_kept"), of(measure, counted))
    admitted = of("admissions", "numerator")
    sum_of(linked, ("rows", "episodes", "rows_kept"), admitted or [("admissions", ALL)])
