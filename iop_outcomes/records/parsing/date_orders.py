"""Day first or month first, for each file: told by its own dates, before rows are compared.

A date such as 13/02/2026 is one in one order only: it tells the order of its column in its file. A
date that is none in either order (99/01/2026) tells nothing; no file tells the order of another.
Where a column that is mostly written so tells nothing, the other such columns of the file do, and
that is listed; where they tell nothing either, month first is assumed, and that is listed. Else,
and where a file holds dates of both orders, the value is left missing, and that is listed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.records.mapping import Mapping
from iop_outcomes.records.parsing.dates import (
    DAY_FIRST,
    DAY_FIRST_AS_OTHERS,
    MONTH_FIRST,
    MONTH_FIRST_AS_OTHERS,
    MONTH_FIRST_ASSUMED,
    OPEN,
    commonest,
    date_texts,
)
from iop_outcomes.records.parsing.values import without_words
from iop_outcomes.records.sources.coded import Coded, narrow
from iop_outcomes.records.staging import StagedTable


@dataclass(frozen=True)
class _Evidence:
    """What the dates of one column tell, file by file.

    Attributes
    ----------
    open : numpy.ndarray of bool
        For each distinct text whether it is a date in both orders, and another one in each.
    day_first, month_first : numpy.ndarray of bool
        For each file whether the column has a date that is one in this order only.
    in_parts : numpy.ndarray of bool
        For each file whether most dates of the column are written in parts.
    """

    open: npt.NDArray[np.bool_]
    day_first: npt.NDArray[np.bool_]
    month_first: npt.NDArray[np.bool_]
    in_parts: npt.NDArray[np.bool_]


def settle_orders(staged: StagedTable, mapping: Mapping) -> None:
    """Say for every text of a date column in which order its day and month are read.

    A text that is read in two ways, in two files, becomes two texts of the staged table: rows that
    look alike are then not taken for one row.
    """
    if staged.time != "calendar":
        return
    evidence: dict[str, _Evidence] = {}
    for name, coded in staged.raw.items():
        column = staged.table.column(name, staged.time)
        if column is None or column.kind != "date":
            continue
        if mapping.date_order:
            staged.orders[name] = [mapping.date_order] * len(coded.words)
        else:
            evidence[name] = _evidence(staged, name, coded, mapping)
    for name, own in evidence.items():
        others = [found for other, found in evidence.items() if other != name]
        _split(staged, name, own.open, _by_file(own, others))


def _evidence(staged: StagedTable, name: str, coded: Coded, mapping: Mapping) -> _Evidence:
    words = mapping.words.get(staged.table.name, {}).get(name, {})
    texts = date_texts(without_words(coded.words.tolist(), words))
    size = len(coded.words)
    opened, day_first, month_first = np.zeros((3, size), dtype=bool)
    for position in texts.parts:
        as_month_first, as_day_first = texts.orders(position)
        if as_month_first is None or as_day_first is None:
            day_first[position] = as_day_first is not None
            month_first[position] = as_month_first is not None
        else:
            opened[position] = as_month_first != as_day_first
    in_parts = np.zeros(len(staged.files), dtype=bool)
    if texts.parts:
        for file in range(len(in_parts)):
            counts = np.bincount(coded.codes[staged.file == file], minlength=size)
            in_parts[file] = commonest(texts.forms, counts) == "parts"
    return _Evidence(
        opened, _held(staged, coded, day_first), _held(staged, coded, month_first), in_parts
    )


def _held(
    staged: StagedTable, coded: Coded, chosen: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Tell for each file whether its rows hold one of the chosen texts."""
    files = staged.file[coded.is_any(chosen)]
    return np.asarray(np.bincount(files, minlength=len(staged.files)) > 0)


def _by_file(own: _Evidence, others: list[_Evidence]) -> list[str]:
    """Return the order that open texts of a column have in each file."""
    result = []
    for file in range(len(own.in_parts)):
        day, month = bool(own.day_first[file]), bool(own.month_first[file])
        telling = [other for other in others if other.in_parts[file]]
        other_day = any(other.day_first[file] for other in telling)
        other_month = any(other.month_first[file] for other in telling)
        if day or month:
            order = OPEN if day and month else DAY_FIRST if day else MONTH_FIRST
        elif not own.in_parts[file] or (other_day and other_month):
            order = OPEN
        elif other_day or other_month:
            order = DAY_FIRST_AS_OTHERS if other_day else MONTH_FIRST_AS_OTHERS
        else:
            order = MONTH_FIRST_ASSUMED
        result.append(order)
    return result


def _split(
    staged: StagedTable, name: str, opened: npt.NDArray[np.bool_], orders: list[str]
) -> None:
    """Give the open texts of a column the order of the files that they stand in."""
    coded = staged.raw[name]
    kinds = list(dict.fromkeys(orders))
    if len(kinds) < 2 or not opened.any():
        settled = kinds[0] if kinds else OPEN
        staged.orders[name] = [settled if is_open else OPEN for is_open in opened.tolist()]
        return
    rows = np.flatnonzero(opened[coded.codes])
    kind = np.array([kinds.index(order) for order in orders])[staged.file[rows]]
    pairs, distinct = pd.factorize(coded.codes[rows].astype(np.int64) * len(kinds) + kind)
    codes = coded.codes.astype(np.int64)
    codes[rows] = len(coded.words) + pairs
    words = np.append(coded.words, coded.words[distinct // len(kinds)])
    staged.raw[name] = Coded(narrow(codes, len(words)), words)
    staged.orders[name] = [OPEN] * len(coded.words) + [
        kinds[pair % len(kinds)] for pair in distinct
    ]
