"""Histories of states in, the share of episodes or people in each state on each day out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.groups import MissingGroup, settle_groups
from iop_outcomes.shared.text import format_level
from iop_outcomes.survival.clusters import Cluster
from iop_outcomes.survival.competing.aalen_johansen import incidence_limits
from iop_outcomes.survival.labels import labelled
from iop_outcomes.survival.limits import normal_quantile
from iop_outcomes.survival.running_products import Spans
from iop_outcomes.survival.states.histories import Histories, read_histories
from iop_outcomes.survival.states.result import SPENT, STATE_COLUMNS, StateOccupation, one_day
from iop_outcomes.survival.states.transitions import Moves, Stays, arrange
from iop_outcomes.survival.states.variance import Occupied, occupy

MOST_DAYS = 20_000


def state_occupation(
    histories: pd.DataFrame,
    by: str | Sequence[str] | None = None,
    *,
    id: str | None = "episode_id",
    cluster: str | Cluster | None = Cluster.PERSON,
    start: float | None = None,
    missing_group: MissingGroup = "refuse",
    confidence: float = 0.95,
) -> StateOccupation:
    r"""Estimate the proportion in each state on each day, by Aalen and Johansen.

    Parameters
    ----------
    histories : pandas.DataFrame
        What `iop_outcomes.state_histories` returns, or any frame with one row a stay in a state:
        the column `id`, ``state``, ``days`` (number: the day on which the stay ends),
        ``next_state`` (missing where the stay is censored) and, unless all begin on day 0,
        ``entry`` (number, before ``days``: in the state, under observation, from the day after it).
        Any state may follow any other, and be returned to. There may be gaps between two stays. The
        order of the states is that of the categories of ``state``.
    by : str or sequence of str, optional
        Columns whose values define the groups.
    id : str or None
        The column that identifies the unit; None if every row is a person's only stay. With
        episodes the shares are of episodes, and a person may have several.
    cluster : str, Cluster.PERSON or None
        The column of clusters, for the standard errors; by default ``person_id`` where the frame
        has it, else `id`. None treats each `id` as independent.
    start : float, optional
        The first day: the shares are those of people under observation after it. By default the
        first day with anyone of the group under observation, 0 unless all entered late.
    missing_group : {"refuse", "own", "leave_out"}
        How ids without a value of `by` are handled: refused; a group "not recorded" of their own;
        or left out, and counted in ``rule`` and ``text``.
    confidence : float
        The level of the pointwise limits.

    Returns
    -------
    StateOccupation
        With ``table``, ``transitions``, ``at``, ``time_in_state`` and ``plot``.

    Raises
    ------
    EstimateError
        If a time is missing, negative or not finite, a stay has no length, the stays of one id
        overlap, contradict each other or lie in two groups, a state, id or group is missing,
        nobody is under observation after `start`, or there are over 20,000 different days.
    RuleError
        If a column is not there or has a name of the table's.

    Notes
    -----
    **The estimate.** :math:`p(t) = p(0) \prod_{u \le t} H(u)` with :math:`H_{sj}(u) =
    d_{sj}(u) / n_s(u)`: of those in state s just before day u, the share that go to j on it
    (Aalen and Johansen 1978, Scand J Stat 5:141-150). All transitions of a day are simultaneous. As
    an estimate of the *shares* it needs no Markov property where the ends of follow-up are
    independent of the course (Datta and Satten 2001, Stat Probab Lett 55:403-411). Independent
    censoring within each state is assumed. p(0) are the shares among those at risk on the first day
    of a move, as in R.

    **Standard errors** by the infinitesimal jackknife: the influence of each cluster on each
    share, squared and summed, R's ``survfit(Surv(entry, days, factor(next_state)), id = ,
    influence = TRUE)$std.err``. They need no Markov property either. Limits are symmetric in
    :math:`\log(-\log p)`; while a share is 0 they go from 0 to the upper limit of a share of none
    among the clusters under observation, and they are missing where it is 1. Cost: stays x
    states squared, and days squared x states cubed, whatever the number of people.

    With two states, the second without return, the shares are the Kaplan-Meier estimate and its
    complement; with several such, `iop_outcomes.cumulative_incidence`.

    Examples
    --------
    One person lapses and recovers, one stays engaged, one lapses and dies.

    >>> import pandas as pd
    >>> from iop_outcomes.survival.states.estimate import state_occupation
    >>> histories = pd.DataFrame(
    ...     {
    ...         "episode_id": ["a", "a", "a", "b", "c", "c"],
    ...         "state": ["engaged", "lapsed", "engaged", "engaged", "engaged", "lapsed"],
    ...         "entry": [0, 10, 30, 0, 0, 20],
    ...         "days": [10, 30, 60, 60, 20, 40],
    ...         "next_state": ["lapsed", "engaged", None, None, "lapsed", "dead"],
    ...     }
    ... )
    >>> states = state_occupation(histories)
    >>> states.at(30)[["state", "at_risk", "entered", "share"]].round(3)
         state  at_risk  entered  share
    0  engaged        1        1  0.667
    1   lapsed        2        0  0.333
    2     dead        0        0  0.000
    >>> states.time_in_state(60)[["state", "days"]].round(1)
         state  days
    0  engaged  40.0
    1   lapsed  13.3
    2     dead   6.7
    """
    normal_quantile(confidence)
    histories = settle_groups(histories, (by,), missing_group, id=id)
    checked = read_histories(histories, by, id, cluster)
    names = list(checked.times.labels.columns)
    _refuse_names(names)
    known = np.concatenate([checked.stays.entry, checked.stays.days])
    first = None if start is None else one_day(start, known)
    unit = "episode" if id == "episode_id" else "person"
    return replace(_estimate(checked, names, (first, confidence)), unit=unit)


def _estimate(
    checked: Histories, names: list[str], options: tuple[float | None, float]
) -> StateOccupation:
    start, confidence = options
    states = checked.states
    tables, spent, moved, sizes, known = [], [], [], [], []
    for group in range(len(checked.times.labels)):
        stays, people = checked.of(group)
        begin = float(stays.entry.min()) if start is None else start
        stays = _observed(stays, begin)
        _check_size(stays)
        moves, spells = arrange(stays, len(states), begin)
        occupied = occupy(moves, spells)
        known.append(Spans.of(stays.actor, stays.entry, stays.days))
        tables.append(_table(moves, occupied, states, (known[-1], confidence)))
        spent.append(_spent(moves, occupied, states))
        moved.append(_transitions(moves, stays, states))
        changes = int(moves.counts.sum())
        sizes.append(pd.DataFrame({"n": [people], "stays": len(stays.days), "moves": changes}))
    labels = checked.times.labels
    clustering = checked.clustering
    alike = f", errors by {clustering.by}".removesuffix("_id") if clustering.together else ""
    return StateOccupation(
        table=labelled(tables, labels),
        transitions=labelled(moved, labels),
        spent=labelled(spent, labels),
        sizes=labelled(sizes, labels),
        states=states,
        by=tuple(names),
        confidence=confidence,
        rule=f"{checked.times.rule} Aalen-Johansen estimate{alike.replace('_', ' ')}, "
        f"{format_level(confidence)} limits.",
        synthetic=checked.times.synthetic,
        provenance=checked.times.provenance,
        clustering=clustering,
        _known=tuple(known),
    )


def _observed(stays: Stays, start: float) -> Stays:
    kept = stays.after(start)
    if not len(kept.days):
        raise EstimateError(
            "A group has nobody under observation after the first day.",
            found=f"start={start:g}",
            instead="an earlier day.",
        )
    actor = np.unique(kept.actor, return_inverse=True)[1]
    return Stays(kept.entry, kept.days, kept.state, kept.target, actor)


def _check_size(stays: Stays) -> None:
    different = len(np.unique(np.concatenate([stays.entry, stays.days])))
    if different > MOST_DAYS:
        raise EstimateError(
            f"At most {MOST_DAYS:,} different days are counted.",
            found=f"{different:,}",
            instead="entry and days as whole days: np.ceil(histories[...]).",
        )


def _table(
    moves: Moves, occupied: Occupied, states: tuple[str, ...], how: tuple[Spans, float]
) -> pd.DataFrame:
    spans, confidence = how
    share, error = occupied.share.T, np.sqrt(occupied.variance.T)
    observed = spans.at(moves.day).astype(np.float64)
    observed[0] = np.inf  # the states in which people begin
    known = np.broadcast_to(observed, share.shape)
    lower, upper = incidence_limits(share, error, confidence, known)
    return pd.DataFrame(
        {
            **_keys(moves, states),
            "at_risk": moves.at_risk.T.ravel(),
            "entered": moves.counts.sum(axis=1).T.ravel(),
            "share": share.ravel(),
            "se": error.ravel(),
            "lower": lower.ravel(),
            "upper": upper.ravel(),
        }
    )


def _spent(moves: Moves, occupied: Occupied, states: tuple[str, ...]) -> pd.DataFrame:
    values = (occupied.time, occupied.time_variance, occupied.shared)
    columns = {name: value.T.ravel() for name, value in zip(SPENT, values, strict=True)}
    return pd.DataFrame({**_keys(moves, states), **columns})


def _keys(moves: Moves, states: tuple[str, ...]) -> dict[str, Any]:
    state = pd.Categorical.from_codes(
        np.repeat(np.arange(len(states)), len(moves.day)),  # type: ignore[arg-type]  # it takes arrays
        dtype=pd.CategoricalDtype(list(states)),
    )
    whole = (moves.day % 1 == 0).all()
    day = moves.day.astype(np.int64) if whole else moves.day
    return {"state": state, "day": np.tile(day, len(states))}


def _transitions(moves: Moves, stays: Stays, states: tuple[str, ...]) -> pd.DataFrame:
    number = moves.counts.sum(axis=0)
    cut = np.bincount(stays.state[stays.target < 0], minlength=len(states))
    number = np.column_stack([number, cut])
    source, target = np.nonzero(number)
    words = [*states, "censored"]
    return pd.DataFrame(
        {
            "from": pd.Categorical([states[code] for code in source], list(states)),
            "to": pd.Categorical([words[code] for code in target], words),
            "number": number[source, target],
        }
    )


def _refuse_names(names: list[str]) -> None:
    reserved = {*STATE_COLUMNS, *SPENT, "from", "to", "number", "days", "horizon", "n", "moves"}
    taken = [str(name) for name in names if name in reserved | {"stays", "next_state", "entry"}]
    if taken:
        raise RuleError(
            f"A group column cannot be named {', '.join(taken)}: the estimates have such a column.",
            instead=f'histories.rename(columns={{"{taken[0]}": "group"}})',
        )
