"""The rows of one source changed into rows of its table, step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from iop_outcomes.records.mapping.folding import fold
from iop_outcomes.records.mapping.plan import Join, Mapping, SourcePlan
from iop_outcomes.records.shaping.columns import (
    choose,
    column_name,
    is_blank,
    keys,
    of_words,
    stacked,
)
from iop_outcomes.records.shaping.dropped import without_dropped
from iop_outcomes.records.shaping.grids import melt
from iop_outcomes.records.shaping.joins import join_rows
from iop_outcomes.records.shaping.lists_of_people import spread
from iop_outcomes.records.shaping.made import (
    combine_words,
    fill_down,
    put_constants,
    put_copies,
    read_ticks,
)
from iop_outcomes.records.sources.coded import Raw

Other = Callable[[Join, Raw], Raw]


def shape(
    raws: list[Raw], plan: SourcePlan, table: str, mapping: Mapping, other: Other
) -> list[Raw]:
    """Return the files or sheets of one source with the rows of their table.

    Parameters
    ----------
    raws : list of Raw
        The files as read.
    plan : SourcePlan
        What the mapping says of this source.
    table : str
        The table to which they belong.
    mapping : Mapping
        The whole mapping.
    other : callable
        Returns the file or sheet that a join names.

    Raises
    ------
    RecordsError
        If a file does not have a column that the mapping names, or a heading cannot be read.
    """
    ours = {**mapping.columns.get(table, {}), **plan.columns}
    shaped = [_rows(raw, plan, table, mapping, ours, other) for raw in raws]
    if plan.one_row_for:
        shaped = _first_rows(shaped, plan, ours, f"[[{table}.from]] one_row_for")
    return [_columns(raw, plan, table, mapping, ours) for raw in shaped]


def _rows(
    raw: Raw, plan: SourcePlan, table: str, mapping: Mapping, ours: dict[str, str], other: Other
) -> Raw:
    """Select rows, fill blank cells from above, and join values from other rows."""
    where = f"[[{table}.from]]"
    if plan.drop_rows is not None:
        raw = without_dropped(raw, plan.drop_rows, ours)
    if plan.fill_down:
        raw = fill_down(raw, plan.fill_down, ours, f"{where} fill_down")
    every = raw
    if plan.where is not None:
        raw = choose(raw, plan.where.rows(raw, ours))
    for join in plan.join:
        rows = other(join, every) if join.file or join.sheet else every
        if join.where is not None:
            rows = choose(rows, join.where.rows(rows, ours))
        raw = join_rows(raw, rows, join, ours, f"{where} join")
    return raw


def _columns(raw: Raw, plan: SourcePlan, table: str, mapping: Mapping, ours: dict[str, str]) -> Raw:
    """Change grids and lists into rows, and make columns from other columns."""
    where = f"[[{table}.from]]"
    order = plan.date_order or mapping.date_order
    own_before = {fold(name) for name in raw.columns}
    raw, copied = put_copies(raw, {**mapping.copies.get(table, {}), **plan.copies}, ours, table)
    new_columns = set(copied) | {name for join in plan.join for name in join.renamed.values()}
    lines = len(raw.lines)
    if plan.grid is not None:
        raw, names = melt(raw, plan.grid, ours, order)
        new_columns |= names
    if plan.lists is not None:
        raw, names = spread(raw, plan.lists, ours, where)
        new_columns |= names
    if plan.grid is not None or plan.lists is not None:
        raw = replace(raw, made_of=lines)
    raw, names = combine_words(raw, mapping.combine.get(table, {}), ours, table)
    new_columns |= names
    raw, names = read_ticks(raw, mapping.ticked.get(table, {}), ours, table)
    new_columns |= names
    raw = put_constants(raw, plan.constants, ours, where=f"{where} constants")
    raw = put_constants(raw, mapping.constants.get(table, {}), ours)
    new_columns |= {*plan.constants, *mapping.constants.get(table, {})}
    if plan.only:
        kept = {column_name(raw, name, ours, f"{where} only") for name in plan.only}
        kept |= new_columns | {name for name in raw.columns if fold(name) not in own_before}
        columns = {name: coded for name, coded in raw.columns.items() if name in kept}
        if not plan.one_row_for and plan.grid is None:
            gone = [name for name in raw.columns if name not in kept]
            filled = tuple(name for name in gone if not is_blank(raw.columns[name]).all())
            raw = replace(raw, not_read=filled)
        raw = replace(raw, columns=columns)
    own = {name: plan.columns[fold(name)] for name in raw.columns if fold(name) in plan.columns}
    own |= {name: name for name in raw.columns if name in new_columns}
    return replace(raw, own_names=own, date_order=plan.date_order)


def _first_rows(raws: list[Raw], plan: SourcePlan, ours: dict[str, str], where: str) -> list[Raw]:
    """Keep the first row of each combination of values of some columns, over all files."""
    parts = [
        stacked(
            [of_words(raw.columns[column_name(raw, name, ours, where)], str.strip) for raw in raws]
        )
        for name in plan.one_row_for
    ]
    first = np.zeros(sum(len(raw.lines) for raw in raws), dtype=bool)
    first[np.unique(keys(parts), return_index=True)[1]] = True
    ends = np.cumsum([len(raw.lines) for raw in raws])
    return [choose(raw, keep) for raw, keep in zip(raws, np.split(first, ends[:-1]), strict=True)]
