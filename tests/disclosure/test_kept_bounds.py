"""Bounds that are kept: none is below a value that a count can have, and the same is hidden."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from iop_outcomes.disclosure import LinkedCounts, SafePolicy
from iop_outcomes.disclosure.facts import Facts, Share
from iop_outcomes.disclosure.solutions.bounds import KeptBounds
from iop_outcomes.disclosure.solutions.connected import Printed, known_values
from iop_outcomes.disclosure.solutions.weighted import Reader
from tests.disclosure.test_kept_solutions import tables
from tests.helpers.searches import counted_searches

ABOVE = (11.0, np.inf)


def declared(values: list[int], rows: list[dict[int, int]]) -> Facts:
    facts = Facts()
    for value in values:
        facts.add(value)
    facts.rows += rows
    return facts


def reader(
    facts: Facts, places: list[int], shares: list[Share] | None = None, least: int = 0
) -> Reader:
    """Return a reader who is shown the counts at some places, and shares."""
    known = known_values(facts, places)
    lowest = {place: least for place in range(len(facts.values)) if least and not known[place]}
    return Reader(Printed(known, shares or [], lowest))


@pytest.mark.parametrize("seed", range(6))
def test_kept_bounds_change_nothing_that_is_hidden(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tables(seed).hidden()
    monkeypatch.setattr(KeptBounds, "excluding", lambda *_: None)
    assert tables(seed).hidden() == kept


def test_few_questions_are_solved_where_bounds_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = counted_searches(monkeypatch)
    table = LinkedCounts(SafePolicy())
    table.count("all", 5 + 4 + 40 * 20, item="all")
    table.hold("all")
    for name in range(22):
        table.count(name, {0: 5, 1: 4}.get(name, 40), item=name)
    for name in range(2, 22):  # each in two parts that are printed as well
        table.count(("one", name), 15, item=("one", name), rank=0)
        table.count(("two", name), 25, item=("two", name), rank=0)
        table.total(name, [("one", name), ("two", name)])
    table.total("all", list(range(22)))
    assert len(table.hidden()) == 4  # the small counts, another, and one of the parts of this
    assert len(asked) < 10  # of 60 items that might have been hidden with them


# a + b = c, and c + d = e: printed are b and e; so a is at most e - b, if d and b may be 0.
def test_a_bound_holds_for_readers_who_are_shown_less() -> None:
    facts = declared([5, 20, 25, 3, 28], [{0: 1, 1: 1, 2: -1}, {2: 1, 3: 1, 4: -1}])
    bounds = KeptBounds(facts)
    first = reader(facts, [1, 4])
    assert not bounds.excluding(0, ABOVE, first)
    bounds.find(0, ABOVE, first)
    assert bounds.excluding(0, ABOVE, first)  # at most 28 - 20 = 8
    assert bounds.excluding(0, (9.0, np.inf), first)
    assert not bounds.excluding(0, (8.0, np.inf), first)
    assert bounds.excluding(0, (8.0, np.inf), reader(facts, [1, 4], least=1))  # d is at least 1
    assert bounds.excluding(0, ABOVE, reader(facts, [1, 3, 4]))  # a is 25 - 20
    assert not bounds.excluding(0, ABOVE, reader(facts, [4]))  # b may be 0
    assert not bounds.excluding(0, ABOVE, reader(facts, [1]))  # e may be any number


def test_a_bound_from_below_is_kept_apart_from_one_from_above() -> None:
    facts = declared([40, 20, 60, 30], [{0: 1, 1: 1, 2: -1}])
    bounds = KeptBounds(facts)
    shown = reader(facts, [2], least=20)
    bounds.find(0, (0.0, 19.0), shown)
    assert not bounds.excluding(0, (0.0, 29.0), shown)  # the count may be 20
    assert bounds.excluding(0, (0.0, 19.0), shown)
    assert not bounds.excluding(0, (41.0, np.inf), shown)  # nothing was looked for above
    bounds.find(0, (41.0, np.inf), shown)
    assert bounds.excluding(0, (41.0, np.inf), shown)


def test_a_bound_that_needs_a_share_holds_only_where_it_is_printed() -> None:
    facts = declared([5, 50, 45], [{0: 1, 2: 1, 1: -1}])
    share = Share.of((0, 1, 2), facts.values, 2)  # 10 percent of 50: 4.75 to 5.25
    bounds = KeptBounds(facts)
    with_share = reader(facts, [1], [share])
    bounds.find(0, (6.0, np.inf), with_share)
    assert bounds.excluding(0, (6.0, np.inf), with_share)
    assert not bounds.excluding(0, (5.0, np.inf), with_share)
    assert not bounds.excluding(0, (6.0, np.inf), reader(facts, [1]))
    other = Share.of((0, 1, 2), facts.values, 1)
    assert not bounds.excluding(0, (6.0, np.inf), reader(facts, [1], [other]))


# 5 of a hidden number are 10 percent, which is 9.5 to 10.5: the number is 48 to 52.
@pytest.mark.parametrize(
    ("excluded", "possible"),
    [((53.0, np.inf), (52.0, np.inf)), ((0.0, 47.0), (0.0, 48.0))],
)
def test_either_end_of_a_printed_share_bounds_its_denominator(
    excluded: tuple[float, float], possible: tuple[float, float]
) -> None:
    facts = declared([5, 50, 45], [{0: 1, 2: 1, 1: -1}])
    bounds = KeptBounds(facts)
    shown = reader(facts, [0], [Share.of((0, 1, 2), facts.values, 2)])
    bounds.find(1, excluded, shown)
    assert bounds.excluding(1, excluded, shown)
    assert not bounds.excluding(1, possible, shown)


def test_no_bound_is_looked_for_again_after_one_that_excluded_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from iop_outcomes.disclosure.solutions import bounds as module

    facts = declared([5, 20, 25], [{0: 1, 1: 1, 2: -1}])
    bounds, shown = KeptBounds(facts), reader(facts, [2])
    bounds.find(0, ABOVE, shown)
    assert not bounds.excluding(0, ABOVE, shown)  # it is at most 25
    monkeypatch.setattr(module, "_lowest_bound", lambda *_: pytest.fail("looked for again"))
    bounds.find(0, ABOVE, shown)


def test_a_count_without_a_bound_has_none() -> None:
    facts = declared([5, 20, 25], [{0: 1, 1: 1, 2: -1}])
    bounds = KeptBounds(facts)
    shown = reader(facts, [1])
    bounds.find(0, ABOVE, shown)
    assert not bounds.excluding(0, ABOVE, shown)


@pytest.mark.parametrize("seed", range(10))
def test_no_bound_excludes_a_value_that_a_reader_must_reckon_with(seed: int) -> None:
    """Compare with all whole numbers from 0 to 6 that fit, for every choice of what is shown."""
    random = np.random.default_rng(seed)
    free = [int(value) for value in random.integers(0, 5, 4)]
    sums = [sorted(random.choice(4, size=int(random.integers(2, 4)), replace=False).tolist())]
    sums.append(sorted({0, 1, 2, 3} - {int(random.integers(4))}))
    values = free + [sum(free[place] for place in parts) for parts in sums]
    rows = [{**dict.fromkeys(parts, 1), 4 + number: -1} for number, parts in enumerate(sums)]
    facts = declared(values, rows)
    top, bottom = (int(place) for place in random.choice(4, size=2, replace=False))
    share = Share(top, bottom, top, 0.3, 1.4)
    shares = [share] if share.holds({}, values) else []
    every = np.array(list(itertools.product(range(7), repeat=4)))
    every = np.column_stack([every, *(every[:, parts].sum(axis=1) for parts in sums)])
    if shares:
        x, n = every[:, top], every[:, bottom]
        every_with_share = every[(x >= 0.3 * n - 1e-9) & (x <= 1.4 * n + 1e-9)]
    bounds = KeptBounds(facts)
    readers = []
    for shown in itertools.chain.from_iterable(
        itertools.combinations(range(6), size) for size in range(7)
    ):
        for given in ([], shares):
            fits = every_with_share if given else every
            fits = fits[(fits[:, list(shown)] == np.array(values)[list(shown)]).all(axis=1)]
            readers.append((reader(facts, list(shown), given), fits))
    for one, _ in readers[:: int(random.integers(3, 9))]:
        bounds.find(0, ABOVE, one)
        bounds.find(0, (0.0, 0.0), one)
    for one, fits in readers:
        most, lowest = int(fits[:, 0].max()), int(fits[:, 0].min())
        assert not bounds.excluding(0, (float(most), np.inf), one)
        assert not bounds.excluding(0, (0.0, float(lowest)), one)
