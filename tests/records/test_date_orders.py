"""Day or month first: by dates that have one order only, file by file; the rest is reported."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.records.mapping import Mapping
from iop_outcomes.records.parsing.columns import type_columns
from iop_outcomes.records.parsing.date_orders import settle_orders
from iop_outcomes.records.parsing.parsed import NO_DAY
from iop_outcomes.records.schema import EPISODES
from iop_outcomes.records.sources.files import read_raw
from iop_outcomes.records.staging import Log, combine

CHECKINS = pd.DataFrame({"episode_id": ["x"], "date": ["2029-12-31"], "status": ["missed"]})


def read(*files: dict[str, list[str]], order: str = "") -> iop.Records:
    """Episodes from several files, each with date columns; E0, E1, ... over all of them."""
    frames, start = [], 0
    for file in files:
        size = len(next(iter(file.values())))
        identifiers = [f"E{number}" for number in range(start, start + size)]
        frames.append(pd.DataFrame({"episode_id": identifiers, **file}, dtype=object))
        start += size
    mapping = {"options": {"date_order": order}} if order else None
    return iop.read_records(episodes=frames, checkins=CHECKINS, mapping=mapping, as_of="2030-01-01")


def days(records: iop.Records, column: str = "admit_date") -> dict[str, str | None]:
    kept = records.episodes
    texts = kept[column].dt.strftime("%Y-%m-%d").astype(object).where(kept[column].notna(), None)
    return dict(zip(kept["episode_id"], texts, strict=True))


def met(records: iop.Records) -> list[tuple[int, str, str, str]]:
    table = records.problems[records.problems["table"] == "episodes"]
    columns = [table[name] for name in ("line", "column", "check", "done")]
    return [tuple(row) for row in zip(*columns, strict=True)]


@pytest.mark.parametrize("impossible", ["99/01/2026", "13/25/2026", "30/02/2026", "0/14/2026"])
def test_a_text_that_is_a_date_in_neither_order_shows_no_order(impossible: str) -> None:
    records = read({"admit_date": ["2/8/2026", impossible]})
    assert days(records) == {"E0": "2026-02-08"}
    assert met(records) == [
        (1, "admit_date", "assumed_date_order", "kept: read as month first"),
        (2, "admit_date", "bad_date", "set aside"),
    ]


@pytest.mark.parametrize(
    ("telling", "day"),
    [
        ("13/02/2026", "2026-08-02"),
        ("02/13/2026", "2026-02-08"),
        ("29/02/2028", "2026-08-02"),  # a leap day
        ("31.01.26 9:30 PM", "2026-08-02"),
    ],
)
def test_a_date_valid_in_one_order_decides_although_others_are_impossible(
    telling: str, day: str
) -> None:
    records = read({"admit_date": ["2/8/2026", telling, "99/01/2026", "13/25/2026"]})
    assert days(records)["E0"] == day
    assert "assumed_date_order" not in [check for _, _, check, _ in met(records)]


def test_an_order_is_not_carried_from_one_file_to_the_next() -> None:
    records = read(
        {"admit_date": ["13/02/2026", "02/08/2026"]},
        {"admit_date": ["02/13/2026", "02/08/2026"]},
        {"admit_date": ["02/08/2026"]},
    )
    assert days(records) == {
        "E0": "2026-02-13",
        "E1": "2026-08-02",
        "E2": "2026-02-13",
        "E3": "2026-02-08",
        "E4": "2026-02-08",
    }
    assert met(records) == [
        (1, "admit_date", "assumed_date_order", "kept: read as month first"),
    ]
    looked_at = records.quality().set_index(["check", "table", "column"]).sort_index()
    assert looked_at.loc[("assumed_date_order", "episodes", "admit_date"), "rows_failed"] == 1


def test_rows_in_files_of_two_orders_are_compared_by_their_day_not_their_text() -> None:
    checkins = [
        pd.DataFrame({"episode_id": "E0", "date": [telling, "02/08/2026"], "status": "missed"})
        for telling in ("13/02/2026", "02/13/2026")
    ]
    episodes = pd.DataFrame({"episode_id": ["E0"], "admit_date": ["2026-01-01"]})
    records = iop.read_records(episodes=episodes, checkins=checkins, as_of="2030-01-01")
    read_as = records.checkins["date"].dt.strftime("%m-%d").tolist()
    assert read_as == ["02-08", "02-13", "08-02"]  # 13 February in both files: one row
    same = [checkins[0], checkins[0]]  # an overlap of two exports is still one
    records = iop.read_records(episodes=episodes, checkins=same, as_of="2030-01-01")
    assert records.checkins["date"].dt.strftime("%m-%d").tolist() == ["02-13", "08-02"]


def test_a_column_that_shows_no_order_takes_that_of_its_file_and_lists_it() -> None:
    records = read(
        {"admit_date": ["13/02/2026", "01/02/2026"], "discharge_date": ["", "02/03/2026"]}
    )
    assert days(records, "discharge_date")["E1"] == "2026-03-02"
    assert [row for row in met(records) if row[2] == "assumed_date_order"] == [
        (2, "discharge_date", "assumed_date_order", "kept: read as day first, as the file's others")
    ]


def test_a_stray_date_in_a_column_of_another_form_is_left_open() -> None:
    dates = {"admit_date": ["2026-01-05", "2026-01-06", "02/03/2026"]}
    records = read({**dates, "discharge_date": ["13/02/2026", "14/02/2026", "15/03/2026"]})
    assert days(records) == {"E0": "2026-01-05", "E1": "2026-01-06"}
    assert met(records) == [(3, "admit_date", "ambiguous_date", "set aside")]


def test_dates_of_both_orders_in_a_file_leave_the_others_open() -> None:
    records = read({"admit_date": ["13/02/2026", "02/13/2026", "02/08/2026"]})
    assert days(records) == {"E0": "2026-02-13", "E1": "2026-02-13"}
    assert [row[2] for row in met(records)] == ["ambiguous_date"]


def test_date_order_in_the_mapping_decides_for_every_file() -> None:
    files = ({"admit_date": ["02/08/2026"]}, {"admit_date": ["02/13/2026", "03/08/2026"]})
    records = read(*files, order="day_first")
    assert days(records) == {"E0": "2026-08-02", "E2": "2026-08-03"}
    assert met(records) == [(1, "admit_date", "bad_date", "set aside")]


# The year first -----------------------------------------------------------------------------------

WEEK = [f"26-01-{day:02}" for day in range(5, 10)]  # of 2026, or days of 2005 to 2009


@pytest.mark.parametrize(
    ("texts", "first", "checks"),
    [
        (WEEK, "2026-01-05", set()),
        ([*WEEK, "25-12-30"], "2026-01-05", set()),
        (["99-01-05", "99-01-06"], "1999-01-05", set()),  # no month has 99 days
        (["26-01-05 09:30", *WEEK], "2026-01-05", set()),
        (["05-01-26", "13-01-26", "14-02-26"], "2026-01-05", set()),  # as before
        ([f"{day}-01-26" for day in range(13, 20)], "2026-01-13", set()),
        (["05-01-26", "05-14-26"], "2026-05-01", set()),
        (["26-01-05"], None, {"ambiguous_date"}),
        (["26-01-05", "25-01-06"], None, {"ambiguous_date"}),
        (["26/01/05"], None, {"ambiguous_date"}),
        ([text.replace("-", "/") for text in WEEK], "2026-01-05", set()),
        (["99/01/05", "99/01/06"], "1999-01-05", set()),
        (["26/01/26"], "2026-01-26", set()),  # one day either way
        (["26/01/05", "3/2/05"], "2005-01-26", set()),  # no year has one digit
        ([f"{day}/01/26" for day in range(13, 20)], "2026-01-13", set()),
        (["06/01/22", "06/05/23", "06/09/24", "06/11/25"], "2022-06-01", {"assumed_date_order"}),
        (["26.01.05"], "2005-01-26", set()),  # with dots the day stands first
    ],
)
def test_the_part_of_few_values_is_the_year(
    texts: list[str], first: str | None, checks: set[str]
) -> None:
    records = read({"admit_date": [*texts, "2026-03-01"]})
    assert days(records).get("E0") == first
    assert {check for _, _, check, _ in met(records)} - {"mixed_date_format"} == checks


def test_a_year_in_front_says_nothing_of_day_and_month_in_other_texts() -> None:
    records = read({"admit_date": [*WEEK, "02/08/2026", "02/13/2026"]})
    assert days(records)["E5"] == "2026-02-08"
    assert days(records)["E0"] == "2026-01-05"


def test_the_mapping_says_what_two_digits_in_front_are() -> None:
    one = {"admit_date": ["26-01-05", "02/08/2026", "02/13/2026"]}
    assert days(read(one, order="year_first")) == {
        "E0": "2026-01-05",
        "E1": "2026-02-08",
        "E2": "2026-02-13",
    }
    assert days(read({"admit_date": WEEK}, order="day_first"))["E0"] == "2005-01-26"


# Beside a plain slow version --------------------------------------------------------------------


def valid(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def both_ways(text: str) -> tuple[datetime.date | None, datetime.date | None]:
    """A date as month first and as day first."""
    first, second, year = map(int, text.split("/"))
    return valid(year, first, second), valid(year, second, first)


def written(text: str) -> str:
    return "parts" if "/" in text else "iso" if text else ""


def in_parts(texts: list[str]) -> bool:
    """Whether most dates are written so; of two forms that are as common, neither."""
    counts = Counter(written(text) for text in texts if text)
    return counts["parts"] > counts["iso"]


def told_by(texts: list[str]) -> set[str]:
    """The orders that the dates of one column in one file show."""
    orders = set()
    for text in texts:
        if written(text) == "parts":
            month_first, day_first = both_ways(text)
            if month_first and not day_first:
                orders.add("month")
            if day_first and not month_first:
                orders.add("day")
    return orders


def slow(file: dict[str, list[str]], name: str) -> list[tuple[datetime.date | None, str]]:
    """Each date of a column as a reader with time would settle it, and what they would say."""
    texts = file[name]
    own = told_by(texts)
    others = set().union(
        *(told_by(file[other]) for other in file if other != name and in_parts(file[other]))
    )
    result = []
    for text in texts:
        if written(text) != "parts":
            result.append((datetime.date.fromisoformat(text) if text else None, ""))
            continue
        month_first, day_first = both_ways(text)
        if not (month_first and day_first):
            day = month_first or day_first
            result.append((day, "" if day else "bad_date"))
        elif month_first == day_first:
            result.append((month_first, ""))
        elif len(own) == 1:
            result.append((day_first if own == {"day"} else month_first, ""))
        elif len(own) == 2 or len(others) == 2 or not in_parts(texts):
            result.append((None, "ambiguous_date"))
        else:
            day = day_first if others == {"day"} else month_first
            result.append((day, "assumed_date_order"))
    return result


NUMBER = st.sampled_from([1, 2, 2, 3, 8, 12, 13, 25, 30, 31, 99])
PARTS = st.builds("{}/{}/202{}".format, NUMBER, NUMBER, st.integers(0, 8))
ISO = st.dates(datetime.date(2020, 1, 1), datetime.date(2028, 12, 31)).map(str)
TEXT = st.one_of(PARTS, PARTS, PARTS, ISO, st.just(""))


@st.composite
def files(draw: Any) -> list[dict[str, list[str]]]:
    result = []
    for _ in range(draw(st.integers(1, 3))):
        size = draw(st.integers(1, 4))
        column = st.lists(TEXT, min_size=size, max_size=size)
        result.append({"admit_date": draw(column), "prior_discharge_date": draw(column)})
    return result


@given(given_in=files())
@settings(deadline=None)
def test_the_order_is_that_of_the_plain_slow_version(given_in: list[dict[str, list[str]]]) -> None:
    frames = [pd.DataFrame({"episode_id": "E", **file}, dtype=object) for file in given_in]
    log = Log()
    draft = combine(EPISODES, [read_raw(each) for each in frames], Mapping(), "calendar")
    settle_orders(draft, Mapping())
    type_columns(draft, Mapping(), log)
    listed = pd.concat([pd.DataFrame(columns=["column", "check"]), *log.batches])
    checks = ("bad_date", "ambiguous_date", "assumed_date_order")
    for name in ("admit_date", "prior_discharge_date"):
        settled = [each for file in given_in for each in slow(file, name)]
        expected = [None if day is None else str(day) for day, _ in settled]
        result = draft.values[name].astype("datetime64[D]").astype(str)
        missing = draft.values[name] == NO_DAY
        assert [
            None if gone else day for day, gone in zip(result, missing, strict=True)
        ] == expected
        met_here = listed.loc[listed["column"].eq(name) & listed["check"].isin(checks), "check"]
        assert Counter(met_here) == Counter(check for _, check in settled if check)


@pytest.mark.parametrize(
    ("texts", "first"),
    [
        (["23-05-01", "23-05-02", "24-05-03", "24-05-04"], "2023-05-01"),
        (["23-05-01", "24-05-02", "25-05-03", "25-05-04"], None),  # nothing shows the year
    ],
)
def test_a_last_part_with_twice_as_many_values_as_the_first_is_the_day(
    texts: list[str], first: str | None
) -> None:
    assert days(read({"admit_date": texts})).get("E0") == first
