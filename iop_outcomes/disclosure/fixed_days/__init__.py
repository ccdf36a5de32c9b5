"""Curves for release: estimates on a few fixed days, with no small count between two of them.

Curves come in; the same curves on fixed days go out. How counts of a report depend on each other is
not known here.
"""

from __future__ import annotations

from iop_outcomes.disclosure.fixed_days.choice import (
    WORTH,
    FixedCounts,
    choose_family,
    choose_together,
)
from iop_outcomes.disclosure.fixed_days.first_ends import EndsElsewhere, protect_first
from iop_outcomes.disclosure.fixed_days.other_ends import (
    incidence_on,
    protect_incidence,
    protect_interval,
)
from iop_outcomes.disclosure.fixed_days.protected import protect_curves, protect_family

__all__ = [
    "WORTH",
    "EndsElsewhere",
    "FixedCounts",
    "choose_family",
    "choose_together",
    "incidence_on",
    "protect_curves",
    "protect_family",
    "protect_first",
    "protect_incidence",
    "protect_interval",
]
