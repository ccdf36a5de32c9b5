"""Hide more of a report where it would disclose a few people when read with earlier ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from iop_outcomes.disclosure.declared import Item, Key
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
MOST_TRIED = 4  # items of a table that are taken up one by one
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
    before_this = Joined(earlier)

    trials = Trials(before_this, cells_of(frozenset()), len(linked.names))
    trials.leave_out_large(linked.facts.values)
    views, kept, parts = linked.views(beside_earlier=True), PartsByPlace(), KeptParts()

    def read(gone: Hidden, likely: Fitting) -> tuple[list[Outsider], bool]:
        if trials.alike:
            try:
                return [Outsider(trials.reading(views.without(gone)), kept, likely)], True
            except ReportError:  # they do not fit: what is known need not be the same in each
                trials.alike = False
        return outsiders(before_this.with_report(cells_of(gone)), parts, likely)

    # If all of this report is shown few counts are unknown: the search for numbers that fit is
    # short, and they fit if some are hidden.
    shown, _ = read(frozenset(), Fitting())
    readers, all_fit = read(hidden, shown[0].fitting if shown else Fitting())
    note = "" if all_fit else NOT_ASKED
    disclosed = _told(readers)
    fitting = readers[0].fitting if readers else Fitting()
    tried = {hidden: readers}

    def readers_of(gone: Hidden) -> list[Outsider]:
        if gone not in tried:
            tried[gone], _ = read(gone, fitting)
        return tried[gone]

    tables = linked.tables(hidden)
    nothing = hidden.union(*tables)

    def preventable(keys: Sequence[Key]) -> list[Key]:
        """Return which counts do not follow if nothing more is printed, and at need no zero."""
        nonlocal tables, nothing
        anyway = _which(readers_of(nothing), keys)
        if anyway:
            with_zeros = linked.tables(hidden, zeros=True)
            less = hidden.union(*with_zeros)
            still = _which(readers_of(less), anyway) if less > nothing else anyway
            if len(still) < len(anyway):
                tables, nothing, anyway = with_zeros, less, still
        return [key for key in keys if key not in anyway]

    asked = preventable([*disclosed])
    if not asked:
        return hidden, note

    def is_safe(gone: Hidden) -> bool:
        return not _which(readers_of(gone), asked)

    def reasons(gone: Hidden) -> list[Hidden] | None:
        """Return sets of items that each disclose, none if it is safe; None if not known."""
        told = _which(readers_of(gone), asked)
        if not (told and trials.alike):
            return None if told else []
        (reader,) = readers_of(gone)
        needed = [reader.needed(key) for key in told]
        shown = nothing - gone
        of_each = [shown & linked.items_with(trials.own(one)) for one in needed if one]
        return [items for items in of_each if items] or None

    while True:
        gone = _take_up_by_reasons(tables, nothing, reasons)
        if gone is None:
            gone = _take_up(tables, nothing, is_safe)
        column = linked.with_columns(gone) - gone
        if column:  # cells that are hidden with a zero; other tables can be shown instead
            tables = [table - column for table in tables if table - column]
            continue
        if gone == nothing:
            return gone, note
        new = preventable([*_told(readers_of(gone))])
        if not new:
            return gone, note
        asked = [*new, *asked]


def _told(readers: Sequence[Outsider]) -> dict[Key, None]:
    """Return the small counts that follow for any of some readers, in order."""
    return dict.fromkeys(key for one in readers for key in one.told())


def _which(readers: Sequence[Outsider], keys: Sequence[Key]) -> list[Key]:
    """Return which counts follow as small for any of some readers."""
    told = {key for one in readers for key in one.which(keys)}
    return [key for key in keys if key in told]


def _take_up(tables: Sequence[Hidden], gone: Hidden, is_safe: Callable[[Hidden], bool]) -> Hidden:
    """Return what is hidden after the tables, one after another, are shown unless they disclose."""
    if not tables:
        return gone
    left = gone.difference(*tables)
    if is_safe(left):
        return left
    pieces = tables
    if len(tables) == 1 and len(tables[0]) <= MOST_TRIED:  # such as what is new of a trend
        pieces = [frozenset([item]) for item in sorted(tables[0], key=str, reverse=True)]
    if len(pieces) == 1:
        return gone
    half = len(pieces) // 2
    return _take_up(pieces[half:], _take_up(pieces[:half], gone, is_safe), is_safe)


def _take_up_by_reasons(
    tables: Sequence[Hidden], nothing: Hidden, reasons: Callable[[Hidden], list[Hidden] | None]
) -> Hidden | None:
    """Return what `_take_up` returns, by which items disclose together; None if not known.

    All is shown but for what the sets found so far forbid, until that is safe: then each table that
    is not shown would disclose with those before it, and few questions have been asked.
    """
    together: set[Hidden] = set()

    def is_safe(gone: Hidden) -> bool:
        return not any(items.isdisjoint(gone) for items in together)

    while True:
        gone = nothing
        for table in tables:
            gone = _take_up([table], gone, is_safe)
        found = reasons(gone)
        if not found:
            return None if found is None else gone
        together.update(found)
