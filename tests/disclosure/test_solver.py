"""The solver: small linear programs worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from highspy import HighsModelStatus
from scipy.sparse import csc_array

from iop_outcomes.disclosure.solutions import solver
from iop_outcomes.disclosure.solutions.solver import optimum, whole_optimum

NONE = np.zeros(2)
TO_TEN = (np.zeros(2), np.full(2, 10.0))


def line(*weights: float, low: float, high: float) -> tuple[csc_array, np.ndarray, np.ndarray]:
    """Return one sum of the two numbers, and its limits."""
    return csc_array([weights]), np.array([low]), np.array([high])


def test_the_lowest_costs_and_by_how_much_they_change_with_the_limit() -> None:
    # x + 2y is at least 6: one of x costs 1, one of y 3, which is 1.5 for each that it adds.
    best = optimum(np.array([1.0, 3.0]), TO_TEN, line(1.0, 2.0, low=6.0, high=np.inf))
    assert best is not None
    assert best.numbers.tolist() == [6.0, 0.0]
    assert best.multipliers.tolist() == [1.0]  # one more at least costs one more
    best = optimum(np.array([-1.0, 0.0]), TO_TEN, line(2.0, 1.0, low=-np.inf, high=8.0))
    assert best is not None
    assert best.numbers.tolist() == [4.0, 0.0]
    assert best.multipliers.tolist() == [-0.5]


def test_there_is_no_optimum_where_nothing_fits_or_costs_fall_without_end() -> None:
    too_much = line(1.0, 1.0, low=21.0, high=np.inf)
    assert optimum(NONE, TO_TEN, too_much) is None
    assert whole_optimum(NONE, TO_TEN, too_much) is None
    endless = (np.zeros(2), np.full(2, np.inf))
    assert optimum(np.array([-1.0, 0.0]), endless, line(1.0, -1.0, low=0.0, high=0.0)) is None


def test_whole_numbers_are_whole_and_fit() -> None:
    # 3x + 5y = 19 has one solution in whole numbers of 0 or more: 3 and 2.
    numbers = whole_optimum(NONE, TO_TEN, line(3.0, 5.0, low=19.0, high=19.0))
    assert numbers is not None
    assert numbers.tolist() == [3.0, 2.0]
    assert whole_optimum(NONE, TO_TEN, line(2.0, 4.0, low=7.0, high=7.0)) is None


class Hasty:
    """The solver, which calls infeasible whatever it simplifies."""

    def __init__(self, solver: Any) -> None:
        self._solver, self._simplifies = solver, True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._solver, name)

    def setOptionValue(self, name: str, value: object) -> None:  # noqa: N802  # the solver's name
        self._simplifies = self._simplifies and (name, value) != ("presolve", "off")
        self._solver.setOptionValue(name, value)

    def run(self) -> None:
        if not self._simplifies:
            self._solver.run()

    def getModelStatus(self) -> HighsModelStatus:  # noqa: N802  # the solver's name
        return HighsModelStatus.kInfeasible if self._simplifies else self._solver.getModelStatus()


def test_what_is_infeasible_once_simplified_is_asked_as_it_is_to_be_sure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make = solver._solver
    monkeypatch.setattr(solver, "_solver", lambda *some, **more: Hasty(make(*some, **more)))
    sums = line(3.0, 5.0, low=19.0, high=19.0)
    assert whole_optimum(NONE, TO_TEN, sums) is None
    numbers = whole_optimum(NONE, TO_TEN, sums, sure=True)
    assert numbers is not None
    assert numbers.tolist() == [3.0, 2.0]
    assert whole_optimum(NONE, TO_TEN, line(2.0, 4.0, low=7.0, high=7.0), sure=True) is None


def test_numbers_without_a_sum_have_the_bound_of_the_lowest_costs() -> None:
    free = csc_array((0, 2)), np.zeros(0), np.zeros(0)
    best = optimum(np.array([1.0, -1.0]), TO_TEN, free)
    assert best is not None
    assert best.numbers.tolist() == [0.0, 10.0]
    numbers = whole_optimum(np.array([1.0, -1.0]), TO_TEN, free)
    assert numbers is not None
    assert numbers.tolist() == [0.0, 10.0]


def test_the_solver_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    optimum(NONE, TO_TEN, line(1.0, 1.0, low=3.0, high=3.0))
    whole_optimum(NONE, TO_TEN, line(3.0, 5.0, low=19.0, high=19.0))
    assert capfd.readouterr() == ("", "")
