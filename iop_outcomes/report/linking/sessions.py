"""Who was in the program and had a session: what the census tells beside the sessions.

Those there before a period and those admitted in it, less the people with a session in it, are the
people without one, and the second episodes of people who had two. Who was admitted for the first
time has no second episode.
"""

from __future__ import annotations

import numpy as np

from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.merging import MergePlan
from iop_outcomes.disclosure.results import Key
from iop_outcomes.report.linking.sums import part_or_same
from iop_outcomes.report.period import within
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.report.sections.cohort import ALL, PRESENT, there_or_admitted
from iop_outcomes.report.sections.cohort.served import THERE

SEEN = ("session people", ALL)
ADMITTED_BEFORE = ("admissions", THERE["admission_number"], "admitted before")
WITHOUT, AGAIN, BOTH = "there without a session", "there for a second time", "there with a session"


def link_seen(scope: Scope, linked: LinkedCounts, plan: MergePlan) -> None:
    """Declare who was in the program in the period with a session and without, and who twice.

    A person of two programs may have a session in one of them only, so that the counts of one
    program are no part of those of several: their names say of which programs they are.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    linked : LinkedCounts
        With the counts of the census, the sessions and the admissions.
    plan : MergePlan
        Of which times these are.
    """
    attendance = scope.attendance
    if PRESENT not in linked or SEEN not in linked or attendance is None:
        return
    if scope.window(plan.step("sessions").quarters) != scope.period:
        return
    sessions = attendance.sessions
    here = sessions.treatment & within(sessions.frame["date"], scope.period)
    there = there_or_admitted(scope)
    with_session = np.isin(scope.person, scope.person[sessions.episode[here]])
    second = _later_episodes(scope, there)
    programs = ", ".join(sorted(scope.programs))
    without: Key = (WITHOUT, programs)
    again: Key = (AGAIN, programs)
    both: Key = (BOTH, programs)
    linked.count(both, scope.people(there & with_session))
    linked.count(without, scope.people(there & ~with_session))
    linked.count(again, int(second.sum()), people=scope.people(second))
    part_or_same(linked, SEEN, both)
    parts = [key for key in (both, without, again) if linked.value(key) or key == both]
    linked.total(PRESENT, parts)
    _link_again(scope, linked, plan, again, second)


def _link_again(
    scope: Scope, linked: LinkedCounts, plan: MergePlan, again: Key, second: Mask
) -> None:
    """Declare that who is there for a second time is among those who were admitted before."""
    if scope.window(plan.step("admissions").quarters) != scope.period:
        return
    earlier = (scope.records.episodes["admission_number"] > 1).to_numpy()
    if not (second & ~(scope.admitted_in(1) & earlier)).any() and ADMITTED_BEFORE in linked:
        part_or_same(linked, ADMITTED_BEFORE, again)


def _later_episodes(scope: Scope, there: Mask) -> Mask:
    """Return the episodes of people that are not their first of those that are there."""
    frame = scope.records.episodes[["admit_date"]].assign(person=scope.person)[there]
    again = frame.sort_values("admit_date", kind="stable")["person"].duplicated()
    mask = np.zeros(len(there), dtype=np.bool_)
    mask[np.flatnonzero(there)] = again.reindex(frame.index).to_numpy()
    return mask
