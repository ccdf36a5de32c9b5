"""The report as a workbook: findings and facts first, then a sheet a table."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pandas as pd

from iop_outcomes.errors import ReportError
from iop_outcomes.report.forms.document import Document, kinds_of, leading_sheets
from iop_outcomes.shared.characters import printable

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

LONGEST_CELL = 32_000  # letters; Excel holds 32,767
LONGEST_NAME = 31  # letters of the name of a sheet
WIDEST, NARROWEST = 60, 8  # of a column, in letters
FORMATS = {"count": "#,##0", "share": "0.0%", "whole_share": "0.0%", "days": "0.0", "number": "0.0"}
CODE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")  # what Excel would read as the number of a character
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first time that a zip file can hold


def workbook(
    tables: dict[str, pd.DataFrame], mark: str = "", document: Document | None = None
) -> bytes:
    """Return the tables as an Excel workbook, a sheet each; the same tables, the same bytes.

    With the `document` the findings, the facts and what each sheet holds come first, and numbers
    have the format in which the page prints them.
    """
    from openpyxl import Workbook

    book = Workbook(write_only=False)
    book.remove(book.worksheets[0])
    first = {} if document is None else leading_sheets(document)
    kinds = {} if document is None else kinds_of(document)
    for name, frame in (first | tables).items():
        sheet = book.create_sheet(name[:LONGEST_NAME])
        _fill_sheet(sheet, frame, kinds.get(name, {}))
        sheet.oddHeader.center.text = mark or None
        if mark:
            sheet.cell(len(frame) + 3, 1, mark)
    if not tables:
        book.create_sheet("empty")
    buffer = BytesIO()  # not closed here: a save that fails closes what it wrote to it later
    try:
        book.save(buffer)
    except OSError as error:  # each sheet is first a temporary file
        raise ReportError(
            "The workbook of the report cannot be made: there is no room for temporary files.",
            found=error.strerror or str(error),
            instead="make room, or name a folder with room in TMPDIR; or save as .html",
        ) from error
    return _without_times(buffer.getvalue())


def _fill_sheet(sheet: Worksheet, frame: pd.DataFrame, kinds: dict[str, str]) -> None:
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    names = [str(name) for name in frame.columns]
    rows = [names, *frame.astype(object).to_numpy().tolist()]
    widths = [NARROWEST] * len(names)
    for number, row in enumerate(rows, start=1):
        for place, value in enumerate(row):
            if value is None or (not isinstance(value, str) and pd.isna(value)):
                continue
            cell = sheet.cell(number, place + 1, _plain(value))
            if isinstance(value, str):
                cell.data_type = "s"  # a name that begins with "=" is no formula
                widths[place] = max(widths[place], min(len(value), WIDEST))
                cell.alignment = Alignment(vertical="top", wrap_text=len(value) > WIDEST)
            elif kinds.get(names[place]) in FORMATS:
                cell.number_format = FORMATS[kinds[names[place]]]
            if number == 1:
                cell.font = Font(bold=True)
    for place, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = width + 2
    sheet.freeze_panes = "A2"


def _plain(value: Any) -> Any:
    """Return a value as a cell can hold it."""
    if not isinstance(value, str):
        return value.item() if hasattr(value, "item") else value
    text = printable(value)
    if len(text) > LONGEST_CELL:
        text = text[: LONGEST_CELL - 1] + "…"
    return CODE.sub("_x005F_", text)


def _without_times(content: bytes) -> bytes:
    """Return a workbook without the times at which it was made."""
    with ZipFile(BytesIO(content)) as old, BytesIO() as buffer:
        with ZipFile(buffer, "w", ZIP_DEFLATED) as new:
            for item in old.namelist():
                data = old.read(item)
                if item == "docProps/core.xml":
                    data = re.sub(
                        rb"(<dcterms:\w+[^>]*>)[^<]*", rb"\g<1>1980-01-01T00:00:00Z", data
                    )
                new.writestr(ZipInfo(item, LONG_AGO), data, ZIP_DEFLATED)
        return buffer.getvalue()
