"""Tests between groups: of curves, incidences, intervals and mean numbers.

Frames of times with a column of groups come in; a `Comparison` or its like goes out. Records and
relapse are not known here.
"""

from __future__ import annotations

from iop_outcomes.compare.group_tests.curves import Comparison, compare_survival
from iop_outcomes.compare.group_tests.incidence import IncidenceComparison, compare_incidence
from iop_outcomes.compare.group_tests.intervals import IntervalComparison, compare_interval_survival
from iop_outcomes.compare.group_tests.recurrence import RecurrenceComparison, compare_recurrence

__all__ = [
    "Comparison",
    "IncidenceComparison",
    "IntervalComparison",
    "RecurrenceComparison",
    "compare_incidence",
    "compare_interval_survival",
    "compare_recurrence",
    "compare_survival",
]
