"""Firth's penalised likelihood: against a plain likelihood and its numerical maximum."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.stats import chi2

from iop_outcomes.compare.regression.cox import cox
from iop_outcomes.errors import EstimateError, RuleError


def made_up(rows: int = 30) -> pd.DataFrame:
    rng = np.random.default_rng(8)
    rare = rng.random(rows) < 0.2
    return pd.DataFrame(
        {
            "days": rng.integers(1, 10, rows),
            "entry": 0,
            "event": (rng.random(rows) < 0.5) & ~rare,  # nobody of the rare group has an event
            "age": rng.normal(size=rows).round(2),
            "rare": rare.astype(int),
            "site": rng.choice(["a", "b"], rows),
        }
    )


def penalised(times: pd.DataFrame, names: list[str], ties: str) -> Callable[[np.ndarray], float]:
    """Return minus the penalised likelihood as a function of the coefficients, row by row."""
    x = times[names].to_numpy(dtype=float)
    days, entry, event = (times[name].to_numpy() for name in ("days", "entry", "event"))
    strata = times["stratum"].to_numpy() if "stratum" in times else np.zeros(len(times))

    def value(beta: np.ndarray) -> float:
        score = x @ beta
        risk, total, information = np.exp(score), 0.0, np.zeros((len(names),) * 2)
        for stratum in np.unique(strata):
            for day in np.unique(days[event & (strata == stratum)]):
                at_risk = (days >= day) & (strata == stratum) & ((entry < day) | (entry == 0))
                died = (days == day) & event & (strata == stratum)
                total += score[died].sum()
                for tie in range(int(died.sum())):
                    out = tie / died.sum() if ties == "efron" else 0.0
                    weight = risk * at_risk - out * risk * died
                    mean = weight @ x / weight.sum()
                    total -= np.log(weight.sum())
                    information += (x.T * weight) @ x / weight.sum() - np.outer(mean, mean)
        return -float(total + np.linalg.slogdet(information)[1] / 2)

    return value


@pytest.mark.parametrize(("ties", "strata"), [("efron", "site"), ("breslow", None)])
def test_estimate_limits_and_tests_are_those_of_a_plain_likelihood(
    ties: str, strata: str | None
) -> None:
    times = made_up()
    times.loc[::4, "entry"] = 1
    times.loc[times["days"] <= times["entry"], "entry"] = 0
    if strata:
        times["stratum"] = times[strata]
    fit = cox(times, ["age", "rare"], strata=strata, cluster=None, ties=ties, penalty="firth")
    value = penalised(times, ["age", "rare"], ties)
    best = minimize(value, np.zeros(2), method="BFGS", options={"gtol": 1e-9})
    np.testing.assert_allclose(fit.table["coefficient"], best.x, atol=2e-6)
    assert fit.log_likelihood == pytest.approx(-best.fun, abs=1e-9)
    assert fit.null_log_likelihood == pytest.approx(-value(np.zeros(2)), abs=1e-9)

    def profile(place: int, at: float) -> float:
        def others(beta: np.ndarray) -> float:
            full = np.insert(beta, place, at)
            return value(full)

        return minimize(others, np.zeros(1), method="BFGS", options={"gtol": 1e-9}).fun

    for place in range(2):
        statistic = 2 * (profile(place, 0.0) - best.fun)
        assert fit.table["p_value"][place] == pytest.approx(chi2.sf(statistic, 1), rel=1e-5)
        for name in ("lower", "upper"):
            limit = float(np.log(fit.table[name][place]))
            fall = profile(place, limit) - best.fun
            assert fall == pytest.approx(chi2.isf(0.05, 1) / 2, abs=1e-6)
        assert np.log(fit.table["lower"][place]) < best.x[place] < np.log(fit.table["upper"][place])


def test_without_the_penalty_the_same_model_is_refused_and_names_it() -> None:
    with pytest.raises(EstimateError, match="monotone likelihood") as raised:
        cox(made_up(), ["age", "rare"], cluster=None)
    assert 'penalty="firth"' in str(raised.value)


def test_scale_and_centre_of_a_column_change_nothing() -> None:
    times = made_up()
    first = cox(times, ["age", "rare"], cluster=None, penalty="firth")
    moved = cox(
        times.assign(age=100 + 7 * times["age"]), ["age", "rare"], cluster=None, penalty="firth"
    )
    np.testing.assert_allclose(moved.table["coefficient"][0] * 7, first.table["coefficient"][0])
    np.testing.assert_allclose(moved.table["p_value"], first.table["p_value"], rtol=1e-6)
    np.testing.assert_allclose(moved.table["upper"][1], first.table["upper"][1], rtol=1e-6)


def test_the_two_groups_of_a_two_by_two_case() -> None:
    # One event among two people, one a value of the term: the likelihood is e^b / (e^b + 1), the
    # information e^b / (e^b + 1)^2; the penalised maximum solves 1 - p + (1 - 2p) / 2 = 0, p = 3/4.
    times = pd.DataFrame({"days": [1, 2], "event": [1, 0], "x": [1, 0]})
    table = cox(times, "x", cluster=None, penalty="firth").table
    assert table["coefficient"].item() == pytest.approx(np.log(3))


def test_what_it_refuses_and_says() -> None:
    times = made_up().assign(person_id=np.repeat(np.arange(15), 2), weight=2.0)
    with pytest.raises(RuleError, match="no errors for weights or clusters"):
        cox(times, "rare", penalty="firth")
    with pytest.raises(RuleError, match="no errors for weights or clusters"):
        cox(times, "rare", weights="weight", cluster=None, penalty="firth")
    with pytest.raises(RuleError, match="penalty"):
        cox(times, "rare", cluster=None, penalty="ridge")
    fit = cox(times, "age + rare", cluster=None, penalty="firth")
    assert "Firth's penalised likelihood" in fit.text
    assert fit.test("age").table["degrees_of_freedom"].item() == 1
    with pytest.raises(RuleError, match="does not give curves"):
        fit.predict(times)
