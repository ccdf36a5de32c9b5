"""Every key of a mapping: read as it is meant, and each mistake answered by a sentence."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.mapping import (
    Database,
    Grid,
    Join,
    Link,
    Lists,
    Mapping,
    SourcePlan,
    read_mapping,
)
from iop_outcomes.records.mapping.condition import read_condition
from iop_outcomes.records.sources.coded import Raw, coded

WHOLE = """
[options]
date_order = "day_first"
missing = [".", -9]
two_digit_years = "1930-2029"

[[attendance.from]]
file = "Group_*.csv"
sheets = ["Attendance", "* 2026"]
header_row = 5
header_rows = 2
fill_down = "Client"
date_order = "month_first"
columns = { "Their name" = "our_name" }
where = { Event = "weekly" }
drop_rows = [{ Client = { starts_with = "Total" } }]
join = [{ where = { Event = "discharge" }, by = "record_id", columns = ["discharge_dt"] }]
grid = { year = "sheet", blank = "unrecorded" }
constants = { service = "group", minutes_scheduled = 180 }
only = ["Client", "Event"]

[[attendance.from]]
file = ["log.csv"]
lists = { separator = ";", id = "episode_id", status = { "Attendees" = "attended", Absent = "A" } }

[attendance.words.status]
A = "no_show"

[attendance.constants]
modality = "telehealth"

[attendance.combine]
status = ["Status", "Canceled by"]

[attendance.units]
minutes_scheduled = "hours"

[attendance.link]
by = "person_and_date"
person = "name"

[episodes.ticked]
entry_path = { referral___1 = "direct", referral___2 = "step_down" }

[checkins]
expected_every = "2 weeks"

[ids]
episode_id = ["ignore_case", "strip_leading_zeros"]
person_id = "strip_point_zero"

[database]
url_variable = "IOP_DATABASE_URL"
[database.queries]
episodes = "select * from e"
"""


def test_every_key_is_read() -> None:
    mapping = read_mapping(tomllib.loads(WHOLE))
    assert mapping.missing == (".", "-9")
    assert mapping.two_digit_years == (1930, 2029)
    first, second = mapping.sources["attendance"]
    assert (first.files, first.sheets) == (("Group_*.csv",), ("Attendance", "* 2026"))
    assert (first.header_row, first.header_rows, first.fill_down) == (5, 2, ("Client",))
    assert (first.date_order, first.columns) == ("month_first", {"their_name": "our_name"})
    assert first.grid == Grid("date", "status", "sheet", "unrecorded")
    assert first.constants == {"service": "group", "minutes_scheduled": "180"}
    assert first.only == ("Client", "Event")
    (join,) = first.join
    assert isinstance(join, Join)
    assert (join.by, join.columns, join.file) == (("record_id",), ("discharge_dt",), "")
    assert second.lists == Lists(
        (";",), "episode_id", "status", {"attendees": "attended", "absent": "A"}
    )
    assert mapping.constants["attendance"] == {"modality": "telehealth"}
    assert mapping.combine["attendance"] == {"status": ("Status", "Canceled by")}
    assert mapping.units["attendance"] == {"minutes_scheduled": "hours"}
    assert mapping.link("attendance") == Link("person_and_date", "name")
    assert mapping.link("checkins") == Link()
    assert mapping.ticked["episodes"] == {
        "entry_path": {"referral___1": "direct", "referral___2": "step_down"}
    }
    assert mapping.expected_every == 14
    assert mapping.ids == {
        "episode_id": ("ignore_case", "strip_leading_zeros"),
        "person_id": ("strip_point_zero",),
    }
    assert mapping.database == Database("IOP_DATABASE_URL", {"episodes": "select * from e"})


def test_empty_sections_of_a_mapping_have_no_effect() -> None:
    assert read_mapping({}) == read_mapping({"attendance": {}})
    assert read_mapping({}).sources == Mapping().sources == {}
    assert read_mapping({"episodes": {"from": {}}}).sources == {"episodes": (SourcePlan(),)}


def source(**keys: Any) -> dict[str, Any]:
    return {"attendance": {"from": [keys]}}


MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    ({"options": {"missing": "."}}, "option missing", r'list of texts, such as [".", "-9"]'),
    ({"options": {"missing": [" "]}}, "option missing", "list of texts"),
    ({"options": {"two_digit_years": "1970-2070"}}, "two_digit_years", '"1970-2069"'),
    (source(files="a.csv"), "[[attendance.from]] has an entry that is not known: 'files'", "file"),
    ({"attendance": {"from": "a.csv"}}, "[[attendance.from]] is not a section", "lines below it"),
    (source(file=""), "file does not say which files", 'file = "Group_*.csv"'),
    (source(sheets=[]), "sheets is neither", 'sheets = ["Attendance"]'),
    (source(header_row=0), "header_row is not a whole number from 1", ""),
    (source(header_rows=9), "header_rows is not a whole number from 1 to 5", ""),
    (source(fill_down=3), "fill_down is neither a text nor", 'fill_down = ["Client"]'),
    (source(date_order="dmy"), "date_order has an unknown value", "month_first, day_first"),
    (source(columns={"a": 1}), "[attendance.from.columns] has an entry", "our name"),
    (source(where="weekly"), "where is not a condition", 'column = "value"'),
    (source(where={}), "where is not a condition", 'column = "value"'),
    (source(where={"a": {"begins": "x"}}), "where: 'a' has an unknown test", "starts_with"),
    (source(where={"a": True}), "where: 'a' is compared with", 'column = "value"'),
    (source(where={"a": {"matches": "("}}), "matches is not a regular expression", "'^Total'"),
    (source(where={"a": {"empty": "yes"}}), "empty is neither true nor false", "empty = true"),
    (source(where={"a": {"contains": 1}}), "contains is not text", "contains ="),
    (source(drop_rows=[{"a": {"not": {}}}]), "drop_rows: 'a' has an unknown test", "starts_with"),
    (source(join="other.csv"), "join is not a list of joins", "by = "),
    (source(join=[{"by": "id", "file": "b.csv"}]), "join does not say columns", "columns ="),
    (source(join=[{"by": "id", "columns": "b"}]), "which other rows", "file ="),
    (source(grid={"year": "1x"}), "grid year is neither", "year = 2026"),
    (
        source(grid={"blank": "maybe"}),
        "grid blank gives attendance.status an unknown word",
        "unrecorded",
    ),
    (source(grid={"blank": "no_row", "cells": 1}), "grid has an entry", "headings"),
    (source(grid={}, lists={}), "both grid and lists", "one of them"),
    (source(lists={"separator": ";"}), "which columns hold lists", "Attendees"),
    (
        source(lists={"status": {"A": "here"}}),
        "gives attendance.status an unknown word",
        "attended",
    ),
    (
        source(lists={"separator": "", "status": {"A": "attended"}}),
        "no separator",
        'separator = ";',
    ),
    (source(constants={"service": "groups"}), "gives attendance.service an unknown word", "group,"),
    (source(constants={"service": ["group"]}), "cannot be the value of a cell", "a text"),
    ({"attendance": {"constants": {"modality": "zoom"}}}, "attendance.constants", "telehealth"),
    ({"attendance": {"combine": {"status": "Status"}}}, "fewer than two columns", "Canceled by"),
    ({"episodes": {"ticked": {"entry_path": {}}}}, "names no checkbox columns", "our word"),
    ({"episodes": {"ticked": {"entry_path": {"a": "b"}}}}, "episodes.entry_path", "direct"),
    ({"attendance": {"units": {"status": "hours"}}}, "no unit of time", "minutes_scheduled"),
    ({"attendance": {"units": {"minutes_scheduled": "h"}}}, "units", "minutes, hours"),
    ({"attendance": {"link": {"by": "name"}}}, "link] by", "person_and_date"),
    ({"attendance": {"link": {"person": "name"}}}, "links by episode_id", "person_and_date"),
    ({"episodes": {"link": {}}}, "[episodes] has an entry that is not known: link", "columns"),
    ({"attendance": {"expected_every": 7}}, "not known: expected_every", "columns"),
    ({"checkins": {"expected_every": "monthly"}}, "number of days from 1 to 366", '"7 days"'),
    ({"checkins": {"expected_every": True}}, "number of days from 1 to 366", '"7 days"'),
    ({"ids": {"id": ["ignore_case"]}}, "[ids] has an entry", "episode_id"),
    ({"ids": {"person_id": ["trim"]}}, "an unknown rule", "strip_leading_zeros"),
    ({"database": {"url": "x"}}, "[database] has an entry", "url_variable"),
    (
        {"database": {"url_variable": "a://u:secret@h"}},
        "not the name of an environment",
        "put the URL",
    ),
    ({"database": {"url_variable": "URL"}}, "has no queries", "select"),
    ({"database": {"queries": {"episodes": " "}}}, "no query for episodes", "select"),
    (
        {"files": {"attendance": "a.csv"}, "attendance": {"from": [{"file": "b.csv"}]}},
        "names the files of attendance twice",
        "Remove one",
    ),
]


@pytest.mark.parametrize(("data", "wrong", "instead"), MISTAKES)
def test_a_mistake_is_answered_by_what_to_write(
    data: dict[str, Any], wrong: str, instead: str
) -> None:
    with pytest.raises(RecordsError) as caught:
        read_mapping(data)
    assert wrong in caught.value.wrong
    assert instead in str(caught.value)
    assert "secret" not in str(caught.value)


def raw_of(**columns: list[str]) -> Raw:
    size = len(next(iter(columns.values())))
    lines = np.arange(2, size + 2, dtype=np.int32)
    return Raw("a.csv", {name: coded(texts) for name, texts in columns.items()}, lines)


CLIENTS = ["INV-1", "Total", " total P", "", "P = present", "2.0"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("total", [1]),
        (["TOTAL", "inv 1"], [0, 1]),
        (2, [5]),
        ("", [3]),
        ({"starts_with": "Total"}, [1, 2]),
        ({"starts_with": ["P =", "inv"]}, [0, 4]),
        ({"contains": "-"}, [0]),
        ({"contains": "pres"}, [4]),
        ({"matches": r"^INV-\d+$"}, [0]),
        ({"empty": True}, [3]),
        ({"empty": False, "not": {"starts_with": "total"}}, [0, 4, 5]),
        ({"not": ["Total", 2]}, [0, 2, 3, 4]),
        ({"is": "Total"}, [1]),
    ],
)
def test_a_condition_chooses_rows(wanted: Any, expected: list[int]) -> None:
    rows = read_condition("where", {"client": wanted}).rows(raw_of(Client=CLIENTS))
    assert np.flatnonzero(rows).tolist() == expected


def test_all_columns_of_a_case_must_hold_and_one_of_the_cases() -> None:
    raw = raw_of(A=["x", "x", "y"], B=["1", "2", "1"])
    assert read_condition("where", {"A": "x", "B": 1}).rows(raw).tolist() == [True, False, False]
    either = read_condition("where", [{"A": "y"}, {"B": 2}])
    assert either.rows(raw).tolist() == [False, True, True]


@settings(deadline=None, max_examples=20)
@given(
    texts=st.lists(st.sampled_from(["a", "A ", "a-b", "", "1", "1.0", "Total 3"]), max_size=12),
    wanted=st.sampled_from(
        ["a", 1, ["a", ""], {"starts_with": "a"}, {"contains": "t"}, {"matches": "[0-9]$"}]
    ),
)
def test_a_condition_and_its_contrary_share_out_all_rows(texts: list[str], wanted: Any) -> None:
    raw = raw_of(A=texts) if texts else raw_of(A=[])
    rows = read_condition("where", {"A": wanted}).rows(raw)
    contrary = read_condition("where", {"A": {"not": wanted}}).rows(raw)
    assert (rows ^ contrary).all()


def test_a_condition_on_a_column_that_is_not_there_says_so() -> None:
    with pytest.raises(RecordsError, match=r"a\.csv has no column 'Evnt', which where"):
        read_condition("where", {"Evnt": "weekly"}).rows(raw_of(Event=["weekly"]))


DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("page", sorted(DOCS.glob("mapping*.md")), ids=lambda page: page.stem)
def test_what_the_documentation_writes_can_be_read(page: Path) -> None:
    blocks = re.findall(r"^```toml\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.M)
    assert blocks or page.stem == "mapping_proposed"
    for block in blocks:
        assert read_mapping(tomllib.loads(block)) != Mapping()
