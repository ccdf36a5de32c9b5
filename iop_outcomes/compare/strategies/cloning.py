"""A clone of every row for a strategy, followed until it does otherwise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.compare.strategies.decisions import Decisions
from iop_outcomes.compare.strategies.strategy import Strategy

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Clones:
    """The clones of one strategy.

    Attributes
    ----------
    decision : numpy.ndarray of int
        The decisions that clones came to while they kept to the strategy, as rows of the
        decisions, by row of the times and day. The last of a clone may be the one at which it did
        otherwise.
    kept : numpy.ndarray of bool
        Of each, whether the clone continues after it.
    at_stake : numpy.ndarray of bool
        Whether doing otherwise would end the clone: no grace was left, the value is known, and the
        person could choose.
    unknown : numpy.ndarray of bool
        Whether the value is not known, so that it counts as kept.
    row : numpy.ndarray of int
        Of each stretch of time at risk, the row of the times.
    stretch_of : numpy.ndarray of int
        The place in `decision` of the decision before the stretch; -1 for the first stretch.
    entry, days : numpy.ndarray of float64
    event : numpy.ndarray of bool
        Of each stretch: at risk in (entry, days], and whether it ends with the event.
    """

    decision: Integers
    kept: Flags
    at_stake: Flags
    unknown: Flags
    row: Integers
    stretch_of: Integers
    entry: Floats
    days: Floats
    event: Flags


def clone(decisions: Decisions, strategy: Strategy) -> Clones:
    """Return the clones of all rows under a strategy.

    A decision is judged at the end of its day, of those who are still at risk after it: who has the
    event before then, or on the day, has it under every strategy that was kept to so far.
    """
    value = decisions.values(strategy.column)
    judged = (decisions.day <= strategy.last_day) & (
        decisions.times_days[decisions.row] > decisions.day
    )
    judged &= decisions.times_entry[decisions.row] <= decisions.day
    decision = np.flatnonzero(judged)
    row = decisions.row[decision]
    known = np.isfinite(value[decision])
    otherwise = known & ~strategy.kept(value[decision])
    grace = int(strategy.grace or 0)
    before = _within(row, otherwise.astype(np.intp)) - otherwise
    ended = otherwise & (before == grace)
    reached = before <= grace  # up to the decision that ends the clone
    decision, row, ended = decision[reached], row[reached], ended[reached]
    at_stake = known[reached] & (before[reached] == grace) & decisions.possible[decision]
    stretches = _stretches(decisions, decision, row, ended)
    return Clones(decision, ~ended, at_stake, ~known[reached], *stretches)


def _within(row: Integers, value: Integers) -> Integers:
    """Return running sums within the decisions of a row of the times."""
    total = np.cumsum(value)
    first = np.flatnonzero(np.diff(row, prepend=-1))
    size = np.diff(np.append(first, len(row)))
    return np.asarray(total - np.repeat(total[first] - value[first], size), dtype=np.intp)


def _stretches(
    decisions: Decisions, decision: Integers, row: Integers, ended: Flags
) -> tuple[Integers, Integers, Floats, Floats, Flags]:
    """Return the time at risk of each clone, cut at its decisions."""
    rows = len(decisions.times_days)
    day = decisions.day[decision]
    kept = np.flatnonzero(~ended)
    # A first stretch from the entry on, and one after each decision that was kept to.
    whose = np.concatenate([np.arange(rows), row[kept]])
    after = np.concatenate([np.full(rows, -1), kept])
    entry = np.concatenate([decisions.times_entry, day[kept]])
    order = np.lexsort((after, whose))
    whose, after, entry = whose[order], after[order], entry[order]
    last_of_row = np.append(whose[1:] != whose[:-1], True)
    stop = np.full(rows, np.inf)
    stop[row[ended]] = day[ended]
    end = np.minimum(decisions.times_days, stop)
    days = np.where(last_of_row, end[whose], np.append(entry[1:], 0.0))
    event = last_of_row & decisions.times_event[whose] & (decisions.times_days <= stop)[whose]
    return whose.astype(np.intp), after.astype(np.intp), entry, days, event
