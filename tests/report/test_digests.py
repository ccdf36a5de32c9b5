"""A digest tells what is in a small file to who tries contents: it is hidden with its numbers."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report import model


@pytest.fixture(autouse=True)
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the pictures out: no digest is in them."""
    empty = Picture(b"<svg/>", "A picture.", 1, 1)
    monkeypatch.setattr(model, "draw_svg", lambda *_, **__: empty)


def written(folder: Path, people: int, strays: int = 0) -> list[str]:
    """Write an export of so many people, and return the digests of its files.

    So many rows of the sessions are of nobody, and set aside.
    """
    names = [f"A-{number}" for number in range(people)]
    days = [f"2026-07-{1 + number % 28:02d}" for number in range(people)]
    episodes = pd.DataFrame({"episode_id": names, "person_id": names, "admit_date": days})
    sessions = episodes[["episode_id"]].assign(date="2026-08-03", status="attended")
    stray = sessions.iloc[:strays].assign(episode_id=[f"nobody {one}" for one in range(strays)])
    tables = {"episodes": episodes, "attendance": pd.concat([sessions, stray])}
    digests = []
    for name, table in tables.items():
        path = folder / f"{name}.csv"
        table.to_csv(path, index=False)
        digests.append(hashlib.sha256(path.read_bytes()).hexdigest())
    return digests


def forms(report: iop.Report, folder: Path) -> dict[str, str]:
    """Return the text of every form of a report that is made without a printer."""
    pytest.importorskip("docx")
    from docx import Document
    from openpyxl import load_workbook

    for ending in ("html", "json", "xlsx", "docx"):
        report.save(folder / f"report.{ending}")
    cells = [
        str(cell)
        for sheet in load_workbook(folder / "report.xlsx").worksheets
        for row in sheet.iter_rows(values_only=True)
        for cell in row
    ]
    word = Document(str(folder / "report.docx"))
    words = [cell.text for table in word.tables for row in table.rows for cell in row.cells]
    return {
        "html": (folder / "report.html").read_text(encoding="utf-8"),
        "paper": report._paper(),
        "json": (folder / "report.json").read_text(encoding="utf-8"),
        "xlsx": " ".join(cells),
        "docx": " ".join([*words, *(one.text for one in word.paragraphs)]),
    }


def test_no_form_holds_the_digest_of_a_file_whose_rows_are_hidden(tmp_path: Path) -> None:
    digests = written(tmp_path, 2)
    records = iop.read_records(tmp_path, as_of="2026-09-30")
    report = iop.quarterly_report(records, "2026Q3")
    assert report.tables["files"]["rows_read"].tolist() == ["hidden"] * 2
    assert report.tables["files"]["sha256"].tolist() == ["hidden"] * 2
    for form, text in forms(report, tmp_path).items():
        assert not any(one[:12] in text for one in digests), form
    report.save_cells(tmp_path / "cells.json")
    assert not any(one[:12] in (tmp_path / "cells.json").read_text() for one in digests)
    assert "a digest of a small file tells what is in it to whoever tries" in report.html


def test_only_a_file_without_a_hidden_number_has_its_digest(tmp_path: Path) -> None:
    digests = written(tmp_path, 60, strays=3)
    records = iop.read_records(tmp_path, as_of="2026-09-30")
    report = iop.quarterly_report(records, "2026Q3")
    files = report.tables["files"].set_index("table")
    assert files.loc["attendance", "rows_set_aside"] == "hidden"
    assert files["sha256"].to_dict() == {"episodes": digests[0], "attendance": "hidden"}
    report.save(tmp_path / "report.json")
    text = (tmp_path / "report.json").read_text(encoding="utf-8")
    assert digests[0] in text
    assert digests[1] not in text
    assert report.ledger is not None
    report.ledger.save(tmp_path / "ledger.json")
    ledger = (tmp_path / "ledger.json").read_text(encoding="utf-8")
    assert not any(one[:12] in ledger for one in digests)


@pytest.mark.parametrize("sheets", [1, 25])
def test_a_file_read_as_two_tables_has_no_digest_where_numbers_of_one_are_hidden(
    tmp_path: Path, sheets: int
) -> None:
    names = [f"A-{number}" for number in range(60)]
    frame = pd.DataFrame({"episode_id": names, "person_id": names, "admit_date": "2026-07-06"})
    rows = frame[["episode_id"]].assign(date="2026-08-03", status="attended")
    stray = rows.iloc[:3].assign(episode_id=["nobody 1", "nobody 2", "nobody 3"])
    rows = pd.concat([rows, stray])
    parts = [f"sessions {number}" for number in range(sheets)]
    with pd.ExcelWriter(tmp_path / "export.xlsx") as book:
        frame.to_excel(book, sheet_name="episodes", index=False)
        for number, part in enumerate(parts):
            rows.iloc[number::sheets].to_excel(book, sheet_name=part, index=False)
    mapping = {
        "episodes": {"from": [{"file": "export.xlsx", "sheets": "episodes"}]},
        "attendance": {"from": [{"file": "export.xlsx", "sheets": part} for part in parts]},
    }
    records = iop.read_records(tmp_path, mapping=mapping, as_of="2026-09-30")
    report = iop.quarterly_report(records, "2026Q3")
    files = report.tables["files"]
    assert len(files) == 2
    first, other = files.to_dict("records")
    assert (first["rows_read"], first["rows_set_aside"], first["rows_folded"]) == (60, 0, 0)
    assert other["rows_set_aside"] == "hidden"
    assert first["sha256"] == "hidden"
    assert other["sha256"] == ("hidden" if sheets == 1 else "all of them")


def test_a_report_that_hides_nothing_has_all_digests(tmp_path: Path) -> None:
    digests = written(tmp_path, 2)
    records = iop.read_records(tmp_path, as_of="2026-09-30")
    report = iop.quarterly_report(records, "2026Q3", policy=iop.SafePolicy.internal())
    assert report.tables["files"]["sha256"].tolist() == digests
    assert "whoever tries" not in report.html
