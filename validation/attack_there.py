"""What the reader knows of who was there at the end of each quarter of the trends.

Those there before a quarter and those admitted in it have left in it, or are there at its end.
Everybody who was discharged in it left in it, those of the trend of completion among them; of the
others who left the follow-up ended. No table is of most of these days: all of the numbers are
asked. Each has the day up to which it counts in its name, as other reports count the same people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from validation.attack_periods import same, window
from validation.attack_reading import Read, rows
from validation.attack_solving import Name, Puzzle

ALL = "all"
QUARTERS_OF_A_TREND = 12  # at most: one of fewer begins with the records
THERE, THERE_OR_CAME, LEFT, DISCHARGED = OF_A_DAY = (
    *("there at the end of", "there or admitted up to", "left in the quarter up to"),
    "discharged in the quarter up to",
)
_DAY = pd.Timedelta(days=1)


def begins(quarters: Sequence[str]) -> bool:
    """Say whether the records begin within a trend: it would have more quarters."""
    return len(quarters) < QUARTERS_OF_A_TREND


def there(puzzle: Puzzle, read: Read, quarters: Sequence[str]) -> None:
    """Say of each quarter who was there before it, came, left and is there at its end."""
    days = last_days(read, quarters)
    if ("census", "ever") not in puzzle or not days:
        return
    edges = [day_before(quarters[0]), *days.values()]
    puzzle.unknown((THERE, edges[0]))
    if begins(quarters):
        puzzle.known((THERE, edges[0]), 0)
    for quarter, before, day in zip(quarters, edges, edges[1:], strict=False):
        _one_quarter(puzzle, quarter, before, day)
    _ties(puzzle, read, days)
    for word, ever in ((LEFT, "left"), (DISCHARGED, "discharged")):
        every: list[Name] = [(word, day) for day in days.values()]
        if begins(quarters):
            puzzle.total((ever, "ever"), every)
        else:
            puzzle.total(puzzle.unknown((ever, "in these quarters")), every)
            puzzle.part((ever, "ever"), (ever, "in these quarters"))


def last_days(read: Read, quarters: Sequence[str]) -> dict[str, str]:
    """Return the last day of each quarter, of the newest up to the data cut; {}: other periods."""
    if not all(re.fullmatch(r"\d{4}Q\d", one) for one in quarters):
        return {}
    days = {one: str(pd.Period(one).end_time.date()) for one in quarters}
    told = [day for day in _days_of_census(read).values() if day_before(quarters[-1]) < day]
    if told:
        days[quarters[-1]] = min(told[-1], days[quarters[-1]])
    return days


def day_before(quarter: str) -> str:
    return str((pd.Period(quarter).start_time - _DAY).date())


def _days_of_census(read: Read) -> dict[int, str]:
    """Return the days of the rows of who was in the program, by their place."""
    told = [
        re.fullmatch(r"in the program on (\d{4}-\d\d-\d\d)", str(row["who"]))
        for row in rows(read, "census")
    ]
    return {place: one[1] for place, one in enumerate(told) if one}


def _one_quarter(puzzle: Puzzle, quarter: str, before: str, day: str) -> None:
    """Say how the numbers of a quarter add up."""
    for name in (THERE, THERE_OR_CAME, LEFT, DISCHARGED):
        puzzle.unknown((name, day))
    came = ("admissions", quarter, "numerator")
    puzzle.total((THERE_OR_CAME, day), [(THERE, before), came])
    puzzle.total((THERE_OR_CAME, day), [(LEFT, day), (THERE, day)])
    puzzle.part((LEFT, day), (DISCHARGED, day))
    puzzle.part((DISCHARGED, day), ("completion_rate", quarter, "denominator"))


def _ties(puzzle: Puzzle, read: Read, days: Mapping[str, str]) -> None:
    """Say which tables are of some of these numbers."""
    newest, own = list(days)[-1], _days_of_census(read)
    for place, day in own.items():
        same(puzzle, [("census", place)], [(THERE, day)])
    if list(own.values()) == [day_before(newest), days[newest]]:
        same(puzzle, [("census", 2)], [(LEFT, days[newest])])
    discharged = [days[one] for one in window(read, "Discharges", newest) if one in days]
    puzzle.total(("discharged", ALL), [(DISCHARGED, day) for day in discharged])
