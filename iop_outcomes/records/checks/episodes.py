"""Checks of the episodes table: identity, order of dates, the data cut, readmission."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from iop_outcomes.records.checks.declared import LATE_DISCHARGE, SILENT, SOON
from iop_outcomes.records.parsing.parsed import NO_DAY
from iop_outcomes.records.staging import Draft, Log, identical

Array = npt.NDArray[Any]


def check_episodes(draft: Draft, as_of: int, log: Log) -> None:
    """Set aside episodes that cannot stand, and flag those that look odd."""
    repeated_episode(draft, log)
    discharge_before_admission(draft, log)
    after_data_cut(draft, as_of, log)
    reasons_and_dates(draft, log)
    readmissions(draft, log)


def set_aside(draft: Draft, failed: Array, check: str, column: str, log: Log) -> None:
    """Set aside the rows of a mask that are still kept, and list them."""
    looked_at = int(draft.alive.sum())
    rows = np.flatnonzero(failed & draft.alive)
    draft.alive[rows] = False
    log.rows(draft, rows, check, column, "set aside")
    log.tally(check, draft.table.name, column, looked_at, len(rows))


def flag(draft: Draft, failed: Array, looked_at: Array, check: str, column: str, log: Log) -> None:
    """List the rows of a mask that stay as they are."""
    rows = np.flatnonzero(failed & draft.alive)
    log.rows(draft, rows, check, column, "kept")
    log.tally(check, draft.table.name, column, int((looked_at & draft.alive).sum()), len(rows))


def repeated_episode(draft: Draft, log: Log) -> None:
    """Keep the first row of an episode_id, and set aside later ones of other content."""
    alive = np.flatnonzero(draft.alive)
    later = np.zeros(len(draft), dtype=bool)
    if len(alive):
        later[alive] = identical([draft.values["episode_id"][alive]]) >= 0
    set_aside(draft, later, "repeated_episode", "episode_id", log)


def discharge_before_admission(draft: Draft, log: Log) -> None:
    """Set aside episodes whose two dates contradict each other: day 0 is not known."""
    column = "discharge_date" if draft.time == "calendar" else "discharge_day"
    if not draft.has(column):
        log.tally("discharge_before_admission", "episodes", column, 0, 0, present=False)
        return
    discharge = draft.values[column]
    wrong = (discharge != NO_DAY) & (discharge < draft.day("admit_date"))
    set_aside(draft, wrong, "discharge_before_admission", column, log)


def after_data_cut(draft: Draft, as_of: int, log: Log) -> None:
    """Set aside admissions after the data cut; a later discharge is not known at the cut."""
    names = {
        name: column.name_in(draft.time)
        for name in ("admit_date", "discharge_date", "followed_until")
        if (column := draft.table.column(name)) is not None
    }
    late = draft.day("admit_date") > as_of
    set_aside(draft, late, "after_data_cut", names["admit_date"], log)
    for name in ("discharge_date", "followed_until"):
        own = names[name]
        if own not in draft.values:
            continue
        known = draft.values[own] != NO_DAY
        rows = np.flatnonzero(known & (draft.values[own] > as_of) & draft.alive)
        log.tally("after_data_cut", "episodes", own, int((known & draft.alive).sum()), len(rows))
        if name == "discharge_date":
            done = "value left missing: open at the data cut"
            if "discharge_reason" in draft.values:
                draft.values["discharge_reason"][rows] = -1
        else:
            done = "value left missing: followed until the data cut"
        draft.values[own][rows] = NO_DAY
        log.rows(draft, rows, "after_data_cut", own, done)


def reasons_and_dates(draft: Draft, log: Log) -> None:
    """Flag a discharge reason without its date, and a date without a reason."""
    column = "discharge_date" if draft.time == "calendar" else "discharge_day"
    if not draft.has(column, "discharge_reason"):
        for check in ("reason_without_date", "date_without_reason"):
            log.tally(check, "episodes", "discharge_reason", 0, 0, present=False)
        return
    dated, reasoned = draft.known(column), draft.known("discharge_reason")
    flag(draft, reasoned & ~dated, reasoned, "reason_without_date", "discharge_reason", log)
    flag(draft, dated & ~reasoned, dated, "date_without_reason", column, log)


def readmissions(draft: Draft, log: Log) -> None:
    """Flag admissions soon after a discharge, and episodes of one program that overlap."""
    admit_column = "admit_date" if draft.time == "calendar" else "admit_day"
    column = "discharge_date" if draft.time == "calendar" else "discharge_day"
    if not draft.has("person_id", column):
        log.tally("readmitted_soon", "episodes", admit_column, 0, 0, present=False)
        log.tally("overlapping_episodes", "episodes", admit_column, 0, 0, present=False)
        return
    person, admit = draft.values["person_id"], draft.day("admit_date")
    alive = np.flatnonzero(draft.alive & (person >= 0))
    order = alive[np.lexsort((admit[alive], person[alive]))]
    same_person = person[order[1:]] == person[order[:-1]]
    end = draft.values[column][order[:-1]].astype(np.int64)
    end[end == NO_DAY] = 2**31  # still open
    gap = admit[order[1:]] - end
    soon = np.zeros(len(draft), dtype=bool)
    soon[order[1:]] = same_person & (gap >= 0) & (gap <= SOON)
    same_program = same_person.copy()
    if "program" in draft.values:
        program = draft.values["program"]
        same_program &= program[order[1:]] == program[order[:-1]]
    overlapping = np.zeros(len(draft), dtype=bool)
    overlapping[order[1:]] = same_program & (gap < 0)
    everyone = person >= 0
    flag(draft, soon, everyone, "readmitted_soon", admit_column, log)
    flag(draft, overlapping, everyone, "overlapping_episodes", admit_column, log)


def administrative_stays(draft: Draft, last_contact: Array, as_of: int, log: Log) -> None:
    """Flag discharges long after the last contact, and open episodes gone silent while followed.

    Parameters
    ----------
    last_contact : numpy.ndarray of int64
        For each row the day of its last attended session or completed check-in, or NO_DAY.
    """
    column = "discharge_date" if draft.time == "calendar" else "discharge_day"
    seen = last_contact != NO_DAY
    if not draft.has(column):
        log.tally("late_discharge", "episodes", column, 0, 0, present=False)
        open_ = np.ones(len(draft), dtype=bool)
    else:
        discharge = draft.values[column].astype(np.int64)
        closed = discharge != NO_DAY
        late = closed & seen & (discharge - last_contact > LATE_DISCHARGE)
        flag(draft, late, closed & seen, "late_discharge", column, log)
        open_ = ~closed
        if "discharge_reason" in draft.values:
            open_ &= ~draft.known("discharge_reason")
    until = np.full(len(draft), as_of, dtype=np.int64)
    followed = "followed_until" if draft.time == "calendar" else "followed_until_day"
    if followed in draft.values:
        given = draft.known(followed)
        until[given] = np.minimum(draft.values[followed][given], as_of)
    silent = open_ & seen & (until - last_contact > SILENT)
    flag(draft, silent, open_ & seen, "silent_open_episode", column, log)
