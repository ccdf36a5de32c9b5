"""The report as plain data: what the workbook and the JSON file are written from."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from iop_outcomes.report.model import Section, Table
from iop_outcomes.shared.characters import printable

SCHEMA = "iop_outcomes report 1"
SYNTHETIC = "Synthetic data. These people and programs were made up."
CUT = "Data cut"  # the fact that is a day
AT_A_GLANCE, TRENDS = "what-changed", "trends"  # the sections that have findings
Document = dict[str, Any]


def document_of(
    title: str,
    facts: Sequence[tuple[str, str]],
    findings: pd.DataFrame,
    sections: list[Section],
    period: dict[str, str] | None = None,
    *,
    synthetic: bool = False,
) -> Document:
    """Return a report as numbers, texts, lists and dicts; docs/report_schema.json describes it.

    Parameters
    ----------
    title : str
        Of the report.
    facts : sequence of tuple of str
        What stands at its top, by name.
    findings : pandas.DataFrame
        One row a measure: ``measure, title, change, text``.
    sections : list of Section
        Protected.
    period : dict or None
        The ``name`` of its time, and its ``first`` and ``last`` day; None for the whole time.
    synthetic : bool
        Whether the people are made up: the first of the facts says so.
    """
    facts = [*([("Note", SYNTHETIC)] if synthetic else []), *facts]
    return {
        "schema": SCHEMA,
        "title": printable(title),
        "mark": "",
        "period": period,
        "facts": [{"name": name, "text": printable(text)} for name, text in facts],
        "findings": [_texts(row) for row in findings.astype(str).to_dict("records")],
        "sections": [_section(one) for one in sections],
    }


def _texts(row: dict[Any, Any]) -> dict[str, str]:
    return {str(name): printable(str(value)) for name, value in row.items()}


def _section(section: Section) -> Document:
    return {
        "name": section.identifier,
        "title": printable(section.title),
        "sentences": [printable(one) for one in section.all_sentences],
        "items": [
            {"tag": tag, "title": printable(title), "text": printable(text).strip()}
            for tag, title, text in section.items
        ],
        "tables": [_table(one) for one in section.tables],
        "figures": [
            {"title": printable(one.title), "table": _table(one.table)} for one in section.drawings
        ],
    }


def _table(table: Table) -> Document:
    return {
        "name": table.name,
        "caption": printable(table.caption),
        "note": printable(table.note),
        "columns": [{"name": printable(name), "kind": kind} for name, kind in table.columns],
        "rows": [[_plain(value) for value in row] for row in table.rows],
        **({"row_kinds": list(table.row_kinds)} if table.row_kinds else {}),
        **({"cell_kinds": _lists(table.cell_kinds)} if table.cell_kinds else {}),
    }


def _lists(kinds: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    return {printable(name): list(own) for name, own in kinds.items()}


def _plain(value: Any) -> Any:
    """Return a value as JSON holds it; what is missing is null, what is hidden the word."""
    if isinstance(value, str):
        return printable(value)
    if value is None or pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    number = value.item() if hasattr(value, "item") else value
    if isinstance(number, float) and number.is_integer():
        return int(number)
    return number if isinstance(number, bool | int | float) else printable(str(number))


def printable_all(value: Any) -> Any:
    """Return lists and dicts with texts that any file can hold."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list):
        return [printable_all(one) for one in value]
    if isinstance(value, dict):
        return {name: printable_all(one) for name, one in value.items()}
    return value


def as_json(document: Document) -> bytes:
    """Return a report as a JSON file: the same report, the same bytes."""
    read = {name: part for name, part in document.items() if name != "cells"}
    text = json.dumps(read, ensure_ascii=False, indent=1, allow_nan=False)
    if "cells" in document:  # thousands of numbers for a program: a line, and not one for each
        cells = json.dumps(document["cells"], ensure_ascii=False, allow_nan=False)
        text = f'{text.removesuffix("}").rstrip()},\n "cells": {cells}\n}}'
    return (text + "\n").encode("utf-8")


def tables_of(document: Document) -> list[Document]:
    """Return all tables of a report in their order: of each section, and of its figures."""
    tables = []
    for section in document["sections"]:
        tables += [*section["tables"], *(one["table"] for one in section["figures"])]
    return tables


def kinds_of(document: Document) -> dict[str, dict[str, str]]:
    """Return what the columns of each table hold, by the name of the table."""
    return {
        one["name"]: {column["name"]: column["kind"] for column in one["columns"]}
        for one in tables_of(document)
    }


def row_kinds_of(table: Document) -> list[list[str]]:
    """Return for each row of a table how each of its cells is written."""
    rows = range(len(table["rows"]))
    by_row = table.get("row_kinds") or [""] * len(rows)
    by_cell = table.get("cell_kinds", {})
    columns = [
        by_cell.get(one["name"], by_row) if one["kind"] == "by_row" else [one["kind"]] * len(rows)
        for one in table["columns"]
    ]
    return [[column[row] for column in columns] for row in rows]


def whole_sentence(title: str, text: str) -> str:
    """Return a finding with the measure that it begins with.

    Examples
    --------
    >>> whole_sentence("Admissions", ": 67 in 2026Q3."), whole_sentence("Completion rate", "fell.")
    ('Admissions: 67 in 2026Q3.', 'Completion rate fell.')
    """
    return f"{title}{text}" if text[:1] in ".:;," else f"{title} {text}"


def _as_day(name: str, text: str) -> str | pd.Timestamp:
    """Return the data cut as a day, where it is one; the text of any other fact."""
    is_day = name == CUT and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text)
    return pd.Timestamp(text) if is_day else text


def leading_sheets(document: Document) -> dict[str, pd.DataFrame]:
    """Return the first sheets of the workbook: findings, facts, and what each sheet holds."""
    section_of = {one["name"]: one for one in document["sections"]}
    first = section_of.get(AT_A_GLANCE, {"title": "", "items": []})
    findings = [
        (first["title"], one["tag"], one["title"], whole_sentence(one["title"], one["text"]))
        for one in first["items"]
    ]
    title = section_of[TRENDS]["title"] if TRENDS in section_of else "Trends"
    findings += [(title, one["change"], one["title"], one["text"]) for one in document["findings"]]
    facts = [("Title", document["title"])]
    facts += [(one["name"], _as_day(one["name"], one["text"])) for one in document["facts"]]
    held = [(one["name"], one["caption"], one["note"]) for one in tables_of(document)]
    return {
        "findings": pd.DataFrame(findings, columns=["section", "change", "measure", "finding"]),
        "facts": pd.DataFrame(facts, columns=["fact", "text"]),
        "sheets": pd.DataFrame(held, columns=["sheet", "what it holds", "how to read it"]),
    }
