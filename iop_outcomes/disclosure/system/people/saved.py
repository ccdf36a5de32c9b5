"""What the columns of people of saved reports disclose together.

A person can be in two programs or in two quarters, so that people do not add up as sessions do:
see `overlap`. Reports saved as JSON come in; small counts of people that follow from them go out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from iop_outcomes.disclosure.system.attack import attack
from iop_outcomes.disclosure.system.cells import PrintedCells
from iop_outcomes.disclosure.system.documents import SmallCount
from iop_outcomes.disclosure.system.overlaps import ALL, Counted, counted
from iop_outcomes.disclosure.system.people.overlap import PROGRAMS, PeopleOfAll, declare_overlaps
from iop_outcomes.disclosure.system.people.times import (
    PeopleRow,
    Table,
    by_table,
    declare_held,
    declare_rest,
    of_rows,
    over_times,
)
from iop_outcomes.errors import ReportError

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
    cells = PrintedCells(threshold)
    for one in counts:
        cells.counts[one.name] = one.value
        if one.value is None and not one.zero:
            cells.least[one.name] = 1
    rows = [PeopleRow(one.name, one.what[1], one.programs, one.first, one.last) for one in counts]
    tables = {table: some[""] for table, some in by_table(rows).items()}
    for some in tables.values():
        for word, row in some.items():
            if ALL in some and word != ALL:
                declare_rest(cells, some[ALL].name, row.name)
    declare_held(cells, rows)
    no_people = declare_overlaps(cells, [*_over_programs(tables), *over_times(rows)])
    return replace(cells, not_people=no_people)


def _over_programs(tables: Mapping[Table, Mapping[str, PeopleRow]]) -> Iterator[PeopleOfAll]:
    """Give the counts of each table with those of its programs.

    These are tables that have no program in common; smaller ones are taken first.
    """
    for (programs, first, last), rows in tables.items():
        some = [one for one in tables if one[0] < programs and one[1:] == (first, last)]
        apart = list[Table]()
        for one in sorted(some, key=lambda one: (len(one[0]), sorted(one[0]))):
            if all(one[0].isdisjoint(other[0]) for other in apart):
                apart.append(one)
        complete = frozenset[str]().union(*(one[0] for one in apart)) == programs
        yield from of_rows(rows, [tables[one] for one in apart], complete, PROGRAMS)
