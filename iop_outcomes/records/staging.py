"""A table while it is checked: typed columns, the original text of each row, and a log.

Staged tables are used in ``records/`` only. Rows are never removed from them: ``kept`` marks the
rows that are kept. The log says what was done with every other row and every corrected value.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.likely_headings import MAP, likely_headings
from iop_outcomes.records.mapping import Mapping, fold
from iop_outcomes.records.parsing.dates import DateTexts
from iop_outcomes.records.parsing.parsed import NO_DAY, NO_WHOLE, Parsed
from iop_outcomes.records.schema import Column, Table
from iop_outcomes.records.sources.coded import Coded, OddRow, Raw, narrow
from iop_outcomes.shared.messages import columns_found, may_be_named

Array = npt.NDArray[Any]

_DAY_NUMBER = re.compile(r"\d{5}")
_DAYS_TO_1904 = 1462  # from day 0 of the 1900 date system of Excel to day 0 of its 1904 system
_BY_PERSON = (
    " If it names the person and not the episode, make that column person_id, and write for "
    'attendance and check-ins [attendance.link] by = "person_and_date".'
)
PROBLEM_COLUMNS = ["table", "file", "line", "column", "value", "check", "group", "done", "message"]


@dataclass
class StagedTable:
    """One table while it is being checked.

    Attributes
    ----------
    table : Table
        Its declaration.
    time : {"calendar", "study_days"}
        The kind of its dates.
    files, sha256 : list of str
        The files that were read, and the SHA-256 digests of their bytes.
    file, line : numpy.ndarray
        For each row the position of its file in `files` (int16), and its line there (int32).
    raw : dict of str to Coded
        The text of every column, by the names of columns used here.
    values : dict of str to numpy.ndarray
        The typed values: int32 days, int64 whole numbers, float64 numbers, int8 flags and words,
        int32 names.
    levels : dict of str to list of str
        The values of the codes of a word or name column.
    kept : numpy.ndarray of bool
        Rows that are kept.
    folded : numpy.ndarray of bool
        Rows that are folded into an earlier identical row.
    repeats : numpy.ndarray of bool
        Rows that are kept although they equal an earlier row in every column.
    planned : numpy.ndarray of bool
        Rows that are set aside because they are planned for after the data cut; not a problem.
    odd : list of (int, OddRow)
        Lines that could not be divided into columns, each with the position of its file.
    left_out : list of int
        For each file the number of rows that are not of this table, as the mapping says.
    file_orders : list of str
        For each file the order of day and month that its source in the mapping gives, or empty.
    declared : dict of str to Column
        The declaration of each column, also of covariates.
    orders : dict of str to list of str
        For each date column the order of day and month in each of its texts.
    date_texts : dict of str to DateTexts
        For each date column what its texts say, before that order is known.
    same_day : str
        The stay to which a row belongs on a day on which one ends and the next begins; see `Link`.
    parsed : dict of str to Parsed
        The values of a column, if they were needed before the columns are typed.
    """

    table: Table
    time: str
    files: list[str]
    sha256: list[str]
    file: npt.NDArray[np.int16]
    line: npt.NDArray[np.int32]
    raw: dict[str, Coded]
    kept: npt.NDArray[np.bool_]
    folded: npt.NDArray[np.bool_]
    repeats: npt.NDArray[np.bool_]
    planned: npt.NDArray[np.bool_]
    odd: list[tuple[int, OddRow]]
    left_out: list[int] = field(default_factory=list)
    file_orders: list[str] = field(default_factory=list)
    values: dict[str, Array] = field(default_factory=dict)
    levels: dict[str, list[str]] = field(default_factory=dict)
    declared: dict[str, Column] = field(default_factory=dict)
    orders: dict[str, list[str]] = field(default_factory=dict)
    date_texts: dict[str, DateTexts] = field(default_factory=dict)
    same_day: str = ""
    parsed: dict[str, Parsed] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of rows read, except for the odd ones."""
        return len(self.kept)

    def has(self, *names: str) -> bool:
        """Return whether the export has all of the columns, each with a value in some row."""
        return all(name in self.values and bool(self.known(name).any()) for name in names)

    def known(self, name: str) -> npt.NDArray[np.bool_]:
        """Return for each row whether the column has a value."""
        values = self.values[name]
        if values.dtype.kind == "f":
            return ~np.isnan(values)
        if self.declared[name].kind == "whole":
            return np.asarray(values != NO_WHOLE)
        known: npt.NDArray[np.bool_]
        known = values != NO_DAY if self.declared[name].kind == "date" else values >= 0
        return known

    def day(self, name: str) -> Array:
        """Return the days of a date column, by its name with calendar dates (``admit_date``)."""
        column = self.table.column(name)
        return self.values[name if column is None else column.name_in(self.time)]

    def is_word(self, name: str, *words: str) -> npt.NDArray[np.bool_]:
        """Return for each row whether a word column has one of the words."""
        levels = self.levels[name]
        chosen = np.array([level in words for level in levels] + [False])  # -1 is the last
        result: npt.NDArray[np.bool_] = chosen[self.values[name]]
        return result


@dataclass
class Log:
    """What was found while reading: problems in batches, counts of each check, and sentences."""

    batches: list[pd.DataFrame] = field(default_factory=list)
    tallies: list[dict[str, object]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def rows(
        self,
        staged: StagedTable,
        rows: Array,
        check: str,
        column: str,
        done: str | Array,
        text: str = "",
    ) -> None:
        """List rows of a staged table that failed a check, with what was done."""
        if not len(rows):
            return
        coded = staged.raw.get(column)
        self.batches.append(
            pd.DataFrame(
                {
                    "table": staged.table.name,
                    "file": np.array(staged.files, dtype=object)[staged.file[rows]],
                    "line": staged.line[rows],
                    "column": column,
                    "value": "" if coded is None else coded.text(rows),
                    "check": check,
                    "done": done,
                    "message": text,
                }
            )
        )

    def whole_column(
        self,
        staged: StagedTable,
        check: str,
        column: str,
        done: str,
        *,
        value: str = "",
        text: str = "",
    ) -> None:
        """List a problem of a whole column, on line 0."""
        self.batches.append(
            pd.DataFrame(
                {
                    "table": [staged.table.name],
                    "file": [staged.files[0] if len(staged.files) == 1 else ""],
                    "line": [0],
                    "column": [column],
                    "value": [value],
                    "check": [check],
                    "done": [done],
                    "message": [text],
                }
            )
        )

    def tally(
        self, check: str, table: str, column: str, looked_at: int, failed: int, present: bool = True
    ) -> None:
        """Record for a check of a column how many rows were checked, and how many failed."""
        self.tallies.append(
            {
                "check": check,
                "table": table,
                "column": column,
                "rows_looked_at": int(looked_at),
                "rows_failed": int(failed),
                "applicable": bool(present) and looked_at > 0,
            }
        )


def combine(table: Table, raws: list[Raw], mapping: Mapping, time: str) -> StagedTable:
    """Combine the files of one table into one staged table, with the column names used here.

    Raises
    ------
    RecordsError
        If a file lacks a required column, or two of its columns would have one name.
    """
    renamed = [_rename(table, raw, mapping, time) for raw in raws]
    names = list(dict.fromkeys(name for columns in renamed for name in columns))
    sizes = [len(raw.lines) for raw in raws]
    raw = {name: _joined([columns.get(name) for columns in renamed], sizes) for name in names}
    rows = sum(sizes)
    return StagedTable(
        table=table,
        time=time,
        files=[raw.file for raw in raws],
        sha256=[raw.sha256 for raw in raws],
        file=np.repeat(np.arange(len(raws), dtype=np.int16), sizes),
        line=np.concatenate([raw.lines for raw in raws]),
        raw=raw,
        kept=np.ones(rows, dtype=bool),
        folded=np.zeros(rows, dtype=bool),
        repeats=np.zeros(rows, dtype=bool),
        planned=np.zeros(rows, dtype=bool),
        odd=[(number, odd) for number, raw in enumerate(raws) for odd in raw.odd],
        left_out=[raw.left_out for raw in raws],
        file_orders=[raw.date_order for raw in raws],
        same_day=mapping.link(table.name).same_day,
    )


def our_names(
    table: Table, names: list[str], mapping: Mapping, own: MappingType[str, str] | None = None
) -> dict[str, str]:
    """Return for each column name of an export its name here.

    `own` are names that the mapping gives for the source of the file; they have precedence over the
    names that it gives for the whole table.
    """
    own = own or {}
    pairs = mapping.columns.get(table.name, {})
    declared = {
        fold(name): name for column in table.columns for name in (column.name, column.study_name)
    }
    return {
        name: own.get(name) or pairs.get(folded) or declared.get(folded) or folded or name
        for name, folded in zip(names, map(fold, names), strict=True)
    }


def _rename(table: Table, raw: Raw, mapping: Mapping, time: str) -> dict[str, Coded]:
    names = our_names(table, list(raw.columns), mapping, raw.own_names)
    _refuse_repeated(table, raw, mapping)
    names = _apart(table, names, mapping)
    twice = sorted(ours for ours, count in Counter(names.values()).items() if count > 1)
    if twice:
        same = [place for place, ours in enumerate(names.values(), start=1) if ours == twice[0]]
        raise RecordsError(
            f"{raw.file} has several columns for {_called(table, twice[0], time)}.",
            found=f"columns {', '.join(map(str, same))}",
            instead=f"Say in [{table.name}.columns] of the mapping which one it is.",
        )
    missing = [
        column.name_in(time)
        for column in table.columns
        if column.required and column.name_in(time) not in names.values()
    ]
    if missing:
        raise RecordsError(
            f"{raw.file} has no column {', '.join(missing)}, which {table.name} needs.",
            found=columns_found(raw.columns),
            instead=f"Rename the column, or write in mapping.toml: [{table.name}.columns] "
            f'"Their name" = "{missing[0]}". If the file has no header line, give it one; if '
            f"titles are above it, say its line: header_row in [[{table.name}.from]]."
            + (_BY_PERSON if missing[0] == "episode_id" else "")
            + likely_headings(table, missing, raw.columns)
            + MAP,
        )
    columns = {names[name]: coded for name, coded in raw.columns.items()}
    if raw.dates_from_1904:
        for column in table.columns:
            name = column.name_in(time)
            if column.kind == "date" and time == "calendar" and name in columns:
                columns[name] = _from_1900(columns[name])
    return columns


def _refuse_repeated(table: Table, raw: Raw, mapping: Mapping) -> None:
    """Raise RecordsError if two columns have one heading, and the table needs that column."""
    pairs = mapping.columns.get(table.name, {})
    for name, heading in raw.repeated.items():
        ours = our_names(table, [heading], mapping)[heading]
        if name not in raw.columns or name in raw.own_names:
            continue
        needed = fold(heading) in pairs or _is_declared(table, ours)
        if needed and fold(name) not in pairs:
            same = [heading, *(each for each, other in raw.repeated.items() if other == heading)]
            places = [place for place, each in enumerate(raw.columns, start=1) if each in same]
            raise RecordsError(
                f"{raw.file} has two columns of the same name, and {table.name} needs it.",
                found=f"columns {', '.join(map(str, places))}",
                instead="Rename or remove one of them in the export, or say in "
                f"[{table.name}.columns] of the mapping what the second one is: its name is "
                "that of the first with _2 at the end.",
            )


def _is_declared(table: Table, name: str) -> bool:
    return any(name in (column.name, column.study_name) for column in table.columns)


def _apart(table: Table, names: dict[str, str], mapping: Mapping) -> dict[str, str]:
    """Return the names with _2, _3 added to names of covariates that differ in case only."""
    meant = set(mapping.columns.get(table.name, {}).values())
    counts = Counter(names.values())
    taken = set(names.values())
    apart: dict[str, str] = {}
    for name, ours in names.items():
        free = ours
        if counts[ours] > 1 and ours in apart.values():
            number = 2
            while not (_is_declared(table, ours) or ours in meant) and free in taken:
                free = f"{ours}_{number}"
                number += 1
            taken.add(free)
        apart[name] = free
    return apart


def _from_1900(coded: Coded) -> Coded:
    """Return a column with day numbers of the 1904 date system as those of the 1900 system."""
    words = [
        f"{int(word) + _DAYS_TO_1904}" if _DAY_NUMBER.fullmatch(word) else word
        for word in coded.words.tolist()
    ]
    codes, levels = pd.factorize(np.asarray(words, dtype=object))
    return Coded(narrow(codes[coded.codes], len(levels)), np.asarray(levels, dtype=object))


def _called(table: Table, name: str, time: str) -> str:
    known = table.column(name, time) is not None or may_be_named(name)
    return f"{table.name}.{name}" if known else f"one of the {table.name}"


def _joined(parts: list[Coded | None], sizes: list[int]) -> Coded:
    if len(parts) == 1 and parts[0] is not None:
        return parts[0]
    blank = np.array([""], dtype=object)
    words = [blank if part is None else part.words for part in parts]
    codes, levels = pd.factorize(np.concatenate(words))
    starts = np.cumsum([0] + [len(part) for part in words])
    joined = [
        codes[
            start + (np.zeros(size, dtype=np.intp) if part is None else part.codes.astype(np.intp))
        ]
        for part, start, size in zip(parts, starts, sizes, strict=False)
    ]
    exact_below = min(part.exact_below for part in parts if part is not None)
    return Coded(
        narrow(np.concatenate(joined), len(levels)), np.asarray(levels, dtype=object), exact_below
    )


def free_name(name: str, taken: Collection[str]) -> str:
    """Return `name`, or if it is `taken` a free one: ``export_name``, ``export_name_2``."""
    if name not in taken:
        return name
    free, number = f"export_{name}", 1
    while free in taken:
        number += 1
        free = f"export_{name}_{number}"
    return free
