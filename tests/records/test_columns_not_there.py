"""The message about a column that is not there: which heading may be it, and what proposes it."""

from __future__ import annotations

from pathlib import Path

import pytest

import iop_outcomes as iop
from iop_outcomes.errors import RecordsError, in_commands

EPISODES = "episode_id,admit_date\nE1,2026-01-01\nE2,2026-01-02\n"


def message(folder: Path, attendance: str, episodes: str = EPISODES) -> str:
    (folder / "episodes.csv").write_text(episodes, encoding="utf-8")
    (folder / "attendance.csv").write_text(attendance, encoding="utf-8")
    with pytest.raises(RecordsError) as raised:
        iop.read_records(folder)
    return in_commands(str(raised.value))


def test_headings_that_may_be_it_are_named(tmp_path: Path) -> None:
    head = "Group Date,Group Name,Start,Hours,Attendees,Absent\n"
    said = message(tmp_path, head + "2026-01-05,Skills,09:00 AM,3,E1; E2,\n")
    assert 'Perhaps "Group Date" = "date"' in said
    assert "Attendees, Absent hold lists of people" in said
    assert "iop-outcomes map" in said


def test_a_row_a_session_has_its_words(tmp_path: Path) -> None:
    said = message(tmp_path, "Case No,Session Date,Attendance\nE1,2026-01-05,Present\n")
    for pair in ('"Case No" = "episode_id"', '"Session Date" = "date"', '"Attendance" = "status"'):
        assert pair in said
    assert "lists of people" not in said


def test_headings_in_german_are_named(tmp_path: Path) -> None:
    said = message(tmp_path, "Fallnummer;Datum;Anwesenheit\nE1;5.1.2026;anwesend\n")
    assert 'Perhaps "Fallnummer" = "episode_id", "Datum" = "date", "Anwesenheit" = "status"' in said


def test_of_the_episodes_too(tmp_path: Path) -> None:
    said = message(
        tmp_path,
        "episode_id,date,status\nE1,2026-01-05,attended\n",
        "Case No,Date of Admission\nE1,2026-01-01\n",
    )
    assert 'Perhaps "Case No" = "episode_id", "Date of Admission" = "admit_date"' in said


@pytest.mark.parametrize(
    "head", ["Ann Smith,Bob Jones,1961-07-19", "Ada Marsh Date,Date Marsh,E1", "Mark,Penny,Bill"]
)
def test_a_name_that_may_be_a_persons_is_not_named(head: str, tmp_path: Path) -> None:
    said = message(tmp_path, f"{head}\nE1,2026-01-05,x\n")
    for word in ("Ann", "Bob", "Ada", "Marsh", "Mark", "Penny", "Bill"):
        assert word not in said


def test_two_headings_that_may_be_one_column_are_both_named(tmp_path: Path) -> None:
    said = message(
        tmp_path, "Case No,Session Date,Service Date,status\nE1,2026-01-05,2026-01-05,x\n"
    )
    assert '"Session Date" or "Service Date" = "date"' in said


def test_titles_above_the_header_are_thought_of(tmp_path: Path) -> None:
    said = message(tmp_path, "Report\nJanuary\nepisode_id,date,status\nE1,2026-01-05,attended\n")
    assert "header_row" in said


def test_a_table_that_is_not_there_names_the_command(tmp_path: Path) -> None:
    (tmp_path / "census.csv").write_text(EPISODES)
    for name in ("", "episodes.csv"):
        if name:
            (tmp_path / name).write_text(EPISODES)
        with pytest.raises(RecordsError, match="iop-outcomes map"):
            iop.read_records(tmp_path)
