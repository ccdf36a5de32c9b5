"""Intervals, checked: the stretch that each row's event lies in, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError
from iop_outcomes.survival.intervals.masses import Intervals
from iop_outcomes.survival.times import CheckedTimes, check_times, holds_numbers


def check_intervals(
    times: pd.DataFrame, by: str | Sequence[str] | None
) -> tuple[CheckedTimes, NDArray[np.float64], NDArray[np.float64]]:
    """Check a frame of times, and return the interval (left, right] of each row.

    Raises
    ------
    EstimateError
        As `interval_survival`.
    """
    checked = check_times(times, by, ["clear_until"])
    days = checked.days.astype(np.float64)
    left = days if "clear_until" not in times.columns else _clear_until(times, checked)
    left = np.where(checked.event, left, days)
    early = 0 if checked.entry is None else int((left < checked.entry).sum())
    if early:
        raise EstimateError(
            "People enter without the event, so clear_until cannot be before entry.",
            found=f"{early:,} of {len(times):,} with clear_until before entry",
            instead='times.assign(clear_until=times[["clear_until", "entry"]].max(axis=1)), if '
            "they were known to be without it at entry.",
        )
    return checked, left, np.where(checked.event, days, np.inf)


def intervals_of(
    checked: CheckedTimes, left: NDArray[np.float64], right: NDArray[np.float64]
) -> list[Intervals]:
    """Return the distinct intervals of each group, with entries where there are late ones."""
    intervals = []
    for rows in checked.rows_by_group:
        entry = None if checked.entry is None else checked.entry[rows]
        late = entry if entry is not None and (entry > 0).any() else None
        intervals.append(Intervals.of(left[rows], right[rows], late))
    return intervals


def _clear_until(times: pd.DataFrame, checked: CheckedTimes) -> NDArray[np.float64]:
    column = times["clear_until"]
    if not holds_numbers(column):
        raise EstimateError(
            "The column clear_until holds numbers of days.",
            found=f"a column of type {column.dtype}",
            instead='pd.to_numeric(times["clear_until"]), or .dt.days of a difference of dates.',
        )
    clear = checked.others["clear_until"]
    counts = (
        (checked.event & np.isnan(clear), "missing for an event"),
        (clear < 0, "negative"),
        (clear > checked.days, "after days"),
    )
    faults = [f"{int(wrong.sum()):,} {what}" for wrong, what in counts if wrong.any()]
    if faults:
        raise EstimateError(
            "clear_until is the last day known without the event: a number from 0 to days.",
            found=f"{', '.join(faults)} of {len(times):,}",
            instead="0 where nothing is known before the event; days where the day of the event "
            "is known.",
        )
    return clear
