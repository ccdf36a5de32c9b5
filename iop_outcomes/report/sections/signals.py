"""What the charts by program and month say: the words of their verdicts, without a number."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import SafePolicy
from iop_outcomes.report.model import Table
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.trends import MONTHS
from iop_outcomes.shared.arrays import Floats, ratio
from iop_outcomes.trends import Trend
from iop_outcomes.trends.charting import ChartRule, chart_rule, group_rows
from iop_outcomes.trends.charts import TRIAL_POINTS
from iop_outcomes.trends.quantities import Quantity, find_quantity
from iop_outcomes.trends.quantities.quantity import comparable_from
from iop_outcomes.trends.signals.judging import COMMON, NOT_RANDOM
from iop_outcomes.trends.trend import trend_of
from iop_outcomes.trends.watching.false_alarms import false_alarm_rate

NUMBERS = ("numerator", "denominator", "value")
LOOKED_BACK = 12  # months, of which signals are named
STANDS = 3  # months that are not on a chart have the words of the last one on it before
NO_SIGNAL = "no signal"
TOO_FEW_MONTHS = "too few months"
TOO_FEW = "too few to say"
FEWEST = 11  # people in a month that is charted: a rate of fewer swings too much to be judged
NOTE = (
    "Each program's own months, up to {months} that end with the {word}, on a control chart with "
    "limits from the first {baseline} months on it. These allow for chance and for sessions of "
    "one person being alike, and are never narrower than chance alone gives. A program's chart "
    "begins half a year after its first month with {fewest} people: until then nearly all are "
    "newly admitted, so that these months are not comparable with later ones. A signal is a month"
    " beyond the limits, seven months rising, falling or on one side of the middle, or two of "
    "three near a limit (rules of Making Data Count). Better and worse are by the direction that "
    "is wanted; usual is as in the first {baseline} months on the chart. Months with sessions or "
    "check-ins of fewer than {fewest} people are too few to be judged, and not on it{both}. Which"
    " these are is not told: for up to {stands} of them in a row the words of the last month on "
    "the chart stand, and then no signal. Last month: the newest month that could be on a "
    "chart, the same for all. Too few months: fewer than {baseline} on the chart.{half} Programs "
    "are in the order of their names, not ranked.{alarms}"
)
BOTH = (
    ", nor are months in which 1 to {most} people were among those counted and 1 to {most} among "
    "those not"
)
ALARMS = (
    " If nothing changed, up to {expected} of {charts} charts would show one in a quarter; and no "
    "signal does not show that nothing changed: a slow change is found late."
)
BY_CHANCE = (
    "Signals of charts by month: of {charts} such charts chance alone may give up to {expected} a "
    "signal in a quarter."
)
HALF = (
    " If in a month 1 to {most} people were among those counted, or among those not, no word "
    "depends on how many they were. Not clear: the chart says one thing if they were few and "
    "another if they were more, or without these months."
)
UNCLEAR = "not clear"
SOME_UNCLEAR = "some months not clear"


def month_charts(scope: Scope, measures: Sequence[str]) -> dict[str, Trend]:
    """Return the chart of each measure by program and month, of those known from the records.

    Parameters
    ----------
    scope : Scope
        Without a period there is none.
    measures : sequence of str
        The measures.
    """
    known = measures if scope.period is not None else ()
    return {name: _charted(scope, name) for name in known if name in scope.tallies}


def signals_table(scope: Scope, charts: Mapping[str, Trend]) -> Table | None:
    """Return what the chart of each measure and program says of its months.

    Parameters
    ----------
    scope : Scope
        With a period.
    charts : mapping of str to Trend
        Those of `month_charts`.

    Returns
    -------
    Table or None
        One row a measure and program: ``measure, program``; ``last_month``, the newest month that
        could be on the chart, by its days alone; ``then``, what the chart says of it;
        ``last_12_months``, the stretches of months of the last 12 with a signal. None without
        programs or months.
    """
    rows = [row for trend in charts.values() for row in _rows(trend)]
    if not rows:
        return None
    frame = pd.DataFrame(
        rows, columns=["measure", "program", "last_month", "then", "last_12_months"]
    )
    threshold = scope.policy.threshold
    is_hidden = threshold > 1
    half = HALF.format(most=threshold - 1) if is_hidden else ""
    charted = _charts_in(frame)
    note = NOTE.format(
        word=scope.word,
        months=MONTHS,
        baseline=TRIAL_POINTS,
        fewest=fewest_of(scope.policy),
        half=half,
        both=BOTH.format(most=threshold - 1) if is_hidden else "",
        stands=STANDS,
        alarms=ALARMS.format(charts=charted, expected=_expected(charted)) if charted else "",
    )
    return Table("signals", "Signals of change, by program and month", frame, {}, note)


def by_chance_alone(signals: Table | None, told: Collection[str]) -> str:
    """Return how many of the charts by program chance alone may give a signal, as a sentence.

    Empty where no such signal is of a measure that is `told`.
    """
    if signals is None:
        return ""
    frame = signals.frame
    loud = ~frame["then"].isin([NO_SIGNAL, TOO_FEW_MONTHS, UNCLEAR])
    if not (loud & frame["measure"].isin([*told])).any():
        return ""
    charts = _charts_in(frame)
    return BY_CHANCE.format(charts=charts, expected=_expected(charts))


def _charts_in(frame: pd.DataFrame) -> int:
    return int((frame["then"] != TOO_FEW_MONTHS).sum())


def _expected(charts: int) -> str:
    """Return how many of so many charts show a signal in a quarter though nothing changed."""
    return f"{charts * _false_alarms():.1f}"


def _false_alarms() -> float:
    """Return how often such a chart shows a signal in a quarter though nothing changed."""
    return false_alarm_rate("mdc", 2 * TRIAL_POINTS, "month", baseline=True, sessions=True)


def _rows(trend: Trend) -> list[tuple[str, ...]]:
    """Return what a chart says of each program, without telling which months are not on it.

    A month that is left out is one of few people: it has the words of the month before.
    """
    rows: list[tuple[str, ...]] = []
    for places in group_rows(trend.table, trend.by):
        months = trend.table.iloc[places]
        is_known = months["value"].notna()
        program, last_month = (str(months[name].iloc[-1]) for name in ("program", "period"))
        if is_known.sum() < TRIAL_POINTS:
            rows.append((trend.title, program, last_month, TOO_FEW_MONTHS, ""))
            continue
        words = months["variation"].map(said).where(is_known).ffill(limit=STANDS)
        words = words.fillna(NO_SIGNAL)
        recent = words.iloc[-LOOKED_BACK:]
        stretches = _stretches(months["period"].iloc[-LOOKED_BACK:].tolist(), recent.tolist())
        rows.append(
            (
                trend.title,
                program,
                last_month,
                words.iloc[-1],
                "; ".join(stretches) or NO_SIGNAL,
            )
        )
    return rows


def _charted(scope: Scope, measure: str) -> Trend:
    """Return the trend by program and month up to the quarter, charted: the months that are drawn.

    A month in which few people were counted is left out, and small counts in the others are
    replaced by those of as many people in each: no word depends on a count that is hidden. What the
    charts of several such numbers, and that without these months, do not say alike is not clear.
    Months that are not comparable with later ones are left out, too.
    """
    assert scope.period is not None
    quantity = find_quantity(measure)
    counted = scope.tallies[measure], scope.records, quantity
    whole = trend_of(*counted, every="month", by="program", judgements=scope.judgements)
    used = whole.table["complete"] & (whole.table["end"] <= scope.period.last)
    whole = whole.only(np.flatnonzero(used.to_numpy(dtype=np.bool_)))
    newest = scope.period.last.to_period("M")
    drawn = whole.table["start"] >= (newest - (MONTHS - 1)).start_time
    months = np.flatnonzero(drawn.to_numpy(dtype=np.bool_))
    rule = usual_rule(quantity, baseline=TRIAL_POINTS)

    def of(few_people: float) -> Trend:
        one = replace(whole, table=_without_small(whole, scope.policy, few_people))
        if quantity.settles:
            one = replace(one, table=_settled(one, fewest_of(scope.policy)))
        return one.only(months)

    most = scope.policy.threshold - 1
    if most < 1:
        return of(0).with_chart(rule)
    chart = of(scope.policy.threshold / 2).with_chart(rule)
    return _agreed(chart, *(_judged_beside(chart, of(number)) for number in (1, most, 0)))


def _judged_beside(chart: Trend, other: Trend) -> Trend:
    """Return a trend with the verdicts of a chart such as `chart`.

    A group that has the same numbers there has the same chart, which is not made again: of many
    programs no month has a small count.
    """
    numbers, own = (one.table[[*NUMBERS]].to_numpy(np.float64) for one in (chart, other))
    alike = ((numbers == own) | (np.isnan(numbers) & np.isnan(own))).all(axis=1)
    groups = [rows for rows in group_rows(other.table, other.by) if not alike[rows].all()]
    variation = chart.table["variation"].copy()
    if groups:
        rows = np.sort(np.concatenate(groups))
        made = other.only(rows).with_chart(chart.chart)
        variation.iloc[rows] = made.table["variation"].to_numpy()
    return replace(other, table=other.table.assign(variation=variation))


def _agreed(chart: Trend, *others: Trend) -> Trend:
    """Return a chart whose verdicts are those of all others, and else not clear.

    What another chart does not have, or has of too few months, it does not decide.
    """
    variation = chart.table["variation"]
    unclear = np.zeros(len(variation), dtype=np.bool_)
    for other in others:
        known = other.table["value"].notna().to_numpy()
        for rows in group_rows(chart.table, chart.by):
            if known[rows].sum() >= TRIAL_POINTS:
                unclear[rows] |= (known & (variation != other.table["variation"]))[rows]
    table = chart.table.assign(variation=variation.mask(unclear & (variation != ""), UNCLEAR))
    return replace(chart, table=table)


def usual_rule(
    quantity: Quantity, *, baseline: int | None, target: float | None = None
) -> ChartRule | None:
    """Return the rule of each chart of a report that is judged; None where a measure has none.

    Parameters
    ----------
    quantity : Quantity
        The measure.
    baseline : int or None
        From how many periods the limits are made; None: from all of them.
    target : float, optional
        The value to be reached, in the unit of the measure.
    """
    return chart_rule(
        quantity.kind,
        chart="auto",
        baseline=baseline,
        rebase=(),
        events=(),
        target=target,
        improves=None,
        rules="mdc",
        default=quantity.improves,
        least=quantity.least,
        most=quantity.most,
        at_least_chance=True,
    )


def _settled(trend: Trend, fewest: int) -> pd.DataFrame:
    """Return the table without the numbers of each program's first months.

    They are counted from its first month with enough people: the month in which the first of a few
    came is not told.
    """
    assert trend.people is not None
    early = np.zeros(len(trend.table), dtype=np.bool_)
    for rows in group_rows(trend.table, trend.by):
        start = trend.table["start"].iloc[rows]
        begun = start[trend.people[rows, 0] >= fewest]
        if len(begun):
            early[rows] = start < comparable_from(begun.iloc[0], "month")
    return trend.table.assign(**{name: trend.table[name].mask(early) for name in NUMBERS})


def fewest_of(policy: SafePolicy) -> int:
    """Return how many people a month has at least that is charted, whatever may be shown."""
    return max(policy.threshold, FEWEST)


def _without_small(trend: Trend, policy: SafePolicy, few_people: float) -> pd.DataFrame:
    """Return the table with counts that do not depend on any small number of people.

    If few people attended, or few were absent, `few_people` are taken: one with one session, most
    of them with all that were due to so many, and half of them with as many as so many have in the
    program's other months; with 0 the month is left out. To leave all such months out would leave
    out the best or the worst of a small program.
    """
    assert trend.people is not None
    numerator, denominator = (
        trend.table[name].to_numpy(dtype=np.float64).copy() for name in ("numerator", "denominator")
    )
    parts = [numerator.copy(), denominator - numerator]
    small = policy.hides(trend.people[:, 1:])
    few = (trend.people[:, 0] < fewest_of(policy)) | small.all(axis=1)
    for rows in group_rows(trend.table, trend.by):
        usual = rows[~few[rows] & ~small[rows].any(axis=1)]
        for side, count in enumerate(parts):
            people = trend.people[usual, 1 + side].sum()
            chosen = rows[small[rows, side]]
            each: Floats | float = count[usual].sum() / people if people else np.nan
            if few_people <= 1:  # of 0 nothing is known
                each = 1.0 if few_people else np.nan
            elif few_people == policy.threshold - 1:
                each = denominator[chosen] / trend.people[chosen, 0]
            replaced = np.minimum(each * few_people, denominator[chosen])
            numerator[chosen] = replaced if side == 0 else denominator[chosen] - replaced
    few |= np.isnan(numerator)
    table = trend.table.assign(numerator=numerator, value=ratio(numerator, denominator))
    return table.assign(**{name: table[name].mask(few) for name in NUMBERS})


def said(variation: str) -> str:
    """Return a verdict in the words of the report."""
    if variation in ("", COMMON):
        return NO_SIGNAL
    if variation in (UNCLEAR, TOO_FEW, TOO_FEW_MONTHS):
        return variation
    if variation == NOT_RANDOM:
        return "changed: other than usual"
    kind, side = variation.split(" ")
    word = {"improvement": "better", "concern": "worse", "neutral": "changed"}[kind]
    direction = {"(high)": "higher", "(low)": "lower"}[side]
    return f"{word}: {direction} than usual"


def _stretches(periods: list[str], words: list[str]) -> list[str]:
    """Return the months in a row of which the chart says the same.

    Which of them are not clear is not told: that could tell in which month there were few people.
    """
    stretches: list[tuple[str, str, str]] = []
    for period, word in zip(periods, words, strict=True):
        if word in (NO_SIGNAL, UNCLEAR):
            continue
        month = pd.Period(period, "M")
        if stretches and stretches[-1][2] == word and pd.Period(stretches[-1][1], "M") + 1 == month:
            stretches[-1] = (stretches[-1][0], period, word)
        else:
            stretches.append((period, period, word))
    told = [
        f"{word}, {first}" if first == last else f"{word}, {first} to {last}"
        for first, last, word in stretches
    ]
    return [*told, SOME_UNCLEAR] if UNCLEAR in words else told
