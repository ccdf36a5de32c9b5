"""Lengths, numbers, flags and missing texts as exports write them: read, said, or listed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.records.parsing.durations import duration

EPISODE = pd.DataFrame(
    {"episode_id": ["E1"], "admit_date": ["2025-10-01"], "discharge_date": ["2025-12-31"]}
)


def read(table: str, mapping: Any = None, **columns: Any) -> iop.Records:
    size = len(next(iter(columns.values())))
    days = pd.date_range("2025-10-08", periods=size).strftime("%Y-%m-%d")
    status = "attended" if table == "attendance" else "completed"
    rows = {"episode_id": "E1", "date": days, "status": status, **columns}
    tables: dict[str, Any] = {table: pd.DataFrame(rows, dtype=object)}
    return iop.read_records(episodes=EPISODE, **tables, mapping=mapping, as_of="2025-12-31")


def met(records: iop.Records) -> list[tuple[int, str, str]]:
    table = records.problems.query("table != 'episodes'")
    return list(zip(table["line"], table["column"], table["check"], strict=True))


def lengths(*texts: str, unit: str = "") -> iop.Records:
    mapping = {"attendance": {"units": {"minutes_scheduled": unit}}} if unit else None
    return read("attendance", mapping, minutes_scheduled=list(texts))


DURATIONS = {
    "180 Minutes": 180,
    "3h 0m": 180,
    "3h": 180,
    "3:00": 180,
    "03:00:00": 180,
    "0 days 03:00:00": 180,
    "1899-12-30 03:00:00": 180,
    "3 hrs": 180,
    "3 Std.": 180,
    "1.5 h": 90,
    "1,5 Stunden": 90,
    "1 hour, 30 minutes": 90,
    "2h30": 150,
    "PT3H": 180,
    "PT1H30M": 90,
    "45'": 45,
    "5400 s": 90,
    "three hours": None,
    "3h 3h": None,
    "30m 1h": None,
    "3:75": None,
    "P": None,
}


@pytest.mark.parametrize("text", DURATIONS)
def test_a_length_with_its_own_unit_is_read_by_it(text: str) -> None:
    assert duration(text) == DURATIONS[text]
    records = lengths("180", text, unit="minutes")
    read_as = records.attendance["minutes_scheduled"].tolist()
    expected = DURATIONS[text]
    assert read_as[0] == 180
    assert read_as[1] == expected if expected is not None else np.isnan(read_as[1])
    assert met(records) == (
        [] if expected is not None else [(2, "minutes_scheduled", "bad_number")]
    )


@given(minutes=st.integers(0, 480))
def test_a_length_is_read_back_as_itself(minutes: int) -> None:
    hours, rest = divmod(minutes, 60)
    for text in (
        f"{hours}:{rest:02d}",
        f"{hours}h {rest}m",
        f"PT{hours}H{rest}M",
        f"{minutes} min",
    ):
        assert duration(text) == minutes


def test_plain_numbers_are_in_the_unit_of_the_mapping() -> None:
    for unit, texts in {
        "hours": ("3", "1.5", "90 min"),
        "seconds": ("10800", "5400", "90 min"),
        "days": ("0.125", "0.0625", "1:30"),
    }.items():
        records = lengths(*texts, unit=unit)
        assert records.attendance["minutes_scheduled"].tolist() == [180, 90, 90]
        assert met(records) == []
    assert "1 row of attendance.minutes_scheduled is written with their unit" in str(records.notes)


def test_a_median_that_is_no_session_proposes_the_unit() -> None:
    for texts, unit in (("3", "hours"), ("0.125", "days"), ("10800", "seconds")):
        records = lengths(*[texts] * 3)
        problem = records.problems[records.problems["check"] == "unit_of_length"].iloc[0]
        assert (problem["line"], problem["column"]) == (0, "minutes_scheduled")
        assert f'[attendance.units] minutes_scheduled = "{unit}"' in problem["done"]
        quality = records.quality().query("column == 'minutes_scheduled'").set_index("check")
        assert quality.loc["unit_of_length", "status"] == "failed"
        assert "its unit may be another" in str(records.notes)
    assert met(lengths("15", "15", "15")) == []
    assert met(lengths("3", "180", "180")) == []


def test_a_comma_is_read_as_the_others_of_the_column_are() -> None:
    hours = lengths("3,00", "1,5", "0,125", unit="hours")
    assert hours.attendance["minutes_scheduled"].tolist() == [180, 90, 7.5]
    assert "3 rows of attendance.minutes_scheduled have a decimal comma" in str(hours.notes)
    scores = read("checkins", quality_of_life=["1.234,5", "6,5", "1.234", "1,250"])
    assert scores.checkins["quality_of_life"].isna().tolist() == [False, False, False, True]
    assert scores.checkins["quality_of_life"].tolist()[:3] == [1234.5, 6.5, 1234]
    scores = read("checkins", quality_of_life=["1,234.5", "6.5", "1,234"])
    assert scores.checkins["quality_of_life"].tolist() == [1234.5, 6.5, 1234]
    open_ones = read("checkins", quality_of_life=["1,234", "6"])
    assert met(open_ones) == [(1, "quality_of_life", "bad_number")]


def test_numbers_with_their_own_unit_are_read_and_said_and_others_listed() -> None:
    records = read("checkins", use_days=["0 days", "7 Tage", "1 day", "2 weeks"])
    assert records.checkins["use_days"].tolist()[:3] == [0, 7, 1]
    assert met(records) == [(4, "use_days", "bad_number")]
    assert (
        "3 rows of checkins.use_days are written with their unit, and read by it" in records.notes
    )
    records = read("checkins", craving=["6/10", "6 of 10", "6/20"])
    assert records.checkins["craving"].tolist()[:2] == [6, 6]
    assert met(records) == [(3, "craving", "bad_number")]


def test_flags_are_read_in_words_that_mean_one_thing() -> None:
    yes = ["Y", "yes", "TRUE", "1", "ja", "J", "oui", "s\u00ed", "Checked"]
    no = ["N", "no", "FALSE", "0", "nein", "non", "Unchecked"]
    records = read("checkins", used=[*yes, *no, "si", "x", "maybe"])
    assert records.checkins["used"].tolist()[:16] == [True] * 9 + [False] * 7
    assert [problem[0] for problem in met(records)] == [17, 18, 19]


# What means missing ------------------------------------------------------------------------------


def test_texts_of_the_mapping_mean_missing_in_every_column() -> None:
    mapping = {"options": {"missing": ["-9", "refused"]}}
    records = read("checkins", mapping, craving=["-9", "6"], used=["no", "Refused"], x=["-9", "1"])
    assert records.checkins["craving"].isna().tolist() == [True, False]
    assert records.checkins["used"].isna().tolist() == [False, True]
    assert records.checkins["x"].isna().tolist() == [True, False]
    assert met(records) == []


def test_errors_of_programs_are_listed_once_where_they_are_many() -> None:
    records = read("checkins", craving=["Invalid DateTime"] * 11 + ["#N/A", "4"])
    assert records.checkins["craving"].notna().sum() == 1
    assert met(records) == [(0, "craving", "error_word"), (12, "craving", "error_word")]
    assert records.problems["message"].tolist()[-2] == "11 rows"
    quality = records.quality().query("column == 'craving'").set_index("check")
    assert quality.loc["error_word", "rows_failed"] == 12


@pytest.mark.parametrize("word", ["gone", "", "n/a", "#REF!"])
def test_a_row_whose_required_word_is_missing_is_set_aside_and_listed(word: str) -> None:
    mapping = {
        "attendance": {"words": {"status": {"gone": ""}}},
        "checkins": {"words": {"status": {"gone": ""}}},
    }
    for table, other in (("attendance", "attended"), ("checkins", "completed")):
        records = read(table, mapping, status=[other, word])
        assert len(getattr(records, table)) == 1
        assert (2, "status", "missing_required") in met(records)
        source = records.sources.set_index("table").loc[table]
        assert source[["rows_read", "rows_kept", "rows_set_aside"]].tolist() == [2, 1, 1]
