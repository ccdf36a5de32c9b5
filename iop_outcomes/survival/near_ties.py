"""Times that differ by the rounding of their arithmetic only are one time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.survival.limits import TOLERANCE


def merge_near_ties(columns: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """Return columns of days in which those that differ by rounding only are equal.

    Parameters
    ----------
    columns : sequence of numpy.ndarray
        All days that an estimate compares with each other: entries, ends, last days known clear.
        Missing and infinite values stay.

    Returns
    -------
    list of numpy.ndarray
        The columns; those that hold whole days only are returned as they are.

    Notes
    -----
    0.1 + 0.2 is not 0.3 to a computer, so that days worked out from hours or from dates with a
    time can miss a tie by a rounding. The rule is that of ``aeqSurv`` in R's survival package, as
    its manual gives it: two neighbours among the distinct days are the same if they differ by at
    most 1.5e-8, or by at most 1.5e-8 times the mean of the distinct days, and are replaced by the
    smaller. In addition a day so close to a whole number is that whole number: it is a day of the
    calendar, and day 0 is where every curve begins. Whole numbers are exact, and are never merged
    with each other.
    """
    if all(_is_whole(column) for column in columns):
        return list(columns)
    place, distinct = pd.factorize(np.concatenate([column.astype(float) for column in columns]))
    merged = np.append(_merged(np.asarray(distinct)), np.nan)  # the last is that of the missing
    if np.array_equal(merged[:-1], distinct):
        return list(columns)
    parts = np.split(place, np.cumsum([len(column) for column in columns])[:-1])
    return [
        column if _is_whole(column) else merged[part]
        for column, part in zip(columns, parts, strict=True)
    ]


def _merged(distinct: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what becomes of distinct days, in their order."""
    order = np.argsort(distinct)
    known = distinct[order]
    known = known[np.isfinite(known)]
    tolerance = near(known)
    whole = np.round(known)
    days = np.union1d(known, whole[np.abs(known - whole) <= tolerance])
    exact = days == np.round(days)
    begins = np.append(True, np.diff(days) > tolerance)
    passed = np.cumsum(exact) - exact  # whole days before each
    begins |= exact & (passed > passed[begins][np.cumsum(begins) - 1])
    first = np.flatnonzero(begins)
    # Of a run of days the first whole one, else the first.
    chosen = np.minimum.reduceat(np.where(exact, days, np.inf), first)
    chosen = np.where(np.isfinite(chosen), chosen, days[first])
    merged = distinct.copy()
    run = np.cumsum(begins) - 1
    merged[order[: len(known)]] = chosen[run[np.searchsorted(days, known)]]
    return merged


def near(known: NDArray[Any]) -> float:
    """Return how far two days may lie apart and still be the same, among distinct days."""
    return TOLERANCE * max(1.0, float(np.abs(known).mean())) if len(known) else TOLERANCE


def days_of_table(asked: NDArray[Any], known: NDArray[Any]) -> NDArray[Any]:
    """Return the days that are asked for, as a table has them where they differ by rounding."""
    if _is_whole(known) and _is_whole(asked):
        return asked
    days = np.unique(known.astype(np.float64))
    days = days[np.isfinite(days)]
    if not len(days):
        return asked
    after = np.searchsorted(days, asked).clip(max=len(days) - 1)
    before = (after - 1).clip(min=0)
    nearest = np.where(asked - days[before] <= days[after] - asked, days[before], days[after])
    same = (np.abs(asked - nearest) <= near(days)) & (nearest != asked)
    return np.where(same, nearest, asked) if same.any() else asked


def _is_whole(column: NDArray[Any]) -> bool:
    if column.dtype.kind != "f":
        return True
    with np.errstate(invalid="ignore"):
        return bool(((column == np.floor(column)) | ~np.isfinite(column)).all())
