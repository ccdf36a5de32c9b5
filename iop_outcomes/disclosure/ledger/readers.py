"""Who reads a report beside earlier ones: what follows for them as more or less is hidden."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from iop_outcomes.disclosure.declared import Item, Key
from iop_outcomes.disclosure.ledger.changed import few_changed, with_changes
from iop_outcomes.disclosure.linked import LinkedCounts
from iop_outcomes.disclosure.system import (
    Fitting,
    Joined,
    KeptParts,
    Outsider,
    PartsByPlace,
    PrintedCells,
    Trials,
    outsiders,
)
from iop_outcomes.errors import ReportError

Hidden = frozenset[Item]


class Readers:
    """Readers of earlier reports and of a new one: several where the reports do not fit together.

    Parameters
    ----------
    linked : LinkedCounts
        The counts of the new report.
    hidden : frozenset
        What is hidden in it by itself.
    cells_of : callable
        Returns its printed cells if some items are hidden.
    earlier : sequence of PrintedCells
        The earlier reports.

    Attributes
    ----------
    all_fit : bool
        Whether all reports could be taken together.
    """

    def __init__(
        self,
        linked: LinkedCounts,
        hidden: Hidden,
        cells_of: Callable[[Hidden], PrintedCells],
        earlier: Sequence[PrintedCells],
    ) -> None:
        """Read all reports with what is hidden in the new one by itself."""
        self._linked, self._cells_of, self._earlier = linked, cells_of, Joined(earlier)
        whole = cells_of(frozenset())
        self._trials = Trials(self._earlier, whole, len(linked.names))
        self._changes = few_changed(self._earlier, whole, linked)
        self._trials.leave_out_large(linked.facts.values)
        self._views = linked.views(beside_earlier=True)
        # A count that is wrongly taken for small is only hidden with others: see `whole_numbers`.
        self._by_place, self._by_content = PartsByPlace("turned"), KeptParts("turned")
        self._likely = Fitting()
        # If all of this report is shown few counts are unknown: the search for numbers that fit is
        # short, and they fit if some are hidden.
        self._likely = _fitting(self._read(frozenset())[0])
        first, self.all_fit = self._read(hidden)
        self._likely = _fitting(first)
        self._tried = {hidden: first}
        self._latest: list[Key] = []  # what followed the last times
        self._first: tuple[Hidden | None, frozenset[Key]] = None, frozenset()

    def told(self, gone: Hidden) -> list[Key]:
        """Return the small counts that follow for any reader, in order, if items are hidden.

        What did not follow with less hidden does not follow either, as long as the reports fit: all
        numbers that were found fit, too. Sums that were not asked, since of their counts some
        followed by themselves, are asked then.
        """
        readers = self._of(gone)
        first, followed = self._first
        among = followed if self._trials.alike and first is not None and gone >= first else None
        keys = [*dict.fromkeys(key for one in readers for key in one.told(among))]
        if self._trials.alike and first is None:
            self._first = gone, frozenset([*keys, *readers[0].not_asked])
        if readers:  # if more is hidden, all numbers that were found fit, too
            self._likely = readers[0].fitting
        return keys

    def which(self, gone: Hidden, keys: Sequence[Key]) -> list[Key]:
        """Return which counts follow as small for any reader if some items are hidden."""
        told = {key for one in self._of(gone) for key in one.which(keys)}
        return [key for key in keys if key in told]

    def tell(self, gone: Hidden, keys: Sequence[Key]) -> bool:
        """Return whether any of some counts follows as small if some items are hidden.

        What followed the last times is asked first.
        """
        asked = [*(key for key in self._latest if key in keys), *keys]
        for reader in self._of(gone):
            key = reader.first_of(dict.fromkeys(asked))
            if key is not None:
                self._latest = [key, *(one for one in self._latest if one != key)]
                return True
        return False

    def reasons(self, gone: Hidden, keys: Sequence[Key], most: Hidden) -> list[Hidden] | None:
        """Return sets of items of which each tells of one of some counts; none if none follows.

        Parameters
        ----------
        gone : frozenset
            What is hidden.
        keys : sequence of hashable
            The counts.
        most : frozenset
            What can be hidden at most: the items are of these.

        Returns
        -------
        list of frozenset, or None
            An empty set if a count follows without these items. None if it is not known from which
            items a count follows.
        """
        readers = self._of(gone)
        if self._trials.alike:
            (reader,) = readers
            shown, needed = most - gone, [reader.needed(key) for key in keys]
            of_each = [self._trials.own(one) for one in needed if one is not None]
            if of_each:  # what only whole numbers say is asked once nothing else follows
                return [shown & self._linked.items_with(places) for places in of_each]
        return None if self.tell(gone, keys) else []

    def _of(self, gone: Hidden) -> list[Outsider]:
        if gone not in self._tried:
            self._tried[gone], _ = self._read(gone)
        return self._tried[gone]

    def _read(self, gone: Hidden) -> tuple[list[Outsider], bool]:
        """Return the readers if some items are hidden, and whether all reports fit together."""
        if self._trials.alike:
            try:
                reading = self._trials.reading(self._views.without(gone))
                return [Outsider(reading, self._by_place, self._likely)], True
            except ReportError:  # they do not fit: what is known need not be the same in each
                self._trials.alike = False
        cells = self._cells_of(gone)
        reports = self._earlier.with_report(cells)
        readers, fit = outsiders(reports, self._by_content, self._likely)
        if self._changes and not fit:  # else what is changed is known of all reports together
            readers.append(Outsider(with_changes(cells, self._changes), self._by_content))
        return readers, fit


def _fitting(readers: Sequence[Outsider]) -> Fitting:
    """Return whole numbers that fit for the first reader, to be tried for others."""
    return readers[0].fitting if readers else Fitting()
