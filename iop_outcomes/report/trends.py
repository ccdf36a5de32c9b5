"""The trends of a report: of its period for the findings, and of shorter times for pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import LinkedCounts, SafePolicy
from iop_outcomes.disclosure.ledger import Frozen, Ledger
from iop_outcomes.disclosure.merging import MergePlan
from iop_outcomes.disclosure.results import (
    OTHER_ENDS,
    TREND_NUMBERS,
    TREND_SO_FAR,
    Key,
    hide_trend,
    link_trend,
    trend_keys,
)
from iop_outcomes.report.model import Hidden
from iop_outcomes.report.period import QUARTER, YEAR, ReportPeriod, period_between
from iop_outcomes.report.scope import BY_MONTH, Scope
from iop_outcomes.trends import Trend
from iop_outcomes.trends.periods import Every
from iop_outcomes.trends.quantities import find_quantity
from iop_outcomes.trends.trend import trend_of
from iop_outcomes.trends.windows import windows_between

MOST_PERIODS = 12  # that a trend goes back
KNOWN_LATE = 5  # months, after which it is known who of a month stayed for 90 days
MOST_MONTHS = YEAR + 1 + KNOWN_LATE  # of a trend by month: to a year before the newest known
MONTHS = 24
CALENDAR: dict[str, Every] = {"month": "month", "quarter": "quarter", "year": "year"}
ByMeasure = dict[str, Trend]
LEVELS = ("by_period", "by_month", "by_year", "by_part", "atoms")
NOW = "as the records are now"
"""Ends the name of a count of a row that stands as it was first printed, though it changed."""
POINT = 0.01
"""A rate of sessions that changed by no more is compared: less than its interval is wide."""
NOT_WHOLE = "The records begin within {period}: that time is not whole."
STANDS = "stands"
"""The column that says which rows stand as first printed, though the records have changed since."""
WITHOUT_ADMISSION = pd.Timedelta(days=14)
_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, eq=False)
class Trends:
    """The trends, each a measure's: what is printed of a time is printed in one of them.

    Attributes
    ----------
    by_period : dict of str to Trend
        Of times as long as the period of the report, the newest of which is that period.
    by_month : dict of str to Trend
        Drawn in place of them.
    by_year : dict of str to Trend
        In place of `by_period` where its counts are too small.
    by_part : dict of str to Trend
        Drawn in place of years: times of three months.
    atoms : dict of str to Trend
        Of which overlapping periods are made; not printed.
    begin : pandas.Timestamp
        The day of the first admission: a period in which the records begin is not compared.
    changed : frozenset
        The names of the rows that stand as they were first printed, though the records changed.
    """

    by_period: ByMeasure = field(default_factory=dict)
    by_month: ByMeasure = field(default_factory=dict)
    by_year: ByMeasure = field(default_factory=dict)
    by_part: ByMeasure = field(default_factory=dict)
    atoms: ByMeasure = field(default_factory=dict)
    begin: pd.Timestamp = pd.Timestamp.min
    changed: frozenset[Key] = frozenset()

    def named(self, row: Key, count: str) -> Key:
        """Return the name of a count of a row as the records give it: what tables count, too."""
        return (*row, count, NOW) if row in self.changed else (*row, count)

    @property
    def all(self) -> list[Trend]:
        """All of them."""
        return [trend for name in LEVELS for trend in getattr(self, name).values()]

    @property
    def drawn(self) -> ByMeasure:
        """As they are drawn, by measure."""
        return self.by_period | self.by_part | self.by_month | self.by_year

    @property
    def complete(self) -> frozenset[Key]:
        """The names of the periods that are complete: their counts stay as they are."""
        return frozenset(
            key
            for one in self.all
            for key, known in zip(trend_keys(one), one.table["complete"], strict=True)
            if known
        )

    @property
    def compared(self) -> ByMeasure:
        """As the findings describe them, by measure.

        Where no year is complete, such as of retention in a program's first year, its parts.
        """
        parts = {
            name: one
            for name, one in self.by_part.items()
            if one.table["complete"].any() and not self.by_period[name].table["complete"].any()
        }
        return self.by_period | self.by_year | parts

    def link(self, linked: LinkedCounts) -> None:
        """Declare their counts; where others are drawn, findings describe two or three periods."""
        for one in self.all:
            link_trend(linked, one, printed=self.printed(one))

    def printed(self, trend: Trend) -> list[bool]:
        """Return which rows of a trend are printed where they are not hidden."""
        complete = trend.table["complete"].to_numpy(dtype=np.bool_)
        if trend is self.atoms.get(trend.measure):
            return [False] * len(complete)
        if trend is self.by_period.get(trend.measure):
            if trend.measure in self.by_year:
                return [False] * len(complete)
            if trend.measure in self.by_month or trend.measure in self.by_part:
                rows = [row for row, _ in compared_rows(trend.table, self.begin)]
                return [bool(row) for row in np.isin(np.arange(len(complete)), rows)]
        return [bool(known) for known in complete]

    def _only_printed(self, trend: Trend) -> Trend:
        """Return a trend without the numbers of rows that no part of the report prints.

        Of a period that is not complete none is: what is known of it so far, which a picture would
        draw, is of a few people, and another number in the next report.
        """
        gone = ~np.array(self.printed(trend), dtype=np.bool_)
        if not gone.any():
            return trend
        numbers = (*TREND_NUMBERS, *TREND_SO_FAR, "events", *OTHER_ENDS)
        names = [name for name in numbers if name in trend.table]
        kept = {name: trend.table[name].mask(gone) for name in names}
        return replace(trend, table=trend.table.assign(**kept))

    def frozen(self, ledger: Ledger, programs: Sequence[str]) -> tuple[Trends, list[Frozen]]:
        """Return them with what was printed before as it was printed."""
        frozen: list[Frozen] = []

        def freeze(some: ByMeasure) -> ByMeasure:
            by_name = {name: ledger.freeze(one, programs) for name, one in some.items()}
            frozen.extend(by_name.values())
            return {name: with_standing(one) for name, one in by_name.items()}

        levels = {name: freeze(getattr(self, name)) for name in LEVELS}
        changed = frozenset(key for one in frozen for key in one.now)
        return Trends(**levels, begin=self.begin, changed=changed), frozen

    def shown(self, hidden: Hidden, policy: SafePolicy) -> Trends:
        """Return them without what is hidden or not printed at all."""
        by_period = {name: one for name, one in self.by_period.items() if name not in self.by_year}
        levels = {
            name: {
                measure: hide_trend(self._only_printed(one), hidden, policy)
                for measure, one in some.items()
            }
            for name, some in (
                ("by_period", by_period),
                ("by_month", self.by_month),
                ("by_year", self.by_year),
                ("by_part", self.by_part),
            )
        }
        return Trends(**levels, begin=self.begin, changed=self.changed)


def with_standing(frozen: Frozen) -> Trend:
    """Return a frozen trend that says in `STANDS` of which rows the records give another number.

    A rate of sessions or check-ins that is within a point of what was printed is not one: some are
    entered late in each quarter. Of numbers of people it would tell that few came late.
    """
    trend = frozen.trend
    if not frozen.changed:
        return trend
    stands = trend.table["period"].isin(frozen.changed).to_numpy(dtype=np.bool_)
    if find_quantity(trend.measure).kind == "sessions":
        for row, key in enumerate(trend_keys(trend)):
            if stands[row] and key in frozen.now:
                numerator, denominator = frozen.now[key]
                rate = numerator / denominator if denominator else np.nan
                stands[row] = not abs(rate - trend.table["value"].iloc[row]) <= POINT
    return replace(trend, table=trend.table.assign(**{STANDS: stands}))


def begins_within(period: ReportPeriod, begin: pd.Timestamp) -> bool:
    """Return whether the records begin within a period, so that it has less of them than others.

    In its first two weeks, or a sixth of a shorter one, nobody need have been admitted.
    """
    without = min(WITHOUT_ADMISSION, (period.last + _DAY - period.first) / 6)
    return bool(period.first + without < begin)


def compared_rows(table: pd.DataFrame, begin: pd.Timestamp) -> list[tuple[int, str]]:
    """Return the rows that a finding describes, each with the words behind its name.

    They are the newest that is complete, and the one just before it and the same one a year
    earlier, where these are there and complete, and the records do not `begin` within them.
    """
    known = np.flatnonzero(table["complete"].to_numpy(dtype=np.bool_))
    if not len(known):
        return []
    rows = [(int(known[-1]), "")]
    last = table.iloc[known[-1]]
    newest = period_between(last["start"], last["end"])
    before = [(newest.back(1), "")]
    if newest.shorter_than_year:
        before.append((newest.year_before, ", a year before"))
    start, end = (table[name].to_numpy()[known] for name in ("start", "end"))
    for one, words in before:
        same = known[(start == one.first.to_datetime64()) & (end == one.last.to_datetime64())]
        if begins_within(one, begin):
            continue
        rows += [(int(row), words) for row in same]
    return rows


def trend_over(scope: Scope, measure: str, periods: Sequence[ReportPeriod]) -> Trend:
    """Return a measure in some periods that do not overlap, the earliest first."""
    days = [(one.first, one.last, str(one)) for one in periods]
    return trend_of(
        scope.tallies[measure],
        scope.records,
        find_quantity(measure),
        windows=windows_between(days),
        judgements=scope.judgements,
    )


def trend_in(scope: Scope, measure: str, every: Every) -> Trend:
    """Return the trend of a measure over all calendar periods, made once."""
    key = measure, every
    if key not in scope.made:
        counted = scope.tallies[measure], scope.records, find_quantity(measure)
        scope.made[key] = trend_of(*counted, every=every, judgements=scope.judgements)
    return scope.made[key]


def cut(whole: Trend, scope: Scope, periods: int = MOST_PERIODS) -> Trend:
    """Return a trend that ends with the period, with at most so many `periods`."""
    assert scope.period is not None
    begun = np.flatnonzero(whole.table["end"] <= scope.period.last)
    return whole.only(begun[-periods:])


def make_trends(scope: Scope, plan: MergePlan) -> Trends:
    """Return the trends that are known from the records; none without a period."""
    period = scope.period
    if period is None:
        return Trends()
    trends = Trends(begin=scope.begin)
    for name in scope.tallies:
        step = plan.trend_every(name)
        trends.by_period[name] = _of_lengths(scope, name, period)
        if name in BY_MONTH and period.by_months and step in ("", "month"):
            trends.by_month[name] = cut(trend_in(scope, name, "month"), scope, MONTHS)
        elif step == "year" and period.shorter_than_year:
            years = _years(scope, name, trends.by_period[name])
            if len(years.table):
                trends.by_year[name] = years
        elif step != "year" and period.in_quarters:
            trends.by_part[name] = _chain(scope, name, period.cut(QUARTER)[-1])
        if apart := _atoms(scope, period):
            trends.atoms[name] = replace(trend_over(scope, name, apart), every="part")
    return trends


def _of_lengths(scope: Scope, name: str, period: ReportPeriod) -> Trend:
    """Return a measure in times as long as the period: all, or those that it is compared with."""
    if period.repeats or not period.shorter_than_year:
        return _chain(scope, name, period)
    before, year_before = period.back(1), period.year_before
    if year_before.last < before.first:
        return trend_over(scope, name, [year_before, before, period])
    first, second = (trend_over(scope, name, some) for some in ([year_before], [before, period]))
    assert first.people is not None
    assert second.people is not None
    assert first.when is not None
    assert second.when is not None
    return replace(
        first,
        table=pd.concat([first.table, second.table], ignore_index=True),
        people=np.concatenate([first.people, second.people]),
        when=first.when.append(second.when),
    )


def _chain(scope: Scope, name: str, newest: ReportPeriod) -> Trend:
    """Return a measure in times that follow one another and end with the newest."""
    most = MOST_MONTHS if newest.months == 1 else MOST_PERIODS
    if newest.every != "period":
        return cut(trend_in(scope, name, CALENDAR[newest.every]), scope, most)
    first = scope.records.episodes["admit_date"].min()
    periods = [newest.back(number) for number in range(most - 1, 0, -1)]
    return trend_over(scope, name, [*(one for one in periods if one.last >= first), newest])


def _atoms(scope: Scope, period: ReportPeriod) -> list[ReportPeriod]:
    """Return the times of which the periods that are compared are made, if two of them overlap."""
    before, year_before = period.back(1), period.year_before
    if period.repeats or not period.shorter_than_year or year_before.last < before.first:
        return []
    days = sorted(
        {edge for one in (year_before, before, period) for edge in (one.first, one.last + _DAY)}
    )
    return [period_between(one, two - _DAY) for one, two in pairwise(days)]


def _years(scope: Scope, name: str, by_period: Trend) -> Trend:
    """Return the years up to the end of the period, in place of quarters or other times.

    With a quarter they are calendar years that ended with it and that the quarters shown make up: a
    year that is not over would be reported again, with other people.
    """
    period = scope.period
    assert period is not None
    if period.every != "quarter":
        return _chain(scope, name, period.window(YEAR))
    by_year = trend_in(scope, name, "year")
    first = by_period.table["start"].min()
    begun = by_year.table["start"] >= first.to_period("Y").start_time
    whole = begun & (by_year.table["end"] <= period.last)
    if len(by_period.table) == MOST_PERIODS:  # the quarters before are not declared
        whole &= by_year.table["start"] >= first
    return by_year.only(np.flatnonzero(whole))


def inside(
    scope: Scope,
    trends: Trends,
    measure: str,
    quarters: int,
    count: str,
    until: pd.Timestamp | None = None,
) -> list[Key]:
    """Return the counts of a trend in the periods within the last `quarters` quarters.

    If the periods of the trend overlap, the counts of the shorter periods that add up to them are
    returned. Those that end after the day `until` are left out.
    """
    trend = trends.atoms.get(measure, trends.by_period.get(measure))
    if trend is None:
        return []
    window = scope.window(quarters)
    last = window.last if until is None else min(until, window.last)
    held = (trend.table["start"] >= window.first) & (trend.table["end"].dt.normalize() <= last)
    rows = zip(trend_keys(trend), held, strict=True)
    return [trends.named(key, count) for key, here in rows if here]


def all_of(trends: Trends, measure: str, count: str) -> list[Key]:
    """Return the counts of all periods of a trend, of the shortest that there are."""
    levels = (trends.by_month, trends.by_part, trends.atoms, trends.by_period)
    trend = next((some[measure] for some in levels if measure in some), None)
    return [] if trend is None else [trends.named(key, count) for key in trend_keys(trend)]
