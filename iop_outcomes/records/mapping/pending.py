"""What a mapping can say that has no effect yet: refused, so that nothing is passed over."""

from __future__ import annotations

from collections.abc import Callable

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.mapping.plan import Mapping

# Whoever gives one of these its effect removes its line.
PENDING: dict[str, Callable[[Mapping], object]] = {
    "[checkins] expected_every": lambda mapping: mapping.expected_every,
}


def refuse_pending(mapping: Mapping) -> None:
    """Raise RecordsError if a mapping says what this version does not do."""
    for name, says in PENDING.items():
        if says(mapping):
            raise RecordsError(
                f"The mapping has {name}, which this version can read and not yet follow.",
                instead="Remove it, and change the export by hand.",
            )
