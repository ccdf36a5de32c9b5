"""Signs that come before dropout, each a number and whether it is marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iop_outcomes.attendance.rule import AttendanceRule
from iop_outcomes.attendance.sessions import Sessions, positions, read_sessions
from iop_outcomes.errors import RuleError
from iop_outcomes.exposure.so_far import AttendanceSoFar
from iop_outcomes.records.schema import ABSENT, ATTENDED, CHECKIN_STATUSES
from iop_outcomes.shared.arrays import Booleans, Floats, Integers, ends_of, starts_of
from iop_outcomes.shared.checks import check_whole, is_number
from iop_outcomes.shared.messages import as_written

if TYPE_CHECKING:
    from iop_outcomes.records import Records

MARKS = ("absent", "fewer_hours", "check_ins_missed", "craving_up")


@dataclass(frozen=True)
class SlippingRule:
    """When a sign of leaving is marked.

    Attributes
    ----------
    absences : int
        Appointments missed in a row, up to the day. An appointment is a day with treatment
        sessions, missed if none was attended and one was missed without notice or cancelled by the
        client. Days with nothing but sessions that are excused, cancelled by the program or not
        recorded are passed over.
    window : int
        Days over which hours are compared.
    hours_share : float
        The hours attended in the last `window` days are marked if they are at most this share of
        those in the `window` days before.
    check_ins : int
        Check-ins missed in a row.
    craving_rise : float
        The mean of the last two answers on craving less the mean of the two before, in points of
        the scale (0 to 10).

    Raises
    ------
    RuleError
        If a number is not possible.

    Notes
    -----
    The limits are choices of this library, made before they were tried out (docs/
    validation_slipping.md), and no published cut-offs.
    """

    absences: int = 2
    window: int = 14
    hours_share: float = 0.5
    check_ins: int = 2
    craving_rise: float = 2.0

    def __post_init__(self) -> None:
        """Refuse numbers that are not possible."""
        for name in ("absences", "window", "check_ins"):
            check_whole(name, getattr(self, name), 1)
        for name, most in (("hours_share", 1.0), ("craving_rise", 10.0)):
            value = getattr(self, name)
            if not is_number(value) or not 0 < value <= most:
                raise RuleError(
                    f"{name} must be a number above 0, and at most {most:g}.",
                    found=f"{name}={as_written(value)}",
                )

    @property
    def text(self) -> str:
        """The rule as sentences."""
        return (
            f"Signs: {self.absences} or more appointments in a row missed; hours in the last "
            f"{self.window} days at most {self.hours_share:.0%} of those in the {self.window} days "
            f"before; {self.check_ins} or more check-ins in a row missed; craving up by "
            f"{self.craving_rise:g} points or more (mean of the last two answers less the two "
            "before)."
        )


def signs_of(known: Records, reached: Integers, rule: SlippingRule) -> dict[str, Any]:
    """Return the signs of each episode of records that end on the day.

    Parameters
    ----------
    known : Records
        The records as they were on the day, with the attendance.
    reached : numpy.ndarray of int
        Days from each admission to the day.
    rule : SlippingRule
        When a sign is marked.

    Returns
    -------
    dict
        Column -> values, one an episode: the numbers (float64, missing where not known) and the
        marks (boolean).
    """
    usual = AttendanceRule()
    sessions = read_sessions(known, usual)
    so_far = AttendanceSoFar(known, usual, "admission")
    rate_known = known.known_by_program("attendance_rate")
    absences = np.where(rate_known, _absences(sessions), np.nan)
    episode = np.arange(len(reached))
    recent = so_far.columns(episode, reached, rule.window)
    earlier = so_far.columns(episode, reached - rule.window, rule.window)
    hours = recent["hours_recent"].to_numpy()
    whole = reached >= 2 * rule.window - 1
    before = np.where(whole, earlier["hours_recent"].to_numpy(), np.nan)
    missed = _check_ins_missed(known)
    now, then = _craving(known)
    return {
        "days_in_program": reached,
        "days_since_contact": recent["days_since_contact"].to_numpy(),
        "absences_in_a_row": absences,
        "hours_recent": hours,
        "hours_before": before,
        "check_ins_missed_in_a_row": missed,
        "craving_recent": now,
        "craving_before": then,
        "absent": _mark(absences >= rule.absences, absences),
        "fewer_hours": _mark((before > 0) & (hours <= rule.hours_share * before), hours + before),
        "check_ins_missed": _mark(missed >= rule.check_ins, missed),
        "craving_up": _mark(now - then >= rule.craving_rise, now - then),
    }


def _mark(marked: Booleans, number: Floats) -> pd.arrays.BooleanArray:
    """Return a mark, missing where the number behind it is."""
    unknown = np.isnan(number)
    return pd.arrays.BooleanArray(marked & ~unknown, unknown)


def _absences(sessions: Sessions) -> Integers:
    """Return the appointments missed in a row at the end of each episode."""
    came = sessions.has_status(ATTENDED)
    rows = sessions.treatment & (came | sessions.has_status(ABSENT))
    episode, day = sessions.episode[rows], sessions.day[rows].astype(np.int64)
    width = int(day.max(initial=0)) + 1
    start = starts_of(episode * width + day)  # sorted by episode and day
    any_came = np.logical_or.reduceat(came[rows], start) if len(start) else came[:0]
    return run_at_end(episode[start], ~any_came, sessions.episodes)


def run_at_end(episode: Integers, marked: Booleans, size: int) -> Integers:
    """Return for each episode how many of its last entries are marked without a break."""
    place = np.arange(len(episode))
    first = np.zeros(len(episode), dtype=np.int64)
    start = starts_of(episode)
    if len(start):
        first = np.repeat(start, np.diff(np.append(start, len(episode))))
    broken = np.where(marked, first - 1, place)
    last_break = np.maximum.accumulate(broken) if len(broken) else broken
    run_length = np.zeros(size, dtype=np.int64)
    last = ends_of(episode)
    run_length[episode[last]] = last - np.maximum(last_break[last], first[last] - 1)
    return run_length


def _check_ins_missed(known: Records) -> Floats:
    """Return the check-ins missed in a row; missing where none was due."""
    rows = known.checkins
    size = len(known.episodes)
    status = positions(rows["status"], CHECKIN_STATUSES)
    due = status != CHECKIN_STATUSES.index("not_due")
    if "due_row" in rows:
        due &= (rows["due_row"] != "outside").to_numpy()
    due &= rows["day"].to_numpy() >= 0
    episode = rows["episode_id"].cat.codes.to_numpy().astype(np.int64)[due]
    missed = status[due] == CHECKIN_STATUSES.index("missed")
    run = run_at_end(episode, missed, size).astype(np.float64)
    run[np.bincount(episode, minlength=size) == 0] = np.nan
    return run


def _craving(known: Records) -> tuple[Floats, Floats]:
    """Return the mean of the last two answers on craving, and of the two before."""
    rows, size = known.checkins, len(known.episodes)
    values = rows["craving"].to_numpy(dtype=np.float64, na_value=np.nan)
    answered = ~np.isnan(values) & (rows["day"].to_numpy() >= 0)
    episode = rows["episode_id"].cat.codes.to_numpy().astype(np.int64)[answered]
    values = values[answered]
    last = ends_of(episode)
    count = np.bincount(episode, minlength=size)
    now, then = np.full((2, size), np.nan)
    for target, back in ((now, 0), (then, 2)):
        enough = count[episode[last]] >= back + 2
        at = last[enough] - back
        target[episode[last][enough]] = (values[at] + values[at - 1]) / 2
    return now, then
