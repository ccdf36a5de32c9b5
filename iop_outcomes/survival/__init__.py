"""From times to estimates: the survival curve and what is read off it."""

from __future__ import annotations

from iop_outcomes.survival.competing import cumulative_incidence
from iop_outcomes.survival.curves import SurvivalCurves
from iop_outcomes.survival.estimate import survival_curves
from iop_outcomes.survival.hazard_estimate import hazard
from iop_outcomes.survival.hazard_result import Hazard
from iop_outcomes.survival.incidence import CumulativeIncidence
from iop_outcomes.survival.interval import interval_survival
from iop_outcomes.survival.interval_curves import IntervalSurvival

__all__ = [
    "CumulativeIncidence",
    "Hazard",
    "IntervalSurvival",
    "SurvivalCurves",
    "cumulative_incidence",
    "hazard",
    "interval_survival",
    "survival_curves",
]
