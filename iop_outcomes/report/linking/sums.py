"""Sums between counts that are there: of some, of a part, or of the same people."""

from __future__ import annotations

from collections.abc import Sequence

from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.declared import Key


def add_up(linked: LinkedCounts, whole: Key, parts: Sequence[Key]) -> None:
    """Declare a sum whose counts are all there.

    Where it is not the sum, since one was printed before and the records have changed, the
    difference is a count like any other.
    """
    if whole in linked and parts and all(part in linked for part in parts):
        if linked.value(whole) == sum(linked.value(part) for part in parts):
            linked.total(whole, parts)
        else:
            sum_of(linked, whole, parts)


def part_of(linked: LinkedCounts, whole: Key, part: Key) -> None:
    """Declare that a count is part of another, where both are there and it is not larger."""
    if whole in linked and part in linked and linked.value(whole) >= linked.value(part):
        linked.part(whole, part)


def part_or_same(linked: LinkedCounts, whole: Key, part: Key) -> None:
    """Declare that a count is part of another, or of the same people where both are as large."""
    if whole in linked and part in linked and linked.value(whole) == linked.value(part):
        linked.total(whole, [part])
    else:
        part_of(linked, whole, part)


def sum_of(linked: LinkedCounts, count: Key, parts: Sequence[Key]) -> None:
    """Declare that a count is the sum of those parts that are there, or is part of it, or holds it.

    Quarters before the first admission have no count: there it is 0.
    """
    here = [key for key in parts if key in linked]
    if count not in linked or not here:
        return
    together = ("sum", *here)
    if together not in linked:
        linked.count(together, sum(linked.value(key) for key in here))
        linked.total(together, here)
    if linked.value(together) == linked.value(count):
        add_up(linked, together, [count])
    else:
        part_of(linked, together, count)
        part_of(linked, count, together)
