"""Which fixed days of a curve are published: the set that is worth most, for all curves together.

A day is fixed before the data are seen, so that it discloses no event on it. Between two published
days, and before the first, there are enough events, and enough people are followed after the last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.disclosure.curve_parts import KINDS, Counts, NestedCurve, Parts, PublishedCounts
from iop_outcomes.disclosure.policy import SafePolicy

Whole = npt.NDArray[np.int64]
Days = tuple[int, ...]

WORTH = {
    30: 1.5,
    60: 1.2,
    90: 2.5,
    120: 1.0,
    150: 0.9,
    180: 4.0,
    270: 1.0,
    365: 3.0,
    730: 2.0,
}
"""The fixed days, with what each is worth to a reader; other days are worth 1."""
SHORT = (7, 14, 21, 28, 42)
"""The fixed days of curves that end before day 60."""
WHOLE = 3.0  # what the curve of all is worth, beside that of one group
MOST_DAYS = 12  # more would make too many sets
MOST_TRIED = 24  # sets of days of a curve; after them single days
MOST_SETS = 8  # sets of days of a whole that are tried with its groups


def fixed_days(last: float) -> Days:
    """Return the fixed days of a curve that ends on day `last`."""
    return tuple(WORTH) if last >= 60 else SHORT


@dataclass(frozen=True, eq=False)
class FixedCounts:
    """The counts of one curve through each fixed day.

    Attributes
    ----------
    days : numpy.ndarray of int
        Day 0, and the fixed days up to the last day of the curve.
    through : dict of str to numpy.ndarray of int
        ``events``, ``censored`` and ``entered`` through each of them.
    survival : numpy.ndarray
        The estimate on each of them.
    """

    days: Whole
    through: dict[str, Whole]
    survival: npt.NDArray[np.float64]

    @classmethod
    def of(cls, steps: pd.DataFrame, days: Sequence[int]) -> FixedCounts:
        """Return the counts of the steps of one curve.

        Parameters
        ----------
        steps : pandas.DataFrame
            ``day, at_risk, events, censored, survival``, one group, ascending.
        days : sequence of int
            The fixed days.
        """
        day = steps["day"].to_numpy(dtype=np.float64)
        risk, events, censored = (
            steps[name].to_numpy(dtype=np.int64) for name in ("at_risk", "events", "censored")
        )
        left = risk - events - censored
        entered = np.concatenate([risk[:1], risk[1:] - left[:-1]])
        chosen = np.array(
            [0, *sorted(fixed for fixed in days if 0 < fixed <= day[-1])], dtype=np.int64
        )
        place = np.searchsorted(day, chosen, side="right") - 1
        place = np.maximum(place, 0)
        through = {
            name: values.cumsum()[place]
            for name, values in (("events", events), ("censored", censored), ("entered", entered))
        }
        for name in ("events", "censored"):  # on day 0 all are followed, before any event
            through[name] = np.where(chosen == 0, 0, through[name])
        survival = np.where(chosen == 0, 1.0, steps["survival"].to_numpy(dtype=np.float64)[place])
        through["all"] = np.full(len(chosen), entered.sum())
        return cls(chosen, through, survival)

    @property
    def people(self) -> int:
        """All people of the curve."""
        return int(self.through["all"][0])

    @cached_property
    def left(self) -> Whole:
        """How many are followed after each day."""
        return self.through["entered"] - self.through["events"] - self.through["censored"]

    def places(self, days: Days) -> npt.NDArray[np.intp]:
        """Return the places of day 0 and of these days."""
        return np.searchsorted(self.days, [0, *days])

    def counts(self, day: int) -> Counts:
        """Return the counts through one day."""
        place = int(np.searchsorted(self.days, day))
        return {kind: int(self.through[kind][place]) for kind in KINDS}

    def shown(self, days: Days) -> PublishedCounts:
        """Return the counts that are taken to be known if these days are published."""
        places = self.places(days)
        return PublishedCounts(
            self.days[places].astype(np.float64),
            {kind: self.through[kind][places] for kind in KINDS},
        )

    def sets(self, policy: SafePolicy, worth: dict[int, float]) -> list[Days]:
        """Return the sets of days that may be published of this curve alone, worth most first.

        Of two sets worth the same that with more days comes first, then that with earlier days.
        """
        threshold = policy.threshold
        if self.people < threshold or self.through["entered"][0] < threshold:
            return []
        able = [place for place in range(1, len(self.days)) if self.left[place] >= threshold]
        sets = []
        for size in range(1, len(able) + 1):
            for some in combinations(able, size):
                places = [0, *some]
                events, entered = (np.diff(self.through[kind][places]) for kind in KINDS)
                if (events >= threshold).all() and not policy.hides(entered).any():
                    sets.append(tuple(int(self.days[place]) for place in some))
        return sorted(sets, key=lambda days: (-_worth(days, worth), -len(days), days))


def _worth(days: Days, worth: dict[int, float]) -> float:
    return round(sum(worth.get(day, 1.0) for day in days), 9)


def shared_worth(
    curves: Sequence[FixedCounts], policy: SafePolicy, days: Sequence[int]
) -> dict[int, float]:
    """Return what each day is worth: more, the more of the curves can show it, to compare them."""
    able: dict[int, int] = dict.fromkeys(days, 0)
    for curve in curves:
        for place, day in enumerate(curve.days.tolist()):
            enough = min(curve.through["events"][place], curve.left[place]) >= policy.threshold
            if day in able and enough:
                able[day] += 1
    most = max([*able.values(), 1])
    return {day: WORTH.get(day, 1.0) * (0.5 + 0.5 * able[day] / most) for day in days}


Allowed = Callable[[FixedCounts, Days], bool]


def choose_days(
    curve: FixedCounts,
    policy: SafePolicy,
    worth: dict[int, float],
    allowed: Allowed,
    beside: Sequence[NestedCurve] = (),
) -> Days:
    """Return the days of one curve; none if no day may be published.

    Parameters
    ----------
    curve : FixedCounts
        The curve.
    policy : SafePolicy
        The rule.
    worth : dict
        What each day is worth.
    allowed : callable
        Whether some days of a curve pass the audit of the printed numbers.
    beside : sequence of NestedCurve
        Published curves of the same people, whose events are among those of this one or hold them.
    """
    sets = curve.sets(policy, worth)
    for days in [*sets[:MOST_TRIED], *(days for days in sets[MOST_TRIED:] if len(days) == 1)]:
        small = any(
            other.discloses(day, curve.counts(day), policy) for other in beside for day in days
        )
        if not small and allowed(curve, days):
            return days
    return ()


def choose_family(
    whole: FixedCounts,
    groups: Sequence[FixedCounts],
    policy: SafePolicy,
    worth: dict[int, float],
    allowed: Allowed,
) -> tuple[Days, list[Days]]:
    """Return the days of a whole and of its groups that are worth most together.

    The best sets of the whole are tried one after another; beside each, the groups take what is
    left open to them, the larger groups first. The events of the whole less those of its groups are
    not small on any day or between any two days.
    """
    wholes = [days for days in whole.sets(policy, worth)[: 4 * MOST_SETS] if allowed(whole, days)][
        :MOST_SETS
    ]
    choices = [group.sets(policy, worth) for group in groups]
    by_size = sorted(range(len(groups)), key=lambda place: -groups[place].people)
    best: tuple[float, Days, list[Days]] = (0.0, (), [() for _ in groups])
    for days in [*wholes, ()]:
        taken: list[Days] = [() for _ in groups]
        for place in by_size:
            for some in choices[place][:MOST_TRIED]:
                trial = [*taken[:place], some, *taken[place + 1 :]]
                if not _tells(whole, days, groups, trial, policy) and allowed(groups[place], some):
                    taken = trial
                    break
        if _tells(whole, days, groups, taken, policy):
            continue
        value = WHOLE * _worth(days, worth) + sum(_worth(some, worth) for some in taken)
        if value > best[0]:
            best = (value, days, taken)
    return best[1], best[2]


def _tells(
    whole: FixedCounts,
    days: Days,
    groups: Sequence[FixedCounts],
    chosen: Sequence[Days],
    policy: SafePolicy,
) -> bool:
    """Return whether the whole on its days, less its groups on theirs, gives a small count."""
    if not days:
        return False
    parts = Parts([group.shown(some) for group, some in zip(groups, chosen, strict=True) if some])
    shown = sum(group.people for group, some in zip(groups, chosen, strict=True) if some)
    if not parts.groups:
        return False
    if policy.hides(whole.people - shown):
        return True
    known = [(float(day), whole.counts(day)) for day in (0, *days)]
    return parts.any_discloses(known, whole.people, policy)
