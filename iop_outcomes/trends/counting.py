"""From a tally to counts, values and intervals by group and period."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.shared.arrays import Floats, Integers, ratio, sums
from iop_outcomes.shared.groups import Groups
from iop_outcomes.statistics import clustered_interval, count_interval, proportion_interval

if TYPE_CHECKING:
    from iop_outcomes.records import Records
    from iop_outcomes.trends.quantities import Kind, Tally


def count_by_period(
    tally: Tally,
    records: Records,
    groups: Groups,
    periods: pd.PeriodIndex,
    *,
    kind: Kind,
    confidence: float,
) -> tuple[dict[str, Floats], Integers]:
    """Sum a tally by group and period, with the interval of its kind.

    Returns
    -------
    counts : dict of str to numpy.ndarray of float64
        ``numerator, denominator, value, lower, upper``, one entry a group and period, the periods
        of the first group first. Entries outside the periods are left out.
    people : numpy.ndarray of int64
        Shape (entries, 3): the number of persons in each denominator, in its numerator, and with
        entries in the denominator only.
    """
    width, size = len(periods), len(groups) * len(periods)
    place = periods.get_indexer(pd.PeriodIndex(tally.date, freq=periods.freq))
    inside = place >= 0
    cell = tally.episode[inside] * width + place[inside]
    total = np.bincount(cell, minlength=len(records.episodes) * width)
    counted = np.bincount(cell[tally.counts[inside]], minlength=len(total))
    filled = np.flatnonzero(total)  # below, one entry an episode and period
    target = groups.codes[filled // width] * width + filled % width
    person = records.episodes["person_id"].cat.codes.to_numpy().astype(np.int64)[filled // width]
    part = counted[filled]
    people = np.column_stack(
        [
            _distinct(target[chosen], person[chosen], size)
            for chosen in (part >= 0, part > 0, part < total[filled])
        ]
    )
    x = sums(target, counted[filled], size)
    n = sums(target, total[filled], size)
    if kind == "count":
        return _count_with_chance(x, width, confidence), people
    if kind == "sessions":
        lower, upper = clustered_interval(
            counted[filled],
            total[filled],
            person,
            group=target,
            groups=size,
            confidence=confidence,
        )
    else:
        lower, upper = proportion_interval(x, n, confidence)
    counts = {"numerator": x, "denominator": n, "value": ratio(x, n), "lower": lower}
    return counts | {"upper": upper}, people


def _distinct(place: Integers, person: Integers, size: int) -> Integers:
    """Count the different persons at each place."""
    width = int(person.max(initial=0)) + 1
    return np.bincount(np.unique(place * width + person) // width, minlength=size)


def _count_with_chance(count: Floats, width: int, confidence: float) -> dict[str, Floats]:
    """Return counts with their interval, missing before the first entry of each group."""
    begun = np.cumsum(count.reshape(-1, width), axis=1).ravel() > 0
    value = np.where(begun, count, np.nan)
    lower, upper = count_interval(value, confidence)
    none = np.full(count.shape, np.nan)
    counts = {"numerator": value, "denominator": none, "value": value}
    return {**counts, "lower": lower, "upper": upper}
