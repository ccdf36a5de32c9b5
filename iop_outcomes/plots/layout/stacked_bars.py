"""Horizontal bars, each of parts that add up, one under another with a name and counts beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from iop_outcomes.plots.layout import fonts, style
from iop_outcomes.plots.layout.sheet import Sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ABOVE, LEGEND, BAR = 20.0, 22.0, 0.68


@dataclass(frozen=True)
class Part:
    """One part of each bar: its name, its words in the legend, and how it is filled.

    The faces of one picture differ in grey, and no two have the same hatch.
    """

    name: str
    words: str
    colour: str
    hatch: str
    ink: str


@dataclass(frozen=True)
class Bar:
    """One bar.

    Attributes
    ----------
    label : str
        What is at its left, as it fits.
    counts : tuple of float or None
        The size of each part; None if there is no bar.
    total : float
        What the whole width stands for.
    beside : str
        What is at its right.
    instead : str
        What is written in place of a bar.
    """

    label: str
    counts: tuple[float, ...] | None
    total: float = 0.0
    beside: str = ""
    instead: str = ""


def draw_bars(
    ax: Axes, bars: Sequence[Bar], parts: Sequence[Part], most: int, sheet: Sheet
) -> None:
    """Draw the bars of one panel, with room for `most` of them."""
    ax.set_xlim(0, 1)
    ax.set_ylim(most - 0.5, -0.5)
    ax.set_yticks([])
    ax.grid(False)
    for side in ("left", "bottom", "right", "top"):
        ax.spines[side].set_visible(False)
    width = style.size_of(ax)[0]
    for place, bar in enumerate(bars):
        write(ax, bar.label, (0.0, 8 - sheet.plan.left, place))
        if bar.counts is None:
            write(ax, bar.instead, (0.0, 6.0, place), style.QUIET)
            continue
        _draw_bar(ax, bar, parts, place, width)
        if sheet.whole:
            write(ax, bar.beside, (1.0, 8.0, place))
    from matplotlib.ticker import PercentFormatter

    ax.set_xticks([0, 0.25, 0.5, 0.75, 1.0])
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))


def _draw_bar(ax: Axes, bar: Bar, parts: Sequence[Part], place: int, width: float) -> None:
    start = 0.0
    for part, count in zip(parts, bar.counts or (), strict=True):
        share = count / bar.total
        if count == 0:
            continue
        (drawn,) = ax.barh(
            place,
            share,
            BAR,
            left=start,
            facecolor=part.colour,
            edgecolor=part.ink,
            hatch=part.hatch,
            linewidth=0,
        )
        drawn.set_gid(f"bar_{place}_{part.name}")
        ax.barh(place, share, BAR, left=start, fill=False, edgecolor="white", linewidth=0.9)
        text = f"{count:,.0f}"
        if fonts.width_of(text, style.CELL_SIZE) + 8 < share * width:
            box = {"boxstyle": "round,pad=0.15", "facecolor": "white", "linewidth": 0}
            ax.text(
                start + share / 2,
                place,
                text,
                ha="center",
                va="center",
                fontsize=style.CELL_SIZE,
                color=style.INK,
                bbox=box,
                gid=f"count_{place}_{part.name}",
            )
        start += share


def write(
    ax: Axes,
    text: str,
    place: tuple[float, float, float],
    colour: str = style.INK,
    size: float = style.CELL_SIZE,
) -> None:
    """Write on a line: (fraction of the axis, points to its right, line)."""
    fraction, right, line = place
    ax.annotate(
        text,
        xy=(fraction, line),
        xycoords=("axes fraction", "data"),
        xytext=(right, 0),
        textcoords="offset points",
        ha="left",
        va="center",
        fontsize=size,
        color=colour,
        annotation_clip=False,
        gid=f"cell_{line:g}_{right:.0f}",
    )


def legend_height(parts: Sequence[Part], width: float) -> float:
    """Return how many points the legend takes above a picture of that width."""
    return LEGEND * len(parts) / _columns(parts, width)


def write_legend(ax: Axes, sheet: Sheet, parts: Sequence[Part]) -> None:
    """Write the legend over the whole width, on two lines where one is too short."""
    from matplotlib.patches import Patch

    handles = [
        Patch(facecolor=part.colour, edgecolor=part.ink, hatch=part.hatch, linewidth=0)
        for part in parts
    ]
    width, height = style.size_of(ax)
    style.legend(
        ax,
        handles=handles,
        labels=[part.words for part in parts],
        bbox_to_anchor=((8 - sheet.plan.left) / width, 1.0 + ABOVE / height),
        ncol=_columns(parts, sheet.outer_width),
        handlelength=1.6,
        columnspacing=1.2,
    )


def _columns(parts: Sequence[Part], width: float) -> int:
    size = float(style.SETTINGS["legend.fontsize"])
    needed = sum(fonts.width_of(part.words, size) + 42 for part in parts)
    return len(parts) if needed + 10 < width else 2
