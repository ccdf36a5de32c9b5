"""The solver of linear programs, HiGHS: numbers of the lowest costs within bounds and sums."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from iop_outcomes.disclosure.solutions.ranges import Sums

if TYPE_CHECKING:
    from highspy import Highs, HighsSolution

Numbers = npt.NDArray[np.float64]
Bounds = tuple[Numbers, Numbers]

MOST_NODES = 2_000  # of a search for whole numbers; if it ends without a result, there is none
Again = Literal["turned", "as they are"]
"""How it is asked once more where no whole numbers seem to fit: see `whole_numbers`."""
PRIMAL = 4  # the number of the primal simplex method
GAP = 0.5  # whole numbers that cost twice as much as need be will do


class Optimum:
    """What was found where the costs are lowest; most of those who ask look at a part of it."""

    def __init__(self, solution: HighsSolution) -> None:
        """Keep what the solver found."""
        self._solution = solution

    @cached_property
    def numbers(self) -> Numbers:
        """The numbers of the lowest costs."""
        return np.array(self._solution.col_value)

    @cached_property
    def multipliers(self) -> Numbers:
        """By how much the costs change with the limit of each sum."""
        return np.array(self._solution.row_dual)


class Program:
    """A linear program that is solved for one set of costs after another.

    Each solution starts at the one before, which takes a small part of the steps of a new one if
    most of the costs are as they were. It fits whatever the costs are, so that the primal simplex
    method goes on from it; the first one is looked for in the simplified program.
    """

    def __init__(self, bounds: Bounds, sums: Sums) -> None:
        """Keep the bounds and sums; there are no costs yet."""
        self._size = len(bounds[0])
        self._solver = _solver(np.zeros(self._size), bounds, sums, whole=False)
        self._solver.setOptionValue("presolve", "on")
        self._solver.setOptionValue("simplex_strategy", PRIMAL)

    def optimum(self, costs: Numbers) -> Optimum | None:
        """Return numbers of the lowest costs; None if none fit, or costs have no lowest value."""
        solver = self._solver
        solver.changeColsCost(self._size, np.arange(self._size, dtype=np.int32), costs)
        return _optimum(solver)


def optimum(costs: Numbers, bounds: Bounds, sums: Sums) -> Optimum | None:
    """Return numbers of the lowest costs; None if none fit, or costs have no lowest value."""
    return _optimum(_solver(costs, bounds, sums, whole=False))


def _optimum(solver: Highs) -> Optimum | None:
    from highspy import HighsModelStatus

    solver.run()
    if solver.getModelStatus() != HighsModelStatus.kOptimal:
        return None
    return Optimum(solver.getSolution())


class Whole(NamedTuple):
    """Whole numbers that were found, or None; and whether it is known that none fit."""

    numbers: Numbers | None
    none_fit: bool


def whole_optimum(costs: Numbers, bounds: Bounds, sums: Sums) -> Numbers | None:
    """Return whole numbers of low costs; None if none fit, or none was found."""
    solver = _solver(costs, bounds, sums, whole=True)
    solver.run()
    return _answer(solver).numbers


def whole_numbers(bounds: Bounds, sums: Sums, again: Again) -> Whole:
    """Return any whole numbers that fit, or that none do.

    The solver simplifies sums first, and has then called infeasible what was not. So what seems
    infeasible is asked once more.

    Parameters
    ----------
    bounds : tuple of numpy.ndarray
        The least and the most of each number.
    sums : tuple
        The matrix, and the least and the most of each sum.
    again : {"turned", "as they are"}
        With the sums and numbers in the reverse order, which are simplified in other steps; or
        without simplifying them, which can take fifty times as long.
    """
    none = np.zeros(len(bounds[0]))
    solver = _solver(none, bounds, sums, whole=True)
    solver.run()
    answer = _answer(solver)
    if not answer.none_fit:
        return answer
    if again == "turned":
        low, high = (bound[::-1] for bound in bounds)
        matrix, least, most = sums
        turned = (matrix[::-1, ::-1], least[::-1], most[::-1])
        solver = _solver(none, (low, high), turned, whole=True)
        solver.run()
        numbers, none_fit = _answer(solver)
        return Whole(None if numbers is None else numbers[::-1], none_fit)
    solver.clearSolver()
    solver.setOptionValue("presolve", "off")
    solver.run()
    return _answer(solver)


def _answer(solver: Highs) -> Whole:
    from highspy import HighsModelStatus, SolutionStatus

    if solver.getInfo().primal_solution_status == int(SolutionStatus.kSolutionStatusFeasible):
        return Whole(np.round(solver.getSolution().col_value), False)
    return Whole(None, solver.getModelStatus() == HighsModelStatus.kInfeasible)


def _solver(costs: Numbers, bounds: Bounds, sums: Sums, *, whole: bool) -> Highs:
    """Return the solver with a program and its options, for fractions or for whole numbers."""
    from highspy import Highs, MatrixFormat, ObjSense

    solver = Highs()  # type: ignore[no-untyped-call]  # the package does not type it
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    # Of a few hundred sums the simplex method takes less time than to simplify them first.
    solver.setOptionValue("presolve", "on" if whole else "off")
    solver.setOptionValue("mip_max_nodes", MOST_NODES)
    solver.setOptionValue("mip_rel_gap", GAP)
    matrix, lower, upper = sums
    solver.passModel(
        len(costs),
        len(lower),
        matrix.nnz,
        int(MatrixFormat.kColwise),
        int(ObjSense.kMinimize),
        0.0,
        costs,
        *bounds,
        lower,
        upper,
        matrix.indptr.astype(np.int32),
        matrix.indices.astype(np.int32),
        matrix.data,
        np.full(len(costs), int(whole), dtype=np.int32),
    )
    return solver
