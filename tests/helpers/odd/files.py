"""The rows of an export as files of many kinds, and the file and line at which each row is."""

from __future__ import annotations

import csv
import datetime
import gzip
import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tests.helpers import other_workbooks
from tests.helpers.odd.faults import Broken
from tests.helpers.odd.truth import KINDS
from tests.helpers.odd.writing import number

Places = dict[str, list[tuple[str, int]]]  # for each part the file and line of each of its rows
TITLES = ("Riverside Recovery", "Printed 1/2/2026 by J", "All programs", "Page 1")


@dataclass
class Sheet:
    """One table, or a part of one: the name of its file, its headings and its rows."""

    table: str
    name: str
    headings: dict[str, str]
    rows: list[Broken]


def _above(style: Any, sheet: Sheet) -> list[list[str]]:
    """Return the rows above the data: titles, and one or two rows of headings."""
    titles = [[text] for text in TITLES[: style.titles]]
    headings = list(sheet.headings.values())
    if style.header_rows == 1:
        return [*titles, headings]
    upper, lower = zip(*(text.split("|") for text in headings), strict=True)
    first = ["" if place % 3 else text for place, text in enumerate(upper)]
    return [*titles, first, list(lower)]


def _below(style: Any, sheet: Sheet) -> list[list[str]]:
    """Return the rows below the data: a total, and a legend."""
    if not style.totals:
        return []
    rest = [""] * (len(sheet.headings) - 2)
    return [["Total rows", str(len(sheet.rows)), *rest], ["P = present", "", *rest]]


def delimited(style: Any, parts: list[Sheet]) -> tuple[dict[str, bytes], Places]:
    """Return the parts as delimited text, packed or not."""
    delimiter = {"tsv": "\t", "txt": "\t", "semicolon": ";", "bar": "|"}.get(style.kind, ",")
    ending = {"tsv": ".tsv", "txt": ".txt", "csv.gz": ".csv.gz"}.get(style.kind, ".csv")
    files: dict[str, bytes] = {}
    places: Places = {}
    for part in parts:
        text, lines = _text(style, part, delimiter)
        data = text.encode(style.encoding)
        name = part.name + ending
        files[name] = gzip.compress(data) if ending.endswith(".gz") else data
        places[part.name] = [(name, line) for line in lines]
    if style.kind != "zip":
        return files, places
    with io.BytesIO() as buffer:
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, data in files.items():
                archive.writestr(f"export/{name}", data)
        inside = {
            name: [(f"export.zip/export/{file}", line) for file, line in own]
            for name, own in places.items()
        }
        return {"export.zip": buffer.getvalue()}, inside


def _text(style: Any, part: Sheet, delimiter: str) -> tuple[str, list[int]]:
    with io.StringIO(newline="") as buffer:
        writer = csv.writer(
            buffer,
            delimiter=delimiter,
            quoting=csv.QUOTE_ALL if style.quoted else csv.QUOTE_MINIMAL,
            lineterminator=style.line_end,
        )
        above = _above(style, part)
        for title in above[: style.titles]:
            buffer.write(title[0] + style.line_end)
        writer.writerows(above[style.titles :])
        line, lines = len(above), []
        for place, row in enumerate(part.rows):
            if style.blank_lines and place % 5 == 2:
                buffer.write(style.line_end)
                line += 1
            line += 1
            lines.append(line)
            writer.writerow([*(row.texts[name] for name in part.headings), *row.extra])
        writer.writerows(_below(style, part))
        return buffer.getvalue(), lines


def typed_cell(style: Any, name: str, row: Broken) -> Any:
    """Return a cell as a program with types has it; its text where it was written otherwise."""
    row = row.twin_of or row
    text, kind = row.texts[name], KINDS.get(name)
    value = row.values.get(name)
    if name in row.written or value is None:
        return text
    if kind in ("number", "whole", "decimal", "date") or (kind == "minutes" and style.plain_length):
        return value
    if kind == "flag" and style.flags[0] != "relapsed":
        return value
    return int(text) if name == "episode_id" and style.ids == "same" else text


def other_files(style: Any, parts: list[Sheet]) -> tuple[dict[str, Any], Places]:
    """Return the parts as workbooks, JSON lines, Parquet or frames."""
    if style.kind in ("xlsx", "typed xlsx", "one xlsx", "xls", "xlsb", "ods"):
        return _workbooks(style, parts)
    files: dict[str, Any] = {}
    places: Places = {}
    for part in parts:
        cells = [
            {
                heading: typed_cell(style, name, row) if style.typed else row.texts[name]
                for name, heading in part.headings.items()
            }
            for row in part.rows
        ]
        first = 1
        if style.kind.endswith("jsonl"):
            name, first = f"{part.name}.jsonl", 2
            files[name] = b"\n" + "".join(_json(row) + "\n" for row in cells).encode()
        else:
            frame = pd.DataFrame(cells, dtype=object).replace("", None)
            if style.typed:
                frame = frame.apply(_one_type).infer_objects()
            name = "frame" if style.kind == "frames" else f"{part.name}.parquet"
            files[part.name if style.kind == "frames" else name] = frame
        places[part.name] = [(name, place) for place in range(first, first + len(cells))]
    return files, places


def _one_type(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column of a frame; one of several types as texts, as Parquet needs it."""
    types = {type(cell) for cell in column if cell is not None}
    return column if len(types) < 2 else column.map(_as_text, na_action="ignore")


def _as_text(cell: Any) -> str:
    return number(cell) if isinstance(cell, float) else str(cell)


def _json(row: dict[str, Any]) -> str:
    """Return a row as JSON: what is blank is null or left out."""
    cells = {
        name: str(value) if isinstance(value, datetime.date) else value
        for name, value in row.items()
        if value != "" or len(name) % 2
    }
    return json.dumps({name: None if value == "" else value for name, value in cells.items()})


def _workbooks(style: Any, parts: list[Sheet]) -> tuple[dict[str, bytes], Places]:
    tables: dict[str, list[list[Any]]] = {}
    for part in parts:
        rows = [
            [
                typed_cell(style, name, row) if style.typed else row.texts[name]
                for name in part.headings
            ]
            for row in part.rows
        ]
        tables[part.name] = [*_above(style, part), *rows, *_below(style, part)]
    first = len(_above(style, parts[0])) + 1
    if style.kind == "one xlsx":
        files = {"book.xlsx": _xlsx(style, tables)}
        alone = style.header_rows > 1 or style.totals  # each table names its sheet
        called = {
            part.name: "book.xlsx" if alone else f"book.xlsx: sheet {part.name}" for part in parts
        }
    elif style.kind.endswith("xlsx"):
        called = {part.name: f"{part.name}.xlsx" for part in parts}
        files = {called[name]: _xlsx(style, {"Sheet1": table}) for name, table in tables.items()}
    else:
        write = getattr(other_workbooks, style.kind)
        called = {part.name: f"{part.name}.{style.kind}" for part in parts}
        files = {
            called[name]: write({"Sheet1": [[_plain(cell) for cell in row] for row in table]})
            for name, table in tables.items()
        }
    places = {
        part.name: [(called[part.name], first + place) for place in range(len(part.rows))]
        for part in parts
    }
    return files, places


def _plain(cell: Any) -> Any:
    """Return a cell of the kinds that `other_workbooks` writes."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return float(cell)
    return None if cell == "" else cell


def _xlsx(style: Any, tables: dict[str, list[list[Any]]]) -> bytes:
    """Return a workbook: titles in merged cells, a hidden sheet, every fourth number a formula."""
    import xlsxwriter

    with io.BytesIO() as buffer:
        with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
            as_date = book.add_format({"num_format": "m/d/yyyy"})
            for title, table in tables.items():
                sheet = book.add_worksheet(title)
                for place, row in enumerate(table):
                    if place < style.titles:
                        sheet.merge_range(place, 0, place, 3, row[0])
                        continue
                    for column, cell in enumerate(row):
                        if isinstance(cell, bool):
                            sheet.write_boolean(place, column, cell)
                        elif isinstance(cell, datetime.date):
                            sheet.write_datetime(place, column, cell, as_date)
                        elif isinstance(cell, float) and place % 4 == 0:
                            sheet.write_formula(place, column, f"={cell}*1", None, cell)
                        elif isinstance(cell, int | float):
                            sheet.write_number(place, column, cell)
                        elif cell:
                            sheet.write_string(place, column, cell)
            hidden = book.add_worksheet("Old")
            hidden.write_string(0, 0, "nothing")
            hidden.hide()
        return buffer.getvalue()
