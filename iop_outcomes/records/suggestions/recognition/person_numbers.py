"""Whether an identifier that the episodes have once each is the person's number or the stay's."""

from __future__ import annotations

import re
from collections.abc import Iterable

from iop_outcomes.records.suggestions.recognition.language import heading_score
from iop_outcomes.records.suggestions.recognition.profiles import Profile

_WITH_STAY = re.compile(r"(?P<person>.*\w)[\W_]+0?(?P<stay>[1-9]|1\d)")  # INV-0002-1, 4711/02
_MOST_ARE = 0.8  # share of identifiers with the number of a stay behind that of the person
_LEAST_PEOPLE = 0.5  # K-1, K-2, K-3: one beginning, which is of no person


def is_of_the_person(heading: str, held: Profile) -> bool:
    """Return whether an identifier is the person's by its name, and its values do not deny it.

    That each row of the episodes has another one shows nothing: it is so wherever nobody was
    admitted twice. The number of a stay behind that of the person (``INV-0002-1``) is the stay's.
    """
    named = heading_score("episodes", "person_id", heading)
    of_stay = heading_score("episodes", "episode_id", heading)
    return named > of_stay and not number_the_stays(held.texts)


def number_the_stays(texts: Iterable[str]) -> bool:
    """Return whether identifiers have the number of a stay behind that of the person."""
    every = [text.strip() for text in texts]
    people = [met["person"] for text in every if (met := _WITH_STAY.fullmatch(text))]
    return (
        bool(every)
        and len(people) >= _MOST_ARE * len(every)
        and len(set(people)) > _LEAST_PEOPLE * len(people)
    )
