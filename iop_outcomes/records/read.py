"""Reading records: files are found, read and checked, and tables are built, in that order."""

from __future__ import annotations

import datetime
from collections.abc import Mapping as MappingType
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.build import build_episodes, build_rows
from iop_outcomes.records.checks import episodes as episode_checks
from iop_outcomes.records.checks import rows as row_checks
from iop_outcomes.records.checks.declared import quality_table
from iop_outcomes.records.checks.problems import (
    note_remarks,
    problem_table,
    rows_set_aside,
    source_table,
)
from iop_outcomes.records.data_cut import cut_label, data_cut
from iop_outcomes.records.identical_rows import fold_identical
from iop_outcomes.records.linking.expected import add_missed, stated_follow_up
from iop_outcomes.records.linking.ids import IdWritings
from iop_outcomes.records.linking.needed import settle_people, tables_needed
from iop_outcomes.records.mapping import Mapping, read_mapping
from iop_outcomes.records.parsing.columns import type_columns
from iop_outcomes.records.parsing.date_orders import settle_orders
from iop_outcomes.records.parsing.parsed import NO_DAY
from iop_outcomes.records.records import Records
from iop_outcomes.records.schema import ATTENDANCE, ATTENDED, CHECKINS, EPISODES, TABLES
from iop_outcomes.records.sources.files import read_raw
from iop_outcomes.records.sources.locate import Located, Sources, find
from iop_outcomes.records.sources.opening import is_zip, kind_of, shown
from iop_outcomes.records.sources.sql import is_address
from iop_outcomes.records.staging import Log, StagedTable, combine, our_names
from iop_outcomes.shared.messages import may_be_named
from iop_outcomes.shared.text import format_names

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

Array = npt.NDArray[Any]

_ROWS = ("attendance", "checkins")
SYNTHETIC_PREFIX = "SYN-"  # the beginning of identifiers of synthetic people


def read_records(
    source: str | Path | URL | Engine | None = None,
    *,
    episodes: Sources | None = None,
    attendance: Sources | None = None,
    checkins: Sources | None = None,
    mapping: str | Path | MappingType[str, Any] | Mapping | None = None,
    as_of: str | datetime.date | int | None = None,
    strict: bool = False,
) -> Records:
    """Read and check the records of a program.

    Parameters
    ----------
    source : path, optional
        A folder with files named episodes*, attendance*, checkins* (CSV, TSV, JSON lines, Parquet
        or Excel; several files of a table are combined), or an Excel workbook with sheets of these
        names. A zip file is read like a folder; any file can be compressed as ``.gz``. A
        ``mapping.toml`` in the folder, or in the folder of the single file, is used unless
        `mapping` is given. Hidden sheets are not read; the names of files and sheets that are not
        read are in ``ignored``.
        Or the address of a database in the form of SQLAlchemy, ``postgresql+psycopg://host/name``,
        or an engine, with a mapping that has a query for each table in ``[database.queries]``. Or a
        ``mapping.toml``: the database that it names (its address is in an environment variable), or
        without one its folder.
    episodes, attendance, checkins : path, DataFrame, or a list of them, optional
        The source of a single table. Episodes and at least one of the other two are needed.
    mapping : path or dict, optional
        The column names and words of the export and their meaning here; see `Mapping`.
    as_of : date, str or int, optional
        The data cut, as a date or as ``"2026-09-30"``: nothing after it is counted. By default the
        newest day, not in the future, with a recorded admission, discharge, service with an
        outcome, or check-in completed or missed. With study days a whole number.
    strict : bool
        Raise `RecordsError` if any row has a problem.

    Returns
    -------
    Records
        The three tables and ``problems``. For every file, rows read = rows kept + rows set aside +
        rows folded into an identical one. No row is lost, and every correction is listed.

    Raises
    ------
    RecordsError
        If a table, a column or a file is missing or cannot be read, or with `strict` if any row has
        a problem.
    RuleError
        If `as_of` is not a date, or with study days not a whole number.

    Notes
    -----
    Words and column names are compared without regard to case, spaces, hyphens and underscores:
    ``No Show`` is ``no_show``. A word that is neither in the vocabulary nor in the mapping is
    listed as a problem; its meaning is never guessed. Cost: each step goes over the rows once, as
    arrays; the meaning of a text is determined once for each distinct text.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> records = iop.read_records("data/samples")
    >>> len(records.problems)
    0
    """
    plan, source, beside = _mapping_for(source, mapping)
    located = find(
        source, {"episodes": episodes, "attendance": attendance, "checkins": checkins}, plan
    )
    time = _kind_of_time(located, plan)
    log = Log(notes=[*beside, *located.notes, *_rows_over_lines(located)])
    staged_tables = {}
    synthetic = plan.synthetic or _says_synthetic(located)
    ids, tables = IdWritings(plan), tables_needed(plan, located.raws)
    for name in TABLES:
        if name in located.raws:
            raws = located.raws.pop(name)  # from here on only the staged table has the text
            staged_tables[name] = combine(tables[name], raws, plan, time)
            note_remarks(name, raws, plan, log)
            del raws
            ids.settle(staged_tables[name], log)
            settle_orders(staged_tables[name], plan)
            fold_identical(staged_tables[name], plan, log)
            type_columns(staged_tables[name], plan, log)
            settle_people(staged_tables[name], plan, log)
    ids.require_columns()
    stated = stated_follow_up(staged_tables["episodes"])
    cut, notes = data_cut(staged_tables, time, as_of)
    links, orders, overlap = _check(staged_tables, cut, log)
    problems = problem_table(log)
    aside = {name: rows_set_aside(staged) for name, staged in staged_tables.items()}
    frames = _build(staged_tables, cut, links, orders, overlap)
    log.notes += add_missed(frames, staged_tables, links, stated, plan)
    result = Records(
        **frames,
        as_of=cut_label(cut, time),
        time=time,
        problems=problems,
        sources=source_table(staged_tables),
        set_aside=aside,
        tables=tuple(staged_tables),
        synthetic=synthetic or _made_up(frames["episodes"]),
        notes=(*notes, *log.notes),
        ignored=tuple(located.ignored),
        _quality=quality_table(log, plan),
    )
    if strict and len(problems):
        _raise_strict(result)
    return result


def _mapping_for(
    source: Any, mapping: str | Path | MappingType[str, Any] | Mapping | None
) -> tuple[Mapping, Any, list[str]]:
    """Return the mapping, the source, and notes. A mapping file alone names its own source."""
    if mapping is not None or is_address(source) or not isinstance(source, str | Path):
        return read_mapping(mapping), source, []
    path = Path(source)
    if path.suffix.lower() == ".toml":
        plan = read_mapping(path)
        return plan, path.parent if plan.database is None else None, []
    inside, beside = path / "mapping.toml", path.parent / "mapping.toml"
    if (kind_of(path) == "folder" or is_zip(path)) and kind_of(inside) == "file":
        return read_mapping(inside), source, []
    if kind_of(path) == "file" and kind_of(beside) == "file":
        return read_mapping(beside), source, [f"read by the mapping.toml beside {shown(path)}"]
    return Mapping(), source, []


def _kind_of_time(located: Located, mapping: Mapping) -> str:
    """Return the kind of dates, "calendar" or "study_days", by the names of date columns."""
    kinds = set()
    for table, name, study_name in (
        (EPISODES, "admit_date", "admit_day"),
        (ATTENDANCE, "date", "day"),
        (CHECKINS, "date", "day"),
    ):
        for raw in located.raws.get(table.name, []):
            names = set(our_names(table, list(raw.columns), mapping, raw.own_names).values())
            if name in names:
                kinds.add("calendar")
            elif study_name in names:
                kinds.add("study_days")
    if len(kinds) > 1:
        raise RecordsError(
            "Some tables have calendar dates and others study days.",
            found="admit_date or date as well as admit_day or day",
            instead="Give all tables in one kind.",
        )
    return kinds.pop() if kinds else "calendar"


def _check(
    staged_tables: dict[str, StagedTable], cut: int, log: Log
) -> tuple[dict[str, Array], dict[str, Array], Array]:
    """Run the checks across rows and tables, in their order.

    Returns
    -------
    links : dict of str to numpy.ndarray
        For each row of attendance and check-ins the row of its episode in the staged table.
    orders : dict of str to numpy.ndarray
        Their kept rows, sorted by episode and day.
    overlap : numpy.ndarray of float64
        For each row of attendance the minutes already covered by an earlier session of the day.
    """
    episodes = staged_tables["episodes"]
    episode_checks.check_episodes(episodes, cut, log)
    links: dict[str, Array] = {}
    orders: dict[str, Array] = {}
    overlap: Array = np.zeros(0)
    for name in _ROWS:
        if name in staged_tables:
            staged = staged_tables[name]
            links[name] = row_checks.link(staged, episodes, cut, log)
            if len(episodes):
                row_checks.check_dates(staged, episodes, links[name], cut, log)
            orders[name] = _order(staged, links[name])
            if name == "attendance":
                overlap = row_checks.check_sessions(staged, links[name], orders[name], log)
                orders[name] = orders[name][staged.kept[orders[name]]]
            row_checks.volume_change(staged, _program_of(episodes, links[name]), log)
    last = _last_contact(staged_tables, links, orders)
    episode_checks.administrative_stays(episodes, last, cut, log)
    return links, orders, overlap


def _build(
    staged_tables: dict[str, StagedTable],
    cut: int,
    links: dict[str, Array],
    orders: dict[str, Array],
    overlap: Array,
) -> dict[str, pd.DataFrame]:
    """Return the frames of the rows that are kept, by table."""
    episodes = staged_tables["episodes"]
    frame, rows = build_episodes(episodes, cut)
    position = np.full(len(episodes) + 1, -1, dtype=np.int32)
    position[rows] = np.arange(len(rows), dtype=np.int32)
    identifiers, admit = frame["episode_id"].to_numpy(), episodes.day("admit_date")[rows]
    frames = {"episodes": frame}
    for name in _ROWS:
        staged = staged_tables.get(name) or _no_rows(name, episodes.time)
        order = orders.get(name, np.zeros(0, dtype=np.int64))
        where = position[links[name][order]] if name in links else np.zeros(0, dtype=np.int32)
        frames[name] = build_rows(staged, order, where, identifiers, admit)
    frames["attendance"]["minutes_overlapping"] = overlap[orders.get("attendance", [])]
    return frames


def _order(staged: StagedTable, episode: Array) -> Array:
    """Return the kept rows sorted by episode and day; rows that are in order are not sorted."""
    rows = np.flatnonzero(staged.kept)
    for key in (staged.day("date"), episode):  # the later key leads, ties keep the earlier order
        values = key[rows]
        if len(rows) and (values[1:] < values[:-1]).any():
            low, high = int(values.min()), int(values.max())
            if high - low < 2**16:  # sixteen bits are sorted by counting
                values = (values - low).astype(np.uint16)
            rows = rows[np.argsort(values, kind="stable")]
    return rows


def _last_contact(
    staged_tables: dict[str, StagedTable], links: dict[str, Array], orders: dict[str, Array]
) -> Array:
    last = np.full(len(staged_tables["episodes"]), NO_DAY, dtype=np.int64)
    for name, episode in links.items():
        staged = staged_tables[name]
        words = ATTENDED if name == "attendance" else ("completed",)
        rows = orders[name]
        rows = rows[(staged.kept & staged.is_word("status", *words))[rows]]
        # rows are in the order of days, so that the last row of an episode is the latest
        latest = np.full(len(last), NO_DAY, dtype=np.int64)
        latest[episode[rows]] = staged.day("date")[rows]
        last = np.maximum(last, latest)
    return last


def _program_of(episodes: StagedTable, episode: Array) -> Array:
    if "program" not in episodes.values or not len(episodes):
        return np.zeros(len(episode), dtype=np.int64)
    return np.asarray(episodes.values["program"][np.maximum(episode, 0)] + 1, dtype=np.int64)


def _no_rows(name: str, time: str) -> StagedTable:
    """Return a copy of a table without rows, because building removes its columns."""
    staged = _typed_without_rows(name, time)
    return replace(staged, raw=dict(staged.raw), values=dict(staged.values))


@cache
def _typed_without_rows(name: str, time: str) -> StagedTable:
    table = TABLES[name]
    names = [column.name_in(time) for column in table.columns]
    raw = read_raw(pd.DataFrame({column: pd.Series(dtype=object) for column in names}))
    staged = combine(table, [raw], Mapping(), time)
    type_columns(staged, Mapping(), Log())
    return staged


def _rows_over_lines(located: Located) -> list[str]:
    """Return a sentence on rows that have several lines in their file, in quoted cells."""
    rows: dict[str, int] = {}
    for raws in located.raws.values():
        for raw in raws:
            if raw.rows_over_lines:
                rows[raw.file] = rows.get(raw.file, 0) + raw.rows_over_lines
    if not rows:
        return []
    total = sum(rows.values())
    what = "row runs" if total == 1 else "rows run"
    return [f"{format_names(list(rows))}: {total:,} {what} over several lines, within quotes"]


def _says_synthetic(located: Located) -> bool:
    return any(raw.synthetic for raws in located.raws.values() for raw in raws)


def _made_up(episodes: pd.DataFrame) -> bool:
    people = episodes["person_id"].cat.categories
    return len(people) > 0 and all(str(name).startswith(SYNTHETIC_PREFIX) for name in people)


def _where(column: str) -> str:
    if not column:
        return "the row"
    return f"column {column}" if may_be_named(column) else "a column of the export's own"


def _raise_strict(records: Records) -> None:
    counts = records.problem_counts()
    listed = "; ".join(
        f"{row.table} {row.check}: {row.rows} ({row.done})" for row in counts.itertuples()
    )
    first = records.problems.iloc[0]
    raise RecordsError(
        f"The records have {len(records.problems):,} problems, and strict=True was asked.",
        found=f"{listed}. The first is in {first['file']}, line {first['line']}, "
        f"{_where(first['column'])}",
        instead="Read without strict and look at records.problems.",
    )
