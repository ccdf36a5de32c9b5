"""Who is at risk on each day: rows as ranges of days, and counts of those who leave by day.

`RowRanges` serves what sums over rows (regressions, tests, clusters, weights), `Daily` what needs
counts alone (curves of many groups), and both the rule of `first_place`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

ROOM = 65_536  # this many cells are counted densely however few the rows are


def first_place(day: NDArray[Any], entry: NDArray[Any] | None, rows: int) -> Places:
    """Return the place among rising days of the first on which each row is at risk.

    Those who enter on day 0 are at risk on day 0, those who enter on a later day from the day
    after; without `entry` all of n rows are at risk from the start.
    """
    first = np.zeros(rows, dtype=np.intp)
    if entry is not None:
        late = entry > 0
        first[late] = np.searchsorted(day, entry[late], side="right")
    return first


@dataclass(frozen=True, eq=False)
class RowRanges:
    """Rows, each at risk in a range of cells, such as days in order or days within strata.

    Attributes
    ----------
    enter, leave : numpy.ndarray of int
        By row: at risk in the cells from `enter` up to, not with, `leave`.
    cells : int
        How many there are.
    late : bool
        Whether some row may enter after the first cell.
    """

    enter: Places
    leave: Places
    cells: int
    late: bool

    @classmethod
    def of(cls, enter: Places, leave: Places, cells: int) -> RowRanges:
        """Return the ranges of rows, and whether some enter late."""
        return RowRanges(enter, leave, cells, bool(enter.any()))

    def at_risk(self, values: Floats) -> Floats:
        """Return the sum of the rows' values over those at risk in each cell."""
        change = np.bincount(self.leave, values, self.cells + 1)
        if self.late:
            change -= np.bincount(self.enter, values, self.cells + 1)
        # Summed from the last cell on, so that small sums are not differences of large ones.
        return np.asarray(np.cumsum(change[::-1])[::-1][1:])

    def counts(self, group: NDArray[Any], groups: int) -> NDArray[np.int64]:
        """Return how many rows of each group are at risk in each cell, (cells, groups)."""
        size = (self.cells + 1) * groups
        change = np.bincount(self.leave * groups + group, minlength=size)
        if self.late:
            change -= np.bincount(self.enter * groups + group, minlength=size)
        table: NDArray[np.int64] = change.reshape(-1, groups)
        return np.cumsum(table[::-1], axis=0)[::-1][1:]

    def passed(self, by_cell: Floats) -> Floats:
        """Return the sum over the cells in which each row is at risk, (..., rows)."""
        total = np.zeros((*by_cell.shape[:-1], self.cells + 1))
        np.cumsum(by_cell, axis=-1, out=total[..., 1:])
        sums: Floats = total[..., self.leave]
        return sums - total[..., self.enter] if self.late else sums


@dataclass(frozen=True, eq=False)
class Daily:
    """Counts by day of several groups, the groups below each other, each from its day 0.

    Attributes
    ----------
    begin : numpy.ndarray, shape (groups + 1,)
        The entry with which each group begins, and where the last one ends.
    day : numpy.ndarray, shape (entries,)
        Day 0 and the days on which anyone of the group leaves, rising.
    counts : numpy.ndarray, shape (entries, kinds)
        How many leave on the day, by kind; whole numbers, or sums of weights.
    """

    begin: NDArray[np.intp]
    day: NDArray[Any]
    counts: NDArray[Any]

    def own(self, group: int) -> slice:
        """Return the entries of a group."""
        return slice(int(self.begin[group]), int(self.begin[group + 1]))


def count_days(
    days: NDArray[Any],
    group: NDArray[Any],
    groups: int,
    kind: NDArray[Any],
    kinds: int,
    *,
    weight: NDArray[Any] | None = None,
) -> Daily:
    """Count rows, or sum their weights, by group, day and kind.

    Parameters
    ----------
    days : numpy.ndarray
        Numbers, 0 or more.
    group, kind : numpy.ndarray
        The group of each row, 0 to `groups` - 1, and its kind, 0 to `kinds` - 1.
    groups, kinds : int
        How many there are; a group without rows has day 0 alone.
    weight : numpy.ndarray, optional
        What each row counts; one if not given.
    """
    place, distinct = places(days)
    width = len(distinct)
    cell = place if groups == 1 else group * width + place
    if groups * width * kinds <= max(4 * len(days), ROOM):
        counted = np.bincount(cell * kinds + kind, weight, groups * width * kinds)
        table = counted.reshape(groups * width, kinds)
        some = np.asarray(table.any(axis=1))
        some[::width] = True
        cells = np.flatnonzero(some)
        counts = table[cells]
    else:
        starts = np.arange(groups, dtype=np.int64) * width
        code, cells = pd.factorize(np.concatenate([starts, cell]), sort=True)
        counted = np.bincount(code[groups:] * kinds + kind, weight, len(cells) * kinds)
        counts = counted.reshape(len(cells), kinds)
    of_group, of_day = np.divmod(np.asarray(cells), width)
    begin = np.searchsorted(of_group, np.arange(groups + 1))
    return Daily(begin, distinct[of_day], counts)


def places(days: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return where each day is among the rising days that may occur, of which 0 is one.

    Whole days within a short span are their own places; others are ranked, by hash: several
    times faster than `numpy.unique` where days repeat.
    """
    if days.dtype.kind in "iu":
        last = int(days.max())
        if last < max(len(days), ROOM):
            return days.astype(np.int64), np.arange(last + 1, dtype=days.dtype)
    rank, distinct = pd.factorize(days, sort=True)
    ranked = np.asarray(distinct)
    if ranked[0] > 0:
        return rank + 1, np.append(ranked[:1] * 0, ranked)
    return rank.astype(np.int64), ranked
