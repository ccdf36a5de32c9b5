"""Who is not in the table of how far people came, and of whom a stage of it is not known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iop_outcomes.attendance.stays import NO_CONTACT_DAYS
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.declared import DETAIL
from iop_outcomes.disclosure.results import Key
from iop_outcomes.report.model import DraftTable, Item, Kind, Table
from iop_outcomes.report.scope import FOLLOW_UP_DAYS, Mask, Scope
from iop_outcomes.shared.text import SHARE_DECIMALS

FAMILY = "outside the flow"
NAME = "flow_exclusions"
ALL: Key = (FAMILY, "all")
LATE: Key = (FAMILY, "too late")
NOT_KNOWN: Key = (FAMILY, "not known")
IN_FLOW: Key = ("flow", "admitted")
WORDS = {
    ALL: "all admissions",
    LATE: f"not counted: admitted too late to be followed for {FOLLOW_UP_DAYS} days",
    NOT_KNOWN: f"not counted: whether they stayed for {FOLLOW_UP_DAYS} days is not known",
    IN_FLOW: "counted in how far people came",
}
PROGRAM = "the records of their program do not show who stayed"
LATER = (
    "their program records no discharges, and they were admitted fewer than "
    f"{FOLLOW_UP_DAYS + NO_CONTACT_DAYS} days before the data cut"
)
UNSEEN = "no service of theirs has a recorded outcome"
LOST = f"they were not discharged, and their follow-up ended before day {FOLLOW_UP_DAYS}"
FOLLOWED = (
    f"Followed for {FOLLOW_UP_DAYS} days: admitted at least so long before the data cut and, where "
    "no discharge is recorded, followed so long. Who was discharged, or died, before is among them."
)
SET_ASIDE = "Rows that were set aside when the records were read are in no number here."
COUNTED_THERE = " The section on data quality counts them."


def exclusions_table(scope: Scope, linked: LinkedCounts) -> DraftTable:
    """Return how many admissions of the time are in the flow, and how many are not, by reason.

    The counts of the flow must have been declared. Each reason why the stay is not known is a row
    where none of their counts is small; else they are counts that are not printed.
    """
    groups = {ALL: scope.considered_90_days, LATE: scope.too_late_for_90_days}
    unknown = groups[ALL] & ~groups[LATE] & ~scope.followed_90_days
    reasons = _reasons(scope, unknown)
    apart = bool(reasons) and not any(_small(scope, mask) for mask in reasons.values())
    groups |= reasons if apart else {NOT_KNOWN: unknown}
    for key, mask in groups.items():
        people = scope.people(mask)
        linked.count(key, int(mask.sum()), people=people, item=key, rank=DETAIL)
    if not apart:
        for key, mask in reasons.items():
            linked.count(key, int(mask.sum()), people=scope.people(mask))
        if reasons:
            linked.total(NOT_KNOWN, list(reasons))
    groups[IN_FLOW] = scope.followed_90_days
    keys = list(groups)
    linked.total(ALL, keys[1:])
    admissions = np.array([int(mask.sum()) for mask in groups.values()])
    words = [WORDS.get(key, f"not counted: {key[1]}") for key in keys]
    frame = pd.DataFrame({"who": words, "admissions": admissions})
    frame["share"] = np.round(admissions / max(admissions[0], 1), SHARE_DECIMALS)
    kinds: dict[str, Kind] = {"admissions": "count", "share": "share"}
    caption = (
        f"Who is counted in how far people came, and who is not: {scope.considered_90_days_text}"
    )
    note = [_late_text(scope), *([] if apart else [_unknown_text(scope)])]
    if admissions[0] == admissions[-1]:
        note = ["Nobody was left out."]
    needs: dict[str, list[tuple[Item, ...]]] = {
        "admissions": [(key,) for key in keys],
        "share": [(key, ALL) for key in keys],
    }
    return DraftTable(
        Table(NAME, caption, frame, kinds, f"{' '.join([*note, SET_ASIDE])}{COUNTED_THERE}"), needs
    )


def unknown_visits(scope: Scope, number: int, last_day: int) -> Mask:
    """Return of whom it is not known whether they came to so many sessions by a day.

    Sessions without a recorded outcome decide it, or no service of the episode has an outcome.
    """
    assert scope.attendance is not None  # else there is no flow
    sessions, stays = scope.attendance.sessions, scope.attendance.stays
    early = sessions.day <= last_day
    least = sessions.count(sessions.attended & early)
    most = least + sessions.count(sessions.unrecorded & early)
    return np.asarray((least < number) & ((most >= number) | ~stays.observed))


def _reasons(scope: Scope, unknown: Mask) -> dict[Key, Mask]:
    """Return those whose stay is not known by reason, each with the first that holds."""
    assert scope.attendance is not None
    stays = scope.attendance.stays
    shown = scope.judgements.known_by_program(f"retained_{FOLLOW_UP_DAYS}")
    later = stays.observable < FOLLOW_UP_DAYS + NO_CONTACT_DAYS
    holds = {
        PROGRAM: ~shown,
        LATER: stays.undischarged & later,
        UNSEEN: ~stays.observed,
        LOST: np.ones_like(shown),
    }
    reasons: dict[Key, Mask] = {}
    left = unknown
    for words, mask in holds.items():
        reasons[FAMILY, words], left = left & mask, left & ~mask
    return {key: mask for key, mask in reasons.items() if mask.any()}


def _small(scope: Scope, mask: Mask) -> bool:
    return bool(scope.policy.hides([int(mask.sum()), scope.people(mask)]).any())


def _late_text(scope: Scope) -> str:
    """Say who was admitted too late."""
    cut = scope.records.as_of
    day = str(cut.date()) if isinstance(cut, pd.Timestamp) else f"day {cut}"
    if scope.flow_dates is None:
        return (
            f"Too late: fewer than {FOLLOW_UP_DAYS} days before the data cut ({day}), or still to "
            "be followed so long."
        )
    last = scope.flow_dates[1].date()
    return (
        f"Too late: admitted after {last}. Of these not all were followed for {FOLLOW_UP_DAYS} "
        f"days by the data cut ({day})."
    )


def _unknown_text(scope: Scope) -> str:
    """Say why a stay can be unknown, of the reasons that there can be in these records."""
    assert scope.attendance is not None
    can_be = [UNSEEN, LOST]
    if scope.attendance.stays.undischarged.any():
        can_be.insert(0, LATER)
    return f"Not known: {'; or '.join(can_be)}."
