"""Parametric curves over the nonparametric estimate from intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iop_outcomes.plots import interval
from iop_outcomes.plots.layout import style
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.names import label_room, legend_labels
from iop_outcomes.plots.layout.risk_table import add_risk_table
from iop_outcomes.plots.layout.sheet import finish, open_sheet
from iop_outcomes.survival.parametric.result import ParametricSurvival

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from iop_outcomes.survival.parametric.fit import Fit

POINTS = 200
SMALL_PRINT = (
    "Boxes and thick lines: the nonparametric estimate; where the curve falls within a box is not "
    "identified. Curves with markers: the fitted distributions, to the last day of follow-up. "
    f"{interval.COUNTED}"
)


def plot_parametric(fits: ParametricSurvival, ax: Axes | Figure | None = None) -> Axes:
    """Draw fitted distributions over the nonparametric estimate of the same people.

    Parameters
    ----------
    fits : ParametricSurvival
        What `parametric_survival` returned.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw. Default: a new figure of the size it needs.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; `iop_outcomes.alternative_text` gives the picture in words. With one group all
        its models are drawn, with several the one with the least AIC of each.
    """
    check_result(fits, "plot_parametric", ParametricSurvival)
    curves = fits.curves
    groups = interval.groups_of(curves)
    drawn = _drawn(fits)
    style.look(0, max(len(groups), len(drawn)))  # refuses more than can be distinguished
    names = [name for name, _, _ in groups]
    planner = interval.planner_of(names, len(groups) + len(drawn), f"{fits.rule}\n{SMALL_PRINT}")
    target = figure_or(ax)
    with style.drawing():
        sheet = open_sheet(target, interval.WIDTH, planner, fits)
        room = label_room(sheet.width, fits)
        labels = interval.labels_of(curves, names, room)
        for position, (_, rows, last) in enumerate(groups):
            shown = (style.look(position, len(groups)), labels[position])
            interval.draw_stretches(sheet.ax, rows, last, shown)
        labels = legend_labels(
            [name for _, name, _, _ in drawn], [fit.model.label for fit, _, _, _ in drawn], room
        )
        for number, (fit, _, look, last) in enumerate(drawn):
            _draw(sheet.ax, fit, (labels[number], look, last, number))
        days = interval.dress(sheet, curves)
        if sheet.whole:
            add_risk_table(sheet.ax, sheet, interval.known_by(curves, names, days), days)
        finish(sheet, fits, f"{fits.text} {SMALL_PRINT}")
    return sheet.ax


def _drawn(fits: ParametricSurvival) -> list[tuple[Fit, str, style.Look, float]]:
    """Return each model to draw with the name of its group, its look and its last day."""
    ends = fits.curves.fits["last_day"].tolist()
    if len(fits.models) == 1:
        count = len(fits.models[0]) + 1
        return [
            (fit, "", style.look(number + 1, count), ends[0])
            for number, fit in enumerate(fits.models[0])
        ]
    curves = []
    best = fits.best()["model"].tolist()
    for number, (models, last) in enumerate(zip(fits.models, ends, strict=True)):
        fit = next(fit for fit in models if fit.model.name == best[number])
        name = interval.name_of(fits.curves, fits.curves.fits.iloc[number])
        curves.append((fit, name, style.look(number, len(best)), last))
    return curves


def _draw(ax: Axes, fit: Fit, shown: tuple[str, style.Look, float, int]) -> None:
    label, look, last, number = shown
    days = np.linspace(0, last, POINTS + 1)
    survival, _, _ = fit.survival(days, 0.0)
    ax.plot(
        days,
        survival,
        color=look.colour,
        linewidth=1.2,
        marker=look.marker,
        markersize=4,
        markerfacecolor="white",
        markevery=(8 + 6 * number, 24),
        label=label,
        zorder=4,
    )
