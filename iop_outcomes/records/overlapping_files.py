"""Rows that occur in several overlapping exports, possibly written in different ways."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.records.mapping import Mapping, fold
from iop_outcomes.records.parsing.columns import declared_column, read_column
from iop_outcomes.records.parsing.numbers import MARKS, numbers
from iop_outcomes.records.parsing.parsed import Parsed
from iop_outcomes.records.parsing.values import without_words
from iop_outcomes.records.staging import StagedTable

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]

CALLED_ID = re.compile(r"(?:^|_)(?:id|no|nr|number|uuid|guid)$")
_BY_WRITING = ("service", "approach")  # compared as written, whatever the mapping makes of them
_SAME = 0.9  # the share of rows on shared days that both files have, if exports overlap
_FEWEST = 10  # rows in both files that are needed to judge this
_AT_BORDER = 0.5  # largest share of the days of a file that an overlap at its border can have


@dataclass(frozen=True)
class Overlap:
    """Rows of several files with the same meaning in every column that both files have.

    Attributes
    ----------
    rows : numpy.ndarray of int
        The surplus rows: of equal rows, those beyond the largest number in any one file.
    shorter : numpy.ndarray of bool
        For each of these whether its file lacks a column that the other file has.
    columns : list of str
        The columns that all of these files have.
    at_border : bool
        Whether files with different columns share only some of their days, and nearly all rows on
        these days.
    """

    rows: Array
    shorter: Mask
    columns: list[str]
    at_border: bool


def overlap_of_files(staged: StagedTable, files: Array, mapping: Mapping) -> Overlap:
    """Return the rows that another file contains too, compared by their meaning.

    Rows are compared only if several files have rows of the person on that day. A column that a
    file lacks, or that is empty in it, is not compared.

    Parameters
    ----------
    staged : StagedTable
        The table, with the text of its columns.
    files : numpy.ndarray of int
        For each source of the table the number of the export to which it belongs.
    mapping : Mapping
        The mapping, for the meaning of words.
    """
    file = files[staged.file]
    day = _days(staged, mapping)
    rows = _of_several_files(_people(staged), day, file) & ~staged.folded
    at = np.flatnonzero(rows)
    none = np.zeros(0, dtype=np.int64)
    if not len(at):
        return Overlap(none, np.zeros(0, dtype=bool), list(staged.raw), at_border=False)
    names = list(staged.raw)
    columns = [_meanings(staged, name, mapping) for name in names]
    coded = [staged.raw[name].codes for name in names]
    meanings = [each.codes[codes[at]] for each, codes in zip(columns, coded, strict=True)]
    size = int(files.max()) + 1
    filled = np.stack(
        [
            np.bincount(file, weights=each.filled[codes], minlength=size) > 0
            for each, codes in zip(columns, coded, strict=True)
        ]
    )
    surplus = _not_in_fullest_file(_classes(meanings), file[at], filled.sum(axis=0))
    met = np.unique(file[at])
    shared = np.asarray(filled[:, met].all(axis=1) | ~filled[:, met].any(axis=1), dtype=bool)
    shorter = np.zeros(len(at), dtype=bool)
    at_border = False
    if not shared.all():
        _, of_file = np.unique(filled[~shared].T, axis=0, return_inverse=True)
        shape = of_file.reshape(-1)[file]
        left = np.flatnonzero(~surplus)
        alike = _classes(
            [codes[left] for codes, same in zip(meanings, shared, strict=True) if same]
        )
        worth = np.zeros(int(shape.max()) + 1, dtype=np.int64)
        np.maximum.at(worth, shape, filled.sum(axis=0)[file])
        shorter[left] = _not_in_fullest_file(alike, shape[at[left]], worth)
        at_border = _at_border(day, shape, at[left], alike)
    chosen = surplus | shorter
    return Overlap(
        at[chosen],
        shorter[chosen],
        [name for name, same in zip(names, shared, strict=True) if same],
        at_border,
    )


def _people(staged: StagedTable) -> Array:
    """Return a code of the episode of each row, or without one of the person; -1 if blank."""
    for name in ("episode_id", "person_id"):
        if name in staged.raw:
            coded = staged.raw[name]
            texts = _texts(str(word).strip() for word in coded.words)
            codes, _ = pd.factorize(texts)
            return np.asarray(np.where(texts == "", -1, codes)[coded.codes], dtype=np.int64)
    return np.full(len(staged), -1, dtype=np.int64)


def _days(staged: StagedTable, mapping: Mapping) -> Array:
    """Return for each row the code of its day."""
    declared = staged.table.column("admit_date" if staged.table.name == "episodes" else "date")
    name = "date" if declared is None else declared.name_in(staged.time)
    column = declared_column(staged, name)
    if column is None:  # does not occur: the column is required
        return staged.raw[name].codes.astype(np.int64)
    parsed = read_column(staged, name, column, mapping)
    codes, _ = pd.factorize(parsed.values)
    return np.asarray(codes[staged.raw[name].codes], dtype=np.int64)


def _of_several_files(who: Array, day: Array, file: Array) -> Mask:
    """Return which rows are of a person and day for which several files have rows."""
    result = np.zeros(len(who), dtype=bool)
    if not len(who):
        return result
    lowest = np.full(int(day.max()) + 1, file.max(), dtype=np.int64)
    highest = np.zeros(int(day.max()) + 1, dtype=np.int64)
    np.minimum.at(lowest, day, file)
    np.maximum.at(highest, day, file)
    at = np.flatnonzero((lowest < highest)[day] & (who >= 0))
    key, _ = pd.factorize(who[at] * (int(day.max()) + 1) + day[at])
    if len(at):
        of_file = np.unique(np.stack([key, file[at]]), axis=1)[0]
        result[at] = (np.bincount(of_file) > 1)[key]
    return result


def _classes(codes: list[Array]) -> Array:
    """Return a number for each row that is the same for rows with the same codes in all columns."""
    number = np.zeros(len(codes[0]), dtype=np.int64)
    for each in codes:
        number, _ = pd.factorize(number * (int(each.max(initial=0)) + 1) + each)
    return number


def _not_in_fullest_file(alike: Array, file: Array, worth: Array) -> Mask:
    """Return which rows are not in the file with the most equal rows.

    In a tie the file with the most columns is chosen, and then the first. `worth` is the number of
    columns of each file that have values.
    """
    cells, counts = np.unique(np.stack([alike, file]), axis=1, return_counts=True)
    order = np.lexsort((cells[1], -worth[cells[1]], -counts, cells[0]))
    first = order[np.unique(cells[0][order], return_index=True)[1]]
    return np.asarray(cells[1][first][alike] != file)


def _at_border(day: Array, shape: Array, at: Array, alike: Array) -> bool:
    """Return whether files with different columns share some days, and nearly all rows there."""
    days = np.unique(np.stack([shape, day]), axis=1)
    several = np.bincount(days[1]) > 1
    of_shape = np.bincount(days[0])
    shared_days = np.bincount(days[0], weights=several[days[1]])
    held = np.unique(np.stack([alike, shape[at]]), axis=1)[0]
    both = (np.bincount(held) > 1)[alike]
    rows = np.bincount(shape, weights=several[day])
    matched = np.bincount(shape[at], weights=both, minlength=len(rows))
    if both.sum() < 2 * _FEWEST:
        return False
    nearly_all = bool((matched[rows > 0] >= _SAME * rows[rows > 0]).all())
    met = shared_days > 0
    return nearly_all and bool((shared_days[met] <= _AT_BORDER * of_shape[met]).any())


@dataclass(frozen=True)
class _Meanings:
    """The meaning of the distinct texts of a column as codes, and whether they have any."""

    codes: Array
    filled: Mask


def _meanings(staged: StagedTable, name: str, mapping: Mapping) -> _Meanings:
    """Return the meaning of each distinct text of a column.

    Identifiers, names, services and texts without a value are compared as written, except for
    spaces.
    """
    coded = staged.raw[name]
    words = mapping.words.get(staged.table.name, {}).get(name, {})
    column = declared_column(staged, name)
    if column is None:
        return _of_other_columns(name, without_words(coded.words.tolist(), words, mapping))
    parsed = read_column(staged, name, column, mapping)
    clean = without_words(coded.words.tolist(), words, mapping)
    text = _texts(clean if column.kind == "name" else map(fold, clean))
    empty = parsed.missing & (text == "")
    empty[list(parsed.faults.get("missing_word", ()))] = True
    if name in _BY_WRITING:
        written = without_words(coded.words.tolist(), {}, mapping)
        codes = _factorized(map(fold, written))
    elif column.kind == "name":
        codes = _factorized(np.where(empty, "", text))
    else:
        text[~parsed.missing | empty] = ""
        codes = _values(column.kind, parsed, text)
    return _Meanings(codes, ~empty)


def _values(kind: str, parsed: Parsed, text: Array) -> Array:
    """Return codes of values and their times; texts without a value are compared as texts."""
    parts = {"value": parsed.values, "text": text}
    if parsed.minutes is not None and parsed.lengths is not None:
        midnight = (parsed.minutes == 0) & (kind == "date")
        parts["minutes"] = np.where(midnight, np.nan, parsed.minutes)
        parts["lengths"] = parsed.lengths
    groups = pd.DataFrame(parts).groupby([*parts], dropna=False, sort=False)
    return np.asarray(groups.ngroup().to_numpy(), dtype=np.int64)


def _of_other_columns(name: str, clean: list[str]) -> _Meanings:
    """Return the meanings in a covariate: numbers by value, words without regard to case."""
    filled = np.array([text != "" and text.casefold() not in MARKS for text in clean], dtype=bool)
    if CALLED_ID.search(name):
        return _Meanings(_factorized(clean), filled)
    values = numbers(clean)
    texts = _texts(map(fold, clean))
    number = np.isfinite(values)
    texts[number] = [repr(value) for value in values[number].tolist()]
    texts[~filled] = ""
    return _Meanings(_factorized(texts), filled)


def _factorized(texts: Any) -> Array:
    return np.asarray(pd.factorize(_texts(texts))[0], dtype=np.int64)


def _texts(texts: Any) -> npt.NDArray[np.object_]:
    return np.asarray(list(texts), dtype=object)
