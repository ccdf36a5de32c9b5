"""What a text says, by the kind of its column; worked out once for each distinct text.

Each reader takes the distinct texts of a column and returns values with the faults it met: a
fault names its check and the texts that have it, and nothing is mended without one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.records.mapping import Mapping, fold
from iop_outcomes.records.raw import Coded
from iop_outcomes.records.tables import EARLIEST_DATE, Column

NO_DAY = np.int32(-(2**31))  # the day that stands for a missing one
NO_CODE = -1

Array = npt.NDArray[Any]

_MISSING_WORDS = {"n/a", "na", "#n/a", "nan", "null", "?"}
_MISSING_VALUES = _MISSING_WORDS | {"none", "-", "--", "unknown", ".", "nat"}
_LONGEST_MISSING = max(map(len, _MISSING_VALUES))
_YES = {"yes", "y", "true", "t", "1", "1.0"}
_NO = {"no", "n", "false", "f", "0", "0.0"}
_EARLIEST = np.datetime64(EARLIEST_DATE, "D").astype(np.int64)
_LATEST = np.datetime64("2100-01-01", "D").astype(np.int64)
_LARGEST = float(np.finfo(np.float32).max)
_SERIAL_ORIGIN = np.datetime64("1899-12-30", "D").astype(np.int64)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
        start=1,
    )
}


@dataclass
class Parsed:
    """The values of a column's distinct texts, and the faults met in them.

    Attributes
    ----------
    values : numpy.ndarray
        One value a text: int32 days, float32 or float64 numbers, int8 flags or int32 codes.
    missing : numpy.ndarray of bool
        Texts that give no value.
    levels : list of str
        What the codes of a word or name column stand for.
    faults : dict of str to dict of int to str
        For each check the texts that have the fault, with what was done.
    minutes : numpy.ndarray of float32 or None
        Minutes after midnight, where dates bear a time of day.
    """

    values: Array
    missing: npt.NDArray[np.bool_]
    levels: list[str] = field(default_factory=list)
    faults: dict[str, dict[int, str]] = field(default_factory=dict)
    minutes: npt.NDArray[np.float32] | None = None

    def fault(self, check: str, position: int, done: str) -> None:
        """Note that the text at `position` has a fault."""
        self.faults.setdefault(check, {})[position] = done


def parse(
    column: Column,
    coded: Coded,
    mapping: Mapping,
    *,
    time: str = "calendar",
    words: dict[str, str] | None = None,
) -> Parsed:
    """Read the distinct texts of a column in a set of the given kind of time.

    `words` are the mapping's words for this column, theirs (folded) to ours.
    """
    words = words or {}
    own = {fold(word) for word in column.words} | set(words)
    missing_words = _MISSING_WORDS if column.kind == "name" else _MISSING_VALUES
    texts: list[str] = coded.words.tolist()
    clean = [text.strip() for text in texts]
    faults: dict[str, dict[int, str]] = {}
    if clean != texts:
        faults["surrounding_spaces"] = {
            position: "mended: spaces removed"
            for position, (word, text) in enumerate(zip(clean, texts, strict=True))
            if word and word != text
        }
    if words:
        clean = [words.get(fold(word), word) for word in clean]
    for position, word in enumerate(clean):
        short = word and len(word) <= _LONGEST_MISSING
        if short and word.casefold() in missing_words and fold(word) not in own:
            faults.setdefault("missing_word", {})[position] = "mended: read as missing"
            clean[position] = ""
    if column.kind == "date" and time == "study_days":
        parsed = _read_study_days(clean)
    elif column.kind == "date":
        parsed = _read_dates(clean, coded, mapping.date_order)
    else:
        parsed = _READERS[column.kind](column, clean)
    parsed.faults = {**faults, **parsed.faults}
    return parsed


# Names, words, flags, numbers ------------------------------------------------------------------


def _read_names(_: Column, clean: list[str]) -> Parsed:
    texts = np.asarray(clean, dtype=object)
    missing = texts == ""
    codes = np.full(len(texts), NO_CODE, dtype=np.int32)
    found, levels = pd.factorize(texts[~missing])
    codes[~missing] = found
    return Parsed(codes, missing, [str(level) for level in levels])


def _read_words(column: Column, clean: list[str]) -> Parsed:
    known = {fold(word): code for code, word in enumerate(column.words)}
    codes = np.array([known.get(fold(word), NO_CODE) for word in clean], dtype=np.int8)
    parsed = Parsed(codes, codes < 0, list(column.words))
    for position in np.flatnonzero(parsed.missing).tolist():
        if clean[position]:
            parsed.fault("unknown_word", position, "value left missing")
    return parsed


def _read_flags(_: Column, clean: list[str]) -> Parsed:
    lower = [word.casefold() for word in clean]
    codes = np.array([1 if w in _YES else 0 if w in _NO else NO_CODE for w in lower], dtype=np.int8)
    parsed = Parsed(codes, codes < 0)
    for position in np.flatnonzero(parsed.missing).tolist():
        if clean[position]:
            parsed.fault("unknown_word", position, "value left missing")
    return parsed


def _read_numbers(column: Column, clean: list[str]) -> Parsed:
    values = numbers(clean)
    parsed = Parsed(values.astype(np.float32), np.isnan(values))
    low = -np.inf if column.low is None else column.low
    high = np.inf if column.high is None else column.high
    for position in np.flatnonzero(parsed.missing).tolist():
        if clean[position]:
            parsed.fault("bad_number", position, "value left missing")
    for position in np.flatnonzero((values < low) | (values > high)).tolist():
        parsed.fault("out_of_range", position, f"value left missing: not {low:g} to {high:g}")
        parsed.missing[position] = True
        parsed.values[position] = np.nan
    return parsed


def numbers(clean: list[str]) -> npt.NDArray[np.float64]:
    """Read texts as finite numbers; what is none, or beyond what is kept, is NaN."""
    values = pd.to_numeric(pd.Series(clean, dtype=object), errors="coerce").to_numpy(np.float64)
    return np.where(np.abs(values) <= _LARGEST, values, np.nan)


def _read_study_days(clean: list[str]) -> Parsed:
    values = numbers(clean)
    whole = np.isfinite(values) & (values == np.round(values)) & (np.abs(values) < 100_000)
    days = np.where(whole, values, 0).astype(np.int32)
    days[~whole] = NO_DAY
    parsed = Parsed(days, ~whole)
    for position in np.flatnonzero(~whole).tolist():
        if clean[position]:
            parsed.fault("bad_date", position, "value left missing: not a whole study day")
    return parsed


# Clock times -----------------------------------------------------------------------------------

_CLOCK = re.compile(r"(?:.*[ T])?(\d{1,2}):(\d{2})(?::\d{2}(?:\.\d+)?)?\s*([ap])?\.?m?\.?$", re.I)


def _read_clock(_: Column, clean: list[str]) -> Parsed:
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


def _read_dates(clean: list[str], coded: Coded, order: str) -> Parsed:
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


_READERS: dict[str, Callable[[Column, list[str]], Parsed]] = {
    "name": _read_names,
    "word": _read_words,
    "flag": _read_flags,
    "number": _read_numbers,
    "clock": _read_clock,
}
