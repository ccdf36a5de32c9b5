"""The infinitesimal jackknife by cluster: sums of squares of what changes with one row at a time.

The influence of a cluster on an estimate through day t is a sum of a few values of the cluster,
each times a weight that is the same for all clusters. The values change only where one of its rows
comes or ends, so that running sums of their products give the sum of squares on all days: no table
of clusters by days.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

ROUNDING = 64 * float(np.finfo(float).eps)  # of the terms that a sum is left over from


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
        The group of each day, where the days of several follow one another; a cluster is in
        one of them.

    Returns
    -------
    numpy.ndarray
        (kinds, kinds, size).
    """
    if not len(who):
        return np.zeros((len(values), len(values), size))
    order = np.argsort(who.astype(np.int64) * (size + 1) + place, kind="stable")
    who, place = who[order], place[order]
    running = pd.DataFrame(values[:, order].T).groupby(who).cumsum().to_numpy().T
    new = np.append(True, who[1:] != who[:-1])
    earlier = np.where(new, 0.0, np.roll(running, 1, axis=1))
    kinds = len(values)
    products = np.empty((kinds, kinds, size))
    for kind in range(kinds):
        for other_kind in range(kind, kinds):
            change = running[kind] * running[other_kind] - earlier[kind] * earlier[other_kind]
            daily = np.bincount(place, change, minlength=size + 1)[:size]
            sums = np.cumsum(daily) if group is None else running_sums(daily, group)
            products[kind, other_kind] = products[other_kind, kind] = sums
    return products


def sums_over_rows(
    who: Places, first: Places, last: Places, changes: tuple[Floats, Floats], size: int
) -> Floats:
    """Return `sums_of_products` of clusters whose rows change their values twice.

    Parameters
    ----------
    who, first, last : numpy.ndarray of int
        For each row its cluster, and the days on which it comes and ends.
    changes : tuple of numpy.ndarray
        (kinds, rows), by how much the values of the cluster change on the one and on the other.
    size : int
        How many days there are.
    """
    come, gone = changes
    alone = (np.bincount(who) == 1)[who]  # these need no order
    several = ~alone
    place = np.concatenate([first[several], last[several]])
    values = np.hstack([come[:, several], gone[:, several]])
    products = sums_of_products(np.tile(who[several], 2), place, values, size)
    once, ended = come[:, alone], come[:, alone] + gone[:, alone]
    for kind in range(len(come)):
        for other_kind in range(kind, len(come)):
            there, then = once[kind] * once[other_kind], ended[kind] * ended[other_kind]
            daily = np.bincount(first[alone], there, size).astype(np.float64)
            products[kind, other_kind] += np.cumsum(
                daily + np.bincount(last[alone], then - there, size)
            )
            products[other_kind, kind] = products[kind, other_kind]
    return products


def summed(
    products: Floats, weights: Floats, others: Floats | None = None, group: Places | None = None
) -> Floats:
    """Return the sum over clusters of the products of two weighted sums of their values, by day.

    Parameters
    ----------
    products : numpy.ndarray
        (kinds, kinds, days), of `sums_of_products`.
    weights, others : numpy.ndarray
        (kinds, days), what the values count in the one and in the other; without the other, the
        sum of squares, at least 0. It is 0 where it is the rounding of terms that cancel.
    group : numpy.ndarray of int, optional
        The group of each day, as of `sums_of_products`.
    """
    second = weights if others is None else others
    total: Floats = np.einsum("it,jt,ijt->t", weights, second, products)
    size = np.einsum("it,jt,ijt->t", np.abs(weights), np.abs(second), _largest(products, group))
    kept = np.where(np.abs(total) > ROUNDING * size, total, 0.0)
    return kept if others is not None else np.maximum(kept, 0.0)


def _largest(products: Floats, group: Places | None) -> Floats:
    """Return the largest size of each sum of products so far, the scale of its rounding error."""
    size = np.abs(products)
    if group is None:
        return np.maximum.accumulate(size, axis=-1)
    flat = pd.DataFrame(size.reshape(-1, len(group)).T).groupby(group).cummax()
    return np.asarray(flat, dtype=np.float64).T.reshape(size.shape)


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
