"""Which function draws which result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
from iop_outcomes.plots.layout.export import Picture, draw_svg
from iop_outcomes.plots.layout.given import DRAWN_BY
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

_PLOTS: dict[str, Callable[..., Any]] = {
    "plot_adjusted_curves": plot_adjusted_curves,
    "plot_attendance": plot_attendance,
    "plot_attendance_heatmap": plot_attendance_heatmap,
    "plot_balance": plot_balance,
    "plot_coefficients": plot_coefficients,
    "plot_difference": plot_difference,
    "plot_flow": plot_flow,
    "plot_funnel": plot_funnel,
    "plot_functioning": plot_functioning,
    "plot_hazard": plot_hazard,
    "plot_incidence": plot_incidence,
    "plot_interrupted": plot_interrupted,
    "plot_interval": plot_interval,
    "plot_matrix": plot_matrix,
    "plot_lanes": plot_lanes,
    "plot_mean_cumulative": plot_mean_cumulative,
    "plot_overlap": plot_overlap,
    "plot_parametric": plot_parametric,
    "plot_predicted": plot_predicted,
    "plot_regression": plot_regression,
    "plot_sensitivity": plot_sensitivity,
    "plot_states": plot_states,
    "plot_survival": plot_survival,
    "plot_symptoms": plot_symptoms,
    "plot_tipping_point": plot_tipping_point,
    "plot_trend": plot_trend,
    "plot_vlad": plot_vlad,
}


def draw(result: object, ax: Any = None, **options: Any) -> Any:
    """Draw a result by the function for its type; see `iop_outcomes.shared.drawing.draw`."""
    kinds = [kind.__name__ for kind in type(result).__mro__]
    name = next(DRAWN_BY[kind][0] for kind in kinds if kind in DRAWN_BY)
    return _PLOTS[name](result, ax, **options)


def picture(result: object, *, synthetic: bool = False) -> Picture:
    """Draw a result as SVG; see `iop_outcomes.shared.drawing.picture`."""
    return draw_svg(draw, result, synthetic=synthetic)
