"""Further proposals for a source: units, time ranges, constants, checkboxes, intervals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.records.parsing.dates import date_texts
from iop_outcomes.records.parsing.parsed import NO_DAY
from iop_outcomes.records.suggestions.recognition.bundles import Bundle, filled_rows
from iop_outcomes.records.suggestions.recognition.fits import LENGTHS
from iop_outcomes.records.suggestions.recognition.language import heading_tokens, meaning
from iop_outcomes.records.suggestions.recognition.orders import DAY_FIRST
from iop_outcomes.records.suggestions.recognition.recognising import Source

_TICKED = re.compile(r"(?P<stem>.+?)_{2,}(?P<code>\w+)")
MISSING_CODES = ("-9", "-99", "-999", "-8", "-7", "999", "9999", ".", "..")
_USUAL_INTERVALS = (7, 14, 28, 30)


@dataclass(frozen=True)
class Unit:
    """The unit of numbers in a column of minutes, with the reason, and whether it is sure."""

    unit: str
    why: str
    sure: bool = True


def unit_of(source: Source, column: str) -> Unit | None:
    """Return the unit of lengths in a column, by their size and heading; None for minutes."""
    heading = source.heading_of(column)
    if not heading:
        return None
    held = source.bundle.profiles[heading]
    if held.numbers < 0.5:
        return None  # the texts contain their unit
    tokens = set(heading_tokens(heading))
    middle = held.median()
    says_hours = bool(tokens & {"hour", "hr", "stunden", "std", "hora", "heure"})
    says_minutes = bool(tokens & {"minute", "min", "minuten", "minuto"})
    size = f"the median is {middle:g}" if held.filled >= 11 else "by their size"
    if not np.isfinite(middle) or middle == 0:
        return Unit("hours", "its heading") if says_hours else None
    if middle < 0.75 and not says_hours and not says_minutes:
        return Unit("days", f"{size}: parts of a day, as Excel keeps lengths", sure=middle < 0.4)
    if middle <= 12:
        if says_minutes:
            return Unit("hours", f"{size}, which is too short for minutes: ask", sure=False)
        return Unit("hours", f"its heading; {size}" if says_hours else size)
    if says_hours and middle >= 15:
        return Unit("minutes", f"its heading says hours, but {size}: ask", sure=False)
    if middle > 480:
        return Unit("seconds", size, sure=middle <= 43200)
    return None


def has_range(source: Source) -> bool:
    """Return whether the start times of a source are ranges: 9:00 AM - 12:00 PM."""
    heading = source.heading_of("start_time")
    return bool(heading) and source.bundle.profiles[heading].ranges >= 0.5


def service_by_title(source: Source) -> str:
    """Return the service named in titles, headings or file names, if there is no column of it."""
    if source.table != "attendance" or source.heading_of("service") or source.only:
        return ""
    bundle = source.bundle
    names = [bundle.titles, *(place.sheet or place.file for place in bundle.places[:3])]
    texts = [*names, *bundle.columns]
    services = {
        sense.ours
        for text in texts
        for part in re.split(r"[|\n]", re.sub(r"[_.]", " ", text))
        if (sense := meaning("attendance", "service", part)) and sense.ours in _TITLED
    }
    return services.pop() if len(services) == 1 else ""


_TITLED = ("group", "individual", "family")


@dataclass(frozen=True)
class Ticked:
    """Checkbox columns of one question: their headings, and the words that can be proposed."""

    stem: str
    headings: tuple[str, ...]
    words: dict[str, str]
    column: str


def checkboxes(source: Source) -> list[Ticked]:
    """Return the checkbox columns of a source by question: referral___1, referral___2."""
    groups: dict[str, list[str]] = {}
    for name, held in source.bundle.profiles.items():
        met = _TICKED.fullmatch(name)
        if met and name not in source.matches and set(held.texts) <= {"0", "1", "0.0", "1.0"}:
            groups.setdefault(met["stem"], []).append(name)
    result = []
    for stem, names in groups.items():
        if len(names) > 1:
            column = "entry_path" if source.table == "episodes" else ""
            if column and not set(heading_tokens(stem)) & {
                "referral",
                "referred",
                "entry",
                "source",
            }:
                column = ""
            result.append(Ticked(stem, tuple(names), {}, column))
    return result


def missing_codes(sources: Sequence[Source]) -> dict[str, int]:
    """Return texts that mean missing, such as -9, with their numbers of rows."""
    rows_of_text: dict[str, int] = {}
    for source in sources:
        for name in source.matches:
            held = source.bundle.profiles[name]
            if held.distinct < 2 or source.matches[name].column in ("episode_id", "person_id"):
                continue
            for text, rows in zip(held.texts, held.counts.tolist(), strict=True):
                if text in MISSING_CODES and (text.startswith(("-", ".")) or _beyond(held, text)):
                    rows_of_text[text] = rows_of_text.get(text, 0) + rows
    return rows_of_text


def _beyond(held: object, text: str) -> bool:
    """Return whether a number, such as 999, is far above all other numbers of the column."""
    values = getattr(held, "values", np.array([]))
    others = values[np.isfinite(values) & (values != float(text))]
    return bool(len(others)) and float(others.max()) * 5 < float(text)


def usual_interval(source: Source, order: str) -> int | None:
    """Return the usual number of days between two rows of a person: 7, 14, 28, 30 or None."""
    bundle = source.bundle
    identifier = source.heading_of("episode_id") or source.heading_of("person_id")
    date = source.heading_of("date")
    if not identifier or not date:
        return None
    days = _days(bundle, date, order)
    people = pd.Series(
        [str(word).strip().casefold() for word in bundle.columns[identifier].words], dtype=object
    )
    codes = pd.factorize(people)[0][bundle.columns[identifier].codes]
    there = days != NO_DAY
    frame = pd.DataFrame({"person": codes[there], "day": days[there]}).sort_values(
        ["person", "day"]
    )
    gaps = frame.groupby("person")["day"].diff().dropna()
    gaps = gaps[gaps > 0]
    if len(gaps) < 8:
        return None
    middle = float(gaps.median())
    near = min(_USUAL_INTERVALS, key=lambda days: abs(days - middle))
    usual = float((abs(gaps - near) <= max(1, near // 7)).mean())
    return near if abs(near - middle) <= 1 and usual >= 0.5 else None


def _days(bundle: Bundle, date: str, order: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    column = bundle.columns[date]
    texts = date_texts([str(word).strip() for word in column.words])
    days = texts.days.astype(np.int64)
    for place in texts.parts:
        month, day = texts.orders(place)
        first, second = (day, month) if order == DAY_FIRST else (month, day)
        day_number = first if first is not None else second
        days[place] = NO_DAY if day_number is None else day_number
    return np.asarray(days[column.codes], dtype=np.int64)


def cancelled_by(source: Source) -> str:
    """Return the heading of an unused column that says who cancelled; empty if there is none."""
    for name, held in source.bundle.profiles.items():
        tokens = set(heading_tokens(name))
        if {"canceled", "by"} <= tokens and name not in source.matches and held.handful:
            return name
    return ""


def lengths_of(source: Source) -> list[str]:
    """Return the columns of minutes of a source."""
    return [column for column in LENGTHS if source.heading_of(column)]


def fill_down(source: Source) -> list[str]:
    """Return columns whose blank cells take the value above, if identifiers are in merged cells."""
    bundle = source.bundle
    identifier = source.heading_of("episode_id") or source.heading_of("person_id")
    if not identifier or source.joins or source.lists or not bundle.rows:
        return []
    there = filled_rows(bundle.columns[identifier])
    if there.all() or not there[0] or there.mean() > 0.8:
        return []
    blank = ~there
    merged = []
    for name, column in bundle.columns.items():
        own = ~filled_rows(column)
        if own[blank].mean() >= 0.95 and not own[there].mean() > 0.3:
            merged.append(name)
    return merged
