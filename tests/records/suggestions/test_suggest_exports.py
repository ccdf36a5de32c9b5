"""What is proposed for the ten exports that lie beside the project, against what is right."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import iop_outcomes as iop

EXPORTS = Path(__file__).resolve().parents[4] / "shared" / "exports"
pytestmark = pytest.mark.skipif(not EXPORTS.is_dir(), reason="the exports are not beside it")

STATUS = {
    "Present": "attended",
    "Absent": "no_show",
    "Session Cancelled": "program_cancel",
    "Late": "late",
    "Cancelled": "client_cancel",
    "Partial": "attended_partial",
}
RIGHT: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "01_census_and_group_report": (
        {
            "MR Number": "person_id",
            "Admission Date": "admit_date",
            "Location": "program",
            "Discharge/Transition Date": "discharge_date",
            "Discharge Type": "discharge_reason",
            "Level of Care": "level",
            "Session Title": "service",
            "Session Date": "date",
            "Session Time": "time_range",
            "Attendance": "status",
            "Provider": "facilitator",
            "Duration": "minutes_scheduled",
            "Time in Session": "minutes_attended",
        },
        {
            **STATUS,
            "Excused": "excused",
            "Successful Completion": "completed",
            "AMA": "dropped_out",
            "Transfer to Higher LOC": "transferred",
            "Administrative Discharge": "terminated",
            "Deceased": "died",
            "Other": "other",
            "IOP Process Group": "group",
            "Individual Therapy": "individual",
            "Family Therapy": "family",
            "Biopsychosocial Assessment": "assessment",
            "N/A": "not_scheduled",
        },
    ),
    "02_appointments_by_name": (
        {
            "Client": "person_id",
            "Date of first appointment": "admit_date",
            "Date of service": "date",
            "Service code": "service",
            "Clinician": "facilitator",
            "Appointment status": "status",
            "Location": "modality",
        },
        {
            "Show": "attended",
            "No show": "no_show",
            "Canceled": "client_cancel",
            "Clinician canceled": "program_cancel",
            "Late canceled": "late_cancel",
            "90853, H0015": "group",
            "90837": "individual",
            "90791": "assessment",
            "90847": "family",
            "Telehealth: Video Office": "telehealth",
        },
    ),
    "03_workbook_titles_merged_totals": (
        {
            "Patient ID": "episode_id",
            "Admit Date": "admit_date",
            "Program": "program",
            "Discharge Date": "discharge_date",
            "Discharge Reason": "discharge_reason",
            "Date": "date",
            "Time": "time_range",
            "Length": "minutes_scheduled",
            "Type": "service",
            "Clinician": "facilitator",
            "Status": "status",
        },
        {
            "Completed": "attended",
            "Missed": "no_show",
            "Canceled": "client_cancel",
            "Clinician Canceled": "program_cancel",
            "Late Canceled": "late_cancel",
            "Scheduled": "unrecorded",
            "Group Therapy Session": "group",
            "Therapy Session": "individual",
            "Therapy Intake": "assessment",
            "Treatment complete": "completed",
            "Stopped attending": "dropped_out",
            "Discharged by program": "terminated",
            "Transferred": "transferred",
        },
    ),
    "04_month_sheets_grid": (
        {"Client": "episode_id", "Start": "admit_date"},
        {"P": "attended", "A": "no_show", "E": "excused", "L": "late", "H": "program_cancel"},
    ),
    "05_row_a_group_with_attendees": (
        {
            "episode_id": "episode_id",
            "admit_date": "admit_date",
            "Group Date": "date",
            "discharge_date": "discharge_date",
            "discharge_reason": "discharge_reason",
            "Start": "start_time",
            "Hours": "minutes_scheduled",
            "Group Name": "service",
            "Attendees": "status",
            "Absent": "status",
            "Excused": "status",
        },
        {"Attendees": "attended", "Absent": "no_show", "Excused": "excused"},
    ),
    "06_one_longitudinal_file": (
        {
            "record_id": "episode_id",
            "admit_dt": "admit_date",
            "level_of_care": "level",
            "discharge_dt": "discharge_date",
            "discharge_reason": "discharge_reason",
            "checkin_dt": "date",
            "ci_used": "used",
            "ci_days": "use_days",
            "ci_craving": "craving",
            "uds_result": "drug_test",
            "phq9_total": "phq9",
            "gad7_total": "gad7",
            "employ": "employed",
            "housing": "stable_housing",
            "weekly_checkin_complete": "status",
        },
        {"2": "completed", "0": "missed"},
    ),
    "07_form_responses": (
        {
            "Client code": "episode_id",
            "Admitted": "admit_date",
            "Discharged": "discharge_date",
            "Why": "discharge_reason",
            "Timestamp": "date",
            "Your client code": "episode_id",
            "On how many days?": "use_days",
            "In the past 7 days, did you drink alcohol or use any drug?": "used",
            "How strong were your cravings? (0 = none, 10 = strongest)": "craving",
            "If yes, which? (check all that apply)": "substance",
            "Where are you living?": "stable_housing",
            "Are you working?": "employed",
        },
        {
            "still here": "",
            "Yes": "yes",
            "No": "no",
            "Prefer not to say": "",
            "Full time": "yes",
            "Looking for work": "no",
            "My own place or with family": "yes",
            "Shelter / on the street": "no",
        },
    ),
    "08_encounters_padded_ids": (
        {
            "Unique Client Number": "person_id",
            "Facility": "program",
            "Program": "level",
            "Admission Date": "admit_date",
            "Program End Date": "discharge_date",
            "Discharge Reason": "discharge_reason",
            "Encounter Start Date": "date",
            "Service": "service",
            "Duration": "minutes_scheduled",
            "Encounter Status": "status",
        },
        {
            "Released to Billing": "attended",
            "H0015 Intensive Outpatient": "group",
            "H0004 Individual Counseling": "individual",
            "H0001 Assessment": "assessment",
            "T1006 Family Counseling": "family",
            "Death": "died",
            "Invalid DateTime": "",
            "Left Against Professional Advice (Drop Out)": "dropped_out",
        },
    ),
    "09_semicolons_decimal_comma": (
        {
            "Fallnummer": "episode_id",
            "Aufnahme": "admit_date",
            "Grund": "discharge_reason",
            "Entlassung": "discharge_date",
            "Einrichtung": "program",
            "Datum": "date",
            "Beginn": "start_time",
            "Stunden": "minutes_scheduled",
            "Status": "status",
            "Konsum": "used",
            "Craving": "craving",
        },
        {
            "anwesend": "attended",
            "unentschuldigt": "no_show",
            "verspätet": "late",
            "ausgefallen": "program_cancel",
            "abgesagt": "client_cancel",
            "?": "unrecorded",
            "teilweise": "attended_partial",
            "entschuldigt": "excused",
            "entfällt": "not_scheduled",
            "erledigt": "completed",
            "fehlt": "missed",
            "Abbruch": "dropped_out",
            "disziplinarisch": "terminated",
        },
    ),
    "10_title_rows_in_one_file": (
        {"episode_id": "episode_id", "admit_date": "admit_date", "date": "date"},
        {"attended": "attended", "no_show": "no_show"},
    ),
}
HEADINGS, WORDS = 95, 81  # proposed rightly, of HEADINGS_ALL and WORDS_ALL
HEADINGS_ALL, WORDS_ALL = 95, 82  # the one word: N/A, which may be not due or not recorded


def words_in(data: dict[str, Any]) -> dict[str, set[str]]:
    results: dict[str, set[str]] = {}
    for table in ("episodes", "attendance", "checkins"):
        section = data.get(table, {})
        lists = [one.get("lists", {}).get("status", {}) for one in section.get("from", [])]
        for words in (*section.get("words", {}).values(), *lists):
            for theirs, ours in words.items():
                results.setdefault(theirs, set()).add(ours)
    return results


@pytest.fixture(scope="module")
def proposed() -> dict[str, iop.MappingSuggestion]:
    return {name: iop.suggest_mapping(EXPORTS / name) for name in RIGHT}


def test_headings_and_words_are_proposed_rightly(
    proposed: dict[str, iop.MappingSuggestion],
) -> None:
    headings = words = headings_all = words_all = 0
    wrong = []
    for name, (columns, meanings) in RIGHT.items():
        result = proposed[name]
        told = set(zip(result.table["heading"], result.table["column"], strict=True))
        text = words_in(tomllib.loads(result.text))
        for pair in columns.items():
            headings, headings_all = headings + (pair in told), headings_all + 1
            wrong += [] if pair in told else [(name, *pair)]
        for theirs, ours in meanings.items():
            right = ours in text.get(theirs, set())
            words, words_all = words + right, words_all + 1
            wrong += [] if right else [(name, theirs, ours)]
    assert (headings_all, words_all) == (HEADINGS_ALL, WORDS_ALL)
    assert (headings, words) == (HEADINGS, WORDS), wrong


@pytest.mark.parametrize("name", RIGHT)
def test_no_identifier_name_or_date_of_a_person_is_written(
    name: str, proposed: dict[str, iop.MappingSuggestion]
) -> None:
    result = proposed[name]
    shown = result.text + result.summary() + result._repr_html_()
    truth = pd.read_csv(EXPORTS / "truth" / "episodes.csv", dtype=str)
    people = {*truth["episode_id"], *truth["person_id"]}
    people |= {f"Testperson{number:03d}" for number in range(1, 81)} | {"00000100", "A-1", "A-2"}
    assert [one for one in people if one in shown] == []
    dates = pd.to_datetime(truth["admit_date"])
    for form in ("%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y"):
        assert [day for day in dates.dt.strftime(form) if day in shown] == []


def test_the_order_of_dates_and_the_header_are_told(
    proposed: dict[str, iop.MappingSuggestion],
) -> None:
    assert proposed["01_census_and_group_report"].mapping.date_order == "month_first"
    assert proposed["09_semicolons_decimal_comma"].mapping.date_order == "day_first"
    sources = proposed["03_workbook_titles_merged_totals"].mapping.sources
    assert [plan.header_row for plans in sources.values() for plan in plans] == [5, 5]
    (attendance,) = proposed["10_title_rows_in_one_file"].mapping.sources["attendance"]
    assert attendance.header_row == 4


KEPT = {  # rows kept of the episodes and of the other table, as the shape bears it
    "01_census_and_group_report": (85, 2312),  # 30 have no status, or N/A: asked
    "02_appointments_by_name": (80, 2177),  # an earlier stay of five people is not in the list
    "03_workbook_titles_merged_totals": (85, 2342),
    "04_month_sheets_grid": (85, 1589),  # groups only
    "05_row_a_group_with_attendees": (85, 1475),  # groups only, without those cancelled
    "06_one_longitudinal_file": (85, 1725),  # 20 are unverified: asked
    "07_form_responses": (85, 1312),  # 34 in another case: a line to uncomment
    "08_encounters_padded_ids": (85, 1752),  # only those that took place
    "09_semicolons_decimal_comma": (85, 2342),
    "10_title_rows_in_one_file": (2, 2),
}


@pytest.mark.parametrize("name", RIGHT)
def test_the_records_can_be_read_by_the_proposal(
    name: str, proposed: dict[str, iop.MappingSuggestion]
) -> None:
    assert proposed[name].problem == ""
    records = iop.read_records(EXPORTS / name, mapping=proposed[name].mapping)
    kept = records.sources.groupby("table")["rows_kept"].sum()
    other = "attendance" if "attendance" in kept else "checkins"
    assert (kept["episodes"], kept[other]) == KEPT[name]


def test_an_empty_status_is_offered_as_a_line(proposed: dict[str, iop.MappingSuggestion]) -> None:
    text = proposed["01_census_and_group_report"].text
    (line,) = [one for one in text.splitlines() if one.startswith('# "" = ')]
    text = text.replace(line, line.removeprefix("# "))
    text = text.replace('# "N/A" = "..."', '"N/A" = "not_scheduled"')
    mapping = tomllib.loads(text)
    records = iop.read_records(EXPORTS / "01_census_and_group_report", mapping=mapping)
    assert (len(records.attendance), len(records.problems)) == (2342, 0)


def test_the_footer_of_the_encounters_is_left_out_and_told(
    proposed: dict[str, iop.MappingSuggestion],
) -> None:
    name = "08_encounters_padded_ids"
    records = iop.read_records(EXPORTS / name, mapping=proposed[name].mapping)
    assert len(records.problems) == 0
    assert records.sources["rows_left_out"].tolist() == [2, 0]
    (note,) = [note for note in records.notes if "drop_rows" in note]
    assert note.startswith("Admission_Discharge_Report.csv, lines 88 to 89: left out")
    assert all(left.endswith("a total, legend or footer") for left in proposed[name].left_out)


def test_of_the_longitudinal_file_no_empty_column_is_read(
    proposed: dict[str, iop.MappingSuggestion],
) -> None:
    name = "06_one_longitudinal_file"
    records = iop.read_records(EXPORTS / name, mapping=proposed[name].mapping)
    quality = records.quality()
    failed = quality[quality["status"] == "failed"]["check"]
    assert "empty_column" not in set(failed)
    assert records.episodes["discharge_date"].notna().sum() == 71


def test_the_day_that_the_titles_state_is_asked_about(
    proposed: dict[str, iop.MappingSuggestion],
) -> None:
    (question,) = [
        one for one in proposed["10_title_rows_in_one_file"].questions if "--as-of" in one
    ]
    assert "2026-09-30 (the titles of attendance.csv)" in question
    assert "--as-of 2026-10-01" in proposed["01_census_and_group_report"].text
