"""Several rows of one session: repeated with a new status, contradictory, or exported twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.records.checks.episodes import set_aside
from iop_outcomes.records.identical_rows import FEWEST, identical, one_each
from iop_outcomes.records.schema import ATTENDED
from iop_outcomes.records.staging import Log, StagedTable

Array = npt.NDArray[Any]

STAYED_AWAY = ("no_show", "excused")  # without cancelled bookings, which may be made again
NO_OUTCOME = ("unrecorded", "not_scheduled")
_FEW = 10  # more rows are not listed one by one


def repeated_sessions(staged: StagedTable, episode: Array, log: Log) -> None:
    """Set aside contradictory rows of one session of a person, and rows that another one replaces.

    Rows are of one session if episode, day, start, group and service are the same. Two rows without
    a start (midnight does not count) and without a `group_id` that occurs on one day only can be
    two sessions, and are kept.

    Parameters
    ----------
    staged : StagedTable
        Attendance.
    episode : numpy.ndarray of int
        For each row the row of its episode.
    log : Log
        Where problems are listed.
    """
    possible_repeat(staged, log)
    rows = np.flatnonzero(staged.kept & _names_session(staged))
    if not any(name in staged.values for name in ("start_time", "group_id")):
        for check in ("contradictory_session", "signed_again"):
            log.tally(check, "attendance", "status", 0, 0, present=False)
        return
    keys = [episode, staged.day("date")]
    for name in ("start_time", "group_id", "service"):
        if name in staged.values:
            values = staged.values[name]
            if values.dtype.kind == "f":
                values = np.where(np.isnan(values), -1, values).astype(np.int16)
            keys.append(values)
    several = _of_several(rows, [key[rows] for key in keys])
    contradictory, superseded = np.zeros((2, len(staged)), dtype=bool)
    if len(several):
        session = _session(several, keys)
        contradictory[several] = _both(staged, several, session)
        superseded[several] = _not_the_last(staged, several, session)
    set_aside(staged, contradictory, "contradictory_session", "status", log)
    set_aside(staged, superseded, "signed_again", "status", log)


def possible_repeat(staged: StagedTable, log: Log) -> None:
    """List rows that equal another row, if nothing shows whether both are the same session.

    They are kept: three groups of an hour on one day look the same as one row exported three times.
    The mapping can say which it is.
    """
    rows = np.flatnonzero(staged.repeats & staged.kept)
    table = staged.table.name
    log.tally("possible_repeat", table, "", int(staged.kept.sum()), len(rows))
    if not len(rows):
        return
    done = 'kept: write identical_rows = "keep" or "fold" under [options] of the mapping'
    if len(rows) <= _FEW:
        log.rows(staged, rows, "possible_repeat", "", done)
    else:
        log.whole_column(staged, "possible_repeat", "", done, text=f"{len(rows):,} rows")
    what = "row of attendance equals" if len(rows) == 1 else "rows of attendance equal"
    log.notes.append(
        f"{len(rows):,} {what} another row in every column that both have, and nothing shows "
        "whether it is a session of its own or a row exported twice: kept as sessions. Write "
        'under [options] of the mapping identical_rows = "keep" if they are sessions, "fold" if '
        "they are repeats"
    )


def _names_session(staged: StagedTable) -> npt.NDArray[np.bool_]:
    """Return which rows identify their session, by a start or by a group of a single day."""
    names_session = np.zeros(len(staged), dtype=bool)
    if "start_time" in staged.values:
        names_session |= np.nan_to_num(staged.values["start_time"]) > 0
    if "group_id" in staged.values:
        group, known = staged.values["group_id"], staged.known("group_id") & staged.kept
        values = np.unique(group[known])
        if len(values) >= FEWEST and one_each(group[known], staged.day("date")[known]):
            names_session |= known
    return names_session


def _of_several(rows: Array, keys: list[Array]) -> Array:
    """Return the rows whose session has several rows."""
    if not len(rows):
        return rows
    first = identical(keys)
    again = first >= 0
    alike = again.copy()
    alike[first[again]] = True
    return rows[alike]


def _session(rows: Array, keys: list[Array]) -> Array:
    """Return for each row the number of its session."""
    session = np.zeros(len(rows), dtype=np.int64)
    for key in keys:
        codes, levels = pd.factorize(key[rows])
        session, _ = pd.factorize(session * (len(levels) + 1) + codes)
    return session


def _both(staged: StagedTable, rows: Array, session: Array) -> npt.NDArray[np.bool_]:
    """Return which rows are of a session with one row attended and another not attended."""
    came = np.bincount(session, weights=staged.is_word("status", *ATTENDED)[rows]) > 0
    away = np.bincount(session, weights=staged.is_word("status", *STAYED_AWAY)[rows]) > 0
    result: npt.NDArray[np.bool_] = (came & away)[session]
    return result


def _not_the_last(staged: StagedTable, rows: Array, session: Array) -> npt.NDArray[np.bool_]:
    """Return which rows another row of their session replaces.

    A row with an outcome replaces one without. A row that was attended replaces a cancelled
    booking, which was booked again. Among rows that are equal in this the last one is kept.
    """
    rank = 1 + staged.is_word("status", *ATTENDED)[rows].astype(np.int64)
    rank[staged.is_word("status", *NO_OUTCOME)[rows]] = 0
    order = np.lexsort((rows, rank, session))
    last = np.append(session[order][1:] != session[order][:-1], True)
    result = np.ones(len(rows), dtype=bool)
    result[order[last]] = False
    return result
