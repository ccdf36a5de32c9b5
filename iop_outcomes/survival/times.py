"""Times to an event, checked once here for every estimate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError
from iop_outcomes.shared.group_codes import column_names, group_codes, refuse_repeated_names
from iop_outcomes.shared.groups import LeftOut
from iop_outcomes.shared.messages import columns_found
from iop_outcomes.shared.provenance import UNKNOWN, Provenance, provenance_of
from iop_outcomes.survival.near_ties import merge_near_ties

MOST_DAYS = 1e15  # beyond it the days are not distinguished, nor their squares added up
AS_GIVEN = "Times and events as given in the frame."


@dataclass(frozen=True, eq=False)
class CheckedGroups:
    """The groups of rows, checked once for however many times of these rows.

    Attributes
    ----------
    group, labels
        As of `CheckedTimes`.
    """

    group: NDArray[np.intp]
    labels: pd.DataFrame

    def with_times(self, days: NDArray[Any], event: NDArray[np.bool_]) -> CheckedTimes:
        """Return times of these rows, from day 0; finite days of 0 or more are not asked again."""
        return CheckedTimes(None, days, event, self.group, self.labels, AS_GIVEN, UNKNOWN)


@dataclass(frozen=True, eq=False)
class CheckedTimes:
    """Times that passed the checks, one entry a row of the frame.

    Attributes
    ----------
    entry : numpy.ndarray or None
        The day from which the row is under observation; None if all are from day 0.
    days : numpy.ndarray
        The day of the event or of the end of what is known; finite, 0 or more.
    event : numpy.ndarray of bool
        Whether it is an event.
    group : numpy.ndarray of int
        The row of the group in `labels`.
    labels : pandas.DataFrame
        One row a group, one column a name of `by`.
    rule : str
        What made the times, and how many rows without a group were left out.
    provenance : Provenance
        What their labels need.
    others : mapping of str to numpy.ndarray
        Further columns of days that were asked for and are there, float64, not checked; missing
        where they hold no number.

    Notes
    -----
    All days are those of the frame with near ties merged (`merge_near_ties`).
    """

    entry: NDArray[Any] | None
    days: NDArray[Any]
    event: NDArray[np.bool_]
    group: NDArray[np.intp]
    labels: pd.DataFrame
    rule: str
    provenance: Provenance
    others: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    @property
    def synthetic(self) -> bool:
        """Whether the data are synthetic."""
        return self.provenance.synthetic

    @property
    def rows_by_group(self) -> list[NDArray[np.intp]]:
        """The rows of each group, in the order of the labels."""
        order = np.argsort(self.group, kind="stable")
        number = np.bincount(self.group, minlength=len(self.labels))
        return np.split(order, np.cumsum(number)[:-1])

    def ending(self, days: NDArray[Any], event: NDArray[np.bool_]) -> CheckedTimes:
        """Return the same rows with other ends, which no row enters after."""
        (days,) = merge_near_ties([days])
        return replace(self, days=days, event=event)

    def label(self, group: int) -> str:
        """Return the name of a group, for a sentence."""
        return label_of(self.labels.iloc[group])


def check_times(
    times: pd.DataFrame, by: str | Sequence[str] | None, others: Sequence[str] = ()
) -> CheckedTimes:
    """Check a frame of times and its groups, and make one of days that differ by rounding only.

    Parameters
    ----------
    times : pandas.DataFrame
        With ``days``, ``event`` and, for late entry, ``entry``.
    by : str, sequence of str or None
        The columns whose values make the groups.
    others : sequence of str
        Further columns of days that are compared with these, where they are there.

    Raises
    ------
    EstimateError
        If a time is missing, negative or not finite, an event is neither 0 nor 1, an entry is
        not before its ``days``, a group is missing or its name holds a lone surrogate, or there
        are no rows.
    RuleError
        If a column named by `by` is not there.
    """
    if not isinstance(times, pd.DataFrame):
        raise EstimateError(
            "Times are a pandas DataFrame with the columns days and event.",
            found=type(times).__name__,
        )
    if times.columns.nlevels > 1:
        raise EstimateError(
            "Times have one row of column names.",
            found=f"{times.columns.nlevels} levels of them",
            instead="times.columns = times.columns.get_level_values(0), for example.",
        )
    names = column_names(times, by)
    _check_columns(times)
    there = [name for name in others if name in times.columns]
    refuse_repeated_names(times, there)
    columns = [_numbers(times, "days"), *(_loose_numbers(times[name]) for name in there)]
    event = _events(times)
    if "entry" in times.columns:
        columns.append(_numbers(times, "entry"))
    days, *further = merge_near_ties(columns)
    entry = _entries(days, further.pop(), columns) if "entry" in times.columns else None
    group, labels = group_codes(times, names)
    provenance = provenance_of(times)
    return CheckedTimes(
        *(entry, days, event, group, labels),
        rule=LeftOut.of(provenance).after(provenance.rule or AS_GIVEN),
        provenance=provenance,
        others=dict(zip(there, further, strict=True)),
    )


def check_groups(rows: pd.DataFrame, by: str | Sequence[str] | None) -> CheckedGroups:
    """Check the groups of rows of which the times follow; raises as `check_times`."""
    names = column_names(rows, by)
    _refuse_empty(rows)
    return CheckedGroups(*group_codes(rows, names))


def label_of(row: pd.Series[Any]) -> str:
    """Return a group's name: its values, whole numbers without their point, joined by a comma."""
    return ", ".join(
        f"{value:g}" if isinstance(value, float) else str(value) for value in row.tolist()
    )


def _check_columns(times: pd.DataFrame) -> None:
    absent = [name for name in ("days", "event") if name not in times.columns]
    if absent:
        own = 'times.rename(columns={"...": "days"})'
        if absent == ["event"]:
            own = (
                'times.assign(event=times["..."].eq("relapse")), or event=True if every row is one'
            )
        raise EstimateError(
            f"The times have no column named {' and none named '.join(absent)}.",
            found=columns_found(times.columns, absent),
            instead=f"iop.time_to_relapse(records), or {own}.",
        )
    refuse_repeated_names(times, ("days", "event", "entry"))
    _refuse_empty(times)


def _refuse_empty(rows: pd.DataFrame) -> None:
    if not len(rows):
        raise EstimateError("There are no times: the frame has no rows.")


def _numbers(times: pd.DataFrame, name: str) -> NDArray[Any]:
    column = times[name]
    if not holds_numbers(column):
        raise EstimateError(
            f"The column {name} holds numbers of days.",
            found=f"a column of type {column.dtype}",
            instead=f'pd.to_numeric(times["{name}"]), or .dt.days of a difference of dates.',
        )
    missing = int(column.array.isna().sum())
    if not pd.api.types.is_extension_array_dtype(column):
        numbers = column.to_numpy()
        if numbers.dtype in (np.float16, np.float32):
            numbers = numbers.astype(np.float64)
    elif missing:
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        whole = pd.api.types.is_integer_dtype(column)
        numbers = column.to_numpy(dtype=np.int64 if whole else np.float64)
    counted = (
        (missing, "missing"),
        ((numbers < 0).sum(), "negative"),
        (np.isinf(numbers).sum(), "infinite"),
        (((numbers > MOST_DAYS) & ~np.isinf(numbers)).sum(), f"over {MOST_DAYS:g}"),
    )
    faults = [f"{count:,} {what}" for count, what in counted if count]
    if faults:
        raise EstimateError(
            f"Every value of {name} is a number of days, 0 or more.",
            found=f"{', '.join(faults)} of {len(times):,}",
            instead="find out why before leaving a row out: leaving rows out changes the curve.",
        )
    return numbers


def _loose_numbers(column: pd.Series[Any]) -> NDArray[np.float64]:
    """Return a column as numbers, missing where it holds none; whoever uses it checks them."""
    if column.dtype == object:
        column = pd.to_numeric(column, errors="coerce")
    if not holds_numbers(column):
        return np.full(len(column), np.nan)
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def holds_numbers(column: pd.Series[Any]) -> bool:
    """Say whether a column holds real numbers: neither flags nor categories nor complex ones."""
    kinds = pd.api.types
    return (
        kinds.is_numeric_dtype(column)
        and not kinds.is_bool_dtype(column)
        and not kinds.is_complex_dtype(column)
    )


def _events(times: pd.DataFrame) -> NDArray[np.bool_]:
    column = times["event"]
    event, wrong = read_flags(column)
    if wrong:
        raise EstimateError(
            "An event is 1 or True, and an end without one is 0 or False.",
            found=f"{wrong:,} of {len(times):,} values are neither, {int(column.isna().sum()):,} "
            "of them missing",
            instead='times["event"] = times["event"].eq("yes"), for example.',
        )
    return event


def read_flags(column: pd.Series[Any]) -> tuple[NDArray[np.bool_], int]:
    """Return a column of True and False, or of 1 and 0, and how many of its values are neither.

    Nullable and Arrow types are read as plain ones, and the texts "True" and "False", as pandas
    writes flags into a file, as flags. Where a value is neither, the flags are not to be used.
    """
    kinds = pd.api.types
    if kinds.is_bool_dtype(column) and not isinstance(column.dtype, pd.CategoricalDtype):
        good = column.notna().to_numpy(dtype=bool)
        flags = column.to_numpy(dtype=bool) if good.all() else good
    elif kinds.is_numeric_dtype(column):
        good = column.isin([0, 1]).to_numpy(dtype=bool)
        flags = column.to_numpy().astype(bool) if good.all() else good
    else:
        number = [1, 0] if column.dtype == object else []
        values = column.astype(object)
        flags = values.isin(["True", *number[:1]]).to_numpy(dtype=bool)
        good = flags | values.isin(["False", *number[1:]]).to_numpy(dtype=bool)
    return flags, int((~good).sum())


def _entries(
    days: NDArray[Any], entry: NDArray[Any], columns: Sequence[NDArray[Any]]
) -> NDArray[Any] | None:
    """Return the entries, if any is after day 0; refuse those that are not before their days."""
    empty = (entry >= days) & (entry > 0)
    wrong = int(empty.sum())
    if wrong:
        apart = int((empty & (columns[-1] < columns[0])).sum())
        by_rounding = f", {apart:,} of them before it by a rounding only" if apart else ""
        raise EstimateError(
            "Entry must be before days: a person who enters on the last day is never at risk.",
            found=f"{wrong:,} of {len(days):,} with entry on or after days{by_rounding}",
            instead='times[times["entry"] < times["days"] - 1e-6], if they were truly never '
            "observed."
            if apart
            else 'times[times["entry"] < times["days"]], if they were truly never observed.',
        )
    return entry if (entry > 0).any() else None
