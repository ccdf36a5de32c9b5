"""Why no value is drawn: not known yet, not known, or hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from iop_outcomes.plots.layout import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOT_YET, NOT_KNOWN, HIDDEN = "not yet known", "not known", "hidden"


def say_why(ax: Axes, where: npt.NDArray[np.bool_], words: str) -> None:
    """Grey each stretch of periods and write into it why no value is there."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], where, [False]]).astype(np.int8)))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        ax.axvspan(start - 0.45, end - 0.55, color=style.SHADE, linewidth=0, zorder=0)
        wide = (end - start) * style.size_of(ax)[0] / len(where) > 75
        ax.text(
            (start + end - 1) / 2,
            0.5,
            words,
            transform=ax.get_xaxis_transform(),
            rotation=0 if wide else 90,
            ha="center",
            va="center",
            fontsize=style.CELL_SIZE,
            color=style.QUIET,
            gid=f"{words.replace(' ', '_')}_{start}",
        )
