"""Count everything first, and then say what is hidden: before any table or picture is made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from iop_outcomes.attendance import AttendanceByWeek, attendance_by_week
from iop_outcomes.disclosure import LinkedCounts, SafePolicy
from iop_outcomes.disclosure.results import hide_trend, hide_weeks, link_trend, link_weeks
from iop_outcomes.report.links import RELAPSE, link_report
from iop_outcomes.report.model import DraftTable, Hidden, Table
from iop_outcomes.report.programs import program_table
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections import cohort, quality, relapse
from iop_outcomes.report.sections.findings import COMPARED, cut, quarterly_trends, trend_in
from iop_outcomes.trends import Trend

BY_MONTH = ("attendance_rate", "no_show_rate", "check_in_response")
FLOW = ("first_session", "retained_30", "retained_60", "retained_90")
MONTHS = 24


@dataclass(frozen=True, eq=False)
class Trends:
    """The trends: by quarter for the findings, by month for pictures that have no quarters."""

    by_quarter: dict[str, Trend]
    by_month: dict[str, Trend]

    @property
    def all(self) -> list[Trend]:
        """All of them."""
        return [*self.by_quarter.values(), *self.by_month.values()]

    @property
    def drawn(self) -> dict[str, Trend]:
        """As they are drawn, by measure."""
        return self.by_quarter | self.by_month

    def link(self, linked: LinkedCounts) -> None:
        """Declare their counts; where months are drawn, findings tell of two quarters only."""
        for one in self.all:
            complete = one.table["complete"].to_numpy()
            printed = np.flatnonzero(complete)
            if one.every == "quarter" and one.measure in self.by_month:
                printed = printed[-COMPARED:]
            link_trend(linked, one, printed=np.isin(np.arange(len(complete)), printed).tolist())

    def shown(self, hidden: Hidden, policy: SafePolicy) -> Trends:
        """Return them without what is hidden."""
        both = (
            {name: hide_trend(one, hidden, policy) for name, one in some.items()}
            for some in (self.by_quarter, self.by_month)
        )
        return Trends(*both)


def make_trends(scope: Scope) -> Trends:
    """Return the trends that the records can tell; none without a quarter."""
    if scope.quarter is None:
        return Trends({}, {})
    months = {
        name: cut(trend_in(scope, name, "month"), scope, MONTHS)
        for name in BY_MONTH
        if name in scope.tallies
    }
    return Trends(quarterly_trends(scope), months)


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
    """

    linked: LinkedCounts
    hidden: Hidden
    drafts: dict[str, DraftTable]
    trends: Trends
    weeks: AttendanceByWeek | None
    relapse: relapse.RelapseResults | None

    def table(self, name: str) -> Table:
        """Return a table without what is hidden."""
        return self.drafts[name].shown(self.hidden)


def count_rows(whole: Scope, linked: LinkedCounts) -> dict[str, DraftTable]:
    """Declare what was read, and what the checks met."""
    drafts = [quality.sources_table(whole, linked), quality.checks_table(whole, linked)]
    quality.withhold_rows(whole, linked, drafts)
    return {draft.table.name: draft for draft in drafts}


def count_all(scope: Scope, whole: Scope) -> Counted:
    """Count everything first, so that what is hidden in one table cannot be had from another."""
    linked = LinkedCounts(scope.policy)
    drafts = count_rows(whole, linked)
    made = [cohort.admissions_table(scope, linked)]
    if scope.closed.any() and scope.tells("length_of_stay"):
        made.append(cohort.discharge_table(scope, linked))
    weeks = None
    if scope.engagement is not None:
        if scope.tells(*FLOW):
            made.append(cohort.flow_table(scope, linked))
        if scope.tells("attendance_rate"):
            made.append(cohort.sessions_table(scope, linked))
        made.append(program_table(scope, linked))
        seen = scope.tells("first_session") and scope.followed_90_days.any()
        if seen and not scope.policy.hides(scope.people(scope.followed_90_days)):
            weeks = attendance_by_week(scope.records.subset(scope.followed_90_days))
            link_weeks(linked, weeks)
    trends = make_trends(scope)
    trends.link(linked)
    curves = relapse.relapse_results(scope) if scope.tells("relapse") else None
    link_report(scope, linked, trends.all, curves)
    hidden = linked.hidden()
    return Counted(
        linked,
        hidden,
        drafts | {draft.table.name: draft for draft in made},
        trends.shown(hidden, scope.policy),
        None if weeks is None else hide_weeks(weeks, hidden, scope.policy),
        None if RELAPSE in hidden else curves,
    )
