"""What whole numbers fit a report: which unknown counts have one value only."""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

Name = Hashable
Weights = dict[Name, float]
SMALL = range(1, 11)
MOST = 200_000  # no count of a report is larger
TIMES = "how often a fraction goes into its counts"
INFEASIBLE = 2  # scipy's status of a search that proved that nothing fits
ROUNDING = 1e-9  # of sums of products with decimals
NEAR = 1e-5  # how far the weights of rounded shares may be off
FEW = 3_000  # numbers up to which are tried where the solver fails with larger ones
EXACT = 6  # decimals from which a share can only be one fraction of counts of this size


@dataclass
class Puzzle:
    """Unknown whole numbers, known ones, and what a reader knows of their sums.

    Attributes
    ----------
    low, high : dict
        What each number is at least and at most; the same for one that is known.
    rows : list
        Weights with the least and the most that they come to.
    targets : dict
        Sums that would be small counts of people, besides the numbers themselves.
    """

    low: dict[Name, int] = field(default_factory=dict)
    high: dict[Name, int] = field(default_factory=dict)
    rows: list[tuple[Weights, float, float]] = field(default_factory=list)
    targets: dict[Name, Weights] = field(default_factory=dict)

    def __contains__(self, name: Name) -> bool:
        return name in self.low

    def unknown(self, name: Name, least: int = 0) -> Name:
        self.low.setdefault(name, least)
        self.high.setdefault(name, MOST)
        return name

    def known(self, name: Name, value: float) -> Name:
        if name in self.low and not self.low[name] <= value <= self.high[name]:
            raise ValueError(f"{name} is {value} here and something else elsewhere")
        self.low[name] = self.high[name] = round(value)
        return name

    def row(self, weights: Weights, low: float, high: float | None = None) -> None:
        self.rows.append((weights, low, low if high is None else high))

    def total(self, whole: Name, parts: list[Name]) -> None:
        """Say that parts sum to a whole, if all of them are there."""
        if parts and whole in self and all(part in self for part in parts):
            self.row({whole: -1.0, **dict.fromkeys(parts, 1.0)}, 0)

    def part(self, whole: Name, part: Name) -> None:
        """Say that one number counts some of another's: the rest is a count, too."""
        if whole in self and part in self:
            rest = self.unknown(("rest", whole, part))
            self.total(whole, [part, rest])

    def share(self, numerator: Name, denominator: Name, shown: float, decimals: int) -> None:
        """Say what a rounded share tells of its counts; one of many digits is a fraction."""
        if numerator == denominator:
            return  # the share of all of them in all of them
        if decimals >= EXACT and shown not in (0.0, 1.0):
            fraction = Fraction(shown).limit_denominator(10_000)
            times = self.unknown((TIMES, numerator, denominator), least=1)
            self.row({numerator: 1.0, times: -fraction.numerator}, 0)
            self.row({denominator: 1.0, times: -fraction.denominator}, 0)
            return
        half = 0.5 * 10.0**-decimals + 1e-9
        low = 0.0 if shown <= 10.0**-decimals else shown - half
        high = 1.0 if shown >= 1 - 10.0**-decimals else shown + half
        if shown in (0.0, 1.0):
            low = high = shown
        self.row({numerator: 1.0, denominator: -low}, -1e-6, np.inf)
        self.row({numerator: 1.0, denominator: -high}, -np.inf, 1e-6)


class UnansweredError(Exception):
    """The solver ended neither with numbers nor with the proof that there are none."""


@dataclass(frozen=True, eq=False)
class Solved:
    """The numbers that a reader can tell: pinned to one small value, or known to be small.

    `unanswered` are those of which the solver could not say it.
    """

    unknown: int
    pinned: dict[Name, int] = field(default_factory=dict)
    small: list[Name] = field(default_factory=list)
    unanswered: list[Name] = field(default_factory=list)


def solve(puzzle: Puzzle, seed: int = 0, *, ask: bool = True) -> Solved:
    """Find every unknown number, and every target, that has one value from 1 to 10 only.

    With ``ask=False`` only whether anything fits at all.

    Raises
    ------
    ValueError
        Nothing fits: what the reader believes to know is not true; or whether anything fits could
        not be answered.
    """
    names = list(puzzle.low)
    place = {name: number for number, name in enumerate(names)}
    low = np.array([puzzle.low[name] for name in names], dtype=float)
    high = np.array([puzzle.high[name] for name in names], dtype=float)
    free = low < high
    pairs = [
        (row, place[name]) for row, (weights, _, _) in enumerate(puzzle.rows) for name in weights
    ]
    matrix = csr_matrix(
        (
            [weight for weights, _, _ in puzzle.rows for weight in weights.values()],
            ([row for row, _ in pairs], [column for _, column in pairs]),
        ),
        shape=(len(puzzle.rows), len(names)),
    )
    least = np.array([row[1] for row in puzzle.rows], dtype=float)
    most = np.array([row[2] for row in puzzle.rows], dtype=float)
    settled = matrix[:, ~free] @ low[~free]
    inside = matrix[:, free]
    known_only = np.diff(inside.tocsr().indptr) == 0
    wrong = known_only & ((settled < least - NEAR) | (settled > most + NEAR))
    if wrong.any():
        raise ValueError(f"nothing fits: {list(puzzle.rows[int(np.argmax(wrong))][0])[:8]}")
    count = int(free.sum())
    link = csr_matrix((inside != 0).astype(float))
    _, label = connected_components(link.T @ link + csr_matrix((count, count)), directed=False)
    columns = np.flatnonzero(free)
    solved = Solved(count)
    where = {names[column]: label[number] for number, column in enumerate(columns)}
    for part in np.unique(label):
        chosen = columns[label == part]
        rows = np.flatnonzero(np.abs(matrix[:, chosen]).sum(axis=1).A1 > 0)
        weights = matrix[rows][:, chosen].toarray()
        limits = least[rows] - settled[rows], most[rows] - settled[rows]
        system = _System(
            [names[column] for column in chosen],
            weights,
            _whole_limits(weights, *limits),
            (low[chosen], high[chosen]),
        )
        if not ask:
            system.fit_or_raise()
            continue
        sums = {
            name: weights
            for name, weights in puzzle.targets.items()
            if any(where.get(one) == part for one in weights)
        }
        known = {name: puzzle.low[name] for name in names if not free[place[name]]}
        _search(system, sums, known, solved, np.random.default_rng(seed))
    # A sum of numbers that are all known.
    for name, weights in puzzle.targets.items():
        if not any(one in where for one in weights):
            value = round(sum(weight * puzzle.low[one] for one, weight in weights.items()))
            if value in SMALL:
                solved.pinned[name] = value
                solved.small.append(name)
    return solved


def _whole_limits(
    weights: np.ndarray, least: np.ndarray, most: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return limits of the same whole numbers that are whole where all weights of a row are.

    The solver ends in an error where a limit lies within its tolerance of a whole number: at least
    18.000001 is at least 19.
    """
    whole = (weights == np.round(weights)).all(axis=1)
    up, down = np.ceil(least - ROUNDING), np.floor(most + ROUNDING)
    return np.where(whole, up, least), np.where(whole, down, most)


@dataclass(frozen=True, eq=False)
class _System:
    names: list[Name]
    matrix: np.ndarray
    limits: tuple[np.ndarray, np.ndarray]
    bounds: tuple[np.ndarray, np.ndarray]

    def fit(
        self,
        objective: np.ndarray | None = None,
        extra: tuple[np.ndarray, float, float] | None = None,
    ) -> np.ndarray | None:
        """Return whole numbers that fit, if there are any; UnansweredError if that is not known.

        The solver sometimes ends in an error. Then it is asked again without the steps that it
        takes beforehand, and for smaller numbers: what fits there fits.
        """
        matrix, (least, most) = self.matrix, self.limits
        if extra is not None:
            matrix = np.vstack([matrix, extra[0]])
            least, most = np.append(least, extra[1]), np.append(most, extra[2])
        low, high = self.bounds
        fewer = low, np.maximum(np.minimum(high, FEW), low)
        for presolve, bounds in ((True, self.bounds), (False, self.bounds), (True, fewer)):
            answer = milp(
                np.zeros(len(self.names)) if objective is None else objective,
                integrality=np.ones(len(self.names)),
                bounds=Bounds(*bounds),
                constraints=LinearConstraint(matrix, least, most) if len(matrix) else (),
                options={"mip_rel_gap": 10.0, "node_limit": 20_000, "presolve": presolve},
            )
            if answer.x is not None:
                return np.round(answer.x)
            if answer.status == INFEASIBLE and bounds is self.bounds:
                return None
        raise UnansweredError

    def fit_or_raise(self) -> np.ndarray:
        try:
            numbers = self.fit()
        except UnansweredError:
            raise ValueError("whether anything fits could not be answered") from None
        if numbers is None:
            raise ValueError(f"nothing fits: {self.names[:8]}")
        return numbers


def _search(
    system: _System,
    sums: dict[Name, Weights],
    known: dict[Name, int],
    solved: Solved,
    random: np.random.Generator,
) -> None:
    """Look for numbers and sums with one small value only, in one part of the puzzle."""
    pool = [system.fit_or_raise()]
    place = {name: number for number, name in enumerate(system.names)}
    asked: dict[Name, tuple[np.ndarray, float]] = {}
    for name in system.names:
        if not (isinstance(name, tuple) and name[0] == TIMES):  # that is no count
            weights = np.zeros(len(place))
            weights[place[name]] = 1.0
            asked[name] = (weights, 0.0)
    for name, some in sums.items():
        weights = np.zeros(len(place))
        settled = 0.0
        for one, weight in some.items():
            if one in place:
                weights[place[one]] += weight
            else:
                settled += weight * known.get(one, 0)
        if all(one in place or one in known for one in some):
            asked[name] = (weights, settled)
    if len(asked) > 6:
        for _ in range(4):
            with suppress(UnansweredError):  # these only spare questions
                more = system.fit(random.normal(size=len(place)))
                if more is not None:
                    pool.append(more)
    for name, (weights, settled) in asked.items():
        values = {round(float(weights @ one) + settled) for one in pool}
        if not values <= set(SMALL):
            continue
        try:
            if _moves(system, pool, weights, settled, SMALL):
                continue
            solved.small.append(name)
            value = values.pop()
            if not values and not _moves(system, pool, weights, settled, range(value, value + 1)):
                solved.pinned[name] = value
        except UnansweredError:
            solved.unanswered.append(name)


def _moves(
    system: _System, pool: list[np.ndarray], weights: np.ndarray, settled: float, within: range
) -> bool:
    """Say whether a sum can lie outside a range, and remember the numbers that show it.

    Raises UnansweredError if none were found on one side, and the solver failed on the other.
    """
    unanswered = False
    for low, high in ((within.stop, np.inf), (-np.inf, within.start - 1)):
        try:
            other = system.fit(extra=(weights, low - settled, high - settled))
        except UnansweredError:
            unanswered = True
            continue
        if other is not None:
            pool.append(other)
            return True
    if unanswered:
        raise UnansweredError
    return False
