"""A system of connected unknown counts, and the ranges that follow from its sums."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from iop_outcomes.disclosure.facts import Share

if TYPE_CHECKING:
    from scipy.sparse import csc_array

SparseMatrix: TypeAlias = "csc_array"
Sums: TypeAlias = "tuple[SparseMatrix, npt.NDArray[np.float64], npt.NDArray[np.float64]]"
Numbers = npt.NDArray[np.float64]
Ranges = tuple[Numbers, Numbers]
MOST_ROUNDS = 30
ROOM = 3.0  # people by which the numerator of a share is kept from both ends, where it can be
ROUNDED = 1e-9  # a limit this near to a whole number is this number


class Side(NamedTuple):
    """The numerator or denominator of a share: its column, or None if known; its value."""

    column: int | None
    value: int


class Ratio(NamedTuple):
    """A printed share whose numerator or denominator is not known."""

    numerator: Side
    denominator: Side
    low: float
    high: float

    def holds(self, values: Sequence[float] | npt.NDArray[np.int64]) -> bool:
        """Return whether these values would be printed as the same rounded share."""
        x, n = (
            side.value if side.column is None else values[side.column]
            for side in (self.numerator, self.denominator)
        )
        return self.low * n - 1e-9 <= x <= self.high * n + 1e-9


class Leaves(NamedTuple):
    """Counts that stand in one sum only: their columns, sums and signs; and the other columns."""

    inner: npt.NDArray[np.intp]
    places: npt.NDArray[np.intp]
    row: npt.NDArray[np.intp]
    sign: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class System:
    """Connected unknown counts: each shares a sum or share with another.

    Attributes
    ----------
    places : list of int
        The places of the counts.
    values : list of int
        Their true values.
    rows : list of (dict, int)
        Sums: column -> 1 or -1, and the total.
    shares : list of Ratio
        The printed shares that contain them.
    low, high : list of float
        The known lower and upper bound of each count.
    """

    places: list[int]
    values: list[int]
    rows: list[tuple[dict[int, int], int]]
    shares: list[Ratio]
    low: list[float]
    high: list[float]

    @classmethod
    def of(
        cls,
        places: list[int],
        values: Sequence[int],
        rows: Sequence[dict[int, int]],
        shares: Sequence[Share],
        least: dict[int, int],
    ) -> System:
        """Return the system of the unknown counts at `places`; all others are known."""
        column = {place: number for number, place in enumerate(places)}
        equations = []
        for row in rows:
            inside = {column[place]: sign for place, sign in row.items() if place in column}
            right = -sum(sign * values[place] for place, sign in row.items() if place not in column)
            equations.append((inside, right))
        ratios = [
            Ratio(
                Side(column.get(share.numerator), values[share.numerator]),
                Side(column.get(share.denominator), values[share.denominator]),
                share.low,
                share.high,
            )
            for share in shares
        ]
        return cls(
            places,
            [values[place] for place in places],
            equations,
            ratios,
            [float(least.get(place, 0)) for place in places],
            [math.inf] * len(places),
        )

    def holds(self, values: npt.NDArray[np.int64]) -> bool:
        """Return whether these values fit every bound, sum and share."""
        matrix, total, _ = self.sums
        low, high = self.limits
        size = len(self.rows)
        return bool(
            ((low <= values) & (values <= high)).all()
            and ((matrix @ values)[:size] == total[:size]).all()
            and all(share.holds(values) for share in self.shares)
        )

    @cached_property
    def limits(self) -> Ranges:
        """The known lower and upper bounds, as arrays that are not changed."""
        return np.array(self.low, dtype=np.float64), np.array(self.high, dtype=np.float64)

    @cached_property
    def sums(self) -> Sums:
        """Return a matrix of the sums, then of two lines a share, with lower and upper totals."""
        from scipy.sparse import csc_array

        rows = [row for row, _ in self.rows]
        size = len(rows) + 2 * len(self.shares)
        lower, upper = np.zeros(size), np.full(size, np.inf)
        lower[: len(rows)] = upper[: len(rows)] = [right for _, right in self.rows]
        cells: list[tuple[int, int, float]] = []
        for number, share in enumerate(self.shares):
            # numerator - low * denominator >= 0, and high * denominator - numerator >= 0
            for place, sign, factor in ((0, 1, share.low), (1, -1, share.high)):
                line = len(rows) + 2 * number + place
                for (column, value), weight in (
                    (share.numerator, sign),
                    (share.denominator, -sign * factor),
                ):
                    if column is None:
                        lower[line] -= weight * value
                    else:
                        cells.append((line, column, weight))
                lower[line] -= 1e-9 * (1 + abs(lower[line]))
        of_rows = (
            np.repeat(np.arange(len(rows)), [len(row) for row in rows]),
            [column for row in rows for column in row],
            [sign for row in rows for sign in row.values()],
        )
        of_shares = np.array(cells, dtype=np.float64).reshape(-1, 3).T
        lines, columns, weights = (
            np.concatenate([np.array(one, dtype=np.float64), other])
            for one, other in zip(of_rows, of_shares, strict=True)
        )
        places = (lines.astype(np.intp), columns.astype(np.intp))
        return csc_array((weights, places), shape=(size, len(self.places))), lower, upper

    @cached_property
    def with_room(self) -> Sums:
        """Return `sums` with a number more for each line of a share: how far it is from its end.

        Near the ends of shares hardly any whole numbers fit; where there is room many do.
        """
        from scipy.sparse import csc_array, hstack

        matrix, lower, upper = self.sums
        lines = 2 * len(self.shares)
        own = np.arange(lines)
        cells = (-np.ones(lines), (len(self.rows) + own, own))
        left = csc_array(cells, shape=(len(lower), lines))
        return hstack([matrix, left], format="csc"), lower, upper

    @cached_property
    def cells(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Numbers]:
        """The line and column of each weight in `sums`, and the weight."""
        matrix = self.sums[0].tocoo()
        used = matrix.data != 0  # the lowest bound of a share can be 0
        line, column = (one[used].astype(np.intp) for one in (matrix.row, matrix.col))
        return line, column, matrix.data[used]

    @cached_property
    def changes(self) -> Sums:
        """Return `sums` of by how much each count is more, then of by how much each is less.

        Of counts that stand in several sums or in a share; the others are the `leaves`.
        """
        from scipy.sparse import hstack

        matrix, lower, upper = self.sums
        true = matrix @ np.array(self.values, dtype=np.float64)
        several = matrix[:, self.leaves.inner]
        return hstack([several, -several], format="csc"), lower - true, upper - true

    @cached_property
    def leaves(self) -> Leaves:
        """Return which counts stand in one sum only."""
        shared = {side.column for share in self.shares for side in share[:2]}
        alone = [len(rows) == 1 and place not in shared for place, rows in enumerate(self.rows_of)]
        places = np.flatnonzero(alone).tolist()
        row = [self.rows_of[place][0] for place in places]
        sign = [self.rows[number][0][place] for place, number in zip(places, row, strict=True)]
        columns, sums = np.array(places, dtype=np.intp), np.array(row, dtype=np.intp)
        return Leaves(np.flatnonzero(~np.array(alone)), columns, sums, np.array(sign))

    @cached_property
    def totals(self) -> npt.NDArray[np.bool_]:
        """Which counts stand in one sum only, and there are the sum of the others."""
        total = np.array([right == 0 for _, right in self.rows], dtype=np.bool_)
        signs = np.array([sum(row.values()) for row, _ in self.rows])
        counts = np.array([len(row) for row, _ in self.rows])
        _, places, row, sign = self.leaves
        # The others have the other sign.
        of_others = total[row] & (signs[row] == sign * (2 - counts[row]))
        totals = np.zeros(len(self.places), dtype=np.bool_)
        totals[places[of_others]] = True
        return totals

    @cached_property
    def rows_of(self) -> list[list[int]]:
        """The sums that contain each count, in order."""
        rows_of: list[list[int]] = [[] for _ in self.places]
        for number, (row, _) in enumerate(self.rows):
            for place in row:
                rows_of[place].append(number)
        return rows_of


def narrow_ranges(
    system: System, low: Sequence[float] | Numbers, high: Sequence[float] | Numbers
) -> Ranges | None:
    """Return the ranges that follow from each sum and share separately; None if nothing fits.

    Every solution of the system is within these ranges; not every value within them is a solution.

    Parameters
    ----------
    system : System
        The sums and shares.
    low, high : sequence of float
        The ranges known before.
    """
    _, lower, upper = system.sums
    line, column, weight = system.cells
    positive = weight > 0
    low, high = np.array(low, dtype=np.float64), np.array(high, dtype=np.float64)
    for _ in range(MOST_ROUNDS):
        least = weight * np.where(positive, low[column], high[column])
        most = weight * np.where(positive, high[column], low[column])
        # What a count times its weight is at most and at least, by the others of the sum.
        at_most = upper[line] - _of_others(line, least, -math.inf, len(lower))
        at_least = lower[line] - _of_others(line, most, math.inf, len(lower))
        ceiling = np.where(positive, at_most, at_least) / weight
        floor = np.where(positive, at_least, at_most) / weight
        before = low.copy(), high.copy()
        np.minimum.at(high, column, np.floor(ceiling + ROUNDED))
        np.maximum.at(low, column, np.ceil(floor - ROUNDED))
        if (low > high).any():
            return None
        if np.array_equal(low, before[0]) and np.array_equal(high, before[1]):
            break
    return low, high


def _of_others(line: npt.NDArray[np.intp], values: Numbers, endless: float, lines: int) -> Numbers:
    """Return the sum of the other values of each line; `endless` if one of them is not finite."""
    free = np.isinf(values)
    finite = np.where(free, 0.0, values)
    others: Numbers = np.bincount(line, finite, lines).astype(np.float64)[line] - finite
    others[np.bincount(line, free, lines)[line] > free] = endless
    return others
