"""Weights of clones by the inverse probability of having gone on, and what the weights are like."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.regression.formula import design_of
from iop_outcomes.compare.strategies.cloning import Clones
from iop_outcomes.compare.strategies.decisions import Decisions
from iop_outcomes.errors import EstimateError
from iop_outcomes.statistics.logistic import logistic_coefficients, logistic_probabilities

Floats = NDArray[np.float64]
LEAST = 1e-6  # a probability below it would make one person outweigh all others


@dataclass(frozen=True, eq=False)
class GoingOn:
    """The model of going on with a strategy, over the decisions at which clones could end.

    Attributes
    ----------
    clones : Clones
        The clones.
    columns : numpy.ndarray of float64
        (decisions at stake, terms).
    stake : numpy.ndarray of int
        The places of these decisions in ``clones.decision``.
    whose : numpy.ndarray of int
        The row of the times of each decision of the clones.
    period : numpy.ndarray of int
        The period of each decision of the clones.
    truncate : float or None
        The quantile of the weights of a period at which larger ones are cut.
    """

    clones: Clones
    columns: Floats
    stake: NDArray[np.intp]
    whose: NDArray[np.intp]
    period: NDArray[np.intp]
    truncate: float | None

    @cached_property
    def start(self) -> Floats:
        """The coefficients of all decisions, from which those of samples are not far."""
        return logistic_coefficients(self.columns, self.clones.kept[self.stake])

    @classmethod
    def of(
        cls, decisions: Decisions, clones: Clones, formula: str, truncate: float | None
    ) -> GoingOn:
        """Return the model of one strategy."""
        stake = np.flatnonzero(clones.at_stake)
        if not clones.kept[stake].any():
            raise EstimateError(
                "Nobody went on with a strategy where it could be left.",
                found=f"{len(stake):,} decisions at which clones could end, none kept to",
                instead="a strategy that some people keep to, or a longer grace.",
            )
        rows = decisions.frame.iloc[clones.decision[stake]].reset_index(drop=True)
        return cls(
            clones=clones,
            columns=design_of(rows, formula).matrix,
            stake=stake,
            whose=decisions.row[clones.decision],
            period=decisions.frame["period"].to_numpy()[clones.decision],
            truncate=truncate,
        )

    def probabilities(self, counts: Floats) -> Floats:
        """Return the probability of going on at each decision; 1 where the clone could not end."""
        kept = self.clones.kept[self.stake]
        chance = np.ones(len(self.clones.decision))
        counted = counts[self.whose[self.stake]]
        if counted[~kept].sum() > 0:
            fitted = logistic_coefficients(self.columns, kept, counted, self.start)
            chance[self.stake] = logistic_probabilities(self.columns, fitted)
        return chance

    def after(self, chance: Floats) -> Floats:
        """Return the weight of a clone after each decision: of those before it, too."""
        logs = -np.log(np.maximum(chance, LEAST))
        total = np.cumsum(logs)
        first = np.flatnonzero(np.diff(self.whose, prepend=-1))
        size = np.diff(np.append(first, len(self.whose)))
        weight = np.exp(total - np.repeat(total[first] - logs[first], size))
        return weight if self.truncate is None else self._cut(weight, self.truncate)

    def _cut(self, weight: Floats, share: float) -> Floats:
        kept = self.clones.kept
        most = pd.Series(weight[kept]).groupby(self.period[kept]).quantile(share)
        limit = most.reindex(self.period).to_numpy()
        return np.fmin(weight, np.where(np.isnan(limit), np.inf, limit))

    def of_stretches(self, after: Floats) -> Floats:
        """Return the weight of each stretch."""
        place = self.clones.stretch_of
        return np.where(place < 0, 1.0, after[np.maximum(place, 0)])

    def table(self, name: str, chance: Floats, after: Floats) -> pd.DataFrame:
        """Return what became of the clones at each period, and the weights after it."""
        clones = self.clones
        rows = []
        for period in np.unique(self.period):
            here = self.period == period
            on = here & clones.kept
            weight = after[on]
            stake = here & clones.at_stake
            rows.append(
                {
                    "group": name,
                    "period": int(period),
                    "clones": int(here.sum()),
                    "could_end": int(stake.sum()),
                    "ended": int((here & ~clones.kept).sum()),
                    "could_not_choose": int((here & ~clones.kept & ~clones.at_stake).sum()),
                    "unknown": int((here & clones.unknown).sum()),
                    "went_on": int(on.sum()),
                    "least_probability": float(chance[stake & on].min())
                    if (stake & on).any()
                    else np.nan,
                    "mean_weight": float(weight.mean()) if len(weight) else np.nan,
                    "largest_weight": float(weight.max()) if len(weight) else np.nan,
                    "effective_size": float(weight.sum() ** 2 / (weight**2).sum())
                    if len(weight)
                    else 0.0,
                }
            )
        return pd.DataFrame(rows)
