"""Which counts are open: what was found before answers most questions, so that few are solved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from iop_outcomes.disclosure.facts import Facts, Share
from iop_outcomes.disclosure.solutions.bounds import KeptBounds
from iop_outcomes.disclosure.solutions.connected import Printed, followed_from, known_values
from iop_outcomes.disclosure.solutions.many import MANY, SearchOfMany
from iop_outcomes.disclosure.solutions.solver import Numbers
from iop_outcomes.disclosure.solutions.solving import Found, find_fit, part_of
from iop_outcomes.disclosure.solutions.views import View
from iop_outcomes.disclosure.solutions.weighted import Reader

Wanted = list[tuple[float, float]]
Mask = npt.NDArray[np.bool_]
NOT_IN = np.iinfo(np.int64).max
"""Stands for a count that a solution leaves as it is, since it is not connected with the others."""


class KeptSolutions:
    """Determines which counts are open, and keeps the solutions that show it.

    A solution stays valid if more is hidden. If more is shown, it is valid as long as it has the
    true value of what is shown. A solution has a small count at a value from which a reader cannot
    tell that it is small. Where there is none, a bound of the count is kept: most items that might
    be hidden next leave it as it is.

    Parameters
    ----------
    facts : Facts
        The counts and sums; none is added as long as solutions are kept.
    threshold : int
        Counts from 1 to one less are small.
    view_without : callable
        Returns what a reader is shown if some items are not printed.
    costs : numpy.ndarray of float64, optional
        By place what it costs if a solution changes a count: high for what may be shown later.
    """

    def __init__(
        self,
        facts: Facts,
        threshold: int,
        view_without: Callable[[frozenset[Hashable]], View],
        costs: Numbers | None = None,
    ) -> None:
        """Start without solutions."""
        self.facts, self._threshold, self._view_without = facts, threshold, view_without
        self._found = Found(costs)
        self._true = np.array(facts.values, dtype=np.int64)
        self._table = np.full((64, len(self._true)), NOT_IN, dtype=np.int64)
        self._valid = np.zeros(0, dtype=np.bool_)  # of each solution: for what is shown for good
        self._opened = np.zeros(self._table.shape, dtype=np.bool_)  # the counts that it shows open
        self._failed: Counter[int] = Counter()
        self._bounds = KeptBounds(facts)
        self._latest: tuple[frozenset[Hashable], _Question] | None = None

    def leaves_open(self, count: int, dropped: Iterable[Hashable]) -> bool:
        """Return whether a count is open if some items are not printed."""
        question = self._question(dropped)
        return self._answered(count, question) or self._solved(count, question)

    def ask_many(self, counts: Sequence[int], dropped: Iterable[Hashable]) -> None:
        """Look for solutions that each show many counts open if some items are not printed.

        What is left is then asked count by count. One search for many takes as long as a few
        searches for one; but its solution changes nearly all counts, so that it is valid only as
        long as none of the counts that are not printed now is shown.
        """
        question = self._question(dropped)
        printed = question.printed
        left = [count for count in self._unanswered(counts, question) if not printed.known[count]]
        while left:
            part = part_of(self.facts, printed, left[0])
            inside = [count for count in left if count in part[0].places]
            left = [count for count in left if count not in part[0].places]
            if len(inside) < MANY:
                continue
            system = self._found.system_of(part, self.facts, printed)
            column = {count: system.places.index(count) for count in inside}
            least = [round(self._wanted(count)[0][0]) for count in inside]
            search = SearchOfMany(system, system.limits, list(column.values()), least)
            before = len(inside) + MANY
            while before - len(inside) >= MANY <= len(inside):
                fit = search.next_fit([column[count] for count in inside])
                if fit is None:
                    break
                self._keep(dict(zip(system.places, fit, strict=True)))
                question.usable = np.append(question.usable, True)
                before = len(inside)
                inside = self._unanswered(inside, question)

    def closed_by(self, count: int, dropped: Iterable[Hashable]) -> frozenset[int | Share] | None:
        """Return places and shares of which one must not be printed to open a count; None: any.

        The count is not open if some items are not printed, and is not if others are not, too, that
        have none of these.
        """
        question = self._question(dropped)
        places, shares, printed = {count}, set[Share](), question.printed
        for low, high in [] if printed.known[count] else self._wanted(count):
            if high < max(low, printed.least.get(count, 0)):
                continue
            bound = self._bounds.excluding(count, (low, high), question.reader)
            if bound is None:
                return None
            places.update(bound.places.tolist())
            shares |= bound.shares
        return frozenset(
            {*places, *followed_from(self.facts, question.view.places, places), *shares}
        )

    def _question(self, dropped: Iterable[Hashable]) -> _Question:
        asked = frozenset(dropped)
        if self._latest is None or self._latest[0] != asked:
            view = self._view_without(asked)
            self._latest = (asked, _Question(self.facts, view, self._fitting(self._valid, view)))
        return self._latest[1]

    def shows(
        self,
        counts: Sequence[int],
        dropped: frozenset[Hashable],
        shown: tuple[Sequence[int], Sequence[Share]],
    ) -> bool:
        """Show the counts and shares of an item for good, if some counts stay open; say if so.

        Parameters
        ----------
        counts : sequence of int
            The places of the counts that must stay open.
        dropped : frozenset
            The items that are then not printed.
        shown : tuple
            The places of the counts of the item, and its shares.
        """
        self._latest = None  # that question does not know the solutions found from here on
        view = self._view_without(dropped)
        valid = self._valid & self._true_in(*shown)
        question = _Question(self.facts, view, self._fitting(valid, view))
        # Questions without an answer yet, first those that were answered with no before.
        left = self._unanswered(counts, question)
        if left and question.printed.known[left].any():
            return False
        for count in sorted(left, key=lambda count: -self._failed[count]):
            if not self._answered(count, question) and not self._solved(count, question):
                self._failed[count] += 1
                return False
        self._valid &= self._true_in(*shown)
        return True

    def _answered(self, count: int, question: _Question) -> bool:
        """Return whether a solution found before shows that a count is open."""
        return bool((question.usable & self._opened[: len(self._valid), count]).any())

    def _unanswered(self, counts: Sequence[int], question: _Question) -> list[int]:
        """Return of which counts no solution found before shows that they are open."""
        fitting = np.flatnonzero(question.usable)
        opened = self._opened[fitting[:, None], list(counts)].any(axis=0)
        return [counts[number] for number in np.flatnonzero(~opened).tolist()]

    def _solved(self, count: int, question: _Question) -> bool:
        """Look for a solution that shows that a count is open, and keep it; else keep a bound."""
        printed = question.printed
        if printed.known[count]:
            return False
        for low, high in self._wanted(count):
            if high < max(low, printed.least.get(count, 0)):
                continue
            if self._bounds.excluding(count, (low, high), question.reader) is not None:
                continue
            fit = find_fit(self.facts, printed, count, (low, high), self._found)
            if fit is not None:
                self._keep(fit)
                question.usable = np.append(question.usable, True)
                return True
            self._bounds.find(count, (low, high), question.reader)
        return False

    def _wanted(self, count: int) -> Wanted:
        """Return the ranges of which a value says that a count is not known to be small."""
        value, threshold = self.facts.values[count], self._threshold
        if value >= threshold:  # it is secret because it comes from few people
            return [(value + threshold, np.inf), (0.0, float(value - threshold))]
        return [(threshold, np.inf)]

    def _keep(self, fit: dict[int, int]) -> None:
        size = len(self._valid)
        if size == len(self._table):
            self._table = np.vstack([self._table, np.full_like(self._table, NOT_IN)])
            self._opened = np.vstack([self._opened, np.zeros_like(self._opened)])
        self._table[size, list(fit)] = list(fit.values())
        self._opened[size] = self._open_in(self._table[size])
        self._valid = np.append(self._valid, True)

    def _open_in(self, values: npt.NDArray[np.int64]) -> Mask:
        """Return which counts a solution shows open: `_wanted`, for all counts."""
        true, threshold = self._true, self._threshold
        apart = (values >= true + threshold) | (values <= true - threshold)
        opened: Mask = np.where(true >= threshold, apart, values >= threshold)
        opened &= values != NOT_IN
        return opened

    def _true_in(self, places: Sequence[int], shares: Sequence[Share]) -> Mask:
        """Return which solutions have the true values of some counts, and fit some shares."""
        table = self._table[: len(self._valid)]
        values, true = table[:, list(places)], self._true[list(places)]
        same: Mask = ((values == NOT_IN) | (values == true)).all(axis=1)
        for share in shares:
            x, n = (
                np.where(table[:, place] == NOT_IN, self._true[place], table[:, place])
                for place in (share.numerator, share.denominator)
            )
            same &= (share.low * n - 1e-9 <= x) & (x <= share.high * n + 1e-9)
        return same

    def _fitting(self, valid: Mask, view: View) -> Mask:
        """Return which of the valid solutions keep to the lower bounds."""
        places = list(view.least)
        kept = np.flatnonzero(valid)
        enough = self._table[kept[:, None], places] >= list(view.least.values())
        usable = np.zeros_like(valid)
        usable[kept] = enough.all(axis=1)
        return usable


class _Question:
    """What is asked now: what is printed, and which of the kept solutions fit it."""

    def __init__(self, facts: Facts, view: View, usable: Mask) -> None:
        self.facts, self.view, self.usable = facts, view, usable

    @cached_property
    def printed(self) -> Printed:
        """What is printed, with what follows from it; most questions do without."""
        known = known_values(self.facts, self.view.places)
        return Printed(known, self.view.shares, self.view.least)

    @cached_property
    def reader(self) -> Reader:
        """What is printed, as arrays."""
        return Reader(self.printed)
