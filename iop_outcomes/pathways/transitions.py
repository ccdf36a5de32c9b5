"""Prior care and entry paths: how people came to the program, and outcomes by entry path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.attendance import time_in_treatment
from iop_outcomes.attendance.continuity.transitions import days_since_prior_discharge
from iop_outcomes.attendance.continuity.visits import Visits, read_visits
from iop_outcomes.attendance.stays import Attendance, read_attendance
from iop_outcomes.errors import EstimateError
from iop_outcomes.records import Records, require_records
from iop_outcomes.records.covariates import covariates, refuse_taken
from iop_outcomes.relapse import RelapseRule, time_to_relapse
from iop_outcomes.shared.checks import check_confidence, check_whole
from iop_outcomes.shared.group_codes import NOT_RECORDED
from iop_outcomes.shared.groups import MissingGroup, group_episodes, ungrouped
from iop_outcomes.shared.provenance import Provenance, label
from iop_outcomes.shared.result import Result
from iop_outcomes.shared.text import describe_groups, format_count
from iop_outcomes.survival import (
    CumulativeIncidence,
    SurvivalCurves,
    cumulative_incidence,
    survival_curves,
)

PATH, FIRST = "entry_path", "first session"
CAME, NEVER, OPEN = "first_session", "left_without_session", "end_of_follow_up"
COLUMNS = ("entry", "days", "event", "ended_by", "days_before_admission", "days_here")
OF_THOSE = (
    "This covers people admitted here with a recorded day of prior discharge; people who were "
    "discharged there and never admitted here are not in these records."
)


def prior_care(records: Records) -> pd.DataFrame:
    """Return the days from the discharge of prior care to the first session here.

    Parameters
    ----------
    records : Records
        With the attendance table, and ``prior_discharge_date`` in the episodes: the day of
        discharge from a detox, inpatient or residential stay.

    Returns
    -------
    pandas.DataFrame
        One row an episode with a prior discharge that is not after the admission, in the form
        required by `iop_outcomes.cumulative_incidence` and `iop_outcomes.survival_curves`:

        ``episode_id, person_id, program``, and the covariates of the episode.
        ``entry`` : int32
            0.
        ``days`` : float64
            Days from the prior discharge to the first day with an attended treatment session.
            Without one, to the discharge here or the last day on which a session would be in the
            records, whichever is earlier.
        ``event`` : bool
            Whether there was such a session.
        ``ended_by`` : category
            ``first_session``, ``left_without_session`` or ``end_of_follow_up``.
        ``days_before_admission, days_here`` : float64
            The two parts of ``days``: before and after the admission.

    Raises
    ------
    EstimateError
        If no episode has such a prior discharge.
    MissingTableError
        If no attendance table was read.
    RuleError
        If the episodes have a column with one of these names.

    Notes
    -----
    Only people who were admitted here are counted, so that the times are shorter than those of all
    people discharged from prior care. `iop_outcomes.followed_up` gives the share within 7 or 30
    days. A session without a recorded outcome is not counted here; the rule says how many episodes
    have one before their first attended session.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> times = iop.prior_care(iop.read_records("data/samples"))
    >>> times["days"].quantile([0.25, 0.5, 0.75]).tolist()
    [4.0, 6.0, 8.0]
    """
    require_records(records, "Prior care")
    records.require("attendance", "the first session after prior care")
    refuse_taken(records.episodes, COLUMNS, "times")
    return _since_prior_care(read_attendance(records))


def _since_prior_care(attendance: Attendance) -> pd.DataFrame:
    records, stays = attendance.records, attendance.stays
    before = days_since_prior_discharge(attendance)
    known = before >= 0  # False where missing
    if not known.any():
        raise EstimateError(
            "No episode has a discharge from prior care before its admission here.",
            found=f"{format_count(len(before), 'episode')}",
            instead="the day of that discharge in prior_discharge_date",
        )
    visits = read_visits(attendance)
    first = visits.nth(1, 0, np.inf)
    seen = np.where(stays.closed, np.minimum(stays.end, visits.seen), visits.seen)
    came = ~np.isnan(first)
    here = np.where(came, first, seen)
    left = ~came & stays.closed & (stays.end <= visits.seen)
    frame = covariates(records.episodes, without=["discharge_reason"])
    frame["entry"] = np.int32(0)
    frame["days"] = before + here
    frame["event"] = came
    frame["ended_by"] = pd.Categorical(
        np.select([came, left], [CAME, NEVER], OPEN), categories=[CAME, NEVER, OPEN]
    )
    frame["days_before_admission"], frame["days_here"] = before, here
    text = f"Days from discharge from prior care to the first session here. {OF_THOSE}"
    late = int((before < 0).sum())
    if late:
        text += (
            f" {format_count(late, 'episode')} with a prior discharge after the admission left out."
        )
    earlier = _unrecorded_first(attendance, first, known)
    if earlier:
        text += (
            f" {format_count(earlier, 'episode')} had a session without a recorded outcome before "
            "the first attended one."
        )
    provenance = Provenance(
        rule=text, event="first session", origin="prior discharge", synthetic=records.synthetic
    )
    return label(frame[known].reset_index(drop=True), provenance, rule=text)


def _unrecorded_first(attendance: Attendance, first: np.ndarray, known: np.ndarray) -> int:
    both: Visits = read_visits(attendance, unrecorded=True)
    first_with_unrecorded = both.nth(1, 0, np.inf)
    return int(
        (
            known
            & (np.isnan(first) & ~np.isnan(first_with_unrecorded) | (first_with_unrecorded < first))
        ).sum()
    )


@dataclass(frozen=True, eq=False, repr=False)
class Transitions(Result):
    """Outcomes by entry path: direct admission, step-down, or after a relapse.

    Attributes
    ----------
    table : pandas.DataFrame
        One row an entry path and measure, with the columns that `transitions` describes.
    first_session : CumulativeIncidence or None
        Days from the prior discharge to the first session here; leaving without a session is a
        competing end. None if no prior discharge is recorded.
    relapse : SurvivalCurves or None
        Time to relapse; None if no check-ins were read.
    stay : SurvivalCurves
        Time in treatment.
    rule : str
        How the numbers were worked out.
    synthetic : bool
        Whether the records are synthetic.
    """

    table: pd.DataFrame
    first_session: CumulativeIncidence | None
    relapse: SurvivalCurves | None
    stay: SurvivalCurves
    rule: str
    synthetic: bool = False

    @property
    def text(self) -> str:
        """The main numbers, with a sentence for each entry path."""
        return f"{describe_groups(self.table, (PATH,), self._describe)} {self.rule}"

    @property
    def _summary(self) -> str:
        return f"{self.table[PATH].nunique()} entry paths"

    @property
    def _caption(self) -> str:
        return self.rule

    def _describe(self, rows: pd.DataFrame, name: str) -> str:
        parts = []
        for _, row in rows.iterrows():
            measure = row["measure"]
            if pd.isna(row["estimate"]):
                parts.append(f"{measure}: not known, {row['not_known']}")
                continue
            limits = ""
            if pd.notna(row["lower"]):
                limits = f", {row['lower']:.0%} to {row['upper']:.0%}"
            when = "by" if measure == FIRST else "on"
            parts.append(
                f"{measure} {when} day {row['day']} {row['estimate']:.0%} (n {row['n']:,}{limits})"
            )
        return f"{name}{'; '.join(parts)}."


def transitions(
    records: Records,
    rule: RelapseRule | None = None,
    *,
    day: int = 90,
    first_session_day: int = 14,
    missing_group: MissingGroup = "own",
    confidence: float = 0.95,
) -> Transitions:
    """Return outcomes of people who step down, return after a relapse, or are admitted directly.

    Parameters
    ----------
    records : Records
        With ``entry_path`` in the episodes, and the attendance table. Relapse needs check-ins.
    rule : RelapseRule, optional
        The definition of relapse; by default ``RelapseRule()``.
    day : int
        The day since admission (for relapse, since day 0 of the rule) to which the estimates of
        relapse and time in treatment refer.
    first_session_day : int
        The day since the prior discharge to which the estimate of the first session refers.
    missing_group : {"refuse", "own", "leave_out"}
        How episodes without an entry path are handled.
    confidence : float
        Confidence level of the limits.

    Returns
    -------
    Transitions
        With curves by entry path, and a ``table`` with one row an entry path and measure, in the
        order ``direct, step_down, after_relapse``:

        ``entry_path, measure`` : str
            ``first session`` (since the prior discharge), ``relapse-free`` (since day 0 of the
            rule) and ``in treatment`` (since admission).
        ``day`` : int64
            The day to which the estimate refers.
        ``episodes, n`` : int64
            All episodes of the path, and those in the curve: episodes with a recorded prior
            discharge; with the evidence that the rule of relapse needs; with a known stay.
        ``events`` : int64
            Events of the curve: first sessions and relapses by that day; stays that ended before
            that day.
        ``estimate, lower, upper`` : float64
            Cumulative incidence of the first session, share without relapse, share still in
            treatment (0 to 1), each with limits.
        ``not_known`` : str
            Why there is no estimate; empty if there is one.

    Raises
    ------
    EstimateError
        If no episode has an entry path, or the records do not show how long people stayed.
    MissingTableError
        If no attendance table was read.
    RuleError
        If an option is not valid.

    Notes
    -----
    The groups differ at admission: people who step down come from more intensive care, and people
    who return after a relapse have just relapsed. The curves are descriptive and do not show the
    effect of stepping down. ``cox(times, "entry_path + ...")`` adjusts for other recorded
    covariates.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> result = iop.transitions(iop.read_records("data/samples"))
    >>> result.table.loc[result.table["measure"] == "in treatment", "entry_path"].tolist()
    ['direct', 'step_down', 'after_relapse']
    >>> ax = result.relapse.plot()
    """
    require_records(records, "Transitions")
    records.require("attendance", "transitions")
    check_whole("day", day, 1, "day=90")
    check_whole("first_session_day", first_session_day, 0, "first_session_day=14")
    check_confidence(confidence)
    if not records.episodes[PATH].notna().any():
        raise EstimateError(
            "The records do not show where people came from.",
            found="no value in entry_path",
            instead="direct, step_down or after_relapse in the column entry_path of the episodes",
        )
    kept, left_out = ungrouped(records.episodes, PATH, missing_group, "episode")
    records = records if kept is None else records.subset(kept)
    groups = group_episodes(records.episodes, PATH, missing_group)
    names = [str(path) for path in groups.labels[PATH]]
    size = records.episodes[PATH].astype(object).fillna(NOT_RECORDED).value_counts()
    dated = days_since_prior_discharge(read_attendance(records)) >= 0
    first = (
        cumulative_incidence(
            prior_care(records),
            PATH,
            causes=[CAME, NEVER],
            missing_group=missing_group,
            confidence=confidence,
        )
        if dated.any()
        else None
    )
    relapse = (
        survival_curves(
            time_to_relapse(records, rule or RelapseRule()),
            by=PATH,
            missing_group=missing_group,
            confidence=confidence,
        )
        if "checkins" in records.tables
        else None
    )
    stay = survival_curves(
        time_in_treatment(records), by=PATH, missing_group=missing_group, confidence=confidence
    )
    parts = [
        _rows(names, FIRST, first_session_day, first, "no prior discharge is recorded"),
        _rows(names, "relapse-free", day, relapse, "no check-ins were read"),
        _rows(names, "in treatment", day - 1, stay, "").assign(day=day),
    ]
    table = pd.concat(parts, ignore_index=True)
    table.insert(3, "episodes", size.reindex(table[PATH]).to_numpy().astype(np.int64))
    place = np.arange(len(table)).reshape(len(parts), len(names)).T.ravel()
    rule_text = (
        "Days since admission, except for the first session: since the prior discharge. "
        f"{OF_THOSE} In treatment on day {day}: the stay to the last contact reached it. People "
        "with different entry paths differ at admission, so that these differences are not effects."
    )
    return Transitions(
        table.iloc[place].reset_index(drop=True),
        first,
        relapse,
        stay,
        left_out.after(rule_text),
        records.synthetic,
    )


def _rows(
    names: list[str],
    measure: str,
    day: int,
    curves: SurvivalCurves | CumulativeIncidence | None,
    missing: str,
) -> pd.DataFrame:
    """Return the estimate of each entry path on a day, from the curves."""
    rows = pd.DataFrame({PATH: names, "measure": measure, "day": day})
    numbers = ("estimate", "lower", "upper")
    if curves is None:
        return rows.assign(n=0, events=0, **dict.fromkeys(numbers, np.nan), not_known=missing)
    at, steps = curves.at([day]), curves.table
    if isinstance(curves, CumulativeIncidence):
        at, steps = at[at["cause"] == CAME], steps[steps["cause"] == CAME]
        at = at.rename(columns={"incidence": "estimate"})
    else:
        at = at.rename(columns={"survival": "estimate"})
    by_path = steps.assign(**{PATH: steps[PATH].astype(str)}).groupby(PATH, sort=False)
    until = steps[steps["day"] <= day]
    events = until.groupby(until[PATH].astype(str))["events"].sum()
    at_by_path = at.assign(**{PATH: at[PATH].astype(str)}).set_index(PATH).reindex(names)
    rows["n"] = by_path["at_risk"].max().reindex(names).fillna(0).to_numpy(dtype=np.int64)
    rows["events"] = events.reindex(names).fillna(0).to_numpy(dtype=np.int64)
    for name in numbers:
        rows[name] = at_by_path[name].to_numpy(dtype=np.float64)
    why = np.where(rows["n"] > 0, "follow-up ends before that day", "no episode in the curve")
    rows["not_known"] = np.where(rows["estimate"].isna(), why, "")
    return rows
