"""Why no value is drawn: not known yet, not known, or hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from iop_outcomes.plots.layout import fonts, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOT_YET, NOT_KNOWN, HIDDEN = "not yet known", "not known", "hidden"


PAD, LINE = 1.5, 1.25  # of the box of words: points around them, and sizes of a letter high
Box = tuple[float, float, float, float]
"""Left, right, lower and upper edge, in periods and parts of the height of the axes."""


def say_why(ax: Axes, where: npt.NDArray[np.bool_], words: str) -> list[Box]:
    """Grey each stretch of periods and write into it why no value is there; return the boxes.

    Lines that are drawn over the stretch, such as a target, do not cross the words.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], where, [False]]).astype(np.int8)))
    boxes = []
    width, height = style.size_of(ax)
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        ax.axvspan(start - 0.45, end - 0.55, color=style.SHADE, linewidth=0, zorder=0)
        wide = (end - start) * width / len(where) > 75
        middle = (start + end - 1) / 2
        ax.text(
            middle,
            0.5,
            words,
            transform=ax.get_xaxis_transform(),
            rotation=0 if wide else 90,
            ha="center",
            va="center",
            fontsize=style.CELL_SIZE,
            color=style.QUIET,
            bbox={"facecolor": style.SHADE, "edgecolor": "none", "pad": PAD},
            zorder=3.5,
            gid=f"{words.replace(' ', '_')}_{start}",
        )
        size = size_of_words(words)
        across, up = size if wide else size[::-1]
        across, up = across * len(where) / width / 2, up / height / 2
        boxes.append((middle - across, middle + across, 0.5 - up, 0.5 + up))
    return boxes


def size_of_words(words: str) -> tuple[float, float]:
    """Return the width and height of words with their box, in points."""
    size = style.CELL_SIZE
    return fonts.width_of(words, size) + 2 * PAD, LINE * size + 2 * PAD
