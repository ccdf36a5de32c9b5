"""The periods of a trend as first and last days: those of the calendar, and any others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.shared.arrays import Integers
from iop_outcomes.trends.periods import labels_of


@dataclass(frozen=True, eq=False)
class Windows:
    """Periods in order of time, of which no two overlap; there may be days between them.

    Attributes
    ----------
    start, end : pandas.DatetimeIndex
        The first and the last day of each.
    labels : list of str
        Their names.
    when : pandas.Index
        What `Trend.when` holds of them.
    """

    start: pd.DatetimeIndex
    end: pd.DatetimeIndex
    labels: list[str]
    when: pd.Index[Any]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.labels)

    def places(self, dates: Any) -> Integers:
        """Return in which period each date lies; -1 for none, and for a missing date."""
        days: npt.NDArray[Any] = np.asarray(dates).astype("datetime64[s]")
        start, end = (one.to_numpy().astype("datetime64[s]") for one in (self.start, self.end))
        place = np.searchsorted(start, days, side="right") - 1
        inside = (place >= 0) & (days < end[place] + np.timedelta64(1, "D")) & ~np.isnat(days)
        return np.where(inside, place, -1)


def calendar_windows(periods: pd.PeriodIndex) -> Windows:
    """Return the periods of the calendar.

    Examples
    --------
    >>> import pandas as pd
    >>> made = calendar_windows(pd.period_range("2026Q1", "2026Q2", freq="Q"))
    >>> made.places(pd.to_datetime(["2025-12-31", "2026-03-31", "2026-06-30", "2026-07-01"]))
    array([-1,  0,  1, -1])
    """
    return Windows(periods.start_time, periods.end_time.normalize(), labels_of(periods), periods)


def windows_between(days: Sequence[tuple[pd.Timestamp, pd.Timestamp, str]]) -> Windows:
    """Return periods from their first and last days and their names, the earliest first."""
    start, end = (pd.DatetimeIndex([span[place] for span in days]) for place in (0, 1))
    return Windows(start, end, [span[2] for span in days], start)
