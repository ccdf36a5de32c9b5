"""Curves that are published together: on which days, and that no few people follow from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure import protect_family
from iop_outcomes.disclosure.fixed_days import FixedCounts
from iop_outcomes.disclosure.fixed_days.choice import (
    Days,
    choose_family,
    choose_together,
    together_worth,
)
from iop_outcomes.disclosure.fixed_days.family import Shown, open_family, opens_together
from iop_outcomes.disclosure.fixed_days.printed import sets_of
from iop_outcomes.disclosure.fixed_days.saved import _printed_curve, told_by_curves
from tests.disclosure.test_disclosure_attack import exact, family, tables
from validation.attack_curves import curves
from validation.attack_reading import Read
from validation.attack_solving import Puzzle, solve

CMS = iop.SafePolicy()
WORTH = {30: 1.5, 90: 2.5, 180: 4.0}


def curve(people: int, events: dict[int, int], censored: dict[int, int]) -> FixedCounts:
    """Return a curve with so many events and ends of follow-up through each day, the ends last."""
    days = [0, *events]
    through = {
        "events": np.array([0, *events.values()]),
        "censored": np.array([0, *censored.values()]),
        "entered": np.full(len(days), people),
        "all": np.full(len(days), people),
    }
    survival = [1.0]
    left = people
    for fell, gone in zip(np.diff(through["events"]), np.diff(through["censored"]), strict=True):
        survival.append(survival[-1] * (left - fell) / left)
        left -= fell + gone
    return FixedCounts(np.array(days), through, np.array(survival))


def by_days(people: int, *events: int) -> FixedCounts:
    """Return a curve with so many events through days 30, 90 and 180, without ends of follow-up."""
    through = dict(zip((30, 90, 180), events, strict=True))
    return curve(people, through, dict.fromkeys(through, 0))


def any_days(*_: object) -> bool:
    return True


def test_a_day_is_worth_more_the_more_curves_have_it() -> None:
    # 90 of all three: 2.5 x 3 x (1/2 + 1/2); 180 of two: 4 x 2 x (1/2 + 1/4); 30 of one: 1.5 / 2.
    chosen: list[Days] = [(30, 90), (90, 180), (90, 180)]
    assert together_worth(chosen, WORTH, 3) == pytest.approx(7.5 + 6 + 0.75)
    assert together_worth([*chosen, ()], WORTH, 3) == together_worth(chosen, WORTH, 3)
    assert together_worth([(90, 180)], WORTH, 1) == 6.5  # one alone: what its days are worth
    assert together_worth([(), ()], WORTH, 2) == 0


def test_groups_have_a_day_on_which_all_can_be_compared() -> None:
    # The first can show day 90 only. Of the others day 180 is worth more, and one of the two rules
    # out the other: from day 90 to 180 there are few events. The last can show nothing.
    only_90 = curve(40, {30: 5, 90: 12, 180: 15}, {30: 0, 90: 0, 180: 20})
    nothing = by_days(20, 5, 9, 20)
    groups = [only_90, by_days(80, 8, 20, 25), by_days(70, 9, 18, 23), nothing]
    alone = [group.sets(CMS, WORTH)[:1] for group in groups]
    assert alone == [[(90,)], [(180,)], [(180,)], []]
    # 2.5 x 3 = 7.5; and 4 x 2 x 3/4 + 2.5 / 2 = 7.25.
    assert choose_together(groups, CMS, WORTH, any_days) == [(90,), (90,), (90,), ()]


def test_what_is_given_and_what_is_not_open_is_kept_to() -> None:
    groups = [by_days(60, 12, 24, 36), by_days(80, 12, 25, 37)]
    assert choose_together(groups, CMS, WORTH, any_days) == [(30, 90, 180)] * 2
    given: dict[int, Days] = {0: (90,)}
    assert choose_together(groups, CMS, WORTH, any_days, given) == [(90,), (30, 90, 180)]
    without_90 = choose_together(groups, CMS, WORTH, lambda _, some, __: 90 not in some)
    assert without_90 == [(30, 180)] * 2
    assert choose_together(groups, CMS, WORTH, lambda *_: False) == [(), ()]


def test_the_plain_choice_is_never_worth_more() -> None:
    for seed in range(12):
        random = np.random.default_rng(seed)
        groups = [
            by_days(int(random.integers(40, 120)), *np.sort(random.integers(0, 40, 3)).tolist())
            for _ in range(4)
        ]
        alone = [next(iter(group.sets(CMS, WORTH)), ()) for group in groups]
        together = choose_together(groups, CMS, WORTH, any_days)
        able = sum(map(bool, alone))
        assert together_worth(together, WORTH, able) >= together_worth(alone, WORTH, able)
        for group, days in zip(groups, together, strict=True):
            assert days == () or days in group.sets(CMS, WORTH)


def test_a_whole_keeps_its_days_beside_groups_that_share_one() -> None:
    groups = [by_days(60, 12, 24, 36), by_days(80, 12, 25, 37)]
    whole = by_days(140, 24, 49, 73)
    assert choose_family(whole, groups, CMS, WORTH, any_days) == (
        (30, 90, 180),
        [(30, 90, 180)] * 2,
    )


def test_a_whole_keeps_its_last_day_though_its_groups_could_be_shown_beside_another() -> None:
    # Beside day 180 of the whole A and C would leave the seven of B; beside day 90 they would not.
    a, b, c = (by_days(30, *events) for events in ((0, 12, 12), (0, 7, 7), (0, 12, 12)))
    whole = by_days(90, 0, 31, 31)
    days, groups = choose_family(whole, [a, b, c], CMS, WORTH, any_days)
    assert days == (180,)
    assert sorted(groups) == [(), (), (180,)]


@pytest.mark.parametrize(("base", "is_open"), [(2, False), (20, True)])
def test_few_ends_of_follow_up_of_a_group_are_open_where_the_whole_leaves_them_open(
    base: int, is_open: bool
) -> None:
    one, other = curve(60, {90: 15}, {90: 3}), curve(80, {90: 20}, {90: 0})
    groups = [Shown(one, (90,), 20), Shown(other, (90,), 2)]
    whole = curve(140, {90: 35}, {90: 3})
    assert opens_together(Shown(whole, (90,), base), groups, CMS) == is_open


def test_few_of_two_groups_together_are_asked_too() -> None:
    # Each group alone leaves open that none, or 11, ended. The exact number at risk of the whole
    # says that three did, of one or the other.
    one, other = curve(60, {90: 15}, {90: 2}), curve(80, {90: 20}, {90: 1})
    groups = [Shown(one, (90,), 20), Shown(other, (90,), 20)]
    whole = curve(140, {90: 35}, {90: 3})
    alone = [opens_together(group, [group], CMS) for group in groups]
    assert alone == [True, True]
    assert not opens_together(Shown(whole, (90,), 1), groups, CMS)
    assert opens_together(Shown(whole, (90,), 20), groups, CMS)


def test_those_of_no_shown_group_are_asked_too() -> None:
    # 40 people are in no group that is shown: what the whole has more is theirs.
    one = curve(100, {90: 25}, {90: 0})
    whole = curve(140, {90: 36}, {90: 4})
    assert not opens_together(Shown(whole, (90,), 1), [Shown(one, (90,), 1)], CMS)
    assert opens_together(Shown(whole, (90,), 20), [Shown(one, (90,), 20)], CMS)


def test_what_may_not_stand_together_is_rounded_more_and_then_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, other = curve(60, {90: 15}, {90: 2}), curve(80, {90: 20}, {90: 1})
    groups = [Shown(one, (90,), 5), Shown(other, (), 0)]
    whole = Shown(curve(140, {90: 35}, {90: 3}), (90,), 10)
    tried: list[tuple[int, int]] = []
    stop = [0]

    def none_is_open(shown: Shown, some: list[Shown], _: iop.SafePolicy) -> bool:
        tried.append((shown.base, some[0].base))
        return len(tried) == stop[0]

    monkeypatch.setattr("iop_outcomes.disclosure.fixed_days.family.opens_together", none_is_open)
    steps = [(10, 5), (20, 5), (20, 20), (10, 0), (0, 0)]
    for number, step in enumerate(steps, 1):
        tried.clear()
        stop[0] = number
        shown, some = open_family(whole, groups, CMS)
        assert (shown.base, some[0].base) == step
        assert [group.days for group in some] == [(90,), ()]
    tried.clear()
    stop[0] = 0
    shown, some = open_family(whole, groups, CMS)
    assert tried == steps
    assert shown == whole
    assert [group.days for group in some] == [(), ()]


def test_of_many_groups_sets_of_three_are_asked() -> None:
    assert len(sets_of(4)) == 15
    assert max(map(len, sets_of(8))) == 8
    assert len(sets_of(8)) == 255
    assert len(sets_of(9)) == 9 + 36 + 84 + 1


def document(whole: pd.DataFrame, groups: pd.DataFrame | None) -> dict[str, Any]:
    """Return a saved report that holds a curve of all people and curves by program."""
    shown = {"relapse": whole} | ({} if groups is None else {"relapse_by_program": groups})
    saved = []
    for name, table in shown.items():
        rows = table.astype(object).where(table.notna(), "hidden").to_numpy().tolist()
        columns = [{"name": column, "kind": "text"} for column in table.columns]
        saved.append({"table": {"name": name, "columns": columns, "rows": rows}})
    return {"sections": [{"tables": [], "figures": saved}]}


def second(whole: pd.DataFrame, groups: pd.DataFrame | None) -> set[tuple[Any, ...]]:
    """Return what the second attacker is told of the same curves."""
    shown = {"relapse": whole} | ({} if groups is None else {"relapse_by_program": groups})
    puzzle = Puzzle()
    curves(puzzle, Read(shown, {}, ""))
    return {one for one in solve(puzzle).small if one[0] in ("events", "censored")}


def first(whole: pd.DataFrame, groups: pd.DataFrame | None) -> set[str]:
    """Return the cells that the audit is told."""
    return {cell for cell, *_ in told_by_curves(document(whole, groups), 11)}


def cell(name: tuple[Any, ...]) -> str:
    kind, groups, start, end = name
    of = [groups] if isinstance(groups, str) else groups
    whose = [one.replace("all other", "other") for one in of]
    return ", ".join(["relapse", *whose, f"{kind} between days {start:g} and {end:g}"])


def test_the_audit_is_told_by_curves_with_exact_numbers_at_risk_what_another_attacker_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("validation.attack_curves._base", lambda _: 1)
    monkeypatch.setattr("iop_outcomes.disclosure.fixed_days.saved.base_of", lambda *_: 1)
    told = 0
    for seed in range(4):
        times = family(seed)
        whole, groups = exact(times, None), exact(times, "program")
        found = first(whole, groups)
        assert found == {cell(name) for name in second(whole, groups)}
        told += len(found)
    assert told > 10


def test_the_audit_is_told_nothing_by_curves_that_are_protected_together() -> None:
    for seed in (1, 47, 94):
        times = family(seed)
        whole, groups = protect_family(
            iop.survival_curves(times), iop.survival_curves(times, by="program"), CMS
        )
        assert first(whole.table, groups.table) == set()


def test_the_audit_is_told_how_few_ended_between_two_days() -> None:
    # 23 of 100 are gone. The share is 80.5% at most: 77 of the 100 less those who ended before all
    # events, of whom there are four at most. It is 79.5% at least: 20 events at most, so 3 ended.
    whole = pd.DataFrame({"day": [0, 90], "at_risk": [100, 77], "survival": [1.0, 0.8]})
    how = "curves printed together"
    of_all = "relapse, censored between days 0 and 90"
    assert told_by_curves(document(whole, None), 11) == [(of_all, "as small", 3, 4, how)]
    both = pd.concat([whole.assign(program=name) for name in "AB"])[["program", *whole]]
    twice = whole.assign(at_risk=[200, 154])
    found = told_by_curves(document(twice, both), 11)
    assert [(*one[0].split(", ")[1:-1], *one[1:4]) for one in found] == [
        ("A", "as small", 3, 4),
        ("B", "as small", 3, 4),
        ("A", "B", "as small", 6, 8),
    ]
    wide = whole.assign(at_risk=[60, "hidden"])
    assert told_by_curves(document(wide, None), 11) == []


def test_the_audit_is_told_nothing_by_curves_that_contradict_each_other_or_of_nobody() -> None:
    whole = pd.DataFrame({"day": [0, 90], "at_risk": [60, 59], "survival": [1.0, 0.5]})
    assert told_by_curves(document(whole, None), 11) == []
    hidden = whole.assign(at_risk="hidden")
    assert told_by_curves(document(hidden, None), 11) == []
    assert told_by_curves(document(whole.iloc[:0], None), 11) == []
    assert told_by_curves({"sections": []}, 11) == []


@pytest.mark.parametrize(
    ("count", "others", "least", "most"),
    [
        (11, [25], 11, 12),  # 10 to the nearest 5
        (11, [30], 11, 14),  # 10 to the nearest 10
        (11, [40], 11, 14),  # a reader does not know that it is 20
        (25, [30], 23, 27),
        (20, [40], 11, 29),
        (23, [31], 23, 23),
        ("hidden", [40], 11, 200),
    ],
)
def test_what_a_reader_takes_from_a_number_at_risk(
    count: object, others: list[int], least: int, most: int
) -> None:
    days = [0, 30, 60]
    rows = [
        {"day": day, "at_risk": risk, "survival": 0.5}
        for day, risk in zip(days, [200, *others, count], strict=True)
    ]
    read = _printed_curve(rows, 11)
    assert read is not None
    assert read.left[-1] == (least, most)


@pytest.mark.parametrize("seed", [1, 47, 93, 94, 110, 187])
def test_families_that_told_of_few_no_longer_do(seed: int) -> None:
    times = family(seed)
    whole, groups = protect_family(
        iop.survival_curves(times), iop.survival_curves(times, by="program"), CMS
    )
    puzzle = Puzzle()
    curves(puzzle, tables(whole, groups))
    found = solve(puzzle)
    assert (found.pinned, found.small) == ({}, [])
    assert len(whole.table) > 1
    assert len(groups.table) > 2
