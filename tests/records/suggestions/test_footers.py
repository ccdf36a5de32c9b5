"""Footers, totals, page lines and repeated headings: what is proposed for rows that are none."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import iop_outcomes as iop
from iop_outcomes.records.suggestions.recognition.footers import starts_like_a_total

HEAD = "Agency,Client ID,Admit Date,Discharge Date\n"
ROWS = [f"North,K{n:03d},2026-01-{n:02d},\n" for n in range(1, 21)]


def export(folder: Path, episodes: str) -> Path:
    (folder / "admissions.csv").write_text(episodes, encoding="utf-8")
    sessions = "".join(f"K{n:03d},2026-02-03,Present\n" for n in range(1, 21))
    (folder / "sessions.csv").write_text("Client ID,Session Date,Attendance\n" + sessions)
    return folder


def told(records: iop.Records) -> list[str]:
    return [note for note in records.notes if "drop_rows" in note]


FOOTERS = {  # below the table: lines with one cell, with two, or as wide as the table
    "counts": "\nTotal Records: 20\n",
    "run": "\nReport run: 10/01/2026 08:15:22 AM\n",
    "printed": "\nPrinted on 10/01/2026, by Staff 01\n",
    "page": "\nPage 3 of 3\n",
    "page_behind_a_date": "\n10/01/2026 08:15 AM Page 3 of 3\n",
    "records": "\n20 records\n",
    "rows": '\n"(1,020 row(s) returned)"\n',
    "end": "\n*** End of Report ***\n",
    "dashes": "\n--- end of list ---\n",
    "copyright": "\n© 2026 Invented Software\n",
    "criteria": "\nSelection criteria: Agency = North\n",
    "confidential": "\nThis report contains confidential information protected by law.\n",
    "part_2": "\n42 CFR part 2 prohibits unauthorized disclosure of these records.\n",
    "german": "\nGedruckt am 01.10.2026\nSeite 1 von 3\nAnzahl Datensätze: 20\n",
    "spanish": "\nImpreso el 01/10/2026\nPágina 1 de 3\nTotal de registros: 20\n",
    "filled_up": "Total Records: 20,,,\nReport run: 10/01/2026,,,\n",
    "in_another_column": ",Total Records: 20,,\n,Page 3 of 3,,\n",
    "with_the_count_beside_it": "Total Records,20,,\n",
    "two_cells": "\nTotal Records,20\n",
}


@pytest.mark.parametrize("name", FOOTERS)
def test_a_footer_is_left_out_and_its_lines_are_told(name: str, tmp_path: Path) -> None:
    made = iop.suggest_mapping(export(tmp_path, HEAD + "".join(ROWS) + FOOTERS[name]))
    records = iop.read_records(tmp_path, mapping=made.mapping)
    assert len(records.episodes) == 20
    assert records.problems["check"].tolist() == []
    rows = [line for line in FOOTERS[name].splitlines() if line]
    assert records.sources["rows_left_out"].tolist() == [len(rows), 0]
    assert told(records)
    assert all(note.startswith("admissions.csv, line") for note in told(records))
    # the end of the proposal tells them, too
    assert all(
        note.split(": left out")[0] in made.text.replace("\n#     ", " ") for note in told(records)
    )


def test_headings_repeated_on_each_page_are_left_out(tmp_path: Path) -> None:
    text = HEAD + "".join(ROWS[:8]) + "Page 1 of 2\n\n" + HEAD + "".join(ROWS[8:]) + "Page 2 of 2\n"
    made = iop.suggest_mapping(export(tmp_path, text))
    records = iop.read_records(tmp_path, mapping=made.mapping)
    assert (len(records.episodes), len(records.problems)) == (20, 0)
    assert records.sources["rows_left_out"].tolist() == [3, 0]
    drops = tomllib.loads(made.text)["episodes"]["from"][0]["drop_rows"]
    assert {"Agency": {"is": "Agency"}} in drops or {"Client ID": {"is": "Client ID"}} in drops


def test_a_row_that_begins_like_a_footer_is_not_dropped(tmp_path: Path) -> None:
    rows = [row.replace("North", "Total Recovery Center") for row in ROWS]
    made = iop.suggest_mapping(export(tmp_path, HEAD + "".join(rows) + "\nTotal Records: 20\n"))
    records = iop.read_records(tmp_path, mapping=made.mapping)
    assert (len(records.episodes), len(records.problems)) == (20, 0)
    (source,) = tomllib.loads(made.text)["episodes"]["from"]
    assert source["drop_rows"] == [{"Agency": {"starts_with": "Total Records"}}]


def test_a_total_of_a_person_is_not_written_with_the_persons_name(tmp_path: Path) -> None:
    rows = [row.replace("North", "Total Recovery Center") for row in ROWS]
    text = HEAD + "".join(rows) + "\nTotal for Marsh, Ada: 20\n"
    made = iop.suggest_mapping(export(tmp_path, text))
    assert "Marsh" not in made.text + made.summary()
    records = iop.read_records(tmp_path, mapping=made.mapping)
    assert len(records.episodes) == 20
    assert records.problems["line"].tolist() == [23]  # listed, since nothing safe leaves it out


@pytest.mark.parametrize("row", ["North,K021\n", "North,K021,2026-01-21,,more,cells\n"])
def test_a_broken_row_is_no_footer_and_stays_listed(row: str, tmp_path: Path) -> None:
    text = HEAD + "".join(ROWS) + row + "\nTotal Records: 21\n"
    made = iop.suggest_mapping(export(tmp_path, text))
    records = iop.read_records(tmp_path, mapping=made.mapping)
    assert 22 in records.problems["line"].tolist()
    assert len(records.episodes) == 20


def test_a_line_that_nobody_knows_says_what_to_write_if_it_is_a_footer(tmp_path: Path) -> None:
    made = iop.suggest_mapping(export(tmp_path, HEAD + "".join(ROWS) + "\nqq zz 77: 20\n"))
    (left,) = made.left_out
    assert left.startswith("admissions.csv, line 23: more or fewer cells than the header")
    assert "drop_rows" in left


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("*** End of Report ***", "*** End of Report"),
        ("  Total: 3", "Total"),
        ("Totally", ""),
        ("- Printed", "- Printed"),
        ("-5", ""),
        ("Recorded", ""),
    ],
)
def test_where_a_footer_begins(text: str, start: str) -> None:
    assert starts_like_a_total(text) == start


@pytest.mark.parametrize(
    "agency", ["Stand Alone Clinic", "Key Program", "Notes Center", "Page 1 of 2"]
)
def test_a_record_without_its_date_is_no_footer(agency: str, tmp_path: Path) -> None:
    """A row with an identifier and most cells is a record: it is set aside and listed."""
    text = HEAD + "".join(ROWS) + f"{agency},K021,,2026-02-01\n" + "Total Records: 21\n"
    made = iop.suggest_mapping(export(tmp_path, text))
    records = iop.read_records(tmp_path, mapping=made.mapping)
    assert records.sources["rows_left_out"].tolist() == [1, 0]
    assert 22 in records.problems["line"].tolist()
