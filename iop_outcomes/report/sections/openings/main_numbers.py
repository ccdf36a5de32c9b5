"""The first page of a report without a period: the main number of each section."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from iop_outcomes.report.model import Section
from iop_outcomes.report.sections.openings.sentences import OPENINGS, opening
from iop_outcomes.report.sections.points import Point

TAG = "whole time"
HOW = (
    "The main number of each section stands here. Where an interval stands beside it, the true "
    "value may well lie anywhere in it."
)


def with_main_numbers(
    first: Section, others: Sequence[Section], points: Sequence[Point] = ()
) -> Section:
    """Return the first page of a report that compares nothing, with what its sections open with.

    Parameters
    ----------
    first : Section
        The first page, which says why nothing is compared.
    others : sequence of Section
        The sections as they are printed, in their order.
    points : sequence of Point
        Findings that need no earlier time, such as programs that differ. They come last.

    Returns
    -------
    Section
        With one item a section that has a number; `first` itself if none has.
    """
    said = [(one.title, opening(one, limits=True)) for one in others if one.identifier in OPENINGS]
    items = [(TAG, title, f". {text}") for title, text in said if text]
    items += [(one.tag, one.title, one.text) for one in points]
    if not items:
        return first
    return replace(first, sentences=(HOW, *first.sentences), items=tuple(items))
