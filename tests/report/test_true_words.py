"""Sentences of the report that must be true of the numbers beside them."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.records.fitness.judging import Judgement
from iop_outcomes.report import trend_pictures
from iop_outcomes.report.forms.document import tables_of
from iop_outcomes.report.forms.workbook import workbook
from iop_outcomes.report.model import Section, Table
from iop_outcomes.report.sections import assemble, findings, quality, registry
from iop_outcomes.report.sections.attendance import exclusions
from iop_outcomes.report.sections.relapse import pictures
from iop_outcomes.report.settings import ReportSettings
from iop_outcomes.trends.quantities import find_quantity
from tests.helpers.of_the_sample import records_of_the_sample, report_of_the_sample


def tables() -> dict[str, dict[str, Any]]:
    """Return the tables of the report of the sample by name, as plain data."""
    document = report_of_the_sample()._document
    assert document is not None
    every = [
        table
        for section in document["sections"]
        for table in [*section["tables"], *(one["table"] for one in section["figures"])]
    ]
    return {table["name"]: table for table in every}


@pytest.mark.parametrize("name", ["admissions", "definitions"])
def test_a_program_too_few_to_publish_is_in_the_rows_read(name: str) -> None:
    # The section on data quality counts the rows of all programs.
    said = " ".join(str(cell) for row in tables()[name]["rows"] for cell in row)
    said += tables()[name]["note"]
    assert "Old Mill" in said
    assert "in no number" not in said
    assert "rows read and checked" in said


def test_sessions_without_an_outcome_are_not_said_to_be_few_where_they_may_not_be() -> None:
    rows = tables()["sessions"]["rows"]
    assert any(row[0] == "unrecorded" and row[-1] for row in rows)  # the people with one are shown
    note = tables()["attendance_by_weekday"]["note"]
    assert "they are none, or too few to show" not in note
    assert "how many they are on each weekday is not shown" in note


def sentences(name: str) -> str:
    """Return the sentences of a section of the report of the sample."""
    document = report_of_the_sample()._document
    assert document is not None
    held = next(one for one in document["sections"] if one["name"] == name)
    return " ".join(held["sentences"])


def test_the_note_on_the_data_cut_does_not_say_what_happened_on_that_day() -> None:
    # It may be one person's discharge.
    words = "data cut taken as the newest day on which something is recorded to have happened"
    assert f"{words}: 2026-09-30 This is of all" in sentences("data-quality")
    note = f"{words}: day 168 (a check-in that was completed or missed)"
    policies = iop.SafePolicy(), iop.SafePolicy.internal()
    sent, own = (quality.notes_without_counts([note, "as is (so)"], one) for one in policies)
    assert sent == [f"{words}: day 168", "as is (so)"]
    assert own == [note, "as is (so)"]


def test_the_truth_is_not_said_to_lie_between_where_the_figure_used_does_not() -> None:
    table = tables()["missing_check_ins"]
    place = [column["name"] for column in table["columns"]].index("day_180")
    shares = [row[place] for row in table["rows"]]
    assert shares[-1] > max(shares[:-1])  # "ends follow-up", which is used here
    assert "lies between" not in table["note"]
    assert "may lie outside the other two" in table["note"]


def test_the_curves_by_missing_check_in_refer_to_the_first_and_the_methods_name_its_estimate() -> (
    None
):
    caption = tables()["relapse_by_missing"]["caption"]
    assert caption == "Time to relapse, by what a missing check-in counts as"
    assert "the first picture of this section" in tables()["relapse_by_missing"]["note"]
    methods = dict(tables()["methods"]["rows"])
    assert methods["Share without relapse by day"].startswith("Kaplan EL, Meier P.")
    assert "read it with the table" not in sentences("relapse")  # the Word file has no such table


@pytest.mark.parametrize("events", [90, 30])
def test_a_dotted_line_at_the_median_is_explained(events: int) -> None:
    days = [1 + number % 60 for number in range(120)]
    times = pd.DataFrame({"days": days, "event": [number < events for number in range(120)]})
    curves = iop.protect(iop.survival_curves(times))
    reached = bool(curves.median()["median"].notna().any())
    scope: Any = SimpleNamespace(
        policy=SimpleNamespace(threshold=11),
        records=SimpleNamespace(synthetic=True),
        rule=iop.RelapseRule(),
    )
    drawing: Any = pictures._curve(scope, curves, "Time to relapse", "relapse")
    assert reached == (events == 90)
    assert (pictures.MEDIAN_LINE in drawing.draw.args[1].rule) == reached


@pytest.mark.parametrize("threshold", [11, 1])
def test_no_median_is_read_off_a_line_of_which_only_the_marked_days_are_estimates(
    threshold: int,
) -> None:
    # Where a missing check-in counts as use, most curves come down to one half, between two days.
    days = [1 + number % 60 for number in range(120)]
    times = pd.DataFrame({"days": days, "event": [number < 90 for number in range(120)]})
    curves = iop.protect(iop.survival_curves(times), iop.SafePolicy(threshold=threshold))
    scope: Any = SimpleNamespace(
        policy=SimpleNamespace(threshold=threshold),
        records=SimpleNamespace(synthetic=True),
        tells=lambda _: True,
        rule=iop.RelapseRule(),
    )
    first: Any = SimpleNamespace(open=None)
    one_curve = {"interval": None, "by_program": None, "first": first, "missing": ""}
    results: Any = SimpleNamespace(overall=curves, by_missing=curves, **one_curve)
    made: Any = pictures.relapse_drawings(scope, results)
    drawn = [
        len(one.draw.func(*one.draw.args, keep=True).figure.axes[0].collections) for one in made
    ]
    dotted = [pictures.MEDIAN_LINE in one.draw.args[1].rule for one in made]
    assert dotted == [True, threshold == 1]
    assert (drawn[0] > drawn[1]) == (threshold == 11)


def test_numbers_that_count_the_same_people_differently_say_why() -> None:
    assert (
        "counts up to the last contact, not up to the discharge" in tables()["cohort_flow"]["note"]
    )
    assert "whether or not the person still came" in tables()["attendance_by_week"]["note"]
    assert "of whom no service has a recorded outcome" in tables()["ends_over_time"]["note"]
    assert "also those followed for a few days only" in tables()["relapse"]["note"]


def test_who_is_counted_in_the_weeks_and_in_the_flow_is_said_truly() -> None:
    """Some died before day 90; who was discharged on the first day of a week is in its count."""
    weeks, flow = tables()["attendance_by_week"]["note"], tables()["cohort_flow"]["note"]
    for note in (weeks, flow):
        assert "Followed for 90 days: admitted at least so long before the data cut" in note
        assert "Who was discharged, or died, before is among them." in note
    assert "Who was discharged on that day is counted here" in weeks
    assert "neither discharged nor" not in weeks
    assert "Episodes followed: of which the whole week was over by the data cut" in weeks
    assert "Where a program records no discharges, only the last contact decides." in flow
    census = tables()["census"]["note"]
    assert "An episode without a recorded discharge counts to the end of its follow-up." in census


def test_notes_name_columns_as_these_are_headed() -> None:
    # A page writes the column last_month as "last month", and has no column "episodes in program".
    made = tables()
    notes = [one["note"] for name, one in made.items() if name not in ("methods", "definitions")]
    assert [note for note in notes if re.search(r"[a-z]_[a-z]", note)] == []
    headed = {column["name"].replace("_", " ") for column in made["attendance_by_week"]["columns"]}
    assert {"episodes", "episodes followed"} <= headed
    assert " Episodes: of these, those in the program, not" in made["attendance_by_week"]["note"]
    assert " Last month: the newest month" in made["signals"]["note"]


def test_who_left_on_the_first_day_of_a_week_is_in_its_episodes_and_not_in_the_census() -> None:
    episodes = pd.DataFrame(
        {
            "episode_id": ["A", "B"],
            "admit_date": "2026-01-05",
            "discharge_date": ["2026-01-12", "2026-01-11"],  # day 7, the first of week 2, and 6
            "discharge_reason": "completed",
        }
    )
    visits = pd.DataFrame({"episode_id": ["A", "B"], "date": "2026-01-06", "status": "attended"})
    records = iop.read_records(episodes=episodes, attendance=visits, as_of="2026-06-30")
    weeks = iop.attendance_by_week(records, weeks=2).table
    assert weeks["episodes"].tolist() == [2, 1]
    assert weeks["episodes_followed"].tolist() == [2, 2]
    daily = find_quantity("census").tally(records)
    assert daily.until is not None
    assert (daily.until < np.datetime64("2026-01-12")).all()


@pytest.mark.parametrize(
    ("name", "words", "section"),
    [
        ("flow", exclusions.COUNTED_THERE, "data-quality"),
        ("cannot-tell", assemble.IN_PROGRAMS, "attendance"),
    ],
)
def test_no_note_points_to_a_section_that_the_report_has_not(
    name: str, words: str, section: str
) -> None:
    table = Table("a", "A", pd.DataFrame({"n": [1]}), {}, f"Counts.{words}")
    part = registry.Part(name, "A", lambda _: Section(name, "A", (), (table,)), of_people=False)
    material: Any = SimpleNamespace(counted=None, settings=SimpleNamespace(titles={}))
    both = [name, section, "cannot-tell"]
    assert words in registry.POINTERS
    assert registry.build(part, material, both).tables[0].note == f"Counts.{words}"
    assert registry.build(part, material, [name, "cannot-tell"]).tables[0].note == "Counts."


@pytest.mark.parametrize("mixed", [True, False])
def test_by_program_is_explained_where_a_measure_is_so_known(mixed: bool) -> None:
    judged = {"hours": Judgement("hours", "Hours", "partly", mixed=mixed)}
    scope: Any = SimpleNamespace(judged=judged, records=SimpleNamespace(tables={}))
    (table,) = assemble.cannot_tell(scope).tables
    assert table.frame["known"].tolist() == ["by program" if mixed else "in part"]
    assert ("By program: known of some programs and not of others." in table.note) == mixed
    assert (assemble.IN_PROGRAMS in table.note) == mixed


@pytest.mark.parametrize("hidden", [True, False])
def test_the_small_print_of_a_trend_says_what_is_hidden_and_what_not_known_yet(
    hidden: bool,
) -> None:
    made = iop.trend(records_of_the_sample(), "retained_90", every="quarter", chart="none")
    table = made.table.assign(hidden=False)
    if hidden:
        numbers = ["numerator", "denominator", "value", "lower", "upper"]
        table.loc[1, numbers], table.loc[1, "hidden"] = float("nan"), True
    scope: Any = SimpleNamespace(
        records=SimpleNamespace(synthetic=True), period=None, word="time", begin=pd.Timestamp.min
    )
    drawing = trend_pictures.trend_drawing(scope, replace(made, table=table))
    assert any(trend_pictures.SIGN in note for note in drawing.notes) == hidden
    waiting = not made.table["complete"].all()
    assert any(trend_pictures.NOT_YET in note for note in drawing.notes) == waiting
    assert drawing.definition in drawing.notes


def test_a_period_that_is_not_known_yet_has_the_name_that_the_sentence_gives_others() -> None:
    table = pd.DataFrame(
        {"period": ["2024-10 to 2025-09", "2025-10 to 2026-09"], "complete": [True, False]}
    )
    scope: Any = SimpleNamespace(period=SimpleNamespace(last=pd.Timestamp("2026-09-30")))
    trend: Any = SimpleNamespace(table=table, every="twelve months")
    said = findings.not_known_yet(scope, trend)
    assert said == " October 2025 to September 2026 is not complete yet."


@pytest.mark.parametrize(
    ("kind", "value", "form"),
    [
        ("whole_share", 0.88, "0%"),
        ("whole_share", 0.881, "0.0%"),  # of 1,000 people or more
        ("share", 0.88, "0.0%"),
        ("share", 1.0, "0%"),
        ("share", 0.0, "0%"),
        ("points", -0.004, '0.0" points"'),
    ],
)
def test_shares_of_a_workbook_have_the_digits_of_the_page(
    kind: str, value: float, form: str
) -> None:
    columns = [{"name": "share", "kind": kind}]
    table = {"name": "a", "caption": "A", "note": "", "columns": columns, "rows": [[value]]}
    section = {"name": "s", "title": "S", "sentences": [], "items": [], "tables": [table]}
    document = {"title": "T", "facts": [], "findings": [], "mark": ""}
    document |= {"sections": [section | {"figures": []}]}
    content = workbook({"a": pd.DataFrame({"share": [value]})}, document=document)
    sheet = openpyxl.load_workbook(BytesIO(content))["a"]
    assert sheet["A2"].number_format == form
    assert sheet["A2"].value == (-0.4 if kind == "points" else value)  # the format cannot say so


def test_nothing_points_to_a_table_that_is_left_out() -> None:
    """The note on attendance by program pointed to a table of the section that was left out."""
    settings = ReportSettings(leave_out=("attendance",))
    made = iop.quarterly_report(records_of_the_sample(), "2026Q3", settings=settings)
    assert made._document is not None
    tables = list(tables_of(made._document))
    captions = " ".join(one["caption"] for one in tables)
    said = [one["note"] for one in tables]
    for section in made._document["sections"]:
        said += [*section["sentences"], *(one["text"] for one in section["items"])]
    pointed = {name for text in said for name in re.findall(r'the table "([^"]+)"', text)}
    assert [name for name in pointed if name not in captions] == []


def test_programs_that_are_one_in_all_numbers_are_not_called_by_a_name_that_no_row_has() -> None:
    made = iop.quarterly_report(records_of_the_sample(), "2024Q1")
    assert made._document is not None
    sites = next(one for one in made._document["sections"] if one["name"] == "sites")
    assert sites["sentences"] == ["No program is large enough to stand alone."]
    rows = dict(made.tables["definitions"].to_numpy().tolist())
    assert "Other programs" not in rows
    assert rows["Programs taken together"].endswith(" All are counted together.")
    assert all("Other programs" not in one["note"] for one in tables_of(made._document))
