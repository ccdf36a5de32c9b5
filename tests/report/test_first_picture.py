"""What is said of the first picture on relapse stands with it; of the others only what holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.attendance.in_treatment import in_treatment_of
from iop_outcomes.attendance.stays import read_attendance
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.report.forms.notes import ABOVE, small_print
from iop_outcomes.report.model import Drawing, Section
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections.ends import stays
from iop_outcomes.report.sections.relapse import pictures, relapse_results, tables
from iop_outcomes.report.sections.relapse.results import RelapseResults
from tests.helpers.of_the_sample import (
    QUARTER,
    nothing_drawn,
    records_of_the_sample,
    report_of_the_sample,
)

MARKED = "Only the marked days are estimates"
FOLLOWED = "contributes no day after day 0"
NUMBERS = "Numbers at risk, and with them confidence limits, cannot be shown."
AFTER_FIRST = "Only its marked days and the lines between them are read as those of the first"


def notes_of(records: iop.Records) -> dict[str, str]:
    """Return the small print of the pictures of relapse, as a page has it."""
    scope = choose_scope(records, QUARTER, None, None)
    drawn = pictures.relapse_drawings(scope, relapse_results(scope))
    said = small_print(Section("relapse", "Relapse", (), (), drawn)).drawings
    return {one.table.name: " ".join(notes) for one, notes in zip(drawn, said, strict=True)}


def section_of(report: iop.Report) -> dict[str, Any]:
    assert report._document is not None
    return next(one for one in report._document["sections"] if one["name"] == "relapse")


def test_only_days_and_lines_of_other_pictures_are_read_as_those_of_the_first() -> None:
    notes = notes_of(records_of_the_sample())
    first = notes.pop("relapse")
    assert MARKED in first
    assert FOLLOWED in first
    assert AFTER_FIRST not in first
    assert len(notes) == 3
    for note in notes.values():
        assert AFTER_FIRST in note
        assert ABOVE not in note
        assert "No event was taken" not in note
        assert FOLLOWED not in note
    assert NUMBERS in notes["relapse_interval"]
    assert "rounded" not in notes["relapse_interval"]
    assert "events of some may rest on missed ones" in notes["relapse_by_missing"]
    assert "those still followed after each marked day, rounded" in notes["relapse_by_missing"]


def test_limits_are_said_to_be_too_narrow_or_too_wide() -> None:
    table = next(one for one in section_of(report_of_the_sample())["tables"])
    assert table["name"] == "without_relapse"
    assert "and can be somewhat too narrow or too wide" in table["note"]


def small(program: str, *, newest: bool) -> iop.Records:
    """Return 25 admissions of one program in a year."""
    sample = records_of_the_sample()
    episodes = sample.episodes
    kept = (episodes["program"] == program) & (episodes["admit_date"] >= "2025-10-01")
    place = kept[::-1].cumsum()[::-1] if newest else kept.cumsum()
    return sample.subset((kept & (place <= 25)).to_numpy())


def report_of(records: iop.Records) -> iop.Report:
    with nothing_drawn():
        report = iop.quarterly_report(records, QUARTER)
        assert report.html
    return report


def test_a_program_without_pictures_points_to_none() -> None:
    section = section_of(report_of(small("Lakeside", newest=True)))
    assert section["figures"] == []
    [table] = section["tables"]
    assert "first picture" not in table["note"]
    assert "See the table" not in " ".join(section["sentences"])
    assert tables.NO_MISSING_RULES in section["sentences"]


def test_a_small_program_has_the_method_with_the_first_picture_that_there_is() -> None:
    records = small("North", newest=False)
    section = section_of(report_of(records))
    behind = {one["table"]["name"]: one["table"]["note"] for one in section["figures"]}
    assert list(behind) == ["relapse_by_missing"]
    notes = notes_of(records)["relapse_by_missing"]
    assert MARKED in notes
    assert "as those of the first" not in notes
    assert FOLLOWED not in notes  # which holds under one of the rules only
    assert NUMBERS in notes
    assert "at risk are rounded" not in notes
    assert "first picture" not in behind["relapse_by_missing"]
    assert "Survival: the share without relapse through the day." in behind["relapse_by_missing"]
    said = {table["name"]: table["note"] for table in section["tables"]}
    assert tables.HOW not in said["without_relapse"]  # it has no share
    assert said["missing_check_ins"].endswith(tables.HOW)


def results_of_the_sample() -> tuple[Any, RelapseResults]:
    scope = choose_scope(records_of_the_sample(), QUARTER, None, None)
    results = relapse_results(scope)
    assert results is not None
    return scope, results


def named(drawings: tuple[Drawing, ...]) -> dict[str, str]:
    return {one.table.name: one.table.note for one in drawings}


def test_without_the_curve_of_all_the_next_is_the_first() -> None:
    scope, results = results_of_the_sample()
    none = results.overall.table.iloc[:0]
    left = replace(results, overall=replace(results.overall, table=none), interval=None)
    notes = named(pictures.relapse_drawings(scope, left))
    assert list(notes) == ["relapse_by_missing", "relapse_by_program"]
    assert MARKED in notes["relapse_by_missing"]
    assert MARKED not in notes["relapse_by_program"]
    assert tables.AS_FIRST in notes["relapse_by_program"]
    assert tables.HOW in tables.milestone_table(left, "all").note
    gone = replace(left.by_missing, table=left.by_missing.table.iloc[:0])
    alone = named(pictures.relapse_drawings(scope, replace(left, by_missing=gone)))
    assert list(alone) == ["relapse_by_program"]
    assert MARKED in alone["relapse_by_program"]
    assert FOLLOWED in alone["relapse_by_program"]
    assert tables.AS_FIRST not in alone["relapse_by_program"]
    nothing = replace(left, by_missing=gone, by_program=None)
    assert pictures.relapse_drawings(scope, nothing) == ()
    assert tables.HOW not in tables.milestone_table(nothing, "all").note


def test_columns_that_the_first_table_has_not_are_said_where_they_are() -> None:
    _, results = results_of_the_sample()
    bare = results.by_missing.table.copy()
    bare.loc[bare["day"] > 0, "at_risk"] = pd.NA
    first = replace(results.by_missing, table=bare)
    own = tables.curve_table("a", "A", results.overall, first=first).note
    assert "rounded to the nearest" in own
    assert tables.AS_FIRST not in own
    assert "rounded to the nearest" not in tables.curve_table("a", "A", first).note


def test_that_numbers_at_risk_are_not_shown_stands_once_under_the_ends() -> None:
    scope = choose_scope(records_of_the_sample(), QUARTER, None, None)
    shown = stays.declare_stays(scope, LinkedCounts(scope.policy), stays.stays(scope))
    [picture] = stays.stays_drawings(scope, shown)
    said = " ".join(picture.notes)
    assert "numbers at risk and limits are not shown" in said
    assert NUMBERS not in said


def test_what_is_said_of_the_last_30_days_is_what_is_done() -> None:
    # Admitted 100 days before the cut: the last 30 days begin on day 70.
    last = {"seen": 80, "seen and discharged": 80, "last seen before": 60, "not discharged": 60}
    left = {"seen and discharged": 85, "last seen before": 90}
    start = pd.Timestamp("2026-01-01")
    frame = pd.DataFrame({"episode_id": [*last], "person_id": [*last], "program": "North"})
    frame["admit_date"] = start
    frame["discharge_date"] = [
        start + pd.Timedelta(days=left[one]) if one in left else None for one in last
    ]
    frame["discharge_reason"] = ["transferred" if one in left else None for one in last]
    rows = [
        {"episode_id": one, "date": start + pd.Timedelta(days=day), "status": "attended"}
        for one, until in last.items()
        for day in range(0, until + 1, 5)
    ]
    records = iop.read_records(
        episodes=frame, attendance=pd.DataFrame(rows), as_of=start + pd.Timedelta(days=100)
    )
    times = in_treatment_of(read_attendance(records)).set_index("episode_id")
    for name in ("seen", "seen and discharged"):
        assert times.loc[name, ["days", "ended_by"]].tolist() == [70, "end_of_follow_up"]
    assert times.loc["last seen before", ["days", "ended_by"]].tolist() == [60, "transferred"]
    assert times.loc["not discharged", ["days", "ended_by"]].tolist() == [60, "dropped_out"]


@pytest.mark.parametrize("kept", [1, 2])
def test_one_episode_is_written_as_one(kept: int) -> None:
    sample = records_of_the_sample()
    north = sample.episodes["program"] == "North"
    few = sample.subset((north & (north.cumsum() <= kept)).to_numpy())
    scope = choose_scope(few, None, None, iop.SafePolicy.internal())
    results = relapse_results(scope)
    assert results is not None
    said = tables.how_estimated(scope, results, results.overall)
    assert f" of {kept} {'episode' if kept == 1 else 'episodes'}." in said
