"""The small print of a section, read from its start: what stands above is not said again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from iop_outcomes.report.model import Section

SHORTEST = 40  # letters of a sentence that is said once
CHARTS = ("trends", "response")  # each chart has its own key, which may differ from the next
ABOVE = "For the rest see the notes above."
REFERS = ("Only its marked days", ABOVE)
OF_A_PICTURE = (
    "Bands: 95% confidence limits of each day.",
    "The table: those still followed",
    "Numbers at risk, and with them",
)
"""How sentences begin that hold for one picture and not for the next."""
AT_EACH = ("Not shown:", *OF_A_PICTURE, *REFERS)
"""How a sentence begins that stands where it matters."""
_SENTENCES = re.compile(r"(?<=[.!?]) (?=[A-Z])")


@dataclass(frozen=True)
class SmallPrint:
    """The notes of a section that are left to say.

    Attributes
    ----------
    tables : list of str
        A note a table; empty if it has none.
    drawings : list of list of str
        The paragraphs of each picture.
    behind : list of str
        The note of the table behind each picture.
    """

    tables: list[str]
    drawings: list[list[str]]
    behind: list[str]


def small_print(section: Section) -> SmallPrint:
    """Return the notes of a section; a sentence that stands above is left out, and referred to.

    Tables behind pictures come last, as they are folded away: nothing that is always seen is left
    out because it stands there.
    """
    if section.identifier in CHARTS:
        notes = [drawing.notes for drawing in section.drawings]
        own = [drawing.table.note for drawing in section.drawings]
        behind = ["" if one in said else one for one, said in zip(own, notes, strict=True)]
        return SmallPrint([table.note for table in section.tables], notes, behind)
    said = set(sentences_of(section.all_sentences))
    tables = [left_to_say(table.note, said) for table in section.tables]
    drawings = []
    for drawing in section.drawings:
        here = [left_to_say(note, said, refer=False) for note in drawing.notes]
        kept = [note for note in here if note]
        if here != drawing.notes and not any(word in note for note in kept for word in REFERS):
            kept.append(ABOVE)
        drawings.append(kept)
    below = ["" if one.table.note in one.notes else one.table.note for one in section.drawings]
    behind = [left_to_say(note, said, refer=False, at_each=()) for note in below]
    return SmallPrint(tables, drawings, behind)


def sentences_of(texts: Iterable[str]) -> list[str]:
    """Return the sentences of some texts, in their order."""
    return [sentence for text in texts for sentence in _SENTENCES.split(text)]


def left_to_say(
    text: str, said: set[str], *, refer: bool = True, at_each: tuple[str, ...] = AT_EACH
) -> str:
    """Return a text without the sentences that were said, and add its own to these.

    Short ones and those that begin with one of `at_each` stay.

    Examples
    --------
    >>> said = set()
    >>> first = "Lower and upper: the 95% interval of each share. A dash: not known."
    >>> left_to_say(first, said) == first
    True
    >>> left_to_say("A dash: none. Lower and upper: the 95% interval of each share.", said)
    'A dash: none. For the rest see the notes above.'
    """
    given = sentences_of([text])
    left = [
        one
        for one in given
        if len(one) < SHORTEST or one not in said or (at_each and one.startswith(at_each))
    ]
    said.update(given)
    missing = len(left) < len(given) and refer
    return " ".join([*left, *([ABOVE] if missing else [])])
