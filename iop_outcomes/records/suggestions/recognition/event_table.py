"""Long tables of events, in which a column gives the kind of each row: admission, visit, discharge.

All rows have the same date column and the same result column, unlike files in which each table has
its own columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from iop_outcomes.records.suggestions.recognition.bundles import Bundle, some_rows
from iop_outcomes.records.suggestions.recognition.fits import known_words
from iop_outcomes.records.suggestions.recognition.language import meaning, phrase
from iop_outcomes.records.suggestions.recognition.matching import Match, match, score
from iop_outcomes.records.suggestions.recognition.profiles import Profile

ADMISSIONS = {"admission", "admissions", "admit", "admitted", "aufnahme", "ingreso", "admision"}
DISCHARGES = {"discharge", "discharges", "discharged", "entlassung", "alta", "egreso"}
_CHECKIN = re.compile(r"check[-_\s]?ins?\b", re.IGNORECASE)
_MOST_KINDS = 15
_SURE = 0.6  # score of a column that is recognised by the kind of its rows
_KNOWN = 0.5  # share of rows with a known word that a column of results must have


@dataclass(frozen=True)
class EventTable:
    """The kinds of rows in a long table.

    Attributes
    ----------
    column : str
        The column with the kind of row.
    admissions, discharges, checkins, others : tuple of str
        The words of that column for each kind.
    """

    column: str
    admissions: tuple[str, ...]
    discharges: tuple[str, ...]
    checkins: tuple[str, ...]
    others: tuple[str, ...]


def kinds_of_rows(texts: Iterable[str]) -> bool:
    """Return whether the words include an admission and a discharge: rows of several kinds."""
    tokens = [set(phrase(text)) for text in texts]
    return all(any(one & kind for one in tokens) for kind in (ADMISSIONS, DISCHARGES))


def event_table(bundle: Bundle) -> EventTable | None:
    """Return the kinds of rows of a bundle, or None if it is not a long table of events."""
    for name, held in bundle.profiles.items():
        few = 3 <= held.distinct <= _MOST_KINDS and held.filled >= 0.95 * bundle.rows
        kinds: dict[str, list[str]] = {}
        for text in held.texts if few else ():
            kinds.setdefault(_kind(text), []).append(text)
        if {"admissions", "discharges"} <= set(kinds) and len(kinds) > 2:
            words_of_kind = {kind: tuple(words) for kind, words in kinds.items()}
            return EventTable(
                name,
                admissions=words_of_kind["admissions"],
                discharges=words_of_kind["discharges"],
                checkins=words_of_kind.get("checkins", ()),
                others=words_of_kind.get("others", ()),
            )
    return None


def _kind(text: str) -> str:
    tokens = set(phrase(text))
    if tokens & ADMISSIONS:
        return "admissions"
    if tokens & DISCHARGES:
        return "discharges"
    return "checkins" if _CHECKIN.search(text) else "others"


def admission(table: EventTable, bundle: Bundle) -> tuple[Bundle, dict[str, Match]]:
    """Return the rows of admissions, and the matches of their columns."""
    part = some_rows(bundle, table.column, table.admissions)
    matches = match("episodes", part.profiles, [table.column])
    if "admit_date" not in {matched.column for matched in matches.values()}:
        matches |= _dated(part, "admit_date", "the date of the admissions")
    return part, matches


def discharge(table: EventTable, bundle: Bundle) -> tuple[Bundle, dict[str, str]]:
    """Return the rows of discharges, and the columns that their headings are."""
    part = some_rows(bundle, table.column, table.discharges)
    column_of_heading = {
        name: matched.column for name, matched in match("episodes", part.profiles, []).items()
    }
    ours_of_heading = {
        name: ours
        for name, ours in column_of_heading.items()
        if ours in ("discharge_date", "discharge_reason")
    }
    if "discharge_date" not in ours_of_heading.values():
        ours_of_heading |= {
            name: matched.column for name, matched in _dated(part, "discharge_date", "").items()
        }
    if "discharge_reason" not in ours_of_heading.values():
        reasons = _of_words(part, "episodes", "discharge_reason", {table.column, *ours_of_heading})
        ours_of_heading |= dict.fromkeys(reasons, "discharge_reason")
    return part, ours_of_heading


def checkins(
    table: EventTable, bundle: Bundle
) -> tuple[Bundle, dict[str, Match], dict[str, tuple[str, ...]]]:
    """Return the rows of check-ins, their matches, and headings that are two columns."""
    part = some_rows(bundle, table.column, table.checkins)
    dates = {name for name, held in part.profiles.items() if held.dates >= _KNOWN}
    uses = _of_words(part, "checkins", "used", {table.column, *dates})
    matches = match("checkins", part.profiles, [table.column, *uses])
    if "date" not in {matched.column for matched in matches.values()}:
        matches |= _dated(part, "date", "the date of the check-ins")
    copies: dict[str, tuple[str, ...]] = {}
    taken = {matched.column for matched in matches.values()}
    for name in uses:
        both = known_words("checkins", "used", part.profiles[name])[0] < 1 and "status" not in taken
        ours = "status" if both else "used"
        matches[name] = Match(name, ours, _SURE, "its words in the rows of check-ins")
        if both:
            copies[name] = ("used",)
    return part, matches, copies


def _dated(part: Bundle, column: str, why: str) -> dict[str, Match]:
    """Return the match of the best column of dates in a part of the table."""
    dated = [name for name, held in part.profiles.items() if held.dates >= 0.9]
    if not dated:
        return {}
    table = "checkins" if column == "date" else "episodes"
    best = max(dated, key=lambda name: score(table, column, name, part.profiles[name]))
    return {best: Match(best, column, _SURE, why)}


def _of_words(part: Bundle, table: str, column: str, without: set[str]) -> list[str]:
    """Return a list with the column whose words fit a column best; empty if none fits."""
    shares = {
        name: known_words(table, column, held)[0]
        for name, held in part.profiles.items()
        if name not in without and held.filled
    }
    best = max(shares, key=lambda name: shares[name], default="")
    return [best] if best and shares[best] >= _KNOWN else []


def shared_meaning(column: str, word: str) -> str | None:
    """Return the meaning of a word for status or use, if one column of check-ins contains both.

    A word for use or no use means that the check-in was completed. A word for another status than
    completed means that use is missing.
    """
    used = meaning("checkins", "used", word)
    status = meaning("checkins", "status", word)
    if column == "status" and status is None and used is not None and used.ours:
        return "completed"
    if column == "used" and used is None and status is not None and status.ours != "completed":
        return ""
    return None


def profiles_of(part: Bundle, names: Sequence[str]) -> dict[str, Profile]:
    """Return the profiles of some columns of a part of the table."""
    return {name: part.profiles[name] for name in names if name in part.profiles}
