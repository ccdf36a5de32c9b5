"""Texts as numbers, and the decision whether a covariate contains numbers or words."""

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
"""Error values that spreadsheets and reports write instead of a value."""
MARKS |= ERRORS
"""Texts that mean a missing number in any column."""

WORDS_FOR_MISSING = {
    "none",
    "unknown",
    "unk",
    "missing",
    "not recorded",
    "not available",
    "(blank)",
}
"""Texts that mean a missing number in a column of numbers, but are values in a column of words."""

OTHER_WORDS = 0.05  # the largest share of other words in a column of numbers
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
    """Return whether a covariate contains numbers or words.

    Parameters
    ----------
    clean : list of str
        The distinct texts, without surrounding spaces.
    counts : numpy.ndarray of int
        The number of rows with each text.

    Returns
    -------
    kind : {"whole", "number", "name"}
        Whole numbers, numbers, or words.
    codes : numpy.ndarray of bool
        The texts because of which the column is words although all its other values are numbers.

    Notes
    -----
    A number is written as programs write numbers: digits, a point, an exponent with a sign or after
    a point; no zero before other digits, no sign other than minus. A text with a digit that is not
    such a number is a code: ``02139``, ``1E5``, ``A12``, ``+1555``, ``45y``. Rows that are blank or
    have a mark such as ``n/a`` or ``-`` (`MARKS`) are not counted. A column of numbers has

    - no code: with one code, the other values may be codes too, and a code that is read as a number
      or left missing cannot be recovered (``02139`` and ``2139`` would be the same);
    - numbers in at least half of the rows: ``none`` or ``unknown`` (`WORDS_FOR_MISSING`) then means
      a missing number. A column of mostly words with some numbers is words;
    - other words in at most one row in twenty: otherwise one ``refused`` among many ages would make
      every age a separate group. These words are left missing, and listed one by one.

    Every text that is left missing is listed, and so are codes in a column that would be numbers
    without them. Whole numbers are "whole" (int64) if they fit. Numbers whose whole part a float64
    would round are identifiers, and remain words.
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
    """Return whether a text is an error value, or the marks of a column that is too narrow (##)."""
    return text.casefold() in ERRORS or (len(text) > 2 and text.strip("#") == "")


def _is_numeral(text: str) -> bool:
    return _NUMERAL.fullmatch(text) is not None and bool(np.isfinite(float(text)))


def _kind_of_numbers(texts: list[str]) -> Kind:
    """Return the kind that represents all of the numbers exactly."""
    whole = [_WHOLE.fullmatch(text) for text in texts]
    if all(whole):
        sizes = [int(match[1]) for match in whole if match]
        fit = all(abs(size) < _LARGEST_WHOLE for size in sizes)
        return "whole" if fit else "name"
    plain = (float(text) for text in texts if "e" not in text.lower())
    return "number" if all(abs(value) < _LARGEST_EXACT for value in plain) else "name"


def read_whole(_: Column, clean: list[str]) -> Parsed:
    """Read whole numbers as int64; other texts become `NO_WHOLE` and are listed."""
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
    """Read numbers as float64 within the limits of the column; others are NaN and listed.

    A number can have a decimal comma, or the unit of the column (``0 days``) or its highest value
    (``6/10``) after it; sentences say in how many rows.
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
    """Read texts without a unit as numbers, with decimal commas or separators of thousands.

    ``3,00`` has a decimal comma; ``1,234.5`` and ``1,234,567`` have separators. ``1,234`` is read
    like the other texts of the column; if these do not show how, it is not a number.
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
    """Make numbers outside the limits of the column missing, and list them."""
    low = -np.inf if column.low is None else column.low
    high = np.inf if column.high is None else column.high
    outside = (parsed.values < low) | (parsed.values > high)
    for position in np.flatnonzero(outside).tolist():
        parsed.fault("out_of_range", position, f"value left missing: not {low:g} to {high:g}")
        parsed.missing[position] = True
        parsed.values[position] = np.nan
    return parsed


def list_bad(parsed: Parsed, clean: list[str]) -> Parsed:
    """List the texts that are not blank and not numbers."""
    for position in np.flatnonzero(parsed.missing).tolist():
        if clean[position]:
            parsed.fault("bad_number", position, "value left missing")
    return parsed


def numbers(clean: list[str]) -> npt.NDArray[np.float64]:
    """Return texts as finite numbers; other texts become NaN."""
    texts = pd.Series(clean, dtype=object)
    values = np.array(pd.to_numeric(texts, errors="coerce"), dtype=np.float64)
    finite = np.isfinite(values)
    values[~finite] = np.nan
    values[finite] = texts.to_numpy()[finite].astype(np.float64)  # exact to the last digit
    return values
