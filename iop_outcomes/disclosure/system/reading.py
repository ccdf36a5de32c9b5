"""What an outsider has: the printed counts by place, with the sums between all counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.facts import Facts, Share
from iop_outcomes.disclosure.solutions import View
from iop_outcomes.disclosure.solutions.connected import Mask
from iop_outcomes.disclosure.system.cells import PrintedCells
from iop_outcomes.disclosure.system.joining import CHANGED, Joined


@dataclass(frozen=True, eq=False)
class Reading:
    """Printed cells by place.

    Attributes
    ----------
    names : list of hashable
        The names of the counts.
    place : dict
        The name of a count -> its place.
    facts : Facts
        The sums, and the printed counts; 0 for one that is not printed.
    known : numpy.ndarray of bool
        Which counts are printed.
    shares : list of Share
        The printed shares.
    least : dict of int to int
        The place of a count -> what it is at least.
    threshold : int
        Counts from 1 to one less are small.
    not_people : frozenset
        The names of what is no count of people.
    together : list of tuple
        The names of counts of which the sum is looked at, too.
    """

    names: list[Key]
    place: dict[Key, int]
    facts: Facts
    known: Mask
    shares: list[Share]
    least: dict[int, int]
    threshold: int
    not_people: frozenset[Key]
    together: list[tuple[Key, ...]]

    @classmethod
    def of(cls, cells: PrintedCells) -> Reading:
        """Return what an outsider has of some cells."""
        place = {key: number for number, key in enumerate(cells.counts)}
        printed = list(cells.counts.values())
        facts = Facts(
            [0 if value is None else value for value in printed],
            [{place[key]: sign for key, sign in row.items()} for row in cells.sums],
        )
        shares = [
            Share(place[share.numerator], place[share.denominator], -1, share.low, share.high)
            for share in cells.shares
        ]
        return cls(
            list(cells.counts),
            place,
            facts,
            np.array([value is not None for value in printed], dtype=np.bool_),
            shares,
            {place[key]: value for key, value in cells.least.items()},
            cells.threshold,
            cells.not_people,
            cells.together,
        )


class Trials:
    """Earlier reports with one more, of which now more and now less is printed.

    The sums between the counts are the same whatever the report prints, so that they are read once.

    Parameters
    ----------
    earlier : Joined
        The earlier reports.
    whole : PrintedCells
        The report with all that it may print.
    places : int
        How many of its counts, the first, are those of the views that are asked for.
    """

    def __init__(self, earlier: Joined, whole: PrintedCells, places: int) -> None:
        """Join the report with the earlier ones."""
        joined = earlier.with_report(whole)
        cells = joined.cells
        self._whole = Reading.of(cells)
        place, number = self._whole.place, len(earlier.reports)
        own = list(whole.counts)[:places]
        self._own = np.array([place[joined.name(number, key)] for key in own], dtype=np.intp)
        before = earlier.printed
        self._known = np.zeros(len(place), dtype=np.bool_)
        self._known[[place[key] for key, value in before.counts.items() if value is not None]] = (
            True
        )
        self._least = {place[key]: value for key, value in before.least.items()}
        self._shares = self._whole.shares[: len(before.shares)]
        self.alike = len(own) == places and not any(_is_changed(key) for key in cells.counts)
        """Whether the sums are the same: not if a count is another than in an earlier report."""

    def leave_out_large(self, values: Sequence[int]) -> None:
        """Do not look at sums that are not small by the true counts of the report, in their order.

        What is true fits what is printed, so that a reader cannot know otherwise.
        """
        whole = self._whole
        true = dict(zip((whole.names[place] for place in self._own), values, strict=False))
        small = [
            names
            for names in whole.together
            if not all(name in true for name in names)
            or 0 < sum(true[name] for name in names) < whole.threshold
        ]
        self._whole = replace(whole, together=small)

    def reading(self, view: View) -> Reading:
        """Return what an outsider has who is shown this much of the report."""
        known, least = self._known.copy(), dict(self._least)
        known[self._own[view.places]] = True
        shown = set(view.places)
        for count, value in view.least.items():
            if count not in shown:
                name = int(self._own[count])
                least[name] = max(least.get(name, 0), value)
        whole = self._whole
        values = np.where(known, np.array(whole.facts.values, dtype=np.int64), 0).tolist()
        return replace(
            whole,
            facts=replace(whole.facts, values=values),
            known=known,
            shares=[*self._shares, *self._of_report(view.shares)],
            least=least,
        )

    def own(self, places: Collection[int]) -> frozenset[int]:
        """Return which counts of the report are at some places of a reading."""
        return frozenset(np.flatnonzero(np.isin(self._own, list(places))).tolist())

    def _of_report(self, shares: Sequence[Share]) -> Iterable[Share]:
        for share in shares:
            top, bottom = (int(self._own[one]) for one in (share.numerator, share.denominator))
            yield Share(top, bottom, -1, share.low, share.high)


def _is_changed(key: Key) -> bool:
    return isinstance(key, tuple) and key[0] == CHANGED
