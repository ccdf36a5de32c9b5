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
Ranges = tuple[list[float], list[float]]
MOST_ROUNDS = 30


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
        size = len(self.rows)
        return bool(
            ((self.low <= values) & (values <= self.high)).all()
            and ((matrix @ values)[:size] == total[:size]).all()
            and all(share.holds(values) for share in self.shares)
        )

    @cached_property
    def sums(self) -> Sums:
        """Return a matrix of the sums, then of two lines a share, with lower and upper totals."""
        from scipy.sparse import csc_array

        size = len(self.rows) + 2 * len(self.shares)
        lower, upper = np.zeros(size), np.full(size, np.inf)
        cells: list[tuple[int, int, float]] = []
        for number, (row, right) in enumerate(self.rows):
            cells += [(number, column, sign) for column, sign in row.items()]
            lower[number] = upper[number] = right
        for number, share in enumerate(self.shares):
            # numerator - low * denominator >= 0, and high * denominator - numerator >= 0
            for place, sign, factor in ((0, 1, share.low), (1, -1, share.high)):
                line = len(self.rows) + 2 * number + place
                for (column, value), weight in (
                    (share.numerator, sign),
                    (share.denominator, -sign * factor),
                ):
                    if column is None:
                        lower[line] -= weight * value
                    else:
                        cells.append((line, column, weight))
                lower[line] -= 1e-9 * (1 + abs(lower[line]))
        lines, columns, weights = np.array(cells, dtype=np.float64).reshape(-1, 3).T
        places = (lines.astype(np.intp), columns.astype(np.intp))
        return csc_array((weights, places), shape=(size, len(self.places))), lower, upper

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
    def rows_of(self) -> list[list[int]]:
        """The sums that contain each count, in order."""
        rows_of: list[list[int]] = [[] for _ in self.places]
        for number, (row, _) in enumerate(self.rows):
            for place in row:
                rows_of[place].append(number)
        return rows_of


def narrow_ranges(system: System, low: Sequence[float], high: Sequence[float]) -> Ranges | None:
    """Return the ranges that follow from each sum and share separately; None if nothing fits.

    Every solution of the system is within these ranges; not every value within them is a solution.

    Parameters
    ----------
    system : System
        The sums and shares.
    low, high : sequence of float
        The ranges known before.
    """
    low, high = list(low), list(high)
    # A sum needs to be read again only if a range has changed.
    stale = set(range(len(system.rows)))
    for _ in range(MOST_ROUNDS):
        narrowed = False
        for number in sorted(stale):
            places = _narrow_row(*system.rows[number], low, high)
            if any(low[place] > high[place] for place in places):
                return None
            if places:
                narrowed = True
                stale.update(*(system.rows_of[place] for place in places))
            stale.discard(number)
        for share in system.shares:
            places = _narrow_share(share, low, high)
            if any(low[place] > high[place] for place in places):
                return None
            if places:
                narrowed = True
                stale.update(*(system.rows_of[place] for place in places))
        if not narrowed:
            break
    return low, high


def _narrow_row(row: dict[int, int], right: int, low: list[float], high: list[float]) -> list[int]:
    """Narrow the range of each count in a sum by the others; return which were narrowed."""
    floor = ceiling = 0.0
    no_floor = no_ceiling = 0  # the number of them without a bound
    sides = []
    for place, sign in row.items():
        least, most = (low[place], high[place]) if sign > 0 else (-high[place], -low[place])
        sides.append((place, sign, least, most))
        if least == -math.inf:
            no_floor += 1
        else:
            floor += least
        if most == math.inf:
            no_ceiling += 1
        else:
            ceiling += most
    narrowed = []
    for place, sign, least, most in sides:
        # The smallest and the largest sum of the others.
        if no_floor - (least == -math.inf):
            below = -math.inf
        else:
            below = floor if least == -math.inf else floor - least
        if no_ceiling - (most == math.inf):
            above = math.inf
        else:
            above = ceiling if most == math.inf else ceiling - most
        new_low, new_high = (
            (right - above, right - below) if sign > 0 else (below - right, above - right)
        )
        if new_low > low[place] or new_high < high[place]:
            low[place], high[place] = max(low[place], new_low), min(high[place], new_high)
            narrowed.append(place)
    return narrowed


def _narrow_share(share: Ratio, low: list[float], high: list[float]) -> list[int]:
    """Narrow the ranges of the two counts of a share; return which were narrowed."""
    (x, x_value), (n, n_value) = share.numerator, share.denominator
    sides = [place for place in (x, n) if place is not None]
    before = [(low[place], high[place]) for place in sides]
    if x is not None:
        n_low, n_high = (n_value, n_value) if n is None else (low[n], high[n])
        low[x] = max(low[x], math.ceil(share.low * n_low - 1e-9))
        if not math.isinf(n_high):
            high[x] = min(high[x], math.floor(share.high * n_high + 1e-9))
    if n is not None:
        x_low, x_high = (x_value, x_value) if x is None else (low[x], high[x])
        if share.high > 0:
            low[n] = max(low[n], math.ceil(x_low / share.high - 1e-9))
        if share.low > 0 and not math.isinf(x_high):
            high[n] = min(high[n], math.floor(x_high / share.low + 1e-9))
    return [
        place for place, was in zip(sides, before, strict=True) if (low[place], high[place]) != was
    ]
