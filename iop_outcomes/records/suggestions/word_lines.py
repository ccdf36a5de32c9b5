"""The words of a column as lines of a mapping: with a meaning, or to be filled in."""

from __future__ import annotations

from iop_outcomes.records.suggestions.proposing.words import Word, WordsOfColumn, format_rows
from iop_outcomes.records.suggestions.recognition.fits import declared
from iop_outcomes.records.suggestions.toml import comment, line, quoted

FILL_IN = "..."


def word_lines(words_of_column: WordsOfColumn) -> list[str]:
    """Return the lines of the section with the words of one column."""
    if not words_of_column.words and not words_of_column.hidden:
        return []
    lines = [f"[{words_of_column.table}.words.{words_of_column.column}]"]
    lines += [_word(words_of_column, word) for word in words_of_column.words]
    if words_of_column.hidden:
        are = "words are" if words_of_column.hidden > 1 else "word is"
        words = f"{words_of_column.hidden:,} more {are} not listed here"
        lines += comment(
            f"{words}, since words of few rows may be names; `iop-outcomes check` lists them",
            "# ",
            "#   ",
        )
    return [*lines, ""]


def _word(words_of_column: WordsOfColumn, word: Word) -> str:
    rows = format_rows(word.rows)
    note = f"{rows}; {word.note}" if word.note else rows
    if word.ours is None:
        column = declared(words_of_column.table, words_of_column.column)
        words = ("yes", "no") if column.kind == "flag" else column.words
        return line(quoted(word.theirs), FILL_IN, f"{note}: which of {', '.join(words)}?", off=True)
    if word.ours == "":
        note = f"{note}; missing"
    return line(
        quoted(word.theirs), word.ours, note if word.sure else f"{note}: right?", off=not word.sure
    )
