"""The data cut is taken from what has happened, and said with its reason."""

from __future__ import annotations

import datetime

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.records.checks.losses import source_lines
from tests.helpers.tables import frame

ADMITTED = pd.DataFrame(
    {"episode_id": [f"E{number}" for number in range(5)], "admit_date": "2026-04-14"}
)


def _export_of_15_june() -> pd.DataFrame:
    """Sessions of five people, each three times a week, and those booked to 10 August."""
    rows = []
    for number, last in enumerate(["2026-06-15"] * 2 + ["2026-06-11"] * 3):
        for day in pd.date_range("2026-04-14", last, freq="2D"):
            rows.append((f"E{number}", day, "attended"))
        rows.append((f"E{number}", last, "attended"))
        for day in pd.date_range("2026-06-16", "2026-08-10", freq="5D"):
            rows.append((f"E{number}", day, "unrecorded"))
    table = pd.DataFrame(rows, columns=["episode_id", "date", "status"])
    table["date"] = pd.to_datetime(table["date"]).dt.strftime("%Y-%m-%d")
    return table.drop_duplicates()


def test_sessions_planned_for_later_do_not_move_the_data_cut() -> None:
    records = iop.read_records(episodes=ADMITTED, attendance=_export_of_15_june())
    assert records.as_of == pd.Timestamp("2026-06-15")
    assert iop.engagement(records)["retained_60"].mean() == 1.0  # 0.40 if cut on 10 August


def test_planned_rows_are_counted_and_are_no_faults() -> None:
    table = _export_of_15_june()
    planned = int((table["status"] == "unrecorded").sum())
    records = iop.read_records(episodes=ADMITTED, attendance=table, strict=True)
    row = records.sources.set_index("table").loc["attendance"]
    assert planned > 50
    assert row["rows_planned"] == row["rows_set_aside"] == planned
    assert row["rows_read"] == row["rows_kept"] + row["rows_set_aside"] + row["rows_folded"]
    assert len(records.set_aside["attendance"]) == planned
    assert not records.attendance["status"].eq("unrecorded").any()
    assert f"{planned} rows are planned for after the data cut" in repr(records)
    checks = records.quality().set_index("check")
    assert checks.loc["planned", "rows_failed"] == planned
    assert checks.loc["planned", "status"] == "passed"
    (line,) = source_lines(records.sources.query("table == 'attendance'"))
    assert f"kept + 0 set aside + {planned} planned for later + 0 folded" in line


def test_a_note_gives_the_reason_for_the_data_cut() -> None:
    records = iop.read_records(episodes=ADMITTED, attendance=_export_of_15_june())
    assert any("2026-06-15 (a service with an outcome)" in note for note in records.notes)
    given = iop.read_records(episodes=ADMITTED, attendance=_export_of_15_june(), as_of="2026-06-01")
    assert given.as_of == pd.Timestamp("2026-06-01")
    assert given.problems["check"].eq("after_data_cut").any()  # services that did take place


EPISODES = frame(
    """
    | episode_id | admit_date | discharge_date | discharge_reason | followed_until |
    | A          | 2026-01-05 | 2026-02-20     | completed        | 2026-08-31     |
    | B          | 2026-01-12 |                |                  |                |
    """
)


@pytest.mark.parametrize(
    ("row", "cut"),
    [
        ("B | 2026-03-02 | attended", "2026-03-02"),
        ("B | 2026-03-02 | no_show", "2026-03-02"),
        ("B | 2026-03-02 | late_cancel", "2026-03-02"),
        ("B | 2026-03-02 | unrecorded", "2026-02-20"),
        ("B | 2026-03-02 | not_scheduled", "2026-02-20"),
        # a day that the program calls off long before is no day that has passed
        ("B | 2026-02-26 | program_cancel", "2026-02-26"),
        ("B | 2026-04-02 | program_cancel", "2026-02-20"),
        ("B | 2026-04-02 | excused", "2026-02-20"),
        # rows that are set aside: no such episode, before the admission, after the discharge
        ("C | 2026-03-02 | attended", "2026-02-20"),
        ("A | 2026-03-02 | attended", "2026-02-20"),
        ("B | 2026-03-02 | no such word", "2026-02-20"),
    ],
)
def test_the_cut_is_the_newest_day_on_which_something_happened(row: str, cut: str) -> None:
    attendance = frame(
        f"""
        | episode_id | date       | status   |
        | A          | 2026-01-06 | attended |
        | {row} |
        """
    )
    records = iop.read_records(episodes=EPISODES, attendance=attendance)
    assert records.as_of == pd.Timestamp(cut)


@pytest.mark.parametrize(("status", "cut"), [("completed", 30), ("missed", 30), ("not_due", 14)])
def test_only_completed_or_missed_check_ins_move_the_cut_in_study_days(
    status: str, cut: int
) -> None:
    records = iop.read_records(
        episodes=pd.DataFrame({"episode_id": ["A"], "admit_day": [0]}),
        checkins=pd.DataFrame(
            {"episode_id": ["A", "A"], "day": [14, 30], "status": ["completed", status]}
        ),
    )
    assert records.as_of == cut


def test_no_cut_lies_in_the_future() -> None:
    ahead = (datetime.date.today() + datetime.timedelta(days=40)).isoformat()
    attendance = pd.DataFrame(
        {"episode_id": ["B", "B"], "date": ["2026-03-02", ahead], "status": ["attended"] * 2}
    )
    records = iop.read_records(episodes=EPISODES, attendance=attendance)
    assert records.as_of == pd.Timestamp("2026-03-02")
    assert records.problems["check"].eq("after_data_cut").sum() >= 1  # attended, in the future


def test_notes_warn_of_a_gap_before_the_newest_day_or_the_given_cut() -> None:
    table = _export_of_15_june()
    late = pd.concat(
        [table, pd.DataFrame([("E0", "2026-09-01", "attended")], columns=table.columns)]
    )
    records = iop.read_records(episodes=ADMITTED, attendance=late)
    assert any("78 days after the day before it" in note for note in records.notes)
    given = iop.read_records(episodes=ADMITTED, attendance=table, as_of="2026-09-30")
    assert any("nothing is recorded to have happened after 2026-06-15" in n for n in given.notes)
