"""Bounds of counts from weighted sums: one that was found once often answers for other views."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from iop_outcomes.disclosure.facts import Facts
from iop_outcomes.disclosure.solutions.cases import Proof, prove
from iop_outcomes.disclosure.solutions.connected import Printed, connected
from iop_outcomes.disclosure.solutions.solver import optimum
from iop_outcomes.disclosure.solutions.weighted import CLEARLY, Bound, Reader, added_up


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
        self._bounds: defaultdict[tuple[int, int], list[Bound]] = defaultdict(list)
        self._without: set[tuple[int, int]] = set()
        self._proofs: defaultdict[tuple[int, int], list[Proof]] = defaultdict(list)
        self._unproved: set[tuple[int, int]] = set()

    def excluding(
        self, count: int, wanted: tuple[float, float], reader: Reader
    ) -> Bound | Proof | None:
        """Return what is kept that shows that a count is not in a range open to one side."""
        sign, limit = _side(wanted)
        for bound in reversed(self._bounds[count, sign]):
            if self._is_below(limit, bound, reader):
                return bound
        for proof in reversed(self._proofs[count, sign]):
            if proof.excludes(limit, self._values, reader):
                return proof
        return None

    def find(self, count: int, wanted: tuple[float, float], reader: Reader) -> None:
        """Find the lowest bound of a count on the side of a range; keep it if it excludes this.

        If not, the range is excluded only since counts are whole numbers. This is then likely for
        other views too, so that no further bound of this count is looked for, but proofs by cases:
        until one of them would take too long.
        """
        sign, limit = _side(wanted)
        asked = (count, sign)
        if asked not in self._without:
            bound = _lowest_bound(self._facts, reader.printed, count, sign)
            if bound is not None and self._is_below(limit, bound, reader):
                self._bounds[asked].append(bound)
                return
            self._without.add(asked)
        if asked not in self._unproved:
            proof = prove(self._facts, reader, count, sign, limit)
            if proof is None:
                self._unproved.add(asked)
            else:
                self._proofs[asked].append(proof)

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
    best = optimum(costs, system.limits, system.sums)
    if best is None:
        return None
    return added_up(facts, near, best.multipliers, {count: float(sign)})
