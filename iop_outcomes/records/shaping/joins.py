"""Values joined from other rows of the same file, or from another file, by a common key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from iop_outcomes.records.mapping.plan import Join
from iop_outcomes.records.shaping.columns import (
    column_name,
    constant,
    is_blank,
    keys,
    name_if_there,
    of_words,
    stacked,
    with_remarks,
)
from iop_outcomes.records.sources.coded import Array, Coded, Raw, Remark

UNMATCHED = "join_unmatched"
CONFLICT = "join_conflict"


def join_rows(raw: Raw, other: Raw, join: Join, ours: Mapping[str, str], where: str) -> Raw:
    """Add columns from the rows of `other` with the same key.

    A column has its name in `other`, or the new name that the join gives it. If the file has the
    column already, only its blank cells are filled; a different value in `other` is listed. If
    several rows of `other` have the key, the first that is not blank gives the value; a later one
    with another value is listed, and so is a row of `other` whose key is in no row of `raw`.

    Raises
    ------
    RecordsError
        If a file lacks a column of the join.
    """
    own_key, other_key = _common_keys(raw, other, join, ours, where)
    columns = dict(raw.columns)
    remarks: list[Remark] = []
    has_values = np.zeros(len(other.lines), dtype=bool)  # rows that hold something to take over
    size = int(max(own_key.max(initial=-1), other_key.max(initial=-1))) + 1
    for name in join.columns:
        theirs = column_name(other, name, ours, where)
        coded = other.columns[theirs]
        has_values |= ~is_blank(coded)
        filled = ~is_blank(coded) & (other_key >= 0)
        first = np.full(size + 1, -1, dtype=np.int64)
        rows = np.flatnonzero(filled)[::-1]
        first[other_key[rows]] = rows  # the last one written is the first row
        conflict = filled & (coded.codes != coded.codes[first[other_key]])
        remarks += _listed(other, np.flatnonzero(conflict), coded, theirs)
        target = name_if_there(raw, join.renamed.get(name, name), ours)
        target = target or join.renamed.get(name, theirs)
        own = columns.get(target, constant("", len(raw.lines)))
        columns[target], different = _taken_over(own, coded, first[own_key])
        remarks += _listed(other, first[own_key][different], coded, theirs)
    lost = has_values & ((other_key < 0) | ~np.isin(other_key, own_key))
    remarks += [
        Remark(line, "", UNMATCHED, "left out: no row has its key", column=join.by[0])
        for line in other.lines[lost].tolist()
    ]
    return with_remarks(replace(raw, columns=columns), remarks)


def _taken_over(own: Coded, other: Coded, source: Array) -> tuple[Coded, Array]:
    """Return a column with blank cells filled from another, and which other cells differ."""
    both = stacked([own, replace(other, codes=other.codes), constant("", 1)])
    size, blank = len(own.codes), len(both.codes) - 1
    own_codes = both.codes[:size]
    other_codes = both.codes[np.where(source >= 0, size + source, blank)]
    empty = is_blank(own)
    different = ~empty & (source >= 0) & (own_codes != other_codes)
    codes = np.where(empty & (source >= 0), other_codes, own_codes)
    return replace(both, codes=codes), different


def _listed(raw: Raw, rows: Array, coded: Coded, column: str) -> list[Remark]:
    done = "left out: another row gives another value"
    return [
        Remark(line, text, CONFLICT, done, column=column)
        for line, text in zip(raw.lines[rows].tolist(), coded.text(rows), strict=True)
    ]


def _common_keys(
    raw: Raw, other: Raw, join: Join, ours: Mapping[str, str], where: str
) -> tuple[Array, Array]:
    """Return a number for the key of each row of both files, -1 if a part of the key is blank."""
    parts = []
    blank = np.zeros(len(raw.lines) + len(other.lines), dtype=bool)
    for name in join.by:
        both = stacked(
            [
                of_words(each.columns[column_name(each, name, ours, where)], str.strip)
                for each in (raw, other)
            ]
        )
        blank |= is_blank(both)
        parts.append(both)
    _, key = np.unique(keys(parts), return_inverse=True)
    key = np.where(blank, -1, key)
    return key[: len(raw.lines)], key[len(raw.lines) :]
