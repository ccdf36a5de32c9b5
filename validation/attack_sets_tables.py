"""What the tables of the reports of one run have to do with one another, whatever their times.

A table by group is of as many quarters as can be shown, which may be other ones in each report, and
a report may take groups together. So each is the sum of its programs, quarters and finest groups.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import combinations
from typing import Protocol

from validation.attack_periods import ATTENDED, WEEKDAY_COUNTS, window
from validation.attack_reading import Read, rows
from validation.attack_series_tables import ALL, HELD, NOT_RECORDED, Family
from validation.attack_solving import Name, Puzzle

OVERLAP = "counted in several programs"
Time = tuple[str, str]


class Report(Protocol):
    """One report of a set; the program is empty for that of all."""

    read: Read
    program: str


def tie_tables(puzzle: Puzzle, reports: Sequence[Report], parts: Sequence[str]) -> None:
    """Tie the tables by group of the reports of each program and of all, which comes last."""
    for tie in (_admissions, _discharges, _sessions, _weekdays):
        for family in tie(puzzle, reports, parts):
            _ask(puzzle, family, parts)


def times_of(report: Report, table: str, parts: Sequence[str]) -> list[Time]:
    """Return the programs and quarters that a table is of, as its caption says."""
    newest = next((str(row["period"]) for row in rows(report.read, "trend_admissions")[-1:]), "")
    programs = [report.program] if report.program else parts
    quarters = window(report.read, table, newest)
    return [(program, quarter) for program in programs for quarter in quarters]


def _ask(puzzle: Puzzle, family: Family, parts: Sequence[str]) -> None:
    """Ask of each group for quarters of a year, of one program or several."""
    every = sorted({quarter for _, quarter in family.times})
    spans: set[tuple[str, ...]] = set()
    for first, last in combinations(range(len(every) + 1), 2):
        spans.add(tuple(every[first:last]))  # and without some in the middle, as tables may differ
        for begin, end in combinations(range(first + 1, last), 2):
            spans.add((*every[first:begin], *every[end:last]))
    for group in family.groups:
        for quarters in sorted(spans):
            for size in range(1, len(parts) + 1):
                for some in combinations(parts, size):
                    names = [family.count((one, q), group) for one in some for q in quarters]
                    if len(names) > 1 and all(name in puzzle for name in names):
                        target = ("in", some, quarters, family.name, group)
                        puzzle.targets[target] = dict.fromkeys(names, 1.0)


def _sum(puzzle: Puzzle, whole: Name, family: Family, time: Time, groups: Sequence[str]) -> None:
    """Say that a count of a quarter of one program is the sum of some groups."""
    some = family.counts(time, groups)
    if some and all(one in puzzle for one in some):
        puzzle.total(puzzle.unknown((time[0], whole)), some)


def _admissions(puzzle: Puzzle, reports: Sequence[Report], parts: Sequence[str]) -> list[Family]:
    """Tie the admissions by what was known of people when they came, and by program."""
    families: dict[str, Family] = {}
    by_program = Family("admitted")
    for report in reports:
        times, own = times_of(report, "Admissions", parts), report.program
        for row in rows(report.read, "admissions"):
            by, group = str(row["by"]), str(row["group"])
            if group == ALL:
                by_program.wholes.append(((own, ("admitted", ALL)), times, (ALL,)))
            if by == "program":
                if not own and group != ALL:
                    of = [time for time in times if time[0] == _part(group, parts)]
                    by_program.wholes.append(((own, ("admitted", by, group)), of, (ALL,)))
                continue
            family = families.setdefault(by, Family(("admitted", by)))
            whole = ("admitted", ALL) if group == ALL else ("admitted", by, group)
            family.wholes.append(((own, whole), times, None if group == ALL else (group,)))
    for family in (by_program, *families.values()):
        family.tie(puzzle)
        for time in family.times:
            _sum(puzzle, ("admissions", time[1], "numerator"), family, time, family.groups)
    return [by_program, *families.values()]


def _part(group: str, parts: Sequence[str]) -> str:
    """Return the program of a row: those without a report are one."""
    return group if group in parts else parts[-1]


def _discharges(puzzle: Puzzle, reports: Sequence[Report], parts: Sequence[str]) -> list[Family]:
    """Tie the discharges by reason; groups of reasons are told apart by their codes."""
    family = Family("discharged")
    for report in reports:
        times = times_of(report, "Discharges", parts)
        for row in rows(report.read, "discharges"):
            codes = tuple(re.findall(r"-?\d+", str(row["TEDS_code"])))
            whole = (report.program, ("discharged", row["reason"]))
            family.wholes.append((whole, times, None if row["reason"] == ALL else codes))
    family.tie(puzzle)
    reasons = [code for code in family.groups if code != NOT_RECORDED]
    for time in family.times:
        _sum(puzzle, ("completion_rate", time[1], "numerator"), family, time, ["1"])
        _sum(puzzle, ("completion_rate", time[1], "denominator"), family, time, reasons)
    return [family]


def _sessions(puzzle: Puzzle, reports: Sequence[Report], parts: Sequence[str]) -> list[Family]:
    """Tie the sessions by status."""
    family, is_due = Family("session"), dict[str, bool]()
    for report in reports:
        times = times_of(report, "Treatment sessions", parts)
        for row in rows(report.read, "sessions"):
            word = str(row["session"])
            held = None if word == ALL else HELD.get(word, (word,))
            family.wholes.append(((report.program, ("session", word)), times, held))
            is_due |= dict.fromkeys(held or (), row["due"] == "yes")
    family.tie(puzzle)
    due = [word for word in family.groups if is_due[word]]
    for time in family.times:
        rate = ("attendance_rate", time[1])
        _sum(puzzle, (*rate, "denominator"), family, time, due)
        _sum(puzzle, (*rate, "numerator"), family, time, ATTENDED)
        _sum(puzzle, ("no_show_rate", time[1], "numerator"), family, time, ["no show"])
    return [family]


def _weekdays(puzzle: Puzzle, reports: Sequence[Report], parts: Sequence[str]) -> list[Family]:
    """Tie the sessions by weekday; those unrecorded are also the ones of the table by status."""
    families = {count: Family(("weekday", count)) for count in WEEKDAY_COUNTS}
    for report in reports:
        times = times_of(report, "Attendance by weekday", parts)
        for row in rows(report.read, "attendance_by_weekday"):
            day = str(row["weekday"])
            held = None if day == ALL else HELD.get(day, (day,))
            for count, family in families.items():
                whole = (report.program, ("weekday", day, count))
                family.wholes.append((whole, times, held))
    for family in families.values():
        family.tie(puzzle)
    due, came, unrecorded = (families[count] for count in WEEKDAY_COUNTS)
    for time in due.times:
        rate = ("attendance_rate", time[1])
        _sum(puzzle, (*rate, "denominator"), due, time, due.groups)
        _sum(puzzle, (*rate, "numerator"), came, time, came.groups)
        for day in due.groups:
            puzzle.part(due.count(time, day), came.count(time, day))
        by_status = ("in", time, "session", "unrecorded")
        if by_status in puzzle:
            puzzle.total(by_status, unrecorded.counts(time, unrecorded.groups))
    return list(families.values())


def tie_people(puzzle: Puzzle, reports: Sequence[Report], parts: Sequence[str]) -> None:
    """Say what people of all programs have to do with those of each, of the days of all.

    Somebody in two programs is counted in both, so that the parts add up to the whole and the
    overlap. Nobody is in more programs for one kind of session than for all kinds.
    """
    *each, whole = reports
    words = [str(row["session"]) for row in rows(whole.read, "sessions")]
    for word in sorted(words, key=lambda one: one != ALL):
        people, names = (
            ("", ("came", word)),
            [_in_days_of(puzzle, one, whole, word) for one in each],
        )
        if len(names) < len(parts):
            names.append(puzzle.unknown((parts[-1], ("came", word))))
        for name in names:
            puzzle.part(people, name)
        overlap = puzzle.unknown((OVERLAP, word))
        puzzle.row({people: -1.0, overlap: -1.0, **dict.fromkeys(names, 1.0)}, 0)
        if word != ALL and ALL in words:
            puzzle.row({(OVERLAP, ALL): 1.0, overlap: -1.0}, 0, math.inf)


def _in_days_of(puzzle: Puzzle, report: Report, whole: Report, word: str) -> Name:
    """Return the people of a kind of session in the days of another report.

    In more days there are no fewer of them; each of them had a session.
    """
    name = _came(puzzle, report, word)
    own, days = (
        {quarter for _, quarter in times_of(one, "Treatment sessions", [report.program])}
        for one in (report, whole)
    )
    if own == days:
        return name
    other = puzzle.unknown((report.program, ("came in the days of all", word)))
    if own > days:
        puzzle.part(name, other)
    elif own < days:
        puzzle.part(other, name)
    if word != ALL:
        sessions = {
            ("in", (report.program, quarter), "session", one): 1.0
            for quarter in days
            for one in HELD.get(word, (word,))
        }
        if all(one in puzzle for one in sessions):
            puzzle.row({**sessions, other: -1.0}, 0, math.inf)
    return other


def _came(puzzle: Puzzle, report: Report, word: str) -> Name:
    """Return the people of a kind of session in a report, which may take it together with others.

    Without a row of it nobody had it: each is at most the people of the rows that it is in, or of
    those that are in it together.
    """
    name = (report.program, ("came", word))
    printed = {str(row["session"]) for row in rows(report.read, "sessions")}
    if word in printed:
        return puzzle.unknown(name)
    puzzle.unknown(name)
    finest = HELD.get(word, (word,))
    holding = [other for other in printed if set(finest) < set(HELD.get(other, ()))]
    for other in holding:
        puzzle.part((report.program, ("came", other)), name)
    if not holding:
        inside = [one for one in finest if one in printed]
        some: list[Name] = [(report.program, ("came", one)) for one in inside]
        for one in some:
            puzzle.part(name, one)
        puzzle.row({**dict.fromkeys(some, 1.0), name: -1.0}, 0, math.inf)
    if ALL in printed:
        puzzle.part((report.program, ("came", ALL)), name)
    return name
