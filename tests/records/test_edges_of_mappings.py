"""Entries of a mapping, headings, quotes and short rows on either side of each limit."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import RecordsError
from iop_outcomes.records.data_cut import _lonely, _long_after
from iop_outcomes.records.mapping import read_mapping
from iop_outcomes.records.mapping.condition import read_condition
from iop_outcomes.records.mapping.plan import Grid, Join
from iop_outcomes.records.mapping.sections import cell_of
from iop_outcomes.records.parsing.parsed import NO_DAY
from iop_outcomes.records.schema import ATTENDANCE
from iop_outcomes.records.shaping.grid_headings import dates_of, month_of, read_heading, year_of
from iop_outcomes.records.shaping.joins import join_rows
from iop_outcomes.records.sources.coded import Raw, coded
from iop_outcomes.records.sources.layout import Layout
from iop_outcomes.records.sources.opening import shown
from iop_outcomes.records.sources.quotes import LineCounter, count_lines, cut_line
from iop_outcomes.records.sources.rows import from_rows
from iop_outcomes.records.staging import our_names

# Values of a mapping -----------------------------------------------------------------------------


def refused(mapping: dict[str, Any]) -> bool:
    try:
        read_mapping(mapping)
    except RecordsError:
        return True
    return False


@pytest.mark.parametrize(
    ("path", "taken", "not_taken"),
    [
        ("thresholds.unknown_word", [0, 1, 0.5], [-0.01, 1.01, 2, True, "0.1"]),
        ("options.skip_lines", [0, 10_000], [-1, 10_001, True, 1.0]),
        ("options.two_digit_years", ["1970-2069", " 1930 - 2029 "], ["1970-2070", "70-69", 1970]),
        ("options.missing", [["-9"], [-9, 9.5], []], [[""], ["-9", " "], "-9", [True], [[]]]),
        ("attendance.from.header_row", [1, 10_001], [0, 10_002, "1", True]),
        ("attendance.from.header_rows", [1, 5], [0, 6, True]),
        ("attendance.from.join", [], [3, [3], {"by": "a", "columns": "b"}]),
        ("attendance.from.sheets", ["Jan", ["Jan", "Feb"]], ["", [], ["Jan", ""], 3]),
        ("checkins.expected_every", [1, 366, "1 day", "52 weeks"], [0, 367, "53 weeks", "a week"]),
        ("ids.episode_id", ["ignore_case", ["ignore_case"]], ["ignore_zeros", [], 3]),
        ("attendance.units.minutes_attended", ["hours", "days"], ["weeks", "", 60]),
    ],
)
def test_a_value_of_a_mapping_is_taken_within_its_limits(
    path: str, taken: list[Any], not_taken: list[Any]
) -> None:
    def mapping(value: Any) -> dict[str, Any]:
        for key in reversed(path.split(".")):
            value = {key: value}
        return dict(value)

    assert [value for value in taken if refused(mapping(value))] == []
    assert [value for value in not_taken if not refused(mapping(value))] == []


def test_check_ins_are_expected_for_at_most_ten_years() -> None:
    def expected(until: Any) -> dict[str, Any]:
        return {"checkins": {"expected_every": 7, "expected_until": until}}

    assert [until for until in (1, 3660, "522 weeks") if refused(expected(until))] == []
    assert all(refused(expected(until)) for until in (0, 3661, "523 weeks", -1))
    plan = read_mapping({"checkins": {"expected_every": "2 weeks", "expected_until": "3 days"}})
    assert (plan.expected_every, plan.expected_until) == (14, 3)


@pytest.mark.parametrize(
    ("year", "good"), [(1899, False), (1900, True), (2100, True), (2101, False)]
)
def test_the_year_of_a_grid_is_one_of_two_centuries(year: int, good: bool) -> None:
    assert refused({"attendance": {"from": {"grid": {"year": year}}}}) is not good
    assert refused({"attendance": {"from": {"grid": {"year": True}}}})


def test_a_constant_is_a_number_of_up_to_15_digits() -> None:
    assert cell_of("here", 10**15 - 1) == "999999999999999"
    assert cell_of("here", -(10**15) + 1) == "-999999999999999"
    assert (cell_of("here", True), cell_of("here", False), cell_of("here", 2.5)) == (
        *("yes", "no", "2.5"),
    )
    for wrong in (10**15, -(10**15), None, [1]):
        with pytest.raises(RecordsError, match="cannot be the value"):
            cell_of("here", wrong)


def raw(**columns: list[str]) -> Raw:
    size = len(next(iter(columns.values())))
    held = {name: coded(texts) for name, texts in columns.items()}
    return Raw("f.csv", held, np.arange(2, size + 2, dtype=np.int32), ())


TEXTS = ["Total", "total sum", "", "  ", "7", "7.0", "x = y", "A1", "no-show", "-"]


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ("total", ["Total"]),
        (["total", "a1"], ["Total", "A1"]),
        (7, ["7", "7.0"]),
        ("7", ["7"]),
        ("no show", ["no-show"]),
        ("-", ["-"]),
        ("", ["", "  "]),
        ({"starts_with": "TOTAL"}, ["Total", "total sum"]),
        ({"starts_with": ["a", "x"]}, ["x = y", "A1"]),
        ({"starts_with": "-"}, ["-"]),
        ({"contains": "="}, ["x = y"]),
        ({"contains": "Sum"}, ["total sum"]),
        ({"contains": ["1", "7"]}, ["7", "7.0", "A1"]),
        ({"matches": "^[A-Z][0-9]$"}, ["A1"]),
        ({"matches": "t"}, ["Total", "total sum"]),
        ({"empty": True}, ["", "  "]),
        ({"empty": False}, ["Total", "total sum", "7", "7.0", "x = y", "A1", "no-show", "-"]),
        ({"starts_with": "t", "contains": "sum"}, ["total sum"]),
        ({"empty": False, "not": {"matches": "[a-z]"}}, ["7", "7.0", "A1", "-"]),
        ({"not": "total"}, [text for text in TEXTS if text != "Total"]),
        ({"is": ["7", "-"]}, ["7", "-"]),
    ],
)
def test_a_condition_chooses_the_cells_that_it_says(wanted: Any, chosen: list[str]) -> None:
    rows = read_condition("where", {"Client": wanted}).rows(raw(client=TEXTS))
    assert [text for text, row in zip(TEXTS, rows, strict=True) if row] == chosen


def test_within_braces_all_must_hold_and_of_a_list_one_is_enough() -> None:
    file = raw(a=["1", "1", "2", "2"], b=["x", "y", "x", "y"])
    both = read_condition("where", {"a": "1", "b": "x"}).rows(file)
    assert both.tolist() == [True, False, False, False]
    either = read_condition("where", [{"a": "1"}, {"b": "x"}]).rows(file)
    assert either.tolist() == [True, True, True, False]
    ours = read_condition("where", {"kind": "x"}).rows(file, {"b": "kind"})
    assert ours.tolist() == [True, False, True, False]


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {},
        [{}],
        "x",
        {"a": []},
        {"a": None},
        {"a": True},
        {"a": [True]},
        {"a": {}},
        {"a": {"empty": "yes"}},
        {"a": {"matches": "("}},
        {"a": {"matches": ""}},
        {"a": {"contains": ""}},
        {"a": {"contains": []}},
        {"a": {"contains": ["x", 3]}},
        {"a": {"begins": "x"}},
    ],
)
def test_what_is_no_condition_is_refused(wrong: Any) -> None:
    with pytest.raises(RecordsError):
        read_condition("where", wrong)


def test_a_name_for_one_source_comes_before_one_for_the_table_and_this_before_ours() -> None:
    plan = read_mapping({"attendance": {"columns": {"Status": "facilitator", "When": "date"}}})
    names = ["Status", "When", "Episode ID", "Their Own", "???"]
    assert our_names(ATTENDANCE, names, plan, {"When": "approach"}) == {
        "Status": "facilitator",
        "When": "approach",
        "Episode ID": "episode_id",
        "Their Own": "their_own",
        "???": "???",
    }
    assert our_names(ATTENDANCE, ["day", "-"], read_mapping(None)) == {"day": "day", "-": "-"}


# Headings of grids -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sheet", "heading", "year"),
    [
        ("January 2026", "7/15", 2026),
        ("January 2026", "8/15", 2025),
        ("December 2026", "6/15", 2026),
        ("December 2026", "5/15", 2027),
        ("July 2026", "1/15", 2026),
        ("June 2026", "12/15", 2026),
    ],
)
def test_a_heading_of_another_month_is_in_the_nearest_year(
    sheet: str, heading: str, year: int
) -> None:
    read = read_heading(heading, bare=True)
    assert read is not None
    (date,) = dates_of([read], Grid(year="sheet"), "month_first", file="f.xlsx", sheet=sheet)
    assert date.year == year


def test_without_a_month_in_its_name_a_grid_passes_into_the_next_year() -> None:
    read = [read_heading(text, bare=True) for text in ("11/30", "11/30", "12/1", "1/2", "2/1")]
    found = [one for one in read if one]
    dates = dates_of(found, Grid(year=2025), "month_first", file="f.csv", sheet="")
    assert [date.year for date in dates] == [2025, 2025, 2025, 2026, 2026]


@pytest.mark.parametrize(
    ("text", "month", "year"),
    [
        ("Jan 2026", 1, 2026),
        ("Sessions 2026-12", 12, 2026),
        ("Sessions 2026-13", 0, 2026),
        ("2026_01", 1, 2026),
        ("Groups Dec'25", 12, 2025),
        ("Dec 25", 12, 2025),
        ("2025 to 2026", 0, 0),
        ("January", 1, 0),
        ("12026", 0, 0),
        ("1899", 0, 0),
        ("2099", 0, 2099),
        ("Room 7", 0, 0),
    ],
)
def test_the_name_of_a_sheet_may_hold_month_and_year(text: str, month: int, year: int) -> None:
    assert month_of(text) == month
    if text != "1899":
        assert year_of(text) == year


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1", (0, 0, 1)),
        ("31", (0, 0, 31)),
        ("0", None),
        ("32", None),
        ("30 Feb", None),
        ("29 Feb", (0, 2, 29)),
        ("Feb 29, 2026", None),
        ("Feb 29, 2028", (2028, 2, 29)),
        ("31 Apr", None),
        ("30 Apr", (0, 4, 30)),
        ("Mon 5 Jan 26", (2026, 1, 5)),
        ("Jan 5th, 2026", (2026, 1, 5)),
        ("2026-13-01", None),
        ("2026-12-31", (2026, 12, 31)),
        ("Jan", None),
        ("Foo 5", None),
    ],
)
def test_a_heading_is_a_day_of_the_calendar(text: str, read: tuple[int, int, int] | None) -> None:
    heading = read_heading(text, bare=True)
    assert (heading and (heading.year, heading.month, heading.day)) == read


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("12/31", (12, 31)),
        ("31/12", (31, 12)),
        ("13/13", None),
        ("0/5", None),
        ("12/32", None),
        ("1/1", (1, 1)),
        ("12/12", (12, 12)),
    ],
)
def test_two_numbers_are_a_month_and_a_day(text: str, numbers: tuple[int, int] | None) -> None:
    heading = read_heading(text, bare=False)
    assert (heading and heading.numbers) == numbers


# The data cut ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "gap", "said"), [(50, 29, True), (50, 28, False), (49, 29, False), (51, 30, True)]
)
def test_a_lonely_newest_day_is_said_from_50_entries_and_29_days(
    entries: int, gap: int, said: bool
) -> None:
    days = np.array([100] * (entries - 1) + [100 + gap])
    notes = _lonely(days, 100 + gap, "study_days")
    assert [note.startswith(f"that day is {gap} days after") for note in notes] == [True] * said
    assert _lonely(np.full(entries, 100), 100, "study_days") == []


def test_a_cut_long_after_the_newest_day_is_said_from_29_days_on() -> None:
    assert _long_after(128, 100, "study_days") == []
    assert len(_long_after(129, 100, "study_days")) == 1
    assert _long_after(129, int(NO_DAY), "study_days") == []


# Quotes, short rows, names -----------------------------------------------------------------------


def test_lines_are_counted_and_their_quotes_judged_as_one_by_one() -> None:
    draw = np.random.default_rng(8)
    pieces = ["a", "b c", '"', '""', ",", "\n", "\r\n", '",', ',"', '"x"', "\u00e9"]
    for _ in range(150):
        text = "".join(draw.choice(pieces, int(draw.integers(1, 25))).tolist())
        text = text.replace("\r\r", "\r").strip("\r")
        counter = LineCounter(",")
        data = text.encode()
        size = int(draw.integers(1, 9))
        for start in range(0, len(data), size):
            counter.take(data[start : start + size])
        counter.end()
        lines = [line.rstrip("\r\n") for line in io.StringIO(text, newline="\n").readlines()]
        cuts = [cut_line(line, ",") for line in lines]
        assert counter.lines == len(lines) == count_lines(text)
        assert counter.opens == [place for place, cut in enumerate(cuts, 1) if cut.open]
        assert counter.strays == [
            place for place, cut in enumerate(cuts, 1) if cut.stray and not cut.open
        ]
        assert counter.quoted == ('"' in text)


@pytest.mark.parametrize(
    ("line", "cells", "stray", "open_"),
    [
        ("", [""], False, False),
        (",", ["", ""], False, False),
        ('"a"', ["a"], False, False),
        ('"a","b,c"', ["a", "b,c"], False, False),
        ('"a""b"', ['a"b'], False, False),
        ('"a" b,c', ["a b", "c"], True, False),
        ('"a" ', ["a "], True, False),
        ('5" pipe,x', ['5" pipe', "x"], False, False),
        ('x,"a', ["x", "a"], False, True),
        ('"a""', ['a"'], False, True),
        ('"",x', ["", "x"], False, False),
    ],
)
def test_a_line_is_cut_as_a_spreadsheet_does(
    line: str, cells: list[str], stray: bool, open_: bool
) -> None:
    cut = cut_line(line, ",")
    assert (cut.cells, cut.stray, cut.open) == (cells, stray, open_)


@pytest.mark.parametrize(
    ("short", "whole", "once"),
    [(1, 0, False), (2, 0, True), (2, 2, False), (3, 2, True), (1, 9, False)],
)
def test_short_rows_are_listed_once_where_more_than_half_are_short(
    short: int, whole: int, once: bool
) -> None:
    rows = [["a", "b", "c"]] + [["1", "2", "3"]] * whole + [["1", "2"]] * short
    read = from_rows([(place, cells) for place, cells in enumerate(rows, 1)], "f", "", Layout())
    assert len(read.lines) == short + whole
    assert read.columns["c"].text(np.arange(short + whole)).tolist() == ["3"] * whole + [""] * short
    remarks = [(remark.line, remark.value, remark.count) for remark in read.remarks]
    each = [(whole + 2 + place, "2 of 3 fields", 1) for place in range(short)]
    assert remarks == ([(0, "", short)] if once else each)


def test_a_row_with_more_fields_is_kept_only_if_they_are_blank() -> None:
    rows = [["a", "b", ""], ["1", "2", "", ""], ["1", "2", " ", "3"], ["1", "2", "", ""]]
    read = from_rows([(place, cells) for place, cells in enumerate(rows, 4)], "f", "", Layout())
    assert read.lines.tolist() == [5, 7]
    assert list(read.columns) == ["a", "b"]
    (odd,) = read.odd
    assert (odd.line, odd.text, odd.fields, odd.expected) == (6, "1 | 2 |   | 3", 4, 2)


@pytest.mark.parametrize("size", [79, 80, 81, 200])
def test_a_long_name_is_shown_by_its_ends(size: int) -> None:
    name = "".join(chr(97 + place % 26) for place in range(size - 4)) + ".csv"
    expected = name if size <= 80 else name[:50] + "..." + name[-20:]
    assert shown(Path("folder") / name) == expected


def test_a_join_lists_what_has_no_row_and_what_differs_with_its_line() -> None:
    left = raw(key=["1", "2", "", "4"], own=["", "x", "", ""])
    right = raw(
        key=["1", "1", "2", "3", "", "4"],
        own=["a", "b", "y", "z", "w", ""],
        more=["p", "p", "", "", "", ""],
    )
    join = Join(by=("key",), columns=("own", "more"))
    read = join_rows(left, right, join, {}, "join")
    every = np.arange(4)
    assert read.columns["own"].text(every).tolist() == ["a", "x", "", ""]
    assert read.columns["more"].text(every).tolist() == ["p", "", "", ""]
    assert sorted((one.line, one.check, one.value, one.column) for one in read.remarks) == [
        (3, "join_conflict", "b", "own"),
        (4, "join_conflict", "y", "own"),
        (5, "join_unmatched", "", "key"),
        (6, "join_unmatched", "", "key"),
    ]


def test_a_workbook_is_read_by_the_names_of_its_sheets_beside_the_mapping(tmp_path: Path) -> None:
    import pandas as pd

    path = tmp_path / "book.xlsx"
    episodes = pd.DataFrame({"episode_id": ["E1"], "admit_date": ["2026-01-01"]})
    visits = pd.DataFrame({"episode_id": ["E1"], "date": ["2026-01-05"], "status": ["attended"]})
    with pd.ExcelWriter(path) as book:
        episodes.to_excel(book, sheet_name="Episodes", index=False)
        visits.to_excel(book, sheet_name="Visits", index=False)
        visits.to_excel(book, sheet_name="Attendance", index=False)
    mapping = {"attendance": {"from": {"sheets": "Visits"}}}
    for source in (path, tmp_path):
        records = iop.read_records(source, mapping=mapping)
        assert (len(records.episodes), len(records.attendance)) == (1, 1)
        assert records.ignored == ("book.xlsx: sheet Attendance",)
        assert records.sources["rows_read"].tolist() == [1, 1]
