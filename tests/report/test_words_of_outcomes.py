"""What is said of symptoms, daily life, ends over time and the limits of curves."""

from __future__ import annotations

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections import outcomes
from iop_outcomes.report.sections.definitions import methods
from tests.helpers.of_the_sample import (
    SHOWN,
    internal_report_of_the_sample,
    records_of_the_sample,
    report_of_the_sample,
)
from tests.report.test_internal_report import section_of

REPORTS = {"public": report_of_the_sample, "own": internal_report_of_the_sample}


def words_of(report: iop.Report, section: str, name: str) -> str:
    tables = section_of(report, section)
    found = (*tables["tables"], *(one["table"] for one in tables["figures"]))
    return str(next(table["note"] for table in found if table["name"] == name))


def row(report: iop.Report, table: str, name: str) -> str:
    frame = report.tables[table]
    return str(frame[frame.iloc[:, 0] == name].iloc[0, 1])


def who_died() -> int:
    records = records_of_the_sample().where(program=SHOWN)
    admitted = records.episodes["admit_date"].between("2024-10-01", "2026-09-30")
    return int((admitted & (records.episodes["discharge_reason"] == "died")).sum())


@pytest.mark.parametrize("name", ["symptoms", "functioning"])
@pytest.mark.parametrize("which", REPORTS)
def test_it_is_said_who_is_left_out_and_which_answers_count(which: str, name: str) -> None:
    report = REPORTS[which]()
    note, first = (words_of(report, "symptoms", one) for one in (name, "symptoms"))
    assert "the first answer from 14 days before to 14 days after the admission" in first
    assert "the last answer after that one, up to 14 days after the discharge" in first
    assert ("the answers that the table of symptoms names" in note) == (name != "symptoms")
    assert ("14 days" in note) == (name == "symptoms")  # said once in the section
    assert "Left out are those not discharged yet and those who died" in note
    assert (f"those who died ({who_died()})" in note) == (which == "own")


@pytest.mark.parametrize("which", REPORTS)
def test_symptoms_daily_life_and_ends_have_rows_of_the_definitions(which: str) -> None:
    report = REPORTS[which]()
    assert "up to 14 days after the discharge" in row(report, "definitions", "Symptoms")
    text = row(report, "definitions", "Work, housing and more")
    assert "The start, the end and who is counted: as for symptoms." in text
    assert "Stable housing: in stable housing" in text
    shown = set(report.tables["functioning"]["domain"])
    assert ("in paid work, in school or in training" in text) == ("work or school" in shown)
    assert ("one meeting or more since the last check-in" in text) == ("mutual help" in shown)
    first = row(report, "definitions", "What came first")
    missed = "A check-in missed on the day of the discharge does not count: the discharge does"
    assert missed in first
    assert "a relapse found on the day of the discharge counts as the relapse" in first
    note = words_of(report, "who-stayed", "ends_over_time")
    assert "nothing is used" not in note
    for said in (
        "These are the admissions of 2025: the last whole year of which everybody has been "
        "followed for 210 days, 180 and 30 more to see who stopped coming.",
        "Each report shows the same figures until those of the next year are known.",
        "What happened from 2026-07-31 on is not used.",
        "The day of admission is the first day",
    ):
        assert said in note


@pytest.mark.parametrize("which", REPORTS)
def test_no_definition_of_a_measure_says_again_what_an_earlier_one_says(which: str) -> None:
    report = REPORTS[which]()
    stay = "The stay ends with the last contact or the discharge, whichever is earlier."
    for day in (30, 60, 90):
        text = row(report, "definitions", f"Retained at {day} days")
        assert (stay in text) == (day == 30)
        assert ("The rest is as for retained at 30 days." in text) == (day != 30)
        assert f"Complete from {day + 30} days after" in text


def test_daily_life_says_which_answers_count_where_there_is_no_table_of_symptoms() -> None:
    records = records_of_the_sample()
    bam = [f"bam_{name}" for name in ("use", "risk", "protective", "version")]
    tables = {
        "episodes": records.episodes,
        "attendance": records.attendance,
        "checkins": records.checkins.drop(columns=["phq9", "gad7", *bam]),
    }
    scope = choose_scope(iop.read_records(**tables, as_of="2026-09-30"), "2026Q3", None, None)
    linked = LinkedCounts(scope.policy)
    outcomes.declare_admitted(scope, linked, ())
    made = outcomes.scores_tables(scope, linked)
    assert [one.table.name for one in made] == ["functioning"]
    assert outcomes.WHEN in made[0].table.note


@pytest.mark.parametrize("which", REPORTS)
def test_the_limits_of_curves_are_named_as_they_are_made(which: str) -> None:
    report = REPORTS[which]()
    limits = row(report, "methods", "Limits of curves")
    assert "log-log" in limits
    assert ("from the printed figures" in limits) == (which == "public")
    assert ("infinitesimal jackknife" in limits) == (which == "own")
    assert "Greenwood" in limits
    note = section_of(report, "relapse")["figures"][0]["table"]["note"]
    assert ("robust standard errors" in note) == (which == "own")


def test_paired_changes_have_their_method() -> None:
    for report in (report_of_the_sample(), internal_report_of_the_sample()):
        for name in ("Interval of a mean change", "Interval of a paired difference of shares"):
            text = row(report, "methods", name)
            assert "Student's t" in text
            assert "Cochran" in text
    names = [one.name for one in methods.FOUND]
    assert len(names) == len(set(names)) + 1  # the limits of curves, as the policy is


@pytest.mark.parametrize(
    ("status", "used", "first"),
    [
        ("missed", None, "transferred"),
        ("completed", True, None),
        ("completed", False, "transferred"),
    ],
)
def test_on_the_day_of_the_discharge_it_counts_unless_a_relapse_is_found(
    status: str, used: bool | None, first: str | None
) -> None:
    episode = {"episode_id": "E1", "person_id": "P1", "program": "A", "admit_date": "2026-01-01"}
    episode |= {"discharge_date": "2026-01-15", "discharge_reason": "transferred"}
    rows = [("2026-01-08", "completed", False), ("2026-01-15", status, used)]
    check_ins = pd.DataFrame(
        [{"episode_id": "E1", "date": day, "status": what, "used": use} for day, what, use in rows]
    )
    records = iop.read_records(
        episodes=pd.DataFrame([episode]), checkins=check_ins, as_of="2026-06-30"
    )
    times = iop.time_to_relapse(records)
    end = times["competing_end"].iloc[0]
    assert (None if pd.isna(end) else end) == first
    assert bool(times["event"].iloc[0]) == (first is None)


@pytest.mark.parametrize("which", REPORTS)
def test_a_difference_of_daily_life_is_in_points_and_its_number_as_it_was(which: str) -> None:
    report = REPORTS[which]()
    tables = section_of(report, "symptoms")["tables"]
    (table,) = [one for one in tables if one["name"] == "functioning"]
    kinds = [column["kind"] for column in table["columns"]]
    assert kinds == ["text", "count", "share", "share", "points", "points", "points"]
    first = next(one for one in table["rows"] if one[0] == "stable housing")
    assert -1 < first[4] < 1
    cells = [f'<td class="points">{100 * number:z.1f} points</td>' for number in first[4:]]
    assert "".join(cells) in report.html


def test_a_number_discharged_that_is_hidden_is_the_word_and_no_dash() -> None:
    scope = choose_scope(records_of_the_sample().where(program=["Lakeside"]), "2026Q3", None, None)
    linked = LinkedCounts(scope.policy)
    outcomes.declare_admitted(scope, linked, ())
    table = outcomes.scores_tables(scope, linked)[0].shown(frozenset())
    assert table.frame["discharged"].tolist() == ["hidden"] * 5
    assert table.frame["share"].tolist() == ["hidden"] * 5
    assert [type(row[2]) for row in table.rows] == [float] * 5
