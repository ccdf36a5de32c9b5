"""Rules of initiation and engagement: the first weeks after admission."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.attendance.continuity.judged import (
    ContinuityMeasure,
    Findings,
    check_one_of,
    judge_visits,
)
from iop_outcomes.attendance.continuity.visits import Visits
from iop_outcomes.shared.arrays import Floats
from iop_outcomes.shared.checks import check_whole

if TYPE_CHECKING:
    from iop_outcomes.attendance.stays import Attendance
    from iop_outcomes.records import Records

VISITS = "A visit is a day with an attended treatment session; two sessions of a day are one visit."


def iet_style(records: Records | Attendance, *, engagement_days: int = 34) -> ContinuityMeasure:
    """Return initiation and engagement after the rule of the HEDIS measure IET.

    Rule: initiated with a visit on the day of admission or one of the 13 days after (14 days);
    engaged with two or more further visits on the 34 days after the day of initiation.

    Parameters
    ----------
    records : Records
        With the attendance table.
    engagement_days : {34, 30}
        34 as the measure is now, or 30 as it was.

    Returns
    -------
    ContinuityMeasure
        ``met``: initiated and engaged; ``first_count``: visits on days 0 to 13; ``second_count``:
        visits on the 34 days after initiation. Two more columns: ``initiated`` (boolean) and
        ``initiation_day`` (float64).

    Raises
    ------
    MissingTableError
        If no attendance table was read.
    RuleError
        If `engagement_days` is neither.

    Notes
    -----
    Version: the day counts of the draft CMS137 for FHIR, 0.0.002. In the style of the measure
    only: the episode here begins with the admission to the program, its claims codes are not
    applied, services elsewhere and medication are not known, and nobody is left out for earlier
    treatment. It is no substitute for the certified measure.

    References
    ----------
    National Committee for Quality Assurance. Initiation and Engagement of Substance Use Disorder
    Treatment (IET).

    Examples
    --------
    Initiated on day 2; of the four visits after it the one on day 37 is too late.

    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> episodes = pd.DataFrame({"episode_id": ["A"], "admit_date": ["2026-01-05"]})
    >>> days = ["2026-01-07", "2026-01-09", "2026-01-12", "2026-02-10", "2026-02-11"]
    >>> visits = pd.DataFrame(
    ...     {"episode_id": "A", "date": days, "service": "group", "status": "attended"}
    ... )
    >>> records = iop.read_records(episodes=episodes, attendance=visits, as_of="2026-06-30")
    >>> row = iop.iet_style(records).table.iloc[0]
    >>> row["initiation_day"], row["met"], row["day"], row["second_count"]
    (np.float64(2.0), np.True_, np.float64(7.0), np.float64(3.0))
    """
    check_one_of("engagement_days", engagement_days, (34, 30))
    rule = (
        "In the style of HEDIS IET: a visit within 14 days, the day of admission included, and two "
        f"or more further visits within {engagement_days} days after the first. {VISITS}"
    )

    def search(visits: Visits) -> Findings:
        return _first_and_two_more(visits, 0, 13, engagement_days)

    return judge_visits(records, "iet_style", rule, search)


def washington_circle(records: Records | Attendance) -> ContinuityMeasure:
    """Return initiation and engagement after the rule of the Washington Circle.

    Rule: for outpatients, initiated with a service within 14 days after the one that begins the
    episode; engaged with two further services within 30 days after initiation.

    Parameters
    ----------
    records : Records
        With the attendance table.

    Returns
    -------
    ContinuityMeasure
        ``met``: initiated and engaged; ``first_count``: visits on days 1 to 14; ``second_count``:
        visits on the 30 days after initiation. Also ``initiated`` and ``initiation_day``.

    Raises
    ------
    MissingTableError
        If no attendance table was read.

    Notes
    -----
    The admission is the service that begins the episode, so that a session on its day does not
    initiate: here this differs from `iet_style`. Services elsewhere are not known.

    References
    ----------
    Garnick DW, Lee MT, Horgan CM, Acevedo A. Adapting Washington Circle performance measures for
    public sector substance abuse treatment systems. Journal of Substance Abuse Treatment 2009; 36:
    265-277.

    Examples
    --------
    The session of the day of admission does not count; initiated on day 14, engaged on day 44.

    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> episodes = pd.DataFrame({"episode_id": ["A"], "admit_date": ["2026-01-05"]})
    >>> days = ["2026-01-05", "2026-01-19", "2026-01-21", "2026-02-18", "2026-02-19"]
    >>> visits = pd.DataFrame(
    ...     {"episode_id": "A", "date": days, "service": "group", "status": "attended"}
    ... )
    >>> records = iop.read_records(episodes=episodes, attendance=visits, as_of="2026-06-30")
    >>> row = iop.washington_circle(records).table.iloc[0]
    >>> row["initiation_day"], row["met"], row["day"], row["second_count"]
    (np.float64(14.0), np.True_, np.float64(44.0), np.float64(2.0))
    """
    rule = (
        "Washington Circle, outpatient: a visit within 14 days after the day of admission, and two "
        f"or more further visits within 30 days after it. {VISITS}"
    )
    return judge_visits(
        records, "washington_circle", rule, lambda visits: _first_and_two_more(visits, 1, 14, 30)
    )


def _first_and_two_more(visits: Visits, low: int, high: int, after: int) -> Findings:
    """Search a first visit from `low` to `high`, and two more in the `after` days after it."""
    first = visits.nth(1, low, high)
    began, late = ~np.isnan(first), visits.seen >= high
    day = visits.nth(2, first + 1, first + after)
    met, further = ~np.isnan(day), visits.count(first + 1, first + after)
    too_few = further + _days_left(visits, first + after) < 2
    return Findings(
        met=met,
        failed=~met & np.where(began, too_few, late),
        over=visits.seen >= high + after,
        day=day,
        first_count=visits.count(low, high),
        second_count=further,
        more={"initiated": pd.arrays.BooleanArray(began, ~(began | late)), "initiation_day": first},
    )


def _days_left(visits: Visits, last: Floats | float) -> Floats:
    """Return how many days up to `last` are not over, on each of which one visit may come."""
    return np.maximum(last - visits.seen, 0.0)


def va_continuity(records: Records | Attendance) -> ContinuityMeasure:
    """Return continuity of care after the rule of the Veterans Health Administration.

    Rule: two or more visits in each of three consecutive periods of 30 days.

    Parameters
    ----------
    records : Records
        With the attendance table.

    Returns
    -------
    ContinuityMeasure
        ``met``: as the rule says; ``first_count``: of the three periods those with two visits;
        ``second_count``: visits on the days 0 to 89.

    Raises
    ------
    MissingTableError
        If no attendance table was read.

    Notes
    -----
    The periods here are the days 0 to 29, 30 to 59 and 60 to 89 since admission; the measure
    itself counts from a patient's qualifying for it. Version: performance measure of fiscal year
    2007. In 1,850 veterans of 109 programs it was not associated with improvement on the Addiction
    Severity Index.

    References
    ----------
    Veterans Health Administration, Health Services Research and Development: continuity of care,
    substance use disorder performance measure.

    Examples
    --------
    One visit only in the third period: not met.

    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> episodes = pd.DataFrame({"episode_id": ["A"], "admit_date": ["2026-01-05"]})
    >>> days = ["2026-01-07", "2026-01-09", "2026-02-10", "2026-02-11", "2026-03-20"]
    >>> visits = pd.DataFrame(
    ...     {"episode_id": "A", "date": days, "service": "group", "status": "attended"}
    ... )
    >>> records = iop.read_records(episodes=episodes, attendance=visits, as_of="2026-06-30")
    >>> row = iop.va_continuity(records).table.iloc[0]
    >>> row["met"], row["first_count"], row["second_count"]
    (np.False_, np.float64(2.0), np.float64(5.0))
    """
    rule = (
        "Continuity of care (VA): two or more visits in each of the days 0 to 29, 30 to 59 and "
        f"60 to 89 since admission. {VISITS}"
    )

    def search(visits: Visits) -> Findings:
        second = np.array([visits.nth(2, low, low + 29) for low in (0, 30, 60)])
        enough = ~np.isnan(second)
        too_few = [
            visits.count(low, low + 29) + np.minimum(_days_left(visits, low + 29), 30) < 2
            for low in (0, 30, 60)
        ]
        return Findings(
            met=enough.all(axis=0),
            failed=np.asarray(np.array(too_few).any(axis=0)),
            over=visits.seen >= 89,
            day=second[2],
            first_count=enough.sum(axis=0),
            second_count=visits.count(0, 89),
        )

    return judge_visits(records, "va_continuity", rule, search)


def first_to_fourth_session(
    records: Records | Attendance, *, within: int = 30
) -> ContinuityMeasure:
    """Return continuation from the first to the fourth session, an aim of NIATx.

    Rule: of those with a first visit, who had a fourth.

    Parameters
    ----------
    records : Records
        With the attendance table.
    within : int
        Days from the first visit to the fourth. NIATx names the two sessions and no number of
        days; without one, not having continued is not defined.

    Returns
    -------
    ContinuityMeasure
        ``met``: a fourth visit in time; ``first_count``: visits in that time, the first included;
        ``second_count``: days from the first to the fourth, missing without one. Also
        ``first_day`` (float64). It does not apply to those without a visit.

    Raises
    ------
    MissingTableError
        If no attendance table was read.
    RuleError
        If `within` is no whole number of 3 or more.

    Notes
    -----
    Counted are days with a session. `iop_outcomes.engagement` counts each session, also several of
    one day, in its ``fourth_session_day``.

    References
    ----------
    NIATx, Network for the Improvement of Addiction Treatment: reduce waiting and no-shows, increase
    admissions and continuation.

    Examples
    --------
    The two sessions of 7 January are one visit.

    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> episodes = pd.DataFrame({"episode_id": ["A"], "admit_date": ["2026-01-05"]})
    >>> days = ["2026-01-07", "2026-01-07", "2026-01-09", "2026-01-12", "2026-01-20"]
    >>> visits = pd.DataFrame(
    ...     {"episode_id": "A", "date": days, "service": "group", "status": "attended",
    ...      "group_id": list("abcde")}
    ... )
    >>> records = iop.read_records(episodes=episodes, attendance=visits, as_of="2026-06-30")
    >>> row = iop.first_to_fourth_session(records).table.iloc[0]
    >>> row["met"], row["day"], row["second_count"]
    (np.True_, np.float64(15.0), np.float64(13.0))
    """
    check_whole("within", within, 3, "within=30")
    rule = (
        f"NIATx: a fourth visit within {within} days of the first, of those with a first. {VISITS}"
    )

    def search(visits: Visits) -> Findings:
        first = visits.nth(1, 0, np.inf)
        fourth = visits.nth(4, first, first + within)
        met, over = ~np.isnan(fourth), visits.seen >= first + within
        many = visits.count(first, first + within)
        return Findings(
            met=met,
            failed=np.asarray(many + _days_left(visits, first + within) < 4),
            over=over,
            day=fourth,
            first_count=many,
            second_count=fourth - first,
            applies=~np.isnan(first),
            more={"first_day": first},
        )

    return judge_visits(records, "first_to_fourth_session", rule, search)
