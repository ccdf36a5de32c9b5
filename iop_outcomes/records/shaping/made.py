"""Columns made from others: combined words, checkboxes, constants, and cells filled down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.mapping.folding import fold
from iop_outcomes.records.mapping.sections import short
from iop_outcomes.records.shaping.columns import (
    column_name,
    compact,
    constant,
    is_blank,
    name_if_there,
    of_pairs,
    taken,
    with_remarks,
)
from iop_outcomes.records.sources.coded import Coded, Raw, Remark

TWO_TICKED = "two_ticked"
UNKNOWN_TICK = "unknown_tick"
_TICKED = {"1", "1.0", "yes", "y", "true", "t", "x", "checked", "✓", "✔", "☒", "☑"}
_NOT_TICKED = {"", "0", "0.0", "no", "n", "false", "f", "unchecked", "☐"}


def fill_down(raw: Raw, names: tuple[str, ...], ours: Mapping[str, str], where: str) -> Raw:
    """Fill blank cells with the value above them, and drop remarks on merged cells in them."""
    columns, filled = dict(raw.columns), set()
    for asked_name in names:
        name = column_name(raw, asked_name, ours, where)
        coded = columns[name]
        rows = np.where(is_blank(coded), -1, np.arange(len(coded.codes)))
        above = np.maximum.accumulate(rows)
        first = np.maximum(above, 0)  # blank cells above the first value stay blank
        columns[name] = taken(coded, np.where(above < 0, np.arange(len(rows)), first))
        filled.add(name)
    kept = [r for r in raw.remarks if r.check != "merged_cells" or r.column not in filled]
    return replace(raw, columns=columns, remarks=tuple(kept))


def put_copies(
    raw: Raw, copies: Mapping[str, tuple[str, ...]], ours: Mapping[str, str], table: str
) -> tuple[Raw, frozenset[str]]:
    """Copy columns of the export to further columns; return the names that were added."""
    columns = dict(raw.columns)
    for theirs, names in copies.items():
        there = next((name for name in raw.columns if fold(name) == theirs), None)
        for name in names if there is not None else ():
            if name_if_there(raw, name, ours) is not None:
                raise RecordsError(
                    f"{raw.file} has a column {short(name)} of its own, and [{table}.columns] of "
                    "the mapping makes it of another.",
                    instead="Name one of them only.",
                )
            columns[name] = raw.columns[str(there)]
    return replace(raw, columns=columns), frozenset(set(columns) - set(raw.columns))


def put_constants(
    raw: Raw, constants: Mapping[str, str], ours: Mapping[str, str], *, where: str = ""
) -> Raw:
    """Add columns that have one value in every row.

    If a file has such a column already: with `where` RecordsError is raised, without it the file
    keeps its own column.
    """
    columns = dict(raw.columns)
    for name, text in constants.items():
        there = name_if_there(raw, name, ours)
        if there is None:
            columns[name] = constant(text, len(raw.lines))
        elif where:
            raise RecordsError(
                f"{raw.file} has a column {short(name)} of its own, and {where} of the mapping "
                "gives it one value.",
                instead="Remove one of the two: map the column to another name, or remove the "
                "constant.",
            )
    return replace(raw, columns=columns)


def combine_words(
    raw: Raw, combine: Mapping[str, tuple[str, ...]], ours: Mapping[str, str], table: str
) -> tuple[Raw, frozenset[str]]:
    """Combine the words of several columns into one, joined by " + "; blank cells are skipped.

    A file with none of the columns is not changed. Return also the names of the new columns.
    """
    columns = dict(raw.columns)
    new_columns = set()
    for name, parts in combine.items():
        there = [name_if_there(raw, part, ours) for part in parts]
        if not any(there):
            continue
        where = f"[{table}.combine]"
        names = [column_name(raw, part, ours, where) for part in parts]
        joined = of_pairs([raw.columns[each] for each in names], _joined)
        _replace_target(columns, raw, name, names, ours, where)
        columns[name] = joined
        new_columns.add(name)
    return replace(raw, columns=columns), frozenset(new_columns)


def _joined(texts: tuple[str, ...]) -> str:
    return " + ".join(text.strip() for text in texts if text.strip())


def _replace_target(
    columns: dict[str, Coded],
    raw: Raw,
    name: str,
    parts: list[str],
    ours: Mapping[str, str],
    where: str,
) -> None:
    """Remove an existing column with the name of a new one; it must be one of its parts."""
    there = name_if_there(raw, name, ours)
    if there is None:
        return
    if there not in parts:
        raise RecordsError(
            f"{raw.file} has a column {short(name)} of its own, which {where} makes from others.",
            instead="Name it among them, or map it to another name.",
        )
    del columns[there]


def read_ticks(
    raw: Raw, ticked: Mapping[str, Mapping[str, str]], ours: Mapping[str, str], table: str
) -> tuple[Raw, frozenset[str]]:
    """Combine checkbox columns into one column with the word of the box that is ticked.

    The word is missing if no box is ticked. If several are, it is missing and the row is listed. A
    cell with an unknown value is listed and counts as not ticked. A file with none of
    the columns is not changed. Return also the names of the new columns.
    """
    columns = dict(raw.columns)
    remarks: list[Remark] = []
    new_columns = set()
    for name, boxes in ticked.items():
        if not any(name_if_there(raw, box, ours) for box in boxes):
            continue
        where = f"[{table}.ticked]"
        names = [column_name(raw, box, ours, where) for box in boxes]
        parts = [raw.columns[each] for each in names]
        for box, part in zip(names, parts, strict=True):
            odd = [fold(str(word)) not in _TICKED | _NOT_TICKED for word in part.words.tolist()]
            rows = np.flatnonzero(part.is_any(np.array(odd, dtype=bool)))
            remarks += [
                Remark(line, text, UNKNOWN_TICK, "kept: read as not ticked", column=box)
                for line, text in zip(raw.lines[rows].tolist(), part.text(rows), strict=True)
            ]
        words = list(dict.fromkeys(boxes.values()))
        ticks = np.zeros((len(words), len(raw.lines)), dtype=bool)
        for each, word in zip(names, boxes.values(), strict=True):
            ticks[words.index(word)] |= _ticks(raw, each)
        several = np.flatnonzero(ticks.sum(axis=0) > 1)
        remarks += [
            Remark(line, "", TWO_TICKED, "value left missing", column=name)
            for line in raw.lines[several].tolist()
        ]
        _replace_target(columns, raw, name, names, ours, where)
        codes = np.where(ticks.sum(axis=0) == 1, ticks.argmax(axis=0), len(words))
        columns[name] = compact(codes, np.array([*words, ""], dtype=object))
        new_columns.add(name)
    return with_remarks(replace(raw, columns=columns), remarks), frozenset(new_columns)


def _ticks(raw: Raw, name: str) -> np.ndarray:
    coded = raw.columns[name]
    return coded.is_any(np.array([fold(str(word)) in _TICKED for word in coded.words], dtype=bool))
