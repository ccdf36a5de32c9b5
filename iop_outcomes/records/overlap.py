"""Minutes of sessions that are already covered by an earlier session of the same day."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def covered_minutes(day: Array, start: Array, length: Array) -> Array:
    """Return for each session the minutes already covered by earlier sessions of its day.

    Parameters
    ----------
    day : numpy.ndarray
        A code for each day of a person; the sessions of one day are adjacent.
    start : numpy.ndarray of int64
        The start in minutes since midnight; not decreasing within a day.
    length : numpy.ndarray of int64
        The length in minutes.

    Returns
    -------
    numpy.ndarray of int64
        Minutes, from 0 to `length`.
    """
    # Each day is moved to a separate part of one time line, so that a single running maximum of the
    # ends gives the latest end so far within each day.
    new = np.ones(len(day), dtype=np.int64)
    new[1:] = day[1:] != day[:-1]
    begin = np.cumsum(new) * 10_000 + start
    end = begin + length
    reach = np.maximum.accumulate(end)
    covered = np.zeros(len(day), dtype=np.int64)
    covered[1:] = np.clip(np.minimum(reach[:-1], end[1:]) - begin[1:], 0, None)
    return covered
