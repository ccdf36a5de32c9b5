"""From the steps of a cohort and a calendar of attendance to the same for release.

Results with their numbers of people come in; the same without small counts go out. Where the counts
come from, and pictures, are not known here.
"""

from __future__ import annotations

from iop_outcomes.disclosure.pathways.calendar import protect_calendar
from iop_outcomes.disclosure.pathways.flow import protect_flow

__all__ = ["protect_calendar", "protect_flow"]
