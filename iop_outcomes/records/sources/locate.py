"""The assignment of files, sheets, queries and frames to tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.likely_headings import MAP
from iop_outcomes.records.mapping import Mapping, SourcePlan
from iop_outcomes.records.schema import TABLES
from iop_outcomes.records.shaping.planned import Job, Reader, is_workbook
from iop_outcomes.records.sources.coded import Raw
from iop_outcomes.records.sources.files import SUFFIXES
from iop_outcomes.records.sources.kinds.listing import (
    Listing,
    files_of_folder,
    files_of_zip,
    own_table,
    with_files_of_zips,
)
from iop_outcomes.records.sources.kinds.not_read import refuse_not_read
from iop_outcomes.records.sources.opening import (
    ending,
    fits,
    is_zip,
    kind_of,
    require_file,
    shown,
)
from iop_outcomes.records.sources.sql import address_in, is_address, read_queries
from iop_outcomes.shared.characters import one_line

_MOST_NAMED = 8  # files that a message names
_LONGEST = 80  # characters of a pattern in a message

Source = str | Path | pd.DataFrame
Sources = Source | Sequence[Source]


@dataclass
class Located:
    """The files of each table as coded text, the names of files that are not read, and notes."""

    raws: dict[str, list[Raw]] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def find(source: Any, tables: dict[str, Sources | None], mapping: Mapping) -> Located:
    """Read all files, queries and frames, by table.

    Raises
    ------
    RecordsError
        If something cannot be read, or a needed table is missing.
    """
    located = Located()
    files: list[Path] = []
    jobs: list[Job] = []
    if source is not None and not is_address(source):
        if not isinstance(source, str | Path):
            raise RecordsError(
                "The source is neither a folder nor a workbook.",
                found=type(source).__name__,
                instead="Give frames by name: read_records(episodes=..., attendance=...).",
            )
        files = _files_at(Path(source), mapping, located)
        jobs = _jobs_of(Path(source), files, mapping, located)
    items_of_table = {name: items for name, items in tables.items() if items is not None}
    jobs = [job for job in jobs if job.table not in items_of_table]
    for name, items in items_of_table.items():
        every = with_files_of_zips(list(items) if isinstance(items, list | tuple) else [items])
        located.raws[name] = []
        jobs += [job for item in every for job in _jobs_given(item, name, mapping)]
    jobs += _jobs_of_database(source, mapping, {job.table for job in jobs})
    reader = Reader(mapping, files)
    raws, notes = reader.read(jobs)
    located.raws |= raws
    located.notes += notes
    located.ignored += [shown(file) for file in files if file not in reader.used]
    located.ignored += reader.ignored_sheets()
    _enough(located, source)
    return located


def _jobs_of_database(source: Any, mapping: Mapping, tables_given: set[str]) -> list[Job]:
    """Return the jobs for the queries of the mapping, run at the given address or its own."""
    address = source if is_address(source) else None
    if mapping.database is None:
        if address is not None:
            raise RecordsError(
                "A database is given, but no mapping says what to read from it.",
                instead="Give a mapping with [database.queries] and a line a table: "
                'episodes = "select episode_id, admit_date from episodes".',
            )
        return []
    if address is None:
        if not mapping.database.url_variable:
            raise RecordsError(
                "The mapping has queries, but does not say where the database is.",
                instead='Write [database] url_variable = "IOP_DATABASE_URL", the name of the '
                "environment variable that holds its address.",
            )
        address = address_in(mapping.database.url_variable)
    jobs = []
    for table, raw in read_queries(address, mapping.database.queries).items():
        if table in tables_given:
            raise RecordsError(
                f"The {table} are given twice: by a query of the mapping, and as files.",
                instead=f"Remove {table} from [database.queries], or leave the files out.",
            )
        plans = mapping.sources.get(table, ())
        laid_out = any(plan.header_row or plan.header_rows > 1 for plan in plans)
        if laid_out or any(plan.files or plan.sheets for plan in plans) or table in mapping.files:
            raise RecordsError(
                f"The {table} come from a query, but [[{table}.from]] or [files] of the mapping "
                "names files, or gives their layout.",
                instead="Remove file, sheets, header_row and header_rows there, or the query.",
            )
        jobs += [Job(table, raw, plan) for plan in plans or (SourcePlan(),)]
    return jobs


def _jobs_given(source: Source, table: str, mapping: Mapping) -> list[Job]:
    """Return the jobs for a file or frame that was given as one table."""
    if not isinstance(source, str | Path | pd.DataFrame):
        raise RecordsError(
            f"What is given for {table} is neither a file nor a frame.",
            found=type(source).__name__,
            instead="Give a path, a pandas DataFrame, or a list of them.",
        )
    item = Path(source) if isinstance(source, str) else source
    plans = mapping.sources.get(table, ())
    if not plans:
        return [Job(table, item)]
    if isinstance(item, Path):
        fitting = [plan for plan in plans if not plan.files or _fits(item, plan)]
    else:
        fitting = [plan for plan in plans if not plan.files] or list(plans if not plans[1:] else ())
    if not fitting:
        raise RecordsError(
            f"The mapping does not say how what is given for {table} is read.",
            found=f"file = ... in every [[{table}.from]], and none fits",
            instead="Correct the names, or remove file from the one that is meant.",
        )
    return [Job(table, item, plan) for plan in fitting]


def _fits(file: Path, plan: SourcePlan) -> bool:
    return any(fits(file, pattern) for pattern in plan.files)


def _files_at(path: Path, mapping: Mapping, located: Located) -> list[Path]:
    """Return the files in a folder or zip file, or the single file that was given."""
    kind = kind_of(path)
    if kind == "folder" or is_zip(path):
        listing = Listing(_named_by(mapping))
        (files_of_folder if kind == "folder" else files_of_zip)(path, listing)
        located.ignored += listing.ignored
        if kind == "folder" or len(listing.files) > 1:
            return listing.files
        path = listing.files[0]
    if kind == "absent":
        raise RecordsError(
            f"There is no folder or workbook {shown(path)}.",
            instead="Give the folder that contains episodes.csv, attendance.csv and checkins.csv.",
        )
    refuse_not_read(path)
    if not is_workbook(path) and not mapping.sources:
        require_file(path)
        raise RecordsError(
            f"{shown(path)} is one file, and its table is not known.",
            instead="Say which table it is: read_records(episodes=..., attendance=...).",
        )
    return [path]


def _named_by(mapping: Mapping) -> tuple[str, ...]:
    """Return the names and patterns of files in a mapping."""
    plans = [plan for plans in mapping.sources.values() for plan in plans]
    named = [pattern for patterns in mapping.files.values() for pattern in patterns]
    joined = [join.file for plan in plans for join in plan.join if join.file]
    return (*named, *(pattern for plan in plans for pattern in plan.files), *joined)


def _jobs_of(path: Path, files: list[Path], mapping: Mapping, located: Located) -> list[Job]:
    """Return the jobs for the files of a folder, or for one file."""
    one_file = kind_of(path) != "folder" and not (is_zip(path) and len(files) > 1)
    own = {} if one_file else _own_files(path, files, mapping, located)
    jobs = []
    for table in TABLES:
        plans = mapping.sources.get(table, ())
        jobs += [Job(table, file) for file in own.get(table, ()) if not plans]
        for plan in plans:
            named = [file for file in files if _fits(file, plan)]
            if not plan.files:
                named = own.get(table, []) or (files if len(files) == 1 else [])
            if not named:
                _no_file(table, plan, located, _there(path, files))
            jobs += [Job(table, file, plan) for file in named]
    used = [job.source for job in jobs]
    if len(files) == 1 and is_workbook(files[0]):
        free = [table for table in TABLES if table not in mapping.sources]
        if one_file or not any(file is files[0] for file in used) or mapping.sources:
            taken = {job.table for job in jobs}
            jobs += [Job(table, files[0], by_name=True) for table in free if table not in taken]
    return jobs


def _own_files(
    folder: Path, files: list[Path], mapping: Mapping, located: Located
) -> dict[str, list[Path]]:
    """Return the files of each table: those in [files], otherwise those with its name."""
    taken = _named_files(folder, files, mapping, located)
    own: dict[str, list[Path]] = {}
    for file in files:
        named = own_table(file)
        table = taken.get(file) or (None if named in mapping.files else named)
        if table is not None:
            own.setdefault(table, []).append(file)
    return own


def _no_file(table: str, plan: SourcePlan, located: Located, there: str) -> None:
    """Note that no file matches the pattern of a plan, or raise RecordsError for a name."""
    for pattern in plan.files:
        refuse_not_read(Path(pattern))
    named = ", ".join(map(_pattern, plan.files))
    if plan.files and all(set(pattern) & set("*?[") for pattern in plan.files):
        located.notes.append(
            f"no file matches {named}, which the mapping gives for {table}; {there}"
        )
        return
    raise RecordsError(
        f"The mapping's [[{table}.from]] names no file that exists."
        if plan.files
        else f"The mapping's [[{table}.from]] does not say which file is meant.",
        found=f"{named}; {there}" if named else there,
        instead='Write file = "name.csv", or a pattern: the name of a file in the folder. Files '
        "of folders within are not read: put them beside the others.",
    )


def _pattern(pattern: str) -> str:
    """Return a name or pattern of the mapping for a message: on one line, not too long."""
    text = one_line(pattern)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _there(path: Path, files: list[Path]) -> str:
    """Return a text with the files that can be read, and files in folders within, not read."""
    within = []
    if kind_of(path) == "folder":
        within = [
            _pattern(file.relative_to(path).as_posix())
            for folder in sorted(path.iterdir())
            if kind_of(folder) == "folder" and not folder.name.startswith((".", "_", "~"))
            for file in sorted(folder.iterdir())
            if ending(file) in SUFFIXES
        ]
    parts = [f"files there: {_some([shown(file) for file in files])}"]
    if within:
        parts.append(f"in folders within, not read: {_some(within)}")
    return "; ".join(parts)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return (", ".join(names[:_MOST_NAMED]) or "none that can be read") + more


def _named_files(
    folder: Path, files: list[Path], mapping: Mapping, located: Located
) -> dict[Path, str]:
    """Return the files in [files] of the mapping, each with its table."""
    taken: dict[Path, str] = {}
    for table, patterns in mapping.files.items():
        for pattern in patterns:
            matched = [file for file in files if fits(file, pattern)]
            for file in matched:
                if taken.setdefault(file, table) != table:
                    raise RecordsError(
                        f"The mapping's [files] names {shown(file)} for two tables.",
                        found=f"{taken[file]} and {table}",
                        instead="Make the patterns narrower.",
                    )
            if not matched and set(pattern) & set("*?["):
                located.notes.append(
                    f"no file matches {_pattern(pattern)}, which the mapping gives for {table}; "
                    f"{_there(folder, files)}"
                )
            elif not matched:
                there = kind_of(folder / pattern) == "file"
                if there:
                    refuse_not_read(folder / pattern)
                raise RecordsError(
                    f"The mapping's [files] names a file of {table} that cannot be read.",
                    found=f"{_pattern(pattern)}, a kind that is not read"
                    if there
                    else f"{_pattern(pattern)}, which is not in the folder; "
                    f"{_there(folder, files)}",
                    instead="Correct the name, or remove it.",
                )
    return taken


def _enough(located: Located, source: Any) -> None:
    where = "what was given"
    if is_address(source):
        where = "the queries of the mapping"
    elif source is not None:
        where = f"the folder or workbook {shown(source)}"
    seen = ", ".join(located.raws) or "none of the three tables"
    if located.ignored:
        seen += "; files of other names: " + ", ".join(located.ignored[:8])
    seen += "".join(f"; {note}" for note in located.notes if note.startswith("no file matches"))
    if "episodes" not in located.raws:
        raise RecordsError(
            f"There is no episodes table in {where}.",
            found=seen,
            instead="Give episodes.csv (episode_id, admit_date), or say in [files] of a "
            f"mapping.toml which file it is.{MAP}",
        )
    if not set(located.raws) & {"attendance", "checkins"}:
        raise RecordsError(
            f"There is neither an attendance nor a checkins table in {where}.",
            found=seen,
            instead="Give attendance.csv or checkins.csv beside the episodes; one is enough. Or "
            f"say in [files] of a mapping.toml which file it is.{MAP}",
        )
    empty = [name for name in TABLES if name in located.raws and not located.raws[name]]
    if empty:
        raise RecordsError(f"The list of files for {empty[0]} is empty.")
