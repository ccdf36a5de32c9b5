"""Functioning from admission on: by hand, with its bounds, and against the truth of the sample."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.outcome_scores.moments import Answers

ROOT = Path(__file__).parents[2]
DAY = pd.Timestamp("2026-01-05")


def after(days: int) -> str:
    return str((DAY + pd.Timedelta(days=days)).date())


def made(
    answers: dict[str, dict[int, Any]],
    column: str = "employed",
    left: dict[str, tuple[int, str]] | None = None,
    **more: list[Any],
) -> iop.Records:
    """Records of episodes with answers by day, discharged on day 60 unless said otherwise."""
    ends = dict.fromkeys(answers, (60, "completed")) | (left or {})
    episodes = pd.DataFrame(
        {
            "episode_id": list(answers),
            "admit_date": after(0),
            "discharge_date": [after(ends[name][0]) for name in answers],
            "discharge_reason": [ends[name][1] for name in answers],
        }
    )
    rows = [(name, day, value) for name, of in answers.items() for day, value in of.items()]
    checkins = pd.DataFrame(
        {
            "episode_id": [name for name, _, _ in rows],
            "date": [after(day) for _, day, _ in rows],
            "status": "completed",
            column: [value for _, _, value in rows],
            **more,
        }
    )
    return iop.read_records(episodes=episodes, checkins=checkins, as_of="2027-01-05")


WORK = {
    "gained": {0: "no", 28: "no", 56: "yes"},
    "kept": {0: "yes", 70: "yes"},
    "lost": {3: "yes", 28: "yes", 60: "no", 100: "yes"},
    "never": {0: "no", 28: "no"},
    "silent": {0: "no"},
    "late": {28: "no", 56: "yes"},
}


def test_gained_kept_lost_never_by_hand() -> None:
    row = iop.functioning(made(WORK), domains="work_or_school").table.iloc[0]
    counts = ["episodes", "with_start", "paired", "gained", "kept", "lost", "never"]
    assert row[counts].tolist() == [6, 5, 4, 1, 1, 1, 1]
    assert row[["share_start", "share_end", "difference"]].tolist() == [0.5, 0.5, 0]
    assert row[["gained_share", "kept_share"]].tolist() == [0.5, 0.5]
    # two have it at discharge, and of one it is not known (late answered, silent did not)
    assert row[["lowest", "highest"]].tolist() == [3 / 6, 4 / 6]
    half = 3.182446 * np.sqrt(4 / 3 * 2) / 4  # t on 3 degrees of freedom; residuals 1, 0, -1, 0
    assert row["upper"] == pytest.approx(half, abs=1e-6)


def test_the_follow_up_is_the_nearest_answer() -> None:
    table = iop.functioning(made(WORK), domains="work_or_school", follow_up=90, window=25).table
    row = table.set_index("moment").loc["day 90"]
    assert row[["episodes", "paired", "kept"]].tolist() == [6, 2, 2]  # kept day 70, lost day 100


def test_work_or_school_needs_all_that_is_recorded_to_be_no() -> None:
    # in_school is asked in this export; where it is missing, no work alone says nothing
    records = made(
        {"a": {0: "no", 50: "no"}, "b": {0: "no", 50: "yes"}, "c": {0: "no", 50: "no"}},
        in_school=["no", "yes", "no", "", "", "no"],
    )
    row = iop.functioning(records, domains="work_or_school").table.iloc[0]
    assert row[["with_start", "paired", "gained", "never"]].tolist() == [2, 2, 2, 0]


def test_arrests_and_meetings_are_counts() -> None:
    records = made({"a": {0: 2, 50: 0}, "b": {0: 0, 50: 1}}, "arrests")
    row = iop.functioning(records, domains="no_arrests").table.iloc[0]
    assert row[["gained", "lost"]].tolist() == [1, 1]
    records = made({"a": {0: 2, 50: 0}, "b": {0: 0, 50: 1}}, "mutual_help_meetings")
    row = iop.functioning(records, domains="mutual_help").table.iloc[0]
    assert row[["gained", "lost"]].tolist() == [1, 1]


def test_scores_have_means_and_a_cut_of_ones_own() -> None:
    records = made({"a": {0: 40, 50: 80}, "b": {0: 70, 50: 60}}, "quality_of_life")
    result = iop.functioning(records, domains=["quality_of_life", "stable_housing"])
    first = result.table.iloc[0]
    assert first["not_known"] == "a score without a cut; see scores, or give cuts"
    assert np.isnan(first["share_end"])
    assert result.scores.iloc[0][["paired", "intake_mean", "change"]].tolist() == [2, 55, 15]
    assert "Stable housing (the check-ins hold nothing in stable_housing)" in result.text
    cut = iop.functioning(records, domains="quality_of_life", cuts={"quality_of_life": 65})
    assert cut.table.iloc[0][["gained", "lost"]].tolist() == [1, 1]
    barc = made({"a": {0: 46, 50: 47}}, "barc10")
    assert iop.functioning(barc, domains="recovery_capital").table["gained"].iloc[0] == 1


def test_two_answers_of_a_day_that_differ_are_no_answer() -> None:
    days, values = np.array([0, 0, 7, 7, 9]), np.array([1.0, 0.0, 1.0, 1.0, np.nan])
    answers = Answers.of(np.zeros(5, dtype=np.int64), days, values, state=True)
    assert (answers.day.tolist(), answers.value.tolist()) == ([7], [1.0])


def test_times_to_a_gain_and_what_competes() -> None:
    answers = {
        **WORK,
        "jail": {0: "no", 28: "no", 56: "yes"},  # in jail on day 40, before the gain
        "died": {0: "no", 28: "no"},  # on day 50
        "far": {0: "no", 28: "no"},  # died on day 70, too long after the last answer
    }
    ends = {"jail": (40, "incarcerated"), "died": (50, "died"), "far": (70, "died")}
    times = iop.time_to_gain(made(answers, left=ends), "work_or_school").set_index("episode_id")
    assert times[["clear_until", "days", "event", "ended_by"]].astype(object).T.to_dict("list") == {
        "gained": [28, 56, True, "gained"],
        "never": [28, 28, False, "last_answer"],
        "silent": [0, 0, False, "last_answer"],
        "jail": [28, 56, True, "gained"],
        "died": [28, 28, False, "died"],
        "far": [28, 28, False, "last_answer"],
    }
    competing = times["competing_end"].astype(object)
    assert competing[competing.notna()].to_dict() == {"jail": "incarcerated", "died": "died"}
    assert times["competing_on"].dropna().to_dict() == {"jail": 40, "died": 50}
    incidence = iop.cumulative_incidence(times.reset_index())
    assert incidence.at(60).set_index("cause")["events_so_far"].to_dict() == {
        "gained": 1,
        "died": 1,
        "incarcerated": 1,
    }
    first = iop.functioning(made(answers, left=ends), domains="work_or_school").first_gain
    at_56 = first[first["day"] == 56].set_index("cause")
    assert (
        at_56.loc["gained", "incidence"]
        == incidence.at(56).set_index("cause")["incidence"]["gained"]
    )
    everyone = made({"a": {0: "yes", 28: "no"}})
    with pytest.raises(EstimateError, match="Nobody is known to have been without it"):
        iop.time_to_gain(everyone, "work_or_school")


def test_what_is_asked_wrongly() -> None:
    records = made(WORK)
    for options, message in (
        ({"domains": "sobriety"}, "no domain of functioning"),
        ({"domains": []}, "an empty list"),
        ({"cuts": {"work_or_school": 1}}, "A cut is a score"),
        ({"domains": 3}, "a name or a list of names"),
        ({"cuts": 3}, "a dict whose keys are texts"),
        ({"follow_up": 0}, "at discharge, or at a day"),
    ):
        with pytest.raises(RuleError, match=message):
            iop.functioning(records, **options)  # type: ignore[arg-type]
    nothing = made(WORK, "note")
    with pytest.raises(EstimateError, match="nothing is known"):
        iop.functioning(nothing)


@settings(max_examples=10)
@given(
    st.lists(st.tuples(*[st.sampled_from(["yes", "no", ""])] * 3), min_size=1, max_size=6).filter(
        lambda rows: any(value for row in rows for value in row)
    )
)
def test_counts_add_up_and_bounds_hold_the_truth(rows: list[tuple[str, str, str]]) -> None:
    answers = {f"e{n}": dict(zip((0, 28, 56), row, strict=True)) for n, row in enumerate(rows)}
    row = iop.functioning(made(answers), domains="work_or_school").table.iloc[0]
    assert row[["gained", "kept", "lost", "never"]].sum() == row["paired"]
    assert row["paired"] <= row["with_start"] <= row["episodes"]
    last = [next((v for v in (c, b) if v), "") for _, b, c in rows]
    possible = [sum(v == "yes" for v in last), sum(v in ("yes", "") for v in last)]
    assert [row["lowest"], row["highest"]] == pytest.approx([n / len(rows) for n in possible])
    assert row["lowest"] <= row["highest"]


def test_groups_add_up() -> None:
    records = iop.read_records(ROOT / "data" / "samples")
    counts = ["episodes", "with_start", "paired", "gained", "kept", "lost", "never"]
    whole = iop.functioning(records, domains="stable_housing").table[counts]
    parts = iop.functioning(records, domains="stable_housing", by="program").table
    for moment, rows in parts.groupby("moment", sort=False):
        expected = whole.iloc[0 if moment == "discharge" else 1]
        assert rows[counts].sum().tolist() == expected.tolist()


def test_the_monthly_chances_of_the_model_are_found() -> None:
    """Work is gained with 0.06 a month and lost with 0.03, and 0.05 more after use."""
    sample = iop.synthetic_records(seed=5, people=2500)
    records = iop.read_records(episodes=sample.episodes, checkins=sample.checkins)
    table = iop.functioning(records, domains="work_or_school", follow_up=28, window=3).table
    row = table.set_index("moment").loc["day 28"]
    assert row["gained_lower"] < 0.06 < row["gained_upper"]
    assert row["kept_lower"] < 1 - 0.03
    assert row["kept_upper"] > 1 - 0.03 - 0.05 * 0.25
    assert row["paired"] > 1500
