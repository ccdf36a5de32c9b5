"""What stands in the XML of an Excel workbook, counted without a parser of it."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from zipfile import ZipFile

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.sources.opening import BLOCK

MOST_UNPACKED = 2 << 30  # bytes; a full sheet of twenty columns is about one
MOST_VALUES = 30_000_000
_LAST_ROW = 1_048_576  # of a sheet in Excel
_LONGEST_ROW = 1 << 26  # bytes

_TAG = rb"<(?:\w+:)?"  # the start of a tag, with a prefix or not
_END = rb"</(?:\w+:)?"
_SHEET = re.compile(_TAG + rb"worksheet[\s>]")
_ROW_END = re.compile(_END + rb"row>")
_VALUE = re.compile(_TAG + rb"(?:v(?:\s[^<>]*[^<>/])?>(?=[^<])|is[\s/>])")
_FORMULA = re.compile(  # without a value, or with an empty one
    _TAG + rb"c\b([^<>]*)>\s*" + _TAG + rb"f\b(?:[^<>]*/>|[^<>]*>([^<]*)" + _END + rb"f>)\s*"
    rb"(?:" + _TAG + rb"v\s*/>\s*|" + _TAG + rb"v>\s*" + _END + rb"v>\s*)?" + _END + rb"c>"
)
_IS_TEXT = re.compile(rb"\bt=[\"']str[\"']")  # an empty text is a value
_PLACE = re.compile(rb"\br=[\"']([A-Za-z]{1,3})(\d+)[\"']")
_HIGH_ROW = re.compile(_TAG + rb"row\b[^<>]*?\br=[\"'](\d{7,})")
_FAR_COLUMN = re.compile(_TAG + rb"c\b[^<>]*?\br=[\"'][A-Za-z]{4,}")
_MERGED = re.compile(_TAG + rb"mergeCell\b[^<>]*?\bref=[\"']([A-Za-z]+(\d+):[A-Za-z]+(\d+))[\"']")


@dataclass
class SheetXml:
    """What one sheet holds.

    Attributes
    ----------
    values : int
        Cells with a value.
    formulas : dict of int to dict of int to str
        By row and column (the first is 1), formulas whose value was never worked out.
    merged : list of (int, int, str)
        First and last row of merged cells, and how the sheet names them.
    """

    values: int = 0
    formulas: dict[int, dict[int, str]] = field(default_factory=dict)
    merged: list[tuple[int, int, str]] = field(default_factory=list)


def count_sheets(archive: ZipFile, name: str) -> dict[str, SheetXml]:
    """Return what each sheet of a workbook holds, by the path of its part.

    Raises
    ------
    RecordsError
        If it holds more than is read, or rows or columns that no sheet can have.
    """
    size = sum(item.file_size for item in archive.infolist())
    if size > MOST_UNPACKED:
        raise _too_large(name, f"{size:,} bytes; at most {MOST_UNPACKED:,} are read")
    counted = {}
    for item in archive.infolist():
        with archive.open(item) as file:
            head = file.read(BLOCK)
            if not item.filename.lower().endswith(".xml") or not _SHEET.search(head[:4096]):
                continue
            sheet = counted[item.filename] = SheetXml()
            rest = b""
            while head:
                whole = rest + head
                ends = [match.end() for match in _ROW_END.finditer(whole)]
                cut = ends[-1] if ends else 0
                _count(sheet, whole[:cut], name)
                rest, head = whole[cut:], file.read(BLOCK)
                if len(rest) > _LONGEST_ROW or sheet.values > MOST_VALUES:
                    raise _too_large(name, f"more than {MOST_VALUES:,} cells, or a row without end")
            _count(sheet, rest, name)
    return counted


def _count(sheet: SheetXml, xml: bytes, name: str) -> None:
    """Add what stands in a piece of XML that ends with a row."""
    sheet.values += sum(1 for _ in _VALUE.finditer(xml))
    high = any(int(match[1]) > _LAST_ROW for match in _HIGH_ROW.finditer(xml))
    if high or _FAR_COLUMN.search(xml):
        raise RecordsError(
            f"{name} has cells where no sheet of Excel can have any.",
            found="a row or column number past the last",
            instead="Open it in Excel and save it again as .xlsx, or as CSV.",
        )
    for match in _FORMULA.finditer(xml):
        if _IS_TEXT.search(match[1]):
            continue
        place = _PLACE.search(match[1])
        if place is None:
            raise RecordsError(
                f"{name} has formulas whose values were never worked out.",
                instead="Open it in Excel and save it again as .xlsx, or as CSV.",
            )
        text = html.unescape((match[2] or b"").decode("utf-8", "replace"))
        row = sheet.formulas.setdefault(int(place[2]), {})
        row[_column(place[1])] = f"={text}"
    for match in _MERGED.finditer(xml):
        sheet.merged.append((int(match[2]), int(match[3]), match[1].decode()))


def _column(letters: bytes) -> int:
    """Return the number of a column: A is 1, AA is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _too_large(name: str, found: str) -> RecordsError:
    return RecordsError(
        f"{name} holds more than is read from a workbook.",
        found=found,
        instead="Save its sheets as CSV, and give those.",
    )
