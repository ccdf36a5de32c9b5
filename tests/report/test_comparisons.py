"""The table of comparisons has what the findings say, once; the sentences are on the first page."""

from __future__ import annotations

from typing import Any

import iop_outcomes as iop
from iop_outcomes.report.sections.changes import NO_CHANGE
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
        text = text_of[row["measure"]]
        assert f"in {row['period']}: {row['value']}" in text
        if row["n"] != "–":
            assert f"({row['n']}; 95% interval {row['interval']})" in text
        detail = f"{row['difference']}, 95% interval {row['interval_of_difference']}"
        assert row["compared_with"] in text
        assert f"{detail})" in text
        words = "No clear change from" if row["change"] == NO_CHANGE else f"is {row['change']} than"
        assert f"{words} {row['compared_with']}" in text


def test_the_sentences_of_comparisons_are_on_the_first_page_only() -> None:
    tags = {item["tag"] for item in section(report_of_the_sample())["items"]}
    assert tags <= {"not compared", "not known"}


def test_without_a_first_page_the_trends_say_them() -> None:
    settings = ReportSettings(leave_out=("what-changed",))
    report = iop.quarterly_report(records_of_the_sample(), "2026Q3", settings=settings)
    trends = section(report)
    assert "no clear change" in {item["tag"] for item in trends["items"]}
    assert "first page" not in trends["tables"][0]["note"]
