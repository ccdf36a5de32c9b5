"""How far people came who were admitted long enough ago."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd

from iop_outcomes.attendance.stays import NO_CONTACT_DAYS, RETENTION_DAYS
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.declared import DETAIL, Key
from iop_outcomes.report.model import DraftTable, Hidden, Kind, Table
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.report.sections.attendance.exclusions import FOLLOWED, unknown_visits
from iop_outcomes.report.sections.cohort.declaring import declare, with_share
from iop_outcomes.shared.text import SHARE_DECIMALS

UNKNOWN = "not_known"
BOUND = "bounds"
MORE = 1e-6  # over 96% is not 96%
NOT_KNOWN = (
    "The next table shows who is not in this one, and why. Those of whom it is not known whether "
    "they came to so many sessions, since sessions without a recorded outcome decide it or no "
    "service has one, are in this one, but not among those reached."
)
STILL_THERE = (
    "Still in the program: seen on that day or later; or not discharged, and seen in the last "
    f"{NO_CONTACT_DAYS} days of follow-up. Who stopped coming counts up to the last contact, not "
    "up to the discharge. Where a program records no discharges, only the last contact decides."
)
AS_BOUND = "A share behind which a small count would show is given as a bound."
END_OF_NOTE = f"{STILL_THERE} {FOLLOWED}"


def still_there(day: int) -> str:
    """Return what the stage of those still in the program on a day is called."""
    return f"still in the program after {day} days"


def flow_stages(scope: Scope) -> list[tuple[str, Mask]]:
    """Return how far people came who were admitted long enough ago: each stage with its people."""
    table = scope.engaged
    month = RETENTION_DAYS[0]
    stages = [("admitted", np.ones(len(table), dtype=np.bool_))]
    stages += [
        (f"{words} session within {month} days", (table[column] <= month).to_numpy())
        for words, column in (("first", "first_session_day"), ("fourth", "fourth_session_day"))
    ]
    stages += [
        (
            still_there(day),
            table[f"retained_{day}"].fillna(False).to_numpy(dtype=np.bool_),
        )
        for day in RETENTION_DAYS
    ]
    return [(words, came & scope.followed_90_days) for words, came in stages]


def flow_unknown(scope: Scope) -> dict[str, Mask]:
    """Return of whom it is not known whether they reached a stage, by stage."""
    stages, numbers = flow_stages(scope)[1:3], (1, 4)
    return {
        words: unknown_visits(scope, number, RETENTION_DAYS[0]) & scope.followed_90_days
        for (words, _), number in zip(stages, numbers, strict=True)
    }


def flow_table(scope: Scope, linked: LinkedCounts) -> DraftTable:
    """Return how far people came who were admitted long enough ago for all of it to be known."""
    stages = flow_stages(scope)
    keys = declare(scope, linked, "flow", stages)
    masks = [mask for _, mask in stages]
    for (whole, outer), (part, inner) in pairwise(zip(keys, masks, strict=True)):
        if not (inner & ~outer).any():
            linked.part(whole, part, people=scope.people(outer & ~inner))
    for key, mask in zip(keys[2:], masks[2:], strict=True):
        linked.part(keys[0], key, people=scope.people(masks[0] & ~mask))
    declare_bounds(linked, keys)
    unknown, unknown_keys = _flow_unknown(scope, linked, stages)
    reached = np.array([int(mask.sum()) for mask in masks])
    frame = pd.DataFrame({"stage": [words for words, _ in stages], "reached": reached})
    frame["share"] = np.round(reached / max(reached[0], 1), SHARE_DECIMALS)
    frame[UNKNOWN] = unknown
    kinds: dict[str, Kind] = {"reached": "count", "share": "share", UNKNOWN: "count"}
    bound = f"{AS_BOUND} " if scope.policy.threshold > 1 else ""
    note = f"{NOT_KNOWN} {bound}{END_OF_NOTE}"
    caption = f"How far people came: {scope.followed_90_days_text}"
    table = Table("cohort_flow", caption, frame, kinds, note)
    return DraftTable(table, with_share(keys, "reached", keys[0]) | {UNKNOWN: unknown_keys})


def _flow_unknown(
    scope: Scope, linked: LinkedCounts, stages: list[tuple[str, Mask]]
) -> tuple[list[int], list[tuple[object, ...]]]:
    """Declare of how many it is not known whether they reached each stage; they did not count.

    Beside a later year with nobody, of whom a zero would say so, a hidden count would be of the
    quarters that only the earlier year has. So it does not show a zero.
    """
    admitted, followed = ("flow", stages[0][0]), stages[0][1]
    unknown = flow_unknown(scope)
    counts: list[int] = []
    needs: list[tuple[object, ...]] = []
    for words, reached in stages:
        mask = unknown.get(words)
        counts.append(0 if mask is None else int(mask.sum()))
        if mask is None:
            needs.append(())
            continue
        key = ("flow", words, "not known")
        people = scope.people(mask)
        linked.count(key, counts[-1], people=people, item=key, rank=DETAIL, shows_zero=False)
        others = followed & ~reached & ~mask
        linked.part(("rest", admitted, ("flow", words)), key, people=scope.people(others))
        needs.append((key,))
    return counts, needs


def declare_bounds(linked: LinkedCounts, keys: Sequence[Key]) -> None:
    """Declare which shares are given as a bound where they are hidden.

    These are the shares of those admitted, whose key comes first, of which the numerator or the
    rest is small. A bound leaves room for a count of the threshold.
    """
    for key in keys[1:]:
        bound = _bound(linked, keys[0], key)
        if bound is not None:
            linked.bound((BOUND, key), key, keys[0], *bound[1:])


def _bound(linked: LinkedCounts, whole: Key, key: Key) -> tuple[str, float, float] | None:
    """Return the bound of a share as it is printed, and between what it lies then."""
    policy, admitted = linked.policy, linked.value(whole)
    if admitted <= 2 * policy.threshold:
        return None
    room = 100 * (policy.threshold + 1) / admitted
    if policy.hides(linked.value(("rest", whole, key))):
        percent = float(np.floor(100 - room))
        return f"over {percent:.0f}%", percent / 100 + MORE, 1.0
    if policy.hides(linked.value(key)):
        percent = float(np.ceil(room))
        return f"under {percent:.0f}%", 0.0, percent / 100 - MORE
    return None


def flow_shown(draft: DraftTable, scope: Scope, linked: LinkedCounts, hidden: Hidden) -> Table:
    """Return the flow without what is hidden; a hidden share is a bound where it can be."""
    shown = _without_unknown(draft, hidden, scope)
    keys = [key for (key,) in draft.needs["reached"]]
    share = shown.frame["share"].copy()
    for row, key in enumerate(keys[1:], start=1):
        bound = _bound(linked, keys[0], key)
        if bound is not None and key in hidden and hidden.isdisjoint({keys[0], (BOUND, key)}):
            share[row] = bound[0]
    shown.frame["share"] = share
    return shown


def _without_unknown(draft: DraftTable, hidden: Hidden, scope: Scope) -> Table:
    """Return the table without what is hidden; say where the number not known is not shown.

    The column is left out where it would show no number that was counted.
    """
    shown, policy = draft.shown(hidden), scope.policy
    if policy.threshold == 1:
        return shown
    told = any(needs and hidden.isdisjoint(needs) for needs in draft.needs[UNKNOWN])
    few = f"where it is less than {policy.threshold}, also where it is 0."
    if told:
        more = f"How many these are is hidden {few}"
        return replace(shown, note=f"{NOT_KNOWN} {more} {AS_BOUND} {END_OF_NOTE}")
    more = f"How many these are is not shown here. It is never shown {few}"
    kinds = {name: kind for name, kind in shown.kinds.items() if name != UNKNOWN}
    frame = shown.frame.drop(columns=UNKNOWN)
    return replace(
        shown, frame=frame, kinds=kinds, note=f"{NOT_KNOWN} {more} {AS_BOUND} {END_OF_NOTE}"
    )
