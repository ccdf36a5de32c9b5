"""The curve of all people beside those of its groups: no small count follows from all together.

The printed shares and numbers at risk of each curve bound the events and the ends of follow-up
between its days, and those of the whole are the sums of those of its groups. For each small count
of some groups between two days whole numbers are searched that fit everything printed, and in which
it is 0, or is not small.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from iop_outcomes.disclosure.fixed_days.at_risk import bases, printed_range, survival_decimals
from iop_outcomes.disclosure.fixed_days.choice import Days, FixedCounts
from iop_outcomes.disclosure.policy import SafePolicy
from iop_outcomes.disclosure.solutions.solver import whole_optimum

ENDS = ("events", "censored")
MOST_GROUPS = 8  # all sets of more would be too many to be asked
WITHIN = 1e-6  # by how much the solver may miss a sum
Floats = npt.NDArray[np.float64]


class Shown(NamedTuple):
    """A curve with the days that are printed and the base of its numbers at risk (0: none)."""

    curve: FixedCounts
    days: Days
    base: int


class _Row(NamedTuple):
    """A sum of unknown numbers: column -> weight, and the least and the most that it can be."""

    weights: dict[int, float]
    least: float
    most: float


class _Printed:
    """What is printed of a whole and its groups, as sums of whole numbers."""

    def __init__(self, whole: Shown, groups: Sequence[Shown], policy: SafePolicy) -> None:
        """Take up each curve that is shown."""
        self.policy = policy
        self.days = sorted({0, *whole.days, *(day for group in groups for day in group.days)})
        self.low: list[float] = []
        self.high: list[float] = []
        self.true: list[int] = []
        self.rows: list[_Row] = []
        rest = whole.curve.people - sum(group.curve.people for group in groups)
        self.groups = len(groups) + (rest > 0)
        self.ends = np.zeros((2, self.groups, len(self.days) - 1), dtype=np.int64)
        for kind, name in enumerate(ENDS):
            counts = np.array([_through(one.curve, name, self.days) for one in (whole, *groups)])
            between = np.diff(counts, axis=1)
            of_groups = between[1:]
            if rest > 0:
                of_groups = np.vstack([of_groups, between[0] - of_groups.sum(axis=0)])
            for group, values in enumerate(of_groups):
                self.ends[kind, group] = [
                    self._unknown(value, 0, whole.curve.people) for value in values
                ]
        for place, one in enumerate(groups):
            self._take_up(one, [place])
        if whole.days:
            self._take_up(whole, range(self.groups))

    def _unknown(self, value: int, least: int, most: int) -> int:
        self.low.append(least)
        self.high.append(most)
        self.true.append(int(value))
        return len(self.true) - 1

    def between(self, kind: int, groups: Sequence[int], start: int, end: int) -> list[int]:
        """Return the columns of what ended in some groups between two days."""
        first, last = self.days.index(start), self.days.index(end)
        columns: list[int] = self.ends[kind][list(groups), first:last].ravel().tolist()
        return columns

    def _take_up(self, shown: Shown, groups: Sequence[int]) -> None:
        """Take up the numbers at risk and the shares of a curve; both are printed rounded.

        With n followed on a day, d events and c ends of follow-up until a later one, the share on
        the later day is at most (n - d) / n of that on the first, with all ends after the events,
        and at least (n - d - c) / (n - c).
        """
        curve, days, base = shown
        threshold, people = self.policy.threshold, curve.people
        left = {0: self._unknown(people, people, people)}
        for day in days:
            now = int(curve.left[np.searchsorted(curve.days, day)])
            least, most = printed_range(now, base, people)
            left[day] = self._unknown(now, max(least, threshold), most)
        decimals = survival_decimals(people)
        half = 0.5 * 10.0**-decimals
        share = dict(
            zip((0, *days), curve.survival[curve.places(days)].round(decimals), strict=True)
        )
        for start, end in pairwise((0, *days)):
            events, ended = (self.between(kind, groups, start, end) for kind in (0, 1))
            gone = dict.fromkeys([*events, *ended], 1.0)
            self.rows.append(_Row({left[start]: -1.0, left[end]: 1.0, **gone}, 0.0, 0.0))
            self.rows.append(_Row(dict.fromkeys(events, 1.0), threshold, np.inf))
        for start, end in combinations((0, *days), 2):
            events, ended = (self.between(kind, groups, start, end) for kind in (0, 1))
            edge = half if start else 0.0
            least = max(share[end] - half, 0.0) / (share[start] + edge)
            most = (share[end] + half) / max(share[start] - edge, 1e-9)
            none_left = {left[start]: 1 - least, **dict.fromkeys(events, -1.0)}
            self.rows.append(_Row(none_left, 0.0, np.inf))
            later = {left[end]: 1.0, left[start]: -most, **dict.fromkeys(ended, most)}
            self.rows.append(_Row(later, -np.inf, 0.0))

    def small(self) -> Iterator[list[int]]:
        """Give the columns of each small count of some groups between two days."""
        true = np.array(self.true, dtype=np.int64)[self.ends]
        through = np.pad(true.cumsum(axis=2), ((0, 0), (0, 0), (1, 0)))
        for groups in sets_of(self.groups):
            counts = through[:, groups].sum(axis=1)
            for first, last in combinations(range(len(self.days)), 2):
                for kind in np.flatnonzero(self.policy.hides(counts[:, last] - counts[:, first])):
                    yield self.ends[kind][groups, first:last].ravel().tolist()

    def numbers(self, costs: Floats, *also: _Row) -> Floats | None:
        """Return whole numbers of low costs that fit, also some other sums; None if none do."""
        from scipy.sparse import csc_array

        rows = [*self.rows, *also]
        place = [number for number, row in enumerate(rows) for _ in row.weights]
        column = [one for row in rows for one in row.weights]
        weight = [one for row in rows for one in row.weights.values()]
        matrix = csc_array((weight, (place, column)), shape=(len(rows), len(self.true)))
        lower, upper = (np.array([row[side] for row in rows], dtype=np.float64) for side in (1, 2))
        bounds = np.array(self.low, dtype=np.float64), np.array(self.high, dtype=np.float64)
        found = whole_optimum(costs, bounds, (matrix, lower, upper))
        if found is None:
            return None
        sums = matrix @ found
        fits = (sums >= lower - WITHIN) & (sums <= upper + WITHIN)
        within = (found >= bounds[0]) & (found <= bounds[1])
        return found if fits.all() and within.all() else None


def sets_of(groups: int) -> list[list[int]]:
    """Return the sets of groups that are asked: all, or of many groups those of up to three."""
    sizes = range(1, groups + 1) if groups <= MOST_GROUPS else (1, 2, 3, groups)
    return [list(some) for size in sizes for some in combinations(range(groups), size)]


def _through(curve: FixedCounts, name: str, days: Sequence[int]) -> list[int]:
    """Return the counts through each day; after the last fixed day of a curve they are the last."""
    places = np.searchsorted(curve.days, days, side="right") - 1
    counts: list[int] = curve.through[name][places].tolist()
    return counts


def opens_together(whole: Shown, groups: Sequence[Shown], policy: SafePolicy) -> bool:
    """Return whether each small count of a whole and its groups could be 0, or not small.

    Counts of events and of ends of follow-up are asked, of each group, of all sets of them, and of
    those whose curve is not shown, between any two printed days. A reader has the printed shares
    and numbers at risk of all curves, and the rule: enough events between the days of a curve, and
    enough people after the last.

    Parameters
    ----------
    whole : Shown
        The curve of all people.
    groups : sequence of Shown
        Those of the groups that are shown, without a person in two of them.
    policy : SafePolicy
        What is small.
    """
    shown = [one for one in (whole, *groups) if one.days]
    if not groups or any(one.curve.left[0] != one.curve.people for one in shown):
        return True  # who enters later is not known to a reader: nothing is told of who ends
    printed = _Printed(whole, groups, policy)
    asked = list(printed.small())
    none = np.zeros(len(printed.true))
    many, few = none.copy(), none.copy()
    for columns in asked:
        many[columns], few[columns] = -1.0, 1.0
    known = [found for costs in (many, few) if (found := printed.numbers(costs)) is not None]
    for columns in asked:
        if any(not policy.hides(int(numbers[columns].sum())) for numbers in known):
            continue
        large, zero = (
            _Row(dict.fromkeys(columns, 1.0), *limits)
            for limits in ((policy.threshold, np.inf), (0.0, 0.0))
        )
        found = printed.numbers(none, large)
        found = printed.numbers(none, zero) if found is None else found
        if found is None:
            return False
        known.append(found)
    return True


def open_family(
    whole: Shown, groups: Sequence[Shown], policy: SafePolicy
) -> tuple[Shown, list[Shown]]:
    """Return what may be printed of a whole and its groups together.

    If small counts would follow, the numbers at risk of the whole are rounded more, then those of
    the groups; then those of the groups are not printed, then none; then no group is.

    Parameters
    ----------
    whole : Shown
        The curve of all people, as it may be printed alone.
    groups : sequence of Shown
        Those of the groups; without days if they are not shown.
    policy : SafePolicy
        What is small.
    """
    all_bases = bases(policy.threshold)
    coarser = [base for base in all_bases if whole.base and base >= whole.base] or [0]
    tried = [(base, 1) for base in coarser]
    tried += [(coarser[-1], all_bases[-1]), (whole.base, 0), (0, 0)]
    for base, least in dict.fromkeys(tried):
        rounded = [
            group._replace(base=max(group.base, least) if group.base * least else 0)
            for group in groups
        ]
        shown = whole._replace(base=base)
        if opens_together(shown, [group for group in rounded if group.days], policy):
            return shown, rounded
    return whole, [group._replace(days=(), base=0) for group in groups]
