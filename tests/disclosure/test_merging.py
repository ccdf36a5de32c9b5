"""Longer periods and wider groups: which step of a ladder a table takes, and what it counts."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure.merging import FINEST, Ladders, MergePlan, Step, choose_step
from iop_outcomes.disclosure.system import attack
from iop_outcomes.errors import RuleError
from iop_outcomes.report.counting import Counted, count_all
from iop_outcomes.report.merging import plan_of
from iop_outcomes.report.scope import choose_scope
from tests.helpers.of_the_sample import nothing_hidden, without_check_ins
from validation.shown_share import one_program


def test_the_first_step_with_few_small_rows_is_taken_else_the_last() -> None:
    steps = [Step("quarter"), Step("half_year"), Step("year")]
    small = {"quarter": (2, 9), "half_year": (1, 5), "year": (0, 5)}
    assert choose_step(steps, lambda step: small[step.every]).every == "half_year"
    assert choose_step(steps, lambda _: (1, 4)).every == "year"
    assert choose_step(steps, lambda _: (0, 0)) == steps[0]


def test_a_group_does_not_tell_which_of_its_words_are_there() -> None:
    step = Step("year", (("ended early", ("dropped_out", "terminated")),))
    both = {"completed": ("completed",), "ended early": ("dropped_out", "terminated")}
    assert step.groups(["completed", "dropped_out", "terminated"]) == both
    assert step.groups(["completed", "terminated"]) == both
    assert step.groups(["completed"]) == {"completed": ("completed",)}


def test_faulty_ladders_are_refused() -> None:
    with pytest.raises(RuleError, match="two groups"):
        Step("year", (("a", ("died",)), ("b", ("died", "other"))))
    with pytest.raises(RuleError, match="no ladder of this name"):
        Ladders.of({"reasons": []})
    with pytest.raises(RuleError, match="no step"):
        Ladders.of({"discharges": []})
    with pytest.raises(RuleError, match="length of a period"):
        Ladders.of({"discharges": [{"every": "fortnight"}]})
    with pytest.raises(RuleError, match="what is taken together"):
        Ladders.of({"discharges": [{"merge": {}}]})
    with pytest.raises(RuleError, match="half-year"):
        Ladders.of({"cohort_trends": [{"every": "half_year"}]})


def test_a_plan_comes_back_from_its_file() -> None:
    step = Step("year", (("other ends", ("died", "other")),))
    plan = MergePlan({"discharges": step}, "2025-01-01 to 2025-12-31", ("discharges",))
    again = MergePlan.from_json(json.loads(json.dumps(plan.as_json())))
    assert again == plan
    assert "died and other as other ends" in again.text
    assert MergePlan().text == ""
    assert MergePlan().step("discharges") == FINEST


@pytest.fixture(scope="module")
def small() -> iop.Records:
    """Return one program with some 80 admissions a year; without check-ins, which take long."""
    return without_check_ins(one_program(2, 80, "2026Q2"))


@pytest.fixture(scope="module")
def counted(small: iop.Records) -> Counted:
    """Return what is counted of it with the ladders as they are."""
    scope = choose_scope(small, "2026Q2", None, None)
    return count_all(scope, scope)


def test_the_plan_is_judged_on_the_year_before_and_is_that_of_the_whole_year(
    small: iop.Records,
) -> None:
    plans = [plan_of(choose_scope(small, quarter, None, None)) for quarter in ("2026Q1", "2026Q2")]
    assert plans[0] == plans[1]
    assert plans[0].judged_on == "2025-01-01 to 2025-12-31"
    assert plans[0].trend_every("retained_60") == "year"
    free = choose_scope(small, "2026Q2", None, iop.SafePolicy.unprotected())
    assert plan_of(free) == MergePlan()


def test_merged_tables_count_the_people_of_their_quarters(
    small: iop.Records, counted: Counted
) -> None:
    step = counted.plan.step("discharges")
    assert step.quarters > 1
    frame = counted.drafts["discharges"].table.frame.set_index("reason")["discharges"]
    start = pd.Period("2026Q2", "Q") - (step.quarters - 1)
    left = small.episodes[
        small.episodes["discharge_date"].between(start.start_time, pd.Timestamp("2026-06-30"))
    ]
    assert frame["all"] == len(left)
    assert frame.drop("all").sum() == len(left)
    retained = counted.trends.by_year["retained_60"].table
    assert "retained_60" not in counted.trends.by_period  # no quarter of it is printed
    admitted = small.episodes["admit_date"].dt.year
    year = retained[retained["period"] == "2025"].iloc[0]
    assert year["denominator"] == (admitted == 2025).sum()


def test_small_programs_stand_together_where_they_are_enough(small: iop.Records) -> None:
    place = np.arange(len(small.episodes))  # every other episode is of a program that is enough
    names = np.where(place % 2, np.array(list("ABCDEF"))[place // 2 % 6], "Main")
    split = replace(small, episodes=small.episodes.assign(program=pd.Categorical(names)))
    scope = choose_scope(split, "2026Q2", None, None)
    assert scope.pooled == ("A", "B", "C", "D", "E", "F")
    assert scope.too_few == ()
    assert "other programs" in scope.programs
    assert len(scope.records.episodes) == len(small.episodes)
    cells = count_all(scope, scope).cells
    assert attack(cells).empty
    few = small.episodes.assign(program=pd.Categorical(np.where(names == "F", "F", "Main")))
    alone = choose_scope(replace(small, episodes=few), "2026Q2", None, None)
    assert (alone.too_few, alone.pooled) == (("F",), ())


def test_a_ladder_of_ones_own_is_kept_to(small: iop.Records) -> None:
    own = Ladders.of(
        {"discharges": [{"every": "year", "together": {"moved on": ["completed", "transferred"]}}]}
    )
    scope = choose_scope(small, "2026Q2", None, None)
    with nothing_hidden():
        frame = count_all(scope, scope, own).drafts["discharges"].table.frame
    assert "moved on" in frame["reason"].tolist()
    assert "completed" not in frame["reason"].tolist()


def test_merging_shows_more_of_a_small_program(small: iop.Records, counted: Counted) -> None:
    scope = choose_scope(small, "2026Q2", None, None)
    finest = Ladders(
        admissions=(FINEST,),
        discharges=(FINEST,),
        sessions=(FINEST,),
        session_trends=(Step("month"),),
        cohort_trends=(FINEST,),
    )
    assert len(counted.hidden) < 0.7 * len(count_all(scope, scope, finest).hidden)
