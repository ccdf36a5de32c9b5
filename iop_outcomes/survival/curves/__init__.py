"""Survival curves by Kaplan and Meier: plain, weighted or with clusters.

Frames of times come in; `SurvivalCurves` goes out. Competing ends and intervals are not known here.
"""

from __future__ import annotations

from iop_outcomes.survival.curves.estimate import survival_curves
from iop_outcomes.survival.curves.result import SurvivalCurves

__all__ = ["SurvivalCurves", "survival_curves"]
