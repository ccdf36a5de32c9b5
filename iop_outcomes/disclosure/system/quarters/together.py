"""Quarters together: what reports of different times disclose of several of them.

A count of a quarter that is not printed may be 0, so that a few people of two quarters together may
be known though those of neither quarter are. They need not be in a row: a year less the half-year
in the middle is its first and its last quarter. The longest tables are of two years, so that more
than a year is asked in a row: all quarters of one table that no table of an earlier report had.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from collections.abc import Set as AnySet
from functools import cache
from itertools import combinations

import pandas as pd

from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.system.cells import PrintedCells
from iop_outcomes.disclosure.system.quarters.not_final import without_end

ADDITIVE = (
    "admitted in the quarter up to",
    "discharged in the quarter up to",
    "sessions in the quarter up to",
    "weekdays in the quarter up to",
    "of the admissions in the quarter up to",
)
"""Families of counts by quarter that add up over quarters; people of sessions may come in two."""
TOGETHER = "in several quarters"
MOST = 4
"""Quarters from the first to the last, where some in between may be left out."""
MOST_IN_A_ROW = 8
"""Quarters of the longest tables of a report."""


def quarters_together(joined: PrintedCells, programs: AnySet[str]) -> list[tuple[Key, ...]]:
    """Return the counts of several quarters that no quarter makes too large.

    Of two to four quarters of a year any; of more those in a row.

    Parameters
    ----------
    joined : PrintedCells
        Several reports as one system; a quarter may be in another report than the next.
    programs : set of str
        The programs, as in the names of counts, whose counts are looked at.

    Returns
    -------
    list of tuple
        The names of counts. What is not final is taken together as it was by one day, beside the
        quarters that are final.

    Examples
    --------
    >>> days = ("2026-03-31", "2026-06-30")
    >>> counts = [("discharged in the quarter up to", day, "completed") for day in days]
    >>> cells = PrintedCells(11, counts={("North", "", count): None for count in counts})
    >>> len(quarters_together(cells, {"North"}))
    1
    """
    families: dict[Key, dict[str, dict[int, Key]]] = {}
    for name, value in joined.counts.items():
        if not (isinstance(name, tuple) and len(name) == 3 and name[0] in programs):
            continue
        few = value is None or value < joined.threshold
        if few and name not in joined.not_people:
            day, family, end = _apart(name[2])
            if day:
                quarter = _quarter_of(day)
                families.setdefault((*name[:2], family), {}).setdefault(end, {})[quarter] = name
    times = ({**ends.get("", {}), **keys} for ends in families.values() for keys in ends.values())
    together = (
        tuple(keys[quarter] for quarter in (first, *others))
        for keys in times
        for first in sorted(keys)
        for others in _others(first, keys)
    )
    return list(dict.fromkeys(together))


@cache
def _quarter_of(day: str) -> int:
    """Return the number of the quarter of a day."""
    return int(pd.Period(day, "Q").ordinal)


def _others(first: int, there: Collection[int]) -> Iterator[tuple[int, ...]]:
    """Return which of the quarters that are there and come after one are taken together with it."""
    near = [quarter for quarter in range(first + 1, first + MOST) if quarter in there]
    for size in range(1, MOST):
        yield from combinations(near, size)
    if len(near) == MOST - 1:
        for end in range(first + MOST, first + MOST_IN_A_ROW):
            if end not in there:
                break
            yield tuple(range(first + 1, end + 1))


def _apart(key: Key) -> tuple[str, Key, str]:
    """Return the last day of the quarter of a count, its name without it, and how the name ends.

    No day if it is of no quarter; no end if it is final.
    """
    final, end = without_end(key)
    if isinstance(final, tuple) and len(final) > 2 and final[0] in ADDITIVE:
        return str(final[1]), (final[0], *final[2:]), end
    if isinstance(key, tuple) and key[0] == "rest" and len(key) == 3:
        (day, whole, end), (other, part, second) = _apart(key[1]), _apart(key[2])
        return (day if day == other else ""), ("rest", whole, part), end or second
    return "", key, ""
