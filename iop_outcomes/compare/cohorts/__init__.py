"""A comparison of cohorts as a whole: who is in it, how similar they are, and how they differ.

A frame of times with groups and covariates comes in; `CohortComparison` goes out, whose parts are
results of other functions. How times are defined is not known here.
"""

from __future__ import annotations

from iop_outcomes.compare.cohorts.compare import compare_cohorts
from iop_outcomes.compare.cohorts.result import CohortComparison

__all__ = ["CohortComparison", "compare_cohorts"]
