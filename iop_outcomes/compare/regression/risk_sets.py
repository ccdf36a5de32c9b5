"""The risk sets of a Cox model, as ranges of cells, without lists of people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.survival.at_risk import RowRanges, first_place

Floats = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class RiskSets(RowRanges):
    """The risk sets of rows under observation from an entry to a day, within strata.

    A *cell* is a day with an event in a stratum. An event of a cell with d events has d *pieces* by
    Efron's rule, in the l-th of which l / d of the tied rows' risk is taken out (l = 0, ...,
    d - 1), and one by Breslow's.

    Attributes
    ----------
    died : numpy.ndarray of int
        The positions of the rows with an event.
    cell : numpy.ndarray of int
        Their cells.
    start : numpy.ndarray of int
        The first piece of each cell.
    of_piece : numpy.ndarray of int
        The cell of each piece.
    fraction, weight : numpy.ndarray of float
        By piece: the part of the tied risk that is taken out, and its weight in the likelihood.
    """

    died: Places
    cell: Places
    start: Places
    of_piece: Places
    fraction: Floats
    weight: Floats

    def kept(self, rows: NDArray[np.bool_]) -> RiskSets:
        """Return the same for some of the rows, all with an event among them."""
        died = (np.cumsum(rows) - 1)[self.died]
        return replace(self, enter=self.enter[rows], leave=self.leave[rows], died=died)

    def tied(self, values: Floats) -> Floats:
        """Return the sum of the rows' values over those with an event in each cell."""
        return np.asarray(np.bincount(self.cell, values[self.died], self.cells), dtype=float)

    def over_pieces(self, values: Floats) -> Floats:
        """Return the sum of each cell's pieces."""
        return np.asarray(np.add.reduceat(values, self.start))

    def exposure(self, by_cell: Floats, by_tied: Floats) -> Floats:
        """Return the sum over each row's cells, less what its own ties take out."""
        passed = self.passed(by_cell)
        passed[self.died] -= by_tied[self.cell]
        return passed


def risk_sets(
    days: NDArray[Any],
    event: NDArray[np.bool_],
    entry: NDArray[Any] | None,
    stratum: NDArray[Any] | None,
    *,
    weight: Floats,
    efron: bool,
) -> RiskSets:
    """Return the risk sets of rows; an entry of 0 is from the start, day 0 included."""
    known = np.sort(pd.unique(days[event]))
    leave = np.searchsorted(known, days, side="right")
    enter = first_place(known, entry, len(days))
    if stratum is not None:
        base = stratum.astype(np.int64) * (len(known) + 1)
        used = np.sort(pd.unique((base + leave)[event]))
        leave, enter = (np.searchsorted(used, base + rank, side="right") for rank in (leave, enter))
    died = np.flatnonzero(event)
    cell = leave[died] - 1
    cells = int(leave.max())
    total = np.bincount(cell, weight[died], cells)
    count = np.bincount(cell, minlength=cells) if efron else np.ones(cells, dtype=np.intp)
    start = np.append(0, np.cumsum(count)[:-1])
    of_piece = np.repeat(np.arange(cells), count)
    fraction = (np.arange(len(of_piece)) - start[of_piece]) / count[of_piece]
    share = (total / count)[of_piece]
    ranges = enter, leave, cells, bool(enter.any())
    return RiskSets(*ranges, died, cell, start, of_piece, fraction, share)
