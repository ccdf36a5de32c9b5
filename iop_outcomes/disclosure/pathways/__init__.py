"""Disclosure control of the steps of a cohort and of attendance by weekday.

Results with numbers of people come in; the same results without small counts go out. Records and
pictures are not known here.
"""

from __future__ import annotations

from iop_outcomes.disclosure.pathways.calendar import protect_calendar
from iop_outcomes.disclosure.pathways.flow import protect_flow

__all__ = ["protect_calendar", "protect_flow"]
