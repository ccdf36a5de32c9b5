"""The rule of attendance: what is due, what is attended, and the bounds by unrecorded sessions."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import RuleError
from iop_outcomes.records.schema import ATTENDANCE_STATUSES


def records(rows: list[tuple[str, int, str]]) -> iop.Records:
    """One episode with a session a day: status, minutes attended, modality."""
    attendance = pd.DataFrame(rows, columns=["status", "minutes_attended", "modality"])
    attendance = attendance.assign(
        episode_id="A",
        day=range(1, len(rows) + 1),
        service="group",
        minutes_scheduled=180,
        group_id=[f"g{row}" for row in range(len(rows))],
    )
    episodes = pd.DataFrame({"episode_id": ["A"], "admit_day": [0], "discharge_day": [27]})
    return iop.read_records(episodes=episodes, attendance=attendance, as_of=100)


ROWS = [
    ("attended", 180, "in_person"),
    ("attended", 180, "telehealth"),
    ("attended_partial", 60, "in_person"),
    ("late", 120, "in_person"),
    ("no_show", 0, ""),
    ("late_cancel", 0, ""),
    ("client_cancel", 0, ""),
    ("excused", 0, ""),
    ("program_cancel", 0, ""),
    ("not_scheduled", 0, ""),
    ("unrecorded", 0, ""),
    ("unrecorded", 0, ""),
]

# options -> attended, due, hours of the attended
ANSWERS: list[tuple[dict[str, Any], int, int, float]] = [
    ({}, 4, 8, 9.0),
    ({"excused": "not_due"}, 4, 7, 9.0),
    ({"client_cancel": "not_due"}, 4, 7, 9.0),
    ({"partial": "missed"}, 3, 8, 8.0),
    ({"late": "missed"}, 3, 8, 7.0),
    ({"telehealth": "missed"}, 3, 8, 6.0),
    ({"partial": "missed", "late": "missed", "telehealth": "missed"}, 1, 8, 3.0),
]


@pytest.mark.parametrize(("options", "attended", "due", "hours"), ANSWERS)
def test_each_word_of_the_rule(
    options: dict[str, Any], attended: int, due: int, hours: float
) -> None:
    rule = iop.AttendanceRule(**options)
    row = iop.engagement(records(ROWS), rule=rule).iloc[0]
    assert (row["sessions_attended"], row["sessions_due"]) == (attended, due)
    assert row["attendance_rate"] == attended / due
    assert row["hours_attended"] == hours
    assert row["sessions_unrecorded"] == 2
    assert row["attendance_rate_lowest"] == attended / (due + 2)
    assert row["attendance_rate_highest"] == (attended + 2) / (due + 2)
    assert row["last_contact_day"] == 4  # whatever counts as attended, a contact is one
    weekly = iop.attendance_by_week(records(ROWS), weeks=2, rule=rule)
    assert weekly.table[["attended", "due"]].sum().tolist() == [attended, due]
    assert weekly.rule.startswith(rule.text)
    assert weekly.people is not None
    assert weekly.people["attended"].tolist() == [int(attended > 0), 0]


@pytest.mark.parametrize("options", [options for options, *_ in ANSWERS])
def test_every_status_is_due_not_due_or_unrecorded(options: dict[str, Any]) -> None:
    rule = iop.AttendanceRule(**options)
    assert sorted([*rule.due, *rule.not_due, "unrecorded"]) == sorted(ATTENDANCE_STATUSES)
    assert set(rule.attended) <= set(rule.due)


def test_each_word_is_said() -> None:
    texts = {iop.AttendanceRule(**options).text for options, *_ in ANSWERS}
    assert len(texts) == len(ANSWERS)
    both = iop.AttendanceRule(partial="missed", late="missed").text
    assert "Attended counts attended; due are those, and partly attended and late ones" in both
    assert "telehealth count as missed" in iop.AttendanceRule(telehealth="missed").text


@pytest.mark.parametrize(
    "options",
    [
        {"services": ["yoga"]},
        {"services": []},
        {"excused": "sometimes"},
        {"client_cancel": None},
        {"partial": "half"},
        {"late": True},
        {"telehealth": "due"},
    ],
)
def test_words_that_are_not_known_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(RuleError):
        iop.AttendanceRule(**options)


def test_one_service_may_be_given_by_itself() -> None:
    assert iop.AttendanceRule("group").services == ("group",)  # type: ignore[arg-type]


def test_without_unrecorded_sessions_the_bounds_are_the_rate() -> None:
    table = iop.engagement(records(ROWS[:-2]))
    assert table["attendance_rate_lowest"].equals(table["attendance_rate"])
    assert table["attendance_rate_highest"].equals(table["attendance_rate"])


def overlapping(**options: Any) -> pd.Series[Any]:
    """A group of two hours, of which an individual session covers the last."""
    rows = pd.DataFrame(
        {
            "episode_id": "A",
            "day": 3,
            "service": ["group", "individual"],
            "status": ["attended_partial", "attended"],
            "minutes_scheduled": [120, 60],
            "minutes_attended": [120, 60],
            "start_time": ["10:00", "11:00"],
        }
    )
    episodes = pd.DataFrame({"episode_id": ["A"], "admit_day": [0]})
    records = iop.read_records(episodes=episodes, attendance=rows, as_of=50)
    return iop.engagement(records, rule=iop.AttendanceRule(**options)).iloc[0]


def test_minutes_are_counted_once_among_the_sessions_that_count() -> None:
    assert overlapping()["hours_attended"] == 2
    assert overlapping(services=("individual",))["hours_attended"] == 1
    assert overlapping(services=("group",))["hours_attended"] == 2
    assert overlapping(partial="missed")["hours_attended"] == 1
