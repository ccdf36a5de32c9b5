"""Who was in the program before a period and on its last day."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.results import Key
from iop_outcomes.report.model import DraftTable, Table
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.trends.quantities import find_quantity

CENSUS = "census"
PRESENT = (CENSUS, "before or admitted")
NO_CENSUS = (
    "How many were in the program on a day is not known from these records: they do not show who "
    "left, or show it of a part only."
)


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
    days, keys = census_dates(scope), census_keys(scope)
    before, admitted, left, now, once = _census_masks(scope)
    words = (
        f"in the program on {days[0].date()}",
        "admitted after that day",
        "left, or their follow-up ended",
        f"in the program on {days[1].date()}",
    )
    masks = (before, admitted, left, now)
    for key, mask in zip(keys, masks, strict=True):
        linked.count(key, int(mask.sum()), people=scope.people(mask), item=key)
    together, ever = PRESENT, (CENSUS, "ever")
    for key, mask in ((together, before | admitted), (ever, once)):
        linked.count(key, int(mask.sum()), people=scope.people(mask))
    linked.total(together, keys[:2])
    linked.total(together, keys[2:])
    linked.part(ever, together)
    frame = pd.DataFrame({"who": words, "episodes": [int(mask.sum()) for mask in masks]})
    note = (
        "In the program: admitted on that day or before, not discharged up to it, and followed "
        "through it. An episode without a recorded discharge counts to the end of its follow-up. "
        "The first two rows add up to as many as the last two."
    )
    table = Table(CENSUS, f"In the program in {scope.named(1)}", frame, {"episodes": "count"}, note)
    return DraftTable(table, {"episodes": [(key,) for key in keys]})


def left_in_period(scope: Scope) -> Mask:
    """Return who left in the period, or whose follow-up ended in it."""
    return _census_masks(scope)[2]


def there_or_admitted(scope: Scope) -> Mask:
    """Return who was in the program before the period, or was admitted in it."""
    before, admitted, *_ = _census_masks(scope)
    return before | admitted


def is_of_a_day(key: object, cut: str) -> bool:
    """Return whether a count is of who is in the program on a day up to the data cut."""
    if not (isinstance(key, tuple) and len(key) == 2 and key[0] == CENSUS):
        return False
    return str(key[1])[:1].isdigit() and str(key[1]) <= cut


def there_on(scope: Scope, day: pd.Timestamp) -> tuple[Key, Mask]:
    """Return who is in the program on a day, with the name of their count.

    The records must show who left.
    """
    tally = find_quantity(CENSUS).tally(scope.records)
    assert tally.until is not None
    there = (tally.date <= day.to_datetime64()) & (tally.until >= day.to_datetime64())
    return (CENSUS, str(day.date())), there


def ever_and_now(scope: Scope) -> tuple[Mask, Mask]:
    """Return who was admitted up to the end of the report's time, and who of them is still there.

    Without a period, or where the records do not show who left, who has no discharge is there.
    """
    if scope.period is not None and scope.judgements.of(CENSUS)[CENSUS].known == "yes":
        _, _, _, now, once = _census_masks(scope)
        return once, now
    left = scope.records.episodes["days_to_discharge"].notna().to_numpy()
    ever = np.ones(len(left), dtype=np.bool_)
    if scope.period is not None:
        ever = (scope.records.episodes["admit_date"] <= scope.period.last).to_numpy()
        left = (scope.records.episodes["discharge_date"] <= scope.period.last).to_numpy()
    return ever, ever & ~left


def _census_masks(scope: Scope) -> tuple[Mask, Mask, Mask, Mask, Mask]:
    """Return who was there before the period, came, left, is there on its last day, or ever was."""
    tally = find_quantity(CENSUS).tally(scope.records)
    assert tally.until is not None
    days = [np.datetime64(day) for day in census_dates(scope)]
    before, now = ((tally.date <= day) & (tally.until >= day) for day in days)
    admitted = scope.admitted_in(1) & (tally.date <= days[1])
    return before, admitted, (before | admitted) & ~now, now, tally.date <= days[1]
