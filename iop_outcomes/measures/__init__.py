"""Measures: from the records to one row an episode, or one row a week."""

from __future__ import annotations

from iop_outcomes.measures.engagement import engagement
from iop_outcomes.measures.proportions import clustered_interval, proportion_interval
from iop_outcomes.measures.use_patterns import use_patterns
from iop_outcomes.measures.weekly import AttendanceByWeek, attendance_by_week

__all__ = [
    "AttendanceByWeek",
    "attendance_by_week",
    "clustered_interval",
    "engagement",
    "proportion_interval",
    "use_patterns",
]
