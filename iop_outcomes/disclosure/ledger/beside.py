"""Hide more of a report where it would tell of a few people beside earlier ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from iop_outcomes.disclosure.linked import Item, LinkedCounts
from iop_outcomes.disclosure.system import PrintedCells, attack, join
from iop_outcomes.errors import ReportError

Hidden = frozenset[Item]
NOT_ASKED = (
    "The records changed since an earlier report in more than what both print, so that the two "
    "could not be taken together: what follows from one less the other is not ruled out."
)


def hide_beside(
    linked: LinkedCounts,
    hidden: Hidden,
    cells_of: Callable[[Hidden], PrintedCells],
    earlier: Sequence[PrintedCells],
) -> tuple[Hidden, str]:
    """Return what is hidden of a report so that it tells nothing beside earlier ones, and a note.

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
    the most important first, and a table that would give one is left out.
    """
    if not earlier:
        return hidden, ""
    try:
        before = _told(earlier)
        if _told([*earlier, cells_of(hidden)]) <= before:
            return hidden, ""
    except ReportError:
        return hidden, NOT_ASKED
    tables = linked.tables(hidden)
    gone = hidden.union(*tables)
    for table in tables:
        trial = gone - table
        if _told([*earlier, cells_of(trial)]) <= before:
            gone = trial
    return gone, ""


def _told(reports: Sequence[PrintedCells]) -> set[str]:
    return set(attack(join(reports))["cell"])
