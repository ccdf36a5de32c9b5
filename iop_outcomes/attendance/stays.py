"""Lengths of stay, contacts and gaps, and who was still in the program on a given day."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd
from pandas.arrays import BooleanArray

from iop_outcomes.attendance.rule import UNRECORDED, AttendanceRule
from iop_outcomes.attendance.sessions import Sessions, read_sessions
from iop_outcomes.errors import RuleError
from iop_outcomes.records.fitness import without_discharges
from iop_outcomes.records.schema import ATTENDANCE_STATUSES, ATTENDED
from iop_outcomes.shared.arrays import Booleans, Floats, Integers
from iop_outcomes.shared.messages import as_written

if TYPE_CHECKING:
    from iop_outcomes.records import Records

RETENTION_DAYS = (30, 60, 90)
NO_CONTACT_DAYS = 30
LATE_DAYS = 180  # within which the follow-up of a cohort may still be recorded
_SAYS_NOTHING = ("program_cancel", "not_scheduled", UNRECORDED)


@dataclass(frozen=True, eq=False)
class Stays:
    """The stay of each episode, one entry an episode; all days count from admission.

    Attributes
    ----------
    end : numpy.ndarray of float64
        The last known day of the stay: the day of discharge or, while the episode is open, the last
        day on which the person was followed.
    closed : numpy.ndarray of bool
        Whether the day of discharge is known.
    followed : numpy.ndarray of float64
        The last day on which the person was seen or could have been seen.
    observable : numpy.ndarray of float64
        Days from admission to the data cut: the longest stay that could be observed.
    observed : numpy.ndarray of bool
        Whether any service of the episode has a recorded outcome (attended, absent or excused). If
        none has, nothing is known of the stay.
    last_contact : numpy.ndarray of float64
        The day of the last contact; missing if there was none.
    longest_gap : numpy.ndarray of float64
        The longest number of days without a contact; missing unless observed.
    undischarged : numpy.ndarray of bool
        Whether discharges are not recorded in its program, so that none is known to be open.
    """

    end: Floats
    closed: Booleans
    followed: Floats
    observable: Floats
    observed: Booleans
    last_contact: Floats
    longest_gap: Floats
    undischarged: Booleans

    @property
    def whole_weeks(self) -> Integers:
        """The weeks (days 0 to 6, 7 to 13, ...) that lie wholly within the stay."""
        return ((self.end + 1) // 7).astype(np.int64)

    @property
    def to_last_contact(self) -> Floats:
        """Days from admission to the last contact; 0 if never seen.

        That is the earlier of last contact and discharge: services dated after the discharge
        are set aside when records are read.
        """
        last = np.where(np.isnan(self.last_contact), 0.0, self.last_contact)
        return np.where(self.observed, last, np.nan)

    def retained(self, day: int, *, no_contact_days: int = NO_CONTACT_DAYS) -> BooleanArray:
        """Return who was still in the program `day` days after admission.

        - Missing for everybody admitted fewer than `day` days before the data cut, including those
          who left early: otherwise the newest cohort would consist only of people who left.
        - Discharged: retained if the stay to the last contact (or the discharge, if earlier)
          reached `day`. Days after the last contact do not count.
        - Open: missing if the person was followed for fewer than `day` days; retained if seen on
          `day` or later, or if last seen within `no_contact_days` before the end of follow-up,
          because a person with a session next week has not left; otherwise not retained.
        - Missing if the discharge does not decide it and no service has a recorded outcome.
        - Where a program records no discharges, nobody is known to be open: missing for those
          admitted fewer than `day` + `no_contact_days` days before the data cut; of the others,
          retained if seen on `day` or later.
        """
        if no_contact_days < 0:
            raise RuleError(
                "The days without contact after which a person counts as having left cannot be "
                "negative.",
                found=f"no_contact_days={as_written(no_contact_days)}",
                instead="no_contact_days=30",
            )
        stay = self.to_last_contact
        recent = self.followed - self.last_contact <= no_contact_days  # False where never seen
        recent &= ~self.undischarged
        stayed = np.where(self.closed, stay >= day, (stay >= day) | recent)
        left_before = self.closed & (self.end < day)
        known = left_before | (self.observed & (self.closed | (self.followed >= day)))
        known &= self.observable >= day + np.where(self.undischarged, no_contact_days, 0)
        return pd.arrays.BooleanArray(stayed & ~left_before & known, ~known)


def still_to_be_followed(records: Records, days: int) -> Booleans:
    """Return which episodes may still be followed for `days` days, and have not been yet.

    They are open, the end of their follow-up (``followed_until``) lies before that day, and the day
    lies at most `LATE_DAYS` before the data cut: whose follow-up ended longer ago is lost to it.
    """
    followed = records.episodes["days_followed"].to_numpy(dtype=np.float64)
    open_ = records.episodes["days_to_discharge"].isna().to_numpy()
    recent = _days_to_cut(records) - days <= LATE_DAYS
    return np.asarray(open_ & (followed < days) & recent)


def read_stays(records: Records, sessions: Sessions) -> Stays:
    """Return the stays of the records' episodes.

    Parameters
    ----------
    records : Records
        Their attendance table must have been read.
    sessions : Sessions
        That table as arrays. A contact is any attended service, including assessments and drug
        tests.
    """
    episodes = records.episodes
    discharge = episodes["days_to_discharge"].to_numpy(dtype=np.float64)
    followed = episodes["days_followed"].to_numpy(dtype=np.float64)
    closed = ~np.isnan(discharge)
    informative = tuple(word for word in ATTENDANCE_STATUSES if word not in _SAYS_NOTHING)
    observed = sessions.count(sessions.has_status(informative)) > 0
    last = _last_contact(sessions)
    followed = np.fmax(followed, last)  # a person seen on a day was followed on it
    end = np.where(closed, discharge, followed)
    return Stays(
        end=end,
        closed=closed,
        followed=followed,
        observable=_days_to_cut(records),
        observed=observed,
        last_contact=last,
        longest_gap=np.where(observed, _longest_gap(sessions, end), np.nan),
        undischarged=without_discharges(records.held()),
    )


@dataclass(frozen=True, eq=False)
class Attendance:
    """The attendance table of records, read once for all measures.

    Attributes
    ----------
    records : Records
        The records.
    sessions : Sessions
        Their attendance table as arrays, under one rule.
    """

    records: Records
    sessions: Sessions

    @cached_property
    def stays(self) -> Stays:
        """The stays of the episodes, which do not depend on the rule of sessions."""
        return read_stays(self.records, self.sessions)


def read_attendance(records: Records, rule: AttendanceRule | None = None) -> Attendance:
    """Return the attendance of records, by default under the usual rule of sessions."""
    return Attendance(records, read_sessions(records, rule or AttendanceRule()))


def _last_contact(sessions: Sessions) -> Floats:
    """Return the day of the last contact, missing where there was none."""
    came = np.flatnonzero(sessions.has_status(ATTENDED))
    episode = sessions.episode[came]
    newest = np.flatnonzero(np.diff(episode, append=-1))  # sorted: the last row of each episode
    last = np.full(sessions.episodes, np.nan)
    last[episode[newest]] = sessions.day[came[newest]]
    return last


def _longest_gap(sessions: Sessions, end: Floats) -> Floats:
    """Return the largest number of days without a contact, from admission to `end`."""
    came = np.flatnonzero(sessions.has_status(ATTENDED))
    episode, day = sessions.episode[came], sessions.day[came].astype(np.float64)
    first = np.flatnonzero(np.diff(episode, prepend=-1))  # the first row of each episode
    gap = np.array(end)
    if len(day):
        before = np.diff(day, prepend=0.0)
        before[first] = day[first]  # the first gap begins at admission
        last = np.append(day[first[1:] - 1], day[-1])
        seen = episode[first]
        gap[seen] = np.maximum(np.maximum.reduceat(before, first), end[seen] - last)
    return gap


def _days_to_cut(records: Records) -> Floats:
    """Return the whole days from each admission to the data cut."""
    episodes = records.episodes
    if records.time == "study_days":
        cut = float(cast(int, records.as_of))
        return np.asarray(cut - episodes["admit_day"].to_numpy(), dtype=np.float64)
    days = (pd.Timestamp(records.as_of) - episodes["admit_date"]).dt.days
    return np.asarray(days.to_numpy(), dtype=np.float64)
