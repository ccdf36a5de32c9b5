"""Histories of states, checked once here for every estimate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.group_codes import refuse_confusing_characters
from iop_outcomes.shared.messages import columns_found
from iop_outcomes.shared.provenance import provenance_of
from iop_outcomes.shared.vocabulary import STATES
from iop_outcomes.survival.clusters import Cluster, Clustering, clusters_of_ids
from iop_outcomes.survival.person_ids import id_codes, only_column
from iop_outcomes.survival.states.transitions import Stays
from iop_outcomes.survival.times import CheckedTimes, check_times

CENSORED = -1
Places = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Histories:
    """Histories that passed the checks; stays of one state that follow each other are one.

    Attributes
    ----------
    times : CheckedTimes
        Labels, rule and the synthetic mark; the groups of the rows as given.
    states : tuple of str
        The states that occur: in the order of the categories; without categories as
        `iop_outcomes.state_histories` orders its own, else sorted, those that are never left last.
    stays : Stays
        All stays; the actors are numbered over all groups.
    group : numpy.ndarray of int
        The group of each stay.
    person : numpy.ndarray of int
        The code of the id of each stay.
    clustering : Clustering
        What the errors take together.
    """

    times: CheckedTimes
    states: tuple[str, ...]
    stays: Stays
    group: Places
    person: Places
    clustering: Clustering

    def of(self, group: int) -> tuple[Stays, int]:
        """Return the stays of a group, its actors numbered from 0, and how many ids it has."""
        kept = self.group == group
        stays = self.stays
        actor = np.unique(stays.actor[kept], return_inverse=True)[1]
        own = Stays(
            stays.entry[kept], stays.days[kept], stays.state[kept], stays.target[kept], actor
        )
        return own, len(np.unique(self.person[kept]))


def read_histories(
    frame: pd.DataFrame,
    by: str | Sequence[str] | None,
    id: str | None,
    cluster: str | Cluster | None,
) -> Histories:
    """Check a frame of histories; see `state_occupation` for what it holds."""
    if not isinstance(frame, pd.DataFrame):
        raise EstimateError(
            "Histories are a pandas DataFrame with one row a stay in a state.",
            found=type(frame).__name__,
            instead="iop.state_histories(records)",
        )
    _check_columns(frame)
    if frame.empty:
        without = provenance_of(frame).left_out
        raise EstimateError("There are no stays: the frame has no rows.", found=without)
    states, state, target = _states(frame)
    target = np.where(target == state, CENSORED, target)
    times = check_times(frame.assign(event=target >= 0), by)
    entry = np.zeros_like(times.days) if times.entry is None else times.entry
    empty = int((entry >= times.days).sum())
    if empty:
        raise EstimateError(
            "A stay must end after it begins.",
            found=f"{empty:,} of {len(frame):,} with entry on or after days",
            instead='histories[histories["entry"] < histories["days"]], if they hold no '
            "information.",
        )
    person = np.arange(len(frame)) if id is None else id_codes(frame, id, "id")
    clusters = clusters_of_ids(frame, cluster, id, person)
    actor = person if clusters.code is None else clusters.code
    order = np.lexsort((entry, person))
    stays = Stays(*(part[order] for part in (entry, times.days, state, target, actor)))
    group, person = times.group[order], person[order]
    _check_order(stays, group, person)
    kept, stays = _join(stays, person)
    return Histories(times, states, stays, group[kept], person[kept], clusters.clustering)


def _check_columns(frame: pd.DataFrame) -> None:
    absent = [name for name in ("state", "days", "next_state") if name not in frame.columns]
    if absent:
        raise RuleError(
            f"The histories have no column named {' and none named '.join(absent)}.",
            found=columns_found(frame.columns, absent),
            instead="iop.state_histories(records); or a frame with one row a stay: an id, state, "
            "entry, days and next_state (missing where the stay is censored).",
        )
    only_column(frame, "next_state", "the state that follows")
    missing = int(only_column(frame, "state", "the state").isna().sum())
    if missing:
        raise EstimateError(
            "Every stay has a value of state.", found=f"{missing:,} of {len(frame):,} missing"
        )


def _states(frame: pd.DataFrame) -> tuple[tuple[str, ...], Places, Places]:
    """Return the states that occur, and the codes of each row's state and of the next."""
    for name in ("state", "next_state"):
        refuse_confusing_characters(frame[name], name)
    columns = [_words(frame["state"]), _words(frame["next_state"])]
    present = {word for column in columns for word in column.dropna().unique()}
    categories = [
        str(word)
        for name in ("state", "next_state")
        if isinstance(frame[name].dtype, pd.CategoricalDtype)
        for word in frame[name].cat.categories
    ]
    known = STATES if not categories and present <= set(STATES) else categories
    ordered = [word for word in dict.fromkeys(known) if word in present]
    left = set(columns[0].dropna().unique())  # nobody moves on from the others
    rest = sorted(present - set(ordered), key=lambda word: (word not in left, word))
    states = (*ordered, *rest)
    index = pd.Index(states, dtype=object)
    state, target = (index.get_indexer(pd.Index(column.astype(object))) for column in columns)
    return states, state.astype(np.intp), target.astype(np.intp)


def _words(column: pd.Series[Any]) -> pd.Series[Any]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.rename_categories(lambda word: str(word))
    if pd.api.types.is_float_dtype(column):
        return column.map(lambda value: f"{value:g}", na_action="ignore")
    return column.map(str, na_action="ignore")


def _check_order(stays: Stays, group: Places, person: Places) -> None:
    """Refuse stays of one id that overlap, contradict each other or lie in two groups."""
    same = person[1:] == person[:-1]
    overlap = int((same & (stays.entry[1:] < stays.days[:-1])).sum())
    if overlap:
        raise EstimateError(
            "The stays of one id do not overlap: nobody is in two states at once.",
            found=f"{overlap:,} that begin before the last one ended",
            instead='another id, such as id="episode_id", if they are stays of several episodes.',
        )
    apart = int((same & (group[1:] != group[:-1])).sum())
    if apart:
        raise EstimateError(
            "All stays of one id are in one group.",
            found=f"{apart:,} in another group than the stay before",
            instead="a column to group by that is known on the first day and does not change.",
        )
    follows = same & (stays.entry[1:] == stays.days[:-1])
    expected = np.where(stays.target >= 0, stays.target, stays.state)[:-1]
    wrong = int((follows & (expected != stays.state[1:])).sum())
    if wrong:
        raise EstimateError(
            "Where a stay follows at once, its state is the next_state of the stay before.",
            found=f"{wrong:,} in another state",
            instead="next_state as the state of the row after; missing only where the stay is "
            "censored, or continues in the same state.",
        )


def _join(stays: Stays, person: Places) -> tuple[NDArray[np.bool_], Stays]:
    """Make one of stays in one state that follow each other; say which rows begin one."""
    goes_on = (person[1:] == person[:-1]) & (stays.entry[1:] == stays.days[:-1])
    goes_on &= (stays.target[:-1] < 0) & (stays.state[1:] == stays.state[:-1])
    begins = np.append(True, ~goes_on)
    ends = np.append(~goes_on, True)
    joined = Stays(
        stays.entry[begins],
        stays.days[ends],
        stays.state[begins],
        stays.target[ends],
        stays.actor[begins],
    )
    return begins, joined
