"""Which numbers of a saved report disclose a small count: the number on either side of a limit."""

from __future__ import annotations

from typing import Any

import pytest

from iop_outcomes.disclosure.system.documents import (
    COUNTS,
    _in_curves,
    _in_limits,
    _in_means,
    _in_row,
    counts_of_share,
    small_in_words,
)


@pytest.mark.parametrize("name", COUNTS)
def test_a_count_of_a_row_is_small_from_1_to_one_below_the_threshold(name: str) -> None:
    found = {value: _in_row("row 1", {name: value}, 11) for value in (-1, 0, 1, 10, 11)}
    assert {value for value, small in found.items() if small} == {1, 10}
    assert found[1] == [("row 1", "printed", 1, 1, f"the column {name}")]


@pytest.mark.parametrize(
    ("part", "whole"),
    [("numerator", "denominator"), ("met", "of"), ("answered_twice", "discharged")],
)
def test_what_a_part_leaves_of_its_whole_is_a_count(part: str, whole: str) -> None:
    rest = {top: _in_row("r", {part: top, whole: 100}, 11) for top in (89, 90, 99, 100, 101)}
    assert {top for top, small in rest.items() if small} == {90, 99}
    assert rest[90] == [("r", "exactly", 10, 10, f"{whole} less {part}")]


@pytest.mark.parametrize(
    ("text", "small"),
    [
        ("0 of 60 came.", []),
        ("1 of 60 came.", [(1, "1 of 60")]),
        ("10 of 60 came.", [(10, "10 of 60")]),
        ("11 of 60 came.", []),
        ("49 of 60 came.", []),
        ("50 of 60 came.", [(10, "50 of 60")]),
        ("60 of 60 came.", []),
        ("0 of 10 came.", [(10, "0 of 10")]),
        ("0 of 11 came.", []),
        ("10 people came.", [(10, "10 people")]),
        ("11 people, 0 people came.", []),
        ("Half (n 10) and (n = 11) came.", [(10, "(n 10")]),
        ("1,010 of 1,020 came.", [(10, "1,010 of 1,020")]),
    ],
)
def test_small_counts_in_words(text: str, small: list[tuple[int, str]]) -> None:
    assert small_in_words(text, 11) == small


@pytest.mark.parametrize(
    ("n", "mean", "found"),
    [
        (20, 0.5, None),  # of one decimal: the sum is 9, 10 or 11
        (20, 0.4, ("as small", 7, 9)),
        (20, 0.45, ("exactly", 9, 9)),
        (20, 0.55, None),
        (20, 0.02, None),  # between 0.3 and 0.5: no whole number
        (200, 0.03, ("as small", 5, 7)),
        (200, 0.0, None),
    ],
)
def test_a_mean_is_a_sum_of_whole_numbers(
    n: int, mean: float, found: tuple[str, int, int] | None
) -> None:
    small = _in_means("r", {"n": n, "mean_days": mean}, 11)
    source = f"mean_days, times {n}"
    assert small == ([("r, the sum", *found, source)] if found else [])


@pytest.mark.parametrize(
    ("people", "found"), [(10, False), (11, True), (21, True), (22, False), (23, False)]
)
def test_half_of_few_people_are_on_each_side_of_a_median(people: int, found: bool) -> None:
    expected = ("r, on each side", "as small", 1, people // 2, f"median_days, of {people}")
    row = {"paired": people, "n": 500, "median_days": 12.0}
    assert _in_means("r", {"paired": people, "median_days": 12.0}, 11) == [expected] * found
    assert _in_means("r", row, 11) == []  # of the nearest, `n`
    assert _in_means("r", {"paired": people, "median_days": float("nan")}, 11) == []


def test_a_share_with_limits_shows_its_count_where_all_fractions_have_a_small_one() -> None:
    row = {"share": 0.12, "lower": 0.05, "upper": 0.24}  # 5 of 43, and nothing else
    assert _in_limits("r", row, 11) == [
        ("r, numerator", "exactly", 5, 5, "a share and its limits"),
    ]
    assert _in_limits("r", row, 6) != []
    assert _in_limits("r", row, 5) == []
    assert _in_limits("r", row | {"numerator": 5}, 11) == []  # that is printed anyway
    others = {"value": 0.88, "lower": 0.76, "upper": 0.95}
    assert [one[:4] for one in _in_limits("r", others, 11)] == [("r, the others", "exactly", 5, 5)]
    for share in (0, 1):
        assert _in_limits("r", row | {"share": share}, 11) == []
    assert [one.tolist() for one in counts_of_share(0.12, 0.05, 0.24)] == [[5], [43]]


def curve(people: Any, *survival: float) -> dict[str, Any]:
    names = ["program", "day", "survival", "at_risk"]
    rows = [["North", 30 * n, one, people] for n, one in enumerate(survival)]
    return {"name": "curve", "columns": [{"name": one} for one in names], "rows": rows}


@pytest.mark.parametrize(
    ("people", "survival", "most"),
    [
        (100, (1.0, 0.9), 10),  # at most 0.105 of 100
        (100, (1.0, 0.89), None),  # at most 11.5
        (100, (1.0, 0.995), None),  # it may not have fallen at all
        (100, (1.0, 0.895001), 10),  # of more digits: exactly 10.4999
        (1000, (1.0, 0.990), 10),
        (1000, (1.0, 0.989), None),
        ("hidden", (1.0, 0.9), None),
    ],
)
def test_few_events_between_two_points_of_a_curve(
    people: Any, survival: tuple[float, ...], most: int | None
) -> None:
    found = _in_curves(curve(people, *survival), 11)
    cell = "curve, North, between days 0 and 30"
    assert found == ([] if most is None else [(cell, "as small", 1, most, "points of a curve")])
