"""Grids: one row a person and one column a date become one row a person and date."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase

import numpy as np

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.mapping.folding import fold
from iop_outcomes.records.mapping.plan import Grid
from iop_outcomes.records.mapping.sections import short
from iop_outcomes.records.shaping.columns import (
    compact,
    constant,
    is_blank,
    name_if_there,
    stacked,
    taken,
)
from iop_outcomes.records.shaping.grid_headings import Heading, dates_of, read_heading
from iop_outcomes.records.sources.coded import Coded, Raw, narrow
from iop_outcomes.shared.messages import columns_found

NO_ROW = "no_row"
HEADING = "grid_heading"  # a column that distinguishes several headings of one date
_DAY = re.compile(r"(?:study\s*)?(?:day|d)?\s*(-?\d{1,5})", re.IGNORECASE)


def melt(raw: Raw, grid: Grid, ours: Mapping[str, str], order: str) -> tuple[Raw, frozenset[str]]:
    """Make one row for each cell of a grid; return also the names of the new columns.

    Rows are in the order of their lines, and within a line in the order of the columns. Columns
    outside the grid are repeated.

    Raises
    ------
    RecordsError
        If the file has no column of the grid, or its headings cannot be read.
    """
    read = _columns_of(raw, grid)
    texts, rests = _headings(raw, grid, list(read), read, order)
    taken_names = [name_if_there(raw, each, ours) for each in (grid.headings, grid.becomes)]
    for name, target in zip(taken_names, (grid.headings, grid.becomes), strict=True):
        if name is not None and name not in read:
            raise RecordsError(
                f"{raw.file} has a column {short(target)} of its own, as the grid makes.",
                instead="Map it to another name in columns = { ... } of [[TABLE.from]].",
            )
    size, width = len(raw.lines), len(read)
    marks = stacked([raw.columns[name] for name in read])
    by_row = np.arange(size * width).reshape(width, size).T.ravel()
    blank = is_blank(marks)[by_row]
    kept = np.flatnonzero(~blank) if grid.blank == NO_ROW else np.arange(size * width)
    rows, places = kept // width, kept % width
    columns = {name: taken(coded, rows) for name, coded in raw.columns.items() if name not in read}
    columns[grid.headings] = _of_places(texts, places)
    marks = taken(marks, by_row[kept])
    columns[grid.becomes] = marks if grid.blank == NO_ROW else _filled(marks, grid.blank)
    new_columns = {grid.headings, grid.becomes}
    if max(Counter(texts).values()) > 1:
        columns[HEADING] = _of_places(rests, places)
        new_columns.add(HEADING)
    return replace(raw, columns=columns, lines=raw.lines[rows]), frozenset(new_columns)


def _of_places(texts: list[str], places: np.ndarray) -> Coded:
    words = np.array(list(dict.fromkeys(texts)), dtype=object)
    codes = np.array([words.tolist().index(text) for text in texts], dtype=np.int64)
    return taken(Coded(narrow(codes, len(words)), words), places)


def _filled(marks: Coded, blank: str) -> Coded:
    rows = is_blank(marks)
    both = stacked([marks, constant(blank, 1)])
    codes = np.where(rows, both.codes[-1], both.codes[:-1])
    return compact(codes, both.words)


def _columns_of(raw: Raw, grid: Grid) -> dict[str, Heading | None]:
    """Return the columns of the grid, each with the date in its heading (None without one)."""
    dated = grid.headings == "date"
    if grid.columns:
        patterns = [fold(pattern) for pattern in grid.columns]
        names = [
            name for name in raw.columns if any(fnmatchcase(fold(name), each) for each in patterns)
        ]
        headings = {name: read_heading(_as_written(raw, name), bare=True) for name in names}
    elif dated:
        read = {name: read_heading(_as_written(raw, name), bare=True) for name in raw.columns}
        headings = {name: heading for name, heading in read.items() if heading is not None}
    else:
        headings = {name: None for name in raw.columns if _DAY.fullmatch(name.strip())}
    if not headings:
        raise RecordsError(
            f"{raw.file} has no column of the grid.",
            found=columns_found(raw.columns),
            instead="Check header_row: the dates of the grid are its headings. If they are written "
            'in another way, name the columns: grid = { columns = ["Week *"] }.',
        )
    unread = [name for name, heading in headings.items() if dated and heading is None]
    if unread:
        place = list(raw.columns).index(unread[0]) + 1
        raise RecordsError(
            f"{raw.file} has a heading in the grid that is not a date: column {place}.",
            instead="Name only the columns of the grid, or give headings = another column.",
        )
    return headings


def _as_written(raw: Raw, name: str) -> str:
    return raw.repeated.get(name, name)


def _headings(
    raw: Raw, grid: Grid, names: list[str], read: Mapping[str, Heading | None], order: str
) -> tuple[list[str], list[str]]:
    """Return the text of each heading for its column, and what distinguishes equal ones."""
    if grid.headings == "date":
        headings = [heading for heading in read.values() if heading is not None]
        file, _, sheet = raw.file.partition(": sheet ")
        dates = dates_of(headings, grid, order, file=file, sheet=raw.sheet or sheet)
        return [date.isoformat() for date in dates], names
    if grid.columns and grid.headings not in ("day", "date"):
        return [_as_written(raw, name).strip() for name in names], names
    texts = []
    for name in names:
        match = _DAY.fullmatch(_as_written(raw, name).strip())
        texts.append(match[1] if match else _as_written(raw, name).strip())
    return texts, names
