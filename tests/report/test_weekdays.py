"""Attendance by weekday in the report: its counts, what they share, and what is hidden of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.merging import FINEST, Ladders, MergePlan, Step
from iop_outcomes.report.linking import tables as links
from iop_outcomes.report.merging import plan_of
from iop_outcomes.report.scope import Scope, choose_scope
from iop_outcomes.report.sections import cohort
from iop_outcomes.report.sections.assemble import attendance_section
from iop_outcomes.report.sections.attendance.weekdays import (
    ALL,
    COUNTS,
    FAMILY,
    NO_WEEKDAYS,
    weekdays_shown,
    weekdays_table,
)
from iop_outcomes.report.trends import Trends

QUARTER, PEOPLE = "2026Q1", 40
WEEKEND = Step("quarter", (("Saturday and Sunday", ("Saturday", "Sunday")),))


def rows() -> list[tuple[int, str, str]]:
    """Return sessions of 40 people: Mondays, Wednesdays; Saturdays of a few, one Sunday."""
    found = []
    for week in pd.date_range("2026-01-05", "2026-03-23", freq="7D"):
        for person in range(PEOPLE):
            came = "attended" if (person + week.day) % 3 else "no_show"
            found.append((person, str(week.date()), came))
            wednesday = str((week + pd.Timedelta(days=2)).date())
            found.append((person, wednesday, "late" if person % 4 else "client_cancel"))
            if person < 13 and week.day == 12:  # 13 due, of whom 9 came and 4 did not
                saturday = str((week + pd.Timedelta(days=5)).date())
                found.append((person, saturday, "attended" if person < 9 else "no_show"))
    found += [(0, "2026-02-01", "attended"), (1, "2026-02-03", "unrecorded")]
    found += [(2, "2026-02-05", "program_cancel")]  # a Thursday on which nothing was due
    return found


@pytest.fixture(scope="module")
def records() -> iop.Records:
    people = [f"p{number}" for number in range(PEOPLE)]
    episodes = pd.DataFrame({"episode_id": people, "person_id": people, "program": "Harbor"})
    episodes["admit_date"] = "2026-01-02"
    sessions = pd.DataFrame(rows(), columns=["episode_id", "date", "status"])
    sessions["episode_id"] = [people[number] for number in sessions["episode_id"]]
    sessions["service"] = "group"
    return iop.read_records(episodes=episodes, attendance=sessions, as_of="2026-03-31")


@pytest.fixture(scope="module")
def scope(records: iop.Records) -> Scope:
    return choose_scope(records, QUARTER, None, None)


def declared(scope: Scope, step: Step = FINEST) -> tuple[LinkedCounts, Any]:
    linked = LinkedCounts(scope.policy)
    return linked, weekdays_table(scope, linked, step)


def test_the_rows_are_the_sessions_of_each_weekday_and_empty_ones_are_not_there(
    scope: Scope,
) -> None:
    _, draft = declared(scope)
    frame = draft.table.frame.set_index("weekday")
    sessions = pd.DataFrame(rows(), columns=["person", "date", "status"])
    day = pd.to_datetime(sessions["date"]).dt.day_name()
    due = sessions["status"].isin(["attended", "late", "no_show", "client_cancel"])
    came = sessions["status"].isin(["attended", "late"])
    assert list(frame.index) == ["Monday", "Tuesday", "Wednesday", "Saturday", "Sunday", ALL]
    for name in frame.index[:-1]:
        here = (day == name).to_numpy()
        assert frame.loc[name, "due"] == (due & here).sum()
        assert frame.loc[name, "attended"] == (came & here).sum()
    assert frame.loc[ALL, "due"] == due.sum() == frame["due"][:-1].sum()
    assert frame.loc[ALL, "unrecorded"] == frame.loc["Tuesday", "unrecorded"] == 1
    assert frame.loc["Monday", "share"] == pytest.approx(
        frame.loc["Monday", "attended"] / frame.loc["Monday", "due"], abs=0.0005
    )
    assert frame.loc["Monday", "lower"] < frame.loc["Monday", "share"]
    assert np.isnan(frame.loc["Tuesday", "share"])  # nothing was due


def test_people_are_behind_the_counts_and_those_who_did_not_come_are_a_count(scope: Scope) -> None:
    linked, _ = declared(scope)
    hidden = linked.hidden()
    saturday = {count: (FAMILY, "Saturday", count) for count in COUNTS}
    assert linked.value(("rest", saturday["due"], saturday["attended"])) == 4
    assert saturday["attended"] in hidden  # 9, and 13 less 9 are 4
    assert (FAMILY, "Sunday", "due") in hidden
    assert (FAMILY, "Monday", "due") not in hidden or (FAMILY, "Wednesday", "due") not in hidden
    for key in [(FAMILY, "Sunday", "due"), ("rest", saturday["due"], saturday["attended"])]:
        assert linked.fits(key, linked.value(key), hidden)
        assert linked.fits(key, 11, hidden)


def test_saturday_and_sunday_are_merged_before_they_are_hidden(scope: Scope) -> None:
    linked, draft = declared(scope, WEEKEND)
    frame = draft.table.frame.set_index("weekday")
    assert frame.loc["Saturday and Sunday", "due"] == 14
    assert linked.value((FAMILY, "Sunday", "due")) == 1
    plan = plan_of(scope)
    assert plan.step(FAMILY).together == WEEKEND.together
    assert "Saturday and Sunday together" in plan.text


def test_unrecorded_sessions_have_no_column_if_none_of_their_numbers_is_shown(scope: Scope) -> None:
    linked, draft = declared(scope)
    shown = weekdays_shown(draft, linked.hidden())
    assert "unrecorded" not in shown.frame
    assert "there may be none, or their numbers are small" in shown.note
    assert "unrecorded" in weekdays_shown(draft, frozenset()).frame


@pytest.mark.parametrize("period", [QUARTER, None])
def test_all_weekdays_together_are_the_sessions_of_the_other_table(
    records: iop.Records, period: str | None
) -> None:
    scope = choose_scope(records, period, None, None)
    linked, _ = declared(scope)
    cohort.sessions_table(scope, linked)
    before = len(linked.facts.rows)
    links.link_weekdays(scope, linked, Trends(), MergePlan())
    assert len(linked.facts.rows) > before
    statuses = [("sessions", word) for word in ("attended", "late", "no_show", "client_cancel")]
    total = sum(linked.value(key) for key in statuses)
    assert linked.value((FAMILY, ALL, "due")) == total
    gone = (linked.hidden() | {(FAMILY, ALL, "due")}) - set(statuses)
    assert not linked.fits((FAMILY, ALL, "due"), total + 1, gone)


def test_a_table_of_a_longer_time_holds_the_shorter_one(records: iop.Records) -> None:
    scope = choose_scope(records, QUARTER, None, None)
    linked, _ = declared(scope)
    cohort.sessions_table(scope, linked, Step("half_year"))
    plan = MergePlan({"sessions": Step("half_year")})
    links.link_weekdays(scope, linked, Trends(), plan)
    parts = [("sessions", word) for word in ("attended", "late")]
    assert ("rest", ("sum", *parts), (FAMILY, ALL, "attended")) in linked


def test_study_days_have_no_weekday(records: iop.Records) -> None:
    days = pd.DataFrame(rows(), columns=["person", "date", "status"])
    start = pd.Timestamp("2026-01-02")
    sessions = pd.DataFrame(
        {
            "episode_id": [f"p{number}" for number in days["person"]],
            "day": (pd.to_datetime(days["date"]) - start).dt.days,
            "status": days["status"],
            "service": "group",
        }
    )
    people = [f"p{number}" for number in range(PEOPLE)]
    episodes = pd.DataFrame({"episode_id": people, "admit_day": 0})
    study = iop.read_records(episodes=episodes, attendance=sessions)
    scope = choose_scope(study, None, None, None)
    _, draft = declared(scope)
    assert draft is None
    counted: Any = type("Counted", (), {"drafts": {}, "weeks": None})()
    assert NO_WEEKDAYS in attendance_section(scope, counted).sentences


def test_the_ladder_is_set_by_name() -> None:
    given = {"weekdays": [{"every": "year", "together": {"weekend": ["Saturday"]}}]}
    assert Ladders.of(given).weekdays == (Step("year", (("weekend", ("Saturday",)),)),)
