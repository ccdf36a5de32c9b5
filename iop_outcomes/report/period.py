"""The time that a report is about: a quarter, a year, a rolling year, a month or any dates."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd

from iop_outcomes.errors import ReportError, RuleError
from iop_outcomes.shared.messages import as_written
from iop_outcomes.trends.periods import in_words, parse_label

Length = Literal["month", "quarter", "year", "period"]
YEAR = 12  # months
TWO_YEARS = 2 * YEAR
QUARTER = 3
MOST_MONTHS = 120
_BETWEEN = re.compile(r"\s*(?:\.\.|\bto\b)\s*")
_DAY = pd.Timedelta(days=1)
AS = "2026Q3, 2026, 2025-10..2026-09 or 2026-01-15..2026-04-14"


@dataclass(frozen=True)
class ReportPeriod:
    """A time from one day to another, with its name.

    Attributes
    ----------
    first, last : pandas.Timestamp
        Its first and last day.
    every : {"month", "quarter", "year", "period"}
        The calendar period that it is; ``period`` where it is none, such as a rolling year.
    months : int
        How many whole months it has, from any day of a month on; 0 where it is no such time.

    Examples
    --------
    >>> year = parse_report_period("2025-10..2026-09")
    >>> str(year), str(year.back(1)), year.every, year.word
    ('2025-10 to 2026-09', '2024-10 to 2025-09', 'period', 'year')
    >>> str(parse_report_period("2026-07-01..2026-09-30").year_before)
    '2025Q3'
    """

    first: pd.Timestamp
    last: pd.Timestamp
    every: Length
    months: int

    def __str__(self) -> str:
        """Return its name, as ``2026Q3``, ``2026``, ``2025-10 to 2026-09`` or two dates."""
        if self.every != "period":
            return str(pd.Period(self.first, freq=self.every[0].upper()))
        if self.first.day == 1 and (self.last + _DAY).day == 1:
            return f"{self.first:%Y-%m} to {self.last:%Y-%m}"
        return f"{self.first.date()} to {self.last.date()}"

    @property
    def dates(self) -> str:
        """Its first and last day in words."""
        return f"{self.first.date()} to {self.last.date()}"

    def in_words(self, begin: pd.Timestamp = pd.Timestamp.min) -> str:
        """Return its first and last month by name; its days where it is not of whole months.

        Parameters
        ----------
        begin : pandas.Timestamp
            The day on which the records begin. A time that begins in an earlier month is named
            from that month on, with the word that it is their start.

        Examples
        --------
        >>> year = parse_report_period("2025-10..2026-09")
        >>> year.in_words()
        'October 2025 to September 2026'
        >>> year.in_words(pd.Timestamp("2026-01-15"))
        'the start of the records in January 2026 to September 2026'
        >>> parse_report_period("2026-01-15..2026-04-14").in_words()
        '2026-01-15 to 2026-04-14'
        """
        if self.first.day != 1 or (self.last + _DAY).day != 1:
            return self.dates
        month = begin.to_period("M").start_time if begin > pd.Timestamp.min else begin
        named = in_words(f"{max(self.first, month):%Y-%m} to {self.last:%Y-%m}")
        is_later = self.first < month <= self.last
        return f"the start of the records in {named}" if is_later else named

    @property
    def word(self) -> str:
        """What it is called in a sentence."""
        return "year" if self.months == YEAR else self.every

    @property
    def each(self) -> str:
        """What is after "by": the length of each of several such periods."""
        if self.word != "period":
            return self.word
        days = (self.last - self.first).days + 1
        count, unit = (self.months, "month") if self.months else (days, "day")
        return f"{count} {unit}{'' if count == 1 else 's'}"

    @property
    def repeats(self) -> bool:
        """Whether a whole number of such periods is a year, so that one of them is a year before.

        Of other lengths the period a year before may overlap with the one before.
        """
        return self.months > 0 and YEAR % self.months == 0

    @property
    def shorter_than_year(self) -> bool:
        """Whether it and the same period a year before do not overlap, nor follow each other."""
        return self.year_before.last + _DAY < self.first

    @property
    def by_months(self) -> bool:
        """Whether it is made of whole calendar months, and of more than one."""
        return self.first.day == 1 and (self.last + _DAY).day == 1 and self.every != "month"

    @property
    def of_quarters(self) -> bool:
        """Whether it is made of whole times of three months."""
        return self.months > 0 and self.months % QUARTER == 0

    @property
    def in_quarters(self) -> bool:
        """Whether it is a year or more, made of times of three months."""
        return self.months >= YEAR and self.of_quarters

    def back(self, number: int) -> ReportPeriod:
        """Return the period of the same length n lengths before."""
        if self.months:
            after = self.last + _DAY
            begin, end = (
                after - pd.DateOffset(months=self.months * (number + one)) for one in (1, 0)
            )
            return period_between(begin, end - _DAY)
        shift = (self.last - self.first + _DAY) * number
        return period_between(self.first - shift, self.last - shift)

    @property
    def year_before(self) -> ReportPeriod:
        """The same period a year before."""
        after = self.last + _DAY
        begin, end = (one - pd.DateOffset(months=YEAR) for one in (self.first, after))
        return period_between(begin, end - _DAY)

    def window(self, months: int) -> ReportPeriod:
        """Return n months up to its last day; itself where it is longer."""
        begin = self.last + _DAY - pd.DateOffset(months=months)
        return self if begin >= self.first else period_between(begin, self.last)

    def whole_months_before(self, latest: pd.Timestamp) -> pd.Timestamp:
        """Return the last day that lies whole months before its own, and not after `latest`.

        Of a time made of times of three months it lies whole times of three months before.
        """
        step = QUARTER if self.of_quarters else 1
        after, months = self.last + _DAY, 0
        while after - pd.DateOffset(months=months) - _DAY > latest:
            months += step
        return after - pd.DateOffset(months=months) - _DAY

    def cut(self, months: int) -> list[ReportPeriod]:
        """Return the times of n months that it is made of, the earliest first."""
        return [*_cut(self, months)]


@lru_cache(maxsize=64)
def _cut(period: ReportPeriod, months: int) -> tuple[ReportPeriod, ...]:
    after = period.last + _DAY
    edges = [
        after - pd.DateOffset(months=months * number)
        for number in range(period.months // months, -1, -1)
    ]
    return tuple(period_between(one, two - _DAY) for one, two in pairwise(edges))


def period_between(first: pd.Timestamp, last: pd.Timestamp) -> ReportPeriod:
    """Return the period from one day to another, both included.

    Examples
    --------
    >>> str(period_between(pd.Timestamp("2026-04-01"), pd.Timestamp("2026-06-30")))
    '2026Q2'
    """
    after = last + _DAY
    guess = round((after - first).days / 30.4375)
    months = guess if guess and after - pd.DateOffset(months=guess) == first else 0
    every: Length = "period"
    if first.day == 1:
        if months == 1:
            every = "month"
        elif months == QUARTER and first.month % QUARTER == 1:
            every = "quarter"
        elif months == YEAR and first.month == 1:
            every = "year"
    return ReportPeriod(first, last, every, months)


def parse_report_period(text: str) -> ReportPeriod:
    """Return the period of that name.

    Parameters
    ----------
    text : str
        A quarter as ``2026Q3``, a year as ``2026``, a month as ``2026-07``; or two of these, or two
        days, with two dots between: ``2025-10..2026-09``, ``2026-01-15..2026-04-14``.

    Raises
    ------
    ReportError
        It is none of these, the last day is before the first, or it is longer than ten years.
    """
    parts = _BETWEEN.split(str(text).strip())
    spans = [_days_of(part) for part in parts] if len(parts) <= 2 else [None]
    ends = [one for one in spans if one is not None]
    if len(ends) < len(spans):
        raise ReportError("This is not the name of a period.", found=as_written(text), instead=AS)
    first, last = ends[0][0], ends[-1][1]
    if last < first:
        raise ReportError(
            "The last day of the period is before its first.",
            found=f"{first.date()} to {last.date()}",
            instead="the earlier one first, as 2025-10..2026-09",
        )
    if last >= first + pd.DateOffset(months=MOST_MONTHS):
        raise ReportError(
            "A report is about ten years at most.",
            found=f"{first.date()} to {last.date()}",
            instead="a shorter period, or none for the whole time",
        )
    return period_between(first, last)


def _days_of(text: str) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Return the first and last day of a day, month, quarter or year; None if it is none."""
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            day = pd.Timestamp(datetime.date.fromisoformat(text))
            return day, day
        period = parse_label(text)
    except (RuleError, ValueError):
        return None
    if period.freqstr.startswith("W"):
        return None
    return period.start_time, period.end_time.normalize()


def within(dates: pd.Series[pd.Timestamp], period: ReportPeriod) -> np.ndarray:
    """Return which dates lie in a period."""
    day = dates.to_numpy()
    return (day >= period.first.to_datetime64()) & (day < (period.last + _DAY).to_datetime64())


def refuse_overlap(period: ReportPeriod | None, earlier: Sequence[str]) -> None:
    """Refuse a report beside earlier ones if its time is of another length, or overlaps theirs.

    Parameters
    ----------
    period : ReportPeriod or None
        The time of the report; None for the whole time.
    earlier : sequence of str
        The names of the times of the earlier reports; empty for the whole time.

    Raises
    ------
    ReportError
        If so. A report of a year minus the reports of three of its quarters gives the fourth
        quarter, and a rolling year minus the rolling year before it gives a difference of two
        quarters. The disclosure control does not check such differences.
    """
    name = "" if period is None else str(period)
    for label in earlier:
        if label == name:
            continue
        before = parse_report_period(label) if label else None
        apart = (
            period is not None
            and before is not None
            and period.each == before.each
            and (period.last < before.first or before.last < period.first)
        )
        if not apart:
            raise ReportError(
                "The ledger contains reports of times of another length, or that overlap this "
                "report: the difference of the two could be a few people.",
                found=f"{label or 'the whole time'}, and now {name or 'the whole time'}",
                instead="reports of one length that follow one another, such as quarters or "
                "calendar years; of others send only one",
            )


def period_asked(quarter: str | None, period: str | None) -> ReportPeriod | None:
    """Return the period of a report; None for the whole time.

    Raises
    ------
    ReportError
        Both are given, or the one that is given is not the name of such a time.
    """
    if quarter is not None and period is not None:
        raise ReportError(
            "A report is about a quarter or about a period, not both.",
            found=f"quarter {as_written(quarter)}, period {as_written(period)}",
            instead="one of them",
        )
    if quarter is not None:
        return find_quarter(quarter)
    return None if period is None else parse_report_period(period)


def find_quarter(text: str) -> ReportPeriod:
    """Return the quarter of that name, or raise ReportError if it is none."""
    try:
        quarter = parse_report_period(text)
    except ReportError as error:
        raise ReportError(error.wrong, found=error.found, instead="a quarter as 2026Q3") from None
    if quarter.every != "quarter":
        raise ReportError(
            "This is not a quarter.",
            found=str(text),
            instead=f"a quarter as 2026Q3; or --period, in Python period=, with one of {AS}",
        )
    return quarter
