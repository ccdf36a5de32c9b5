"""Weighted sums of counts that follow from declared sums and printed shares, for any reader."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from iop_outcomes.disclosure.facts import Facts, Share
from iop_outcomes.disclosure.solutions.connected import Near, Printed
from iop_outcomes.disclosure.solutions.solver import Numbers

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
    """A weighted sum of counts that is at least one count, or minus one count, or a number.

    That it is follows from the declared sums and from some printed shares alone. So for every
    reader who has these shares the count (or minus the count, or the number) is at most the largest
    value that the weighted sum can have.
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


def added_up(facts: Facts, near: Near, multipliers: Numbers, start: Mapping[int, float]) -> Bound:
    """Return a weighted sum, and on top of it sums and shares times their multipliers.

    Parameters
    ----------
    facts : Facts
        The counts and sums.
    near : Near
        The sums and shares.
    multipliers : numpy.ndarray of float64
        One for each sum, then two for each share, as in the system of `near`.
    start : mapping of int to float
        The weights at the start, by place.
    """
    weights: defaultdict[int, float] = defaultdict(float, start)
    size = len(near.rows)
    used = set()
    for line in np.flatnonzero(np.abs(multipliers) > EXACT).tolist():  # of thousands, some dozens
        multiplier = float(multipliers[line])
        if line < size:
            _add(weights, facts.rows[near.rows[line]], multiplier)
            continue
        share = near.shares[(line - size) // 2]
        # At least 0: numerator - low * denominator, and high * denominator - numerator.
        side, factor = (1.0, -share.low) if (line - size) % 2 == 0 else (-1.0, share.high)
        used.add(share)
        _add(weights, {share.numerator: side, share.denominator: factor}, multiplier)
    places = [place for place, weight in weights.items() if abs(weight) > EXACT]
    kept = np.array([weights[place] for place in places])
    return Bound(np.array(places, dtype=np.intp), kept, frozenset(used))


def _add(weights: dict[int, float], row: Mapping[int, float], multiplier: float) -> None:
    for place, weight in row.items():
        weights[place] += multiplier * weight
