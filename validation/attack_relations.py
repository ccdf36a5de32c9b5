"""What the reader of a report knows of its numbers: whose sums they are, and what they are part of.

Written from the tables, their captions and notes, not from the code that hides: this is the other
side. Every count in the report becomes a number of a `Puzzle`, known where it is printed.
"""

from __future__ import annotations

import math
import re
from itertools import pairwise

from validation.attack_curves import curves
from validation.attack_flow import flow, flow_by_quarter
from validation.attack_left import left
from validation.attack_periods import due, months, same, weekdays, window, years
from validation.attack_reading import TITLES, Read, cell, least_of, missing, rows, stands
from validation.attack_rules import rules, seen
from validation.attack_solving import Name, Puzzle
from validation.attack_years import completed_of_year, shares_of_year

ALL = "all"
PROMISE = "Counts from 1 to 10 are hidden"
DAYS = (30, 60, 90)
SENTENCES = ("attendance_rate", "no_show_rate", "check_in_response")
OLDER = ("35 to 49", "50 to 64", "65 and over")


def build(read: Read) -> Puzzle:
    """Return the puzzle that a report sets its reader."""
    puzzle = Puzzle()
    for piece in (
        *(_admissions, _census, _trends, flow, _weeks, _sessions, _discharges, _programs),
        _files,
    ):
        piece(puzzle, read)
    _whole_time(puzzle, read)
    _between(puzzle, read)
    weekdays(puzzle, read)
    curves(puzzle, read)
    return puzzle


def _decimals(share: float) -> int:
    """Return how many decimals a share was given with: 2 at least, 9 at most."""
    return next((n for n in range(2, 9) if abs(share - round(share, n)) < 1e-12), 9)


def _admissions(puzzle: Puzzle, read: Read) -> None:
    views: dict[object, list[object]] = {}
    found = rows(read, "admissions")
    for row in found:
        name = ("admitted", ALL) if row["group"] == ALL else ("admitted", row["by"], row["group"])
        view = [one for one in found if one["by"] == row["by"]]
        cell(puzzle, name, row["admitted"], _least(read, view, ("group", "admitted"), row))
        if row["group"] != ALL:
            views.setdefault(row["by"], []).append(name)
            if not isinstance(row["share"], str):
                puzzle.share(name, puzzle.unknown(("admitted", ALL)), float(row["share"]), 3)  # type: ignore[arg-type]
    for parts in views.values():
        puzzle.total(("admitted", ALL), parts)
    _nested_views(puzzle, views)


def _least(
    read: Read, found: list[dict[str, object]], columns: tuple[str, str], row: dict[str, object]
) -> int:
    """Return what a hidden cell of some rows is at least; a total is no zero."""
    name, count = columns
    if row[name] == ALL:
        return 1
    return least_of(read, (one[count] for one in found if one[name] != ALL))


COARSER = {
    ("age", "older"): {"no": ("under 18", "18 to 25", "26 to 34"), "yes": OLDER},
    ("primary substance", "opioids"): {"yes": ("opioids",)},
}
"""What a reader knows of columns: the groups of one that are a group of another."""


def _nested_views(puzzle: Puzzle, views: dict[object, list[object]]) -> None:
    """Use that a column says a part of what another does; a group that is not there has nobody."""
    for (fine, coarse), within in COARSER.items():
        if fine not in views or coarse not in views:
            continue
        groups = within | {"not recorded": ("not recorded",)}
        named = {word for words in groups.values() for word in words}
        rest = [name for name in views[fine] if name[2] not in named]  # type: ignore[index]
        for word, words in groups.items():
            parts = [name for name in views[fine] if name[2] in words]  # type: ignore[index]
            if ("admitted", coarse, word) in puzzle and parts:
                puzzle.total(("admitted", coarse, word), parts)
        if rest and ("admitted", coarse, "no") in puzzle:
            puzzle.total(("admitted", coarse, "no"), rest)


def _census(puzzle: Puzzle, read: Read) -> None:
    """Take up who was in the program: before and admitted are together left and still there."""
    names: list[Name] = []
    for place, row in enumerate(rows(read, "census")):
        names.append(("census", place))
        cell(puzzle, names[-1], row["episodes"])
    if names:
        together = puzzle.unknown(("census", "before or admitted"))
        puzzle.total(together, names[:2])
        puzzle.total(together, names[2:])
        ever = puzzle.unknown(("census", "ever"))
        puzzle.part(ever, together)


def _trends(puzzle: Puzzle, read: Read) -> None:
    """Take up the trends; what stands as first printed is not what other tables count now."""
    before = stands(read)
    for table in read.tables:
        if not table.startswith("trend_"):
            continue
        measure = table.removeprefix("trend_")
        for row in rows(read, table):
            for count in ("numerator", "denominator"):
                name = (measure, row["period"], count)
                value = None if name[:2] in before else row.get(count)
                if not missing(value):
                    puzzle.known(name, float(value))  # type: ignore[arg-type]
                elif count == "numerator" or "denominator" in row:
                    puzzle.unknown(name)
            puzzle.part(
                (measure, row["period"], "denominator"), (measure, row["period"], "numerator")
            )
    told = r"([\w -]+?) in (\d{4}Q\d): [\d.]+% \(([\d,]+) of ([\d,]+);"
    names = {title: name for title, name in TITLES.items() if name in SENTENCES}
    for title, quarter, top, bottom in re.findall(told, read.words):
        measure = next((name for words, name in names.items() if title.endswith(words)), None)
        if measure and (measure, quarter) not in before:
            puzzle.known((measure, quarter, "numerator"), float(top.replace(",", "")))
            puzzle.known((measure, quarter, "denominator"), float(bottom.replace(",", "")))
    _earlier_quarters(puzzle, read, names, before)


def _earlier_quarters(
    puzzle: Puzzle, read: Read, names: dict[str, str], before: set[tuple[str, str]]
) -> None:
    """Take up the share of the quarter before, from the sentence that compares."""
    compared = r"(%s) in \d{4}Q\d: .{,120}? (?:than|from) ([\d.]+)%% in (\d{4}Q\d)"
    for title, measure in names.items():
        for _, percent, quarter in re.findall(compared % title, read.words):
            if (measure, quarter) in before:
                continue
            x = puzzle.unknown((measure, quarter, "numerator"))
            n = puzzle.unknown((measure, quarter, "denominator"))
            puzzle.share(x, n, float(percent) / 100, 3)


def _weeks(puzzle: Puzzle, read: Read) -> None:
    people = ("episodes_followed", "episodes", "episodes_attending")
    sessions = ("due", "attended", "no_show", "cancelled", "excused", "unrecorded", "not_due")
    found = rows(read, "attendance_by_week")
    for row in found:
        week = int(row["week"])  # type: ignore[call-overload]
        for name in (*people, *sessions):
            if name not in row:  # the records cannot tell it: it may be none
                puzzle.unknown(("week", week, name), least=0)
            elif missing(row[name]):
                puzzle.unknown(("week", week, name), least=int(name not in ("due", "attended")))
            else:
                puzzle.known(("week", week, name), float(row[name]))  # type: ignore[arg-type]
        for whole, part in pairwise(people):
            puzzle.part(("week", week, whole), ("week", week, part))
        puzzle.part(("week", week, "due"), ("week", week, "attended"))
        came = {("week", week, "attended"): 1.0, ("week", week, "episodes_attending"): -1.0}
        puzzle.row(came, 0, math.inf)
        kinds = [("week", week, name) for name in ("attended", "no_show", "cancelled", "excused")]
        puzzle.total(("week", week, "due"), kinds)  # type: ignore[arg-type]
        for name in people[:2]:
            puzzle.part(("week", week - 1, name), ("week", week, name))
        if ("week", week - 1, "episodes") in puzzle:
            for day in DAYS:  # who came after a day was retained so long; who is, was there before
                if (week - 1) * 7 > day:
                    puzzle.part(("flow", f"retained {day}"), ("week", week, "episodes_attending"))
                else:
                    puzzle.part(("week", week, "episodes"), ("flow", f"retained {day}"))
        if week * 7 - 1 <= 30:
            puzzle.part(("flow", "first"), ("week", week, "episodes_attending"))
    if found:
        puzzle.total(("flow", "admitted"), [("week", 1, "episodes_followed")])


def _sessions(puzzle: Puzzle, read: Read) -> None:
    found = rows(read, "sessions")
    for row in found:
        for name, count in (("session", "sessions"), ("came", "people")):
            least = _least(read, found, ("session", count), row)
            cell(puzzle, (name, row["session"]), row[count], least)
        if row["people"] == 0:
            puzzle.known(("session", row["session"]), 0.0)
        puzzle.row({("session", row["session"]): 1.0, ("came", row["session"]): -1.0}, 0, math.inf)
        if row["session"] != ALL:
            puzzle.part(("came", ALL), ("came", row["session"]))
    if found:  # everybody had a session of some kind
        kinds = [("came", row["session"]) for row in found if row["session"] != ALL]
        puzzle.row({**dict.fromkeys(kinds, 1.0), ("came", ALL): -1.0}, 0, math.inf)
    parts = [("session", row["session"]) for row in found if row["session"] != ALL]
    puzzle.total(("session", ALL), parts)  # type: ignore[arg-type]
    for row in found:
        if not isinstance(row["share"], str) and row["session"] != ALL:
            share = float(row["share"])  # type: ignore[arg-type]
            puzzle.share(("session", row["session"]), ("session", ALL), share, 3)


def _discharges(puzzle: Puzzle, read: Read) -> None:
    found = rows(read, "discharges")
    for row in found:
        least = _least(read, found, ("reason", "discharges"), row)
        cell(puzzle, ("discharged", row["reason"]), row["discharges"], least)
    parts = [("discharged", row["reason"]) for row in found if row["reason"] != ALL]
    puzzle.total(("discharged", ALL), parts)  # type: ignore[arg-type]
    for row in found:
        if not isinstance(row["share"], str) and row["reason"] != ALL:
            share = float(row["share"])  # type: ignore[arg-type]
            puzzle.share(("discharged", row["reason"]), ("discharged", ALL), share, 3)


def _programs(puzzle: Puzzle, read: Read) -> None:
    found = rows(read, "programs")
    measures = [name for name in (found[0] if found else {}) if name not in NOT_SHARES]
    for row in found:
        program = row["program"]
        least = _least(read, found, ("program", "admitted"), row)
        cell(puzzle, ("program", program, "admitted"), row["admitted"], least)
        for measure in measures:
            x = puzzle.unknown(("program", program, measure, "x"))
            n = puzzle.unknown(("program", program, measure, "n"))
            puzzle.part(n, x)
            if not isinstance(row[measure], str) and not missing(row[measure]):
                share = float(row[measure])  # type: ignore[arg-type]
                puzzle.share(x, n, share, _decimals(share))
                if share not in (0.0, 1.0) and PROMISE in read.words:  # none of its counts is small
                    puzzle.low[x] = puzzle.low[("rest", n, x)] = 11
            if measure == "completed" or measure.startswith("retained"):
                puzzle.part(("program", program, "admitted"), n)
        for shorter, longer in pairwise(f"retained_{day}" for day in DAYS):
            for count in ("x", "n"):
                puzzle.part(
                    ("program", program, shorter, count), ("program", program, longer, count)
                )
    programs = [row["program"] for row in found if row["program"] != ALL]
    for counts in [("admitted",), *((measure, count) for measure in measures for count in "xn")]:
        puzzle.total(
            ("program", ALL, *counts), [("program", program, *counts) for program in programs]
        )


def _whole_time(puzzle: Puzzle, read: Read) -> None:
    """Take up what tables have in common where all are of the whole time: the same people."""
    if WHOLE_TIME not in read.words:
        return
    puzzle.total(("admitted", ALL), [("program", ALL, "admitted")])
    for row in rows(read, "programs"):
        program = row["program"]
        puzzle.total(("admitted", "program", program), [("program", program, "admitted")])
    puzzle.total(("flow", "admitted"), [("program", ALL, "retained_90", "n")])
    puzzle.total(("flow", "retained 90"), [("program", ALL, "retained_90", "x")])
    for day in DAYS[:-1]:  # of those, too, who were not followed for 90 days
        puzzle.part(("program", ALL, f"retained_{day}", "x"), ("flow", f"retained {day}"))
    puzzle.total(("discharged", "completed"), [("program", ALL, "completed", "x")])
    puzzle.part(("discharged", ALL), ("program", ALL, "completed", "n"))


WHOLE_TIME = "covers the whole time"
NOT_SHARES = ("program", "admitted", "hours_a_week")


def _files(puzzle: Puzzle, read: Read) -> None:
    counts = ("rows_kept", "rows_set_aside", "rows_folded")
    tables: dict[object, list[int]] = {}
    for number, row in enumerate(rows(read, "files")):
        tables.setdefault(row["table"], []).append(number)
        for name in ("rows_read", *counts):
            cell(puzzle, ("file", number, name), row[name])
        puzzle.total(("file", number, "rows_read"), [("file", number, name) for name in counts])
    for table, numbers in tables.items():
        for name in ("rows_read", *counts):
            puzzle.unknown(("rows", table, name))
            puzzle.total(("rows", table, name), [("file", one, name) for one in numbers])
    told = re.search(r"([\d,]+) of ([\d,]+) rows were set aside", read.words)
    none = re.search(r"No row of ([\d,]+) was set aside", read.words)
    if told or none:
        aside = float(told[1].replace(",", "")) if told else 0.0
        everything = (told[2] if told else none[1]).replace(",", "")  # type: ignore[index]
        puzzle.known(("rows", ALL, "rows_set_aside"), aside)
        puzzle.known(("rows", ALL, "rows_read"), float(everything))
        for name in ("rows_set_aside", "rows_read"):
            puzzle.total(("rows", ALL, name), [("rows", table, name) for table in tables])
    _checks(puzzle, read)


def _checks(puzzle: Puzzle, read: Read) -> None:
    """Take up the checks; what they looked at differs from all rows by those without a value."""
    looked: dict[object, list[tuple[object, ...]]] = {}
    for number, row in enumerate(rows(read, "checks")):
        name = ("check", number, "looked at")
        cell(puzzle, name, row["rows_looked_at"])
        cell(puzzle, ("check", number, "failed"), row["rows_failed"])
        puzzle.part(name, ("check", number, "failed"))
        looked.setdefault(row["table"], []).append(name)
    for table, names in looked.items():
        for whole in ("rows_read", "rows_kept"):
            both = ("rows", table, whole)
            for name in names:
                _difference(puzzle, both, name)
        for one, other in pairwise(names):
            _difference(puzzle, one, other)


def _difference(puzzle: Puzzle, one: object, other: object) -> None:
    """Take the difference of two numbers for a count where both are known."""
    if one in puzzle and other in puzzle:
        first, second = (
            puzzle.low[name] if puzzle.low[name] == puzzle.high[name] else None
            for name in (one, other)
        )
        if first is not None and second is not None:
            larger, smaller = (one, other) if first >= second else (other, one)
            puzzle.part(larger, smaller)


def _between(puzzle: Puzzle, read: Read) -> None:
    """Say what the tables have to do with one another."""
    quarters = [str(row["period"]) for row in rows(read, "trend_admissions")]
    if not quarters:
        return
    newest = quarters[-1]
    years(puzzle, read, quarters)
    flow_by_quarter(puzzle, read, quarters)
    admitted = window(read, "Admissions", newest)
    same(puzzle, [("admissions", one, "numerator") for one in admitted], [("admitted", ALL)])
    year = [("admissions", quarter, "numerator") for quarter in quarters[-4:]]
    puzzle.total(("program", ALL, "admitted"), year)  # type: ignore[arg-type]
    shares_of_year(puzzle, read, quarters)
    for quarter in quarters:
        known = [("admissions", quarter, "numerator")]
        known += [(f"retained_{day}", quarter, "denominator") for day in DAYS]
        kept = [(f"retained_{day}", quarter, "numerator") for day in DAYS]
        for names in (known, kept):
            for whole, part in pairwise([name for name in names if name in puzzle]):
                puzzle.part(whole, part)
    discharged = window(read, "Discharges", newest)
    completed = [("completion_rate", one, "numerator") for one in discharged]
    same(puzzle, completed, [("discharged", "completed")])
    known_reasons = [("completion_rate", one, "denominator") for one in discharged]
    if all(one in puzzle for one in known_reasons):
        parts: list[Name] = [*known_reasons]
        if ("discharged", "not recorded") in puzzle:
            parts.append(("discharged", "not recorded"))
            puzzle.total(("discharged", ALL), parts)
        elif ("discharged", "other ends") in puzzle:  # those not recorded are among these
            unknown = puzzle.unknown(("discharged", "not recorded"))
            puzzle.part(("discharged", "other ends"), unknown)
            puzzle.total(("discharged", ALL), [*parts, unknown])
        else:
            puzzle.total(("discharged", ALL), parts)
    if ("census", "ever") in puzzle:
        same(puzzle, [("admissions", newest, "numerator")], [("census", 1)])
        if admitted == [newest]:
            same(puzzle, [("admitted", ALL)], [("census", 1)])
        if discharged == [newest] and ("discharged", ALL) in puzzle:
            puzzle.part(("census", 2), ("discharged", ALL))
        if ("completion_rate", newest, "denominator") in puzzle:
            puzzle.part(("census", 2), ("completion_rate", newest, "denominator"))
        every = puzzle.unknown(("admissions of these quarters",))
        puzzle.total(every, [("admissions", quarter, "numerator") for quarter in quarters])
        puzzle.part(("census", "ever"), every)
        puzzle.part(("rows", "episodes", "rows_kept"), ("census", "ever"))
    left(puzzle, read, quarters)
    completed_of_year(puzzle, read, quarters)
    rules(puzzle, read, quarters)
    seen(puzzle, read, newest)
    months(puzzle, read)
    due(puzzle, read, window(read, "Treatment sessions", newest))
    kept = ("rows", "episodes", "rows_kept")
    together = puzzle.unknown(("admitted", "ever"))
    puzzle.total(together, [("admissions", quarter, "numerator") for quarter in quarters])
    puzzle.part(kept, together)
