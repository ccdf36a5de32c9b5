"""What a mapping has to say yet: words that no vocabulary knows, and rows without an episode.

Both are read from the list of problems, so that they hold for any kind of source.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from iop_outcomes.records.schema import TABLES

MOST_WORDS = 25  # unknown words of a column; more are no vocabulary, and may be names
_NO_WORD = re.compile(r"[\d,;@]")  # an identifier, a name written "Last, First", an address
_LONGEST = 60
_NOT_BARE = re.compile(r'["\\\x00-\x1f\x7f]')


def unknown_words(problems: pd.DataFrame) -> pd.DataFrame:
    """Return the words that neither the vocabulary nor the mapping knows, most frequent first.

    Parameters
    ----------
    problems : pandas.DataFrame
        ``records.problems``.

    Returns
    -------
    pandas.DataFrame
        One row a table, column and word: ``table, column, word`` (str), ``rows`` (int64).
    """
    met = problems[problems["check"] == "unknown_word"]
    counts = (
        met.groupby(["table", "column", "value"], sort=False).size().rename("rows").reset_index()
    )
    counts = counts.rename(columns={"value": "word"})
    return counts.sort_values(
        ["table", "column", "rows", "word"], ascending=[True, True, False, True], ignore_index=True
    )


def unmatched_rows(problems: pd.DataFrame, sources: pd.DataFrame) -> pd.DataFrame:
    """Return for each file how many of its rows belong to no episode that was read.

    Parameters
    ----------
    problems, sources : pandas.DataFrame
        ``records.problems`` and ``records.sources``.

    Returns
    -------
    pandas.DataFrame
        One row a file of attendance or check-ins with such rows: ``table, file`` (str),
        ``rows_unmatched, rows_read`` (int64), ``share`` (float64, 0 to 1), ``ids_unmatched``
        (int64, different identifiers).
    """
    met = problems[problems["check"] == "unknown_episode"]
    grouped = met.groupby(["table", "file"], sort=False)["value"]
    counts = pd.DataFrame({"rows_unmatched": grouped.size(), "ids_unmatched": grouped.nunique()})
    read = sources.groupby(["table", "file"], sort=False)["rows_read"].sum()
    table = counts.join(read).reset_index()
    table["share"] = table["rows_unmatched"] / table["rows_read"].where(table["rows_read"] > 0)
    names = ["table", "file", "rows_unmatched", "rows_read", "share", "ids_unmatched"]
    return table[names].astype({"rows_unmatched": np.int64, "ids_unmatched": np.int64})


def lines_to_paste(words: pd.DataFrame) -> list[str]:
    """Write unknown words as lines of a mapping, each with its count and a ``"?"`` to replace.

    A ``"?"`` is refused when the mapping is read, so that no word gets a meaning by default.

    Only what looks like a word is written: no digit, comma or address in it, and not more than 25
    in a column; the rest is counted, since it may be the name or the identifier of a person.

    Parameters
    ----------
    words : pandas.DataFrame
        As `unknown_words` returns them.

    Returns
    -------
    list of str
        The lines; empty if no word is unknown.
    """
    lines: list[str] = []
    for (table, column), part in words.groupby(["table", "column"], sort=False):
        declared = TABLES[str(table)].column(str(column))
        allowed = () if declared is None else declared.words or ("yes", "no")
        named = part["word"].map(_is_word)
        if len(part) > MOST_WORDS:
            named &= False
        if lines:
            lines.append("")
        if named.any():
            lines.append(
                f'[{table}.words.{column}]  # one of: {", ".join(allowed)}; or "" (missing)'
            )
            shown = part[named]
            lines += [
                f'"{word}" = "?"  # {rows:,} row{"" if rows == 1 else "s"}'
                for word, rows in zip(shown["word"], shown["rows"], strict=True)
            ]
        rest = part[~named]
        if len(rest):
            what = "texts that may be names or identifiers" if len(part) <= MOST_WORDS else "texts"
            lines.append(
                f"# {table}.{column}: {len(rest):,} {'further ' if named.any() else ''}{what}, in "
                f"{rest['rows'].sum():,} rows, are in the list of problems (--problems FILE.csv)"
            )
    return lines


def _is_word(text: str) -> bool:
    return (
        bool(text.strip())
        and len(text) <= _LONGEST
        and not _NO_WORD.search(text)
        and not _NOT_BARE.search(text)
    )
