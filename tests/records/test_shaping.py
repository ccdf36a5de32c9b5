"""Rows made of rows: chosen, joined, melted, spread, each against a slow and plain version."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.errors import RecordsError
from iop_outcomes.records.mapping import Mapping, SourcePlan, read_mapping
from iop_outcomes.records.mapping.plan import Grid, Join
from iop_outcomes.records.shaping.grid_headings import dates_of, read_heading
from iop_outcomes.records.shaping.shape import shape
from iop_outcomes.records.sources.coded import Raw, coded


def raw_of(columns: dict[str, list[str]], file: str = "a.csv", sheet: str = "") -> Raw:
    size = len(next(iter(columns.values())))
    lines = np.arange(2, size + 2, dtype=np.int32)
    texts = {name: coded(cells) for name, cells in columns.items()}
    return Raw(file, texts, lines, sheet=sheet)


def frame_of(raw: Raw) -> pd.DataFrame:
    columns = {name: each.words[each.codes] for name, each in raw.columns.items()}
    return pd.DataFrame({"line": raw.lines, **columns})


def no_other(join: Join, raw: Raw) -> Raw:
    raise AssertionError("no other file is needed")


def shaped(raw: Raw, table: str = "attendance", /, **keys: Any) -> Raw:
    extra = keys.pop("table", {})
    mapping = read_mapping({table: {"from": [keys], **extra}})
    (plan,) = mapping.sources[table]
    (result,) = shape([raw], plan, table, mapping, no_other)
    return result


# Rows chosen and dropped ------------------------------------------------------------------------


def test_rows_are_chosen_and_the_others_counted() -> None:
    raw = raw_of({"id": ["1", "2", "Total", "3"], "event": ["a", "b", "", "a"]})
    result = shaped(raw, where={"event": "a"}, drop_rows={"id": "Total"})
    assert frame_of(result)["line"].tolist() == [2, 5]
    assert result.left_out == 2
    assert result.columns["id"].words.tolist() == ["1", "3"], "texts of other rows stay behind"


@settings(deadline=None, max_examples=15)
@given(st.lists(st.sampled_from(["a", "b", "A ", ""]), min_size=1, max_size=10))
def test_a_condition_and_its_contrary_share_out_the_rows_of_a_file(texts: list[str]) -> None:
    raw = raw_of({"id": [str(row) for row in range(len(texts))], "event": texts})
    chosen = frame_of(shaped(raw, where={"event": "a"}))
    others = frame_of(shaped(raw, drop_rows={"event": "a"}))
    both = pd.concat([chosen, others]).sort_values("line", ignore_index=True)
    pd.testing.assert_frame_equal(both, frame_of(raw), check_dtype=False)


def test_blank_cells_take_the_value_above() -> None:
    raw = raw_of({"client": ["", "A", " ", "B", ""], "day": list("12345")})
    result = shaped(raw, fill_down="Client")
    assert frame_of(result)["client"].tolist() == ["", "A", "A", "B", "B"]


def test_titles_are_dropped_before_cells_are_filled_down() -> None:
    raw = raw_of({"client": ["A", "Total", ""], "day": ["1", "", "2"]})
    result = shaped(raw, fill_down="client", drop_rows={"client": "Total"})
    assert frame_of(result)["client"].tolist() == ["A", "A"]


def test_one_row_is_kept_for_each_person_over_all_sheets() -> None:
    sheets = [raw_of({"client": ["A", "B "]}), raw_of({"client": ["B", "C", "C"]})]
    plan = read_mapping({"episodes": {"from": {"one_row_for": "client"}}}).sources["episodes"][0]
    results = shape(sheets, plan, "episodes", Mapping(), no_other)
    assert [frame_of(raw)["client"].tolist() for raw in results] == [["A", "B "], ["C"]]
    assert [raw.left_out for raw in results] == [0, 2]


def test_only_some_columns_are_kept() -> None:
    raw = raw_of({"Client": ["A"], "Note": ["x"], "Date": ["2026-01-01"]})
    result = shaped(raw, only=["client", "date"], constants={"status": "attended"})
    assert list(result.columns) == ["Client", "Date", "status"]


# Joins ------------------------------------------------------------------------------------------

EVENTS = {
    "id": ["1", "1", "2", "3", "3", "4", ""],
    "event": ["in", "out", "in", "in", "out", "out", "out"],
    "left": ["", "2026-02-01", "", "2026-01-09", "2026-01-07", "2026-03-01", "2026-04-01"],
}


def test_values_are_taken_over_from_the_row_of_another_event() -> None:
    join = {"where": {"event": "out"}, "by": "id", "columns": ["left"]}
    result = shaped(raw_of(EVENTS), "episodes", where={"event": "in"}, join=[join])
    assert frame_of(result)["left"].tolist() == ["2026-02-01", "", "2026-01-09"]
    met = [(remark.line, remark.check) for remark in result.remarks]
    assert sorted(met) == [(6, "join_conflict"), (7, "join_unmatched"), (8, "join_unmatched")]


def test_two_rows_of_a_key_that_disagree_are_listed() -> None:
    raw = raw_of({"id": ["1", "1", "1", "1"], "event": list("iooo"), "left": ["", "", "a", "b"]})
    join = {"where": {"event": "o"}, "by": "id", "columns": "left"}
    result = shaped(raw, "episodes", where={"event": "i"}, join=join)
    assert frame_of(result)["left"].tolist() == ["a"]
    assert [(remark.line, remark.value) for remark in result.remarks] == [(5, "b")]


@settings(deadline=None, max_examples=15)
@given(
    st.lists(
        st.tuples(st.sampled_from("123"), st.sampled_from("io"), st.sampled_from(["", "x", "y"])),
        min_size=1,
        max_size=12,
    )
)
def test_a_join_equals_a_slow_search(rows: list[tuple[str, str, str]]) -> None:
    ids, events, values = (list(each) for each in zip(*rows, strict=True))
    raw = raw_of({"id": ids, "event": events, "value": values})
    join = {"where": {"event": "o"}, "by": "id", "columns": "value"}
    result = shaped(raw, where={"event": "i"}, join=join)
    expected = []
    for one, event, value in rows:
        if event == "i":
            others = [given for other, kind, given in rows if (other, kind) == (one, "o") and given]
            expected.append(value or (others[0] if others else ""))
    assert frame_of(result)["value"].tolist() == expected


# Grids ------------------------------------------------------------------------------------------


def test_a_grid_becomes_a_row_a_mark() -> None:
    raw = raw_of(
        {"Client": ["A", "B"], "10/8": ["P", ""], "10/13": ["A", "P"], "Total": ["1", "1"]},
        sheet="Oct 2025",
    )
    result = shaped(raw, grid={"year": "sheet"})
    frame = frame_of(result)
    assert frame.to_numpy().tolist() == [
        [2, "A", "1", "2025-10-08", "P"],
        [2, "A", "1", "2025-10-13", "A"],
        [3, "B", "1", "2025-10-13", "P"],
    ]
    assert list(frame) == ["line", "Client", "Total", "date", "status"]
    assert result.made_of == 2


def test_a_blank_cell_of_a_grid_can_be_a_session_without_a_record() -> None:
    raw = raw_of({"Client": ["A"], "2026-10-08": [" "], "2026-10-09": ["P"]})
    for word in ("unrecorded", "excused"):  # after and before "no_row" in the alphabet
        result = shaped(raw, grid={"blank": word})
        assert frame_of(result)["status"].tolist() == [word, "P"]


def test_two_groups_of_one_date_stay_two_rows() -> None:
    raw = raw_of({"Client": ["A"], "10/13 AM": ["P"], "10/13 PM": ["P"]})
    result = frame_of(shaped(raw, grid={"year": 2025}))
    assert result["date"].tolist() == ["2025-10-13"] * 2
    assert result["grid_heading"].tolist() == ["10/13 AM", "10/13 PM"]


def test_a_grid_of_study_days() -> None:
    raw = raw_of({"Client": ["A"], "Day 1": ["P"], "Day 15": ["A"], "Age": ["30"]})
    result = frame_of(shaped(raw, grid={"headings": "day"}))
    assert result["day"].tolist() == ["1", "15"]
    assert result["Age"].tolist() == ["30", "30"]


@settings(deadline=None, max_examples=15)
@given(
    st.lists(st.tuples(*[st.sampled_from(["", "P", "A", " "])] * 3), min_size=1, max_size=6),
    st.sampled_from(["no_row", "unrecorded"]),
)
def test_a_melted_grid_equals_a_slow_one(cells: list[tuple[str, ...]], blank: str) -> None:
    days = ["1/5", "1/6", "1/19"]
    columns = {day: [row[place] for row in cells] for place, day in enumerate(days)}
    people = [f"P{row}" for row in range(len(cells))]
    result = frame_of(
        shaped(raw_of({"id": people, **columns}), grid={"year": 2026, "blank": blank})
    )
    expected = [
        (line, person, f"2026-01-{int(day[2:]):02}", mark if mark.strip() else blank)
        for line, (person, row) in enumerate(zip(people, cells, strict=True), start=2)
        for day, mark in zip(days, row, strict=True)
        if mark.strip() or blank != "no_row"
    ]
    assert [tuple(row) for row in result.to_numpy().tolist()] == expected


def dates(headings: list[str], order: str = "", sheet: str = "", **grid: Any) -> list[str]:
    read = [read_heading(text, bare=True) for text in headings]
    assert None not in read
    result = dates_of([one for one in read if one], Grid(**grid), order, file="f.csv", sheet=sheet)
    return [date.isoformat() for date in result]


@pytest.mark.parametrize(
    ("headings", "given", "expected"),
    [
        (["Mon 10/13", "Wed. 10/15"], {"year": 2025}, ["2025-10-13", "2025-10-15"]),
        (["13.10.", "3.11."], {"year": 2025}, ["2025-10-13", "2025-11-03"]),
        (["10/1/26", "10/13/2026"], {}, ["2026-10-01", "2026-10-13"]),
        (["Oct 8", "8-Oct", "October 9th"], {"year": 2026}, ["2026-10-08"] * 2 + ["2026-10-09"]),
        (["Oct 8, 2026", "8 Okt 2026"], {}, ["2026-10-08"] * 2),
        (["2026-10-08", "2026-10-09 00:00:00"], {}, ["2026-10-08", "2026-10-09"]),
        (
            ["1", "2", "31"],
            {"year": "sheet", "sheet": "Oct 2026"},
            ["2026-10-01", "2026-10-02", "2026-10-31"],
        ),
        (["12/30", "1/2"], {"year": "sheet", "sheet": "Jan 2026"}, ["2025-12-30", "2026-01-02"]),
        (["12/30", "1/2", "1/9"], {"year": 2025}, ["2025-12-30", "2026-01-02", "2026-01-09"]),
        (["10/8", "10/9"], {"year": "sheet", "sheet": "October '26"}, ["2026-10-08", "2026-10-09"]),
        (["8/10"], {"year": 2026, "order": "day_first"}, ["2026-10-08"]),
    ],
)
def test_headings_are_read_as_dates(
    headings: list[str], given: dict[str, Any], expected: list[str]
) -> None:
    assert dates(headings, **given) == expected


@settings(deadline=None, max_examples=30)
@given(
    st.dates(datetime.date(2020, 1, 1), datetime.date(2030, 12, 31)),
    st.sampled_from(
        ["%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y", "%b %d, %Y", "%d %B %Y", "%a %m/%d/%Y", "%d-%b-%y"]
    ),
)
def test_a_heading_with_its_year_is_its_date(date: datetime.date, form: str) -> None:
    assert dates([date.strftime(form)], "month_first") == [date.isoformat()]


@pytest.mark.parametrize("text", ["6 Oct 2", "6. Oktober 1", "6 Oct 930", "Oct 6 2"])
def test_a_number_of_one_or_three_digits_after_a_date_is_not_its_year(text: str) -> None:
    heading = read_heading(text, bare=True)
    assert heading is not None
    assert (heading.year, heading.month, heading.day) == (0, 10, 6)
    assert dates([text], year=2026) == ["2026-10-06"]


@pytest.mark.parametrize(
    ("headings", "given", "wrong", "instead"),
    [
        (["1/5", "1/6"], {"year": 2026}, "do not show which number is the day", "date_order"),
        (["1/25"], {}, "dates without a year", "year = 2026"),
        (["1/25"], {"year": "sheet", "sheet": "Attendance"}, "without a year", "year = 2026"),
        (["5", "6"], {"year": 2026}, "days without a month", "name of the sheet"),
        (["2/29"], {"year": 2026}, "not a day of the calendar", "year of the grid"),
    ],
)
def test_headings_that_cannot_be_read_are_refused(
    headings: list[str], given: dict[str, Any], wrong: str, instead: str
) -> None:
    with pytest.raises(RecordsError) as caught:
        dates(headings, **given)
    assert wrong in caught.value.wrong
    assert instead in str(caught.value)


@pytest.mark.parametrize(
    "text", ["Total P", "Client", "May", "Age 12", "13/45/2026", "Notes 3", ""]
)
def test_other_headings_are_no_dates(text: str) -> None:
    assert read_heading(text, bare=False) is None


def test_a_file_without_a_grid_is_refused() -> None:
    with pytest.raises(RecordsError, match="no column of the grid"):
        shaped(raw_of({"Client": ["A"], "Note": ["x"]}), grid={"year": 2026})


# Lists ------------------------------------------------------------------------------------------


LISTS = {"separator": ";", "status": {"Present": "attended", "Absent": "no_show"}}


def test_a_list_becomes_a_row_a_person() -> None:
    raw = raw_of({"Group": ["g", "h"], "Present": ["A; B", ""], "Absent": ["C;", ""]})
    result = shaped(raw, lists=LISTS)
    assert frame_of(result).to_numpy().tolist() == [
        [2, "g", "A", "attended"],
        [2, "g", "B", "attended"],
        [2, "g", "C", "no_show"],
    ]
    assert result.made_of == 2


def test_who_stands_in_two_lists_has_no_known_outcome() -> None:
    raw = raw_of({"Group": ["g"], "Present": ["A; B; B"], "Absent": ["A"]})
    result = shaped(raw, lists=LISTS)
    assert frame_of(result)["status"].tolist() == ["", "attended"]
    assert [(remark.check, remark.value) for remark in result.remarks] == [
        ("in_two_lists", "A"),
        ("twice_in_list", "B"),
    ]


@settings(deadline=None, max_examples=15)
@given(
    st.lists(st.tuples(*[st.lists(st.sampled_from("ABC"), max_size=3)] * 2), min_size=1, max_size=5)
)
def test_spread_lists_equal_slow_ones(rows: list[tuple[list[str], list[str]]]) -> None:
    present, absent = ([" ; ".join(row[place]) for row in rows] for place in (0, 1))
    result = shaped(raw_of({"Present": present, "Absent": absent}), lists=LISTS)
    expected = []
    for line, (came, stayed) in enumerate(rows, start=2):
        for person in dict.fromkeys(came + stayed):
            both = person in came and person in stayed
            word = "" if both else "attended" if person in came else "no_show"
            expected.append((line, person, word))
    assert [tuple(row) for row in frame_of(result).to_numpy().tolist()] == expected


# Columns made of others -------------------------------------------------------------------------


def test_a_word_is_made_of_two_columns() -> None:
    raw = raw_of({"Status": ["Canceled", "Show", ""], "By": ["provider", "", ""]})
    result = shaped(raw, table={"combine": {"status": ["Status", "By"]}})
    frame = frame_of(result)
    assert frame["status"].tolist() == ["Canceled + provider", "Show", ""]
    assert list(frame) == ["line", "By", "status"]


def test_a_ticked_box_gives_its_word() -> None:
    raw = raw_of({"r1": ["1", "0", "1", "", "?"], "r2": ["", "x", "1", "", "1"]})
    ticked = {"entry_path": {"r1": "direct", "r2": "step_down"}}
    result = shaped(raw, "episodes", table={"ticked": ticked})
    assert frame_of(result)["entry_path"].tolist() == ["direct", "step_down", "", "", "step_down"]
    assert sorted((remark.check, remark.line) for remark in result.remarks) == [
        ("two_ticked", 4),
        ("unknown_tick", 6),
    ]


def test_two_boxes_of_one_word_do_not_contradict_each_other() -> None:
    raw = raw_of({"r1": ["1"], "r2": ["1"]})
    ticked = {"entry_path": {"r1": "step_down", "r2": "step_down"}}
    result = shaped(raw, "episodes", table={"ticked": ticked})
    assert frame_of(result)["entry_path"].tolist() == ["step_down"]
    assert result.remarks == ()


def test_a_constant_is_the_value_of_every_row() -> None:
    result = shaped(raw_of({"id": ["1", "2"]}), constants={"service": "group"})
    assert frame_of(result)["service"].tolist() == ["group", "group"]


def test_a_constant_of_the_table_yields_to_a_column_and_one_of_the_source_is_refused() -> None:
    raw = raw_of({"Service": ["family"]})
    result = shaped(raw, table={"constants": {"service": "group"}})
    assert frame_of(result)["Service"].tolist() == ["family"]
    with pytest.raises(RecordsError, match="has a column 'service' of its own"):
        shaped(raw, constants={"service": "group"})


@pytest.mark.parametrize(
    ("keys", "wrong"),
    [
        ({"fill_down": "x"}, "no column 'x', which [[attendance.from]] fill_down"),
        ({"where": {"x": 1}}, "no column 'x', which [[attendance.from]] where"),
        ({"only": "x"}, "no column 'x', which [[attendance.from]] only"),
        ({"one_row_for": "x"}, "no column 'x', which [[attendance.from]] one_row_for"),
        (
            {"lists": {"status": {"x": "attended"}}},
            "no column 'x', which [[attendance.from]] lists",
        ),
        (
            {"table": {"combine": {"status": ["id", "x"]}}},
            "no column 'x', which [attendance.combine]",
        ),
        ({"table": {"combine": {"date": ["id", "b"]}}}, "a column 'date' of its own"),
        ({"grid": {"columns": "b"}}, "a heading in the grid that is not a date: column 3"),
        ({"grid": {"columns": "b", "headings": "name", "becomes": "id"}}, "'id' of its own"),
        ({"join": {"where": {"id": 1}, "by": "x", "columns": "b"}}, "no column 'x'"),
    ],
)
def test_a_column_that_is_not_there_is_named(keys: dict[str, Any], wrong: str) -> None:
    with pytest.raises(RecordsError) as caught:
        shaped(raw_of({"id": ["1"], "date": ["2026-01-01"], "b": [""]}), **keys)
    assert wrong in caught.value.wrong


# Files ------------------------------------------------------------------------------------------

EPISODES = "episode_id,admit_date\nE1,2026-01-01\nE2,2026-01-02\n"


def folder_of(path: Path, **files: str) -> Path:
    for name, text in files.items():
        (path / name.replace("_csv", ".csv")).write_text(text)
    return path


def test_one_file_serves_two_tables(tmp_path: Path) -> None:
    text = "id,kind,day,status\nE1,in,2026-01-01,\nE1,check,2026-01-08,completed\n"
    path = folder_of(tmp_path, all_csv=text) / "all.csv"
    mapping = {
        "episodes": {
            "from": {"where": {"kind": "in"}, "columns": {"id": "episode_id", "day": "admit_date"}}
        },
        "checkins": {
            "from": {"where": {"kind": "check"}, "columns": {"id": "episode_id", "day": "date"}}
        },
    }
    for source in (path, tmp_path):
        records = iop.read_records(source, mapping=mapping)
        assert len(records.episodes) == len(records.checkins) == 1
        assert records.sources["rows_left_out"].tolist() == [1, 1]
        assert records.sources["rows_read"].tolist() == [1, 1]


def test_only_the_files_that_a_source_names_are_of_the_table(tmp_path: Path) -> None:
    rows = "episode_id,date,status\nE1,2026-01-03,attended\n"
    folder_of(tmp_path, episodes_csv=EPISODES, attendance_csv=rows, log_1_csv="x\ny\n" + rows)
    mapping = {"attendance": {"from": [{"file": "log_*.csv", "header_row": 3}]}}
    records = iop.read_records(tmp_path, mapping=mapping)
    assert records.sources["file"].tolist() == ["episodes.csv", "log_1.csv"]
    assert records.ignored == ("attendance.csv",)


def test_a_source_without_a_file_is_of_those_that_the_table_has(tmp_path: Path) -> None:
    rows = "episode_id,date,status\nE1,2026-01-03,x\nTotal,,\n"
    folder_of(tmp_path, episodes_csv=EPISODES, attendance_csv=rows)
    mapping = {
        "attendance": {
            "from": [{"drop_rows": {"episode_id": "Total"}}],
            "words": {"status": {"x": "attended"}},
        }
    }
    records = iop.read_records(tmp_path, mapping=mapping)
    assert len(records.attendance) == 1
    assert len(records.problems) == 0


def test_a_frame_is_shaped_too() -> None:
    episodes = pd.DataFrame({"episode_id": ["E1"], "admit_date": ["2026-01-01"]})
    grid = pd.DataFrame({"episode_id": ["E1"], "2026-01-03": ["attended"]})
    mapping = {"attendance": {"from": {"grid": {}}}}
    records = iop.read_records(episodes=episodes, attendance=grid, mapping=mapping)
    assert records.attendance["day"].tolist() == [2]
    mapping = {"attendance": {"from": {"header_row": 2}}}
    with pytest.raises(RecordsError, match="but a frame was given"):
        iop.read_records(episodes=episodes, attendance=grid, mapping=mapping)


@pytest.mark.parametrize(
    ("mapping", "wrong"),
    [
        ({"attendance": {"from": {"file": "no.csv"}}}, "names no file that exists"),
        ({"checkins": {"from": {}}}, "does not say which file is meant"),
        (
            {"attendance": {"from": {"join": {"file": "x.csv", "by": "status", "columns": "b"}}}},
            "join names a file 'x.csv'",
        ),
    ],
)
def test_a_file_that_is_not_there_is_named(
    mapping: dict[str, Any], wrong: str, tmp_path: Path
) -> None:
    rows = "episode_id,date,status\nE1,2026-01-03,attended\n"
    folder_of(tmp_path, episodes_csv=EPISODES, attendance_csv=rows)
    with pytest.raises(RecordsError) as caught:
        iop.read_records(tmp_path, mapping=mapping)
    assert wrong in caught.value.wrong


def test_names_and_patterns_of_no_file_are_named_with_their_folder_and_what_is_there(
    tmp_path: Path,
) -> None:
    rows = "episode_id,date,status\nE1,2026-01-03,attended\n"
    folder_of(tmp_path, episodes_csv=EPISODES)
    (tmp_path / "jan").mkdir()
    folder_of(tmp_path / "jan", services_csv=rows)
    within = "files there: episodes.csv; in folders within, not read: jan/services.csv"
    for file in ("jan/services.csv", "jan*/services*.csv"):
        with pytest.raises(RecordsError) as caught:
            iop.read_records(tmp_path, mapping={"attendance": {"from": {"file": file}}})
        assert file in str(caught.value)
        assert within in str(caught.value)
    folder_of(tmp_path, attendance_csv=rows)
    mapping = {"attendance": {"from": [{"file": "attendance.csv"}, {"file": "visits_*.csv"}]}}
    records = iop.read_records(tmp_path, mapping=mapping)
    (note,) = [note for note in records.notes if "visits_*.csv" in note]
    assert "attendance.csv, episodes.csv" in note


def test_values_come_from_another_file(tmp_path: Path) -> None:
    folder_of(
        tmp_path,
        episodes_csv=EPISODES,
        ends_csv="client,left\nE2,2026-02-01\n",
        attendance_csv="episode_id,date,status\nE1,2026-01-03,attended\n",
    )
    mapping = {
        "episodes": {
            "from": {
                "columns": {"client": "episode_id", "left": "discharge_date"},
                "join": {"file": "ends.csv", "by": "episode_id", "columns": "left"},
            }
        }
    }
    records = iop.read_records(tmp_path, mapping=mapping, as_of="2026-03-01")
    assert records.episodes["discharge_date"].notna().tolist() == [False, True]
    assert records.ignored == ()


def test_the_default_plan_changes_nothing() -> None:
    raw = raw_of({"a": ["1", "2"]})
    (result,) = shape([raw], SourcePlan(), "attendance", Mapping(), no_other)
    assert result == raw


def test_a_join_names_what_it_takes_over_and_a_column_is_two_of_ours(tmp_path: Path) -> None:
    rows = (
        "id,day,kind,result\nE1,2026-01-01,in,\nE1,2026-01-05,visit,came\n"
        "E1,2026-02-01,out,completed\nE2,2026-01-02,in,\n"
    )
    folder_of(tmp_path, all_csv=rows)
    leave = {"day": "discharge_date", "result": "discharge_reason"}
    mapping: dict[str, Any] = {
        "episodes": {
            "from": {
                "file": "all.csv",
                "where": {"kind": "in"},
                "join": {"where": {"kind": "out"}, "by": "id", "columns": leave},
            },
            "columns": {"id": "episode_id", "day": "admit_date"},
        },
        "attendance": {
            "from": {"file": "all.csv", "where": {"kind": "visit"}},
            "columns": {"id": "episode_id", "day": "date", "result": ["status", "note"]},
            "words": {"status": {"came": "attended"}},
        },
    }
    records = iop.read_records(tmp_path, mapping=mapping)
    assert records.episodes["days_to_discharge"].fillna(-1).tolist() == [31, -1]
    assert records.episodes["discharge_reason"].astype(object).fillna("").tolist() == [
        "completed",
        "",
    ]
    assert records.attendance[["status", "note"]].to_numpy().tolist() == [["attended", "came"]]
    assert len(records.problems) == 0
    assert not [note for note in records.notes if "heading" in note]


@pytest.mark.parametrize(
    ("columns", "wrong"),
    [
        ({"result": ["status", "status"]}, "gives one name twice"),
        ({"result": []}, "has an entry that is not text"),
        ({"result": ["status", "day"]}, "has a column 'day' of its own"),
    ],
)
def test_a_column_that_cannot_be_two_is_refused(
    columns: dict[str, Any], wrong: str, tmp_path: Path
) -> None:
    folder_of(tmp_path, episodes_csv=EPISODES, attendance_csv="episode_id,day,result\nE1,1,x\n")
    with pytest.raises(RecordsError) as caught:
        iop.read_records(tmp_path, mapping={"attendance": {"columns": columns}})
    assert wrong in caught.value.wrong
