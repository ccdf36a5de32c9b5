"""Rows of a staged table whose text is the same in every column: folded into the first of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.records.mapping import Mapping
from iop_outcomes.records.staging import Log, StagedTable

Array = npt.NDArray[Any]


def fold_identical(staged: StagedTable, mapping: Mapping, log: Log) -> None:
    """Fold rows whose text is the same in every column into the first of them."""
    if mapping.identical_rows == "fold" and len(staged):
        telling = sorted(staged.raw.values(), key=lambda coded: -len(coded.words))
        twin = identical([coded.codes for coded in telling])
        rows = np.flatnonzero(twin >= 0)
        staged.folded[rows] = True
        staged.kept[rows] = False
        log.rows(staged, rows, "exact_duplicate", "", "folded into the first such row")
    log.tally("exact_duplicate", staged.table.name, "", len(staged), int(staged.folded.sum()))


def identical(codes: list[Array]) -> npt.NDArray[np.int64]:
    """Return for each row the first earlier row with the same codes, or -1 if there is none.

    The columns that tell most come first: rows that already differ there are not looked at
    again. Rows are compared by a 64-bit mix of their codes and then code by code, so that a
    chance agreement of two mixes joins nothing.
    """
    rows = np.arange(len(codes[0]))
    result = np.full(len(rows), -1, dtype=np.int64)
    for columns in (codes[:3], codes):
        mix = _mix([column[rows] for column in columns] if len(rows) < len(result) else columns)
        ordered = np.sort(mix)
        twice = ordered[1:][ordered[1:] == ordered[:-1]]
        if not len(twice):
            return result
        keep = np.isin(mix, twice)
        rows, mix = rows[keep], mix[keep]
    group, _ = pd.factorize(mix)
    first = rows[np.unique(group, return_index=True)[1]][group]
    same = rows != first
    for column in codes:
        same &= column[rows] == column[first]
    result[rows[same]] = first[same]
    return result


def _mix(codes: list[Array]) -> npt.NDArray[np.uint64]:
    mix = np.zeros(len(codes[0]), dtype=np.uint64)
    for column in codes:
        mix += column.astype(np.uint64)
        mix *= np.uint64(0x9E3779B97F4A7C15)
        mix ^= mix >> np.uint64(29)
    return mix
