"""How the counts of the tables of who came and who stayed are declared."""

from __future__ import annotations

from collections.abc import Hashable

from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.declared import CELL
from iop_outcomes.report.scope import Mask, Scope

ALL = "all"
NOT_RECORDED = "not recorded"


def declare(
    scope: Scope,
    linked: LinkedCounts,
    family: str,
    groups: list[tuple[str, Mask]],
    view: str | None = None,
    rank: int = CELL,
    column: Hashable | None = None,
) -> list[tuple[str, ...]]:
    """Declare how many episodes, and people, each group has; return the names of the counts."""
    keys: list[tuple[str, ...]] = []
    for word, mask in groups:
        key = (family, word) if view is None else (family, view, word)
        people = scope.people(mask)
        linked.count(key, int(mask.sum()), people=people, item=key, rank=rank, column=column)
        keys.append(key)
    return keys


def with_share(
    keys: list[tuple[str, ...]], count: str, whole: tuple[str, ...]
) -> dict[str, list[tuple[object, ...]]]:
    """Return what a column of counts and its shares need; a share would give its whole back."""
    return {count: [(key,) for key in keys], "share": [(key, whole) for key in keys]}
