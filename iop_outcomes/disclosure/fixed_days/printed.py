"""What a reader is told by printed curves: sums of whole numbers that fit everything printed.

The printed shares and numbers at risk of each curve bound the events and the ends of follow-up
between its days, and those of a whole are the sums of those of its groups.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from iop_outcomes.disclosure.solutions.solver import Whole, whole_numbers, whole_optimum

ENDS = ("events", "censored")
MOST_GROUPS = 8  # all sets of more would be too many to be asked
WITHIN = 1e-6  # by how much the solver may miss a sum
Floats = npt.NDArray[np.float64]
Stretch = tuple[int, list[int], int, int]
"""The kind of end, the groups, and the places of the first and the last day."""


class PrintedCurve(NamedTuple):
    """A curve as it is printed.

    `left` holds for each day after day 0 the least and the most who can be followed after it;
    `half` is half of the last digit of the shares, of which that of day 0 is 1.
    """

    people: int
    days: tuple[int, ...]
    shares: tuple[float, ...]
    left: tuple[tuple[int, int], ...]
    half: float


class Row(NamedTuple):
    """A sum of unknown numbers: column -> weight, and the least and the most that it can be."""

    weights: dict[int, float]
    least: float
    most: float


class PrintedFamily:
    """What is printed of a whole and its groups, as sums of whole numbers.

    Parameters
    ----------
    whole : PrintedCurve
        The curve of all people; without days if it is not printed.
    groups : sequence of PrintedCurve
        Those of groups without a person in two of them. Who is in none of them is one more group.
    threshold : int
        The fewest events between two printed days, and people after them.
    """

    def __init__(self, whole: PrintedCurve, groups: Sequence[PrintedCurve], threshold: int) -> None:
        """Take up each curve."""
        self.threshold = threshold
        self.days = sorted({0, *whole.days, *(day for group in groups for day in group.days)})
        self.groups = len(groups) + (whole.people > sum(group.people for group in groups))
        self._low: list[float] = []
        self._high: list[float] = []
        self._rows: list[Row] = []
        stretches = len(self.days) - 1
        self._ends = np.array(
            [self._unknown(0, whole.people) for _ in range(2 * self.groups * stretches)],
            dtype=np.int64,
        ).reshape(2, self.groups, stretches)
        for place, one in enumerate(groups):
            self._take_up(one, [place])
        if whole.days:
            self._take_up(whole, range(self.groups))

    def _unknown(self, least: float, most: float) -> int:
        self._low.append(least)
        self._high.append(most)
        return len(self._low) - 1

    @property
    def size(self) -> int:
        """The number of unknown numbers."""
        return len(self._low)

    def columns(self, stretch: Stretch) -> list[int]:
        """Return the columns of what ended in some groups between two days."""
        kind, groups, first, last = stretch
        columns: list[int] = self._ends[kind][groups, first:last].ravel().tolist()
        return columns

    def _between(self, kind: int, groups: Sequence[int], start: int, end: int) -> list[int]:
        first, last = self.days.index(start), self.days.index(end)
        return self.columns((kind, list(groups), first, last))

    def _take_up(self, curve: PrintedCurve, groups: Sequence[int]) -> None:
        """Take up the numbers at risk and the shares of a curve.

        With n followed on a day, d events and c ends of follow-up until a later one, the share on
        the later day is at most (n - d) / n of that on the first, with all ends after the events,
        and at least (n - d - c) / (n - c).
        """
        left = {0: self._unknown(curve.people, curve.people)}
        for day, (least, most) in zip(curve.days, curve.left, strict=True):
            left[day] = self._unknown(least, most)
        share = dict(zip((0, *curve.days), curve.shares, strict=True))
        for start, end in pairwise((0, *curve.days)):
            events, ended = (self._between(kind, groups, start, end) for kind in (0, 1))
            gone = dict.fromkeys([*events, *ended], 1.0)
            self._rows.append(Row({left[start]: -1.0, left[end]: 1.0, **gone}, 0.0, 0.0))
            self._rows.append(Row(dict.fromkeys(events, 1.0), self.threshold, np.inf))
        for start, end in combinations((0, *curve.days), 2):
            events, ended = (self._between(kind, groups, start, end) for kind in (0, 1))
            edge = curve.half if start else 0.0
            lowest = max(share[end] - curve.half, 0.0) / (share[start] + edge)
            highest = (share[end] + curve.half) / max(share[start] - edge, 1e-9)
            none_left = {left[start]: 1 - lowest, **dict.fromkeys(events, -1.0)}
            self._rows.append(Row(none_left, 0.0, np.inf))
            later = {left[end]: 1.0, left[start]: -highest, **dict.fromkeys(ended, highest)}
            self._rows.append(Row(later, -np.inf, 0.0))

    def stretches(self) -> Iterator[Stretch]:
        """Give each set of groups with any two days, for events and for ends of follow-up."""
        for groups in sets_of(self.groups):
            for first, last in combinations(range(len(self.days)), 2):
                for kind in range(len(ENDS)):
                    yield kind, groups, first, last

    def numbers(self, costs: Floats | None, *also: Row) -> Whole:
        """Return whole numbers of low costs that fit, also some other sums.

        Without costs what seems impossible is asked once more, so that it is known.
        """
        from scipy.sparse import csc_array

        rows = [*self._rows, *also]
        place = [number for number, row in enumerate(rows) for _ in row.weights]
        column = [one for row in rows for one in row.weights]
        weight = [one for row in rows for one in row.weights.values()]
        matrix = csc_array((weight, (place, column)), shape=(len(rows), self.size))
        lower, upper = (np.array([row[side] for row in rows], dtype=np.float64) for side in (1, 2))
        bounds = np.array(self._low, dtype=np.float64), np.array(self._high, dtype=np.float64)
        sums = (matrix, lower, upper)
        if costs is None:
            found, none_fit = whole_numbers(bounds, sums, "as they are")
        else:
            found, none_fit = whole_optimum(costs, bounds, sums), False
        if found is None:
            return Whole(None, none_fit)
        made = matrix @ found
        fits = (made >= lower - WITHIN) & (made <= upper + WITHIN)
        within = (found >= bounds[0]) & (found <= bounds[1])
        return Whole(found if fits.all() and within.all() else None, False)

    def many(self, columns: Sequence[int]) -> Row:
        """Return that a sum is not small, but large."""
        return Row(dict.fromkeys(columns, 1.0), self.threshold, np.inf)

    def none(self, columns: Sequence[int]) -> Row:
        """Return that a sum is zero."""
        return Row(dict.fromkeys(columns, 1.0), 0.0, 0.0)


def sets_of(groups: int) -> list[list[int]]:
    """Return the sets of groups that are asked: all, or of many groups those of up to three."""
    sizes = range(1, groups + 1) if groups <= MOST_GROUPS else (1, 2, 3, groups)
    return [list(some) for size in sizes for some in combinations(range(groups), size)]


class Told(NamedTuple):
    """A small count that follows from printed curves, with the least and the most it can be."""

    stretch: Stretch
    low: int
    high: int


def told_of(family: PrintedFamily) -> list[Told]:
    """Return the counts that are small in all whole numbers that fit what is printed.

    Asked of every set of groups, between any two days. What the solver does not decide is not told.
    """
    known = [family.numbers(np.full(family.size, cost)).numbers for cost in (-1.0, 1.0)]
    seen = [numbers for numbers in known if numbers is not None]
    if not seen and family.numbers(None).none_fit:
        return []  # the curves contradict each other, so that anything would follow
    small: list[Told] = []
    for stretch in family.stretches():
        columns = family.columns(stretch)
        if not all(0 < numbers[columns].sum() < family.threshold for numbers in seen):
            continue
        impossible = True
        for limit in (family.many(columns), family.none(columns)):
            found, none_fit = family.numbers(None, limit)
            if found is not None:
                seen.append(found)
            impossible &= none_fit
            if not impossible:
                break
        if impossible:
            values = [int(numbers[columns].sum()) for numbers in seen]
            small.append(Told(stretch, *_ends_of(family, columns, values)))
    return small


def _ends_of(family: PrintedFamily, columns: Sequence[int], seen: Sequence[int]) -> tuple[int, int]:
    """Return the least and the most that a small count can be, beginning with values seen."""
    possible = set(seen)
    for value in range(1, family.threshold):
        if min(possible, default=value) <= value <= max(possible, default=value - 1):
            continue
        row = Row(dict.fromkeys(columns, 1.0), value, value)
        if not family.numbers(None, row).none_fit:
            possible.add(value)
    return min(possible), max(possible)
