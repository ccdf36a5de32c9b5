"""What is known from a printed table: counts, the sums between them, and rounded shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from iop_outcomes.disclosure.policy import round_share

Places = npt.NDArray[np.intp]


class Lists(NamedTuple):
    """Lists of numbers, as one: where each starts, and how long it is."""

    numbers: Places
    starts: Places
    sizes: Places

    @classmethod
    def of(cls, numbers: Places, lists: Places, size: int) -> Lists:
        """Return so many lists of numbers that come one list after another.

        `lists` says to which list each belongs, in any order.
        """
        sizes = np.bincount(lists, minlength=size)
        return cls(numbers, np.cumsum(sizes) - sizes, sizes)

    def of_each(self, chosen: Places) -> Places:
        """Return the numbers of some lists, one list after another."""
        sizes = self.sizes[chosen]
        before = np.cumsum(sizes) - sizes
        within = np.repeat(self.starts[chosen] - before, sizes) + np.arange(sizes.sum())
        numbers: Places = self.numbers[within]
        return numbers


@dataclass
class Facts:
    """Counts with their values, and the sums between them.

    Attributes
    ----------
    values : list of int
        The true counts.
    rows : list of dict
        Each a sum that is 0: place of a count -> 1 or -1.
    """

    values: list[int] = field(default_factory=list)
    rows: list[dict[int, int]] = field(default_factory=list)
    _cells: tuple[int, Places, Places] | None = None
    _lists: tuple[int, Lists, Lists] | None = None

    def add(self, value: int) -> int:
        """Add a count and return its place."""
        self.values.append(value)
        return len(self.values) - 1

    def by_place(self) -> Lists:
        """Return for each count the sums that contain it, in order."""
        return self._both()[0]

    def by_row(self) -> Lists:
        """Return for each sum its counts."""
        return self._both()[1]

    def _both(self) -> tuple[Lists, Lists]:
        if self._lists is None or self._lists[0] != len(self.rows):
            row, place = self.cells()
            order = np.argsort(place, kind="stable")
            by_place = Lists.of(row[order], place, len(self.values))
            self._lists = (len(self.rows), by_place, Lists.of(place, row, len(self.rows)))
        return self._lists[1:]

    def cells(self) -> tuple[Places, Places]:
        """Return the sum and the count of each place in a sum, by sum."""
        if self._cells is None or self._cells[0] != len(self.rows):
            row = np.repeat(np.arange(len(self.rows)), [len(row) for row in self.rows])
            place = np.array([place for row in self.rows for place in row], dtype=np.intp)
            self._cells = (len(self.rows), row, place)
        return self._cells[1:]


@dataclass(frozen=True)
class Share:
    """A printed share: the numerator is between `low` and `high` times the denominator.

    Attributes
    ----------
    numerator, denominator, rest : int
        The places of its counts, and of the denominator minus the numerator.
    low, high : float
        The bounds that follow from the rounded share.
    is_bound : bool
        Whether these bounds are what is printed ("over 96%") in place of a rounded share: then the
        numerator, or the rest, may be small.
    """

    numerator: int
    denominator: int
    rest: int
    low: float
    high: float
    is_bound: bool = False

    @classmethod
    def of(cls, places: tuple[int, int, int], values: Sequence[int], decimals: int) -> Share:
        """Return the bounds that follow from a share rounded to n decimals."""
        numerator, denominator, _ = places
        step = 10.0**-decimals
        shown = round_share(values[numerator], values[denominator], decimals)
        if shown in (0.0, 1.0):  # only if it is exact
            return cls(*places, shown, shown)
        # The smallest share above 0 and the largest below 1 are used for all that round to 0 or 1.
        low = 0.0 if shown <= step else shown - step / 2
        high = 1.0 if shown >= 1 - step else shown + step / 2
        return cls(*places, low, high)

    def holds(self, fit: dict[int, int], values: Sequence[int]) -> bool:
        """Return whether these counts (true ones if missing) would be printed as this share."""
        x, n = (fit.get(place, values[place]) for place in (self.numerator, self.denominator))
        return self.low * n - 1e-9 <= x <= self.high * n + 1e-9

    def least(self, threshold: int) -> dict[int, int]:
        """Return the lower bounds of its counts: a rounded share has no small count."""
        if self.is_bound:
            return {}
        sides = [self.numerator] * (self.high > 0) + [self.rest] * (self.low < 1)
        return dict.fromkeys(sides, threshold) | {self.denominator: threshold * len(sides)}


@dataclass
class PrintedItem:
    """A printed item: counts that are shown or hidden together, or a share of two counts.

    Attributes
    ----------
    rank : int
        How important it is.
    counts : list of int
        The places of its counts.
    shares : list of Share
        Its shares.
    """

    rank: int
    counts: list[int] = field(default_factory=list)
    shares: list[Share] = field(default_factory=list)

    def all_of(self) -> set[int | Share]:
        """Return the places of all its counts, those of its shares too, and the shares."""
        sides = [(one.numerator, one.denominator, one.rest) for one in self.shares]
        return {*self.counts, *self.shares, *(place for three in sides for place in three)}
