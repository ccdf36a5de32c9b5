"""A plot as the bytes of a file: the same bytes for the same result."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from iop_outcomes.plots.layout import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NARROW = 258.0  # points: 344 pixels, what a page of 400 has for a picture
DOTS = 200  # an inch
_BETWEEN = re.compile(rb">\s+<")


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
    notes : str
        Its small print, a paragraph a line, which is not drawn in it.
    png : bytes
        The picture in dots, where it was asked for in place of the file.
    """

    svg: bytes
    alternative_text: str
    width: int
    height: int
    notes: str = ""
    png: bytes = b""


def draw_svg(
    plot: Callable[..., Axes],
    result: Any,
    *,
    synthetic: bool = False,
    narrow: bool = False,
    dots: bool = False,
) -> Picture:
    """Draw `result` with `plot` and return the picture as SVG.

    The figure is not shown, and is closed afterwards. Letters are drawn as shapes, so that
    the picture is the same wherever it is opened, and the file holds neither date nor program.
    The small print is not drawn: it comes beside the picture, as text that wraps and can be heard.

    Parameters
    ----------
    plot : callable
        A plot function of this package.
    result : object
        What it draws. It must be protected already: a drawing can be read back from the file.
    synthetic : bool
        Whether to write "synthetic data" on it.
    narrow : bool
        Whether to draw it for a page of 400 pixels: narrower, with letters of the same size.
    dots : bool
        Whether to make a PNG of 200 dots an inch in place of the SVG, for programs that show none.
    """
    from matplotlib.figure import Figure

    with style.drawing(**{"svg.hashsalt": "iop_outcomes", "svg.fonttype": "path"}):
        figure, paper = Figure(), style.Paper(NARROW if narrow else None)
        style.lay_paper(figure, paper)
        ax = plot(result, figure)
        if synthetic and not getattr(result, "synthetic", False):
            style.mark_synthetic(ax, Synthetic())
        with BytesIO() as buffer:
            if dots:
                figure.savefig(buffer, format="png", dpi=DOTS, metadata={"Software": None})
            else:
                metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
                figure.savefig(buffer, format="svg", metadata=metadata)
            content = buffer.getvalue()
        width, height = figure.get_size_inches() * 96
    text = style.alternative_text(ax)
    size = round(width), round(height)
    if dots:
        return Picture(b"", text, *size, paper.notes, content)
    svg = _BETWEEN.sub(b"><", content).replace(b"\n", b" ")
    return Picture(svg, text, *size, paper.notes)


@dataclass(frozen=True)
class Synthetic:
    """Stands for records that are made up."""

    synthetic: bool = True
