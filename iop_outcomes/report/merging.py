"""Which tables of a report are merged before anything is hidden: judged once for a year."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.disclosure.merging import Ladders, MergePlan, Step, choose_step
from iop_outcomes.records.schema import ATTENDANCE_STATUSES
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.trends import Trend
from iop_outcomes.trends.periods import Every, first_day, last_day
from iop_outcomes.trends.quantities import find_quantity
from iop_outcomes.trends.trend import trend_of

SESSION_TRENDS = ("attendance_rate", "no_show_rate", "check_in_response")
NEVER_MERGED = ("admissions",)  # a trend of counts: its total is in every other table
NOT_RECORDED = "not recorded"
YEAR = 4  # quarters
Words = npt.NDArray[np.object_]
Rows = tuple[int, int]


def plan_of(scope: Scope, ladders: Ladders | None = None) -> MergePlan:
    """Return what is taken together in a report.

    It is judged on the year before that of the report, so that the reports of a year have one plan;
    on the last four quarters where the records do not go back so far. Without a quarter, or where
    nothing is hidden, nothing is merged.
    """
    ladders = ladders or Ladders()
    if scope.quarter is None or scope.policy.threshold == 1:
        return MergePlan()
    judged = _judged_on(scope)
    tables: dict[str, tuple[tuple[Step, ...], Callable[[Step], Rows]]] = {
        "admissions": (ladders.admissions, lambda step: _admissions(scope, judged, step)),
        "discharges": (ladders.discharges, lambda step: _discharges(scope, judged, step)),
    }
    if scope.attendance is not None and scope.tells("attendance_rate"):
        tables["sessions"] = (ladders.sessions, lambda step: _sessions(scope, judged, step))
    for name in scope.tallies:
        if name not in NEVER_MERGED:
            ladder = ladders.session_trends if name in SESSION_TRENDS else ladders.cohort_trends
            tables[f"trend_{name}"] = (ladder, _of_trend(scope, judged, name))
    steps = {name: choose_step(*one) for name, one in tables.items()}
    changed = tuple(name for name, step in steps.items() if step != tables[name][0][0])
    first = first_day(judged - (YEAR - 1)).date()
    return MergePlan(steps, f"{first} to {last_day(judged).date()}", changed)


def _judged_on(scope: Scope) -> pd.Period:
    """Return the last of the four quarters on which the plan is judged."""
    assert scope.quarter is not None
    before = pd.Period(year=scope.quarter.year - 1, quarter=4, freq="Q")
    first = scope.records.episodes["admit_date"].min()
    # Admissions from some day of the first quarter on: nobody need be admitted on 1 January.
    return before if first <= last_day(before - (YEAR - 1)) else scope.quarter


def _windows(judged: pd.Period, step: Step) -> Iterator[tuple[pd.Period, pd.Period]]:
    """Return the first and last quarter of each period of a step within the year judged."""
    length = max(step.quarters, 1)
    for back in range(0, YEAR, length):
        yield judged - back - (length - 1), judged - back


def _in(dates: pd.Series[pd.Timestamp], window: tuple[pd.Period, pd.Period]) -> Mask:
    first, last = window
    return dates.between(first_day(first), first_day(last + 1), inclusive="left").to_numpy()


def _small(scope: Scope, masks: list[Mask]) -> Rows:
    """Count the groups of episodes that are small, or of few people."""
    counts = [[int(mask.sum()), scope.people(mask)] for mask in masks if mask.any()]
    small = scope.policy.hides(np.array(counts, dtype=np.float64).reshape(-1, 2)).any(axis=1)
    return int(small.sum()), len(counts)


def _admissions(scope: Scope, judged: pd.Period, step: Step) -> Rows:
    episodes = scope.records.episodes
    masks = []
    for window in _windows(judged, step):
        inside = _in(episodes["admit_date"], window)
        for column in ("program", "entry_path", "level"):
            words = _words(episodes[column])
            masks += [inside & (words == word) for word in sorted(set(words[inside]))]
    return _small(scope, masks)


def _discharges(scope: Scope, judged: pd.Period, step: Step) -> Rows:
    episodes = scope.records.episodes
    words = _words(episodes["discharge_reason"])
    masks = []
    for window in _windows(judged, step):
        inside = _in(episodes["discharge_date"], window)
        for held in step.groups(sorted(set(words[inside]))).values():
            masks.append(inside & np.isin(words, held))
    return _small(scope, masks)


def _words(column: pd.Series[str]) -> Words:
    return column.astype(object).where(column.notna(), NOT_RECORDED).astype(str).to_numpy()


def _sessions(scope: Scope, judged: pd.Period, step: Step) -> Rows:
    assert scope.attendance is not None
    sessions = scope.attendance.sessions
    person = scope.person[sessions.episode]
    small = rows = 0
    for window in _windows(judged, step):
        inside = sessions.treatment & _in(sessions.frame["date"], window)
        codes = [
            code
            for code in range(len(ATTENDANCE_STATUSES))
            if (sessions.status[inside] == code).any()
        ]
        for held in step.groups([ATTENDANCE_STATUSES[code] for code in codes]).values():
            own = inside & np.isin(
                sessions.status, [ATTENDANCE_STATUSES.index(one) for one in held]
            )
            small += bool(scope.policy.hides(len(np.unique(person[own]))))
            rows += 1
    return small, rows


def _of_trend(scope: Scope, judged: pd.Period, name: str) -> Callable[[Step], Rows]:
    def rows(step: Step) -> Rows:
        every: Every = (
            "year" if step.quarters == YEAR else "month" if step.every == "month" else "quarter"
        )
        return _trend_rows(
            scope,
            trend_of(scope.tallies[name], scope.records, find_quantity(name), every=every),
            judged,
        )

    return rows


def _trend_rows(scope: Scope, trend: Trend, judged: pd.Period) -> Rows:
    """Count the periods within the year judged that hold a small count, or one of few people."""
    table = trend.table
    year = (table["start"] >= first_day(judged - (YEAR - 1))) & (table["start"] <= last_day(judged))
    counts = table.loc[year, ["numerator", "denominator"]].to_numpy(dtype=np.float64)
    counts = np.column_stack([counts, counts[:, 1] - counts[:, 0]])
    if trend.people is not None:
        counts = np.column_stack([counts, trend.people[year.to_numpy()]])
    small = scope.policy.hides(counts).any(axis=1)
    return int(small.sum()), len(counts)
