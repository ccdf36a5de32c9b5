"""A missing value of a column that makes groups: one option, the same everywhere."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import EstimateError, OutcomesError, RuleError
from tests.helpers.engines import by_our_product

pytestmark = pytest.mark.usefixtures("slopes_when_used")

ROOT = Path(__file__).parents[2]
GROUPED = {"by", "strata", "censoring_strata"}
COUNTS = {  # counts, and changes of each person: nobody is left out
    *("trend", "attendance_by_week", "functioning", "symptom_change", "continuity", "funnel"),
    *("vlad", "risk_adjusted_cusum"),
    *("cohort_flow", "attendance_by_weekday"),
    *("vlad", "risk_adjusted_cusum", "watch", "summary_matrix"),
}
Call = Callable[[Any, str | None], Any]


def grouped_functions() -> dict[str, inspect.Signature]:
    """Everything public that takes columns of groups or strata."""
    functions = {name: getattr(iop, name) for name in iop.__all__}
    results = {
        name: inspect.signature(function)
        for name, function in functions.items()
        if inspect.isfunction(function)
    }
    return {name: one for name, one in results.items() if GROUPED & set(one.parameters)}


def test_every_function_of_groups_takes_the_option() -> None:
    for name, signature in grouped_functions().items():
        option = signature.parameters["missing_group"]
        assert option.kind is inspect.Parameter.KEYWORD_ONLY, name
        assert option.default == ("own" if name in COUNTS else "refuse"), name


# The same people with a site, which some episodes lack -------------------------------------------


@cache
def records() -> iop.Records:
    sample = iop.synthetic_records(seed=11, people=150)
    site = np.where(np.arange(len(sample.episodes)) % 2, "east", "west").astype(object)
    site[::9] = None
    return iop.read_records(
        episodes=sample.episodes.assign(site=site),
        attendance=sample.attendance,
        checkins=sample.checkins,
    )


@cache
def frames() -> dict[str, Any]:
    used = records()
    rule = iop.RelapseRule(competing=("died",))
    return {
        "records": used,
        "times": iop.time_to_relapse(used, rule),
        "stretches": iop.recurrent_relapses(used, rule, clear_days=14),
        "histories": iop.state_histories(used, clear_days=14),
        "imputed": iop.impute_weeks(
            iop.use_patterns(used, weeks=8),
            imputations=2,
            iterations=1,
            seed=1,
            covariates=used.episodes.set_index("episode_id")[["track"]],
        ),
    }


def site_of(data: Any) -> Any:
    return records().episodes.set_index("episode_id")["site"].loc[data.words.index]


def option(value: str | None) -> dict[str, Any]:
    return {} if value is None else {"missing_group": value}


CALLS: dict[str, tuple[str, Call]] = {
    "attendance_by_week": (
        "records",
        lambda data, how: iop.attendance_by_week(data, weeks=3, by="site", **option(how)),
    ),
    "trend": (
        "records",
        lambda data, how: iop.trend(data, "attendance_rate", by="site", **option(how)),
    ),
    "funnel": (
        "records",
        lambda data, how: iop.funnel(data, "attendance_rate", by="site", **option(how)),
    ),
    "watch": (
        "records",
        lambda data, how: iop.watch(data, ["attendance_rate"], "site", **option(how)),
    ),
    "summary_matrix": (
        "records",
        lambda data, how: iop.summary_matrix(data, ["attendance_rate"], "site", **option(how)),
    ),
    "vlad": (
        "records",
        lambda data, how: iop.vlad(data, "retained_30", by="site", baseline=60, **option(how)),
    ),
    "risk_adjusted_cusum": (
        "records",
        lambda data, how: iop.risk_adjusted_cusum(
            data, "retained_30", by="site", baseline=60, run_length=50, series=20, **option(how)
        ),
    ),
    "attendance_by_weekday": (
        "records",
        lambda data, how: iop.attendance_by_weekday(data, weeks=3, by="site", **option(how)),
    ),
    "cohort_flow": (
        "records",
        lambda data, how: iop.cohort_flow(data, by="site", **option(how)),
    ),
    "continuity": (
        "records",
        lambda data, how: iop.continuity(data, by="site", **option(how)),
    ),
    "sensitivity": (
        "records",
        lambda data, how: iop.sensitivity(
            data, "site", definitions="first_use", missing="use", **option(how)
        ),
    ),
    "survival_curves": (
        "times",
        lambda data, how: iop.survival_curves(data, by="site", **option(how)),
    ),
    "hazard": ("times", lambda data, how: iop.hazard(data, "site", fewest=3, **option(how))),
    "interval_survival": (
        "times",
        lambda data, how: iop.interval_survival(data, "site", **option(how)),
    ),
    "parametric_survival": (
        "times",
        lambda data, how: iop.parametric_survival(
            data[data["days"] > 0], "site", models="weibull", **option(how)
        ),
    ),
    "cumulative_incidence": (
        "times",
        lambda data, how: iop.cumulative_incidence(data, "site", **option(how)),
    ),
    "propensity_weights": (
        "times",
        lambda data, how: iop.propensity_weights(data, "site", ["age", "track"], **option(how)),
    ),
    "adjusted_curves": (
        "times",
        lambda data, how: iop.adjusted_curves(
            data, "site", "age", day=30, limits="closed_form", **option(how)
        ),
    ),
    "detectable_difference": (
        "times",
        lambda data, how: iop.detectable_difference(data, "site", **option(how)),
    ),
    "compare_cohorts": (
        "times",
        lambda data, how: iop.compare_cohorts(
            data, "site", covariates=["age"], horizon=30, **option(how)
        ),
    ),
    "balance": (
        "times",
        lambda data, how: iop.balance(data, "site", ["age", "track"], **option(how)),
    ),
    "compare_survival": (
        "times",
        lambda data, how: iop.compare_survival(data, "track", strata="site", **option(how)),
    ),
    "compare_incidence": (
        "times",
        lambda data, how: iop.compare_incidence(
            data, "track", causes=["relapse"], strata="site", **option(how)
        ),
    ),
    "compare_interval_survival": (
        "times",
        lambda data, how: iop.compare_interval_survival(data, "site", **option(how)),
    ),
    "cox": ("times", lambda data, how: iop.cox(data, "track", strata="site", **option(how))),
    "cause_specific_cox": (
        "times",
        lambda data, how: iop.cause_specific_cox(data, "track", strata="site", **option(how)),
    ),
    "fine_gray": (
        "times",
        lambda data, how: iop.fine_gray(data, "track", censoring_strata="site", **option(how)),
    ),
    "mean_cumulative_function": (
        "stretches",
        lambda data, how: iop.mean_cumulative_function(data, "site", **option(how)),
    ),
    "compare_recurrence": (
        "stretches",
        lambda data, how: iop.compare_recurrence(data, "site", **option(how)),
    ),
    "recurrent_cox": (
        "stretches",
        lambda data, how: iop.recurrent_cox(data, "track", strata="site", **option(how)),
    ),
    "state_occupation": (
        "histories",
        lambda data, how: iop.state_occupation(data, by="site", **option(how)),
    ),
    "functioning": (
        "records",
        lambda data, how: iop.functioning(data, by="site", **option(how)),
    ),
    "symptom_change": (
        "records",
        lambda data, how: iop.symptom_change(data, "phq9", by="site", **option(how)),
    ),
    "survival_difference": (
        "times",
        lambda data, how: iop.survival_difference(data, "site", 30, **option(how)),
    ),
    "restricted_mean_difference": (
        "times",
        lambda data, how: iop.restricted_mean_difference(
            data, "track", 30, strata="site", **option(how)
        ),
    ),
    "incidence_difference": (
        "times",
        lambda data, how: iop.incidence_difference(data, "site", 30, **option(how)),
    ),
    "median_difference": (
        "times",
        lambda data, how: iop.median_difference(
            data.assign(event=1), "site", resamples=200, **option(how)
        ),
    ),
    "pseudo_regression": (
        "times",
        lambda data, how: iop.pseudo_regression(data, "track", 30, strata="site", **option(how)),
    ),
    "compare_survival_pairs": (
        "times",
        lambda data, how: iop.compare_survival_pairs(data, "site", **option(how)),
    ),
    "max_combo": (
        "times",
        lambda data, how: iop.max_combo(data, "track", strata="site", **option(how)),
    ),
    "tipping_point": (
        "times",
        lambda data, how: iop.tipping_point(
            data.assign(left=~data["event"].astype(bool)),
            *("site", 20),
            left="left",
            resamples=100,
            **option(how),
        ),
    ),
    "relapse_by_imputation": (
        "imputed",
        lambda data, how: iop.relapse_by_imputation(
            data, horizon_weeks=8, by=site_of(data), **option(how)
        ),
    ),
}


def test_every_function_of_groups_is_called_here() -> None:
    assert set(CALLS) == set(grouped_functions())


@pytest.mark.parametrize("name", sorted(set(CALLS) - COUNTS))
def test_an_estimate_refuses_and_says_how_many_and_what_to_write(name: str) -> None:
    kind, call = CALLS[name]
    with pytest.raises(
        EstimateError, match="without a value of site belongs to no group"
    ) as raised:
        call(frames()[kind], None)
    message = str(raised.value)
    assert 'missing_group="own"' in message
    assert 'missing_group="leave_out"' in message
    assert " missing" in raised.value.found
    assert raised.value.found[0].isdigit()


def without(data: Any) -> Any:
    """The data without those whose site is missing, as one would leave them out by hand."""
    if isinstance(data, iop.Records):
        return data.subset(data.episodes["site"].notna().to_numpy())
    return data[data["site"].notna()]


def as_own(data: Any) -> Any:
    if isinstance(data, iop.Records):
        result = data.subset(np.ones(len(data.episodes), dtype=bool))
        result.episodes["site"] = named(result.episodes["site"])
        return result
    return data.assign(site=named(data["site"]))


def named(column: pd.Series[Any]) -> pd.Series[Any]:
    return column.astype("category").cat.add_categories("not recorded").fillna("not recorded")


@pytest.mark.parametrize("name", sorted(set(CALLS) - {"relapse_by_imputation"}))
@by_our_product
def test_own_group_and_leaving_out_equal_the_same_done_by_hand(name: str) -> None:
    kind, call = CALLS[name]
    data = frames()[kind]
    results = {}
    for how, by_hand in (("leave_out", without), ("own", as_own)):
        results[how] = call(data, how)
        expected = call(by_hand(data), None)
        pd.testing.assert_frame_equal(results[how].table, expected.table, check_categorical=False)
    assert results["leave_out"].text.count("without a value of site left out") == 1
    assert "left out" not in call(as_own(data), "leave_out").text.replace("discharge left out", "")


def test_sets_of_imputed_patterns_are_those_of_the_patterns_with_a_group() -> None:
    data = frames()["imputed"]
    every = CALLS["relapse_by_imputation"][1](data, "own")
    kept = CALLS["relapse_by_imputation"][1](data, "leave_out")
    assert every.table["site"].tolist() == ["east", "west", "not recorded"]
    pd.testing.assert_frame_equal(
        kept.table.drop(columns="site"), every.table.drop(columns="site").iloc[:2]
    )
    assert (
        f"{int(site_of(data).isna().sum())} patterns without a value of site left out" in kept.text
    )


def test_rows_left_out_are_counted_in_the_text() -> None:
    times = pd.DataFrame(
        {"days": [1, 2, 3, 4, 5, 6], "event": True, "site": ["a", None, "b", "a", "b", np.nan]}
    )
    original = times.copy()
    text = iop.compare_survival(times, "site", missing_group="leave_out").text
    assert "2 rows without a value of site left out." in text
    pd.testing.assert_frame_equal(times, original)
    one = times.assign(ward=["x", "x", None, "y", "y", "y"])
    comparison = iop.compare_survival(one, "site", strata="ward", missing_group="leave_out")
    assert "3 rows without a value of site or ward left out." in comparison.text
    assert comparison.table["n"].sum() == 3
    stretches = frames()["stretches"]
    lacking = stretches.loc[stretches["site"].isna(), "episode_id"].nunique()
    mean = iop.mean_cumulative_function(stretches, "site", missing_group="leave_out")
    assert f"{lacking} episodes without a value of site left out." in mean.text


def test_missing_values_join_an_existing_group_not_recorded() -> None:
    times = pd.DataFrame({"days": [1, 2, 3], "event": True, "site": ["not recorded", None, "z"]})
    sizes = iop.survival_curves(times, by="site", missing_group="own").sizes
    assert sizes[["site", "n"]].to_numpy().tolist() == [["not recorded", 2], ["z", 1]]
    for values in ([2.0, None, 10.0], [True, None, False]):
        own = iop.survival_curves(times.assign(site=values), by="site", missing_group="own")
        assert own.sizes["site"].tolist()[-1] == "not recorded"
        assert own.sizes["site"].tolist()[:-1] == sorted(
            value for value in values if value is not None
        )


def test_unknown_options_and_partly_missing_groups_are_refused() -> None:
    times = pd.DataFrame({"days": [1, 2, 3], "event": True, "site": [None, None, None]})
    with pytest.raises(EstimateError, match="No row has a value of site"):
        iop.survival_curves(times, by="site", missing_group="leave_out")
    with pytest.raises(RuleError, match="one of refuse, own, leave_out"):
        iop.survival_curves(times, by="site", missing_group="drop")  # type: ignore[arg-type]
    for how in ("own", "leave_out"):
        for wrong in (None, 3, pd.DataFrame(), pd.DataFrame(columns=["days", "event", "site"])):
            with pytest.raises(OutcomesError):
                iop.survival_curves(wrong, by="site", missing_group=how)  # type: ignore[arg-type]
    torn = frames()["stretches"].copy()
    whole = torn["episode_id"].duplicated(keep=False) & torn["site"].notna()
    torn.loc[torn.index[whole][0], "site"] = None
    with pytest.raises(EstimateError, match="All rows of one episode_id must have a value of site"):
        iop.mean_cumulative_function(torn, "site", missing_group="leave_out")


@pytest.mark.parametrize(("missing", "shown"), [(3, False), (30, True)])
def test_protect_hides_a_small_number_of_rows_left_out(missing: int, shown: bool) -> None:
    count = 400
    site = np.where(np.arange(count) % 2, "east", "west").astype(object)
    site[:missing] = None
    days = np.arange(count) % 90 + 1
    times = pd.DataFrame({"days": days, "event": np.arange(count) % 3 > 0, "site": site})
    safe = iop.protect(iop.survival_curves(times, by="site", missing_group="leave_out"))
    lacks = f"{missing} rows without a value of site"
    for text in (safe.text, safe.rule):
        assert (lacks in text) is shown
        assert ("Rows without a value of site left out." in text) is not shown
    sample = iop.synthetic_records(seed=3, people=120)
    site = np.full(len(sample.episodes), "east", dtype=object)
    site[:missing] = None
    read = iop.read_records(
        episodes=sample.episodes.assign(site=site),
        attendance=sample.attendance,
        checkins=sample.checkins,
    )
    lacks = f"{missing} episodes without a value of site"
    for result in (
        iop.trend(read, "attendance_rate", every="quarter", by="site", missing_group="leave_out"),
        iop.attendance_by_week(read, weeks=3, by="site", missing_group="leave_out"),
    ):
        assert lacks in result.text
        assert lacks in result.rule
        safe_result = iop.protect(result)  # type: ignore[type-var]
        for text in (safe_result.text, safe_result.rule, repr(safe_result.left_out)):
            assert (str(missing) + " episodes" in text or f"count={missing}" in text) is shown
