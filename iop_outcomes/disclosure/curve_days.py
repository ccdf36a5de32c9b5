"""Which days of a curve are published: alone, and together with curves of the same people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.disclosure.curve_parts import KINDS, Counts, NestedCurve, Parts, PublishedCounts
from iop_outcomes.disclosure.policy import SafePolicy

Days = npt.NDArray[np.int64]
Published = tuple[float, int]  # a day, and the row with the counts through it
ANCHORS = (30, 60, 90, 180, 270, 365)
"""The days of most interest: published first, where the counts allow it."""


def published_steps(
    steps: pd.DataFrame,
    policy: SafePolicy,
    days: Sequence[int] = ANCHORS,
    *,
    parts: Parts | None = None,
    nested_curves: Sequence[NestedCurve] = (),
) -> pd.DataFrame:
    """Return the rows of one group's curve that may be published, with counts since the last.

    Parameters
    ----------
    steps : pandas.DataFrame
        ``day, at_risk, events, censored, survival, lower, upper``, one group, ascending.
    policy : SafePolicy
        A day is published if since the last published day there were at least ``threshold`` events,
        no censorings or at least as many, and no late entries or at least as many, and if at least
        as many people are still followed after it.
    days : sequence of int
        Days to publish first, if possible; days between them are added afterwards.
    parts : Parts, optional
        Published curves of groups that make up this one. The counts of this curve minus those of
        the groups, on one day or between two days, must also be 0 or at least ``threshold``.
    beside : sequence of Beside
        Published curves of the same people, whose counts are part of the counts of this curve or
        contain them. The difference must be 0 or at least ``threshold``.

    Returns
    -------
    pandas.DataFrame
        The columns of `steps`, starting with day 0; empty if the group is too small.
    """
    groups = parts or Parts(())

    def discloses(curve: _Curve, day: float, row: int) -> bool:
        return groups.discloses(day, *curve.with_chosen(day, row), policy) or any(
            one.discloses(day, curve.counts.through(row), policy) for one in nested_curves
        )

    curve = _Curve(steps, policy, discloses)
    if discloses(curve, 0, 0):
        return steps.iloc[:0]
    for day in days:
        curve.publish(day)
    curve.fill()
    return curve.table()


def published_family(
    whole: pd.DataFrame,
    groups: Sequence[pd.DataFrame],
    policy: SafePolicy,
    days: Sequence[int] = ANCHORS,
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Return the rows of a whole and of its groups that may be published together.

    The days of most interest come first, those of the whole before those of its groups, and larger
    groups before smaller ones; then the days between them. A day is published only if the counts of
    the whole minus those of the groups are not small, on any day or between any two days.

    Parameters
    ----------
    whole : pandas.DataFrame
        The steps of the whole, as in `published_steps`.
    groups : sequence of pandas.DataFrame
        The steps of each group; together they are the whole.
    policy : SafePolicy
        The rule.
    days : sequence of int
        Days to publish first.
    """
    curves: list[_Curve] = []

    def together(curve: _Curve, day: float, row: int) -> bool:
        """Return whether a further day of a group discloses a small count, given the whole."""
        shown = [
            one.shown([*one.chosen, (day, row)] if one is curve else one.chosen)
            for one in curves
            if one is curve or len(one.chosen) > 1
        ]
        return len(all_of.chosen) > 1 and Parts(shown).any_discloses(*all_of.all_chosen(), policy)

    def apart(curve: _Curve, day: float, row: int) -> bool:
        """Return whether a further day of the whole discloses a small count, given its groups."""
        shown = [one.shown(one.chosen) for one in curves if len(one.chosen) > 1]
        return Parts(shown).discloses(day, *curve.with_chosen(day, row), policy)

    all_of = _Curve(whole, policy, apart)
    curves += [_Curve(steps, policy, together) for steps in groups]
    by_size = sorted(curves, key=lambda one: -int(one.counts.entered[-1]))
    for day in days:
        all_of.publish(day)
    for day in days:
        for curve in by_size:
            curve.publish(day)
    for curve in (all_of, *by_size):
        curve.fill()
    return all_of.table(), [curve.table() for curve in curves]


@dataclass(frozen=True)
class _Running:
    """Counts through each day: events, censorings, entries and people still followed."""

    day: npt.NDArray[np.float64] | Days
    events: Days
    censored: Days
    entered: Days
    left: Days

    def through(self, row: int) -> Counts:
        """Return the counts through a row."""
        return {
            "events": int(self.events[row]),
            "censored": int(self.censored[row]),
            "entered": int(self.entered[row]),
        }

    def enough(self, start: int, end: int, threshold: int) -> bool:
        """Return whether the counts between row `start` and row `end` may be shown."""
        if threshold == 1:
            return True
        events = self.events[end] - self.events[start]
        others = (
            self.censored[end] - self.censored[start],
            self.entered[end] - self.entered[start],
        )
        return bool(
            events >= threshold and all(count == 0 or count >= threshold for count in others)
        )


def _running(steps: pd.DataFrame) -> _Running:
    day = steps["day"].to_numpy()
    risk, events, censored = (
        steps[name].to_numpy(dtype=np.int64) for name in ("at_risk", "events", "censored")
    )
    left = risk - events - censored
    late = np.concatenate([[risk[0]], risk[1:] - left[:-1]])
    if day[0] != 0 or events[0] or censored[0]:
        # Day 0, before any event, is published too and needs a row of its own.
        day, left, late = np.insert(day, 0, 0), np.insert(left, 0, risk[0]), np.insert(late, 1, 0)
        events, censored = np.insert(events, 0, 0), np.insert(censored, 0, 0)
    return _Running(day, events.cumsum(), censored.cumsum(), late.cumsum(), left)


class _Curve:
    """One curve and its published days, each tested with those that were chosen before."""

    def __init__(
        self, steps: pd.DataFrame, policy: SafePolicy, discloses: Callable[..., bool]
    ) -> None:
        self.steps = steps
        self.counts = _running(steps)
        self.policy = policy
        self.discloses = discloses
        self.chosen: list[Published] = [(0, 0)]

    def with_chosen(self, day: float, row: int) -> tuple[Counts, list[tuple[float, Counts]], int]:
        """Return the counts through a day and through the other published days, and all people."""
        others = [(one, self.counts.through(place)) for one, place in self.chosen if one != day]
        return self.counts.through(row), others, int(self.counts.entered[-1])

    def all_chosen(self) -> tuple[list[tuple[float, Counts]], int]:
        """Return the counts through all published days, and all people."""
        known = [(day, self.counts.through(row)) for day, row in self.chosen]
        return known, int(self.counts.entered[-1])

    def shown(self, chosen: Sequence[Published]) -> PublishedCounts:
        """Return the counts that are known if these days are published."""
        days, rows = (np.array(part) for part in zip(*sorted(chosen), strict=True))
        through = {kind: getattr(self.counts, kind)[rows] for kind in KINDS}
        return PublishedCounts(days.astype(np.float64), through)

    def publish(self, day: float) -> None:
        """Publish a day if this is allowed."""
        if 0 < day <= self.counts.day[-1]:
            row = int(np.searchsorted(self.counts.day, day, side="right")) - 1
            if self._can_publish(day, row):
                self.chosen = sorted([*self.chosen, (day, row)])

    def fill(self) -> None:
        """Publish further days that leave large enough counts before and after them."""
        for row, day in enumerate(self.counts.day):
            if self._can_publish(day.item(), row):
                self.chosen = sorted([*self.chosen, (day.item(), row)])

    def _can_publish(self, day: float, row: int) -> bool:
        threshold = self.policy.threshold
        before = [place for one, place in self.chosen if one <= day]
        after = [place for one, place in self.chosen if one > day]
        return bool(
            self.counts.entered[0] >= threshold
            and self.counts.left[row] >= threshold
            and self.counts.day[row] > 0
            and row not in (before[-1], *after[:1])
            and self.counts.enough(before[-1], row, threshold)
            and (not after or self.counts.enough(row, after[0], threshold))
            and not self.discloses(self, day, row)
        )

    def table(self) -> pd.DataFrame:
        """Return the published rows; none if only the first day is published."""
        if len(self.chosen) < 2:
            return self.steps.iloc[:0]
        return _rows(self.steps, self.counts, self.chosen)


def _rows(steps: pd.DataFrame, counts: _Running, chosen: list[Published]) -> pd.DataFrame:
    rows = np.array([row for _, row in chosen])
    before = np.concatenate([[0], rows[:-1]])
    n = int(counts.entered[-1])
    decimals = 2 if n < 1000 else 3
    offset = len(counts.day) - len(steps)
    table: pd.DataFrame = steps.iloc[np.maximum(rows - offset, 0)].reset_index(drop=True)
    table["day"] = np.array([day for day, _ in chosen])
    table["events"] = counts.events[rows] - counts.events[before]
    table["censored"] = counts.censored[rows] - counts.censored[before]
    table["at_risk"] = (counts.left[rows] + table["events"] + table["censored"]).to_numpy()
    for name in ("survival", "lower", "upper"):
        table[name] = table[name].round(decimals)
    table.loc[0, ["survival", "lower", "upper"]] = 1.0
    return table
