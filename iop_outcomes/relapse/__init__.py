"""From check-ins to times: what counts as relapse, and when it is known to have come.

The published definitions stand beside: `definitions` lists them, `outcomes` gives their answers
for use patterns, and each that has a time is a `RelapseRule` by its name.
"""

from __future__ import annotations

from iop_outcomes.relapse.definition import Definition
from iop_outcomes.relapse.event_weeks import event_weeks
from iop_outcomes.relapse.imputation import impute_weeks
from iop_outcomes.relapse.imputed_patterns import ImputedPatterns
from iop_outcomes.relapse.outcomes import missing_outcomes, outcomes
from iop_outcomes.relapse.recurrences import recurrent_relapses
from iop_outcomes.relapse.registry import definitions
from iop_outcomes.relapse.rubin import pool
from iop_outcomes.relapse.rules import RelapseRule
from iop_outcomes.relapse.states import state_histories
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
    "pool",
    "recurrent_relapses",
    "state_histories",
    "time_to_relapse",
]
