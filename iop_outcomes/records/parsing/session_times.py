"""Start and length of sessions, from all columns that contain times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from iop_outcomes.records.parsing.parsed import Parsed
from iop_outcomes.records.parsing.times_of_day import DAY
from iop_outcomes.records.schema import (
    ATTENDANCE,
    LONGEST_SESSION,
    MINUTES_SCHEDULED,
    SESSION_TIMES,
    START_TIME,
    Column,
)
from iop_outcomes.records.staging import Log, StagedTable

Array = npt.NDArray[Any]
TIME_COLUMNS = ("start_time", "time_range", "date")  # columns with a start, in order of preference


@dataclass(frozen=True)
class Times:
    """The times of sessions in a column, row by row.

    ``minutes`` is after midnight; ``lengths`` (minutes) and ``backwards`` are None if the column
    has no ranges of times.
    """

    minutes: Array
    lengths: Array | None
    backwards: npt.NDArray[np.bool_] | None


def session_column(staged: StagedTable, name: str) -> Column | None:
    """Return the declaration of ``time_range`` or ``end_time`` of attendance, otherwise None."""
    return SESSION_TIMES.get(name) if staged.table.name == ATTENDANCE.name else None


def times_of(parsed: Parsed, codes: Array) -> Times | None:
    """Return the times of a column by row, or None if it has none."""
    minutes, lengths, backwards = parsed.minutes, parsed.lengths, parsed.backwards
    if minutes is None or lengths is None or backwards is None:
        return None
    ranges = bool(np.isfinite(lengths).any() or backwards.any())
    if not ranges and not (minutes > 0).any():
        return None  # midnight in every row means that there is no time of day
    if not ranges:
        return Times(minutes[codes], None, None)
    return Times(minutes[codes], lengths[codes], backwards[codes])


def take_session_times(staged: StagedTable, times: dict[str, Times], log: Log) -> None:
    """Fill start_time and minutes_scheduled from ranges, end times, and times in dates.

    A start in ``start_time`` has precedence over one in ``time_range``, and this over the time in
    the date. A length is used if ``minutes_scheduled`` has none.
    """
    if staged.table.name != ATTENDANCE.name:
        return
    with_starts = [(name, times[name]) for name in TIME_COLUMNS if name in times]
    length = np.full(len(staged), np.nan)
    wrong = np.zeros(len(staged), dtype=bool)
    looked = np.zeros(len(staged), dtype=bool)
    if with_starts:
        name, first = with_starts[0]
        start = first.minutes
        for name, column_times in with_starts:
            if name == "time_range":
                start = np.where(np.isnan(start), column_times.minutes, start)
            if column_times.lengths is not None and column_times.backwards is not None:
                length = np.where(np.isnan(length), column_times.lengths, length)
                wrong |= column_times.backwards
                looked |= column_times.backwards | np.isfinite(column_times.lengths)
        staged.declared["start_time"] = START_TIME
        staged.values["start_time"] = start
        staged.levels["start_time"] = []
        if "end_time" in times:
            counted = _to_the_end(start, times["end_time"].minutes)
            both = np.isfinite(start) & np.isfinite(times["end_time"].minutes)
            length = np.where(np.isnan(length), counted, length)
            wrong |= both & np.isnan(counted)
            looked |= both
    source = next(
        (name for name in ("end_time", "time_range", *TIME_COLUMNS) if name in times), "start_time"
    )
    rows = np.flatnonzero(wrong & np.isnan(length) & ~staged.folded)
    log.rows(staged, rows, "end_before_start", source, "kept: its length is not known")
    log.tally("end_before_start", staged.table.name, source, int(looked.sum()), len(rows))
    if np.isfinite(length).any():
        _fill_lengths(staged, length, source, log)


def _to_the_end(start: Array, end: Array) -> Array:
    """Return the minutes from start to end; past midnight if a session can be that long."""
    length = end - start
    over_midnight = length + DAY
    fits = (length <= 0) & (over_midnight <= LONGEST_SESSION)
    result: Array = np.where(length > 0, length, np.where(fits, over_midnight, np.nan))
    return result


def _fill_lengths(staged: StagedTable, length: Array, source: str, log: Log) -> None:
    """Use the lengths where the export has none, and list lengths that no session can have."""
    name = MINUTES_SCHEDULED.name
    own = staged.values.get(name, np.full(len(staged), np.nan))
    wanted = np.isnan(own) & np.isfinite(length) & ~staged.folded
    fits = length <= LONGEST_SESSION
    long = np.flatnonzero(wanted & ~fits)
    done = f"kept: its length is not known, over {LONGEST_SESSION} minutes from start to end"
    log.rows(staged, long, "out_of_range", source, done)
    log.tally("out_of_range", staged.table.name, source, int(wanted.sum()), len(long))
    if not (wanted & fits).any():
        return
    staged.declared[name] = MINUTES_SCHEDULED
    staged.values[name] = np.where(np.isnan(own) & fits, length, own)
    staged.levels[name] = []
    log.notes.append(
        f"the length of {int((wanted & fits).sum()):,} services is the time from their start to "
        "their end"
    )
