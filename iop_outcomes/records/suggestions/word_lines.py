"""The words of a column as lines of a mapping: a meaning, or a line to fill in."""

from __future__ import annotations

from iop_outcomes.records.suggestions.proposing.words import Word, WordsOfColumn, rows_said
from iop_outcomes.records.suggestions.recognition.fits import declared
from iop_outcomes.records.suggestions.toml import comment, line, quoted

FILL_IN = "..."


def word_lines(found: WordsOfColumn) -> list[str]:
    """Return the section of the words of one column."""
    if not found.words and not found.hidden:
        return []
    lines = [f"[{found.table}.words.{found.column}]"]
    lines += [_word(found, word) for word in found.words]
    if found.hidden:
        words = (
            f"{found.hidden:,} more word{'s are' if found.hidden > 1 else ' is'} not listed here"
        )
        lines += comment(
            f"{words}, since words of few rows may be names; `iop-outcomes check` lists them",
            "# ",
            "#   ",
        )
    return [*lines, ""]


def _word(found: WordsOfColumn, word: Word) -> str:
    rows = rows_said(word.rows)
    note = f"{rows}; {word.note}" if word.note else rows
    if word.ours is None:
        column = declared(found.table, found.column)
        words = ("yes", "no") if column.kind == "flag" else column.words
        return line(quoted(word.theirs), FILL_IN, f"{note}: which of {', '.join(words)}?", off=True)
    if word.ours == "":
        note = f"{note}; missing"
    return line(
        quoted(word.theirs), word.ours, note if word.sure else f"{note}: right?", off=not word.sure
    )
