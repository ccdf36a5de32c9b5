"""Months and quarters with names that sort in order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.messages import as_written

Every = Literal["month", "quarter"]
_MONTHS: dict[str, int] = {"month": 1, "quarter": 3}
_QUARTER = re.compile(r"\s*(\d{4})-?[Qq]([1-4])\s*")
_MONTH = re.compile(r"\s*(\d{4})-(\d{1,2})\s*")


@dataclass(frozen=True)
class Period:
    """A calendar month or quarter.

    Attributes
    ----------
    every : {"month", "quarter"}
        The kind of period.
    number : int
        Its number, counted from 1970.

    Examples
    --------
    >>> period = parse_period("2026Q3")
    >>> period.label, period.start.date().isoformat(), period.end.date().isoformat()
    ('2026Q3', '2026-07-01', '2026-09-30')
    >>> period.previous.label, period.next.label
    ('2026Q2', '2026Q4')
    """

    every: Every
    number: int

    @property
    def label(self) -> str:
        """Its name: ``2026-07`` or ``2026Q3``."""
        start = self.start
        if self.every == "quarter":
            return f"{start.year}Q{start.quarter}"
        return f"{start.year}-{start.month:02d}"

    @property
    def start(self) -> pd.Timestamp:
        """The first day."""
        return _first_day(self.number * _MONTHS[self.every])

    @property
    def end(self) -> pd.Timestamp:
        """The last day, included in the period."""
        return _first_day((self.number + 1) * _MONTHS[self.every]) - pd.Timedelta(days=1)

    @property
    def previous(self) -> Period:
        """The period before."""
        return Period(self.every, self.number - 1)

    @property
    def next(self) -> Period:
        """The period after."""
        return Period(self.every, self.number + 1)

    @property
    def year_before(self) -> Period:
        """The same month or quarter of the year before."""
        return Period(self.every, self.number - 12 // _MONTHS[self.every])

    def __str__(self) -> str:
        """Return the label."""
        return self.label


def parse_period(text: str) -> Period:
    """Return the month or quarter named `text`.

    Parameters
    ----------
    text : str
        A quarter as ``2026Q3`` (or ``2026-Q3``), or a month as ``2026-07``.

    Raises
    ------
    RuleError
        If it is neither.
    """
    quarter = _QUARTER.fullmatch(str(text))
    if quarter:
        return Period("quarter", (int(quarter[1]) - 1970) * 4 + int(quarter[2]) - 1)
    month = _MONTH.fullmatch(str(text))
    if month and 1 <= int(month[2]) <= 12:
        return Period("month", (int(month[1]) - 1970) * 12 + int(month[2]) - 1)
    raise RuleError(
        "This is not the name of a month or a quarter.",
        found=as_written(text),
        instead="a quarter as 2026Q3 or a month as 2026-07",
    )


def check_every(every: str) -> Every:
    """Return `every`, or raise RuleError if it is neither "month" nor "quarter"."""
    if every == "month":
        return "month"
    if every == "quarter":
        return "quarter"
    raise RuleError(
        "A trend is by month or by quarter.",
        found=f"every={as_written(every)}",
        instead='every="month" or every="quarter"',
    )


def period_of(date: Any, every: Every) -> Period:
    """Return the month or quarter of a date."""
    stamp = pd.Timestamp(date)
    months = (stamp.year - 1970) * 12 + stamp.month - 1
    return Period(every, months // _MONTHS[every])


def periods_between(first: Period, last: Period) -> tuple[Period, ...]:
    """Return all periods from `first` to `last`, both included."""
    return tuple(Period(first.every, n) for n in range(first.number, last.number + 1))


def period_numbers(dates: npt.NDArray[Any], every: Every) -> npt.NDArray[np.int64]:
    """Return for each of an array of dates (datetime64) the number of its period."""
    return dates.astype("datetime64[M]").astype(np.int64) // _MONTHS[every]


def _first_day(months: int) -> pd.Timestamp:
    return pd.Timestamp(year=1970 + months // 12, month=months % 12 + 1, day=1)
