"""The way of a cohort and of each person through a program, and with whom they are treated.

Records come in; frames and results go out: steps from admission on, calendars of attendance, lanes
of episodes. Disclosure control and pictures are not known here.
"""

from __future__ import annotations

from iop_outcomes.pathways.calendar import (
    AttendanceCalendar,
    PersonWeeks,
    attendance_by_person,
    attendance_by_weekday,
)
from iop_outcomes.pathways.flow import CohortFlow, cohort_flow
from iop_outcomes.pathways.lanes import EpisodeLanes, episode_lanes

__all__ = [
    "AttendanceCalendar",
    "CohortFlow",
    "EpisodeLanes",
    "PersonWeeks",
    "attendance_by_person",
    "attendance_by_weekday",
    "cohort_flow",
    "episode_lanes",
]
