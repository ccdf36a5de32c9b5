"""The study of adjusted comparisons, with a handful of programs: its truth, and what it counts."""

from __future__ import annotations

import numpy as np
import pytest

from validation import adjusted
from validation.adjusted_setting import DAY, EFFECT, OPIOIDS, RATE, SETTINGS, SEVERITY, draw, truth


def test_the_truth_is_the_integral_over_people() -> None:
    # By Gauss and Hermite's rule over the normal severity, and the two shares of opioids.
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    share = np.outer(weights / weights.sum(), [0.6, 0.4])
    curves = []
    for effect in (0.0, EFFECT):
        rate = RATE * np.exp(SEVERITY * nodes[:, None] + OPIOIDS * np.array([0, 1]) + effect)
        curves.append([float((share * np.exp(-rate * day)).sum()) for day in range(DAY + 1)])
    day, evening = np.array(curves)
    result = truth(people=100_000)
    assert result["survival"] == pytest.approx(evening[-1] - day[-1], abs=2e-3)
    assert result["restricted_mean"] == pytest.approx((evening - day)[:-1].sum(), abs=0.1)


def test_who_is_worse_is_more_often_in_the_evening_track() -> None:
    frame = draw(SETTINGS[0], np.random.default_rng(3))
    worse = frame.groupby("track")[["severity", "opioids"]].mean()
    assert (worse.loc["evening"] > worse.loc["day"]).all()
    assert len(frame) == SETTINGS[0].people


def test_coverage_and_bias_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adjusted, "RESAMPLED", 0.0)  # which takes most of the time
    drawn = adjusted.run(SETTINGS[0], 2, seed=5)
    true = {"survival": 0.1, "restricted_mean": 8.0}
    result = adjusted.summary(drawn, true).set_index(["method", "limits", "measure"])
    own = drawn[(drawn["method"] == "augmented") & (drawn["measure"] == "survival")]
    row = result.loc[("augmented", "closed form", "survival")]
    assert row["programs"] == 2
    assert row["bias"] == pytest.approx(own["difference"].mean() - 0.1)
    covered = ((own["lower"] <= 0.1) & (own["upper"] >= 0.1)).mean()
    assert row["coverage"] == covered
    page = adjusted.as_table(adjusted.summary(drawn, true), SETTINGS[0])
    assert page.count("\n") == 1 + 8
    assert "| no adjustment |" in page
