"""What reading an export must say: counts of rows, notes, problems of whole files and columns."""

from __future__ import annotations

import datetime
from typing import Any

from tests.helpers.odd import writing
from tests.helpers.odd.faults import Broken
from tests.helpers.odd.files import Sheet
from tests.helpers.odd.truth import ATTENDANCE, CHECKINS, KINDS, Row

Problem = tuple[str, str, int, str, str, str, str]  # table, file, line, column, value, check, done
DELIMITED = ("csv", "tsv", "txt", "semicolon", "bar", "csv.gz", "zip")
CAME = ("attended", "attended_partial", "late")
SERIAL, SECONDS = "serial", "seconds"


def counts(style: Any, rows: list[Broken], parts: list[Sheet], table: str) -> dict[str, int]:
    """Return the numbers of rows that the account of the files must give."""
    kept = sum(row.truth is not None for row in rows)
    folded = sum(row.twin_of is not None for row in rows)
    own = sum(part.table == table for part in parts)
    return {
        "rows_read": len(rows),
        "rows_kept": kept,
        "rows_folded": folded,
        "rows_set_aside": len(rows) - kept - folded,
        "rows_planned": sum(row.planned for row in rows),
        "rows_left_out": 2 * own if style.totals else 0,
    }


def notes(style: Any, sheet: Sheet, name: str) -> list[str]:
    """Return what is noted of a column that is written in another way than ours, with its rows."""
    kind = KINDS.get(name)
    if style.typed and not (kind == "minutes" and not style.plain_length):
        return []
    rows = [
        row
        for row in sheet.rows
        if row.twin_of is None and not row.extra and name not in row.written
    ]
    number = sum(row.texts[name] not in ("", style.missing) for row in rows)
    said = ""
    if kind == "minutes" and style.lengths in writing.WITH_UNIT:
        said = "are written with their unit, and read by it"
    elif (kind == "minutes" and style.lengths in ("comma", "hours, comma")) or (
        kind == "number" and style.numbers == "comma"
    ):
        said = "have a decimal comma"
    elif style.numbers == "unit" and name in ("craving", "phq9", "use_days"):
        said = "are written with their unit, and read by it"
    elif kind == "date" and style.dates in writing.TWO_DIGITS:
        said = "have years of two digits, read as 1970 to 2069"
    if not said or not number:
        return []
    if number == 1:
        said = said.replace("are", "is", 1).replace("have", "has", 1)
    rows_said = "1 row" if number == 1 else f"{number} rows"
    return [f"{rows_said} of {sheet.table}.{name} {said}"]


def stays_on_paper(row: Broken, tables: dict[str, list[Row]], as_of: datetime.date) -> str:
    """Return what is said of a stay that ends, or goes on, long after the last contact."""
    stay = row.truth
    if stay is None:
        return ""
    contacts = [
        each["date"]
        for name, words in ((ATTENDANCE, CAME), (CHECKINS, ("completed",)))
        for each in tables[name]
        if each["episode_id"] == stay["episode_id"] and each["status"] in words
    ]
    if not contacts:
        return ""
    end = stay["discharge_date"]
    if end is not None:
        return "late_discharge" if (end - max(contacts)).days > 30 else ""
    silent = (as_of - max(contacts)).days > 90 and stay["discharge_reason"] is None
    return "silent_open_episode" if silent else ""


def of_the_whole(style: Any, part: Sheet, file: str) -> list[Problem]:
    """Return the problem that a file is not UTF-8."""
    if style.kind not in DELIMITED:
        return []
    said = {"utf-16": "UTF-16", "utf-16-le": "UTF-16", "cp1252": "Windows-1252"}
    name = said.get(style.encoding)
    texts = [text for row in part.rows for text in row.texts.values()]
    if name is None or (style.encoding == "cp1252" and "".join(texts).isascii()):
        return []
    return [(part.table, file, 0, "", name, "encoding", f"kept: read as {name}")]


def of_columns(
    style: Any, sheet: Sheet, parts: list[Sheet], places: dict[str, list[tuple[str, int]]]
) -> list[Problem]:
    """Return what is listed of whole columns of dates: that they are serial numbers, or seconds."""
    dated = [name for name in sheet.headings if KINDS.get(name) == "date"]
    own = [part for part in parts if part.table == sheet.table]
    result: list[Problem] = []
    for name in dated:
        if style.dates == SECONDS and not style.typed:
            file = places[own[0].name][0][0] if len(own) == 1 else ""
            done = "mended: read as seconds since 1970, as days of UTC"
            result.append((sheet.table, file, 0, name, "", "unix_time", done))
        if style.dates != SERIAL or style.typed:
            continue
        for part in own:
            for row, (file, line) in zip(part.rows, places[part.name], strict=True):
                value = row.dates.get(name)
                if value is not None:
                    done = f"mended: read as {value}"
                    text = row.texts[name]
                    result.append((sheet.table, file, line, name, text, "excel_serial_date", done))
    return result
