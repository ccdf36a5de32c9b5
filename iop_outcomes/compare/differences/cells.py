"""Groups within strata as cells, and the estimate of each group standardised to the strata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.group_tests.groups import (
    refuse_no_columns,
    refuse_single_group,
    strata_of,
)
from iop_outcomes.errors import EstimateError
from iop_outcomes.survival.times import CheckedTimes

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cells:
    """The rows of each group in each stratum.

    Attributes
    ----------
    times : CheckedTimes
        Whose groups are the cells: the group times the number of strata, plus the stratum.
    labels : pandas.DataFrame
        One row a group.
    share : numpy.ndarray
        The share of all rows, or of their weights, in each stratum; sums to 1.
    strata : tuple of str
        The columns that define the strata.
    """

    times: CheckedTimes
    labels: pd.DataFrame
    share: Floats
    strata: tuple[str, ...]

    @classmethod
    def of(
        cls,
        times: CheckedTimes,
        frame: pd.DataFrame,
        strata: str | Sequence[str] | None,
        weight: Floats | None,
        instead: str,
    ) -> Cells:
        """Return the cells of checked times; refuse a single group, or one without a stratum."""
        refuse_no_columns(times.labels)
        refuse_single_group(times.labels, instead)
        stratum, names = strata_of(frame, strata, list(times.labels.columns))
        number = int(stratum.max()) + 1
        cell = times.group * number + stratum
        groups = len(times.labels)
        absent = int((np.bincount(cell, minlength=groups * number) == 0).sum())
        if absent:
            raise EstimateError(
                "A difference standardised to strata needs every group in every stratum.",
                found=f"{absent:,} of {groups * number:,} groups within strata without a row",
                instead="fewer strata, or only the strata in which every group occurs.",
            )
        whole = np.ones(len(cell)) if weight is None else weight
        share = np.bincount(stratum, whole, minlength=number)
        labels = times.labels.loc[times.labels.index.repeat(number)].reset_index(drop=True)
        return cls(
            times=replace(times, group=cell.astype(np.intp), labels=labels),
            labels=times.labels,
            share=share / share.sum(),
            strata=tuple(names),
        )

    def standardised(self, values: Floats, covariance: Floats) -> tuple[Floats, Floats]:
        """Return the values of the groups and their covariance, from those of the cells."""
        groups = len(self.labels)
        weights = np.kron(np.eye(groups), self.share[None, :])
        return weights @ values, weights @ covariance @ weights.T

    def of_groups(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the sums over the strata of each group."""
        sums: NDArray[np.int64] = counts.reshape(len(self.labels), -1).sum(axis=1)
        return sums

    @property
    def text(self) -> str:
        """How the rule names the strata."""
        if not self.strata:
            return ""
        return (
            f" Standardised to the strata of {', '.join(self.strata)}, each with its share of all "
            "rows, which is taken as known."
        )


def covariance_of(influence: Sequence[tuple[NDArray[np.intp], Floats]], clusters: int) -> Floats:
    """Return the covariance of estimates whose clusters may be in several cells.

    Parameters
    ----------
    influence : sequence of tuple of numpy.ndarray
        For each cell the clusters that are in it, and the influence of each on its estimate.
    clusters : int
        How many clusters there are.

    Notes
    -----
    The infinitesimal jackknife: the sum over clusters of the products of their influences.
    """
    cell = np.repeat(np.arange(len(influence)), [len(who) for who, _ in influence])
    who = np.concatenate([own for own, _ in influence])
    value = np.concatenate([values for _, values in influence])
    from scipy.sparse import coo_matrix

    table = coo_matrix((value, (cell, who)), shape=(len(influence), clusters)).tocsr()
    products: Floats = (table @ table.T).toarray()
    return products
