"""The correction of robust errors of regressions for few clusters: G/(G-1), and Student's t."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from iop_outcomes.compare import cause_specific_cox, compare_survival, cox, fine_gray, recurrent_cox
from iop_outcomes.compare.regression_result import Regression
from iop_outcomes.errors import RuleError
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


@pytest.mark.parametrize(("people", "confidence"), [(5, 0.95), (12, 0.8)])
@pytest.mark.parametrize("name", FITS)
def test_the_correction_by_hand_from_the_uncorrected_fit(name, people, confidence):
    times = episodes(people)
    plain = FITS[name](times).table
    found = FITS[name](times, small_sample=True, confidence=confidence).table
    same = ["term", "coefficient", "hazard_ratio", "se_model"]
    pd.testing.assert_frame_equal(found[same], plain[same])
    error = plain["se"] * np.sqrt(people / (people - 1))
    student = stats.t(people - 1)
    reach = student.ppf(0.5 + confidence / 2) * error
    statistic = plain["coefficient"] / error
    np.testing.assert_allclose(found["se"], error, rtol=1e-12)
    np.testing.assert_allclose(found["statistic"], statistic, rtol=1e-12)
    np.testing.assert_allclose(found["lower"], np.exp(plain["coefficient"] - reach), rtol=1e-9)
    np.testing.assert_allclose(found["upper"], np.exp(plain["coefficient"] + reach), rtol=1e-9)
    np.testing.assert_allclose(found["p_value"], 2 * student.sf(np.abs(statistic)), rtol=1e-9)


@pytest.mark.parametrize("name", FITS)
def test_the_default_is_no_correction_by_the_normal_distribution(name):
    found = FITS[name](episodes())
    pd.testing.assert_frame_equal(found.table, FITS[name](episodes(), small_sample=False).table)
    statistic = np.abs(found.table["statistic"])
    np.testing.assert_allclose(found.table["p_value"], 2 * stats.norm.sf(statistic), rtol=1e-9)
    assert not found.small_sample
    assert "degrees of freedom" not in found.text


@pytest.mark.parametrize("name", FITS)
def test_errors_that_are_not_clustered_are_refused(name):
    times = episodes()
    with pytest.raises(RuleError, match="needs errors by cluster") as refusal:
        FITS[name](times, small_sample=True, cluster=None)
    assert "taken as independent, though person_id repeats" in str(refusal.value)
    assert 'cluster="person_id"' in str(refusal.value)


@pytest.mark.parametrize("name", [name for name in FITS if name != "recurrent_cox"])
def test_rows_without_a_person_that_repeats_are_refused(name):
    """Weights make errors robust, but by row: there are no clusters to count."""
    without = episodes().drop(columns="person_id")
    for times in (without, without.assign(person_id=range(len(without)))):
        with pytest.raises(RuleError, match="needs errors by cluster") as refusal:
            FITS[name](times, small_sample=True)
        assert "36 rows, each by itself" in str(refusal.value)


def test_ids_of_recurrent_events_are_the_clusters_where_nothing_else_is():
    times = episodes().drop(columns="person_id")
    plain = FITS["recurrent_cox"](times)
    found = FITS["recurrent_cox"](times, small_sample=True)
    np.testing.assert_allclose(found.table["se"], plain.table["se"] * np.sqrt(36 / 35), rtol=1e-12)
    assert "t with 35 degrees of freedom" in found.text


@pytest.mark.parametrize("name", FITS)
def test_what_is_neither_true_nor_false_is_refused(name):
    for value in ("yes", 1, None):
        with pytest.raises(RuleError, match="small_sample is True or False"):
            FITS[name](episodes(), small_sample=value)


@pytest.mark.parametrize("name", FITS)
def test_the_text_says_what_was_done_and_what_could_be(name):
    few = episodes(30)
    plain, found = FITS[name](few), FITS[name](few, small_sample=True)
    assert (
        "With fewer than 50 clusters robust errors are too small; small_sample=True corrects them "
        "in part." in plain.text
    )
    assert (
        "in 30 clusters. Variances with the factor G/(G-1) = 30/29, limits and p-values by t with "
        "29 degrees of freedom. With fewer than 50 clusters limits can still be too narrow."
        in found.text
    )
    assert found.small_sample
    many = FITS[name](episodes(60), small_sample=True).text
    assert "t with 59 degrees of freedom" in many
    assert "fewer than" not in many


def test_estimates_without_the_option_do_not_name_it():
    few = episodes(30)
    for text in (survival_curves(few, by="track").text, compare_survival(few, "track").text):
        assert "With fewer than 50 clusters robust errors are too small." in text
        assert "small_sample" not in text


def test_a_truth_value_of_numpy_is_read():
    options: dict[str, Any] = {"small_sample": np.bool_(True)}
    assert cox(episodes(), "age", **options).small_sample is True
