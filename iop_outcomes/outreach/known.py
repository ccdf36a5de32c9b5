"""Records as they were on a day: what happened later is left out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.records.data_cut import as_day
from iop_outcomes.records.records import cut_text
from iop_outcomes.shared.arrays import Booleans, Integers
from iop_outcomes.shared.checks import is_whole
from iop_outcomes.shared.messages import as_written

if TYPE_CHECKING:
    from iop_outcomes.records import Records

Day = pd.Timestamp | int


def day_asked(records: Records, as_of: object) -> Day:
    """Return the day, by default the data cut; RuleError if it is none or lies after the cut."""
    if as_of is None:
        return records.as_of
    day: Day
    if records.time == "study_days":
        if not is_whole(as_of):
            raise RuleError("With study days, as_of is a whole day.", instead="as_of=60")
        day = int(as_of)
    else:
        asked = as_day(as_of)
        if np.isnat(asked):
            raise RuleError(
                "as_of is not a date.", found=as_written(as_of), instead='as_of="2026-09-30"'
            )
        day = pd.Timestamp(asked)
    if day > records.as_of:  # type: ignore[operator]  # both are of the kind of the records
        raise RuleError(
            "as_of lies after the data cut: what is recorded does not reach it.",
            found=f"data cut {cut_text(records.as_of)}",
            instead="a day up to it, or newer records.",
        )
    return day


def days_in(records: Records, day: Day) -> Integers:
    """Return the days from each admission to the day; negative for later admissions."""
    episodes = records.episodes
    if isinstance(day, int):
        return np.asarray(day - episodes["admit_day"].to_numpy(), dtype=np.int64)
    return np.asarray((day - episodes["admit_date"]).dt.days.to_numpy(), dtype=np.int64)


def known_on(records: Records, day: Day) -> Records:
    """Return the records with nothing that happened after the day.

    Episodes admitted later are left out, and rows of attendance and check-ins of later days; a
    later discharge is not known. A row is taken as known on the day of the service itself.
    """
    reached = days_in(records, day)
    kept = reached >= 0
    if not kept.any():
        raise RuleError(
            "Nobody was admitted by that day.",
            found=f"as_of {cut_text(day)}",
            instead="a later day.",
        )
    part = records.subset(kept)
    reached = reached[kept]
    frames = {}
    for name in ("attendance", "checkins"):
        frame = getattr(part, name)
        if frame is None:  # no such table was read
            continue
        known = frame["day"].to_numpy() <= reached[frame["episode_id"].cat.codes.to_numpy()]
        frames[name] = frame.take(np.flatnonzero(known)).reset_index(drop=True)
    return replace(part, episodes=_episodes(part, reached), as_of=day, **frames)


def _episodes(part: Records, reached: Integers) -> pd.DataFrame:
    """Return the episodes with discharges and ends of follow-up only where these were over."""
    episodes = part.episodes.copy()
    later: Booleans = episodes["days_to_discharge"].to_numpy(dtype=np.float64) > reached
    end = "discharge_date" if part.time == "calendar" else "discharge_day"
    for name in ("days_to_discharge", end, "discharge_reason"):
        if name in episodes:
            episodes[name] = episodes[name].mask(later)
    followed = np.minimum(episodes["days_followed"].to_numpy(), reached)
    episodes["days_followed"] = followed.astype(np.int32)
    return episodes
