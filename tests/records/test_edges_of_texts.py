"""Texts of dates, times, lengths and numbers on either side of each limit, beside plain rules."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.records.overlap import covered_minutes
from iop_outcomes.records.parsing.date_forms import DateReader, day_number
from iop_outcomes.records.parsing.dates import date_texts, read_dates, weekday_of
from iop_outcomes.records.parsing.durations import duration
from iop_outcomes.records.parsing.times_of_day import clock_minutes, time_range
from iop_outcomes.records.schema import EPISODES, LONGEST_SESSION
from iop_outcomes.records.sources.coded import coded


def day_of(text: str) -> int:
    return (datetime.date.fromisoformat(text) - datetime.date(1970, 1, 1)).days


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("0:00", 0),
        ("23:59", 1439),
        ("24:00", 1440),
        ("24:01", None),
        ("25:00", None),
        ("9:60", None),
        ("9:59", 599),
        ("9:00:59", 540),
        ("9:00:60", None),
        ("12:00 AM", 0),
        ("12:59 a.m.", 59),
        ("12:30 pm", 750),
        ("11:59 p", 1439),
        ("0:30 am", None),
        ("1 am", 60),
        ("12 pm", 720),
        ("13 pm", None),
        ("13:00 am", None),
        ("9", None),
        ("9 Uhr", 540),
        ("9h", 540),
        ("9h05", 545),
        ("9.5", None),
        ("100:00", None),
    ],
)
def test_a_time_of_day_has_24_hours_and_60_minutes(text: str, minutes: int | None) -> None:
    assert clock_minutes(text) == minutes


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("915", 555),
        ("0915", 555),
        ("2400", 1440),
        ("2401", None),
        ("0960", None),
        ("12", None),
        ("123045", None),
        ("0915 pm", 1275),
        ("1315 pm", None),
    ],
)
def test_digits_are_a_time_only_where_they_may_be(text: str, minutes: int | None) -> None:
    assert clock_minutes(text, digits=True) == minutes
    assert clock_minutes(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9:00-12:00", (540, 180)),
        ("9 - 12", None),
        ("9 - 12 PM", (540, 180)),
        ("9 AM - 12", (540, 180)),
        ("11 to 1 PM", (660, 120)),
        ("1 - 3 pm", (780, 120)),
        ("13:00 bis 15:00 Uhr", (780, 120)),
        ("9:00-9:01", (540, 1)),
        ("9:00-9:00", (540, None)),
        ("22:00-02:00", (1320, 240)),
        ("20:00-04:00", (1200, LONGEST_SESSION)),
        ("20:00-04:01", (1200, None)),
        ("20:00-03:59", (1200, LONGEST_SESSION - 1)),
        ("12:00-9:00", (720, None)),
        ("9:00 AM - 8:00 PM", (540, 660)),
        ("9:00", None),
        ("9:00 - late", None),
        ("early - 9:00", None),
        ("13 - 2 pm", (780, 60)),
        ("0 - 1 am", (0, 60)),
    ],
)
def test_a_range_ends_after_its_start_or_on_the_next_day_within_a_session(
    text: str, expected: tuple[int, int | None] | None
) -> None:
    assert time_range(text) == expected


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("PT1H30M30S", 90.5),
        ("PT30S", 0.5),
        ("P1DT1H", 1500),
        ("pt2h", 120),
        ("PT1,5H", 90),
        ("PT0.5M", 0.5),
        ("P", None),
        ("PT", None),
        ("2h30", 150),
        ("2 hrs 5", 125),
        ("2h60", None),
        ("0:00:30", 0.5),
        ("1:59", 119),
        ("1:60", None),
        ("1 day, 1:00", 1500),
        ("2 days 00:30:00", 2910),
        ("1899-12-31 01:00", 60),
        ("1h 2m 3s", 62.05),
        ("1 day 2 hours", 1560),
        ("2m 1h", None),
        ("1h 1h", None),
        ("90'", 90),
        ("3", None),
        ("", None),
        ("1,5 Std.", 90),
        ("1 hour and 15 minutes", 75),
    ],
)
def test_a_length_is_the_sum_of_its_parts(text: str, minutes: float | None) -> None:
    found = duration(text)
    assert found == (None if minutes is None else pytest.approx(minutes))


@pytest.mark.parametrize(
    ("text", "form", "day", "minutes"),
    [
        ("46029", "serial", "2026-01-07", None),
        ("46029.5", "serial", "2026-01-07", 720),
        ("46029.99999", "serial", "2026-01-07", 1439),
        ("46029.0", "serial", "2026-01-07", 0),
        ("20000", "serial", "1954-10-03", None),
        ("69999", "serial", "2091-08-24", None),
        ("1767225600", "unix", "2026-01-01", 0),
        ("1767225599", "unix", "2025-12-31", 1439),
        ("1767225659.9", "unix", "2026-01-01", 0),
        ("1767225660", "unix", "2026-01-01", 1),
        ("1767225600123", "unix_milliseconds", "2026-01-01", 0),
        ("20260105", "compact", "2026-01-05", None),
        ("2026-1-5", "iso", "2026-01-05", None),
        ("2026 . 01 . 05", "iso", "2026-01-05", None),
        ("202601051330", "compact", "2026-01-05", 810),
        ("20260105T0930Z", "compact", "2026-01-05", 570),
        ("20260105 093059", "compact", "2026-01-05", 570),
        ("5th of January 2026", "named", "2026-01-05", None),
        ("Jan. 5, 26", "named", "2026-01-05", None),
        ("2026-Jan-05", "named", "2026-01-05", None),
        ("Jan 5, 2026 9:30 AM", "named", "2026-01-05", 570),
        ("5 Jan 2026, 9:00 - 10:30", "named", "2026-01-05", 540),
        ("5 Jan 2026, 9:00 - 8:00", "named", "2026-01-05", 540),
    ],
)
def test_a_text_is_a_date_of_its_form(text: str, form: str, day: str, minutes: int | None) -> None:
    read = DateReader().read(text)
    assert (read.form, read.day, read.minutes) == (form, day_of(day), minutes)
    assert read.backwards == text.endswith("8:00")
    assert read.length == (90 if text.endswith("10:30") else None)
    assert read.zone == text.endswith("Z")
    assert read.two_digits == text.endswith(" 26")


@pytest.mark.parametrize(
    "text",
    [
        "19999",
        "70000",
        "5000000000",
        "999999999",
        "123456",
        "2026",
        "Jan 2026",
        "5 Foo 2026",
        "1/2",
        "1/2/3",
        "1/2/345",
        "202601052430",
        "x5.1.2026",
        "Montag",
    ],
)
def test_a_text_that_is_no_date_has_no_form(text: str) -> None:
    read = DateReader().read(text)
    assert (read.form, read.day, read.minutes, read.parts) == ("", None, None, None)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("3/2/2026", (3, 2, 2026)),
        ("3.2.26", (3, 2, 2026)),
        ("3/2/69", (3, 2, 2069)),
        ("3/2/70", (3, 2, 1970)),
        ("3 - 2 - 2026", (3, 2, 2026)),
    ],
)
def test_a_date_in_parts_waits_for_its_order(text: str, parts: tuple[int, int, int]) -> None:
    read = DateReader().read(text)
    assert (read.form, read.day, read.parts) == ("parts", None, parts)
    assert read.dotted == ("." in text)
    assert not read.hyphened
    texts = date_texts([text])
    assert texts.both_days(0) == (
        day_number(parts[2], parts[0], parts[1]),
        day_number(parts[2], parts[1], parts[0]),
    )


@pytest.mark.parametrize(
    ("text", "stroked", "year_first"),
    [("26-01-05", False, "2026-01-05"), ("26/01/05", True, "2026-01-05"), ("99-13-05", False, "")],
)
def test_two_digits_in_front_may_be_the_year(text: str, stroked: bool, year_first: str) -> None:
    read = DateReader().read(text)
    assert (read.hyphened, read.stroked, read.two_digits) == (True, stroked, True)
    assert read.year_first == (day_of(year_first) if year_first else None)
    assert not DateReader().read(text.replace("-", "/", 1)).hyphened or stroked


def test_weekdays_begin_on_monday() -> None:
    start = datetime.date(2026, 1, 5)
    for after in range(-400, 400):
        date = start + datetime.timedelta(days=after)
        assert weekday_of(day_number(date.year, date.month, date.day) or 0) == date.weekday()


def read(texts: list[str], order: str = "month_first") -> tuple[list[Any], dict[str, list[int]]]:
    """Return the dates of admissions, and the positions of the texts with each fault."""
    column = EPISODES.column("admit_date")
    parsed = read_dates(texts, coded(texts), [order] * len(texts), column=column)
    days = [
        None if gone else str(np.datetime64(int(day), "D"))
        for day, gone in zip(parsed.values, parsed.missing, strict=True)
    ]
    return days, {check: sorted(texts_) for check, texts_ in parsed.faults.items()}


def test_dates_from_1950_to_2100_are_plausible() -> None:
    early, late = ["1949-12-31", "1950-01-01", "1950-01-02"], ["2100-01-01", "2100-01-02"]
    assert read(early) == ([None, *early[1:]], {"implausible_date": [0]})
    assert read(late) == ([late[0], None], {"implausible_date": [1]})


def test_a_date_is_implausible_more_than_30_years_before_the_middle_one() -> None:
    middle = datetime.date(2026, 1, 1)
    for days, plausible in ((10_957, True), (10_958, False)):
        first = str(middle - datetime.timedelta(days=days))
        texts = [first, str(middle), str(middle + datetime.timedelta(days=1))]
        assert read(texts)[0] == [first if plausible else None, *texts[1:]]
    four = ["1995-12-31", "1996-01-02", "2026-01-01", "2026-01-02"]  # the upper of two middle ones
    assert read(four[:3])[1] == {}
    assert read(four)[1] == {"implausible_date": [0]}


def test_the_form_of_most_rows_is_the_usual_one() -> None:
    texts = ["2026-01-05", "Jan 6, 2026", "Jan 7, 2026", "46030", "soon"]
    days, faults = read(texts)
    assert days == ["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08", None]
    assert faults == {"bad_date": [4], "mixed_date_format": [0], "excel_serial_date": [3]}
    assert read(["2026-01-05", "Jan 6, 2026"])[1] == {"mixed_date_format": [1]}  # a tie: a to z


def test_one_text_that_is_no_number_of_seconds_makes_no_dates_of_the_others() -> None:
    seconds = ["1767225600", "1767312000"]
    assert read(seconds)[0] == ["2026-01-01", "2026-01-02"]
    assert read([*seconds, ""])[0] == ["2026-01-01", "2026-01-02", None]
    assert read([*seconds, "17"])[0] == [None] * 3


def test_covered_minutes_are_those_of_a_plain_count() -> None:
    draw = np.random.default_rng(4)
    for _ in range(60):
        size = int(draw.integers(1, 9))
        day = np.sort(draw.integers(0, 3, size))
        start, length = draw.integers(0, 40, size), draw.integers(0, 30, size)
        order = np.lexsort((start, day))
        day, start, length = day[order], start[order], length[order]
        expected = []
        for row in range(size):
            before = [
                set(range(start[other], start[other] + length[other]))
                for other in range(row)
                if day[other] == day[row]
            ]
            own = set(range(start[row], start[row] + length[row]))
            expected.append(len(own & set().union(*before)))
        assert covered_minutes(day, start, length).tolist() == expected


# Notes and limits in whole records ---------------------------------------------------------------

EPISODE = pd.DataFrame({"episode_id": ["E1"], "admit_date": ["2026-01-01"]})


def sessions(**columns: list[Any]) -> iop.Records:
    size = max(map(len, columns.values()))
    rows = {
        "episode_id": ["E1"] * size,
        "date": [f"2026-01-{place + 2:02d}" for place in range(size)],
        "status": ["attended"] * size,
        **columns,
    }
    return iop.read_records(episodes=EPISODE, attendance=pd.DataFrame(rows), as_of="2026-02-28")


def test_a_session_to_its_end_is_at_most_480_minutes_long() -> None:
    records = sessions(
        start_time=["9:00", "9:00", "9:00", "20:00", "20:00", "", "9:00"],
        end_time=["17:00", "17:01", "9:00", "4:00", "4:01", "9:00", ""],
    )
    length = records.attendance["minutes_scheduled"].tolist()
    assert [None if np.isnan(value) else value for value in length] == [
        *(480, None, None, 480),
        *(None, None, None),
    ]
    listed = records.problems[["line", "check"]].to_numpy().tolist()
    assert sorted(listed) == [[2, "out_of_range"], [3, "end_before_start"], [5, "end_before_start"]]
    quality = records.quality()
    ends = quality[(quality["check"] == "end_before_start")].iloc[0]
    assert (ends["rows_looked_at"], ends["rows_failed"]) == (5, 2)
    assert "the length of 2 services is the time from their start to their end" in records.notes


def test_a_note_says_how_many_rows_are_written_in_another_way() -> None:
    records = sessions(
        minutes_scheduled=["180 min", "3h", "60", "90 Minutes"],
        minutes_attended=["60", "60", "60", "1 h"],
    )
    assert records.attendance["minutes_scheduled"].tolist() == [180, 180, 60, 90]
    own = "of attendance.minutes_scheduled are written with their unit, and read by it"
    assert f"3 rows {own}" in records.notes
    assert "1 row of attendance.minutes_attended is written with their unit, and read by it" in (
        records.notes
    )
    records = sessions(minutes_scheduled=["60,5", "90,25", "60", "60"])
    assert records.attendance["minutes_scheduled"].tolist() == [60.5, 90.25, 60, 60]
    assert "2 rows of attendance.minutes_scheduled have a decimal comma" in records.notes


def test_a_note_counts_years_of_two_digits_and_zones() -> None:
    records = sessions(date=["1/13/26", "1/14/26", "1/15/2026", "1/16/26"])
    assert (
        "3 rows of attendance.date have years of two digits, read as 1970 to 2069" in records.notes
    )
    dates = [f"2026-01-1{place}T09:00:00{zone}" for place, zone in enumerate(["Z", "Z", "Z", ""])]
    records = sessions(date=dates)
    assert records.problems["check"].tolist() == ["time_zone"]
    assert any(
        note.startswith("3 rows of attendance.date have a time zone") for note in records.notes
    )
    records = sessions(date=[dates[0], dates[1], dates[3], "2026-01-19T09:00:00"])
    assert records.problems[["line", "check"]].to_numpy().tolist() == [
        [1, "time_zone"],
        [2, "time_zone"],
    ]
