"""What the tables of a report of the whole time have in common: in it no trend connects them.

Its flow, its table of programs and its discharges count the same people. In a report of a period
these are counted by quarters of admission or discharge, which the trends have, too.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from iop_outcomes.attendance.rule import AttendanceRule
from iop_outcomes.attendance.stays import RETENTION_DAYS
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.records.schema import ATTENDED
from iop_outcomes.report.linking.leaving import Some, join
from iop_outcomes.report.linking.sums import part_or_same, sum_of
from iop_outcomes.report.programs import FAMILY, masks_of_shares
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.report.sections.cohort import ALL, NOT_RECORDED, flow_stages
from iop_outcomes.report.sections.cohort.served import THERE


def link_whole_time(scope: Scope, linked: LinkedCounts) -> None:
    """Declare which counts of the tables are of the same people, or of some of them.

    Parameters
    ----------
    scope : Scope
        Without a period; in a report of one nothing is declared.
    linked : LinkedCounts
        With the counts of all tables.
    """
    if scope.period is not None:
        return
    part_or_same(linked, ("admissions", ALL), (FAMILY, "admitted", ALL))
    for name in scope.programs:
        by_program = ("admissions", THERE["program"], name)
        part_or_same(linked, by_program, (FAMILY, "admitted", name))
    for one, other in _pairs(scope):
        if one.is_counted(linked) and other.is_counted(linked):
            join(scope, linked, one, other)
    rule = AttendanceRule()
    for count, words in (("n", rule.due), ("x", [word for word in rule.due if word in ATTENDED])):
        whole = (FAMILY, "sessions_attended", ALL, count)
        sum_of(linked, whole, [("sessions", word) for word in words])


def _pairs(scope: Scope) -> Iterator[tuple[Some, Some]]:
    """Give the counts of two tables that are of the same people, or nearly."""
    if scope.engagement is None:
        return
    shares = masks_of_shares(scope)
    stages = [Some(("flow", words), mask) for words, mask in flow_stages(scope)]
    for day, stage in zip(RETENTION_DAYS, stages[-len(RETENTION_DAYS) :], strict=True):
        if (name := f"retained_{day}") in shares:
            known, stayed = (_of_all(name, count, shares[name][count]) for count in "nx")
            yield stages[0], known
            yield stage, stayed
    if "completed" not in shares:
        return
    episodes = scope.records.episodes
    left = episodes["days_to_discharge"].notna().to_numpy()
    reason = episodes["discharge_reason"]
    none = Some(("discharges", NOT_RECORDED), left & reason.isna().to_numpy())
    known, completed = (_of_all("completed", count, shares["completed"][count]) for count in "nx")
    yield Some(("discharges", ALL), left), known
    yield Some(("rest", ("discharges", ALL), known.key), left & ~known.mask), none
    words = np.asarray((reason == "completed").fillna(False), dtype=np.bool_)
    yield Some(("discharges", "completed"), left & words), completed


def _of_all(name: str, count: str, mask: Mask) -> Some:
    return Some((FAMILY, name, ALL, count), mask)
