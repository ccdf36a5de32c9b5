"""The order of day and month, determined by dates that are valid in one order only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from iop_outcomes.records.parsing.date_orders import year_order
from iop_outcomes.records.parsing.dates import OPEN, date_texts
from iop_outcomes.records.suggestions.recognition.fits import IDS, declared
from iop_outcomes.records.suggestions.recognition.recognising import Source

DAY_FIRST, MONTH_FIRST = "day_first", "month_first"
_TWO_PARTS = re.compile(r"^\D*(\d{1,2})[/.-](\d{1,2})\.?$")


@dataclass(frozen=True)
class Order:
    """The evidence in the dates of a source on the order of day and month.

    Attributes
    ----------
    month_only, day_only : int
        Numbers of dates that are valid only with the month first, or only with the day first.
    open : int
        The number of dates that are valid in both orders, with different days.
    """

    month_only: int = 0
    day_only: int = 0
    open: int = 0

    @property
    def settled(self) -> str:
        """The proposed order; empty if there is none, or if there are dates of both orders."""
        if self.month_only and not self.day_only:
            return MONTH_FIRST
        return DAY_FIRST if self.day_only and not self.month_only else ""

    @property
    def mixed(self) -> bool:
        """Whether there are dates of both orders."""
        return bool(self.month_only and self.day_only)

    def __add__(self, other: Order) -> Order:
        """Return the evidence of two sets of dates together."""
        return Order(
            self.month_only + other.month_only,
            self.day_only + other.day_only,
            self.open + other.open,
        )


def order_of(source: Source) -> Order:
    """Return the evidence in the dates of a source on the order of day and month."""
    total = Order()
    for heading, matched in source.matches.items():
        if matched.column not in IDS and declared(source.table, matched.column).kind == "date":
            held = source.bundle.profiles[heading]
            total += _order(zip(held.texts, held.counts.tolist(), strict=True))
    if source.bundle.days:
        total += _of_headings(source.bundle.days)
    return total


def _order(texts: Iterable[tuple[str, int]]) -> Order:
    pairs = list(texts)
    dates = date_texts([text for text, _ in pairs])
    month = day = both = 0
    hyphened_apart = year_order(dates, range(len(pairs))) != OPEN  # 26-01-05: these are not counted
    for place in dates.parts:
        if hyphened_apart and dates.parts[place].hyphened:
            continue
        rows = pairs[place][1]
        as_month, as_day = dates.orders(place)
        if as_month is not None and as_day is None:
            month += rows
        elif as_day is not None and as_month is None:
            day += rows
        elif as_month is not None and as_month != as_day:
            both += rows
    return Order(month, day, both)


def _of_headings(days: Iterable[str]) -> Order:
    month = day = both = 0
    for heading in days:
        met = _TWO_PARTS.match(heading.strip())
        if met:
            first, second = int(met[1]), int(met[2])
            month += first <= 12 < second
            day += second <= 12 < first
            both += first <= 12 and second <= 12 and first != second
    return Order(month, day, both) + _order((heading, 1) for heading in days)
