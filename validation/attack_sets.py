"""Attack the reports of one run, of all programs and of each, all read together.

    python -m validation.attack_sets FOLDER

reads ``FOLDER/<set>/*.html`` and ``.xlsx``, as ``--all-programs`` writes them, and prints one row a
set. The puzzles of the reports become one. Episodes and sessions of all programs are the sum of
those of each; people of all are at most that sum, and at least those of one program; what was read
is the same in each report. Of programs without a report there is a rest.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from pathlib import Path

import pandas as pd

from validation.attack_reading import HIDDEN, Read, cell, missing, rows
from validation.attack_series import read_series, take_up
from validation.attack_series_solving import solve_together
from validation.attack_sets_tables import OVERLAP, tie_people, tie_tables
from validation.attack_solving import Name, Puzzle

WHOLE, OTHERS = "", "programs without a report"
ALL, EXPORT = "all", "export"
OF_EXPORT = ("file", "rows", "check")
NOT_ALONE = ("relapse",)
"""Begins the names of tables that only the report of all has: curves, which are asked alone."""
TABLES = {
    "flow": "cohort_flow",
    "considered": "flow_exclusions",
    "week": "attendance_by_week",
    "program": "programs",
    "symptoms": "symptoms",
    "functioning": "functioning",
    "continuity": "continuity",
    "stays": "ends_over_time",
    "census": "census",
    "left": "census",
}
"""The tables of which a count of all programs is the sum of those of each, if of the same days."""

HEAD = r"Programs (.+?) Time \d{4}Q\d \("
TOO_FEW = re.compile(r"(?:^|, )[^,]* \(too few to publish\)")
"""A program that is in no number but those of what was read."""
MONTHS = 3  # of a quarter
COLUMNS = ("told", "told_overlap", "unanswered", "contradicts")


@dataclass(frozen=True, eq=False)
class OfProgram:
    """One report of a set: that of a program, or of all."""

    read: Read
    program: str

    @property
    def quarter(self) -> str:
        """How it is named among the others."""
        return self.program

    @cached_property
    def captions(self) -> dict[str, str]:
        """The caption of each of its tables."""
        return dict(zip(self.read.tables, self.read.captions, strict=False))

    def named(self, name: Name) -> Name:
        """Return the name that a number of this report has among those of all reports."""
        return (EXPORT, name) if _of_export(name) else (self.program, name)


def _of_export(name: Name) -> bool:
    """Say whether a number is of what was read, which is the same in each report."""
    if not isinstance(name, tuple):
        return False
    return name[0] in OF_EXPORT or (name[0] == "rest" and all(map(_of_export, name[1:])))


def members(reads: Sequence[Read]) -> tuple[list[OfProgram], list[str]]:
    """Return the reports, that of all programs last, and the programs that this one names."""
    named = {_programs(read): read for read in reads}
    whole = max(named, key=lambda one: one.count(", "))
    of_all = re.sub(r" \([^()]*\)", "", TOO_FEW.sub("", whole)).removeprefix(", ").split(", ")
    each = [OfProgram(read, name) for name, read in sorted(named.items()) if name != whole]
    return [*each, OfProgram(named[whole], WHOLE)], of_all


def _programs(read: Read) -> str:
    told = re.search(HEAD, read.words)
    if told is None:
        raise ValueError("the report is not of a quarter")
    return told[1]


def join(reads: Sequence[Read]) -> Puzzle:
    """Return the puzzle that the reports of one run set together.

    Raises
    ------
    ValueError
        Two reports say that the same number is one and another.
    """
    some, of_all = members(reads)
    puzzle, seen = Puzzle(), set[object]()
    for one in some:
        tables = {
            name: table for name, table in one.read.tables.items() if not name.startswith(NOT_ALONE)
        }
        asked = replace(one, read=replace(one.read, tables=tables))
        take_up(puzzle, asked, seen, is_later=False)  # none is made beside an earlier one
        _more_tables(puzzle, one)
    *each, whole = some
    parts = [one.program for one in each]
    if set(parts) != set(of_all):
        parts.append(OTHERS)
    _tie_counts(puzzle, each, whole, parts)
    _tie_months(puzzle, parts)
    _tie_programs(puzzle, each, whole)
    tie_tables(puzzle, some, parts)
    tie_people(puzzle, some, parts)
    return puzzle


def _more_tables(puzzle: Puzzle, one: OfProgram) -> None:
    """Take up the tables that are not in the puzzle of one report: rules met, scores, stays."""
    for row in rows(one.read, "continuity"):
        met, of = (one.named(("continuity", row["rule"], name)) for name in ("met", "of"))
        for name, value in ((met, row["met"]), (of, row["of"])):
            cell(puzzle, name, value, least=0)  # a row is hidden as a whole, with its zero
        puzzle.part(of, met)
        if met in puzzle and isinstance(row["share"], int | float) and not missing(row["share"]):
            puzzle.share(met, of, float(row["share"]), 3)
    for row in rows(one.read, "functioning"):
        cell(puzzle, one.named(("functioning", row["domain"], "paired")), row["paired"], least=0)
    told = re.search(r"after how long: ([\d,]+) admissions", " ".join(one.read.captions))
    if told:
        puzzle.known(one.named(("stays",)), float(told[1].replace(",", "")))


def _tie_counts(
    puzzle: Puzzle, each: Sequence[OfProgram], whole: OfProgram, parts: Sequence[str]
) -> None:
    """Say that a count of all programs is the sum of those of each, and ask of several of them."""
    for name in _own_names(puzzle, whole):
        table = TABLES.get(str(name[0]))
        if table is None and f"trend_{name[0]}" not in whole.read.tables:
            continue
        if name[0] == "program" and name[1] != ALL:
            continue
        of_each: list[Name] = []
        for one in each:
            alike = table is None or one.captions.get(table) == whole.captions.get(table)
            of_each.append(puzzle.unknown((one.program, name if alike else ("other days", name))))
        if OTHERS in parts:
            of_each.append(puzzle.unknown((OTHERS, name)))
        puzzle.total((WHOLE, name), of_each)
        ask_of_several(puzzle, of_each)


def _tie_months(puzzle: Puzzle, parts: Sequence[str]) -> None:
    """Say that the months of a program are its quarter, also where its own report has no months."""
    quarters: dict[Name, list[Name]] = {}
    for name in puzzle.low:
        if isinstance(name, tuple) and name[0] in parts and isinstance(name[1], tuple):
            measure, period, *count = (*name[1], "", "")[:3]
            if re.fullmatch(r"\d{4}-\d\d", str(period)):
                quarter = str(pd.Period(period, "M").asfreq("Q"))
                whole = (name[0], (measure, quarter, *count))
                quarters.setdefault(whole, []).append(name)
    for whole, months in quarters.items():
        if whole in puzzle and len(months) == MONTHS:
            puzzle.total(whole, months)


def _own_names(puzzle: Puzzle, one: OfProgram) -> list[tuple[object, ...]]:
    """Return the names of the numbers that a report has by itself."""
    names = [name for name in puzzle.low if isinstance(name, tuple) and name[0] == one.program]
    return [name[1] for name in names if isinstance(name[1], tuple)]


def ask_of_several(puzzle: Puzzle, of_each: Sequence[Name]) -> None:
    """Ask of each sum of the counts of two programs or more, but not of all."""
    for size in range(2, len(of_each)):
        for some in combinations(of_each, size):
            puzzle.targets["programs", some] = dict.fromkeys(some, 1.0)


def _tie_programs(puzzle: Puzzle, each: Sequence[OfProgram], whole: OfProgram) -> None:
    """Say that the row of a program is what its own report has; its curve is of its admissions."""
    for one in each:
        same_days = one.captions.get("programs") == whole.captions.get("programs")
        for name in _own_names(puzzle, whole) if same_days else ():
            if name[:2] == ("program", one.program):
                other = (one.program, ("program", ALL, *name[2:]))
                if other in puzzle:
                    puzzle.row({(WHOLE, name): 1.0, other: -1.0}, 0)
    for row in rows(whole.read, "relapse_by_program"):
        if row["day"] == 0 and row["at_risk"] != HIDDEN:
            name = str(row["program"])
            followed = puzzle.known((name, ("followed", ALL)), float(str(row["at_risk"])))
            quarters = [
                (name, ("admissions", str(one["period"]), "numerator"))
                for one in rows(whole.read, "trend_admissions")[-8:]
            ]
            if all(one in puzzle for one in quarters):
                two_years = puzzle.unknown((name, ("admitted", "two years")))
                puzzle.total(two_years, [*quarters])
                puzzle.part(two_years, followed)


def told_by_set(reads: Sequence[Read]) -> dict[str, int | None]:
    """Return how many counts from 1 to 10 the reports of a run tell together, as columns of a row.

    How many are counted in several programs is no number of a report, and is given by itself. None
    where nothing could be asked, since no numbers fit, or the solver did not say whether any do.
    """
    try:
        found = solve_together(join(reads))
    except ValueError:
        return dict(zip(COLUMNS, (None, None, None, 1), strict=True))
    small = list(_not_overlaps(found.small))
    counts = (len(small), len(found.small) - len(small), len(found.unanswered), 0)
    return dict(zip(COLUMNS, counts, strict=True))


def _not_overlaps(names: Sequence[Name]) -> Iterator[Name]:
    return (name for name in names if not (isinstance(name, tuple) and name[0] == OVERLAP))


def main() -> None:
    """Print one row a set of a folder."""
    print(",".join(("set", "reports", *COLUMNS)))
    for folder in sorted(one for one in Path(sys.argv[1]).iterdir() if one.is_dir()):
        reads = read_series(folder)
        told: Mapping[str, int | None] = told_by_set(reads)
        cells = (folder.name, len(reads), *told.values())
        print(",".join("" if cell is None else str(cell) for cell in cells), flush=True)


if __name__ == "__main__":
    main()
