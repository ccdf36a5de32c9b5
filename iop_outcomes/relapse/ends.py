"""How each episode ended, and which discharge competes with relapse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.records.schema import DISCHARGE_REASONS
from iop_outcomes.relapse.evidence import NOT_DUE, DailyEvidence
from iop_outcomes.relapse.first_event import FirstEvent
from iop_outcomes.relapse.rule import RelapseRule
from iop_outcomes.shared.arrays import ends_of

ENDS = (
    "relapse",
    "missed_check_in",
    *DISCHARGE_REASONS,
    "discharged",
    "no_check_in",
    "end_of_follow_up",
    "lost",
)
_CODE = {end: place for place, end in enumerate(ENDS)}


@dataclass(frozen=True, eq=False)
class Ends:
    """How each episode ended, in the order of ``records.episodes``.

    Attributes
    ----------
    ended_by : numpy.ndarray of int8
        A code of `ENDS`.
    ended_on : numpy.ndarray of int32
        On which day.
    competing : numpy.ndarray of int8
        The discharge that competes with relapse and came before one was found, as a code of
        `ENDS`; -1 where there is none.
    competing_on : numpy.ndarray of float64
        Its day; missing where there is none.
    """

    ended_by: NDArray[np.int8]
    ended_on: NDArray[np.int32]
    competing: NDArray[np.int8]
    competing_on: NDArray[np.float64]

    @property
    def competing_end(self) -> pd.Categorical:
        """The competing ends as words."""
        return pd.Categorical.from_codes(
            self.competing,  # type: ignore[arg-type]  # an array of codes is what it takes
            dtype=pd.CategoricalDtype(list(ENDS)),
        )


@dataclass(frozen=True, eq=False)
class Discharges:
    """What is known of each episode's discharge whatever counts as relapse.

    Attributes
    ----------
    reason : numpy.ndarray of int
        A code of `ENDS`.
    left : numpy.ndarray of float64
        Its day; see `discharge_days`.
    due : numpy.ndarray of int32
        The last day on which a check-in was due; 0 where none was.
    """

    reason: NDArray[np.intp]
    left: NDArray[np.float64]
    due: NDArray[np.int32]


def read_discharges(
    episodes: pd.DataFrame,
    rule: RelapseRule,
    daily: DailyEvidence,
    frame: tuple[NDArray[np.int32], NDArray[np.int32]],
) -> Discharges:
    """Return the discharges; `frame` holds the origin and the end of follow-up of each episode."""
    left = discharge_days(episodes, rule, frame)
    return Discharges(_reasons(episodes), left, last_due(daily, len(episodes)))


def read_ends(
    episodes: pd.DataFrame,
    rule: RelapseRule,
    first_event: FirstEvent,
    daily: DailyEvidence,
    frame: tuple[NDArray[np.int32], NDArray[np.int32]],
    out_of_contact: NDArray[np.bool_],
) -> Ends:
    """Return how each episode ended, reading its discharge; see `ends_after`."""
    discharges = read_discharges(episodes, rule, daily, frame)
    return ends_after(discharges, rule, first_event, out_of_contact)


def ends_after(
    discharges: Discharges,
    rule: RelapseRule,
    first_event: FirstEvent,
    out_of_contact: NDArray[np.bool_],
) -> Ends:
    """Return how each episode ended.

    Parameters
    ----------
    discharges : Discharges
        What is known of the discharges.
    first_event : FirstEvent
        The first relapse, or the day until which none is known.
    out_of_contact : numpy.ndarray of bool
        Who was out of contact at the end of the follow-up.
    """
    reason, left, due = discharges.reason, discharges.left, discharges.due
    competing = np.isin(reason, [_CODE[end] for end in rule.competing])
    # A discharge that competes is an event of its own. It counts only if no relapse was known
    # shortly before it; a check-in missed after it does not change this. What is known ends before
    # the day of the missed check-in that cuts it off.
    near = (left <= first_event.days + rule.lost_after) & (left <= first_event.cut_on)
    seen = np.where(first_event.event, left < first_event.days, near)
    competes = competing & seen
    last = competes & ~first_event.event & ((left >= first_event.days) | (left >= due))
    unseen = competing & ~competes & (left > first_event.days)
    closed = ((reason == _CODE["died"]) & ~np.isnan(left)) | (left >= due)
    ended_by = np.select(
        [first_event.event, last, first_event.cut, unseen, closed, due == 0, ~out_of_contact],
        [
            _CODE["dropped_out" if rule.of_dropout else "relapse"],
            reason,
            _CODE["missed_check_in"],
            _CODE["lost"],
            reason,
            _CODE["no_check_in"],
            _CODE["end_of_follow_up"],
        ],
        default=_CODE["lost"],
    )
    gone = last | (closed & ~first_event.event & ~first_event.cut & ~unseen)
    ended_on = np.where(gone, np.fmax(left, first_event.days), first_event.days)
    return Ends(
        ended_by.astype(np.int8),
        ended_on.astype(np.int32),
        np.where(competes, reason, -1).astype(np.int8),
        np.where(competes, left, np.nan),
    )


def discharge_days(
    episodes: pd.DataFrame,
    rule: RelapseRule,
    frame: tuple[NDArray[np.int32], NDArray[np.int32]],
) -> NDArray[np.float64]:
    """Return the day of each discharge, missing where none ends the follow-up of the episode.

    With origin discharge it is day 0, not an end; days after the end of the follow-up are not used.
    """
    origin, followed = frame
    if rule.origin == "discharge":
        return np.full(len(episodes), np.nan)
    left = episodes["days_to_discharge"].to_numpy() - origin  # missing while open
    return np.where(left <= followed, left, np.nan)


def last_due(daily: DailyEvidence, episodes: int) -> NDArray[np.int32]:
    """Return the last day on which a check-in was due; 0 where none was."""
    due = daily.where(daily.state != NOT_DUE)
    last = ends_of(due.episode)
    day = np.zeros(episodes, dtype=np.int32)
    day[due.episode[last]] = due.day[last]
    return day


def _reasons(episodes: pd.DataFrame) -> NDArray[np.intp]:
    """Return the reason of each discharge as a code of `ENDS`."""
    reason = episodes["discharge_reason"].cat.set_categories(list(DISCHARGE_REASONS))
    code = reason.cat.codes.to_numpy().astype(np.intp)
    return np.where(code < 0, _CODE["discharged"], code + _CODE[DISCHARGE_REASONS[0]])
