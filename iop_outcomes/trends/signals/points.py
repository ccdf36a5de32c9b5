"""The rules of Making Data Count: which points of a segment each of them marks, and its direction.

Each rule takes arrays of the known points of one segment in the order of time, and returns an array
of int8: 1 for a point marked as high or rising, -1 for one marked as low or falling, 0 for others.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from iop_outcomes.shared.arrays import Booleans, Floats

Signs = npt.NDArray[np.int8]
LONG = 7  # points of a trend or a shift
SAME = 1e-12  # relative difference by which a mean of equal values can differ from them


def compared(value: Floats, other: Floats) -> Signs:
    """Return 1 above the other value, -1 below it, 0 if missing or equal except for rounding."""
    scale = np.maximum(np.abs(value), np.abs(other))
    apart = np.abs(value - other) > SAME * np.where(np.isfinite(scale), scale, 0)
    return np.where(apart, np.where(value > other, 1, -1), 0).astype(np.int8)


def point_lies_beyond_a_limit(value: Floats, lower: Floats, upper: Floats) -> Signs:
    """Mark each point above its upper or below its lower limit; a point on a limit is within."""
    return np.where(compared(value, upper) > 0, 1, np.minimum(compared(value, lower), 0))


def seven_points_rise_or_fall(value: Floats) -> Signs:
    """Mark all points of seven of which each is above, or each below, the one before.

    Equal neighbours end a trend. A point in two trends takes the direction of the later one.
    """
    steps = np.sign(np.diff(value)).astype(np.int8)
    marks = np.zeros(len(value), dtype=np.int8)
    for start, direction in _same(steps, LONG - 1):
        marks[start : start + LONG] = direction
    return marks


def two_of_three_points_lie_near_a_limit(close: Booleans, side: Signs) -> Signs:
    """Mark the points near a limit where two or more of three points are, all on one side.

    Parameters
    ----------
    close : numpy.ndarray of bool
        Whether a point lies more than two thirds of the way to a limit, and not beyond it.
    side : numpy.ndarray of int8
        1 above the centre, -1 below it, 0 on it.
    """
    marks = np.zeros(len(side), dtype=np.int8)
    for start, direction in _same(side, 3):
        three = slice(start, start + 3)
        if close[three].sum() >= 2:
            marks[three][close[three]] = direction
    return marks


def seven_points_lie_on_one_side(side: Signs) -> Signs:
    """Mark all points of seven in a row above, or below, the centre; one on the centre ends it."""
    marks = np.zeros(len(side), dtype=np.int8)
    for start, direction in _same(side, LONG):
        marks[start : start + LONG] = direction
    return marks


def _same(signs: Signs, width: int) -> list[tuple[int, int]]:
    """Return where `width` equal signs other than 0 begin, in order, and the sign."""
    if len(signs) < width:
        return []
    total = np.lib.stride_tricks.sliding_window_view(signs, width).sum(axis=1, dtype=np.int64)
    starts = np.flatnonzero(np.abs(total) == width)
    return [(int(start), int(signs[start])) for start in starts]
