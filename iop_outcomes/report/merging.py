"""Which tables of a report are merged before anything is hidden: judged once for a year."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.disclosure.merging import Ladders, MergePlan, Step, choose_step
from iop_outcomes.pathways.calendar import WEEKDAYS, count_by_weekday
from iop_outcomes.records.schema import ATTENDANCE_STATUSES
from iop_outcomes.report.period import (
    QUARTER,
    YEAR,
    ReportPeriod,
    parse_report_period,
    period_between,
    within,
)
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.report.trends import trend_in
from iop_outcomes.trends import Trend
from iop_outcomes.trends.periods import Every

SESSION_TRENDS = ("attendance_rate", "no_show_rate", "check_in_response")
NEVER_MERGED = ("admissions",)  # a trend of counts: its total is in every other table
NOT_RECORDED = "not recorded"
LENGTHS = {"half_year": "over six months", "year": "over a year"}
Words = npt.NDArray[np.object_]
Rows = tuple[int, int]


def plan_of(scope: Scope, ladders: Ladders | None = None) -> MergePlan:
    """Return what is taken together in a report.

    It is judged on the year before that of the report, so that the reports of a year have one plan;
    on the year up to the end of the period where the records do not go back so far. Without a
    period, or where nothing is hidden, nothing is merged.
    """
    ladders = ladders or Ladders()
    if scope.period is None or scope.policy.threshold == 1:
        return MergePlan()
    judged = _judged_on(scope)
    tables: dict[str, tuple[tuple[Step, ...], Callable[[Step], Rows]]] = {
        "admissions": (ladders.admissions, lambda step: _admissions(scope, judged, step)),
        "discharges": (ladders.discharges, lambda step: _discharges(scope, judged, step)),
    }
    if scope.attendance is not None and scope.tells("attendance_rate"):
        tables["sessions"] = (ladders.sessions, lambda step: _sessions(scope, judged, step))
        tables["weekdays"] = (ladders.weekdays, lambda step: _weekdays(scope, judged, step))
    for name in scope.tallies:
        if name not in NEVER_MERGED:
            ladder = ladders.session_trends if name in SESSION_TRENDS else ladders.cohort_trends
            tables[f"trend_{name}"] = (ladder, _of_trend(scope, judged, name))
    steps = {name: choose_step(*one) for name, one in tables.items()}
    changed = tuple(name for name, step in steps.items() if step != tables[name][0][0])
    return MergePlan(steps, judged.dates, changed)


def plan_text(plan: MergePlan, period: ReportPeriod | None) -> str:
    """Return the plan in words; a step as long as the period of the report has no length."""
    text = plan.text
    if period is None or period.every == "quarter" or not text:
        return text
    for name in plan.changed:
        step = plan.step(name)
        length, _, groups = step.text.partition("; ")
        if max(step.quarters, 1) * QUARTER <= max(period.months, QUARTER):
            length = f"by {period.each}"
        else:
            length = LENGTHS.get(step.every, length)
        text = text.replace(step.text, "; ".join([length, *([groups] if groups else [])]))
    return text


def _judged_on(scope: Scope) -> ReportPeriod:
    """Return the year on which the plan is judged."""
    assert scope.period is not None
    before = parse_report_period(str(scope.period.last.year - 1))
    first = scope.records.episodes["admit_date"].min()
    # Admissions from some day of the first quarter on: nobody need be admitted on 1 January.
    return before if first <= before.cut(QUARTER)[0].last else scope.period.window(YEAR)


def _windows(scope: Scope, judged: ReportPeriod, step: Step) -> Iterator[ReportPeriod]:
    """Return each time of a step within the year judged; none is shorter than the period."""
    assert scope.period is not None
    months = max(step.quarters * QUARTER, scope.period.months or QUARTER)
    if step.quarters <= 1:
        months = scope.period.months or QUARTER
    months = min(months, YEAR)
    for number in range(YEAR // months):
        end = judged.last + pd.Timedelta(days=1) - pd.DateOffset(months=number * months)
        yield period_between(end - pd.DateOffset(months=months), end - pd.Timedelta(days=1))


def _small(scope: Scope, masks: list[Mask]) -> Rows:
    """Count the groups of episodes that are small, or of few people."""
    counts = [[int(mask.sum()), scope.people(mask)] for mask in masks if mask.any()]
    small = scope.policy.hides(np.array(counts, dtype=np.float64).reshape(-1, 2)).any(axis=1)
    return int(small.sum()), len(counts)


def _admissions(scope: Scope, judged: ReportPeriod, step: Step) -> Rows:
    episodes = scope.records.episodes
    masks = []
    for window in _windows(scope, judged, step):
        inside = within(episodes["admit_date"], window)
        for column in ("program", "entry_path", "level"):
            words = _words(episodes[column])
            masks += [inside & (words == word) for word in sorted(set(words[inside]))]
    return _small(scope, masks)


def _discharges(scope: Scope, judged: ReportPeriod, step: Step) -> Rows:
    episodes = scope.records.episodes
    words = _words(episodes["discharge_reason"])
    masks = []
    for window in _windows(scope, judged, step):
        inside = within(episodes["discharge_date"], window)
        for held in step.groups(sorted(set(words[inside]))).values():
            masks.append(inside & np.isin(words, held))
    return _small(scope, masks)


def _words(column: pd.Series[str]) -> Words:
    return column.astype(object).where(column.notna(), NOT_RECORDED).astype(str).to_numpy()


def _sessions(scope: Scope, judged: ReportPeriod, step: Step) -> Rows:
    assert scope.attendance is not None
    sessions = scope.attendance.sessions
    person = scope.person[sessions.episode]
    small = rows = 0
    for window in _windows(scope, judged, step):
        inside = sessions.treatment & within(sessions.frame["date"], window)
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


def _weekdays(scope: Scope, judged: ReportPeriod, step: Step) -> Rows:
    """Count the weekdays with a small count of sessions due, attended or missed."""
    assert scope.attendance is not None
    sessions = scope.attendance.sessions
    person = scope.person[sessions.episode]
    small = rows = 0
    names = ["due", "attended", "absent"]
    for window in _windows(scope, judged, step):
        inside = within(sessions.frame["date"], window)
        days, people = count_by_weekday(sessions, inside, person, step.groups(WEEKDAYS))
        counts = np.column_stack([days[names], people[names]]).astype(np.float64)
        small += int(scope.policy.hides(counts).any(axis=1).sum())
        rows += int(counts.any(axis=1).sum())
    return small, rows


def _of_trend(scope: Scope, judged: ReportPeriod, name: str) -> Callable[[Step], Rows]:
    def rows(step: Step) -> Rows:
        assert scope.period is not None
        every: Every = "year" if step.every == "year" else "quarter"
        if "month" in (step.every, scope.period.every):
            every = "month"
        return _trend_rows(scope, trend_in(scope, name, every), judged)

    return rows


def _trend_rows(scope: Scope, trend: Trend, judged: ReportPeriod) -> Rows:
    """Count the periods within the year judged that hold a small count, or one of few people."""
    table = trend.table
    year = (table["start"] >= judged.first) & (table["start"] <= judged.last)
    counts = table.loc[year, ["numerator", "denominator"]].to_numpy(dtype=np.float64)
    counts = np.column_stack([counts, counts[:, 1] - counts[:, 0]])
    if trend.people is not None:
        counts = np.column_stack([counts, trend.people[year.to_numpy()]])
    small = scope.policy.hides(counts).any(axis=1)
    return int(small.sum()), len(counts)
