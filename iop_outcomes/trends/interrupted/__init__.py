"""Interrupted series: what a planned change did to the level and the slope of one measure.

Records or a frame come in; a table with what was expected without the change, and the estimated
changes, go out. Limits for signals and drawing are not known here.
"""

from __future__ import annotations

from iop_outcomes.trends.interrupted.estimate import interrupted_series
from iop_outcomes.trends.interrupted.result import InterruptedSeries

__all__ = ["InterruptedSeries", "interrupted_series"]
