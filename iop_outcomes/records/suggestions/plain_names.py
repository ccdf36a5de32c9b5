"""Whether the name of a file or sheet can be of no person, so that a proposal may hold it."""

from __future__ import annotations

import re

from iop_outcomes.records.parsing.calendar_names import MONTHS
from iop_outcomes.records.suggestions.recognition.language import (
    heading_tokens,
    plain,
    table_words,
)

_LETTERS_OR_DIGITS = re.compile(r"[a-z_]+|[0-9]+")
_ENDINGS = re.compile(
    r"(\.(csv|tsv|tab|txt|jsonl?|ndjson|parquet|pq|feather|xls[xmb]?|ods|sas7bdat|sav|dta|xml|html?"
    r"|pdf|docx?|rtf|md|toml|zip|gz|bz2|xz|zst))+$",
    re.IGNORECASE,
)
_DAY_OR_YEAR = re.compile(r"\d{1,2}|20\d\d((0[1-9]|1[0-2])([0-2]\d|3[01])?)?")
_TIMES = {
    *("week", "wk", "kw", "month", "quarter", "q", "fy", "year", "woche", "monat", "jahr"),
    *("ene", "abr", "ago", "dic", "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio"),
    *("agosto", "septiembre", "octubre", "noviembre", "diciembre", "semana"),
    *map(plain, MONTHS),
}
# Words of exports that are no names. Left out on purpose: Page, Case, Key, Day, Mark, Alta.
_OF_EXPORTS = frozenset(
    token
    for word in (
        *("report", "export", "extract", "data", "dataset", "table", "sheet", "grid", "form"),
        *("event", "record", "file", "list", "all", "total", "summary", "status", "intake"),
        *("checkin", "program", "iop", "treatment", "therapy", "patient", "outpatient", "client"),
        *("copy", "new", "old", "final", "version", "v", "part", "excel", "csv", "download"),
        *("query", "result", "daily", "monthly", "quarterly", "annual", "individual", "family"),
        *("assessment", "score", "gad", "relapse", "referral", "calendar", "schedule", "type"),
        *("current", "active", "closed", "raw", "import", "backup", "legend", "codebook"),
        *("dictionary", "template", "register", "presence", "absence", "show", "no", "date"),
        *("bericht", "daten", "tabelle", "blatt", "liste", "alle", "gesamt", "aufnahme"),
        *("entlassung", "patienten", "klienten", "informe", "datos", "tabla", "hoja", "lista"),
        *("todos", "ingreso", "paciente", "cliente", "grupo", "rapport", "donnees", "liste"),
        *("and", "und", "y", "et", "of", "by", "for", "de", "the", "with"),
    )
    for token in heading_tokens(word)
)


def is_plain_name(name: str) -> bool:
    """Return whether all words of the name of a file or sheet are of a time, a table or an export.

    A single letter is one of them beside the word for a table ("Group A"). Any other word may be
    the name of a person, and any longer number that is no date the identifier of one.

    Examples
    --------
    >>> [is_plain_name(name) for name in ("visits_2026Q3.csv", "visits_Lee.csv", "4711.csv")]
    [True, False, False]
    """
    stem = "/".join(_ENDINGS.sub("", part) for part in name.split("/"))
    other_letters = any(letter.isalpha() and not letter.isascii() for letter in plain(stem))
    tokens = [part for token in heading_tokens(stem) for part in _LETTERS_OR_DIGITS.findall(token)]
    of_table = [token in table_words() for token in tokens]
    return (
        bool(tokens)
        and not other_letters
        and all(
            table or is_plain_word(token) or (len(token) == 1 and any(of_table))
            for token, table in zip(tokens, of_table, strict=True)
        )
    )


def is_plain_word(token: str) -> bool:
    """Return whether a word is of a time, a table or an export."""
    if token.isdigit():
        return _DAY_OR_YEAR.fullmatch(token) is not None
    return token in _TIMES or token in _OF_EXPORTS or token in table_words()
