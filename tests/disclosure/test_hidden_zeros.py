"""Zeros that are hidden beside earlier reports: at need, and with all of their column."""

from __future__ import annotations

import pytest

from iop_outcomes.disclosure import LinkedCounts, SafePolicy
from iop_outcomes.disclosure.declared import TOTAL, Key
from iop_outcomes.disclosure.joined import JoinedCounts
from iop_outcomes.disclosure.ledger import hide_beside
from iop_outcomes.disclosure.system import PrintedCells, attack, join, printed_cells

QUARTERS = ("2024Q4", "until 2025Q3", "2025Q4")
COLUMN = frozenset(["first", "before", "third"])


def year(quarter: str, parts: dict[str, int]) -> PrintedCells:
    """Return an earlier report of how many had been admitted before, in all quarters together."""
    linked = LinkedCounts(SafePolicy())
    for name, value in parts.items():
        linked.count(name, value)
    whole = ("year up to", quarter)
    linked.count(whole, sum(parts.values()), item=whole)
    linked.total(whole, [*parts])
    return printed_cells(linked, frozenset(), quarter=quarter, settled=lambda key: key in QUARTERS)


FIRST = year("2025Q3", {"2024Q4": 4, "until 2025Q3": 14})
EARLIER = [FIRST, year("2025Q4", {"until 2025Q3": 14, "2025Q4": 0})]
"""18 and 14 people: who knows that nobody of 2025Q4 had been admitted before has the 4."""


def half_year(*, columns: bool = True, total: bool = True, third: int = 15) -> LinkedCounts:
    """Return the counts of a report of a half-year in which nobody had been admitted before."""
    linked = LinkedCounts(SafePolicy())
    values = {"first": 30, "before": 0, "third": third}
    for name, value in values.items():
        linked.count(name, value, item=name, column="of the table" if columns else None)
    for name in ("2025Q4", "2026Q1"):
        linked.count(name, 0)
    linked.total("before", ["2025Q4", "2026Q1"])
    if total:
        linked.count("all", 30 + third, item="all")
        linked.total("all", [*values])
    return linked


def beside(linked: LinkedCounts) -> tuple[frozenset[Key], PrintedCells]:
    """Return what is hidden beside the earlier reports, and what is printed then."""

    def cells(gone: frozenset[Key]) -> PrintedCells:
        return printed_cells(
            linked,
            gone,
            quarter="2026Q1",
            settled=lambda key: key in QUARTERS,
            beside_earlier=True,
        )

    hidden, _ = hide_beside(linked, linked.hidden(), cells, EARLIER)
    return hidden, cells(hidden)


@pytest.mark.parametrize("total", [True, False])
def test_a_zero_from_which_few_people_follow_is_hidden_with_all_of_its_column(total: bool) -> None:
    """Without a total the zero alone would be enough, but then a reader could tell that it is."""
    hidden, cells = beside(half_year(total=total))
    assert hidden == COLUMN
    assert attack(join([*EARLIER, cells])).empty
    assert not cells.least


def test_a_zero_of_no_column_is_always_shown() -> None:
    hidden, cells = beside(half_year(columns=False))
    assert hidden == frozenset()
    assert attack(join([*EARLIER, cells]))["low"].tolist() == [4]


def test_a_zero_is_shown_where_it_is_enough_to_hide_other_counts() -> None:
    linked = half_year(third=0)
    linked.count("others", 14, item="others")  # the count of the middle, once more
    linked.count("until 2025Q3", 14)
    linked.total("others", ["until 2025Q3"])
    earlier = [FIRST]

    def cells(gone: frozenset[Key]) -> PrintedCells:
        return printed_cells(linked, gone, settled=lambda key: key in QUARTERS)

    assert hide_beside(linked, linked.hidden(), cells, earlier)[0] == {"others"}


def test_a_zero_that_cannot_help_is_shown() -> None:
    """What two earlier reports give away is given away, whatever is hidden now."""
    linked = half_year()
    earlier = [FIRST, year("2025Q4", {"until 2025Q3": 14})]

    def cells(gone: frozenset[Key]) -> PrintedCells:
        return printed_cells(linked, gone, settled=lambda key: key in QUARTERS)

    assert hide_beside(linked, linked.hidden(), cells, earlier)[0] == frozenset()


def test_of_a_column_that_is_hidden_as_a_whole_beside_others_nothing_says_that_it_has_a_zero() -> (
    None
):
    """A column with few people looks the same as one with a zero."""
    linked = LinkedCounts(SafePolicy())
    for name, column in (("few", "one"), ("fewer", "one"), ("some", "two"), ("alone", None)):
        linked.count(name, 5, item=name, column=column)
    linked.count("many", 50, item="many", column="two")
    hidden = linked.hidden()
    assert hidden == {"few", "fewer", "some", "alone"}
    assert printed_cells(linked, hidden).least == dict.fromkeys(hidden, 1)
    least = printed_cells(linked, hidden, beside_earlier=True).least
    assert least == {"some": 1, "alone": 1}


def test_a_hidden_zero_may_be_0_beside_reports_that_are_made_with_it() -> None:
    linked = half_year()
    joined = JoinedCounts(SafePolicy())
    joined.take_up("2026Q1", linked, [(key,) for key in linked.names])
    for hidden, least in ((COLUMN, []), (COLUMN - {"before"}, [1, 1])):
        found = joined.printed({("2026Q1", item) for item in hidden}).least
        assert list(found.values()) == least


def test_the_zeros_of_a_column_are_items_of_a_table_only_if_asked_for() -> None:
    linked = half_year(third=0)
    assert frozenset().union(*linked.tables(frozenset())) == {"first", "all"}
    with_zeros = linked.tables(frozenset(), zeros=True)
    assert frozenset().union(*with_zeros) == COLUMN | {"all"}
    assert set(with_zeros[:2]) == {frozenset(["before"]), frozenset(["third"])}
    assert linked.with_columns(frozenset(["first"])) == {"first"}
    assert linked.with_columns(frozenset(["third"])) == COLUMN


def test_a_cell_that_was_printed_before_stays_where_a_zero_of_its_column_is_hidden() -> None:
    linked = half_year(total=False)
    linked.hold("first")
    assert linked.with_columns(frozenset(["before"])) == COLUMN - {"first"}
    assert beside(linked)[0] == COLUMN - {"first"}


def test_a_column_that_is_hidden_as_a_whole_may_hold_zeros_while_tables_are_tried_too() -> None:
    """21 of one group and 7 of the other: all 28 are hidden, since 0 and 28 must be possible."""
    people = {"q2": (0, 0), "q34": (0, 55), "q5": (21, 7)}

    def settled(key: Key) -> bool:
        return isinstance(key, tuple) and key[0] == "q"

    earlier: list[PrintedCells] = []
    for number, some in enumerate([["q34"], ["q2", "q34", "q5"], ["q5"]]):
        linked = LinkedCounts(SafePolicy())
        for place, word in enumerate("ab"):
            value = sum(people[one][place] for one in some)
            linked.count(word, value, item=word, column="groups")
            for one in some:
                linked.count(("q", one, word), people[one][place])
            linked.total(word, [("q", one, word) for one in some])
        linked.count("all", linked.value("a") + linked.value("b"), item="all", rank=TOTAL)
        linked.total("all", ["a", "b"])
        for one in some:
            linked.count(("q", one, "all"), sum(people[one]))
            linked.total(("q", one, "all"), [("q", one, "a"), ("q", one, "b")])
        linked.total("all", [("q", one, "all") for one in some])

        def cells(
            gone: frozenset[Key], linked: LinkedCounts = linked, number: int = number
        ) -> PrintedCells:
            later = number > 0
            return printed_cells(
                linked, gone, quarter=str(number), settled=settled, beside_earlier=later
            )

        hidden, _ = hide_beside(linked, linked.hidden(), cells, earlier)
        earlier.append(cells(hidden))
        assert attack(join(earlier)).empty
    assert hidden == {"a", "b", "all"}
