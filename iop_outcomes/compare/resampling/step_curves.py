"""Weighted Kaplan-Meier curves of rows on one grid of days, fast enough to repeat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
NOBODY = 1e-12


@dataclass(frozen=True, eq=False)
class RowsOnGrid:
    """Rows at risk as places on a grid of days.

    Attributes
    ----------
    grid : numpy.ndarray of float64
        The days, rising, from 0.
    first, last : numpy.ndarray of int
        A row is at risk on the days of the grid from `first` to before `last`.
    ending, place : numpy.ndarray of int
        The rows with an event on a day of the grid, and which day.
    """

    grid: Floats
    first: NDArray[np.intp]
    last: NDArray[np.intp]
    ending: NDArray[np.intp]
    place: NDArray[np.intp]

    @classmethod
    def of(cls, grid: Floats, entry: Floats, days: Floats, event: NDArray[np.bool_]) -> RowsOnGrid:
        """Return rows that are at risk in (entry, days], on day 0 too where entry is 0.

        Every event up to the last day of the grid must be on one of its days.
        """
        first = np.where(entry > 0, np.searchsorted(grid, entry, side="right"), 0)
        last = np.searchsorted(grid, days, side="right")
        ending = np.flatnonzero(event & (days <= grid[-1]))
        return cls(grid, first, last, ending, np.searchsorted(grid, days[ending]))

    def survival(self, weight: Floats) -> tuple[Floats, int]:
        """Return the share without the event after each day, and the first place without people.

        Where nobody is at risk the curve stays as it was; that place is the length of the grid if
        somebody is at risk on each day.
        """
        size = len(self.grid)
        came = np.bincount(self.first, weight, minlength=size + 1)
        left = np.bincount(self.last, weight, minlength=size + 1)
        at_risk = np.cumsum(came - left)[:size]
        ended = np.bincount(self.place, weight[self.ending], minlength=size)
        somebody = at_risk > NOBODY * max(float(at_risk.max(initial=0.0)), 1.0)
        share = np.divide(ended, at_risk, out=np.zeros(size), where=somebody)
        survival = np.cumprod(np.clip(1 - share, 0.0, 1.0))
        empty = np.flatnonzero(~somebody)
        gone = np.flatnonzero(survival <= 0)
        end = int(empty[0]) if len(empty) else size
        return survival, size if len(gone) and gone[0] < end else end


def grid_of(days: Floats, event: NDArray[np.bool_], horizon: float) -> Floats:
    """Return day 0, every day with an event up to the horizon, and the horizon."""
    inside = days[event & (days <= horizon)]
    return np.unique(np.concatenate([[0.0], inside, [float(horizon)]]))


def restricted_means(grid: Floats, survival: Floats) -> Floats:
    """Return the area under curves up to the last day of the grid; the days are the last axis."""
    return np.asarray((survival[..., :-1] * np.diff(grid)).sum(axis=-1))
