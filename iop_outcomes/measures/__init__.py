"""The old name of two rooms, kept for one version: `attendance` and `use`.

Proportions and clustered ratios are in `iop_outcomes.statistics`. Importing any of it warns.
"""

from __future__ import annotations

import warnings

from iop_outcomes.attendance import AttendanceByWeek, attendance_by_week, engagement
from iop_outcomes.statistics import clustered_interval, proportion_interval
from iop_outcomes.use import use_patterns

__all__ = [
    "AttendanceByWeek",
    "attendance_by_week",
    "clustered_interval",
    "engagement",
    "proportion_interval",
    "use_patterns",
]

warnings.warn(
    "iop_outcomes.measures is now iop_outcomes.attendance, iop_outcomes.use and "
    "iop_outcomes.statistics; this name is removed in the next version.",
    DeprecationWarning,
    stacklevel=2,
)
