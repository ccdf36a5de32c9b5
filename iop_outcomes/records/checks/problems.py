"""What was found while reading, as tables: problems, files, rows set aside."""

from __future__ import annotations

import csv
import os
import re
from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.records.checks.declared import CHECKS
from iop_outcomes.records.mapping import Mapping
from iop_outcomes.records.schema import TABLES
from iop_outcomes.records.sources.coded import Raw, Remark
from iop_outcomes.records.staging import PROBLEM_COLUMNS, Log, StagedTable, free_name, our_names

REMARK_CHECKS = (
    *("open_quote", "stray_quote", "merged_cells", "lone_surrogate", "nul_character"),
    "unreadable_cell",
    "short_row",
    "repeated_heading",
    *("not_json", "nested_value", "repeated_key"),
    *("join_unmatched", "join_conflict", "in_two_lists", "twice_in_list"),
    *("two_ticked", "unknown_tick"),
)
_FORMULA = re.compile(
    "(?:^|(?<=[,;|\\t\\r\\n]))(?=\\s*[-=+@\uff1d\uff0b\uff0d\uff20])|^(?=[\\t\\r\\n])"
)


def note_remarks(name: str, raws: list[Raw], mapping: Mapping, log: Log) -> None:
    """List remarks on the files of a table that were made before their columns were read."""
    for raw in raws:
        remarks = list(raw.remarks)
        names = our_names(TABLES[name], list(raw.columns), mapping, raw.own_names)
        if raw.encoding:
            done = f"kept: read as {raw.encoding}"
            remarks.append(Remark(0, raw.encoding, "encoding", done, "The file is not UTF-8."))
        if remarks:
            log.batches.append(
                pd.DataFrame(
                    {
                        "table": name,
                        "file": raw.file,
                        "line": [remark.line for remark in remarks],
                        "column": [names.get(remark.column, "") for remark in remarks],
                        "value": [remark.value for remark in remarks],
                        "check": [remark.check for remark in remarks],
                        "done": [remark.done for remark in remarks],
                        "message": [remark.message for remark in remarks],
                    }
                )
            )
    log.tally("encoding", name, "", len(raws), sum(bool(raw.encoding) for raw in raws))
    read = sum(len(raw.lines) + len(raw.odd) for raw in raws)
    met = Counter(row.check for raw in raws for row in raw.odd)
    for raw in raws:
        for remark in raw.remarks:
            met[remark.check] += remark.count
    for check in REMARK_CHECKS:
        log.tally(check, name, "", read, met[check])


def problem_table(log: Log) -> pd.DataFrame:
    """Return all problems in the log, sorted by table, file and line."""
    if not log.batches:
        return pd.DataFrame(np.empty((0, len(PROBLEM_COLUMNS)), object), columns=PROBLEM_COLUMNS)
    table = pd.concat(log.batches, ignore_index=True)
    checks = [CHECKS[name] for name in table["check"]]
    table["group"] = [check.group for check in checks]
    messages = zip(table["message"], checks, strict=True)
    table["message"] = [message if message != "" else check.meaning for message, check in messages]
    table["line"] = table["line"].astype(np.int64)
    number_of = {name: number for number, name in enumerate(TABLES)}
    number = np.array([number_of.get(name, len(number_of)) for name in table["table"]])
    file = pd.factorize(table["file"], sort=True)[0]
    order = np.lexsort((table["line"].to_numpy(), file, number))
    return pd.DataFrame({name: table[name].to_numpy()[order] for name in PROBLEM_COLUMNS})


def problems_text(problems: pd.DataFrame) -> str:
    """Return the list of problems as CSV in which a spreadsheet finds no formula.

    A spreadsheet can read a text as a formula if it begins with ``=``, ``+``, ``-``, ``@``, a tab
    or a line end. The same holds for text after a comma, semicolon, bar, tab or line end, if the
    spreadsheet takes that for the end of a cell. An apostrophe before it makes it plain text, as
    OWASP recommends (CSV Injection, owasp.org/www-community/attacks/CSV_Injection).
    """
    inert = problems.copy()
    for name in inert.columns:
        if inert[name].dtype == object:
            inert[name] = [_FORMULA.sub("'", str(text)) for text in inert[name]]
    return inert.to_csv(index=False, lineterminator=os.linesep, quoting=csv.QUOTE_NONNUMERIC)


def source_table(staged_tables: dict[str, StagedTable]) -> pd.DataFrame:
    """Return the numbers of rows of each file: read, kept, set aside, folded and others."""
    rows = []
    for name, staged in staged_tables.items():
        for number, file in enumerate(staged.files):
            here = staged.file == number
            odd = sum(where == number for where, _ in staged.odd)
            kept, folded = int(staged.kept[here].sum()), int(staged.folded[here].sum())
            read = int(here.sum())
            rows.append(
                {
                    "table": name,
                    "file": file,
                    "rows_read": read + odd,
                    "rows_kept": kept,
                    "rows_set_aside": read - kept - folded + odd,
                    "rows_folded": folded,
                    "rows_planned": int(staged.planned[here].sum()),
                    "rows_left_out": staged.left_out[number],
                    "sha256": staged.sha256[number],
                }
            )
    return pd.DataFrame(rows)


def rows_set_aside(staged: StagedTable) -> pd.DataFrame:
    """Return the rows of a staged table that were set aside, as text.

    A row that could not be divided into columns is in ``whole_row``.
    """
    rows = np.flatnonzero(~staged.kept & ~staged.folded)
    odd = [row for _, row in staged.odd]
    file = np.append(staged.file[rows], [number for number, _ in staged.odd]).astype(int)
    line = np.append(staged.line[rows], [row.line for row in odd]).astype(np.int32)
    order = np.lexsort((line, file))
    files = np.array(staged.files, dtype=object)
    columns: dict[str, Any] = {"file": files[file[order]], "line": line[order]}
    for name, coded in staged.raw.items():
        columns[free_name(name, columns)] = _in_order([*coded.text(rows), *[""] * len(odd)], order)
    whole = [""] * len(rows) + [row.text for row in odd]
    columns[free_name("whole_row", columns)] = _in_order(whole, order)
    return pd.DataFrame(columns)


def _in_order(texts: list[str], order: npt.NDArray[np.intp]) -> npt.NDArray[np.object_]:
    return np.array(texts, dtype=object)[order]
