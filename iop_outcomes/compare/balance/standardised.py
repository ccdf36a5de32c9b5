r"""Standardised differences between two groups.

Of numbers :math:`(\bar x_1 - \bar x_0) / \sqrt{(s_1^2 + s_0^2) / 2}`; of yes or no the same with
:math:`s^2 = p (1 - p)` (Austin 2009, Stat Med 28:3083-3107). Of words with any number of levels the
Mahalanobis distance :math:`\sqrt{(p_1 - p_0)^\top S^{-1} (p_1 - p_0)}` of the shares of all levels
but one, with :math:`S = (S_1 + S_0) / 2` and the multinomial covariances :math:`S_g =
\mathrm{diag}(p_g) - p_g p_g^\top` (Yang and Dalton 2012, SAS Global Forum, paper 335). It has no
sign, does not depend on which level is left out, and with two levels is the size of the difference
of yes or no.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.compare.balance.covariates import Covariate
from iop_outcomes.shared.arrays import sums

Floats = NDArray[np.float64]
SAME = 1e-12


@dataclass(frozen=True, eq=False)
class Spread:
    """The means and covariances of a covariate by group.

    Attributes
    ----------
    missing, rows : numpy.ndarray of float64
        (groups,), the weight of the rows without a value, and of all.
    mean : numpy.ndarray of float64
        (groups, columns), the means of those known; missing where there are none.
    covariance : numpy.ndarray of float64
        (groups, columns, columns).
    """

    missing: Floats
    rows: Floats
    mean: Floats
    covariance: Floats

    @classmethod
    def of(
        cls, covariate: Covariate, group: NDArray[np.intp], groups: int, weight: Floats | None
    ) -> Spread:
        r"""Return the means and covariances of a covariate by group.

        Variances of numbers are over :math:`\sum w - \sum w^2 / \sum w`, which without weights is
        :math:`n - 1`.
        """
        counted = np.ones(len(group)) if weight is None else weight
        known = counted * covariate.known
        rows, there = (sums(group, each, groups) for each in (counted, known))
        some = there[:, None] > 0
        total = np.stack([sums(group, known * each, groups) for each in covariate.values.T], axis=1)
        mean = np.divide(total, there[:, None], out=np.full(total.shape, np.nan), where=some)
        if covariate.kind == "number":
            moved = np.where(covariate.known, covariate.values[:, 0] - mean[group, 0], 0.0)
            squares = sums(group, known * moved**2, groups)
            twice = sums(group, known**2, groups)
            lost = np.divide(twice, there, out=np.zeros(groups), where=there > 0)
            free = np.where(there - lost > SAME * there, there - lost, 0.0)
            variance = np.divide(squares, free, out=np.full(groups, np.nan), where=free > 0)
            return cls(rows - there, rows, mean, variance[:, None, None])
        spread = np.stack([np.diag(share) - np.outer(share, share) for share in mean])
        return cls(rows - there, rows, mean, spread)

    @property
    def share_missing(self) -> Floats:
        """(groups,), the share of the rows without a value."""
        return self.missing / self.rows


def difference_of(kind: str, at: Spread, scale: Spread, group: int, reference: int) -> float:
    """Return the standardised difference of two groups.

    Parameters
    ----------
    kind : str
        Of the covariate.
    at : Spread
        Whose means are compared.
    scale : Spread
        Whose covariances are the unit: that before weighting, so that weights change the
        difference and not its unit.
    one, two : int
        The groups; the difference is that of the first less the second.
    """
    moved = at.mean[group] - at.mean[reference]
    unit = (scale.covariance[group] + scale.covariance[reference]) / 2
    if not (np.isfinite(moved).all() and np.isfinite(unit).all()):
        return np.nan
    if kind == "words":
        return _distance(moved[1:], unit[1:, 1:])
    return _ratio(float(moved[0]), float(unit[0, 0]))


def difference_of_missing(at: Spread, scale: Spread, group: int, reference: int) -> float:
    """Return the standardised difference of the shares without a value."""
    share = scale.share_missing
    unit = float(np.mean([share[place] * (1 - share[place]) for place in (group, reference)]))
    return _ratio(float(at.share_missing[group] - at.share_missing[reference]), unit)


def _ratio(moved: float, variance: float) -> float:
    if abs(moved) <= SAME:
        return 0.0
    return float(moved / np.sqrt(variance)) if variance > 0 else float(np.sign(moved) * np.inf)


def _distance(moved: Floats, unit: Floats) -> float:
    """Return the Mahalanobis distance; infinite along a direction without any spread."""
    if not len(moved) or np.abs(moved).max() <= SAME:
        return 0.0
    values, directions = np.linalg.eigh(unit)
    along = directions.T @ moved
    flat = values <= SAME * max(float(values.max()), SAME)
    if (np.abs(along[flat]) > 1e-9).any():
        return np.inf
    return float(np.sqrt((along[~flat] ** 2 / values[~flat]).sum()))
