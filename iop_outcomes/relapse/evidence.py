"""What the check-ins show: use, no use, or nothing known, once an episode and day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.measures.sessions import ATTENDED, SessionRule, read_sessions

if TYPE_CHECKING:
    from iop_outcomes.records import Records
    from iop_outcomes.relapse.rules import Evidence, RelapseRule

# In this order, the highest of several check-ins on one day, or of a week, is what it shows.
NOT_DUE, MISSING, CLEAR, USE = np.arange(4, dtype=np.int8)

USE_RESULTS = ("positive", "mixed")


@dataclass(frozen=True, eq=False)
class Shown:
    """What is shown, in order of episode and time.

    Attributes
    ----------
    episode : numpy.ndarray of int
        The row of the episode in ``records.episodes``.
    day : numpy.ndarray of int32
        The day after the origin (of a week: its last day).
    state : numpy.ndarray of int8
        NOT_DUE, MISSING, CLEAR or USE.
    """

    episode: NDArray[np.intp]
    day: NDArray[np.int32]
    state: NDArray[np.int8]

    def where(self, keep: NDArray[np.bool_]) -> Shown:
        """Return the entries that `keep` marks."""
        if keep.all():
            return self
        return Shown(self.episode[keep], self.day[keep], self.state[keep])


def origin_days(records: Records, rule: RelapseRule) -> NDArray[np.int32]:
    """Return each episode's origin in days from admission, -1 where it was never reached."""
    episodes = records.episodes
    if rule.origin == "discharge":
        return episodes["days_to_discharge"].fillna(-1).to_numpy().astype(np.int32)
    if rule.origin == "admission":
        return np.zeros(len(episodes), dtype=np.int32)
    records.require("attendance", "Time to relapse from the first attended session")
    sessions = read_sessions(records, SessionRule())
    kept = sessions.treatment & sessions.has_status(ATTENDED)
    episode, day = sessions.episode[kept], sessions.day[kept]
    origin = np.full(len(episodes), -1, dtype=np.int32)
    first = starts_of(episode)
    origin[episode[first]] = day[first]
    return origin


def read_checkins(
    records: Records, rule: RelapseRule, origin: NDArray[np.int32]
) -> tuple[Shown, NDArray[np.int8]]:
    """Return what is shown each day after the origin, and the last known state up to it.

    Of several check-ins on a day, use counts before no use, and no use before nothing known.
    What comes after the end of an episode's follow-up is not looked at.
    """
    records.require("checkins", "Time to relapse")
    checkins = records.checkins
    episode = checkins["episode_id"].cat.codes.to_numpy().astype(np.intp)
    day = checkins["day"].to_numpy()
    followed = records.episodes["days_followed"].to_numpy()
    inside = (origin[episode] >= 0) & (day <= followed[episode])
    since = (day - origin[episode]).astype(np.int32)
    rows = Shown(episode, since, _states(checkins, rule.evidence))
    days = _one_a_day(rows.where(inside))
    after = days.day > 0
    known = days.where(~after & (days.state >= CLEAR))
    baseline = np.full(len(origin), MISSING, dtype=np.int8)
    last = ends_of(known.episode)
    baseline[known.episode[last]] = known.state[last]
    return days.where(after), baseline


def starts_of(episode: NDArray[Any]) -> NDArray[np.intp]:
    """Return where each episode begins in a sorted array of episodes."""
    if not len(episode):
        return np.empty(0, dtype=np.intp)
    return np.flatnonzero(np.append(True, episode[1:] != episode[:-1]))


def ends_of(episode: NDArray[Any]) -> NDArray[np.intp]:
    """Return where each episode ends (its last place) in a sorted array of episodes."""
    if not len(episode):
        return np.empty(0, dtype=np.intp)
    return np.flatnonzero(np.append(episode[1:] != episode[:-1], True))


def _states(checkins: pd.DataFrame, evidence: Evidence) -> NDArray[np.int8]:
    use = np.zeros(len(checkins), dtype=bool)
    clear = np.zeros(len(checkins), dtype=bool)
    if evidence != "drug_test":
        used, use_days = checkins["used"], checkins["use_days"].to_numpy()
        use |= used.fillna(False).to_numpy(dtype=bool) | (use_days > 0)
        clear |= (~used).fillna(False).to_numpy(dtype=bool) | (use_days == 0)
    if evidence != "self_report":
        use |= _is_one_of(checkins["drug_test"], USE_RESULTS)
        clear |= _is_one_of(checkins["drug_test"], ("negative",))
    state = np.where(use, USE, np.where(clear, CLEAR, MISSING))
    state[_is_one_of(checkins["status"], ("missed",))] = MISSING
    state[_is_one_of(checkins["status"], ("not_due",))] = NOT_DUE
    return state


def _is_one_of(column: pd.Series[Any], words: tuple[str, ...]) -> NDArray[np.bool_]:
    # On the few categories, not on the rows; the last place answers for code -1, missing.
    answer = np.append(column.cat.categories.isin(words), False)
    marked: NDArray[np.bool_] = answer[column.cat.codes.to_numpy()]
    return marked


def _one_a_day(rows: Shown) -> Shown:
    if not len(rows.day):
        return rows
    new = (rows.episode[1:] != rows.episode[:-1]) | (rows.day[1:] != rows.day[:-1])
    if new.all():
        return rows
    first = np.flatnonzero(np.append(True, new))
    state = np.maximum.reduceat(rows.state, first)
    return Shown(rows.episode[first], rows.day[first], state)
