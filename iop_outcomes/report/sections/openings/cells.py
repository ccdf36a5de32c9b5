"""The printed cells of a section, and the words of their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from iop_outcomes.disclosure.policy import HIDDEN
from iop_outcomes.report.model import Section, Table, write_value


def how_many(number: int) -> str:
    """Return a number as it stands in a sentence.

    Examples
    --------
    >>> how_many(1405), how_many(0)
    ('1,405', 'none')
    """
    return f"{number:,}" if number else "none"


def was(number: int) -> str:
    """Return the verb that goes with a number of people.

    Examples
    --------
    >>> was(1), was(0), was(2)
    ('was', 'were', 'were')
    """
    return "was" if number == 1 else "were"


def counted(number: int, one: str) -> str:
    """Return a number with the word for what it counts.

    Examples
    --------
    >>> counted(1, "admission"), counted(0, "admission"), counted(67, "admission")
    ('1 admission', 'no admissions', '67 admissions')
    """
    amount = f"{number:,}" if number else "no"
    return f"{amount} {one}" if number == 1 else f"{amount} {one}s"


def time_of(caption: str) -> str:
    """Return the words of a caption on a time of admission, to stand behind "admissions".

    Examples
    --------
    >>> time_of("Who met which rule: admissions from 2024-10-01 to 2026-09-30")
    ' from 2024-10-01 to 2026-09-30'
    >>> time_of("Who met which rule: all admissions")
    ''
    """
    whom = caption.partition(": ")[2]
    return whom.removeprefix("all ").removeprefix("admissions")


@dataclass(frozen=True, eq=False)
class PrintedTable:
    """A table as it is printed: only what a reader sees can be taken from it.

    With `limits` a share is written with its interval, where its table has one.
    """

    table: Table
    limits: bool = False

    @property
    def caption(self) -> str:
        """What the table is."""
        return self.table.caption

    @cached_property
    def rows(self) -> list[dict[str, object]]:
        """The cells that a reader can see as a number or words; hidden and unknown ones are not."""
        names = [name for name, _ in self.table.columns]
        return [
            {name: cell for name, cell in zip(names, row, strict=True) if _is_told(cell)}
            for row in self.table.rows
        ]

    def row(self, **labels: str) -> int | None:
        """Return the place of the first row with these labels; None if there is none."""
        found = (
            place
            for place, row in enumerate(self.rows)
            if all(row.get(name) == label for name, label in labels.items())
        )
        return next(found, None)

    def count(self, place: int | None, column: str) -> int | None:
        """Return a whole number that is printed; None where none is."""
        cell = None if place is None else self.rows[place].get(column)
        if cell is None or isinstance(cell, str) or float(cell) % 1:  # type: ignore[arg-type]  # a number
            return None
        return int(cell)  # type: ignore[call-overload,no-any-return]  # a number by now

    def text(self, place: int | None, column: str) -> str | None:
        """Return a cell as it is written; None where a reader sees no value."""
        if place is None or column not in self.rows[place]:
            return None
        names = [name for name, _ in self.table.columns]
        kind = self.table.kind_at(place, names.index(column))
        return write_value(self.rows[place][column], kind)

    def share(self, place: int | None, column: str = "share") -> str:
        """Return a share in brackets, to stand behind its counts; empty where none is printed."""
        written = self.text(place, column)
        return f" ({written}{self.interval(place, '; ')})" if written else ""

    def interval(self, place: int | None, before: str = "") -> str:
        """Return the 95% interval of a row behind some sign; empty where none is asked or shown."""
        lower, upper = (self.text(place, name) for name in ("lower", "upper"))
        return f"{before}95% interval {lower} to {upper}" if self.limits and lower and upper else ""


def printed(section: Section, *, limits: bool = False) -> Mapping[str, PrintedTable]:
    """Return the tables of a section, and those behind its pictures, by name."""
    return {table.name: PrintedTable(table.on_page, limits) for table in section.all_tables}


def _is_told(cell: object) -> bool:
    return cell is not None and cell != HIDDEN and not pd.isna(cell)  # type: ignore[call-overload]  # any cell
