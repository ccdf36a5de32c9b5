"""What a mapping file may contain: headings and places, but no name or identifier of a person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from iop_outcomes.records.suggestions.recognition.bundles import Bundle, Place
from iop_outcomes.records.suggestions.recognition.fits import IDS
from iop_outcomes.records.suggestions.recognition.language import heading_tokens, named_table, plain
from iop_outcomes.records.suggestions.recognition.profiles import is_value
from iop_outcomes.records.suggestions.recognition.recognising import Source
from iop_outcomes.records.suggestions.toml import can_be_written

MOST_NAMED = 3  # more files or sheets with one header may be replaced by a pattern
_MOST_SHEETS = 40
_WORD = re.compile(r"[\W_]*([^\W_]+)[\W_]+")  # a whole word, and what is around it
_LAST_FIRST = re.compile(r"[^\W\d_][\w'’.-]+,\s*[^\W\d_][\w'’. -]*")
_MONTHS = re.compile(
    r"jan|feb|mar|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez|ene|abr|ago|dic|\bq[1-4]\b|"
    r"\bweek\b|\bkw\b|\d{4}|\bfy\d\d",
    re.IGNORECASE,
)
_LONGEST_HEADING = 200
_PERSONAL = {
    *("phone", "birth", "dob", "birthdate", "address", "email", "ssn", "street", "telefon"),
    *(
        "geburtsdatum",
        "nombre",
        "apellido",
        "apellidos",
        "telefono",
        "vorname",
        "nachname",
        "surname",
    ),
}


def people_of(sources: Iterable[Source]) -> frozenset[str]:
    """Return the identifiers and names of people in the sources, in the form for comparison."""
    people: set[str] = set()
    for source in sources:
        for name, held in source.bundle.profiles.items():
            matched = source.matches.get(name)
            is_id = name in source.full_name or (matched is not None and matched.column in IDS)
            if is_id or (held.names >= 0.6 and held.distinct > 20):
                people.update(plain(text) for text in held.texts)
        if source.lists:
            people.update(plain(text) for text in source.lists.people.texts)
    return frozenset(people)


def may_be_written(heading: str, people: frozenset[str]) -> bool:
    """Return whether a heading may be in the mapping: it is neither a value nor a person."""
    return (
        len(heading) <= _LONGEST_HEADING
        and can_be_written(heading)
        and not is_value(heading)
        and plain(heading) not in people
        and _LAST_FIRST.fullmatch(heading.strip()) is None
    )


def files_of(places: Sequence[Place], others: Iterable[str] = ()) -> list[str]:
    """Return the files of a bundle, or patterns where their names may be people's.

    Parameters
    ----------
    places : sequence of Place
        The files and sheets of the bundle.
    others : iterable of str
        The names of other files of the export, which a pattern must not fit.
    """
    names = list(dict.fromkeys(place.file for place in places))
    if len(names) <= MOST_NAMED or (all(map(_is_plain_name, names)) and len(names) <= _MOST_SHEETS):
        return names
    return _patterns(names, {*others} - {*names})


def _patterns(names: Sequence[str], others: set[str]) -> list[str]:
    """Return patterns that fit all names, and none of the others if there are such patterns.

    They hold the words for a table with which all names begin, and the ending. Of others that fit
    too, a pattern names the letters that stand at one place: ``[!e]*.csv`` does not fit
    ``episodes.csv``.
    """
    start, endings = _table_words(names), {PurePath(name).suffix for name in names}
    end = _escaped(endings.pop()) if len(endings) == 1 else ""
    whole = f"{_escaped(start)}*{end}"
    fitting = [name for name in others if PurePath(name).match(whole)]
    if not fitting:
        return [whole]
    patterns: list[str] = []
    left = list(names)
    for place in range(max(map(len, fitting)) - len(start)):
        letters = {name[len(start) + place :][:1] for name in fitting}
        pattern = f"{_escaped(start)}{'?' * place}[!{''.join(sorted(letters))}]*{end}"
        if not all(map(str.isalnum, letters)) or any(PurePath(o).match(pattern) for o in fitting):
            continue
        further = [name for name in left if not PurePath(name).match(pattern)]
        if len(further) < len(left):
            patterns, left = [*patterns, pattern], further
        if not left:
            return patterns
    return [whole]


def _table_words(names: Sequence[str]) -> str:
    """Return the words for a table with which all names begin, and what is between them."""
    start, end = _common(names), 0
    while (word := _WORD.match(start, end)) and max(named_table(word[1]).values()) > 0:
        end = word.end()
    return start[:end]


def _common(names: Sequence[str]) -> str:
    """Return the characters with which all names begin."""
    size = 0
    for letters in zip(*names, strict=False):
        if len(set(letters)) > 1:
            break
        size += 1
    return names[0][:size]


def sheets_of(bundle: Bundle) -> list[str]:
    """Return the names of sheets of a bundle, or ``*`` if they may be names of people."""
    names = [place.sheet for place in bundle.places if place.sheet]
    if not names:
        return []
    if len(names) <= MOST_NAMED or (all(map(_is_plain_name, names)) and len(names) <= _MOST_SHEETS):
        return names
    return ["*"]


def _is_plain_name(name: str) -> bool:
    """Return whether the name of a file or sheet has a month, a year, a week or a table in it."""
    return bool(_MONTHS.search(name)) or max(named_table(name).values()) > 0


def _escaped(text: str) -> str:
    return re.sub(r"([\[*?])", r"[\1]", text)


def personal_headings(source: Source) -> list[str]:
    """Return the headings of columns with personal data that are proposed for no column."""
    return [
        name
        for name, held in source.bundle.profiles.items()
        if name not in source.matches
        and name not in source.full_name
        and name not in source.bundle.where
        and ((held.names >= 0.6 and held.distinct > 20) or _is_personal(name))
    ]


def _is_personal(heading: str) -> bool:
    tokens = heading_tokens(heading)
    names = "name" in tokens and bool(
        {"first", "last", "middle", "full", "client", "your"} & {*tokens}
    )
    return names or bool(_PERSONAL & {*tokens}) or tokens == ("name",)
