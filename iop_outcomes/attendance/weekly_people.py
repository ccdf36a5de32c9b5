"""The number of weeks that each episode was followed, and of persons in each count of a week."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.attendance.rule import UNRECORDED, AttendanceRule
from iop_outcomes.attendance.sessions import Sessions
from iop_outcomes.attendance.stays import Stays
from iop_outcomes.shared.arrays import Integers
from iop_outcomes.shared.groups import Groups

CANCELLED = ("late_cancel", "client_cancel")


def statuses_by_column(rule: AttendanceRule) -> dict[str, tuple[str, ...]]:
    """Return the statuses that each column of sessions that were not attended counts."""
    return {
        "no_show": ("no_show",),
        "cancelled": CANCELLED,
        "excused": ("excused",),
        "unrecorded": (UNRECORDED,),
        "not_due": rule.not_due,
    }


def weeks_followed(stays: Stays, weeks: int) -> tuple[Integers, Integers]:
    """Return for each episode, up to `weeks`, the weeks followed and those begun in the program.

    The first are whole weeks, whether or not the person was still in the program. The second are
    those of them on whose first day the person was in the program.
    """
    seen = np.where(stays.closed, stays.observable, np.minimum(stays.observable, stays.followed))
    followed = np.minimum(((seen + 1) // 7).astype(np.int64), weeks)
    begun = np.minimum((stays.end // 7 + 1).astype(np.int64), followed)
    return followed, begun


def people_by_week(
    sessions: Sessions,
    lasting: tuple[Integers, Integers],
    groups: Groups,
    weeks: int,
    person: npt.NDArray[Any],
) -> pd.DataFrame:
    """Return the number of persons in each count of `attendance_by_week`: one row a group and week.

    Parameters
    ----------
    sessions : Sessions
        The attendance.
    lasting : tuple of numpy.ndarray
        For each episode the weeks followed and the weeks begun in the program.
    groups : Groups
        The group of each episode.
    weeks : int
        How many weeks.
    person : numpy.ndarray of int
        The person of each episode.
    """
    size = len(groups) * weeks
    followed, begun = lasting

    def distinct(episode: Integers, week: Integers) -> Integers:
        width = int(person.max(initial=0)) + 1
        pairs = np.unique((groups.codes[episode] * weeks + week) * width + person[episode])
        return np.bincount(pairs // width, minlength=size)

    def through(last: Integers) -> Integers:
        episode = np.repeat(np.arange(len(last)), last)
        return distinct(episode, np.arange(len(episode)) - np.repeat(np.cumsum(last) - last, last))

    rows = np.flatnonzero(sessions.treatment & (sessions.day // 7 < followed[sessions.episode]))
    episode, week = sessions.episode[rows], sessions.day[rows] // 7
    due, attended = sessions.due[rows], sessions.attended[rows]
    marked = {
        "episodes_attending": attended,
        "due": due,
        "attended": attended,
        "absent": due & ~attended,
        **{
            name: sessions.has_status(words)[rows]
            for name, words in statuses_by_column(sessions.rule).items()
        },
    }
    return pd.DataFrame(
        {
            "episodes_followed": through(followed),
            "episodes": through(begun),
            **{name: distinct(episode[mask], week[mask]) for name, mask in marked.items()},
        }
    )
