"""Lists of the faults of a column, by row or once for all rows, with sentences and counts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from iop_outcomes.records.parsing.parsed import Parsed
from iop_outcomes.records.schema import Column
from iop_outcomes.records.sources.coded import Coded
from iop_outcomes.records.staging import Log, StagedTable
from iop_outcomes.shared.text import format_count

_LOST = "value left missing"  # the beginning of what is done if a text has no value
_FEW = 10  # more rows with an error of a program are not listed one by one
_ALWAYS = ("surrounding_spaces", "missing_word", "error_word")
_CHECKS_BY_KIND: dict[str, tuple[str, ...]] = {
    "name": _ALWAYS,
    "word": (*_ALWAYS, "unknown_word"),
    "flag": (*_ALWAYS, "unknown_word"),
    "number": (*_ALWAYS, "bad_number", "out_of_range"),
    "whole": (*_ALWAYS, "bad_number"),
    "clock": (*_ALWAYS, "bad_time", "time_24_00"),
    "date": (
        *_ALWAYS,
        "bad_date",
        "implausible_date",
        "ambiguous_date",
        "assumed_date_order",
        "half_swapped_date",
        "mixed_date_format",
        "excel_serial_date",
        "unix_time",
        "wrong_weekday",
        "time_24_00",
        "time_zone",
    ),
}


def log_faults(
    staged: StagedTable, coded: Coded, name: str, column: Column, parsed: Parsed, log: Log
) -> None:
    """List the faults of a column, and set aside rows without a value in a required column."""
    table = staged.table.name
    filled = len(staged) - int(coded.is_any(coded.words == "").sum())
    failed = _log_once(staged, coded, name, column, parsed, log)
    lost = np.zeros(len(coded.words), dtype=bool)
    for check, positions in parsed.faults.items():
        done = np.full(len(coded.words), "", dtype=object)
        done[list(positions)] = list(positions.values())
        if column.required:
            gone = np.array([text.startswith(_LOST) for text in done.tolist()], dtype=bool)
            done[gone] = "set aside"
            lost |= gone
        rows = np.flatnonzero(coded.is_any(done != "") & ~staged.folded)
        failed[check] = len(rows)
        if check == "missing_word" and column.required:
            continue  # listed once, under missing_required
        log.rows(staged, rows, check, name, done[coded.codes[rows]])
    for check in _checks(staged, column):
        if check == "out_of_range" and column.low is None and column.high is None:
            continue
        log.tally(check, table, name, filled, failed.get(check, 0))
    log.tally("empty_column", table, name, len(staged), len(staged) if not filled else 0)
    if column.required:
        staged.kept[coded.is_any(lost) & ~staged.folded] = False
        rows = np.flatnonzero(coded.is_any(parsed.missing & ~lost) & ~staged.folded)
        staged.kept[rows] = False
        log.rows(staged, rows, "missing_required", name, "set aside")
        log.tally("missing_required", table, name, len(staged), len(rows))


def _checks(staged: StagedTable, column: Column) -> tuple[str, ...]:
    if column.kind == "date" and staged.time == "study_days":
        return (*_ALWAYS, "bad_date")
    if column.unit == "minutes":
        return (*_CHECKS_BY_KIND["number"], "unit_of_length")
    return _CHECKS_BY_KIND[column.kind]


def _log_once(
    staged: StagedTable, coded: Coded, name: str, column: Column, parsed: Parsed, log: Log
) -> dict[str, int]:
    """List faults once for all rows, note sentences, and return the number of rows by check."""
    failed: dict[str, int] = {}
    for check, texts, done in parsed.of_all:
        rows = _rows(staged, coded, texts)
        failed[check] = failed.get(check, 0) + rows
        if check == "error_word" and rows <= _FEW and not column.required:
            here = np.flatnonzero(coded.is_any(texts) & ~staged.folded)
            log.rows(staged, here, check, name, done)
            continue
        value = str(coded.words[texts][0]) if check == "error_word" else ""
        log.whole_column(staged, check, name, done, value=value, text=f"{rows:,} rows")
    called = f"{staged.table.name}.{name}"
    for sentence, texts in parsed.sentences:
        rows = _rows(staged, coded, texts)
        if rows == 1:
            for several, one in ((" have ", " has "), (" are ", " is "), (" were ", " was ")):
                sentence = sentence.replace(several, one, 1)
        if rows:
            log.notes.append(sentence.format(rows=format_count(rows, "row"), name=called))
    return failed


def _rows(staged: StagedTable, coded: Coded, texts: npt.NDArray[np.bool_]) -> int:
    return int((coded.is_any(texts) & ~staged.folded).sum())
