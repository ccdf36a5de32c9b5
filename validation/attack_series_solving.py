"""Which counts of a large puzzle are known to be from 1 to 10: many are asked at once.

Bounds that follow from one row after another are narrowed first. Whole numbers that fit are then
looked for under which as many of the counts as can be are 0 or more than 10; only of what is left
each count is asked by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix, diags, hstack, vstack
from scipy.sparse.csgraph import connected_components

from validation.attack_solving import (
    INFEASIBLE,
    NEAR,
    ROUNDING,
    SMALL,
    TIMES,
    Name,
    Puzzle,
    Solved,
    UnansweredError,
    Weights,
)

Floats = npt.NDArray[np.float64]
ROUNDS = 200
WHOLE = 1e-6
SEARCHES = 12  # for many counts at once, at most
SECONDS = 20.0  # of one question
TOP = float(SMALL.stop)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows of whole numbers between limits, and between which bounds each number lies."""

    names: list[Name]
    matrix: csr_matrix
    least: Floats
    most: Floats
    low: Floats
    high: Floats

    def fits(self, numbers: Floats) -> bool:
        """Say whether whole numbers fit all rows."""
        come = self.matrix @ numbers
        inside = (numbers >= self.low).all() and (numbers <= self.high).all()
        return bool(
            inside and (come >= self.least - NEAR).all() and (come <= self.most + NEAR).all()
        )

    def part(self, columns: npt.NDArray[np.intp]) -> _Rows:
        """Return the rows of some of the numbers, where all others are known."""
        others = np.ones(len(self.names), dtype=np.bool_)
        others[columns] = False
        inside = self.matrix[:, columns].tocsr()
        here = np.flatnonzero(np.diff(inside.indptr))
        settled = self.matrix[here][:, others] @ self.low[others]
        return _Rows(
            [self.names[column] for column in columns],
            inside[here],
            self.least[here] - settled,
            self.most[here] - settled,
            self.low[columns],
            self.high[columns],
        )

    def search(
        self,
        objective: Floats | None = None,
        extra: tuple[csr_matrix, Floats, Floats] | None = None,
        *,
        more: int = 0,
    ) -> Floats | None:
        """Return whole numbers that fit, if there are any; UnansweredError if that is not known.

        `more` numbers beyond those, from 0 to 11, are in the objective and the extra rows.
        """
        count = len(self.names)
        matrix = hstack([self.matrix, csr_matrix((self.matrix.shape[0], more))]).tocsr()
        least, most = self.least, self.most
        if extra is not None:
            matrix = vstack([matrix, extra[0]]).tocsr()
            least, most = np.append(least, extra[1]), np.append(most, extra[2])
        for presolve in (True, False):
            answer = milp(
                np.zeros(count + more) if objective is None else objective,
                integrality=np.append(np.ones(count), np.zeros(more)),
                bounds=Bounds(
                    np.append(self.low, np.zeros(more)), np.append(self.high, np.full(more, TOP))
                ),
                constraints=LinearConstraint(matrix, least, most),
                options={
                    "mip_rel_gap": 0.05 if more else 10.0,
                    "node_limit": 20_000,
                    "presolve": presolve,
                    "time_limit": SECONDS,
                },
            )
            if answer.x is not None:
                numbers = np.round(answer.x[:count])
                if self.fits(numbers):
                    return numbers
            # What the solver calls infeasible after it has simplified it need not be.
            if answer.status == INFEASIBLE and not presolve:
                return None
        raise UnansweredError


def solve_together(puzzle: Puzzle, *, ask: bool = True) -> Solved:
    """Find every number and target that is known to be from 1 to 10, or has one such value only.

    With ``ask=False`` only whether anything fits at all.

    Raises
    ------
    ValueError
        Nothing fits: what the reader believes to know is not true; or whether anything fits could
        not be answered.
    """
    everything = _narrowed(_rows_of(puzzle))
    place = {name: number for number, name in enumerate(everything.names)}
    free = np.flatnonzero(everything.low < everything.high)
    solved = Solved(sum(puzzle.low[name] < puzzle.high[name] for name in puzzle.low))
    inside = (everything.matrix[:, free] != 0).astype(float)
    _, label = connected_components(inside.T @ inside, directed=False)
    part_of = {everything.names[column]: label[number] for number, column in enumerate(free)}
    questions: dict[int, dict[Name, Weights]] = {}
    singles = {name: {name: 1.0} for name in puzzle.low if puzzle.low[name] < puzzle.high[name]}
    for name, weights in (singles | puzzle.targets if ask else {}).items():
        if isinstance(name, tuple) and TIMES in (name[0], *_inner(name)):
            continue  # that is no count
        parts = {part_of[one] for one in weights if one in part_of}
        if not parts:
            value = round(
                sum(weight * everything.low[place[one]] for one, weight in weights.items())
            )
            if value in SMALL:
                solved.small.append(name)
                solved.pinned[name] = value
        elif len(parts) == 1:
            questions.setdefault(parts.pop(), {})[name] = weights
    for number in np.unique(label):
        own = everything.part(free[label == number])
        _ask(own, everything, place, questions.get(number, {}), solved)
    return solved


def _inner(name: tuple[object, ...]) -> tuple[object, ...]:
    return name[1][:1] if len(name) == 2 and isinstance(name[1], tuple) else ()


def _rows_of(puzzle: Puzzle) -> _Rows:
    names = list(puzzle.low)
    place = {name: number for number, name in enumerate(names)}
    cells = [
        (row, place[name], weight)
        for row, (weights, _, _) in enumerate(puzzle.rows)
        for name, weight in weights.items()
    ]
    row, column, weight = (np.array(some) for some in zip(*cells, strict=True))
    matrix = csr_matrix((weight, (row, column)), shape=(len(puzzle.rows), len(names)))
    matrix.eliminate_zeros()
    least = np.array([one for _, one, _ in puzzle.rows], dtype=float)
    most = np.array([one for _, _, one in puzzle.rows], dtype=float)
    # At least 18.000001 is at least 19, where all weights are whole: the solver has a tolerance.
    broken = np.bincount(row, weights=weight != np.round(weight), minlength=len(puzzle.rows)) > 0
    least = np.where(broken, least, np.ceil(least - ROUNDING))
    most = np.where(broken, most, np.floor(most + ROUNDING))
    low, high = (
        np.array([some[name] for name in names], dtype=float) for some in (puzzle.low, puzzle.high)
    )
    return _Rows(names, matrix, least, most, low, high)


def _narrowed(rows: _Rows) -> _Rows:
    """Narrow the bounds of each number by each row, until nothing follows any more."""
    matrix, (low, high) = rows.matrix.tocsr(), (rows.low.copy(), rows.high.copy())
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    column, weight = matrix.indices, matrix.data
    count = matrix.shape[0]
    for _ in range(ROUNDS):
        least = np.where(weight > 0, weight * low[column], weight * high[column])
        most = np.where(weight > 0, weight * high[column], weight * low[column])
        together = [np.bincount(row, weights=one, minlength=count) for one in (least, most)]
        if (together[0] > rows.most + NEAR).any() or (together[1] < rows.least - NEAR).any():
            wrong = int(
                np.argmax((together[0] > rows.most + NEAR) | (together[1] < rows.least - NEAR))
            )
            some = [rows.names[one] for one in matrix[wrong].indices[:8]]
            raise ValueError(f"nothing fits: {some}")
        up = (rows.most[row] - (together[0][row] - least)) / weight
        down = (rows.least[row] - (together[1][row] - most)) / weight
        highest, lowest = np.where(weight > 0, up, down), np.where(weight > 0, down, up)
        new_low, new_high = low.copy(), high.copy()
        np.maximum.at(new_low, column, np.ceil(lowest - WHOLE))
        np.minimum.at(new_high, column, np.floor(highest + WHOLE))
        if (new_low > new_high).any():
            raise ValueError(f"nothing fits: {rows.names[int(np.argmax(new_low > new_high))]}")
        if (new_low == low).all() and (new_high == high).all():
            break
        low, high = new_low, new_high
    return _Rows(rows.names, rows.matrix, rows.least, rows.most, low, high)


def _ask(
    own: _Rows,
    everything: _Rows,
    place: dict[Name, int],
    questions: dict[Name, Weights],
    solved: Solved,
) -> None:
    """Ask of one part of the puzzle which of its counts are known to be from 1 to 10."""
    try:
        first = own.search()
    except UnansweredError:
        raise ValueError("whether anything fits could not be answered") from None
    if first is None:
        raise ValueError(f"nothing fits: {own.names[:8]}")
    here = {name: number for number, name in enumerate(own.names)}
    names = list(questions)
    cells = [
        (row, here[one], weight)
        for row, name in enumerate(names)
        for one, weight in questions[name].items()
        if one in here
    ]
    if not cells:
        return
    row, column, weight = (np.array(some) for some in zip(*cells, strict=True))
    asked = csr_matrix((weight, (row, column)), shape=(len(names), len(own.names)))
    settled = np.array(
        [
            sum(
                weight * everything.low[place[one]]
                for one, weight in questions[name].items()
                if one not in here
            )
            for name in names
        ]
    )
    seen = [np.round(asked @ first + settled)]
    left = np.flatnonzero(_small(seen[0]))
    for upwards in (True, False, True, False) * (SEARCHES // 4):
        if len(left) <= 1:
            break
        found = _many(own, asked[left], settled[left], upwards=upwards)
        if found is None:
            continue
        seen.append(np.round(asked @ found + settled))
        before, left = len(left), left[~_outside(seen[-1][left])]
        if len(left) == before and not upwards:
            break
    for number in left:
        if not all(_small(some[number]) for some in seen):
            continue
        values = {int(some[number]) for some in seen}
        try:
            moved = _moved(own, asked[number], settled[number], range(1, SMALL.stop))
            if moved is not None:
                seen.append(np.round(asked @ moved + settled))
                continue
            solved.small.append(names[number])
            value = values.pop()
            if (
                not values
                and _moved(own, asked[number], settled[number], range(value, value + 1)) is None
            ):
                solved.pinned[names[number]] = value
        except UnansweredError:
            solved.unanswered.append(names[number])


def _small(values: Floats) -> npt.NDArray[np.bool_]:
    return np.asarray((values >= SMALL.start) & (values < SMALL.stop))


def _outside(values: Floats) -> npt.NDArray[np.bool_]:
    return ~_small(values)


def _many(own: _Rows, asked: csr_matrix, settled: Floats, *, upwards: bool) -> Floats | None:
    """Return whole numbers under which many of the counts are more than 10, or else 0."""
    count, more = len(own.names), asked.shape[0]
    if not upwards:
        objective = np.asarray(asked.sum(axis=0)).ravel().astype(float)
        try:
            return own.search(objective)
        except UnansweredError:
            return None
    try:
        return own.search(
            np.append(np.zeros(count), -np.ones(more)),
            (
                hstack([asked, -diags(np.ones(more))]).tocsr(),
                -settled,
                np.full(more, np.inf),
            ),
            more=more,
        )
    except UnansweredError:
        return None


def _moved(own: _Rows, weights: csr_matrix, settled: float, within: range) -> Floats | None:
    """Return whole numbers under which a sum lies outside a range; None if there are none.

    Raises UnansweredError if none were found on one side, and the solver failed on the other.
    """
    unanswered = False
    for low, high in ((within.stop, np.inf), (-np.inf, within.start - 1)):
        extra = weights, np.array([low - settled]), np.array([high - settled])
        try:
            found = own.search(extra=extra)
        except UnansweredError:
            unanswered = True
            continue
        if found is not None:
            return found
    if unanswered:
        raise UnansweredError
    return None
