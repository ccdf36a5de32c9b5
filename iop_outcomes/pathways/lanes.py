"""The events of each episode by day, for a picture with a line (a lane) for each episode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from iop_outcomes.attendance.stays import read_attendance
from iop_outcomes.errors import RuleError
from iop_outcomes.records import Records, require_records
from iop_outcomes.records.schema import ATTENDED
from iop_outcomes.relapse import RelapseRule, time_to_relapse
from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import format_count

MARKS = (
    *("session kept", "session missed", "test negative", "test positive", "relapse", "discharge"),
)
_TESTS = {"negative": MARKS[2], "positive": MARKS[3], "mixed": MARKS[3]}


@dataclass(frozen=True, eq=False, repr=False)
class EpisodeLanes(DrawnResult):
    """The events of each episode by day. It shows individual people.

    Attributes
    ----------
    table : pandas.DataFrame
        One row an event, with the columns that `episode_lanes` describes.
    lanes : pandas.DataFrame
        One row an episode, with the columns that `episode_lanes` describes.
    rule : str
        How the events are defined.
    synthetic : bool
        Whether the records are synthetic.
    """

    table: pd.DataFrame
    lanes: pd.DataFrame
    rule: str
    synthetic: bool = False
    shows_persons: ClassVar[bool] = True

    @property
    def text(self) -> str:
        """The number of episodes and of events of each kind."""
        counts = self.table["mark"].value_counts()
        listed = ", ".join(f"{mark} {int(counts.get(mark, 0)):,}" for mark in MARKS)
        open_ = int((self.lanes["ended_by"] == "open").sum())
        count = format_count(len(self.lanes), "episode")
        return f"{count}, a lane each: shows individual people. {listed}; {open_:,} still open."

    @property
    def _summary(self) -> str:
        return f"{len(self.lanes)} episodes, {len(self.table):,} events"


def episode_lanes(records: Records, rule: RelapseRule | None = None) -> EpisodeLanes:
    """Return sessions, tests, relapse and discharge of each episode, by day.

    It shows individual people.

    Parameters
    ----------
    records : Records
        With attendance, check-ins or both. For a picture select few episodes with
        ``records.where``.
    rule : RelapseRule, optional
        The definition of relapse, with ``origin="admission"``; by default ``RelapseRule()``.

    Returns
    -------
    EpisodeLanes
        For the staff who treat these people; never part of a report, and refused by
        `iop_outcomes.protect`. Its ``lanes`` has one row an episode, the longest stay first:
        ``lane`` (int64, from 0), ``episode_id``, ``person_id``, ``program``, ``end`` (float64:
        days from admission to the discharge, or to the end of follow-up if the episode is open) and
        ``ended_by`` (the reason for the discharge, ``not recorded``, or ``open``). Its ``table``
        has one row an event: ``lane``, ``episode_id``, ``day`` (float64, days from admission) and
        ``mark``: ``session kept`` (attended), ``session missed`` (due and not attended), ``test
        negative``, ``test positive`` (also mixed), ``relapse`` (the first by the rule, also after
        discharge) and ``discharge``. Refused and invalid tests, sessions without an outcome and
        sessions that were not due have no mark.

    Raises
    ------
    RuleError
        If neither attendance nor check-ins were read, or the origin of the rule is not admission.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> lanes = iop.episode_lanes(iop.read_records("data/samples").where(program="Old Mill"))
    >>> lanes.lanes["lane"].tolist()[:3]
    [0, 1, 2]
    """
    require_records(records, "What happened in each episode")
    rule = RelapseRule() if rule is None else rule
    if rule.origin != "admission":
        raise RuleError(
            "Days count from admission here, so that the rule must count from admission too.",
            found=f'origin="{rule.origin}"',
            instead='RelapseRule(origin="admission")',
        )
    if not {"attendance", "checkins"} & set(records.tables):
        raise RuleError(
            "Episode lanes need sessions or check-ins.",
            found=", ".join(records.tables),
            instead="read_records with attendance or check-ins",
        )
    episodes, size = records.episodes, len(records.episodes)
    left = episodes["days_to_discharge"].to_numpy(dtype=np.float64, na_value=np.nan)
    closed = ~np.isnan(left)
    end = np.where(closed, left, episodes["days_followed"].to_numpy(dtype=np.float64))
    marked = [(np.flatnonzero(closed), left[closed], MARKS[5])]
    if "attendance" in records.tables:
        marked += _sessions(records)
    if "checkins" in records.tables:
        marked += _check_ins(records, rule)
    order = np.argsort(-end, kind="stable")
    lane = np.empty(size, dtype=np.int64)
    lane[order] = np.arange(size)
    reason = episodes["discharge_reason"].astype(object)
    reason = reason.where(closed, "open").fillna("not recorded")
    lanes = pd.DataFrame(
        {
            "lane": lane,
            **{name: episodes[name] for name in ("episode_id", "person_id", "program")},
            "end": end,
            "ended_by": reason,
        }
    )
    table = pd.concat(
        [
            pd.DataFrame(
                {
                    "lane": lane[rows],
                    "episode_id": episodes["episode_id"].to_numpy()[rows],
                    "day": np.asarray(days, dtype=np.float64),
                    "mark": mark,
                }
            )
            for rows, days, mark in marked
        ],
        ignore_index=True,
    )
    text = (
        "Sessions are treatment sessions. Missed means due and not attended. A mixed test is "
        "positive. "
        f"Relapse is the first one since admission. {rule.text}"
    )
    return EpisodeLanes(
        table.sort_values(["lane", "day"], kind="stable", ignore_index=True),
        lanes.sort_values("lane", ignore_index=True),
        text,
        records.synthetic,
    )


MarkedDays = tuple[np.ndarray, np.ndarray, str]


def _sessions(records: Records) -> list[MarkedDays]:
    sessions = read_attendance(records).sessions
    came = sessions.treatment & sessions.has_status(ATTENDED)
    missed = sessions.treatment & sessions.has_status(sessions.rule.due) & ~came
    return [
        (sessions.episode[rows], sessions.day[rows], mark)
        for rows, mark in ((came, MARKS[0]), (missed, MARKS[1]))
    ]


def _check_ins(records: Records, rule: RelapseRule) -> list[MarkedDays]:
    frame = records.checkins
    episode, day = frame["episode_id"].cat.codes.to_numpy(), frame["day"].to_numpy()
    kind = frame["drug_test"].astype(object).map(_TESTS)
    marked: list[MarkedDays] = []
    for mark in MARKS[2:4]:
        rows = (kind == mark).to_numpy(dtype=np.bool_)
        marked.append((episode[rows].astype(np.intp), day[rows], mark))
    times = time_to_relapse(records, rule)
    times = times[times["event"]]
    place = pd.Index(records.episodes["episode_id"]).get_indexer(times["episode_id"])
    marked.append((place, times["days"].to_numpy(), MARKS[4]))
    return marked
