"""Who came, left and is still there, quarter by quarter: what reports of several quarters tell.

Those there at the end of a quarter and those admitted in the next, less those who left in it, are
there at its end. A table of discharges can be of several quarters, and the report of a quarter
between need not have been made, so that each report declares every quarter of its trends, of which
the discharges are some. The names are the same in each report.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.declared import Key
from iop_outcomes.records.schema import DISCHARGE_REASONS
from iop_outcomes.report.linking.tables import sum_of
from iop_outcomes.report.period import QUARTER, ReportPeriod, within
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
from iop_outcomes.report.trends import Trends, all_within

_DAY = pd.Timedelta(days=1)
SCORES = ("symptoms", "functioning")


def link_leaving_by_quarter(scope: Scope, linked: LinkedCounts, trends: Trends) -> None:
    """Declare of each quarter of two years how those there, admitted and leaving add up.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    linked : LinkedCounts
        With the counts of `link_leaving`.
    trends : Trends
        Whose counts are declared.
    """
    if not by_quarter(scope):
        return
    _link_answers(scope, linked)
    if census_keys(scope)[3] not in linked:  # the records do not show who left
        return
    cut = pd.Timestamp(scope.records.as_of)
    for quarter in scope.window(8).cut(QUARTER):
        if scope.begin <= quarter.last:
            _link_quarter(scope, linked, trends, quarter, min(quarter.last, cut))


def _link_quarter(
    scope: Scope,
    linked: LinkedCounts,
    trends: Trends,
    quarter: ReportPeriod,
    last: pd.Timestamp,
) -> None:
    """Declare who was there or came in a quarter, and who of them left it; not if it changed.

    Of a quarter that was printed before its records changed other people are counted.
    """
    name = (str(quarter.last.date()), ALL)
    admitted = within(scope.records.episodes["admit_date"], quarter)
    (before, early), (now, late) = (there_on(scope, day) for day in (quarter.first - _DAY, last))
    came = _admitted(linked, quarter, int(admitted.sum()))
    left = (early | admitted) & ~late
    whole, gone = (THERE, *name), (LEFT, *name)
    masks: dict[Key, Mask] = {before: early, now: late, whole: early | admitted, gone: left}
    for key, mask in masks.items():
        _count(scope, linked, key, mask)
    if came is None or any(linked.value(key) != int(mask.sum()) for key, mask in masks.items()):
        return
    _count(scope, linked, came, admitted)
    linked.total(whole, [before, came])
    linked.total(whole, [gone, now])
    _link_discharged(scope, linked, quarter, gone, left)
    _link_completion(scope, linked, trends, quarter)
    if quarter == scope.period and linked.value((CENSUS, "left")) == linked.value(gone):
        linked.total((CENSUS, "left"), [gone])


def _count(scope: Scope, linked: LinkedCounts, key: Key, mask: Mask) -> None:
    if key not in linked:
        linked.count(key, int(mask.sum()), people=scope.people(mask))


def _admitted(linked: LinkedCounts, quarter: ReportPeriod, number: int) -> Key | None:
    """Return the name of who was admitted in a quarter; None if its trend shows other people."""
    of_trend: Key = ("trend", "admissions", "quarter", str(quarter), "numerator")
    if of_trend in linked:
        return of_trend if linked.value(of_trend) == number else None
    return (ADMITTED, str(quarter.last.date()), ALL)


def _link_discharged(
    scope: Scope, linked: LinkedCounts, quarter: ReportPeriod, gone: Key, left: Mask
) -> None:
    """Declare that who was discharged in a quarter, for any reason, left in it.

    Where nobody left without a discharge, a reader of several reports may know it.
    """
    own = (DISCHARGED, str(quarter.last.date()))
    words = (*DISCHARGE_REASONS, NOT_RECORDED)
    if any((f"{DISCHARGED}{CHANGED}", own[1], word) in linked for word in words):
        return
    discharged = within(scope.records.episodes["discharge_date"], quarter)
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
    scope: Scope, linked: LinkedCounts, trends: Trends, quarter: ReportPeriod
) -> None:
    """Declare that those of the trend of completion are who was discharged for a known reason."""
    everybody = (DISCHARGED, str(quarter.last.date()), ALL)
    keys = all_within(trends, "completion_rate", quarter, "denominator")
    episodes = scope.records.episodes
    known = within(episodes["discharge_date"], quarter) & episodes["discharge_reason"].notna()
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
