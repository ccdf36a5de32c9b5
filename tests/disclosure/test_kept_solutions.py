"""Solutions that are kept: the same is hidden as if each question was solved anew."""

from __future__ import annotations

import numpy as np
import pytest

from iop_outcomes.disclosure import LinkedCounts, SafePolicy
from iop_outcomes.disclosure.solutions import KeptSolutions, View


def tables(seed: int) -> LinkedCounts:
    """Return two tables of three rows each that share a total, and a share of a row."""
    random = np.random.default_rng(seed)
    linked = LinkedCounts(SafePolicy())
    one = [int(value) for value in random.choice([0, 3, 8, 12, 25, 40], 3)] + [30]
    cuts = np.sort(random.integers(0, sum(one) + 1, 2))
    other = [int(value) for value in np.diff([0, *cuts, sum(one)])]
    linked.count("all", sum(one), item="all", rank=4)
    for name, values in (("one", one), ("other", other)):
        for row, value in enumerate(values):
            linked.count((name, row), value, item=(name, row), rank=row)
        linked.total("all", [(name, row) for row in range(len(values))])
    linked.share("share", ("one", 3), "all", decimals=2)
    return linked


@pytest.mark.parametrize("seed", range(12))
def test_kept_solutions_change_nothing_that_is_hidden(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tables(seed).hidden()
    monkeypatch.setattr(KeptSolutions, "_answered", lambda *_: False)
    assert tables(seed).hidden() == kept


def test_a_solution_does_not_count_once_another_value_is_shown() -> None:
    linked = LinkedCounts(SafePolicy())
    for name, value in {"a": 5, "b": 20, "all": 25}.items():
        linked.count(name, value)
    linked.total("all", ["a", "b"])

    def view(dropped: frozenset[object]) -> View:
        return View([place for place in (1, 2) if place not in dropped], [], {})

    solutions = KeptSolutions(linked.facts, 11, view)
    assert not solutions.leaves_open(0, ())
    assert solutions.leaves_open(0, {1})
    assert solutions.leaves_open(0, {1, 2})
    assert not solutions.shows([0], frozenset(), ([1], []))
    assert solutions.shows([0], frozenset({1}), ([2], []))


def test_a_solution_below_what_a_count_is_at_least_does_not_count() -> None:
    linked = LinkedCounts(SafePolicy())
    for name, value in {"a": 5, "b": 8, "all": 13}.items():
        linked.count(name, value)
    linked.total("all", ["a", "b"])
    least: dict[int, int] = {}
    solutions = KeptSolutions(linked.facts, 11, lambda _: View([2], [], least))
    assert solutions.leaves_open(0, {"before"})
    least[1] = 5
    assert not solutions.leaves_open(0, {"after"})
