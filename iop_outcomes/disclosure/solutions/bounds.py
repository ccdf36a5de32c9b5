"""Bounds of counts from weighted sums: one that was found once often answers for other views."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from iop_outcomes.disclosure.facts import Facts, Share
from iop_outcomes.disclosure.solutions.connected import Printed, connected
from iop_outcomes.disclosure.solutions.solver import Numbers, optimum

EXACT = 1e-9  # a weight this near to 0 is 0, as far as the solver is exact
CLEARLY = 1e-6  # by how much a bound must be below a limit


class Reader:
    """What a reader is shown, as arrays: which counts are unknown, and what they are at least."""

    def __init__(self, printed: Printed) -> None:
        self.printed = printed
        self.unknown = ~printed.known

    @cached_property
    def least(self) -> Numbers:
        """The lower bound of each count."""
        least = np.zeros(len(self.unknown))
        least[list(self.printed.least)] = list(self.printed.least.values())
        return least

    @cached_property
    def shares(self) -> frozenset[Share]:
        """The printed shares."""
        return frozenset(self.printed.shares)


class Bound(NamedTuple):
    """A weighted sum of counts that is at least one count, or at least minus one count.

    That it is follows from the declared sums and from some printed shares alone. So for every
    reader who has these shares the count (or minus the count) is at most the largest value that the
    weighted sum can have.
    """

    places: npt.NDArray[np.intp]
    weights: Numbers
    shares: frozenset[Share]

    def largest(self, values: npt.NDArray[np.int64], reader: Reader) -> float:
        """Return the largest value of the weighted sum; infinite if it has none.

        Parameters
        ----------
        values : numpy.ndarray of int64
            The true counts, of which those are used that the reader knows.
        reader : Reader
            What is shown.
        """
        if not self.shares <= reader.shares:
            return np.inf
        unknown = reader.unknown[self.places]
        if (self.weights[unknown] > 0).any():
            return np.inf
        lowest = np.where(unknown, reader.least[self.places], values[self.places])
        return float(self.weights @ lowest)


class KeptBounds:
    """The bounds found so far, of each count from above and from below.

    Parameters
    ----------
    facts : Facts
        The counts and sums; none is added as long as bounds are kept.
    """

    def __init__(self, facts: Facts) -> None:
        """Start without bounds."""
        self._facts = facts
        self._values = np.array(facts.values, dtype=np.int64)
        self._without: set[tuple[int, int]] = set()
        self._bounds: defaultdict[tuple[int, int], list[Bound]] = defaultdict(list)

    def excluding(self, count: int, wanted: tuple[float, float], reader: Reader) -> Bound | None:
        """Return a kept bound that shows that a count is not in a range open to one side."""
        sign, limit = _side(wanted)
        kept = reversed(self._bounds[count, sign])
        return next((bound for bound in kept if self._is_below(limit, bound, reader)), None)

    def find(self, count: int, wanted: tuple[float, float], reader: Reader) -> None:
        """Find the lowest bound of a count on the side of a range; keep it if it excludes this.

        If not, the range is excluded only since counts are whole numbers. This is then
        likely for other views too, so that no further bound of this count is looked for.
        """
        sign, limit = _side(wanted)
        if (count, sign) in self._without:
            return
        bound = _lowest_bound(self._facts, reader.printed, count, sign)
        if bound is not None and self._is_below(limit, bound, reader):
            self._bounds[count, sign].append(bound)
        else:
            self._without.add((count, sign))

    def _is_below(self, limit: float, bound: Bound, reader: Reader) -> bool:
        return bound.largest(self._values, reader) < limit - CLEARLY


def _side(wanted: tuple[float, float]) -> tuple[int, float]:
    """Return 1 and the least count in a range without end, else -1 and minus the largest."""
    low, high = wanted
    return (1, low) if np.isinf(high) else (-1, -high)


def _lowest_bound(facts: Facts, printed: Printed, count: int, sign: int) -> Bound | None:
    """Return the lowest bound of a count, or with sign -1 of minus the count; None without one.

    The largest value of the count is sought by linear programming, where counts may be fractions.
    By the duality theorem the multipliers of the sums and shares at that solution are a proof that
    no larger value is possible: each sum and share times its multiplier, added up, is the bound.
    """
    near = connected(facts, printed, count)
    system = near.system(facts, printed)
    costs = np.zeros(len(near.places))
    costs[near.places.index(count)] = -sign
    best = optimum(costs, (np.array(system.low), np.array(system.high)), system.sums)
    if best is None:
        return None
    size = len(near.rows)
    weights: defaultdict[int, float] = defaultdict(float, {count: float(sign)})
    for number, multiplier in zip(near.rows, best.multipliers[:size], strict=True):
        _add(weights, facts.rows[number], multiplier)
    used = set()
    for line, multiplier in enumerate(best.multipliers[size:]):
        share = near.shares[line // 2]
        # At least 0: numerator - low * denominator, and high * denominator - numerator.
        side, factor = (1.0, -share.low) if line % 2 == 0 else (-1.0, share.high)
        if abs(multiplier) > EXACT:
            used.add(share)
            _add(weights, {share.numerator: side, share.denominator: factor}, multiplier)
    places = [place for place, weight in weights.items() if abs(weight) > EXACT]
    kept = np.array([weights[place] for place in places])
    return Bound(np.array(places, dtype=np.intp), kept, frozenset(used))


def _add(weights: dict[int, float], row: Mapping[int, float], multiplier: float) -> None:
    if abs(multiplier) > EXACT:
        for place, weight in row.items():
            weights[place] += multiplier * weight
