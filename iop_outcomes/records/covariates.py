"""The columns of episodes: those that frames of times carry along, and what one holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.records.schema import EPISODES
from iop_outcomes.shared.messages import words_found

MOST_PROGRAMS = 20  # that are listed by name


def covariates(episodes: pd.DataFrame, *, without: Iterable[str] = ()) -> pd.DataFrame:
    """Return the episodes without their dates and lengths and the columns `without`; a copy."""
    later = {"days_to_discharge", "days_followed", *without}
    for column in EPISODES.columns:
        if column.kind == "date":
            later |= {column.name, column.study_name}
    kept = [name for name in episodes.columns if name not in later]
    first = [name for name in ("episode_id", "person_id", "program") if name in kept]
    return episodes[first + [name for name in kept if name not in first]].copy()


def refuse_taken(frame: pd.DataFrame, new_names: Sequence[str], what: str) -> None:
    """Refuse episodes with a column that the result would have too."""
    taken = [name for name in new_names if name in frame.columns]
    if taken:
        raise RuleError(
            f"The episodes have a column named {', '.join(taken)}, as the {what} do.",
            instead="Give it another name before the records are read, in the export or in "
            "mapping.toml.",
        )


def levels_found(column: pd.Series[Any]) -> str:
    """Say what a column holds: programs by name, as everywhere, else how many different values."""
    levels = column.dropna().unique()
    if column.name == "program" and len(levels) <= MOST_PROGRAMS:
        return "one of " + ", ".join(sorted(map(str, levels)))
    return words_found(levels, len(column))
