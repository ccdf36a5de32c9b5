"""Conditions of a mapping on the cells of a row, by which rows are selected."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.mapping.folding import fold
from iop_outcomes.records.mapping.sections import listed, short
from iop_outcomes.records.sources.coded import Coded, Raw
from iop_outcomes.shared.messages import columns_found

Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]

TESTS = ("is", "starts_with", "contains", "matches", "empty", "not")
_WANTED = (
    'Write column = "value", ["one", "another"], or { starts_with = "...", contains = "...", '
    'matches = "a regular expression", empty = true, not = ... }.'
)


@dataclass(frozen=True)
class Cell:
    """A condition on the cell of one column; every test that is given must be true.

    Attributes
    ----------
    among : tuple of str or float
        The allowed values; a number is compared as a number.
    starts_with, contains : tuple of str
        Texts of which one must be at the beginning of the cell, or anywhere in it.
    matches : re.Pattern or None
        A regular expression that must be found in the cell; case matters.
    empty : bool or None
        If True the cell must be blank, if False it must not be blank.
    otherwise : Cell or None
        A condition that must be false.
    """

    among: tuple[str | float, ...] = ()
    starts_with: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()
    matches: re.Pattern[str] | None = None
    empty: bool | None = None
    otherwise: Cell | None = None

    def holds(self, text: str) -> bool:
        """Return whether a cell with this text meets the condition."""
        conditions = [_is_any(text, self.among)] if self.among else []
        if self.starts_with:
            conditions.append(any(_begins(text, part) for part in self.starts_with))
        if self.contains:
            conditions.append(any(_has(text, part) for part in self.contains))
        if self.matches is not None:
            conditions.append(self.matches.search(text) is not None)
        if self.empty is not None:
            conditions.append((not text.strip()) == self.empty)
        if self.otherwise is not None:
            conditions.append(not self.otherwise.holds(text))
        return all(conditions)

    def said(self) -> str:
        """Return the condition as words, for a list of the rows that met it."""
        parts = []
        if self.among:
            parts.append("is " + _either(self.among))
        if self.starts_with:
            parts.append("starts with " + _either(self.starts_with))
        if self.contains:
            parts.append("contains " + _either(self.contains))
        if self.matches is not None:
            parts.append("matches an expression")
        if self.empty is not None:
            parts.append("is empty" if self.empty else "is not empty")
        if self.otherwise is not None:
            parts.append(f"not: {self.otherwise.said()}")
        return " and ".join(parts)


def _either(values: tuple[str | float, ...]) -> str:
    texts = [f'"{value}"' if isinstance(value, str) else f"{value:g}" for value in values]
    return " or ".join(texts)


def _is_any(text: str, among: tuple[str | float, ...]) -> bool:
    folded = fold(text)
    for value in among:
        if isinstance(value, str):
            if fold(value) == folded and (folded or text.strip() == value.strip()):
                return True
        elif _number(text) == value:
            return True
    return False


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _begins(text: str, part: str) -> bool:
    if fold(part):
        return fold(text).startswith(fold(part))
    return text.strip().startswith(part.strip() or part)


def _has(text: str, part: str) -> bool:
    if fold(part):
        return fold(part) in fold(text)
    return (part.strip() or part) in text


@dataclass(frozen=True)
class Condition:
    """A condition on rows: in at least one case, every column must meet its condition.

    Attributes
    ----------
    cases : tuple of dict of str to Cell
        For each case, from the column name of the export (folded) to the condition on its cell.
    names : dict of str to str
        From the column name (folded) to the name as written in the mapping.
    where : str
        The section of the mapping, for messages.
    """

    cases: tuple[dict[str, Cell], ...]
    names: dict[str, str]
    where: str = "where"

    def rows(self, raw: Raw, ours: MappingType[str, str] | None = None) -> Mask:
        """Return for each row of a file whether it meets the condition.

        Parameters
        ----------
        raw : Raw
            The file.
        ours : mapping of str to str, optional
            From the column name of the export (folded) to its name here; the condition can use
            either.

        Raises
        ------
        RecordsError
            If the file lacks a column of the condition.
        """
        return self.cases_met(raw, ours) >= 0

    def cases_met(self, raw: Raw, ours: MappingType[str, str] | None = None) -> Places:
        """Return for each row the first case that it meets, or -1; otherwise like `rows`."""
        columns = self._columns(raw, ours)
        names = list(raw.columns)
        result = np.full(len(raw.lines), -1, dtype=np.int64)
        for number, case in enumerate(self.cases):
            rows = result < 0
            for name, cell in case.items():
                rows &= _rows_of(raw.columns[names[columns[name]]], cell)
            result[rows] = number
        return result

    def case_of_cells(
        self, raw: Raw, cells: Sequence[str], ours: MappingType[str, str] | None = None
    ) -> int:
        """Return the first case that a line of a file meets by its cells, or -1.

        A cell that the line does not have meets no condition, not even that it is empty.
        """
        columns = self._columns(raw, ours)
        for number, case in enumerate(self.cases):
            if all(
                columns[name] < len(cells) and cell.holds(cells[columns[name]])
                for name, cell in case.items()
            ):
                return number
        return -1

    def said(self, number: int) -> str:
        """Return one of the cases as words."""
        case = self.cases[number]
        return ", ".join(f"{self.names[name]} {cell.said()}" for name, cell in case.items())

    def _columns(self, raw: Raw, ours: MappingType[str, str] | None) -> dict[str, int]:
        """Return for the names of the columns (folded) their places in a file."""
        theirs = {fold(name): place for place, name in enumerate(raw.columns)}
        renamed = {
            fold(ours[name]): theirs[name] for name in reversed(theirs) if ours and name in ours
        }
        columns = {**renamed, **theirs}
        missing = [name for name in self.names if name not in columns]
        if missing:
            raise RecordsError(
                f"{raw.file} has no column {short(self.names[missing[0]])}, which {self.where} of "
                "the mapping names.",
                found=columns_found(raw.columns, self.names[missing[0]]),
                instead="Write the name as it is in the header of the file, or name the file that "
                "is meant with file = ....",
            )
        return columns


def _rows_of(coded: Coded, cell: Cell) -> Mask:
    chosen = np.array([cell.holds(str(word)) for word in coded.words.tolist()], dtype=bool)
    return coded.is_any(chosen)


def read_condition(where: str, value: Any) -> Condition:
    """Read a condition: a table of columns, or a list of such tables of which one must be met.

    Raises
    ------
    RecordsError
        If it is neither, names no column, or has an unknown test.
    """
    cases = listed(value)
    if not cases or not all(isinstance(case, MappingType) and case for case in cases):
        raise RecordsError(
            f"The mapping's {where} is not a condition.", found=short(value), instead=_WANTED
        )
    names: dict[str, str] = {}
    read = []
    for case in cases:
        cells = {}
        for name, wanted in case.items():
            folded = fold(str(name))
            cells[folded] = _cell(f"{where}: {short(name)}", wanted)
            names[folded] = str(name)
        read.append(cells)
    return Condition(tuple(read), names, where)


def _cell(where: str, wanted: Any) -> Cell:
    if not isinstance(wanted, MappingType):
        return Cell(among=_values(where, wanted))
    unknown = [name for name in wanted if name not in TESTS]
    if unknown or not wanted:
        raise RecordsError(
            f"The mapping's {where} has an unknown test.",
            found=", ".join(map(short, unknown)) or "nothing",
            instead=f"Use {', '.join(TESTS)}.",
        )
    empty = wanted.get("empty")
    if empty is not None and not isinstance(empty, bool):
        raise RecordsError(
            f"The mapping's {where}: empty is neither true nor false.",
            found=short(empty),
            instead="Write empty = true, or empty = false.",
        )
    return Cell(
        among=_values(where, wanted["is"]) if "is" in wanted else (),
        starts_with=_texts(where, wanted, "starts_with"),
        contains=_texts(where, wanted, "contains"),
        matches=_pattern(where, wanted["matches"]) if "matches" in wanted else None,
        empty=empty,
        otherwise=_cell(where, wanted["not"]) if "not" in wanted else None,
    )


def _values(where: str, wanted: Any) -> tuple[str | float, ...]:
    values = listed(wanted)
    plain = all(isinstance(one, str | int | float) and not isinstance(one, bool) for one in values)
    if not values or not plain:
        raise RecordsError(
            f"The mapping's {where} is compared with something that is neither text nor a number.",
            found=short(wanted),
            instead=_WANTED,
        )
    return tuple(value if isinstance(value, str) else float(value) for value in values)


def _texts(where: str, wanted: MappingType[str, Any], test: str) -> tuple[str, ...]:
    if test not in wanted:
        return ()
    values = listed(wanted[test])
    if not values or not all(isinstance(one, str) and one for one in values):
        raise RecordsError(
            f"The mapping's {where}: {test} is not text.",
            found=short(wanted[test]),
            instead=f'Write {test} = "text", or a list of texts.',
        )
    return tuple(values)


def _pattern(where: str, wanted: Any) -> re.Pattern[str]:
    try:
        if isinstance(wanted, str) and wanted:
            return re.compile(wanted)
        what = short(wanted)
    except (re.error, OverflowError, RecursionError) as error:
        what = f"{short(wanted)}: {getattr(error, 'msg', type(error).__name__)}"
    raise RecordsError(
        f"The mapping's {where}: matches is not a regular expression.",
        found=what,
        instead="Write one as Python reads them, such as matches = '^Total'.",
    ) from None
