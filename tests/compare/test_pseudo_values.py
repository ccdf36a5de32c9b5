"""Pseudo-values and their regression, against R's survival, by hand and without censoring."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from iop_outcomes import cumulative_incidence, pseudo_regression, pseudo_values, survival_curves
from iop_outcomes.compare.pseudo_values.values import worked_out
from iop_outcomes.errors import EstimateError, RuleError

HERE = Path(__file__).parents[1] / "reference"
REFERENCE = pd.read_csv(HERE / "pseudo_values.csv")
UIS = Path(__file__).parents[2].parent / "shared" / "data" / "uis.csv"
CAUSES = ["relapse", "died"]


def made_up() -> pd.DataFrame:
    result = pd.read_csv(HERE / "cox_data.csv").rename(columns={"end": "ended_by"})
    result = result[result["entry"] == 0].drop(columns="entry").reset_index(drop=True)
    result["event"] = result["ended_by"] == "relapse"
    return result.assign(ended_by=result["ended_by"].replace("censored", np.nan))


def reference(model: str, quantity: str) -> np.ndarray:
    rows = REFERENCE[(REFERENCE["model"] == model) & (REFERENCE["quantity"] == quantity)]
    assert len(rows)
    return rows["value"].to_numpy()


ASKED: list[tuple[str, dict[str, Any]]] = [
    ("survival", {"quantity": "survival"}),
    ("restricted_mean", {"quantity": "restricted_mean"}),
    ("survival strata", {"quantity": "survival", "strata": "site"}),
    ("restricted_mean strata", {"quantity": "restricted_mean", "strata": "site"}),
    ("incidence relapse", {"quantity": "incidence", "causes": CAUSES}),
    ("incidence died", {"quantity": "incidence", "causes": CAUSES, "cause": "died"}),
]


@pytest.mark.parametrize(("name", "options"), ASKED)
def test_values_and_regressions_are_those_of_r(name: str, options: dict[str, Any]) -> None:
    times = made_up()
    asked = {"cause": None, "causes": None, "strata": None, "end": "ended_by"} | options
    values = worked_out(times, 30, **asked).values
    np.testing.assert_allclose(values, reference(name, "value"), rtol=1e-9, atol=1e-12)
    formula = "age + site + dose"
    fit = pseudo_regression(times, formula, 30, cluster=None, **options)
    np.testing.assert_allclose(fit.table["estimate"], reference(name, "estimate"), rtol=1e-8)
    np.testing.assert_allclose(fit.table["se"], reference(name, "se"), rtol=1e-8)
    clustered = pseudo_regression(times, formula, 30, cluster="person", **options)
    np.testing.assert_allclose(clustered.table["se"], reference(name, "se person"), rtol=1e-8)
    np.testing.assert_allclose(np.sqrt(np.diag(clustered.covariance)), clustered.table["se"])


def test_the_mean_is_the_estimate() -> None:
    times = made_up()
    curve = survival_curves(times)
    assert pseudo_values(times, 30).mean() == pytest.approx(curve.at(30)["survival"].item())
    area = pseudo_values(times, 30, "restricted_mean").mean()
    assert area == pytest.approx(curve.restricted_mean(30)["mean"].item())
    ends = cumulative_incidence(times, causes=CAUSES).at(30).set_index("cause")["incidence"]
    for cause in CAUSES:
        values = pseudo_values(times, 30, "incidence", causes=CAUSES, cause=cause)
        assert values.mean() == pytest.approx(ends[cause])


def test_without_censoring_they_are_the_outcomes() -> None:
    times = pd.DataFrame({"days": [1, 3, 3, 5, 8], "event": True, "x": [0, 1, 0, 1, 1]})
    np.testing.assert_allclose(pseudo_values(times, 3), [0, 0, 0, 1, 1], atol=1e-12)
    areas = pseudo_values(times, 6, "restricted_mean")
    np.testing.assert_allclose(areas, [1, 3, 3, 5, 6], atol=1e-12)
    fit = pseudo_regression(times, "x", 6, "restricted_mean", cluster=None)
    np.testing.assert_allclose(fit.table["estimate"], [2, (3 + 5 + 6) / 3 - 2])
    assert fit.unit == "days"
    assert "+2.7 days" in fit.text


def test_four_people_by_hand() -> None:
    # S(7) = 3/4 * 1/2 = 3/8. By the weight of row 1 the log of the curve moves by A(2) - 1/(4 - 1)
    # = 1/12 - 1/3 = -1/4, of row 2 by 1/12, of row 3 by 1/12 + 1/2 - 1 = -5/12, of row 4 by 7/12.
    times = pd.DataFrame({"days": [2, 4, 6, 8], "event": [1, 0, 1, 0]})
    expected = 3 / 8 * (1 + 4 * np.array([-1 / 4, 1 / 12, -5 / 12, 7 / 12]))
    np.testing.assert_allclose(pseudo_values(times, 7), expected, atol=1e-12)


def test_few_clusters_and_joint_tests() -> None:
    times = made_up()
    few = pseudo_regression(times, "age + dose", 30, cluster="person", small_sample=True)
    clusters = times["person"].nunique()
    other = pseudo_regression(times, "age + dose", 30, cluster="person")
    np.testing.assert_allclose(
        few.table["se"], other.table["se"] * np.sqrt(clusters / (clusters - 1))
    )
    assert few.test("age").table["denominator_degrees_of_freedom"].item() == clusters - 1


def test_two_groups_are_their_difference() -> None:
    times = made_up().assign(half=lambda frame: np.where(frame["dose"] > 0.5, "more", "less"))
    fit = pseudo_regression(times, "half", 30, strata="half", cluster=None)
    heights = survival_curves(times, by="half").at(30).set_index("half")["survival"]
    np.testing.assert_allclose(
        fit.table["estimate"], [heights["less"], heights["more"] - heights["less"]]
    )


@pytest.mark.skipif(not UIS.exists(), reason="the UIS table is not beside the project")
def test_the_restricted_mean_of_uis() -> None:
    uis = pd.read_csv(UIS).dropna(subset=["age", "ndrugtx", "site", "treat"])
    times = uis.rename(columns={"time": "days", "censor": "event"})
    fit = pseudo_regression(
        times, ["treat", "age", "ndrugtx", "site"], 365, "restricted_mean", cluster=None
    )
    result = fit.table["estimate"].to_numpy()[1:].round(3)
    assert result.tolist() == [34.195, 2.227, -2.969, 20.110]


def test_what_it_refuses() -> None:
    times = made_up()
    late = times.assign(entry=np.where(np.arange(len(times)) == 3, 1, 0))
    late.loc[3, "days"] = 20
    with pytest.raises(EstimateError, match="everyone from day 0"):
        pseudo_values(late, 30)
    with pytest.raises(RuleError, match="with the incidence only"):
        pseudo_values(times, 30, cause="died")
    with pytest.raises(RuleError, match="quantity"):
        pseudo_values(times, 30, "median")  # type: ignore[arg-type]
    with pytest.raises(RuleError, match="cause"):
        pseudo_values(times, 30, "incidence", causes=CAUSES, cause="moved")
    with pytest.raises(EstimateError, match="follow"):
        pseudo_values(times, 3000)
    with pytest.raises(EstimateError, match="more clusters than terms"):
        pseudo_regression(times, "age + site + dose", 30, cluster="site")
    with pytest.raises(EstimateError, match="collinear"):
        pseudo_regression(times.assign(twice=2 * times["age"]), "age + twice", 30, cluster=None)
