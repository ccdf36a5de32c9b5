"""Excel workbooks in: every cell that stands in the file, whatever the sheet declares of its size.

openpyxl reads the cells; `sheet_xml` counts apart from it the cells with a value. If fewer were
read, the workbook is refused: the parser passes over rows whose numbers stand twice or out of
order, and over sheets that it does not find.
"""

from __future__ import annotations

import hashlib
import io
import warnings
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.sources.cells import cell_text
from iop_outcomes.records.sources.coded import Raw, Remark
from iop_outcomes.records.sources.layout import Layout, chosen_sheets
from iop_outcomes.records.sources.opening import read_bytes, require_kind, shown
from iop_outcomes.records.sources.rows import from_rows
from iop_outcomes.records.sources.sheet_xml import SheetXml, count_sheets

Rows = list[tuple[int, list[str]]]


@dataclass(frozen=True)
class Workbook:
    """The chosen sheets of a workbook that have rows, by name, and the names of the hidden ones."""

    sheets: dict[str, Raw]
    hidden: list[str] = field(default_factory=list)


def read_workbook(path: Path, layout: Layout | None = None) -> Workbook:
    """Read the sheets of an Excel workbook that are asked for and have rows, in order.

    Without a layout every sheet is read that is not hidden.

    Raises
    ------
    RecordsError
        If it cannot be read, or not wholly, holds more than is read, or has no such sheet.
    """
    name, data, layout = shown(path), read_bytes(path), layout or Layout()
    require_kind(name, data, b"PK\x03\x04", "an Excel workbook (.xlsx)")
    try:
        with warnings.catch_warnings(), zipfile.ZipFile(io.BytesIO(data)) as archive:
            warnings.simplefilter("ignore")  # styles and validation that openpyxl does not know
            counted = count_sheets(archive, name)
            book = open_workbook(data)
            visible = {sheet.title: sheet.sheet_state == "visible" for sheet in book.worksheets}
            chosen = chosen_sheets(visible, layout, name)
            sheets, read = _rows_of_sheets(book, counted)
    except RecordsError:
        raise
    except Exception as error:  # openpyxl and zipfile raise many kinds on a damaged file
        raise RecordsError(
            f"{name} cannot be read as an Excel workbook.",
            found=type(error).__name__,
            instead="Open it in Excel and save it again as .xlsx, or as CSV.",
        ) from None
    values = sum(part.values for part in counted.values())
    if read != values:
        raise RecordsError(
            f"{name} could not be read whole.",
            found=f"{read:,} cells with a value read, {values:,} in the file",
            instead="Open it in Excel and save it again as .xlsx, or as CSV.",
        )
    digest = hashlib.sha256(data).hexdigest()
    result = {}
    for title in chosen:
        rows, part = sheets[title]
        rows = [row for row in rows if row[0] > layout.lines_above]
        if rows:
            file = name if len(chosen) == 1 else f"{name}: sheet {title}"
            raw = from_rows(_as_wide_as_the_header(rows, layout), file, digest, layout)
            result[title] = replace(
                raw,
                dates_from_1904=book.epoch.year == 1904,
                remarks=(*raw.remarks, *_merged(part, rows[: layout.header_rows][-1][0])),
            )
    hidden = [title for title, seen in visible.items() if not seen and title not in chosen]
    if not result:
        if layout.header_row is not None:
            raise RecordsError(
                f"{name} has no header on row {layout.header_row:,}, nor rows below it.",
                instead="Say in the mapping on which row the column names stand (header_row).",
            )
        raise RecordsError(
            f"{name} has no sheet with rows.",
            found=f"hidden sheets: {len(hidden):,}" if hidden else "",
            instead="Give a workbook with a sheet of rows; a hidden sheet is not read.",
        )
    return Workbook(result, hidden)


def open_workbook(data: bytes) -> Any:
    """Open a workbook for reading, without its pictures: they hold no rows, and may be broken."""
    from openpyxl.reader.excel import ExcelReader

    class WithoutPictures(ExcelReader):
        def read_chartsheet(self, sheet: Any, rel: Any) -> None:
            """Pass over a sheet that is a picture."""

    reader = WithoutPictures(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    reader.read()
    return reader.wb


def _rows_of_sheets(
    book: Any, counted: dict[str, SheetXml]
) -> tuple[dict[str, tuple[Rows, SheetXml]], int]:
    """Return the rows of every sheet, and how many cells hold a value."""
    sheets: dict[str, tuple[Rows, SheetXml]] = {}
    read = 0
    for sheet in book.worksheets:
        sheet.reset_dimensions()  # what the sheet declares of its size may be wrong
        part = counted.get(sheet._worksheet_path, SheetXml())
        rows: Rows = []
        for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
            filled = len(cells) - cells.count(None)
            read += filled
            if filled or number in part.formulas:
                rows.append((number, _texts(cells, part.formulas.get(number, {}))))
        sheets[sheet.title] = rows, part
    return sheets, read


def _as_wide_as_the_header(rows: Rows, layout: Layout) -> Rows:
    """Return the rows with the empty cells at their end, which a sheet need not hold."""
    width = max(len(cells) for _, cells in rows[: layout.header_rows])
    return [(number, cells + [""] * (width - len(cells))) for number, cells in rows]


def _texts(cells: tuple[object, ...], formulas: dict[int, str]) -> list[str]:
    """Return the cells of a row as text; a formula without a value stands for itself."""
    texts = [cell_text(cell) for cell in cells]
    for column, formula in formulas.items():
        texts.extend([""] * (column - len(texts)))
        texts[column - 1] = texts[column - 1] or formula
    while texts and not texts[-1]:
        texts.pop()
    return texts


def _merged(part: SheetXml, header: int) -> tuple[Remark, ...]:
    """List the cells below the header that are merged over several rows."""
    return tuple(
        Remark(first, where, "merged_cells", "kept: the rows below the first have no value")
        for first, last, where in part.merged
        if header < first < last
    )
