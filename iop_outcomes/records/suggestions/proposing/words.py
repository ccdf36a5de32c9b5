"""The words of each column that has a vocabulary, with their counts and proposed meanings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from iop_outcomes.records.mapping import fold
from iop_outcomes.records.suggestions.recognition.event_table import shared_meaning
from iop_outcomes.records.suggestions.recognition.fits import declared
from iop_outcomes.records.suggestions.recognition.language import (
    Meaning,
    is_plain_language,
    meaning,
    means_missing,
    phrase,
)
from iop_outcomes.records.suggestions.recognition.profiles import HANDFUL, Profile, is_value
from iop_outcomes.records.suggestions.recognition.recognising import Source

FEW = 11  # rows that an unknown word needs to be written: it is then not a person
LONGEST_WORD = 80
LONGEST_CODE = 3
_SURE = 0.5  # score that a meaning needs to be written without a comment sign
_YES_NO = {"1": "yes", "0": "no", "1.0": "yes", "0.0": "no"}
_TEDS_REASONS = {  # the categories of the discharge data set TEDS-D, by their codes
    "1": "completed",
    "2": "dropped_out",
    "3": "terminated",
    "4": "transferred",
    "5": "incarcerated",
    "6": "died",
    "7": "other",
}
_CANCELLED = {"canceled", "cancelled", "cancel", "cancellation", "cxl", "canx", "abgesagt"}
_CANCELLED |= {"cancelado", "cancelada", "annule", "annulee"}
_FORM_STATUS = {"2": "completed", "0": "missed"}  # REDCap: complete, incomplete (and 1, unverified)


@dataclass(frozen=True)
class Word:
    """A word of the export, the number of rows with it, and its proposed meaning.

    `ours` is None if the word was not recognised, and ``""`` if it means missing. A word that is
    not `sure` is written as a comment.
    """

    theirs: str
    rows: int
    ours: str | None
    sure: bool = True
    note: str = ""


@dataclass(frozen=True)
class WordsOfColumn:
    """The words of one column, in all sources of its table.

    Attributes
    ----------
    table, column : str
        The table and column.
    words : tuple of Word
        The most frequent first.
    hidden, hidden_rows : int
        The numbers of words that are not listed because they could be names or free text, and of
        their rows.
    """

    table: str
    column: str
    words: tuple[Word, ...]
    hidden: int = 0
    hidden_rows: int = 0

    @property
    def unknown(self) -> int:
        """The number of words without a proposed meaning, or with an unsure one."""
        named = [word for word in self.words if word.theirs]
        return sum(word.ours is None or not word.sure for word in named) + self.hidden


Codes = Mapping[str, Mapping[str, str]]
"""For a heading (folded), or ``""`` for any: from words to their meanings in a legend."""


def words_of(sources: Sequence[Source], table: str, legends: Codes) -> list[WordsOfColumn]:
    """Return the words of each column of a table with a vocabulary, or with yes and no."""
    held: dict[str, dict[str, int]] = {}
    headings: dict[str, list[str]] = {}
    blank: dict[str, int] = {}
    for source in sources:
        if source.table != table:
            continue
        for column, heading, profile in _with_words(source):
            counts = held.setdefault(column, {})
            headings.setdefault(column, []).append(heading)
            for text, count in zip(profile.texts, profile.counts.tolist(), strict=True):
                counts[text] = counts.get(text, 0) + count
            if (
                column == "status" and heading and not source.copies
            ):  # a blank cell of a grid is not a row
                blank[column] = blank.get(column, 0) + profile.rows - profile.filled
    shared = any(source.copies for source in sources if source.table == table)
    return [
        _with_blank(
            _words(table, column, counts, headings[column], legends, shared=shared),
            blank.get(column, 0),
        )
        for column, counts in held.items()
    ]


def _with_blank(words_of_column: WordsOfColumn, rows: int) -> WordsOfColumn:
    """Return the words with an entry for blank cells, whose rows would be set aside."""
    if not rows or not words_of_column.words:
        return words_of_column
    ours = "unrecorded" if words_of_column.table == "attendance" else None
    word = Word("", rows, ours, sure=False, note="an empty cell, set aside without this line")
    return replace(words_of_column, words=(*words_of_column.words, word))


def _with_words(source: Source) -> Iterable[tuple[str, str, Profile]]:
    for heading, matched in source.matches.items():
        if matched.column in ("episode_id", "person_id"):
            continue
        if declared(source.table, matched.column).kind in ("word", "flag"):
            yield matched.column, heading, source.bundle.profiles[heading]
        elif declared(source.table, matched.column).kind == "date":
            yield matched.column, heading, _no_dates(source.bundle.profiles[heading])
        for column in source.copies.get(heading, ()):
            yield column, heading, source.bundle.profiles[heading]
    for column, held in source.joined.items():
        if declared(source.table, column).kind in ("word", "flag"):
            yield column, "", held
    if source.bundle.days and source.bundle.marks is not None and not source.only:
        yield "status", "", source.bundle.marks


def _no_dates(held: Profile) -> Profile:
    """Return the texts in a column of dates that mean that there is no date: still here."""
    kept = [place for place, text in enumerate(held.texts) if means_missing(text, "date")]
    return Profile(held.heading, [held.texts[k] for k in kept], held.counts[kept], held.rows)


def _words(
    table: str,
    column: str,
    counts: Mapping[str, int],
    headings: Sequence[str],
    legends: Codes,
    *,
    shared: bool,
) -> WordsOfColumn:
    listed = _distinct(counts)
    handful = len(listed) <= HANDFUL
    words: list[Word] = []
    hidden = hidden_rows = 0
    reasons = (table, column) == ("attendance", "status") and _tells_reasons(listed)
    by_program = any(_is_by_program(table, column, text) for text in listed)
    for text, rows in sorted(listed.items(), key=lambda pair: (-pair[1], pair[0])):
        sense, note = _meaning(table, column, text, headings, legends, shared=shared)
        if reasons and sense is not None and meaning("episodes", "discharge_reason", text):
            sense, note = None, "or the reason of a discharge, of which other words here are"
        known = sense is not None and _is_code(text, headings, legends)
        if not known and not _may_be_listed(text, rows, handful):
            hidden, hidden_rows = hidden + 1, hidden_rows + rows
            continue
        ours = None if sense is None else sense.ours
        if ours == "client_cancel" and not by_program and cancelled_by_nobody(text):
            note = "by the client, or by the program as well?"
        words.append(Word(text, rows, ours, sense is None or sense.score >= _SURE, note))
    return WordsOfColumn(table, column, tuple(words), hidden, hidden_rows)


def _is_by_program(table: str, column: str, text: str) -> bool:
    sense = meaning(table, column, text)
    return sense is not None and sense.ours == "program_cancel"


def _tells_reasons(texts: Iterable[str]) -> bool:
    """Return whether some words of a status are reasons of discharge only: rows of two kinds."""
    only = (text for text in texts if meaning("attendance", "status", text) is None)
    reasons = (meaning("episodes", "discharge_reason", text) for text in only)
    return any(
        meaning_of_reason is not None and meaning_of_reason.ours not in ("", "other")
        for meaning_of_reason in reasons
    )


def format_rows(rows: int) -> str:
    """Return a number of rows as text for the proposal and `check`; small numbers are hidden."""
    return f"{rows:,} rows" if rows >= FEW else f"fewer than {FEW} rows"


def cancelled_by_nobody(text: str) -> bool:
    """Return whether a status means that a session was cancelled, without saying by whom."""
    return len(phrase(text)) == 1 and phrase(text)[0] in _CANCELLED


def _distinct(counts: Mapping[str, int]) -> dict[str, int]:
    """Return words that differ for the mapping, in the writing of most rows, with their counts."""
    written: dict[str, str] = {}
    totals: dict[str, int] = {}
    for text, rows in sorted(counts.items(), key=lambda pair: -pair[1]):
        key = fold(text) or text
        written.setdefault(key, text)
        totals[key] = totals.get(key, 0) + rows
    return {written[key]: rows for key, rows in totals.items()}


def _is_code(text: str, headings: Sequence[str], legends: Codes) -> bool:
    """Return whether a word that is understood is a code or a sign, and so no name."""
    code = _code(text)
    in_legend = any(code in legends.get(key, {}) for key in (*map(fold, headings), ""))
    return in_legend or len(text.strip()) <= LONGEST_CODE or means_missing(text)


def _may_be_listed(text: str, rows: int, handful: bool) -> bool:
    """Return whether a word may be written: it is no name, date or free text.

    A word that is understood by a part of it, such as "Present (with ...)", may hold a name, too.
    """
    if re.fullmatch(r"-?\d{1,2}(?:\.0)?", text):
        return handful
    if is_plain_language(text) and len(text) <= LONGEST_WORD:
        return True
    short = len(text) <= 50 and len(text.split()) <= 7
    return handful and rows >= FEW and short and not is_value(text)


def _meaning(
    table: str,
    column: str,
    text: str,
    headings: Sequence[str],
    legends: Codes,
    *,
    shared: bool = False,
) -> tuple[Meaning | None, str]:
    kind = declared(table, column).kind
    if kind == "date":
        return Meaning("", 0.9), "no date"
    for key in (*(fold(heading) for heading in headings), ""):
        label = legends.get(key, {}).get(_code(text), "")
        if label:
            sense = meaning(table, column, label)
            return sense, "as the legend says" if sense else "in the legend, and not understood"
    code = _code(text)
    if kind == "flag" and code in _YES_NO:
        return Meaning(_YES_NO[code], 0.9), ""
    if column == "discharge_reason" and code in _TEDS_REASONS:
        return Meaning(_TEDS_REASONS[code], 0.3), "if the codes are those of TEDS"
    of_a_form = any(fold(heading).endswith("_complete") for heading in headings)
    if table == "checkins" and column == "status" and of_a_form and code in ("0", "1", "2"):
        if code in _FORM_STATUS:
            return Meaning(_FORM_STATUS[code], 0.6), "a form's status in REDCap"
        return None, "unverified, in REDCap"
    sense = meaning(table, column, text)
    if sense is None and shared and (ours := shared_meaning(column, text)) is not None:
        return Meaning(ours, _SURE), "by what it says of use" if ours else "no answer"
    if sense is not None and not sense.ours and declared(table, column).required:
        return None, "a row needs a word"  # a row without one would be set aside
    return sense, ""


def _code(text: str) -> str:
    bare = " ".join(phrase(text)) or text.strip()
    return re.sub(r"(?<=\d)(?:\.0| 0)$", "", bare)
