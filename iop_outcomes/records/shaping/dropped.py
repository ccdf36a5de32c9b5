"""Rows and columns that a mapping leaves out, and the sentences that tell each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from iop_outcomes.records.mapping.condition import Condition
from iop_outcomes.records.shaping.columns import choose
from iop_outcomes.records.sources.coded import Raw
from iop_outcomes.shared.messages import may_be_named
from iop_outcomes.shared.text import format_count, format_more

LEFT_OUT = "left out by drop_rows"  # what each of the sentences says
_MOST_FILES = 6  # files that are named in one sentence
_MOST_LINES = 10  # lines, or ranges of them, that are named in one sentence


def without_dropped(raw: Raw, drop: Condition, ours: Mapping[str, str]) -> Raw:
    """Return a file without the rows that meet a condition.

    Lines with more or fewer cells than the header, as footers have, are left out as well if the
    cells that they have meet it. The others stay with those that are set aside.
    """
    met = drop.cases_met(raw, ours)
    of_odd = [drop.case_of_cells(raw, row.cells, ours) if row.cells else -1 for row in raw.odd]
    rows = np.flatnonzero(met >= 0)
    if not len(rows) and max(of_odd, default=-1) < 0:
        return raw
    dropped = [
        *zip(raw.lines[rows].tolist(), met[rows].tolist(), strict=True),
        *((row.line, case) for row, case in zip(raw.odd, of_odd, strict=True) if case >= 0),
    ]
    odd = tuple(row for row, case in zip(raw.odd, of_odd, strict=True) if case < 0)
    gone = len(raw.odd) - len(odd)
    left = choose(raw, met < 0)
    told = tuple((line, drop.said(case)) for line, case in sorted(dropped))
    return replace(left, odd=odd, left_out=left.left_out + gone, dropped=(*raw.dropped, *told))


def notes_on_dropped(raws: Iterable[Raw]) -> list[str]:
    """Return a sentence for each condition, with the lines of each file left out by it."""
    met: dict[str, list[str]] = {}
    for raw in raws:
        lines: dict[str, list[int]] = {}
        for line, said in raw.dropped:
            lines.setdefault(said, []).append(line)
        for said, numbers in lines.items():
            met.setdefault(said, []).append(f"{_place(raw)}, {_lines(numbers)}")
    return [f"{_files(files)}: {LEFT_OUT} ({said})" for said, files in met.items()]


def notes_on_columns(table: str, raws: Iterable[Raw]) -> list[str]:
    """Return a sentence for each file with columns that hold something and `only` leaves out."""
    notes = []
    for raw in raws:
        if raw.not_read:
            one = len(raw.not_read) == 1
            named = [name for name in raw.not_read if may_be_named(name)][:_MOST_FILES]
            others = len(raw.not_read) - len(named)
            more = f": {', '.join(named)}" if named else ""
            more += f" {format_more(others, 'column')}" if named and others else ""
            notes.append(
                f"{raw.file}: {format_count(len(raw.not_read), 'column')} that "
                f"hold{'s' if one else ''} something in rows of {table} "
                f"{'is' if one else 'are'} left out by only{more}"
            )
    return notes


def _place(raw: Raw) -> str:
    """Return the file, with its sheet: lines are counted in each sheet."""
    return raw.file if not raw.sheet or ": sheet " in raw.file else f"{raw.file}: sheet {raw.sheet}"


def _files(texts: Sequence[str]) -> str:
    more = len(texts) - _MOST_FILES
    noun = "sheet" if ": sheet " in texts[0] else "file"
    shown = [*texts[:_MOST_FILES], *([format_more(more, noun)] if more > 0 else [])]
    return "; ".join(shown)


def _lines(numbers: Sequence[int]) -> str:
    """Return the numbers of lines as text: line 4, lines 4 to 6, lines 4, 6, 9."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    shown = ranges[:_MOST_LINES]
    texts = [str(first) if first == last else f"{first} to {last}" for first, last in shown]
    more = len(numbers) - sum(last - first + 1 for first, last in shown)
    text = ", ".join(texts) + (f" and {more:,} more" if more else "")
    return f"line{'' if len(numbers) == 1 else 's'} {text}"
