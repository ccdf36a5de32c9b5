"""Estimates between cohorts."""

from __future__ import annotations

from iop_outcomes.compare.sensitivity import Sensitivity, sensitivity
from iop_outcomes.compare.tests import Comparison, compare_survival

__all__ = ["Comparison", "Sensitivity", "compare_survival", "sensitivity"]
