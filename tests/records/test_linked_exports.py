"""Exports that name people and not stays, or lack check-ins, by a mapping written by hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.records.mapping import read_mapping

EXPORTS = Path(__file__).resolve().parents[3] / "shared" / "exports"
pytestmark = pytest.mark.skipif(not EXPORTS.is_dir(), reason="the exports are not beside it")

STATUS = {
    "Present": "attended",
    "Absent": "no_show",
    "Session Cancelled": "program_cancel",
    "Cancelled": "client_cancel",
    "Partial": "attended_partial",
    "N/A": "not_scheduled",
    "": "unrecorded",
}
BY_PERSON = {"by": "person_and_date"}
GROUP_REPORT = {
    "options": {"date_order": "month_first"},
    "files": {"episodes": "Census*", "attendance": "Group*"},
    "episodes": {
        "columns": {
            "MR Number": "person_id",
            "Admission Date": "admit_date",
            "Discharge/Transition Date": "discharge_date",
            "Location": "program",
        },
    },
    "attendance": {
        "link": BY_PERSON,
        "columns": {
            "MR Number": "person_id",
            "Session Date": "date",
            "Session Time": "time_range",
            "Attendance": "status",
            "Duration": "minutes_scheduled",
        },
        "words": {"status": STATUS},
    },
}
APPOINTMENTS = {
    "options": {"date_order": "month_first"},
    "files": {"episodes": "client*", "attendance": "appointment*"},
    "episodes": {
        "columns": {"Client": "person_id", "Date of first appointment": "admit_date"},
    },
    "attendance": {
        "link": {**BY_PERSON, "person": "name"},
        "columns": {
            "Client": "person_id",
            "Date of service": "date",
            "Appointment status": "status",
        },
        "words": {
            "status": {
                "Show": "attended",
                "Late canceled": "late_cancel",
                "Canceled": "client_cancel",
                "Clinician canceled": "program_cancel",
            }
        },
    },
}


def truth(table: str) -> pd.DataFrame:
    return pd.read_csv(EXPORTS / "truth" / f"{table}.csv", dtype=str)


def test_services_of_people_admitted_twice_go_to_their_own_stay() -> None:
    records = iop.read_records(
        EXPORTS / "01_census_and_group_report", mapping=read_mapping(GROUP_REPORT)
    )
    stays = truth("episodes")
    own = (stays["person_id"] + " " + stays["admit_date"]).to_numpy()
    assert sorted(records.episodes["episode_id"]) == sorted(own)
    expected = truth("attendance")
    expected["episode"] = expected["episode_id"].map(
        dict(zip(stays["episode_id"], own, strict=True))
    )
    rows = records.attendance.assign(
        episode=records.attendance["episode_id"].astype(str),
        date=records.attendance["date"].dt.strftime("%Y-%m-%d"),
    )
    keys = ["episode", "date"]
    assert expected.groupby(keys).size().to_dict() == rows.groupby(keys).size().to_dict()
    told = rows["status"].value_counts()
    known = expected["status"].replace("late_cancel", "client_cancel").value_counts()
    assert told[told > 0].to_dict() == known.to_dict()
    assert not len(records.problems)


def test_appointments_by_name_go_to_the_one_stay_that_is_known() -> None:
    records = iop.read_records(
        EXPORTS / "02_appointments_by_name", mapping=read_mapping(APPOINTMENTS)
    )
    stays = truth("episodes").sort_values("admit_date")
    last = stays.drop_duplicates("person_id", keep="last")
    expected = truth("attendance")
    expected = expected[expected["episode_id"].isin(last["episode_id"])]
    assert len(records.episodes) == len(last)
    assert len(records.attendance) == len(expected)
    days = records.attendance["date"].dt.strftime("%Y-%m-%d")
    assert sorted(days) == sorted(expected["date"])
    assert set(records.problems["check"]) == {"between_episodes", "silent_open_episode"}
    assert len(records.episodes["discharge_date"].dropna()) == 0
