"""Rules that join this program to care before it, and to medication."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iop_outcomes.attendance.continuity.early import VISITS
from iop_outcomes.attendance.continuity.judged import (
    ContinuityMeasure,
    Findings,
    check_one_of,
    judge_visits,
    read_once,
)
from iop_outcomes.attendance.continuity.visits import Visits
from iop_outcomes.shared.arrays import Floats

if TYPE_CHECKING:
    from iop_outcomes.attendance.stays import Attendance
    from iop_outcomes.records import Records


def followed_up(records: Records | Attendance, *, within: int = 7) -> ContinuityMeasure:
    """Return who had a visit soon after the discharge from a prior level of care.

    Rule: a visit on one of the 7, or 30, days after the discharge from a detox, inpatient or
    residential stay; the day of discharge is none of them.

    Parameters
    ----------
    records : Records
        With the attendance table, and ``prior_discharge_date`` in the episodes.
    within : {7, 30}
        Days after that discharge.

    Returns
    -------
    ContinuityMeasure
        ``met``: a visit in time; ``first_count``: visits in time; ``second_count``: days from the
        prior discharge to the first visit after it, missing without one. It does not apply to
        episodes without a prior discharge.

    Raises
    ------
    MissingTableError
        If no attendance table was read.
    RuleError
        If `within` is neither.

    Notes
    -----
    In the style of the HEDIS measure FUI (7 and 30 days), of which the follow-up visit is on
    another date than the discharge; in FUA, which is of emergency visits, the same day counts.
    Counted are those who were admitted here: those who were discharged there and never came are not
    in these records, so that the share is higher than that of all who were discharged.

    References
    ----------
    National Committee for Quality Assurance. Follow-Up After High-Intensity Care for Substance Use
    Disorder (FUI). On the day of discharge: Blue Cross and Blue Shield of New Mexico, Caring for
    Substance Use Disorders, 5 March 2024.

    Examples
    --------
    Discharged three days before admission here, seen four days after it: day 7.

    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> episodes = pd.DataFrame({"episode_id": ["A"], "admit_date": ["2026-01-05"],
    ...                          "prior_discharge_date": ["2026-01-02"]})
    >>> days = ["2026-01-09", "2026-01-12", "2026-01-14", "2026-01-16", "2026-01-19"]
    >>> visits = pd.DataFrame(
    ...     {"episode_id": "A", "date": days, "service": "group", "status": "attended"}
    ... )
    >>> records = iop.read_records(episodes=episodes, attendance=visits, as_of="2026-06-30")
    >>> row = iop.followed_up(records).table.iloc[0]
    >>> row["met"], row["day"], row["first_count"], row["second_count"]
    (np.True_, np.float64(4.0), np.float64(1.0), np.float64(7.0))
    """
    check_one_of("within", within, (7, 30))
    attendance = read_once(records, "followed_up")
    before = days_since_prior_discharge(attendance)
    rule = (
        f"A visit on one of the {within} days after the discharge from a prior stay, the day of "
        f"discharge not counted, of those admitted here with that day recorded. {VISITS}"
    )

    def search(visits: Visits) -> Findings:
        first = visits.nth(1, 1 - before, np.inf)
        taken = first + before
        met, over = taken <= within, visits.seen + before >= within
        return Findings(
            met=met,
            failed=~met & over,
            over=over,
            day=first,
            first_count=visits.count(1 - before, within - before),
            second_count=taken,
            applies=~np.isnan(before),
        )

    return judge_visits(attendance, f"followed_up_{within}", rule, search)


def days_since_prior_discharge(attendance: Attendance) -> Floats:
    """Return the days from the prior discharge to admission; missing where none is recorded."""
    records = attendance.records
    episodes = records.episodes
    study = records.time == "study_days"
    name, admitted = (
        ("prior_discharge_day", "admit_day") if study else ("prior_discharge_date", "admit_date")
    )
    if name not in episodes:
        return np.full(len(episodes), np.nan)
    apart = episodes[admitted] - episodes[name]
    if not study:
        apart = apart.dt.days
    return np.asarray(apart.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
