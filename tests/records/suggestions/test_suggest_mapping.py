"""A mapping proposed for small exports of the shapes that record systems give."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.errors import OutcomesError, RecordsError
from iop_outcomes.records.suggestions.recognition.language import heading_score, meaning
from iop_outcomes.records.suggestions.toml import quoted

EPISODES = "Client ID,Admit Date,Discharge Date,DC Reason\n" + "".join(
    f"K-{n:03d},01/{10 + n}/2026,03/{10 + n}/2026,Graduated\n" for n in range(8)
)
SHAPES: dict[str, tuple[dict[str, str], dict[str, str], dict[str, str]]] = {
    # a shape: its files, heading -> column, word -> ours
    "census_and_group_report": (
        {
            "Census.csv": "MR Number,Admission Date,Discharge/Transition Date,Discharge Type\n"
            "INV-1,11/24/2025 09:30 AM,02/10/2026 09:30 AM,Successful Completion\n"
            "INV-2,01/20/2026 09:30 AM,03/18/2026 09:30 AM,AMA\n"
            "INV-2,05/04/2026 09:30 AM,,\n",
            "Group_Attendance.csv": "MR Number,Session Title,Session Date,Session Time,Attendance,"
            "Duration\n"
            "INV-1,IOP Process Group,11/25/2025,5:30 PM - 8:30 PM,Present,3h 0m\n"
            "INV-2,Individual Therapy,01/21/2026,4:00 PM - 5:00 PM,Session Cancelled,1h 0m\n"
            "INV-2,IOP Process Group,05/05/2026,5:30 PM - 8:30 PM,Absent,3h 0m\n",
        },
        {
            "MR Number": "person_id",
            "Admission Date": "admit_date",
            "Discharge/Transition Date": "discharge_date",
            "Discharge Type": "discharge_reason",
            "Session Title": "service",
            "Session Date": "date",
            "Session Time": "time_range",
            "Attendance": "status",
            "Duration": "minutes_scheduled",
        },
        {
            "Successful Completion": "completed",
            "AMA": "dropped_out",
            "IOP Process Group": "group",
            "Individual Therapy": "individual",
            "Present": "attended",
            "Session Cancelled": "program_cancel",
            "Absent": "no_show",
        },
    ),
    "titles_above_and_totals_below": (
        {
            "episodes.csv": "episode_id,admit_date\nA-1,2026-07-01\nA-2,2026-07-02\n",
            "attendance.csv": "BestNotes export\nC - Appointment Status Report\n"
            "Period: 07/01/2026 - 09/30/2026\nepisode_id,date,status\n"
            "A-1,2026-07-03,attended\nA-2,2026-07-03,no_show\nTotal records: 2,,\n",
        },
        {"episode_id": "episode_id", "admit_date": "admit_date", "date": "date"},
        {"attended": "attended", "no_show": "no_show"},
    ),
    "lists_of_people": (
        {
            "episodes.csv": EPISODES,
            "log.csv": "Session #,Group Date,Group Name,Start,Hours,Attendees,Absent\n"
            "1,2026-01-20,Relapse Prevention,09:00 AM,3,K-001; K-002; K-003,K-004\n"
            "2,2026-01-21,Relapse Prevention,09:00 AM,3,K-001; K-004,K-005; K-006\n",
        },
        {
            "Group Date": "date",
            "Group Name": "service",
            "Start": "start_time",
            "Hours": "minutes_scheduled",
            "Attendees": "status",
            "Absent": "status",
        },
        {"Relapse Prevention": "group", "Attendees": "attended", "Absent": "no_show"},
    ),
    "one_longitudinal_file": (
        {
            "export.csv": "record_id,redcap_event_name,admit_dt,discharge_dt,discharge_reason,"
            "checkin_dt,ci_used,ci_craving,weekly_checkin_complete\n"
            + "".join(
                f"K-{n:03d},admission_arm_1,2026-01-{10 + n},,,,,,\n"
                f"K-{n:03d},treatment_arm_1,,,,2026-01-{17 + n},{n % 2},{n},2\n"
                f"K-{n:03d},treatment_arm_1,,,,2026-01-{23 + n},,,0\n"
                f"K-{n:03d},discharge_arm_1,,2026-03-{10 + n},1,,,,\n"
                for n in range(8)
            ),
        },
        {
            "record_id": "episode_id",
            "admit_dt": "admit_date",
            "discharge_dt": "discharge_date",
            "discharge_reason": "discharge_reason",
            "checkin_dt": "date",
            "ci_used": "used",
            "ci_craving": "craving",
            "weekly_checkin_complete": "status",
        },
        {"2": "completed", "0": "missed"},
    ),
    "a_form": (
        {
            "Responses.csv": "Timestamp,Your client code,"
            '"In the past 7 days, did you drink alcohol or use any drug?",On how many days?,'
            "Are you working?\n"
            + "".join(
                f"1/{17 + n}/2026 10:00:00,k-{n:03d},{'Yes' if n % 2 else 'No'},{n % 2} days,"
                "Full time\n"
                for n in range(8)
            ),
            "episodes.csv": EPISODES.replace("03/17/2026", "still here"),
        },
        {
            "Timestamp": "date",
            "Your client code": "person_id",
            "In the past 7 days, did you drink alcohol or use any drug?": "used",
            "On how many days?": "use_days",
            "Are you working?": "employed",
        },
        {"Yes": "yes", "No": "no", "Full time": "yes", "still here": ""},
    ),
    "german": (
        {
            "episodes.csv": "Fallnummer;Aufnahme;Entlassung;Grund;Einrichtung\n"
            "F-1;24.11.2025;10.02.2026;planmäßig beendet;Mühle\nF-2;24.11.2025;;;Mühle\n",
            "attendance.csv": "Fallnummer;Datum;Beginn;Stunden;Status\n"
            "F-1;25.11.2025;17.30;3,00;anwesend\nF-2;25.11.2025;17.30;3,00;unentschuldigt\n",
        },
        {
            "Fallnummer": "episode_id",
            "Aufnahme": "admit_date",
            "Entlassung": "discharge_date",
            "Grund": "discharge_reason",
            "Einrichtung": "program",
            "Datum": "date",
            "Beginn": "start_time",
            "Stunden": "minutes_scheduled",
            "Status": "status",
        },
        {"anwesend": "attended", "unentschuldigt": "no_show", "planmäßig beendet": "completed"},
    ),
    "spanish": (
        {
            "pacientes.csv": "Expediente;Fecha de ingreso;Fecha de egreso;Motivo de egreso\n"
            "P-1;24/11/2025;10/02/2026;Abandono\nP-2;25/11/2025;;\n",
            "asistencia.csv": "Expediente;Fecha;Hora;Tipo de sesión;Asistió\n"
            "P-1;26/11/2025;18:00;Grupo;Sí\nP-2;26/11/2025;18:00;Individual;Justificada\n",
        },
        {
            "Expediente": "person_id",
            "Fecha de ingreso": "admit_date",
            "Fecha de egreso": "discharge_date",
            "Motivo de egreso": "discharge_reason",
            "Fecha": "date",
            "Hora": "start_time",
            "Tipo de sesión": "service",
            "Asistió": "status",
        },
        {"Sí": "attended", "Justificada": "excused", "Grupo": "group", "Abandono": "dropped_out"},
    ),
}


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def all_words(text: str) -> dict[str, str]:
    """Every line of the mapping that says what a word, a list or a constant means."""
    data = tomllib.loads(text)
    results: dict[str, str] = {}
    for table in ("episodes", "attendance", "checkins"):
        for words in data.get(table, {}).get("words", {}).values():
            results |= words
        for source in data.get(table, {}).get("from", []):
            results |= source.get("lists", {}).get("status", {})
    return results


@pytest.mark.parametrize("shape", SHAPES)
def test_headings_and_words_of_a_shape_are_proposed(shape: str, tmp_path: Path) -> None:
    files, columns, words = SHAPES[shape]
    proposal = iop.suggest_mapping(written(tmp_path, files))
    proposed = dict(zip(proposal.table["heading"], proposal.table["column"], strict=True))
    assert {heading: proposed.get(heading) for heading in columns} == columns
    assert {word: all_words(proposal.text).get(word) for word in words} == words
    assert iop.read_mapping(tomllib.loads(proposal.text)) == proposal.mapping


def test_titles_header_and_totals_are_told(tmp_path: Path) -> None:
    files = SHAPES["titles_above_and_totals_below"][0]
    data = tomllib.loads(iop.suggest_mapping(written(tmp_path, files)).text)
    (source,) = data["attendance"]["from"]
    assert source["header_row"] == 4
    assert source["drop_rows"] == [{"episode_id": {"starts_with": "Total"}}]


@pytest.mark.parametrize("date", ["01/{:02}/2026", "2026-01-{:02}"])
def test_a_total_whose_count_stands_in_the_column_of_dates_is_told(
    date: str, tmp_path: Path
) -> None:
    rows = [f"K-{n:03d},{date.format(10 + n)}" for n in range(9)]
    sessions = [f"{row},attended" for row in rows]
    files = {
        "episodes.csv": "\n".join(["Client No,Admitted", *rows, "Total,9", ""]),
        "attendance.csv": "\n".join(
            ["Client No,Session Date,Outcome", *sessions, "Total sessions,9,", ""]
        ),
    }
    proposal = iop.suggest_mapping(written(tmp_path, files))
    data = tomllib.loads(proposal.text)
    dropped = [data[table]["from"][0]["drop_rows"] for table in ("episodes", "attendance")]
    assert dropped == [[{"Client No": {"starts_with": "Total"}}]] * 2
    assert not len(iop.read_records(tmp_path, mapping=proposal.mapping).problems)


def test_ids_that_would_match_are_proposed_and_not_applied(tmp_path: Path) -> None:
    proposal = iop.suggest_mapping(written(tmp_path, SHAPES["a_form"][0]))
    assert proposal.mapping.ids == {}
    assert '# person_id = ["ignore_case"]' in proposal.text
    assert any("ignore_case" in question for question in proposal.questions)


def test_the_rows_of_a_person_are_linked_by_date_and_can_be_read(tmp_path: Path) -> None:
    proposal = iop.suggest_mapping(written(tmp_path, SHAPES["census_and_group_report"][0]))
    assert proposal.mapping.link("attendance").by == "person_and_date"
    assert proposal.problem == ""
    records = iop.read_records(tmp_path, mapping=proposal.mapping)
    assert records.attendance["episode_id"].astype(str).tolist() == [
        "INV-1 2025-11-24",
        "INV-2 2026-01-20",
        "INV-2 2026-05-04",
    ]


def test_first_and_last_names_are_proposed_together_and_never_one_of_them(tmp_path: Path) -> None:
    people = [("Ina", "Beispiel"), ("Udo", "Beispiel"), ("Ina", "Muster"), ("Jo", "Probe")]
    files = {
        "intakes.csv": "First Name,Last Name,Admit Date,Discharge Date\n"
        + "".join(f"{one},{two},2026-01-0{n},\n" for n, (one, two) in enumerate(people, start=1)),
        "sessions.csv": "Client First Name,Client Last Name,Session Date,Attendance\n"
        + "".join(f"{one},{two},2026-02-0{n},Present\n" for one, two in people for n in (1, 2)),
    }
    proposal = iop.suggest_mapping(written(tmp_path, files))
    assert proposal.mapping.combine["attendance"]["person_id"] == (
        "Client First Name",
        "Client Last Name",
    )
    assert proposal.mapping.link("attendance").person == "name"
    assert proposal.problem == ""
    records = iop.read_records(tmp_path, mapping=proposal.mapping)
    assert records.attendance["episode_id"].astype(str).value_counts().tolist() == [2] * 4
    shown = proposal.text + proposal.summary() + repr(records)
    assert not any(name in shown for person in people for name in person if len(name) > 2)


def test_lines_for_identifiers_and_empty_statuses_work_without_their_mark(tmp_path: Path) -> None:
    rows = "".join(f"{n:05d},2026-02-0{n},{'Present' if n % 2 else ''}\n" for n in range(1, 8))
    files = {
        "episodes.csv": "Episode ID,Admit Date\n"
        + "".join(f"{n},2026-01-0{n}\n" for n in range(1, 8)),
        "attendance.csv": f"Episode ID,Session Date,Attendance\n{rows}",
    }
    proposal = iop.suggest_mapping(written(tmp_path, files))
    assert "[ids] it would be 100%" in " ".join(proposal.questions)
    assert len(iop.read_records(tmp_path, mapping=proposal.mapping).attendance) == 0
    text = proposal.text.replace("# episode_id = [", "episode_id = [").replace('# "" = ', '"" = ')
    records = iop.read_records(tmp_path, mapping=tomllib.loads(text))
    counts = records.attendance["status"].value_counts()
    assert (counts["attended"], counts["unrecorded"]) == (4, 3)


def test_a_legend_beside_the_data_gives_the_words(tmp_path: Path) -> None:
    rows = "".join(f"K-{n:03d},2026-01-{12 + n},{1 + n % 3}\n" for n in range(8))
    files = {
        "episodes.csv": EPISODES,
        "sessions.csv": "Client ID,Session Date,Attendance\n" + rows,
        "legend.txt": "Attendance\n1 = Present\n2 = Absent\n3 = Excused\n",
    }
    proposal = iop.suggest_mapping(written(tmp_path, files))
    assert all_words(proposal.text) == {
        "Graduated": "completed",
        "1": "attended",
        "2": "no_show",
        "3": "excused",
    }


def test_a_file_without_a_header_is_none_and_no_person_is_written(tmp_path: Path) -> None:
    rows = "".join(f'K-{n:03d},"Marsh, Ada{n}",2026-01-{12 + n},Attended\n' for n in range(8))
    files = {"episodes.csv": EPISODES, "data.csv": rows}
    proposal = iop.suggest_mapping(written(tmp_path, files))
    assert "data.csv: none of the tables; no row of it looks like a header" in proposal.text
    assert "Marsh" not in proposal.text
    assert (
        not proposal.table.astype(str)
        .apply(lambda column: column.str.contains("Marsh"))
        .any()
        .any()
    )


def test_a_column_a_person_is_not_named(tmp_path: Path) -> None:
    names = [f'"Marsh, Ada{n}"' for n in range(6)]
    rows = "".join(f"2026-01-{12 + n},P,A,P,P,A,P\n" for n in range(8))
    files = {"episodes.csv": EPISODES, "sign in.csv": f"Date,{','.join(names)}\n{rows}"}
    proposal = iop.suggest_mapping(written(tmp_path, files))
    assert "Marsh" not in proposal.text + proposal.summary() + proposal._repr_html_()


def test_words_of_few_rows_that_nobody_knows_are_not_written(tmp_path: Path) -> None:
    rows = "".join(f"K-{n:03d},2026-01-{12 + n},Attended\n" for n in range(8))
    files = {
        "episodes.csv": EPISODES,
        "sessions.csv": f"Client ID,Date,Status\n{rows}K-001,2026-02-01,Saw Petra Quill\n",
    }
    proposal = iop.suggest_mapping(written(tmp_path, files))
    assert "Quill" not in proposal.text
    assert "1 more word is not listed here" in proposal.text


def test_save_does_not_write_over_a_mapping_unless_asked(tmp_path: Path) -> None:
    proposal = iop.suggest_mapping(written(tmp_path, SHAPES["german"][0]))
    path = tmp_path / "mapping.toml"
    proposal.save(path)
    assert path.read_text(encoding="utf-8") == proposal.text
    with pytest.raises(RecordsError, match="exists already"):
        proposal.save(path)
    proposal.save(path, overwrite=True)
    assert "<MappingSuggestion" in repr(proposal)
    assert "<table>" in proposal._repr_html_()


def test_an_absent_or_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="There is no folder or file"):
        iop.suggest_mapping(tmp_path / "absent")
    with pytest.raises(RecordsError, match="No file with a header"):
        iop.suggest_mapping(tmp_path)


CELL = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["Date", "Status", "Client ID", "Admit Date", "2026-01-05", "P", "", "1/2", "9"]
    ),
)


@given(st.lists(st.lists(CELL, max_size=5), max_size=8), st.sampled_from([",", ";", "\t"]))
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_file_of_text_makes_it_raise(
    tmp_path: Path, rows: list[list[str]], delimiter: str
) -> None:
    text = "\n".join(delimiter.join(row) for row in rows)
    (tmp_path / "some.csv").write_bytes(text.encode("utf-8", "replace"))
    (tmp_path / "episodes.csv").write_text(EPISODES, encoding="utf-8")
    proposal = iop.suggest_mapping(tmp_path)
    tomllib.loads(proposal.text)


@given(st.text(max_size=20))
def test_any_text_is_quoted_as_toml_reads_it(text: str) -> None:
    if not any("\ud800" <= letter <= "\udfff" for letter in text):
        assert tomllib.loads(f"{quoted(text)} = {quoted(text)}") == {text: text}


def test_a_character_is_written_by_its_number_only_where_it_cannot_be_shown() -> None:
    every = [chr(number) for number in range(256)]
    assert [tomllib.loads(f"a = {quoted(letter)}")["a"] for letter in every] == every
    numbered = [letter for letter in every if quoted(letter).startswith('"\\u')]
    assert numbered == [*map(chr, (*range(8), 11, *range(14, 32), 127))]


@pytest.mark.parametrize(
    ("word", "ours"),
    [
        ("Not completed", None),
        ("did not attend", "no_show"),
        ("Cancelled by provider - snow", "program_cancel"),
        ("90853, H0015", "group"),
        ("90853, 90837", None),
    ],
)
def test_a_word_within_a_phrase_counts_unless_it_is_denied(word: str, ours: str | None) -> None:
    column = "service" if word[0] == "9" else "status"
    result = meaning("attendance", column, word)
    assert (result.ours if result else None) == ours


def test_a_date_of_birth_is_no_date_of_ours() -> None:
    assert heading_score("episodes", "admit_date", "Date of birth") == 0
    with pytest.raises(OutcomesError):
        iop.suggest_mapping(5)  # type: ignore[arg-type]
