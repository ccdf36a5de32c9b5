"""Recognition of the texts of totals, legends, footers and page lines."""

from __future__ import annotations

import re
from functools import lru_cache

from iop_outcomes.records.suggestions.recognition.language import (
    is_plain_language,
    plain,
    word_lists,
)

_SIGNS = re.compile(r"[\s*=_#~.\u2013\u2014-]*")  # what a footer has around its words: *** End ***
_COUNTED = (
    "records?|rows?|row\\(s\\)|entries|results|items|lines|clients?|patients?|sessions?|"
    "appointments?|encounters?|episodes?|admissions?|datens\u00e4tze|zeilen|registros|filas|"
    "enregistrements|lignes"
)
FORMS = (  # as they are written into the mapping: regular expressions without regard to case
    rf"(?i)^\W*\d[\d,.]*\s+(?:{_COUNTED})(?!\w)",
    r"(?i)\b(?:page|seite|p\u00e1gina|pagina)\s+\d+\s*(?:of|von|de|sur|/)\s*\d+",
)
_NO_WORD = re.compile(r"[\d:;,(]")


def starts_like_a_total(text: str) -> str:
    """Return the word for a total, legend or footer at the start of a cell; empty if none.

    Signs before it are part of what is returned: "*** End of".
    """
    bare = text.lstrip()
    signs = _SIGNS.match(bare)
    before = signs.end() if signs else 0
    folded = plain(bare[before:])
    for start in _starts():
        if folded.startswith(start) and not folded[len(start) :][:1].isalnum():
            return bare[: before + _letters(bare[before:], start)]
    return ""


def form_of_a_footer(text: str) -> str:
    """Return the regular expression of a footer, such as of page lines; empty if it is none."""
    return next((form for form in FORMS if re.search(form, text)), "")


def longer_start(text: str) -> str:
    """Return the words up to the first number or sign; empty if they may be a person's."""
    start = _NO_WORD.split(text.strip(), maxsplit=1)[0].strip()
    return start if is_plain_language(start) else ""


def is_a_footer(text: str) -> bool:
    """Return whether a text is that of a total, legend, footer or page line."""
    return bool(starts_like_a_total(text) or form_of_a_footer(text))


@lru_cache(maxsize=1)
def _starts() -> tuple[str, ...]:
    return tuple(sorted(word_lists()["rows_to_drop"]["starts"], key=len, reverse=True))


def _letters(text: str, start: str) -> int:
    """Return how many letters of a text are those of a start, which is written without umlauts."""
    for end in range(1, len(text) + 1):
        if len(plain(text[:end])) >= len(start):
            return end
    return len(text)
