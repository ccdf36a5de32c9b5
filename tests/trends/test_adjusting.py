"""Trends adjusted for season and working days: worked by hand, twice derived, and refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.arrays import Floats
from iop_outcomes.trends.adjusting import season_effects, working_days
from tests.helpers.of_the_sample import records_of_the_sample

SEASONAL = [0.03, 0.02, 0.0, 0.0, 0.01, 0.0, -0.02, -0.02, 0.02, 0.03, 0.0, -0.07]


def quarters(values: list[float]) -> pd.DataFrame:
    labels = pd.period_range("2024Q1", periods=len(values), freq="Q").astype(str)
    return pd.DataFrame({"period": labels, "value": values})


def seasonal_months(years: int, *, fall: float = 0.0, noise: int = 1) -> pd.DataFrame:
    """Return 80% with a season; the last six months lower by `fall`."""
    random = np.random.default_rng(noise)
    labels = pd.period_range("2022-01", periods=12 * years, freq="M").astype(str)
    share = 0.8 + np.tile(SEASONAL, years) - fall * (np.arange(12 * years) >= 12 * years - 6)
    due = random.integers(700, 900, len(labels))
    return pd.DataFrame(
        {"period": labels, "numerator": random.binomial(due, share), "denominator": due}
    )


# worked by hand ---------------------------------------------------------------------------------


def test_the_season_is_what_stays_after_level_and_slope() -> None:
    # each quarter is 4 above that of the year before, so that the slope is 1 a quarter; less
    # 0, 1, 2, 3 the first year is 10, 11, 8, 9, about its mean 9.5: 0.5, 1.5, -1.5, -0.5
    trend = iop.trend(quarters([10.0, 12, 10, 12, 14, 16, 14, 16]), "Waiting", adjust="season")
    table = trend.table
    np.testing.assert_allclose(table["adjustment"], np.tile([-0.5, -1.5, 1.5, 0.5], 2))
    np.testing.assert_allclose(table["adjusted"], np.arange(9.5, 17))
    np.testing.assert_allclose(table["value"], [10, 12, 10, 12, 14, 16, 14, 16])
    np.testing.assert_allclose(table["centre"], 13)  # as without adjustment
    np.testing.assert_allclose(table["upper_limit"], 13 + 2.66)  # all moving ranges are 1
    ends = ["beyond a limit"]
    assert table["rule"].tolist() == [*ends, *["seven points rising or falling"] * 6, *ends]
    assert trend.verdict["adjusted"].tolist() == pytest.approx([16.5])
    assert "Adjusted for season" in trend.rule
    assert "Adjusted, the last value is 16.5." in trend.text


def test_rates_keep_their_sum_and_their_centre() -> None:
    frame = pd.DataFrame(
        {
            "period": quarters([0] * 8)["period"],
            "numerator": [6, 8, 6, 8, 6, 8, 6, 8],
            "denominator": [10] * 8,
        }
    )
    table = iop.trend(frame, chart="p", adjust="season").table
    np.testing.assert_allclose(table["adjustment"], np.tile([0.1, -0.1], 4))
    np.testing.assert_allclose(table["adjusted"], 0.7)
    np.testing.assert_allclose(table["centre"], 0.7)
    np.testing.assert_allclose(table["upper_limit"], 1)  # 0.7 + 3 * 0.145


def test_counts_are_those_of_a_period_with_the_mean_number_of_working_days() -> None:
    # from Monday to Friday: 22 in January 2026, 20 in February, 22 in March, less the holidays
    frame = pd.DataFrame({"period": ["2026-01", "2026-02", "2026-03"], "value": [40, 19, 44]})
    asked: dict[str, Any] = {"adjust": "working_days", "rules": "none"}
    days = ["2026-01-01", "2026-01-19", "2026-02-16", "2026-03-01"]  # the last is a Sunday
    trend = iop.trend(frame, "Admissions", holidays=days, **asked)
    assert trend.table["working_days"].tolist() == [20, 19, 22]
    usual = (20 + 19 + 22) / 3
    np.testing.assert_allclose(trend.table["adjusted"], [2 * usual, usual, 2 * usual])
    # the sum of counts over the sum of days
    np.testing.assert_allclose(trend.table["centre"], 103 / 61 * usual)
    assert "Monday to Friday, less 3 holidays that were given" in trend.rule
    plain = iop.trend(frame, "Admissions", **asked)
    assert plain.table["working_days"].tolist() == [22, 20, 22]


def test_a_week_without_a_working_day_has_no_adjusted_value() -> None:
    frame = pd.DataFrame({"period": ["2025-W52", "2026-W01", "2026-W02"], "value": [1, 5, 10]})
    closed = pd.date_range("2025-12-22", "2025-12-26")
    table = iop.trend(frame, adjust="working_days", holidays=closed).table
    assert table["adjusted"].isna().tolist() == [True, False, False]
    assert table["value"].tolist() == [1, 5, 10]
    assert table["variation"].tolist() == ["", "common cause", "common cause"]


# a second derivation ----------------------------------------------------------------------------


@pytest.mark.parametrize(("years", "parts"), [(2, 4), (3, 12), (5, 4)])
def test_effects_of_whole_years_are_means_about_the_slope_between_years(
    years: int, parts: int
) -> None:
    value = np.random.default_rng(parts + years).normal(size=(years, parts))
    # least squares of whole years: the slope within parts of the year is that of the years' means
    year = np.arange(years) - (years - 1) / 2
    slope = (year * value.mean(axis=1)).sum() / (year**2).sum() / parts
    level = value - slope * np.arange(years * parts).reshape(years, parts)
    expected = level.mean(axis=0) - level.mean()
    number = years * parts
    result = season_effects(
        value.ravel(),
        np.ones(number),
        np.arange(float(number)),
        np.arange(number) % parts,
        parts,
        np.zeros(number, dtype=np.int64),
    )
    np.testing.assert_allclose(result, expected, atol=1e-10)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_residuals_of_the_fit_are_orthogonal_to_what_it_fits(seed: int, rebased: bool) -> None:
    random = np.random.default_rng(seed)
    time = np.flatnonzero(random.random(30) < 0.9).astype(np.float64)
    place = time.astype(np.int64) % 4
    weight = random.integers(1, 50, len(time)).astype(np.float64)
    value = random.normal(size=len(time))
    segment = (time > 11).astype(np.int64) * rebased
    effects = season_effects(value, weight, time, place, 4, segment)
    assert abs((weight * effects[place]).sum()) < 1e-8 * weight.sum()
    rest = value - effects[place]
    # what is left over is a level and a slope, or levels, fitted by themselves
    others = np.column_stack([np.ones(len(time)), segment if rebased else time])
    root = np.sqrt(weight)[:, None]
    fit = others @ np.linalg.lstsq(others * root, rest * root[:, 0], rcond=None)[0]
    for part in range(4):
        assert abs((weight * (rest - fit))[place == part].sum()) < 1e-7 * weight.sum()


def test_limits_of_later_points_allow_for_estimated_effects() -> None:
    random = np.random.default_rng(5)
    time, place = np.arange(24.0), np.arange(24) % 12
    none = np.zeros(24, dtype=np.int64)
    inside: list[Floats] = []
    later: list[Floats] = []
    for _ in range(1500):
        value = random.normal(size=36)
        effects = season_effects(value[:24], np.ones(24), time, place, 12, none)
        # without the slope, which is no part of the adjustment
        inside.append(np.diff(value[:24] - effects[place]))
        later.append(value[24:] - effects)
    # the effect of a month is a mean of two years, and the slope is estimated too
    assert np.var(inside) == pytest.approx(2 * (24 - 12) / 24, rel=0.05)
    assert np.var(later) == pytest.approx((24 + 12) / 24, rel=0.05)
    frame = seasonal_months(3)
    options: dict[str, Any] = {"baseline": 24, "adjust": "season"}
    for chart, factor in (("p", (24 + 12) / 24), ("p_prime", (24 + 12) / (24 - 12))):
        table = iop.trend(frame, chart=chart, **options).table
        width = (table["upper_limit"] - table["centre"]) * np.sqrt(table["denominator"])
        ratio = (width / width.iloc[0]) ** 2
        np.testing.assert_allclose(ratio, [1.0] * 24 + [factor] * 12)


# what it is for ---------------------------------------------------------------------------------


def test_a_fall_is_seen_through_the_season_and_the_season_is_no_fall() -> None:
    frame = seasonal_months(5)
    raw = iop.trend(frame, chart="p").table
    assert (raw["rule"] == "beyond a limit").sum() >= 4  # each December
    calm = iop.trend(frame, chart="p", adjust="season").table
    assert (calm["rule"] == "beyond a limit").sum() == 0
    fallen = iop.trend(
        seasonal_months(5, fall=0.06), chart="p_prime", adjust="season", baseline=48
    ).table
    assert (fallen["variation"].iloc[-6:] == "concern (low)").sum() >= 4
    assert (fallen["variation"].iloc[:48] == "concern (low)").sum() == 0


def test_each_group_has_its_own_season_and_open_points_have_it_too() -> None:
    frame = pd.concat(
        [
            seasonal_months(3).assign(site="A"),
            seasonal_months(3, noise=2).assign(site="B"),
        ],
        ignore_index=True,
    )
    frame["complete"] = frame["period"] != "2024-12"
    table = iop.trend(frame, by="site", adjust="season").table
    alone = iop.trend(frame[frame["site"] == "B"], adjust="season").table
    part = table[table["site"] == "B"].drop(columns="site").reset_index(drop=True)
    pd.testing.assert_frame_equal(part, alone)
    last = alone.iloc[-1]
    assert np.isnan(last["adjusted"])
    december = alone.loc[alone["period"].isin(["2022-12", "2023-12"]), "adjustment"]
    assert last["adjusted_so_far"] - last["value_so_far"] == pytest.approx(december.iloc[0])


def test_records_are_adjusted_for_season_and_admissions_for_days() -> None:
    records = records_of_the_sample()
    trend = iop.trend(records, "attendance_rate", by="program", every="quarter", adjust="season")
    assert trend.table["adjusted"].notna().equals(trend.table["value"].notna())
    days = iop.trend(records, "admissions", adjust=["season", "working_days"], holidays=())
    known = days.table["value"].notna()
    assert days.table.loc[known, "adjusted"].ge(0).all()
    expected = working_days(pd.PeriodIndex(days.when), [])
    assert days.table["working_days"].tolist() == expected.tolist()


def test_a_hidden_month_is_in_no_effect() -> None:
    frame = seasonal_months(3)
    shown = iop.trend(frame, chart="p", adjust="season")
    small = frame.copy()
    small.loc[30, ["numerator", "denominator"]] = [3, 5]
    safe = iop.protect(iop.trend(small, chart="p", adjust="season"))
    assert safe.table["hidden"].sum() == 1
    without = frame.copy().astype({"numerator": float, "denominator": float})
    without.loc[30, ["numerator", "denominator"]] = np.nan
    expected = iop.trend(without, chart="p", adjust="season").table
    names = ["adjustment", "adjusted", "centre", "lower_limit", "upper_limit"]
    pd.testing.assert_frame_equal(safe.table[names], expected[names])
    assert not safe.table["adjustment"].equals(shown.table["adjustment"])


def test_hidden_months_can_leave_too_little_for_a_season() -> None:
    small = seasonal_months(2)
    small.loc[5, ["numerator", "denominator"]] = [3, 5]
    safe = iop.protect(iop.trend(small, chart="p", adjust="season"))
    assert safe.table[["adjusted", "adjustment", "centre", "upper_limit"]].isna().all(axis=None)
    assert safe.table["value"].notna().sum() == 23
    assert "Not adjusted" in safe.text
    iop.plot_trend(safe)


# refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"adjust": "weather"}, RuleError, "weather"),
        ({"adjust": 3}, RuleError, "adjust=3"),
        ({"adjust": "season", "chart": "none"}, RuleError, 'chart="none"'),
        ({"adjust": "working_days"}, RuleError, "out of below"),
        ({"holidays": ["2026-01-01"]}, RuleError, "holidays= without"),
        ({"adjust": "season", "baseline": 12}, EstimateError, "12 of 12 months"),
        ({"adjust": "season", "every": "year"}, RuleError, "months and quarters"),
        ({"adjust": "season", "rebase": [("2023-01", "new")]}, None, ""),
    ],
)
def test_what_cannot_be_adjusted_is_refused(options: Any, error: Any, words: str) -> None:
    frame = seasonal_months(2)
    if error is None:
        assert iop.trend(frame, **options).table["adjusted"].notna().all()
        return
    with pytest.raises(error) as raised:
        iop.trend(frame, **options)
    assert words in str(raised.value)


def test_less_than_two_years_and_numbers_on_a_day_are_refused() -> None:
    with pytest.raises(EstimateError, match="1 of 12 months with fewer than two values"):
        iop.trend(seasonal_months(2).iloc[:23], adjust="season")
    numbers = pd.DataFrame({"period": range(30), "value": range(30)})
    with pytest.raises(RuleError, match="known of months and quarters"):
        iop.trend(numbers, adjust="season")
    with pytest.raises(RuleError, match="known of weeks, months"):
        iop.trend(numbers, adjust="working_days")
    with pytest.raises(RuleError, match="is a list of dates"):
        iop.trend(numbers, adjust="working_days", holidays="2026-01-01")
    for wrong in ("Ann Smith", pd.NaT, np.datetime64("NaT"), 7):
        with pytest.raises(RuleError, match="1 of 2 values of holidays= that are no date"):
            iop.trend(numbers, adjust="working_days", holidays=["2026-12-25", wrong])
    sample = iop.synthetic_records(people=60, seed=3)
    records = iop.read_records(episodes=sample.episodes, attendance=sample.attendance)
    with pytest.raises(RuleError, match="does not depend on its working days"):
        iop.trend(records, "census", adjust="working_days")


# drawn ------------------------------------------------------------------------------------------


def test_a_picture_draws_adjusted_values_and_what_they_were() -> None:
    trend = iop.trend(seasonal_months(3), "Attended", chart="p", adjust="season")
    lines = {str(line.get_label()): line for line in iop.plot_trend(trend).get_lines()}
    np.testing.assert_array_equal(lines["value"].get_ydata(), trend.table["adjusted"])
    np.testing.assert_array_equal(lines["before adjustment"].get_ydata(), trend.table["value"])
    (row,) = iop.summary_matrix([trend]).table.to_dict("records")
    assert row["value"] == trend.table["value"].iloc[-1]
