r"""Augmented inverse probability weighting: curves that need one of two models to be right.

With :math:`S_g(t \mid x)` the curve by a model of the event, :math:`K_g(t \mid x)` the share still
followed by a model of censoring, and :math:`e_g(x)` the probability of the group, each row has

.. math:: \phi_i(t) = S_g(t \mid x_i) \Big\{ 1 - \frac{1(A_i = g)}{e_g(x_i)} \Big[
    \frac{\delta_i 1(Y_i \le t)}{S_g(Y_i) K_g(Y_i-)} - \sum_{u \le \min(t, Y_i)}
    \frac{dH_g(u)}{S_g(u) K_g(u-)} \Big] \Big\},

and the curve is their mean (Robins and Rotnitzky 1992; Hubbard, van der Laan and Robins 2000; in
this form Westling, Luedtke, Gilbert and Carone 2023, JASA 119:1541-1553). It is consistent if the
model of the event is right, or those of the group and of censoring are. Its error is that of the
mean of :math:`\phi_i`, if all three are right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.compare.adjustment.outcome import CoxByGroup, Hazards
from iop_outcomes.compare.adjustment.problem import Problem
from iop_outcomes.compare.propensity.scores import Scores

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Augmented:
    """Curves by augmented weighting.

    Attributes
    ----------
    problem : Problem
    scores : Scores
        Of the groups, in the whole sample.
    event, censoring : CoxByGroup
        The models of both.
    first : tuple of Hazards
        Both in the whole sample.
    """

    problem: Problem
    scores: Scores
    event: CoxByGroup
    censoring: CoxByGroup
    first: tuple[Hazards, Hazards]

    @classmethod
    def of(cls, problem: Problem, scores: Scores, names: list[str]) -> Augmented:
        """Fit both models to the whole sample."""
        event, censoring = _models(problem)
        return cls(problem, scores, event, censoring, (event.first(names), censoring.first(names)))

    def on(self, problem: Problem) -> Augmented:
        """Return the same procedure for other rows, beginning at the same coefficients."""
        event, censoring = _models(problem)
        return replace(self, problem=problem, event=event, censoring=censoring)

    def survival(self, counts: Floats) -> Floats:
        """Return the curve of each group with these row weights, made to fall from 1 to 0."""
        model = self.problem.model
        scores = model.fit(counts, self.scores.coefficients)
        event = self.event.fit(counts, self.first[0].coefficients)
        censoring = self.censoring.fit(counts, self.first[1].coefficients)
        if event is None or censoring is None:
            return self.problem.lost()
        rows = np.flatnonzero((counts > 0) & scores.used)
        share = counts[rows] / counts[rows].sum()
        values = self._each(rows, scores, event, censoring)
        return np.stack([falling(share @ value) for value in values])

    def each(self) -> Floats:
        """Return what each row adds to each curve in the whole sample, (groups, rows, days)."""
        rows = np.flatnonzero(self.scores.used)
        return self._each(rows, self.scores, *self.first)

    def influence(self, places: NDArray[np.intp]) -> Floats:
        """Return the influence of each row on each curve at places, (groups, places, rows)."""
        rows = np.flatnonzero(self.scores.used)
        values = self._each(rows, self.scores, *self.first)[:, :, places]
        influence = np.zeros((len(values), len(places), len(self.problem.days)))
        moved = values - values.mean(axis=1, keepdims=True)
        influence[:, :, rows] = moved.transpose(0, 2, 1) / len(rows)
        return influence

    def _each(
        self, rows: NDArray[np.intp], scores: Scores, event: Hazards, censoring: Hazards
    ) -> Floats:
        values = []
        for group in range(self.problem.groups):
            survival = event.survival(group, rows)
            inside = self.problem.group[rows] == group
            factor = np.ones_like(survival)
            own = rows[inside]
            residual = self._residual(own, survival[inside], censoring.survival(group, own))
            factor[inside] -= residual / scores.chance[own, group][:, None]
            values.append(survival * factor)
        return np.stack(values)

    def _residual(self, rows: NDArray[np.intp], survival: Floats, followed: Floats) -> Floats:
        """Return the sums in square brackets of the module, (rows, days)."""
        problem = self.problem
        inverse = 1 / survival
        rise = np.diff(inverse, axis=1, prepend=1.0) / followed
        last = np.searchsorted(problem.grid, problem.days[rows], side="right")
        place = np.arange(len(problem.grid))
        spent = np.cumsum(np.where(place < last[:, None], rise, 0.0), axis=1)
        ended = problem.event[rows] & (problem.days[rows] <= problem.grid[-1])
        who = np.flatnonzero(ended)
        at = last[who] - 1
        had = np.zeros_like(survival)
        had[who, at] = inverse[who, at] / followed[who, at]
        return np.asarray(np.cumsum(had, axis=1) - spent)


def _models(problem: Problem) -> tuple[CoxByGroup, CoxByGroup]:
    """Return the models of the event and of censoring, not fitted."""
    rows = problem.outcome, problem.days
    event = CoxByGroup.of(*rows, problem.event, problem.group, asked=problem.grid)
    censored = ~problem.event
    return event, CoxByGroup.of(*rows, censored, problem.group, asked=problem.grid, before=True)


def falling(curve: Floats) -> Floats:
    """Return the falling curve within 0 and 1 that is nearest by squares (isotonic)."""
    from scipy.optimize import isotonic_regression

    return np.asarray(np.clip(isotonic_regression(curve, increasing=False).x, 0.0, 1.0))
