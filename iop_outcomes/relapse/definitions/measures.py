"""What definitions measure on use patterns: counts, shares, runs, scores.

Each measure is a small frozen dataclass, so that definitions can be compared for equality. Its `of`
gives one number a person (1 and 0 for yes and no), NaN where there is no value for a person.
Positions count weeks from 1, negative ones from the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from iop_outcomes.relapse.definitions.steps import SeenBy, Step, Through, View
from iop_outcomes.use.pattern_array import MISSED, NOT_DUE, Numbers
from iop_outcomes.use.pattern_scores import Penalty, weighted_score
from iop_outcomes.use.pattern_windows import bounds, contains, count_symbols, longest_run

Values = Literal["boolean", "whole", "number"]
Steps = tuple[Step, ...]


@dataclass(frozen=True)
class Measure:
    """What all measures have in common.

    Attributes
    ----------
    values : {"boolean", "whole", "number"}
        Yes or no, whole numbers, or any number.
    """

    @property
    def values(self) -> Values:
        """What kind of value it gives."""
        return "number"

    @property
    def weeks_needed(self) -> int:
        """How many weeks a person has to have been followed for it to say anything."""
        return 0

    @property
    def of_missed(self) -> bool:
        """Whether it is about missed weeks themselves, so that no one has to have been seen."""
        return False

    def of(self, view: View) -> Numbers:
        """Return one number a person, NaN where there is none."""
        raise NotImplementedError


@dataclass(frozen=True)
class WeeksOf(Measure):
    """Something over the weeks of some symbols from `start` to `end`, after some steps."""

    of_symbols: str
    start: int = 1
    end: int = -1
    steps: Steps = ()

    @property
    def weeks_needed(self) -> int:
        """How many weeks a person has to have been followed."""
        return max(self.end, -self.start, _weeks_of(self.steps))

    @property
    def of_missed(self) -> bool:
        """Whether missed weeks are what is counted."""
        return self.of_symbols == MISSED


@dataclass(frozen=True)
class Count(WeeksOf):
    """Weeks of some symbols; `half` counts half."""

    half: str = ""

    @property
    def values(self) -> Values:
        """Whole numbers, unless something counts half."""
        return "number" if self.half else "whole"

    def of(self, view: View) -> Numbers:
        """Return the number of weeks."""
        patterns = view.after(self.steps)
        total = count_symbols(patterns, self.of_symbols, self.start, self.end).astype(np.float64)
        if self.half:
            total += 0.5 * count_symbols(patterns, self.half, self.start, self.end)
        return total


@dataclass(frozen=True)
class Share(WeeksOf):
    """The share of weeks of some symbols, `half` counting half.

    Out of all weeks but those of the symbols `left_out` and, except in the reference, those not
    due.
    """

    half: str = "*"
    left_out: str = ""

    def of(self, view: View) -> Numbers:
        """Return the shares; NaN (0 in the reference) where no week is left."""
        part = Count(self.of_symbols, self.start, self.end, self.steps, self.half)
        patterns = view.after(self.steps)
        first, stop = bounds(patterns, self.start, self.end)
        weeks = stop - first
        left_out = self.left_out if view.compatible else self.left_out + NOT_DUE
        if left_out:
            weeks = weeks - count_symbols(patterns, left_out, self.start, self.end)
        out = np.full(len(patterns), 0.0 if view.compatible else np.nan)
        np.divide(view.value(part), weeks, out=out, where=weeks > 0)
        return out


@dataclass(frozen=True)
class LongestRun(Measure):
    """The longest run of weeks without use, after some steps."""

    steps: Steps = ()

    @property
    def values(self) -> Values:
        """Whole weeks."""
        return "whole"

    def of(self, view: View) -> Numbers:
        """Return the weeks; one that was not due interrupts a run (not in the reference)."""
        without = "+" if view.compatible else "+" + NOT_DUE
        return longest_run(view.after(self.steps), without).astype(np.float64)


@dataclass(frozen=True)
class Contains(WeeksOf):
    """Whether the symbols occur in a row."""

    @property
    def values(self) -> Values:
        """Yes or no."""
        return "boolean"

    def of(self, view: View) -> Numbers:
        """Return 1 and 0."""
        holds = contains(view.after(self.steps), self.of_symbols, self.start, self.end)
        return holds.astype(np.float64)


@dataclass(frozen=True)
class Retained(Measure):
    """Whether the person was last seen in this week or later."""

    week: int

    @property
    def values(self) -> Values:
        """Yes or no."""
        return "boolean"

    @property
    def weeks_needed(self) -> int:
        """The week itself."""
        return self.week

    def of(self, view: View) -> Numbers:
        """Return 1 and 0."""
        return (view.last_seen >= self.week).astype(np.float64)


@dataclass(frozen=True)
class Score(Measure):
    """The weighted score of use on a scale from 0 to 120, 120 being the worst."""

    weights: tuple[tuple[str, float], ...]
    penalty: tuple[float, ...] | Callable[[int], list[float]]
    steps: Steps = ()

    @property
    def weeks_needed(self) -> int:
        """The weeks that its patterns are cut off after, if they are."""
        return _weeks_of(self.steps)

    def of(self, view: View) -> Numbers:
        """Return the scores."""
        penalty: Penalty = self.penalty
        return weighted_score(
            view.after(self.steps),
            dict(self.weights),
            use_penalty=penalty,
            left_out="" if view.compatible else NOT_DUE,
        )


def _weeks_of(steps: Steps) -> int:
    # The weeks that a person has to have been followed for the steps to mean what they say.
    lattices = [len(step.lattice) for step in steps if isinstance(step, SeenBy)]
    cuts = [step.week for step in steps if isinstance(step, Through)]
    return max([*lattices, *cuts, 0])
