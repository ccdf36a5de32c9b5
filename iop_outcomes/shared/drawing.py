"""Drawing a result without importing matplotlib or the functions that draw."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def draw(result: object, ax: Any = None, **options: Any) -> Any:
    """Draw a result by the function in `iop_outcomes.plots` that draws its type.

    `iop_outcomes.plots` imports the types of all results, which therefore must not import it. It is
    imported by name when a picture is requested.

    Parameters
    ----------
    result : object
        A result that `iop_outcomes.plots` can draw.
    ax : matplotlib Axes, Figure or SubFigure, optional
        Where to draw; by default a new figure.
    **options
        Options of the function that draws.

    Returns
    -------
    matplotlib.axes.Axes
    """
    return import_module("iop_outcomes.plots.draw").draw(result, ax, **options)


def picture(result: object, *, synthetic: bool = False) -> Any:
    """Return the picture of a result as SVG.

    Parameters
    ----------
    result : object
        A result that `iop_outcomes.plots` can draw.
    synthetic : bool
        Whether to write "synthetic data" on the picture.

    Returns
    -------
    iop_outcomes.plots.layout.export.Picture
        With ``svg`` (bytes), ``alternative_text``, ``width`` and ``height``.
    """
    return import_module("iop_outcomes.plots.draw").picture(result, synthetic=synthetic)
