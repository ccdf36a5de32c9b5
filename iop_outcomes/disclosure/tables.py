"""Tables of counts: which cells to hide so that no small count is shown or can be calculated.

This is the simple rule for one table: in each row and column with a shown total at least two cells
are hidden, and each of them could be the threshold or more. A reader knows that no hidden cell is
zero, since zeros are shown: each is at least 1. Combinations of several rows and columns can still
narrow the range of a cell, and so can another table of the same people; `LinkedCounts` takes all
sums into account.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.disclosure.policy import HIDDEN, SafePolicy
from iop_outcomes.errors import RuleError
from iop_outcomes.shared.messages import as_written, columns_found, names_asked

Counts = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def hide_small_counts(
    frame: pd.DataFrame,
    policy: SafePolicy | None = None,
    *,
    counts: Sequence[str],
    row_total: str | None = None,
    total_row: object = None,
    derived: dict[str, str] | None = None,
    also: npt.ArrayLike | None = None,
) -> pd.DataFrame:
    """Return a table of counts with small counts, and those that would disclose them, hidden.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a group; it is not changed.
    policy : SafePolicy, optional
        Default: ``SafePolicy()``, which hides 1 to 10.
    counts : sequence of str
        The columns with counts of people or events, without their total.
    row_total : str, optional
        The column that is the sum of `counts`, if the table has one.
    total_row : object, optional
        The index label of the row that is the sum of the others, if the table has one.
    derived : dict, optional
        Column calculated from a count (a percentage, a mean) -> the column of that count.
    also : array_like of bool, optional
        Rows whose counts are hidden for another reason, such as many sessions of few people.

    Returns
    -------
    pandas.DataFrame
        The same rows and columns. Count columns and derived ones are objects: numbers, and the word
        ``hidden`` where a cell is small or protects a small one (the reader cannot know which).
        Missing values stay missing. Under `SafePolicy.rounded` counts are float64, rounded each by
        itself, and derived columns are missing; so is a total that tells that a part is small (of
        10, 10, 10, 10 and 20 each part is 5 to 9).

    Raises
    ------
    RuleError
        If a named column or row is not in the table, or a total is not the sum of its parts.

    Examples
    --------
    >>> table = pd.DataFrame({"stayed": [40, 25], "left": [12, 3], "all": [52, 28]})
    >>> hide_small_counts(table, counts=["stayed", "left"], row_total="all")
       stayed    left all
    0      40      12  52
    1  hidden  hidden  28
    """
    policy = policy or SafePolicy()
    if policy.base > 1:
        return _rounded(frame, policy, counts, row_total, total_row, derived)
    mask = hidden_cells(
        frame, policy, counts=counts, row_total=row_total, total_row=total_row, also=also
    )
    shown = frame.copy()
    for column in mask.columns:
        shown[column] = _with_hidden_text(frame[column], mask[column].to_numpy())
    for column, source in (derived or {}).items():
        if column not in frame or source not in mask:
            raise RuleError(
                "`derived` needs a column that is calculated from a count, and the column of that "
                "count.",
                found=f"{as_written(column)}: {as_written(source)}",
                instead=f"the counts here are {names_asked(mask.columns)}",
            )
        shown[column] = _with_hidden_text(frame[column], mask[source].to_numpy())
    return shown


def _rounded(
    frame: pd.DataFrame,
    policy: SafePolicy,
    counts: Sequence[str],
    row_total: str | None,
    total_row: object,
    derived: dict[str, str] | None,
) -> pd.DataFrame:
    """Return a table of rounded counts; what was calculated from the exact ones is missing.

    A total is missing, too, where it says that a part is small: each part is at least half the
    base less than its rounded figure, so that the others leave it less than the threshold.
    """
    columns = [*counts, *([row_total] if row_total else [])]
    _check_names(frame, columns, total_row)
    shown = frame.assign(
        **{name: policy.rounds(frame[name]) for name in columns},
        **dict.fromkeys(derived or {}, np.nan),
    )
    if row_total is not None:
        parts = shown[list(counts)].to_numpy(dtype=np.float64)
        tells = totals_that_tell(policy, parts, shown[row_total].to_numpy(dtype=np.float64))
        shown[row_total] = shown[row_total].mask(tells)
    if total_row is not None:
        others = shown.index != total_row
        parts = shown.loc[others, columns].to_numpy(dtype=np.float64).T
        totals = shown.loc[~others, columns].to_numpy(dtype=np.float64)[0]
        for name, tells in zip(columns, totals_that_tell(policy, parts, totals), strict=True):
            if tells:
                shown.loc[~others, name] = np.nan
    return shown


def totals_that_tell(policy: SafePolicy, parts: Counts, totals: Counts) -> Mask:
    """Return which rounded totals tell that a part is small.

    Parameters
    ----------
    policy : SafePolicy
        How counts are rounded.
    parts : numpy.ndarray of float64
        Rounded, a row a total.
    totals : numpy.ndarray of float64
        Rounded.

    Notes
    -----
    A count that is rounded to r lies between r - base / 2 and r + base / 2 - 1, and not below 0. A
    part is at most the most of the total less the least of the others, and at least the least of
    the total less the most of the others.

    Examples
    --------
    >>> parts = np.array([[10.0, 10, 10, 10], [10, 10, 10, 10], [10, 20, 0, 0]])
    >>> totals_that_tell(SafePolicy.rounded(), parts, np.array([20.0, 40, 30]))
    array([ True, False, False])
    """
    half = policy.base / 2
    least, most = np.maximum(np.nan_to_num(parts) - half, 0), np.nan_to_num(parts) + half - 1
    low = np.maximum(totals - half, 0)[:, None] - (most.sum(axis=1)[:, None] - most)
    high = (totals + half - 1)[:, None] - (least.sum(axis=1)[:, None] - least)
    low, high = np.maximum(np.ceil(least), low), np.minimum(most, high)
    tells: Mask = ((low >= 1) & (high < policy.threshold)).any(axis=1)
    return tells


def hidden_cells(
    frame: pd.DataFrame,
    policy: SafePolicy | None = None,
    *,
    counts: Sequence[str],
    row_total: str | None = None,
    total_row: object = None,
    also: npt.ArrayLike | None = None,
) -> pd.DataFrame:
    """Return which cells of a table of counts must be hidden, as a frame of True and False.

    Parameters and errors are those of `hide_small_counts`; the columns are `counts` and, if there
    is one, `row_total`.
    """
    policy = policy or SafePolicy()
    columns = [*counts, *([row_total] if row_total else [])]
    _check_names(frame, columns, total_row)
    values, order = _margins_last(frame, columns, row_total, total_row)
    hidden = policy.hides(values)
    if also is not None:
        hidden |= np.asarray(also, dtype=np.bool_)[order, None]
    if row_total is not None or total_row is not None:
        hidden = _protect_lines(
            values, hidden, policy, row_total is not None, total_row is not None
        )
    mask = np.empty_like(hidden)
    mask[order] = hidden
    return pd.DataFrame(mask[:, : len(columns)], index=frame.index, columns=columns)


def hide_nested_counts(counts: npt.ArrayLike, policy: SafePolicy | None = None) -> Mask:
    """Return which of a sequence of nested counts, each part of the one before, must be hidden.

    A count is shown if it is zero or large, and if its difference from the last one shown is zero
    or large, too: from ``150 admitted, 146 attended`` it follows that 4 did not attend.

    Examples
    --------
    >>> hide_nested_counts([150, 146, 120])
    array([False,  True, False])
    """
    policy = policy or SafePolicy()
    values = np.asarray(counts, dtype=np.float64)
    hidden = policy.hides(values)
    last = np.nan
    for position, value in enumerate(values):
        if np.isnan(value) or hidden[position]:
            continue
        if policy.hides(abs(last - value)):
            hidden[position] = True
        else:
            last = value
    return hidden


def _with_hidden_text(column: pd.Series[Any], hidden: Mask) -> pd.Series[Any]:
    cells = column.astype(object)
    cells[hidden] = HIDDEN
    return cells


def _check_names(frame: pd.DataFrame, columns: Sequence[str], total_row: object) -> None:
    missing = [name for name in columns if name not in frame]
    if missing:
        raise RuleError(
            f"A column of counts is not in the table: {names_asked(missing)}.",
            found=columns_found(frame.columns, missing),
            instead="counts=[...] with columns of the table.",
        )
    if total_row is not None and list(frame.index).count(total_row) != 1:
        raise RuleError(
            "`total_row` must be the index label of the one row that is the sum of the others.",
            found=f"{as_written(total_row)}",
            instead="the label of one row; list(frame.index) shows them.",
        )


def _margins_last(
    frame: pd.DataFrame, columns: list[str], row_total: str | None, total_row: object
) -> tuple[Counts, npt.NDArray[np.intp]]:
    """Return the counts with the row of totals last, and the original position of each row."""
    order = np.arange(len(frame))
    if total_row is not None:
        order = np.argsort(frame.index == total_row, kind="stable")
    values = frame[columns].to_numpy(dtype=np.float64, na_value=np.nan)[order]
    parts = np.nan_to_num(values)
    wrong_row = row_total is not None and not np.array_equal(
        parts[:, :-1].sum(axis=1), parts[:, -1]
    )
    wrong_column = total_row is not None and not np.array_equal(parts[:-1].sum(axis=0), parts[-1])
    if wrong_row or wrong_column:
        raise RuleError(
            "A total is not the sum of its parts, so what it discloses cannot be determined.",
            found=as_written(row_total if wrong_row else total_row),
            instead="counts whose parts add up, or no total",
        )
    return values, order


def _protect_lines(
    values: Counts, hidden: Mask, policy: SafePolicy, across: bool, down: bool
) -> Mask:
    """Hide more cells, one in each pass, until every line with a total is protected."""
    hidden = hidden.copy()
    changed = True
    while changed:
        changed = False
        if across:
            changed |= any(
                _protect_line(values[row], hidden[row], policy) for row in range(len(values))
            )
        if down:
            changed |= any(
                _protect_line(values[:, column], hidden[:, column], policy)
                for column in range(values.shape[1])
            )
    return hidden


def _protect_line(line: Counts, hidden: Mask, policy: SafePolicy) -> bool:
    """Hide one more cell of a line whose last cell is its total; return whether one was needed.

    `hidden` is a view into the whole mask and is written to.
    """
    if not hidden.any():
        return False
    parts = line[:-1][hidden[:-1]]
    # With a total the sum of the hidden parts is known, and that none of them is zero.
    largest = np.nansum(parts) - (np.count_nonzero(parts > 0) - 1)
    if hidden.sum() >= 2 and (hidden[-1] or largest >= policy.threshold):
        return False
    open_cells = np.flatnonzero(~hidden[:-1] & (line[:-1] > 0))
    if len(open_cells) == 0:
        # Only zeros are left, and hiding these has no effect, so the total itself is hidden.
        hidden[-1] = True
        return bool(hidden.sum() >= 2)
    hidden[open_cells[np.argmin(line[open_cells])]] = True
    return True
