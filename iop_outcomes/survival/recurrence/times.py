"""Counting-process times, checked: stretches under observation, several to a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.group_codes import refuse_confusing_characters
from iop_outcomes.shared.messages import as_written, columns_found, words_found
from iop_outcomes.survival.clusters import Cluster, Clusters, clusters_of_ids
from iop_outcomes.survival.competing.end_words import refuse_misspelt
from iop_outcomes.survival.person_ids import id_codes, only_column
from iop_outcomes.survival.times import CheckedTimes, check_times, read_flags


@dataclass(frozen=True, eq=False)
class Stretches:
    """Stretches that passed the checks, one entry a row of the frame.

    Attributes
    ----------
    times : CheckedTimes
        With an `entry` of 0 where the frame has none.
    entry : numpy.ndarray
        The day after which the row is under observation (day 0: from that day on).
    days : numpy.ndarray
        The last day of the row; of a terminal row that ended later, that day.
    id, cluster : numpy.ndarray of int
        Whose stretch it is, and what is taken as independent of the rest, as codes.
    terminal : numpy.ndarray of bool
        Whether a terminal event ends the row.
    asked_terminal : bool
        Whether terminal events were asked for.
    clusters : Clusters
        What is taken as independent, and how a result says it.
    """

    times: CheckedTimes
    entry: NDArray[Any]
    days: NDArray[Any]
    id: NDArray[np.intp]
    cluster: NDArray[np.intp]
    terminal: NDArray[np.bool_]
    asked_terminal: bool
    clusters: Clusters


def read_stretches(
    times: pd.DataFrame,
    by: str | Sequence[str] | None,
    *,
    id: str,
    cluster: str | Cluster | None = Cluster.PERSON,
    terminal: str | Sequence[str] | None = None,
) -> Stretches:
    """Check a frame of stretches; see `iop_outcomes.mean_cumulative_function`.

    Raises
    ------
    EstimateError
        If the times are refused by `iop_outcomes.survival_curves`, an id or a cluster is
        missing, stretches of one id overlap, an id is in several groups or clusters, or has
        stretches after a terminal event.
    RuleError
        If a column is not there, or no row can have ended by a word of `terminal`.
    """
    checked = check_times(times, by, ["ended_on"])
    entry = np.zeros_like(checked.days) if checked.entry is None else checked.entry
    code = id_codes(times, id, "id")
    ended = _terminal(times, terminal)
    _check_apart(code, entry, checked.days, ended)
    _check_within(code, checked.group, "group", "groups that are known at the start.")
    clusters = clusters_of_ids(times, cluster, id, code)
    own = code if clusters.code is None else clusters.code
    _check_within(code, own, "cluster", f'cluster="{id}", if every {id} stands for itself.')
    days = checked.days
    if "ended_on" in times.columns and ended.any():
        days = _later_days(checked.others["ended_on"], days, ended & ~checked.event)
    return Stretches(checked, entry, days, code, own, ended, terminal is not None, clusters)


def _terminal(times: pd.DataFrame, terminal: str | Sequence[str] | None) -> NDArray[np.bool_]:
    if terminal is None:
        return np.zeros(len(times), dtype=bool)
    if isinstance(terminal, str):
        column = only_column(times, terminal, "which marks rows that end in a terminal event")
        flags, wrong = read_flags(column)
        if wrong:
            raise EstimateError(
                "A terminal event is 1 or True, and any other end 0 or False.",
                found=f"{wrong:,} of {len(times):,} values are neither",
            )
        return flags
    if not isinstance(terminal, Sequence):
        raise RuleError(
            "Terminal events are a column, or a list of words of ended_by.",
            found=f"terminal={as_written(terminal)}",
            instead='terminal="terminal", or terminal=["died"].',
        )
    if "ended_by" not in times.columns:
        raise RuleError(
            "Words for terminal events are looked for in the column ended_by.",
            found=columns_found(times.columns),
            instead='terminal="...", a column of True and False.',
        )
    refuse_confusing_characters(times["ended_by"], "ended_by")
    ends = times["ended_by"].astype("category")
    known = [str(word) for word in ends.cat.categories]
    if not len(terminal):
        raise RuleError(
            "None of the words occurs in the column.",
            found=words_found(known, len(times)),
            instead="a word or more that are among these; or terminal=None.",
        )
    refuse_misspelt([str(word) for word in terminal], known, len(times))
    return ends.isin(list(terminal)).to_numpy()


def _check_apart(
    code: NDArray[np.intp], entry: NDArray[Any], days: NDArray[Any], ended: NDArray[np.bool_]
) -> None:
    place = np.lexsort((days, entry, code))
    same = code[place][1:] == code[place][:-1]
    begin, end = entry[place][1:], days[place][:-1]
    # Who enters on day 0 is there on day 0, so that two such stretches share a day.
    overlapping = int((same & ((begin < end) | (begin == 0))).sum())
    if overlapping:
        raise EstimateError(
            "The stretches of one id do not overlap: nobody is observed twice at a time.",
            found=f"{overlapping:,} stretches that begin before the one before them has ended",
            instead="an id of their own for what are different persons or episodes, or entry and "
            "days counted from the same day 0.",
        )
    after = int((same & ended[place][:-1]).sum())
    if after:
        raise EstimateError(
            "Nobody is observed after a terminal event.",
            found=f"{after:,} stretches that follow one",
        )


def _check_within(code: NDArray[np.intp], outer: NDArray[np.intp], what: str, instead: str) -> None:
    first = np.zeros(int(code.max()) + 1, dtype=np.intp)
    first[code] = outer
    several = len(np.unique(code[first[code] != outer]))
    if several:
        raise EstimateError(
            f"All stretches of one id are in the same {what}.",
            found=f"{several:,} of {len(first):,} in several",
            instead=instead,
        )


def _later_days(
    later: NDArray[np.float64], days: NDArray[Any], ended: NDArray[np.bool_]
) -> NDArray[Any]:
    wrong = int((~(later[ended] >= days[ended])).sum())
    if wrong:
        raise EstimateError(
            "A terminal event is not before the last day known without it.",
            found=f"{wrong:,} values of ended_on that are missing or before days",
        )
    days_ended = np.where(ended, later, days)
    # Whole days stay whole days.
    return (
        days_ended.astype(days.dtype) if (days_ended == np.floor(days_ended)).all() else days_ended
    )
