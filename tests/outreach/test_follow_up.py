"""Whom to reach: each window by hand, and the response of those whose time is over."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import RuleError


def due(days: list[int], as_of: int, *, missed: tuple[int, ...] = (), **options: Any) -> Any:
    episode = {"discharge_day": [40], "discharge_reason": ["completed"]}
    episode |= options.pop("episode", {})
    episodes = pd.DataFrame({"episode_id": ["A"], "admit_day": [0], **episode})
    rows = [(day, "completed") for day in days] + [(day, "missed") for day in missed]
    checkins = pd.DataFrame(rows, columns=["day", "status"]).assign(episode_id="A")
    records = iop.read_records(episodes=episodes, checkins=checkins, as_of=as_of)
    return iop.follow_up_due(records, **options)


def contacts(found: iop.FollowUpDue) -> list[str]:
    return found.table["contact"].tolist()


def test_a_check_in_is_due_after_so_many_days() -> None:
    open_ = {"episode": {"discharge_day": [None], "discharge_reason": [None]}}
    assert contacts(due([10], 16, **open_)) == []
    result = due([10], 18, **open_)
    assert contacts(result) == ["check-in"]
    row = result.table.iloc[0]
    assert (row["due_on"], row["days_late"], row["days_since_answer"]) == (17, 1, 8)
    assert contacts(due([10], 39, every=30, **open_)) == []
    assert contacts(due([10], 41)) == []  # discharged: no check-ins, and no follow-up yet


@pytest.mark.parametrize(
    ("as_of", "answers", "on_list", "response"),
    [
        (55, [], False, (0, 0)),  # its window is days 56 to 84
        (56, [], True, (0, 0)),
        (84, [], True, (0, 0)),
        (85, [], False, (1, 0)),
        (70, [60], False, (0, 0)),  # answered, but its time is not over
        (85, [60], False, (1, 1)),
        (70, [55], True, (0, 0)),  # too early to count
    ],
)
def test_a_follow_up_has_its_window(
    as_of: int, answers: list[int], on_list: bool, response: tuple[int, int]
) -> None:
    result = due([3, *answers], as_of)
    assert ("30-day follow-up" in contacts(result)) == on_list
    row = result.response.set_index("contact").loc["30-day follow-up"]
    assert (row["due"], row["answered"]) == response
    if on_list:
        of = result.table.iloc[0]
        assert (of["due_from"], of["due_on"], of["due_until"]) == (56, 70, 84)
        assert of["days_late"] == as_of - 70


def test_who_died_or_is_no_longer_followed_is_not_asked() -> None:
    died = {"episode": {"discharge_reason": ["died"]}}
    ended = {"episode": {"followed_until_day": [60]}}
    for options in (died, ended):
        result = due([3], 90, **options)
        assert contacts(result) == []
        assert result.response["due"].tolist()[1:] == [0, 0, 0]


def test_since_admission_and_the_response_to_check_ins() -> None:
    result = due([3, 30], 100, missed=(10, 17), since="admission")
    assert contacts(result) == ["90-day follow-up"]
    response = result.response.set_index("contact")[["due", "answered"]]
    assert response.loc["check-in"].tolist() == [4, 2]
    assert response.loc["30-day follow-up"].tolist() == [1, 1]
    assert "30-day follow-up: 0 to reach, 1 of 1 answered so far (100%" in result.text
    assert result.text.startswith("This list names people")


def test_what_cannot_be_asked_is_refused() -> None:
    for options in (
        {"every": 0},
        {"follow_ups": [30, 30]},
        {"follow_ups": "monthly"},
        {"since": "birth"},
        {"window": -1},
    ):
        with pytest.raises(RuleError):
            due([3], 90, **options)
    assert contacts(due([3], 70, follow_ups=())) == []
