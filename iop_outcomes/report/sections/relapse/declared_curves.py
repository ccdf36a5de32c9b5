"""What a printed curve of relapse tells, by quarter of admission, under names that reports share.

Two years' admissions of reports in a row are nearly the same people, and what is declared of one
curve is asked beside what earlier reports declare of theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pandas as pd

from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.fixed_days.fewer import Fewer
from iop_outcomes.disclosure.policy import MANY
from iop_outcomes.disclosure.system import PrintedCells, PrintedShare
from iop_outcomes.disclosure.system.quarters import KNOWN_BY
from iop_outcomes.report.period import QUARTER, ReportPeriod
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections.quarters import COHORTS

CURVE = "curve"
SIZE, ENDED, FOLLOWED, GONE = "n", "ended", "followed", "no longer followed"
OR_FOLLOWED = "ended, or followed after"
KNOWN_AFTER = 30  # days until what happened on a day is known
EDGE = 1e-9
Names = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class PrintedCurve:
    """A printed curve, with the days on which those of it ended so, or were lost.

    Attributes
    ----------
    name : tuple of str
        How reports name it: what it is of, and which curve of these.
    falls : dict of int to float
        Each printed day after day 0 -> the share that had ended so, as it is printed.
    base : int
        To which the numbers at risk are rounded; 0 if none is printed.
    times : pandas.DataFrame
        A row an episode: ``episode_id``; ``day`` (float64), of its end or the last that is known;
        ``ended`` (bool), whether it ended so.
    width : dict of int to float
        How far the share may lie from what is printed, beside its rounding.
    others : dict of int to float
        Each printed day -> the share that had ended otherwise, as it is printed.
    kinds : int
        How many kinds of end are printed, each of them rounded.
    """

    name: Names
    falls: dict[int, float]
    base: int
    times: pd.DataFrame
    width: dict[int, float] = field(default_factory=dict)
    others: dict[int, float] = field(default_factory=dict)
    kinds: int = 1

    @property
    def half(self) -> float:
        """Half of the last digit of a share."""
        return half_of(len(self.times))

    @property
    def kept(self) -> Fewer:
        """What is printed of it."""
        return Fewer(tuple(self.falls), self.base, {day: self.left(day) for day in self.falls})

    def edge(self, day: int) -> float:
        """Return how far the share of a day may lie from what is printed; on day 0 nobody ended."""
        return self.half + self.width.get(day, 0.0) + EDGE if day else 0.0

    def without_end(self, day: int) -> tuple[float, float]:
        """Return between what the share of those lies who had not ended by a day."""
        share = 1 - self.falls.get(day, 0.0) - self.others.get(day, 0.0)
        off = self.kinds * self.edge(day)
        return max(share - off, 0.0), min(share + off, 1.0)

    def left(self, day: int) -> int:
        """Return how many are followed after a day."""
        return int((self.times["day"] > day).sum())

    def ended(self, start: int, end: int) -> int:
        """Return how many ended so after a day, or since day 0, up to another."""
        days = self.times.loc[self.times["ended"], "day"]
        return int(((days > start) | (start == 0))[days <= end].sum())

    def without(self, day: int) -> PrintedCurve:
        """Return the curve without one of its days."""
        return replace(self, falls={one: fall for one, fall in self.falls.items() if one != day})


def half_of(people: int) -> float:
    """Return half of the last digit of the shares of a curve of so many."""
    return 0.005 if people < MANY else 0.0005


def pieces_of(scope: Scope, window: ReportPeriod) -> list[ReportPeriod]:
    """Return the quarters of a time since the records begin; months where periods are of months."""
    assert scope.period is not None
    length = QUARTER if scope.period.of_quarters else 1
    return [part for part in window.cut(length) if part.last >= scope.begin]


def cells_of_curve(scope: Scope, curve: PrintedCurve) -> PrintedCells:
    """Return what a printed curve tells, by quarter of admission.

    It holds no number that is not printed: of those who had ended so by a day it is known that they
    are no more than the share, and no fewer than beside the number at risk. So it is between two
    days in a row: the share rises the more by each who ends so, the fewer are followed. None, or at
    least the threshold, ended so between two printed days; which of both is taken to be known.
    """
    cut, least_of_all = pd.Timestamp(scope.records.as_of), scope.policy.threshold
    people = len(curve.times)
    size: Key = (CURVE, *curve.name, SIZE)
    counts: dict[Key, int | None] = {size: people}
    least: dict[Key, int] = {}
    shares: list[PrintedShare] = []
    sums: list[dict[Key, int]] = []
    settled: set[Key] = set()
    lost: set[Key] = set()  # not asked here: each report is judged for these by itself
    pieces = pieces_of(scope, scope.window(8))

    def declare(kind: str, start: int, end: int, *, by_quarter: bool = True) -> list[Key]:
        """Declare a count, and those of its quarters; return the names of all."""
        whole: Key = (CURVE, *curve.name, kind, start, end)
        keys: list[Key] = [whole]
        for piece in pieces if by_quarter else ():
            is_final = piece.last + pd.Timedelta(days=end + KNOWN_AFTER) <= cut
            until = [] if is_final else [f"{KNOWN_BY} {cut.date()}"]
            named = (CURVE, *curve.name, kind, start, end, *until)
            keys.append((COHORTS, str(piece.last.date()), *named))
        counts.update(dict.fromkeys(keys))
        settled.update(keys[1:])
        if by_quarter:
            sums.append({whole: -1, **dict.fromkeys(keys[1:], 1)})
        number = curve.left(end) if kind == FOLLOWED else curve.ended(start, end)
        if number >= least_of_all:
            least[whole] = least_of_all
        elif not number:
            sums.append({whole: 1})
        return keys

    days = [0, *curve.falls]
    at_risk = curve.base > 0
    left = {0: size}
    left |= {day: declare(FOLLOWED, 0, day, by_quarter=at_risk)[0] for day in curve.falls}
    times = [*pairwise(days), *((0, day) for day in [*curve.falls][1:])]
    ended = {both: declare(ENDED, *both) for both in times}
    for start, end in pairwise(days):
        gone: Key = (CURVE, *curve.name, GONE, start, end)
        counts[gone] = None
        lost.add(gone)
        sums.append({left[start]: -1, left[end]: 1, ended[start, end][0]: 1, gone: 1})
        if start:
            three = zip(ended[0, end], ended[0, start], ended[start, end], strict=True)
            sums += [{key: -1, one: 1, other: 1} for key, one, other in three]
    for day, fall in curve.falls.items():
        low = least.get(ended[0, day][0], 0) / people
        if curve.base:
            bottom, top = _range(curve.left(day), curve.base, least_of_all)
            shares.append(PrintedShare(left[day], size, bottom / people, min(top / people, 1.0)))
            fallen = max(fall - curve.edge(day), 0.0)
            low = max(low, fallen / (1 - fallen) * bottom / people) if fallen < 1 else low
        most = min(fall + curve.edge(day), 1.0)
        shares.append(PrintedShare(ended[0, day][0], size, low, most))
    for (start, end), (whole, *_) in ended.items():
        or_left: Key = (CURVE, *curve.name, OR_FOLLOWED, start, end)
        counts[or_left] = None
        lost.add(or_left)
        sums.append({or_left: -1, whole: 1, left[end]: 1})
        shares += _between(curve, (start, end), whole, (left[start], or_left))
    return PrintedCells(
        least_of_all,
        scope.label,
        str(cut.date()),
        tuple(sorted(scope.programs)),
        counts,
        least,
        frozenset(lost),
        settled=frozenset(settled),
        sums=sums,
        shares=shares,
    )


def _between(
    curve: PrintedCurve, days: tuple[int, int], ended: Key, among: tuple[Key, Key]
) -> list[PrintedShare]:
    """Return how many ended so between two days, as shares of two counts.

    They are those followed after the first day, and those who ended so or are followed after the
    second. The share rises by S / n for each who ends so, with S the share of those without any end
    and n those followed: by as much as after the first day at least, and as after the second at
    most.
    """
    start, end = days
    edge = curve.edge(start) + curve.edge(end)
    risen = curve.falls[end] - curve.falls.get(start, 0.0)
    (low, high), (then, most_then) = curve.without_end(start), curve.without_end(end)
    shares = []
    if start:
        of_first = min((risen + edge) / low, 1.0) if low else 1.0
        if curve.kinds == 1:
            of_first = min(of_first, 1 - then / high)
        shares.append(PrintedShare(ended, among[0], 0.0, of_first))
    if risen > edge and most_then:
        for_each = (risen - edge) / most_then  # of those followed after the second day
        shares.append(PrintedShare(ended, among[1], for_each / (1 + for_each), 1.0))
    return shares


def _range(left: int, base: int, threshold: int) -> tuple[int, int]:
    """Return between what a number at risk lies of which it is printed to the nearest multiple.

    It is not printed below the threshold: that stands for a smaller multiple, too.
    """
    middle = (2 * left + base) // (2 * base) * base  # halves up
    low, high = -(-(2 * middle - base) // 2), (2 * middle + base - 1) // 2
    return max(low, threshold), high


def of_curve(cells: PrintedCells, name: Names) -> PrintedCells:
    """Return the part of a report's cells that is of one of its curves."""
    return _part(cells, {key for key in cells.counts if named_in(key) == name})


def without_curves(cells: PrintedCells) -> PrintedCells:
    """Return the cells of a report without those of its curves, which are asked by themselves."""
    return _part(cells, {key for key in cells.counts if named_in(key) is None})


def named_in(key: Key) -> Names | None:
    """Return the name of the curve that a count is of; None if it is of none."""
    if isinstance(key, tuple) and key and key[0] in (CURVE, COHORTS):
        own = key[2:] if key[0] == COHORTS else key
        if own and own[0] == CURVE:
            return tuple(str(one) for one in own[1:3])
    return None


def _part(cells: PrintedCells, keys: set[Key]) -> PrintedCells:
    if len(keys) == len(cells.counts):
        return cells
    return replace(
        cells,
        counts={key: value for key, value in cells.counts.items() if key in keys},
        least={key: value for key, value in cells.least.items() if key in keys},
        not_people=cells.not_people & keys,
        settled=cells.settled & keys,
        sums=[row for row in cells.sums if row.keys() <= keys],
        shares=[one for one in cells.shares if {one.numerator, one.denominator} <= keys],
        document=None,
    )


def days_in(key: Key) -> Iterator[tuple[str, int, int]]:
    """Give what the counts in a name are of: the kind, and between which days."""
    if isinstance(key, tuple):
        if len(key) >= 6 and key[0] == CURVE:
            yield str(key[3]), int(str(key[4])), int(str(key[5]))
        else:
            for part in key:
                yield from days_in(part)
                if isinstance(part, str) and part == CURVE:
                    place = key.index(part)
                    if len(key) >= place + 6:
                        yield from days_in(key[place:])
                    break
