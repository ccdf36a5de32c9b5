"""Regressions of completed data sets as one: by hand, from the rules' text."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import f

from iop_outcomes import cox, pool, pool_regressions
from iop_outcomes.errors import RuleError


def data_sets(sets: int = 3) -> list[pd.DataFrame]:
    rng = np.random.default_rng(5)
    rows = 60
    times = pd.DataFrame(
        {
            "days": rng.integers(1, 40, rows),
            "event": rng.random(rows) < 0.6,
            "age": rng.normal(size=rows),
        }
    )
    return [
        times.assign(
            track=rng.choice(["a", "b", "c"], rows), age=times["age"] + rng.normal(size=rows) / 3
        )
        for _ in range(sets)
    ]


def test_each_coefficient_is_pooled_by_rubins_rules() -> None:
    fits = [cox(one, "age + track", cluster=None) for one in data_sets()]
    result = pool_regressions(fits, degrees_of_freedom=33)
    for place in range(3):
        values = [one.table["coefficient"][place] for one in fits]
        variances = [one.table["se"][place] ** 2 for one in fits]
        by_hand = np.mean(variances) + (1 + 1 / 3) * np.var(values, ddof=1)
        assert result.table["se"][place] == pytest.approx(np.sqrt(by_hand))
        expected = pool(values, variances, degrees_of_freedom=33)
        for name in ("p_value", "degrees_of_freedom", "missing_information"):
            assert result.table[name][place] == pytest.approx(expected[name].item())
        assert np.log(result.table["hazard_ratio"][place]) == pytest.approx(np.mean(values))
        assert np.log(result.table["upper"][place]) == pytest.approx(expected["upper"].item())


@pytest.mark.parametrize("sets", [3, 5])
def test_a_factor_is_tested_by_d1(sets: int) -> None:
    fits = [cox(one, "age + track", cluster=None) for one in data_sets(sets)]
    result = pool_regressions(fits).test("track").iloc[0]
    beta = np.array([one.table["coefficient"].to_numpy()[1:] for one in fits])
    within = np.mean([one.covariance.to_numpy()[1:, 1:] for one in fits], axis=0)
    between = (beta - beta.mean(axis=0)).T @ (beta - beta.mean(axis=0)) / (sets - 1)
    r = (1 + 1 / sets) * np.trace(between @ np.linalg.inv(within)) / 2
    d1 = beta.mean(axis=0) @ np.linalg.inv(within) @ beta.mean(axis=0) / (2 * (1 + r))
    t = 2 * (sets - 1)
    if t > 4:
        denominator = 4 + (t - 4) * (1 + (1 - 2 / t) / r) ** 2
    else:
        denominator = t * (1 + 1 / 2) * (1 + 1 / r) ** 2 / 2
    assert result["statistic"] == pytest.approx(d1)
    assert result["denominator_degrees_of_freedom"] == pytest.approx(denominator)
    assert result["p_value"] == pytest.approx(f.sf(d1, 2, denominator))


def test_equal_data_sets_are_one() -> None:
    fit = cox(data_sets(1)[0], "age + track", cluster=None)
    result = pool_regressions([fit, fit])
    np.testing.assert_allclose(result.table["se"], fit.table["se"])
    np.testing.assert_allclose(result.table["p_value"], fit.table["p_value"])
    assert result.table["missing_information"].tolist() == [0, 0, 0]
    joint = result.test("track").iloc[0]
    alone = fit.test("track").table.iloc[0]
    assert 2 * joint["statistic"] == pytest.approx(alone["statistic"])
    assert joint["p_value"] == pytest.approx(alone["p_value"])
    assert "pooled over 2 completed data sets" in result.text


def test_what_it_refuses() -> None:
    one = cox(data_sets(1)[0], "age + track", cluster=None)
    with pytest.raises(RuleError, match="two or more"):
        pool_regressions([one])
    with pytest.raises(RuleError, match="other terms"):
        pool_regressions([one, cox(data_sets(1)[0], "age", cluster=None)])
