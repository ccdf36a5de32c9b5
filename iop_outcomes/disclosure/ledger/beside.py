"""Hide more of a report where it would disclose a few people when read with earlier ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from iop_outcomes.disclosure.linked import Item, LinkedCounts
from iop_outcomes.disclosure.system import PrintedCells, attack_together

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
    If the reports together give a small count, the items of the report are taken up table by table,
    the most important first, and a table that would give one is left out; one of few items is taken
    up item by item. Reports that contradict each other are taken together as far as they fit.
    """
    if not earlier:
        return hidden, ""
    before, _ = _disclosed(earlier)
    disclosed, all_fit = _disclosed([*earlier, cells_of(hidden)])
    note = "" if all_fit else NOT_ASKED
    if disclosed <= before:
        return hidden, note
    tables = linked.tables(hidden)
    gone = hidden.union(*tables)
    for table in tables:
        if _disclosed([*earlier, cells_of(gone - table)])[0] <= before:
            gone -= table
        elif 1 < len(table) <= MOST_TRIED:  # such as what is new of a trend
            for item in sorted(table, key=str, reverse=True):
                if _disclosed([*earlier, cells_of(gone - {item})])[0] <= before:
                    gone -= {item}
    return gone, note


def _disclosed(reports: Sequence[PrintedCells]) -> tuple[set[str], bool]:
    disclosed, all_fit = attack_together(reports)
    return set(disclosed["cell"]), all_fit
