"""Rules against the vectors of their authors' software, and against slow plain versions."""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from iop_outcomes.errors import RuleError
from iop_outcomes.trends.charts import make_chart, run_chart, xmr_chart
from iop_outcomes.trends.signals import (
    anhoej,
    fewest_crossings,
    judge,
    longest_run_limit,
    seven_points_lie_on_one_side,
    seven_points_rise_or_fall,
    two_of_three_points_lie_near_a_limit,
)


def series(values: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"period": range(len(values)), "value": values})


def signs(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int8)


# R's NHSRplotthedots 0.2.2, test-ptd_calculate_point_type.R ---------------------------------------


def test_seven_on_one_side_are_a_shift() -> None:
    assert seven_points_lie_on_one_side(signs(*[1] * 8, -1)).tolist() == [1] * 8 + [0]
    assert seven_points_lie_on_one_side(signs(*[1] * 6, 0, 1)).tolist() == [0] * 8
    assert seven_points_lie_on_one_side(signs(*[-1] * 6)).tolist() == [0] * 6


def test_seven_rising_are_a_trend_and_equal_points_end_it() -> None:
    assert seven_points_rise_or_fall(np.arange(1.0, 8)).tolist() == [1] * 7
    assert seven_points_rise_or_fall(-np.arange(1.0, 8)).tolist() == [-1] * 7
    assert seven_points_rise_or_fall(np.array([1.0, 2, 3, 3, 4, 5, 6])).tolist() == [0] * 7
    peak = np.concatenate([np.arange(7.0), np.arange(5.0, -1, -1)])
    assert seven_points_rise_or_fall(peak).tolist() == [1] * 6 + [-1] * 7


@pytest.mark.parametrize(
    ("close", "side", "marked"),
    [
        ((0, 0, 1, 0, 1, 0, 0), (1,) * 7, [2, 4]),
        ((1, 0, 0, 1), (1,) * 4, []),
        ((1, 0, 1), (1, -1, 1), []),
        ((1, 1, 0), (-1, -1, 0), []),
        ((1, 1, 0), (-1, -1, -1), [0, 1]),
    ],
)
def test_two_of_three_near_a_limit(close: Any, side: Any, marked: list[int]) -> None:
    marks = two_of_three_points_lie_near_a_limit(np.array(close, dtype=bool), signs(*side))
    assert np.flatnonzero(marks).tolist() == marked
    assert {int(one) for one in marks[marked]} <= {side[0]}


def test_a_point_beyond_a_limit_is_not_one_near_it() -> None:
    chart = series([0.0] * 3).assign(
        value=[5.5, 0.5, 2.5],
        centre=0.0,
        lower_limit=-3.0,
        upper_limit=3.0,
        lower_near=-2.0,
        upper_near=2.0,
        segment=0,
    )
    assert judge(chart)["rule"].tolist() == ["beyond a limit", "", ""]
    assert judge(chart.assign(value=[2.1, 0.5, 2.5]))["rule"].tolist() == [
        "two of three points near a limit",
        "",
        "two of three points near a limit",
    ]
    apart = judge(chart.assign(value=[2.1, -2.5, 0.0]))
    assert apart["variation"].tolist() == ["common cause"] * 3


# Anhoej: the table of limits as R's qicharts2 gives it --------------------------------------------


@pytest.mark.parametrize(
    ("useful", "longest", "crossings"),
    [
        (10, 6, 2),
        (12, 7, 3),
        (15, 7, 4),
        (20, 7, 6),
        (24, 8, 8),
        (30, 8, 10),
        (40, 8, 14),
        (50, 9, 19),
        (100, 10, 41),
    ],
)
def test_limits_of_runs_and_crossings(useful: int, longest: int, crossings: int) -> None:
    assert (longest_run_limit(useful), fewest_crossings(useful)) == (longest, crossings)


def test_crossings_are_the_binomial_quantile() -> None:
    steps = np.arange(1, 401)
    assert [fewest_crossings(n + 1) for n in steps] == binom.ppf(0.05, steps, 0.5).tolist()


def test_runs_of_the_book_are_those_of_qicharts2() -> None:
    count = "12 8 6 9 10 12 11 16 10 6 20 15 9 8 6 8 10 7 5 8 5 8 10 6 9"  # Montgomery, table 7.4
    size = (
        "100 80 80 100 110 110 100 100 90 90 110 120 120 120 110 80 80 80 90 100 100 100 100 90 90"
    )
    frame = pd.DataFrame({"numerator": count.split(), "denominator": size.split()}).astype(float)
    chart = make_chart(frame.assign(period=range(25)), "p")
    row = anhoej(chart).iloc[0]
    assert (row["longest_run"], row["longest_run_limit"]) == (5, 8)
    assert (row["crossings"], row["fewest_crossings"]) == (10, 8)
    judged = judge(chart, rules="anhoej", improves="down")
    assert judged.index[judged["rule"] != ""].tolist() == [10]
    assert judged["variation"].iloc[10] == "concern (high)"


def test_points_on_the_centre_are_not_useful() -> None:
    chart = run_chart(series([1.0, 2, 3, 2, 2, 1, 3, 2, 2]))
    row = anhoej(chart).iloc[0]
    assert row[["useful", "longest_run", "crossings"]].tolist() == [4, 1, 3]
    assert row[["longest_run_limit", "fewest_crossings"]].isna().all()
    assert not row["run_too_long"]


def test_a_series_that_is_not_random_is_said_of_all_of_its_points() -> None:
    chart = run_chart(series([*range(20), None]), rebase=[(12, "new form")])  # type: ignore[list-item]
    judged = judge(chart, rules="anhoej")
    first = judged["variation"].iloc[:12].tolist()
    assert first == ["not random"] * 12
    assert judged["rule"].iloc[0] == "too few crossings"
    assert judged["variation"].iloc[12:].tolist() == ["common cause"] * 8 + [""]  # too few points


# The verdict ------------------------------------------------------------------------------------

SPIKE = [1.0, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]


@pytest.mark.parametrize(
    ("improves", "word"),
    [("up", "improvement (high)"), ("down", "concern (high)"), ("neither", "neutral (high)")],
)
def test_a_signal_is_good_or_bad_by_what_improves(improves: str, word: str) -> None:
    judged = judge(xmr_chart(series(SPIKE)), improves=improves)
    assert judged["variation"].iloc[4] == word
    assert (judged["variation"].drop(index=4) == "common cause").all()
    assert judged["rule"].iloc[4] == "beyond a limit"


@pytest.mark.parametrize(
    ("target", "improves", "word"),
    [
        (5.0, "up", "consistently failing"),
        (5.0, "down", "consistently passing"),
        (-1.0, "up", "consistently passing"),
        (-1.0, "down", "consistently failing"),
        (2.0, "up", "hit and miss"),
        (5.0, "neither", ""),
        (None, "up", ""),
    ],
)
def test_assurance_asks_whether_the_limits_reach_the_target(
    target: float | None, improves: str, word: str
) -> None:
    judged = judge(xmr_chart(series(SPIKE)), improves=improves, target=target)
    assert set(judged["assurance"]) == {word}
    assert set(judge(run_chart(series(SPIKE)), target=target)["assurance"]) == {""}


def test_without_rules_and_without_values_there_is_no_verdict() -> None:
    chart = xmr_chart(series([*SPIKE, np.nan]))
    assert set(judge(chart, rules="none")["variation"]) == {""}
    last = judge(chart, target=5.0).iloc[-1]
    assert last[["variation", "assurance", "rule"]].tolist() == ["", "", ""]


def test_equal_values_are_no_signal_though_their_mean_is_rounded() -> None:
    assert np.mean([0.1] * 3) > 0.1
    judged = judge(xmr_chart(series([0.1] * 3)))
    assert set(judged["variation"]) == {"common cause"}


def test_no_rule_goes_across_a_rebasing() -> None:
    values = [3.0, 5, 4, 6, 7, 8, 9, 10, 11, 5, 4]
    assert "seven points rising or falling" in set(judge(xmr_chart(series(values)))["rule"])
    rebased = judge(xmr_chart(series(values), rebase=[(5, "new hours")]))
    assert set(rebased["rule"]) == {""}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"rules": "nelson"}, "rules"),
        ({"improves": "more"}, "improves"),
        ({"target": "x"}, "target"),
    ],
)
def test_other_options_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(RuleError, match=said):
        judge(xmr_chart(series(SPIKE)), **options)


# Slow and plain ---------------------------------------------------------------------------------


def plain(chart: pd.DataFrame) -> list[tuple[str, int]]:
    """The rules as they are said, window by window, for one segment without missing values."""
    rows = list(chart.itertuples())
    result: list[tuple[str, int]] = [("", 0)] * len(rows)

    def name(places: list[int], rule: str, sign: int) -> None:
        for place in places:
            if result[place][0] in ("", rule):
                result[place] = (rule, sign)

    y = [row.value for row in rows]
    side = [(row.value > row.centre) - (row.value < row.centre) for row in rows]
    for place, row in enumerate(rows):
        if row.value > row.upper_limit:
            name([place], "beyond a limit", 1)
        elif row.value < row.lower_limit:
            name([place], "beyond a limit", -1)
    out = {place for place, (rule, _) in enumerate(result) if rule}
    windows = [list(range(start, start + 7)) for start in range(len(rows) - 6)]
    for window in windows:
        pairs = list(pairwise(window))
        if all(y[a] < y[b] for a, b in pairs):
            name(window, "seven points rising or falling", 1)
        if all(y[a] > y[b] for a, b in pairs):
            name(window, "seven points rising or falling", -1)
    for start in range(len(rows) - 2):
        three = list(range(start, start + 3))
        close = [
            at
            for at in three
            if at not in out and (y[at] > rows[at].upper_near or y[at] < rows[at].lower_near)
        ]
        if len(close) >= 2 and {side[at] for at in three} in ({1}, {-1}):
            name(close, "two of three points near a limit", side[start])
    for window in windows:
        if {side[at] for at in window} in ({1}, {-1}):
            name(window, "seven points on one side of the centre", side[window[0]])
    return result


POINTS = st.lists(st.integers(-6, 6).map(float), min_size=2, max_size=40)


@settings(max_examples=150, deadline=None)
@given(POINTS, st.booleans())
def test_verdicts_are_those_of_the_plain_rules(values: list[float], drift: bool) -> None:
    if drift:
        values = [value / 8 + place for place, value in enumerate(values)]
    chart = xmr_chart(series(values))
    judged = judge(chart)
    expected = plain(chart)
    assert judged["rule"].tolist() == [rule for rule, _ in expected]
    words = {1: "improvement (high)", -1: "concern (low)", 0: "common cause"}
    assert judged["variation"].tolist() == [words[sign] for _, sign in expected]


@settings(max_examples=10, deadline=None)
@given(POINTS, st.integers(-100, 100), st.sampled_from([0.5, 4.0]))
def test_verdicts_do_not_depend_on_unit_and_origin(
    values: list[float], shift: int, factor: float
) -> None:
    columns = ["variation", "assurance", "rule"]
    usual = judge(xmr_chart(series(values)), target=2.0)[columns]
    moved = series([value * factor + shift for value in values])
    again = judge(xmr_chart(moved), target=2.0 * factor + shift)[columns]
    pd.testing.assert_frame_equal(usual, again)
    upside_down = judge(
        xmr_chart(series([-value for value in values])), improves="down", target=-2.0
    )
    turned = upside_down["variation"].replace(
        {"improvement (low)": "improvement (high)", "concern (high)": "concern (low)"}
    )
    assert turned.tolist() == usual["variation"].tolist()
    assert upside_down[["assurance", "rule"]].equals(usual[["assurance", "rule"]])


@settings(max_examples=30, deadline=None)
@given(POINTS, st.lists(st.integers(0, 40), max_size=5))
def test_missing_periods_are_passed_over(values: list[float], places: list[int]) -> None:
    """Beside the limits, which rest on neighbours only: those of a run chart do not."""
    with_holes = list(values)
    for place in places:
        with_holes.insert(min(place, len(with_holes)), float("nan"))
    usual, holed = (judge(run_chart(series(one))) for one in (values, with_holes))
    known = holed[holed["value"].notna()].reset_index(drop=True)
    assert known["rule"].tolist() == usual["rule"].tolist()


@settings(max_examples=100, deadline=None)
@given(POINTS)
def test_runs_are_those_of_a_plain_count(values: list[float]) -> None:
    chart = run_chart(series(values))
    centre = chart["centre"].iloc[0]
    sides = [value > centre for value in values if value != centre]
    lengths = [len(list(run)) for _, run in groupby(sides)]
    row = anhoej(chart).iloc[0]
    assert row[["useful", "longest_run", "crossings"]].tolist() == [
        len(sides),
        max(lengths, default=0),
        max(len(lengths) - 1, 0),
    ]
