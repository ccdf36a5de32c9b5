"""Estimates asked of records at once: the clinic's wing makes the frame, the statistics read it.

The one place where a function takes records and returns an estimate, since neither wing knows the
other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iop_outcomes import survival
from iop_outcomes.attendance.by_week import by_week_of
from iop_outcomes.attendance.in_treatment import in_treatment_of
from iop_outcomes.attendance.rule import check_rule
from iop_outcomes.attendance.stays import read_attendance
from iop_outcomes.errors import RuleError
from iop_outcomes.records import Records, require_records
from iop_outcomes.records.checks.declared import CHECKS
from iop_outcomes.relapse import state_histories, time_to_relapse
from iop_outcomes.relapse.rule import RelapseRule
from iop_outcomes.relapse.times import NOT_STARTED
from iop_outcomes.shared.arrays import ratio
from iop_outcomes.shared.checks import check_whole
from iop_outcomes.shared.groups import MissingGroup
from iop_outcomes.shared.provenance import Provenance, label
from iop_outcomes.survival import Cluster
from iop_outcomes.use.origins import died_in_treatment

if TYPE_CHECKING:
    from iop_outcomes.attendance import AttendanceRule
    from iop_outcomes.survival import StateOccupation


def state_occupation(
    histories: Records | pd.DataFrame,
    rule: RelapseRule | None = None,
    by: str | Sequence[str] | None = None,
    *,
    id: str | None = "episode_id",
    cluster: str | Cluster | None = Cluster.PERSON,
    start: float | None = None,
    missing_group: MissingGroup = "refuse",
    confidence: float = 0.95,
) -> StateOccupation:
    """Estimate the probability of being in each state by day, of records or of their histories.

    Parameters
    ----------
    histories : Records or pandas.DataFrame
        Records, of which `iop_outcomes.state_histories` then makes the histories; or a frame of
        histories, as of `iop_outcomes.survival.state_occupation`.
    rule : RelapseRule, optional
        With records only: what counts as relapse and what a missing check-in means.
    by, id, cluster, start, missing_group, confidence
        As of `iop_outcomes.survival.state_occupation`, where the estimate is described.

    Returns
    -------
    StateOccupation
        With ``table``, ``transitions``, ``at``, ``time_in_state`` and ``plot``.

    Raises
    ------
    EstimateError
        As of `iop_outcomes.survival.state_occupation`.
    RuleError
        The same, or if a rule is given with a frame.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> records = iop.read_records("data/samples")
    >>> states = iop.state_occupation(records, iop.RelapseRule(missing="drop"), by="track")
    >>> states.by
    ('track',)
    """
    if isinstance(histories, Records):
        histories = state_histories(histories, rule)
    elif rule is not None:
        raise RuleError(
            "A rule applies to records, but histories were given.",
            found="a frame and a rule",
            instead="iop.state_occupation(iop.state_histories(records, rule), by=...)",
        )
    return survival.state_occupation(
        histories,
        by,
        id=id,
        cluster=cluster,
        start=start,
        missing_group=missing_group,
        confidence=confidence,
    )


def attendance_and_relapse(
    records: Records,
    rule: RelapseRule | None = None,
    *,
    attendance_rule: AttendanceRule | None = None,
    weeks: int = 12,
) -> pd.DataFrame:
    """Return by week since admission who attends, who is in treatment and who has relapsed so far.

    Parameters
    ----------
    records : Records
        With attendance and check-ins.
    rule : RelapseRule, optional
        What counts as relapse. Day 0 is the admission.
    attendance_rule : AttendanceRule, optional
        Which sessions are due and attended.
    weeks : int
        How many weeks.

    Returns
    -------
    pandas.DataFrame
        One row a week, the first being the days 0 to 6:

        ``week, from_day, to_day`` : int64
            Its number, and its first and last day.
        ``due, attended`` (int64), ``rate`` (float64)
            Sessions of the week, and attended / due; missing if nothing was due, or the records
            hold no absences (`Records.fitness`).
        ``due_relapsed, attended_relapsed, rate_relapsed``
            Those of them of episodes with a relapse before the week. The others are the
            differences; of some of these it is not known whether there was a relapse.
        ``episode_weeks`` (int64), ``hours, hours_per_week`` (float64)
            Episodes of whose stay the whole week is part and whose hours in it are known, their
            hours, and hours / episodes.
        ``left_so_far, at_risk_of_leaving`` (int64), ``in_treatment, in_treatment_lower,
        in_treatment_upper`` (float64)
            Stays that ended by the last day of the week; those that are known to have reached it;
            and the share that continues after it, by Kaplan-Meier, with its 95% interval
            (`iop_outcomes.time_in_treatment`).
        ``relapsed_so_far, at_risk_of_relapse`` (int64), ``relapsed, relapsed_lower,
        relapsed_upper`` (float64)
            Relapses by that day; episodes under observation on it without one; and the share
            relapsed so far, the cumulative incidence with its 95% interval, other ends competing as
            the rule says. Missing beyond the last day known.

    Raises
    ------
    MissingTableError
        If attendance or check-ins were not read.
    EstimateError
        If nobody's time in treatment or without relapse is known.
    RuleError
        If an option is not possible, or day 0 is not the admission.

    Notes
    -----
    Numerators and denominators of the two curves are counts; with censoring the shares are not
    their ratios. Attendance is of those still there: its rate can rise while people leave. That
    attendance falls in the weeks in which relapses rise does not say which came first; for that,
    `iop_outcomes.start_stop` or `iop_outcomes.landmark`.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> together = iop.attendance_and_relapse(iop.read_records("data/samples"), weeks=4)
    >>> together["in_treatment"].is_monotonic_decreasing
    True
    >>> together["relapsed"].is_monotonic_increasing
    True
    """
    require_records(records, "Attendance and relapse by week")
    check_whole("weeks", weeks, 1, "weeks=12")
    chosen = RelapseRule() if rule is None else rule
    if not isinstance(chosen, RelapseRule) or chosen.origin != "admission":
        raise RuleError(
            "Attendance and relapse by week count from the admission.",
            instead='rule=iop.RelapseRule(origin="admission")',
        )
    records.require("attendance", "attendance and relapse by week")
    relapse = time_to_relapse(records, chosen)
    attendance = read_attendance(records, check_rule(attendance_rule))
    number = np.arange(1, weeks + 1)
    last = 7 * number - 1
    parts = {
        "week": number,
        "from_day": last - 6,
        "to_day": last,
        **_sessions_by_week(by_week_of(attendance), relapse, weeks),
        **_still_in_treatment(in_treatment_of(attendance), last),
        **_relapsed_so_far(relapse, chosen.event, last),
    }
    if records.judgements("attendance_rate")["attendance_rate"].absent:
        parts |= {name: np.full(weeks, np.nan) for name in ("rate", "rate_relapsed")}
    text = f"{attendance.sessions.rule.text} {chosen.text}"
    provenance = Provenance(
        text, event=chosen.event, origin="admission", synthetic=records.synthetic
    )
    return label(pd.DataFrame(parts), provenance, rule=text)


def _sessions_by_week(rows: pd.DataFrame, relapse: pd.DataFrame, weeks: int) -> dict[str, Any]:
    """Return the sessions and hours of each week, and those after a relapse."""
    rows = rows[rows["week"] <= weeks]
    when = relapse.loc[relapse["event"], ["episode_id", "days"]].set_index("episode_id")["days"]
    relapsed = rows["episode_id"].astype(object).map(when).astype(np.float64) < rows["from_day"]
    place = rows["week"].to_numpy() - 1

    def total(name: str, of: Any) -> Any:
        return np.bincount(place[of], rows[name].to_numpy()[of], minlength=weeks)

    everybody, gone = np.ones(len(rows), np.bool_), relapsed.to_numpy()
    columns: dict[str, Any] = {}
    for ending, of in (("", everybody), ("_relapsed", gone)):
        due, came = total("due", of).astype(np.int64), total("attended", of).astype(np.int64)
        columns |= {
            f"due{ending}": due,
            f"attended{ending}": came,
            f"rate{ending}": ratio(came, due),
        }
    whole = (rows["whole"] & rows["hours"].notna()).to_numpy()
    count = np.bincount(place[whole], minlength=weeks)
    hours = total("hours", whole)
    return {
        **columns,
        "episode_weeks": count,
        "hours": hours,
        "hours_per_week": ratio(hours, count),
    }


def _still_in_treatment(stays: pd.DataFrame, last: Any) -> dict[str, Any]:
    at = survival.survival_curves(stays).at(last)
    return {
        "left_so_far": at["events_so_far"].to_numpy(),
        "at_risk_of_leaving": at["at_risk"].to_numpy(),
        **{
            f"in_treatment{ending}": at[name].to_numpy()
            for name, ending in (("survival", ""), ("lower", "_lower"), ("upper", "_upper"))
        },
    }


def _relapsed_so_far(relapse: pd.DataFrame, event: str, last: Any) -> dict[str, Any]:
    if relapse["event"].any():
        incidence = survival.cumulative_incidence(relapse).at(last)
        at = incidence[incidence["cause"] == event]
        share = {name: at[name].to_numpy() for name in ("incidence", "lower", "upper")}
    else:  # without a relapse there is no cause of interest, but a curve of those without one
        at = survival.survival_curves(relapse).at(last)
        limits = {"lower": 1 - at["upper"].to_numpy(), "upper": 1 - at["lower"].to_numpy()}
        share = {"incidence": 1 - at["survival"].to_numpy(), **limits}
    return {
        "relapsed_so_far": at["events_so_far"].to_numpy(),
        "at_risk_of_relapse": at["at_risk"].to_numpy(),
        **{f"relapsed{ending}": share[name] for name, ending in _ENDINGS},
    }


_ENDINGS = (("incidence", ""), ("lower", "_lower"), ("upper", "_upper"))


def exclusions(
    records: Records, times: pd.DataFrame, rule: RelapseRule | None = None
) -> dict[str, int]:
    """Count by reason the episodes of an export that are not in a frame of times.

    Parameters
    ----------
    records : Records
        What was read of the export.
    times : pandas.DataFrame
        Times made of these records, all or some of their rows, with ``episode_id``.
    rule : RelapseRule, optional
        By which the times were made, so that episodes without a day 0 are distinguished from those
        that were left out of the frame; by default as of `iop_outcomes.time_to_relapse`.

    Returns
    -------
    dict of str to int
        Episodes by reason, for ``excluded`` of `iop_outcomes.compare_cohorts`: those set aside on
        reading, by the first check that they failed (rows folded into an identical one are no
        episodes of their own); those planned for after the data cut; those without a day 0; and
        those that are not in the frame. With the rows of `times` they add up to the rows of
        episodes that were read, without the folded ones.

    Raises
    ------
    RuleError
        If `records` are no records, or `times` has no ``episode_id``, one of them twice, or one
        that is not in the records or has no day 0 by the rule.
    MissingTableError
        As `iop_outcomes.time_to_relapse`.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> records = iop.read_records("data/samples")
    >>> times = iop.time_to_relapse(records)
    >>> iop.exclusions(records, times[times["age"] >= 25])
    {'not in the frame of times': 92}
    """
    require_records(records, "What was excluded")
    started = time_to_relapse(records, rule)["episode_id"]
    inside = _episodes_of(times, started)
    origin = (RelapseRule() if rule is None else rule).origin
    died = int(died_in_treatment(records, origin).sum())
    reasons = {
        **_set_aside(records),
        "no day 0: ended in death": died,
        f"no day 0: {NOT_STARTED[origin]}": len(records.episodes) - len(started) - died,
        "not in the frame of times": len(started) - inside,
    }
    return {reason: count for reason, count in reasons.items() if count}


def _episodes_of(times: pd.DataFrame, started: pd.Series[Any]) -> int:
    """Return how many episodes the times are of; refuse those that are not among the others."""
    if not isinstance(times, pd.DataFrame) or "episode_id" not in times.columns:
        raise RuleError(
            "Times are compared with records by their column episode_id.",
            found="a frame without it" if isinstance(times, pd.DataFrame) else type(times).__name__,
            instead="iop.exclusions(records, iop.time_to_relapse(records))",
        )
    ids = times["episode_id"]
    strange, twice = int((~ids.isin(set(started))).sum()), int(ids.duplicated().sum())
    if strange or twice:
        raise RuleError(
            "Each row of the times is an episode of these records with a day 0, and occurs once.",
            found=f"{strange:,} of {len(ids):,} rows of none, {twice:,} that occur twice",
            instead="iop.exclusions(records, iop.time_to_relapse(records, rule), rule)",
        )
    return len(ids)


def _set_aside(records: Records) -> dict[str, int]:
    """Return how many rows of episodes were set aside on reading, by reason."""
    problems = records.problems
    own = problems[(problems["table"] == "episodes") & (problems["done"] == "set aside")]
    first = own.drop_duplicates(["file", "line"])["check"].value_counts(sort=False)
    reasons = {
        f"set aside on reading: {CHECKS[str(check)].meaning.rstrip('.')}": int(count)
        for check, count in first.items()
    }
    sources = records.sources[records.sources["table"] == "episodes"]
    return {**reasons, "planned for after the data cut": int(sources["rows_planned"].sum())}
