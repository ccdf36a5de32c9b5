"""Differences between groups at a day or up to a horizon, with limits.

Frames of times with groups come in; `Difference` goes out. How times are defined is not known here.
"""

from __future__ import annotations

from iop_outcomes.compare.differences.incidence import incidence_difference
from iop_outcomes.compare.differences.median import median_difference
from iop_outcomes.compare.differences.restricted_mean import restricted_mean_difference
from iop_outcomes.compare.differences.result import Difference
from iop_outcomes.compare.differences.survival import survival_difference

__all__ = [
    "Difference",
    "incidence_difference",
    "median_difference",
    "restricted_mean_difference",
    "survival_difference",
]
