"""Rows that are equal in every column: folded where they can only be one, else kept and asked."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop

EPISODES = pd.DataFrame(
    {"episode_id": ["E1", "E2"], "admit_date": ["2026-01-05"] * 2, "person_id": ["P1", "P2"]}
)
NAMES = ["episode_id", "date", "start_time", "status", "note"]
# the start, what it says, and whether that tells one session of a day from another
STARTS = {
    "": ("", False),
    "n/a": ("", False),
    "00:00": ("0", False),
    "12:00 AM": ("0", False),
    "9:00": ("9", True),
    "5 PM": ("17", True),
}


def read(*attendance: pd.DataFrame, **options: Any) -> iop.Records:
    mapping = {"options": options} if options else None
    return iop.read_records(
        episodes=EPISODES, attendance=list(attendance), mapping=mapping, as_of="2026-03-31"
    )


def hours(groups: int, days: int = 12, **more: Any) -> pd.DataFrame:
    """Return equal one-hour groups, so many a day, of an export without a start."""
    dates = pd.date_range("2026-01-05", periods=days).strftime("%Y-%m-%d")
    rows = [["E1", date, "attended", "60", "60"] for date in dates for _ in range(groups)]
    names = ["episode_id", "date", "status", "minutes_scheduled", "minutes_attended"]
    return pd.DataFrame(rows, columns=names).assign(**more)


def checks(records: iop.Records) -> Counter[str]:
    return Counter(records.problems["check"])


def test_three_equal_groups_of_an_hour_are_three_hours_and_the_mapping_is_asked_for() -> None:
    records = read(hours(3))
    assert len(records.attendance) == 36
    assert iop.engagement(records)["hours_attended"].tolist()[0] == 36
    assert checks(records) == {"possible_repeat": 1}
    (problem,) = records.problems.to_dict("records")
    assert problem["message"] == "24 rows"
    assert 'identical_rows = "keep"' in problem["done"]
    assert any("24 rows of attendance equal another row" in note for note in records.notes)
    counted = records.quality().query("check == 'possible_repeat'")
    assert counted["rows_failed"].tolist() == [24]


@pytest.mark.parametrize(("choice", "kept"), [("keep", 36), ("fold", 12)])
def test_identical_rows_in_the_mapping_decides_whether_rows_are_folded(
    choice: str, kept: int
) -> None:
    records = read(hours(3), identical_rows=choice)
    assert len(records.attendance) == kept
    assert "possible_repeat" not in checks(records)
    assert records.sources["rows_folded"].tolist() == [0, 36 - kept]


def test_a_column_called_an_identifier_that_differs_in_each_row_is_a_key() -> None:
    once = hours(1, appointment_id=[f"A{n}" for n in range(12)])
    records = read(pd.concat([once, once.tail(3)], ignore_index=True))
    assert len(records.attendance) == 12
    assert checks(records) == {"exact_duplicate": 3}


def test_a_person_and_a_day_written_together_are_no_key() -> None:
    frame = hours(3)
    records = read(frame.assign(lookup=frame["episode_id"] + frame["date"]))
    assert len(records.attendance) == 36


def every_day(people: int, days: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return episodes, and one session of each on each of some days after admission."""
    names = [f"E{n}" for n in range(people)]
    rows = [(name, day, "attended", "60") for name in names for day in range(days)]
    columns = ["episode_id", "day", "status", "minutes_attended"]
    return pd.DataFrame({"episode_id": names}), pd.DataFrame(rows, columns=columns)


@pytest.mark.parametrize("time", ["day", "date"])
def test_of_many_people_on_few_days_a_person_and_a_day_are_no_key(time: str) -> None:
    """Each person has a session on each day: two sessions of a day would be taken for one."""
    episodes, sessions = every_day(12, 4)
    sessions["lookup"] = sessions["episode_id"] + "/" + sessions["day"].astype(str)
    if time == "date":
        episodes["admit_date"] = "2026-01-05"
        sessions["date"] = pd.Timestamp("2026-01-05") + pd.to_timedelta(sessions.pop("day"), "D")
        sessions["date"] = sessions["date"].dt.strftime("%Y-%m-%d")
    else:
        episodes["admit_day"] = 0
    twice = pd.concat([sessions, sessions.tail(3)], ignore_index=True)
    as_of = "2026-03-31" if time == "date" else 90
    records = iop.read_records(episodes=episodes, attendance=twice, as_of=as_of)
    assert len(records.attendance) == 51
    assert checks(records) == {"possible_repeat": 3}
    key = [f"{n:03d}" for n in range(48)]  # with two sessions on a day it is a key
    other = sessions.assign(lookup=key, minutes_attended="30")
    sessions["lookup"] = [f"x{n}" for n in key]
    both = pd.concat([sessions, other, other.tail(3)], ignore_index=True)
    assert len(iop.read_records(episodes=episodes, attendance=both, as_of=as_of).attendance) == 96


@pytest.mark.parametrize(("values", "kept"), [(9, 12), (10, 10)])
def test_a_key_is_seen_from_ten_values_on(values: int, kept: int) -> None:
    once = hours(1, values, appointment_id=[f"A{n}" for n in range(values)])
    twice = pd.concat([once, once.tail(12 - values)], ignore_index=True)
    assert len(read(twice).attendance) == kept


def test_a_group_id_on_many_days_is_not_a_key_and_one_on_a_single_day_is() -> None:
    assert len(read(hours(3, group_id="A")).attendance) == 36
    two = pd.concat([hours(1, group_id="x"), hours(1, group_id="y")], ignore_index=True)
    two["group_id"] = two["group_id"] + two["date"]  # a session of its own each
    assert len(read(pd.concat([two, two.tail(2)], ignore_index=True)).attendance) == 24


def test_a_time_in_the_date_and_an_end_are_keys() -> None:
    timed = hours(2).assign(date=lambda frame: frame["date"] + " 09:00")
    assert len(read(timed).attendance) == 12
    assert len(read(hours(2).assign(date=lambda frame: frame["date"] + " 00:00")).attendance) == 24
    assert len(read(hours(2).assign(end_time="12:00")).attendance) == 12


def test_exports_that_overlap_are_counted_once_and_sheets_of_one_are_not(tmp_path: Path) -> None:
    january, february = hours(3, 10), pd.concat([hours(3, 12).tail(12)])
    assert len(read(january, february).attendance) == 36
    EPISODES.to_csv(tmp_path / "episodes.csv", index=False)
    with pd.ExcelWriter(tmp_path / "attendance.xlsx") as book:
        for title in ("attendance morning", "attendance evening"):
            hours(1).to_excel(book, sheet_name=title, index=False)
    records = iop.read_records(tmp_path, as_of="2026-03-31")
    assert len(records.attendance) == 24
    assert checks(records) == {"possible_repeat": 1}


def test_two_sources_of_one_file_are_one_export(tmp_path: Path) -> None:
    EPISODES.to_csv(tmp_path / "episodes.csv", index=False)
    both = hours(1).rename(columns={"status": "First"}).assign(Second="attended")
    both.to_csv(tmp_path / "groups.csv", index=False)
    sources = [{"file": "groups.csv", "columns": {name: "status"}} for name in ("First", "Second")]
    for source, other in zip(sources, ("Second", "First"), strict=True):
        source["columns"][other] = "other"  # type: ignore[index]
    mapping = {"attendance": {"from": sources}}
    assert len(iop.read_records(tmp_path, mapping=mapping, as_of="2026-03-31").attendance) == 24


def test_check_ins_and_episodes_have_a_key() -> None:
    rows = pd.DataFrame(
        {"episode_id": ["E1"] * 3, "date": ["2026-01-12"] * 3, "status": "completed"}
    )
    twice = pd.concat([EPISODES, EPISODES.tail(1)])
    records = iop.read_records(episodes=twice, checkins=rows, as_of="2026-03-31")
    assert records.sources["rows_folded"].tolist() == [1, 2]


def slowly(files: list[list[tuple[str, ...]]]) -> list[list[tuple[str, ...]]]:
    """Return the rows that count of each thing said, row by row."""
    start = NAMES.index("start_time")
    kept = []
    row_keys = {
        row: (*row[:start], STARTS[row[start]][0], *row[start + 1 :]) for f in files for row in f
    }
    for one in set(row_keys.values()):
        of_files = [[row for row in file if row_keys[row] == one] for file in files]
        most = max(of_files, key=len)  # the first of them
        kept.append(most[:1] if STARTS[most[0][start]][1] else most)
    return kept


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.lists(
            st.tuples(
                st.sampled_from(["E1", "E2"]),
                st.sampled_from(["2026-01-05", "2026-01-06"]),
                st.sampled_from(list(STARTS)),
                st.sampled_from(["attended", "late"]),
                st.sampled_from(["", "a", "b"]),
            ),
            min_size=1,
            max_size=9,
        ),
        min_size=1,
        max_size=3,
    )
)
def test_the_number_of_folded_rows_is_that_of_the_plain_slow_version(
    files: list[list[tuple[str, ...]]],
) -> None:
    files = [[*file, *_EVERYWHERE] for file in files]
    records = read(*(pd.DataFrame(file, columns=NAMES) for file in files))
    wanted = slowly(files)
    rows = sum(map(len, wanted))
    sources = records.sources[records.sources["table"] == "attendance"]
    assert sources["rows_folded"].sum() == sum(map(len, files)) - rows
    gone = records.set_aside["attendance"]
    assert len(records.attendance) + len(gone) == rows
    repeats = records.quality().query("check == 'possible_repeat'")["rows_failed"]
    assert repeats.sum() == rows - sum(len(set(each)) for each in wanted)


# a row in every file with a value in every column: none of them lacks one
_EVERYWHERE = [("E1", "2026-01-07", "9:00", "attended", "a")]


# One session in two rows that differ ------------------------------------------------------------


def pair(*statuses: str, start: str = "09:00", **more: Any) -> list[str]:
    """Return the statuses that are kept of rows of one person and day."""
    frame = pd.DataFrame(
        {
            "episode_id": "E1",
            "date": "2026-01-05",
            "start_time": start,
            "service": "group",
            "status": list(statuses),
            **more,
        }
    )
    records = read(frame)
    return records.attendance["status"].tolist()


def test_a_session_both_attended_and_not_is_set_aside_in_either_order() -> None:
    assert pair("attended", "no_show") == []
    assert pair("excused", "late") == []
    assert pair("attended", "no_show", "attended", "client_cancel") == []


def test_a_booking_cancelled_and_made_anew_is_the_one_that_was_kept() -> None:
    assert pair("attended", "client_cancel") == ["attended"]
    assert pair("late_cancel", "attended") == ["attended"]
    assert pair("program_cancel", "late", "attended") == ["attended"]


def test_a_row_without_an_outcome_never_replaces_one_with_an_outcome() -> None:
    assert pair("no_show", "unrecorded") == ["no_show"]
    assert pair("unrecorded", "attended", "not_scheduled") == ["attended"]


def test_of_rows_of_a_session_with_equal_outcomes_the_last_one_is_kept() -> None:
    assert pair("attended", "late", "attended_partial") == ["attended_partial"]
    assert pair("no_show", "client_cancel") == ["client_cancel"]


@pytest.mark.parametrize("start", ["", "00:00"])
def test_without_a_start_two_sessions_of_a_day_are_two(start: str) -> None:
    assert pair("attended", "no_show", start=start) == ["attended", "no_show"]
    assert pair("attended", "no_show", start=start, group_id="A") == ["attended", "no_show"]


def test_services_and_groups_of_one_start_are_two() -> None:
    assert pair("attended", "no_show", service=["group", "drug_test"]) == ["attended", "no_show"]
    assert pair("attended", "no_show", group_id=["A", "B"]) == ["attended", "no_show"]


def test_rows_of_two_files_that_write_the_status_differently_are_one() -> None:
    """The seven days that both files hold counted twice, and nothing was listed."""
    first = hours(1, 12)
    second = hours(1, 20).iloc[5:].assign(status="ATTENDED")
    records = read(first, second)
    assert len(records.attendance) == 20
    assert checks(records) == {"exact_duplicate": 7}
    words = {"attendance": {"words": {"status": {"Came (in person)": "attended"}}}}
    other = second.assign(status="Came (in person)")
    assert (
        len(
            iop.read_records(episodes=EPISODES, attendance=[first, other], mapping=words).attendance
        )
        == 20
    )


def test_two_services_that_mean_the_same_are_two() -> None:
    words = {
        "attendance": {"words": {"service": {"Anger group": "group", "Relapse group": "group"}}}
    }
    parts = [hours(1, service=name) for name in ("Anger group", "Relapse group")]
    records = iop.read_records(episodes=EPISODES, attendance=parts, mapping=words)
    assert len(records.attendance) == 24
    assert (
        len(
            iop.read_records(episodes=EPISODES, attendance=pd.concat(parts), mapping=words).problems
        )
        == 0
    )
