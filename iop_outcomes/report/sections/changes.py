"""What became of a measure between two times: the interval of the difference, and its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.report.period import period_between, within
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.trends import NOT_WHOLE, STANDS, begins_within, compared_rows
from iop_outcomes.shared.text import format_ratio, format_share
from iop_outcomes.statistics.differences import (
    clustered_difference,
    difference_interval,
    rate_ratio_interval,
)
from iop_outcomes.trends import Trend
from iop_outcomes.trends.periods import in_words
from iop_outcomes.trends.quantities import Quantity, find_quantity
from iop_outcomes.trends.quantities.quantity import FIRST_PERIODS, comparable_from

NO_CHANGE = "no clear change"
WITHOUT = "not compared"
BEGUN = "The records begin within an earlier period, so that nothing is compared with it."
NEW_PEOPLE = (
    "In the first half-year of the records all people are newly admitted, so that nothing is "
    "compared with it."
)
CORRECTED = (
    "A number stands as it was first printed, though the records have changed since, so that it is "
    "not compared."
)
NONE_BEFORE = "There is no earlier period to compare with."
BEFORE_ROUNDING = (
    "Differences are worked out before numbers are rounded, so that the printed numbers can differ "
    "by a little more or less."
)
SMALLEST = 0.05  # a part of a point that is written with one decimal


@dataclass(frozen=True)
class Change:
    """A measure beside an earlier time.

    Attributes
    ----------
    word : str
        ``higher`` or ``lower`` where the 95% interval of the difference leaves out no difference,
        else ``no clear change``: the records do not tell whether it changed.
    was : str
        The earlier value and its time.
    detail : str
        The difference or ratio with its 95% interval, as it is printed with the trends.
    lower, upper : float
        That interval: of a difference of shares, or of the ratio of two counts less 1. Missing
        where there is none.
    of_counts : bool
        Whether it is that of a ratio.
    before : float
        The earlier value.
    period : str
        Its time.
    difference : float
        The later value less the earlier one, or the ratio of two counts.
    """

    word: str
    was: str
    detail: str
    lower: float
    upper: float
    of_counts: bool = False
    before: float = np.nan
    period: str = ""
    difference: float = np.nan

    def sentence(self, also: str = "") -> str:
        """Return the sentence of the trends, with the numbers to one decimal."""
        was = f"{self.was}{also}"
        if self.word == NO_CHANGE:
            return f"No clear change from {was}: the difference may be chance ({self.detail})."
        return f"That is {self.word} than {was} ({self.detail})."

    def plain(self, also: str = "", *, again: bool = False) -> str:
        """Return the sentence of the first page: the interval of the difference in plain words.

        Parameters
        ----------
        also : str
            What is said behind the earlier time, such as ``, a year before``.
        again : bool
            Whether the sentence before says the same of another time.

        Examples
        --------
        >>> from iop_outcomes.report.sections.changes import Change
        >>> Change("higher", "72.3% in 2026Q2", "", 0.028, 0.188, difference=0.108).plain()
        'That is about 11 points higher than 72.3% in 2026Q2 (3 to 19 points).'
        >>> Change("higher", "72.3% in 2026Q2", "", 0.028, 0.188).plain()
        'That is higher than 72.3% in 2026Q2 (by 3 to 19 points).'
        """
        was = f"{self.was}{also}"
        if self.word != NO_CHANGE:
            return f"That is {self.size} than {was}{self.limits}."
        said = f"Nor from {was}" if again else f"No clear change from {was}"
        if not np.isfinite(self.lower):
            return f"{said}."
        low, high = self._side(self.lower), self._side(self.upper)
        return f"{said}: {'' if again else 'it may be '}anything from {low} to {high}."

    @property
    def _apart(self) -> str:
        """By how much the two values differ, in words; empty where it is not known, or is all."""
        apart = abs(self.difference - 1 if self.of_counts else self.difference)
        if not np.isfinite(apart):  # beside a count of 0 there is no ratio
            return ""
        if self.of_counts and self.difference == 0:  # nobody: "about 100% lower" is no estimate
            return ""
        number = _percent(apart) if self.of_counts else f"{_points(apart)} {_unit(apart)}"
        return number if apart < SMALLEST / 100 else f"about {number}"

    @property
    def size(self) -> str:
        """By about how much it is higher or lower: ``about 11 points higher``."""
        return f"{self._apart} {self.word}".strip()

    @property
    def limits(self) -> str:
        """By how much it is higher or lower at least and at most, in brackets."""
        near, far = sorted((abs(self.lower), abs(self.upper)))
        if not np.isfinite(near) or (self.of_counts and not np.isfinite(far)):
            return ""  # beside a count of 0 there is no ratio
        by = "" if self._apart else "by "
        if self.of_counts:
            return f" ({by}{_percent(near)} to {_percent(far)})"
        return f" ({by}{_points(near)} to {_points(far)} points)"

    def _side(self, limit: float) -> str:
        """Return one end of the interval, with its side."""
        if limit == 0:
            return "no difference"
        if self.of_counts:
            if not np.isfinite(limit):
                return "any number more"
            return f"{_percent(abs(limit))} {'more' if limit > 0 else 'fewer'}"
        return f"{_points(abs(limit))} {_unit(limit)} {'higher' if limit > 0 else 'lower'}"


def _points(share: float) -> str:
    """Return points in whole numbers; those below one have a decimal, so that none is said to be 0.

    Examples
    --------
    >>> from iop_outcomes.report.sections.changes import _points
    >>> [_points(one) for one in (0.264, 0.0095, 0.003, 0.0002)]
    ['26', '1', '0.3', 'less than 0.1']
    """
    points = share * 100
    if points >= 0.95:
        return f"{points:,.0f}"
    return f"{points:.1f}" if points >= SMALLEST else "less than 0.1"


def _unit(share: float) -> str:
    return "point" if _points(abs(share)) == "1" else "points"


def _percent(part: float) -> str:
    return f"{_points(part)}%"


def by_chance(number: int) -> str:
    """Return how many of so many comparisons are called a change by chance: 5 in 100."""
    here = "here is 1" if number == 1 else f"here are {number:,}"
    return (
        "Even if nothing changed, chance would make about 1 in 20 comparisons look like a change; "
        f"{here}."
    )


def compare(
    scope: Scope, quantity: Quantity, before: pd.Series[float], last: pd.Series[float]
) -> Change:
    """Return what became of a measure, by whether the interval leaves out no difference at all."""
    difference = np.nan
    if quantity.kind == "count":
        low, high = rate_ratio_interval(last["value"], before["value"])
        higher, lower = low > 1, high < 1
        was = f"{before['value']:,.0f} in {in_words(before['period'])}"
        if before["value"] > 0:
            difference = ratio = last["value"] / before["value"]
            of_ratio, least, most = map(format_ratio, (ratio, low, high))
            detail = f"ratio {of_ratio}, 95% interval {least} to {most}"
        elif last["value"] > 0:
            detail = f"no ratio to 0, 95% interval from {format_ratio(low)} up"
        else:
            detail = "no ratio of 0 to 0"
        low, high = low - 1, high - 1
    else:
        if quantity.kind == "sessions":
            low, high = _sessions_difference(scope, quantity, before, last)
        else:
            low, high = difference_interval(
                (last["numerator"], last["denominator"]),
                (before["numerator"], before["denominator"]),
            )
        higher, lower = low > 0, high < 0
        was = f"{format_share(before['value'])} in {in_words(before['period'])}"
        difference = last["value"] - before["value"]
        points = difference * 100
        detail = f"difference {points:+z.1f} points, " + (
            f"95% interval {low * 100:+z.1f} to {high * 100:+z.1f}"
            if np.isfinite(low)
            else "of too few people for an interval"
        )
    word = "higher" if higher else "lower" if lower else NO_CHANGE
    earlier = float(before["value"]), in_words(before["period"]), float(difference)
    return Change(word, was, detail, low, high, quantity.kind == "count", *earlier)


def changes_of(scope: Scope, trend: Trend) -> list[tuple[Change, str]]:
    """Return what became of a measure since the period before, and the same one a year before.

    Parameters
    ----------
    scope : Scope
        With a period.
    trend : Trend
        Protected. It is compared with those that are shown, if the records still give them.

    Returns
    -------
    list of tuple
        Changes first, then where none is clear; each with the words behind the earlier time.
    """
    known = trend.table[trend.table["complete"]]
    if known.empty or pd.isna(known.iloc[-1]["value"]):
        return []
    quantity, last = find_quantity(trend.measure), known.iloc[-1]
    found = [
        (compare(scope, quantity, trend.table.iloc[row], last), words)
        for row, words in compared_rows(trend.table, scope.begin)[1:]
        if pd.notna(trend.table["value"].iloc[row])
        and not _is_early(scope, trend, row)
        and not _stands(trend.table.iloc[row])
        and not _stands(last)
    ]
    return sorted(found, key=lambda one: one[0].word == NO_CHANGE)


def in_few_words(changes: Sequence[tuple[Change, str]]) -> str:
    """Return what was found beside which earlier times, without the numbers.

    Examples
    --------
    >>> from iop_outcomes.report.sections.changes import NO_CHANGE, Change, in_few_words
    >>> made = [Change(NO_CHANGE, "", "", 0, 0, period=one) for one in ("2026Q2", "2025Q3")]
    >>> in_few_words([(one, "") for one in made])
    'No clear change from 2026Q2 and 2025Q3.'
    >>> in_few_words([(Change("higher", "", "", 0, 0, period="2026Q2"), ""), (made[1], "")])
    'Higher than in 2026Q2. No clear change from 2025Q3.'
    """
    times: dict[str, list[str]] = {}
    for change, _ in changes:
        times.setdefault(change.word, []).append(change.period)
    said = []
    for word, periods in times.items():
        than = "from" if word == NO_CHANGE else "than in"
        said.append(f"{word[:1].upper()}{word[1:]} {than} {' and '.join(periods)}.")
    return " ".join(said)


def word_of(changes: Sequence[tuple[Change, str]]) -> str:
    """Return what a measure is called of which `changes_of` are given."""
    return changes[0][0].word if changes else WITHOUT


def why_not_compared(scope: Scope, trend: Trend) -> str:
    """Return why a measure whose newest number is shown is compared with no other."""
    known = trend.table[trend.table["complete"]]
    before = [row for row, _ in compared_rows(trend.table, scope.begin)[1:]]
    there = [trend.table.iloc[row] for row in before]
    if any(_stands(row) for row in (known.iloc[-1], *there)):
        return CORRECTED
    known_then = trend.table["value"].notna().to_numpy()
    if any(known_then[row] and _is_early(scope, trend, row) for row in before):
        return NEW_PEOPLE
    if there:
        hidden = any(row["hidden"] for row in there)
        return f"No earlier number to compare with is {'shown' if hidden else 'known'}."
    earlier = known[known["end"] >= scope.begin].iloc[:-1]
    begun = (
        begins_within(period_between(start, end), scope.begin)
        for start, end in zip(earlier["start"], earlier["end"], strict=True)
    )
    if any(begun):
        return BEGUN
    newest = known.iloc[-1]
    whole = period_between(newest["start"], newest["end"].normalize())
    if scope.period != whole and begins_within(whole, scope.begin):  # of its own the top says so
        return NOT_WHOLE.format(period=in_words(newest["period"]))
    return NONE_BEFORE


def _is_early(scope: Scope, trend: Trend, row: int) -> bool:
    """Return whether a time is not comparable with later ones: all its people are new."""
    if not find_quantity(trend.measure).settles:
        return False
    every = trend.every if trend.every in FIRST_PERIODS else "month"
    return bool(trend.table["start"].iloc[row] < comparable_from(scope.begin, every))  # type: ignore[arg-type]  # checked


def _stands(row: pd.Series[Any]) -> bool:
    """Return whether a period stands as first printed, though the records have changed since."""
    return bool(row.get(STANDS, False))


def _sessions_difference(
    scope: Scope, quantity: Quantity, before: pd.Series[float], last: pd.Series[float]
) -> tuple[float, float]:
    tally = scope.tallies[quantity.name]
    person = scope.records.episodes["person_id"].cat.codes.to_numpy()[tally.episode]
    size = int(person.max(initial=-1)) + 1
    dates = pd.Series(tally.date)
    counts = []
    for row in (last, before):
        inside = within(dates, period_between(row["start"], row["end"]))  # type: ignore[arg-type]  # dates
        counts.append(
            (
                np.bincount(person[inside & tally.counts], minlength=size),
                np.bincount(person[inside], minlength=size),
            )
        )
    return clustered_difference(counts[0], counts[1])
