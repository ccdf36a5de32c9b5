"""Small functions on numpy arrays and columns of numbers, with types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Booleans = npt.NDArray[np.bool_]
Integers = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


def sums(place: Integers, weights: npt.NDArray[Any], size: int) -> Floats:
    """Return the sum of `weights` for each place, 0 to `size` - 1; 0 for a place without rows."""
    return np.asarray(np.bincount(place, weights=weights, minlength=size), dtype=np.float64)


def ratio(numerator: npt.NDArray[Any], denominator: npt.NDArray[Any]) -> Floats:
    """Return numerator / denominator, missing (NaN) where the denominator is not above 0."""
    out = np.full(np.shape(denominator), np.nan)
    np.divide(numerator, denominator, out=out, where=np.asarray(denominator) > 0)
    return out


def set_missing(frame: pd.DataFrame, rows: Booleans, names: Sequence[str]) -> None:
    """Make the numbers of some rows missing, in place; where there are none, do nothing.

    Columns of whole numbers become floats either way, as they do in pandas where a row is changed.
    """
    if rows.any() or not all(frame[name].dtype.kind == "f" for name in names):
        frame.loc[rows, list(names)] = np.nan


def starts_of(keys: Integers) -> npt.NDArray[np.intp]:
    """Return the index at which each run of equal keys begins in a sorted array."""
    if not len(keys):
        return np.empty(0, dtype=np.intp)
    return np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))


def ends_of(keys: Integers) -> npt.NDArray[np.intp]:
    """Return the index of the last entry of each run of equal keys in a sorted array."""
    if not len(keys):
        return np.empty(0, dtype=np.intp)
    return np.flatnonzero(np.append(keys[1:] != keys[:-1], True))


def day_lengths(days: npt.ArrayLike) -> npt.NDArray[np.timedelta64]:
    """Return numbers of days as lengths of time (timedelta64[s]); NaN becomes NaT.

    Fractions of a day are cut off. `pandas.to_timedelta` is not used, because it sometimes warns of
    an overflow if a number is missing.
    """
    number = np.asarray(days, dtype=np.float64)
    known = ~np.isnan(number)
    out = np.full(number.shape, np.timedelta64("NaT", "s"))
    out[known] = number[known].astype(np.int64) * np.timedelta64(86_400, "s")
    return out
