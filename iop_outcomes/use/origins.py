"""Day 0 of a measure: admission, the first attended session, or discharge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from iop_outcomes.attendance.rule import AttendanceRule
from iop_outcomes.attendance.sessions import read_sessions
from iop_outcomes.records.schema import ATTENDED
from iop_outcomes.shared.arrays import starts_of
from iop_outcomes.use.evidence import has_word

if TYPE_CHECKING:
    from iop_outcomes.records import Records

Start = Literal["admission", "first_session", "discharge"]
STARTS = {
    "admission": "admission",
    "first_session": "the first attended session",
    "discharge": "discharge",
}


def start_days(records: Records, start: str, purpose: str) -> npt.NDArray[np.int32]:
    """Return each episode's start in days from admission; -1 where it was never reached.

    People who died in treatment have no discharge. Starts after the end of the follow-up do not
    count. `purpose` is named in the error for records without attendance.
    """
    episodes = records.episodes
    followed = episodes["days_followed"].to_numpy()
    if start == "discharge":
        left = episodes["days_to_discharge"].fillna(-1).to_numpy().astype(np.int32)
        return np.where(died_in_treatment(records, start) | (left > followed), -1, left)
    if start == "admission":
        return np.zeros(len(episodes), dtype=np.int32)
    records.require("attendance", f"{purpose} from the first attended session")
    sessions = read_sessions(records, AttendanceRule())
    kept = sessions.treatment & sessions.has_status(ATTENDED)
    kept &= sessions.day <= followed[sessions.episode]
    episode, day = sessions.episode[kept], sessions.day[kept]
    origin = np.full(len(episodes), -1, dtype=np.int32)
    first = starts_of(episode)
    origin[episode[first]] = day[first]
    return origin


def died_in_treatment(records: Records, start: str) -> npt.NDArray[np.bool_]:
    """Return which episodes have no start at discharge because the person died in treatment."""
    died = has_word(records.episodes["discharge_reason"], ("died",))
    return died if start == "discharge" else np.zeros(len(died), dtype=bool)
