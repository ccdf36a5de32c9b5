"""What an adjusted comparison is about, as arrays: rows, groups, columns, grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.compare.propensity.scores import GroupModel
from iop_outcomes.compare.resampling.step_curves import RowsOnGrid

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Problem:
    """Rows with their groups and columns.

    Attributes
    ----------
    grid : numpy.ndarray of float64
        Day 0, the days with an event, and the day of the differences, which is the last.
    days, entry : numpy.ndarray of float64
        (rows,).
    event : numpy.ndarray of bool
        (rows,).
    model : GroupModel
        The groups, the columns of the model of the group, whose average it is, and trimming.
    outcome : numpy.ndarray of float64
        (rows, terms), the columns of the model of the event.
    """

    grid: Floats
    days: Floats
    entry: Floats
    event: Flags
    model: GroupModel
    outcome: Floats

    @property
    def group(self) -> NDArray[np.intp]:
        """(rows,), codes from 0."""
        return self.model.group

    @property
    def groups(self) -> int:
        """How many there are."""
        return self.model.groups

    def rows_of(self, group: int) -> RowsOnGrid:
        """Return the rows of a group on the grid."""
        own = self.group == group
        return RowsOnGrid.of(self.grid, self.entry[own], self.days[own], self.event[own])

    def lost(self) -> Floats:
        """Return the curves of a sample that has none."""
        return np.full((self.groups, len(self.grid)), np.nan)
