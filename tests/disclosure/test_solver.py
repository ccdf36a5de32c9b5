"""The solver: small linear programs worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from highspy import HighsModelStatus
from scipy.sparse import csc_array

from iop_outcomes.disclosure.solutions import solver
from iop_outcomes.disclosure.solutions.solver import Again, optimum, whole_numbers, whole_optimum

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
    """The solver, which calls infeasible what it simplifies, the first `times`."""

    def __init__(self, solver: Any, times: list[None]) -> None:
        self._solver, self._times, self._simplifies, self._hasty = solver, times, True, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._solver, name)

    def setOptionValue(self, name: str, value: object) -> None:  # noqa: N802  # the solver's name
        self._simplifies = self._simplifies and (name, value) != ("presolve", "off")
        self._solver.setOptionValue(name, value)

    def run(self) -> None:
        self._hasty = bool(self._simplifies and self._times)
        if self._hasty:
            self._times.pop()
        else:
            self._solver.run()

    def getModelStatus(self) -> HighsModelStatus:  # noqa: N802  # the solver's name
        return HighsModelStatus.kInfeasible if self._hasty else self._solver.getModelStatus()


def hasty(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    make, left = solver._solver, [None] * times
    monkeypatch.setattr(solver, "_solver", lambda *some, **more: Hasty(make(*some, **more), left))


@pytest.mark.parametrize(
    ("again", "times"), [("turned", 1), ("as they are", 1), ("as they are", 9)]
)
def test_what_is_infeasible_once_simplified_is_asked_once_more(
    again: Again, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sums = line(3.0, 5.0, low=19.0, high=19.0)
    to_nine = np.zeros(2), np.array([9.0, 10.0])
    with monkeypatch.context() as patch:
        hasty(patch, times)
        assert whole_optimum(NONE, to_nine, sums) is None
    with monkeypatch.context() as patch:
        hasty(patch, times)
        numbers, none_fit = whole_numbers(to_nine, sums, again)
    assert numbers is not None
    assert numbers.tolist() == [3.0, 2.0]  # in their own order
    assert not none_fit
    nothing = whole_numbers(TO_TEN, line(2.0, 4.0, low=7.0, high=7.0), again)
    assert (nothing.numbers, nothing.none_fit) == (None, True)


def test_a_search_that_ends_early_does_not_say_that_nothing_fits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(solver, "MOST_NODES", 0)
    rng = np.random.default_rng(5)
    matrix = csc_array(rng.integers(1, 99, (2, 30)).astype(float))
    right = matrix @ np.ones(30)
    found = whole_numbers((np.zeros(30), np.full(30, 2.0)), (matrix, right, right), "turned")
    assert not found.none_fit


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
