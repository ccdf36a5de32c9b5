"""Attendance of an episode up to a day, and nothing of what came after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.attendance.rule import AttendanceRule
from iop_outcomes.attendance.sessions import Sessions
from iop_outcomes.attendance.stays import read_attendance
from iop_outcomes.records.fitness.evidence import PlausibleLengths
from iop_outcomes.records.schema import ATTENDED
from iop_outcomes.shared.arrays import Booleans, Floats, Integers, ratio
from iop_outcomes.use.origins import start_days

if TYPE_CHECKING:
    from iop_outcomes.records import Records

SO_FAR = (
    "sessions_due_so_far",
    "sessions_attended_so_far",
    "attendance_rate_so_far",
    "hours_so_far",
    "days_since_contact",
    "in_program",
)
RECENT = (
    "sessions_due_recent",
    "sessions_attended_recent",
    "attendance_rate_recent",
    "hours_recent",
)


@dataclass(frozen=True, eq=False)
class Tally:
    """Rows of attendance in order, with running sums, so that any range of days is a difference.

    Attributes
    ----------
    key : numpy.ndarray of int64
        The episode and day of each row as one number, rising.
    sums : numpy.ndarray of float64
        The sum of the values of all rows before each row, and of all rows.
    """

    key: Integers
    sums: Floats

    @classmethod
    def of(cls, key: Integers, value: Floats) -> Tally:
        """Return the tally of rows in any order."""
        order = np.argsort(key, kind="stable")
        return cls(key[order], np.concatenate([[0.0], np.cumsum(value[order])]))

    def between(self, low: Integers, high: Integers) -> Floats:
        """Return the sums over the keys from `low` to `high`, both included."""
        first = np.searchsorted(self.key, low, side="left")
        last = np.searchsorted(self.key, high, side="right")
        return np.asarray(self.sums[last] - self.sums[np.minimum(first, last)])


class AttendanceSoFar:
    """The attendance of records, asked for by episode and day.

    Parameters
    ----------
    records : Records
        With their attendance.
    rule : AttendanceRule
        Which services are treatment sessions, and which are due.
    origin : str
        Day 0 of the days that are asked for: "admission" or "first_session".
    """

    def __init__(self, records: Records, rule: AttendanceRule, origin: str) -> None:
        attendance = read_attendance(records, rule)
        sessions, stays = attendance.sessions, attendance.stays
        self.origin = start_days(records, origin, "attendance so far").astype(np.int64)
        self.rate_known = records.known_by_program("attendance_rate")
        self.lengths = records.judgements("hours")["hours"].reason != PlausibleLengths.__name__
        self.end = np.where(stays.closed, stays.end, np.inf)
        self.lowest = int(min(sessions.day.min(initial=0), 0))
        self.width = int(sessions.day.max(initial=0)) - self.lowest + 2
        self.key = self._key(sessions.episode, sessions.day)
        came = sessions.treatment & sessions.has_status(ATTENDED)
        self.due = self._tally(sessions.treatment & sessions.has_status(sessions.rule.due))
        self.came = self._tally(came)
        minutes = sessions.attended_minutes(np.flatnonzero(came))
        unknown = np.isnan(minutes)
        self.minutes = Tally.of(self.key[came], np.where(unknown, 0.0, minutes))
        self.unknown = Tally.of(self.key[came], unknown.astype(np.float64))
        self.contact = _contacts(sessions, self.key)

    def columns(self, episode: Integers, day: Integers, window: int | None) -> pd.DataFrame:
        """Return what was known of each episode at the end of its day, counted from the origin."""
        day = day + self.origin[episode]
        since = day - self._last_contact(episode, day)
        columns = self._range(episode, np.full(len(day), self.lowest), day, SO_FAR[:4])
        columns |= {"days_since_contact": since, "in_program": self.end[episode] > day}
        if window is not None:
            columns |= self._range(episode, day - window + 1, day, RECENT)
        return pd.DataFrame(columns)

    def weeks(self, episode: Integers, week: Integers) -> pd.DataFrame:
        """Return what was attended in a week each, from the origin, and before it.

        Parameters
        ----------
        episode, week : numpy.ndarray of int
            Week 1 is the days 0 to 6.
        """
        start = 7 * (week - 1) + self.origin[episode]
        names = ("sessions_due", "sessions_attended", "attendance_rate", "hours")
        columns = dict(self._range(episode, start, start + 6, names))
        for name, first in (("last_week", start - 7), ("before", np.full_like(start, self.lowest))):
            counts = self._range(episode, first, start - 1, ("due", "attended", "rate", "hours"))
            columns[f"attended_{name}"] = counts["attended"]
            columns[f"absences_{name}"] = counts["due"] - counts["attended"]
        return pd.DataFrame(columns | {"in_program": self.end[episode] >= start})

    def _range(
        self, episode: Integers, first: Integers, last: Integers, names: tuple[str, ...]
    ) -> dict[str, Floats | Integers]:
        low, high = self._key(episode, first), self._key(episode, last)
        due, came = self.due.between(low, high), self.came.between(low, high)
        hours = self.minutes.between(low, high) / 60
        known = (self.unknown.between(low, high) < 0.5) & self.lengths
        rate = np.where(self.rate_known[episode], ratio(came, due), np.nan)
        values = (
            due.round().astype(np.int64),
            came.round().astype(np.int64),
            rate,
            np.where(known, hours.round(9), np.nan),
        )
        return dict(zip(names, values, strict=True))

    def _last_contact(self, episode: Integers, day: Integers) -> Integers:
        """Return the day of the last contact by then, the day of admission if there was none."""
        place = np.searchsorted(self.contact, self._key(episode, day), side="right") - 1
        contact_key = (
            self.contact[np.maximum(place, 0)] if len(self.contact) else np.zeros_like(day)
        )
        own = (place >= 0) & (contact_key // self.width == episode)
        return np.where(own, contact_key % self.width + self.lowest, 0)

    def _key(self, episode: Integers, day: Integers) -> Integers:
        place = np.clip(day - self.lowest, 0, self.width - 1)
        return np.asarray(episode.astype(np.int64) * self.width + place, dtype=np.int64)

    def _tally(self, rows: Booleans) -> Tally:
        return Tally.of(self.key[rows], np.ones(int(rows.sum())))


def _contacts(sessions: Sessions, key: Integers) -> Integers:
    return np.unique(key[sessions.has_status(ATTENDED)])
