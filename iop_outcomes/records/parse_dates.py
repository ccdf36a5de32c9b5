"""What a text says of a day or a time of day."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from iop_outcomes.records.parsed import NO_DAY, Array, Parsed
from iop_outcomes.records.raw import Coded
from iop_outcomes.records.tables import EARLIEST_DATE, Column

_EARLIEST = np.datetime64(EARLIEST_DATE, "D").astype(np.int64)
_LATEST = np.datetime64("2100-01-01", "D").astype(np.int64)
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
    minutes = np.full(len(clean), np.nan, dtype=np.float32)
    parsed = Parsed(minutes, np.zeros(len(clean), dtype=bool))
    for position, word in enumerate(clean):
        found = _clock_minutes(word)
        if found is not None:
            minutes[position] = found
            if found == 1440:
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


def read_dates(clean: list[str], coded: Coded, order: str) -> Parsed:
    """Read calendar dates: the column's commonest form is its own, others are mended and said."""
    size = len(clean)
    days = np.full(size, NO_DAY, dtype=np.int32)
    parsed = Parsed(days, np.zeros(size, dtype=bool), minutes=np.full(size, np.nan, np.float32))
    iso = pd.to_datetime(pd.Series(clean, dtype=object), format="%Y-%m-%d", errors="coerce")
    plain = iso.notna().to_numpy()
    days[plain] = iso[plain].to_numpy("datetime64[D]").astype(np.int64).astype(np.int32)
    forms = np.where(plain, "iso", "").astype(object)
    parts: dict[int, tuple[int, int, int]] = {}
    for position in np.flatnonzero(~plain).tolist():
        word = _without_time(clean[position], position, parsed)
        forms[position], found = _date_form(word)
        if isinstance(found, tuple):
            parts[position] = found
        elif found is not None:
            days[position] = found
        elif word:
            parsed.fault("bad_date", position, "value left missing: not a date")
    usual = _commonest(forms, coded)
    _settle_order(parts, order, usual == "parts", days, parsed)
    for position in np.flatnonzero((forms != usual) & (days != NO_DAY)).tolist():
        day = np.datetime64(int(days[position]), "D")
        check = "excel_serial_date" if forms[position] == "serial" else "mixed_date_format"
        parsed.fault(check, position, f"mended: read as {day}")
    if usual == "serial":
        for position in np.flatnonzero(forms == "serial").tolist():
            day = np.datetime64(int(days[position]), "D")
            parsed.fault("excel_serial_date", position, f"mended: read as {day}")
    implausible = (days != NO_DAY) & ((days < _EARLIEST) | (days > _LATEST))
    for position in np.flatnonzero(implausible).tolist():
        parsed.fault("implausible_date", position, "value left missing")
        days[position] = NO_DAY
    parsed.missing = days == NO_DAY
    return parsed


def _without_time(word: str, position: int, parsed: Parsed) -> str:
    match = _TIME.match(word)
    if match is None:
        return word
    found = _clock_minutes(match["clock"])
    if found is None:
        return word
    if match["zone"]:
        parsed.fault("time_zone", position, "mended: the date as written, its zone left out")
    if found == 1440:
        parsed.fault("time_24_00", position, "mended: read as the end of that day")
    if parsed.minutes is not None:
        parsed.minutes[position] = found
    return match["date"]


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


def _commonest(forms: Array, coded: Coded) -> str:
    names, inverse = np.unique(forms.astype(str), return_inverse=True)
    if len(names) == 1:
        return str(names[0])
    counts = np.bincount(inverse, weights=coded.counts(), minlength=len(names))
    counts[names == ""] = -1
    return str(names[int(np.argmax(counts))]) if len(names) else ""


def _settle_order(
    parts: dict[int, tuple[int, int, int]], order: str, usual: bool, days: Array, parsed: Parsed
) -> None:
    """Decide day or month first from the mapping, or from dates that allow only one of them."""
    day_first = order == "day_first" or (not order and any(a > 12 for a, _, _ in parts.values()))
    month_first = order == "month_first" or (
        not order and any(b > 12 for _, b, _ in parts.values())
    )
    assumed = usual and not day_first and not month_first
    for position, (a, b, year) in parts.items():
        as_month_first, as_day_first = _day(year, a, b), _day(year, b, a)
        if order:
            day = as_day_first if order == "day_first" else as_month_first
        elif a == b or as_month_first is None or as_day_first is None:
            day = as_month_first if as_month_first is not None else as_day_first
        elif day_first != month_first:
            day = as_day_first if day_first else as_month_first
        elif assumed:
            day = as_month_first
            parsed.fault("assumed_date_order", position, "kept: read as month first")
        else:
            text = "value left missing: day and month cannot be told apart"
            parsed.fault("ambiguous_date", position, text)
            continue
        if day is None:
            parsed.fault("bad_date", position, "value left missing: not a date")
        else:
            days[position] = day
