"""All signals of many charts, how many are expected by chance, and the order in which to look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iop_outcomes.shared.groups import NOTHING_LEFT_OUT, LeftOut, MissingGroup
from iop_outcomes.shared.result import Result
from iop_outcomes.shared.text import format_count
from iop_outcomes.trends.charts.series import Baseline
from iop_outcomes.trends.quantities import Quantity
from iop_outcomes.trends.result import Trend
from iop_outcomes.trends.signals.judging import COMMON
from iop_outcomes.trends.watching.false_alarms import false_alarm_rate, quarter_of, rate_of_rule
from iop_outcomes.trends.watching.many import Chart, together, trends_of

if TYPE_CHECKING:
    from iop_outcomes.records import Records

MOST_NAMED = 3
_KINDS = ("concern", "not random", "neutral", "improvement")
_ORDER = (
    "Order: concerns first, then signals without a direction, then improvements; within these, "
    "limits of 12 points or more before trial limits, the rule that is rarest by chance first, "
    "and more marked periods first. It is an order in which to look, not one of sites."
)
_RATES = (
    "Expected by chance: for each chart the measured share of charts of series without any change "
    "that show a signal in a quarter, by its number of points: of independent normal values, and "
    "for rates of sessions and check-ins of a synthetic program, since the same people come in "
    "neighbouring periods (docs/validation_trends.md). Seasons and holidays signal more often."
)


@dataclass(frozen=True, eq=False, repr=False)
class Watch(Result):
    """The signals of many charts in their last quarter, in the order in which to look.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a chart with a signal, with the columns of :func:`iop_outcomes.watch`.
    charts : pandas.DataFrame
        One row a chart: ``measure, title, [by ...]``, ``periods`` (known), ``quarter`` (how many of
        the last of them are looked at), ``false_alarm_rate`` (the probability of a signal in them
        by chance; 0 without any known period) and ``signal`` (bool).
    trends : tuple of Trend
        The charts themselves.
    by : tuple of str
        The columns that define the groups.
    rule : str
        How the order and the expected number are made.
    left_out : LeftOut
        How many episodes without a group were left out.
    """

    table: pd.DataFrame
    charts: pd.DataFrame
    trends: tuple[Trend, ...]
    by: tuple[str, ...]
    rule: str
    left_out: LeftOut = NOTHING_LEFT_OUT

    @property
    def expected(self) -> float:
        """The number of charts expected to show a signal in a quarter by chance."""
        return float(self.charts["false_alarm_rate"].sum())

    @property
    def text(self) -> str:
        """How many charts have a signal, how many by chance, and what to look at first."""
        looked = int((self.charts["periods"] > 0).sum())
        text = (
            f"{format_count(looked, 'chart')}: {len(self.table)} with a signal in the last "
            f"quarter; by chance alone {self.expected:.1f} would be expected each quarter."
        )
        for row in self.table.head(MOST_NAMED).to_dict("records"):
            name = ", ".join([*(str(row[column]) for column in self.by), row["title"]])
            text += f" {row['order']}. {name}, {row['period']}: {row['reason']}."
        more = len(self.table) - MOST_NAMED
        return self.left_out.after(text + (f" And {more} more." if more > 0 else ""))

    @property
    def _summary(self) -> str:
        return f"{format_count(len(self.table), 'signal')} in {len(self.charts):,} charts"

    @property
    def _caption(self) -> str:
        return f"{self.text} {self.rule}"


def watch(
    records: Records | Sequence[Trend],
    measures: Sequence[str | Quantity] | None = None,
    by: str | Sequence[str] | None = None,
    *,
    every: str | None = None,
    baseline: Baseline = None,
    rules: str | None = None,
    targets: Mapping[str, float] | None = None,
    names: bool = False,
    missing_group: MissingGroup = "own",
) -> Watch:
    """Return the signals of many charts at once, in the order in which to look at them.

    With 20 measures of 5 programs some chart always signals. The result says how many signals
    would be expected if nothing had changed.

    Parameters
    ----------
    records : Records or list of Trend
        Records with calendar dates; or trends with charts and the same groups (of records or of
        frames, protected or not), which then have their own options.
    measures : sequence of str, optional
        See :func:`iop_outcomes.describe_quantities`; by default attendance, no-shows, check-in
        response, admissions, retention at 30 and 90 days and completion.
    by : str or sequence of str, optional
        Columns of ``records.episodes``: a chart a measure and group.
    every, baseline, rules, missing_group
        As in :func:`iop_outcomes.trend`.
    targets : dict of str to float, optional
        The target of each measure, by its name.
    names : bool
        As in :func:`iop_outcomes.funnel`.

    Returns
    -------
    Watch
        Its ``.table`` has one row a chart with a signal in its last quarter (of known periods: 13
        weeks, 3 months, 1 quarter):

        ``order`` : int64
            From 1, what to look at first.
        ``measure, title, [by ...]`` : str
            The chart.
        ``period, value, centre`` : str, float64, float64
            The newest period that a rule marked, its value and the centre.
        ``variation, rule`` : str
            Its verdict, as of :func:`iop_outcomes.trends.signals.judge`; of several rules in the
            quarter that which is rarest by chance.
        ``marked`` : int64
            How many periods of the quarter are marked.
        ``trial`` : bool
            Whether the limits rest on fewer than 12 points.
        ``false_alarm_rate`` : float64
            The probability that this chart shows a signal in a quarter by chance.
        ``reason`` : str
            Why it has this place.

        ``.charts`` has a row for each chart, ``.expected`` is the sum of their rates.

    Raises
    ------
    RuleError, EstimateError
        As :func:`iop_outcomes.trend`; or if no chart has a known point.

    Notes
    -----
    Limits from all points, the default, hold a change that is long past: a chart that has stayed at
    a new level looks like chance in its last quarter. ``baseline=12`` asks whether the last quarter
    differs from the first year; it finds such changes, and signals falsely two to three times as
    often, since limits of 12 points are imprecise.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> records = iop.read_records("data/samples")
    >>> measures = ["attendance_rate", "no_show_rate"]
    >>> watched = iop.watch(records, measures, by="program", baseline=12)
    >>> watched.table[["measure", "program", "variation"]].iloc[0].tolist()
    ['attendance_rate', 'Harbor', 'concern (low)']
    >>> len(watched.charts), round(watched.expected, 1)
    (10, 1.8)
    """
    trends = trends_of(
        *(records, measures, by, missing_group),
        every=every,
        baseline=baseline,
        rules=rules,
        targets=targets,
        names=names,
    )
    return watch_of(trends)


def watch_of(trends: Sequence[Trend]) -> Watch:
    """Return `watch` of trends that are made."""
    charts, shared = together(trends, f"{_ORDER} {_RATES}")
    rows = [_chart_row(chart) for chart in charts]
    signals_of_charts = [
        _signal(chart, row) for chart, row in zip(charts, rows, strict=True) if row["signal"]
    ]
    signals_of_charts.sort(key=lambda signal: signal.pop("key"))
    names = ["order", "measure", "title", *shared["by"], "period", "value", "centre", "variation"]
    names += ["rule", "marked", "trial", "false_alarm_rate", "reason"]
    signals = pd.DataFrame(
        [{"order": place, **signal} for place, signal in enumerate(signals_of_charts, start=1)],
        columns=names,
    )
    return Watch(table=signals, charts=pd.DataFrame(rows), **shared)


def _chart_row(chart: Chart) -> dict[str, Any]:
    known, trend = chart.known, chart.trend
    rule = trend.chart
    quarter = min(quarter_of(trend.every), len(known))
    rate = 0.0
    if rule is not None and len(known):
        based = rule.baseline is not None
        rate = false_alarm_rate(
            *(rule.rules, len(known), trend.every), baseline=based, sessions=chart.of_sessions
        )
    return {
        **chart.named,
        "periods": len(known),
        "quarter": quarter,
        "false_alarm_rate": rate,
        "signal": bool(_marked(known.tail(quarter)).any()) if quarter else False,
    }


def _marked(rows: pd.DataFrame) -> np.ndarray:
    return ~rows["variation"].isin(["", COMMON]).to_numpy()


def _signal(chart: Chart, row: dict[str, Any]) -> dict[str, Any]:
    """Return the row of a signal, with the key by which signals are put in order."""
    last = chart.known.tail(row["quarter"])
    marked = _marked(last)
    newest = last[marked].iloc[-1]
    rarest = min(last.loc[marked, "rule"], key=rate_of_rule)
    kind = next(place for place, word in enumerate(_KINDS) if newest["variation"].startswith(word))
    count, trial = int(marked.sum()), bool(newest["trial"])
    points = f"{row['periods']} points" + (", trial limits" if trial else "")
    of = "the last period" if row["quarter"] == 1 else f"{count} of the last {row['quarter']}"
    reason = (
        f"{newest['variation']}, {rarest} (by chance {rate_of_rule(rarest):.2%} of points), "
        f"{of}, {points}"
    )
    return {
        "key": (kind, trial, rate_of_rule(rarest), -count),
        **chart.named,
        "period": newest["period"],
        "value": newest["value"],
        "centre": newest["centre"],
        "variation": newest["variation"],
        "rule": rarest,
        "marked": count,
        "trial": trial,
        "false_alarm_rate": row["false_alarm_rate"],
        "reason": reason,
    }
