"""The signals of the newest month as findings of the first page, and joined with changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from iop_outcomes.report.model import Table
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections.findings import period_word
from iop_outcomes.report.sections.matrix import NEWEST, NOT_COMPLETE
from iop_outcomes.report.sections.points import CHANGED, MISSED, SIGNAL, Point, number_of
from iop_outcomes.report.sections.signals import NO_SIGNAL, TOO_FEW_MONTHS, UNCLEAR
from iop_outcomes.report.trends import Trends
from iop_outcomes.shared.text import list_names
from iop_outcomes.trends.periods import in_words

MOST_NAMED = 3  # programs without a signal
TOGETHER, OWN = "All programs together: ", "It was "
NOT_PRINTED = "Numbers of single {of} are not printed: they would tell of few people."


@dataclass(frozen=True)
class Printed:
    """The numbers behind a signal, as far as they are printed with the trends."""

    scope: Scope
    trends: Trends

    def of_all(self, title: str, period: str) -> str:
        """Return the number of all people of a measure in a period; empty where none is shown."""
        for trend in self.trends.drawn.values():
            rows = trend.table[(trend.table["period"] == period) & trend.table["value"].notna()]
            if trend.title == title and len(rows):
                return f" {self._whose}{number_of(rows.iloc[0], trend.unit)}"
        return ""

    @property
    def _whose(self) -> str:
        return TOGETHER if len(self.scope.programs) > 1 else OWN

    def why_none(self, number: str) -> str:
        """Return that the numbers of each chart are not printed, where that of all is `number`.

        Nothing is said of it where no number is hidden.
        """
        if self.scope.policy.threshold == 1 or (len(self.scope.programs) == 1 and number):
            return ""
        of = "programs by month" if len(self.scope.programs) > 1 else "months"
        return f" {NOT_PRINTED.format(of=of)}"


def signal_points(
    signals: Table | None,
    of_all: Mapping[str, tuple[str, str, str]] | None = None,
    printed: Printed | None = None,
) -> list[Point]:
    """Return a finding a measure with a signal in the newest month of a program, or of all people.

    Parameters
    ----------
    signals : Table or None
        What the charts by program and month say.
    of_all : mapping of str to tuple of str, optional
        The title of a measure -> by what its row on the page of all measures is, what its chart
        says of the newest period, where that is a signal, and which that is.
    printed : Printed, optional
        The numbers that are printed: of all people in that period. That those of single programs
        are not printed is said once.
    """
    whole = dict(of_all or {})
    texts: dict[str, str] = {}
    is_said = printed is None
    rows_of = {} if signals is None else dict(list(signals.frame.groupby("measure", sort=False)))
    for title, rows in rows_of.items():
        loud = rows[~rows["then"].isin([NO_SIGNAL, TOO_FEW_MONTHS, UNCLEAR])]
        unclear = rows["then"] == UNCLEAR
        months = sorted({str(one) for one in loud["last_month"]})
        each = len(months) > 1
        named = [
            f"{row.program}, {str(row.then).replace(': ', ', ')}"
            f"{f' in {in_words(str(row.last_month))}' if each else ''}"
            for row in loud.itertuples(index=False)
        ]
        if whole.get(str(title), ("",))[0] == "month":
            _, words, period = whole.pop(str(title))
            named.insert(0, words if [period] == months else f"{words} in {in_words(period)}")
        if not named:
            continue
        when = f" in {in_words(months[0])}" if len(months) == 1 else " by month"
        text = f"{when}: {'; '.join(named)}."
        others = rows.loc[~rows.index.isin(loud.index) & ~unclear, "program"]
        if len(others):
            text += f" No signal in {_some(others)}."
        if unclear.any():
            text += f" Not clear in {_some(rows.loc[unclear, 'program'])}."
        if printed is not None:
            number = printed.of_all(str(title), str(rows["last_month"].iloc[0]))
            text += number + (printed.why_none(number) if len(loud) and not is_said else "")
            is_said = is_said or len(loud) > 0
        texts[str(title)] = text
    for title, (by, words, period) in whole.items():
        text = f"by {by}: {words} in {in_words(period)}."
        text += "" if printed is None else printed.of_all(title, period)
        texts[title] = f"{texts[title]} B{text[1:]}" if title in texts else f" {text}"
    return [Point(SIGNAL, "signal", title, text) for title, text in texts.items()]


def _rest(mark: Point, told: Point) -> str:
    """Return what is said of a signal, without the number that the finding before it has told."""
    for whose in (TOGETHER, OWN):
        before, there, number = mark.text.partition(f" {whose}")
        number, closed, after = number.partition(").")
        if there and f"{number}{closed}" in told.text:
            return f"{before}{after}"
    return mark.text


def _some(programs: pd.Series[str]) -> str:
    """Return the names of some programs, or how many they are where they are many."""
    names = [str(name) for name in programs]
    if len(names) > MOST_NAMED:
        return f"{len(names)} other programs"
    if any("," in name for name in names):
        return list_names(names)
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def signals_of_all(
    scope: Scope, trends: Trends, table: Table | None, told: Collection[str]
) -> dict[str, tuple[str, str, str]]:
    """Return the signals of the page of all measures that are of the newest period.

    Those that are `told` already, by the charts by program and month, are left out.
    """
    if table is None:
        return {}
    found = {}
    people = "all programs together, " if len(scope.programs) > 1 else ""
    by = {one.title: period_word(scope, one) for one in trends.drawn.values()}
    for row in table.frame.to_dict("records"):
        newest = row.get("newer", NEWEST) in (NEWEST, NOT_COMPLETE)
        if newest and ": " in row["signal"] and row["measure"] not in told:
            words = f"{people}{row['signal'].replace(': ', ', ')}"
            found[row["measure"]] = (by[row["measure"]], words, row["period"])
    return found


def with_signals(points: Sequence[Point], signals: Sequence[Point]) -> list[Point]:
    """Return the findings of the measures and the signals: one where a measure changed and has one.

    Examples
    --------
    >>> from iop_outcomes.report.sections.compared.signal_points import with_signals
    >>> from iop_outcomes.report.sections.points import CHANGED, SIGNAL, Point
    >>> fallen = Point(CHANGED, "lower", "Admissions", ": 0 in 2026Q3.")
    >>> signal = Point(SIGNAL, "signal", "Admissions", " by quarter: worse, lower than usual.")
    >>> [(one.tag, one.text) for one in with_signals([fallen], [signal])]
    [('lower, signal', ': 0 in 2026Q3. Signal by quarter: worse, lower than usual.')]
    """
    changed = {one.title for one in points if one.rank in (MISSED, CHANGED)}
    of_signals = {one.title: one for one in signals if one.title in changed}
    joined = [
        replace(one, tag=f"{one.tag}, {mark.tag}", text=f"{one.text} Signal{_rest(mark, one)}")
        if one.title in changed and (mark := of_signals.get(one.title))
        else one
        for one in points
    ]
    return [*joined, *(one for one in signals if one.title not in changed)]
