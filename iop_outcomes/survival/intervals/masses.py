"""Intervals and masses: input and result of estimates of interval-censored events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.survival.limits import crossing_day

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Intervals:
    """Distinct intervals (left, right], of people under observation after `entry`, with counts.

    Attributes
    ----------
    left, right : numpy.ndarray of float
        In days; `right` is infinite where no event is known, and equal to `left` where the day
        itself is.
    weight : numpy.ndarray of float
        How many people.
    entry : numpy.ndarray of float or None
        At most `left`; 0 is before everything, day 0 included. None: all from day 0.
    """

    left: Floats
    right: Floats
    weight: Floats
    entry: Floats | None = None

    @classmethod
    def of(
        cls, left: NDArray[Any], right: NDArray[Any], entry: NDArray[Any] | None = None
    ) -> Intervals:
        """Return the distinct intervals of one entry a person."""
        return cls.placed(left, right, entry)[0]

    @classmethod
    def placed(
        cls, left: NDArray[Any], right: NDArray[Any], entry: NDArray[Any] | None = None
    ) -> tuple[Intervals, NDArray[np.intp]]:
        """Return the distinct intervals of one entry a row, and which of them each row has."""
        starts, start = np.unique(left.astype(np.float64), return_inverse=True)
        ends, end = np.unique(right.astype(np.float64), return_inverse=True)
        code = start * len(ends) + end
        entries = np.empty(0)
        if entry is not None:
            entries, enter = np.unique(entry.astype(np.float64), return_inverse=True)
            code = code * len(entries) + enter
        pair_codes, place, count = np.unique(code, return_inverse=True, return_counts=True)
        pairs = pair_codes if entry is None else pair_codes // len(entries)
        distinct = cls(
            starts[pairs // len(ends)],
            ends[pairs % len(ends)],
            count.astype(float),
            None if entry is None else entries[pair_codes % len(entries)],
        )
        return distinct, place

    def weighted(self, weight: Floats) -> Intervals:
        """Return the intervals that have a weight above 0, with that weight."""
        some = weight > 0
        entry = None if self.entry is None else self.entry[some]
        return Intervals(self.left[some], self.right[some], weight[some], entry)


@dataclass(frozen=True, eq=False)
class Masses:
    """The estimate: cells in order, and a bound on its distance from the maximum.

    Attributes
    ----------
    left, right : numpy.ndarray of float
        The cells (left, right] that hold mass; equal for a single day.
    mass : numpy.ndarray of float
        Above 0, adding up to 1.
    gap : float
        The violation of the Karush-Kuhn-Tucker conditions: at most so much log-likelihood a person
        could be gained by any other distribution.
    steps : int
        The steps that it took.
    after_lowest, after_highest : numpy.ndarray of float
        The lowest and the highest survival after each cell of all estimates that reach the
        maximum; by default `after`: there is one only.
    """

    left: Floats
    right: Floats
    mass: Floats
    gap: float
    steps: int
    after_lowest: Floats | None = None
    after_highest: Floats | None = None

    @property
    def after(self) -> Floats:
        """The survival after each cell."""
        below: Floats = np.append(np.cumsum(self.mass[::-1])[::-1][1:], 0.0)
        return below

    @property
    def before(self) -> Floats:
        """The survival before each cell."""
        return np.append(1.0, self.after[:-1])

    @property
    def lowest(self) -> Floats:
        """The lowest survival after each cell."""
        return self.after if self.after_lowest is None else self.after_lowest

    @property
    def highest(self) -> Floats:
        """The highest survival after each cell."""
        return self.after if self.after_highest is None else self.after_highest

    def median(self) -> tuple[float, float]:
        """Return the earliest and latest median, wherever in its cell the mass is.

        Each by R's rule for a curve that lies on one half; missing if half is not reached.
        """
        endless = np.isinf(self.right)
        low, high = (
            np.append(1.0, np.where(endless, np.append(1.0, after[:-1]), after))
            for after in (self.lowest, self.highest)
        )
        return (
            crossing_day(np.append(0.0, self.left), low),
            crossing_day(np.append(0.0, np.where(endless, self.left, self.right)), high),
        )

    def bounds(self, days: NDArray[Any]) -> tuple[Floats, Floats]:
        """Return the lowest and highest survival on each day, wherever in its cell the mass is."""
        single = self.left == self.right
        begun = np.where(single, self.left, np.nextafter(self.left, np.inf))
        low = np.append(1.0, self.lowest)[np.searchsorted(begun, days, side="right")]
        high = np.append(1.0, self.highest)[np.searchsorted(self.right, days, side="right")]
        return low, high
