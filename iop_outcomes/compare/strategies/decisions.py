"""What was done in each period by each row of the times, checked and in order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.checks import check_columns
from iop_outcomes.shared.group_codes import refuse_repeated_names
from iop_outcomes.shared.messages import as_written
from iop_outcomes.survival.times import CheckedTimes, holds_numbers, read_flags

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Decisions:
    """The decisions of all rows, by row of the times and day.

    Attributes
    ----------
    frame : pandas.DataFrame
        One row a decision: the columns of the times and those of the decisions, and ``period``,
        the number of the decision within its row, from 1.
    row : numpy.ndarray of int
        The row of the times.
    day : numpy.ndarray of float64
        The day at the end of which the decision is known.
    possible : numpy.ndarray of bool
        Whether the person could choose.
    times_entry, times_days : numpy.ndarray of float64
    times_event : numpy.ndarray of bool
        One a row of the times.
    """

    frame: pd.DataFrame
    row: NDArray[np.intp]
    day: Floats
    possible: NDArray[np.bool_]
    times_entry: Floats
    times_days: Floats
    times_event: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        times: pd.DataFrame,
        checked: CheckedTimes,
        decisions: pd.DataFrame,
        columns: Iterable[str],
        *,
        id: str,
        possible: str | None,
    ) -> Decisions:
        """Return checked decisions; EstimateError or RuleError where they do not fit the times."""
        needed = [id, "day", *columns, *([] if possible is None else [possible])]
        _check_columns(times, decisions, needed, id)
        names = pd.Index(times[id].to_numpy())
        row = names.get_indexer(pd.Index(decisions[id].to_numpy()))
        day = pd.to_numeric(decisions["day"], errors="coerce").to_numpy(dtype=np.float64)
        _check_rows(row, day)
        order = np.lexsort((day, row))
        row, day = row[order].astype(np.intp), day[order]
        first = np.flatnonzero(np.diff(row, prepend=-1))
        size = np.diff(np.append(first, len(row)))
        period = np.arange(len(row)) - np.repeat(first, size) + 1
        twice = int(((np.diff(row) == 0) & (np.diff(day) == 0)).sum())
        if twice:
            raise EstimateError(
                "A row of the times has one decision a day.", found=f"{twice:,} more of one day"
            )
        return cls(
            frame=_joined(times, decisions.iloc[order], row, id).assign(period=period),
            row=row,
            day=day,
            possible=_flags(decisions, possible)[order],
            times_entry=np.zeros(len(times))
            if checked.entry is None
            else np.asarray(checked.entry, dtype=np.float64),
            times_days=np.asarray(checked.days, dtype=np.float64),
            times_event=checked.event,
        )

    def values(self, column: str) -> Floats:
        """Return a column of what was done as numbers, missing where it is not known."""
        values = self.frame[column]
        if not holds_numbers(values):
            raise EstimateError(
                "A strategy is about numbers.", found=f"a column of type {values.dtype}"
            )
        return values.to_numpy(dtype=np.float64, na_value=np.nan)


def _check_columns(
    times: pd.DataFrame, decisions: pd.DataFrame, needed: list[str], id: str
) -> None:
    if not isinstance(decisions, pd.DataFrame):
        raise EstimateError(
            "Decisions are a pandas DataFrame, one row a person and period.",
            found=type(decisions).__name__,
        )
    if id not in times.columns:
        raise RuleError(
            "The times have no column that says whose decisions are which.",
            found=f"id={as_written(id)}",
            instead='id="episode_id", with a value of its own in each row',
        )
    check_columns(decisions, needed, "The decisions")
    refuse_repeated_names(decisions, needed)
    if not times[id].is_unique or times[id].isna().any():
        raise EstimateError(
            "Each row of the times has an id of its own.",
            found=f"{int(times[id].duplicated().sum()):,} repeated, "
            f"{int(times[id].isna().sum()):,} missing",
        )


def _check_rows(row: NDArray[np.intp], day: Floats) -> None:
    strange, wrong = int((row < 0).sum()), int((~np.isfinite(day) | (day < 0)).sum())
    if strange or wrong or not len(row):
        raise EstimateError(
            "Each decision belongs to a row of the times, and has a day of 0 or more.",
            found=f"{len(row):,} decisions, {strange:,} of an id that the times do not have, "
            f"{wrong:,} without such a day",
        )


def _joined(
    times: pd.DataFrame, decisions: pd.DataFrame, row: NDArray[np.intp], id: str
) -> pd.DataFrame:
    own = decisions.reset_index(drop=True)
    others = [name for name in times.columns if name not in own.columns]
    of_times = times[others].iloc[row].reset_index(drop=True)
    return pd.concat([own.drop(columns="period", errors="ignore"), of_times], axis=1)


def _flags(decisions: pd.DataFrame, possible: str | None) -> NDArray[np.bool_]:
    if possible is None:
        return np.ones(len(decisions), dtype=bool)
    flags, wrong = read_flags(decisions[possible])
    if wrong:
        raise EstimateError(
            "Whether a person could choose is True or False.",
            found=f"{wrong:,} of {len(decisions):,} values are neither",
        )
    return flags
