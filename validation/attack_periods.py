"""What the reader of a report knows of its periods: months, quarters and years."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import pandas as pd

from validation.attack_reading import Read, cell, least_of, rows
from validation.attack_solving import Name, Puzzle

ALL = "all"
WEEKDAY_COUNTS = ("due", "attended", "unrecorded")
ATTENDED = ("attended", "attended partial", "late", "attended in part or late")


def window(read: Read, table: str, newest: str) -> list[str]:
    """Return the quarters that a table is of, as its caption says."""
    # Not of all words: a finding ("Admissions in 2026Q1 is not shown") begins as a caption does.
    periods = rf"{table} in (\d{{4}}Q\d)(?: to (\d{{4}}Q\d))?"
    told = next((one for one in (re.match(periods, text) for text in read.captions) if one), None)
    if told is None:
        return [newest]
    first, last = (pd.Period(one, "Q") for one in (told[1], told[2] or told[1]))
    return [str(one) for one in pd.period_range(first, last)]


def same(puzzle: Puzzle, one: Sequence[Name], other: Sequence[Name]) -> None:
    """Say that two sums are the same, where all of them are there."""
    if one and other and all(name in puzzle for name in (*one, *other)):
        puzzle.row({**dict.fromkeys(one, 1.0), **dict.fromkeys(other, -1.0)}, 0)


def years(puzzle: Puzzle, read: Read, quarters: list[str]) -> None:
    """Use that a calendar year of a trend is its quarters, which are not printed."""
    for table in read.tables:
        measure = table.removeprefix("trend_")
        for row in rows(read, table) if table.startswith("trend_") else []:
            year = str(row["period"])
            if not re.fullmatch(r"\d{4}", year):
                continue
            inside = [one for one in quarters if one.startswith(year)]
            for count in ("numerator", "denominator"):
                for one in inside:
                    puzzle.unknown((measure, one, count))
                puzzle.total((measure, year, count), [(measure, one, count) for one in inside])
            for one in inside:
                puzzle.part((measure, one, "denominator"), (measure, one, "numerator"))


def due(puzzle: Puzzle, read: Read, quarters: list[str]) -> None:
    """Use that attended, missed and due sessions of the quarters are sums of the statuses."""
    found = {str(row["session"]): row["due"] for row in rows(read, "sessions")}
    expected = [("attendance_rate", quarter, "denominator") for quarter in quarters]
    same(puzzle, expected, [("session", word) for word, is_due in found.items() if is_due == "yes"])
    attended = [("session", word) for word in found if word in ATTENDED]
    came = [("attendance_rate", quarter, "numerator") for quarter in quarters]
    same(puzzle, came, attended)
    if "no show" in found:
        missed = [("no_show_rate", quarter, "numerator") for quarter in quarters]
        same(puzzle, missed, [("session", "no show")])


def weekdays(puzzle: Puzzle, read: Read) -> None:
    """Use that the weekdays add up to all sessions, by quarter and by what became of them."""
    found = rows(read, "attendance_by_weekday")
    for row in found:
        day = str(row["weekday"])
        for count in WEEKDAY_COUNTS:
            if count in row:
                own = (one[count] for one in found if one["weekday"] != ALL)
                least = 1 if day == ALL else least_of(read, own)
                cell(puzzle, ("weekday", day, count), row[count], least)
            else:  # none is shown: few, or none at all
                puzzle.unknown(("weekday", day, count))
        due, came = (("weekday", day, count) for count in WEEKDAY_COUNTS[:2])
        puzzle.part(due, came)
        if isinstance(row["share"], int | float) and not math.isnan(row["share"]):
            puzzle.share(came, due, float(row["share"]), 3)
    if not found:
        return
    days = [str(row["weekday"]) for row in found if row["weekday"] != "all"]
    for count in WEEKDAY_COUNTS:
        puzzle.total(("weekday", "all", count), [("weekday", day, count) for day in days])
    newest = next((str(row["period"]) for row in rows(read, "trend_admissions")[-1:]), "")
    own = window(read, "Attendance by weekday", newest)
    for count, name in (("denominator", "due"), ("numerator", "attended")):
        parts = [("attendance_rate", quarter, count) for quarter in own]
        same(puzzle, parts, [("weekday", "all", name)])
    _statuses(puzzle, read, own, window(read, "Treatment sessions", newest))


def _statuses(puzzle: Puzzle, read: Read, own: list[str], whole: list[str]) -> None:
    """Use that the weekdays are of the sessions of the table by status, or of a part of its time.

    A longer time than that of the other table holds at least as many.
    """
    statuses = {str(row["session"]): row["due"] for row in rows(read, "sessions")}
    words = {
        "due": [word for word, is_due in statuses.items() if is_due == "yes"],
        "attended": [word for word in statuses if word in ATTENDED],
        "unrecorded": [word for word in statuses if word == "unrecorded"],
    }
    for count, some in words.items():
        parts: list[Name] = [("session", word) for word in some]
        if parts and own == whole:
            same(puzzle, parts, [("weekday", "all", count)])
        elif parts:  # both end with the period of the report: the earlier begins, the longer it is
            together = puzzle.unknown(("sessions of", count))
            puzzle.total(together, parts)
            longer, shorter = together, ("weekday", "all", count)
            if len(own) > len(whole):
                longer, shorter = shorter, longer
            puzzle.part(longer, shorter)
    merged = ("session", "not due or not recorded")
    if own == whole and merged in puzzle:
        puzzle.part(merged, ("weekday", "all", "unrecorded"))


def months(puzzle: Puzzle, read: Read) -> None:
    """Use that a quarter is three months, and that attended and missed are parts of one due."""
    periods: set[tuple[str, str]] = set()
    for measure in ("attendance_rate", "no_show_rate", "check_in_response"):
        by_quarter: dict[str, list[str]] = {}
        for row in rows(read, f"trend_{measure}"):
            period = str(row["period"])
            if "Q" in period:
                periods.add((measure, period))
                continue
            by_quarter.setdefault(str(pd.Period(period, "M").asfreq("Q")), []).append(period)
            periods.add((measure, period))
        for quarter, some in by_quarter.items():
            periods.add((measure, quarter))
            if len(some) == 3:
                for count in ("numerator", "denominator"):
                    whole = (measure, quarter, count)
                    puzzle.total(whole, [(measure, one, count) for one in some])
    for measure, period in sorted(periods):
        if measure == "attendance_rate":
            due = ("attendance_rate", period, "denominator")
            puzzle.total(due, [("no_show_rate", period, "denominator")])
            rest = ("rest", due, ("attendance_rate", period, "numerator"))
            puzzle.part(rest, ("no_show_rate", period, "numerator"))
