"""The unknown counts that are connected with each other, asked once for all reports with the like.

Two reports differ in few tables, and reports taken together are the same reports as before with
one more: most of their connected parts are equal, and what follows in one follows in the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from iop_outcomes.disclosure.solutions.connected import Near, Printed
from iop_outcomes.disclosure.solutions.many import ENOUGH, MANY, SearchOfMany
from iop_outcomes.disclosure.solutions.ranges import Ranges, System, narrow_ranges
from iop_outcomes.disclosure.solutions.room import search_fit
from iop_outcomes.disclosure.solutions.solver import Again, Numbers, Program
from iop_outcomes.disclosure.solutions.solving import fit_in
from iop_outcomes.disclosure.system.fitting import Numbers as WholeNumbers

Limits = tuple[int, int]
MOST = 1_000_000  # people or sessions, and a hundred times as many as anything printed


class Part:
    """Connected unknown counts, and what an outsider can know of each.

    Parameters
    ----------
    system : System
        Their sums and shares, of columns from 0; its values are not used.
    threshold : int
        Counts from 1 to one less are small.
    likely : numpy.ndarray of int64
        One row of numbers a solution that may fit, which are tried before others are looked for.
    again : {"as they are", "turned"}
        How it is asked once more where a count seems to be small: see `whole_numbers`.
    first : int
        Of the columns from this one on many are asked at once; those before are asked elsewhere.
    """

    def __init__(
        self,
        system: System,
        threshold: int,
        likely: WholeNumbers,
        again: Again = "as they are",
        first: int = 0,
    ) -> None:
        """Start with any whole numbers that fit.

        Without an upper bound the search for them can end without a result though there are some,
        as where only shares are printed. So counts that no program has are not looked at first: a
        solution without them is one, and what is open with them only is taken as known.
        """
        self.threshold, self._again, self._first = threshold, again, first
        within = _bounded(system)
        self.found: list[list[int]] = []
        """Whole numbers that fit, of which each has a count that is not small in those before."""
        self._not_small = np.zeros(len(system.places), dtype=np.bool_)
        fitting = next((numbers for numbers in likely if within.holds(numbers)), None)
        self.fit = search_fit(within) if fitting is None else fitting.tolist()
        """Whole numbers that fit, or None if there are none."""
        if self.fit is None:
            within, self.fit = system, search_fit(system)
        self._small: dict[int, bool] = {}
        self._asked = False  # for many counts at once
        self._limits: dict[int, Limits] = {}
        self._with_sums: dict[tuple[tuple[int, ...], ...], Part] = {}
        if self.fit is not None:
            self._system = replace(within, values=[round(value) for value in self.fit])
            self._take(self.fit)
            more = likely[(self._outside(likely) & ~self._not_small).any(axis=1)]
            for numbers in more:
                if within.holds(numbers):
                    self._take(numbers.tolist())

    @property
    def size(self) -> tuple[int, int]:
        """The number of its sums, and of its shares."""
        return len(self._system.rows), len(self._system.shares)

    @property
    def all_found(self) -> list[list[int]]:
        """Whole numbers that fit: those found, and those found with sums of counts."""
        size = len(self._system.places)
        wider = (part.found for part in self._with_sums.values())
        return [*self.found, *(numbers[:size] for found in wider for numbers in found)]

    @cached_property
    def _ranges(self) -> Ranges:
        ranges = narrow_ranges(self._system, self._system.low, self._system.high)
        assert ranges is not None  # the fit is a solution
        return ranges

    def is_small(self, column: int, *, alone: bool = False) -> bool:
        """Return whether a count is known to be small; `alone`: few others will be asked for."""
        if not alone and not self._asked:
            self._raise_many()
            self._asked = True
        if column not in self._small:
            self._small[column] = not (self._not_small[column] or self._may_not_be_small(column))
        return self._small[column]

    def range_if_small(self, column: int) -> Limits | None:
        """Return the least and most value of a count that is known to be small, else None."""
        if not self.is_small(column):
            return None
        if column not in self._limits:
            self._limits[column] = self._limits_of(column)
        return self._limits[column]

    def with_sums(self, sums: tuple[tuple[int, ...], ...]) -> Part:
        """Return the same counts with the sums of some of them, in columns after the others."""
        if sums not in self._with_sums:
            size, system = len(self._system.places), self._system
            numbers = np.array(self.found, dtype=np.int64).reshape(-1, size)
            totals = [numbers[:, list(columns)].sum(axis=1) for columns in sums]
            rows = [
                ({**dict.fromkeys(columns, 1), size + number: -1}, 0)
                for number, columns in enumerate(sums)
            ]
            wider = System(
                [*system.places, *range(-len(sums), 0)],
                [*system.values, *(sum(system.values[one] for one in some) for some in sums)],
                [*system.rows, *rows],
                system.shares,
                [*system.low, *[0.0] * len(sums)],
                [*system.high, *[np.inf] * len(sums)],
            )
            likely = np.column_stack([numbers, *totals])
            self._with_sums[sums] = Part(wider, self.threshold, likely, self._again, size)
        return self._with_sums[sums]

    def multipliers(self, columns: Sequence[int], sign: int) -> Numbers | None:
        """Return those of the sums and shares that bound some counts, or with -1 minus them.

        Each sum and share times its multiplier, added up, shows that there is no larger value, as
        far as counts may be fractions. None if there is no bound.
        """
        costs = np.zeros(len(self._system.places))
        costs[list(columns)] = -sign
        best = self._without_ends.optimum(costs)
        return None if best is None else best.multipliers

    @cached_property
    def _without_ends(self) -> Program:
        """The sums and shares, of counts that have a least value only."""
        low = self._system.limits[0]
        return Program((low, np.full(len(low), np.inf)), self._system.sums)

    def _raise_many(self) -> None:
        """Look for solutions in which many counts at once are not small.

        A count that is the sum of others is mostly large where one of these is, so that it is
        looked at last.
        """
        asked = np.arange(len(self._not_small)) >= self._first
        left = np.flatnonzero(asked & ~self._not_small)
        if len(left) < MANY:
            return
        least = [self.threshold] * len(left)
        search = SearchOfMany(self._system, self._ranges, left.tolist(), least)
        self._raise(search, asked & ~self._system.totals)
        self._raise(search, asked)

    def _raise(self, search: SearchOfMany, among: npt.NDArray[np.bool_]) -> None:
        """Look for solutions in which many of some counts are not small, until few are new."""
        left = np.flatnonzero(among & ~self._not_small)
        while len(left) >= MANY:
            fit = search.next_fit(left.tolist())
            if fit is None:
                return
            self._take(fit)
            before, left = len(left), np.flatnonzero(among & ~self._not_small)
            if before - len(left) < max(MANY, ENOUGH * before):
                return

    def _may_not_be_small(self, column: int) -> bool:
        return any(
            high >= self._system.low[column] and self._can_be(column, low, high)
            for low, high in ((self.threshold, np.inf), (0.0, 0.0))
        )

    def _limits_of(self, column: int) -> Limits:
        value, small = self._system.values[column], range(1, self.threshold)
        low, high = (
            next(
                number
                for number in numbers
                if number == value or self._can_be(column, number, number)
            )
            for numbers in (small, small[::-1])
        )
        return low, high

    def _can_be(self, column: int, low: float, high: float) -> bool:
        """Return whether a count can be in a range; a solution may answer for other counts, too."""
        fit = fit_in(self._system, self._ranges, column, (low, high), again=self._again)
        if fit is not None:
            self._take(fit)
        return fit is not None

    def _take(self, fit: list[int]) -> None:
        outside = self._outside(np.array(fit))
        if (outside & ~self._not_small).any():
            self.found.append(fit)
            self._not_small |= outside

    def _outside(self, numbers: WholeNumbers) -> npt.NDArray[np.bool_]:
        """Return which numbers are not small."""
        outside: npt.NDArray[np.bool_] = (numbers < 1) | (numbers >= self.threshold)
        return outside


def _bounded(system: System) -> System:
    """Return a system without counts that are far larger than all that is known of it."""
    sides = (side.value for share in system.shares for side in share[:2] if side.column is None)
    known = [*(abs(total) for _, total in system.rows), *system.low, *sides]
    most = float(max(MOST, 100 * max(known, default=0)))
    return replace(system, high=[min(high, most) for high in system.high])


class KeptParts:
    """The parts that were asked so far; for `again` see `Part`."""

    def __init__(self, again: Again = "as they are") -> None:
        """Start without parts."""
        self._parts: dict[object, Part] = {}
        self._again: Again = again

    def of_near(self, near: Near, printed: Printed, asked: Callable[[], Part]) -> Part:
        """Return the part of connected unknown counts; `asked` returns it by what it holds."""
        return asked()

    def of(self, system: System, threshold: int, likely: WholeNumbers) -> Part:
        """Return the part with this system: one asked before, if there is an equal one."""
        rows = tuple((tuple(row.items()), total) for row, total in system.rows)
        shares = tuple(
            (*(side if side.column is None else side.column for side in share[:2]), *share[2:])
            for share in system.shares
        )
        name = (threshold, rows, shares, tuple(system.low))
        if name not in self._parts:
            self._parts[name] = Part(system, threshold, likely, self._again)
        return self._parts[name]


class PartsByPlace(KeptParts):
    """The parts that were asked so far of readings with the same counts and sums, which fit.

    A count that is known is then the same number in each. Which counts are connected, and what they
    are at least, says all: counts and sums need not be compared.
    """

    def __init__(self, again: Again = "as they are") -> None:
        """Start without parts."""
        super().__init__(again)
        self._by_place: dict[object, Part] = {}

    def of_near(self, near: Near, printed: Printed, asked: Callable[[], Part]) -> Part:
        """Return the part of connected unknown counts: one asked before, if there is one."""
        name = (near, tuple(map(printed.least.get, near.places)))
        if name not in self._by_place:
            self._by_place[name] = asked()
        return self._by_place[name]
