"""What a reader is shown if some items are not printed."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from collections.abc import Set as AnySet
from typing import NamedTuple

import numpy as np

from iop_outcomes.disclosure.facts import PrintedItem, Share


class View(NamedTuple):
    """What a reader is shown: the places of printed counts, printed shares, and lower bounds."""

    places: list[int]
    shares: list[Share]
    least: dict[int, int]


class Views:
    """The views of a report: what is printed of its items, without what follows from it.

    It is asked for thousands of views that differ in an item or two, so that the items are put into
    arrays once.

    Parameters
    ----------
    items : mapping of hashable to PrintedItem
        All items; none is added as long as views are made.
    may_be_zero : set
        The items that are not printed for another reason than what they disclose, and those of
        which a zero is not printed either: a hidden one may be 0.
    threshold : int
        Counts from 1 to one less are small.
    zeros : mapping, optional
        The items that are 0 and may be hidden -> the items of the same column: where one is hidden
        none of these says that it is no zero.
    columns : iterable, optional
        Sets of items: where all of one are hidden none of these says so, either.
    """

    def __init__(
        self,
        items: Mapping[Hashable, PrintedItem],
        may_be_zero: AnySet[Hashable],
        threshold: int,
        zeros: Mapping[Hashable, AnySet[Hashable]] | None = None,
        columns: Iterable[AnySet[Hashable]] = (),
    ) -> None:
        """Put the items into arrays."""
        entries = list(items.values())
        self._number = {name: number for number, name in enumerate(items)}
        self._item_of = np.repeat(np.arange(len(entries)), [len(one.counts) for one in entries])
        self._place_of = np.array(
            [place for entry in entries for place in entry.counts], dtype=np.intp
        )
        # A zero of others would have been printed: a count that is hidden alone is 1 or more.
        self._alone = np.array(
            [
                entry.counts[0]
                if len(entry.counts) == 1 and not entry.shares and name not in may_be_zero
                else -1
                for name, entry in items.items()
            ],
            dtype=np.intp,
        )
        self._zeros, self._columns = zeros or {}, [*columns]
        self._shares = [
            (number, share, share.least(threshold))
            for number, entry in enumerate(entries)
            for share in entry.shares
        ]

    def without(self, dropped: Collection[Hashable]) -> View:
        """Return what is printed if some items are not; names of no item have no effect."""
        names = [name for name in dropped if name in self._number]
        gone = [self._number[name] for name in names]
        shown = np.ones(len(self._number), dtype=np.bool_)
        shown[gone] = False
        with_zeros = {one for name in names if name in self._zeros for one in self._zeros[name]}
        if self._columns:
            hidden = set(names)
            with_zeros.update(*(column for column in self._columns if column <= hidden))
        no_zero = [self._number[name] for name in names if name not in with_zeros]
        alone = self._alone[no_zero]
        least = dict.fromkeys(alone[alone >= 0].tolist(), 1)
        shares = []
        for number, share, least_of_share in self._shares:
            if shown[number]:
                shares.append(share)
                for place, value in least_of_share.items():
                    least[place] = max(value, least.get(place, 0))
        return View(self._place_of[shown[self._item_of]].tolist(), shares, least)
