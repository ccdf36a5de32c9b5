"""``[[TABLE.from]]``: one source of a table, and how its rows become rows of the table."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from typing import Any

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.mapping.condition import Condition, read_condition
from iop_outcomes.records.mapping.options import DATE_ORDERS, MOST_SKIPPED
from iop_outcomes.records.mapping.plan import Grid, Join, Lists, SourcePlan
from iop_outcomes.records.mapping.sections import (
    columns_and_copies,
    one_of,
    only,
    pairs,
    patterns,
    section,
    short,
    texts,
    whole,
)
from iop_outcomes.records.mapping.tables import Words, read_constants, require_word

KEYS = (
    *("file", "sheets", "header_row", "header_rows", "fill_down", "date_order", "columns"),
    *("where", "drop_rows", "join", "grid", "lists", "constants", "only", "one_row_for"),
)
MOST_HEADER_ROWS = 5
YEARS = (1900, 2100)


def read_sources(table: str, value: Any, words: Words) -> tuple[SourcePlan, ...]:
    """Read ``[[TABLE.from]]``, one plan a source.

    Raises
    ------
    RecordsError
        If a key is not known or its value is not valid.
    """
    given = section(table, value).get("from", [])
    sources = [given] if isinstance(given, MappingType) else given
    if not isinstance(sources, list | tuple):
        raise RecordsError(
            f"The mapping's [[{table}.from]] is not a section.",
            found=short(given),
            instead=f"Write [[{table}.from]] and lines below it.",
        )
    return tuple(_plan(table, source, words) for source in sources)


def _plan(table: str, value: Any, words: Words) -> SourcePlan:
    name = f"[{table}.from]"  # shown in double brackets
    where = f"[{name}]"
    source = section(name, value)
    only(where, source, KEYS)
    if "grid" in source and "lists" in source:
        raise RecordsError(
            f"The mapping's {where} has both grid and lists.",
            instead="Write one of them, or two sources of the same file.",
        )
    most = MOST_SKIPPED + 1
    columns, copies = columns_and_copies(f"{table}.from.columns", source.get("columns", {}))
    return SourcePlan(
        files=patterns(f"{where} file", source["file"], 'file = "Group_*.csv"')
        if "file" in source
        else (),
        sheets=_texts(where, source, "sheets", 'sheets = ["Attendance"]'),
        header_row=whole(f"{where} header_row", source.get("header_row", 1), 1, most)
        if "header_row" in source
        else 0,
        header_rows=whole(
            f"{where} header_rows", source.get("header_rows", 1), 1, MOST_HEADER_ROWS
        ),
        fill_down=_texts(where, source, "fill_down", 'fill_down = ["Client"]'),
        date_order=one_of(f"{where} date_order", source["date_order"], DATE_ORDERS)
        if "date_order" in source
        else "",
        columns=columns,
        copies=copies,
        where=_condition(where, source, "where"),
        drop_rows=_condition(where, source, "drop_rows"),
        join=_joins(where, source),
        grid=_grid(f"{where} grid", table, source["grid"], words) if "grid" in source else None,
        lists=_lists(f"{where} lists", table, source["lists"], words)
        if "lists" in source
        else None,
        constants=read_constants(f"{where} constants", table, source.get("constants", {}), words),
        only=_texts(where, source, "only", 'only = ["Client", "Start"]'),
        one_row_for=_texts(where, source, "one_row_for", 'one_row_for = ["Client", "Start"]'),
    )


def _texts(where: str, source: dict[str, Any], key: str, example: str) -> tuple[str, ...]:
    return texts(f"{where} {key}", source[key], example) if key in source else ()


def _condition(where: str, source: dict[str, Any], key: str) -> Condition | None:
    return read_condition(f"{where} {key}", source[key]) if key in source else None


def _joins(where: str, source: dict[str, Any]) -> tuple[Join, ...]:
    given = source.get("join", [])
    joins = [given] if isinstance(given, MappingType) else given
    if not isinstance(joins, list | tuple) or not all(isinstance(j, MappingType) for j in joins):
        raise RecordsError(
            f"The mapping's {where} join is not a list of joins.",
            found=short(given),
            instead='Write join = [{ where = { Event = "discharge" }, by = "record_id", '
            'columns = ["discharge_date"] }].',
        )
    return tuple(_join(f"{where} join", join) for join in joins)


def _join(where: str, join: MappingType[str, Any]) -> Join:
    only(where, join, ("where", "by", "columns", "file", "sheet", "header_row"))
    for key in ("by", "columns"):
        if key not in join:
            raise RecordsError(
                f"The mapping's {where} does not say {key}.",
                instead='Write by = "record_id" and columns = ["discharge_date"].',
            )
    if not {"where", "file", "sheet"} & set(join):
        raise RecordsError(
            f"The mapping's {where} does not say which other rows are meant.",
            instead='Write where = { Event = "discharge" }, or file = "other.csv".',
        )
    file = join.get("file", "")
    if "file" in join:
        (file, *others) = patterns(f"{where} file", file, 'file = "other.csv"')
        if others:
            raise RecordsError(
                f"The mapping's {where} file names several files.",
                instead='Write file = "other.csv".',
            )
    renamed = join["columns"] if isinstance(join["columns"], MappingType) else {}
    columns = list(renamed) if renamed else join["columns"]
    return Join(
        by=texts(f"{where} by", join["by"], 'by = "record_id"'),
        columns=texts(f"{where} columns", columns, 'columns = ["discharge_date"]'),
        renamed={name: _text(f"{where} columns", dict(renamed), name, "") for name in renamed},
        where=read_condition(f"{where} where", join["where"]) if "where" in join else None,
        file=file,
        sheet=_text(where, dict(join), "sheet", "") if "sheet" in join else "",
        header_row=whole(f"{where} header_row", join["header_row"], 1, MOST_SKIPPED + 1)
        if "header_row" in join
        else 0,
    )


def _text(where: str, section_: dict[str, Any], key: str, default: str) -> str:
    (value, *others) = texts(
        f"{where} {key}", section_.get(key, default), f'{key} = "{default or "name"}"'
    )
    if others:
        raise RecordsError(
            f"The mapping's {where} {key} has several names.", instead="Write one of them."
        )
    return value


def _grid(where: str, table: str, value: Any, words: Words) -> Grid:
    grid = section(where, value)
    only(where, grid, ("headings", "becomes", "year", "blank", "columns"))
    year = grid.get("year", "")
    if isinstance(year, str) and year in ("sheet", "file", ""):
        pass
    elif isinstance(year, bool) or not isinstance(year, int) or not YEARS[0] <= year <= YEARS[1]:
        raise RecordsError(
            f"The mapping's {where} year is neither a year nor where it is.",
            found=short(year),
            instead='Write year = 2026, year = "sheet" or year = "file".',
        )
    becomes = _text(where, grid, "becomes", "status")
    blank = _text(where, grid, "blank", "no_row")
    if blank != "no_row":
        require_word(f"{where} blank", table, becomes, blank, words)
    return Grid(
        headings=_text(where, grid, "headings", "date"),
        becomes=becomes,
        year=year,
        blank=blank,
        columns=_texts(where, grid, "columns", 'columns = ["Week *"]'),
    )


def _lists(where: str, table: str, value: Any, words: Words) -> Lists:
    lists = section(where, value)
    becomes = [name for name in lists if name not in ("separator", "id")]
    if len(becomes) != 1 or not isinstance(lists[becomes[0]], MappingType):
        raise RecordsError(
            f"The mapping's {where} does not say which columns hold lists, and what they mean.",
            instead='Write lists = { separator = ";", id = "episode_id", '
            'status = { Attendees = "attended", Absent = "no_show" } }.',
        )
    name = becomes[0]
    columns = pairs(f"{where} {name}", lists[name])
    for word in columns.values():
        require_word(f"{where} {name}", table, name, word, words)
    separators = lists.get("separator", ";")
    parts = list(separators) if isinstance(separators, list | tuple) else [separators]
    if not parts or not all(isinstance(part, str) and part for part in parts) or not columns:
        raise RecordsError(
            f"The mapping's {where} has no separator, or no columns.",
            found=short(separators),
            instead='Write separator = ";", and status = { Attendees = "attended" }.',
        )
    return Lists(
        separators=tuple(parts),
        id=_text(where, lists, "id", "episode_id"),
        becomes=name,
        words=columns,
    )
