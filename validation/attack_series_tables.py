"""What the tables of several reports have to do with one another: the same quarters, the same days.

A table of a half-year or a year is the sum of its quarters. What is counted on its own day, an
admission, a discharge, a session, is final, so that each report that has the quarter counts the
same. Of the people of the flow and of the weeks since admission all were followed for 90 days.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise

import pandas as pd

from validation.attack_flow import CAPTION, DAYS
from validation.attack_periods import ATTENDED, WEEKDAY_COUNTS, same, window
from validation.attack_reading import rows
from validation.attack_series_reading import NO_CONTACT, One
from validation.attack_solving import Name, Puzzle
from validation.attack_there import DISCHARGED

ALL = "all"
NOT_RECORDED = "-9"  # the code of TEDS for a reason of discharge that is not known
HELD = {
    "attended in part or late": ("attended partial", "late"),
    "cancelled or excused": ("late cancel", "client cancel", "excused"),
    "not due or not recorded": ("program cancel", "not scheduled", "unrecorded"),
    "Saturday and Sunday": ("Saturday", "Sunday"),
}
"""What the report says that it takes together; another word is one group by itself."""
QUARTERS = 4  # of a year
OF_WEEKS = r"Attendance by week since admission: admissions from ([\d-]+) to ([\d-]+),"
PEOPLE = ("episodes_followed", "episodes", "episodes_attending")
Time = tuple[str, str]


@dataclass(eq=False)
class Family:
    """Tables of one kind in several reports: which groups of which times each prints.

    Attributes
    ----------
    name : hashable
        What they count.
    wholes : list of tuple
        The name of a count in the puzzle, its times, and the groups that it holds; None for all.
    others : dict
        The name of a count and a time -> what is counted of the time where that is not final.
    """

    name: Name
    wholes: list[tuple[Name, list[Time], tuple[str, ...] | None]] = field(default_factory=list)
    others: dict[tuple[Name, Time], Name] = field(default_factory=dict)

    @property
    def groups(self) -> list[str]:
        """All groups of any table."""
        return list(dict.fromkeys(one for _, _, some in self.wholes for one in some or ()))

    @property
    def times(self) -> list[Time]:
        """All times of any table."""
        return sorted({time for _, times, _ in self.wholes for time in times})

    def count(self, time: Time, group: str) -> Name:
        """Return the name of a count of one time."""
        return ("in", time, self.name, group)

    def counts(self, time: Time, groups: Sequence[str]) -> list[Name]:
        """Return the names of the counts of some groups that there are."""
        return [self.count(time, group) for group in groups if group in self.groups]

    def tie(self, puzzle: Puzzle) -> None:
        """Say that each count is the sum of its times and groups; a group without a row is 0."""
        groups = self.groups
        for whole, times, some in self.wholes:
            parts = [
                puzzle.unknown(self.others.get((whole, time), self.count(time, group)))
                for time in times
                for group in some or groups
            ]
            puzzle.total(whole, parts)

    def ask(self, puzzle: Puzzle) -> None:
        """Ask of each group for times in a row, and for those of a year less some in its middle.

        Two reports may have them in common, or one may have them more than the other.
        """
        times = self.times
        for first, last in combinations(range(len(times) + 1), 2):
            gaps = [(last, last)]
            if last - first <= QUARTERS:
                gaps += combinations(range(first + 1, last), 2)
            for begin, end in gaps:
                some = [*times[first:begin], *times[end:last]]
                if len(some) > 1:
                    self._ask_of(puzzle, some)

    def _ask_of(self, puzzle: Puzzle, times: Sequence[Time]) -> None:
        """Ask of each group for some times together."""
        for group in self.groups:
            some = [self.count(time, group) for time in times]
            if all(one in puzzle for one in some):
                puzzle.targets["in", tuple(times), self.name, group] = dict.fromkeys(some, 1.0)


def tie_tables(puzzle: Puzzle, reports: Sequence[One]) -> None:
    """Tie the tables of some reports of the same programs, in their order."""
    for tie in (_admissions, _discharges, _sessions, _weekdays, _flow, _weeks):
        for family in tie(puzzle, reports):
            family.ask(puzzle)
    _sessions_by_weekday(puzzle)
    _census(puzzle, reports)
    _files(puzzle, reports)
    _followed(puzzle, reports)


def quarters_of(report: One, table: str) -> list[Time]:
    """Return the quarters that a table is of, as its caption says."""
    return [_days(one) for one in window(report.read, table, report.quarter)]


def _days(quarter: str) -> Time:
    period = pd.Period(quarter, "Q")
    return str(period.start_time.date()), str(period.end_time.date())


def _quarter(time: Time) -> str:
    """Return the quarter that a time is; empty if it is a part of one."""
    quarter = str(pd.Period(time[0], "Q"))
    return quarter if _days(quarter) == time else ""


def _sum(puzzle: Puzzle, whole: Name, family: Family, time: Time, groups: Sequence[str]) -> None:
    """Say that a number of a quarter is the sum of some groups."""
    parts = family.counts(time, groups)
    if parts and all(part in puzzle for part in parts):
        puzzle.total(whole, parts)


def _admissions(puzzle: Puzzle, reports: Sequence[One]) -> list[Family]:
    """Tie the admissions by what was known of people when they came."""
    families: dict[str, Family] = {}
    for report in reports:
        times = quarters_of(report, "Admissions")
        for row in rows(report.read, "admissions"):
            by, group = str(row["by"]), str(row["group"])
            family = families.setdefault(by, Family(("admitted", by)))
            if group == ALL:
                family.wholes.append((report.named(("admitted", ALL)), times, None))
            else:
                family.wholes.append((report.named(("admitted", by, group)), times, (group,)))
    if "program" in families:
        own = families["program"]
        for report in reports:
            year = [_days(str(pd.Period(report.quarter, "Q") - back)) for back in range(4)]
            for row in rows(report.read, "programs"):
                if row["program"] in own.groups:
                    whole = report.named(("program", row["program"], "admitted"))
                    own.wholes.append((whole, year, (str(row["program"]),)))
    for family in families.values():
        family.tie(puzzle)
        for time in family.times:
            _sum(puzzle, ("admissions", _quarter(time), "numerator"), family, time, family.groups)
    return list(families.values())


def _discharges(puzzle: Puzzle, reports: Sequence[One]) -> list[Family]:
    """Tie the discharges by reason; groups of reasons are told apart by their codes."""
    family = Family("discharged")
    for report in reports:
        times = quarters_of(report, "Discharges")
        for row in rows(report.read, "discharges"):
            codes = tuple(re.findall(r"-?\d+", str(row["TEDS_code"])))
            whole = report.named(("discharged", row["reason"]))
            family.wholes.append((whole, times, None if row["reason"] == ALL else codes))
    family.tie(puzzle)
    reasons = [code for code in family.groups if code != NOT_RECORDED]
    for time in family.times:
        quarter = _quarter(time)
        _sum(puzzle, ("completion_rate", quarter, "numerator"), family, time, ["1"])
        _sum(puzzle, ("completion_rate", quarter, "denominator"), family, time, reasons)
        left = (quarter, ("census", 2))
        if left in puzzle:
            together = puzzle.unknown(("in", time, "discharged"))
            _sum(puzzle, together, family, time, family.groups)
            puzzle.part(left, together)
        _sum(puzzle, (DISCHARGED, time[1]), family, time, family.groups)
    return [family]


def _sessions(puzzle: Puzzle, reports: Sequence[One]) -> list[Family]:
    """Tie the sessions by status, and the people who had them."""
    family, is_due = Family("session"), dict[str, bool]()
    for report in reports:
        times = quarters_of(report, "Treatment sessions")
        for row in rows(report.read, "sessions"):
            word = str(row["session"])
            held = None if word == ALL else HELD.get(word, (word,))
            family.wholes.append((report.named(("session", word)), times, held))
            is_due |= dict.fromkeys(held or (), row["due"] == "yes")
    family.tie(puzzle)
    due = [word for word in family.groups if is_due[word]]
    for time in family.times:
        quarter = _quarter(time)
        _sum(puzzle, ("attendance_rate", quarter, "denominator"), family, time, due)
        _sum(puzzle, ("attendance_rate", quarter, "numerator"), family, time, ATTENDED)
        _sum(puzzle, ("no_show_rate", quarter, "numerator"), family, time, ["no show"])
    for report in reports:
        _people(puzzle, report, family)
    return [family]


def _people(puzzle: Puzzle, report: One, family: Family) -> None:
    """Say that the people of a quarter are among those of the longer time, and have sessions."""
    times = quarters_of(report, "Treatment sessions")
    for row in rows(report.read, "sessions"):
        word = str(row["session"])
        whole, own = report.named(("came", word)), list[Name]()
        for time in times:
            own.append(puzzle.unknown(("in", time, "came", word)))
            puzzle.part(whole, own[-1])
            held = family.groups if word == ALL else HELD.get(word, (word,))
            some = dict.fromkeys(family.counts(time, held), 1.0)
            puzzle.row({**some, own[-1]: -1.0}, 0, math.inf)
            if word != ALL:
                puzzle.part(puzzle.unknown(("in", time, "came", ALL)), own[-1])
        if whole in puzzle:
            puzzle.row({**dict.fromkeys(own, 1.0), whole: -1.0}, 0, math.inf)


def _weekdays(puzzle: Puzzle, reports: Sequence[One]) -> list[Family]:
    """Tie the sessions by weekday."""
    families = {count: Family(("weekday", count)) for count in WEEKDAY_COUNTS}
    for report in reports:
        times = quarters_of(report, "Attendance by weekday")
        for row in rows(report.read, "attendance_by_weekday"):
            day = str(row["weekday"])
            held = None if day == ALL else HELD.get(day, (day,))
            for count, family in families.items():
                family.wholes.append((report.named(("weekday", day, count)), times, held))
    for family in families.values():
        family.tie(puzzle)
    due, came = families["due"], families["attended"]
    for time in due.times:
        rate = ("attendance_rate", _quarter(time))
        _sum(puzzle, (*rate, "denominator"), due, time, due.groups)
        _sum(puzzle, (*rate, "numerator"), came, time, came.groups)
        for day in due.groups:
            puzzle.part(due.count(time, day), came.count(time, day))
    return list(families.values())


def _sessions_by_weekday(puzzle: Puzzle) -> None:
    """Use that the unrecorded sessions of a quarter are those of its weekdays."""
    by_time: dict[Time, list[Name]] = {}
    for name in puzzle.low:
        if (
            isinstance(name, tuple)
            and name[0] == "in"
            and name[2:3] == (("weekday", "unrecorded"),)
        ):
            by_time.setdefault(name[1], []).append(name)
    for time, days in by_time.items():
        puzzle.total(("in", time, "session", "unrecorded"), days)


def _pieces(report: One, pattern: str) -> list[Time]:
    """Return the quarters, or parts of one, that a table by day of admission is of."""
    told = re.search(pattern, report.read.words)
    if told is None:
        return []
    first, last = (pd.Timestamp(one) for one in told.groups())
    pieces = []
    for quarter in pd.period_range(first, last, freq="Q"):
        start, end = (pd.Timestamp(one) for one in _days(str(quarter)))
        pieces.append((str(max(start, first).date()), str(min(end, last).date())))
    return pieces


def _flow(puzzle: Puzzle, reports: Sequence[One]) -> list[Family]:
    """Tie how far people came: of all it is known whether they stayed for 90 days."""
    family = Family("flow")
    for report in reports:
        times = _pieces(report, CAPTION)
        for name in _names_of(puzzle, report, "flow") if times else ():
            stage = " ".join(name[1][1:])
            family.wholes.append((name, times, (stage,)))
            if stage == f"retained {DAYS[-1]}":
                family.others |= _later(puzzle, family, report, name, times)
    family.tie(puzzle)
    for time in family.times:
        everybody = family.count(time, "admitted")
        for stage in family.groups:
            if stage != "admitted" and not stage.endswith(" not known"):
                puzzle.part(everybody, family.count(time, stage))
                rest = ("rest", everybody, family.count(time, stage))
                puzzle.part(rest, family.count(time, f"{stage} not known"))
        for whole, part in (
            *(("first", "fourth"), ("retained 30", "retained 60")),
            ("retained 60", "retained 90"),
        ):
            puzzle.part(family.count(time, whole), family.count(time, part))
        quarter = _quarter(time)
        _sum(puzzle, ("retained_90", quarter, "denominator"), family, time, ["admitted"])
        _sum(puzzle, ("retained_90", quarter, "numerator"), family, time, ["retained 90"])
        for day in DAYS[:-1]:
            told = (f"retained_{day}", quarter, "numerator")
            puzzle.part(told, family.count(time, f"retained {day}"))
    return [family]


def _later(
    puzzle: Puzzle, family: Family, report: One, whole: Name, times: list[Time]
) -> dict[tuple[Name, Time], Name]:
    """Return the counts of who stayed for 90 days that are not final: some may have left by then.

    That is known 30 days later, as the trend waits; then they are no more than they were before.
    """
    others: dict[tuple[Name, Time], Name] = {}
    for time in times:
        if pd.Timestamp(time[1]) + pd.Timedelta(days=DAYS[-1] + NO_CONTACT) > report.cut:
            cut = str(report.cut.date())
            others[whole, time] = puzzle.unknown((cut, ("so far", time)))
            puzzle.part(others[whole, time], puzzle.unknown(family.count(time, "retained 90")))
    return others


def _names_of(puzzle: Puzzle, report: One, kind: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return the names of one kind of numbers that a report has by itself."""
    return [
        name
        for name in puzzle.low
        if isinstance(name, tuple)
        and name[0] == report.quarter
        and isinstance(name[1], tuple)
        and name[1][0] == kind
    ]


def _weeks(puzzle: Puzzle, reports: Sequence[One]) -> list[Family]:
    """Tie the weeks since admission, which are of the people of the flow."""
    families: dict[object, Family] = {}
    for report in reports:
        times = _pieces(report, OF_WEEKS)
        for name in _names_of(puzzle, report, "week") if times else ():
            _, week, count = name[1]
            family = families.setdefault(count, Family(("week", count)))
            family.wholes.append((name, times, (str(week),)))
    for family in families.values():
        family.tie(puzzle)
    if families:
        for time in families["due"].times:
            _weeks_of(puzzle, families, time)
    return list(families.values())


def _weeks_of(puzzle: Puzzle, families: dict[object, Family], time: Time) -> None:
    """Say what the counts of each week of one time share."""
    everybody = ("in", time, "flow", "admitted")
    for week in map(int, families["due"].groups):
        own = {count: family.count(time, str(week)) for count, family in families.items()}
        same(puzzle, [everybody], [own["episodes_followed"]])
        for whole, part in pairwise(PEOPLE):
            puzzle.part(own[whole], own[part])
        puzzle.part(families["episodes"].count(time, str(week - 1)), own["episodes"])
        puzzle.part(own["due"], own["attended"])
        came = {own["attended"]: 1.0, own["episodes_attending"]: -1.0}
        puzzle.row(came, 0, math.inf)
        puzzle.total(
            own["due"], [own[one] for one in ("attended", "no_show", "cancelled", "excused")]
        )
        for day in DAYS:
            stayed = ("in", time, "flow", f"retained {day}")
            if (week - 1) * 7 > day:
                puzzle.part(stayed, own["episodes_attending"])
            else:
                puzzle.part(own["episodes"], stayed)
        if week * 7 - 1 <= 30:
            puzzle.part(("in", time, "flow", "first"), own["episodes_attending"])


def _census(puzzle: Puzzle, reports: Sequence[One]) -> None:
    """Use that those who were there on a day are the same in two reports."""
    before: dict[str, Name] = {}
    for report in reports:
        for place, row in enumerate(rows(report.read, "census")):
            who, name = str(row["who"]), report.named(("census", place))
            if who.startswith("in the program on") and who in before:
                same(puzzle, [before[who]], [name])
            before[who] = name


def _files(puzzle: Puzzle, reports: Sequence[One]) -> None:
    """Use that records only grow: by the admissions, and by sessions, of the quarters between."""
    for one, other in pairwise(reports):
        for table in ("episodes", "attendance", "checkins"):
            kept = [report.named(("rows", table, "rows_kept")) for report in (one, other)]
            if not all(name in puzzle for name in kept):
                continue
            if one.cut == other.cut:
                same(puzzle, [kept[0]], [kept[1]])
            if not (one.ends_with_quarter and other.ends_with_quarter):
                continue
            more = puzzle.unknown(("rows between", table, one.quarter, other.quarter))
            puzzle.total(kept[1], [kept[0], more])
            between = pd.period_range(one.quarter, other.quarter, freq="Q")[1:]
            if table == "episodes":
                came = [("admissions", str(quarter), "numerator") for quarter in between]
                puzzle.total(more, came)
            if table == "attendance":
                sessions = puzzle.unknown(("sessions between", one.quarter, other.quarter))
                parts = [
                    name
                    for quarter in between
                    for name in _of_quarter(puzzle, "session", _days(str(quarter)))
                ]
                puzzle.total(sessions, parts)
                puzzle.part(more, sessions)


def _of_quarter(puzzle: Puzzle, family: str, time: Time) -> list[Name]:
    return [
        name for name in puzzle.low if isinstance(name, tuple) and name[:3] == ("in", time, family)
    ]


def _followed(puzzle: Puzzle, reports: Sequence[One]) -> None:
    """Use that who is in the curve of one report is in that of the next, by quarter."""
    last: dict[str, Name] = {}
    cut = pd.NaT
    for report in reports:
        whole, own = report.named(("followed", ALL)), dict[str, Name]()
        if whole not in puzzle:
            continue
        end = pd.Period(report.quarter, "Q")
        for quarter in map(str, pd.period_range(end - 7, end)):
            if ("admissions", quarter, "numerator") in puzzle:
                own[quarter] = puzzle.unknown((report.quarter, ("followed", quarter)))
                puzzle.part(("admissions", quarter, "numerator"), own[quarter])
                if quarter in last and cut == report.cut:
                    same(puzzle, [own[quarter]], [last[quarter]])
                elif quarter in last:
                    puzzle.part(own[quarter], last[quarter])
        puzzle.total(whole, list(own.values()))
        last, cut = own, report.cut
