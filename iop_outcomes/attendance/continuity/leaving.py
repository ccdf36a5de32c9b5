"""Rules of dropout: a gap, absences one after the other, weeks without contact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from iop_outcomes.attendance.continuity.judged import (
    ContinuityMeasure,
    Findings,
    as_measure,
    judge_visits,
    read_once,
)
from iop_outcomes.attendance.continuity.visits import Visits
from iop_outcomes.attendance.rule import UNRECORDED
from iop_outcomes.records.schema import ABSENT, ATTENDED
from iop_outcomes.shared.arrays import Booleans, Integers, ends_of, starts_of
from iop_outcomes.shared.checks import check_whole

if TYPE_CHECKING:
    from iop_outcomes.attendance.stays import Attendance
    from iop_outcomes.records import Records

FINISHED = ("completed", "transferred", "incarcerated", "died")
CONTACTS = (
    "A contact is an attended service of any kind. A discharge as completed, transferred, "
    "incarcerated or died ends the count; after any other it goes on to the data cut. Where no "
    "reason is recorded and it decides, it is not known."
)
NO_REASON = "no reason of the discharge is recorded: who completed stops coming, too"
NO_DISCHARGES = (
    "no discharge is recorded, or hardly any: who completed and who dropped out both stop coming"
)


def dropout_by_gap(
    records: Records | Attendance, *, days: int = 30, within: int = 90
) -> ContinuityMeasure:
    """Return who dropped out by a number of days without contact.

    Rule: the last contact was before day `within`, and none followed on the `days` days after it.

    Parameters
    ----------
    records : Records
        With the attendance table.
    days : int
        Days without contact. In use are 14, 30, 60 and 90.
    within : int
        The days since admission, from 0, on which the gap may begin.

    Returns
    -------
    ContinuityMeasure
        ``met``: dropped out; ``day``: the last day of the first such gap; ``first_count``: days
        with a contact before day `within`; ``second_count``: the most days from one contact
        (admission counts as one) to the next, or to the end of what is known.

    Raises
    ------
    MissingTableError
        If no attendance table was read.
    RuleError
        If a number of days is no whole number of 1 or more.

    Notes
    -----
    Those who come back after the gap have still dropped out by this rule. Who completed, was
    transferred or incarcerated, or died before the gap was over has not. Of a discharge before it
    was over for which no reason is recorded it is not known. Where a program records no discharges,
    or hardly any, nothing is known of its episodes: who completed stops coming as well. Many
    programs say 30 days; no single source was found for it. 90 days is the rule of the Oklahoma
    Department of Mental Health and Substance Abuse Services for outpatients.

    Examples
    --------
    The last contact was on day 11, and the 30 days after it are over on day 41.

    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> episodes = pd.DataFrame({"episode_id": ["A"], "admit_date": ["2026-01-05"]})
    >>> days = ["2026-01-07", "2026-01-09", "2026-01-12", "2026-01-14", "2026-01-16"]
    >>> visits = pd.DataFrame(
    ...     {"episode_id": "A", "date": days, "service": "group", "status": "attended"}
    ... )
    >>> records = iop.read_records(episodes=episodes, attendance=visits, as_of="2026-06-30")
    >>> row = iop.dropout_by_gap(records).table.iloc[0]
    >>> row["met"], row["day"], row["first_count"]
    (np.True_, np.float64(41.0), np.float64(5.0))
    """
    check_whole("days", days, 1, "days=30")
    check_whole("within", within, 1, "within=90")
    attendance = read_once(records, "dropout_by_gap")
    told = ~attendance.stays.undischarged
    rule = (
        f"Dropout: {days} days without contact that begin before day {within}. "
        f"{_contacts(attendance)}"
    )

    def search(visits: Visits, finished: Booleans) -> Findings:
        size = len(visits.seen)
        watched = np.where(finished, attendance.stays.end, visits.seen)
        episode = np.concatenate([np.arange(size), visits.episode])
        order = np.lexsort((np.concatenate([np.zeros(size, np.int64), visits.day]), episode))
        day = np.concatenate([np.zeros(size), visits.day])[order]
        episode = episode[order]
        following, last = np.append(day[1:], np.inf), ends_of(episode)
        following[last] = np.inf
        early = day < within
        gap = early & (following > day + days) & (day + days <= watched[episode])
        first = np.flatnonzero(gap)
        first = first[starts_of(episode[first])]
        met_on = np.full(size, np.nan)
        met_on[episode[first]] = day[first] + days
        length = np.where(early, np.minimum(following, watched[episode]) - day, 0)
        met, over = ~np.isnan(met_on), visits.seen >= within + days - 1
        return Findings(
            met=met & told,
            failed=~met & told & (over | finished | (day[last] >= within)),
            over=over,
            day=met_on,
            first_count=visits.count(0, within - 1),
            second_count=np.maximum.reduceat(length, starts_of(episode)) if size else length,
        )

    name = f"dropout_by_gap_{days}"
    return judge_visits(attendance, name, rule, _either_way(attendance, search), contacts=True)


def dropout_by_missing_weeks(
    records: Records | Attendance, *, weeks: int = 4, within_weeks: int = 12
) -> ContinuityMeasure:
    """Return who dropped out by whole weeks without contact, one after the other.

    Rule: `weeks` weeks since admission (week 1: days 0 to 6) in a row without contact, the first of
    them one of the first `within_weeks`.

    Parameters
    ----------
    records : Records
        With the attendance table.
    weeks : int
        How many weeks: four, as trials of the Clinical Trials Network count missing weeks.
    within_weeks : int
        The weeks in which they may begin.

    Returns
    -------
    ContinuityMeasure
        ``met``: dropped out; ``day``: the last day of the last of these weeks; ``first_count``: of
        the first `within_weeks` those with a contact; ``second_count``: days with a
        contact in them.

    Raises
    ------
    MissingTableError
        If no attendance table was read.
    RuleError
        If a number of weeks is no whole number of 1 or more.

    Notes
    -----
    What is not known for want of discharges or their reasons is as by `dropout_by_gap`.

    Examples
    --------
    The last contact is on day 11 in week 2; weeks 3 to 6 end with day 41.

    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> episodes = pd.DataFrame({"episode_id": ["A"], "admit_date": ["2026-01-05"]})
    >>> days = ["2026-01-07", "2026-01-09", "2026-01-12", "2026-01-14", "2026-01-16"]
    >>> visits = pd.DataFrame(
    ...     {"episode_id": "A", "date": days, "service": "group", "status": "attended"}
    ... )
    >>> records = iop.read_records(episodes=episodes, attendance=visits, as_of="2026-06-30")
    >>> row = iop.dropout_by_missing_weeks(records).table.iloc[0]
    >>> row["met"], row["day"], row["first_count"]
    (np.True_, np.float64(41.0), np.float64(2.0))
    """
    check_whole("weeks", weeks, 1, "weeks=4")
    check_whole("within_weeks", within_weeks, 1, "within_weeks=12")
    attendance = read_once(records, "dropout_by_missing_weeks")
    told = ~attendance.stays.undischarged
    rule = (
        f"Dropout: {weeks} weeks in a row without contact, the first of them one of the first "
        f"{within_weeks} weeks since admission. {_contacts(attendance)}"
    )

    def search(visits: Visits, finished: Booleans) -> Findings:
        size, width = len(visits.seen), within_weeks + weeks - 1
        watched = np.where(finished, attendance.stays.end, visits.seen)
        came = np.zeros((size, width), np.bool_)
        inside = visits.day < width * 7
        came[visits.episode[inside], visits.day[inside] // 7] = True
        over = (np.arange(width) * 7 + 6) <= watched[:, None]
        met_on, still = np.full(size, np.nan), np.zeros(size, np.bool_)
        for start in reversed(range(within_weeks)):
            part = slice(start, start + weeks)
            empty = ~came[:, part].any(axis=1)
            passed = over[:, part].all(axis=1)
            met_on[empty & passed] = (start + weeks) * 7 - 1
            still |= empty & ~passed & ~finished
        met = ~np.isnan(met_on)
        return Findings(
            met=met & told,
            failed=~met & told & ~still,
            over=visits.seen >= width * 7 - 1,
            day=met_on,
            first_count=came[:, :within_weeks].sum(axis=1),
            second_count=visits.count(0, within_weeks * 7 - 1),
        )

    name = f"dropout_by_missing_weeks_{weeks}"
    return judge_visits(attendance, name, rule, _either_way(attendance, search), contacts=True)


def dropout_by_absences(
    records: Records | Attendance, *, absences: int = 3, within: int = 90
) -> ContinuityMeasure:
    """Return who dropped out by appointments missed one after the other.

    Rule: `absences` appointments in a row missed, all before day `within`.

    Parameters
    ----------
    records : Records
        With the attendance table.
    absences : int
        How many: three, as in a Norwegian trial.
    within : int
        The days since admission, from 0, that are looked at.

    Returns
    -------
    ContinuityMeasure
        ``met``: dropped out; ``day``: that of the last of these; ``first_count``: appointments
        before day `within`; ``second_count``: the most missed in a row.

    Raises
    ------
    MissingTableError
        If no attendance table was read.
    RuleError
        If a number is no whole number of 1 or more.

    Notes
    -----
    An appointment is a day with treatment sessions, missed if none of them was attended and one was
    missed without notice or cancelled by the client. Days with nothing but excused sessions or
    sessions that the program cancelled are passed over. In the counts a session without a recorded
    outcome is missed; where it decides, it is not known whether the rule is met.

    Examples
    --------
    The session that the program cancelled between the second and third absence changes nothing.

    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> episodes = pd.DataFrame({"episode_id": ["A"], "admit_date": ["2026-01-05"]})
    >>> days = ["2026-01-07", "2026-01-09", "2026-01-12", "2026-01-14", "2026-01-16"]
    >>> status = ["attended", "no_show", "no_show", "program_cancel", "no_show"]
    >>> visits = pd.DataFrame(
    ...     {"episode_id": "A", "date": days, "service": "group", "status": status}
    ... )
    >>> records = iop.read_records(episodes=episodes, attendance=visits, as_of="2026-06-30")
    >>> row = iop.dropout_by_absences(records).table.iloc[0]
    >>> row["met"], row["day"], row["second_count"]
    (np.True_, np.float64(11.0), np.float64(3.0))
    """
    check_whole("absences", absences, 1, "absences=3")
    check_whole("within", within, 1, "within=90")
    attendance = read_once(records, "dropout_by_absences")
    rule = (
        f"Dropout: {absences} appointments in a row missed before day {within}. An appointment is "
        "a day with treatment sessions, missed if none was attended and one was missed or "
        "cancelled by the client."
    )

    def search(kept: bool) -> Findings:
        episode, day, missed = _appointments(attendance, within, unrecorded_kept=kept)
        place = np.arange(len(day))
        reset = np.where(missed, -1, place)
        start = starts_of(episode)
        reset[start] = np.where(missed[start], start - 1, start)
        run = place - np.maximum.accumulate(reset) if len(day) else place
        size = attendance.sessions.episodes
        hit = np.flatnonzero(run >= absences)
        hit = hit[starts_of(episode[hit])]
        met_on, longest = np.full(size, np.nan), np.zeros(size)
        met_on[episode[hit]] = day[hit]
        np.maximum.at(longest, episode, run)
        met, stays = ~np.isnan(met_on), attendance.stays
        over = stays.observable >= within - 1
        last = ends_of(episode)
        in_a_row = np.zeros(size)
        in_a_row[episode[last]] = run[last]
        left = np.maximum(within - 1 - np.minimum(stays.observable, stays.followed), 0)
        known = stays.closed | (in_a_row + left < absences)
        return Findings(
            met=met,
            failed=~met & known,
            over=over & (stays.closed | (left == 0)),
            day=met_on,
            first_count=np.bincount(episode, minlength=size),
            second_count=longest,
        )

    name = f"dropout_by_absences_{absences}"
    return as_measure(attendance, name, rule, search(False), search(True))


def _appointments(
    attendance: Attendance, within: int, *, unrecorded_kept: bool
) -> tuple[Integers, Integers, Booleans]:
    """Return the days with appointments before `within`: episode, day, and whether missed."""
    sessions = attendance.sessions
    came_words = (*ATTENDED, UNRECORDED) if unrecorded_kept else ATTENDED
    gone_words = ABSENT if unrecorded_kept else (*ABSENT, UNRECORDED)
    came = sessions.has_status(came_words)
    limit = np.minimum(within - 1, attendance.stays.observable)
    rows = sessions.treatment & (came | sessions.has_status(gone_words))
    rows &= sessions.day <= limit[sessions.episode]
    episode, day = sessions.episode[rows], sessions.day[rows]
    start = starts_of(episode * (within + 1) + day)  # sorted by episode and day
    any_came = np.logical_or.reduceat(came[rows], start) if len(start) else came[:0]
    return episode[start], day[start], ~any_came


def _contacts(attendance: Attendance) -> str:
    """Return what a contact is and what ends the count; and where it is not known what did."""
    undischarged = attendance.stays.undischarged
    if not undischarged.any():
        return CONTACTS
    where = "" if undischarged.all() else " of some programs"
    return f"{CONTACTS} Not known from the records{where}: {NO_DISCHARGES}."


def _either_way(
    attendance: Attendance, search: Callable[[Visits, Booleans], Findings]
) -> Callable[[Visits], Findings]:
    """Return a search that knows only what holds whatever discharges without a reason were.

    Parameters
    ----------
    attendance : Attendance
        Whose discharges.
    search : callable
        Finds who dropped out, given who was discharged for a reason that is no dropout.
    """
    reason, closed = attendance.records.episodes["discharge_reason"], attendance.stays.closed
    finished = closed & reason.isin(FINISHED).to_numpy()
    no_reason = closed & reason.isna().to_numpy()

    def found(visits: Visits) -> Findings:
        if not no_reason.any():
            return replace(search(visits, finished), why=NO_DISCHARGES)
        left, stayed = search(visits, finished), search(visits, finished | no_reason)
        alike = (left.met == stayed.met) & (left.failed == stayed.failed)
        why = np.where(attendance.stays.undischarged, NO_DISCHARGES, NO_REASON)
        return replace(left, met=left.met & alike, failed=left.failed & alike, why=why)

    return found
