"""Columns that make groups, as codes: which can be named, and which values are distinguished."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.characters import has_confusing_letter
from iop_outcomes.shared.messages import as_written, columns_found, holds_data, names_asked

NOT_RECORDED = "not recorded"
_WRITTEN = 'text.replace("\\0", "").encode("utf-8", "backslashreplace").decode("utf-8")'


def group_codes(
    frame: pd.DataFrame, names: Sequence[str]
) -> tuple[npt.NDArray[np.intp], pd.DataFrame]:
    """Return the group of each row and the values of each group, one row a group.

    Raises
    ------
    EstimateError
        If a value is missing, or values cannot be distinguished or ordered.
    """
    names = list(names)
    if not names:
        return np.zeros(len(frame), dtype=np.intp), pd.DataFrame(index=range(1))
    code, size = np.zeros(len(frame), dtype=np.int64), 1
    for name in names:
        own, values = value_codes(frame[name])
        missing, kinds = int((own < 0).sum()), len(values)
        if missing:
            raise EstimateError(
                f"A row without a value of {name} belongs to no group.",
                found=f"{missing:,} of {len(frame):,} missing",
                instead=f'missing_group="own" for a group named "{NOT_RECORDED}", or '
                'missing_group="leave_out" to leave these rows out.',
            )
        # After each column, so that the codes of many columns stay small.
        code, size = _dense(own if size == 1 else code * kinds + own, size * kinds)
    first = _first_rows(code, size)
    return code.astype(np.intp, copy=False), frame[names].iloc[first].reset_index(drop=True)


def column_names(frame: pd.DataFrame, by: Any) -> list[str]:
    """Return `by` as a list of columns that are in the frame.

    Raises
    ------
    EstimateError
        If the frame has several columns of a name.
    RuleError
        If a column is not there or is named twice, or `by` holds anything but names.
    """
    one_column = isinstance(by, str) or not isinstance(by, Iterable)
    names: list[Any] = [] if by is None else [by] if one_column else list(by)
    if holds_data(by) or not all(isinstance(name, str) for name in names):
        raise RuleError(
            "Groups are named by their columns, and these by text.",
            found=f"by={as_written(by)}",
            instead='by="program", after times.columns = [...] where a name is no text.',
        )
    absent = [str(name) for name in names if name not in frame.columns]
    if absent:
        raise RuleError(
            f"There is no column named {names_asked(absent)} to group by.",
            found=columns_found(frame.columns, absent),
            instead="one of these, or a column added to the frame before.",
        )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise RuleError(f"Grouping by {names_asked(repeated)} twice is grouping by it once.")
    refuse_twins(frame, names)
    return names


def refuse_twins(frame: pd.DataFrame, names: Iterable[str]) -> None:
    """Refuse columns whose name another column has too: which is meant is not known."""
    if frame.columns.is_unique:
        return
    columns = list(frame.columns)
    twins = [name for name in names if columns.count(name) > 1]
    if twins:
        raise EstimateError(
            f"There are several columns named {names_asked(twins)}.",
            found=f"{columns.count(twins[0])} of {len(columns):,} columns",
            instead="times.loc[:, ~times.columns.duplicated()], if they hold the same.",
        )


def value_codes(column: pd.Series[Any]) -> tuple[npt.NDArray[Any], Any]:
    """Return codes, missing as -1, and their values: the categories, else sorted ones."""
    refuse_confusing_letters(column, column.name)
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(), column.cat.categories
    refuse_flags_among_numbers(column)
    try:
        code, values = pd.factorize(column, sort=True)
    except TypeError:
        raise EstimateError(
            f"The values of {column.name} are not such as groups are named by.",
            found="lists, or values of kinds that have no order among them",
            instead=f'times.assign({column.name}=times["{column.name}"].astype(str))',
        ) from None
    return np.asarray(code), values


def refuse_flags_among_numbers(column: pd.Series[Any]) -> None:
    """Refuse groups such as 1 and True, which pandas takes for one."""
    if column.dtype != object or not pd.api.types.infer_dtype(column).startswith("mixed"):
        return
    flags = column.map(lambda value: isinstance(value, bool | np.bool_))
    numbers = column.map(lambda value: isinstance(value, int | float | np.number))
    if flags.any() and (numbers & ~flags & column.notna()).any():
        raise EstimateError(
            f"The values of {column.name} are numbers and yes or no, of which 1 and True, 0 and "
            "False would be one group.",
            found=f"{int(flags.sum()):,} yes or no of {len(column):,}",
            instead=f'times.assign({column.name}=times["{column.name}"].astype(str))',
        )


def refuse_confusing_letters(column: pd.Series[Any], name: object) -> None:
    """Refuse texts that pandas may take for one another: with half of a letter, or with NUL.

    Raises
    ------
    EstimateError
        If there are any.
    """
    categories = isinstance(column.dtype, pd.CategoricalDtype)
    if not categories and column.dtype != object and not isinstance(column.dtype, pd.StringDtype):
        return
    values = column.cat.categories if categories else column
    if has_confusing_letter(values):
        raise EstimateError(
            f"A value of {name} holds half of a letter (a lone surrogate) or the character NUL, so "
            "that values cannot be distinguished.",
            found=f"a column of type {column.dtype}",
            instead=f'frame["{name}"].astype(object).map(lambda text: {_WRITTEN})',
        )


def _dense(code: npt.NDArray[Any], size: int) -> tuple[npt.NDArray[np.int64], int]:
    """Return codes in the same order without gaps, and how many there are."""
    if size > max(len(code), 1024):
        dense, values = pd.factorize(code, sort=True)
        return np.asarray(dense, dtype=np.int64), len(values)
    there = np.bincount(code, minlength=size) > 0
    if there.all():
        return code.astype(np.int64, copy=False), size
    return (np.cumsum(there) - 1)[code], int(there.sum())


def _first_rows(code: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.intp]:
    """Return the first row of each code; the first thousand rows mostly hold them all."""
    first = np.full(size, -1, dtype=np.intp)
    for end in (1024, len(code)):
        rows = np.arange(min(end, len(code)))[::-1]
        first[code[rows]] = rows
        if (first >= 0).all():
            break
    return first
