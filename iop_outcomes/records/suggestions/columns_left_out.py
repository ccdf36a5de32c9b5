"""Columns of a source that need not be read: they hold nothing, or are personal."""

from __future__ import annotations

from collections.abc import Sequence

from iop_outcomes.records.suggestions.naming import may_be_written, personal_headings
from iop_outcomes.records.suggestions.recognition.recognising import Source
from iop_outcomes.records.suggestions.toml import comment, line, quoted
from iop_outcomes.shared.text import format_count


def empty_headings(source: Source) -> list[str]:
    """Return the headings that are proposed for no column and hold nothing in any row.

    The others stay: a reason of discharge may be there next time.
    """
    bundle = source.bundle
    if source.only or bundle.days or not bundle.rows:
        return []
    blank = [name for name, held in bundle.profiles.items() if not held.filled]
    lists = source.lists.statuses if source.lists else {}
    named = {*source.matches, *source.full_name, *bundle.where, *lists}
    return [name for name in dict.fromkeys((*bundle.blank, *blank)) if name not in named]


def columns_left_out(source: Source, people: frozenset[str]) -> list[str]:
    """Return a line that leaves out columns without values, and one (commented) for personal ones.

    Both name the columns that are kept. Neither is written if one of these may not be.
    """
    if source.only or source.bundle.days:
        return []
    empty = empty_headings(source)
    lists = set(source.lists.statuses) if source.lists else set()  # they are not in the rows made
    headings = [name for name in source.bundle.profiles if name not in {*empty, *lists}]
    if not all(may_be_written(name, people) for name in headings):
        return []
    lines = []
    if empty:
        count = format_count(len(empty), "column")
        hold = "holds" if len(empty) == 1 else "hold"
        text = f"{count} {hold} nothing in these rows{_named(empty, people)}"
        lines += comment(f"{text}. What is filled later is told by iop-outcomes check.")
        lines.append(line("only", headings))
    personal = personal_headings(source)
    if not personal or source.lists or source.joins:
        return lines
    kept = [name for name in headings if name not in set(personal)]
    how = "write the line below in place of that above" if empty else "remove the # below"
    named = _named(personal, people).removeprefix(": ")
    lines += comment(f"{named}: not needed, and personal. To leave them out, {how}.")
    return [*lines, line("only", kept, off=True)]


def _named(headings: Sequence[str], people: frozenset[str]) -> str:
    shown = [quoted(name) for name in headings if may_be_written(name, people)]
    return f": {', '.join(shown)}" if shown else ""
