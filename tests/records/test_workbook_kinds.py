"""Workbooks of every kind give the same table, and say what they cannot."""

from __future__ import annotations

import datetime
import io
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.errors import OutcomesError, RecordsError
from iop_outcomes.records.sources.layout import Layout
from iop_outcomes.records.sources.workbook import read_workbook
from iop_outcomes.records.sources.workbooks.contents import place_of
from iop_outcomes.records.sources.workbooks.xls import xls_contents
from tests.helpers import workbooks
from tests.helpers.other_workbooks import ods, xls, xlsb
from tests.helpers.workbooks import workbook

EPISODES = pd.DataFrame({"episode_id": ["E1", "E2"], "admit_date": ["2026-01-01"] * 2})
HEADER: list[Any] = ["episode_id", "date", "status", "craving", "note"]
ROWS: list[list[Any]] = [
    ["E1", datetime.date(2026, 1, 8), "completed", 3.0, "é & ü"],
    ["E2", datetime.date(2026, 1, 9), "missed", None, None],
    ["E1", datetime.date(2026, 1, 15), "completed", 2.5, "x"],
]
HIDDEN: list[list[Any]] = [HEADER, ["E2", datetime.date(2026, 2, 9), "missed", None, None]]
KINDS: dict[str, Callable[..., bytes]] = {"xls": xls, "xlsb": xlsb, "ods": ods}
EACH = pytest.mark.parametrize("kind", KINDS)


def read(path: Path) -> iop.Records:
    return iop.read_records(episodes=EPISODES, checkins=path, as_of="2026-09-30")


def saved(folder: Path, kind: str, content: bytes) -> Path:
    path = folder / f"checkins.{kind}"
    path.write_bytes(content)
    return path


@EACH
def test_every_kind_of_workbook_gives_the_same_rows(tmp_path: Path, kind: str) -> None:
    records = read(saved(tmp_path, kind, KINDS[kind]({"Sheet1": [HEADER, *ROWS]})))
    assert set(records.problems["check"]) <= {"silent_open_episode"}
    table = records.checkins.sort_values("date")
    assert table["date"].astype(str).tolist() == [str(row[1]) for row in ROWS]
    assert table["status"].tolist() == [row[2] for row in ROWS]
    assert table["craving"].fillna(-1).tolist() == [3.0, -1.0, 2.5]
    assert table["note"].astype(object).where(table["note"].notna(), "").tolist() == [
        "é & ü",
        "",
        "x",
    ]


@EACH
def test_hidden_sheets_are_named_and_not_stacked_on_top(tmp_path: Path, kind: str) -> None:
    sheets = {"Check-ins": [HEADER, *ROWS], "Check-ins old": HIDDEN}
    path = saved(tmp_path, kind, KINDS[kind](sheets, hidden=("Check-ins old",)))
    records = read(path)
    assert len(records.checkins) == len(ROWS)
    assert records.ignored == (f"checkins.{kind}: hidden sheet Check-ins old",)
    EPISODES.to_csv(tmp_path / "episodes.csv", index=False)
    assert len(iop.read_records(tmp_path, as_of="2026-09-30").checkins) == len(ROWS)
    book = read_workbook(path, Layout(sheets=("Check-ins old",)))
    assert [len(raw.lines) for raw in book.sheets.values()] == [1]


@pytest.mark.parametrize("kind", ["xls", "xlsb"])
def test_errors_are_listed_and_not_read_as_missing(tmp_path: Path, kind: str) -> None:
    row = ["E1", datetime.date(2026, 1, 20), "#REF!", None, None]
    records = read(saved(tmp_path, kind, KINDS[kind]({"S": [HEADER, *ROWS, row]})))
    listed = records.problems
    assert (5, "status", "#REF!") in list(
        zip(listed["line"], listed["column"], listed["value"], strict=True)
    )


@pytest.mark.parametrize("kind", ["xls", "xlsb"])
def test_days_from_1904_are_its_own(tmp_path: Path, kind: str) -> None:
    first = datetime.date(1904, 1, 1)
    bare = ["E1", float((datetime.date(2026, 1, 22) - first).days), "missed", None, None]
    records = read(
        saved(tmp_path, kind, KINDS[kind]({"S": [HEADER, ROWS[0], bare]}, from_1904=True))
    )
    assert records.checkins["date"].astype(str).tolist() == ["2026-01-08", "2026-01-22"]


@pytest.mark.parametrize("named", ["xls", "xlsx", "xlsm", "ods"])
def test_a_workbook_is_known_by_its_content(tmp_path: Path, named: str) -> None:
    for write in KINDS.values():
        assert len(read(saved(tmp_path, named, write({"S": [HEADER, *ROWS]}))).checkins) == 3


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\n<html><table><tr><td>E1</td></tr></table></html>", "web page"),
        (b"episode_id,date\nE1,2026-01-08\n", "text in lines"),
        (b"%PDF-1.7", "PDF"),
        (b"", "empty"),
    ],
)
def test_what_is_only_named_as_a_workbook_is_reported(
    tmp_path: Path, content: bytes, says: str
) -> None:
    with pytest.raises(RecordsError, match="not an Excel workbook") as raised:
        read(saved(tmp_path, "xls", content))
    assert says in raised.value.found


def test_a_workbook_with_a_password_is_reported(tmp_path: Path) -> None:
    content = bytearray(xls({"S": [HEADER, *ROWS]}))
    place = content.find(b"\x42\x00\x02\x00")  # the record of the code page
    content[place : place + 2] = b"\x2f\x00"  # that of a password
    with pytest.raises(RecordsError, match="protected by a password"):
        read(saved(tmp_path, "xls", bytes(content)))


def test_a_value_far_from_the_table_is_refused_and_fills_no_memory(tmp_path: Path) -> None:
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    lines = workbooks.rows([["a", "b"], ["1", "2"]])
    content = workbook({"S": workbooks.data(lines + far)})
    with pytest.raises(RecordsError, match="far from its table") as raised:
        read(saved(tmp_path, "xlsx", content))
    assert "row 1,048,576 and column 16,384" in raised.value.found
    inside = '<row r="3"><c s="0" r="XFD1048570"><v>1</v></c></row>'  # not where its row is
    with pytest.raises(RecordsError, match="far from its table"):
        read(saved(tmp_path, "xlsx", workbook({"S": workbooks.data(lines + inside)})))
    binary = xlsb({"S": [HEADER, *ROWS]}, far=(1_048_575, 16_383))
    with pytest.raises(RecordsError, match="far from its table"):
        read(saved(tmp_path, "xlsb", binary))


def test_empty_texts_are_no_values_and_no_loss(tmp_path: Path) -> None:
    cells = '<c r="A2" t="inlineStr"><is><t>E1</t></is></c>'
    cells += '<c r="B2" t="inlineStr"><is><t>2026-01-08</t></is></c>'
    cells += '<c r="C2" t="inlineStr"><is><t>missed</t></is></c>'
    cells += '<c r="D2" t="inlineStr"><is><t></t></is></c><c r="E2" t="inlineStr"><is><t/></is></c>'
    xml = workbooks.data(workbooks.rows([HEADER]) + f'<row r="2">{cells}</row>')
    assert len(read(saved(tmp_path, "xlsx", workbook({"S": xml}))).checkins) == 1


def test_a_length_is_written_as_hours_and_minutes(tmp_path: Path) -> None:
    lengths = [datetime.timedelta(hours=3), datetime.timedelta(hours=27, minutes=5)]
    book = openpyxl.Workbook()
    book.active.append(["length"])
    for length in lengths:
        book.active.append([length])
    book.save(tmp_path / "checkins.xlsx")
    raw = next(iter(read_workbook(tmp_path / "checkins.xlsx").sheets.values()))
    assert raw.columns["length"].text(np.arange(2)).tolist() == ["3:00", "27:05"]


def test_an_old_workbook_counts_its_formulas_and_names_the_cells_that_are_merged() -> None:
    import xlwt

    book = xlwt.Workbook()
    sheet = book.add_sheet("S")
    for row in range(4):
        sheet.write(row, 0, row)
        sheet.write(row, 1, xlwt.Formula("1-1"))
    sheet.write_merge(5, 6, 2, 2, "x")
    sheet.write_merge(7, 9, 3, 4, "y")
    with io.BytesIO() as buffer:
        book.save(buffer)
        content = buffer.getvalue()
    # The writer gives each formula an empty text as its value; Excel writes what it comes to.
    empty, naught = struct.pack("<Q", 0xFFFF_0000_0000_0003), struct.pack("<d", 0)
    assert content.count(empty) == 4
    assert xls_contents(content, "S.xls").sheets["S"].values == 4 + 2
    contents = xls_contents(content.replace(empty, naught), "S.xls").sheets["S"]
    assert sorted(contents.merged) == [(6, 7, 3, "C6:C7"), (8, 10, 4, "D8:E10")]
    assert contents.values == 4 + 4 + 2


@given(
    kind=st.sampled_from(sorted(KINDS)),
    place=st.integers(0, 20_000),
    change=st.binary(max_size=8),
    cut=st.integers(0, 60),
)
@settings(max_examples=30, deadline=None)
def test_a_workbook_damaged_anywhere_is_read_or_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, kind: str, place: int, change: bytes, cut: int
) -> None:
    content = bytearray(KINDS[kind]({"S": [HEADER, *ROWS]}))
    place %= len(content)
    content[place : place + len(change)] = change
    path = saved(tmp_path_factory.mktemp("damaged"), kind, bytes(content[: len(content) - cut]))
    with suppress(OutcomesError):
        read(path)


@pytest.mark.parametrize(
    ("column", "letters"), [(1, "A"), (26, "Z"), (27, "AA"), (52, "AZ"), (702, "ZZ"), (703, "AAA")]
)
def test_a_cell_is_named_as_a_sheet_names_it(column: int, letters: str) -> None:
    assert place_of(7, column) == f"{letters}7"
