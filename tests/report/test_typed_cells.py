"""The workbook and the JSON have a number a cell where the page joins a share with its limits."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

import iop_outcomes as iop
from iop_outcomes.report.model import Table
from iop_outcomes.report.sections.relapse import tables
from tests.helpers.of_the_sample import internal_report_of_the_sample, report_of_the_sample

JOINED = re.compile(r"\d%? \(.*\d.* to .*\d")
LIMITS = ("_lower", "_upper")
PUBLISHED = "published"  # figures of others, as they were published


def table_of(report: iop.Report, name: str) -> dict[str, object]:
    document = report._document
    assert document is not None
    (one,) = (
        table
        for section in document["sections"]
        for table in section["tables"]
        if table["name"] == name
    )
    return dict(one)


def days_of(frame: pd.DataFrame) -> list[str]:
    return [name for name in frame if re.fullmatch(r"day_\d+", str(name))]


@pytest.mark.parametrize("name", ["without_relapse", "missing_check_ins"])
@pytest.mark.parametrize("made", [report_of_the_sample, internal_report_of_the_sample])
def test_a_share_and_its_limits_are_numbers_or_the_one_word(name: str, made: object) -> None:
    report = report_of_the_sample() if made is report_of_the_sample else made()  # type: ignore[operator]
    frame = report.tables[name]
    numbers = 0
    for day in days_of(frame):
        for column in (day, *(f"{day}{end}" for end in LIMITS)):
            for cell in frame[column]:
                assert cell == "hidden" or isinstance(cell, float), (column, cell)
                numbers += isinstance(cell, float)
        both = frame[[f"{day}{end}" for end in LIMITS]]
        shown = both.map(lambda cell: cell != "hidden").all(axis=1)
        inside = frame.loc[shown, day].between(*(both.loc[shown, one] for one in both))
        assert inside.all()
        gone = frame[day] == "hidden"
        assert (both[gone] == "hidden").all(axis=None)
    assert numbers > len(frame)


def test_no_sheet_joins_a_share_with_its_limits(tmp_path: Path) -> None:
    made = report_of_the_sample().save(tmp_path / "r.xlsx").read_bytes()
    book = CalamineWorkbook.from_filelike(BytesIO(made))
    for sheet in book.sheet_names[3:]:  # after the sentences
        head, *rows = book.get_sheet_by_name(sheet).to_python()
        for row in rows:
            for column, cell in zip(head, row, strict=True):
                if column != PUBLISHED and isinstance(cell, str):
                    assert not JOINED.search(cell), (sheet, column, cell)
                    assert not re.fullmatch(r"[\d.]+%", cell), (sheet, column, cell)


def test_the_page_has_them_joined_as_before() -> None:
    html = report_of_the_sample().html
    typed = table_of(report_of_the_sample(), "without_relapse")
    columns = [one["name"] for one in typed["columns"]]  # type: ignore[attr-defined]
    (whole,) = (row for row in typed["rows"] if row[0] == "all")  # type: ignore[attr-defined]
    share, low, high = (
        whole[columns.index(name)] for name in ("day_180", "day_180_lower", "day_180_upper")
    )
    assert f'<td class="text">{share:.0%} ({low:.0%} to {high:.0%})</td>' in html
    assert "day 180 lower" not in html


def test_a_share_without_limits_stands_alone_on_the_page() -> None:
    frame = pd.DataFrame({"program": ["a", "b"], "day_30": [0.88, "hidden"]})
    frame = frame.assign(day_30_lower="hidden", day_30_upper="hidden")
    kinds = dict.fromkeys(list(frame)[1:], "whole_share")
    read = tables.as_read(Table("t", "T", frame, kinds)).on_page  # type: ignore[arg-type]
    assert read.frame["day_30"].tolist() == ["88%", "hidden"]
    assert list(read.frame) == ["program", "day_30"]
    assert read.kinds == {}
