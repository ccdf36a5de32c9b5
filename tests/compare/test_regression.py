from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from iop_outcomes import read_records, time_to_relapse
from iop_outcomes.compare.regression.cause_specific import cause_specific_cox
from iop_outcomes.compare.regression.cox import cox
from iop_outcomes.compare.regression.result import format_ratio
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.provenance import Provenance, label, provenance_of
from tests.helpers.r_data import r_data

HERE = Path(__file__).parents[1] / "reference"
REFERENCE = pd.read_csv(HERE / "cox.csv")
TERMS = ["age", "sooner", "dose"]
CAUSES = ["relapse", "died"]


def made_up() -> pd.DataFrame:
    result = pd.read_csv(HERE / "cox_data.csv").rename(columns={"end": "ended_by"})
    return result.assign(event=result["ended_by"] == "relapse")


def reference(model: str, quantity: str) -> np.ndarray:
    rows = REFERENCE[(REFERENCE["model"] == model) & (REFERENCE["quantity"] == quantity)]
    assert len(rows)
    return rows["value"].to_numpy()


# Cox's model


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_the_table_is_that_of_coxph(ties: str) -> None:
    fit = cox(made_up(), TERMS, strata="site", cluster="person", weights="weight", ties=ties)
    model, table = f"everything {ties}", fit.table
    assert list(table.columns) == [
        *("term", "coefficient", "hazard_ratio", "se", "se_model", "lower", "upper"),
        *("statistic", "p_value"),
    ]
    for name in ("coefficient", "se", "se_model"):
        np.testing.assert_allclose(table[name], reference(model, name), rtol=1e-8)
    assert fit.log_likelihood == pytest.approx(reference(model, "log_likelihood").item())
    np.testing.assert_allclose(table["hazard_ratio"], np.exp(table["coefficient"]))
    reach = 1.959963984540054 * table["se"]
    np.testing.assert_allclose(np.log(table["lower"]), table["coefficient"] - reach)
    np.testing.assert_allclose(np.log(table["upper"]), table["coefficient"] + reach)
    np.testing.assert_allclose(table["statistic"], table["coefficient"] / table["se"])
    assert (fit.clusters, fit.strata, fit.robust) == (160, ("site",), True)


def test_errors_are_the_models_unless_rows_hang_together() -> None:
    times = made_up()
    plain = cox(times, TERMS)
    assert (plain.table["se"] == plain.table["se_model"]).all()
    assert (plain.robust, plain.clusters, plain.strata) == (False, None, ())
    for options in ({"cluster": "person"}, {"weights": "weight"}):
        robust = cox(times, TERMS, **options)
        assert robust.robust
        assert (robust.table["se"] != robust.table["se_model"]).all()


def test_p_values_are_two_sided_normal() -> None:
    table = cox(made_up(), "dose").table
    expected = {1.0: 0.317310507862914, 1.959963984540054: 0.05}
    from scipy.stats import norm

    for statistic, p_value in expected.items():
        assert 2 * norm.sf(statistic) == pytest.approx(p_value)
    np.testing.assert_allclose(table["p_value"], 2 * norm.sf(np.abs(table["statistic"])))


def test_published_recurrences_of_bladder_tumours() -> None:
    times = r_data("bladder2").rename(columns={"start": "entry", "stop": "days"})
    fit = cox(times, "rx + number + size", cluster="id")
    assert fit.table["coefficient"][0] == pytest.approx(-0.464687, abs=6e-7)
    assert fit.table["se"][0] == pytest.approx(0.265561, abs=6e-7)
    assert fit.clusters == times["id"].nunique()


def test_text_repr_and_html() -> None:
    times = made_up()
    label(times, Provenance("Made up.", synthetic=True))
    fit = cox(times, "dose + site", cluster="person", strata="sooner")
    assert fit.text.startswith(
        "Cox model of the event, n 320, 144 events, strata sooner, 160 clusters: "
        "dose: hazard ratio 0."
    )
    assert "site b vs a: hazard ratio" in fit.text
    assert fit.text.endswith("Made up.")
    assert fit.synthetic
    assert repr(fit) == (
        "<Regression: Cox model of the event, 3 terms, n 320, 144 events, strata sooner, "
        "160 clusters>"
    )
    assert "<caption>" in fit._repr_html_()
    many = cox(times, "bs(age, df=9)")
    assert "and 1 more term." in many.text


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (1.0, "1.00"),
        (1.0043, "1.004"),
        (0.9958, "0.996"),
        (0.99992, "0.9999"),
        (1.00001, "1.00"),
        (0.456, "0.46"),
        (12.345, "12.35"),
        (0.0123, "0.012"),
        (1234.0, "1.2e+03"),
        (np.inf, "inf"),
        (0.0, "0"),
    ],
)
def test_ratios_in_words_do_not_hide_their_side_of_one(ratio: float, words: str) -> None:
    assert format_ratio(ratio) == words


# Each cause


@pytest.mark.parametrize("cause", CAUSES)
def test_each_cause_is_coxph_with_the_others_censored(cause: str) -> None:
    times = made_up().query("entry == 0").drop(columns="event")
    fit = cause_specific_cox(times, TERMS, cause, causes=CAUSES, strata="site", cluster="person")
    for name in ("coefficient", "se"):
        expected = reference(f"cause_specific {cause}", name)
        np.testing.assert_allclose(fit.table[name], expected, rtol=1e-8)
    other = {"relapse": "died", "died": "relapse"}[cause]
    assert f"Event: {cause}; censoring: {other};" in fit.rule
    assert "It does not describe the cumulative incidence" in fit.text


def test_all_causes_in_one_table() -> None:
    times = made_up()
    fit = cause_specific_cox(times, TERMS, None, causes=CAUSES, strata="site", ties="breslow")
    likelihood = 0.0
    for cause, part in fit.table.groupby("cause", sort=False):
        alone = cause_specific_cox(
            times, TERMS, cause, causes=CAUSES, strata="site", ties="breslow"
        )
        pd.testing.assert_frame_equal(
            part.drop(columns="cause").reset_index(drop=True), alone.table
        )
        likelihood += alone.log_likelihood
    assert fit.log_likelihood == pytest.approx(likelihood, rel=1e-12)
    assert fit.events == times["ended_by"].isin(CAUSES).sum()
    assert "relapse, age: hazard ratio" in fit.text
    assert "died, dose: hazard ratio" in fit.text
    assert "relapse, died, each in turn" in fit.rule


def test_a_cause_that_is_coxs_event_gives_coxs_model() -> None:
    times = made_up()
    one = cause_specific_cox(times, TERMS, causes=CAUSES).table
    pd.testing.assert_frame_equal(one, cox(times, TERMS).table)


def test_the_times_of_a_program_go_through() -> None:
    times = time_to_relapse(read_records(HERE.parents[1] / "data" / "samples"))
    fit = cause_specific_cox(times, "age + gender", strata="program", cluster="person_id")
    assert fit.synthetic
    assert fit.rule.startswith(provenance_of(times).rule)
    assert fit.events == (times["event"] & times["competing_end"].isna()).sum()
    assert fit.clusters == times["person_id"].nunique()


@pytest.mark.parametrize(
    ("change", "options", "error", "words"),
    [
        ({}, {"cause": "jailed"}, RuleError, "none of the causes"),
        ({}, {"causes": ["relapse"], "cause": "died"}, RuleError, "none of the causes"),
        ({}, {"strata": "nothing"}, RuleError, "no column named nothing"),
        ({}, {"ties": "exact"}, RuleError, "one of two"),
        ({}, {"confidence": 1}, RuleError, "between 0 and 1"),
        ({}, {"weights": "none"}, RuleError, "no column named none"),
        ({"dose": 1.0}, {"cause": None}, EstimateError, "of relapse: dose is the same"),
        ({"entry": 70}, {}, EstimateError, "Entry must be before days"),
        ({"days": -1}, {}, EstimateError, "0 or more"),
        (
            {"ended_by": lambda t: pd.Categorical(["relapse"] * len(t), CAUSES)},
            {"cause": "died"},
            EstimateError,
            "No events of this cause",
        ),
    ],
)
def test_what_cannot_be_modelled_is_refused(
    change: dict[str, Any], options: dict[str, Any], error: type[Exception], words: str
) -> None:
    arguments: dict[str, Any] = {"cause": "relapse", "causes": CAUSES} | options
    times = made_up().drop(columns="event").assign(**change)
    with pytest.raises(error, match=words):
        cause_specific_cox(times, TERMS, **arguments)
