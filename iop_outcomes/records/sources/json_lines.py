"""Reading of JSON lines: one object a line; its keys are the columns, in order of first occurrence.

A line that is not an object is set aside. A value that is a list or an object becomes missing and
is listed, and so does the value of a key that a line has twice with different values.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.sources.cells import WRITTEN, cell_text
from iop_outcomes.records.sources.coded import OddRow, Raw, Remark, coded
from iop_outcomes.records.sources.delimited import as_text
from iop_outcomes.records.sources.headings import MOST_COLUMNS, headings
from iop_outcomes.records.sources.opening import content, require_text, shown
from iop_outcomes.shared.characters import confusing_characters_written

JSON_LINES = (".jsonl", ".ndjson")
_MISSING = "value left missing"
_MOST_LISTED = 0.5  # share of rows with one problem above which they are listed in one line


def read_json_lines(path: Path) -> Raw:
    """Read a file of JSON lines as coded text.

    Numbers keep the text that is in the file; true and false become yes and no. A value is missing
    if it is null or the line does not have the key.

    Raises
    ------
    RecordsError
        If it cannot be opened, or has no line that is an object.
    """
    name = shown(path)
    data, digest = content(path)
    require_text(name, data)
    text, encoding = as_text(data, name)
    lines = io.StringIO(text.removeprefix("\ufeff"), newline=None).readlines()
    reader = _Reader()
    for number, line in enumerate(lines, start=1):
        if line.strip():
            reader.take(number, line.strip())
    if not reader.lines or reader.begins_a_list():
        raise _no_rows(name, reader, len(lines))
    header = headings(list(reader.columns), name)
    columns = dict(zip(header.names, map(coded, reader.texts()), strict=True))
    width = len(header.names)
    odd = [OddRow(line, text, 0, width, "not_json") for line, text in reader.broken]
    return Raw(
        name,
        columns,
        np.asarray(reader.lines, dtype=np.int32),
        tuple(odd),
        digest,
        encoding,
        remarks=(*header.remarks(0), *reader.remarks(header.names)),
        repeated=header.repeated,
    )


@dataclass
class _Reader:
    """Makes columns from lines; each column has the texts of the rows so far."""

    lines: list[int] = field(default_factory=list)
    columns: dict[str, list[str]] = field(default_factory=dict)
    broken: list[tuple[int, str]] = field(default_factory=list)
    met: dict[tuple[str, str], list[tuple[int, str]]] = field(default_factory=dict)

    def take(self, number: int, line: str) -> None:
        """Read one line: a row of cells, or a broken line."""
        try:
            pairs = _DECODER.decode(line)
        except (ValueError, RecursionError):
            pairs = None
        if not isinstance(pairs, _Pairs):
            self.broken.append((number, confusing_characters_written(line)))
            return
        row = dict(pairs)
        if len(row) < len(pairs):
            self._twice(number, pairs, row)
        escaped = "\\u" in line  # only then can it contain a lone surrogate or NUL
        for key, value in row.items():
            column = self.columns.get(key)
            if column is None:
                if len(self.columns) > MOST_COLUMNS:
                    continue  # the header says that these are too many
                column = self.columns.setdefault(key, [])
            if len(column) < len(self.lines):
                column.extend([""] * (len(self.lines) - len(column)))
            plain = type(value) is str and not escaped
            column.append(value if plain else self._cell(number, key, value))
        self.lines.append(number)

    def _twice(self, number: int, pairs: _Pairs, row: dict[str, Any]) -> None:
        """Make values missing whose key the line has twice with different values."""
        for key, value in pairs:
            if value != row[key] and row[key] is not None:
                self.met.setdefault(("repeated_key", key), []).append((number, ""))
                row[key] = None

    def _cell(self, number: int, key: str, value: Any) -> str:
        if type(value) is str:
            text = confusing_characters_written(value)
            if text != value:
                check = "nul_character" if "\0" in value else "lone_surrogate"
                self.met.setdefault((check, key), []).append((number, text))
            return text
        if isinstance(value, _Pairs | list):
            if value:
                text = confusing_characters_written(json.dumps(_plain(value), ensure_ascii=False))
                self.met.setdefault(("nested_value", key), []).append((number, text))
            return ""
        return str(value) if type(value) is _Text else cell_text(value)

    def texts(self) -> list[list[str]]:
        """Return the texts of each column, all of the same length."""
        rows = len(self.lines)
        return [texts + [""] * (rows - len(texts)) for texts in self.columns.values()]

    def begins_a_list(self) -> bool:
        """Return whether the first line opens a list that continues below, as in JSON."""
        first = min((line for line, _ in self.broken), default=0)
        text = dict(self.broken).get(first, "")
        return first < min(self.lines, default=0) and text[:1] == "[" and text[-1:] != "]"

    def remarks(self, header: list[str]) -> list[Remark]:
        """Return remarks on cells by line; in one line if most rows have the problem."""
        names = dict(zip(self.columns, header, strict=True))
        remarks = []
        for (check, key), cells in self.met.items():
            column = names[key]
            done = WRITTEN if check in ("nul_character", "lone_surrogate") else _MISSING
            if len(cells) > 1 and len(cells) > _MOST_LISTED * len(self.lines):
                message = f"{len(cells):,} rows: {_WHAT.get(check, check)}."
                remarks.append(Remark(0, "", check, done, message, column, len(cells)))
            else:
                remarks += [Remark(line, text, check, done, column=column) for line, text in cells]
        return sorted(remarks, key=lambda remark: remark.line)


_WHAT = {
    "nested_value": "the value is itself a list or an object",
    "repeated_key": "the key is twice there, with different values",
}


class _Pairs(list[tuple[str, Any]]):
    """The keys and values of an object, unchanged."""


class _Text(str):
    """A number as it is written."""


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_Pairs, parse_int=_Text, parse_float=_Text, parse_constant=_constant
)


def _plain(value: Any) -> Any:
    """Return a value with its objects as dictionaries, so that it can be written as JSON."""
    if isinstance(value, _Pairs):
        return {key: _plain(item) for key, item in value}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _no_rows(name: str, reader: _Reader, lines: int) -> RecordsError:
    if not reader.broken:
        return RecordsError(f"{name} is empty.", instead="Export it again.")
    first = reader.broken[0][1]
    whole = first[:1] in ("[", "{")
    return RecordsError(
        f"{name} contains no JSON lines.",
        found="a JSON document over several lines, or a list"
        if whole
        else f"{lines:,} lines, none of which is a JSON object",
        instead='Export it as JSON lines, one object a line: {"episode_id": "E1", "date": '
        '"2026-01-05"}, or as CSV.',
    )
