"""From times to estimates: one folder an estimate, with the checks they share beside.

Frames of times (`days`, `event`, groups) come in; results with tables go out. How times are
defined, from records or otherwise, is not known here.
"""

from __future__ import annotations

from iop_outcomes.survival.clusters import Cluster
from iop_outcomes.survival.competing import CumulativeIncidence, cumulative_incidence
from iop_outcomes.survival.curves import SurvivalCurves, survival_curves
from iop_outcomes.survival.hazard.estimate import hazard
from iop_outcomes.survival.hazard.result import Hazard
from iop_outcomes.survival.intervals import IntervalSurvival, interval_survival
from iop_outcomes.survival.parametric import ParametricSurvival, parametric_survival
from iop_outcomes.survival.recurrence import MeanCumulativeFunction, mean_cumulative_function
from iop_outcomes.survival.states import StateOccupation, state_occupation

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
