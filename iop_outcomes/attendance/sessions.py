"""The rule for which sessions count, are due and are attended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.records.schema import (
    ABSENT,
    ATTENDANCE_STATUSES,
    ATTENDED,
    SERVICES,
    TREATMENT_SERVICES,
)
from iop_outcomes.shared.arrays import Booleans, Floats, Integers
from iop_outcomes.shared.messages import as_written, names_asked

if TYPE_CHECKING:
    from iop_outcomes.records import Records

UNRECORDED = "unrecorded"
_OUTSIDE = ("program_cancel", "not_scheduled")


@dataclass(frozen=True)
class SessionRule:
    """Which services are treatment sessions, and which of them are due.

    Attributes
    ----------
    services : tuple of str
        The services that count as treatment sessions and whose hours count towards the dose. By
        default group, individual and family sessions and skills training, which make up the hours
        of an intensive outpatient program (ASAM level 2.1). An assessment or a drug test is a
        contact, but not a dose of treatment. A row whose service is not recorded counts: an
        attendance export without that column lists the program's sessions.
    excused : {"due", "not_due"}
        Whether an excused absence stays in the denominator. By default it does: the session took
        place and the person was absent. Programs differ in this; report which was used.

    Notes
    -----
    Attended: ``attended``, ``attended_partial`` and ``late``. Due: attended, ``no_show``,
    ``late_cancel``, ``client_cancel``, and ``excused`` unless ``"not_due"`` is chosen.
    ``program_cancel`` and ``not_scheduled`` are not in the denominator, because nobody could have
    attended. ``unrecorded`` is in neither numerator nor denominator and is counted in a column of
    its own.
    """

    services: tuple[str, ...] = TREATMENT_SERVICES
    excused: Literal["due", "not_due"] = "due"

    def __post_init__(self) -> None:
        """Refuse services and words that are not known."""
        unknown = [service for service in self.services if service not in SERVICES]
        if unknown or not self.services:
            raise RuleError(
                "A service of the treatment sessions is not known.",
                found=names_asked(unknown) or "no service",
                instead=f"some of {', '.join(SERVICES)}",
            )
        if self.excused not in ("due", "not_due"):
            raise RuleError(
                "`excused` must be one of two words.",
                found=f"excused={as_written(self.excused)}",
                instead='excused="due" or excused="not_due"',
            )

    @property
    def due(self) -> tuple[str, ...]:
        """The statuses in the denominator."""
        return (*ATTENDED, *ABSENT, *(("excused",) if self.excused == "due" else ()))

    @property
    def not_due(self) -> tuple[str, ...]:
        """The statuses that are not in the denominator, except unrecorded."""
        return (*_OUTSIDE, *(("excused",) if self.excused == "not_due" else ()))

    @property
    def text(self) -> str:
        """The rule as sentences."""
        excused = "stay in" if self.excused == "due" else "leave"
        return (
            f"Sessions are {', '.join(self.services)} services. Attended counts attended, partly "
            "attended and late; due are those, no-shows, late and client cancellations; excused "
            f"absences {excused} the denominator; sessions that the program cancelled or did not "
            "schedule are not in it; unrecorded ones are neither attended nor absent."
        )


def make_session_rule(services: Sequence[str], excused: str) -> SessionRule:
    """Return the rule for the given options, refusing words that are not known."""
    names = (services,) if isinstance(services, str) else tuple(services)
    return SessionRule(names, excused)  # type: ignore[arg-type]  # the rule checks the word


@dataclass(frozen=True, eq=False)
class Sessions:
    """The attendance table as arrays, one entry a row, in the order of the table.

    Attributes
    ----------
    frame : pandas.DataFrame
        The attendance table itself, for its minutes and dates.
    rule : SessionRule
        What counts.
    episode : numpy.ndarray of int
        The position of the row's episode in ``records.episodes``.
    day : numpy.ndarray of int
        Whole days since admission.
    status : numpy.ndarray of int8
        The position of the status in ``ATTENDANCE_STATUSES``.
    treatment : numpy.ndarray of bool
        Whether the service is a treatment session.
    episodes : int
        How many episodes there are.
    """

    frame: pd.DataFrame
    rule: SessionRule
    episode: Integers
    day: Integers
    status: npt.NDArray[np.int8]
    treatment: Booleans
    episodes: int

    def has_status(self, words: Sequence[str]) -> Booleans:
        """Return for each row whether its status is one of `words`."""
        table = np.array([word in words for word in ATTENDANCE_STATUSES])
        return np.asarray(table[self.status], dtype=np.bool_)

    def count(self, rows: Booleans) -> npt.NDArray[np.int64]:
        """Return for each episode how many of its rows are True in `rows`."""
        return np.bincount(self.episode[rows], minlength=self.episodes)

    def status_counts(self) -> npt.NDArray[np.int64]:
        """Return the treatment sessions: one row an episode, one column a status."""
        width = len(ATTENDANCE_STATUSES)
        cell = self.episode[self.treatment] * width + self.status[self.treatment]
        return np.bincount(cell, minlength=self.episodes * width).reshape(self.episodes, width)

    def minutes(self, name: str, rows: Integers) -> Floats:
        """Return the column `name` of the rows, less minutes that overlap an earlier session."""
        minutes = self.frame[name].to_numpy(dtype=np.float64, na_value=np.nan)[rows]
        covered = self.frame["minutes_overlapping"].to_numpy(dtype=np.float64, na_value=0.0)[rows]
        return np.asarray(np.maximum(minutes - np.nan_to_num(covered), 0.0), dtype=np.float64)

    def attended_minutes(self, rows: Integers) -> Floats:
        """Return the minutes of the attended sessions `rows`; missing where they are not known.

        A session with status ``attended`` and no recorded minutes counts with its scheduled
        minutes. For a session attended late or in part they are then not known.
        """
        minutes = self.minutes("minutes_attended", rows)
        whole = self.status[rows] == ATTENDANCE_STATUSES.index("attended")
        fill = np.isnan(minutes) & whole
        minutes[fill] = self.minutes("minutes_scheduled", rows[fill])
        return minutes


def read_sessions(records: Records, rule: SessionRule) -> Sessions:
    """Return the attendance of the records as arrays.

    Parameters
    ----------
    records : Records
        Their attendance table must have been read.
    rule : SessionRule
        What counts.
    """
    frame = records.attendance
    service = positions(frame["service"], SERVICES)
    counts = np.array([name in rule.services for name in SERVICES] + [True])  # -1: not recorded
    return Sessions(
        frame=frame,
        rule=rule,
        episode=frame["episode_id"].cat.codes.to_numpy().astype(np.intp),
        day=frame["day"].to_numpy(),
        status=positions(frame["status"], ATTENDANCE_STATUSES),
        treatment=np.asarray(counts[service], dtype=np.bool_),
        episodes=len(records.episodes),
    )


def positions(column: pd.Series[Any], words: Sequence[str]) -> npt.NDArray[np.int8]:
    """Return for each value of a category column its position in `words`; -1 if missing."""
    if not isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype("category")
    place = {word: position for position, word in enumerate(words)}
    table = np.array([place[word] for word in column.cat.categories] + [-1], dtype=np.int8)
    return np.asarray(table[column.cat.codes.to_numpy()], dtype=np.int8)
