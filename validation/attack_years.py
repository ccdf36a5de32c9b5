"""What shares of those admitted in a year tell beside the flow and the trends, which are of others.

The table of programs prints no counts of its shares. As its note says, who was retained is of the
quarters of its year that were followed so long to their last day: both counts are sums of those of
the trends, and the flow is of the quarters of another year. Who completed is of those admitted in
the year and discharged with a reason, in the trend of those discharged in a quarter: the others of
these were admitted before the year, and were there when it began.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations, pairwise

import pandas as pd

from validation.attack_flow import CAPTION, DAYS
from validation.attack_periods import same
from validation.attack_reading import Read
from validation.attack_solving import Name, Puzzle, Weights
from validation.attack_there import DISCHARGED, THERE, day_before, last_days

ALL = "all"
YEAR = 4  # quarters
LONG_AGO = "retained of those admitted long enough ago"
"""What the note said before shares were of whole quarters: some of a quarter were among them."""
CUT = r"Data cut (\d{4}-\d\d-\d\d)"
COUNTS = {"x": "numerator", "n": "denominator"}
COMPLETED = ("program", ALL, "completed")
OF_YEAR, BEFORE, AFTER = (
    "discharged in the year of those admitted in it",
    "discharged in the year of those admitted before it",
    "discharged after the year of those admitted in it",
)
LEFT_OF, STILL_OF = "left in the year of those", "there at its end of those"
SINCE, EARLIER = "admitted in the year", "admitted before the year"


def shares_of_year(puzzle: Puzzle, read: Read, quarters: Sequence[str]) -> None:
    """Say which quarters the counts of the shares are of, and ask of quarters in a row."""
    year, cut = _of_year(quarters), _cut(read)
    if not year or cut is None:
        return
    for day in DAYS:
        whole = ("program", ALL, f"retained_{day}")
        if (*whole, "x") not in puzzle:
            continue
        some = _followed(year, cut - pd.Timedelta(days=day), in_part=LONG_AGO in read.words)
        for count, name in COUNTS.items():
            parts = [puzzle.unknown((f"retained_{day}", one, name)) for one in some]
            puzzle.total((*whole, count), parts)
        _parts(puzzle, f"retained_{day}", some)
    if (*COMPLETED, "x") in puzzle:
        _parts(puzzle, "completion_rate", year)
    _ask_of_stays(puzzle, sorted({*_of_flow(read, quarters), *year}))


def _of_year(quarters: Sequence[str]) -> list[str]:
    """Return the quarters of the year of the table of programs; []: these are other times."""
    year = list(quarters[-YEAR:])
    return year if all(re.fullmatch(r"\d{4}Q\d", one) for one in year) else []


def _cut(read: Read) -> pd.Timestamp | None:
    """Return the day up to which the records go; None if it is not said."""
    told = re.search(CUT, read.words)
    return pd.Timestamp(told[1]) if told else None


def _followed(year: Sequence[str], until: pd.Timestamp, *, in_part: bool) -> list[str]:
    """Return the quarters of which all were admitted up to a day, or some, if these count."""
    periods = {one: pd.Period(one) for one in year}
    edges = {
        one: period.start_time if in_part else period.end_time.normalize()
        for one, period in periods.items()
    }
    return [one for one, edge in edges.items() if edge <= until]


def _parts(puzzle: Puzzle, measure: str, quarters: Sequence[str]) -> None:
    """Say of some quarters that those who count are of those they are counted out of."""
    for one in quarters:
        of, some = (puzzle.unknown((measure, one, name)) for name in ("denominator", "numerator"))
        if ("rest", of, some) not in puzzle:
            puzzle.part(of, some)


def _of_flow(read: Read, quarters: Sequence[str]) -> list[str]:
    """Return the quarters that lie in the time of how far people came."""
    told = re.search(CAPTION, read.words)
    if told is None:
        return []
    first, last = (pd.Timestamp(one) for one in told.groups())
    return [
        one
        for one in quarters
        if first <= pd.Period(one).start_time and pd.Period(one).end_time.normalize() <= last
    ]


def _ask_of_stays(puzzle: Puzzle, quarters: Sequence[str]) -> None:
    """Ask who stayed, did not, or left between two days, of two to four quarters in a row.

    Of one quarter each of these is a number itself.
    """
    for first, last in combinations(range(len(quarters) + 1), 2):
        some = quarters[first:last]
        if not 2 <= len(some) <= YEAR:
            continue
        for day in DAYS:
            stayed: list[Name] = [(f"retained_{day}", one, "numerator") for one in some]
            known: list[Name] = [(f"retained_{day}", one, "denominator") for one in some]
            _ask(puzzle, ("stayed", day, *some), stayed, [])
            _ask(puzzle, ("did not stay", day, *some), known, stayed)
        for day, later in pairwise(DAYS):
            both = ([(f"retained_{n}", one, "numerator") for one in some] for n in (day, later))
            _ask(puzzle, ("left between", day, later, *some), *both)


def _ask(puzzle: Puzzle, name: Name, more: Sequence[Name], less: Sequence[Name]) -> None:
    """Ask a sum less another one, if all numbers are there."""
    if all(one in puzzle for one in (*more, *less)):
        weights: Weights = {**dict.fromkeys(more, 1.0), **dict.fromkeys(less, -1.0)}
        puzzle.targets[name] = weights


def completed_of_year(puzzle: Puzzle, read: Read, quarters: Sequence[str]) -> None:
    """Say of those discharged in the year that they were admitted in it, or were there before.

    Those of the share who are not of the year's discharges were discharged after it: nobody, if
    the records end with it.
    """
    year, cut = _of_year(quarters), _cut(read)
    if not year or cut is None or (*COMPLETED, "x") not in puzzle:
        return
    ends_later = cut > pd.Period(year[-1]).end_time.normalize()
    for count, name in COUNTS.items():
        for when in (OF_YEAR, BEFORE, *([AFTER] if ends_later else [])):
            puzzle.unknown((when, count))
        closed: list[Name] = [("completion_rate", one, name) for one in year]
        same(puzzle, closed, [(OF_YEAR, count), (BEFORE, count)])
        share: list[Name] = [(OF_YEAR, count), *([(AFTER, count)] if ends_later else [])]
        puzzle.total((*COMPLETED, count), share)
    for when in (OF_YEAR, BEFORE, AFTER):
        puzzle.part((when, "n"), (when, "x"))
    _there(puzzle, read, quarters, year)


def _there(puzzle: Puzzle, read: Read, quarters: Sequence[str], year: Sequence[str]) -> None:
    """Say who of those there before the year, and of those admitted in it, left in it."""
    days = last_days(read, quarters)
    began = (THERE, day_before(year[0]))
    if not days or began not in puzzle:
        return
    ended = (THERE, days[year[-1]])
    for who, when in ((EARLIER, BEFORE), (SINCE, OF_YEAR)):
        left, still = (puzzle.unknown((what, who)) for what in (LEFT_OF, STILL_OF))
        puzzle.total(began if who == EARLIER else ("program", ALL, "admitted"), [left, still])
        discharged = puzzle.unknown((when, "for any reason or none"))
        puzzle.part(left, discharged)
        puzzle.part(discharged, (when, "n"))
    puzzle.total(ended, [(STILL_OF, EARLIER), (STILL_OF, SINCE)])
    whole: list[Name] = [(DISCHARGED, days[one]) for one in year]
    same(puzzle, whole, [(when, "for any reason or none") for when in (BEFORE, OF_YEAR)])
    puzzle.part((STILL_OF, SINCE), (AFTER, "n"))
