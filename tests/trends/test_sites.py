"""Funnels, VLAD and CUSUM against published numbers and slow plain versions."""

from __future__ import annotations

from math import exp, log
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, chi2, poisson

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.trends.sites import (
    cusum_limit,
    cusum_of,
    cusum_weights,
    exact_proportion_limit,
    exact_ratio_limit,
    expected_less_observed,
    funnel_limits,
    overdispersion_of_proportions,
    overdispersion_of_ratios,
)

TAILS = (0.001, 0.025, 0.975, 0.999)
NUMERATOR = [100, 150, 180, 80, 120, 225]
DENOMINATOR = [300, 320, 400, 250, 310, 500]
EXPECTED = [108, 112, 165, 95, 100, 220]


def printed(found: Any, text: str) -> None:
    """Compare numbers with those printed, to their last digit."""
    for number, one in zip(np.ravel(found), text.split(), strict=True):
        digits = len(one.partition(".")[2])
        assert f"{number:.{digits}f}".lstrip("0") == one.lstrip("0")


# Spiegelhalter 2005, appendix: the interpolated binomial quantiles.
@pytest.mark.parametrize(
    ("size", "limits"),
    [
        (20, ".057708 .162916 .594407 .723620"),
        (50, ".183371 .255945 .528335 .608748"),
        (100, ".246988 .300144 .492031 .548574"),
    ],
)
def test_exact_limits_of_a_proportion(size: int, limits: str) -> None:
    printed([exact_proportion_limit(size, 0.4, below) for below in TAILS], limits)


def test_exact_limits_of_a_ratio() -> None:
    """The numbers of test-poisson_limits.R of R's FunnelPlotR (July 2025)."""
    sizes = [15, 20, 30]
    printed(exact_ratio_limit(sizes, 0.025), ".5596924 .6108260 .6746958")
    printed(exact_ratio_limit(sizes, 0.975), "1.649348 1.544419 1.427562")
    printed(exact_ratio_limit(sizes, 0.001), ".3862650 .4479107 .5289724")
    printed(exact_ratio_limit(sizes, 0.999), "2.082907 1.902094 1.702771")


def test_overdispersion_is_that_of_the_published_method() -> None:
    """Computed by R's FunnelPlotR (July 2025) from the same numbers."""
    target = sum(NUMERATOR) / sum(DENOMINATOR)
    printed(target, ".4110576923")
    result = overdispersion_of_proportions(NUMERATOR, DENOMINATOR, target)
    printed([result.ratio, result.between], "4.356164248 .003082748767")
    result = overdispersion_of_ratios(NUMERATOR, EXPECTED)
    printed([result.ratio, result.between], "2.948033175 .01947753058")
    rows = {"numerator": NUMERATOR, "denominator": DENOMINATOR}
    table = funnel_limits(pd.DataFrame(rows), overdispersion="on")
    printed(table[["lower_95", "upper_95"]].iloc[0], ".2942314 .5332092")
    # its limits without overdispersion are on this scale too; here they are exact
    angle = np.arcsin(np.sqrt(target)) + np.array([-1.959964, 1.959964]) / np.sqrt(4 * 300)
    printed(np.sin(angle) ** 2, ".3560684 .4671847")
    exact = funnel_limits(pd.DataFrame(rows), overdispersion="off")
    near = exact[["lower_95", "upper_95"]].iloc[0].to_numpy(dtype=float)
    assert (np.abs(near - np.sin(angle) ** 2) < 1 / 300).all()  # by less than one person
    rows = {"observed": NUMERATOR, "expected": EXPECTED}
    table = funnel_limits(pd.DataFrame(rows), overdispersion="on")
    printed(table[["lower_95", "upper_95"]].iloc[4], ".7142611378 1.400048172")


def test_below_ten_sites_limits_are_exact_and_the_ratio_is_told() -> None:
    frame = pd.DataFrame(
        {"numerator": NUMERATOR, "denominator": DENOMINATOR, "site": list("abcdef")}
    )
    table = funnel_limits(frame)
    assert not table["adjusted"].any()
    assert table["overdispersion"].iloc[0] > 4
    target = table["target"].iloc[0]
    np.testing.assert_array_equal(
        table["upper_95"], exact_proportion_limit(DENOMINATOR, target, 0.975)
    )
    assert table["site"].tolist() == list("abcdef")  # their order is kept: no ranking
    many = pd.concat([frame, frame], ignore_index=True)
    assert funnel_limits(many)["adjusted"].all()
    assert not funnel_limits(many, overdispersion="off")["adjusted"].any()


def test_positions_are_those_of_the_limits() -> None:
    frame = pd.DataFrame({"numerator": [38, 70, 50, 58, 0], "denominator": [100] * 4 + [0]})
    table = funnel_limits(frame, target=0.5)
    assert table["position"].tolist() == [
        "below the 95% limit",
        "above the 99.8% limit",
        "within limits",
        "within limits",
        "",
    ]
    assert table.iloc[4][["value", "upper_95"]].isna().all()


def test_few_are_not_beyond_a_limit_where_chance_often_gives_as_much() -> None:
    """All of two at a target of 60.9% have a probability of 0.37, and none of one expected too."""
    frame = pd.DataFrame({"numerator": [2, 0, 40, 7], "denominator": [2, 1, 45, 7]})
    table = funnel_limits(frame, target=0.609)
    assert table["upper_95"].iloc[0] < 1  # the interpolated limit stays as published
    assert table["position"].tolist() == [
        "within limits",
        "within limits",
        "above the 99.8% limit",
        "within limits",  # 0.609**7 is 3.1%
    ]
    ratios = pd.DataFrame({"observed": [0, 0, 9], "expected": [1, 4, 3]})
    table = funnel_limits(ratios)
    assert table["position"].tolist() == [
        "within limits",
        "below the 95% limit",
        "above the 95% limit",
    ]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.floats(0.01, 0.99))
def test_beyond_a_limit_is_what_the_slow_tails_say(size: int, target: float) -> None:
    """Of a proportion just that; beside the wider limits of a ratio nothing more."""
    numbers = np.arange(size + 1)
    frame = pd.DataFrame({"numerator": numbers, "denominator": size})
    shares = funnel_limits(frame, target=target, overdispersion="off")
    frame = pd.DataFrame({"observed": numbers, "expected": size * target})
    ratios = funnel_limits(frame, overdispersion="off")
    for table, law in ((shares, binom(size, target)), (ratios, poisson(size * target))):
        for number, position in zip(numbers, table["position"], strict=True):
            tails = {"below": law.cdf(number), "above": law.sf(number - 1)}
            if any(abs(one - tail) < 1e-9 for one in tails.values() for tail in (0.001, 0.025)):
                continue
            side, rarest = min(tails.items(), key=lambda one: one[1])
            limit = "99.8%" if rarest < 0.001 else "95%" if rarest < 0.025 else ""
            said = f"{side} the {limit} limit" if limit else "within limits"
            if table is shares:
                assert position == said
            elif position != "within limits":
                assert position.replace("99.8%", "95%") == said.replace("99.8%", "95%")


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 200), st.floats(0, 1), st.sampled_from(TAILS))
def test_the_interpolated_limit_is_near_the_quantile(size: int, target: float, tail: float) -> None:
    limit = float(exact_proportion_limit(size, target, tail))
    assert 0 <= limit <= 1
    r = binom.ppf(tail, size, target)
    assert (r - 1) / size - 1e-12 <= limit <= r / size + 1e-12
    below, above = (exact_proportion_limit(size, target, one) for one in (0.3, 0.7))
    assert below <= above


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=14))
def test_a_funnel_never_leaves_what_is_possible(rows: list[tuple[int, int]]) -> None:
    frame = pd.DataFrame(rows, columns=["numerator", "rest"])
    frame["denominator"] = frame["numerator"] + frame.pop("rest")
    for overdispersion in ("auto", "on", "off"):
        table = funnel_limits(frame, overdispersion=overdispersion)
        limits = table[["lower_998", "lower_95", "upper_95", "upper_998"]].dropna().to_numpy()
        assert (limits >= 0).all()
        assert (limits <= 1).all()
        assert (np.diff(limits, axis=1) >= -1e-12).all()
    ratios = frame.rename(columns={"numerator": "observed", "denominator": "expected"})
    table = funnel_limits(ratios, overdispersion="off")
    used = ratios["expected"] > 0
    expected = ratios.loc[used, "expected"]
    np.testing.assert_allclose(
        table.loc[used, "lower_95"], chi2.ppf(0.025, 2 * expected) / (2 * expected)
    )


@pytest.mark.parametrize(
    ("frame", "options", "said"),
    [
        ({"numerator": [3]}, {}, "numerator and denominator"),
        ({"numerator": ["a"], "denominator": [3]}, {}, "numerator and denominator"),
        ({"numerator": [4], "denominator": [3]}, {}, "above its denominator"),
        ({"numerator": [-4], "denominator": [3]}, {}, "negative"),
        ({"numerator": [np.inf], "denominator": [3]}, {}, "infinite"),
        ({"numerator": [1], "denominator": [3]}, {"target": 2}, "0 to 1"),
        ({"observed": [1], "expected": [3]}, {"target": 2}, "is 1"),
        ({"observed": [1], "expected": [3]}, {"overdispersion": "yes"}, "overdispersion"),
    ],
)
def test_what_is_no_funnel_is_refused(
    frame: dict[str, Any], options: dict[str, Any], said: str
) -> None:
    with pytest.raises(RuleError, match=said):
        funnel_limits(pd.DataFrame(frame), **options)


# CUSUM ------------------------------------------------------------------------------------------


def expit(value: float) -> float:
    return 1 / (1 + exp(-value))


def test_weights_are_those_of_steiner() -> None:
    """Steiner 2014, p. 234, in test-llr_score.R of R's vlad (May 2021), of which the last number
    of that file (-0.0954) is left out: the formula gives -0.0945, and the test there allows 0.01.
    """
    risk = [expit(-3.68 + 0.077 * score) for score in (0, 0, 50, 50)]
    outcome = [0, 1, 0, 1]
    for odds_ratio, weights in ((2.0, "-.024 .669 -.433 .260"), (0.5, ".012 -.681 .316 -.377")):
        result = cusum_weights(risk, outcome, odds_ratio)
        assert [f"{one:.3f}" for one in result] == [f"{float(one):.3f}" for one in weights.split()]
    other = cusum_weights([expit(-3.67 + 0.077 * 19)] * 2, [1, 0], 2.0)
    assert [f"{one:.4f}" for one in other] == ["0.5986", "-0.0945"]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.01, 0.99), st.integers(0, 1)), max_size=40),
    st.sampled_from([2.0, 0.5, 3.0]),
)
def test_a_cusum_is_that_of_a_plain_loop(people: list[tuple[float, int]], odds: float) -> None:
    risk, outcome = [p for p, _ in people], [y for _, y in people]
    table = cusum_of(risk, outcome, odds_ratio=odds, limit=1.0)
    total, expected, gained = 0.0, [], []
    for p, y in people:
        weight = log((odds if y else 1.0) / (1 - p + odds * p))
        total = max(0.0, total + weight)
        expected.append(total)
        gained.append((gained[-1] if gained else 0.0) + p - y)
    np.testing.assert_allclose(table["cusum"], expected, atol=1e-9)
    np.testing.assert_allclose(expected_less_observed(risk, outcome), gained, atol=1e-9)
    assert table["signal"].tolist() == [bool(one >= 1.0) for one in table["cusum"]]


def exact_run_length(risk: float, odds: float, limit: float, cells: int = 600) -> float:
    """The mean run length of one risk, by a Markov chain over a fine grid of sums."""
    width = limit / cells
    chain = np.zeros((cells, cells))
    for cell in range(cells):
        for outcome, chance in ((1, risk), (0, 1 - risk)):
            weight = log((odds if outcome else 1.0) / (1 - risk + odds * risk))
            to = round(max(0.0, cell * width + weight) / width)
            if to < cells:
                chain[cell, to] += chance
    return float(np.linalg.solve(np.eye(cells) - chain, np.ones(cells))[0])


@pytest.mark.parametrize(("risk", "odds"), [(0.3, 2.0), (0.5, 0.5)])
def test_the_simulated_limit_has_the_run_length_that_was_asked_for(
    risk: float, odds: float
) -> None:
    limit = cusum_limit([risk], odds_ratio=odds, run_length=300, seed=4, series=1500)
    # the standard error is 2.6%; sums of one risk are discrete, so that run lengths jump
    near = [exact_run_length(risk, odds, limit * by) for by in (0.95, 1.05)]
    assert near[0] < 300 < near[1]
    assert limit == cusum_limit([risk], odds_ratio=odds, run_length=300, seed=4, series=1500)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: expected_less_observed([0.5], [2]), "0 or 1"),
        (lambda: expected_less_observed([1.5], [1]), "0 to 1"),
        (lambda: expected_less_observed([0.5, 0.5], [1]), "different lengths"),
        (lambda: expected_less_observed(["a"], [1]), "numbers"),
        (lambda: cusum_weights([0.5], [1], 1.0), "no change"),
        (lambda: cusum_weights([0.5], [1], -1.0), "above 0"),
        (lambda: cusum_of([0.5], [1], odds_ratio=2.0, limit=0), "above 0"),
        (lambda: cusum_limit([0.0], odds_ratio=2.0, run_length=10, seed=1), "between 0 and 1"),
        (lambda: cusum_limit([0.5], odds_ratio=2.0, run_length=1, seed=1), "run_length"),
    ],
)
def test_what_is_no_series_is_refused(call: Any, said: str) -> None:
    with pytest.raises((RuleError, EstimateError), match=said):
        call()
