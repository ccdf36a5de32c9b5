"""What the reader knows of the curves: events and ends of follow-up by program and days."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations, pairwise

import pandas as pd

from validation.attack_reading import Read
from validation.attack_solving import Name, Puzzle

KINDS = ("events", "censored")
REST = "all other programs"
SMALLER = (  # the relapses under the first are among those under the second, by every day
    ("ends follow-up", "counts as no use"),
    ("ends follow-up", "takes the last value"),
    ("ends follow-up", "counts as use"),
    ("counts as no use", "takes the last value"),
    ("counts as no use", "counts as use"),
    ("takes the last value", "counts as use"),
)


def curves(puzzle: Puzzle, read: Read) -> None:
    """Take up the curves of all, of the programs, and under each rule for missing check-ins."""
    if read.has("relapse") or read.has("relapse_by_program"):
        _by_program(puzzle, read)
    if read.has("relapse_by_missing"):
        _by_rule(puzzle, read)
    _people(puzzle, read)


def _published(read: Read, name: str, by: str | None) -> dict[str, pd.DataFrame]:
    if not read.has(name):
        return {}
    table = read.tables[name]
    if by is None:
        return {"all": table}
    return {str(group): part for group, part in table.groupby(by, sort=False)}


def _by_program(puzzle: Puzzle, read: Read) -> None:
    whole = _published(read, "relapse", None)
    programs = _published(read, "relapse_by_program", "program")
    size = {name: int(rows["at_risk"].iloc[0]) for name, rows in (whole | programs).items()}
    groups = list(programs)
    if not programs or ("all" in whole and size["all"] > sum(size[name] for name in programs)):
        groups.append(REST)
    days = sorted({float(day) for rows in (whole | programs).values() for day in rows["day"]})
    for kind in KINDS:
        for group in groups:
            for start, end in pairwise(days):
                puzzle.unknown((kind, group, start, end))
        for name, rows in (whole | programs).items():
            some = groups if name == "all" else [name]
            for start, end, count in zip(
                rows["day"], rows["day"][1:], rows[kind][1:], strict=False
            ):
                inside = _stretches(days, float(start), float(end))
                cells = [(kind, group, *one) for group in some for one in inside]
                puzzle.row(dict.fromkeys(cells, 1.0), float(count))
        _ask(puzzle, kind, groups, days)
    for name, count in size.items():
        puzzle.known(("followed", name), count)
    if "all" in whole and programs:
        puzzle.unknown(("followed", REST))
        puzzle.total(("followed", "all"), [("followed", name) for name in (*programs, REST)])
    for name in programs:  # nobody ends more than once
        cells = [(kind, name, *one) for kind in KINDS for one in pairwise(days)]
        puzzle.row({**dict.fromkeys(cells, 1.0), ("followed", name): -1.0}, -float("inf"), 0)


def _stretches(days: list[float], start: float, end: float) -> list[tuple[float, float]]:
    return [(one, other) for one, other in pairwise(days) if start <= one and other <= end]


def _ask(puzzle: Puzzle, kind: str, groups: list[str], days: list[float]) -> None:
    """Ask for every set of programs how many ended between any two days."""
    for number in range(1, len(groups) + 1):
        for some in combinations(groups, number):
            for start, end in combinations(days, 2):
                cells: list[Name] = [
                    (kind, group, *one) for group in some for one in _stretches(days, start, end)
                ]
                puzzle.targets[(kind, some, start, end)] = dict.fromkeys(cells, 1.0)


def _by_rule(puzzle: Puzzle, read: Read) -> None:
    """Use that whoever has relapsed under one rule has by then under one that sees more use."""
    found = _published(read, "relapse_by_missing", "a missing check-in")
    through: dict[str, dict[str, dict[float, int]]] = defaultdict(dict)
    for name, rows in found.items():
        for kind in KINDS:
            counts = rows[kind].astype(float).cumsum()
            through[kind][name] = dict(zip(rows["day"].astype(float), counts, strict=True))
    for kind in KINDS:
        for inner, outer in combinations(found, 2):
            for one, other in ((inner, outer), (outer, inner)):
                if not _inside(kind, one, other):
                    continue
                for day, few in through[kind][one].items():
                    for later, many in through[kind][other].items():
                        if later >= day and day > 0:
                            name = (kind, one, other, day, later)
                            puzzle.known(name, many - few)
                            puzzle.targets[name] = {name: 1.0}


def _inside(kind: str, one: str, other: str) -> bool:
    pairs = [pair for pair in SMALLER if pair[0] in one and pair[1] in other]
    if kind == "events":
        return bool(pairs)
    # Followed to the end without relapse: the other way round, but for whoever missed a check-in.
    turned = [pair for pair in SMALLER if pair[0] in other and pair[1] in one]
    return any("ends" not in pair[0] or "counts as use" in pair[1] for pair in turned)


def _people(puzzle: Puzzle, read: Read) -> None:
    """Use that those in the curves are among those admitted in two years."""
    tables = [name for name in ("relapse", "relapse_by_missing") if read.has(name)]
    if tables:
        puzzle.known(("followed", "all"), int(read.tables[tables[0]]["at_risk"].iloc[0]))
    quarters = [
        ("admissions", str(period), "numerator")
        for period in (
            read.tables["trend_admissions"]["period"] if read.has("trend_admissions") else []
        )
    ]
    if quarters and ("followed", "all") in puzzle:
        whole = puzzle.unknown(("admitted", "two years"))
        puzzle.total(whole, quarters[-8:])  # type: ignore[arg-type]
        puzzle.part(whole, ("followed", "all"))
