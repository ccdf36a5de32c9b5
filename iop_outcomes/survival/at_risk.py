"""How many leave, and how, on each day of each group: counted once for every estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ROOM = 65_536  # so many cells are counted densely however few the rows are


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
    """Return where each day stands among the rising days that may occur, of which 0 is one.

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
