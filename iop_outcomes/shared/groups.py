"""Groups of episodes: by program, track, entry path or any other column of the episodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.messages import as_written, columns_found, holds_data, names_asked

MOST_GROUPS = 50  # more lines are unreadable, and the column is probably a measurement
NOT_RECORDED = "not recorded"
_NEVER_GROUPS = frozenset({"episode_id", "person_id"})


@dataclass(frozen=True, eq=False)
class Groups:
    """The group of each episode.

    Attributes
    ----------
    names : tuple of str
        The columns that define the groups; empty if all are one group.
    labels : pandas.DataFrame
        One row a group, with the columns `names`.
    codes : numpy.ndarray of int64
        For each episode the row of its group in `labels`.
    """

    names: tuple[str, ...]
    labels: pd.DataFrame
    codes: npt.NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of groups."""
        return len(self.labels)

    def beside(self, columns: dict[str, Any]) -> pd.DataFrame:
        """Return a table of results with the columns of the groups first.

        Parameters
        ----------
        columns : dict of str to sequence
            The results, group by group, with the same number of rows for each group.

        Raises
        ------
        RuleError
            If a group column has the name of one of the results.
        """
        taken = [name for name in self.names if name in columns]
        if taken:
            raise RuleError(
                f"A group column cannot be named {', '.join(taken)}: the result has such a column.",
                instead="another name for it, in the export or in mapping.toml.",
            )
        rows = len(next(iter(columns.values())))
        repeats = rows // max(len(self), 1)
        labels = {name: np.repeat(self.labels[name].to_numpy(), repeats) for name in self.names}
        return pd.DataFrame({**labels, **columns})


def group_episodes(episodes: pd.DataFrame, by: str | Sequence[str] | None) -> Groups:
    """Return the groups of the episodes that are defined by the columns `by`.

    Parameters
    ----------
    episodes : pandas.DataFrame
        One row an episode.
    by : str, sequence of str or None
        Columns of `episodes`. A missing value is a group of its own, "not recorded", so that nobody
        is left out without a message.

    Returns
    -------
    Groups
        The groups that occur, in the order of the categories, or sorted.

    Raises
    ------
    RuleError
        If a column does not exist, contains persons or days, or has too many values.
    """
    if holds_data(by):
        raise RuleError(
            "Groups are defined by names of columns.",
            found=f"by={as_written(by)}",
            instead='by="program", a column of records.episodes.',
        )
    names = () if by is None else (by,) if isinstance(by, str) else tuple(by)
    _check_columns(episodes, names)
    joint = np.zeros(len(episodes), dtype=np.int64)
    levels: list[npt.NDArray[Any]] = []
    for name in names:
        codes, values = _coded(episodes[name])
        levels.append(values)
        joint = joint * len(values) + codes
    cells, codes = np.unique(joint, return_inverse=True)
    columns: dict[str, npt.NDArray[Any]] = {}
    for name, values in zip(reversed(names), reversed(levels), strict=True):
        columns[name] = values[cells % len(values)]
        cells = cells // len(values)
    index = pd.RangeIndex(len(cells))
    labels = pd.DataFrame({name: columns[name] for name in names}, index=index)
    return Groups(names, labels, codes.astype(np.int64))


def _check_columns(episodes: pd.DataFrame, names: Sequence[str]) -> None:
    absent = [name for name in names if name not in episodes.columns]
    if absent:
        raise RuleError(
            f"The episodes have no column {names_asked(absent)} to group by.",
            found=columns_found(episodes.columns, absent),
            instead="a column with a few words, such as program; list(records.episodes.columns) "
            "shows them all.",
        )
    several = [name for name in names if not _can_group(episodes, name)]
    if several:
        raise RuleError(
            f"The column {names_asked(several)} cannot define groups: it contains persons or days, "
            f"or has more than {MOST_GROUPS} values.",
            instead="a column with a few words, such as program or entry_path; divide numbers "
            "into bands first",
        )


def _can_group(episodes: pd.DataFrame, name: str) -> bool:
    column = episodes[name]
    if name in _NEVER_GROUPS or pd.api.types.is_datetime64_any_dtype(column):
        return False
    return int(column.nunique()) <= MOST_GROUPS


def _coded(column: pd.Series[Any]) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
    """Return codes and their values, with missing as the last value."""
    words = column if isinstance(column.dtype, pd.CategoricalDtype) else column.astype("category")
    values = words.cat.categories.to_numpy().astype(object)
    codes = words.cat.codes.to_numpy().astype(np.int64)
    return np.where(codes < 0, len(values), codes), np.append(values, NOT_RECORDED)
