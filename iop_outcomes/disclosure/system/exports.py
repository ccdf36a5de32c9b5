"""Exports that follow one another: what a later one has more than an earlier one.

The rows that were kept are printed in each report. Those of a later export less those of an earlier
one, less the admissions or the treatment sessions of the quarters between, are the rows that are
none of these, or that were entered late.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AnySet
from dataclasses import dataclass

from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.system.cells import PrintedCells, join_name

BETWEEN = "rows between"
COUNTED = {
    "episodes": "admitted in the quarter up to",
    "attendance": "sessions in the quarter up to",
    "checkins": "",
}
"""The tables of an export, and which counts by quarter are of its rows; empty for none."""
ALL = "all"
QUARTERS = (("01-01", "03-31"), ("04-01", "06-30"), ("07-01", "09-30"), ("10-01", "12-31"))
MOST = 4  # reports: those farther apart are taken together where the rows between are not known


@dataclass(frozen=True)
class Export:
    """The name of the rows kept of a table, the day up to which they go, and the programs."""

    rows: Key
    cut: str
    programs: str

    def quarters_since(self, earlier: Export) -> list[Key]:
        """Return the names of what is counted of the quarters that only this export has."""
        assert isinstance(self.rows, tuple)
        family = COUNTED[self.rows[-1][1]]
        return [
            (self.programs, "", (family, f"{year}-{last}", ALL))
            for year in range(int(earlier.cut[:4]), int(self.cut[:4]) + 1)
            for first, last in QUARTERS
            if family and f"{year}-{first}" > earlier.cut and f"{year}-{last}" <= self.cut
        ]


def declare_exports(joined: PrintedCells, reports: Sequence[PrintedCells]) -> None:
    """Declare of joined reports what the export of each has more than those before.

    Parameters
    ----------
    joined : PrintedCells
        The cells of the reports, to which counts and sums are added.
    reports : sequence of PrintedCells
        The reports; those of a quarter that are of the same programs are taken together.

    Notes
    -----
    Records only grow from one data cut to the next. Where printed rows went down, or more is
    counted in the quarters between than there are rows more, records were changed, and nothing is
    declared that would contradict what is printed.
    """
    series = [own for table in COUNTED for own in _in_turn(reports, table)]
    rows = {one.rows for own in series for one in own}
    counted = {name for own in series for name in own[-1].quarters_since(own[0])}
    known = _known(joined, rows | counted)
    for own in series:
        for later, earlier in _pairs(own, known):
            if later.cut == earlier.cut:
                _declare_same(joined, later.rows, earlier.rows, known)
            else:
                between = later.quarters_since(earlier)
                _declare(joined, later.rows, earlier.rows, between, known)


def _in_turn(reports: Sequence[PrintedCells], table: str) -> list[list[Export]]:
    """Return the exports of a table for each programs, by the days up to which they go.

    The report of an earlier quarter can be made of a later export.
    """
    key = ("rows", table, "rows_kept")
    found: dict[str, dict[Key, Export]] = {}
    for report in sorted(reports, key=lambda report: (report.data_cut, report.quarter)):
        of_quarter = re.fullmatch(r"\d{4}Q[1-4]", report.quarter)
        if key in report.counts and of_quarter and re.match(r"\d{4}-", report.data_cut):
            programs, *_ = name = join_name(report, key)
            found.setdefault(programs, {})[name] = Export(name, report.data_cut, programs)
    return [list(exports.values()) for exports in found.values()]


def _pairs(exports: Sequence[Export], known: dict[Key, int]) -> Iterator[tuple[Export, Export]]:
    """Give each export with those before it, up to a year and until the rows of one are known."""
    for place, later in enumerate(exports):
        for back in range(1, place + 1):
            earlier = exports[place - back]
            yield later, earlier
            if back >= MOST and earlier.rows in known:
                break


def _known(joined: PrintedCells, names: AnySet[Key]) -> dict[Key, int]:
    """Return which counts of some names are printed, or follow from one sum of printed ones."""
    known = {name: joined.counts.get(name) for name in names}
    for row in joined.sums:
        if not names.isdisjoint(row):
            values = {name: joined.counts[name] for name in row}
            unknown = [name for name, value in values.items() if value is None]
            if len(unknown) == 1 and unknown[0] in names:
                (name,) = unknown
                known[name] = -row[name] * sum(
                    row[one] * value for one, value in values.items() if value is not None
                )
    return {name: value for name, value in known.items() if value is not None}


def _declare_same(joined: PrintedCells, one: Key, other: Key, known: Mapping[Key, int]) -> None:
    """Declare that two reports are of the same rows, unless both print them and they differ."""
    if not {one, other} <= known.keys() or known[one] == known[other]:
        joined.sums.append({one: 1, other: -1})


def _declare(
    joined: PrintedCells, later: Key, earlier: Key, quarters: list[Key], known: dict[Key, int]
) -> None:
    """Declare the rows that a later export has more, and those that no count by quarter is of."""
    more = known[later] - known[earlier] if {later, earlier} <= known.keys() else None
    if more is not None and more < 0:
        return
    between = (BETWEEN, later, earlier)
    joined.counts[between] = None
    joined.sums.append({earlier: 1, between: 1, later: -1})
    if not quarters or not joined.counts.keys() >= set(quarters):
        return
    if more is None or sum(known.get(name, 0) for name in quarters) <= more:
        rest = ("rest", between, *quarters)
        joined.counts[rest] = None
        joined.sums.append({**dict.fromkeys(quarters, 1), rest: 1, between: -1})
