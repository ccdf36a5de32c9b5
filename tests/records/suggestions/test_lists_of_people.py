"""Columns beside lists of people: empty lists, numbers of those present, lists of others."""

from __future__ import annotations

import tomllib
from pathlib import Path

import iop_outcomes as iop


def export(folder: Path, head: str, cells: tuple[str, str]) -> iop.MappingSuggestion:
    lists = ("K001; K002,K003", "K002; K003,K001")
    rows = "".join(f"{n},2026-02-{n:02d},{lists[n % 2]},{cells[n % 2]}\n" for n in range(1, 13))
    (folder / "log.csv").write_text(f"Session #,Group Date,Attendees,Absent,{head}\n{rows}")
    admitted = "".join(f"K00{n},2026-01-0{n}\n" for n in range(1, 4))
    (folder / "episodes.csv").write_text("episode_id,admit_date\n" + admitted)
    return iop.suggest_mapping(folder)


def statuses(made: iop.MappingSuggestion) -> dict[str, str]:
    (source,) = tomllib.loads(made.text)["attendance"]["from"]
    return dict(source["lists"]["status"])


def asked(made: iop.MappingSuggestion) -> list[str]:
    return [one for one in made.questions if "list" in one and "people" in one]


def test_the_number_of_those_present_is_no_list_and_nothing_is_asked(tmp_path: Path) -> None:
    made = export(tmp_path, "# Present", ("2", "2"))
    assert statuses(made) == {"Attendees": "attended", "Absent": "no_show"}
    assert asked(made) == []


def test_a_list_that_is_empty_this_time_is_a_list(tmp_path: Path) -> None:
    made = export(tmp_path, "Excused", ("", ""))
    assert statuses(made) == {"Attendees": "attended", "Absent": "no_show", "Excused": "excused"}
    assert asked(made) == []
    text = (tmp_path / "log.csv").read_text().replace("K001; K002,K003,", "K001; K002,,K003")
    (tmp_path / "log.csv").write_text(text)
    records = iop.read_records(tmp_path, mapping=made.mapping)
    assert (records.attendance["status"] == "excused").sum() == 6
    assert len(records.attendance) == 36


def test_a_list_of_others_is_named(tmp_path: Path) -> None:
    made = export(tmp_path, "Excused", ("told before", "see the note"))
    assert "Excused" not in statuses(made)
    (question,) = asked(made)
    assert '"Excused"' in question
