"""Broken, odd and hostile files: no row is lost in silence, and nothing hangs or fails bare."""

from __future__ import annotations

import csv
import datetime
import gzip
import io
import json
import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

import iop_outcomes as iop
from iop_outcomes import cli
from iop_outcomes.errors import OutcomesError, RecordsError, ReportError, RuleError
from iop_outcomes.records.sources import files as sources
from iop_outcomes.records.sources import opening
from iop_outcomes.records.sources.coded import Raw
from iop_outcomes.records.sources.delimited import read_delimited
from iop_outcomes.records.sources.layout import Layout
from iop_outcomes.records.sources.opening import MOST_UNPACKED, most_unpacked
from iop_outcomes.records.sources.workbooks import contents
from iop_outcomes.report.forms.saving import save_report
from iop_outcomes.shared.provenance import Provenance, label
from tests.helpers import workbooks
from tests.helpers.workbooks import workbook

EPISODES = pd.DataFrame({"episode_id": ["E1", "E2"], "admit_date": ["2026-01-01", "2026-01-02"]})
HEADER = "episode_id,date,status,note\n"


def read(path: Path, **options: Any) -> iop.Records:
    return iop.read_records(episodes=EPISODES, checkins=path, as_of="2026-09-30", **options)


def checkins(folder: Path, content: str | bytes, name: str = "checkins.csv") -> iop.Records:
    path = folder / name
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return read(path)


def counts(records: iop.Records) -> tuple[int, int, int, int]:
    """Rows read, kept, set aside and folded of the check-ins."""
    row = records.sources.set_index("table").loc["checkins"]
    return tuple(int(row[f"rows_{name}"]) for name in ("read", "kept", "set_aside", "folded"))  # type: ignore[return-value]


def problems(records: iop.Records) -> list[tuple[int, str]]:
    listed = records.problems
    return list(zip(listed["line"].tolist(), listed["check"].tolist(), strict=True))


def day(number: int) -> str:
    return str(datetime.date(2026, 1, 5) + datetime.timedelta(days=number % 200))


def rows_of(size: int) -> list[str]:
    return [f"E{1 + n // 200 % 2},{day(n)},missed,n{n}" for n in range(size)]


# Quotes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["", "\n"])
@pytest.mark.parametrize("size", [3, 1001])
def test_a_quote_that_never_closes_costs_its_own_row_only(
    tmp_path: Path, size: int, end: str
) -> None:
    lines = rows_of(size)
    place = size // 3
    lines[place] = lines[place].rsplit(",", 1)[0] + ',"Ann'
    records = checkins(tmp_path, HEADER + "\n".join(lines) + end)
    assert counts(records) == (size, size - 1, 1, 0)
    assert problems(records) == [(place + 2, "open_quote")]
    problem = records.problems.iloc[0]
    assert (problem["file"], problem["value"]) == ("checkins.csv", lines[place])
    aside = records.set_aside["checkins"]
    assert aside["whole_row"].tolist() == [lines[place]]
    assert aside["line"].tolist() == [place + 2]


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        (['5" Bob', '"Bob', "x"], [(3, "open_quote")]),
        (['"Ann', "Bob", '5"'], [(2, "open_quote")]),
        (['"Ann', '""', "Bob", 'Cy"'], [(2, "open_quote")]),
        (['"Ann', '"Bob"', "Cy"], [(2, "open_quote")]),
        (['"""Ann', "Bob", "Cy"], [(2, "open_quote")]),
        (['"Ann', '"Bob', '"Cy'], [(2, "open_quote"), (3, "open_quote"), (4, "open_quote")]),
        (['5" Bob', "6' 2\"", "x"], []),
        (['"Ann" Lee', '"said "no" twice"', "x"], [(2, "stray_quote"), (3, "stray_quote")]),
    ],
)
def test_stray_quotes_are_listed_by_line_and_swallow_no_row(
    tmp_path: Path, notes: list[str], expected: list[tuple[int, str]]
) -> None:
    lines = [f"E1,{day(n)},missed,{note}" for n, note in enumerate(notes)]
    records = checkins(tmp_path, HEADER + "\n".join(lines) + "\n")
    aside = sum(check == "open_quote" for _, check in expected)
    assert counts(records) == (len(notes), len(notes) - aside, aside, 0)
    assert problems(records) == expected


def test_a_quote_in_a_middle_or_first_column_swallows_no_row(tmp_path: Path) -> None:
    head = "episode_id,date,height,status\n"
    lines = [f'E1,{day(0)},"5,missed', f'E1,{day(1)},5",missed', f"E1,{day(2)},5,missed"]
    records = checkins(tmp_path, head + "\n".join(lines))
    assert counts(records) == (3, 2, 1, 0)
    assert problems(records) == [(2, "open_quote")]
    lines = [f'"E1,{day(0)},5,missed', f'E1",{day(1)},5,missed', f"E1,{day(2)},5,missed"]
    records = checkins(tmp_path, head + "\n".join(lines))
    assert counts(records)[0] == 3
    assert (2, "open_quote") in problems(records)
    assert day(2) in records.checkins["date"].astype(str).tolist()


def test_a_quote_in_the_second_of_five_columns_swallows_no_row(tmp_path: Path) -> None:
    head = "episode_id,height,date,status,note\n"
    for status in ("missed", "not due?"):  # three of four cells of usual form are enough
        first = f'E1,"5,{day(0)},{status},x'
        lines = [first, f'E1,5",{day(1)},missed,y', f"E1,5,{day(2)},missed,z"]
        records = checkins(tmp_path, head + "\n".join(lines))
        assert counts(records) == (3, 2, 1, 0)
        assert problems(records) == [(2, "open_quote")]


def test_a_swallowed_row_is_known_by_the_forms_of_the_other_rows(tmp_path: Path) -> None:
    # The row that opens the quote has another form than those that it would swallow.
    rows = [f"E1,{day(n)},missed,n{n}" for n in range(9)]
    content = HEADER + "\n".join([*rows[:4], ',"Mon, 5 Jan"x,,"Ann', *rows[4:8], 'E1,,,b"'])
    assert counts(checkins(tmp_path, content))[0] == 10
    content = HEADER + "\n".join([*rows[:4], 'E1,5 Jan 2026,,"Ann', *rows[4:8], 'E1,,missed,b"'])
    assert counts(checkins(tmp_path, content))[0] == 10
    # Of the row that closes the quote two of three cells have a usual form, which is enough.
    content = HEADER + "\n".join([*rows[:4], 'E1,5 Jan 2026,,"Ann', f'E1,{day(4)},x-1,b"'])
    assert counts(checkins(tmp_path, content))[0] == 6


NOTES = [
    "two\nlines",
    "three\n\nlines",
    "Came late, left early\nsaw mother, father, brother\ncalm",
    'She said "no"\nand left',
    "windows\r\nlines",
    "list:\n- a, b\n- c, d, e",
    "\n",
]


@pytest.mark.parametrize("note", NOTES)
@pytest.mark.parametrize("column", [0, 1, 3])
def test_a_note_over_several_lines_is_one_row(tmp_path: Path, note: str, column: int) -> None:
    head = ["episode_id", "date", "status"]
    table = [["E1", day(0), "missed"], ["E1", day(1), "missed"], ["E2", day(3), "missed"]]
    for row, text in zip([head, *table], ["note", note, "", "x"], strict=True):
        row.insert(column, text)
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([head, *table])
    records = checkins(tmp_path, out.getvalue())
    assert problems(records) == []
    assert counts(records) == (3, 3, 0, 0)
    kept = records.checkins["note"].astype(object).where(records.checkins["note"].notna(), "")
    assert kept.tolist() == [note.strip(), "", "x"]
    assert any("over several lines" in said for said in records.notes)


def test_a_note_over_several_lines_with_empty_cells_after_it_is_one_row(tmp_path: Path) -> None:
    content = HEADER + f'E1,{day(0)},missed,"two\nlines",\nE1,{day(1)},missed,x\n'
    assert counts(checkins(tmp_path, content))[:2] == (2, 2)


def test_a_quoted_header_is_read_and_one_that_does_not_close_is_refused(tmp_path: Path) -> None:
    row = f"E1,{day(0)},missed,x\n"
    for heading in ('"episode_id","date","status","note"\n', 'episode_id,date,status,"no\nte"\n'):
        assert counts(checkins(tmp_path, heading + row)) == (1, 1, 0, 0)
    for heading in ('episode_id,date,status,"note\n', 'episode_id,date,"status,note\n'):
        for content in (heading + row, heading + row + f'E1,{day(1)},missed,5"\n'):
            with pytest.raises(RecordsError, match="quote in its header") as raised:
                checkins(tmp_path, content)
            assert "line 1" in str(raised.value)


def test_quotes_that_pair_in_many_ways_end_in_an_error_and_not_in_a_search_without_end(
    tmp_path: Path,
) -> None:
    line = f'E1,{day(0)},a","x\n'
    with pytest.raises(RecordsError, match="cannot be paired"):
        checkins(tmp_path, HEADER + line * 6000)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("packed", [False, True])
def test_rows_are_counted_in_every_encoding_and_with_every_line_end(
    tmp_path: Path, encoding: str, end: str, packed: bool
) -> None:
    lines = [*rows_of(4), f'E1,{day(9)},missed,"Göran', *rows_of(9)[5:]]
    content = (HEADER.strip() + "".join(end + line for line in lines)).encode(encoding)
    name = "checkins.csv.gz" if packed else "checkins.csv"
    records = checkins(tmp_path, gzip.compress(content) if packed else content, name)
    assert counts(records) == (9, 8, 1, 0)
    assert (6, "open_quote") in problems(records)


def test_old_line_ends_far_down_the_file_do_not_hide_a_swallowed_row(tmp_path: Path) -> None:
    # one row more by a lone return and one row less by a quote: the sum alone would look right
    lines = rows_of(60_000)
    content = HEADER + "\n".join(lines) + f'\nE1,{day(0)},missed,"a\nE1,{day(1)},missed,b"\n'
    content += f"E1,{day(2)},missed,c\rE1,{day(3)},missed,d\n"
    assert len(content) > opening.BLOCK
    records = checkins(tmp_path, content)
    assert counts(records)[0] == 60_004
    assert (60_002, "open_quote") in problems(records)


# As Python's csv module, on what is well formed; every line accounted for, on anything ------------


def write(folder: Path, content: str) -> Path:
    path = folder / "any.csv"
    path.write_bytes(content.encode("utf-8"))
    return path


def texts(raw: Raw) -> list[list[str]]:
    every = np.arange(len(raw.lines))
    return [list(row) for row in zip(*(c.text(every) for c in raw.columns.values()), strict=True)]


CELLS = st.text(st.sampled_from("ab1 ,\"'\n\ré"), max_size=6).filter(
    # a cell of lines and delimiters can be read as swallowed rows: see the test after this one
    lambda cell: not ("," in cell and ("\n" in cell or "\r" in cell))
)


@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=8),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["", "\r\n", "\r\n\r\n"]),
)
@settings(max_examples=40, deadline=None)
def test_well_formed_text_is_read_as_the_csv_module_reads_it(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], quoting: Any, end: str
) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n", quoting=quoting).writerows([["x", "y", "z"], *rows])
    content = out.getvalue().removesuffix("\r\n") + end
    expected = list(csv.reader(io.StringIO(content, newline="")))[1:]
    raw = read_delimited(write(tmp_path_factory.mktemp("csv"), content), Layout())
    assert texts(raw) == [row for row in expected if row]
    assert not raw.odd
    assert not raw.remarks


LINES = st.text(st.sampled_from('ab1 ,,,""\n\n\ré'), max_size=60)


@given(body=LINES)
@example(body='a,b,"c\n1,2,3\n')
@example(body='a,b,"c\n1,2,3"\n')
@example(body='"a,"b,c\n"1\n",2,3')
@example(body='a,"",b\n"\n')
@settings(max_examples=200, deadline=None)
def test_every_line_of_any_text_is_a_row_is_within_one_or_is_listed(
    tmp_path_factory: pytest.TempPathFactory, body: str
) -> None:
    content = "x,y,z\n" + body
    raw = read_delimited(write(tmp_path_factory.mktemp("csv"), content), Layout())
    lines = re.split("\r\n|\r|\n", content)
    within: set[int] = set()
    for line, cells in zip(raw.lines.tolist(), texts(raw), strict=True):
        inner = re.split("\r\n|\r|\n", "\n".join(cells))
        ends = sum(len(re.findall("\r\n|\r|\n", cell)) for cell in cells)
        spanned = set(range(line, line + ends + 1))
        assert not within & spanned, "a line is in two rows"
        within |= spanned
        for text in inner:  # what a cell holds stands in the lines that the row spans
            there = "\n".join(lines[number - 1] for number in spanned)
            assert text.replace('"', "") in there.replace('"', "")
    listed = {row.line for row in raw.odd}
    assert not within & listed
    blank = {number for number, line in enumerate(lines, start=1) if not line}
    assert within | listed | blank | {1} == set(range(1, len(lines) + 1))


@given(
    broken=st.sets(st.integers(0, 39), max_size=4),
    column=st.integers(0, 3),
    opening_quote=st.sampled_from(['"', '"""', '"x, y']),
    closing=st.dictionaries(
        st.integers(0, 39), st.sampled_from(['5"', '""', '"q"', '5" x']), max_size=4
    ),
)
@example({3}, 3, '"x, y', {4: '5"'})
@settings(max_examples=40, deadline=None)
def test_rows_without_a_broken_quote_are_all_kept(
    tmp_path_factory: pytest.TempPathFactory,
    broken: set[int],
    column: int,
    opening_quote: str,
    closing: dict[int, str],
) -> None:
    table = [line.split(",") for line in rows_of(40)]
    for number, text in closing.items():
        table[number][3] = text
    for number in broken:
        table[number][column] = opening_quote + table[number][column].replace('"', "")
    content = HEADER + "\n".join(",".join(row) for row in table)
    raw = read_delimited(write(tmp_path_factory.mktemp("csv"), content), Layout())
    seen = {*raw.lines.tolist(), *(row.line for row in raw.odd)}
    assert seen == set(range(2, 42)), "every line is a row, or is listed"
    kept = dict(zip(raw.lines.tolist(), texts(raw), strict=True))
    for number, row in enumerate(table):
        if number not in broken:
            note = {'""': "", '"q"': "q"}.get(row[3], row[3])
            assert kept[number + 2] == [*row[:3], note]
    assert {row.line - 2 for row in raw.odd} == broken


# Excel -------------------------------------------------------------------------------------------

TABLE = [["episode_id", "date", "status", "note"]]
TABLE += [[f"E{1 + n % 2}", day(n // 2), "missed", f"n{n}"] for n in range(240)]


def book(folder: Path, content: bytes) -> iop.Records:
    return checkins(folder, content, "checkins.xlsx")


@pytest.mark.parametrize("declared", ["A1:D11", "A1", "A1:B241", "D5:D6", "A1:XFD1048576", ""])
@pytest.mark.parametrize("placed", [True, False])
def test_rows_beyond_the_declared_size_of_a_sheet_are_read(
    tmp_path: Path, declared: str, placed: bool
) -> None:
    size = f'<dimension ref="{declared}"/>' if declared else ""
    xml = workbooks.data(workbooks.rows(TABLE, placed=placed), size)
    records = book(tmp_path, workbook({"Sheet1": xml}))
    assert counts(records) == (240, 240, 0, 0)
    assert records.problems.empty
    assert set(records.checkins["note"]) == {row[3] for row in TABLE[1:]}


def cell(place: str, value: str) -> str:
    return f'<c r="{place}"><v>{value}</v></c>'


BROKEN_SHEETS = {
    "a row number twice": '<row r="241">' + workbooks.text("E2", "A241") + "</row>",
    "rows out of order": '<row r="5">' + workbooks.text("E2", "A5") + "</row>",
    "a cell twice": f'<row r="242">{cell("A242", "1")}{cell("A242", "2")}</row>',
    "a row past the last": f'<row r="99999999999">{cell("A99999999999", "1")}</row>',
    "a column past the last": f'<row r="242">{cell("ZZZZZZZ242", "1")}</row>',
    "a text that is not there": '<row r="242"><c r="A242" t="s"><v>7</v></c></row>',
    "rows cut off": '<row r="242"><c r="A242"><v>1</v></c>',
}


@pytest.mark.parametrize("last", BROKEN_SHEETS.values(), ids=BROKEN_SHEETS)
def test_a_sheet_of_which_a_row_would_be_passed_over_is_refused(tmp_path: Path, last: str) -> None:
    xml = workbooks.data(workbooks.rows(TABLE) + last)
    with pytest.raises(RecordsError, match=r"checkins\.xlsx") as raised:
        book(tmp_path, workbook({"Sheet1": xml}))
    assert raised.value.instead


def test_cells_out_of_order_are_read_where_they_stand(tmp_path: Path) -> None:
    last = '<row r="243">' + workbooks.text("n1", "D243") + workbooks.text("missed", "C243")
    last += workbooks.text(day(150), "B243") + workbooks.text("E1", "A243") + "</row>"
    last += '<row r="242">' + workbooks.text("E1", "A242") + workbooks.text(day(151), "B242")
    last += workbooks.text("missed", "C242") + "</row>"
    records = book(tmp_path, workbook({"Sheet1": workbooks.data(workbooks.rows(TABLE) + last)}))
    assert counts(records) == (242, 242, 0, 0)
    assert records.problems.empty


def test_a_workbook_is_refused_if_the_parser_does_not_find_a_sheet(tmp_path: Path) -> None:
    sheets = {
        "Check-ins": workbooks.data(workbooks.rows(TABLE[:9])),
        "Check-ins 2": workbooks.data(workbooks.rows(TABLE)),
    }
    with pytest.raises(RecordsError, match="could not be read whole"):
        book(tmp_path, workbook(sheets, lost=("Check-ins 2",)))


def test_bare_numbers_of_a_workbook_from_1904_are_its_own_days(tmp_path: Path) -> None:
    first = (datetime.date(2026, 1, 8) - datetime.date(1904, 1, 1)).days
    styled = f'<row r="2">{workbooks.text("E1", "A2")}<c r="B2" s="1"><v>{first}</v></c>'
    styled += workbooks.text("missed", "C2") + "</row>"
    bare = f'<row r="3">{workbooks.text("E1", "A3")}{cell("B3", str(first + 1))}'
    bare += workbooks.text("missed", "C3") + "</row>"
    xml = workbooks.data(workbooks.rows([TABLE[0][:3]]) + styled + bare)
    records = book(tmp_path, workbook({"Sheet1": xml}, from_1904=True))
    assert records.checkins["date"].astype(str).tolist() == ["2026-01-08", "2026-01-09"]
    assert problems(records) == [(3, "excel_serial_date")]
    assert records.problems.loc[0, "done"] == "mended: read as 2026-01-09"


def test_errors_and_formulas_without_a_value_are_listed_and_not_read_as_missing(
    tmp_path: Path,
) -> None:
    head = ["episode_id", "admit_date", "discharge_date"]
    cells = [
        '<c r="C2" t="e"><v>#REF!</v></c>',
        '<c r="C3"><f>B3+30</f></c>',
        '<c r="C4"><f>B4&amp;"x"</f><v></v></c>',
        '<c r="C5" t="str"><f>IF(TRUE,"")</f><v></v></c>',
        '<c r="C6" t="str"><f>"2026-03-01"</f><v>2026-03-01</v></c>',
        '<c r="C7"><f t="shared" si="0"/></c>',
    ]
    rows = "".join(
        f'<row r="{n}">{workbooks.text(f"E{n}", f"A{n}")}'
        f"{workbooks.text('2026-01-05', f'B{n}')}{text}</row>"
        for n, text in enumerate(cells, start=2)
    )
    path = tmp_path / "episodes.xlsx"
    path.write_bytes(workbook({"Sheet1": workbooks.data(workbooks.rows([head]) + rows)}))
    rest = pd.DataFrame({"episode_id": ["E2"], "date": ["2026-01-06"], "status": ["missed"]})
    records = iop.read_records(episodes=path, checkins=rest, as_of="2026-09-30")
    listed = records.problems
    assert listed["line"].tolist() == [2, 3, 4, 7]
    assert set(listed["column"]) == {"discharge_date"}
    assert listed["value"].tolist() == ["#REF!", "=B3+30", '=B4&"x"', "="]
    assert records.episodes["discharge_date"].notna().tolist() == [False] * 4 + [True, False]


def test_cells_keep_the_digits_that_the_file_gives_them(tmp_path: Path) -> None:
    texts = ["00123", "1e5", "12345678901234567"]
    cells = [workbooks.text(texts[0], "A2"), workbooks.text(texts[1], "A3")]
    cells += [cell("A4", texts[2]), cell("A5", "123.0"), cell("A6", "0.1")]
    rows = "".join(
        f'<row r="{n}">{text}{workbooks.text("2026-01-05", f"B{n}")}</row>'
        for n, text in enumerate(cells, start=2)
    )
    head = workbooks.rows([["episode_id", "admit_date"]])
    path = tmp_path / "episodes.xlsx"
    path.write_bytes(workbook({"Sheet1": workbooks.data(head + rows)}))
    rest = pd.DataFrame({"episode_id": ["00123"], "date": ["2026-01-06"], "status": ["missed"]})
    records = iop.read_records(episodes=path, checkins=rest, as_of="2026-09-30")
    assert records.episodes["episode_id"].tolist() == [*texts, "123", "0.1"]


def test_every_sheet_of_a_table_is_read_and_every_other_one_is_named(tmp_path: Path) -> None:
    sheets = {
        "Check-ins Jan": workbooks.data(workbooks.rows(TABLE[:3])),
        "Notes": workbooks.data(workbooks.rows([["a"], ["b"]])),
        "Check-ins Feb": workbooks.data(workbooks.rows([TABLE[0], *TABLE[3:6]])),
        "Check-ins old": workbooks.data(workbooks.rows([TABLE[0], *TABLE[6:]])),
    }
    content = workbook(sheets, hidden=("Check-ins old",), chart="Check-ins chart")
    records = book(tmp_path, content)
    assert len(records.checkins) == 5
    assert records.sources["file"].tolist()[1:] == [
        "checkins.xlsx: sheet Check-ins Jan",
        "checkins.xlsx: sheet Check-ins Feb",
    ]
    ignored = ("checkins.xlsx: sheet Notes", "checkins.xlsx: hidden sheet Check-ins old")
    assert records.ignored == ignored
    EPISODES.to_csv(tmp_path / "episodes.csv", index=False)
    assert iop.read_records(tmp_path, as_of="2026-09-30").ignored == ignored


def test_a_workbook_of_months_names_the_sheets_that_are_not_read(tmp_path: Path) -> None:
    sheets = {name: workbooks.data(workbooks.rows(TABLE[:3])) for name in ("Jan", "Feb")}
    records = book(tmp_path, workbook(sheets))
    assert records.ignored == ("checkins.xlsx: sheet Feb",)


def test_cells_merged_over_rows_are_listed(tmp_path: Path) -> None:
    merged = '<mergeCells count="3"><mergeCell ref="D2:D4"/><mergeCell ref="A1:B1"/>'
    merged += '<mergeCell ref="A6:B6"/></mergeCells>'
    records = book(
        tmp_path, workbook({"S": workbooks.data(workbooks.rows(TABLE[:8]), after=merged)})
    )
    assert problems(records) == [(2, "merged_cells")]
    assert records.problems.loc[0, "value"] == "D2:D4"
    EPISODES.to_csv(tmp_path / "episodes.csv", index=False)
    filled = {"checkins": {"from": [{"file": "checkins.xlsx", "fill_down": TABLE[0][3]}]}}
    assert problems(iop.read_records(tmp_path, as_of="2026-09-30", mapping=filled)) == []


def test_a_workbook_that_unpacks_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = workbook({"S": workbooks.data(workbooks.rows(TABLE) + " " * 2_000_000)})
    assert len(content) < 20_000
    assert len(book(tmp_path, content).checkins) == 240
    monkeypatch.setattr(contents, "MOST_UNPACKED", 1_000_000)
    with pytest.raises(RecordsError, match="more than is read from a workbook"):
        book(tmp_path, content)
    monkeypatch.undo()
    monkeypatch.setattr(contents, "MOST_VALUES", 100)
    with pytest.raises(RecordsError, match="more than is read from a workbook"):
        book(tmp_path, content)


def test_entities_that_unfold_without_end_are_refused(tmp_path: Path) -> None:
    levels = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    document = f'<!DOCTYPE x [<!ENTITY a0 "ten letter">{levels}]>'
    xml = document + workbooks.data(
        workbooks.rows(TABLE)
        + '<row r="242"><c r="A242" t="inlineStr"><is><t>&a9;</t></is></c></row>'
    )
    with pytest.raises(RecordsError, match="Excel workbook"):
        book(tmp_path, workbook({"S": xml}))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "empty"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 600, "password"),
        (b"PK\x03\x04 and no more", "BadZipFile"),
        (b"<html><table></table></html>", "web page"),
    ],
)
def test_a_file_that_is_not_a_workbook_is_refused_with_its_kind(
    tmp_path: Path, content: bytes, found: str
) -> None:
    with pytest.raises(RecordsError, match="Excel workbook") as raised:
        book(tmp_path, content)
    assert found in raised.value.found


# Other files -------------------------------------------------------------------------------------

GOOD = HEADER + "\n".join(rows_of(300)) + "\n"


def damaged(content: bytes) -> bytes:
    packed = bytearray(gzip.compress(content))
    packed[30:60] = b"\xff" * 30
    return bytes(packed)


UNREADABLE: list[tuple[str, bytes, str]] = [
    ("checkins.csv", GOOD.encode("utf-16") + b"x", "UTF-16"),
    ("checkins.csv", GOOD.encode("utf-16")[2:] + b"x", "UTF-16"),
    ("checkins.csv", b"\xff\xfe\x00\xd8", "UTF-16"),
    ("checkins.csv", b"PK\x03\x04 a zip", "an Excel workbook"),
    ("checkins.csv", b"PAR1", "Parquet"),
    ("checkins.csv", b"\xd0\xcf\x11\xe0", "old kind"),
    ("checkins.csv", gzip.compress(GOOD.encode(), mtime=0), "gzip"),
    ("checkins.csv", b"a\x00b,c\n1,2\n", "NUL"),
    ("checkins.csv", b"x" * (opening.BLOCK + 1), "no line end"),
    ("checkins.csv", b"x" + b",x" * 5000 + b"\n", "more columns"),
    ("checkins.csv.gz", damaged(GOOD.encode()), "damaged"),
    ("checkins.csv.gz", gzip.compress(GOOD.encode(), mtime=0)[:-12], "its end is missing"),
    ("checkins.csv.gz", gzip.compress(GOOD.encode(), mtime=0) + b"more", "cannot be unzipped"),
    ("checkins.csv.gz", gzip.compress(gzip.compress(GOOD.encode(), mtime=0), mtime=0), "gzip"),
    ("checkins.csv.gz", gzip.compress(b"", mtime=0), "empty"),
    ("checkins.parquet", b"PAR1" * 9, "cannot be read as Parquet"),
    ("checkins.ods", b"PK\x03\x04", "cut off"),
]


@pytest.mark.parametrize(("name", "content", "says"), UNREADABLE)
def test_a_file_that_cannot_be_read_gives_one_error_sentence(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    with pytest.raises(RecordsError, match=re.escape(name)) as raised:
        checkins(tmp_path, content, name)
    assert says in str(raised.value)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32", "utf-16", "utf-8-sig"])
def test_wide_text_is_read_with_and_without_a_mark_of_its_order(
    tmp_path: Path, encoding: str
) -> None:
    assert counts(checkins(tmp_path, GOOD.encode(encoding))) == (300, 300, 0, 0)


def test_a_packed_file_that_unpacks_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = gzip.compress((GOOD + rows_of(1)[0] + "\n" * 3_000_000).encode())
    assert counts(checkins(tmp_path, content, "checkins.csv.gz"))[0] == 301
    monkeypatch.setattr(opening, "FREE_OF_RATIO", 1_000_000)
    with pytest.raises(RecordsError, match="unpacks to more"):
        checkins(tmp_path, content, "checkins.csv.gz")


@pytest.mark.parametrize(("most", "read"), [(1_000, True), (999, False)])
def test_a_packed_file_of_as_much_as_is_read_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, read: bool
) -> None:
    path = tmp_path / "checkins.csv.gz"
    path.write_bytes(gzip.compress(b"x" * 1_000))
    monkeypatch.setattr(opening, "most_unpacked", lambda _: most)
    if read:
        assert opening.unpack(path) == b"x" * 1_000
    else:
        with pytest.raises(RecordsError, match="unpacks to more"):
            opening.unpack(path)


def test_a_packed_file_may_unpack_to_200_times_its_size_within_bounds() -> None:
    assert most_unpacked(1) == 64 << 20
    assert most_unpacked(1_000_000) == 200_000_000
    assert most_unpacked(1 << 40) == MOST_UNPACKED


def test_a_packed_file_gives_what_the_plain_one_gives(tmp_path: Path) -> None:
    plain = checkins(tmp_path, GOOD)
    packed = checkins(tmp_path, gzip.compress(GOOD.encode()), "checkins.csv.gz")
    pd.testing.assert_frame_equal(packed.checkins, plain.checkins)


def as_parquet(folder: Path, table: pa.Table) -> iop.Records:
    parquet.write_table(table, folder / "checkins.parquet")
    return read(folder / "checkins.parquet")


PLAIN = {"episode_id": ["E1", "E2"], "date": ["2026-01-08", "2026-01-09"], "status": ["missed"] * 2}


def test_parquet_with_a_zone_that_is_not_known_gives_one_error_sentence(tmp_path: Path) -> None:
    times = pa.array([datetime.datetime(2026, 1, 8)] * 2, pa.timestamp("us", tz="Mars/Base"))
    with pytest.raises(RecordsError, match="number 2") as raised:
        as_parquet(tmp_path, pa.table({**PLAIN, "date": times}))
    assert "Mars/Base" in raised.value.found


@pytest.mark.parametrize(
    "metadata",
    [
        "{",
        "[]",
        "3",
        "null",
        json.dumps({"index_columns": ["gone"], "columns": 7, "column_indexes": []}),
        json.dumps({"index_columns": [{"kind": "range"}], "attributes": "x"}),
    ],
)
def test_parquet_is_read_whatever_pandas_wrote_of_itself(tmp_path: Path, metadata: str) -> None:
    table = pa.table(PLAIN).replace_schema_metadata({"pandas": metadata})
    assert len(as_parquet(tmp_path, table).checkins) == 2


def test_parquet_keeps_index_columns_long_numbers_bytes_and_notes(tmp_path: Path) -> None:
    frame = pd.DataFrame(PLAIN).assign(site=["x", "y"]).set_index(["site", "episode_id"])
    label(frame, Provenance(synthetic=True))
    frame.to_parquet(tmp_path / "checkins.parquet")
    records = read(tmp_path / "checkins.parquet")
    assert records.checkins["site"].tolist() == ["x", "y"]
    assert records.synthetic
    ids = pa.array([9007199254740993, 9007199254740995, None], pa.int64())
    admitted = pa.array([b"2026-01-05"] * 3)
    parquet.write_table(
        pa.table({"episode_id": ids, "admit_date": admitted}), tmp_path / "e.parquet"
    )
    rest = pd.DataFrame(PLAIN).assign(episode_id=["9007199254740993", "9007199254740995"])
    records = iop.read_records(episodes=tmp_path / "e.parquet", checkins=rest, as_of="2026-09-30")
    assert records.episodes["episode_id"].tolist() == ["9007199254740993", "9007199254740995"]
    assert len(records.checkins) == 2


def test_parquet_that_says_few_bytes_many_times_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MOST_CELLS", 5)
    with pytest.raises(RecordsError, match="more than is read at once"):
        as_parquet(tmp_path, pa.table(PLAIN))


def test_parquet_in_a_folder_of_a_partition_gains_no_column(tmp_path: Path) -> None:
    folder = tmp_path / "program=North"
    folder.mkdir()
    assert "program" not in as_parquet(folder, pa.table(PLAIN)).checkins


def test_the_first_day_that_a_program_knows_is_no_day_of_2001() -> None:
    dates = [datetime.datetime(1, 1, 1), datetime.date(1, 1, 1)]
    frame = pd.DataFrame({**PLAIN, "date": pd.Series(dates, dtype=object)})
    records = iop.read_records(episodes=EPISODES, checkins=frame, as_of="2026-09-30")
    assert len(records.checkins) == 0
    assert records.problems["check"].tolist() == ["implausible_date"] * 2
    assert len(records.set_aside["checkins"]) == 2


def test_a_frame_s_named_index_is_a_column() -> None:
    frame = pd.DataFrame(PLAIN).set_index("episode_id")
    records = iop.read_records(episodes=EPISODES, checkins=frame, as_of="2026-09-30")
    assert len(records.checkins) == 2
    assert frame.columns.tolist() == ["date", "status"]


# Paths and folders -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a\x00b", "a\ud800b", "x" * 5000, "a\nb"])
@pytest.mark.parametrize("suffix", ["", ".csv", ".xlsx", ".parquet", ".csv.gz"])
def test_a_path_that_no_file_can_have_gives_one_error_sentence(name: str, suffix: str) -> None:
    for arguments in (
        {"source": name + suffix},
        {"episodes": name + (suffix or ".csv"), "checkins": EPISODES},
        {"episodes": EPISODES, "checkins": EPISODES, "mapping": name + suffix},
    ):
        with pytest.raises(RecordsError) as raised:
            iop.read_records(**arguments)  # type: ignore[arg-type]
        message = str(raised.value)
        message.encode("utf-8")
        assert len(message) < 400


NO_FILES: list[tuple[str, Callable[[Path], None]]] = [
    ("a pipe", lambda path: os.mkfifo(path)),
    ("a device", lambda path: path.symlink_to("/dev/zero")),
    ("a folder", lambda path: path.mkdir()),
    ("a link to itself", lambda path: path.symlink_to(path)),
    ("a link to nothing", lambda path: path.symlink_to(path.with_name("gone"))),
]


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices have names on POSIX systems")
@pytest.mark.parametrize("make", [make for _, make in NO_FILES], ids=[name for name, _ in NO_FILES])
@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "parquet", "xlsx", "toml"])
def test_what_is_no_regular_file_is_refused_at_once(
    tmp_path: Path, make: Callable[[Path], None], suffix: str
) -> None:
    path = tmp_path / f"checkins.{suffix}"
    make(path)
    mapped = {"mapping": path, "checkins": EPISODES} if suffix == "toml" else {"checkins": path}
    with pytest.raises(RecordsError, match=r"checkins\."):
        iop.read_records(episodes=EPISODES, **mapped)  # type: ignore[arg-type]


@pytest.mark.skipif(os.name != "posix", reason="pipes have names on POSIX systems")
def test_what_a_folder_holds_besides_is_named_and_not_passed_over(tmp_path: Path) -> None:
    EPISODES.to_csv(tmp_path / "episodes.csv", index=False)
    (tmp_path / "checkins.csv").write_text(GOOD)
    os.mkfifo(tmp_path / "checkins_2.csv")
    (tmp_path / "attendance.csv").symlink_to(tmp_path / "gone.csv")
    (tmp_path / "checkins_3.json").write_text("[]")
    (tmp_path / "attendance").mkdir()
    (tmp_path / "notes.md").write_text("")
    records = iop.read_records(tmp_path, as_of="2026-09-30")
    assert records.ignored == (
        "attendance (a folder)",
        "attendance.csv (a link to nothing)",
        "checkins_2.csv (no regular file)",
        "checkins_3.json (a JSON document)",
    )


def test_a_name_with_letters_that_none_can_print_is_shown_as_numbers(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/checkins\xff.csv"
    try:
        with open(path, "wb") as file:
            file.write((GOOD + "E1,x,missed,\n").encode())
    except OSError:
        pytest.skip("this system has no such names")
    records = read(Path(os.fsdecode(path)))
    name = records.problems.loc[0, "file"]
    assert name.encode("utf-8") == rb"checkins\udcff.csv"


# The mapping -------------------------------------------------------------------------------------

ODD_MAPPINGS: list[tuple[Any, str]] = [
    (3, "neither a file nor a dictionary"),
    (["mapping.toml"], "neither a file nor a dictionary"),
    ({"files": 3}, "files is not a section"),
    ({"files": ["checkins.csv"]}, "files is not a section"),
    ({"files": {"checkins": 3}}, "does not say which files"),
    ({"files": {"checkins": [3]}}, "does not say which files"),
    ({"files": {"checkins": {"a": "b"}}}, "does not say which files"),
    ({"files": {"checkins": ""}}, "does not say which files"),
    ({"files": {"checkins": "a\x00b"}}, "does not say which files"),
    ({"files": {"checkins": "gone.csv"}}, "names a file of checkins that cannot be read"),
    ({"files": {"checkins": "*.csv", "episodes": "*.csv"}}, "for two tables"),
    ({"options": {"skip_lines": 10**30}}, "is not valid"),
    ({"options": {"skip_lines": True}}, "is not valid"),
    ({"options": 3}, "not a section"),
    ({"options": {"date_order": ["month_first"]}}, "is not valid"),
    ({"checkins": {"columns": {"Date": 3}}}, "not text"),
    ({"checkins": {"columns": {None: "date"}}}, "not text"),
    ({"checkins": {"columns": {"The Day": "date", "the-day": "status"}}}, "two meanings"),
    ({"checkins": {"words": {"status": {"x": True}}}}, "not text"),
    ({"checkins": {"words": {"status": 3}}}, "not a section"),
    ({"checkins": {1: 2, "x": 3}}, "entry that is not known"),
    ({"thresholds": {"bad_date": float("nan")}}, "not a share"),
]


@pytest.mark.parametrize(("mapping", "says"), ODD_MAPPINGS)
def test_an_odd_mapping_gives_one_error_sentence(tmp_path: Path, mapping: Any, says: str) -> None:
    EPISODES.to_csv(tmp_path / "episodes.csv", index=False)
    (tmp_path / "checkins.csv").write_text(GOOD)
    with pytest.raises(RecordsError, match=says):
        iop.read_records(tmp_path, mapping=mapping)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a = " + b"[" * 50_000, "nested hundreds deep"),
        (b"a.b" * 1, "TOML"),
        (b"[options]\nskip_lines = 1" + b"0" * 5000, "digits"),
        (b"\xff\xfe[", "UTF-8"),
        (b'[options]\ndate_order = "\\ud800"', "TOML"),
        (b"[options]\x00", "TOML"),
        (b"#" * (1 << 23), "too large"),
    ],
)
def test_a_mapping_file_that_cannot_be_meant_gives_one_error_sentence(
    tmp_path: Path, content: bytes, says: str
) -> None:
    (tmp_path / "mapping.toml").write_bytes(content)
    with pytest.raises(RecordsError, match=r"mapping\.toml") as raised:
        iop.read_mapping(tmp_path / "mapping.toml")
    assert says in str(raised.value)


def test_a_pattern_that_matches_no_file_is_reported(tmp_path: Path) -> None:
    EPISODES.to_csv(tmp_path / "episodes.csv", index=False)
    (tmp_path / "checkins.csv").write_text(GOOD)
    records = iop.read_records(tmp_path, mapping={"files": {"attendance": "session*.csv"}})
    assert any("no file matches session*.csv" in note for note in records.notes)
    assert "no file matches" in repr(records)


def test_codes_as_numbers_are_words_of_a_mapping(tmp_path: Path) -> None:
    frame = pd.DataFrame({**PLAIN, "status": [1, 2]})
    words = {"checkins": {"words": {"status": {1: "completed", 2: "missed"}}}}
    records = iop.read_records(episodes=EPISODES, checkins=frame, mapping=words, as_of="2026-09-30")
    assert records.checkins["status"].tolist() == ["completed", "missed"]


# The data cut ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "as_of",
    [
        pd.NaT,
        np.datetime64("NaT"),
        "NaT",
        "",
        "today",
        "now",
        "12",
        "03/04/2026",
        np.int64(20260930),
        20260930.0,
        float("nan"),
        True,
        pd.NA,
        "2026-02-30",
        "9" * 400,
        b"2026-09-30",
    ],
)
def test_a_data_cut_that_is_no_date_is_refused(as_of: Any) -> None:
    with pytest.raises(RuleError, match="data cut is not a date"):
        iop.read_records(episodes=EPISODES, checkins=pd.DataFrame(PLAIN), as_of=as_of)


@pytest.mark.parametrize("as_of", [pd.NaT, 10**30, 168.0, "168", True, np.bool_(True)])
def test_a_data_cut_that_is_no_study_day_is_refused(as_of: Any) -> None:
    episodes = pd.DataFrame({"episode_id": ["E1"], "admit_day": [0]})
    rows = pd.DataFrame({"episode_id": ["E1"], "day": [3], "status": ["missed"]})
    with pytest.raises(RuleError, match="whole day"):
        iop.read_records(episodes=episodes, checkins=rows, as_of=as_of)


@pytest.mark.parametrize(
    "as_of",
    [
        "2026-09-30",
        " 2026-09-30 ",
        "2026-09-30T23:00",
        datetime.date(2026, 9, 30),
        datetime.datetime(2026, 9, 30, 23),
        pd.Timestamp("2026-09-30 23:00", tz="UTC"),
        np.datetime64("2026-09-30"),
        np.datetime64("2026-09-30T23", "s"),
    ],
)
def test_a_data_cut_is_a_date_of_any_type(as_of: Any) -> None:
    records = iop.read_records(episodes=EPISODES, checkins=pd.DataFrame(PLAIN), as_of=as_of)
    assert records.as_of == pd.Timestamp("2026-09-30")


# The sample --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["file", "file/folder", "a\x00b", "a\ud800b", "x" * 5000])
def test_a_sample_goes_into_a_folder_or_is_refused_before_the_work(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "file").write_text("kept")
    with pytest.raises(ReportError, match="folder for the sample"):
        iop.write_sample(tmp_path / name, 7, messy=False)
    assert (tmp_path / "file").read_text() == "kept"


# The command line --------------------------------------------------------------------------------


def run(words: list[object], capsys: pytest.CaptureFixture[str], **change: Any) -> tuple[int, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["iop-outcomes", *map(str, words)])
        for name, value in change.items():
            patch.setattr(name.replace("__", "."), value)
        with pytest.raises(SystemExit) as ended:
            cli.main()
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return int(ended.value.code or 0), captured.out + captured.err


@pytest.mark.skipif(os.name != "posix", reason="pipes have names on POSIX systems")
def test_the_command_line_says_what_it_cannot_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    EPISODES.to_csv(tmp_path / "episodes.csv", index=False)
    (tmp_path / "checkins.csv").write_text(GOOD.replace("n7\n", '"n7\n'))
    code, output = run(["check", tmp_path, "--as-of", "2026-09-30"], capsys)
    assert code == 0
    assert "300 rows read = 299 kept + 1 set aside" in output
    assert "open_quote" in output
    pipe = tmp_path / "mapping.toml"
    os.mkfifo(pipe)
    assert run(["check", tmp_path, "--mapping", pipe], capsys)[0] == 1
    assert run(["check", tmp_path / "checkins.csv" / "x"], capsys)[0] == 1
    assert run(["check", "x" * 5000], capsys)[0] == 1
    for as_of in ("9" * 5000, "²", "12345678901"):
        assert run(["check", tmp_path, "--as-of", as_of], capsys)[0] == 2
    code, output = run(["sample", tmp_path / "checkins.csv"], capsys)
    assert code == 2
    assert "folder for the sample" in output


def _no_temporary_folder(*_: object, **__: object) -> str:
    raise FileNotFoundError(2, "No usable temporary directory found")


def test_no_room_for_temporary_files_gives_one_error_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", _no_temporary_folder)
    assert save_report("", {"a": pd.DataFrame({"b": [1]})}, tmp_path / "report.xlsx").exists()
    # what another library asks of the system is said too, whatever asks for it
    code, output = run(
        ["check", tmp_path], capsys, iop_outcomes__records__read_records=_no_temporary_folder
    )
    assert code == 2
    assert "No usable temporary directory" in output


def test_letters_that_a_terminal_lacks_are_written_as_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    episodes = EPISODES.assign(program="漢字")
    episodes.to_csv(tmp_path / "episodes.csv", index=False)
    (tmp_path / "checkins.csv").write_text(GOOD)
    printed = io.BytesIO()  # as a process of which the terminal knows Latin letters only
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, io.TextIOWrapper(printed, "latin-1", write_through=True))
    monkeypatch.setattr(sys, "argv", ["iop-outcomes", "check", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    assert rb"\u6f22\u5b57 (2)" in printed.getvalue()


# Anything ----------------------------------------------------------------------------------------


@given(
    suffix=st.sampled_from([".csv", ".tsv", ".csv.gz", ".parquet", ".xlsx"]),
    place=st.integers(0, 4000),
    change=st.binary(max_size=12),
    cut=st.integers(0, 60),
)
@settings(max_examples=30, deadline=None)
def test_a_file_damaged_anywhere_is_read_or_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, place: int, change: bytes, cut: int
) -> None:
    content = bytearray(_whole(suffix))
    place %= len(content)
    content[place : place + len(change)] = change
    path = tmp_path_factory.mktemp("damaged") / f"checkins{suffix}"
    path.write_bytes(bytes(content[: len(content) - cut]))
    with suppress(OutcomesError):
        records = read(path)
        total = records.sources[["rows_kept", "rows_set_aside", "rows_folded"]].sum(axis=1)
        assert records.sources["rows_read"].tolist() == total.tolist()


_WHOLE: dict[str, bytes] = {}


def _whole(suffix: str) -> bytes:
    """A good file of a kind, made once."""
    if not _WHOLE:
        text = (HEADER + "\n".join(rows_of(40))).encode()
        table = [line.split(",") for line in text.decode().splitlines()]
        with io.BytesIO() as buffer:
            parquet.write_table(
                pa.table(dict(zip(table[0], zip(*table[1:], strict=True), strict=True))), buffer
            )
            _WHOLE[".parquet"] = buffer.getvalue()
        _WHOLE[".csv"], _WHOLE[".tsv"] = text, text.replace(b",", b"\t")
        _WHOLE[".csv.gz"] = gzip.compress(text)
        _WHOLE[".xlsx"] = workbook({"Sheet1": workbooks.data(workbooks.rows(table))})
    return _WHOLE[suffix]
