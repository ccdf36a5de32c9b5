"""From check-ins to times: the definition of relapse, and the time to it.

Records or patterns come in; frames of times, of outcomes and of histories go out. No estimate is
known here. The published definitions are beside: `definitions` lists them, `outcomes` gives their
answers for use patterns, and each that has a time is a `RelapseRule` by its name.
"""

from __future__ import annotations

from iop_outcomes.relapse.course import recurrent_relapses, state_histories
from iop_outcomes.relapse.definitions import (
    Definition,
    definitions,
    event_weeks,
    missing_outcomes,
    outcomes,
)
from iop_outcomes.relapse.imputation import ImputedPatterns, impute_weeks
from iop_outcomes.relapse.rule import RelapseRule
from iop_outcomes.relapse.times import time_to_relapse

__all__ = [
    "Definition",
    "ImputedPatterns",
    "RelapseRule",
    "definitions",
    "event_weeks",
    "impute_weeks",
    "missing_outcomes",
    "outcomes",
    "recurrent_relapses",
    "state_histories",
    "time_to_relapse",
]
