"""E-values, detectable differences and numbers needed: published numbers and fractions by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import iop_outcomes as iop
from iop_outcomes.errors import EstimateError, RuleError


def test_the_published_example() -> None:
    # VanderWeele and Ding 2017: risk ratio 3.9 (1.8 to 8.7), E-values 7.26 and 3.0.
    e_values = iop.e_value(3.9, 1.8, 8.7, measure="risk_ratio").table["e_value"]
    assert e_values.round(2).tolist() == [7.26, 3.0]


def test_a_ratio_below_one_is_its_inverse() -> None:
    above = iop.e_value(2.0, 1.25, 4.0, common=False).table
    below = iop.e_value(0.5, 0.25, 0.8, common=False).table
    assert above["e_value"].tolist() == pytest.approx(below["e_value"].tolist())
    assert below["ratio"].tolist() == [0.5, 0.8]
    # 2 + sqrt(2 x 1), 5/4 + sqrt(5/16).
    assert above["e_value"].tolist() == pytest.approx([2 + np.sqrt(2), 1.25 + np.sqrt(5) / 4])


def test_ratios_of_a_common_event_are_made_risk_ratios() -> None:
    # sqrt(4) = 2 and sqrt(1/4) = 1/2: (1 - 1/4) / (1 - 1/sqrt(2)).
    hazard = iop.e_value(4, common=True).table["risk_ratio"].iloc[0]
    assert hazard == pytest.approx(0.75 / (1 - 1 / np.sqrt(2)))
    assert iop.e_value(9, measure="odds_ratio", common=True).table["risk_ratio"].iloc[0] == 3
    inverse = iop.e_value(0.25, common=True).table
    assert inverse["risk_ratio"].iloc[0] == pytest.approx(1 / hazard)
    assert iop.e_value(4, common=False).table["risk_ratio"].iloc[0] == 4


def test_limits_that_include_one_need_nothing() -> None:
    e_values = iop.e_value(1.4, 0.9, 2.0, common=True)
    assert e_values.table.loc[1, ["ratio", "e_value"]].tolist() == [1.0, 1.0]
    assert "The limits include 1" in e_values.text
    assert iop.e_value(1.0, measure="risk_ratio").table["e_value"].tolist() == [1.0]


@pytest.mark.parametrize(
    ("given", "options", "wrong"),
    [
        ((2.0,), {}, "common has to be given"),
        ((-1.0,), {"common": True}, "numbers above 0"),
        ((np.nan,), {"common": True}, "numbers above 0"),
        ((2.0, 1.5), {"common": True}, "both, or neither"),
        ((2.0, 2.5, 3.0), {"common": True}, "within its limits"),
        ((2.0,), {"measure": "difference"}, "measure must be one of"),
        ((2.0,), {"common": "yes"}, "common has to be given"),
    ],
)
def test_what_has_no_e_value_is_refused(given: Any, options: Any, wrong: str) -> None:
    with pytest.raises(RuleError, match=wrong):
        iop.e_value(*given, **options)


@pytest.fixture(scope="module")
def times() -> pd.DataFrame:
    random = np.random.default_rng(2)
    frame = pd.DataFrame({"track": np.where(np.arange(400) % 4, "evening", "day")})
    time, end = np.ceil(random.exponential(80, 400)), random.integers(40, 200, 400)
    return frame.assign(days=np.minimum(time, end), event=time <= end)


def test_schoenfelds_numbers() -> None:
    # 4 (1.959964 + 0.841621)^2 / log(1.5)^2 = 190.95 events; for a ratio of 2, 65.3.
    half = iop.people_needed(1.5, survival=0.5)
    assert "191.0 events at least" in half.text
    assert "65.3 events at least" in iop.people_needed(2, survival=0.5).text
    # A ratio and its inverse need as many events.
    assert "65.3 events at least" in iop.people_needed(0.5, survival=0.5).text
    # 1 - 0.5 and 1 - 0.5^1.5 have the event, half of the people each.
    events = 4 * (norm.ppf(0.975) + norm.ppf(0.8)) ** 2 / np.log(1.5) ** 2
    people = events / ((0.5 + 1 - 0.5**1.5) / 2)
    assert half.table["people"].iloc[-1] == 2 * int(np.ceil(people / 2))


def test_what_makes_a_study_larger() -> None:
    def events(**options: Any) -> float:
        result = iop.people_needed(0.6, survival=0.4, **options)
        return float(result.rule.split(": ")[1].split(" events")[0].replace(",", ""))

    plain = events()
    assert events(share=0.25) == pytest.approx(plain * (1 / 4) / (3 / 16), rel=1e-3)
    assert events(explained=0.5) == pytest.approx(2 * plain, rel=1e-3)
    assert events(design_effect=1.5) == pytest.approx(1.5 * plain, rel=1e-3)
    assert events(power=0.9) > plain > events(confidence=0.9)
    assert events(power=0.5) == pytest.approx(4 * norm.ppf(0.975) ** 2 / np.log(0.6) ** 2, abs=0.05)


def test_a_study_of_the_size_needed_detects_what_it_was_planned_for() -> None:
    needed = iop.people_needed(0.6, survival=0.2).table
    size = int(needed["events"].iloc[-1])
    frame = pd.DataFrame({"days": np.arange(1, size + 1), "event": True})
    frame["track"] = np.where(frame.index % 2, "day", "evening")
    assert iop.detectable_difference(frame, "track").table["lower"].iloc[0] == pytest.approx(
        0.6, abs=0.01
    )


def test_detectable_differences_by_hand(times: pd.DataFrame) -> None:
    table = iop.detectable_difference(times, "track", day=60, power=0.9).table
    events = int(times["event"].sum())
    both = norm.ppf(0.975) + norm.ppf(0.9)
    ratio = table.set_index("measure").loc["hazard_ratio"]
    assert (ratio["n"], ratio["events"]) == (400, events)
    assert ratio["upper"] == pytest.approx(np.exp(both / np.sqrt(events * 3 / 16)))
    assert ratio["lower"] == pytest.approx(1 / ratio["upper"])
    for measure, function in (
        ("survival", iop.survival_difference),
        ("restricted_mean", iop.restricted_mean_difference),
    ):
        error = function(times, "track", 60).table["se"].iloc[0]  # type: ignore[operator]
        row = table.set_index("measure").loc[measure]
        assert row["upper"] == pytest.approx(both * error)
        assert row["lower"] == pytest.approx(-both * error)
    explained = iop.detectable_difference(times, "track", explained=0.75).table
    plain = iop.detectable_difference(times, "track").table
    assert explained["se"].iloc[0] == pytest.approx(2 * plain["se"].iloc[0])


def test_pairs_of_several_groups_are_answered_each(times: pd.DataFrame) -> None:
    frame = times.assign(site=np.array(["a", "b", "c"])[np.arange(400) % 3])
    result = iop.detectable_difference(frame, "site", reference="b", day=30)
    assert result.table["group"].tolist() == ["a", "c"] * 3
    quiet = frame.assign(event=frame["event"] & (frame["site"] != "a"))
    table = iop.detectable_difference(quiet, "site").table
    assert table["lower"].isna().tolist() == [True, True, False]
    assert "a group has no event" in iop.detectable_difference(quiet, "site").text


@pytest.mark.parametrize(
    ("options", "error", "wrong"),
    [
        ({"power": 0.3}, RuleError, "power is a probability"),
        ({"power": 1}, RuleError, "power is a probability"),
        ({"confidence": 2}, RuleError, "confidence level"),
        ({"explained": 1.0}, RuleError, "explained is a share"),
        ({"day": 5000}, EstimateError, "follow-up"),
        ({"by": []}, RuleError, "needs the column"),
        ({"by": "one"}, EstimateError, "two groups or more"),
    ],
)
def test_what_cannot_be_planned_is_refused(
    times: pd.DataFrame, options: Any, error: type, wrong: str
) -> None:
    with pytest.raises(error, match=wrong):
        iop.detectable_difference(times.assign(one=1), **{"by": "track", **options})


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"hazard_ratio": 1}, "and not 1"),
        ({"hazard_ratio": "0.7"}, "and not 1"),
        ({"survival": 1.0}, "survival is a share"),
        ({"share": 0}, "share is a share"),
        ({"design_effect": 0.5}, "design effect"),
        ({"explained": -0.1}, "explained is a share"),
    ],
)
def test_what_needs_no_study_is_refused(options: Any, wrong: str) -> None:
    with pytest.raises(RuleError, match=wrong):
        iop.people_needed(**{"hazard_ratio": 0.7, "survival": 0.4, **options})
