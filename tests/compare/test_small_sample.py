"""Robust errors of regressions for few clusters: by leverage or G/(G-1), and Student's t."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from iop_outcomes.compare import cause_specific_cox, compare_survival, cox, fine_gray, recurrent_cox
from iop_outcomes.compare.regression.result import Regression
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.survival import survival_curves

CAUSES = ["relapse", "died"]
FITS: dict[str, Callable[..., Regression]] = {
    "cox": lambda t, **o: cox(t, "age + track", **o),
    "cox with weights": lambda t, **o: cox(t, "age + track", weights="weight", **o),
    "cause_specific_cox": lambda t, **o: cause_specific_cox(t, "age", causes=CAUSES, **o),
    "each cause": lambda t, **o: cause_specific_cox(t, "age", None, causes=CAUSES, **o),
    "fine_gray": lambda t, **o: fine_gray(t, "age + track", causes=CAUSES, **o),
    "recurrent_cox": lambda t, **o: recurrent_cox(t, "age + track", **o),
}


def episodes(people: int = 12) -> pd.DataFrame:
    """Three episodes a person, whose days hang together."""
    rng = np.random.default_rng(8)
    person = np.repeat(np.arange(people), 3)
    rows = len(person)
    days = np.ceil(rng.exponential(40 / rng.gamma(2.0, 0.5, people)[person]))
    cut = rng.integers(20, 120, rows)
    cause = np.where(rng.random(rows) < 0.7, "relapse", "died")
    return pd.DataFrame(
        {
            "person_id": person,
            "episode_id": np.arange(rows),
            "days": np.minimum(days, cut),
            "event": days <= cut,
            "ended_by": np.where(days <= cut, cause, "end_of_follow_up"),
            "track": np.where(np.arange(people) % 2, "day", "evening")[person],
            "age": rng.integers(20, 60, rows),
            "weight": rng.uniform(0.5, 2.0, rows),
        }
    )


BY_LEVERAGE = [name for name in FITS if name != "fine_gray"]


@pytest.mark.parametrize(("people", "confidence"), [(5, 0.95), (12, 0.8)])
def test_the_factor_of_fine_and_gray_by_hand_from_the_uncorrected_fit(people, confidence):
    times = episodes(people)
    plain = FITS["fine_gray"](times).table
    result = FITS["fine_gray"](times, small_sample=True, confidence=confidence).table
    same = ["term", "coefficient", "hazard_ratio", "se_model"]
    pd.testing.assert_frame_equal(result[same], plain[same])
    error = plain["se"] * np.sqrt(people / (people - 1))
    np.testing.assert_allclose(result["se"], error, rtol=1e-12)


@pytest.mark.parametrize(("people", "confidence"), [(6, 0.95), (12, 0.8)])
@pytest.mark.parametrize("name", FITS)
def test_limits_and_tests_are_by_t_with_clusters_less_one(name, people, confidence):
    times = episodes(people)
    plain = FITS[name](times).table
    result = FITS[name](times, small_sample=True, confidence=confidence).table
    same = ["term", "coefficient", "hazard_ratio", "se_model"]
    pd.testing.assert_frame_equal(result[same], plain[same])
    assert (result["se"] > plain["se"] * np.sqrt(people / (people - 1)) * (1 - 1e-9)).all()
    student = stats.t(people - 1)
    reach = student.ppf(0.5 + confidence / 2) * result["se"]
    statistic = plain["coefficient"] / result["se"]
    np.testing.assert_allclose(result["statistic"], statistic, rtol=1e-12)
    np.testing.assert_allclose(result["lower"], np.exp(plain["coefficient"] - reach), rtol=1e-9)
    np.testing.assert_allclose(result["upper"], np.exp(plain["coefficient"] + reach), rtol=1e-9)
    np.testing.assert_allclose(result["p_value"], 2 * student.sf(np.abs(statistic)), rtol=1e-9)


def scores_and_parts(
    frame: pd.DataFrame, design: np.ndarray, beta: np.ndarray, ties: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return the score residual of each row and its part of the information, event by event."""
    rows, terms = design.shape
    scores, parts = np.zeros((rows, terms)), np.zeros((rows, terms, terms))
    weight = frame["weight"].to_numpy()
    risk = weight * np.exp(design @ beta)
    day, entry, event = (frame[name].to_numpy() for name in ("days", "entry", "event"))
    site = frame["site"].to_numpy()
    for stratum in np.unique(site):
        for at in np.unique(day[event & (site == stratum)]):
            there = (day >= at) & ((entry < at) | (entry == 0)) & (site == stratum)
            died = there & event & (day == at)
            for piece in range(died.sum()):
                out = piece / died.sum() if ties == "efron" else 0.0
                own = np.where(there, risk, 0.0) * np.where(died, 1 - out, 1.0)
                step = weight[died].mean() / own.sum()
                apart = design - own @ design / own.sum()
                scores -= step * own[:, None] * apart
                scores[died] += weight[died, None] / died.sum() * apart[died]
                parts += step * own[:, None, None] * apart[:, :, None] * apart[:, None, :]
    return scores, parts


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("case", ["plain", "late entry, strata and weights"])
def test_the_leverage_by_hand_event_by_event(case, ties):
    times = episodes().assign(entry=0, site=0)
    options: dict[str, Any] = {"ties": ties}
    if case == "plain":
        times["weight"] = 1.0
    else:
        rng = np.random.default_rng(2)
        late = rng.random(len(times)) < 0.4
        times["entry"] = np.where(late, np.minimum(times["days"] - 1, 9), 0)
        times["site"] = np.arange(len(times)) % 2
        options |= {"strata": "site", "weights": "weight"}
    fit = cox(times, "age + track", small_sample=True, **options)
    beta = fit.table["coefficient"].to_numpy()
    design = np.column_stack([times["age"], times["track"] == "evening"]).astype(float)
    scores, parts = scores_and_parts(times, design, beta, ties)
    people = pd.get_dummies(times["person_id"]).to_numpy().T.astype(float)
    scores, parts = people @ scores, np.tensordot(people, parts, 1)
    whole = parts.sum(axis=0)
    np.testing.assert_allclose(np.sqrt(np.diag(np.linalg.inv(whole))), fit.table["se_model"])
    moved = np.stack(
        [np.linalg.solve(whole - own, score) for own, score in zip(parts, scores, strict=True)]
    )
    error = np.sqrt((moved**2).sum(axis=0))
    np.testing.assert_allclose(fit.table["se"], error, rtol=1e-7)


@pytest.mark.parametrize("name", BY_LEVERAGE)
def test_with_many_clusters_nothing_is_corrected(name):
    times = episodes(400)
    plain, found = FITS[name](times), FITS[name](times, small_sample=True)
    np.testing.assert_allclose(found.table["se"], plain.table["se"], rtol=0.02)


def test_the_error_is_near_that_of_leaving_out_each_person():
    times = episodes(40)
    table = cox(times, "age + track", small_sample=True).table
    without = [
        cox(times[times["person_id"] != person], "age + track").table["coefficient"]
        for person in range(40)
    ]
    jackknife = np.sqrt(((without - np.mean(without, axis=0)) ** 2).sum(axis=0))
    np.testing.assert_allclose(table["se"], jackknife, rtol=0.06)


def test_what_one_person_alone_tells_has_no_error_for_few_clusters():
    # Compared within persons only, and of one alone the term differs from row to row.
    times = pd.DataFrame(
        {
            "person_id": [0] * 6 + [1, 1, 2, 2],
            "days": [1, 2, 3, 4, 5, 6, 2, 4, 3, 5],
            "event": True,
            "term": [1, 0, 0, 1, 0, 1, 0, 0, 1, 1],
        }
    )
    options: dict[str, Any] = {"strata": "person_id", "cluster": "person_id"}
    with pytest.raises(EstimateError, match="without any one cluster") as refusal:
        cox(times, "term", small_sample=True, **options)
    assert "1 of 3 clusters" in str(refusal.value)


@pytest.mark.parametrize("name", FITS)
def test_the_default_is_no_correction_by_the_normal_distribution(name):
    result = FITS[name](episodes())
    pd.testing.assert_frame_equal(result.table, FITS[name](episodes(), small_sample=False).table)
    statistic = np.abs(result.table["statistic"])
    np.testing.assert_allclose(result.table["p_value"], 2 * stats.norm.sf(statistic), rtol=1e-9)
    assert not result.small_sample
    assert "degrees of freedom" not in result.text


@pytest.mark.parametrize("name", FITS)
def test_errors_that_are_not_clustered_are_refused(name):
    times = episodes()
    with pytest.raises(RuleError, match="needs clustered errors") as refusal:
        FITS[name](times, small_sample=True, cluster=None)
    assert "assumed independent, though person_id repeats" in str(refusal.value)
    assert 'cluster="person_id"' in str(refusal.value)


@pytest.mark.parametrize("name", [name for name in FITS if name != "recurrent_cox"])
def test_rows_without_a_person_that_repeats_are_refused(name):
    """Weights make errors robust, but by row: there are no clusters to count."""
    without = episodes().drop(columns="person_id")
    for times in (without, without.assign(person_id=range(len(without)))):
        with pytest.raises(RuleError, match="needs clustered errors") as refusal:
            FITS[name](times, small_sample=True)
        assert "36 rows, each assumed independent" in str(refusal.value)


def test_ids_of_recurrent_events_are_the_clusters_where_nothing_else_is():
    times = episodes().drop(columns="person_id")
    plain = FITS["recurrent_cox"](times)
    result = FITS["recurrent_cox"](times, small_sample=True)
    assert (result.table["se"] > plain.table["se"]).all()
    assert "t with 35 degrees of freedom" in result.text


@pytest.mark.parametrize("name", FITS)
def test_what_is_neither_true_nor_false_is_refused(name):
    for value in ("yes", 1, None):
        with pytest.raises(RuleError, match="small_sample is True or False"):
            FITS[name](episodes(), small_sample=value)


@pytest.mark.parametrize("name", FITS)
def test_the_text_says_what_was_done_and_what_could_be(name):
    few = episodes(30)
    plain, found = FITS[name](few), FITS[name](few, small_sample=True)
    leverage = name in BY_LEVERAGE
    assert (
        "With fewer than 50 clusters robust standard errors are too small; small_sample=True "
        "corrects them"
        f"{'' if leverage else ' in part'}." in plain.text
    )
    how = (
        "Cluster scores corrected for leverage (Mancl and DeRouen)"
        if leverage
        else "Variances with the factor G/(G-1) = 30/29"
    )
    assert (
        f"in 30 clusters. {how}, limits and p-values by t with "
        "29 degrees of freedom. With fewer than 50 clusters limits "
        f"{'are approximate' if leverage else 'can still be too narrow'}." in found.text
    )
    assert found.small_sample
    many = FITS[name](episodes(60), small_sample=True).text
    assert "t with 59 degrees of freedom" in many
    assert "fewer than" not in many


def test_estimates_without_the_option_do_not_name_it():
    few = episodes(30)
    for text in (survival_curves(few, by="track").text, compare_survival(few, "track").text):
        assert "With fewer than 50 clusters robust standard errors are too small." in text
        assert "small_sample" not in text


def test_a_truth_value_of_numpy_is_read():
    options: dict[str, Any] = {"small_sample": np.bool_(True)}
    assert cox(episodes(), "age", **options).small_sample is True
