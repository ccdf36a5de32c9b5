"""Reading of workbooks: every cell in the file, whatever size a sheet declares.

calamine reads the cells. ``workbooks/`` counts the cells with a value independently, and finds what
calamine does not give: errors, numbers of many digits, formulas without a calculated value. If
fewer cells were read than counted, the workbook is refused: of two cells in one place the parser
keeps only the last.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.sources.cells import cell_text
from iop_outcomes.records.sources.coded import Raw, Remark
from iop_outcomes.records.sources.layout import Layout, chosen_sheets
from iop_outcomes.records.sources.opening import content, shown
from iop_outcomes.records.sources.rows import from_rows
from iop_outcomes.records.sources.workbooks.contents import SheetContents, require_bounded
from iop_outcomes.records.sources.workbooks.kinds import book_contents

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")

Rows = list[tuple[int, list[str]]]


@dataclass(frozen=True)
class Workbook:
    """The selected sheets of a workbook that have rows, by name, and the names of hidden sheets."""

    sheets: dict[str, Raw]
    hidden: list[str] = field(default_factory=list)


def read_workbook(path: Path, layout: Layout | None = None) -> Workbook:
    """Read the sheets of a workbook that the layout names and that have rows, in order.

    Without a layout, all sheets that are not hidden are read.

    Parameters
    ----------
    path : pathlib.Path
        A workbook: .xlsx, .xlsm, .xls, .xlsb or .ods. Its kind is recognised from its content.
    layout : Layout, optional
        The sheets, and the position of their header.

    Raises
    ------
    RecordsError
        If it cannot be read or not completely, is too large, needs a password, or has no such
        sheet.
    """
    name, layout = shown(path), layout or Layout()
    data, digest = content(path)
    contents = book_contents(data, name)
    with _Book(data, name) as book:
        chosen = chosen_sheets(book.visible, layout, name)
        result = {}
        for title in chosen:
            sheet = contents.sheets.get(title)
            if sheet is None:
                raise _not_whole(name, "a sheet that is in its list of sheets only")
            rows = [row for row in book.rows(title, sheet) if row[0] > layout.lines_above]
            if rows:
                file = name if len(chosen) == 1 else f"{name}: sheet {title}"
                raw = from_rows(_as_wide_as_the_header(rows, layout), file, digest, layout)
                header = rows[: layout.header_rows][-1][0]
                result[title] = replace(
                    raw,
                    dates_from_1904=contents.from_1904,
                    remarks=(*raw.remarks, *_merged(sheet, header, list(raw.columns))),
                )
    hidden = [title for title, seen in book.visible.items() if not seen and title not in chosen]
    if not result:
        raise _no_rows(name, layout, len(hidden))
    return Workbook(result, hidden)


def rows_of_sheets(path: Path) -> list[tuple[str, bool, Rows]]:
    """Return all rows of every sheet, for use before the position of the header is known.

    Returns
    -------
    list of tuple
        For each sheet: its name, whether it is visible, and the rows that are not empty, each with
        its number.

    Raises
    ------
    RecordsError
        As `read_workbook`.
    """
    name, (data, _) = shown(path), content(path)
    contents = book_contents(data, name)
    with _Book(data, name) as book:
        return [
            (title, visible, book.rows(title, contents.sheets[title]))
            for title, visible in book.visible.items()
            if title in contents.sheets
        ]


class _Book:
    """A workbook opened by calamine, with errors as RecordsError."""

    def __init__(self, data: bytes, name: str) -> None:
        self._name = name
        self._data = data
        self.visible: dict[str, bool] = {}

    def __enter__(self) -> _Book:
        import python_calamine as calamine

        try:
            self._book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(self._data))
            tables = [
                sheet
                for sheet in self._book.sheets_metadata
                if sheet.typ == calamine.SheetTypeEnum.WorkSheet
            ]
        except calamine.PasswordError:
            raise _needs_password(self._name) from None
        except BaseException as error:  # a panic of calamine is not an Exception
            raise self._refused(error) from None
        self.visible = {
            sheet.name: sheet.visible == calamine.SheetVisibleEnum.Visible for sheet in tables
        }
        if len(self.visible) < len(tables):
            raise RecordsError(
                f"{self._name} has two sheets of one name.",
                instead="Open it, rename one of them, and save it again.",
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._book.close()

    def _refused(self, error: BaseException) -> BaseException:
        if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError | RecordsError):
            return error
        return RecordsError(
            f"{self._name} cannot be read as a workbook.",
            found="it is damaged, or was cut off",
            instead="Open it in the program that wrote it and save it again as .xlsx, or as CSV.",
        )

    def rows(self, title: str, contents: SheetContents) -> Rows:
        """Return the rows of a sheet that are not empty, as text, each with its number."""
        require_bounded(contents, self._name)
        rows: Rows = []
        read = 0
        texts = _Texts()
        try:
            cells_of_rows = self._book.get_sheet_by_name(title).iter_rows()
            for number, cells in enumerate(cells_of_rows, start=1):
                filled = len(cells) - cells.count("")
                read += filled
                marked = contents.exact.get(number), contents.formulas.get(number)
                if filled or any(marked):
                    rows.append((number, texts.of_row(cells, *marked)))
        except BaseException as error:
            raise self._refused(error) from None
        last = rows[-1][0] if rows else 0
        beyond = {*contents.exact, *contents.formulas} - set(range(last + 1))
        for number in sorted(beyond):
            marked = contents.exact.get(number), contents.formulas.get(number)
            rows.append((number, texts.of_row([], *marked)))
        if read != contents.values - contents.unseen:
            cells_read = (
                f"{read + contents.unseen:,} cells with a value read, "
                f"{contents.values:,} in the file"
            )
            raise _not_whole(self._name, cells_read)
        return rows


class _Texts:
    """Converts cells to text; each distinct cell is converted once."""

    def __init__(self) -> None:
        self._known: dict[type, dict[Any, str]] = {}

    def of_row(
        self, cells: list[Any], exact: dict[int, str] | None, formulas: dict[int, str] | None
    ) -> list[str]:
        """Return a row as text, with exact texts and formulas without a value put in."""
        texts = [cell if type(cell) is str else self._of(cell) for cell in cells]
        for column, text in {**(formulas or {}), **(exact or {})}.items():
            texts.extend([""] * (column - len(texts)))
            texts[column - 1] = text
        while texts and not texts[-1]:
            texts.pop()
        return texts

    def _of(self, cell: Any) -> str:
        known = self._known.setdefault(type(cell), {})
        text = known.get(cell)
        if text is None:
            text = known[cell] = cell_text(cell)
        return text


def _as_wide_as_the_header(rows: Rows, layout: Layout) -> Rows:
    """Return the rows with empty cells added at the end, which a sheet need not contain."""
    width = max(len(cells) for _, cells in rows[: layout.header_rows])
    return [(number, cells + [""] * (width - len(cells))) for number, cells in rows]


def _merged(sheet: SheetContents, header: int, names: list[str]) -> tuple[Remark, ...]:
    """Return remarks on cells below the header that are merged over several rows."""
    done = "kept: the rows below the first have no value"
    return tuple(
        Remark(
            first,
            where,
            "merged_cells",
            done,
            column=names[column - 1] if column <= len(names) else "",
        )
        for first, last, column, where in sheet.merged
        if header < first < last
    )


def _needs_password(name: str) -> RecordsError:
    return RecordsError(
        f"{name} is protected by a password and cannot be read.",
        instead="Open it, remove the password and save it again, or save its sheet as CSV.",
    )


def _not_whole(name: str, cells_read: str) -> RecordsError:
    return RecordsError(
        f"{name} could not be read whole.",
        found=cells_read,
        instead="Open it in Excel and save it again as .xlsx, or as CSV.",
    )


def _no_rows(name: str, layout: Layout, hidden: int) -> RecordsError:
    if layout.header_row is not None:
        return RecordsError(
            f"{name} has no header on row {layout.header_row:,}, nor rows below it.",
            instead="Say in the mapping on which row the column names are (header_row).",
        )
    return RecordsError(
        f"{name} has no sheet with rows.",
        found=f"hidden sheets: {hidden:,}" if hidden else "",
        instead="Give a workbook with a sheet of rows; a hidden sheet is read only if the mapping "
        "names it.",
    )
