"""The course after admission: stays in states, and relapses one after another.

Records and a rule come in; one row a stay, or one a stretch between relapses, goes out. Estimates
are not known here.
"""

from __future__ import annotations

from iop_outcomes.relapse.course.recurrences import recurrent_relapses
from iop_outcomes.relapse.course.states import state_histories

__all__ = ["recurrent_relapses", "state_histories"]
