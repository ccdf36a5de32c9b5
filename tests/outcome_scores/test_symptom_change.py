"""Change of scores from intake: by hand, slowly in another way, and against the truth."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import iop_outcomes as iop
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.outcome_scores.estimates import clustered_means
from iop_outcomes.outcome_scores.instruments import Change
from iop_outcomes.outcome_scores.moments import Answers

ROOT = Path(__file__).parents[2]


def made(rows: list[tuple[str, int, int]], left: dict[str, int], **more: Any) -> iop.Records:
    """Records with PHQ-9 totals (episode, day, total), and days to discharge."""
    names = sorted({name for name, _, _ in rows} | set(left))
    day = pd.Timestamp("2026-01-05")
    episodes = pd.DataFrame(
        {
            "episode_id": names,
            "person_id": [name[0] for name in names],
            "admit_date": str(day.date()),
            "discharge_date": [
                str((day + pd.Timedelta(days=left[name])).date()) if name in left else ""
                for name in names
            ],
            "discharge_reason": ["completed" if name in left else "" for name in names],
            **more,
        }
    )
    checkins = pd.DataFrame(
        {
            "episode_id": [name for name, _, _ in rows],
            "date": [str((day + pd.Timedelta(days=when)).date()) for _, when, _ in rows],
            "status": "completed",
            "phq9": [total for _, _, total in rows],
        }
    )
    return iop.read_records(episodes=episodes, checkins=checkins, as_of="2027-01-05")


ROWS = [
    *[("a", 0, 20), ("a", 28, 12), ("a", 56, 9), ("a", 200, 27)],  # 20 to 9
    *[("b", 3, 10), ("b", 60, 11)],  # 10 to 11
    *[("c", 0, 8)],  # no later score
    *[("d", 20, 14), ("d", 40, 3)],  # the first is too late for intake
    *[("e", 0, 6), ("e", 65, 12), ("e", 79, 1)],  # 65 is after the discharge, 79 is too late
    *[("f", 0, 4), ("f", 30, 0)],  # still open
]
LEFT = {"a": 60, "b": 60, "c": 60, "d": 60, "e": 60}


def test_pairs_by_hand() -> None:
    result = iop.symptom_change(made(ROWS, LEFT), "phq9")
    row = result.table.iloc[0]
    assert row[["episodes", "with_intake", "paired"]].tolist() == [5, 4, 3]
    assert row["intake_mean"] == 12
    assert row["last_mean"] == pytest.approx((9 + 11 + 12) / 3)
    changes = [-11, 1, 6]
    assert row["change"] == pytest.approx(np.mean(changes))
    low, high = stats.t.interval(0.95, 2, np.mean(changes), stats.sem(changes))
    assert (row["lower"], row["upper"]) == pytest.approx((low, high))
    assert row["intake_mean_unpaired"] == 8
    assert row["days_between"] == pytest.approx((56 + 57 + 65) / 3)
    shares = result.shares.set_index("rule")
    assert shares.loc["5_points", ["better", "same", "worse"]].tolist() == [1, 1, 1]
    assert shares.loc["5_points", ["better_if_none", "better_if_all"]].tolist() == [0.25, 0.5]
    assert shares.loc["below_10", ["better", "same", "worse"]].tolist() == [1, 1, 1]
    assert shares.loc["below_5", ["better", "same", "worse"]].tolist() == [0, 3, 0]
    assert shares.loc["any_change", ["better", "same", "worse"]].tolist() == [1, 0, 2]
    assert "3 of 5 episodes" in result.text


def test_a_day_counts_those_followed_that_long() -> None:
    result = iop.symptom_change(made(ROWS, LEFT), "phq9", at=60, window=5)
    assert result.table.iloc[0][["episodes", "paired"]].tolist() == [6, 3]  # a 56, b 60, e 65
    assert result.table.iloc[0]["change"] == pytest.approx((-11 + 1 + 6) / 3)
    far = iop.symptom_change(made(ROWS, LEFT), "phq9", at=300, window=5).table.iloc[0]
    assert far["paired"] == 0
    assert np.isnan(far["change"])
    assert far["not_known"] == "nobody has both scores"
    with pytest.raises(EstimateError, match="Nobody can have an answer at day 400"):
        iop.symptom_change(made(ROWS, LEFT), "phq9", at=400)


def test_regression_to_the_mean_by_hand() -> None:
    result = iop.symptom_change(
        made(ROWS, LEFT), "phq9", reliability=0.8, population_mean=3.0
    ).by_intake.set_index("band")
    assert result["paired"].to_dict() == {
        "minimal": 0,
        "mild": 1,
        "moderate": 1,
        "moderately severe": 0,
        "severe": 1,
    }
    assert result.loc["severe", "by_regression_alone"] == pytest.approx(-0.2 * (20 - 3))
    assert result.loc["mild", "change"] == 6


def test_the_reliable_change_index_by_hand() -> None:
    result = iop.symptom_change(made(ROWS, LEFT), "phq9", reliability=0.8)
    spread = np.std([20, 10, 8, 6], ddof=1)
    rule = result.shares.set_index("rule").loc["reliable_change"]
    assert 1.96 * np.sqrt(2 * 0.2) * spread == pytest.approx(7.708, abs=0.001)
    assert rule[["better", "worse"]].tolist() == [1, 0]
    with pytest.raises(RuleError, match="from 0 to below 1"):
        iop.symptom_change(made(ROWS, LEFT), "phq9", reliability=1)


def test_rules_of_change_at_their_limits() -> None:
    first, last = [10.0, 10.0, 10.0, 0.0], [5.0, 15.0, 10.0, 0.0]
    for kind, amount in (("points", 5), ("percent", 50), ("cross", 10)):
        better, worse, counted = Change("r", kind, amount, "s").judge(first, last, "lower")  # type: ignore[arg-type]
        assert better.tolist() == [True, False, False, False]
        assert worse.tolist() == [False, kind != "cross", False, False]
        assert counted.tolist() == [True, True, True, kind != "percent"]
    better, worse, _ = Change("r", "cross", 47, "s").judge([46, 47], [47, 46], "higher")
    assert (better.tolist(), worse.tolist()) == ([True, False], [False, True])


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=8))
def test_limits_of_one_value_a_person_are_students(values: list[float]) -> None:
    result = clustered_means(
        np.array(values), np.arange(len(values)), np.zeros(len(values), dtype=int), 1, 0.9
    )
    half = stats.t.ppf(0.95, len(values) - 1) * stats.sem(values)
    assert result.upper[0] - result.mean[0] == pytest.approx(half, abs=1e-9)


def test_two_episodes_of_a_person_are_not_two_people() -> None:
    pairs = [(f"{who}{n}", 0, 15) for who in "abcd" for n in "12"]
    later = [(name, 40, 15 - 2 * place // 2) for place, (name, _, _) in enumerate(pairs)]
    twice = made(pairs + later, dict.fromkeys([name for name, _, _ in pairs], 50))
    assert twice.episodes["person_id"].nunique() == 4
    alone = twice.episodes.drop(columns="person_id")
    wide = iop.symptom_change(twice, "phq9").table.iloc[0]
    apart = iop.read_records(
        episodes=alone[["episode_id", "admit_date", "discharge_date", "discharge_reason"]],
        checkins=twice.checkins[["episode_id", "date", "status", "phq9"]],
        as_of="2027-01-05",
    )
    narrow = iop.symptom_change(apart, "phq9").table.iloc[0]
    assert wide["change"] == narrow["change"]
    assert wide["upper"] - wide["lower"] > narrow["upper"] - narrow["lower"]


# Slopes: a slow twin ----------------------------------------------------------------------------


def slow_slope(frame: pd.DataFrame) -> float:
    """Least squares with a column for each episode."""
    dummies = pd.get_dummies(frame["episode_id"].astype(str)).to_numpy(dtype=float)
    design = np.column_stack([frame["day"] / 30, dummies])
    solution = np.linalg.lstsq(design, frame["score"].to_numpy(), rcond=None)[0]
    return float(solution[0])


@cache
def sample() -> iop.Records:
    return iop.read_records(ROOT / "data" / "samples")


def test_slopes_and_their_errors_by_leaving_people_out() -> None:
    records = sample().where(program="Old Mill")
    result = iop.symptom_change(records, "gad7", through=100).slopes.iloc[0]
    scores = iop.instrument_scores(records, "gad7")
    scores = scores[scores["day"].between(-14, 100) & scores["score"].notna()]
    number = scores.groupby("episode_id", observed=True)["day"].transform("size")
    used = scores[number >= 2]
    whole = slow_slope(used)
    people = used["person_id"].unique()
    without = np.array([slow_slope(used[used["person_id"] != one]) for one in people])
    assert result["scores"] == len(used)
    assert result["slope"] == pytest.approx(whole)
    assert result["se"] == pytest.approx(np.sqrt(((without - whole) ** 2).sum()))
    half = stats.t.ppf(0.975, len(people) - 1) * result["se"]
    assert result["upper"] == pytest.approx(whole + half)


# Groups, order, moments -------------------------------------------------------------------------


def test_groups_add_up_and_a_missing_group_follows_its_option() -> None:
    whole = iop.symptom_change(sample(), "phq9")
    parts = iop.symptom_change(sample(), "phq9", by=["program", "track"])
    counts = ["episodes", "with_intake", "paired"]
    assert parts.table[counts].sum().tolist() == whole.table[counts].iloc[0].tolist()
    for name in ("better", "same", "worse"):
        assert parts.shares.groupby("rule")[name].sum().to_dict() == (
            whole.shares.set_index("rule")[name].to_dict()
        )
    some = made(ROWS, LEFT, track=["x", "x", "y", "y", "", "x"])
    assert iop.symptom_change(some, "phq9", by="track").table["track"].tolist()[-1] == (
        "not recorded"
    )
    out = iop.symptom_change(some, "phq9", by="track", missing_group="leave_out")
    assert "1 episode without a value of track left out." in out.rule
    with pytest.raises(EstimateError):
        iop.symptom_change(some, "phq9", by="track", missing_group="refuse")


@given(st.randoms(use_true_random=False))
def test_the_order_of_answers_changes_nothing(random: Any) -> None:
    rows = [(e, d, float(v)) for e in range(3) for d in (0, 0, 7, 9) for v in (1, 5)]
    random.shuffle(rows)
    e, d, v = (np.array(part) for part in zip(*rows, strict=True))
    answers = Answers.of(e, d, v)
    assert answers.episode.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert answers.day.tolist() == [0, 7, 9] * 3
    assert answers.value.tolist() == [3.0] * 9


def test_options_that_are_none() -> None:
    for option, message in (
        ({"at": "end"}, "at discharge, or at a day"),
        ({"at": 0}, "at discharge, or at a day"),
        ({"window": -1}, "window"),
        ({"scales": "sum"}, "no scale of that name"),
        ({"scales": []}, "At least one scale"),
        ({"missing": "mean"}, "complete, prorate"),
        ({"population_mean": "3"}, "is a number"),
        ({"population_mean": float("nan")}, "is a number"),
        ({"every": 3}, "at least 7"),
        ({"through": 10**9}, "at most 3,660 days"),
        ({"scales": 3}, "a name or a list of names"),
        ({"items": "phq9"}, "a dict whose keys are texts"),
    ):
        with pytest.raises(RuleError, match=message):
            iop.symptom_change(made(ROWS, LEFT), "phq9", **option)  # type: ignore[arg-type]


# The truth of the sample -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large() -> iop.SymptomChange:
    """Of the samples' model: 12 - 5 (1 - exp(-week / 6)) + 3 used + 4 mood + 2 noise, rounded."""
    sample = iop.synthetic_records(seed=3, people=2500)
    records = iop.read_records(episodes=sample.episodes, checkins=sample.checkins)
    return iop.symptom_change(records, "phq9", at=84, window=3, reliability=20 / 24)


def test_the_fall_of_the_model_is_found(large: iop.SymptomChange) -> None:
    """-5 (1 - exp(-2)) = -4.3, and 3 more for those who used; nobody used before admission."""
    row = large.table.iloc[0]
    assert -4.4 < row["change"] < -3.2
    at_84 = large.trajectory.set_index("day").loc[84]
    assert at_84["change"] == pytest.approx(row["change"], abs=0.05)


def test_bands_at_intake_differ_by_regression_to_the_mean_alone(large: iop.SymptomChange) -> None:
    """mood is kept and noise is not: the correlation without a change is 20 / 24."""
    rows = large.by_intake.set_index("band").loc[["moderate", "moderately severe", "severe"]]
    overall = large.table["change"].iloc[0]
    off = rows["change"] - overall - rows["by_regression_alone"]
    assert off.abs().max() < 0.6
    assert (rows["by_regression_alone"].diff().dropna() < -0.5).all()
