"""Who is still in the program follows from the admissions and the discharges: the attacker asks."""

from __future__ import annotations

import pandas as pd
import pytest

from validation.attack_left import left
from validation.attack_reading import Read
from validation.attack_relations import build
from validation.attack_solving import Puzzle, solve

HIDDEN = "hidden"


def read(admitted: list[int], discharged: object) -> Read:
    """Return a report of which the number in the program at its end is hidden."""
    quarters = [str(one) for one in pd.period_range(end="2026Q3", periods=len(admitted), freq="Q")]
    census = ["in the program on 2026-06-30", "admitted", "left", "in the program on 2026-09-30"]
    trend = pd.DataFrame({"period": quarters, "numerator": admitted})
    tables = {
        "trend_admissions": trend,
        "census": pd.DataFrame({"who": census, "episodes": [HIDDEN, admitted[-1], HIDDEN, HIDDEN]}),
        "discharges": pd.DataFrame(
            {"reason": ["all"], "discharges": [discharged], "share": [1], "median_stay_days": [40]}
        ),
    }
    captions = ("Discharges in 2025Q4 to 2026Q3, by reason", "Admissions in 2026Q3")
    return Read(tables, {}, "", captions)


@pytest.mark.parametrize(
    ("admitted", "discharged", "follows"),
    [
        ([24, 20], 36, True),  # 8
        ([24, 20], 30, False),  # 14
        ([24, 20], HIDDEN, False),
        ([24, 20, *[0] * 4, 1, 1], 36, True),  # a trend would have up to twelve quarters
        ([24, 20, *[0] * 8, 1, 1], 36, False),  # there may be others of before
    ],
)
def test_those_there_follow_where_the_records_begin_within_the_trend(
    admitted: list[int], discharged: object, follows: bool
) -> None:
    found = solve(build(read(admitted, discharged)))
    assert (("census", 3) in found.small) is follows


def test_those_who_did_not_answer_twice_follow_from_the_others() -> None:
    scores = pd.DataFrame({"scale": ["PHQ-9"], "discharged": [40], "answered_twice": [33]})
    puzzle = Puzzle()
    left(puzzle, Read({"symptoms": scores}, {}, ""), [])
    assert solve(puzzle).small
