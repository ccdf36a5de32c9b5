"""Attack the saved reports of one program, quarter after quarter, all read together.

    python -m validation.attack_series FOLDER

reads ``FOLDER/<series>/<quarter>.html`` and ``.xlsx`` and prints one row a series. The puzzles of
the reports become one: what a reader knows to be the same number is one number, and a table of
several quarters is the sum of its quarters, which other reports count too. Only what is final is
tied: figures of people who are still followed may be others in the next report. The curves of
relapse are asked by themselves (`attack_curve_pairs`).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from validation.attack_curve_pairs import solve_pairs
from validation.attack_reading import Read, read_report
from validation.attack_relations import build
from validation.attack_series_later import tie_later
from validation.attack_series_reading import One
from validation.attack_series_solving import solve_together
from validation.attack_series_tables import tie_tables
from validation.attack_solving import Name, Puzzle, Solved, Weights

COLUMNS = ("second_told", "second_unanswered", "second_contradicts")


def join(reports: list[One]) -> Puzzle:
    """Return the puzzle that some reports of the same programs set together.

    Raises
    ------
    ValueError
        Two reports say that the same number is one and another.
    """
    puzzle = Puzzle()
    seen: set[object] = set()
    for one in reports:
        take_up(puzzle, one, seen)
    if len({one.programs for one in reports}) == 1:
        tie_tables(puzzle, reports)
        tie_later(puzzle, reports)
    return puzzle


def take_up(puzzle: Puzzle, one: One, seen: set[object], *, is_later: bool | None = None) -> None:
    """Add the numbers and rows of a report; a row that another report has, too, is not repeated.

    It is later if one was taken up before, unless `is_later` says it.
    """
    alone = build(replace(one.read, is_later=bool(seen) if is_later is None else is_later))
    new = {name: one.named(name) for name in alone.low}
    for name, other in new.items():
        puzzle.low[other] = max(alone.low[name], puzzle.low.get(other, alone.low[name]))
        puzzle.high[other] = min(alone.high[name], puzzle.high.get(other, alone.high[name]))
        if puzzle.low[other] > puzzle.high[other]:
            raise ValueError(f"{other} is one number in {one.quarter} and another before")
    for weights, low, high in alone.rows:
        row = _renamed(weights, new)
        key = frozenset(row.items()), low, high
        if key not in seen:
            puzzle.rows.append((row, low, high))
        seen.add(key)
    for name, weights in alone.targets.items():
        puzzle.targets[one.quarter, name] = _renamed(weights, new)


def _renamed(weights: Weights, new: Mapping[Name, Name]) -> Weights:
    return {new[name]: weight for name, weight in weights.items()}


def told_together(reads: list[Read]) -> dict[str, int | None]:
    """Return how many counts from 1 to 10 the reports tell together, as columns of a row.

    None where that could not be asked, since what the second attacker takes for known fits no
    numbers, or the solver did not say whether any fit.
    """
    try:
        reports = [One.of(read) for read in reads]
        found = [solve_together(join(reports)), *solve_pairs(reports).values()]
    except ValueError:
        return dict(zip(COLUMNS, (None, None, 1), strict=True))
    told, unanswered = (sum(map(len, some)) for some in _lists(found))
    return dict(zip(COLUMNS, (told, unanswered, 0), strict=True))


def _lists(found: list[Solved]) -> tuple[list[list[Name]], list[list[Name]]]:
    return [one.small for one in found], [one.unanswered for one in found]


def read_series(folder: Path) -> list[Read]:
    """Read the reports that are saved in a folder, each as HTML and XLSX, in their order."""
    return [read_report(page, page.with_suffix(".xlsx")) for page in sorted(folder.glob("*.html"))]


def main() -> None:
    """Print one row a series of a folder."""
    print(",".join(("series", "reports", *COLUMNS)))
    for folder in sorted(one for one in Path(sys.argv[1]).iterdir() if one.is_dir()):
        reads = read_series(folder)
        told = told_together(reads)
        cells = (folder.name, len(reads), *told.values())
        print(",".join("" if cell is None else str(cell) for cell in cells), flush=True)


if __name__ == "__main__":
    main()
