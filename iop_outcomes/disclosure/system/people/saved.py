"""What the columns of people of saved reports disclose together.

A person can be in two programs or in two quarters, so that people do not add up as sessions do:
see `overlap`. Reports saved as JSON come in; small counts of people that follow from them go out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import permutations
from typing import Any

import pandas as pd

from iop_outcomes.disclosure.system.attack import attack
from iop_outcomes.disclosure.system.cells import PrintedCells
from iop_outcomes.disclosure.system.documents import SmallCount
from iop_outcomes.disclosure.system.overlaps import ALL, Counted, counted
from iop_outcomes.disclosure.system.people.overlap import PROGRAMS, PeopleOfAll, declare_overlaps
from iop_outcomes.errors import ReportError

_Table = tuple[frozenset[str], pd.Timestamp, pd.Timestamp]  # its programs and its days
TABLE, COLUMN = "sessions", "people"


def people_together(documents: Sequence[Mapping[str, Any]], threshold: int) -> list[SmallCount]:
    """Return the small counts of people that follow from what some saved reports print.

    Parameters
    ----------
    documents : sequence of dict
        The reports as JSON.
    threshold : int
        Counts from 1 to one less are small.

    Returns
    -------
    list of tuple
        ``cell, how, low, high, from``, as `attack` returns them. Empty where the numbers
        contradict each other, since the records were changed.
    """
    counts: dict[object, Counted] = {}
    for one in (one for document in documents for one in counted(document, {TABLE: (COLUMN,)})):
        if one.what[0] == TABLE:
            before = counts.get(one.name)
            if before is None or before.value is None:
                zero = one.zero and (before is None or before.zero)
                counts[one.name] = replace(one, zero=zero)
    some = list(counts.values())
    try:
        table = attack(_system(some, threshold))
    except ReportError:
        return []
    return list(table.itertuples(index=False, name=None))


def _system(counts: Sequence[Counted], threshold: int) -> PrintedCells:
    """Return counts of people: rows of a table, with those of its programs and its times."""
    cells, tables = PrintedCells(threshold), dict[_Table, dict[str, Counted]]()
    for one in counts:
        cells.counts[one.name] = one.value
        if one.value is None and not one.zero:
            cells.least[one.name] = 1
        tables.setdefault((one.programs, one.first, one.last), {})[one.what[1]] = one
    for whole, part in permutations(counts, 2):
        of_row = part.what if whole.what[1] == ALL and _table(whole) == _table(part) else whole.what
        if part.what == of_row and whole.holds(part):
            rest = ("rest", whole.name, part.name)
            cells.counts[rest] = None
            cells.sums.append({part.name: 1, rest: 1, whole.name: -1})
    no_people = declare_overlaps(cells, _wholes(tables))
    return replace(cells, not_people=no_people)


def _table(one: Counted) -> _Table:
    return one.programs, one.first, one.last


def _wholes(tables: Mapping[_Table, Mapping[str, Counted]]) -> Iterator[PeopleOfAll]:
    """Give the counts of each table with those of its parts.

    These are tables that have no program, or no day, in common; smaller ones are taken first.
    """
    for (programs, first, last), rows in tables.items():
        some = [one for one in tables if one[0] < programs and one[1:] == (first, last)]
        apart = list[_Table]()
        for one in sorted(some, key=lambda one: (len(one[0]), sorted(one[0]))):
            if all(one[0].isdisjoint(other[0]) for other in apart):
                apart.append(one)
        complete = frozenset[str]().union(*(one[0] for one in apart)) == programs
        yield from _of_rows(rows, [tables[one] for one in apart], complete, PROGRAMS)
        times = [one for one in tables if one[0] == programs and _is_part(one, first, last)]
        apart = []
        for one in sorted(times, key=lambda one: (one[2] - one[1], one[1])):
            if all(one[2] < other[1] or other[2] < one[1] for other in apart):
                apart.append(one)
        days = sum((one[2] - one[1]).days + 1 for one in apart)
        complete = days == (last - first).days + 1
        yield from _of_rows(rows, [tables[one] for one in apart], complete, "the times")


def _is_part(table: _Table, first: pd.Timestamp, last: pd.Timestamp) -> bool:
    """Return whether a table is of some of the days of a time."""
    return first <= table[1] and table[2] <= last and table[1:] != (first, last)


def _of_rows(
    rows: Mapping[str, Counted], parts: Sequence[Mapping[str, Counted]], complete: bool, of: str
) -> Iterator[PeopleOfAll]:
    """Give each row of a table of which two parts at least have the row."""
    for word, whole in rows.items():
        here = tuple(part[word].name for part in parts if word in part)
        if len(here) > 1:
            everybody = rows.get(ALL, whole).name
            yield PeopleOfAll(whole.name, everybody, here, complete and len(here) == len(parts), of)
