"""Sentences of the report that must be true of the numbers beside them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.of_the_sample import report_of_the_sample


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
