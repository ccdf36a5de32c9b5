"""Who came, left and is still there, quarter by quarter: what reports of several quarters tell.

Those there at the end of a quarter and those admitted in the next, less those who left in it, are
there at its end. A table of discharges can be of several quarters, and the report of a quarter
between need not have been made, so that each report declares every quarter of its trends, of which
the discharges are some. The names are the same in each report. The trends of one report tell it,
too: admissions less discharges, added up since the records began, are those there.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.declared import Key
from iop_outcomes.records.schema import DISCHARGE_REASONS
from iop_outcomes.report.linking.tables import sum_of
from iop_outcomes.report.period import QUARTER, ReportPeriod, period_between, within
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.report.sections.cohort import ALL, CENSUS, NOT_RECORDED, census_keys, there_on
from iop_outcomes.report.sections.outcomes import ADMITTED as OF_TWO_YEARS
from iop_outcomes.report.sections.quarters import (
    ADMITTED,
    CHANGED,
    DISCHARGED,
    LEFT,
    THERE,
    admitted_parts,
    by_quarter,
)
from iop_outcomes.report.trends import MOST_PERIODS, Trends, shortest_within

_DAY = pd.Timedelta(days=1)
SCORES = ("symptoms", "functioning")


def link_leaving_by_quarter(scope: Scope, linked: LinkedCounts, trends: Trends) -> None:
    """Declare of each time of the trends how those there, admitted and leaving add up.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    linked : LinkedCounts
        With the counts of `link_leaving`.
    trends : Trends
        Whose counts are declared.
    """
    if scope.period is None:
        return
    if by_quarter(scope):
        _link_answers(scope, linked)
    if census_keys(scope)[3] not in linked:  # the records do not show who left
        return
    cut = pd.Timestamp(scope.records.as_of)
    for time in _times(scope, trends, scope.period):
        if scope.begin <= time.last:
            _link_time(scope, linked, trends, time, min(time.last, cut))


def _times(scope: Scope, trends: Trends, period: ReportPeriod) -> list[ReportPeriod]:
    """Return the quarters of three years, or the times that a report of another period has."""
    if by_quarter(scope) or period.in_quarters:
        return scope.window(MOST_PERIODS).cut(QUARTER)
    trend = trends.atoms.get("admissions", trends.by_period.get("admissions"))
    if trend is None:
        return [period]
    edges = zip(trend.table["start"], trend.table["end"].dt.normalize(), strict=True)
    return [period_between(first, last) for first, last in edges]


def _day(time: ReportPeriod) -> str:
    """Return how the names of the counts of a time go on: the last day, and at need the first."""
    day = str(time.last.date())
    return day if time.months == QUARTER else f"{day}, from {time.first.date()}"


def _link_time(
    scope: Scope, linked: LinkedCounts, trends: Trends, time: ReportPeriod, last: pd.Timestamp
) -> None:
    """Declare who was there or came in a time, and who of them left in it; not if it changed.

    Of a quarter that was printed before its records changed other people are counted.
    """
    name = (_day(time), ALL)
    admitted = within(scope.records.episodes["admit_date"], time)
    (before, early), (now, late) = (there_on(scope, day) for day in (time.first - _DAY, last))
    came = _admitted(linked, trends, time, int(admitted.sum()))
    left = (early | admitted) & ~late
    whole, gone = (THERE, *name), (LEFT, *name)
    masks: dict[Key, Mask] = {now: late, whole: early | admitted, gone: left}
    if begun := scope.begin < time.first:  # else nobody can have been there before
        masks[before] = early
    for key, mask in masks.items():
        _count(scope, linked, key, mask)
    if came is None or any(linked.value(key) != int(mask.sum()) for key, mask in masks.items()):
        return
    _count(scope, linked, came, admitted)
    linked.total(whole, [before, came] if begun else [came])
    linked.total(whole, [gone, now])
    _link_discharged(scope, linked, time, gone, left)
    _link_completion(scope, linked, trends, time)
    if time == scope.period and linked.value((CENSUS, "left")) == linked.value(gone):
        linked.total((CENSUS, "left"), [gone])


def _count(scope: Scope, linked: LinkedCounts, key: Key, mask: Mask) -> None:
    if key not in linked:
        linked.count(key, int(mask.sum()), people=scope.people(mask))


def _admitted(linked: LinkedCounts, trends: Trends, time: ReportPeriod, number: int) -> Key | None:
    """Return the name of who was admitted in a time; None if its trend shows other people."""
    of_trend = shortest_within(trends, "admissions", time, "numerator")
    if len(of_trend) == 1 and of_trend[0] in linked:
        return of_trend[0] if linked.value(of_trend[0]) == number else None
    return (ADMITTED, _day(time), ALL)


def _link_discharged(
    scope: Scope, linked: LinkedCounts, time: ReportPeriod, gone: Key, left: Mask
) -> None:
    """Declare that who was discharged in a time, for any reason, left in it.

    Where nobody left without a discharge, a reader of several reports may know it.
    """
    own = (DISCHARGED, _day(time))
    words = (*DISCHARGE_REASONS, NOT_RECORDED)
    if any((f"{DISCHARGED}{CHANGED}", own[1], word) in linked for word in words):
        return
    discharged = within(scope.records.episodes["discharge_date"], time)
    reasons = [(*own, word) for word in words if (*own, word) in linked]
    everybody = (*own, ALL)
    if everybody not in linked:
        _count(scope, linked, everybody, discharged)
        if sum(map(linked.value, reasons)) == linked.value(everybody):
            linked.total(everybody, reasons)
    if np.array_equal(discharged, left):
        linked.total(gone, [everybody])
    elif not (discharged & ~left).any():
        linked.part(gone, everybody, people=scope.people(left & ~discharged))


def _link_completion(
    scope: Scope, linked: LinkedCounts, trends: Trends, time: ReportPeriod
) -> None:
    """Declare that those of the trend of completion are who was discharged for a known reason."""
    everybody = (DISCHARGED, _day(time), ALL)
    keys = shortest_within(trends, "completion_rate", time, "denominator")
    episodes = scope.records.episodes
    known = within(episodes["discharge_date"], time) & episodes["discharge_reason"].notna()
    if everybody not in linked or not all(key in linked for key in keys):
        return
    if sum(map(linked.value, keys)) == int(known.sum()):
        sum_of(linked, everybody, keys)


def _link_answers(scope: Scope, linked: LinkedCounts) -> None:
    """Declare by quarter of admission who was discharged and is not among those who answered."""
    everybody = (*OF_TWO_YEARS, "left")
    if everybody not in linked:
        return
    parts = admitted_parts(scope, linked, scope.window(8))
    discharged = scope.records.episodes["discharge_date"].notna().to_numpy()
    for key in linked.names:
        rest = ("rest", everybody, key)
        if rest in linked and isinstance(key, tuple) and key[0] in SCORES:
            numbers = {}
            for part, name in parts.names.items():
                own = (*name, *key)
                if own in linked:
                    some = int((parts.inside[part] & discharged).sum()) - linked.value(own)
                    numbers[part] = some, some
            few = [number for number, _ in numbers.values()]
            if len(few) == len(parts.names) and min(few) >= 0 and sum(few) == linked.value(rest):
                parts.add_up(linked, rest, ("without", *key), numbers)
