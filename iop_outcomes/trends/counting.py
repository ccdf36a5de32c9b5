"""From a tally to counts, values and intervals by group and period."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iop_outcomes.outcome_scores.estimates import clustered_means
from iop_outcomes.shared.arrays import Floats, Integers, ratio, sums
from iop_outcomes.shared.groups import Groups
from iop_outcomes.statistics import clustered_interval, count_interval, proportion_interval
from iop_outcomes.trends.cohorts import estimate_by_cohort
from iop_outcomes.trends.quantities import CURVES
from iop_outcomes.trends.windows import Windows

if TYPE_CHECKING:
    from iop_outcomes.records import Records
    from iop_outcomes.trends.quantities import Quantity, Tally


def count_by_period(
    tally: Tally,
    records: Records,
    groups: Groups,
    periods: Windows,
    *,
    quantity: Quantity,
    confidence: float,
) -> tuple[dict[str, Floats], Integers]:
    """Sum a tally by group and period, with the interval of its kind.

    Returns
    -------
    counts : dict of str to numpy.ndarray of float64
        ``numerator, denominator, value, lower, upper``, one entry a group and period, the periods
        of the first group first. Entries outside the periods are left out. Of estimates from times
        to an event also ``events, competing, censored``, see `estimate_by_cohort`.
    people : numpy.ndarray of int64
        Shape (entries, 3): the number of persons in each denominator, in its numerator, and with
        entries in the denominator only.
    """
    width, size, kind = len(periods), len(groups) * len(periods), quantity.kind
    entry, place = _places(tally, periods)
    episode, counts = tally.episode[entry], tally.counts[entry]
    cell = episode * width + place
    total = np.bincount(cell, minlength=len(records.episodes) * width)
    counted = np.bincount(cell[counts], minlength=len(total))
    filled = np.flatnonzero(total)  # below, one entry an episode and period
    target = groups.codes[filled // width] * width + filled % width
    persons = records.episodes["person_id"].cat.codes.to_numpy().astype(np.int64)
    person = persons[filled // width]
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
    where = groups.codes[episode] * width + place
    if kind == "mean" and tally.amount is not None:
        amount = tally.amount[entry]
        means = clustered_means(amount, persons[episode], where, size, confidence)
        limits = {"lower": means.lower, "upper": means.upper}
        both = {"numerator": sums(where, amount, size), "denominator": n}
        return {**both, "value": means.mean, **limits}, people
    if kind in CURVES and tally.times is not None:
        rows = tally.times.iloc[entry]
        return estimate_by_cohort(rows, where, size, quantity, confidence), people
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
    value = ratio(x, n)
    return {
        "numerator": x,
        "denominator": n,
        "value": value,
        "lower": lower,
        "upper": upper,
    }, people


def _places(tally: Tally, periods: Windows) -> tuple[Integers, Integers]:
    """Return which entries count in which periods, an entry of a stock once for each period."""
    if tally.until is None:
        place = periods.places(tally.date)
        entry = np.flatnonzero(place >= 0)
        return entry, place[entry]
    last_days = periods.end.to_numpy()
    first = np.searchsorted(last_days, tally.date, side="left")
    after = np.searchsorted(last_days, tally.until, side="right")
    many = np.maximum(after - first, 0)
    entry = np.repeat(np.arange(len(many)), many)
    begin = np.cumsum(many) - many
    return entry, first[entry] + np.arange(len(entry)) - begin[entry]


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
