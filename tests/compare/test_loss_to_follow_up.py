"""What may have become of those who left: by hand, against known curves, by simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.compare.loss_to_follow_up.after_leaving import LeavingDays
from iop_outcomes.errors import EstimateError, RuleError

INFINITE = float("inf")


def made(seed: int, people: int = 240, last: float = 60.0, late: bool = False) -> pd.DataFrame:
    """Times of two tracks in which leaving, the end of the records and the event compete."""
    rng = np.random.default_rng(seed)
    ways = np.ceil(rng.exponential([50.0, 70.0, 90.0], (people, 3)))
    ways[:, 2] = np.minimum(ways[:, 2], last)
    kind = ways.argmin(axis=1)
    days = ways.min(axis=1)
    frame = pd.DataFrame(
        {
            "person_id": [f"p{number}" for number in range(people)],
            "days": days,
            "event": kind == 0,
            "left": kind == 1,
            "track": np.where(np.arange(people) % 2, "evening", "day"),
        }
    )
    if late:
        frame["entry"] = np.where(days > 12, rng.integers(0, 9, people), 0)
    return frame


def found_of(frame: pd.DataFrame, day: float = 30, **options: Any) -> iop.TippingPoint:
    return iop.tipping_point(frame, "track", day, left="left", resamples=100, **options)


@pytest.mark.parametrize("late", [False, True])
def test_delta_1_is_the_curve_and_an_infinite_one_that_with_leaving_as_the_event(
    late: bool,
) -> None:
    frame = made(1, late=late)
    result = found_of(frame).curves.set_index(["delta", "group"])["survival"]
    plain = iop.survival_curves(frame, by="track").at(30).set_index("track")["survival"]
    worst = frame.assign(event=frame["event"] | frame["left"])
    lowest = iop.survival_curves(worst, by="track").at(30).set_index("track")["survival"]
    for track in ("day", "evening"):
        assert result[1.0, track] == pytest.approx(plain[track], abs=1e-12)
        assert result[INFINITE, track] == pytest.approx(lowest[track], abs=1e-12)


def test_delta_0_is_the_incidence_with_leaving_as_a_competing_end() -> None:
    frame = made(2)
    result = found_of(frame).curves.set_index(["delta", "group"])["survival"]
    ended = np.where(frame["event"], "use", np.where(frame["left"], "left", "records end"))
    causes = {"end": "ended_by", "causes": ["use", "left"]}
    incidence = iop.cumulative_incidence(frame.assign(ended_by=ended), "track", **causes).at(30)
    own = incidence[incidence["cause"] == "use"].set_index("track")["incidence"]
    for track in ("day", "evening"):
        assert result[0.0, track] == pytest.approx(1 - own[track], abs=1e-12)


def test_six_people_by_hand() -> None:
    """Six at risk: event on day 1, one leaves on day 2, events on days 3 and 5, the others to 6.

    In follow-up: 5/6 after day 1, times 4/5 on day 2, 3/4 on day 3, 2/3 on day 5: 1/3. Left: 1/6
    on day 2, times (3/4)^2 on day 3 and (2/3)^2 on day 5 with delta 2: 1/24.
    """
    frame = pd.DataFrame(
        {
            "days": [1, 2, 3, 5, 6, 6] * 2,
            "event": [1, 0, 1, 1, 0, 0] * 2,
            "left": [0, 1, 0, 0, 0, 0] * 2,
            "track": ["a"] * 6 + ["b"] * 6,
        }
    )
    result = found_of(frame, 6, deltas=[2]).curves.query("group == 'a'").set_index("delta")
    assert result["survival"][2.0] == pytest.approx(1 / 3 + 1 / 24, abs=1e-12)
    assert result["survival"][1.0] == pytest.approx(1 / 3 + 1 / 12, abs=1e-12)


def test_leaving_on_the_day_of_an_event_comes_after_it() -> None:
    """Four at risk on day 1, one event, one leaves: 1/2 in follow-up, 1/4 left."""
    days = LeavingDays.of(
        np.zeros(4),
        np.array([1.0, 1.0, 2.0, 2.0]),
        np.array([True, False, False, False]),
        np.array([False, True, False, False]),
        2.0,
    )
    assert days.survival(np.ones(4), np.array([0.0, 1.0, 5.0, INFINITE])) == pytest.approx(
        [0.75, 0.75, 0.75, 0.5]
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 8.0))
def test_it_is_what_very_many_imputations_would_give(seed: int, delta: float) -> None:
    """A plain slow version: each who left is followed on by the hazard of each later day."""
    frame = made(seed, people=30)
    days, event, left = (frame[name].to_numpy() for name in ("days", "event", "left"))
    day = float(np.quantile(days, 0.7))
    inside, outside = 1.0, 0.0
    for one in sorted(set(days[(event | left) & (days <= day)])):
        n = (days >= one).sum()
        d = (event & (days == one)).sum()
        leave = (left & (days == one)).sum()
        outside *= (1 - d / n) ** delta
        outside += inside * (1 - d / n) * (leave / (n - d) if n > d else 0.0)
        inside *= (1 - d / n) * (1 - (leave / (n - d) if n > d else 0.0))
    result = LeavingDays.of(np.zeros(30), days, event, left, day)
    assert result.survival(np.ones(30), np.array([delta]))[0] == pytest.approx(inside + outside)


def test_a_known_hazard_after_leaving_is_recovered() -> None:
    """Those who leave have three times the hazard from then on: delta 3 gives the true curve."""
    rng = np.random.default_rng(5)
    people = 40_000
    leave = rng.exponential(40.0, people)
    before = rng.exponential(60.0, people)
    after = leave + rng.exponential(20.0, people)
    true = np.where(before <= leave, before, after)
    seen = before <= leave
    frame = pd.DataFrame(
        {
            "days": np.minimum(np.ceil(np.where(seen, before, leave) * 4) / 4, 50.0),
            "event": seen & (before <= 50),
            "left": ~seen & (leave <= 50),
            "track": np.where(np.arange(people) % 2, "a", "b"),
        }
    )
    rows = [LeavingDays.of(*_columns(frame), 45.0)]
    result = rows[0].survival(np.ones(people), np.array([1.0, 3.0]))
    truth = float((true > 45).mean())
    assert result[1] == pytest.approx(truth, abs=0.012)
    assert result[0] > truth + 0.05  # as if leaving were independent


def _columns(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    return (
        np.zeros(len(frame)),
        frame["days"].to_numpy(),
        frame["event"].to_numpy(),
        frame["left"].to_numpy(),
    )


def test_the_tipping_delta_lies_where_the_limits_of_the_table_change_sides() -> None:
    frame = made(3, people=400)
    # a large difference: half the events of the evening track never happened
    keep = (frame["track"] == "evening") & frame["event"] & (frame.index % 4 == 1)
    frame.loc[keep, ["days", "event"]] = [60.0, False]
    result = found_of(frame)
    row = result.tipping.query("applied_to == 'group'").iloc[0]
    point = float(row["tipping_delta"])
    assert 1 < point < INFINITE
    near = found_of(frame, deltas=[0.98 * point, 1.02 * point]).table
    own = near.query("delta_reference == 1 and delta > 1.0").sort_values("delta")
    assert own["excludes_zero"].tolist() == [True, False]
    assert result.tipping["why"].isin(["", "the limits take in 0 at no delta of 1 or more"]).all()
    assert "if leaving does not change the hazard" in result.text
    assert result.text.count("percentage points (") == 3  # leaving changes nothing, none, all
    assert result.text.count("delta") >= 2


def test_nothing_tips_that_did_not_stand() -> None:
    frame = made(4, people=40)
    result = found_of(frame.assign(track=np.where(frame.index % 2, "a", "b")))
    assert result.tipping["tipping_delta"].isna().all()
    assert (
        result.tipping["why"] == "the limits take in 0 if leaving does not change the hazard"
    ).all()


def test_the_same_seed_gives_the_same_and_the_frame_is_not_changed() -> None:
    frame = made(6, people=80)
    kept = frame.copy()
    one, two = found_of(frame, seed=3), found_of(frame.iloc[::-1], seed=3)
    pd.testing.assert_frame_equal(frame, kept)
    assert one.curves["survival"].tolist() == pytest.approx(two.curves["survival"].tolist())
    again = found_of(frame, seed=3)
    pd.testing.assert_frame_equal(one.table, again.table)


def test_what_tipping_refuses() -> None:
    frame = made(7, people=80)
    with pytest.raises(RuleError, match="names the column"):
        iop.tipping_point(frame, "track", 30, left="gone", resamples=100)
    with pytest.raises(EstimateError, match="Nobody left"):
        found_of(frame.assign(left=False))
    with pytest.raises(EstimateError, match="True or False"):
        found_of(frame.assign(left="perhaps"))
    with pytest.raises(EstimateError, match="two groups"):
        found_of(frame.assign(track="day"))
    short = frame[(frame["track"] == "day") | (frame["days"] < 20)]
    with pytest.raises(EstimateError, match="in follow-up up to the day"):
        found_of(short.assign(event=short["event"] & (short["track"] == "day")), 50)
    for deltas in ([], [-1], ["2"], [float("nan")], "2", 2):
        with pytest.raises(RuleError, match="deltas"):
            found_of(frame, deltas=deltas)


def intervals_of(seed: int, people: int) -> tuple[pd.DataFrame, float]:
    """Weekly intervals: who misses sessions leaves more often, and uses sooner; and the truth."""
    rng = np.random.default_rng(seed)
    misses = rng.random(people) < 0.5
    use = np.ceil(rng.exponential(np.where(misses, 25.0, 80.0)))
    weeks = 8
    gone = rng.random((people, weeks)) < np.where(misses, 0.30, 0.05)[:, None]
    leave = np.where(gone.any(axis=1), 7.0 * (1 + gone.argmax(axis=1)), np.inf)
    days = np.minimum(np.minimum(use, leave), 7.0 * weeks)
    frame = pd.DataFrame(
        {
            "episode_id": np.arange(people),
            "days": days,
            "event": use <= days,
            "misses": misses.astype(float),
            "left": (leave < use) & (leave < 7.0 * weeks),
        }
    )
    return iop.start_stop(frame, every="week"), float((use > 42).mean())


def test_the_weights_make_up_for_leaving_that_depends_on_attendance() -> None:
    intervals, truth = intervals_of(1, 8_000)
    result = iop.remaining_weights(intervals, "C(interval) + misses", left="left")
    plain = iop.survival_curves(intervals, cluster="episode_id").at(42)["survival"].iloc[0]
    weighted = iop.survival_curves(
        result.frame, weights="remaining_weight", cluster="episode_id"
    ).at(42)
    assert plain > truth + 0.04
    assert weighted["survival"].iloc[0] == pytest.approx(truth, abs=0.015)
    assert weighted["lower"].iloc[0] < truth < weighted["upper"].iloc[0]


def test_a_saturated_model_gives_the_curves_of_the_strata_standardised() -> None:
    """Weights of a model with a probability of its own in each week and stratum.

    The weighted curve is then the mean of the strata's own curves, by their share at the start.
    """
    intervals, _ = intervals_of(2, 600)
    result = iop.remaining_weights(intervals, "C(interval) * misses", left="left", numerator=None)
    weighted = iop.survival_curves(result.frame, weights="remaining_weight").at(35)["survival"]
    own = iop.survival_curves(intervals, by="misses").at(35)["survival"].to_numpy()
    first = intervals[intervals["interval"] == 1]["misses"]
    share = np.array([(first == 0).mean(), (first == 1).mean()])
    assert weighted.iloc[0] == pytest.approx(float(own @ share), abs=1e-6)


def test_stabilised_weights_of_the_same_terms_are_one() -> None:
    intervals, _ = intervals_of(3, 300)
    weighted = iop.remaining_weights(
        intervals, "C(interval) + misses", left="left", numerator="C(interval) + misses"
    )
    assert weighted.frame["remaining_weight"].to_numpy() == pytest.approx(1.0)
    assert weighted.table["at_risk"].sum() == len(intervals)
    assert weighted.table["left"].sum() == intervals.groupby("episode_id")["left"].first().sum()


def test_weights_by_a_plain_loop_and_in_any_order_of_rows() -> None:
    intervals, _ = intervals_of(4, 200)
    weighted = iop.remaining_weights(intervals, "C(interval)", left="left", numerator=None)
    last = intervals.groupby("episode_id")["interval"].transform("max") == intervals["interval"]
    leaves = last & intervals["left"] & ~intervals["event"]
    model = intervals[~last | leaves].assign(stays=~leaves[~last | leaves])
    chance = model.groupby("interval")["stays"].mean()
    expected = [
        float(np.prod([1 / chance[week] for week in range(1, interval)]))
        for interval in intervals["interval"]
    ]
    assert weighted.frame["remaining_weight"].to_numpy() == pytest.approx(expected, rel=1e-6)
    mixed = intervals.sample(frac=1, random_state=1)
    again = iop.remaining_weights(mixed, "C(interval)", left="left", numerator=None).frame
    assert again["remaining_weight"].sort_index().to_numpy() == pytest.approx(
        weighted.frame["remaining_weight"].to_numpy()
    )
    cut = iop.remaining_weights(
        intervals, "C(interval) + misses", left="left", numerator=None, truncate=0.9
    )
    plain = iop.remaining_weights(intervals, "C(interval) + misses", left="left", numerator=None)
    assert (cut.frame["remaining_weight"] <= plain.frame["remaining_weight"] + 1e-12).all()
    assert cut.frame["remaining_weight"].max() <= plain.frame["remaining_weight"].max()


def test_what_the_weights_refuse() -> None:
    intervals, _ = intervals_of(5, 100)
    with pytest.raises(EstimateError, match="Nobody left"):
        iop.remaining_weights(intervals.assign(left=False), "C(interval)", left="left")
    with pytest.raises(RuleError, match="no column named interval"):
        iop.remaining_weights(intervals.drop(columns="interval"), "misses", left="left")
    gap = intervals[intervals["interval"] != 2]
    with pytest.raises(EstimateError, match="follow each other"):
        iop.remaining_weights(gap, "C(interval)", left="left")
    with pytest.raises(RuleError, match="quantile"):
        iop.remaining_weights(intervals, "misses", left="left", truncate=0.1)
    with pytest.raises(RuleError, match="name that is made here"):
        iop.remaining_weights(intervals.assign(remaining_weight=1.0), "misses", left="left")


def test_the_picture_has_a_cell_a_pair_of_deltas_and_says_which_side_of_zero() -> None:
    frame = made(3, people=400)
    result = found_of(frame, deltas=[0, 2, INFINITE])
    ax = iop.plot_tipping_point(result)
    written = {
        (int(text.get_position()[0]), int(text.get_position()[1])): text.get_text()
        for text in ax.texts
        if text.get_text()[:1] in "+-"
    }
    for row in result.table.to_dict("records"):
        steps = [0.0, 1.0, 2.0, INFINITE]
        place = (steps.index(row["delta_reference"]), steps.index(row["delta"]))
        assert written[place] == f"{100 * row['difference']:+.0f}"
    assert len(written) == 16
    hatched = [face for face in ax.patches if face.get_hatch()]
    assert len(hatched) == int((result.table["upper"] < 0).sum())
    assert "of 16 cells" in iop.alternative_text(ax)
    with pytest.raises(RuleError, match="at most 6 pairs"):
        iop.plot_tipping_point(
            iop.tipping_point(
                frame.assign(track=frame.index % 5), "track", 20, left="left", resamples=100
            )
        )
