"""One text as a date: its form, its day or parts, its time of day and its time zone."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from iop_outcomes.records.parsing.calendar_names import MONTHS, WEEKDAYS
from iop_outcomes.records.parsing.times_of_day import clock_minutes, time_range

UNIX = ("unix", "unix_milliseconds")
TWO_DIGIT_YEARS = (1970, 2069)  # the years that 70 to 99 and 00 to 69 stand for
SERIAL_ORIGIN = int(np.datetime64("1899-12-30", "D").astype(np.int64))
_EPOCH = datetime.date(1970, 1, 1).toordinal()

_ZONE = (
    r"(?P<zone>(?:Z|UTC|GMT|(?:[ACEHMP]|AK)[SD]T|CES?T|MES?Z|BST)?"
    r"(?:\s*[+-]\d{2}(?::?\d{2})?(?:\s*\([^()]*\))?)?|[A-Z][A-Za-z]+/[A-Za-z_/]+)"
)
_TIME = re.compile(
    r"(?P<date>.*?\d)(?:T|,?\s+(?:at\s+|um\s+)?|(?<=[A-Za-z]\d{4}):)"
    r"(?P<clock>\d{1,2}(?:[:.]\d{2})?(?::\d{2}(?:[.,]\d+)?)?(?:\s*[AaPp]\.?\s?[Mm]\.?|\s*Uhr)?)"
    rf"\s*{_ZONE}"
)
_RANGE = re.compile(r"(?P<date>.*?\d),?\s+(?P<range>\d{1,2}(?:[:.]\d{2}|\s*[AaPp]\.?[Mm]).*)")
# For many texts at once, in RE2: the date contains no space and no T.
_DATE_AND_TIME = r"^(?P<d>[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4})(?P<t>[T\s].+)$"
_COMPACT_TIME = re.compile(
    rf"(?P<date>\d{{8}})[T ]?(?P<clock>\d{{4}})(?:[0-5]\d(?:\.\d+)?)?\s*{_ZONE}"
)
_WEEKDAY = re.compile(r"(?P<name>[^\W\d_]{2,10})[.,]*\s+(?=.*\d)")

_LETTERS = r"([^\W\d_]{3,9})"
_ISO = re.compile(r"(\d{4})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{1,2})")
_PARTS = re.compile(r"(\d{1,2})\s*([-/.])\s*(\d{1,2})\s*[-/.]\s*(\d{4}|\d{2})")
_HYPHENED = re.compile(r"\d{2}([-/])\d{2}\1\d{2}")
_DAY_NAME = re.compile(
    rf"(\d{{1,2}})(?:st|nd|rd|th)?[-\s./]*(?:of\s+)?{_LETTERS}\.?[-\s./,]*(\d{{4}}|\d{{2}})"
)
_NAME_DAY = re.compile(
    rf"{_LETTERS}\.?[-\s/]*(\d{{1,2}})(?:st|nd|rd|th)?(?:,\s*|[-\s/]+)(\d{{4}}|\d{{2}})"
)
_YEAR_NAME = re.compile(rf"(\d{{4}})[-\s/]*{_LETTERS}\.?[-\s/]*(\d{{1,2}})")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SERIAL = re.compile(r"[2-6]\d{4}(\.\d+)?")  # 1954 to 2091
_UNIX = re.compile(r"[1-4]\d{9}(?P<milliseconds>\d{3})?(?:\.\d+)?")  # 2001 to 2096


@dataclass(frozen=True)
class DateText:
    """One text as a date.

    Attributes
    ----------
    form : str
        "iso", "parts" (3/29/2026), "named", "compact", "serial", "unix" or "unix_milliseconds";
        empty if it is not a date.
    day : int or None
        Days since 1970-01-01, if the form alone determines the day.
    parts : tuple of int or None
        The first and second number and the year, if the order of day and month is not known yet.
    two_digits : bool
        Whether the year has two digits.
    dotted : bool
        Whether the parts are separated by dots.
    hyphened : bool
        Whether the text has the form 26-01-05 or 26/01/05.
    stroked : bool
        Whether the text has the form 26/01/05.
    year_first : int or None
        For a text of this form, days since 1970-01-01 if the first part is the year.
    weekday : int or None
        The weekday written before the date; Monday is 0.
    minutes : int or None
        The time of day, in minutes after midnight.
    length : int or None
        The minutes from this time to a second time.
    backwards : bool
        Whether the second time is not after the first.
    zone : bool
        Whether the time has a time zone.
    """

    form: str = ""
    day: int | None = None
    parts: tuple[int, int, int] | None = None
    two_digits: bool = False
    dotted: bool = False
    hyphened: bool = False
    stroked: bool = False
    year_first: int | None = None
    weekday: int | None = None
    minutes: int | None = None
    length: int | None = None
    backwards: bool = False
    zone: bool = False


@dataclass(frozen=True)
class Timed:
    """Texts that are a date in numbers followed by a time of day.

    Attributes
    ----------
    rows : numpy.ndarray of int64
        The positions of the texts.
    dates : list of DateText
        The distinct dates.
    date : numpy.ndarray of int64
        For each text the position of its date in `dates`.
    minutes : numpy.ndarray of float64
        For each text the time of day, in minutes after midnight.
    zones : numpy.ndarray of bool
        For each text whether the time has a time zone.
    """

    rows: npt.NDArray[np.int64]
    dates: list[DateText]
    date: npt.NDArray[np.int64]
    minutes: npt.NDArray[np.float64]
    zones: npt.NDArray[np.bool_]


class DateReader:
    """Reads texts as dates; each distinct date is read once."""

    def __init__(self, two_digit_years: tuple[int, int] = TWO_DIGIT_YEARS) -> None:
        self._first_year = two_digit_years[0]
        self._dates: dict[str, DateText] = {}

    def read(self, word: str) -> DateText:
        """Return a text as a date."""
        match = _COMPACT_TIME.fullmatch(word)
        if match is not None:
            minutes = clock_minutes(match["clock"], digits=True)
            return DateText() if minutes is None else self._timed(match["date"], minutes, match)
        match = _TIME.fullmatch(word)
        if match is not None:
            minutes = clock_minutes(match["clock"])
            if minutes is not None:
                return self._timed(match["date"], minutes, match)
        match = _RANGE.fullmatch(word)
        span = None if match is None else time_range(match["range"])
        if match is not None and span is not None:
            date = self._date(match["date"])
            start, length = span
            return _with(date, minutes=start, length=length, backwards=length is None)
        return self._date(word)

    def timed(self, texts: Sequence[str]) -> Timed:
        """Return the texts that are a date and a time; each distinct part is read once.

        Other texts are not in the result. For the texts in it, `read` gives the same.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        both = pc.extract_regex(pa.array(texts, pa.string()), pattern=_DATE_AND_TIME)
        date, time = (pc.dictionary_encode(pc.struct_field(both, name)) for name in ("d", "t"))
        codes = [part.indices.fill_null(-1).to_numpy(zero_copy_only=False) for part in (date, time)]
        read = [self._time(text) for text in time.dictionary.to_pylist()]
        minutes = np.array([np.nan if time is None else time[0] for time in read] + [np.nan])
        zones = np.array([time is not None and time[1] for time in read] + [False])
        rows = np.flatnonzero(np.isfinite(minutes[codes[1]]))
        of_row = codes[1][rows]
        dates = [self._date(text) for text in date.dictionary.to_pylist()]
        return Timed(rows, dates, codes[0][rows], minutes[of_row], zones[of_row])

    def _time(self, text: str) -> tuple[int, bool] | None:
        """Return the time after a date and whether it has a time zone, or None if it is no time."""
        match = _TIME.fullmatch("1" + text)
        minutes = None if match is None or match["date"] != "1" else clock_minutes(match["clock"])
        return None if match is None or minutes is None else (minutes, bool(match["zone"]))

    def _timed(self, word: str, minutes: int, match: re.Match[str]) -> DateText:
        return _with(self._date(word), minutes=minutes, zone=bool(match["zone"]))

    def _date(self, word: str) -> DateText:
        known = self._dates.get(word)
        if known is None:
            known = self._dates[word] = self._new_date(word)
        return known

    def _new_date(self, word: str) -> DateText:
        match = _WEEKDAY.match(word)
        if match is not None and match["name"].lower() in WEEKDAYS:
            date = self._form(word[match.end() :])
            return _with(date, weekday=WEEKDAYS[match["name"].lower()])
        return self._form(word)

    def _form(self, word: str) -> DateText:
        if match := _ISO.fullmatch(word):
            return DateText("iso", day_number(int(match[1]), int(match[2]), int(match[3])))
        if match := _PARTS.fullmatch(word):
            parts = int(match[1]), int(match[3]), self._year(match[4])
            short = len(match[4]) == 2
            if _HYPHENED.fullmatch(word):
                day = day_number(self._year(match[1]), parts[1], int(match[4]))
                return DateText(
                    *("parts", None, parts),
                    two_digits=True,
                    hyphened=True,
                    stroked="/" in word,
                    year_first=day,
                )
            return DateText("parts", parts=parts, two_digits=short, dotted=match[2] == ".")
        if match := _DAY_NAME.fullmatch(word):
            return self._named(match[3], match[2], match[1])
        if match := _NAME_DAY.fullmatch(word):
            return self._named(match[3], match[1], match[2])
        if match := _YEAR_NAME.fullmatch(word):
            return self._named(match[1], match[2], match[3])
        if match := _COMPACT.fullmatch(word):
            return DateText("compact", day_number(*(int(match[part]) for part in (1, 2, 3))))
        if match := _SERIAL.fullmatch(word):
            day = SERIAL_ORIGIN + int(word[:5])
            minutes = None if match[1] is None else min(round(float("0" + match[1]) * 1440), 1439)
            return DateText("serial", day, minutes=minutes)
        if match := _UNIX.fullmatch(word):
            seconds = int(word[:10])
            form = "unix_milliseconds" if match["milliseconds"] else "unix"
            return DateText(form, seconds // 86_400, minutes=seconds % 86_400 // 60)
        return DateText()

    def _named(self, year: str, month: str, day: str) -> DateText:
        number = MONTHS.get(month.lower())
        if number is None:
            return DateText()
        number_of_day = day_number(self._year(year), number, int(day))
        return DateText("named", number_of_day, two_digits=len(year) == 2)

    def _year(self, text: str) -> int:
        if len(text) == 4:
            return int(text)
        return self._first_year + (int(text) - self._first_year) % 100


def _with(date: DateText, **changes: Any) -> DateText:
    """Return a date with changed attributes; a text that is not a date is not changed."""
    if not date.form:
        return date
    return replace(date, **changes)


def day_number(year: int, month: int, day: int) -> int | None:
    """Return the days since 1970-01-01 of a date, or None if there is no such date."""
    try:
        return datetime.date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        return None
