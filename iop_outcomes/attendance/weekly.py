"""Attendance by week since admission."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.attendance.rule import AttendanceRule, check_rule
from iop_outcomes.attendance.sessions import Sessions
from iop_outcomes.attendance.stays import read_attendance
from iop_outcomes.attendance.weekly_people import people_by_week, statuses_by_column, weeks_followed
from iop_outcomes.errors import RuleError
from iop_outcomes.records import require_records
from iop_outcomes.records.fitness import NOT_KNOWN, reasons_in
from iop_outcomes.records.judgements import Judgements
from iop_outcomes.records.schema import ATTENDANCE_STATUSES
from iop_outcomes.shared.arrays import Integers, ratio
from iop_outcomes.shared.checks import is_whole
from iop_outcomes.shared.groups import (
    NOTHING_LEFT_OUT,
    Groups,
    LeftOut,
    MissingGroup,
    group_episodes,
    ungrouped,
)
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import describe_groups, format_share
from iop_outcomes.statistics.proportions import clustered_interval

if TYPE_CHECKING:
    from iop_outcomes.records import Records

MOST_WEEKS = 520
OF_ABSENCES = ("due", "no_show", "cancelled", "excused", "rate", "lower", "upper")
NOT_LEFT = "episodes_not_known"
OF_SESSIONS = ("episodes_attending", "attended")
NEVER = "statuses_not_known"
_CALLED = {
    "no_show": "absences without notice",
    "cancelled": "sessions that the person cancelled",
    "excused": "excused absences",
    "unrecorded": "sessions without a recorded outcome",
    "not_due": "sessions not due",
}
NO_SUCH = f"{NOT_KNOWN}: no session has such a status"


@dataclass(frozen=True, eq=False, repr=False)
class AttendanceByWeek(DrawnResult):
    """Attendance by week since admission.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group and week, with the columns of :func:`attendance_by_week`.
    by : tuple of str
        The columns that define the groups.
    confidence : float
        Confidence level of the intervals.
    rule : str
        How the numbers were computed.
    synthetic : bool
        Whether the records are synthetic; if so, the picture is labelled as synthetic.
    people : pandas.DataFrame or None
        One row for each row of the table: the number of persons in each of its counts, and in
        ``absent`` the number with sessions due that were not attended. Disclosure rules depend on
        these numbers.
    left_out : LeftOut
        How many episodes without a group were left out.
    """

    table: pd.DataFrame
    by: tuple[str, ...]
    confidence: float
    rule: str
    synthetic: bool = False
    people: pd.DataFrame | None = None
    left_out: LeftOut = NOTHING_LEFT_OUT

    @property
    def text(self) -> str:
        """The main numbers of the table, in one or two sentences a group."""
        described = describe_groups(
            self.table,
            self.by,
            lambda rows, name: f"{name}{describe_weeks(rows, self.confidence)}",
        )
        return self.left_out.after(described)

    @property
    def _summary(self) -> str:
        """Kind and size of the result."""
        by = f", by={', '.join(self.by)}" if self.by else ""
        return f"{self.table['week'].max()} weeks{by}"

    @property
    def _caption(self) -> str:
        return f"Attendance by week since admission. {self.rule}"


def attendance_by_week(
    records: Records,
    *,
    weeks: int = 12,
    by: str | Sequence[str] | None = None,
    rule: AttendanceRule | None = None,
    missing_group: MissingGroup = "own",
    confidence: float = 0.95,
) -> AttendanceByWeek:
    """Return attendance by week since admission.

    Parameters
    ----------
    records : Records
        Their attendance table must have been read.
    weeks : int
        How many weeks, from 1 to 520. Week 1 is the days 0 to 6 since admission.
    by : str or sequence of str, optional
        Columns of ``records.episodes``.
    rule : AttendanceRule, optional
        Which services are treatment sessions, which of them are due, and which are attended.
    missing_group : {"refuse", "own", "leave_out"}
        How episodes without a value of `by` are handled: refused; a group "not recorded" of their
        own; or left out, and counted in ``rule`` and ``text``.
    confidence : float
        Confidence level of the intervals, between 0 and 1.

    Returns
    -------
    AttendanceByWeek
        Its ``.table`` has the columns

        ``[by ...], week`` : int64
            The group and the week.
        ``episodes_followed`` : int64
            Episodes for which the whole week lies before the data cut (and, while open, before the
            end of their follow-up), whether or not the person was still in the program. All other
            columns count these episodes only, so that no partial week is counted.
        ``episodes`` : int64
            Those still in the program on the first day of the week: not discharged before it.
            Missing, and the reason in ``episodes_not_known``, for groups of which the records do
            not show who left.
        ``episodes_attending`` : int64
            Those with at least one attended session in the week.
        ``due, attended, no_show, cancelled, excused`` : int64
            Sessions: in the denominator; attended (also in part or late, unless the rule says
            otherwise); absent without notice; cancelled by the client, late or in time; excused.
        ``unrecorded, not_due`` : int64
            Sessions without a recorded outcome; sessions that are not in the denominator. With
            `due` they add up to all sessions of the week. Like the three kinds of absence they are
            missing where no session of the records has such a status: the program may not record
            it. The column ``statuses_not_known`` then has their names and the reason.
        ``rate`` : float64
            attended / due, 0 to 1; missing if nothing was due.
        ``lower, upper`` : float64
            Its interval, clustered by person
            (:func:`iop_outcomes.statistics.proportions.clustered_interval`); missing with fewer
            than two persons.

    Raises
    ------
    MissingTableError
        If no attendance table was read.
    RuleError
        If an option is not known.

    Notes
    -----
    The denominator contains sessions of people still in the program. As people who attend least
    tend to leave first, the rate can rise while the number of people falls. The table therefore
    also gives the number of all episodes followed that long, and how many of them attended in the
    week.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> weekly = iop.attendance_by_week(iop.read_records("data/samples"), weeks=4)
    >>> weekly.table["week"].tolist()
    [1, 2, 3, 4]
    """
    require_records(records, "Attendance by week")
    if not is_whole(weeks, 1) or weeks > MOST_WEEKS:
        raise RuleError(
            "The number of weeks must be a whole number, 1 or more.",
            found=f"weeks={as_written(weeks)}",
            instead="weeks=12",
        )
    chosen = check_rule(rule)
    records.require("attendance", "attendance by week")
    kept, left_out = ungrouped(records.episodes, by, missing_group, "episode")
    records = records if kept is None else records.subset(kept)
    groups = group_episodes(records.episodes, by, missing_group)
    attendance = read_attendance(records, chosen)
    sessions, stays = attendance.sessions, attendance.stays
    person = records.episodes["person_id"].cat.codes.to_numpy()
    followed, begun = weeks_followed(stays, weeks)
    table = groups.beside(
        {
            "week": np.tile(np.arange(1, weeks + 1), len(groups)),
            **_episode_counts(followed, begun, groups, weeks),
            **_session_counts(sessions, followed, groups, weeks, person, confidence=confidence),
        }
    )
    table = _without_unknown(table, records, groups, weeks)
    table = _without_never_recorded(table, sessions)
    text = left_out.after(f"{chosen.text} Weeks count from admission (week 1: days 0 to 6).")
    people = people_by_week(sessions, (followed, begun), groups, weeks, person)
    return AttendanceByWeek(
        table, groups.names, confidence, text, records.synthetic, people, left_out
    )


def _without_unknown(
    table: pd.DataFrame, records: Records, groups: Groups, weeks: int
) -> pd.DataFrame:
    """Return the table without what would be nothing but absence of records."""
    table["not_known"] = ""
    judgements = Judgements(records)
    for measure, names in (("attendance_rate", OF_ABSENCES), ("first_session", OF_SESSIONS)):
        judged = judgements.by(measure, groups.codes, len(groups))
        reasons = [
            judgement.text
            if judgement.absent
            else f"{NOT_KNOWN}: {judgement.why_published}"
            if judgement.since is not None
            else ""
            for judgement in judged
            if judgement is not None
        ]
        row_reasons = np.repeat(np.array(reasons, dtype=object), weeks)
        unknown = row_reasons != ""
        if unknown.any():
            table[list(names)] = table[list(names)].astype(np.float64)
            table.loc[unknown, list(names)] = np.nan
            table.loc[unknown, "not_known"] = row_reasons[unknown]
    leaving = judgements.by("length_of_stay", groups.codes, len(groups))
    reasons = ["" if one is None or not one.absent else one.text for one in leaving]
    if any(reasons):  # else nobody would seem to have left
        table[NOT_LEFT] = np.repeat(np.array(reasons, dtype=object), weeks)
        table["episodes"] = table["episodes"].astype(np.float64).mask(table[NOT_LEFT] != "")
    return table


def _without_never_recorded(table: pd.DataFrame, sessions: Sessions) -> pd.DataFrame:
    """Return the table without the 0 of sessions that the records cannot hold."""
    statuses = statuses_by_column(sessions.rule).items()
    never = [name for name, some in statuses if not sessions.has_status(some).any()]
    if never:
        table[never] = np.nan
        table[NEVER] = f"{', '.join(never)}: {NO_SUCH}"
    return table


def never_recorded(table: pd.DataFrame) -> list[str]:
    """Return the columns of sessions that the records cannot hold."""
    if NEVER not in table or table.empty:
        return []
    return str(table[NEVER].iloc[0]).partition(":")[0].split(", ")


def unknown_columns(table: pd.DataFrame) -> list[str]:
    """Return the columns of one group's table that are not known from the records in any week."""
    names = ["episodes"] if left_not_known(table) else []
    if not reasons_in(table).empty:
        names += [name for name in (*OF_ABSENCES, *OF_SESSIONS) if table[name].isna().all()]
    never = never_recorded(table)
    return [*names, *never, *([NEVER] if never else [])]


def left_not_known(table: pd.DataFrame) -> bool:
    """Return whether of no group it is known how many were in the program."""
    return NOT_LEFT in table and not (table[NOT_LEFT] == "").any()


def why_not_left(table: pd.DataFrame) -> str:
    """Return what else is not known, who was in the program first, as sentences; else empty."""
    reasons = list(table[NOT_LEFT].unique()) if NOT_LEFT in table else []
    texts = [f" How many were in the program: {reason}." for reason in reasons if reason]
    if never := never_recorded(table):
        called = ", ".join(_CALLED[name] for name in never)
        texts.append(f" {called[:1].upper()}{called[1:]}: {NO_SUCH}.")
    return "".join(texts)


def _episode_counts(
    followed: Integers, begun: Integers, groups: Groups, weeks: int
) -> dict[str, Integers]:
    return {
        "episodes_followed": _reaching(followed, groups, weeks),
        "episodes": _reaching(begun, groups, weeks),
    }


def _reaching(last_week: Integers, groups: Groups, weeks: int) -> Integers:
    """Count for each group and week the episodes whose last week is that week or a later one."""
    cell = groups.codes * (weeks + 1) + last_week
    ending = np.bincount(cell, minlength=len(groups) * (weeks + 1)).reshape(-1, weeks + 1)
    return np.asarray(np.cumsum(ending[:, ::-1], axis=1)[:, ::-1][:, 1:].ravel())


def _session_counts(
    sessions: Sessions,
    followed: Integers,
    groups: Groups,
    weeks: int,
    person: npt.NDArray[Any],
    *,
    confidence: float,
) -> dict[str, npt.NDArray[Any]]:
    """Count the sessions of each group and week by status."""
    size, kinds = len(groups) * weeks, len(ATTENDANCE_STATUSES)
    rows = np.flatnonzero(sessions.treatment & (sessions.day // 7 < followed[sessions.episode]))
    episode, week, status = sessions.episode[rows], sessions.day[rows] // 7, sessions.status[rows]
    target = groups.codes[episode] * weeks + week
    of_status = np.bincount(target * kinds + status, minlength=size * kinds).reshape(size, kinds)

    def total(words: Sequence[str]) -> Integers:
        columns = [ATTENDANCE_STATUSES.index(word) for word in words]
        return np.asarray(of_status[:, columns].sum(axis=1))

    cell = episode * weeks + week
    came = np.bincount(cell[sessions.attended[rows]], minlength=sessions.episodes * weeks)
    expected = np.bincount(cell[sessions.due[rows]], minlength=len(came))
    which = np.flatnonzero(expected)
    place = groups.codes[which // weeks] * weeks + which % weeks
    lower, upper = clustered_interval(
        came[which],
        expected[which],
        person[which // weeks],
        group=place,
        groups=size,
        confidence=confidence,
    )
    attended = np.bincount(target[sessions.attended[rows]], minlength=size)
    due = total(sessions.rule.due)
    return {
        "episodes_attending": np.bincount(place[came[which] > 0], minlength=size),
        "due": due,
        "attended": attended,
        **{name: total(some) for name, some in statuses_by_column(sessions.rule).items()},
        "rate": ratio(attended, due),
        "lower": lower,
        "upper": upper,
    }


def describe_weeks(table: pd.DataFrame, confidence: float = 0.95) -> str:
    """Return the first and last known week of one group as sentences.

    Parameters
    ----------
    table : pandas.DataFrame
        The rows of one group of ``AttendanceByWeek.table``, with or without hidden counts.
    confidence : float
        Confidence level of its intervals.
    """
    rows = table[table["rate"].notna()]
    unknown = reasons_in(table)
    if len(unknown):
        parts = [f"Attendance rate: {unknown.iloc[0]}."]
    elif rows.empty:
        return "No week has sessions with a known outcome that may be shown."
    else:
        first, last = rows.iloc[0], rows.iloc[-1]
        parts = [_describe_week(first, confidence)]
        if last["week"] != first["week"]:
            parts.append(_describe_week(last, confidence))
    followed = table[table["episodes_followed"].notna() & (table["episodes_followed"] > 0)]
    if not followed.empty and pd.notna(followed.iloc[-1]["episodes_attending"]):
        end = followed.iloc[-1]
        episodes = "episode" if end["episodes_followed"] == 1 else "episodes"
        parts.append(
            f"Of {end['episodes_followed']:,.0f} {episodes} followed through week "
            f"{end['week']:.0f}, {end['episodes_attending']:,.0f} attended in that week."
        )
    return " ".join(parts)


def _describe_week(row: pd.Series[Any], confidence: float) -> str:
    counts = ""
    if pd.notna(row["attended"]) and pd.notna(row["due"]):
        counts = f" ({row['attended']:,.0f} of {row['due']:,.0f})"
    limits = ""
    if pd.notna(row["lower"]):
        limits = (
            f", {confidence * 100:g}% interval {format_share(row['lower'])} to "
            f"{format_share(row['upper'])}"
        )
    return (
        f"In week {row['week']:.0f}, {format_share(row['rate'])} of the sessions due were attended"
        f"{counts}{limits}."
    )
