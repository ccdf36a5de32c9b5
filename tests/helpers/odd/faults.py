"""Rows broken on purpose, each with what the list of problems must say of it."""

from __future__ import annotations

import datetime
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.helpers.odd.truth import ATTENDANCE, CHECKINS, EPISODES, KINDS, Row

Fault = tuple[str, str, str, str]  # column, value, check, what was done
ASIDE, LEFT, PLANNED = "set aside", "value left missing", "planned"


@dataclass
class Broken:
    """A row as it is written, what it truly is (None if it is set aside), and its problems.

    `dates` are the dates that its texts say, `values` what all of them said before it was broken,
    `extra` are cells beyond the header.
    """

    texts: dict[str, str]
    truth: Row | None
    dates: dict[str, Any]
    stay: str = ""
    values: Row = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    extra: tuple[str, ...] = ()
    written: set[str] = field(default_factory=set)  # columns whose text is not that of the truth
    twin_of: Broken | None = None
    planned: bool = False
    locked: bool = False  # its place in time is a problem already, or beside the limit of one


# For each fault of a cell: table, column, the text, the check, what is done; the row is set aside
# or its value is missing, or stays as it is.
CELLS = (
    (ATTENDANCE, "date", "soon", "bad_date", ASIDE),
    (ATTENDANCE, "date", "2026-02-30", "bad_date", ASIDE),
    (ATTENDANCE, "status", "maybe", "unknown_word", ASIDE),
    (ATTENDANCE, "service", "yoga", "unknown_word", LEFT),
    (ATTENDANCE, "start_time", "25:00", "bad_time", LEFT),
    (ATTENDANCE, "start_time", "midday", "bad_time", LEFT),
    (ATTENDANCE, "minutes_attended", "a while", "bad_number", LEFT),
    (ATTENDANCE, "episode_id", "98765", "unknown_episode", ASIDE),
    (ATTENDANCE, "modality", "?", "missing_word", "mended: read as missing"),
    (CHECKINS, "date", "unknown", "missing_required", ASIDE),
    (CHECKINS, "status", "", "missing_required", ASIDE),
    (CHECKINS, "episode_id", "", "missing_required", ASIDE),
    (CHECKINS, "used", "perhaps", "unknown_word", LEFT),
    (CHECKINS, "craving", "11", "out_of_range", f"{LEFT}: not 0 to 10"),
    (CHECKINS, "craving", "-1", "out_of_range", f"{LEFT}: not 0 to 10"),
    (CHECKINS, "phq9", "28", "out_of_range", f"{LEFT}: not 0 to 27"),
    (CHECKINS, "phq9", "many", "bad_number", LEFT),
    (CHECKINS, "use_days", "n/a", "missing_word", "mended: read as missing"),
    (CHECKINS, "use_days", "unknown", "missing_word", "mended: read as missing"),
    (CHECKINS, "drug_test", "#REF!", "error_word", f"{LEFT}: an error of a program"),
    (CHECKINS, "quality_of_life", "#DIV/0!", "error_word", f"{LEFT}: an error of a program"),
    (EPISODES, "admit_date", "next week", "bad_date", ASIDE),
    (EPISODES, "entry_path", "bus", "unknown_word", LEFT),
    (EPISODES, "discharge_date", "13/13/2026", "bad_date", f"{LEFT}: not a date"),
    (EPISODES, "prior_discharge_date", "1/2", "bad_date", f"{LEFT}: not a date"),
)


@dataclass(frozen=True)
class Misplaced:
    """What is to be said of a row whose texts are read rightly; no check: nothing is said."""

    row: Row
    column: str
    check: str
    done: str


def misplace(
    draw: random.Random, tables: dict[str, list[Row]], as_of: datetime.date
) -> list[Misplaced]:
    """Change rows so that they lie on either side of a limit; return what must be said of them."""
    stays = {row["episode_id"]: row for row in tables[EPISODES]}
    used: set[int] = set()

    def pick(table: str, fits: Callable[[Row, Row], bool]) -> tuple[Row, Row]:
        rows = [
            row
            for row in tables[table]
            if id(row) not in used and fits(row, stays[row["episode_id"]])
        ]
        row = draw.choice(rows)
        used.add(id(row))
        return row, stays[row["episode_id"]]

    def days(number: int) -> datetime.timedelta:
        return datetime.timedelta(days=number)

    def any_row(row: Row, stay: Row) -> bool:
        return True

    def came(row: Row, stay: Row) -> bool:
        return row["minutes_attended"] is not None

    def absent(row: Row, stay: Row) -> bool:
        return row["status"] in ("no_show", "late_cancel", "client_cancel", "excused")

    def closed(row: Row, stay: Row) -> bool:
        return stay["discharge_date"] is not None and stay["discharge_reason"] != "died"

    def died(row: Row, stay: Row) -> bool:
        return stay["discharge_reason"] == "died"

    def still_in(row: Row, stay: Row) -> bool:
        return stay["discharge_date"] is None

    def completed(row: Row, stay: Row) -> bool:
        return row["status"] == "completed"

    result: list[Misplaced] = []
    which = draw.sample(range(10), 4)
    if 0 in which:
        row, stay = pick(ATTENDANCE, any_row)
        row["date"] = stay["admit_date"] - days(1)
        result.append(Misplaced(row, "date", "before_admission", ASIDE))
        row, stay = pick(ATTENDANCE, any_row)
        row["date"] = stay["admit_date"]
        result.append(Misplaced(row, "date", "", ""))
    if 1 in which:
        row, stay = pick(ATTENDANCE, closed)
        row["date"] = stay["discharge_date"] + days(1)
        result.append(Misplaced(row, "date", "after_discharge", ASIDE))
        row, stay = pick(ATTENDANCE, closed)
        row["date"] = stay["discharge_date"]
        result.append(Misplaced(row, "date", "", ""))
    if 2 in which:
        row, stay = pick(ATTENDANCE, lambda row, stay: still_in(row, stay) and came(row, stay))
        row["date"] = as_of + days(1)
        result.append(Misplaced(row, "date", "after_data_cut", ASIDE))
        row, stay = pick(ATTENDANCE, still_in)
        row["date"] = as_of
        result.append(Misplaced(row, "date", "", ""))
    if 3 in which:
        row, stay = pick(ATTENDANCE, lambda row, stay: still_in(row, stay) and not came(row, stay))
        row["date"], row["status"] = as_of + days(3), "program_cancel"
        result.append(Misplaced(row, "date", "", PLANNED))
    if 4 in which:
        row, stay = pick(CHECKINS, completed)
        row["date"] = as_of + days(1)
        result.append(Misplaced(row, "date", "after_data_cut", ASIDE))
    if 5 in which and any(row["discharge_reason"] == "died" for row in tables[EPISODES]):
        row, stay = pick(CHECKINS, died)
        row["date"] = stay["discharge_date"] + days(1)
        result.append(Misplaced(row, "date", "after_death", ASIDE))
    if 6 in which:
        for before, check in ((61, "early_check_in"), (60, "")):
            row, stay = pick(CHECKINS, any_row)
            row["date"] = stay["admit_date"] - days(before)
            result.append(Misplaced(row, "date", check, "kept"))
    if 7 in which:
        for used_then in (True, False):
            row, stay = pick(CHECKINS, completed)
            row["date"], row["used"], row["drug_test"] = stay["admit_date"], used_then, "negative"
            check = "use_on_admission_day" if used_then else ""
            result.append(Misplaced(row, "date", check, "kept"))
    if 8 in which:
        for longer, check in ((30, "attended_more_than_scheduled"), (15, "")):
            row, stay = pick(ATTENDANCE, came)
            row["minutes_attended"] = row["minutes_scheduled"] + longer
            result.append(Misplaced(row, "minutes_attended", check, "kept"))
    if 9 in which:
        for minutes, check in ((15.0, "minutes_when_absent"), (0.0, "")):
            row, stay = pick(ATTENDANCE, absent)
            row["minutes_attended"] = minutes
            result.append(Misplaced(row, "minutes_attended", check, "kept"))
    return result


def break_rows(
    draw: random.Random,
    style: Any,
    tables: dict[str, list[Row]],
    told: dict[str, list[Any]],
    misplaced: list[Misplaced],
) -> dict[str, list[Broken]]:
    """Return the rows of the three tables, some of them broken, each in one way."""
    rows = {
        table: [
            Broken(texts, row, _dates(row), row["episode_id"], dict(row))
            for texts, row in zip(told[table], tables[table], strict=True)
        ]
        for table in tables
    }
    said = {id(each.row): each for each in misplaced}
    for row in (row for table in rows.values() for row in table):
        each = said.get(id(row.truth))
        if each is not None:
            row.locked = True
            if each.check:
                text = row.texts[each.column]
                row.faults.append((each.column, text, each.check, each.done))
            row.planned = each.done == PLANNED
            if each.done in (ASIDE, PLANNED):
                row.truth = None
    for fault in draw.sample(CELLS, 6):
        if _fits(style, rows, fault):
            _break_cell(draw, style, rows, fault)
    if style.kind in ("csv", "tsv", "semicolon"):
        _too_long(draw, rows[draw.choice((ATTENDANCE, CHECKINS))])
    _twice(draw, rows[CHECKINS])
    _twice(draw, rows[ATTENDANCE])
    return rows


def _dates(row: Row) -> Row:
    return {name: value for name, value in row.items() if KINDS.get(name) == "date"}


def _fits(style: Any, rows: dict[str, list[Broken]], fault: tuple[str, ...]) -> bool:
    """Return whether a fault can be told in a style: some are seen only beside like cells."""
    table, name, _, check, _ = fault
    if name not in rows[table][0].texts:
        return False
    if KINDS.get(name) == "date" and style.dates == "seconds" and not style.typed:
        return check == "missing_required"
    return not (KINDS.get(name) == "clock" and style.clocks == "share")


def _whole(draw: random.Random, rows: list[Broken], name: str) -> Broken | None:
    """Return a row that is not broken yet and has a value in a column."""
    fit = [
        row
        for row in rows
        if row.truth is not None
        and not row.faults
        and not row.locked
        and row.truth.get(name) is not None
    ]
    return draw.choice(fit) if fit else None


def _break_cell(
    draw: random.Random, style: Any, rows: dict[str, list[Broken]], fault: tuple[str, ...]
) -> None:
    table, name, text, check, done = fault
    fit = rows[table]
    if name in ("admit_date", "discharge_date"):  # of stays to which nothing else has happened
        busy = {row.stay for each in rows.values() for row in each if row.locked}
        fit = [row for row in fit if row.stay not in busy]
    row = _whole(draw, fit, name)
    if row is None or row.truth is None:
        return
    row.texts[name] = text
    row.written.add(name)
    row.dates.pop(name, None)
    row.faults.append((name, text, check, done))
    if done != ASIDE:
        row.truth[name] = None
        if name == "start_time" and style.timing == "end":
            row.truth["minutes_scheduled"] = None
        if name == "discharge_date":
            reason = row.texts["discharge_reason"]
            row.faults.append(("discharge_reason", reason, "reason_without_date", "kept"))
        return
    row.truth = None
    if table == EPISODES:  # and all rows of the stay
        for each in (*rows[ATTENDANCE], *rows[CHECKINS]):
            if each.truth is not None and each.stay == row.stay:
                each.truth = None
                each.faults.append(("episode_id", row.stay, "episode_set_aside", ASIDE))


def _twice(draw: random.Random, rows: list[Broken]) -> None:
    """Write a row a second time at the end."""
    row = _whole(draw, rows, "date")
    assert row is not None
    fault = ("", "", "exact_duplicate", "folded into the first such row")
    rows.append(Broken(dict(row.texts), None, {}, row.stay, {}, [fault], twin_of=row))


def _too_long(draw: random.Random, rows: list[Broken]) -> None:
    """Give a row two cells more than the header has."""
    row = _whole(draw, rows, "date")
    assert row is not None
    row.truth, row.dates = None, {}
    row.extra = ("more", "still more")
    row.faults.append(("", "", "row_shape", ASIDE))
