"""The values of texts by the kind of their column, determined once for each distinct text.

Each reader takes the distinct texts of a column and returns values and faults. A fault names its
check and the texts that have it; every correction is recorded as a fault.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.records.mapping import Mapping, fold
from iop_outcomes.records.parsing.clocks import read_clock
from iop_outcomes.records.parsing.dates import DateTexts, read_dates
from iop_outcomes.records.parsing.durations import read_minutes
from iop_outcomes.records.parsing.numbers import (
    MARKS,
    WORDS_FOR_MISSING,
    is_error,
    numbers,
    read_numbers,
    read_whole,
)
from iop_outcomes.records.parsing.parsed import NO_CODE, NO_DAY, Parsed
from iop_outcomes.records.schema import Column
from iop_outcomes.records.sources.coded import Coded

_MISSING_WORDS = {"n/a", "na", "#n/a", "nan", "null", "?"}
_MISSING_VALUES = _MISSING_WORDS | {"none", "-", "--", "unknown", ".", "nat"}
_MISSING_BY_KIND = {
    "name": _MISSING_WORDS,
    "number": MARKS | WORDS_FOR_MISSING,
    "whole": MARKS | WORDS_FOR_MISSING,
}
_YES = {"yes", "y", "true", "t", "1", "1.0", "ja", "j", "wahr", "checked"}
_NO = {"no", "n", "false", "f", "0", "0.0", "nein", "falsch", "unchecked"}
_YES |= {"s\u00ed", "oui", "vrai", "verdadero"}
_NO |= {"non", "faux", "falso"}


def parse(
    column: Column,
    coded: Coded,
    mapping: Mapping,
    *,
    time: str = "calendar",
    words: dict[str, str] | None = None,
    orders: Sequence[str] | None = None,
    texts: DateTexts | None = None,
    unit: str = "",
) -> Parsed:
    """Read the distinct texts of a column.

    Parameters
    ----------
    column : Column
        The declaration of the column.
    coded : Coded
        The column as text.
    mapping : Mapping
        The mapping.
    time : {"calendar", "study_days"}
        The kind of dates.
    words : dict of str to str, optional
        The words of the mapping for this column: from words of the export (folded) to words here.
    orders : sequence of str, optional
        For each text of a date column the order of its day and month.
    texts : DateTexts, optional
        What the texts of a date column say, if it was determined already.
    unit : str
        The unit of plain numbers in a column of minutes.
    """
    words = words or {}
    clean, faults = _stripped(coded.words.tolist())
    clean = without_words(clean, words, mapping)
    known = {fold(word) for word in column.words} | set(words)
    errors = _take_errors(clean, known)
    missing_words = _MISSING_BY_KIND.get(column.kind, _MISSING_VALUES)
    longest = max(map(len, missing_words))
    for position, word in enumerate(clean):
        short = word and len(word) <= longest
        if short and word.casefold() in missing_words and fold(word) not in known:
            faults.setdefault("missing_word", {})[position] = "mended: read as missing"
            clean[position] = ""
    if column.kind == "date" and time == "study_days":
        parsed = _read_study_days(clean)
    elif column.kind == "date":
        orders = orders or [mapping.date_order] * len(clean)
        parsed = read_dates(
            *(clean, coded, orders),
            column=column,
            texts=texts,
            two_digit_years=mapping.two_digit_years,
        )
    elif column.unit == "minutes":
        parsed = read_minutes(column, clean, coded.counts(), unit or "minutes")
    else:
        parsed = _READERS[column.kind](column, clean)
    parsed.faults = {**faults, **parsed.faults}
    for chosen in errors:
        parsed.fault_of_all("error_word", chosen, "value left missing: an error of a program")
    return parsed


def _stripped(texts: list[str]) -> tuple[list[str], dict[str, dict[int, str]]]:
    """Return texts without surrounding spaces, and the fault of texts that had some."""
    clean = [text.strip() for text in texts]
    if clean == texts:
        return clean, {}
    spaced = {
        position: "mended: spaces removed"
        for position, (word, text) in enumerate(zip(clean, texts, strict=True))
        if word and word != text
    }
    return clean, {"surrounding_spaces": spaced} if spaced else {}


def _take_errors(clean: list[str], known: set[str]) -> list[npt.NDArray[np.bool_]]:
    """Make error values of programs missing in `clean`; return for each error the texts with it."""
    met: dict[str, list[int]] = {}
    for position, word in enumerate(clean):
        if word and word[0] in "#Ii" and is_error(word) and fold(word) not in known:
            met.setdefault(word.casefold(), []).append(position)
            clean[position] = ""
    result = []
    for positions in met.values():
        chosen = np.zeros(len(clean), dtype=bool)
        chosen[positions] = True
        result.append(chosen)
    return result


def without_words(
    texts: list[str], words: dict[str, str], mapping: Mapping | None = None
) -> list[str]:
    """Return texts without surrounding spaces, with words replaced as the mapping says.

    A text that the mapping declares to be missing in every column becomes empty, unless it is one
    of the words.
    """
    clean = [text.strip() for text in texts]
    absent = {word.strip().casefold() for word in mapping.missing} if mapping else set()
    if absent:
        clean = [
            "" if word.casefold() in absent and fold(word) not in words else word for word in clean
        ]
    return [words.get(fold(word), word) for word in clean] if words else clean


# Names, words, flags, numbers ------------------------------------------------------------------


def _read_names(_: Column, clean: list[str]) -> Parsed:
    texts = np.asarray(clean, dtype=object)
    missing = texts == ""
    codes = np.full(len(texts), NO_CODE, dtype=np.int32)
    name_codes, levels = pd.factorize(texts[~missing])
    codes[~missing] = name_codes
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


_READERS: dict[str, Callable[[Column, list[str]], Parsed]] = {
    "name": _read_names,
    "word": _read_words,
    "flag": _read_flags,
    "number": read_numbers,
    "whole": read_whole,
    "clock": read_clock,
}
