"""Definitions with a time: n weeks of a kind within m in a row, and when that comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from iop_outcomes.errors import RuleError
from iop_outcomes.relapse.definitions.measures import Measure, Steps, Values
from iop_outcomes.relapse.definitions.steps import MISSED_WEEKS, MIXED_IS_USE, View
from iop_outcomes.shared.messages import as_written
from iop_outcomes.use.pattern_array import (
    MISSED,
    NO_USE,
    USE,
    Flags,
    Numbers,
    PatternArray,
    Weeks,
    code,
)
from iop_outcomes.use.pattern_windows import (
    check_window,
    counts_within,
    first_window,
    last_marked,
    retention,
)

FILLED = ("use", "no_use", "last_value")  # every week due counts as something under these


class Events(NamedTuple):
    """When a definition is met, one entry a person; weeks count from 1, 0 is none.

    Attributes
    ----------
    event : numpy.ndarray of bool
        Whether the definition is met.
    met : numpy.ndarray of int32
        The week in which the count is reached: the first in which it can be known.
    onset : numpy.ndarray of int32
        The first of the weeks that were counted.
    missed : numpy.ndarray of int32
        How many of the counted weeks were missed.
    last_clear : numpy.ndarray of int32
        The last week seen without use, for an event before its onset.
    until : numpy.ndarray of int32
        Without an event, the last week of which the rule says something: that was due, where
        missed weeks are filled or are what is counted; else in which the person was seen.
    """

    event: Flags
    met: Weeks
    onset: Weeks
    missed: Weeks
    last_clear: Weeks
    until: Weeks


@dataclass(frozen=True)
class Window(Measure):
    """Whether, and when, `threshold` weeks of a kind come together within `width` in a row.

    Its value is the event. `WeeksTo` measures the weeks to it.

    Parameters
    ----------
    width, threshold : int
        The weeks of the window, and how many of them have to be `symbol`.
    symbol : str
        What is counted: ``+`` (mixed weeks among them), or ``o`` for dropout.
    from_week : int
        The first week that counts.
    missing : str
        What a missed week counts as: ``"use"``, ``"no_use"``, ``"last_value"``,
        ``"last_value_to_last_contact"`` (only up to the last week known), ``"drop"`` (the weeks
        seen follow each other), ``"censor"`` (nothing counts from the first one on), or
        ``"missed"`` (itself).
    """

    width: int
    threshold: int
    symbol: str = USE
    from_week: int = 1
    missing: str = "use"

    def __post_init__(self) -> None:
        """Refuse windows that cannot be."""
        check_window(self.width, self.threshold)
        if self.missing not in MISSED_WEEKS:
            raise RuleError(
                "That is not a rule for missed weeks.",
                found=f"missing={as_written(self.missing)}",
                instead="one of " + ", ".join(MISSED_WEEKS),
            )

    @property
    def values(self) -> Values:
        """Yes or no."""
        return "boolean"

    @property
    def of_missed(self) -> bool:
        """Whether missed weeks are what is counted."""
        return self.symbol == MISSED

    @property
    def steps(self) -> Steps:
        """What is done to the patterns before weeks are counted."""
        return MISSED_WEEKS[self.missing] + (MIXED_IS_USE if self.symbol == USE else ())

    def of(self, view: View) -> Numbers:
        """Return 1 where the definition is met, and 0."""
        return self.events(view).event.astype(np.float64)

    def events(self, view: View) -> Events:
        """Return when the definition is met, or until when it is known not to be."""
        return view.once((self, "events"), lambda: _events(self, view))


@dataclass(frozen=True)
class WeeksTo(Measure):
    """Weeks to the event of a window, or to the last week known without it."""

    window: Window

    @property
    def values(self) -> Values:
        """Whole weeks."""
        return "whole"

    @property
    def of_missed(self) -> bool:
        """As its window's."""
        return self.window.of_missed

    def of(self, view: View) -> Numbers:
        """Return the weeks."""
        events = self.window.events(view)
        return np.where(events.event, events.met, events.until).astype(np.float64)


@dataclass(frozen=True)
class ReferenceWindow(Measure):
    """The time or the event of a window as the reference stores them.

    The time is the first week of the first window that lies wholly in the pattern, plus
    ``width - threshold``; without an event the first week of the pattern's last window, plus the
    same. Weeks before `from_week` are cut off and added again.
    """

    window: Window
    time: bool = False

    @property
    def values(self) -> Values:
        """Weeks, and 1 and 0."""
        return "whole"

    def of(self, view: View) -> Numbers:
        """Return times or events; NaN where the pattern is shorter than the window."""
        window = self.window
        time, event = view.once((window, "reference"), lambda: _as_reference(window, view))
        return time if self.time else event


def _as_reference(window: Window, view: View) -> tuple[Numbers, Numbers]:
    patterns = view.after(window.steps)
    before = window.from_week - 1
    lengths = np.maximum(patterns.lengths - before, 0).astype(np.int32)
    rest = PatternArray(patterns.by_week[before:], lengths, patterns.has_pattern, patterns.index)
    time, event = first_window(rest, window.width, window.threshold, window.symbol)
    return time + before, event


def _events(window: Window, view: View) -> Events:
    patterns, prepared = view.patterns, view.after(window.steps)
    kept = ~patterns.holds(MISSED) if window.missing == "drop" else None
    hits = prepared.holds(window.symbol)
    if window.from_week > 1:
        early = window.from_week - 1
        skipped = early if kept is None else kept[:early].sum(axis=0)
        hits &= np.arange(len(hits))[:, None] >= skipped
    met, onset = _first_reached(hits, window.width, window.threshold)
    missed = np.zeros(len(patterns), dtype=np.int32)
    if kept is None:
        hits &= patterns.by_week[: len(hits)] == code(MISSED)
        missed = _total_between(hits, onset, met)
    else:
        met, onset = _kept_week(kept, met), _kept_week(kept, onset)
    event = met > 0
    clear = patterns.holds(NO_USE)
    clear &= np.arange(1, patterns.longest + 1)[:, None] < np.where(
        event, onset, patterns.longest + 1
    )
    if window.of_missed or window.missing in FILLED:
        until = patterns.lengths
    elif window.missing == "censor":
        until = retention(prepared, view.unseen)
    else:
        until = view.last_seen
    return Events(event, met, onset, missed, last_marked(clear), until)


def _first_reached(hits: Flags, width: int, threshold: int) -> tuple[Weeks, Weeks]:
    # The first week that brings the hits among the last `width` weeks to the threshold, and the
    # first of the hits it counts: at that moment there are exactly `threshold` of them.
    people = hits.shape[1]
    met, reached = np.zeros(people, dtype=np.int32), np.zeros(people, dtype=np.int32)
    total = np.zeros(people, dtype=np.int32)
    for week, inside in enumerate(counts_within(hits, width)):
        total += hits[week]
        new = (inside >= threshold) & (met == 0)
        met[new] = week + 1
        reached[new] = total[new]
    onset = _kept_week(hits, np.where(met > 0, reached - threshold + 1, 0))
    return met, onset


def _kept_week(kept: Flags, number: Weeks) -> Weeks:
    # The week of each person's kept week of that number; 0 where the number is 0.
    out = np.zeros(len(number), dtype=np.int32)
    count = np.zeros(len(number), dtype=np.int32)
    for week, column in enumerate(kept, start=1):
        count += column
        out[column & (count == number)] = week
    return out


def _total_between(marked: Flags, first: Weeks, last: Weeks) -> Weeks:
    total = np.zeros(len(first), dtype=np.int32)
    for week, column in enumerate(marked, start=1):
        total += column & (first <= week) & (week <= last)
    return total
