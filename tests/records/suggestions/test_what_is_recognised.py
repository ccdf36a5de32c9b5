"""What single steps of a proposal recognise, each at its edge."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import openpyxl
import pytest

import iop_outcomes as iop
from iop_outcomes.records.sources.coded import coded
from iop_outcomes.records.suggestions.recognition.bundles import Bundle, Place
from iop_outcomes.records.suggestions.recognition.fits import fit
from iop_outcomes.records.suggestions.recognition.header import (
    Header,
    _are_days_of_a_grid,
    find_header,
)
from iop_outcomes.records.suggestions.recognition.legends import dictionary_in
from iop_outcomes.records.suggestions.recognition.matching import Match
from iop_outcomes.records.suggestions.recognition.profiles import Profile
from iop_outcomes.records.suggestions.recognition.profiles import profile as profile_of
from iop_outcomes.records.suggestions.recognition.recognising import Join, Source, episodes_within
from iop_outcomes.records.suggestions.top_rows import FIRST_ROWS, LAST_ROWS, top_rows
from iop_outcomes.records.suggestions.writing import _shape
from tests.records.suggestions.test_suggest_mapping import EPISODES, written


def profile(**texts: int) -> Profile:
    counts = np.array(list(texts.values()))
    return Profile("heading", list(texts), counts, int(counts.sum()))


def test_headings_under_blank_cells_are_a_second_row_of_the_header() -> None:
    upper = ["Client ID", "Admission", "Discharge", "Program", "", ""]
    data = [["17", "2026-01-02", "2026-02-03", "North", "completed", "day"]] * 2
    both = find_header([upper, ["", "", "", "", "Reason", "Track"], *data])
    assert both is not None
    assert (both.row, both.rows) == (1, 2)
    alone = find_header([upper, *data])
    assert alone is not None
    assert (alone.row, alone.rows) == (1, 1)


def test_a_data_dictionary_gives_the_code_of_each_choice_without_its_label() -> None:
    header = ["Variable / Field Name", "Field Label", "Choices, Calculations, OR Slider Labels"]
    rows = [
        ["attend_status", "Did the client come?", "1, Present | 2, Absent | P = Part"],
        ["note", "Anything else?", ""],
        ["arm", "Arm", "none of these | nor this"],
    ]
    assert dictionary_in(header, rows) == {
        "attend_status": {"1": "Present", "2": "Absent", "p": "Part"}
    }
    assert dictionary_in(["a", "b"], rows) == {}


@pytest.mark.parametrize(
    ("held", "fits"),
    [
        (profile(yes=5, no=5), 1.0),
        (profile(yes=5, qqq=5), 0.5),
        (profile(qqq=5, www=5), 0.35),
        (profile(**{f"qq{letter}": 1 for letter in "abcdefghijklmnop"}), 0.0),
    ],
)
def test_a_flag_is_known_by_yes_and_no_and_can_be_any_few_words(held: Profile, fits: float) -> None:
    assert fit("checkins", "used", held) == pytest.approx(fits)


def test_the_first_and_the_last_rows_of_a_sheet_are_so_many_and_no_more(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    rows = FIRST_ROWS + LAST_ROWS + 40
    for row in range(1, rows + 1):
        book.active.append([row])
    book.save(tmp_path / "long.xlsx")
    (top,) = top_rows(tmp_path / "long.xlsx")
    assert [int(row[0]) for row in top.first] == list(range(1, FIRST_ROWS + 1))
    assert [int(row[0]) for row in top.last] == list(range(rows - LAST_ROWS + 1, rows + 1))


def test_blank_cells_are_filled_where_the_identifier_is_merged_and_only_there(
    tmp_path: Path,
) -> None:
    lines = []
    for n in range(8):
        lines.append(f"K-{n:03d},Track {n % 2},01/{13 + n}/2026,Group,Attended,\n")
        lines += [f",,01/{14 + n}/2026,Group,No show,{'x' * (n == 2)}\n"] * 2
    header = "Client ID,Track,Service Date,Service,Status,Remark\n"
    files = {"roster.csv": EPISODES, "log.csv": header + "".join(lines)}
    proposal = iop.suggest_mapping(written(tmp_path, files))
    sources = tomllib.loads(proposal.text)["attendance"]["from"]
    assert [source.get("fill_down") for source in sources] == [["Client ID", "Track"]]


@pytest.mark.parametrize(("score", "there"), [(0.79, True), (0.8, False), (0.81, False)])
def test_a_heading_that_is_surely_of_a_session_is_none_of_its_episode(
    score: float, there: bool
) -> None:
    cells = {
        "Admission Date": ["2026-01-05"] * 6 + ["2026-02-02"] * 6,
        "Service Date": [f"2026-03-{day:02d}" for day in range(1, 13)],
    }
    columns = {name: coded(texts) for name, texts in cells.items()}
    profiles = {name: profile_of(name, column) for name, column in columns.items()}
    bundle = Bundle((Place("log.csv"),), Header(1, 1, 2, tuple(cells)), columns, profiles=profiles)
    matched = {
        "Admission Date": Match("Admission Date", "date", score, ""),
        "Service Date": Match("Service Date", "date", 1.0, ""),
    }
    found = episodes_within(Source("attendance", bundle, matched, 2.0))
    assert (found is not None) == there
    if found is not None:
        assert {name: match.column for name, match in found.matches.items()} == {
            "Admission Date": "admit_date"
        }
        assert found.only


@pytest.mark.parametrize("before", [0, 300])
def test_a_single_column_of_fields_and_choices_is_no_data_dictionary(before: int) -> None:
    blank = [""] * before
    header, row = [*blank, "Field choices"], [*blank, "1, Present | 2, Absent"]
    assert dictionary_in(header, [row]) == {}
    beside = dictionary_in([*header, "Field name"], [[*row, "status"]])
    assert beside == {}  # the first column that names fields is that of the choices
    apart = dictionary_in([*blank, "Field name", "Choices"], [[*blank, "status", row[-1]]])
    assert apart == {"status": {"1": "Present", "2": "Absent"}}


def test_the_row_above_a_header_belongs_to_it_under_a_title_too() -> None:
    title = ["Attendance of all programs", "", "", "", ""]
    upper = ["Client", "", "Visit", "", ""]
    own = ["Client ID", "Program", "Service Date", "Service", "Status"]
    data = [["17", "North", "2026-01-02", "Group", "Attended"]] * 3
    met = find_header([title, upper, own, *data])
    assert met is not None
    assert (met.row, met.rows) == (2, 2)


@pytest.mark.parametrize(("words", "where"), [(("DC",), "DC"), (("DC", "AMA"), ["DC", "AMA"])])
def test_a_discharge_of_several_words_is_joined_from_the_rows_of_each(
    words: tuple[str, ...], where: str | list[str]
) -> None:
    header = Header(1, 1, 2, ("Client ID", "Event", "Date"))
    matched = {"Client ID": Match("Client ID", "episode_id", 1.0, "")}
    joins = (Join("Event", words, ("Date",), {"Date": "discharge_date"}),)
    source = Source("episodes", Bundle((Place("log.csv"),), header, {}), matched, 2.0, joins=joins)
    (join,) = tomllib.loads("\n".join(_shape(source, by_person=False)))["join"]
    assert join == {
        "where": {"Event": where},
        "by": "Client ID",
        "columns": {"Date": "discharge_date"},
    }


@pytest.mark.parametrize(
    ("cells", "below", "grid"),
    [
        (["Name", "2026-01-05", "2026-01-06"], [["Row one", "P", "A"]], True),
        (["Name", "2026-01-05", "2026-01-05"], [["Row one", "P", "A"]], False),  # one day twice
        (["Name", "3", "4"], [["Row one", "P", "A"]], False),  # no dates
        (["Name", "2026-01-05", "4"], [["Row one", "P", "A"]], False),
        (["Name", "2026-01-05"], [["Row one", "2026-01-12"]], False),  # a column of dates
        (["Name", "Status"], [["Row one", "P"]], False),
        (["Name", "2026-01-05"], [["Row one", ""]], False),  # nothing below
    ],
)
def test_days_of_a_grid_are_different_dates_above_marks(
    cells: list[str], below: list[list[str]], grid: bool
) -> None:
    values = {"2026-01-05", "2026-01-06", "2026-01-12", "3", "4"}
    assert _are_days_of_a_grid(cells, below, values) == grid
