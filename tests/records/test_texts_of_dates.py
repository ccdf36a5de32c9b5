"""Dates and times as exports write them: read back as themselves, or listed; no text raises."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.records.mapping import Mapping
from iop_outcomes.records.parsing.calendar_names import MONTHS
from iop_outcomes.records.parsing.date_forms import DateReader
from iop_outcomes.records.parsing.dates import date_texts
from iop_outcomes.records.parsing.parsed import NO_DAY, Parsed
from iop_outcomes.records.parsing.times_of_day import time_range
from iop_outcomes.records.parsing.values import parse
from iop_outcomes.records.schema import ATTENDANCE, CHECKINS, EPISODES, START_TIME, Column
from iop_outcomes.records.sources.coded import coded

EPISODE = pd.DataFrame({"episode_id": ["E1"], "admit_date": ["2025-10-01"]})
DATE = next(column for column in ATTENDANCE.columns if column.name == "date")
LENGTH = next(column for column in ATTENDANCE.columns if column.name == "minutes_scheduled")
STATUS = next(column for column in ATTENDANCE.columns if column.name == "status")
USE_DAYS = next(column for column in CHECKINS.columns if column.name == "use_days")
USED = next(column for column in CHECKINS.columns if column.name == "used")
EARLIER = next(column for column in EPISODES.columns if column.name == "prior_discharge_date")
GERMAN = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
GERMAN_DAYS = "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag"


def read(texts: list[str], column: Column = DATE, **options: Any) -> Parsed:
    orders = ["month_first"] * len(coded(texts).words)
    return parse(column, coded(texts), Mapping(**options), orders=orders)


def day_of(text: str, column: Column = EARLIER, **options: Any) -> str | None:
    parsed = read([text], column, **options)
    return None if parsed.missing[0] else str(np.datetime64(int(parsed.values[0]), "D"))


def attendance(**columns: Any) -> iop.Records:
    """The records of one episode with these columns of attendance."""
    table = pd.DataFrame({"episode_id": "E1", "status": "attended", **columns}, dtype=object)
    return iop.read_records(episodes=EPISODE, attendance=table, as_of="2026-12-31")


def met(records: iop.Records) -> list[tuple[int, str, str]]:
    table = records.problems.query("table == 'attendance'")
    return list(zip(table["line"], table["column"], table["check"], strict=True))


FORMS = {
    "weekday and month name": "%A, %B %d, %Y",
    "short weekday": "%a %b %d %Y",
    "day, month name": "%d %b %Y",
    "month name": "%B %d, %Y",
    "SAS": "%d%b%Y",
    "SAS with time": "%d%b%Y:09:30:00",
    "year, month name": "%Y-%b-%d",
    "compact": "%Y%m%d",
    "compact with time": "%Y%m%d093000",
    "compact with minutes": "%Y%m%d0930",
    "compact with T and zone": "%Y%m%dT093000Z",
    "HL7": "%Y%m%d093000.000-0500",
    "ISO": "%Y-%m-%d",
    "ISO with zone": "%Y-%m-%dT09:30:00.123+02:00",
    "PostgreSQL": "%Y-%m-%d 09:30:00-05",
    "time zone by name": "%Y-%m-%d 09:30 EST",
    "JavaScript": "%a %b %d %Y 09:30:00 GMT-0400 (Eastern Daylight Time)",
    "year first with slashes": "%Y/%m/%d",
    "month first": "%m/%d/%Y",
    "half of the day": "%m/%d/%Y 9:30:15 PM",
    "hour alone": "%m/%d/%Y 9 PM",
    "at": "%B %d, %Y at 9:30 p.m.",
    "dots with spaces": "%m. %d. %Y",
    "a range of times": "%m/%d/%Y 9:00 AM - 12:00 PM",
}
DATES = st.dates(datetime.date(1950, 1, 1), datetime.date(2099, 12, 31))


@given(day=DATES, form=st.sampled_from(sorted(FORMS)), capital=st.booleans())
@settings(deadline=None)
def test_any_date_in_any_form_is_read_back_as_itself(
    day: datetime.date, form: str, capital: bool
) -> None:
    text = day.strftime(FORMS[form])
    assert day_of(text.upper() if capital and form != "at" else text) == day.isoformat()


@given(day=DATES)
@settings(deadline=None)
def test_names_one_digit_parts_and_day_numbers_are_read_back(day: datetime.date) -> None:
    month, weekday = GERMAN.split()[day.month - 1], GERMAN_DAYS.split()[day.weekday()]
    serial = (day - datetime.date(1899, 12, 30)).days
    texts = [
        f"{day.month}/{day.day}/{day.year}",
        f"{day.month}-{day.day}-{day.year}",
        f"{day.year}-{day.month}-{day.day}",
        f"{day.day}. {month} {day.year}",
        f"{weekday}, {day.day}. {month} {day.year} 17.30 Uhr",
        f"{weekday[:2]} {day.day}. {month[:3]} {day.year}",
        f"{day:%B} {day.day}th, {day.year}",
        *([str(serial), f"{serial}.395833"] if 20_000 <= serial < 70_000 else []),
    ]
    parsed = read(texts, EARLIER)
    assert not parsed.missing.any()
    assert set(parsed.values.astype("datetime64[D]").astype(str)) == {day.isoformat()}


@given(
    day=st.dates(datetime.date(1970, 1, 1), datetime.date(2069, 12, 31)),
    form=st.sampled_from(["%m/%d/%y", "%d-%b-%y", "%d%b%y"]),
)
def test_years_of_two_digits_are_those_of_the_window(day: datetime.date, form: str) -> None:
    assert day_of(day.strftime(form)) == day.isoformat()
    moved = day_of(day.strftime(form), two_digit_years=(1900, 1999))
    expected = f"19{day.isoformat()[2:]}"
    fits = expected >= "1950" and (expected[5:] != "02-29" or expected[:4] != "1900")
    assert moved == (expected if fits else None)


def test_a_note_says_where_years_have_two_digits_and_no_row_is_listed() -> None:
    records = attendance(date=["10/08/25", "10/22/25", "11/30/25"])
    assert records.attendance["date"].dt.year.unique().tolist() == [2025]
    assert met(records) == []
    assert "3 rows of attendance.date have years of two digits, read as 1970 to 2069" in str(
        records.notes
    )


def test_numbers_of_seconds_are_dates_where_the_whole_column_is_so() -> None:
    records = attendance(date=["1759915800", "1760002200"])
    assert records.attendance["date"].astype(str).tolist() == ["2025-10-08", "2025-10-09"]
    assert records.attendance["start_time"].tolist() == [570.0, 570.0]
    assert met(records) == [(0, "date", "unix_time")]
    assert "2 rows of attendance.date are seconds since 1970" in str(records.notes)
    records = attendance(date=["1759915800000", "1760002200000"])
    assert records.attendance["date"].astype(str).tolist() == ["2025-10-08", "2025-10-09"]
    mixed = attendance(date=["1759915800", "2025-10-09", "45938"])
    assert met(mixed) == [(1, "date", "bad_date"), (3, "date", "excel_serial_date")]


def test_zones_of_a_whole_column_are_said_once() -> None:
    dates = pd.date_range("2025-10-08 09:30", periods=40).strftime("%Y-%m-%dT%H:%M:%SZ")
    records = attendance(date=dates.tolist())
    assert records.attendance["date"].dt.day.tolist()[:3] == [8, 9, 10]
    assert met(records) == [(0, "date", "time_zone")]
    assert records.problems["message"].tolist()[-1] == "40 rows"
    assert "40 rows of attendance.date have a time zone" in str(records.notes)
    quality = records.quality().query("table == 'attendance'").set_index("check")
    assert quality.loc["time_zone", "rows_failed"] == 40


def test_a_weekday_tells_day_from_month_and_one_that_contradicts_the_date_is_listed() -> None:
    records = attendance(date=["Wed 10/08/2025", "Fri 10/10/2025", "Tue 11/08/2025"])
    assert records.attendance["date"].astype(str).tolist() == [
        "2025-10-08",
        "2025-10-10",
        "2025-11-08",
    ]
    assert met(records) == [(3, "date", "wrong_weekday")]
    swapped = attendance(date=["Mi 08.10.2025", "Fr 10.10.2025"])
    assert swapped.attendance["date"].astype(str).tolist() == ["2025-10-08", "2025-10-10"]
    assert met(swapped) == []


def test_dates_with_dots_are_assumed_to_have_the_day_first() -> None:
    records = attendance(date=["05.11.2025", "07.11.2025"])
    assert records.attendance["date"].dt.month.tolist() == [11, 11]
    done = "kept: read as day first, as dates with dots are"
    assert records.problems["done"].tolist()[1:] == [done] * 2


# Years before 1990 and years that cannot be -------------------------------------------------------


def test_old_records_are_read_and_an_earlier_discharge_may_be_long_ago() -> None:
    old = pd.DataFrame({"episode_id": ["A", "B"], "admit_date": ["1979-03-01", "1981-05-01"]})
    checkins = pd.DataFrame({"episode_id": ["A"], "date": ["1979-03-08"], "status": ["missed"]})
    records = iop.read_records(episodes=old, checkins=checkins)
    assert records.episodes["admit_date"].dt.year.tolist() == [1979, 1981]
    assert records.problems.empty
    new = EPISODE.assign(prior_discharge_date="1988-06-01")
    rest = pd.DataFrame({"episode_id": ["E1"], "date": ["2025-10-08"], "status": ["missed"]})
    records = iop.read_records(episodes=new, checkins=rest)
    assert records.episodes["prior_discharge_date"].dt.year.tolist() == [1988]
    assert records.problems.empty


@pytest.mark.parametrize("text", ["1970-01-01", "1980-01-01", "1899-12-30", "1926-10-08"])
def test_a_date_decades_before_the_others_is_no_date_of_the_stay(text: str) -> None:
    records = attendance(date=["2025-10-08", "2025-10-09", text])
    assert met(records) == [(3, "date", "implausible_date")]


# A spreadsheet that swapped a part of the dates ---------------------------------------------------


def half_swapped(days: pd.DatetimeIndex) -> list[str]:
    """What a spreadsheet that expects month first makes of dates with the day first."""
    return [
        f"{day.year}-{day.day:02d}-{day.month:02d}" if day.day <= 12 else f"{day:%d/%m/%Y}"
        for day in days
    ]


def test_half_swapped_dates_are_listed_and_not_read() -> None:
    days = pd.date_range("2025-10-02", "2026-06-30", freq="5D")
    records = attendance(date=half_swapped(days))
    kept = records.attendance["date"]
    assert kept.tolist() == [day for day in days if day.day > 12]
    low = [number for number, day in enumerate(days, start=1) if day.day <= 12]
    assert [(line, "date", "half_swapped_date") for line in low] == [
        problem for problem in met(records) if problem[2] == "half_swapped_date"
    ]
    said = attendance(date=half_swapped(days))  # nor does an order that is given mend them
    assert len(said.attendance) == len(kept)


def test_real_dates_beside_texts_are_read_where_nothing_is_swapped() -> None:
    days = pd.date_range("2025-10-02", "2026-06-30", freq="5D")
    texts = [
        str(day.date()) if number % 2 else f"{day:%d/%m/%Y}" for number, day in enumerate(days)
    ]
    assert len(attendance(date=texts).attendance) == len(days)
    month = pd.date_range("2026-01-01", "2026-01-31")  # somebody changed their way on the 13th
    texts = [f"{day:%d/%m/%Y}" if day.day > 12 else str(day.date()) for day in month]
    assert attendance(date=texts).attendance["date"].tolist() == month.tolist()


# Times of day, and ranges of them -----------------------------------------------------------------

CLOCKS = [
    ("17.30", 1050),
    ("5:30 PM", 1050),
    ("5:30pm", 1050),
    ("5.30 p.m.", 1050),
    ("5 PM", 1020),
    ("1730", 1050),
    ("900", 540),
    ("17h30", 1050),
    ("17:30 Uhr", 1050),
    ("17:30:15", 1050),
    ("2025-10-08 17:30", 1050),
    ("10/08/2025 5:30 PM", 1050),
    ("0.75", 1080),
    ("12:00 AM", 0),
    ("9", None),
    ("ends at 9:00", None),
    ("13:00 PM", None),
    ("9:75", None),
]


@pytest.mark.parametrize(("text", "minutes"), CLOCKS, ids=[case[0] for case in CLOCKS])
def test_a_time_of_day_is_read_in_any_form(text: str, minutes: int | None) -> None:
    parsed = read([text], START_TIME)
    assert (None if parsed.missing[0] else parsed.values[0]) == minutes


def test_shares_of_a_day_are_told_from_hours_with_a_point_by_the_column() -> None:
    assert read(["0.375", "0.75"], START_TIME).values.tolist() == [540, 1080]
    assert read(["0.30", "17.30"], START_TIME).values.tolist() == [30, 1050]


RANGES = [
    ("9:00 AM - 12:00 PM", (540, 180)),
    ("9:00-12:00 PM", (540, 180)),
    ("1:00 - 2:30 PM", (780, 90)),
    ("12:30 - 2 PM", (750, 90)),
    ("9 AM - 12", (540, 180)),
    ("9 - 11 AM", (540, 120)),
    ("09:00 bis 12:00", (540, 180)),
    ("17.30 \u2013 20.30", (1050, 180)),
    ("0900-1200", (540, 180)),
    ("9:00 to 10:15", (540, 75)),
    ("10:30 PM - 12:30 AM", (1350, 120)),
    ("22:00 - 1:00", (1320, 180)),
    ("9:00 - 1:00", (540, None)),
    ("12:00 PM - 9:00 AM", (720, None)),
    ("9-12", None),
    ("2025-10-08", None),
    ("group A - 9:00", None),
]


@pytest.mark.parametrize(("text", "expected"), RANGES, ids=[case[0] for case in RANGES])
def test_a_range_of_times_has_a_start_and_a_length(text: str, expected: object) -> None:
    assert time_range(text) == expected


@given(start=st.integers(0, 1439), length=st.integers(1, 480), form=st.sampled_from("hH"))
def test_a_range_is_read_back_over_midnight_too(start: int, length: int, form: str) -> None:
    pattern = "%I:%M %p" if form == "h" else "%H:%M"
    begin = datetime.datetime(2026, 1, 1) + datetime.timedelta(minutes=start)
    end = begin + datetime.timedelta(minutes=length)
    assert time_range(f"{begin:{pattern}} - {end:{pattern}}") == (start, length)


@pytest.mark.parametrize("name", ["start_time", "time_range"])
def test_a_range_gives_the_start_and_the_length_that_is_not_stated(name: str) -> None:
    columns = {"date": "2025-10-08", "service": ["group", "skills", "family"]}
    ranges = ["9:00 AM - 12:00 PM", "1:00 PM - 2:00 PM", "4:00 PM - 3:00 PM"]
    records = attendance(**columns, **{name: ranges}, minutes_scheduled=["", "55", ""])
    assert records.attendance["start_time"].tolist() == [540, 780, 960]
    assert records.attendance["minutes_scheduled"].tolist()[:2] == [180, 55]
    assert np.isnan(records.attendance["minutes_scheduled"].tolist()[2])
    assert met(records) == [(3, name, "end_before_start")]
    assert "time_range" not in records.attendance
    assert "the length of 1 services is the time from their start to their end" in records.notes


def test_an_end_time_gives_the_length_and_a_range_in_the_date_both() -> None:
    records = attendance(
        date=["2025-10-08", "2025-10-09", "2025-10-10"],
        start_time=["9:00", "22:00", "9:00"],
        end_time=["12:00", "0:30", "8:00"],
    )
    assert records.attendance["minutes_scheduled"].tolist()[:2] == [180, 150]
    assert met(records) == [(3, "end_time", "end_before_start")]
    records = attendance(date=["10/08/2025 9:00 AM - 12:00 PM", "10/22/2025 5:30 PM - 8:30 PM"])
    assert records.attendance["start_time"].tolist() == [540, 1050]
    assert records.attendance["minutes_scheduled"].tolist() == [180, 180]
    assert met(records) == []


def test_a_range_longer_than_a_session_has_no_length() -> None:
    records = attendance(date=["2025-10-08"], time_range=["7:00 AM - 6:00 PM"])
    assert records.attendance["minutes_scheduled"].isna().all()
    assert met(records) == [(1, "time_range", "out_of_range")]


# No text raises ----------------------------------------------------------------------------------

PIECE = st.one_of(
    st.sampled_from(
        [*MONTHS, "mon", "di", "am", "PM", "T", "Z", "EST", "Uhr", "to", "P", "h", "m"]
    ),
    st.sampled_from(list("-/.:, '+()#%\u2013\u0663")),
    st.integers(0, 10**14).map(str),
    st.integers(0, 60).map(lambda number: f"{number:02d}"),
    st.text(max_size=3),
)
TEXT = st.lists(PIECE, max_size=7).map("".join)


@given(texts=st.lists(TEXT, min_size=1, max_size=16))  # a column costs the same with many
@settings(deadline=None, max_examples=30)
def test_no_text_in_any_kind_of_column_raises_an_error(texts: list[str]) -> None:
    for column in (EARLIER, START_TIME, LENGTH, USE_DAYS, USED, STATUS):
        parsed = read(texts, column)
        assert len(parsed.values) == len(parsed.missing) == len(coded(texts).words)


# Many at once -----------------------------------------------------------------------------------

SPLIT_DATES = [
    "2026-01-05",
    "1/5/26",
    "26-01-05",
    "05.01.2026",
    "2026-13-01",
    "99/99/2026",
    "1-2-3",
]
SPLIT_TIMES = [
    "T09:30:00Z",
    " 9:30 PM",
    " 09:30:15.123 +02:00",
    " 24:00",
    " 25:10",
    " 9:00 AM - 12:00 PM",
    " 09 30",
    "T",
    " at 10:00",
    "  10.30 Uhr",
    " America/New_York",
    " 10:00 America/New_York",
    " x",
    "",
    "\u00a010:00",
]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from(SPLIT_DATES), st.sampled_from(SPLIT_TIMES)).map("".join),
            st.sampled_from(["", "05JAN2026:09:30", "Mon 1/5/2026 09:30", "202601050930", "n/a"]),
        ),
        min_size=1,
        max_size=12,
        unique=True,
    )
)
def test_many_texts_are_read_as_each_by_itself(texts: list[str]) -> None:
    clean = [text.strip() for text in texts]
    together = date_texts(clean)
    for position, word in enumerate(clean):
        alone = DateReader().read(word)
        assert together.forms[position] == alone.form
        assert (together.days[position] == NO_DAY) == (alone.day is None or bool(alone.parts))
        if alone.day is not None and not alone.parts:
            assert together.days[position] == alone.day
        for many, one in (
            (together.minutes[position], alone.minutes),
            (together.lengths[position], alone.length),
        ):
            assert np.isnan(many) if one is None else many == one
        assert together.zones[position] == alone.zone
        assert together.two_digits[position] == alone.two_digits
        assert together.backwards[position] == alone.backwards
        assert together.weekdays.get(position) == alone.weekday
        assert (position in together.parts) == (alone.parts is not None)
        if alone.parts is not None:
            result = together.parts[position]
            assert (result.parts, result.dotted, result.hyphened, result.year_first) == (
                *(alone.parts, alone.dotted, alone.hyphened, alone.year_first),
            )


def test_a_start_that_is_missing_is_taken_from_the_range_and_one_that_is_there_is_not() -> None:
    records = attendance(
        date=["2025-10-08", "2025-10-09", "2025-10-10"],
        start_time=["9:00 AM", "", ""],
        time_range=["10:00 AM - 11:00 AM", "1:30 PM - 3:00 PM", ""],
    )
    starts = records.attendance["start_time"].tolist()
    assert starts[:2] == [540, 810]
    assert np.isnan(starts[2])
