"""Checks of the episodes table: identity, order of dates, the data cut, readmission."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from iop_outcomes.records.checks.declared import LATE_DISCHARGE, SILENT, SOON
from iop_outcomes.records.identical_rows import identical
from iop_outcomes.records.parsing.parsed import NO_DAY
from iop_outcomes.records.staging import Log, StagedTable

Array = npt.NDArray[Any]


def check_episodes(staged: StagedTable, as_of: int, log: Log) -> None:
    """Set aside episodes that are impossible, and list those that are implausible."""
    repeated_episode(staged, log)
    discharge_before_admission(staged, log)
    after_data_cut(staged, as_of, log)
    reasons_and_dates(staged, log)
    readmissions(staged, log)


def set_aside(staged: StagedTable, failed: Array, check: str, column: str, log: Log) -> None:
    """Set aside the rows in `failed` that are still kept, and list them."""
    looked_at = int(staged.kept.sum())
    rows = np.flatnonzero(failed & staged.kept)
    staged.kept[rows] = False
    log.rows(staged, rows, check, column, "set aside")
    log.tally(check, staged.table.name, column, looked_at, len(rows))


def flag(
    staged: StagedTable, failed: Array, looked_at: Array, check: str, column: str, log: Log
) -> None:
    """List the rows in `failed` without changing them; `looked_at` are the rows checked."""
    rows = np.flatnonzero(failed & staged.kept)
    log.rows(staged, rows, check, column, "kept")
    log.tally(check, staged.table.name, column, int((looked_at & staged.kept).sum()), len(rows))


def repeated_episode(staged: StagedTable, log: Log) -> None:
    """Keep the first row of each episode_id, and set aside later rows that differ."""
    kept = np.flatnonzero(staged.kept)
    later = np.zeros(len(staged), dtype=bool)
    if len(kept):
        later[kept] = identical([staged.values["episode_id"][kept]]) >= 0
    set_aside(staged, later, "repeated_episode", "episode_id", log)


def discharge_before_admission(staged: StagedTable, log: Log) -> None:
    """Set aside episodes with a discharge before the admission, because day 0 is not known."""
    column = "discharge_date" if staged.time == "calendar" else "discharge_day"
    if not staged.has(column):
        log.tally("discharge_before_admission", "episodes", column, 0, 0, present=False)
        return
    discharge = staged.values[column]
    wrong = (discharge != NO_DAY) & (discharge < staged.day("admit_date"))
    set_aside(staged, wrong, "discharge_before_admission", column, log)


def after_data_cut(staged: StagedTable, as_of: int, log: Log) -> None:
    """Set aside admissions after the data cut; discharges and follow-up after it become missing."""
    names = {
        name: column.name_in(staged.time)
        for name in ("admit_date", "discharge_date", "followed_until")
        if (column := staged.table.column(name)) is not None
    }
    late = staged.day("admit_date") > as_of
    set_aside(staged, late, "after_data_cut", names["admit_date"], log)
    for name in ("discharge_date", "followed_until"):
        own = names[name]
        if own not in staged.values:
            continue
        known = staged.values[own] != NO_DAY
        rows = np.flatnonzero(known & (staged.values[own] > as_of) & staged.kept)
        log.tally("after_data_cut", "episodes", own, int((known & staged.kept).sum()), len(rows))
        if name == "discharge_date":
            done = "value left missing: open at the data cut"
            if "discharge_reason" in staged.values:
                staged.values["discharge_reason"][rows] = -1
        else:
            done = "value left missing: followed until the data cut"
        staged.values[own][rows] = NO_DAY
        log.rows(staged, rows, "after_data_cut", own, done)


def reasons_and_dates(staged: StagedTable, log: Log) -> None:
    """List discharge reasons without a date, and discharge dates without a reason."""
    column = "discharge_date" if staged.time == "calendar" else "discharge_day"
    if not staged.has(column, "discharge_reason"):
        for check in ("reason_without_date", "date_without_reason"):
            log.tally(check, "episodes", "discharge_reason", 0, 0, present=False)
        return
    dated, reasoned = staged.known(column), staged.known("discharge_reason")
    flag(staged, reasoned & ~dated, reasoned, "reason_without_date", "discharge_reason", log)
    flag(staged, dated & ~reasoned, dated, "date_without_reason", column, log)


def readmissions(staged: StagedTable, log: Log) -> None:
    """List admissions soon after a discharge, and overlapping episodes in one program."""
    admit_column = "admit_date" if staged.time == "calendar" else "admit_day"
    column = "discharge_date" if staged.time == "calendar" else "discharge_day"
    if not staged.has("person_id", column):
        log.tally("readmitted_soon", "episodes", admit_column, 0, 0, present=False)
        log.tally("overlapping_episodes", "episodes", admit_column, 0, 0, present=False)
        return
    person, admit = staged.values["person_id"], staged.day("admit_date")
    kept = np.flatnonzero(staged.kept & (person >= 0))
    order = kept[np.lexsort((admit[kept], person[kept]))]
    same_person = person[order[1:]] == person[order[:-1]]
    end = staged.values[column][order[:-1]].astype(np.int64)
    end[end == NO_DAY] = 2**31  # still open
    gap = admit[order[1:]] - end
    soon = np.zeros(len(staged), dtype=bool)
    soon[order[1:]] = same_person & (gap >= 0) & (gap <= SOON)
    same_program = same_person.copy()
    if "program" in staged.values:
        program = staged.values["program"]
        same_program &= program[order[1:]] == program[order[:-1]]
    overlapping = np.zeros(len(staged), dtype=bool)
    overlapping[order[1:]] = same_program & (gap < 0)
    everyone = person >= 0
    flag(staged, soon, everyone, "readmitted_soon", admit_column, log)
    flag(staged, overlapping, everyone, "overlapping_episodes", admit_column, log)


def administrative_stays(staged: StagedTable, last_contact: Array, as_of: int, log: Log) -> None:
    """List discharges long after the last contact, and open episodes without recent contact.

    Parameters
    ----------
    last_contact : numpy.ndarray of int64
        For each row the day of its last attended service or completed check-in, or NO_DAY.
    """
    column = "discharge_date" if staged.time == "calendar" else "discharge_day"
    seen = last_contact != NO_DAY
    if not staged.has(column):
        log.tally("late_discharge", "episodes", column, 0, 0, present=False)
        open_ = np.ones(len(staged), dtype=bool)
    else:
        discharge = staged.values[column].astype(np.int64)
        closed = discharge != NO_DAY
        late = closed & seen & (discharge - last_contact > LATE_DISCHARGE)
        flag(staged, late, closed & seen, "late_discharge", column, log)
        open_ = ~closed
        if "discharge_reason" in staged.values:
            open_ &= ~staged.known("discharge_reason")
    until = np.full(len(staged), as_of, dtype=np.int64)
    followed = "followed_until" if staged.time == "calendar" else "followed_until_day"
    if followed in staged.values:
        is_known = staged.known(followed)
        until[is_known] = np.minimum(staged.values[followed][is_known], as_of)
    silent = open_ & seen & (until - last_contact > SILENT)
    flag(staged, silent, open_ & seen, "silent_open_episode", column, log)
