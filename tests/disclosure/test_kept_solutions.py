"""Solutions that are kept: the same is hidden as if each question was solved anew."""

from __future__ import annotations

import numpy as np
import pytest

from iop_outcomes.disclosure import LinkedCounts, SafePolicy
from iop_outcomes.disclosure.solutions import KeptSolutions, View, kept


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
    keeping = tables(seed).hidden()
    monkeypatch.setattr(KeptSolutions, "_answered", lambda *_: False)
    monkeypatch.setattr(KeptSolutions, "_unanswered", lambda _, counts, __: list(counts))
    monkeypatch.setattr(KeptSolutions, "ask_many", lambda *_: None)
    assert tables(seed).hidden() == keeping


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("method", ["ask_many", "closed_by"])
def test_what_saves_searches_changes_nothing_that_is_hidden(
    method: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    saving = tables(seed).hidden()
    monkeypatch.setattr(KeptSolutions, method, lambda *_: None)
    assert tables(seed).hidden() == saving


def test_one_search_shows_many_counts_open(monkeypatch: pytest.MonkeyPatch) -> None:
    linked = LinkedCounts(SafePolicy())
    small = dict.fromkeys("abcdefgh", 5)
    for name, value in (small | {"large": 200, "all": 240, "apart": 4}).items():
        linked.count(name, value)
    linked.total("all", [*small, "large"])
    solutions = KeptSolutions(linked.facts, 11, lambda _: View([9, 10], [], {}))
    solutions.ask_many([*range(8), 9, 10], ())

    def unexpected(*_: object) -> None:
        raise AssertionError("asked one by one")

    monkeypatch.setattr(kept, "find_fit", unexpected)
    assert all(solutions.leaves_open(count, ()) for count in range(8))
    assert not any(solutions.leaves_open(count, ()) for count in (9, 10))


def test_a_few_counts_are_asked_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    linked = LinkedCounts(SafePolicy())
    for name, value in {"a": 5, "b": 6, "all": 11}.items():
        linked.count(name, value)
    linked.total("all", ["a", "b"])
    monkeypatch.setattr(kept, "SearchOfMany", lambda *_: pytest.fail("asked together"))
    solutions = KeptSolutions(linked.facts, 11, lambda _: View([2], [], {}))
    solutions.ask_many([0, 1], ())
    assert solutions.leaves_open(0, ())


def test_a_solution_opens_a_count_of_few_people_only_a_threshold_away() -> None:
    # 11 sessions of a few people and 1 of others make 12, and there is one or more of each. So the
    # first may be 1 only where the second is 11, which is open then; the first is not: it would
    # have to be 0 or less, or 22 or more.
    linked = LinkedCounts(SafePolicy())
    for name, value in {"sessions": 11, "others": 1, "all": 12}.items():
        linked.count(name, value)
    linked.total("all", ["sessions", "others"])
    solutions = KeptSolutions(linked.facts, 11, lambda _: View([2], [], {0: 1, 1: 1}))
    assert solutions.leaves_open(1, ())
    assert not solutions.leaves_open(0, ())


def test_a_count_is_closed_by_what_it_follows_from_too() -> None:
    linked = LinkedCounts(SafePolicy())
    counts = {"due": 60, "attended": 50, "absent": 10, "no show": 6, "cancelled": 4, "else": 9}
    for name, value in counts.items():
        linked.count(name, value)
    linked.total("due", ["attended", "absent"])
    linked.total("absent", ["no show", "cancelled"])
    due, attended, absent, no_show, cancelled, other = range(6)

    def view(dropped: frozenset[object]) -> View:
        shown = [due, attended, other, *([cancelled] if "part" not in dropped else [])]
        return View([place for place in shown if place not in dropped], [], {})

    solutions = KeptSolutions(linked.facts, 11, view)
    # It follows from one sum after another; and, without the part, it is at most what is absent.
    assert solutions.closed_by(no_show, ()) == {no_show, due, attended, cancelled}
    assert not solutions.leaves_open(no_show, {"part"})
    assert solutions.closed_by(no_show, {"part"}) == {no_show, cancelled, absent, due, attended}
    assert solutions.leaves_open(no_show, {"part", attended})


def test_a_count_without_a_bound_may_be_opened_by_anything() -> None:
    linked = LinkedCounts(SafePolicy())
    for name, value in {"a": 5, "b": 8, "all": 13}.items():
        linked.count(name, value)
    linked.total("all", ["a", "b"])
    solutions = KeptSolutions(linked.facts, 11, lambda _: View([2], [], {1: 3}))
    assert solutions.closed_by(0, ()) is None
    assert not solutions.leaves_open(0, ())
    assert solutions.closed_by(0, ()) == {0, 1, 2}


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


def test_of_two_shares_of_a_count_the_larger_bound_is_known() -> None:
    linked = LinkedCounts(SafePolicy())
    for name, value in {"all": 40, "x": 20, "none": 0}.items():
        linked.count(name, value)
    linked.share("half", "x", "all", 2)
    linked.share("nobody", "none", "all", 2)
    # With 11 or more on either side there are 22; that of 0 percent tells of 11 only.
    assert linked.views().without(()).least[0] == 22
    assert linked.views().without(["half"]).least[0] == 11
