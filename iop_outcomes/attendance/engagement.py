"""Engagement: one row an episode with sessions, hours, gaps, length of stay and retention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.attendance.rule import UNRECORDED, AttendanceRule, check_rule
from iop_outcomes.attendance.sessions import Sessions
from iop_outcomes.attendance.stays import (
    NO_CONTACT_DAYS,
    RETENTION_DAYS,
    Attendance,
    Stays,
    read_attendance,
)
from iop_outcomes.errors import RuleError
from iop_outcomes.records import require_records
from iop_outcomes.records.fitness.evidence import PlausibleLengths
from iop_outcomes.records.fitness.stays import PeopleLeave
from iop_outcomes.records.fitness.time import TimeCovered
from iop_outcomes.records.judgements import Judgements
from iop_outcomes.records.schema import ATTENDANCE_STATUSES
from iop_outcomes.shared.arrays import Booleans, Floats, Integers, ratio, sums
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.provenance import Provenance, label

if TYPE_CHECKING:
    from iop_outcomes.records import Records

ASAM_HOURS = 9.0  # a week, the minimum of ASAM level 2.1 for adults
Columns = dict[str, Any]


def engagement(
    records: Records,
    *,
    dose_hours: float = ASAM_HOURS,
    rule: AttendanceRule | None = None,
    no_contact_days: int = NO_CONTACT_DAYS,
) -> pd.DataFrame:
    """Return how each episode went: sessions, hours, gaps, length of stay, retention.

    Parameters
    ----------
    records : Records
        Their attendance table must have been read.
    dose_hours : float
        Hours a week from which a week is "at dose": 9 for adults and 6 for adolescents at
        ASAM level 2.1.
    rule : AttendanceRule, optional
        Which services are treatment sessions, which of them are due, and which are attended.
    no_contact_days : int
        An open episode without contact for more days than this before the end of follow-up is
        not counted as retained.

    Returns
    -------
    pandas.DataFrame
        One row an episode, in the order of ``records.episodes``; ``attrs["rule"]`` is the rule
        as text. Counts are int64; what can be missing is float64 (or "boolean"). Days are whole
        days since admission, the day of admission being day 0.

        ``episode_id, person_id, program``
            As in ``records.episodes``.
        ``sessions_due, sessions_attended`` : int64
            Treatment sessions in the denominator, and those attended (also partly, also late,
            unless the rule says otherwise).
        ``attendance_rate`` : float64
            Attended / due, 0 to 1; missing if nothing was due, and for all of a program whose
            records hold no absences, so that the rate is not known (`Records.fitness`).
        ``attendance_rate_lowest, attendance_rate_highest`` : float64
            The rate if all of `sessions_unrecorded` had been missed, or attended; missing if the
            denominator is 0, or as `attendance_rate` by program.
        ``sessions_unrecorded`` : int64
            Sessions without a recorded outcome: in neither of the two above.
        ``no_shows, late_cancellations, client_cancellations, excused`` : int64
            Absences by kind.
        ``program_cancellations, not_scheduled`` : int64
            Sessions that are not in the denominator.
        ``hours_attended`` : float64
            Known hours of the attended sessions. The hours of sessions in
            `sessions_without_minutes` and `sessions_unrecorded` are not included. Missing if
            sessions were attended and the minutes of none are known, or no session has a recorded
            outcome.
        ``sessions_without_minutes`` : int64
            Attended sessions whose minutes are not known.
        ``hours_per_week`` : float64
            Known hours in the whole weeks / whole weeks; missing as `hours_attended`, where the
            stay has no whole week, or for a program where most of those who must have left have no
            discharge (`Records.fitness`), so that their weeks would run to the data cut.
        ``weeks_in_program`` : int64
            Whole weeks of the stay (see Notes).
        ``weeks_at_dose, weeks_unknown`` : int64
            Whole weeks with at least `dose_hours`, and whole weeks for which this is not known: all
            weeks of an episode without known hours, or of a program as for `hours_per_week`.
        ``share_of_weeks_at_dose`` : float64
            Weeks at dose / (whole weeks - unknown weeks), 0 to 1; missing if that is 0.
        ``longest_gap_days`` : float64
            The largest number of days without a contact: from admission to the first, between two,
            or from the last to the end of the stay. Missing if no service has a recorded outcome.
        ``first_session_day, fourth_session_day, days_first_to_fourth`` : float64
            Days of the first and fourth attended session, and the days between (the continuation of
            NIATx); missing if there were fewer sessions. Two sessions on one day count as two.
        ``last_contact_day`` : float64
            The day of the last attended service of any kind; missing if there was none.
        ``unrecorded_after_last_contact`` : int64
            Services without a recorded outcome after the last contact. If they were attended, the
            stay is longer.
        ``stay_to_last_contact`` : float64
            Days to the earlier of last contact and discharge (as TEDS counts), so far while the
            episode is open; 0 if the person was expected but never attended; missing if no service
            has a recorded outcome.
        ``stay_to_discharge`` : float64
            Days to discharge; missing while the episode is open.
        ``retained_30, retained_60, retained_90`` : boolean
            Still in the program that many days after admission; see
            :meth:`iop_outcomes.attendance.stays.Stays.retained`. Missing where the data cut is not
            yet that long after admission, and for all where it is not known from the records.

    Raises
    ------
    MissingTableError
        If no attendance table was read.
    RuleError
        If an option is not known, or a number of hours or days is not possible.

    Notes
    -----
    **What is a session.** By default group, individual, family and skills services. Assessments,
    drug tests and other services are contacts (for gaps and stays) but no dose of treatment.

    **Minutes.** The minutes attended, less those that overlap an earlier session of the day. Where
    they are not recorded, a session with the plain status ``attended`` counts with its scheduled
    minutes; one attended in part or late does not, because its length is unknown.

    **Weeks.** Week 1 is the days 0 to 6 since admission, and so on. A week counts if it lies wholly
    within the stay, from admission to discharge or, while open, to the last day followed: a partial
    week had fewer days to reach the dose. A stay of fewer than seven days has no whole week. A week
    is at dose if its known hours reach `dose_hours`; it is below if they would not even with every
    unrecorded session and every session of unknown minutes at its scheduled length; otherwise it is
    unknown. Here the stay includes the time between the last contact and the discharge, because a
    dose was planned for these weeks.

    **Stay.** A discharge is often recorded long after the last visit, and very long stays may be
    administrative. The length of stay therefore ends with the last recorded contact, while weeks
    run on as described above. Where most of those who left have no discharge, weeks would run to
    the data cut for people long gone: what rests on them is then missing.

    References
    ----------
    Substance Abuse and Mental Health Services Administration. Treatment Episode Data Set
    (TEDS) 2004: Discharges from Substance Abuse Treatment Services, chapter 2: length of stay
    from admission to the earlier of last contact and discharge. TEDS rounds stays of less than
    a day up to 1; here they are 0.

    Substance Abuse and Mental Health Services Administration. Advisory (2021), based on TIP 47:
    clinical issues in intensive outpatient treatment; at least 9 hours a week for adults, 6 for
    adolescents.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> table = iop.engagement(iop.read_records("data/samples"))
    >>> bool((table["sessions_attended"] <= table["sessions_due"]).all())
    True
    """
    require_records(records, "Engagement")
    if not 0 < dose_hours <= 168:
        raise RuleError(
            "The dose must be a number of hours a week.",
            found=f"dose_hours={as_written(dose_hours)}",
            instead="dose_hours=9 for adults, 6 for adolescents",
        )
    chosen = check_rule(rule)
    records.require("attendance", "engagement")
    return engagement_of(
        read_attendance(records, chosen), dose_hours=dose_hours, no_contact_days=no_contact_days
    )


def engagement_of(
    attendance: Attendance,
    *,
    dose_hours: float = ASAM_HOURS,
    no_contact_days: int = NO_CONTACT_DAYS,
) -> pd.DataFrame:
    """Return `engagement` of an attendance table that was read before."""
    records, sessions, stays = attendance.records, attendance.sessions, attendance.stays
    counts = _session_counts(sessions)
    known = counts["sessions_due"] + counts["excused"] > 0
    table = pd.DataFrame(
        {
            **{name: records.episodes[name] for name in ("episode_id", "person_id", "program")},
            **counts,
            **_hours_and_weeks(sessions, stays, known, dose_hours),
            "longest_gap_days": stays.longest_gap,
            **_first_sessions(sessions),
            **_stay(sessions, stays),
            **{
                f"retained_{day}": stays.retained(day, no_contact_days=no_contact_days)
                for day in RETENTION_DAYS
            },
        }
    )
    _leave_unknown(table, records)
    text = f"{sessions.rule.text} {stay_text(dose_hours, no_contact_days)}"
    return label(table, Provenance(text, synthetic=records.synthetic), rule=text)


def _leave_unknown(table: pd.DataFrame, records: Records) -> None:
    """Leave missing, in a table that is being made, what would only be absence of records."""
    judgements = Judgements(records)
    judged = judgements.of("hours")
    rate_known = judgements.known_by_program("attendance_rate")
    for name in ("attendance_rate", "attendance_rate_lowest", "attendance_rate_highest"):
        table[name] = np.where(rate_known, table[name], np.nan)
    lost = (PlausibleLengths, PeopleLeave, TimeCovered)
    if judged["hours"].reason in [kind.__name__ for kind in lost] or judged["hours"].mixed:
        by_week = judgements.known_by_program("hours")
        table["weeks_unknown"] = np.where(
            by_week, table["weeks_unknown"], table["weeks_in_program"]
        )
        table["weeks_at_dose"] = np.where(by_week, table["weeks_at_dose"], 0)
        for name in ("hours_per_week", "share_of_weeks_at_dose"):
            table[name] = np.where(by_week, table[name], np.nan)
    if judged["hours"].reason == PlausibleLengths.__name__:
        table["hours_attended"] = np.nan
    for day in RETENTION_DAYS:
        name = f"retained_{day}"
        table.loc[~judgements.known_by_program(name), name] = pd.NA


def _session_counts(sessions: Sessions) -> Columns:
    """Count the treatment sessions of each episode by status."""
    of_status = sessions.status_counts()
    column = {word: of_status[:, place] for place, word in enumerate(ATTENDANCE_STATUSES)}
    due, attended = sessions.count(sessions.due), sessions.count(sessions.attended)
    unrecorded = column[UNRECORDED]
    return {
        "sessions_due": due,
        "sessions_attended": attended,
        "attendance_rate": ratio(attended, due),
        "attendance_rate_lowest": ratio(attended, due + unrecorded),
        "attendance_rate_highest": ratio(attended + unrecorded, due + unrecorded),
        "sessions_unrecorded": unrecorded,
        "no_shows": column["no_show"],
        "late_cancellations": column["late_cancel"],
        "client_cancellations": column["client_cancel"],
        "excused": column["excused"],
        "program_cancellations": column["program_cancel"],
        "not_scheduled": column["not_scheduled"],
    }


def _hours_and_weeks(
    sessions: Sessions, stays: Stays, known: Booleans, dose_hours: float
) -> Columns:
    """Return the hours of each episode, and its weeks at, below or of unknown dose."""
    came = np.flatnonzero(sessions.attended)
    open_rows = np.flatnonzero(sessions.unrecorded)
    minutes = sessions.attended_minutes(came)
    without = np.isnan(minutes)
    attended = np.bincount(sessions.episode[came], minlength=sessions.episodes)
    unknown = np.bincount(sessions.episode[came[without]], minlength=sessions.episodes)
    hours_known = known & ((unknown < attended) | (attended == 0))
    if without.size and without.all():
        # If no minutes are recorded at all, the only known hours would be the 0 of people who never
        # attended, and every mean would be 0.
        hours_known = np.zeros_like(hours_known)

    weeks = stays.whole_weeks
    rows = np.concatenate([came[without], open_rows])
    least = _minutes_by_week(sessions, weeks, came, np.nan_to_num(minutes))
    more = sessions.minutes("minutes_scheduled", rows)
    most = least + _minutes_by_week(sessions, weeks, rows, np.nan_to_num(more, nan=np.inf))
    at_dose = _sum_weeks(least >= dose_hours * 60, weeks)
    in_doubt = _sum_weeks((least < dose_hours * 60) & (most >= dose_hours * 60), weeks)
    at_dose, in_doubt = np.where(hours_known, at_dose, 0), np.where(hours_known, in_doubt, weeks)
    minutes_in_all = sums(sessions.episode[came], np.nan_to_num(minutes), sessions.episodes)
    return {
        "hours_attended": np.where(hours_known, minutes_in_all / 60, np.nan),
        "sessions_without_minutes": unknown,
        "hours_per_week": np.where(
            hours_known, ratio(_sum_weeks(least, weeks) / 60, weeks), np.nan
        ),
        "weeks_in_program": weeks,
        "weeks_at_dose": at_dose.astype(np.int64),
        "weeks_unknown": in_doubt.astype(np.int64),
        "share_of_weeks_at_dose": ratio(at_dose, weeks - in_doubt),
    }


def _minutes_by_week(
    sessions: Sessions, weeks: Integers, rows: Integers, minutes: Floats
) -> Floats:
    """Add up minutes over the whole weeks of all episodes, one after the other."""
    episode, week = sessions.episode[rows], sessions.day[rows] // 7
    inside = week < weeks[episode]
    start = np.cumsum(weeks) - weeks
    place = (start[episode] + week)[inside]
    return sums(place, minutes[inside], int(weeks.sum()))


def _sum_weeks(values: npt.NDArray[Any], weeks: Integers) -> Floats:
    """Add up one value a week over the weeks of each episode."""
    episode = np.repeat(np.arange(len(weeks)), weeks)
    return sums(episode, values, len(weeks))


def _first_sessions(sessions: Sessions) -> Columns:
    """Return the days of the first and fourth attended session."""
    came = np.flatnonzero(sessions.attended)
    day = sessions.day[came].astype(np.float64)
    attended = np.bincount(sessions.episode[came], minlength=sessions.episodes)
    start = np.cumsum(attended) - attended  # the table is sorted by episode and day
    first, fourth = np.full((2, sessions.episodes), np.nan)
    first[attended >= 1] = day[start[attended >= 1]]
    fourth[attended >= 4] = day[start[attended >= 4] + 3]
    return {
        "first_session_day": first,
        "fourth_session_day": fourth,
        "days_first_to_fourth": fourth - first,
    }


def _stay(sessions: Sessions, stays: Stays) -> Columns:
    """Return the last contact and both lengths of stay."""
    last = np.where(np.isnan(stays.last_contact), -1.0, stays.last_contact)
    unrecorded = sessions.has_status((UNRECORDED,))
    after = unrecorded & (sessions.day > last[sessions.episode])
    return {
        "last_contact_day": stays.last_contact,
        "unrecorded_after_last_contact": sessions.count(after),
        "stay_to_last_contact": stays.to_last_contact,
        "stay_to_discharge": np.where(stays.closed, stays.end, np.nan),
    }


def stay_text(dose_hours: float = ASAM_HOURS, no_contact_days: int = NO_CONTACT_DAYS) -> str:
    """Return how weeks and stays are counted, without how sessions are."""
    return (
        f"A week is at dose with at least {dose_hours:g} hours; weeks run from admission to the "
        "discharge or, while the episode is open, to the end of follow-up, and only whole ones "
        "count. The length of stay ends with the last contact or the discharge, whichever is "
        "earlier. Retained on a day: that stay reached it, "
        f"or the episode is open and its last contact at most {no_contact_days} days before the "
        "end of follow-up; missing where the data cut is not that many days after admission. "
        "Where a program records no discharges, nobody is known to be open: the last contact "
        "decides, and "
        f"the data cut must be {no_contact_days} days later."
    )
