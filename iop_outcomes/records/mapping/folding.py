"""How names and words are compared."""

from __future__ import annotations

import re

_GAP = re.compile(r"[\s\-_/]+")


def fold(word: str) -> str:
    """Return `word` as names and vocabulary are compared: lower case, one underscore a gap.

    Examples
    --------
    >>> fold(" No-Show "), fold("Canceled by  client")
    ('no_show', 'canceled_by_client')
    """
    return _GAP.sub("_", word.strip().casefold()).strip("_")
