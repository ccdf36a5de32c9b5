"""What the reader knows of the table of what came first, beside the curve of the same people.

Each person in it relapsed first, ended treatment first, was no longer followed, or is followed with
neither. The curve also counts relapses after the end of treatment, so that it less the table counts
these.
"""

from __future__ import annotations

from itertools import combinations, pairwise

import pandas as pd

from validation.attack_reading import Read
from validation.attack_solving import Name, Puzzle

NAME, RELAPSED = "relapse_first", "relapsed_first"
FEW_DAYS = 5  # of a table of every day: with nothing hidden some show what holds
MANY = 1000  # people from which on shares are in tenths of a percent
SMALLEST = 11
EXACT = 1e-7
Cells = dict[tuple[str, float, float], list[Name]]


def first(puzzle: Puzzle, read: Read, cells: Cells) -> None:
    """Take up the table of what came first; `cells` are what the curve of all counts."""
    if not read.has(NAME):
        return
    table = _by_day(read.tables[NAME])
    shares = [column for column in table if column.endswith("_first")]
    is_open = "at_risk" in table
    days = [0.0, *map(float, table["day"])]
    if is_open:
        known = {end for _, _, end in cells}
        shared = [day for day in days[1:] if day in known]
        days = [0.0, *shared[:: max(len(shared) // FEW_DAYS, 1)]]
    size = puzzle.unknown(("followed", "all"))
    for day in days:
        neither = puzzle.unknown(("neither", day), least=SMALLEST if day and not is_open else 0)
        if is_open and day:  # at risk is counted after the day
            puzzle.known(neither, float(table["at_risk"][table["day"] == day].iloc[0]))
        elif not is_open and not day:
            puzzle.row({neither: 1.0, size: -1.0}, 0)
    for start, end in pairwise(days):
        own = [puzzle.unknown((share, start, end)) for share in shares]
        own.append(puzzle.unknown(("no longer followed", start, end)))
        signs = {("neither", start): -1.0, ("neither", end): 1.0}
        puzzle.row({**signs, **dict.fromkeys(own, 1.0)}, 0)
        _beside(puzzle, cells, start, end)
    for end in days[1:]:
        ended = [
            (share, *one) for share in shares if share != RELAPSED for one in _until(days, end)
        ]
        rest = puzzle.unknown(("ended first, no relapse", end))
        after = [("relapsed after", *one) for one in _until(days, end)]
        signs = {**dict.fromkeys(ended, 1.0), **dict.fromkeys(after, -1.0), rest: -1.0}
        puzzle.row(signs, 0)
    _ask(puzzle, shares, days)
    if is_open:
        _counts(puzzle, table, shares, days)
    half = EXACT if is_open else 0.005 if puzzle.low[size] < MANY else 0.0005
    _heights(puzzle, table, shares, (days, half))


def _by_day(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with a row a day; it is printed with a column a day."""
    if "came_first" not in table:
        return table
    turned = table.set_index("came_first").T.rename(columns="{}_first".format)
    return turned.assign(day=[int(name.removeprefix("day_")) for name in turned.index])


def _until(days: list[float], end: float, start: float = 0.0) -> list[tuple[float, float]]:
    return [(one, other) for one, other in pairwise(days) if start <= one and other <= end]


def _beside(puzzle: Puzzle, cells: Cells, start: float, end: float) -> None:
    """Use that who relapsed first is in the curve, and who was lost here was lost there."""
    for kind, inner, rest in (
        ("events", (RELAPSED, start, end), ("relapsed after", start, end)),
        ("censored", ("no longer followed", start, end), ("ended, then lost", start, end)),
    ):
        puzzle.unknown(rest)
        whole = dict.fromkeys(cells[kind, start, end], 1.0)
        puzzle.row({**whole, inner: -1.0, rest: -1.0}, 0)


def _ask(puzzle: Puzzle, shares: list[str], days: list[float]) -> None:
    """Ask for every count of the table, and what the curve has beyond it, between any two days."""
    for name in (*shares, "no longer followed", "relapsed after", "ended, then lost"):
        for start, end in combinations(days, 2):
            some: list[Name] = [(name, *one) for one in _until(days, end, start)]
            puzzle.targets[("first", name, start, end)] = dict.fromkeys(some, 1.0)


def _counts(puzzle: Puzzle, table: pd.DataFrame, shares: list[str], days: list[float]) -> None:
    """Take up the counts of each day where nothing is hidden."""
    for share in shares:
        counts = table["relapse" if share == RELAPSED else share.removesuffix("_first")]
        for start, end in pairwise(days):
            between = (table["day"] > start) & (table["day"] <= end)
            puzzle.known((share, start, end), float(counts[between].sum()))


def _heights(
    puzzle: Puzzle, table: pd.DataFrame, shares: list[str], told: tuple[list[float], float]
) -> None:
    """Take up what the printed shares tell of the counts between two days.

    A share rises by S / n for each who ends so, with S the share with neither and n those followed:
    by as much as on the first day at least, and as on the last at most, as n falls faster than S.
    """
    days, half = told
    printed = {float(row["day"]): row for row in table.to_dict("records")}
    printed[0.0] = dict.fromkeys(shares, 0.0)
    for start, end in combinations(days, 2):
        edge = {start: half if start else 0.0, end: half}
        neither = {day: 1 - sum(float(printed[day][share]) for share in shares) for day in edge}
        off = {day: edge[day] * len(shares) for day in edge}
        everyone: list[Name] = []
        for share in shares:
            some: list[Name] = [(share, *one) for one in _until(days, end, start)]
            everyone += some
            risen = float(printed[end][share]) - float(printed[start][share])
            least, most = risen - half - edge[start], risen + half + edge[start]
            before = max(neither[start] - off[start], 0.0)
            after = neither[end] + off[end]
            puzzle.row(
                {("neither", start): most, **dict.fromkeys(some, -before)}, -1e-6, float("inf")
            )
            puzzle.row(
                {("neither", end): -least, **dict.fromkeys(some, after)}, -1e-6, float("inf")
            )
        lost = [("no longer followed", *one) for one in _until(days, end, start)]
        top = max(neither[end] - off[end], 0.0) / (neither[start] + off[start])
        bottom = (neither[end] + off[end]) / max(neither[start] - off[start], 1e-9)
        puzzle.row(
            {("neither", start): 1 - top, **dict.fromkeys(everyone, -1.0)}, -1e-6, float("inf")
        )
        puzzle.row(
            {("neither", end): 1.0, ("neither", start): -bottom, **dict.fromkeys(lost, bottom)},
            -float("inf"),
            1e-6,
        )
