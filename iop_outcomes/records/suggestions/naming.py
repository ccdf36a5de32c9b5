"""What a mapping file may contain: headings and places, but no name or identifier of a person."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath

from iop_outcomes.records.parsing.calendar_names import MONTHS
from iop_outcomes.records.suggestions.recognition.bundles import Bundle, Place
from iop_outcomes.records.suggestions.recognition.fits import IDS
from iop_outcomes.records.suggestions.recognition.language import (
    heading_tokens,
    named_table,
    plain,
    table_words,
)
from iop_outcomes.records.suggestions.recognition.profiles import is_value
from iop_outcomes.records.suggestions.recognition.recognising import Source
from iop_outcomes.records.suggestions.toml import can_be_written

MOST_NAMED = 3  # more files or sheets with one header may be replaced by a pattern
_MOST_SHEETS = 40
_WORD = re.compile(r"[\W_]*([^\W_]+)[\W_]+")  # a whole word, and what is around it
_LETTERS_OR_DIGITS = re.compile(r"[a-z]+|[0-9]+")
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_LAST_FIRST = re.compile(r"[^\W\d_][\w'’.-]+,\s*[^\W\d_][\w'’. -]*")
_TIMES = {
    *(
        "week",
        "wk",
        "kw",
        "month",
        "quarter",
        "q",
        "fy",
        "year",
        "woche",
        "monat",
        "jahr",
        "semana",
    ),
    *("ene", "abr", "ago", "dic", "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio"),
    *("agosto", "septiembre", "octubre", "noviembre", "diciembre"),
    *map(plain, MONTHS),
}
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


def patterns_for_names(bundles: Iterable[Bundle]) -> Callable[[str], str]:
    """Return a function that replaces, in a text, the names that a mapping does not hold.

    They are names of files and sheets that are read by a pattern, since they may be those of
    people.
    """
    patterns: dict[str, str] = {}
    for bundle in bundles:
        sheet = sheets_of(bundle) == ["*"]
        files = files_of(bundle.places)
        for place in bundle.places:
            file = place.file if place.file in files else files[0]
            if sheet:
                patterns[str(place)] = str(Place(file, "*"))
                patterns[f"{place.file}: sheet {place.sheet}"] = f"{file}: sheet *"
            patterns[place.file] = file
    longest_first = sorted(patterns, key=len, reverse=True)
    either = re.compile("|".join(map(re.escape, longest_first)))
    return lambda text: either.sub(lambda name: patterns[name[0]], text) if patterns else text


def _is_plain_name(name: str) -> bool:
    """Return whether all words of the name of a file or sheet are of a time or a table.

    A single letter is one of them beside the word for a table ("Group A"). Any other word may be
    the name of a person.
    """
    stem = plain(_ENDING.sub("", name))
    tokens = [part for token in heading_tokens(stem) for part in _LETTERS_OR_DIGITS.findall(token)]
    of_table = [token in table_words() for token in tokens]
    other_letters = any(letter.isalpha() and not letter.isascii() for letter in stem)
    return (
        bool(tokens)
        and not other_letters
        and all(
            table or token.isdigit() or token in _TIMES or (len(token) == 1 and any(of_table))
            for token, table in zip(tokens, of_table, strict=True)
        )
    )


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
