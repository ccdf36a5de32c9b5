"""Records that do not show who left: nobody is said to be in the program still."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.attendance.weekly import NEVER, NOT_LEFT, unknown_columns
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.results import hidden_in_weeks, link_weeks
from iop_outcomes.plots import plot_attendance

SIZE = 240


def records_of(*programs: tuple[str, bool], reason: str = "dropped_out") -> iop.Records:
    """Return people who came for six weeks, of programs that record discharges or do not."""
    episodes = [
        pd.DataFrame(
            {
                "episode_id": [f"{name}{number}" for number in range(SIZE)],
                "program": name,
                "admit_date": pd.date_range("2025-01-01", periods=SIZE, freq="2D"),
            }
        ).assign(
            discharge_date=lambda table, known=known: (
                table["admit_date"] + pd.Timedelta(days=40) if known else pd.NaT
            ),
            discharge_reason=reason if known else "",
        )
        for name, known in programs
    ]
    table = pd.concat(episodes, ignore_index=True)
    visits = table.loc[table.index.repeat(6), ["episode_id", "admit_date"]].reset_index(drop=True)
    week = visits.groupby("episode_id").cumcount()
    visits["date"] = visits.pop("admit_date") + pd.to_timedelta(7 * week + 1, unit="D")
    visits["status"] = np.where(np.arange(len(visits)) % 5, "attended", "no_show")
    return iop.read_records(episodes=table, attendance=visits, as_of="2026-05-31")


@pytest.fixture(scope="module")
def without() -> iop.Records:
    return records_of(("North", False))


def test_nobody_is_said_to_be_in_the_program(without: iop.Records) -> None:
    table = iop.attendance_by_week(without).table
    assert table["episodes"].isna().all()
    assert table["episodes_followed"].iloc[:5].eq(SIZE).all()
    assert table[NOT_LEFT].str.contains("not known from these records").all()
    never = ["cancelled", "excused", "unrecorded", "not_due", NEVER]  # no session has such a status
    assert unknown_columns(table) == ["episodes", *never]
    known = iop.attendance_by_week(records_of(("North", True))).table
    assert known["episodes"].tolist() == [SIZE] * 5 + [SIZE - 2] + [0] * 6
    assert NOT_LEFT not in known


def test_of_several_programs_each_has_its_own_answer() -> None:
    records = records_of(("North", False), ("South", True))
    table = iop.attendance_by_week(records, by="program").table
    known = table.groupby("program", observed=True)["episodes"].count()
    assert known.to_dict() == {"North": 0, "South": 12}
    assert unknown_columns(table) == ["cancelled", "excused", "unrecorded", "not_due", NEVER]
    together = iop.attendance_by_week(records).table
    assert together["episodes"].isna().all()


def test_the_picture_has_no_such_row_and_says_why(without: iop.Records) -> None:
    weeks = iop.attendance_by_week(without)
    for result in (weeks, iop.protect(weeks)):
        axes = plot_attendance(result)
        words = {
            one.get_text() for one in axes.figure.findobj(lambda one: hasattr(one, "get_text"))
        }
        assert "came" in words
        assert "in program" not in words
        assert any(
            "How many were in the program: not known" in one.replace("\n", " ") for one in words
        )


def test_who_came_is_a_part_of_those_followed_where_nothing_is_between(
    without: iop.Records,
) -> None:
    weeks = iop.attendance_by_week(without)
    linked = LinkedCounts(iop.SafePolicy.cms())
    link_weeks(linked, weeks)
    assert ("weeks", "1", "episodes") not in linked
    assert ("weeks", "1", "episodes_attending") in linked
    rows = [set(row.values()) for row in linked.facts.rows]
    assert any({1, -1} <= row for row in rows)
    safe = iop.protect(weeks).table
    assert not hidden_in_weeks(safe)["episodes"].any()


def test_the_report_leaves_the_column_out_and_says_so(without: iop.Records) -> None:
    report: Any = iop.quarterly_report(without, "2026Q1")
    by_week = report.tables["attendance_by_week"]
    assert "episodes" not in by_week
    assert by_week["episodes_followed"].notna().any()
    (table,) = [
        figure["table"]
        for section in report._document["sections"]
        for figure in section["figures"]
        if figure["table"]["name"] == "attendance_by_week"
    ]
    assert table["note"].count("How many were in the program: not known") == 1
    assert "those in the program" not in table["note"]
    counts = [one["name"] for one in report._document["cells"]["counts"]]
    assert not [name for name in counts if "weeks" in name and "episodes" in name]


DROPOUT = (
    *(f"dropout_by_gap_{days}" for days in (14, 30, 60, 90)),
    "dropout_by_missing_weeks_4",
)


def test_no_dropout_is_known_where_no_discharge_is_recorded(without: iop.Records) -> None:
    """Who completed stops coming too: 19 of 47 "dropouts" of an export had completed."""
    table = iop.continuity(without).table.set_index("measure")
    fitness = without.fitness().set_index("measure")
    for measure in DROPOUT:
        row = table.loc[measure]
        assert (row["numerator"], row["denominator"]) == (0, 0)
        assert np.isnan(row["share"])
        assert row["not_known"] > 0
        assert "who completed and who dropped out both stop coming" in row["rule"]
        assert fitness.loc[measure, "known"] == "no"
        assert "both stop coming" in fitness.loc[measure, "why"]
        assert "reason of discharge" in fitness.loc[measure, "needed"]
    assert table.loc["va_continuity", "denominator"] > 0
    for result in (iop.dropout_by_gap(without), iop.dropout_by_missing_weeks(without)):
        assert result.table["met"].isna().all()
        assert result.text.startswith(
            "No episode is known for which the time of the rule is over (no discharge is recorded, "
        )
    assert iop.trend(without, "dropout_by_gap_30").table["value"].isna().all()
    report: Any = iop.quarterly_report(without, "2026Q1", policy=iop.SafePolicy.unprotected())
    assert "Left: 30 days without contact" not in set(report.tables["continuity"]["rule"])


def test_dropout_is_known_of_the_programs_that_record_discharges() -> None:
    records = records_of(("North", False), ("South", True))
    result = iop.dropout_by_gap(records)
    known = result.summary(by="program").set_index("program")["denominator"]
    assert known["North"] == 0
    assert known["South"] > 0
    assert "of some programs: no discharge is recorded" in result.rule
    trend = iop.trend(records, "dropout_by_gap_30", by="program").table
    assert trend.groupby("program", observed=True)["value"].count().gt(0).to_dict() == {
        "North": False,
        "South": True,
    }


def test_no_dropout_is_known_where_discharges_have_no_reason() -> None:
    """All 199 of 199 "left": the discharge may have been of somebody who completed."""
    records = records_of(("North", True), reason="")
    for result in (iop.dropout_by_gap(records), iop.dropout_by_missing_weeks(records)):
        row = result.summary().iloc[0]
        assert (row["denominator"], row["lowest"], row["highest"]) == (0, 0.0, 1.0)
        over = result.table["not_known"][result.table["over"]]
        assert over.eq(
            "no reason of the discharge is recorded: who completed stops coming, too"
        ).all()
        assert "no reason of the discharge is recorded" in result.text
    fitness = records.fitness().set_index("measure").loc["dropout_by_gap_30"]
    assert (fitness["known"], fitness["needed"]) == ("no", "the reason of each discharge")
    told = records_of(("North", True))
    assert iop.dropout_by_gap(told).summary()["share"].tolist() == [1.0]


def test_sessions_that_the_records_cannot_hold_are_no_zero(without: iop.Records) -> None:
    """An export of sessions held said "0 not due" of every week."""
    weeks = iop.attendance_by_week(without)
    never = ["cancelled", "excused", "unrecorded", "not_due"]
    assert weeks.table[never].isna().all(axis=None)
    assert weeks.table["no_show"].notna().any()
    assert weeks.table["statuses_not_known"].iloc[0] == (
        f"{', '.join(never)}: not known from these records: no session has such a status"
    )
    assert not hidden_in_weeks(iop.protect(weeks).table)[never].any(axis=None)
    report: Any = iop.quarterly_report(without, "2026Q1")
    assert not {*never, "statuses_not_known"} & set(report.tables["attendance_by_week"])


def test_all_absences_are_no_shows_where_the_records_hold_no_others(without: iop.Records) -> None:
    """Else a hidden number of sessions due would follow from those attended and the no-shows."""
    weeks = iop.attendance_by_week(without)
    linked = LinkedCounts(iop.SafePolicy())
    link_weeks(linked, weeks)
    row = weeks.table.iloc[0]
    name = ("weeks", *(str(row[one]) for one in (*weeks.by, "week")))
    places = {linked.names.index((*name, one)) for one in ("absent", "no_show")}
    assert places in [row.keys() for row in linked.facts.rows]
