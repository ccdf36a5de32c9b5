"""The parts that disclosure control rests on, each by itself and by hand."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csc_array

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.facts import Facts, Share
from iop_outcomes.disclosure.fixed_days import FixedCounts
from iop_outcomes.disclosure.fixed_days.other_ends import _known
from iop_outcomes.disclosure.results import RECENT, link_trend
from iop_outcomes.disclosure.scores import _Families, _flag_rows, _Table
from iop_outcomes.disclosure.solutions import many, room, solving
from iop_outcomes.disclosure.solutions.connected import Printed, known_values
from iop_outcomes.disclosure.solutions.many import SearchOfMany
from iop_outcomes.disclosure.solutions.ranges import (
    System,
    narrow_ranges,
)
from iop_outcomes.disclosure.solutions.room import search_fit
from iop_outcomes.disclosure.solutions.solver import Again, Whole
from iop_outcomes.disclosure.solutions.solving import (
    _search,
    _solve,
    find_fit,
    fit_in,
)

AGAIN: tuple[Again, ...] = ("turned", "as they are")


def test_counts_through_fixed_days() -> None:
    # 20 begin; by day 10 three have gone, and 24 are at risk: 7 came. Then 5 go and 30 are there.
    steps = pd.DataFrame(
        {"day": [0, 10, 20], "at_risk": [20, 24, 30], "events": [0, 3, 1], "censored": [3, 2, 0]}
    ).assign(survival=[1.0, 0.9, 0.8])
    counts = FixedCounts.of(steps, (5, 15, 20, 30))
    assert counts.days.tolist() == [0, 5, 15, 20, 30]  # day 30 is after the end
    assert counts.through["entered"].tolist() == [20, 20, 27, 38, 38]
    assert counts.through["events"].tolist() == [0, 0, 3, 4, 4]
    assert counts.people == 38
    shown = counts.shown((5, 20))
    assert shown.last("entered", 15) == 20
    assert shown.next("entered", 15) == 38
    assert shown.next("entered", 20) is None
    # A curve whose first row is no day 0 gets one, on which all of it have entered.
    later = FixedCounts.of(steps.assign(day=[1, 10, 20]), (5,))
    assert later.through["entered"].tolist() == [20, 20]
    assert later.survival.tolist() == [1, 1]


def test_a_curve_on_which_few_enter_on_day_0_is_not_shown_however_many_enter_later() -> None:
    steps = pd.DataFrame(
        {"day": [0, 10, 20], "at_risk": [5, 85, 60], "events": [0, 20, 15], "censored": [0, 5, 5]}
    ).assign(survival=[1.0, 0.75, 0.6])
    few = FixedCounts.of(steps, (10, 20))
    assert few.through["entered"].tolist() == [5, 85, 85]
    assert few.sets(iop.SafePolicy(), {}) == []
    enough = FixedCounts.of(steps.assign(at_risk=[85, 85, 60]), (10, 20))
    assert enough.sets(iop.SafePolicy(), {})[0] == (10, 20)


@pytest.mark.parametrize(
    ("row", "right", "low", "high", "expected"),
    [
        # a + b = 10 with b from 2 to 4: a from 6 to 8
        ({0: 1, 1: 1}, 10, [0, 2], [math.inf, 4], ([6, 2], [8, 4])),
        # a + b = 100 with b to 30: only the lower end of a is narrowed
        ({0: 1, 1: 1}, 100, [0, 0], [100, 30], ([70, 0], [100, 30])),
        # a - b = 3 with b from 2 to 4: a from 5 to 7
        ({0: 1, 1: -1}, 3, [0, 2], [math.inf, 4], ([5, 2], [7, 4])),
        # The only one without a bound is bounded by the others.
        ({0: 1, 1: -1, 2: 1}, 0, [-math.inf, 1, 0], [math.inf, 5, 2], ([-1, 1, 0], [5, 5, 2])),
        # Two without a ceiling bound each other from above only through their sum.
        ({0: 1, 1: 1}, 10, [0, 0], [math.inf, math.inf], ([0, 0], [10, 10])),
        # Two without a bound on the same side tell nothing of each other.
        ({0: 1, 1: -1}, 0, [0, 0], [math.inf, math.inf], ([0, 0], [math.inf, math.inf])),
    ],
)
def test_a_sum_narrows_each_by_the_others(
    row: dict[int, int],
    right: int,
    low: list[float],
    high: list[float],
    expected: tuple[list[float], list[float]],
) -> None:
    system = System(list(range(len(low))), [0] * len(low), [(row, right)], [], low, high)
    ranges = narrow_ranges(system, low, high)
    assert ranges is not None
    assert (ranges[0].tolist(), ranges[1].tolist()) == expected


def test_a_search_keeps_to_the_printed_shares() -> None:
    # 3 of 20 printed as 15.0 percent: with 20 known, 3 is the only number.
    share = Share.of((0, 1, 2), [3, 20, 17], 3)
    assert (share.low, share.high) == (pytest.approx(0.1495), pytest.approx(0.1505))
    system = System.of([0], [3, 20, 17], [], [share], {})
    costs = np.ones(1)
    assert _search(system, [1.0], [10.0], costs) == [3]
    assert _search(system, [4.0], [10.0], costs) is None
    assert _search(system, [1.0], [2.0], costs) is None
    assert narrow_ranges(system, [1.0], [10.0]) == (3, 3)
    assert narrow_ranges(system, [4.0], [10.0]) is None


def test_a_search_rather_changes_what_costs_little() -> None:
    # 5 of 45 are to be 11: six fewer in one of the others, of which each is also another count.
    sums = [{0: 1, 1: 1, 2: 1, 5: -1}, {1: 1, 3: -1}, {2: 1, 4: -1}]
    system = System.of([0, 1, 2, 3, 4], [5, 20, 20, 20, 20, 45], sums, [], {})
    ranges = (np.zeros(5), np.full(5, np.inf))
    for cheap, expected in ((1, [11, 14, 20, 14, 20]), (2, [11, 20, 14, 20, 14])):
        costs = np.full(5, 20.0)
        costs[cheap] = 1.0
        assert fit_in(system, ranges, 0, (11, math.inf), costs) == expected


def test_numbers_of_the_solver_that_do_not_fit_exactly_are_no_solution(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # 3 of 20 printed as 15 percent, so that 2 and 4 do not fit; the other count makes 10 with it.
    share = Share.of((0, 1, 2), [3, 20, 17], 2)
    counts = [3, 20, 17, 7, 10]
    system = System.of([0, 3], counts, [{0: 1, 3: 1, 4: -1}], [share], {3: 1})
    ranges = (np.zeros(2), np.full(2, 10.0))

    def given(*numbers: float) -> None:
        monkeypatch.setattr(solving, "_solve", lambda *_: np.array(numbers))
        monkeypatch.setattr(room, "whole_near", lambda *_: np.array(numbers))
        monkeypatch.setattr(room, "whole_numbers", lambda *_: Whole(np.array(numbers), False))
        monkeypatch.setattr(many, "whole_near", lambda *_: np.array(numbers))

    search = SearchOfMany(system, ranges, [0], [11])
    for numbers in ((4.0, 6.0), (3.0, 6.0), (10.0, 0.0)):  # the share, the sum, and the bound
        given(*numbers)
        assert search_fit(system) is None
        assert search.next_fit([0]) is None
    given(3.0000001, 7.0)
    assert search_fit(system) == [3, 7]
    assert search.next_fit([0]) == [3, 7]
    given(1.0, 0.0)  # as change of the first; the other follows from the sum: 4 and 6
    assert _search(system, *ranges, np.ones(2)) is None
    given(0.0, 0.0)
    assert _search(system, *ranges, np.ones(2)) == [3, 7]


def test_a_search_for_many_starts_where_the_one_before_ended() -> None:
    # Three of 30: two can be 11 or more at once, whichever are asked for.
    system = System.of([0, 1, 2], [2, 3, 25, 30], [{0: 1, 1: 1, 2: 1, 3: -1}], [], {0: 1, 1: 1})
    search = SearchOfMany(system, (np.array([1.0, 1, 0]), np.full(3, 30.0)), [0, 1, 2], [11] * 3)
    for columns in ([0, 1], [1, 2], [0, 2], [1], [0, 1, 2]):
        fit = search.next_fit(columns)
        assert fit is not None
        assert sum(fit) == 30
        assert min(fit[:2]) >= 1
        assert sum(fit[column] >= 11 for column in columns) == min(len(columns), 2)


def test_a_search_for_many_raises_few_far_rather_than_many_by_half(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Rows of 13, 17 and 15 people by columns of 16, 12 and 17: one cell of each can be 11 or more.
    cells = np.array([[5, 5, 3], [8, 3, 6], [3, 4, 8]])
    place = np.arange(9).reshape(3, 3)
    sums = [
        (dict.fromkeys(line.tolist(), 1), int(cells.ravel()[line].sum()))
        for line in (*place, *place.T)
    ]
    system = System([*range(9)], cells.ravel().tolist(), sums, [], [0.0] * 9, [math.inf] * 9)
    large = []
    for times in (1, many.MOST_TIMES):
        monkeypatch.setattr(many, "MOST_TIMES", times)
        search = SearchOfMany(system, (np.zeros(9), np.full(9, 30.0)), range(9), [11] * 9)
        fit = search.next_fit(range(9))
        assert fit is not None
        assert system.holds(np.array(fit))
        large.append(sum(number >= 11 for number in fit))
    assert large[0] < large[1] == 3  # which of the best fractions is found first is open


def test_where_not_all_can_be_large_as_whole_numbers_others_are() -> None:
    # An even count of at most 11 is 11 as a fraction of two equal parts only; one of 30 can be 11.
    sums = [{0: 1, 1: 1, 2: -1}, {0: 1, 1: -1}, {2: 1, 3: 1, 6: -1}, {4: 1, 5: 1, 7: -1}]
    system = System.of([0, 1, 2, 3, 4, 5], [2, 2, 4, 7, 5, 25, 11, 30], sums, [], {})
    search = SearchOfMany(system, (np.zeros(6), np.full(6, 30.0)), [2, 4], [11, 11])
    fit = search.next_fit([2, 4])
    assert fit is not None
    assert fit[2] < 11 <= fit[4]


def test_where_no_whole_numbers_are_near_what_raises_most_known_ones_are_changed_little(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Pairs of 30 people, by pairs of rows that are not asked: one of each pair can be 11 or more.
    sums = [{2 * row: 1, 2 * row + 1: 1, 40 + row: -1} for row in range(20)]
    counts = [25, 5] * 20 + [30] * 20
    system = System.of([*range(40)], counts, sums, [], {})
    search = SearchOfMany(system, (np.zeros(40), np.full(40, 30.0)), range(1, 20, 2), [11] * 10)
    tried = []

    def refuses_the_first(*given: Any) -> Any:
        tried.append(given)
        return None if len(tried) <= 2 else whole_near(*given)

    whole_near = many.whole_near
    monkeypatch.setattr(many, "whole_near", refuses_the_first)
    fit = search.next_fit(range(1, 20, 2))
    assert fit is not None
    assert len(tried) == 3
    assert system.holds(np.array(fit))
    assert fit[1:20:2] == [11] * 10  # not more than is needed
    assert fit[20:] == [25, 5] * 10  # as they were


def test_a_number_outside_what_was_asked_is_no_solution(monkeypatch: pytest.MonkeyPatch) -> None:
    system = System([0, 1], [3, 7], [({0: 1, 1: 1}, 10)], [], [0.0, 0.0], [math.inf, math.inf])
    monkeypatch.setattr(solving, "_search", lambda *_, **__: [4, 6])
    ranges = (np.zeros(2), np.full(2, 10.0))
    assert fit_in(system, ranges, 0, (4, 5)) == [4, 6]
    assert fit_in(system, ranges, 0, (5, 6)) is None
    assert fit_in(system, ranges, 0, (2, 3)) is None


def test_the_least_share_that_is_printed_is_that_of_all_nearer_to_none() -> None:
    assert Share.of((0, 1, 2), [1, 500, 499], 2).low == 0.0  # 0.2 percent, printed as 1
    assert Share.of((0, 1, 2), [499, 500, 1], 2).high == 1.0
    share = Share.of((0, 1, 2), [10, 500, 490], 2)
    assert (share.low, share.high) == (pytest.approx(0.015), pytest.approx(0.025))


def test_the_two_newest_complete_periods_of_a_trend_are_kept_before_others() -> None:
    records = iop.read_records("data/samples", as_of="2026-09-30")
    trend = iop.trend(records, "admissions", every="quarter")
    linked = LinkedCounts(iop.SafePolicy())
    ranks = {}
    count = linked.count

    def noted(key: object, *values: object, **options: object) -> None:
        ranks[key] = options["rank"]
        count(key, *values, **options)  # type: ignore[arg-type]

    linked.count = noted  # type: ignore[method-assign, assignment]
    link_trend(linked, trend)
    recent = {key[-2] for key, rank in ranks.items() if rank == RECENT}  # type: ignore[index]
    complete = trend.table.loc[trend.table["complete"], "period"].astype(str).tolist()
    assert recent == set(complete[-2:])


def test_two_protected_results_are_compared_as_objects() -> None:
    times = pd.DataFrame({"days": np.arange(1, 61), "event": 1})
    one, two = (iop.protect(iop.survival_curves(times)) for _ in range(2))
    assert one == one
    assert one != two


def test_a_sum_that_another_has_solved_does_not_end_the_search_for_more() -> None:
    # Counts 1 and 7 are not printed. The first two sums both give 1, the third gives 7.
    facts = Facts([9, 4, 5, 10, 6, 8, 6, 2])
    facts.rows += [{0: -1, 1: 1, 2: 1}, {3: -1, 1: 1, 4: 1}, {5: -1, 6: 1, 7: 1}]
    assert known_values(facts, [0, 2, 3, 4, 5, 6]).all()
    # Count 1 follows from count 2, which the other sum gives.
    chain = Facts([5, 2, 3, 7, 4])
    chain.rows += [{0: -1, 1: 1, 2: 1}, {3: -1, 2: 1, 4: 1}]
    assert known_values(chain, [0, 3, 4]).all()
    assert known_values(chain, [0, 3]).tolist() == [True, False, False, True, False]


def test_a_count_may_lie_anywhere_in_the_range_asked_for() -> None:
    # 20 = x + y is printed, and 17 = y + z: so x is 3 or more, and fits a range from 0 to 5.
    facts = Facts([20, 8, 12, 17, 5])
    facts.rows += [{0: -1, 1: 1, 2: 1}, {3: -1, 2: 1, 4: 1}]
    printed = Printed(known_values(facts, [0, 3]), [], {})
    found = find_fit(facts, printed, 1, (0, 5))
    assert found is not None
    assert 3 <= found[1] <= 5
    assert found[1] + found[2] == 20
    assert find_fit(facts, printed, 1, (0, 2)) is None


@pytest.mark.parametrize(
    ("thirds", "rest", "most", "whole"),
    [
        (2, 0, 50, None),  # 3x = 2: nothing is whole
        (0, 1, 50, (7, 2)),  # 3x = 10y + 1: a third at first, and nothing whole within 3 of it
        (0, 1, 6, None),  # the same with x at most 6
        (0, 2, 50, (4, 1)),  # 3x = 10y + 2: near, with y moved too
    ],
)
def test_whole_numbers_are_found_near_fractions_and_far_from_them(
    thirds: int, rest: int, most: int, whole: tuple[int, int] | None
) -> None:
    matrix = csc_array([[3.0, 0.0 if thirds else -10.0]])
    right = np.array([float(thirds or rest)])
    bounds = np.zeros(2), np.array([most, 20.0])
    for again in AGAIN:
        for any_will_do in (False, True):
            given = (np.array([1.0, 0.1]), bounds, (matrix, right, right), again, None, any_will_do)
            numbers = _solve(*given)
            assert (None if numbers is None else tuple(numbers)) == whole


@pytest.mark.parametrize("seed", range(8))
def test_counts_that_can_be_in_a_range_are_those_of_which_one_of_all_tables_says_so(
    seed: int,
) -> None:
    """Asked once more in either way, the answers are those of trying every whole number."""
    rng = np.random.default_rng(seed)
    size = 5
    values = rng.integers(0, 9, size)
    weights = rng.integers(-1, 2, (4, size))
    rows = [
        ({place: int(one) for place, one in enumerate(row) if one}, int(row @ values))
        for row in weights
    ]
    system = System([*range(size)], values.tolist(), rows, [], [0.0] * size, [12.0] * size)
    ranges = (np.zeros(size), np.full(size, 12.0))
    every = np.array(list(product(range(13), repeat=size)))
    fitting = every[(every @ weights.T == weights @ values).all(axis=1)]
    for column, wanted in product(range(size), ((0, 0), (1, 10), (11, math.inf), (3, 4))):
        there = fitting[(fitting[:, column] >= wanted[0]) & (fitting[:, column] <= wanted[1])]
        for again in AGAIN:
            fit = fit_in(system, ranges, column, wanted, again=again)
            assert (fit is not None) == bool(len(there)), (column, wanted)
            assert fit is None or fit in there.tolist()


def test_answers_at_any_time_are_shown_before_those_of_one_day() -> None:
    frame = pd.DataFrame(
        {
            "moment": ["day 0", "at any time"],
            "item": "self-harm",
            "answered": [60.0, 60.0],
            "above": [20.0, 25.0],  # five apart, so that only one of them may be shown
        }
    )
    table = _Table.of(frame, frame[["answered", "above"]], ())
    _flag_rows(table, _Families(iop.SafePolicy()))
    assert table.frame["hidden"].tolist() == [True, False]


def test_who_is_known_to_be_without_an_event_is_not_seen_to_have_one_before_or_after() -> None:
    rows = pd.DataFrame({"people": [30, 40, 50], "left": [0, 20, 40], "right": [10, 30, np.inf]})
    at = pd.DataFrame({"day": [0, 15, 30], "below": [0.0, 0.1, 0.1], "highest": [1.0, 0.8, 0.5]})
    counts, _ = _known(rows, at)
    assert counts.through["events"].tolist() == [0, 30, 70]
    assert counts.through["censored"].tolist() == [0, 0, 0]
    open_by_20 = _known(rows, at.assign(day=[5, 25, 45]))[0]
    assert open_by_20.through["events"].tolist() == [0, 30, 70]
    assert open_by_20.through["censored"].tolist() == [30, 40, 50]
