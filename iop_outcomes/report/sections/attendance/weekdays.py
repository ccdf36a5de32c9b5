"""Attendance by weekday: one row a weekday, summed over the weeks of the report's period."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AnySet
from dataclasses import replace

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.declared import CELL, DETAIL
from iop_outcomes.disclosure.merging import FINEST, Step
from iop_outcomes.disclosure.results import Key
from iop_outcomes.pathways.calendar import WEEKDAYS, count_by_weekday
from iop_outcomes.report.model import DraftTable, Hidden, Item, Kind, Table
from iop_outcomes.report.period import ReportPeriod
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections.quarters import WEEKDAYS as BY_QUARTER
from iop_outcomes.report.sections.quarters import by_quarter, of_one_time, parts_of
from iop_outcomes.report.trends import NOW
from iop_outcomes.shared.text import SHARE_DECIMALS

FAMILY = "weekdays"
NAME = "attendance_by_weekday"
ALL = "all"
COUNTS = ("due", "attended", "unrecorded")
NO_WEEKDAYS = (
    "Attendance by weekday is not known: the records hold study days, which have no weekday."
)
NOTE = (
    "Attended: also in part or late. Share: attended of those due, with its 95% interval, which "
    "takes the sessions of one person together. A weekday without any session has no row, unless "
    "an earlier report has one."
)

UNRECORDED = "Unrecorded: whether they were attended is not known, so they are in no share."
FEW = (
    "Sessions without a recorded outcome are in no share; how many they are on each weekday is not "
    "shown: there may be none, or their numbers are small or protect others."
)


def weekdays_table(
    scope: Scope, linked: LinkedCounts, step: Step = FINEST, seen: AnySet[Key] = frozenset()
) -> DraftTable | None:
    """Return the treatment sessions by weekday; None without calendar dates or any session.

    Each count has the people behind it; due less attended is a count like any other. The
    weekdays of a group that is taken together are counts, too, which are not printed. A weekday
    that an earlier report has, of those `seen`, has a row though it had no session.
    """
    assert scope.attendance is not None  # else there is no such table
    if scope.records.time != "calendar":
        return None
    sessions = scope.attendance.sessions
    dates = sessions.frame["date"]
    chosen = np.ones(len(dates), dtype=np.bool_)
    if scope.period is not None:
        chosen = scope.in_quarters(dates, step.quarters)
    person = scope.person[sessions.episode]
    days, people = count_by_weekday(sessions, chosen, person, {day: (day,) for day in WEEKDAYS})
    some = days[list(COUNTS)].sum(axis=1) > 0
    if not some.any():
        return None
    known = days["weekday"].map(lambda day: (FAMILY, day, "due") in seen)
    held = days.loc[some | known, "weekday"]
    groups = step.groups(held)
    table, behind = count_by_weekday(sessions, chosen, person, {**groups})
    whole, everybody = count_by_weekday(sessions, chosen, person, {ALL: WEEKDAYS})
    for row, (name, parts) in enumerate(groups.items()):
        _declare(linked, name, table.iloc[row], behind.iloc[row], printed=True)
        if len(parts) > 1:
            for day in parts:
                place = WEEKDAYS.index(day)
                _declare(linked, day, days.iloc[place], people.iloc[place], printed=False)
            for count in COUNTS:
                linked.total((FAMILY, name, count), [(FAMILY, day, count) for day in parts])
    _declare(linked, ALL, whole.iloc[0], everybody.iloc[0], printed=True, rank=CELL)
    for count in COUNTS:
        linked.total((FAMILY, ALL, count), [(FAMILY, name, count) for name in groups])
    frame = pd.concat([table, whole], ignore_index=True).drop(columns="absent")
    frame = frame.rename(columns={"rate": "share"})
    for name in ("share", "lower", "upper"):
        frame[name] = frame[name].round(SHARE_DECIMALS)
    frame = frame[["weekday", "due", "attended", "share", "lower", "upper", "unrecorded"]]
    kinds: dict[str, Kind] = dict.fromkeys(COUNTS, "count")
    kinds |= dict.fromkeys(("share", "lower", "upper"), "share")
    caption = f"Attendance by weekday in {scope.named(step.quarters)}"
    names = list(frame["weekday"])
    needs: dict[str, list[tuple[Item, ...]]] = {
        count: [((FAMILY, name, count),) for name in names] for count in COUNTS
    }
    both = [(*due, *came) for due, came in zip(needs["due"], needs["attended"], strict=True)]
    needs |= dict.fromkeys(("share", "lower", "upper"), both)
    return DraftTable(Table(NAME, caption, frame, kinds, NOTE), needs)


def link_by_quarter(
    scope: Scope, linked: LinkedCounts, step: Step, due: Sequence[Key], attended: Sequence[Key]
) -> None:
    """Declare the sessions of each weekday by quarter: other reports count the same ones.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    linked : LinkedCounts
        With the counts of `weekdays_table` and of the trends.
    step : Step
        The time that the table is of.
    due, attended : sequence of tuple
        The denominators and numerators of the trend of attendance.
    """
    if not by_quarter(scope) or (FAMILY, ALL, "due") not in linked:
        return
    assert scope.attendance is not None
    sessions, window = scope.attendance.sessions, scope.window(step.quarters)
    dates, person = sessions.frame["date"], scope.person[sessions.episode]
    inside = parts_of(scope, BY_QUARTER, window, dates).inside
    found = {
        part: count_by_weekday(sessions, here, person, {day: (day,) for day in WEEKDAYS})
        for part, here in inside.items()
    }
    here = [place for place, day in enumerate(WEEKDAYS) if (FAMILY, day, "due") in linked]
    of_trend, changed = [], set[ReportPeriod]()
    for keys, name in ((due, "due"), (attended, "attended")):
        counts = {part: int(table[name].sum()) for part, (table, _) in found.items()}
        same, other = of_one_time(linked, keys, counts)
        of_trend.append((name, same))
        changed |= set(other)
    parts = parts_of(scope, BY_QUARTER, window, dates, changed)
    for part, (table, people) in found.items():
        for place in here:
            own: Key = (*parts.names[part], WEEKDAYS[place])
            _declare_counts(linked, own, table.iloc[place], people.iloc[place])
    for place in here:
        for count in COUNTS:
            keys = [(*parts.names[part], WEEKDAYS[place], count) for part in found]
            linked.total((FAMILY, WEEKDAYS[place], count), keys)
    groups = {
        name: days
        for name, days in step.groups(WEEKDAYS[place] for place in here).items()
        if len(days) > 1 and (FAMILY, name, "due") in linked
    }
    for part, own in parts.names.items():
        table, people = count_by_weekday(sessions, inside[part], person, groups)
        for place, (name, days) in enumerate(groups.items()):
            _declare_counts(linked, (*own, name), table.iloc[place], people.iloc[place])
            for count in COUNTS:
                linked.total((*own, name, count), [(*own, day, count) for day in days])
    for name, same in of_trend:
        for part, whole in same.items():
            if part not in changed or whole[-1] == NOW:
                linked.total(whole, [(*parts.names[part], WEEKDAYS[day], name) for day in here])


def weekdays_shown(draft: DraftTable, hidden: Hidden) -> Table:
    """Return the table without what is hidden; without unrecorded sessions if none are shown."""
    table = draft.shown(hidden)
    if any(isinstance(value, int) and value for value in table.frame["unrecorded"]):
        return replace(table, note=f"{NOTE} {UNRECORDED}")
    return replace(table, frame=table.frame.drop(columns="unrecorded"), note=f"{NOTE} {FEW}")


def _declare(
    linked: LinkedCounts,
    name: str,
    row: pd.Series[float],
    people: pd.Series[int],
    *,
    printed: bool,
    rank: int = DETAIL,
) -> None:
    """Declare the counts of one row, and those who were due and did not come."""
    items = [(FAMILY, name, count) if printed else None for count in COUNTS]
    _declare_counts(linked, (FAMILY, name), row, people, items, rank)


def _declare_counts(
    linked: LinkedCounts,
    own: Key,
    row: pd.Series[float],
    people: pd.Series[int],
    items: Sequence[Item | None] = (None,) * len(COUNTS),
    rank: int = DETAIL,
) -> None:
    for count, item in zip(COUNTS, items, strict=True):
        number, behind = int(row[count]), int(people[count])
        column = None if item is None or own[-1] == ALL else (FAMILY, count)
        linked.count((*own, count), number, people=behind, item=item, rank=rank, column=column)
    linked.part((*own, "due"), (*own, "attended"), people=int(people["absent"]))
