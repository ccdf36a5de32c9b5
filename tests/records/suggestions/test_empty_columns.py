"""Columns that hold nothing in any row of a table: they are not read, and the proposal says so."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

import iop_outcomes as iop

LONG = (
    "record_id,event,form,admit_dt,program,discharge_dt,checkin_dt,ci_used,craving,"
    "weekly_checkin_complete,fax\n"
)


def longitudinal(folder: Path) -> Path:
    """Write admissions, discharges and check-ins in one file, told apart by the event."""
    rows = []
    for n in range(1, 13):
        rows.append(f"R{n:02d},admission,,2026-01-{n:02d},North,,,,,,")
        rows.append(f"R{n:02d},weekly,checkin,,,,2026-01-{n + 8:02d},0,3,2,")
        rows.append(f"R{n:02d},weekly,checkin,,,,2026-01-{n + 15:02d},1,5,2,")
        rows.append(f"R{n:02d},discharge,,,,2026-03-{n:02d},,,,,")
    (folder / "export.csv").write_text(LONG + "\n".join(rows) + "\n")
    return folder


def source(text: str, table: str) -> dict[str, Any]:
    (one,) = tomllib.loads(text)[table]["from"]
    return dict(one)


def failed(records: iop.Records) -> list[tuple[str, str]]:
    quality = records.quality()
    bad = quality[(quality["status"] == "failed") & (quality["check"] == "empty_column")]
    return list(zip(bad["table"], bad["column"], strict=True))


def test_of_one_file_for_two_tables_each_has_its_own_columns(tmp_path: Path) -> None:
    made = iop.suggest_mapping(longitudinal(tmp_path))
    assert source(made.text, "episodes")["only"] == [
        *("record_id", "event", "admit_dt", "program", "discharge_dt")
    ]
    assert source(made.text, "checkins")["only"] == [
        *(
            "record_id",
            "event",
            "form",
            "checkin_dt",
            "ci_used",
            "craving",
            "weekly_checkin_complete",
        )
    ]
    records = iop.read_records(tmp_path, mapping=made.mapping)
    assert failed(records) == []
    assert (len(records.episodes), len(records.checkins)) == (12, 24)
    assert records.episodes["discharge_date"].notna().all()
    assert not [note for note in records.notes if "left out by only" in note]
    assert '6 columns hold nothing in these rows: "form", "checkin_dt"' in plain(made.text)


def plain(text: str) -> str:
    return text.replace("\n# ", " ")


PLAIN = "Client ID,Admit Date,Fax,Discharge Reason,Room\n"


@pytest.mark.parametrize("ending", ["", "Total,,,,\n"])
def test_a_column_that_nothing_is_proposed_for_and_holds_nothing_is_left_out(
    ending: str, tmp_path: Path
) -> None:
    rows = "".join(f"K{n:03d},2026-01-{n:02d},,,\n" for n in range(1, 13))
    (tmp_path / "admissions.csv").write_text(PLAIN + rows + ending)
    sessions = "".join(f"K{n:03d},2026-02-03,Present\n" for n in range(1, 13))
    (tmp_path / "sessions.csv").write_text("Client ID,Session Date,Attendance\n" + sessions)
    made = iop.suggest_mapping(tmp_path)
    # a reason of discharge is one of ours, and may be there next time
    only = ["Client ID", "Admit Date", "Discharge Reason"]
    assert source(made.text, "episodes")["only"] == only
    assert "only" not in source(made.text, "attendance")
    assert '2 columns hold nothing in these rows: "Fax", "Room"' in plain(made.text)
    assert 'own names: "Fax"' not in made.text
    records = iop.read_records(tmp_path, mapping=made.mapping)
    assert ("episodes", "fax") not in failed(records)


def test_what_is_filled_later_is_told(tmp_path: Path) -> None:
    made = iop.suggest_mapping(longitudinal(tmp_path))
    text = (tmp_path / "export.csv").read_text()
    later = text.replace(
        ",admission,,2026-01-03,North,,,,,,", ",admission,,2026-01-03,North,,,,,,7"
    )
    (tmp_path / "export.csv").write_text(later)
    records = iop.read_records(tmp_path, mapping=made.mapping)
    (note,) = [note for note in records.notes if "left out by only" in note]
    assert note.startswith("export.csv: 1 column that holds something in rows of episodes")


def test_a_name_of_a_column_that_may_be_a_persons_is_not_told(tmp_path: Path) -> None:
    frame = "episode_id,admit_date,Ada Marsh,housing_plan\nE1,2026-01-01,x,y\n"
    (tmp_path / "episodes.csv").write_text(frame)
    (tmp_path / "attendance.csv").write_text("episode_id,date,status\nE1,2026-01-05,attended\n")
    mapping = {
        "episodes": {"from": [{"file": "episodes.csv", "only": ["episode_id", "admit_date"]}]}
    }
    records = iop.read_records(tmp_path, mapping=mapping)
    (note,) = [note for note in records.notes if "left out by only" in note]
    assert "Marsh" not in note
    assert note.startswith("episodes.csv: 2 columns that hold something in rows of episodes")


def test_personal_columns_beside_empty_ones_are_a_line_of_their_own(tmp_path: Path) -> None:
    rows = "".join(f"K{n:03d},Ina,Muster{n},2026-01-{n:02d},\n" for n in range(1, 13))
    head = "Client ID,First Name,Last Name,Admit Date,Fax\n"
    (tmp_path / "admissions.csv").write_text(head + rows)
    sessions = "".join(f"K{n:03d},2026-02-03,Present\n" for n in range(1, 13))
    (tmp_path / "sessions.csv").write_text("Client ID,Session Date,Attendance\n" + sessions)
    made = iop.suggest_mapping(tmp_path)
    named = ["Client ID", "First Name", "Last Name", "Admit Date"]
    assert source(made.text, "episodes")["only"] == named
    lines = made.text.splitlines()
    (off,) = [n for n, line in enumerate(lines) if line.startswith("# only = ")]
    (on,) = [n for n, line in enumerate(lines) if line.startswith("only = ")]
    lines[on], lines[off] = "", lines[off].removeprefix("# ")  # the other in its place
    other = tomllib.loads("\n".join(lines))
    assert other["episodes"]["from"][0]["only"] == ["Client ID", "Admit Date"]
    assert "in place of" in made.text
    assert iop.read_records(tmp_path, mapping=other).episodes.shape[0] == 12


def test_lists_of_people_and_grids_keep_their_columns(tmp_path: Path) -> None:
    lists = ("K001; K002,K003", "K002; K003,K001")
    rows = "".join(f"{n},2026-02-{n:02d},{lists[n % 2]},\n" for n in range(1, 13))
    (tmp_path / "log.csv").write_text("Session #,Group Date,Attendees,Absent,Comment\n" + rows)
    admitted = "".join(f"K00{n},2026-01-0{n}\n" for n in range(1, 4))
    (tmp_path / "episodes.csv").write_text("episode_id,admit_date\n" + admitted)
    made = iop.suggest_mapping(tmp_path)
    records = iop.read_records(tmp_path, mapping=made.mapping)
    assert (len(records.attendance), failed(records)) == (36, [])
