"""Steps that prepare use patterns for a definition, each done once.

A definition is data: the steps that prepare the patterns, and what is then measured. A `View` holds
the patterns of some people and keeps the result of each step, so that definitions with the same
first steps share them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Protocol, TypeVar, cast

from iop_outcomes.use.pattern_array import (
    MISSED,
    NOT_DUE,
    Flags,
    Numbers,
    PatternArray,
    Weeks,
    delete,
    recode,
    through,
)
from iop_outcomes.use.pattern_filling import (
    impute_last_value,
    impute_last_value_between,
    impute_mode,
    impute_neighbours,
)
from iop_outcomes.use.pattern_windows import retention
from iop_outcomes.use.visit_schedules import view_by_lattice

Result = TypeVar("Result")


class View:
    """The patterns of some people, and the results of the steps so far.

    Parameters
    ----------
    patterns : PatternArray
        The use patterns.
    compatible : bool
        Take weeks not due as the reference does, as a symbol like any other. Otherwise they are
        no evidence: those at the end of a pattern are cut off, since the person has not been
        followed for so long, and those within it count neither as use, nor as no use, nor as
        missed.
    """

    def __init__(self, patterns: PatternArray, *, compatible: bool = False) -> None:
        self.compatible = compatible
        if not compatible and patterns.holds(NOT_DUE).any():
            patterns = through(patterns, retention(patterns, NOT_DUE))
        self.patterns = patterns
        self._after: dict[tuple[Step, ...], PatternArray] = {(): patterns}
        self._known: dict[Hashable, object] = {}

    @property
    def unseen(self) -> str:
        """The symbols of weeks in which the person was not seen."""
        return MISSED if self.compatible else MISSED + NOT_DUE

    @property
    def last_seen(self) -> Weeks:
        """The last week in which the person was seen; 0 where there is none."""
        return self.once("last_seen", lambda: retention(self.patterns, self.unseen))

    def after(self, steps: tuple[Step, ...]) -> PatternArray:
        """Return the patterns after `steps`."""
        if steps not in self._after:
            self._after[steps] = steps[-1].take(self.after(steps[:-1]), self)
        return self._after[steps]

    def value(self, measure: Measured) -> Numbers:
        """Return what `measure` gives, one number a person; NaN where it gives none."""
        return self.once(measure, lambda: measure.of(self))

    def once(self, key: Hashable, work: Callable[[], Result]) -> Result:
        """Return the result of `work`, done the first time only."""
        if key not in self._known:
            self._known[key] = work()
        return cast(Result, self._known[key])


class Step(Protocol):
    """Something done to patterns; hashable, so that it is done once."""

    def take(self, patterns: PatternArray, view: View) -> PatternArray:
        """Return the patterns after the step."""
        ...


class Measured(Hashable, Protocol):
    """Something measured on patterns; hashable, so that it is measured once."""

    def of(self, view: View) -> Numbers:
        """Return one number a person."""
        ...


@dataclass(frozen=True)
class Recode:
    """Replace a symbol by another."""

    symbol: str
    to: str

    def take(self, patterns: PatternArray, view: View) -> PatternArray:
        """Return the patterns after the step."""
        return recode(patterns, self.symbol, self.to)


@dataclass(frozen=True)
class Delete:
    """Take a symbol out; what follows moves up."""

    symbol: str

    def take(self, patterns: PatternArray, view: View) -> PatternArray:
        """Return the patterns after the step."""
        return delete(patterns, self.symbol)


@dataclass(frozen=True)
class CarryForward:
    """Fill a symbol with the last value; only up to the last week known if `between`."""

    symbol: str = MISSED
    between: bool = False

    def take(self, patterns: PatternArray, view: View) -> PatternArray:
        """Return the patterns after the step."""
        fill = impute_last_value_between if self.between else impute_last_value
        skipped = "" if view.compatible or self.symbol == NOT_DUE else NOT_DUE
        return fill(patterns, self.symbol, not_carried=skipped)


@dataclass(frozen=True)
class FillWithMode:
    """Fill missed weeks with the person's most frequent symbol."""

    def take(self, patterns: PatternArray, view: View) -> PatternArray:
        """Return the patterns after the step."""
        return impute_mode(patterns, not_carried="" if view.compatible else NOT_DUE)


@dataclass(frozen=True)
class FillFromNeighbours:
    """Fill missed weeks with the mean of the weeks beside them."""

    def take(self, patterns: PatternArray, view: View) -> PatternArray:
        """Return the patterns after the step."""
        return impute_neighbours(patterns)


@dataclass(frozen=True)
class Through:
    """Cut patterns off after a week."""

    week: int

    def take(self, patterns: PatternArray, view: View) -> PatternArray:
        """Return the patterns after the step."""
        return through(patterns, self.week)


@dataclass(frozen=True)
class UpToLastSeen:
    """Cut patterns off after the last week in which the person was seen."""

    def take(self, patterns: PatternArray, view: View) -> PatternArray:
        """Return the patterns after the step."""
        return through(patterns, retention(patterns, view.unseen))


@dataclass(frozen=True)
class BeforeFirstMissed:
    """Cut patterns off before the first week that was missed."""

    def take(self, patterns: PatternArray, view: View) -> PatternArray:
        """Return the patterns after the step."""
        missed: Flags = patterns.holds(MISSED)
        first = missed.argmax(axis=0) if patterns.longest else patterns.lengths
        return through(patterns, first + patterns.lengths * ~missed.any(axis=0))


@dataclass(frozen=True)
class SeenBy:
    """Keep only the weeks in which a protocol with fewer visits had one."""

    lattice: str

    def take(self, patterns: PatternArray, view: View) -> PatternArray:
        """Return the patterns after the step."""
        return view_by_lattice(patterns, self.lattice)


MIXED_IS_USE = (Recode("*", "+"),)
MISSED_IS_USE = (Recode("o", "+"), *MIXED_IS_USE)
SEEN_ONLY = (Delete("o"),)

# What a missed week counts as, by the name of the rule.
MISSED_WEEKS: dict[str, tuple[Step, ...]] = {
    "use": (Recode("o", "+"),),
    "no_use": (Recode("o", "-"),),
    "last_value": (CarryForward(),),
    "last_value_to_last_contact": (CarryForward(between=True),),
    "drop": (Delete("o"),),
    "censor": (BeforeFirstMissed(),),
    "missed": (),
}
