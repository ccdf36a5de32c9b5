"""The attack: which hidden counts follow from what is printed, by whole numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.fixed_days.saved import told_by_curves
from iop_outcomes.disclosure.solutions.connected import Near, Printed, connected_unknown
from iop_outcomes.disclosure.solutions.weighted import CLEARLY, Bound, Reader, added_up
from iop_outcomes.disclosure.system.cells import PrintedCells
from iop_outcomes.disclosure.system.documents import differences, disclosed_by
from iop_outcomes.disclosure.system.fitting import Fitting
from iop_outcomes.disclosure.system.parts import KeptParts, Part
from iop_outcomes.disclosure.system.quarters import TOGETHER
from iop_outcomes.disclosure.system.reading import Reading
from iop_outcomes.errors import ReportError

COLUMNS = ["cell", "how", "low", "high", "from"]
PRINTED, EXACT, SMALL = "printed", "exactly", "as small"


def attack(cells: PrintedCells, parts: KeptParts | None = None) -> pd.DataFrame:
    """Return the small counts that an outsider can work out from printed cells.

    Parameters
    ----------
    cells : PrintedCells
        Of one report, or of several that were joined.
    parts : KeptParts, optional
        Connected counts that were asked before; those of this report are added.

    Returns
    -------
    pandas.DataFrame
        One row a count of people from 1 to ``threshold - 1`` that is printed, follows exactly, or
        is known to be in this range: ``cell`` (str), its name; ``how``: ``printed``, ``exactly``,
        or ``as small``; ``low, high`` (int64), all that is known of it; ``from`` (str), the printed
        counts that give it. Empty if there is none.

    Raises
    ------
    ReportError
        If no whole numbers fit what is printed: the numbers contradict each other.

    Notes
    -----
    The reader knows all sums, that counts are whole numbers, and what a hidden count is at least: 1
    where a zero is shown. A count is not worked out if the printed numbers also fit a value of 0,
    or of the threshold or more, for it. What does not follow from sums one after another is asked
    by integer programming, never by linear programming alone, which can call safe what whole
    numbers give.

    Examples
    --------
    >>> total = {"a": 1, "b": 1, "all": -1}
    >>> leaky = PrintedCells(11, counts={"a": 40, "b": None, "all": 44}, sums=[total])
    >>> attack(leaky)[["cell", "how", "low"]].values.tolist()
    [['b', 'exactly', 4]]
    """
    rows = []
    outsider = Outsider(cells, parts)
    for key, (low, high) in outsider.small():
        printed = cells.counts.get(key) is not None
        how = PRINTED if printed else EXACT if low == high else SMALL
        rows.append((_name(key), how, low, high, outsider.reason(key)))
    if cells.document is not None:
        rows += disclosed_by(cells.document, cells.threshold)
        rows += told_by_curves(cells.document, cells.threshold)
        rows += differences(cells.document, cells.counts, cells.threshold)
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.astype({"low": np.int64, "high": np.int64})


def told(cells: PrintedCells, parts: KeptParts | None = None) -> Iterator[Key]:
    """Give the small counts that `attack` finds, as they are named in the cells, one by one.

    Raises
    ------
    ReportError
        At once, if no whole numbers fit what is printed.
    """
    return Outsider(cells, parts).told()


def fits(cells: PrintedCells, parts: KeptParts | None = None) -> bool:
    """Say whether any whole numbers fit what is printed."""
    try:
        Outsider(cells, parts)
    except ReportError:
        return False
    return True


def _name(key: Key) -> str:
    if not isinstance(key, tuple):
        return str(key)
    if key[0] == "rest" and len(key) == 3:
        return f"{_name(key[1])} less {_name(key[2])}"
    return " / ".join(f"({_name(part)})" if isinstance(part, tuple) else str(part) for part in key)


class Outsider:
    """What follows from printed cells, sum by sum and then by connected part.

    Parameters
    ----------
    cells : PrintedCells or Reading
        Of one report, or of several that were joined.
    parts : KeptParts, optional
        Connected counts that were asked before; those of these cells are added.
    likely : Fitting, optional
        Whole numbers that may fit, which are tried before others are looked for.

    Raises
    ------
    ReportError
        If no whole numbers fit what is printed.
    """

    def __init__(
        self,
        cells: PrintedCells | Reading,
        parts: KeptParts | None = None,
        likely: Fitting | None = None,
    ) -> None:
        """Work out what follows from sums, and find whole numbers for the others."""
        reading = cells if isinstance(cells, Reading) else Reading.of(cells)
        self.threshold = reading.threshold
        self.not_people = reading.not_people
        self.place, self.names = reading.place, reading.names
        self.together = reading.together
        self.followed: dict[int, int] = {}
        self.facts = replace(reading.facts, values=list(reading.facts.values))
        known, least, shares = reading.known.copy(), dict(reading.least), reading.shares
        self._follow(known)
        for share in shares:  # a reader knows that a share above 0 is of a count above 0
            least[share.numerator] = max(least.get(share.numerator, 0), int(share.high > 0))
        self.printed = Printed(known, shares, least)
        self.not_asked: set[Key] = set()  # sums that may be small: see `_few_together`
        self._parts: list[tuple[Part, npt.NDArray[np.intp]]] = []
        self._near: list[Near] = []
        self._number = np.full(len(self.names), -1, dtype=np.intp)  # of the part of each count
        self._fit_unknown(KeptParts() if parts is None else parts, likely or Fitting())

    def _follow(self, known: np.ndarray) -> None:
        """Work out what follows from one sum after another."""
        row, place = self.facts.cells()
        size = len(self.facts.rows)
        sign = np.array([sign for row in self.facts.rows for sign in row.values()], dtype=np.int64)
        values = np.array(self.facts.values, dtype=np.int64)
        while True:
            unknown = ~known[place]
            left = np.bincount(row[unknown], minlength=size)
            of_known = np.where(unknown, 0, sign * values[place])
            rest = np.bincount(row, of_known, size).astype(np.int64)
            if rest[left == 0].any():
                self._refuse()
            alone = np.flatnonzero(unknown & (left[row] == 1))
            if not len(alone):
                break
            values[place[alone]] = -rest[row[alone]] * sign[alone]
            known[place[alone]] = True
            self.followed |= dict(zip(place[alone].tolist(), row[alone].tolist(), strict=True))
        self.facts.values[:] = values.tolist()

    def _refuse(self) -> None:
        raise ReportError(
            "The printed numbers contradict each other: no counts fit them all.",
            instead="reports of the same records; of two with different data cuts, one by one",
        )

    def _fit_unknown(self, parts: KeptParts, likely: Fitting) -> None:
        """Find whole numbers that fit everything printed, one connected part after another.

        `Facts` needs the true values; any whole numbers that fit are in their place.
        """
        if any(value < 0 for value in self.facts.values):
            self._refuse()
        values = np.array(self.facts.values, dtype=np.int64)
        for near in connected_unknown(self.facts, self.printed):
            part = parts.of_near(near, self.printed, partial(self._asked, parts, near, likely))
            if part.fit is None:
                self._refuse()
                continue
            places = np.array(near.places, dtype=np.intp)
            values[places] = part.fit
            self._number[places] = len(self._parts)
            self._parts.append((part, places))
            self._near.append(near)
        self.facts.values[:], self._values = values.tolist(), values
        for share in self.printed.shares:
            if not share.holds({}, self.facts.values):
                self._refuse()

    def _asked(self, parts: KeptParts, near: Near, likely: Fitting) -> Part:
        """Return the part of connected unknown counts: one asked before, if there is an equal."""
        names = [self.names[place] for place in near.places]
        system = near.system(self.facts, self.printed)
        return parts.of(system, self.threshold, likely.of(names))

    @property
    def fitting(self) -> Fitting:
        """All whole numbers found so far that fit everything printed."""
        solutions = [self._values]
        for part, own in self._parts:
            found = np.array(part.all_found, dtype=np.int64).reshape(-1, len(own))
            some = np.tile(self._values, (len(found), 1))
            some[:, own] = found
            solutions.append(some)
        return Fitting(self.names, np.vstack(solutions))

    def tells(self, key: Key) -> bool:
        """Return whether a count, which need not be there, is of people and known to be small."""
        return bool(self.which([key]))

    def which(self, keys: Sequence[Key]) -> list[Key]:
        """Return which of some counts, which need not be there, are known to be small."""
        sums = [names for names in map(_summed, keys) if names and self.place.keys() >= {*names}]
        few = {names for names, _, _ in self._few_together(sums, alone=True)}
        return [key for key in keys if _summed(key) in few or self._is_small_count(key)]

    def first_of(self, keys: Collection[Key]) -> Key | None:
        """Return the first of some counts that is known to be small, sums last; None if none is."""
        counts, sums = (key for key in keys if not _summed(key)), [*filter(_summed, keys)]
        found = next((key for key in counts if self._is_small_count(key)), None)
        return next(iter(self.which(sums)), None) if found is None else found

    def _is_small_count(self, key: Key) -> bool:
        people = key in self.place and key not in self.not_people
        return people and self.is_small(self.place[key], alone=True)

    def needed(self, key: Key) -> frozenset[int] | None:
        """Return the places of counts and shares from which follows that a count is small.

        It is known to be small to each reader who has those of them that are printed. None if this
        does not follow from sums and shares where counts may be fractions.
        """
        own = self._asked_of(key)
        if own is None:
            return None
        places, unknown = set(own), [place for place in own if not self.printed.known[place]]
        if not unknown and not self.is_small(own[0]):
            return None
        if unknown:
            reader = Reader(self.printed)
            for sign, limit in ((1, self.threshold), (-1, 0)):
                if sign < 0 and any(self.printed.least.get(place, 0) for place in unknown):
                    continue
                bound = self._bound(unknown, sign)
                if bound is None or bound.largest(self._values, reader) >= limit - CLEARLY:
                    return None
                places.update(bound.places.tolist())
                for share in bound.shares:
                    places |= {share.numerator, share.denominator}
        waiting = list(places)
        while waiting:
            row = self.followed.get(waiting.pop())
            if row is not None:
                others = self.facts.rows[row].keys() - places
                places |= others
                waiting += others
        return frozenset(places)

    def _asked_of(self, key: Key) -> list[int] | None:
        """Return the places of the counts of which one, or the sum, is asked; None if it is not.

        A sum is asked of counts that are connected with each other, and of others that are 0.
        """
        names = _summed(key) or (key,)
        if not self.place.keys() >= {*names} or key in self.not_people:
            return None
        own = [self.place[name] for name in names]
        return own if len(own) == 1 or self._is_of_one_part(own) else None

    def _is_of_one_part(self, places: Sequence[int]) -> bool:
        """Return whether all unknown ones of some counts are connected, and the others are 0."""
        known = [place for place in places if self.printed.known[place]]
        inside = {int(self._number[place]) for place in places if not self.printed.known[place]}
        return len(inside) == 1 and not any(self.facts.values[place] for place in known)

    def _bound(self, places: Sequence[int], sign: int) -> Bound | None:
        part, own = self._parts[self._number[places[0]]]
        multipliers = part.multipliers(np.searchsorted(own, places).tolist(), sign)
        if multipliers is None:
            return None
        near = self._near[self._number[places[0]]]
        return added_up(self.facts, near, multipliers, dict.fromkeys(places, float(sign)))

    def _few_together(
        self, sums: Sequence[tuple[Key, ...]], *, alone: bool = False
    ) -> Iterator[tuple[tuple[Key, ...], Part, int]]:
        """Give the counts of which the sum is known to be small, with its part and column.

        Most sums are 0, or too large, in one of the whole numbers found so far. Counts that are not
        connected are known to be few together only if some of them are by themselves.
        """
        if not sums:
            return
        asked: dict[int, dict[tuple[int, ...], tuple[Key, ...]]] = {}
        places = [[self.place[name] for name in names] for names in sums]
        for number in self.fitting.always_small(places, self.threshold):
            names = sums[number]
            own = [self.place[name] for name in names]
            if self._is_of_one_part(own):
                unknown = [one for one in own if not self.printed.known[one]]
                at = int(self._number[unknown[0]])
                columns = tuple(np.searchsorted(self._parts[at][1], unknown).tolist())
                asked.setdefault(at, {})[columns] = names
            else:
                self.not_asked.add((TOGETHER, *names))
        for at, by_columns in asked.items():
            part, inside = self._parts[at]
            wider = part.with_sums(tuple(by_columns))
            for column, names in enumerate(by_columns.values(), start=len(inside)):
                if wider.is_small(column, alone=alone):
                    yield names, wider, column

    def told(self, among: Collection[Key] | None = None) -> Iterator[Key]:
        """Give each count of people that is known to be small, what takes no search first.

        Only those of `among` are asked, by default all.
        """
        waiting: dict[int, list[tuple[Key, int]]] = {}  # by the number of sums to be asked
        for key, place in self.place.items():
            if key in self.not_people or (among is not None and key not in among):
                continue
            if not self.printed.known[place]:
                size = sum(self._part_of(place)[0].size)
                waiting.setdefault(size, []).append((key, place))
            elif self.is_small(place):
                yield key
        for size in sorted(waiting):
            yield from (key for key, place in waiting[size] if self.is_small(place))
        sums = [one for one in self.together if among is None or (TOGETHER, *one) in among]
        yield from ((TOGETHER, *names) for names, _, _ in self._few_together(sums))

    def small(self) -> Iterator[tuple[Key, tuple[int, int]]]:
        """Give each count of people that is known to be small, with its least and most value."""
        for key, place in self.place.items():
            limits = None if key in self.not_people else self.range_if_small(place)
            if limits is not None:
                yield key, limits
        for names, part, column in self._few_together(self.together):
            limits = part.range_if_small(column)
            assert limits is not None
            yield (TOGETHER, *names), limits

    def reason(self, key: Key) -> str:
        """Say which printed counts give a count."""
        names = _summed(key) or [key]
        place = self.place[names[0]]
        if len(names) > 1:
            places = (self.place[name] for name in names)
            place = next(one for one in places if not self.printed.known[one])
        if place in self.followed:
            row = self.facts.rows[self.followed[place]]
            parts = [
                f"{_name(self.names[other])} ({self.facts.values[other]})"
                for other in row
                if other != place
            ]
            return "; ".join(parts)
        if self.printed.known[place]:
            return ""
        sums, shares = self._part_of(place)[0].size
        return f"whole numbers that fit {sums} sums and {shares} shares"

    def is_small(self, place: int, *, alone: bool = False) -> bool:
        """Return whether a count is known to be small; `alone`: few others will be asked for."""
        if self.printed.known[place]:
            return 0 < self.facts.values[place] < self.threshold
        part, column = self._part_of(place)
        return part.is_small(column, alone=alone)

    def _part_of(self, place: int) -> tuple[Part, int]:
        """Return the part of an unknown count, and its column there."""
        part, places = self._parts[self._number[place]]
        return part, int(np.searchsorted(places, place))

    def range_if_small(self, place: int) -> tuple[int, int] | None:
        """Return the least and most value of a count that is known to be small, else None."""
        if self.printed.known[place]:
            value = self.facts.values[place]
            return (value, value) if 0 < value < self.threshold else None
        part, column = self._part_of(place)
        return part.range_if_small(column)


def _summed(key: Key) -> tuple[Key, ...]:
    """Return the names of the counts of which a sum is looked at; none for a count."""
    return key[1:] if isinstance(key, tuple) and key[0] == TOGETHER else ()
