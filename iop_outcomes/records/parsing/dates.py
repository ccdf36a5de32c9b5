"""What a text says of a day or a time of day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from iop_outcomes.records.parsing.parsed import NO_DAY, Array, Parsed
from iop_outcomes.records.schema import EARLIEST_DATE, Column
from iop_outcomes.records.sources.coded import Coded

_EARLIEST = np.datetime64(EARLIEST_DATE, "D").astype(np.int64)
_LATEST = np.datetime64("2100-01-01", "D").astype(np.int64)
DAY_FIRST, MONTH_FIRST = "day_first", "month_first"  # settled: said by the mapping or the dates
DAY_FIRST_AS_OTHERS, MONTH_FIRST_AS_OTHERS = "day_first_as_others", "month_first_as_others"
MONTH_FIRST_ASSUMED, OPEN = "month_first_assumed", ""
ASSUMED = {
    DAY_FIRST_AS_OTHERS: "kept: read as day first, as the file's others",
    MONTH_FIRST_AS_OTHERS: "kept: read as month first, as the file's others",
    MONTH_FIRST_ASSUMED: "kept: read as month first",
}
_SERIAL_ORIGIN = np.datetime64("1899-12-30", "D").astype(np.int64)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
        start=1,
    )
}


# Clock times -----------------------------------------------------------------------------------

_CLOCK = re.compile(r"(?:.*[ T])?(\d{1,2}):(\d{2})(?::\d{2}(?:\.\d+)?)?\s*([ap])?\.?m?\.?$", re.I)


def read_clock(_: Column, clean: list[str]) -> Parsed:
    """Read clock times as minutes after midnight."""
    minutes = np.full(len(clean), np.nan, dtype=np.float64)
    parsed = Parsed(minutes, np.zeros(len(clean), dtype=bool))
    for position, word in enumerate(clean):
        minute = _clock_minutes(word)
        if minute is not None:
            minutes[position] = minute
            if minute == 1440:
                parsed.fault("time_24_00", position, "mended: read as the end of the day")
        elif word:
            parsed.fault("bad_time", position, "value left missing")
    parsed.missing = np.isnan(minutes)
    return parsed


def _clock_minutes(word: str) -> int | None:
    match = _CLOCK.match(word)
    if match is None:
        return None
    hour, minute, half = int(match[1]), int(match[2]), (match[3] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    if minute > 59 or hour > 24 or (hour == 24 and minute):
        return None
    return hour * 60 + minute


# Calendar dates --------------------------------------------------------------------------------

_TIME = re.compile(
    r"^(?P<date>.*?\d)(?:T|\s+)(?P<clock>\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s*[AaPp]\.?[Mm]\.?)?)"
    r"\s*(?P<zone>Z|UTC|[+-]\d{2}:?\d{2})?$"
)
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$")
_PARTS = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})$")
_NAMED_DAY = re.compile(r"(\d{1,2})[-\s.]*([A-Za-z]{3})[a-z]*\.?[-\s,.]*(\d{4}|\d{2})$")
_NAMED_MONTH = re.compile(r"([A-Za-z]{3})[a-z]*\.?\s*(\d{1,2}),?\s+(\d{4})$")
_SERIAL = re.compile(r"[2-6]\d{4}(?:\.\d+)?$")  # 1954 to 2091


@dataclass
class DateTexts:
    """What distinct texts say as dates, before the order of day and month is settled.

    Attributes
    ----------
    forms : numpy.ndarray of object
        How each text is written: "iso", "parts" (3/29/2026), "named", "compact", "serial", or
        empty if it is no date.
    days : numpy.ndarray of int32
        Its day, or NO_DAY if it has none or the order is not settled.
    parts : dict of int to tuple of int
        For each text in parts its first and second number and its year.
    clocks : dict of int to tuple
        For each text with a time of day the minutes after midnight, and whether it has a zone.
    """

    forms: Array
    days: Array
    parts: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    clocks: dict[int, tuple[int, bool]] = field(default_factory=dict)

    def orders(self, position: int) -> tuple[int | None, int | None]:
        """Return the day of a text in parts as month first, and as day first."""
        first, second, year = self.parts[position]
        return _day(year, first, second), _day(year, second, first)


def date_texts(clean: list[str]) -> DateTexts:
    """Tell how each distinct text is written, and its day where the form alone tells it."""
    iso = pd.to_datetime(pd.Series(clean, dtype=object), format="%Y-%m-%d", errors="coerce")
    plain = iso.notna().to_numpy()
    days = np.full(len(clean), NO_DAY, dtype=np.int32)
    days[plain] = iso[plain].to_numpy("datetime64[D]").astype(np.int64).astype(np.int32)
    texts = DateTexts(np.where(plain, "iso", "").astype(object), days)
    for position in np.flatnonzero(~plain).tolist():
        word = _without_time(clean[position], position, texts)
        texts.forms[position], parts = _date_form(word)
        if isinstance(parts, tuple):
            texts.parts[position] = parts
        elif parts is not None:
            days[position] = parts
    return texts


def read_dates(clean: list[str], coded: Coded, orders: Sequence[str]) -> Parsed:
    """Read calendar dates: the column's commonest form is its own, others are mended and said.

    Parameters
    ----------
    clean : list of str
        The distinct texts.
    coded : Coded
        The column, for how often each text stands in it.
    orders : sequence of str
        For each text in which order its day and month are read, if its form leaves that open; see
        `date_orders`.
    """
    texts = date_texts(clean)
    days = texts.days
    parsed = Parsed(days, np.zeros(len(clean), dtype=bool), minutes=np.full(len(clean), np.nan))
    _say_times(texts, parsed)
    _settle(texts, orders, parsed)
    for position in np.flatnonzero(days == NO_DAY).tolist():
        if clean[position] and position not in texts.parts:
            parsed.fault("bad_date", position, "value left missing: not a date")
    usual = commonest(texts.forms, coded.counts())
    for position in np.flatnonzero((texts.forms != usual) & (days != NO_DAY)).tolist():
        day = np.datetime64(int(days[position]), "D")
        check = "excel_serial_date" if texts.forms[position] == "serial" else "mixed_date_format"
        parsed.fault(check, position, f"mended: read as {day}")
    if usual == "serial":
        for position in np.flatnonzero(texts.forms == "serial").tolist():
            day = np.datetime64(int(days[position]), "D")
            parsed.fault("excel_serial_date", position, f"mended: read as {day}")
    implausible = (days != NO_DAY) & ((days < _EARLIEST) | (days > _LATEST))
    for position in np.flatnonzero(implausible).tolist():
        parsed.fault("implausible_date", position, "value left missing")
        days[position] = NO_DAY
    parsed.missing = days == NO_DAY
    return parsed


def _without_time(word: str, position: int, texts: DateTexts) -> str:
    match = _TIME.match(word)
    minutes = None if match is None else _clock_minutes(match["clock"])
    if match is None or minutes is None:
        return word
    texts.clocks[position] = minutes, bool(match["zone"])
    return match["date"]


def _say_times(texts: DateTexts, parsed: Parsed) -> None:
    for position, (minutes, zone) in texts.clocks.items():
        if zone:
            parsed.fault("time_zone", position, "mended: the date as written, its zone left out")
        if minutes == 1440:
            parsed.fault("time_24_00", position, "mended: read as the end of that day")
        if parsed.minutes is not None:
            parsed.minutes[position] = minutes


def _settle(texts: DateTexts, orders: Sequence[str], parsed: Parsed) -> None:
    """Read the texts in parts: by the only order that makes a date of them, or the one given."""
    for position in texts.parts:
        month_first, day_first = texts.orders(position)
        order = orders[position]
        if order in (DAY_FIRST, MONTH_FIRST):
            day = day_first if order == DAY_FIRST else month_first
        elif month_first is None or day_first is None or month_first == day_first:
            day = day_first if month_first is None else month_first
        elif order in ASSUMED:
            day = day_first if order == DAY_FIRST_AS_OTHERS else month_first
            parsed.fault("assumed_date_order", position, ASSUMED[order])
        else:
            text = "value left missing: day and month cannot be distinguished"
            parsed.fault("ambiguous_date", position, text)
            continue
        if day is None:
            parsed.fault("bad_date", position, "value left missing: not a date")
        else:
            texts.days[position] = day


def _date_form(word: str) -> tuple[str, int | tuple[int, int, int] | None]:
    """Return the form of a date and its day, or its three parts where the order is open."""
    if match := _ISO.match(word):
        return "iso", _day(int(match[1]), int(match[2]), int(match[3]))
    if match := _PARTS.match(word):
        return "parts", (int(match[1]), int(match[2]), _year(match[3]))
    if match := _NAMED_DAY.match(word):
        return "named", _day(_year(match[3]), _MONTHS.get(match[2].lower(), 0), int(match[1]))
    if match := _NAMED_MONTH.match(word):
        return "named", _day(int(match[3]), _MONTHS.get(match[1].lower(), 0), int(match[2]))
    if len(word) == 8 and word.isdecimal():
        return "compact", _day(int(word[:4]), int(word[4:6]), int(word[6:]))
    if _SERIAL.match(word):
        return "serial", int(_SERIAL_ORIGIN + int(float(word)))
    return "", None


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def _day(year: int, month: int, day: int) -> int | None:
    try:
        return int(np.datetime64(f"{year:04d}-{month:02d}-{day:02d}", "D").astype(np.int64))
    except ValueError:
        return None


def commonest(forms: Array, counts: Array) -> str:
    """Return the form in which most rows are written; of two that are as common, the first."""
    names, inverse = np.unique(forms.astype(str), return_inverse=True)
    held = np.bincount(inverse, weights=counts, minlength=len(names))
    held[names == ""] = -1
    return str(names[int(np.argmax(held))]) if len(names) else ""
