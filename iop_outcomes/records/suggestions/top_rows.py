"""The first and last rows of a file, read before the position of its header is known."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.sources.delimited import DELIMITERS, as_text
from iop_outcomes.records.sources.opening import content, ending, require_text, shown
from iop_outcomes.records.sources.workbook import WORKBOOKS, rows_of_sheets

FIRST_ROWS, LAST_ROWS = 400, 60
_LOOKED_AT = 60  # lines from which the delimiter is determined


@dataclass(frozen=True)
class TopRows:
    """The first and the last rows of a file or sheet.

    Attributes
    ----------
    sheet : str
        The name of the sheet; empty for text.
    hidden : bool
        Whether the sheet is hidden.
    first, last : list of list of str
        The cells of the first and of the last lines, including blank lines.
    """

    sheet: str
    hidden: bool
    first: list[list[str]]
    last: list[list[str]]


def top_rows(path: Path) -> list[TopRows]:
    """Return the first and last rows of a delimited file, or of each sheet of a workbook.

    Raises
    ------
    RecordsError
        If it cannot be opened, or is neither text nor a workbook.
    """
    if ending(path) in WORKBOOKS:
        return _of_workbook(path)
    name = shown(path)
    data, _ = content(path)
    if not data:
        raise RecordsError(f"{name} is empty.", instead="Export it again, with its header line.")
    require_text(name, data)
    text = as_text(data, name)[0].removeprefix("\ufeff")
    if "\0" in text:
        raise RecordsError(
            f"{name} is not text.",
            found="NUL characters",
            instead="Open it in the program that wrote it, and save it as CSV or Excel.",
        )
    lines = io.StringIO(text, newline="").readlines()
    delimiter = max(DELIMITERS, key="".join(lines[:_LOOKED_AT]).count)
    cells = [_cells(line, delimiter) for line in lines[:FIRST_ROWS]]
    tail = [_cells(line, delimiter) for line in lines[FIRST_ROWS:][-LAST_ROWS:]]
    return [TopRows("", False, cells, tail or cells[-LAST_ROWS:])]


def _cells(line: str, delimiter: str) -> list[str]:
    """Return the cells of one line; a cell with several lines ends with the line."""
    bare = line.rstrip("\r\n")
    if not bare:
        return []
    try:
        return next(csv.reader([bare], delimiter=delimiter), [])
    except csv.Error:  # a cell longer than the module can read
        return bare.split(delimiter)


def _of_workbook(path: Path) -> list[TopRows]:
    result = []
    for title, visible, rows in rows_of_sheets(path):
        by_number = dict(rows)
        last = rows[-1][0] if rows else 0
        first = [by_number.get(number, []) for number in range(1, min(last, FIRST_ROWS) + 1)]
        tail = [
            by_number.get(number, []) for number in range(max(1, last - LAST_ROWS + 1), last + 1)
        ]
        result.append(TopRows(title, not visible, first, tail))
    return result
