"""Several reports as one system: the same counts, subsets of programs, and what was changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from iop_outcomes.disclosure.linked import Key
from iop_outcomes.disclosure.system.cells import PrintedCells, PrintedShare, Sum

CHANGED = "changed"


def join(reports: Sequence[PrintedCells]) -> PrintedCells:
    """Return the cells of several reports as one system.

    Parameters
    ----------
    reports : sequence of PrintedCells
        Of the same records: quarters, programs or data cuts may differ.

    Returns
    -------
    PrintedCells
        A count of the same programs and period is one count, printed if one report prints it. A
        count of some of the programs is part of that of all of them. Where two reports print one
        count differently, since the records were changed, both stand, and so does the difference:
        who were added or taken away.

    Examples
    --------
    >>> count = ("trend", "a", "quarter", "2026Q1")
    >>> first = PrintedCells(11, "2026Q1", counts={count: 44}, settled=frozenset([count]))
    >>> second = replace(first, counts={count: 47})
    >>> join([first, second]).counts[("changed", *join_name(first, *first.counts), 1, 0)]
    3
    """
    joined = PrintedCells(max(one.threshold for one in reports))
    again: dict[tuple[int, Key], Key] = {}
    not_people: set[Key] = set()
    for number, report in enumerate(reports):
        for key, value in report.counts.items():
            name = join_name(report, key)
            if joined.counts.get(name) is not None and value not in (None, joined.counts[name]):
                name = _change(joined, name, number, value)
            elif value is not None or name not in joined.counts:
                joined.counts[name] = value
            again[number, key] = name
            if key in report.least:
                joined.least[name] = max(joined.least.get(name, 0), report.least[key])
            if key in report.not_people:
                not_people.add(name)

        def named(key: Key, number: int = number) -> Key:
            return again[number, key]

        joined.sums.extend(_renamed(row, named) for row in report.sums)
        joined.shares.extend(
            PrintedShare(named(one.numerator), named(one.denominator), one.low, one.high)
            for one in report.shares
        )
    _subsets(joined, reports, again)
    return replace(joined, not_people=frozenset(not_people))


def join_name(report: PrintedCells, key: Key) -> Key:
    """Return the name of a count beside those of other reports: what it is of, and when.

    The complete periods of a trend name their own time; other counts are of the quarter of their
    report, and of its data cut.
    """
    when = "" if key in report.settled else f"{report.quarter} {report.data_cut}".strip()
    return (", ".join(sorted(report.programs)), when, key)


def _change(joined: PrintedCells, name: Key, number: int, value: int | None) -> Key:
    """Take up a count that another report prints differently, and the difference of the two."""
    before = joined.counts[name]
    assert before is not None
    assert value is not None
    other = ("in report", number, name)
    joined.counts[other] = value
    assert isinstance(name, tuple)
    joined.counts[(CHANGED, *name, number, 0)] = abs(value - before)
    return other


def _renamed(row: Sum, named: Callable[[Any], Any]) -> Sum:
    return {named(key): sign for key, sign in row.items()}


def _subsets(
    joined: PrintedCells, reports: Sequence[PrintedCells], again: dict[tuple[int, Key], Key]
) -> None:
    """Declare that what is counted of some programs is part of what is counted of more."""
    for one, smaller in enumerate(reports):
        for other, larger in enumerate(reports):
            if not set(smaller.programs) < set(larger.programs):
                continue
            for key in smaller.counts:
                if key not in larger.counts:
                    continue
                timed = key in smaller.settled and key in larger.settled
                if not timed and smaller.quarter != larger.quarter:
                    continue
                part, whole = again[one, key], again[other, key]
                rest = ("rest", whole, part)
                if rest not in joined.counts and key not in smaller.not_people:
                    joined.counts[rest] = None
                    joined.sums.append({part: 1, rest: 1, whole: -1})
