from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_outcomes.compare.group_tests.scores.gray_score import Ends, gray_score
from iop_outcomes.compare.regression.fine_gray import fine_gray
from iop_outcomes.compare.regression.newton import maximise, standardised
from iop_outcomes.compare.regression.partial_likelihood import fit_cox, score_spread
from iop_outcomes.compare.regression.subdistribution import (
    own_residuals,
    subdistribution,
    weighted_likelihood,
)
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.survival.competing.causes import read_causes
from tests.helpers.r_data import r_data

HERE = Path(__file__).parents[1] / "reference"
REFERENCE = pd.read_csv(HERE / "cox.csv")
TERMS = ["age", "sooner", "dose"]
CAUSES = ["relapse", "died"]


def late() -> pd.DataFrame:
    return pd.read_csv(HERE / "cox_data.csv").rename(columns={"end": "ended_by"})


def made_up() -> pd.DataFrame:
    return late().query("entry == 0").drop(columns="entry")


def reference(model: str, quantity: str) -> Any:
    rows = REFERENCE[(REFERENCE["model"] == model) & (REFERENCE["quantity"] == quantity)]
    assert len(rows)
    return rows["value"].to_numpy() if len(rows) > 1 else rows["value"].item()


# Against R


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("strata", ["one", "site"])
def test_coefficients_are_those_of_crr(cause: str, strata: str) -> None:
    within = None if strata == "one" else strata
    fit = fine_gray(made_up(), TERMS, cause, causes=CAUSES, censoring_strata=within)
    model, table = f"fine_gray {cause} {strata}", fit.table
    np.testing.assert_allclose(table["coefficient"], reference(model, "coefficient"), atol=1e-10)
    np.testing.assert_allclose(table["se_model"], reference(model, "se_model"), atol=1e-10)
    assert fit.log_likelihood == pytest.approx(reference(model, "log_likelihood"), rel=1e-12)
    null = reference(model, "null_log_likelihood")
    assert fit.null_log_likelihood == pytest.approx(null, rel=1e-12)
    # With strata of censoring crr's errors are others than the paper's formula within them, which
    # the derivative by each row's weight holds, below.
    errors = {"rtol": 0.004} if within else {"rtol": 1e-9}
    np.testing.assert_allclose(table["se"], reference(model, "se"), **errors)


def test_with_censoring_after_the_ends_of_a_day_it_is_finegray() -> None:
    fit = fine_gray(made_up(), TERMS, causes=CAUSES, same_day="ends_first")
    expected = reference("finegray relapse", "coefficient")
    np.testing.assert_allclose(fit.table["coefficient"], expected, atol=1e-9)


def test_clustered_errors_with_the_weights_as_known_are_those_of_coxph_on_finegray() -> None:
    times = made_up()
    code = times["ended_by"].map({"censored": 0, "relapse": 1, "died": 2}).to_numpy()
    one = np.zeros(len(times), dtype=np.intp)
    sets = subdistribution(times["days"].to_numpy(), code, one, events_first=True)
    columns, scale = standardised(times[TERMS].to_numpy(dtype=float), None, TERMS)
    start = weighted_likelihood(columns, np.zeros(3), sets)
    beta, _ = maximise(start, lambda at: weighted_likelihood(columns, at, sets), columns, TERMS)
    point = weighted_likelihood(columns, beta, sets)
    person = pd.factorize(times["person"])[0]
    spread = score_spread(own_residuals(columns, point, sets), None, person)
    inverse = np.linalg.inv(point.information)
    errors = np.sqrt(np.diag(inverse @ spread @ inverse)) / scale
    expected = reference("finegray relapse", "se_weights_known")
    np.testing.assert_allclose(errors, expected, rtol=1e-8)


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("cluster", [None, "person"])
def test_with_late_entry_it_is_coxph_on_finegray(cause: str, cluster: str | None) -> None:
    fit = fine_gray(*(late(), TERMS, cause), causes=CAUSES, cluster=cluster, same_day="ends_first")
    for name in ("coefficient", "se"):
        expected = reference(f"late {cause} {cluster or 'unit'}", name)
        np.testing.assert_allclose(fit.table[name], expected, rtol=1e-8)
    assert "Weighted for censoring and late entry." in fit.rule


def test_the_published_model_of_monoclonal_gammopathy() -> None:
    data = r_data("mgus2")
    times = pd.DataFrame(
        {
            "days": data["ptime"].where(data["pstat"] == 1, data["futime"]),
            "ended_by": np.where(
                data["pstat"] == 1, "pcm", np.where(data["death"] == 1, "died", "censored")
            ),
            "age": data["age"],
            "male": data["sex"] == "M",
        }
    )
    table = fine_gray(times, "age + male", "pcm", causes=["pcm", "died"]).table
    assert table["coefficient"].round(8).tolist() == [-0.01733815, -0.26003824]
    assert table["se"].round(8).tolist() == [0.00573710, 0.18568103]


# The derivative by each row's weight


@pytest.mark.parametrize("within", [None, "z"])
def test_the_errors_are_the_derivatives_by_each_rows_weight(within: str | None) -> None:
    # Each row k times over, and one copy less: how far the estimate moves, times k.
    random, size, copies = np.random.default_rng(5), 90, 20
    x, z = random.normal(size=size), random.integers(0, 2, size)
    times = random.exponential(20 * np.exp(-0.5 * np.stack([x, -x, z * 2.0])))
    ends = np.array(["relapse", "died", "censored"])[times.argmin(axis=0)]
    frame = pd.DataFrame({"days": times.min(axis=0), "ended_by": ends, "x": x, "z": z})
    options: dict[str, Any] = {"causes": CAUSES, "censoring_strata": within}
    table = fine_gray(frame, "x", **options).table
    whole = frame.loc[frame.index.repeat(copies)].reset_index(drop=True)
    middle = fine_gray(whole, "x", **options).table["coefficient"].item()
    moved = [
        copies
        * (middle - fine_gray(whole.drop(row * copies), "x", **options).table["coefficient"].item())
        for row in range(size)
    ]
    # The sandwich has 1 / at risk where the derivative has 1 / left after the censoring.
    assert table["se"].item() == pytest.approx(np.sqrt(np.sum(np.square(moved))), rel=0.02)
    assert table["se"].item() != pytest.approx(table["se_model"].item(), rel=0.02)


# Properties


@st.composite
def some_times(draw: st.DrawFn, ends: tuple[str, ...] = (*CAUSES, "left")) -> pd.DataFrame:
    size = draw(st.integers(15, 60))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return pd.DataFrame(
        {
            "days": random.integers(1, draw(st.integers(5, 40)), size),
            "ended_by": pd.Categorical(random.choice(ends, size), [*CAUSES, "left"]),
            "x": random.normal(size=size).round(2),
            "z": random.integers(0, 2, size).astype(float),
        }
    )


def estimable(times: pd.DataFrame, **options: Any) -> pd.DataFrame | None:
    try:
        table = fine_gray(times, ["x", "z"], causes=CAUSES, **options).table
    except EstimateError:
        return None
    return table if table["se_model"].max() < 5 else None


def numbers(table: pd.DataFrame) -> np.ndarray:
    return table[["coefficient", "se", "se_model"]].to_numpy()


@settings(max_examples=10, deadline=None)
@given(some_times(), st.randoms(use_true_random=False), st.sampled_from(["together", "ends_first"]))
def test_order_and_time_scale_do_not_matter(times: pd.DataFrame, random: Any, same: str) -> None:
    result = estimable(times, same_day=same)
    if result is None:
        return
    order = list(range(len(times)))
    random.shuffle(order)
    changed = times.iloc[order].assign(days=lambda t: t["days"] / 7)
    again = fine_gray(changed, ["x", "z"], causes=CAUSES, same_day=same).table  # type: ignore[arg-type]
    np.testing.assert_allclose(numbers(again), numbers(result), rtol=1e-6, atol=1e-9)


@settings(max_examples=10, deadline=None)
@given(some_times())
def test_copies_of_everyone_in_one_cluster_each_add_nothing(times: pd.DataFrame) -> None:
    result = estimable(times)
    if result is None:
        return
    twice = pd.concat([times.assign(who=times.index)] * 2)
    again = fine_gray(twice, ["x", "z"], causes=CAUSES, cluster="who")
    for name in ("coefficient", "se"):
        np.testing.assert_allclose(again.table[name], result[name], rtol=1e-6, atol=1e-9)
    assert again.clusters == len(times)
    # Taken for twice as many people, they seem to say twice as much.
    alone = fine_gray(twice, ["x", "z"], causes=CAUSES).table
    np.testing.assert_allclose(alone["se"] ** 2 * 2, result["se"] ** 2, rtol=1e-6)


@settings(max_examples=15, deadline=None)
@given(some_times(ends=("relapse", "left")), st.booleans())
def test_where_nothing_competes_it_is_coxs_model(times: pd.DataFrame, enter: bool) -> None:
    if enter:
        times = times.assign(entry=(times["days"] * times["x"].abs() / 5).clip(upper=1) // 1)
    result = estimable(times)
    if result is None:
        return
    event = (times["ended_by"] == "relapse").to_numpy()
    entry = times["entry"].to_numpy() if enter else None
    design, days = times[["x", "z"]].to_numpy(), times["days"].to_numpy()
    fit = fit_cox(design, days, event, entry=entry, ties="breslow")
    np.testing.assert_allclose(result["coefficient"], fit.coefficient, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(result["se"], np.sqrt(np.diag(fit.robust)), rtol=1e-7)
    np.testing.assert_allclose(result["se_model"], np.sqrt(np.diag(fit.covariance)), rtol=1e-7)


@settings(max_examples=15, deadline=None)
@given(some_times(ends=("relapse", "died")))
def test_without_censoring_who_ends_otherwise_stays_for_ever(times: pd.DataFrame) -> None:
    result = estimable(times)
    if result is None:
        return
    event = (times["ended_by"] == "relapse").to_numpy()
    days = times["days"].where(event, times["days"].max() + 1).to_numpy()
    fit = fit_cox(times[["x", "z"]].to_numpy(), days, event, ties="breslow")
    np.testing.assert_allclose(result["coefficient"], fit.coefficient, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(result["se"], np.sqrt(np.diag(fit.robust)), rtol=1e-7)


@settings(max_examples=20, deadline=None)
@given(some_times())
def test_between_two_groups_the_score_is_grays(times: pd.DataFrame) -> None:
    if (times["ended_by"] != "relapse").all():
        return
    # Gray's weight is 0 once a group has nobody left; so one of each stays.
    last = pd.DataFrame({"days": 99, "ended_by": "left", "x": 0.0, "z": [0.0, 1.0]})
    times = pd.concat([times.astype({"ended_by": str}), last], ignore_index=True)
    times["ended_by"] = pd.Categorical(times["ended_by"], [*CAUSES, "left"])
    result = read_causes(times, "z", "ended_by", CAUSES)
    score, _ = gray_score(Ends.of(result, np.ones(len(times), dtype=bool), None), 0)
    code = np.where(result.code == 0, 1, np.where(result.code == 1, 2, 0))
    sets = subdistribution(times["days"].to_numpy(), code, result.times.group, events_first=True)
    point = weighted_likelihood(times[["z"]].to_numpy().T, np.zeros(1), sets)
    np.testing.assert_allclose(point.gradient[0], score[1], rtol=1e-8, atol=1e-9)


# By hand


def test_weights_worked_by_hand() -> None:
    # Days 1 to 6: relapse, died, left, relapse, left, relapse.
    days, code = np.arange(1, 7), np.array([1, 2, 0, 1, 0, 1])
    sets = subdistribution(days, code, np.zeros(6, dtype=np.intp), events_first=False)
    # Of 4 on day 3 one leaves, of 2 on day 5: who died on day 2 counts 1, 3/4 and 3/8.
    np.testing.assert_allclose(sets.at_risk(np.ones(6)), [6, 3 + 3 / 4, 1 + 3 / 8])
    point = weighted_likelihood(np.zeros((1, 6)), np.zeros(1), sets)
    np.testing.assert_allclose(point.hazard, [1 / 6, 4 / 15, 8 / 11])
    by_hand = 1 / 6 + 3 / 4 * 4 / 15 + 3 / 8 * 8 / 11
    np.testing.assert_allclose(sets.exposed(point.hazard)[1], by_hand)


def test_weights_of_late_entry_worked_by_hand() -> None:
    # Days 2, 3, 6, 8, 9: died, relapse, left, relapse, relapse; the last two come on days 4 and 5.
    days, code = np.array([2, 3, 6, 8, 9]), np.array([2, 1, 0, 1, 1])
    one, entry = np.zeros(5, dtype=np.intp), np.array([0, 0, 0, 4, 5])
    sets = subdistribution(days, code, one, entry=entry, events_first=False)
    # Of 2 there after day 4 one has just come, of 3 after day 5: before day 2 there were 1/3 of
    # all, so that who died then stands for 3 times as many later, less the third that leaves.
    np.testing.assert_allclose(sets.at_risk(np.ones(5)), [2 + 1, 2 + 3 * 2 / 3, 1 + 3 * 2 / 3])


def test_censoring_on_the_day_of_an_end_is_before_or_after_it() -> None:
    days, code = np.array([1, 2, 2, 2, 3]), np.array([2, 1, 0, 1, 1])
    one = np.zeros(5, dtype=np.intp)
    together = subdistribution(days, code, one, events_first=False)
    after = subdistribution(days, code, one, events_first=True)
    # One of 4 leaves on day 2, or one of the 2 who have not ended on it.
    np.testing.assert_allclose(together.at_risk(np.ones(5)), [5, 1 + 3 / 4])
    np.testing.assert_allclose(after.at_risk(np.ones(5)), [5, 1 + 1 / 2])


# What is refused


def few(**change: Any) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "days": [3, 5, 7, 9, 4, 8, 10, 12],
            "ended_by": [
                "relapse",
                "relapse",
                "died",
                "relapse",
                "died",
                "relapse",
                "died",
                "left",
            ],
            "x": [1.0, 2, 3, 1, 2, 3, 1, 2],
            "z": [0, 1, 0, 1, 1, 0, 0, 1],
        }
    ).assign(**change)


@pytest.mark.parametrize(
    ("change", "options", "error", "words"),
    [
        ({}, {"cause": "left"}, RuleError, "none of the causes"),
        ({}, {"same_day": "after"}, RuleError, "is one of two"),
        ({}, {"cluster": "who"}, RuleError, "no column named who"),
        ({}, {"formula": "y"}, RuleError, "no column named y"),
        ({}, {"confidence": 95}, RuleError, "between 0 and 1"),
        (
            {"days": [3, 5, 7, 30, 4, 8, 40, 50], "entry": [0, 0, 0, 20, 0, 0, 20, 20]},
            {},
            EstimateError,
            "risk set is empty",
        ),
        ({"x": 1.0}, {}, EstimateError, "x is the same for all"),
        ({"z": lambda t: 2 * t["x"]}, {}, EstimateError, "z follows from x"),
        ({"x": [np.nan, 2, 3, 1, 2, 3, 1, 2]}, {}, EstimateError, "missing: 1 of x"),
        ({"z": [1, 1, 0, 1, 0, 1, 0, 0]}, {}, EstimateError, "monotone likelihood"),
        (
            {
                "ended_by": lambda t: (
                    t["ended_by"]
                    .replace("relapse", "left")
                    .astype(pd.CategoricalDtype([*CAUSES, "left"]))
                )
            },
            {},
            EstimateError,
            "No events of this cause",
        ),
    ],
)
def test_what_cannot_be_estimated_is_refused(
    change: dict[str, Any], options: dict[str, Any], error: type[Exception], words: str
) -> None:
    arguments = {"formula": ["x", "z"], "causes": CAUSES} | options
    with pytest.raises(error, match=words):
        fine_gray(few(**change), **arguments)


def test_the_words_say_what_the_ratio_is_not() -> None:
    fit = fine_gray(made_up(), TERMS, causes=CAUSES, censoring_strata="site", cluster="person")
    assert fit.text.startswith("Fine and Gray's model of relapse, n 192, 93 events, 135 clusters")
    assert "It is not a ratio of hazards" in fit.text
    assert "competing: died" in fit.rule
    assert "within site" in fit.rule
    assert fit.ratio == "subdistribution hazard ratio"
    assert repr(fit) == (
        "<Regression: Fine and Gray's model of relapse, 3 terms, n 192, 93 events, 135 clusters>"
    )
