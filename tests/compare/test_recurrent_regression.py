from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.compare.regression.recurrent import MODELS, recurrent_cox
from iop_outcomes.compare.regression.result import Regression
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.provenance import Provenance, label
from tests.helpers.r_data import r_data

HERE = Path(__file__).parents[1] / "reference"
REFERENCE = pd.read_csv(HERE / "recurrent.csv")


def tied() -> pd.DataFrame:
    return pd.read_csv(HERE / "recurrent_data.csv")


def reference(name: str, quantity: str) -> np.ndarray:
    kept = (REFERENCE["data"] == "tied") & (REFERENCE["group"] == name)
    quantities = REFERENCE["quantity"].str.fullmatch(rf"{quantity}\d?")
    values = REFERENCE.loc[kept & quantities, "value"].to_numpy()
    assert len(values)
    return values


def of_term(found: Regression, start: str) -> pd.Series[Any]:
    return found.table[found.table["term"].str.startswith(start)].iloc[0]


FITS = {
    "andersen_gill": {},
    "breslow": {"ties": "breslow"},
    "pwp_total": {"model": "pwp_total"},
    "pooled": {"model": "pwp_total", "most": 3},
    "pwp_gap": {"model": "pwp_gap", "most": 3},
    "strata": {"model": "pwp_total", "most": 3, "strata": "group"},
}


@pytest.mark.parametrize("name", FITS)
def test_the_models_are_those_of_coxph(name: str) -> None:
    options: dict[str, Any] = FITS[name]
    formula = "x" if name == "strata" else "group + x"
    fit = recurrent_cox(tied(), formula, id="id", **options)
    for quantity in ("coefficient", "se", "se_model"):
        expected = reference(name, quantity)
        np.testing.assert_allclose(fit.table[quantity], expected, rtol=1e-7, err_msg=quantity)
    expected = reference(name, "log_likelihood")
    np.testing.assert_allclose(fit.log_likelihood, expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("model", "coefficient", "error"),
    [
        ("andersen_gill", -0.464687, 0.265561),
        ("pwp_total", -0.333489, 0.204787),
        ("pwp_gap", -0.279005, 0.215624),
    ],
)
def test_the_published_figures_of_bladder2(model: str, coefficient: float, error: float) -> None:
    times = r_data("bladder2").rename(columns={"start": "entry", "stop": "days"})
    fit = recurrent_cox(times, "rx + size + number", model=model, id="id")
    row = of_term(fit, "rx")
    assert (round(row["coefficient"], 6), round(row["se"], 6)) == (coefficient, error)
    assert fit.clusters == 85
    # The number of the event, worked out, is the one that the data hold.
    numbered = recurrent_cox(times, "rx + size + number", model=model, id="id", number="enum")
    pd.testing.assert_frame_equal(numbered.table, fit.table)


def test_the_published_figures_of_cgd() -> None:
    names = {"tstart": "entry", "tstop": "days", "status": "event"}
    times = r_data("cgd").rename(columns=names)
    row = of_term(recurrent_cox(times, "treat + inherit + steroids", id="id"), "treat")
    np.testing.assert_allclose([row["coefficient"], row["se"]], [-1.072222, 0.311830], atol=2e-6)


def test_days_and_rows_may_come_otherwise() -> None:
    expected = recurrent_cox(tied(), "group + x", model="pwp_gap", id="id").table
    times = tied().sample(frac=1, random_state=1)
    times[["entry", "days"]] *= 2.5
    table = recurrent_cox(times, "group + x", model="pwp_gap", id="id").table
    pd.testing.assert_frame_equal(table, expected, rtol=1e-6)


@pytest.mark.parametrize("model", MODELS)
def test_a_stretch_cut_in_two_is_the_same_stretch(model: str) -> None:
    times = tied()
    expected = recurrent_cox(times, "group + x", model=model, id="id").table
    share = np.random.default_rng(5).uniform(0.1, 0.9, len(times))
    middle = times["entry"] + share * (times["days"] - times["entry"])
    before = times.assign(days=middle, event=0)
    table = recurrent_cox(
        pd.concat([before, times.assign(entry=middle)]), "group + x", model=model, id="id"
    ).table
    pd.testing.assert_frame_equal(table, expected, rtol=1e-7)


def test_who_is_in_relapse_is_not_at_risk() -> None:
    times = tied().assign(at_risk=True)
    expected = recurrent_cox(tied(), "group + x", id="id").table
    resting = times[times["event"] == 1].assign(event=0, at_risk=False)
    resting["entry"] = resting["days"]
    resting["days"] += 0.5
    together = pd.concat([times, resting])
    pd.testing.assert_frame_equal(recurrent_cox(together, "group + x", id="id").table, expected)


def test_persons_are_the_clusters_if_they_are_there() -> None:
    times = tied()
    times["person_id"] = times["id"] // 2
    fit = recurrent_cox(times, "x", id="id")
    named = recurrent_cox(times, "x", id="id", cluster="person_id")
    own = recurrent_cox(times, "x", id="id", cluster="id")
    assert fit.clusters == named.clusters == times["person_id"].nunique()
    assert own.clusters == times["id"].nunique()
    pd.testing.assert_frame_equal(fit.table, named.table)
    assert fit.table["coefficient"].item() == own.table["coefficient"].item()
    assert fit.table["se"].item() != own.table["se"].item()


@pytest.mark.parametrize("model", MODELS)
def test_it_says_what_it_is(model: str) -> None:
    times = tied()
    label(times, Provenance("Relapse is made up.", "relapse", synthetic=True))
    most = None if model == "andersen_gill" else 2
    fit = recurrent_cox(times, "group + x", model=model, id="id", most=most, strata=None)
    assert fit.text.startswith(MODELS[model][0])
    assert "is not counted as time without events" in fit.text
    assert "Relapse is made up." in fit.text
    assert fit.synthetic
    assert ("2 and more as one" in fit.text) == (model != "andersen_gill")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"model": "frailty"}, "The model must be one of"),
        ({"most": 2}, "one baseline for events of every number"),
        ({"model": "pwp_total", "most": 0}, "at least 1"),
        ({"model": "pwp_total", "most": True}, "at least 1"),
        ({"model": "pwp_total", "number": "count"}, "no column named count"),
        ({"model": "pwp_total", "number": "x"}, "whole number of 1 or more"),
        ({"formula": "y"}, "no column named y"),
        ({"id": "episode_id"}, "no column named episode_id"),
        ({"strata": "site"}, "no column named site"),
        ({"ties": "exact"}, "[Tt]ies"),
    ],
)
def test_options_that_are_none_are_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises((RuleError, EstimateError), match=says):
        recurrent_cox(tied(), **{"formula": "x", "id": "id", **options})


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"event": 0}, "There are no events"),
        ({"x": 1.0}, "is constant"),
        ({"x": np.nan}, "missing"),
        ({"id": 1}, "do not overlap"),
        ({"at_risk": 1}, "at_risk says"),
    ],
)
def test_times_that_cannot_be_are_refused(columns: dict[str, Any], says: str) -> None:
    with pytest.raises(EstimateError, match=says):
        recurrent_cox(tied().assign(**columns), "x", id="id")
