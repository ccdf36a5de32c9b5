"""Estimates between cohorts."""

from __future__ import annotations

from iop_outcomes.compare.cause_specific import cause_specific_cox
from iop_outcomes.compare.cox_model import cox
from iop_outcomes.compare.fine_gray import fine_gray
from iop_outcomes.compare.gray import IncidenceComparison, compare_incidence
from iop_outcomes.compare.imputed_relapse import relapse_by_imputation
from iop_outcomes.compare.imputed_result import ImputedRelapse
from iop_outcomes.compare.interval_tests import IntervalComparison, compare_interval_survival
from iop_outcomes.compare.recurrence_tests import RecurrenceComparison, compare_recurrence
from iop_outcomes.compare.recurrent_regression import recurrent_cox
from iop_outcomes.compare.regression_result import Regression
from iop_outcomes.compare.sensitivity import Sensitivity, sensitivity
from iop_outcomes.compare.tests import Comparison, compare_survival

__all__ = [
    "Comparison",
    "ImputedRelapse",
    "IncidenceComparison",
    "IntervalComparison",
    "RecurrenceComparison",
    "Regression",
    "Sensitivity",
    "cause_specific_cox",
    "compare_incidence",
    "compare_interval_survival",
    "compare_recurrence",
    "compare_survival",
    "cox",
    "fine_gray",
    "recurrent_cox",
    "relapse_by_imputation",
    "sensitivity",
]
