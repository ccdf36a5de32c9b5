"""What becomes of the columns of an export: none is dropped, and none is rounded."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import RecordsError, RuleError
from tests.tables import frame

EPISODES = """
| episode_id | person_id | program | admit_date |
| E1         | P1        | North   | 2026-01-05 |
| E2         | P2        | South   | 2026-01-10 |
"""
ATTENDANCE = """
| episode_id | date       | status   |
| E1         | 2026-01-06 | attended |
| E2         | 2026-01-12 | no_show  |
"""
CHECKINS = """
| episode_id | date       | status    | used |
| E1         | 2026-01-12 | completed | no   |
| E2         | 2026-01-17 | completed | yes  |
"""


def read(**columns: dict[str, Any]) -> iop.Records:
    """The tables with more columns, given by table."""
    tables = {"episodes": EPISODES, "attendance": ATTENDANCE, "checkins": CHECKINS}
    frames: dict[str, Any] = {
        name: frame(text).assign(**columns.get(name, {})) for name, text in tables.items()
    }
    return iop.read_records(**frames, as_of="2026-03-31")


# Names that the library gives itself -------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("episodes", "days_followed"),
        ("episodes", "days_to_discharge"),
        ("episodes", "admission_number"),
        ("attendance", "minutes_overlapping"),
        ("attendance", "day"),
        ("checkins", "day"),
    ],
)
def test_a_column_of_a_name_that_is_worked_out_here_is_kept_under_another_aloud(
    table: str, name: str
) -> None:
    plain = getattr(read(), table)
    records = read(**{table: {name: ["Mon", "Tue"]}})
    found = getattr(records, table)
    assert found[f"export_{name}"].tolist() == ["Mon", "Tue"]
    pd.testing.assert_frame_equal(found.drop(columns=f"export_{name}"), plain)
    assert f"export_{name}" in repr(records)
    problem = records.problems.iloc[0]
    assert (problem["table"], problem["column"], problem["check"]) == (table, name, "taken_name")
    assert problem["done"] == f"kept as export_{name}"
    assert len(records.problems) == 1


def test_the_other_name_is_one_that_no_column_has() -> None:
    more = {"Days Followed": [1, 2], "export_days_followed": [3, 4], "export_days_followed_2": 5}
    episodes = read(episodes=more).episodes
    assert episodes["export_days_followed"].tolist() == [3, 4]
    assert episodes["export_days_followed_3"].tolist() == [1, 2]


def test_study_days_have_their_own_names_and_keep_what_stands_beside_them() -> None:
    episodes = pd.DataFrame({"episode_id": ["E1"], "admit_day": [3], "days_followed": ["ours"]})
    checkins = pd.DataFrame(
        {"episode_id": ["E1"], "day": [10], "status": ["missed"], "admit_date": ["x"]}
    )
    records = iop.read_records(episodes=episodes, checkins=checkins)
    assert records.episodes["export_days_followed"].tolist() == ["ours"]
    assert records.checkins["day"].tolist() == [7]
    assert records.checkins["admit_date"].tolist() == ["x"]


def test_rows_set_aside_keep_columns_called_file_and_line() -> None:
    aside = read(checkins={"status": ["completed", "often"], "file": "a", "line": "b"}).set_aside
    row = aside["checkins"].iloc[0]
    assert (row["line"], row["export_file"], row["export_line"]) == (2, "a", "b")


@pytest.mark.parametrize("name", ["week", "due", "rate", "lower"])
def test_a_group_is_not_overwritten_by_a_column_of_the_result(name: str) -> None:
    records = read(episodes={name: ["a", "b"]})
    with pytest.raises(RuleError, match=f"cannot be named {name}"):
        iop.attendance_by_week(records, by=name, weeks=2)


@pytest.mark.parametrize("name", ["period", "numerator", "denominator"])
def test_a_group_of_a_trend_is_not_overwritten_either(name: str) -> None:
    records = read(episodes={name: ["a", "b"]})
    with pytest.raises(RuleError, match=f"cannot be named {name}"):
        iop.trend(records, "admissions", every="month", by=name)


# Identifiers of frames ----------------------------------------------------------------------------


def test_the_ids_1_and_true_are_two() -> None:
    episodes = pd.DataFrame(
        {"episode_id": [1, True, 1.5, "1.50", 0, False], "admit_date": "2026-01-05"}, dtype=object
    )
    checkins = pd.DataFrame(
        {"episode_id": [True, 1, 0.0], "date": "2026-01-12", "status": "missed"}, dtype=object
    )
    records = iop.read_records(episodes=episodes, checkins=checkins)
    assert records.episodes["episode_id"].tolist() == ["1", "yes", "1.5", "1.50", "0", "no"]
    assert records.checkins["episode_id"].tolist() == ["1", "yes", "0"]
    assert records.problems.empty


def test_strict_reading_names_a_taken_name() -> None:
    with pytest.raises(RecordsError, match="taken_name"):
        iop.read_records(
            episodes=frame(EPISODES).assign(days_followed=1),
            checkins=frame(CHECKINS),
            strict=True,
        )
