"""Connected counts: what a reader can calculate from everything that is printed.

A count that is not printed may follow from others: a total minus its other parts, a group minus a
subgroup, a rounded share. Here the counts of a report are declared once, with the sums between
them, and printed items are hidden until no small count can be calculated.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from collections.abc import Set as AnySet
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from iop_outcomes.disclosure.declared import DeclaredCounts, Item, Key
from iop_outcomes.disclosure.facts import Facts
from iop_outcomes.disclosure.solutions import KeptSolutions
from iop_outcomes.disclosure.solutions.connected import neighbours
from iop_outcomes.disclosure.solutions.solver import Numbers
from iop_outcomes.disclosure.solutions.solving import find_fit

SUBTABLES = {
    "trend": 3,
    "admissions": 2,
    "continuity": 2,
    "discharges": 2,
    "weekdays": 2,
    "weeks": 2,
    "flow": 2,
    "files": 2,
}
"""The families of items of which a part is a table: how much of a name is the name of the part."""
OF_EXPORT = ("files", "rows")
"""Families of counts of the export that was read: they may be the same in each report."""
MORE = 20.0  # what the change of a count costs at most, beside one that is never shown
MOST_TRIED = 30  # items tried one by one, before the nearest of the lowest rank is hidden


Whole = npt.NDArray[np.intp]


class _PlacesOfItems(NamedTuple):
    """The items in their order, and of each count of one, or of a share, which item it is of."""

    names: list[Item]
    item: Whole
    place: Whole
    is_count: npt.NDArray[np.bool_]
    may_be_hidden: npt.NDArray[np.bool_]
    rank: Whole
    size: Whole


class LinkedCounts(DeclaredCounts):
    """The counts of what is printed, the sums between them, and what has to be hidden.

    Parameters
    ----------
    policy : SafePolicy
        Which counts are small.

    Notes
    -----
    It is assumed that the reader knows every declared sum, that counts are whole numbers of 0 or
    more, that a zero would have been printed unless it is declared with ``shows_zero=False`` or its
    whole column is hidden beside earlier reports, and that a rounded share of small counts would
    not have been printed; a `bound` of it may be. A small count is protected if the printed numbers
    are also consistent with a value of the threshold or more: then it is neither known nor known to
    be small. No sum of counts is then known to be small either, because one of its parts would be.
    Whether such a value is possible is decided by integer programming over the part of the system
    that is connected with the count (the
    feasibility test of Fischetti and Salazar, Management Science 2001; 47: 1008-1027). If it is
    not, one more printed item near the count is hidden: the one of the lowest rank and smallest
    count that protects it.

    Counts that no report prints are many, and follow seldom: what is declared within `asked_last`
    is looked at only once the others are protected. Of all counts it is then asked again, with all
    sums, so that the result is as safe; more is hidden only if one of them follows.

    Examples
    --------
    >>> from iop_outcomes import SafePolicy
    >>> linked = LinkedCounts(SafePolicy())
    >>> for name, value in {"a": 40, "b": 12, "c": 5, "all": 57}.items():
    ...     linked.count(name, value, item=name)
    >>> linked.total("all", ["a", "b", "c"])
    >>> sorted(linked.hidden())
    ['b', 'c']
    """

    def tables(self, hidden: frozenset[Item], *, zeros: bool = False) -> list[frozenset[Item]]:
        """Return the items that are shown now and were not before, by table, the main one first.

        What was read comes last: it is no outcome. The zeros of a column that may be hidden are
        items only if they are asked for; a column of which nothing else is shown comes first, since
        none of its cells can be shown without them.
        """
        items_of_table: dict[Hashable, set[Item]] = {}
        may_be_hidden = self._zeros() if zeros else {}
        for item in self._items:
            is_asked = self._rank_and_size(item) is not None or item in may_be_hidden
            if is_asked and item not in hidden and item not in self._held:
                items_of_table.setdefault(_table_of(item), set()).add(item)
        ranks = {
            table: sum(self._items[item].rank for item in items) / len(items)
            for table, items in items_of_table.items()
        }

        def order(table: Hashable) -> tuple[bool, bool, float]:
            has_other = not items_of_table[table] <= may_be_hidden.keys()
            of_export = isinstance(table, tuple) and table[0] in OF_EXPORT
            return has_other, of_export, -ranks[table]

        return [frozenset(items_of_table[table]) for table in sorted(items_of_table, key=order)]

    def with_columns(self, hidden: frozenset[Item]) -> frozenset[Item]:
        """Return what is hidden where a zero is hidden only with all other cells of its column.

        A cell that was printed before stays as it is: to hide it now would take nothing back.
        """
        columns = (items for zero, items in self._zeros().items() if zero in hidden)
        return hidden.union(*(items - self._held for items in columns))

    def items_with(self, places: AnySet[int]) -> frozenset[Item]:
        """Return the items that have one of some counts, or of which a share has."""
        return frozenset(
            name for name, item in self._items.items() if not places.isdisjoint(item.all_of())
        )

    def hidden(self) -> frozenset[Item]:
        """Return the items that must not be printed.

        A count that is given away by what was printed before cannot be protected any more; its
        place is then in `given_away`.
        """
        dropped = {
            item
            for item in self._items
            if item in self._withheld or (self.shows_small(item) and item not in self._held)
        }
        if self.policy.threshold == 1:
            return frozenset(dropped)
        secrets = [place for place in range(len(self.facts.values)) if self._must_be_open(place)]
        if self._last:
            rows = [row for row in self.facts.rows if self._last.isdisjoint(row)]
            first = [secret for secret in secrets if secret not in self._last]
            dropped = self._protected(Facts(self.facts.values, rows), first, dropped)
        return frozenset(self._protected(self.facts, secrets, dropped))

    def _protected(self, facts: Facts, secrets: Sequence[int], small: set[Item]) -> set[Item]:
        """Return the items that must not be printed: those of `small`, and what protects secrets.

        `facts` are the sums that are looked at.
        """
        dropped = small | self._bounds  # these say least, and are shown last
        audit = self._audit(facts)
        self._hide_until_open(audit, secrets, dropped)
        if dropped == small:
            return dropped
        secrets = [secret for secret in secrets if secret not in self.given_away]
        return self._show_again(audit, secrets, dropped, small)

    def _audit(self, facts: Facts) -> KeptSolutions:
        """Return what determines which counts are open, by these sums."""
        return KeptSolutions(facts, self.policy.threshold, self.views().without, self._costs())

    def _costs(self) -> Numbers:
        """Return by place what it costs a solution to change a count.

        What is to be shown again first costs most: a solution that leaves it as it is stays valid.
        """
        costs = np.ones(len(self.facts.values))
        shown_again = [
            item for item in self._by_importance(self._items) if not self.shows_small(item)
        ]
        for before, item in enumerate(shown_again):
            entry = self._items[item]
            sides = [(share.numerator, share.denominator) for share in entry.shares]
            places = [*entry.counts, *(place for both in sides for place in both)]
            costs[places] = np.maximum(costs[places], 1 + MORE * (1 - before / len(shown_again)))
        return costs

    def _by_importance(self, items: Iterable[Item]) -> list[Item]:
        """Return items in the order in which they are shown again, the most important first."""
        ranks_and_sizes = {item: self._rank_and_size(item) or (0, 0) for item in items}
        return sorted(ranks_and_sizes, key=lambda item: ranks_and_sizes[item], reverse=True)

    def _hide_until_open(
        self, audit: KeptSolutions, secrets: Sequence[int], dropped: set[Item]
    ) -> None:
        """Add items to those that are not printed until all secrets are open or given away."""
        audit.ask_many(secrets, dropped)
        places = self._places_of_items()
        settled = False
        while not settled:
            settled = True
            for secret in secrets:
                while secret not in self.given_away and not audit.leaves_open(secret, dropped):
                    chosen = self._choose(audit, secret, dropped, places)
                    if chosen is None:
                        self.given_away.add(secret)
                        continue
                    dropped.add(chosen)
                    settled = False

    def _show_again(
        self, audit: KeptSolutions, secrets: list[int], dropped: set[Item], small: AnySet[Item]
    ) -> set[Item]:
        """Show again items that need not be hidden, the most important first."""
        for item in self._by_importance([item for item in self._items if item in dropped]):
            if item not in small:
                entry, trial = self._items[item], frozenset(dropped - {item})
                if audit.shows(secrets, trial, (entry.counts, entry.shares)):
                    dropped = set(trial)
        return dropped

    def fits(self, key: Key, value: int, hidden: frozenset[Item]) -> bool:
        """Return whether what is printed without `hidden` is consistent with a value of a count."""
        place = self._place[key]
        printed = self.printed(set(hidden))
        if printed.known[place]:
            return self.facts.values[place] == value
        return find_fit(self.facts, printed, place, (value, value)) is not None

    def _choose(
        self, audit: KeptSolutions, secret: int, dropped: set[Item], places: _PlacesOfItems
    ) -> Item | None:
        """Return the item to hide next so that a count becomes open or closer to open.

        None if nothing is left: what was printed before gives the count away.
        """
        near = self._near(audit.facts, secret, dropped, places)
        if not near:
            if not self._held:
                raise AssertionError("a count follows from what is not printed")
            return None
        closed = audit.closed_by(secret, dropped)
        for item in near[:MOST_TRIED]:
            if closed is not None and closed.isdisjoint(self._items[item].all_of()):
                continue
            if audit.leaves_open(secret, dropped | {item}):
                return item
        return near[0]

    def _near(
        self, facts: Facts, secret: int, dropped: set[Item], places: _PlacesOfItems
    ) -> list[Item]:
        """Return the printed items that are connected with a count, in order of `_nearness`."""
        shown = np.array([name not in dropped and name not in self._held for name in places.names])
        printed = np.zeros(len(facts.values), dtype=np.bool_)
        printed[places.place[places.is_count & shown[places.item]]] = True
        near = neighbours(facts, secret, printed)
        order = np.full(len(facts.values), len(near.places), dtype=np.intp)
        order[near.places] = np.arange(len(near.places))
        first = np.full(len(places.names), len(near.places), dtype=np.intp)
        np.minimum.at(first, places.item, order[places.place])
        items = np.flatnonzero(shown & places.may_be_hidden & (first < len(near.places)))
        distances = near.distances[first[items]]
        nearness = self._nearness(distances, places.rank[items], places.size[items])
        # Of equal ones that comes first of which a count was found first.
        return [places.names[item] for item in items[np.lexsort((first[items], *nearness[::-1]))]]

    def _places_of_items(self) -> _PlacesOfItems:
        """Return the items as arrays: which counts they have, and what they are ordered by."""
        counts = [[(place, True) for place in one.counts] for one in self._items.values()]
        sides = [
            [(side, False) for share in one.shares for side in (share.numerator, share.denominator)]
            for one in self._items.values()
        ]
        of_each = [[*some, *others] for some, others in zip(counts, sides, strict=True)]
        flat = np.array([one for some in of_each for one in some], dtype=np.intp).reshape(-1, 2)
        ranks = [self._rank_and_size(name) for name in self._items]
        rank, size = np.array([one or (0, 0) for one in ranks], dtype=np.intp).reshape(-1, 2).T
        return _PlacesOfItems(
            list(self._items),
            np.repeat(np.arange(len(of_each)), [len(some) for some in of_each]),
            flat[:, 0],
            flat[:, 1] > 0,
            np.array([one is not None for one in ranks], dtype=np.bool_),
            rank,
            size,
        )

    def _nearness(self, distance: Whole, rank: Whole, size: Whole) -> tuple[Whole, Whole, Whole]:
        """Return by what the items are ordered: what is hidden first is the lowest."""
        return rank, distance, size


def _table_of(item: Item) -> Hashable:
    """Return the table of an item: such as each trend, and each row that is judged by itself."""
    if not isinstance(item, tuple):
        return item
    return item[: SUBTABLES.get(item[0], 1)]
