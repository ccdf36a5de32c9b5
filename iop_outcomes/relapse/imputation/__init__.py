"""Missed weeks drawn from a model of weeks: completed sets of patterns.

Patterns and covariates come in; completed sets go out. What counts as relapse is not known here.
"""

from __future__ import annotations

from iop_outcomes.relapse.imputation.impute import impute_weeks
from iop_outcomes.relapse.imputation.result import ImputedPatterns

__all__ = ["ImputedPatterns", "impute_weeks"]
