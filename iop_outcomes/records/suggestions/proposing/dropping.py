"""Rows of a file that are not rows of its table: totals, legends, footers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from iop_outcomes.records.mapping.folding import fold
from iop_outcomes.records.sources.coded import Coded
from iop_outcomes.records.suggestions.recognition.bundles import Bundle, filled_rows
from iop_outcomes.records.suggestions.recognition.footers import (
    form_of_a_footer,
    is_a_footer,
    longer_start,
    starts_like_a_total,
)
from iop_outcomes.records.suggestions.recognition.language import means_missing
from iop_outcomes.records.suggestions.recognition.legends import pairs_of
from iop_outcomes.records.suggestions.recognition.profiles import are_dates
from iop_outcomes.records.suggestions.recognition.recognising import REQUIRED, Source

Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
_LOOKED_AT = 8  # columns in which texts of footers are looked for
_MOST_SHARE = 0.2  # if a larger share of rows lacks a date, something else is wrong


@dataclass(frozen=True)
class Drop:
    """Rows to drop: for each column the condition on its cells, and the number of rows."""

    cells: dict[str, dict[str, object]]
    rows: int


def rows_to_drop(source: Source) -> list[Drop]:
    """Return conditions that select totals, legends, footers, and headings that are repeated.

    None of them selects a row that can be one of the table.
    """
    bundle = source.bundle
    left = _no_rows(source)
    odd = list(bundle.odd)
    drops: list[Drop] = []
    columns = [name for name in bundle.columns if len(bundle.columns[name].codes) == len(left)]
    for conditions in (_starts, _forms, _headings, _legends):
        for name in columns[:_LOOKED_AT]:
            cell = conditions(name, bundle.columns[name], left, odd)
            if cell:
                says = partial(_says, cell=cell)
                rows = _holds(bundle.columns[name], says)
                lines = [line for line in odd if name in line and says(line[name])]
                drops.append(Drop({name: cell}, int(rows.sum()) + len(lines)))
                left &= ~rows
                odd = [line for line in odd if line not in lines]
    empty = _always_empty(source, left) if left.any() else []
    if empty:
        drops.append(Drop({name: {"empty": True} for name in empty}, int(left.sum())))
    return drops


def _starts(name: str, column: Coded, left: Mask, odd: list[dict[str, str]]) -> dict[str, object]:
    """Return the beginnings of totals, legends and footers in a column, as a condition."""
    starts = set()
    for text in _texts_of(name, column, left, odd):
        for start in (starts_like_a_total(text), longer_start(text)):
            if starts_like_a_total(text) and start and not _hits(column, left, start):
                starts.add(start)
                break
    return {"starts_with": _shortest(sorted(starts))} if starts else {}


def _forms(name: str, column: Coded, left: Mask, odd: list[dict[str, str]]) -> dict[str, object]:
    """Return the form of the page lines and counts of rows in a column, as a condition."""
    texts = _texts_of(name, column, left, odd)
    for form in dict.fromkeys(filter(None, map(form_of_a_footer, texts))):
        if not (_holds(column, partial(_says, cell={"matches": form})) & ~left).any():
            return {"matches": form}
    return {}


def _headings(name: str, column: Coded, left: Mask, odd: list[dict[str, str]]) -> dict[str, object]:
    """Return that a cell is the heading of its column, as on each page of a report."""
    cell: dict[str, object] = {"is": name}
    rows = _holds(column, partial(_says, cell=cell))
    return cell if (rows & left).any() and not (rows & ~left).any() else {}


def _legends(name: str, column: Coded, left: Mask, odd: list[dict[str, str]]) -> dict[str, object]:
    legend = _holds(column, lambda text: bool(pairs_of(text)) and "=" in text)
    others = _holds(column, lambda text: "=" in text) & ~left
    lines = [line[name] for line in odd if name in line]
    there = (legend & left).any() or any(pairs_of(text) and "=" in text for text in lines)
    return {"contains": "="} if there and not others.any() else {}


def _texts_of(name: str, column: Coded, left: Mask, odd: list[dict[str, str]]) -> list[str]:
    """Return the texts of a column in rows that may be none, and in lines of another width."""
    texts = {str(word) for word in column.words[column.codes[left]]}
    return sorted(texts | {line[name] for line in odd if name in line})


def _hits(column: Coded, left: Mask, start: str) -> bool:
    """Return whether a row that can be one of the table begins so."""
    return bool((_holds(column, partial(_begins, starts=[start])) & ~left).any())


def without(bundle_column: Coded, rows: Mask) -> Coded:
    """Return a column without the marked rows."""
    return Coded(bundle_column.codes[~rows], bundle_column.words, bundle_column.exact_below)


def dropped(source: Source, drops: list[Drop]) -> Mask:
    """Return for each row of a source whether it is dropped."""
    bundle = source.bundle
    result = np.zeros(bundle.rows, dtype=bool)
    for drop in drops:
        rows = np.ones(bundle.rows, dtype=bool)
        for name, cell in drop.cells.items():
            rows &= _holds(bundle.columns[name], partial(_says, cell=cell))
        result |= rows
    return result


def _says(text: str, cell: dict[str, object]) -> bool:
    if "empty" in cell:
        return not text.strip()
    if "contains" in cell:
        return str(cell["contains"]) in text
    if "matches" in cell:
        return re.search(str(cell["matches"]), text) is not None
    if "is" in cell:
        return fold(text) == fold(str(cell["is"]))
    starts = cell["starts_with"]
    return _begins(text, starts if isinstance(starts, list) else [str(starts)])


def _no_rows(source: Source) -> Mask:
    """Return which rows cannot be rows of the table: without a date, or with a total as identifier.

    None are returned if they are too many.
    """
    bundle = source.bundle
    identifier = source.heading_of("episode_id") or source.heading_of("person_id")
    date = source.heading_of(REQUIRED[source.table])
    rows = np.zeros(bundle.rows, dtype=bool)
    if date and date in bundle.columns and len(bundle.columns[date].codes) == bundle.rows:
        rows |= ~_hold_dates(bundle.columns[date])
    if identifier:
        column = bundle.columns[identifier]
        totals = _holds(column, lambda text: bool(starts_like_a_total(text)) or "=" in text)
        rows |= totals if bundle.days or not date else totals & rows
        if date:  # a count of words below a table, such as: Completed 1752
            rows |= ~filled_rows(column) & ~_hold_dates(bundle.columns[date])
    rows &= _any_filled(bundle) & ~_are_records(bundle, identifier)
    return rows if rows.sum() <= max(_MOST_SHARE * bundle.rows, 12) else np.zeros_like(rows)


def _are_records(bundle: Bundle, identifier: str) -> Mask:
    """Return which rows are records though their date is missing: named, and most cells filled."""
    if not identifier or len(bundle.columns[identifier].codes) != bundle.rows:
        return np.zeros(bundle.rows, dtype=bool)
    column = bundle.columns[identifier]
    none = _holds(column, lambda text: is_a_footer(text) or fold(text) == fold(identifier))
    whole = [each for each in bundle.columns.values() if len(each.codes) == bundle.rows]
    filled = np.sum([filled_rows(each) for each in whole], axis=0)
    return np.asarray(filled_rows(column) & ~none & (2 * filled > len(whole)))


def _hold_dates(column: Coded) -> Mask:
    """Return for each row whether its text is a date, a number that can be a date, or missing.

    A number can be a date only if most texts are numbers (serial numbers of Excel, study days);
    below other dates it is a total.
    """
    texts = [str(word).strip() for word in column.words]
    digits = column.is_any(np.array([text.isdigit() for text in texts], dtype=bool))
    numbers = 2 * digits.sum() > filled_rows(column).sum()
    chosen = [
        bool(text) and (date or means_missing(text, "date") or (numbers and text.isdigit()))
        for text, date in zip(texts, are_dates(texts), strict=True)
    ]
    return column.is_any(np.array(chosen, dtype=bool))


def _any_filled(bundle: Bundle) -> Mask:
    rows = np.zeros(bundle.rows, dtype=bool)
    for column in bundle.columns.values():
        if len(column.codes) == len(rows):
            rows |= filled_rows(column)
    return rows


def _always_empty(source: Source, left: Mask) -> list[str]:
    """Return the columns of identifier, date and status that are blank in the remaining rows."""
    wanted = ("episode_id", "person_id", REQUIRED[source.table], "status")
    names = [name for column in wanted if (name := source.heading_of(column))]
    bundle = source.bundle
    empty = [
        name
        for name in names
        if len(bundle.columns[name].codes) == len(left)
        and not filled_rows(bundle.columns[name])[left].any()
    ]
    identifiers = {source.heading_of("episode_id"), source.heading_of("person_id")}
    return empty if len(empty) >= 2 and set(empty) & identifiers else []


def _holds(column: Coded, says: Callable[[str], bool]) -> Mask:
    """Return for each row whether `says` is True for its text."""
    chosen = np.array([says(str(word)) for word in column.words], dtype=bool)
    return column.is_any(chosen)


def _begins(text: str, starts: list[str]) -> bool:
    return text.strip().casefold().startswith(tuple(start.casefold() for start in starts))


def _shortest(starts: list[str]) -> object:
    return starts[0] if len(starts) == 1 else starts
