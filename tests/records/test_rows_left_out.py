"""Rows that drop_rows leaves out: each is told with its file, its line and the condition it met."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import iop_outcomes as iop

ROWS = "".join(f"North,K-{n:03d},2026-01-{n:02d},\n" for n in range(1, 13))
HEAD = "Agency,Client,Admit Date,Discharge Date\n"
COLUMNS = {"Client": "episode_id", "Agency": "program"}


def read(folder: Path, text: str, drop: Any = None) -> iop.Records:
    (folder / "episodes.csv").write_text(text, encoding="utf-8")
    sessions = "".join(f"K-{n:03d},2026-02-03,attended\n" for n in range(1, 13))
    (folder / "attendance.csv").write_text("episode_id,date,status\n" + sessions)
    source = {"file": "episodes.csv", **({"drop_rows": drop} if drop else {})}
    mapping = {"episodes": {"from": [source], "columns": COLUMNS}}
    return iop.read_records(folder, mapping=mapping)


def told(records: iop.Records) -> list[str]:
    return [note for note in records.notes if "drop_rows" in note]


FOOTER = "\nTotal Records: 12\nReport run: 10/01/2026 08:15:22 AM\n"  # lines 15 and 16
STARTS = {"Agency": {"starts_with": ["Total", "Report run"]}}


def test_lines_with_fewer_cells_than_the_header_can_be_left_out(tmp_path: Path) -> None:
    records = read(tmp_path, HEAD + ROWS + FOOTER, STARTS)
    assert len(records.episodes) == 12
    assert len(records.problems) == 0
    assert records.sources["rows_left_out"].tolist() == [2, 0]
    assert told(records) == [
        'episodes.csv, lines 15 to 16: left out by drop_rows (Agency starts with "Total" or '
        '"Report run")'
    ]


def test_without_it_they_are_set_aside_and_listed(tmp_path: Path) -> None:
    records = read(tmp_path, HEAD + ROWS + FOOTER)
    assert records.problems["check"].tolist() == ["row_shape"] * 2
    assert told(records) == []


def test_a_line_that_meets_no_condition_stays_listed(tmp_path: Path) -> None:
    text = HEAD + ROWS + "\nTotal Records: 12\nsee page 3 (of 4)\n"
    records = read(tmp_path, text, {"Agency": {"starts_with": "Total"}})
    assert records.problems[["line", "check"]].to_numpy().tolist() == [[16, "row_shape"]]
    assert told(records) == [
        'episodes.csv, line 15: left out by drop_rows (Agency starts with "Total")'
    ]


@pytest.mark.parametrize(
    "drop",
    [
        {"Admit Date": {"empty": True}},
        {"Agency": {"starts_with": "Total"}, "Admit Date": {"empty": True}},
        {"Admit Date": {"not": {"starts_with": "2026"}}},
    ],
)
def test_a_cell_that_a_line_does_not_have_meets_no_condition(drop: Any, tmp_path: Path) -> None:
    """A record of which a line end cut off the rest is not left out for a blank date."""
    records = read(tmp_path, HEAD + ROWS + "\nTotal Records: 12\n", drop)
    assert records.problems["check"].tolist() == ["row_shape"]
    assert told(records) == []


def test_rows_as_wide_as_the_header_are_told_too(tmp_path: Path) -> None:
    text = HEAD + ROWS[:200] + ROWS[200:] + "Total,,,\nNorth,TEST-1,2026-01-03,\n,,12,\n"
    drop = [
        {"Agency": "Total"},
        {"episode_id": {"matches": "^TEST"}},
        {"Client": {"empty": True}, "Admit Date": {"not": {"contains": "-"}}},
    ]
    records = read(tmp_path, text, drop)
    assert len(records.episodes) == 12
    assert told(records) == [
        'episodes.csv, line 14: left out by drop_rows (Agency is "Total")',
        "episodes.csv, line 15: left out by drop_rows (episode_id matches an expression)",
        "episodes.csv, line 16: left out by drop_rows (Client is empty, Admit Date not: contains "
        '"-")',
    ]


def test_many_lines_are_told_in_ranges_and_their_number(tmp_path: Path) -> None:
    extra = "".join(f"North,K-{n:03d},2026-01-05,\nTotal,,,\n" for n in range(20, 60))
    records = read(tmp_path, HEAD + ROWS + extra, {"Agency": "Total"})
    (note,) = told(records)
    assert note.startswith("episodes.csv, lines 15, 17, 19, ")
    assert note.endswith('and 30 more: left out by drop_rows (Agency is "Total")')


def test_files_of_one_condition_are_told_in_one_sentence(tmp_path: Path) -> None:
    for month in range(1, 10):
        text = "episode_id,date,status\n" + f"K-001,2026-{month:02d}-03,attended\nTotal: 1\n"
        (tmp_path / f"sessions_{month}.csv").write_text(text)
    (tmp_path / "episodes.csv").write_text("episode_id,admit_date\nK-001,2026-01-01\n")
    source = {"file": "sessions_*.csv", "drop_rows": {"episode_id": {"starts_with": "Total"}}}
    records = iop.read_records(tmp_path, mapping={"attendance": {"from": [source]}})
    assert len(records.attendance) == 9
    assert told(records) == [
        "sessions_1.csv, line 3; sessions_2.csv, line 3; sessions_3.csv, line 3; sessions_4.csv, "
        "line 3; sessions_5.csv, line 3; sessions_6.csv, line 3; and 3 more files: left out by "
        'drop_rows (episode_id starts with "Total")'
    ]


def test_a_file_of_two_tables_is_told_once(tmp_path: Path) -> None:
    rows = "".join(f"K-{n:03d},2026-01-{n:02d},2026-02-03,attended\n" for n in range(1, 6))
    (tmp_path / "all.csv").write_text("id,start,date,status\n" + rows + "Total: 5\n")
    drop = {"file": "all.csv", "drop_rows": {"id": {"starts_with": "Total"}}}
    mapping = {
        "episodes": {"from": [drop], "columns": {"id": "episode_id", "start": "admit_date"}},
        "attendance": {"from": [drop], "columns": {"id": "episode_id"}},
    }
    assert len(told(iop.read_records(tmp_path, mapping=mapping))) == 1


def test_the_sheet_of_a_line_is_told(tmp_path: Path) -> None:
    """Lines are counted in each sheet: line 3 of one is not line 3 of another."""
    admitted = pd.DataFrame({"episode_id": ["K1", "Total"], "admit_date": ["2026-01-01", ""]})
    sessions = pd.DataFrame({"episode_id": ["K1"], "date": ["2026-01-05"], "status": ["attended"]})
    with pd.ExcelWriter(tmp_path / "all.xlsx") as book:
        admitted.to_excel(book, sheet_name="Stays", index=False)
        sessions.to_excel(book, sheet_name="Sessions", index=False)
    drop = {"episode_id": {"starts_with": "Total"}}
    mapping = {
        "episodes": {"from": [{"file": "all.xlsx", "sheets": ["Stays"], "drop_rows": drop}]},
        "attendance": {"from": [{"file": "all.xlsx", "sheets": ["Sessions"]}]},
    }
    (note,) = told(iop.read_records(tmp_path, mapping=mapping))
    assert note.startswith("all.xlsx: sheet Stays, line 3: left out")
