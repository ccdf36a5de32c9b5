"""Aalen-Johansen shares of directed states, and their errors by the infinitesimal jackknife."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.survival.states.transitions import Change, Moves, Spells

Floats = NDArray[np.float64]

ROUNDING = 1e-12  # a share so close to 0 or 1 is 0 or 1
TRACE = 1e-15  # smaller variances are rounding errors


@dataclass(frozen=True, eq=False)
class Occupied:
    """Shares and time by state on each day of the grid; all arrays of shape (days, states).

    Attributes
    ----------
    share, variance : numpy.ndarray
        The share in each state through the day, and its variance.
    time, time_variance : numpy.ndarray
        The days spent in each state from the start to that day, and their variance.
    shared : numpy.ndarray
        The covariance of share and time.
    """

    share: Floats
    variance: Floats
    time: Floats
    time_variance: Floats
    shared: Floats


def occupy(moves: Moves, spells: Spells) -> Occupied:
    r"""Multiply the daily transition matrices; carry each actor's influence beside them.

    Parameters
    ----------
    moves : Moves
        Who is at risk in which state on each day, and who moves where.
    spells : Spells
        The same by actor (a person, or whatever varies as one): between which days each is
        under observation in which states.

    Notes
    -----
    With :math:`H_t` the matrix of the shares that go from state to state on day t, the shares are
    :math:`p_t = p_{t-1} H_t`. The influence of an actor on them follows the same map,

    .. math:: U_t = U_{t-1} H_t + \sum_{\text{rows at risk in } s} \frac{p_{t-1}(s)}{n_t(s)}
        (e_{\text{where it goes}} - H_t(s, \cdot)),

    and the variance is the sum of their squares. Between two changes of an actor the second term
    is the same for all in one state: it is summed once for each state, and an actor's own U is
    worked out only on the days on which the actor changes. With :math:`V = \sum U^T U` carried
    on by matrices of states, the cost is (rows + days squared) times small matrices, whatever
    the number of people. The integral of U over time, beside U in each vector, gives the errors
    of the days spent in each state.
    """
    days, size = moves.day, len(moves.start)
    share = np.zeros((len(days), size))
    time, variance, time_variance, shared = (np.zeros_like(share) for _ in range(4))
    people = _Influence(moves, spells)
    share[0] = moves.start
    variance[0] = np.diag(people.covariance)[:size]
    for place in range(1, len(days)):
        length = float(days[place] - days[place - 1])
        before = share[place - 1]
        time[place] = time[place - 1] + before * length
        share[place] = before @ moves.step[place]
        people.advance(place, length, before)
        spread = np.diag(people.covariance)
        variance[place], time_variance[place] = spread[:size], spread[size:]
        shared[place] = np.diag(people.covariance[:size, size:])
    # Sums that cancel leave a trace of rounding where nothing varies.
    sure = (share < ROUNDING) | (share > 1 - ROUNDING) | (variance < TRACE)
    length = (days - days[0])[:, None]
    return Occupied(
        np.clip(share, 0.0, 1.0),
        np.where(sure, 0.0, variance),
        time,
        np.where(time_variance < TRACE * length**2, 0.0, time_variance),
        np.where(sure, 0.0, shared),
    )


class _Influence:
    """The sum over actors of what they share, and the few that change on a day one by one.

    A vector of influence holds that on the shares and, behind it, that on the days spent.
    """

    def __init__(self, moves: Moves, spells: Spells) -> None:
        size = len(moves.start)
        self.moves, self.spells = moves, spells
        self.weight = _ratio(1.0, moves.at_risk)  # of one row among those at risk in a state
        # Behind each day of the grid that somebody's spell may have begun on: the product of
        # the matrices since, and its integral.
        self.product = np.broadcast_to(np.eye(size), (len(moves.day), size, size)).copy()
        self.integral = np.zeros_like(self.product)
        self.stayed = np.zeros((size, 2 * size))  # of a row that stayed in a state all the time
        self.own = np.zeros((spells.actors, 2 * size))  # at the start of the current spell
        self.own[:, :size] = spells.start_influence
        self.since = np.zeros(spells.actors, dtype=np.intp)
        self.held = spells.first.copy()  # rows of the actor by state
        self.covariance = self.own.T @ self.own
        self.by_state = self.held.T @ self.own
        self.pairs = self.held.T @ self.held

    def advance(self, place: int, length: float, before: Floats) -> None:
        """Go on by one day of the grid."""
        size = len(before)
        step = self.moves.step[place]
        whole = np.eye(2 * size)
        whole[:size, :size] = step
        whole[:size, size:] = length * np.eye(size)
        added = np.zeros((size, 2 * size))
        weight = before * self.weight[place]
        added[:, :size] = weight[:, None] * (np.eye(size) - step)

        crossed = (self.by_state @ whole).T @ added
        self.covariance = whole.T @ self.covariance @ whole + crossed + crossed.T
        self.covariance += added.T @ self.pairs @ added
        self.by_state = self.by_state @ whole + self.pairs @ added
        self.stayed = self.stayed @ whole + added
        self.integral[:place] += length * self.product[:place]
        self.product[:place] = self.product[:place] @ step

        change = self.spells.on(place)
        if len(change.actor):
            self._change(change, weight, place)

    def _change(self, change: Change, weight: Floats, place: int) -> None:
        """Bring the actors that change on this day up to it, and give them their new states."""
        size = len(weight)
        actor = change.actor
        held = self.held[actor]
        since = self.since[actor]
        own = self.own[actor]
        shares = np.einsum("ni,nij->nj", own[:, :size], self.product[since])
        times = own[:, size:] + np.einsum("ni,nij->nj", own[:, :size], self.integral[since])
        old = np.concatenate([shares, times], axis=1) + held @ self.stayed
        new = old.copy()
        row = weight[change.source]
        np.add.at(new, (change.row, change.target), row)
        np.add.at(new, (change.row, change.source), -row)
        self.covariance += new.T @ new - old.T @ old
        now = held + change.held
        self.by_state += now.T @ new - held.T @ old
        self.pairs += now.T @ now - held.T @ held
        self.held[actor] = now
        self.own[actor] = new - now @ self.stayed
        self.since[actor] = place


def _ratio(above: float, below: NDArray[Any]) -> Floats:
    ratio: Floats = np.divide(above, below, out=np.zeros(below.shape), where=below > 0)
    return ratio
