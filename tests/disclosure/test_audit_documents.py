"""Saved reports that are leaky on purpose: their words, intervals and curves are found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from iop_outcomes.cli import app
from iop_outcomes.disclosure.system import attack, read_cells
from iop_outcomes.disclosure.system.documents import counts_of_share
from iop_outcomes.statistics.proportions import proportion_interval


def table(name: str, columns: list[str], rows: list[list[Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "caption": "A table.",
        "note": "",
        "columns": [{"name": one, "kind": "text"} for one in columns],
        "rows": rows,
    }


def report(**more: Any) -> dict[str, Any]:
    """Return a saved report without anything in it but what is asked for."""
    section = {
        "name": "part",
        "title": "Part",
        "sentences": more.get("sentences", []),
        "items": [],
        "tables": more.get("tables", []),
        "figures": more.get("figures", []),
    }
    findings = [
        {"measure": "a", "title": "A", "change": "", "text": one}
        for one in more.get("findings", [])
    ]
    return {
        "schema": "iop_outcomes report 1",
        "title": "A report",
        "findings": findings,
        "sections": [section],
        **({"cells": more["cells"]} if "cells" in more else {}),
    }


def told(document: dict[str, Any]) -> list[tuple[str, int, int]]:
    (cells,) = read_cells(json.dumps(document))
    found = attack(cells)
    return list(zip(found["how"], found["low"], found["high"], strict=True))


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("Attendance fell: 4 of 60 came.", 4),
        ("Of all, 56 of 60 stayed.", 4),
        ("Left out: 7 people who never came.", 7),
        ("North (n 9): 60% stayed.", 9),
    ],
)
def test_a_small_count_in_words_is_found(words: str, count: int) -> None:
    assert told(report(sentences=[words])) == [("printed", count, count)]
    assert told(report(findings=[words])) == [("printed", count, count)]
    figure = {"title": "A", "alternative_text": words, "table": table("t", ["a"], [])}
    assert told(report(figures=[figure])) == [("printed", count, count)]


def test_words_without_small_counts_are_not() -> None:
    words = (
        "Of 1,204 sessions 88% were kept, 3 of 40 sessions late; 45 of 80 stayed 90 days (n 80)."
    )
    assert told(report(sentences=[words])) == []
    rule = "Months with fewer than 9 people are left out; if 1 to 10 people came, half is charted."
    assert told(report(sentences=[rule])) == []


def test_a_share_with_its_limits_gives_its_hidden_counts() -> None:
    low, high = proportion_interval([5], [43])
    row = ["hidden", "hidden", 5 / 43, float(np.ravel(low)[0]), float(np.ravel(high)[0])]
    names = ["numerator", "denominator", "value", "lower", "upper"]
    rounded = [*row[:2], *(round(one, 3) for one in row[2:])]  # type: ignore[call-overload]
    assert told(report(tables=[table("trend_a", names, [rounded])])) == [("exactly", 5, 5)]
    assert 5 in counts_of_share(0.12, 0.05, 0.24)[0]
    many = [*row[:2], 0.48, 0.44, 0.52]
    assert told(report(tables=[table("trend_a", names, [many])])) == []


def test_a_curve_of_each_day_gives_its_events() -> None:
    names = ["day", "at_risk", "survival", "lower", "upper"]
    daily = [[0, 80, 1, 1, 1], [5, 75, 0.96, 0.9, 0.98], [90, 30, 0.6, 0.5, 0.7]]
    assert told(report(tables=[table("relapse", names, daily)])) == [("as small", 1, 3)]
    fixed = [daily[0], daily[2]]
    assert told(report(tables=[table("relapse", names, fixed)])) == []


def test_small_counts_and_complements_in_a_row_are_found() -> None:
    rows = [[40, 44], [5, 60]]
    found = told(report(tables=[table("t", ["numerator", "denominator"], rows)]))
    assert found == [("exactly", 4, 4), ("printed", 5, 5)]


def test_what_a_table_prints_and_the_cells_declare_as_hidden_is_found(tmp_path: Path) -> None:
    name = ["trend", "a", "quarter", "2026Q1", "numerator"]
    cells = {
        "format": "iop-outcomes printed cells, 1",
        "threshold": 11,
        "quarter": "2026Q1",
        "data_cut": "",
        "programs": ["North"],
        "counts": [{"name": name, "printed": None, "least": 1}],
        "sums": [],
        "shares": [],
    }
    rows = [["2026Q1", 20, 60]]
    leaky = report(
        tables=[table("trend_a", ["period", "numerator", "denominator"], rows)], cells=cells
    )
    assert told(leaky) == [("printed", 20, 20)]
    place = tmp_path / "report.json"
    place.write_text(json.dumps(leaky), "utf-8")
    result = CliRunner().invoke(app, ["audit", str(place)])
    assert result.exit_code == 1
    assert "declared as hidden" in result.output
    cells["counts"] = [{"name": name, "printed": 24}]
    assert told(report(tables=leaky["sections"][0]["tables"], cells=cells)) == [("printed", 4, 4)]
    cells["counts"] = [{"name": name, "printed": 20}]
    safe = report(tables=leaky["sections"][0]["tables"], cells=cells)
    assert told(safe) == []
