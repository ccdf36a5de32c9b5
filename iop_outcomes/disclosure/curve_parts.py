"""Curves published together: a whole and its groups, or one rule nested in another.

Each published day of a curve gives the number of events through that day. The counts of two curves
of the same people can be subtracted, on one day and between days.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from iop_outcomes.disclosure.policy import SafePolicy

KINDS = ("events", "entered")
Counts = dict[str, int]


@dataclass(frozen=True, eq=False)
class PublishedCounts:
    """The counts that a published curve gives: through each of its days.

    Attributes
    ----------
    days : numpy.ndarray
        The published days, ascending; the first is 0.
    through : dict of str to numpy.ndarray
        ``events`` and ``entered`` through each of them.
    """

    days: npt.NDArray[np.float64]
    through: dict[str, npt.NDArray[np.int64]]

    @cached_property
    def _lists(self) -> tuple[list[float], dict[str, list[int]]]:
        """The days and counts as lists: one number of a few is found faster in a list."""
        return self.days.tolist(), {kind: counts.tolist() for kind, counts in self.through.items()}

    def last(self, kind: str, day: float) -> int:
        """Return the count through the last published day up to `day`."""
        days, through = self._lists
        return through[kind][bisect_right(days, day) - 1]

    def next(self, kind: str, day: float) -> int | None:
        """Return the count through the first published day after `day`; None if there is none."""
        days, through = self._lists
        place = bisect_right(days, day)
        return through[kind][place] if place < len(days) else None

    def has(self, day: float) -> bool:
        """Return whether a day is published."""
        return day in self._lists[0]

    def inside(self, kind: str, start: float, end: float) -> int:
        """Return the count between the first and the last published day strictly within."""
        days, through = self._lists
        counts = through[kind][bisect_right(days, start) : bisect_left(days, end)]
        return counts[-1] - counts[0] if counts else 0


@dataclass(frozen=True, eq=False)
class NestedCurve:
    """A published curve of the same people, with counts that are part of another's or contain them.

    Attributes
    ----------
    shown : PublishedCounts
        The published curve.
    inner, outer : tuple of str
        The kinds of count that are part of those of the tested curve, and the kinds that contain
        them.
    """

    shown: PublishedCounts
    inner: tuple[str, ...] = ()
    outer: tuple[str, ...] = ()

    def discloses(self, day: float, counts: Counts, policy: SafePolicy) -> bool:
        """Return whether the other curve minus this one gives a small count on some days."""
        for kind in (*self.inner, *self.outer):
            within = kind in self.inner
            chosen = self.shown.days <= day if within else self.shown.days >= day
            rest = counts[kind] - self.shown.through[kind][chosen]
            if bool(policy.hides(rest if within else -rest).any()):
                return True
        return False


@dataclass(frozen=True, eq=False)
class Parts:
    """The published curves of groups that make up a whole.

    A reader can calculate a count of people and days only if it is a sum of three kinds of
    differences between published numbers: the count of the whole on a day minus those of its groups
    on their last published days; the counts of the groups on their next published days minus that
    of the whole; and the counts between two days of the whole minus those of its groups between
    these days. If each of these is 0 or large enough, so is every sum of them
    (docs/validation_disclosure.md gives the proof).

    Attributes
    ----------
    groups : sequence of PublishedCounts
        The published curves.
    """

    groups: Sequence[PublishedCounts]

    @cached_property
    def entered(self) -> int:
        """The people in the published groups."""
        return sum(int(group.through["entered"][-1]) for group in self.groups)

    def discloses(
        self,
        day: float,
        counts: Counts,
        chosen: Sequence[tuple[float, Counts]],
        people: int,
        policy: SafePolicy,
    ) -> bool:
        """Return whether a day of the whole discloses a small count, given its groups.

        Parameters
        ----------
        day : float
            The day that would be published.
        counts : dict
            The counts of the whole through that day.
        chosen : sequence of (float, dict)
            The days of the whole that are published already.
        people : int
            All people of the whole: more than those of the groups if some group is not published.
        policy : SafePolicy
            What is small.
        """
        if policy.threshold == 1 or not self.groups:
            return False
        for kind in KINDS:
            pieces = [counts[kind] - sum(group.last(kind, day) for group in self.groups)]
            if people == self.entered:
                pieces += self._lacking(kind, day, counts[kind])
            for other, before in chosen:
                ends = sorted([(day, counts[kind]), (other, before[kind])])
                pieces.append(self._between(kind, *ends))
            if bool(policy.hides(pieces).any()):
                return True
        return False

    def any_discloses(
        self, chosen: Sequence[tuple[float, Counts]], people: int, policy: SafePolicy
    ) -> bool:
        """Return whether a published day of the whole discloses a small count, given groups."""
        return any(
            self.discloses(day, counts, chosen[:place], people, policy)
            for place, (day, counts) in enumerate(chosen)
        )

    def _lacking(self, kind: str, day: float, whole: int) -> list[int]:
        """Return the counts on the groups' next published days, minus the whole's on this day."""
        others = [group for group in self.groups if not group.has(day)]
        ahead = [group.next(kind, day) for group in others]
        if not others or any(count is None for count in ahead):
            return []
        now = sum(group.last(kind, day) for group in self.groups if group.has(day))
        return [sum(count for count in ahead if count is not None) - (whole - now)]

    def _between(self, kind: str, start: tuple[float, int], end: tuple[float, int]) -> int:
        """Return the count between two days of the whole, minus those of its groups."""
        (first, before), (last, after) = start, end
        rest = after - before
        for group in self.groups:
            at_first, at_last = group.has(first), group.has(last)
            if not at_first and not at_last:
                rest -= group.inside(kind, first, last)
                continue
            lower = group.last(kind, first) if at_first else group.next(kind, first)
            rest -= group.last(kind, last) - (lower or 0)
        return rest
