"""What four of the exports beside the project can tell, and that a report prints nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

import iop_outcomes as iop
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.records.fitness import MEASURES
from iop_outcomes.report import model

EXPORTS = Path(__file__).resolve().parents[3] / "shared" / "exports"
pytestmark = pytest.mark.skipif(not EXPORTS.is_dir(), reason="the exports are not beside it")

MAPPINGS = {
    "02_appointments_by_name": """
[options]
date_order = "month_first"
[[episodes.from]]
file = "client-details.csv"
[episodes.columns]
"Client" = "person_id"
"Date of first appointment" = "admit_date"
[[attendance.from]]
file = "appointment-status-report-2026-10-01.csv"
[attendance.columns]
"Date of service" = "date"
"Client" = "person_id"
"Service code" = "service"
"Appointment status" = "status"
[attendance.link]
by = "person_and_date"
person = "name"
[attendance.words.service]
"90853, H0015" = "group"
"90837" = "individual"
"90791" = "assessment"
"90847" = "family"
[attendance.words.status]
"Show" = "attended"
"No show" = "no_show"
"Canceled" = "client_cancel"
"Clinician canceled" = "program_cancel"
"Late canceled" = "late_cancel"
""",
    "07_form_responses": """
[options]
date_order = "month_first"
[[episodes.from]]
file = "episodes.csv"
[episodes.columns]
"Client code" = "episode_id"
"Admitted" = "admit_date"
"Discharged" = "discharge_date"
"Why" = "discharge_reason"
[episodes.words.discharge_date]
"still here" = ""
[episodes.words.discharge_reason]
"completed" = "completed"
"transferred" = "transferred"
"terminated" = "terminated"
"dropped_out" = "dropped_out"
"other" = "other"
"died" = "died"
[[checkins.from]]
file = "Weekly Check-In (Responses) - Form Responses 1.csv"
[checkins.columns]
"Timestamp" = "date"
"Your client code" = "episode_id"
"In the past 7 days, did you drink alcohol or use any drug?" = "used"
"On how many days?" = "use_days"
"status" = "status"
[checkins.words.used]
"No" = "no"
"Yes" = "yes"
"Prefer not to say" = ""
[checkins.words.status]
"completed" = "completed"
""",
    "08_encounters_padded_ids": """
[options]
date_order = "month_first"
[[episodes.from]]
file = "Admission_Discharge_Report.csv"
[episodes.columns]
"Facility" = "program"
"Unique Client Number" = "episode_id"
"Admission Date" = "admit_date"
"Program" = "level"
"Program End Date" = "discharge_date"
"Discharge Reason" = "discharge_reason"
[episodes.words.discharge_date]
"Invalid DateTime" = ""
[episodes.words.discharge_reason]
"Completed Treatment/Services" = "completed"
"Transferred to Another Program" = "transferred"
"Terminated by Facility" = "terminated"
"Left Against Professional Advice (Drop Out)" = "dropped_out"
"Other" = "other"
"Death" = "died"
[[attendance.from]]
file = "Encounter_Report.csv"
[attendance.columns]
"Unique Client Number" = "episode_id"
"Encounter Start Date" = "date"
"Service" = "service"
"Duration" = "minutes_scheduled"
"Encounter Status" = "status"
[attendance.words.service]
"H0015 Intensive Outpatient" = "group"
"H0004 Individual Counseling" = "individual"
"H0001 Assessment" = "assessment"
"T1006 Family Counseling" = "family"
[attendance.words.status]
"Released to Billing" = "attended"
""",
    "09_semicolons_decimal_comma": """
[options]
date_order = "day_first"
[[episodes.from]]
file = "episodes.csv"
[episodes.columns]
"Fallnummer" = "episode_id"
"Aufnahme" = "admit_date"
"Entlassung" = "discharge_date"
"Grund" = "discharge_reason"
"Einrichtung" = "program"
[episodes.words.discharge_reason]
"planmäßig beendet" = "completed"
"Übergeleitet" = "transferred"
"disziplinarisch" = "terminated"
"Abbruch" = "dropped_out"
"sonstiges" = "other"
"verstorben" = "died"
[[attendance.from]]
file = "attendance.csv"
[attendance.columns]
"Fallnummer" = "episode_id"
"Datum" = "date"
"Beginn" = "start_time"
"Stunden" = "minutes_scheduled"
"Status" = "status"
[attendance.units]
minutes_scheduled = "hours"
[attendance.words.status]
"anwesend" = "attended"
"unentschuldigt" = "no_show"
"ausgefallen" = "program_cancel"
"verspätet" = "late"
"abgesagt" = "client_cancel"
"teilweise" = "attended_partial"
"entschuldigt" = "excused"
"entfällt" = "not_scheduled"
"?" = "unrecorded"
[[checkins.from]]
file = "checkins.csv"
[checkins.columns]
"Fallnummer" = "episode_id"
"Datum" = "date"
"Status" = "status"
"Konsum" = "used"
[checkins.words.status]
"erledigt" = "completed"
"fehlt" = "missed"
[checkins.words.used]
"nein" = "no"
"ja" = "yes"
""",
}
ATTENDANCE = {"attendance_rate", "no_show_rate"}
RELAPSE = {"relapse", "relapse_missing_rules", "check_in_response"}
OF_SESSIONS = {"first_session", "hours", "weeks_at_dose", "retained_30", "retained_60"}
SCORES = {"phq9_completed", "phq9_better", "gad7_better"}
LIFE = {"work_or_school", "stable_housing"}
NOT_TOLD = {
    "02_appointments_by_name": {
        *(*RELAPSE, *SCORES, *LIFE),
        *("hours", "weeks_at_dose", "completion_rate", "length_of_stay", "readmissions"),
    },
    "07_form_responses": {
        *ATTENDANCE,
        *(*OF_SESSIONS, *SCORES, *LIFE),
        *("retained_90", "readmissions", "check_in_response", "relapse_missing_rules"),
    },
    "08_encounters_padded_ids": {*ATTENDANCE, *RELAPSE, *SCORES, *LIFE, "readmissions"},
    "09_semicolons_decimal_comma": {*SCORES, *LIFE, "readmissions"},
}


@pytest.mark.parametrize("name", MAPPINGS)
def test_each_export_gives_the_measures_that_its_shape_supports(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = Picture(b"<svg/>", "A picture.", 1, 1)
    monkeypatch.setattr(model, "draw_svg", lambda *_, **__: empty)
    path = tmp_path / "mapping.toml"
    path.write_text(MAPPINGS[name], encoding="utf-8")
    records = iop.read_records(EXPORTS / name, mapping=path)
    judged = records.fitness().set_index("measure")["known"]
    judged = judged[[MEASURES[measure].reported for measure in judged.index]]
    assert set(judged.index[judged == "no"]) == NOT_TOLD[name]
    if name.startswith("09"):
        return  # nearly everything is known: any report shows that
    report = iop.quarterly_report(records, "2026Q2")
    assert "Nobody was discharged" not in report.html
    findings = report.findings.set_index("measure")
    for measure in NOT_TOLD[name] & set(findings.index):
        assert findings.loc[measure, "change"] == "not known"
        assert "not known from these records" in findings.loc[measure, "text"]
        assert f"trend_{measure}" not in report.tables
    assert "100.0%" not in "".join(findings["text"])
    if "relapse_missing_rules" in NOT_TOLD[name]:  # what is not there is not pointed to
        assert "rests on missing data" not in report.html
        assert "read it with the table" not in report.html
    left_out = report.tables["cannot_tell"].set_index("measure")["known"]
    assert (left_out == "no").sum() == len(NOT_TOLD[name])


def test_the_response_to_a_form_is_known_once_the_schedule_is_stated(tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    name = "07_form_responses"
    text = MAPPINGS[name] + '[checkins]\nexpected_every = "7 days"\n'
    path.write_text(text, encoding="utf-8")
    judged = iop.read_records(EXPORTS / name, mapping=path).fitness().set_index("measure")
    assert (
        judged.loc[["check_in_response", "relapse_missing_rules"], "known"].tolist() == ["yes"] * 2
    )
