"""The markers and lines of a control chart, and the key that explains them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from iop_outcomes.plots.layout import fonts, style
from iop_outcomes.trends.adjusting import charted_as

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from iop_outcomes.trends import Trend

BLUE, ORANGE, GREY, BLACK = "#0072b2", "#d55e00", "#7f7f7f", "#000000"
HANDLE, AFTER, ROW = 22.0, 14.0, 14.0  # of an entry of the key, in points


@dataclass(frozen=True)
class Mark:
    """How one kind of point or line is drawn: by its shape too, for readers without colour."""

    words: str
    colour: str
    marker: str = ""
    line: Any = ""
    size: float = 5.0
    filled: bool = True


# by the first word of `variation`
POINTS = {
    "common": Mark("no signal", GREY, "o", size=4.5),
    "improvement": Mark("improvement", BLUE, "D", size=5.5),
    "concern": Mark("concern", ORANGE, "s", size=6.0),
    "neutral": Mark("signal", BLACK, "^", size=6.0),
    "not": Mark("not random", BLACK, "P", size=6.0),
    "": Mark("value", GREY, "o", size=4.5),
}
NOT_JUDGED = Mark("not judged", GREY, ".", size=4.5)
OPEN = Mark("not complete", style.QUIET, "o", size=5.0, filled=False)
RAW = Mark("before adjustment", style.QUIET, line=(0, (1, 2)))
CENTRE = Mark("centre", style.INK, line="-")
LIMITS = Mark("limits", style.QUIET, line=(0, (5, 2.5)))
TARGET = Mark("target", BLACK, line=(0, (1, 1.4)))
REBASE = Mark("new limits", style.INK, line=(0, (6, 2, 1, 2)))
EVENT = Mark("event", style.INK, line=(0, (2, 2)))


def kind_of(variation: str) -> str:
    """Return the word that names the style of a point."""
    return variation.partition(" ")[0]


def points_of(trend: Trend) -> dict[str, Mark]:
    """Return how each kind of point of a chart is drawn.

    A point without a verdict is a value of a chart without rules; beside others it is not judged.
    """
    known = trend.table[charted_as(trend.table)].notna()
    kinds = {kind_of(words) for words in trend.table.loc[known, "variation"]}
    found = {kind: mark for kind, mark in POINTS.items() if kind in kinds}
    return found | {"": NOT_JUDGED} if "" in found and len(found) > 1 else found


def key_of(trend: Trend) -> list[Mark]:
    """Return what is in the key of a chart: what occurs in it."""
    table, rule = trend.table, trend.chart
    marks = list(points_of(trend).values())
    marks += [RAW] * bool("adjusted" in table and table["value"].notna().any())
    marks += [OPEN] * bool(table[charted_as(table, "value_so_far")].notna().any())
    marks += [CENTRE] * bool(table["centre"].notna().any())
    marks += [LIMITS] * bool(table["upper_limit"].notna().any())
    marks += [TARGET] * bool(rule is not None and rule.target is not None)
    kinds = set() if trend.marks is None else set(trend.marks["kind"])
    return [*marks, *([REBASE] * ("rebase" in kinds)), *([EVENT] * ("event" in kinds))]


def key_rows(marks: list[Mark], width: float) -> list[list[tuple[float, Mark]]]:
    """Return the entries of the key in lines of at most `width` points, and where each begins."""
    rows: list[list[tuple[float, Mark]]] = [[]]
    left = 0.0
    for mark in marks:
        taken = HANDLE + fonts.width_of(mark.words, style.CELL_SIZE) + AFTER
        if rows[-1] and left + taken - AFTER > width:
            rows.append([])
            left = 0.0
        rows[-1].append((left, mark))
        left += taken
    return rows


def key_height(marks: list[Mark], width: float) -> float:
    """Return the height in points of a key of this width."""
    return len(key_rows(marks, width)) * ROW


def write_key(ax: Axes, rows: list[list[tuple[float, Mark]]], *, left: float, up: float) -> None:
    """Write the key above axes: the lowest line `up` points above them, from `left` on."""
    from matplotlib.transforms import ScaledTranslation

    figure: Any = ax.get_figure(root=True)
    scale = getattr(ax, style.SCALE, 1.0)
    for number, row in enumerate(reversed(rows)):
        for start, mark in row:
            x, y = scale * (left + start), scale * (up + number * ROW)
            shift = ScaledTranslation(x / 72, y / 72, figure.dpi_scale_trans)
            place = [0.0, scale * (HANDLE - 6) / 72]
            corner: Any = ScaledTranslation(0, 1, cast(Any, ax.transAxes))
            draw_key(ax, mark, place, figure.dpi_scale_trans + corner + shift)
            ax.annotate(
                mark.words,
                xy=(0, 1),
                xycoords="axes fraction",
                xytext=(x / scale + HANDLE, y / scale),
                textcoords="offset points",
                ha="left",
                va="center",
                fontsize=style.CELL_SIZE,
                annotation_clip=False,
                gid=f"key_{mark.words.replace(' ', '_')}",
            )


def draw_key(ax: Axes, mark: Mark, place: list[float], transform: Any) -> None:
    """Draw one sample of a mark over the place, whatever the axes show."""
    middle = [float(np.mean(place))]
    x, y = (middle, [0.0]) if mark.marker else (place, [0.0, 0.0])
    ax.add_line(_line(mark, x, y, transform))


def _line(mark: Mark, x: list[float], y: list[float], transform: Any) -> Any:
    from matplotlib.lines import Line2D

    return Line2D(x, y, transform=transform, clip_on=False, label="_key", **options_of(mark))


def options_of(mark: Mark) -> dict[str, Any]:
    """Return matplotlib's options for a mark."""
    face = mark.colour if mark.filled else "white"
    options: dict[str, Any] = {"color": mark.colour, "linewidth": 1.1}
    if mark.marker:
        options |= {"marker": mark.marker, "markersize": mark.size, "markerfacecolor": face}
    return options | {"linestyle": mark.line or "none"}
