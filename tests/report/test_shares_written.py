"""Shares are written with the digits to which they were rounded: 66.0% of 1,000, 66% of fewer."""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import jsonschema
import openpyxl
import pandas as pd
import pytest

from iop_outcomes.report.forms.document import as_json, document_of, row_kinds_of
from iop_outcomes.report.forms.html import _template
from iop_outcomes.report.forms.workbook import workbook
from iop_outcomes.report.model import DraftTable, Section, Table, share_kinds, write_value
from iop_outcomes.report.programs import TENTHS
from iop_outcomes.report.sections.findings import findings_frame
from tests.helpers.of_the_sample import internal_report_of_the_sample, report_of_the_sample

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "docs" / "report_schema.json"
TEMPLATE = ROOT / "iop_outcomes" / "report" / "templates" / "report.html.j2"


def mixed() -> Table:
    """Two programs of more and one of fewer than 1,000 sessions."""
    frame = pd.DataFrame(
        {"program": ["a", "b", "c"], "attended": [0.66, 0.671, 0.66], "completed": [0.7, 0.3, 0.66]}
    )
    kinds, cells = share_kinds({"attended": [3, 3, 2], "completed": [2, 2, 2]})
    return Table("programs", "By program", frame, kinds, cell_kinds=cells)


def written(table: Table) -> list[list[str]]:
    return [
        [write_value(value, table.kind_at(place, column)) for column, value in enumerate(row)]
        for place, row in enumerate(table.rows)
    ]


CELLS = [["a", "66.0%", "70%"], ["b", "67.1%", "30%"], ["c", "66%", "66%"]]


def test_the_digits_are_those_to_which_a_share_was_rounded_in_every_form() -> None:
    table = mixed()
    assert written(table) == CELLS
    macros = "".join(TEMPLATE.read_text(encoding="utf-8").partition("<!")[:1])
    page = _template().environment.from_string(macros).module.show_table(table)  # type: ignore[attr-defined]  # a macro
    assert re.findall(r">(\d[\d.]*%)<", page) == [cell for row in CELLS for cell in row[1:]]
    section = Section("programs", "Programs", (), (table,))
    document = document_of("Title", [], findings_frame([]), [section])
    held = json.loads(as_json(document))
    jsonschema.validate(held, json.loads(SCHEMA.read_text(encoding="utf-8")))
    (of_json,) = held["sections"][0]["tables"]
    kinds = row_kinds_of(of_json)
    again = [
        [write_value(value, kind) for value, kind in zip(row, own, strict=True)]  # type: ignore[arg-type]  # read back
        for row, own in zip(of_json["rows"], kinds, strict=True)
    ]
    assert again == CELLS
    sheet = openpyxl.load_workbook(BytesIO(workbook({"programs": table.frame}, document=document)))
    formats = [[cell.number_format for cell in row[1:]] for row in sheet["programs"]["A2:C4"]]
    assert formats == [["0.0%", "0%"], ["0.0%", "0%"], ["0%", "0%"]]


def test_how_a_hidden_share_was_rounded_is_not_told() -> None:
    needs = {"attended": [("x",), ("y",), ("z",)]}
    shown = DraftTable(mixed(), needs).shown(frozenset({"y"}))
    assert shown.cell_kinds == {"attended": ("share", "whole_share", "whole_share")}
    assert written(shown)[1] == ["b", "hidden", "30%"]


def test_a_column_of_one_precision_is_of_one_kind() -> None:
    assert share_kinds({"a": [3, 3], "b": [2, 2], "c": []}) == (
        {"a": "share", "b": "whole_share", "c": "whole_share"},
        {},
    )


@pytest.mark.parametrize("internal", [False, True])
def test_each_share_of_a_report_has_the_kind_of_its_rounding(internal: bool) -> None:
    made = internal_report_of_the_sample() if internal else report_of_the_sample()
    for table in (one for section in made._document["sections"] for one in every(section)):
        for row, kinds in zip(table["rows"], row_kinds_of(table), strict=True):
            for value, kind in zip(row, kinds, strict=True):
                if kind == "whole_share" and not isinstance(value, str | None):
                    assert value == round(value, 2), (table["name"], row)


def every(section: dict[str, Any]) -> list[dict[str, Any]]:
    return [*section["tables"], *(one["table"] for one in section["figures"])]


def test_the_programs_side_by_side_say_why_some_shares_have_tenths() -> None:
    (table,) = (
        one
        for section in report_of_the_sample()._document["sections"]
        for one in every(section)
        if one["name"] == "programs"
    )
    assert TENTHS in table["note"]
    assert table["cell_kinds"] == {"weeks_of_9_hours": ["whole_share"] * 4 + ["share"]}
    kinds = {one["name"]: one["kind"] for one in table["columns"]}
    assert kinds["sessions_attended"] == "share"
    assert kinds["completed"] == "whole_share"
