"""A plot as the bytes of a file: the same bytes for the same result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from iop_outcomes.plots.layout import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Picture:
    """A drawn figure.

    Attributes
    ----------
    svg : bytes
        The file.
    alternative_text : str
        What it shows, in words.
    width, height : int
        Its size in CSS pixels.
    """

    svg: bytes
    alternative_text: str
    width: int
    height: int


def draw_svg(plot: Callable[..., Axes], result: Any, *, synthetic: bool = False) -> Picture:
    """Draw `result` with `plot` and return the picture as SVG.

    The figure is not shown, and is closed afterwards. Letters are drawn as shapes, so that
    the picture is the same wherever it is opened, and the file holds neither date nor program.

    Parameters
    ----------
    plot : callable
        A plot function of this package.
    result : object
        What it draws. It must be protected already: a drawing can be read back from the file.
    synthetic : bool
        Whether to write "synthetic data" on it.
    """
    from matplotlib.figure import Figure

    with style.drawing(**{"svg.hashsalt": "iop_outcomes", "svg.fonttype": "path"}):
        figure = Figure()
        ax = plot(result, figure)
        if synthetic and not getattr(result, "synthetic", False):
            style.mark_synthetic(ax, Synthetic())
        with BytesIO() as buffer:
            metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
            figure.savefig(buffer, format="svg", metadata=metadata)
            svg = buffer.getvalue()
        width, height = figure.get_size_inches() * 96
    return Picture(svg, style.alternative_text(ax), round(width), round(height))


@dataclass(frozen=True)
class Synthetic:
    """Stands for records that are made up."""

    synthetic: bool = True
