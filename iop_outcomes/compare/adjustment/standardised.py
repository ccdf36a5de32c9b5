"""Curves by the g-formula: everybody's curve by a model as if of each group, averaged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.compare.adjustment.outcome import CoxByGroup, Hazards
from iop_outcomes.compare.adjustment.problem import Problem

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Standardised:
    """Curves by standardisation.

    Attributes
    ----------
    problem : Problem
    model : CoxByGroup
        Of the event.
    first : Hazards
        Of the whole sample.
    """

    problem: Problem
    model: CoxByGroup
    first: Hazards

    @classmethod
    def of(cls, problem: Problem, names: list[str]) -> Standardised:
        """Fit the model to the whole sample."""
        model = _model(problem)
        return cls(problem, model, model.first(names))

    def on(self, problem: Problem) -> Standardised:
        """Return the same procedure for other rows, beginning at the same coefficients."""
        return Standardised(problem, _model(problem), self.first)

    def survival(self, counts: Floats) -> Floats:
        """Return the curve of each group with these row weights."""
        hazards = self.model.fit(counts, self.first.coefficients)
        if hazards is None:
            return self.problem.lost()
        options = self.problem.model
        own = counts > 0
        if options.estimand == "treated":
            own &= options.group == options.treated
        rows = np.flatnonzero(own)
        if not len(rows):
            return self.problem.lost()
        share = counts[rows] / counts[rows].sum()
        return np.stack(
            [share @ hazards.survival(group, rows) for group in range(self.problem.groups)]
        )


def _model(problem: Problem) -> CoxByGroup:
    return CoxByGroup.of(
        problem.outcome, problem.days, problem.event, problem.group, asked=problem.grid
    )
