"""Count everything first, and then say what is hidden: before any table or picture is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.attendance import AttendanceByWeek, attendance_by_week
from iop_outcomes.disclosure import LinkedCounts, SafePolicy
from iop_outcomes.disclosure.ledger import Frozen, Ledger, hide_beside
from iop_outcomes.disclosure.merging import Ladders, MergePlan
from iop_outcomes.disclosure.results import (
    Key,
    hide_trend,
    hide_weeks,
    link_trend,
    link_weeks,
    trend_keys,
)
from iop_outcomes.disclosure.system import PrintedCells, printed_cells
from iop_outcomes.report.links import RELAPSE, link_report
from iop_outcomes.report.merging import plan_of
from iop_outcomes.report.model import DraftTable, Hidden, Table
from iop_outcomes.report.programs import program_table
from iop_outcomes.report.scope import BY_MONTH, Scope
from iop_outcomes.report.sections import cohort, quality, relapse
from iop_outcomes.report.sections.findings import (
    COMPARED,
    MOST_QUARTERS,
    cut,
    quarterly_trends,
    trend_in,
)
from iop_outcomes.report.sections.outcomes import (
    continuity_table,
    declare_admitted,
    scores_tables,
)
from iop_outcomes.report.sections.sites import declare_sites, funnels
from iop_outcomes.trends import Funnel, Trend
from iop_outcomes.trends.periods import last_day

FLOW = ("first_session", "retained_30", "retained_60", "retained_90")
MONTHS = 24
YEAR = 4  # quarters


@dataclass(frozen=True, eq=False)
class Trends:
    """The trends: by quarter for the findings, by month or year for pictures without quarters."""

    by_quarter: dict[str, Trend]
    by_month: dict[str, Trend]
    by_year: dict[str, Trend] = field(default_factory=dict)

    @property
    def all(self) -> list[Trend]:
        """All of them."""
        return [*self.by_quarter.values(), *self.by_month.values(), *self.by_year.values()]

    @property
    def drawn(self) -> dict[str, Trend]:
        """As they are drawn, by measure."""
        return self.by_quarter | self.by_month | self.by_year

    @property
    def complete(self) -> frozenset[Key]:
        """The names of the periods that are complete: their counts stay as they are."""
        return frozenset(
            key
            for one in self.all
            for key, known in zip(trend_keys(one), one.table["complete"], strict=True)
            if known
        )

    @property
    def compared(self) -> dict[str, Trend]:
        """As the findings tell of them, by measure."""
        return self.by_quarter | self.by_year

    def link(self, linked: LinkedCounts) -> None:
        """Declare their counts; where months are drawn, findings tell of two quarters only.

        Where years are drawn, no quarter is printed.
        """
        for one in self.all:
            link_trend(linked, one, printed=self.printed(one))

    def printed(self, one: Trend) -> list[bool]:
        """Return which rows of a trend are printed where they are not hidden."""
        complete = one.table["complete"].to_numpy()
        printed = np.flatnonzero(complete)
        if one.every == "quarter" and one.measure in self.by_month:
            printed = _told_of(complete, printed)
        if one.every == "quarter" and one.measure in self.by_year:
            printed = printed[:0]
        return [bool(row) for row in np.isin(np.arange(len(complete)), printed)]

    def frozen(self, ledger: Ledger, programs: Sequence[str]) -> tuple[Trends, list[Frozen]]:
        """Return them with what was printed before as it was printed."""
        found: list[Frozen] = []

        def freeze(some: dict[str, Trend]) -> dict[str, Trend]:
            made = {name: ledger.freeze(one, programs) for name, one in some.items()}
            found.extend(made.values())
            return {name: one.trend for name, one in made.items()}

        return Trends(*map(freeze, (self.by_quarter, self.by_month, self.by_year))), found

    def shown(self, hidden: Hidden, policy: SafePolicy) -> Trends:
        """Return them without what is hidden, and without the quarters of which years are told."""
        printed = {name: one for name, one in self.by_quarter.items() if name not in self.by_year}
        both = (
            {name: hide_trend(one, hidden, policy) for name, one in some.items()}
            for some in (printed, self.by_month, self.by_year)
        )
        return Trends(*both)


def _told_of(complete: npt.NDArray[np.bool_], known: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Return the newest known quarters, and the one a year before the newest."""
    year_before = [] if not len(known) or known[-1] < YEAR else [known[-1] - YEAR]
    before = [row for row in year_before if complete[row]]
    return np.unique([*before, *known[-COMPARED:]]).astype(np.intp)


def make_trends(scope: Scope, plan: MergePlan) -> Trends:
    """Return the trends that the records can tell; none without a quarter."""
    if scope.quarter is None:
        return Trends({}, {})
    months = {
        name: cut(trend_in(scope, name, "month"), scope, MONTHS)
        for name in BY_MONTH
        if name in scope.tallies and plan.trend_every(name) in ("", "month")
    }
    quarters = quarterly_trends(scope)
    years = {
        name: full_years(trend_in(scope, name, "year"), scope, trend)
        for name, trend in quarters.items()
        if plan.trend_every(name) == "year"
    }
    return Trends(quarters, months, {name: one for name, one in years.items() if len(one.table)})


def full_years(by_year: Trend, scope: Scope, by_quarter: Trend) -> Trend:
    """Return the calendar years that the quarters shown make up, and that ended with the report's.

    A year that is not over would be told of again, with other people.
    """
    assert scope.quarter is not None
    first = by_quarter.table["start"].min()
    begun = by_year.table["start"] >= first.to_period("Y").start_time
    whole = begun & (by_year.table["end"] <= last_day(scope.quarter))
    if len(by_quarter.table) == MOST_QUARTERS:  # the quarters before are not declared
        whole &= by_year.table["start"] >= first
    return by_year.only(np.flatnonzero(whole))


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
    sites : dict of str to Funnel
        The programs side by side, by measure: those that may be shown.
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
    sites: dict[str, Funnel] = field(default_factory=dict)

    def table(self, name: str) -> Table:
        """Return a table without what is hidden."""
        return self.drafts[name].shown(self.hidden)


def count_rows(whole: Scope, linked: LinkedCounts) -> dict[str, DraftTable]:
    """Declare what was read, and what the checks met."""
    drafts = [quality.sources_table(whole, linked), quality.checks_table(whole, linked)]
    quality.withhold_rows(whole, linked, drafts)
    return {draft.table.name: draft for draft in drafts}


def cells_of(
    scope: Scope, linked: LinkedCounts, hidden: Hidden, periods: frozenset[Key] = frozenset()
) -> PrintedCells:
    """Return what the report prints of its counts, and how they hang together.

    Counts of `periods` are complete: they are the same in the report of another quarter.
    """
    cut = scope.records.as_of
    return printed_cells(
        linked,
        hidden,
        quarter=scope.label if scope.quarter else "",
        data_cut=cut.date().isoformat() if isinstance(cut, pd.Timestamp) else str(cut),
        programs=tuple(sorted(scope.programs)),
        settled=lambda key: isinstance(key, tuple) and key[:-1] in periods,
    )


def _changed_text(frozen: list[Frozen], linked: LinkedCounts, note: str) -> str:
    """Say which figures stand as they were printed before, though the records have changed."""
    changed = [f"{one.trend.title} ({', '.join(one.changed)})" for one in frozen if one.changed]
    said = []
    if changed:
        said.append(
            "These stand as they were first printed, though the records have changed since; a "
            f"corrected figure beside the first could tell of a few people: {'; '.join(changed)}."
        )
    if linked.given_away:
        said.append("What was printed before cannot be protected any more in every place.")
    return " ".join([*said, *([note] if note else [])])


def count_all(
    scope: Scope, whole: Scope, ladders: Ladders | None = None, ledger: Ledger | None = None
) -> Counted:
    """Count everything first, so that what is hidden in one table cannot be had from another.

    What the reports in the `ledger` printed stands as it was printed.
    """
    linked = LinkedCounts(scope.policy)
    ledger = ledger or Ledger()
    year = 0 if scope.quarter is None else scope.quarter.year
    plan = ledger.plan(scope.programs, year) or plan_of(scope, ladders)
    drafts = count_rows(whole, linked)
    made = [cohort.admissions_table(scope, linked, plan.step("admissions"))]
    if scope.closed_in(plan.step("discharges").quarters).any() and scope.tells("length_of_stay"):
        made.append(cohort.discharge_table(scope, linked, plan.step("discharges")))
    weeks = None
    if scope.engagement is not None:
        if scope.tells(*FLOW):
            made.append(cohort.flow_table(scope, linked))
        if scope.tells("attendance_rate"):
            made.append(cohort.sessions_table(scope, linked, plan.step("sessions")))
        made.append(program_table(scope, linked))
        seen = scope.tells("first_session") and scope.followed_90_days.any()
        if seen and not scope.policy.hides(scope.people(scope.followed_90_days)):
            weeks = attendance_by_week(scope.records.subset(scope.followed_90_days))
            link_weeks(linked, weeks)
    trends, frozen = make_trends(scope, plan).frozen(ledger, scope.programs)
    trends.link(linked)
    for one in frozen:
        for key in one.printed:
            linked.hold(key)
        for key in one.hidden:
            linked.withhold(key)
    curves = relapse.relapse_results(scope) if scope.tells("relapse") else None
    link_report(scope, linked, trends.all, curves, plan)
    declare_admitted(scope, linked)
    rules = continuity_table(scope, linked)
    made += [*([] if rules is None else [rules]), *scores_tables(scope, linked)]
    sites = declare_sites(scope, linked) if scope.engagement is not None else []
    complete = trends.complete

    def cells(hidden: Hidden) -> PrintedCells:
        return cells_of(scope, linked, hidden, complete)

    hidden, note = hide_beside(linked, linked.hidden(), cells, ledger.reports)
    printed = [(one, trends.printed(one)) for one in trends.all]
    return Counted(
        linked,
        hidden,
        drafts | {draft.table.name: draft for draft in made},
        trends.shown(hidden, scope.policy),
        None if weeks is None else hide_weeks(weeks, hidden, scope.policy),
        None if RELAPSE in hidden else curves,
        plan,
        cells(hidden),
        ledger.with_report(cells(hidden), year, plan, printed, hidden),
        _changed_text(frozen, linked, note),
        funnels(sites, hidden),
    )
