"""Whose row it is: the values of a column as codes."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.characters import has_confusing_letter
from iop_outcomes.shared.messages import columns_found, names_asked

_WRITTEN = 'text.replace("\\0", "").encode("utf-8", "backslashreplace").decode("utf-8")'
_INSTEAD = {"cluster": "cluster=None, each row by itself; or a value of their own for those rows."}


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


def id_codes(frame: pd.DataFrame, name: str, what: str) -> NDArray[np.intp]:
    """Return the values of the column `name` as codes, numbered as they first occur.

    Parameters
    ----------
    frame : pandas.DataFrame
        With the column.
    name : str
        Its name.
    what : str
        What it is of the rows: "id" or "cluster".

    Raises
    ------
    EstimateError
        If a value is missing, holds a lone surrogate or NUL, or is a list or another such thing
        that names nobody.
    RuleError
        If there is no such column.
    """
    column = only_column(frame, name, f"the {what} of the rows")
    refuse_confusing_letters(column, name)
    missing = int(column.isna().sum())
    if missing:
        raise EstimateError(
            f"Every row has a value of {name}, the {what}.",
            found=f"{missing:,} of {len(frame):,} missing",
            instead=_INSTEAD.get(what, ""),
        )
    try:
        return np.asarray(pd.factorize(column)[0], dtype=np.intp)
    except TypeError:
        raise EstimateError(
            f"The values of {name} are words or numbers.",
            found="lists or other things that cannot be compared",
            instead=f'frame.assign({name}=frame["{name}"].astype(str))',
        ) from None


def only_column(frame: pd.DataFrame, name: str, what: str) -> pd.Series[Any]:
    """Return the column of a name; refuse a name that no column has, or more than one."""
    single = isinstance(name, Hashable) and name in frame.columns
    if not single:
        raise RuleError(
            f"There is no column named {names_asked([name])}, {what}.",
            found=columns_found(frame.columns, name),
            instead="the name of the column that says it.",
        )
    column = frame[name]
    if isinstance(column, pd.DataFrame):
        raise RuleError(
            f"One column is named {name}, {what}.",
            found=f"{column.shape[1]} columns of that name",
            instead="frame.loc[:, ~frame.columns.duplicated()], if they say the same.",
        )
    return column
