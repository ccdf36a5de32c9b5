"""The columns of episodes that frames of times also have, and the values of a column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.records.schema import EPISODES
from iop_outcomes.shared.characters import printable
from iop_outcomes.shared.messages import words_found

MOST_PROGRAMS = 20  # more are not listed by name


def covariates(episodes: pd.DataFrame, *, without: Iterable[str] = ()) -> pd.DataFrame:
    """Return a copy of the episodes without dates, lengths of stay and the columns `without`."""
    later = {"days_to_discharge", "days_followed", *without}
    for column in EPISODES.columns:
        if column.kind == "date":
            later |= {column.name, column.study_name}
    kept = [name for name in episodes.columns if name not in later]
    first = [name for name in ("episode_id", "person_id", "program") if name in kept]
    return episodes[first + [name for name in kept if name not in first]].copy()


def refuse_taken(frame: pd.DataFrame, new_names: Sequence[str], what: str) -> None:
    """Raise RuleError if the episodes have a column that a result would have too.

    Parameters
    ----------
    frame : pandas.DataFrame
        The episodes.
    new_names : sequence of str
        The names of the columns of the result.
    what : str
        The result in the plural, such as "times", for the message.
    """
    taken = [name for name in new_names if name in frame.columns]
    if taken:
        raise RuleError(
            f"The episodes have a column named {', '.join(taken)}, as the {what} do.",
            instead="Give it another name in the export or in mapping.toml, and read the records "
            "again.",
        )


def levels_found(column: pd.Series[Any]) -> str:
    """Return the values of a column for a message, by number."""
    return words_found(column.dropna().unique(), len(column))


def programs_named(names: Iterable[object]) -> str:
    """Return the names of programs for a message; empty for so many that they may be of people.

    Examples
    --------
    >>> programs_named(["South", "North"])
    'North, South'
    """
    programs = sorted({printable(str(name)) for name in names})
    return ", ".join(programs) if len(programs) <= MOST_PROGRAMS else ""
