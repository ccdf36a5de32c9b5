r"""Cox's model with a baseline for each group, fitted to many bootstrap samples.

Covariates have the same hazard ratios in all groups, and hazards of groups need not be
proportional. Ties are by Breslow's rule, by which a row that counts twice is two rows. On the days
of the grid the hazard of a person with columns x in group g is :math:`1 - \exp(-d\Lambda_g(t)
e^{x \beta})`, so that the curve is :math:`\exp(-\Lambda_g(t) e^{x \beta})`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.compare.regression.partial_likelihood import fit_cox, likelihood_at
from iop_outcomes.compare.regression.risk_sets import risk_sets

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
STEPS = 30
CLOSE = 1e-5  # the error after such a step is of the order of its square
MOST = 60.0  # of a cumulative hazard: the curve is 0


@dataclass(frozen=True, eq=False)
class Hazards:
    """A fitted model.

    Attributes
    ----------
    coefficients : numpy.ndarray of float64
        (terms,), of standardised columns.
    ratio : numpy.ndarray of float64
        (rows,), the hazard of each row against one with mean columns.
    base : numpy.ndarray of float64
        (groups, days), the cumulative hazard of a row with mean columns through each day.
    """

    coefficients: Floats
    ratio: Floats
    base: Floats

    def survival(self, group: int, rows: NDArray[Any]) -> Floats:
        """Return the curve of rows as if they were of a group, (rows, days)."""
        return np.asarray(np.exp(-np.minimum(self.ratio[rows, None] * self.base[group], MOST)))


@dataclass(frozen=True, eq=False)
class CoxByGroup:
    """The rows of the model.

    Attributes
    ----------
    columns : numpy.ndarray of float64
        (terms, rows), standardised.
    days : numpy.ndarray of float64
    event : numpy.ndarray of bool
    group : numpy.ndarray of int
        (rows,).
    groups : int
    asked : numpy.ndarray of float64
        The days through which hazards are asked for.
    before : bool
        Whether they are asked for until before these days.
    """

    columns: Floats
    days: Floats
    event: Flags
    group: NDArray[np.intp]
    groups: int
    asked: Floats
    before: bool

    @classmethod
    def of(
        cls,
        design: Floats,
        days: Floats,
        event: Flags,
        group: NDArray[np.intp],
        *,
        asked: Floats,
        before: bool = False,
    ) -> CoxByGroup:
        """Return the rows of a model of an event."""
        moved = design - design.mean(axis=0)
        scale = np.sqrt((moved**2).mean(axis=0))
        columns = np.ascontiguousarray((moved / np.where(scale > 0, scale, 1.0)).T)
        return cls(columns, days, event, group, int(group.max()) + 1, asked, before)

    def first(self, names: list[str]) -> Hazards:
        """Fit the model to all rows, with the errors of `iop_outcomes.cox` by name."""
        if not self.event.any():
            return self._none(np.zeros(len(self.columns)))
        fit = fit_cox(
            self.columns.T,
            self.days,
            self.event,
            stratum=self.group,
            ties="breslow",
            names=names,
        )
        hazards = self.fit(np.ones(len(self.days)), fit.coefficient)
        assert hazards is not None
        return hazards

    def fit(self, counts: Floats, start: Floats) -> Hazards | None:
        """Fit the model with these row weights; None where it has no estimate."""
        kept = counts > 0
        event = self.event[kept]
        if not event.any():
            return self._none(start * 0)
        weight, columns = counts[kept], self.columns[:, kept]
        days, group = self.days[kept], self.group[kept]
        sets = risk_sets(days, event, None, group, weight=weight, efron=False)
        beta = start.copy()
        for _ in range(STEPS):
            point = likelihood_at(columns, beta, sets, weight)
            try:
                step = np.linalg.solve(point.information, point.gradient)
            except np.linalg.LinAlgError:
                return None
            if not np.isfinite(step).all() or np.abs(step).max() > 20:
                return None
            beta = beta + step
            if np.abs(step).max() < CLOSE:
                break
        else:
            return None
        point = likelihood_at(columns, beta, sets, weight)
        cell_day, cell_group = np.empty(sets.cells), np.empty(sets.cells)
        cell_day[sets.cell], cell_group[sets.cell] = days[sets.died], group[sets.died]
        base = np.zeros((self.groups, len(self.asked)))
        side: Literal["left", "right"] = "left" if self.before else "right"
        for place in range(self.groups):
            own = cell_group == place
            total = np.concatenate([[0.0], np.cumsum(point.hazard[own])])
            base[place] = total[np.searchsorted(cell_day[own], self.asked, side=side)]
        return Hazards(beta, np.exp(beta @ self.columns), base)

    def _none(self, coefficients: Floats) -> Hazards:
        base = np.zeros((self.groups, len(self.asked)))
        return Hazards(coefficients, np.ones(self.columns.shape[1]), base)
