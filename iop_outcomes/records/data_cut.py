"""The data cut: the last day of the data, given by the caller or taken from the records."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.errors import RecordsError, RuleError
from iop_outcomes.records.linking.episodes_of_rows import episodes_of_rows
from iop_outcomes.records.parsing.parsed import NO_DAY
from iop_outcomes.records.records import cut_text
from iop_outcomes.records.schema import ATTENDED
from iop_outcomes.records.staging import StagedTable
from iop_outcomes.shared.messages import as_written

Array = npt.NDArray[Any]

_LATEST_STUDY_DAY = 100_000
HAPPENED = {
    "attendance": (*ATTENDED, "no_show", "late_cancel"),
    "checkins": ("completed", "missed"),
}
_CALLED = {
    "attendance": "a service with an outcome",
    "checkins": "a check-in that was completed or missed",
}
CALLED_OFF = ("client_cancel", "program_cancel", "excused")
CALLED_OFF_AHEAD = 7  # days after the newest other day up to which these count
LONELY_DAYS = 28  # a longer gap before the newest day suggests that its date is mistyped
_TAKEN = "data cut taken as the newest day on which something is recorded to have happened: "
_ENOUGH = 50  # with fewer entries a gap before the newest day is not reported


def cut_as_written(as_of: str | None) -> str | int | None:
    """Return a data cut given as text; a number of up to 9 digits becomes an int, a study day."""
    if as_of is not None and as_of.isascii() and as_of.isdigit() and len(as_of) < 10:
        return int(as_of)
    return as_of


def data_cut(
    staged_tables: dict[str, StagedTable], time: str, as_of: str | datetime.date | int | None
) -> tuple[int, list[str]]:
    """Return the data cut as a day number, and sentences on what was assumed or is implausible.

    Parameters
    ----------
    staged_tables : dict of str to StagedTable
        The tables, with their values.
    time : {"calendar", "study_days"}
        The kind of their dates.
    as_of : date, str, int or None
        The data cut, if it is given; it takes precedence over the records.

    Returns
    -------
    cut : int
        Days since 1970-01-01, or a study day.
    notes : list of str
        Sentences.

    Raises
    ------
    RecordsError
        If the records have no rows, or no date from which the data cut could be taken.
    RuleError
        If `as_of` is not a date, or with study days not a whole number.

    Notes
    -----
    Taken from the records, the data cut is the newest day, not in the future, of an admission, a
    discharge, a service with an outcome or a check-in that was completed or missed. Planned,
    unrecorded, not scheduled and not due rows are ignored, and so are rows that are set aside or
    outside their episode. A service can be called off or excused long before its day: such a row
    counts only up to `CALLED_OFF_AHEAD` days after the newest other day.
    """
    happened = _what_happened(staged_tables, time)
    what = max(happened, key=lambda words: int(happened[words].max(initial=NO_DAY)))
    newest = int(happened[what].max(initial=NO_DAY))
    if as_of is not None:
        cut = _given_cut(as_of, time)
        return cut, _long_after(cut, newest, time)
    if newest == NO_DAY and not any(map(len, staged_tables.values())):
        raise RecordsError(
            "The files have headings but no rows.",
            found=", ".join(dict.fromkeys(_files(staged_tables))),
            instead="Export them again, for a period in which people were in the program.",
        )
    if newest == NO_DAY:
        raise RecordsError(
            "The records contain no date from which a data cut could be taken.",
            instead='Check the date columns, or give as_of="2026-09-30".',
        )
    text = f"{_TAKEN}{_day_text(newest, time)} ({what})"
    return newest, [text, *_lonely(np.concatenate(list(happened.values())), newest, time)]


def without_what_happened(note: str) -> str:
    """Return a note without what happened on the newest day: it may be one person's discharge."""
    return note.rpartition(" (")[0] if note.startswith(_TAKEN) else note


def _files(staged_tables: dict[str, StagedTable]) -> list[str]:
    return [file for staged in staged_tables.values() for file in staged.files]


def _what_happened(staged_tables: dict[str, StagedTable], time: str) -> dict[str, Array]:
    """Return the days on which something happened, by kind; days in the future are left out."""
    today = (
        int(np.datetime64(datetime.date.today(), "D").astype(np.int64))
        if time == "calendar"
        else 2**31 - 1
    )
    episodes = staged_tables["episodes"]
    days: dict[str, Array] = {}
    for name, what in (("admit_date", "an admission"), ("discharge_date", "a discharge")):
        column = episodes.table.column(name)
        own = name if column is None else column.name_in(time)
        if own in episodes.values:
            days[what] = episodes.values[own][episodes.kept]
    ahead = np.zeros(0, dtype=np.int64)
    for name, words in HAPPENED.items():
        if name in staged_tables:
            staged = staged_tables[name]
            inside = staged.kept & _within_its_episode(staged, episodes)
            sure = inside & staged.is_word("status", *words)
            days[_CALLED[name]] = staged.day("date")[sure]
            called_off = inside & staged.is_word("status", *CALLED_OFF)
            ahead = np.append(ahead, staged.day("date")[called_off])
    days = {what: past[(past <= today) & (past != NO_DAY)] for what, past in days.items()}
    newest = max((int(past.max(initial=NO_DAY)) for past in days.values()), default=NO_DAY)
    last = min(newest + CALLED_OFF_AHEAD, today)
    return days | {"a service called off or excused": ahead[(ahead <= last) & (ahead != NO_DAY)]}


def _within_its_episode(staged: StagedTable, episodes: StagedTable) -> npt.NDArray[np.bool_]:
    """Return which rows belong to an episode and, in attendance, are on a day within it.

    Without episodes all rows are returned as True.
    """
    if not len(episodes):
        return np.ones(len(staged), dtype=bool)
    row = episodes_of_rows(staged, episodes)
    known = np.where(row >= 0, row, 0)
    day = staged.day("date")
    inside: npt.NDArray[np.bool_] = row >= 0
    if staged.table.name != "attendance":
        return inside
    inside &= day >= episodes.day("admit_date")[known]
    column = "discharge_date" if staged.time == "calendar" else "discharge_day"
    if column in episodes.values:
        end = episodes.values[column][known]
        inside &= (end == NO_DAY) | (day <= end)
    return inside


def _day_text(day: int, time: str) -> str:
    return cut_text(cut_label(day, time))


def _lonely(days: Array, newest: int, time: str) -> list[str]:
    """Return a sentence if the newest day is long after all others: it may be mistyped."""
    before = int(days[days < newest].max(initial=NO_DAY))
    if len(days) < _ENOUGH or before == NO_DAY or newest - before <= LONELY_DAYS:
        return []
    return [
        f"that day is {newest - before:,} days after the day before it on which something happened "
        f"({_day_text(before, time)}): check its date, or give as_of"
    ]


def _long_after(cut: int, newest: int, time: str) -> list[str]:
    """Return a sentence if nothing is recorded for a long time before a data cut that was given."""
    if newest == NO_DAY or cut - newest <= LONELY_DAYS:
        return []
    return [
        f"the data cut given is {_day_text(cut, time)}, but nothing is recorded to have happened "
        f"after {_day_text(newest, time)}: who was still in the program in between is not known"
    ]


def _given_cut(as_of: str | datetime.date | int, time: str) -> int:
    if time == "study_days":
        whole = isinstance(as_of, int | np.integer) and not isinstance(as_of, bool)
        if not whole or not abs(int(as_of)) < _LATEST_STUDY_DAY:  # type: ignore[arg-type]  # whole is known
            raise RuleError(
                "With study days the data cut is a whole day.", instead="Write as_of=168."
            )
        return int(as_of)  # type: ignore[arg-type]  # whole is known
    day = as_day(as_of)
    if np.isnat(day):
        raise RuleError(
            "The data cut is not a date.",
            found=as_written(as_of),
            instead='Write as_of="2026-09-30".',
        )
    return int(day.astype(np.int64))


def as_day(as_of: object) -> np.datetime64:
    """Return a date, or text in the form 2026-09-30, as a day (datetime64[D]); otherwise NaT."""
    try:
        if isinstance(as_of, str):
            as_of = datetime.datetime.fromisoformat(as_of.strip())
        if isinstance(as_of, datetime.date | np.datetime64):  # pandas.Timestamp is a date
            return np.datetime64(pd.Timestamp(as_of).date(), "D")
    except (ValueError, TypeError, OverflowError):
        pass
    return np.datetime64("NaT", "D")


def cut_label(cut: int, time: str) -> pd.Timestamp | int:
    """Return a day number as a date, or as a study day."""
    return pd.Timestamp(np.datetime64(cut, "D")) if time == "calendar" else cut
