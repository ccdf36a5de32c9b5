"""Sums over clusters of the products of what changes with one row at a time, day by day."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

ROUNDING = 1e-13  # of the terms that a sum of squares is left over from


def running_sums(values: NDArray[Any], group: Places) -> Floats:
    """Return the sum of the values so far, from the start of each group.

    Group by group: sums of what is not negative must not fall, as those of pandas can by a
    rounding that they make up for later.
    """
    sums = np.asarray(values, dtype=np.float64).copy()
    begin = np.flatnonzero(np.append(True, group[1:] != group[:-1])).tolist()
    for start, end in pairwise([*begin, len(sums)]):
        np.cumsum(sums[start:end], out=sums[start:end])
    return sums


def sums_of_products(
    who: Places, place: Places, values: Floats, size: int, group: Places | None = None
) -> Floats:
    """Return the sums over clusters of the products of their running values, on each day.

    Parameters
    ----------
    who, place : numpy.ndarray of int
        For each change the cluster, and the day from which it holds; `size` is after the last.
    values : numpy.ndarray
        (kinds, changes), by how much each of several values of the cluster changes.
    size : int
        How many days there are.
    group : numpy.ndarray of int, optional
        The group of each day, where the days of several stand one after another; a cluster is in
        one of them.

    Returns
    -------
    numpy.ndarray
        (kinds, kinds, size).
    """
    order = np.argsort(who.astype(np.int64) * (size + 1) + place, kind="stable")
    who, place = who[order], place[order]
    running = pd.DataFrame(values[:, order].T).groupby(who).cumsum().to_numpy().T
    new = np.append(True, who[1:] != who[:-1])
    earlier = np.where(new, 0.0, np.roll(running, 1, axis=1))
    kinds = len(values)
    products = np.empty((kinds, kinds, size))
    for one in range(kinds):
        for other in range(one, kinds):
            change = running[one] * running[other] - earlier[one] * earlier[other]
            daily = np.bincount(place, change, minlength=size + 1)[:size]
            sums = np.cumsum(daily) if group is None else running_sums(daily, group)
            products[one, other] = products[other, one] = sums
    return products


def squared(products: Floats, weights: Floats) -> Floats:
    """Return the sum of the squares of the weighted values, 0 where it is rounding alone."""
    total: Floats = np.einsum("it,jt,ijt->t", weights, weights, products)
    size = np.einsum("it,jt,ijt->t", np.abs(weights), np.abs(weights), np.abs(products))
    return np.where(total > ROUNDING * size, total, 0.0)


def joined(
    cluster: Places, start: NDArray[Any], end: NDArray[Any]
) -> tuple[Places, NDArray[Any], NDArray[Any]]:
    """Return the spans in which something is known of a cluster: a row of each, start and end."""
    order = np.lexsort((start, cluster))
    cluster, start = cluster[order], start[order]
    latest = pd.Series(end[order]).groupby(cluster).cummax().to_numpy()
    apart = np.append(True, (cluster[1:] != cluster[:-1]) | (start[1:] > latest[:-1]))
    last = np.append(apart[1:], True)
    return order[apart], start[apart], latest[last]


@dataclass(frozen=True, eq=False)
class Spans:
    """From when to when something is known of each cluster.

    Attributes
    ----------
    start, end : numpy.ndarray
        Rising; known after the start (on day 0 from it on) through the end.
    """

    start: NDArray[Any]
    end: NDArray[Any]

    @classmethod
    def of(cls, cluster: Places, start: NDArray[Any], end: NDArray[Any]) -> Spans:
        """Return the spans of clusters whose rows are known from a start through an end."""
        _, start, end = joined(cluster, start, end)
        return cls(np.sort(start), np.sort(end))

    def at(self, days: NDArray[Any]) -> NDArray[np.int64]:
        """Return of how many clusters something is known on each day."""
        begun = np.searchsorted(self.start, days, side="left")
        begun = np.maximum(begun, np.searchsorted(self.start, 0, side="right"))
        return (begun - np.searchsorted(self.end, days, side="left")).astype(np.int64)
