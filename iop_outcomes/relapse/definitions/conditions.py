"""What combines measures on use patterns: limits, conditions, and functions of your own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from iop_outcomes.errors import RuleError
from iop_outcomes.relapse.definitions.measures import Measure, Values
from iop_outcomes.relapse.definitions.steps import View
from iop_outcomes.use.pattern_array import Numbers, PatternArray


@dataclass(frozen=True)
class AtLeast(Measure):
    """Whether a measure reaches a limit."""

    measure: Measure
    limit: float

    @property
    def values(self) -> Values:
        """Yes or no."""
        return "boolean"

    @property
    def weeks_needed(self) -> int:
        """Those of its measure."""
        return self.measure.weeks_needed

    @property
    def of_missed(self) -> bool:
        """As its measure."""
        return self.measure.of_missed

    def of(self, view: View) -> Numbers:
        """Return 1 and 0, NaN where the measure has no value."""
        value = view.value(self.measure)
        return np.where(np.isnan(value), np.nan, value >= self.limit)


@dataclass(frozen=True)
class From(Measure):
    """A total less a measure."""

    total: float
    measure: Measure

    @property
    def values(self) -> Values:
        """As its measure's: 1 - yes is no."""
        return self.measure.values

    @property
    def weeks_needed(self) -> int:
        """Those of its measure."""
        return self.measure.weeks_needed

    @property
    def of_missed(self) -> bool:
        """As its measure."""
        return self.measure.of_missed

    def of(self, view: View) -> Numbers:
        """Return what is left."""
        return np.asarray(self.total - view.value(self.measure))


@dataclass(frozen=True)
class Every(Measure):
    """Whether all of several measures hold."""

    measures: tuple[Measure, ...]

    @property
    def values(self) -> Values:
        """Yes or no."""
        return "boolean"

    @property
    def weeks_needed(self) -> int:
        """The most that one of them needs."""
        return max(measure.weeks_needed for measure in self.measures)

    def of(self, view: View) -> Numbers:
        """Return 1 and 0, NaN where one of them has no value."""
        values = [view.value(measure) for measure in self.measures]
        return np.asarray(np.minimum.reduce(values))


@dataclass(frozen=True)
class When(Measure):
    """One measure where a condition holds, and a number where it does not."""

    condition: Measure
    measure: Measure
    otherwise: float

    @property
    def values(self) -> Values:
        """As its measure's."""
        return self.measure.values

    @property
    def weeks_needed(self) -> int:
        """The most that either needs."""
        return max(self.condition.weeks_needed, self.measure.weeks_needed)

    def of(self, view: View) -> Numbers:
        """Return the measure or the number."""
        holds = view.value(self.condition) == 1
        return np.where(holds, view.value(self.measure), self.otherwise)


@dataclass(frozen=True)
class Calculated(Measure):
    """The values of a function of your own.

    The function is given the patterns of a part of the people at a time, and returns one value for
    each: True and False, or numbers with NaN where there is none.

    Parameters
    ----------
    function : callable
        Words to an array of one value a person.
    kind : {"boolean", "whole", "number"}
        What kind of value it gives.
    needs : int
        How many weeks a person has to have been followed.
    """

    function: Callable[[PatternArray], ArrayLike]
    kind: Values = "number"
    needs: int = 0

    @property
    def values(self) -> Values:
        """As it was said."""
        return self.kind

    @property
    def weeks_needed(self) -> int:
        """As it was said."""
        return self.needs

    def of(self, view: View) -> Numbers:
        """Return what the function gives."""
        out = np.asarray(self.function(view.patterns), dtype=np.float64)
        if out.shape != (len(view.patterns),):
            raise RuleError(
                "A function of a definition must give one value a person.",
                found=f"values of shape {out.shape} for {len(view.patterns):,} people",
                instead="an array as long as patterns.lengths.",
            )
        return out
