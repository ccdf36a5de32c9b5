"""First and last names of people in two columns."""

from __future__ import annotations

import re

import numpy as np

from iop_outcomes.records.shaping.columns import of_pairs
from iop_outcomes.records.suggestions.recognition.language import heading_tokens
from iop_outcomes.records.suggestions.recognition.profiles import Profile, profile
from iop_outcomes.records.suggestions.recognition.recognising import Source

_FIRST = {"first", "given", "forename", "vorname", "prenom", "nombre"}
_LAST = {"last", "surname", "family", "nachname", "familienname", "apellido", "nom"}
_OTHERS = {"provider", "clinician", "therapist", "staff", "counselor", "facilitator", "emergency"}
_OTHERS |= {"contact", "referring", "physician"}
_NAME = re.compile(r"[^\W\d_][^\d_,;@/]*")
_MOSTLY = 0.9


def name_headings(source: Source) -> tuple[str, ...]:
    """Return the headings of first and last name; empty unless there is one of each."""
    headings = [
        [name for name in source.bundle.profiles if _is_part(source, name, tokens)]
        for tokens in (_FIRST, _LAST)
    ]
    if any(len(names) != 1 for names in headings) or headings[0] == headings[1]:
        return ()
    return headings[0][0], headings[1][0]


def _is_part(source: Source, heading: str, wanted: set[str]) -> bool:
    tokens = {*heading_tokens(heading)}
    held = source.bundle.profiles[heading]
    if not tokens & wanted or tokens & _OTHERS or heading in source.matches or not held.filled:
        return False
    share = held.share([_NAME.fullmatch(text) is not None for text in held.looked_at])
    return share >= _MOSTLY and held.dates < 1 - _MOSTLY


def full_names(source: Source, headings: tuple[str, ...]) -> Profile:
    """Return first and last names combined in the same way as by ``[TABLE.combine]``."""
    columns = source.bundle.columns
    joined = of_pairs(
        [columns[name] for name in headings],
        lambda texts: " + ".join(text.strip() for text in texts if text.strip()),
    )
    return profile("", joined)


def alike(one: Profile, other: Profile) -> float:
    """Return the share of rows of one column whose name is in the other; case is ignored."""
    known = {text.casefold() for text in other.texts}
    there = np.array([text.casefold() in known for text in one.texts], dtype=bool)
    return float(one.counts[there].sum() / one.filled) if one.filled else 0.0
