"""Recognition of the table in a bundle of files or sheets, and of the column of each heading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from iop_outcomes.records.schema import TABLES
from iop_outcomes.records.sources.coded import coded
from iop_outcomes.records.suggestions.recognition.bundles import (
    Bundle,
    event_column,
    list_parts,
    some_rows,
)
from iop_outcomes.records.suggestions.recognition.event_table import (
    admission,
    checkins,
    discharge,
    event_table,
    profiles_of,
)
from iop_outcomes.records.suggestions.recognition.fits import IDS, LENGTHS, known_words
from iop_outcomes.records.suggestions.recognition.language import (
    heading_score,
    list_meaning,
    named_table,
)
from iop_outcomes.records.suggestions.recognition.matching import (
    ENOUGH,
    Match,
    match,
    score,
    table_score,
)
from iop_outcomes.records.suggestions.recognition.profiles import Profile, profile

_ENOUGH_OF_A_TABLE = 1.6
_FOR_ITS_NAME = 1.0
REQUIRED = {"episodes": "admit_date", "attendance": "date", "checkins": "date"}


@dataclass(frozen=True)
class PeopleLists:
    """Columns with lists of people: the separator, the status of each column, and the people."""

    separator: str
    statuses: dict[str, str]
    people: Profile


@dataclass(frozen=True)
class Join:
    """Columns joined from other rows of the same file, some with new names."""

    column: str
    words: tuple[str, ...]
    columns: tuple[str, ...]
    renamed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """A bundle that is proposed as a source of a table.

    Attributes
    ----------
    table : str
        The table.
    bundle : Bundle
        The files or sheets with their content.
    matches : dict of str to Match
        The proposed column of each heading; identifiers are added when tables are compared.
    score : float
        How strongly the bundle looks like the table.
    lists : PeopleLists or None
        Columns with lists of people.
    joins : tuple of Join
        Columns joined from other rows.
    only : bool
        Whether only matched columns are used, because the file is also a source of another table.
    constants : dict of str to str
        From a column to the word of every row.
    full_name : tuple of str
        The headings of first and last name, which together identify the person.
    copies : dict of str to tuple of str
        For a heading that is several columns: the further columns.
    joined : dict of str to Profile
        For a column that a join renames: its values.
    """

    table: str
    bundle: Bundle
    matches: dict[str, Match]
    score: float
    lists: PeopleLists | None = None
    joins: tuple[Join, ...] = ()
    only: bool = False
    constants: dict[str, str] = field(default_factory=dict)
    full_name: tuple[str, ...] = ()
    copies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    joined: Mapping[str, Profile] = field(default_factory=dict)

    def heading_of(self, column: str) -> str:
        """Return the heading that is proposed for a column; empty if there is none."""
        return next(
            (name for name, matched in self.matches.items() if matched.column == column), ""
        )

    def with_match(self, matched: Match) -> Source:
        """Return the source with a further match; it replaces others of its heading or column."""
        others = {
            name: earlier
            for name, earlier in self.matches.items()
            if earlier.column != matched.column and name != matched.heading
        }
        return replace(self, matches={**others, matched.heading: matched})


@dataclass(frozen=True)
class LeftOut:
    """A file or sheet that is proposed for no table, and the reason."""

    place: str
    why: str


def recognise(bundles: Sequence[Bundle]) -> tuple[list[Source], list[LeftOut]]:
    """Return the proposed sources, and the files and sheets that are not tables."""
    sources: list[Source] = []
    left: list[LeftOut] = []
    for bundle in bundles:
        recognised = _of_events(bundle) or _of_kinds(bundle) or _of_one(bundle)
        sources += recognised
        if not recognised:
            left += [LeftOut(str(place), _why_none(bundle)) for place in bundle.places]
    if not any(source.table == "episodes" for source in sources):
        sources += [second for source in sources if (second := episodes_within(source))]
    return sources, left


def _why_none(bundle: Bundle) -> str:
    if not bundle.rows:
        return "it has no rows below its header"
    dated = [held for held in bundle.profiles.values() if held.dates >= 0.5]
    if not dated and not bundle.days:
        return "it has no column of dates"
    return "its headings name no table"


def _of_one(bundle: Bundle) -> list[Source]:
    """Return the bundle as a source of the table that it most likely is."""
    lists = people_lists(bundle)
    candidates = [source for table in TABLES if (source := _candidate(table, bundle, lists))]
    candidates = [candidate for candidate in candidates if candidate.score >= _ENOUGH_OF_A_TABLE]
    return [max(candidates, key=lambda candidate: candidate.score)] if candidates else []


def _candidate(table: str, bundle: Bundle, lists: PeopleLists | None) -> Source | None:
    without = set(lists.statuses) if lists else set()
    without |= set(id_headings(table, bundle))
    matches = match(table, bundle.profiles, without)
    columns = {matched.column for matched in matches.values()}
    if bundle.days:  # the dates of a grid are those of its rows
        matches = {
            name: matched
            for name, matched in matches.items()
            if matched.column not in _OF_A_GRID[table]
        }
        columns = {matched.column for matched in matches.values()} | {"date", "status"}
        if table == "episodes":
            return None
    if REQUIRED[table] not in columns:
        return None
    if lists and table != "attendance":
        return None
    total = table_score(table, matches) + _FOR_ITS_NAME * name_score(table, bundle)
    if bundle.days:
        known = known_words(table, "status", bundle.marks)[0] if bundle.marks else 0.0
        total += 1.5 * known + (0.5 if table == "attendance" else 0.0)
    if lists:
        total += 1.5
        matches = {name: matched for name, matched in matches.items() if matched.column != "status"}
    if table == "episodes" and _repeats(bundle):
        total -= 1.5  # then a row is not an episode
    return Source(table, bundle, matches, total, lists)


_OF_A_GRID = {
    "episodes": (),
    "attendance": ("date", "status", "start_time", "end_time"),
    "checkins": ("date", "status"),
}


def _repeats(bundle: Bundle) -> bool:
    """Return whether identifiers of a bundle occur in three rows each or more, on average."""
    held = [bundle.profiles[name] for name in id_headings("episodes", bundle)]
    return bool(held) and all(
        held_profile.filled >= 3 * held_profile.distinct for held_profile in held
    )


def name_score(table: str, bundle: Bundle) -> float:
    """Return how well the names of file and sheet match a table, from 0 to 1."""
    place = bundle.places[0]
    of_sheet = named_table(place.sheet) if place.sheet else {}
    return max(of_sheet.get(table, 0.0), named_table(place.file)[table] * (0.5 if of_sheet else 1))


def id_headings(table: str, bundle: Bundle) -> list[str]:
    """Return the headings that can be an identifier of the table by their name."""
    return [
        name
        for name, held in bundle.profiles.items()
        if max(score(table, column, name, held) for column in IDS) >= ENOUGH
        and _is_first_an_id(table, name, held)
    ]


def _is_first_an_id(table: str, heading: str, held: Profile) -> bool:
    """Return whether a heading fits an identifier best; "Group ID" does not."""
    best = max(score(table, column, heading, held) for column in IDS)
    others = ("group_id", "facilitator", "service", "program")
    declared = [column for column in others if heading_score(table, column, heading)]
    return all(score(table, column, heading, held) <= best for column in declared)


# One file for several tables -------------------------------------------------------------------


def _of_events(bundle: Bundle) -> list[Source]:
    """Return the sources of a file with several tables that are distinguished by an event."""
    event = event_column(bundle)
    if not event:
        return []
    parts: dict[str, list[tuple[str, Source]]] = {}
    rest: list[tuple[str, Bundle]] = []
    for word in bundle.profiles[event].texts:
        part = some_rows(bundle, event, [word])
        recognised = _of_one(part)
        if recognised:
            parts.setdefault(recognised[0].table, []).append((word, recognised[0]))
        else:
            rest.append((word, part))
    if "episodes" not in parts or len(parts) < 2:
        return []
    sources = []
    for table, met in parts.items():
        words = [word for word, _ in met]
        whole = some_rows(bundle, event, words) if len(words) > 1 else met[0][1].bundle
        source = _candidate(table, whole, None) or met[0][1]
        sources.append(replace(source, joins=_joins(table, source, event, rest)))
    return sources


def _joins(
    table: str, source: Source, event: str, rest: Sequence[tuple[str, Bundle]]
) -> tuple[Join, ...]:
    """Return the columns of an episode that are in the rows of another event."""
    if table != "episodes":
        return ()
    joins = []
    for word, part in rest:
        known = {matched.column for matched in source.matches.values()}
        matches = {
            name: matched
            for name, matched in match("episodes", part.profiles, source.bundle.profiles).items()
            if matched.column not in known
        }
        if matches:
            joins.append(Join(event, (word,), tuple(matches)))
            source.matches.update(matches)
            for name in matches:
                source.bundle.profiles[name] = part.profiles[name]
                source.bundle.columns[name] = part.columns[name]
    return tuple(joins)


def _of_kinds(bundle: Bundle) -> list[Source]:
    """Return the sources of a long table of events, whose rows share one date and one result."""
    table = event_table(bundle)
    if table is None:
        return []
    part, admission_matches = admission(table, bundle)
    leaving, ours_of_heading = discharge(table, bundle)
    if "admit_date" not in {matched.column for matched in admission_matches.values()}:
        return []
    sources = [
        Source(
            *("episodes", part, admission_matches, table_score("episodes", admission_matches)),
            joins=(Join(table.column, table.discharges, tuple(ours_of_heading), ours_of_heading),)
            if ours_of_heading
            else (),
            joined={
                ours_of_heading[name]: held
                for name, held in profiles_of(leaving, list(ours_of_heading)).items()
            },
        )
    ]
    if table.others:
        rows = some_rows(bundle, table.column, table.others)
        sessions = _candidate("attendance", rows, None)
        sources += [sessions] if sessions is not None else []
    if table.checkins:
        rows, matches, copies = checkins(table, bundle)
        score_ = table_score("checkins", matches)
        sources.append(Source("checkins", rows, matches, score_, copies=copies))
    return sources if len(sources) > 1 else []


def episodes_within(source: Source) -> Source | None:
    """Return the episodes that a file of sessions or check-ins repeats in its rows, or None."""
    bundle = source.bundle
    taken = [name for name, matched in source.matches.items() if matched.score >= 0.8]
    matches = match("episodes", bundle.profiles, taken)
    kept = {name: matched for name, matched in matches.items() if matched.column in _REPEATED}
    if "admit_date" not in {matched.column for matched in kept.values()}:
        return None
    return Source("episodes", bundle, kept, table_score("episodes", kept), only=True)


_REPEATED = ("admit_date", "discharge_date", "discharge_reason", "program", "level", "entry_path")


# Lists of people -------------------------------------------------------------------------------


def people_lists(bundle: Bundle) -> PeopleLists | None:
    """Return columns with lists of people, with the status in their headings; None without any."""
    statuses: dict[str, str] = {}
    people: list[str] = []
    separators: list[str] = []
    single: list[str] = []
    for name, held in bundle.profiles.items():
        ours = list_meaning(name)
        if not ours or _is_length(name, held):
            continue
        separator, parts = list_parts(held)
        if separator and _are_people(parts):
            statuses[name] = ours
            people += parts
            separators.append(separator)
        else:
            single.append(name)
    if not statuses:
        return None
    known = set(people)
    for name in single:  # lists of one person each, of the same people; or of nobody this time
        texts = bundle.profiles[name].texts
        if not texts or sum(text in known for text in texts) >= len(texts) / 2:
            statuses[name] = list_meaning(name)
            people += texts
    separator = max(set(separators), key=separators.count)
    ordered = {name: statuses[name] for name in bundle.profiles if name in statuses}
    return PeopleLists(separator, ordered, profile("", coded(people)))


def _is_length(heading: str, held: Profile) -> bool:
    """Return whether a heading names minutes and its values fit: 2,5 is no list of 2 people."""
    return max(score("attendance", column, heading, held) for column in LENGTHS) >= ENOUGH


def _are_people(parts: Sequence[str]) -> bool:
    held = profile("", coded(list(parts)))
    return held.distinct >= 2 and max(held.codes, held.names, 0.6 * (held.long == 0)) >= 0.6


def unmatched(source: Source, others: Mapping[str, Match]) -> list[str]:
    """Return the headings of a source that are proposed for no column."""
    lists = set(source.lists.statuses) if source.lists else set()
    return [
        name
        for name in source.bundle.profiles
        if name not in {*source.matches, *source.full_name, *lists, *others}
    ]
