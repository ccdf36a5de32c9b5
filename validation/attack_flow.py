"""What the reader of a report knows of how far people came, and of who is not counted in it."""

from __future__ import annotations

import math
import re

import pandas as pd

from validation.attack_periods import same
from validation.attack_reading import Read, cell, missing, rows
from validation.attack_solving import Name, Puzzle

DAYS = (30, 60, 90)
ADMITTED = ("flow", "admitted")
AFTER_90_DAYS = (ADMITTED, ("flow", "retained 90"))
"""What is counted of all of a quarter of whom it is known whether they stayed 90 days."""
SHORTER = ("retained_30", "retained_60")
EVERYBODY = ("considered", "all admissions")
CAPTION = r"How far people came: admissions from ([\d-]+) to ([\d-]+),"
CAPTION_OF_ALL = r"Who is counted in how far people came, and who is not: (.*)"
FROM_TO = r"admissions from ([\d-]+) to ([\d-]+)"


def flow(puzzle: Puzzle, read: Read) -> None:
    """Take up how far people came: each stage is part of those admitted."""
    found = rows(read, "cohort_flow")
    if not found:
        return
    names = []
    for row in found:
        stage = str(row["stage"])
        day = re.search(r"after (\d+) days", stage)
        name = ("flow", f"retained {day[1]}" if day else stage.split()[0])
        names.append(name)
        cell(puzzle, name, row["reached"])
        share = row["share"]
        if isinstance(share, str):
            bound = re.fullmatch(r"(over|under) (\d+)%", share)
            if bound:
                edge = float(bound[2]) / 100
                if bound[1] == "over":
                    puzzle.row({name: 1.0, names[0]: -edge}, 1e-6, math.inf)
                else:
                    puzzle.row({name: 1.0, names[0]: -edge}, -math.inf, -1e-6)
        else:
            puzzle.share(name, names[0], float(share), 3)  # type: ignore[arg-type]
    for name, row in zip(names[1:], found[1:], strict=True):
        puzzle.part(names[0], name)
        if name[1] in ("first", "fourth"):  # not known of some, who are not among those who did
            not_known = puzzle.unknown((*name, "not known"))  # which may be 0 where it is hidden
            if not missing(value := row.get("not_known")):
                puzzle.known(not_known, float(value))  # type: ignore[arg-type]
            puzzle.part(("rest", names[0], name), not_known)
    for whole, part in (("first", "fourth"), ("retained 30", "retained 60")):
        puzzle.part(("flow", whole), ("flow", part))
    puzzle.part(("flow", "retained 60"), ("flow", "retained 90"))
    _not_counted(puzzle, read)


def _name(row: dict[str, object]) -> Name:
    who = str(row["who"])
    return ADMITTED if who.startswith("counted") else ("considered", who)


def _not_counted(puzzle: Puzzle, read: Read) -> None:
    """Take up who is not counted: with those counted they are all admissions of the time."""
    found = rows(read, "flow_exclusions")
    for row in found:
        name = _name(row)
        cell(puzzle, name, row["admissions"])  # type: ignore[arg-type]
        if not isinstance(row["share"], str):
            puzzle.share(name, EVERYBODY, float(row["share"]), 3)  # type: ignore[arg-type]
    names = [_name(row) for row in found]
    puzzle.total(EVERYBODY, [name for name in names if name != EVERYBODY])
    if _told(read, CAPTION_OF_ALL) == "all admissions":
        same(puzzle, [EVERYBODY], [("admitted", "all")])


def _told(read: Read, pattern: str) -> str:
    found = (re.match(pattern, caption) for caption in read.captions)
    return next((one[1] for one in found if one), "")


def flow_by_quarter(puzzle: Puzzle, read: Read, quarters: list[str]) -> None:
    """Use that those of the flow, and those admitted too late, are admissions of the quarters."""
    dates = re.search(CAPTION, read.words)
    if dates is None:
        return
    first, last = (pd.Timestamp(one) for one in dates.groups())
    days = {"admitted": ("retained_90", "denominator")}
    days |= {f"retained {day}": (f"retained_{day}", "numerator") for day in DAYS}
    for name, (measure, count) in days.items():
        _of_quarters(puzzle, ("flow", name), (measure, count), quarters, (first, last))
    told = re.match(FROM_TO, _told(read, CAPTION_OF_ALL))
    late = next((name for name in puzzle.low if "admitted too late" in str(name)), None)
    if told is None or late is None:
        return
    end, admissions = pd.Timestamp(told[2]), ("admissions", "numerator")
    _of_quarters(puzzle, late, admissions, quarters, (last + pd.Timedelta(days=1), end))
    time = puzzle.unknown(("admitted in the time of the flow",))
    puzzle.total(EVERYBODY, [time, late])
    _of_quarters(puzzle, time, admissions, quarters, (first, last))


def _of_quarters(
    puzzle: Puzzle,
    whole: Name,
    counted: tuple[str, str],
    quarters: list[str],
    days: tuple[pd.Timestamp, pd.Timestamp],
) -> None:
    """Say that a count of some days of admission is that of the quarters, or of a part of one.

    Of people who stayed 30 or 60 days the count of a quarter holds those, too, of whom it is not
    known whether they stayed 90 days: of its admissions these are in no flow.
    """
    measure, count = counted
    if whole not in puzzle:
        return
    (first, last), parts, covered = days, list[Name](), 0
    for quarter in quarters:
        start, end = pd.Period(quarter).start_time, pd.Period(quarter).end_time.normalize()
        if end < first or start > last:
            continue
        name = puzzle.unknown((measure, quarter, count))
        covered += (min(end, last) - max(start, first)).days + 1
        inside = first <= start and end <= last
        if inside and (measure == "admissions" or whole in AFTER_90_DAYS):
            parts.append(name)
        else:
            parts.append(puzzle.unknown(("in", whole, name)))
            puzzle.part(name, parts[-1])
        if inside and measure in SHORTER:
            came, known = (
                ("admissions", quarter, "numerator"),
                ("retained_90", quarter, "denominator"),
            )
            puzzle.row({came: 1.0, known: -1.0, ("rest", name, parts[-1]): -1.0}, 0, math.inf)
    if not parts:
        return
    together = puzzle.unknown(("of quarters", whole))
    puzzle.total(together, parts)
    if covered == (last - first).days + 1:
        puzzle.total(whole, [together])
    else:
        puzzle.part(whole, together)
