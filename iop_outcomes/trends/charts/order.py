"""The order of the rows of a series, with a row for each missing period."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.checks import is_number
from iop_outcomes.shared.messages import as_written
from iop_outcomes.trends.periods import labels_of, parse_label


def in_order(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.Index[Any]]:
    """Return the rows of a frame in the order of time, and when each of them is.

    Parameters
    ----------
    frame : pandas.DataFrame
        With ``period``: pandas periods, dates, numbers, or labels. Labels of weeks, months,
        quarters and years, and dates as ``2026-03-01``, are read as such; rows with any other
        label stay in the order given.

    Returns
    -------
    frame : pandas.DataFrame
        A copy; where the rows are periods, with an empty row for each period that is missing.
    when : pandas.Index
        Periods, dates or numbers; else the labels.

    Raises
    ------
    RuleError
        If a period is missing or occurs twice.
    """
    column = frame["period"]
    if column.isna().any():
        raise RuleError(
            "Each row needs a period.",
            found=f"{int(column.isna().sum()):,} of {len(column):,} missing",
            instead="the period of each row, or leave these rows out",
        )
    when = times_of(column)
    if when.has_duplicates:
        raise RuleError(
            "Each period must have one row.",
            found=f"{int(when.duplicated().sum()):,} rows with the period of another",
            instead='one row a period; by="..." if the frame holds several groups',
        )
    if not pd.api.types.is_object_dtype(when.dtype):
        order = np.argsort(when, kind="stable")
        frame, when = frame.iloc[order], when[order]
    if isinstance(when, pd.PeriodIndex) and len(when):
        return _with_missing_periods(frame, when)
    return frame.reset_index(drop=True), when


def times_of(column: pd.Series[Any]) -> pd.Index[Any]:
    """Return when each row is: a period, a date, a number; else the labels as they are."""
    if isinstance(column.dtype, pd.PeriodDtype):
        return pd.PeriodIndex(column)
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return pd.DatetimeIndex(column).tz_localize(None)
    if pd.api.types.is_numeric_dtype(column.dtype):
        return pd.Index(column.to_numpy())
    try:
        return pd.PeriodIndex([parse_label(str(text)) for text in column])
    except (RuleError, ValueError):  # no labels of ours, or months beside quarters
        pass
    try:
        if column.isin(["today", "now"]).any():  # pandas takes them for dates
            raise ValueError
        return pd.DatetimeIndex(pd.to_datetime(column, format="%Y-%m-%d"))
    except (TypeError, ValueError):
        return pd.Index(column.astype(str).to_numpy(dtype=object))


def _with_missing_periods(
    frame: pd.DataFrame, when: pd.PeriodIndex
) -> tuple[pd.DataFrame, pd.PeriodIndex]:
    whole = pd.period_range(when[0], when[-1])
    labels = frame["period"].set_axis(when)
    if len(whole) == len(when):
        return frame.reset_index(drop=True), whole
    filled = frame.set_axis(when).reindex(whole)
    is_label = not isinstance(labels.dtype, pd.PeriodDtype)
    filled["period"] = labels_of(whole) if is_label else whole
    return filled.reset_index(drop=True), whole


def place_of(when: pd.Index[Any], day: object, option: str, *, last: bool = False) -> int:
    """Return the position of the first row that holds a day or comes after it.

    Parameters
    ----------
    when : pandas.Index
        When each row is, in order.
    day : str, date, pandas.Period or number
        A date as ``2026-03-01``, a period, a number, or a label: as the periods are.
    option : str
        The option that gives it, for errors.
    last : bool
        The last row that holds the day or comes before it, in place of the first.

    Raises
    ------
    RuleError
        If it is no such thing, or there is no such row.
    """
    starts, ends, asked = _on_one_scale(when, day, option)
    if isinstance(when, pd.PeriodIndex) and last:
        asked = date_of(day, option, last=True)
    rows = np.flatnonzero(starts <= asked if last else ends >= asked)
    if not len(rows):
        raise RuleError(
            f"A date of {option}= is {'before the first' if last else 'after the last'} period.",
            found=as_written(day),
            instead="a date within the series",
        )
    return int(rows[-1] if last else rows[0])


def _on_one_scale(when: pd.Index[Any], day: object, option: str) -> tuple[Any, Any, Any]:
    """Return the starts and ends of the rows, and what is asked for, to be compared."""
    if isinstance(when, pd.PeriodIndex):
        return when.start_time, when.end_time, date_of(day, option)
    if isinstance(when, pd.DatetimeIndex):
        return when, when, date_of(day, option)
    if pd.api.types.is_numeric_dtype(when.dtype):
        if not is_number(day):
            raise _unreadable(day, option, "a number, as the periods are")
        return when.to_numpy(), when.to_numpy(), day
    rows = np.flatnonzero(when.to_numpy() == str(day))
    if not len(rows):
        raise _unreadable(day, option, "one of the labels in the column period")
    places = np.arange(len(when))
    return places, places, rows[0]


def date_of(day: object, option: str, *, last: bool = False) -> pd.Timestamp:
    """Return a date; of a period its first day, or its last."""
    try:
        period = day if isinstance(day, pd.Period) else parse_label(str(day))
        return period.end_time if last else period.start_time
    except RuleError:
        pass
    try:
        if isinstance(day, (str, date)):
            return pd.Timestamp(date.fromisoformat(day) if isinstance(day, str) else day)
    except ValueError:
        pass
    raise _unreadable(day, option, "a date as 2026-03-01")


def _unreadable(day: object, option: str, instead: str) -> RuleError:
    return RuleError(f"This is no date for {option}=.", found=as_written(day), instead=instead)
