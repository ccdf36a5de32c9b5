"""Records or times as one frame of times, and what can be asked of them by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.attendance.rule import make_attendance_rule
from iop_outcomes.errors import RuleError
from iop_outcomes.exposure.so_far import RECENT, SO_FAR, AttendanceSoFar
from iop_outcomes.records import Records
from iop_outcomes.relapse import RelapseRule, time_to_relapse
from iop_outcomes.shared.arrays import Floats, Integers
from iop_outcomes.shared.checks import check_whole
from iop_outcomes.shared.messages import as_written
from iop_outcomes.survival.times import check_times

Services = Sequence[str]
OF_THE_END = (
    *("clear_until", "ended_by", "ended_on", "competing_end", "competing_on", "rests_on_missing"),
)
"""Columns of times that say how a row ended."""


@dataclass(frozen=True, eq=False)
class Source:
    """Checked times, and the attendance behind them if they came from records.

    Attributes
    ----------
    times : pandas.DataFrame
        With an index of 0 to n - 1.
    entry, days : numpy.ndarray of float64
        From when and until when each row is under observation.
    event : numpy.ndarray of bool
        Whether the row ends with the event.
    attendance : AttendanceSoFar or None
        The attendance of the records.
    episode : numpy.ndarray of int
        The position of each row's episode in the records; empty without them.
    window : int or None
        How many days are recent.
    """

    times: pd.DataFrame
    entry: Floats
    days: Floats
    event: np.ndarray
    attendance: AttendanceSoFar | None
    episode: Integers
    window: int | None

    @classmethod
    def of(
        cls,
        source: Records | pd.DataFrame,
        rule: RelapseRule | None,
        *,
        window: int | None,
        services: Services,
        excused: str,
        purpose: str,
    ) -> Source:
        """Return the source; RuleError where a frame is given with what only records can use."""
        if window is not None:
            check_whole("window", window, 1, "window=14, the last fourteen days")
        if not isinstance(source, Records):
            return cls._of_frame(source, rule, window, purpose)
        rule = RelapseRule() if rule is None else rule
        if rule.origin == "discharge":
            raise RuleError(
                f"A {purpose} by attendance so far needs days since admission or first session.",
                found='origin="discharge", by which day all attendance is known',
                instead="times of that origin with the columns of iop.engagement(records), and "
                "iop.cox(..., allow_post_baseline=True).",
            )
        source.require("attendance", f"a {purpose}")
        times = time_to_relapse(source, rule)
        attendance = AttendanceSoFar(source, make_attendance_rule(services, excused), rule.origin)
        names = source.episodes["episode_id"]
        episode = pd.Index(names.to_numpy()).get_indexer(pd.Index(times["episode_id"].to_numpy()))
        return cls(times, *_checked(times), attendance, episode, window)

    @classmethod
    def _of_frame(
        cls, times: pd.DataFrame, rule: RelapseRule | None, window: int | None, purpose: str
    ) -> Source:
        if rule is not None or window is not None:
            option = "a rule" if rule is not None else f"window={as_written(window)}"
            raise RuleError(
                "A rule and a window apply to records, but times were given.",
                found=f"a {type(times).__name__} and {option}",
                instead=f"iop.{purpose.replace(' ', '_')}(records, ..., rule=rule)",
            )
        entry, days, event = _checked(times)
        plain = times.reset_index(drop=True)
        return cls(plain, entry, days, event, None, np.empty(0, dtype=np.int64), None)

    def refuse_taken(self, *new_names: str) -> None:
        """Raise RuleError if the times have a column that is about to be made."""
        new_names = (*new_names, *self.known_names)
        taken = [name for name in new_names if name in self.times.columns]
        if taken:
            raise RuleError(
                "The times have a column of a name that is made here.",
                found=", ".join(taken),
                instead="times.rename(columns=...) first, or leave the column out.",
            )

    @property
    def known_names(self) -> tuple[str, ...]:
        """The columns of attendance that are made."""
        if self.attendance is None:
            return ()
        return (*SO_FAR, *(() if self.window is None else RECENT))

    def known_by(self, row: Integers, day: Floats) -> pd.DataFrame:
        """Return the attendance of rows as it was known at the end of a day each."""
        if self.attendance is None:
            return pd.DataFrame(index=range(len(row)))
        whole = np.floor(day).astype(np.int64)
        return self.attendance.columns(self.episode[row], whole, self.window)


def _checked(times: pd.DataFrame) -> tuple[Floats, Floats, np.ndarray]:
    checked = check_times(times, None)
    days = np.asarray(checked.days, dtype=np.float64)
    entry = np.zeros(len(days)) if checked.entry is None else np.asarray(checked.entry, float)
    return entry, days, checked.event
