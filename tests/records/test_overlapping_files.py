"""Rows of files that overlap, written differently in each: one row, and never two of one file."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import iop_outcomes as iop

PEOPLE = [f"E{n}" for n in range(1, 7)]
EPISODES = pd.DataFrame({"episode_id": PEOPLE, "admit_date": "2026-01-02"})


def sessions(first: int = 0, last: int = 20, **more: Any) -> pd.DataFrame:
    """Return a session of each person on every working day from the first to before the last."""
    days = pd.bdate_range("2026-01-05", periods=last)[first:]
    rows = [[who, day, "attended"] for day in days for who in PEOPLE]
    frame = pd.DataFrame(rows, columns=["episode_id", "date", "status"])
    return frame.assign(date=frame["date"].dt.strftime("%Y-%m-%d"), **more)


def read(*attendance: pd.DataFrame, **more: Any) -> iop.Records:
    options = {"mapping": {"options": more}} if more else {}
    return iop.read_records(
        episodes=EPISODES, attendance=list(attendance), as_of="2026-03-31", **options
    )


def american(frame: pd.DataFrame) -> pd.DataFrame:
    days = pd.to_datetime(frame["date"])
    texts = [f"{day.month}/{day.day}/{day.year}" for day in days]
    return frame.assign(date=texts)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"minutes_attended": "180"}, {"minutes_attended": "180.0"}),
        ({"minutes_attended": "180"}, {"minutes_attended": "3 hours"}),
        ({"start_time": "9:00 AM"}, {"start_time": "09:00"}),
        ({"note": "came by bus"}, {"note": "came by bus "}),
        ({"modality": "in person"}, {"modality": "In-Person"}),
        ({"copay": "20"}, {"copay": "20.00"}),
        ({"minutes_attended": ""}, {"minutes_attended": "n/a"}),
    ],
)
def test_what_says_the_same_in_another_writing_is_one_row(
    first: dict[str, str], second: dict[str, str]
) -> None:
    one, other = sessions(0, 12, **first), american(sessions(10, 22, **second))
    records = read(one, other)
    assert len(records.attendance) == 22 * len(PEOPLE)
    assert records.sources["rows_folded"].tolist() == [0, 0, 2 * len(PEOPLE)]
    assert set(records.problems.query("check == 'exact_duplicate'")["line"]) <= set(range(1, 13))


def test_days_in_files_of_two_orders_are_compared_as_days() -> None:
    one = american(sessions(0, 12))
    day_first = sessions(10, 22)
    day_first["date"] = pd.to_datetime(day_first["date"]).dt.strftime("%d.%m.%Y")
    assert len(read(one, day_first).attendance) == 22 * len(PEOPLE)


def test_a_midnight_behind_a_date_is_no_time() -> None:
    other = sessions(10, 22).assign(date=lambda frame: frame["date"] + " 00:00:00")
    assert len(read(sessions(0, 12), other).attendance) == 22 * len(PEOPLE)


@pytest.mark.parametrize("empty", [{}, {"note": ""}])
@pytest.mark.parametrize("turned", [False, True])
def test_a_column_of_one_file_only_makes_no_second_row(empty: dict[str, str], turned: bool) -> None:
    files = [sessions(0, 12, note="by bus"), sessions(10, 22, **empty)]
    records = read(*(reversed(files) if turned else files))
    assert len(records.attendance) == 22 * len(PEOPLE)
    assert records.attendance["note"].notna().sum() == 12 * len(PEOPLE)  # what says more stays


def test_groups_in_one_file_and_single_sessions_in_another_are_two_services() -> None:
    single = sessions(0, 20).iloc[::5]
    records = read(sessions(0, 20, group_id="A"), single)
    assert len(records.attendance) == 20 * len(PEOPLE) + len(single)
    counted = records.quality().query("check == 'possible_repeat'")["rows_failed"]
    assert counted.sum() == len(single)  # asked about


def test_a_morning_and_an_afternoon_of_the_same_days_are_asked_about() -> None:
    records = read(sessions(0, 20, room="1"), sessions(0, 20))
    assert len(records.attendance) == 40 * len(PEOPLE)
    (problem,) = records.problems.to_dict("records")
    assert problem["check"] == "possible_repeat"
    folded = read(sessions(0, 20, room="1"), sessions(0, 20), identical_rows="fold")
    assert len(folded.attendance) == 20 * len(PEOPLE)
    kept = read(sessions(0, 20), american(sessions(0, 20)), identical_rows="keep")
    assert len(kept.attendance) == 40 * len(PEOPLE)


def test_a_start_tells_one_session_where_a_column_is_of_one_file() -> None:
    records = read(sessions(0, 20, start_time="9:00", room="1"), sessions(0, 20, start_time="9 AM"))
    assert len(records.attendance) == 20 * len(PEOPLE)


def test_rows_of_one_file_in_two_writings_stay() -> None:
    """Two groups of an hour, typed by two people: nothing shows that one is a repeat."""
    both = pd.concat([sessions(), american(sessions())], ignore_index=True)
    assert len(read(both).attendance) == 40 * len(PEOPLE)
    assert len(read(both, both.assign(status="Attended")).attendance) == 40 * len(PEOPLE)


def test_the_larger_number_of_one_file_is_kept_whatever_the_writing() -> None:
    twice = pd.concat([sessions(), american(sessions())], ignore_index=True)
    assert len(read(sessions(), twice).attendance) == 40 * len(PEOPLE)
    assert len(read(twice, sessions()).attendance) == 40 * len(PEOPLE)


def test_services_of_two_names_and_notes_that_differ_are_two() -> None:
    assert len(read(sessions(note="a"), sessions(note="b")).attendance) == 40 * len(PEOPLE)
    one, other = sessions(group_id="A1"), sessions(group_id="a1")
    assert len(read(one, other).attendance) == 40 * len(PEOPLE)  # identifiers are as they are


def test_episodes_and_check_ins_in_another_writing_are_one() -> None:
    checkins = pd.DataFrame(
        {"episode_id": PEOPLE, "date": "2026-01-12", "status": "completed", "used": "no"}
    )
    again = american(checkins).assign(used="N")
    first = EPISODES.assign(admit_date="2026-01-22")
    later = EPISODES.assign(admit_date="1/22/2026", discharge_date="2/21/2026")
    checkins["date"], again["date"] = "2026-01-29", "1/29/2026"
    records = iop.read_records(
        episodes=[first, later], checkins=[checkins, again], as_of="2026-03-31"
    )
    assert len(records.checkins) == len(PEOPLE)
    assert records.episodes["discharge_date"].notna().all()
    assert "repeated_episode" not in set(records.problems["check"])


def test_lengths_that_cannot_be_read_are_compared_as_they_are_written() -> None:
    one, other = sessions(minutes_attended="long"), sessions(minutes_attended="brief")
    assert len(read(one, other).attendance) == 40 * len(PEOPLE)
    assert len(read(one, american(one)).attendance) == 20 * len(PEOPLE)
