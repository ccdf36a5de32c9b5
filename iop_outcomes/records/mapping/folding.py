"""The form in which names and words are compared."""

from __future__ import annotations

import re

_GAP = re.compile(r"[\s\-_/]+")


def fold(word: str) -> str:
    """Return a name or word in the form for comparison: lower case, with one underscore for gaps.

    Gaps are spaces, hyphens, slashes and underscores.

    Examples
    --------
    >>> fold(" No-Show "), fold("Canceled by  client")
    ('no_show', 'canceled_by_client')
    """
    return _GAP.sub("_", word.strip().casefold()).strip("_")
