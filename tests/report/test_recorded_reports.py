"""All that a report says, in several shapes, beside what was recorded (tests/helpers/recorded.py).

The sample has no small programs by chance only, so the shapes are those in which much is hidden,
merged, missing or asked for: a finding, a sentence or a hidden cell that changes is seen here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest
from openpyxl import load_workbook

import iop_outcomes as iop
from iop_outcomes.disclosure.ledger import Ledger
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report import model
from tests.helpers.of_the_sample import records_of_the_sample, report_of_the_sample
from tests.helpers.recorded import cell_text, compare_recorded

HERE = Path(__file__).parent / "recorded"
SCHEMA = Path(__file__).parents[2] / "docs" / "report_schema.json"


@pytest.fixture(autouse=True)
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the pictures out: they show what the tables behind them do."""
    empty = Picture(b"<svg/>", "A picture.", 1, 1)
    monkeypatch.setattr(model, "draw_svg", lambda *_, **__: empty)


@pytest.fixture(scope="module")
def sample() -> iop.Records:
    return records_of_the_sample()


@pytest.fixture(scope="module")
def north(sample: iop.Records) -> dict[str, pd.DataFrame]:
    """Return one program of the sample in its last months, so that much of it is small."""
    episodes = sample.episodes
    kept = episodes[(episodes["program"] == "North") & (episodes["admit_date"] >= "2025-10-01")]
    tables = {"attendance": sample.attendance, "checkins": sample.checkins}
    own = {
        name: table[table["episode_id"].isin(kept["episode_id"])] for name, table in tables.items()
    }
    columns = ["episode_id", "person_id", "program", "admit_date", "discharge_date"]
    return {"episodes": kept[[*columns, "discharge_reason", "entry_path"]], **own}


def read(tables: dict[str, pd.DataFrame], *left_out: str, **options: Any) -> iop.Records:
    names = {"attendance": ["episode_id", "date", "service", "status", "minutes_attended"]}
    names["checkins"] = ["episode_id", "date", "status", "used", "drug_test", "phq9"]
    given = {
        name: table[names.get(name, list(table.columns))]
        for name, table in tables.items()
        if name not in left_out
    }
    return iop.read_records(**given, as_of="2026-09-30", **options)


def lines_of(document: dict[str, Any]) -> Iterator[str]:
    """Return a report as it is read: its facts, findings, sentences and tables, a line each."""
    yield document["title"]
    yield f"period: {document['period']}"
    yield from (f"{fact['name']}: {fact['text']}" for fact in document["facts"])
    for finding in document["findings"]:
        yield f"finding: {' | '.join(finding[name] for name in ('measure', 'change', 'text'))}"
    for section in document["sections"]:
        yield f"\n# {section['name']}: {section['title']}"
        yield from section["sentences"]
        yield from (
            f"- {item['tag']} | {item['title']} | {item['text']}" for item in section["items"]
        )
        tables = [*section["tables"], *(figure["table"] for figure in section["figures"])]
        for figure in section["figures"]:
            yield f"figure: {figure['title']}"
        for table in tables:
            yield f"\n## {table['name']}: {table['caption']}"
            yield f"note: {table['note']}"
            yield " | ".join(f"{one['name']} ({one['kind']})" for one in table["columns"])
            rows = table["rows"]
            if table["name"] == "software":  # of the machine that runs the test
                rows = [[name, "its version"] for name, _ in rows]
            yield from (" | ".join(map(cell_text, row)) for row in rows)


def as_text(report: iop.Report, folder: Path) -> str:
    held = json.loads(report.save(folder / "report.json").read_text(encoding="utf-8"))
    jsonschema.validate(held, json.loads(SCHEMA.read_text(encoding="utf-8")))
    return "\n".join(lines_of(held)) + "\n"


def test_the_report_of_the_sample_is_the_recorded_one(tmp_path: Path) -> None:
    report = report_of_the_sample()
    compare_recorded(HERE / "sample.txt", as_text(report, tmp_path))
    book = load_workbook(report.save(tmp_path / "report.xlsx"))
    lines = []
    for sheet in book.worksheets:
        lines.append(f"== {sheet.title}: {sheet.dimensions}, frozen at {sheet.freeze_panes}")
        for row in sheet.iter_rows(max_row=6):
            cells = [f"{cell_text(one.value)} [{one.number_format}]" for one in row]
            if sheet.title == "software" and row[0].row > 1:
                cells[1:] = ["its version"]
            lines.append(" | ".join(cells))
    compare_recorded(HERE / "sample_workbook.txt", "\n".join(lines) + "\n")


SETTINGS = """
title = "Outcomes of North"
prepared_by = "The outcomes group"

[sections]
leave_out = ["benchmarks", "how-to-read"]
order = ["relapse", "what-changed"]

[sections.titles]
relapse = "Return to use"

[programs]
North = "North Clinic"

[targets]
attendance_rate = 0.75
completion_rate = 0.2
"""


def test_reports_of_one_small_program_are_the_recorded_ones(
    north: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    records = read(north)
    settings = tmp_path / "report.toml"
    settings.write_text(SETTINGS, encoding="utf-8")
    made = iop.quarterly_report(records, "2026Q2", settings=settings, prepared_on="2026-10-12")
    compare_recorded(HERE / "small_with_settings.txt", as_text(made, tmp_path))
    ends_of_follow_up = iop.RelapseRule(missing="use", competing=("died", "transferred"))
    year = iop.quarterly_report(records, period="2026-01-01..2026-09-30", rule=ends_of_follow_up)
    compare_recorded(HERE / "small_nine_months.txt", as_text(year, tmp_path))


def test_reports_beside_a_ledger_are_the_recorded_ones(
    north: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    first = iop.quarterly_report(read(north, "checkins"), "2026Q1", ledger=Ledger())
    changed = dict(north)
    changed["episodes"] = north["episodes"].iloc[3:]  # three are gone from the export
    for name in ("attendance", "checkins"):
        kept = north[name]["episode_id"].isin(changed["episodes"]["episode_id"])
        changed[name] = north[name][kept]
    second = iop.quarterly_report(read(changed, "checkins"), "2026Q2", ledger=first.ledger)
    compare_recorded(HERE / "small_beside_a_ledger.txt", as_text(second, tmp_path))


def test_reports_without_a_table_or_a_period_are_the_recorded_ones(
    north: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    whole = iop.quarterly_report(read(north, "attendance"))
    compare_recorded(HERE / "small_without_attendance.txt", as_text(whole, tmp_path))
    few = {"episodes": north["episodes"].head(9), "attendance": north["attendance"].head(60)}
    few["attendance"] = few["attendance"][
        few["attendance"]["episode_id"].isin(few["episodes"]["episode_id"])
    ]
    none = iop.quarterly_report(read(few), "2026Q2")
    compare_recorded(HERE / "too_few.txt", as_text(none, tmp_path))
    internal = iop.quarterly_report(
        read(north, "checkins"), "2026Q2", policy=iop.SafePolicy.internal()
    )
    compare_recorded(HERE / "small_internal.txt", as_text(internal, tmp_path))
