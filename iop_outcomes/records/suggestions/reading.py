"""The content of an export: sheets with their headers, legends, and what is not read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.checks.losses import ODD_ROWS
from iop_outcomes.records.sources.coded import Raw
from iop_outcomes.records.sources.files import read_raw
from iop_outcomes.records.sources.json_lines import JSON_LINES
from iop_outcomes.records.sources.kinds.not_read import NOT_READ
from iop_outcomes.records.sources.layout import Layout
from iop_outcomes.records.sources.opening import (
    ending,
    files_in_zip,
    is_zip,
    kind_of,
    reason,
    shown,
)
from iop_outcomes.records.sources.workbook import read_workbook
from iop_outcomes.records.suggestions.export_day import END, NAME, TITLES, Stated
from iop_outcomes.records.suggestions.proposing.proposal import legends_of
from iop_outcomes.records.suggestions.recognition.bundles import Place, Sheet
from iop_outcomes.records.suggestions.recognition.footers import is_a_footer
from iop_outcomes.records.suggestions.recognition.header import Header, find_header
from iop_outcomes.records.suggestions.recognition.legends import (
    dictionary_in,
    legend_in,
    legend_of_lines,
)
from iop_outcomes.records.suggestions.recognition.recognising import LeftOut
from iop_outcomes.records.suggestions.top_rows import TopRows, top_rows
from iop_outcomes.shared.text import format_count

_LOOKED_AT = 40  # lines at both ends of a sheet that are searched for legends
_DOCUMENTS = (".pdf", ".doc", ".docx", ".rtf", ".html", ".htm", ".pptx", ".png", ".jpg", ".jpeg")
_TEXTS = (".txt", ".md")
_COLUMNS_ONLY = (".parquet", *JSON_LINES)
_MOST_FILES = 2000
_MOST_LINES = 5  # lines of a file that are named one by one


@dataclass(frozen=True)
class Export:
    """The content of a folder or file.

    Attributes
    ----------
    several : bool
        Whether it is a folder.
    sheets : list of Sheet
        Files and sheets with a header.
    left_out : list of LeftOut
        Other files, sheets and lines, with the reason.
    legends : dict
        For a heading (folded), or "" for any heading: from words to their meanings in a legend.
    stated : list of Stated
        Names of files, titles and footers, which may state the day of the export.
    """

    several: bool
    sheets: list[Sheet] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    legends: dict[str, dict[str, str]] = field(default_factory=dict)
    stated: list[Stated] = field(default_factory=list)


def read_export(path: Path) -> Export:
    """Return the content of the files of a folder, or of one file.

    Raises
    ------
    RecordsError
        If there is nothing at the path, or none of its files can be read.
    """
    kind = kind_of(path)
    if kind == "absent":
        raise RecordsError(
            f"There is no folder or file {shown(path)}.",
            instead="Give the folder that contains the files of the export.",
        )
    files = _files_in(path) if kind == "folder" else [path]
    export = Export(several=kind == "folder" or is_zip(path))
    if kind == "folder":
        export.left_out.extend(_folders_in(path))
    problems: list[RecordsError] = []
    for file in files:
        try:
            for inner in files_in_zip(file) if is_zip(file) else [file]:
                _look_at(inner, export)
        except RecordsError as error:
            problems.append(error)
            export.left_out.append(LeftOut(shown(file), _sentence(error)))
    if not export.sheets:
        if problems:
            raise problems[0]
        raise RecordsError(
            f"No file with a header and rows was found in {shown(path)}.",
            found="; ".join(f"{left.place}: {left.why}" for left in export.left_out[:8])
            or "no file",
            instead="Give the folder with the exports, as CSV or Excel.",
        )
    return export


def _sentence(error: RecordsError) -> str:
    return " ".join(str(error).split())


def _files_in(folder: Path) -> list[Path]:
    try:
        names = sorted(folder.iterdir())
    except OSError as error:
        raise RecordsError(
            f"The folder {shown(folder)} cannot be opened.", found=reason(error)
        ) from None
    files = [
        path
        for path in names
        if not path.name.startswith((".", "~"))
        and path.suffix != ".toml"
        and kind_of(path) == "file"
    ]
    return files[:_MOST_FILES]


def _folders_in(folder: Path) -> list[LeftOut]:
    """Return the folders within a folder, whose files are not read."""
    return [
        LeftOut(shown(path), "a folder, whose files are not read: put them beside the others")
        for path in sorted(folder.iterdir())
        if kind_of(path) == "folder" and not path.name.startswith((".", "_", "~"))
    ][:_MOST_FILES]


def _look_at(file: Path, export: Export) -> None:
    """Add the sheets of a file and its legends, or the reason why it is not a table."""
    export.stated.append(Stated(NAME, shown(file), file.name))
    kind = ending(file).lstrip(".")
    if ending(file) in _DOCUMENTS:
        why = f"a {kind} file is not read; if it explains words or columns, it helps to fill in"
        export.left_out.append(LeftOut(shown(file), why))
        return
    if ending(file) in NOT_READ:
        export.left_out.append(
            LeftOut(shown(file), "is not read: {}. {}".format(*NOT_READ[ending(file)]))
        )
        return
    if ending(file) in _COLUMNS_ONLY:
        raw = read_raw(file)
        names = tuple(raw.columns)
        nested = {mark.column for mark in raw.remarks if mark.check == "nested_value"}
        if nested:
            why = "objects or lists within a line are not read: export it flat, a column a value"
            export.left_out.append(LeftOut(shown(file), f"{len(nested):,} of its columns; {why}"))
        export.left_out.extend(_broken(raw))
        export.sheets.append(Sheet(Place(file.name), Header(1, 1, len(names), names), raw.columns))
        return
    headers: dict[tuple[int, int], list[tuple[TopRows, Header]]] = {}
    for top in top_rows(file):
        header = _look_at_top(file, top, export)
        if header is not None:
            export.stated.extend(_stated(shown(file), top, header))
            headers.setdefault((header.row, header.rows), []).append((top, header))
    for (row, rows), met in headers.items():
        sheets = tuple(top.sheet for top, _ in met if top.sheet)
        layout = Layout(header_row=row, header_rows=rows, sheets=sheets)
        read = read_workbook(file, layout).sheets if sheets else {"": read_raw(file, layout=layout)}
        for top, header in met:
            if top.sheet in read:
                titles = _titles(top.first[: row - 1])
                place = Place(file.name, top.sheet)
                export.left_out.extend(_broken(read[top.sheet]))
                columns = read[top.sheet].columns
                odd = _cells_of_odd(read[top.sheet])
                export.sheets.append(Sheet(place, header, columns, titles, odd))


def _stated(file: str, top: TopRows, header: Header) -> list[Stated]:
    """Return the titles and footers of a file or sheet, which may state the day of the export."""
    ends = [cells for cells in top.last if any(map(is_a_footer, cells))]
    # A comma within a date may have divided it: September 30, 2026.
    return [
        *(Stated(TITLES, file, ",".join(cells)) for cells in top.first[: header.row - 1]),
        *(Stated(END, file, ",".join(cells)) for cells in ends),
    ]


def _cells_of_odd(raw: Raw) -> tuple[dict[str, str], ...]:
    """Return the cells of lines with more or fewer of them than the header, by heading."""
    return tuple(dict(zip(raw.columns, row.cells, strict=False)) for row in raw.odd if row.cells)


def _broken(raw: Raw) -> list[LeftOut]:
    """Return the lines of a file that could not be read as rows."""
    last = int(raw.lines[-1]) if len(raw.lines) else 0
    named = []
    for odd in raw.odd:
        why = ODD_ROWS[odd.check]
        if any(map(is_a_footer, odd.cells[: len(raw.columns)])):
            why = "a total, legend or footer"
        elif odd.cells and odd.line > last:
            why += "; if it is a footer, drop_rows leaves it out"
        named.append(LeftOut(f"{raw.file}, line {odd.line}", why))
    more = len(named) - _MOST_LINES
    if more <= 0:
        return named
    rest = LeftOut(raw.file, f"{format_count(more, 'more line')} of it cannot be read as rows")
    return [*named[:_MOST_LINES], rest]


def _look_at_top(file: Path, top: TopRows, export: Export) -> Header | None:
    """Return the header of a file or sheet, if it has one; add its legends, or why it has none."""
    place = Place(file.name, top.sheet)
    ends = [*top.first[:_LOOKED_AT], *top.last[-_LOOKED_AT:]]
    header = find_header(top.first)
    dictionary = dictionary_in(top.first[0], top.first[1:]) if top.first else {}
    if dictionary:
        _merge(export, dictionary)
        export.left_out.append(LeftOut(str(place), "a data dictionary: its codes are used"))
        return None
    legend = legend_in(ends)
    if ending(file) in _TEXTS and header is None:
        legend = {**legend_of_lines([",".join(cells) for cells in ends]), **legend}
    _merge(export, {"": legend})
    if top.hidden:
        export.left_out.append(LeftOut(str(place), "a hidden sheet"))
        return None
    if header is None:
        used = ", but its legend is used" if legend else ""
        export.left_out.append(LeftOut(str(place), f"no row of it looks like a header{used}"))
    return header


def _titles(rows: Sequence[Sequence[str]]) -> str:
    return " | ".join(cell for cells in rows for cell in cells if cell.strip())


def _merge(export: Export, more: dict[str, dict[str, str]]) -> None:
    joined = legends_of(export.legends, more)
    export.legends.clear()
    export.legends.update(joined)
