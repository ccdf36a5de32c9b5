"""What a text says as a number, and whether a column that no table declares holds numbers."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.records.parsing.parsed import NO_WHOLE, Parsed
from iop_outcomes.records.schema import Column, Kind

MARKS = {"n/a", "na", "#n/a", "nan", "null", "nat", "n.a.", "(null)", "<na>"}
MARKS |= {"?", ".", "..", "...", "-", "--", "---", "\u2013", "\u2014"}
ERRORS = {"#n/a", "#value!", "#ref!", "#div/0!", "#name?", "#num!", "#null!", "#spill!", "#calc!"}
ERRORS |= {"#error!", "#field!", "#blocked!", "#getting_data", "#nv", "#wert!", "#bezug!", "#zahl!"}
ERRORS |= {"invalid date", "invalid datetime"}
"""What a spreadsheet or a report writes where it has no value to write."""
MARKS |= ERRORS
"""What stands for a missing number, whatever else the column holds."""

WORDS_FOR_MISSING = {
    "none",
    "unknown",
    "unk",
    "missing",
    "not recorded",
    "not available",
    "(blank)",
}
"""What stands for a missing number in a column of numbers, and is a value among words."""

OTHER_WORDS = 0.05  # the share of values that may be other words in a column of numbers
_NUMERAL = re.compile(
    r"-?(?:(?:(?:0|[1-9][0-9]*)\.[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"  # with a point
    r"|(?:0|[1-9][0-9]*)(?:[eE][+-][0-9]+)?)"
)
_DIGIT = re.compile(r"\d")
_WHOLE = re.compile(r"(-?[0-9]+)(?:\.0*)?")
_LARGEST_EXACT = 2**53  # whole numbers from here on are rounded by a float64
_LARGEST_WHOLE = 2**63


def covariate_kind(
    clean: list[str], counts: npt.NDArray[np.integer[Any]]
) -> tuple[Kind, npt.NDArray[np.bool_]]:
    """Return whether a column that no table declares holds numbers or words.

    Parameters
    ----------
    clean : list of str
        The distinct texts, without surrounding spaces.
    counts : numpy.ndarray of int
        How many rows hold each.

    Returns
    -------
    kind : {"whole", "number", "name"}
        Whole numbers, numbers, or words.
    codes : numpy.ndarray of bool
        The texts that alone make words of a column whose other values are numbers.

    Notes
    -----
    A number is written as programs write numbers: digits, a point, an exponent with a sign or
    after a point; no zero before other digits, no sign but a minus. ``02139``, ``1E5``, ``A12``,
    ``+1555`` or ``45y`` is a code: it has a digit and is no number so written. Of the rows that
    hold neither nothing nor a mark such as ``n/a`` or ``-`` (`MARKS`), a column of numbers has

    - no code: one code means that the digits beside it may be codes as well, and a code that is
      read as a number, or left missing, cannot be got back (``02139`` and ``2139`` would be one);
    - numbers in at least half: ``none`` or ``unknown`` (`WORDS_FOR_MISSING`) then stands for a
      missing number, while a column in which most values are words, and some are digits, is words;
    - other words in at most one in twenty: one ``refused`` among many ages would otherwise make
      as many groups as there are ages. They are left missing, and listed one by one.

    Every text that is left missing is listed, and so are codes in a column that would be numbers
    without them. Numbers that are whole are "whole" (kept as int64) where they fit; numbers of
    which a float64 would round the whole part are identifiers, and stay words.
    """
    folded = [text.casefold() for text in clean]
    numeral = np.array([_is_numeral(text) for text in clean], dtype=bool)
    for_missing = np.array([text in WORDS_FOR_MISSING for text in folded], dtype=bool)
    holds = ~np.array([not text or text in MARKS for text in folded], dtype=bool)
    other = holds & ~numeral & ~for_missing
    code = other & np.array([bool(_DIGIT.search(text)) for text in clean], dtype=bool)
    none = np.zeros(len(clean), dtype=bool)
    rows = {
        name: int(counts[chosen].sum())
        for name, chosen in (("held", holds), ("numeral", numeral), ("other", other))
    }
    few = rows["other"] <= OTHER_WORDS * rows["held"]
    if not rows["numeral"] or not few or 2 * rows["numeral"] < rows["held"]:
        return "name", none
    if code.any():
        return "name", code
    return _kind_of_numbers(
        [text for text, chosen in zip(clean, numeral, strict=True) if chosen]
    ), none


def is_error(text: str) -> bool:
    """Return whether a text is the error of a program, or the marks of a column too narrow."""
    return text.casefold() in ERRORS or (len(text) > 2 and text.strip("#") == "")


def _is_numeral(text: str) -> bool:
    return _NUMERAL.fullmatch(text) is not None and bool(np.isfinite(float(text)))


def _kind_of_numbers(texts: list[str]) -> Kind:
    """Return the kind that holds all the numbers as they are written."""
    whole = [_WHOLE.fullmatch(text) for text in texts]
    if all(whole):
        sizes = [int(match[1]) for match in whole if match]
        fit = all(abs(size) < _LARGEST_WHOLE for size in sizes)
        return "whole" if fit else "name"
    plain = (float(text) for text in texts if "e" not in text.lower())
    return "number" if all(abs(value) < _LARGEST_EXACT for value in plain) else "name"


def read_whole(_: Column, clean: list[str]) -> Parsed:
    """Read whole numbers as int64; anything else is `NO_WHOLE`, and listed."""
    values = np.full(len(clean), NO_WHOLE, dtype=np.int64)
    for position, text in enumerate(clean):
        match = _WHOLE.fullmatch(text)
        if match is not None:
            values[position] = int(match[1])
    parsed = Parsed(values, values == NO_WHOLE)
    return list_bad(parsed, clean)


OWN_UNIT = "{rows} of {name} are written with their unit, and read by it"
_COMMA = "{rows} of {name} have a decimal comma"
_UNIT_WORDS = {
    "days": ("d", "day", "days", "tag", "tage", "tagen"),
    "count": ("x", "time", "times", "mal"),
}
_WITH_UNIT = re.compile(r"(-?\d+(?:\.\d*)?)\s*(?:([^\W\d_]+)\.?|(?:/|of|out of|von)\s*(\d+))")
_GROUP = r"[.' \u00a0\u202f]"
_DECIMAL_COMMA = re.compile(
    rf"[-+]?(?:\d+,(?:\d{{1,2}}|\d{{4,}})|0,\d+|\d{{1,3}}(?:{_GROUP}\d{{3}})+,\d+)"
)
_GROUPED_BY_COMMA = re.compile(r"[-+]?[1-9]\d{0,2}(?:(?:,\d{3})+\.\d+|(?:,\d{3}){2,})")
_ONE_COMMA = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}")
_GROUPED_OTHERWISE = re.compile(rf"[-+]?[1-9]\d{{0,2}}(?:{_GROUP}\d{{3}})+(?:,\d+)?")
_POINT = re.compile(r"[-+]?\d*\.\d*")


def read_numbers(column: Column, clean: list[str]) -> Parsed:
    """Read numbers as float64 within the column's limits; anything else is NaN, and listed.

    A number may have a decimal comma, the column's own unit (``0 days``) or its highest value
    (``6/10``) behind it; sentences say how many rows do.
    """
    bare = [_without_unit(column, text) for text in clean]
    values, parsed = plain_numbers(bare)
    own = np.array([text != other for text, other in zip(clean, bare, strict=True)], dtype=bool)
    parsed.say(OWN_UNIT, own & ~np.isnan(values))
    list_bad(parsed, clean)
    return within_limits(parsed, column)


def _without_unit(column: Column, text: str) -> str:
    match = _WITH_UNIT.fullmatch(text)
    if match is None:
        return text
    if match[2] is not None:
        return match[1] if match[2].lower() in _UNIT_WORDS.get(column.unit, ()) else text
    return match[1] if column.high is not None and float(match[3]) == column.high else text


def plain_numbers(clean: list[str]) -> tuple[npt.NDArray[np.float64], Parsed]:
    """Read texts without a unit as numbers, with decimal comma or groups of thousands.

    ``3,00`` has a decimal comma, ``1,234.5`` and ``1,234,567`` have groups; ``1,234`` is read as
    the others of the column are, and is no number where these do not show it.
    """
    commas = np.array([_DECIMAL_COMMA.fullmatch(text) is not None for text in clean], dtype=bool)
    grouped = any(_GROUPED_BY_COMMA.fullmatch(text) for text in clean)
    pointed = any(_POINT.fullmatch(text) for text in clean)
    if commas.any() and not grouped:
        with_one_comma = (
            [_ONE_COMMA.fullmatch(text) is not None for text in clean] if not pointed else False
        )
        commas |= np.array(with_one_comma, dtype=bool)
    texts = list(clean)
    for position, text in enumerate(clean):
        if commas[position] or (commas.any() and _GROUPED_OTHERWISE.fullmatch(text)):
            texts[position] = re.sub(_GROUP, "", text).replace(",", ".")
        elif (grouped or pointed) and not commas.any() and _grouped(text):
            texts[position] = text.replace(",", "")
    values = numbers(texts)
    parsed = Parsed(values, np.isnan(values))
    parsed.say(_COMMA, commas)
    return values, parsed


def _grouped(text: str) -> bool:
    return bool(_GROUPED_BY_COMMA.fullmatch(text) or _ONE_COMMA.fullmatch(text))


def within_limits(parsed: Parsed, column: Column) -> Parsed:
    """Leave numbers outside the column's limits missing, and list them."""
    low = -np.inf if column.low is None else column.low
    high = np.inf if column.high is None else column.high
    outside = (parsed.values < low) | (parsed.values > high)
    for position in np.flatnonzero(outside).tolist():
        parsed.fault("out_of_range", position, f"value left missing: not {low:g} to {high:g}")
        parsed.missing[position] = True
        parsed.values[position] = np.nan
    return parsed


def list_bad(parsed: Parsed, clean: list[str]) -> Parsed:
    """List the texts that hold something and are no number."""
    for position in np.flatnonzero(parsed.missing).tolist():
        if clean[position]:
            parsed.fault("bad_number", position, "value left missing")
    return parsed


def numbers(clean: list[str]) -> npt.NDArray[np.float64]:
    """Read texts as finite numbers; anything else is NaN."""
    texts = pd.Series(clean, dtype=object)
    values = np.array(pd.to_numeric(texts, errors="coerce"), dtype=np.float64)
    finite = np.isfinite(values)
    values[~finite] = np.nan
    values[finite] = texts.to_numpy()[finite].astype(np.float64)  # to the last digit, as Python
    return values
