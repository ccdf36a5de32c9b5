"""From prior care to the first session, and curves by entry path."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import EstimateError
from tests.helpers.of_the_sample import records_of_the_sample


def made() -> iop.Records:
    """A: discharged 3 days before, seen on day 4; B: never seen, left on day 10; C: still open;
    D: no prior care; E: that discharge after the admission.
    """
    episodes = pd.DataFrame(
        {
            "episode_id": list("ABCDE"),
            "admit_date": ["2026-01-05"] * 5,
            "discharge_date": ["2026-03-01", "2026-01-15", None, None, None],
            "entry_path": ["step_down", "step_down", "after_relapse", "direct", None],
            "prior_discharge_date": ["2026-01-02", "2026-01-05", "2025-12-26", None, "2026-01-06"],
        }
    )
    rows = [("A", "2026-01-09", "attended"), ("A", "2026-01-12", "attended")]
    rows += [("B", "2026-01-09", "no_show"), ("C", "2026-01-09", "no_show")]
    rows += [("C", "2026-01-08", "unrecorded"), ("D", "2026-01-09", "attended")]
    attendance = pd.DataFrame(rows, columns=["episode_id", "date", "status"])
    return iop.read_records(
        episodes=episodes, attendance=attendance.assign(service="group"), as_of="2026-06-30"
    )


def test_days_from_prior_care_to_the_first_session_by_hand() -> None:
    times = iop.prior_care(made()).set_index("episode_id")
    assert times["days"].to_dict() == {"A": 7.0, "B": 10.0, "C": 10.0 + 176}
    assert times["event"].to_dict() == {"A": True, "B": False, "C": False}
    assert times["ended_by"].to_dict() == {
        "A": "first_session",
        "B": "left_without_session",
        "C": "end_of_follow_up",
    }
    assert times["days_before_admission"].tolist() == [3.0, 0.0, 10.0]
    rule = times.attrs["rule"]
    assert "1 episode with a prior discharge after the admission left out." in rule
    assert "1 episode had a session without a recorded outcome before" in rule


@pytest.fixture(scope="module")
def sample() -> iop.Records:
    return records_of_the_sample().where(program=["North", "Harbor"])


def test_followed_up_is_the_share_by_the_same_days(sample: iop.Records) -> None:
    times = iop.prior_care(sample)
    row = iop.followed_up(sample, within=7).summary().iloc[0]
    assert int((times["event"] & (times["days"] <= 7)).sum()) == row["numerator"]


def test_each_path_has_the_curve_of_its_own_episodes(sample: iop.Records) -> None:
    result = iop.transitions(sample, day=60)
    table = result.table.set_index(["entry_path", "measure"])
    assert list(dict.fromkeys(result.table["entry_path"])) == [
        "direct",
        "step_down",
        "after_relapse",
    ]
    for path in ("direct", "step_down", "after_relapse"):
        alone = sample.where(entry_path=path)
        relapse = iop.survival_curves(iop.time_to_relapse(alone)).at([60]).iloc[0]
        stay = iop.survival_curves(iop.time_in_treatment(alone)).at([59]).iloc[0]
        for measure, at in (("relapse-free", relapse), ("in treatment", stay)):
            row = table.loc[(path, measure)]
            assert [row["estimate"], row["lower"], row["upper"]] == pytest.approx(
                [at["survival"], at["lower"], at["upper"]]
            )
            assert row["episodes"] == len(alone.episodes)
    first = table.loc[("step_down", "first session")]
    times = iop.prior_care(sample)
    assert first["events"] == int((times["event"] & (times["days"] <= 14)).sum())
    assert table.loc[("direct", "first session"), "not_known"] == "no episode in the curve"
    assert "these differences are not effects" in result.text


def test_paths_that_are_not_recorded_are_one_of_their_own_or_left_out(sample: iop.Records) -> None:
    episodes = sample.episodes.assign(
        entry_path=sample.episodes["entry_path"].where(np.arange(len(sample.episodes)) % 4 > 0)
    )
    records = iop.read_records(episodes=episodes, attendance=sample.attendance)
    own = iop.transitions(records).table
    assert own["entry_path"].tolist()[-1] == "not recorded"
    assert own.groupby("entry_path")["episodes"].first().sum() == len(episodes)
    assert "not recorded" not in set(
        iop.transitions(records, missing_group="leave_out").table["entry_path"]
    )
    relapse = own[own["measure"] == "relapse-free"]
    assert set(relapse["not_known"]) == {"no check-ins were read"}


def test_records_without_paths_or_prior_care_say_so() -> None:
    episodes = pd.DataFrame({"episode_id": ["A"], "admit_date": ["2026-01-05"]})
    attendance = pd.DataFrame(
        {"episode_id": ["A"], "date": ["2026-01-06"], "service": "group", "status": "attended"}
    )
    records = iop.read_records(episodes=episodes, attendance=attendance, as_of="2026-06-30")
    with pytest.raises(EstimateError, match="do not show where people came from"):
        iop.transitions(records)
    with pytest.raises(EstimateError, match="No episode has a discharge from prior care"):
        iop.prior_care(records)
