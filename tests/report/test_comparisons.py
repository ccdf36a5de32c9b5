"""The table of comparisons has what the findings say, once and in numbers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

import iop_outcomes as iop
from iop_outcomes.report.forms.document import row_kinds_of
from iop_outcomes.report.sections.changes import NO_CHANGE
from iop_outcomes.report.sections.compared.table import CAPTION, DIFFERENCES
from iop_outcomes.report.settings import ReportSettings
from tests.helpers.of_the_sample import records_of_the_sample, report_of_the_sample


def section(report: iop.Report) -> dict[str, Any]:
    assert report._document is not None
    return next(one for one in report._document["sections"] if one["name"] == "trends")


def test_each_row_is_a_comparison_that_a_finding_says() -> None:
    report = report_of_the_sample()
    table, findings = report.tables["comparisons"], report.findings
    text_of = dict(zip(findings["title"], findings["text"], strict=True))
    said = [
        text.count("That is ") + text.count("No clear change from ") for text in findings["text"]
    ]
    assert len(table) == sum(said) > 0
    for row in table.to_dict("records"):
        text, is_count = text_of[row["measure"]], row["numerator"] == ""
        if is_count:
            value, earlier = f"{row['value']:,.0f}", f"{row['earlier_value']:,.0f}"
            difference = f"ratio {row['difference']:.2f}, 95% interval "
            difference += f"{row['difference_lower']:.2f} to {row['difference_upper']:.2f}"
        else:
            value, earlier = f"{row['value']:.1%}", f"{row['earlier_value']:.1%}"
            counts = f"{row['numerator']:,.0f} of {row['denominator']:,.0f}"
            assert f"({counts}; 95% interval {row['lower']:.1%} to {row['upper']:.1%})" in text
            points = [f"{100 * row[name]:+z.1f}" for name in DIFFERENCES]
            difference = f"{points[0]} points, 95% interval {points[1]} to {points[2]}"
        assert f"in {row['period']}: {value}" in text
        assert difference in text
        words = "No clear change from" if row["change"] == NO_CHANGE else f"is {row['change']} than"
        assert f"{words} {earlier} in {row['compared_with']}" in text


def test_its_numbers_are_numbers_of_the_kind_of_their_row(tmp_path: Path) -> None:
    report = report_of_the_sample()
    saved = section(report)["tables"][0]
    kinds = row_kinds_of(saved)
    names = [one["name"] for one in saved["columns"]]
    texts = {"measure", "period", "compared_with", "change"}
    for row, own in zip(saved["rows"], kinds, strict=True):
        cells = dict(zip(names, zip(row, own, strict=True), strict=True))
        admissions = row[0] == "Admissions"
        for name, (value, _) in cells.items():
            if name in texts:
                assert isinstance(value, str)
            elif admissions and name in ("numerator", "denominator"):
                assert value == ""  # nothing to know
            else:
                assert isinstance(value, int | float)
        assert cells["value"][1] == cells["upper"][1] == ("count" if admissions else "share")
        assert cells["difference"][1] == ("ratio" if admissions else "points")
    sheet = load_workbook(report.save(tmp_path / "report.xlsx"))["comparisons"]
    heads = [cell.value for cell in sheet[1]]
    for cells in sheet.iter_rows(min_row=2):
        numbers = dict(zip(heads, cells, strict=True))
        forms = ("#,##0", "0.00") if cells[0].value == "Admissions" else ("0.0%", '0.0" points"')
        assert isinstance(numbers["value"].value, int | float)
        assert numbers["value"].number_format == forms[0]
        assert numbers["difference_lower"].number_format == forms[1]


def test_a_page_joins_its_cells_and_admissions_have_their_interval() -> None:
    report = report_of_the_sample()
    page = report.html
    heads = re.findall(r'<th scope="col"[^>]*>([^<]*)</th>', page[page.index(CAPTION) :])[:9]
    assert heads[-1] == "change"
    assert heads[3:5] == ["n", "interval"]
    measures = report.tables["measures"].set_index("measure").loc["Admissions"]
    limits = f"{measures['lower']:,.0f} to {measures['upper']:,.0f}"
    assert re.search(rf"Admissions</th>.*<td[^>]*></td><td[^>]*>{limits}</td>", page)


def test_what_is_not_compared_is_said_once_where_there_is_a_first_page() -> None:
    """Seven of eight sentences of a first quarter stood in both sections."""
    first = iop.quarterly_report(records_of_the_sample(), "2024Q1")
    assert first._document is not None
    both = [one for one in first._document["sections"] if one["name"] in ("what-changed", "trends")]
    numbers = [item for item in both[1]["items"] if "95% interval" in item["text"]]
    assert numbers == []
    assert "The first page has the newest numbers." in both[1]["sentences"][0]


def test_comparisons_are_in_the_table_with_a_first_page_or_without() -> None:
    tags = {item["tag"] for item in section(report_of_the_sample())["items"]}
    assert tags <= {"not compared", "not known"}
    settings = ReportSettings(leave_out=("what-changed",))
    report = iop.quarterly_report(records_of_the_sample(), "2026Q3", settings=settings)
    trends = section(report)
    assert {item["tag"] for item in trends["items"]} <= {"not compared", "not known"}
    assert "first page" not in trends["tables"][0]["note"]
    assert len(trends["tables"][0]["rows"]) == 14
