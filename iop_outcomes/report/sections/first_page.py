"""The first page: a few findings chosen by rule, in plain words, and the page of all measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from iop_outcomes.report.model import Section, Table
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections.changes import (
    NO_CHANGE,
    WITHOUT,
    Change,
    by_chance,
    changes_of,
    in_few_words,
    why_not_compared,
    word_of,
)
from iop_outcomes.report.sections.compared.signal_points import (
    Printed,
    signal_points,
    signals_of_all,
    with_signals,
)
from iop_outcomes.report.sections.findings import (
    NOT_TOLD,
    latest_shown,
    not_known_yet,
    period_word,
    why_by_year,
)
from iop_outcomes.report.sections.matrix import (
    NOT_SHOWN,
    by_month,
    matrix_table,
)
from iop_outcomes.report.sections.points import (
    ALIKE,
    CHANGED,
    DIFFER,
    MET,
    MISSED,
    NEAR,
    NOT_COMPARED,
    SAME,
    SIGNAL,
    Point,
    number_of,
)
from iop_outcomes.report.sections.signals import by_chance_alone
from iop_outcomes.report.trend_pictures import in_flow, in_programs
from iop_outcomes.report.trends import Trends
from iop_outcomes.shared.text import list_names
from iop_outcomes.trends import Trend
from iop_outcomes.trends.periods import in_words
from iop_outcomes.trends.quantities import Quantity, find_quantity

JUDGED = {MET: "target met", NEAR: "near target", MISSED: "target missed"}
MOST, FEWEST = 8, 5  # findings on the first page
NAME, TITLE = "what-changed", "At a glance"
HOW_ALONE = (
    "Each number has its interval, of 95% if nothing else is said, in which the true value may "
    "well lie."
)
HOW = (
    "Each number and each difference has its interval, of 95% if nothing else is said, in which "
    "the true value may well lie. "
    "Higher or lower: the whole interval of the difference lies on one side of zero. From 50% to "
    "53% is 3 points higher."
)
IN_NONE = "in none of these numbers: too few to publish."


@dataclass(frozen=True)
class Elsewhere:
    """Tables of longer times as they are shown, of programs and of how far people came."""

    programs: Table | None = None
    flow: Table | None = None

    def of(self, scope: Scope, hidden: Sequence[Trend]) -> str:
        """Return which of them have measures whose newest number is hidden, with a space before."""
        return in_programs(scope, hidden, self.programs) + in_flow(scope, hidden, self.flow)


def first_page(
    scope: Scope,
    trends: Trends,
    signals: Table | None,
    targets: Mapping[str, float],
    others: Sequence[Point] = (),
    charts: Mapping[str, Trend] | None = None,
    elsewhere: Elsewhere = Elsewhere(),
) -> Section:
    """Return the first page of the report of a period.

    Parameters
    ----------
    scope : Scope
        With a period.
    trends : Trends
        Protected: nothing is printed here that is not printed with them.
    signals : Table or None
        What the charts by program and month say, in words.
    targets : mapping of str to float
        Measure -> target.
    others : sequence of Point
        Findings from other sections, such as programs that differ.
    charts : mapping of str to Trend, optional
        The charts by program and month, of which `signals` is made. In a report of one program
        they are those of the page of all measures, too.
    elsewhere : Elsewhere, optional
        The tables in which a measure whose newest number is hidden may be shown.
    """
    own = charts if charts is not None and len(scope.programs) == 1 else {}
    until = None if scope.period is None else scope.period.last
    table = matrix_table(trends, targets, own, until)
    told = [one.title for one in trends.drawn.values() if by_month(one, own)]
    never = [trend for trend in trends.compared.values() if _never_shown(trend)]
    points = []
    for name, trend in trends.compared.items():
        if trend not in never:
            point = measure_point(scope, trend, targets.get(name))
            there = elsewhere.of(scope, [trend]) if newest_hidden(trend) else ""
            points.append(replace(point, text=f"{point.text}{there}"))
    whole = signals_of_all(scope, trends, table, told)
    points = with_signals(points, signal_points(signals, whole, Printed(scope, trends)))
    points += others

    def items_of(chosen: Sequence[Point]) -> list[tuple[str, str, str]]:
        items = [(one.tag, one.title, one.text) for one in chosen]
        gone = [one for one in points if one not in chosen]
        items += _without_room(scope, trends, gone, targets)
        unsaid = {one.title for one in gone if one.tag == NOT_SHOWN}
        hidden = [*never, *(one for one in trends.compared.values() if one.title in unsaid)]
        items += _left_out(gone, never, elsewhere.of(scope, hidden))
        not_known = [one.title for one in scope.not_known if one.main]
        return [*items, (NOT_TOLD, "; ".join(not_known), ".")] if not_known else items

    chosen = choose(points)
    while len(items_of(chosen)) > MOST and len(chosen) > FEWEST and chosen[-1].rank >= NEAR:
        chosen = chosen[:-1]  # what is said of it is joined with others that have no room
    items = items_of(chosen)
    number = sum(len(changes_of(scope, trend)) for trend in trends.compared.values())
    how = f"{HOW} {by_chance(number)}" if number else HOW_ALONE
    if not number and any(one.rank == DIFFER for one in chosen):  # programs are compared
        how = HOW
    alarms = by_chance_alone(signals, [title for tag, title, _ in items if "signal" in tag])
    how = f"{how} {alarms}".rstrip()
    if scope.too_few:  # a finding may be there only because they are not in its numbers
        verb = "is" if len(scope.too_few) == 1 else "are"
        how += f" {list_names(scope.too_few)} {verb} {IN_NONE}"
    return Section(NAME, TITLE, (how,), () if table is None else (table,), items=tuple(items))


def choose(points: Sequence[Point]) -> list[Point]:
    """Return the findings of the first page: the weightiest first, at most `MOST`.

    A finding that nothing could be compared with is there only if there are fewer than
    `FEWEST` others.
    """
    ordered = sorted(points, key=lambda one: one.rank)
    compared = [one for one in ordered if one.rank < NOT_COMPARED]
    return ordered[:FEWEST] if len(compared) < FEWEST else compared[:MOST]


def _never_shown(trend: Trend) -> bool:
    """Say whether the newest number of a measure is hidden, and no earlier one is shown."""
    return newest_hidden(trend) and bool(_known(trend)["value"].isna().all())


def newest_hidden(trend: Trend) -> bool:
    """Say whether the newest number of a measure that is known is hidden."""
    known = _known(trend)
    return len(known) > 0 and bool(known.iloc[-1]["hidden"])


def _known(trend: Trend) -> pd.DataFrame:
    return trend.table[trend.table["complete"]]


def _without_room(
    scope: Scope, trends: Trends, gone: Sequence[Point], targets: Mapping[str, float]
) -> list[tuple[str, str, str]]:
    """Return the newest numbers of measures that have no finding, by what they are called.

    A target is said of each that has one, and whether chance may explain it.
    """
    named: dict[tuple[str, str], list[str]] = {}
    of_measures = {trend.title: trend for trend in trends.compared.values()}
    for one in sorted(gone, key=lambda one: one.rank):
        of_programs = one.rank in (SIGNAL, DIFFER) or one.tag == ALIKE
        if one.title not in of_measures or one.tag in (NOT_SHOWN, NOT_TOLD) or of_programs:
            continue
        is_compared = one.rank != NOT_COMPARED
        why = "" if is_compared else f" {why_not_compared(scope, of_measures[one.title])}"
        named.setdefault((one.tag, why), []).append(one.title)
    items = []
    for (tag, why), titles in named.items():
        said = [_newest_in_few_words(scope, of_measures[title], targets) for title in titles]
        if len(said) > 1:
            said = [f"{title}: {one}" for title, one in zip(titles, said, strict=True)]
        text = f": {said[0]}{why}" if len(said) == 1 else f".{why} {' '.join(said)}"
        items.append((tag, "; ".join(titles), text))
    return items


def _newest_in_few_words(scope: Scope, trend: Trend, targets: Mapping[str, float]) -> str:
    """Return the newest number of a measure that is shown, its changes, and its target."""
    known = _known(trend)
    row = known[known["value"].notna()].iloc[-1]
    said = [number_of(row, trend.unit), in_few_words(changes_of(scope, trend))]
    if (target := targets.get(trend.measure)) is not None:
        said.append(_beside(row, find_quantity(trend.measure), target, trend.unit)[1])
    return " ".join(filter(None, said))


def _left_out(
    gone: Sequence[Point], never: Sequence[Trend], there: str
) -> list[tuple[str, str, str]]:
    """Return which measures have no newest number and no finding, so that none goes unsaid.

    Parameters
    ----------
    gone : sequence of Point
        The findings for which the page has no room.
    never : sequence of Trend
        Those of which no period is shown.
    there : str
        In which table shares of these are.
    """
    hidden = [trend.title for trend in never]
    hidden += [one.title for one in gone if one.tag == NOT_SHOWN]
    waiting = [one.title for one in gone if one.tag == NOT_TOLD]
    items = []
    if hidden:
        number = "Its newest number" if len(hidden) == 1 else "Their newest numbers"
        text = f". {number} would tell of a few people only.{there}"
        items.append((NOT_SHOWN, "; ".join(hidden), text))
    if waiting:
        text = ". Not complete yet, or nothing was counted."
        items.append((NOT_TOLD, "; ".join(waiting), text))
    return items


def measure_point(scope: Scope, trend: Trend, target: float | None = None) -> Point:
    """Return the newest known value of a measure, beside the period and the year before."""
    known = trend.table[trend.table["complete"]]
    rows = known[known["value"].notna()]
    quantity = find_quantity(trend.measure)
    if known.empty or pd.isna(known.iloc[-1]["value"]):
        hidden = not known.empty and bool(known.iloc[-1]["hidden"])
        text, rank = _not_shown(scope, trend, known), NOT_COMPARED
        tag = NOT_SHOWN if hidden else NOT_TOLD
        if target is not None and len(rows):  # judged by the newest value that is shown
            rank, words = _beside(rows.iloc[-1], quantity, target, trend.unit)
            text, tag = f"{text} {words}", JUDGED[rank]
        return Point(rank, tag, trend.title, text)
    last = rows.iloc[-1]
    changes = changes_of(scope, trend)
    tag = word_of(changes)
    is_change = tag not in (NO_CHANGE, WITHOUT)
    is_share = trend.unit == "proportion"
    text = f"{' was' if is_share else ':'} {number_of(last, trend.unit)}"
    text += _compared(changes)
    if not changes:
        text += f" {why_not_compared(scope, trend)}"
    text += not_known_yet(scope, trend)
    rank = CHANGED if is_change else SAME if changes else NOT_COMPARED
    if target is not None:
        judged, words = _beside(last, quantity, target, trend.unit)
        text += f" {words}"
        if not is_change:
            rank, tag = judged, JUDGED[judged]
        elif judged == MISSED:  # both are said, since neither explains the other
            rank, tag = MISSED, f"{tag}, {JUDGED[MISSED]}"
    return Point(rank, tag, trend.title, text)


def _compared(changes: Sequence[tuple[Change, str]]) -> str:
    """Return the sentences of the first page: changes first, then where none is clear."""
    text, again = "", False
    for change, words in changes:
        text += f" {change.plain(words, again=again)}"
        again = change.word == NO_CHANGE
    return text


def _not_shown(scope: Scope, trend: Trend, known: pd.DataFrame) -> str:
    if known.empty:
        return f" is not known yet for any {period_word(scope, trend)}."
    newest, older = in_words(known.iloc[-1]["period"]), latest_shown(scope, trend)
    if known.iloc[-1]["hidden"]:
        why = why_by_year(scope, trend)
        return f" in {newest}{why} is not shown, as it would tell of a few people only.{older}"
    return f" in {newest}: nothing was counted.{older}"


def _beside(row: pd.Series[float], quantity: Quantity, target: float, unit: str) -> tuple[int, str]:
    """Return how a target was met as a rank; one that chance may have met, or missed, says so."""
    written = f"{target:.0%}" if unit == "proportion" else f"{target:,.0f}"
    met = row["value"] >= target if quantity.improves == "up" else row["value"] <= target
    text = f"The target of {written} was {'met' if met else 'missed'}"
    by_chance_alone = row["lower"] <= target <= row["upper"]
    if by_chance_alone:
        text += ", by no more than chance may explain"
    return MET if met else NEAR if by_chance_alone else MISSED, f"{text}."
