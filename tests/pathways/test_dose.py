"""What was attended of each service or approach, and relapse after a day by how much."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.statistics.proportions import proportion_interval


@pytest.fixture(scope="module")
def sample() -> iop.Records:
    result = iop.synthetic_records(people=120, seed=5)
    return iop.read_records(
        episodes=result.episodes, attendance=result.attendance, checkins=result.checkins
    )


@pytest.fixture(scope="module")
def found(sample: iop.Records) -> iop.DoseAndOutcome:
    return iop.dose_and_outcome(sample, day=21, horizon=60)


def test_counts_of_a_service_are_those_of_its_rows(
    sample: iop.Records, found: iop.DoseAndOutcome
) -> None:
    rows = sample.attendance[sample.attendance["service"] == "individual"]
    came = rows[rows["status"].isin(["attended", "attended_partial", "late"])]
    due = rows[~rows["status"].isin(["program_cancel", "not_scheduled", "unrecorded"])]
    row = found.dose.set_index("service").loc["individual"]
    had = came.groupby("episode_id", observed=True).size()
    assert (row["attended"], row["due"], row["with_any"]) == (len(came), len(due), len(had))
    assert row["median_sessions"] == had.median()
    assert row["episodes"] == len(sample.episodes)
    if sample.episodes["person_id"].is_unique:
        lower, upper = proportion_interval([len(had)], [len(sample.episodes)])
        assert (row["lower"], row["upper"]) == pytest.approx((lower[0], upper[0]))
    assert row["rate_lower"] < row["rate"] < row["rate_upper"]


def test_outcomes_are_those_of_the_landmark(sample: iop.Records, found: iop.DoseAndOutcome) -> None:
    frame = iop.landmark(sample, 21)
    frame = frame[frame["in_program"]]
    rows = sample.attendance
    rows = rows[
        (rows["service"] == "individual")
        & (rows["day"] <= 21)
        & rows["status"].isin(["attended", "attended_partial", "late"])
    ]
    had = rows.groupby("episode_id", observed=True).size()
    had = frame["episode_id"].map(had).fillna(0)
    middle = had[had > 0].median()
    table = found.table[found.table["service"] == "individual"].set_index("dose")
    assert table["episodes"].sum() == len(frame)
    higher = frame[had > middle]
    at = iop.survival_curves(higher).at([81]).iloc[0]
    assert table.loc["higher", "relapsed"] == pytest.approx(1 - at["survival"])
    assert table.loc["higher", "episodes"] == len(higher)
    assert table.loc["higher", "sessions_from"] > middle
    assert table.loc["higher", "events"] == int((higher["event"] & (higher["days"] <= 81)).sum())


def test_a_session_after_the_landmark_changes_no_dose(sample: iop.Records) -> None:
    rows = sample.attendance
    late = (rows["day"] > 21) & (rows["service"] == "group")
    changed = iop.read_records(
        episodes=sample.episodes,
        attendance=rows[~late],
        checkins=sample.checkins,
        as_of=str(sample.as_of)[:10],
    )
    usual = iop.dose_and_outcome(sample, day=21).table
    other = iop.dose_and_outcome(changed, day=21).table
    pd.testing.assert_frame_equal(usual, other)


def test_approaches_where_they_are_recorded(sample: iop.Records) -> None:
    with pytest.raises(EstimateError, match="No session has an approach"):
        iop.dose_and_outcome(sample, "approach")
    words = np.array(["trauma-informed", "CBT", None], dtype=object)
    approach = words[np.arange(len(sample.attendance)) % 3]
    records = iop.read_records(
        episodes=sample.episodes,
        attendance=sample.attendance.assign(approach=approach),
        checkins=sample.checkins,
    )
    both = iop.dose_and_outcome(records, "approach").dose
    assert both["approach"].tolist() == ["CBT", "trauma-informed", "not recorded"]
    assert both["attended"].sum() == iop.dose_and_outcome(sample).dose["attended"].sum()


def test_it_says_that_dose_is_no_cause(found: iop.DoseAndOutcome) -> None:
    assert "do not show that sessions are the cause" in found.text
    assert "do not show that sessions are the cause" in found._repr_html_()


def test_what_cannot_be_told_is_refused(sample: iop.Records) -> None:
    with pytest.raises(RuleError, match="count from admission too"):
        iop.dose_and_outcome(sample, rule=iop.RelapseRule(origin="first_session"))
    with pytest.raises(EstimateError, match="landmark"):
        iop.dose_and_outcome(sample, day=3000)


def test_hours_of_sessions_without_a_length_are_missing_and_not_zero(sample: iop.Records) -> None:
    bare = sample.attendance.assign(minutes_attended=np.nan, minutes_scheduled=np.nan)
    records = iop.read_records(episodes=sample.episodes, attendance=bare, checkins=sample.checkins)
    dose = iop.dose_and_outcome(records).dose
    assert dose["hours"].isna().all()
    assert (dose["length_not_known"] == dose["attended"]).all()
