"""Coefficients over time: a panel a column of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.compare.regression.fitted.proportional import ProportionalHazards
from iop_outcomes.errors import RuleError
from iop_outcomes.plots.layout import day_axis, style
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.names import drawn_name, fitted
from iop_outcomes.plots.layout.risk_table import LEFT_ALONE, TABLE_TOP
from iop_outcomes.plots.layout.sheet import Plan, Planner, finish, open_sheet, stack
from iop_outcomes.shared.text import format_level

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RIGHT, WIDTH, PANEL, ABOVE, TITLE_SIZE = 18.0, 560.0, 130.0, 24.0, 10.0
MOST_PANELS = 12
SHOWN = (0.02, 0.98)  # of the residuals; a few far out would flatten the curve


def plot_coefficients(test: ProportionalHazards, ax: Axes | Figure | None = None) -> Axes:
    """Draw how each coefficient changes over time, beside its estimate.

    Points are events (scaled Schoenfeld residuals), the line is a smooth curve through them with
    its limits, the dashed line the coefficient of the model. Proportional hazards are a level line.

    Parameters
    ----------
    test : ProportionalHazards
        What `Regression.proportional_hazards` returned.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw; several columns share its room. A figure is given the size it needs.
        Default: a new one.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; with several columns its ``child_axes`` are the panels.

    Raises
    ------
    RuleError
        If the model has more than 12 columns.
    """
    check_result(test, "plot_coefficients", ProportionalHazards)
    groups = list(test.residuals.groupby("column", sort=False))
    if len(groups) > MOST_PANELS:
        raise RuleError(
            f"One picture has at most {MOST_PANELS} panels.",
            found=f"{len(groups)} columns of the model",
            instead="a model of fewer terms, or the table of the result",
        )
    target = figure_or(ax)
    with style.drawing():
        sheet = open_sheet(target, WIDTH, _planner(test, len(groups)), test)
        last = float(test.residuals["day"].max())
        for place, (name, rows) in zip(
            stack(sheet, len(groups), ABOVE + TABLE_TOP), groups, strict=True
        ):
            smooth = test.smooth[test.smooth["column"] == name]
            _draw(place, rows, smooth)
            day_axis.write_days(place, day_axis.day_ticks(last, sheet.width), last)
            day_axis.name_days(place, test.provenance.origin)
            style.y_label(place, "coefficient")
            title = fitted([drawn_name(name)], sheet.width, TITLE_SIZE, True)[0]
            place.set_title(title, loc="left", fontsize=TITLE_SIZE, fontweight="bold", pad=5)
        finish(sheet, test, _alternative(test))
    return sheet.ax


def _planner(test: ProportionalHazards, count: int) -> Planner:
    note = (
        "Points: events (scaled Schoenfeld residuals plus the estimate; those far out are not "
        f"drawn). Line: natural spline through all of them, with {format_level(test.confidence)} "
        f"limits. Dashed: the coefficient of the model.\n{test.text}"
    )

    def plan(_: float, whole: bool) -> Plan:
        gaps = (count - 1) * (ABOVE + TABLE_TOP)
        height = count * PANEL + gaps
        least = (140.0, count * 64.0 + gaps)
        return Plan(LEFT_ALONE, RIGHT, ABOVE + 14, TABLE_TOP, 0.0, height, note, least=least)

    return plan


def _draw(ax: Axes, rows: pd.DataFrame, smooth: pd.DataFrame) -> None:
    look = style.look(0, 1)
    value = rows["coefficient"].to_numpy()
    low, high = np.quantile(value, SHOWN)
    inside = (value >= low) & (value <= high)
    ax.plot(
        rows["day"].to_numpy()[inside],
        value[inside],
        linestyle="none",
        marker="o",
        markersize=2.5,
        color=style.QUIET,
        alpha=0.45,
        zorder=2,
    )
    ax.axhline(rows["estimate"].iloc[0], color=style.INK, linestyle=(0, (4, 2)), linewidth=1.0)
    if smooth.empty:
        return
    day = smooth["day"].to_numpy()
    ax.fill_between(
        day,
        smooth["lower"].to_numpy(),
        smooth["upper"].to_numpy(),
        color=look.colour,
        alpha=0.15,
        linewidth=0,
    )
    ax.plot(day, smooth["coefficient"].to_numpy(), color=look.colour, linewidth=1.8, zorder=3)


def _alternative(test: ProportionalHazards) -> str:
    """Return how each curve begins and ends, then what the tests say."""
    sentences = []
    for name, rows in test.smooth.groupby("column", sort=False):
        first, last = rows.iloc[0], rows.iloc[-1]
        sentences.append(
            f"{name}: {first['coefficient']:+.2f} on day {first['day']:g}, "
            f"{last['coefficient']:+.2f} on day {last['day']:g}."
        )
    return f"Coefficients over time. {' '.join(sentences)} {test.text}"
