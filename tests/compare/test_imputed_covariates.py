"""Missing covariates of adjusted curves: against slow second derivations, and by hand."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.compare.adjustment.completion import (
    TWICE,
    Completion,
    completion_of,
    problems_of,
)
from iop_outcomes.compare.adjustment.estimate import METHODS, _fitted
from iop_outcomes.compare.adjustment.imputed import Imputing, Pooled
from iop_outcomes.compare.adjustment.problem import Problem
from iop_outcomes.compare.adjustment.weighting import Weighted
from iop_outcomes.compare.imputation.chained import Incomplete, cumulative_hazard
from iop_outcomes.compare.imputation.draws import categorised, matched
from iop_outcomes.compare.propensity.scores import GroupModel
from iop_outcomes.compare.regression.formula import design_of
from iop_outcomes.compare.resampling.samples import person_counts
from iop_outcomes.compare.resampling.step_curves import grid_of
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.survival.times import check_times
from validation import imputed_covariates
from validation.adjusted import summary
from validation.adjusted_setting import SETTINGS, draw
from validation.imputed_covariates import lost

TERMS = "severity + opioids"
DAY = 90


@pytest.fixture(scope="module")
def whole() -> pd.DataFrame:
    frame = draw(SETTINGS[0], np.random.default_rng(20)).iloc[:160]
    return frame.assign(opioids=frame["opioids"] > 0)


@pytest.fixture(scope="module")
def gaps(whole: pd.DataFrame) -> pd.DataFrame:
    return lost(whole, np.random.default_rng(1))


def completion(frame: pd.DataFrame, seed: int = 3) -> Completion:
    result = completion_of(frame, (TERMS,), check_times(frame, "track"), 5, seed)
    assert result is not None
    return result


# Against second derivations ----------------------------------------------------------------------


@pytest.mark.parametrize("method", ["weighting", "augmented"])
def test_closed_form_is_each_completed_sample_by_itself_and_rubins_rules(
    gaps: pd.DataFrame, method: Any
) -> None:
    options: dict[str, Any] = {"day": DAY, "method": method, "limits": "closed_form"}
    adjusted = iop.adjusted_curves(gaps, "track", TERMS, imputations=5, seed=3, **options)
    each = [
        iop.adjusted_curves(
            gaps.assign(**{name: sample[name].to_numpy() for name in sample}),
            "track",
            ["severity", "opioids"],
            **options,
        )
        for sample in completion(gaps).samples(5)
    ]
    for row in range(2):
        pooled = iop.pool(
            [one.table["difference"][row] for one in each],
            [one.table["se"][row] ** 2 for one in each],
        ).iloc[0]
        own = adjusted.table.iloc[row]
        for name, of in (("difference", "estimate"), ("se", "se"), ("lower", "lower")):
            assert own[name] == pytest.approx(pooled[of], rel=1e-9), name
        assert own["missing_information"] == pytest.approx(pooled["missing_information"])
        assert 0 < own["missing_information"] < 0.6
    last = [one.curves["survival"].iloc[-1] for one in each]
    assert adjusted.curves["survival"].iloc[-1] == pytest.approx(np.mean(last))
    same = iop.adjusted_curves(gaps.dropna(), "track", TERMS, **options)
    assert len(adjusted.unadjusted) == len(same.unadjusted)
    plain = iop.survival_difference(gaps.assign(one=1.0), "track", DAY, weights="one").table
    assert adjusted.unadjusted["difference"][0] == pytest.approx(plain["difference"][0])
    assert adjusted.unadjusted["missing_information"].eq(0).all()


def test_a_sample_of_people_is_drawn_and_then_each_of_its_rows_completed_by_itself(
    gaps: pd.DataFrame,
) -> None:
    """Curves of the sample written out row by row, weighted by a model fitted to it."""
    outcome = completion(gaps)
    frame = gaps.assign(**{name: one.array for name, one in outcome.samples(5)[0].items()})
    design = design_of(frame, TERMS)
    group = (frame["track"] == "evening").to_numpy().astype(np.intp)
    days, event = frame["days"].to_numpy(dtype=float), frame["event"].to_numpy(dtype=bool)
    model = GroupModel(design.matrix, group, 2, "average", 1, None)
    entry = np.zeros(len(frame))
    problem = Problem(grid_of(days, event, DAY), days, entry, event, model, design.matrix)
    imputing = Imputing(outcome, (design, design), Weighted(problem, model.fit()))
    imputing = pickle.loads(pickle.dumps(imputing))  # as it is sent to other processes
    several = 0
    for counts in person_counts(np.arange(len(frame)), 4, 5, False):
        result = imputing.survival(counts).reshape(TWICE + 1, 2, -1)
        rows = np.repeat(np.arange(len(frame)), counts.astype(int))
        for place, sample in enumerate(outcome.twice(rows, counts)):
            gap = gaps["severity"].isna().to_numpy()[rows]
            drawn = pd.Series(sample["severity"].to_numpy()[gap]).groupby(rows[gap]).nunique()
            several += int((drawn > 1).sum())
            written = gaps.iloc[rows].assign(
                severity=sample["severity"].to_numpy(), opioids=sample["opioids"].to_numpy()
            )
            weighted = iop.propensity_weights(written, "track", ["severity", "opioids"]).frame
            curve = iop.survival_curves(weighted, by="track", weights="propensity_weight").at([DAY])
            np.testing.assert_allclose(result[place, :, -1], curve["survival"], rtol=1e-7)
        plain = iop.survival_curves(gaps.iloc[rows], by="track").at([DAY])["survival"]
        np.testing.assert_allclose(result[TWICE, :, -1], plain, rtol=1e-9)
    assert several > 10  # a row that is drawn twice has two values, not one that counts twice


@pytest.mark.parametrize("method", list(METHODS))
def test_completed_rows_go_through_the_same_procedure(whole: pd.DataFrame, method: str) -> None:
    design = design_of(whole, TERMS)
    group = (whole["track"] == "evening").to_numpy().astype(np.intp)
    days, event = whole["days"].to_numpy(dtype=float), whole["event"].to_numpy(dtype=bool)
    model = GroupModel(design.matrix, group, 2, "average", 1, None)
    entry = np.zeros(len(whole))
    problem = Problem(grid_of(days, event, DAY), days, entry, event, model, design.matrix)
    curves, _ = _fitted(problem, method, design.names)
    rows = np.repeat(np.arange(len(whole)), np.arange(len(whole)) % 3)
    (copied,) = problems_of(problem, (design, design), rows, [whole.iloc[rows]])
    counts = np.bincount(rows, minlength=len(whole)).astype(float)
    result = pickle.loads(pickle.dumps(curves)).on(copied).survival(np.ones(len(rows)))
    np.testing.assert_allclose(result, curves.survival(counts), rtol=1e-6)


def test_errors_by_bootstrap_are_those_of_the_formula_in_loops() -> None:
    random = np.random.default_rng(2)
    samples, imputations = 30, 8
    drawn = random.normal(size=(samples, 1)) + 0.5 * random.normal(size=(samples, 2))
    result = Pooled.of_samples(drawn[:, :, None], imputations)
    means = [float(np.mean(pair)) for pair in drawn]
    grand = sum(means) / samples
    between = 2 * sum((mean - grand) ** 2 for mean in means) / (samples - 1)
    within = (
        sum((value - mean) ** 2 for pair, mean in zip(drawn, means, strict=True) for value in pair)
        / samples
    )
    variance = (between - within) / 2 + within / imputations
    parts = (between / 2) ** 2 / (samples - 1)
    parts += (within * (1 / imputations - 1 / 2)) ** 2 / samples
    assert result.se[0] == pytest.approx(np.sqrt(variance))
    assert result.degrees_of_freedom[0] == pytest.approx(variance**2 / parts)
    _, lower, upper = result.limits(np.zeros(1), 0.95)
    assert upper[0] == -lower[0] == pytest.approx(2.06 * result.se[0], rel=0.03)


def test_both_kinds_of_limits_agree(gaps: pd.DataFrame) -> None:
    options: dict[str, Any] = {"day": DAY, "imputations": 4, "resamples": 100}
    closed, drawn = (
        iop.adjusted_curves(gaps, "track", TERMS, limits=limits, **options)  # type: ignore[arg-type]
        for limits in ("closed_form", "bootstrap")
    )
    np.testing.assert_array_equal(closed.table["difference"], drawn.table["difference"])
    np.testing.assert_allclose(closed.table["se"], drawn.table["se"], rtol=0.2)
    assert "4 completed samples, the error in each by the influence of rows" in closed.text
    assert "100 bootstrap samples of people, each completed twice (seed 0)" in drawn.text
    assert "of the information on a difference is missing" in drawn.text


# What is drawn -----------------------------------------------------------------------------------


def test_draws_are_as_uncertain_as_the_known_values_make_them() -> None:
    """The mean of what is missing at random is known as well as from the known values alone.

    That of a number somewhat less, since several rows take the value of one donor where the other
    columns tell nothing of it.
    """
    random = np.random.default_rng(4)
    frame = pd.DataFrame({"days": random.exponential(50, 400), "event": random.random(400) < 0.6})
    frame["track"] = np.where(random.random(400) < 0.5, "day", "evening")
    value = random.normal(10, 3, 400)
    frame["age"] = np.where(random.random(400) < 0.4, np.nan, value)
    frame["yes"] = np.where(random.random(400) < 0.4, np.nan, random.random(400) < 0.3)
    result = completion_of(frame, (["age", "yes"],), check_times(frame, "track"), 80, 1)
    assert result is not None
    samples = result.samples(80)
    for name in ("age", "yes"):
        known = frame[name].dropna()
        means = [float(one[name].mean()) for one in samples]
        variances = [float(one[name].var()) / 400 for one in samples]
        pooled = iop.pool(means, variances).iloc[0]
        assert pooled["estimate"] == pytest.approx(known.mean(), abs=0.25 * known.std() / 10)
        against = pooled["se"] / (known.std() / np.sqrt(len(known)))
        assert 0.9 < against < (1.12 if name == "yes" else 1.5), name
        assert 0.27 < pooled["missing_information"] < (0.53 if name == "yes" else 0.75)


def test_draws_follow_the_group_the_event_and_the_other_covariate() -> None:
    random = np.random.default_rng(9)
    size = 3000
    evening, event = random.random(size) < 0.5, random.random(size) < 0.5
    kind = random.integers(0, 3, size)
    chance = 1 / (1 + np.exp(-(-1.0 + 1.2 * evening + 1.0 * event + 0.8 * (kind == 2))))
    frame = pd.DataFrame(
        {
            "days": random.integers(1, 100, size),
            "event": event,
            "track": np.where(evening, "evening", "day"),
            "kind": pd.Categorical(np.array(["a", "b", "c"])[kind]),
            "yes": (random.random(size) < chance).astype(object),
        }
    )
    truth = frame.copy()
    frame.loc[random.random(size) < np.where(event, 0.5, 0.1), "yes"] = None
    frame.loc[random.random(size) < 0.2, "kind"] = None
    result = completion_of(frame, (["kind", "yes"],), check_times(frame, "track"), 2, 1)
    assert result is not None
    sample = result.samples(2)[0]
    assert sample["kind"].dtype == frame["kind"].dtype
    for column, name in (("yes", True), ("kind", "c")):
        drawn = frame[column].isna()
        is_it = pd.Series(sample[column] == name).astype(float)
        was = pd.Series(truth[column] == name).astype(float)
        by = [frame["track"], frame["event"]]
        apart = is_it[drawn].groupby(by).mean() - was[drawn].groupby(by).mean()
        count = is_it[drawn].groupby(by).count()
        assert (apart.abs() < 4 * np.sqrt(0.5 / count)).all(), column
    both = pd.Series(sample["yes"] == True).astype(float)  # noqa: E712
    share = both.groupby(sample["kind"], observed=True).mean()
    assert share["c"] - share["a"] > 0.08


def test_a_number_is_one_of_five_known_with_the_nearest_predictions() -> None:
    known, value = np.arange(40.0)[:, None], np.arange(40.0) * 2
    seen = set()
    for seed in range(60):
        place = matched(known, value, np.array([[20.0]]), np.random.default_rng(seed))
        assert place is not None
        seen.add(int(place[0]))
    assert seen == {18, 19, 20, 21, 22}
    assert matched(known[:2], value[:2], known[:1], np.random.default_rng(0)) is None


def test_a_category_that_a_column_tells_without_fail_is_drawn_so() -> None:
    columns = np.repeat([[0.0], [1.0]], 50, axis=0)
    code = np.repeat([0, 1], 50)
    drawn, _ = categorised(columns, code, columns, np.random.default_rng(0))
    assert (drawn == code).mean() > 0.9
    alone, _ = categorised(columns[:50], code[:50], columns, np.random.default_rng(0))
    assert (alone == 0).all()


def test_the_cumulative_hazard_by_hand() -> None:
    result = cumulative_hazard(np.array([2.0, 1.0, 2.0, 3.0]), np.array([True, True, False, True]))
    np.testing.assert_allclose(result, [1 / 4 + 1 / 3, 1 / 4, 1 / 4 + 1 / 3, 1 / 4 + 1 / 3 + 1])


# As a user meets it ------------------------------------------------------------------------------


@pytest.mark.parametrize("method", list(METHODS))
def test_where_nothing_is_missing_all_is_the_same_to_the_last_digit(
    whole: pd.DataFrame, method: Any
) -> None:
    limits = "bootstrap" if method == "standardisation" else "closed_form"
    options: dict[str, Any] = {"day": DAY, "method": method, "limits": limits, "resamples": 100}
    one = iop.adjusted_curves(whole, "track", TERMS, **options)
    two = iop.adjusted_curves(whole, "track", TERMS, imputations=20, **options)
    for name in ("table", "curves", "groups", "unadjusted", "missing"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name), check_exact=True)
    assert (one.text, one.rule) == (two.text, two.rule)
    assert two.imputations == 0
    assert two.missing["missing"].tolist() == [0, 0]


def test_what_was_drawn_is_said_and_the_frame_stays(gaps: pd.DataFrame) -> None:
    original = gaps.copy()
    options: dict[str, Any] = {"day": DAY, "imputations": 2, "limits": "closed_form"}
    adjusted = iop.adjusted_curves(gaps, "track", TERMS, **options)
    pd.testing.assert_frame_equal(gaps, original)
    missing = adjusted.missing.set_index("covariate")
    assert missing.loc["severity", "missing"] == gaps["severity"].isna().sum()
    assert missing.loc["opioids", "share_missing"] == pytest.approx(gaps["opioids"].isna().mean())
    assert missing["model"].to_dict() == {
        "opioids": "logistic regression",
        "severity": "predictive mean matching",
    }
    assert "drawn 2 times (seed 0) by chained equations given the group, the event" in adjusted.text
    again = iop.adjusted_curves(gaps, "track", TERMS, **options)
    pd.testing.assert_frame_equal(adjusted.table, again.table, check_exact=True)


def test_the_first_of_many_imputations_are_those_of_few(gaps: pd.DataFrame) -> None:
    few, many = completion(gaps).samples(2), completion(gaps).samples(4)
    for one, two in zip(few, many[:2], strict=True):
        pd.testing.assert_frame_equal(one, two)
    assert not completion(gaps, seed=4).samples(2)[0].equals(few[0])


def test_transformed_columns_and_categories_of_the_whole_sample_are_kept(
    gaps: pd.DataFrame,
) -> None:
    rare = gaps.assign(substance=np.where(gaps.index % 4, "alcohol", "opioids"))
    rare["substance"] = rare["substance"].where(gaps.index % 7 > 0)
    adjusted = iop.adjusted_curves(
        *(rare, "track", "bs(severity, df=3) + substance"),
        outcome="severity",
        day=DAY,
        method="augmented",
        imputations=2,
        limits="closed_form",
    )
    assert np.isfinite(adjusted.table["se"]).all()
    assert adjusted.missing["covariate"].tolist() == ["severity", "substance"]


@pytest.mark.parametrize(
    ("change", "options", "error", "wrong"),
    [
        ({}, {"imputations": 1}, RuleError, "imputations"),
        ({"severity": np.nan}, {}, EstimateError, "no value is known in 2 of 2 groups"),
        ({"only": "day"}, {}, EstimateError, "no value is known in 1 of 2 groups: in place 2"),
        ({"few": 4}, {}, EstimateError, "known in too few rows"),
        ({"entry": 1.0}, {}, EstimateError, "enter late"),
        ({"track": None}, {}, EstimateError, "missing"),
        ({"severity": np.inf}, {}, EstimateError, "finite"),
        ({"name": True}, {"covariates": "name"}, EstimateError, "one level a value"),
    ],
)
def test_what_cannot_be_imputed_is_refused(
    gaps: pd.DataFrame,
    change: dict[str, Any],
    options: dict[str, Any],
    error: type,
    wrong: str,
) -> None:
    frame = gaps.copy()
    if "only" in change:
        frame["severity"] = frame["severity"].where(frame["track"] == "day")
    elif "few" in change:
        known = frame.groupby("track").cumcount() < 2
        frame["severity"] = frame["severity"].fillna(0.1).where(known)
    elif "name" in change:
        frame["name"] = [f"person {row}" if row else None for row in range(len(frame))]
    elif "track" in change:
        frame.loc[frame.index[0], "track"] = None
    elif "entry" in change:
        frame = frame[frame["days"] > 2].assign(entry=1.0)
    else:
        frame = frame.assign(
            **{name: frame[name].where(frame.index < 0, value) for name, value in change.items()}
        )
    arguments = {"covariates": TERMS, "imputations": 5, "day": 30, **options}
    with pytest.raises(error, match=wrong):
        iop.adjusted_curves(frame, "track", limits="closed_form", **arguments)


def test_rows_without_gaps_draw_nothing(whole: pd.DataFrame) -> None:
    result = Incomplete.of(whole, ["severity"], check_times(whole, "track"))
    assert result.incomplete == []
    assert result.table["model"].tolist() == [""]


def test_the_study_of_lost_covariates_counts_what_it_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(imputed_covariates, "RESAMPLED", 0.0)  # which takes most of the time
    monkeypatch.setattr(imputed_covariates, "IMPUTATIONS", 2)
    whole = draw(SETTINGS[0], np.random.default_rng(8))
    gaps = lost(whole, np.random.default_rng(9))
    early = (whole["track"] == "evening") & whole["event"] & (whole["days"] <= 30)
    gone = gaps["severity"].isna()
    assert gone[early].mean() > 0.4 > 0.25 > gone[~early].mean() > 0.05
    drawn = imputed_covariates.run(1, seed=2)
    result = summary(drawn, {"survival": 0.1, "restricted_mean": 8.0})
    table = imputed_covariates.as_table(result, imputed_covariates.SETTING)
    assert table.count("| complete rows | closed form | 1 |") == 2
    assert table.count("| imputed, augmented | Rubin | 1 |") == 2
    assert table.count("| imputed, weighting | Rubin | 1 |") == 2
    assert table.count("| may miss |") == 2
