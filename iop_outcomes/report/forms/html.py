"""The report as a file: one page without a script or a request, a workbook, or plain data."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pandas as pd

from iop_outcomes.errors import ReportError
from iop_outcomes.report.forms.document import Document, as_json, kinds_of, leading_sheets
from iop_outcomes.report.model import Section, write_value
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.settings import ReportSettings
from iop_outcomes.shared.characters import printable
from iop_outcomes.shared.saving import check_place, write_whole

if TYPE_CHECKING:
    from jinja2 import Template
    from openpyxl.worksheet.worksheet import Worksheet

LONGEST_CELL = 32_000  # letters; Excel holds 32,767
LONGEST_NAME = 31  # letters of the name of a sheet
WIDEST, NARROWEST = 60, 8  # of a column, in letters
FORMATS = {"count": "#,##0", "share": "0.0%", "whole_share": "0.0%", "days": "0.0", "number": "0.0"}
CODE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")  # what Excel would read as the number of a character
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first time that a zip file can hold


def page_of(
    scope: Scope,
    sections: list[Section],
    settings: ReportSettings,
    title: str,
    facts: list[tuple[str, str]],
) -> Callable[[], str]:
    """Return what makes the page: of sections that are protected, and of nothing else.

    Every value is escaped, and a name that is not defined is an error.
    """
    synthetic, policy = scope.records.synthetic, scope.policy

    def page() -> str:
        html = _template().render(
            title=title,
            facts=facts,
            synthetic=synthetic,
            sections=sections,
            policy=policy,
            logo=settings.logo,
            colours=settings.colours,
        )
        return printable(html)  # a name may hold what no page can

    return page


@cache
def _template() -> Template:
    """Return the template of the page, which is compiled once."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("iop_outcomes.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["value"] = write_value
    environment.filters["label"] = lambda name: name.replace("_", " ")
    environment.filters["sentence"] = lambda text: text[:1].upper() + text[1:]
    return environment.get_template("report.html.j2")


def facts_of(
    scope: Scope, prepared_by: str | None, prepared_on: str | None
) -> list[tuple[str, str]]:
    """Return what stands at the top of the report."""
    records = scope.records
    cut = records.as_of.date().isoformat() if isinstance(records.as_of, pd.Timestamp) else None
    names = sorted(str(name) for name in records.episodes["program"].unique())
    shown = [f"{name} (too few to publish)" if name in scope.too_few else name for name in names]
    facts = [
        ("Programs", ", ".join(shown)),
        ("Time", time_of(scope)),
        ("Data cut", cut or f"study day {records.as_of}"),
        *([("Prepared by", prepared_by)] if prepared_by else []),
        *([("Prepared on", prepared_on)] if prepared_on else []),
        ("Made with", f"iop_outcomes {_version()}"),
    ]
    missing = [one.title for one in scope.not_told if one.main]
    if missing:
        facts.insert(2, ("Not known from these records", "; ".join(missing)))
    if scope.period is not None and pd.Timestamp(records.as_of) < scope.period.last:
        said = f"The {scope.word} is not over at the data cut: its figures are partial."
        facts.insert(2, ("Note", said))
    return facts


def time_of(scope: Scope) -> str:
    """Return the time of the report, and from which day to which it goes."""
    if scope.period is None:
        return "all of the records"
    dates = scope.period.dates
    return dates if dates == scope.label else f"{scope.label} ({dates})"


def _version() -> str:
    try:
        return version("iop-outcomes")
    except PackageNotFoundError:
        return "(not installed)"


def check_path(path: Path) -> str:
    """Return the ending of `path`, or raise ReportError if no report can be written there."""
    ending = path.suffix.lower()
    if ending == ".pdf":
        raise ReportError(
            "A report is not written as PDF.",
            found=path.suffix,
            instead='report.save("report.html"); open it in a browser and print it to PDF',
        )
    if ending not in (".html", ".htm", ".xlsx", ".json"):
        raise ReportError(
            "A report is saved as .html, or its tables as .xlsx or .json.",
            found=path.suffix or "no ending",
            instead='report.save("report.html")',
        )
    check_place(path, "The report")
    return ending


def save_report(
    page: Callable[[], str],
    tables: dict[str, pd.DataFrame],
    path: Path,
    mark: str = "",
    document: Document | None = None,
) -> Path:
    """Write the page, the workbook or the JSON to `path`; only the page needs the pictures.

    Each sheet of a workbook has `mark` at the top of its printed pages, and below its table.
    """
    ending = check_path(path)
    if ending == ".json" and document is not None:
        return write_whole(path, as_json(document | {"mark": mark}), "The report")
    content = workbook(tables, mark, document) if ending == ".xlsx" else page().encode("utf-8")
    return write_whole(path, content, "The report")


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
