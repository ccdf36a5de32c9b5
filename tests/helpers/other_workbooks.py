"""Workbooks of other kinds than .xlsx, written by hand in the tests: .xls, .xlsb, .ods."""

from __future__ import annotations

import datetime
import io
import struct
import zipfile
from xml.sax.saxutils import escape

Cell = str | float | datetime.date | None
Sheets = dict[str, list[list[Cell]]]


def xls(sheets: Sheets, *, hidden: tuple[str, ...] = (), from_1904: bool = False) -> bytes:
    """Return a workbook of the old kind; a text that begins with # is the error of that name."""
    import xlwt

    book = xlwt.Workbook()
    book.dates_1904 = from_1904
    as_date = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for title, rows in sheets.items():
        sheet = book.add_sheet(title)
        sheet.visibility = int(title in hidden)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, datetime.date):
                    sheet.write(number, column, cell, as_date)
                elif isinstance(cell, str) and cell.startswith("#"):
                    sheet.row(number).set_cell_error(column, cell)
                elif cell is not None:
                    sheet.write(number, column, cell)
    with io.BytesIO() as buffer:
        book.save(buffer)
        return buffer.getvalue()


def ods(sheets: Sheets, *, hidden: tuple[str, ...] = ()) -> bytes:
    """Return a spreadsheet of OpenDocument, with the empty rows and columns that programs add."""
    names = ("office", "table", "text", "style")
    space = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in names
    )
    tables = []
    for title, rows in sheets.items():
        style = "off" if title in hidden else "on"
        lines = "".join(
            f"<table:table-row>{''.join(map(_ods_cell, row))}"
            '<table:table-cell table:number-columns-repeated="1000"/></table:table-row>'
            for row in rows
        )
        tables.append(
            f'<table:table table:name="{escape(title)}" table:style-name="{style}">{lines}'
            '<table:table-row table:number-rows-repeated="1048000"><table:table-cell '
            'table:number-columns-repeated="1024"/></table:table-row></table:table>'
        )
    styles = "".join(
        f'<style:style style:name="{name}" style:family="table">'
        f'<style:table-properties table:display="{shown}"/></style:style>'
        for name, shown in (("on", "true"), ("off", "false"))
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content{space}>'
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body>"
        f"<office:spreadsheet>{''.join(tables)}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    return _packed({"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": "<x/>"})


def _ods_cell(cell: Cell) -> str:
    if cell is None:
        return "<table:table-cell/>"
    if isinstance(cell, datetime.date):
        kind = f'office:value-type="date" office:date-value="{cell}"'
    elif isinstance(cell, str):
        kind = 'office:value-type="string"'
    else:
        kind = f'office:value-type="float" office:value="{cell}"'
    return f"<table:table-cell {kind}><text:p>{escape(str(cell))}</text:p></table:table-cell>"


def xlsb(
    sheets: Sheets,
    *,
    hidden: tuple[str, ...] = (),
    from_1904: bool = False,
    far: tuple[int, int] | None = None,
) -> bytes:
    """Return a binary workbook; `far` is the row and column (from 0) of one more value."""
    from iop_outcomes.records.sources.workbooks.xlsb import ERROR_NAMES

    errors = {name: code for code, name in ERROR_NAMES.items()}
    first = datetime.date(1904, 1, 1) if from_1904 else datetime.date(1899, 12, 30)
    files: dict[str, str | bytes] = {}
    listed, links = b"", []
    for number, (title, rows) in enumerate(sheets.items(), start=1):
        listed += _record(
            156, struct.pack("<II", title in hidden, number) + _wide(f"rId{number}") + _wide(title)
        )
        links.append(f'<Relationship Id="rId{number}" Type="x" Target="worksheets/s{number}.bin"/>')
        data = b""
        for place, row in enumerate(rows):
            data += _record(0, struct.pack("<I", place) + bytes(13))
            for column, cell in enumerate(row):
                data += _xlsb_cell(column, cell, errors, first)
        if far is not None:
            data += _record(0, struct.pack("<I", far[0]) + bytes(13))
            data += _xlsb_cell(far[1], 1.0, errors, first)
        size = struct.pack("<4I", 0, max(len(rows) - 1, 0), 0, max(map(len, rows)) - 1)
        files[f"xl/worksheets/s{number}.bin"] = b"".join(
            (_record(129), _record(148, size), _record(145), data, _record(146), _record(130))
        )
    book = _record(153, struct.pack("<III", from_1904, 0, 0))
    files["xl/workbook.bin"] = b"".join(
        (_record(131), book, _record(143), listed, _record(144), _record(132))
    )
    kind = "http://schemas.openxmlformats.org/package/2006/relationships"
    files["xl/_rels/workbook.bin.rels"] = (
        f'<Relationships xmlns="{kind}">{"".join(links)}'
        '<Relationship Id="rIdS" Type="x" Target="styles.bin"/></Relationships>'
    )
    # two formats of cells: a general one and a date
    formats = _record(617, struct.pack("<I", 2)) + b"".join(
        _record(47, struct.pack("<HH", 0, number) + bytes(12)) for number in (0, 14)
    )
    files["xl/styles.bin"] = b"".join((_record(278), formats, _record(618), _record(279)))
    return _packed(files)


def _xlsb_cell(column: int, cell: Cell, errors: dict[str, int], first: datetime.date) -> bytes:
    if cell is None:
        return b""
    if isinstance(cell, datetime.date):
        days = float((cell - first).days)
        return _record(5, struct.pack("<IId", column, 1, days))
    if isinstance(cell, str):
        if cell in errors:
            return _record(3, struct.pack("<IIB", column, 0, errors[cell]))
        return _record(6, struct.pack("<II", column, 0) + _wide(cell))
    return _record(5, struct.pack("<IId", column, 0, cell))


def _record(kind: int, content: bytes = b"") -> bytes:
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, rest = b"", len(content)
    while True:
        size += bytes([rest & 0x7F | (0x80 if rest > 127 else 0)])
        rest >>= 7
        if not rest:
            return head + size + content


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _packed(files: dict[str, str] | dict[str, str | bytes]) -> bytes:
    with io.BytesIO() as buffer:
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return buffer.getvalue()
