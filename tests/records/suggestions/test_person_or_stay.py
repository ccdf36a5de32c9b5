"""Whether a number that each row of the episodes has once is the person's or the stay's."""

from __future__ import annotations

from pathlib import Path

import pytest

import iop_outcomes as iop

PERSONS = (
    *("Unique Client Number", "Client ID", "Patient Number", "Consumer ID", "MRN", "Chart #"),
    *("Participant ID", "Medical Record Number", "Person ID", "Expediente", "Patienten-Nr."),
    *("State Client ID", "Client Identification Number", "Patient UID", "UCN", "EMPI"),
)
STAYS = ("Episode ID", "Case No", "Admission Number", "Enrollment ID", "Fallnummer", "Record ID")


def export(folder: Path, heading: str, ids: list[str]) -> Path:
    admitted = "".join(f"{one},2026-01-{n:02d},\n" for n, one in enumerate(ids, start=1))
    sessions = "".join(f"{one},2026-02-{day:02d},Present\n" for one in ids for day in (3, 5, 10))
    (folder / "admissions.csv").write_text(f"{heading},Admit Date,Discharge Date\n{admitted}")
    (folder / "sessions.csv").write_text(f"{heading},Session Date,Attendance\n{sessions}")
    return folder


NUMBERS = [f"{100 + 7 * n:08d}" for n in range(15)]
OF_STAYS = [f"INV-{n:04d}-{stay}" for n in range(10) for stay in (1, 2)][:15]


@pytest.mark.parametrize("heading", PERSONS)
def test_a_number_called_after_the_person_is_the_persons(heading: str, tmp_path: Path) -> None:
    made = iop.suggest_mapping(export(tmp_path, heading, NUMBERS))
    columns = dict(zip(made.table["heading"], made.table["column"], strict=True))
    assert columns[heading] == "person_id"
    assert made.mapping.link("attendance").by == "person_and_date"
    records = iop.read_records(tmp_path, mapping=made.mapping)
    assert (len(records.episodes), len(records.attendance), len(records.problems)) == (15, 45, 0)


def test_what_to_check_is_asked_with_what_to_write_instead(tmp_path: Path) -> None:
    made = iop.suggest_mapping(export(tmp_path, "Unique Client Number", NUMBERS))
    (asked,) = [one for one in made.questions if "Unique Client Number" in one]
    assert all(text in asked for text in ("admitted again", '"episode_id"', "[attendance.link]"))
    # Done as it says, the mapping reads as before: one stay a number.
    text = made.text.replace('= "person_id"', '= "episode_id"')
    lines = [line for line in text.splitlines() if "person_and_date" not in line]
    other = tmp_path / "other.toml"
    other.write_text("\n".join(line for line in lines if line != "[attendance.link]"))
    records = iop.read_records(tmp_path, mapping=other)
    assert (len(records.episodes), len(records.attendance), len(records.problems)) == (15, 45, 0)


@pytest.mark.parametrize("heading", STAYS)
def test_a_number_called_after_the_stay_is_the_stays(heading: str, tmp_path: Path) -> None:
    made = iop.suggest_mapping(export(tmp_path, heading, NUMBERS))
    columns = dict(zip(made.table["heading"], made.table["column"], strict=True))
    assert columns[heading] == "episode_id"
    assert not any("admitted again" in one for one in made.questions)


@pytest.mark.parametrize("heading", ["Patient ID", "Client", "Your client code"])
def test_a_number_of_the_person_with_that_of_the_stay_behind_it_is_the_stays(
    heading: str, tmp_path: Path
) -> None:
    made = iop.suggest_mapping(export(tmp_path, heading, OF_STAYS))
    columns = dict(zip(made.table["heading"], made.table["column"], strict=True))
    assert columns[heading] == "episode_id"


@pytest.mark.parametrize(
    "ids",
    [
        [f"K-{n}" for n in range(1, 16)],  # one beginning, numbered
        [f"{n:02d}-{4000 + n}" for n in range(15)],
        [f"{2024 + n % 2}-{n:04d}" for n in range(15)],
    ],
)
def test_other_numbers_with_a_hyphen_are_no_numbers_of_stays(
    ids: list[str], tmp_path: Path
) -> None:
    made = iop.suggest_mapping(export(tmp_path, "Client ID", ids))
    columns = dict(zip(made.table["heading"], made.table["column"], strict=True))
    assert columns["Client ID"] == "person_id"


def test_beside_a_number_of_the_stay_both_are_taken(tmp_path: Path) -> None:
    admitted = "".join(f"{n},C{n:03d},2026-01-{n:02d}\n" for n in range(1, 13))
    sessions = "".join(f"C{n:03d},2026-02-03,Present\n" for n in range(1, 13))
    (tmp_path / "admissions.csv").write_text(f"Client ID,Case No,Admit Date\n{admitted}")
    (tmp_path / "sessions.csv").write_text(f"Case No,Session Date,Attendance\n{sessions}")
    made = iop.suggest_mapping(tmp_path)
    columns = dict(zip(made.table["heading"], made.table["column"], strict=True))
    assert (columns["Client ID"], columns["Case No"]) == ("person_id", "episode_id")
    assert made.mapping.link("attendance").by != "person_and_date"
