"""Weeks, months, quarters and years as pandas periods: of a label, of a date, and as labels."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Literal

import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.checks import is_whole
from iop_outcomes.shared.messages import as_written

Every = Literal["week", "month", "quarter", "year"]
EVERY: tuple[Every, ...] = ("week", "month", "quarter", "year")
_QUARTER = re.compile(r"\s*(\d{4})-?[Qq]([1-4])\s*")
_MONTH = re.compile(r"\s*(\d{4})-(\d{1,2})\s*")
_WEEK = re.compile(r"\s*(\d{4})-?[Ww](\d{2})\s*")
_YEAR = re.compile(r"\s*(\d{4})\s*")
_ENDS = ("DEC", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV")
_YEARS = range(1678, 2262)  # beyond them pandas has no dates to the nanosecond


MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
_MONTH = re.compile(r"(?<![\d-])(\d{4})-(0[1-9]|1[0-2])(?![\d-])")
_NAMED = re.compile(rf"\b({'|'.join(MONTHS)}) (\d{{4}})\b")


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


def parse_label(text: str) -> pd.Period:
    """Return the week, month, quarter or year of that name: ``2026-W05``, ``2026-05``, ``2026Q1``.

    Raises
    ------
    RuleError
        If it is none of them.
    """
    week, year = _WEEK.fullmatch(text), _YEAR.fullmatch(text)
    if year and int(year[1]) in _YEARS:
        return pd.Period(year=int(year[1]), freq=frequency("year"))
    if week and int(week[1]) in _YEARS:
        try:
            return pd.Period(date.fromisocalendar(int(week[1]), int(week[2]), 1), frequency("week"))
        except ValueError:
            pass  # a year has 52 or 53 weeks
    return parse_period(text)


def in_words(label: object) -> str:
    """Return the name of a period as a sentence has it: months by name, others as they are.

    Examples
    --------
    >>> in_words("2025-07 to 2026-06"), in_words("2026Q3"), in_words("2026-01-15 to 2026-04-14")
    ('July 2025 to June 2026', '2026Q3', '2026-01-15 to 2026-04-14')
    """
    return _MONTH.sub(lambda found: f"{MONTHS[int(found[2]) - 1]} {found[1]}", str(label))


def as_labels(text: str) -> str:
    """Return a sentence in which the months that `in_words` names are labels again.

    Examples
    --------
    >>> as_labels("Admissions in July 2025 to June 2026")
    'Admissions in 2025-07 to 2026-06'
    """
    return _NAMED.sub(lambda found: f"{found[2]}-{MONTHS.index(found[1]) + 1:02}", text)


def check_every(every: str, first_month: int = 1) -> Every:
    """Return `every`, or raise RuleError if it or the first month of the year is not known."""
    for length in EVERY:
        if every == length:
            break
    else:
        raise RuleError(
            "A trend is by week, month, quarter or year.",
            found=f"every={as_written(every)}",
            instead='every="month"; first_month=7 for a fiscal year from July',
        )
    if not is_whole(first_month, 1) or first_month > 12:
        raise RuleError(
            "The first month of the year is a number from 1 to 12.",
            found=f"first_month={as_written(first_month)}",
            instead="first_month=7 for a fiscal year from July",
        )
    if first_month != 1 and length in ("week", "month"):
        raise RuleError(
            "The first month of the year makes a difference to quarters and years only.",
            found=f'every="{length}", first_month={first_month}',
            instead='every="quarter" or every="year"',
        )
    return length


def frequency(every: Every, first_month: int = 1) -> str:
    """Return the name that pandas has for these periods; weeks are from Monday to Sunday."""
    if every in ("week", "month"):
        return "W-SUN" if every == "week" else "M"
    return f"{'Q' if every == 'quarter' else 'Y'}-{_ENDS[first_month - 1]}"


def periods_between(first: Any, last: Any, every: Every, first_month: int = 1) -> pd.PeriodIndex:
    """Return all periods from that of one date to that of another, both included."""
    named: Any = frequency(every, first_month)
    begin, end = (pd.Period(pd.Timestamp(day), freq=named) for day in (first, last))
    return pd.period_range(begin, end)


def labels_of(periods: pd.PeriodIndex) -> list[str]:
    """Return the labels of periods: ``2026-W05``, ``2026-05``, ``2026Q1``, ``2026``, ``FY2026Q1``.

    A fiscal year is named by the calendar year in which it ends.
    """
    unit, _, ending = periods.freqstr.partition("-")
    if unit == "W":
        iso = periods.start_time.isocalendar()
        return [f"{year}-W{week:02d}" for year, week in zip(iso["year"], iso["week"], strict=True)]
    fiscal = "FY" if ending not in ("", "DEC") else ""
    return [f"{fiscal}{period}" for period in periods.astype(str)]


def first_day(period: pd.Period) -> pd.Timestamp:
    """Return the first day of a period."""
    return period.start_time


def last_day(period: pd.Period) -> pd.Timestamp:
    """Return the last day of a period, itself part of it."""
    return period.end_time.normalize()
