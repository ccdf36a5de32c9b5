"""The discharges of a period by reason."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AnySet

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.declared import TOTAL
from iop_outcomes.disclosure.merging import FINEST, Step
from iop_outcomes.disclosure.policy import HIDDEN
from iop_outcomes.disclosure.results import Key
from iop_outcomes.records.fitness.time import TimeCovered
from iop_outcomes.records.schema import DISCHARGE_REASONS
from iop_outcomes.report.model import DraftTable, Kind, Table
from iop_outcomes.report.period import QUARTER, ReportPeriod
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections.cohort.census import CENSUS, left_in_period
from iop_outcomes.report.sections.cohort.declaring import ALL, NOT_RECORDED, declare, with_share
from iop_outcomes.report.sections.quarters import (
    DISCHARGED,
    Parts,
    admissions_changed,
    by_quarter,
    of_one_time,
    parts_of,
)
from iop_outcomes.report.trends import NOW
from iop_outcomes.shared.text import SHARE_DECIMALS

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
Floats = npt.NDArray[np.float64]


def discharge_table(
    scope: Scope, linked: LinkedCounts, step: Step = FINEST, seen: AnySet[Key] = frozenset()
) -> DraftTable:
    """Return the discharges by reason, with how long people had stayed.

    A reason that an earlier report has, of those `seen`, has a row though nobody left for it.
    """
    words = scope.records.episodes["discharge_reason"].astype(object)
    words = words.where(words.notna(), NOT_RECORDED)
    stay = _stay_days(scope)
    closed = scope.closed_in(step.quarters)
    reasons = [
        (word, closed & (words == word).to_numpy()) for word in (*DISCHARGE_REASONS, NOT_RECORDED)
    ]
    by_reason = dict(reasons)
    merged = step.groups(
        word for word, mask in reasons if mask.any() or ("discharges", word) in seen
    )
    groups = [
        (name, np.any([by_reason[word] for word in held], axis=0)) for name, held in merged.items()
    ]
    keys = declare(scope, linked, "discharges", groups, column="discharges")
    for name, held in merged.items():
        if len(held) > 1:  # the reasons that are not printed by themselves
            for word in held:
                mask = by_reason[word]
                linked.count(("discharges", word), int(mask.sum()), people=scope.people(mask))
            linked.total(("discharges", name), [("discharges", word) for word in held])
    keys += declare(scope, linked, "discharges", [(ALL, closed)], rank=TOTAL)
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
    note = f"Stay: from admission to {end}. Completed and transferred are kept apart."
    if scope.policy.threshold > 1:
        note = f"{note} A median is shown when enough people lie on either side of it."
    table = Table(
        "discharges",
        f"Discharges in {scope.named(step.quarters)}, by reason",
        frame,
        kinds,
        note,
    )
    needs = with_share(keys, "discharges", keys[-1])
    return DraftTable(table, needs | {"median_stay_days": needs["discharges"]})


def link_discharges(
    scope: Scope, linked: LinkedCounts, step: Step, known: Sequence[Key], completed: Sequence[Key]
) -> None:
    """Declare the discharges by quarter: other reports count the same people.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    linked : LinkedCounts
        With the counts of `discharge_table` and of the trends.
    step : Step
        The time that the table is of.
    known, completed : sequence of tuple
        The denominators and numerators of the trend of completion.
    """
    if not by_quarter(scope) or ("discharges", ALL) not in linked:
        return
    episodes, window = scope.records.episodes, scope.window(step.quarters)
    words = episodes["discharge_reason"].astype(object)
    words = words.where(words.notna(), NOT_RECORDED)
    masks = {
        word: (words == word).to_numpy()
        for word in (*DISCHARGE_REASONS, NOT_RECORDED)
        if ("discharges", word) in linked
    }
    given = np.any([mask for word, mask in masks.items() if word != NOT_RECORDED], axis=0)
    inside = parts_of(scope, DISCHARGED, window, episodes["discharge_date"]).inside
    of_trend, changed = [], set[ReportPeriod]()
    for keys, mask in ((known, given), (completed, masks.get("completed", given & ~given))):
        counts = {part: int((here & mask).sum()) for part, here in inside.items()}
        same, other = of_one_time(linked, keys, counts)
        of_trend.append(same)
        changed |= set(other)
    if admissions_changed(scope, linked):  # the trend may not show in which quarter people left
        changed |= set(inside)
    parts = parts_of(scope, DISCHARGED, window, episodes["discharge_date"], changed)
    for word, mask in masks.items():
        parts.declare(linked, ("discharges", word), (word,), mask, scope.person)
    parts.declare_groups(linked, "discharges", step.groups(masks), masks, scope.person)
    for same, some in zip(of_trend, (DISCHARGE_REASONS, ("completed",)), strict=True):
        for part, whole in same.items():
            own = [(*parts.names[part], word) for word in masks if word in some]
            if own and (part not in changed or whole[-1] == NOW):
                linked.total(whole, own)
    _link_census(scope, linked, parts)


def _link_census(scope: Scope, linked: LinkedCounts, parts: Parts) -> None:
    """Declare that who was discharged in the quarter of the report left the program in it."""
    quarter = scope.window(1).cut(QUARTER)[-1]
    if quarter not in parts.names or (CENSUS, "left") not in linked:
        return
    own, discharged = parts.names[quarter], parts.inside[quarter]
    words = [(*own, word) for word in (*DISCHARGE_REASONS, NOT_RECORDED)]
    reasons = [name for name in words if name in linked]
    everybody: Key = (*own, ALL)
    linked.count(everybody, int(discharged.sum()), people=scope.people(discharged))
    if sum(map(linked.value, reasons)) == linked.value(everybody):
        linked.total(everybody, reasons)
    if not (discharged & ~left_in_period(scope)).any():
        linked.part((CENSUS, "left"), everybody)


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
