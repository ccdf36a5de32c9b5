"""Histories of states as counts by day, and as what changes for whom on each day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.survival.at_risk import RowRanges

Floats = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Stays:
    """The stays of one group, one entry a stay.

    Attributes
    ----------
    entry, days : numpy.ndarray
        Under observation in the state after `entry`, through `days`.
    state, target : numpy.ndarray of int
        The state, and the state that follows; -1 where the stay is censored.
    actor : numpy.ndarray of int
        The unit of independent variation, numbered from 0.
    """

    entry: NDArray[Any]
    days: NDArray[Any]
    state: Places
    target: Places
    actor: Places

    def after(self, start: float) -> Stays:
        """Return what is under observation after `start`."""
        kept = self.days > start
        entry = np.maximum(self.entry[kept], start)
        days, state, target = self.days[kept], self.state[kept], self.target[kept]
        return Stays(entry, days, state, target, self.actor[kept])


@dataclass(frozen=True, eq=False)
class Moves:
    """Who is at risk and who moves, by day.

    Attributes
    ----------
    day : numpy.ndarray, shape (days,)
        The start, and each day on which a stay begins or ends.
    at_risk : numpy.ndarray of int, shape (days, states)
        Under observation in each state just before each day; on the first day, from it on.
    counts : numpy.ndarray of int, shape (days, states, states)
        How many went from (row) to (column) on each day.
    step : numpy.ndarray, shape (days, states, states)
        The share of those at risk that went; each row sums to 1.
    start : numpy.ndarray, shape (states,)
        The shares on the first day.
    """

    day: NDArray[Any]
    at_risk: NDArray[np.int64]
    counts: NDArray[np.int64]
    step: Floats
    start: Floats


@dataclass(frozen=True, eq=False)
class Change:
    """What changes on a day: one entry an actor, and beside it one a move.

    Attributes
    ----------
    actor : numpy.ndarray of int
        Who changes.
    held : numpy.ndarray, shape (actors that change, states)
        Rows under observation in each state from then on, less those before.
    row, source, target : numpy.ndarray of int
        The moves: the place of their actor in `actor`, from which state, to which.
    """

    actor: Places
    held: Floats
    row: Places
    source: Places
    target: Places


@dataclass(frozen=True, eq=False)
class Spells:
    """The changes of all actors, in the order of the days.

    Attributes
    ----------
    actors : int
        How many there are.
    first : numpy.ndarray, shape (actors, states)
        Rows under observation in each state from the first day on.
    start_influence : numpy.ndarray, shape (actors, states)
        The influence of each on the shares of the first day.
    change : Change
        All changes; those of a day are adjacent.
    change_from, move_from : numpy.ndarray of int
        Where the changes, and the moves, of each day of the grid begin.
    """

    actors: int
    first: Floats
    start_influence: Floats
    change: Change
    change_from: Places
    move_from: Places

    def on(self, place: int) -> Change:
        """Return the changes of a day of the grid."""
        begin, end = self.change_from[place : place + 2]
        moves = slice(*self.move_from[place : place + 2])
        all_ = self.change
        return Change(
            all_.actor[begin:end],
            all_.held[begin:end],
            all_.row[moves] - begin,
            all_.source[moves],
            all_.target[moves],
        )


def arrange(stays: Stays, size: int, start: float) -> tuple[Moves, Spells]:
    """Return the moves of `stays` among `size` states, and the changes of their actors."""
    day = np.unique(np.concatenate([[start], stays.entry, stays.days]))
    entry, end = np.searchsorted(day, stays.entry), np.searchsorted(day, stays.days)
    moved = stays.target >= 0
    counts = np.bincount(
        (end[moved] * size + stays.state[moved]) * size + stays.target[moved],
        minlength=len(day) * size * size,
    ).reshape(len(day), size, size)
    enter = np.where(entry > 0, entry + 1, 0)  # at risk from the day after, except for the first
    at_risk = RowRanges.of(enter, end + 1, len(day)).counts(stays.state, size)
    out = counts.sum(axis=2)
    each: Floats = np.divide(1.0, at_risk, out=np.zeros(at_risk.shape), where=at_risk > 0)
    step: Floats = np.multiply(counts, each[:, :, None], dtype=np.float64)
    states = np.arange(size)
    step[:, states, states] += 1 - out * each

    # As in R: the first shares are those of whoever is at risk on the first day of a move.
    first_move = end[moved].min() if moved.any() else len(day) - 1
    there = np.flatnonzero((entry < first_move) & (end >= first_move))
    begun = np.bincount(stays.state[there], minlength=size) / len(there)
    spells = _spells(stays, (entry, end), size, (there, begun))
    return Moves(day, at_risk, counts, step, begun), spells


def _spells(
    stays: Stays, places: tuple[Places, Places], size: int, begun: tuple[Places, Floats]
) -> Spells:
    entry, end = places
    there, start = begun
    actors = int(stays.actor.max()) + 1
    early = entry == 0
    first = _count(stays.actor[early], stays.state[early], actors, size).astype(float)
    influence = _count(stays.actor[there], stays.state[there], actors, size).astype(float)
    influence = (influence - influence.sum(axis=1, keepdims=True) * start) / len(there)

    later = ~early
    key = np.concatenate([entry[later], end]) * actors + np.concatenate(
        [stays.actor[later], stays.actor]
    )
    state = np.concatenate([stays.state[later], stays.state])
    sign = np.concatenate([np.ones(int(later.sum())), -np.ones(len(end))])
    distinct, row = np.unique(key, return_inverse=True)
    held: Any = np.bincount(row * size + state, weights=sign, minlength=len(distinct) * size)
    moved = np.flatnonzero(stays.target >= 0)
    own = row[int(later.sum()) + moved]
    order = np.argsort(own, kind="stable")
    moved, own = moved[order], own[order]
    bounds = np.arange(int(end.max()) + 2)
    change = Change(
        distinct % actors, held.reshape(-1, size), own, stays.state[moved], stays.target[moved]
    )
    return Spells(
        actors,
        first,
        influence,
        change,
        np.searchsorted(distinct // actors, bounds),
        np.searchsorted(end[moved], bounds),
    )


def _count(place: Places, state: Places, places: int, size: int) -> NDArray[np.int64]:
    return np.bincount(place * size + state, minlength=places * size).reshape(places, size)
