"""Quarters of a year together: what reports of different times disclose of several of them.

A count of a quarter that is not printed may be 0, so that a few people of two quarters together may
be known though those of neither quarter are. They need not be in a row: a year less the half-year
in the middle is its first and its last quarter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import pandas as pd

from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.system.cells import PrintedCells

ADDITIVE = (
    "admitted in the quarter up to",
    "discharged in the quarter up to",
    "sessions in the quarter up to",
    "weekdays in the quarter up to",
    "of the admissions in the quarter up to",
)
"""Families of counts by quarter that add up over quarters; people of sessions may come in two."""
TOGETHER = "in quarters of a year"
MOST = 4  # quarters from the first to the last


def with_quarters_together(
    cells: PrintedCells, together: Sequence[tuple[Key, ...]] | None = None
) -> PrintedCells:
    """Return the cells of a report with the counts of quarters together, which none prints.

    Parameters
    ----------
    cells : PrintedCells
        Of a report.
    together : sequence of tuple, optional
        The counts that are taken together; default: those of `quarters_together`.

    Examples
    --------
    >>> days = ("2026-03-31", "2026-06-30")
    >>> names = [("discharged in the quarter up to", day, "completed") for day in days]
    >>> cells = PrintedCells(11, counts=dict.fromkeys(names), settled=frozenset(names))
    >>> len(with_quarters_together(cells).counts)
    3
    """
    some = quarters_together(cells) if together is None else together
    named = {(TOGETHER, *keys): keys for keys in some}
    return replace(
        cells,
        counts=cells.counts | dict.fromkeys(named),
        sums=[*cells.sums, *({**dict.fromkeys(keys, 1), name: -1} for name, keys in named.items())],
        settled=cells.settled | {name for name, keys in named.items() if cells.settled >= {*keys}},
    )


def quarters_together(cells: PrintedCells) -> list[tuple[Key, ...]]:
    """Return the counts of two to four quarters of a year that no quarter makes too large."""
    families: dict[Key, dict[int, Key]] = {}
    for key, value in cells.counts.items():
        if key not in cells.not_people and (value is None or value < cells.threshold):
            day, name = _apart(key)
            if day:
                families.setdefault(name, {})[pd.Period(day, "Q").ordinal] = key
    return [
        tuple(keys[quarter] for quarter in (first, *others))
        for keys in families.values()
        for first in sorted(keys)
        for size in range(1, MOST)
        for others in combinations(range(first + 1, first + MOST), size)
        if keys.keys() >= {*others}
    ]


def _apart(key: Key) -> tuple[str, Key]:
    """Return the last day of the quarter of a count, and its name without it; no day if none."""
    if isinstance(key, tuple) and len(key) > 2 and key[0] in ADDITIVE:
        return str(key[1]), (key[0], *key[2:])
    if isinstance(key, tuple) and key[0] == "rest" and len(key) == 3:
        (day, whole), (other, part) = _apart(key[1]), _apart(key[2])
        return (day if day == other else ""), ("rest", whole, part)
    return "", key
