"""Files that are audited and ledgers: an error says which file, what is wrong, and what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from iop_outcomes.disclosure.ledger import Ledger
from iop_outcomes.disclosure.system import PrintedCells, audit, read_files
from iop_outcomes.disclosure.system.json_files import read_json
from iop_outcomes.errors import ReportError

SECRET = "Maria Keller 1984-05-17"
CELLS = PrintedCells(11, "2026Q1", counts={"a": 40, "b": None})
REPORT = {"schema": "iop_outcomes report 1", "cells": CELLS.as_json(), "mark": ""}


def write(folder: Path, content: object) -> Path:
    path = folder / "x.json"
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    path.write_bytes(text)
    return path


def document(**parts: Any) -> dict[str, Any]:
    return {**REPORT, "findings": [], "sections": [], **parts}


def assert_plain(error: ReportError, path: Path, said: str) -> None:
    assert said in error.wrong
    assert error.found == str(path)
    assert error.instead
    for word in ("Error", "KeyError", "disk", SECRET):
        assert word not in str(error)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b"{", "no JSON file, or is cut off"),
        (b"\xff\xfe", "no JSON file, or is cut off"),
        (b"[" * 100_000, "no JSON file, or is cut off"),
        ({"tables": [SECRET]}, "neither a report nor a ledger"),
        ([SECRET], "no complete report"),
        ({"reports": [SECRET]}, "no complete report"),
        ({"reports": {SECRET: 1}}, "no complete report"),
        ({"cells": {"format": SECRET}}, "no complete report"),
        ({"cells": {**CELLS.as_json(), "counts": [{}]}}, "no complete report"),
        (REPORT, "no complete report"),
        (document(sections=[{"tables": SECRET}]), "no complete report"),
    ],
)
def test_a_file_that_cannot_be_audited_is_named(content: object, said: str, tmp_path: Path) -> None:
    good = tmp_path / "good.json"
    good.write_text(json.dumps(document()), encoding="utf-8")
    path = write(tmp_path, content)
    with pytest.raises(ReportError) as caught:
        read_files([good, path])
    assert_plain(caught.value, path, said)
    assert len(read_files([good, good])) == 2


def test_no_file_and_a_folder_are_not_a_matter_of_room_on_the_disk(tmp_path: Path) -> None:
    for path, said in ((tmp_path / "none.json", "does not exist"), (tmp_path, "is a folder")):
        with pytest.raises(ReportError) as caught:
            read_files([path])
        assert_plain(caught.value, path, said)
    with pytest.raises(ReportError, match="no file can have this name"):
        read_json("a\0b", "The file", "another")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"{", "no JSON file, or is cut off"),
        ([1], "holds something else"),
        (document(), "it is a report"),
        ({"format": "iop-outcomes ledger, 1"}, "not complete, or was changed"),
        (
            {"format": "iop-outcomes ledger, 1", "plans": [], "figures": [], "reports": [SECRET]},
            "not complete, or was changed",
        ),
        (
            {"format": "iop-outcomes ledger, 1", "plans": [], "figures": [], "reports": [{}]},
            "not complete, or was changed",
        ),
    ],
)
def test_a_file_that_is_no_ledger_is_named(content: object, said: str, tmp_path: Path) -> None:
    path = write(tmp_path, content)
    with pytest.raises(ReportError, match="ledger cannot be read") as caught:
        Ledger.read(path)
    assert_plain(caught.value, path, said)


def test_an_internal_report_is_not_asked(tmp_path: Path) -> None:
    internal = PrintedCells(1, "2026Q1", counts={"a": 40, "b": 3})
    path = write(tmp_path, document(cells=internal.as_json(), mark="Internal: do not send."))
    with pytest.raises(ReportError, match=r"shows all counts.*must not.*nothing to") as told:
        read_files([path])
    assert told.value.found == str(path)
    without_cells = document(mark="Internal: do not send.")
    del without_cells["cells"]
    with pytest.raises(ReportError, match="shows all counts"):
        read_files([write(tmp_path, without_cells)])
    with pytest.raises(ReportError, match="shows all counts") as told:
        audit([CELLS, internal])
    assert told.value.found == "report 2 of 2"
