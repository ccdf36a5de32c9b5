"""Curves of relapse beside those of earlier reports: what one counts more than another is people.

Two years' admissions of reports in a row are nearly the same people. Of up to a few hundred a whole
percent is a count, or nearly, so that the difference of two curves can tell how many of the newly
admitted had relapsed by a day. Each printed curve is declared by quarter of admission, under names
that reports share; what would tell of a few beside an earlier report is left out of the later one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import ceil, floor

import pandas as pd

from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.fixed_days.at_risk import bases
from iop_outcomes.disclosure.fixed_days.choice import WORTH
from iop_outcomes.disclosure.fixed_days.fewer import Fewer
from iop_outcomes.disclosure.policy import MANY
from iop_outcomes.disclosure.system import PrintedCells, PrintedShare, join, told
from iop_outcomes.disclosure.system.quarters import KNOWN_BY
from iop_outcomes.errors import ReportError
from iop_outcomes.report.period import QUARTER, TWO_YEARS, ReportPeriod, parse_report_period, within
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections.quarters import COHORTS

CURVE = "curve"
SIZE, ENDED, FOLLOWED = "n", "ended", "followed"
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
    """

    name: Names
    falls: dict[int, float]
    base: int
    times: pd.DataFrame
    width: dict[int, float] = field(default_factory=dict)

    @property
    def half(self) -> float:
        """Half of the last digit of a share."""
        return half_of(len(self.times))

    @property
    def kept(self) -> Fewer:
        """What is printed of it."""
        return Fewer(tuple(self.falls), self.base, {day: self.left(day) for day in self.falls})

    def left(self, day: int) -> int:
        """Return how many are followed after a day."""
        return int((self.times["day"] > day).sum())

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
    are no more than the share, and no fewer than beside the number at risk.
    """
    cut, least_of_all = pd.Timestamp(scope.records.as_of), scope.policy.threshold
    people = len(curve.times)
    size: Key = (CURVE, *curve.name, SIZE)
    counts: dict[Key, int | None] = {size: people}
    least: dict[Key, int] = {}
    shares: list[PrintedShare] = []
    sums: list[dict[Key, int]] = []
    settled: set[Key] = set()
    pieces = pieces_of(scope, scope.window(8))

    def declare(kind: str, start: int, end: int) -> list[Key]:
        """Declare a count, and those of its quarters; return the names of all."""
        whole: Key = (CURVE, *curve.name, kind, start, end)
        keys: list[Key] = [whole]
        for piece in pieces:
            is_final = piece.last + pd.Timedelta(days=end + KNOWN_AFTER) <= cut
            until = [] if is_final else [f"{KNOWN_BY} {cut.date()}"]
            named = (CURVE, *curve.name, kind, start, end, *until)
            keys.append((COHORTS, str(piece.last.date()), *named))
        counts.update(dict.fromkeys(keys))
        settled.update(keys[1:])
        sums.append({whole: -1, **dict.fromkeys(keys[1:], 1)})
        least[whole] = least_of_all
        return keys

    through: dict[int, list[Key]] = {}
    for before, day in pairwise([0, *curve.falls]):
        between = through[day] = declare(ENDED, before, day)
        if before:
            through[day] = declare(ENDED, 0, day)
            three = zip(through[day], through[before], between, strict=True)
            sums += [{key: -1, one: 1, other: 1} for key, one, other in three]
    for day, fall in curve.falls.items():
        edge, low = curve.half + curve.width.get(day, 0.0) + EDGE, least_of_all / people
        if curve.base:
            left = declare(FOLLOWED, 0, day)[0]
            bottom, top = _range(curve.left(day), curve.base, least_of_all)
            shares.append(PrintedShare(left, size, bottom / people, min(top / people, 1.0)))
            fallen = max(fall - edge, 0.0)
            low = max(low, fallen / (1 - fallen) * bottom / people) if fallen < 1 else low
        shares.append(PrintedShare(through[day][0], size, low, min(fall + edge, 1.0)))
    return PrintedCells(
        least_of_all,
        scope.label,
        str(cut.date()),
        tuple(sorted(scope.programs)),
        counts,
        least,
        settled=frozenset(settled),
        sums=sums,
        shares=shares,
    )


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


@dataclass(frozen=True, eq=False)
class Beside:
    """The reports that were issued before one, of the same programs.

    Attributes
    ----------
    scope : Scope
        What the report covers.
    earlier : sequence of PrintedCells
        The earlier reports.
    """

    scope: Scope
    earlier: Sequence[PrintedCells] = ()

    def safe(self, curve: PrintedCurve) -> PrintedCurve:
        """Return the curve with what may be printed of it: fewer days, or coarser numbers at risk.

        Numbers at risk are made coarser first, and left out at last; then the day that is worth
        least of those that tell is left out.
        """
        own = {*self.scope.programs}
        same = [of_curve(one, curve.name) for one in self.earlier if {*one.programs} == own]
        before = [part for part in same if part.counts]
        if not before or not curve.falls:
            return curve
        if self.scope.period is None or not self.scope.period.months:
            return replace(curve, falls={})  # these have no quarters or months in common
        curve = self._wide(curve, before)
        try:
            known = set(self._told(curve, before, alone=True))
            while curve.falls:
                new = [key for key in self._told(curve, before) if key not in known]
                if not new:
                    break
                curve = self._with_less(curve, [one for key in new for one in _counted(key)])
        except ReportError:  # the records changed, so that not all of this can be asked
            return replace(curve, falls={})
        return curve

    def sizes_tell(self, times: pd.DataFrame) -> bool:
        """Return whether how many each program's curve is of tells how many were admitted to it.

        Less those admitted in the year, the half-year or the quarter they are those admitted
        before, and less those of an earlier report's curve those admitted since. A few of one
        program are enough: were its curve alone left out, that would tell it.
        """
        scope = self.scope
        assert scope.period is not None
        came = scope.records.episodes.set_index("episode_id")["admit_date"]
        for name, own in times.groupby("program", sort=False):
            dates = came.loc[own["episode_id"]]
            parts = [int((dates < scope.window(quarters).first).sum()) for quarters in (1, 2, 4)]
            for one in self.earlier:
                if of_curve(one, ("program", str(name))).counts:
                    last = parse_report_period(one.quarter).last
                    parts.append(int((dates > last).sum()))
            if self.scope.policy.hides(parts).any():
                return True
        return False

    def _wide(self, curve: PrintedCurve, before: Sequence[PrintedCells]) -> PrintedCurve:
        """Return the curve without what could tell, whatever it is, beside reports of fewer people.

        Where all of an earlier report are in this one, too, what is more in this one is a count. It
        is between 10 more and 10 fewer people, or further apart, only if what is known of both is
        not more precise: else a day that is not there would tell that it is few.
        """
        scope, most = self.scope, self.scope.policy.threshold - 1
        first = scope.window(8).first
        grows = [
            one
            for one in before
            if first <= max(scope.begin, parse_report_period(one.quarter).window(TWO_YEARS).first)
        ]
        spans = [_spans(self._tight(one, curve)) for one in grows]
        least: dict[tuple[str, int], int] = {}
        for span in spans:
            for key, number in span.items():
                least[key] = min(number, least.get(key, number))
        while least and curve.falls:
            own = _spans(self._tight(cells_of_curve(scope, curve), curve))
            near = [key for key in own if key in least and own[key] + least[key] < most]
            if not near:
                break
            counted = [(kind, 0, day) for kind, day in near]
            risk = [one for one in counted if one[0] == FOLLOWED]
            curve = self._with_less(curve, risk or counted)
        return curve

    def _with_less(
        self, curve: PrintedCurve, counted: Sequence[tuple[str, int, int]]
    ) -> PrintedCurve:
        """Return the curve with less of what tells."""
        if curve.base and any(kind == FOLLOWED for kind, _, _ in counted):
            coarser = [base for base in bases(self.scope.policy.threshold) if base > curve.base]
            return replace(curve, base=coarser[0] if coarser else 0)
        days = {day for _, *both in counted for day in both if day in curve.falls}
        return curve.without(min(days or curve.falls, key=lambda day: (WORTH.get(day, 1.0), -day)))

    def _told(
        self, curve: PrintedCurve, before: Sequence[PrintedCells], *, alone: bool = False
    ) -> list[Key]:
        """Return the small counts that follow from a curve and those before, or those alone."""
        some = [*before, *([] if alone else [cells_of_curve(self.scope, curve)])]
        try:
            return list(told(join([self._tight(one, curve) for one in some])))
        except ReportError:
            return list(told(join(some)))

    def _tight(self, cells: PrintedCells, curve: PrintedCurve) -> PrintedCells:
        """Return what is told to somebody who knows that of those followed so long none was lost.

        So it is where everybody answers, and under a rule by which who misses a check-in is not
        lost. It is not taken to be known where more were lost.
        """
        window = parse_report_period(cells.quarter).window(TWO_YEARS)
        shares = []
        for one in cells.shares:
            kind, _, day = next(_counted(one.numerator))
            edge = 2 * (half_of(cells.counts[one.denominator] or 0) + EDGE)
            late = self._late(curve, window, cells.data_cut, day)
            lost = int(((curve.times["day"] <= day) & ~curve.times["ended"]).sum())
            now = self._late(curve, self.scope.window(8), str(self.scope.records.as_of), day)
            if kind == ENDED and not curve.width and lost <= now:
                people = cells.counts[one.denominator] or 1
                low = (one.high - edge) * (people - late) / people - EDGE
                one = replace(one, low=max(one.low, low))
            shares.append(one)
        return replace(cells, shares=shares)

    def _late(self, curve: PrintedCurve, window: ReportPeriod, cut: str, day: int) -> int:
        """Return how many of a curve were admitted too late to be followed up to a day."""
        episodes = self.scope.records.episodes
        own = episodes["episode_id"].isin(curve.times["episode_id"]).to_numpy()
        end = pd.Timestamp(cut) - pd.Timedelta(days=day + KNOWN_AFTER)
        late = [piece for piece in pieces_of(self.scope, window) if piece.last > end]
        return sum(int((own & within(episodes["admit_date"], piece)).sum()) for piece in late)


def _spans(cells: PrintedCells) -> dict[tuple[str, int], int]:
    """Return of each kind and day how far apart the least and the most are that can be counted."""
    found = {}
    for one in cells.shares:
        kind, _, day = next(_counted(one.numerator))
        people = cells.counts[one.denominator] or 0
        found[kind, day] = floor(one.high * people) - ceil(one.low * people)
    return found


def _counted(key: Key) -> Iterator[tuple[str, int, int]]:
    """Give what the counts in a name are of: the kind, and between which days."""
    if isinstance(key, tuple):
        if len(key) >= 6 and key[0] == CURVE:
            yield str(key[3]), int(str(key[4])), int(str(key[5]))
        else:
            for part in key:
                yield from _counted(part)
                if isinstance(part, str) and part == CURVE:
                    place = key.index(part)
                    if len(key) >= place + 6:
                        yield from _counted(key[place:])
                    break
