"""From times to estimates: the survival curve and what is read off it."""

from __future__ import annotations

from iop_outcomes.survival.curves import SurvivalCurves
from iop_outcomes.survival.estimate import survival_curves

__all__ = ["SurvivalCurves", "survival_curves"]
