"""The days on which people attended, as sorted arrays that every rule of continuity searches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from iop_outcomes.attendance.rule import UNRECORDED
from iop_outcomes.attendance.stays import Attendance
from iop_outcomes.records.schema import ATTENDED
from iop_outcomes.shared.arrays import Booleans, Floats, Integers, starts_of


@dataclass(frozen=True, eq=False)
class Visits:
    """The days with a visit of each episode, each day once, sorted by episode and day.

    Attributes
    ----------
    episode, day : numpy.ndarray of int
        The position of the episode, and the days since admission.
    seen : numpy.ndarray of float64
        For each episode the last day for which a visit would be in the records: the data cut; while
        the episode is open, the end of its follow-up if that is earlier.
    """

    episode: Integers
    day: Integers
    seen: Floats

    def count(self, low: npt.ArrayLike, high: npt.ArrayLike) -> Integers:
        """Return how many days with a visit each episode has from `low` to `high`, both counted."""
        return np.bincount(self.episode[self._inside(low, high)], minlength=len(self.seen))

    def nth(self, number: int, low: npt.ArrayLike, high: npt.ArrayLike) -> Floats:
        """Return the day of the visit of that number from `low` to `high`; missing if none is."""
        inside = self._inside(low, high)
        episode, day = self.episode[inside], self.day[inside]
        start = starts_of(episode)
        many = np.diff(np.append(start, len(episode))) >= number
        place = start[many] + number - 1
        day_of_visit = np.full(len(self.seen), np.nan)
        day_of_visit[episode[place]] = day[place]
        return day_of_visit

    def _inside(self, low: npt.ArrayLike, high: npt.ArrayLike) -> Booleans:
        shape = self.seen.shape
        first = np.broadcast_to(np.asarray(low, dtype=np.float64), shape)[self.episode]
        last = np.broadcast_to(np.asarray(high, dtype=np.float64), shape)[self.episode]
        return np.asarray((self.day >= first) & (self.day <= last))


def read_visits(
    attendance: Attendance, *, unrecorded: bool = False, contacts: bool = False
) -> Visits:
    """Return the days with an attended treatment session.

    Parameters
    ----------
    attendance : Attendance
        The attendance table.
    unrecorded : bool
        Whether sessions without a recorded outcome count as attended.
    contacts : bool
        Whether attended services of every kind count, assessments and drug tests too.
    """
    sessions, stays = attendance.sessions, attendance.stays
    came = sessions.has_status((*ATTENDED, UNRECORDED) if unrecorded else ATTENDED)
    if not contacts:
        came &= sessions.treatment
    seen = np.where(stays.closed, stays.observable, np.minimum(stays.observable, stays.followed))
    came &= sessions.day <= seen[sessions.episode]
    episode, day = sessions.episode[came], sessions.day[came]
    new = np.ones(len(day), dtype=np.bool_)  # the table is sorted by episode and day
    new[1:] = (np.diff(episode) != 0) | (np.diff(day) != 0)
    return Visits(episode[new], day[new], seen)
