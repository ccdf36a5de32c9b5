"""What a plot function is given, checked: the result to draw, and where to draw it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iop_outcomes.errors import RuleError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

# Each result that can be drawn: what draws it, and what makes it.
DRAWN_BY = {
    "AdjustedCurves": (
        "plot_adjusted_curves",
        'adjusted_curves(times, "track", "age + program", day=90)',
    ),
    "AttendanceByWeek": ("plot_attendance", "attendance_by_week(records)"),
    "AttendanceCalendar": ("plot_attendance_heatmap", "attendance_by_weekday(records)"),
    "Balance": ("plot_balance", 'balance(times, "track", ["age", "program"])'),
    "CohortFlow": ("plot_flow", "cohort_flow(records)"),
    "CumulativeIncidence": ("plot_incidence", "cumulative_incidence(times)"),
    "Difference": ("plot_difference", 'survival_difference(times, "track", 90)'),
    "Funnel": ("plot_funnel", 'funnel(records, "retained_90", by="program")'),
    "EpisodeLanes": ("plot_lanes", "episode_lanes(records)"),
    "Functioning": ("plot_functioning", "functioning(records)"),
    "Hazard": ("plot_hazard", "hazard(times)"),
    "InterruptedSeries": (
        "plot_interrupted",
        'interrupted_series(records, "attendance_rate", at="2026-01-01")',
    ),
    "IntervalRegression": ("plot_regression", 'interval_cox(times, "age + track")'),
    "IntervalSurvival": ("plot_interval", "interval_survival(times)"),
    "MeanCumulativeFunction": ("plot_mean_cumulative", "mean_cumulative_function(recurrent)"),
    "ParametricSurvival": ("plot_parametric", "parametric_survival(times)"),
    "PersonWeeks": ("plot_attendance_heatmap", "attendance_by_person(records)"),
    "PredictedSurvival": ("plot_predicted", 'cox(times, "age").predict(people)'),
    "PropensityWeights": (
        "plot_overlap",
        'propensity_weights(times, "track", ["age", "program"])',
    ),
    "ProportionalHazards": (
        "plot_coefficients",
        'cox(times, "age").proportional_hazards()',
    ),
    "ProtectedCurves": ("plot_survival", "protect(curves)"),
    "Records": ("plot_attendance", "read_records(folder)"),
    "Regression": ("plot_regression", 'cox(times, "age + track")'),
    "RiskAdjustedCusum": (
        "plot_vlad",
        'risk_adjusted_cusum(records, "retained_30", baseline=200)',
    ),
    "Sensitivity": ("plot_sensitivity", "sensitivity(records)"),
    "StateOccupation": ("plot_states", "state_occupation(records)"),
    "StrategyComparison": (
        "plot_adjusted_curves",
        "emulate_strategies(records, strategies, day=60)",
    ),
    "SummaryMatrix": ("plot_matrix", "summary_matrix(records)"),
    "SurvivalCurves": ("plot_survival", "survival_curves(times)"),
    "SymptomChange": ("plot_symptoms", 'symptom_change(records, "phq9")'),
    "TippingPoint": ("plot_tipping_point", 'tipping_point(times, "track", 90, left="left")'),
    "Trend": ("plot_trend", 'trend(records, "attendance_rate")'),
    "Vlad": ("plot_vlad", 'vlad(records, "retained_30", baseline=200)'),
}


def check_result(result: object, plot: str, *kinds: type) -> None:
    """Raise RuleError if the plot function does not draw `result`, or there is nothing in it."""
    if isinstance(result, kinds):
        table = getattr(result, "table", None)
        if table is not None and not len(table):
            hidden = type(result).__name__ == "ProtectedCurves"
            raise RuleError(
                "There is nothing to plot: the table of the result has no rows.",
                found="each group has too few people to publish" if hidden else "an empty table",
                instead="fewer groups, or a longer time, so that more people are in each",
            )
        return
    kind_given = type(result).__name__
    maker_of_kind = {name: maker for name, (drawer, maker) in DRAWN_BY.items() if drawer == plot}
    instead = f"{plot}(iop.{maker_of_kind[kinds[0].__name__]})"
    drawer_and_maker = DRAWN_BY.get(kind_given)
    if drawer_and_maker is not None:
        instead = f"{drawer_and_maker[0]} for this, or {instead}"
    raise RuleError(
        f"{plot} draws {' or '.join(kind.__name__ for kind in kinds)}.",
        found=describe_type(result),
        instead=instead,
    )


def describe_type(thing: object) -> str:
    """Return what kind of thing something is, without what it holds."""
    kind = type(thing)
    if thing is None:
        return "None"
    if isinstance(thing, type):
        return f"the class {thing.__name__}, not an object of it"
    shape = getattr(thing, "shape", None)
    of = f" of shape {shape}" if isinstance(shape, tuple) else ""
    module = kind.__module__.partition(".")[0]
    owner = f"{module}." if module in ("pandas", "numpy", "polars", "matplotlib") else ""
    return f"{owner}{kind.__name__}{of}"


def check_target(target: Any) -> None:
    """Raise RuleError if nothing can be drawn on `target`."""
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

    if target is None or isinstance(target, FigureBase):
        return
    if not isinstance(target, Axes):
        several = isinstance(target, (list, tuple)) or hasattr(target, "shape")
        raise RuleError(
            "ax= is one axes or one figure of matplotlib.",
            found=describe_type(target),
            instead="one of them, as ax=axes[0]" if several else "ax=axes, or leave it out",
        )
    if target.get_figure() is None:
        raise RuleError(
            "The axes belong to no figure.",
            found="axes that were removed from their figure",
            instead="axes of a figure, or leave ax= out",
        )
    if target.name != "rectilinear":
        raise RuleError(
            "A picture needs plain axes.",
            found=f'axes with projection="{target.name}"',
            instead="axes made without projection=",
        )


def figure_or(target: Axes | Figure | SubFigure | None) -> Axes | Figure | SubFigure:
    """Return the target once it is checked, or a new figure that a notebook shows.

    It is made outside of our settings: the first figure of a session settles the backend, and what
    a notebook's backend sets for showing figures would be undone with the other settings.
    """
    check_target(target)
    if target is not None:
        return target
    from matplotlib import pyplot

    return pyplot.figure(layout="none")
