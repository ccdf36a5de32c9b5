from __future__ import annotations

from fractions import Fraction
from math import exp, log, sqrt, tan
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.statistics import clustered_interval, proportion_interval

PI = np.pi


def logit_limits(rate: float, half: float) -> tuple[float, float]:
    """Limits carried back from the logit scale, written out without scipy."""
    centre = log(rate / (1 - rate))
    return 1 / (1 + exp(-(centre - half))), 1 / (1 + exp(-(centre + half)))


# --- Wilson -----------------------------------------------------------------------------------

# Newcombe, Statistics in Medicine 1998; 17: 857-872, table I, method 3; more digits from R:
# prop.test(x, n, correct = FALSE)$conf.int
NEWCOMBE = [
    (81, 263, 0.2552885199, 0.3662095770),
    (15, 148, 0.06238639953, 0.16048724172),
    (0, 20, 0.0, 0.1611251581),
    (1, 29, 0.006113214293, 0.171755218793),
]


@pytest.mark.parametrize(("x", "n", "low", "high"), NEWCOMBE)
def test_wilson_gives_the_published_limits(x: int, n: int, low: float, high: float) -> None:
    lower, upper = proportion_interval(x, n)
    assert lower == pytest.approx(low, abs=1e-10)
    assert upper == pytest.approx(high, abs=1e-10)


def test_wilson_is_vectorised_and_missing_without_a_denominator() -> None:
    lower, upper = proportion_interval([0, 5, 10, 0, np.nan], [10, 10, 10, 0, 10])
    z2 = NormalDist().inv_cdf(0.975) ** 2
    # with half of n the formula shrinks to 1/2 -+ z / (2 sqrt(n + z^2))
    reach = sqrt(z2) / (2 * sqrt(10 + z2))
    np.testing.assert_allclose(lower, [0, 0.5 - reach, 10 / (10 + z2), np.nan, np.nan], rtol=1e-12)
    np.testing.assert_allclose(upper, [z2 / (10 + z2), 0.5 + reach, 1, np.nan, np.nan], rtol=1e-12)
    assert lower[0] == 0
    assert upper[2] == 1


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_limits_solve_the_score_equation(counts: tuple[int, int]) -> None:
    x, n = counts
    lower, upper = proportion_interval(x, n, 0.9)
    z = NormalDist().inv_cdf(0.95)
    assert 0 <= lower <= x / n <= upper <= 1
    for limit in (float(lower), float(upper)):
        assert (x / n - limit) ** 2 == pytest.approx(z**2 * limit * (1 - limit) / n, abs=1e-12)


def test_impossible_counts_and_confidence_levels_are_refused() -> None:
    with pytest.raises(EstimateError, match="numerator"):
        proportion_interval(11, 10)
    with pytest.raises(EstimateError, match="numerator"):
        proportion_interval(-1, 10)
    with pytest.raises(EstimateError, match="numerator"):
        clustered_interval([3, 1], [2, 2], [0, 1])
    for confidence in (0, 1, 95):
        with pytest.raises(RuleError, match="between 0 and 1"):
            proportion_interval(1, 10, confidence)
        with pytest.raises(RuleError, match="between 0 and 1"):
            clustered_interval([1, 2], [2, 2], [0, 1], confidence=confidence)


# --- clusters ---------------------------------------------------------------------------------


def test_the_clustered_interval_of_two_people_is_that_by_hand() -> None:
    # 0 of 2 and 6 of 6: R = 6/8; residuals 0 - 2R = -3/2 and 6 - 6R = 3/2;
    # v = 2/1 * (9/4 + 9/4) / 8^2 = 9/64, its root 3/8; on the logit scale 3/8 / (3/16) = 2;
    # t with one degree of freedom is Cauchy: tan(0.475 pi)
    rate = Fraction(6, 8)
    residuals = [0 - 2 * rate, 6 - 6 * rate]
    variance = Fraction(2, 1) * sum(r * r for r in residuals) / 8**2
    assert variance == Fraction(9, 64)
    low, high = logit_limits(0.75, tan(0.475 * PI) * 2)
    lower, upper = clustered_interval([0, 6], [2, 6], [0, 1])
    assert lower == pytest.approx([low], rel=1e-9)
    assert upper == pytest.approx([high], rel=1e-9)


def test_the_clustered_interval_of_three_people_is_that_by_hand() -> None:
    # 2, 3 and 4 of 4: R = 3/4, residuals -1, 0, 1, v = 3/2 * 2/144 = 1/48 > 1/64 (binomial);
    # t with two degrees of freedom is (2p - 1) / sqrt(2 p (1 - p)) at p = 0.975
    half = 0.95 / sqrt(2 * 0.975 * 0.025) * sqrt(1 / 48) / (3 / 16)
    low, high = logit_limits(0.75, half)
    lower, upper = clustered_interval([2, 3, 4], [4, 4, 4], [7, 0, 3])
    assert lower == pytest.approx([low], rel=1e-9)
    assert upper == pytest.approx([high], rel=1e-9)


def test_equal_rates_of_all_people_give_the_binomial_variance() -> None:
    # three people with 2 of 4: all residuals are 0, so v is the binomial 1/4 / 12 = 1/48
    half = 0.95 / sqrt(2 * 0.975 * 0.025) * sqrt(1 / 48) / (1 / 4)
    low, high = logit_limits(0.5, half)
    lower, upper = clustered_interval([2, 2, 2], [4, 4, 4], [0, 1, 2])
    assert lower == pytest.approx([low], rel=1e-9)
    assert upper == pytest.approx([high], rel=1e-9)


def test_rates_of_0_and_1_get_wilsons_interval_with_each_person_once() -> None:
    group, person = [0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 1, 2]
    lower, upper = clustered_interval([9, 9, 9, 0, 0, 0], [9] * 6, person, group=group)
    wilson = proportion_interval([3, 0], [3, 3])
    np.testing.assert_array_equal(lower, wilson[0])
    np.testing.assert_array_equal(upper, wilson[1])


def test_fewer_than_two_people_have_no_clustered_interval() -> None:
    lower, upper = clustered_interval([3, 1, 0], [4, 4, 0], [5, 5, 6], group=[1, 1, 1], groups=3)
    assert np.isnan(lower).tolist() == [True, True, True]
    assert np.isnan(upper).tolist() == [True, True, True]
    lower, upper = clustered_interval([], [], [], groups=2)
    assert np.isnan(lower).tolist() == [True, True]


persons = st.lists(
    st.integers(0, 12).flatmap(lambda m: st.tuples(st.integers(0, m), st.just(m))),
    min_size=2,
    max_size=12,
)


@given(persons, st.randoms())
def test_order_person_codes_and_division_into_rows_do_not_matter(
    counts: list[tuple[int, int]], random: object
) -> None:
    x, m = np.array(counts).T
    who = np.arange(len(m))
    expected = clustered_interval(x, m, who, groups=1)
    order = np.array(sorted(who, key=lambda _: random.random()))  # type: ignore[attr-defined]
    mixed = clustered_interval(x[order], m[order], (1000 - who)[order], groups=1)
    np.testing.assert_allclose(mixed, expected, rtol=1e-9)
    # each session a row of its own
    sessions = np.concatenate([np.arange(n) < k for k, n in counts]).astype(int)
    cut = clustered_interval(sessions, np.ones(len(sessions)), np.repeat(who, m), groups=1)
    np.testing.assert_allclose(cut, expected, rtol=1e-9)


@given(persons, persons)
def test_the_interval_of_a_group_does_not_depend_on_other_groups(
    first: list[tuple[int, int]], second: list[tuple[int, int]]
) -> None:
    x, m = np.array(first + second).T
    who = np.concatenate([np.arange(len(first)), np.arange(len(second))])
    group = np.repeat([0, 1], [len(first), len(second)])
    together = clustered_interval(x, m, who, group=group, groups=2)
    for place, counts in enumerate((first, second)):
        xs, ms = np.array(counts).T
        alone = clustered_interval(xs, ms, np.arange(len(ms)), groups=1)
        np.testing.assert_allclose([together[0][place]], alone[0], rtol=1e-9)
        np.testing.assert_allclose([together[1][place]], alone[1], rtol=1e-9)


@given(persons)
def test_the_interval_holds_the_rate_and_is_missing_only_for_fewer_than_two(
    counts: list[tuple[int, int]],
) -> None:
    x, m = np.array(counts).T
    lower, upper = clustered_interval(x, m, np.arange(len(m)), groups=1)
    if (m > 0).sum() < 2:
        assert np.isnan(lower[0])
        assert np.isnan(upper[0])
    else:
        assert 0 <= lower[0] <= x.sum() / m.sum() + 1e-12
        assert x.sum() / m.sum() - 1e-12 <= upper[0] <= 1


def test_clustered_intervals_cover_the_true_rate_and_wilson_does_not() -> None:
    # 4,000 programs of 40 people; each person's own chance is Beta(2.8, 1.2): mean 0.7 and
    # intra-class correlation 1 / (2.8 + 1.2 + 1) = 0.2; from 5 to 30 sessions due
    programs, people, truth = 4_000, 40, 0.7
    generator = np.random.default_rng(20260930)
    due = generator.integers(5, 31, size=(programs, people))
    attended = generator.binomial(due, generator.beta(2.8, 1.2, size=due.shape))
    group = np.repeat(np.arange(programs), people)
    person = np.tile(np.arange(people), programs)
    lower, upper = clustered_interval(attended.ravel(), due.ravel(), person, group=group)
    covered = np.mean((lower <= truth) & (truth <= upper))
    # four standard errors of a simulated 0.95 are 0.014
    assert covered == pytest.approx(0.95, abs=0.014)
    naive = proportion_interval(attended.sum(axis=1), due.sum(axis=1))
    assert np.mean((naive[0] <= truth) & (truth <= naive[1])) < 0.75
