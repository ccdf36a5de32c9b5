"""Reading of every column of a staged table, with lists of corrections and unreadable values."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.records.mapping import Mapping
from iop_outcomes.records.parsing.listing import log_faults
from iop_outcomes.records.parsing.numbers import covariate_kind, numbers
from iop_outcomes.records.parsing.parsed import Parsed
from iop_outcomes.records.parsing.session_times import (
    TIME_COLUMNS,
    Times,
    session_column,
    take_session_times,
    times_of,
)
from iop_outcomes.records.parsing.values import parse, without_words
from iop_outcomes.records.schema import SESSION_TIMES, WORKED_OUT, Column
from iop_outcomes.records.sources.coded import Coded, OddRow
from iop_outcomes.records.staging import Log, StagedTable, free_name

Array = npt.NDArray[Any]


def type_columns(staged: StagedTable, mapping: Mapping, log: Log) -> None:
    """Read each column of a staged table by its kind; list corrections and unreadable values."""
    _rename_taken(staged, log)
    words = mapping.words.get(staged.table.name, {})
    times: dict[str, Times] = {}
    for name, coded in staged.raw.items():
        own = session_column(staged, name)
        column = declared_column(staged, name)
        column = column or _covariate(staged, name, coded, words.get(name, {}), mapping, log)
        parsed = read_column(staged, name, column, mapping)
        del staged.parsed[name]
        staged.date_texts.pop(name, None)
        if own is None:
            staged.declared[name] = column
            staged.values[name] = _by_row(column, parsed.values, coded.codes)
            staged.levels[name] = parsed.levels
        column_times = (
            times_of(parsed, coded.codes) if name in (*TIME_COLUMNS, *SESSION_TIMES) else None
        )
        if column_times is not None:
            times[name] = column_times
        log_faults(staged, coded, name, column, parsed, log)
        _rounded_before(staged, coded, name, column, log)
    take_session_times(staged, times, log)
    for check in ("code_among_numbers", "rounded_before"):
        if check not in {tally["check"] for tally in log.tallies}:
            log.tally(check, staged.table.name, "", 0, 0)
    for column in staged.table.columns:
        if column.name_in(staged.time) not in staged.raw:
            log.tally("empty_column", staged.table.name, column.name_in(staged.time), 0, 0)
    for number, odd in staged.odd:
        log.batches.append(_odd_row(staged, staged.files[number], odd))
    misshapen = sum(odd.check == "row_shape" for _, odd in staged.odd)
    log.tally("row_shape", staged.table.name, "", len(staged) + len(staged.odd), misshapen)


def declared_column(staged: StagedTable, name: str) -> Column | None:
    """Return the declaration of a column of a staged table, or None for a covariate."""
    return session_column(staged, name) or staged.table.column(name, staged.time)


def read_column(staged: StagedTable, name: str, column: Column, mapping: Mapping) -> Parsed:
    """Return the values of the texts of a column; they are determined once."""
    if name not in staged.parsed:
        staged.parsed[name] = parse(
            *(column, staged.raw[name], mapping),
            time=staged.time,
            words=mapping.words.get(staged.table.name, {}).get(name, {}),
            orders=staged.orders.get(name),
            texts=staged.date_texts.get(name),
            unit=mapping.units.get(staged.table.name, {}).get(name, ""),
        )
    return staged.parsed[name]


def _rename_taken(staged: StagedTable, log: Log) -> None:
    """Rename columns of the export that have the name of a column calculated here."""
    declared = {column.name_in(staged.time) for column in staged.table.columns}
    taken = set(WORKED_OUT[staged.table.name]) - declared
    names = {
        name: free_name(name, taken | declared | set(staged.raw)) if name in taken else name
        for name in staged.raw
    }
    staged.raw = {names[name]: coded for name, coded in staged.raw.items()}
    renamed = {name: kept for name, kept in names.items() if name != kept}
    log.tally("taken_name", staged.table.name, "", len(names), len(renamed))
    for name, kept in renamed.items():
        log.whole_column(staged, "taken_name", name, f"kept as {kept}")
        log.notes.append(
            f"the {staged.table.name} had a column {name} already: it is kept as {kept}"
        )


def _by_row(column: Column, values: Array, codes: Array) -> Array:
    """Return the value of each row from those of the distinct texts."""
    if column.kind == "name" and np.array_equal(values, np.arange(len(values))):
        return codes
    return values[codes] if len(values) else values


def _covariate(
    staged: StagedTable,
    name: str,
    coded: Coded,
    words: dict[str, str],
    mapping: Mapping,
    log: Log,
) -> Column:
    """Return the declaration of a covariate, by its values; list codes among numbers."""
    clean = without_words(coded.words.tolist(), words, mapping)
    kind, codes = covariate_kind(clean, coded.counts())
    rows = np.flatnonzero(coded.is_any(codes) & ~staged.folded)
    log.rows(staged, rows, "code_among_numbers", name, "kept: the column is words")
    log.tally("code_among_numbers", staged.table.name, name, len(staged), len(rows))
    return Column(name, kind, "A covariate of the export.")


def _rounded_before(staged: StagedTable, coded: Coded, name: str, column: Column, log: Log) -> None:
    """List whole numbers that a frame had as a float that cannot represent them exactly."""
    if coded.exact_below == np.inf or column.kind not in ("name", "whole", "number"):
        return
    long = np.array([len(text) >= _SHORTEST_ROUNDED for text in coded.words.tolist()], dtype=bool)
    long[long] = np.abs(numbers(coded.words[long].tolist())) >= coded.exact_below
    rows = np.flatnonzero(coded.is_any(long) & ~staged.folded)
    log.rows(staged, rows, "rounded_before", name, "kept")
    log.tally("rounded_before", staged.table.name, name, len(staged), len(rows))


_SHORTEST_ROUNDED = 4  # digits: 2,048 is the first whole number that a float16 may have rounded


def _odd_row(staged: StagedTable, file: str, odd: OddRow) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "table": [staged.table.name],
            "file": [file],
            "line": [odd.line],
            "column": [""],
            "value": [odd.text],
            "check": [odd.check],
            "done": ["set aside"],
            "message": [
                f"{odd.fields} fields where the header has {odd.expected}"
                if odd.check == "row_shape"
                else ""
            ],
        }
    )
