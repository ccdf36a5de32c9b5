"""Which file, sheet or frame is which table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.mapping import Mapping, fold
from iop_outcomes.records.schema import TABLES
from iop_outcomes.records.sources.coded import Raw
from iop_outcomes.records.sources.files import NOT_READ, SUFFIXES, read_raw
from iop_outcomes.records.sources.layout import Layout
from iop_outcomes.records.sources.opening import kind_of, reason, require_file, shown
from iop_outcomes.records.sources.sql import address_in, is_address, read_queries
from iop_outcomes.records.sources.workbook import Workbook, read_workbook

Source = str | Path | pd.DataFrame
Sources = Source | Sequence[Source]

_STARTS = {
    "episodes": ("episode",),
    "attendance": ("attendance",),
    "checkins": ("checkin", "check_in"),
}


@dataclass
class Found:
    """The raw tables of a set, the files of its folder that are none of them, and remarks."""

    raws: dict[str, list[Raw]] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def find(source: Any, tables: dict[str, Sources | None], mapping: Mapping) -> Found:
    """Read all files and frames of a set, by table.

    Raises
    ------
    RecordsError
        If nothing, or not enough, is there to read.
    """
    located = Found()
    if source is not None and not is_address(source):
        if not isinstance(source, str | Path):
            raise RecordsError(
                "The source is neither a folder nor a workbook.",
                found=type(source).__name__,
                instead="Give frames by name: read_records(episodes=..., attendance=...).",
            )
        _from_path(Path(source), mapping, located)
    for name, given in tables.items():
        if given is not None:
            items: Iterable[Any] = list(given) if isinstance(given, list | tuple) else [given]
            located.raws[name] = [
                raw for item in items for raw in _table_from(item, name, mapping, located)
            ]
    _from_database(source, mapping, located)
    _enough(located, source)
    return located


def _from_database(source: Any, mapping: Mapping, located: Found) -> None:
    """Read the queries of the mapping, from the given address or the one that it names."""
    address = source if is_address(source) else None
    if mapping.database is None:
        if address is not None:
            raise RecordsError(
                "A database is given, and no mapping says what to read from it.",
                instead="Give a mapping with [database.queries] and a line a table: "
                'episodes = "select episode_id, admit_date from episodes".',
            )
        return
    if address is None:
        if not mapping.database.url_variable:
            raise RecordsError(
                "The mapping has queries, and does not say where the database is.",
                instead='Write [database] url_variable = "IOP_DATABASE_URL", the name of the '
                "environment variable that holds its address.",
            )
        address = address_in(mapping.database.url_variable)
    for table, raw in read_queries(address, mapping.database.queries).items():
        if table in located.raws:
            raise RecordsError(
                f"The {table} are given twice: by a query of the mapping, and as files.",
                instead=f"Remove {table} from [database.queries], or leave the files out.",
            )
        located.raws[table] = [raw]


def _table_from(source: Source, table: str, mapping: Mapping, located: Found) -> list[Raw]:
    """Read a file or frame that holds one table: of a workbook all sheets that are so called."""
    if isinstance(source, str | Path) and Path(source).suffix.lower() == ".xlsx":
        book = read_workbook(Path(source), layout_of(mapping))
        named = [title for title in book.sheets if table_of(title) == table]
        chosen = named or list(book.sheets)[:1]
        _ignore_sheets(Path(source), book, chosen, located)
        return [book.sheets[title] for title in chosen]
    if not isinstance(source, str | Path | pd.DataFrame):
        raise RecordsError(
            f"What is given for {table} is neither a file nor a frame.",
            found=type(source).__name__,
            instead="Give a path, a pandas DataFrame, or a list of them.",
        )
    return [read_raw(source, layout=layout_of(mapping))]


def layout_of(mapping: Mapping) -> Layout:
    """Return where the header stands where the mapping says it for every file."""
    return Layout(header_row=mapping.skip_lines + 1) if mapping.skip_lines else Layout()


def _ignore_sheets(path: Path, book: Workbook, chosen: list[str], located: Found) -> None:
    """Name the sheets of a workbook that are not read."""
    located.ignored.extend(
        f"{shown(path)}: sheet {title}" for title in book.sheets if title not in chosen
    )
    located.ignored.extend(f"{shown(path)}: hidden sheet {title}" for title in book.hidden)


def table_of(name: str) -> str | None:
    """Return the table that a file or sheet of this name holds, or None."""
    for table, starts in _STARTS.items():
        if fold(name).startswith(starts):
            return table
    return None


def _from_path(path: Path, mapping: Mapping, located: Found) -> None:
    kind = kind_of(path)
    if kind == "folder":
        _from_folder(path, mapping, located)
    elif kind == "absent":
        raise RecordsError(
            f"There is no folder or workbook {shown(path)}.",
            instead="Give the folder that holds episodes.csv, attendance.csv and checkins.csv.",
        )
    elif path.suffix.lower() == ".xlsx":
        _from_workbook(path, mapping, located)
    else:
        require_file(path)
        raise RecordsError(
            f"{shown(path)} is one file, and its table is not known.",
            instead="Say which table it is: read_records(episodes=..., attendance=...).",
        )


def _from_workbook(path: Path, mapping: Mapping, located: Found) -> None:
    book = read_workbook(path, layout_of(mapping))
    tables = {title: table for title in book.sheets if (table := table_of(title)) is not None}
    for title, table in tables.items():
        located.raws.setdefault(table, []).append(book.sheets[title])
    _ignore_sheets(path, book, list(tables), located)


def _from_folder(folder: Path, mapping: Mapping, located: Found) -> None:
    files = _files_of(folder, located)
    taken = _named_files(folder, files, mapping, located)
    for file in files:
        named = table_of(file.name)
        table = taken.get(file) or (None if named in mapping.files else named)
        if table is not None:
            located.raws.setdefault(table, []).extend(_table_from(file, table, mapping, located))
        elif file.suffix.lower() == ".xlsx" and len(files) == 1:
            _from_workbook(file, mapping, located)
        else:
            located.ignored.append(shown(file))


def _files_of(folder: Path, located: Found) -> list[Path]:
    """Return the files of a folder that could be tables; name what only looks like one."""
    try:
        names = sorted(folder.iterdir())
    except OSError as error:
        raise RecordsError(
            f"The folder {shown(folder)} cannot be opened.", found=reason(error)
        ) from None
    files = []
    for path in names:
        if path.name.startswith((".", "~")):
            continue
        of_a_kind = path.suffix.lower() in (*SUFFIXES, *NOT_READ)
        kind = kind_of(path)
        if kind == "file" and of_a_kind:
            files.append(path)
        elif kind == "file" and table_of(path.name):
            located.ignored.append(shown(path))
        elif kind != "file" and (of_a_kind or table_of(path.name)):
            located.ignored.append(f"{shown(path)} ({_NO_FILE[kind]})")
    return files


_NO_FILE = {"folder": "a folder", "absent": "a link to nothing", "other": "no regular file"}


def _named_files(
    folder: Path, files: list[Path], mapping: Mapping, located: Found
) -> dict[Path, str]:
    """Return the files that the mapping names, each with its table."""
    taken: dict[Path, str] = {}
    for table, patterns in mapping.files.items():
        for pattern in patterns:
            matched = [file for file in files if file.match(pattern)]
            for file in matched:
                if taken.setdefault(file, table) != table:
                    raise RecordsError(
                        f"The mapping's [files] names {shown(file)} for two tables.",
                        found=f"{taken[file]} and {table}",
                        instead="Make the patterns narrower.",
                    )
            if not matched and set(pattern) & set("*?["):
                note = f"no file matches {shown(pattern)}, which the mapping gives for {table}"
                located.notes.append(note)
            elif not matched:
                there = kind_of(folder / pattern) == "file"
                raise RecordsError(
                    f"The mapping's [files] names a file of {table} that cannot be read.",
                    found=f"{shown(pattern)}, "
                    + ("a kind that is not read" if there else "which is not in the folder"),
                    instead="Correct the name, or remove it.",
                )
    return taken


def _enough(located: Found, source: Any) -> None:
    where = "what was given"
    if is_address(source):
        where = "the queries of the mapping"
    elif source is not None:
        where = f"the folder or workbook {shown(source)}"
    seen = ", ".join(located.raws) or "none of the three tables"
    if located.ignored:
        seen += "; files of other names: " + ", ".join(located.ignored[:8])
    if "episodes" not in located.raws:
        raise RecordsError(
            f"There is no episodes table in {where}.",
            found=seen,
            instead="Give episodes.csv (episode_id, admit_date), or say in [files] of a "
            "mapping.toml which file it is.",
        )
    if not set(located.raws) & {"attendance", "checkins"}:
        raise RecordsError(
            f"There is neither an attendance nor a checkins table in {where}.",
            found=seen,
            instead="Give attendance.csv or checkins.csv beside the episodes; one is enough.",
        )
    empty = [name for name in TABLES if name in located.raws and not located.raws[name]]
    if empty:
        raise RecordsError(f"The list of files for {empty[0]} is empty.")
