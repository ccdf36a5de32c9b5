"""Who completed, and who was discharged, of those admitted in each quarter, by the data cut.

The trends count them by when they were discharged, the tables of programs of those admitted in the
year, and how episodes ended of those admitted in an earlier one. All since the records began, less
those admitted in the year, are those admitted before; less those who had ended so by the last day
that is shown they are the few who ended so later.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.declared import Key
from iop_outcomes.report.linking.sums import part_of, sum_of
from iop_outcomes.report.period import (
    QUARTER,
    YEAR,
    ReportPeriod,
    parse_report_period,
    period_between,
    within,
)
from iop_outcomes.report.programs import FAMILY as PROGRAMS
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections.attendance.stages import DISCHARGED
from iop_outcomes.report.sections.cohort import ALL
from iop_outcomes.report.sections.ends.of_year import (
    ADMITTED,
    COMPLETED,
    EVERYBODY,
    STILL_THERE,
)
from iop_outcomes.report.sections.quarters import CHANGED, COHORTS, ENDED, by_quarter

OF_ADMITTED = "discharged of those admitted"
ANY = "any reason"
COUNTED = {COMPLETED: ("x", "numerator"), ANY: ("n", "denominator")}
"""What is counted -> its names in the table of programs, and in the trend."""


def link_discharged(scope: Scope, linked: LinkedCounts) -> None:
    """Declare who completed, and who was discharged for a known reason, by quarter of admission.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    linked : LinkedCounts
        With the counts of the trends, of the table of programs and of how episodes ended.
    """
    if scope.period is None or not by_quarter(scope):
        return
    episodes = scope.records.episodes
    known = episodes["days_to_discharge"].notna() & episodes["discharge_reason"].notna()
    quarters = _quarters(scope.begin, scope.period)
    of_year = {*scope.period.window(YEAR).cut(QUARTER)}
    until = episodes["admit_date"] <= scope.period.last
    for what, (of_table, of_trend) in COUNTED.items():
        mask = (known & ((episodes["discharge_reason"] == what) | (what == ANY))).to_numpy()
        names: dict[ReportPeriod, Key] = {}
        for quarter in quarters:
            names[quarter] = (OF_ADMITTED, what, str(quarter))
            here = within(episodes["admit_date"], quarter) & mask
            linked.count(names[quarter], int(here.sum()), people=scope.people(here))
            if what == ANY:
                _link_not_retained(linked, quarter, names[quarter])
        every, all_of_them = (OF_ADMITTED, what, ALL), until.to_numpy() & mask
        linked.count(every, int(all_of_them.sum()), people=scope.people(all_of_them))
        sum_of(linked, every, [*names.values()])
        trend = ("trend", "completion_rate", "quarter")
        sum_of(linked, every, [(*trend, str(quarter), of_trend) for quarter in quarters])
        own = [name for quarter, name in names.items() if quarter in of_year]
        sum_of(linked, (PROGRAMS, COMPLETED, ALL, of_table), own)
        for year in _years(linked):
            here_too = [names[one] for one in year.cut(QUARTER) if one in names]
            _link_ended(linked, year, here_too, what)


def _link_not_retained(linked: LinkedCounts, quarter: ReportPeriod, discharged: Key) -> None:
    """Declare that those discharged before 90 days of whom it is known why are among all of them.

    A rule of continuity counts them; where few discharges have a reason they are few.
    """
    for end in ("", CHANGED):
        own = (f"{COHORTS}{end}", str(quarter.last.date()), DISCHARGED)
        part_of(linked, discharged, own)


def _quarters(begin: pd.Timestamp, period: ReportPeriod) -> list[ReportPeriod]:
    """Return the quarters from that in which the records begin to the last of a report."""
    first = pd.Period(begin, "Q").start_time
    months = 12 * (period.last.year - first.year) + period.last.month - first.month + 1
    return period_between(first, period.last).cut(QUARTER) if months > 0 else []


def _years(linked: LinkedCounts) -> list[ReportPeriod]:
    """Return the years of whose admissions it is shown how episodes ended."""
    ends = {str(key[1]) for key in linked.names if isinstance(key, tuple) and key[0] == ENDED}
    return [parse_report_period(end[:4]) for end in sorted(ends)]


def _link_ended(linked: LinkedCounts, year: ReportPeriod, own: Sequence[Key], what: str) -> None:
    """Declare that who had ended so by the last day that is shown are some of those discharged."""
    shown = [
        key
        for key in linked.names
        if isinstance(key, tuple) and key[:2] == (ENDED, str(year.last.date()))
        if key[2] not in (EVERYBODY, STILL_THERE, ADMITTED) and len(key) == 4
    ]
    last = max((int(str(key[3])) for key in shown), default=0)
    of_day = [
        key for key in shown if int(str(key[3])) == last and (what == ANY or key[2] == COMPLETED)
    ]
    if not own or not of_day:
        return
    discharged = (OF_ADMITTED, what, str(year))
    ended = (*discharged, str(last))
    for name, parts in ((ended, of_day), (discharged, own)):
        linked.count(name, sum(linked.value(key) for key in parts))
        linked.total(name, parts)
    part_of(linked, discharged, ended)
