"""Days on which nobody is at risk, over which an estimate is carried unchanged."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_TOLD = 3
Gap = tuple[float, float]


def gaps_between(
    come: tuple[NDArray[Any], NDArray[Any]], gone: tuple[NDArray[Any], NDArray[Any]]
) -> list[Gap]:
    """Return the stretches on which nobody is there, each after a day and through a later one.

    Parameters
    ----------
    come, gone : tuple of numpy.ndarray
        Days in rising order, and how many come, or leave, on each; whole numbers of people. Who
        comes on a day is there after it.
    """
    known = np.unique(np.concatenate([[0], come[0], gone[0]]))
    there = _through(*come, known) - _through(*gone, known)
    empty = np.flatnonzero(there[:-1] == 0)
    return [(float(known[place]), float(known[place + 1])) for place in empty]


def gap_words(gaps: list[Gap], whom: str = "nobody at risk") -> str:
    """Return the stretches as the end of a sentence; nothing if there are none."""
    if not gaps:
        return ""
    told = [f"after day {begin:g} through day {end:g}" for begin, end in gaps[:MOST_TOLD]]
    if len(gaps) > MOST_TOLD:
        told.append(f"and {len(gaps) - MOST_TOLD:,} more")
    return f", carried over days with {whom}: {', '.join(told)}"


def _through(day: NDArray[Any], number: NDArray[Any], asked: NDArray[Any]) -> NDArray[Any]:
    total = np.append(0, np.cumsum(number))
    found: NDArray[Any] = total[np.searchsorted(day, asked, side="right")]
    return found
