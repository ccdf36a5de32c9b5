"""Counts that earlier reports printed otherwise: by how many people the records were changed.

Where the records were changed so that reports contradict one another, not all of them can be taken
together. What one count is in both is still known: who was entered late, or taken away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.linked import LinkedCounts
from iop_outcomes.disclosure.system import Joined, PrintedCells
from iop_outcomes.disclosure.system.cells import join_name

EARLIER, CHANGED = "in an earlier report", "changed since"


@dataclass(frozen=True)
class Change:
    """A count of a report that an earlier one printed with a few people more or less.

    Attributes
    ----------
    key : hashable
        The name of the count in the report.
    before : int
        What was printed.
    is_more : bool
        Whether it is more now.
    """

    key: Key
    before: int
    is_more: bool


def few_changed(earlier: Joined, whole: PrintedCells, linked: LinkedCounts) -> list[Change]:
    """Return the counts of a report that earlier ones printed with 1 to 10 people more or less.

    None of a report that is made once more: with other figures it is refused.

    Parameters
    ----------
    earlier : Joined
        The earlier reports.
    whole : PrintedCells
        The report with all that it may print.
    linked : LinkedCounts
        The same counts with their true values.
    """
    own = whole.programs, whole.quarter
    if any((one.programs, one.quarter) == own for one in earlier.reports):
        return []
    before: dict[Key, int] = {}
    for report in earlier.reports:
        printed = ((join_name(report, key), value) for key, value in report.counts.items())
        before |= {name: value for name, value in printed if value is not None}
    found = []
    for key, value in zip(whole.counts, linked.facts.values, strict=False):
        first = before.get(join_name(whole, key))
        if first is None or key in whole.not_people:
            continue
        more = round(value) - first
        if 0 < abs(more) < whole.threshold:
            found.append(Change(key, first, more > 0))
    return found


def with_changes(cells: PrintedCells, changes: Sequence[Change]) -> PrintedCells:
    """Return the cells of a report with what changed since: counts that nothing prints.

    Parameters
    ----------
    cells : PrintedCells
        What the report prints.
    changes : sequence of Change
        See `few_changed`.
    """
    counts, sums = dict(cells.counts), list(cells.sums)
    for one in changes:
        before, more = (EARLIER, one.key), (CHANGED, one.key)
        counts |= {before: one.before, more: None}
        whole, part = (one.key, before) if one.is_more else (before, one.key)
        sums.append({part: 1, more: 1, whole: -1})
    return replace(cells, counts=counts, sums=sums)
