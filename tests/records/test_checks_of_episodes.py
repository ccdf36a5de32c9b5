"""How many rows the checks of episodes look at, and which they flag, on a few rows each."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.records.schema import TABLES


def quality(episodes: dict[str, Any], as_of: str = "2026-09-30", **tables: Any) -> pd.DataFrame:
    """Return the checks of episodes, by check and column."""
    frame = pd.DataFrame(episodes).assign(
        episode_id=lambda frame: [f"E{row}" for row in range(len(frame))]
    )
    tables = tables or {"attendance": {"episode_id": ["E0"], "date": ["2026-01-06"]}}
    frames = {name: pd.DataFrame({"status": "attended", **table}) for name, table in tables.items()}
    checks = iop.read_records(episodes=frame, as_of=as_of, **frames).quality()
    return checks[checks["table"] == "episodes"].set_index(["check", "column"])


def test_a_check_that_does_not_apply_has_looked_at_no_row() -> None:
    checks = quality({"admit_date": ["2026-01-05", "2026-02-02"]})
    without = checks[checks["status"] == "not applicable"]
    assert ("discharge_before_admission", "discharge_date") in without.index
    assert (without["rows_looked_at"] == 0).all()


def test_dates_after_the_data_cut_are_looked_for_among_those_that_are_there() -> None:
    checks = quality(
        {
            "admit_date": ["2026-01-05", "2026-02-02", "2026-03-02", "2026-11-02"],
            "discharge_date": ["2026-04-01", "2026-12-01", None, "2026-12-01"],
            "followed_until": ["2026-12-31", None, None, None],
        }
    )
    for column, looked_at, failed in (("discharge_date", 2, 1), ("followed_until", 1, 1)):
        row = checks.loc[("after_data_cut", column)]
        assert (row["rows_looked_at"], row["rows_failed"]) == (looked_at, failed)


def test_a_follow_up_after_the_data_cut_is_found_where_no_discharge_is_kept() -> None:
    row = quality({"admit_date": ["2026-01-05"], "followed_until": ["2026-12-31"]})
    assert row.loc[("after_data_cut", "followed_until"), "rows_failed"] == 1


def test_an_admission_during_an_open_episode_of_the_program_overlaps_it() -> None:
    checks = quality(
        {
            "person_id": ["A", "A", "B", "B"],
            "program": ["North", "North", "North", "South"],
            "admit_date": ["2026-01-05", "2026-03-02", "2026-01-05", "2026-03-02"],
            "discharge_date": [None, "2026-04-01", None, "2026-04-01"],
        }
    )
    assert checks.loc[("overlapping_episodes", "admit_date"), "rows_failed"] == 1
    assert checks.loc[("readmitted_soon", "admit_date"), "rows_failed"] == 0


@pytest.mark.parametrize(("followed", "silent"), [("2026-04-06", 0), ("2026-04-07", 1), (None, 1)])
def test_an_open_episode_is_silent_only_while_it_is_followed(followed: Any, silent: int) -> None:
    # 90 days after the last contact of 6 January is 6 April.
    checks = quality(
        {"admit_date": ["2026-01-05"], "followed_until": [followed], "discharge_date": [None]},
        attendance={"episode_id": ["E0"], "date": ["2026-01-06"]},
    )
    column = [column for check, column in checks.index if check == "silent_open_episode"]
    assert checks.loc[("silent_open_episode", column[0]), "rows_failed"] == silent


def test_a_flag_is_looked_for_among_rows_that_are_kept_and_have_a_value() -> None:
    """Of five episodes one is set aside, and two of the others have no reason."""
    checks = quality(
        {
            "person_id": ["A", None, "B", "C", "D"],
            "admit_date": ["2026-01-05"] * 4 + ["2026-12-01"],
            "discharge_date": ["2026-03-02", None, "2026-03-02", None, "2026-12-05"],
            "discharge_reason": ["completed", None, None, "transferred", "completed"],
        }
    )
    for check, column, looked_at, failed in (
        ("reason_without_date", "discharge_reason", 2, 1),
        ("date_without_reason", "discharge_date", 2, 1),
        ("readmitted_soon", "admit_date", 3, 0),
        ("overlapping_episodes", "admit_date", 3, 0),
        ("after_data_cut", "admit_date", 5, 1),
        ("after_data_cut", "discharge_date", 2, 0),
        ("discharge_before_admission", "discharge_date", 5, 0),
        ("late_discharge", "discharge_date", 1, 1),
        ("silent_open_episode", "discharge_date", 0, 0),
    ):
        row = checks.loc[(check, column)]
        assert (row["rows_looked_at"], row["rows_failed"]) == (looked_at, failed), check


# Nine questions of at most 3 (Kroenke 2001), and seven (Spitzer 2006).
@pytest.mark.parametrize(("name", "highest"), [("phq9", 27), ("gad7", 21)])
def test_a_total_may_be_the_highest_of_its_questionnaire(name: str, highest: int) -> None:
    column = TABLES["checkins"].column(name)
    assert column is not None
    assert (column.low, column.high) == (0, highest)
