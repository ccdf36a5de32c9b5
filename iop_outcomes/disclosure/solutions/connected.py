"""Which counts follow from those printed, and which unknown ones are connected with each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from iop_outcomes.disclosure.facts import Facts, Share
from iop_outcomes.disclosure.solutions.ranges import System

Mask = npt.NDArray[np.bool_]


def known_values(facts: Facts, printed: Iterable[int]) -> Mask:
    """Return which counts follow from those printed, one sum after another."""
    return _follow(facts, printed)[0]


def followed_from(facts: Facts, printed: Iterable[int], counts: Iterable[int]) -> set[int]:
    """Return printed counts from which some counts follow, one sum after another."""
    shown = set(printed)
    known, by_row = _follow(facts, shown)
    used = {count for count in counts if known[count]}
    waiting = list(used)
    while waiting:
        place = waiting.pop()
        if place not in shown:
            others = facts.rows[by_row[place]].keys() - used
            used |= others
            waiting += others
    return used & shown


def _follow(facts: Facts, printed: Iterable[int]) -> tuple[Mask, npt.NDArray[np.intp]]:
    """Return which counts follow from those printed, and the sum that gave each that does."""
    known = np.zeros(len(facts.values), dtype=np.bool_)
    known[list(printed)] = True
    by_row = np.full(len(known), -1, dtype=np.intp)
    row, place = facts.cells()
    while True:
        unknown = ~known[place]
        left = np.bincount(row[unknown], minlength=len(facts.rows))
        alone = unknown & (left[row] == 1)
        solved = place[alone]
        if not len(solved):
            return known, by_row
        known[solved] = True
        by_row[solved] = row[alone]


class Neighbours(NamedTuple):
    """Counts near one, the nearest first, and their distance in sums."""

    places: npt.NDArray[np.intp]
    distances: npt.NDArray[np.intp]


def neighbours(facts: Facts, start: int, printed: Mask) -> Neighbours:
    """Return the counts near one; what is behind printed counts is not near."""
    by_row, by_place = facts.by_row(), facts.by_place()
    seen, used = np.zeros_like(printed), np.zeros(len(facts.rows), dtype=np.bool_)
    found = [np.array([start], dtype=np.intp)]
    seen[start] = True
    through = found[0]  # the counts of which the sums are looked at next
    while len(through):
        rows = by_place.of_each(through)
        rows = _first_of_each(rows[~used[rows]])
        used[rows] = True
        places = by_row.of_each(rows)
        places = _first_of_each(places[~seen[places]])
        seen[places] = True
        found.append(places)
        through = places[~printed[places]]
    sizes = [len(places) for places in found]
    return Neighbours(np.concatenate(found), np.repeat(np.arange(len(found)), sizes))


def _first_of_each(numbers: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Return each number once, in the order in which they come first."""
    return numbers[np.sort(np.unique(numbers, return_index=True)[1])]


@dataclass(frozen=True, eq=False)
class Printed:
    """What is known to a reader.

    Attributes
    ----------
    known : numpy.ndarray of bool
        Which counts are printed, or follow from those printed one sum after another.
    shares : list of Share
        The printed shares.
    least : dict
        Lower bounds of counts.
    parts : dict
        The connected unknown counts that were asked for so far, by each of them.
    """

    known: Mask
    shares: list[Share]
    least: dict[int, int]
    parts: dict[int, Near] = field(default_factory=dict)


class Near(NamedTuple):
    """The unknown counts that are connected with one, and the sums and shares that contain them."""

    places: tuple[int, ...]
    rows: tuple[int, ...]
    shares: tuple[Share, ...]

    def system(self, facts: Facts, printed: Printed) -> System:
        """Return the system of these counts."""
        rows = [facts.rows[number] for number in self.rows]
        return System.of(list(self.places), facts.values, rows, self.shares, printed.least)


def connected_unknown(facts: Facts, printed: Printed) -> list[Near]:
    """Return all unknown counts, each time those that are connected."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    row, place = facts.cells()
    unknown, size = ~printed.known, len(printed.known)
    sides = _sides(printed.shares)
    # Sums and shares are nodes too, beside the counts; those without an unknown count are left out.
    links = np.concatenate([row, len(facts.rows) + np.repeat(np.arange(len(sides)), 2)])
    counts = np.concatenate([place, sides.ravel()])
    links, counts = links[unknown[counts]], counts[unknown[counts]]
    nodes = size + len(facts.rows) + len(sides)
    edges = coo_array((np.ones(len(links)), (counts, size + links)), shape=(nodes, nodes))
    _, label = connected_components(edges, directed=False)
    used = np.zeros(nodes, dtype=np.bool_)
    used[size + links] = True
    used[:size] = unknown
    ends = size, size + len(facts.rows)
    inside = np.flatnonzero(used)
    ordered = inside[np.argsort(label[inside], kind="stable")]
    parts = []
    for group in np.split(ordered, np.flatnonzero(np.diff(label[ordered])) + 1):
        own, rows, shares = np.split(group, np.searchsorted(group, ends))
        of_part = (printed.shares[number] for number in (shares - ends[1]).tolist())
        parts.append(Near(tuple(own.tolist()), tuple((rows - size).tolist()), tuple(of_part)))
    return sorted((part for part in parts if part.places), key=lambda part: part.places[0])


def _sides(shares: Sequence[Share]) -> npt.NDArray[np.intp]:
    """Return the places of the numerator and denominator of each share."""
    sides = [(share.numerator, share.denominator) for share in shares]
    return np.array(sides, dtype=np.intp).reshape(-1, 2)


def connected(facts: Facts, printed: Printed, count: int) -> Near:
    """Return the unknown counts that are connected with an unknown one."""
    if count not in printed.parts:
        near = _connected(facts, printed, count)
        printed.parts.update(dict.fromkeys(near.places, near))
    return printed.parts[count]


def _connected(facts: Facts, printed: Printed, count: int) -> Near:
    row, place = facts.cells()
    sides = _sides(printed.shares)
    unknown = ~printed.known
    seen = np.zeros_like(unknown)
    seen[count] = True
    while True:
        rows = np.zeros(len(facts.rows), dtype=np.bool_)
        rows[row[seen[place]]] = True
        near = (seen & unknown)[sides].any(axis=1)
        reached = np.zeros_like(seen)
        reached[place[rows[row]]] = True
        reached[sides[near]] = True
        fresh = reached & unknown & ~seen
        if not fresh.any():
            break
        seen |= fresh
    return Near(
        tuple(np.flatnonzero(seen).tolist()),
        tuple(np.flatnonzero(rows).tolist()),
        tuple(printed.shares[number] for number in np.flatnonzero(near).tolist()),
    )
