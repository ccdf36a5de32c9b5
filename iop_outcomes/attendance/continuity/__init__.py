"""From attendance to initiation, engagement and continuity: one row an episode, met or not.

Records come in; for each rule a result with a row an episode goes out. Check-ins, relapse and
estimates over time are not known here.
"""

from __future__ import annotations

from iop_outcomes.attendance.continuity.early import (
    first_to_fourth_session,
    iet_style,
    va_continuity,
    washington_circle,
)
from iop_outcomes.attendance.continuity.judged import ContinuityMeasure
from iop_outcomes.attendance.continuity.leaving import (
    dropout_by_absences,
    dropout_by_gap,
    dropout_by_missing_weeks,
)
from iop_outcomes.attendance.continuity.medication import medication_continuity
from iop_outcomes.attendance.continuity.staying import ended_as, minimum_dose, retention
from iop_outcomes.attendance.continuity.together import Continuity, continuity
from iop_outcomes.attendance.continuity.transitions import followed_up

__all__ = [
    "Continuity",
    "ContinuityMeasure",
    "continuity",
    "dropout_by_absences",
    "dropout_by_gap",
    "dropout_by_missing_weeks",
    "ended_as",
    "first_to_fourth_session",
    "followed_up",
    "iet_style",
    "medication_continuity",
    "minimum_dose",
    "retention",
    "va_continuity",
    "washington_circle",
]
