"""What the reader knows of the curves: events and ends of follow-up by program and days."""

from __future__ import annotations

from itertools import combinations, pairwise, permutations

import pandas as pd

from validation.attack_first import first
from validation.attack_reading import Read
from validation.attack_solving import Name, Puzzle


def missing(value: object) -> bool:
    return value is None or bool(pd.isna(value))  # type: ignore[call-overload]


KINDS = ("events", "censored")
REST = "all other programs"
MANY = 1000  # people from which on shares are in tenths of a percent
SMALLEST = 11
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
        _ask(puzzle, kind, groups, days)
    for name, count in size.items():
        puzzle.known(("followed", name), count)
    if "all" in whole and programs:
        puzzle.unknown(("followed", REST))
        puzzle.total(("followed", "all"), [("followed", name) for name in (*programs, REST)])
    for name, rows in (whole | programs).items():
        some = groups if name == "all" else [name]
        cells = {
            (kind, start, end): [
                (kind, group, *one)
                for group in some
                for one in _stretches(days, float(start), float(end))
            ]
            for kind in KINDS
            for start, end in combinations(rows["day"], 2)
        }
        _heights(puzzle, name, rows, cells)
        if name == "all":
            first(puzzle, read, cells)


def _heights(
    puzzle: Puzzle, name: str, rows: pd.DataFrame, cells: dict[tuple[str, float, float], list[Name]]
) -> None:
    """Take up what the printed points of a curve and its numbers at risk tell.

    With n followed at a day, and d relapses and c ends of follow-up until a later one, the fraction
    by which the curve falls is (n - d) / n at most, with all ends after the relapses, and
    (n - d - c) / (n - c) at least. At least 11 relapses lie between two printed days.
    """
    if "events" in rows:  # nothing is hidden: the counts of each day are there
        for kind in KINDS:
            for start, end, count in zip(
                rows["day"], rows["day"][1:], rows[kind][1:], strict=False
            ):
                puzzle.row(dict.fromkeys(cells[kind, start, end], 1.0), float(count))
        return
    people = int(rows["at_risk"].iloc[0])
    half = 0.005 if people < MANY else 0.0005
    points = rows.to_dict("records")
    left: dict[float, Name] = {}
    for point in points:
        day, risk = float(point["day"]), point["at_risk"]
        left[day] = puzzle.unknown(("left", name, day), least=SMALLEST if day else people)
        puzzle.high[left[day]] = people
        if isinstance(risk, int | float) and not missing(risk) and day:
            base = _base([one["at_risk"] for one in points[1:]])
            puzzle.row({left[day]: 1.0}, *_about(int(risk), base))
    for before, after in combinations(points, 2):
        start, end = float(before["day"]), float(after["day"])
        events = cells["events", before["day"], after["day"]]
        ended = cells["censored", before["day"], after["day"]]
        puzzle.row({left[start]: -1.0, left[end]: 1.0, **dict.fromkeys([*events, *ended], 1.0)}, 0)
        puzzle.row(dict.fromkeys(events, 1.0), SMALLEST, float("inf"))
        now, then = float(before["survival"]), float(after["survival"])
        edge = half if start else 0.0
        least, most = max(then - half, 0) / (now + edge), (then + half) / max(now - edge, 1e-9)
        puzzle.row({left[start]: 1 - least, **dict.fromkeys(events, -1.0)}, -1e-6, float("inf"))
        puzzle.row(
            {left[end]: 1.0, left[start]: -most, **dict.fromkeys(ended, most)}, -float("inf"), 1e-6
        )


def _base(printed: list[object]) -> int:
    """Return the coarsest of the bases 5, 10 and 20 of which all printed numbers are multiples.

    A reader who is told "to the nearest 5, 10 or 20" knows no more than that it is not coarser.
    The least number stands for a smaller multiple, too.
    """
    numbers = [int(one) for one in printed if isinstance(one, int | float) and not missing(one)]
    numbers = [one for one in numbers if one != SMALLEST]
    return next((base for base in (20, 10, 5) if all(one % base == 0 for one in numbers)), 1)


def _about(risk: int, base: int) -> tuple[float, float]:
    """Return the bounds of a printed number at risk; 11 stands for 10 to the nearest 5 or 10."""
    if risk == SMALLEST and base > 1:
        return SMALLEST, 12 if base % 10 else 14
    low, high = risk - base / 2, risk + base / 2
    return low, high - 0.5 if base % 2 == 0 else high


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
    through: dict[str, dict[float, list[Name]]] = {}
    for name, rows in found.items():
        days = [float(day) for day in rows["day"]]
        for kind in KINDS:
            for one in pairwise(days):
                puzzle.unknown((kind, name, *one))
        cells: dict[tuple[str, float, float], list[Name]] = {
            (kind, start, end): [(kind, name, *one) for one in _stretches(days, start, end)]
            for kind in KINDS
            for start, end in combinations(days, 2)
        }
        _heights(puzzle, name, rows, cells)
        through[name] = {day: cells["events", 0.0, day] for day in days if day}
    for one, other in permutations(found, 2):
        if not any(pair[0] in one and pair[1] in other for pair in SMALLER):
            continue
        for day, few in through[one].items():
            for later, many in through[other].items():
                if later >= day:
                    name = ("relapsed under", one, other, day, later)
                    rest = puzzle.unknown(name)
                    signs = {**dict.fromkeys(many, 1.0), **dict.fromkeys(few, -1.0), rest: -1.0}
                    puzzle.row(signs, 0)


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
