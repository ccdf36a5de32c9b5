"""Retention, length of stay, completion and transfer, and the minimum dose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from iop_outcomes.attendance.continuity.judged import (
    ContinuityMeasure,
    Findings,
    as_measure,
    read_once,
)
from iop_outcomes.attendance.continuity.visits import read_visits
from iop_outcomes.attendance.engagement import engagement_of
from iop_outcomes.errors import RuleError
from iop_outcomes.shared.checks import check_choice, check_whole

if TYPE_CHECKING:
    from iop_outcomes.attendance.stays import Attendance
    from iop_outcomes.records import Records

NO_REASON = "the reason of the discharge is not recorded"
NO_MINUTES = "minutes or outcomes of sessions are not recorded"


def retention(records: Records | Attendance, *, day: int = 90) -> ContinuityMeasure:
    """Return who was still in the program on a day.

    Rule: that of `iop_outcomes.engagement` for ``retained_90``, for any day.

    Parameters
    ----------
    records : Records
        With the attendance table.
    day : int
        Days since admission.

    Returns
    -------
    ContinuityMeasure
        ``met``: retained; ``first_count``: days to the last contact; ``second_count``: days to the
        end of the stay or, while it is open, of follow-up.

    Raises
    ------
    MissingTableError
        If no attendance table was read.
    RuleError
        If `day` is no whole number of 1 or more.

    Examples
    --------
    Discharged on day 120, but last seen on day 67.

    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> episodes = pd.DataFrame({"episode_id": ["A"], "admit_date": ["2026-01-05"],
    ...                          "discharge_date": ["2026-05-05"]})
    >>> days = ["2026-01-07", "2026-01-09", "2026-02-10", "2026-02-11", "2026-03-13"]
    >>> visits = pd.DataFrame(
    ...     {"episode_id": "A", "date": days, "service": "group", "status": "attended"}
    ... )
    >>> records = iop.read_records(episodes=episodes, attendance=visits, as_of="2026-06-30")
    >>> row = iop.retention(records).table.iloc[0]
    >>> row["met"], row["first_count"], row["second_count"]
    (np.False_, np.float64(67.0), np.float64(120.0))
    """
    check_whole("day", day, 1, "day=90")
    attendance = read_once(records, "retention")
    stays = attendance.stays
    stayed = stays.retained(day)
    known = ~np.asarray(stayed.isna())
    met = stayed.to_numpy(dtype=np.bool_, na_value=False)
    rule = (
        f"Retained on day {day}: the stay to the last contact or the discharge, whichever is "
        "earlier, reached it, or the episode is open and its last contact at most 30 days before "
        "the end of follow-up."
    )
    findings = Findings(
        met=met,
        failed=known & ~met,
        over=(stays.observable >= day) & (stays.closed | (stays.followed >= day)),
        day=np.full(len(met), float(day)),
        first_count=stays.to_last_contact,
        second_count=stays.end,
    )
    return as_measure(attendance, f"retention_{day}", rule, findings)


def ended_as(
    records: Records | Attendance, *, reason: Literal["completed", "transferred"] = "completed"
) -> ContinuityMeasure:
    """Return who completed the program, or was transferred: two ends, never added up.

    Rule: the reason of the discharge, in the categories of TEDS. Federal reports add transfers to
    completions; whether a transfer is a good end depends on where to.

    Parameters
    ----------
    records : Records
        With the attendance table.
    reason : {"completed", "transferred"}
        Which of the two ends.

    Returns
    -------
    ContinuityMeasure
        ``met``: discharged for that reason; ``day``: the day of discharge; ``first_count``: days
        to the earlier of last contact and discharge (as TEDS counts a stay); ``second_count``:
        visits (days with an attended treatment session). Not known while the
        episode is open or without a reason. The share is of those discharged with a reason.

    Raises
    ------
    MissingTableError
        If no attendance table was read.
    RuleError
        If the reason is neither.

    Notes
    -----
    People who leave early are discharged before those admitted with them who complete. The share of
    recent discharges is therefore too low; use `iop_outcomes.cumulative_incidence` for a cohort.

    References
    ----------
    Substance Abuse and Mental Health Services Administration. Treatment Episode Data Set:
    Discharges (TEDS-D).

    Examples
    --------
    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> episodes = pd.DataFrame({"episode_id": ["A"], "admit_date": ["2026-01-05"],
    ...                          "discharge_date": ["2026-03-05"], "discharge_reason": "completed"})
    >>> days = ["2026-01-07", "2026-01-09", "2026-02-10", "2026-02-11", "2026-03-02"]
    >>> visits = pd.DataFrame(
    ...     {"episode_id": "A", "date": days, "service": "group", "status": "attended"}
    ... )
    >>> records = iop.read_records(episodes=episodes, attendance=visits, as_of="2026-06-30")
    >>> row = iop.ended_as(records).table.iloc[0]
    >>> row["met"], row["day"], row["first_count"], row["second_count"]
    (np.True_, np.float64(59.0), np.float64(56.0), np.float64(5.0))
    """
    check_choice("reason", reason, ("completed", "transferred"))
    attendance = read_once(records, "ended_as")
    stays = attendance.stays
    recorded = attendance.records.episodes["discharge_reason"]
    reason_known = stays.closed & recorded.notna().to_numpy()
    met = reason_known & (recorded == reason).to_numpy(dtype=np.bool_, na_value=False)
    findings = Findings(
        met=met,
        failed=reason_known & ~met,
        over=stays.closed,
        day=stays.end,
        first_count=stays.to_last_contact,
        second_count=read_visits(attendance).count(0, np.inf),
        why=NO_REASON,
    )
    rule = f"Discharged as {reason}, of those discharged with a recorded reason."
    return as_measure(attendance, reason, rule, findings, needs_sessions=False)


def minimum_dose(
    records: Records | Attendance,
    *,
    weeks: int = 4,
    age_group: Literal["adult", "adolescent"] = "adult",
    edition: int = 3,
) -> ContinuityMeasure:
    """Return who had the hours of an intensive outpatient program in a number of weeks.

    Rule: `weeks` whole weeks of the stay with 9 hours or more, 6 for adolescents.

    Parameters
    ----------
    records : Records
        With the attendance table.
    weeks : int
        How many weeks. No source names a number; this one is to be chosen by the program.
    age_group : {"adult", "adolescent"}
        Whose minimum.
    edition : {3, 4}
        The edition of the ASAM criteria. Both say 9 hours for adults at level 2.1; the fourth has a
        volume of its own for adolescents, so that for them only the third is taken.

    Returns
    -------
    ContinuityMeasure
        ``met``: as the rule says; ``day`` is missing; ``first_count``: weeks with these hours;
        ``second_count``: whole weeks for which the hours are known. The share is of discharged
        episodes.

    Raises
    ------
    MissingTableError
        If no attendance table was read.
    RuleError
        If an option is not known.

    References
    ----------
    Substance Abuse and Mental Health Services Administration. Advisory (2021), based on TIP 47.

    Examples
    --------
    Three sessions of three hours in week 1, two in week 2: one week of 9 hours.

    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> episodes = pd.DataFrame({"episode_id": ["A"], "admit_date": ["2026-01-05"],
    ...                          "discharge_date": ["2026-01-18"]})
    >>> days = ["2026-01-05", "2026-01-07", "2026-01-09", "2026-01-12", "2026-01-14"]
    >>> visits = pd.DataFrame({"episode_id": "A", "date": days, "service": "group",
    ...                        "status": "attended", "minutes_attended": 180})
    >>> records = iop.read_records(episodes=episodes, attendance=visits, as_of="2026-06-30")
    >>> row = iop.minimum_dose(records, weeks=2).table.iloc[0]
    >>> row["met"], row["first_count"], row["second_count"]
    (np.False_, np.float64(1.0), np.float64(2.0))
    """
    check_whole("weeks", weeks, 1, "weeks=4")
    check_choice("age_group", age_group, ("adult", "adolescent"))
    if edition not in (3, 4) or (edition == 4 and age_group == "adolescent"):
        raise RuleError(
            "The minimum is known by the third edition for adults and adolescents, and by the "
            "fourth for adults.",
            instead="edition=3",
        )
    hours = 9.0 if age_group == "adult" else 6.0
    attendance = read_once(records, "minimum_dose")
    table = engagement_of(attendance, dose_hours=hours)
    at_dose, unknown = table["weeks_at_dose"].to_numpy(), table["weeks_unknown"].to_numpy()
    closed = attendance.stays.closed
    findings = Findings(
        met=at_dose >= weeks,
        failed=closed & (at_dose + unknown < weeks),
        over=closed,
        day=np.full(len(table), np.nan),
        first_count=at_dose,
        second_count=table["weeks_in_program"].to_numpy() - unknown,
        why=NO_MINUTES,
    )
    rule = (
        f"{weeks} or more whole weeks of the stay with {hours:g} hours or more (ASAM level 2.1, "
        f"edition {edition}, {age_group}), of discharged episodes."
    )
    return as_measure(attendance, f"minimum_dose_{hours:g}", rule, findings)
