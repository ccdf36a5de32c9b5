"""Whole numbers that fit reports: those found for some tables are tried first for others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from iop_outcomes.disclosure.declared import Key

Numbers = npt.NDArray[np.int64]


class Fitting:
    """Whole numbers that fit what is printed in some reports.

    If less is printed they still fit. So a count that is not small in some of them need not be
    looked at again.

    Parameters
    ----------
    names : sequence of hashable
        The names of the counts.
    table : numpy.ndarray of int64
        One row a solution, one column a count.
    """

    def __init__(self, names: Sequence[Key] = (), table: Numbers | None = None) -> None:
        """Keep the solutions; without any there are none."""
        self._column = {name: number for number, name in enumerate(names)}
        self.table = np.empty((0, len(names)), dtype=np.int64) if table is None else table

    def of(self, names: Sequence[Key]) -> Numbers:
        """Return the solutions of some counts, a row each, without most of those that are equal."""
        if not len(self.table) or not self._column.keys() >= set(names):
            return np.empty((0, len(names)), dtype=np.int64)
        table = self.table[:, [self._column[name] for name in names]]
        unlike = (table != table[0]).any(axis=1)
        unlike[0] = True
        numbers: Numbers = table[unlike]
        return numbers

    def always_small(self, sums: Sequence[Sequence[int]], threshold: int) -> list[int]:
        """Return which sums are small in every solution, by their number.

        Parameters
        ----------
        sums : sequence of sequence of int
            The columns of the counts of each sum, at least one.
        threshold : int
            Sums from 1 to one less are small.
        """
        left = np.arange(len(sums))
        columns = np.array([column for some in sums for column in some], dtype=np.intp)
        size = np.array([len(some) for some in sums], dtype=np.intp)
        for solution in self.table:
            if not len(left):
                break
            totals = np.add.reduceat(solution[columns], np.cumsum(size) - size)
            small = (totals >= 1) & (totals < threshold)
            left, columns, size = left[small], columns[np.repeat(small, size)], size[small]
        return [int(one) for one in left]
