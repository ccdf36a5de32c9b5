"""Columns from rows of text, the header first, each row with its line.

A row with fewer fields than the header is assumed to lack empty fields at its end: it is completed
and listed. This is not done if its cells do not have the usual forms of their columns (a line end
may have divided a row) or one of them contains the delimiter (a quote may be wrong). Such a row,
and a row with more fields than the header, is set aside.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

import numpy as np

from iop_outcomes.records.sources.coded import OddRow, Raw, Remark, coded
from iop_outcomes.records.sources.headings import headings, join_headers
from iop_outcomes.records.sources.layout import Layout

_LETTERS, _DIGITS, _SPACES = re.compile(r"[^\W\d_]+"), re.compile(r"\d+"), re.compile(r"\s+")
SAMPLE = 300  # rows from which the usual forms of a column are determined
LIKE_A_ROW = 2 / 3  # share of cells with a usual form that a row must have
_ENOUGH_ROWS = 3  # rows needed to determine usual forms
_MOST_LISTED = 0.5  # share of short rows above which they are listed in one line

Row = tuple[int, list[str]]


def from_rows(
    records: Iterable[Row], file: str, digest: str, layout: Layout, delimiter: str = ""
) -> Raw:
    """Return columns from rows of text, the header first, each with its line.

    `delimiter` separates the cells in the file; it is empty for a workbook.

    Raises
    ------
    RecordsError
        If there is no header.
    """
    rows = iter(records)
    header = list(islice(rows, layout.header_rows))
    names = headings(join_headers([cells for _, cells in header]) if header else [], file)
    width = len(names.names)
    lines: list[int] = []
    kept: list[list[str]] = []
    odd: list[OddRow] = []
    short: list[int] = []  # positions in `kept`
    for line, fields in rows:
        if len(fields) > width:
            if any(field.strip() for field in fields[width:]):
                odd.append(_odd(line, fields, width))
                continue
            fields = fields[:width]
        elif len(fields) < width:
            short.append(len(kept))
        lines.append(line)
        kept.append(fields)
    remarks = names.remarks(header[0][0])
    if short:
        broken, remarks_of_short = _fill_up(kept, lines, short, width, delimiter)
        remarks += remarks_of_short
        if broken:
            odd += [_odd(lines[row], kept[row], width) for row in broken]
            gone = set(broken)
            lines = [line for row, line in enumerate(lines) if row not in gone]
            kept = [cells for row, cells in enumerate(kept) if row not in gone]
    columns = map(coded, zip(*kept, strict=True) if kept else [[]] * width)
    return Raw(
        file,
        dict(zip(names.names, columns, strict=True)),
        np.asarray(lines, dtype=np.int32),
        tuple(sorted(odd, key=lambda row: row.line)),
        digest,
        remarks=remarks,
        repeated=names.repeated,
    )


def _odd(line: int, fields: list[str], width: int) -> OddRow:
    return OddRow(line, " | ".join(fields), len(fields), width, cells=tuple(fields))


def _fill_up(
    rows: list[list[str]], lines: list[int], short: list[int], width: int, delimiter: str
) -> tuple[list[int], tuple[Remark, ...]]:
    """Complete short rows; return the rows that cannot be completed, and remarks on the others."""
    seen = _Seen(usual_forms(rows, width), delimiter, width)
    whole = [seen.looks_whole(rows[row]) for row in short]
    broken = [row for row, good in zip(short, whole, strict=True) if not good]
    filled = [row for row, good in zip(short, whole, strict=True) if good]
    done = "kept: the fields left out at its end are missing"
    fields = [len(rows[row]) for row in filled]
    for row in filled:
        rows[row] = rows[row] + [""] * (width - len(rows[row]))
    if len(filled) > _MOST_LISTED * len(rows) and len(filled) > 1:
        message = f"{len(filled):,} rows have fewer fields than the header."
        return broken, (Remark(0, "", "short_row", done, message, count=len(filled)),)
    return broken, tuple(
        Remark(lines[row], f"{number} of {width} fields", "short_row", done)
        for row, number in zip(filled, fields, strict=True)
    )


class _Seen:
    """Judges whether short rows look like the beginning of rows; each distinct text once."""

    def __init__(self, forms: list[set[str]], delimiter: str, width: int) -> None:
        self._forms = forms
        self._delimiter = delimiter
        # for each text: 0 blank, 1 a usual form, 2 another form, 3 it contains the delimiter
        self._known: list[dict[str, int]] = [{} for _ in range(width)]

    def looks_whole(self, row: list[str]) -> bool:
        counts = [0, 0, 0, 0]
        for known, (place, text) in zip(self._known, enumerate(row), strict=False):
            kind = known.get(text)
            if kind is None:
                kind = known[text] = self._kind(place, text)
            counts[kind] += 1
        _, usual, other, broken = counts
        return not broken and usual > 0 and usual >= LIKE_A_ROW * (usual + other)

    def _kind(self, place: int, text: str) -> int:
        if not text.strip():
            return 0
        if self._delimiter and self._delimiter in text:
            return 3
        return 1 if not self._forms or form(text) in self._forms[place] else 2


def usual_forms(rows: Sequence[Sequence[str]], width: int) -> list[set[str]]:
    """Return for each column the forms of cells that occur in several of the first rows.

    The list is empty if there are too few rows.
    """
    sample = rows[:SAMPLE]
    if len(sample) < _ENOUGH_ROWS:
        return []
    counts: list[Counter[str]] = [Counter() for _ in range(width)]
    for row in sample:
        for place, cell in enumerate(row):
            counts[place][form(cell)] += 1
    return [{text for text, count in each.items() if count > 1} for each in counts]


def form(text: str) -> str:
    """Return the form of a text: E12 is a9, 2026-01-05 is 9-9-9."""
    return _SPACES.sub(" ", _DIGITS.sub("9", _LETTERS.sub("a", text)))
