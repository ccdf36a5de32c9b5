"""Which file, sheet or frame is which table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.mapping import Mapping, fold
from iop_outcomes.records.raw import Raw
from iop_outcomes.records.sources import SUFFIXES, read_raw, read_workbook
from iop_outcomes.records.tables import TABLES

Source = str | Path | pd.DataFrame
Sources = Source | Sequence[Source]

_STARTS = {
    "episodes": ("episode",),
    "attendance": ("attendance",),
    "checkins": ("checkin", "check_in"),
}


@dataclass
class Found:
    """The raw tables of a set, and the files of its folder that are none of them."""

    raws: dict[str, list[Raw]] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)


def find(source: str | Path | None, tables: dict[str, Sources | None], mapping: Mapping) -> Found:
    """Read all files and frames of a set, by table.

    Raises
    ------
    RecordsError
        If nothing, or not enough, is there to read.
    """
    found = Found()
    if source is not None:
        if not isinstance(source, str | Path):
            raise RecordsError(
                "The source is neither a folder nor a workbook.",
                found=type(source).__name__,
                instead="Give frames by name: read_records(episodes=..., attendance=...).",
            )
        _from_path(Path(source), mapping, found)
    for name, given in tables.items():
        if given is not None:
            items: Iterable[Any] = list(given) if isinstance(given, list | tuple) else [given]
            found.raws[name] = [_one(item, name, mapping) for item in items]
    _enough(found, source)
    return found


def _one(source: Source, table: str, mapping: Mapping) -> Raw:
    if isinstance(source, str | Path) and Path(source).suffix.lower() == ".xlsx":
        sheets = read_workbook(Path(source))
        by_name = [sheets[title] for title in sheets if table_of(title) == table]
        return by_name[0] if by_name else next(iter(sheets.values()))
    if not isinstance(source, str | Path | pd.DataFrame):
        raise RecordsError(
            f"What is given for {table} is neither a file nor a frame.",
            found=type(source).__name__,
            instead="Give a path, a pandas DataFrame, or a list of them.",
        )
    return read_raw(source, skip_lines=mapping.skip_lines)


def table_of(name: str) -> str | None:
    """Return the table that a file or sheet of this name holds, or None."""
    for table, starts in _STARTS.items():
        if fold(name).startswith(starts):
            return table
    return None


def _from_path(path: Path, mapping: Mapping, found: Found) -> None:
    if path.is_dir():
        _from_folder(path, mapping, found)
    elif path.suffix.lower() == ".xlsx":
        for title, raw in read_workbook(path).items():
            table = table_of(title)
            if table is None:
                found.ignored.append(f"{path.name}: sheet {title}")
            else:
                found.raws.setdefault(table, []).append(raw)
    elif path.exists():
        raise RecordsError(
            f"{path.name} is one file, and its table is not known.",
            instead="Say which table it is: read_records(episodes=..., attendance=...).",
        )
    else:
        raise RecordsError(
            f"There is no folder or workbook {path.name}.",
            instead="Give the folder that holds episodes.csv, attendance.csv and checkins.csv.",
        )


def _from_folder(folder: Path, mapping: Mapping, found: Found) -> None:
    files = sorted(
        file
        for file in folder.iterdir()
        if file.is_file()
        and not file.name.startswith((".", "~"))
        and file.suffix.lower() in (*SUFFIXES, ".xls")
    )
    taken: dict[Path, str] = {}
    for mapped, patterns in mapping.files.items():
        for file in files:
            if any(file.match(pattern) for pattern in patterns):
                taken[file] = mapped
    for file in files:
        named = table_of(file.name)
        table = taken.get(file) or (None if named in mapping.files else named)
        if table is not None:
            found.raws.setdefault(table, []).append(_one(file, table, mapping))
        elif file.suffix.lower() == ".xlsx" and len(files) == 1:
            _from_path(file, mapping, found)
        else:
            found.ignored.append(file.name)


def _enough(found: Found, source: str | Path | None) -> None:
    where = "what was given" if source is None else f"the folder or workbook {Path(source).name}"
    seen = ", ".join(found.raws) or "none of the three tables"
    if found.ignored:
        seen += "; files of other names: " + ", ".join(found.ignored[:8])
    if "episodes" not in found.raws:
        raise RecordsError(
            f"There is no episodes table in {where}.",
            found=seen,
            instead="Give episodes.csv (episode_id, admit_date), or say in [files] of a "
            "mapping.toml which file it is.",
        )
    if not set(found.raws) & {"attendance", "checkins"}:
        raise RecordsError(
            f"There is neither an attendance nor a checkins table in {where}.",
            found=seen,
            instead="Give attendance.csv or checkins.csv beside the episodes; one is enough.",
        )
    empty = [name for name in TABLES if name in found.raws and not found.raws[name]]
    if empty:
        raise RecordsError(f"The list of files for {empty[0]} is empty.")
