"""Trends: one measure over weeks, months, quarters or years.

Records or frames come in; a table of numerators, denominators and rates by period goes out, without
periods that are not complete, with the limits and the verdict of a chart. Drawing and disclosure
control are not known here.
"""

from __future__ import annotations

from iop_outcomes.trends.interrupted import InterruptedSeries, interrupted_series
from iop_outcomes.trends.periods import parse_period
from iop_outcomes.trends.quantities import Quantity, Tally, describe_quantities
from iop_outcomes.trends.result import Trend
from iop_outcomes.trends.sites import (
    Funnel,
    RiskAdjustedCusum,
    Vlad,
    funnel,
    risk_adjusted_cusum,
    vlad,
)
from iop_outcomes.trends.trend import trend
from iop_outcomes.trends.watching import SummaryMatrix, Watch, summary_matrix, watch

__all__ = [
    "Funnel",
    "InterruptedSeries",
    "Quantity",
    "RiskAdjustedCusum",
    "SummaryMatrix",
    "Tally",
    "Trend",
    "Vlad",
    "Watch",
    "describe_quantities",
    "funnel",
    "interrupted_series",
    "parse_period",
    "risk_adjusted_cusum",
    "summary_matrix",
    "trend",
    "vlad",
    "watch",
]
