"""The contents of an Excel workbook (.xlsx, .xlsm), counted without the parser of cells."""

from __future__ import annotations

import html
import posixpath
import re
from xml.etree import ElementTree
from xml.parsers import expat
from zipfile import ZipFile

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.sources.opening import BLOCK
from iop_outcomes.records.sources.workbooks.contents import (
    MOST_VALUES,
    BookContents,
    SheetContents,
    Texts,
    too_large,
)

_LAST_ROW = 1_048_576  # the last row of a sheet in Excel
_LONGEST_ROW = 1 << 26  # bytes
_LONGEST_LIST = 1 << 24  # bytes of the list of sheets
_PLAIN_COLUMNS = 26  # those of one letter

_TAG = rb"<(?:\w+:)?"  # the start of a tag, with a prefix or not
_END = rb"</(?:\w+:)?"
_SHEET = re.compile(_TAG + rb"worksheet[\s>]")
_ROW_END = re.compile(_END + rb"row>")
_VALUE = re.compile(_TAG + rb"(?:v(?:\s[^<>]*[^<>/])?>(?=[^<])|is[\s/>])")
_CELL_IS_EMPTY = re.compile(
    _TAG + rb"is(?:\s[^<>]*)?(?:/>|>\s*(?:" + _TAG + rb"t(?:\s[^<>]*)?(?:/>|>" + _END + rb"t>))?"
    rb"\s*" + _END + rb"is>)"
)
_FORMULA = re.compile(  # without a value, or with an empty one
    _TAG + rb"c\b([^<>]*)>\s*" + _TAG + rb"f\b(?:[^<>]*/>|[^<>]*>([^<]*)" + _END + rb"f>)\s*"
    rb"(?:" + _TAG + rb"v\s*/>\s*|" + _TAG + rb"v>\s*" + _END + rb"v>\s*)?" + _END + rb"c>"
)
_IN_A_CELL = (
    rb"([^<>]*)>\s*(?:" + _TAG + rb"f\b(?:[^<>]*/>|[^<>]*>[^<]*" + _END + rb"f>)\s*)?" + _TAG
)
_ERROR = re.compile(_TAG + rb"c\b(?=[^<>]*\bt=[\"']e[\"'])" + _IN_A_CELL + rb"v>([^<]+)<")
_LONG = re.compile(_TAG + rb"c\b(?![^<>]*\bt=[\"'](?!n))" + _IN_A_CELL + rb"v>(\d{16,})<")
_SHARED = re.compile(_TAG + rb"c\b(?=[^<>]*\bt=[\"']s[\"'])[^<>]*>\s*" + _TAG + rb"v>(\d+)<")
_IS_TEXT = re.compile(rb"\bt=[\"']str[\"']")  # an empty text is a value
_PLACE = re.compile(rb"\br=[\"']([A-Za-z]{1,3})(\d+)[\"']")
_HIGH_ROW = re.compile(_TAG + rb"row\b[^<>]*?\br=[\"'](\d{6,})")
_FAR = re.compile(_TAG + rb"c\b[^<>]*?\br=[\"'](?:([A-Za-z]{2,})(\d+)|([A-Za-z])(\d{6,}))")
_FAR_PLAIN = re.compile(rb'<c r="(?:([A-Za-z]{2,})(\d+)|([A-Za-z])(\d{6,}))')
_CELL = re.compile(_TAG + rb"c[\s/>]")
_COLUMN_PLACE = re.compile(_TAG + rb"c\b[^<>]*?\br=[\"']([A-Za-z]+)\d+[\"']")
_ROW_PLACE = re.compile(_TAG + rb"row\b[^<>]*?\br=[\"'](\d+)[\"']")
_MERGED = re.compile(_TAG + rb"mergeCell\b[^<>]*?\bref=[\"']([A-Za-z]+)(\d+):([A-Za-z]+)(\d+)[\"']")
_ITEM = re.compile(_TAG + rb"si(?:\s[^<>]*)?(?:/>|>(.*?)" + _END + rb"si>)", re.DOTALL)
_LETTER = re.compile(rb">[^<>]+<")


def xlsx_contents(archive: ZipFile, name: str) -> BookContents:
    """Return the contents of a workbook.

    Raises
    ------
    RecordsError
        If it is too large, has rows or columns that no sheet can have, or has a sheet that is
        incomplete or not in the list of sheets.
    """
    book, paths = _listed(archive)
    parts = archive.namelist()
    empty = _empty_texts(archive) if "xl/sharedStrings.xml" in parts else frozenset()
    counted: dict[str, SheetContents] = {}
    for item in archive.infolist():
        with archive.open(item) as file:
            head = file.read(BLOCK)
            if not item.filename.lower().endswith(".xml") or not _SHEET.search(head[:4096]):
                continue
            sheet = counted[item.filename] = SheetContents()
            rest, parser = b"", _parser(name)
            while head:
                whole = rest + head
                ends = [match.end() for match in _ROW_END.finditer(whole)]
                cut = ends[-1] if ends else 0
                _count(sheet, whole[:cut], name, empty)
                parser.Parse(head)
                rest, head = whole[cut:], file.read(BLOCK)
                if len(rest) > _LONGEST_ROW or sheet.values > MOST_VALUES:
                    raise too_large(name, f"more than {MOST_VALUES:,} cells, or a row without end")
            _count(sheet, rest, name, empty)
            parser.Parse(b"", True)
    for title, path in paths.items():
        if path in counted:
            book.sheets[title] = counted.pop(path)
    if any(sheet.values for sheet in counted.values()):
        raise RecordsError(
            f"{name} could not be read whole.",
            found="a sheet with values that the list of its sheets does not name",
            instead="Open it in Excel and save it again as .xlsx, or as CSV.",
        )
    return book


def _parser(name: str) -> expat.XMLParserType:
    """Return a parser that refuses incomplete XML, which calamine would read in part."""

    def refuse(*_: object) -> None:
        raise RecordsError(
            f"{name} cannot be read as an Excel workbook.",
            found="a sheet that declares a document type, as no program for sheets writes it",
            instead="Open it in Excel and save it again as .xlsx, or as CSV.",
        )

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    return parser


def _listed(archive: ZipFile) -> tuple[BookContents, dict[str, str]]:
    """Return the workbook without its sheets, and from names of sheets to paths of their parts."""
    root = _xml(archive, "xl/workbook.xml")
    links = {
        link.get("Id"): link.get("Target", "")
        for link in _xml(archive, "xl/_rels/workbook.xml.rels")
    }
    book, paths = BookContents(), {}
    for element in root.iter():
        kind = element.tag.rpartition("}")[2]
        if kind == "workbookPr":
            book.from_1904 = element.get("date1904", "0") in ("1", "true")
        elif kind == "sheet":
            marks = {key.rpartition("}")[2]: value for key, value in element.items()}
            target = links.get(marks.get("id"), "")
            path = target if target.startswith("/") else f"/xl/{target}"
            paths[marks.get("name", "")] = posixpath.normpath(path).lstrip("/")
    return book, paths


def _xml(archive: ZipFile, part: str) -> ElementTree.Element:
    with archive.open(part) as file:
        return ElementTree.fromstring(file.read(_LONGEST_LIST))


def _empty_texts(archive: ZipFile) -> frozenset[int]:
    """Return the numbers of shared texts that are empty, which some programs write."""
    with archive.open("xl/sharedStrings.xml") as file:
        shared = file.read()
    return frozenset(
        number
        for number, item in enumerate(_ITEM.finditer(shared))
        if not _LETTER.search(item[1] or b"")
    )


def _count(sheet: SheetContents, xml: bytes, name: str, empty: frozenset[int]) -> None:
    """Add the cells in a piece of XML that ends with a row."""
    before = sheet.values
    sheet.values += sum(1 for _ in _VALUE.finditer(xml))
    if b"is>" in xml or b"is/>" in xml:
        sheet.values -= sum(1 for _ in _CELL_IS_EMPTY.finditer(xml))
    if empty:
        sheet.values -= sum(int(match[1]) in empty for match in _SHARED.finditer(xml))
    _reach(sheet, xml, name, sheet.values > before)
    if b"<f" in xml or b":f" in xml:
        for match in _FORMULA.finditer(xml):
            if not _IS_TEXT.search(match[1]):
                text = html.unescape((match[2] or b"").decode("utf-8", "replace"))
                _put(sheet.formulas, match[1], f"={text}", name)
    if b't="e"' in xml or b"t='e'" in xml:
        for match in _ERROR.finditer(xml):
            _put(sheet.exact, match[1], html.unescape(match[2].decode("utf-8", "replace")), name)
            sheet.unseen += 1
    for match in _LONG.finditer(xml) if re.search(rb">\d{16,}<", xml) else ():
        _put(sheet.exact, match[1], match[2].decode(), name)
    if b"mergeCell" in xml:
        for match in _MERGED.finditer(xml):
            first, last = int(match[2]), int(match[4])
            where = f"{match[1].decode()}{first}:{match[3].decode()}{last}"
            sheet.merged.append((first, last, _column(match[1]), where))


def _reach(sheet: SheetContents, xml: bytes, name: str, any_value: bool) -> None:
    """Record the last row and column of a piece of XML, or larger numbers."""
    plain = xml.count(b"<c ") == xml.count(b'<c r="') and b":c " not in xml
    far = (_FAR_PLAIN if plain else _FAR).finditer(xml)
    places = [(match[1] or match[3], int(match[2] or match[4])) for match in far]
    if any(len(letters) > 3 for letters, _ in places) or any(
        row > _LAST_ROW for row in _numbers(_HIGH_ROW, xml) + [row for _, row in places]
    ):
        raise RecordsError(
            f"{name} has cells where no sheet of Excel can have any.",
            found="a row or column number past the last",
            instead="Open it in Excel and save it again as .xlsx, or as CSV.",
        )
    if not any_value:
        return
    rows = _numbers(_ROW_PLACE, xml)
    if len(rows) < xml.count(b"row>"):
        rows.append(sheet.rows + xml.count(b"row>"))  # rows without a number follow one another
    sheet.reaches(max(rows, default=1), _PLAIN_COLUMNS if plain else _widest(xml))
    for letters, row in places:
        sheet.reaches(row, _column(letters))


def _widest(xml: bytes) -> int:
    """Return the last column; of cells without a place, the number in the widest row."""
    columns = [_column(match[1]) for match in _COLUMN_PLACE.finditer(xml)]
    cells = sum(1 for _ in _CELL.finditer(xml))
    if len(columns) < cells:
        rows = _ROW_END.split(xml)
        columns += [sum(1 for _ in _CELL.finditer(row)) for row in rows]
    return max(columns, default=1)


def _numbers(pattern: re.Pattern[bytes], xml: bytes) -> list[int]:
    return [int(match[1]) for match in pattern.finditer(xml)]


def _put(texts: Texts, marks: bytes, text: str, name: str) -> None:
    """Record a text at the place in the attributes of its cell."""
    place = _PLACE.search(marks)
    if place is None:
        raise RecordsError(
            f"{name} has errors, numbers of many digits or formulas without a calculated value, "
            "but does not say in which cells.",
            instead="Open it in Excel and save it again as .xlsx, or as CSV.",
        )
    texts.setdefault(int(place[2]), {})[_column(place[1])] = text


def _column(letters: bytes) -> int:
    """Return the number of a column: A is 1, AA is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
