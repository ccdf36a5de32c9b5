"""Limits from the influence of each row, in place of samples of people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.resampling.contrasts import (
    curve_rows,
    differences_of,
    measures_of,
    pair_rows,
    pairs_between,
)
from iop_outcomes.shared.arrays import sums
from iop_outcomes.survival.limits import normal_quantile

Floats = NDArray[np.float64]
AT_ONCE = 4_000_000  # numbers


class Influenced(Protocol):
    """Curves of which the influence of each row is known."""

    def influence(self, places: NDArray[np.intp]) -> Floats:
        """Return (groups, places, rows)."""


@dataclass(frozen=True, eq=False)
class Errors:
    """The errors of curves.

    Attributes
    ----------
    of_curves : numpy.ndarray of float64
        (groups, days), standard errors.
    covariance : dict of str to numpy.ndarray
        (groups, groups), of the survival at the last day and of the restricted mean.
    """

    of_curves: Floats
    covariance: dict[str, Floats]

    @classmethod
    def of(cls, curves: Influenced, grid: Floats, cluster: NDArray[np.intp], groups: int) -> Errors:
        """Return the errors, the rows of a cluster taken together."""
        number = int(cluster.max()) + 1
        block = max(1, AT_ONCE // (len(cluster) * groups))
        error = np.zeros((groups, len(grid)))
        width = np.append(np.diff(grid), 0.0)
        area: Floats = np.zeros((groups, number))
        last: Floats = np.zeros((groups, number))
        for start in range(0, len(grid), block):
            places = np.arange(start, min(start + block, len(grid)))
            rows = curves.influence(places)
            summed = np.stack(
                [
                    [sums(cluster, influence_of_group, number) for influence_of_group in of_group]
                    for of_group in rows
                ]
            )
            error[:, places] = np.sqrt((summed**2).sum(axis=2))
            area += np.einsum("gpc,p->gc", summed, width[places])
            last = summed[:, -1]
        products = {"survival": last @ last.T, "restricted_mean": area @ area.T}
        return cls(error, products)

    def of_differences(self, reference: int | None) -> Floats:
        """Return the standard errors of the differences of pairs, (measures, pairs)."""
        pairs = pairs_between(len(self.of_curves), reference)
        return np.array(
            [
                [
                    np.sqrt(max(each[one, one] + each[two, two] - 2 * each[one, two], 0.0))
                    for one, two in pairs
                ]
                for each in self.covariance.values()
            ]
        )

    def curve_table(
        self, names: Sequence[str], grid: Floats, survival: Floats, confidence: float
    ) -> pd.DataFrame:
        """Return the curves with normal limits, cut to 0 and 1."""
        reach = normal_quantile(confidence) * self.of_curves
        lower, upper = (np.clip(survival + sign * reach, 0.0, 1.0) for sign in (-1, 1))
        return curve_rows(names, grid, survival, (self.of_curves, lower, upper))

    def differences(
        self,
        names: Sequence[str],
        grid: Floats,
        survival: Floats,
        *,
        reference: int | None,
        confidence: float,
    ) -> pd.DataFrame:
        """Return the differences of pairs with normal limits."""
        measures = measures_of(grid, survival)
        error, difference = self.of_differences(reference), differences_of(measures, reference)
        reach = normal_quantile(confidence) * error
        limits = error, difference - reach, difference + reach
        return pair_rows(names, measures, limits, reference=reference)
