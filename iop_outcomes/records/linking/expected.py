"""Rows for check-ins that were due and have no row: added as missed, as the mapping says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.records.build import categorical
from iop_outcomes.records.mapping import Mapping
from iop_outcomes.records.parsing.parsed import NO_DAY
from iop_outcomes.records.schema import CHECKIN_STATUSES
from iop_outcomes.records.staging import StagedTable
from iop_outcomes.shared.text import format_count

Array = npt.NDArray[Any]
DUE_ROWS = ("recorded", "made", "outside")
_NO_LAST = 10**9
RECORDED, MADE, OUTSIDE = range(len(DUE_ROWS))


@dataclass(frozen=True)
class Due:
    """When check-ins were due, and which rows of check-ins were set aside.

    Attributes
    ----------
    every : int
        Days between two check-ins; the first is due this many days after admission.
    last : int
        The last day since admission on which a check-in is due.
    until : numpy.ndarray of float64
        For each row of the episodes frame the last day since admission up to which check-ins are
        due.
    episode, day : numpy.ndarray
        For the rows of check-ins that were set aside: the row of the episode in the episodes frame,
        and the day since admission. A check-in whose row could not be read was not missed.
    """

    every: int
    last: int
    until: npt.NDArray[np.float64]
    episode: Array
    day: Array


def stated_follow_up(episodes: StagedTable) -> npt.NDArray[np.bool_]:
    """Return for each row of the episodes whether the export has an end of follow-up."""
    name = "followed_until" if episodes.time == "calendar" else "followed_until_day"
    if name not in episodes.values:
        return np.zeros(len(episodes), dtype=bool)
    stated: npt.NDArray[np.bool_] = episodes.known(name)
    return stated


def days_due(
    episodes: pd.DataFrame, mapping: Mapping, stated: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return for each episode the day since admission up to which check-ins were due.

    This is the discharge; or the end of follow-up, if the export has one or the mapping has
    `expected_until`. It is never after the data cut, a death, or the day before the person's next
    admission after the discharge.

    Parameters
    ----------
    episodes : pandas.DataFrame
        The episodes frame.
    mapping : Mapping
        The mapping.
    stated : numpy.ndarray of bool
        For each row of the frame, as `stated_follow_up` returns it.
    """
    followed = episodes["days_followed"].to_numpy(dtype=np.float64)
    left = episodes["days_to_discharge"].to_numpy(dtype=np.float64)
    again = _days_to_next(episodes)
    followed = np.where(again >= left, np.minimum(followed, again - 1), followed)
    until: npt.NDArray[np.float64] = followed
    if mapping.expected_until is None:
        until = np.where(stated | np.isnan(left), followed, np.minimum(left, followed))
    return until


def _days_to_next(episodes: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return the days from each admission to the next one of the person; NaN for the last."""
    person = episodes["person_id"].cat.codes.to_numpy()
    name = "admit_date" if "admit_date" in episodes else "admit_day"
    admit = episodes[name].to_numpy()
    days = (admit.astype("datetime64[D]") if name == "admit_date" else admit).astype(np.int64)
    order = np.lexsort((days, person))
    result = np.full(len(days), np.nan)
    same = person[order[1:]] == person[order[:-1]]
    result[order[:-1][same]] = (days[order[1:]] - days[order[:-1]])[same]
    return result


def add_missed(
    frames: dict[str, pd.DataFrame],
    staged_tables: dict[str, StagedTable],
    links: dict[str, Array],
    stated: npt.NDArray[np.bool_],
    mapping: Mapping,
) -> list[str]:
    """Add missed check-ins that have no row, and return sentences on what was done.

    Parameters
    ----------
    frames : dict of str to DataFrame
        The built tables; the check-ins are replaced.
    staged_tables : dict of str to StagedTable
        The staged tables, with the rows that were set aside.
    links : dict of str to numpy.ndarray
        For each staged row the staged row of its episode.
    stated : numpy.ndarray of bool
        As `stated_follow_up` returns it.
    mapping : Mapping
        The mapping; nothing is added without `expected_every`.
    """
    every, staged = mapping.expected_every, staged_tables.get("checkins")
    if every is None:
        return []
    if staged is None:
        return ["the mapping has expected_every, but no check-ins were read: none is added"]
    episodes = staged_tables["episodes"]
    rows = np.flatnonzero(episodes.kept)
    position = np.full(len(episodes) + 1, -1, dtype=np.int64)
    position[rows] = np.arange(len(rows))
    day = staged.day("date").astype(np.int64)
    link = np.maximum(links["checkins"], -1)
    aside = np.flatnonzero(~staged.kept & (day != NO_DAY) & (position[link] >= 0))
    admit = episodes.day("admit_date").astype(np.int64)
    due = Due(
        every,
        _NO_LAST if mapping.expected_until is None else mapping.expected_until,
        days_due(frames["episodes"], mapping, stated[rows]),
        position[link[aside]],
        day[aside] - admit[link[aside]],
    )
    frames["checkins"], text = with_missed(frames["checkins"], frames["episodes"], due)
    return [
        f"check-ins are assumed to be due every {format_count(every, 'day')}: one without a row is "
        "missed",
        text,
    ]


def with_missed(
    checkins: pd.DataFrame, episodes: pd.DataFrame, due: Due
) -> tuple[pd.DataFrame, str]:
    """Return the check-ins with rows added for missed ones, and a sentence on what was done.

    With N days between two check-ins, the k-th is due on day kN since admission. It has a row if
    there is a row of any status on a day d with kN - N/2 <= d < kN + N/2; otherwise it is missed.
    Nothing is added if this range of days is not over when check-ins are no longer due.

    Returns
    -------
    pandas.DataFrame
        The check-ins, sorted by episode and day, with the column ``due_row``: ``recorded`` (the row
        of a check-in that was due), ``made`` (added) or ``outside`` (the row of one not due).
    str
        A sentence with the number added.
    """
    every = due.every
    over = np.maximum((due.until - (every + 1) // 2 + 1) // every, 0)
    number = np.minimum(over, due.last // every).astype(np.int64)
    start = np.cumsum(number) - number
    total = int(number.sum())
    own = checkins["episode_id"].cat.codes.to_numpy().astype(np.int64)
    place = _place(own, checkins["day"].to_numpy().astype(np.int64), every, number, start)
    aside = _place(due.episode.astype(np.int64), due.day.astype(np.int64), every, number, start)
    met = np.zeros(total, dtype=bool)
    met[place[place >= 0]] = True
    met[aside[aside >= 0]] = True
    missed = np.flatnonzero(~met)
    episode = np.repeat(np.arange(len(number)), number)[missed]
    day = (missed - start[episode] + 1) * every
    codes = np.where(place >= 0, RECORDED, OUTSIDE)
    result = _appended(checkins, episodes, episode, day, codes)
    outside = int(((codes == OUTSIDE) & (checkins["day"].to_numpy() > 0)).sum())
    text = (
        f"{format_count(len(missed), 'check-in')} made, with the status missed: of {total:,} that "
        f"were due every {format_count(every, 'day')} these have no row"
    )
    if outside:
        text += (
            f"; {format_count(outside, 'row')} after admission of no such check-in, since none was "
            "due (see expected_until) or its days are not over: no response is known of these"
        )
    return result, text


def _place(episode: Array, day: Array, every: int, number: Array, start: Array) -> Array:
    """Return for each row the position of its check-in among all that were due, or -1."""
    which = (2 * day + every) // (2 * every)  # the days of the k-th begin on day kN - N/2
    if not len(number):
        return np.full(len(day), -1)
    there = (episode >= 0) & (which >= 1) & (which <= number[episode])
    result: Array = np.where(there, start[episode] + which - 1, -1)
    return result


def _appended(
    checkins: pd.DataFrame, episodes: pd.DataFrame, episode: Array, day: Array, codes: Array
) -> pd.DataFrame:
    """Return the rows and the missed ones together, sorted by episode and day."""
    size, more = len(checkins), len(day)
    own = checkins["episode_id"].cat.codes.to_numpy()
    all_days = np.append(checkins["day"].to_numpy(), day).astype(np.int32)
    all_episodes = np.append(own, episode)
    order = np.lexsort((all_days, all_episodes))
    place = np.append(np.arange(size), np.full(more, -1))[order]
    columns: dict[str, Any] = {
        str(name): _taken(column, place) for name, column in checkins.items()
    }
    identifiers = checkins["episode_id"].cat.categories
    columns["episode_id"] = categorical(all_episodes[order], identifiers)
    columns["day"] = all_days[order]
    if "date" in columns:
        admit = episodes["admit_date"].to_numpy()[all_episodes]
        dates = admit + all_days.astype("timedelta64[D]")
        columns["date"] = dates[order].astype(admit.dtype)
    missed = CHECKIN_STATUSES.index("missed")
    status = np.append(checkins["status"].cat.codes.to_numpy(), np.full(more, missed))[order]
    columns["status"] = categorical(status, checkins["status"].cat.categories)
    expected = np.append(codes, np.full(more, MADE))[order]
    columns["due_row"] = categorical(expected, DUE_ROWS)
    return pd.DataFrame(columns)


def _taken(column: pd.Series[Any], place: Array) -> Any:
    """Return the values of a column at some positions; missing where the position is -1."""
    if column.dtype.kind in "iu" and (place < 0).any():
        column = column.astype("Int64")
    return column.array.take(place, allow_fill=True)
