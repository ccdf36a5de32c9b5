"""How episodes ended, and after how long: cumulative incidences of a year's admissions.

Those of a report of the whole time are of all admissions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from iop_outcomes.attendance.in_treatment import in_treatment_of
from iop_outcomes.disclosure import LinkedCounts, ProtectedCurves
from iop_outcomes.disclosure.declared import TOTAL
from iop_outcomes.disclosure.fixed_days import EndsElsewhere, incidence_on, protect_incidence
from iop_outcomes.disclosure.fixed_days.at_risk import survival_decimals
from iop_outcomes.disclosure.fixed_days.choice import fixed_days
from iop_outcomes.disclosure.results import Key
from iop_outcomes.disclosure.system import PrintedCells
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.pathways.flow import DAYS
from iop_outcomes.plots import plot_incidence, plot_survival
from iop_outcomes.report.model import Drawing, Hidden, Table, drawing_of, share_kind
from iop_outcomes.report.period import TWO_YEARS, ReportPeriod, parse_report_period, within
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.report.sections.ends.each_day import each_day, with_limits
from iop_outcomes.report.sections.ends.of_year import (
    EVERYBODY,
    Ended,
    chosen,
    days_of,
    declare,
    first_year,
    known_from,
    times_of_year,
    year_of,
)
from iop_outcomes.report.sections.ends.words import (
    BESIDE_EARLIER,
    CHANGED,
    EACH_DAY,
    HIDDEN_BEFORE,
    IN_THAT_OF_ALL,
    LEFT_UNKNOWN,
    NAME,
    NO_END,
    NOBODY_FOLLOWED,
    NOT_ESTIMATED,
    NOT_YET,
    NOTE,
    RULE,
    RULE_OF_YEAR,
    TITLE,
    TOO_FEW,
    UNUSED,
    WITHOUT_SERVICES,
)
from iop_outcomes.shared.provenance import relabel
from iop_outcomes.survival import CumulativeIncidence, cumulative_incidence

Ends = ProtectedCurves | CumulativeIncidence
"""How episodes ended, for release; under a policy that hides nothing the estimate itself."""
STAYS: Key = ("stays", "n")
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
    year = _year(scope)
    here = scope.two_years if year is None else within(scope.records.episodes["admit_date"], year)
    kept = scope.records.episodes.loc[here, "episode_id"]
    return NOT_ESTIMATED + (NO_END if times["episode_id"].isin(kept).any() else NOBODY_FOLLOWED)


def withheld(scope: Scope, before: Sequence[PrintedCells], *, apart: bool) -> str:
    """Return why a report of the whole time has no ends over time though they are known.

    Empty if it may have them.

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
    same = any({*one.programs} & {*scope.programs} for one in before)
    return BESIDE_EARLIER if same and scope.two_years.any() else ""


def withheld_of_year(scope: Scope, ended: Ended, before: Sequence[PrintedCells]) -> str:
    """Return why the ends of a year are not shown beside earlier reports; empty if they may be.

    Those of two years, or of the whole time, which hold some of the same people, are printed by
    reports without a period and by earlier versions.
    """
    dates = scope.records.episodes["admit_date"]
    here = within(dates, ended.year)
    for one in before:
        if not {*one.programs} & {*scope.programs}:
            continue
        if {*one.programs} != {*scope.programs} and _prints(ended.printed_before(one)):
            return BESIDE_EARLIER
        if one.counts.get(STAYS) is not None:
            window = parse_report_period(one.quarter).window(TWO_YEARS) if one.quarter else None
            if window is None or (here & within(dates, window)).any():
                return BESIDE_EARLIER
    return ""


def _prints(counts: Mapping[Key, int | None]) -> bool:
    return any(value is not None for value in counts.values())


def ends_of_report(
    scope: Scope,
    linked: LinkedCounts,
    times: pd.DataFrame | None,
    before: Sequence[PrintedCells],
    *,
    apart: bool,
) -> tuple[Ends | None, str]:
    """Declare what is printed of how episodes ended; return it, or why it is not shown.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    linked : LinkedCounts
        With the counts of the trends.
    times : pandas.DataFrame or None
        See `stays`: the people of a report of the whole time.
    before, apart
        See `withheld`.
    """
    if scope.period is None:
        no = withheld(scope, before, apart=apart)
        return (None if no else declare_stays(scope, linked, times)), no
    if scope.attendance is None or not scope.tells("length_of_stay"):
        return None, ""
    year = year_of(scope)
    if year is None and scope.policy.threshold == 1:
        return declare_stays(scope, linked, times), ""  # the program's own eyes: of two years
    if year is None:
        first = first_year(scope)
        return None, NOT_YET.format(year=first, day=known_from(first).date())
    if apart and scope.policy.threshold > 1:
        return None, IN_THAT_OF_ALL
    times = _known_times(scope, year)
    if times is None:
        return None, ""
    return _declare_year(scope, linked, Ended(year, times), before)


def _known_times(scope: Scope, year: ReportPeriod) -> pd.DataFrame | None:
    """Return the times of those admitted in a year; None if too few are known, or none ended."""
    try:
        times = times_of_year(scope, year, rule_of(scope))
    except (EstimateError, RuleError):  # they do not show who left; or nobody was admitted
        return None
    few = scope.policy.hides([len(times), times["person_id"].nunique()]).any()
    return None if few or not times["event"].any() else times


def _declare_year(
    scope: Scope, linked: LinkedCounts, ended: Ended, before: Sequence[PrintedCells]
) -> tuple[Ends | None, str]:
    """Declare the ends of a year, as an earlier report showed them or on days chosen now."""
    found = cumulative_incidence(ended.times, causes=sorted(ended.kinds))
    if scope.policy.threshold == 1:
        return found, ""
    no = withheld_of_year(scope, ended, before)
    if no:
        return None, no
    same = (ended.printed_before(one) for one in before if {*one.programs} == {*scope.programs})
    earlier = next((counts for counts in same if counts), None)
    if earlier is None:
        shown = chosen(scope, ended, before)
    elif not _prints(earlier):
        return None, HIDDEN_BEFORE
    else:
        as_printed = ended.as_printed(earlier)
        if as_printed is None:
            return None, CHANGED
        shown = as_printed
    if not shown:
        return None, ""
    declare(scope, linked, ended, shown)
    if earlier is not None:  # to hide it now would take nothing back
        for one in (EVERYBODY, *map(str, shown[0][1])):
            linked.hold(ended.item(one))
    return incidence_on(found, scope.policy, shown), ""


def remaining(
    scope: Scope, ends: Ends | None, hidden: Hidden, pictures: dict[str, tuple[Drawing, ...]]
) -> Ends | None:
    """Return the ends over time without the days that are hidden; None where nothing is left.

    Where some are hidden their picture is another one.
    """
    if ends is None or STAYS in hidden or isinstance(ends, CumulativeIncidence):
        return None if STAYS in hidden else ends
    gone = days_of(hidden)
    left = ends.table[~ends.table["day"].isin(gone)].reset_index(drop=True)
    if not (left["day"] > 0).any():
        return None
    if gone:
        ends = replace(ends, table=left, sizes=ends.sizes.assign(through=left["day"].max()))
        pictures["who-stayed"] = stays_drawings(scope, ends)
    return ends


def elsewhere_of(
    scope: Scope, times: pd.DataFrame | None, shown: Ends | None
) -> EndsElsewhere | None:
    """Return the ends of two years' admissions, and what the curves show of the same people."""
    year = _year(scope)
    if year is not None:
        here = within(scope.records.episodes["admit_date"], year)
        shown = shown if _nearly(scope, here, scope.two_years) else None
    return ends_elsewhere(times, shown)


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
        return each_day(NAME, title, curves, "share", f"{EACH_DAY} {rule_of(scope)}")
    rows = curves.table[curves.table["day"] > 0]
    frame = rows[["cause", "day", "incidence"]].rename(columns={"cause": "end"})
    frame["end"] = frame["end"].str.replace("_", " ")
    n = int(curves.sizes["n"].iloc[0])
    return Table(
        NAME,
        _title(scope, n),
        frame.reset_index(drop=True),
        {"day": "count", "incidence": share_kind(survival_decimals(n))},
        f"{NOTE} {rule_of(scope)}",
    )


def stays_drawings(scope: Scope, curves: Ends | None) -> tuple[Drawing, ...]:
    """Return the picture of the ends; none where no curve can be shown."""
    if curves is None:
        return ()
    table, synthetic = stays_table(scope, curves), scope.records.synthetic
    year = _year(scope)
    title = TITLE if year is None else f"{TITLE}: admitted in {year}"
    if isinstance(curves, CumulativeIncidence):
        return (drawing_of(plot_incidence, curves, title, table, synthetic=synthetic),)
    plain = replace(curves, rule=ESTIMATE.sub("", curves.rule))
    return (drawing_of(plot_survival, plain, title, table, synthetic=synthetic),)


def stays_limits(scope: Scope, curves: CumulativeIncidence) -> Table:
    """Return the shares on the days that readers ask for, with their intervals."""
    table = with_limits(f"{NAME}_limits", f"{TITLE}, with intervals", curves, "end")
    return replace(table, note=f"{table.note} {UNUSED}") if _year(scope) is None else table


def _year(scope: Scope) -> ReportPeriod | None:
    """Return the year of admission of the people; None for those of two years, or of all time."""
    return None if scope.period is None else year_of(scope)


def rule_of(scope: Scope) -> str:
    """Return the rule of the times, and of whom they are."""
    year = _year(scope)
    if year is None:
        return RULE
    return RULE_OF_YEAR.format(year=year, day=(known_from(year) + pd.Timedelta(days=1)).date())


def _title(scope: Scope, admissions: int) -> str:
    year = _year(scope)
    whom = scope.words(8) if year is None else f"admitted in {year}"
    return f"{TITLE}: {admissions:,} admissions, {whom}"
