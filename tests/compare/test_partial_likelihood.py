from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_outcomes.compare.group_tests.scores.log_rank import log_rank
from iop_outcomes.compare.regression.partial_likelihood import CoxFit, fit_cox
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.survival.times import check_times
from tests.helpers.r_data import r_data

HERE = Path(__file__).parents[1]
REFERENCE = pd.read_csv(HERE / "reference" / "cox.csv")
TERMS = ["age", "sooner", "dose"]
UIS = HERE.parent.parent / "shared" / "data" / "uis.csv"
needs_uis = pytest.mark.skipif(not UIS.exists(), reason="../shared/data/uis.csv is not here")


def made_up() -> pd.DataFrame:
    return pd.read_csv(HERE / "reference" / "cox_data.csv")


def reference(model: str, quantity: str) -> Any:
    rows = REFERENCE[(REFERENCE["model"] == model) & (REFERENCE["quantity"] == quantity)]
    assert len(rows)
    return rows["value"].to_numpy() if len(rows) > 1 else rows["value"].item()


def fitted(frame: pd.DataFrame, terms: list[str], **options: Any) -> CoxFit:
    named = {
        name: frame[options.pop(name)].to_numpy() for name in ("entry", "weight") if name in options
    } | {
        name: pd.factorize(frame[options.pop(name)])[0]
        for name in ("stratum", "cluster")
        if name in options
    }
    event = frame["event"].to_numpy() == 1
    design = frame[terms].to_numpy(dtype=float)
    return fit_cox(design, frame["days"].to_numpy(), event, **named, **options)


def errors(covariance: np.ndarray) -> np.ndarray:
    return np.sqrt(np.diag(covariance))


# Against R


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("plain", {}),
        ("late", {"entry": "entry"}),
        ("weights", {"entry": "entry", "weight": "weight"}),
        ("clusters", {"stratum": "site", "cluster": "person"}),
        (
            "everything",
            {"entry": "entry", "weight": "weight", "stratum": "site", "cluster": "person"},
        ),
    ],
)
def test_models_are_those_of_coxph(name: str, options: dict[str, Any], ties: str) -> None:
    frame = made_up().assign(event=lambda t: t["end"] == "relapse")
    fit = fitted(frame, TERMS, ties=ties, **options)
    name = f"{name} {ties}"
    np.testing.assert_allclose(fit.coefficient, reference(name, "coefficient"), rtol=0, atol=1e-9)
    np.testing.assert_allclose(errors(fit.covariance), reference(name, "se_model"), atol=1e-9)
    np.testing.assert_allclose(errors(fit.robust), reference(name, "se"), rtol=0, atol=1e-9)
    assert fit.log_likelihood == pytest.approx(reference(name, "log_likelihood"), rel=1e-12)
    assert fit.null_log_likelihood == pytest.approx(
        reference(name, "null_log_likelihood"), rel=1e-12
    )
    assert fit.score_test == pytest.approx(reference(name, "score_test"), rel=1e-10)
    assert (fit.rows, fit.events) == (len(frame), frame["event"].sum())
    weight = frame["weight"].to_numpy() if "weight" in options else np.ones(len(frame))
    np.testing.assert_allclose(weight @ fit.residuals, 0, atol=1e-6)


def test_score_residuals_are_those_of_coxph() -> None:
    frame = made_up().assign(event=lambda t: t["end"] == "relapse")
    fit = fitted(frame, TERMS, entry="entry", stratum="site")
    expected = reference("one row", "residual")
    np.testing.assert_allclose(fit.residuals[0], expected, rtol=1e-7)


# Published


def bladder() -> pd.DataFrame:
    result = r_data("bladder2").rename(columns={"start": "entry", "stop": "days"})
    return result.assign(gap=result["days"] - result["entry"])


@pytest.mark.parametrize(
    ("options", "gap", "coefficient", "robust"),
    [
        ({"entry": "entry"}, False, -0.464687, 0.265561),
        ({"entry": "entry", "stratum": "enum"}, False, -0.333489, 0.204787),
        ({"stratum": "enum"}, True, -0.279005, 0.215624),
    ],
    ids=["Andersen-Gill", "Prentice-Williams-Peterson, total time", "gap time"],
)
def test_recurrent_tumours_of_the_bladder(
    options: dict[str, str], gap: bool, coefficient: float, robust: float
) -> None:
    frame = bladder()
    if gap:
        frame = frame.drop(columns="days").rename(columns={"gap": "days"})
    fit = fitted(frame, ["rx", "number", "size"], cluster="id", **options)
    assert fit.coefficient[0] == pytest.approx(coefficient, abs=6e-7)
    assert errors(fit.robust)[0] == pytest.approx(robust, abs=6e-7)


def drug_use() -> pd.DataFrame:
    result = pd.read_csv(UIS).rename(columns={"time": "days", "censor": "event"})
    nd = result["ndrugtx"] + 1
    return result.assign(
        fp1=10 / nd,
        fp2=10 / nd * np.log(nd / 10),
        ivhx3=(result["ivhx"] == 3).astype(float).where(result["ivhx"].notna()),
        age_site=result["age"] * result["site"],
        race_site=result["race"] * result["site"],
    )


@needs_uis
def test_the_final_model_of_hosmer_and_lemeshow() -> None:
    terms = ["age", "becktota", "fp1", "fp2", "ivhx3", "race", "treat", "site"]
    terms += ["age_site", "race_site"]
    frame = drug_use()
    frame = frame.dropna(subset=["age", "becktota", "hercoc", "ivhx", "ndrugtx", "race"])
    assert len(frame) == 575
    fit = fitted(frame, terms, ties="breslow")
    assert fit.coefficient.round(5).tolist() == [
        *(-0.04140, 0.00874, -0.57446, -0.21458, 0.22775),
        *(-0.46689, -0.24676, -1.31699, 0.03240, 0.85028),
    ]
    assert errors(fit.covariance).round(5).tolist() == [
        *(0.00991, 0.00497, 0.12519, 0.04859, 0.10856),
        *(0.13476, 0.09434, 0.53144, 0.01608, 0.24776),
    ]
    assert round(fit.null_log_likelihood, 4) == -2663.9851
    assert round(fit.log_likelihood, 3) == -2630.418
    exact = fitted(frame, terms)
    assert exact.coefficient.round(6).tolist() == [
        *(-0.041464, 0.008757, -0.575440, -0.214935, 0.228188),
        *(-0.467412, -0.247305, -1.319077, 0.032444, 0.851317),
    ]
    assert round(exact.log_likelihood, 4) == -2629.4642


@needs_uis
def test_the_stratified_model_that_distcomp_prints() -> None:
    frame = drug_use().dropna(subset=["age", "becktota", "hercoc", "ivhx", "ndrugtx", "race"])
    terms = ["age", "becktota", "fp1", "fp2", "ivhx3", "race", "treat"]
    fit = fitted(frame, terms, stratum="site")
    assert fit.coefficient.round(6).tolist() == [
        *(-0.028076, 0.009146, -0.521973, -0.194178, 0.263634, -0.240021, -0.212616)
    ]
    ratio = 2 * (fit.log_likelihood - fit.null_log_likelihood)
    assert (round(ratio, 2), round(fit.wald_test, 2), round(fit.score_test, 2)) == (
        *(50.62, 50.78, 51.31),
    )


# By hand


def test_efrons_and_breslows_likelihoods_worked_by_hand() -> None:
    # Therneau and Grambsch 2000, appendix E.1: two tied on the first day of two among five.
    frame = pd.DataFrame({"days": [1, 1, 2, 3, 3], "event": [1, 1, 1, 0, 0], "x": [1, 0, 1, 1, 0]})
    for ties, second in (("breslow", 5.0), ("efron", 4.0)):
        fit = fitted(frame, ["x"], ties=ties)
        assert fit.null_log_likelihood == pytest.approx(-np.log(5 * second * 3), rel=1e-14)
        r = np.exp(fit.coefficient[0])
        # 3 of the 5 at risk have x = 1; on the second day 2 of 3; half of those tied are left out.
        first, later = 3 * r + 2, 2 * r + 1
        second_denominator = first if ties == "breslow" else first - (r + 1) / 2
        expected = np.log(r / first / second_denominator * r / later)
        assert fit.log_likelihood == pytest.approx(expected, rel=1e-12)
        second_numerator = 3 * r if ties == "breslow" else 3 * r - r / 2
        slope = 2 - 3 * r / first - second_numerator / second_denominator - 2 * r / later
        assert slope == pytest.approx(0, abs=1e-9)


# Properties


@st.composite
def some_rows(draw: st.DrawFn) -> pd.DataFrame:
    size = draw(st.integers(12, 60))
    seed = draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    days = random.integers(1, draw(st.integers(4, 40)), size)
    return pd.DataFrame(
        {
            "days": days,
            "entry": np.where(random.random(size) < 0.5, 0, (days * random.random(size)) // 1),
            "event": random.random(size) < draw(st.floats(0.4, 1)),
            "x": random.normal(size=size).round(2),
            "z": random.integers(0, 2, size).astype(float),
            "weight": random.integers(1, 5, size) / 2,
            "stratum": random.integers(0, 3, size),
            "cluster": random.integers(0, 6, size),
        }
    )


EVERYTHING = {"entry": "entry", "weight": "weight", "stratum": "stratum", "cluster": "cluster"}


def estimable(frame: pd.DataFrame, **options: Any) -> CoxFit | None:
    try:
        fit = fitted(frame, ["x", "z"], **options)
    except EstimateError:
        return None
    # With next to no information the digits that invariance keeps are few.
    return fit if errors(fit.covariance).max() < 5 else None


def same(one: CoxFit, two: CoxFit) -> None:
    np.testing.assert_allclose(one.coefficient, two.coefficient, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(one.covariance, two.covariance, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(one.robust, two.robust, rtol=1e-6, atol=1e-9)


@settings(max_examples=10, deadline=None)
@given(some_rows(), st.randoms(use_true_random=False), st.sampled_from(["efron", "breslow"]))
def test_order_time_scale_and_codes_do_not_matter(
    frame: pd.DataFrame, random: Any, ties: str
) -> None:
    fit = estimable(frame, ties=ties, **EVERYTHING)
    if fit is None:
        return
    order = list(range(len(frame)))
    random.shuffle(order)
    same(fit, fitted(frame.iloc[order], ["x", "z"], ties=ties, **EVERYTHING))
    weekly = frame.assign(days=frame["days"] / 7, entry=frame["entry"] / 7)
    same(fit, fitted(weekly, ["x", "z"], ties=ties, **EVERYTHING))
    shifted = frame.assign(x=frame["x"] + 1000 * (1 + frame["stratum"]))
    same(fit, fitted(shifted, ["x", "z"], ties=ties, **EVERYTHING))


@settings(max_examples=20, deadline=None)
@given(some_rows())
def test_a_weight_of_two_is_a_second_copy_by_breslows_rule(frame: pd.DataFrame) -> None:
    options = {name: name for name in ("entry", "stratum", "cluster")}
    copies = frame.loc[frame.index.repeat(frame["weight"] * 2)]
    fit = estimable(copies, ties="breslow", **options)
    if fit is None:
        return
    whole = frame.assign(weight=frame["weight"] * 2)
    weighted = fitted(whole, ["x", "z"], ties="breslow", weight="weight", **options)
    same(fit, weighted)
    assert fit.log_likelihood == pytest.approx(weighted.log_likelihood, rel=1e-10)


@settings(max_examples=15, deadline=None)
@given(some_rows())
def test_one_stratum_is_none_and_one_row_a_cluster_is_the_default(frame: pd.DataFrame) -> None:
    fit = estimable(frame, entry="entry")
    if fit is None:
        return
    alone = frame.assign(all=1, row=np.arange(len(frame)))
    same(fit, fitted(alone, ["x", "z"], entry="entry", stratum="all", cluster="row"))


@settings(max_examples=15, deadline=None)
@given(some_rows())
def test_strata_add_up(frame: pd.DataFrame) -> None:
    fit = estimable(frame, stratum="stratum", entry="entry")
    if fit is None:
        return
    # The likelihood is the product of the strata's: at 0 the log of the numbers at risk.
    total = 0.0
    for _, part in frame.groupby("stratum"):
        for day, dead in part[part["event"]].groupby("days"):
            there = (part["days"] >= day) & ((part["entry"] < day) | (part["entry"] == 0))
            total -= np.log(there.sum() - np.arange(len(dead))).sum()
    assert fit.null_log_likelihood == pytest.approx(total, rel=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.integers(6, 40), st.integers(0, 2**32 - 1), st.booleans())
def test_without_ties_the_score_test_is_the_log_rank(size: int, seed: int, strata: bool) -> None:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "days": random.permutation(size) + 1,
            "event": random.random(size) < 0.7,
            "x": random.integers(0, 2, size),
            "stratum": random.integers(0, 2, size) if strata else 0,
        }
    )
    try:
        fit = fitted(frame, ["x"], stratum="stratum")
    except EstimateError:
        return
    classic = log_rank(check_times(frame, "x"), frame["stratum"].to_numpy(dtype=np.intp))
    assert fit.score_test == pytest.approx(classic.statistic, rel=1e-9)


def test_with_pairs_as_strata_it_is_the_logistic_model_of_differences() -> None:
    random, pairs = np.random.default_rng(2), 400
    x = random.normal(size=(pairs, 2))
    days = random.exponential(np.exp(-0.5 * x)) / random.gamma(0.5, size=(pairs, 1))
    frame = pd.DataFrame({"days": days.ravel(), "x": x.ravel(), "event": True})
    fit = fitted(frame.assign(pair=np.repeat(np.arange(pairs), 2)), ["x"], stratum="pair")
    first = days.argmin(axis=1)
    apart = (x[:, 0] - x[:, 1]) * np.where(first == 0, 1, -1)
    later = 1 / (1 + np.exp(apart * fit.coefficient[0]))
    assert apart @ later == pytest.approx(0, abs=1e-8)
    spread = (apart**2 * later * (1 - later)).sum()
    assert fit.covariance[0, 0] == pytest.approx(1 / spread, rel=1e-9)


# What is refused


def small(**change: Any) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "days": [1, 2, 3, 4, 5, 6],
            "event": [1, 1, 0, 1, 1, 0],
            "x": [0.0, 1, 0, 1, 1, 0],
            "z": [1.0, 3, 2, 5, 4, 1],
            "stratum": [0, 0, 0, 1, 1, 1],
        }
    )
    return frame.assign(**change)


@pytest.mark.parametrize(
    ("change", "options", "error", "words"),
    [
        ({"event": 0}, {}, EstimateError, "There are no events"),
        ({"x": 2.0}, {}, EstimateError, "column 0 is the same for all"),
        ({"x": lambda t: t["stratum"] * 1.0}, {"stratum": "stratum"}, EstimateError, "column 0"),
        ({"x": lambda t: 3 - 2 * t["z"]}, {}, EstimateError, "column 1 follows from column 0"),
        ({"x": [1.0, 1, 0, 1, 1, 0]}, {}, EstimateError, "Infinite"),
        ({}, {"ties": "exact"}, RuleError, "one of two"),
        ({"z": [1.0, np.nan, 2, 5, 4, 1]}, {}, EstimateError, "1 of 6 rows"),
        ({"w": 1}, {"cluster": "w"}, EstimateError, "one cluster"),
        ({"w": [1, 1, 1, 1, 0, 1.0]}, {"weight": "w"}, EstimateError, "above 0"),
        ({"w": [1, 1, 1, 1, np.nan, 1.0]}, {"weight": "w"}, EstimateError, "above 0"),
        ({}, {"names": ["the only", "other"], "terms": []}, EstimateError, "needs a term"),
    ],
)
def test_what_cannot_be_estimated_is_refused(
    change: dict[str, Any], options: dict[str, Any], error: type[Exception], words: str
) -> None:
    terms = options.pop("terms", ["x", "z"])
    with pytest.raises(error, match=words):
        fitted(small(**change), terms, **options)


@pytest.mark.parametrize("last", [0.0, 5.5])
def test_a_column_that_varies_never_among_those_at_risk_together_is_refused(last: float) -> None:
    # Who differs comes after the last event, or all who differ come after the others left.
    x = [1.0, 1, 1, 1, 1, 0] if last else [1.0, 1, 1, 0, 0, 0]
    entry = [0, 0, 0, 0, 0, last] if last else [0, 0, 0, 3, 3, 3]
    with pytest.raises(EstimateError, match="is constant"):
        fitted(small(x=x, entry=entry), ["x"], entry="entry")


@pytest.mark.parametrize("rare", [1, 3])
def test_a_rare_value_without_an_event_is_named(rare: int) -> None:
    size = 4000
    random = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "days": random.integers(1, 60, size),
            "event": random.random(size) < 0.5,
            "x": random.normal(size=size),
            "rare": (np.arange(size) < rare).astype(float),
        }
    )
    frame.loc[frame["rare"] == 1, "event"] = False
    frame.loc[frame["rare"] == 1, "days"] = 59
    with pytest.raises(EstimateError, match="other term"):
        fitted(frame, ["x", "rare"], names=["x", "other term"])


def test_a_strong_effect_is_not_taken_for_an_endless_one() -> None:
    size = 500
    random = np.random.default_rng(1)
    x = random.normal(size=size)
    days = np.ceil(1e6 * random.exponential(size=size) * np.exp(-6 * x))
    frame = pd.DataFrame({"days": days, "event": True, "x": x, "y": random.normal(size=size)})
    fit = fitted(frame, ["x", "y"])
    assert abs(fit.coefficient[0] - 6) < 4 * errors(fit.covariance)[0]
