"""Estimates between cohorts."""

from __future__ import annotations

from iop_outcomes.compare.tests import Comparison, compare_survival

__all__ = ["Comparison", "compare_survival"]
