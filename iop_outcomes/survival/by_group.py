"""Days of many groups, looked up for all groups in one step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ByGroup:
    """Days of several groups, in order within each.

    Attributes
    ----------
    values : numpy.ndarray
        The days, the groups one after another.
    begin : numpy.ndarray of int
        (groups + 1,), where each group begins, and where the last one ends.
    """

    values: NDArray[Any]
    begin: NDArray[np.intp]

    @classmethod
    def of(cls, days: NDArray[Any], group: NDArray[np.intp], groups: int) -> ByGroup:
        """Return the days in order."""
        begin = np.append(0, np.cumsum(np.bincount(group, minlength=groups)))
        return cls(days[np.lexsort((days, group))], begin)

    def head(self, groups: int) -> ByGroup:
        """Return the days of the first n groups."""
        begin = self.begin[: groups + 1]
        return ByGroup(self.values[: begin[-1]], begin)

    def below(self, asked: NDArray[Any], side: Literal["left", "right"]) -> NDArray[np.intp]:
        """Return how many days of each group are before any (right: not after it).

        The shape is (groups, asked).
        """
        return self.below_in(np.arange(len(self.begin) - 1)[:, None], asked, side)

    def below_in(
        self, group: NDArray[np.intp], asked: NDArray[Any], side: Literal["left", "right"]
    ) -> NDArray[np.intp]:
        """Return how many days of a group are before a day (right: not after it), for each pair."""
        distinct = np.unique(self.values)
        width = len(distinct) + 1
        own = np.repeat(np.arange(len(self.begin) - 1), np.diff(self.begin))
        cells = own * width + np.searchsorted(distinct, self.values)
        sought = group * width + np.searchsorted(distinct, asked, side=side)
        below: NDArray[np.intp] = np.searchsorted(cells, sought) - self.begin[group]
        return below
