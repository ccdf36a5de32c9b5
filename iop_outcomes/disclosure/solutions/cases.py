"""Proofs by cases that a count is not in a range: where fractions fit, and no whole numbers do."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from iop_outcomes.disclosure.facts import Facts, Share
from iop_outcomes.disclosure.solutions.connected import connected
from iop_outcomes.disclosure.solutions.ranges import Sums
from iop_outcomes.disclosure.solutions.solver import Numbers, optimum
from iop_outcomes.disclosure.solutions.weighted import CLEARLY, EXACT, Bound, Reader, added_up

MOST_PROGRAMS = 60  # solved for one proof; where these are not enough, there is none
GAINED = 1e-3  # the costs, if the count is one more, are lower by this


class Case(NamedTuple):
    """A weighted sum of counts that is a number or more, in one case; for a reader it is less."""

    bound: Bound
    number: float

    def fails(self, values: npt.NDArray[np.int64], reader: Reader) -> bool:
        """Return whether the case is not possible, by what a reader is shown."""
        return self.bound.largest(values, reader) < self.number - CLEARLY


class Proof(NamedTuple):
    """That a count (or minus the count) is below a limit: none of some cases is possible.

    The cases are all that there are for whole numbers, such as "the denominator is at most 36" and
    "it is at least 37". In each the weighted sum is at least its number if the count is at the
    limit or above; for each reader for whom all fail, it is not.
    """

    limit: float
    cases: tuple[Case, ...]

    @property
    def places(self) -> npt.NDArray[np.intp]:
        """The counts on which it depends whether a case fails."""
        return np.unique(np.concatenate([case.bound.places for case in self.cases]))

    @property
    def shares(self) -> frozenset[Share]:
        """The printed shares that it needs."""
        return frozenset().union(*(case.bound.shares for case in self.cases))

    def excludes(self, limit: float, values: npt.NDArray[np.int64], reader: Reader) -> bool:
        """Return whether for a reader the count (or minus the count) is below a limit."""
        return limit >= self.limit and all(case.fails(values, reader) for case in self.cases)


class Limit(NamedTuple):
    """That a count, or with sign -1 minus the count, is at least a number."""

    column: int
    sign: int
    number: float


class _NotProvedError(Exception):
    """Whole numbers fit, or the programs allowed are not enough."""


def prove(facts: Facts, reader: Reader, count: int, sign: int, limit: float) -> Proof | None:
    """Return a proof that a count, or with sign -1 minus the count, is below a limit.

    None if whole numbers fit, or if it would take more than `MOST_PROGRAMS`.

    Parameters
    ----------
    facts : Facts
        The counts and sums.
    reader : Reader
        What is shown.
    count : int
        The place of a count that is not known.
    sign : int
        1 or -1.
    limit : float
        What it would be at least.
    """
    search = _Search(facts, reader, count)
    try:
        cases, _ = search.cases((Limit(search.near.places.index(count), sign, limit),))
    except _NotProvedError:
        return None
    return Proof(limit, tuple(cases))


class _Search:
    """Divides what is possible into cases until linear programming shows that none is."""

    def __init__(self, facts: Facts, reader: Reader, count: int) -> None:
        self.facts, self.reader = facts, reader
        self.values = np.array(facts.values, dtype=np.int64)
        self.near = connected(facts, reader.printed, count)
        self.system = self.near.system(facts, reader.printed)
        shares = self.near.shares
        sides = [place for one in shares for place in (one.numerator, one.denominator)]
        self.of_shares = np.isin(self.near.places, sides)
        self.left = MOST_PROGRAMS

    def cases(self, limits: tuple[Limit, ...]) -> tuple[list[Case], set[Limit]]:
        """Return cases that fail and are all that there are within limits; and the limits used.

        The first of the limits is that of the count asked for.
        """
        if not self.left:
            raise _NotProvedError
        self.left -= 1
        case, used, numbers = self.program(limits)
        if case is not None:
            if not case.fails(self.values, self.reader):
                raise _NotProvedError
            return [case], used
        broken = np.abs(numbers - np.round(numbers))
        if not (broken > CLEARLY).any():
            raise _NotProvedError
        # What is in a share is divided first, then what is farthest from a whole number.
        column = int(np.argmax(broken + (self.of_shares & (broken > CLEARLY))))
        down = float(np.floor(numbers[column]))
        every, needed = list[Case](), set[Limit]()
        for limit in (Limit(column, -1, -down), Limit(column, 1, down + 1)):
            cases, used = self.cases((*limits, limit))
            if limit not in used:
                return cases, used  # they fail without it, so that the other is not needed
            every += cases
            needed |= used - {limit}
        return every, needed

    def program(self, limits: tuple[Limit, ...]) -> tuple[Case | None, set[Limit], Numbers]:
        """Return a case that fails with the limits that it uses, or None; and the fractions found.

        By how much the limits are missed is made small, and where none has to be, the count asked
        for large. By the duality theorem the multipliers of the sums, shares and limits are a proof
        that they cannot be missed by less: each times its multiplier, added up, gives the case.
        """
        size = len(self.near.places)
        costs = np.zeros(size + 2)
        costs[size:] = 1, -GAINED
        low = np.concatenate([self.system.low, np.zeros(2)])
        high = np.concatenate([self.system.high, np.full(2, np.inf)])
        best = optimum(costs, (low, high), self._with(limits))
        if best is None:
            raise _NotProvedError
        numbers = best.numbers[:size]
        if costs @ best.numbers <= CLEARLY:
            return None, set(), numbers
        lines = len(best.multipliers) - len(limits)
        weights, number, used = defaultdict[int, float](float), 0.0, set[Limit]()
        for limit, multiplier in zip(limits, best.multipliers[lines:].tolist(), strict=True):
            if abs(multiplier) > EXACT:
                used.add(limit)
                weights[self.near.places[limit.column]] += multiplier * limit.sign
                number += multiplier * limit.number
        bound = added_up(self.facts, self.near, best.multipliers[:lines], weights)
        return Case(bound, number), used, numbers

    def _with(self, limits: tuple[Limit, ...]) -> Sums:
        """Return the sums, then a line for each limit: what it is missed by is added.

        What the count asked for is above the first limit is subtracted there.
        """
        from scipy.sparse import block_array, csc_array

        matrix, lower, upper = self.system.sums
        lines, size = len(limits), len(self.near.places)
        columns, signs, numbers = (np.array(one) for one in zip(*limits, strict=True))
        every = np.arange(lines)
        limited = csc_array((signs.astype(np.float64), (every, columns)), shape=(lines, size))
        missed = np.array([[1.0, -1.0], *[[1.0, 0.0]] * (lines - 1)])
        return (
            block_array([[matrix, None], [limited, csc_array(missed)]], format="csc"),
            np.concatenate([lower, numbers]),
            np.concatenate([upper, np.full(lines, np.inf)]),
        )
