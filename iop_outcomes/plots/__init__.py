"""Pictures: a result comes in, matplotlib axes go out.

The only room that draws. No number is worked out here.
"""

from __future__ import annotations

from iop_outcomes.plots.adjusted.balance import plot_balance
from iop_outcomes.plots.adjusted.curves import plot_adjusted_curves
from iop_outcomes.plots.adjusted.overlap import plot_overlap
from iop_outcomes.plots.adjusted.tipping import plot_tipping_point
from iop_outcomes.plots.attendance import plot_attendance
from iop_outcomes.plots.control.interrupted import plot_interrupted
from iop_outcomes.plots.forest.difference import plot_difference
from iop_outcomes.plots.forest.regression import plot_regression
from iop_outcomes.plots.hazard import plot_hazard
from iop_outcomes.plots.incidence import plot_incidence
from iop_outcomes.plots.interval import plot_interval
from iop_outcomes.plots.layout.style import alternative_text
from iop_outcomes.plots.models.coefficients import plot_coefficients
from iop_outcomes.plots.models.predicted import plot_predicted
from iop_outcomes.plots.parametric import plot_parametric
from iop_outcomes.plots.people.flow import plot_flow
from iop_outcomes.plots.people.heatmap import plot_attendance_heatmap
from iop_outcomes.plots.people.swimmer import plot_lanes
from iop_outcomes.plots.recurrence import plot_mean_cumulative
from iop_outcomes.plots.scores.functioning import plot_functioning
from iop_outcomes.plots.scores.symptoms import plot_symptoms
from iop_outcomes.plots.sensitivity import plot_sensitivity
from iop_outcomes.plots.sites import plot_funnel, plot_matrix, plot_vlad
from iop_outcomes.plots.states import plot_states
from iop_outcomes.plots.survival import plot_survival
from iop_outcomes.plots.trend import plot_trend

__all__ = [
    "alternative_text",
    "plot_adjusted_curves",
    "plot_attendance",
    "plot_attendance_heatmap",
    "plot_balance",
    "plot_coefficients",
    "plot_difference",
    "plot_flow",
    "plot_functioning",
    "plot_funnel",
    "plot_hazard",
    "plot_incidence",
    "plot_interrupted",
    "plot_interval",
    "plot_lanes",
    "plot_matrix",
    "plot_mean_cumulative",
    "plot_overlap",
    "plot_parametric",
    "plot_predicted",
    "plot_regression",
    "plot_sensitivity",
    "plot_states",
    "plot_survival",
    "plot_symptoms",
    "plot_tipping_point",
    "plot_trend",
    "plot_vlad",
]
