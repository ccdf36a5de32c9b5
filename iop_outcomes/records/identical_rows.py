"""Rows of a staged table that are equal in every column: one row repeated, or several services."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.records.mapping import Mapping, fold
from iop_outcomes.records.overlapping_files import CALLED_ID, overlap_of_files
from iop_outcomes.records.parsing.clocks import read_clock
from iop_outcomes.records.parsing.values import without_words
from iop_outcomes.records.schema import START_TIME
from iop_outcomes.records.sources.coded import Coded, narrow
from iop_outcomes.records.staging import Log, StagedTable

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]

FEWEST = 10  # values that a column needs to be recognised as a key
_CLOCKS = ("start_time", "time_range", "end_time")


def fold_identical(staged: StagedTable, mapping: Mapping, log: Log) -> None:
    """Fold rows that are equal in every column if they can only be one row exported twice.

    Episodes and check-ins have a key: identifier and day. Two equal rows of attendance are one row
    if a start time, an identifier of the session or a key of the export shows it. Exports can
    overlap: of rows with the same meaning in several files, the largest number in one file is kept.
    Other equal rows can be several services on one day; they are kept and marked in
    ``staged.repeats``. ``identical_rows`` in the mapping takes precedence over all of this.
    """
    if mapping.identical_rows != "keep" and len(staged):
        compared = [_compared(staged, name, mapping) for name in staged.raw]
        telling = sorted(compared, key=lambda coded: -len(coded.words))
        twin = identical([coded.codes for coded in telling])
        again = np.flatnonzero(twin >= 0)
        rows = again
        if len(rows) and not mapping.identical_rows and staged.table.name == "attendance":
            rows = rows[_surplus(staged, twin, rows, mapping)]
        _fold(staged, rows, "folded into the first such row", log)
        _fold_overlap(staged, mapping, log)
        staged.repeats[_further(twin, again[~staged.folded[again]], staged.folded)] = True
    log.tally("exact_duplicate", staged.table.name, "", len(staged), int(staged.folded.sum()))


def _fold(staged: StagedTable, rows: Array, done: str, log: Log) -> None:
    staged.folded[rows] = True
    staged.kept[rows] = False
    log.rows(staged, rows, "exact_duplicate", "", done)


def _fold_overlap(staged: StagedTable, mapping: Mapping, log: Log) -> None:
    """Fold rows that another file contains too, or keep and mark them.

    If one file of attendance lacks a column that the other has, rows are folded only if a start
    time, or an overlap at the border of the two files, shows that they are the same. Otherwise they
    are kept and marked in ``staged.repeats``.
    """
    files = _files(staged, mapping)
    if len(np.unique(files)) < 2:
        return
    overlap = overlap_of_files(staged, files, mapping)
    sure = ~overlap.shorter
    if staged.table.name != "attendance" or mapping.identical_rows or overlap.at_border:
        sure[:] = True
    elif not sure.all():
        sure |= _starts(staged, overlap.rows, mapping, overlap.columns)
    staged.repeats[overlap.rows[~sure]] = True
    _fold(staged, overlap.rows[sure], "folded: a row of another file says the same", log)


def _further(twin: Array, again: Array, folded: Mask) -> Array:
    """Return the rows that equal an earlier row that is kept."""
    first = twin[again]
    rows = np.append(again, np.unique(first[~folded[first]]))
    group = np.append(first, np.unique(first[~folded[first]]))
    order = np.lexsort((rows, group))
    rows, group = rows[order], group[order]
    return np.asarray(rows[1:][group[1:] == group[:-1]])


def _compared(staged: StagedTable, name: str, mapping: Mapping) -> Coded:
    """Return a column in the form in which rows are compared.

    A status is compared by its meaning in the mapping, because two exports of one system can write
    it differently. Other words are compared without regard to case only: two different words for
    group are two services.
    """
    coded = staged.raw[name]
    column = staged.table.column(name, staged.time)
    if column is None or column.kind != "word":
        return coded
    words = mapping.words.get(staged.table.name, {}).get(name, {}) if name == "status" else {}
    alike = [words.get(fold(text)) or fold(text) for text in map(str, coded.words.tolist())]
    codes, met = pd.factorize(np.array(alike, dtype=object))
    return Coded(narrow(codes[coded.codes], len(met)), met)


def _surplus(staged: StagedTable, twin: Array, rows: Array, mapping: Mapping) -> Mask:
    """Return which rows (each equals an earlier one) are repeats, shown by a start or a key."""
    surplus = _starts(staged, rows, mapping, list(staged.raw))
    for name in staged.raw:
        if not surplus.all() and (name == "group_id" or not _is_declared(staged, name)):
            surplus |= _has_key(staged, name, twin, rows)
    return surplus


def _starts(staged: StagedTable, rows: Array, mapping: Mapping, columns: list[str]) -> Mask:
    """Return which rows have a start or an end: a person cannot be at two services at once.

    Midnight does not count, because spreadsheets and databases write it if there is no time.
    """
    known = np.zeros(len(rows), dtype=bool)
    words = mapping.words.get(staged.table.name, {})
    for name in _CLOCKS:
        if name in columns:
            coded = staged.raw[name]
            met, codes = np.unique(coded.codes[rows], return_inverse=True)
            clean = without_words(coded.words[met].tolist(), words.get(name, {}), mapping)
            known |= (np.nan_to_num(read_clock(START_TIME, clean).values) > 0)[codes]
    if "date" in staged.date_texts:
        minutes = np.nan_to_num(staged.date_texts["date"].minutes)
        known |= (minutes > 0)[staged.raw["date"].codes[rows]]
    return known


def _has_key(staged: StagedTable, name: str, twin: Array, rows: Array) -> Mask:
    """Return which rows have a value in a column, if the column is a key of rows or sessions.

    A key of rows has a different value in each row, except for equal rows. `group_id` is a key of
    sessions if each of its values is on one day only. A key must also distinguish services of one
    person on one day, or have the name of an identifier: a name combined with a date does not
    identify a service.
    """
    none = np.zeros(len(rows), dtype=bool)
    coded = staged.raw[name]
    filled = _filled(coded)
    first = np.flatnonzero((twin < 0) & filled[coded.codes])
    if filled.sum() < FEWEST:
        return none
    of_row = len(first) == len(np.unique(coded.codes[first]))
    day = _day(staged)
    if not of_row and not (name == "group_id" and one_each(coded.codes[first], day[first])):
        return none
    if not (of_row and CALLED_ID.search(name)):
        person = staged.raw.get("episode_id", staged.raw.get("person_id"))
        who = np.zeros(len(twin), dtype=np.int64) if person is None else person.codes
        a_day = who[first].astype(np.int64) * (int(day.max()) + 1) + day[first]
        if one_each(a_day, coded.codes[first]):
            return none
    return np.asarray(filled[coded.codes[rows]])


def one_each(keys: Array, values: Array) -> bool:
    """Return whether each key occurs with a single value only."""
    order = np.lexsort((values, keys))
    keys, values = keys[order], values[order]
    return not bool(((keys[1:] == keys[:-1]) & (values[1:] != values[:-1])).any())


def _day(staged: StagedTable) -> Array:
    name = "date" if staged.time == "calendar" else "day"
    return staged.raw[name].codes.astype(np.int64)


def _filled(coded: Coded) -> Mask:
    return np.array([bool(word.strip()) for word in coded.words.tolist()], dtype=bool)


def _is_declared(staged: StagedTable, name: str) -> bool:
    return staged.table.column(name, staged.time) is not None or name in _CLOCKS


def _files(staged: StagedTable, mapping: Mapping) -> Array:
    """Return for each source the number of its export: sheets and parts of one file are one."""
    several = len(mapping.sources.get(staged.table.name, ())) > 1
    numbers: dict[object, int] = {}
    for place, (name, digest) in enumerate(zip(staged.files, staged.sha256, strict=True)):
        file, sheet, _ = name.partition(": sheet ")
        same = bool(digest) and (bool(sheet) or several)
        numbers[place] = numbers.setdefault((file, digest) if same else place, place)
    return np.array([numbers[place] for place in range(len(staged.files))], dtype=np.int64)


def identical(codes: list[Array]) -> npt.NDArray[np.int64]:
    """Return for each row the first earlier row with the same codes, or -1 if there is none.

    The columns that distinguish most rows should come first: rows that differ in the first three
    are not compared further. Rows are compared by a 64-bit hash of their codes, and then code by
    code, so that two rows with the same hash by chance are not joined.
    """
    rows = np.arange(len(codes[0]))
    result = np.full(len(rows), -1, dtype=np.int64)
    for columns in (codes[:3], codes):
        mix = _mix([column[rows] for column in columns] if len(rows) < len(result) else columns)
        ordered = np.sort(mix)
        twice = ordered[1:][ordered[1:] == ordered[:-1]]
        if not len(twice):
            return result
        keep = np.isin(mix, twice)
        rows, mix = rows[keep], mix[keep]
    group, _ = pd.factorize(mix)
    first = rows[np.unique(group, return_index=True)[1]][group]
    same = rows != first
    for column in codes:
        same &= column[rows] == column[first]
    result[rows[same]] = first[same]
    return result


def _mix(codes: list[Array]) -> npt.NDArray[np.uint64]:
    mix = np.zeros(len(codes[0]), dtype=np.uint64)
    for column in codes:
        mix += column.astype(np.uint64)
        mix *= np.uint64(0x9E3779B97F4A7C15)
        mix ^= mix >> np.uint64(29)
    return mix
