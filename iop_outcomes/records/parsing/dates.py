"""Reading of calendar dates, with lists of corrections and of texts that could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.records.parsing.date_forms import (
    TWO_DIGIT_YEARS,
    UNIX,
    DateReader,
    DateText,
    Timed,
    day_number,
)
from iop_outcomes.records.parsing.numbers import MARKS, WORDS_FOR_MISSING
from iop_outcomes.records.parsing.parsed import NO_DAY, Array, Parsed
from iop_outcomes.records.schema import EARLIEST_DATE, LATEST_DATE, YEARS_BEFORE, Column
from iop_outcomes.records.sources.coded import Coded

_EARLIEST = np.datetime64(EARLIEST_DATE, "D").astype(np.int64)
_LATEST = np.datetime64(LATEST_DATE, "D").astype(np.int64)
_LONGEST_DATE = 10  # characters of 2026-01-05
_BEFORE = round(YEARS_BEFORE * 365.2425)
DAY_FIRST, MONTH_FIRST = "day_first", "month_first"  # given by the mapping or shown by the dates
DAY_FIRST_AS_OTHERS, MONTH_FIRST_AS_OTHERS = "day_first_as_others", "month_first_as_others"
DAY_FIRST_ASSUMED, MONTH_FIRST_ASSUMED = "day_first_assumed", "month_first_assumed"
YEAR_FIRST = "year_first"  # of texts such as 26-01-05; it does not affect other texts
HALF_SWAPPED, DAY_OR_YEAR, OPEN = "half_swapped", "day_or_year", ""
ASSUMED = {
    DAY_FIRST_AS_OTHERS: "kept: read as day first, as the file's others",
    MONTH_FIRST_AS_OTHERS: "kept: read as month first, as the file's others",
    DAY_FIRST_ASSUMED: "kept: read as day first, as dates with dots are",
    MONTH_FIRST_ASSUMED: "kept: read as month first",
}
_NO_VALUES = MARKS | WORDS_FOR_MISSING
_DAYS_FIRST = (DAY_FIRST, DAY_FIRST_AS_OTHERS, DAY_FIRST_ASSUMED)


@dataclass
class DateTexts:
    """Distinct texts as dates, before the order of day and month is determined.

    Attributes
    ----------
    forms : numpy.ndarray of object
        The form of each text, see `date_forms.DateText`; empty if it is not a date.
    days : numpy.ndarray of int32
        The day (days since 1970-01-01), or NO_DAY if there is none or the order is not determined.
    minutes, lengths : numpy.ndarray of float64
        The time of day in minutes after midnight, and the minutes from it to a second time; NaN
        without one.
    zones, two_digits, backwards : numpy.ndarray of bool
        Whether the time has a time zone; whether the year has two digits; whether the second time
        is not after the first.
    parts : dict of int to DateText
        By position, the texts in which day and month must be distinguished.
    weekdays : dict of int to int
        By position, the weekday that is written with a text; Monday is 0.
    """

    forms: Array
    days: Array
    minutes: npt.NDArray[np.float64]
    lengths: npt.NDArray[np.float64]
    zones: npt.NDArray[np.bool_]
    two_digits: npt.NDArray[np.bool_]
    backwards: npt.NDArray[np.bool_]
    parts: dict[int, DateText] = field(default_factory=dict)
    weekdays: dict[int, int] = field(default_factory=dict)

    def is_form(self, *forms: str) -> npt.NDArray[np.bool_]:
        """Return which texts have one of these forms."""
        codes, names = form_codes(self.forms)
        chosen = np.array([name in forms for name in names], dtype=bool)
        result: npt.NDArray[np.bool_] = chosen[codes]
        return result

    def both_days(self, position: int) -> tuple[int | None, int | None]:
        """Return the day of a text in parts read as month first, and read as day first."""
        return _both_days(self.parts[position].parts or (0, 0, 0))

    def orders(self, position: int) -> tuple[int | None, int | None]:
        """Return both days of a text in parts; one is None if the weekday excludes it.

        A weekday that is written with the text excludes a day if the other day has that weekday.
        """
        days = self.both_days(position)
        text = self.parts[position]
        if text.weekday is None:
            return days
        fitting = [day is not None and weekday_of(day) == text.weekday for day in days]
        if not any(fitting):
            return days
        return days[0] if fitting[0] else None, days[1] if fitting[1] else None

    def take(self, positions: Sequence[int]) -> DateTexts:
        """Return the same for the texts at some positions, in that order."""
        place = np.asarray(positions, dtype=np.int64)
        old = place.tolist()
        return DateTexts(
            forms=self.forms[place],
            days=self.days[place],
            minutes=self.minutes[place],
            lengths=self.lengths[place],
            zones=self.zones[place],
            two_digits=self.two_digits[place],
            backwards=self.backwards[place],
            parts={new: self.parts[at] for new, at in enumerate(old) if at in self.parts},
            weekdays={new: self.weekdays[at] for new, at in enumerate(old) if at in self.weekdays},
        )


@lru_cache(maxsize=2**16)  # texts with times are many, but have few dates
def _both_days(parts: tuple[int, int, int]) -> tuple[int | None, int | None]:
    first, second, year = parts
    return day_number(year, first, second), day_number(year, second, first)


def form_codes(forms: Array) -> tuple[Array, Array]:
    """Return the codes of forms, and the names of the codes in alphabetical order."""
    codes, names = pd.factorize(forms)
    order = np.argsort(names)  # a few of them, where sorting in pandas takes ten times as long
    rank = np.empty(len(names), dtype=np.intp)
    rank[order] = np.arange(len(names))
    return rank[codes], np.asarray(names[order], dtype=object)


def weekday_of(day: int) -> int:
    """Return the weekday of a day since 1970-01-01 (a Thursday); Monday is 0."""
    return (day + 3) % 7


def date_texts(clean: list[str], two_digit_years: tuple[int, int] = TWO_DIGIT_YEARS) -> DateTexts:
    """Return the form of each distinct text, and its day if the form alone determines it.

    A number of seconds since 1970 is read as a date only if every text is one, or means missing.
    """
    size = len(clean)
    forms, days = np.full(size, "", dtype=object), np.full(size, NO_DAY, dtype=np.int32)
    minutes, lengths = np.full((2, size), np.nan)
    texts = DateTexts(forms, days, minutes, lengths, *np.zeros((3, size), dtype=bool))
    reader = DateReader(two_digit_years)
    left = np.ones(size, dtype=bool)
    if size and max(map(len, clean)) > _LONGEST_DATE:
        left[_take_in_timed(texts, reader.timed(clean))] = False
    # Only texts with a hyphen: pandas would read "today" and "now" as dates.
    hyphened = left & np.array(["-" in text for text in clean], dtype=bool)
    if hyphened.any():
        rows = np.flatnonzero(hyphened)
        words = np.array([clean[row] for row in rows.tolist()], dtype=object)
        iso = pd.to_datetime(words, format="%Y-%m-%d", errors="coerce").to_numpy("datetime64[D]")
        plain = ~np.isnat(iso)
        days[rows[plain]] = iso[plain].astype(np.int64).astype(np.int32)
        forms[rows[plain]] = "iso"
        left[rows[plain]] = False
    for position in np.flatnonzero(left).tolist():
        if clean[position]:
            _take_in(texts, position, reader.read(clean[position]))
    _unless_all_are_unix(texts, clean)
    return texts


def _take_in_timed(texts: DateTexts, timed: Timed) -> npt.NDArray[np.int64]:
    """Record dates with times of day that were read together, and return their positions."""
    dates, rows = timed.dates, timed.rows
    known = np.array([bool(date.form) for date in dates], dtype=bool)[timed.date]
    texts.forms[rows] = np.array([date.form for date in dates], dtype=object)[timed.date]
    whole = [NO_DAY if date.day is None else date.day for date in dates]
    texts.days[rows] = np.array(whole, dtype=np.int32)[timed.date]
    texts.two_digits[rows] = np.array([date.two_digits for date in dates], dtype=bool)[timed.date]
    texts.minutes[rows[known]] = timed.minutes[known]
    texts.zones[rows] = timed.zones & known
    in_parts = np.array([date.parts is not None for date in dates], dtype=bool)[timed.date]
    of_date = [dates[place] for place in timed.date[in_parts].tolist()]
    texts.parts.update(zip(rows[in_parts].tolist(), of_date, strict=True))
    return rows


def _take_in(texts: DateTexts, position: int, text: DateText) -> None:
    texts.forms[position] = text.form
    if text.parts is not None:
        texts.parts[position] = text
    elif text.day is not None:
        texts.days[position] = text.day
    if text.minutes is not None:
        texts.minutes[position] = text.minutes
    if text.length is not None:
        texts.lengths[position] = text.length
    if text.weekday is not None:
        texts.weekdays[position] = text.weekday
    texts.zones[position], texts.backwards[position] = text.zone, text.backwards
    texts.two_digits[position] = text.two_digits


def _unless_all_are_unix(texts: DateTexts, clean: list[str]) -> None:
    """Remove dates from numbers of seconds since 1970, unless all texts are such numbers."""
    unix = texts.is_form(*UNIX)
    if not unix.any():
        return
    kinds = {
        form
        for form, word in zip(texts.forms.tolist(), clean, strict=True)
        if word and word.casefold() not in _NO_VALUES  # n/a is removed later, and is no other form
    }
    if len(kinds) > 1:
        texts.forms[unix] = ""
        texts.days[unix] = NO_DAY
        texts.minutes[unix] = np.nan


def read_dates(
    clean: list[str],
    coded: Coded,
    orders: Sequence[str],
    *,
    column: Column | None = None,
    texts: DateTexts | None = None,
    two_digit_years: tuple[int, int] = TWO_DIGIT_YEARS,
) -> Parsed:
    """Read calendar dates. Dates in another form than most are converted and listed.

    Parameters
    ----------
    clean : list of str
        The distinct texts.
    coded : Coded
        The column, for the number of rows with each text.
    orders : sequence of str
        For each text the order of day and month, used if its form does not determine it; see
        `date_orders`.
    column : Column, optional
        The declaration of the column, which says whether dates can be decades before the others.
    texts : DateTexts, optional
        The texts as dates, if they were read already.
    two_digit_years : tuple of int
        The first and the last of the hundred years that years of two digits mean.
    """
    texts = date_texts(clean, two_digit_years) if texts is None else texts
    days = texts.days
    parsed = Parsed(
        *(days, np.zeros(len(clean), dtype=bool)),
        minutes=texts.minutes,
        lengths=texts.lengths,
        backwards=texts.backwards,
    )
    counts = coded.counts()
    _settle(texts, orders, parsed)
    for position in np.flatnonzero(days == NO_DAY).tolist():
        if clean[position] and position not in texts.parts and orders[position] != HALF_SWAPPED:
            parsed.fault("bad_date", position, "value left missing: not a date")
    _say_forms(texts, counts, parsed)
    _say_times(texts, counts, parsed)
    _say_weekdays(texts, parsed)
    parsed.say(
        "{rows} of {name} have years of two digits, read as "
        f"{two_digit_years[0]} to {two_digit_years[1]}",
        texts.two_digits & (days != NO_DAY),
    )
    for position in np.flatnonzero(_implausible(days, column)).tolist():
        parsed.fault("implausible_date", position, "value left missing")
        days[position] = NO_DAY
    parsed.missing = days == NO_DAY
    return parsed


def _say_forms(texts: DateTexts, counts: Array, parsed: Parsed) -> None:
    """List dates in another form than most dates of the column, and serial numbers."""
    usual = commonest(texts.forms, counts)
    known = texts.days != NO_DAY
    serial = texts.forms == "serial"
    for position in np.flatnonzero(known & ((texts.forms != usual) | serial)).tolist():
        day = np.datetime64(int(texts.days[position]), "D")
        check = "excel_serial_date" if serial[position] else "mixed_date_format"
        parsed.fault(check, position, f"mended: read as {day}")
    if usual in UNIX:
        of = "milliseconds" if usual == "unix_milliseconds" else "seconds"
        done = f"mended: read as {of} since 1970, as days of UTC"
        parsed.fault_of_all("unix_time", known, done)
        parsed.say(
            f"{{rows}} of {{name}} are {of} since 1970 and were read as days of UTC: "
            "the local day may be another",
            known,
        )


def _say_times(texts: DateTexts, counts: Array, parsed: Parsed) -> None:
    """List times of 24:00, and time zones by row, or once if most texts have one."""
    for position in np.flatnonzero(texts.minutes == 1440).tolist():
        parsed.fault("time_24_00", position, "mended: read as the end of that day")
    done = "mended: the date as written, its zone left out"
    if 2 * counts[texts.zones].sum() > counts[texts.forms != ""].sum():
        parsed.fault_of_all("time_zone", texts.zones, done)
        parsed.say(
            "{rows} of {name} have a time zone: the date as written is kept, "
            "in local time the day may be another",
            texts.zones,
        )
        return
    for position in np.flatnonzero(texts.zones).tolist():
        parsed.fault("time_zone", position, done)


def _say_weekdays(texts: DateTexts, parsed: Parsed) -> None:
    """List dates that are not on the weekday written with them."""
    for position, weekday in texts.weekdays.items():
        day = int(texts.days[position])
        if day != NO_DAY and weekday_of(day) != weekday:
            parsed.fault("wrong_weekday", position, "kept: the date as written")


def _implausible(days: Array, column: Column | None) -> npt.NDArray[np.bool_]:
    """Return which days are implausible: outside the limits, or decades before the median."""
    known = days != NO_DAY
    result: npt.NDArray[np.bool_] = known & ((days < _EARLIEST) | (days > _LATEST))
    if column is not None and not column.may_be_long_ago and known.any():
        plausible = np.sort(days[known & ~result])
        if len(plausible):
            result |= known & (days < int(plausible[len(plausible) // 2]) - _BEFORE)
    return result


def _settle(texts: DateTexts, orders: Sequence[str], parsed: Parsed) -> None:
    """Determine the day of texts in parts: by the only valid order, or by the given order."""
    for position, order in enumerate(orders):
        if order == HALF_SWAPPED:
            text = "value left missing: day and month may be swapped"
            parsed.fault("half_swapped_date", position, text)
            texts.days[position] = NO_DAY
    for position in texts.parts:
        month_first, day_first = texts.orders(position)
        order = orders[position]
        day: int | None
        if order == DAY_OR_YEAR and texts.parts[position].year_first != day_first:
            text = "value left missing: day and year cannot be distinguished"
            parsed.fault("ambiguous_date", position, text)
            continue
        if order == YEAR_FIRST and texts.parts[position].hyphened:
            day = texts.parts[position].year_first
        elif order in (DAY_FIRST, MONTH_FIRST):
            month_first, day_first = texts.both_days(position)
            day = day_first if order == DAY_FIRST else month_first
        elif month_first is None or day_first is None or month_first == day_first:
            day = day_first if month_first is None else month_first
        elif order == DAY_OR_YEAR:
            day = day_first
        elif order in ASSUMED:
            day = day_first if order in _DAYS_FIRST else month_first
            parsed.fault("assumed_date_order", position, ASSUMED[order])
        else:
            text = "value left missing: day and month cannot be distinguished"
            parsed.fault("ambiguous_date", position, text)
            continue
        if day is None:
            parsed.fault("bad_date", position, "value left missing: not a date")
        else:
            texts.days[position] = day


def commonest(forms: Array, counts: Array) -> str:
    """Return the form of most rows; in a tie the first in alphabetical order."""
    inverse, names = form_codes(forms)
    held = np.bincount(inverse, weights=counts, minlength=len(names))
    held[names == ""] = -1
    return str(names[int(np.argmax(held))]) if len(names) else ""
