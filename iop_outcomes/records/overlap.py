"""Minutes of sessions that an earlier session of the day already covers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def covered_minutes(day: Array, start: Array, length: Array) -> Array:
    """Return for each session the minutes already covered by those before it on its day.

    Parameters
    ----------
    day : numpy.ndarray
        What distinguishes days (of a person); the sessions of one day are adjacent.
    start, length : numpy.ndarray of int64
        Minutes since midnight, rising within a day, and minutes.
    """
    # each day gets its own stretch of one long time line, so that one running maximum of the ends
    # serves them all
    new = np.ones(len(day), dtype=np.int64)
    new[1:] = day[1:] != day[:-1]
    begin = np.cumsum(new) * 10_000 + start
    end = begin + length
    reach = np.maximum.accumulate(end)
    covered = np.zeros(len(day), dtype=np.int64)
    covered[1:] = np.clip(np.minimum(reach[:-1], end[1:]) - begin[1:], 0, None)
    return covered
