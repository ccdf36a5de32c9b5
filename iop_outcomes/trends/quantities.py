"""The measures of which a trend can be drawn, with numerator, denominator and date.

A measure turns records into a tally: one entry for each session, check-in or episode in the
denominator. `trend` sums tallies by period. To add a measure, write its tally and register it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.attendance.rule import AttendanceRule
from iop_outcomes.attendance.sessions import positions
from iop_outcomes.attendance.stays import (
    NO_CONTACT_DAYS,
    RETENTION_DAYS,
    Attendance,
    read_attendance,
)
from iop_outcomes.errors import RuleError
from iop_outcomes.outcome_scores.at_discharge import (
    AT_DISCHARGE,
    Counted,
    better,
    having,
    measured,
)
from iop_outcomes.outcome_scores.moments import GRACE_DAYS
from iop_outcomes.records.schema import ATTENDED, CHECKIN_STATUSES, DISCHARGE_REASONS
from iop_outcomes.shared.messages import as_written

if TYPE_CHECKING:
    from iop_outcomes.records import Records

Kind = Literal["sessions", "people", "count"]


@dataclass(frozen=True, eq=False)
class Tally:
    """The entries counted by a measure.

    Attributes
    ----------
    episode : numpy.ndarray of int
        The position of its episode in ``records.episodes``.
    date : numpy.ndarray of datetime64
        The date that determines its period.
    counts : numpy.ndarray of bool
        Whether it is in the numerator; every entry is in the denominator.
    """

    episode: npt.NDArray[Any]
    date: npt.NDArray[Any]
    counts: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Quantity:
    """A measure of which a trend can be drawn.

    Attributes
    ----------
    name : str
        The name in code.
    title : str
        The name in a picture.
    numerator, denominator : str
        What is counted; empty denominator for a count.
    date : str
        The date that determines the period of an entry.
    unit : {"proportion", "episodes"}
        The unit of the value: a proportion from 0 to 1, or a number of episodes.
    kind : {"sessions", "people", "count"}
        The kind of interval: sessions are clustered within persons; people are independent; a count
        has the interval of a Poisson count.
    tables : tuple of str
        The tables needed in addition to the episodes.
    tally : callable
        Records to :class:`Tally`.
    days_to_mature : int
        The number of days after the end of a period after which its value is known.
    note : str
        Further information for the reader.
    improves : {"up", "down", "neither"}
        Which direction is an improvement.
    """

    name: str
    title: str
    numerator: str
    denominator: str
    date: str
    unit: Literal["proportion", "episodes"]
    kind: Kind
    tables: tuple[str, ...]
    tally: Callable[[Records], Tally]
    days_to_mature: int = 0
    note: str = ""
    improves: Literal["up", "down", "neither"] = "up"

    @property
    def text(self) -> str:
        """The definition as sentences."""
        whole = f"{self.numerator} / {self.denominator}" if self.denominator else self.numerator
        note = f" {self.note}" if self.note else ""
        return f"{self.title}: {whole}, by {self.date}.{note}"


@dataclass(frozen=True)
class AttendanceTally:
    """A tally of the attendance table, which several tallies read once together.

    Attributes
    ----------
    count : callable
        Function from the attendance that was read to :class:`Tally`.
    """

    count: Callable[[Attendance], Tally]

    def __call__(self, records: Records) -> Tally:
        """Return the tally of records."""
        return self.count(read_attendance(records))


def tally_of(quantity: Quantity, records: Records, attendance: Attendance | None) -> Tally:
    """Return the tally of a measure; `attendance` is the attendance of the records, if read."""
    if attendance is not None and isinstance(quantity.tally, AttendanceTally):
        return quantity.tally.count(attendance)
    return quantity.tally(records)


def _sessions(attendance: Attendance, numerator: tuple[str, ...]) -> Tally:
    sessions = attendance.sessions
    due = np.flatnonzero(sessions.due)
    return Tally(
        sessions.episode[due],
        sessions.frame["date"].to_numpy()[due],
        sessions.has_status(numerator)[due],
    )


def _attended(attendance: Attendance) -> Tally:
    return _sessions(attendance, ATTENDED)


def _no_shows(attendance: Attendance) -> Tally:
    return _sessions(attendance, ("no_show",))


def _admissions(records: Records) -> Tally:
    number = len(records.episodes)
    dates = records.episodes["admit_date"].to_numpy()
    return Tally(np.arange(number), dates, np.ones(number, dtype=np.bool_))


def _retained(day: int) -> AttendanceTally:
    def tally(attendance: Attendance) -> Tally:
        retained = attendance.stays.retained(day)
        known = np.flatnonzero(~retained.isna())
        counts = retained.to_numpy(dtype=np.bool_, na_value=False)[known]
        admitted = attendance.records.episodes["admit_date"].to_numpy()[known]
        return Tally(known, admitted, counts)

    return AttendanceTally(tally)


def _completions(records: Records) -> Tally:
    episodes = records.episodes
    reason = positions(episodes["discharge_reason"], DISCHARGE_REASONS)
    known = np.flatnonzero(episodes["discharge_date"].notna().to_numpy() & (reason >= 0))
    completed = reason[known] == DISCHARGE_REASONS.index("completed")
    return Tally(known, episodes["discharge_date"].to_numpy()[known], completed)


def _check_ins(records: Records) -> Tally:
    checkins = records.checkins
    status = positions(checkins["status"], CHECKIN_STATUSES)
    due = status != CHECKIN_STATUSES.index("not_due")
    if "due_row" in checkins:  # where none was due, only those who answered have a row
        due &= (checkins["due_row"] != "outside").to_numpy()
    rows = np.flatnonzero(due & (checkins["day"].to_numpy() >= 0))
    return Tally(
        checkins["episode_id"].cat.codes.to_numpy()[rows].astype(np.intp),
        checkins["date"].to_numpy()[rows],
        status[rows] == CHECKIN_STATUSES.index("completed"),
    )


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
        days_to_mature=day,
        note=(
            "The stay ends with the last contact or the discharge, whichever is earlier; an open "
            f"episode last seen within {NO_CONTACT_DAYS} days before the end of follow-up counts "
            "as retained, so that the newest value can still fall a little."
        ),
    )


def _discharged(
    name: str,
    title: str,
    count: Callable[[Records], Counted],
    numerator: str,
    denominator: str,
    note: str = "",
) -> Quantity:
    """Return a measure of what episodes have at discharge."""

    def tally(records: Records) -> Tally:
        records.require("checkins", title)
        episode, counts = count(records)
        return Tally(episode, records.episodes["discharge_date"].to_numpy()[episode], counts)

    return Quantity(
        name=name,
        title=title,
        numerator=numerator,
        denominator=denominator,
        date="date of discharge",
        unit="proportion",
        kind="people",
        tables=("checkins",),
        tally=tally,
        days_to_mature=GRACE_DAYS,
        note=f"{AT_DISCHARGE.text} {note}".strip(),
    )


_BOTH = "discharged episodes with a score at intake and at discharge"
_BOTH_ANSWERS = "discharged episodes with an answer at admission and at discharge"
_FIRST_MONTHS = (
    "In the first months of the records all people are newly admitted, so that these months are "
    "not comparable with later ones."
)
_SESSION_NOTE = f"{AttendanceRule().text} {_FIRST_MONTHS}"

QUANTITIES: dict[str, Quantity] = {
    quantity.name: quantity
    for quantity in (
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
            note=_SESSION_NOTE,
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
            note=_SESSION_NOTE,
        ),
        Quantity(
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
        ),
        *(_retention(day) for day in RETENTION_DAYS),
        Quantity(
            name="completion_rate",
            title="Completion rate",
            numerator="discharges with the reason completed",
            denominator="discharges whose reason is known",
            date="date of discharge",
            unit="proportion",
            kind="people",
            tables=(),
            tally=_completions,
            note="Transfers are in the denominator only. Open episodes are not in it, so that a "
            "month with many early discharges has a low rate, even if others are still in "
            "treatment.",
        ),
        Quantity(
            name="check_in_response",
            title="Check-in response",
            numerator="check-ins completed",
            denominator="check-ins completed or missed",
            date="date of check-in",
            unit="proportion",
            kind="sessions",
            tables=("checkins",),
            tally=_check_ins,
            note="Check-ins before admission and those that were not due are left out. "
            + _FIRST_MONTHS,
        ),
    )
}

_REGRESSION = "A part of every fall is regression to the mean."
_LOWER = "those whose score is {} points lower or more"
# Not in the quarterly report, whose disclosure control does not know how they hang together.
SCORES: dict[str, Quantity] = {
    name: _discharged(name, title, count, numerator, denominator, note)
    for name, title, count, numerator, denominator, note in (
        (
            *("phq9_completed", "PHQ-9 at intake and discharge", measured("phq9")),
            "those with a PHQ-9 score at intake and at discharge",
            *("discharged episodes, without those that ended in death", ""),
        ),
        (
            *("phq9_better", "PHQ-9 better by 5 points", better("phq9", "5_points")),
            *(_LOWER.format(5), _BOTH, _REGRESSION),
        ),
        (
            *("gad7_better", "GAD-7 better by 4 points", better("gad7", "4_points")),
            *(_LOWER.format(4), _BOTH, _REGRESSION),
        ),
        (
            *("work_or_school", "In work or school at discharge", having("work_or_school")),
            *("those in work or school at discharge", _BOTH_ANSWERS, ""),
        ),
        (
            *("stable_housing", "In stable housing at discharge", having("stable_housing")),
            *("those in stable housing at discharge", _BOTH_ANSWERS, ""),
        ),
    )
}


def find_quantity(measure: str | Quantity | None) -> Quantity:
    """Return the measure of that name, or the measure itself.

    Raises
    ------
    RuleError
        If no measure has that name.
    """
    if isinstance(measure, Quantity):
        return measure
    known = QUANTITIES | SCORES
    if isinstance(measure, str) and measure in known:
        return known[measure]
    raise RuleError(
        "There is no measure of that name.",
        found=as_written(measure),
        instead=f"one of {', '.join(known)}",
    )


def describe_quantities() -> pd.DataFrame:
    """Return the measures of which a trend can be drawn, with their definitions.

    Returns
    -------
    pandas.DataFrame
        One row a measure: ``name, title, numerator, denominator, date, unit, days_to_mature,
        note``.
    """
    names = ("name", "title", "numerator", "denominator", "date", "unit", "days_to_mature", "note")
    rows = [
        {name: getattr(quantity, name) for name in names}
        for quantity in (QUANTITIES | SCORES).values()
    ]
    return pd.DataFrame(rows)
