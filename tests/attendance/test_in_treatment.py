"""Time in treatment: days, ends, and that nothing later changes what was known."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import EstimateError, RuleError

PEOPLE, FAR = 120, 400
CUTS = (90, 140)


def one(days: list[int], *, as_of: int = 200, **episode: Any) -> pd.Series[Any]:
    rows = pd.DataFrame({"episode_id": "A", "day": days, "service": "group", "status": "attended"})
    episodes = pd.DataFrame({"episode_id": ["A"], "admit_day": [0], **episode})
    return iop.time_in_treatment(
        iop.read_records(episodes=episodes, attendance=rows, as_of=as_of)
    ).iloc[0]


def test_the_stay_ends_with_the_last_contact() -> None:
    row = one([2, 30], discharge_day=[80], discharge_reason=["completed"])
    assert (row["days"], row["event"], row["ended_by"]) == (30, True, "completed")
    assert not row["without_discharge"]
    row = one([2, 30], discharge_day=[80])
    assert (row["days"], row["ended_by"]) == (30, "discharged")


def test_who_stopped_coming_has_left_after_thirty_days_without_contact() -> None:
    row = one([2, 30], as_of=61)
    assert (row["days"], row["event"], row["ended_by"]) == (30, True, "dropped_out")
    assert row["without_discharge"]
    row = one([2, 30], as_of=60)  # thirty days without contact, not more
    assert (row["days"], row["event"], row["ended_by"]) == (30, False, "end_of_follow_up")
    row = one([2, 30], as_of=50)
    assert (row["days"], row["event"]) == (20, False)


def test_ends_compete() -> None:
    left = iop.time_in_treatment(drawn())
    for event, other in (("dropped_out", "completed"), ("completed", "dropped_out")):
        times = iop.time_in_treatment(drawn(), event=event)  # type: ignore[arg-type]
        over = times["event"] | times["competing_end"].notna()
        pd.testing.assert_series_equal(over, left["event"], check_names=False)
        assert set(times.loc[times["event"], "ended_by"]) == {event}
        assert other in set(times["competing_end"].dropna())
        assert not (times["event"] & times["competing_end"].notna()).any()
        incidence = iop.cumulative_incidence(times).at([80])
        stay = iop.survival_curves(left).at([80])["survival"].iloc[0]
        assert incidence["incidence"].sum() == pytest.approx(1 - stay)


def test_unknown_options_are_refused() -> None:
    for options in ({"event": "relapse"}, {"no_contact_days": -1}, {"no_contact_days": 2.5}):
        with pytest.raises(RuleError):
            iop.time_in_treatment(drawn(), **options)


@cache
def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """People who come every few days until they leave; half are discharged, weeks later."""
    rng = np.random.default_rng(3)
    admitted, stay = rng.integers(0, 60, PEOPLE), rng.integers(0, 150, PEOPLE)
    gone = rng.random(PEOPLE) < 0.5
    last = []
    rows = []
    for number in range(PEOPLE):
        days = np.flatnonzero(rng.random(stay[number] + 1) < 0.3)
        status = np.where(rng.random(len(days)) < 0.8, "attended", "no_show")
        name = f"E{number:03}"
        last.append(days[-1] if len(days) else 0)
        rows.append(
            pd.DataFrame({"episode_id": name, "day": admitted[number] + days, "status": status})
        )
    discharge = admitted + np.array(last) + rng.integers(0, 50, PEOPLE)
    episodes = pd.DataFrame(
        {
            "episode_id": [f"E{number:03}" for number in range(PEOPLE)],
            "admit_day": admitted,
            "discharge_day": np.where(gone, discharge, np.nan),
            "discharge_reason": np.where(
                gone, rng.choice(["completed", "dropped_out"], PEOPLE), ""
            ),
        }
    )
    return episodes, pd.concat(rows, ignore_index=True).assign(service="group")


@cache
def drawn(as_of: int = FAR) -> iop.Records:
    episodes, rows = tables()
    return iop.read_records(episodes=episodes, attendance=rows, as_of=as_of)


@pytest.mark.parametrize("cut", CUTS)
def test_what_is_recorded_later_changes_nothing(cut: int) -> None:
    """Records as they stood on a day say the same as all of them, followed to 30 days before."""
    whole = iop.time_in_treatment(drawn()).set_index("episode_id")
    then = iop.time_in_treatment(drawn(cut)).set_index("episode_id")
    admitted = tables()[0].set_index("episode_id")["admit_day"]
    told = (cut - 30 - admitted).loc[then.index]
    expected = whole.loc[then.index]
    assert then["event"].nunique() == 2
    over = expected["event"] & (expected["days"] < told)
    np.testing.assert_array_equal(then["event"], over)
    np.testing.assert_array_equal(then["days"], np.where(over, expected["days"], told))
    assert (then["ended_by"] == "dropped_out")[then["without_discharge"]].all()


def test_the_curve_is_retention_where_everybody_was_followed() -> None:
    stay = iop.survival_curves(iop.time_in_treatment(drawn()))
    for day in (15, 30, 60, 90):
        share = iop.retention(drawn(), day=day).summary()["share"].iloc[0]
        assert stay.at([day - 1])["survival"].iloc[0] == pytest.approx(share)


def test_the_rule_says_who_was_left_out() -> None:
    times = iop.time_in_treatment(drawn(70))
    text = times.attrs["rule"]
    assert "1 episode without a recorded outcome of any service left out." in text
    count = len(drawn(70).episodes) - len(times) - 1
    assert count > 0
    assert f"{count} episodes followed for no more than 30 days left out." in text


def test_records_that_do_not_tell_stays_give_no_times() -> None:
    """Hardly any episode has a service with an outcome: the stays of five are not those of all."""
    episodes, rows = tables()
    few = rows[rows["episode_id"].isin(episodes["episode_id"][:5])]
    records = iop.read_records(episodes=episodes, attendance=few, as_of=FAR)
    assert records.fitness().set_index("measure")["known"]["retained_30"] == "no"
    with pytest.raises(EstimateError, match="do not show how long"):
        iop.time_in_treatment(records)
