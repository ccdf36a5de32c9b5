"""What every form of a report says at its top, before any number."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import docx
import openpyxl
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.report.forms.document import SYNTHETIC, document_of
from iop_outcomes.report.forms.html import facts_of
from iop_outcomes.report.forms.word import word_of
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections.findings import findings_frame
from tests.helpers.of_the_sample import report_of_the_sample


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
