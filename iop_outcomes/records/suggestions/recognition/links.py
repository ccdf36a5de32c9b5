"""Comparison of identifiers between tables, to find how rows are linked to episodes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from iop_outcomes.records.mapping.id_rules import ID_RULES
from iop_outcomes.records.suggestions.recognition.fits import IDS, fit
from iop_outcomes.records.suggestions.recognition.full_names import (
    alike,
    full_names,
    name_headings,
)
from iop_outcomes.records.suggestions.recognition.language import heading_score
from iop_outcomes.records.suggestions.recognition.matching import Match
from iop_outcomes.records.suggestions.recognition.person_numbers import is_of_the_person
from iop_outcomes.records.suggestions.recognition.profiles import Profile
from iop_outcomes.records.suggestions.recognition.recognising import Source

_LEAST_ALIKE = 0.2  # share of rows with an identifier in the other table that a link needs
_NEARLY_UNIQUE = 0.98


@dataclass(frozen=True)
class LinkFound:
    """How the rows of a table are linked to episodes.

    Attributes
    ----------
    table : str
        The table of the rows.
    column : str
        ``episode_id``, or ``person_id`` with the date.
    ids, matched : int
        The number of different identifiers of the rows, and of those that the episodes have too.
    rows, rows_matched : int
        The number of rows with an identifier, and of rows whose identifier is matched.
    forms : tuple of str
        The rules of [ids] that would match more rows.
    would_match : int
        The number of rows that would then be matched.
    by_name : bool
        Whether the identifier is the name of a person.
    """

    table: str
    column: str
    ids: int
    matched: int
    rows: int
    rows_matched: int
    forms: tuple[str, ...] = ()
    would_match: int = 0
    by_name: bool = False


def id_candidates(source: Source) -> dict[str, float]:
    """Return the headings that can be an identifier, each with a likelihood by name and values."""
    likely_ids = {}
    parts = name_headings(source)  # a part of a name does not identify a person
    for name, held in source.bundle.profiles.items():
        if name in parts:
            continue
        fits = fit(source.table, "episode_id", held)
        named = max(heading_score(source.table, column, name) for column in IDS)
        if source.lists and name in source.lists.statuses:
            continue
        taken = source.matches.get(name)
        like_one = named >= 0.4 or held.codes >= 0.8 or held.names >= 0.8
        if fits >= 0.3 and like_one and (taken is None or named > taken.score):
            likely_ids[name] = named * fits
    return likely_ids


def link(sources: Sequence[Source]) -> tuple[list[Source], list[LinkFound]]:
    """Return the sources with their identifiers, and the links between the tables."""
    sources = [_without_ids(source) for source in sources]
    episodes = [source for source in sources if source.table == "episodes"]
    others = [source for source in sources if source.table != "episodes"]
    if not episodes:
        return [_by_name_alone(source) for source in sources], []
    main = max(episodes, key=lambda source: source.score)
    chosen = {id(source): _pair(main, source) for source in others}
    joined = [pair[0] for pair in chosen.values() if pair is not None]
    own = _episode_id(main, joined)
    if own and is_of_the_person(own, main.bundle.profiles[own]):
        linked_main = _with_ids(main, "", [own, *joined])
    else:
        linked_main = _with_ids(main, own, joined)
    result, links = [], []
    for source in sources:
        if source is main:
            result.append(linked_main)
        elif source.table == "episodes":
            same = {
                name: matched
                for name, matched in linked_main.matches.items()
                if matched.column in IDS
            }
            kept = {
                name: matched for name, matched in same.items() if name in source.bundle.profiles
            }
            unlinked = _by_name_alone(source)
            for matched in kept.values():
                unlinked = unlinked.with_match(matched)
            result.append(unlinked)
        else:
            pair = chosen[id(source)]
            linked_source, own_links = _linked(linked_main, source, pair)
            result.append(linked_source)
            links += own_links
    return _by_full_names(main, result, links)


def _by_full_names(
    main: Source, sources: list[Source], links: list[LinkFound]
) -> tuple[list[Source], list[LinkFound]]:
    """Link sources by first and last name if nothing else links them to the episodes.

    Nothing is changed if the episodes have a person identifier already, because there is only one
    `person_id`.
    """
    place = next(k for k, source in enumerate(sources) if source.bundle is main.bundle)
    own = name_headings(sources[place])
    if not own or sources[place].heading_of("person_id"):
        return sources, links
    known = full_names(sources[place], own)
    linked_sources = list(sources)
    for k, source in enumerate(sources):
        theirs = name_headings(source)
        linked = [
            earlier for earlier in links if earlier.table == source.table and earlier.rows_matched
        ]
        if source.table == "episodes" or not theirs or linked:
            continue
        held = full_names(source, theirs)
        if alike(held, known) < _LEAST_ALIKE:
            continue
        rows = rows_alike(held, set(known.texts), ())
        ids = sum(text in set(known.texts) for text in held.texts)
        forms, would = _more(held, known, rows)
        by_name = LinkFound(
            *(source.table, "person_id", held.distinct, ids, held.filled, rows, forms, would),
            by_name=True,
        )
        links = [*(earlier for earlier in links if earlier.table != source.table), by_name]
        linked_sources[k] = replace(_without_ids(source), full_name=theirs)
        linked_sources[place] = replace(linked_sources[place], full_name=own)
    return linked_sources, links


def _without_ids(source: Source) -> Source:
    kept = {name: matched for name, matched in source.matches.items() if matched.column not in IDS}
    return replace(source, matches=kept)


def _by_name_alone(source: Source) -> Source:
    """Return a source with an identifier recognised by its heading and values only."""
    candidates = id_candidates(source)
    if not candidates or source.lists:
        return source
    best = max(candidates, key=lambda name: candidates[name])
    held = source.bundle.profiles[best]
    if candidates[best] < 0.4:
        return source
    column = "person_id" if held.names >= 0.6 else "episode_id"
    return source.with_match(Match(best, column, round(candidates[best], 2), "its name"))


def _ids_of(source: Source, heading: str) -> Profile:
    if heading == "" and source.lists:
        return source.lists.people
    return source.bundle.profiles[heading]


def _forms_of(texts: Iterable[str], forms: Iterable[str]) -> set[str]:
    texts_in_form = set(texts)
    for form in forms:
        texts_in_form = {ID_RULES[form](text) for text in texts_in_form}
    return texts_in_form


def _alike(profile: Profile, other: Profile, forms: Sequence[str] = tuple(ID_RULES)) -> float:
    """Return the share of the rows of one column whose identifier is in the other."""
    known = _forms_of(other.texts, forms)
    return rows_alike(profile, known, forms) / profile.filled if profile.filled else 0.0


def rows_alike(profile: Profile, known: set[str], forms: Sequence[str]) -> int:
    """Return the number of rows with a known identifier, after applying the rules in `forms`."""
    is_known = []
    for text in profile.texts:
        for form in forms:
            text = ID_RULES[form](text)
        is_known.append(text in known)
    return int(profile.counts[np.array(is_known, dtype=bool)].sum()) if is_known else 0


def _pair(main: Source, other: Source) -> tuple[str, str] | None:
    """Return the headings, in episodes and in rows, with the same identifiers, or None."""
    best, most = None, 0.0
    theirs = {"": 0.5} if other.lists else id_candidates(other)
    for own, named in id_candidates(main).items():
        held = main.bundle.profiles[own]
        for heading, named_there in theirs.items():
            alike = _alike(_ids_of(other, heading), held)
            if alike < _LEAST_ALIKE:
                continue
            total = alike + 0.3 * named + 0.3 * named_there
            total += 0.35 * is_unique(held) - 0.3 * (held.names >= 0.6)
            if total > most:
                best, most = (own, heading), total
    if best is None and theirs and not other.lists:
        # nothing matches: use the names, so that the user sees what does not match
        likely = max(theirs, key=lambda name: theirs[name])
        own_ids = id_candidates(main)
        if own_ids and theirs[likely] >= 0.4:
            return max(own_ids, key=lambda name: own_ids[name]), likely
    return best


def is_unique(held: Profile) -> bool:
    """Return whether nearly all identifiers are in one row only."""
    return held.filled > 0 and held.distinct >= _NEARLY_UNIQUE * held.filled


def _episode_id(main: Source, joined: Sequence[str]) -> str:
    """Return the heading that identifies an episode; empty if none does."""
    candidates = id_candidates(main)
    unique = [
        name
        for name in candidates
        if (main.only or is_unique(main.bundle.profiles[name]))
        and main.bundle.profiles[name].names < 0.6
    ]
    named = [n for n in unique if heading_score("episodes", "episode_id", n) >= 0.95]
    linked = [name for name in joined if name in unique]
    first = [name for name in linked if name in named] or named or linked or unique
    return max(first, key=lambda name: candidates[name], default="")


def _with_ids(main: Source, own: str, joined: Sequence[str]) -> Source:
    candidates = id_candidates(main)
    if own:
        why = "unique in every row" if not main.only else "its name; it matches the other tables"
        main = main.with_match(Match(own, "episode_id", _score(candidates[own]), why))
    person = [name for name in joined if name != own]
    likely = [
        name
        for name in candidates
        if name != own
        and heading_score("episodes", "person_id", name) >= 0.9
        and (main.bundle.profiles[name].names < 0.6 or not own)
    ]
    for name in (*person, *likely):
        if not main.heading_of("person_id"):
            why = (
                "it is in several rows"
                if not is_unique(main.bundle.profiles[name])
                else "its name is the person's; one row each"
            )
            main = main.with_match(Match(name, "person_id", _score(candidates[name]), why))
    return main


def _score(named: float) -> float:
    return round(max(0.5, min(named + 0.2, 1.0)), 2)


def _linked(
    main: Source, source: Source, pair: tuple[str, str] | None
) -> tuple[Source, list[LinkFound]]:
    if pair is None:
        return (source if source.lists else _by_name_alone(source)), []
    own, heading = pair
    column = main.matches[own].column if own in main.matches else "episode_id"
    if column not in IDS:
        column = "episode_id"
    held, known = _ids_of(source, heading), main.bundle.profiles[own]
    alike = rows_alike(held, set(known.texts), ())
    ids = sum(text in set(known.texts) for text in held.texts)
    forms, would = _more(held, known, alike)
    link_found = LinkFound(
        *(source.table, column, held.distinct, ids, held.filled, alike, forms, would),
        by_name=held.names >= 0.6,
    )
    if heading:
        rows = max(held.filled, 1)
        why = f"{alike / rows:.0%} of its rows match the episodes" if held.filled else ""
        if forms and would > alike:
            why += f", {would / rows:.0%} with the rules in [ids]"
        likely = _score(max(alike / rows, id_candidates(source).get(heading, 0.0)))
        if held.filled:  # a name counts less if its rows match no episodes
            likely = round(likely * (0.3 + 0.7 * max(alike, would) / rows), 2)
        source = source.with_match(Match(heading, column, likely, why))
    return source, [link_found]


def _more(held: Profile, known: Profile, alike: int) -> tuple[tuple[str, ...], int]:
    """Return the smallest set of rules of [ids] that matches most rows, and that number."""
    best: tuple[str, ...] = ()
    most = alike
    for number in range(1, len(ID_RULES) + 1):
        for forms in combinations(ID_RULES, number):
            rows = rows_alike(held, _forms_of(known.texts, forms), forms)
            if rows > most:
                best, most = forms, rows
    return best, most
