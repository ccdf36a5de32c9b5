"""Measures of sessions and of weeks in the program, by the date of service."""

from __future__ import annotations

import numpy as np

from iop_outcomes.attendance.engagement import ASAM_HOURS
from iop_outcomes.attendance.rule import UNRECORDED, AttendanceRule
from iop_outcomes.attendance.stays import Attendance
from iop_outcomes.shared.arrays import Booleans, Floats, Integers, sums
from iop_outcomes.trends.quantities.quantity import AttendanceTally, Quantity, Tally

FIRST_MONTHS = (
    "In the first months of the records all people are newly admitted, so that these months are "
    "not comparable with later ones."
)
_WEEKS = (
    "A week is seven days since admission; counted are those wholly within the stay, from "
    "admission to discharge or the end of follow-up. Weeks with a session whose outcome or length "
    "is not known are left out."
)


def _sessions(attendance: Attendance, numerator: Booleans, also: tuple[str, ...] = ()) -> Tally:
    sessions = attendance.sessions
    due = np.flatnonzero(sessions.due | (sessions.treatment & sessions.has_status(also)))
    dates = sessions.frame["date"].to_numpy()
    return Tally(sessions.episode[due], dates[due], numerator[due])


def _attended(attendance: Attendance) -> Tally:
    return _sessions(attendance, attendance.sessions.attended)


def _no_shows(attendance: Attendance) -> Tally:
    return _sessions(attendance, attendance.sessions.has_status(("no_show",)))


def _unrecorded(attendance: Attendance) -> Tally:
    unrecorded = attendance.sessions.has_status((UNRECORDED,))
    return _sessions(attendance, unrecorded, also=(UNRECORDED,))


def _hours(attendance: Attendance) -> Tally:
    return _weeks(attendance)


def _at_dose(attendance: Attendance) -> Tally:
    tally = _weeks(attendance)
    assert tally.amount is not None
    return Tally(tally.episode, tally.date, tally.amount >= ASAM_HOURS)


def _weeks(attendance: Attendance) -> Tally:
    """Return the whole weeks of all stays whose hours are known, dated by their last day."""
    episode, week, minutes, known = _minutes(attendance)
    admitted = attendance.records.episodes["admit_date"].to_numpy()[episode]
    last = admitted + (week * 7 + 6) * np.timedelta64(1, "D")
    hours = minutes[known] / 60
    return Tally(episode[known], last[known], hours > 0, amount=hours)


def _minutes(attendance: Attendance) -> tuple[Integers, Integers, Floats, Booleans]:
    """Return the episode, number and minutes of each whole week, and whether they are known."""
    sessions, stays = attendance.sessions, attendance.stays
    weeks = np.where(stays.observed, stays.whole_weeks, 0)
    start = np.cumsum(weeks) - weeks
    size = int(weeks.sum())
    came = np.flatnonzero(sessions.attended)
    unknown = np.flatnonzero(sessions.treatment & sessions.has_status((UNRECORDED,)))
    minutes = sessions.attended_minutes(came)
    rows = np.concatenate([came, unknown])
    minutes = np.concatenate([minutes, np.full(len(unknown), np.nan)])
    inside = (sessions.day[rows] >= 0) & (sessions.day[rows] // 7 < weeks[sessions.episode[rows]])
    rows, minutes = rows[inside], minutes[inside]
    place = start[sessions.episode[rows]] + sessions.day[rows] // 7
    known = np.ones(size, dtype=np.bool_)
    known[place[np.isnan(minutes)]] = False
    episode = np.repeat(np.arange(len(weeks)), weeks)
    return (
        episode,
        np.arange(size) - start[episode],
        sums(place, np.nan_to_num(minutes), size),
        known,
    )


SESSIONS = (
    Quantity(
        name="attendance_rate",
        title="Attendance rate",
        numerator="sessions attended",
        denominator="sessions due",
        date="date of service",
        unit="proportion",
        kind="sessions",
        tables=("attendance",),
        tally=AttendanceTally(_attended),
        counting=AttendanceRule().text,
        note=FIRST_MONTHS,
        settles=True,
    ),
    Quantity(
        name="no_show_rate",
        title="No-show rate",
        improves="down",
        numerator="sessions missed without notice",
        denominator="sessions due",
        date="date of service",
        unit="proportion",
        kind="sessions",
        tables=("attendance",),
        tally=AttendanceTally(_no_shows),
        counting=AttendanceRule().text,
        note=FIRST_MONTHS,
        settles=True,
    ),
)
WEEKS = (
    Quantity(
        name="hours_per_week",
        title="Hours a week",
        numerator="hours attended",
        denominator="whole weeks of the stays",
        date="last day of the week",
        unit="hours",
        kind="mean",
        tables=("attendance",),
        tally=AttendanceTally(_hours),
        note=_WEEKS,
    ),
    Quantity(
        name="weeks_at_dose",
        title="Weeks at dose",
        numerator=f"weeks with {ASAM_HOURS:g} hours attended or more",
        denominator="whole weeks of the stays",
        date="last day of the week",
        unit="proportion",
        kind="sessions",
        tables=("attendance",),
        tally=AttendanceTally(_at_dose),
        note=_WEEKS,
    ),
    Quantity(
        name="unrecorded_share",
        title="Sessions without a recorded outcome",
        improves="down",
        numerator="sessions without a recorded outcome",
        denominator="sessions due, and those without a recorded outcome",
        date="date of service",
        unit="proportion",
        kind="sessions",
        tables=("attendance",),
        tally=AttendanceTally(_unrecorded),
        note="A service cancelled or not scheduled by the program is in neither.",
    ),
)
