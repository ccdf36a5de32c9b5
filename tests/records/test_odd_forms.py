"""Exports in odd forms give exactly the truth, and the list of problems names what was broken."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import iop_outcomes as iop
from tests.helpers.odd.exports import Export, Problem, export
from tests.helpers.odd.truth import KINDS

FORMS = range(50)
SAY_ALL = (10, 16, 27, 40, 46, 70)  # without a word, heading or unit that has to be asked for


def written(made: Export, folder: Path) -> Path:
    """Write the files of an export, and return the folder, or the file if it is one."""
    for name, content in made.files.items():
        if isinstance(content, pd.DataFrame):
            content.to_parquet(folder / name)
        else:
            (folder / name).write_bytes(content)
    return folder / next(iter(made.files)) if len(made.files) == 1 else folder


def read(made: Export, folder: Path) -> iop.Records:
    if made.style.kind == "frames":
        return iop.read_records(**made.files, mapping=made.mapping, as_of=made.as_of)
    return iop.read_records(written(made, folder), mapping=made.mapping, as_of=made.as_of)


def cell(name: str, value: Any) -> Any:
    """Return a value of a frame as the truth has it."""
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return None
    if isinstance(value, pd.Timestamp):
        assert value == value.normalize()
        return value.date()
    return float(value) if KINDS.get(name) == "clock" else value


def counted(rows: list[dict[str, Any]], names: list[str]) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(cell(name, row[name]) for name in names) for row in rows)


def listed(problems: pd.DataFrame) -> list[Problem]:
    names = ["table", "file", "line", "column", "value", "check", "done"]
    return sorted(map(tuple, problems[names].to_numpy().tolist()))  # type: ignore[arg-type]


def failed_rows(made: Export, records: iop.Records) -> dict[str, dict[tuple[str, str], Any]]:
    """Return what the checks of single values say, and what they must say, by table and column."""
    odd = Counter((table, column, check) for table, _, line, column, _, check, _ in made.problems)
    quality = records.quality()
    said, right = {}, {}
    for row in quality[quality["check"].isin(OF_VALUES)].to_dict("records"):
        place = (row["table"], row["column"], row["check"])
        if place[:2] in made.filled and place not in OF_LENGTHS:
            said[place] = (row["rows_looked_at"], row["rows_failed"])
            right[place] = (made.filled[place[:2]], odd[place])
    return {"said": said, "right": right}  # type: ignore[dict-item]


OF_VALUES = (
    *("bad_date", "ambiguous_date", "assumed_date_order", "mixed_date_format", "wrong_weekday"),
    *("implausible_date", "time_zone", "bad_time", "bad_number", "out_of_range", "unknown_word"),
    *("error_word", "surrounding_spaces"),
)
NOTED = ("written with their unit", "a decimal comma", "years of two digits")
OF_LENGTHS = [("attendance", name, "out_of_range") for name in ("time_range", "end_time")]


@pytest.mark.parametrize("number", FORMS)
def test_an_export_in_an_odd_form_gives_the_truth_and_names_what_is_broken(
    number: int, tmp_path: Path
) -> None:
    made = export(number)
    records = read(made, tmp_path)
    assert listed(records.problems) == sorted(made.problems), made.style
    for name, rows in made.tables.items():
        names = list(rows[0])
        frame = getattr(records, name)
        assert counted(frame.to_dict("records"), names) == counted(rows, names), (name, made.style)
    counts = records.sources.groupby("table").sum(numeric_only=True)
    assert {name: dict(row) for name, row in counts.iterrows()} == made.counts, made.style
    aside = {
        name: list(zip(table["file"], table["line"].tolist(), strict=True))
        for name, table in records.set_aside.items()
        if len(table)
    }
    assert aside == {name: sorted(rows) for name, rows in made.aside.items()}, made.style
    noted = [note for note in records.notes if any(phrase in note for phrase in NOTED)]
    assert sorted(noted) == sorted(made.notes), made.style
    failed = failed_rows(made, records)
    assert failed["said"] == failed["right"], made.style
    assert len(failed["said"]) > 50


@pytest.mark.parametrize("number", SAY_ALL)
def test_the_proposal_for_an_export_in_an_odd_form_reads_the_truth(
    number: int, tmp_path: Path
) -> None:
    made = export(number)
    source = written(made, tmp_path)
    proposal = iop.suggest_mapping(source).text
    asked = re.compile(r"^# (?=episode_id = \[|\"\" = \"unrecorded\")", re.MULTILINE)
    mapping = tomllib.loads(asked.sub("", proposal))
    records = iop.read_records(source, mapping=mapping, as_of=made.as_of)
    for name, rows in made.tables.items():
        names = list(rows[0])
        frame = getattr(records, name)
        assert counted(frame.to_dict("records"), names) == counted(rows, names), (name, made.style)
