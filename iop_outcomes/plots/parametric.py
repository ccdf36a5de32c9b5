"""Parametric curves laid over the estimate from intervals that assumes no shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from iop_outcomes.plots import interval, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from iop_outcomes.survival.parametric_fit import Fit
    from iop_outcomes.survival.parametric_result import ParametricSurvival

POINTS = 200
SMALL_PRINT = (
    "Boxes and thick lines: the nonparametric estimate; where in a box the curve falls, the data "
    "do not say. Curves with markers: the fitted distributions, to the last day of which anything "
    f"is known. {interval.COUNTED}"
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
    from matplotlib import rc_context

    curves = fits.curves
    groups = interval.groups_of(curves)
    notes = style.note_lines(f"{fits.rule}\n{SMALL_PRINT}", interval.WIDTH - 20)
    target = style.figure_or(ax)
    with rc_context(style.SETTINGS):
        drawn = list(_drawn(fits))
        lines = len(groups) * (len(interval.ROWS) + bool(fits.by))
        below = interval.TABLE_TOP + lines * style.LINE_HEIGHT + len(groups) * 4 + 10
        bottom = below + len(notes) * style.NOTE_HEIGHT + 8
        top = 14 + (len(groups) + len(drawn)) * 15.0
        size = (interval.WIDTH, interval.HEIGHT + bottom + top)
        ax = style.axes_for(target, size, (interval.LEFT, interval.RIGHT, bottom, top))
        for position, (label, rows, last) in enumerate(groups):
            shown = (style.look(position, len(groups)), label)
            interval.draw_stretches(ax, rows, last, shown)
        for number, (fit, label, look, last) in enumerate(drawn):
            _draw(ax, fit, (label, look, last, number))
        down = interval.draw_known(ax, curves, interval.dress(ax, curves))
        style.write_below(ax, notes, left=-interval.LEFT + 8, down=down)
        style.mark_synthetic(ax, fits)
        style.describe(ax, f"{fits.text} {SMALL_PRINT}")
    return ax


def _drawn(fits: ParametricSurvival) -> Iterator[tuple[Fit, str, style.Look, float]]:
    """Give each model to draw with its words in the legend, its look and its last day."""
    ends = fits.curves.fits["last_day"].tolist()
    if len(fits.models) == 1:
        for number, fit in enumerate(fits.models[0]):
            yield fit, fit.model.words, style.look(number + 1, len(fits.models[0]) + 1), ends[0]
        return
    best = fits.best()["model"].tolist()
    for number, (found, last) in enumerate(zip(fits.models, ends, strict=True)):
        fit = next(fit for fit in found if fit.model.name == best[number])
        name = interval.name_of(fits.curves, fits.curves.fits.iloc[number])
        yield fit, f"{name}: {fit.model.words}", style.look(number, len(best)), last


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
