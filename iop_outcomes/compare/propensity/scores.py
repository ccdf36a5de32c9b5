"""The model of the group given the covariates, fitted to many bootstrap samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.compare.propensity.estimands import weights_of
from iop_outcomes.errors import EstimateError
from iop_outcomes.statistics.multinomial import (
    multinomial_coefficients,
    multinomial_probabilities,
)

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
NEVER = 1e-6


@dataclass(frozen=True, eq=False)
class Scores:
    """Probabilities of the groups, and who is used.

    Attributes
    ----------
    coefficients : numpy.ndarray of float64
        (groups - 1, 1 + terms), of each group against the first, the intercept first.
    chance : numpy.ndarray of float64
        (rows, groups), by these.
    used : numpy.ndarray of bool
        (rows,), False of those trimmed.
    """

    coefficients: Floats
    chance: Floats
    used: Flags


@dataclass(frozen=True, eq=False)
class GroupModel:
    """The columns of the model of the group, and the options of the weights.

    Attributes
    ----------
    columns : numpy.ndarray of float64
        (rows, terms).
    group : numpy.ndarray of int
        (rows,), codes from 0.
    groups : int
        How many there are.
    estimand : str
        Whose average it is.
    treated : int
        The group whose people it is over.
    trim : float or None
        The least probability of each group.
    """

    columns: Floats
    group: NDArray[np.intp]
    groups: int
    estimand: str
    treated: int
    trim: float | None

    def fit(self, counts: Floats | None = None, start: Floats | None = None) -> Scores:
        """Fit the model with these row weights; after trimming it is fitted again."""
        coefficients = multinomial_coefficients(
            self.columns, self.group, self.groups, counts, start
        )
        chance = multinomial_probabilities(self.columns, coefficients)
        used = np.ones(len(self.group), dtype=bool)
        if self.trim is None:
            return Scores(coefficients, chance, used)
        used = chance.min(axis=1) >= self.trim
        there = np.bincount(self.group[used], minlength=self.groups)
        if (there == 0).any():
            return Scores(coefficients, chance, used)
        left = used * 1.0 if counts is None else counts * used
        coefficients = multinomial_coefficients(
            self.columns, self.group, self.groups, left, coefficients
        )
        return Scores(coefficients, multinomial_probabilities(self.columns, coefficients), used)

    def weights(self, scores: Scores) -> Floats:
        """Return the weight of each row, 0 of those trimmed."""
        weight = weights_of(scores.chance, self.group, self.estimand, self.treated)
        return np.where(scores.used, weight, 0.0)

    def refuse_apart(self, scores: Scores) -> None:
        """Refuse groups that the covariates separate, so that there is nobody to compare.

        Raises
        ------
        EstimateError
            If trimming leaves a group without rows, all rows could have been in their own group
            only, or, except for overlap weights, some rows could not have been in each group.
        """
        used = scores.used
        there = np.bincount(self.group[used], minlength=self.groups)
        if (there == 0).any():
            raise EstimateError(
                "After trimming there is a group without rows.",
                found=f"{int((~used).sum()):,} of {len(used):,} rows trimmed",
                instead="a smaller trim=, or groups that overlap more.",
            )
        never = (scores.chance[used] < NEVER).any(axis=1)
        if never.all() or (never.any() and self.estimand != "overlap"):
            raise EstimateError(
                "Groups can only be compared among people who could have been in each of them; "
                "here the covariates determine the group of some people.",
                found=f"{int(never.sum()):,} of {int(used.sum()):,} rows with a probability of "
                "some group near 0",
                instead='trim=0.05, estimand="overlap", or fewer covariates or levels.'
                if not never.all()
                else "fewer covariates: those that define the groups are no covariates.",
            )
