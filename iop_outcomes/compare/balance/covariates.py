"""Covariates of a table of groups: numbers, yes or no, or words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.regression.formula import check_values
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.group_codes import refuse_repeated_names, value_codes
from iop_outcomes.shared.messages import columns_found, holds_data, names_asked

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Kind = Literal["number", "yes_no", "words"]


@dataclass(frozen=True, eq=False)
class Covariate:
    """A column of a frame as numbers.

    Attributes
    ----------
    name : str
        The column.
    kind : {"number", "yes_no", "words"}
        Numbers; True and False, 1 and 0; or text and categories.
    known : numpy.ndarray of bool
        (rows,), whether there is a value.
    values : numpy.ndarray of float64
        (rows, 1), the number, or 1 for yes; of words (rows, levels), 1 for the row's own. 0 where
        the value is missing.
    levels : tuple of str
        The words, in the order of the categories or sorted.
    """

    name: str
    kind: Kind
    known: Flags
    values: Floats
    levels: tuple[str, ...] = ()


def read_covariates(frame: pd.DataFrame, names: str | Sequence[str]) -> list[Covariate]:
    """Return the columns of these names, each of its kind.

    Raises
    ------
    RuleError
        If a column is not there or is named twice, no column is named, or one holds dates.
    EstimateError
        If a number is not finite, or a column of text has so many values that it may name people.
    """
    asked = covariate_names(frame, names)
    refuse_repeated_names(frame, asked)
    return [_read(frame[name], name) for name in asked]


def covariate_names(frame: pd.DataFrame, names: Any) -> list[str]:
    """Return the names of covariates as a list of columns that are there; refuse others."""
    asked = [names] if isinstance(names, str) else names
    fit = not holds_data(asked) and isinstance(asked, Sequence) and len(asked) > 0
    if not fit or not all(isinstance(name, str) for name in asked):
        raise RuleError(
            "Covariates are a list of columns.",
            found=f"a {type(names).__name__}",
            instead='covariates=["age", "program"]',
        )
    absent = [name for name in asked if name not in frame.columns]
    if absent:
        raise RuleError(
            f"There is no column named {names_asked(absent)} among the covariates.",
            found=columns_found(frame.columns, absent),
            instead='a list of columns, as in covariates=["age", "program"].',
        )
    twice = sorted({name for name in asked if list(asked).count(name) > 1})
    if twice:
        raise RuleError(f"A covariate is named once: {names_asked(twice)}.")
    return list(asked)


def _read(column: pd.Series[Any], name: str) -> Covariate:
    kinds = pd.api.types
    if kinds.is_datetime64_any_dtype(column) or kinds.is_timedelta64_dtype(column):
        raise RuleError(
            "A date is no covariate; use a number of days since another date.",
            found=f"the column {name}, of type {column.dtype}",
            instead=f'(times["{name}"] - first_day).dt.days',
        )
    known = column.notna().to_numpy(dtype=bool)
    flags = _flags(column, known)
    if flags is not None:
        return Covariate(name, "yes_no", known, flags[:, None])
    if kinds.is_numeric_dtype(column) and not kinds.is_complex_dtype(column):
        return Covariate(name, "number", known, _numbers(column, known, name)[:, None])
    code, words = value_codes(column)
    used = np.unique(code[code >= 0])
    check_values(len(used), column, name)
    own = np.searchsorted(used, code)
    indicators = np.zeros((len(column), len(used)))
    rows = np.flatnonzero(code >= 0)
    indicators[rows, own[rows]] = 1.0
    return Covariate(name, "words", known, indicators, tuple(str(words[place]) for place in used))


def _flags(column: pd.Series[Any], known: Flags) -> Floats | None:
    """Return yes as 1, if all values are True and False (also as text), or 1 and 0."""
    kinds = pd.api.types
    if isinstance(column.dtype, pd.CategoricalDtype):
        return None
    there = column[known]
    if kinds.is_numeric_dtype(column) or kinds.is_bool_dtype(column):
        if kinds.is_complex_dtype(column) or not there.isin([0, 1]).all():
            return None
        yes = np.asarray(there, dtype=np.float64)
    else:
        words = there.astype(object).map(str)
        if not len(words) or not words.isin(["True", "False"]).all():
            return None
        yes = np.asarray(words.eq("True"), dtype=np.float64)
    flags: Floats = np.zeros(len(column))
    flags[known] = yes
    return flags


def _numbers(column: pd.Series[Any], known: Flags, name: str) -> Floats:
    numbers = np.where(known, column.to_numpy(dtype=np.float64, na_value=np.nan), 0.0)
    endless = int(np.isinf(numbers).sum())
    if endless:
        raise EstimateError(
            f"Every value of {name} is a finite number, or missing.",
            found=f"{endless:,} of {len(column):,} infinite",
        )
    return numbers
