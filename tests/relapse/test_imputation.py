"""Missed weeks drawn several times: against exact probabilities, a known truth, and by hand."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import exp, log, sqrt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.relapse.definitions.definition import Definition
from iop_outcomes.relapse.definitions.event_weeks import event_weeks
from iop_outcomes.relapse.definitions.windows import Window
from iop_outcomes.relapse.imputation.impute import _first_guess, impute_weeks
from iop_outcomes.relapse.imputation.logistic import Logistic
from iop_outcomes.relapse.imputation.model import History, WeekModel, _time_terms
from iop_outcomes.sensitivity.imputed_relapse import relapse_by_imputation
from iop_outcomes.shared.provenance import Provenance, label, provenance_of
from iop_outcomes.statistics.pooling import pool
from iop_outcomes.survival import survival_curves
from iop_outcomes.use.pattern_array import encode

DATA = Path(__file__).parents[3] / "shared" / "data" / "ctn0094"
SOME = pd.Series(["--+-----", "-o--o---", "+++oo+oo", "+-+++ooo", "oo*-_---", "oooooooo"] * 5)
FOUR = "ctn_0094_relapse"


# Rubin's rules


def test_rubins_rules_by_hand():
    # m = 3, mean 3/4, mean variance 1/12, variance of the estimates 1/16, total 1/12 + 4/3 / 16
    row = pool([1 / 2, 3 / 4, 1], [1 / 16, 1 / 8, 1 / 16], degrees_of_freedom=10).iloc[0]
    assert row["estimate"] == pytest.approx(float(Fraction(3, 4)))
    assert row["within"] == pytest.approx(float(Fraction(1, 12)))
    assert row["between"] == pytest.approx(float(Fraction(1, 16)))
    assert row["se"] == pytest.approx(sqrt(Fraction(1, 6)))
    # lambda 1/2; of the sets 2 / (1/4) = 8; of the people (11/13) 10 (1/2) = 55/13
    freedom = 1 / (Fraction(1, 8) + Fraction(13, 55))
    assert row["degrees_of_freedom"] == pytest.approx(float(freedom))
    # r = 1: (1 + 2/11) / 2
    assert row["missing_information"] == pytest.approx(float(Fraction(13, 22)))
    reach = student.ppf(0.975, float(freedom)) * sqrt(1 / 6)
    assert [row["lower"], row["upper"]] == pytest.approx([0.75 - reach, 0.75 + reach])
    assert row["p_value"] == pytest.approx(2 * student.sf(0.75 / sqrt(1 / 6), float(freedom)))


def test_without_a_number_of_people_the_degrees_are_rubins_own():
    row = pool([1 / 2, 3 / 4, 1], [1 / 16, 1 / 8, 1 / 16]).iloc[0]
    assert row["degrees_of_freedom"] == pytest.approx(8)


def test_what_does_not_vary_between_sets_is_as_if_nothing_were_missing():
    row = pool([0.1, 0.1, 0.1], [0.01] * 3, confidence=0.9).iloc[0]
    assert (row["between"], row["missing_information"]) == (0, 0)
    assert row["se"] == pytest.approx(0.1)
    assert row["upper"] == pytest.approx(0.1 + 0.1 * 1.6448536269514722)


@pytest.mark.parametrize(
    ("scale", "to", "back"),
    [
        ("log", log, exp),
        ("logit", lambda p: log(p / (1 - p)), lambda z: 1 / (1 + exp(-z))),
        ("log_log", lambda p: log(-log(1 - p)), lambda z: 1 - exp(-exp(z))),
    ],
)
def test_a_scale_is_pooling_what_was_transformed_before(scale, to, back):
    shares, variances, step = [0.2, 0.3, 0.35], [0.001, 0.002, 0.0015], 1e-6
    slopes = [(to(p + step) - to(p - step)) / (2 * step) for p in shares]
    onto = [v * slope**2 for v, slope in zip(variances, slopes, strict=True)]
    plain = pool([to(p) for p in shares], onto, degrees_of_freedom=40).iloc[0]
    row = pool(shares, variances, scale=scale, degrees_of_freedom=40).iloc[0]
    for name in ("estimate", "lower", "upper"):
        assert row[name] == pytest.approx(back(plain[name]), rel=1e-7)
    for name in ("se", "degrees_of_freedom", "missing_information", "p_value"):
        assert row[name] == pytest.approx(plain[name], rel=1e-7)


def test_missing_where_it_cannot_be_given():
    estimates = pd.DataFrame(
        {"edge": [0.0, 0.1], "unknown": [np.nan, 0.1], "fixed": [0.5, 0.5], "fine": [0.4, 0.5]}
    )
    variances = estimates * 0 + [0.01, 0.01, 0.0, 0.01]
    result = pool(estimates, variances, scale="logit")
    assert result.index.tolist() == list(estimates)
    assert result.loc["edge", "estimate"] == pytest.approx(0.05)
    assert result.loc["edge"].drop("estimate").isna().all()
    assert result.loc["unknown"].isna().all()
    assert result.loc["fixed", "estimate"] == pytest.approx(0.5)
    assert result.loc["fixed", ["lower", "upper", "p_value"]].isna().all()
    assert result.loc["fine"].notna().all()


@pytest.mark.parametrize(
    ("estimates", "variances", "options"),
    [
        ([1.0], [1.0], {}),
        ([1.0, 2.0], [1.0], {}),
        ([1.0, 2.0], [1.0, -1.0], {}),
        (["a", "b"], [1.0, 1.0], {}),
        (np.ones((2, 2, 2)), np.ones((2, 2, 2)), {}),
        ([1.0, 2.0], [1.0, 1.0], {"scale": "probit"}),
        ([1.0, 2.0], [1.0, 1.0], {"confidence": 95}),
        ([1.0, 2.0], [1.0, 1.0], {"degrees_of_freedom": 0}),
        ([1.0, 2.0], [1.0, 1.0], {"degrees_of_freedom": [5, 5]}),
        (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"b": [1, 2]}), {}),
    ],
)
def test_what_cannot_be_pooled_is_refused(estimates, variances, options):
    with pytest.raises(RuleError):
        pool(estimates, variances, **options)


# The logistic model


def test_a_constant_fits_the_share_and_its_information():
    outcome = np.arange(50) < 15
    fit = Logistic(np.ones((50, 1)), outcome, np.zeros(50), np.array([1e-12])).fit(np.zeros(1))
    assert fit.coefficients[0] == pytest.approx(log(15 / 35), abs=1e-6)
    assert 1 / fit.variances[0] == pytest.approx(50 * 0.3 * 0.7, rel=1e-3)


def test_the_fit_is_the_highest_point_of_the_posterior():
    random = np.random.default_rng(3)
    terms = np.column_stack([np.ones(200), random.normal(size=(200, 2))])
    outcome = random.random(200) < 1 / (1 + np.exp(-terms @ [0.5, 1.0, -2.0]))
    offset, precision = random.normal(size=200), np.array([0.01, 0.2, 0.2])

    def height(beta):
        odds = terms @ beta + offset
        return (outcome * odds - np.logaddexp(0, odds)).sum() - (precision * beta**2).sum() / 2

    fit = Logistic(terms, outcome, offset, precision).fit(np.zeros(3))
    for place in range(3):
        step = np.zeros(3)
        step[place] = 1e-3
        up, down = height(fit.coefficients + step), height(fit.coefficients - step)
        top = height(fit.coefficients)
        assert top > max(up, down)
        assert abs(up - down) / 2e-3 < 1e-2  # the slope there
        assert (2 * top - up - down) / 1e-6 == pytest.approx(
            fit.information[place, place], rel=0.01
        )


@pytest.mark.parametrize(("use", "weeks"), [(3, 8), (0, 6), (40, 40)])
def test_coefficients_are_drawn_from_their_posterior(use, weeks):
    # One constant, so that the posterior can be summed over a grid, however skewed it is.
    model = Logistic(
        np.ones((weeks, 1)), np.arange(weeks) < use, np.zeros(weeks), np.array([1 / 9])
    )
    fit = model.fit(np.zeros(1))
    random = np.random.default_rng(4)
    steps = 10_000
    draws = np.empty(steps)
    now = fit.coefficients
    for place in range(steps):
        now = model.draw(fit, now, random)
        draws[place] = now[0]
    grid = np.linspace(-20, 20, 40_001)
    height = use * grid - weeks * np.logaddexp(0, grid) - grid**2 / 18
    weight = np.exp(height - height.max())
    weight /= weight.sum()
    mean = weight @ grid
    spread = sqrt(weight @ (grid - mean) ** 2)
    # Rejected steps repeat a draw: as if there were a quarter as many of them, at the least.
    assert abs(draws.mean() - mean) < 5 * spread / sqrt(steps / 4)
    assert draws.std() == pytest.approx(spread, rel=0.05)
    for height in (0.05, 0.5, 0.95):
        limit = grid[np.searchsorted(np.cumsum(weight), height)]
        assert (draws <= limit).mean() == pytest.approx(height, abs=5 * sqrt(0.25 / (steps / 4)))


def test_use_that_is_foretold_without_fail_has_finite_coefficients():
    terms = np.column_stack([np.ones(40), np.arange(40) >= 20])
    fit = Logistic(terms, np.arange(40) >= 20, np.zeros(40), np.full(2, 0.16)).fit(np.zeros(2))
    assert np.isfinite(fit.coefficients).all()
    assert 2 < fit.coefficients[1] < 20


def test_rows_taken_some_at_a_time_give_the_fit_of_all_at_once(monkeypatch):
    random = np.random.default_rng(5)
    terms = np.column_stack([np.ones(1_000), random.normal(size=(1_000, 3))])
    outcome = random.random(1_000) < 0.3
    model = Logistic(terms, outcome, random.normal(size=1_000), np.full(4, 0.1))
    whole = model.fit(np.zeros(4))
    monkeypatch.setattr("iop_outcomes.relapse.imputation.logistic.BLOCK", 7)
    parts = model.fit(np.zeros(4))
    np.testing.assert_allclose(parts.coefficients, whole.coefficients, rtol=1e-10)
    np.testing.assert_allclose(parts.information, whole.information, rtol=1e-10)


# The draws, against exact probabilities


def chance_of_word(word, coefficients, time, delta, missed):
    """Return the probability of a whole word, written as one says it; `_` is not there."""
    used = seen = 0
    last = second = 0.0
    chance = 1.0
    for week, symbol in enumerate(word):
        if symbol == "_":
            continue
        odds = coefficients[0] * last + coefficients[1] * second
        odds += coefficients[2] * log((used + 2) / (seen - used + 2))
        odds += time[week] @ coefficients[3:-1] + coefficients[-1] * (seen == 0)
        odds += delta * missed[week]
        use = 1 / (1 + exp(-odds))
        chance *= use if symbol == "+" else 1 - use
        last, second = (0.5 if symbol == "+" else -0.5), last
        used, seen = used + (symbol == "+"), seen + 1
    return chance


def all_fillings(word):
    for values in product("+-", repeat=word.count("o")):
        filled = iter(values)
        yield "".join(next(filled) if symbol == "o" else symbol for symbol in word)


@pytest.mark.parametrize("delta", [0.0, 0.7])
@pytest.mark.parametrize("word", ["+oo--", "oo+oo", "+o_o-", "-ooo", "o-+o+"])
def test_missed_weeks_are_drawn_with_their_exact_probability(word, delta):
    copies, sweeps = 9_000, 20  # people in three blocks
    words = encode([word] * copies)
    model = WeekModel(History.of(words, np.zeros((copies, 0))), delta)
    time = model._time
    coefficients = np.array([1.5, 0.8, 0.6, -0.3, *([0.2] * (time.shape[1] - 1)), 0.4])
    missed = [symbol == "o" for symbol in word]
    chances = {
        filled: chance_of_word(filled, coefficients, time, delta, missed)
        for filled in all_fillings(word)
    }
    random = np.random.default_rng(7)
    use = model.history.use.copy()
    for _ in range(sweeps):
        model.draw_between(use, coefficients, random)
    model.draw_after(use, coefficients, random)
    drawn = pd.Series(list(map("".join, np.where(use.T, "+", "-")))).value_counts() / copies
    total = sum(chances.values())
    for filled, chance in chances.items():
        exact = chance / total
        result = drawn.get(filled.replace("_", "-"), 0.0)
        assert abs(result - exact) < 5 * sqrt(exact * (1 - exact) / copies), filled


# A truth that is known

WEEKS = 12


def simulate(people, seed):
    """Return whole words and what was seen of them: who used last, and who is young, stay away."""
    random = np.random.default_rng(seed)
    young = random.random(people) < 0.5
    use = np.zeros((people, WEEKS), dtype=bool)
    here = np.zeros((people, WEEKS), dtype=bool)
    last = np.zeros(people, dtype=bool)  # the last state seen
    stays = np.ones(people, dtype=bool)
    before = random.random(people) < 0.3
    for week in range(WEEKS):
        before = random.random(people) < 1 / (1 + np.exp(2.2 - 2.6 * before - 0.8 * young))
        use[:, week] = before
        here[:, week] = stays & (random.random(people) > 0.05 + 0.15 * last)
        last = np.where(here[:, week], before, last)
        stays &= random.random(people) > 0.01 + 0.08 * last + 0.08 * young
    here[:, 0] = True
    symbols = np.where(use, "+", "-")
    labels = [f"p{place:05}" for place in range(people)]
    whole = pd.Series(list(map("".join, symbols)), index=labels)
    seen = pd.Series(list(map("".join, np.where(here, symbols, "o"))), index=labels)
    return whole, seen, pd.DataFrame({"young": young}, index=labels)


def share(patterns, **options):
    return float(event_weeks(patterns, "krupitsky_2004", **options)["event"].mean())


@pytest.fixture(scope="module")
def truth():
    return share(simulate(50_000, 1)[0])


def test_draws_recover_a_truth_that_the_simple_rules_miss(truth):
    people = 2_000
    whole, seen, young = simulate(people, 2)
    imputed = impute_weeks(seen, covariates=young, imputations=10, seed=5)
    assert 0.3 < imputed.missing_share < 0.4
    result = relapse_by_imputation(imputed, "krupitsky_2004", horizon_weeks=WEEKS).table.iloc[0]
    error = sqrt(truth * (1 - truth) / people)
    assert abs(share(whole) - truth) < 4 * error
    assert result["relapsed_lower"] < truth < result["relapsed_upper"]
    assert abs(result["relapsed"] - share(whole)) < 2 * error
    complete = share(seen[~seen.str.contains("o")])
    for simple in (
        share(seen, missing="use"),
        share(seen, missing="no_use"),
        share(seen, missing="drop"),
        complete,
    ):
        assert abs(simple - truth) > 5 * error
    # Less is known than if all had been seen, and the interval says so.
    plain = 2 * 1.96 * error
    assert plain < result["relapsed_upper"] - result["relapsed_lower"] < 2 * plain
    assert 0.1 < result["missing_information"] < 0.8


# How often the intervals cover is counted by `python -m validation.coverage`.


def test_groups_keep_their_difference_if_they_are_a_covariate():
    whole, seen, young = simulate(3_000, 9)
    group = young["young"]
    difference = share(whole[group]) - share(whole[~group])
    imputed = impute_weeks(seen, covariates=young, imputations=5, seed=1)
    result = relapse_by_imputation(imputed, "krupitsky_2004", horizon_weeks=WEEKS, by="young")
    row = result.difference.set_index("quantity").loc["relapsed"]
    assert row["lower"] < difference < row["upper"]
    assert row["p_value"] < 0.001
    assert "The second minus the first: +" in result.text
    assert "not a covariate" not in result.rule
    blind = relapse_by_imputation(
        impute_weeks(seen, imputations=5, seed=1), "krupitsky_2004", horizon_weeks=WEEKS, by=group
    )
    assert "not a covariate" in blind.rule
    assert blind.difference["difference"].iloc[0] < row["difference"] - row["se"]
    same = relapse_by_imputation(imputed, "krupitsky_2004", horizon_weeks=WEEKS, by=group)
    pd.testing.assert_frame_equal(same.table, result.table)
    assert "not a covariate" not in same.rule


# What is and is not changed


@settings(deadline=None, max_examples=10)
@given(
    words=st.lists(st.text("+-oo*_", min_size=1, max_size=9), min_size=1, max_size=12),
    seed=st.integers(0, 5),
)
def test_only_missed_weeks_of_people_once_seen_are_filled(words, seed):
    patterns = pd.Series([*words, None, "+-o"])
    imputed = impute_weeks(patterns, imputations=2, iterations=1, seed=seed)
    for completed in imputed.patterns:
        assert completed.index.equals(patterns.index)
        for before, after in zip(patterns.dropna(), completed.dropna(), strict=True):
            if set(before) <= {"o", "_"}:
                assert after == before
                continue
            assert len(after) == len(before)
            for old, new in zip(before, after, strict=True):
                assert new in "+-" if old == "o" else new == old
        assert completed.isna().tolist() == patterns.isna().tolist()


def test_people_never_seen_are_left_or_imputed_and_counted():
    left = impute_weeks(SOME, imputations=2, seed=1)
    assert left.never_seen == 5
    assert "5 never seen: left as they are" in left.rule
    assert (left.patterns[0][SOME == "oooooooo"] == "oooooooo").all()
    assert left.table["due"].tolist() == [25, 25, 25, 25, 20, 25, 25, 25]
    filled = impute_weeks(SOME, imputations=2, seed=1, never_seen="impute")
    assert not filled.patterns[0].str.contains("o").any()
    assert filled.table["due"].tolist() == [30, 30, 30, 30, 25, 30, 30, 30]
    options = {"definition": FOUR, "horizon_weeks": 8}
    assert relapse_by_imputation(left, **options).table["n"].tolist() == [25]
    assert relapse_by_imputation(filled, **options).table["n"].tolist() == [30]


def test_the_same_seed_gives_the_same_draws_in_any_order_of_rows():
    first = impute_weeks(SOME, imputations=4, seed=3)
    again = impute_weeks(SOME, imputations=4, seed=3)
    np.testing.assert_array_equal(first.by_week, again.by_week)
    shuffled = SOME.sample(frac=1, random_state=1)
    other = impute_weeks(shuffled, imputations=4, seed=3)
    for one, two in zip(first.patterns, other.patterns, strict=True):
        pd.testing.assert_series_equal(one, two.loc[one.index], check_index_type=False)
    assert (impute_weeks(SOME, imputations=4, seed=4).by_week != first.by_week).any()
    np.testing.assert_array_equal(
        impute_weeks(SOME, imputations=2, seed=3).by_week, first.by_week[:2]
    )
    assert (first.by_week[0] != first.by_week[1]).any()


def test_covariates_are_found_by_label():
    _, seen, young = simulate(200, 5)
    first = impute_weeks(seen, covariates=young, imputations=2, seed=1)
    mixed = impute_weeks(seen, covariates=young.iloc[::-1], imputations=2, seed=1)
    np.testing.assert_array_equal(first.by_week, mixed.by_week)
    assert first.covariates.equals(young)
    words = impute_weeks(
        seen, covariates=young["young"].map({True: "b", False: "a"}), imputations=2
    )
    assert words.model["term"].iloc[-1] == "young: b"


def test_labels_of_several_kinds_are_taken_as_they_stand():
    patterns = pd.Series(["+-o-", "-o-+"], index=["a", 1])
    assert impute_weeks(patterns, imputations=2).patterns[0].index.tolist() == ["a", 1]


def test_without_missed_weeks_it_is_the_plain_estimate():
    patterns = pd.Series(["--++++--", "--------", "+-+-+--", "-++++---", "----++++", "------__"])
    imputed = impute_weeks(patterns, imputations=3)
    assert all(completed.equals(patterns) for completed in imputed.patterns)
    assert (imputed.missing_share, len(imputed.model), len(imputed.trace)) == (0, 0, 0)
    assert imputed.text.startswith("No week was missed.")
    row = relapse_by_imputation(imputed, FOUR, horizon_weeks=8).table.iloc[0]
    weeks = event_weeks(patterns, FOUR)
    times = pd.DataFrame({"days": weeks["weeks"].astype(int), "event": weeks["event"].astype(bool)})
    curves = survival_curves(times)
    assert row["relapsed"] == pytest.approx(1 - curves.at([8])["survival"].iloc[0])
    assert row["least"] == row["most"] == pytest.approx(row["relapsed"])
    assert row["missing_information"] == 0
    mean = curves.restricted_mean(8).iloc[0]
    assert row["restricted_mean"] == pytest.approx(mean["mean"])
    reach = student.ppf(0.975, 5 * 6 / 8) * mean["se"]
    assert row["restricted_mean_upper"] == pytest.approx(mean["mean"] + reach)
    assert row["rests_on_imputed"] == 0
    assert row["events"] == 3


def test_weeks_missed_at_the_end_only_need_no_iterations():
    imputed = impute_weeks(pd.Series(["+-+ooo", "--+--o", "-++---"] * 6), imputations=3)
    assert len(imputed.trace) == 0
    assert imputed.table["missed_between"].sum() == 0
    assert imputed.table["missed_after"].tolist() == [0, 0, 0, 6, 6, 12]


def test_the_trace_has_a_row_an_imputation_and_iteration():
    imputed = impute_weeks(SOME, imputations=3, iterations=4)
    assert imputed.trace[["imputation", "iteration"]].to_numpy().tolist() == [
        [imputation, iteration] for imputation in (1, 2, 3) for iteration in (1, 2, 3, 4)
    ]
    assert imputed.trace["use_between"].between(0, 1).all()


def test_the_draws_begin_at_about_the_share_of_use_of_each_person():
    patterns = encode(pd.Series(["++o++"] * 300 + ["--o--"] * 300))
    guess = _first_guess(History.of(patterns, np.zeros((600, 0))), np.random.default_rng(1))
    # (4 + 1/2) / 5 and (0 + 1/2) / 5; four standard errors are 0.07.
    assert guess[2, :300].mean() == pytest.approx(0.9, abs=0.07)
    assert guess[2, 300:].mean() == pytest.approx(0.1, abs=0.07)


def test_twenty_sets_are_drawn_unless_told_otherwise():
    assert len(impute_weeks(pd.Series(["+-o-", "-o-+"])).patterns) == 20


def test_progress_is_shown_on_request(capsys):
    impute_weeks(SOME, imputations=2, iterations=1)
    assert capsys.readouterr().err == ""
    impute_weeks(SOME, imputations=2, iterations=1, progress=True)
    assert "2/2" in capsys.readouterr().err


@pytest.mark.parametrize(("delta", "rule"), [(80.0, "use"), (-80.0, "no_use")])
def test_a_large_delta_is_the_simple_rule(delta, rule):
    imputed = impute_weeks(SOME, imputations=2, delta=delta)
    to = "+" if rule == "use" else "-"
    seen = SOME.str.contains("[+*-]")
    assert (imputed.patterns[0][seen] == SOME[seen].str.replace("o", to)).all()
    result = relapse_by_imputation(imputed, FOUR, horizon_weeks=8).table.iloc[0]
    assert result["relapsed"] == pytest.approx(share_of_four(SOME[seen], rule))


def share_of_four(patterns, rule):
    return float(event_weeks(patterns, FOUR, missing=rule)["event"].mean())


def test_delta_moves_the_answer_one_way():
    _, seen, young = simulate(400, 6)
    shares = [
        relapse_by_imputation(
            impute_weeks(seen, covariates=young, imputations=5, iterations=5, delta=delta),
            horizon_weeks=WEEKS,
        )
        .table["relapsed"]
        .iloc[0]
        for delta in (-1.0, 0.0, 1.0)
    ]
    assert shares == sorted(shares)
    assert shares[2] - shares[0] > 0.05


def test_an_event_rests_on_imputed_weeks_where_it_counts_one():
    # With a large delta each missed week is use: two of three events count one.
    patterns = pd.Series(["-++++---", "-++o+---", "oooo+-+-", "--------", "++++oooo"])
    imputed = impute_weeks(patterns, imputations=2, delta=80.0)
    row = relapse_by_imputation(imputed, FOUR, horizon_weeks=8).table.iloc[0]
    assert (row["n"], row["events"]) == (5, 4)
    assert row["rests_on_imputed"] == pytest.approx(2 / 4)
    early = relapse_by_imputation(imputed, FOUR, horizon_weeks=4).table.iloc[0]
    assert (early["events"], early["rests_on_imputed"]) == (2, 1 / 2)


def test_people_all_alike_can_be_imputed():
    missed = np.random.default_rng(2).random((100, 6)) < 0.3
    for only in "+-":
        words = pd.Series(["".join(row) for row in np.where(missed, "o", only)])
        imputed = impute_weeks(words, imputations=5)
        drawn = np.array([list("".join(completed)) for completed in imputed.patterns])
        assert (drawn[:, np.array(list("".join(words))) == "o"] == only).mean() > 0.95
        assert np.isfinite(imputed.model[["log_odds", "se"]].to_numpy()).all()


def test_what_everybody_shares_and_one_week_are_no_terms():
    patterns = pd.Series(["+", "-", "+", "-"])
    frame = pd.DataFrame({"site": ["North"] * 4, "age": [40] * 4})
    assert len(impute_weeks(patterns, covariates=frame, imputations=2).model) == 0
    short = impute_weeks(pd.Series(["+", "-", "o"]), imputations=2, never_seen="impute")
    assert short.patterns[0].iloc[2] in "+-"
    several = pd.Series(["+-o", "-o+", "--+"])
    frame = pd.DataFrame({"site": ["a", "a", "a"], "age": [20.0, 30.0, 40.0]})
    terms = impute_weeks(several, covariates=frame, imputations=2).model["term"].tolist()
    assert terms[:4] == [
        "use the week before",
        "use two weeks before",
        "log-odds of use so far",
        "constant",
    ]
    assert terms[-2:] == ["first week", "age"]


@pytest.mark.parametrize(
    ("words", "bends"),
    [
        (["+-" * 6, "o-" * 6], 3),
        # By weeks a quarter, a half and three quarters lie behind in weeks 1, 2 and 3: a bend at
        # the first week is the line itself, one at the last is nothing.
        (["+-+", "-o+"], 1),
        (["+-", "o+"], 0),
        # Of 12 weeks up to the last one seen half are behind in week 2, three quarters in week 4.
        (["+ooooo", "-ooooo", "+ooooo", "--oo+o", "-----o"], 2),
    ],
)
def test_the_line_of_time_bends_within_the_weeks_up_to_the_last_seen(words, bends):
    frame = pd.DataFrame({"age": [float(place) for place in range(len(words))]})
    terms = impute_weeks(pd.Series(words), covariates=frame, imputations=2).model["term"]
    results = [term for term in terms.unique() if term.startswith("bend of time")]
    assert results == [f"bend of time {place + 1}" for place in range(bends)]


def test_time_and_its_bends_are_counted_in_quarters_of_the_weeks():
    terms = _time_terms(np.ones((8, 5), dtype=bool))
    week = np.arange(8)
    bends = [np.maximum(week - bend, 0) / 2 for bend in (1, 3, 5)]
    assert terms.tolist() == np.column_stack([np.ones(8), week / 2, *bends]).tolist()


def test_attributes_rule_and_table_travel():
    patterns = SOME.copy()
    label(patterns, Provenance("a rule", synthetic=True))
    imputed = impute_weeks(patterns, imputations=2, seed=8, delta=log(2))
    completed = imputed.patterns[1]
    assert provenance_of(completed).synthetic is True
    assert provenance_of(completed).rule.endswith("Imputation 2 of 2.")
    for words in ("2 times (seed 8)", "the odds of use are taken to be 2 times", "mixed week"):
        assert words in imputed.rule
    assert provenance_of(patterns).rule == "a rule"
    result = relapse_by_imputation(imputed, FOUR, horizon_weeks=8)
    assert result.synthetic
    assert result.rule.startswith("Relapse (CTN-0094): 4 weeks with use in a row. Missed weeks are")
    assert "Relapsed by week 8: " in result.text
    assert "<caption>" in result._repr_html_()
    assert "<caption>" in imputed._repr_html_()
    assert "2 imputations of 30 patterns" in repr(imputed)
    assert repr(result).startswith("<ImputedRelapse: by week 8, ")
    seen = imputed.table["seen"]
    assert (seen + imputed.table["missed_between"] + imputed.table["missed_after"]).equals(
        imputed.table["due"]
    )
    assert seen.tolist() == [20, 15, 25, 20, 10, 20, 15, 15]


def test_everybody_or_nobody_relapsed_and_too_short_a_follow_up_are_said():
    imputed = impute_weeks(pd.Series(["----", "-o--", "--o-", "----"]), imputations=2, delta=-80.0)
    row = relapse_by_imputation(imputed, FOUR, horizon_weeks=4).table.iloc[0]
    assert row["relapsed"] == 0
    assert np.isnan(row["relapsed_lower"])
    assert row["not_estimated"] == "Nobody, or everybody, relapsed in some completed set."
    late = relapse_by_imputation(imputed, FOUR, horizon_weeks=5)
    assert late.table["not_estimated"].tolist() == ["Not followed to the horizon."]
    assert np.isnan(late.table["relapsed"].iloc[0])
    assert "not estimable" in late.text


def test_three_groups_have_no_difference_and_a_definition_of_your_own_will_do():
    own = Definition("own", "Own", "relapse", "2 weeks with use.", "None.", Window(2, 2))
    group = pd.Series(list("abc") * 10, index=SOME.index, name="site")
    imputed = impute_weeks(SOME, covariates=group, imputations=2)
    result = relapse_by_imputation(imputed, own, horizon_weeks=8, by=["site"])
    assert result.table["site"].tolist() == ["a", "b", "c"]
    assert len(result.difference) == 0
    assert result.rule.startswith("Own: 2 weeks with use. Missed weeks are drawn")


# Refusals


@pytest.mark.parametrize(
    "options",
    [
        {"imputations": 1},
        {"imputations": 2.5},
        {"iterations": 0},
        {"seed": -1},
        {"seed": None},
        {"delta": float("nan")},
        {"delta": "1"},
        {"never_seen": "drop"},
        {"covariates": [1, 2]},
        {"covariates": pd.DataFrame({"age": [1.0]})},
        {"covariates": pd.DataFrame({"age": np.where(SOME.index == 3, np.nan, 1.0)})},
        {"covariates": pd.DataFrame({"age": np.where(SOME.index == 3, np.inf, 1.0)})},
        {
            "covariates": pd.DataFrame(
                {"day": pd.Timestamp("2026-01-01") + pd.to_timedelta(SOME.index)}
            )
        },
        {"covariates": pd.DataFrame({1: [1.0] * len(SOME)})},
        {"covariates": pd.DataFrame({"age": [1.0] * 31}, index=[*range(30), 0])},
    ],
)
def test_hostile_options_are_refused(options):
    with pytest.raises(RuleError):
        impute_weeks(SOME, **options)


def test_an_identifier_is_no_covariate():
    patterns = pd.Series(["+-o"] * 60)
    people = pd.DataFrame({"who": [f"person {place}" for place in range(60)]})
    with pytest.raises(RuleError, match="too many categories") as caught:
        impute_weeks(patterns, covariates=people)
    assert "person 1" not in str(caught.value)


def test_a_missing_covariate_of_someone_who_is_not_imputed_does_not_matter():
    patterns = pd.Series(["+-o", "-o+", "ooo", None])
    age = pd.DataFrame({"age": [1.0, 2.0, np.nan, np.nan]})
    assert len(impute_weeks(patterns, covariates=age, imputations=2)) == 2
    with pytest.raises(RuleError, match="age is not known"):
        impute_weeks(patterns, covariates=age, never_seen="impute")


@pytest.mark.parametrize("patterns", [["ooo", "o_"], [None], ["___"], []])
def test_if_nobody_was_seen_nothing_can_be_drawn(patterns):
    with pytest.raises(EstimateError):
        impute_weeks(pd.Series(patterns, dtype=object))


@pytest.mark.parametrize(
    "options",
    [
        {"definition": "no_such"},
        {"definition": "ctn_0094_dropout"},
        {"definition": "fiellin_2006"},
        {"horizon_weeks": 0},
        {"horizon_weeks": 2.5},
        {"confidence": 1},
        {"by": "track"},
        {"by": pd.Series([1, 2], name="track")},
    ],
)
def test_hostile_questions_are_refused(options):
    imputed = impute_weeks(SOME, imputations=2, iterations=1)
    with pytest.raises(RuleError):
        relapse_by_imputation(imputed, **{"definition": FOUR, "horizon_weeks": 8, **options})


def test_words_of_days_and_bare_patterns_are_no_weeks_to_count():
    imputed = impute_weeks(SOME.rename("use_pattern_by_day"), imputations=2)
    assert imputed.patterns[0].name == "use_pattern_by_day"
    with pytest.raises(RuleError, match="count weeks"):
        relapse_by_imputation(imputed, FOUR)
    with pytest.raises(RuleError, match="imputed patterns"):
        relapse_by_imputation(SOME, FOUR)


# Real words


@pytest.mark.skipif(
    not DATA.is_dir(), reason="../shared/data/ctn0094 is not here: it is not part of the project"
)
def test_on_real_words_the_answer_lies_between_the_simple_rules():
    words = pd.read_csv(DATA / "use_patterns.csv.gz", index_col="who").iloc[:, 0]
    imputed = impute_weeks(words, imputations=3, iterations=5, seed=1)
    assert imputed.never_seen == 1_048
    row = relapse_by_imputation(imputed, FOUR, horizon_weeks=24).table.iloc[0]
    assert row["n"] == 2_512
    seen = words[words.str.contains("[+*-]")]
    assert share_of_four(seen, "no_use") + 0.1 < row["relapsed"]
    assert row["relapsed"] < share_of_four(seen, "use") - 0.1
