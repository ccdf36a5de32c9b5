"""Quick answers about a whole-number system: implied ranges, and changes that keep every sum.

Most questions about a small system need no search: either the sums alone leave no room, or a few
counts can be moved against each other so that every sum stays.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from iop_outcomes.disclosure.facts import Share

Ranges = tuple[list[float], list[float]]
MOST_ROUNDS = 30
MOST_MOVES = 300


class Side(NamedTuple):
    """One side of a share: its column in the system, or None where it is known; its value."""

    column: int | None
    value: int


class Ratio(NamedTuple):
    """A printed share whose numerator or denominator is not known."""

    numerator: Side
    denominator: Side
    low: float
    high: float

    def holds(self, values: Sequence[float]) -> bool:
        """Say whether the share would be printed so with these values."""
        x, n = (
            side.value if side.column is None else values[side.column]
            for side in (self.numerator, self.denominator)
        )
        return self.low * n - 1e-9 <= x <= self.high * n + 1e-9


@dataclass(frozen=True, eq=False)
class System:
    """Connected unknown counts: each shares a sum or share with another.

    Attributes
    ----------
    places : list of int
        Which counts they are.
    values : list of int
        Their true values.
    rows : list of (dict, int)
        Sums: column -> 1 or -1, and what they come to.
    shares : list of Ratio
        The printed shares that touch them.
    low, high : list of float
        What each is known to be at least and at most.
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
        made = []
        for row in rows:
            inside = {column[place]: sign for place, sign in row.items() if place in column}
            right = -sum(sign * values[place] for place, sign in row.items() if place not in column)
            made.append((inside, right))
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
            made,
            ratios,
            [float(least.get(place, 0)) for place in places],
            [math.inf] * len(places),
        )


def narrow_ranges(system: System, low: Sequence[float], high: Sequence[float]) -> Ranges | None:
    """Return the ranges that the sums and shares leave, each taken by itself; None if nothing fits.

    Whatever fits the system lies within them; not all that lies within them fits.
    """
    low, high = list(low), list(high)
    for _ in range(MOST_ROUNDS):
        before = (list(low), list(high))
        for row, right in system.rows:
            _narrow_row(row, right, low, high)
        for share in system.shares:
            _narrow_share(share, low, high)
        if any(least > most for least, most in zip(low, high, strict=True)):
            return None
        if (low, high) == before:
            break
    return low, high


def _narrow_row(row: dict[int, int], right: int, low: list[float], high: list[float]) -> None:
    smallest = [low[one] if sign > 0 else -high[one] for one, sign in row.items()]
    largest = [high[one] if sign > 0 else -low[one] for one, sign in row.items()]
    floor, ceiling = _sums_without_each(smallest), _sums_without_each(largest)
    for (one, sign), least, most in zip(row.items(), floor, ceiling, strict=True):
        if sign > 0:
            low[one] = max(low[one], right - most)
            high[one] = min(high[one], right - least)
        else:
            low[one] = max(low[one], least - right)
            high[one] = min(high[one], most - right)


def _sums_without_each(numbers: list[float]) -> list[float]:
    """Return for each number the sum of the others, which may be infinite."""
    endless = sum(math.isinf(one) for one in numbers)
    finite = sum(one for one in numbers if not math.isinf(one))
    sign = next((one for one in numbers if math.isinf(one)), math.inf)
    return [
        sign if endless - math.isinf(one) else finite - (0.0 if math.isinf(one) else one)
        for one in numbers
    ]


def _narrow_share(share: Ratio, low: list[float], high: list[float]) -> None:
    (x, x_value), (n, n_value) = share.numerator, share.denominator
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


def move_to(system: System, ranges: Ranges, column: int, value: float) -> list[float] | None:
    """Return a fit with the given value of one count that a simple move finds.

    Each sum that a move breaks is mended by one other count in it, and so on, until all stand.
    None says that no such move was found, not that there is none.
    """
    rows_of: dict[int, list[int]] = {}
    for number, (row, _) in enumerate(system.rows):
        for one in row:
            rows_of.setdefault(one, []).append(number)
    left = [MOST_MOVES]

    def mend(values: dict[int, float]) -> list[float] | None:
        left[0] -= 1
        if left[0] < 0:
            return None
        now = [values.get(one, known) for one, known in enumerate(system.values)]
        touched = sorted({number for one in values for number in rows_of.get(one, [])})
        for number in touched:
            row, right = system.rows[number]
            missing = right - sum(sign * now[one] for one, sign in row.items())
            if missing:
                break
        else:
            return now if all(share.holds(now) for share in system.shares) else None
        free = [one for one in row if one not in values]
        for one in sorted(free, key=lambda one: (len(rows_of[one]), -system.values[one])):
            moved = system.values[one] + missing * row[one]
            if ranges[0][one] <= moved <= ranges[1][one]:
                solution = mend({**values, one: moved})
                if solution is not None:
                    return solution
        return None

    return mend({column: value})
