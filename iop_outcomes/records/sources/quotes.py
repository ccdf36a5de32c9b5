"""Quotes in delimited text: dividing a line into cells, and checking its quotes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_QUOTE, _LINE_END, _RETURN = b'"\n\r'
_LONGEST_LINE = 1 << 24  # bytes


@dataclass(frozen=True)
class Cut:
    """A line divided into cells.

    Attributes
    ----------
    cells : list of str
        The cells, without the quotes around them.
    stray : bool
        Whether a quote closes a cell and more text follows before the delimiter.
    open : bool
        Whether the line ends inside quotes.
    """

    cells: list[str]
    stray: bool
    open: bool


def cut_line(line: str, delimiter: str) -> Cut:
    """Divide a line (without its line end) into cells, as spreadsheets do.

    A quote at the start of a cell opens it, and two quotes within it are one quote character. Text
    after the closing quote belongs to the cell. In a cell that does not begin with a quote, a quote
    is an ordinary character (``5" pipe``).
    """
    cells: list[str] = []
    stray, place, size = False, 0, len(line)
    while True:
        text = ""
        if line.startswith('"', place):
            text, place = _quoted(line, place + 1)
            if place < 0:
                return Cut([*cells, text], stray, True)
            stray = stray or (place < size and line[place] != delimiter)
        end = line.find(delimiter, place)
        if end < 0:
            return Cut([*cells, text + line[place:]], stray, False)
        cells.append(text + line[place:end])
        place = end + 1


def _quoted(line: str, place: int) -> tuple[str, int]:
    """Return a quoted text that begins at `place`, and its end; -1 if it is not closed."""
    parts: list[str] = []
    while True:
        end = line.find('"', place)
        if end < 0:
            return "".join([*parts, line[place:]]), -1
        parts.append(line[place:end])
        if not line.startswith('""', end):
            return "".join(parts), end + 1
        parts.append('"')
        place = end + 2


def count_lines(text: str) -> int:
    """Return the number of lines of a text, with line ends of any kind."""
    ends = text.count("\n") + text.count("\r") - text.count("\r\n")
    return ends + bool(text and text[-1] not in "\r\n")


class LineCounter:
    """Counts the lines in the bytes of a file, block by block, and checks their quotes.

    It is independent of the parser, whose rows are compared with these lines.

    Attributes
    ----------
    lines : int
        Lines so far.
    quoted : bool
        Whether there is any quote.
    nul : bool
        Whether there is any NUL.
    old_ends : bool
        Whether a line ends with a carriage return alone.
    strays, opens : list of int
        Numbers of lines (from 1) with a quote that closes before the end of its cell; and of lines
        that end within quotes, each line judged separately.
    given_up : bool
        Whether counting was stopped because a line is too long.
    """

    def __init__(self, delimiter: str) -> None:
        self.lines = 0
        self.quoted = False
        self.nul = False
        self.old_ends = False
        self.given_up = False
        self.strays: list[int] = []
        self.opens: list[int] = []
        self._delimiter = delimiter
        self._fine = np.zeros(256, dtype=bool)  # what can be next to the quotes of a cell
        self._fine[[_QUOTE, _LINE_END, _RETURN, ord(delimiter)]] = True
        self._rest = b""

    def take(self, block: bytes) -> None:
        """Count the lines of the next block."""
        self.nul = self.nul or b"\0" in block
        if self.given_up:
            return
        cut = block.rfind(b"\n") + 1
        self.quoted = self.quoted or b'"' in block
        if cut and not self.quoted and b"\r" not in block and b"\r" not in self._rest:
            self.lines += block.count(b"\n")  # nothing to look at
        else:
            whole = self._rest + block
            cut = whole.rfind(b"\n") + 1
            self._look(whole[:cut])
            block = whole
        self._rest = block[cut:]
        if len(self._rest) > _LONGEST_LINE:
            self.given_up, self._rest = True, b""

    def end(self) -> None:
        """Count the last line, if no line end follows it."""
        if self._rest:
            self._look(self._rest + b"\n")
            self._rest = b""

    def _look(self, lines: bytes) -> None:
        """Count whole lines and check their quotes."""
        if b"\r" in lines and lines.count(b"\r") != lines.count(b"\r\n"):
            self.old_ends = True
        if b'"' in lines:
            for number, start, end in _odd_lines(lines, self._fine):
                text = lines[start:end].decode("utf-8", "replace").rstrip("\r")
                cut = cut_line(text, self._delimiter)
                if cut.open:
                    self.opens.append(self.lines + number + 1)
                elif cut.stray:
                    self.strays.append(self.lines + number + 1)
        self.lines += lines.count(b"\n")


def _odd_lines(lines: bytes, fine: npt.NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Return number, start and end of lines with quotes other than those around cells.

    An odd-numbered quote of a line must open a cell: before it is a delimiter, a quote or the start
    of the line. An even-numbered one must close it: after it is a delimiter, a quote or the line
    end.
    """
    data = np.frombuffer(b"\n" + lines, dtype=np.uint8)
    ends = np.flatnonzero(data == _LINE_END)  # the first is before the first line
    marks = np.flatnonzero(data == _QUOTE)
    line = np.searchsorted(ends, marks) - 1
    before = np.searchsorted(marks, ends)  # quotes before the start of each line
    opening = (np.arange(len(marks)) - before[line]) % 2 == 0
    odd = line[~fine[data[np.where(opening, marks - 1, marks + 1)]]]
    unpaired = np.flatnonzero(np.diff(before) % 2)
    numbers = np.union1d(odd, unpaired)
    return [(int(n), int(ends[n]), int(ends[n + 1]) - 1) for n in numbers]
