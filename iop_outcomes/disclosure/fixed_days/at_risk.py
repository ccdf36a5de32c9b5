"""How far the numbers at risk of a curve are rounded, so that no small count follows from them.

Between two printed days the numbers at risk, the events and the ends of follow-up, and the fall of
the curve depend on each other. Whole numbers are searched that fit everything printed, and in which
a small number of ends of follow-up is 0, or is not small.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from iop_outcomes.disclosure.fixed_days.choice import Days, FixedCounts
from iop_outcomes.disclosure.policy import MANY, SafePolicy

Whole = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
TRIES = 2_500  # whole numbers tried at a time; if none fits, the rounding is taken to be unsafe
SEED = 11
NEAR = 1e-9  # a share on the edge between two printed ones could be printed as either


def bases(threshold: int) -> tuple[int, ...]:
    """Return the bases of the numbers at risk, the finest first: 5, 10 and 20 for 11."""
    finest = (threshold // 2, threshold - 1, 2 * (threshold - 1))
    return tuple(dict.fromkeys(max(base, 2) for base in finest))


def survival_decimals(people: int) -> int:
    """Return the decimals of a printed survival: whole percents, tenths from 1,000 people on."""
    return 2 if people < MANY else 3


def rounded(count: npt.ArrayLike, base: int) -> Whole:
    """Return counts rounded to the nearest multiple of a base, halves up."""
    values = np.asarray(count, dtype=np.float64)
    return (np.floor(values / base + 0.5) * base).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Fitting:
    """Whole numbers that fit what is printed of a curve, many at once.

    Attributes
    ----------
    censored : numpy.ndarray of int
        (tries, intervals): the ends of follow-up between the printed days.
    left : numpy.ndarray of int
        (tries, intervals): how many are followed after each of them.
    """

    censored: Whole
    left: Whole


def safe_base(curve: FixedCounts, days: Days, policy: SafePolicy) -> int | None:
    """Return the finest base to which the numbers at risk may be rounded.

    Parameters
    ----------
    curve : FixedCounts
        The counts of the curve.
    days : tuple of int
        The printed days.
    policy : SafePolicy
        What is small.

    Returns
    -------
    int or None
        0 if no numbers at risk may be printed, but the survival may; None if even the survival, to
        the whole percent, would give a small number of ends of follow-up.
    """
    late = bool((curve.through["entered"] != curve.people).any())
    if late:  # who enters later is not known to a reader, so that nothing is disclosed of who ends
        return 0
    for base in (*bases(policy.threshold), 0):
        if leaves_open(curve, days, base, policy):
            return base
    return None


def leaves_open(curve: FixedCounts, days: Days, base: int, policy: SafePolicy) -> bool:
    """Return whether each small number of ends of follow-up could be 0, or not small.

    Asked between any two printed days. The reader knows how many there are, the survival as it is
    printed, the numbers at risk to `base` (0: none), and the rule: enough events between the days,
    and enough people after the last.
    """
    places = curve.places(days)
    truth = np.diff(curve.through["censored"][places])
    size = len(truth)
    asked = [
        (start, end)
        for start in range(size)
        for end in range(start + 1, size + 1)
        if policy.hides(truth[start:end].sum())
    ]
    if not asked:
        return True
    draws = fitting(curve, days, base, policy)
    if draws is None:
        return False
    for start, end in asked:
        sums = draws.censored[:, start:end].sum(axis=1)
        if policy.hides(sums).all():
            return False
    return True


def fitting(curve: FixedCounts, days: Days, base: int, policy: SafePolicy) -> Fitting | None:
    """Return whole numbers that fit what is printed; None if none were found.

    In each, between two days some events come first, then all ends of follow-up, then the other
    events: an order that can have happened, with the survival that belongs to it.
    """
    random = np.random.default_rng(SEED)
    places = curve.places(days)[1:]
    decimals = survival_decimals(curve.people)
    half = 0.5 * 10.0**-decimals - NEAR
    left = np.full(TRIES, curve.people, dtype=np.int64)
    survival = np.ones(TRIES)
    censored = np.empty((TRIES, 0), dtype=np.int64)
    after = np.empty((TRIES, 0), dtype=np.int64)
    for place in places:
        printed = round(float(curve.survival[place]), decimals)
        limits = printed_range(int(curve.left[place]), base, curve.people)
        step = _step(random, left, survival, (printed - half, printed + half), limits)
        events, ended, now, share = step
        good = (
            (events >= policy.threshold)
            & (ended >= 0)
            & (now >= max(policy.threshold, limits[0]))
            & (now <= limits[1])
            & (np.abs(share - printed) <= half)
        )
        kept = np.flatnonzero(good)
        if not len(kept):
            return None
        chosen = random.choice(kept, TRIES)
        censored = np.column_stack([censored[chosen], ended[chosen]])
        after = np.column_stack([after[chosen], now[chosen]])
        left, survival = now[chosen], share[chosen]
    return Fitting(censored, after)


def printed_range(left: int, base: int, people: int) -> tuple[int, int]:
    """Return what a reader knows of a number at risk."""
    if base == 0:
        return 0, people
    middle = int(rounded(left, base))
    low = -(-(2 * middle - base) // 2)  # the nearest multiple, halves up
    return max(low, 0), min((2 * middle + base - 1) // 2, people)


def _step(
    random: np.random.Generator,
    left: Whole,
    survival: Floats,
    shown: tuple[float, float],
    limits: tuple[int, int],
) -> tuple[Whole, Whole, Whole, Floats]:
    """Draw the events and ends of follow-up until the next printed day.

    A third of the draws has no end of follow-up, a third few more than the small counts, and a
    third any number that leaves as many as are printed.
    """
    size = len(left)
    first = random.choice([0.0, 0.5, 1.0], size)  # of the events, those before any end
    fall = 1 - random.uniform(*shown, size) / survival
    mode = random.integers(0, 3, size)
    few_ended = np.where(mode == 0, 0, random.integers(0, 26, size))
    with_few_ended = fall * (left - (1 - first) * few_ended)
    now = random.integers(limits[0], limits[1] + 1, size)
    gone = left - now
    with_now = fall * (left - (1 - first) * gone) / (1 - fall * (1 - first))
    drawn = np.where(mode < 2, with_few_ended, with_now)
    events = np.maximum(np.rint(drawn), 0).astype(np.int64)
    ended = np.where(mode < 2, few_ended, gone - events)
    before = np.rint(first * events).astype(np.int64)
    at = (left - before - ended).astype(np.float64)
    after = left - events - ended
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (left - before) / left * after / at
    ratio = np.where((at > 0) & (after >= 0) & (left > 0), ratio, -1.0)
    return events, ended, after, survival * ratio
