"""What is declared of a report: its counts, the sums between them, and what is printed of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from collections.abc import Set as AnySet
from contextlib import contextmanager

from iop_outcomes.disclosure.facts import Facts, PrintedItem, Share
from iop_outcomes.disclosure.policy import SafePolicy
from iop_outcomes.disclosure.solutions import Views
from iop_outcomes.disclosure.solutions.connected import Printed, known_values
from iop_outcomes.errors import RuleError

Key = Hashable
Item = Hashable

DETAIL, OLDER, CELL, RECENT, TOTAL = range(5)
"""How important an item is: if one must be hidden, items of a lower rank are hidden first."""


class DeclaredCounts:
    """The counts of what is printed, the sums between them, and the printed items.

    Parameters
    ----------
    policy : SafePolicy
        Which counts are small.
    """

    def __init__(self, policy: SafePolicy) -> None:
        """Start without counts."""
        self.policy = policy
        self._place: dict[Key, int] = {}
        self._people: dict[int, int] = {}
        self._items: dict[Item, PrintedItem] = {}
        self.facts = Facts()
        self._withheld: set[Item] = set()
        self._may_be_zero: set[Item] = set()
        self._column: dict[Item, Hashable] = {}
        self._bounds: set[Item] = set()
        self._held: set[Item] = set()
        self.given_away: set[int] = set()
        self._open: set[int] = set()
        self._last: set[int] = set()
        self._behind: set[int] = set()
        self._declares_last = False

    def __contains__(self, key: Key) -> bool:
        """Return whether a count of that name was declared."""
        return key in self._place

    def value(self, key: Key) -> int:
        """Return a declared count."""
        return self.facts.values[self._place[key]]

    def count(
        self,
        key: Key,
        value: float,
        *,
        people: float | None = None,
        item: Item | None = None,
        rank: int = CELL,
        shows_zero: bool = True,
        column: Hashable | None = None,
        is_printed: bool = True,
    ) -> None:
        """Declare a count.

        Parameters
        ----------
        key : hashable
            Its name.
        value : float
            A whole number of 0 or more.
        people : float, optional
            The number of people it comes from, if this can be smaller: for sessions, episodes,
            rows.
        item : hashable, optional
            The name of the printed item; counts with one name are hidden together. None: it is not
            printed, but can be calculated if connected counts are printed.
        rank : int
            The importance of the item.
        shows_zero : bool
            Whether a zero is printed. If not, it is hidden as a small count is, and a hidden one
            may be 0.
        column : hashable, optional
            The cells of a column that may be hidden together beside earlier reports, zeros too.
            None: a zero is always shown, or never.
        is_printed : bool
            Whether the item prints the count itself. If not, as of a mean, no file of the report
            holds it, and what is hidden is judged as if it were printed.
        """
        if key in self._place:
            raise RuleError("A count is declared twice.", found=repr(key))
        place = self.facts.add(round(value))
        self._place[key] = place
        if self._declares_last and item is None:
            self._last.add(place)
        if people is not None:
            self._people[place] = round(people)
        if item is not None:
            self._items.setdefault(item, PrintedItem(rank)).counts.append(place)
            if not is_printed:
                self._behind.add(place)
            if column is not None:
                self._column[item] = column
            if not shows_zero and self.policy.threshold > 1:
                self._may_be_zero.add(item)
                if value == 0:
                    self._withheld.add(item)

    def total(self, whole: Key, parts: Sequence[Key]) -> None:
        """Declare that a count is the sum of others.

        Raises
        ------
        RuleError
            The numbers do not add up.
        """
        places = [self._place[part] for part in parts]
        values = self.facts.values
        if values[self._place[whole]] != sum(values[place] for place in places):
            raise RuleError(
                "A total is not the sum of its parts, so what it discloses cannot be determined.",
                found=f"{whole!r}",
                instead="counts whose parts add up, or no total",
            )
        row = dict.fromkeys(places, 1)
        row[self._place[whole]] = -1
        self.facts.rows.append(row)

    def part(
        self, whole: Key, part: Key, *, key: Key | None = None, people: float | None = None
    ) -> Key:
        """Declare that one count is part of another; return the name of the difference.

        Parameters
        ----------
        whole, part : hashable
            The larger and the smaller count.
        key : hashable, optional
            The name of the difference: the count in the whole and not in the part.
        people : float, optional
            The number of people in the difference.
        """
        rest = ("rest", whole, part) if key is None else key
        if rest not in self._place:
            left = self.value(whole) - self.value(part)
            if left < 0:
                raise RuleError(
                    "A part is larger than its whole, so what it discloses cannot be determined.",
                    found=f"{part!r} of {whole!r}",
                )
            self.count(rest, left, people=people)
            self.total(whole, [part, rest])
        return rest

    def at_least(self, larger: Key, parts: Sequence[Key]) -> None:
        """Declare that a count is at least the sum of others; the rest is not a count of people.

        For example, there are at least as many sessions as people with a session.
        """
        rest = ("more", larger, *parts)
        self.count_no_people(rest, self.value(larger) - sum(self.value(part) for part in parts))
        self.total(larger, [*parts, rest])

    def count_no_people(self, key: Key, value: float) -> None:
        """Declare a number that is no count of people, and not printed: nothing protects it."""
        self.count(key, value)
        self._open.add(self._place[key])

    def share(
        self, item: Item, numerator: Key, denominator: Key, decimals: int, rank: int = CELL
    ) -> None:
        """Declare a share that is printed without its counts, rounded to n decimals."""
        keys = (numerator, denominator, self.part(denominator, numerator))
        x, n, rest = (self._place[key] for key in keys)
        share = Share.of((x, n, rest), self.facts.values, decimals)
        self._items.setdefault(item, PrintedItem(rank)).shares.append(share)

    def bound(self, item: Item, numerator: Key, denominator: Key, low: float, high: float) -> None:
        """Declare that of a share whose counts are hidden it is printed that it lies in a range.

        It is shown where it hides nothing else: it says little.

        Parameters
        ----------
        item : hashable
            The name of the printed item.
        numerator, denominator : hashable
            The names of the counts of the share, which may be small.
        low, high : float
            Between which proportions it lies, both included.
        """
        keys = (numerator, denominator, self.part(denominator, numerator))
        x, n, rest = (self._place[key] for key in keys)
        share = Share(x, n, rest, low, high, is_bound=True)
        self._items[item] = PrintedItem(DETAIL, shares=[share])
        self._bounds.add(item)

    @contextmanager
    def asked_last(self) -> Iterator[None]:
        """Declare counts that are not printed, to be looked at once the others are protected."""
        before, self._declares_last = self._declares_last, True
        try:
            yield
        finally:
            self._declares_last = before

    @property
    def names(self) -> list[Key]:
        """The names of the counts, in the order of their places."""
        return list(self._place)

    @property
    def no_people(self) -> frozenset[int]:
        """The places of what is no count of people."""
        return frozenset(self._open)

    def shown_places(self, hidden: frozenset[Item]) -> frozenset[int]:
        """Return the places of the counts that are printed themselves."""
        return self.places_of(self._items.keys() - hidden) - self._behind

    def places_of(self, items: AnySet[Item]) -> frozenset[int]:
        """Return the places of the counts of some items."""
        return frozenset(place for item in items for place in self._items[item].counts)

    def withhold(self, item: Item) -> None:
        """Declare that an item is not printed for another reason."""
        self._withheld.add(item)

    def hold(self, item: Item) -> None:
        """Declare that an item was printed before: to hide it now would take nothing back."""
        if item in self._items:
            self._held.add(item)

    def shows_small(self, item: Item) -> bool:
        """Return whether an item shows a small count, its share, or the share of its complement."""
        entry = self._items[item]
        places = list(entry.counts)
        for share in entry.shares:
            if not share.is_bound:  # its counts may be small
                places += [share.numerator, share.denominator, share.rest]
        return any(self._must_be_open(place) for place in places)

    def printed(self, dropped: set[Item]) -> Printed:
        """Return what is known to a reader if some items are not printed."""
        shown = self.views().without(dropped)
        return Printed(known_values(self.facts, shown.places), shown.shares, shown.least)

    def views(self, *, beside_earlier: bool = False) -> Views:
        """Return what is printed by what is not; it knows the items declared up to now.

        Beside earlier reports any column that is hidden as a whole may hold zeros.
        """
        may_be_zero = self._withheld | self._may_be_zero
        columns = self._columns().values() if beside_earlier else ()
        return Views(self._items, may_be_zero, self.policy.threshold, self._zeros(), columns)

    def whole_columns(self, hidden: frozenset[Item]) -> frozenset[Item]:
        """Return the items of the columns of which no cell is printed."""
        return frozenset[Item]().union(*(one for one in self._columns().values() if one <= hidden))

    def _columns(self) -> dict[Hashable, frozenset[Item]]:
        """Return the items of each column."""
        items_of: dict[Hashable, set[Item]] = {}
        for item, column in self._column.items():
            items_of.setdefault(column, set()).add(item)
        return {column: frozenset(items) for column, items in items_of.items()}

    def _zeros(self) -> dict[Item, frozenset[Item]]:
        """Return the zeros that may be hidden, each with the items of its column."""
        columns = self._columns()
        return {
            item: columns[column]
            for item, column in self._column.items()
            if item not in self._withheld and self._rank_and_size(item) is None
        }

    def _must_be_open(self, place: int) -> bool:
        counts = [self.facts.values[place], self._people.get(place, 0)]
        return place not in self._open and bool(self.policy.hides(counts).any())

    def _rank_and_size(self, item: Item) -> tuple[int, int] | None:
        """Return the rank and size of an item; None if all its counts are 0."""
        entry = self._items[item]
        values = [self.facts.values[place] for place in entry.counts]
        values += [self.facts.values[share.numerator] for share in entry.shares]
        return (entry.rank, min(values)) if any(values) else None
