"""Adjusted curves: against R, against derivatives, and where the answer is known by hand."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.compare.adjustment.augmented import Augmented, falling
from iop_outcomes.compare.adjustment.estimate import METHODS
from iop_outcomes.compare.adjustment.outcome import CoxByGroup
from iop_outcomes.compare.adjustment.problem import Problem
from iop_outcomes.compare.adjustment.unadjusted import Unadjusted
from iop_outcomes.compare.adjustment.weighting import Weighted
from iop_outcomes.compare.propensity.scores import GroupModel
from iop_outcomes.compare.regression.formula import design_of
from iop_outcomes.compare.resampling.repeat import repeated
from iop_outcomes.compare.resampling.step_curves import grid_of
from iop_outcomes.errors import EstimateError, RuleError

REFERENCE = Path(__file__).parents[1] / "reference"
TERMS = "age + employed + substance"
DAYS = [30.0, 90.0, 180.0]


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "adjusted_data.csv")


@pytest.fixture(scope="module")
def said() -> pd.DataFrame:
    frame = pd.read_csv(REFERENCE / "adjusted.csv", keep_default_na=False)
    return frame.set_index(["case", "group", "quantity"])["value"].sort_index(kind="stable")


def height(found: iop.AdjustedCurves, group: str) -> list[float]:
    own = found.curves[found.curves["group"] == group]
    places = np.searchsorted(own["day"], DAYS, side="right") - 1
    return own["survival"].iloc[places].tolist()


def problem_of(frame: pd.DataFrame, day: float, estimand: str = "average") -> Problem:
    design = design_of(frame, TERMS).matrix
    group = frame["track"].astype("category").cat.codes.to_numpy().astype(np.intp)
    days, event = frame["days"].to_numpy(dtype=float), frame["event"].to_numpy(dtype=bool)
    model = GroupModel(design, group, int(group.max()) + 1, estimand, 1, None)
    entry = np.zeros(len(frame))
    return Problem(grid_of(days, event, day), days, entry, event, model, design)


# Against R -------------------------------------------------------------------------------------


@pytest.mark.parametrize("estimand", ["average", "treated", "overlap"])
def test_weighted_curves_are_those_of_r(people: pd.DataFrame, said: Any, estimand: Any) -> None:
    adjusted = iop.adjusted_curves(
        people, "track", TERMS, day=180, estimand=estimand, limits="closed_form"
    )
    for group in ("day", "evening"):
        curve, area = (said[estimand, group, name] for name in ("survival", "restricted_mean"))
        np.testing.assert_allclose(height(adjusted, group), curve, rtol=1e-8)
        row = adjusted.table.set_index("measure").loc["restricted_mean"]
        column = "estimate" if group == "evening" else "estimate_reference"
        assert row[column] == pytest.approx(area.iloc[0], rel=1e-8)


@pytest.mark.parametrize("estimand", ["average", "treated"])
def test_standardised_curves_are_those_of_r(people: pd.DataFrame, said: Any, estimand: Any) -> None:
    adjusted = iop.adjusted_curves(
        *(people, "track", TERMS),
        day=180,
        method="standardisation",
        estimand=estimand,
        resamples=100,
    )
    for group in ("day", "evening"):
        case = f"standardised_{estimand}"
        np.testing.assert_allclose(
            height(adjusted, group), said[case, group, "survival"], rtol=1e-8
        )
        row = adjusted.table.set_index("measure").loc["restricted_mean"]
        column = "estimate" if group == "evening" else "estimate_reference"
        assert row[column] == pytest.approx(said[case, group, "restricted_mean"].iloc[0], rel=1e-8)


def test_augmented_curves_are_those_of_a_second_derivation(people: pd.DataFrame, said: Any) -> None:
    problem = problem_of(people, 180.0)
    result = Augmented.of(problem, problem.model.fit(), ["a", "b", "c", "d"])
    places = np.searchsorted(problem.grid, DAYS, side="right") - 1
    values = result.each()[:, :, places]
    errors = np.sqrt((result.influence(places) ** 2).sum(axis=2))
    for place, group in enumerate(("day", "evening")):
        np.testing.assert_allclose(
            values[place].mean(axis=0), said["augmented", group, "survival"], rtol=1e-8
        )
        np.testing.assert_allclose(errors[place], said["augmented", group, "se"], rtol=1e-8)
    adjusted = iop.adjusted_curves(
        people, "track", TERMS, day=180, method="augmented", limits="closed_form"
    )
    row = adjusted.table.set_index("measure").loc["survival"]
    assert row["estimate"] == pytest.approx(said["augmented", "evening", "survival"].iloc[2])


# Errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("estimand", ["average", "treated", "overlap"])
@pytest.mark.parametrize("groups", [2, 3])
def test_influences_are_the_derivatives_by_what_rows_count(
    people: pd.DataFrame, estimand: str, groups: int
) -> None:
    """The model of the group is fitted again: what goes through it is part of the derivative."""
    frame = people.iloc[:90]
    if groups == 3:
        third = np.random.default_rng(0).random(90) < 0.3
        frame = frame.assign(track=frame["track"].where(~third, "night"))
    problem = problem_of(frame, 120.0, estimand)
    result = Weighted(problem, problem.model.fit())
    places = np.array([20, len(problem.grid) - 1])
    influence = result.influence(places)
    ones = np.ones(len(frame))
    for row in range(0, 90, 9):
        step = 1e-4 * (np.arange(len(frame)) == row)
        moved = (result.survival(ones + step) - result.survival(ones - step))[:, places] / 2e-4
        np.testing.assert_allclose(influence[:, :, row], moved, rtol=2e-4, atol=1e-7)
    plain = Unadjusted(problem)
    for row in (3, 50):
        step = 1e-4 * (np.arange(len(frame)) == row)
        moved = (plain.survival(ones + step) - plain.survival(ones - step))[:, places] / 2e-4
        np.testing.assert_allclose(plain.influence(places)[:, :, row], moved, rtol=1e-4, atol=1e-8)


def test_unadjusted_limits_in_closed_form_are_those_of_the_difference_of_curves(
    people: pd.DataFrame,
) -> None:
    adjusted = iop.adjusted_curves(people, "track", TERMS, day=180, limits="closed_form").unadjusted
    robust = people.assign(one=1.0)
    for measure, function in (
        ("survival", iop.survival_difference),
        ("restricted_mean", iop.restricted_mean_difference),
    ):
        row = adjusted.set_index("measure").loc[measure]
        other = function(robust, "track", 180, weights="one").table.iloc[0]  # type: ignore[operator]
        for name in ("estimate", "difference", "se", "lower", "upper"):
            assert row[name] == pytest.approx(other[name], rel=1e-9), (measure, name)


def test_both_kinds_of_limits_agree_and_a_seed_gives_the_same(people: pd.DataFrame) -> None:
    both = [
        iop.adjusted_curves(people, "track", TERMS, day=150, limits=limits, resamples=300)  # type: ignore[arg-type]
        for limits in ("closed_form", "bootstrap", "bootstrap")
    ]
    closed, drawn, again = (one.table["se"].to_numpy() for one in both)
    np.testing.assert_allclose(drawn, closed, rtol=0.15)
    np.testing.assert_array_equal(drawn, again)
    assert both[0].resamples == 0
    assert "normal, by the influence" in both[0].text
    assert "300 bootstrap samples of people (seed 0)" in both[1].text


def test_people_seen_twice_are_taken_together(people: pd.DataFrame) -> None:
    twice = pd.concat([people, people]).assign(person_id=[*people["row"], *people["row"]])
    options: dict[str, Any] = {"day": 180, "limits": "closed_form"}
    for method in ("weighting", "augmented"):
        once = iop.adjusted_curves(people, "track", TERMS, method=method, **options)  # type: ignore[arg-type]
        both = iop.adjusted_curves(twice, "track", TERMS, method=method, **options)  # type: ignore[arg-type]
        alone = iop.adjusted_curves(
            *(twice, "track", TERMS),
            method=method,  # type: ignore[arg-type]
            cluster=None,
            **options,
        )
        np.testing.assert_allclose(both.table["se"], once.table["se"], rtol=1e-6)
        np.testing.assert_allclose(alone.table["se"] * np.sqrt(2), once.table["se"], rtol=1e-6)
        assert "480 rows in 240 clusters" in both.text


class OneProcess:
    """A pool without processes, which take ten seconds to start: what is sent is pickled."""

    def __init__(self, number: int, context: Any, begin: Any, given: tuple[Any, ...]) -> None:
        assert number == 2
        begin(*pickle.loads(pickle.dumps(given)))

    def __enter__(self) -> OneProcess:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, work: Any, parts: Any) -> Any:
        return (work(pickle.loads(pickle.dumps(part))) for part in parts)


def test_processes_give_the_same_numbers(
    people: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor", OneProcess)
    plain = Unadjusted(problem_of(people.iloc[:30], 60.0))
    cluster = np.arange(30)
    one, two = (
        repeated(plain, cluster, 40, 7, progress=False, processes=number)[0] for number in (1, 2)
    )
    np.testing.assert_array_equal(one, two)


# Known answers -----------------------------------------------------------------------------------


def test_without_censoring_weights_of_one_yes_or_no_are_standardisation_by_hand() -> None:
    random = np.random.default_rng(5)
    yes = random.random(120) < 0.5
    evening = random.random(120) < np.where(yes, 0.7, 0.3)
    frame = pd.DataFrame({"yes": yes, "track": np.where(evening, "evening", "day")})
    frame["days"] = np.ceil(random.exponential(np.where(yes, 20, 60)))
    frame["event"] = True
    table = iop.adjusted_curves(frame, "track", "yes", day=30, limits="closed_form").table
    by_strata = iop.survival_difference(frame, "track", 30, strata="yes").table
    assert table["difference"].iloc[0] == pytest.approx(by_strata["difference"].iloc[0])


def test_all_methods_find_no_effect_where_groups_differ_by_a_covariate_only() -> None:
    random = np.random.default_rng(11)
    worse = random.random(2000) < 0.5
    evening = random.random(2000) < np.where(worse, 0.75, 0.25)
    time = np.ceil(random.exponential(np.where(worse, 40, 160)))
    end = random.integers(30, 200, 2000)
    frame = pd.DataFrame({"worse": worse, "track": np.where(evening, "evening", "day")})
    frame = frame.assign(days=np.minimum(time, end), event=time <= end)
    for method in METHODS:
        limits = "bootstrap" if method == "standardisation" else "closed_form"
        adjusted = iop.adjusted_curves(
            *(frame, "track", "worse"),
            day=60,
            method=method,  # type: ignore[arg-type]
            limits=limits,  # type: ignore[arg-type]
            resamples=100,
        )
        row, naive = adjusted.table.iloc[0], adjusted.unadjusted.iloc[0]
        assert row["lower"] < 0 < row["upper"], method
        assert naive["upper"] < -0.1, method


def test_falling_is_the_nearest_curve_that_falls() -> None:
    result = falling(np.array([1.0, 0.8, 0.9, 0.5, -0.1]))
    np.testing.assert_allclose(result, [1.0, 0.85, 0.85, 0.5, 0.0])


def test_a_copy_of_a_row_is_a_row_that_counts_twice(people: pd.DataFrame) -> None:
    frame = people.iloc[:80]
    design = design_of(frame, TERMS).matrix
    group = (frame["track"] == "evening").to_numpy().astype(np.intp)
    days, event = frame["days"].to_numpy(dtype=float), frame["event"].to_numpy(dtype=bool)
    counts = np.random.default_rng(3).integers(0, 3, 80).astype(float)
    outcome = CoxByGroup.of(design, days, event, group, asked=np.array([30.0, 90.0]))
    result = outcome.fit(counts, np.zeros(design.shape[1]))
    copies = np.repeat(np.arange(80), counts.astype(int))
    other = CoxByGroup(
        *(
            outcome.columns[:, copies],
            days[copies],
            event[copies],
            group[copies],
            2,
            outcome.asked,
            False,
        )
    ).fit(np.ones(len(copies)), np.zeros(design.shape[1]))
    assert result is not None
    assert other is not None
    np.testing.assert_allclose(result.coefficients, other.coefficients, atol=1e-8)
    np.testing.assert_allclose(result.base, other.base, rtol=1e-8)


# As a user meets it ----------------------------------------------------------------------------


def test_what_it_says_and_holds(people: pd.DataFrame) -> None:
    original = people.copy()
    adjusted = iop.adjusted_curves(
        people, "track", TERMS, day=180, reference="evening", limits="closed_form", trim=0.1
    )
    pd.testing.assert_frame_equal(people, original)
    assert adjusted.table["group"].tolist() == ["day", "day"]
    assert adjusted.groups["n"].tolist() == people["track"].value_counts().sort_index().tolist()
    assert "Adjusted for age + employed + substance, and for nothing else" in adjusted.text
    assert "with a probability of some group below 0.1 left out" in adjusted.text
    assert (
        "Without adjustment: without the event on day 180: day 34.4% less evening" in adjusted.text
    )
    assert adjusted.curves["day"].max() == 180
    with pytest.raises(RuleError, match="cannot be protected"):
        iop.protect(adjusted)  # type: ignore[call-overload]
    named = iop.adjusted_curves(
        people, "track", "age", outcome=TERMS, day=180, method="augmented", limits="closed_form"
    )
    assert "models of the event and of censoring: age + employed + substance" in named.rule


@pytest.mark.parametrize(
    ("options", "error", "wrong"),
    [
        ({"day": 5000}, EstimateError, "people at risk up to the day"),
        ({"method": "matching"}, RuleError, "method must be one of"),
        ({"limits": "exact"}, RuleError, "limits must be one of"),
        ({"method": "augmented", "estimand": "overlap"}, RuleError, "not estimated by augmented"),
        ({"method": "standardisation", "limits": "closed_form"}, RuleError, "bootstrap only"),
        ({"method": "standardisation", "trim": 0.1}, RuleError, "no rows are trimmed"),
        ({"method": "augmented", "late": True}, EstimateError, "enter late"),
        ({"covariates": "track"}, RuleError, "no covariate"),
        ({"covariates": "gap"}, EstimateError, "multiple imputation"),
        ({"covariates": "apart"}, EstimateError, "could have been in each"),
        ({"outcome": "attendance_rate"}, RuleError, "end of the stay"),
        ({"resamples": 20}, RuleError, "resamples"),
        ({"processes": 0}, RuleError, "processes"),
        ({"reference": "night"}, RuleError, "name of a group"),
        ({"by": "one"}, EstimateError, "two groups or more"),
    ],
)
def test_what_cannot_be_estimated_is_refused(
    people: pd.DataFrame, options: dict[str, Any], error: type, wrong: str
) -> None:
    frame = people.assign(
        one=1,
        gap=people["age"].where(people["age"] > 30),
        apart=(people["track"] == "day") * 1.0,
        attendance_rate=0.5 + people["age"] / 100,
    )
    if options.pop("late", False):
        frame["entry"] = np.where(frame["row"] == 1, 1, 0) * (frame["days"] > 1)
    asked = {"by": "track", "covariates": TERMS, "day": 180, **options}
    with pytest.raises(error, match=wrong):
        iop.adjusted_curves(frame, **asked)


def test_late_entry_is_taken_by_weights(people: pd.DataFrame) -> None:
    late = people.assign(entry=np.where(people["days"] > 40, people["row"] % 2 * 10, 0))
    adjusted = iop.adjusted_curves(late, "track", TERMS, day=180, limits="closed_form")
    weighted = iop.propensity_weights(late, "track", TERMS).frame
    curves = iop.survival_curves(weighted, by="track", weights="propensity_weight").at([180])
    assert adjusted.table.loc[0, ["estimate_reference", "estimate"]].tolist() == pytest.approx(
        curves["survival"].tolist()
    )
