"""Trends: one measure over months or quarters, with what is not complete left out."""

from __future__ import annotations

from iop_outcomes.trends.periods import Period, parse_period
from iop_outcomes.trends.quantities import Quantity, Tally, describe_quantities
from iop_outcomes.trends.trend import Trend, trend

__all__ = [
    "Period",
    "Quantity",
    "Tally",
    "Trend",
    "describe_quantities",
    "parse_period",
    "trend",
]
