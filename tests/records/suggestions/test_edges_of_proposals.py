"""Steps of a proposal on either side of each limit, on columns of which the answer is known."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest

from iop_outcomes.records.sources.coded import coded
from iop_outcomes.records.suggestions.proposing.details import (
    cancelled_by,
    checkboxes,
    fill_down,
    has_range,
    missing_codes,
    service_by_title,
    unit_of,
    usual_interval,
)
from iop_outcomes.records.suggestions.proposing.dropping import dropped, rows_to_drop
from iop_outcomes.records.suggestions.recognition.bundles import (
    Bundle,
    Place,
    Sheet,
    bundles_of,
    chosen_rows,
    day_headings,
    event_column,
    is_day,
    list_parts,
    some_rows,
)
from iop_outcomes.records.suggestions.recognition.fits import fit
from iop_outcomes.records.suggestions.recognition.full_names import alike
from iop_outcomes.records.suggestions.recognition.header import Header, find_header
from iop_outcomes.records.suggestions.recognition.legends import legend_in, pairs_of
from iop_outcomes.records.suggestions.recognition.links import (
    _more,
    _score,
    id_candidates,
    is_unique,
    link,
    rows_alike,
)
from iop_outcomes.records.suggestions.recognition.matching import Match
from iop_outcomes.records.suggestions.recognition.orders import Order, order_of
from iop_outcomes.records.suggestions.recognition.profiles import Profile, profile
from iop_outcomes.records.suggestions.recognition.recognising import Source, people_lists

Columns = dict[str, list[str]]


def bundle(columns: Columns, days: tuple[str, ...] = ()) -> Bundle:
    held = {name: coded(texts) for name, texts in columns.items()}
    return Bundle(
        (Place("export.csv"),),
        Header(1, 1, 0, tuple(columns)),
        held,
        days,
        profiles={name: profile(name, column) for name, column in held.items()},
    )


def source(table: str, matches: dict[str, str], columns: Columns, **more: Any) -> Source:
    matched = {name: Match(name, column, 0.9, "") for name, column in matches.items()}
    return Source(table, bundle(columns), matched, 3.0, **more)


def of(texts: list[str]) -> Profile:
    return profile("heading", coded(texts))


# Units, boxes, codes for missing, intervals ------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "value", "unit", "sure"),
    [
        ("Length", "0.39", "days", True),
        ("Length", "0.4", "days", False),
        ("Length", "0.74", "days", False),
        ("Length", "0.75", "hours", True),
        ("Length", "12", "hours", True),
        ("Length", "12.1", None, None),
        ("Length", "480", None, None),
        ("Length", "480.1", "seconds", True),
        ("Length", "43200", "seconds", True),
        ("Length", "43201", "seconds", False),
        ("Minutes", "0.5", "hours", False),
        ("Minutes", "12", "hours", False),
        ("Minutes", "13", None, None),
        ("Hours", "0.5", "hours", True),
        ("Hours", "3", "hours", True),
        ("Hours", "14.9", None, None),
        ("Hours", "15", "minutes", False),
        ("Hours", "0", "hours", True),
        ("Length", "0", None, None),
        ("Length", "3 h", None, None),
    ],
)
def test_the_unit_of_lengths_is_told_by_their_median(
    heading: str, value: str, unit: str | None, sure: bool | None
) -> None:
    told = unit_of(
        source("attendance", {heading: "minutes_attended"}, {heading: [value] * 3}),
        "minutes_attended",
    )
    assert (told and (told.unit, told.sure)) == (None if unit is None else (unit, sure))


def test_a_median_is_written_from_11_rows_on() -> None:
    for rows, written in ((10, False), (11, True)):
        one = source("attendance", {"Length": "minutes_attended"}, {"Length": ["2"] * rows})
        told = unit_of(one, "minutes_attended")
        assert told is not None
        assert told.why == ("the median is 2" if written else "by their size")
    half = source("attendance", {"Length": "minutes_attended"}, {"Length": ["2", "2h"]})
    assert unit_of(half, "minutes_attended") is not None
    assert unit_of(half, "minutes_scheduled") is None
    less = source("attendance", {"Length": "minutes_attended"}, {"Length": ["2", "2h", "3h"]})
    assert unit_of(less, "minutes_attended") is None


def test_starts_are_ranges_where_half_of_them_are() -> None:
    for texts, ranges in (
        (["9:00 - 10:00", "9:00"], True),
        (["9:00 - 10:00", "9:00", "8:00"], False),
    ):
        assert has_range(source("attendance", {"Time": "start_time"}, {"Time": texts})) is ranges
    assert not has_range(source("attendance", {}, {"Time": ["9:00 - 10:00"]}))


def test_two_boxes_of_a_question_are_a_question() -> None:
    boxes = {
        "referral___1": ["0", "1"],
        "referral___2": ["1", "0.0"],
        "other___1": ["0", "1"],
        "other___2": ["2", "1"],
        "drug___1": ["0", "1"],
        "drug___2": ["1.0", "1"],
    }
    found = checkboxes(source("episodes", {}, boxes))
    assert [(one.stem, one.headings, one.column) for one in found] == [
        ("referral", ("referral___1", "referral___2"), "entry_path"),
        ("drug", ("drug___1", "drug___2"), ""),
    ]
    assert {one.column for one in checkboxes(source("attendance", {}, boxes))} == {""}
    taken = source("episodes", {"drug___1": "level"}, boxes)
    assert [one.stem for one in checkboxes(taken)] == ["referral"]


def test_a_code_for_missing_is_negative_or_far_above_all_others() -> None:
    def codes(texts: list[str], column: str = "craving") -> dict[str, int]:
        return missing_codes([source("checkins", {"x": column}, {"x": texts})])

    assert codes(["-9", "3", "-9"]) == {"-9": 2}
    assert codes(["999", "199", "1"]) == {"999": 1}
    assert codes(["999", "200", "1"]) == {}
    assert codes(["."] * 3 + ["2"]) == {".": 3}
    assert codes(["-9", "-9"]) == {}  # the only text
    assert codes(["-9", "3"], "person_id") == {}
    assert codes(["-1", "3"]) == {}
    assert codes(["999", "none"]) == {}
    two = [source("checkins", {"x": "craving"}, {"x": ["-9", "1"]}) for _ in range(2)]
    assert missing_codes(two) == {"-9": 2}


def weekly(gaps: list[int]) -> Source:
    days, dates = [datetime.date(2026, 1, 13)], []
    for gap in gaps:
        days.append(days[-1] + datetime.timedelta(days=gap))
    dates = [str(day) for day in days]
    return source(
        "checkins", {"id": "episode_id", "on": "date"}, {"id": ["K1"] * len(dates), "on": dates}
    )


@pytest.mark.parametrize(
    ("gaps", "usual"),
    [
        ([7] * 8, 7),
        ([7] * 7, None),
        ([8] * 8, 7),
        ([9] * 8, None),
        ([6] * 8, 7),
        ([5] * 8, None),
        ([14] * 8, 14),
        ([28] * 8, 28),
        ([30] * 8, 30),
        ([31] * 8, 30),
        ([32] * 8, None),
        ([7] * 4 + [8, 9, 30, 60], 7),
        ([1, 2, 3, 4, 7, 7, 9, 20, 30], None),
        ([7] * 8 + [0] * 8, 7),
    ],
)
def test_check_ins_have_a_usual_interval_of_one_or_two_or_four_weeks(
    gaps: list[int], usual: int | None
) -> None:
    assert usual_interval(weekly(gaps), "") == usual


def test_the_usual_interval_is_of_one_person_at_a_time_and_by_the_order_of_dates() -> None:
    ids, dates = [], []
    for person in ("K1", "k1 ", "K2"):
        for week in range(5):
            ids.append(person)
            day = datetime.date(2026, 1, 5) + datetime.timedelta(
                days=7 * week + (person == "k1 ") * 35
            )
            dates.append(f"{day.day}/{day.month}/2026")
    one = source("checkins", {"id": "person_id", "on": "date"}, {"id": ids, "on": dates})
    assert usual_interval(one, "day_first") == 7
    assert usual_interval(one, "month_first") is None
    assert usual_interval(source("checkins", {"on": "date"}, {"on": dates}), "day_first") is None


def test_cells_are_filled_down_up_to_four_in_five_that_are_filled() -> None:
    def asked(filled: int, note: list[str] | None = None) -> list[str]:
        ids = ["K1"] * filled + [""] * (10 - filled)
        columns = {"id": ids, "on": ["2026-01-05"] * 10, "note": note or ["x"] * 10}
        return fill_down(source("attendance", {"id": "episode_id", "on": "date"}, columns))

    assert asked(10) == []
    assert asked(9) == []
    assert asked(8) == ["id"]
    assert asked(3) == ["id"]
    assert asked(8, ["x"] * 8 + [""] * 2) == ["id", "note"]
    assert asked(8, ["x"] * 6 + [""] * 4) == ["id", "note"]  # blank in 2 of 8 with an identifier
    assert asked(8, ["x"] * 5 + [""] * 5) == ["id"]
    assert asked(8, ["x"] * 9 + [""]) == ["id"]
    late = source("attendance", {"id": "episode_id"}, {"id": ["", "K1", "K1", ""]})
    assert fill_down(late) == []


def test_who_cancelled_is_a_column_that_is_used_for_nothing_else() -> None:
    columns = {"Cancelled By": ["client", "staff"], "Status": ["x", "y"]}
    assert cancelled_by(source("attendance", {}, columns)) == "Cancelled By"
    assert cancelled_by(source("attendance", {"Cancelled By": "status"}, columns)) == ""
    assert cancelled_by(source("attendance", {}, {"Cancelled": ["client"]})) == ""


def test_a_title_with_one_service_is_the_service_of_all() -> None:
    def titled(titles: str, matches: dict[str, str] | None = None) -> str:
        one = source("attendance", matches or {}, {"x": ["1"]})
        named = Bundle(*(one.bundle.places, one.bundle.header, one.bundle.columns), titles=titles)
        return service_by_title(Source("attendance", named, one.matches, 1.0))

    assert titled("Group") == "group"
    assert titled("Group|Individual") == ""
    assert titled("Riverside") == ""
    assert titled("Group", {"x": "service"}) == ""


# Rows to drop ------------------------------------------------------------------------------------


def table(rows: int, odd: list[tuple[str, str, str]]) -> Source:
    columns = {
        "Client": [f"K-{place:03d}" for place in range(rows)] + [one[0] for one in odd],
        "Date": ["2026-01-13"] * rows + [one[1] for one in odd],
        "Status": ["attended"] * rows + [one[2] for one in odd],
    }
    matches = {"Client": "episode_id", "Date": "date", "Status": "status"}
    return source("attendance", matches, columns)


def test_totals_legends_and_footers_are_dropped_and_counted() -> None:
    one = table(
        20,
        [
            *(("Total", "20", ""), ("Grand total", "20", "")),
            *(("P = present, A = absent", "", ""), ("", "", "")),
        ],
    )
    drops = rows_to_drop(one)
    assert [(sorted(drop.cells), drop.rows) for drop in drops] == [(["Client"], 2), (["Client"], 1)]
    gone = dropped(one, drops)
    assert gone.tolist() == [False] * 20 + [True, True, True, False]
    assert sum(drop.rows for drop in drops) == 3
    assert rows_to_drop(table(20, [])) == []


@pytest.mark.parametrize(
    ("rows", "odd", "drops"), [(10, 12, 12), (10, 13, 0), (60, 15, 15), (60, 16, 0)]
)
def test_rows_without_a_date_are_dropped_up_to_one_in_five_or_12(
    rows: int, odd: int, drops: int
) -> None:
    one = table(rows, [("Total", "", "")] * odd)
    assert int(dropped(one, rows_to_drop(one)).sum()) == drops


def test_a_row_with_a_date_or_an_identifier_is_no_footer() -> None:
    one = table(20, [("Total", "2026-01-14", "attended"), ("", "2026-01-14", "attended")])
    assert not dropped(one, rows_to_drop(one)).any()
    columns = {
        **{
            name: column.text(np.arange(21)).tolist()
            for name, column in table(20, [("", "", "")]).bundle.columns.items()
        },
        "Note": [""] * 20 + ["20"],
    }
    matches = {"Client": "episode_id", "Date": "date", "Status": "status"}
    counted = source("attendance", matches, columns)
    (drop,) = rows_to_drop(counted)
    assert (sorted(drop.cells), drop.rows) == (["Client", "Date", "Status"], 1)
    assert dropped(counted, [drop]).tolist() == [False] * 20 + [True]


# Grids, lists, events, headers -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "day"),
    [
        *(("1/5", True), ("Mon 1/5", True), ("Jan 5", True), ("5. Jan", True)),
        *(("2026-01-05", True), ("1/5/2026", True), ("", False), ("5", False), ("105", False)),
        *(("Week 1", False), ("13/32", False), ("32 Jan", False)),
    ],
)
def test_a_heading_is_a_day(heading: str, day: bool) -> None:
    assert is_day(heading) is day


@pytest.mark.parametrize(
    ("names", "days"),
    [
        (["Client", "1/5", "1/6", "1/7"], 3),
        (["Client", "1/5", "1/6"], 0),
        (["Client", "2026-01-05"], 1),
        (["Client", "2026-01-05", "1/6"], 0),
        (["Client", "1", "2", "3", "4", "5"], 5),
        (["Client", "1", "2", "3", "4"], 0),
        (["Client", "27", "28", "29", "30", "31"], 5),
        (["Client", "28", "29", "30", "31", "32"], 0),
        (["Client", "0", "1", "2", "3", "4"], 0),
        (["Client", "2", "1", "3", "4", "5"], 0),
        (["Client", "1.0", "2.0", "3.0", "4.0", "5.0"], 5),
    ],
)
def test_three_days_or_one_with_its_year_or_five_of_a_month_are_a_grid(
    names: list[str], days: int
) -> None:
    assert len(day_headings(names)) == days


def test_lists_are_told_from_one_cell_in_ten() -> None:
    assert list_parts(of(["A; B"] + [f"C{n}" for n in range(9)]))[0] == ";"
    assert list_parts(of(["A; B"] + [f"C{n}" for n in range(10)])) == ("", [])
    assert list_parts(of([])) == ("", [])
    assert list_parts(of(["A, B;C"]))[0] == ";"
    assert list_parts(of(["A | B", "C"]))[1] == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("heading", "texts", "listed"),
    [
        ("Minutes Attended", ["1,5", "2,25"], False),
        ("Minutes Attended", ["1,5 Std.", "2,25 Std."], False),
        ("Hours present", ["1,5", "2,25"], False),
        ("Attended", ["K1,K2", "K3,K1"], True),
        ("Attendees", ["101,102", "103,104"], True),
    ],
)
def test_lengths_with_a_decimal_comma_are_no_lists_of_people(
    heading: str, texts: list[str], listed: bool
) -> None:
    assert (people_lists(bundle({heading: texts})) is not None) is listed


def events(columns: int, words: list[str], heading: str = "Kind") -> str:
    rows: Columns = {heading: [word for word in words for _ in range(4)]}
    for place, word in enumerate(words[:2]):
        for number in range(columns):
            rows[f"x{place}{number}"] = ["1" if own == word else "" for own in rows[heading]]
    return event_column(bundle(rows))


def test_an_event_fills_columns_of_its_own() -> None:
    assert events(2, ["intake", "weekly"]) == "Kind"
    assert events(1, ["intake", "weekly"]) == ""
    assert events(1, ["intake", "weekly"], "Event Name") == "Event Name"
    assert events(0, ["intake", "weekly"], "Event Name") == ""
    assert events(2, ["intake"]) == ""
    assert events(2, [f"e{n}" for n in range(15)]) == "Kind"
    assert events(2, [f"e{n}" for n in range(16)]) == ""


def test_rows_of_a_word_keep_the_columns_that_they_fill() -> None:
    one = bundle({"kind": ["a", "b", " a"], "x": ["1", "", "2"], "y": ["", "3", ""]})
    assert chosen_rows(one, "kind", ["a"]).tolist() == [True, False, True]
    part = some_rows(one, "kind", ["a"])
    assert sorted(part.columns) == ["kind", "x"]
    assert (part.rows, part.where) == (2, {"kind": ("a",)})


def test_sheets_of_one_header_are_one_bundle() -> None:
    def sheet(name: str, columns: Columns, row: int = 1) -> Sheet:
        held = {title: coded(texts) for title, texts in columns.items()}
        return Sheet(Place("b.xlsx", name), Header(row, 1, 0, tuple(columns)), held)

    one = sheet("Jan", {"Client": ["1"], "1/5": ["P"], "1/6": ["A"], "1/7": ["P"]})
    two = sheet("Feb", {"Client": ["2", "3"], "2/5": ["P", ""], "2/6": ["A", ""], "2/7": ["", "A"]})
    last = sheet("Mar", {"Client": ["4"], "3/5": ["A"]})
    other = sheet("Old", {"Name": ["5"], "Note": ["x"]})
    lower = sheet("Apr", {"Client": ["6"], "4/5": ["P"], "4/6": ["P"], "4/7": ["P"]}, row=2)
    found = bundles_of([one, two, last, other, lower])
    assert [[place.sheet for place in each.places] for each in found] == [
        ["Jan", "Feb", "Mar"],
        ["Old"],
        ["Apr"],
    ]
    first = found[0]
    assert first.rows == 4
    assert first.days == ("1/5", "1/6", "1/7", "2/5", "2/6", "2/7", "3/5")
    assert first.marks is not None
    assert dict(zip(first.marks.texts, first.marks.counts.tolist(), strict=True)) == {
        "P": 3,
        "A": 4,
    }


DATA = [["K-001", "2026-01-05", "attended"]] * 4


@pytest.mark.parametrize(
    ("above", "row", "rows"),
    [
        ([], 1, 1),
        ([["Report"]], 2, 1),
        ([["Report", "of January"]], 2, 1),
        ([["Report"], [""], ["Printed", "2026-01-09"]], 4, 1),
        ([["Client", "", ""]], 2, 1),
        ([["Who", "Session", ""]], 1, 2),
        ([["Who:", "Session", ""]], 2, 1),
        ([["Who", "2026-01-01", ""]], 2, 1),
    ],
)
def test_a_header_is_found_below_its_titles(above: list[list[str]], row: int, rows: int) -> None:
    names = ["Client ID", "Date", "Status"] if rows == 1 else ["Client ID", "Date", "Date"]
    found = find_header([*above, names, *DATA])
    assert found is not None
    assert (found.row, found.rows) == (row, rows)
    assert found.cells == tuple(names)


@pytest.mark.parametrize(("titles", "found"), [(59, True), (60, False)])
def test_a_header_is_looked_for_in_60_lines(titles: int, found: bool) -> None:
    header = find_header([["Report"]] * titles + [["Client ID", "Date", "Status"]])
    assert (header is not None) is found


# Orders of dates, links, legends -----------------------------------------------------------------


def test_dates_of_one_order_are_counted_by_rows() -> None:
    texts = ["1/13/2026"] * 3 + ["14/1/2026"] * 2 + ["3/2/2026"] * 4 + ["5/5/2026", "13/13/2026"]
    one = source("attendance", {"on": "date"}, {"on": texts})
    assert order_of(one) == Order(3, 2, 4)
    assert order_of(one).mixed
    assert order_of(one).settled == ""
    assert (Order(1, 0, 5).settled, Order(0, 1, 5).settled, Order(0, 0, 5).settled) == (
        *("month_first", "day_first", ""),
    )
    assert not Order(1, 0, 0).mixed
    assert order_of(source("attendance", {}, {"on": texts})) == Order()
    assert order_of(source("attendance", {"on": "start_time"}, {"on": texts})) == Order()
    days = ("12/13", "13/12", "12/12", "11/12", "1/32")
    grid = Source("attendance", bundle({"x": ["1"]}, days), {}, 1.0)
    assert order_of(grid) == Order(2, 1, 1) or order_of(grid) == Order(1, 1, 1)


def test_an_identifier_is_unique_where_98_in_100_rows_have_their_own() -> None:
    assert is_unique(of([f"K{n}" for n in range(98)] + ["K1", "K2"]))
    assert not is_unique(of([f"K{n}" for n in range(97)] + ["K1", "K2", "K3"]))
    assert not is_unique(of([]))


def test_rows_alike_are_counted_with_the_fewest_rules_that_help() -> None:
    held, known = of(["k-01", "k-01", "K-02", "x"]), of(["K-01", "K-2"])
    assert rows_alike(held, set(known.texts), ()) == 0
    assert _more(held, known, 0) == (("ignore_case", "strip_leading_zeros"), 3)
    assert _more(of(["K-01", "K-03"]), known, 1) == ((), 1)
    assert _more(of(["k-01", "K-2"]), known, 1) == (("ignore_case",), 2)
    assert rows_alike(of([]), {"a"}, ()) == 0
    assert [_score(named) for named in (0.0, 0.3, 0.31, 0.8, 0.81, 1.0)] == [
        *(0.5, 0.5, 0.51, 1.0, 1.0, 1.0),
    ]


@pytest.mark.parametrize(
    ("heading", "texts", "candidate"),
    [
        ("Client ID", ["oak", "elm", "ash", "fir", "yew"], True),  # by its name
        ("Wood", ["oak", "elm", "ash", "fir", "yew"], False),
        ("Wood", ["K1", "K2", "K3", "K4", "yew"], True),  # four fifths are codes
        ("Wood", ["K1", "K2", "K3", "elm", "yew"], False),
        ("Wood", ["Ash, A", "Elm, B", "Fir, C", "Oak, D", "yew"], True),  # or names of people
        ("Wood", ["Ash, A", "Elm, B", "Fir, C", "oak", "yew"], False),
    ],
)
def test_an_identifier_has_the_name_of_one_or_codes_or_names_of_people(
    heading: str, texts: list[str], candidate: bool
) -> None:
    one = source("attendance", {"On": "date"}, {heading: texts, "On": ["2026-01-14"] * 5})
    assert list(id_candidates(one)) == [heading] * candidate


@pytest.mark.parametrize(("matching", "linked"), [(2, True), (1, False)])
def test_a_link_needs_a_fifth_of_the_rows(matching: int, linked: bool) -> None:
    main = source(
        "episodes",
        {"Admitted": "admit_date"},
        {"Number": [f"K{n}" for n in range(10)], "Admitted": ["2026-01-13"] * 10},
    )
    rows = [f"K{n}" for n in range(matching)] + [f"Z{n}" for n in range(10 - matching)]
    other = source("attendance", {"On": "date"}, {"Ref": rows, "On": ["2026-01-14"] * 10})
    sources, links = link([main, other])
    assert bool(links) is linked
    if linked:
        (found,) = links
        assert (found.ids, found.matched, found.rows, found.rows_matched) == (10, 2, 10, 2)
        assert sources[1].heading_of("episode_id") == "Ref"


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("P = present", {}),
        ("P = present, A = absent", {"p": "present", "a": "absent"}),
        ("P: present; A: absent", {"p": "present", "a": "absent"}),
        ("1 = 5, 2 = 6", {}),
        ("nothing here", {}),
        ("", {}),
    ],
)
def test_a_legend_is_pairs_of_a_code_and_its_meaning(text: str, pairs: dict[str, str]) -> None:
    assert {key.lower(): value for key, value in pairs_of(text).items()} == pairs
    assert {key.lower(): value for key, value in legend_in([[text]]).items()} == (
        pairs if "=" in text else {}
    )


def test_a_legend_is_in_cells_by_themselves_or_a_line_a_pair() -> None:
    pair = "P = present, A = absent"
    assert len(legend_in([["x", "y", pair]])) == 2
    assert legend_in([["x", "y", "z", pair]]) == {}
    lines = [["1 = Present"], ["2 = Absent"], ["note", "3 = other"]]
    assert legend_in(lines) == {"1": "Present", "2": "Absent"}
    assert legend_in(lines[:1]) == {}


def test_names_are_alike_by_the_share_of_their_rows() -> None:
    assert alike(of(["Ann Lee", "Ann Lee", "Bo Ray"]), of(["Ann Lee"])) == pytest.approx(2 / 3)
    assert alike(of([]), of(["Ann Lee"])) == 0


# Values that are read and known ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "texts", "fits"),
    [
        ("start_time", ["9:15a", "1:30p"], 1.0),
        ("start_time", ["9h15", "13h30"], 1.0),
        ("start_time", ["0915", "1330"], 0.7),
        ("start_time", ["0975", "2530"], 0.0),
        ("start_time", ["0.385", ".5625"], 0.7),
        ("start_time", ["1.385", "2.5625"], 0.0),
        ("minutes_attended", ["2h30", "1h05"], 1.0),
        ("minutes_attended", ["PT2H30M", "PT45M"], 1.0),
        ("minutes_attended", ["0 days 02:30:00", "0 days 00:45:00"], 1.0),
        ("minutes_attended", ["1 hour and 15 minutes", "2 hrs"], 1.0),
    ],
)
def test_sessions_fit_in_the_forms_that_are_read(
    column: str, texts: list[str], fits: float
) -> None:
    assert fit("attendance", column, of(texts)) == pytest.approx(fits)


@pytest.mark.parametrize(
    ("column", "texts", "fits"),
    [
        ("craving", ["7/10", "3/10"], 1.0),
        ("craving", ["7/10", "3/10", "4/5", "5/5"], 0.5),
        ("phq9", ["12 of 27", "3 out of 27"], 1.0),
        ("phq9", ["12/10", "3/10"], 0.0),
        ("use_days", ["3 days", "0 days"], 1.0),
    ],
)
def test_scores_fit_with_their_highest_value(column: str, texts: list[str], fits: float) -> None:
    assert fit("checkins", column, of(texts)) == pytest.approx(fits)


def test_a_length_has_a_unit_and_is_no_longer_than_a_day() -> None:
    texts = ["24h", "1440 min", "25 hrs and 1 min", "3:00", "3 days", "30s", "PT24H", "PT25H"]
    lengths = [of([text]).lengths == 1 for text in texts]
    assert lengths == [True, True, False, False, False, False, True, False]
    assert np.isnan(of(["soon"]).median())


def test_a_column_of_lists_that_are_of_no_people_is_none_beside_one_that_is() -> None:
    # Sentences with a comma stand under a heading that lists of people have, too.
    remarks = [
        "he came late, since the bus from the station did not run on this day",
        "nobody called the family, so that the appointment had to be made again",
    ]
    lists = people_lists(bundle({"Attended": ["K1, K2", "K3, K1"], "Absent": remarks}))
    assert lists is not None
    assert list(lists.statuses) == ["Attended"]
    single = people_lists(bundle({"Attended": ["K1", "K2", "K3"]}))
    assert single is None  # one code in a cell is no list
