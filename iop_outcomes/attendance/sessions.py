"""The attendance table as arrays, and which of its rows are due and attended by a rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.attendance.rule import UNRECORDED, AttendanceRule
from iop_outcomes.records.overlap import covered_minutes
from iop_outcomes.records.schema import ATTENDANCE_STATUSES, MODALITIES, SERVICES
from iop_outcomes.shared.arrays import Booleans, Floats, Integers

if TYPE_CHECKING:
    from iop_outcomes.records import Records


@dataclass(frozen=True, eq=False)
class Sessions:
    """The attendance table as arrays, one entry a row, in the order of the table.

    Attributes
    ----------
    frame : pandas.DataFrame
        The attendance table itself, for its minutes and dates.
    rule : AttendanceRule
        What counts.
    episode : numpy.ndarray of int
        The position of the row's episode in ``records.episodes``.
    day : numpy.ndarray of int
        Whole days since admission.
    status : numpy.ndarray of int8
        The position of the status in ``ATTENDANCE_STATUSES``.
    treatment : numpy.ndarray of bool
        Whether the service is a treatment session.
    online : numpy.ndarray of bool
        Whether it took place by telehealth.
    episodes : int
        How many episodes there are.
    """

    frame: pd.DataFrame
    rule: AttendanceRule
    episode: Integers
    day: Integers
    status: npt.NDArray[np.int8]
    treatment: Booleans
    online: Booleans
    episodes: int

    @cached_property
    def attended(self) -> Booleans:
        """Whether each row is a treatment session that counts as attended by the rule."""
        came = self.treatment & self.has_status(self.rule.attended)
        return came & ~self.online if self.rule.telehealth == "missed" else came

    @cached_property
    def due(self) -> Booleans:
        """Whether each row is a treatment session in the denominator."""
        return self.treatment & self.has_status(self.rule.due)

    @cached_property
    def unrecorded(self) -> Booleans:
        """Whether each row is a treatment session without a recorded outcome."""
        return self.treatment & self.has_status((UNRECORDED,))

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
        minutes = self._numbers(name)[rows]
        return np.asarray(np.maximum(minutes - self._covered[rows], 0.0), dtype=np.float64)

    @cached_property
    def _covered(self) -> Floats:
        """The minutes of each row that an earlier session which counts covers already."""
        if self.rule == AttendanceRule():
            return np.nan_to_num(self._numbers("minutes_overlapping"))
        covered = np.zeros(len(self.day))
        if not self._numbers("minutes_overlapping").any():
            return covered  # no sessions overlap, whichever count
        start = self._numbers("start_time")
        length = self._numbers("minutes_attended")
        length = np.where(np.isnan(length), self._numbers("minutes_scheduled"), length)
        rows = np.flatnonzero(self.attended & ~np.isnan(start) & ~np.isnan(length))
        rows = rows[np.lexsort((start[rows], self.day[rows], self.episode[rows]))]
        width = int(self.day.max(initial=0)) + 1
        of_day = self.episode[rows] * width + self.day[rows]
        minutes = (values[rows].astype(np.int64) for values in (start, length))
        covered[rows] = covered_minutes(of_day, *minutes)
        return covered

    def _numbers(self, name: str) -> Floats:
        return self.frame[name].to_numpy(dtype=np.float64, na_value=np.nan)

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


def read_sessions(records: Records, rule: AttendanceRule) -> Sessions:
    """Return the attendance of the records as arrays.

    Parameters
    ----------
    records : Records
        Their attendance table must have been read.
    rule : AttendanceRule
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
        online=positions(frame["modality"], MODALITIES) == MODALITIES.index("telehealth"),
        episodes=len(records.episodes),
    )


def positions(column: pd.Series[Any], words: Sequence[str]) -> npt.NDArray[np.int8]:
    """Return for each value of a category column its position in `words`; -1 if missing."""
    if not isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype("category")
    place = {word: position for position, word in enumerate(words)}
    table = np.array([place[word] for word in column.cat.categories] + [-1], dtype=np.int8)
    return np.asarray(table[column.cat.codes.to_numpy()], dtype=np.int8)
