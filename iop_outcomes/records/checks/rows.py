"""Checks of attendance and check-ins against their episodes, and of sessions with each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.records.checks.declared import (
    BEFORE_FIRST,
    EARLY_CHECKIN,
    FEED_ROWS,
    LONG_DAY,
    OVERRUN,
    ROSTER_CLIENTS,
    ROSTER_SESSIONS,
    ROSTER_SHARE,
)
from iop_outcomes.records.checks.episodes import flag, set_aside
from iop_outcomes.records.checks.repeated_sessions import repeated_sessions
from iop_outcomes.records.linking.episodes_of_rows import (
    ASIDE,
    BETWEEN,
    TWO,
    UNKNOWN,
    days_to_first_stay,
    episodes_of_rows,
)
from iop_outcomes.records.overlap import covered_minutes
from iop_outcomes.records.parsing.parsed import NO_DAY
from iop_outcomes.records.schema import ATTENDED
from iop_outcomes.records.staging import Log, StagedTable
from iop_outcomes.shared.text import format_count

Array = npt.NDArray[Any]

CAME_TO_NOTHING = ("no_show", "late_cancel", "client_cancel", "excused", "program_cancel")
# A row after the data cut with one of these is planned or called off ahead, and not a problem.
PLANNED = ("unrecorded", "not_scheduled", "not_due", "client_cancel", "program_cancel", "excused")


def link(staged: StagedTable, episodes: StagedTable, as_of: int, log: Log) -> Array:
    """Return for each row the row of its episode, and set aside rows without one.

    Rows after the data cut that are in no episode of their person are not set aside here: they may
    be planned, and are checked later, with the dates.
    """
    rows = episodes_of_rows(staged, episodes)
    by_person = "episode_id" not in staged.values
    column = "person_id" if by_person else "episode_id"
    set_aside(staged, rows == UNKNOWN, "unknown_episode", column, log)
    set_aside(staged, rows == ASIDE, "episode_set_aside", column, log)
    if by_person:
        _by_person(staged, episodes, rows, as_of, log)
        return rows
    for check in ("before_first_episode", "between_episodes", "in_two_episodes"):
        log.tally(check, staged.table.name, "date", 0, 0, present=False)
    return rows


def _by_person(
    staged: StagedTable, episodes: StagedTable, rows: Array, as_of: int, log: Log
) -> None:
    """Set aside rows in no episode of their person or in several, and note how many were linked."""
    column = "date" if staged.time == "calendar" else "day"
    day = staged.values[column]
    before = int(staged.kept.sum())
    early = (rows == BETWEEN) & (days_to_first_stay(staged, episodes) > BEFORE_FIRST)
    set_aside(staged, early & (day <= as_of), "before_first_episode", column, log)
    set_aside(staged, (rows == BETWEEN) & (day <= as_of), "between_episodes", column, log)
    between = before - int(staged.kept.sum())
    set_aside(staged, rows == TWO, "in_two_episodes", column, log)
    two = before - between - int(staged.kept.sum())
    linked = staged.kept & (rows >= 0)
    name = staged.table.name
    log.notes.append(f"the rows of {name} are linked to episodes by person and date")
    text = (
        f"{name}: {format_count(int(linked.sum()), 'row')} linked by person and date; set aside: "
        f"{between:,} in no episode of their person, {two:,} in two at once"
    )
    if two and not staged.same_day:
        text += (
            f'; [{name}.link] same_day = "newer" (or "older") in the mapping gives those on a day '
            "on which one stay ends and the next begins to that stay"
        )
    end_column = "discharge_date" if staged.time == "calendar" else "discharge_day"
    if name == "checkins" and episodes.has(end_column):
        end = episodes.values[end_column][np.where(rows >= 0, rows, 0)]
        after = int((linked & (end != NO_DAY) & (day > end)).sum())
        text += f"; linked as follow-up of the latest episode before them: {after:,}"
    log.notes.append(text)
    staged.declared.pop("person_id", None)  # it is a column of the episodes


def check_dates(
    staged: StagedTable, episodes: StagedTable, episode: Array, as_of: int, log: Log
) -> None:
    """Check the day of each row against the data cut, admission, discharge and death."""
    column = "date" if staged.time == "calendar" else "day"
    day = staged.values[column]
    leave_planned(staged, day > as_of, column, log)
    set_aside(staged, day > as_of, "after_data_cut", column, log)
    known = np.where(episode >= 0, episode, 0)
    admit = episodes.day("admit_date")[known]
    end_column = "discharge_date" if staged.time == "calendar" else "discharge_day"
    closed = episodes.has(end_column)
    end = episodes.values[end_column][known] if closed else np.full(len(staged), NO_DAY)
    after = (end != NO_DAY) & (day > end)
    if staged.table.name == "attendance":
        set_aside(staged, day < admit, "before_admission", column, log)
        set_aside(staged, after, "after_discharge", column, log)
        return
    died = np.zeros(len(staged), dtype=bool)
    if closed and "discharge_reason" in episodes.values:
        died = episodes.is_word("discharge_reason", "died")[known]
    set_aside(staged, after & died, "after_death", column, log)
    every = np.ones(len(staged), dtype=bool)
    flag(staged, day < admit - EARLY_CHECKIN, every, "early_check_in", column, log)
    used = np.zeros(len(staged), dtype=bool)
    if "used" in staged.values:
        used |= staged.values["used"] == 1
    if "drug_test" in staged.values:
        used |= staged.is_word("drug_test", "positive")
    flag(staged, used & (day == admit), day == admit, "use_on_admission_day", column, log)


def leave_planned(staged: StagedTable, later: Array, column: str, log: Log) -> None:
    """Set aside rows planned for after the data cut (`later`); they are counted, not listed."""
    looked_at = int(staged.kept.sum())
    planned = later & staged.kept & staged.is_word("status", *PLANNED)
    staged.planned |= planned
    staged.kept[planned] = False
    log.tally("planned", staged.table.name, column, looked_at, int(planned.sum()))


def check_sessions(staged: StagedTable, episode: Array, order: Array, log: Log) -> Array:
    """Check the services of a person on one day; return overlapping minutes.

    Parameters
    ----------
    staged : StagedTable
        Attendance.
    episode : numpy.ndarray of int
        For each row the row of its episode.
    order : numpy.ndarray of int64
        The kept rows, sorted by episode and day.
    log : Log
        Where problems are listed.

    Returns
    -------
    numpy.ndarray of float64
        For each row the minutes already covered by an earlier session of the day.
    """
    repeated_sessions(staged, episode, log)
    shared = _of_shared_days(staged, episode, order[staged.kept[order]])
    overlap = overlapping_sessions(staged, episode, shared, log)
    minutes_against_status(staged, log)
    long_day(staged, episode, shared, log)
    unrecorded(staged, log)
    copied_roster(staged, episode, log)
    return overlap


def _of_shared_days(staged: StagedTable, episode: Array, rows: Array) -> Array:
    """Return the rows (sorted) whose episode has another row on the same day."""
    first = _changes(episode[rows], staged.day("date")[rows])
    shared = ~first
    shared[:-1] |= ~first[1:]
    return rows[shared]


def overlapping_sessions(staged: StagedTable, episode: Array, shared: Array, log: Log) -> Array:
    """Return for each row the minutes already covered by an earlier session of that day.

    `shared` are the rows, sorted, of days on which an episode has several.
    """
    overlap = np.zeros(len(staged))
    length_columns = [n for n in ("minutes_attended", "minutes_scheduled") if n in staged.values]
    if not (staged.has("start_time") and length_columns):
        log.tally("overlapping_sessions", "attendance", "start_time", 0, 0, present=False)
        return overlap
    length = staged.values[length_columns[0]]
    for name in length_columns[1:]:
        length = np.where(np.isnan(length), staged.values[name], length)
    timed = staged.known("start_time") & ~np.isnan(length) & staged.is_word("status", *ATTENDED)
    if "service" in staged.values:  # an assessment or a drug test can be during a group
        timed &= ~staged.is_word("service", "assessment", "drug_test", "other")
    rows = shared[timed[shared]]
    day, start = staged.day("date")[rows], staged.values["start_time"][rows].astype(np.int64)
    same_day = ~_changes(episode[rows], day)
    if (same_day[1:] & (np.diff(start) < 0)).any():
        again = np.lexsort((start, day, episode[rows]))
        rows, day, start = rows[again], day[again], start[again]
    of_day = np.cumsum(_changes(episode[rows], day))
    overlap[rows] = covered_minutes(of_day, start, length[rows].astype(np.int64))
    failed = overlap > 0
    rows = np.flatnonzero(failed & staged.kept)
    log.rows(
        staged, rows, "overlapping_sessions", "start_time", "kept: the minutes are counted once"
    )
    log.tally(
        "overlapping_sessions",
        "attendance",
        "start_time",
        int((timed & staged.kept).sum()),
        len(rows),
    )
    return overlap


def _changes(*keys: Array) -> Array:
    """Return for each row whether it differs from the row before it."""
    result = np.ones(len(keys[0]), dtype=bool)
    if len(result):
        result[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return result


def minutes_against_status(staged: StagedTable, log: Log) -> None:
    """List sessions attended much longer than scheduled, and minutes without attendance."""
    if not staged.has("minutes_attended"):
        for check in ("attended_more_than_scheduled", "minutes_when_absent"):
            log.tally(check, "attendance", "minutes_attended", 0, 0, present=False)
        return
    minutes = staged.values["minutes_attended"]
    known = ~np.isnan(minutes)
    if staged.has("minutes_scheduled"):
        over = minutes > staged.values["minutes_scheduled"] + OVERRUN
        flag(staged, over, known, "attended_more_than_scheduled", "minutes_attended", log)
    absent = staged.is_word("status", *CAME_TO_NOTHING)
    flag(
        staged,
        absent & (minutes > 0),
        absent & known,
        "minutes_when_absent",
        "minutes_attended",
        log,
    )


def long_day(staged: StagedTable, episode: Array, shared: Array, log: Log) -> None:
    """List the sessions of days with more than 8 hours attended.

    A single session is never longer, so that only days with several sessions (`shared`, sorted) are
    checked.
    """
    if not staged.has("minutes_attended"):
        log.tally("long_day", "attendance", "minutes_attended", 0, 0, present=False)
        return
    came = staged.is_word("status", *ATTENDED)[shared]
    minutes = np.where(came, np.nan_to_num(staged.values["minutes_attended"][shared]), 0)
    group = np.cumsum(_changes(episode[shared], staged.day("date")[shared])) - 1
    total = np.bincount(group, weights=minutes)
    failed = np.zeros(len(staged), dtype=bool)
    failed[shared] = (total > LONG_DAY)[group] & (minutes > 0)
    flag(staged, failed, staged.known("minutes_attended"), "long_day", "minutes_attended", log)


def unrecorded(staged: StagedTable, log: Log) -> None:
    """Count services without a recorded outcome; they are not listed one by one."""
    failed = staged.is_word("status", "unrecorded") & staged.kept
    log.tally(
        "unrecorded_status", "attendance", "status", int(staged.kept.sum()), int(failed.sum())
    )


def copied_roster(staged: StagedTable, episode: Array, log: Log) -> None:
    """Count groups of some size in which hardly any absence is recorded."""
    if not staged.has("group_id"):
        log.tally("copied_roster", "attendance", "group_id", 0, 0, present=False)
        return
    came = staged.is_word("status", *ATTENDED)
    rows = np.flatnonzero(
        staged.kept
        & staged.known("group_id")
        & (came | staged.is_word("status", "no_show", "late_cancel", "client_cancel", "excused"))
    )
    group = staged.values["group_id"][rows].astype(np.int64)
    size = len(staged.levels["group_id"])
    held = np.bincount(group, minlength=size)
    attended = np.bincount(group, weights=came[rows], minlength=size)
    span = int(episode.max(initial=0)) + 1
    pairs = pd.unique(group * span + episode[rows])
    clients = np.bincount(pairs // span, minlength=size)
    looked = (held >= ROSTER_SESSIONS) & (clients >= ROSTER_CLIENTS)
    copied = looked & (attended >= ROSTER_SHARE * held)
    log.tally("copied_roster", "attendance", "group_id", int(looked.sum()), int(copied.sum()))


def volume_change(staged: StagedTable, programs: Array, log: Log) -> None:
    """Count months with less than half the median rows of the two months before and after.

    Such a month suggests that the transfer of data was interrupted. It must be below both sides: a
    program that grows or closes has months below one side only. Programs are checked separately.
    The first and last month are left out because they are often incomplete, and so are programs
    with few rows in the median month.

    Parameters
    ----------
    staged : StagedTable
        Attendance or check-ins.
    programs : numpy.ndarray of int64
        For each row the code of its program.
    log : Log
        Where the counts are recorded.
    """
    if staged.time != "calendar" or not staged.kept.any():
        log.tally("volume_change", staged.table.name, "date", 0, 0, present=False)
        return
    rows = np.flatnonzero(staged.kept)
    day = staged.values["date"][rows]
    first = int(day.min())
    calendar = np.arange(first, int(day.max()) + 1).astype("datetime64[D]").astype("datetime64[M]")
    month = (calendar.astype(np.int64) - calendar[0].astype(np.int64))[day - first]
    months = int(month.max()) + 1
    cells = programs[rows] * months + month
    counts = np.bincount(cells, minlength=(int(programs.max()) + 1) * months)
    counts = counts.reshape(-1, months)
    looked_at = failed = 0
    for row in counts:  # programs, not people
        held = np.flatnonzero(row)
        if len(held) < 5 or np.median(row[held[0] : held[-1] + 1]) < FEED_ROWS:
            continue
        whole = np.pad(row[held[0] : held[-1] + 1].astype(np.float64), 1, constant_values=np.nan)
        before = np.nanmedian(np.stack([whole[:-4], whole[1:-3]]), axis=0)
        after = np.nanmedian(np.stack([whole[3:-1], whole[4:]]), axis=0)
        looked_at += len(before)
        failed += int((whole[2:-2] < 0.5 * np.minimum(before, after)).sum())
    log.tally("volume_change", staged.table.name, "date", looked_at, failed)
