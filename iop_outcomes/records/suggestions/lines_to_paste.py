"""Unknown words as lines of a mapping, to be filled in by somebody who knows the export."""

from __future__ import annotations

import re

import pandas as pd

from iop_outcomes.records.schema import TABLES
from iop_outcomes.records.suggestions.proposing.words import FEW, format_rows
from iop_outcomes.records.suggestions.recognition.language import is_plain_language, meaning
from iop_outcomes.shared.text import format_count

MOST_WORDS = 25  # more unknown words of a column are not a vocabulary, and may be names
_NO_WORD = re.compile(r"[\d,;@]")  # an identifier, a name written "Last, First", an address
_LONGEST = 60
_CODE = re.compile(r"\d{1,2}")  # an answer of a form: 0, 1, 97
_MOST_CODES = 12  # more numbers of a column may be those of people
_NOT_BARE = re.compile(r'["\\\x00-\x1f\x7f]')


def lines_to_paste(words: pd.DataFrame) -> list[str]:
    """Return unknown words as lines of a mapping, each with its count and a ``"?"`` to replace.

    A count below 11 is not disclosed. A ``"?"`` is refused when the mapping is read, so that no
    word gets a meaning by default.

    A word is written if it has no digit, comma or address in it, and consists of words in the
    synonyms or is in 11 rows or more. Up to 12 numbers of one or two digits are the codes of
    answers, and are written too. If a column has more than 25 unknown words, none is written.
    Other words are only counted, because they may be names or identifiers of people.

    Parameters
    ----------
    words : pandas.DataFrame
        The result of `unknown_words`.

    Returns
    -------
    list of str
        The lines; empty if no word is unknown.
    """
    lines: list[str] = []
    for (table, column), part in words.groupby(["table", "column"], sort=False):
        declared = TABLES[str(table)].column(str(column))
        allowed = () if declared is None else declared.words or ("yes", "no")
        named = part["word"].map(_is_word) & (
            part["word"].map(is_plain_language) | (part["rows"] >= FEW)
        )
        codes = part["word"].map(_CODE.fullmatch).notna()
        if codes.sum() <= _MOST_CODES:
            named |= codes
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
                f'"{word}" = "?"  # {format_rows(rows)}' + _perhaps(str(table), str(column), word)
                for word, rows in zip(shown["word"], shown["rows"], strict=True)
            ]
        rest = part[~named]
        if len(rest):
            one = len(rest) == 1
            texts = format_count(len(rest), "further text" if named.any() else "text")
            if len(part) <= MOST_WORDS:
                person = "a name or an identifier" if one else "names or identifiers"
                texts += f" that may be {person}"
            lines.append(
                f"# {table}.{column}: {texts}, in {format_count(rest['rows'].sum(), 'row')}, "
                f"{'is' if one else 'are'} in the list of problems (--problems FILE.csv)"
            )
    return lines


def _is_word(text: str) -> bool:
    return (
        bool(text.strip())
        and len(text) <= _LONGEST
        and not _NO_WORD.search(text)
        and not _NOT_BARE.search(text)
    )


def _perhaps(table: str, column: str, word: str) -> str:
    sense = meaning(table, column, word)
    return f"; perhaps {sense.ours}" if sense is not None and sense.ours else ""
