"""The columns of episodes that frames of times carry along."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.records.schema import EPISODES


def covariates(episodes: pd.DataFrame, *, without: Iterable[str] = ()) -> pd.DataFrame:
    """Return the episodes without their dates and lengths and the columns `without`; a copy."""
    later = {"days_to_discharge", "days_followed", *without}
    for column in EPISODES.columns:
        if column.kind == "date":
            later |= {column.name, column.study_name}
    kept = [name for name in episodes.columns if name not in later]
    first = [name for name in ("episode_id", "person_id", "program") if name in kept]
    return episodes[first + [name for name in kept if name not in first]].copy()


def refuse_taken(frame: pd.DataFrame, made: Sequence[str], what: str) -> None:
    """Refuse episodes with a column that the result would have too."""
    taken = [name for name in made if name in frame.columns]
    if taken:
        raise RuleError(
            f"The episodes have a column named {', '.join(taken)}, as the {what} do.",
            instead="Give it another name before the records are read, in the export or in "
            "mapping.toml.",
        )
