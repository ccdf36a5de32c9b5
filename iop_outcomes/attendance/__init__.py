"""From checked records to attendance: one row an episode, or one a week.

Records come in; frames of engagement and of attendance by week go out. What the check-ins show,
relapse and estimates over time are not known here.
"""

from __future__ import annotations

from iop_outcomes.attendance.by_week import engagement_by_week
from iop_outcomes.attendance.engagement import engagement
from iop_outcomes.attendance.in_treatment import time_in_treatment
from iop_outcomes.attendance.rule import AttendanceRule
from iop_outcomes.attendance.weekly import AttendanceByWeek, attendance_by_week

__all__ = [
    "AttendanceByWeek",
    "AttendanceRule",
    "attendance_by_week",
    "engagement",
    "engagement_by_week",
    "time_in_treatment",
]
