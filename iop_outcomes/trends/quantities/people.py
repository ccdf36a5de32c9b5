"""Measures of episodes: admissions, census, waiting, retention and how episodes end."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from iop_outcomes.attendance.continuity.transitions import days_since_prior_discharge
from iop_outcomes.attendance.sessions import positions
from iop_outcomes.attendance.stays import (
    NO_CONTACT_DAYS,
    RETENTION_DAYS,
    Attendance,
    still_to_be_followed,
)
from iop_outcomes.records import Records
from iop_outcomes.records.schema import ATTENDED, DISCHARGE_REASONS
from iop_outcomes.shared.arrays import Floats, Integers
from iop_outcomes.trends.quantities.quantity import AttendanceTally, Quantity, Tally

WAITING_DAYS = 30  # within which a first session comes, or the wait is not counted
_NOT_OPEN = "Open episodes are not in it, so that a month with many early discharges "


def waiting_for(records: Records, days: int) -> Integers:
    """Return the positions of the episodes that may still be followed for n days."""
    return np.flatnonzero(still_to_be_followed(records, days))


def _admissions(records: Records) -> Tally:
    number = len(records.episodes)
    dates = records.episodes["admit_date"].to_numpy()
    return Tally(np.arange(number), dates, np.ones(number, dtype=np.bool_))


def _census(records: Records) -> Tally:
    """Return the days of each episode from admission to the day before discharge."""
    episodes = records.episodes
    admitted = episodes["admit_date"].to_numpy()
    followed = admitted + episodes["days_followed"].to_numpy() * np.timedelta64(1, "D")
    left = episodes["discharge_date"].to_numpy() - np.timedelta64(1, "D")
    until = np.where(np.isnat(left), followed, left)
    return Tally(
        np.arange(len(episodes)), admitted, np.ones(len(episodes), dtype=np.bool_), until=until
    )


def _retained(day: int) -> AttendanceTally:
    def tally(attendance: Attendance) -> Tally:
        retained = attendance.stays.retained(day)
        known = np.flatnonzero(~retained.isna())
        counts = retained.to_numpy(dtype=np.bool_, na_value=False)[known]
        admitted = attendance.records.episodes["admit_date"].to_numpy()[known]
        waiting = waiting_for(attendance.records, day + NO_CONTACT_DAYS)
        seen = np.zeros(len(retained), dtype=np.bool_)  # what follows does not change it
        seen[known] = attendance.stays.to_last_contact[known] >= day
        return Tally(known, admitted, counts, waiting=waiting[~seen[waiting]])

    return AttendanceTally(tally)


def _waits(attendance: Attendance) -> Tally:
    """Return the days to the first session of those followed long enough who had one."""
    return _first_sessions(attendance, np.zeros(attendance.sessions.episodes))


def _since_prior_care(attendance: Attendance) -> Tally:
    """Return the same counted from the discharge of prior care; without one nobody counts."""
    before = days_since_prior_discharge(attendance)
    return _first_sessions(attendance, np.where(before >= 0, before, np.nan))


def _first_sessions(attendance: Attendance, before: Floats) -> Tally:
    """Return the first sessions of those with a number of days `before` admission."""
    sessions, stays = attendance.sessions, attendance.stays
    came = np.flatnonzero(sessions.treatment & sessions.has_status(ATTENDED))
    first = np.full(sessions.episodes, np.inf)
    np.minimum.at(first, sessions.episode[came], sessions.day[came].astype(np.float64))
    watched = np.where(stays.closed, stays.observable, np.minimum(stays.observable, stays.followed))
    known = ~np.isnan(before)
    began = np.flatnonzero(known & (first <= WAITING_DAYS) & (watched >= WAITING_DAYS))
    admitted = attendance.records.episodes["admit_date"].to_numpy()[began]
    waiting = waiting_for(attendance.records, WAITING_DAYS)
    days = first[began] + before[began]
    return Tally(began, admitted, days > 0, amount=days, waiting=waiting[known[waiting]])


def _ended(word: str) -> Callable[[Records], Tally]:
    def tally(records: Records) -> Tally:
        episodes = records.episodes
        reason = positions(episodes["discharge_reason"], DISCHARGE_REASONS)
        known = np.flatnonzero(episodes["discharge_date"].notna().to_numpy() & (reason >= 0))
        ended = reason[known] == DISCHARGE_REASONS.index(word)
        return Tally(known, episodes["discharge_date"].to_numpy()[known], ended)

    return tally


def _retention(day: int) -> Quantity:
    return Quantity(
        name=f"retained_{day}",
        title=f"Retained at {day} days",
        numerator=f"episodes still in the program {day} days after admission",
        denominator="episodes admitted for which this is known",
        date="date of admission",
        unit="proportion",
        kind="people",
        tables=("attendance",),
        tally=_retained(day),
        days_to_mature=day + NO_CONTACT_DAYS,
        note=(
            "The stay ends with the last contact or the discharge, whichever is earlier. An open "
            f"episode last seen within {NO_CONTACT_DAYS} days before the end of follow-up counts "
            f"as retained until it is known whether the person comes again, {NO_CONTACT_DAYS} days "
            "later."
        ),
    )


ADMISSIONS = Quantity(
    name="admissions",
    title="Admissions",
    improves="neither",
    numerator="episodes admitted",
    denominator="",
    date="date of admission",
    unit="episodes",
    kind="count",
    tables=(),
    tally=_admissions,
    note="A person admitted twice counts twice.",
)
CENSUS = Quantity(
    name="census",
    title="Census",
    improves="neither",
    numerator="episodes in the program on the last day of the period",
    denominator="",
    date="last day of the period",
    unit="episodes",
    kind="count",
    tables=(),
    tally=_census,
    note="From the day of admission to the day before the discharge. An episode whose discharge "
    "is not recorded counts until the end of its follow-up.",
)
WAITING = Quantity(
    name="waiting_days",
    title="Days to the first session",
    improves="down",
    numerator="days from admission to the first session attended",
    denominator=f"episodes with a first session within {WAITING_DAYS} days",
    date="date of admission",
    unit="days",
    kind="mean",
    tables=("attendance",),
    tally=AttendanceTally(_waits),
    days_to_mature=WAITING_DAYS,
    note="The records do not hold the day on which treatment was asked for, so that the wait "
    "before admission is not in it.",
)
PRIOR_CARE = Quantity(
    name="days_from_prior_care",
    title="Days from prior care to the first session",
    improves="down",
    numerator="days from the discharge of prior care to the first session attended here",
    denominator=f"episodes with the day of that discharge and a first session within "
    f"{WAITING_DAYS} days of admission",
    date="date of admission",
    unit="days",
    kind="mean",
    tables=("attendance",),
    tally=AttendanceTally(_since_prior_care),
    days_to_mature=WAITING_DAYS,
    note="Of those admitted here: those who were discharged there and never came are not in the "
    "records.",
)
RETENTION = tuple(_retention(day) for day in RETENTION_DAYS)
COMPLETION = Quantity(
    name="completion_rate",
    title="Completion rate",
    numerator="discharges with the reason completed",
    denominator="discharges whose reason is known",
    date="date of discharge",
    unit="proportion",
    kind="people",
    tables=(),
    tally=_ended("completed"),
    note=f"Transfers are in the denominator only. {_NOT_OPEN}has a low rate, even if others are "
    "still in treatment.",
)
TRANSFERS = Quantity(
    name="transfer_rate",
    title="Transfer rate",
    improves="neither",
    numerator="discharges with the reason transferred",
    denominator="discharges whose reason is known",
    date="date of discharge",
    unit="proportion",
    kind="people",
    tables=(),
    tally=_ended("transferred"),
    note=f"{_NOT_OPEN}may have a high or a low rate.",
)
