"""Count everything first, and then say what is hidden: before any table or picture is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from iop_outcomes.attendance import AttendanceByWeek
from iop_outcomes.attendance.stays import NO_CONTACT_DAYS, RETENTION_DAYS
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.ledger import Frozen, Ledger, hide_beside
from iop_outcomes.disclosure.merging import Ladders, MergePlan
from iop_outcomes.disclosure.results import Key, hide_weeks, link_weeks
from iop_outcomes.disclosure.system import PrintedCells, printed_cells
from iop_outcomes.disclosure.system.quarters import SO_FAR
from iop_outcomes.report.earlier.again import refuse_changed
from iop_outcomes.report.earlier.memory import data_cut_of, with_earlier
from iop_outcomes.report.earlier.reading import EarlierReport
from iop_outcomes.report.linking import (
    RELAPSE,
    link_leaving,
    link_leaving_by_time,
    link_report,
    link_whole_time,
)
from iop_outcomes.report.linking.late import link_as_now, link_changed, link_corrections
from iop_outcomes.report.merging import plan_of
from iop_outcomes.report.model import DraftTable, Drawing, Hidden, Table
from iop_outcomes.report.period import ReportPeriod, period_between
from iop_outcomes.report.programs import FAMILY as PROGRAMS
from iop_outcomes.report.programs import link_programs, program_table
from iop_outcomes.report.scope import FOLLOW_UP_DAYS, Mask, Scope
from iop_outcomes.report.sections import cohort, quality, relapse
from iop_outcomes.report.sections.attendance.exclusions import FAMILY as OUTSIDE
from iop_outcomes.report.sections.attendance.exclusions import exclusions_table
from iop_outcomes.report.sections.attendance.rules import continuity_table
from iop_outcomes.report.sections.attendance.weekdays import FAMILY as WEEKDAYS
from iop_outcomes.report.sections.attendance.weekdays import NAME as BY_WEEKDAY
from iop_outcomes.report.sections.attendance.weekdays import (
    link_by_quarter,
    weekdays_shown,
    weekdays_table,
)
from iop_outcomes.report.sections.attendance.weeks import link_weeks_by_quarter, weeks_of
from iop_outcomes.report.sections.ends.discharged import link_discharged
from iop_outcomes.report.sections.ends.of_year import counted_in, with_everybody
from iop_outcomes.report.sections.ends.stays import (
    STAYS,
    Ends,
    elsewhere_of,
    ends_of_report,
    remaining,
    stays,
    stays_drawings,
)
from iop_outcomes.report.sections.outcomes import declare_admitted, scores_tables
from iop_outcomes.report.sections.quarters import (
    before_this,
    link_cohort,
    link_sums_by_quarter,
    link_trends,
    seen_before,
)
from iop_outcomes.report.sections.quarters import is_settled as is_settled_quarter
from iop_outcomes.report.sections.sites import (
    Attendance,
    attendance_by_program,
    declare_sites,
    funnels,
    not_drawn,
)
from iop_outcomes.report.together import Together, renamed, split_by_run
from iop_outcomes.report.trends import Trends, inside, make_trends
from iop_outcomes.trends import Funnel

Pictures = Mapping[str, tuple[Drawing, ...]]
FLOW = ("first_session", "retained_30", "retained_60", "retained_90")


@dataclass(frozen=True, eq=False)
class Counted:
    """All that a report counts, before and after it is known what is hidden.

    Attributes
    ----------
    linked : LinkedCounts
        The counts, with the sums between them.
    hidden : frozenset
        What must not be printed.
    drafts : dict of str to DraftTable
        The tables with all their numbers, by name.
    trends : Trends
        Protected.
    weeks : AttendanceByWeek or None
        Protected; None without an attendance table, or with too few people.
    relapse : RelapseResults or None
        Protected; None without check-ins, or with too few people.
    plan : MergePlan
        What is taken together in the tables and trends.
    cells : PrintedCells
        What is printed of the counts, and how they hang together.
    ledger : Ledger
        With this report.
    changed : str
        What stands as an earlier report printed it, though the records have changed; else empty.
    not_together : str
        What could not be taken together with the reports that it is set beside; else empty.
    sites : dict of str to Funnel
        The programs side by side, by measure: those that may be shown.
    site_attendance : Attendance or None
        Of each program beside that of all.
    stays, no_stays : ProtectedCurves, CumulativeIncidence or None; str
        How episodes ended, and after how long; why it is withheld, though known, else empty.
    beside_earlier : bool
        Whether it was made beside earlier reports, so that a zero may be hidden.
    pictures : mapping of str to tuple of Drawing
        The pictures of `relapse` and `stays`, by the name of their section.
    """

    linked: LinkedCounts
    hidden: Hidden
    drafts: dict[str, DraftTable]
    trends: Trends
    weeks: AttendanceByWeek | None
    relapse: relapse.RelapseResults | None
    plan: MergePlan
    cells: PrintedCells
    ledger: Ledger
    changed: str
    not_together: str = ""
    sites: dict[str, Funnel] = field(default_factory=dict)
    site_attendance: Attendance | None = None
    stays: Ends | None = None
    no_stays: str = ""
    beside_earlier: bool = False
    pictures: Pictures = field(default_factory=dict)

    def table(self, name: str) -> Table:
        """Return a table without what is hidden."""
        draft = self.drafts[name]
        if name == BY_WEEKDAY:
            return weekdays_shown(draft, self.hidden)
        return draft.shown(self.hidden)


def count_rows(whole: Scope, linked: LinkedCounts) -> dict[str, DraftTable]:
    """Declare what was read, and what the checks met."""
    drafts = [quality.sources_table(whole, linked), quality.checks_table(whole, linked)]
    quality.withhold_rows(whole, linked, drafts)
    return {draft.table.name: draft for draft in drafts}


def cells_of(
    scope: Scope,
    linked: LinkedCounts,
    hidden: Hidden,
    periods: frozenset[Key] = frozenset(),
    plan: MergePlan | None = None,
    *,
    beside_earlier: bool = False,
) -> PrintedCells:
    """Return what the report prints of its counts, and how they hang together.

    Counts of `periods` are complete: they are the same in the report of another period. A table
    that the plan gives a time of its own is named with it, since the same table of another report
    may be of another time.
    """
    data_cut = data_cut_of(scope)

    def is_settled(key: object) -> bool:
        known = isinstance(key, tuple) and key[:-1] in periods
        return known or cohort.is_of_a_day(key, data_cut) or is_settled_quarter(key, data_cut)

    cells = printed_cells(
        linked,
        hidden,
        quarter=scope.label if scope.period else "",
        data_cut=data_cut,
        programs=tuple(sorted(scope.programs)),
        settled=is_settled,
        beside_earlier=beside_earlier,
    )
    times = _times_of_tables(scope, plan)
    return renamed(cells, lambda key: _with_time(times, key) if isinstance(key, tuple) else key)


def _times_of_tables(scope: Scope, plan: MergePlan | None) -> dict[str, str]:
    """Return the time of each family of counts that need not be of the period of the report."""
    times = {}
    if plan is not None:
        for name in ("admissions", "discharges", "sessions", WEEKDAYS):
            if plan.step(name).quarters > 1:
                times[name] = scope.label_of(plan.step(name).quarters)
        if "sessions" in times:
            of_people = ("session people", cohort.OF_EACH_KIND)
            times |= dict.fromkeys(of_people, times["sessions"])
    if scope.period is not None and scope.engagement is not None:
        assert scope.flow_dates is not None  # by days: reports are matched by these names
        first, last = (day.date() for day in scope.flow_dates)
        of = f"admissions from {first} to"
        followed = f"{of} {last}, followed for {FOLLOW_UP_DAYS} days"
        times |= dict.fromkeys(("flow", "weeks"), followed)
        times[OUTSIDE] = f"{of} {scope.period.last.date()}, in the flow up to {last}"
    return times


def _with_time(times: Mapping[str, str], key: Key) -> Key:
    """Return the name of a count with its time, and so the names within it: a rest is of counts."""
    names = [_with_time(times, one) if isinstance(one, tuple) else one for one in key]
    if names and str(names[0]) in times:
        names[0] = f"{names[0]}, {times[str(names[0])]}"
    return tuple(names)


def _changed_text(frozen: list[Frozen], linked: LinkedCounts, note: str) -> str:
    """Say which figures stand as they were printed before, though the records have changed."""
    changed = [f"{one.trend.title} ({', '.join(one.changed)})" for one in frozen if one.changed]
    sentences = []
    if changed:
        sentences.append(
            "These stand as they were first printed, though the records have changed since; a "
            f"corrected figure beside the first could tell of a few people: {'; '.join(changed)}."
        )
    if linked.given_away:
        sentences.append("What was printed before cannot be protected any more in every place.")
    return " ".join([*sentences, *([note] if note else [])])


def link_quarters(
    scope: Scope,
    linked: LinkedCounts,
    trends: Trends,
    plan: MergePlan,
    curves: Mapping[Key, Mask | None],
) -> None:
    """Declare the counts of the tables of a time of several quarters by quarter.

    Other reports count the same people and sessions: see `iop_outcomes.report.sections.quarters`.
    `curves` are the episodes in the curves of two years, by the name of their count.
    """

    def of(table: str, measure: str, count: str) -> list[Key]:
        return inside(scope, trends, measure, plan.step(table).quarters, count)

    both = ("denominator", "numerator")
    admitted = of("admissions", "admissions", "numerator")
    cohort.link_quarters(scope, linked, plan.step("admissions"), admitted)
    if (PROGRAMS, "admitted", cohort.ALL) in linked:
        link_programs(scope, linked, inside(scope, trends, "admissions", 4, "numerator"))
    known = [of("discharges", "completion_rate", count) for count in both]
    cohort.link_discharges(scope, linked, plan.step("discharges"), *known)
    for table, link in (("sessions", cohort.link_sessions), (WEEKDAYS, link_by_quarter)):
        sessions = [of(table, "attendance_rate", count) for count in both]
        link(scope, linked, plan.step(table), *sessions)
    told = {key: (key, mask) for key, mask in curves.items() if mask is not None}
    link_cohort(scope, linked, told, final_after=RETENTION_DAYS[-1])
    if ("flow", "admitted") in linked and scope.flow_dates is not None:
        _link_flow_by_quarter(scope, linked, trends, period_between(*scope.flow_dates))
        link_weeks_by_quarter(scope, linked)
        link_sums_by_quarter(linked)


def _link_flow_by_quarter(
    scope: Scope, linked: LinkedCounts, trends: Trends, window: ReportPeriod
) -> None:
    """Declare the counts of the flow by quarter; the trends of retention have them, too."""
    stages = cohort.flow_stages(scope)
    counts: dict[Key, tuple[Key, Mask]] = {
        ("flow", words): (("flow", words), mask) for words, mask in stages
    }
    for words, mask in cohort.flow_unknown(scope).items():
        key = ("flow", words, "not known")
        counts[key] = (key, mask)
    longest: Key = ("flow", stages[-1][0])
    final_after = RETENTION_DAYS[-1] + NO_CONTACT_DAYS
    link_cohort(scope, linked, {longest: counts.pop(longest)}, window, final_after, SO_FAR)
    link_cohort(scope, linked, counts, window)

    def of(day: int, count: str) -> list[Key]:
        return inside(scope, trends, f"retained_{day}", 8, count)

    same: list[tuple[list[Key], Key]] = [
        (of(RETENTION_DAYS[-1], "denominator"), ("flow", stages[0][0]))
    ]
    for (words, _), day in zip(stages[-len(RETENTION_DAYS) :], RETENTION_DAYS, strict=True):
        same.append((of(day, "numerator"), ("flow", words)))
    link_trends(scope, linked, window, same)


def count_all(
    scope: Scope,
    whole: Scope,
    ladders: Ladders | None = None,
    ledger: Ledger | None = None,
    together: Together | None = None,
    beside: Sequence[EarlierReport] = (),
    early: Callable[[Pictures], None] = lambda _: None,
) -> Counted:
    """Count everything first, so that what is hidden in one table cannot be had from another.

    What the reports in the `ledger` printed stands as it was printed. Beside the reports that are
    made `together` with this one, and those that it is set `beside`, nothing is printed from which
    a small count follows. `early` is called with the pictures of curves, which are protected by
    themselves, before the rest is counted.
    """
    linked = LinkedCounts(scope.policy)
    ledger = ledger or Ledger()
    year = 0 if scope.period is None else scope.period.last.year
    plan = ledger.plan(scope.programs, year) or plan_of(scope, ladders)
    drafts = count_rows(whole, linked)
    before = [*ledger.reports, *(report.cells for report in beside)]
    own = (scope.programs, scope.label if scope.period else "", data_cut_of(scope))
    rows_before = seen_before(before_this(before, *own), scope.programs)
    tables = [cohort.admissions_table(scope, linked, plan.step("admissions"), rows_before)]
    census = cohort.census_table(scope, linked)
    tables += [] if census is None else [census]
    if scope.closed_in(plan.step("discharges").quarters).any() and scope.tells("length_of_stay"):
        tables.append(cohort.discharge_table(scope, linked, plan.step("discharges"), rows_before))
    weeks = None
    if scope.engagement is not None:
        if scope.tells(*FLOW):
            tables += [cohort.flow_table(scope, linked), exclusions_table(scope, linked)]
        if scope.tells("attendance_rate"):
            tables.append(cohort.sessions_table(scope, linked, plan.step("sessions"), rows_before))
            days = weekdays_table(scope, linked, plan.step(WEEKDAYS), rows_before)
            tables += [] if days is None else [days]
        tables.append(program_table(scope, linked, rows_before))
        seen = scope.tells("first_session") and scope.followed_90_days.any()
        if seen and not scope.policy.hides(scope.people(scope.followed_90_days)):
            weeks = weeks_of(scope)
            link_weeks(linked, weeks)
    trends = make_trends(scope, plan)
    ledger = with_earlier(ledger, beside, trends.all, scope)
    issued, in_run = split_by_run(ledger.reports, together)
    same = before_this(issued, *own)
    later = len(same) > 0
    trends, frozen = trends.frozen(ledger, scope.programs)
    trends.link(linked)
    link_changed(linked, frozen)
    stayed = stays(scope)
    apart = together is not None and not together.of_all  # see `each.APART`
    ends, no_stays = ends_of_report(scope, linked, stayed, same, apart=apart)
    rest = elsewhere_of(scope, stayed, ends), () if apart else same
    curves = relapse.relapse_results(scope, *rest) if scope.tells("relapse") else None
    issued = tuple(map(relapse.without_curves, issued))  # these were asked just now
    drawn = stays_drawings(scope, ends), relapse.relapse_drawings(scope, curves)
    pictures = dict(zip(("who-stayed", "relapse"), drawn, strict=True))
    early(pictures)
    link_report(scope, linked, trends, curves, plan)
    link_as_now(linked, trends)
    of_curves: dict[Key, Mask | None] = {
        RELAPSE: None if curves is None else curves.counted,
        STAYS: counted_in(scope, stayed),
    }
    with linked.asked_last():
        link_quarters(scope, linked, trends, plan, of_curves)
        link_corrections(linked, before_this(before, *own), scope.programs)
    declare_admitted(scope, linked, inside(scope, trends, "admissions", 8, "numerator"))
    rules = continuity_table(scope, linked)
    tables += [] if rules is None else [rules]
    tables += [] if apart else scores_tables(scope, linked, same)
    link_leaving(scope, linked, trends, plan)
    link_whole_time(scope, linked)
    with linked.asked_last():
        link_leaving_by_time(scope, linked, trends, of_curves)
        link_discharged(scope, linked)
    sites = declare_sites(scope, linked) if scope.engagement is not None else []
    attended = attendance_by_program(scope, tables)
    if together is not None and together.of_all:
        cohort.declare_overlaps(scope, linked, plan.step("sessions"))

    def cells(hidden: Hidden) -> PrintedCells:
        return cells_of(scope, linked, hidden, trends.complete, plan, beside_earlier=later)

    hidden, note = hide_beside(linked, linked.hidden(), cells, [*issued, *in_run])
    hidden = hidden if together is None else together.hide(linked, hidden, cells)
    hidden = with_everybody(hidden, linked) | not_drawn(linked, sites, hidden)
    printed, held = [(one, trends.printed(one)) for one in trends.all], cells(hidden)
    refuse_changed(held, issued)
    held = relapse.with_curves(held, None if apart or RELAPSE in hidden else curves)
    return Counted(
        linked,
        hidden,
        drafts | {draft.table.name: draft for draft in tables},
        trends.shown(hidden, scope.policy),
        None if weeks is None else hide_weeks(weeks, hidden, scope.policy),
        None if RELAPSE in hidden else curves,
        plan,
        held,
        ledger.with_report(held, year, plan, printed, hidden),
        _changed_text(frozen, linked, note),
        note if beside else "",
        funnels(sites, hidden),
        None if attended is None else attended.shown(hidden),
        remaining(scope, ends, hidden, pictures),
        no_stays,
        later,
        pictures,
    )
