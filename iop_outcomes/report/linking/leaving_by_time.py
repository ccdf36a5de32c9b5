"""Who came, left and is still there, time by time: what the trends and several reports tell.

Those there at the end of a time and those admitted in the next, less those who left in it, are
there at its end. A table of discharges can be of several quarters, and the report of a quarter
between need not have been made, so that each report declares every quarter of its trends, of which
the discharges are some. The names of a quarter are the same in each report. The trends of one
report tell it, too: admissions less discharges, added up since the records began, are those there;
and a trend of years tells of its quarters what their own rows hide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from iop_outcomes.attendance.stays import RETENTION_DAYS
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.results import Key as Row
from iop_outcomes.disclosure.results import trend_keys
from iop_outcomes.disclosure.system.quarters import AS_OF, KNOWN_BY
from iop_outcomes.records.schema import DISCHARGE_REASONS
from iop_outcomes.report.linking.completed import link_completed
from iop_outcomes.report.linking.sums import part_or_same
from iop_outcomes.report.period import QUARTER, ReportPeriod, period_between, within
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.report.sections.cohort import ALL, CENSUS, NOT_RECORDED, census_keys, there_on
from iop_outcomes.report.sections.outcomes import ADMITTED as OF_TWO_YEARS
from iop_outcomes.report.sections.quarters import (
    ADMITTED,
    CHANGED,
    DISCHARGED,
    LEFT,
    THERE,
    UNTIL_LEFT,
    admitted_parts,
    by_quarter,
    not_final,
)
from iop_outcomes.report.trends import LEVELS, MOST_PERIODS, Trends

_DAY = pd.Timedelta(days=1)
SCORES = ("symptoms", "functioning")
RETAINED = tuple(f"retained_{day}" for day in RETENTION_DAYS)
MEASURES = ("admissions", "completion_rate", *RETAINED)
"""The trends that count who was admitted, or who was discharged for a known reason."""


def link_leaving_by_time(
    scope: Scope,
    linked: LinkedCounts,
    trends: Trends,
    curves: Mapping[Row, Mask | None],
) -> None:
    """Declare of each time of the trends how those there, admitted and leaving add up.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    linked : LinkedCounts
        With the counts of `link_leaving`.
    trends : Trends
        Whose counts are declared.
    curves : mapping of tuple to numpy.ndarray of bool
        The name of the count of a curve -> the episodes in it, of two years' admissions.
    """
    for key, mask in curves.items():
        if mask is not None and key in linked and OF_TWO_YEARS in linked:
            _hold(scope, linked, OF_TWO_YEARS, scope.two_years, key, mask)
    if scope.period is None:
        return
    if by_quarter(scope):
        _link_answers(scope, linked)
    times = [one for one in _times(scope, trends, scope.period) if scope.begin <= one.time.last]
    cut = pd.Timestamp(scope.records.as_of)
    left_known = census_keys(scope)[3] in linked  # the records show who left
    for one in times:
        _link_admitted(scope, linked, one)
        if left_known:
            _link_time(scope, linked, one, min(one.time.last, cut))
    for one in times:
        _link_shorter(scope, linked, one, times)
    link_completed(scope, linked, trends)


@dataclass(frozen=True, eq=False)
class _Time:
    """A time, with the rows of trends that are of it.

    Attributes
    ----------
    time : ReportPeriod
        The time.
    rows : dict of str to tuple
        The measure -> the name of its count of those admitted, or discharged for a known reason.
    """

    time: ReportPeriod
    rows: dict[str, Key]

    def named(self, family: str) -> Row:
        """Return the name of a count of the time; that of a quarter is one in all reports."""
        if self.time.every == "quarter":
            return (family, str(self.time.last.date()), ALL)
        return (f"{family}, from", self.time.dates, ALL)

    @property
    def admitted(self) -> Key:
        """The name of the count of who was admitted in it."""
        return self.rows.get("admissions", self.named(ADMITTED))


def _times(scope: Scope, trends: Trends, period: ReportPeriod) -> list[_Time]:
    """Return the times of the trends, the quarters of three years, and the two years of the tables.

    Those of each length are in order.
    """
    rows: dict[tuple[pd.Timestamp, pd.Timestamp], dict[str, Key]] = {}
    some = [period, scope.window(8)]
    if by_quarter(scope):
        some += scope.window(MOST_PERIODS).cut(QUARTER)
    for time in some:
        rows.setdefault((time.first, time.last), {})
    for level in LEVELS:
        for measure, trend in getattr(trends, level).items():
            if measure in MEASURES:
                count = "numerator" if measure == "admissions" else "denominator"
                edges = zip(trend.table["start"], trend.table["end"].dt.normalize(), strict=True)
                for edge, key in zip(edges, trend_keys(trend), strict=True):
                    rows.setdefault(edge, {})[measure] = trends.named(key, count)
    made = [_Time(period_between(*edge), rows[edge]) for edge in sorted(rows)]
    for one in made:
        if (one.time.first, one.time.last) == (some[1].first, some[1].last):
            one.rows.setdefault("admissions", OF_TWO_YEARS)
    return made


def _link_admitted(scope: Scope, linked: LinkedCounts, one: _Time) -> None:
    """Declare who was admitted in a time, and that those of whom retention is known are of them."""
    admitted = within(scope.records.episodes["admit_date"], one.time)
    came = one.admitted
    if came not in linked:
        if came != one.named(ADMITTED):
            return
        _count(scope, linked, came, admitted)
    if linked.value(came) != int(admitted.sum()):  # printed before the records changed
        return
    for measure in RETAINED:
        if (key := one.rows.get(measure)) in linked:
            part_or_same(linked, came, key)


def _link_time(scope: Scope, linked: LinkedCounts, one: _Time, last: pd.Timestamp) -> None:
    """Declare who was there or came in a time, and who of them left in it; not if it changed.

    Of a quarter that was printed before its records changed other people are counted.
    """
    time, came = one.time, one.admitted
    admitted = within(scope.records.episodes["admit_date"], time)
    (before, early), (now, late) = (there_on(scope, day) for day in (time.first - _DAY, last))
    left = (early | admitted) & ~late
    whole, gone = one.named(THERE), one.named(LEFT)
    masks: dict[Key, Mask] = {now: late, whole: early | admitted, gone: left}
    if begun := scope.begin < time.first:  # else nobody can have been there before
        masks[before] = early
    for key, mask in masks.items():
        _count(scope, linked, key, mask)
    masks[came] = admitted
    if any(key not in linked or linked.value(key) != mask.sum() for key, mask in masks.items()):
        return
    linked.total(whole, [before, came] if begun else [came])
    linked.total(whole, [gone, now])
    _link_discharged(scope, linked, one, gone, left)
    if time == scope.period and linked.value((CENSUS, "left")) == linked.value(gone):
        linked.total((CENSUS, "left"), [gone])


def _count(scope: Scope, linked: LinkedCounts, key: Key, mask: Mask) -> None:
    if key not in linked:
        linked.count(key, int(mask.sum()), people=scope.people(mask))


def _hold(
    scope: Scope, linked: LinkedCounts, whole: Key, outer: Mask, part: Key, inner: Mask
) -> None:
    """Declare that a count is part of another, or the same; not where it is of other people now."""
    counts = {whole: outer, part: inner}
    if any(linked.value(key) != int(mask.sum()) for key, mask in counts.items()):
        return
    if np.array_equal(outer, inner):
        linked.total(whole, [part])
    elif not (inner & ~outer).any():
        linked.part(whole, part, people=scope.people(outer & ~inner))


def _link_discharged(scope: Scope, linked: LinkedCounts, one: _Time, gone: Key, left: Mask) -> None:
    """Declare that who was discharged in a time, for any reason, left in it.

    Where nobody left without a discharge, a reader of several reports may know it. Those of the
    trend of completion are who was discharged for a known reason.
    """
    episodes, everybody = scope.records.episodes, one.named(DISCHARGED)
    words = (*DISCHARGE_REASONS, NOT_RECORDED)
    if any((f"{DISCHARGED}{CHANGED}", everybody[1], word) in linked for word in words):
        return
    discharged = within(episodes["discharge_date"], one.time)
    reasons = [(*everybody[:2], word) for word in words if (*everybody[:2], word) in linked]
    if everybody not in linked:
        _count(scope, linked, everybody, discharged)
        if sum(map(linked.value, reasons)) == linked.value(everybody):
            linked.total(everybody, reasons)
    _hold(scope, linked, gone, left, everybody, discharged)
    known = discharged & episodes["discharge_reason"].notna().to_numpy()
    if (completion := one.rows.get("completion_rate")) in linked:
        _hold(scope, linked, everybody, discharged, completion, known)


def _link_shorter(scope: Scope, linked: LinkedCounts, one: _Time, times: Sequence[_Time]) -> None:
    """Declare that who was admitted, or discharged, in a time is who was in shorter ones in it."""
    for parts in _made_of(scope, one.time, times):
        pairs = [(one.admitted, [part.admitted for part in parts])]
        pairs.append((one.named(DISCHARGED), [part.named(DISCHARGED) for part in parts]))
        for whole, keys in pairs:
            there = all(key in linked for key in (whole, *keys))
            if there and linked.value(whole) == sum(map(linked.value, keys)):
                linked.total(whole, keys)


def _made_of(scope: Scope, time: ReportPeriod, times: Sequence[_Time]) -> Iterator[list[_Time]]:
    """Give the shorter times of each length that a time is made of, since the records began."""
    inside = [one for one in times if time.first <= one.time.first and one.time.last <= time.last]
    for months in sorted({one.time.months for one in inside if one.time != time}):
        parts = [one for one in inside if one.time.months == months and one.time != time]
        whole = parts[0].time.first <= max(time.first, scope.begin)
        whole &= parts[-1].time.last == time.last
        if whole and all(one.time.last + _DAY == two.time.first for one, two in pairwise(parts)):
            yield parts


def _link_answers(scope: Scope, linked: LinkedCounts) -> None:
    """Declare by quarter of admission who was discharged and is not among those who answered."""
    everybody = (*OF_TWO_YEARS, "left")
    if everybody not in linked:
        return
    parts = admitted_parts(scope, linked, scope.window(8))
    known = not_final(scope, parts, UNTIL_LEFT, KNOWN_BY)
    parts = not_final(scope, parts, UNTIL_LEFT, AS_OF)
    discharged = scope.records.episodes["discharge_date"].notna().to_numpy()
    for key in linked.names:
        rest = ("rest", everybody, key)
        if rest in linked and isinstance(key, tuple) and key[0] in SCORES:
            numbers = {}
            for part, name in parts.names.items():
                own = (*name, *key, *known.ends.get(part, ()))
                if own in linked:
                    some = int((parts.inside[part] & discharged).sum()) - linked.value(own)
                    numbers[part] = some, some
            few = [number for number, _ in numbers.values()]
            if len(few) == len(parts.names) and min(few) >= 0 and sum(few) == linked.value(rest):
                parts.add_up(linked, rest, ("without", *key), numbers)
