"""The contents of a binary Excel workbook (.xlsb), counted without the parser of cells.

Each part is a sequence of records: kind, size, content ([MS-XLSB] 2.1.4).
"""

from __future__ import annotations

import posixpath
import re
import struct
from collections.abc import Iterator
from zipfile import ZipFile

from iop_outcomes.records.sources.workbooks.contents import (
    MOST_VALUES,
    BookContents,
    SheetContents,
    place_of,
    too_large,
)

_ROW, _MERGED, _BOOK, _SHEET = 0, 176, 153, 156  # kinds of records ([MS-XLSB] 2.3)
_ERRORS = (3, 11)
_VALUES = (2, 4, 5, 7, 9, 10)
_TEXTS = (6, 8, 62)  # may be empty
ERROR_NAMES = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}
_LINK = re.compile(rb"<Relationship\b[^<>]*>")
_MARK = re.compile(rb'\b(Id|Target)="([^"]*)"')


def xlsb_contents(archive: ZipFile, name: str) -> BookContents:
    """Return the contents of a binary workbook.

    Raises
    ------
    RecordsError
        If it is too large.
    """
    book = BookContents()
    links = {}
    for link in _LINK.findall(archive.read("xl/_rels/workbook.bin.rels")):
        marks = dict(_MARK.findall(link))
        links[marks.get(b"Id", b"").decode()] = marks.get(b"Target", b"").decode()
    for kind, content in _records(archive.read("xl/workbook.bin")):
        if kind == _BOOK and content:
            book.from_1904 = bool(content[0] & 1)
        elif kind == _SHEET:
            link, place = _text(content, 8)
            title, _ = _text(content, place)
            target = links.get(link, "")
            path = target if target.startswith("/") else f"/xl/{target}"
            part = posixpath.normpath(path).lstrip("/")
            if part in archive.namelist():
                book.sheets[title] = _sheet(archive.read(part), name)
    return book


def _sheet(data: bytes, name: str) -> SheetContents:
    sheet, row = SheetContents(), 0
    for kind, content in _records(data):
        if kind == _ROW:
            row = struct.unpack_from("<I", content)[0] + 1
        elif kind in _VALUES or kind in _ERRORS or kind in _TEXTS:
            column = struct.unpack_from("<I", content)[0] + 1
            if kind in _TEXTS and not struct.unpack_from("<I", content, 8 + (kind == 62))[0]:
                continue
            sheet.values += 1
            sheet.reaches(row, column)
            if kind in _ERRORS:
                sheet.unseen += 1
                text = ERROR_NAMES.get(content[8], "#ERROR")
                sheet.exact.setdefault(row, {})[column] = text
            if sheet.values > MOST_VALUES:
                raise too_large(name, f"more than {MOST_VALUES:,} cells")
        elif kind == _MERGED:
            first, last, left, right = struct.unpack_from("<4I", content)
            where = f"{place_of(first + 1, left + 1)}:{place_of(last + 1, right + 1)}"
            sheet.merged.append((first + 1, last + 1, left + 1, where))
    return sheet


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the kind and content of each record; numbers have seven bits a byte."""
    place, end = 0, len(data)
    while place < end:
        kind = data[place]
        place += 1
        if kind & 0x80:
            kind = kind & 0x7F | data[place] << 7
            place += 1
        size = shift = 0
        while True:
            byte = data[place]
            place += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80 or shift > 21:
                break
        yield kind, data[place : place + size]
        place += size


def _text(content: bytes, place: int) -> tuple[str, int]:
    """Return a text that follows its length, and the position of its end."""
    (size,) = struct.unpack_from("<I", content, place)
    if size == 0xFFFFFFFF:
        return "", place + 4
    end = place + 4 + 2 * size
    return content[place + 4 : end].decode("utf-16-le"), end
