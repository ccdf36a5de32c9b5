"""Reading of delimited text line by line, so that an unclosed quote does not hide other rows.

A row is a line, unless a quoted cell has several lines. This is accepted only if its quotes are
closed correctly, the row has as many cells as the header, and no line within the cell looks like a
row. Any other line that ends within quotes is a broken row, and reading continues with the next
line.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.sources.coded import OddRow, Raw, Remark
from iop_outcomes.records.sources.headings import headings, join_headers
from iop_outcomes.records.sources.layout import Layout
from iop_outcomes.records.sources.quotes import count_lines, cut_line
from iop_outcomes.records.sources.rows import LIKE_A_ROW, SAMPLE, form, from_rows

_LINE_END = re.compile(r"\r\n|\r|\n")
_LONGEST_SEARCH = 20  # the text is read at most so many times in search of closing quotes


def read_lines(text: str, delimiter: str, layout: Layout, file: str, digest: str) -> Raw:
    """Read delimited text, from the header on.

    Raises
    ------
    RecordsError
        If it has no header, a quote in the header is not closed, or lines were not read.
    """
    lines = io.StringIO(text, newline="").readlines()
    reader = _Reader(lines, delimiter, layout, file)
    raw = from_rows(reader.rows(), file, digest, layout, delimiter)
    expected = count_lines(text)
    if reader.place != expected:
        raise RecordsError(
            f"{file} was not read to its end.",
            found=f"{reader.place:,} of {expected:,} lines",
            instead="Export it again as CSV (UTF-8).",
        )
    odd = sorted((*raw.odd, *reader.broken), key=lambda row: row.line)
    return replace(
        raw,
        odd=tuple(odd),
        remarks=(*raw.remarks, *reader.remarks),
        rows_over_lines=reader.rows_over_lines,
    )


def stray_quote(line: int) -> Remark:
    """Return a remark that a quote closes before the end of its cell."""
    return Remark(line, "", "stray_quote", "kept: the text after the quote is part of the cell")


class _Reader:
    """Makes rows from the lines of a file; `place` is the number of lines already read."""

    def __init__(self, lines: list[str], delimiter: str, layout: Layout, file: str) -> None:
        self.place = min(layout.lines_above, len(lines))
        self.broken: list[OddRow] = []
        self.remarks: list[Remark] = []
        self.rows_over_lines = 0
        self._lines = lines
        self._delimiter = delimiter
        self._file = file
        self._searched = 0
        self._most_searched = _LONGEST_SEARCH * sum(map(len, lines)) + (1 << 20)
        self._header_rows = layout.header_rows
        self._above: list[list[str]] = []  # the header rows met so far
        self._header: list[str] = []
        self._forms: list[set[str]] = []

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the line number and the cells of each row, the header first."""
        quoted = [number for number, line in enumerate(self._lines) if '"' in line]
        for number in quoted:
            if number < self.place:
                continue  # within a row with several lines
            yield from self._plain(number)
            row = self._quoted(self._lines[number])
            if row is not None:
                self._meet(row)
                yield number + 1, row
        yield from self._plain(len(self._lines))

    def _meet(self, row: list[str]) -> None:
        """Collect the first rows until the header is complete."""
        if not self._header:
            self._above.append(row)
            if len(self._above) == self._header_rows:
                self._header = join_headers(self._above)

    def _plain(self, end: int) -> Iterator[tuple[int, list[str]]]:
        """Yield the rows of the next lines up to `end`, which have no quotes."""
        delimiter = self._delimiter
        for number, line in enumerate(self._lines[self.place : end], start=self.place + 1):
            bare = line.rstrip("\r\n")
            if bare:  # a blank line is not a row
                row = bare.split(delimiter)
                self._meet(row)
                yield number, row
        self.place = max(self.place, end)

    def _quoted(self, line: str) -> list[str] | None:
        """Return the row that begins on a line with quotes, or None if it is broken."""
        cut = cut_line(line.rstrip("\r\n"), self._delimiter)
        if not cut.open:
            self.place += 1
            if cut.stray:
                self.remarks.append(stray_quote(self.place))
            return cut.cells
        row, lines = self._over_lines()
        if row is not None:
            self.place += lines
            self.rows_over_lines += bool(self._header) and lines > 1
            return row
        self.place += 1
        if not self._header:
            raise RecordsError(
                f"{self._file} has a quote in its header that does not close.",
                found=f"line {self.place}",
                instead="Remove the quote, or export the file again as CSV.",
            )
        width = len(self._header)
        text = line.rstrip("\r\n")
        self.broken.append(OddRow(self.place, text, len(cut.cells), width, "open_quote"))
        return None

    def _over_lines(self) -> tuple[list[str] | None, int]:
        """Return the row with several lines that begins here and the number of lines, or None."""
        reader = csv.reader(self._counted(), delimiter=self._delimiter, strict=True)
        try:
            row = next(reader)
        except csv.Error:  # quotes are not closed correctly, or the cell is too long
            return None, 0
        if not self._header:
            return (None if _swallowed_by_header(row, self._delimiter) else row), reader.line_num
        width = len(headings(self._header, self._file).names)
        if len(row) < width or any(cell.strip() for cell in row[width:]):
            return None, 0
        if self._swallows_rows(row):
            return None, 0
        return row, reader.line_num

    def _counted(self) -> Iterator[str]:
        """Yield the next lines; raise RecordsError if too many were searched in vain."""
        for number in range(self.place, len(self._lines)):
            line = self._lines[number]
            self._searched += len(line)
            if self._searched > self._most_searched:
                raise RecordsError(
                    f"{self._file} has quotes that cannot be paired.",
                    found=f"a quote on line {self.place + 1} that does not close, and others",
                    instead="Export it again as CSV, with quotes doubled inside quoted cells.",
                )
            yield line

    def _swallows_rows(self, row: list[str]) -> bool:
        """Return whether a cell with several lines contains text that looks like whole rows."""
        if not self._forms:
            self._forms = self._usual_forms()
        last = len(self._header) - 1
        for place, cell in enumerate(row):
            first, *middle = _LINE_END.split(cell)
            if not middle:
                continue
            *middle, end = middle
            if any(self._like_a_row(enumerate(self._cells(text)), row) for text in middle):
                return True
            before, after = self._cells(end), self._cells(first)
            if len(before) > place and len(after) > last - place:
                # the first cells of a hidden row, and the last cells of the row that hides it
                begin = enumerate(before[:place])
                rest = enumerate(after[len(after) - (last - place) :], start=place + 1)
                if self._like_a_row(chain(begin, rest), row, whole=False):
                    return True
        return False

    def _cells(self, text: str) -> list[str]:
        return text.split(self._delimiter)

    def _like_a_row(
        self, cells: Iterator[tuple[int, str]], row: list[str], whole: bool = True
    ) -> bool:
        """Return whether cells, given with their columns, have the usual forms of these columns."""
        placed = list(cells)
        if len(self._header) < 2 or (whole and len(placed) != len(self._header)):
            return False
        filled = [(place, form(text)) for place, text in placed if text]
        own = dict(enumerate(map(form, row)))
        usual = sum(text in self._forms[place] or text == own.get(place) for place, text in filled)
        return bool(filled) and usual >= LIKE_A_ROW * len(filled)

    def _usual_forms(self) -> list[set[str]]:
        """Return the forms of the cells of each column, from rows without quotes."""
        delimiters = len(self._header) - 1
        plain = (
            line.rstrip("\r\n")
            for line in islice(self._lines, 1, None)
            if '"' not in line and line.count(self._delimiter) == delimiters
        )
        rows = [text.split(self._delimiter) for text in islice(plain, SAMPLE)]
        return [{form(row[place]) for row in rows} for place in range(delimiters + 1)]


def _swallowed_by_header(row: list[str], delimiter: str) -> bool:
    """Return whether a heading with several lines contains as many cells as the header."""
    widest = max(
        (
            text.count(delimiter)
            for cell in row
            for text in _LINE_END.split(cell)[1:]  # the first line is of the heading itself
        ),
        default=0,
    )
    return widest > 0 and widest >= len(row) - 1
