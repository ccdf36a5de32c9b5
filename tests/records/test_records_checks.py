"""Each check on the smallest records that fail it: what it lists, and what becomes of the row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.records.checks.declared import CHECKS
from tests.helpers.tables import frame

EPISODES = """
| episode_id | person_id | program | admit_date | discharge_date | discharge_reason |
| E1         | P1        | North   | 2026-01-05 | 2026-03-05     | completed        |
| E2         | P2        | North   | 2026-01-10 | 2026-02-10     | died             |
| E3         | P3        | South   | 2026-03-01 |                |                  |
"""
ATTENDANCE = """
| episode_id | date       | start_time | service | status   | minutes_scheduled | minutes_attended |
| E1         | 2026-01-05 | 09:00      | group   | attended | 180               | 180              |
| E1         | 2026-03-01 | 09:00      | group   | no_show  | 180               |                  |
| E2         | 2026-02-09 | 09:00      | group   | attended | 180               | 180              |
| E3         | 2026-03-02 | 10:00      | skills  | attended | 60                | 60               |
"""
CHECKINS = """
| episode_id | date       | status    | used | drug_test | craving |
| E1         | 2026-01-12 | completed | no   | negative  | 3       |
| E1         | 2026-03-02 | completed | yes  |           | 7       |
| E2         | 2026-02-08 | completed | no   |           | 2       |
| E3         | 2026-03-31 | completed | no   |           | 1       |
"""


def read(
    episodes: str = EPISODES, attendance: str = ATTENDANCE, checkins: str = CHECKINS, **options: Any
) -> iop.Records:
    options = {"as_of": "2026-03-31", **options}
    return iop.read_records(
        episodes=frame(episodes),
        attendance=frame(attendance),
        checkins=frame(checkins),
        **options,
    )


def found(records: iop.Records) -> list[tuple[str, int, str, str, str]]:
    """Every problem as (table, line, column, check, what was done up to the colon)."""
    table = records.problems
    done = table["done"].str.split(":").str[0]
    columns = [table["table"], table["line"], table["column"], table["check"], done]
    return [tuple(row) for row in zip(*columns, strict=True)]


def row_of(text: str, row: str) -> str:
    """The table with one row more."""
    return text.rstrip() + "\n" + row + "\n"


def test_clean_records_have_no_problem_and_fail_no_check() -> None:
    records = read()
    assert found(records) == []
    quality = records.quality()
    assert set(quality["status"]) == {"passed", "not applicable"}
    assert set(quality["check"]) == set(CHECKS)


CASES: list[tuple[str, dict[str, str], list[tuple[str, int, str, str, str]]]] = [
    (
        "an episode without its admission date",
        {"episodes": row_of(EPISODES, "| E4 | P4 | North | | | |")},
        [("episodes", 4, "admit_date", "missing_required", "set aside")],
    ),
    (
        "an admission date written n/a",
        {"episodes": row_of(EPISODES, "| E4 | P4 | North | n/a | | |")},
        [("episodes", 4, "admit_date", "missing_required", "set aside")],
    ),
    (
        "the same row twice",
        {"attendance": ATTENDANCE + ATTENDANCE.strip().splitlines()[1]},
        [("attendance", 5, "", "exact_duplicate", "folded into the first such row")],
    ),
    (
        "an episode_id with two contents: the first stands",
        {"episodes": row_of(EPISODES, "| E1 | P1 | South | 2026-01-06 | | |")},
        [("episodes", 4, "episode_id", "repeated_episode", "set aside")],
    ),
    (
        "discharged before admitted, and what hangs on it",
        {
            "episodes": row_of(EPISODES, "| E4 | P4 | North | 2026-02-01 | 2026-01-01 | other |"),
            "checkins": row_of(CHECKINS, "| E4 | 2026-02-03 | completed | no | | |"),
        },
        [
            ("episodes", 4, "discharge_date", "discharge_before_admission", "set aside"),
            ("checkins", 5, "episode_id", "episode_set_aside", "set aside"),
        ],
    ),
    (
        "an admission after the data cut",
        {"episodes": row_of(EPISODES, "| E4 | P4 | North | 2026-04-01 | | |")},
        [("episodes", 4, "admit_date", "after_data_cut", "set aside")],
    ),
    (
        "a discharge after the data cut is not known at the cut",
        {"episodes": row_of(EPISODES, "| E4 | P4 | North | 2026-03-01 | 2026-04-20 | completed |")},
        [("episodes", 4, "discharge_date", "after_data_cut", "value left missing")],
    ),
    (
        "a reason without a date, and a date without a reason",
        {
            "episodes": row_of(
                row_of(EPISODES, "| E4 | P4 | North | 2026-03-01 | | completed |"),
                "| E5 | P5 | North | 2026-03-01 | 2026-03-09 | |",
            )
        },
        [
            ("episodes", 4, "discharge_reason", "reason_without_date", "kept"),
            ("episodes", 5, "discharge_date", "date_without_reason", "kept"),
        ],
    ),
    (
        "readmitted 20 days after the discharge",
        {"episodes": row_of(EPISODES, "| E4 | P1 | North | 2026-03-25 | | |")},
        [("episodes", 4, "admit_date", "readmitted_soon", "kept")],
    ),
    (
        "two episodes at once in one program",
        {"episodes": row_of(EPISODES, "| E4 | P1 | North | 2026-02-01 | | |")},
        [("episodes", 4, "admit_date", "overlapping_episodes", "kept")],
    ),
    (
        "two episodes at once in two programs are no contradiction",
        {"episodes": row_of(EPISODES, "| E4 | P1 | South | 2026-02-01 | | |")},
        [],
    ),
    (
        "discharged long after the last contact",
        {
            "episodes": row_of(EPISODES, "| E4 | P4 | North | 2026-01-01 | 2026-03-09 | other |"),
            "checkins": row_of(CHECKINS, "| E4 | 2026-01-03 | completed | no | | |"),
        },
        [("episodes", 4, "discharge_date", "late_discharge", "kept")],
    ),
    (
        "open and silent for more than 90 days",
        {
            "episodes": row_of(EPISODES, "| E4 | P4 | North | 2025-12-01 | | |"),
            "checkins": row_of(CHECKINS, "| E4 | 2025-12-03 | completed | no | | |"),
        },
        [("episodes", 4, "discharge_date", "silent_open_episode", "kept")],
    ),
    (
        "a service of an episode that nobody knows",
        {
            "attendance": row_of(
                ATTENDANCE, "| E9 | 2026-03-02 | 09:00 | group | attended | 60 | 60 |"
            )
        },
        [("attendance", 5, "episode_id", "unknown_episode", "set aside")],
    ),
    (
        "services after the cut, before the admission and after the discharge",
        {
            "attendance": row_of(
                row_of(
                    row_of(ATTENDANCE, "| E3 | 2026-04-01 | 09:00 | group | attended | 60 | 60 |"),
                    "| E3 | 2026-02-28 | 09:00 | group | attended | 60 | 60 |",
                ),
                "| E1 | 2026-03-06 | 09:00 | group | no_show | 60 | |",
            )
        },
        [
            ("attendance", 5, "date", "after_data_cut", "set aside"),
            ("attendance", 6, "date", "before_admission", "set aside"),
            ("attendance", 7, "date", "after_discharge", "set aside"),
        ],
    ),
    (
        "a check-in after death is set aside, one after another discharge is follow-up",
        {
            "checkins": row_of(
                row_of(CHECKINS, "| E2 | 2026-02-11 | completed | no | | |"),
                "| E1 | 2026-03-20 | completed | no | | |",
            )
        },
        [("checkins", 5, "date", "after_death", "set aside")],
    ),
    (
        "a check-in long before the admission",
        {"checkins": row_of(CHECKINS, "| E3 | 2025-12-01 | completed | no | | |")},
        [("checkins", 5, "date", "early_check_in", "kept")],
    ),
    (
        "use reported on the admission day",
        {"checkins": row_of(CHECKINS, "| E3 | 2026-03-01 | completed | | positive | |")},
        [("checkins", 5, "date", "use_on_admission_day", "kept")],
    ),
    (
        "a session signed again: the row signed last stands",
        {"attendance": row_of(ATTENDANCE, "| E1 | 2026-03-01 | 09:00 | group | excused | 180 | |")},
        [("attendance", 2, "status", "signed_again", "set aside")],
    ),
    (
        "two sessions of one day at different times are two",
        {
            "attendance": row_of(
                ATTENDANCE, "| E1 | 2026-01-05 | 13:00 | group | attended | 60 | 60 |"
            )
        },
        [],
    ),
    (
        "a session that begins before the one before has ended",
        {
            "attendance": row_of(
                ATTENDANCE, "| E1 | 2026-01-05 | 11:30 | skills | attended | 60 | 60 |"
            )
        },
        [("attendance", 5, "start_time", "overlapping_sessions", "kept")],
    ),
    (
        "attended for longer than scheduled, and minutes where nobody came",
        {
            "attendance": row_of(
                row_of(ATTENDANCE, "| E3 | 2026-03-03 | 10:00 | group | attended | 60 | 76 |"),
                "| E3 | 2026-03-04 | 10:00 | group | no_show | 60 | 30 |",
            )
        },
        [
            ("attendance", 5, "minutes_attended", "attended_more_than_scheduled", "kept"),
            ("attendance", 6, "minutes_attended", "minutes_when_absent", "kept"),
        ],
    ),
    (
        "more than eight hours on a day",
        {
            "attendance": row_of(
                row_of(ATTENDANCE, "| E3 | 2026-03-03 | 08:00 | group | attended | 300 | 300 |"),
                "| E3 | 2026-03-03 | 14:00 | skills | attended | 240 | 240 |",
            )
        },
        [
            ("attendance", 5, "minutes_attended", "long_day", "kept"),
            ("attendance", 6, "minutes_attended", "long_day", "kept"),
        ],
    ),
    (
        "words that no vocabulary knows",
        {
            "attendance": row_of(ATTENDANCE, "| E3 | 2026-03-03 | 8:00 | yoga | came | 60 | 60 |"),
            "checkins": row_of(CHECKINS, "| E3 | 2026-03-29 | completed | maybe | faint | |"),
        },
        [
            ("attendance", 5, "service", "unknown_word", "value left missing"),
            ("attendance", 5, "status", "unknown_word", "set aside"),
            ("checkins", 5, "used", "unknown_word", "value left missing"),
            ("checkins", 5, "drug_test", "unknown_word", "value left missing"),
        ],
    ),
    (
        "numbers that are none, or cannot be",
        {
            "attendance": row_of(
                ATTENDANCE, "| E3 | 2026-03-03 | 25:00 | group | attended | sixty | 999 |"
            ),
            "checkins": row_of(CHECKINS, "| E3 | 2026-03-29 | completed | no | | 40 |"),
        },
        [
            ("attendance", 5, "start_time", "bad_time", "value left missing"),
            ("attendance", 5, "minutes_scheduled", "bad_number", "value left missing"),
            ("attendance", 5, "minutes_attended", "out_of_range", "value left missing"),
            ("checkins", 5, "craving", "out_of_range", "value left missing"),
        ],
    ),
    (
        "a word for missing",
        {"checkins": row_of(CHECKINS, "| E3 | 2026-03-29 | completed | n/a | | NULL |")},
        [
            ("checkins", 5, "used", "missing_word", "mended"),
            ("checkins", 5, "craving", "missing_word", "mended"),
        ],
    ),
]


@pytest.mark.parametrize(
    ("tables", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_each_check_lists_the_rows_that_fail_it(
    tables: dict[str, str], expected: list[tuple[str, int, str, str, str]]
) -> None:
    records = read(**tables)
    assert found(records) == expected
    sources = records.sources
    rows = sources["rows_kept"] + sources["rows_set_aside"] + sources["rows_folded"]
    assert (sources["rows_read"] == rows).all()
    failing = set(records.quality().query("rows_failed > 0")["check"]) - {"unrecorded_status"}
    assert failing - {check for *_, check, _ in expected} <= {"missing_word"}


DATES = [
    ("2026-03-29", "2026-03-29", None),
    ("2026-03-29 09:30", "2026-03-29", None),
    ("2026-03-29T09:30:15.250", "2026-03-29", None),
    ("3/29/2026", "2026-03-29", "mixed_date_format"),
    ("29.03.2026", "2026-03-29", "mixed_date_format"),
    ("29-Mar-26", "2026-03-29", "mixed_date_format"),
    ("March 29, 2026", "2026-03-29", "mixed_date_format"),
    ("20260329", "2026-03-29", "mixed_date_format"),
    ("46110", "2026-03-29", "excel_serial_date"),
    ("2026-03-29 24:00", "2026-03-29", "time_24_00"),
    ("2026-03-29 24:30", None, "bad_date"),
    ("2026-03-29 25:00", None, "bad_date"),
    ("2026-03-29 10:60", None, "bad_date"),
    ("2026-03-29 13:00 pm", None, "bad_date"),
    ("2026-03-29T23:30:00Z", "2026-03-29", "time_zone"),
    ("2026-03-29 23:30:00+02:00", "2026-03-29", "time_zone"),
    ("03/04/2026", None, "ambiguous_date"),
    ("03/03/2026", "2026-03-03", "mixed_date_format"),
    ("2026-02-30", None, "bad_date"),
    ("32/01/2026", None, "bad_date"),
    ("soon", None, "bad_date"),
    ("today", None, "bad_date"),
    ("now", None, "bad_date"),
    ("1900-01-01", None, "implausible_date"),
    ("9999-12-31", None, "implausible_date"),
]


@pytest.mark.parametrize(("text", "day", "check"), DATES, ids=[case[0] for case in DATES])
def test_a_date_is_read_or_listed_never_guessed(
    text: str, day: str | None, check: str | None
) -> None:
    records = read(checkins=row_of(CHECKINS, f"| E3 | {text} | completed | no | | |"))
    met = [(line, name) for _, line, _, name, _ in found(records)]
    assert met == ([(5, check)] if check else [])
    dates = records.checkins.loc[records.checkins["episode_id"] == "E3", "date"]
    expected = ["2026-03-31"] if day is None else sorted(["2026-03-31", day])
    assert dates.dt.strftime("%Y-%m-%d").tolist() == expected


@pytest.mark.parametrize(
    ("written", "order", "expected"),
    [
        (["13/02/2026", "03/02/2026"], "", ["2026-02-13", "2026-02-03"]),
        (["02/13/2026", "03/02/2026"], "", ["2026-02-13", "2026-03-02"]),
        (["03/02/2026", "04/02/2026"], "day_first", ["2026-02-03", "2026-02-04"]),
        (["03/02/2026", "03/04/2026"], "month_first", ["2026-03-02", "2026-03-04"]),
    ],
)
def test_the_order_of_day_and_month_comes_from_the_column_or_the_mapping(
    written: list[str], order: str, expected: list[str]
) -> None:
    episodes = pd.DataFrame({"episode_id": ["E1", "E2"], "admit_date": written})
    checkins = pd.DataFrame({"episode_id": ["E1"], "date": ["2026-03-31"], "status": ["missed"]})
    mapping = {"options": {"date_order": order}} if order else None
    records = iop.read_records(episodes=episodes, checkins=checkins, mapping=mapping)
    assert records.episodes["admit_date"].dt.strftime("%Y-%m-%d").tolist() == expected
    assert records.problems.empty


def test_an_order_of_day_and_month_that_nothing_shows_is_assumed_and_listed() -> None:
    episodes = pd.DataFrame({"episode_id": ["E1"], "admit_date": ["03/02/2026"]})
    checkins = pd.DataFrame({"episode_id": ["E1"], "date": ["2026-03-31"], "status": ["missed"]})
    records = iop.read_records(episodes=episodes, checkins=checkins)
    assert [name for *_, name, _ in found(records)] == ["assumed_date_order"]
    assert records.episodes["admit_date"][0] == pd.Timestamp("2026-03-02")


def test_overlapping_minutes_are_counted_once() -> None:
    more = "| E1 | 2026-01-05 | 11:30 | skills | attended | 60 | 60 |"
    inside = "| E1 | 2026-01-05 | 09:30 | family | attended | 30 | 30 |"
    records = read(attendance=row_of(row_of(ATTENDANCE, more), inside))
    rows = records.attendance[records.attendance["episode_id"] == "E1"]
    by_start = rows[rows["day"] == 0].set_index("start_time")["minutes_overlapping"]
    assert by_start.to_dict() == {540.0: 0.0, 570.0: 30.0, 690.0: 30.0}


def test_times_of_day_in_dates_distinguish_sessions() -> None:
    text = """
    | episode_id | date             | status   | minutes_attended |
    | E3         | 2026-03-02 09:00 | attended | 60               |
    | E3         | 2026-03-02 10:30 | attended | 60               |
    """
    records = read(attendance=text)
    assert records.attendance["start_time"].tolist() == [540.0, 630.0]
    assert records.problems.empty


def test_a_roster_without_absences_and_a_month_with_few_rows_are_counted() -> None:
    days = pd.date_range("2025-07-01", "2026-03-31", freq="D")
    keep = (days.month != 11) | (days.day <= 3)  # November holds three days only
    days = days[keep]
    people = [f"E{number}" for number in range(6)]  # some 180 rows a month
    episodes = pd.DataFrame({"episode_id": people, "admit_date": days[0]})
    rows = pd.MultiIndex.from_product([people, days], names=["episode_id", "date"])
    attendance = rows.to_frame(index=False).assign(status="attended", group_id="A")
    quality = iop.read_records(episodes=episodes, attendance=attendance).quality()
    failed = quality[quality["status"] == "failed"].set_index("check")
    assert failed.loc["copied_roster", ["rows_looked_at", "rows_failed"]].tolist() == [1, 1]
    assert failed.loc["volume_change", ["rows_looked_at", "rows_failed"]].tolist() == [7, 1]


def test_a_check_on_a_column_that_holds_nothing_has_not_passed() -> None:
    episodes = EPISODES.replace("completed", "         ").replace("died", "    ")
    quality = read(episodes=episodes).quality().set_index(["check", "table", "column"])["status"]
    column = ("episodes", "discharge_reason")
    assert quality["reason_without_date", *column] == "not applicable"
    assert quality["unknown_word", *column] == "not applicable"
    assert quality["empty_column", *column] == "failed"
    assert quality["empty_column", "checkins", "phq9"] == "not applicable"


def test_a_threshold_of_the_mapping_decides_when_a_check_has_failed() -> None:
    rows = row_of(ATTENDANCE, "| E3 | 2026-03-03 | 10:00 | group | unrecorded | 60 | |")
    share = read(attendance=rows).quality().set_index("check").loc["unrecorded_status"]
    assert (share["rows_failed"], share["rows_looked_at"], share["status"]) == (1, 5, "failed")
    lenient = read(attendance=rows, mapping={"thresholds": {"unrecorded_status": 0.2}})
    assert lenient.quality().set_index("check").loc["unrecorded_status", "status"] == "passed"


def test_study_days_are_whole_days_since_admission_inside() -> None:
    episodes = frame(
        """
        | episode_id | admit_day | discharge_day | followed_until_day |
        | E1         | 7         | 37            | 168                |
        | E2         | 0         |               |                    |
        | E3         | 1.5       |               |                    |
        """
    )
    checkins = frame(
        """
        | episode_id | day | status    | used |
        | E1         | 14  | completed | no   |
        | E1         | -7  | completed | yes  |
        | E2         | 200 | missed    |      |
        """
    )
    records = iop.read_records(episodes=episodes, checkins=checkins)
    assert records.time == "study_days"
    assert records.as_of == 200
    assert records.episodes["days_to_discharge"].tolist()[0] == 30
    assert records.episodes["days_followed"].tolist() == [161, 200]
    assert records.checkins["day"].tolist() == [-14, 7, 200]
    assert found(records) == [("episodes", 3, "admit_day", "bad_date", "set aside")]
    with pytest.raises(iop.OutcomesError, match="calendar"):
        records.require_calendar("A trend")


def test_following_ends_at_death_and_at_the_data_cut() -> None:
    text = EPISODES.replace("discharge_reason |", "discharge_reason | followed_until |")
    lines = text.strip().splitlines()
    lines[1] += " 2026-06-30 |"
    lines[2] += " 2026-03-30 |"
    lines[3] += " 2026-03-20 |"
    records = read(episodes="\n".join(lines))
    until = records.episodes["followed_until"].dt.strftime("%m-%d").tolist()
    assert until == ["03-31", "02-10", "03-20"]
    assert found(records) == [
        ("episodes", 1, "followed_until", "after_data_cut", "value left missing")
    ]
    np.testing.assert_array_equal(records.episodes["days_followed"], [85, 31, 19])


def test_following_beyond_the_data_cut_is_seen_without_dates_of_discharge_too() -> None:
    episodes = frame(
        """
        | episode_id | admit_date | followed_until |
        | E1         | 2026-01-05 | 2026-06-30     |
        """
    )
    checkins = frame("| episode_id | date       | status | used |\n| E1 | 2026-01-12 | missed | |")
    records = iop.read_records(episodes=episodes, checkins=checkins, as_of="2026-03-31")
    assert found(records) == [
        ("episodes", 1, "followed_until", "after_data_cut", "value left missing")
    ]
    checks = records.quality().set_index("check")
    assert checks.loc["discharge_before_admission", "rows_looked_at"] == 0


def test_a_problem_says_what_its_check_means_unless_it_has_words_of_its_own() -> None:
    rows = row_of(CHECKINS, CHECKINS.strip().splitlines()[-1])
    table = read(checkins=rows).problems
    assert table["message"].tolist() == [CHECKS[table["check"].iloc[0]].meaning]


@pytest.mark.parametrize(
    ("written", "minutes", "check"),
    [
        ("23:59", 1439.0, None),
        ("12:30 am", 30.0, None),
        ("12:30 pm", 750.0, None),
        ("24:00", 1440.0, "time_24_00"),
        ("24:30", None, "bad_time"),
        ("25:00", None, "bad_time"),
        ("10:60", None, "bad_time"),
        ("13:00 pm", None, "bad_time"),
        ("0:30 am", None, "bad_time"),
    ],
)
def test_a_time_of_day_is_read_or_listed(
    written: str, minutes: float | None, check: str | None
) -> None:
    row = f"| E3 | 2026-03-09 | {written} | skills | attended | 60 | 60 |"
    records = read(attendance=row_of(ATTENDANCE, row))
    assert [name for *_, name, _ in found(records)] == ([check] if check else [])
    read_as = records.attendance.loc[records.attendance["date"] == "2026-03-09", "start_time"]
    assert read_as.isna().all() if minutes is None else read_as.tolist() == [minutes]


@pytest.mark.parametrize(("days", "checks"), [(30, []), (31, ["late_discharge"])])
def test_a_discharge_is_late_from_the_31st_day_after_the_last_contact(
    days: int, checks: list[str]
) -> None:
    end = pd.Timestamp("2026-01-03") + pd.Timedelta(days=days)
    row = f"| E4 | P4 | North | 2026-01-01 | {end.date()} | other |"
    seen = "| E4 | 2026-01-03 | completed | no | | |"
    records = read(row_of(EPISODES, row), checkins=row_of(CHECKINS, seen))
    assert [name for *_, name, _ in found(records)] == checks


@pytest.mark.parametrize(("days", "checks"), [(90, []), (91, ["silent_open_episode"])])
def test_an_open_episode_is_silent_from_the_91st_day_without_contact(
    days: int, checks: list[str]
) -> None:
    last = pd.Timestamp("2026-03-31") - pd.Timedelta(days=days)
    row = f"| E4 | P4 | North | {last.date()} | | |"
    seen = f"| E4 | {last.date()} | completed | no | | |"
    records = read(row_of(EPISODES, row), checkins=row_of(CHECKINS, seen))
    assert [name for *_, name, _ in found(records)] == checks


@pytest.mark.parametrize(
    ("days", "checks"),
    [
        (-1, ["overlapping_episodes"]),
        (0, ["readmitted_soon"]),
        (30, ["readmitted_soon"]),
        (31, []),
    ],
)
def test_an_admission_is_soon_from_the_day_of_the_discharge_to_the_30th_after(
    days: int, checks: list[str]
) -> None:
    end = pd.Timestamp("2026-01-20")
    again = (end + pd.Timedelta(days=days)).date()
    first = f"| E4 | P4 | North | 2026-01-01 | {end.date()} | other |"
    records = read(row_of(row_of(EPISODES, first), f"| E5 | P4 | North | {again} | | |"))
    assert [name for *_, name, _ in found(records)] == checks


def looked_at(check: str, attendance: pd.DataFrame) -> tuple[int, int]:
    """How much a check looked at, and how much of it failed, in records of these rows alone."""
    first = attendance.groupby("episode_id", as_index=False)["date"].min()
    episodes = first.rename(columns={"date": "admit_date"}).assign(program="North")
    quality = iop.read_records(episodes=episodes, attendance=attendance).quality()
    row = quality[quality["check"] == check].iloc[0]
    return int(row["rows_looked_at"]), int(row["rows_failed"])


def by_month(counts: list[int]) -> pd.DataFrame:
    """Sessions of one episode: so many in each month, on its first days, from July 2025 on."""
    months = pd.period_range("2025-07", periods=len(counts), freq="M").repeat(counts)
    number = np.concatenate([np.arange(count) for count in counts])
    dates = months.to_timestamp() + pd.to_timedelta(number % 28, unit="D")
    hours = pd.Series(8 + number // 28).astype(str).str.zfill(2) + ":00"
    columns = {"date": dates, "start_time": hours, "status": "attended"}
    return pd.DataFrame(columns).assign(episode_id="E1")


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([100, 100, 100, 50, 100, 100, 100], (5, 0)),  # half the usual rows are enough
        ([100, 100, 100, 49, 100, 100, 100], (5, 1)),
        ([100, 100, 49, 100, 100], (3, 1)),  # five months are the fewest
        ([100, 100, 49, 100], (0, 0)),
        ([10, 100, 100, 100, 10], (3, 0)),  # the first and the last month are left out
        ([50, 50, 24, 50, 50], (3, 1)),  # 50 rows in the usual month are the fewest
        ([49, 49, 24, 49, 49], (0, 0)),
        ([10, 30, 90, 200, 210, 60, 20], (5, 0)),  # a program that grows and runs out
        ([100, 100, 10, 10, 10, 100, 100], (5, 1)),
    ],
)
def test_a_month_of_under_half_the_rows_of_those_around_it_fails(
    counts: list[int], expected: tuple[int, int]
) -> None:
    assert looked_at("volume_change", by_month(counts)) == expected


@pytest.mark.parametrize(
    ("clients", "sessions", "absent", "expected"),
    [
        (5, 50, 1, (1, 1)),  # 49 of 50 are just 98 in 100
        (5, 50, 2, (1, 0)),
        (5, 49, 0, (0, 0)),
        (4, 60, 0, (0, 0)),
    ],
)
def test_a_roster_is_copied_from_98_in_100_of_50_sessions_of_5_people(
    clients: int, sessions: int, absent: int, expected: tuple[int, int]
) -> None:
    number = np.arange(sessions)
    held = pd.DataFrame(
        {
            "episode_id": [f"E{client}" for client in number % clients],
            "date": pd.Timestamp("2026-01-05") + pd.to_timedelta(number // clients, unit="D"),
            "status": np.where(number < absent, "no_show", "attended"),
            "group_id": "A",
        }
    )
    # A session that the program itself cancelled was not held, nor does it speak for the roster.
    # It is soon after the last one, as a later one would be after the data cut.
    later = held["date"].max() + pd.Timedelta(days=3)
    off = held.iloc[:3].assign(date=later, status="program_cancel")
    assert looked_at("copied_roster", pd.concat([held, off])) == expected
