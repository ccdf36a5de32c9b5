"""What every form of a report says at its top, before any number."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.report.forms.document import SYNTHETIC, document_of
from iop_outcomes.report.forms.html import MERGED, facts_of, page_of
from iop_outcomes.report.forms.word import word_of
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections.findings import findings_frame
from iop_outcomes.report.settings import ReportSettings
from tests.helpers.of_the_sample import records_of_the_sample, report_of_the_sample


def test_each_form_of_synthetic_records_says_so_once(tmp_path: Path) -> None:
    report = report_of_the_sample()
    saved = json.loads(report.save(tmp_path / "q3.json").read_text("utf-8"))
    assert [one["text"] for one in saved["facts"]].count(SYNTHETIC) == 1
    book = openpyxl.load_workbook(report.save(tmp_path / "q3.xlsx"))
    assert [row[1].value for row in book["facts"].rows].count(SYNTHETIC) == 1
    assert report.html.count("These people and programs were made up.") == 1


@pytest.mark.parametrize("synthetic", [True, False])
def test_a_word_file_says_it_once_too(synthetic: bool) -> None:
    document = document_of("T", [("Time", "2026Q3")], findings_frame([]), [], synthetic=synthetic)
    content = word_of(document, [], "", SYNTHETIC if synthetic else "", "")
    words = [one.text for one in docx.Document(BytesIO(content)).paragraphs]
    assert sum(SYNTHETIC in text for text in words) == synthetic
    assert any("2026Q3" in text for text in words)


def test_records_of_people_are_not_called_synthetic() -> None:
    document = document_of("T", [], findings_frame([]), [])
    assert document["facts"] == []


@pytest.mark.parametrize(
    ("period", "said"),
    [
        ("2026Q3", "2026Q3 (2026-07-01 to 2026-09-30)"),
        ("2025", "2025 (2025-01-01 to 2025-12-31)"),
        ("2025-10..2026-09", "October 2025 to September 2026"),  # its days stood behind it
        ("2026-07", "July 2026"),
        ("2026-01-15..2026-04-14", "2026-01-15 to 2026-04-14"),
        (None, "all of the records (January 2024 to September 2026)"),
    ],
)
def test_the_time_is_said_once_where_its_words_are_exact(period: str | None, said: str) -> None:
    scope = choose_scope(records_of_the_sample(), period, None, None)
    assert dict(facts_of(scope, None, None))["Time"] == said


BEGINS = "The records begin in October 2025: what came before is not counted"


@pytest.mark.parametrize(
    ("period", "first", "said"),
    [
        ("2025", "2025-10-07", f"{BEGINS}, so the year is partial."),
        ("2025Q4", "2025-10-16", f"{BEGINS}, so the quarter is partial."),
        ("2025Q4", "2025-10-14", ""),  # nobody need be admitted in the first two weeks
        ("2026Q1", "2025-10-07", ""),
        (None, "2025-10-07", ""),
    ],
)
def test_a_period_in_which_the_records_begin_is_said_to_be_partial(
    period: str | None, first: str, said: str
) -> None:
    admitted = pd.date_range(first, periods=60, freq="3D")
    episodes = pd.DataFrame(
        {
            "episode_id": [str(number) for number in range(60)],
            "admit_date": admitted,
            "discharge_date": admitted + pd.Timedelta(days=30),
        }
    )
    visits = pd.DataFrame(
        {"episode_id": episodes["episode_id"], "date": admitted, "status": "attended"}
    )
    records = iop.read_records(episodes=episodes, attendance=visits, as_of="2026-06-30")
    facts = facts_of(choose_scope(records, period, None, None), None, None)
    notes = [text for name, text in facts if name == "Note"]
    assert notes == ([said] if said else [])
    assert first not in str(facts)  # the day on which one person was admitted


def few_of(program: Any) -> iop.Records:
    """Return three people, of whom an internal report can be made."""
    frame = pd.DataFrame({"episode_id": ["a", "b", "c"], "admit_date": "2026-04-06"})
    if program is not None:
        frame["program"] = program
    visits = frame[["episode_id"]].assign(date="2026-04-07", status="attended")
    return iop.read_records(episodes=frame, attendance=visits, as_of="2026-06-30")


def report_of_few(program: Any, **options: Any) -> iop.Report:
    free = iop.SafePolicy.internal()
    return iop.quarterly_report(few_of(program), "2026Q2", policy=free, **options)


@pytest.mark.parametrize(
    ("program", "title"),
    [
        ("North", "Outcome report, North, 2026Q2"),
        (["North", "North", "South"], "Outcome report, 2026Q2"),
        (None, "Outcome report, 2026Q2"),  # the records name no program
        ([None, None, None], "Outcome report, 2026Q2"),
    ],
)
def test_a_report_of_one_program_names_it_in_its_title(program: Any, title: str) -> None:
    assert report_of_few(program).title == title


def test_a_title_that_is_set_stands_and_a_program_has_its_new_name() -> None:
    assert report_of_few("North", title="Ours").title == "Ours"
    settings = ReportSettings(programs={"North": "Harbor\nHouse \u202e"})
    assert report_of_few("North", settings=settings).title == (
        "Outcome report, Harbor House \\u202e, 2026Q2"
    )


def test_a_very_long_name_is_in_every_title(tmp_path: Path) -> None:
    name = f"<b>{'n' * 400}</b>"
    report = report_of_few(name)
    title = f"Outcome report, {name}, 2026Q2"
    assert report.title == title
    assert json.loads(report.save(tmp_path / "a.json").read_text("utf-8"))["title"] == title
    assert openpyxl.load_workbook(report.save(tmp_path / "a.xlsx")).properties.title == title
    assert f"<h1>Outcome report, &lt;b&gt;{'n' * 400}&lt;/b&gt;, 2026Q2</h1>" in report.html
    content = word_of(document_of(title, [], findings_frame([]), []), [], "", "", "")
    held = docx.Document(BytesIO(content))
    assert held.paragraphs[0].text == title
    assert held.core_properties.title == f"{title[:254]}…"  # as long as Word's own may be


def test_it_is_said_where_tables_are_of_longer_times_than_others() -> None:
    report = report_of_the_sample()
    definitions = report.tables["definitions"]
    merged = definitions.isin(["Taken together"]).any(axis=None)
    assert (MERGED in report.html) == merged
    scope = choose_scope(records_of_the_sample(), "2026Q3", None, None)
    pages = [
        page_of(scope, [], ReportSettings(), "T", [], merged=merged)() for merged in (True, False)
    ]
    assert [MERGED in page for page in pages] == [True, False]
