"""The data cut: the day after which nothing counts, given or taken from the records."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd

from iop_outcomes.errors import RecordsError, RuleError
from iop_outcomes.records.parsing.parsed import NO_DAY
from iop_outcomes.records.records import cut_text
from iop_outcomes.records.staging import StagedTable
from iop_outcomes.shared.messages import as_written

_LATEST_STUDY_DAY = 100_000


def data_cut(
    staged_tables: dict[str, StagedTable], time: str, as_of: str | datetime.date | int | None
) -> tuple[int, list[str]]:
    """Return the data cut as a day number, and what was assumed, as sentences."""
    if as_of is not None:
        return _given_cut(as_of, time), []
    today = (
        int(np.datetime64(datetime.date.today(), "D").astype(np.int64))
        if time == "calendar"
        else 2**31 - 1
    )
    newest = NO_DAY
    for staged in staged_tables.values():
        for name, column in staged.declared.items():
            if column.kind == "date":
                days = staged.values[name][staged.kept]
                newest = max(newest, days[days <= today].max(initial=NO_DAY))
    if newest == NO_DAY:
        raise RecordsError(
            "The records hold no date from which a data cut could be taken.",
            instead='Check the date columns, or give as_of="2026-09-30".',
        )
    label = cut_text(cut_label(int(newest), time))
    what = "newest date that is not in the future" if time == "calendar" else "newest study day"
    return int(newest), [f"data cut taken as the {what}: {label}"]


def _given_cut(as_of: str | datetime.date | int, time: str) -> int:
    if time == "study_days":
        whole = isinstance(as_of, int | np.integer) and not isinstance(as_of, bool)
        if not whole or not abs(int(as_of)) < _LATEST_STUDY_DAY:  # type: ignore[arg-type]  # whole is known
            raise RuleError(
                "With study days the data cut is a whole day.", instead="Write as_of=168."
            )
        return int(as_of)  # type: ignore[arg-type]  # whole is known
    day = _as_day(as_of)
    if np.isnat(day):
        raise RuleError(
            "The data cut is not a date.",
            found=as_written(as_of),
            instead='Write as_of="2026-09-30".',
        )
    return int(day.astype(np.int64))


def _as_day(as_of: object) -> np.datetime64:
    """Return a date, or text that is one in the form 2026-09-30, as a day; else NaT."""
    try:
        if isinstance(as_of, str):
            as_of = datetime.datetime.fromisoformat(as_of.strip())
        if isinstance(as_of, datetime.date | np.datetime64):  # pandas.Timestamp is a date
            return np.datetime64(pd.Timestamp(as_of).date(), "D")
    except (ValueError, TypeError, OverflowError):
        pass
    return np.datetime64("NaT", "D")


def cut_label(cut: int, time: str) -> pd.Timestamp | int:
    """Return a day number as what a reader calls it: a date, or a study day."""
    return pd.Timestamp(np.datetime64(cut, "D")) if time == "calendar" else cut
