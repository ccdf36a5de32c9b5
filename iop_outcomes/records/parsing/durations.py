"""Texts as lengths of time in minutes, with a unit in the text or in the unit of the column."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from iop_outcomes.records.parsing.numbers import (
    OWN_UNIT,
    list_bad,
    plain_numbers,
    within_limits,
)
from iop_outcomes.records.parsing.parsed import Parsed
from iop_outcomes.records.schema import LONGEST_SESSION, Column

MINUTES_IN = {"seconds": 1 / 60, "minutes": 1.0, "hours": 60.0, "days": 1440.0}
"""The units that a mapping can give for a column of minutes, in minutes."""

_SHORTEST, _USUAL = 8, 30  # minutes: a median up to 8 is implausible, one from 30 is usual

_UNIT_WORDS = {
    "days": ("d", "day", "days", "tag", "tage", "tagen"),
    "hours": ("h", "hr", "hrs", "hour", "hours", "std", "stunde", "stunden"),
    "minutes": ("m", "min", "mins", "minute", "minutes", "minuten", "'"),
    "seconds": ("s", "sec", "secs", "second", "seconds", "sek", "sekunde", "sekunden"),
}
_UNIT = {word: unit for unit, words in _UNIT_WORDS.items() for word in words}
_ORDER = list(_UNIT_WORDS)
_PART = re.compile(r"(\d+(?:[.,]\d+)?)\s*([^\W\d_]+|')\.?(?:\s*(?:,|and|und|&)\s*|\s*)", re.I)
_ISO = re.compile(
    r"P(?:(\d+)D)?(?:T(?:(\d+(?:[.,]\d+)?)H)?(?:(\d+(?:[.,]\d+)?)M)?(?:(\d+)(?:[.,]\d+)?S)?)?", re.I
)
_CLOCK = re.compile(
    r"(?:(?P<days>\d+) days?,? )?(?:(?:1899-12-3[01]|1900-01-0[01]) )?"  # as spreadsheets hold it
    r"(?P<hours>\d+):(?P<minutes>[0-5]\d)(?::(?P<seconds>[0-5]\d)(?:[.,]\d+)?)?"
)
_BARE_REST = re.compile(r"(\d+)\s*(?:h|hr|hrs|hour|hours|std)\.?\s*([0-5]?\d)", re.I)  # 2h30


def duration(word: str) -> float | None:
    """Return the minutes in a text with a unit, or None if it is not a length of time.

    Examples are ``180 Minutes``, ``3h 0m``, ``2h30``, ``1.5 h``, ``3 Std.``, ``3:00`` (hours and
    minutes), ``03:00:00``, ``0 days 03:00:00`` and ``PT3H``.
    """
    if match := _CLOCK.fullmatch(word):
        days, hours, minutes, seconds = (
            int(match[part] or 0) for part in ("days", "hours", "minutes", "seconds")
        )
        return days * 1440 + hours * 60 + minutes + seconds / 60
    if match := _BARE_REST.fullmatch(word):
        return int(match[1]) * 60.0 + int(match[2])
    if word[:1] in "Pp" and (match := _ISO.fullmatch(word)) and any(match.groups()):
        parts = zip((1440, 60, 1, 1 / 60), match.groups(), strict=True)
        return sum(minutes * _number(text) for minutes, text in parts if text)
    return _in_parts(word)


def _in_parts(word: str) -> float | None:
    """Return the sum of numbers with units in decreasing order, each at most once, or None."""
    total, position, last = 0.0, 0, -1
    while position < len(word):
        match = _PART.match(word, position)
        unit = None if match is None else _UNIT.get(match[2].lower())
        if match is None or unit is None or _ORDER.index(unit) <= last:
            return None
        last = _ORDER.index(unit)
        total += _number(match[1]) * MINUTES_IN[unit]
        position = match.end()
    return total if last >= 0 else None


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def read_minutes(
    column: Column, clean: list[str], counts: npt.NDArray[np.int64], unit: str = "minutes"
) -> Parsed:
    """Read lengths of time as float64 minutes; plain numbers are in `unit`.

    Sentences say how many rows have a unit in the text or a decimal comma. Other texts become NaN
    and are listed. `counts` is the number of rows with each text.
    """
    values, parsed = plain_numbers(clean)
    values = np.round(values * MINUTES_IN[unit], 6)  # 0.0416666666666667 days are 60 minutes
    plain = ~np.isnan(values)
    for position in np.flatnonzero(~plain).tolist():
        minutes = duration(clean[position]) if clean[position] else None
        if minutes is not None:
            values[position] = round(minutes, 6)
    parsed.say(OWN_UNIT, ~plain & ~np.isnan(values))
    parsed.values, parsed.missing = values, np.isnan(values)
    list_bad(parsed, clean)
    _doubt_unit(parsed, plain, counts, unit, column)
    return within_limits(parsed, column)


def _doubt_unit(
    parsed: Parsed,
    plain: npt.NDArray[np.bool_],
    counts: npt.NDArray[np.int64],
    unit: str,
    column: Column,
) -> None:
    """List plain numbers whose median is not the length of a session, with a better unit."""
    positive = plain & (parsed.values > 0)
    rows = np.cumsum(counts[positive][np.argsort(parsed.values[positive])])
    if not len(rows) or not rows[-1]:
        return
    median = np.sort(parsed.values[positive])[np.searchsorted(rows, rows[-1] / 2)]
    if _SHORTEST < median <= LONGEST_SESSION:
        return
    fitting = [
        unit_of_length
        for unit_of_length, minutes in MINUTES_IN.items()
        if unit_of_length != unit
        and _USUAL <= median / MINUTES_IN[unit] * minutes <= LONGEST_SESSION
    ]
    done = f"kept: the median is {median:g} minutes; say in [attendance.units] which unit it is"
    if fitting:
        done = (
            f"kept: the median is {median:g} minutes; if these are {fitting[0]}, write "
            f'[attendance.units] {column.name} = "{fitting[0]}"'
        )
    parsed.fault_of_all("unit_of_length", positive, done)
    parsed.say(
        f"the median of {{name}} is {median:g} minutes, which is not the length of a session: "
        "its unit may be another",
        positive,
    )
