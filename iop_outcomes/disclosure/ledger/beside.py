"""Hide more of a report where it would disclose a few people when read with earlier ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from iop_outcomes.disclosure.linked import Item, LinkedCounts
from iop_outcomes.disclosure.system import KeptParts, PrintedCells, told_together

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
    table of few items that would is taken up item by item. Tables are tried several at once: those
    that give nothing together give nothing one by one. Reports that contradict each other are taken
    together as far as they fit.
    """
    if not earlier:
        return hidden, ""
    parts = KeptParts()
    follow, all_fit = told_together([*earlier, cells_of(hidden)], parts)
    note = "" if all_fit else NOT_ASKED
    disclosed = set(follow)
    before = set(told_together(earlier, parts)[0]) if disclosed else set()
    if disclosed <= before:
        return hidden, note

    # What follows from some tables is likely to follow from others: it is asked for first.
    likely = [key for key in disclosed if key not in before]

    def is_safe(gone: Hidden) -> bool:
        follow, _ = told_together([*earlier, cells_of(gone)], parts, likely[::-1])
        new = next((key for key in follow if key not in before), None)
        if new is not None and new not in likely:
            likely.append(new)
        return new is None

    tables = linked.tables(hidden)
    return _take_up(tables, hidden.union(*tables), is_safe), note


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
