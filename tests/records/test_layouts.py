"""Headers below titles, of two rows or with a heading twice; sheets by name; rows cut short."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import RecordsError
from iop_outcomes.records.sources.coded import Raw
from iop_outcomes.records.sources.files import read_raw
from iop_outcomes.records.sources.layout import Layout
from iop_outcomes.records.sources.workbook import read_workbook
from tests.helpers import workbooks
from tests.helpers.workbooks import workbook

TITLES = [["BestNotes export"], ["C - Appointment, status report"], ["Period: 07/01/2026"]]
TABLE = [
    ["episode_id", "date", "status"],
    ["A-1", "2026-07-03", "attended"],
    ["A-2", "2026-07-03", "no_show"],
    ["A-3", "2026-07-04", "attended"],
]


def lines(rows: list[list[str]]) -> str:
    return "".join(",".join(row) + "\n" for row in rows)


def table(raw: Raw) -> list[list[str]]:
    every = np.arange(len(raw.lines))
    cells = [column.text(every).tolist() for column in raw.columns.values()]
    return [list(raw.columns), *map(list, zip(*cells, strict=True))]


def as_file(folder: Path, kind: str, rows: list[list[str]]) -> Path:
    path = folder / f"attendance.{kind}"
    if kind == "xlsx":
        path.write_bytes(workbook({"Sheet1": workbooks.data(workbooks.rows(rows))}))
    else:
        path.write_text(lines(rows) + ("\n" if kind == "txt" else ""))  # read line by line
    return path


KINDS = pytest.mark.parametrize("kind", ["csv", "txt", "xlsx"])


@KINDS
def test_rows_above_the_header_row_are_not_read(tmp_path: Path, kind: str) -> None:
    raw = read_raw(as_file(tmp_path, kind, TITLES + TABLE), layout=Layout(header_row=4))
    assert table(raw) == TABLE
    assert raw.lines.tolist() == [5, 6, 7]
    assert not raw.odd
    assert not raw.remarks


@KINDS
def test_two_header_rows_are_one_name_a_column(tmp_path: Path, kind: str) -> None:
    upper = ["Client", "", "Week 1", "", "Note"]
    lower = ["No", "Name", "Mon", "Tue", ""]
    rows = [["1", "a", "P", "A", "x"], ["2", "b", "P", "P", "y"]]
    path = as_file(tmp_path, kind, [*TITLES, upper, lower, *rows])
    raw = read_raw(path, layout=Layout(header_row=4, header_rows=2))
    assert table(raw) == [
        ["Client No", "Client Name", "Week 1 Mon", "Week 1 Tue", "Note"],
        *rows,
    ]
    assert raw.lines.tolist() == [6, 7]


@KINDS
def test_a_header_row_past_the_end_is_reported(tmp_path: Path, kind: str) -> None:
    with pytest.raises(RecordsError, match=r"attendance\.") as raised:
        read_raw(as_file(tmp_path, kind, TABLE), layout=Layout(header_row=40))
    assert "header" in str(raised.value)


def test_skipped_lines_count_for_a_workbook_as_for_text(tmp_path: Path) -> None:
    (tmp_path / "episodes.csv").write_text("T\nT\nT\nepisode_id,admit_date\nA-1,2026-07-01\n")
    as_file(tmp_path, "xlsx", TITLES + TABLE)
    records = iop.read_records(tmp_path, mapping={"options": {"skip_lines": 3}})
    assert records.sources["rows_read"].tolist() == [1, 3]


SHEETS = {
    "Jan 2026": workbooks.data(workbooks.rows(TABLE[:2])),
    "Feb 2026": workbooks.data(workbooks.rows([TABLE[0], TABLE[2]])),
    "Old": workbooks.data(workbooks.rows([TABLE[0], TABLE[3]])),
    "Legend": workbooks.data(workbooks.rows([["P"], ["present"]])),
}


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        ((), ["Jan 2026", "Feb 2026", "Legend"]),
        (("* 2026",), ["Jan 2026", "Feb 2026"]),
        (("jan 2026",), ["Jan 2026"]),
        (("*",), ["Jan 2026", "Feb 2026", "Legend"]),
        (("Feb*", "Old"), ["Feb 2026", "Old"]),
    ],
)
def test_sheets_are_chosen_by_name_or_pattern_and_hidden_ones_by_name_only(
    tmp_path: Path, asked: tuple[str, ...], read: list[str]
) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(workbook(SHEETS, hidden=("Old",)))
    book = read_workbook(path, Layout(sheets=asked))
    assert list(book.sheets) == read
    assert book.hidden == ([] if "Old" in read else ["Old"])


@pytest.mark.parametrize("asked", ["Mar 2026", "O*", "* 2025"])
def test_a_sheet_that_is_not_there_is_reported(tmp_path: Path, asked: str) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(workbook(SHEETS, hidden=("Old",)))
    with pytest.raises(RecordsError, match="has no sheet") as raised:
        read_workbook(path, Layout(sheets=(asked,)))
    assert asked in str(raised.value)
    assert "Old" not in raised.value.found


# A heading twice -----------------------------------------------------------------------------

EPISODES = "episode_id,admit_date\nE1,2026-01-01\n"


def read(folder: Path, checkins: str, mapping: object = None) -> iop.Records:
    (folder / "episodes.csv").write_text(EPISODES)
    (folder / "checkins.csv").write_text(checkins)
    return iop.read_records(folder, mapping=mapping)  # type: ignore[arg-type]


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_heading_twice_is_kept_under_two_names_where_it_is_not_needed(
    tmp_path: Path, end: str
) -> None:
    text = "episode_id,date,status,Note,Note,note,Note_2\nE1,2026-01-05,missed,a,b,c,d\n" + end
    records = read(tmp_path, text)
    row = records.checkins.iloc[0]
    assert [row[name] for name in ("note", "note_3", "note_4", "note_2")] == ["a", "b", "c", "d"]
    listed = records.problems.set_index("check").loc["repeated_heading"]
    assert (listed["line"], listed["done"]) == (1, "kept: called Note_3")
    assert len(records.problems) == 1


def test_a_heading_twice_is_refused_where_the_column_is_needed(tmp_path: Path) -> None:
    text = "episode_id,date,status,date\nE1,2026-01-05,missed,2026-01-06\n"
    with pytest.raises(RecordsError, match="two columns of the same name") as raised:
        read(tmp_path, text)
    assert raised.value.found == "columns 2, 4"
    named = {"checkins": {"columns": {"When": "date"}}}
    with pytest.raises(RecordsError, match="two columns of the same name"):
        read(tmp_path, text.replace("date", "When"), named)
    # distinguished by the mapping
    named = {"checkins": {"columns": {"When": "date", "When_2": "entered"}}}
    records = read(tmp_path, text.replace("date", "When"), named)
    assert records.checkins["date"].astype(str).tolist() == ["2026-01-05"]
    assert records.checkins["entered"].tolist() == ["2026-01-06"]


# Short rows ----------------------------------------------------------------------------------

LONG = "episode_id,date,status,used,craving\n"


def shapes(records: iop.Records) -> list[tuple[int, str]]:
    listed = records.problems
    return list(zip(listed["line"].tolist(), listed["check"].tolist(), strict=True))


def failed(records: iop.Records, check: str) -> int:
    quality = records.quality()
    return int(quality.loc[quality["check"] == check, "rows_failed"].sum())


def test_a_row_without_the_empty_fields_at_its_end_is_kept_and_listed(tmp_path: Path) -> None:
    text = LONG + "E1,2026-01-05,completed,no,3\nE1,2026-01-12,missed\nE1,2026-01-19,missed,,\n"
    text += "E1,2026-01-26,completed,no,2\n"
    records = read(tmp_path, text)
    assert shapes(records) == [(3, "short_row")]
    assert records.problems.loc[0, "done"].startswith("kept")
    assert len(records.checkins) == 4
    assert records.checkins["craving"].isna().tolist() == [False, True, True, False]
    assert failed(records, "short_row") == 1


def test_a_short_row_that_does_not_look_like_one_is_set_aside(tmp_path: Path) -> None:
    text = LONG + "".join(f"E1,2026-01-{day:02d},completed,no,3\n" for day in range(5, 15))
    text += "E1,2026-01-20,completed\nno,3\n"  # a line end broke a row in two
    text += "E1,completed,no,3\n"  # the date is left out
    text += "Rows in all: 12\n"
    records = read(tmp_path, text)
    assert shapes(records) == [
        (12, "short_row"),
        (13, "row_shape"),
        (14, "row_shape"),
        (15, "row_shape"),
    ]
    assert records.sources.loc[1, ["rows_read", "rows_kept", "rows_set_aside"]].tolist() == [
        14,
        11,
        3,
    ]


def test_where_most_rows_are_short_one_line_says_so(tmp_path: Path) -> None:
    text = LONG + "".join(f"E1,2026-01-{day:02d},missed\n" for day in range(5, 25))
    records = read(tmp_path, text)
    assert len(records.checkins) == 20
    assert (0, "short_row") in shapes(records)
    listed = records.problems.set_index("check").loc["short_row"]
    assert listed["message"] == "20 rows have fewer fields than the header."
    assert failed(records, "short_row") == 20
