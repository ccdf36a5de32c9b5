"""Plain Kaplan-Meier curves beside adjusted ones, of the same samples."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.compare.adjustment.augmented import Augmented
from iop_outcomes.compare.adjustment.problem import Problem
from iop_outcomes.compare.adjustment.standardised import Standardised
from iop_outcomes.compare.adjustment.weighting import Weighted, influence_of
from iop_outcomes.compare.resampling.step_curves import RowsOnGrid

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Unadjusted:
    """Curves without adjustment.

    Attributes
    ----------
    problem : Problem
    """

    problem: Problem

    @cached_property
    def on_grid(self) -> list[RowsOnGrid]:
        """The rows of each group."""
        return [self.problem.rows_of(group) for group in range(self.problem.groups)]

    def survival(self, counts: Floats) -> Floats:
        """Return the curve of each group with these row weights."""
        curves = [
            rows.survival(counts[self.problem.group == group])
            for group, rows in enumerate(self.on_grid)
        ]
        if any(end < len(self.problem.grid) for _, end in curves):
            return self.problem.lost()
        return np.stack([curve for curve, _ in curves])

    def influence(self, places: NDArray[np.intp]) -> Floats:
        """Return the influence of each row on each curve at places, (groups, places, rows)."""
        return influence_of(
            self.on_grid, self.problem.group, np.ones(len(self.problem.days)), places
        )


@dataclass(frozen=True, eq=False)
class Beside:
    """Adjusted curves, and then the unadjusted ones.

    Attributes
    ----------
    curves : Weighted, Augmented or Standardised
    plain : Unadjusted
    """

    curves: Weighted | Augmented | Standardised
    plain: Unadjusted

    def survival(self, counts: Floats) -> Floats:
        """Return (2 x groups, days)."""
        return np.concatenate([self.curves.survival(counts), self.plain.survival(counts)])
