"""Attendance as it was known on a day: nothing that came later is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import EstimateError, RuleError

UIS = Path(__file__).parents[3] / "shared" / "data" / "uis.csv"
CAME = ("attended", "attended_partial", "late")
DUE = (*CAME, "no_show", "late_cancel", "client_cancel", "excused")
TREATMENT = ("group", "individual", "family", "skills")


@pytest.fixture(scope="module")
def sample() -> Any:
    return iop.synthetic_records(people=60, seed=5)


def read(sample: Any, attendance: pd.DataFrame | None = None) -> iop.Records:
    return iop.read_records(
        episodes=sample.episodes,
        attendance=sample.attendance if attendance is None else attendance,
        checkins=sample.checkins,
        as_of="2026-09-30",
    )


@pytest.fixture(scope="module")
def records(sample: Any) -> iop.Records:
    return read(sample)


def known_slowly(records: iop.Records, episode: str, day: float, first: float = -1e9) -> list[Any]:
    """The plain version: go through the rows of the episode, and stop after the day."""
    rows = records.attendance[records.attendance["episode_id"].astype(str) == str(episode)]
    due = came = 0
    hours, contact = 0.0, 0
    for row in rows.to_dict("records"):
        if row["day"] > day:
            continue
        if row["status"] in CAME:
            contact = max(contact, row["day"])
        counts = row["service"] in TREATMENT or pd.isna(row["service"])
        if not counts or row["day"] < first:
            continue
        due += row["status"] in DUE
        if row["status"] in CAME:
            came += 1
            minutes = row["minutes_attended"]
            if pd.isna(minutes) and row["status"] == "attended":
                minutes = row["minutes_scheduled"]
            overlap = row["minutes_overlapping"]
            hours += max(minutes - (0 if pd.isna(overlap) else overlap), 0) / 60
    left = records.episodes.set_index("episode_id").loc[episode, "days_to_discharge"]
    inside = bool(pd.isna(left) or left > day)
    return [due, came, came / due if due else np.nan, hours, day - contact, inside]


NAMES = [
    *("sessions_due_so_far", "sessions_attended_so_far", "attendance_rate_so_far"),
    *("hours_so_far", "days_since_contact", "in_program"),
]
RECENT = [name.replace("so_far", "recent") for name in NAMES[:4]]


def same(found: pd.Series[Any], expected: list[Any]) -> None:
    np.testing.assert_allclose(
        found.to_numpy(dtype=float), np.array(expected, dtype=float), atol=1e-8
    )


def test_a_landmark_is_those_still_at_risk_with_what_the_rows_until_then_say(
    records: iop.Records,
) -> None:
    times = iop.time_to_relapse(records)
    rows = iop.landmark(records, day=20, window=14)
    assert rows["episode_id"].tolist() == times["episode_id"][times["days"] > 20].tolist()
    assert (rows["entry"] == 20).all()
    assert rows["event"].sum() == times["event"][times["days"] > 20].sum()
    for _, row in rows.iterrows():
        same(row[NAMES], known_slowly(records, row["episode_id"], 20))
        same(row[RECENT], known_slowly(records, row["episode_id"], 20, 7)[:4])


def test_an_interval_has_what_was_known_at_its_start(records: iop.Records) -> None:
    times = iop.time_to_relapse(records)
    intervals = iop.start_stop(records, every="week")
    for _, row in intervals.iloc[::7].iterrows():
        same(row[NAMES], known_slowly(records, row["episode_id"], row["entry"]))
    # The intervals of a row follow each other, and only the last may end with the event.
    for episode, rows in intervals.groupby("episode_id", observed=True, sort=False):
        whole = times[times["episode_id"] == episode].iloc[0]
        assert rows["entry"].tolist() == [7.0 * place for place in range(len(rows))]
        assert rows["days"].tolist()[:-1] == rows["entry"].tolist()[1:]
        assert rows["days"].iloc[-1] == whole["days"]
        assert rows["event"].tolist() == [False] * (len(rows) - 1) + [bool(whole["event"])]
    assert not {"ended_by", "ended_on", "competing_end", "clear_until"} & set(intervals)


@pytest.mark.parametrize("day", [7, 28])
def test_later_rows_change_nothing(sample: Any, records: iop.Records, day: int) -> None:
    """Turned round, halved or left out: what comes after the day is not in what is known by it."""
    admitted = sample.episodes.set_index("episode_id")["admit_date"]
    rows = sample.attendance
    since = (rows["date"] - rows["episode_id"].map(admitted).astype(rows["date"].dtype)).dt.days
    later = (since > day).to_numpy()
    assert later.sum() > 100
    turned = rows.copy()
    status = turned["status"].astype(str)
    turned["status"] = np.where(later & (status == "attended"), "no_show", status)
    left_out = rows[~later | (np.arange(len(rows)) % 5 == 0)]
    before = iop.start_stop(records, window=14)
    known = [name for name in (*NAMES, *RECENT) if name in before]
    mark = iop.landmark(records, day=day)
    for changed in (turned, left_out):
        other = read(sample, changed)
        after = iop.start_stop(other, window=14)
        early = before["entry"] <= day
        pd.testing.assert_frame_equal(before.loc[early, known], after.loc[early, known])
        assert not before.loc[~early, known].equals(after.loc[~early, known])
        pd.testing.assert_frame_equal(mark[NAMES], iop.landmark(other, day=day)[NAMES])


def test_cutting_by_itself_changes_no_estimate(records: iop.Records) -> None:
    times = iop.time_to_relapse(records)
    whole = iop.cox(times, "age + track", cluster="person_id")
    for every in ("week", 5):
        cut = iop.cox(iop.start_stop(times, every=every), "age + track", cluster="person_id")
        np.testing.assert_allclose(
            cut.table[["coefficient", "se", "se_model"]],
            whole.table[["coefficient", "se", "se_model"]],
            rtol=1e-7,
        )
        assert cut.events == whole.events


def test_late_entry_stays_and_days_are_cut_from_day_0() -> None:
    times = pd.DataFrame(
        {"id": ["a", "b", "c"], "entry": [3, 8, 0], "days": [20, 14, 0], "event": [1, 0, 1]}
    )
    intervals = iop.start_stop(times, every="week")
    assert intervals["id"].tolist() == ["a", "a", "a", "b", "c"]
    assert intervals["entry"].tolist() == [3, 7, 14, 8, 0]
    assert intervals["days"].tolist() == [7, 14, 20, 14, 0]
    assert intervals["event"].tolist() == [False, False, True, False, True]
    assert intervals["interval"].tolist() == [1, 2, 3, 2, 1]
    assert times.shape == (3, 4)


def test_landmarks_are_stacked_and_a_horizon_censors() -> None:
    times = pd.DataFrame(
        {"days": [10, 40, 80, 95], "event": [1, 1, 0, 1], "ended_by": list("abcd")}
    )
    rows = iop.landmark(times, [30, 60], horizon=20)
    assert rows["landmark"].tolist() == [30, 30, 30, 60, 60]
    assert rows["days"].tolist() == [40, 50, 50, 80, 80]
    assert rows["event"].tolist() == [True, False, False, False, False]
    assert "ended_by" not in rows
    assert "ended_by" in iop.landmark(times, 30)
    assert iop.landmark(times, 40)["days"].tolist() == [80, 95]  # who has the event on it is out


def test_days_from_the_first_session_find_the_same_rows(records: iop.Records) -> None:
    rule = iop.RelapseRule(origin="first_session")
    rows = iop.landmark(records, day=14, rule=rule)
    first = iop.engagement(records).set_index("episode_id")["first_session_day"]
    for _, row in rows.iloc[::5].iterrows():
        day = 14 + first.loc[row["episode_id"]]
        same(row[NAMES], known_slowly(records, row["episode_id"], day))


def test_what_cannot_be_asked_is_refused(records: iop.Records) -> None:
    times = iop.time_to_relapse(records)
    for day in (0, -3, "30", [30, 30], [], [30, None], True):
        with pytest.raises(RuleError, match="above 0"):
            iop.landmark(times, day)  # type: ignore[arg-type]
    with pytest.raises(RuleError, match="all attendance is known"):
        iop.landmark(records, 30, rule=iop.RelapseRule(origin="discharge"))
    with pytest.raises(RuleError, match="apply to records"):
        iop.start_stop(times, iop.RelapseRule())
    with pytest.raises(RuleError, match="apply to records"):
        iop.landmark(times, 30, window=14)
    with pytest.raises(RuleError, match="name that is made here"):
        iop.landmark(times.assign(landmark=1), 30)
    with pytest.raises(RuleError, match="as long as"):
        iop.start_stop(times, every="month")
    with pytest.raises(EstimateError, match="Nobody is at risk"):
        iop.landmark(times, 5000)
    with pytest.raises(RuleError, match="above 0"):
        iop.landmark(times, 30, horizon=0)


# UIS: the published data, where they are present ------------------------------------------------


@pytest.fixture(scope="module")
def uis() -> pd.DataFrame:
    if not UIS.exists():
        pytest.skip("the UIS table is not there: ../shared/data/uis.csv")
    return pd.read_csv(UIS).rename(columns={"time": "days", "censor": "event"})


def test_the_landmark_of_uis_at_day_90(uis: pd.DataFrame) -> None:
    """R: coxph of the 437 still at risk after day 90, stay of 90 days or more, and treat."""
    stayed = uis.assign(stayed=(uis["los"] >= 90).astype(int))
    after = iop.landmark(stayed, day=90)
    assert len(after) == 437
    fit = iop.cox(after, "stayed + treat").table.set_index("term")
    np.testing.assert_allclose(fit["coefficient"], [-0.11278, -0.16866], atol=5e-6)
    assert fit["p_value"].round(3).tolist() == [0.349, 0.153]
    naive = iop.cox(stayed, "stayed + treat").table.set_index("term")
    # Known 90 days too late it seems to be more than half of the hazard.
    assert naive.loc["stayed", "hazard_ratio"] < 0.45
    assert naive.loc["stayed", "p_value"] < 1e-15
    assert fit.loc["stayed", "hazard_ratio"] == pytest.approx(0.8933, abs=1e-4)


def test_off_treatment_as_a_covariate_that_changes_is_the_9_7_of_uis(uis: pd.DataFrame) -> None:
    """R: treat -.52389, off 2.27033, treat x off .62098, log-likelihood -2766.9447, 1,174 rows."""
    daily = iop.start_stop(uis, every="day")
    off = (daily["entry"] >= daily["los"]).astype(int)
    fit = iop.cox(daily.assign(off=off), "treat * off", ties="breslow", cluster="id")
    coefficient = fit.table.set_index("term")["coefficient"]
    np.testing.assert_allclose(
        coefficient[["treat", "off", "treat:off"]], [-0.52389, 2.27033, 0.62098], atol=5e-6
    )
    assert fit.log_likelihood == pytest.approx(-2766.9447, abs=1e-4)
    assert np.exp(coefficient["off"]) == pytest.approx(9.68, abs=0.01)
