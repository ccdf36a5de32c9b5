"""Exports in odd but real forms, drawn with a seed, of records whose truth is known.

`export` gives the files, the mapping that explains them, and what reading them must give: the rows
of the three tables, and the list of problems, which names what was broken on purpose and no more.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from iop_outcomes.records.schema import TABLES
from tests.helpers.odd import writing
from tests.helpers.odd.faults import Broken, break_rows, misplace
from tests.helpers.odd.files import Sheet, delimited, other_files
from tests.helpers.odd.said import (
    DELIMITED,
    SECONDS,
    SERIAL,
    Problem,
    counts,
    notes,
    of_columns,
    of_the_whole,
    stays_on_paper,
)
from tests.helpers.odd.truth import AS_OF, ATTENDANCE, CHECKINS, EPISODES, KINDS, Row, truth

WORKBOOKS = ("xlsx", "typed xlsx", "xls", "xlsb", "ods", "one xlsx")
PLAIN = ("jsonl", "typed jsonl", "parquet", "typed parquet", "frames")
TYPED = ("typed xlsx", "xls", "xlsb", "ods", "typed jsonl", "typed parquet", "frames")


@dataclass(frozen=True)
class Style:
    """How an export is written; see `draw`."""

    number: int
    kind: str
    dates: str
    clocks: str
    lengths: str
    flags: tuple[str, str]
    numbers: str
    words: str
    headings: str
    ids: str
    timing: str
    titles: int
    header_rows: int
    totals: bool
    blank_lines: bool
    encoding: str
    line_end: str
    quoted: bool
    halves: bool
    missing: str
    blank_status: bool
    says_order: bool

    @property
    def typed(self) -> bool:
        return self.kind in TYPED

    @property
    def plain_length(self) -> bool:
        return self.lengths == "plain"


def draw(number: int) -> Style:
    """Return the style of one export; those of 100 numbers in a row meet every option."""
    one = random.Random(f"style {number}")
    kinds = [*DELIMITED, *DELIMITED, *WORKBOOKS, *PLAIN]
    kind = kinds[number % len(kinds)]
    laid_out = kind not in PLAIN
    of_text = kind in DELIMITED
    dates = "iso" if kind in TYPED else list(writing.DATES)[number % len(writing.DATES)]
    timing = one.choice(("start", "start", "range", "end", "in date"))
    if timing == "in date" and (dates in (SERIAL, SECONDS) or "midnight" in dates or kind in TYPED):
        timing = "start"
    return Style(
        number=number,
        kind=kind,
        dates=dates,
        clocks=list(writing.CLOCKS)[number % len(writing.CLOCKS)],
        lengths=list(writing.LENGTHS)[number % len(writing.LENGTHS)],
        flags=(*writing.FLAGS, writing.OWN_FLAG)[number % (len(writing.FLAGS) + 1)],
        numbers=one.choice(writing.NUMBERS),
        words=writing.WORDS[number % len(writing.WORDS)],
        headings=one.choice(("ours", "spaced", "own")),
        ids=one.choice(("same", "zeros", "case", "point")),
        timing=timing,
        titles=one.choice((0, 0, 1, 2, 4)) if laid_out else 0,
        header_rows=one.choice((1, 1, 2)) if laid_out else 1,
        totals=laid_out and one.random() < 0.4,
        blank_lines=of_text and one.random() < 0.3,
        encoding=one.choice(("utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le")),
        line_end=one.choice(("\n", "\n", "\r\n", "\r")),
        quoted=one.random() < 0.3,
        halves=of_text and kind != "zip" and one.random() < 0.3,
        missing=one.choice(("", "", "-9")),
        blank_status=one.random() < 0.4,
        says_order=one.random() < 0.5,
    )


@dataclass
class Export:
    """Files (or frames) with their mapping, and what reading them must give."""

    style: Style
    as_of: datetime.date
    files: dict[str, Any]
    mapping: dict[str, Any]
    tables: dict[str, list[Row]]
    problems: list[Problem] = field(default_factory=list)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    filled: dict[tuple[str, str], int] = field(default_factory=dict)
    aside: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def export(number: int) -> Export:
    """Return one export, by its number."""
    style = draw(number)
    known = truth(number)
    _write_ids(style, known.tables)
    as_of = AS_OF + datetime.timedelta(days=random.Random(number).choice((0, 20, 40)))
    misplaced = misplace(random.Random(f"time {number}"), known.tables, as_of)
    told = {name: [_told(style, name, row) for row in rows] for name, rows in known.tables.items()}
    broken = break_rows(random.Random(f"faults {number}"), style, known.tables, told, misplaced)
    sheets = [_sheet(style, name, broken[name]) for name in (EPISODES, ATTENDANCE, CHECKINS)]
    parts = [half for sheet in sheets for half in _halves(style, sheet)]
    files, places = (
        delimited(style, parts) if style.kind in DELIMITED else other_files(style, parts)
    )
    result = Export(style, as_of, files, _mapping(style, sheets, parts), {})
    for sheet in sheets:
        result.tables[sheet.table] = [row.truth for row in broken[sheet.table] if row.truth]
        result.counts[sheet.table] = counts(style, broken[sheet.table], parts, sheet.table)
        for name in sheet.headings:
            result.filled[sheet.table, name] = sum(
                bool(row.texts[name]) and not row.extra for row in broken[sheet.table]
            )
    for part in parts:
        for row, (file, line) in zip(part.rows, places[part.name], strict=True):
            if row.truth is None and row.twin_of is None:
                result.aside.setdefault(part.table, []).append((file, line))
            for column, value, check, done in row.faults:
                if check == "row_shape":
                    cells = [*(row.texts[name] for name in part.headings), *row.extra]
                    value = " | ".join(cells)
                result.problems.append((part.table, file, line, column, value, check, done))
        result.problems += of_the_whole(style, part, places[part.name][0][0])
    for sheet in sheets:
        result.problems += of_columns(style, sheet, parts, places)
    result.notes = [
        note for sheet in sheets for name in sheet.headings for note in notes(style, sheet, name)
    ]
    for row, (file, line) in zip(broken[EPISODES], places[EPISODES], strict=True):
        check = stays_on_paper(row, result.tables, as_of)
        if check:
            text = row.texts["discharge_date"]
            result.problems.append((EPISODES, file, line, "discharge_date", text, check, "kept"))
    return result


def _write_ids(style: Style, tables: dict[str, list[Row]]) -> None:
    """Give the stays the identifiers that fit the way in which other tables write them."""
    for rows in tables.values():
        for row in rows:
            number = int(row["episode_id"])
            row["episode_id"] = {"zeros": f"{number:05d}", "case": f"Ab{number}Q"}.get(
                style.ids, f"{number}"
            )


def _told(style: Style, table: str, row: Row) -> dict[str, str]:
    """Return the texts of a row, by the names of our columns."""
    texts = {}
    for name, value in row.items():
        if value is None:
            texts[name] = style.missing
        elif name == "episode_id":
            texts[name] = value if table == EPISODES else _other_id(style, value)
        else:
            texts[name] = _text(style, table, name, value)
    if table != ATTENDANCE:
        return texts
    if style.blank_status and row["status"] == "unrecorded":
        texts["status"] = ""
    start, length = row["start_time"], int(row["minutes_scheduled"])
    clock = writing.CLOCKS["AM" if style.clocks in ("share", "digits") else style.clocks]
    if style.timing == "range":
        texts["time_range"] = f"{clock(start)} - {clock(start + length)}"
    elif style.timing == "end":
        texts["end_time"] = writing.CLOCKS[style.clocks](start + length)
    elif style.timing == "in date":
        texts["date"] += " " + writing.CLOCKS["AM"](start)
    if style.timing in ("range", "in date"):
        del texts["start_time"]
    if style.timing in ("range", "end"):
        del texts["minutes_scheduled"]
    return texts


def _other_id(style: Style, text: str) -> str:
    changes = {"zeros": text.lstrip("0"), "case": text.lower(), "point": f"{text}.0"}
    return changes.get(style.ids, text)


def _text(style: Style, table: str, name: str, value: Any) -> str:
    kind = KINDS.get(name, "name")
    if kind == "date":
        return writing.DATES[style.dates][0](value)
    if kind == "clock":
        return writing.CLOCKS[style.clocks](value)
    if kind == "minutes":
        return writing.LENGTHS[style.lengths][0](value)
    if kind == "flag":
        return style.flags[0] if value else style.flags[1]
    if kind == "number":
        return writing.as_number(name, style.numbers, value)
    if kind == "word":
        return writing.as_word(style.words, _vocabulary(table, name).index(value), value)
    return str(value)


def _vocabulary(table: str, name: str) -> tuple[str, ...]:
    column = TABLES[table].column(name)
    assert column is not None
    return column.words


def _sheet(style: Style, table: str, rows: Sequence[Broken]) -> Sheet:
    names = list(rows[0].texts)
    random.Random(f"columns {style.number}").shuffle(names)
    headings = {name: _heading(style, place, name) for place, name in enumerate(names)}
    if style.header_rows == 2:  # the name above is of three columns, and is on the first of them
        upper = {name: f"Part {place // 3 + 1}" for place, name in enumerate(names)}
        headings = {name: f"{upper[name]}|{text}" for name, text in headings.items()}
    return Sheet(table, table, headings, list(rows))


def _heading(style: Style, place: int, name: str) -> str:
    if style.headings == "spaced":
        return name.replace("_", " ").title()
    return f"Field {chr(65 + place)}" if style.headings == "own" else name


def _halves(style: Style, sheet: Sheet) -> list[Sheet]:
    if not style.halves or sheet.table == EPISODES:
        return [sheet]
    middle = len(sheet.rows) // 2
    parts = (sheet.rows[:middle], sheet.rows[middle:])
    return [
        Sheet(sheet.table, f"{sheet.table}_{place}", sheet.headings, part)
        for place, part in enumerate(parts, start=1)
    ]


def _mapping(style: Style, sheets: list[Sheet], parts: list[Sheet]) -> dict[str, Any]:
    mapping: dict[str, Any] = {"options": {}}
    order = writing.DATES[style.dates][1]
    if order and (style.says_order or style.halves or "-" in writing.DATES[style.dates][0](_DAY)):
        mapping["options"]["date_order"] = order
    if style.missing:
        mapping["options"]["missing"] = [style.missing, "."]
    rules = {"zeros": ["strip_leading_zeros"], "case": ["ignore_case"]}
    if style.ids != "same":
        mapping["ids"] = {"episode_id": rules.get(style.ids, ["strip_point_zero"])}
    plain = style.header_rows == 1 and not style.totals
    if plain and style.titles:
        mapping["options"]["skip_lines"] = style.titles
    for sheet in sheets:
        section: dict[str, Any] = {}
        if style.headings == "own" or style.header_rows == 2:
            section["columns"] = {
                text.replace("|", " "): name for name, text in sheet.headings.items()
            }
        words = _words(style, sheet)
        if words:
            section["words"] = words
        unit = writing.LENGTHS[style.lengths][1]
        lengths = [name for name in sheet.headings if KINDS.get(name) == "minutes"]
        if unit and lengths:
            section["units"] = dict.fromkeys(lengths, unit)
        if not plain:
            section["from"] = [_source(style, sheet, parts)]
        mapping[sheet.table] = section
    return mapping


_DAY = truth(0).tables[EPISODES][0]["admit_date"]


def _source(style: Style, sheet: Sheet, parts: list[Sheet]) -> dict[str, Any]:
    source: dict[str, Any] = {"header_rows": style.header_rows, "header_row": style.titles + 1}
    if style.kind == "one xlsx":
        source["sheets"] = [sheet.table]
    if style.totals:
        first = next(iter(sheet.headings.values())).replace("|", " ")
        source["drop_rows"] = [
            {first: {"starts_with": "Total"}},
            {first: {"contains": " = "}},
        ]
    return source


def _words(style: Style, sheet: Sheet) -> dict[str, dict[str, str]]:
    words: dict[str, dict[str, str]] = {}
    for name in sheet.headings:
        kind = KINDS.get(name)
        if kind == "flag" and style.flags == writing.OWN_FLAG:
            words[name] = dict(zip(style.flags, ("yes", "no"), strict=True))
        if kind == "word" and style.words == "own":
            every = _vocabulary(sheet.table, name)
            words[name] = {
                writing.as_word("own", place, word): word for place, word in enumerate(every)
            }
        if name == "status" and sheet.table == ATTENDANCE and style.blank_status:
            words.setdefault(name, {})[""] = "unrecorded"
    return words
