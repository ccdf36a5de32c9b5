"""The day of an export, or the end of its time, as names, titles and footers of its files state it.

It is proposed as the data cut and never taken: the newest day with something recorded may be right.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from iop_outcomes.records.parsing.dates import DAY_FIRST, MONTH_FIRST, date_texts
from iop_outcomes.records.parsing.parsed import NO_DAY

_YEAR_FIRST = re.compile(r"(?<![\d-])(20\d\d)([-_.])(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")
_COMPACT = re.compile(r"(?<!\d)(20\d\d)()(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d)")  # of a name
_DATE = re.compile(
    r"(?<![\d-])\d{1,2}(?P<sign>[-/._])\d{1,2}(?P=sign)(?:20)?\d\d(?!\d)"
    r"|\b[^\W\d_]{3,9}\.? \d{1,2},? 20\d\d\b|\b\d{1,2}\.? [^\W\d_]{3,9}\.? 20\d\d\b"
)
NAME, TITLES, END = "the name of", "the titles of", "the end of"  # places that state a day
_LONGEST = 400  # days after the newest record; a later day is that of something else
_ENOUGH = 1  # days after it that need no question: exports are made on the next day


@dataclass(frozen=True)
class Stated:
    """A text of a file that may state a day, and its place: `NAME`, `TITLES` or `END`."""

    place: str
    file: str
    text: str


def days_stated(
    stated: Iterable[Stated], order: str, cut: datetime.date | None
) -> dict[str, tuple[str, ...]]:
    """Return for each place the days after the data cut that it states: two if it can be either.

    Of a text with several dates, as from one day to another, the last is meant.

    Parameters
    ----------
    stated : iterable of Stated
        The names, titles and footers of the files.
    order : str
        The order of day and month in the dates of the export; empty if it is not known.
    cut : datetime.date or None
        The newest day with something recorded.
    """
    texts = list(stated)
    found = [_dates(each.text, named=each.place == NAME) for each in texts]
    order = order or _order([date for dates in found for date in dates])
    days: dict[str, tuple[str, ...]] = {}
    for each, dates in zip(texts, found, strict=True):
        may_be = _days(dates[-1], order) if dates else []
        later = [day for day in may_be if _is_after(day, cut)]
        if later:
            days.setdefault(f"{each.place} {each.file}", tuple(map(str, later)))
    return days


def question_on(days: dict[str, tuple[str, ...]], cut: datetime.date | None) -> str:
    """Return the question on the data cut; empty if the day that is stated needs none."""
    every = sorted({datetime.date.fromisoformat(day) for each in days.values() for day in each})
    if not every or (cut is not None and (every[-1] - cut).days <= _ENOUGH):
        return ""
    after = "" if cut is None else f", {(every[-1] - cut).days:,} days after the newest record"
    if len(every) > 1:
        after = ", after the newest record" if cut is not None else ""
    last = every[-1].isoformat()
    return (
        f"The export states {_listed(days)}{after}. Is everything in it up to that day? Then add "
        f"--as-of {last} to check and report; else the newest day with something recorded is the "
        "data cut."
    )


def comment_on(days: dict[str, tuple[str, ...]]) -> str:
    """Return what the end of a proposal says of the data cut."""
    told = "the data cut is the newest day with something recorded"
    if not days:
        return f"{told}. If everything up to a later day is in the export: --as-of and that day"
    day = max(day for each in days.values() for day in each)
    return f"{told}. The export states {_listed(days)}: if it is whole up to then, --as-of {day}"


def _listed(days: dict[str, tuple[str, ...]]) -> str:
    places: dict[tuple[str, ...], list[str]] = {}
    for place, each in days.items():
        places.setdefault(each, []).append(place)
    return "; ".join(f"{' or '.join(each)} ({named[0]})" for each, named in places.items())


def _dates(text: str, *, named: bool) -> list[str]:
    """Return the dates within a text, in their order; 20260930 only in the name of a file."""
    forms = (_YEAR_FIRST, _COMPACT) if named else (_YEAR_FIRST,)
    met = [
        (found.start(), f"{found[1]}-{found[3]}-{found[4]}")
        for form in forms
        for found in form.finditer(text)
    ]
    met += [
        (found.start(), found[0].replace("_", "/").replace("-", "/"))
        for found in _DATE.finditer(text)
    ]
    return [date for _, date in sorted(met) if _days(date, "")]


def _days(date: str, order: str) -> list[datetime.date]:
    """Return the day of a date; two if its order is not known and both are possible."""
    read = date_texts([date])
    if 0 in read.parts:
        month_first, day_first = read.both_days(0)
        order = order or (DAY_FIRST if read.parts[0].dotted else "")
        chosen = {MONTH_FIRST: (month_first,), DAY_FIRST: (day_first,)}.get(
            order, (month_first, day_first)
        )
        if all(day is None for day in chosen):
            chosen = (month_first, day_first)
        numbers = [day for day in chosen if day is not None]
    else:
        numbers = [int(day) for day in read.days[:1] if day != NO_DAY]
    return [np.datetime64(day, "D").item() for day in sorted(set(numbers))]


def _order(dates: Sequence[str]) -> str:
    """Return the order of day and month that one of some dates shows; empty if none does."""
    shown = set()
    for date in dates:
        read = date_texts([date])
        if 0 in read.parts:
            month_first, day_first = read.both_days(0)
            if (month_first is None) != (day_first is None):
                shown.add(DAY_FIRST if month_first is None else MONTH_FIRST)
    return shown.pop() if len(shown) == 1 else ""


def _is_after(day: datetime.date, cut: datetime.date | None) -> bool:
    return cut is None or 0 < (day - cut).days <= _LONGEST
