"""What was entered late, or is gone: how the records differ from what was printed before.

A figure that was printed once stands as it was. Where the records have changed since, the tables of
a new report count who is there now, so that the two tell how many were entered late. That is a
count of people like any other.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from itertools import permutations

import numpy as np

from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.ledger import Frozen
from iop_outcomes.disclosure.results import Key, trend_keys
from iop_outcomes.disclosure.system import PrintedCells
from iop_outcomes.report.linking.rates import link_rates_of_time
from iop_outcomes.report.linking.sums import sum_of
from iop_outcomes.report.linking.tables import within_rows
from iop_outcomes.report.sections.quarters import CHANGED, FAMILIES, SESSIONS, WEEKDAYS
from iop_outcomes.report.trends import NOW, Trends
from iop_outcomes.trends.quantities import find_quantity

LATE, GONE = "entered late", "no longer there"
COUNTS = ("numerator", "denominator")


def link_changed(linked: LinkedCounts, frozen: Sequence[Frozen]) -> None:
    """Declare what the rows of trends that stand as first printed are now, and the difference.

    What was printed stays printed, and what was hidden hidden.

    Parameters
    ----------
    linked : LinkedCounts
        With the counts of the trends.
    frozen : sequence of Frozen
        The trends with what was printed before as it was printed.
    """
    for one in frozen:
        few = find_quantity(one.trend.measure).kind == "sessions"
        names = trend_keys(one.trend)
        for row, numbers in one.now.items():
            people = one.trend.people
            behind = [None] * 3 if people is None else people[names.index(row)].tolist()
            own: list[Key] = [(*row, count) for count in COUNTS]
            known = zip(own, np.isfinite(numbers), strict=True)
            here = [name in linked and bool(given) for name, given in known]
            for place, name in enumerate(own):
                if here[place]:
                    linked.count((*name, NOW), numbers[place], people=behind[1 - place])
                    _differ(linked, (*name, NOW), name, few=few)
            if all(here):
                part, whole = ((*name, NOW) for name in own)
                rest = linked.part(whole, part, people=behind[2])
                _differ(linked, rest, ("rest", own[1], own[0]), few=few)
        for key in one.printed:
            linked.hold(key)
        for key in one.hidden:
            linked.withhold(key)


def _differ(linked: LinkedCounts, now: Hashable, printed: Hashable, *, few: bool) -> None:
    """Declare by how many a count is another one now; `few`: these may come from few people."""
    off = linked.value(now) - linked.value(printed)
    people = 1 if few and off else None
    if off >= 0:
        linked.part(now, printed, key=(LATE, printed), people=people)
    else:
        linked.part(printed, now, key=(GONE, printed), people=people)


def link_as_now(linked: LinkedCounts, trends: Trends) -> None:
    """Declare how the rows that have changed hang together with the others, as they are now.

    Parameters
    ----------
    linked : LinkedCounts
        With the counts of `link_changed`.
    trends : Trends
        The trends.
    """
    if not trends.changed:
        return
    for one, other in permutations(trends.all, 2):
        if one.measure == other.measure:
            for key, parts in within_rows(one, other):
                if not trends.changed.isdisjoint([key, *parts]):
                    for name in COUNTS:
                        some = [trends.named(part, name) for part in parts]
                        sum_of(linked, trends.named(key, name), some)
    for time in dict.fromkeys(row[2:] for row in trends.changed):
        link_rates_of_time(linked, time, trends.named)


def link_corrections(
    linked: LinkedCounts, before: Sequence[PrintedCells], programs: Collection[str]
) -> None:
    """Declare by how many the counts of a quarter differ from what earlier reports tell of it.

    Parameters
    ----------
    linked : LinkedCounts
        With the counts of tables by quarter: the names of those of other people say so.
    before : sequence of PrintedCells
        The earlier reports.
    programs : collection of str
        The programs of this report.
    """
    changed = {
        (name[0].removesuffix(CHANGED), *name[1:]): name
        for name in linked.names
        if isinstance(name, tuple) and name[0] in {f"{family}{CHANGED}" for family in FAMILIES}
    }
    if not changed:
        return
    printed: dict[Key, int] = {}
    for report in before:
        if {*report.programs} == {*programs}:
            for name, value in _told(report).items():
                if name in changed and name not in linked:
                    printed.setdefault(name, value)
    for name, value in printed.items():
        linked.count(name, value)
        few = name[0] in (SESSIONS, WEEKDAYS)
        _differ(linked, changed[name], name, few=few)


def _told(report: PrintedCells) -> dict[Key, int]:
    """Return the counts that a report prints, and those that follow from its sums one by one."""
    values = {key: value for key, value in report.counts.items() if value is not None}
    left = report.sums
    while True:
        waiting = []
        for row in left:
            unknown = [key for key in row if key not in values]
            if len(unknown) == 1:
                (key,) = unknown
                rest = sum(sign * values[one] for one, sign in row.items() if one != key)
                values[key] = -rest * row[key]
            elif unknown:
                waiting.append(row)
        if len(waiting) == len(left):
            return values  # type: ignore[return-value]  # names of counts by quarter are tuples
        left = waiting
