"""The order of day and month in each file, determined from its dates before rows are compared.

13/02/2026 is a date in one order only, and therefore shows the order of its column in its file.
99/01/2026 is a date in neither order and shows nothing. No file shows the order of another file.

If a column with mostly such dates does not show its order, the order of other such columns of the
file is used. If these do not show it either, an order is assumed: day first if dates are written
with dots, otherwise month first. Both are listed. In other columns, and if a file has dates of both
orders, the value is left missing, and this is listed. If the mapping gives the order, for a source
or for all, it is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.records.mapping import Mapping
from iop_outcomes.records.parsing.dates import (
    DAY_FIRST,
    DAY_FIRST_AS_OTHERS,
    DAY_FIRST_ASSUMED,
    DAY_OR_YEAR,
    HALF_SWAPPED,
    MONTH_FIRST,
    MONTH_FIRST_AS_OTHERS,
    MONTH_FIRST_ASSUMED,
    OPEN,
    YEAR_FIRST,
    DateTexts,
    date_texts,
    form_codes,
)
from iop_outcomes.records.parsing.half_swapped import REAL_DATES, half_swapped
from iop_outcomes.records.parsing.values import without_words
from iop_outcomes.records.sources.coded import Coded, narrow
from iop_outcomes.records.staging import StagedTable

Mask = npt.NDArray[np.bool_]
FEWEST_DAYS = 4  # different values that a part needs to be recognised as the day
_LAST_MONTH, _LAST_DAY = 12, 31
# The kind of a text, which determines its order; the last two are written as 26-01-05 or 26/01/05.
_OTHER, _OPEN_PARTS, _SETTLED_PARTS, _REAL_DATE, _OPEN_HYPHENS, _SETTLED_HYPHENS = range(6)


@dataclass(frozen=True)
class _Evidence:
    """What the dates of one column show about their order, file by file.

    Attributes
    ----------
    texts : DateTexts
        What each distinct text says.
    kind : numpy.ndarray of int8
        The kind of each distinct text: a different date in each order (`_OPEN_PARTS`,
        `_OPEN_HYPHENS`), another date in parts, or a date whose order follows from its form.
    day_first, month_first : numpy.ndarray of bool
        For each file whether the column has a date that is valid in this order only.
    in_parts, dotted : numpy.ndarray of bool
        For each file whether most dates of the column are in parts, and most of these with dots.
    swapped : numpy.ndarray of bool
        For each file whether a spreadsheet has swapped day and month in some of its dates.
    years : list of str
        For each file the order of texts such as 26-01-05 or 26/01/05, if the year may be first.
    """

    texts: DateTexts
    kind: npt.NDArray[np.int8]
    day_first: Mask
    month_first: Mask
    in_parts: Mask
    dotted: Mask
    swapped: Mask
    years: list[str]


def settle_orders(staged: StagedTable, mapping: Mapping) -> None:
    """Determine for every text of a date column the order in which day and month are read.

    A text that is read in two ways in two files becomes two texts of the staged table, so that rows
    with it are not treated as equal.
    """
    if staged.time != "calendar":
        return
    orders_of_files = [own or mapping.date_order for own in staged.file_orders]
    plain = [OPEN if order == YEAR_FIRST else order for order in orders_of_files]
    evidence: dict[str, _Evidence] = {}
    for name, coded in staged.raw.items():
        column = staged.table.column(name, staged.time)
        if column is not None and column.kind == "date":
            evidence[name] = _evidence(staged, name, coded, mapping, orders_of_files)
    for name, own in evidence.items():
        others = [
            evidence_of_column
            for other_name, evidence_of_column in evidence.items()
            if other_name != name
        ]
        orders = np.full((6, len(staged.files)), OPEN, dtype=object)
        orders[_OPEN_PARTS] = orders[_OPEN_HYPHENS] = [
            order or _of_file(file, own, others) for file, order in enumerate(plain)
        ]
        orders[_SETTLED_PARTS] = orders[_SETTLED_HYPHENS] = plain
        for file, order in enumerate(own.years):
            if order != OPEN:
                orders[[_OPEN_HYPHENS, _SETTLED_HYPHENS], file] = order
        orders[_REAL_DATE, own.swapped] = HALF_SWAPPED
        _split(staged, name, own, orders)


def _evidence(
    staged: StagedTable, name: str, coded: Coded, mapping: Mapping, orders_of_files: list[str]
) -> _Evidence:
    words = mapping.words.get(staged.table.name, {}).get(name, {})
    clean = without_words(coded.words.tolist(), words, mapping)
    texts = date_texts(clean, mapping.two_digit_years)
    size, files = len(coded.words), len(staged.files)
    kind = np.where(texts.is_form(*REAL_DATES), _REAL_DATE, _OTHER).astype(np.int8)
    day_first, month_first, dotted, hyphened = np.zeros((4, size), dtype=bool)
    for position, text in texts.parts.items():
        as_month_first, as_day_first = texts.orders(position)
        both = as_month_first is not None and as_day_first is not None
        kind[position] = _OPEN_PARTS if both and as_month_first != as_day_first else _SETTLED_PARTS
        if not both:
            day_first[position] = as_day_first is not None
            month_first[position] = as_month_first is not None
        dotted[position] = text.dotted
        hyphened[position] = text.hyphened
    years = [OPEN] * files
    if not texts.parts:
        none = np.zeros(files, dtype=bool)
        return _Evidence(texts, kind, none, none, none, none, none, years)
    if hyphened.any():
        kind[hyphened] += _OPEN_HYPHENS - _OPEN_PARTS  # the same difference for settled ones
        for file in np.flatnonzero(_held(staged, coded, hyphened)).tolist():
            here = np.unique(coded.codes[staged.file == file])
            own = orders_of_files[file] or year_order(texts, here.tolist())
            years[file] = own if own in (YEAR_FIRST, DAY_OR_YEAR) else OPEN
    order_open = np.array([order == OPEN for order in years])
    held = [
        _held(staged, coded, chosen & ~hyphened)
        | (_held(staged, coded, chosen & hyphened) & order_open)
        for chosen in (day_first, month_first)
    ]
    in_parts, with_dots = _usual(staged, coded, texts, dotted)
    swapped = np.zeros(files, dtype=bool)
    telling = (held[0] != held[1]) & _held(staged, coded, kind == _REAL_DATE)
    telling &= ~_held(staged, coded, np.isin(kind, (_OPEN_PARTS, _OPEN_HYPHENS)))
    for file in np.flatnonzero(telling).tolist():
        here = np.unique(coded.codes[staged.file == file])
        swapped[file] = half_swapped(texts, here)
    return _Evidence(texts, kind, held[0], held[1], in_parts, with_dots, swapped, years)


def _usual(staged: StagedTable, coded: Coded, texts: DateTexts, dotted: Mask) -> tuple[Mask, Mask]:
    """Return for each file whether most of its dates are in parts, and most of these with dots."""
    form, names = form_codes(texts.forms)
    cells = staged.file.astype(np.int64) * len(names) + form[coded.codes]
    counts = np.bincount(cells, minlength=len(names) * len(staged.files)).astype(np.float64)
    counts = counts.reshape(-1, len(names))
    in_parts = counts[:, names == "parts"].sum(axis=1)
    counts[:, names == ""] = -1
    rows = np.bincount(staged.file[dotted[coded.codes]], minlength=len(staged.files))
    return names[counts.argmax(axis=1)] == "parts", 2 * rows > in_parts


def _held(staged: StagedTable, coded: Coded, chosen: Mask) -> Mask:
    """Return for each file whether its rows have one of the chosen texts."""
    files = staged.file[coded.is_any(chosen)]
    return np.asarray(np.bincount(files, minlength=len(staged.files)) > 0)


def _of_file(file: int, own: _Evidence, others: list[_Evidence]) -> str:
    """Return the order in a file for texts of a column that are dates in both orders."""
    day, month = bool(own.day_first[file]), bool(own.month_first[file])
    telling = [evidence for evidence in others if evidence.in_parts[file]]
    other_day = any(evidence.day_first[file] for evidence in telling)
    other_month = any(evidence.month_first[file] for evidence in telling)
    if day or month:
        return OPEN if day and month else DAY_FIRST if day else MONTH_FIRST
    if not own.in_parts[file] or (other_day and other_month):
        return OPEN
    if other_day or other_month:
        return DAY_FIRST_AS_OTHERS if other_day else MONTH_FIRST_AS_OTHERS
    return DAY_FIRST_ASSUMED if own.dotted[file] else MONTH_FIRST_ASSUMED


def _split(staged: StagedTable, name: str, own: _Evidence, orders: npt.NDArray[np.object_]) -> None:
    """Record the order of each text, and divide texts that have different orders in two files."""
    coded = staged.raw[name]
    staged.date_texts[name] = own.texts
    differs = (orders != orders[:, :1]).any(axis=1)
    settled = np.where(differs, OPEN, orders[:, 0]) if orders.shape[1] else np.full(6, OPEN)
    staged.orders[name] = settled[own.kind].tolist()
    rows = np.flatnonzero(differs[own.kind][coded.codes])
    if not len(rows):
        return
    kinds = list(dict.fromkeys(orders.ravel().tolist()))
    numbers = np.array([[kinds.index(order) for order in row] for row in orders.tolist()])
    number = numbers[own.kind[coded.codes[rows]], staged.file[rows]]
    pairs, distinct = pd.factorize(coded.codes[rows].astype(np.int64) * len(kinds) + number)
    codes = coded.codes.astype(np.int64)
    codes[rows] = len(coded.words) + pairs
    copied = distinct // len(kinds)
    words = np.append(coded.words, coded.words[copied])
    staged.raw[name] = Coded(narrow(codes, len(words)), words)
    staged.orders[name] += [kinds[pair % len(kinds)] for pair in distinct]
    staged.date_texts[name] = own.texts.take([*range(len(coded.words)), *copied.tolist()])


def year_order(texts: DateTexts, positions: Iterable[int]) -> str:
    """Return whether the year is first in texts such as 99-99-99 or 99/99/99 of a column and file.

    With slashes, a first part that can be a month is a month, and a date with a part of one digit
    (3/2/26) shows that the year is not first.

    Parameters
    ----------
    texts : DateTexts
        The texts of the column.
    positions : iterable of int
        The positions of the texts in the file.

    Returns
    -------
    str
        `YEAR_FIRST`; `DAY_OR_YEAR` if nothing shows which part is the year, and no first part can
        be a month; or `OPEN`: the texts are read like other dates in parts.
    """
    in_parts = [texts.parts[place] for place in positions if place in texts.parts]
    hyphened = [text for text in in_parts if text.hyphened]
    stroked = any(text.stroked for text in hyphened)
    if stroked and any(text.two_digits and not text.hyphened for text in in_parts):
        return OPEN
    if not hyphened or any(text.year_first is None for text in hyphened):
        return OPEN
    parts = [text.parts or (0, 0, 0) for text in hyphened]
    first, last = {first for first, _, _ in parts}, {last for _, _, last in parts}
    if stroked and min(first) <= _LAST_MONTH:
        return OPEN
    if max(first) > _LAST_DAY or _is_day(last, first):
        return YEAR_FIRST
    if min(first) <= _LAST_MONTH or _is_day(first, last):
        return OPEN
    return DAY_OR_YEAR


def _is_day(days: set[int], years: set[int]) -> bool:
    return len(days) >= FEWEST_DAYS and len(days) >= 2 * len(years)
