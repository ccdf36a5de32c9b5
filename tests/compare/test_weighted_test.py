"""Tests of the log-rank family where rows have weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.compare.group_tests.scores.cluster_score import known_bias
from iop_outcomes.compare.group_tests.scores.log_rank import (
    LOG_RANK,
    log_rank,
    weighted_log_rank,
)
from iop_outcomes.compare.group_tests.scores.weights import Weight
from iop_outcomes.errors import EstimateError
from iop_outcomes.survival.times import check_times

HERE = Path(__file__).parents[1] / "reference"
REFERENCE = pd.read_csv(HERE / "weighted_test.csv")


def times_of(case: str) -> pd.DataFrame:
    times = pd.read_csv(HERE / "clusters_data.csv")
    times["weight"] = 0.5 + (times["row"] % 7) / 3
    if case == "two groups":
        times = times[times["group"] != "c"]
    return times if "late" in case else times.drop(columns="entry")


@pytest.mark.parametrize(
    ("case", "cluster", "statistic"), list(REFERENCE.itertuples(index=False, name=None))
)
def test_the_statistic_is_the_robust_score_test_of_r_times_the_known_bias(
    case: str, cluster: str, statistic: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = times_of(case)
    strata = "site" if "strata" in case else None
    options = {"strata": strata, "weights": "weight", "cluster": cluster}
    ours = iop.compare_survival(times, "group", **options)
    path = "iop_outcomes.compare.group_tests.scores.log_rank.known_bias"
    seen: list[float] = []

    def without(*given: object) -> float:
        seen.append(known_bias(*given))  # type: ignore[arg-type]  # as given
        return 1.0

    monkeypatch.setattr(path, without)
    plain = iop.compare_survival(times, "group", **options)
    assert plain.statistic == pytest.approx(statistic, rel=1e-9)
    assert ours.statistic * seen[0] == pytest.approx(statistic, rel=1e-9)
    assert 0.9 < seen[0] < 1.2


@pytest.mark.parametrize("cluster", ["person_id", None])
@pytest.mark.parametrize("test", ["log_rank", "gehan_breslow", "peto_peto"])
def test_equal_weights_change_nothing(cluster: str | None, test: str) -> None:
    times = times_of("late strata")
    plain = iop.compare_survival(times, "group", test=test, strata="site", cluster=cluster)
    for weight in (1.0, 3.0):
        if test == "peto_peto" and weight > 1:
            continue  # its weights are of n + 1, which copies change
        same = times.assign(weight=weight)
        comparison = iop.compare_survival(
            same, "group", test=test, strata="site", weights="weight", cluster=cluster
        )
        assert comparison.statistic == pytest.approx(plain.statistic, rel=1e-9)
        assert comparison.p_value == pytest.approx(plain.p_value, rel=1e-9)
        expected = weight * plain.table["expected"]
        np.testing.assert_allclose(comparison.table["expected"], expected)


def test_the_score_is_that_of_rows_written_as_often_as_they_weigh() -> None:
    times = times_of("late strata").assign(weight=lambda frame: 1 + frame["row"] % 3)
    several = times.loc[times.index.repeat(times["weight"])]
    for weight in (LOG_RANK, Weight("tarone_ware"), Weight("fleming_harrington", 1.0, 0.5)):
        one = weighted_log_rank(
            check_times(times, "group"),
            times["site"].to_numpy() - 1,
            None,
            weight,
            times["weight"].to_numpy(dtype=float),
        )
        other = log_rank(
            check_times(several, "group"), several["site"].to_numpy() - 1, None, weight
        )
        np.testing.assert_allclose(one.observed, other.observed)
        np.testing.assert_allclose(one.expected, other.expected)


def test_the_residuals_by_a_plain_loop() -> None:
    times = pd.DataFrame(
        {
            "days": [3, 5, 5, 9, 4, 8, 10, 12],
            "event": [1, 1, 1, 0, 1, 0, 1, 0],
            "track": ["day"] * 4 + ["evening"] * 4,
            "weight": [1.0, 2.0, 0.5, 1.5, 1.0, 3.0, 0.5, 1.0],
        }
    )
    days, event = times["days"].to_numpy(), times["event"].to_numpy()
    weight, day = times["weight"].to_numpy(), (times["track"] == "day").to_numpy()
    residual = np.zeros(8)
    for one in np.unique(days[event == 1]):
        there = days >= one
        died = (days == one) & (event == 1)
        share = weight[there & day].sum() / weight[there].sum()
        rate = weight[died].sum() / weight[there].sum()
        residual += weight * (day - share) * (died * 1.0 - there * rate)
    result = weighted_log_rank(
        check_times(times, "track"), np.zeros(8, dtype=int), np.arange(8), LOG_RANK, weight
    )
    assert result.observed[0] - result.expected[0] == pytest.approx(residual.sum())
    plain = log_rank(check_times(times, "track"), np.zeros(8, dtype=int))
    residual_one = np.zeros(8)
    for one in np.unique(days[event == 1]):
        there, died = days >= one, (days == one) & (event == 1)
        part = day - day[there].mean()
        residual_one += part * (died * 1.0 - there * died.sum() / there.sum())
    bias = residual_one.sum() ** 2 / (residual_one**2).sum() / plain.statistic
    assert result.covariance[0, 0] == pytest.approx((residual**2).sum() * bias)


def test_what_is_weighted_is_said() -> None:
    comparison = iop.compare_survival(
        times_of("plain"), "group", weights="weight", cluster="person_id"
    )
    assert comparison.text.startswith(
        "Log-rank test weighted by weight robust to clusters, by group:"
    )
    assert "weighted_events" in comparison.table
    first = comparison.table.iloc[0]
    assert f"(weighted {first['weighted_events']:.1f}, expected" in comparison.text
    total = comparison.table[["weighted_events", "expected"]].sum()
    assert total["weighted_events"] == pytest.approx(total["expected"])


def test_a_weight_that_is_none_is_refused() -> None:
    with pytest.raises(EstimateError, match="Every weight in weight is a number above 0"):
        iop.compare_survival(times_of("plain").assign(weight=0.0), "group", weights="weight")


def test_a_pair_is_the_comparison_of_its_two_groups() -> None:
    times = times_of("strata")
    pairs = iop.compare_survival_pairs(times, "group", strata="site", weights="weight")
    two = times[times["group"] != "c"]
    comparison = iop.compare_survival(two, "group", strata="site", weights="weight")
    row = pairs.table[(pairs.table["group"] == "b") & (pairs.table["reference"] == "a")].iloc[0]
    assert row["statistic"] == pytest.approx(comparison.statistic)
    assert pairs.text.startswith("Log-rank test weighted by weight robust to clusters")
