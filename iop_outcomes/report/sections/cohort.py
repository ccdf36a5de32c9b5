"""Tables of who came and who stayed: made from the episodes, their counts declared as they go."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.attendance.stays import RETENTION_DAYS
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.linked import CELL, DETAIL, TOTAL
from iop_outcomes.disclosure.merging import FINEST, Step
from iop_outcomes.disclosure.policy import HIDDEN
from iop_outcomes.disclosure.results import Key
from iop_outcomes.records.fitness.time import TimeCovered
from iop_outcomes.records.schema import ATTENDANCE_STATUSES, DISCHARGE_REASONS
from iop_outcomes.report.model import DraftTable, Hidden, Kind, Table
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.report.sections.attendance.exclusions import unknown_visits
from iop_outcomes.shared.text import SHARE_DECIMALS
from iop_outcomes.trends.quantities import find_quantity

NOT_RECORDED = "not recorded"
TEDS_CODES = {
    "completed": "1",
    "dropped_out": "2",
    "terminated": "3",
    "transferred": "4",
    "incarcerated": "5",
    "died": "6",
    "other": "7",
    NOT_RECORDED: "-9",
}
NO_REFERRALS = (
    "The records hold the episodes of people who were admitted. How many were referred and not "
    "admitted is not known; a list of all referrals with their days would be needed."
)
ALL = "all"
CENSUS = "census"
NO_CENSUS = (
    "How many were in the program on a day is not known from these records: they do not show who "
    "left, or show it of a part only."
)
Floats = npt.NDArray[np.float64]


def admissions_table(scope: Scope, linked: LinkedCounts, step: Step = FINEST) -> DraftTable:
    """Return the admissions by program, entry path, level and earlier admission."""
    episodes = scope.records.episodes
    admitted = scope.admitted_in(step.quarters)
    earlier = np.where(episodes["admission_number"] > 1, "admitted before", "first admission here")
    views = {
        "program": episodes["program"],
        "entry path": episodes["entry_path"],
        "level of care": episodes["level"],
        "admission": pd.Series(earlier, index=episodes.index),
    }
    if not scope.tells("readmissions"):
        del views["admission"]
    everybody = (ALL, admitted)
    _declare(scope, linked, "admissions", [everybody], rank=TOTAL)
    rows, keys = [], []
    for view, values in views.items():
        if values[admitted].notna().any():
            words = values.astype(object).where(values.notna(), NOT_RECORDED).astype(str)
            groups = [
                (word, admitted & (words == word).to_numpy())
                for word in sorted(set(words[admitted]))
            ]
            own_keys = _declare(scope, linked, "admissions", groups, view)
            linked.total(("admissions", ALL), own_keys)
            rows += [(view, word.replace("_", " "), int(mask.sum())) for word, mask in groups]
            rows.append((view, ALL, int(admitted.sum())))
            keys += [*own_keys, ("admissions", ALL)]
    if not rows:  # nobody was admitted in a time in which people were there
        rows, keys = [("program", ALL, 0)], [("admissions", ALL)]
    frame = pd.DataFrame(rows, columns=["by", "group", "admitted"])
    whole = float(admitted.sum()) or np.nan
    frame["share"] = (frame["admitted"] / whole).round(SHARE_DECIMALS)
    kinds: dict[str, Kind] = {"admitted": "count", "share": "share"}
    note = ""
    if scope.too_few:
        note = f"Too few to publish, and in no number of this report: {', '.join(scope.too_few)}."
    if scope.pooled:
        note = f"Other programs: {', '.join(scope.pooled)}."
    table = Table("admissions", f"Admissions in {scope.named(step.quarters)}", frame, kinds, note)
    return DraftTable(table, _with_share(keys, "admitted", ("admissions", ALL)))


def census_dates(scope: Scope) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the day before the period, and its last day up to the data cut."""
    assert scope.period is not None
    last = min(scope.period.last, pd.Timestamp(scope.records.as_of))
    return scope.period.first - pd.Timedelta(days=1), last


def census_keys(scope: Scope) -> tuple[Key, Key, Key, Key]:
    """Return the names of the counts: before the period, admitted, left, and on its last day.

    Those of a day have its date, since other reports count the same people on it.
    """
    before, last = (str(day.date()) for day in census_dates(scope))
    return (CENSUS, before), (CENSUS, "admitted"), (CENSUS, "left"), (CENSUS, last)


def census_table(scope: Scope, linked: LinkedCounts) -> DraftTable | None:
    """Return how many were in the program before the period and on its last day, and who moved.

    None where there is no period, or the records do not show who left.
    """
    if scope.period is None or scope.judgements.of(CENSUS)[CENSUS].known != "yes":
        return None
    tally = find_quantity(CENSUS).tally(scope.records)
    assert tally.until is not None
    days = census_dates(scope)
    before, now = ((tally.date <= day) & (tally.until >= day) for day in map(np.datetime64, days))
    admitted = scope.admitted_in(1) & (tally.date <= np.datetime64(days[1]))
    left = (before | admitted) & ~now
    keys = census_keys(scope)
    words = (
        f"in the program on {days[0].date()}",
        "admitted after that day",
        "left, or their follow-up ended",
        f"in the program on {days[1].date()}",
    )
    masks = (before, admitted, left, now)
    for key, mask in zip(keys, masks, strict=True):
        linked.count(key, int(mask.sum()), people=scope.people(mask), item=key)
    together, ever = (CENSUS, "before or admitted"), (CENSUS, "ever")
    for key, mask in ((together, before | admitted), (ever, tally.date <= np.datetime64(days[1]))):
        linked.count(key, int(mask.sum()), people=scope.people(mask))
    linked.total(together, keys[:2])
    linked.total(together, keys[2:])
    linked.part(ever, together)
    frame = pd.DataFrame({"who": words, "episodes": [int(mask.sum()) for mask in masks]})
    note = (
        "In the program: admitted on that day or before, not discharged up to it, and followed "
        "through it. The first two rows together are the last two."
    )
    table = Table(CENSUS, f"In the program in {scope.named(1)}", frame, {"episodes": "count"}, note)
    return DraftTable(table, {"episodes": [(key,) for key in keys]})


def _declare(
    scope: Scope,
    linked: LinkedCounts,
    family: str,
    groups: list[tuple[str, Mask]],
    view: str | None = None,
    rank: int = CELL,
) -> list[tuple[str, ...]]:
    """Declare how many episodes, and people, each group has; return the names of the counts."""
    keys: list[tuple[str, ...]] = []
    for word, mask in groups:
        key = (family, word) if view is None else (family, view, word)
        linked.count(key, int(mask.sum()), people=scope.people(mask), item=key, rank=rank)
        keys.append(key)
    return keys


def _with_share(
    keys: list[tuple[str, ...]], count: str, whole: tuple[str, ...]
) -> dict[str, list[tuple[object, ...]]]:
    """Return what a column of counts and its shares need; a share would give its whole back."""
    return {count: [(key,) for key in keys], "share": [(key, whole) for key in keys]}


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
            f"still in the program after {day} days",
            table[f"retained_{day}"].fillna(False).to_numpy(dtype=np.bool_),
        )
        for day in RETENTION_DAYS
    ]
    return [(words, came & scope.followed_90_days) for words, came in stages]


def flow_table(scope: Scope, linked: LinkedCounts) -> DraftTable:
    """Return how far people came who were admitted long enough ago for all of it to be known."""
    stages = flow_stages(scope)
    keys = _declare(scope, linked, "flow", stages)
    masks = [mask for _, mask in stages]
    for (whole, outer), (part, inner) in pairwise(zip(keys, masks, strict=True)):
        if not (inner & ~outer).any():
            linked.part(whole, part, people=scope.people(outer & ~inner))
    for key, mask in zip(keys[2:], masks[2:], strict=True):
        linked.part(keys[0], key, people=scope.people(masks[0] & ~mask))
    unknown, unknown_keys = _flow_unknown(scope, linked, stages)
    reached = np.array([int(mask.sum()) for mask in masks])
    frame = pd.DataFrame({"stage": [words for words, _ in stages], "reached": reached})
    frame["share"] = np.round(reached / max(reached[0], 1), SHARE_DECIMALS)
    frame["not_known"] = unknown
    kinds: dict[str, Kind] = {"reached": "count", "share": "share", "not_known": "count"}
    note = (
        "The next table shows who is not in this one, and why. Not known: sessions without a "
        "recorded outcome decide it, or no service has one; they are not among those reached. A "
        "share behind which a small count would show is given as a bound."
    )
    caption = f"How far people came: {scope.followed_90_days_text}"
    table = Table("cohort_flow", caption, frame, kinds, note)
    return DraftTable(table, _with_share(keys, "reached", keys[0]) | {"not_known": unknown_keys})


def _flow_unknown(
    scope: Scope, linked: LinkedCounts, stages: list[tuple[str, Mask]]
) -> tuple[list[int], list[tuple[object, ...]]]:
    """Declare of how many it is not known whether they reached each stage; they did not count."""
    admitted, followed = ("flow", stages[0][0]), stages[0][1]
    unknown = {
        stages[place][0]: unknown_visits(scope, number, RETENTION_DAYS[0]) & followed
        for place, number in ((1, 1), (2, 4))
    }
    counts: list[int] = []
    needs: list[tuple[object, ...]] = []
    for words, reached in stages:
        mask = unknown.get(words)
        counts.append(0 if mask is None else int(mask.sum()))
        if mask is None:
            needs.append(())
            continue
        key = ("flow", words, "not known")
        linked.count(key, counts[-1], people=scope.people(mask), item=key, rank=DETAIL)
        others = followed & ~reached & ~mask
        linked.part(("rest", admitted, ("flow", words)), key, people=scope.people(others))
        needs.append((key,))
    return counts, needs


def flow_shown(draft: DraftTable, scope: Scope, linked: LinkedCounts, hidden: Hidden) -> Table:
    """Return the flow without what is hidden; a hidden share is given as a bound where it can be.

    The bound leaves room for a count of the threshold, and stands only where the rest of the
    report leaves that room, too.
    """
    shown = draft.shown(hidden)
    policy = scope.policy
    keys = [key for (key,) in draft.needs["reached"]]
    admitted = linked.value(keys[0])
    if keys[0] in hidden or admitted <= 2 * policy.threshold:
        return shown
    room = 100 * (policy.threshold + 1) / admitted
    share = shown.frame["share"].copy()
    for row, key in enumerate(keys):
        rest = ("rest", keys[0], key)
        if key not in hidden:
            continue
        if policy.hides(linked.value(rest)) and linked.fits(rest, policy.threshold, hidden):
            share[row] = f"over {np.floor(100 - room):.0f}%"
        elif policy.hides(linked.value(key)) and linked.fits(key, policy.threshold, hidden):
            share[row] = f"under {np.ceil(room):.0f}%"
    shown.frame["share"] = share
    return shown


def sessions_table(scope: Scope, linked: LinkedCounts, step: Step = FINEST) -> DraftTable:
    """Return the treatment sessions by what became of them."""
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
    linked.count(("session people", ALL), everybody, item=("session people", ALL), rank=TOTAL)
    rows = []
    words = [word for code, word in enumerate(ATTENDANCE_STATUSES) if (status == code).any()]
    groups = step.groups(words)
    for word, held in groups.items():
        mask = np.isin(status, [ATTENDANCE_STATUSES.index(one) for one in held])
        count, people = int(mask.sum()), len(np.unique(person[mask]))
        linked.count(("sessions", word), count, people=people, item=("sessions", word))
        linked.count(("session people", word), people, item=("session people", word), rank=DETAIL)
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
    linked.count("session people of each kind", sum(row[-1] for row in rows))
    linked.total("session people of each kind", [("session people", word) for word in words])
    linked.at_least("session people of each kind", [("session people", ALL)])
    rows.append((ALL, "", len(status), 1.0, everybody))
    frame = pd.DataFrame(rows, columns=["session", "due", "sessions", "share", "people"])
    frame["share"] = frame["share"].round(SHARE_DECIMALS)
    kinds: dict[str, Kind] = {"sessions": "count", "share": "share", "people": "count"}
    note = "Due: in the denominator of the attendance rate. People: with at least one such session."
    table = Table(
        "sessions", f"Treatment sessions in {scope.named(step.quarters)}", frame, kinds, note
    )
    needs = _with_share(
        [("sessions", word) for word in (*words, ALL)], "sessions", ("sessions", ALL)
    )
    return DraftTable(
        table, needs | {"people": [(("session people", word),) for word in (*words, ALL)]}
    )


def discharge_table(scope: Scope, linked: LinkedCounts, step: Step = FINEST) -> DraftTable:
    """Return the discharges by reason, with how long people had stayed."""
    words = scope.records.episodes["discharge_reason"].astype(object)
    words = words.where(words.notna(), NOT_RECORDED)
    stay = _stay_days(scope)
    closed = scope.closed_in(step.quarters)
    reasons = [
        (word, closed & (words == word).to_numpy()) for word in (*DISCHARGE_REASONS, NOT_RECORDED)
    ]
    by_reason = dict(reasons)
    merged = step.groups(word for word, mask in reasons if mask.any())
    groups = [
        (name, np.any([by_reason[word] for word in held], axis=0)) for name, held in merged.items()
    ]
    keys = _declare(scope, linked, "discharges", groups)
    for name, held in merged.items():
        if len(held) > 1:  # the reasons that are not printed by themselves
            for word in held:
                mask = by_reason[word]
                linked.count(("discharges", word), int(mask.sum()), people=scope.people(mask))
            linked.total(("discharges", name), [("discharges", word) for word in held])
    keys += _declare(scope, linked, "discharges", [(ALL, closed)], rank=TOTAL)
    linked.total(keys[-1], keys[:-1])
    masks = [mask for _, mask in groups] + [closed]
    frame = pd.DataFrame(
        {
            "reason": [*(word.replace("_", " ") for word, _ in groups), ALL],
            "TEDS_code": [
                *(", ".join(TEDS_CODES[word] for word in held) for held in merged.values()),
                "",
            ],
            "discharges": [int(mask.sum()) for mask in masks],
            "share": [round(mask.sum() / max(closed.sum(), 1), SHARE_DECIMALS) for mask in masks],
            "median_stay_days": [_median(stay[mask], scope) for mask in masks],
        }
    )
    kinds: dict[str, Kind] = {"discharges": "count", "share": "share", "median_stay_days": "days"}
    end = "the earlier of last contact and discharge"
    if not _last_contacts_told(scope):
        end = "discharge, since no sessions tell the last contact"
    note = (
        f"Stay: from admission to {end}. Completed and transferred are kept apart. A median is "
        "shown when enough people lie on either side of it."
    )
    table = Table(
        "discharges",
        f"Discharges in {scope.named(step.quarters)}, by reason",
        frame,
        kinds,
        note,
    )
    needs = _with_share(keys, "discharges", keys[-1])
    return DraftTable(table, needs | {"median_stay_days": needs["discharges"]})


def _last_contacts_told(scope: Scope) -> bool:
    """Say whether the sessions go on as long as the stays, so that they tell the last contact."""
    reason = scope.judged["retained_30"].reason
    return scope.engagement is not None and reason != TimeCovered.__name__


def _stay_days(scope: Scope) -> Floats:
    if scope.engagement is not None and _last_contacts_told(scope):
        return scope.engagement["stay_to_last_contact"].to_numpy(dtype=np.float64)
    return scope.records.episodes["days_to_discharge"].to_numpy(dtype=np.float64)


def _median(days: Floats, scope: Scope) -> float | str:
    known = days[~np.isnan(days)]
    if len(known) == 0:
        return float("nan")
    return float(np.median(known)) if scope.policy.shows_quantile(len(known)) else HIDDEN
