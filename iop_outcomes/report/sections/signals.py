"""What the charts by program and month say: the words of their verdicts, without a number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from iop_outcomes.report.model import Table
from iop_outcomes.report.scope import Scope
from iop_outcomes.trends import Trend
from iop_outcomes.trends.charting import chart_rule, group_rows
from iop_outcomes.trends.charts import TRIAL_POINTS
from iop_outcomes.trends.periods import last_day
from iop_outcomes.trends.quantities import find_quantity
from iop_outcomes.trends.signals.judging import COMMON
from iop_outcomes.trends.trend import trend_of

LOOKED_BACK = 12  # months, of which signals are named
NO_SIGNAL = "no signal"
TOO_FEW_MONTHS = "too few months"
NOTE = (
    "Each program's own months, up to the quarter, on a control chart; its limits allow for chance "
    "and for sessions of one person being alike. A signal is a month beyond the limits, seven "
    "months rising, falling or on one side of the middle, or two of three near a limit (rules of "
    "Making Data Count). Better and worse are by the direction that is wanted. Months with "
    "sessions or check-ins of fewer than {fewest} people are not on the chart. Programs are in the "
    "order of their names, not ranked. With {charts} charts some signal is expected by chance; and "
    "no signal does not show that nothing changed: a slow change is found late."
)


def signals_table(scope: Scope, measures: tuple[str, ...]) -> Table | None:
    """Return what the chart of each measure and program says of its months.

    Parameters
    ----------
    scope : Scope
        With a quarter.
    measures : tuple of str
        The measures, of which those that the records tell are charted.

    Returns
    -------
    Table or None
        One row a measure and program: ``measure, program``; ``last_month``, the newest month on the
        chart; ``then``, what the chart says of it; ``last_12_months``, the stretches of months of
        the last 12 with a signal. None without programs or months.
    """
    if scope.quarter is None:
        return None
    rows: list[tuple[str, ...]] = []
    for name in measures:
        if name in scope.tallies:
            rows += _rows(scope, name)
    if not rows:
        return None
    frame = pd.DataFrame(
        rows, columns=["measure", "program", "last_month", "then", "last_12_months"]
    )
    note = NOTE.format(charts=len(frame), fewest=scope.policy.threshold)
    return Table("signals", "Signals of change, by program and month", frame, {}, note)


def _rows(scope: Scope, measure: str) -> list[tuple[str, ...]]:
    trend = _charted(scope, measure)
    rows: list[tuple[str, ...]] = []
    for places in group_rows(trend.table, trend.by):
        months = trend.table.iloc[places]
        known = months[months["value"].notna()]
        program = str(months["program"].iloc[0])
        if len(known) < TRIAL_POINTS:
            rows.append((trend.title, program, "", TOO_FEW_MONTHS, ""))
            continue
        words = known["variation"].map(_said)
        recent = words[months.index.get_indexer(known.index) >= len(months) - LOOKED_BACK]
        stretches = _stretches(known["period"].loc[recent.index].tolist(), recent.tolist())
        rows.append(
            (
                trend.title,
                program,
                str(known["period"].iloc[-1]),
                words.iloc[-1],
                "; ".join(stretches) or NO_SIGNAL,
            )
        )
    return rows


def _charted(scope: Scope, measure: str) -> Trend:
    """Return the trend by program and month up to the quarter, charted.

    A month in which few people were counted is left out. Which of the others a small count is
    hidden in does not matter here: of a verdict no number is printed, nor are centre and limits.
    """
    assert scope.quarter is not None
    quantity = find_quantity(measure)
    whole = trend_of(scope.tallies[measure], scope.records, quantity, every="month", by="program")
    assert whole.people is not None
    table = whole.table
    used = table["complete"] & (table["start"] <= last_day(scope.quarter))
    made = whole.only(np.flatnonzero(used.to_numpy(dtype=np.bool_)))
    assert made.people is not None
    few = made.people[:, 0] < scope.policy.threshold
    numbers = ["numerator", "denominator", "value"]
    made = replace(
        made, table=made.table.assign(**{name: made.table[name].mask(few) for name in numbers})
    )
    rule = chart_rule(
        quantity.kind,
        chart="auto",
        baseline=None,
        rebase=(),
        events=(),
        target=None,
        improves=None,
        rules="mdc",
        default=quantity.improves,
        least=quantity.least,
        most=quantity.most,
    )
    return made.with_chart(rule)


def _said(variation: str) -> str:
    """Return a verdict in the words of the report."""
    kind, _, side = variation.partition(" (")
    if variation in ("", COMMON):
        return NO_SIGNAL
    direction = {"high)": "higher", "low)": "lower"}.get(side, "other")
    word = {"improvement": "better", "concern": "worse"}.get(kind, "changed")
    return f"{word}: {direction} than usual"


def _stretches(periods: list[str], words: list[str]) -> list[str]:
    """Return the months in a row of which the chart says the same."""
    found: list[tuple[str, str, str]] = []
    for period, word in zip(periods, words, strict=True):
        if word == NO_SIGNAL:
            continue
        month = pd.Period(period, "M")
        if found and found[-1][2] == word and pd.Period(found[-1][1], "M") + 1 == month:
            found[-1] = (found[-1][0], period, word)
        else:
            found.append((period, period, word))
    return [
        f"{word}, {first}" if first == last else f"{word}, {first} to {last}"
        for first, last, word in found
    ]
