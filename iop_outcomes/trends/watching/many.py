"""Many trends: made from records for each measure, or given; and the charts of their groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.groups import MissingGroup
from iop_outcomes.shared.messages import as_written, names_asked
from iop_outcomes.trends.charting import group_rows
from iop_outcomes.trends.charts.series import Baseline
from iop_outcomes.trends.quantities import (
    QUANTITIES,
    Quantity,
    describe_quantities,
    find_quantity,
)
from iop_outcomes.trends.result import Trend
from iop_outcomes.trends.staff import describe_lettered
from iop_outcomes.trends.trend import trend

USUAL = (
    *("attendance_rate", "no_show_rate", "check_in_response", "admissions"),
    *("retained_30", "retained_90", "completion_rate"),
)
"""The measures if none are named, as far as the records have their tables."""


@dataclass(frozen=True, eq=False)
class Chart:
    """The rows of one group of a trend."""

    trend: Trend
    labels: tuple[object, ...]
    rows: pd.DataFrame

    @property
    def known(self) -> pd.DataFrame:
        """The periods with a value."""
        return self.rows[self.rows["value"].notna()]

    @property
    def of_sessions(self) -> bool:
        """Whether it is a registered rate of sessions or check-ins."""
        known = QUANTITIES.get(self.trend.measure)
        return known is not None and known.kind == "sessions"

    @property
    def named(self) -> dict[str, object]:
        """The measure and the group, as columns."""
        labels = dict(zip(self.trend.by, self.labels, strict=True))
        return {"measure": self.trend.measure, "title": self.trend.title, **labels}


def trends_of(
    source: Any,
    measures: Sequence[str | Quantity] | None,
    by: str | Sequence[str] | None,
    missing_group: MissingGroup,
    *,
    every: str | None,
    baseline: Baseline,
    rules: str | None,
    targets: Mapping[str, float] | None,
    names: bool,
) -> tuple[Trend, ...]:
    """Return the trends of records, or those given.

    Raises
    ------
    RuleError
        If there are neither records nor trends, trends have no charts or other groups, or a target
        is of no measure.
    """
    if isinstance(source, (list, tuple)):
        trends = _checked_trends(
            source, measures, by, every, baseline, rules, targets, names or None
        )
    else:
        wanted = _measures(source, measures)
        if targets is not None and not isinstance(targets, dict):
            raise RuleError(
                "targets= is a dict of the target of each measure.",
                found=as_written(targets),
                instead='targets={"attendance_rate": 0.75}',
            )
        goals = dict(targets or {})
        unknown = [name for name in goals if name not in [quantity.name for quantity in wanted]]
        if unknown:
            raise RuleError(
                "A target is of a measure that is not asked for.",
                found=names_asked(unknown),
                instead=f"one of {', '.join(quantity.name for quantity in wanted)}",
            )
        trends = [
            trend(
                *(source, quantity),
                every=every,
                by=by,
                missing_group=missing_group,
                baseline=baseline,
                rules=rules,
                target=goals.get(quantity.name),
                names=names,
            )
            for quantity in wanted
        ]
    return tuple(trends)


def _measures(records: Any, measures: Any) -> list[Quantity]:
    if measures is None:
        tables = set(getattr(records, "tables", ()))
        return [
            quantity for quantity in map(find_quantity, USUAL) if set(quantity.tables) <= tables
        ]
    named: list[Any] = [measures] if isinstance(measures, (str, Quantity)) else []
    if isinstance(measures, (list, tuple)):
        named = list(measures)
    unknown = [
        measure
        for measure in named
        if not isinstance(measure, Quantity) and measure not in _names()
    ]
    if unknown:
        raise RuleError(
            "A name in measures= is of no measure.",
            found=names_asked(unknown),
            instead=f"one of {', '.join(_names())}",
        )
    quantities = [find_quantity(measure) for measure in named]
    if not quantities or len({quantity.name for quantity in quantities}) < len(quantities):
        raise RuleError(
            "measures= names one or more measures, each once.",
            found=f"{len(quantities)} measures",
            instead='measures=["attendance_rate", "retained_30"]',
        )
    return quantities


def _names() -> list[str]:
    return [str(name) for name in describe_quantities()["name"]]


def _checked_trends(source: Sequence[Trend], measures: Any, *others: Any) -> list[Trend]:
    if not source or not all(isinstance(member, Trend) for member in source):
        raise RuleError(
            "Records are needed, or a list of trends.",
            found=f"a list of {len(source)}, of which one is no trend" if source else "no trends",
            instead='records and ["attendance_rate"], or [trend(...), trend(...)]',
        )
    if measures is not None or any(option is not None for option in others):
        raise RuleError(
            "Trends have their own measures, groups, periods, baselines, rules, targets and names.",
            found="trends, and one of measures=, by=, every=, baseline=, rules=, targets=, names=",
            instead="these options of trend()",
        )
    if any(member.chart is None for member in source) or len({member.by for member in source}) > 1:
        raise RuleError(
            "Trends need charts, and the same groups.",
            found='chart="none" or different by= in one of them',
            instead="trend(..., by=...) with the same columns for all",
        )
    return list(source)


def charts_of(trends: Sequence[Trend]) -> Iterator[Chart]:
    """Return the charts of all trends, group by group."""
    for member in trends:
        for places in group_rows(member.table, member.by):
            rows = member.table.iloc[places]
            yield Chart(member, tuple(rows[list(member.by)].iloc[0]) if member.by else (), rows)


def together(trends: Sequence[Trend], rule: str) -> tuple[list[Chart], dict[str, Any]]:
    """Return the charts of trends, and what each result of many charts holds of them.

    Parameters
    ----------
    trends : sequence of Trend
        With charts and the same groups.
    rule : str
        What the result says of its columns; who was left out, and letters for staff, are added.

    Raises
    ------
    EstimateError
        If no chart has a point.
    """
    charts = list(charts_of(trends))
    if not any(len(chart.known) for chart in charts):
        raise EstimateError(
            "No chart has a point that is known.",
            found=f"{len(charts)} charts",
            instead="measures known from the records (records.fitness()), or longer records",
        )
    first = trends[0]
    return charts, {
        "trends": tuple(trends),
        "by": first.by,
        "rule": first.left_out.after(f"{rule} {describe_lettered(first.lettered)}".strip()),
        "left_out": first.left_out,
    }
