"""Short-term variation from moving ranges, and limits about a centre."""

from __future__ import annotations

import numpy as np

from iop_outcomes.shared.arrays import Booleans, Floats

RANGE_TO_SIGMA = 1.128  # the expected range of two normal values, in standard deviations
SCREEN = 3.267  # the upper limit of a moving range, in mean moving ranges
NEAR = 2 / 3  # of the distance to a limit


def mean_range(value: Floats, base: Booleans, screen: bool) -> float:
    """Return the mean difference of neighbouring points, missing if there are no two neighbours.

    A range across a missing period is not taken. With `screen`, ranges of 3.267 times the mean or
    more are left out and the mean is taken once more.
    """
    both = base[1:] & base[:-1]
    ranges = np.abs(np.diff(value))[both]
    if not len(ranges):
        return float("nan")
    mean = float(ranges.mean())
    kept = ranges[ranges < SCREEN * mean] if screen else ranges
    return float(kept.mean()) if len(kept) else mean


def about(
    middle: Floats,
    distance: Floats,
    low: float = -np.inf,
    high: float = np.inf,
) -> dict[str, Floats]:
    """Return limits at a distance from the middle, within what is possible, and the near limits."""
    return {
        "lower_limit": np.clip(middle - distance, low, high),
        "upper_limit": np.clip(middle + distance, low, high),
        "lower_near": np.clip(middle - NEAR * distance, low, high),
        "upper_near": np.clip(middle + NEAR * distance, low, high),
    }
