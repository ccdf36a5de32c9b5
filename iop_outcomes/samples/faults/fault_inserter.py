"""Faults inserted one by one into tables of text, and recorded at the same time."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from iop_outcomes.shared.saving import write_whole

KEY_COLUMNS = ["table", "file", "line", "column", "value", "check", "done"]

ASIDE, MISSING, MENDED = "set aside", "value left missing", "mended"
FOLDED, KEPT = "folded", "kept"


@dataclass
class FaultInserter:
    """Three tables of text, and the faults inserted into them.

    Attributes
    ----------
    tables : dict of str to pandas.DataFrame
        The text of each table; rows are added at the end and never removed.
    files : dict of str to list of str
        For each table the file of each row.
    """

    tables: dict[str, pd.DataFrame]
    files: dict[str, list[str]]
    inserted: list[dict[str, object]] = field(default_factory=list)
    odd_rows: dict[tuple[str, int], list[str]] = field(default_factory=dict)

    def change(self, table: str, row: int, column: str, text: str, check: str, done: str) -> None:
        """Write `text` into a cell and record the problem."""
        self.tables[table].loc[row, column] = text
        self.expect(table, row, column, check, done)

    def add(self, table: str, row: dict[str, str], file: str = "") -> int:
        """Add a row, with empty cells where `row` has no value, and return its place."""
        frame = self.tables[table]
        place = len(frame)
        frame.loc[place] = [row.get(str(name), "") for name in frame.columns]
        self.files[table].append(file or f"{table}.csv")
        return place

    def copy(self, table: str, row: int, file: str = "", **changed: str) -> int:
        """Add a copy of a row with some cells changed."""
        like = {str(name): str(text) for name, text in self.tables[table].loc[row].items()}
        return self.add(table, {**like, **changed}, file or self.files[table][row])

    def misshape(self, table: str, row: int, change: int) -> None:
        """Remove fields from a row's end, or add some, and record the problem."""
        fields = [str(text) for text in self.tables[table].loc[row]]
        fields = fields[:change] if change < 0 else fields + ["extra"] * change
        self.odd_rows[table, row] = fields
        check, done = ("short_row", KEPT) if change < 0 else ("row_shape", ASIDE)
        self.expect(table, row, "", check, done)

    def expect(self, table: str, row: int, column: str, check: str, done: str) -> None:
        """Record a problem of an unchanged row."""
        self.inserted.append(
            {"table": table, "row": row, "column": column, "check": check, "done": done}
        )

    def values(
        self, table: str, rows: Iterator[int], faults: list[tuple[str, str, str, str]]
    ) -> None:
        """Insert a list of faults (column, text, check, done), each into the next of the rows."""
        for column, text, check, done in faults:
            self.change(table, next(rows), column, text, check, done)

    def answer_key(self) -> pd.DataFrame:
        """Return one row a problem: table, file, line, column, value, check, done."""
        lines = {}
        for table, files in self.files.items():
            within = pd.Series(files).groupby(files).cumcount() + 2  # the header is line 1
            lines[table] = within.tolist()
        rows = []
        for fault in self.inserted:
            table, row, column = str(fault["table"]), int(str(fault["row"])), str(fault["column"])
            value = str(self.tables[table].loc[row, column]) if column else ""
            if fault["check"] == "row_shape":
                value = " | ".join(self.odd_rows[table, row])
            elif fault["check"] == "short_row":
                width = self.tables[table].shape[1]
                value = f"{len(self.odd_rows[table, row])} of {width} fields"
            place = {"file": self.files[table][row], "line": lines[table][row], "value": value}
            rows.append({**fault, **place})
        order = ["table", "file", "line", "column", "check"]
        return pd.DataFrame(rows)[KEY_COLUMNS].sort_values(order, ignore_index=True)

    def write(self, folder: Path) -> None:
        """Write every file of the tables, and the answer key to the same folder."""
        for table, frame in self.tables.items():
            texts: dict[str, io.StringIO] = {}
            cells = frame.to_numpy(dtype=object).tolist()
            for row, (file, fields) in enumerate(zip(self.files[table], cells, strict=True)):
                if file not in texts:
                    texts[file] = io.StringIO()
                    csv.writer(texts[file], lineterminator="\n").writerow(frame.columns)
                fields = self.odd_rows.get((table, row), fields)
                csv.writer(texts[file], lineterminator="\n").writerow(fields)
            for file, text in texts.items():
                write_file(folder / file, text.getvalue())
        key = self.answer_key().to_csv(index=False, lineterminator="\n")
        write_file(folder / "answer_key.csv", key)


def write_file(path: Path, text: str) -> None:
    """Write a file of the sample, with the same line ends on every system."""
    write_whole(path, text.encode("utf-8"), "The sample")
