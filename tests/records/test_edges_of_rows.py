"""Words for missing, zones, keys and orders on either side of each limit, in whole records."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.records.mapping.plan import Grid
from iop_outcomes.records.shaping.grid_headings import dates_of, read_heading

EPISODES = pd.DataFrame({"episode_id": ["E1"], "admit_date": ["2026-01-01"]})


def checkins(**columns: list[Any]) -> iop.Records:
    size = max(map(len, columns.values()))
    rows = {
        "episode_id": ["E1"] * size,
        "date": [f"2026-01-{place + 2:02d}" for place in range(size)],
        "status": ["completed"] * size,
        **columns,
    }
    return iop.read_records(episodes=EPISODES, checkins=pd.DataFrame(rows), as_of="2026-02-28")


def listed(records: iop.Records) -> list[tuple[int, str]]:
    problems = records.problems
    return list(zip(problems["line"].tolist(), problems["check"].tolist(), strict=True))


MISSING, WORD, BAD = "missing_word", "unknown_word", "bad_number"


@pytest.mark.parametrize(
    ("text", "name", "word", "number", "date"),
    [
        ("n/a", MISSING, MISSING, MISSING, MISSING),
        ("NULL", MISSING, MISSING, MISSING, MISSING),
        ("?", MISSING, MISSING, MISSING, MISSING),
        ("unknown", "", MISSING, MISSING, MISSING),
        ("None", "", MISSING, MISSING, MISSING),
        ("-", "", MISSING, MISSING, MISSING),
        ("nat", "", MISSING, MISSING, MISSING),
        ("not available", "", WORD, MISSING, "bad_date"),
        ("(blank)", "", WORD, MISSING, "bad_date"),
        ("...", "", WORD, MISSING, "bad_date"),
        ("not availables", "", WORD, BAD, "bad_date"),
        ("nothing", "", WORD, BAD, "bad_date"),
    ],
)
def test_a_word_means_missing_by_the_kind_of_its_column(
    text: str, name: str, word: str, number: str, date: str
) -> None:
    others = ["alcohol", text]
    assert listed(checkins(substance=others)) == ([(2, name)] if name else [])
    assert listed(checkins(drug_test=["negative", text])) == [(2, word)]
    assert listed(checkins(craving=["3", text])) == [(2, number)]
    episodes = pd.DataFrame(
        {
            "episode_id": ["E1", "E2"],
            "admit_date": ["2026-01-01"] * 2,
            "prior_discharge_date": ["2025-12-30", text],
        }
    )
    one = pd.DataFrame({"episode_id": ["E1"], "date": ["2026-01-05"], "status": ["missed"]})
    records = iop.read_records(episodes=episodes, checkins=one, as_of="2026-02-28")
    assert listed(records) == [(2, date)]


@pytest.mark.parametrize("text", ["", "n/a", "unknown", "-", "#N/A", "soon"])
def test_a_word_for_missing_among_seconds_costs_its_own_row_only(text: str) -> None:
    records = checkins(date=["1767571200", "1767657600", text])
    days = records.checkins["date"].dt.strftime("%Y-%m-%d").tolist()
    assert days == ([] if text == "soon" else ["2026-01-05", "2026-01-06"])
    assert ("unix_time" in records.problems["check"].tolist()) == (text != "soon")


@pytest.mark.parametrize(("zones", "once"), [(1, False), (2, True), (3, True)])
def test_zones_are_listed_once_where_more_than_half_have_one(zones: int, once: bool) -> None:
    dates = [f"2026-01-1{place}T09:00:00{'Z' if place < zones else ''}" for place in range(3)]
    lines = [line for line, check in listed(checkins(date=dates)) if check == "time_zone"]
    assert lines == ([0] if once else list(range(1, zones + 1)))
    half = checkins(date=[dates[0], "2026-01-11T09:00:00"])
    assert listed(half) == [(1, "time_zone")]


@pytest.mark.parametrize(("sessions", "folded"), [(9, False), (10, True)])
def test_a_number_of_rows_is_a_key_from_10_values_on(sessions: int, folded: bool) -> None:
    rows = {
        "episode_id": ["E1"] * sessions,
        "date": [f"2026-01-{place // 2 + 5:02d}" for place in range(sessions)],
        "status": ["attended"] * sessions,
        "visit_no": [f"V{place}" for place in range(sessions)],
    }
    table = pd.DataFrame(rows)
    twice = pd.concat([table, table.tail(1)])
    records = iop.read_records(episodes=EPISODES, attendance=twice, as_of="2026-02-28")
    check = "exact_duplicate" if folded else "possible_repeat"
    assert listed(records) == [(sessions + 1, check)]
    assert len(records.attendance) == sessions + (not folded)
    assert records.sources["rows_folded"].tolist() == [0, int(folded)]


@pytest.mark.parametrize(
    ("headings", "months"),
    [
        (["31/12", "30/12"], [12, 12]),
        (["12/31", "12/30"], [12, 12]),
        (["1/12", "13/12"], [12, 12]),
        (["12/1", "12/13"], [12, 12]),
        (["13/1", "14/1"], [1, 1]),
    ],
)
def test_a_number_above_12_shows_the_order_of_a_grid(
    headings: list[str], months: list[int]
) -> None:
    read = [one for text in headings if (one := read_heading(text, bare=True)) is not None]
    dates = dates_of(read, Grid(year=2026), "", file="f.csv", sheet="")
    assert [date.month for date in dates] == months


def test_the_month_of_a_sheet_shows_the_order_of_a_grid() -> None:
    read = [one for text in ("3/5", "3/6") if (one := read_heading(text, bare=True)) is not None]
    dates = dates_of(read, Grid(year="sheet"), "", file="f.xlsx", sheet="March 2026")
    assert [(date.month, date.day) for date in dates] == [(3, 5), (3, 6)]
    day_first = [one for text in ("5/3", "6/3") if (one := read_heading(text, bare=True))]
    dates = dates_of(day_first, Grid(year="sheet"), "", file="f.xlsx", sheet="March 2026")
    assert [(date.month, date.day) for date in dates] == [(3, 5), (3, 6)]
