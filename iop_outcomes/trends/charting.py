"""Which chart a measure has, and the columns that it adds to the table of a trend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.arrays import Floats
from iop_outcomes.shared.checks import check_choice
from iop_outcomes.trends import adjusting
from iop_outcomes.trends.adjusting import NOT_ADJUSTED, Adjustment, check_adjustment
from iop_outcomes.trends.charts import CHARTS, TRIAL_POINTS, make_chart
from iop_outcomes.trends.charts.order import place_of
from iop_outcomes.trends.charts.series import Baseline, Rebase, check_dated
from iop_outcomes.trends.signals import judge
from iop_outcomes.trends.signals.judging import IMPROVES, RULES

NUMBERS = ("centre", "lower_limit", "upper_limit")
VERDICT = ("variation", "assurance", "rule")
COLUMNS = (*NUMBERS, *VERDICT, "segment", "trial")
CHART_COLUMNS = (*COLUMNS, *adjusting.COLUMNS)
"""All columns that a chart adds to the table of a trend."""
FEW_PEOPLE = 30  # in a typical period, below which limits of a proportion are rough
_AUTO = {
    "sessions": "p_prime",  # sessions of one person are alike: binomial limits are too narrow
    "people": "p",
    "count": "xmr",  # months differ in length and numbers vary more than Poisson
    "mean": "xmr",
    "event_free": "xmr",  # estimates with censoring are no counts out of counts
    "incidence": "xmr",
    "proportion": "p_prime",
    "rate": "u_prime",
    "value": "xmr",
}
VALUES = ("value", "event_free", "incidence")  # no numerators over denominators
NO_COUNTS = ("mean", "event_free", "incidence")  # whose numerators are no counts of events
_SUMS = "the sum of numerators over the sum of denominators"
_CENTRES = {
    "xmr": f"the mean, or with counts {_SUMS}",  # of values without counts: `of_values`
    "c": "the mean",
    "t": "the mean of the values to the power 1/3.6",
    "g": "the median",
    "run": "the median",
}
OF_RATES = ("p", "p_prime", "u", "u_prime")
OF_COUNTS = ("c", "g", "t")
WIDENED = ("p_prime", "u_prime")  # by the variation between periods
_RULES = {
    "mdc": "Rules of Making Data Count, in this order: beyond a limit, seven points rising or "
    "falling, two of three near a limit, seven on one side of the centre.",
    "anhoej": "Rules of Anhoej: beyond a limit, run too long, too few crossings.",
    "none": "No rules for signals.",
}


@dataclass(frozen=True)
class ChartRule:
    """How the limits and the verdict of a trend are made; see `iop_outcomes.trend` for each.

    Attributes
    ----------
    chart : str
        The name of the chart, never "auto".
    baseline : int, tuple of two dates or None
        The points from which centre and limits are estimated.
    rebase, events : tuple of (date, str)
        New limits with their reason, and what happened.
    target : float or None
        The value to be reached.
    improves : {"up", "down", "neither"}
        Which direction is an improvement.
    rules : {"mdc", "anhoej", "none"}
        The rules for signals.
    least, most : float
        The least and the greatest possible value.
    of_values : bool
        Whether the chart is made from the values: they are not numerators over denominators.
    adjustment : Adjustment
        What the values are adjusted for before they are charted.
    at_least_chance : bool
        Whether limits that rest on the variation between periods are never narrower than those of
        chance alone: of a p' or u' chart, and of an XmR chart of counts. See
        :func:`iop_outcomes.trends.charts.p_prime_chart` and ``xmr_chart`` for the formulas.
    """

    chart: str
    baseline: Baseline = None
    rebase: tuple[tuple[Any, str], ...] = ()
    events: tuple[tuple[Any, str], ...] = ()
    target: float | None = None
    improves: str = "up"
    rules: str = "mdc"
    least: float = -np.inf
    most: float = np.inf
    of_values: bool = False
    adjustment: Adjustment = NOT_ADJUSTED
    at_least_chance: bool = False

    @property
    def text(self) -> str:
        """The chart and its rules in sentences."""
        kind = CHARTS[self.chart]
        centre = _CENTRES.get(self.chart, _SUMS)
        if self.of_values and self.chart == "xmr":
            centre = "the mean of the values, which are not numerators over denominators"
        text = f"{kind.title}: {kind.limits}; centre: {centre}."
        if self.baseline is not None:
            span = (
                f"the first {self.baseline} points of each segment"
                if isinstance(self.baseline, int)
                else f"the periods {self.baseline[0]} to {self.baseline[1]}"
            )
            text += f" Centre and limits from {span}."
        if self.at_least_chance:
            text += " Limits never narrower than those of chance alone."
        return f"{text} {_RULES[self.rules]}{self.adjustment.text}"


def usual_chart(kind: str) -> str:
    """Return the chart of a kind of measure or of frame, unless another is asked for."""
    return _AUTO[kind]


def chart_rule(
    kind: str,
    *,
    chart: str,
    baseline: Baseline,
    rebase: Rebase,
    events: Rebase,
    target: float | None,
    improves: str | None,
    rules: str | None,
    default: str,
    least: float,
    most: float,
    adjust: str | Sequence[str] | None = None,
    holidays: Sequence[Any] = (),
    at_least_chance: bool = False,
) -> ChartRule | None:
    """Return the checked rule of a chart; None for ``chart="none"``.

    Parameters
    ----------
    kind : str
        What is charted: the kind of a measure, or of a frame "proportion", "rate" or "value".
    chart, baseline, rebase, events, target, improves, rules
        As in `iop_outcomes.trend`.
    default : {"up", "down", "neither"}
        Which direction is an improvement, unless `improves` says.
    least, most : float
        The least and the greatest possible value.
    adjust, holidays
        As in `iop_outcomes.trend`.
    at_least_chance : bool
        As of `ChartRule`; a chart whose limits do not rest on the variation between periods, or
        that is of no counts, stays as it is.
    """
    check_choice("chart", chart, ("auto", *CHARTS, "none"))
    better = default if improves is None else improves
    check_choice("improves", better, IMPROVES)
    name = _AUTO[kind] if chart == "auto" else chart
    used = ("anhoej" if name == "run" else "mdc") if rules is None else rules
    check_choice("rules", used, RULES)
    rebased, happened = (
        check_dated(rebase, "rebase", "reason"),
        check_dated(events, "events", "words"),
    )
    _check_kind(name, kind)
    adjustment = check_adjustment(adjust, holidays, kind, name)
    if name != "none":
        return ChartRule(
            chart=name,
            baseline=baseline,
            rebase=tuple(rebased),
            events=tuple(happened),
            target=target,
            improves=better,
            rules=used,
            least=least,
            most=most,
            of_values=kind in VALUES or (kind == "mean" and least < 0),
            adjustment=adjustment,
            at_least_chance=at_least_chance
            and (name in WIDENED or (name == "xmr" and kind == "count" and not adjustment)),
        )
    if baseline is not None or rebased or happened or target is not None:
        raise RuleError(
            "Without a chart there is no baseline, rebasing, event or target.",
            found='chart="none" with one of them',
            instead='chart="auto", or leave them out',
        )
    return None


def _check_kind(chart: str, kind: str) -> None:
    """Raise RuleError if the chart is not for what is charted."""
    if kind in NO_COUNTS and chart in (*OF_RATES, *OF_COUNTS):
        raise RuleError(
            "This chart is for counts, and the measure is a mean or an estimate with censoring.",
            found=f'chart="{chart}"',
            instead='chart="xmr" or chart="run"',
        )
    has_denominator = kind not in ("count", "value")
    if chart in OF_RATES and not has_denominator:
        raise RuleError(
            "This chart is for a numerator and a denominator.",
            found=f'chart="{chart}" for counts or values',
            instead='chart="xmr", or "c" for counts with the same chance in each period',
        )
    if chart in OF_COUNTS and has_denominator:
        raise RuleError(
            "This chart is for counts, or for what lies between two events.",
            found=f'chart="{chart}" for a numerator and a denominator',
            instead='chart="u" for events per unit, or a frame with period and value',
        )


def charted(
    table: pd.DataFrame,
    by: Sequence[str],
    when: pd.Index[Any],
    rule: ChartRule,
    *,
    strict: bool = True,
) -> pd.DataFrame:
    """Return the table of a trend with the columns of a chart, group by group.

    Parameters
    ----------
    table : pandas.DataFrame
        ``[by ...], numerator, denominator, value``, the periods of each group in order. Rows
        without a value do not count.
    by : sequence of str
        The columns that define the groups.
    when : pandas.Index
        The period, date, number or label of each row.
    rule : ChartRule
        The chart.
    strict : bool
        Raise EstimateError where an adjustment cannot be estimated; otherwise the group has none,
        and no limits.
    """
    table = table.drop(columns=[name for name in CHART_COLUMNS if name in table])
    counted = rule.chart in OF_RATES or (not rule.of_values and table["denominator"].notna().any())
    names = ["numerator", "denominator"] if counted else ["value"]
    known = table["value"].notna()
    numbers = table[names].where(known).astype(np.float64).assign(period=when)
    if rule.adjustment:
        adjusting.check_periods(when, rule.adjustment)
    so_far = table["value_so_far"].to_numpy(dtype=np.float64)
    parts = []
    for rows in group_rows(table, by) or [np.arange(0)]:  # no period of any group: no group
        chart, also = _made(numbers.iloc[rows], so_far[rows], rule, strict)
        judged = judge(chart, rules=rule.rules, improves=rule.improves, target=rule.target)
        columns = pd.concat([judged[list(COLUMNS)], also], axis=1)
        parts.append(columns.set_axis(table.index[rows]))
    return pd.concat([table, pd.concat(parts)], axis=1)


def _made(
    numbers: pd.DataFrame, so_far: Floats, rule: ChartRule, strict: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the chart of one group, and the columns of its adjustment, if there is one."""
    if not rule.adjustment:
        chart = make_chart(numbers, rule.chart, **_options(rule))
        return chart, pd.DataFrame(index=chart.index)
    possible = (rule.least, rule.most)
    adjusted = adjusting.adjust_group(
        *(numbers, so_far, rule.adjustment),
        chart=rule.chart,
        baseline=rule.baseline,
        rebase=rule.rebase,
        possible=possible,
        strict=strict,
    )
    chart = make_chart(adjusted.numbers, rule.chart, **_options(rule))
    return adjusting.widened(chart, adjusted.wider, possible), adjusted.columns


def group_rows(table: pd.DataFrame, by: Sequence[str]) -> list[Any]:
    """Return the positions of the rows of each group, in the order of the table."""
    if not by:
        return [np.arange(len(table))]
    groups = table.groupby(list(by), sort=False, observed=True, dropna=False)
    return list(groups.indices.values())


def _options(rule: ChartRule) -> dict[str, Any]:
    options: dict[str, Any] = {"baseline": rule.baseline, "rebase": rule.rebase}
    if rule.chart == "xmr":
        options["possible"] = (rule.least, rule.most)
    if rule.at_least_chance:
        options["at_least_chance"] = True
    return options


def marks_of(when: pd.Index[Any], labels: Sequence[str], rule: ChartRule) -> pd.DataFrame:
    """Return what is marked in a chart: rebasings and events, with the periods that hold them.

    Returns
    -------
    pandas.DataFrame
        ``kind`` ("rebase" or "event"), ``date`` (as given, as text), ``period`` (its label),
        ``words``; in the order of the periods.
    """
    first = pd.Series(list(labels), index=when).groupby(level=0, sort=False).first()
    if not pd.api.types.is_object_dtype(when.dtype):
        first = first.sort_index()
    rows = []
    for kind, entries in (("rebase", rule.rebase), ("event", rule.events)):
        for day, words in entries:
            option = "events" if kind == "event" else kind
            place = place_of(first.index, day, option)
            place_of(first.index, day, option, last=True)  # refuses what is before the first
            rows.append((place, kind, str(day), first.iloc[place], words.strip()))
    rows.sort(key=lambda row: row[0])
    columns = ["place", "kind", "date", "period", "words"]
    return pd.DataFrame(rows, columns=columns).drop(columns="place")


def few_people(table: pd.DataFrame, rule: ChartRule) -> str:
    """Return a sentence if a proportion of few people is charted with binomial limits."""
    sizes = table["denominator"].dropna()
    if rule.chart != "p" or sizes.empty or sizes.median() >= FEW_PEOPLE:
        return ""
    return (
        f" With fewer than {FEW_PEOPLE} in a typical period, limits are rough; longer periods "
        "have more."
    )


def trial_text(rows: pd.DataFrame) -> str:
    """Return a sentence if the newest limits of a group are trial limits."""
    last = rows.iloc[-1]
    if not last["trial"] or pd.isna(last["centre"]):
        return ""
    return f" The limits rest on fewer than {TRIAL_POINTS} points and may still change."
