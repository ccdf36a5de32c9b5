"""Attendance of each episode by week: the base of start-stop data and of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from iop_outcomes.attendance.rule import AttendanceRule, check_rule
from iop_outcomes.attendance.stays import Attendance, read_attendance
from iop_outcomes.records import require_records
from iop_outcomes.records.fitness.evidence import PlausibleLengths
from iop_outcomes.records.schema import ATTENDED
from iop_outcomes.shared.arrays import Booleans, Floats, Integers, day_lengths, ratio, sums
from iop_outcomes.shared.checks import check_choice
from iop_outcomes.shared.provenance import Provenance, label

if TYPE_CHECKING:
    from iop_outcomes.records import Records

WeeksFrom = Literal["admission", "calendar"]


@dataclass(frozen=True, eq=False)
class Weeks:
    """The weeks of all episodes, one after the other.

    Attributes
    ----------
    shift : numpy.ndarray of int64
        For each episode the days from the first day of its week 1 to the admission: 0, or by the
        calendar the days since Monday.
    start : numpy.ndarray of int64
        For each episode the place of its week 1.
    episode, week : numpy.ndarray of int64
        For each place the position of the episode and the number of the week, from 0.
    from_day, to_day : numpy.ndarray of int64
        For each place the first and last day of the week that belong to the episode.
    whole : numpy.ndarray of bool
        Whether all seven days lie within the stay.
    """

    shift: Integers
    start: Integers
    episode: Integers
    week: Integers
    from_day: Integers
    to_day: Integers
    whole: Booleans

    @classmethod
    def of(cls, attendance: Attendance, weeks_from: WeeksFrom) -> Weeks:
        """Return the weeks from admission to the end of each stay, or its last row if later."""
        sessions, stays = attendance.sessions, attendance.stays
        end = stays.end.astype(np.int64)
        last = end.copy()
        np.maximum.at(last, sessions.episode, sessions.day.astype(np.int64))
        shift = np.zeros(len(end), dtype=np.int64)
        if weeks_from == "calendar":
            admitted = attendance.records.episodes["admit_date"]
            shift = admitted.dt.weekday.to_numpy().astype(np.int64)
        number = (last + shift) // 7 + 1
        start = np.cumsum(number) - number
        episode = np.repeat(np.arange(len(number)), number)
        week = np.arange(len(episode)) - start[episode]
        first = week * 7 - shift[episode]
        from_day = np.maximum(first, 0)
        to_day = np.minimum(first + 6, last[episode])
        whole = (to_day - from_day == 6) & (to_day <= end[episode])
        return cls(shift, start, episode, week, from_day, to_day, whole)

    def place(self, episode: Integers, day: Integers) -> Integers:
        """Return the place of the week in which each day of an episode lies."""
        return np.asarray(self.start[episode] + (day + self.shift[episode]) // 7)


def engagement_by_week(
    records: Records,
    *,
    rule: AttendanceRule | None = None,
    weeks_from: WeeksFrom = "admission",
) -> pd.DataFrame:
    """Return the attendance of each episode in each week of its stay.

    Parameters
    ----------
    records : Records
        Their attendance table must have been read.
    rule : AttendanceRule, optional
        Which services are treatment sessions, which of them are due, and which are attended.
    weeks_from : {"admission", "calendar"}
        Weeks of seven days from the day of admission (week 1: days 0 to 6), or from Monday to
        Sunday (ISO 8601), of which the first holds the days from the admission on.

    Returns
    -------
    pandas.DataFrame
        One row an episode and week, in the order of ``records.episodes`` and of weeks, from the
        admission to the end of the stay (the discharge or, while open, the last day followed), or
        to the last row of attendance if that is later. A week without sessions has a row.
        ``attrs["rule"]`` is the rule as text.

        ``episode_id, person_id, program``
            As in ``records.episodes``.
        ``week`` : int64
            The number of the week in the episode, from 1.
        ``iso_week`` : str
            By calendar only: the week, such as ``2026-W05``.
        ``from_day, to_day`` : int64
            Its first and last day, both included, in days since admission: without gaps from 0 to
            the end.
        ``whole`` : bool
            Whether all seven days lie within the stay. The first week by calendar and the last one
            seldom are: with fewer days fewer sessions were due.
        ``due, attended, missed, excused`` : int64
            Treatment sessions: in the denominator; attended; missed, which are those due, neither
            attended nor excused; excused, whether or not they are due by the rule.
        ``unrecorded, not_due`` : int64
            Sessions without a recorded outcome; sessions not in the denominator (excused ones too,
            if the rule says so). With `due` they add up to all sessions of the week.
        ``rate`` : float64
            attended / due; missing if nothing was due, or the program's records hold no absences.
        ``rate_lowest, rate_highest`` : float64
            The rate if all of `unrecorded` had been missed, or attended.
        ``hours`` : float64
            Hours of the attended sessions, of overlapping ones counted once; missing if the length
            of one is not known. Unrecorded sessions add none.
        ``in_contact`` : boolean
            Whether a service of any kind was attended; missing if none was and the outcome of one
            is not recorded, or none of the episode is.

    Raises
    ------
    MissingTableError
        If no attendance table was read.
    RuleError
        If an option is not known, or the records have study days and weeks are by calendar.

    Notes
    -----
    For a model of an event by day, what happened in a week may explain the days after it only: the
    example takes the hours of the week before. Sums over the weeks of an episode are the counts of
    `iop_outcomes.engagement`.

    Examples
    --------
    The hazard of dropping out by the hours of the week before:

    >>> import iop_outcomes as iop
    >>> records = iop.read_records("data/samples")
    >>> weeks = iop.engagement_by_week(records)
    >>> weeks["hours_before"] = weeks.groupby("episode_id", observed=True)["hours"].shift()
    >>> times = iop.time_in_treatment(records, event="dropped_out")
    >>> ends = times[["episode_id", "days", "event"]]
    >>> rows = weeks.merge(ends, on="episode_id").query("from_day <= days and week > 1")
    >>> rows["event"] &= rows["days"] <= rows["to_day"]
    >>> rows["entry"] = rows["from_day"] - 1  # at risk from the day after
    >>> rows["days"] = rows[["days", "to_day"]].min(axis=1)
    >>> fit = iop.cox(rows.dropna(subset="hours_before"), "hours_before", cluster="person_id")
    >>> bool(fit.table["hazard_ratio"].iloc[0] < 1)
    True
    """
    require_records(records, "Engagement by week")
    chosen = check_rule(rule)
    check_choice("weeks_from", weeks_from, ("admission", "calendar"))
    records.require("attendance", "engagement by week")
    if weeks_from == "calendar":
        records.require_calendar("Engagement by calendar week")
    return by_week_of(read_attendance(records, chosen), weeks_from)


def by_week_of(attendance: Attendance, weeks_from: WeeksFrom = "admission") -> pd.DataFrame:
    """Return `engagement_by_week` of an attendance table that was read before."""
    records, weeks = attendance.records, Weeks.of(attendance, weeks_from)
    people = records.episodes[["episode_id", "person_id", "program"]]
    table = people.iloc[weeks.episode].reset_index(drop=True)
    table["week"] = weeks.week + 1
    if weeks_from == "calendar":
        table["iso_week"] = _iso_weeks(records, weeks)
    table["from_day"], table["to_day"], table["whole"] = weeks.from_day, weeks.to_day, weeks.whole
    for name, values in _counts(attendance, weeks).items():
        table[name] = values
    table["hours"] = _hours(attendance, weeks)
    table["in_contact"] = _contact(attendance, weeks)
    start = "admission (week 1: days 0 to 6)" if weeks_from == "admission" else "Monday (ISO 8601)"
    text = (
        f"{attendance.sessions.rule.text} Weeks count from {start}; those that do not lie wholly "
        "within the stay are marked."
    )
    return label(table, Provenance(text, synthetic=records.synthetic), rule=text)


def _counts(attendance: Attendance, weeks: Weeks) -> dict[str, Any]:
    """Count the sessions of each week, and their rate with its bounds."""
    sessions, size = attendance.sessions, len(weeks.week)
    place = weeks.place(sessions.episode, sessions.day)

    def count(rows: Booleans) -> Integers:
        return np.bincount(place[rows], minlength=size)

    excused_rows = sessions.treatment & sessions.has_status(("excused",))
    due, attended = count(sessions.due), count(sessions.attended)
    unrecorded = count(sessions.unrecorded)
    rate_known = attendance.records.known_by_program("attendance_rate")[weeks.episode]
    rates = {
        "rate": ratio(attended, due),
        "rate_lowest": ratio(attended, due + unrecorded),
        "rate_highest": ratio(attended + unrecorded, due + unrecorded),
    }
    return {
        "due": due,
        "attended": attended,
        "missed": count(sessions.due & ~sessions.attended & ~excused_rows),
        "excused": count(excused_rows),
        "unrecorded": unrecorded,
        "not_due": count(sessions.treatment & sessions.has_status(sessions.rule.not_due)),
        **{name: np.where(rate_known, value, np.nan) for name, value in rates.items()},
    }


def _hours(attendance: Attendance, weeks: Weeks) -> Floats:
    """Return the hours attended in each week, missing where a length is not known."""
    sessions, size = attendance.sessions, len(weeks.week)
    came = np.flatnonzero(sessions.attended)
    minutes = sessions.attended_minutes(came)
    unknown = np.isnan(minutes)
    place = weeks.place(sessions.episode[came], sessions.day[came])
    hours = sums(place, np.nan_to_num(minutes), size) / 60
    hours[np.unique(place[unknown])] = np.nan
    hours[~attendance.stays.observed[weeks.episode]] = np.nan
    judged = attendance.records.judgements("hours")["hours"]
    if judged.reason == PlausibleLengths.__name__ or (unknown.size and unknown.all()):
        hours[:] = np.nan
    return hours


def _contact(attendance: Attendance, weeks: Weeks) -> pd.arrays.BooleanArray:
    """Return in which weeks a service of any kind was attended, missing where not known."""
    sessions, size = attendance.sessions, len(weeks.week)
    place = weeks.place(sessions.episode, sessions.day)
    came, open_ = np.zeros((2, size), dtype=np.bool_)
    came[place[sessions.has_status(ATTENDED)]] = True
    open_[place[sessions.has_status(("unrecorded",))]] = True
    unknown = ~came & (open_ | ~attendance.stays.observed[weeks.episode])
    return pd.arrays.BooleanArray(came, unknown)


def _iso_weeks(records: Records, weeks: Weeks) -> Any:
    """Return the ISO week of each row as text, such as 2026-W05."""
    admitted = records.episodes["admit_date"].iloc[weeks.episode]
    codes, days = pd.factorize(admitted + day_lengths(weeks.from_day))
    return pd.Series(days).dt.strftime("%G-W%V").to_numpy(dtype=object)[codes]  # each day once
