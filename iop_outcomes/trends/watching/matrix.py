"""One page for a director: each measure with its latest value, target, verdict and course."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iop_outcomes.shared.arrays import Floats
from iop_outcomes.shared.groups import NOTHING_LEFT_OUT, LeftOut, MissingGroup
from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import format_count
from iop_outcomes.trends.adjusting import charted_as
from iop_outcomes.trends.charts.series import Baseline
from iop_outcomes.trends.quantities import Quantity
from iop_outcomes.trends.result import Trend
from iop_outcomes.trends.signals.judging import COMMON
from iop_outcomes.trends.watching.many import Chart, together, trends_of

if TYPE_CHECKING:
    from iop_outcomes.records import Records

BLOCKS = "▁▂▃▄▅▆▇█"
GAP = "·"
DRAWN_PERIODS = 24  # of a sparkline, in text
_VERDICT = ("variation", "assurance", "rule", "trial")
_RULE = (
    "Each row is the newest period whose value is known; variation is the verdict of its control "
    "chart (common cause: within what chance gives), assurance whether its limits lie on the "
    "better side of the target. The sparkline is the course of the last 24 periods, lowest to "
    "highest value of the chart; a dot is a period without a value."
)


@dataclass(frozen=True, eq=False, repr=False)
class SummaryMatrix(DrawnResult):
    """Each measure and group with its latest value, target, variation, assurance and course.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a chart, with the columns of :func:`iop_outcomes.summary_matrix`.
    trends : tuple of Trend
        The charts themselves.
    by : tuple of str
        The columns that define the groups.
    rule : str
        What the columns mean.
    synthetic : bool
        Whether the records are synthetic.
    left_out : LeftOut
        How many episodes without a group were left out.
    """

    table: pd.DataFrame
    trends: tuple[Trend, ...]
    by: tuple[str, ...]
    rule: str
    synthetic: bool = False
    left_out: LeftOut = NOTHING_LEFT_OUT

    @property
    def text(self) -> str:
        """How many charts show improvement, concern or chance, and each concern and missed target.

        Charts are named in the order of the table.
        """
        table = self.table
        counts = [
            f"{int(table['variation'].str.startswith(word).sum())} {label}"
            for word, label in (
                ("concern", "of concern"),
                ("improvement", "improved"),
                ("neutral", "changed, neither better nor worse"),
                ("not random", "not random"),
                (COMMON, "without a signal"),
            )
            if table["variation"].str.startswith(word).any()
        ]
        text = f"{format_count(len(table), 'chart')}: {', '.join(counts) or 'none with a value'}."
        for word, heading in (("concern", "Of concern"), ("improvement", "Improved")):
            rows = table[table["variation"].str.startswith(word)]
            if len(rows):
                text += f" {heading}: {'; '.join(self._named(row) for _, row in rows.iterrows())}."
        failing = table[table["assurance"] == "consistently failing"]
        if len(failing):
            named = "; ".join(self._named(row) for _, row in failing.iterrows())
            text += f" Target consistently missed: {named}."
        unknown = int(table["value"].isna().sum())
        if unknown:
            text += f" Without a value that is known and shown: {unknown}."
        return self.left_out.after(text)

    def _named(self, row: pd.Series[Any]) -> str:
        name = ", ".join([*(str(row[column]) for column in self.by), row["title"]])
        return f"{name} {row['shown']} ({row['period']})"

    @property
    def _summary(self) -> str:
        by = f", by={', '.join(self.by)}" if self.by else ""
        return f"{format_count(len(self.table), 'chart')}{by}"

    @property
    def _caption(self) -> str:
        return f"{self.text} {self.rule}"

    _most_rows = 60

    def _shown(self) -> tuple[pd.DataFrame, int]:
        """Return the page: what a reader needs, as text."""
        table = self.table
        page = table[["title", *self.by, "period", "shown", "shown_target"]].rename(
            columns={"title": "measure", "shown": "value", "shown_target": "target"}
        )
        return page.assign(
            variation=table["variation"], assurance=table["assurance"], course=table["sparkline"]
        ), len(table)


def summary_matrix(
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
) -> SummaryMatrix:
    """Return one page: each measure and group with its latest value, target and verdict.

    Parameters
    ----------
    records, measures, by, every, baseline, rules, targets, names, missing_group
        As in :func:`iop_outcomes.watch`.

    Returns
    -------
    SummaryMatrix
        A notebook shows it as a page, :func:`iop_outcomes.plot_matrix` draws it. Its ``.table`` has
        one row a measure and group, in the order of the measures and groups:

        ``measure, title, [by ...]`` : str
            The chart.
        ``period`` : str
            The newest period with a known value; empty if there is none.
        ``numerator, denominator, value, lower, upper, centre, lower_limit, upper_limit`` : float64
            As of :func:`iop_outcomes.trend`, of that period.
        ``target`` : float64
            Missing without one.
        ``variation, assurance, rule`` : str
            The verdict of that period.
        ``trial`` : bool
            Whether the limits rest on fewer than 12 points.
        ``signals, periods`` : int64
            How many periods a rule marked, and how many have a value.
        ``unit`` : str
            Of the value.
        ``shown, shown_target`` : str
            Value and target as they are written.
        ``sparkline`` : str
            The last 24 periods as blocks, from the lowest value of the chart to the highest; ``·``
            where there is no value.
        ``not_known`` : str
            Why the measure is not known from the records.

    Raises
    ------
    RuleError, EstimateError
        As :func:`iop_outcomes.watch`.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> records = iop.read_records("data/samples")
    >>> page = iop.summary_matrix(records, ["attendance_rate"], by="program", every="quarter")
    >>> page.table[["program", "shown", "variation"]].iloc[0].tolist()
    ['Harbor', '56.3%', 'common cause']
    """
    trends = trends_of(
        *(records, measures, by, missing_group),
        every=every,
        baseline=baseline,
        rules=rules,
        targets=targets,
        names=names,
    )
    return matrix_of(trends)


def matrix_of(trends: Sequence[Trend]) -> SummaryMatrix:
    """Return `summary_matrix` of trends that are made."""
    charts, shared = together(trends, _RULE)
    synthetic = any(member.synthetic for member in trends)
    table = pd.DataFrame([_row(chart) for chart in charts])
    return SummaryMatrix(table=table, synthetic=synthetic, **shared)


def _row(chart: Chart) -> dict[str, Any]:
    trend, known = chart.trend, chart.known
    rule = trend.chart
    target = np.nan if rule is None or rule.target is None else float(rule.target)
    numbers = ["numerator", "denominator", "value", "lower", "upper"]
    numbers += ["centre", "lower_limit", "upper_limit"]
    newest: dict[str, Any] = {"period": "", **dict.fromkeys(numbers, np.nan)}
    newest |= {"variation": "", "assurance": "", "rule": "", "trial": True}
    if len(known):
        last = known.iloc[-1]
        newest |= {name: last[name] for name in ("period", *numbers, *_VERDICT)}
    reasons = chart.rows["not_known"]
    course = chart.rows[charted_as(chart.rows)].to_numpy(dtype=np.float64)
    return {
        **chart.named,
        "period": newest["period"],
        **{name: newest[name] for name in numbers},
        "target": target,
        **{name: newest[name] for name in _VERDICT},
        "signals": int((known["rule"] != "").sum()),
        "periods": len(known),
        "unit": trend.unit,
        "shown": trend._amount(newest["value"]) if len(known) else "",
        "shown_target": trend._amount(target) if np.isfinite(target) else "",
        "sparkline": sparkline(course[-DRAWN_PERIODS:]),
        "not_known": str(reasons.iloc[-1]) if len(reasons) else "",
    }


def sparkline(values: Floats) -> str:
    """Return values as blocks, from the lowest to the highest; a dot where there is none.

    Examples
    --------
    >>> import numpy as np
    >>> from iop_outcomes.trends.watching.matrix import sparkline
    >>> sparkline(np.array([1.0, 2.0, np.nan, 4.0]))
    '▁▃·█'
    """
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    steps = (values - low) / (high - low) if high > low else np.full(len(values), 0.5)
    return "".join(
        BLOCKS[min(int(step * len(BLOCKS)), len(BLOCKS) - 1)] if np.isfinite(value) else GAP
        for value, step in zip(values, steps, strict=True)
    )
