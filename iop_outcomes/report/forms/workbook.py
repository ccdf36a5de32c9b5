"""The report as a workbook: findings and facts first, then a sheet a table."""

from __future__ import annotations

import datetime
import math
import struct
from base64 import b64decode
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from iop_outcomes.disclosure.policy import HIDDEN
from iop_outcomes.errors import ReportError
from iop_outcomes.report.forms.document import (
    Document,
    kinds_of,
    leading_sheets,
    row_kinds_of,
    tables_of,
)
from iop_outcomes.report.model import Kind, write_value
from iop_outcomes.shared.characters import printable

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

LONGEST_CELL = 32_000  # letters; Excel holds 32,767
LONGEST_NAME = 31  # letters of the name of a sheet
WIDEST, NARROWEST = 60, 8  # of a column, in letters
WHOLE, SHARES = "whole percent", ("share", "whole_share")
FORMATS = {
    "count": "#,##0",
    "days": "0.0",
    "number": "0.0",
    "points": '0.0" points"',
    "ratio": "0.00",
}
FORMATS |= dict.fromkeys(SHARES, "0.0%") | {WHOLE: "0%"}
DAY = "yyyy-mm-dd"
LONG_AGO = datetime.datetime(1980, 1, 1)  # no time of the clock: the same report, the same bytes
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,  # a name that begins with "=" is no formula
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": DAY,
}
HIGHEST_LOGO, SCREEN = 64, 96  # points of a screen, of which an inch has 96
LOGO = "The program's logo."
CHARTED = "trend_"  # how the names of the sheets of trends begin
CENTRE = "centre"
LINES = {
    "value": ("value", "#0072b2", 2.0),
    CENTRE: ("usual value", "#000000", 1.0),
    "lower_limit": ("lower limit", "#7f7f7f", 0.75),
    "upper_limit": ("upper limit", "#7f7f7f", 0.75),
    "lower": ("lower limit, 95% interval", "#7f7f7f", 0.75),
    "upper": ("upper limit, 95% interval", "#7f7f7f", 0.75),
}
"""The column of a trend -> the words, colour and width of its line in the spreadsheet's chart."""
OF_INTERVAL = ("lower", "upper")  # drawn where there are no limits of a control chart
STEP = 20  # parts of 100 percent in which the axis of a control chart begins and ends


def workbook(
    tables: dict[str, pd.DataFrame],
    mark: str = "",
    document: Document | None = None,
    logo: str = "",
) -> bytes:
    """Return the tables as an Excel workbook, a sheet each; the same tables, the same bytes.

    With the `document` the findings, the facts and what each sheet holds come first, numbers have
    the format in which the page prints them, and trends have a chart of the spreadsheet. The
    `logo`, a picture as a data address, stands on the first sheet, beside its table.
    """
    from xlsxwriter import Workbook

    first = {} if document is None else leading_sheets(document)
    kinds = {} if document is None else kinds_of(document)
    captions = {} if document is None else {one["name"]: one for one in tables_of(document)}
    with BytesIO() as buffer:
        with Workbook(buffer, OPTIONS) as book:
            book.set_properties(
                {"title": document["title"] if document else "", "created": LONG_AGO}
            )
            looks = _Looks(book)
            for name, frame in (first | tables).items():
                if name in captions:
                    frame = _with_words(frame, captions[name])
                sheet = book.add_worksheet(name[:LONGEST_NAME])
                by_row = row_kinds_of(captions[name]) if name in captions else []
                _fill_sheet(sheet, frame, by_row, looks)
                if name.startswith(CHARTED) and name in captions:
                    _add_chart(book, sheet, frame, captions[name]["caption"], kinds[name])
                if mark:
                    sheet.set_header(f"&C{mark.replace('&', '&&')}")
                    _put_text(sheet, (len(frame) + 2, 0), mark, looks.text)
            if logo and (first | tables):
                beside = len(next(iter((first | tables).values())).columns) + 1
                _add_logo(book.worksheets()[0], beside, logo)
            if not (first | tables):
                book.add_worksheet("empty")
        return buffer.getvalue()


def _with_words(frame: pd.DataFrame, read: Document) -> pd.DataFrame:
    """Return a table with the word for what is hidden, as it is read in the report.

    What a chart is drawn of stays empty: a spreadsheet would draw a word as 0. There the status of
    the row says that it is hidden.
    """
    shown = pd.DataFrame(read["rows"], frame.index, frame.columns, dtype=object)
    charted = LINES if str(read["name"]).startswith(CHARTED) else {}
    words = (shown == HIDDEN) & frame.isna()
    words[[name for name in charted if name in words]] = False
    return frame.astype(object).mask(words, HIDDEN) if words.to_numpy().any() else frame


def _add_logo(sheet: Worksheet, column: int, logo: str) -> None:
    """Put the program's logo beside the table, at most as high as on the page."""
    from xlsxwriter.exceptions import XlsxWriterException
    from xlsxwriter.image import Image

    content = b64decode(logo.partition(",")[2])
    try:
        picture = Image(BytesIO(content))
        scale = min(1.0, HIGHEST_LOGO / (picture.height * SCREEN / picture.y_dpi))
    except (XlsxWriterException, struct.error, IndexError, ZeroDivisionError):
        raise ReportError(
            "The logo cannot be put into a workbook: it is no whole picture.",
            instead="a PNG or JPEG file that a program for pictures has saved",
        ) from None
    look = {"x_scale": scale, "y_scale": scale, "description": LOGO}
    sheet.insert_image(1, column, picture, look)


class _Looks:
    """The formats of cells; a workbook holds each once."""

    def __init__(self, book: Workbook) -> None:
        self.head = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self.text = book.add_format({"valign": "top"})
        self.long = book.add_format({"valign": "top", "text_wrap": True})
        self.day = book.add_format({"valign": "top", "num_format": DAY})
        self.numbers = {
            kind: book.add_format({"valign": "top", "num_format": form})
            for kind, form in FORMATS.items()
        }

    def of_number(self, kind: str, value: float) -> Any:
        """Return the format of a number, with the digits that the page prints."""
        if kind in SHARES and write_value(value, cast(Kind, kind)) == f"{value:.0%}":
            kind = WHOLE
        return self.numbers.get(kind)


def _fill_sheet(
    sheet: Worksheet, frame: pd.DataFrame, kinds: list[list[str]], looks: _Looks
) -> None:
    names = [str(name) for name in frame.columns]
    widths = [max(NARROWEST, min(len(name), WIDEST)) for name in names]
    for column, name in enumerate(names):
        _put_text(sheet, (0, column), name, looks.head)
    for row, values in enumerate(frame.astype(object).to_numpy().tolist(), start=1):
        for column, value in enumerate(values):
            place = (row, column)
            if isinstance(value, str):
                widths[column] = max(widths[column], min(len(value), WIDEST))
                look = looks.long if len(value) > WIDEST else looks.text
                _put_text(sheet, place, value, look)
            elif value is None or pd.isna(value):
                continue
            elif isinstance(value, bool):
                sheet.write_boolean(*place, value, looks.text)
            elif isinstance(value, datetime.date):  # timestamps are dates too
                sheet.write_datetime(*place, pd.Timestamp(value).to_pydatetime(), looks.day)
            elif isinstance(value, int | float):
                kind = kinds[row - 1][column] if kinds else ""
                # No format of a number multiplies by 100 without the sign of percent.
                written = round(100 * value, 9) if kind == "points" else value
                sheet.write_number(*place, written, looks.of_number(kind, value))
            else:
                _put_text(sheet, place, str(value), looks.text)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width + 2)
    sheet.freeze_panes(1, 0)


def _put_text(sheet: Worksheet, place: tuple[int, int], text: str, look: Any) -> None:
    """Write a text as a text, whatever it begins with."""
    text = printable(text)
    if len(text) > LONGEST_CELL:
        text = text[: LONGEST_CELL - 1] + "…"
    if text.startswith("<r>") and text.endswith("</r>"):
        text += " "  # XlsxWriter writes such a text into the file as it is, as markup
    sheet.write_string(*place, text, look)


def _add_chart(
    book: Workbook, sheet: Worksheet, frame: pd.DataFrame, caption: str, kinds: dict[str, str]
) -> None:
    """Draw a trend beside its table; what is hidden or not known is a gap in the line."""
    names = [str(name) for name in frame.columns]
    lines = {name: line for name, line in LINES.items() if name in names}
    if CENTRE in lines:
        lines = {name: line for name, line in lines.items() if name not in OF_INTERVAL}
    drawn = [frame[name] for name in lines]
    if not lines or frame.empty or any(isinstance(value, str) for one in drawn for value in one):
        return  # a spreadsheet would draw a word as 0
    chart = book.add_chart({"type": "line"})
    last = len(frame)
    for name, (title, colour, width) in lines.items():
        column = names.index(name)
        points = {"type": "circle", "size": 5, "fill": {"color": colour}} if width > 1 else {}
        chart.add_series(
            {
                "name": title,
                "categories": [sheet.name, 1, 0, last, 0],
                "values": [sheet.name, 1, column, last, column],
                "line": {
                    "color": colour,
                    "width": width,
                    "dash_type": "dash" if width < 1 else "solid",
                },
                "marker": points or {"type": "none"},
            }
        )
    share = kinds.get("value") == "share"
    chart.set_title({"name": caption, "name_font": {"size": 11}})
    axis: dict[str, Any] = {"min": 0, "num_format": "0%" if share else "#,##0"}
    if share:
        low, high = _ends_of_axis(drawn) if CENTRE in lines else (0.0, 1.0)
        axis |= {"min": low, "max": high}
    chart.set_y_axis(axis)
    chart.set_legend({"position": "bottom"})
    chart.show_blanks_as("gap")
    chart.set_size({"width": 720, "height": 320})
    words = f"{caption}: the numbers of this sheet as a line."
    sheet.insert_chart(1, len(names) + 1, chart, {"description": words})


def _ends_of_axis(drawn: list[pd.Series[Any]]) -> tuple[float, float]:
    """Return where the axis of a control chart of shares begins and ends, in whole steps."""
    shown = pd.concat(drawn).dropna().astype(float)
    low, high = math.floor(shown.min() * STEP) / STEP, math.ceil(shown.max() * STEP) / STEP
    return max(0.0, low), min(1.0, high)
