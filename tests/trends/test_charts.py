"""Centres and limits against published numbers, and against slow plain versions."""

from __future__ import annotations

from itertools import pairwise
from math import sqrt
from statistics import mean, median
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_outcomes.errors import RuleError
from iop_outcomes.trends.charts import (
    CHARTS,
    c_chart,
    g_chart,
    make_chart,
    p_chart,
    p_prime_chart,
    run_chart,
    t_chart,
    u_chart,
    u_prime_chart,
    xmr_chart,
)
from iop_outcomes.trends.charts.ranges import SCREEN, mean_range

LIMITS = ["lower_limit", "centre", "upper_limit"]


def values(text: str) -> pd.DataFrame:
    numbers = [float(one) for one in text.replace(",", " ").split()]
    return pd.DataFrame({"period": range(len(numbers)), "value": numbers})


def counts(numerator: str, denominator: str) -> pd.DataFrame:
    over = [float(one) for one in denominator.split()]
    return values(numerator).rename(columns={"value": "numerator"}).assign(denominator=over)


def printed(table: pd.DataFrame, row: int, *expected: float | str) -> None:
    """Compare lower limit, centre and upper limit of a row with numbers as they were printed."""
    for found, one in zip(table[LIMITS].iloc[row], expected, strict=True):
        decimals = len(str(one).partition(".")[2])
        assert f"{found:.{decimals}f}" == str(one)


# Montgomery, Introduction to statistical quality control, the tables named; the numbers to ten
# digits are those that R's qicharts2 (September 2025) computes from them.
TABLE_7_4 = counts(
    "12 8 6 9 10 12 11 16 10 6 20 15 9 8 6 8 10 7 5 8 5 8 10 6 9",
    "100 80 80 100 110 110 100 100 90 90 110 120 120 120 110 80 80 80 90 100 100 100 100 90 90",
)
METRES = "500 400 650 500 475 500 600 525 600 625"
TABLE_7_11 = counts("14 12 20 11 7 10 21 16 19 23", METRES).eval("denominator = denominator / 50")
TABLE_6_7 = values(
    "310 288 297 298 307 303 294 297 308 306 294 299 297 299 314 295 293 306 301 304"
)
TABLE_7_14 = values("286 948 536 124 816 729 4 143 431 8 2837 596 81 227 603 492 1199 1214 2831 96")
# Attendances at English accident departments seen within four hours: `nhs_accidents` in qicharts2.
ACCIDENTS = counts(
    "266501 264225 276532 281461 269071 261215 270409 279778 270483 270320 267923 271478 255353 "
    "256820 261835 259144 255910 260863 264465 260989",
    "280443 276823 291681 296155 282343 275888 283867 295251 284468 282529 279618 283932 266629 "
    "268091 276803 271578 266005 273520 278574 273772",
)
# The examples of R's NHSRplotthedots 0.2.2: its vignette on deviations, and its snapshot tests
# (set.seed(123); rnorm(20)).
SPIKE = values("1,2,1,2,10,1,2,1,2,1,2,1,2,1,2,1,2,1")
NORMAL = values(
    "-0.56047565,-0.23017749,1.55870831,0.07050839,0.12928774,1.71506499,0.46091621,-1.26506123,"
    "-0.68685285,-0.44566197,1.22408180,0.35981383,0.40077145,0.11068272,-0.55584113,1.78691314,"
    "0.49785048,-1.96661716,0.70135590,-0.47279141"
)


def outside(table: pd.DataFrame) -> list[int]:
    out = (table["value"] > table["upper_limit"]) | (table["value"] < table["lower_limit"])
    return np.flatnonzero(out).tolist()


def test_p_charts_are_those_of_the_book() -> None:
    table = p_chart(TABLE_7_4)
    printed(table, 0, "0.0073346947", "0.0955102041", "0.1836857134")
    printed(table, 1, "0", "0.0955102041", "0.1940934205")
    printed(table, -1, "0.0025650563", "0.0955102041", "0.1884553519")
    assert outside(table) == [10]
    printed(p_prime_chart(TABLE_7_4), 0, "0.0202906378", "0.0955102041", "0.1707297704")


def test_u_charts_are_those_of_the_book() -> None:
    printed(u_chart(TABLE_7_11), 0, "0.2914739301", "1.423255814", "2.555037698")
    printed(u_prime_chart(TABLE_7_11), 0, "0.6550073023", "1.423255814", "2.191504326")


def test_an_xmr_chart_is_that_of_the_book_and_of_the_health_service() -> None:
    book = xmr_chart(TABLE_6_7, multiplier=3 / 1.128)
    printed(book, 0, "279.7833147", "300.5", "321.2166853")
    known = np.ones(len(TABLE_6_7), dtype=bool)
    mean = mean_range(TABLE_6_7["value"].to_numpy(), known, screen=True)
    assert (f"{mean:.9f}", f"{SCREEN * mean:.8f}") == ("7.789473684", "25.44821053")  # its mR chart
    printed(xmr_chart(SPIKE), 0, "-0.715556", "1.944444", "4.604444")
    printed(xmr_chart(SPIKE, screen=False), 0, "-3.062614", "1.944444", "6.951503")
    printed(xmr_chart(NORMAL), 0, "-3.01138", "0.1416238", "3.294627")
    changed = NORMAL.copy()
    changed.loc[14, "value"] = 10.0
    for screen, low, high in ((True, "-2.383666", "3.722497"), (False, "-4.596625", "5.935457")):
        table = xmr_chart(changed, screen=screen)
        assert f"{table['lower_limit'].iloc[0]:.6f}" == low
        assert f"{table['upper_limit'].iloc[0]:.6f}" == high


def test_t_and_g_charts_are_those_of_the_book() -> None:
    printed(t_chart(TABLE_7_14), 0, "0", "430.0409518", "6937.933488")
    table = g_chart(TABLE_7_14)
    assert table["centre"].iloc[0] == 514
    assert f"{table['upper_limit'].iloc[0]:.6f}" == "2841.699472"
    assert (table["lower_limit"] == 0).all()


def test_large_counts_need_the_prime() -> None:
    plain = p_chart(ACCIDENTS)
    assert f"{plain['centre'].iloc[0]:.10f}" == "0.9528997113"
    assert len(outside(plain)) == 16
    prime = p_prime_chart(ACCIDENTS)
    printed(prime, 0, "0.9401296442", "0.9528997113", "0.9656697785")
    assert outside(prime) == []


def test_limits_can_be_kept_at_least_as_wide_as_those_of_chance() -> None:
    # 50 of 100 each time: no variation, sigma_z 0. Binomial: 0.5 +/- 3 * sqrt(0.25 / 100).
    alike = counts("50 50 50 50", "100 100 100 100")
    printed(p_prime_chart(alike), 0, "0.50", "0.50", "0.50")
    printed(p_prime_chart(alike, at_least_chance=True), 0, "0.35", "0.50", "0.65")
    near = p_prime_chart(alike, at_least_chance=True)
    assert near["lower_near"].iloc[0] == pytest.approx(0.4)  # two thirds of the way
    # 9 events in 9 weeks each time: 1 +/- 3 * sqrt(1 / 9).
    weeks = counts("9 9 9", "9 9 9")
    printed(u_prime_chart(weeks, at_least_chance=True), 0, "0.0", "1.0", "2.0")
    # 98, 102, ...: the ranges are 4, 2.66 * 4 = 10.64; of a Poisson count of 100 it is 30.
    admissions = values("98 102 98 102")
    printed(xmr_chart(admissions), 0, "89.36", "100.00", "110.64")
    printed(xmr_chart(admissions, at_least_chance=True), 0, "70.00", "100.00", "130.00")


def test_limits_that_are_wider_than_chance_stay() -> None:
    for prime, frame in ((p_prime_chart, ACCIDENTS), (u_prime_chart, counts("90 10 90", "9 9 9"))):
        pd.testing.assert_frame_equal(prime(frame, at_least_chance=True), prime(frame))
    wide = values("60 140 60 140")
    pd.testing.assert_frame_equal(xmr_chart(wide, at_least_chance=True), xmr_chart(wide))
    book = p_prime_chart(TABLE_7_4, at_least_chance=True)  # its sigma_z is below 1
    pd.testing.assert_frame_equal(book, p_chart(TABLE_7_4))


def test_only_counts_have_the_chance_of_counts() -> None:
    for frame, found in ((counts("1 2", "3 4"), "denominators"), (values("-1 2"), "negative")):
        with pytest.raises(RuleError, match=found):
            xmr_chart(frame, at_least_chance=True)


def test_a_c_chart_is_the_formula() -> None:
    table = c_chart(values("3 5 2 6 4"))
    printed(table, 0, "0", "4", "10")
    assert table["upper_near"].tolist() == [8.0] * 5


def test_a_run_chart_has_the_median_and_no_limits() -> None:
    table = run_chart(TABLE_7_14)
    assert (table["centre"] == 514).all()
    assert table[["lower_limit", "upper_limit"]].isna().all(axis=None)


# Segments, baselines, what is missing -----------------------------------------------------------

MONTHS = pd.DataFrame(
    {
        "period": pd.period_range("2025-01", periods=16, freq="M").astype(str),
        "numerator": [60, 70, 65, 66, 61, 72, 64, 68, 63, 67, 66, 69, 90, 91, 93, 92],
        "denominator": [100] * 10 + [120] * 2 + [100] * 4,
    }
)


@pytest.mark.parametrize("chart", ["xmr", "p", "p_prime", "u", "u_prime", "run"])
def test_a_segment_is_charted_as_if_it_stood_alone(chart: str) -> None:
    whole = make_chart(MONTHS, chart, rebase=[("2026-01-10", "new hours")])
    parts = [make_chart(part, chart) for part in (MONTHS[:12], MONTHS[12:])]
    assert whole["segment"].tolist() == [0] * 12 + [1] * 4
    assert whole["trial"].tolist() == [False] * 12 + [True] * 4
    columns = ["period", "value", *LIMITS, "lower_near", "upper_near", "trial"]
    pd.testing.assert_frame_equal(whole[columns], pd.concat(parts, ignore_index=True)[columns])


@pytest.mark.parametrize("chart", ["xmr", "p", "u", "run"])
def test_a_baseline_alone_decides_centre_and_distance(chart: str) -> None:
    table = make_chart(MONTHS, chart, baseline=12)
    first = make_chart(MONTHS[:12], chart)
    assert table["centre"].unique().tolist() == first["centre"].unique().tolist()
    pd.testing.assert_frame_equal(table[LIMITS].iloc[:12], first[LIMITS])
    dated = make_chart(MONTHS, chart, baseline=("2025-01-01", "2025-12-31"))
    pd.testing.assert_frame_equal(table, dated)
    labelled = make_chart(MONTHS, chart, baseline=("2025-01", "2025-12"))
    pd.testing.assert_frame_equal(table, labelled)


def test_the_centre_is_the_sum_over_the_sum() -> None:
    frame = counts("1 90", "2 100")
    for chart in ("xmr", "p", "p_prime", "u", "u_prime"):
        assert make_chart(frame, chart)["centre"].iloc[0] == 91 / 102, chart


def test_a_missing_period_stays_missing() -> None:
    table = xmr_chart(MONTHS.drop(index=[3, 4]))
    assert table["period"].tolist() == MONTHS["period"].tolist()
    assert table.loc[[3, 4], ["value", "numerator", "denominator"]].isna().all(axis=None)
    # the range from month 3 to month 6 is no range of neighbours
    value = (MONTHS["numerator"] / MONTHS["denominator"]).drop(index=[3, 4])
    ranges = [abs(value[i] - value[i - 1]) for i in value.index if i - 1 in value.index]
    kept = [one for one in ranges if one < 3.267 * mean(ranges)]
    assert table["upper_limit"].iloc[0] - table["centre"].iloc[0] == pytest.approx(
        2.66 * mean(kept)
    )
    shuffled = MONTHS.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(p_chart(shuffled), p_chart(MONTHS))


def test_without_a_denominator_there_is_no_value_and_no_limit() -> None:
    table = p_chart(counts("4 0 5", "10 0 10"))
    assert table["value"].isna().tolist() == [False, True, False]
    assert table["upper_limit"].isna().tolist() == [False, True, False]
    assert table["centre"].tolist() == [0.45] * 3


@pytest.mark.parametrize("numerator", ["0 0 0", "7 9 8"])
def test_all_or_none_leaves_no_variation(numerator: str) -> None:
    frame = counts(numerator, "7 9 8")
    for chart in ("p", "p_prime"):
        table = make_chart(frame, chart)
        assert table["lower_limit"].tolist() == table["upper_limit"].tolist()


@pytest.mark.parametrize("chart", CHARTS)
def test_one_point_or_none_has_no_moving_range(chart: str) -> None:
    one = pd.DataFrame({"period": ["2026-01"], "numerator": [3.0], "denominator": [4.0]})
    frame = one if chart not in ("c", "g", "t") else one.rename(columns={"numerator": "value"})
    table = make_chart(frame, chart)
    needs_ranges = chart in ("xmr", "p_prime", "u_prime", "t", "run")
    assert table["upper_limit"].isna().tolist() == [needs_ranges]
    assert table["trial"].tolist() == [True]
    assert make_chart(frame[:0], chart).empty
    missing = frame.assign(**{name: np.nan for name in frame.columns if name != "period"})
    assert make_chart(missing, chart)["centre"].isna().all()


@pytest.mark.parametrize("chart", CHARTS)
def test_a_frame_is_not_changed_and_what_is_not_asked_for_is_left_out(chart: str) -> None:
    frame = pd.DataFrame({"period": [3, 1, 2], "numerator": [3, 2, 1], "denominator": [4, 5, 6]})
    frame["value"] = frame["numerator"]
    before = frame.copy()
    result = make_chart(frame, chart)
    pd.testing.assert_frame_equal(frame, before)
    assert result["period"].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("change", "chart", "options", "said"),
    [
        ({"numerator": 200}, "p", {}, "16 rows: numerator above its denominator"),
        ({"numerator": -1}, "u", {}, "16 rows: negative"),
        ({"denominator": 0}, "u", {}, "out of a denominator of 0"),
        ({"numerator": "many"}, "p", {}, "must hold numbers"),
        ({"numerator": np.inf}, "u", {}, "finite"),
        ({"period": "2026-01"}, "p", {}, "15 rows with the period of another"),
        ({"period": None}, "p", {}, "16 of 16 missing"),
        ({}, "c", {"baseline": 1}, "number of points"),
        ({}, "p", {"baseline": ("2025-12", "2025-01")}, "no known point in the baseline"),
        ({}, "p", {"baseline": ("2025-01", "2025-12"), "rebase": [("2025-06", "x")]}, "rebase"),
        ({}, "p", {"rebase": [("2025-06", "")]}, "needs its reason"),
        ({}, "p", {"rebase": ["2025-06"]}, "needs its reason"),
        ({}, "p", {"rebase": "2025-06"}, "a list of dates"),
        ({}, "p", {"rebase": [("June", "new")]}, "no date"),
        ({}, "p", {"rebase": [("2025-01-31", "new")]}, "first period"),
        ({}, "p", {"rebase": [("2025-06-01", "a"), ("2025-06-30", "b")]}, "same period"),
        ({}, "p", {"rebase": [("2027-01-01", "new")]}, "after the last period"),
        ({}, "x", {}, "must be one of"),
        ({}, "xmr", {"multiplier": 0}, "above 0"),
    ],
)
def test_what_cannot_be_charted_is_refused_in_words(
    change: dict[str, Any], chart: str, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(RuleError, match=said):
        make_chart(MONTHS.assign(**change), chart, **options)


def test_columns_that_are_not_there_are_named() -> None:
    with pytest.raises(RuleError, match="period, numerator, denominator"):
        p_chart(SPIKE)
    with pytest.raises(RuleError, match="no period"):
        xmr_chart(SPIKE[["value"]])
    with pytest.raises(RuleError, match="row a period"):
        xmr_chart([1, 2])  # type: ignore[arg-type]
    with pytest.raises(RuleError, match="above 0"):
        t_chart(values("3 0 2"))
    with pytest.raises(RuleError, match="negative"):
        c_chart(values("3 -1 2"))


# Slow and plain ---------------------------------------------------------------------------------


def plain(frame: pd.DataFrame, chart: str) -> list[tuple[float, float, float]]:
    """Limits by the formulas as they are in a book, point by point."""
    rows = list(frame.itertuples())
    x, n = [row.numerator for row in rows], [row.denominator for row in rows]
    y = [a / b for a, b in zip(x, n, strict=True)]
    centre = sum(x) / sum(n)
    if chart == "run":
        return [(float("nan"), median(y), float("nan"))] * len(y)
    if chart == "xmr":
        reach = 2.66 * plain_range(y)
        return [(centre - reach, centre, centre + reach)] * len(y)
    out = []
    variance = centre * (1 - centre) if chart[0] == "p" else centre
    sigma = [sqrt(variance / one) for one in n]
    spread = 1.0
    if chart.endswith("prime"):
        spread = plain_range([(a - centre) / s if s else 0 for a, s in zip(y, sigma, strict=True)])
        spread /= 1.128
    for one in sigma:
        high = centre + 3 * one * spread
        low = max(centre - 3 * one * spread, 0)
        out.append((low, centre, min(high, 1) if chart[0] == "p" else high))
    return out


def plain_range(y: list[float]) -> float:
    ranges = [abs(b - a) for a, b in pairwise(y)]
    kept = [one for one in ranges if one < 3.267 * mean(ranges)]
    return mean(kept or ranges)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=2, max_size=20),
    st.sampled_from(["xmr", "p", "p_prime", "u", "u_prime", "run"]),
)
def test_limits_are_those_of_the_plain_formulas(rows: list[tuple[int, int]], chart: str) -> None:
    frame = pd.DataFrame(rows, columns=["numerator", "rest"])
    frame = frame.assign(period=range(len(rows)), denominator=frame.sum(axis=1) + 1)
    result = make_chart(frame, chart)[LIMITS].to_numpy()
    np.testing.assert_allclose(result, plain(frame, chart), rtol=1e-9, atol=1e-12)
    scaled = make_chart(frame.assign(period=frame["period"] * 7 + 3), chart)[LIMITS].to_numpy()
    np.testing.assert_array_equal(result, scaled)


@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.integers(-500, 500), min_size=2, max_size=20),
    st.integers(-50, 50),
    st.sampled_from([2.0, 0.5, -1.0]),
)
def test_limits_move_and_stretch_with_the_values(
    numbers: list[int], shift: int, factor: float
) -> None:
    frame = pd.DataFrame({"period": range(len(numbers)), "value": numbers})
    before = xmr_chart(frame)[LIMITS].to_numpy()
    after = xmr_chart(frame.assign(value=frame["value"] * factor + shift))[LIMITS].to_numpy()
    expected = before * factor + shift
    np.testing.assert_allclose(after, expected if factor > 0 else expected[:, ::-1], atol=1e-7)
