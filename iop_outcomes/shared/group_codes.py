"""Columns that define groups, as codes: which columns can be named, and which values differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.characters import has_confusing_character
from iop_outcomes.shared.messages import as_written, columns_found, holds_data, names_asked

NOT_RECORDED = "not recorded"
_WRITTEN = 'text.replace("\\0", "").encode("utf-8", "backslashreplace").decode("utf-8")'


def group_codes(
    frame: pd.DataFrame, names: Sequence[str]
) -> tuple[npt.NDArray[np.intp], pd.DataFrame]:
    """Return the group of each row, and the values of each group.

    Parameters
    ----------
    frame : pandas.DataFrame
        The rows.
    names : sequence of str
        The columns that define the groups; without any, all rows are one group.

    Returns
    -------
    codes : numpy.ndarray of int
        (rows,), the position of the group of each row in `labels`.
    labels : pandas.DataFrame
        One row a group that occurs, with the columns `names`, in the order of their values.

    Raises
    ------
    EstimateError
        If a value is missing, or values cannot be distinguished or sorted.
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
    # Column by column: a choice of columns would copy all rows of them first.
    labels: Any = pd.DataFrame({name: frame[name].array.take(first) for name in names})
    return code.astype(np.intp, copy=False), labels.__finalize__(frame)


def column_names(frame: pd.DataFrame, by: Any) -> list[str]:
    """Return `by` as a list of columns that are in the frame.

    Raises
    ------
    EstimateError
        If the frame has several columns of one name.
    RuleError
        If a column does not exist or is named twice, or `by` contains anything but names.
    """
    one_column = isinstance(by, str) or not isinstance(by, Iterable)
    names: list[Any] = [] if by is None else [by] if one_column else list(by)
    if holds_data(by) or not all(isinstance(name, str) for name in names):
        raise RuleError(
            "Columns that define groups must be given by name, as text.",
            found=f"by={as_written(by)}",
            instead='by="program", after times.columns = [...] if a name is not text.',
        )
    absent = [str(name) for name in names if name not in frame.columns]
    if absent:
        raise RuleError(
            f"There is no column named {names_asked(absent)} to group by.",
            found=columns_found(frame.columns, absent),
            instead="one of these, or a column that you add to the frame first.",
        )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise RuleError(f"The columns to group by include {names_asked(repeated)} twice.")
    refuse_repeated_names(frame, names)
    return names


def refuse_repeated_names(frame: pd.DataFrame, names: Iterable[str]) -> None:
    """Raise EstimateError if another column has one of these names: the choice is ambiguous."""
    if frame.columns.is_unique:
        return
    columns = list(frame.columns)
    repeated_names = [name for name in names if columns.count(name) > 1]
    if repeated_names:
        raise EstimateError(
            f"There are several columns named {names_asked(repeated_names)}.",
            found=f"{columns.count(repeated_names[0])} of {len(columns):,} columns",
            instead="times.loc[:, ~times.columns.duplicated()], if they contain the same.",
        )


def value_codes(column: pd.Series[Any]) -> tuple[npt.NDArray[Any], Any]:
    """Return the code of each row (-1 if missing), and the values in the order of the codes.

    The values are the categories of a categorical column, otherwise the sorted values.
    """
    refuse_confusing_characters(column, column.name)
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(), column.cat.categories
    refuse_flags_among_numbers(column)
    try:
        code, values = pd.factorize(column, sort=True)
    except TypeError:
        raise EstimateError(
            f"The values of {column.name} cannot define groups, because they cannot be sorted.",
            found="lists, or values of several types",
            instead=f'times.assign({column.name}=times["{column.name}"].astype(str))',
        ) from None
    return np.asarray(code), values


def refuse_flags_among_numbers(column: pd.Series[Any]) -> None:
    """Raise EstimateError for groups such as 1 and True, which pandas treats as equal."""
    if column.dtype != object or not pd.api.types.infer_dtype(column).startswith("mixed"):
        return
    flags = column.map(lambda value: isinstance(value, bool | np.bool_))
    numbers = column.map(lambda value: isinstance(value, int | float | np.number))
    if flags.any() and (numbers & ~flags & column.notna()).any():
        raise EstimateError(
            f"The values of {column.name} are numbers as well as True and False: 1 and True, 0 and "
            "False would be one group.",
            found=f"{int(flags.sum()):,} of {len(column):,} True or False",
            instead=f'times.assign({column.name}=times["{column.name}"].astype(str))',
        )


def refuse_confusing_characters(column: pd.Series[Any], name: object) -> None:
    """Raise EstimateError for texts that pandas may treat as equal: with a lone surrogate or NUL.

    A lone surrogate is half of a character.
    """
    categories = isinstance(column.dtype, pd.CategoricalDtype)
    if not categories and column.dtype != object and not isinstance(column.dtype, pd.StringDtype):
        return
    values = column.cat.categories if categories else column
    if has_confusing_character(values):
        raise EstimateError(
            f"A value of {name} contains half of a character (a lone surrogate) or the character "
            "NUL, so that values cannot be distinguished.",
            found=f"a column of type {column.dtype}",
            instead=f'frame["{name}"].astype(object).map(lambda text: {_WRITTEN})',
        )


def _dense(code: npt.NDArray[Any], size: int) -> tuple[npt.NDArray[np.int64], int]:
    """Return the codes renumbered without gaps in the same order, and how many there are."""
    if size > max(len(code), 1024):
        dense, values = pd.factorize(code, sort=True)
        return np.asarray(dense, dtype=np.int64), len(values)
    there = np.bincount(code, minlength=size) > 0
    if there.all():
        return code.astype(np.int64, copy=False), size
    return (np.cumsum(there) - 1)[code], int(there.sum())


def _first_rows(code: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.intp]:
    """Return the first row of each code. Usually the first 1,024 rows contain all codes."""
    first = np.full(size, -1, dtype=np.intp)
    for end in (1024, len(code)):
        rows = np.arange(min(end, len(code)))[::-1]
        first[code[rows]] = rows
        if (first >= 0).all():
            break
    return first
