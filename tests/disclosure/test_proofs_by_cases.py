"""Proofs by cases: they exclude what no whole numbers fit, and nothing that a reader may expect."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest

from iop_outcomes.disclosure import LinkedCounts, SafePolicy
from iop_outcomes.disclosure.facts import Facts, Share
from iop_outcomes.disclosure.solutions import bounds as module
from iop_outcomes.disclosure.solutions import cases
from iop_outcomes.disclosure.solutions.bounds import KeptBounds, _lowest_bound
from iop_outcomes.disclosure.solutions.cases import prove
from iop_outcomes.disclosure.solutions.connected import Printed, known_values
from iop_outcomes.disclosure.solutions.weighted import Reader
from tests.disclosure.test_kept_bounds import declared, reader
from tests.helpers.searches import counted_searches

Counts = npt.NDArray[np.int64]
ABOVE = (11.0, np.inf)
STAYED, OF_ALL, LEFT, OTHERS, ALL = range(5)


def stayed() -> tuple[Facts, Share]:
    """16 of 34 stayed, which is 47 percent; the 34 and 3 others are all 37."""
    facts = declared(
        [16, 34, 18, 3, 37], [{STAYED: 1, LEFT: 1, OF_ALL: -1}, {OF_ALL: 1, OTHERS: 1, ALL: -1}]
    )
    return facts, Share.of((STAYED, OF_ALL, LEFT), facts.values, 2)


def shown(facts: Facts, share: Share | None, places: list[int]) -> Reader:
    """Return a reader who is shown some counts, and perhaps the share: then 11 or more stayed."""
    least = {} if share is None else share.least(11)
    return Reader(Printed(known_values(facts, places), [] if share is None else [share], least))


# If there were 11 others or more, at most 26 are left. 47 percent of 22 to 26 is 10.2 to 12.4: of
# 11 they are 23.2 to 23.7, of 12 they are 25.3 to 25.8, and no whole number.
def test_what_fits_as_fractions_only_is_excluded() -> None:
    facts, share = stayed()
    kept_bounds, one = KeptBounds(facts), shown(facts, share, [ALL])
    fractions = _lowest_bound(facts, one.printed, OTHERS, 1)
    assert fractions is not None
    assert fractions.largest(np.array(facts.values), one) > 11
    assert not kept_bounds.excluding(OTHERS, ABOVE, one)
    kept_bounds.find(OTHERS, ABOVE, one)
    found = kept_bounds.excluding(OTHERS, ABOVE, one)
    assert found is not None
    assert found.shares == {share}
    assert ALL in found.places
    assert kept_bounds.excluding(OTHERS, (12.0, np.inf), one)
    assert not kept_bounds.excluding(OTHERS, (7.0, np.inf), one)  # 14 of 30 are 47 percent too


def test_a_proof_needs_what_it_was_made_from() -> None:
    facts, share = stayed()
    kept_bounds = KeptBounds(facts)
    kept_bounds.find(OTHERS, ABOVE, shown(facts, share, [ALL]))
    assert kept_bounds.excluding(OTHERS, ABOVE, shown(facts, share, [ALL, STAYED]))
    assert not kept_bounds.excluding(OTHERS, ABOVE, shown(facts, None, [ALL]))
    assert not kept_bounds.excluding(OTHERS, ABOVE, shown(facts, share, []))
    # 8 of 17 are 47 percent, where fewer than 11 may have stayed.
    assert not kept_bounds.excluding(OTHERS, ABOVE, reader(facts, [ALL], [share]))


@pytest.mark.parametrize("programs", [0, 1, 2])
def test_a_proof_that_takes_too_long_is_not_looked_for_again(
    programs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts, share = stayed()
    kept_bounds, one = KeptBounds(facts), shown(facts, share, [ALL])
    monkeypatch.setattr(cases, "MOST_PROGRAMS", programs)
    kept_bounds.find(OTHERS, ABOVE, one)
    assert not kept_bounds.excluding(OTHERS, ABOVE, one)
    monkeypatch.undo()
    kept_bounds.find(OTHERS, ABOVE, one)
    assert not kept_bounds.excluding(OTHERS, ABOVE, one)


def test_a_count_without_an_upper_bound_has_no_proof() -> None:
    facts, share = stayed()
    assert prove(facts, shown(facts, share, []), OTHERS, 1, 11.0) is None


@pytest.mark.parametrize("seed", range(6))
def test_a_proof_is_found_where_nothing_fits_and_holds_for_nobody_else(seed: int) -> None:
    """Compare with all whole numbers that fit, for readers who are shown different things."""
    random = np.random.default_rng(seed)
    one, other = (int(value) for value in random.integers(3, 7, 2))
    n, m = (int(value) for value in random.integers(7, 11, 2))
    a, b = (int(value) for value in random.integers(1, 5, 2))
    every = np.indices((15,) * 4).reshape(4, -1)

    def all_counts(x: Counts, n: Counts, y: Counts, m: Counts) -> Counts:
        """Return two shares with the rest, those not in them and all; and a sum of both."""
        first = [x, n, n - x, one_all - n, np.full_like(x, one_all)]
        second = [y, m, m - y, other_all - m, np.full_like(x, other_all)]
        return np.array([*first, *second, x + y])

    one_all, other_all = n + a, m + b
    every = all_counts(*every).T
    every = every[(every >= 0).all(axis=1)]
    values = all_counts(*np.array([one, n, other, m])).tolist()
    rows = [{base: 1, base + 2: 1, base + 1: -1} for base in (0, 5)]
    rows += [{base + 1: 1, base + 3: 1, base + 4: -1} for base in (0, 5)]
    facts = declared(values, [*rows, {0: 1, 5: 1, 10: -1}])
    shares = [Share.of((base, base + 1, base + 2), values, 2) for base in (0, 5)]

    def held(share: Share) -> npt.NDArray[np.bool_]:
        x, of = every[:, share.numerator], every[:, share.denominator]
        return (share.low * of - 1e-9 <= x) & (x <= share.high * of + 1e-9)

    readers: list[tuple[Reader, Counts]] = []
    for more, given, least in itertools.product(
        ((), (10,), (8,), (1, 10)), ([], shares[:1], shares[1:], shares), (0, 1, 3)
    ):
        places = [4, 9, *more]
        fits = (every[:, places] == np.array(values)[places]).all(axis=1)
        low = {place: min(least, value) for place, value in enumerate(values) if least}
        fits &= (every >= [low.get(place, 0) for place in range(len(values))]).all(axis=1)
        for share in given:
            fits &= held(share)
        printed = Printed(known_values(facts, places), list(given), low)
        readers.append((Reader(printed), every[fits][:, 3]))
    array, found = np.array(values), []
    for number in random.choice(len(readers), 12, replace=False).tolist():
        who, possible = readers[number]
        if who.unknown[3]:
            top, bottom = int(possible.max()), int(possible.min())
            for sign, limits in ((1, (top, top + 1)), (-1, (-bottom, -bottom + 1))):
                assert prove(facts, who, 3, sign, limits[0]) is None
                proof = prove(facts, who, 3, sign, limits[1])
                assert proof is not None
                assert proof.excludes(limits[1], array, who)
                found.append((sign, proof))
    assert max(len(proof.cases) for _, proof in found) > 1
    for (sign, proof), (who, possible) in itertools.product(found, readers):
        assert not proof.excludes(int((sign * possible).max()), array, who)


def beside_many() -> LinkedCounts:
    """Return the counts of `stayed`, with 25 printed ones near them that tell nothing."""
    linked = LinkedCounts(SafePolicy())
    for name, value in {"stayed": 16, "of all": 34, "others": 3, "all": 37}.items():
        linked.count(name, value)
    linked.count("printed", 37, item="printed")
    linked.hold("printed")
    linked.total("printed", ["all"])
    linked.total("all", ["of all", "others"])
    linked.share("share", "stayed", "of all", decimals=2, rank=4)
    for name in range(25):
        linked.count(("and", name), 44 + name)
        linked.count(("with", name), 60 + name, item=("with", name), rank=0)
        linked.total(("with", name), ["stayed", ("and", name)])
    return linked


def test_few_questions_are_solved_where_proofs_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = counted_searches(monkeypatch)
    assert beside_many().hidden() == {"share"}
    assert len(asked) < 5
    monkeypatch.setattr(module, "prove", lambda *_: None)
    assert beside_many().hidden() == {"share"}
    assert len(asked) > 25  # each of those near was tried
