"""Propensity weights: against R, by hand, and against slower ways of saying the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.compare.propensity.estimands import ESTIMANDS, log_slopes, weights_of
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.statistics.multinomial import (
    multinomial_coefficients,
    multinomial_information,
    multinomial_probabilities,
)

REFERENCE = Path(__file__).parents[1] / "reference"
TERMS = "age + employed + substance"
DAYS = [30, 90, 180]


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "adjusted_data.csv")


@pytest.fixture(scope="module")
def said() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "adjusted.csv", keep_default_na=False)


def values(said: pd.DataFrame, case: str, quantity: str, group: str = "evening") -> Any:
    rows = said.query("case == @case and quantity == @quantity and group == @group")
    assert len(rows)
    return rows["value"].to_numpy()


@pytest.fixture(scope="module")
def several() -> pd.DataFrame:
    random = np.random.default_rng(8)
    age = random.normal(40, 10, 300)
    odds = np.exp(np.column_stack([np.zeros(300), 0.05 * (age - 40), -0.03 * (age - 45)]))
    chance = odds / odds.sum(axis=1, keepdims=True)
    place = (random.random(300)[:, None] > chance.cumsum(axis=1)).sum(axis=1)
    frame = {"site": np.array(["a", "b", "c"])[place], "age": age, "yes": random.random(300) < 0.4}
    return pd.DataFrame(frame)


def test_scores_are_those_of_r(people: pd.DataFrame, said: pd.DataFrame) -> None:
    weighted = iop.propensity_weights(people, "track", TERMS)
    assert weighted.model["term"].tolist()[:3] == ["intercept", "age", "employed"]
    for column, quantity in (("coefficient", "coefficient"), ("se", "se")):
        np.testing.assert_allclose(
            weighted.model[column], values(said, "scores", quantity), rtol=1e-7
        )
    np.testing.assert_allclose(
        weighted.scores["evening"], values(said, "scores", "score"), rtol=1e-7, atol=1e-9
    )
    np.testing.assert_allclose(weighted.scores.sum(axis=1), 1.0)


@pytest.mark.parametrize("estimand", ESTIMANDS)
def test_weighted_curves_are_those_of_r(
    people: pd.DataFrame, said: pd.DataFrame, estimand: Any
) -> None:
    weighted = iop.propensity_weights(people, "track", TERMS, estimand=estimand)
    curves = iop.survival_curves(weighted.frame, by="track", weights="propensity_weight").at(DAYS)
    for group in ("day", "evening"):
        own = curves[curves["track"] == group]["survival"]
        np.testing.assert_allclose(own, values(said, estimand, "survival", group), rtol=1e-8)
        size = weighted.table.set_index("group").loc[group, "effective_size"]
        assert size == pytest.approx(values(said, estimand, "effective_size", group)[0], rel=1e-8)


def test_one_yes_or_no_gives_the_shares_themselves() -> None:
    # Of the employed 1 of 4 is in the day track, of the others 3 of 4.
    frame = pd.DataFrame(
        {
            "track": ["day"] * 4 + ["evening"] * 4,
            "employed": [False, False, False, True, False, True, True, True],
        }
    )
    third = 4 / 3
    expected = {
        "average": [third, third, third, 4, 4, third, third, third],
        "treated": [1 / 3, 1 / 3, 1 / 3, 3, 1, 1, 1, 1],
        "overlap": [1 / 4, 1 / 4, 1 / 4, 3 / 4, 3 / 4, 1 / 4, 1 / 4, 1 / 4],
    }
    for estimand in ESTIMANDS:
        weighted = iop.propensity_weights(frame, "track", "employed", estimand=estimand)
        np.testing.assert_allclose(weighted.weights, expected[estimand], rtol=1e-8)
    day = iop.propensity_weights(frame, "track", "employed", estimand="treated", treated="day")
    np.testing.assert_allclose(day.weights.iloc[4:], [3, 1 / 3, 1 / 3, 1 / 3], rtol=1e-8)
    assert "the average over the people of day" in day.text
    stable = iop.propensity_weights(frame, "track", "employed", stabilise=True)
    np.testing.assert_allclose(stable.weights, np.array(expected["average"]) / 2, rtol=1e-8)


@pytest.mark.parametrize("estimand", ["average", "overlap"])
def test_weighted_groups_are_alike(several: pd.DataFrame, estimand: Any) -> None:
    two = several[several["site"] != "c"]
    weighted = iop.propensity_weights(two, "site", ["age", "yes"], estimand=estimand)
    before, after = (
        weighted.balance.differences[["difference", "weighted_difference"]].abs().T.values
    )
    assert before.max() > 0.3
    assert after.max() < (1e-9 if estimand == "overlap" else 0.05)


def test_several_groups_solve_the_equations_of_the_likelihood(several: pd.DataFrame) -> None:
    columns = several[["age", "yes"]].to_numpy(dtype=float)
    group = several["site"].map({"a": 0, "b": 1, "c": 2}).to_numpy()
    counts = np.random.default_rng(1).integers(0, 3, 300).astype(float)
    result = multinomial_coefficients(columns, group, 3, counts)
    chance = multinomial_probabilities(columns, result)
    table = np.column_stack([np.ones(300), columns])
    score = (counts[:, None] * (np.eye(3)[group] - chance)).T @ table
    np.testing.assert_allclose(score, 0.0, atol=1e-5)
    again = multinomial_coefficients(columns, group, 3, counts, start=result + 0.01)
    np.testing.assert_allclose(again, result, rtol=1e-6)
    # The information is what the score falls by, coefficient by coefficient.
    information = multinomial_information(columns, chance, counts)
    for place in range(6):
        moved = result.ravel().copy()
        moved[place] += 1e-6
        other = multinomial_probabilities(columns, moved.reshape(2, 3))
        fall = (counts[:, None] * (chance - other)).T @ table
        np.testing.assert_allclose(
            information[:, place], -fall[1:].ravel() / 1e-6, rtol=1e-4, atol=1e-3
        )
    with_two = multinomial_coefficients(columns, np.minimum(group, 1), 2)
    assert with_two.shape == (1, 3)


@pytest.mark.parametrize("estimand", ESTIMANDS)
def test_weights_move_with_the_log_odds_as_said(several: pd.DataFrame, estimand: str) -> None:
    random = np.random.default_rng(2)
    columns, group = random.normal(size=(40, 1)), random.integers(0, 3, 40)
    coefficients = random.normal(size=(2, 2))
    chance = multinomial_probabilities(columns, coefficients)
    slopes = log_slopes(chance, group, estimand, 1)
    for place in (0, 1):
        moved = coefficients.copy()
        moved[place, 0] += 1e-6
        other = multinomial_probabilities(columns, moved)
        change = np.log(
            weights_of(other, group, estimand, 1) / weights_of(chance, group, estimand, 1)
        )
        np.testing.assert_allclose(change / 1e-6, slopes[:, place], atol=1e-5)


def test_trimming_leaves_out_who_had_hardly_a_chance_and_fits_again(people: pd.DataFrame) -> None:
    whole = iop.propensity_weights(people, "track", TERMS)
    weighted = iop.propensity_weights(people, "track", TERMS, trim=0.25)
    kept = (whole.scores.min(axis=1) >= 0.25).to_numpy()
    assert 0 < kept.sum() < len(people)
    assert weighted.weights.notna().tolist() == kept.tolist()
    by_hand = iop.propensity_weights(people[kept], "track", TERMS)
    np.testing.assert_allclose(weighted.weights.dropna(), by_hand.weights, rtol=1e-6)
    assert weighted.table["trimmed"].sum() == (~kept).sum()
    assert f"{(~kept).sum()} of 240 rows" in weighted.text
    assert len(weighted.frame) == kept.sum()


def test_calibration_and_overlap_count_every_row_once(several: pd.DataFrame) -> None:
    weighted = iop.propensity_weights(several, "site", "age")
    for name, rows in weighted.calibration.groupby("group"):
        assert rows["n"].sum() == 300
        share = (several["site"] == name).mean()
        for column in ("predicted", "observed"):
            assert np.average(rows[column], weights=rows["n"]) == pytest.approx(share, rel=1e-6)
    assert (
        weighted.overlap.groupby(["probability_of", "group"])["n"].sum().tolist()
        == list(weighted.table["n"]) * 3
    )
    two = iop.propensity_weights(several[several["site"] != "c"], "site", "age")
    assert two.overlap["probability_of"].unique().tolist() == ["b"]


def test_a_frame_goes_on_with_its_labels_and_is_not_changed() -> None:
    records = iop.synthetic_records(seed=11, people=60)
    times = iop.time_to_relapse(
        iop.read_records(
            episodes=records.episodes, attendance=records.attendance, checkins=records.checkins
        )
    )
    original = times.copy()
    weighted = iop.propensity_weights(times, "track", ["age", "entry_path"], trim=0.02)
    pd.testing.assert_frame_equal(times, original)
    assert weighted.synthetic
    curves = iop.survival_curves(weighted.frame, by="track", weights="propensity_weight")
    assert curves.provenance.event == "relapse"
    assert iop.cox(weighted.frame, "track", weights="propensity_weight").robust
    with pytest.raises(RuleError, match="cannot be protected"):
        iop.protect(weighted)  # type: ignore[call-overload]
    assert "60" not in repr(weighted)


APART = pd.DataFrame(
    {
        "track": ["day"] * 5 + ["evening"] * 5,
        "age": np.arange(10.0),
        "word": ["a", "b", "a", "b", "a", "b", "a", "b", "c", "c"],
        "attendance_rate": np.arange(10.0) % 3,
    }
)


@pytest.mark.parametrize(
    ("options", "error", "wrong"),
    [
        ({"covariates": "age"}, EstimateError, "could have been in each"),
        ({"covariates": "word"}, EstimateError, "could have been in each"),
        ({"covariates": "track"}, RuleError, "no covariate"),
        ({"covariates": "attendance_rate"}, RuleError, "only at the end of the stay"),
        ({"covariates": "attendance_rate", "trim": 0.5}, RuleError, "trim is a probability"),
        ({"covariates": "attendance_rate", "treated": "day"}, RuleError, "A treated group"),
        ({"covariates": "word", "estimand": "att"}, RuleError, "estimand must be one of"),
        ({"covariates": "word", "stabilise": 1}, RuleError, "stabilise is True or False"),
        (
            {"covariates": "word", "stabilise": True, "estimand": "overlap"},
            RuleError,
            "not stabilised",
        ),
        (
            {"covariates": "word", "treated": "night", "estimand": "treated"},
            RuleError,
            "name of a group",
        ),
        ({"covariates": "gap"}, EstimateError, "multiple imputation"),
        ({"covariates": "age", "by": "one"}, EstimateError, "two groups or more"),
    ],
)
def test_what_cannot_be_weighted_is_refused(
    options: dict[str, Any], error: type, wrong: str
) -> None:
    frame = APART.assign(one=1, gap=APART["age"].where(APART["age"] > 0))
    with pytest.raises(error, match=wrong):
        iop.propensity_weights(frame, **{"by": "track", **options})


def test_people_of_one_group_only_weigh_nearly_nothing_by_overlap() -> None:
    weighted = iop.propensity_weights(APART, "track", "word", estimand="overlap")
    assert weighted.weights.iloc[-2:].max() < 1e-6
    allowed = iop.propensity_weights(APART, "track", "attendance_rate", allow_post_baseline=True)
    assert allowed.formula == "attendance_rate"
