"""How a cohort and each person move through a program, and who is treated together.

Records come in; frames and results go out: steps from admission on, calendars of attendance, events
of each episode, groups, entry paths. Disclosure control and pictures are not known here.
"""

from __future__ import annotations

from iop_outcomes.pathways.calendar import (
    AttendanceCalendar,
    PersonWeeks,
    attendance_by_person,
    attendance_by_weekday,
)
from iop_outcomes.pathways.dose import DoseAndOutcome, dose_and_outcome
from iop_outcomes.pathways.flow import CohortFlow, cohort_flow
from iop_outcomes.pathways.lanes import EpisodeLanes, episode_lanes
from iop_outcomes.pathways.shared_sessions import SharedSessions, shared_sessions
from iop_outcomes.pathways.transitions import Transitions, prior_care, transitions

__all__ = [
    "AttendanceCalendar",
    "CohortFlow",
    "DoseAndOutcome",
    "EpisodeLanes",
    "PersonWeeks",
    "SharedSessions",
    "Transitions",
    "attendance_by_person",
    "attendance_by_weekday",
    "cohort_flow",
    "dose_and_outcome",
    "episode_lanes",
    "prior_care",
    "shared_sessions",
    "transitions",
]
