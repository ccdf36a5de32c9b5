"""Curves of relapse beside those of earlier reports: what one counts more than another is people.

Of up to a few hundred people a whole percent is a count, or nearly, so that the difference of two
curves can tell how many of the newly admitted had relapsed by a day. What would tell of a few
beside an earlier report is left out of the later one.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AnySet
from dataclasses import dataclass, replace
from math import ceil, floor

import pandas as pd

from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.fixed_days.at_risk import bases
from iop_outcomes.disclosure.fixed_days.choice import WORTH
from iop_outcomes.disclosure.system import PrintedCells, join, told
from iop_outcomes.errors import ReportError
from iop_outcomes.report.period import TWO_YEARS, ReportPeriod, parse_report_period, within
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections.relapse.declared_curves import (
    EDGE,
    ENDED,
    FOLLOWED,
    KNOWN_AFTER,
    PrintedCurve,
    cells_of_curve,
    days_in,
    half_of,
    of_curve,
    pieces_of,
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
        known: set[Key] | None = None  # what the earlier reports tell by themselves
        try:
            while curve.falls and (found := self._told(curve, before)):
                if known is None:
                    known = set(self._told(curve, before, alone=True))
                new = [key for key in found if key not in known]
                if not new:
                    break
                counted = [one for key in new for one in days_in(key)]
                curve = self._coarser(curve, before, known, counted) or self._with_less(
                    curve, counted
                )
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

    def _coarser(
        self,
        curve: PrintedCurve,
        before: Sequence[PrintedCells],
        known: AnySet[Key],
        counted: Sequence[tuple[str, int, int]],
    ) -> PrintedCurve | None:
        """Return the curve with coarser numbers at risk where nothing is told so; None if it is.

        Asked where what tells is how many ended so between two days, which rests on them.
        """
        if all(kind != ENDED or not start for kind, start, _ in counted):
            return None
        for base in self._bases(curve):
            coarser = replace(curve, base=base)
            if not {*self._told(coarser, before)} - known:
                return coarser
        return None

    def _bases(self, curve: PrintedCurve) -> list[int]:
        """Return to what the numbers at risk of a curve may be rounded that is coarser."""
        return [base for base in bases(self.scope.policy.threshold) if base > curve.base > 0]

    def _with_less(
        self, curve: PrintedCurve, counted: Sequence[tuple[str, int, int]]
    ) -> PrintedCurve:
        """Return the curve with less of what tells."""
        if curve.base and any(kind == FOLLOWED for kind, _, _ in counted):
            coarser = self._bases(curve)
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
            kind, _, day = next(days_in(one.numerator))
            people = cells.counts[one.denominator]  # not known of those followed after a day
            if people and kind == ENDED and not curve.width and self._all_answer(curve, day):
                late = self._late(curve, window, cells.data_cut, day)
                edge = 2 * (half_of(people) + EDGE)
                low = (one.high - edge) * (people - late) / people - EDGE
                one = replace(one, low=max(one.low, low))
            shares.append(one)
        return replace(cells, shares=shares)

    def _all_answer(self, curve: PrintedCurve, day: int) -> bool:
        """Return whether no more were lost by a day than were admitted too late for it."""
        lost = int(((curve.times["day"] <= day) & ~curve.times["ended"]).sum())
        return lost <= self._late(curve, self.scope.window(8), str(self.scope.records.as_of), day)

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
        kind, _, day = next(days_in(one.numerator))
        people = cells.counts[one.denominator]
        if people is None:
            continue
        found[kind, day] = floor(one.high * people) - ceil(one.low * people)
    return found
