"""Which tables are shown: one after another, each unless something follows with those before it.

What asks whether something follows comes in; what is hidden goes out. What a table holds is not
known here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from iop_outcomes.disclosure.ledger.readers import Hidden

MOST_TRIED = 7  # items of a table that are taken up one by one: ends of a year have up to seven


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
    tables: Sequence[Hidden],
    nothing: Hidden,
    reasons: Callable[[Hidden], list[Hidden] | None],
    is_safe: Callable[[Hidden], bool],
) -> Hidden | None:
    """Return what `take_up` returns, by which items disclose together.

    All is shown but for what the sets found so far forbid, until that is safe: then each table that
    is not shown would disclose with those before it, and few questions have been asked. Where it is
    not known which items disclose together, the first table that does so with those before it is
    taken up by itself, and stays as it is then: nothing that is found later changes those before.

    Parameters
    ----------
    tables : sequence of frozenset
        The most important first.
    nothing : frozenset
        What is hidden if none of them is shown.
    reasons : callable
        Returns the sets for what is hidden: none if it is safe, an empty one if that would disclose
        without any table, and None if something follows, but not known from what.
    is_safe : callable
        Says whether nothing follows.

    Returns
    -------
    frozenset, or None
        None if something follows though no table is shown.
    """
    together: set[Hidden] = set()
    safe: list[Hidden] = []
    settled: dict[int, Hidden] = {}  # of a table what of it stays hidden

    def may_be(gone: Hidden) -> bool:
        return not any(items.isdisjoint(gone) for items in together)

    while True:
        steps = [nothing]
        for number, table in enumerate(tables):
            if number in settled:
                steps.append(steps[-1] - (table - settled[number]))
            else:
                steps.append(take_up([table], steps[-1], may_be))
        found = reasons(steps[-1])
        if found is None:
            first = _first_unsafe(steps, is_safe, safe)
            if first == 0:
                return None
            settled[first - 1] = _piece_by_piece(tables[first - 1], steps[first - 1], is_safe)
            continue
        if not found:
            return steps[-1]
        if frozenset() in found:
            return None
        together.update(found)


def _piece_by_piece(table: Hidden, gone: Hidden, is_safe: Callable[[Hidden], bool]) -> Hidden:
    """Return what stays hidden of a table that cannot be shown whole; that is not asked again."""
    whole = gone - table
    return table & take_up([table], gone, lambda left: left != whole and is_safe(left))


def _first_unsafe(
    steps: Sequence[Hidden], is_safe: Callable[[Hidden], bool], safe: list[Hidden]
) -> int:
    """Return which is the first step that is not safe, given that the last is not.

    Each step shows more than the one before. What is found to be safe is kept.
    """
    low, high = 0, len(steps) - 1
    while low < high:
        middle = (low + high) // 2
        gone = steps[middle]
        if any(gone >= one for one in safe) or is_safe(gone):
            safe.append(gone)
            low = middle + 1
        else:
            high = middle
    return high
