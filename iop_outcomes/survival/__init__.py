"""From times to estimates: the survival curve and what is read off it."""

from __future__ import annotations

from iop_outcomes.survival.clusters import Cluster
from iop_outcomes.survival.competing import cumulative_incidence
from iop_outcomes.survival.curves import SurvivalCurves
from iop_outcomes.survival.estimate import survival_curves
from iop_outcomes.survival.hazard_estimate import hazard
from iop_outcomes.survival.hazard_result import Hazard
from iop_outcomes.survival.incidence import CumulativeIncidence
from iop_outcomes.survival.interval import interval_survival
from iop_outcomes.survival.interval_curves import IntervalSurvival
from iop_outcomes.survival.mean_cumulative import mean_cumulative_function
from iop_outcomes.survival.parametric import parametric_survival
from iop_outcomes.survival.parametric_result import ParametricSurvival
from iop_outcomes.survival.recurrence_result import MeanCumulativeFunction
from iop_outcomes.survival.state_estimate import state_occupation
from iop_outcomes.survival.state_result import StateOccupation

__all__ = [
    "Cluster",
    "CumulativeIncidence",
    "Hazard",
    "IntervalSurvival",
    "MeanCumulativeFunction",
    "ParametricSurvival",
    "StateOccupation",
    "SurvivalCurves",
    "cumulative_incidence",
    "hazard",
    "interval_survival",
    "mean_cumulative_function",
    "parametric_survival",
    "state_occupation",
    "survival_curves",
]
