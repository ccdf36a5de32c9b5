"""Reads all files and changes them into rows of tables; each file is read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.mapping.folding import fold
from iop_outcomes.records.mapping.plan import Join, Mapping, SourcePlan
from iop_outcomes.records.mapping.sections import short
from iop_outcomes.records.shaping.dropped import notes_on_columns, notes_on_dropped
from iop_outcomes.records.shaping.of_a_kind import (
    headings_not_there,
    require_layout,
    require_lines,
)
from iop_outcomes.records.shaping.shape import shape
from iop_outcomes.records.sources.coded import Raw
from iop_outcomes.records.sources.files import read_raw
from iop_outcomes.records.sources.layout import Layout
from iop_outcomes.records.sources.opening import ending, fits, shown
from iop_outcomes.records.sources.workbook import WORKBOOKS, Workbook, read_workbook

_STARTS = {
    "episodes": ("episode",),
    "attendance": ("attendance",),
    "checkins": ("checkin", "check_in"),
}


def table_of(name: str) -> str | None:
    """Return the table that a file or sheet of this name contains, or None."""
    for table, starts in _STARTS.items():
        if fold(name).startswith(starts):
            return table
    return None


def is_workbook(path: Path) -> bool:
    """Return whether a file is a workbook, by its name."""
    return ending(path) in WORKBOOKS


@dataclass(frozen=True)
class Job:
    """One file or frame that is to be read as a table, or as a part of one.

    Attributes
    ----------
    table : str
        The table.
    source : Path, DataFrame or Raw
        The file or frame, or its content if it was read already.
    plan : SourcePlan
        What the mapping says of its source.
    by_name : bool
        Whether only those sheets of a workbook are meant that have the name of the table.
    """

    table: str
    source: Path | pd.DataFrame | Raw
    plan: SourcePlan = field(default_factory=SourcePlan)
    by_name: bool = False


@dataclass
class Reader:
    """Reads files and changes them into rows of tables, and remembers which sheets were used.

    Attributes
    ----------
    mapping : Mapping
        The mapping.
    files : sequence of Path
        All files, in which joins look for other files.
    used : dict of Path to set of str
        The files that were read; for a workbook the titles of the sheets.
    """

    mapping: Mapping
    files: Sequence[Path] = ()
    used: dict[Path, set[str]] = field(default_factory=dict)
    _plain: dict[tuple[Path, Layout], Raw] = field(default_factory=dict)
    _books: dict[tuple[Path, Layout], Workbook] = field(default_factory=dict)

    def read(self, jobs: Sequence[Job]) -> tuple[dict[str, list[Raw]], list[str]]:
        """Return the files of each table as coded text, and notes as sentences."""
        tables: dict[str, list[Raw]] = {}
        notes: list[str] = []
        read: dict[str, tuple[list[Raw], list[SourcePlan]]] = {}
        require_lines(self.mapping, [job.source for job in jobs])
        groups: dict[tuple[str, int], list[Job]] = {}
        for job in jobs:  # the files of one source together
            groups.setdefault((job.table, id(job.plan)), []).append(job)
        for (table, _), group in groups.items():
            plan = group[0].plan
            raws = [raw for job in group for raw in self._raws(job, f"[[{table}.from]]")]
            if not raws and group[0].by_name:
                continue
            read.setdefault(table, ([], []))[0].extend(raws)
            read[table][1].append(plan)
            shaped = shape(raws, plan, table, self.mapping, self._other(group))
            tables.setdefault(table, []).extend(shaped)
            notes += _notes_on_made(table, shaped)
            notes += [note for note in notes_on_dropped(shaped) if note not in notes]
            notes += notes_on_columns(table, shaped)
        for table, (raws, plans) in read.items():
            notes += headings_not_there(table, raws, self.mapping, plans)
        return tables, notes

    def ignored_sheets(self) -> list[str]:
        """Return the names of sheets of workbooks that were read for no table."""
        names: list[str] = []
        for path, used in self.used.items():
            seen: dict[str, str] = {}
            for (file, _), book in self._books.items():
                if file == path:
                    seen |= {title: f"{shown(path)}: sheet {title}" for title in book.sheets}
                    seen |= {title: f"{shown(path)}: hidden sheet {title}" for title in book.hidden}
            names += [name for title, name in seen.items() if title not in used]
        return names

    def _raws(self, job: Job, where: str) -> list[Raw]:
        require_layout(job.plan, job.source, where)
        if isinstance(job.source, Raw):
            return [job.source]
        if isinstance(job.source, pd.DataFrame):
            return [read_raw(job.source)]
        layout = self._layout(job.plan)
        if not is_workbook(job.source):
            self.used.setdefault(job.source, set())
            return [self._file(job.source, layout)]
        book = self._book(job.source, layout)
        chosen = list(book.sheets)
        if not layout.sheets:
            named = [title for title in chosen if table_of(title) == job.table]
            chosen = named if named or job.by_name else chosen[:1]
        self.used.setdefault(job.source, set()).update(chosen)
        return [replace(book.sheets[title], sheet=title) for title in chosen]

    def _layout(self, plan: SourcePlan) -> Layout:
        skipped = self.mapping.skip_lines
        return Layout(
            header_row=plan.header_row or (skipped + 1 if skipped else None),
            header_rows=plan.header_rows,
            sheets=plan.sheets,
        )

    def _file(self, path: Path, layout: Layout) -> Raw:
        if (path, layout) not in self._plain:
            self._plain[path, layout] = read_raw(path, layout=layout)
        return self._plain[path, layout]

    def _book(self, path: Path, layout: Layout) -> Workbook:
        if (path, layout) not in self._books:
            self._books[path, layout] = read_workbook(path, layout)
        return self._books[path, layout]

    def _other(self, group: list[Job]) -> _Others:
        return _Others(self, group)


def _notes_on_made(table: str, raws: list[Raw]) -> list[str]:
    """Return a sentence on how many rows were made from how many lines, for grids and lists."""
    unfolded = [raw for raw in raws if raw.made_of]
    if not unfolded:
        return []
    files = dict.fromkeys(raw.file.partition(": sheet ")[0] for raw in unfolded)
    rows, lines = sum(len(raw.lines) for raw in unfolded), sum(raw.made_of for raw in unfolded)
    where = next(iter(files)) if len(files) == 1 else f"{len(files):,} files"
    return [f"{where}: {rows:,} rows of {table} were made from {lines:,} lines"]


@dataclass(frozen=True)
class _Others:
    """Finds the file or sheet that a join names."""

    reader: Reader
    group: list[Job]

    def __call__(self, join: Join, raw: Raw) -> Raw:
        path = self._path(join, raw)
        plan = SourcePlan(header_row=join.header_row, sheets=(join.sheet,) if join.sheet else ())
        table = self.group[0].table
        (first, *_) = self.reader._raws(Job(table, path, plan), f"[[{table}.from]] join")
        return first

    def _path(self, join: Join, raw: Raw) -> Path:
        if join.file:
            fitting = [path for path in self.reader.files if fits(path, join.file)]
            wrong = f"names a file {short(join.file)}"
        else:
            own = [job.source for job in self.group if isinstance(job.source, Path)]
            fitting = [path for path in own if raw.file.startswith(shown(path))]
            wrong = f"names a sheet {short(join.sheet)} of {raw.file}"
        if len(fitting) != 1:
            raise RecordsError(
                f"The mapping's [[{self.group[0].table}.from]] join {wrong}.",
                found=f"{len(fitting):,} such files",
                instead="Write the name of one file of the folder, and a sheet of it if it is a "
                "workbook.",
            )
        return fitting[0]
