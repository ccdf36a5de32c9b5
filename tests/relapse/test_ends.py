"""How an episode ends where a discharge, a missed check-in and the last one due meet."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

import iop_outcomes as iop
from iop_outcomes.relapse.definitions.steps import FillFromNeighbours
from iop_outcomes.relapse.ends import ENDS, Discharges, ends_after
from iop_outcomes.relapse.first_event import NEVER, FirstEvent
from iop_outcomes.relapse.times import left_out


def ended(
    reason: str, left: float, due: int, days: int, cut_on: int, **rule: Any
) -> tuple[str, int]:
    """Return the end and its day of one episode without a relapse, in contact to the end."""

    def one(value: float, kind: Any = np.int32) -> Any:
        return np.array([value], dtype=kind)

    first = FirstEvent(one(days), one(days), one(False, bool), one(0), one(0), one(cut_on))
    discharges = Discharges(one(ENDS.index(reason), np.intp), one(left, float), one(due))
    ends = ends_after(discharges, iop.RelapseRule(**rule), first, one(False, bool))
    return ENDS[int(ends.ended_by[0])], int(ends.ended_on[0])


def test_a_competing_discharge_on_the_day_of_the_last_missed_check_in_is_the_end() -> None:
    dropped = {"competing": ("died", "dropped_out")}
    assert ended("dropped_out", 27, 27, 20, 27, **dropped) == ("dropped_out", 27)
    assert ended("dropped_out", 28, 27, 20, 27, **dropped) == ("missed_check_in", 20)


def test_a_death_ends_the_follow_up_also_before_the_last_check_in_that_was_due() -> None:
    assert ended("died", 10, 30, 12, NEVER) == ("died", 12)
    assert ended("completed", 10, 30, 12, NEVER) == ("end_of_follow_up", 12)


def test_what_is_known_ends_with_a_missed_check_in_though_the_discharge_came_later() -> None:
    assert ended("completed", 27, 27, 20, 24) == ("missed_check_in", 20)
    assert ended("completed", 27, 27, 20, NEVER) == ("completed", 27)


def test_those_without_a_discharge_and_those_who_died_are_counted_apart() -> None:
    episodes = pd.DataFrame(
        {
            "episode_id": ["a", "b", "c", "d", "e"],
            "admit_date": "2026-01-05",
            "discharge_date": ["2026-02-02", "2026-02-02", None, None, "2026-02-02"],
            "discharge_reason": ["died", "completed", None, None, "completed"],
        }
    )
    checkins = pd.DataFrame({"episode_id": ["a"], "date": ["2026-01-12"], "status": ["missed"]})
    records = iop.read_records(episodes=episodes, checkins=checkins, as_of="2026-03-01")
    rule = iop.RelapseRule(origin="discharge")
    text, counts = left_out(records, rule, np.array([False, True, False, False, True]))
    assert counts == {"not_started": 3, "died_in_treatment": 1}
    assert text.startswith(" 2 episodes with ")
    assert "1 episode that ended in death left out" in text


def test_steps_with_the_same_settings_are_equal_so_that_their_work_is_shared() -> None:
    assert FillFromNeighbours() == FillFromNeighbours()
    assert len({FillFromNeighbours(), FillFromNeighbours()}) == 1
