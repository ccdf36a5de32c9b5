"""The report as a workbook and as JSON: what stands first, how cells are typed, and its schema."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import jsonschema
import numpy as np
import openpyxl
import pandas as pd
import pytest
from PIL import Image

from iop_outcomes.errors import ReportError
from iop_outcomes.report.command import places_of
from iop_outcomes.report.forms.document import as_json, document_of, leading_sheets
from iop_outcomes.report.forms.saving import save_report
from iop_outcomes.report.forms.workbook import workbook
from iop_outcomes.report.model import Drawing, Kind, Section, Table
from iop_outcomes.report.sections.findings import Finding, findings_frame

SCHEMA = Path(__file__).parents[2] / "docs" / "report_schema.json"


@pytest.fixture
def sections() -> list[Section]:
    frame = pd.DataFrame(
        {
            "group": ["=1+1", "b\x07", "all"],
            "people": ["hidden", 12.0, np.nan],
            "share": [0.25, np.nan, 1.0],
            "day": pd.to_datetime(["2026-09-30", None, None]),
        }
    )
    kinds: dict[str, Kind] = {"people": "count", "share": "share"}
    table = Table("numbers", "Some numbers", frame, kinds, "A note.")
    behind = Table("behind", "Behind a picture", frame[["group"]])

    def never() -> object:
        raise AssertionError("a workbook and a JSON file need no picture")

    drawing = Drawing("A picture", never, behind)  # type: ignore[arg-type]
    return [
        Section("what-changed", "At a glance", ("How.",), items=(("lower", "Rate", " was 3%."),)),
        Section("numbers", "Numbers", (), (table,), (drawing,)),
    ]


def test_the_json_is_as_its_schema_says(sections: list[Section], tmp_path: Path) -> None:
    findings = findings_frame([])
    document = document_of("Title", [("Time", "2026Q3")], findings, sections)
    path = save_report(lambda: "", {}, tmp_path / "r.json", document=document)
    held = json.loads(path.read_text(encoding="utf-8"))
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(held, schema)
    table = held["sections"][1]["tables"][0]
    assert table["rows"] == [
        ["=1+1", "hidden", 0.25, "2026-09-30"],
        ["b\\x07", 12, None, None],
        ["all", None, 1, None],
    ]
    assert as_json(document) == path.read_bytes()
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(held | {"schema": "another"}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**held, "sections": [{"name": "x"}]}, schema)


def test_a_finding_that_goes_on_with_a_mark_has_no_space_before_it(sections: list[Section]) -> None:
    counted = replace(sections[0], items=(("lower", "Admissions", ": 67 in 2026Q3."),))
    document = document_of("Title", [], findings_frame([]), [counted])
    assert leading_sheets(document)["findings"]["finding"].tolist() == ["Admissions: 67 in 2026Q3."]


def test_the_data_cut_is_a_day_of_the_workbook(sections: list[Section]) -> None:
    facts = [("Programs", "2026-09-30"), ("Data cut", "2026-09-30")]
    document = document_of("Title", facts, findings_frame([]), sections)
    book = openpyxl.load_workbook(BytesIO(workbook({}, document=document)))
    (_, name), (_, cut) = book["facts"].iter_rows(min_row=3)
    assert name.value == "2026-09-30"  # no other fact is read as a day
    assert (cut.is_date, cut.number_format) == (True, "yyyy-mm-dd")
    assert cut.value == pd.Timestamp("2026-09-30")
    of_days = document_of("Title", [("Data cut", "study day 400")], findings_frame([]), sections)
    assert leading_sheets(of_days)["facts"]["text"].tolist()[-1] == "study day 400"


def test_the_workbook_begins_with_findings_and_facts(sections: list[Section]) -> None:
    fell = Finding("admissions", "Rate", "Rate: 3%, lower than 4%.", "lower")
    document = document_of("Title", [("Time", "2026Q3")], findings_frame([fell]), sections)
    tables = {one.name: one.frame for section in sections for one in section.all_tables}
    book = openpyxl.load_workbook(BytesIO(workbook(tables, document=document)))
    assert book.sheetnames == ["findings", "facts", "sheets", "numbers", "behind"]
    rows = [[cell.value for cell in row] for row in book["findings"].rows]
    assert rows == [
        ["section", "change", "measure", "finding"],
        ["At a glance", "lower", "Rate", "Rate was 3%."],
        ["Trends", "lower", "Rate", "Rate: 3%, lower than 4%."],
    ]
    assert [cell.value for cell in book["facts"][2]] == ["Title", "Title"]
    assert [cell.value for cell in book["sheets"][2]] == ["numbers", "Some numbers", "A note."]
    sheet = book["numbers"]
    assert sheet.freeze_panes == "A2"
    assert sheet["A1"].font.bold
    assert (sheet["A2"].data_type, sheet["A2"].value) == ("s", "=1+1")
    assert (sheet["B3"].number_format, sheet["B3"].value) == ("#,##0", 12)
    assert sheet["C2"].number_format == "0.0%"
    assert sheet["C3"].value is None
    assert sheet.column_dimensions["A"].width >= 10
    assert {*leading_sheets(document)} == {"findings", "facts", "sheets"}


def test_each_finding_of_the_workbook_has_the_title_of_its_section(sections: list[Section]) -> None:
    fell = Finding("admissions", "Rate", "Rate: 3%.", "lower")
    trends = Section("trends", "Over time", (), items=(("lower", "Rate", ": 3%."),))
    for shown, titles in (
        ([replace(sections[0], title="First"), trends], ["First", "Over time"]),
        ([trends], ["Over time"]),  # without a first page each stood there twice
        ([sections[0]], ["At a glance", "Trends"]),
    ):
        document = document_of("Title", [], findings_frame([fell]), shown)
        assert leading_sheets(document)["findings"]["section"].tolist() == titles


def test_several_forms_are_written_beside_one_another(tmp_path: Path) -> None:
    out = tmp_path / "q3.html"
    assert places_of(out, None) == [out]
    assert places_of(out, "html, xlsx,json") == [
        out.with_suffix(f".{ending}") for ending in ("html", "xlsx", "json")
    ]
    with pytest.raises(ReportError, match="no form"):
        places_of(out, "html,odt")
    for nothing in ("", " ", ","):  # as of a variable that is not set
        with pytest.raises(ReportError, match="No form of a report is named"):
            places_of(out, nothing)


def test_a_control_chart_has_its_limits_in_the_spreadsheet() -> None:
    """Then the axis is as high as what is drawn: from 0 to 100 percent nothing could be seen."""
    frame = pd.DataFrame(
        {
            "period": ["2026Q1", "2026Q2"],
            "value": [np.nan, 0.44],
            "lower": [np.nan, 0.3],
            "upper": [np.nan, 0.5],
            "centre": [np.nan, 0.42],
            "lower_limit": [np.nan, 0.36],
            "upper_limit": [np.nan, 0.48],
            "signal": [np.nan, "no signal"],
        }
    )
    table = Table("trend_rate", "Rate by quarter", frame, {"value": "share"})
    document = document_of("T", [], findings_frame([]), [Section("s", "S", (), (table,))])
    content = workbook({"trend_rate": frame}, document=document)
    (chart,) = openpyxl.load_workbook(BytesIO(content))["trend_rate"]._charts
    columns = [one.val.numRef.f.partition("!$")[2][0] for one in chart.series]
    assert columns == ["B", "E", "F", "G"]
    assert (chart.y_axis.scaling.min, chart.y_axis.scaling.max) == (0.35, 0.5)


def test_trends_have_a_chart_of_the_spreadsheet() -> None:
    frame = pd.DataFrame(
        {
            "period": ["2026Q1", "2026Q2"],
            "numerator": ["hidden", 30],
            "value": [np.nan, 0.4],
            "lower": [np.nan, 0.3],
            "upper": [np.nan, 0.5],
        }
    )
    kinds: dict[str, Kind] = {"value": "share", "lower": "share", "upper": "share"}
    tables = [Table("trend_rate", "Rate by quarter", frame, kinds)]
    tables.append(Table("trend_words", "Words", frame.assign(value=["hidden", 0.4]), kinds))
    document = document_of("T", [], findings_frame([]), [Section("s", "S", (), tuple(tables))])
    content = workbook({one.name: one.frame for one in tables}, document=document)
    book = openpyxl.load_workbook(BytesIO(content))
    (chart,) = book["trend_rate"]._charts
    assert chart.series[0].val.numRef.f == "trend_rate!$C$2:$C$3"
    assert book["trend_words"]._charts == []  # a spreadsheet would draw the word as 0
    with ZipFile(BytesIO(content)) as parts:
        assert b'descr="Rate by quarter: ' in parts.read("xl/drawings/drawing1.xml")
        assert {item.date_time[0] for item in parts.infolist()} == {1980}
        assert b"1980-01-01T00:00:00Z" in parts.read("docProps/core.xml")


def test_a_table_of_long_texts_may_be_divided_between_pages() -> None:
    words = pd.DataFrame({"measure": ["one", "two"], "definition": ["text " * 300] * 2})
    assert not Table("words", "Definitions", words).whole
    assert Table("words", "Definitions", words.head(1)).whole
    assert Table("numbers", "Numbers", pd.DataFrame({"n": range(14)})).whole
    assert not Table("numbers", "Numbers", pd.DataFrame({"n": range(15)})).whole


def test_the_logo_stands_on_the_first_sheet_with_words(sections: list[Section]) -> None:
    document = document_of("R", [], findings_frame([]), sections)
    tables = {"t": pd.DataFrame({"a": [1]})}
    with BytesIO() as buffer:
        Image.new("RGB", (400, 200), "#005a92").save(buffer, format="png")
        content = buffer.getvalue()
    logo = f"data:image/png;base64,{b64encode(content).decode()}"
    made = workbook(tables, "", document, logo)
    assert made == workbook(tables, "", document, logo)
    book = openpyxl.load_workbook(BytesIO(made))
    assert [len(sheet._images) for sheet in book] == [1, 0, 0, 0]
    with ZipFile(BytesIO(made)) as parts:
        drawing = parts.read("xl/drawings/drawing1.xml").decode()
        assert parts.read("xl/media/image1.png") == content
    assert 'descr="The program\'s logo."' in drawing
    assert "r:link" not in drawing
    broken = f"data:image/png;base64,{b64encode(content[:20]).decode()}"
    with pytest.raises(ReportError, match="no whole picture"):
        workbook(tables, "", document, broken)
