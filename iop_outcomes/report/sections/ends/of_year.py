"""How the episodes ended of those admitted in a calendar year, each followed past the last day.

The reports of a series print the admissions of one year until the next is known, so that two of
them are of the same people, or of none of the same. All figures follow from the records up to a
fixed day: what happens later changes none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from iop_outcomes.attendance.in_treatment import GOING_ON, NO_REASON, in_treatment_of
from iop_outcomes.attendance.stays import NO_CONTACT_DAYS, read_attendance
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.declared import OLDER, Key
from iop_outcomes.disclosure.results import Key as Name
from iop_outcomes.disclosure.system import PrintedCells
from iop_outcomes.outreach.known import known_on
from iop_outcomes.report.linking.leaving_by_time import RETAINED
from iop_outcomes.report.linking.sums import sum_of
from iop_outcomes.report.model import Hidden
from iop_outcomes.report.period import QUARTER, YEAR, ReportPeriod, parse_report_period, within
from iop_outcomes.report.programs import FAMILY as PROGRAMS
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.report.sections.cohort import ALL
from iop_outcomes.report.sections.ends.choice import Kinds, Shown, choose
from iop_outcomes.report.sections.quarters import ENDED
from iop_outcomes.shared.provenance import relabel

LAST_DAY = 180
FIXED = (30, 60, 90, 120, 150, LAST_DAY)
"""The days of which some are published."""
FOLLOWED = LAST_DAY + NO_CONTACT_DAYS
EVERYBODY, STILL_THERE, ADMITTED = "everybody", "still there", "admitted"
"""Of the items of a table the last by name is taken up first: of how many, before any day."""
COMPLETED = "completed"
ITEM = "ends of a year"
FIRST_WEEK = 7  # records that begin in it have the whole of their first year


def known_from(year: ReportPeriod) -> pd.Timestamp:
    """Return the first day on which all admitted in a year have been followed long enough."""
    return year.last + pd.Timedelta(days=FOLLOWED + 1)


def first_year(scope: Scope) -> ReportPeriod:
    """Return the first year of which the records have all admissions."""
    begin = scope.begin
    late = begin.dayofyear > FIRST_WEEK
    return parse_report_period(str(begin.year + int(late)))


def year_of(scope: Scope) -> ReportPeriod | None:
    """Return the last whole year whose admissions have all been followed; None if there is none."""
    assert scope.period is not None
    last = min(scope.period.last, pd.Timestamp(scope.records.as_of).normalize())
    year = parse_report_period(str(last.year - 1))
    if known_from(year) > last:
        year = year.back(1)
    return year if first_year(scope).first <= year.first else None


def times_of_year(scope: Scope, year: ReportPeriod, rule: str) -> pd.DataFrame:
    """Return the times in treatment of those admitted in a year, up to the day after the last.

    The day of admission is the first, so that whoever ended within 30 days, and whoever was still
    there after them, are all.

    Parameters
    ----------
    scope : Scope
        With the attendance table.
    year : ReportPeriod
        The year.
    rule : str
        What is said of the people.

    Raises
    ------
    EstimateError
        If the records do not show until when people came.
    """
    here = within(scope.records.episodes["admit_date"], year)
    part = known_on(scope.records.subset(here), known_from(year))
    times = in_treatment_of(read_attendance(part))
    days = np.minimum(times["days"].to_numpy() + 1, float(LAST_DAY + 1))
    over = times["event"].to_numpy() & (days <= LAST_DAY)
    ended_by = times["ended_by"].mask(~over, GOING_ON)
    ended = times.assign(days=days, event=over, ended_by=ended_by)
    return relabel(ended, times, rule=rule)


@dataclass(frozen=True, eq=False)
class Ended:
    """Who ended how, and when, of those admitted in a year.

    Attributes
    ----------
    year : ReportPeriod
        The year.
    times : pandas.DataFrame
        See `times_of_year`.
    """

    year: ReportPeriod
    times: pd.DataFrame

    def item(self, of: str) -> Name:
        """Return the name of a printed item: a day of the curves, or of how many they are."""
        return (ITEM, str(self.year.last.date()), of)

    @property
    def kinds(self) -> Kinds:
        """All kinds of end that there are."""
        return frozenset(self.times.loc[self.times["event"], "ended_by"].astype(str))

    def by(self, kinds: Kinds, day: int) -> Mask:
        """Return which of the times ended by these kinds up to a day."""
        word = self.times["ended_by"].astype(str)
        ended = self.times["event"] & word.isin(kinds) & (self.times["days"] <= day)
        return ended.to_numpy(dtype=np.bool_)

    def name(self, *own: str) -> Name:
        """Return the name of a count, which is the same in each report."""
        return (ENDED, str(self.year.last.date()), *own)

    def counts(self, shown: Shown) -> dict[Name, Mask]:
        """Return what is printed: the names of the counts, with the times that each counts."""
        everybody = np.ones(len(self.times), dtype=np.bool_)
        counts = {self.name(EVERYBODY): everybody}
        for kinds, days in shown:
            for day in days:
                counts[self.name(" + ".join(sorted(kinds)), str(day))] = self.by(kinds, day)
        return counts

    def printed_before(self, report: PrintedCells) -> dict[Name, int | None]:
        """Return what an earlier report has of these counts; None for one that it hides."""
        return {
            key: value
            for key, value in report.counts.items()
            if isinstance(key, tuple) and key[:2] == self.name()
            if key[2] not in (STILL_THERE, ADMITTED)
        }

    def as_printed(self, before: dict[Name, int | None]) -> Shown | None:
        """Return what an earlier report shows of them; None if it would be other figures now."""
        printed = {key: value for key, value in before.items() if value is not None}
        days: dict[Kinds, list[int]] = {}
        for key in printed:
            if key[2] != EVERYBODY:
                days.setdefault(frozenset(str(key[2]).split(" + ")), []).append(int(str(key[3])))
        shown = tuple((kinds, tuple(sorted(own))) for kinds, own in days.items())
        now = {key: int(mask.sum()) for key, mask in self.counts(shown).items()}
        same = now == printed and self.kinds <= frozenset[str]().union(*days)
        return shown if same else None


def declare(scope: Scope, linked: LinkedCounts, ended: Ended, shown: Shown) -> None:
    """Declare the counts that are printed, those between two days, and who is still there.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    linked : LinkedCounts
        With the counts of the trends.
    ended : Ended
        The people.
    shown : tuple
        What is printed of them.
    """
    person = ended.times["person_id"].to_numpy()

    def count(key: Name, mask: Mask, own: Key | None) -> None:
        people = len(pd.unique(person[mask]))
        linked.count(key, int(mask.sum()), people=people, item=own, rank=OLDER)

    for key, mask in ended.counts(shown).items():
        count(key, mask, ended.item(str(key[-1])))
    everybody = ended.name(EVERYBODY)
    names = {kinds: " + ".join(sorted(kinds)) for kinds, _ in shown}
    for kinds, days in shown:
        own = [ended.name(names[kinds], str(day)) for day in days]
        for earlier, later in pairwise(own):
            linked.part(later, earlier)
        linked.part(everybody, own[-1])
    for day in _asked_of(shown):
        still = ended.name(STILL_THERE, str(day))
        count(still, ~ended.by(ended.kinds, day), None)
        if all(day in days for _, days in shown):
            linked.total(everybody, [*(ended.name(one, str(day)) for one in names.values()), still])
        _of_the_retained(linked, ended, day)
    for earlier_day, later_day in pairwise(_asked_of(shown)):
        between = ended.name(STILL_THERE, f"{earlier_day} to {later_day}")
        left = ended.by(ended.kinds, later_day) & ~ended.by(ended.kinds, earlier_day)
        count(between, left, None)
        ends = (ended.name(STILL_THERE, str(day)) for day in (earlier_day, later_day))
        linked.total(next(ends), [next(ends), between])
    _of_the_admitted(scope, linked, ended)


def counted_in(scope: Scope, times: pd.DataFrame | None) -> Mask | None:
    """Return which episodes have a time; None where no times are known."""
    if times is None:
        return None
    return scope.records.episodes["episode_id"].isin(times["episode_id"]).to_numpy(dtype=np.bool_)


def with_everybody(hidden: Hidden, linked: LinkedCounts) -> Hidden:
    """Return what is hidden, where the ends of a year show no day without how many they are of.

    Nor is it printed of how many they are where no day is.
    """
    names = [key for key in linked.names if isinstance(key, tuple) and key[0] == ENDED]
    printed = [key for key in names if key[2] not in (STILL_THERE, ADMITTED)]
    whole = {(ITEM, key[1], EVERYBODY) for key in printed if key[2] == EVERYBODY}
    days = {(ITEM, key[1], key[3]) for key in printed if key[2] != EVERYBODY}
    return hidden | whole | days if whole & hidden or days <= hidden else hidden


def days_of(hidden: Hidden) -> set[int]:
    """Return the days of the ends of a year that are hidden."""
    own = {str(item[2]) for item in hidden if isinstance(item, tuple) and item[0] == ITEM}
    return {int(day) for day in own - {EVERYBODY}}


def _asked_of(shown: Shown) -> list[int]:
    """Return the days of which it is asked who is still there: all up to the last that is shown.

    Those of retention are among them, shown or not: its trends count the same people.
    """
    last = max((day for _, days in shown for day in days), default=0)
    return [day for day in FIXED if day <= last or f"retained_{day}" in RETAINED] if shown else []


def _of_the_retained(linked: LinkedCounts, ended: Ended, day: int) -> None:
    """Declare that who is still there is who was retained of those admitted in the quarters."""
    still = ended.name(STILL_THERE, str(day))

    def key(every: str, period: ReportPeriod) -> Key:
        return ("trend", f"retained_{day}", every, str(period), "numerator")

    quarters = [key("quarter", one) for one in ended.year.cut(QUARTER)]
    sum_of(linked, still, [one for one in quarters if all(each in linked for each in quarters)])
    sum_of(linked, still, [key("year", ended.year)])


def _of_the_admitted(scope: Scope, linked: LinkedCounts, ended: Ended) -> None:
    """Declare that the people are some of those admitted in the quarters of the year."""
    admitted = within(scope.records.episodes["admit_date"], ended.year)
    name = ended.name(ADMITTED)
    linked.count(name, int(admitted.sum()), people=scope.people(admitted))
    quarters = [
        ("trend", "admissions", "quarter", str(one), "numerator") for one in ended.year.cut(QUARTER)
    ]
    sum_of(linked, name, [key for key in quarters if all(one in linked for one in quarters)])
    sum_of(linked, name, [("trend", "admissions", "year", str(ended.year), "numerator")])
    linked.part(name, ended.name(EVERYBODY))


def chosen(scope: Scope, ended: Ended, before: Sequence[PrintedCells]) -> Shown:
    """Return the kinds and days of the curves of which no few follow beside other tables.

    How far people came counts those who are there after the first days: they and those who ended
    within them are all. A table of programs counts those admitted in a year who completed by its
    data cut; and where the records begin with the year, or the ends of each year since then are
    printed, the discharges by reason tell who of those admitted in a year left in it.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    ended : Ended
        The people.
    before : sequence of PrintedCells
        The reports that were issued before.
    """
    episodes = scope.records.episodes
    here = within(episodes["admit_date"], ended.year)
    reason = episodes["discharge_reason"].astype(str).to_numpy()
    known = episodes["discharge_reason"].notna().to_numpy()
    of_programs = [
        here & known & (episodes["discharge_date"] <= cut).to_numpy()
        for cut in _cuts_of_programs(scope, ended.year, before)
    ]
    in_year = here & (episodes["discharge_date"] <= ended.year.last).to_numpy()
    word = np.where(known, reason, NO_REASON)
    anchored = _is_anchored(scope, ended, before)

    def is_open(groups: tuple[Kinds, ...], day: int) -> bool:
        if not _is_open_beside_flow(scope, ended, day):
            return False
        for left in of_programs:
            done = left & (reason == COMPLETED)
            asked = [(ended.kinds, left)]
            if (only := frozenset([COMPLETED])) in groups:
                asked += [(only, done), (ended.kinds - only, left & ~done)]
            if any(_tells_of_few(scope, ended, kinds, day, mask) for kinds, mask in asked):
                return False
        return not anchored or not any(
            _tells_of_few(scope, ended, kinds, day, in_year & np.isin(word, [*kinds]))
            for kinds in (*groups, ended.kinds)
        )

    counts = {
        kind: np.array([int(ended.by(frozenset([kind]), day).sum()) for day in FIXED])
        for kind in sorted(ended.kinds)
    }
    return choose(counts, len(ended.times), FIXED, scope.policy, is_open)


def _is_anchored(scope: Scope, ended: Ended, before: Sequence[PrintedCells]) -> bool:
    """Return whether the ends of all earlier years since the records began are printed.

    Then it is known who of those discharged in the year were admitted before it.
    """
    year, first = ended.year, first_year(scope)
    if scope.begin < first.first:
        return False  # who was admitted before the first whole year is not known
    printed = {
        key[1]
        for one in before
        if {*one.programs} & {*scope.programs}
        for key, value in one.counts.items()
        if isinstance(key, tuple) and key[0] == ENDED and value is not None
    }
    earlier = range(first.first.year, year.first.year)
    return all(str(parse_report_period(str(one)).last.date()) in printed for one in earlier)


def _is_open_beside_flow(scope: Scope, ended: Ended, day: int) -> bool:
    """Return whether no few follow from who had ended by a day and who is there in the flow.

    Who is there after the same day are all who had not ended by then, or few more or fewer, such as
    people who came again much later. Who is there after an earlier or a later day are more, or
    fewer: those who ended between.
    """
    if scope.engagement is None:
        return True
    episodes = scope.records.episodes
    here = within(episodes["admit_date"], ended.year)
    counted = episodes["episode_id"].isin(ended.times["episode_id"]).to_numpy()
    still = len(ended.times) - int(ended.by(ended.kinds, day).sum())
    for name in (name for name in RETAINED if name in scope.engagement):
        stayed = scope.engagement[name]
        followed = here & stayed.notna().to_numpy()
        there = int((followed & stayed.fillna(False).to_numpy(dtype=np.bool_)).sum())
        if scope.people(followed ^ counted) >= scope.policy.threshold:
            continue
        rest = int(followed.sum()) - len(ended.times) + still - there
        if scope.policy.hides([abs(rest), abs(still - there)]).any():
            return False
    return True


def _cuts_of_programs(
    scope: Scope, year: ReportPeriod, before: Sequence[PrintedCells]
) -> set[pd.Timestamp]:
    """Return the data cuts of earlier reports that count who completed of the same admissions."""
    count = (PROGRAMS, COMPLETED, ALL, "n")
    cuts = set()
    for one in before:
        if not {*one.programs} & {*scope.programs} or count not in one.counts or not one.quarter:
            continue
        if parse_report_period(one.quarter).window(YEAR) == year:
            cuts.add(pd.Timestamp(one.data_cut or scope.records.as_of))
    return cuts


def _tells_of_few(scope: Scope, ended: Ended, kinds: Kinds, day: int, elsewhere: Mask) -> bool:
    """Return whether a few follow beside a count of all who ended by some kinds.

    `elsewhere` are the episodes of that count. Who is in one of the two only is told if those in
    the other only are few, or none: then the difference is their number, or nearly.
    """
    ids = scope.records.episodes["episode_id"]
    of_curve = ids.isin(ended.times.loc[ended.by(kinds, day), "episode_id"]).to_numpy()
    apart = [scope.people(of_curve & ~elsewhere), scope.people(elsewhere & ~of_curve)]
    return any(apart) and max(apart) < scope.policy.threshold
