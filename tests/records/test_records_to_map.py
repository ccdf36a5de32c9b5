"""What `check` says that a mapping lacks: words, and identifiers that match nothing."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import iop_outcomes as iop
from iop_outcomes.cli import app
from iop_outcomes.errors import RecordsError
from iop_outcomes.records.suggestions.lines_to_paste import lines_to_paste

EPISODES = "episode_id,admit_date\nA-1,2026-07-01\nA-2,2026-07-02\n"
ATTENDANCE = (
    "episode_id,date,status\nA-1,2026-07-03,Present\nA-1,2026-07-06,Present\nA-2,2026-07-03,Absent\n"
    "B-9,2026-07-03,attended\nB-9,2026-07-06,attended\nB-8,2026-07-06,attended\n"
    'A-2,2026-07-06,"Sample, Person"\nA-2,2026-07-07,555-0199\n'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "episodes.csv").write_text(EPISODES, encoding="utf-8")
    (tmp_path / "attendance.csv").write_text(ATTENDANCE, encoding="utf-8")
    return tmp_path


def test_unknown_words_are_counted_by_column_the_most_frequent_first(folder: Path) -> None:
    words = iop.read_records(folder).unknown_words()
    assert words.to_dict("list") == {
        "table": ["attendance"] * 4,
        "column": ["status"] * 4,
        "word": ["Present", "555-0199", "Absent", "Sample, Person"],
        "rows": [2, 1, 1, 1],
    }


def test_rows_without_an_episode_are_counted_by_file(folder: Path) -> None:
    table = iop.read_records(folder).unmatched()
    assert table.to_dict("records") == [
        {
            "table": "attendance",
            "file": "attendance.csv",
            "rows_unmatched": 3,
            "rows_read": 8,
            "share": 3 / 8,
            "ids_unmatched": 2,
        }
    ]


def test_check_prints_the_lines_to_paste_and_no_name_or_identifier(folder: Path) -> None:
    done = CliRunner().invoke(app, ["check", str(folder), "--quiet"])
    assert done.exit_code == 1  # no row of attendance can be used
    assert (
        '"Present" = "?"  # fewer than 11 rows; perhaps attended\n'
        '"Absent" = "?"  # fewer than 11 rows; perhaps no_show\n'
    ) in done.output
    assert "attendance.csv: 3 of 8 rows (37.5%), with 2 different identifiers" in done.output
    assert "2 further texts that may be names or identifiers, in 2 rows" in done.output
    for value in ("Sample", "555", "B-9"):
        assert value not in done.output


def test_the_lines_are_a_mapping_that_is_refused_until_they_are_filled_in(folder: Path) -> None:
    lines = lines_to_paste(iop.read_records(folder).unknown_words())
    text = "\n".join(lines)
    with pytest.raises(RecordsError, match="into an unknown one"):
        iop.read_records(folder, mapping=tomllib.loads(text))
    filled = text.replace('"Present" = "?"', '"Present" = "attended"').replace(
        '"Absent" = "?"', '"Absent" = "no_show"'
    )
    records = iop.read_records(folder, mapping=tomllib.loads(filled))
    assert records.attendance["status"].tolist() == ["attended", "attended", "no_show"]


def test_a_column_of_many_texts_is_counted_only(folder: Path) -> None:
    words = pd.DataFrame(
        {"table": "attendance", "column": "status", "word": [f"w{'x' * n}" for n in range(26)]}
    ).assign(rows=1)
    assert lines_to_paste(words) == [
        "# attendance.status: 26 texts, in 26 rows, are in the list of problems "
        "(--problems FILE.csv)"
    ]


@pytest.mark.parametrize(
    ("word", "rows", "written"),
    [
        ("Qwertz", 10, False),
        ("Qwertz", 11, True),
        ("Qwertz", 12, True),
        ("Qwertz", 1000, True),
        ("q" * 60, 11, True),
        ("q" * 61, 11, False),
        ("Qwertz 7", 11, False),
        ("Present", 1, True),
    ],
)
def test_a_word_that_nobody_knows_is_written_from_11_rows_on(
    word: str, rows: int, written: bool
) -> None:
    words = pd.DataFrame(
        {"table": ["attendance"], "column": ["status"], "word": [word], "rows": [rows]}
    )
    lines = lines_to_paste(words)
    assert lines[-1].startswith(f'"{word}" = "?"') == written
    if not written:
        (line,) = lines
        assert line.startswith(
            "# attendance.status: 1 text that may be a name or an identifier, "
            f"in {rows:,} rows, is in the list of problems"
        )


def test_one_text_of_one_row_is_written_in_the_singular() -> None:
    words = pd.DataFrame(
        {"table": "attendance", "column": "status", "word": ["Qwertz", "Present"], "rows": [1, 11]}
    )
    assert lines_to_paste(words)[-1] == (
        "# attendance.status: 1 further text that may be a name or an identifier, in 1 row, is in "
        "the list of problems (--problems FILE.csv)"
    )


@pytest.mark.parametrize(("number", "written"), [(25, True), (26, False)])
def test_up_to_25_words_of_a_column_are_written(number: int, written: bool) -> None:
    names = [f"w{'x' * n}" for n in range(number)]
    words = pd.DataFrame({"table": "attendance", "column": "status", "word": names, "rows": 11})
    assert sum('= "?"  # 11 rows' in line for line in lines_to_paste(words)) == number * written


def test_records_without_fault_have_nothing_to_map() -> None:
    records = iop.read_records(Path(__file__).parents[2] / "data" / "samples")
    assert records.unknown_words().empty
    assert records.unmatched().empty
    assert lines_to_paste(records.unknown_words()) == []


def test_a_mapping_beside_a_workbook_is_used_and_said(tmp_path: Path) -> None:
    with pd.ExcelWriter(tmp_path / "log.xlsx") as book:
        people = pd.DataFrame({"Client": ["E1"], "Admitted": ["2026-01-05"]})
        people.to_excel(book, sheet_name="Clients", index=False)
        rows = pd.DataFrame({"episode_id": ["E1"], "date": ["2026-01-06"], "status": ["attended"]})
        rows.to_excel(book, sheet_name="attendance", index=False)
    mapping = '[[episodes.from]]\nfile = "log.xlsx"\nsheets = ["Clients"]\n'
    mapping += 'columns = { Client = "episode_id", Admitted = "admit_date" }\n'
    (tmp_path / "mapping.toml").write_text(mapping)
    records = iop.read_records(tmp_path / "log.xlsx")
    assert len(records.attendance) == 1
    assert "read by the mapping.toml beside log.xlsx" in records.notes


@pytest.mark.parametrize(("codes", "written"), [(12, True), (13, False)])
def test_codes_of_answers_are_lines_to_paste_and_many_numbers_are_none(
    codes: int, written: bool
) -> None:
    words = pd.DataFrame(
        {
            "table": "checkins",
            "column": "drug_test",
            "word": [str(n) for n in range(codes)] + ["100", "4711"],
            "rows": 3,
        }
    )
    text = "\n".join(lines_to_paste(words))
    assert ('"0" = "?"  # fewer than 11 rows' in text) == written
    assert '"100"' not in text
    assert "4711" not in text
