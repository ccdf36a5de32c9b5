"""Groups of rows: by program, track, entry path or another column.

How a missing value is handled, and which columns can define groups, is decided here for every
function that takes ``by=`` or ``strata=``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.checks import check_choice
from iop_outcomes.shared.group_codes import NOT_RECORDED, column_names, group_codes, value_codes
from iop_outcomes.shared.messages import names_asked
from iop_outcomes.shared.provenance import Provenance, relabel
from iop_outcomes.shared.text import format_count

MissingGroup = Literal["refuse", "own", "leave_out"]
Named = str | Sequence[str] | None
MISSING_GROUP = ("refuse", "own", "leave_out")
MOST_GROUPS = 50  # more lines are unreadable, and the column is probably a measurement
_NEVER_GROUPS = frozenset({"episode_id", "person_id"})


@dataclass(frozen=True)
class LeftOut:
    """How many rows were left out because they belong to no group.

    Attributes
    ----------
    count : int or None
        How many; None if it may not be shown.
    noun : str
        What is counted, in the singular.
    columns : str
        The columns that lack a value.
    """

    count: int | None = 0
    noun: str = "row"
    columns: str = ""

    @classmethod
    def of(cls, provenance: Provenance) -> LeftOut:
        """Return the number that is in the labels of a frame."""
        return cls(provenance.ungrouped, provenance.ungrouped_noun, provenance.ungrouped_columns)

    @property
    def text(self) -> str:
        """The count as a sentence; empty if nothing was left out."""
        if self.count == 0:
            return ""
        who = format_count(self.count, self.noun) if self.count else f"{self.noun.capitalize()}s"
        return f"{who} without a value of {self.columns} left out."

    def after(self, sentence: str) -> str:
        """Return `sentence` (one or more) with the count after it."""
        return f"{sentence} {self.text}".strip()

    def hidden(self) -> LeftOut:
        """Return the same without the number, which may not be shown."""
        return LeftOut(None, self.noun, self.columns) if self.count else self


NOTHING_LEFT_OUT = LeftOut()


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


def group_episodes(
    episodes: pd.DataFrame, by: Named, missing_group: MissingGroup = "own"
) -> Groups:
    """Return the groups of the episodes that are defined by the columns `by`.

    Parameters
    ----------
    episodes : pandas.DataFrame
        One row an episode.
    by : str, sequence of str or None
        Columns of `episodes`.
    missing_group : {"refuse", "own", "leave_out"}
        How an episode without a value is handled. With ``"leave_out"`` such episodes must have been
        removed already (`grouped_rows`); any that are left are refused.

    Returns
    -------
    Groups
        The groups that occur, in the order of the categories, or sorted.

    Raises
    ------
    EstimateError
        If a value is missing, unless `missing_group` is ``"own"``.
    RuleError
        If a column does not exist, contains persons or dates, or has more than 50 values.
    """
    names = column_names(episodes, by)
    several = [name for name in names if not _can_group(episodes, name)]
    if several:
        raise RuleError(
            f"The column {names_asked(several)} cannot define groups: it contains persons or "
            f"dates, or has more than {MOST_GROUPS} values.",
            instead="a column with few values, such as program or entry_path; divide numbers into "
            "bands first",
        )
    if not len(episodes):
        return Groups(tuple(names), pd.DataFrame(columns=names), np.empty(0, dtype=np.int64))
    codes, labels = group_codes(with_own_group(episodes, names, missing_group), names)
    return Groups(tuple(names), labels.astype(object), codes.astype(np.int64))


def _can_group(episodes: pd.DataFrame, name: str) -> bool:
    column = episodes[name]
    if name in _NEVER_GROUPS or pd.api.types.is_datetime64_any_dtype(column):
        return False
    return int(column.nunique()) <= MOST_GROUPS


def settle_groups(
    frame: pd.DataFrame,
    by: Sequence[Named],
    missing_group: MissingGroup,
    *,
    id: str | None = None,
) -> pd.DataFrame:
    """Handle rows without a group as `missing_group` says, and return the frame.

    Parameters
    ----------
    frame : pandas.DataFrame
        The frame that a function was given. Anything else is returned as it is, and is refused by
        later checks.
    by : sequence of (str, sequence of str or None)
        The arguments ``by=`` and ``strata=`` of the function.
    missing_group : {"refuse", "own", "leave_out"}
        How a row without a value in one of these columns is handled. ``"refuse"``: the row is kept,
        and `group_codes` refuses it later. ``"own"``: the value becomes "not recorded", which comes
        after all other values. ``"leave_out"``: the row is left out, and the number is put into the
        labels of the frame.
    id : str, optional
        The column with the identifier, if the frame has several rows for each. Identifiers are
        then counted instead of rows, and all rows of one are left out together.

    Raises
    ------
    EstimateError
        If all rows would be left out, or some but not all of the rows of one identifier.
    RuleError
        If `missing_group` is not one of the three, or a column does not exist.
    """
    check_choice("missing_group", missing_group, MISSING_GROUP)
    if missing_group == "refuse" or not isinstance(frame, pd.DataFrame):
        return frame
    if frame.columns.nlevels > 1:
        return frame
    names = list(dict.fromkeys(name for part in by for name in column_names(frame, part)))
    if missing_group == "own":
        return with_own_group(frame, names, missing_group)
    kept = grouped_rows(frame, names)
    if kept.all():
        return frame
    noun = "row" if id is None else "episode" if id == "episode_id" else "id"
    left_out = _left_out(frame, kept, names, id, noun)
    return relabel(
        frame[kept],
        frame,
        ungrouped=left_out.count,
        ungrouped_noun=left_out.noun,
        ungrouped_columns=left_out.columns,
    )


def grouped_rows(frame: pd.DataFrame, names: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return which rows have a value in every column; raise EstimateError if there is none."""
    kept = np.ones(len(frame), dtype=bool)
    for name in names:
        kept &= frame[name].notna().to_numpy(dtype=bool)
    if len(kept) and not kept.any():
        raise EstimateError(
            f"No row has a value of {' and '.join(names)}: all would be left out.",
            found=f"{len(kept):,} of {len(kept):,} missing",
            instead="a column with values.",
        )
    return kept


def ungrouped(
    frame: pd.DataFrame, by: Named, missing_group: MissingGroup, noun: str
) -> tuple[npt.NDArray[np.bool_] | None, LeftOut]:
    """Return which rows of `frame` are kept, and how many are left out without a group.

    For data that are not a frame of times, such as records. The first result is None if all rows
    are kept; rows are left out only if `missing_group` is ``"leave_out"``.
    """
    check_choice("missing_group", missing_group, MISSING_GROUP)
    names = column_names(frame, by)
    if missing_group != "leave_out":
        return None, NOTHING_LEFT_OUT
    kept = grouped_rows(frame, names)
    return (
        (None, NOTHING_LEFT_OUT)
        if kept.all()
        else (kept, _left_out(frame, kept, names, None, noun))
    )


def _left_out(
    frame: pd.DataFrame,
    kept: npt.NDArray[np.bool_],
    names: Sequence[str],
    id: str | None,
    noun: str,
) -> LeftOut:
    """Count the rows left out, or the identifiers; raise EstimateError if rows of one are kept."""
    columns = " or ".join(name for name in names if frame[name].isna().any())
    if id is None or id not in frame.columns:
        return LeftOut(int((~kept).sum()), noun, columns)
    without = frame.loc[~kept, id]
    in_part = without[without.isin(frame.loc[kept, id])].nunique()
    if in_part:
        raise EstimateError(
            f"All rows of one {id} must have a value of {columns}, or none of them.",
            found=f"{format_count(in_part, 'value')} of {id} with a value in some rows only",
            instead="a column to group by that is known on the first day and does not change.",
        )
    return LeftOut(int(without.nunique()), noun, columns)


def with_own_group(
    frame: pd.DataFrame, names: Sequence[str], missing_group: MissingGroup = "own"
) -> pd.DataFrame:
    """Replace missing values of some columns by "not recorded" if `missing_group` is "own".

    If a column contains the value "not recorded" already, these rows are in the same group.
    """
    if missing_group != "own":
        return frame
    filled = {}
    for name in names:
        column = frame[name]
        if not column.isna().any():
            continue
        codes, values = value_codes(column)
        words = list(values)
        place = words.index(NOT_RECORDED) if NOT_RECORDED in words else len(words)
        words += [NOT_RECORDED] if place == len(words) else []
        filled[name] = pd.Categorical.from_codes(
            np.where(codes < 0, place, codes).tolist(), categories=pd.Index(words, dtype=object)
        )
    return frame.assign(**filled) if filled else frame
