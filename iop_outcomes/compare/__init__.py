"""Estimates between cohorts."""

from __future__ import annotations

from iop_outcomes.compare.gray import IncidenceComparison, compare_incidence
from iop_outcomes.compare.imputed_relapse import relapse_by_imputation
from iop_outcomes.compare.imputed_result import ImputedRelapse
from iop_outcomes.compare.interval_tests import IntervalComparison, compare_interval_survival
from iop_outcomes.compare.sensitivity import Sensitivity, sensitivity
from iop_outcomes.compare.tests import Comparison, compare_survival

__all__ = [
    "Comparison",
    "ImputedRelapse",
    "IncidenceComparison",
    "IntervalComparison",
    "Sensitivity",
    "compare_incidence",
    "compare_interval_survival",
    "compare_survival",
    "relapse_by_imputation",
    "sensitivity",
]
