"""A report of which now more and now less is printed, beside earlier ones: read once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations
from typing import Any

import numpy as np
import pytest

from iop_outcomes.disclosure import LinkedCounts, SafePolicy
from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.joined import JoinedCounts
from iop_outcomes.disclosure.ledger import beside, readers
from iop_outcomes.disclosure.system import (
    Fitting,
    Joined,
    Outsider,
    PartsByPlace,
    PrintedCells,
    Reading,
    Trials,
    parts,
    printed_cells,
)
from iop_outcomes.errors import ReportError
from validation.disclosure_attack import watched

ITEMS = ("a", "b", "new", "all", "share")


def report(a: int, b: int, new: int, *, later: bool) -> LinkedCounts:
    """Return counts of two quarters that both reports have, and in the later one of a third."""
    linked = LinkedCounts(SafePolicy())
    counts = {"a": a, "b": b, "new": new} if later else {"a": a, "b": b}
    for name, value in counts.items():
        linked.count(name, value, item=name)
    linked.count("all", sum(counts.values()), item="all")
    linked.total("all", list(counts))
    if later:
        linked.share("share", "new", "all", 2)
    return linked


def cells_of(linked: LinkedCounts, hidden: frozenset[Key], quarter: str) -> PrintedCells:
    """Return what is printed; the quarters are those of each report, their sum is its own."""
    return printed_cells(linked, hidden, quarter=quarter, settled=lambda key: key in ("a", "b"))


def choices() -> Iterator[frozenset[Key]]:
    """Return all that may be hidden."""
    return map(
        frozenset, chain.from_iterable(combinations(ITEMS, size) for size in range(len(ITEMS) + 1))
    )


def trials_of(earlier: Joined, linked: LinkedCounts) -> Trials:
    """Return the trials of a report."""
    return Trials(earlier, cells_of(linked, frozenset(), "2026Q1"), len(linked.names))


def test_a_reading_is_that_of_the_reports_joined_anew() -> None:
    before = report(30, 16, 0, later=False)
    before.share("earlier share", "a", "all", 2)
    first = cells_of(before, frozenset("b"), "2025Q4")
    earlier, linked = Joined([first]), report(30, 16, 40, later=True)
    trials, views = trials_of(earlier, linked), linked.views()
    assert trials.alike
    for hidden in choices():
        again = Reading.of(earlier.with_report(cells_of(linked, hidden, "2026Q1")).cells)
        found = trials.reading(views.without(hidden))
        assert found.names == again.names
        assert found.known.tolist() == again.known.tolist()
        assert found.facts == again.facts
        assert found.shares == again.shares
        assert found.least == again.least
        assert (found.threshold, found.not_people) == (again.threshold, again.not_people)


@pytest.mark.parametrize(("a", "b", "new"), [(30, 6, 40), (30, 6, 3), (12, 30, 11), (3, 3, 3)])
def test_what_follows_is_the_same(a: int, b: int, new: int) -> None:
    first = cells_of(report(a, b, 0, later=False), frozenset("b"), "2025Q4")
    earlier, linked = Joined([first]), report(a, b, new, later=True)
    trials, views, parts = trials_of(earlier, linked), linked.views(), PartsByPlace()
    small = {item for item in ITEMS if linked.shows_small(item)}
    for chosen in choices():
        hidden = chosen | small
        joined = earlier.with_report(cells_of(linked, hidden, "2026Q1"))
        again = Outsider(trials.reading(views.without(hidden)), parts)
        assert set(again.told()) == set(Outsider(joined.cells).told())


@pytest.mark.parametrize(("a", "b", "new"), [(30, 6, 40), (30, 6, 3), (3, 3, 3)])
def test_a_count_follows_from_the_items_that_are_said_to_be_enough(
    a: int, b: int, new: int
) -> None:
    """With any other items hidden, too, it still follows."""
    first = cells_of(report(a, b, 0, later=False), frozenset("b"), "2025Q4")
    earlier, linked = Joined([first]), report(a, b, new, later=True)
    trials, views = trials_of(earlier, linked), linked.views()
    small = {item for item in ITEMS if linked.shows_small(item)}
    said = 0
    for hidden in {chosen | small for chosen in choices()}:
        outsider = Outsider(trials.reading(views.without(hidden)))
        for key in outsider.told():
            needed = outsider.needed(key)
            if needed is None:
                continue
            enough = linked.items_with(trials.own(needed)) - hidden
            said += 1
            for more in choices():
                if more >= hidden and not more & enough:
                    assert Outsider(trials.reading(views.without(more))).tells(key)
    assert said


@pytest.mark.parametrize(("a", "b", "new"), [(30, 6, 40), (30, 6, 3), (12, 30, 11), (3, 3, 3)])
def test_what_did_not_follow_is_not_asked_again_with_more_hidden(a: int, b: int, new: int) -> None:
    """Counts of two quarters, too, which are asked together."""
    linked = report(a, b, new, later=True)
    earlier = [cells_of(report(a, b, 0, later=False), frozenset("b"), "2025Q4")]

    def reader() -> readers.Readers:
        return readers.Readers(
            linked, frozenset(), lambda gone: cells_of(linked, gone, "2"), earlier
        )

    small = {item for item in ITEMS if linked.shows_small(item)}
    for first in {chosen | small for chosen in choices()}:
        once = reader()
        before = once.told(first)
        for gone in choices():
            if gone >= first:
                told = once.told(gone)
                assert set(told) == set(reader().told(gone)) <= set(before)
                assert set(once.which(gone, before)) == set(told)
                assert once.tell(gone, before) == bool(told)


def test_a_sum_is_asked_once_its_counts_do_not_follow_by_themselves() -> None:
    """From the earlier report 7 of two quarters follow; with `x` 3 of them are of the first."""
    first, second = (
        ("discharged in the quarter up to", day, "completed")
        for day in ("2025-12-31", "2026-03-31")
    )
    before, linked = LinkedCounts(SafePolicy()), LinkedCounts(SafePolicy())
    for one, more in ((before, {"big": 20, "all": 27}), (linked, {"w": 30, "x": 33})):
        for name, value in {first: 3, second: 4, **more}.items():
            one.count(name, value, item=name, shows_zero=False)
    before.total("all", [first, second, "big"])
    linked.total("x", [first, "w"])
    few: frozenset[Key] = frozenset([first, second])

    def cells(linked: LinkedCounts, gone: frozenset[Key], quarter: str) -> PrintedCells:
        return printed_cells(linked, gone, quarter=quarter, settled=lambda key: key in few)

    reader = readers.Readers(
        linked, few, lambda gone: cells(linked, gone, "2026Q1"), [cells(before, few, "2025Q4")]
    )
    names = {("", "", first), ("", "", second)}
    assert set(reader.told(few)) == names
    (together,) = reader.told(few | {"x"})
    assert isinstance(together, tuple)
    assert set(together[1:]) == names


def test_only_what_follows_has_a_reason() -> None:
    linked = report(30, 16, 40, later=True)
    outsider = Outsider(Reading.of(cells_of(linked, frozenset("b"), "2026Q1")))
    assert not [*outsider.told()]
    assert {outsider.needed(key) for key in (*outsider.names, "not there")} == {None}
    assert outsider.first_of([*outsider.names, "not there"]) is None


def test_sums_that_are_small_in_every_solution_are_found_one_solution_after_another() -> None:
    random = np.random.default_rng(5)
    table = random.integers(0, 9, (6, 20))
    sums = [random.choice(20, size, replace=False).tolist() for size in random.integers(1, 5, 60)]
    small = [all(1 <= solution[some].sum() < 11 for solution in table) for some in sums]
    assert 0 < sum(small) < len(sums)
    found = Fitting(range(20), table).always_small(sums, 11)
    assert found == np.flatnonzero(small).tolist()
    assert Fitting(range(20), table).always_small([], 11) == []


def test_what_only_whole_numbers_say_has_no_reason() -> None:
    """An even count of at most 11 is at most 10; as far as fractions are possible, it may be 11."""
    halves: list[dict[Key, int]] = [{"u": 1, "v": 1, "even": -1}, {"u": 1, "v": -1}]
    counts: dict[Key, int | None] = dict.fromkeys(["u", "v", "even", "rest"])
    cells = PrintedCells(
        11,
        counts=counts | {"all": 11},
        sums=[*halves, {"even": 1, "rest": 1, "all": -1}],
        least={"even": 1},
    )
    outsider = Outsider(cells)
    assert set(outsider.told()) == {"u", "v", "even", "rest"}
    assert outsider.needed("even") is None
    assert outsider.needed("rest") is None  # it may be 0
    needed = outsider.needed("u")  # at most 5 and a half
    assert needed is not None
    assert outsider.place["all"] in needed


def test_numbers_found_for_a_reading_answer_for_one_of_less(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    linked = LinkedCounts(SafePolicy())
    counts = {"a": 5, "b": 6, "c": 20, "d": 40}
    for name, value in {**counts, "all": sum(counts.values())}.items():
        linked.count(name, value, item=name)
    linked.total("all", list(counts))
    before = LinkedCounts(SafePolicy())
    before.count("before", 30, item="before")
    reader = readers.Readers(
        linked,
        frozenset("abc"),
        lambda gone: cells_of(linked, gone, "2026Q1"),
        [cells_of(before, frozenset(), "2025Q4")],
    )
    searches: list[int] = []
    fit_in = parts.fit_in

    def counted(*given: Any, **more: Any) -> list[int] | None:
        searches.append(1)
        return fit_in(*given, **more)

    monkeypatch.setattr(parts, "fit_in", counted)
    assert reader.told(frozenset("abc")) == []
    assert searches
    searches.clear()
    assert reader.told(frozenset("abcd")) == []
    assert not searches


def test_a_count_that_is_another_now_is_read_anew() -> None:
    first = cells_of(report(30, 16, 0, later=False), frozenset(), "2025Q4")
    assert not trials_of(Joined([first]), report(30, 17, 40, later=True)).alike
    assert trials_of(Joined([first]), report(30, 16, 40, later=True)).alike


def test_the_same_is_hidden_as_if_all_were_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    linked = report(30, 6, 40, later=True)
    earlier = [cells_of(report(30, 6, 0, later=False), frozenset("b"), "2025Q4")]

    def hidden() -> frozenset[Key]:
        return beside.hide_beside(
            linked, linked.hidden(), lambda gone: cells_of(linked, gone, "2026Q1"), earlier
        )[0]

    once = hidden()
    assert once >= {"b"}
    monkeypatch.setattr(Trials, "alike", property(lambda _: False, lambda *_: None), raising=False)
    assert hidden() == once


@pytest.mark.parametrize("needed", [None, frozenset[int](), frozenset([10**6])])
def test_the_same_is_hidden_where_it_is_not_known_from_what_a_count_follows(
    needed: frozenset[int] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked = report(30, 20, 6, later=True)
    earlier = [cells_of(report(30, 20, 0, later=False), frozenset(), "2025Q4")]

    def hidden() -> frozenset[Key]:
        return beside.hide_beside(
            linked, linked.hidden(), lambda gone: cells_of(linked, gone, "2026Q1"), earlier
        )[0]

    by_reasons = hidden()
    monkeypatch.setattr(Outsider, "needed", lambda *_: needed)
    assert hidden() == by_reasons == frozenset(ITEMS) - {"a"}


def test_numbers_that_contradict_each_other_are_read_as_far_as_they_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    linked = report(30, 16, 40, later=True)
    earlier = [cells_of(report(30, 16, 0, later=False), frozenset(), "2025Q4")]

    asked: list[int] = []

    def contradict(*_: object) -> Outsider:
        asked.append(1)
        raise ReportError("The printed numbers contradict each other.")

    monkeypatch.setattr(readers, "Outsider", contradict)
    found = beside.hide_beside(
        linked, frozenset(), lambda gone: cells_of(linked, gone, "2026Q1"), earlier
    )
    assert found == (frozenset(), "")
    assert len(asked) == 1  # then all is read anew


def test_a_reading_is_the_same_after_it_was_asked() -> None:
    linked = report(30, 16, 40, later=True)
    reading = Reading.of(cells_of(linked, frozenset(["b"]), "2026Q1"))
    known, values, least = reading.known.tolist(), list(reading.facts.values), dict(reading.least)
    Outsider(reading)
    assert (reading.known.tolist(), reading.facts.values, reading.least) == (known, values, least)


def test_a_count_of_which_no_zero_is_shown_may_be_0_beside_other_reports() -> None:
    for shows_zero, least in ((True, [1]), (False, [])):
        linked = LinkedCounts(SafePolicy())
        linked.count("few", 4, item="few", shows_zero=shows_zero)
        joined = JoinedCounts(SafePolicy())
        joined.take_up("2026Q1", linked, [("few",)])
        assert list(joined.printed({("2026Q1", "few")}).least.values()) == least


def test_a_bound_of_a_share_is_not_given_where_few_follow_from_it_and_an_earlier_report() -> None:
    """At most 12 are the rest, so that of the 13 of before at least 1 is of an earlier quarter."""
    earlier = LinkedCounts(SafePolicy())
    for name, value, item in (
        *(("quarter", 5, None), ("since", 8, None), ("others", 6, "others")),
        *(("before", 13, "before"), ("more", 11, "more")),
    ):
        earlier.count(name, value, item=item)
    earlier.total("before", ["quarter", "since"])
    earlier.total("more", ["quarter", "others"])  # of which 1 or more: at most 10 of the quarter
    first = printed_cells(
        earlier, frozenset(["others"]), quarter="2025Q4", settled=lambda key: key == "since"
    )
    linked = LinkedCounts(SafePolicy())
    for name, value in (("all", 322), ("reached", 314)):
        linked.count(name, value, item=name)
    rest = linked.part("all", "reached")
    for name, value in (("since", 8), ("new", 0)):
        linked.count(name, value)
    linked.total(rest, ["since", "new"])
    linked.bound("bound", "reached", "all", 0.96, 1)
    assert linked.hidden() == {"reached"}
    assert not linked.shows_small("bound")

    def cells(gone: frozenset[Key]) -> PrintedCells:
        return printed_cells(linked, gone, quarter="2026Q1", settled=lambda key: key == "since")

    printed = cells(frozenset(["reached"]))
    assert [share.low for share in printed.shares] == [0.96]
    assert printed.least == {"reached": 1}  # the rest may be few
    assert beside.hide_beside(linked, linked.hidden(), cells, []) == (frozenset(["reached"]), "")
    hidden, _ = beside.hide_beside(linked, linked.hidden(), cells, [first])
    assert hidden == {"reached", "bound"}


def test_all_that_hides_is_there_to_be_timed() -> None:
    with watched() as watch:
        assert watch.seconds == 0
