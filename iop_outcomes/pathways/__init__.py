"""The way of a cohort and of each person through a program, and with whom they are treated.

Records come in; frames and results go out: steps from admission on, calendars of attendance, lanes
of episodes, sessions shared with others, services and approaches, and the time to the first session
by where people come from. Disclosure control and pictures are not known here.
"""

from __future__ import annotations

from iop_outcomes.pathways.flow import CohortFlow, cohort_flow

__all__ = ["CohortFlow", "cohort_flow"]
