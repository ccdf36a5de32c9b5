"""What a proposed mapping and its summary say of the rows that would be read by it."""

from __future__ import annotations

import tomllib
from io import StringIO
from pathlib import Path, PurePath

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.records.checks.losses import odd_row_lines
from iop_outcomes.records.suggestions.naming import WrittenNames, files_of
from iop_outcomes.records.suggestions.plain_names import is_plain_name
from iop_outcomes.records.suggestions.proposing.words import _words
from iop_outcomes.records.suggestions.recognition.bundles import Bundle, Place
from iop_outcomes.records.suggestions.recognition.header import Header
from iop_outcomes.records.suggestions.recognition.language import heading_score
from tests.records.suggestions.test_suggest_mapping import EPISODES, written


def test_a_list_of_sessions_that_took_place_gets_a_line_to_uncomment(tmp_path: Path) -> None:
    rows = "".join(f"K-{n:03d},01/{13 + n}/2026,Group,60\n" for n in range(8))
    files = {
        "Client roster.csv": EPISODES,
        "Services.csv": f"Client ID,Service Date,Service,Minutes\n{rows}",
    }
    proposal = iop.suggest_mapping(written(tmp_path, files))
    assert proposal.problem
    text = proposal.text.replace("# [attendance.constants]", "[attendance.constants]")
    text = text.replace('# status = "attended"', 'status = "attended"')
    records = iop.read_records(tmp_path, mapping=tomllib.loads(text))
    assert len(records.attendance) == 8


def test_a_proposal_by_which_most_rows_are_lost_says_so(tmp_path: Path) -> None:
    rows = "".join(f"Z-{n:03d},01/{13 + n}/2026,Group,Attended\n" for n in range(8))
    files = {
        "roster.csv": EPISODES,
        "Services.csv": f"Client ID,Service Date,Service,Status\n{rows}",
    }
    proposal = iop.suggest_mapping(written(tmp_path, files))
    assert proposal.problem == ""
    assert "can the records be read by it: not as it should be: nearly all" in proposal.summary()
    assert "nearly all rows of attendance were set aside" in " ".join(proposal.text.split())


def test_a_legend_of_a_pair_a_row_below_the_table_is_read(tmp_path: Path) -> None:
    rows = [f"K-{n:03d},01/{13 + n}/2026,{'PAC'[n % 3]},60" for n in range(8)]
    legend = [
        "Legend:,,,",
        "P = present,,,",
        '"A = absent, no call",,,',
        "C = cancelled by client,,,",
    ]
    log = "\n".join(["Client ID,Session Date,Attendance,Minutes", *rows, *legend, ""])
    proposal = iop.suggest_mapping(written(tmp_path, {"roster.csv": EPISODES, "log.csv": log}))
    words = tomllib.loads(proposal.text)["attendance"]["words"]["status"]
    assert words == {"P": "attended", "A": "no_show", "C": "client_cancel"}


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("Any substance use since last check-in?", "used"),
        ("Did you use any substances since last check-in?", "used"),
        ("Substance use since last check-in", "used"),
        ("Date of last use", ""),
    ],
)
def test_a_question_on_use_is_recognised_and_the_last_use_is_none(
    heading: str, column: str
) -> None:
    assert (heading_score("checkins", "used", heading) > 0.4) == (column == "used")


def test_what_is_not_read_is_named_folders_and_objects_within_a_line(tmp_path: Path) -> None:
    (tmp_path / "jan").mkdir()
    nested = '{"id": "K-001", "answers": {"used": "no"}}\n' * 3
    proposal = iop.suggest_mapping(
        written(tmp_path, {"roster.csv": EPISODES, "form.jsonl": nested})
    )
    text = " ".join(proposal.text.replace("\n#", " ").split())
    assert "jan: none of the tables; a folder, whose files are not read" in text
    assert "objects or lists within a line are not read: export it flat" in text
    assert text.count("form.jsonl: none of the tables") == 1
    assert "not read: jan: a folder, whose files are not read" in proposal.summary()


def test_a_broken_line_is_named_with_file_and_line(tmp_path: Path) -> None:
    good = "".join(
        f'{{"client": "K-{n:03d}", "date": "2026-01-{13 + n}", "status": "Attended"}}\n'
        for n in range(8)
    )
    proposal = iop.suggest_mapping(
        written(tmp_path, {"roster.csv": EPISODES, "visits.jsonl": good + "no json\n"})
    )
    message = "visits.jsonl, line 9: no JSON object: set aside"
    assert f"not read: {message}" in proposal.summary()
    records = iop.read_records(tmp_path, mapping=tomllib.loads(proposal.text))
    assert odd_row_lines(records.problems) == [message]


def long_table() -> str:
    """Return a table of events of eight people: one date, one result, rows of four kinds."""
    kinds = (
        ("Admission", ""),
        ("Group session", "Attended"),
        ("Weekly check-in", "No use"),
        ("Discharge", "Completed"),
    )
    rows = [
        f"K-{n:03d},01/{13 + n + 2 * place}/2026,{kind},{result}"
        for n in range(8)
        for place, (kind, result) in enumerate(kinds)
    ]
    rows += [
        "K-001,01/17/2026,Group session,No show",
        "K-002,01/18/2026,Weekly check-in,Not reached",
        "K-003,01/19/2026,Weekly check-in,Used",
    ]
    return "\n".join(["client_id,event_date,event type,result", *rows, ""])


def test_a_long_table_of_events_is_read_by_its_own_proposal(tmp_path: Path) -> None:
    proposal = iop.suggest_mapping(written(tmp_path, {"events.csv": long_table()}))
    records = iop.read_records(tmp_path, mapping=tomllib.loads(proposal.text))
    assert records.episodes["days_to_discharge"].tolist() == [6] * 8
    assert set(records.episodes["discharge_reason"]) == {"completed"}
    assert records.attendance["status"].value_counts()[["attended", "no_show"]].tolist() == [8, 1]
    assert records.checkins["status"].value_counts()[["completed", "missed"]].tolist() == [9, 1]
    assert records.checkins["used"].sum() == 1
    assert len(records.problems) == 0
    assert [one for one in proposal.questions if "discharge" in one] == []


def test_rows_of_several_kinds_are_said_and_their_words_asked(tmp_path: Path) -> None:
    file = long_table().replace("Discharge", "Individual session")
    blank = "".join(f"K-{n:03d},01/25/2026,,\n" for n in range(8))  # of no kind
    kinds = long_table().replace("Weekly check-in", "Group session") + blank
    kinds = kinds.replace("Discharge,Completed", "Discharge,Transferred", 1)
    proposal = iop.suggest_mapping(written(tmp_path, {"events.csv": kinds}))
    assert any("the rows of one file are of several kinds" in one for one in proposal.questions)
    assert '# "Completed" = "..."' in proposal.text
    (tmp_path / "plain").mkdir()
    proposal = iop.suggest_mapping(written(tmp_path / "plain", {"events.csv": file}))
    assert tomllib.loads(proposal.text)["attendance"]["words"]["status"]["Completed"] == "attended"
    assert not any("several kinds" in one for one in proposal.questions)


def test_a_last_month_of_two_dates_is_a_part_of_the_grid(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for month, days in (("Jan 2026", [14, 16, 19, 21, 23]), ("Feb 2026", [2, 4])):
        sheet = book.create_sheet(month)
        number = 1 if month.startswith("Jan") else 2
        sheet.append(["Client ID", "Track", *(f"{number}/{day}" for day in days)])
        for person in range(6):
            sheet.append([f"K-{person:03d}", "day", *("PA"[(person + day) % 2] for day in days)])
    book.save(tmp_path / "grid.xlsx")
    written(tmp_path, {"Client roster.csv": EPISODES})
    proposal = iop.suggest_mapping(tmp_path)
    records = iop.read_records(tmp_path, mapping=tomllib.loads(proposal.text))
    rows = records.sources.loc[records.sources["table"] == "attendance", "rows_read"]
    assert rows.sum() == 6 * 7


def test_a_cancellation_by_nobody_is_asked_about_unless_the_program_has_a_word(
    tmp_path: Path,
) -> None:
    words = ["Attended", "Cancelled", "No show"] * 4
    rows = "".join(f"K-{n % 6:03d},01/{13 + n}/2026,{word},60\n" for n, word in enumerate(words))
    log = f"Client ID,Service Date,Status,Minutes\n{rows}"
    proposal = iop.suggest_mapping(written(tmp_path, {"roster.csv": EPISODES, "log.csv": log}))
    assert '"Cancelled" = "client_cancel"  # fewer than 11 rows; by the client, or' in proposal.text
    assert any('Does "Cancelled" mean by the client only?' in one for one in proposal.questions)
    (tmp_path / "log.csv").write_text(log + "K-001,01/28/2026,Cancelled by provider,60\n")
    proposal = iop.suggest_mapping(tmp_path)
    assert not any("by the client only" in one for one in proposal.questions)


def test_headings_without_rows_are_one_question(tmp_path: Path) -> None:
    heads = {"roster.csv": EPISODES.partition("\n")[0] + "\n", "log.csv": "Client ID,Date,Status\n"}
    proposal = iop.suggest_mapping(written(tmp_path, heads))
    (asked,) = proposal.questions
    assert asked.startswith("The files have headings but no rows")
    assert "The files have headings but no rows" in proposal.problem
    assert "as_of=" not in proposal.text


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%m/%d/%Y", "%a %b %d, %Y"])
def test_a_month_of_few_full_dates_is_a_grid(tmp_path: Path, form: str) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, days in (("Feb 2026", ("2026-02-02", "2026-02-04")), ("Mar 2026", ("2026-03-02",))):
        sheet = book.create_sheet(title)
        dates = [pd.Timestamp(day).strftime(form) for day in days]
        sheet.append(["Client ID", "Track", "Start Date", *dates])
        for person in range(8):
            marks = ["PA"[(person + place) % 2] for place in range(len(days))]
            sheet.append([f"K-{person:03d}", "day", f"2026-01-{person + 13}", *marks])
    book.save(tmp_path / "log.xlsx")
    proposal = iop.suggest_mapping(tmp_path / "log.xlsx")
    records = iop.read_records(tmp_path / "log.xlsx", mapping=tomllib.loads(proposal.text))
    assert len(records.attendance) == 24
    assert len(records.episodes) == 8


def test_an_identifier_of_which_no_row_matches_is_not_sure(tmp_path: Path) -> None:
    rows = "".join(f"Z-{n:03d},01/{13 + n}/2026,Group,Attended\n" for n in range(8))
    log = f"Client ID,Service Date,Service,Status\n{rows}"
    proposal = iop.suggest_mapping(written(tmp_path, {"roster.csv": EPISODES, "log.csv": log}))
    identifier = proposal.table.query("table == 'attendance' and heading == 'Client ID'")
    assert identifier["why"].tolist() == ["0% of its rows match the episodes"]
    assert identifier["confidence"].tolist() < [0.4]


def test_files_called_after_people_are_read_by_a_pattern_that_fits_no_other_file(
    tmp_path: Path,
) -> None:
    head = "Client ID,Service Date,Service,Status\n"
    sheets = {
        f"{who}.csv": head + f"K-00{n},01/{13 + n}/2026,Group,Attended\n" * 2
        for n, who in enumerate(["Ada Lee", "ewa Roy", "epi Ak", "Dan Wu"])
    }
    proposal = iop.suggest_mapping(written(tmp_path, {"episodes.csv": EPISODES, **sheets}))
    text = proposal.text
    assert tomllib.loads(text)["attendance"]["from"][0]["file"] == [
        "[!e]*.csv",
        "?[!p]*.csv",
        "???[!s]*.csv",
    ]
    assert not any(name.removesuffix(".csv") in text for name in sheets)
    records = iop.read_records(tmp_path, mapping=tomllib.loads(text), as_of="2026-06-30")
    assert len(records.attendance) == 8


NOTES = ["Lee.csv", "Roy.csv", "Ak.csv", "Wu.csv"]
VISITS = [f"visits_Lee_{n}.csv" for n in range(41)]


@pytest.mark.parametrize(
    ("names", "others", "patterns"),
    [
        (NOTES[:3], [], ["*.csv"]),
        (NOTES[:1], ["Leeds.csv"], ["???.csv"]),
        (["Ann.csv"], ["Abn.csv", "Aen.csv", "Cal"], ["?[!be]*.csv"]),
        (["Ann.csv"], ["Annis.csv", "Abn.csv"], ["?[!b]?.csv"]),
        (["Lee.Maria"], ["Leo.Maria", "x.csv"], ["??[!co]*"]),
        (["visits.csv", "visits 2026-07.csv"], ["Lee.csv"], ["visits.csv", "visits 2026-07.csv"]),
        (["IOP visits 2026 Lee.csv"], [], ["IOP visits 2026 *.csv"]),
        (NOTES, [], ["*.csv"]),
        (NOTES, ["roster.xlsx"], ["*.csv"]),
        (NOTES, ["roster.csv"], ["[!r]*.csv"]),
        (NOTES, ["Roster.csv", "legend.csv"], ["[!Rl]*.csv", "??[!gs]*.csv"]),
        ([*NOTES, "Roy.txt"], [], ["*"]),
        (NOTES, [NOTES[0], "Ross.csv"], ["[!R]*.csv", "??[!s]*.csv"]),
        (VISITS, [], ["visits_*.csv"]),  # the name that follows is not said
        (VISITS, ["roster.csv"], ["visits_*.csv"]),
        (VISITS, ["visits_all.csv"], ["visits_[!a]*.csv"]),
    ],
)
def test_a_pattern_fits_all_files_and_no_other(
    names: list[str], others: list[str], patterns: list[str]
) -> None:
    found = files_of([Place(name) for name in names], others)
    assert found == patterns
    met = [{n for n in {*names, *others} if PurePath(n).match(pattern)} for pattern in found]
    assert set().union(*met) == set(names)


def test_where_no_pattern_fits_only_these_files_the_ending_stays() -> None:
    assert files_of([Place("Lee.csv")], ["Len.csv", "Xee.csv"]) == ["*.csv"]


@pytest.mark.parametrize(
    ("name", "is_plain"),
    [
        ("Jan 2026", True),
        ("2026-07.csv", True),
        ("visits_2026Q3.csv", True),
        ("Group A", True),
        ("Woche 12", True),
        ("März 26.xlsx", True),
        ("Enero", True),
        ("Maria.csv", False),  # begins as a month does
        ("Marta Dec", False),
        ("visits_Lee.csv", False),
        ("Weekly Novak 2026.csv", False),
        ("J S 2026", False),
        ("李 2026.csv", False),
        ("Lee.2026", False),
        ("visits.Lee.csv", False),
        ("visits.csv.gz", True),
        ("TherapyReport_2026-10-01.xlsx", True),
        ("list of clients (final) 2.csv", True),
        ("visits_8471123.csv", False),  # an identifier
        ("visits 1984-05-17.csv", False),
        ("exports.zip/Maria.csv", False),
        ("Page.csv", False),
        ("", False),
    ],
)
def test_a_name_with_any_word_that_may_be_of_a_person_is_not_written(
    name: str, is_plain: bool
) -> None:
    assert is_plain_name(name) == is_plain


def test_many_files_called_after_a_table_and_a_person_are_not_named(tmp_path: Path) -> None:
    people = ("Maria", "Augustin", "Mayer", "Decker", "Juna")
    sheets = {
        f"visits_{who}.csv": f"id,date,status\n{n},2026-03-0{n + 1},attended\n"
        for n, who in enumerate(people)
    }
    text = iop.suggest_mapping(written(tmp_path, {"episodes.csv": EPISODES, **sheets})).text
    assert "#   4. visits_*.csv: no column says which service it was" in text
    assert "nothing follows from them (visits_*.csv 1 of 1" in text
    assert not any(who in text for who in people)


def test_a_text_says_a_pattern_for_names_of_files_and_sheets_that_are_not_written() -> None:
    who = ("Lee", "Roy", "Ak", "Leeds")
    places = [
        tuple(Place("log.xlsx", name) for name in who),
        tuple(Place(f"{name}.csv") for name in who),
        (Place("Wu.txt"), Place("sign in.txt")),
    ]
    bundles = [Bundle(one, Header(1, 1, 0, ()), {}) for one in places]
    names = WrittenNames.of(bundles, ["Wu.docx", "Lee Wu", "Roy.csv, line 3", "log.xlsx, sheet Wu"])
    assert names.text(
        "log.xlsx, sheet Leeds: ?; log.xlsx: sheet Lee 1 of 2; Leeds.csv, Wu.txt"
    ) == ("log.xlsx, sheet [!w]*: ?; log.xlsx: sheet [!w]* 1 of 2; *.csv, *.txt")
    left_out = ("Wu.docx", "Lee Wu", "Roy.csv, line 3", "log.xlsx, sheet Wu", "Nobody.csv")
    assert [names.place(text) for text in left_out] == (
        ["*.docx", "*", "*.csv, line 3", "log.xlsx, sheet *", "*.csv"]
    )
    assert WrittenNames.of([]).text("Lee.csv") == "Lee.csv"


VISITS_OF = "Client ID,Service Date,Service,Status\n" + "".join(
    f"K-00{n},2026-01-2{n},Group,{'No Show' if n % 3 else 'Attended'}\n" for n in range(8)
)
HOSTILE = {
    "one file": {"Maria_Lopez.csv": VISITS_OF},
    "three files": {
        f"{who}.csv": VISITS_OF.replace("-01-", f"-0{month}-")
        for month, who in enumerate(("Maria_Lopez", "Lopez, Maria 1984-05-17", "lopez.maria"), 2)
    },
    "beside a plain name": {
        "visits.csv": VISITS_OF,
        "visits_of_Maria_Lopez.csv": VISITS_OF.replace("-01-", "-02-"),
    },
    "an ending that is none": {
        "visits.csv": VISITS_OF,
        "visits.Maria.Lopez": "x",
        "Maria Lopez": "x",
    },
    "not read": {
        "visits.csv": VISITS_OF,
        "Maria Lopez.docx": "x",
        "Lopez_Maria.sav": "x",
        "Maria.csv": "",
        "Lopez.xlsx": "no workbook",
    },
    "lines that cannot be read": {
        "Maria_Lopez.csv": f"{VISITS_OF}K-001,2026-01-16,Group,Attended,x,y\n"
    },
}


@pytest.mark.parametrize("files", HOSTILE.values(), ids=HOSTILE)
def test_no_name_of_a_file_or_folder_that_may_be_of_a_person_stands_anywhere(
    files: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "Maria Lopez" / "Lopez Maria").mkdir(parents=True)
    folder = written(tmp_path / "Maria Lopez", {"episodes.csv": EPISODES, **files})
    made = iop.suggest_mapping(folder)
    said = [made.text, made.summary(), made._caption, made.problem, made.table.to_csv(), repr(made)]
    said += [*made.questions, *made.lost, *made.left_out]
    for who in ("Maria", "Lopez", "maria", "lopez", "1984"):
        assert not [text for text in said if who in text]
    assert "episodes.csv" in made.text
    records = iop.read_records(folder, mapping=made.mapping, as_of="2026-06-30")
    tables = [text for text in files.values() if text.startswith("Client")]
    read = records.sources.groupby("table")["rows_read"].sum()
    assert read["attendance"] - 8 * len(tables) in (0, 1)  # with the broken line
    assert len(records.episodes) == len(EPISODES.splitlines()) - 1


def test_no_name_of_a_sheet_that_may_be_of_a_person_stands_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "Maria Lopez.xlsx"
    rows = pd.read_csv(StringIO(VISITS_OF), dtype=str)
    with pd.ExcelWriter(path) as book:
        pd.read_csv(StringIO(EPISODES), dtype=str).to_excel(book, sheet_name="Clients", index=False)
        for name in ("Maria Lopez", "lopez, maria"):
            rows.to_excel(book, sheet_name=name, index=False)
        pd.DataFrame({"x": ["y"]}).to_excel(book, sheet_name="Lopez", header=False, index=False)
    made = iop.suggest_mapping(path)
    said = [made.text, made.summary(), made.table.to_csv(), *made.questions, *made.left_out]
    assert not [text for text in said if "maria" in text.casefold() or "lopez" in text.casefold()]
    records = iop.read_records(path, mapping=made.mapping, as_of="2026-06-30")
    assert len(records.episodes) == len(EPISODES.splitlines()) - 1
    assert len(records.attendance) == 16


NOTES = [
    "Present (Maria Lopez)",
    "No show - called Maria Lopez at 555-1234",
    "Cancelled by Dr. Lopez",
    "Attended with mother, Lopez",
    "Attended 5/3/26",
    "Present " + "with Lopez " * 8,
]


@pytest.mark.parametrize("note", NOTES)
def test_a_word_that_is_understood_by_a_part_of_it_is_not_written_where_few_rows_have_it(
    tmp_path: Path, note: str
) -> None:
    counts = {"Present": 20, "No Show": 12, "attended late, bus": 11, note: 10}
    found = _words("attendance", "status", counts, [], {}, shared=False)
    assert [word.theirs for word in found.words] == ["Present", "No Show", "attended late, bus"]
    assert (found.hidden, found.hidden_rows) == (1, 10)
    status = [word for word, rows in counts.items() for _ in range(rows)]
    days = pd.date_range("2026-01-05", periods=len(status)).strftime("%Y-%m-%d")
    (tmp_path / "episodes.csv").write_text(EPISODES, encoding="utf-8")
    pd.DataFrame({"episode_id": "e1", "date": days, "status": status}).to_csv(
        tmp_path / "attendance.csv", index=False
    )
    proposal = iop.suggest_mapping(tmp_path)
    assert '"No Show" = "no_show"' in proposal.text
    for part in ("Lopez", "555", "mother", "5/3"):
        assert part not in proposal.text + repr(proposal) + str(proposal._repr_html_())


def test_many_rows_with_a_word_make_it_one_of_the_program() -> None:
    counts = {"Present": 20, "Present by video": 11, "Present, Lopez": 3, "P": 1}
    found = _words("attendance", "status", counts, [], {}, shared=False)
    assert [word.theirs for word in found.words] == ["Present", "Present by video", "P"]
    legend = {"": {"17": "present", "absent 4": "no show"}}
    coded = _words("attendance", "status", {"17": 2, "absent 4": 1}, [], legend, shared=False)
    assert [(word.theirs, word.ours) for word in coded.words] == [
        ("17", "attended"),
        ("absent 4", "no_show"),
    ]
