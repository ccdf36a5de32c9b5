"""Counts of several reports with the sums between them: what one more must hide beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from iop_outcomes.disclosure.declared import Item, Key
from iop_outcomes.disclosure.facts import PrintedItem
from iop_outcomes.disclosure.linked import LinkedCounts, Whole
from iop_outcomes.disclosure.system.joining import CHANGED

Hidden = frozenset[Item]
Told = Callable[[Hidden], Sequence[Key]]


class JoinedCounts(LinkedCounts):
    """The counts of reports, one after another; what is printed in one is not hidden afterwards.

    Each item is named with its report. What follows from all reports is asked of their printed
    cells by the caller, since that is what a reader has; which items of the last report are hidden
    then is decided by the counts themselves, as in one report. First comes what is nearest to the
    count that follows, in sums: what is far away is hidden in vain.

    Examples
    --------
    >>> from iop_outcomes import SafePolicy
    >>> joined = JoinedCounts(SafePolicy())
    >>> for name, value in {"A": 40, "B": 5, "all": 45}.items():
    ...     one = LinkedCounts(SafePolicy())
    ...     one.count(name, value, item="people")
    ...     joined.take_up(name, one, [(name,)])
    ...     if name != "all":
    ...         joined.settle(name, one.hidden())
    >>> joined.declare({("A",): 1, ("B",): 1, ("all",): -1})
    >>> joined.hidden_beside("all", frozenset(), lambda gone: [] if gone else [("B",)])
    frozenset({'people'})
    """

    _hidden_for_good: Hidden = frozenset()
    _taken_up = 0  # reports, which `join` numbers so

    def take_up(self, report: str, linked: LinkedCounts, names: Sequence[tuple[Key, ...]]) -> None:
        """Take up the counts, sums and items of a report.

        Parameters
        ----------
        report : str
            Its name.
        linked : LinkedCounts
            Its counts.
        names : sequence of tuple
            The name that `join` gives each count. Where two with one name differ, the difference is
            a count like any other.
        """
        places = []
        for key, value in zip(names, linked.facts.values, strict=True):
            name: Key = key
            if key in self and self.value(key) != value:
                name = ("in report", self._taken_up, key)
                self.count(name, value)
                larger, smaller = sorted((key, name), key=self.value, reverse=True)
                self.part(larger, smaller, key=(CHANGED, *key, self._taken_up, 0))
            elif key not in self:
                self.count(key, value)
            places.append(self._place[name])
        for own, people in linked._people.items():
            place = places[own]
            self._people[place] = min(people, self._people.get(place, people))
        self._open |= {places[own] for own in linked._open}
        self.facts.rows += [
            {places[own]: sign for own, sign in row.items()} for row in linked.facts.rows
        ]
        for item, entry in linked._items.items():
            shares = [
                replace(
                    share,
                    numerator=places[share.numerator],
                    denominator=places[share.denominator],
                    rest=places[share.rest],
                )
                for share in entry.shares
            ]
            counts = [places[own] for own in entry.counts]
            self._items[report, item] = PrintedItem(entry.rank, counts, shares)
        self._withheld |= {(report, item) for item in linked._withheld}
        self._may_be_zero |= {(report, item) for item in linked._may_be_zero}
        self._column |= {(report, item): (report, one) for item, one in linked._column.items()}
        self._held |= {(report, item) for item in linked._held}
        self._taken_up += 1

    def declare(self, row: Mapping[Key, int]) -> None:
        """Declare a sum that is 0; one count that is not there is what is left."""
        others = [key for key in row if key not in self]
        for key in others:
            left = sum(sign * self.value(one) for one, sign in row.items() if one != key)
            self.count(key, -left * row[key])
        self.facts.rows.append({self._place[key]: sign for key, sign in row.items()})

    def settle(self, report: str, hidden: Hidden) -> None:
        """Declare that a report is made: what it hides stays hidden, the others are printed."""
        own = {item for item in self._items if isinstance(item, tuple) and item[0] == report}
        gone = {(report, item) for item in hidden}
        self._hidden_for_good |= gone
        self._held |= own - gone

    def hidden_beside(self, report: str, hidden: Hidden, told: Told) -> Hidden:
        """Return what a report hides so that nothing follows from it and those before.

        Parameters
        ----------
        report : str
            The report, which was taken up last and is not settled.
        hidden : frozenset
            What it hides by itself.
        told : callable
            Returns the names of the counts that follow if some items of the report are hidden.

        Notes
        -----
        Counts of few people that follow exactly are asked without `told`, too: it knows counts, and
        not how many people they come from. What is hidden and need not be is shown again.
        """
        always = self._hidden_for_good | {(report, item) for item in hidden}
        secrets = [place for place in range(len(self.facts.values)) if self._must_be_open(place)]
        audit = self._audit(self.facts)
        dropped, asked = set(always), dict[int, None]()
        while True:
            gone = frozenset(one[1] for one in dropped if one[0] == report)  # type: ignore[index]  # named with the report
            known = self.printed(dropped).known
            follow = [self._place[key] for key in told(gone) if key in self]
            new = [*np.array(secrets, dtype=np.intp)[known[secrets]].tolist(), *follow]
            if asked.keys() >= set(new):
                return gone
            asked |= dict.fromkeys(new)
            self._hide_until_open(audit, list(asked), dropped)
            open_now = [place for place in asked if place not in self.given_away]
            dropped = self._show_again(audit, open_now, dropped, always)

    def _nearness(self, distance: Whole, rank: Whole, size: Whole) -> tuple[Whole, Whole, Whole]:
        return distance, rank, size
