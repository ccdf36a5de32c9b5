"""Hide more of a report where it would disclose a few people when read with earlier ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.ledger.readers import Hidden, Readers
from iop_outcomes.disclosure.ledger.taking_up import take_up, take_up_by_reasons
from iop_outcomes.disclosure.linked import LinkedCounts
from iop_outcomes.disclosure.system import PrintedCells

NOT_ASKED = (
    "The records changed since an earlier report in more than what both print, so that not all "
    "reports could be taken together: what follows from the change itself is not ruled out."
)


def hide_beside(
    linked: LinkedCounts,
    hidden: Hidden,
    cells_of: Callable[[Hidden], PrintedCells],
    earlier: Sequence[PrintedCells],
) -> tuple[Hidden, str]:
    """Return what is hidden of a report so that it discloses nothing with earlier ones, and a note.

    Parameters
    ----------
    linked : LinkedCounts
        The counts of the report.
    hidden : frozenset
        What is hidden in the report by itself.
    cells_of : callable
        Returns the printed cells of the report if some items are hidden.
    earlier : sequence of PrintedCells
        The earlier reports.

    Notes
    -----
    If the reports together give a small count that the earlier ones do not, the tables of the
    report are left out, and taken up again, the most important first, unless they would give one; a
    table of few items that would is taken up item by item. Where linear programming shows from
    which items a count follows, these say which table is left out. Elsewhere tables are tried
    several at once: those that give nothing together give nothing one by one. While tables are
    tried, only what follows from all of them is asked for; what else may follow is asked of the
    tables that are left, and if there is any they are tried again with it. Reports that contradict
    each other are taken together as far as they fit.

    A zero is hidden only where a count follows though nothing else of the report is printed, and
    only with all other cells of its column.
    """
    if not earlier:
        return hidden, ""
    readers = Readers(linked, hidden, cells_of, earlier)
    note = "" if readers.all_fit else NOT_ASKED
    tables = _Tables(linked, hidden, readers)
    asked, preventable = readers.told(hidden), False
    while asked:
        gone = tables.shown_again(asked, preventable=preventable)
        preventable = True
        if gone is None:
            asked = tables.preventable(asked)
            continue
        if gone == tables.all_hidden:
            return gone, note
        new = tables.preventable(readers.told(gone))
        if not new:
            return gone, note
        asked = [*new, *asked]
    return hidden, note


class _Tables:
    """The tables of a report that can be hidden, the most important first.

    Parameters
    ----------
    linked : LinkedCounts
        The counts of the report.
    hidden : frozenset
        What is hidden in the report by itself.
    readers : Readers
        Who has it beside the earlier reports.
    """

    def __init__(self, linked: LinkedCounts, hidden: Hidden, readers: Readers) -> None:
        """Start with all tables, of which no zero can be hidden."""
        self._linked, self._hidden, self._readers = linked, hidden, readers
        self._tables = linked.tables(hidden)
        self.all_hidden = hidden.union(*self._tables)

    def preventable(self, keys: Sequence[Key]) -> list[Key]:
        """Return which counts do not follow if nothing more is printed, and at need no zero."""
        anyway = self._readers.which(self.all_hidden, keys) if keys else []
        if anyway:
            with_zeros = self._linked.tables(self._hidden, zeros=True)
            less = self._hidden.union(*with_zeros)
            still = self._readers.which(less, anyway) if less > self.all_hidden else anyway
            if len(still) < len(anyway):
                self._tables, self.all_hidden, anyway = with_zeros, less, still
        return [key for key in keys if key not in anyway]

    def shown_again(self, asked: Sequence[Key], *, preventable: bool) -> Hidden | None:
        """Return what is hidden once tables are shown again of which no asked count follows.

        With a zero the other cells of its column are hidden; other tables can be shown instead.
        None if some of these counts follow though no table is shown, unless it is known that none
        does.
        """

        def reasons(gone: Hidden) -> list[Hidden] | None:
            return self._readers.reasons(gone, asked, self.all_hidden)

        def is_safe(gone: Hidden) -> bool:
            return not self._readers.tell(gone, asked)

        while True:
            gone = take_up_by_reasons(self._tables, self.all_hidden, reasons, is_safe)
            if gone is None:
                if not preventable:
                    return None
                gone = take_up(self._tables, self.all_hidden, is_safe)
            column = self._linked.with_columns(gone) - gone
            if not column:
                return gone
            self._tables = [table - column for table in self._tables if table - column]
