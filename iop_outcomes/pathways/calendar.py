"""Attendance by weekday and calendar week, and by episode and week since admission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from iop_outcomes.attendance.rule import UNRECORDED
from iop_outcomes.attendance.sessions import Sessions
from iop_outcomes.attendance.stays import read_attendance
from iop_outcomes.errors import EstimateError
from iop_outcomes.outcome_scores.estimates import PEOPLE, counted
from iop_outcomes.records import Records, require_records
from iop_outcomes.records.schema import ATTENDED
from iop_outcomes.shared.arrays import Booleans, Integers, ratio
from iop_outcomes.shared.checks import check_whole
from iop_outcomes.shared.groups import (
    NOTHING_LEFT_OUT,
    LeftOut,
    MissingGroup,
    group_episodes,
    ungrouped,
)
from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import describe_groups, format_count, format_share
from iop_outcomes.statistics.proportions import clustered_interval

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
KINDS = ("due", "attended", "absent", "unrecorded")
STATES = ("in program", "after discharge", "not observed")


@dataclass(frozen=True, eq=False, repr=False)
class AttendanceCalendar(DrawnResult):
    """Attendance by weekday and calendar week.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group, week and weekday, with the columns that `attendance_by_weekday` describes.
    by : tuple of str
        The columns that define the groups.
    rule : str
        How the numbers were worked out.
    synthetic : bool
        Whether the records are synthetic.
    left_out : LeftOut
        The number of episodes that were left out because they have no group.
    people : pandas.DataFrame or None
        One row for each row of the table: the numbers of people with sessions ``due``,
        ``attended``, ``absent`` (due and not attended) and ``unrecorded``. Disclosure control needs
        these numbers; None after `iop_outcomes.protect`.
    """

    table: pd.DataFrame
    by: tuple[str, ...]
    rule: str
    synthetic: bool = False
    left_out: LeftOut = NOTHING_LEFT_OUT
    people: pd.DataFrame | None = None

    @property
    def text(self) -> str:
        """The weekdays with the lowest and the highest attendance rate, by group."""
        return self.left_out.after(describe_groups(self.table, self.by, self._describe))

    @property
    def _summary(self) -> str:
        by = f", by={', '.join(self.by)}" if self.by else ""
        return f"{self.table['week'].nunique()} weeks{by}"

    @property
    def _caption(self) -> str:
        return f"Attendance by weekday and week. {self.rule}"

    def _describe(self, rows: pd.DataFrame, name: str) -> str:
        sums = rows.groupby("weekday", sort=False)[["due", "attended"]].sum()
        sums = sums[sums["due"] > 0]
        due, came = int(sums["due"].sum()), int(sums["attended"].sum())
        first = rows["week"].iloc[0].date()
        weeks = format_count(rows["week"].nunique(), "week")
        hidden = int(rows["hidden"].sum()) if "hidden" in rows else 0
        if not due:
            none = "No session was due" if not hidden else "All days have too few people to show"
            return f"{name}{none} in the {weeks} from {first}."
        share = sums["attended"] / sums["due"]
        low, high = share.idxmin(), share.idxmax()
        ends = (
            f" Lowest on {low} ({format_share(share[low])} of {sums.loc[low, 'due']:,.0f}), "
            f"highest on {high} ({format_share(share[high])} of {sums.loc[high, 'due']:,.0f})."
            if len(share) > 1
            else ""
        )
        return (
            f"{name}{came:,} of {due:,} sessions due were attended ({format_share(came / due)}) "
            f"in the {weeks} from {first}{_without(hidden)}.{ends}"
        )


def _without(hidden: int) -> str:
    return f", without {format_count(hidden, 'day')} of too few people to show" if hidden else ""


@dataclass(frozen=True, eq=False, repr=False)
class PersonWeeks(DrawnResult):
    """Attendance by episode and week since admission. It shows individual people.

    Attributes
    ----------
    table : pandas.DataFrame
        One row an episode and week, with the columns that `attendance_by_person` describes.
    rule : str
        How the numbers were worked out.
    synthetic : bool
        Whether the records are synthetic.
    """

    table: pd.DataFrame
    rule: str
    synthetic: bool = False
    shows_persons: ClassVar[bool] = True

    @property
    def text(self) -> str:
        """The number of episodes with attendance in the first week and in the last one shown."""
        weeks = int(self.table["week"].max())
        parts = []
        for week in sorted({1, weeks}):
            rows = self.table[self.table["week"] == week]
            here = rows[rows["state"] == STATES[0]]
            came = int((here["attended"] > 0).sum())
            parts.append(
                f"In week {week}, {came:,} of {len(here):,} episodes in the program attended at "
                f"least once; {int((rows['state'] == STATES[1]).sum()):,} were discharged earlier "
                f"and {int((rows['state'] == STATES[2]).sum()):,} are not observed."
            )
        count = format_count(self.table["episode_id"].nunique(), "episode")
        return f"{count}, a row each: shows individual people. {' '.join(parts)}"

    @property
    def _summary(self) -> str:
        return f"{self.table['episode_id'].nunique()} episodes, {self.table['week'].max()} weeks"


def attendance_by_weekday(
    records: Records,
    *,
    weeks: int = 26,
    by: str | Sequence[str] | None = None,
    missing_group: MissingGroup = "own",
) -> AttendanceCalendar:
    """Return attendance by weekday in the last calendar weeks up to the data cut.

    Parameters
    ----------
    records : Records
        With calendar dates and the attendance table.
    weeks : int
        How many weeks, Monday to Sunday. The last one contains the data cut and can be incomplete.
    by : str or sequence of str, optional
        Columns of ``records.episodes`` that define groups.
    missing_group : {"refuse", "own", "leave_out"}
        How episodes without a value of `by` are handled.

    Returns
    -------
    AttendanceCalendar
        Its ``table`` has one row a group, week and weekday, with the columns of `by` and:

        ``week`` : datetime64
            The Monday of the week.
        ``weekday`` : str
            Monday to Sunday.
        ``due, attended, unrecorded`` : int64
            Numbers of sessions: in the denominator; attended (also in part or late); without a
            recorded outcome.
        ``rate`` : float64
            attended / due; missing where nothing was due.
        ``observed`` : bool
            False if the day is after the data cut.

    Raises
    ------
    EstimateError
        If attendance is not known from the records, for instance because they contain no absences.
    MissingTableError
        If no attendance table was read.
    RuleError
        If the records have study days instead of dates, or an option is not valid.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> result = iop.attendance_by_weekday(iop.read_records("data/samples"), weeks=4)
    >>> result.table.groupby("weekday", sort=False)["attended"].sum().index.tolist()[:2]
    ['Monday', 'Tuesday']
    """
    require_records(records, "Attendance by weekday")
    records.require_calendar("Attendance by weekday")
    records.require("attendance", "attendance by weekday")
    check_whole("weeks", weeks, 1, "weeks=26")
    _refuse_unknown(records)
    kept, left_out = ungrouped(records.episodes, by, missing_group, "episode")
    records = records if kept is None else records.subset(kept)
    groups = group_episodes(records.episodes, by, missing_group)
    sessions = read_attendance(records).sessions
    cut = pd.Timestamp(records.as_of)
    start = cut - pd.Timedelta(days=cut.weekday() + 7 * (weeks - 1))
    place = (records.attendance["date"] - start).dt.days.to_numpy()
    inside = (place >= 0) & sessions.treatment
    cell = groups.codes[sessions.episode] * weeks * 7 + place
    person = records.episodes["person_id"].cat.codes.to_numpy()[sessions.episode]
    found = counted(_kinds(sessions, inside), person, cell, len(groups) * weeks * 7)
    days = np.tile(np.arange(weeks * 7), len(groups))
    monday = start + pd.to_timedelta(days // 7 * 7, unit="D")
    table = groups.beside(
        {
            "week": monday,
            "weekday": np.array(WEEKDAYS, dtype=object)[days % 7],
            "due": found["due"],
            "attended": found["attended"],
            "unrecorded": found["unrecorded"],
            "rate": ratio(found["attended"], found["due"]),
            "observed": start + pd.to_timedelta(days, unit="D") <= cut,
        }
    )
    rule = f"{sessions.rule.text} Weeks begin on Monday; the last one contains the data cut."
    people = {name: found[PEOPLE + name] for name in KINDS}
    return AttendanceCalendar(
        table,
        groups.names,
        left_out.after(rule),
        records.synthetic,
        left_out,
        pd.DataFrame(people),
    )


def count_by_weekday(
    sessions: Sessions,
    chosen: Booleans,
    person: Integers,
    groups: Mapping[str, Sequence[str]],
    confidence: float = 0.95,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the sessions of some weekdays, summed over weeks, and the numbers of people.

    Parameters
    ----------
    sessions : Sessions
        The sessions of records with calendar dates.
    chosen : numpy.ndarray of bool
        (rows,), which rows are counted, as far as they are treatment sessions.
    person : numpy.ndarray of int
        (rows,), the code of the person of each row.
    groups : mapping
        For each row of the table its name and its weekdays. A weekday is in one row at most.
    confidence : float
        Confidence level of the limits, between 0 and 1.

    Returns
    -------
    table : pandas.DataFrame
        One row a group: ``weekday`` (str), ``due``, ``attended``, ``absent`` (due and not
        attended), ``unrecorded`` (int64), ``rate`` (attended / due), and its limits clustered by
        person, ``lower`` and ``upper`` (float64); missing where nothing was due.
    people : pandas.DataFrame
        One row for each row of the table: the number of people with such sessions.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> from iop_outcomes.attendance.stays import read_attendance
    >>> records = iop.read_records("data/samples")
    >>> sessions = read_attendance(records).sessions
    >>> person = records.episodes["person_id"].cat.codes.to_numpy()[sessions.episode]
    >>> days = {"all": WEEKDAYS}
    >>> table, _ = count_by_weekday(sessions, sessions.treatment, person, days)
    >>> table["due"].item() == int(sessions.due.sum())
    True
    """
    place = {day: row for row, days in enumerate(groups.values()) for day in days}
    of_day = np.array([place.get(day, -1) for day in WEEKDAYS])
    group = of_day[sessions.frame["date"].dt.dayofweek.to_numpy()]
    inside = chosen & sessions.treatment & (group >= 0)
    kinds = _kinds(sessions, inside)
    found = counted(kinds, person, group, len(groups))
    due = kinds["due"]
    lower, upper = clustered_interval(
        kinds["attended"][due].astype(np.float64),
        np.ones(int(due.sum())),
        person[due],
        group=group[due],
        groups=len(groups),
        confidence=confidence,
    )
    table = pd.DataFrame(
        {
            "weekday": list(groups),
            **{name: found[name] for name in KINDS},
            "rate": ratio(found["attended"], found["due"]),
            "lower": lower,
            "upper": upper,
        }
    )
    return table, pd.DataFrame({name: found[PEOPLE + name] for name in KINDS})


def _kinds(sessions: Sessions, inside: Booleans) -> dict[str, Booleans]:
    """Return which rows of `inside` are due, attended, absent (due, not attended), unrecorded."""
    due, came = sessions.has_status(sessions.rule.due), sessions.has_status(ATTENDED)
    rows = (due, came, due & ~came, sessions.has_status((UNRECORDED,)))
    return {name: inside & one for name, one in zip(KINDS, rows, strict=True)}


def attendance_by_person(records: Records, *, weeks: int = 12) -> PersonWeeks:
    """Return attendance of each episode by week since admission. It shows individual people.

    Parameters
    ----------
    records : Records
        With the attendance table. For a picture select few episodes with ``records.where``.
    weeks : int
        How many weeks. Week 1 is days 0 to 6.

    Returns
    -------
    PersonWeeks
        For the staff who treat these people; never part of a report, and refused by
        `iop_outcomes.protect`. Its ``table`` has one row an episode (in the order of admission) and
        week: ``episode_id``, ``person_id``, ``program``, ``week`` (int64), ``state`` (``in
        program`` on the first day of the week, ``after discharge``, or ``not observed``: after the
        data cut or the end of follow-up), ``due``, ``attended``, ``unrecorded`` (int64) and
        ``rate`` (float64; missing where nothing was due).

    Raises
    ------
    EstimateError
        If attendance is not known from the records.
    MissingTableError
        If no attendance table was read.
    RuleError
        If `weeks` is not a whole number of at least 1.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> records = iop.read_records("data/samples").where(program="Old Mill")
    >>> iop.attendance_by_person(records, weeks=2).table["week"].unique().tolist()
    [1, 2]
    """
    require_records(records, "Attendance by person")
    records.require("attendance", "attendance by person")
    check_whole("weeks", weeks, 1, "weeks=12")
    _refuse_unknown(records)
    attendance = read_attendance(records)
    sessions, stays, episodes = attendance.sessions, attendance.stays, records.episodes
    week = sessions.day // 7
    inside = (week >= 0) & (week < weeks) & sessions.treatment
    cell, size = sessions.episode * weeks + week, len(episodes) * weeks

    def count(words: Sequence[str]) -> np.ndarray:
        return np.bincount(cell[inside & sessions.has_status(words)], minlength=size)

    due, came = count(sessions.rule.due), count(ATTENDED)
    first = np.tile(np.arange(weeks) * 7, len(episodes))
    seen = np.where(stays.closed, stays.observable, np.minimum(stays.observable, stays.followed))
    after = np.repeat(stays.closed, weeks) & (first > np.repeat(stays.end, weeks))
    unseen = first > np.repeat(seen, weeks)
    names = {name: episodes[name].repeat(weeks) for name in ("episode_id", "person_id", "program")}
    table = pd.DataFrame(
        {
            **{name: column.reset_index(drop=True) for name, column in names.items()},
            "week": first // 7 + 1,
            "state": np.select([after, unseen], STATES[1:], STATES[0]),
            "due": due,
            "attended": came,
            "unrecorded": count(("unrecorded",)),
            "rate": ratio(came, due),
        }
    )
    admitted = "admit_date" if records.time == "calendar" else "admit_day"
    order = np.argsort(episodes[admitted].to_numpy(), kind="stable")
    rows = (order[:, None] * weeks + np.arange(weeks)).ravel()
    rule = f"{sessions.rule.text} Weeks count from admission (week 1: days 0 to 6)."
    return PersonWeeks(table.iloc[rows].reset_index(drop=True), rule, records.synthetic)


def _refuse_unknown(records: Records) -> None:
    judged = records.judgements("attendance_rate")["attendance_rate"]
    if judged.absent:
        raise EstimateError(
            "The records do not show who attended the sessions that were due.",
            found=judged.text,
            instead="records.fitness() says what would be needed.",
        )
