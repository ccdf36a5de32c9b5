"""Which tables are shown: one after another, each unless something follows with those before it.

What asks whether something follows comes in; what is hidden goes out. What a table holds is not
known here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from iop_outcomes.disclosure.ledger.readers import Hidden

MOST_TRIED = 4  # items of a table that are taken up one by one


def take_up(tables: Sequence[Hidden], gone: Hidden, is_safe: Callable[[Hidden], bool]) -> Hidden:
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
    return take_up(pieces[half:], take_up(pieces[:half], gone, is_safe), is_safe)


def take_up_by_reasons(
    tables: Sequence[Hidden], nothing: Hidden, reasons: Callable[[Hidden], list[Hidden] | None]
) -> Hidden | None:
    """Return what `take_up` returns, by which items disclose together; None if not known.

    All is shown but for what the sets found so far forbid, until that is safe: then each table that
    is not shown would disclose with those before it, and few questions have been asked.
    """
    together: set[Hidden] = set()

    def is_safe(gone: Hidden) -> bool:
        return not any(items.isdisjoint(gone) for items in together)

    while True:
        gone = nothing
        for table in tables:
            gone = take_up([table], gone, is_safe)
        found = reasons(gone)
        if not found:
            return None if found is None else gone
        together.update(found)
