"""Attack how the episodes of a year's admissions ended, beside the other tables of a series.

    python -m validation.attack_ends FOLDER

reads ``FOLDER/<series>/<quarter>.html`` and ``.xlsx`` and prints one row a series. Each person of
the year ended by one kind between two printed days, or had not after the last; who is still there
after 30, 60 or 90 days is counted by the trends of retention of the quarters of the year, and those
who had not ended within as many days are they. The same year in two reports must be the same. All
who completed, less those of the programs who were admitted since, are those of the year: who did so
after the last day is the rest.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pandas as pd

from validation.attack_reading import Read
from validation.attack_series import read_series
from validation.attack_solving import Puzzle, Solved, solve

NAME, KIND = "ends_over_time", "end"
TITLE = re.compile(r"after how long: ([\d,]+) admissions, admitted in (\d{4})")
DAYS = (30, 60, 90)
MANY = 1000  # people from which on shares are in tenths of a percent
COMPLETED = "completed"
NO_KIND = "by no kind that is shown"


def ends(puzzle: Puzzle, table: pd.DataFrame, year: str, size: int) -> None:
    """Take up what a table says of the people of a year."""
    everybody = puzzle.known((year, "all"), size)
    for kind, rows in table.groupby(KIND):
        before = None
        for day, share in rows.sort_values("day")[["day", "incidence"]].itertuples(index=False):
            ended = puzzle.unknown((year, kind, int(day)))
            puzzle.share(ended, everybody, float(share), 2 if size < MANY else 3)
            puzzle.part(everybody, ended)
            if before is not None:
                puzzle.part(ended, before)
            before = ended
    shown = {int(day) for day in table["day"]}
    kinds = sorted(set(table[KIND]))
    for day in shown:
        there = puzzle.unknown((year, "not ended", day))
        some = [(year, kind, day) for kind in kinds]
        if all(one in puzzle for one in some):
            puzzle.total(everybody, [*some, there])
        else:  # the kinds that are not shown on the day are the rest
            here = [one for one in some if one in puzzle]
            others = puzzle.unknown((year, NO_KIND, day))
            puzzle.total(everybody, [*here, others, there])


def flow(puzzle: Puzzle, read: Read, year: str) -> None:
    """Take up who of the year was still there after some days, by quarter of admission.

    Where the quarters hold all people of the year, who had not ended is who was there: of each
    quarter as many as are printed, or some.
    """
    for day in DAYS:
        table, there = read.tables.get(f"trend_retained_{day}"), (year, "not ended", day)
        if table is None or "numerator" not in table:
            continue
        own = table[table["period"].astype(str).str.fullmatch(rf"{year}Q\d")]
        counts = own[["numerator", "denominator"]].apply(pd.to_numeric, errors="coerce")
        people = counts["denominator"]
        if len(own) != 4 or people.isna().any() or people.sum() != puzzle.low[year, "all"]:
            continue
        if there not in puzzle:
            puzzle.part((year, "all"), puzzle.unknown(there))
        quarters = []
        for period, number in zip(own["period"].astype(str), counts["numerator"], strict=True):
            name = (period, "still there", day)
            if pd.notna(number):
                puzzle.known(name, int(number))
            elif name not in puzzle:
                puzzle.unknown(name)
            quarters.append(name)
        puzzle.total(there, quarters)


def completed(puzzle: Puzzle, read: Read, year: str) -> None:
    """Take up who completed of those admitted in the year: all who did, less those admitted since.

    So it is where the trends begin with the year, all that follow it is the year of the programs,
    and each of these has its numbers.
    """
    every, since = (_numerators(read, one) for one in ("trend_completion_rate", "sites_completed"))
    came, programs = read.tables.get("trend_admissions"), read.tables.get("programs")
    if every is None or since is None or came is None or programs is None:
        return
    quarters = came["period"].astype(str).tolist()
    of_year = [f"{year}Q{number}" for number in (1, 2, 3, 4)]
    named = {*programs["program"].astype(str)} - {"all"}
    if quarters[:-4] != of_year or named - {*read.tables["sites_completed"]["program"].astype(str)}:
        return
    ends = [name for name in puzzle.low if isinstance(name, tuple) and len(name) == 3]
    days = [int(name[2]) for name in ends if name[:2] == (year, COMPLETED)]
    if not days or (whole := (year, "completed by", quarters[-1])) in puzzle:
        return
    puzzle.known(whole, every - since)
    puzzle.part(whole, (year, COMPLETED, max(days)))


def _numerators(read: Read, name: str) -> int | None:
    """Return the sum of the numerators of a table; None if there is none, or one is hidden."""
    table = read.tables.get(name)
    if table is None or "numerator" not in table:
        return None
    counts = pd.to_numeric(table["numerator"], errors="coerce")
    return None if counts.isna().any() else int(counts.sum())


def between(puzzle: Puzzle, year: str) -> None:
    """Take up who ended between two days on which it is asked who had not, shown or not."""
    names = [name for name in puzzle.low if isinstance(name, tuple)]
    days = sorted({int(name[2]) for name in names if name[:2] == (year, "not ended")})
    for first, last in pairwise(days):
        left = puzzle.unknown((year, "ended between", first, last))
        puzzle.total((year, "not ended", first), [(year, "not ended", last), left])


def told(reads: Sequence[Read]) -> Solved:
    """Return what a reader of some reports can tell of how the episodes of each year ended."""
    puzzle = Puzzle()
    for read in reads:
        title = title_of(read)
        if title is not None and (title[2], "all") not in puzzle:
            ends(puzzle, read.tables[NAME], title[2], int(title[1].replace(",", "")))
    years = {str(name[0]) for name in puzzle.low if isinstance(name, tuple)}
    for read, year in ((read, year) for read in reads for year in sorted(years)):
        flow(puzzle, read, year)
        completed(puzzle, read, year)
    for year in sorted(years):
        between(puzzle, year)
    return solve(puzzle) if puzzle.low else Solved(0)


def title_of(read: Read) -> re.Match[str] | None:
    """Return the title of the table, with how many were admitted in which year; None without it."""
    return next(filter(None, map(TITLE.search, read.captions)), None) if read.has(NAME) else None


def contradict(reads: Sequence[Read]) -> bool:
    """Say whether two reports of the same year say something else."""
    of_year: dict[str, tuple[str, pd.DataFrame]] = {}
    for read in reads:
        title = title_of(read)
        if title is not None:
            table = read.tables[NAME].reset_index(drop=True)
            words, first = of_year.setdefault(title[2], (title[0], table))
            if words != title[0] or not first.equals(table):
                return True
    return False


def main() -> None:
    """Print one row a series of a folder."""
    print("series,reports_with_ends,contradict,ends_told")
    for folder in sorted(one for one in Path(sys.argv[1]).iterdir() if one.is_dir()):
        reads = read_series(folder)
        number = sum(title_of(read) is not None for read in reads)
        unlike = contradict(reads)
        few = "" if unlike else len({*(solved := told(reads)).pinned, *solved.small})
        print(f"{folder.name},{number},{unlike},{few}", flush=True)


if __name__ == "__main__":
    main()
