"""The weeks since admission by quarter of admission: other reports count the same people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from iop_outcomes.attendance.weekly import (
    NEVER,
    NO_SUCH,
    AttendanceByWeek,
    attendance_by_week,
    left_not_known,
    never_recorded,
)
from iop_outcomes.attendance.weekly_people import statuses_by_column, weeks_followed
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.results import WEEKLY_ABSENT, Key
from iop_outcomes.report.period import period_between
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.report.sections.attendance.exclusions import FOLLOWED
from iop_outcomes.report.sections.quarters import Parts, admitted_parts, by_quarter

WEEKS = 12
FLOW: Key = ("flow", "admitted")
FOLLOWED_NOTE = (
    "Episodes followed: of which the whole week was over by the data cut and, while no discharge "
    "is recorded, by the end of follow-up; those who have left are among them. "
)
IN_PROGRAM_NOTE = (
    "Episodes: of these, those in the program, not discharged before the first day of the week, "
    "whether or not the person still came. Who was discharged on that day is counted here, but not "
    "in the number in the program on a day. Retention is less: it ends with the last contact. "
)


def note_on_weeks(weeks: AttendanceByWeek) -> str:
    """Return who is counted in each week; in the program only where the records show who left."""
    inside = "" if left_not_known(weeks.table) else IN_PROGRAM_NOTE
    return f"{FOLLOWED_NOTE}{inside}{FOLLOWED}"


def weeks_of(scope: Scope) -> AttendanceByWeek:
    """Return the weeks of who was followed for 90 days.

    A status that only the sessions of others have is 0 in them, and not one that the records cannot
    hold.
    """
    weeks = attendance_by_week(scope.records.subset(scope.followed_90_days))
    assert scope.attendance is not None
    sessions, never = scope.attendance.sessions, never_recorded(weeks.table)
    words = statuses_by_column(sessions.rule)
    held = [name for name in never if sessions.has_status(words[name]).any()]
    if not held:
        return weeks
    table = weeks.table.assign(**dict.fromkeys(held, 0)).drop(columns=NEVER)
    if left := [name for name in never if name not in held]:
        table[NEVER] = f"{', '.join(left)}: {NO_SUCH}"
    return replace(weeks, table=table)


def link_weeks_by_quarter(scope: Scope, linked: LinkedCounts) -> None:
    """Declare the counts of each week since admission by quarter of admission.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    linked : LinkedCounts
        With the counts of the weeks and of the flow, which are of the same people.

    Notes
    -----
    All were followed for 90 days, so that their weeks are complete: the people of a quarter have
    the same counts in each report.
    """
    if not by_quarter(scope) or ("weeks", "1", "episodes_followed") not in linked:
        return
    assert scope.attendance is not None
    assert scope.flow_dates is not None
    sessions, chosen = scope.attendance.sessions, scope.followed_90_days
    followed, begun = weeks_followed(scope.attendance.stays, WEEKS)
    parts = admitted_parts(scope, linked, period_between(*scope.flow_dates))
    inside = {part: here[sessions.episode] for part, here in parts.inside.items()}
    of_sessions, person = Parts(parts.names, inside), scope.person[sessions.episode]
    kinds: dict[str, Mask] = {
        "due": sessions.due,
        "attended": sessions.attended,
        "absent": sessions.due & ~sessions.attended,
        **{
            name: sessions.has_status(words)
            for name, words in statuses_by_column(sessions.rule).items()
        },
    }
    missed = np.any([kinds[name] for name in WEEKLY_ABSENT], axis=0) & sessions.treatment
    adds_up = np.array_equal(missed, kinds["absent"])
    absent = [name for name in WEEKLY_ABSENT if adds_up and kinds[name].any()]
    before = FLOW
    for week in range(1, WEEKS + 1):
        key: Key = ("weeks", str(week))
        seen = chosen & (week <= followed)
        rows = sessions.treatment & seen[sessions.episode] & (sessions.day // 7 == week - 1)
        came = np.bincount(sessions.episode[rows & sessions.attended], minlength=len(seen)) > 0
        people = {
            "episodes_followed": seen,
            "episodes": seen & (week <= begun),
            "episodes_attending": seen & came,
        }
        for name, mask in people.items():
            if (*key, name) not in linked:
                continue  # who was in the program: the records do not show who left
            parts.declare(linked, (*key, name), (*key, name), mask, scope.person)
        for name, mask in kinds.items():
            of_sessions.declare(linked, (*key, name), (*key, name), rows & mask, person)
        for own in parts.names.values():
            _link_week(linked, own, key, before, absent)
        before = (*key, "episodes") if (*key, "episodes") in linked else before


def _link_week(linked: LinkedCounts, own: Key, key: Key, before: Key, kinds: Sequence[str]) -> None:
    """Declare what the counts of a week share within a quarter: who is left, and who did not come.

    `before` is the count of those in the program a week earlier; `kinds` are those of the sessions
    that were due and not attended, where they add up.
    """
    inside = (*key, "episodes")
    pairs = [(before, inside), (inside, (*key, "episodes_attending"))]
    if (*own, *inside) not in linked:
        pairs = [(before, (*key, "episodes_attending"))]
    for whole, part in pairs:
        outer, inner = (*own, *whole), (*own, *part)
        if outer in linked and inner in linked and linked.value(outer) >= linked.value(inner):
            linked.part(outer, inner)
    due, attended, absent = ((*own, *key, name) for name in ("due", "attended", "absent"))
    if all(one in linked for one in (due, attended, absent)):
        linked.total(due, [attended, absent])
        names = [(*own, *key, name) for name in kinds]
        if names and all(name in linked for name in names):
            linked.total(absent, names)
