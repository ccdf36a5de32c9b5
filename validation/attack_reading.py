"""Read a saved report as somebody does who was sent the two files, and nothing else."""

from __future__ import annotations

import math
import re
from calendar import month_name
from collections.abc import Iterable
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import takewhile
from pathlib import Path

import openpyxl
import pandas as pd

from validation.attack_solving import Puzzle

HIDDEN = "hidden"
TITLES = {
    "Attendance rate": "attendance_rate",
    "No-show rate": "no_show_rate",
    "Check-in response": "check_in_response",
    "Admissions": "admissions",
    "Completion rate": "completion_rate",
    **{f"Retained at {day} days": f"retained_{day}" for day in (30, 60, 90)},
}
_MONTH = rf"((?:{'|'.join(month_name[1:])}) \d{{4}})"
MONTHS = re.compile(rf"(the start of the records in )?{_MONTH} to {_MONTH}")
"""A time from month to month, such as that of the caption of a table."""
ALL, ONLY = "all", "the only program"
OF_PROGRAMS = {"admissions": ("group", "program"), "programs": ("program", "")}
"""The tables with rows of programs: the column of their names, and in which part of the table."""
LEADING = 3  # sheets before those of tables: findings, facts, what each sheet holds


@dataclass(frozen=True, eq=False)
class Read:
    """What the files say: the tables of the workbook by name, captions and words of the page.

    The cells are numbers, words, ``hidden``, or None. `is_later` says that the reader has earlier
    reports: only beside these a zero is hidden, with all of its column.
    """

    tables: dict[str, pd.DataFrame]
    pages: dict[str, list[list[str]]]
    words: str
    captions: tuple[str, ...] = ()
    is_later: bool = False

    def has(self, name: str) -> bool:
        return name in self.tables


def stands(read: Read) -> set[tuple[str, str]]:
    """Return the measures and periods of trends that stand as first printed.

    The records have changed since, so that other tables count other people or sessions.
    """
    words = " ".join(str(row["definition"]) for row in rows(read, "definitions"))
    _, _, told = words.partition("These stand as they were first printed")
    return {
        (measure, period)
        for title, measure in TITLES.items()
        for some in re.findall(rf"{title} \((\d{{4}}[^()]*)\)", told)
        for period in some.split(", ")
    }


class _Page(HTMLParser):
    """The tables of a page as text, and its sentences with the words for pictures."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.words: list[str] = []
        self.captions: list[str] = []
        self._cell: list[str] | None = None
        self._in_caption = False
        # A date that is kept in one line is part of its sentence.
        self.feed(re.sub(r'<span class="date">(.*?)</span>', r"\1", html))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag == "caption":
            self.captions.append("")
            self._in_caption = True
        elif tag in ("td", "th"):
            self._cell = []
        elif tag == "img":
            self.words.append(str(dict(attrs).get("alt")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "caption":
            self._in_caption = False
        if tag in ("td", "th") and self._cell is not None:
            self.tables[-1][-1].append("".join(self._cell).strip())
            self._cell = None

    def handle_data(self, data: str) -> None:
        (self.words if self._cell is None else self._cell).append(data)
        if self._in_caption:
            self.captions[-1] += data


def read_report(page: Path, workbook: Path) -> Read:
    """Read a report saved as HTML and as XLSX; the tables of both stand in the same order."""
    book = openpyxl.load_workbook(workbook)
    tables = {}
    for sheet in book.worksheets[LEADING:]:
        lines = ([cell.value for cell in row] for row in sheet.iter_rows())
        rows = list(takewhile(lambda line: any(value is not None for value in line), lines))
        tables[sheet.title] = pd.DataFrame(rows[1:], columns=rows[0], dtype=object)
    found = _Page(page.read_text(encoding="utf-8"))
    if len(found.tables) != len(tables):
        raise ValueError("the page and the workbook do not hold the same tables")
    pages = dict(zip(tables, found.tables, strict=True))
    captions = tuple(in_days(" ".join(caption.split())) for caption in found.captions)
    words = in_days(re.sub(r"\s+", " ", " ".join(found.words)))
    return Read(tables, pages, words, captions)


def in_days(words: str) -> str:
    """Return words with the first and the last day of each time from one month to another.

    Before the records begin there is nobody, so that their first quarter is a whole one.
    """

    def days(told: re.Match[str]) -> str:
        begin = pd.Period(told[2], "Q" if told[1] else "M").start_time
        return f"{begin:%Y-%m-%d} to {pd.Period(told[3], 'M').end_time:%Y-%m-%d}"

    return MONTHS.sub(days, words)


def rows(read: Read, name: str) -> list[dict[str, object]]:
    """Return the rows of a table; that of all programs is also that of the only one there is."""
    found = read.tables[name].to_dict("records") if read.has(name) else []
    if name not in OF_PROGRAMS:
        return found
    label, of = OF_PROGRAMS[name]
    of_programs = [row for row in found if row.get("by", of) == of]
    alone = len(of_programs) == 1 and of_programs[0][label] == ALL
    alone = alone and of_programs[0].get("share", HIDDEN) is not None  # somebody was admitted
    return [*({**row, label: ONLY} for row in of_programs if alone), *found]


def missing(value: object) -> bool:
    return value is None or value == HIDDEN or (isinstance(value, float) and math.isnan(value))


def least_of(read: Read, values: Iterable[object]) -> int:
    """Return what the hidden cells of a column are at least: 0 where none of it is shown."""
    return int(not read.is_later or any(value != HIDDEN for value in values))


def cell(puzzle: Puzzle, name: tuple[object, ...], value: object, least: int = 1) -> None:
    """Take up a printed count; a hidden one is mostly no zero, for that would have been shown."""
    if value == HIDDEN:
        puzzle.unknown(name, least=least)
    elif not missing(value):
        puzzle.known(name, float(value))  # type: ignore[arg-type]


def number(text: str) -> float | None:
    """Return the number that a cell of a page shows; None for words and dashes."""
    plain = text.replace(",", "").removesuffix(" points")
    if re.fullmatch(r"-?\d+(\.\d+)?%", plain):
        return float(plain[:-1]) / 100
    return float(plain) if re.fullmatch(r"-?\d+(\.\d+)?", plain) else None


JOINED = re.compile(r"(?<![\w.])[+-]?\d[\d,]*(?:\.\d+)?(?:%|(?!\w))")


def numbers_of(cells: Iterable[str]) -> list[float]:
    """Return all numbers of a row of a page in which a cell may join several: 22 of 74.

    Examples
    --------
    >>> numbers_of(["29.7%", "22 of 74", "45.6% in 2026Q2", "-30.1 to +0.5"])
    [0.297, 22.0, 74.0, 0.456, -30.1, 0.5]
    """
    written = [one.lstrip("+") for text in cells for one in JOINED.findall(text)]
    return [round(one, 9) for text in written if (one := number(text)) is not None]


def differences(read: Read) -> list[str]:
    """Return where the page and the workbook do not show the same number."""
    found = []
    for name, table in read.tables.items():
        page = read.pages[name]
        if len(page[0]) != len(table.columns):  # the page joins cells
            found += _not_in_rows(name, table, page)
            continue
        for row, cells in enumerate(table.itertuples(index=False, name=None), start=1):
            for column, value in enumerate(cells):
                if not isinstance(value, int | float) or isinstance(value, bool):
                    continue
                shown = number(page[row][column])
                near = shown is not None and abs(shown - value) <= 0.00051 + 1e-9 * abs(value)
                if not near and str(value) != page[row][column]:
                    found.append(f"{name}: {value!r} and {page[row][column]!r}")
    return found


def _not_in_rows(name: str, table: pd.DataFrame, page: list[list[str]]) -> list[str]:
    """Return the numbers of the rows of a workbook that the same row of the page has not."""
    if len(page) != len(table) + 1:
        return [f"{name}: {len(table)} rows and {len(page) - 1}"]
    found = []
    for row, cells in enumerate(table.itertuples(index=False, name=None), start=1):
        shown = numbers_of(page[row])
        for value in cells:
            if isinstance(value, int | float) and not isinstance(value, bool):
                near = [abs(one - value) <= 0.00051 + 1e-9 * abs(value) for one in shown]
                found += [] if any(near) else [f"{name}: {value!r} and {page[row]!r}"]
    return found
