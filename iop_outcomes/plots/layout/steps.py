"""A curve that is level between its days, with the band of its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iop_outcomes.plots.layout import style
from iop_outcomes.shared.arrays import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EDGE = {"linewidth": 0.5, "alpha": 0.55, "label": "_limit"}


def draw_steps(
    ax: Axes,
    day: Floats,
    middle: Floats,
    limits: tuple[Floats, Floats],
    look: style.Look,
    label: str,
    *,
    edges: bool = False,
) -> None:
    """Draw a curve as steps over the band of its limits.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where.
    day, middle : numpy.ndarray of float64
        The days in order, and the curve from each of them on.
    limits : tuple of two numpy.ndarray of float64
        Its lower and upper limit.
    look : style.Look
        Colour and line.
    label : str
        Its words in a legend.
    edges : bool
        Draw the edges of the band too.
    """
    ax.fill_between(day, *limits, step="post", color=look.colour, alpha=0.13, linewidth=0)
    options = {"color": look.colour, "linestyle": look.line, "linewidth": 1.8, "zorder": 3}
    ax.plot(day, middle, drawstyle="steps-post", label=label, **options)
    for limit in limits if edges else ():
        ax.plot(day, limit, drawstyle="steps-post", color=look.colour, **EDGE)  # type: ignore[arg-type]  # values of several types
