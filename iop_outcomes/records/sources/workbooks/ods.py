"""The contents of an OpenDocument spreadsheet (.ods), counted without the parser of cells."""

from __future__ import annotations

import html
import re
from zipfile import ZipFile

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.sources.workbooks.contents import (
    MOST_UNPACKED,
    BookContents,
    SheetContents,
    place_of,
    too_large,
)

_TAG = re.compile(
    rb"<(/?)table:(table-row|table-cell|covered-table-cell|table)\b([^<>]*?)(/?)>|"
    rb"<text:(?:p|s|span|a|line-break|tab)\b[^<>]*>([^<]+)"
)
_NAME = re.compile(rb'\btable:name="([^"]*)"')
_ROWS = re.compile(rb'\btable:number-rows-repeated="(\d+)"')
_COLUMNS = re.compile(rb'\btable:number-columns-repeated="(\d+)"')
_ROW_SPAN = re.compile(rb'\btable:number-rows-spanned="(\d+)"')
_COLUMN_SPAN = re.compile(rb'\btable:number-columns-spanned="(\d+)"')
_TYPED = re.compile(rb'\boffice:value-type="(?!string)')


def ods_contents(archive: ZipFile, name: str) -> BookContents:
    """Return the contents of a spreadsheet; repeated rows and cells count as often as they occur.

    Raises
    ------
    RecordsError
        If it needs a password, or is too large.
    """
    if b"manifest:encryption-data" in archive.read("META-INF/manifest.xml"):
        raise RecordsError(
            f"{name} is protected by a password and cannot be read.",
            instead="Open it, remove the password and save it again, or save its sheet as CSV.",
        )
    size = archive.getinfo("content.xml").file_size
    if size > MOST_UNPACKED:
        raise too_large(name, f"{size:,} bytes; at most {MOST_UNPACKED:,} are read")
    book = BookContents()
    reader = _Reader(book)
    for match in _TAG.finditer(archive.read("content.xml")):
        if match[5] is not None:
            reader.text(match[5])
        elif match[1]:
            reader.close(match[2])
        else:
            reader.open(match[2], match[3])
            if match[4]:
                reader.close(match[2])
    return book


class _Reader:
    """Follows the tables, rows and cells of a spreadsheet; tables within cells are not read."""

    def __init__(self, book: BookContents) -> None:
        self._book = book
        self._sheet = SheetContents()
        self._depth = self._row = self._column = 0
        self._rows = self._cells = 1  # the numbers of repetitions of the row and the cell
        self._filled = False
        self._last = 0  # the last filled column of the row
        self._values = 0  # of the row

    def open(self, kind: bytes, marks: bytes) -> None:
        """Begin a table, a row or a cell."""
        if kind == b"table":
            self._depth += 1
            if self._depth == 1:
                title = _NAME.search(marks)
                self._sheet = SheetContents()
                self._book.sheets[html.unescape(title[1].decode()) if title else ""] = self._sheet
                self._row = 0
        elif self._depth == 1 and kind == b"table-row":
            self._rows = _number(_ROWS, marks)
            self._column = self._last = self._values = 0
        elif self._depth == 1:
            self._cells = _number(_COLUMNS, marks)
            self._filled = _TYPED.search(marks) is not None
            down, right = _number(_ROW_SPAN, marks), _number(_COLUMN_SPAN, marks)
            if down > 1:
                row, column = self._row + 1, self._column + 1
                where = f"{place_of(row, column)}:{place_of(row + down - 1, column + right - 1)}"
                self._sheet.merged.append((row, row + down - 1, column, where))

    def text(self, text: bytes) -> None:
        """Record that the cell has a text."""
        self._filled = True

    def close(self, kind: bytes) -> None:
        """End a table, a row or a cell."""
        if kind == b"table":
            self._depth -= 1
        elif self._depth == 1 and kind == b"table-row":
            self._row += self._rows
            self._sheet.values += self._values * self._rows
            if self._values:
                self._sheet.reaches(self._row, self._last)
        elif self._depth == 1:
            self._column += self._cells
            if self._filled:
                self._last = self._column
                self._values += self._cells
            self._filled = False


def _number(pattern: re.Pattern[bytes], marks: bytes) -> int:
    match = pattern.search(marks)
    return min(int(match[1][:9]), 1 << 24) if match else 1
