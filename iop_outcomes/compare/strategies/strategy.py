"""A sustained strategy: what a person would do in each period of the first weeks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.checks import is_number, is_whole
from iop_outcomes.shared.messages import as_written

DAYS_A_WEEK = 7


@dataclass(frozen=True)
class Strategy:
    """A strategy that is kept to in every period of the first weeks.

    Attributes
    ----------
    name : str
        What tables call it.
    at_least : float or None
        The least value of `column` in a period that keeps to the strategy.
    less_than : float or None
        The value that a period must stay below. One of the two at least is given.
    column : str
        What is measured in each period, such as ``hours``.
    weeks : int
        For how many weeks from day 0. After them everyone may do anything.
    grace : int or None
        In how many periods the person may do otherwise and still keep to the strategy; None: as
        the comparison says.

    Examples
    --------
    >>> Strategy("nine hours", at_least=9).words
    'hours of at least 9 in each period of the first 4 weeks'
    """

    name: str
    at_least: float | None = None
    less_than: float | None = None
    column: str = "hours"
    weeks: int = 4
    grace: int | None = None

    def __post_init__(self) -> None:
        """Refuse a strategy without a condition, or one that nobody can keep to."""
        limits = [limit for limit in (self.at_least, self.less_than) if limit is not None]
        if not limits or not all(is_number(limit) and np.isfinite(limit) for limit in limits):
            raise RuleError(
                "A strategy has a number that is reached, one that is stayed below, or both.",
                found=f"at_least={as_written(self.at_least)}, "
                f"less_than={as_written(self.less_than)}",
                instead='iop.Strategy("nine hours", at_least=9)',
            )
        if len(limits) == 2 and not limits[0] < limits[1]:
            raise RuleError(
                "No value is at least the one number and less than the other.",
                found=f"at_least={limits[0]:g}, less_than={limits[1]:g}",
                instead="at_least below less_than",
            )
        if not isinstance(self.name, str) or not self.name.strip():
            raise RuleError("A strategy has a name.", found=f"name={as_written(self.name)}")
        if not is_whole(self.weeks, 1) or not (self.grace is None or is_whole(self.grace, 0)):
            raise RuleError(
                "A strategy lasts whole weeks, with a whole number of periods of grace.",
                found=f"weeks={as_written(self.weeks)}, grace={as_written(self.grace)}",
                instead="weeks=4, grace=1",
            )

    @property
    def last_day(self) -> int:
        """The last day of the strategy, day 0 being its first."""
        return DAYS_A_WEEK * self.weeks - 1

    @property
    def words(self) -> str:
        """What a person does, as part of a sentence."""
        parts = []
        if self.at_least is not None:
            parts.append(f"at least {self.at_least:g}")
        if self.less_than is not None:
            parts.append(f"less than {self.less_than:g}")
        weeks = "week" if self.weeks == 1 else f"{self.weeks} weeks"
        named = self.column.replace("_", " ")
        text = f"{named} of {' and '.join(parts)} in each period of the first {weeks}"
        if not self.grace:
            return text
        return f"{text}, {self.grace} of them excepted"

    def kept(self, value: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which values keep to the strategy; a missing one does not."""
        kept = np.isfinite(value)
        if self.at_least is not None:
            kept &= value >= self.at_least
        if self.less_than is not None:
            kept &= value < self.less_than
        return kept


def check_strategies(strategies: Sequence[Strategy], grace: int) -> list[Strategy]:
    """Return two strategies or more with their grace; RuleError if they cannot be compared."""
    from dataclasses import replace

    if not is_whole(grace, 0):
        raise RuleError(
            "The grace is a number of periods.", found=f"grace={as_written(grace)}", instead="0"
        )
    as_list = list(strategies) if isinstance(strategies, (list, tuple)) else []
    if len(as_list) < 2 or not all(isinstance(strategy, Strategy) for strategy in as_list):
        raise RuleError(
            "A comparison needs two strategies or more.",
            found=f"{len(as_list)} in a {type(strategies).__name__}",
            instead='[iop.Strategy("nine hours", at_least=9), iop.Strategy("fewer", less_than=9)]',
        )
    if len({strategy.name for strategy in as_list}) < len(as_list):
        raise RuleError("Each strategy has a name of its own.", found="two of one name")
    return [
        replace(strategy, grace=grace) if strategy.grace is None else strategy
        for strategy in as_list
    ]
