"""The person or cluster of each row, as codes."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.group_codes import refuse_confusing_characters
from iop_outcomes.shared.messages import columns_found, names_asked

_INSTEAD = {"cluster": "cluster=None, each row by itself; or a value of their own for those rows."}


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
    refuse_confusing_characters(column, name)
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
