"""Whose answer to a rule is not known, and who had no session: the attacker asks for both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import pytest

from validation.attack_reading import Read
from validation.attack_relations import build
from validation.attack_solving import solve

HIDDEN = "hidden"
LEFT, VA = "Left: 30 days without contact", "Continuity of care (VA)"
STARTED = "Started and engaged (Washington Circle)"
HEAD = "Programs Center Time 2026Q3 (2026-07-01 to 2026-09-30) Data cut 2026-09-30 Made"
TWICE = "without a session, or twice"


def read(admitted: Sequence[object], rule: str, of: object) -> Read:
    """Return a report of who was admitted in some quarters, and of how many a rule is known."""
    quarters = [str(one) for one in pd.period_range(end="2026Q3", periods=len(admitted), freq="Q")]
    trend = pd.DataFrame({"period": quarters, "numerator": admitted, "status": "known"})
    row = {"rule": rule, "met": HIDDEN, "of": of, "share": HIDDEN}
    tables = {"trend_admissions": trend, "continuity": pd.DataFrame([row])}
    captions = ("Admissions", "Who met which rule: admissions from 2024-10-01 to 2026-09-30")
    return Read(tables, {}, HEAD, captions)


@pytest.mark.parametrize(
    ("rule", "admitted", "of", "told"),
    [
        (LEFT, [50, 50, 30], 42, True),  # 8 of 50: not all of the second quarter had 119 days
        (LEFT, [50, 50, 30], 38, False),  # 12
        (LEFT, [HIDDEN, 50, 30], 42, False),
        (LEFT, [50, HIDDEN, HIDDEN], 42, True),
        (VA, [50, 50, 30], 92, True),
        (VA, [50, 50, 30], 88, False),
        (STARTED, [50, HIDDEN, 30], 92, False),
    ],
)
def test_those_whose_answer_is_not_known_are_told(
    rule: str, admitted: list[object], of: int, told: bool
) -> None:
    one = read(admitted, rule, of)
    assert (("answer not known", rule) in solve(build(one)).small) is told
    assert ("answer not known", rule) not in build(replace(one, captions=())).targets


@pytest.mark.parametrize(
    ("stayed", "met", "told"),
    [
        ([25, 25, 20], 43, True),  # 7 of 50: those of the newest quarter are not counted
        ([25, 25, 20], 50, False),
        ([25, 25, 20], 35, False),
        ([25, HIDDEN, 20], 43, False),
        ([25, 25, 20], HIDDEN, False),
    ],
)
def test_those_who_stayed_without_continuity_are_told(
    stayed: list[object], met: object, told: bool
) -> None:
    one = read([50, 50, 30], VA, HIDDEN)
    trend = one.tables["trend_admissions"].assign(numerator=stayed, denominator=[50, 50, 30])
    rules = one.tables["continuity"].assign(met=met)
    tables = {**one.tables, "trend_retained_60": trend, "continuity": rules}
    captions = (*one.captions, "Retained at 60 days")
    found = solve(build(replace(one, tables=tables, captions=captions)))
    assert (("there after 60 days without", VA) in found.small) is told


@pytest.mark.parametrize(
    ("before", "people", "time", "told"),
    [
        (30, 57, "2026Q3", True),  # 60 less 57
        (30, 60, "2026Q3", False),
        (30, 49, "2026Q3", False),
        (HIDDEN, 57, "2026Q3", False),
        (30, HIDDEN, "2026Q3", False),
        (30, 57, "2026Q2 to 2026Q3", False),  # sessions of a longer time
    ],
)
def test_those_without_a_session_are_told(
    before: object, people: object, time: str, told: bool
) -> None:
    one = read([50, 50, 30], LEFT, HIDDEN)
    who = ["in the program on 2026-06-30", "admitted", "left", "in the program on 2026-09-30"]
    census = pd.DataFrame({"who": who, "episodes": [before, 30, HIDDEN, HIDDEN]})
    row = {"session": "all", "due": "", "sessions": HIDDEN, "share": HIDDEN, "people": people}
    some = row | {"session": "attended", "due": "yes", "people": HIDDEN}
    tables = one.tables | {"census": census, "sessions": pd.DataFrame([some, row])}
    captions = ("Admissions", "", "", f"Treatment sessions in {time}")
    found = solve(build(replace(one, tables=tables, captions=captions)))
    assert (TWICE in found.small) is told
