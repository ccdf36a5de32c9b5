"""The treatment sessions of a period by what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AnySet

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.declared import CELL, DETAIL, TOTAL
from iop_outcomes.disclosure.merging import FINEST, Step
from iop_outcomes.disclosure.results import Key
from iop_outcomes.disclosure.system.people.overlap import counts_people, of_everybody, overlap_of
from iop_outcomes.records.schema import ATTENDANCE_STATUSES, ATTENDED
from iop_outcomes.report.model import DraftTable, Kind, Table
from iop_outcomes.report.period import ReportPeriod, period_between, within
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.report.sections.cohort.declaring import ALL, with_share
from iop_outcomes.report.sections.quarters import (
    PEOPLE,
    SESSIONS,
    Parts,
    by_quarter,
    of_one_time,
    parts_of,
)
from iop_outcomes.report.trends import NOW
from iop_outcomes.shared.arrays import Integers
from iop_outcomes.shared.text import SHARE_DECIMALS

OF_EACH_KIND = "session people of each kind"
"""The family of how many people had a session of each kind, added up over the kinds."""


def sessions_table(
    scope: Scope, linked: LinkedCounts, step: Step = FINEST, seen: AnySet[Key] = frozenset()
) -> DraftTable:
    """Return the treatment sessions by what became of them.

    A kind that an earlier report has, of those `seen`, has a row though there was none.
    """
    assert scope.attendance is not None  # else there is no such table
    sessions = scope.attendance.sessions
    rule = sessions.rule
    chosen = sessions.treatment.copy()
    if scope.period is not None:
        chosen &= scope.in_quarters(sessions.frame["date"], step.quarters)
    person, status = scope.person[sessions.episode[chosen]], sessions.status[chosen]
    everybody = len(np.unique(person))
    linked.count(
        ("sessions", ALL), len(status), people=everybody, item=("sessions", ALL), rank=TOTAL
    )
    linked.count(("session people", ALL), everybody, item=("session people", ALL), rank=DETAIL)
    rows = []
    words = [
        word
        for code, word in enumerate(ATTENDANCE_STATUSES)
        if (status == code).any() or ("sessions", word) in seen
    ]
    groups = step.groups(words)
    for word, held in groups.items():
        mask = np.isin(status, [ATTENDANCE_STATUSES.index(one) for one in held])
        count, people = int(mask.sum()), len(np.unique(person[mask]))
        _declare_kind(linked, word, count, people)
        linked.part(("session people", ALL), ("session people", word))
        linked.at_least(("sessions", word), [("session people", word)])
        if len(held) > 1:  # the kinds of session that are not printed by themselves
            parts = [status == ATTENDANCE_STATUSES.index(one) for one in held]
            for one, part in zip(held, parts, strict=True):
                few = len(np.unique(person[part]))
                linked.count(("sessions", one), int(part.sum()), people=few)
            linked.total(("sessions", word), [("sessions", one) for one in held])
        due = "yes" if set(held) <= set(rule.due) else "no"
        rows.append((word.replace("_", " "), due, count, count / max(len(status), 1), people))
    words = list(groups)
    linked.total(("sessions", ALL), [("sessions", word) for word in words])
    # Another report may take other kinds together, so that each person is counted as often.
    added_up: Key = (OF_EACH_KIND, *(", ".join(held) for held in groups.values()))
    linked.count(added_up, sum(row[-1] for row in rows))
    linked.total(added_up, [("session people", word) for word in words])
    linked.at_least(added_up, [("session people", ALL)])
    rows.append((ALL, "", len(status), 1.0, everybody))
    frame = pd.DataFrame(rows, columns=["session", "due", "sessions", "share", "people"])
    frame["share"] = frame["share"].round(SHARE_DECIMALS)
    kinds: dict[str, Kind] = {"sessions": "count", "share": "share", "people": "count"}
    note = (
        "Due: in the denominator of the attendance rate. Share: of all sessions of this table, due "
        "or not; the attendance rate is of those due. People: with at least one such session."
    )
    table = Table(
        "sessions", f"Treatment sessions in {scope.named(step.quarters)}", frame, kinds, note
    )
    needs = with_share(
        [("sessions", word) for word in (*words, ALL)], "sessions", ("sessions", ALL)
    )
    return DraftTable(
        table, needs | {"people": [(("session people", word),) for word in (*words, ALL)]}
    )


def _declare_kind(linked: LinkedCounts, word: str, sessions: int, people: int) -> None:
    """Declare the sessions of one kind, and the people who had one: no session, if nobody had."""
    names: tuple[Key, Key] = ("sessions", word), ("session people", word)
    for key, number, rank in zip(names, (sessions, people), (CELL, DETAIL), strict=True):
        linked.count(key, number, people=people, item=key, rank=rank, column="sessions")


def link_sessions(
    scope: Scope, linked: LinkedCounts, step: Step, due: Sequence[Key], attended: Sequence[Key]
) -> None:
    """Declare the sessions by quarter: other reports count the same ones, of the same people.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    linked : LinkedCounts
        With the counts of `sessions_table` and of the trends.
    step : Step
        The time that the table is of.
    due, attended : sequence of tuple
        The denominators and numerators of the trend of attendance.
    """
    if not by_quarter(scope) or ("sessions", ALL) not in linked:
        return
    assert scope.attendance is not None
    sessions, window = scope.attendance.sessions, scope.window(step.quarters)
    dates, person = sessions.frame["date"], scope.person[sessions.episode]
    masks = {
        word: sessions.treatment & (sessions.status == code)
        for code, word in enumerate(ATTENDANCE_STATUSES)
        if ("sessions", word) in linked
    }
    none = np.zeros(len(dates), dtype=np.bool_)
    inside = parts_of(scope, SESSIONS, window, dates).inside
    of_trend, changed = [], set[ReportPeriod]()
    sums = [[word for word in masks if word in some] for some in (sessions.rule.due, ATTENDED)]
    for keys, words in zip((due, attended), sums, strict=True):
        mask = np.any([none, *(masks[word] for word in words)], axis=0)
        counts = {part: int((here & mask).sum()) for part, here in inside.items()}
        same, other = of_one_time(linked, keys, counts)
        of_trend.append(same)
        changed |= set(other)
    parts = parts_of(scope, SESSIONS, window, dates, changed)
    for word, mask in masks.items():
        parts.declare(linked, ("sessions", word), (word,), mask, person)
    parts.declare_groups(linked, "sessions", step.groups(masks), masks, person)
    everybody = np.any([none, *masks.values()], axis=0)
    parts.declare(linked, ("sessions", ALL), (ALL,), everybody, person)
    for own in parts.names.values():  # of which the rows of an export are at least as many
        linked.total((*own, ALL), [(*own, word) for word in masks])
    for same, words in zip(of_trend, sums, strict=True):
        for part, whole in same.items():
            if words and (part not in changed or whole[-1] == NOW):
                linked.total(whole, [(*parts.names[part], word) for word in words])
    _link_people(linked, step, masks, parts_of(scope, PEOPLE, window, dates, changed), person)


def _link_people(
    linked: LinkedCounts, step: Step, masks: dict[str, Mask], parts: Parts, person: Integers
) -> None:
    """Declare that the people of a quarter are among those of the longer time of the table."""
    everybody = np.any(list(masks.values()), axis=0)
    groups = {
        name: np.any([masks[word] for word in held if word in masks], axis=0)
        for name, held in step.groups(masks).items()
    }
    for name, mask in (groups | {ALL: everybody}).items():
        whole = ("session people", name)
        for part, inside in parts.inside.items():
            key = (*parts.names[part], name)
            if whole in linked and key not in linked:
                linked.count(key, len(np.unique(person[mask & inside])))
                if len(parts.inside) == 1:
                    linked.total(whole, [key])
                else:
                    linked.part(whole, key)


def declare_overlaps(scope: Scope, linked: LinkedCounts, step: Step) -> None:
    """Declare how many people of sessions are in several programs, as `system.people.overlap` says.

    Reports of single programs beside that of all count a person of two programs twice.
    """
    if scope.attendance is None:
        return
    sessions = scope.attendance.sessions
    dates, person = sessions.frame["date"], scope.person[sessions.episode]
    program = pd.factorize(scope.records.episodes["program"])[0][sessions.episode]
    in_table = sessions.treatment.copy()
    if scope.period is not None:
        in_table &= scope.in_quarters(dates, step.quarters)
    groups = step.groups(ATTENDANCE_STATUSES) | {ALL: ATTENDANCE_STATUSES}
    named = [key for key in linked.names if isinstance(key, tuple) and counts_people(key)]
    overlaps = {key: overlap_of(key) for key in named}
    for key, overlap in overlaps.items():
        time = in_table
        if len(key) > 2:  # of the quarter that it names
            quarter = pd.Period(str(key[1]), "Q")
            part = period_between(quarter.start_time, quarter.end_time.normalize())
            time = sessions.treatment & within(dates, part)
        held = groups.get(str(key[-1]), (str(key[-1]),))
        mask = time & np.isin(sessions.status, [ATTENDANCE_STATUSES.index(one) for one in held])
        twice = np.column_stack([person[mask], program[mask]])
        often = len(np.unique(twice, axis=0)) - len(np.unique(person[mask]))
        linked.count_no_people(overlap, often)
    for key, overlap in overlaps.items():
        most = overlaps.get(of_everybody(key), overlap)
        if most != overlap:
            linked.at_least(most, [overlap])
