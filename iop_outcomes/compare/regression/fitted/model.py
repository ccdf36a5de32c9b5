"""A fitted Cox model with the rows that it was fitted to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.regression.design import Design
from iop_outcomes.compare.regression.partial_likelihood import (
    CoxFit,
    LikelihoodAt,
    likelihood_at,
)
from iop_outcomes.compare.regression.risk_sets import Floats, Places, RiskSets, risk_sets
from iop_outcomes.shared.provenance import Provenance
from iop_outcomes.survival.times import label_of


@dataclass(frozen=True, eq=False)
class FittedCox:
    """One fit of Cox's model and its rows, for what is worked out from both.

    Attributes
    ----------
    design : Design
        The columns.
    days, event, entry : numpy.ndarray
        (rows,), as for `fit_cox`; ``entry`` is None if all rows are from day 0.
    stratum : numpy.ndarray of int
        (rows,), the stratum of each row, from 0.
    strata : pandas.DataFrame
        One row a stratum, its values; without columns if there is one.
    weight : numpy.ndarray of float
        (rows,), 1 where there are no weights.
    cluster : numpy.ndarray of int or None
        (rows,), for robust errors; None if they are those of the model.
    efron : bool
        Whether ties are by Efron's method.
    fit : CoxFit
        The estimate.
    provenance : Provenance
        The event, the origin of the days, and whether the data are synthetic.
    """

    design: Design
    days: NDArray[Any]
    event: NDArray[np.bool_]
    entry: NDArray[Any] | None
    stratum: NDArray[np.intp]
    strata: pd.DataFrame
    weight: Floats
    cluster: NDArray[np.intp] | None
    efron: bool
    fit: CoxFit
    provenance: Provenance

    @cached_property
    def center(self) -> Floats:
        """The mean of each column, from which linear predictors are counted against overflow."""
        mean: Floats = self.design.matrix.mean(axis=0)
        return mean

    @cached_property
    def columns(self) -> Floats:
        """(columns, rows), less `center`."""
        return np.ascontiguousarray((self.design.matrix - self.center).T)

    @cached_property
    def sets(self) -> RiskSets:
        """The risk sets of the rows."""
        return risk_sets(
            self.days,
            self.event,
            self.entry,
            self.stratum if len(self.strata) > 1 else None,
            weight=self.weight,
            efron=self.efron,
        )

    @cached_property
    def point(self) -> LikelihoodAt:
        """The likelihood at the estimate, with the steps of the baseline by cell."""
        return likelihood_at(self.columns, self.fit.coefficient, self.sets, self.weight)

    @cached_property
    def cell_day(self) -> Floats:
        """(cells,), the day of each cell."""
        return _of_cells(self.sets, self.days.astype(np.float64))

    @cached_property
    def cell_stratum(self) -> Places:
        """(cells,), the stratum of each cell."""
        return _of_cells(self.sets, self.stratum.astype(np.float64)).astype(np.intp)

    @property
    def clusters(self) -> NDArray[np.intp]:
        """The cluster of each row; each row its own where none are named."""
        return np.arange(len(self.days)) if self.cluster is None else self.cluster

    def stratum_label(self, stratum: int) -> str:
        """Return the name of a stratum, for a sentence."""
        return label_of(self.strata.iloc[stratum]) if len(self.strata.columns) else ""


def _of_cells(sets: RiskSets, values: Floats) -> Floats:
    by_cell = np.empty(sets.cells)
    by_cell[sets.cell] = values[sets.died]
    return by_cell
