"""Options that are names or pairs of names, checked for their type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.messages import as_written


def as_names(option: str, value: object, instead: str) -> list[str]:
    """Return a name, or a list or tuple of names, as a list; RuleError if it is neither."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise RuleError(
            f"{option} is a name or a list of names.",
            found=f"{option}={as_written(value)}",
            instead=instead,
        )
    return list(dict.fromkeys(names))


def as_pairs(option: str, value: object, instead: str) -> dict[str, Any]:
    """Return names with what belongs to them as a dict; RuleError if it is none."""
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise RuleError(
            f"{option} is a dict whose keys are texts.",
            found=f"{option}={as_written(value)}",
            instead=instead,
        )
    return dict(value)
