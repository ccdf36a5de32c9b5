"""Proportional hazards of intervals: against R, a plain likelihood, a known truth; refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.compare.regression.intervals.baseline import LogSpline
from iop_outcomes.compare.regression.intervals.likelihood import IntervalLikelihood
from iop_outcomes.errors import EstimateError, RuleError

REFERENCE = Path(__file__).parents[1] / "reference"


@pytest.fixture(scope="module")
def times() -> pd.DataFrame:
    data = pd.read_csv(REFERENCE / "interval_cox_data.csv")
    event = np.isfinite(data["right"])
    return data.assign(
        event=event, days=data["right"].where(event, data["left"]), clear_until=data["left"]
    ).drop(columns=["left", "right"])


@pytest.fixture(scope="module")
def expected() -> pd.Series:
    return pd.read_csv(REFERENCE / "interval_cox.csv").set_index(["case", "quantity"])["value"]


def test_weibulls_baseline_is_that_of_r(times: pd.DataFrame, expected: pd.Series) -> None:
    fit = iop.interval_cox(times, "dose + track", baseline="weibull")
    reference = expected["plain"]
    assert fit.table["coefficient"].tolist() == pytest.approx(
        [reference["dose"], reference["track"]], rel=1e-7
    )
    assert fit.table["se"].tolist() == pytest.approx(
        [reference["se dose"], reference["se track"]], rel=1e-6
    )
    assert fit.log_likelihood == pytest.approx(reference["log likelihood"], rel=1e-10)
    assert fit.null_log_likelihood == pytest.approx(reference["no terms"], rel=1e-10)
    assert fit.baseline["value"].iloc[1] == pytest.approx(reference["log day"], rel=1e-7)
    asked = pd.DataFrame({"dose": [0.5], "track": ["evening"]})
    curve = fit.predict(asked, [0, 14, 60]).table["survival"].tolist()
    assert curve == pytest.approx(
        [1.0, reference["survival 14"], reference["survival 60"]], rel=1e-7
    )


def test_errors_by_person_are_the_infinitesimal_jackknife_of_refits_in_r(
    times: pd.DataFrame, expected: pd.Series
) -> None:
    fit = iop.interval_cox(times, "dose + track", baseline="weibull", cluster="person")
    reference = expected["cluster"]
    assert fit.table["se"].tolist() == pytest.approx(
        [reference["se dose"], reference["se track"]], rel=1e-5
    )
    assert fit.clusters == times["person"].nunique()


def test_a_spline_is_the_maximum_of_a_plain_likelihood(times: pd.DataFrame) -> None:
    """Written a row at a time; no point around has more, and the likelihood is concave."""
    fit = iop.interval_cox(times, "dose + track", knots=1)
    event, days, clear = (times[name].to_numpy() for name in ("event", "days", "clear_until"))
    middle = np.log((clear + days)[event] / 2)
    first, knot, last = np.quantile(middle, [0, 0.5, 1])
    share = (last - knot) / (last - first)
    x = np.column_stack([times["dose"], times["track"] == "evening"]).astype(float)
    x = x - x.mean(axis=0)

    def log_hazard(values: np.ndarray, day: float, row: np.ndarray) -> tuple[float, float]:
        u = np.log(day)
        cubes = [max(u - one, 0.0) ** 3 for one in (knot, first, last)]
        bend = cubes[0] - share * cubes[1] - (1 - share) * cubes[2]
        squares = [3 * max(u - one, 0.0) ** 2 for one in (knot, first, last)]
        rise = values[1] + values[2] * (squares[0] - share * squares[1] - (1 - share) * squares[2])
        return values[0] + values[1] * u + values[2] * bend + float(row @ values[3:]), rise

    def less(values: np.ndarray) -> float:
        total = 0.0
        for row, e, day, start in zip(x, event, days, clear, strict=True):
            if not e:
                total -= np.exp(log_hazard(values, day, row)[0])
            elif start == day:
                eta, rise = log_hazard(values, day, row)
                if rise <= 0:
                    return 1e10
                total += eta + np.log(rise) - np.log(day) - np.exp(eta)
            else:
                before = np.exp(-np.exp(log_hazard(values, start, row)[0])) if start > 0 else 1.0
                gap = before - np.exp(-np.exp(log_hazard(values, day, row)[0]))
                if gap <= 0:
                    return 1e10
                total += np.log(gap)
        return -total

    top = np.concatenate([fit.baseline["value"], fit.table["coefficient"]])
    assert fit.log_likelihood == pytest.approx(-less(top), rel=1e-12)
    error = np.concatenate([fit.baseline["se"], fit.table["se"]])
    around = np.random.default_rng(2).normal(size=(40, len(top)))
    for size in (1e-3, 1.0):
        assert min(less(top + size * error * step) for step in around) > less(top)
    assert fit.aic == pytest.approx(2 * 5 - 2 * fit.log_likelihood)


def test_the_derivatives_are_those_of_the_likelihood() -> None:
    """Intervals, known days, day 0, late entry: against differences."""
    rng = np.random.default_rng(3)
    left = np.array([0.0, 7.0, 14.0, 20.0, 9.0, 30.0])
    right = np.array([7.0, 14.0, np.inf, 20.0, np.inf, 37.0])
    entry = np.array([0.0, 0.0, 3.0, 5.0, 9.0, 0.0])
    spline = LogSpline(np.log(np.array([4.0, 12.0, 20.0, 33.0])))
    result = IntervalLikelihood.of(
        spline, (left, right, entry), rng.normal(size=(6, 2)), np.ones(6)
    )
    values = np.array([-4.0, 1.2, 0.01, -0.01, 0.3, -0.2])
    point = result.at(values)
    for place in range(6):
        step = np.zeros(6)
        step[place] = 1e-5
        up, down = result.at(values + step), result.at(values - step)
        slope = (up.log_likelihood - down.log_likelihood) / 2e-5
        assert point.gradient[place] == pytest.approx(slope, rel=1e-5, abs=1e-7)
        bend = (up.gradient - down.gradient) / 2e-5
        assert -point.information[place] == pytest.approx(bend, rel=1e-5, abs=1e-6)
    assert result.scores(values).sum(axis=0) == pytest.approx(point.gradient)


def test_a_row_cut_in_two_says_the_same(times: pd.DataFrame) -> None:
    """Without the event up to day 5, then under observation from day 5: late entry."""
    cut = times["clear_until"] >= 5
    first = times[cut].assign(days=5.0, event=False, clear_until=5.0, entry=0.0)
    whole = iop.interval_cox(times, "dose + track", baseline="weibull")
    parts = pd.concat([times.assign(entry=np.where(cut, 5.0, 0.0)), first], ignore_index=True)
    again = iop.interval_cox(parts, "dose + track", baseline="weibull", cluster=None)
    assert again.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-9)
    assert again.table["coefficient"].tolist() == pytest.approx(
        whole.table["coefficient"].tolist(), rel=1e-6
    )


def test_a_known_hazard_ratio_and_curve_are_recovered() -> None:
    """A hazard that rises and falls, which is not Weibull's; ratio 2; weekly check-ins."""
    rng = np.random.default_rng(8)
    people = 4_000
    x = rng.integers(0, 2, people)
    # log-logistic baseline odds (t / 40)^2, hazard doubled for x = 1: S = (1 + (t/40)^2)^-(1 + x)
    share = rng.random(people)
    true = 40 * np.sqrt(share ** (-1 / (1 + x)) - 1)
    week = np.ceil(true / 7) * 7
    event = week <= 112
    frame = pd.DataFrame(
        {
            "days": np.where(event, week, 112.0),
            "clear_until": np.where(event, week - 7, 112.0),
            "event": event,
            "x": x,
        }
    )
    fit = iop.interval_cox(frame, "x", knots=3)
    row = fit.table.iloc[0]
    assert row["coefficient"] == pytest.approx(np.log(2), abs=2.5 * row["se"])
    curve = fit.predict(pd.DataFrame({"x": [0]}), [20, 50, 90]).table
    truth = 1 / (1 + (np.array([20, 50, 90]) / 40) ** 2)
    assert (curve["survival"] - truth).abs().max() < 0.02
    line = iop.interval_cox(frame, "x", baseline="weibull")
    assert line.aic > fit.aic + 20  # the line does not fit


def test_order_of_rows_and_the_given_frame(times: pd.DataFrame) -> None:
    kept = times.copy()
    one = iop.interval_cox(times, "dose + track")
    two = iop.interval_cox(times.iloc[::-1], "dose + track")
    pd.testing.assert_frame_equal(times, kept)
    assert one.table["coefficient"].tolist() == pytest.approx(
        two.table["coefficient"].tolist(), rel=1e-6
    )
    assert one.test("dose").table["p_value"].iloc[0] == pytest.approx(
        one.table["p_value"].iloc[0], rel=1e-6
    )
    assert "hazard ratio" in one.text
    assert "spline of 2 inner knots" in one.text
    assert np.isnan(
        one.predict(pd.DataFrame({"dose": [0.0], "track": ["day"]}), [9_999])
        .table["survival"]
        .iloc[0]
    )


def test_what_it_refuses(times: pd.DataFrame) -> None:
    with pytest.raises(EstimateError, match="needs events"):
        iop.interval_cox(times.assign(event=False), "dose")
    first = times.assign(event=True, days=[0.0] + [7.0] * (len(times) - 1), clear_until=0.0)
    with pytest.raises(EstimateError, match="day 0"):
        iop.interval_cox(first, "dose")
    with pytest.raises(RuleError, match="knots"):
        iop.interval_cox(times, "dose", knots=0)
    with pytest.raises(RuleError, match="at most 6"):
        iop.interval_cox(times, "dose", knots=7)
    with pytest.raises(RuleError, match="baseline"):
        iop.interval_cox(times, "dose", baseline="step")  # type: ignore[arg-type]
    with pytest.raises(EstimateError, match="Infinite estimate"):
        iop.interval_cox(times.assign(never=~times["event"]), "never")
    with pytest.raises(EstimateError, match="linearly dependent"):
        iop.interval_cox(times.assign(twice=2 * times["dose"]), "dose + twice")
    with pytest.raises(RuleError, match="does not give concordance"):
        iop.interval_cox(times, "dose").concordance()
