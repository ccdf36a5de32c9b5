"""Admissions of times that end on the same day: those of the longer one, and the days between."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pandas as pd

from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.merging import MergePlan
from iop_outcomes.report.period import period_between, within
from iop_outcomes.report.programs import FAMILY
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections.attendance import exclusions
from iop_outcomes.report.sections.cohort import ALL, CENSUS, census_keys
from iop_outcomes.report.sections.quarters import by_quarter

BETWEEN = "admitted from"


def link_same_end(scope: Scope, linked: LinkedCounts, plan: MergePlan) -> None:
    """Declare all admissions of times up to the end of the report by the days on which they begin.

    The period, the times of admissions and programs, and that of who is considered in the flow and
    of who is too late for it: each is the next shorter one and the days before that, of which
    nobody else prints a count. Of a period that is made of times of three months all of these are
    declared by such times.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    linked : LinkedCounts
        With the counts of its tables.
    plan : MergePlan
        Of which times the tables are.
    """
    if scope.period is None or by_quarter(scope):
        return
    begins: list[tuple[pd.Timestamp, Key]] = [
        (scope.window(plan.step("admissions").quarters).first, ("admissions", ALL)),
        (scope.window(4).first, (FAMILY, "admitted", ALL)),
    ]
    if (CENSUS, "ever") in linked:
        begins.append((scope.period.first, census_keys(scope)[1]))
    if scope.flow_dates is not None:
        first, last = scope.flow_dates
        begins += [(first, exclusions.ALL), (last + pd.Timedelta(days=1), exclusions.LATE)]
    _declare(scope, linked, [(begin, key) for begin, key in begins if key in linked])


def _declare(
    scope: Scope, linked: LinkedCounts, begins: Iterable[tuple[pd.Timestamp, Key]]
) -> None:
    """Declare each count as the next shorter one and those of the days between."""
    newest_first = sorted(begins, key=lambda one: one[0], reverse=True)
    for (later, shorter), (earlier, longer) in pairwise(newest_first):
        if earlier == later:
            if linked.value(longer) == linked.value(shorter):
                linked.total(longer, [shorter])
            continue
        days = period_between(earlier, later - pd.Timedelta(days=1))
        here = within(scope.records.episodes["admit_date"], days)
        if linked.value(longer) - linked.value(shorter) != here.sum():
            continue  # one of them was printed before, and the records have changed
        between = (BETWEEN, days.dates)
        if between not in linked:
            linked.count(between, int(here.sum()), people=scope.people(here))
        linked.total(longer, [shorter, between])
