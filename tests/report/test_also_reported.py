"""The first page has the main numbers of symptoms, relapse and how episodes ended, as printed."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.report.model import Kind, Section, Table
from iop_outcomes.report.sections import first_page
from iop_outcomes.report.sections.openings.also_reported import NAME, with_other_results
from iop_outcomes.report.settings import ReportSettings
from tests.helpers.of_the_sample import nothing_drawn, records_of_the_sample, report_of_the_sample

FIRST = Section(first_page.NAME, first_page.TITLE, ("How.",))
WHOM = "admissions from October 2024 to September 2026"


def rows_of(*sections: Section) -> list[dict[str, Any]]:
    made = with_other_results(FIRST, [FIRST, *sections])
    return [dict(row) for table in made.tables for row in table.frame.to_dict("records")]


def note_of(*sections: Section) -> str:
    made = with_other_results(FIRST, [FIRST, *sections])
    return " ".join([*made.sentences[1:], *(table.note for table in made.tables)])


def relapse(cells: dict[str, object], at_risk: object = 616, title: str = "Relapse") -> Section:
    kinds: dict[str, Kind] = dict.fromkeys(cells, "whole_share")
    frame = pd.DataFrame([{"program": "a"} | cells, {"program": "all"} | cells], dtype=object)
    curve = pd.DataFrame({"day": [0], "at_risk": [at_risk]}, dtype=object)
    tables = (
        Table("without_relapse", f"Without relapse, by day: {WHOM}", frame, kinds),
        Table("relapse", f"Time to relapse: {WHOM}", curve),
    )
    return Section("relapse", title, ("What is counted.",), tables)


def day(number: int, share: object, lower: object, upper: object) -> dict[str, object]:
    name = f"day_{number}"
    return {name: share, f"{name}_lower": lower, f"{name}_upper": upper}


def ended(completed: object, dropped_out: object, of: object = 153) -> Section:
    rows = [("completed", 58, completed), ("dropped out", 32, dropped_out), ("all", of, 1.0)]
    frame = pd.DataFrame(rows, columns=["reason", "discharges", "share"], dtype=object)
    kinds: dict[str, Kind] = {"discharges": "count", "share": "share"}
    table = Table("discharges", "Discharges in 2026Q2 to 2026Q3, by reason", frame, kinds)
    return Section("who-stayed", "How episodes ended", (), (table,))


def test_relapse_is_that_of_the_last_day_with_a_share() -> None:
    cells = day(90, 0.71, 0.66, 0.76) | day(180, 0.61, 0.54, 0.67)
    assert rows_of(relapse(cells)) == [
        {
            "result": "without relapse on day 180, estimated",
            "of whom": WHOM,
            "how many": 616,
            "value": 0.61,
            "lower": 0.54,
            "upper": 0.67,
        }
    ]
    (row,) = rows_of(relapse(cells | day(180, "hidden", "hidden", "hidden"), "hidden"))
    assert (row["result"], row["value"]) == ("without relapse on day 90, estimated", 0.71)
    assert row["how many"] == "hidden"
    (row,) = rows_of(relapse(day(90, 0.71, "hidden", "hidden")))
    assert (row["lower"], row["upper"]) == ("hidden", "hidden")


def test_how_episodes_ended_has_no_interval_where_its_table_has_none() -> None:
    first, second = rows_of(ended(0.379, 0.209))
    assert first == {
        "result": "ended as completed",
        "of whom": "episodes that ended in 2026Q2 to 2026Q3",
        "how many": 153,
        "value": 0.379,
        "lower": "",
        "upper": "",
    }
    assert (second["result"], second["value"]) == ("ended as dropped out", 0.209)
    (only,) = rows_of(ended("hidden", 0.209))
    assert only["result"] == "ended as dropped out"


def test_what_has_no_number_is_said_in_words() -> None:
    hidden = "How episodes ended: no number for this page; see the section."
    assert rows_of(ended("hidden", "hidden")) == []
    assert hidden in note_of(ended("hidden", "hidden"))
    cells = day(180, "hidden", "hidden", "hidden")
    assert "Relapse: no number" in note_of(relapse(cells, title="Relapse"))
    few = Section("relapse", "Return to use", ("Too few to publish.",))
    assert "Return to use: too few to publish." in note_of(few, ended(0.379, 0.209))
    unknown = Section("symptoms", "Scores", ("Not known from these records: Relapse. Why: there.",))
    assert "Scores: not known from these records." in note_of(unknown)
    own = Section("symptoms", "Scores", ("Change of symptoms: hidden, as too few answered twice.",))
    assert "Change of symptoms: hidden, as too few answered twice." in note_of(own)


def test_a_report_without_these_sections_says_nothing() -> None:
    assert with_other_results(FIRST, [FIRST, Section("flow", "Flow", ("A.",))]) is FIRST


def written(table: dict[str, Any]) -> list[dict[str, Any]]:
    names = [one["name"] for one in table["columns"]]
    return [dict(zip(names, row, strict=True)) for row in table["rows"]]


@pytest.fixture(scope="module")
def tables() -> dict[str, list[dict[str, Any]]]:
    document = report_of_the_sample()._document
    assert document is not None
    return {
        table["name"]: written(table)
        for section in document["sections"]
        for table in [*section["tables"], *(one["table"] for one in section["figures"])]
    }


def test_each_number_is_the_one_of_its_section(tables: dict[str, list[dict[str, Any]]]) -> None:
    rows = {row["result"]: row for row in tables[NAME]}
    (whole,) = (row for row in tables["without_relapse"] if row["program"] == "all")
    relapsed = rows["without relapse on day 180, estimated"]
    for name, end in (("value", ""), ("lower", "_lower"), ("upper", "_upper")):
        assert relapsed[name] == whole[f"day_180{end}"]
    assert relapsed["how many"] == tables["relapse"][0]["at_risk"]
    for scale in tables["symptoms"][:2]:
        row = rows[f"{scale['scale']}, change in points"]
        named = ("change", "lower", "upper", "answered_twice")
        assert [row[one] for one in ("value", "lower", "upper", "how many")] == [
            scale[one] for one in named
        ]
    ends = {row["reason"]: row for row in tables["discharges"]}
    for reason in ("completed", "dropped out"):
        assert rows[f"ended as {reason}"]["value"] == ends[reason]["share"]
        assert rows[f"ended as {reason}"]["how many"] == ends["all"]["discharges"]
    assert len(rows) == 5


def test_it_stands_on_the_first_page_of_a_period_only() -> None:
    sections = {one["name"]: one for one in (report_of_the_sample()._document or {})["sections"]}
    names = [table["name"] for table in sections[first_page.NAME]["tables"]]
    assert names == ["measures", NAME]
    html = report_of_the_sample().html
    page = html[html.index('id="what-changed"') : html.index('id="flow"')]
    assert "Also in this report" in page
    assert "54% to 67%" in page
    with nothing_drawn():
        whole = iop.quarterly_report(records_of_the_sample())
    assert NAME not in whole.tables


def test_a_section_that_is_left_out_has_no_row() -> None:
    settings = ReportSettings(leave_out=("relapse", "symptoms"))
    with nothing_drawn():
        made = iop.quarterly_report(records_of_the_sample(), "2026Q3", settings=settings)
    results = made.tables[NAME]["result"].tolist()
    assert results == ["ended as completed", "ended as dropped out"]
