"""The values of a column: shares of dates, times, ranges, lengths, codes, names and words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from iop_outcomes.records.parsing.dates import date_texts
from iop_outcomes.records.parsing.durations import duration
from iop_outcomes.records.parsing.times_of_day import DAY
from iop_outcomes.records.sources.coded import Coded
from iop_outcomes.records.suggestions.recognition.language import means_missing, plain

MOST_LOOKED_AT = 400  # distinct texts by which a column is recognised
HANDFUL = 40  # most distinct texts that are listed one by one
_CLOCK_TEXT = r"\d{1,2}(?:[:.]\d{2}(?::\d{2})?\s*(?:[ap]\.?\s?m\.?|[ap]|uhr|h)?|h\d{2})"
_DIGITS_OF_CLOCK = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d|0?\.\d{2,}")
_CLOCK = re.compile(rf"(?:{_CLOCK_TEXT}|\d{{1,2}}\s*[ap]\.?m\.?)", re.IGNORECASE)
_RANGE = re.compile(
    rf"({_CLOCK_TEXT}|\d{{1,2}}\s*[ap]?m?)\s*(?:-|–|—|to|bis|a|until)\s*"
    rf"({_CLOCK_TEXT}|\d{{1,2}}\s*[ap]m)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:[.,]\d{3})+|\d+)(?:[.,]\d+)?")
_UNIT = r"(?:m|min|mins|minutes?|minuten|minutos?|h|hr|hrs|hours?|std|stunden?|horas?)\.?"
_LENGTH = re.compile(rf"\d+(?:[.,]\d+)?\s*{_UNIT}(?:\s*\d+\s*{_UNIT})?", re.IGNORECASE)
_IN_HOURS = re.compile(r"\d\s*[hm]|[a-z] \d+:\d\d", re.IGNORECASE)
_WITH_UNIT = re.compile(r"-?\d+(?:\.\d+)?(?:/| [a-z])", re.IGNORECASE)
_COUNTED = re.compile(
    r"(\d+(?:[.,]\d+)?)\s+(?:days?|tage?|dias?|times?|meetings?|mal|jours?)", re.IGNORECASE
)
_CODE = re.compile(r"(?=[^\s]*\d)[A-Za-z]{0,8}[-_#./]?[A-Za-z0-9]+(?:[-_./][A-Za-z0-9]+)*(?:\.0)?")
_NAME = re.compile(
    r"[^\W\d_][\w'’.-]+,\s*[^\W\d_][\w'’. -]*|(?:[A-ZÀ-Þ][\w'’.-]*\s+){1,3}[A-ZÀ-Þ][\w'’-]+"
)
_LEVEL = re.compile(
    r"(?:\b(?:iop|php|op|loc|level|intensive outpatient|outpatient|residential|"
    r"partial hospital\w*|detox)\b|(?<!\d)[0-4]\.[0-9]\b|(?<!\d)[1-4]-?wm\b)",
    re.IGNORECASE,
)
_FLAGS = {"yes", "no", "y", "n", "true", "false", "ja", "nein", "si", "oui", "non", "0", "1"}


@dataclass(frozen=True)
class Profile:
    """The distinct texts of a column, the most frequent first, with their numbers of rows.

    Attributes
    ----------
    heading : str
        The heading in the file.
    texts : list of str
        Without surrounding spaces; none is empty.
    counts : numpy.ndarray of int64
        The number of rows with each text.
    rows : int
        The number of rows of the table, including rows with an empty cell.
    """

    heading: str
    texts: list[str]
    counts: np.ndarray[tuple[int], np.dtype[np.int64]] = field(repr=False)
    rows: int

    @property
    def filled(self) -> int:
        """The number of rows that are not blank."""
        return int(self.counts.sum())

    @property
    def distinct(self) -> int:
        """The number of different texts."""
        return len(self.texts)

    @property
    def unique(self) -> bool:
        """Whether each text is in one row only."""
        return self.filled > 0 and self.distinct == self.filled

    @property
    def handful(self) -> bool:
        """Whether the texts are few enough to be listed: words, and not data of people."""
        few = self.distinct <= HANDFUL and (self.distinct <= 4 or 3 * self.distinct <= self.filled)
        return few and all(len(text) <= 80 for text in self.texts)

    @cached_property
    def looked_at(self) -> list[str]:
        """The texts by which the column is recognised."""
        return self.texts[:MOST_LOOKED_AT]

    @cached_property
    def _weights(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        weights = self.counts[:MOST_LOOKED_AT].astype(float)
        return weights / weights.sum() if weights.sum() else weights

    def share(self, chosen: list[bool]) -> float:
        """Return the share of rows whose text is chosen, among texts in `looked_at`."""
        return float(self._weights[np.array(chosen, dtype=bool)].sum()) if chosen else 0.0

    @cached_property
    def dates(self) -> float:
        """The share of rows with a calendar date; plain numbers do not count."""
        return self.share(are_dates(self.looked_at))

    @cached_property
    def clocks(self) -> float:
        """The share of rows with a time of day."""
        return self.share([is_clock(text) for text in self.looked_at])

    @cached_property
    def bare_clocks(self) -> float:
        """The share of rows with digits that may be a time: 0915, or 0.385 as a share of a day."""
        return self.share([_DIGITS_OF_CLOCK.fullmatch(text) is not None for text in self.looked_at])

    @cached_property
    def ranges(self) -> float:
        """The share of rows with a range of times."""
        return self.share([_RANGE.fullmatch(text) is not None for text in self.looked_at])

    @cached_property
    def numbers(self) -> float:
        """The share of rows with a number and nothing else."""
        return self.share([_NUMBER.fullmatch(text) is not None for text in self.looked_at])

    @cached_property
    def counted(self) -> float:
        """The share of rows with a number of days or times: 3 days."""
        return self.share([_COUNTED.fullmatch(text) is not None for text in self.looked_at])

    @cached_property
    def with_unit(self) -> float:
        """The share of rows with a number and something after it: 3 days, 7/10."""
        return self.share([_WITH_UNIT.match(text) is not None for text in self.looked_at])

    @cached_property
    def lengths(self) -> float:
        """The share of rows with a length and its unit: 3h 0m, 180 Minutes, 2h30, PT3H."""
        return self.share([is_length(text) for text in self.looked_at])

    @cached_property
    def codes(self) -> float:
        """The share of rows with a code that contains a digit."""
        return self.share([_CODE.fullmatch(text) is not None for text in self.looked_at])

    @cached_property
    def names(self) -> float:
        """The share of rows that look like names of people."""
        return self.share([_NAME.fullmatch(text) is not None for text in self.looked_at])

    @cached_property
    def levels(self) -> float:
        """The share of rows with a level of care."""
        return self.share([_LEVEL.search(text) is not None for text in self.looked_at])

    @cached_property
    def flags(self) -> float:
        """The share of rows with yes, no or a word for missing."""
        words = [plain(text) in _FLAGS or means_missing(text) for text in self.looked_at]
        return self.share(words)

    @cached_property
    def long(self) -> float:
        """The share of rows with free text."""
        return self.share([len(text) > 60 or text.count(" ") > 7 for text in self.looked_at])

    @cached_property
    def values(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """The numbers in the texts of `looked_at`; NaN if a text is not a number."""
        return np.array([number_in(text) for text in self.looked_at], dtype=float)

    def median(self) -> float:
        """Return the median number over rows; NaN if there are no numbers."""
        there = np.isfinite(self.values)
        if not there.any():
            return float("nan")
        weights = self.counts[:MOST_LOOKED_AT][there]
        order = np.argsort(self.values[there])
        middle = np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)
        return float(self.values[there][order][middle])


def profile(heading: str, coded: Coded) -> Profile:
    """Return the profile of a column."""
    held: dict[str, int] = {}
    for text, count in zip(coded.words.tolist(), coded.counts().tolist(), strict=True):
        bare = str(text).strip()
        if bare and count:
            held[bare] = held.get(bare, 0) + count
    texts = sorted(held, key=lambda text: -held[text])
    counts = np.array([held[text] for text in texts], dtype=np.int64)
    return Profile(heading, texts, counts, len(coded.codes))


def are_dates(texts: list[str]) -> list[bool]:
    """Return which texts are calendar dates; plain numbers do not count."""
    dates = date_texts(texts)
    forms = dates.forms.tolist()
    return [
        form not in ("", "serial", "compact")
        and (place not in dates.parts or dates.orders(place) != (None, None))
        for place, form in enumerate(forms)
    ]


def is_clock(text: str) -> bool:
    """Return whether a text is a time of day."""
    if _CLOCK.fullmatch(text) is None:
        return False
    first, *rest = re.findall(r"\d+", text)
    return int(first) <= 24 and all(int(part) < 60 for part in rest)


def is_length(text: str) -> bool:
    """Return whether a text is a length of up to a day with its unit; 3:00 and 3 days are not."""
    if _LENGTH.fullmatch(text) is not None:
        return True
    if _IN_HOURS.search(text) is None:
        return False
    minutes = duration(text)
    return minutes is not None and minutes <= DAY


def is_range(text: str) -> bool:
    """Return whether a text is a range of two times of day."""
    return _RANGE.fullmatch(text) is not None


def is_value(text: str) -> bool:
    """Return whether a text is a value, not a heading: a date, a number, a code or a time."""
    return bool(values_among([text]))


def values_among(texts: Iterable[str]) -> set[str]:
    """Return the texts, without surrounding spaces, that are values and not headings."""
    numbered = {bare for text in texts if any(map(str.isdigit, bare := text.strip()))}
    values = {
        bare
        for bare in numbered
        if _NUMBER.fullmatch(bare) is not None
        or is_clock(bare)
        or is_range(bare)
        or (_CODE.fullmatch(bare) is not None and sum(map(str.isdigit, bare)) >= 3)
    }
    others = sorted(numbered - values)
    return values | {bare for bare, date in zip(others, are_dates(others), strict=True) if date}


def number_in(text: str) -> float:
    """Return a text as a number, NaN if it is not one; a comma can be a decimal sign."""
    bare = text.strip()
    if counted := _COUNTED.fullmatch(bare):
        bare = counted[1]
    if _NUMBER.fullmatch(bare) is None:
        return float("nan")
    if re.fullmatch(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", bare):
        bare = bare.replace(",", "")
    elif re.fullmatch(r"[-+]?\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?", bare):
        bare = bare.replace(".", "")
    try:
        return float(bare.replace(",", "."))
    except ValueError:
        return float("nan")
