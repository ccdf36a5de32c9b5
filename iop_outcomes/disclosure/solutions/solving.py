"""Whole numbers that fit what is printed: whether a count can have other values than it has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from iop_outcomes.disclosure.facts import Facts
from iop_outcomes.disclosure.solutions.connected import Mask, Near, Printed, connected
from iop_outcomes.disclosure.solutions.ranges import (
    Ranges,
    SparseMatrix,
    Sums,
    System,
    narrow_ranges,
)
from iop_outcomes.disclosure.solutions.solver import (
    Again,
    Bounds,
    Numbers,
    optimum,
    whole_numbers,
    whole_optimum,
)

NEAR = 3  # how far from a solution in fractions whole numbers are looked for first
MOST_AT_ONCE = 4_000  # counts: near fractions of 5,000 the search among all took a second
WHOLE = 1e-7  # from a whole number, as far as the solver is exact

Part = tuple[Near, tuple[int | None, ...]]
"""Connected counts with their lower bounds."""


@dataclass(frozen=True, eq=False)
class Found:
    """What was found: results by question, and of each connected part its system.

    Most of what may be hidden leaves the counts that are connected with one as they were. It is
    valid as long as no count or sum is declared. A solution is sought that changes little, where
    each change costs what is said in `costs`, by place; default: all the same.
    """

    costs: Numbers | None = None

    fits: dict[tuple[int, tuple[float, float], Part], dict[int, int] | None] = field(
        default_factory=dict
    )
    parts: dict[Part, System] = field(default_factory=dict)

    def system_of(self, part: Part, facts: Facts, printed: Printed) -> System:
        """Return the system of a part."""
        if part not in self.parts:
            self.parts[part] = part[0].system(facts, printed)
        return self.parts[part]


def find_fit(
    facts: Facts,
    printed: Printed,
    count: int,
    wanted: tuple[float, float],
    known_fits: Found | None = None,
) -> dict[int, int] | None:
    """Return whole numbers consistent with what is printed, with one count in the wanted range.

    Parameters
    ----------
    facts : Facts
        The system.
    printed : Printed
        What is known to a reader.
    count : int
        Its place.
    wanted : tuple of float
        The range, including both ends.
    known_fits : Found, optional
        What was found before; the result is kept in it.

    Returns
    -------
    dict of int to int, or None
        A value for each count that is connected with this one; None if nothing fits.
    """
    part = part_of(facts, printed, count)
    known_fits = Found() if known_fits is None else known_fits
    question = (count, wanted, part)
    if question not in known_fits.fits:
        system = known_fits.system_of(part, facts, printed)
        limits = system.limits
        costs = None if known_fits.costs is None else known_fits.costs[system.places]
        fit = fit_in(system, limits, system.places.index(count), wanted, costs)
        known_fits.fits[question] = (
            None if fit is None else dict(zip(system.places, fit, strict=True))
        )
    return known_fits.fits[question]


def fit_in(
    system: System,
    ranges: Ranges,
    column: int,
    wanted: tuple[float, float],
    costs: Numbers | None = None,
    again: Again = "as they are",
) -> list[int] | None:
    """Return whole numbers that fit a system with one count in the wanted range, or None.

    `costs` are those of a change of each count; by default all are the same, and any numbers will
    do where few are found near the true ones. For `again` see `whole_numbers`.
    """
    low, high = ranges[0].copy(), ranges[1].copy()
    low[column], high[column] = max(low[column], wanted[0]), min(high[column], wanted[1])
    if low[column] > high[column]:
        return None
    of_each = np.ones(len(low)) if costs is None else costs
    fit = _search(system, low, high, of_each, again, any_will_do=costs is None)
    return fit if fit is not None and low[column] <= fit[column] <= high[column] else None


def exact(system: System, numbers: Numbers) -> list[int] | None:
    """Return the numbers of the solver as whole numbers; None if these do not fit the system.

    The solver keeps to sums and shares within a tolerance only.
    """
    whole = np.round(numbers).astype(np.int64)
    return whole.tolist() if system.holds(whole) else None


def _search(
    system: System,
    low: Sequence[float] | Numbers,
    high: Sequence[float] | Numbers,
    costs: Numbers,
    again: Again = "as they are",
    *,
    any_will_do: bool = False,
) -> list[int] | None:
    """Search for a solution by integer programming that changes little of the true values.

    It changes few counts, and rather those of low costs, so that it stays valid if others are
    shown.
    """
    least, most = np.array(low), np.array(high)
    before = np.array(system.values, dtype=np.float64)
    least, most = least - before, most - before
    inner, leaves, row, sign = system.leaves
    # Instead of a count that stands in one sum only, that sum may differ by as much as the count.
    floor, ceiling = (
        np.where(sign > 0, one[leaves], -other[leaves])
        for one, other in ((least, most), (most, least))
    )
    matrix, lower, upper = system.changes
    size = len(lower)
    sums = (
        matrix,
        lower - np.bincount(row, ceiling, size),
        upper - np.bincount(row, floor, size),
    )

    def of_changes(least: Numbers, most: Numbers) -> Bounds:
        """Return bounds of by how much each other count is more, then of by how much less."""
        least, most = least[inner], most[inner]
        return (
            np.concatenate([np.maximum(least, 0), np.maximum(-most, 0)]),
            np.concatenate([np.maximum(most, 0), np.maximum(-least, 0)]),
        )

    def narrowed() -> Bounds | None:
        ranges = narrow_ranges(system, low, high)
        if ranges is None:
            return None
        return of_changes(ranges[0] - before, ranges[1] - before)

    bounds = of_changes(least, most)
    of_each = np.tile(costs[inner], 2)
    given = (of_each, bounds, sums, again, narrowed, any_will_do)
    changed = _solve(*given) if len(inner) else np.empty(0)
    if changed is None:
        return None
    more, less = changed.reshape(2, -1)
    changes = np.zeros(len(before))
    changes[inner] = more - less
    moved = np.clip(0.0, floor, ceiling)
    left = -(matrix @ changed) - np.bincount(row, moved, size)
    for number in np.flatnonzero(left[row]).tolist():
        step = min(max(moved[number] + left[row[number]], floor[number]), ceiling[number])
        left[row[number]] -= step - moved[number]
        moved[number] = step
    changes[leaves] = sign * moved
    return exact(system, before + changes)


def _solve(
    costs: Numbers,
    bounds: Bounds,
    sums: Sums,
    again: Again,
    narrowed: Callable[[], Bounds | None] | None = None,
    any_will_do: bool = False,
) -> Numbers | None:
    """Return whole numbers within bounds that fit some sums, of low costs; None if none do.

    Fractions are tried first: where they do not fit, whole numbers do not. Where not all are whole,
    whole numbers near them are tried, since to search the whole range can take a hundred times as
    long; unless `any_will_do` with the costs, which delay a first solution. What bounds follow for
    whole numbers is asked where it is needed: `narrowed` returns them, or None if none fit.
    """
    none = np.zeros(len(bounds[0]))
    best = optimum(costs, bounds, sums)
    if best is None:
        return None
    fractions = best.numbers
    nearest = np.round(fractions)
    if not _broken(fractions).any():
        return nearest
    within = bounds if narrowed is None else narrowed()
    if within is None:
        return None
    ranges = [*_near(fractions, sums[0]), _less_near(fractions, none if any_will_do else costs)]
    near = _whole_within(ranges, within, sums)
    return whole_numbers(within, sums, again).numbers if near is None else near


def whole_near(fractions: Numbers, within: Bounds, sums: Sums) -> Numbers | None:
    """Return whole numbers near fractions that fit some sums; None if none were found.

    Those just above and below the fractions are tried, then of the counts that share a sum with
    them, then of all, unless these are too many.
    """
    ranges = _near(fractions, sums[0])
    if len(fractions) <= MOST_AT_ONCE:
        ranges.append(_less_near(fractions, np.zeros(len(fractions))))
    return _whole_within(ranges, within, sums)


def _whole_within(
    ranges: Iterable[tuple[Numbers, Bounds]], within: Bounds, sums: Sums
) -> Numbers | None:
    """Return whole numbers of low costs in the first range that has some."""
    for costs, (least, most) in ranges:
        near = np.clip(least, *within), np.clip(most, *within)
        numbers = whole_optimum(costs, near, sums)
        if numbers is not None:
            return numbers
    return None


def _near(fractions: Numbers, matrix: SparseMatrix) -> list[tuple[Numbers, Bounds]]:
    """Return costs, none, and ranges: just above and below fractions, and of what is beside."""
    nearest, (down, up) = np.round(fractions), _around(fractions)
    beside = _beside(_beside(_broken(fractions), matrix), matrix)
    none = np.zeros(len(fractions))
    wider = np.where(beside, down - NEAR, nearest), np.where(beside, up + NEAR, nearest)
    return [(none, (down, up)), (none, wider)]


def _less_near(fractions: Numbers, costs: Numbers) -> tuple[Numbers, Bounds]:
    """Return costs and a range of all counts; costs delay a first solution, and are kept if > 0.

    What lowers the costs stays as it is: to look for more of it takes long.
    """
    down, up = _around(fractions)
    return np.maximum(costs, 0), (np.where(costs < 0, down, down - NEAR), up + NEAR)


def _around(fractions: Numbers) -> Bounds:
    """Return the whole numbers just below and above each; twice the same where it is whole."""
    nearest, broken = np.round(fractions), _broken(fractions)
    return (
        np.where(broken, np.floor(fractions), nearest),
        np.where(broken, np.ceil(fractions), nearest),
    )


def _broken(fractions: Numbers) -> Mask:
    """Return which numbers of the solver are not whole."""
    broken: Mask = np.abs(fractions - np.round(fractions)) >= WHOLE
    return broken


def _beside(chosen: Mask, matrix: SparseMatrix) -> Mask:
    """Return the columns that are in a row with one of the chosen."""
    used = abs(matrix)
    beside: Mask = used.T @ (used @ chosen) > 0
    return beside


def part_of(facts: Facts, printed: Printed, count: int) -> Part:
    """Return the unknown counts that are connected with one, with their lower bounds."""
    near = connected(facts, printed, count)
    return near, tuple(map(printed.least.get, near.places))
