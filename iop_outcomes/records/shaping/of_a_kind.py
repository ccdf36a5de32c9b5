"""Checks that the mapping asks only for what the kind of a file can have."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.mapping.folding import fold
from iop_outcomes.records.mapping.plan import Mapping, SourcePlan
from iop_outcomes.records.mapping.sections import short
from iop_outcomes.records.sources.coded import Raw
from iop_outcomes.records.sources.json_lines import JSON_LINES
from iop_outcomes.records.sources.opening import ending, shown
from iop_outcomes.records.sources.workbook import WORKBOOKS

_MOST_NAMED = 6  # headings in a note
_KINDS_WITHOUT_LINES = {".parquet": "Parquet", **dict.fromkeys(JSON_LINES, "JSON lines")}


def has_lines(source: Path | pd.DataFrame | Raw) -> bool:
    """Return whether a source is a file that can have lines or rows above its header."""
    return isinstance(source, Path) and ending(source) not in _KINDS_WITHOUT_LINES


def require_layout(plan: SourcePlan, source: Path | pd.DataFrame | Raw, where: str) -> None:
    """Raise RecordsError if the mapping asks for something that a source cannot have.

    Parameters
    ----------
    plan : SourcePlan
        What the mapping says of the source.
    source : Path, DataFrame or Raw
        The file or frame.
    where : str
        The key of the mapping, for the message.

    Raises
    ------
    RecordsError
        If a header row or a sheet is named for a source that has none.
    """
    lines = {"header_row": plan.header_row > 0, "header_rows": plan.header_rows > 1}
    named = [key for key, is_set in lines.items() if is_set]
    if isinstance(source, pd.DataFrame):
        if named or plan.sheets:
            raise RecordsError(
                f"The mapping's {where} says where the header of a file is, but a frame was given.",
                instead="Remove header_row, header_rows and sheets, or give the file.",
            )
    elif isinstance(source, Path) and named and not has_lines(source):
        raise RecordsError(
            f"{shown(source)} has no header row: {_KINDS_WITHOUT_LINES[ending(source)]} names "
            "its columns itself.",
            found=f"{' and '.join(named)} in {where} of the mapping",
            instead=f"Remove {' and '.join(named)} there.",
        )
    elif isinstance(source, Path) and plan.sheets and ending(source) not in WORKBOOKS:
        key = "sheet" if where.endswith("join") else "sheets"
        raise RecordsError(
            f"{shown(source)} has no sheets: it is not a workbook.",
            found=f"{key} in {where} of the mapping",
            instead=f"Remove {key} there, or name a workbook; files of two kinds take two sources.",
        )


def require_lines(mapping: Mapping, sources: Iterable[Path | pd.DataFrame | Raw]) -> None:
    """Raise RecordsError if lines are to be skipped, but no source has lines."""
    if mapping.skip_lines and not any(map(has_lines, sources)):
        raise RecordsError(
            "The mapping skips lines above a header, but nothing that is read has such lines.",
            found=f"[options] skip_lines = {mapping.skip_lines}, and frames, queries, Parquet or "
            "JSON lines",
            instead="Remove skip_lines.",
        )


def headings_not_there(
    table: str, raws: Iterable[Raw], mapping: Mapping, plans: Iterable[SourcePlan]
) -> list[str]:
    """Return a sentence on headings that the mapping names, but that no source of the table has.

    This is not an error: one mapping can be used for many exports, and a column may be in some
    only.
    """
    parts = {fold(part) for names in mapping.combine.get(table, {}).values() for part in names}
    boxes = {fold(box) for boxes in mapping.ticked.get(table, {}).values() for box in boxes}
    asked = {*mapping.columns.get(table, {}), *parts, *boxes}
    there: set[str] = {fold(name) for raw in raws for name in raw.columns}
    for plan in plans:
        asked |= set(plan.columns)
        there |= {fold(name) for join in plan.join for name in join.columns}
        if plan.grid is not None:
            there |= {fold(plan.grid.headings), fold(plan.grid.becomes)}
        if plan.lists is not None:
            there |= {fold(plan.lists.id), fold(plan.lists.becomes)}
    named = {**mapping.columns.get(table, {})}
    for plan in plans:
        named |= plan.columns
    there |= {ours for heading, ours in named.items() if heading in there}
    absent = sorted(asked - there)
    if not absent:
        return []
    what = "a heading" if len(absent) == 1 else f"{len(absent):,} headings"
    listed = ", ".join(short(name) for name in absent[:_MOST_NAMED])
    more = f", and {len(absent) - _MOST_NAMED:,} more" if absent[_MOST_NAMED:] else ""
    return [f"the mapping names {what} that no source of {table} has: {listed}{more}"]
