"""The columns of a segmented regression: time, the change, and what is adjusted for."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.arrays import Booleans, Floats
from iop_outcomes.shared.messages import as_written
from iop_outcomes.trends.charts.order import date_of, place_of

TERMS = ("level_at_start", "slope_before", "level_change", "slope_change")
FEWEST = 8  # periods before, and after
FEWEST_FREE = 8  # degrees of freedom that are left for the errors
Adjust = str | Sequence[Any] | None


@dataclass(frozen=True, eq=False)
class Design:
    """The columns of the regression, for all rows of a series.

    Attributes
    ----------
    columns : numpy.ndarray of float64
        Shape (rows, 4 or more): 1, the number of the period, whether it is after the change, and
        the periods since the first one after it; then the columns of the adjustment.
    after : numpy.ndarray of bool
        Which rows come after the change.
    inside : numpy.ndarray of bool
        Which rows may be used: all but the period within which the change came.
    adjusted : str
        What is adjusted for, as a sentence; empty if nothing.
    """

    columns: Floats
    after: Booleans
    inside: Booleans
    adjusted: str

    @property
    def without(self) -> Floats:
        """The columns as if there had been no change."""
        columns = self.columns.copy()
        columns[:, 2:4] = 0.0
        return columns


def design_of(when: pd.Index[Any], at: object, adjust: Adjust) -> Design:
    """Return the columns for a series.

    Parameters
    ----------
    when : pandas.Index
        The period, date, number or label of each row, in order.
    at : date, period, number or label
        When the change came. A period within which it came is neither before nor after.
    adjust : {"season"}, list of dates or None
        As of `interrupted_series`.
    """
    first = place_of(when, at, "at")
    place_of(when, at, "at", last=True)  # refuses what is before the first
    inside = np.ones(len(when), dtype=np.bool_)
    if isinstance(when, pd.PeriodIndex) and date_of(at, "at") > when[first].start_time:
        inside[first] = False
        first += 1
    number = np.arange(len(when), dtype=np.float64)
    after = number >= first
    columns = [np.ones_like(number), number, after.astype(np.float64)]
    columns.append(np.where(after, number - first, 0.0))
    more, text = _adjustment(when, adjust)
    return Design(np.column_stack([*columns, *more]), after, inside, text)


def _adjustment(when: pd.Index[Any], adjust: Adjust) -> tuple[list[Floats], str]:
    if adjust is None:
        return [], ""
    if not isinstance(when, (pd.PeriodIndex, pd.DatetimeIndex)):
        raise RuleError(
            "An adjustment for months or holidays needs periods that are dates.",
            found=f"periods of type {when.dtype}",
            instead="adjust=None, or periods as 2026-03",
        )
    if isinstance(adjust, str) and adjust == "month":
        warnings.warn('adjust="month" is now adjust="season"', DeprecationWarning, stacklevel=2)
        adjust = "season"
    if isinstance(adjust, str) and adjust == "season":
        return _season(when)
    if isinstance(adjust, (list, tuple, pd.DatetimeIndex)) and len(adjust):
        return _holidays(when, adjust)
    raise RuleError(
        'adjust= is "season" or a list of holidays.',
        found=f"adjust={as_written(adjust)}",
        instead='adjust="season" or adjust=["2025-12-25", "2026-01-01"]',
    )


def _season(when: pd.PeriodIndex | pd.DatetimeIndex) -> tuple[list[Floats], str]:
    """Return a column for each month of the year but the first that occurs."""
    middle = when
    if isinstance(when, pd.PeriodIndex):
        middle = when.start_time + (when.end_time - when.start_time) / 2
    month = np.asarray(middle.month)
    columns = [(month == number).astype(np.float64) for number in np.unique(month)[1:]]
    return columns, "Adjusted for the time of the year, a level for each month or quarter of it."


def _holidays(
    when: pd.PeriodIndex | pd.DatetimeIndex, adjust: Sequence[Any]
) -> tuple[list[Floats], str]:
    """Return a column with the number of holidays in each period."""
    if not isinstance(when, pd.PeriodIndex):
        raise RuleError(
            "Holidays are counted in weeks, months, quarters or years.",
            found="rows that are single dates",
            instead='every="week" or every="month"',
        )
    days = []
    for part in adjust:
        try:
            days.append(pd.Timestamp(date.fromisoformat(part) if isinstance(part, str) else part))
        except (TypeError, ValueError):
            raise RuleError(
                "A holiday of adjust= is no date.",
                found=as_written(part),
                instead='adjust=["2025-12-25", "2026-01-01"]',
            ) from None
    place = when.get_indexer(pd.PeriodIndex(pd.DatetimeIndex(days), freq=when.freq))
    count = np.bincount(place[place >= 0], minlength=len(when)).astype(np.float64)
    if len(np.unique(count)) < 2:
        raise EstimateError(
            "The holidays cannot be adjusted for: each period has the same number of them.",
            found=f"{int(count[0]) if len(count) else 0} in each period",
            instead="the holidays of all years of the series",
        )
    return [count], "Adjusted for the number of the given holidays in each period."


def check_points(design: Design, used: Booleans) -> None:
    """Raise EstimateError if there are too few periods for the regression."""
    before, later = int((used & ~design.after).sum()), int((used & design.after).sum())
    if min(before, later) < FEWEST:
        raise EstimateError(
            "There are too few complete periods for an interrupted series.",
            found=f"{before:,} before the change and {later:,} after it",
            instead=f"{FEWEST} or more of each: shorter periods (every=), or a later data cut",
        )
    columns = design.columns[used]
    free = len(columns) - columns.shape[1]
    if free < FEWEST_FREE or np.linalg.matrix_rank(columns) < columns.shape[1]:
        raise EstimateError(
            "There are too few complete periods for this adjustment.",
            found=f"{len(columns):,} periods for {columns.shape[1]:,} coefficients",
            instead="adjust=None, or a series over two years or more",
        )
