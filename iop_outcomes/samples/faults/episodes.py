"""Faults of the episodes table, each in an episode of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from iop_outcomes.samples.faults.fault_inserter import (
    ASIDE,
    FOLDED,
    KEPT,
    MENDED,
    MISSING,
    FaultInserter,
)
from iop_outcomes.samples.model.design import DATA_CUT

PROGRAM = "Harbor"
_ADMITTED, _DISCHARGED = "2026-07-06", "2026-07-24"
_SERIAL_ORIGIN = pd.Timestamp("1899-12-30")


def insert_episode_faults(inserter: FaultInserter) -> None:
    """Insert the faults of the episodes table, with the rows that depend on them."""
    _values(inserter, _new_episodes(inserter, first=9001))
    _rows(inserter, _new_episodes(inserter, first=9101))
    _stays(inserter, _new_episodes(inserter, first=9201))


def serial(date: str) -> str:
    """Return a date as the number that Excel shows if a cell is not formatted as a date."""
    return str((pd.Timestamp(date) - _SERIAL_ORIGIN).days)


def _new_episodes(inserter: FaultInserter, first: int) -> Iterator[int]:
    """Yield new closed episodes, each of a different person."""
    number = first
    while True:
        yield inserter.add("episodes", new_episode(number))
        number += 1


def new_episode(number: int, admission: int = 1) -> dict[str, str]:
    """Return the cells of a closed episode of 18 days, of a new person."""
    return {
        "episode_id": f"SYN-{number}-{admission}",
        "person_id": f"SYN-{number}",
        "program": PROGRAM,
        "admit_date": _ADMITTED,
        "discharge_date": _DISCHARGED,
        "discharge_reason": "dropped_out",
        "level": "2.1",
        "entry_path": "direct",
        "followed_until": str(DATA_CUT),
        "track": "day",
        "age": str(30 + number % 20),
        "gender": "female",
        "primary_substance": "alcohol",
        "medication": "no",
        "referral_source": "self",
    }


def _values(inserter: FaultInserter, new: Iterator[int]) -> None:
    """Insert invalid values into the episodes table."""
    inserter.values(
        "episodes",
        new,
        [
            ("admit_date", "2026-02-30", "bad_date", ASIDE),
            ("admit_date", "after Easter", "bad_date", ASIDE),
            ("admit_date", "1926-07-06", "implausible_date", ASIDE),
            ("admit_date", "07/06/2026", "ambiguous_date", ASIDE),
            ("admit_date", "", "missing_required", ASIDE),
            ("admit_date", "n/a", "missing_required", ASIDE),
            ("episode_id", "", "missing_required", ASIDE),
            ("admit_date", serial(_ADMITTED), "excel_serial_date", MENDED),
            ("admit_date", f"{_ADMITTED}T09:30:00-05:00", "time_zone", MENDED),
            ("discharge_date", "24 Jul 2026", "mixed_date_format", MENDED),
            ("discharge_date", "07/24/2026", "mixed_date_format", MENDED),
            ("discharge_date", serial(_DISCHARGED), "excel_serial_date", MENDED),
            ("discharge_date", f"{_DISCHARGED} 24:00", "time_24_00", MENDED),
            ("prior_discharge_date", "last spring", "bad_date", MISSING),
            ("prior_discharge_date", "1900-01-01", "implausible_date", MISSING),
            ("prior_discharge_date", "n/a", "missing_word", MENDED),
            ("followed_until", "05/08/2026", "ambiguous_date", MISSING),
            ("followed_until", "2026-12-31", "after_data_cut", MISSING),
            ("entry_path", "walk-in", "unknown_word", MISSING),
            ("entry_path", "unknown", "missing_word", MENDED),
            ("program", f"{PROGRAM} ", "surrounding_spaces", MENDED),
            ("discharge_reason", " dropped_out", "surrounding_spaces", MENDED),
        ],
    )


def _rows(inserter: FaultInserter, new: Iterator[int]) -> None:
    """Insert episodes that are invalid or duplicated."""
    inserter.misshape("episodes", next(new), -1)
    inserter.misshape("episodes", next(new), 2)
    for row in (1, 4):
        again = inserter.copy("episodes", row, age="99")
        inserter.expect("episodes", again, "episode_id", "repeated_episode", ASIDE)
    for row in (2, 5):
        inserter.expect("episodes", inserter.copy("episodes", row), "", "exact_duplicate", FOLDED)
    inserter.values(
        "episodes",
        new,
        [
            ("discharge_date", "2026-06-30", "discharge_before_admission", ASIDE),
            ("discharge_date", "2026-07-05", "discharge_before_admission", ASIDE),
        ],
    )
    with_rows = next(new)
    check = "discharge_before_admission"
    inserter.change("episodes", with_rows, "discharge_date", "2025-07-24", check, ASIDE)
    for date in ("2026-07-06", "2026-07-08"):
        row = inserter.add("attendance", session(_name(inserter, with_rows), date))
        inserter.expect("attendance", row, "episode_id", "episode_set_aside", ASIDE)
    row = inserter.add("checkins", checkin(_name(inserter, with_rows), "2026-07-13"))
    inserter.expect("checkins", row, "episode_id", "episode_set_aside", ASIDE)
    for date in ("2026-10-05", "2027-01-11"):
        row = next(new)
        _set(inserter, row, discharge_date="", discharge_reason="")
        inserter.change("episodes", row, "admit_date", date, "after_data_cut", ASIDE)


def _stays(inserter: FaultInserter, new: Iterator[int]) -> None:
    """Insert stays that are implausible, or end in contradiction to other records."""
    row = next(new)
    _set(inserter, row, discharge_reason="")
    inserter.change("episodes", row, "discharge_date", "2026-10-20", "after_data_cut", MISSING)
    for reason in ("completed", "transferred"):
        row = next(new)
        _set(inserter, row, discharge_date="")
        check = "reason_without_date"
        inserter.change("episodes", row, "discharge_reason", reason, check, KEPT)
    for _ in range(2):
        row = next(new)
        _set(inserter, row, discharge_reason="")
        inserter.expect("episodes", row, "discharge_date", "date_without_reason", KEPT)
    row = next(new)
    _set(inserter, row, discharge_date="")
    inserter.change("episodes", row, "discharge_reason", "eloped", "unknown_word", MISSING)
    for number, admit, discharge, check in (
        (9301, "2026-08-05", "2026-08-20", "readmitted_soon"),
        (9302, "2026-08-23", "2026-09-10", "readmitted_soon"),
        (9303, "2026-07-13", "2026-07-30", "overlapping_episodes"),
        (9304, "2026-07-23", "2026-08-14", "overlapping_episodes"),
    ):
        inserter.add("episodes", new_episode(number))
        row = inserter.add("episodes", new_episode(number, admission=2))
        _set(inserter, row, admit_date=admit, discharge_date=discharge)
        inserter.expect("episodes", row, "admit_date", check, KEPT)
    for discharge in ("2026-08-12", "2026-08-31"):  # 35 and 54 days after the last session
        row = next(new)
        _set(inserter, row, discharge_date=discharge)
        for date in ("2026-07-06", "2026-07-08"):
            inserter.add("attendance", session(_name(inserter, row), date))
        inserter.expect("episodes", row, "discharge_date", "late_discharge", KEPT)
    for admit, last in (("2026-03-02", "2026-03-04"), ("2026-06-22", "2026-07-01")):
        row = next(new)
        _set(inserter, row, admit_date=admit, discharge_date="", discharge_reason="")
        for date in (admit, last):
            inserter.add("attendance", session(_name(inserter, row), date))
        inserter.expect("episodes", row, "discharge_date", "silent_open_episode", KEPT)


def _set(inserter: FaultInserter, row: int, **cells: str) -> None:
    inserter.tables["episodes"].loc[row, list(cells)] = list(cells.values())


def _name(inserter: FaultInserter, episode: int) -> str:
    return str(inserter.tables["episodes"].loc[episode, "episode_id"])


def session(episode_id: str, date: str) -> dict[str, str]:
    """Return the cells of one attended group session."""
    return {
        "episode_id": episode_id,
        "date": date,
        "start_time": "09:00",
        "service": "group",
        "status": "attended",
        "minutes_scheduled": "180",
        "minutes_attended": "180",
        "modality": "in_person",
        "group_id": "HA-D",
    }


def checkin(episode_id: str, date: str) -> dict[str, str]:
    """Return the cells of one completed check-in without use."""
    return {
        "episode_id": episode_id,
        "date": date,
        "status": "completed",
        "used": "no",
        "use_days": "0",
        "craving": "3",
        "mutual_help_meetings": "1",
    }
