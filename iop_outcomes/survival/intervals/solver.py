"""The maximum of a concave likelihood of runs of cells, by primal-dual Newton steps.

Everything here is in terms of *cells*, the smallest stretches on which an estimate can have mass,
and of distinct intervals as runs of cells; nothing depends on the number of people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Chosen = NDArray[np.bool_]

LARGEST_GAP = 1e-8
WANTED_GAP = 1e-12
SPENT = 1e-15  # a smaller gap is rounding error, of which the polishing step takes the rest
MOST_STEPS = 200
POLISHING = 8
MOST_HALVINGS = 40
FAR = 1e8
DENSE = 60  # cells up to which a dense matrix is used
ROUNDING = 1e-13
RIDGE = 1e-10  # keeps the system solvable where cells are not identified, at the same solution
NOTHING = 1e-7  # a mass below this is put to 0 if the rest can then be solved for


class Likelihood(Protocol):
    """A concave function of masses of 0 or more, less their sum."""

    @property
    def size(self) -> int:
        """The number of masses."""

    def start(self) -> Floats:
        """Return masses above 0 to begin with."""

    def value(self, mass: Floats) -> float:
        """Return the log-likelihood a person."""

    def gradient(self, mass: Floats) -> Floats:
        """Return its slope in each mass."""

    def solve(self, mass: Floats, ridge: Floats, wanted: Floats) -> Floats:
        """Return x with (minus its second derivatives + diag(ridge)) x = wanted."""

    def holds(self, mass: Floats) -> bool:
        """Return whether every interval has mass."""

    def settled(self, mass: Floats) -> Floats:
        """Return the masses with their sum put right, if it is known."""

    def gap(self, mass: Floats) -> float:
        """Return the most log-likelihood a person that any other masses could gain."""

    def only(self, kept: Chosen) -> Likelihood:
        """Return the same over some of the cells."""


@dataclass(frozen=True, eq=False)
class Runs:
    """Each distinct run of cells, from `first` to before `last`, with its share of the people."""

    first: Indices
    last: Indices
    share: Floats

    def inside(self, values: Floats) -> Floats:
        """Return the sum of the values of the cells in each run."""
        total = np.append(0.0, np.cumsum(values))
        sums: Floats = total[self.last] - total[self.first]
        return sums

    def covering(self, pull: Floats, size: int) -> Floats:
        """Return, for each of `size` cells, the sum of the pull of the runs that hold it."""
        width = size + 1
        change = np.bincount(self.first, pull, width) - np.bincount(self.last, pull, width)
        total: Floats = np.cumsum(change)[:-1]
        return total

    def only(self, kept: Chosen) -> Runs:
        """Return the same runs over some of the cells."""
        count = np.append(0, np.cumsum(kept))
        return Runs(count[self.first], count[self.last], self.share)

    def solve(self, curve: Floats, ridge: Floats, wanted: Floats) -> Floats:
        """Return x with (A' diag(curve) A + diag(ridge)) x = wanted, A the cells of each run.

        Solved for the running sums of x: of those, each run holds two only.
        """
        size = len(wanted)
        # The running sums up to the last cell and to the one before the first; -1: none.
        rows = np.concatenate([self.last - 1, np.arange(size)])
        columns = np.concatenate([self.first - 1, np.arange(-1, size - 1)])
        values = np.concatenate([curve, ridge])
        pair = columns >= 0
        row = np.concatenate([rows, columns[pair], rows[pair], columns[pair]])
        column = np.concatenate([rows, columns[pair], columns[pair], rows[pair]])
        value = np.concatenate([values, values[pair], -values[pair], -values[pair]])
        target = wanted - np.append(wanted[1:], 0.0)
        return np.diff(_solved((row, column, value), target), prepend=0.0)


def _solved(entries: tuple[Indices, Indices, Floats], target: Floats) -> Floats:
    """Return the solution of a system given by the entries of its matrix; missing if singular."""
    row, column, value = entries
    size = len(target)
    try:
        if size <= DENSE:
            matrix = np.bincount(row * size + column, value, size * size).reshape(size, size)
            return np.asarray(np.linalg.solve(matrix, target), dtype=np.float64)

        from scipy.sparse import csc_matrix
        from scipy.sparse.linalg import splu

        sparse = csc_matrix((value, (row, column)), shape=(size, size))
        solution: Floats = splu(sparse, permc_spec="MMD_AT_PLUS_A").solve(target)
    except (RuntimeError, np.linalg.LinAlgError):  # exactly singular
        return np.full(size, np.nan)
    return solution


def maximise(likelihood: Likelihood) -> tuple[Floats, float, int]:
    """Return the masses, how far the maximum can be away, and the number of steps.

    Raises
    ------
    EstimateError
        If the conditions of the maximum are not met to 1e-8.
    """
    mass, steps = _interior_point(likelihood)
    mass = _polished(likelihood, mass)
    gap = likelihood.gap(mass)
    if gap > LARGEST_GAP:
        raise EstimateError(
            "The interval-censored estimate (NPMLE) did not converge.",
            found=f"a gap of {gap:.1e} a person after {steps} steps, where {LARGEST_GAP:.0e} is "
            "asked for",
            instead="whole days, or fewer distinct intervals.",
        )
    return mass, gap, steps


def _interior_point(likelihood: Likelihood) -> tuple[Floats, int]:
    """Return masses above 0 that meet the conditions."""
    size = likelihood.size
    mass = likelihood.start()
    slack = np.ones(size)
    for step in range(1, MOST_STEPS + 1):
        slope = likelihood.gradient(mass) - 1
        product = float(mass @ slack)
        if product < WANTED_GAP and np.abs(slope + slack).max() < WANTED_GAP:
            return mass, step
        if product < SPENT:
            return mass, step
        aim = 0.1 * product / size
        move = likelihood.solve(mass, slack / mass, slope + aim / mass)
        if not np.isfinite(move).all():
            return mass, step
        turn = aim / mass - slack - slack / mass * move
        mass = _climbed(likelihood, mass, move, aim)
        slack = slack + _room(slack, turn) * turn
        # Kept near aim / mass, so that a mass that moved far does not leave it behind.
        slack = np.clip(slack, aim / mass / FAR, FAR * aim / mass)
    return mass, MOST_STEPS


def _climbed(likelihood: Likelihood, mass: Floats, move: Floats, aim: float) -> Floats:
    """Return the masses moved so far along `move` that the objective with its barrier rises."""

    def height(trial: Floats) -> float:
        total = likelihood.value(trial) - trial.sum() + aim * np.log(trial).sum()
        return float(total)

    reach, start = _room(mass, move), height(mass)
    for _ in range(MOST_HALVINGS):
        trial = mass + reach * move
        if height(trial) >= start - ROUNDING:
            return trial
        reach /= 2
    return mass


def _room(value: Floats, move: Floats) -> float:
    """Return how far one can go, at most 1, before a value is used up."""
    down = move < 0
    return min(1.0, 0.99 * float((-value[down] / move[down]).min())) if down.any() else 1.0


def _polished(likelihood: Likelihood, mass: Floats) -> Floats:
    """Return the masses with those near 0 at 0, if the rest meets the conditions as well."""
    kept = mass > NOTHING
    part = mass[kept]
    for _ in range(POLISHING):
        inner = likelihood.only(kept)
        if not inner.holds(part):
            return mass
        part = part + inner.solve(part, np.full(len(part), RIDGE), inner.gradient(part) - 1)
        if not np.isfinite(part).all():
            return mass
        held = part > ROUNDING
        kept[kept] = held
        part = part[held]
    polished = np.zeros(len(mass))
    polished[kept] = likelihood.settled(part)
    return (
        polished
        if likelihood.gap(polished) <= max(likelihood.gap(mass), 100 * WANTED_GAP)
        else mass
    )
