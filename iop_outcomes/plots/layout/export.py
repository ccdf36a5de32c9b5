"""A plot as the bytes of a file: the same bytes for the same result."""

from __future__ import annotations

import pickle
import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any

from iop_outcomes.plots.layout import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NARROW = 258.0  # points: 344 pixels, what a page of 400 has for a picture
DOTS = 200  # an inch
PACKED = 3  # of 9: half the time of the usual 6, and a quarter more bytes
METRES = 0.0254  # an inch
SETTINGS: dict[str, Any] = {"svg.hashsalt": "iop_outcomes", "svg.fonttype": "path"}
_BETWEEN = re.compile(r">\s+<")


OF_THE_PICTURE = ("Not shown", "Numbers at risk, and with them")
"""How sentences of the small print begin that say what a picture does not have."""
_SENTENCES = re.compile(r"(?<=[.!?])\s+(?=[A-Z×]|n: )")


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
    figure : matplotlib.figure.Figure or bytes or None
        What was drawn, where it was asked to be kept: `dotted` makes the dots of it. Pickled where
        it was drawn in another process.
    """

    svg: bytes
    alternative_text: str
    width: int
    height: int
    notes: str = ""
    png: bytes = b""
    figure: Any = field(default=None, repr=False, compare=False)


def draw_svg(
    plot: Callable[..., Axes],
    result: Any,
    *,
    synthetic: bool = False,
    narrow: bool = False,
    dots: bool = False,
    keep: bool = False,
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
    keep : bool
        Whether to keep the figure, so that its dots can be made without drawing it again.
    """
    from matplotlib.figure import Figure

    with style.drawing(**SETTINGS):
        figure, paper = Figure(), style.Paper(NARROW if narrow else None)
        style.lay_paper(figure, paper)
        ax = plot(result, figure)
        if synthetic and not getattr(result, "synthetic", False):
            style.mark_synthetic(ax, Synthetic())
        png, svg = b"", ""
        if dots:
            png = _in_dots(figure)
        else:
            with StringIO() as written:  # letters, which a file of bytes would take one by one
                metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
                figure.savefig(written, format="svg", metadata=metadata)
                svg = _BETWEEN.sub("><", written.getvalue()).replace("\n", " ")
        width, height = figure.get_size_inches() * 96
    size = round(width), round(height)
    kept = figure if keep and not dots else None
    text = style.alternative_text(ax)
    return Picture(svg.encode("utf-8"), text, *size, paper.notes, png, kept)


def dotted(picture: Picture) -> Picture:
    """Return a picture whose figure was kept as a PNG of 200 dots an inch: see `draw_svg`."""
    figure = picture.figure
    with style.drawing(**SETTINGS):
        png = _in_dots(pickle.loads(figure) if isinstance(figure, bytes) else figure)
    return replace(picture, svg=b"", png=png, figure=None)


def only_shown(picture: Picture) -> Picture:
    """Return a picture whose alternative text leaves out what its small print says below it.

    What a picture does not have, such as some groups, stays: that is seen in it.
    """
    said = {_plain(one) for one in _SENTENCES.split(picture.notes.replace("\n", " "))}
    own = _SENTENCES.split(picture.alternative_text)
    left = [one for one in own if one.startswith(OF_THE_PICTURE) or _plain(one) not in said]
    return replace(picture, alternative_text=" ".join(left)) if left else picture


def _plain(sentence: str) -> str:
    return sentence.strip().removeprefix("The ").lower()


def get_ready() -> None:
    """Load what draws, so that the first picture does not wait for it."""
    from matplotlib.figure import Figure

    with style.drawing(**SETTINGS), StringIO() as written:
        figure = Figure((1, 1))
        figure.add_axes((0.2, 0.2, 0.6, 0.6)).plot([0, 1], label="x")
        figure.axes[0].legend()
        figure.savefig(written, format="svg")
        _in_dots(figure)


def _in_dots(figure: Figure) -> bytes:
    """Return a figure as PNG, whose lines of dots are held as they are.

    A PNG can hold what differs from the line above or from the dot before. To look for the best of
    these takes as long as half the drawing, and a chart of few colours is smaller without.
    """
    import numpy as np

    with BytesIO() as drawn:
        figure.savefig(drawn, format="rgba", dpi=DOTS)
        dots = np.frombuffer(drawn.getvalue(), dtype=np.uint8)
    width = int(figure.get_size_inches()[0] * DOTS)
    dots = dots.reshape(-1, width, 4)
    lines = np.zeros((len(dots), 1 + 3 * width), dtype=np.uint8)  # each begins with 0: as it is
    for colour in range(3):  # the fourth is how much is seen through: nothing
        lines[:, 1 + colour :: 3] = dots[..., colour]
    metre = round(DOTS / METRES)
    parts = [
        (b"IHDR", struct.pack(">2I5B", width, len(dots), 8, 2, 0, 0, 0)),  # 8 bits of 3 colours
        (b"pHYs", struct.pack(">2IB", metre, metre, 1)),
        (b"IDAT", zlib.compress(lines.data, PACKED)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


@dataclass(frozen=True)
class Synthetic:
    """Stands for records that are made up."""

    synthetic: bool = True
