"""Which fixed days of a curve are published: the set that is worth most, for all curves together.

A day is fixed before the data are seen, so that it discloses no event on it. Between two published
days, and before the first, there are enough events, and enough people are followed after the last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from itertools import chain, combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.disclosure.curve_parts import KINDS, Counts, Parts, PublishedCounts
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
        Day 0, and the fixed days; after the last day of the curve nobody is followed.
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
        chosen = np.array([0, *sorted(fixed for fixed in days if fixed > 0)], dtype=np.int64)
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
Open = Callable[[int, Days, Sequence[Days]], bool]


def choose_together(
    curves: Sequence[FixedCounts],
    policy: SafePolicy,
    worth: dict[int, float],
    is_open: Open,
    given: Mapping[int, Days] | None = None,
) -> list[Days]:
    """Return the days of each of some curves that are worth most together; none if none may be.

    A day is worth more, the more of the curves have it: only there can they be compared. They take
    their days one after another, the largest curve first, each the best set that is left open: once
    by what the days are worth, and once for each day with the sets that hold it first. Of these
    choices that which is worth most is returned, and of two worth the same the first.

    Parameters
    ----------
    curves : sequence of FixedCounts
        The curves.
    policy : SafePolicy
        The rule.
    worth : dict
        What each day is worth.
    is_open : callable
        Whether the curve in a place may have some days, beside the days taken so far, by place.
    given : mapping of int to tuple of int, optional
        Place -> the days of a curve that are chosen already.
    """
    given = given or {}
    free = [place for place in range(len(curves)) if place not in given]
    free = sorted(free, key=lambda place: -curves[place].people)
    sets = {place: curves[place].sets(policy, worth) for place in free}
    start = [given.get(place, ()) for place in range(len(curves))]

    def chosen(favoured: int | None) -> list[Days]:
        taken = list(start)
        for place in free:
            for some in _tried(sets[place], favoured):
                if is_open(place, some, taken):
                    taken[place] = some
                    break
        return taken

    best = chosen(None)
    able = sum(map(bool, sets.values())) + sum(map(bool, given.values()))
    most = together_worth(best, worth, able)
    lacking = [set(chain(*sets[place])).difference(best[place]) for place in free]
    for day in sorted(set().union(*lacking)) if able > 1 else ():
        taken = chosen(day)
        value = together_worth(taken, worth, able)
        if value > most:
            best, most = taken, value
    return best


def _tried(sets: Sequence[Days], favoured: int | None) -> list[Days]:
    """Return the sets that are tried in turn: those with a day first, then single days."""
    if favoured is not None:
        sets = sorted(sets, key=lambda days: favoured not in days)
    return [*sets[:MOST_TRIED], *(days for days in sets[MOST_TRIED:] if len(days) == 1)]


def together_worth(chosen: Sequence[Days], worth: dict[int, float], able: int) -> float:
    """Return what the days of some curves are worth together.

    A day that all have is worth as many times what it is worth as there are curves; one that only a
    single curve of several has, half of what it is worth.

    Parameters
    ----------
    chosen : sequence of tuple of int
        The days of each curve.
    worth : dict
        What each day is worth.
    able : int
        How many of the curves can have a day at all.
    """
    times = Counter(day for days in chosen for day in days)
    total = 0.0
    for day, count in times.items():
        part = 0.5 + 0.5 * (count - 1) / (able - 1) if able > 1 else 1.0
        total += worth.get(day, 1.0) * count * part
    return round(total, 9)


def choose_family(
    whole: FixedCounts,
    groups: Sequence[FixedCounts],
    policy: SafePolicy,
    worth: dict[int, float],
    allowed: Allowed,
) -> tuple[Days, list[Days]]:
    """Return the days of a whole and of its groups that are worth most together.

    The best sets of the whole that end on the last day of the best are tried one after another;
    beside each, the groups take what is left open to them. The events of the whole less those of
    its groups are not small on any day or between any two days.
    """
    wholes = [days for days in whole.sets(policy, worth)[: 4 * MOST_SETS] if allowed(whole, days)]
    wholes = [days for days in wholes if days[-1] == wholes[0][-1]][:MOST_SETS]
    able = sum(bool(group.sets(policy, worth)) for group in groups)
    best: tuple[float, Days, list[Days]] = (0.0, (), [() for _ in groups])
    for days in wholes or [()]:
        tells = cache(partial(_tells, whole, days, groups, policy=policy))

        def is_open(
            place: int, some: Days, taken: Sequence[Days], tells: Callable[..., bool] = tells
        ) -> bool:
            trial = (*taken[:place], some, *taken[place + 1 :])
            return not tells(trial) and allowed(groups[place], some)

        taken = choose_together(groups, policy, worth, is_open)
        if tells(tuple(taken)):
            continue
        value = WHOLE * _worth(days, worth) + together_worth(taken, worth, able)
        if value > best[0]:
            best = (value, days, taken)
    return best[1], best[2]


def _tells(
    whole: FixedCounts,
    days: Days,
    groups: Sequence[FixedCounts],
    chosen: Sequence[Days],
    *,
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
