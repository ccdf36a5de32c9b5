"""How episodes ended by day, where it would tell of a few beside counts, programs or reports."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.report.sections.ends import stays

CMS = iop.SafePolicy()


def earlier(quarter: str, *programs: str) -> Any:
    return SimpleNamespace(quarter=quarter, programs=programs)


def scope_of(admitted: list[str], **more: Any) -> Any:
    """Return what is asked of a scope: who was admitted when, all of North, none twice."""
    dates = pd.to_datetime(admitted)
    episodes = pd.DataFrame({"admit_date": dates, "episode_id": range(len(dates))})
    held = {
        "attendance": object(),
        "policy": CMS,
        "programs": ("North",),
        "period": object(),
        "engagement": object(),
    }
    two_years = (dates >= "2024-10-01") & (dates <= "2026-09-30")
    return SimpleNamespace(
        records=SimpleNamespace(episodes=episodes),
        two_years=np.asarray(two_years),
        people=lambda mask: int(mask.sum()),
        **(held | more),
    )


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ([], ""),
        ([earlier("2026Q2", "North")], stays.BESIDE_EARLIER),
        ([earlier("2026Q2", "North", "Harbor")], stays.BESIDE_EARLIER),
        ([earlier("2026Q2", "Harbor")], ""),
        ([earlier("", "North")], stays.BESIDE_EARLIER),
    ],
)
def test_that_of_the_whole_time_is_withheld_beside_an_earlier_report_of_the_same_programs(
    before: list[Any], text: str
) -> None:
    scope = scope_of(["2024-09-01", "2024-11-01", "2026-08-01"])
    assert stays.withheld(scope, before, apart=False) == text


def test_it_is_withheld_apart_and_never_under_a_policy_that_hides_nothing() -> None:
    scope = scope_of(["2026-08-01"])
    assert stays.withheld(scope, [], apart=True) == stays.IN_THAT_OF_ALL
    scope.policy = iop.SafePolicy.internal()
    assert stays.withheld(scope, [earlier("2026Q2", "North")], apart=True) == ""


def test_where_no_session_is_recorded_that_is_the_reason() -> None:
    scope = scope_of(["2026-08-01"], attendance=None)
    assert stays.withheld(scope, [earlier("2026Q2", "North")], apart=True) == ""
    assert stays.not_estimated(scope) == stays.NOT_ESTIMATED + stays.WITHOUT_SERVICES


def told(days: dict[str, list[int]], *, flow: bool, year: bool) -> list[tuple[str, list[int]]]:
    """Return the days on which each kind is printed, of 200 people of whom the rest are there.

    `flow`, `year`: whether how far people came, and the tables of a year, are of the same people.
    """
    ended = [(kind, day) for kind, own in days.items() for day in own]
    size = 200
    frame = pd.DataFrame(ended, columns=["ended_by", "days"])
    rest = pd.DataFrame({"ended_by": "", "days": [400] * (size - len(frame))})
    times = pd.concat([frame.assign(event=True), rest.assign(event=False)], ignore_index=True)
    times = times.assign(episode_id=range(size), person_id=range(size), entry=0)
    everyone = np.ones(size, dtype=np.bool_)
    half = np.arange(size) < size / 2
    scope = scope_of(["2026-01-01"] * size)
    scope.followed_90_days = everyone if flow else half
    scope.year = everyone if year else half
    found = iop.cumulative_incidence(times, causes=sorted(days))
    shown = stays._beside_counts(scope, times, found)
    return [
        (str(cause), [int(day) for day in rows["day"] if day > 0])
        for cause, rows in shown.table.groupby("cause", sort=False, observed=True)
    ]


def test_a_day_on_which_a_few_ended_is_not_printed_beside_those_still_there_on_it() -> None:
    # Three completed on day 60 itself: 200 less those ended by then less those still there.
    days = {"completed": [20] * 12 + [50] * 20 + [60] * 3 + [80] * 12, "dropped_out": [10] * 15}
    days["dropped_out"] += [55] * 15 + [85] * 15
    apart, beside = (dict(told(days, flow=flow, year=False)) for flow in (False, True))
    assert apart == {"completed": [30, 60, 180], "dropped_out": [30, 60, 180]}
    assert beside == {"completed": [30, 180], "dropped_out": [30, 180]}
    many = days | {"completed": [20] * 12 + [50] * 20 + [60] * 11 + [80] * 12}
    assert dict(told(many, flow=True, year=False)) == apart


def test_where_no_day_can_be_printed_nothing_is() -> None:
    # Three of each kind, all on day 30: no kind has a day, and the search for days ends.
    assert told({"completed": [30] * 3, "dropped_out": [30] * 3}, flow=True, year=True) == []


def test_a_few_who_ended_after_the_last_day_do_not_follow_from_all_who_ended_so() -> None:
    # Four completed on day 200: the tables of the year count all 51 who did, and 47 by day 180.
    days = {"completed": [20] * 12 + [50] * 20 + [80] * 15 + [200] * 4, "dropped_out": [10] * 30}
    apart, beside = (dict(told(days, flow=False, year=year)) for year in (False, True))
    assert apart["completed"] == [30, 60, 180]
    assert beside["completed"] == [30, 60, 365]
