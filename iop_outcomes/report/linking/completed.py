"""Who completed in the year, of those admitted in it and of those admitted before.

The trends count who was discharged in a time, the table of programs who was admitted in the year.
Those who completed in the year, less those of them who were admitted in it, were admitted before;
so were those discharged for a known reason, who were there when the year began.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.declared import Key
from iop_outcomes.report.linking.sums import part_of
from iop_outcomes.report.period import within
from iop_outcomes.report.programs import FAMILY, masks_of_shares
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.report.sections.cohort import ALL, there_on
from iop_outcomes.report.trends import Trends, inside

COUNTS = {"x": ("completed", "numerator"), "n": ("for a known reason", "denominator")}
"""Whom the share of the table of programs counts -> in words, and in the trend."""
IN_YEAR, BEFORE, AFTER = "admitted in the year", "admitted before the year", "after the year"


def link_completed(scope: Scope, linked: LinkedCounts, trends: Trends) -> None:
    """Declare who was discharged in the year by whether they were admitted in it.

    Parameters
    ----------
    scope : Scope
        What the report covers, with a period.
    linked : LinkedCounts
        With the counts of the trends, of the table of programs and of who was there.
    trends : Trends
        The trends whose counts are declared.
    """
    if (FAMILY, "completed", ALL, "x") not in linked:
        return
    masks, window = masks_of_shares(scope)["completed"], scope.window(4)
    in_window = within(scope.records.episodes["discharge_date"], window)
    completed = (scope.records.episodes["discharge_reason"] == "completed").to_numpy()
    reason = scope.records.episodes["discharge_reason"].notna().to_numpy()
    made: dict[str, dict[str, Key]] = {}
    for count, (words, of_trend) in COUNTS.items():
        closed = in_window & (reason if count == "n" else reason & completed)
        keys = inside(scope, trends, "completion_rate", 4, of_trend)
        made[count] = _declare(scope, linked, (words, count), masks[count], closed, keys)
    for when in (IN_YEAR, BEFORE, AFTER):
        if all(when in own for own in made.values()):
            part_of(linked, made["n"][when], made["x"][when])
    if BEFORE in made["n"]:
        there, _ = there_on(scope, window.first - pd.Timedelta(days=1))
        part_of(linked, there, made["n"][BEFORE])


def _declare(
    scope: Scope,
    linked: LinkedCounts,
    named: tuple[str, str],
    admitted: Mask,
    closed: Mask,
    of_trend: Sequence[Key],
) -> dict[str, Key]:
    """Declare of one count who was admitted in the year, before it, and discharged after it.

    Nothing is declared where the trend counts others: it was printed before the records changed.
    """
    words, count = named
    parts = {IN_YEAR: closed & admitted, BEFORE: closed & ~admitted, AFTER: admitted & ~closed}
    here = [key for key in of_trend if key in linked]
    share: Key = (FAMILY, "completed", ALL, count)
    trend_is_same = here and sum(map(linked.value, here)) == closed.sum()
    if not trend_is_same or linked.value(share) != admitted.sum():
        return {}
    time = scope.window(4).dates
    keys: dict[str, Key] = {when: (f"discharged in {time}", words, when) for when in parts}
    for when, mask in parts.items():
        linked.count(keys[when], int(mask.sum()), people=scope.people(mask))
    together: Key = ("sum", *here)
    if together not in linked:
        linked.count(together, int(closed.sum()), people=scope.people(closed))
        linked.total(together, here)
    linked.total(together, [keys[IN_YEAR], keys[BEFORE]])
    ends_later = pd.Timestamp(scope.records.as_of) > scope.window(4).last
    linked.total(share, [keys[IN_YEAR], keys[AFTER]] if ends_later else [keys[IN_YEAR]])
    return keys
