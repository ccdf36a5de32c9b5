"""The frames of `Records`, built from the checked tables."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.records.parsing.parsed import NO_DAY, NO_WHOLE
from iop_outcomes.records.schema import Column
from iop_outcomes.records.staging import StagedTable

Array = npt.NDArray[Any]


def categorical(codes: Any, levels: Any) -> pd.Categorical:
    """Return a categorical from codes (-1 for missing) and levels."""
    return pd.Categorical.from_codes(codes, categories=pd.Index(levels, dtype=object))


def dates(days: Array) -> Array:
    """Return days since 1970-01-01 (int32) as datetime64[s], with NO_DAY as NaT."""
    result = days.astype("datetime64[D]").astype("datetime64[s]")
    result[days == NO_DAY] = np.datetime64("NaT", "s")
    return result


def build_episodes(staged: StagedTable, as_of: int) -> tuple[pd.DataFrame, Array]:
    """Return the episodes frame, and for each of its rows the row of the staged table.

    Parameters
    ----------
    staged : StagedTable
        The checked episodes.
    as_of : int
        The data cut as a day number.
    """
    rows = np.flatnonzero(staged.kept)
    calendar = staged.time == "calendar"
    admit = staged.day("admit_date")[rows]
    discharge = _days(staged, "discharge_date", rows)
    followed = _days(staged, "followed_until", rows)
    followed = np.where(followed == NO_DAY, as_of, np.minimum(followed, as_of))
    if "discharge_reason" in staged.values:
        died = staged.is_word("discharge_reason", "died")[rows] & (discharge != NO_DAY)
        followed = np.where(died, np.minimum(followed, discharge), followed)
    followed = np.maximum(followed, admit)
    columns: dict[str, Any] = {}
    identifiers = np.array(staged.levels["episode_id"], dtype=object)
    columns["episode_id"] = identifiers[staged.values["episode_id"][rows]]
    columns["person_id"] = _person(staged, rows, columns["episode_id"])
    columns["program"] = _program(staged, rows)
    for column in staged.table.columns[3:]:
        name = column.name_in(staged.time)
        if column.kind != "date":
            columns[name] = _column(staged, column, name, rows)
            continue
        days = {"admit_date": admit, "discharge_date": discharge, "followed_until": followed}.get(
            column.name, _days(staged, column.name, rows)
        )
        columns[name] = dates(days) if calendar else _study_days(days, column.required)
    left = np.where(discharge == NO_DAY, np.nan, discharge.astype(np.float64) - admit)
    columns["days_to_discharge"] = left
    columns["days_followed"] = (followed - admit).astype(np.int32)
    columns["admission_number"] = _admission_number(columns["person_id"].codes, admit)
    for name, declared in staged.declared.items():
        if name not in columns:
            columns[name] = _in_order_of_name(_column(staged, declared, name, rows))
    return pd.DataFrame(columns), rows


def _in_order_of_name(column: Any) -> Any:
    """Return a categorical with sorted categories, so that groups have a defined order."""
    if isinstance(column, pd.Categorical):
        return column.reorder_categories(sorted(column.categories))
    return column


def build_rows(
    staged: StagedTable, order: Array, position: Array, identifiers: Array, admit: Array
) -> pd.DataFrame:
    """Return the attendance or check-ins frame.

    Parameters
    ----------
    staged : StagedTable
        The checked table; its columns are removed from it as they are built.
    order : numpy.ndarray of int64
        The kept rows of the staged table, sorted by episode and day.
    position : numpy.ndarray of int32
        For each of these rows the row of its episode in the episodes frame.
    identifiers, admit : numpy.ndarray
        The episode_id and the day of admission of each row of the episodes frame.
    """
    columns: dict[str, Any] = {"episode_id": categorical(position, identifiers)}
    day = staged.day("date")[order]
    if staged.time == "calendar":
        columns["date"] = dates(day)
    columns["day"] = (day - admit[position]).astype(np.int32)
    own = {column.name: column for column in staged.table.columns[2:]}
    others = {name: declared for name, declared in staged.declared.items() if name not in own}
    for name, declared in {**own, **others}.items():
        if name not in columns and name not in ("date", "day"):
            columns[name] = _column(staged, declared, name, order)
            staged.values.pop(name, None)  # each column leaves the staged table as it is built
            staged.raw.pop(name, None)
    return pd.DataFrame(columns, copy=False)


def _days(staged: StagedTable, name: str, rows: Array) -> Array:
    column = staged.table.column(name)
    ours = name if column is None else column.name_in(staged.time)
    if ours not in staged.values:
        return np.full(len(rows), NO_DAY, dtype=np.int32)
    return staged.values[ours][rows]


def _study_days(days: Array, required: bool) -> Array:
    if required:
        return days.astype(np.int32)
    return np.where(days == NO_DAY, np.nan, days.astype(np.float64))


def _column(staged: StagedTable, column: Column, name: str, rows: Array) -> Any:
    """Return one typed column; it is all missing if the export does not have it."""
    if name not in staged.values:
        return _all_missing(column, len(rows))
    values = staged.values[name] if len(rows) == len(staged) and _in_order(rows) else None
    values = staged.values[name][rows] if values is None else values
    if column.kind in ("word", "name"):
        return categorical(values, staged.levels[name])
    if column.kind == "flag":
        return pd.arrays.BooleanArray(values == 1, values < 0)
    if column.kind == "whole":
        missing = values == NO_WHOLE
        return pd.arrays.IntegerArray(values, missing) if missing.any() else values
    return values


def _in_order(rows: Array) -> bool:
    return bool((np.diff(rows) == 1).all()) and (not len(rows) or rows[0] == 0)


def _all_missing(column: Column, size: int) -> Any:
    if column.kind in ("word", "name"):
        codes: Any = np.full(size, -1, dtype=np.int8)
        return pd.Categorical.from_codes(codes, dtype=_words(column.words))
    if column.kind == "flag":
        return pd.arrays.BooleanArray(np.zeros(size, dtype=bool), np.ones(size, dtype=bool))
    return np.full(size, np.nan)


@cache
def _words(words: tuple[str, ...]) -> pd.CategoricalDtype:
    return pd.CategoricalDtype(pd.Index(words, dtype=object))


def _person(staged: StagedTable, rows: Array, identifiers: Array) -> pd.Categorical:
    """Return the person of each episode; without an identifier, that of the episode is used."""
    if "person_id" not in staged.values:
        return pd.Categorical(identifiers)
    codes = staged.values["person_id"][rows]
    levels = np.array([*staged.levels["person_id"], ""], dtype=object)
    texts = levels[codes]
    return pd.Categorical(np.where(codes < 0, identifiers, texts))


def _program(staged: StagedTable, rows: Array) -> pd.Categorical:
    if "program" not in staged.values:
        return categorical(np.zeros(len(rows), dtype=np.int8), ["All"])
    codes, levels = staged.values["program"][rows], list(staged.levels["program"])
    if (codes < 0).any():
        levels.append("(not stated)")
        codes = np.where(codes < 0, len(levels) - 1, codes)
    program = categorical(codes, levels).remove_unused_categories()
    return program.reorder_categories(sorted(program.categories))


def _admission_number(person: Array, admit: Array) -> npt.NDArray[np.int32]:
    """Return the number of each episode among those of its person by admission: 1, 2, ..."""
    order = np.lexsort((admit, person))
    sorted_person = person[order]
    starts = np.flatnonzero(np.append(True, sorted_person[1:] != sorted_person[:-1]))
    sizes = np.diff(np.append(starts, len(person)))
    number = np.empty(len(person), dtype=np.int32)
    number[order] = np.arange(len(person)) - np.repeat(starts, sizes) + 1
    return number
