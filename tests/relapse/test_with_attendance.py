"""Attendance and relapse by week: each column beside what it comes from."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import MissingTableError, RuleError

WEEKS = 10


@cache
def records() -> iop.Records:
    sample = iop.synthetic_records(people=80, seed=11)
    return iop.read_records(
        episodes=sample.episodes, attendance=sample.attendance, checkins=sample.checkins
    )


@cache
def found() -> pd.DataFrame:
    return iop.attendance_and_relapse(records(), weeks=WEEKS)


def test_sessions_are_those_of_the_episodes_weeks() -> None:
    rows = iop.engagement_by_week(records()).query(f"week <= {WEEKS}")
    sums = rows.groupby("week")[["due", "attended"]].sum()
    assert found()["due"].tolist() == sums["due"].tolist()
    assert found()["attended"].tolist() == sums["attended"].tolist()
    whole = rows[rows["whole"] & rows["hours"].notna()].groupby("week")["hours"]
    assert found()["episode_weeks"].tolist() == whole.size().tolist()
    np.testing.assert_allclose(found()["hours_per_week"], whole.mean())


def test_sessions_after_a_relapse_by_plain_counts() -> None:
    times = iop.time_to_relapse(records())
    when = dict(
        zip(times["episode_id"], np.where(times["event"], times["days"], np.inf), strict=True)
    )
    due = [0] * WEEKS
    frame = records().attendance
    rule = iop.AttendanceRule()
    for episode, day, service, status in zip(
        frame["episode_id"], frame["day"], frame["service"], frame["status"], strict=True
    ):
        week = day // 7
        if service in rule.services and status in rule.due and week < WEEKS:
            due[week] += when.get(episode, np.inf) < 7 * week
    assert found()["due_relapsed"].tolist() == due
    assert sum(due) > 0
    assert (found()["due_relapsed"] <= found()["due"]).all()
    assert (found()["attended_relapsed"] <= found()["due_relapsed"]).all()


def test_both_curves_are_those_of_the_times() -> None:
    last = found()["to_day"].tolist()
    stay = iop.survival_curves(iop.time_in_treatment(records())).at(last)
    assert found()["in_treatment"].tolist() == stay["survival"].tolist()
    assert found()["left_so_far"].tolist() == stay["events_so_far"].tolist()
    of_relapse = iop.cumulative_incidence(iop.time_to_relapse(records())).at(last)
    of_relapse = of_relapse[of_relapse["cause"] == "relapse"]
    assert found()["relapsed"].tolist() == of_relapse["incidence"].tolist()
    assert found()["relapsed_so_far"].tolist() == of_relapse["events_so_far"].tolist()


def test_without_a_relapse_the_share_is_zero() -> None:
    clear = records().checkins.assign(used=False, use_days=0.0, drug_test="negative")
    clear = clear.drop(columns=["day"])
    used = iop.read_records(
        episodes=records().episodes[["episode_id", "admit_date", "discharge_date"]],
        attendance=records().attendance[["episode_id", "date", "service", "status"]],
        checkins=clear[["episode_id", "date", "status", "used"]],
    )
    together = iop.attendance_and_relapse(used, weeks=3)
    assert together["relapsed"].tolist() == [0, 0, 0]
    assert together["due_relapsed"].sum() == 0


def test_what_cannot_be_asked_is_refused() -> None:
    for options in (
        {"weeks": 0},
        {"rule": iop.RelapseRule(origin="discharge")},
        {"rule": "first_use"},
        {"attendance_rule": "due"},
    ):
        with pytest.raises(RuleError):
            iop.attendance_and_relapse(records(), **options)  # type: ignore[arg-type]
    without = iop.read_records(
        episodes=records().episodes[["episode_id", "admit_date"]],
        attendance=records().attendance[["episode_id", "date", "status"]],
    )
    with pytest.raises(MissingTableError):
        iop.attendance_and_relapse(without)
