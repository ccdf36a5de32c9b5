"""Months and quarters as pandas periods: read from a label, and of a date."""

from __future__ import annotations

import re
from typing import Any, Literal

import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.messages import as_written

Every = Literal["month", "quarter"]
FREQUENCIES: dict[Every, Literal["M", "Q"]] = {"month": "M", "quarter": "Q"}
_QUARTER = re.compile(r"\s*(\d{4})-?[Qq]([1-4])\s*")
_MONTH = re.compile(r"\s*(\d{4})-(\d{1,2})\s*")
_YEARS = range(1678, 2262)  # beyond them pandas has no dates to the nanosecond


def parse_period(text: str) -> pd.Period:
    """Return the month or quarter named `text`, as a pandas period.

    Parameters
    ----------
    text : str
        A quarter as ``2026Q3`` (or ``2026-Q3``), or a month as ``2026-07``.

    Raises
    ------
    RuleError
        If it is neither.

    Examples
    --------
    >>> from iop_outcomes.trends.periods import last_day, parse_period
    >>> period = parse_period("2026Q3")
    >>> str(period), str(period - 1), last_day(period).date().isoformat()
    ('2026Q3', '2026Q2', '2026-09-30')
    """
    quarter, month = _QUARTER.fullmatch(str(text)), _MONTH.fullmatch(str(text))
    if quarter and int(quarter[1]) in _YEARS:
        return pd.Period(year=int(quarter[1]), quarter=int(quarter[2]), freq="Q")
    if month and int(month[1]) in _YEARS and 1 <= int(month[2]) <= 12:
        return pd.Period(year=int(month[1]), month=int(month[2]), freq="M")
    raise RuleError(
        "This is not the name of a month or a quarter.",
        found=as_written(text),
        instead="a quarter as 2026Q3 or a month as 2026-07",
    )


def is_quarter(period: pd.Period) -> bool:
    """Say whether a period is a quarter; otherwise it is a month."""
    return period.freqstr.startswith("Q")


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


def periods_between(first: Any, last: Any, every: Every) -> pd.PeriodIndex:
    """Return all periods from that of one date to that of another, both included."""
    begin, end = (pd.Period(pd.Timestamp(day), freq=FREQUENCIES[every]) for day in (first, last))
    return pd.period_range(begin, end)


def first_day(period: pd.Period) -> pd.Timestamp:
    """Return the first day of a period."""
    return period.start_time


def last_day(period: pd.Period) -> pd.Timestamp:
    """Return the last day of a period, itself part of it."""
    return period.end_time.normalize()
