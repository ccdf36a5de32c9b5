"""Cells of frames and workbooks as text, and workbooks counted from bytes written by hand."""

from __future__ import annotations

import datetime
import decimal
import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import RecordsError
from iop_outcomes.records.sources.cells import cell_text
from iop_outcomes.records.sources.workbooks import xls, xlsb
from iop_outcomes.records.sources.workbooks.contents import (
    MOST_SPANNED,
    MOST_VALUES,
    SheetContents,
    require_bounded,
)
from iop_outcomes.records.sources.workbooks.ods import ods_contents


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        (pd.NA, ""),
        (pd.NaT, ""),
        (float("nan"), ""),
        (np.float32("nan"), ""),
        (True, "yes"),
        (np.bool_(False), "no"),
        (2.0, "2"),
        (-0.5, "-0.5"),
        (1e15, "1000000000000000"),
        (np.float64(2.5), "2.5"),
        (7, "7"),
        (decimal.Decimal("2.50"), "2.50"),
        (b"caf\xc3\xa9", "caf\u00e9"),
        (datetime.date(2026, 1, 5), "2026-01-05"),
        (datetime.datetime(2026, 1, 5), "2026-01-05"),
        (datetime.datetime(2026, 1, 5, 0, 0, 1), "2026-01-05 00:00:01"),
        (pd.Timestamp("2026-01-05 09:30"), "2026-01-05 09:30:00"),
        (pd.Timestamp("2026-01-05", tz="UTC"), "2026-01-05 00:00:00+00:00"),
        (np.datetime64("2026-01-05"), "2026-01-05"),
        (datetime.timedelta(minutes=90), "1:30"),
        (datetime.timedelta(hours=25, seconds=5), "25:00:05"),
        (datetime.timedelta(minutes=-61), "-1:01"),
        (datetime.timedelta(seconds=59.6), "0:01"),
        (datetime.time(9, 5), "09:05"),
        ("x", "x"),
    ],
)
def test_a_typed_cell_has_the_text_of_an_export(cell: Any, text: str) -> None:
    assert cell_text(cell) == text


# Binary workbooks --------------------------------------------------------------------------------


def old(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def at(row: int, column: int, rest: bytes = b"") -> bytes:
    return struct.pack("<HH", row, column) + rest


def formula(result: bytes) -> bytes:
    return bytes(2) + result  # after the format of the cell


def test_a_sheet_of_an_old_workbook_is_counted() -> None:
    number, error = bytes(10), bytes(2) + b"\x17\x01"
    flag = bytes(2) + b"\x01\x00"
    of_text = formula(b"\x00" + bytes(5) + b"\xff\xff")
    of_error = formula(b"\x02\x00\x2a\x00\x00\x00\xff\xff")
    of_flag = formula(b"\x01\x00\x01\x00\x00\x00\xff\xff")
    of_blank = formula(b"\x03" + bytes(5) + b"\xff\xff")
    sheet = b"".join(
        [
            old(0x0809, b"\x00\x06" + bytes(14)),
            old(0x0203, at(0, 0, number)),  # A1
            old(0x0205, at(1, 1, error)),  # B2, #REF!
            old(0x0205, at(1, 2, flag)),  # C2
            old(0x00BD, at(2, 3, bytes(6) * 3 + struct.pack("<H", 5))),  # D3 to F3
            old(0x0006, at(3, 0, of_text)),
            old(0x0207, struct.pack("<H", 4) + b"text"),
            old(0x0006, at(4, 0, of_text)),
            old(0x0207, struct.pack("<H", 0)),  # an empty text
            old(0x0207, struct.pack("<H", 4) + b"text"),  # of no cell
            old(0x0006, at(5, 0, of_error)),  # #N/A
            old(0x0006, at(6, 0, of_flag)),
            old(0x0006, at(9, 0, of_blank)),
            old(0x0006, at(7, 0, number + bytes(4))),
            old(0x00E5, struct.pack("<H8H", 2, 0, 1, 0, 0, 4, 6, 25, 26)),
            old(0x1234, bytes(7)),
            old(0x000A),
            old(0x0203, at(60, 60, number)),  # behind its end
        ]
    )
    assert xls._sheet(b"xx" + sheet, 2) == SheetContents(
        values=10,
        rows=8,
        columns=6,
        exact={2: {2: "#REF!"}, 6: {1: "#N/A"}},
        unseen=2,
        merged=[(1, 2, 1, "A1:A2"), (5, 7, 26, "Z5:AA7")],
    )


@pytest.mark.parametrize(
    ("code", "name"),
    [
        *((0x00, "#NULL!"), (0x07, "#DIV/0!"), (0x0F, "#VALUE!"), (0x17, "#REF!")),
        *((0x1D, "#NAME?"), (0x24, "#NUM!"), (0x2A, "#N/A"), (0x2B, "#GETTING_DATA")),
        (0x2C, "#ERROR"),
    ],
)
def test_an_error_has_the_code_of_the_format(code: int, name: str) -> None:
    """[MS-XLSB] 2.5.97.2, BErr; the codes of .xls are the same."""
    sheet = old(0x0809) + old(0x0205, at(0, 0, bytes(2) + bytes([code, 1]))) + old(0x000A)
    assert xls._sheet(sheet, 0).exact == {1: {1: name}}
    row, cell = struct.pack("<I", 0) + bytes(13), struct.pack("<II", 0, 0) + bytes([code])
    for kind in (3, 11):
        data = bytes([0, len(row)]) + row + bytes([kind, len(cell)]) + cell
        assert xlsb._sheet(data, "a.xlsb").exact == {1: {1: name}}


@pytest.mark.parametrize("kind", range(16))
def test_records_from_2_to_11_are_cells_of_a_binary_sheet(kind: int) -> None:
    """[MS-XLSB] 2.3.1: 2 to 11 are cells with a value; 6 and 8 are texts, which may be empty."""
    row, cell = struct.pack("<I", 2) + bytes(13), struct.pack("<III", 4, 0, 3) + bytes(8)
    data = bytes([0, len(row)]) + row + bytes([kind, len(cell)]) + cell
    sheet = xlsb._sheet(data, "a.xlsb")
    assert sheet.values == (2 <= kind <= 11)
    assert (sheet.rows, sheet.columns) == ((3, 5) if sheet.values else (0, 0))
    assert sheet.unseen == (kind in (3, 11))


def test_a_text_of_a_binary_workbook_may_be_none() -> None:
    text = struct.pack("<I", 2) + "ab".encode("utf-16-le")
    assert xlsb._text(b"x" + text, 1) == ("ab", 9)
    assert xlsb._text(b"\xff" * 4, 0) == ("", 4)


def counted(body: str) -> dict[str, SheetContents]:
    with io.BytesIO() as buffer:
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("content.xml", f"<office:spreadsheet>{body}</office:spreadsheet>")
            archive.writestr("META-INF/manifest.xml", "<x/>")
        with zipfile.ZipFile(buffer) as archive:
            return ods_contents(archive, "a.ods").sheets


def cell(text: str = "", marks: str = "") -> str:
    inner = f"<text:p>{text}</text:p>" if text else ""
    return f"<table:table-cell{marks}>{inner}</table:table-cell>"


def test_repeated_rows_and_cells_count_as_often_as_they_occur() -> None:
    twice, thrice = ' table:number-columns-repeated="2"', ' table:number-rows-repeated="3"'
    number = ' office:value-type="float" office:value="1"'
    merged = ' table:number-rows-spanned="2" table:number-columns-spanned="3"'
    wide = ' table:number-columns-spanned="2"'
    sheets = counted(
        '<table:table table:name="A &amp; B">'
        f"<table:table-row>{cell()}{cell('x')}{cell('y', twice)}{cell('', twice)}</table:table-row>"
        f"<table:table-row{thrice}>{cell('', number)}</table:table-row>"
        f"<table:table-row>{cell('', twice)}{cell('z', merged)}</table:table-row>"
        f"<table:table-row>{cell('w', wide)}</table:table-row>"
        f"<table:table-row{thrice}>{cell()}<table:table-cell/></table:table-row>"
        '</table:table><table:table table:name="Two"><table:table-row><table:table-cell>'
        f"<table:table><table:table-row>{cell('in')}{cell('in')}</table:table-row></table:table>"
        f"</table:table-cell>{cell('v')}</table:table-row></table:table>"
    )
    assert list(sheets) == ["A & B", "Two"]
    assert sheets["A & B"] == SheetContents(
        values=3 + 3 + 1 + 1, rows=6, columns=4, merged=[(5, 6, 3, "C5:E6")]
    )
    assert (sheets["Two"].rows, sheets["Two"].columns) == (1, 2)


@pytest.mark.parametrize(
    ("values", "rows", "columns", "refused"),
    [
        (MOST_VALUES, 1, 1, False),
        (MOST_VALUES + 1, 1, 1, True),
        (1, MOST_SPANNED // 2, 2, False),
        (1, MOST_SPANNED // 2 + 1, 2, True),
    ],
)
def test_a_sheet_is_bounded_by_its_values_and_its_rectangle(
    values: int, rows: int, columns: int, refused: bool
) -> None:
    sheet = SheetContents(values, rows, columns)
    if refused:
        with pytest.raises(RecordsError):
            require_bounded(sheet, "a.xlsx")
    else:
        require_bounded(sheet, "a.xlsx")


# Orders of dates, grids of a month ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "read", "check"),
    [
        (["14/02/2026", "15/02/2026"], ["2026-02-01", "2026-04-03"], "day first, as the file's"),
        (["02/14/2026", "02/15/2026"], ["2026-01-02", "2026-03-04"], "month first, as the file's"),
        (["14/02/2026", "02/15/2026"], [None, None], "cannot be distinguished"),
        (["2026-02-14", "2026-02-15"], ["2026-01-02", "2026-03-04"], "read as month first"),
    ],
)
def test_a_column_without_a_telling_date_takes_the_order_of_the_other(
    tmp_path: Path, other: list[str], read: list[str | None], check: str
) -> None:
    prior = ["01/02/2026", "03/04/2026"]
    rows = [f"E{place},{other[place]},{prior[place]}" for place in range(2)]
    lines = ["episode_id,admit_date,prior_discharge_date", *rows, ""]
    (tmp_path / "episodes.csv").write_text("\n".join(lines))
    (tmp_path / "checkins.csv").write_text("episode_id,date,status\nE0,2026-03-01,missed\n")
    records = iop.read_records(tmp_path, as_of="2026-12-31")
    values = records.episodes["prior_discharge_date"]
    assert [None if pd.isna(value) else str(value.date()) for value in values] == read
    listed = records.problems[records.problems["column"] == "prior_discharge_date"]
    assert listed["line"].tolist() == [2, 3]
    assert listed["done"].str.contains(check).all()


def test_days_of_a_month_are_headings_of_its_sheet(tmp_path: Path) -> None:
    episodes = pd.DataFrame({"episode_id": ["E1"], "admit_date": ["2026-01-01"]})
    marks = pd.DataFrame({"Client": ["E1"], "5": ["attended"], "31": ["no_show"], "Sum": ["2"]})
    with pd.ExcelWriter(tmp_path / "book.xlsx") as book:
        episodes.to_excel(book, sheet_name="episodes", index=False)
        marks.to_excel(book, sheet_name="Jan 2026", index=False)
    source = {
        "sheets": "Jan 2026",
        "columns": {"Client": "episode_id"},
        "grid": {"year": "sheet", "becomes": "status"},
    }
    records = iop.read_records(
        tmp_path, mapping={"attendance": {"from": source}}, as_of="2026-02-28"
    )
    days = records.attendance["date"].dt.strftime("%d").tolist()
    assert (days, records.attendance["status"].tolist()) == (["05", "31"], ["attended", "no_show"])
    source["grid"] = {"year": "sheet", "becomes": "status", "columns": ["5", "Sum"]}
    with pytest.raises(RecordsError, match="not a date: column 4"):
        iop.read_records(tmp_path, mapping={"attendance": {"from": source}})
