from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import datasets
from scipy.stats import kstwobign

import iop_outcomes as iop
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.survival import survival_curves
from iop_outcomes.survival.limits import bridge_quantile
from tests.helpers.engines import by_our_product

HERE = Path(__file__).parents[1]
REFERENCE = pd.read_csv(HERE / "reference" / "curves_more.csv", dtype={"group": str})
SCALES = {
    "log-log": "log-log",
    "log": "log",
    "plain": "plain",
    "logit": "logit",
    "arcsine": "arcsin",
}


def lung() -> pd.DataFrame:
    result = datasets.load_lung().rename(columns={"time": "days", "status": "event"})
    return result.assign(all=0)


def late_entry() -> pd.DataFrame:
    return pd.read_csv(HERE / "reference" / "late_entry.csv")


def reference(data: str, group: object, quantity: str) -> pd.Series:
    named = (REFERENCE["data"] == data) & (REFERENCE["quantity"] == quantity)
    rows = REFERENCE[named & (REFERENCE["group"] == f"{group:g}")]
    assert len(rows)
    return rows.set_index("at")["value"]


CURVES = [
    pytest.param("lung", lung, "sex", id="lung by sex"),
    pytest.param("lung", lung, "all", id="lung"),
    pytest.param("late_entry", late_entry, "group", id="late entry with ties"),
]


@pytest.mark.parametrize("interval", SCALES)
@pytest.mark.parametrize(("data", "load", "by"), CURVES)
def test_limits_on_each_scale_are_those_of_r(data, load, by, interval):
    curves = survival_curves(load(), by=by, interval=interval)
    for group in curves.sizes[by]:
        for column in ("lower", "upper"):
            theirs = reference(data, group, f"{column} {SCALES[interval]}")
            at = curves.at(theirs.index.to_numpy())
            mine = at.loc[at[by] == group, column].to_numpy()
            assert mine == pytest.approx(theirs.to_numpy(), rel=1e-11, nan_ok=True)


@pytest.mark.parametrize("interval", SCALES)
@pytest.mark.parametrize(("data", "load", "by"), CURVES)
def test_quantiles_and_their_limits_are_those_of_r(data, load, by, interval):
    curves = survival_curves(load(), by=by, interval=interval)
    shares = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9]
    result = curves.quantile(shares)
    assert list(result.columns) == [by, "share", "quantile", "lower", "upper"]
    for group, rows in result.groupby(by):
        for column, name in (("quantile", ""), ("lower", "lower "), ("upper", "upper ")):
            theirs = reference(data, group, f"quantile {name}{SCALES[interval]}").loc[shares]
            assert rows[column].to_numpy() == pytest.approx(theirs.to_numpy(), nan_ok=True)


@pytest.mark.parametrize("interval", SCALES)
@pytest.mark.parametrize(("data", "load", "by"), CURVES)
def test_the_median_follow_up_and_its_limits_are_those_of_r(data, load, by, interval):
    curves = survival_curves(load(), by=by, interval=interval)
    result = curves.follow_up().set_index(by)
    for group in result.index:
        for column, name in (("median", ""), ("lower", "lower "), ("upper", "upper ")):
            theirs = reference(data, group, f"follow-up {name}{SCALES[interval]}").item()
            if (data, group, interval, column) == ("late_entry", 1, "log-log", "lower"):
                # The limit rises from .473 on day 2 to .480 on day 18; R sorts it by height.
                assert (theirs, result.loc[group, column]) == (18, 2)
                continue
            assert result.loc[group, column] == pytest.approx(theirs, nan_ok=True)
    assert result["median"].to_numpy() == pytest.approx(
        curves.sizes["followed_median"].to_numpy(), nan_ok=True
    )


def test_the_published_limits_of_lung_at_day_180():
    results = {
        name: survival_curves(lung(), interval=name).at(180)[["lower", "upper"]].to_numpy()[0]
        for name in SCALES
    }
    assert results["plain"].round(5).tolist() == [0.66324, 0.78010]
    assert results["log"].round(5).tolist() == [0.66554, 0.78253]
    assert results["log-log"].round(5).tolist() == [0.65830, 0.77531]
    assert results["logit"].round(5).tolist() == [0.65968, 0.77620]
    assert results["arcsine"].round(5).tolist() == [0.66152, 0.77806]


def test_a_hand_worked_quantile_takes_the_middle_of_a_plateau():
    curves = survival_curves(pd.DataFrame({"days": [1, 2, 3, 4], "event": True}))
    # The curve stands at 3/4 from day 1 to 2, at 1/2 from 2 to 3, at 1/4 from 3 to 4.
    assert curves.quantile([0.25, 0.5, 0.75])["quantile"].tolist() == [1.5, 2.5, 3.5]
    assert curves.quantile(0.6)["quantile"].item() == 3
    assert curves.quantile(0.5)["quantile"].item() == curves.median()["median"].item()
    assert curves.quantile().equals(curves.quantile([0.25, 0.5, 0.75]))


def test_the_time_lost_is_the_horizon_less_the_restricted_mean():
    # Two of four leave at 1 and 3 of 4 days: lost 3 and 1 of 16 person-days.
    times = pd.DataFrame({"days": [1, 3, 4, 4], "event": [1, 1, 0, 0]})
    curves = survival_curves(times)
    lost, mean = curves.time_lost(4), curves.restricted_mean(4)
    assert lost["lost"].item() == pytest.approx(1)
    assert list(lost.columns) == ["lost", "se", "lower", "upper"]
    assert lost["se"].item() == mean["se"].item()
    assert lost["lower"].item() == pytest.approx(4 - mean["upper"].item())
    assert lost["upper"].item() == pytest.approx(4 - mean["lower"].item())
    with pytest.raises(EstimateError, match="followed up to the horizon"):
        curves.time_lost(5)


def test_another_level_moves_the_limits_as_making_the_curves_with_it_does():
    wide = survival_curves(lung(), by="sex", interval="logit")
    narrow = survival_curves(lung(), by="sex", interval="logit", confidence=0.8)
    assert wide.quantile([0.3, 0.5], 0.8).equals(narrow.quantile([0.3, 0.5]))
    assert wide.follow_up(0.8).equals(narrow.follow_up())


@pytest.mark.parametrize("share", [0, 1, 1.5, -0.1, [], [0.5, np.nan], "0.5", [[0.5]], True])
def test_shares_that_are_none_are_refused(share):
    with pytest.raises(RuleError, match="A share lies between 0 and 1"):
        survival_curves(lung()).quantile(share)


def test_a_scale_that_is_not_known_is_refused():
    with pytest.raises(RuleError, match="log-log, log, plain, logit, arcsine"):
        survival_curves(lung(), interval="arcsin")


@settings(deadline=None, max_examples=10)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=25),
    st.lists(st.floats(0.01, 0.99), min_size=2, max_size=5),
    st.sampled_from(list(SCALES)),
)
@by_our_product
def test_quantiles_rise_with_their_share_and_lie_within_their_limits(rows, shares, interval):
    times = pd.DataFrame(rows, columns=["days", "event"])
    result = survival_curves(times, interval=interval).quantile(sorted(shares))
    assert (result["quantile"].dropna().diff().dropna() >= 0).all()
    assert result["quantile"].isna().is_monotonic_increasing
    both = result.dropna(subset=["quantile", "lower"])
    assert (both["lower"] <= both["quantile"]).all()
    both = result.dropna(subset=["quantile", "upper"])
    assert (both["quantile"] <= both["upper"]).all()


@pytest.mark.parametrize(("interval", "name"), [("plain", "hall-wellner"), ("log-log", "loghall")])
def test_the_simultaneous_band_is_that_of_km_ci(interval, name):
    band = survival_curves(lung(), by="sex", interval=interval).band()
    for group, rows in band.groupby("sex"):
        for column in ("lower", "upper"):
            # Theirs leave 0 to 1, and their quantile is read from a table of four digits.
            theirs = reference("lung", group, f"{column} {name}").clip(0, 1)
            mine = rows.set_index("day").loc[theirs.index, column]
            assert mine.to_numpy() == pytest.approx(theirs.to_numpy(), abs=5e-6)


def test_the_quantile_of_the_whole_bridge_is_kolmogorovs():
    for confidence in (0.8, 0.9, 0.95, 0.99):
        assert bridge_quantile(confidence, 1 - 1e-13) == pytest.approx(
            kstwobign.ppf(confidence), abs=1e-6
        )


def test_the_band_holds_the_whole_curve_as_often_as_it_says():
    random, samples = np.random.default_rng(4), []
    for sample in range(200):
        days, ended = random.exponential(100, 150), random.uniform(20, 300, 150)
        frame = {"days": np.minimum(days, ended), "event": days <= ended, "sample": sample}
        samples.append(pd.DataFrame(frame))
    curves = survival_curves(pd.concat(samples), by="sample")
    shares = []
    for drawn in (curves.band(150), curves.table.query("survival < 1 and day <= 150")):
        covered = []
        for _, rows in drawn.groupby("sample"):
            # The truth falls between the days, so that each limit meets both ends of its step.
            begin = np.exp(-rows["day"].to_numpy() / 100)
            end = np.append(begin[1:], np.exp(-1.5))
            covered.append((rows["lower"] <= end).all() and (begin <= rows["upper"]).all())
        assert len(covered) == 200
        shares.append(np.mean(covered))
    band, pointwise = shares
    assert 0.92 < band < 0.985
    assert pointwise < 0.85


def test_the_band_is_wider_than_the_limits_and_ends_where_it_is_told_to():
    curves = survival_curves(lung(), by="sex")
    band = curves.band(365)
    both = band.merge(curves.table, on=["sex", "day"], suffixes=("", "_pointwise"))
    middle = both[both["survival"].between(0.3, 0.7)]
    assert (middle["lower"] < middle["lower_pointwise"]).all()
    assert (middle["upper"] > middle["upper_pointwise"]).all()
    assert band["day"].max() <= 365
    assert list(band.columns) == ["sex", "day", "survival", "lower", "upper"]
    narrow = survival_curves(lung(), by="sex", confidence=0.8)
    assert curves.band(365, 0.8).equals(narrow.band(365))


def test_a_band_that_cannot_be_is_refused():
    curves = survival_curves(pd.DataFrame({"days": [5, 9, 12], "event": [1, 0, 1]}))
    for until in (4, 12, 13):
        with pytest.raises(EstimateError, match="A band needs, in every group"):
            curves.band(until)
    with pytest.raises(EstimateError, match="an event by then"):
        survival_curves(pd.DataFrame({"days": [5, 9], "event": 0})).band()
    assert curves.band()["day"].tolist() == [5]


def test_limits_that_cannot_be_computed_are_not_called_not_reached():
    # Greenwood's sum has no end where the curve comes down to 0, so that nothing is known there.
    alone = survival_curves(pd.DataFrame({"days": [10], "event": True}))
    assert "median 10 days (95% limits cannot be computed)" in alone.text
    assert alone.median(reasons=True)[["lower_missing", "upper_missing"]].to_numpy().tolist() == [
        ["cannot be computed", "cannot be computed"]
    ]
    # The lower limit comes down at once; the upper is at .67 when the curve drops to 0.
    all_four = survival_curves(pd.DataFrame({"days": [10, 20, 30, 40], "event": True}))
    assert "median 25 days (95% limits: lower 10, upper cannot be computed)" in all_four.text
    # The upper limit is known to the end of the follow-up, and stays above one half.
    some = survival_curves(pd.DataFrame({"days": [10, 20, 30, 40], "event": [1, 1, 0, 0]}))
    assert "median 30 days (95% limits 10 to not reached)" in some.text
    assert some.median(reasons=True)["upper_missing"].tolist() == ["not reached"]
    assert some.median(reasons=True)["lower_missing"].tolist() == [""]


def test_quantiles_and_follow_up_say_why_a_limit_is_missing():
    times = pd.DataFrame({"days": [10, 20, 30, 40], "event": [1, 1, 0, 0]})
    result = survival_curves(times).quantile([0.25, 0.75], reasons=True)
    assert result["quantile"].isna().tolist() == [False, True]
    assert result["lower_missing"].tolist() == ["", ""]
    assert result["upper_missing"].tolist() == ["not reached", "not reached"]
    # Turned round the curve comes down to 0 with the two who are followed to the end.
    follow_up = survival_curves(times).follow_up(reasons=True)
    assert follow_up["median"].item() == 35
    assert follow_up["upper_missing"].item() == "cannot be computed"


@settings(deadline=None, max_examples=10)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=15),
    st.sampled_from(list(SCALES)),
)
def test_a_missing_limit_has_its_reason_from_the_table(rows, interval):
    times = pd.DataFrame(rows, columns=["days", "event"])
    curves = survival_curves(times, interval=interval)
    result = curves.median(reasons=True).iloc[0]
    for limit in ("lower", "upper"):
        heights = curves.table[limit]
        reason = result[f"{limit}_missing"]
        assert pd.isna(result[limit]) == (reason != "")
        if reason == "not reached":
            assert (heights > 0.5).all()
        if reason == "cannot be computed":
            assert heights.isna().any()
            assert not (heights <= 0.5).any()


def test_a_restricted_mean_without_spread_has_no_limits():
    # Nobody had the event, or everybody on one day: the formula gives 0, which is no certainty.
    for event, mean in ((0, 30.0), (1, 20.0)):
        times = pd.DataFrame({"days": [20, 20, 20] if event else [40] * 3, "event": event})
        result = survival_curves(times).restricted_mean(30).iloc[0]
        assert (result["mean"], result["se"]) == (mean, 0)
        assert result[["lower", "upper"]].isna().all()
        lost = survival_curves(times).time_lost(30).iloc[0]
        assert lost[["lower", "upper"]].isna().all()


def test_days_with_nobody_at_risk_between_others_are_told() -> None:
    times = pd.DataFrame(
        {
            "entry": [0, 0, 0, 20, 20, 20, 50],
            "days": [5, 8, 10, 25, 30, 40, 60],
            "event": [1, 1, 0, 1, 1, 0, 1],
            "ended_by": ["relapse", "relapse", "left", "relapse", "died", "left", "relapse"],
        }
    )
    gaps = "nobody at risk from day 10 to day 20, day 40 to day 50"
    assert gaps in iop.survival_curves(times).text
    assert gaps in iop.survival_curves(times.assign(w=2.0), weights="w").text
    assert gaps in iop.cumulative_incidence(times, causes=["relapse", "died"]).text
    assert "nobody" not in iop.survival_curves(times.assign(entry=0)).text
    assert "nobody" not in iop.survival_curves(times.assign(entry=4)).text
