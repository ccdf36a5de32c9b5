"""How episodes ended, and after how long: cumulative incidences of two years' admissions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from iop_outcomes.attendance.in_treatment import in_treatment_of
from iop_outcomes.attendance.stays import NO_CONTACT_DAYS
from iop_outcomes.disclosure import LinkedCounts, ProtectedCurves
from iop_outcomes.disclosure.declared import TOTAL
from iop_outcomes.disclosure.fixed_days import EndsElsewhere, protect_incidence
from iop_outcomes.disclosure.fixed_days.at_risk import survival_decimals
from iop_outcomes.disclosure.fixed_days.choice import fixed_days
from iop_outcomes.disclosure.results import Key
from iop_outcomes.disclosure.system import PrintedCells
from iop_outcomes.errors import EstimateError
from iop_outcomes.pathways.flow import DAYS
from iop_outcomes.plots import plot_incidence, plot_survival
from iop_outcomes.report.model import Drawing, Table, drawing_of, share_kind
from iop_outcomes.report.period import TWO_YEARS, parse_report_period, within
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.report.sections.ends.each_day import each_day, with_limits
from iop_outcomes.shared.provenance import relabel
from iop_outcomes.survival import CumulativeIncidence, cumulative_incidence

Ends = ProtectedCurves | CumulativeIncidence
"""How episodes ended, for release; under a policy that hides nothing the estimate itself."""
STAYS: Key = ("stays", "n")
NAME, TITLE = "ends_over_time", "How episodes ended, and after how long"
UNUSED = (
    f"The last {NO_CONTACT_DAYS} days before the data cut (before the end of follow-up, where no "
    "discharge is recorded) do not tell yet who stopped coming. Who was seen in them counts as "
    "still there up to their start, also if discharged in them. Who was last seen before them has "
    "ended with that contact, and a discharge in them gives the reason."
)
RULE = (
    "Days from admission to the last contact or the discharge, whichever is earlier; who stopped "
    "coming has dropped out with the last contact. Each share is of all who were admitted and "
    f"followed, and the other ends compete with it. {UNUSED} "
    f"Not among them are those followed for no more than {NO_CONTACT_DAYS} days, of whom it is not "
    "known yet whether they stopped coming, and those of whom no service has a recorded outcome."
)
NOTE = (
    "The share that had ended so by each day. Ends of too few people are taken together as other "
    "ends, which can be others than in the table of discharges. Only these days are estimates; the "
    "lines between them in the picture are not."
)
EACH_DAY = "How many ended so on each day, and the share that had by then."
NOT_ESTIMATED = f"{TITLE}, is not estimated: "
WITHOUT_SERVICES = "these records hold no sessions, and a stay ends with the last contact."
LEFT_UNKNOWN = "the records do not show until when people came."
NOBODY_FOLLOWED = (
    "of nobody admitted in this time is it known who was still coming: no service has a recorded "
    f"outcome, or they were followed for no more than {NO_CONTACT_DAYS} days."
)
TOO_FEW = (
    f"{TITLE}, is not shown: of too few is it known, or what could be shown would tell of a few "
    "people."
)
IN_THAT_OF_ALL = f"{TITLE}, stands in the report of all programs."
BESIDE_EARLIER = (
    f"{TITLE}, is not shown beside an earlier report: both would tell how the episodes of a few "
    "people ended who count in one of them only."
)
NO_END = "of nobody admitted in this time is it known that the episode ended."
ESTIMATE = re.compile(r" Competing: [^.]*\. Aalen-Johansen estimate\.")
"""What the section of methods says of the picture."""


def stays(scope: Scope) -> pd.DataFrame | None:
    """Return the times in treatment of two years' admissions; None if too few are known."""
    if scope.attendance is None or not scope.tells("length_of_stay"):
        return None
    try:
        times = in_treatment_of(scope.attendance)
    except EstimateError:  # the sessions do not show when those without a discharge left
        return None
    kept = scope.records.episodes.loc[scope.two_years, "episode_id"]
    chosen = times[times["episode_id"].isin(kept)].reset_index(drop=True)
    few = scope.policy.hides([len(chosen), chosen["person_id"].nunique()]).any()
    if few or not chosen["event"].any():
        return None
    return relabel(chosen, times, rule=RULE)


def not_estimated(scope: Scope) -> str:
    """Return why there is no estimate; nobody and a few of whom an end is known are one text."""
    if scope.attendance is None:
        return NOT_ESTIMATED + WITHOUT_SERVICES
    try:
        times = in_treatment_of(scope.attendance)
    except EstimateError:
        return NOT_ESTIMATED + LEFT_UNKNOWN
    if scope.policy.threshold > 1:
        return TOO_FEW
    kept = scope.records.episodes.loc[scope.two_years, "episode_id"]
    return NOT_ESTIMATED + (NO_END if times["episode_id"].isin(kept).any() else NOBODY_FOLLOWED)


def withheld(scope: Scope, before: Sequence[PrintedCells], *, apart: bool) -> str:
    """Return why a report has no ends over time though they are known; empty if it may have them.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    before : sequence of PrintedCells
        The reports that were issued before it, of any programs.
    apart : bool
        Whether it is the report of one program, beside that of all from the same command.

    Notes
    -----
    Of up to a few hundred people a whole percent is a count, or nearly. The ends of those newly
    admitted, or of the other programs, would be the difference of two such counts.
    """
    if scope.policy.threshold == 1 or scope.attendance is None:
        return ""  # nothing is hidden; or nothing is known, which is said instead
    if apart:
        return IN_THAT_OF_ALL
    same = (one for one in before if {*one.programs} & {*scope.programs})
    for quarter in {one.quarter for one in same}:
        admitted = scope.records.episodes["admit_date"]
        there = (
            np.ones(len(admitted), dtype=np.bool_)
            if quarter == "" or scope.period is None
            else within(admitted, parse_report_period(quarter).window(TWO_YEARS))
        )
        if (there & scope.two_years).any():
            return BESIDE_EARLIER
    return ""


def declare_stays(scope: Scope, linked: LinkedCounts, times: pd.DataFrame | None) -> Ends | None:
    """Declare how many the curves are of, and return them; None if no curve can be shown."""
    if times is None:
        return None
    ends = times.loc[times["event"], "ended_by"].astype(str)
    causes = sorted(set(ends))
    found = cumulative_incidence(times, causes=causes)
    shown: Ends = found if scope.policy.threshold == 1 else _beside_counts(scope, times, found)
    if shown.table.empty:
        return None
    people = int(times["person_id"].nunique())
    linked.count(STAYS, len(times), people=people, item=STAYS, rank=TOTAL)
    return shown


def _beside_counts(
    scope: Scope, times: pd.DataFrame, found: CumulativeIncidence
) -> ProtectedCurves:
    """Return the curves on days on which they tell of no few beside the tables of counts."""
    days = list(fixed_days(float(found.table["day"].max())))
    while True:
        shown = protect_incidence(found, scope.policy, days=days)
        told = _told_beside_counts(scope, times, shown)
        if not told:
            return shown
        days = [day for day in days if day not in told]


def _told_beside_counts(scope: Scope, times: pd.DataFrame, shown: ProtectedCurves) -> set[int]:
    """Return the days of curves of which a few follow beside counts of (nearly) the same people.

    How far people came counts those who were there on a day: who is neither there then nor has
    ended by it ended on it. Tables of ends count all of one kind: those by the last day of the
    curve less than that ended so later.
    """
    policy, known = scope.policy, scope.records.episodes["episode_id"].isin(times["episode_id"])
    elsewhere = ends_elsewhere(times, shown)
    assert elsewhere is not None
    told: set[int] = set()
    if not elsewhere.printed:
        return told
    if scope.engagement is not None and _nearly(scope, known.to_numpy(), scope.followed_90_days):
        for day in DAYS:
            on_the_day = int((times["event"] & (times["days"] == day)).sum())
            if policy.hides(on_the_day) and all(day in days for _, days in elsewhere.printed):
                told.add(day)
    if _nearly(scope, scope.two_years, scope.year):
        for kinds, days in elsewhere.printed:
            later = elsewhere.through(kinds, np.inf) - elsewhere.through(kinds, days[-1])
            if policy.hides(later):
                told.add(days[-1])
    return told


def _nearly(scope: Scope, one: Mask, other: Mask) -> bool:
    """Return whether at most a few people are in one of two groups only."""
    return scope.people(one ^ other) < scope.policy.threshold


def ends_elsewhere(times: pd.DataFrame | None, shown: Ends | None) -> EndsElsewhere | None:
    """Return the ends, and which of them the curves show together on which days."""
    if times is None:
        return None
    ended = times[times["event"]]
    days = {
        str(kind): np.sort(own.to_numpy(dtype=np.float64))
        for kind, own in ended["days"].groupby(ended["ended_by"].astype(str))
    }
    if shown is None or isinstance(shown, CumulativeIncidence):  # nothing is hidden beside it
        return EndsElsewhere(days)
    printed = {
        str(cause): tuple(int(day) for day in rows["day"] if day > 0)
        for cause, rows in shown.table.groupby("cause", sort=False, observed=True)
    }
    named = frozenset(days) & frozenset(printed)
    sets = [
        (frozenset([cause]) if cause in named else frozenset(days) - named, on)
        for cause, on in printed.items()
    ]
    return EndsElsewhere(days, tuple(sets))


def stays_table(scope: Scope, curves: Ends) -> Table:
    """Return the table of what the picture shows."""
    if isinstance(curves, CumulativeIncidence):
        title = _title(scope, int(curves.ends["n"].sum()))
        return each_day(NAME, title, curves, "share", f"{EACH_DAY} {RULE}")
    rows = curves.table[curves.table["day"] > 0]
    frame = rows[["cause", "day", "incidence"]].rename(columns={"cause": "end"})
    frame["end"] = frame["end"].str.replace("_", " ")
    n = int(curves.sizes["n"].iloc[0])
    return Table(
        NAME,
        _title(scope, n),
        frame.reset_index(drop=True),
        {"day": "count", "incidence": share_kind(survival_decimals(n))},
        f"{NOTE} {RULE}",
    )


def stays_drawings(scope: Scope, curves: Ends | None) -> tuple[Drawing, ...]:
    """Return the picture of the ends; none where no curve can be shown."""
    if curves is None:
        return ()
    table, synthetic = stays_table(scope, curves), scope.records.synthetic
    if isinstance(curves, CumulativeIncidence):
        return (drawing_of(plot_incidence, curves, TITLE, table, synthetic=synthetic),)
    plain = replace(curves, rule=ESTIMATE.sub("", curves.rule))
    return (drawing_of(plot_survival, plain, TITLE, table, synthetic=synthetic),)


def stays_limits(curves: CumulativeIncidence) -> Table:
    """Return the shares on the days that readers ask for, with their intervals."""
    table = with_limits(f"{NAME}_limits", f"{TITLE}, with intervals", curves, "end")
    return replace(table, note=f"{table.note} {UNUSED}")


def _title(scope: Scope, admissions: int) -> str:
    return f"{TITLE}: {admissions:,} admissions, {scope.words(8)}"
