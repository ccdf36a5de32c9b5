"""Comparison of headings and words of an export with synonyms, which are kept in data files."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from importlib.resources import files
from typing import Any

from iop_outcomes.records.schema import TABLES
from iop_outcomes.shared.messages import COLUMN_WORDS

STRONG, WEAK = 1.0, 0.75  # scores of a heading that is a strong, or a weak, synonym
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_TOKEN = re.compile(r"[a-z0-9]+|#")
_SIGNS = {"?", "??", "+", "-", "✓", "✔", "n/s", "1:1"}  # words without letters
_NEGATIONS = {"not", "non", "never", "nicht", "kein", "keine", "sin", "un", "did", "without"}
_TYPO = 0.9  # similarity from which a heading is a synonym with a typing error


@dataclass(frozen=True)
class Meaning:
    """The proposed meaning of a word: a word of the vocabulary, and the confidence (0 to 1)."""

    ours: str
    score: float


@lru_cache(maxsize=1)
def headings() -> dict[str, Any]:
    """Return the synonyms of tables and columns in the data file."""
    return _load("headings.toml")


@lru_cache(maxsize=1)
def word_lists() -> dict[str, Any]:
    """Return the synonyms of words in the data file."""
    return _load("words.toml")


def _load(name: str) -> dict[str, Any]:
    return tomllib.loads((files(__package__) / name).read_text(encoding="utf-8"))


def plain(text: str) -> str:
    """Return a text in lower case, without accents, with umlauts as two letters."""
    lower = text.casefold().translate(_UMLAUTS)
    parts = unicodedata.normalize("NFKD", lower)
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def phrase(text: str) -> tuple[str, ...]:
    """Return the words of a cell in the form for comparison: letters and digits only."""
    bare = plain(text).strip()
    return (bare,) if bare in _SIGNS else tuple(_TOKEN.findall(bare))


# Headings ---------------------------------------------------------------------------------------


def heading_tokens(heading: str) -> tuple[str, ...]:
    """Return the words of a heading in the form for comparison with synonyms."""
    text = re.sub(r"\bd/c\b", "discharge", _CAMEL.sub(" ", heading), flags=re.IGNORECASE)
    text = re.sub(r"\bcheck[-\s_]?in\b", "checkin", text, flags=re.IGNORECASE)
    same = _same()
    return tuple(same.get(token, token) for token in map(_singular, _TOKEN.findall(plain(text))))


def _singular(token: str) -> str:
    return token[:-1] if len(token) > 3 and token.endswith("s") else token


@lru_cache(maxsize=1)
def _same() -> dict[str, str]:
    return {
        _singular(plain(theirs)): _singular(ours)
        for ours, listed in headings()["same"].items()
        for theirs in listed
    }


@dataclass(frozen=True)
class _Synonyms:
    strong: tuple[tuple[str, ...], ...]
    weak: tuple[tuple[str, ...], ...]
    never: tuple[tuple[str, ...], ...]


@lru_cache(maxsize=128)
def _synonyms(table: str, column: str) -> _Synonyms:
    section = headings().get(table, {}).get(column, {})
    own = (column.replace("_", " "),)
    return _Synonyms(
        tuple(dict.fromkeys(map(heading_tokens, (*own, *section.get("strong", ()))))),
        tuple(dict.fromkeys(map(heading_tokens, section.get("weak", ())))),
        tuple(map(heading_tokens, section.get("never", ()))),
    )


def heading_columns(table: str) -> list[str]:
    """Return the columns of a table that headings can be, including `end_time`."""
    return list(headings()[table])


@lru_cache(maxsize=65536)
def heading_score(table: str, column: str, heading: str) -> float:
    """Return how well the words of a heading match a column, from 0 to 1."""
    tokens = heading_tokens(heading)
    if not tokens:
        return 0.0
    known = _synonyms(table, column)
    if any(_follow_one_another(words, tokens) for words in known.never):
        return 0.0
    best = max(
        (_likeness(words, tokens, STRONG) for words in known.strong),
        default=0.0,
    )
    best = max([best, *(_likeness(words, tokens, WEAK) for words in known.weak)])
    return best or _typo(known.strong, tokens)


def _likeness(words: tuple[str, ...], tokens: tuple[str, ...], most: float) -> float:
    if not words or not _within(words, tokens):
        return 0.0
    if sorted(words) == sorted(tokens):
        return most
    share = min(len(words) / len(set(tokens)), 1.0)
    if len(words) == 1 and len(tokens) > 4:  # one word of a sentence says little
        return most * (0.38 + 0.2 * share)
    return most * (0.58 + 0.37 * share)


def _follow_one_another(words: tuple[str, ...], tokens: tuple[str, ...]) -> bool:
    """Return whether words follow one another in a heading: "use since last" has no "last use"."""
    size = len(words)
    return any(tokens[start : start + size] == words for start in range(len(tokens) - size + 1))


def _within(words: tuple[str, ...], tokens: tuple[str, ...]) -> bool:
    return set(words) <= set(tokens)


def _typo(known: Iterable[tuple[str, ...]], tokens: tuple[str, ...]) -> float:
    text = " ".join(tokens)
    if len(text) < 6 or len(text) > 40:
        return 0.0
    for words in known:
        other = " ".join(words)
        near = abs(len(other) - len(text)) <= 2 and len(other) >= 6
        if near and SequenceMatcher(None, text, other).ratio() >= _TYPO:
            return 0.65
    return 0.0


def named_table(name: str) -> dict[str, float]:
    """Return for each table how well the name of a file or sheet matches it, from 0 to 1."""
    tokens = heading_tokens(re.sub(r"\.[A-Za-z0-9]{1,5}$", "", name))
    result = {}
    for table in TABLES:
        listed = map(heading_tokens, headings()["tables"][table]["strong"])
        exact = (table[:-1] if table != "attendance" else table,) * bool(tokens)
        lengths = [len(words) for words in listed if _within(words, tokens)]
        result[table] = (0.5 + 0.2 * max(lengths)) if lengths or set(exact) & set(tokens) else 0.0
        if set(exact) & set(tokens):
            result[table] = 1.0
    return result


@lru_cache(maxsize=1)
def table_words() -> frozenset[str]:
    """Return the words by which files and sheets are called after a table."""
    listed = [phrase for table in TABLES for phrase in headings()["tables"][table]["strong"]]
    return frozenset(token for text in (*listed, *TABLES) for token in heading_tokens(text))


# Words ------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def _meanings(table: str, column: str) -> dict[tuple[str, ...], Meaning]:
    """Return the meanings of phrases in a column: exact synonyms score 1, weak ones less."""
    data = word_lists()
    meanings: dict[tuple[str, ...], Meaning] = {}
    sections: list[tuple[dict[str, Any], float]] = [(data.get(table, {}).get(column, {}), 1.0)]
    declared = TABLES[table].column(column)
    if declared is not None and declared.kind == "flag":
        sections.append((data["checkins"]["flag"], 1.0))
    sections.append((data["weak"].get(table, {}).get(column, {}), 0.6))
    for section, score in sections:
        for ours, listed in section.items():
            for word in listed:
                meanings.setdefault(phrase(word), Meaning(ours, score))
    for ours in declared.words if declared is not None else ():
        meanings[phrase(ours.replace("_", " "))] = Meaning(ours, 1.0)
    meanings.pop((), None)
    return meanings


@lru_cache(maxsize=1)
def _missing() -> frozenset[tuple[str, ...]]:
    return frozenset(map(phrase, word_lists()["missing"]["words"]))


@lru_cache(maxsize=1)
def _missing_dates() -> frozenset[tuple[str, ...]]:
    return frozenset(map(phrase, word_lists()["missing"]["dates"]))


def means_missing(word: str, kind: str = "word") -> bool:
    """Return whether a word means a missing answer or, in a column of dates, no date."""
    return phrase(word) in (_missing_dates() if kind == "date" else _missing())


@lru_cache(maxsize=65536)
def meaning(table: str, column: str, word: str) -> Meaning | None:
    """Return the proposed meaning of a word of a column (``""`` for missing); None if unknown."""
    tokens = phrase(word)
    known = _meanings(table, column)
    if tokens in known:
        return known[tokens]
    if means_missing(word):
        return Meaning("", 0.9)
    return _within_phrase(known, tokens)


def _within_phrase(
    known: dict[tuple[str, ...], Meaning], tokens: tuple[str, ...]
) -> Meaning | None:
    """Return the meaning of the longest synonym that is in a phrase, if they agree."""
    met: dict[tuple[int, bool], list[tuple[Meaning, set[str]]]] = {}
    for words, sense in known.items():
        short = len(words) == 1 and len(words[0]) < 3
        if short or len(words) >= len(tokens):
            continue
        for start in range(len(tokens) - len(words) + 1):
            if tokens[start : start + len(words)] == words:
                rank = len(words), sense.score == 1.0
                met.setdefault(rank, []).append((sense, set(words)))
    if not met:
        return None
    longest = met[max(met)]
    senses = {sense.ours for sense, _ in longest}
    tokens_of_longest = set.union(*(words for _, words in longest))
    if len(senses) > 1 or _NEGATIONS & (set(tokens) - tokens_of_longest):
        return None
    return Meaning(senses.pop(), 0.6 * longest[0][0].score)


@lru_cache(maxsize=1)
def _vocabulary() -> frozenset[str]:
    """Return every word of the synonyms; none of them is the name of a person."""

    def texts(data: object) -> Iterable[str]:
        if isinstance(data, str):
            yield data
        elif isinstance(data, dict):
            for name, held in data.items():
                yield str(name).replace("_", " ")
                yield from texts(held)
        elif isinstance(data, list):
            for held in data:
                yield from texts(held)

    every = (*texts(word_lists()), *texts(headings()), " ".join(COLUMN_WORDS))
    return frozenset(token for text in every for token in phrase(text))


def is_plain_language(word: str) -> bool:
    """Return whether a phrase consists of words in the synonyms, and is therefore no name."""
    tokens = phrase(word)
    return bool(tokens) and all(token in _vocabulary() for token in tokens)


@lru_cache(maxsize=1)
def _lists() -> dict[tuple[str, ...], str]:
    listed = word_lists()["lists"]["status"]
    return {phrase(theirs): ours for ours, words in listed.items() for theirs in words}


def list_meaning(heading: str) -> str:
    """Return the status of the people in a column of lists, by its heading; empty if unknown."""
    tokens = phrase(_CAMEL.sub(" ", heading).replace("_", " "))
    known = _lists()
    if tokens in known:
        return known[tokens]
    senses = {
        ours
        for words, ours in known.items()
        if words and len(tokens) <= 5 and set(words) <= set(tokens)
    }
    others = senses - {"attended"}  # "clients absent" names both
    chosen = others or senses
    return chosen.pop() if len(chosen) == 1 else ""
