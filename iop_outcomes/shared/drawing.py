"""How a result hands itself to its picture without knowing matplotlib or the pictures."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def draw(result: object, ax: Any = None, **options: Any) -> Any:
    """Draw a result by the function in `iop_outcomes.plots` that draws its type.

    The module of pictures is imported by its name when a picture is asked for: it reads the types
    of all results, which therefore must not import it.

    Parameters
    ----------
    result : object
        One of the results that `iop_outcomes.plots` draws.
    ax : matplotlib Axes, Figure or SubFigure, optional
        Where to draw; by default a new figure.
    **options
        Of the function that draws.

    Returns
    -------
    matplotlib.axes.Axes
    """
    return import_module("iop_outcomes.plots.draw").draw(result, ax, **options)
