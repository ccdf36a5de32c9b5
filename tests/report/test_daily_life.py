"""Work, housing and more: two shares without an interval where who changed would be a few."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure.scores import Shown
from iop_outcomes.disclosure.system import PrintedCells, attack
from iop_outcomes.outcome_scores.functioning.estimate import functioning_without_gain
from iop_outcomes.report.counting import Counted, count_all
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections.outcomes import NO_INTERVAL, TOO_FEW_TWICE
from iop_outcomes.report.sections.scores.daily_life import KINDS, domains_of
from tests.report.test_true_reasons import CUT, check_ins
from tests.report.test_true_reasons import people as some_people
from validation.attack_left import left
from validation.attack_reading import Read
from validation.attack_solving import Puzzle, solve

ROW = ("functioning", "stable_housing")


def records(both: int, before: int, after: int, neither: int) -> iop.Records:
    """Return people of whom so many were in stable housing at both times, and so on; 20 stayed."""
    paired = both + before + after + neither
    frame = some_people(paired + 20)
    frame.loc[paired:, ["discharge_date", "discharge_reason"]] = None
    rows = check_ins(frame)
    number = rows["episode_id"].str[1:].astype(int)
    at_start = rows["date"] == "2026-04-08"
    kind = np.searchsorted(np.cumsum([both, before, after, neither]), number, side="right")
    has = (kind == 0) | (at_start & (kind == 1)) | (~at_start & (kind == 2))
    rows["stable_housing"] = pd.Series(np.where(has, "yes", "no"), rows.index).where(kind < 4)
    return iop.read_records(episodes=frame, checkins=rows, as_of=CUT)


def count(made: iop.Records, policy: iop.SafePolicy | None = None) -> Counted:
    scope = choose_scope(made, "2026Q3", None, policy)
    return count_all(scope, scope)


def row_of(made: Counted) -> list[Any] | None:
    table = made.drafts.get("functioning")
    return None if table is None else list(made.table("functioning").rows[0])


def test_the_two_shares_stand_without_an_interval() -> None:
    """Of 100 people 4 lost it and 9 began: what is shown fits 60 who lost it, too."""
    made = count(records(56, 4, 9, 31))
    assert row_of(made) == ["stable housing", 100, 0.6, 0.65, 0.05, "hidden", "hidden"]
    note = made.table("functioning").note
    assert NO_INTERVAL in note
    assert "Not in the table" not in note
    assert attack(made.cells).empty
    kinds = [value for key, value in made.cells.counts.items() if key[:3] == (*ROW, "kind")]
    assert kinds == [None] * 4


def test_with_enough_of_each_kind_the_interval_is_there() -> None:
    made = count(records(40, 15, 20, 25))
    row = row_of(made)
    assert row is not None
    assert row[:5] == ["stable housing", 100, 0.55, 0.6, 0.05]
    assert all(isinstance(limit, float) for limit in row[5:])
    assert attack(made.cells).empty


@pytest.mark.parametrize(
    "kinds",
    [
        (7, 4, 43, 46),  # 11 had it at the start: the hidden interval would tell that both are few
        (0, 5, 40, 55),  # a few had it at the start
        (0, 0, 8, 92),  # nobody had it, and a few began
        (90, 6, 2, 2),
    ],
)
def test_what_the_shares_would_tell_is_not_shown(kinds: tuple[int, int, int, int]) -> None:
    made = count(records(*kinds))
    assert row_of(made) is None
    internal = count(records(*kinds), iop.SafePolicy.internal())
    row = row_of(internal)
    assert row is not None
    assert row[1] == sum(kinds)
    assert all(isinstance(limit, float) for limit in row[5:])
    assert NO_INTERVAL not in internal.table("functioning").note


def test_the_reason_is_true_where_it_is_not_the_number_of_answers() -> None:
    made = records(90, 6, 2, 2)
    made.checkins["employed"] = made.checkins["stable_housing"].iloc[::-1].to_numpy()
    frame = made.checkins.assign(employed=np.where(made.checkins.index % 3, "yes", "no"))
    both = iop.read_records(episodes=made.episodes, checkins=frame, as_of=CUT)
    counted = count(both)
    assert counted.table("functioning").note.endswith(f"stable housing ({TOO_FEW_TWICE}).")
    assert "the numbers would tell of a few people" in TOO_FEW_TWICE


def test_nobody_at_the_start_is_shown_as_before_where_enough_began() -> None:
    row = row_of(count(records(0, 0, 30, 60)))
    assert row is not None
    assert row[2] == 0
    assert isinstance(row[5], float)


def read(paired: int, start: float, end: float) -> Read:
    columns = ["domain", "paired", "share_start", "share_end", "difference", "lower", "upper"]
    row = ["stable housing", paired, start, end, end - start, "hidden", "hidden"]
    return Read({"functioning": pd.DataFrame([row], columns=columns)}, {}, "")


@pytest.mark.parametrize(
    ("paired", "start", "end", "follows"),
    [
        (100, 0.6, 0.65, False),
        (100, 0.05, 0.5, True),
        (100, 0.95, 1.0, True),
        (100, 0.6, 0.9, True),
    ],
)
def test_the_second_attacker_looks_at_the_four_kinds(
    paired: int, start: float, end: float, follows: bool
) -> None:
    puzzle = Puzzle()
    left(puzzle, read(paired, start, end), [])
    assert bool(solve(puzzle).small) is follows


@pytest.mark.parametrize(
    ("kind", "kinds", "stands"),
    [
        (None, (56, 4, 9, 31), True),  # an earlier report without the interval, too
        (4, (56, 4, 9, 31), False),  # with it: who changed since may be a few
        (None, (40, 15, 20, 25), True),
        (None, (40, 11, 20, 0), False),
        ("not declared", (56, 4, 9, 31), False),  # by a version that printed the interval only
    ],
)
def test_a_row_is_shown_beside_earlier_reports_as_it_was_in_these(
    kind: Any, kinds: tuple[int, int, int, int], stands: bool
) -> None:
    scope = choose_scope(records(*kinds), "2026Q3", None, None)
    counts: dict[Any, int | None] = {(*ROW, "paired"): 60}
    if kind != "not declared":
        counts[(*ROW, "kind", "both")] = kind
    before = PrintedCells(11, programs=tuple(scope.programs), counts=counts)
    other = replace(before, programs=("another program",))
    for earlier, expected in ((before, stands), (other, True)):
        life = functioning_without_gain(scope.records)
        found = domains_of(scope, life, Shown(scope.policy), [earlier])
        assert [one.name for one in found] == [ROW[1]] * expected
        if earlier is before and stands:
            assert not found[0].has_interval


def test_the_kinds_are_declared_by_quarter_of_admission() -> None:
    made = count(records(56, 4, 9, 31))
    names = [key for key in made.linked.names if isinstance(key, tuple) and "kind" in key]
    by_quarter = [key for key in names if key[:2] != ROW]
    assert {key[-2] for key in by_quarter} == {*KINDS}
    assert all(str(key[-1]).startswith("as of") for key in by_quarter)
