"""Files and sheets with the same header as one bundle; recognition of grids, events and lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from iop_outcomes.records.shaping.grid_headings import read_heading
from iop_outcomes.records.sources.coded import Coded, coded
from iop_outcomes.records.suggestions.recognition.header import Header
from iop_outcomes.records.suggestions.recognition.language import heading_tokens
from iop_outcomes.records.suggestions.recognition.profiles import Profile, are_dates, profile

_WEEKDAY = (
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mie|jue|vie|sab|dom)"
    r"[a-z]*\.?,?\s*)?"
)
_DAY_HEADING = re.compile(
    rf"{_WEEKDAY}(?:\d{{1,2}}[/.-]\d{{1,2}}\.?|[a-z]{{3,9}}\.?\s+\d{{1,2}}|\d{{1,2}}[-\s.]+[a-z]{{3,9}})",
    re.IGNORECASE,
)
LEAST_DAYS = 3  # headings that must be dates for a sheet to be a grid
_MOST_EVENTS = 15
_EVENT_WORDS = {"event", "instrument", "form", "type", "visit", "record", "wave", "timepoint"}
_LEAST_BLOCK = 2  # columns that must be filled in some events only, for each kind of event


@dataclass(frozen=True)
class Place:
    """A file, or a sheet of a workbook."""

    file: str
    sheet: str = ""

    def __str__(self) -> str:
        """Return the name of the place for comments."""
        return f"{self.file}, sheet {self.sheet}" if self.sheet else self.file


@dataclass(frozen=True)
class Bundle:
    """Files and sheets with the same header, with their rows combined.

    Attributes
    ----------
    places : tuple of Place
        The files and sheets.
    header : Header
        The position of the header in each of them.
    columns : dict of str to Coded
        The columns, except for those of a grid.
    days : tuple of str
        The headings of a grid, which are dates.
    marks : Profile or None
        The cells below them.
    titles : str
        Texts above the header; they are used for recognition, and never written.
    where : dict of str to tuple of str
        The selected rows: a column and its words; empty: all rows.
    profiles : dict of str to Profile
        The values of each column.
    odd : tuple of dict of str to str
        Lines with more or fewer cells than the header: from headings to the cells that they have.
    blank : tuple of str
        The headings that hold nothing in the selected rows; they are not in `columns`.
    """

    places: tuple[Place, ...]
    header: Header
    columns: dict[str, Coded] = field(repr=False)
    days: tuple[str, ...] = ()
    marks: Profile | None = None
    titles: str = ""
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    profiles: dict[str, Profile] = field(default_factory=dict, repr=False)
    odd: tuple[dict[str, str], ...] = field(default=(), repr=False)
    blank: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """The number of rows."""
        return max((len(column.codes) for column in self.columns.values()), default=0)


@dataclass(frozen=True)
class Sheet:
    """A file or sheet: its header, the columns below it, and the texts above it.

    `odd` are its lines with more or fewer cells than the header, as in `Bundle`.
    """

    place: Place
    header: Header
    columns: dict[str, Coded] = field(repr=False)
    titles: str = ""
    odd: tuple[dict[str, str], ...] = field(default=(), repr=False)


def is_day(heading: str) -> bool:
    """Return whether a heading is a date, with or without a year."""
    bare = heading.strip()
    if _DAY_HEADING.fullmatch(bare) is not None:
        return read_heading(bare, bare=False) is not None  # Week 1 is written so too
    return bool(bare) and are_dates([bare])[0]


def day_headings(names: Sequence[str], fewest: int = LEAST_DAYS) -> tuple[str, ...]:
    """Return the headings of a grid: dates, or the numbers of the days of a month.

    If dates have no year, at least `fewest` are needed; one date with a year is enough.
    """
    days = [name for name in names if is_day(name)]
    if len(days) < fewest and not (days and all(are_dates([name.strip() for name in days]))):
        numbers = [name for name in names if re.fullmatch(r"\d{1,2}(?:\.0)?", name.strip())]
        whole = [int(float(name)) for name in numbers]
        month = len(set(whole)) >= 5 and set(whole) <= set(range(1, 32)) and whole == sorted(whole)
        days = numbers if month else []
    return tuple(days)


def bundles_of(sheets: Iterable[Sheet]) -> list[Bundle]:
    """Combine sheets with the same headings, apart from dates of grids, into bundles."""
    listed = list(sheets)
    days_of = [day_headings(list(sheet.columns)) for sheet in listed]
    grids = {
        (_others(sheet, days), _kind(sheet.place))
        for sheet, days in zip(listed, days_of, strict=True)
        if days
    }
    groups: dict[tuple[object, ...], list[tuple[Sheet, tuple[str, ...]]]] = {}
    for sheet, days in zip(listed, days_of, strict=True):
        few = days or day_headings(list(sheet.columns), 1)
        # The first or last sheet of a monthly grid can have one or two dates only.
        dates = few if (_others(sheet, few), _kind(sheet.place)) in grids else days
        key = (_others(sheet, dates), bool(dates), sheet.header.row, sheet.header.rows)
        groups.setdefault((*key, _kind(sheet.place)), []).append((sheet, dates))
    return [_bundle(group) for group in groups.values()]


def _others(sheet: Sheet, days: Sequence[str]) -> tuple[str, ...]:
    """Return the headings of a sheet other than the days of a grid."""
    return tuple(name for name in sheet.columns if name not in set(days))


def _kind(place: Place) -> str:
    return place.file if place.sheet else place.file.rpartition(".")[2]


def _bundle(group: list[tuple[Sheet, tuple[str, ...]]]) -> Bundle:
    sheets = [sheet for sheet, _ in group]
    days = tuple(dict.fromkeys(name for _, own in group for name in own))
    kept = [name for name in sheets[0].columns if name not in set(days)]
    columns = {name: stacked([sheet.columns[name] for sheet in sheets]) for name in kept}
    marks = [sheet.columns[name] for sheet in sheets for name in days if name in sheet.columns]
    return Bundle(
        places=tuple(sheet.place for sheet in sheets),
        header=sheets[0].header,
        columns=columns,
        days=days,
        marks=profile("", stacked(marks)) if marks else None,
        titles=" ".join(sheet.titles for sheet in sheets[:3]),
        profiles={name: profile(name, column) for name, column in columns.items()},
        odd=tuple(line for sheet in sheets for line in sheet.odd),
    )


def stacked(parts: Sequence[Coded]) -> Coded:
    """Return one column with the rows of several columns, one after another."""
    if len(parts) == 1:
        return parts[0]
    codes, words = pd.factorize(
        np.concatenate([part.words[part.codes] for part in parts]).astype(object)
    )
    return Coded(codes.astype(np.int32), np.asarray(words, dtype=object))


def filled_rows(column: Coded) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return for each row whether its cell is not blank."""
    there = np.array([bool(str(word).strip()) for word in column.words], dtype=bool)
    return there[column.codes] if len(there) else np.zeros(len(column.codes), dtype=bool)


def chosen_rows(
    bundle: Bundle, column: str, words: Sequence[str]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return for each row whether a column has one of the words."""
    kind_of_row = bundle.columns[column]
    wanted = np.array([str(word).strip() in set(words) for word in kind_of_row.words], dtype=bool)
    return kind_of_row.is_any(wanted)


def some_rows(bundle: Bundle, column: str, words: Sequence[str]) -> Bundle:
    """Return a bundle of the rows in which a column has one of the words; no empty columns."""
    rows = np.flatnonzero(chosen_rows(bundle, column, words))
    columns = {
        name: coded(column_coded.words[column_coded.codes[rows]].tolist())
        for name, column_coded in bundle.columns.items()
    }
    profiles = {name: profile(name, column_coded) for name, column_coded in columns.items()}
    kept = {name: column_coded for name, column_coded in columns.items() if profiles[name].filled}
    return Bundle(
        *(bundle.places, bundle.header, kept, bundle.days, bundle.marks, bundle.titles),
        where={**bundle.where, column: tuple(words)},
        profiles={name: profiles[name] for name in kept},
        odd=bundle.odd,
        blank=(*bundle.blank, *(name for name in columns if name not in kept)),
    )


def event_column(bundle: Bundle) -> str:
    """Return the column whose words determine which other columns are filled; empty without one.

    In a file with several tables some columns are filled in the rows of one event only, and others
    in the rows of another event.
    """
    best, most = "", 0.0
    for name, held in bundle.profiles.items():
        if not 2 <= held.distinct <= _MOST_EVENTS or held.filled < 0.95 * bundle.rows:
            continue
        if held.filled < 2 * held.distinct or any(len(text) > 60 for text in held.texts):
            continue
        blocks = _blocks(bundle, name)
        named = bool(_EVENT_WORDS & set(heading_tokens(name)))
        least = min(blocks.values(), default=0) if len(blocks) > 1 else 0
        if len(blocks) > 1 and least >= (1 if named else _LEAST_BLOCK):
            score = sum(blocks.values()) + 3 * named
            if score > most:
                best, most = name, score
    return best


def _blocks(bundle: Bundle, event: str) -> dict[frozenset[str], int]:
    """Return for each set of events the number of columns that are filled in these events only."""
    event_coded = bundle.columns[event]
    words = [str(word).strip() for word in event_coded.words]
    totals = np.bincount(event_coded.codes, minlength=len(words))
    count_of_words: dict[frozenset[str], int] = {}
    for name, column in bundle.columns.items():
        if name == event:
            continue
        held = np.bincount(event_coded.codes, weights=filled_rows(column), minlength=len(words))
        shares = held / np.maximum(totals, 1)
        inside = frozenset(word for word, count in zip(words, held, strict=True) if count and word)
        outside = sum(1 for word in words if word and word not in inside)
        if inside and outside and shares.max() >= 0.3:
            count_of_words[inside] = count_of_words.get(inside, 0) + 1
    return {
        words_in: count
        for words_in, count in count_of_words.items()
        if any(not words_in & other_words for other_words in count_of_words)
    }


SEPARATORS = (";", "\n", "|", ",")


def list_parts(held: Profile) -> tuple[str, list[str]]:
    """Return the separator and the people of a column with lists; empty if it has none."""
    if not held.filled:
        return "", []
    for separator in SEPARATORS:
        share = held.share([separator in text for text in held.looked_at])
        if share >= 0.1:
            parts = [part.strip() for text in held.texts for part in text.split(separator)]
            return separator, [part for part in parts if part]
    return "", []
