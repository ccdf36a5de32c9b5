"""Published definitions of relapse and of outcome, and the engine that reads them.

Patterns of weeks come in; outcomes, weeks of the event and definitions go out. Records are not
known here.
"""

from __future__ import annotations

from iop_outcomes.relapse.definitions.definition import Definition
from iop_outcomes.relapse.definitions.event_weeks import event_weeks
from iop_outcomes.relapse.definitions.outcomes import missing_outcomes, outcomes
from iop_outcomes.relapse.definitions.registry import definitions

__all__ = ["Definition", "definitions", "event_weeks", "missing_outcomes", "outcomes"]
