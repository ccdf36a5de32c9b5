r"""The model by which missed weeks are drawn: use in a week, given the weeks before it.

For person i and week t due, with :math:`y = 1` for use,

.. math:: \operatorname{logit} P(y_{it} = 1 \mid \text{before}) = \beta' x_{it} + \delta o_{it}

where x are a constant, the time (a line that may bend where a quarter, a half and three quarters
of the weeks seen lie behind), whether it is the first week, the two weeks before it, the log-odds
of use so far, :math:`\log((u + 2) / (n - u + 2))` after n weeks with u of use, and the
covariates; o is 1 in a missed week. It is a model of whole patterns, so that a week missed between
two that were seen is drawn from what came before *and* after it, by Bayes' rule.

Arrays are weeks by people, as in `iop_outcomes.use.pattern_array`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.relapse.imputation.logistic import Logistic, chance_of, softplus
from iop_outcomes.use.pattern_array import (
    MISSED,
    MIXED,
    NOT_DUE,
    PAD,
    USE,
    Flags,
    Numbers,
    PatternArray,
    Weeks,
    code,
)
from iop_outcomes.use.pattern_windows import retention

FROM_USE = ("use the week before", "use two weeks before", "log-odds of use so far")
EXTRA = 2  # weeks of each kind that the log-odds begin with, so that few weeks count for little
BLOCK = 4096  # people at a time: what they need stays in the processor's cache
CONSTANT_SPREAD, SPREAD = 10.0, 2.5  # standard deviations of the priors

People = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class History:
    """What is known of the people whose missed weeks are drawn.

    Attributes
    ----------
    use, due, missed : numpy.ndarray of bool
        Weeks by people: seen with use; due; due and missed.
    in_likelihood : numpy.ndarray of bool
        Weeks due up to the last one seen: those from which the model learns.
    before : numpy.ndarray of int32
        How many weeks were due before each.
    covariates : numpy.ndarray of float64
        People by terms.
    """

    use: Flags
    due: Flags
    missed: Flags
    in_likelihood: Flags
    before: Weeks
    covariates: Numbers

    @classmethod
    def of(cls, patterns: PatternArray, covariates: Numbers) -> History:
        """Return the history that the patterns give."""
        due = (patterns.by_week != PAD) & (patterns.by_week != code(NOT_DUE))
        last_seen = retention(patterns, MISSED + NOT_DUE)
        return cls(
            use=patterns.holds(USE + MIXED),
            due=due,
            missed=patterns.holds(MISSED),
            in_likelihood=due & (np.arange(patterns.longest)[:, None] < last_seen),
            before=(np.cumsum(due, axis=0) - due).astype(np.int32),
            covariates=covariates,
        )

    @property
    def between(self) -> Flags:
        """Weeks missed before the last one seen."""
        return self.missed & self.in_likelihood

    @property
    def after(self) -> Flags:
        """Weeks missed after the last one seen."""
        return self.missed & ~self.in_likelihood


class WeekModel:
    """The model for some people, fitted and drawn from with the values that missed weeks have.

    Parameters
    ----------
    history : History
        What is known of them.
    delta : float
        What is added to the log-odds of use in a missed week.
    """

    def __init__(self, history: History, delta: float) -> None:
        self.history = history
        self._time = _time_terms(history.in_likelihood)
        self._first = history.before == 0
        self._offset: Numbers = delta * history.missed.astype(np.float64)
        self._in_likelihood = np.nonzero(history.in_likelihood)
        self._fixed = self._fixed_terms()
        self._precision: Numbers = np.full(len(FROM_USE) + self._fixed.shape[1], SPREAD**-2)
        self._precision[len(FROM_USE)] = CONSTANT_SPREAD**-2
        self._log_odds_of = _log_odds_table(len(history.due))
        self._between = _by_block(history.between)
        self._after = [np.flatnonzero(week) for week in history.after]

    def term_names(self, covariates: list[str]) -> list[str]:
        """Return what the coefficients are of, in their order."""
        bends = [f"bend of time {place}" for place in range(1, self._time.shape[1] - 1)]
        return [*FROM_USE, "constant", "time", *bends, "first week", *covariates]

    def with_use(self, use: Flags) -> Logistic:
        """Return the model of the weeks up to the last seen, with `use` in all of them."""
        terms = np.empty((len(self._fixed), len(self._precision)))
        for place, values in enumerate(self._from_use(use)):
            terms[:, place] = values[self._in_likelihood]
        terms[:, len(FROM_USE) :] = self._fixed
        return Logistic(
            terms, use[self._in_likelihood], self._offset[self._in_likelihood], self._precision
        )

    @property
    def start(self) -> Numbers:
        """Coefficients to start from."""
        return np.zeros(len(self._precision))

    def draw_between(self, use: Flags, coefficients: Numbers, random: np.random.Generator) -> None:
        """Draw again, in place, each week missed before the last one seen, given all the others.

        One sweep of Gibbs' sampler over the weeks, from the first to the last or back.
        """
        log_odds = self._fixed_log_odds(coefficients)
        for values, coefficient in zip(self._from_use(use), coefficients, strict=False):
            log_odds += coefficient * values
        total = _total_before(use & self.history.due)
        onward = random.random() < 0.5
        for weeks in self._between:
            for week, people in weeks if onward else reversed(weeks):
                self._draw_week(week, people, _Course(use, log_odds, total), coefficients, random)

    def _draw_week(
        self,
        week: int,
        people: People,
        course: _Course,
        coefficients: Numbers,
        random: np.random.Generator,
    ) -> None:
        use, log_odds, total = course
        later = slice(week + 1, None)
        now = use[week, people]
        turned = np.where(now, -1, 1)
        so_far = total[later, people]
        change = self._change(week, people, so_far, turned, coefficients)
        ahead = log_odds[later, people]
        # The change in log-likelihood of the weeks up to the last one seen if this week is changed.
        ratio = turned * log_odds[week, people]
        ratio += np.where(use[later, people], change, 0).sum(axis=0)
        ratio -= (softplus(ahead + change) - softplus(ahead)).sum(axis=0)
        turn = random.random(len(people)) < chance_of(ratio)
        use[week, people] = now ^ turn
        log_odds[later, people] = ahead + change * turn
        total[later, people] = so_far + turned * turn

    def draw_after(self, use: Flags, coefficients: Numbers, random: np.random.Generator) -> None:
        """Draw, in place, each week missed after the last one seen, one after the other."""
        due = self.history.due
        log_odds = self._fixed_log_odds(coefficients)
        carried = Carried(due.shape[1], self._log_odds_of)
        for week, people in enumerate(self._after):
            if len(people):
                ahead = log_odds[week, people]
                for values, coefficient in zip(carried.terms(), coefficients, strict=False):
                    ahead += coefficient * values[people]
                use[week, people] = random.random(len(people)) < chance_of(ahead)
            carried.add(use[week], due[week])

    def _change(
        self, week: int, people: People, so_far: Weeks, turned: Weeks, coefficients: Numbers
    ) -> Numbers:
        # What changing this week adds to the log-odds of each week in_likelihood after it.
        previous, second, so_far_coefficient = coefficients[: len(FROM_USE)]
        before = self.history.before[week + 1 :, people]
        change = self._log_odds_of[so_far + turned, before] - self._log_odds_of[so_far, before]
        change *= so_far_coefficient
        apart = before - self.history.before[week, people]
        change += turned * (previous * (apart == 1) + second * (apart == 2))
        change *= self.history.in_likelihood[week + 1 :, people]
        return np.asarray(change)

    def _from_use(self, use: Flags) -> list[Numbers]:
        # The terms that depend on use, each weeks by people.
        terms = [np.empty(use.shape) for _ in FROM_USE]
        carried = Carried(use.shape[1], self._log_odds_of)
        for week in range(len(use)):
            for term, values in zip(terms, carried.terms(), strict=True):
                term[week] = values
            carried.add(use[week], self.history.due[week])
        return terms

    def _fixed_terms(self) -> Numbers:
        # The other terms, of the weeks in_likelihood.
        week, person = self._in_likelihood
        return np.column_stack(
            [self._time[week], self._first[week, person], self.history.covariates[person]]
        )

    def _fixed_log_odds(self, coefficients: Numbers) -> Numbers:
        # What the other terms, and delta, add to the log-odds of every week.
        size = self._time.shape[1]
        fixed = coefficients[len(FROM_USE) :]
        of_person = self.history.covariates @ fixed[size + 1 :]
        log_odds = (self._time @ fixed[:size])[:, None] + of_person + self._offset
        log_odds += fixed[size] * self._first
        return np.asarray(log_odds)


class _Course(NamedTuple):
    """Use in each week, its log-odds, and the weeks with use before it: all weeks by people."""

    use: Flags
    log_odds: Numbers
    total: Weeks


class Carried:
    """The weeks so far, as they enter the terms of the next week, person by person.

    Use is coded one half and no use minus one half, so that a week that does not exist (0) adds
    nothing.
    """

    def __init__(self, people: int, log_odds_of: Numbers) -> None:
        self._last = np.zeros(people)
        self._second = np.zeros(people)
        self._used = np.zeros(people, dtype=np.int32)
        self._weeks = np.zeros(people, dtype=np.int32)
        self._log_odds_of = log_odds_of

    def terms(self) -> tuple[Numbers, Numbers, Numbers]:
        """Return the terms of ``FROM_USE``."""
        return self._last, self._second, self._log_odds_of[self._used, self._weeks]

    def add(self, use: Flags, due: Flags) -> None:
        """Go on by a week."""
        self._second = np.where(due, self._last, self._second)
        self._last = np.where(due, use - 0.5, self._last)
        self._used = self._used + (use & due)
        self._weeks = self._weeks + due


def _by_block(marked: Flags) -> list[list[tuple[int, People]]]:
    # The weeks with anybody marked, and who, for this many people at a time.
    blocks = []
    for begin in range(0, marked.shape[1], BLOCK):
        weeks = [np.flatnonzero(week) + begin for week in marked[:, begin : begin + BLOCK]]
        blocks.append([(week, people) for week, people in enumerate(weeks) if len(people)])
    return blocks


def _total_before(use: Flags) -> Weeks:
    return (np.cumsum(use, axis=0) - use).astype(np.int32)


def _log_odds_table(weeks: int) -> Numbers:
    # Of u weeks with use (rows) among n (columns); what cannot be is not looked up.
    used, seen = np.ogrid[: weeks + 1, : weeks + 1]
    clear = np.maximum(seen - used, 0)
    return np.asarray(np.log(used + EXTRA) - np.log(clear + EXTRA))


def _time_terms(in_likelihood: Flags) -> Numbers:
    """Return, weeks by terms, a constant and a line of time with up to three bends."""
    week = np.arange(len(in_likelihood))
    behind = np.cumsum(in_likelihood.sum(axis=1)) / max(int(in_likelihood.sum()), 1)
    bends = np.unique(np.searchsorted(behind, [0.25, 0.5, 0.75]))
    bends = bends[(bends > 0) & (bends < len(in_likelihood) - 1)]
    unit = len(in_likelihood) / 4  # so that the priors mean the same for patterns of any length
    after = np.maximum(week[:, None] - bends, 0) / unit
    return np.column_stack([np.ones(len(in_likelihood)), week / unit, after])
