"""Relapse over completed patterns where people have several of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.relapse.definitions.definition import Definition
from iop_outcomes.relapse.definitions.windows import Window
from iop_outcomes.relapse.imputation.impute import impute_weeks
from iop_outcomes.relapse.imputation.result import ImputedPatterns
from iop_outcomes.sensitivity.imputed_relapse import relapse_by_imputation
from iop_outcomes.survival import survival_curves
from iop_outcomes.use.pattern_array import PatternArray

FIRST = Definition("first", "First", "relapse", "The first week with use.", "None.", Window(1, 1))
WEEKS = 8
OPTIONS = {"definition": FIRST, "horizon_weeks": WEEKS}
ERRORS = ["relapsed_lower", "relapsed_upper", "restricted_mean_lower", "restricted_mean_upper"]


def patterns(people: int, seed: int, missed: float) -> tuple[pd.Series, pd.DataFrame]:
    """One to three patterns a person, alike, some cut off early, and whose they are."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), rng.integers(1, 4, people))
    chance = rng.beta(1, 6, people)[person]
    symbols = np.where(rng.random((len(person), WEEKS)) < chance[:, None], "+", "-")
    symbols[rng.random(symbols.shape) < missed] = "o"
    due = np.where(rng.random(len(person)) < 0.3, rng.integers(3, WEEKS, len(person)), WEEKS)
    words = [
        "".join(row[:length]).ljust(WEEKS, "_") for row, length in zip(symbols, due, strict=True)
    ]
    frame = pd.DataFrame(
        {"person_id": person, "track": rng.choice(["day", "evening"], len(person))}
    )
    return pd.Series(words), frame


def chosen(imputed: ImputedPatterns, rows: np.ndarray) -> ImputedPatterns:
    """Return the same draws of some of the rows, which may stand there twice."""
    words = imputed.words
    some = PatternArray(
        words.by_week[:, rows],
        words.lengths[rows],
        words.has_pattern[rows],
        pd.RangeIndex(len(rows)),
    )
    covariates = imputed.covariates.iloc[rows].reset_index(drop=True)
    return replace(imputed, by_week=imputed.by_week[:, :, rows], words=some, covariates=covariates)


def test_people_with_all_patterns_twice_have_the_errors_of_once():
    words, frame = patterns(60, 1, 0.2)
    imputed = impute_weeks(words, covariates=frame[["track"]], imputations=4)
    once = relapse_by_imputation(imputed, by="track", **OPTIONS)
    rows = np.tile(np.arange(len(words)), 2)
    double = chosen(imputed, rows)
    twice = relapse_by_imputation(double, by="track", cluster=pd.Series(rows), **OPTIONS)
    same = [*ERRORS, "relapsed", "degrees_of_freedom", "missing_information"]
    pd.testing.assert_frame_equal(twice.table[same], once.table[same], rtol=1e-9)
    pd.testing.assert_frame_equal(twice.difference, once.difference, rtol=1e-9)
    assert (twice.table["n"] == 2 * once.table["n"]).all()
    apart = relapse_by_imputation(double, by="track", **OPTIONS)
    assert (apart.difference["se"] < 0.9 * once.difference["se"]).all()


def test_without_missed_weeks_the_errors_are_those_of_the_curve_by_person():
    words, frame = patterns(80, 2, 0.0)
    imputed = impute_weeks(words, imputations=2)
    row = relapse_by_imputation(imputed, cluster=frame["person_id"], **OPTIONS).table.iloc[0]
    used = words.str.find("+")
    event = used >= 0
    days = (used + 1).where(event, words.str.rstrip("_").str.len())
    curves = survival_curves(frame.assign(days=days, event=event))
    at, mean = curves.at(WEEKS).iloc[0], curves.restricted_mean(WEEKS).iloc[0]
    assert row["relapsed"] == pytest.approx(1 - at["survival"])
    # On the log-log scale, by Student's t with the people less one as degrees of freedom.
    from scipy.stats import norm, t

    freedom = row["degrees_of_freedom"]
    assert freedom == pytest.approx(79 * 80 / 82)
    reach = t.ppf(0.975, freedom) / norm.ppf(0.975)
    ours = np.log(-np.log(1 - row[["relapsed_lower", "relapsed_upper"]].astype(float)))
    theirs = np.log(-np.log(at[["upper", "lower"]].astype(float)))
    assert np.ptp(ours) == pytest.approx(np.ptp(theirs) * reach)
    half = row["restricted_mean_upper"] - row["restricted_mean"]
    assert half == pytest.approx(t.ppf(0.975, freedom) * mean["se"])


def test_the_difference_counts_people_who_are_in_both_groups():
    words, frame = patterns(60, 3, 0.0)
    imputed = impute_weeks(words, covariates=frame[["track"]], imputations=2)
    person = frame["person_id"]
    assert (frame.groupby("person_id")["track"].nunique() == 2).mean() > 0.2
    result = relapse_by_imputation(imputed, by="track", cluster=person, **OPTIONS).difference
    without = [
        relapse_by_imputation(
            chosen(imputed, np.flatnonzero(person != one)), by="track", **OPTIONS
        ).difference["difference"]
        for one in person.unique()
    ]
    jackknife = np.sqrt(((without - np.mean(without, axis=0)) ** 2).sum(axis=0))
    assert result["se"].to_numpy() == pytest.approx(jackknife, rel=0.06)


def test_what_is_taken_together_is_said():
    words, frame = patterns(30, 4, 0.2)
    imputed = impute_weeks(words, imputations=2)
    result = relapse_by_imputation(imputed, cluster=frame["person_id"].sample(frac=1), **OPTIONS)
    assert f"{len(words)} patterns in 30 clusters" in result.text
    assert "(patterns of one person_id taken together)" in result.rule
    assert result.clustering.number == 30
    for cluster in ({}, {"cluster": None}):
        apart = relapse_by_imputation(imputed, **cluster, **OPTIONS)
        assert apart.clustering.number is None
        assert "cluster" not in apart.text


def test_what_is_no_person_is_refused():
    words, frame = patterns(30, 5, 0.2)
    imputed = impute_weeks(words, imputations=2)
    with pytest.raises(RuleError, match="a Series with the labels of the patterns"):
        relapse_by_imputation(imputed, cluster="person_id", **OPTIONS)
    with pytest.raises(RuleError, match=r"2 of .* patterns"):
        relapse_by_imputation(imputed, cluster=frame["person_id"].iloc[2:], **OPTIONS)
    missing = frame["person_id"].astype(float)
    missing[0] = np.nan
    with pytest.raises(EstimateError, match=r"1 of .* missing"):
        relapse_by_imputation(imputed, cluster=missing, **OPTIONS)
