"""What a mapping file may contain: headings and places, but no name or identifier of a person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePath

from iop_outcomes.records.sources.opening import shown
from iop_outcomes.records.suggestions.plain_names import is_plain_name
from iop_outcomes.records.suggestions.recognition.bundles import Bundle, Place
from iop_outcomes.records.suggestions.recognition.fits import IDS
from iop_outcomes.records.suggestions.recognition.language import heading_tokens, plain
from iop_outcomes.records.suggestions.recognition.profiles import is_value
from iop_outcomes.records.suggestions.recognition.recognising import Source
from iop_outcomes.records.suggestions.toml import can_be_written

_MOST_NAMED = 40  # more files or sheets with one header are replaced by a pattern
_WORD = re.compile(r"[\W_]*([^\W_]+)[\W_]+")  # a whole word, and what is around it
_LAST_FIRST = re.compile(r"[^\W\d_][\w'’.-]+,\s*[^\W\d_][\w'’. -]*")
_LINE = re.compile(r"(?:, line [\d,]+)?$")
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
    """Return the files of a bundle, or patterns where any of their names may be a person's.

    Parameters
    ----------
    places : sequence of Place
        The files and sheets of the bundle.
    others : iterable of str
        The names of other files of the export, which a pattern must not fit.
    """
    return _named([place.file for place in places], others)


def sheets_of(bundle: Bundle, others: Iterable[str] = ()) -> list[str]:
    """Return the sheets of a bundle, or patterns where any of their names may be a person's.

    `others` are the names of other sheets of its files, which a pattern must not fit.
    """
    sheets = [place.sheet.strip() for place in bundle.places if place.sheet]
    if not sheets or _are_written(sheets):
        return list(dict.fromkeys(sheets))
    # Patterns of sheets fit small letters and capitals alike.
    return _named(
        [name.casefold() for name in sheets], (name.strip().casefold() for name in others)
    )


def _named(names: Iterable[str], others: Iterable[str]) -> list[str]:
    kept = list(dict.fromkeys(names))
    return kept if _are_written(kept) else _patterns(kept, {*others} - {*kept})


def _are_written(names: Sequence[str]) -> bool:
    return len(names) <= _MOST_NAMED and all(map(is_plain_name, names))


def _patterns(names: Sequence[str], others: set[str]) -> list[str]:
    """Return patterns that fit all names, and none of the others if there are such patterns.

    They hold the plain words with which all names begin, and the ending. Of others that fit too, a
    pattern names the letters that stand at one place: ``[!e]*.csv`` does not fit ``episodes.csv``.
    Where that is not enough it holds the number of letters: ``???.csv``.
    """
    start, endings = _plain_words(names), {PurePath(name).suffix for name in names}
    ending = endings.pop() if len(endings) == 1 else ""
    end = ending if _is_ending(ending) else ""
    whole = f"{_escaped(start)}*{end}"
    fitting = [name for name in others if PurePath(name).match(whole)]
    if not fitting:
        return [whole]
    patterns: list[str] = []
    left = list(names)
    for pattern in _candidates(start, end, names, fitting):
        if any(PurePath(name).match(pattern) for name in fitting):
            continue
        further = [name for name in left if not PurePath(name).match(pattern)]
        if len(further) < len(left):
            patterns, left = [*patterns, pattern], further
        if not left:
            return patterns
    return [whole]


def _candidates(
    start: str, end: str, names: Sequence[str], fitting: Sequence[str]
) -> Iterator[str]:
    """Return patterns that may fit some of the names and none of the others, the shortest first."""
    begin, first = _escaped(start), len(start)

    def others_at(place: int, among: Sequence[str]) -> str:
        """Return the class of letters that none of the names has at a place, if there is one."""
        letters = {name[first + place :][:1] for name in among}
        return f"[!{''.join(sorted(letters))}]" if all(map(str.isalnum, letters)) else ""

    for place in range(max(map(len, fitting)) - first):
        if letter := others_at(place, fitting):
            yield f"{begin}{'?' * place}{letter}*{end}"
    for size in sorted({len(name) - first - len(end) for name in names}):
        yield f"{begin}{'?' * size}{end}"
        alike = [name for name in fitting if len(name) - first - len(end) == size]
        for place in range(size):
            if letter := others_at(place, alike):
                yield f"{begin}{'?' * place}{letter}{'?' * (size - place - 1)}{end}"


def _plain_words(names: Sequence[str]) -> str:
    """Return the words that are of no person with which all names begin, and what is between."""
    start, end = _common(names), 0
    while (word := _WORD.match(start, end)) and is_plain_name(word[1]):
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


@dataclass(frozen=True)
class WrittenNames:
    """How files and sheets are named in a proposal and in what is said of it.

    Attributes
    ----------
    places : dict of Place to Place
        The files and sheets of an export -> their names, or patterns in place of names that may be
        those of people.
    export : str
        The name of the folder or file of the export.
    """

    places: Mapping[Place, Place]
    export: str = ""

    @classmethod
    def of(
        cls, bundles: Sequence[Bundle], left_out: Iterable[str] = (), export: str = ""
    ) -> WrittenNames:
        """Return the names for the bundles of an export, and for the other places that are named.

        Parameters
        ----------
        bundles : sequence of Bundle
            The files and sheets that are proposed for tables.
        left_out : iterable of str
            The other files, folders, sheets and lines, as texts.
        export : str
            The name of the folder or file of the export.
        """
        further = [_place_of(text) for text in left_out]
        every = [*(place for bundle in bundles for place in bundle.places), *further]
        written: dict[Place, Place] = {}
        for bundle in bundles:
            files, sheets = files_of(bundle.places, _files(every)), _sheets(bundle, every)
            for place in bundle.places:
                sheet = _of_patterns(place.sheet, sheets) if place.sheet else ""
                written[place] = Place(_of_patterns(place.file, files), sheet)
        files_written = {place.file: name.file for place, name in written.items()}
        for place in further:
            file = files_written.get(place.file, _name_or_ending(place.file))
            written.setdefault(place, Place(file, _name_or_ending(place.sheet)))
        return cls(written, export)

    def name(self, place: Place) -> Place:
        """Return the name of a file or sheet as it is written."""
        other = Place(_name_or_ending(place.file), _name_or_ending(place.sheet))
        return self.places.get(place, other)

    def files(self, bundle: Bundle) -> list[str]:
        """Return the files of a bundle, as the mapping names them."""
        return files_of(bundle.places, _files(self.places))

    def sheets(self, bundle: Bundle) -> list[str]:
        """Return the sheets of a bundle, as the mapping names them."""
        return _sheets(bundle, self.places)

    def place(self, text: str) -> str:
        """Return a place that is left out with the names that are written."""
        line = _LINE.search(text)
        return f"{self.name(_place_of(text))}{line[0] if line else ''}"

    def text(self, text: str) -> str:
        """Return a message with the names that are written."""
        patterns = {self.export: _name_or_ending(self.export)} if self.export else {}
        for place, name in self.places.items():
            if place.sheet:
                patterns[str(place)] = str(name)
                patterns[f"{place.file}: sheet {place.sheet}"] = f"{name.file}: sheet {name.sheet}"
            if PurePath(place.file).suffix:
                patterns[place.file] = patterns[shown(place.file)] = name.file
        if not patterns:
            return text
        either = "|".join(map(re.escape, sorted(patterns, key=len, reverse=True)))
        return re.sub(rf"(?<!\w)(?:{either})(?!\w)", lambda name: patterns[name[0]], text)


def _place_of(text: str) -> Place:
    """Return the file and sheet of a text such as "log.xlsx, sheet May" or "log.csv, line 3"."""
    file, _, sheet = _LINE.sub("", text).partition(", sheet ")
    return Place(file, sheet)


def _files(places: Iterable[Place]) -> set[str]:
    return {place.file for place in places}


def _sheets(bundle: Bundle, places: Iterable[Place]) -> list[str]:
    files = _files(bundle.places)
    return sheets_of(bundle, [place.sheet for place in places if place.file in files])


def _of_patterns(name: str, written: Sequence[str]) -> str:
    """Return the name as it is written: itself, or the first pattern that fits it."""
    if name.strip() in written:
        return name
    fitting = (
        one for one in written if fnmatchcase(name, one) or fnmatchcase(name.casefold(), one)
    )
    return next(fitting, written[0])


def _name_or_ending(name: str) -> str:
    """Return a name that is of no person, or what ends it in place of any other."""
    if not name or is_plain_name(name):
        return name
    ending = PurePath(name).suffix
    return f"*{ending}" if _is_ending(ending) else "*"


def _is_ending(text: str) -> bool:
    """Return whether the end of a name is that of a kind of file."""
    return is_plain_name(f"list{text}")


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
