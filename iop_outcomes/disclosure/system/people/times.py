"""Counts of people of several times: a year holds its quarters, and no more than they add up to.

Rows of tables of people come in, each with its programs and its days; which of them hold others,
and which others add up to at least as many, goes out. Saved reports and the reports of a ledger are
asked the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AnySet
from dataclasses import dataclass, replace
from functools import cache
from itertools import permutations

import pandas as pd

from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.system.cells import PrintedCells
from iop_outcomes.disclosure.system.people.overlap import (
    EVERYBODY,
    OF_QUARTER,
    PeopleOfAll,
    counts_people,
    declare_overlaps,
)

PERIOD = r"\d{4}(?:Q\d|-\d\d(?:-\d\d)?)?"
TIMES = "the times"
CHANGED = ", changed"
Table = tuple[frozenset[str], pd.Timestamp, pd.Timestamp]  # its programs and its days


@dataclass(frozen=True)
class PeopleRow:
    """A row of a table of people.

    Attributes
    ----------
    name : hashable
        The name of the count.
    word : str
        Whom it counts, such as late; all for everybody.
    programs : frozenset of str
        Of which programs.
    first, last : pandas.Timestamp
        Of which days.
    issue : str
        The report, where the same table may be in several.
    """

    name: Key
    word: str
    programs: frozenset[str]
    first: pd.Timestamp
    last: pd.Timestamp
    issue: str = ""

    @property
    def table(self) -> Table:
        """The programs and the days of its table."""
        return self.programs, self.first, self.last

    def holds(self, other: PeopleRow) -> bool:
        """Return whether whoever is in a row of another table is in this one."""
        inside = other.programs <= self.programs
        inside &= self.first <= other.first and other.last <= self.last
        return inside and self.word == other.word and self.table != other.table


@cache
def days_of(first: str, last: str | None = None) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Return the first and the last day of a period, or of two and what lies between.

    Examples
    --------
    >>> [str(day.date()) for day in days_of("2025Q4 to 2026Q1")]
    ['2025-10-01', '2026-03-31']
    >>> days_of("the whole time") is None
    True
    """
    ends = re.fullmatch(rf"({PERIOD})(?: to ({PERIOD}))?", first)
    if ends is None:
        return None
    start, end = pd.Period(ends[1]), pd.Period(last or ends[2] or ends[1])
    return start.start_time.normalize(), end.end_time.normalize()


def declare_times(
    cells: PrintedCells, reports: Sequence[PrintedCells], names: Mapping[tuple[int, Key], Key]
) -> frozenset[Key]:
    """Declare what the people of several reports have in common; return what counts no people.

    Parameters
    ----------
    cells : PrintedCells
        The reports as one system, to which sums are added.
    reports : sequence of PrintedCells
        The reports.
    names : mapping
        The number of a report and the name of a count there -> its name in the system.
    """
    unchanged: list[PeopleRow] = []
    by_records, declared = [unchanged], set[tuple[Key, Key]]()
    for number, report in enumerate(reports):
        rows, changed = _rows_of(number, report, names)
        if changed:  # of other people than the other reports count
            by_records.append(rows)
        else:
            unchanged += rows
        declared |= {
            (names[number, key[1]], names[number, key[2]])
            for key in report.counts
            if isinstance(key, tuple) and key[0] == "rest" and all(map(counts_people, key[1:]))
        }
    wholes: list[PeopleOfAll] = []
    for rows in by_records:
        once = [*{one.name: one for one in rows}.values()]
        declare_held(cells, once, declared)
        wholes += over_times(once)
    return declare_overlaps(cells, wholes)


def _rows_of(
    number: int, report: PrintedCells, names: Mapping[tuple[int, Key], Key]
) -> tuple[list[PeopleRow], bool]:
    """Return the rows of people of a report, and whether it counts other people than others do.

    Where it is of one quarter its table is that of the quarter. Before the first of its quarters
    nobody was there.
    """
    programs, cut = frozenset(report.programs), days_of(report.data_cut)
    of_quarters, of_table, changed = list[PeopleRow](), list[PeopleRow](), False
    for key in report.counts:
        if not (isinstance(key, tuple) and counts_people(key)) or key in report.not_people:
            continue
        family, _, when = str(key[0]).partition(", ")
        quarter = family == OF_QUARTER
        days = days_of(str(pd.Period(str(key[1]), "Q")) if quarter else when or report.quarter)
        if days is not None:
            first, last = days[0], days[1] if cut is None else min(days[1], cut[1])
            name, issue = names[number, key], f"{report.quarter} {report.data_cut}"
            row = PeopleRow(name, str(key[-1]), programs, first, last, "" if quarter else issue)
            (of_quarters if quarter else of_table).append(row)
            changed |= quarter and str(key[0]).endswith(CHANGED)
    if of_quarters:
        begin = min(one.first for one in of_quarters)
        of_table = [replace(one, first=max(one.first, begin)) for one in of_table]
    here = {(one.word, *one.table) for one in of_quarters}
    of_table = [one for one in of_table if (one.word, *one.table) not in here]
    return [*of_quarters, *of_table], changed


def declare_held(
    cells: PrintedCells, rows: Iterable[PeopleRow], declared: AnySet[tuple[Key, Key]] = frozenset()
) -> None:
    """Declare that who is counted in a row is counted in the row of more programs, or of more days.

    What a row has more than another is a count of people like any other. Those of `declared`, a
    whole and its part, are there under another name.
    """
    by_word: dict[str, list[PeopleRow]] = {}
    for one in rows:
        by_word.setdefault(one.word, []).append(one)
    for some in by_word.values():
        for whole, part in permutations(some, 2):
            if (whole.name, part.name) not in declared and whole.holds(part):
                declare_rest(cells, whole.name, part.name)


def declare_rest(cells: PrintedCells, whole: Key, part: Key) -> None:
    """Declare what a count has more than one that it holds, unless it is declared."""
    rest: Key = ("rest", whole, part)
    if rest not in cells.counts:
        cells.counts[rest] = None
        cells.sums.append({part: 1, rest: 1, whole: -1})


def by_table(rows: Iterable[PeopleRow]) -> dict[Table, dict[str, dict[str, PeopleRow]]]:
    """Return the rows of each table in each report that has it, by their word."""
    tables: dict[Table, dict[str, dict[str, PeopleRow]]] = {}
    for one in rows:
        tables.setdefault(one.table, {}).setdefault(one.issue, {})[one.word] = one
    return tables


def over_times(rows: Iterable[PeopleRow]) -> Iterator[PeopleOfAll]:
    """Give each row with those of the shorter times in it, in each way in which these make it up.

    A year is made of its quarters, of two half-years, or of the half-year in its middle with the
    quarters before and after it.
    """
    tables = by_table(rows)
    for whole, issues in tables.items():
        inside = [one for one in tables if one[0] == whole[0] and _is_part(one, *whole[1:])]
        for parts in _ways(inside):
            days = sum((one[2] - one[1]).days + 1 for one in parts)
            complete = days == (whole[2] - whole[1]).days + 1
            of = f"{TIMES} {', '.join(f'{one[1].date()} to {one[2].date()}' for one in parts)}"
            of_parts = [next(iter(tables[one].values())) for one in parts]
            for some in issues.values():
                yield from of_rows(some, of_parts, complete, of)


def of_rows(
    rows: Mapping[str, PeopleRow], parts: Sequence[Mapping[str, PeopleRow]], complete: bool, of: str
) -> Iterator[PeopleOfAll]:
    """Give each row of a table of which two parts at least have the row."""
    for word, whole in rows.items():
        here = tuple(part[word].name for part in parts if word in part)
        if len(here) > 1:
            everybody = rows.get(EVERYBODY, whole).name
            yield PeopleOfAll(whole.name, everybody, here, complete and len(here) == len(parts), of)


def _is_part(table: Table, first: pd.Timestamp, last: pd.Timestamp) -> bool:
    """Return whether a table is of some of the days of a time."""
    return first <= table[1] and table[2] <= last and table[1:] != (first, last)


def _ways(inside: Sequence[Table]) -> list[tuple[Table, ...]]:
    """Return the ways to choose tables that have no day in common: each is in one way at least."""
    shortest = sorted(inside, key=lambda one: (one[2] - one[1], one[1]))
    longest = sorted(inside, key=lambda one: (one[1] - one[2], one[1]))
    ways: dict[tuple[Table, ...], None] = {}
    for begin in ([], *([one] for one in shortest)):
        for order in (shortest, longest):
            way = list(begin)
            for one in order:
                if all(one[2] < other[1] or other[2] < one[1] for other in way):
                    way.append(one)
            ways[tuple(sorted(way, key=lambda one: one[1]))] = None
    return [*ways]
