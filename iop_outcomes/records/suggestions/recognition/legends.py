"""Meanings of words in legends, code lists and data dictionaries of an export."""

from __future__ import annotations

import re
from collections.abc import Iterable

from iop_outcomes.records.mapping import fold
from iop_outcomes.records.suggestions.recognition.language import heading_tokens, phrase

_PAIR = re.compile(
    r"(?:^|[,;|\n/]|\s{2,})\s*([^\s=:,;|]{1,12})\s*(?:=|:|–|\s-\s)\s*([^=;|\n,]{2,60})"
)
_LINE = re.compile(r"\s*[\"']?([^\s=:]{1,12})[\"']?\s*(?:=|:|\t)\s*(.{2,60})$")
_CHOICE = re.compile(r"^\s*(-?\w{1,12})\s*[,=]\s*(.{1,120})$")
_FIELD = ("variable", "field name", "variable name", "field", "column", "feld", "campo")
_CHOICES = ("choice", "code", "value", "label", "option", "werte", "valores")


def pairs_of(text: str) -> dict[str, str]:
    """Return the pairs in a cell such as "P = present, A = absent"; empty if there is only one.

    Examples
    --------
    >>> pairs_of("P = present, A = absent")
    {'p': 'present', 'a': 'absent'}
    """
    label_of_code = {
        " ".join(phrase(code)) or code: label.strip()
        for code, label in _PAIR.findall(text)
        if not label.strip().replace("/", "").isdigit()
    }
    return label_of_code if len(label_of_code) > 1 else {}


def legend_in(rows: Iterable[Iterable[str]]) -> dict[str, str]:
    """Return the pairs of all legends in the first and last rows of a file.

    A legend can be in one cell, or in several rows with a pair each.
    """
    label_of_code: dict[str, str] = {}
    alone: list[str] = []
    for cells in rows:
        filled = [cell for cell in cells if cell.strip()]
        if len(filled) <= 3:
            for cell in filled:
                label_of_code.update(pairs_of(cell) if "=" in cell else {})
        if len(filled) == 1 and "=" in filled[0]:
            alone += filled
    return {**legend_of_lines(alone), **label_of_code}


def legend_of_lines(lines: Iterable[str]) -> dict[str, str]:
    """Return the pairs in a text with one code a line, such as "1 = Present"."""
    label_of_code = {}
    for text in lines:
        met = _LINE.match(text)
        if met:
            label_of_code[" ".join(phrase(met[1])) or met[1]] = met[2].strip()
    return label_of_code if len(label_of_code) > 1 else {}


def dictionary_in(
    header: Iterable[str], rows: Iterable[Iterable[str]]
) -> dict[str, dict[str, str]]:
    """Return the choices of each field in a data dictionary; empty if the rows are not one."""
    names = [" ".join(heading_tokens(name)) for name in header]
    field = next((p for p, name in enumerate(names) if any(w in name for w in _FIELD)), -1)
    choices = next((p for p, name in enumerate(names) if "choice" in name), -1)
    if choices < 0:
        choices = next((p for p, name in enumerate(names) if any(w in name for w in _CHOICES)), -1)
    if field < 0 or choices < 0 or field == choices:
        return {}
    choices_of_field: dict[str, dict[str, str]] = {}
    for cells in rows:
        row = list(cells)
        if len(row) <= max(field, choices) or "|" not in row[choices]:
            continue
        listed = [_CHOICE.match(part) for part in row[choices].split("|")]
        label_of_code = {" ".join(phrase(m[1])): m[2].strip() for m in listed if m}
        if label_of_code and row[field].strip():
            choices_of_field[fold(row[field])] = label_of_code
    return choices_of_field
