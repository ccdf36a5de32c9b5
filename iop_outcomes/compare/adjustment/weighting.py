r"""Kaplan-Meier curves weighted by propensity weights, and what each row adds to their error.

With fixed weights the influence of a row of group g on :math:`\hat S_g(t)` is

.. math:: \psi_i = -\hat S_g(t)\, w_i \sum_{u \le t} \frac{dN_i(u) - Y_i(u)\, d(u) / n(u)}
    {n(u) - d(u)},

n and d being the weights at risk and with the event. The weights are estimated: with
:math:`\gamma` the coefficients of the model of the group, I its information and :math:`s_i` the
score of a row, the influence is :math:`\psi_i + D I^{-1} s_i`, :math:`D = \sum_j \psi_j\,
\partial \log w_j / \partial \gamma` (the sandwich of the stacked equations: Lunceford and Davidian
2004, Stat Med 23:2937-2960, for means).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.compare.adjustment.problem import Problem
from iop_outcomes.compare.propensity.estimands import log_slopes
from iop_outcomes.compare.propensity.scores import Scores
from iop_outcomes.compare.resampling.step_curves import RowsOnGrid
from iop_outcomes.statistics.multinomial import multinomial_information

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Weighted:
    """Curves by weighting.

    Attributes
    ----------
    problem : Problem
    scores : Scores
        Of the whole sample.
    """

    problem: Problem
    scores: Scores

    @cached_property
    def on_grid(self) -> list[RowsOnGrid]:
        """The rows of each group."""
        return [self.problem.rows_of(group) for group in range(self.problem.groups)]

    def on(self, problem: Problem) -> Weighted:
        """Return the same procedure for other rows, beginning at the same coefficients."""
        return Weighted(problem, self.scores)

    def survival(self, counts: Floats) -> Floats:
        """Return the curve of each group with these row weights, missing if one breaks off."""
        model = self.problem.model
        scores = model.fit(counts, self.scores.coefficients)
        curves = [
            rows.survival((counts * model.weights(scores))[model.group == group])
            for group, rows in enumerate(self.on_grid)
        ]
        if any(end < len(self.problem.grid) for _, end in curves):
            return self.problem.lost()
        return np.stack([curve for curve, _ in curves])

    def influence(self, places: NDArray[np.intp]) -> Floats:
        """Return the influence of each row on each curve at places of the grid.

        (groups, places, rows).
        """
        model, scores = self.problem.model, self.scores
        weight = model.weights(scores)
        at_fixed_weights = influence_of(self.on_grid, model.group, weight, places)
        columns = np.column_stack([np.ones(len(weight)), model.columns])
        slopes = log_slopes(scores.chance, model.group, model.estimand, model.treated)
        used = np.where(scores.used, 1.0, 0.0)
        moved = (slopes[:, :, None] * columns[:, None, :]).reshape(len(weight), -1)
        residual = (np.eye(model.groups)[model.group] - scores.chance)[:, 1:] * used[:, None]
        score = (residual[:, :, None] * columns[:, None, :]).reshape(len(weight), -1)
        information = multinomial_information(model.columns, scores.chance, used)
        back = np.linalg.pinv(information, hermitian=True) @ score.T
        return at_fixed_weights + (at_fixed_weights @ moved) @ back


def influence_of(
    on_grid: list[RowsOnGrid], group: NDArray[np.intp], weight: Floats, places: NDArray[np.intp]
) -> Floats:
    """Return the influence of each row on the curve of its group at fixed weights."""
    influence = np.zeros((len(on_grid), len(places), len(weight)))
    for place, rows in enumerate(on_grid):
        own = np.flatnonzero(group == place)
        influence[place][:, own] = _fixed(rows, weight[own], places)
    return influence


def _fixed(rows: RowsOnGrid, weight: Floats, places: NDArray[np.intp]) -> Floats:
    """Return the influence of the rows of a group at fixed weights, (places, rows)."""
    size = len(rows.grid)
    came = np.bincount(rows.first, weight, minlength=size + 1)
    left = np.bincount(rows.last, weight, minlength=size + 1)
    at_risk = np.cumsum(came - left)[:size]
    ended = np.bincount(rows.place, weight[rows.ending], minlength=size)
    rest = at_risk - ended
    each = np.divide(1.0, rest, out=np.zeros(size), where=rest > 1e-12 * at_risk.max())
    rate = np.divide(ended * each, at_risk, out=np.zeros(size), where=at_risk > 0)
    passed = np.concatenate([[0.0], np.cumsum(rate)])
    survival, _ = rows.survival(weight)
    until = np.minimum(places[:, None] + 1, rows.last[None, :])
    spent = np.maximum(passed[until] - passed[rows.first], 0.0)
    had = np.zeros((len(places), len(weight)))
    had[:, rows.ending] = np.where(rows.place <= places[:, None], each[rows.place], 0.0)
    return np.asarray(-survival[places][:, None] * weight * (had - spent))
