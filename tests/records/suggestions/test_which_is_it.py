"""The line of a column that no heading looks like: which headings it could be by their values."""

from __future__ import annotations

from pathlib import Path

import iop_outcomes as iop


def text_of(folder: Path, head: str, row: str) -> str:
    rows = "".join(f"K{n:03d},2026-01-{n:02d},{row}\n" for n in range(1, 21))
    (folder / "admissions.csv").write_text(f"Case No,Admit Date,{head}\n{rows}")
    sessions = "".join(f"K{n:03d},2026-02-03,Present,3h 0m\n" for n in range(1, 21))
    (folder / "sessions.csv").write_text("Case No,Session Date,Attendance,Qq\n" + sessions)
    return iop.suggest_mapping(folder).text


def line_of(text: str, column: str) -> str:
    (line,) = [line for line in text.splitlines() if line.startswith(f'# "..." = "{column}"')]
    return line


def test_a_column_of_dates_is_named_for_a_date(tmp_path: Path) -> None:
    line = line_of(text_of(tmp_path, "Qq,Remark", "2026-03-01,called"), "discharge_date")
    assert line.endswith('which is it? By its values it could be "Qq"')


def test_two_are_both_named_and_words_are_not(tmp_path: Path) -> None:
    text = text_of(tmp_path, "Qq,Ww,Remark", "2026-03-01,2026-03-05,called")
    assert line_of(text, "discharge_date").endswith('could be "Qq" or "Ww"')
    assert line_of(text, "discharge_reason").endswith("which is it?")


def test_without_such_a_column_none_is_named(tmp_path: Path) -> None:
    line = line_of(text_of(tmp_path, "Remark", "called"), "discharge_date")
    assert line.endswith("which is it?")
