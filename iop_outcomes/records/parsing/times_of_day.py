"""Texts as times of day, or as ranges from one time to another."""

from __future__ import annotations

import re
from dataclasses import dataclass

from iop_outcomes.records.schema import LONGEST_SESSION

DAY = 1440  # minutes
_CLOCK = re.compile(
    r"(?P<hour>\d{1,2})(?:[:.hH](?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?)?"
    r"\s*(?:(?P<half>[ap])(?:\.?\s?m\.?|\b)|uhr|(?<=\d)h)?",
    re.I,
)
_DIGITS = re.compile(
    r"(?P<hour>\d{1,2})(?P<minute>\d{2})(?P<second>)\s*(?:(?P<half>[ap])\.?m\.?)?", re.I
)
_RANGE = re.compile(
    r"(?P<start>.+?)(?:\s*[-\u2010-\u2015\u2212]\s*|\s+(?:to|until|till|bis)\s+)(?P<end>.+)", re.I
)


@dataclass(frozen=True)
class Clock:
    """A time of day as written: hour, minute, "a" or "p" for am or pm (or empty).

    ``bare`` is True for an hour alone.
    """

    hour: int
    minute: int
    half: str = ""
    bare: bool = False

    def minutes(self, half: str = "") -> int | None:
        """Return the minutes after midnight; `half` ("a" or "p") is used if the time has none."""
        half = self.half or half
        if half:
            if not 1 <= self.hour <= 12:
                return None
            return (self.hour % 12 + (12 if half == "p" else 0)) * 60 + self.minute
        return self.hour * 60 + self.minute


def clock(word: str, *, digits: bool = False) -> Clock | None:
    """Return one time of day, or None; with `digits`, 1730 is one too."""
    match = _CLOCK.fullmatch(word) or (_DIGITS.fullmatch(word) if digits else None)
    if match is None:
        return None
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if minute > 59 or int(match["second"] or 0) > 59 or hour > 24 or (hour == 24 and minute):
        return None
    half = (match["half"] or "").lower()
    read = Clock(hour, minute, half, bare=word.isdigit() and len(word) < 3)
    return None if read.minutes() is None else read


def clock_minutes(word: str, *, digits: bool = False) -> int | None:
    """Return a time of day in minutes after midnight, or None if the text is not one."""
    read = clock(word, digits=digits)
    return None if read is None or read.bare else read.minutes()


def time_range(word: str) -> tuple[int, int | None] | None:
    """Return the start of a range of times (minutes after midnight) and its length (minutes).

    None if the text is not a range. The length is None if the end is not after the start. An end on
    the next day is accepted if the range is then not longer than a session can be. In ``9:00 -
    12:00 PM`` and ``9 AM - 12`` the missing am or pm is chosen so that the range is as short as
    possible.
    """
    match = _RANGE.fullmatch(word)
    if match is None:
        return None
    first, last = (clock(match[part].strip(), digits=True) for part in ("start", "end"))
    if first is None or last is None or (first.bare and last.bare):
        return None
    pairs = [(start, end) for start in _ways(first, last) for end in _ways(last, first)]
    lengths = [(end - start, start) for start, end in pairs if start < end]
    lengths = lengths or [
        (end + DAY - start, start) for start, end in pairs if end + DAY - start <= LONGEST_SESSION
    ]
    if not lengths:
        return pairs[0][0], None
    length, start = min(lengths)
    return start, length


def _ways(own: Clock, other: Clock) -> list[int]:
    """Return the possible minutes after midnight of one time of a range."""
    if own.half or not other.half or not 1 <= own.hour <= 12:
        halves = [own.minutes()]
    else:
        halves = [own.minutes("a"), own.minutes("p")]
    return [minutes for minutes in halves if minutes is not None]
