"""The published times to an event, as a `RelapseRule` looks for them."""

from __future__ import annotations

from functools import cache

from iop_outcomes.relapse.definitions.definition import Definition
from iop_outcomes.relapse.definitions.registry import published
from iop_outcomes.relapse.definitions.windows import Window
from iop_outcomes.relapse.search import Search


def find_time(name: str) -> Definition | None:
    """Return the published time to an event of that name, or of that reference column.

    None if there is no definition of that name, or if it has no time.
    """
    return _times_by_name().get(name)


@cache
def _times_by_name() -> dict[str, Definition]:
    """Return the published times by name and reference column; of two of one name the first."""
    by_name: dict[str, Definition] = {}
    for definition in published():
        if definition.window is not None:
            for name in (definition.name, *(column for column, _ in definition.reference)):
                by_name.setdefault(name, definition)
    return by_name


def time_names() -> tuple[str, ...]:
    """Return the names of all published times to an event."""
    return tuple(definition.name for definition in published() if definition.window is not None)


def distinct_relapse_names() -> tuple[str, ...]:
    """Return the names of the published times to relapse, one of those that coincide."""
    first: dict[Window, str] = {}
    for definition in published():
        window = definition.window
        if definition.kind == "relapse" and window is not None and not window.of_missed:
            first.setdefault(window, definition.name)
    return tuple(first.values())


def search_for(window: Window) -> Search:
    """Return the search that a window of weeks stands for."""
    return Search(
        window.threshold,
        window.width,
        "week",
        first=window.from_week,
        of="missed" if window.of_missed else "use",
    )


def source_of(definition: Definition) -> str:
    """Return where a definition comes from, and how it differs from its paper."""
    doi = f", doi:{definition.doi.replace('; ', ', doi:')}" if definition.doi else ""
    text = f" {definition.title}: {definition.citation}{doi}." if definition.citation else ""
    return text + (f" {definition.adaptation}" if definition.adaptation else "")
