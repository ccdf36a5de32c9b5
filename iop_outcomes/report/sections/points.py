"""What a finding of the first page is, and which come first."""

from __future__ import annotations

from dataclasses import dataclass

MISSED, CHANGED, SIGNAL, DIFFER, NEAR, MET, SAME, NOT_COMPARED = range(8)
ALIKE = "no clear difference"  # between programs


@dataclass(frozen=True)
class Point:
    """One finding of the first page.

    Attributes
    ----------
    rank : int
        Those of a lower rank come first: a target missed, a change, a signal, programs that differ,
        a target missed by no more than chance may explain, one met, no clear change, not compared.
    tag, title, text : str
        What it is called in the margin, the measure, and the rest of the sentence.
    """

    rank: int
    tag: str
    title: str
    text: str
