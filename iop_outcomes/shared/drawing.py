"""The drawing of a result without an import of matplotlib or of the pictures."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def draw(result: object, ax: Any = None, **options: Any) -> Any:
    """Draw a result by the function in `iop_outcomes.plots` that draws its type.

    The module of pictures is imported by name when a picture is requested. It imports the types of
    all results, which therefore must not import it.

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
    """Draw a result as SVG.

    Parameters
    ----------
    result : object
        A result that `iop_outcomes.plots` can draw.
    synthetic : bool
        Whether to write "synthetic data" on it.

    Returns
    -------
    iop_outcomes.plots.layout.export.Picture
        With ``svg`` (bytes), ``alternative_text``, ``width`` and ``height``.
    """
    return import_module("iop_outcomes.plots.draw").picture(result, synthetic=synthetic)
