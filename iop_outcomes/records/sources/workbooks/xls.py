"""The contents of an Excel 97 to 2003 workbook (.xls), counted without the parser of cells.

The stream ``Workbook`` of an OLE file is a sequence of records: kind, size, content ([MS-XLS]
2.1.4).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BytesIO

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.sources.workbooks.contents import (
    BookContents,
    SheetContents,
    place_of,
)
from iop_outcomes.records.sources.workbooks.xlsb import ERROR_NAMES

_BEGIN, _END = 0x0809, 0x000A  # kinds of records ([MS-XLS] 2.3)
_PASSWORD, _FROM_1904, _SHEET = 0x002F, 0x0022, 0x0085
_NUMBER, _SHORT, _SHARED_TEXT, _TEXT, _RICH = 0x0203, 0x027E, 0x00FD, 0x0204, 0x00D6
_SHORTS, _FLAG_OR_ERROR, _FORMULA, _MERGED = 0x00BD, 0x0205, 0x0006, 0x00E5
_FORMULA_TEXT = 0x0207


def xls_contents(data: bytes, name: str) -> BookContents:
    """Return the contents of a workbook of Excel 97 to 2003.

    Raises
    ------
    RecordsError
        If it needs a password, or is of a version before Excel 97.
    """
    import olefile

    with olefile.OleFileIO(BytesIO(data)) as file:
        if file.exists("EncryptedPackage") or file.exists("EncryptionInfo"):
            raise needs_password(name)
        stream = next((each for each in ("Workbook", "Book") if file.exists(each)), "")
        if not stream:
            raise RecordsError(
                f"{name} is not an Excel workbook.",
                found="an Office file of another kind",
                instead="Open it in its program and save the table as .xlsx or as CSV.",
            )
        records = file.openstream(stream).read()
    book = BookContents()
    starts: list[tuple[str, int]] = []
    for kind, content in _records(records, 0):
        if kind == _PASSWORD:
            raise needs_password(name)
        if kind == _BEGIN and content[:2] != b"\x00\x06":
            raise RecordsError(
                f"{name} is an Excel workbook from before Excel 97.",
                instead="Open it in Excel and save it as .xlsx, or as CSV.",
            )
        if kind == _FROM_1904:
            book.from_1904 = content[:1] == b"\x01"
        elif kind == _SHEET:
            (start,) = struct.unpack_from("<I", content)
            size, wide = content[6], content[7] & 1
            text = content[8 : 8 + size * (1 + wide)]
            title = text.decode("utf-16-le" if wide else "latin-1")
            if content[5] == 0:  # a sheet of cells
                starts.append((title, start))
    for title, start in starts:
        book.sheets[title] = _sheet(records, start)
    return book


def needs_password(name: str) -> RecordsError:
    """Return an error for a workbook that is protected by a password."""
    return RecordsError(
        f"{name} is protected by a password and cannot be read.",
        instead="Open it, remove the password and save it again, or save its sheet as CSV.",
    )


def _sheet(records: bytes, start: int) -> SheetContents:
    sheet = SheetContents()
    cells: set[tuple[int, int]] = set()  # formulas whose text is in the next record
    for kind, content in _records(records, start):
        if kind in (_NUMBER, _SHORT, _SHARED_TEXT, _TEXT, _RICH, _FLAG_OR_ERROR, _FORMULA):
            row, column = struct.unpack_from("<HH", content)
            _cell(sheet, kind, content, row + 1, column + 1, cells)
        elif kind == _SHORTS:
            row, first = struct.unpack_from("<HH", content)
            (last,) = struct.unpack_from("<H", content, len(content) - 2)
            sheet.values += max(last - first + 1, 0)
            sheet.reaches(row + 1, last + 1)
        elif kind == _FORMULA_TEXT and cells:
            cells.clear()
            sheet.values += struct.unpack_from("<H", content)[0] > 0
        elif kind == _MERGED:
            (number,) = struct.unpack_from("<H", content)
            for place in range(2, 2 + 8 * number, 8):
                top, last, left, right = struct.unpack_from("<4H", content, place)
                where = f"{place_of(top + 1, left + 1)}:{place_of(last + 1, right + 1)}"
                sheet.merged.append((top + 1, last + 1, left + 1, where))
    return sheet


def _cell(
    sheet: SheetContents,
    kind: int,
    content: bytes,
    row: int,
    column: int,
    texts: set[tuple[int, int]],
) -> None:
    """Count one cell."""
    error = None
    if kind == _FLAG_OR_ERROR and content[7]:
        error = content[6]
    elif kind == _FORMULA and content[12:14] == b"\xff\xff":
        if content[6] == 2:
            error = content[8]
        elif content[6] == 0:  # a text, which follows
            texts.add((row, column))
            sheet.reaches(row, column)
            return
        elif content[6] == 3:  # an empty text
            return
    sheet.values += 1
    sheet.reaches(row, column)
    if error is not None:
        sheet.unseen += 1
        sheet.exact.setdefault(row, {})[column] = ERROR_NAMES.get(error, "#ERROR")


def _records(data: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """Yield the kind and content of each record of the part that begins at `start`."""
    place, depth = start, 0
    while place + 4 <= len(data):
        kind, size = struct.unpack_from("<HH", data, place)
        content = data[place + 4 : place + 4 + size]
        depth += (kind == _BEGIN) - (kind == _END)
        yield kind, content
        if depth <= 0:
            return
        place += 4 + size
