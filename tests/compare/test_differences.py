"""Differences between groups: published numbers, fractions by hand, and numerical derivatives."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.compare.differences.result import corrected
from iop_outcomes.errors import EstimateError, RuleError

UIS = Path(__file__).parents[3] / "shared" / "data" / "uis.csv"
needs_uis = pytest.mark.skipif(
    not UIS.is_file(), reason="../shared/data/uis.csv is not here: it is not part of the project"
)
SMALL = pd.DataFrame(
    {
        "days": [3, 5, 7, 9, 4, 8, 10, 12],
        "event": [1, 1, 1, 1, 1, 0, 1, 0],
        "track": ["day"] * 4 + ["evening"] * 4,
    }
)
Z = 1.959963984540054


def made(seed: int, people: int = 16, rows: int = 60) -> pd.DataFrame:
    """Times of people with several rows each, some in both groups, with weights and strata."""
    random = np.random.default_rng(seed)
    who = np.append(np.arange(people), random.integers(0, people, rows - people))
    day = random.integers(1, 15, rows).astype(float)
    return pd.DataFrame(
        {
            "days": day + 1,
            "event": random.random(rows) < 0.6,
            "entry": np.where(random.random(rows) < 0.2, np.minimum(day - 1, 2), 0),
            "track": np.where(np.arange(rows) % 3 == 0, "evening", "day"),
            "program": np.where(random.random(rows) < 0.5, "north", "south"),
            "person_id": who,
            "weight": random.uniform(0.5, 2, rows),
            "ended_by": random.choice(["relapse", "died"], rows),
        }
    ).assign(ended_by=lambda frame: frame["ended_by"].where(frame["event"], "censored"))


# Published and by hand ---------------------------------------------------------------------------


@needs_uis
def test_the_restricted_means_of_uis_are_those_of_survrm2() -> None:
    uis = pd.read_csv(UIS).rename(columns={"time": "days", "censor": "event"})
    row = iop.restricted_mean_difference(uis, "treat", 365).table.iloc[0]
    assert [row["group"], row["reference"]] == ["1", "0"]
    assert row["estimate"] == pytest.approx(206.8344, abs=5e-5)
    assert row["estimate_reference"] == pytest.approx(172.8438, abs=5e-5)
    assert row["difference"] == pytest.approx(33.9907, abs=5e-5)
    assert row["se"] == pytest.approx(10.1909, abs=5e-5)
    assert row["p_value"] == pytest.approx(0.00085, abs=5e-6)
    at = iop.survival_difference(uis, "treat", 180).table.iloc[0]
    assert at["difference"] == pytest.approx(0.532468 - 0.403125, abs=1e-6)
    medians = iop.median_difference(uis, "treat", resamples=200).table.iloc[0]
    assert [medians["estimate"], medians["estimate_reference"]] == [192.0, 131.5]


def test_a_difference_of_shares_by_hand() -> None:
    # By day 7 three of four on the one hand; 1 - 1/4 with all at risk on the other.
    difference = iop.survival_difference(SMALL, "track", day=7)
    row = difference.table.iloc[0]
    assert (row["estimate"], row["estimate_reference"]) == (0.75, 0.25)
    error = sqrt(0.75 * 0.25 / 4 + 0.25 * 0.75 / 4)  # without censoring, binomial
    assert row["se"] == pytest.approx(error)
    assert [row["lower"], row["upper"]] == pytest.approx([0.5 - Z * error, 0.5 + Z * error])
    assert difference.groups["n"].tolist() == [4, 4]
    assert difference.groups["events"].tolist() == [4, 2]
    assert difference.groups["se"].tolist() == pytest.approx([sqrt(3) / 8] * 2)
    assert difference.text.startswith(
        "Difference in the proportion without the event at day 7, by track: evening 75.0% less day "
        "25.0%: 50.0 percentage points (95% limits -10.0 to 110.0, p = 0.1). "
    )


def test_restricted_means_and_their_ratios_by_hand() -> None:
    row = iop.restricted_mean_difference(SMALL, "track", 7).table.iloc[0]
    # day: 3 + 2 (3/4) + 2 (2/4); evening: 4 + 3 (3/4)
    assert (row["estimate"], row["estimate_reference"]) == (6.25, 5.5)
    # Of four times min(T, 7), without censoring: their variance over four, twice.
    one, two = np.var([4, 7, 7, 7]) / 4, np.var([3, 5, 7, 7]) / 4
    assert row["se"] == pytest.approx(sqrt(one + two))
    spread = sqrt(one / 6.25**2 + two / 5.5**2)
    assert row["ratio"] == pytest.approx(6.25 / 5.5)
    assert row["ratio_lower"] == pytest.approx(exp(log(6.25 / 5.5) - Z * spread))
    lost = sqrt(one / 0.75**2 + two / 1.5**2)
    assert row["lost_ratio"] == pytest.approx(0.5)
    assert row["lost_ratio_upper"] == pytest.approx(exp(log(0.5) + Z * lost))


def test_incidences_by_hand() -> None:
    ends = ["relapse", "relapse", "died", "relapse", "died", "relapse", "died", "relapse"]
    times = SMALL.assign(ended_by=ends, event=1)
    difference = iop.incidence_difference(times, "track", 8, causes=["relapse", "died"])
    table = difference.table.set_index("cause")
    # Without censoring the shares of four, with binomial errors.
    assert table.loc["relapse", "difference"] == pytest.approx(1 / 4 - 2 / 4)
    assert table.loc["relapse", "se"] == pytest.approx(sqrt(3 / 16 / 4 + 1 / 4 / 4))
    assert table.loc["died", "difference"] == pytest.approx(0)
    assert difference.groups[["track", "cause", "n", "events"]].values.tolist() == [
        ["day", "relapse", 4, 3],
        ["evening", "relapse", 4, 2],
        ["day", "died", 4, 1],
        ["evening", "died", 4, 2],
    ]


def test_standardised_to_strata_by_hand() -> None:
    frame = pd.concat([SMALL.assign(site="a"), SMALL.assign(site="b", days=SMALL["days"] + 2)])
    frame = pd.concat([frame, frame[frame["site"] == "b"]])  # a third in a, two thirds in b
    row = iop.survival_difference(frame, "track", 7, strata="site").table.iloc[0]
    assert row["estimate"] == pytest.approx(1 / 3 * 3 / 4 + 2 / 3 * 3 / 4)
    assert row["estimate_reference"] == pytest.approx(1 / 3 * 1 / 4 + 2 / 3 * 2 / 4)
    one = 1 / 9 * 3 / 64 + 4 / 9 * 3 / 128
    two = 1 / 9 * 3 / 64 + 4 / 9 * 1 / 32
    assert row["se"] == pytest.approx(sqrt(one + two))


def test_p_values_are_corrected_as_holm_says() -> None:
    # R: p.adjust(c(0.01, 0.02, 0.03, 0.5), "holm"), and with a missing one
    assert corrected([0.01, 0.02, 0.03, 0.5], "holm").tolist() == [0.04, 0.06, 0.06, 0.5]
    assert corrected([0.5, 0.01, np.nan], "holm")[:2].tolist() == [0.5, 0.02]
    assert corrected([0.4, 0.01], "bonferroni").tolist() == [0.8, 0.02]
    assert corrected([0.4, 0.01], "none").tolist() == [0.4, 0.01]


# Clusters ----------------------------------------------------------------------------------------


def by_derivative(
    frame: pd.DataFrame, estimate: Callable[[pd.DataFrame], pd.DataFrame]
) -> np.ndarray[Any, Any]:
    """Return the errors of differences from what a little more weight of each person changes."""
    small, squares = 1e-5, 0.0
    for person in frame["person_id"].unique():
        moved = []
        for sign in (1, -1):
            factor = np.where(frame["person_id"] == person, 1 + sign * small, 1.0)
            moved.append(estimate(frame.assign(weight=frame["weight"] * factor)))
        change = (moved[0]["difference"] - moved[1]["difference"]).to_numpy() / (2 * small)
        squares = squares + change**2
    return np.sqrt(squares)


@pytest.mark.parametrize(("seed", "strata"), [(2, None), (3, "program")])
def test_errors_with_people_in_both_groups_are_the_jackknife_s(
    seed: int, strata: str | None
) -> None:
    frame = made(seed)
    options: dict[str, Any] = {"weights": "weight", "correction": "none"}
    shares = frame.groupby(strata)["weight"].sum() if strata else None

    def plain(times: pd.DataFrame, ask: Callable[..., Any], day: float) -> pd.DataFrame:
        """Standardised to the shares of the strata as they were: these are taken as known."""
        if shares is None:
            return ask(times, "track", day, cluster=None, **options).table
        parts = [
            ask(times[times[strata] == name], "track", day, cluster=None, **options).table[
                ["difference"]
            ]
            * (share / shares.sum())
            for name, share in shares.items()
        ]
        return sum(parts[1:], parts[0])

    for ask, day in ((iop.survival_difference, 6), (iop.restricted_mean_difference, 6)):
        table = ask(frame, "track", day, strata=strata, **options).table
        expected = by_derivative(frame, lambda times: plain(times, ask, day))  # noqa: B023
        np.testing.assert_allclose(table["se"], expected, rtol=1e-5)


def weighted_incidence(times: pd.DataFrame, day: float) -> pd.DataFrame:
    """The incidence of each cause at the day by its definition, with weights, and differences."""
    rows = {}
    for track, part in times.groupby("track"):
        remaining, incidence = 1.0, dict.fromkeys(("relapse", "died"), 0.0)
        for now in sorted(part["days"].unique()):
            risk = part["weight"][(part["days"] >= now) & (part["entry"] < now)].sum()
            if now > day or not risk:
                break
            ended = {
                cause: part["weight"][(part["days"] == now) & (part["ended_by"] == cause)].sum()
                for cause in incidence
            }
            for cause, number in ended.items():
                incidence[cause] += remaining * number / risk
            remaining *= 1 - sum(ended.values()) / risk
        rows[track] = incidence
    table = pd.DataFrame(rows)
    return pd.DataFrame({"difference": table["evening"] - table["day"]})


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_errors_of_incidences_with_people_in_both_groups_are_the_jackknife_s(seed: int) -> None:
    frame = made(seed).assign(weight=1.0)
    causes = ["relapse", "died"]
    table = iop.incidence_difference(frame, "track", 8, causes=causes).table
    plain = weighted_incidence(frame, 8)
    np.testing.assert_allclose(table["difference"], plain["difference"])
    expected = by_derivative(frame, lambda times: weighted_incidence(times, 8))
    np.testing.assert_allclose(table["se"], expected, rtol=1e-5)


def test_copies_of_all_rows_as_rows_of_the_same_people_change_nothing() -> None:
    frame = made(6)
    causes = ["relapse", "died"]
    for ask in (
        lambda times: iop.survival_difference(times, "track", 6),
        lambda times: iop.restricted_mean_difference(times, "track", 6),
        lambda times: iop.incidence_difference(times, "track", 6, causes=causes),
        lambda times: iop.median_difference(times.assign(event=1), "track", resamples=200),
    ):
        one, two = ask(frame).table, ask(pd.concat([frame, frame])).table
        pd.testing.assert_frame_equal(one, two)


def test_a_person_in_both_groups_alike_has_no_part_in_the_error() -> None:
    # Everybody once in each group with the same time: the difference is 0 without doubt.
    people = SMALL.drop(columns="track").assign(person_id=range(8))
    frame = pd.concat([people.assign(track="day"), people.assign(track="evening")])
    row = iop.survival_difference(frame, "track", 7).table.iloc[0]
    assert row["difference"] == 0
    assert row["se"] == pytest.approx(0, abs=1e-12)
    assert iop.survival_difference(frame, "track", 7, cluster=None).table["se"].item() > 0.2


# What holds for all ------------------------------------------------------------------------------


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 10_000), day=st.integers(1, 8))
def test_row_order_scale_and_the_names_of_groups_do_not_matter(seed: int, day: int) -> None:
    frame = made(seed)
    difference = iop.restricted_mean_difference(frame, "track", day).table.iloc[0]
    mixed = frame.sample(frac=1, random_state=seed)
    other = mixed.assign(track=mixed["track"].map({"day": "z", "evening": "a"}))
    row = iop.restricted_mean_difference(other, "track", day).table.iloc[0]
    assert [row["difference"], row["se"]] == pytest.approx(
        [-difference["difference"], difference["se"]], nan_ok=True
    )
    hours = frame.assign(days=frame["days"] * 24, entry=frame["entry"] * 24)
    row = iop.restricted_mean_difference(hours, "track", day * 24).table.iloc[0]
    assert row["difference"] == pytest.approx(24 * difference["difference"])
    assert row["ratio_lower"] == pytest.approx(difference["ratio_lower"], nan_ok=True)


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 10_000))
def test_the_curves_say_the_same(seed: int) -> None:
    frame = made(seed).drop(columns=["person_id"])
    curves = iop.survival_curves(frame, by="track", weights="weight")
    at, mean = curves.at(6), curves.restricted_mean(6)
    difference = iop.survival_difference(frame, "track", 6, weights="weight")
    area = iop.restricted_mean_difference(frame, "track", 6, weights="weight")
    np.testing.assert_allclose(difference.groups["estimate"], at["survival"])
    np.testing.assert_allclose(difference.groups["se"], at["se"])
    np.testing.assert_allclose(area.groups["se"], mean["se"])
    # Missing where a group has no spread: nobody in it, or everybody, had the event.
    expected = float(np.hypot(*at["se"])) if (at["se"] > 0).all() else np.nan
    assert difference.table["se"].item() == pytest.approx(expected, nan_ok=True)


def plain_median(days: list[float], events: list[int], counts: list[int]) -> float:
    """The first day on which the curve is one half or less; the middle of a plateau at one half."""
    survival = 1.0
    half: float | None = None
    for now in sorted(set(days)):
        risk = sum(n for d, n in zip(days, counts, strict=True) if d >= now)
        ended = sum(n for d, e, n in zip(days, events, counts, strict=True) if d == now and e)
        if risk:
            survival *= 1 - ended / risk
        if half is not None and survival < 0.5 - 1e-9:
            return (half + now) / 2
        if half is None and abs(survival - 0.5) < 1e-9:
            half = now
        elif half is None and survival < 0.5:
            return now
    last = max((d for d, n in zip(days, counts, strict=True) if n), default=np.nan)
    return np.nan if half is None else (half + last) / 2


@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_the_medians_of_samples_are_those_of_the_plain_rule(data: st.DataObject) -> None:
    from iop_outcomes.compare.differences.median import _Medians
    from iop_outcomes.compare.differences.question import Question

    size = data.draw(st.integers(2, 9))
    whole = st.lists(st.integers(1, 6), min_size=2 * size, max_size=2 * size)
    days = data.draw(whole)
    events = data.draw(st.lists(st.integers(0, 1), min_size=2 * size, max_size=2 * size))
    counts = data.draw(st.lists(st.integers(0, 3), min_size=2 * size, max_size=2 * size))
    frame = pd.DataFrame({"days": days, "event": events, "track": ["a"] * size + ["b"] * size})
    question = Question.of(
        frame,
        "track",
        ("day", 0.0),
        columns=(None, None, None),
        reference=None,
        correction="none",
        missing_group="refuse",
        confidence=0.95,
    )
    result = _Medians(question).of(np.array([counts], dtype=float))[0]
    expected = [
        plain_median(days[own], events[own], counts[own])
        for own in (slice(0, size), slice(size, None))
    ]
    np.testing.assert_allclose(result, expected)


def test_the_bootstrap_is_seeded_and_near_the_exact_error() -> None:
    random = np.random.default_rng(8)
    frame = pd.DataFrame(
        {"days": random.exponential(10, 800), "event": 1, "track": ["a", "b"] * 400}
    )
    one = iop.median_difference(frame, "track", seed=1).table
    pd.testing.assert_frame_equal(one, iop.median_difference(frame, "track", seed=1).table)
    # The median of n exponential times with mean m: m / sqrt(n); a tenth of it for the simulation.
    assert one["se"].item() == pytest.approx(10 / 20 * sqrt(2), rel=0.2)


def test_limits_that_are_not_known_are_missing_and_why_is_said() -> None:
    frame = SMALL.assign(event=[1, 0, 0, 0, 1, 1, 1, 1], days=[3, 9, 9, 9, 4, 8, 10, 12])
    early = iop.survival_difference(frame, "track", 3).table.iloc[0]  # no event in the evening
    assert np.isnan([early["se"], early["lower"], early["p_value"], early["p_adjusted"]]).all()
    assert "no estimated error" in early["limits_missing"]
    assert "limits cannot be computed" in iop.survival_difference(frame, "track", 3).text
    low = pd.DataFrame({"days": [*range(1, 11)] * 2, "track": ["a"] * 10 + ["b"] * 10})
    low["event"] = [1] * 6 + [0] * 4 + [1] * 10
    row = iop.median_difference(low, "track", resamples=400).table.iloc[0]
    assert np.isnan(row["lower"])
    assert "not reached" in row["limits_missing"]


@pytest.mark.parametrize(
    ("frame", "options", "said"),
    [
        (SMALL.assign(track="day"), {}, "two groups"),
        (SMALL, {"reference": "night"}, "The reference is the name of a group"),
        (SMALL, {"day": 13}, "follow-up to it"),
        (SMALL, {"correction": "hochberg"}, "correction must be one of"),
        (SMALL, {"strata": "track"}, "one group of it only"),
        (SMALL.assign(site=list("aaaabbbb")), {"strata": "site"}, "every group in every stratum"),
        (SMALL, {"weights": "w"}, "no column named w"),
        (SMALL.assign(person_id=[1, 2] * 4), {}, "more clusters than groups"),
        (SMALL.rename(columns={"track": "n"}), {"by": "n"}, "cannot be named n"),
        (SMALL, {"day": [3, 4]}, "one number of days"),
        (SMALL, {"confidence": 95}, "between 0 and 1"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    frame: pd.DataFrame, options: dict[str, Any], said: str
) -> None:
    asked = {"by": "track", "day": 7, **options}
    with pytest.raises((EstimateError, RuleError), match=said):
        iop.survival_difference(frame, **asked)


def test_names_of_groups_are_in_no_error() -> None:
    with pytest.raises(EstimateError) as raised:
        iop.restricted_mean_difference(SMALL.replace("evening", "Ann Lee"), "track", 11)
    assert "Ann Lee" not in str(raised.value)
    assert "in place 1" in str(raised.value)


def test_three_groups_are_compared_in_pairs_or_with_one() -> None:
    frame = pd.concat([SMALL, SMALL.iloc[:4].assign(track="night", days=[6, 8, 10, 12])])
    difference = iop.survival_difference(frame, "track", 7)
    assert difference.table[["group", "reference"]].values.tolist() == [
        ["evening", "day"],
        ["night", "day"],
        ["night", "evening"],
    ]
    assert (difference.table["p_adjusted"] >= difference.table["p_value"]).all()
    with_one = iop.survival_difference(frame, "track", 7, reference="night")
    assert with_one.table["group"].tolist() == ["day", "evening"]
    assert "corrected for several pairs (Holm)" in difference.text
    assert repr(difference) == (
        "<Difference: difference in the proportion without the event at day 7, 3 groups>"
    )
