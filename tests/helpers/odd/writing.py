"""Values written as exports write them: each function gives the text of one value."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

Write = Callable[[Any], str]
_MONTHS_DE = (
    *("Januar", "Februar", "M\u00e4rz", "April", "Mai", "Juni", "Juli", "August"),
    *("September", "Oktober", "November", "Dezember"),
)


def _dated(pattern: str) -> Write:
    """Return a writer by a pattern of strftime in which {d} and {m} have no leading zero."""
    return lambda date: date.strftime(pattern.format(d=date.day, m=date.month))


# For each form its writer, and the order of day and month that it has: "" where the form shows it.
DATES: dict[str, tuple[Write, str]] = {
    "iso": (_dated("%Y-%m-%d"), ""),
    "iso with strokes": (_dated("%Y/{m}/{d}"), ""),
    "compact": (_dated("%Y%m%d"), ""),
    "month first": (_dated("%m/%d/%Y"), "month_first"),
    "month first, short": (_dated("{m}/{d}/%y"), "month_first"),
    "day first": (_dated("%d/%m/%Y"), "day_first"),
    "day first, dots": (_dated("{d}.{m}.%Y"), "day_first"),
    "day first, dots and spaces": (_dated("%d. %m. %y"), "day_first"),
    "named": (_dated("%b {d}, %Y"), ""),
    "named, day first": (_dated("{d}-%b-%y"), ""),
    "named, whole": (_dated("%B {d}, %Y"), ""),
    "named, of": (lambda date: date.strftime(f"{date.day}{_th(date.day)} of %B %Y"), ""),
    "named, weekday": (_dated("%A, %B {d}, %Y"), ""),
    "named, German": (lambda date: f"{date.day}. {_MONTHS_DE[date.month - 1]} {date.year}", ""),
    "year and name": (_dated("%Y %b {d}"), ""),
    "weekday and numbers": (_dated("%a {m}/{d}/%Y"), "month_first"),
    "midnight": (_dated("%Y-%m-%d 00:00:00"), ""),
    "midnight, T": (_dated("%Y-%m-%dT00:00"), ""),
    "midnight, AM": (_dated("{m}/{d}/%Y 12:00 AM"), "month_first"),
    "hyphens": (_dated("%d-%m-%y"), "day_first"),
    "year in front": (_dated("%y-%m-%d"), "year_first"),
    "serial": (lambda date: str((date - datetime.date(1899, 12, 30)).days), ""),
    "seconds": (lambda date: str((date - datetime.date(1970, 1, 1)).days * 86_400), ""),
}


def _th(day: int) -> str:
    return "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _half(minutes: int, am: str, pm: str) -> str:
    hour = minutes // 60
    return f"{(hour + 11) % 12 + 1}:{minutes % 60:02d}{pm if hour >= 12 else am}"


CLOCKS: dict[str, Write] = {
    "plain": lambda m: f"{m // 60:02d}:{m % 60:02d}",
    "one digit": lambda m: f"{m // 60}:{m % 60:02d}",
    "AM": lambda m: _half(m, " AM", " PM"),
    "a.m.": lambda m: _half(m, " a.m.", " p.m."),
    "letter": lambda m: _half(m, "a", "p"),
    "digits": lambda m: f"{m // 60:02d}{m % 60:02d}",
    "point": lambda m: f"{m // 60}.{m % 60:02d}",
    "h": lambda m: f"{m // 60}h{m % 60:02d}",
    "Uhr": lambda m: f"{m // 60}:{m % 60:02d} Uhr",
    "seconds": lambda m: f"{m // 60:02d}:{m % 60:02d}:00",
    "share": lambda m: repr(m / 1440),
}
HALVES = ("AM", "a.m.", "letter")


def number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


LENGTHS: dict[str, tuple[Write, str]] = {  # and the unit that the mapping says
    "plain": (number, ""),
    "point": (lambda m: f"{m:.1f}", ""),
    "comma": (lambda m: f"{m:.2f}".replace(".", ","), ""),
    "min": (lambda m: f"{m:g} min", ""),
    "Minutes": (lambda m: f"{m:g} Minutes", ""),
    "h and m": (lambda m: f"{int(m // 60)}h {int(m % 60)}m", ""),
    "h and digits": (lambda m: f"{int(m // 60)}h{int(m % 60):02d}", ""),
    "hours and minutes": (lambda m: f"{int(m // 60)} hrs and {int(m % 60)} min", ""),
    "Std.": (lambda m: f"{m / 60:g}".replace(".", ",") + " Std.", ""),
    "clock": (lambda m: f"{int(m // 60)}:{int(m % 60):02d}", ""),
    "clock, days": (lambda m: f"0 days {int(m // 60):02d}:{int(m % 60):02d}:00", ""),
    "ISO": (lambda m: f"PT{int(m // 60)}H{int(m % 60)}M", ""),
    "hours": (lambda m: number(m / 60), "hours"),
    "hours, comma": (lambda m: f"{m / 60:.2f}".replace(".", ","), "hours"),
    "seconds": (lambda m: number(m * 60), "seconds"),
    "days": (lambda m: repr(m / 1440), "days"),
}
FLAGS: tuple[tuple[str, str], ...] = (
    *(("yes", "no"), ("Y", "N"), ("1", "0"), ("True", "False"), ("T", "f"), ("ja", "NEIN")),
    *(("oui", "non"), ("Checked", "Unchecked"), ("1.0", "0.0"), ("s\u00ed", "no"), ("j", "n")),
)
OWN_FLAG = ("relapsed", "clean")  # words that only a mapping explains
NUMBERS = ("plain", "point", "comma", "unit")


def as_number(name: str, style: str, value: float) -> str:
    """Return a number of a check-in as a style writes it."""
    if style == "point":
        return f"{value:.1f}"
    if style == "comma":
        return f"{value:.1f}".replace(".", ",")
    if style == "unit" and name in ("craving", "phq9"):
        return f"{number(value)}{'/10' if name == 'craving' else ' out of 27'}"
    if style == "unit" and name == "use_days":
        return f"{number(value)} days"
    return number(value)


WORDS = ("ours", "titled", "upper", "hyphens", "own")


def as_word(style: str, place: int, word: str) -> str:
    """Return a word of ours, at a place of its vocabulary, as a style writes it."""
    if style == "titled":
        return word.replace("_", " ").title()
    if style == "upper":
        return word.upper()
    if style == "hyphens":
        return word.replace("_", "-")
    return f"{place + 1}" if style == "own" else word


WITH_UNIT = (
    *("min", "Minutes", "h and m", "h and digits", "hours and minutes", "Std.", "clock"),
    *("clock, days", "ISO"),
)
TWO_DIGITS = (
    *("month first, short", "day first, dots and spaces", "named, day first", "hyphens"),
    "year in front",
)
