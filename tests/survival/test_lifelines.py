"""Curves by lifelines: equal to our own, handed on as its fitters, and where it is wrong or silent.

Each line of docs/deviations.md on lifelines has its smallest example here. If one of them fails
after an update, lifelines has changed: read that line again.
"""

from __future__ import annotations

import inspect
import pickle
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lifelines import (
    AalenJohansenFitter,
    CoxPHFitter,
    KaplanMeierFitter,
    NelsonAalenFitter,
)
from lifelines.exceptions import StatError, StatisticalWarning
from lifelines.statistics import multivariate_logrank_test
from lifelines.utils import restricted_mean_survival_time

import iop_outcomes
from iop_outcomes import (
    compare_survival,
    cox,
    cumulative_incidence,
    hazard,
    interval_survival,
    survival_curves,
)
from iop_outcomes.compare.group_tests.scores.log_rank import log_rank
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.survival.curves.estimate import product_curves
from iop_outcomes.survival.curves.kaplan_meier import kaplan_meier
from iop_outcomes.survival.lifelines_bridge import MOST_GROUPS, CountedRows, log_rank_test
from iop_outcomes.survival.parametric.models import models_asked
from iop_outcomes.survival.times import check_times
from tests.helpers.engines import slopes_when_used


@pytest.fixture(autouse=True)
def numpy_settings_kept():
    """lifelines changes NumPy's error settings whenever it fits."""
    with np.errstate():
        yield


@st.composite
def people(draw: Any, least: int = 1) -> pd.DataFrame:
    """Times with ties; late entry, no event at all and one person among them."""
    late, any_event = draw(st.booleans()), draw(st.booleans())
    rows = draw(
        st.lists(
            st.tuples(st.integers(0, 9), st.booleans(), st.integers(0, 8)),
            min_size=least,
            max_size=14,
        )
    )
    times = pd.DataFrame(rows, columns=["days", "event", "entry"])
    times["event"] &= any_event
    times["entry"] = np.where(late & (times["entry"] < times["days"]), times["entry"], 0)
    return times


def among_many(times: pd.DataFrame) -> pd.DataFrame:
    """Return the times as group 0 beside so many others that our own engine does them all."""
    others = pd.DataFrame(
        {"days": 5, "event": True, "entry": 0, "group": range(1, MOST_GROUPS + 1)}
    )
    return pd.concat([times.assign(group=0), others], ignore_index=True)


@settings(deadline=None, max_examples=10)
@given(people())
def test_which_engine_ran_changes_no_digit_that_matters(times):
    by_lifelines = survival_curves(times)
    ours = survival_curves(among_many(times), by="group")
    table = ours.table.query("group == 0").drop(columns="group").reset_index(drop=True)
    pd.testing.assert_frame_equal(by_lifelines.table, table, rtol=1e-12, atol=1e-13)
    median = ours.median().query("group == 0").drop(columns="group")
    pd.testing.assert_frame_equal(by_lifelines.median(), median)


@settings(deadline=None, max_examples=10)
@given(people(least=2), st.integers(1, 4))
def test_curves_of_persons_seen_often_are_those_of_our_product_with_its_errors(times, persons):
    times["person_id"] = np.arange(len(times)) % persons
    by_lifelines, ours = survival_curves(times), product_curves(times)
    pd.testing.assert_frame_equal(by_lifelines.table, ours.table, rtol=1e-12, atol=1e-13)
    pd.testing.assert_frame_equal(by_lifelines.median(), ours.median())
    assert (by_lifelines.robust is None) == (persons >= len(times))
    if by_lifelines.robust is not None:
        pd.testing.assert_frame_equal(by_lifelines.robust, ours.robust, check_exact=True)
    assert by_lifelines.text == ours.text


def test_a_curve_is_fitted_by_lifelines_unless_it_has_weights_or_too_many_groups(monkeypatch):
    fitted = []
    fit = KaplanMeierFitter.fit

    def counting(self: Any, *given: Any, **options: Any) -> Any:
        fitted.append(options["weights"].sum())
        return fit(self, *given, **options)

    monkeypatch.setattr(KaplanMeierFitter, "fit", counting)
    times = pd.DataFrame(
        {
            "days": np.arange(1, MOST_GROUPS + 2),
            "event": True,
            "track": np.arange(MOST_GROUPS + 1) % 2,
            "each": range(MOST_GROUPS + 1),
            "weight": 1.5,
            "person_id": 1,
        }
    )
    survival_curves(times, by="track", cluster=None)
    assert fitted == [11, 10]
    compare_survival(times, by="track", cluster=None)
    assert fitted == [11, 10, 11, 10]
    survival_curves(times, by="track")  # one person in all rows
    assert fitted[4:] == [11, 10]
    survival_curves(times, by="track", weights="weight", cluster=None)
    survival_curves(times, by="each", cluster=None)
    product_curves(times, by="track")  # as a report does
    assert len(fitted) == 6


def test_a_million_people_are_as_many_rows_as_there_are_days():
    random = np.random.default_rng(1)
    days = random.integers(2, 30, 10_000)
    times = pd.DataFrame(
        {"days": days, "event": random.random(10_000) < 0.5, "entry": days * 0 + 1}
    )
    times.loc[::3, "entry"] = 0
    steps = kaplan_meier(check_times(times, None), 0.95, "log-log")[0]
    rows = CountedRows.of(steps)
    assert rows.number.sum() == 10_000
    assert len(rows.number) < 60
    assert rows.entry is not None
    assert (rows.entry < rows.days).all()
    for name in ("entry", "days"):
        counted = pd.Series(rows.number).groupby(getattr(rows, name)).sum()
        assert counted.to_dict() == times[name].value_counts().to_dict()


@settings(deadline=None, max_examples=10)
@given(people(least=2), st.data())
def test_the_log_rank_of_lifelines_is_ours(times, data):
    groups = data.draw(st.lists(st.integers(0, 3), min_size=len(times), max_size=len(times)))
    checked = check_times(times.drop(columns="entry").assign(group=groups), "group")
    ours = log_rank(checked, np.zeros(len(times), dtype=np.intp))
    assume(len(checked.labels) > 1 and ours.degrees_of_freedom == len(checked.labels) - 1)
    assert log_rank_test(checked) == pytest.approx((ours.statistic, ours.p_value), rel=1e-9)


def test_a_comparison_has_the_statistic_of_lifelines_where_it_has_one(monkeypatch):
    times = pd.DataFrame(
        {"days": [1, 3, 2, 4], "event": [1, 0, 1, 1], "track": ["a", "a", "b", "b"]}
    )
    module = inspect.getmodule(compare_survival)
    monkeypatch.setattr(module, "log_rank_test", lambda checked: (7.0, 0.5))
    comparison = compare_survival(times, "track")
    assert (comparison.statistic, comparison.p_value) == (7, 0.5)
    for change, options in (
        ({"entry": [0, 0, 1, 0]}, {}),
        ({"site": [0, 1, 1, 0]}, {"strata": "site"}),
        ({"who": [1, 1, 2, 3]}, {"cluster": "who"}),
    ):
        assert compare_survival(times.assign(**change), "track", **options).statistic != 7


@settings(deadline=None, max_examples=10)
@given(people())
def test_fitters_have_the_curve_that_the_table_has(times):
    curves = survival_curves(times)
    table = curves.table
    try:
        fitter = curves.fitters()["all"]
    except EstimateError:
        rows = CountedRows.of(next(iter(curves._groups())))
        with pytest.raises(StatError, match="too few early truncation times"):
            KaplanMeierFitter().fit(rows.days, rows.event, entry=rows.entry, weights=rows.number)
        return
    # Before the first day of its own, an entry, lifelines has no value.
    survival = fitter.survival_function_at_times(table["day"]).fillna(1).to_numpy()
    assert survival == pytest.approx(table["survival"].to_numpy(), abs=1e-15)
    inside = (table["survival"] > 0).to_numpy()
    theirs = fitter.confidence_interval_.reindex(table["day"][inside], method="ffill").fillna(1)
    ours = table.loc[inside, ["lower", "upper"]].to_numpy()
    assert theirs.to_numpy() == pytest.approx(ours, rel=1e-9)
    assert fitter.event_table["observed"].sum() == times["event"].sum()
    assert fitter.event_table["entrance"].sum() == len(times)


@settings(deadline=None, max_examples=10)
@given(people())
def test_nelson_aalen_of_the_fitters_is_the_sum_of_events_over_those_at_risk(times):
    curves = survival_curves(times)
    table = curves.table
    fitter = curves.fitters("nelson_aalen")["all"]
    expected = (table["events"] / table["at_risk"].where(table["at_risk"] > 0, 1)).cumsum()
    # Before the first day of its own, an entry, lifelines has no value.
    result = fitter.cumulative_hazard_at_times(table["day"]).fillna(0).to_numpy()
    assert result == pytest.approx(expected.to_numpy(), abs=1e-13)


def test_a_hazard_has_the_nelson_aalen_estimate_of_lifelines():
    random = np.random.default_rng(3)
    times = pd.DataFrame({"days": random.permutation(200) + 1, "event": random.random(200) < 0.6})
    one = hazard(times, fewest=5)
    fitter = one.fitters()["all"]
    assert isinstance(fitter, NelsonAalenFitter)
    known = one.table.dropna(subset="cumulative_hazard")
    theirs = fitter.cumulative_hazard_at_times(known["day"]).to_numpy()
    assert known["cumulative_hazard"].tolist() == theirs.tolist()
    many = pd.concat([times.assign(group=group) for group in range(MOST_GROUPS + 1)])
    ours = hazard(many, by="group", fewest=5).table.query("group == 0")
    assert known["cumulative_hazard"].to_numpy() == pytest.approx(
        ours["cumulative_hazard"].to_numpy()[: len(known)], rel=1e-12
    )
    between = hazard(times.assign(days=times["days"] * 7), fewest=5, spacing=7)
    with pytest.raises(EstimateError, match="lie between check-ins"):
        between.fitters()


def test_fitters_are_told_by_their_groups_and_come_out_of_saved_curves():
    times = pd.DataFrame(
        {"days": [1, 2, 3, 4], "event": [1, 1, 0, 1], "track": list("aabb"), "site": [1, 2, 1, 1]}
    )
    curves = pickle.loads(pickle.dumps(survival_curves(times, by="track", confidence=0.8)))
    fitters = curves.fitters()
    assert list(fitters) == ["a", "b"]
    assert all(isinstance(fitter, KaplanMeierFitter) for fitter in fitters.values())
    assert fitters["a"].alpha == pytest.approx(0.2)
    assert list(fitters["b"].survival_function_.columns) == ["b"]
    both = survival_curves(times, by=["track", "site"]).fitters("nelson_aalen")
    assert list(both) == [("a", 1), ("a", 2), ("b", 1)]
    assert list(both["b", 1].cumulative_hazard_.columns) == ["b, 1"]


def test_what_lifelines_has_no_fitter_for_is_refused_in_a_sentence():
    times = pd.DataFrame({"days": [1, 3], "event": [0, 1], "entry": [0, 2], "weight": 1.5})
    with pytest.raises(EstimateError, match="lifelines treats weights as numbers of people"):
        survival_curves(times, weights="weight").fitters()
    curves = survival_curves(times)
    with pytest.raises(EstimateError, match="nobody is left at risk after one of the earlier"):
        curves.fitters()
    assert curves.table["survival"].tolist() == [1, 1, 0]
    with pytest.raises(RuleError, match="curve or the cumulative hazard"):
        curves.fitters("weibull")  # type: ignore[arg-type]


def test_with_clusters_the_curve_of_the_fitters_is_ours_and_their_limits_are_not():
    times = pd.DataFrame({"days": [1, 2, 3, 4], "event": 1, "person_id": [1, 1, 2, 2]})
    curves = survival_curves(times)
    fitter = curves.fitters()["all"]
    inside = curves.table.query("0 < survival < 1")
    survival = fitter.survival_function_at_times(inside["day"]).to_numpy()
    assert survival == pytest.approx(inside["survival"].to_numpy(), abs=1e-15)
    lower = fitter.confidence_interval_.loc[inside["day"]].iloc[:, 0].to_numpy()
    assert (abs(lower - inside["lower"].to_numpy()) > 0.01).any()


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10_000), st.booleans())
def test_cox_is_that_of_lifelines_plain_and_with_late_entry(seed, late):
    random = np.random.default_rng(seed)
    days = random.integers(1, 12, 40)
    times = pd.DataFrame(
        {
            "days": days,
            "event": random.random(40) < 0.7,
            "score": random.normal(size=40),
            "evening": random.integers(0, 2, 40),
        }
    )
    if late:
        times["entry"] = random.integers(0, 12, 40) % days
    ours = cox(times, "score + evening").table
    theirs = CoxPHFitter().fit(
        times, "days", "event", entry_col="entry" if late else None, fit_options=EXACT
    )
    assert ours["coefficient"].to_numpy() == pytest.approx(theirs.params_.to_numpy(), abs=1e-5)
    errors = theirs.standard_errors_.to_numpy()
    assert ours["se"].to_numpy() == pytest.approx(errors, rel=1e-5)


@pytest.mark.parametrize("name", ["weibull", "log_logistic", "log_normal", "exponential"])
def test_a_parametric_fit_of_the_other_tests_is_that_of_lifelines_to_the_last_bit(name):
    left = np.array([0.2, 0.4, 0.4, 0.9, 1.5, 2.0])
    right = np.array([0.5, 0.4, 1.1, np.inf, 1.7, np.inf])
    (model,) = models_asked(name, None)

    def fitted():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return model.fitter(1.0).fit_interval_censoring(
                left,
                right,
                entry=left / 2,
                weights=np.arange(1.0, 7.0),
                initial_point=np.array([0.5, 1.0])[: len(model.parameters)],
                fit_options={"ftol": 1e-15, "gtol": 1e-10, "maxiter": 1000},
            )

    plain = fitted()
    with slopes_when_used():
        quick = fitted()
    for kept in ("_fitted_parameters_", "_hessian_", "log_likelihood_", "variance_matrix_"):
        np.testing.assert_array_equal(getattr(quick, kept), getattr(plain, kept))


EXACT = {"precision": 1e-10}  # lifelines stops at a decrement of 1e-7 by default


def test_lifelines_comes_with_the_first_curve_and_matplotlib_and_numpys_settings_stay_out():
    code = """if True:
        import sys
        import numpy as np
        import pandas as pd
        import iop_outcomes as iop
        before = np.geterr()
        times = pd.DataFrame({"days": [1, 2, 3], "event": [1, 1, 0], "person_id": [1, 1, 2]})
        iop.survival_curves(times.assign(weight=1.5), weights="weight")
        assert "lifelines" not in sys.modules
        iop.survival_curves(times).fitters()
        assert "lifelines" in sys.modules
        assert "matplotlib" not in sys.modules
        assert np.geterr() == before
        """
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


# The smallest example of each way in which lifelines is wrong, silent, or asked otherwise.


def test_its_median_on_a_plateau_is_one_end_or_the_other():
    for n, theirs, ours in ((2, 1, 1.5), (4, 2, 2.5), (6, 4, 3.5)):
        days = np.arange(1, n + 1)
        assert KaplanMeierFitter().fit(days).median_survival_time_ == theirs
        result = survival_curves(pd.DataFrame({"days": days, "event": 1})).median()
        assert result["median"].item() == ours


def test_its_variance_of_a_restricted_mean_is_that_of_the_days():
    mean, variance = restricted_mean_survival_time(
        KaplanMeierFitter().fit([1, 2]), t=2, return_variance=True
    )
    assert (mean, variance) == pytest.approx((1.5, np.var([1, 2])))
    ours = survival_curves(pd.DataFrame({"days": [1, 2], "event": 1})).restricted_mean(2)
    assert ours["se"].item() ** 2 == pytest.approx(np.var([1, 2]) / 2)


def test_it_takes_weights_for_numbers_of_people():
    times = pd.DataFrame({"days": [1, 2], "event": 1, "weight": 2.0})
    plain = KaplanMeierFitter().fit(times["days"]).confidence_interval_.loc[1].to_numpy()
    twice = KaplanMeierFitter().fit(times["days"], weights=np.array([2, 2])).confidence_interval_
    assert (abs(twice.loc[1].to_numpy() - plain) > 0.05).all()
    with pytest.warns(StatisticalWarning, match="weights are not integers"):
        KaplanMeierFitter().fit(times["days"], weights=np.array([1.5, 1.5]))
    names = ["lower", "upper"]
    once = survival_curves(times.assign(weight=1.0), weights="weight").at(1)[names]
    assert survival_curves(times, weights="weight").at(1)[names].to_numpy() == pytest.approx(
        once.to_numpy()
    )


def test_its_table_counts_who_enters_on_the_day_of_an_event_but_its_estimate_does_not():
    entry, days, event = [0, 0, 2], [2, 3, 3], [1, 1, 0]
    theirs = KaplanMeierFitter().fit(days, event, entry=entry)
    assert theirs.event_table.loc[2, "at_risk"] == 3
    assert theirs.survival_function_.loc[2].item() == pytest.approx(1 / 2)
    ours = survival_curves(pd.DataFrame({"days": days, "event": event, "entry": entry})).at(2)
    assert ours[["at_risk", "survival"]].to_numpy().tolist() == [[2, pytest.approx(1 / 2)]]


@pytest.mark.parametrize("event", [0, 1])
def test_it_refuses_late_entry_with_nobody_at_risk_after_an_earlier_day(event):
    # Censored, the curve goes on at 1; with the event it is 0 for good: as R has them.
    with pytest.raises(StatError, match="too few early truncation times"):
        KaplanMeierFitter().fit([1, 3], [event, 1], entry=[0, 2])
    times = pd.DataFrame({"days": [1, 3], "event": [event, 1], "entry": [0, 2]})
    assert survival_curves(times).at([1, 3])["survival"].tolist() == [1 - event, 0]


def test_its_default_nelson_aalen_splits_ties_and_adds_an_event_where_nobody_is_at_risk():
    theirs = NelsonAalenFitter().fit([1, 1]).cumulative_hazard_.loc[1].item()
    assert theirs == pytest.approx(1 / 2 + 1 / 1)
    entry, days, event = np.array([0, 2]), np.array([1, 3]), np.array([0, 1])
    wrong = NelsonAalenFitter().fit(days, event, entry=entry).cumulative_hazard_
    assert wrong.iloc[:, 0].tolist() == [0, 0, 1, 2]  # on day 2 nobody had the event
    curves = survival_curves(pd.DataFrame({"days": days, "event": event, "entry": entry}))
    right = curves.fitters("nelson_aalen")["all"].cumulative_hazard_
    assert right.iloc[:, 0].tolist() == [0, 0, 0, 1]


def test_its_error_of_nelson_aalen_is_not_that_of_r():
    fitter = NelsonAalenFitter(nelson_aalen_smoothing=False).fit([1, 1, 2, 2])
    assert fitter._cumulative_sq.loc[1] == pytest.approx(2 * (4 - 2) / 4**3)
    times = pd.DataFrame({"days": [1, 1, 2, 2], "event": 1})
    ours = hazard(times, fewest=1, bandwidth=1, spacing=0, days=[1]).table
    assert ours["cumulative_se"].item() ** 2 == pytest.approx(2 / 4**2)


def test_its_log_rank_has_neither_strata_nor_late_entry_nor_clusters():
    asked = inspect.signature(multivariate_logrank_test).parameters
    assert not {"strata", "entry", "cluster"} & set(asked)


def test_its_limits_have_one_scale_and_are_0_once_the_survival_is():
    assert not {"conf_type", "interval", "scale"} & set(
        inspect.signature(KaplanMeierFitter.fit).parameters
    )
    fitter = KaplanMeierFitter().fit([1, 2])
    assert fitter.confidence_interval_.loc[2].tolist() == [0, 0]
    table = survival_curves(pd.DataFrame({"days": [1, 2], "event": 1})).table
    assert table[["lower", "upper"]].iloc[-1].isna().all()


def test_its_interval_censoring_is_closed_and_told_before_the_drop():
    left = [0, 0, 7, 7, 7, 14, 21, 21, 21, 21]
    right = [7, 7, 14, 14, 14, 21, *[np.inf] * 4]
    theirs = KaplanMeierFitter().fit_interval_censoring(left, right).survival_function_
    assert theirs.loc[[7, 14, 21]].iloc[:, 0].tolist() == pytest.approx([1, 0.5, 0.5], abs=1e-4)
    exact = KaplanMeierFitter().fit_interval_censoring([1, 2], [1, 2]).survival_function_
    assert exact.iloc[:, 0].tolist() == [1, 0.5]  # through days 1 and 2 it is 1/2 and 0
    times = pd.DataFrame({"clear_until": left, "days": right, "event": np.isfinite(right)})
    times["days"] = np.where(times["event"], times["days"], times["clear_until"])
    ours = interval_survival(times).at([7, 14, 21])["survival"]
    assert ours.tolist() == pytest.approx([0.8, 0.5, 0.4], abs=1e-8)


def test_its_aalen_johansen_depends_on_the_seed_where_days_are_tied():
    days, cause = [1, 1, 1], [1, 2, 0]
    result = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in range(4):
            curve = AalenJohansenFitter(seed=seed).fit(days, cause, 1).cumulative_density_
            result.add(round(curve.iloc[-1].item(), 9))
            assert len(curve.index) > 2  # the days are made up
    assert result == {round(1 / 2, 9), round(1 / 3, 9)}
    times = pd.DataFrame({"days": days, "event": [1, 1, 0], "ended_by": ["x", "y", "z"]})
    ours = cumulative_incidence(times, causes=("x", "y"), end="ended_by").at(1)
    assert ours.query("cause == 'x'")["incidence"].item() == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("rows", "r", "theirs"),
    [
        ({"days": [1, 3, 1], "x": [1, 0, 0], "who": [1, 0, 1]}, 0.824957911384, 0.704124148),
        (
            {"entry": [0, 1, 0], "days": [1, 3, 2], "x": [0, 0, 1], "who": [0, 1, 1]},
            0.707106781187,
            0.895806416,
        ),
    ],
    ids=["ties", "late entry"],
)
def test_its_errors_of_cox_by_cluster_are_not_those_of_r(rows, r, theirs):
    # r: sqrt(vcov(coxph(Surv(entry, days, event) ~ x, cluster = who))), R 4.2.2, survival 3.5-3
    times = pd.DataFrame(rows).assign(event=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitter = CoxPHFitter().fit(
            times,
            "days",
            "event",
            entry_col="entry" if "entry" in rows else None,
            cluster_col="who",
            fit_options=EXACT,
        )
    assert fitter.standard_errors_.item() == pytest.approx(theirs, rel=1e-6)
    ours = cox(times, "x", cluster="who").table
    assert ours["coefficient"].item() == pytest.approx(fitter.params_.item(), abs=1e-6)
    assert ours["se"].item() == pytest.approx(r, rel=1e-9)


def test_it_takes_days_and_events_that_are_none_and_tells_days_apart_by_rounding():
    assert KaplanMeierFitter().fit([-5, 3]).survival_function_.iloc[0].item() == 0.5
    assert KaplanMeierFitter().fit([1, 2], [2, 0]).survival_function_.loc[1].item() == 0.5
    assert len(KaplanMeierFitter().fit([0.1 + 0.2, 0.3]).survival_function_) == 3
    for wrong in ({"days": [-5, 3], "event": 1}, {"days": [1, 2], "event": [2, 0]}):
        with pytest.raises(EstimateError):
            survival_curves(pd.DataFrame(wrong))
    assert len(survival_curves(pd.DataFrame({"days": [0.1 + 0.2, 0.3], "event": 1})).table) == 2


def test_it_changes_the_error_settings_of_numpy():
    np.seterr(all="warn")
    KaplanMeierFitter().fit([1, 2])
    assert np.geterr()["divide"] == "ignore"
    np.seterr(all="warn")
    survival_curves(pd.DataFrame({"days": [1, 2], "event": 1}))
    assert np.geterr()["divide"] == "warn"


def test_one_module_imports_it():
    package = Path(iop_outcomes.__file__).parent
    naming = [
        path.name
        for path in package.rglob("*.py")
        if re.search(r"^\s*(import|from) lifelines\b", path.read_text(encoding="utf-8"), re.M)
    ]
    assert naming == ["lifelines_bridge.py"]
