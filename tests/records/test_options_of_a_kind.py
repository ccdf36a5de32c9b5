"""What a mapping says and a kind of file cannot have is refused, or said; never passed over."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import RecordsError

EPISODES = pd.DataFrame({"episode_id": ["E1"], "admit_date": ["2026-01-01"]})
ROWS = pd.DataFrame({"episode_id": ["E1"], "date": ["2026-01-05"], "status": ["attended"]})


def folder_with(folder: Path, kind: str) -> Path:
    EPISODES.to_csv(folder / "episodes.csv", index=False)
    path = folder / f"attendance.{kind}"
    if kind == "parquet":
        ROWS.to_parquet(path)
    elif kind == "jsonl":
        ROWS.to_json(path, orient="records", lines=True)
    else:
        ROWS.to_csv(path, index=False, sep="\t" if kind == "tsv" else ",")
    return folder


def refused(folder: Path, mapping: dict[str, Any]) -> RecordsError:
    with pytest.raises(RecordsError) as caught:
        iop.read_records(folder, mapping=mapping)
    return caught.value


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
@pytest.mark.parametrize("key", [{"header_row": 3}, {"header_row": 1}, {"header_rows": 2}])
def test_a_header_row_of_a_file_without_lines_is_refused(
    kind: str, key: dict[str, int], tmp_path: Path
) -> None:
    source = {"file": f"attendance.{kind}", **key}
    error = refused(folder_with(tmp_path, kind), {"attendance": {"from": [source]}})
    assert f"attendance.{kind} has no header row" in error.wrong
    assert next(iter(key)) in error.found
    assert "[[attendance.from]]" in error.found
    assert "Remove" in error.instead


@pytest.mark.parametrize("kind", ["csv", "tsv", "parquet", "jsonl"])
def test_sheets_of_a_file_that_has_none_are_refused(kind: str, tmp_path: Path) -> None:
    source = {"file": f"attendance.{kind}", "sheets": ["Jan"]}
    error = refused(folder_with(tmp_path, kind), {"attendance": {"from": [source]}})
    assert f"attendance.{kind} has no sheets" in error.wrong
    assert "sheets" in error.found


@pytest.mark.parametrize(
    ("join", "wrong"),
    [
        ({"sheet": "Q"}, "attendance.csv has no sheets"),
        ({"file": "more.csv", "sheet": "Q"}, "more"),
    ],
)
def test_a_sheet_of_a_join_to_a_file_that_has_none_is_refused(
    join: dict[str, str], wrong: str, tmp_path: Path
) -> None:
    folder_with(tmp_path, "csv")
    (tmp_path / "more.csv").write_text("episode_id,program\nE1,North\n")
    joined = {"by": "episode_id", "columns": ["program"], **join}
    mapping = {"attendance": {"from": [{"file": "attendance.csv", "join": [joined]}]}}
    error = refused(tmp_path, mapping)
    assert wrong in error.wrong
    assert "join" in error.found


def test_skipped_lines_where_no_file_has_lines_are_refused(tmp_path: Path) -> None:
    folder_with(tmp_path, "parquet")
    mapping = {"options": {"skip_lines": 2}}
    (tmp_path / "episodes.csv").write_text("T\nT\n" + EPISODES.to_csv(index=False))
    assert len(iop.read_records(tmp_path, mapping=mapping).attendance) == 1  # the CSV has titles
    with pytest.raises(RecordsError, match="skip_lines") as caught:
        iop.read_records(episodes=EPISODES, attendance=ROWS, mapping=mapping)
    assert "Remove" in caught.value.instead


@pytest.mark.parametrize("key", [{"header_rows": 2}, {"header_row": 2}, {"sheets": ["a"]}])
def test_a_query_has_no_header_and_no_sheets(key: dict[str, Any], tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db") as connection:
        EPISODES.to_sql("episodes", connection, index=False)
        ROWS.to_sql("attendance", connection, index=False)
    connection.close()
    queries = {name: f"select * from {name}" for name in ("episodes", "attendance")}
    mapping = {"database": {"queries": queries}, "attendance": {"from": [key]}}
    with pytest.raises(RecordsError, match="come from a query"):
        iop.read_records(f"sqlite:///{tmp_path / 'a.db'}", mapping=mapping)
    mapping = {"database": {"queries": queries}, "files": {"attendance": ["x.csv"]}}
    with pytest.raises(RecordsError, match="come from a query"):
        iop.read_records(f"sqlite:///{tmp_path / 'a.db'}", mapping=mapping)


@pytest.mark.parametrize(
    "mapping",
    [
        {"columns": {"Sesion Date": "start_time"}},
        {"from": [{"file": "attendance.csv", "columns": {"Sesion Date": "start_time"}}]},
        {"combine": {"service": ["Sesion Date", "Other"]}},
        {"ticked": {"service": {"Sesion Date": "group"}}},
    ],
)
def test_a_heading_that_no_file_has_is_reported(mapping: dict[str, Any], tmp_path: Path) -> None:
    records = iop.read_records(folder_with(tmp_path, "csv"), mapping={"attendance": mapping})
    (note,) = [note for note in records.notes if "heading" in note]
    assert "sesion" in note.lower()
    assert "attendance" in note


def test_headings_that_some_file_has_are_not_said(tmp_path: Path) -> None:
    folder_with(tmp_path, "csv")
    (tmp_path / "attendance_2.csv").write_text("Client,date,status\nE1,2026-01-06,attended\n")
    columns = {"Client": "episode_id"}
    records = iop.read_records(tmp_path, mapping={"attendance": {"columns": columns}})
    assert len(records.attendance) == 2
    assert not [note for note in records.notes if "heading" in note]
