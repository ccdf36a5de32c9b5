"""People counted in several programs or quarters: somebody in two of them is counted in each.

So the parts add up to at least the whole: to it and the overlap, where a person in k parts counts
k - 1 times. Nobody overlaps more in one row of a table than in the row of everybody. So where the
totals add up nobody is in two parts, and each row adds up as well. The first is Boole's
inequality; what sums and inequalities between printed counts say of hidden ones is worked out as
elsewhere (Dobra and Fienberg, PNAS 2000; 97: 11885-11892, on bounds of cells from their totals).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.system.cells import PrintedCells

OF_QUARTER = "people of sessions in the quarter up to"
FAMILIES = ("session people", OF_QUARTER)
"""Families of counts of people; the last word of a name is the row, such as late or all."""
EVERYBODY = "all"
OVERLAP = "counted in more than one of"
PROGRAMS = "the programs"


@dataclass(frozen=True)
class PeopleOfAll:
    """A count of people, and those of its parts that have the same row.

    Attributes
    ----------
    whole, everybody : tuple
        The name of the count, and of that of the row of everybody, which need not be there.
    parts : tuple
        The names of the counts of its parts.
    complete : bool
        Whether these are all. Without a count of each the others are a count of people, too.
    of : str
        What the parts are. They are the same for all rows of a table.
    """

    whole: Key
    everybody: Key
    parts: tuple[Key, ...]
    complete: bool
    of: str = PROGRAMS


def counts_people(key: Key) -> bool:
    """Return whether a count is of people who may be in several programs or quarters.

    Examples
    --------
    >>> [counts_people((name, "late")) for name in ("session people, 2026Q1", "sessions")]
    [True, False]
    """
    return isinstance(key, tuple) and str(key[0]).partition(",")[0] in FAMILIES


def of_everybody(key: Key) -> tuple[Key, ...]:
    """Return the name of the count of everybody in the table of a count of people."""
    assert isinstance(key, tuple)
    return (*key[:-1], EVERYBODY)


def overlap_of(whole: Key, of: str = PROGRAMS) -> tuple[Key, ...]:
    """Return the name of how much more the parts of a count come to, added up."""
    return (OVERLAP, of, whole)


def declare_overlaps(cells: PrintedCells, counts: Iterable[PeopleOfAll]) -> frozenset[Key]:
    """Declare what parts of a count of people add up to; return the names of what counts no people.

    Parameters
    ----------
    cells : PrintedCells
        With the counts, to which sums are added.
    counts : iterable of PeopleOfAll
        The wholes. A row without that of everybody has an overlap of 0 or more.

    Examples
    --------
    Of 60 people 35 are in one program and 25 in the other, so that nobody is in both:

    >>> wholes = [
    ...     PeopleOfAll((0, word), (0, "all"), ((1, word), (2, word)), True)
    ...     for word in ("late", "all")
    ... ]
    >>> printed = {(0, "all"): 60, (1, "all"): 35, (2, "all"): 25, (0, "late"): 30, (1, "late"): 26}
    >>> cells = PrintedCells(11, counts={**printed, (2, "late"): None})
    >>> len(declare_overlaps(cells, wholes))
    3
    """
    named = {(one.whole, one.of): one for one in counts}  # each once
    overlaps: dict[tuple[Key, str], Key] = {}
    for (whole, of), one in named.items():
        overlap: Key = overlap_of(whole, of)
        overlaps[whole, of] = overlap
        row = {whole: -1, overlap: -1, **dict.fromkeys(one.parts, 1)}
        if not one.complete:
            others: Key = ("others", whole, *one.parts)
            row[others] = 1
            cells.counts.setdefault(others, None)
        cells.counts.setdefault(overlap, None)
        cells.sums.append(row)
    no_people = set(overlaps.values())
    for (whole, of), overlap in overlaps.items():
        most = overlaps.get((named[whole, of].everybody, of), overlap)
        if most != overlap:
            rest: Key = ("rest", most, overlap)
            cells.counts.setdefault(rest, None)
            cells.sums.append({overlap: 1, rest: 1, most: -1})
            no_people.add(rest)
    return frozenset(no_people)
